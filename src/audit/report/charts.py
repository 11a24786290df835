"""The report's charts: plain plotly JSON for the page, plotly figures for a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audit.findings.record import AuditRecord
from audit.report.blocks import Chart, Document
from audit.report.compared import comparisons
from audit.report.drawings import forest, frontier, rates, scores, why
from audit.report.drawings.parts import Spec, safe
from audit.report.explained import shown_gaps
from audit.report.look import Look
from audit.report.palette import DARK, GROUPS, GROUPS_DARK, LIGHT, to_dark
from audit.report.sections import (
    alternatives,
    calibration,
    cutoffs,
    distribution,
    sweep,
    why_proxies,
)
from audit.report.sections import why as why_section
from audit.report.sections.curves import chart_name

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

FONT = '-apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif'


def figures(record: AuditRecord, theme: str = "light") -> dict[str, Figure]:
    """Every chart of the report by name; the document's `Chart` blocks use the same names.

    `theme` is "light" or "dark". Each figure carries its title and a one-sentence reading, and
    tells groups apart by marker or dash as well as by colour.
    """
    import plotly.graph_objects as go

    from audit.report.document import document

    look_ = Look(record)
    charts = [b for s in document(record).sections for b in s.blocks if isinstance(b, Chart)]
    for part in (distribution, sweep, calibration):
        charts.extend(chart for _, chart in part.charts(look_))
    specs = drawings(look_)
    dressed = template(theme)
    out = {}
    for chart in {c.name: c for c in charts}.values():
        spec = specs.get(chart.name)
        if spec is None:
            continue
        title = {"text": safe(chart.title), "subtitle": {"text": safe(chart.reading)}}
        body: dict[str, Any] = {"data": spec["data"], "layout": {**spec["layout"], "title": title}}
        if theme == "dark":
            body = recolour(body)
        body["layout"]["template"] = dressed
        out[chart.name] = go.Figure(body)
    return out


def page_figures(look_: Look, page: Document) -> dict[str, Any]:
    """The page's figures as JSON, with both templates and the colours that differ between them."""
    specs = drawings(look_)
    shown = [b.name for s in page.sections for b in s.blocks if isinstance(b, Chart)]
    return {
        "figures": {name: _compact(specs[name]) for name in shown if name in specs},
        "themes": {theme: template(theme) for theme in ("light", "dark")},
        "dark": to_dark(),
    }


def _compact(spec: Spec) -> Spec:
    top = 40 if spec["layout"].get("showlegend") else 12
    layout = {**spec["layout"], "margin": {"l": 8, "r": 12, "t": top, "b": 44}}
    narrow = {"margin.l": 2, "margin.r": 6, **spec["narrow"]}
    short: Spec = _rounded({"data": spec["data"], "layout": layout, "narrow": narrow})
    return short


def _rounded(value: Any) -> Any:
    """Numbers to five significant digits: more than a screen can show."""
    if isinstance(value, float):
        short = float(f"{value:.5g}")
        return int(short) if short.is_integer() and abs(short) < 1e15 else short
    if isinstance(value, list | tuple):
        return [_rounded(v) for v in value]
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    return value


def drawings(look_: Look) -> dict[str, Spec]:
    """Every chart by name, as data and layout without title and theme."""
    found = look_.record.charts
    out: dict[str, Spec | None] = {"forest": forest.forest(look_)}
    for entry in found.get("distributions", ()):
        out[chart_name("distributions", entry)] = scores.distribution(entry, look_)
    for entries in sweep.by_attribute(found.get("sweep", ()), look_):
        name = chart_name("sweep", {"attribute": entries[0]["attribute"]})
        out[name] = scores.sweep(entries, look_)
    for entry in found.get("calibration", ()):
        out[chart_name("calibration", entry)] = scores.calibration(entry, look_)
    for attribute in look_.attributes:
        named: dict[str, Any] = {"attribute": attribute}
        if len(attribute) == 1:
            out[chart_name("errors", named)] = rates.errors(look_, attribute)
        if len(attribute) == 2:
            out[chart_name("intersections", named)] = rates.heat(look_, attribute)
    for gap in shown_gaps(look_):
        out[why_section.chart_name(gap)] = why.contributions(look_, gap)
    for name in why_proxies.mapped(look_):
        out[why_proxies.map_name(name)] = why.proxies(look_, name)
    for name, found in comparisons(look_):
        out[alternatives.chart_name(name)] = frontier.frontier(found)
    out[cutoffs.CHART] = frontier.along(look_)
    return {name: spec for name, spec in out.items() if spec is not None}


def template(theme: str) -> dict[str, Any]:
    """The look of every chart: no chrome, thin grid, our colours."""
    c = LIGHT if theme == "light" else DARK
    axis = {
        "gridcolor": c["grid"],
        "linecolor": c["grid"],
        "zeroline": False,
        "ticks": "",
        "automargin": True,
        "title": {"font": {"size": 12, "color": c["quiet"]}, "standoff": 10},
        "tickfont": {"size": 12, "color": c["quiet"]},
    }
    return {
        "layout": {
            "font": {"family": FONT, "size": 13, "color": c["ink"]},
            "paper_bgcolor": c["paper"],
            "plot_bgcolor": c["paper"],
            "colorway": list(GROUPS if theme == "light" else GROUPS_DARK),
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {
                "bgcolor": c["paper"],
                "bordercolor": c["quiet"],
                "font": {"family": FONT, "size": 12, "color": c["ink"]},
                "align": "left",
            },
            "legend": {
                "orientation": "h", "x": 0, "y": 1.0, "xanchor": "left", "yanchor": "bottom",
                "font": {"size": 12}, "bgcolor": "rgba(0,0,0,0)",
            },
            "title": {"x": 0, "xanchor": "left", "xref": "container", "pad": {"l": 12, "t": 8},
                      "font": {"size": 16},
                      "subtitle": {"font": {"size": 12, "color": c["quiet"]}}},
            "margin": {"l": 12, "r": 16, "t": 96, "b": 44},
        }
    }  # fmt: skip


def recolour(spec: Any) -> Any:
    """The same in the dark palette: every value of a colour's key is exchanged."""
    pairs = to_dark()

    def walk(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {k: walk(v, k) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [walk(v, key) for v in value]
        if isinstance(value, str) and "color" in key:
            return pairs.get(value, value)
        return value

    return walk(spec, "")
