"""Plotly figures of a record, drawn with a template of our own."""

from __future__ import annotations

import html
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from audit.findings.record import AuditRecord
from audit.findings.rules import HIGHEST_RATE
from audit.inference.estimate import Estimate
from audit.report import look, text
from audit.report.blocks import Chart
from audit.report.look import WORDS, Look
from audit.report.palette import DARK, DASHES, GROUPS, GROUPS_DARK, LIGHT, SYMBOLS, VERDICT_SYMBOLS
from audit.report.sections import curves
from audit.report.sections.curves import by_attribute, calibration_groups, chart_name, sized
from audit.report.sections.errors import RATES

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

FONT = '-apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif'
MOST = 40
"""Rows of the forest; the table below it has all."""


def figures(record: AuditRecord, theme: str = "light") -> dict[str, Figure]:
    """Every chart of the report by name; the document's `Chart` blocks use the same names.

    `theme` is "light" or "dark". Each figure carries its title and a one-sentence reading, and
    tells groups apart by marker or dash as well as by colour.
    """
    from audit.report.document import document

    look_ = Look(record)
    built = _drawings(look_)
    blocks = [b for s in document(record).sections for b in s.blocks if isinstance(b, Chart)]
    for more in (curves.distributions, curves.sweeps, curves.calibrations):
        blocks.extend(chart for _, chart in more(look_))
    titles = {b.name: (b.title, b.reading) for b in blocks}
    out = {}
    for name, (title, reading) in titles.items():
        figure = built.get(name)
        if figure is None:
            continue
        figure.layout.template = template(theme)  # assigned, so that plotly's own is gone
        figure.update_layout(
            title={"text": safe(title), "subtitle": {"text": safe(reading)}},
        )
        out[name] = recolour(figure) if theme == "dark" else figure
    return out


def safe(words: str, longest: int | None = None) -> str:
    """Text for Plotly, which would read tags in it: escaped, control characters made visible."""
    return html.escape(text.visible(words, longest), quote=False)


def label(words: str) -> str:
    """A tick label short enough not to be clipped, in two lines where it is long."""
    if len(words) <= 26:
        return safe(words)
    if " × " in words and len(words) <= 52:
        head, _, tail = words.partition(" × ")
        return f"{safe(head)} ×<br>{safe(tail)}"
    return safe(words[:25] + "…")


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


def recolour(figure: Any) -> Any:
    """A figure in the dark palette."""
    import plotly.graph_objects as go

    from audit.report.palette import to_dark

    pairs = to_dark()

    def walk(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {k: v if k == "template" else walk(v, k) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [walk(v, key) for v in value]
        if isinstance(value, str) and "color" in key:
            return pairs.get(value, value)
        return value

    return go.Figure(walk(figure.to_plotly_json(), ""))


def _drawings(look_: Look) -> dict[str, Any]:
    record = look_.record
    out: dict[str, Any] = {}
    forest = _forest(look_)
    if forest is not None:
        out["forest"] = forest
    for entry in record.charts.get("distributions", ()):
        out[chart_name("distributions", entry)] = _distribution(entry, record)
    for sweeps in by_attribute(record.charts.get("sweep", ()), look_):
        name = chart_name("sweep", {"attribute": sweeps[0]["attribute"]})
        out[name] = _sweep(sweeps, record)
    for entry in record.charts.get("calibration", ()):
        out[chart_name("calibration", entry)] = _calibration(entry, look_)
    for attribute in look_.attributes:
        if len(attribute) == 1:
            figure = _errors(look_, attribute)
            if figure is not None:
                out[chart_name("errors", {"attribute": attribute})] = figure
        if len(attribute) == 2:
            figure = _heat(look_, attribute)
            if figure is not None:
                out[chart_name("intersections", {"attribute": attribute})] = figure
    return out


def _vertical(figure: Any, x: float, kind: str) -> None:
    style = {
        "rule": {"color": LIGHT["ink"], "width": 1.6},
        "parity": {"color": LIGHT["quiet"], "width": 1.2, "dash": "dot"},
    }[kind]
    figure.add_shape(type="line", x0=x, x1=x, y0=0, y1=1, yref="paper", line=style, layer="below")


def _none(x: float) -> float | None:
    return None if math.isnan(x) or math.isinf(x) else x


def _bars(estimates: Sequence[Estimate], top: float) -> dict[str, Any]:
    up = [0.0 if e.high != e.high else min(e.high, top) - e.value for e in estimates]
    down = [0.0 if e.low != e.low else e.value - e.low for e in estimates]
    return {"type": "data", "symmetric": False, "array": up, "arrayminus": down,
            "thickness": 1.6, "width": 4}  # fmt: skip


def _forest(look_: Look) -> Any:
    import plotly.graph_objects as go

    record = look_.record
    ratios = [
        f
        for f in record.findings
        if f.estimate.metric == look.RATIO
        and f.estimate.value == f.estimate.value
        and f.estimate.stratum is None
        and f.estimate.stage is None
        and f.code != HIGHEST_RATE
        and (f.planned or len(f.estimate.attribute) == 1)
    ]
    if not any(f.planned for f in ratios):
        return None
    ratios = ratios[:MOST]
    start, end = look.ratio_scale([f.estimate for f in ratios])
    figure = go.Figure()
    _vertical(figure, 1.0, "parity")
    line = ratios[0].line
    _vertical(figure, line, "rule")
    figure.add_shape(
        type="rect", x0=line, x1=ratios[0].caution, y0=0, y1=1, yref="paper",
        fillcolor=LIGHT["review"], opacity=0.07, line={"width": 0}, layer="below",
    )  # fmt: skip
    for verdict in WORDS:
        rows = [(i, f) for i, f in enumerate(ratios) if f.verdict == verdict]
        if not rows:
            continue
        estimates = [f.estimate for _, f in rows]
        figure.add_trace(
            go.Scatter(
                x=[max(e.value, start) for e in estimates],
                y=[-i for i, _ in rows],
                error_x={**_bars([_clamped(e, start) for e in estimates], end),
                         "color": LIGHT[verdict]},
                mode="markers",
                name=WORDS[verdict],
                marker={"symbol": VERDICT_SYMBOLS[verdict], "size": 12, "color": LIGHT[verdict],
                        "line": {"width": 1.5, "color": LIGHT["paper"]}},
                hovertext=[_hover(f.estimate) for _, f in rows],
                hoverinfo="text",
            )
        )  # fmt: skip
    names = [_row_label(f.estimate) for f in ratios]
    figure.update_layout(
        height=130 + 38 * len(ratios),
        showlegend=True,
        xaxis={"type": "log", "range": [math.log10(start), math.log10(end)],
               "tickvals": [x for x in (0.125, 0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 2, 4, 8)
                            if start <= x <= end],
               "title": {"text": f"ratio to the reference; line {text.number(line, 2)}, parity 1"}},
        yaxis={"tickvals": [-i for i in range(len(ratios))], "ticktext": names,
               "range": [-len(ratios) + 0.4, 0.6], "showgrid": False},
    )  # fmt: skip
    return figure


def _row_label(e: Estimate) -> str:
    named, whose = text.group(e.attribute, e.group), text.attributes(e.attribute)
    return label(named if named.startswith(whose) else f"{whose}: {named}")


def _clamped(e: Estimate, start: float) -> Estimate:
    from dataclasses import replace

    return replace(e, value=max(e.value, start), low=max(e.low, start) if e.low == e.low else e.low)


def _hover(e: Estimate) -> str:
    lines = [safe(text.group(e.attribute, e.group))]
    if e.reference is not None:
        lines.append(f"against {safe(text.group(e.attribute, e.reference))}")
    lines.append(f"<b>{look.value(e)}</b> ({look.interval(e)})")
    lines.append(f"{text.count(e.rows)} rows")
    return "<br>".join(lines)


def _series(i: int) -> dict[str, Any]:
    k = i % len(GROUPS)
    return {"color": GROUPS[k], "symbol": SYMBOLS[k], "dash": DASHES[k]}


def _distribution(entry: Mapping[str, Any], record: AuditRecord) -> Any:
    import plotly.graph_objects as go

    attribute, edges = tuple(entry["attribute"]), entry["edges"]
    middle = [(a + b) / 2 for a, b in itertools.pairwise(edges)]
    figure = go.Figure()
    for i, g in enumerate(sized(entry["groups"], record)):
        style = _series(i)
        name = text.group(attribute, tuple(g["group"]))
        figure.add_trace(
            go.Scatter(
                x=middle, y=list(g["shares"]), mode="lines+markers", name=label(name),
                line={"color": style["color"], "dash": style["dash"], "width": 2, "shape": "hvh"},
                marker={"symbol": style["symbol"], "size": 7, "maxdisplayed": 10,
                        "color": style["color"]},
                hovertemplate="score %{x:.3f}: %{y:.1%}<extra></extra>",
            )
        )  # fmt: skip
    if record.roles.cutoff is not None:
        _cutoff_line(figure, record.roles.cutoff)
    figure.update_layout(
        height=360,
        xaxis={"title": {"text": safe(str(entry["column"]), 40)}, "showgrid": False},
        yaxis={"tickformat": ".0%", "rangemode": "tozero",
               "title": {"text": "share of the group in each bin"}},
        hovermode="closest",
    )  # fmt: skip
    return figure


def _cutoff_line(figure: Any, x: float) -> None:
    _vertical(figure, x, "rule")
    figure.add_annotation(
        x=x, y=1, yref="paper", text="cut-off", showarrow=False, xanchor="left", yanchor="top",
        xshift=5, font={"size": 12, "color": LIGHT["quiet"]},
    )  # fmt: skip


def _sweep(entries: list[Mapping[str, Any]], record: AuditRecord) -> Any:
    import plotly.graph_objects as go

    figure = go.Figure()
    attribute = tuple(entries[0]["attribute"])
    cutoff, top = record.roles.cutoff, 1.3
    for i, entry in enumerate(entries[: len(GROUPS)]):
        style = _series(i)
        points = [
            p for p in sorted(entry["points"], key=lambda p: p["cutoff"]) if _fine(p["ratio"])
        ]
        top = max([top, *(min(p["ratio"], 2.0) for p in points)])
        if len(entries) <= 2:
            figure.add_trace(_band(points, style["color"]))
        figure.add_trace(
            go.Scatter(
                x=[p["cutoff"] for p in points], y=[min(p["ratio"], 2.0) for p in points],
                mode="lines+markers", name=label(text.group(attribute, tuple(entry["group"]))),
                line={"color": style["color"], "width": 2, "dash": style["dash"]},
                marker={"symbol": style["symbol"], "size": 7, "maxdisplayed": 8,
                        "color": style["color"]},
                customdata=[[p["approval_rate"], p["rate"], p["reference_rate"]] for p in points],
                hovertemplate="cut-off %{x:.3f}: ratio %{y:.3f}<br>approves %{customdata[0]:.1%} "
                "(%{customdata[1]:.1%} against %{customdata[2]:.1%})<extra></extra>",
            )
        )  # fmt: skip
        if cutoff is not None and points:
            here = min(points, key=lambda p: abs(p["cutoff"] - cutoff))
            figure.add_trace(
                go.Scatter(
                    x=[here["cutoff"]], y=[min(here["ratio"], 2.0)], mode="markers",
                    showlegend=False, hoverinfo="skip",
                    marker={"symbol": style["symbol"], "size": 13, "color": style["color"],
                            "line": {"color": LIGHT["paper"], "width": 2}},
                )
            )  # fmt: skip
    if cutoff is not None:
        figure.add_annotation(
            x=cutoff, y=0, text="operating point", showarrow=False, xanchor="left",
            yanchor="bottom", xshift=5, font={"size": 12, "color": LIGHT["quiet"]},
        )  # fmt: skip
        _vertical(figure, cutoff, "parity")
    for y, line in (
        (0.8, {"color": LIGHT["ink"], "width": 1.6}),
        (1.0, {"color": LIGHT["quiet"], "width": 1.2, "dash": "dot"}),
    ):
        figure.add_shape(
            type="line", x0=0, x1=1, xref="paper", y0=y, y1=y, line=line, layer="below"
        )
    figure.update_layout(
        height=360, showlegend=True,
        xaxis={"title": {"text": "cut-off"}, "showgrid": False},
        yaxis={"range": [0, top + 0.05], "title": {"text": "ratio of approval rates"}},
    )  # fmt: skip
    return figure


def _band(points: Sequence[Mapping[str, Any]], color: str) -> Any:
    import plotly.graph_objects as go

    held = [p for p in points if _fine(p.get("low", math.nan)) and _fine(p.get("high", math.nan))]
    back = list(reversed(held))
    return go.Scatter(
        x=[p["cutoff"] for p in (*held, *back)],
        y=[min(p["high"], 2.0) for p in held] + [min(p["low"], 2.0) for p in back],
        fill="toself", mode="lines", line={"width": 0}, fillcolor=color, opacity=0.14,
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip


def _fine(x: float) -> bool:
    return not (math.isnan(x) or math.isinf(x))


def _calibration(entry: Mapping[str, Any], look_: Look) -> Any:
    import plotly.graph_objects as go

    attribute = tuple(entry["attribute"])
    figure = go.Figure()
    figure.add_shape(
        type="line", x0=0, x1=1, y0=0, y1=1, layer="below",
        line={"color": LIGHT["quiet"], "width": 1.2, "dash": "dot"},
    )  # fmt: skip
    for i, g in enumerate(calibration_groups(entry, look_.small)[: len(GROUPS)]):
        style = _series(i)
        bins = [b for b in g["bins"] if b["rows"] and _fine(b["rate"]) and _fine(b["mean"])]
        figure.add_trace(
            go.Scatter(
                x=[b["mean"] for b in bins], y=[b["rate"] for b in bins], mode="lines+markers",
                name=label(text.group(attribute, tuple(g["group"]))),
                line={"color": style["color"], "dash": style["dash"], "width": 1.6},
                marker={"symbol": style["symbol"], "size": 9, "color": style["color"]},
                error_y={"type": "data", "symmetric": False, "thickness": 1.2, "width": 3,
                         "color": style["color"],
                         "array": [b["rate_high"] - b["rate"] for b in bins],
                         "arrayminus": [b["rate"] - b["rate_low"] for b in bins]},
                customdata=[[b["rows"]] for b in bins],
                hovertemplate="mean score %{x:.3f}<br>observed %{y:.1%} of %{customdata[0]:,}"
                "<extra></extra>",
            )
        )  # fmt: skip
    figure.update_layout(
        height=420,
        xaxis={"title": {"text": "mean score"}, "range": [0, 1]},
        yaxis={"title": {"text": f"observed {curves.outcome_words(look_)}"}, "range": [0, 1.02],
               "tickformat": ".0%"},
    )  # fmt: skip
    return figure


def _errors(look_: Look, attribute: tuple[str, ...]) -> Any:
    import plotly.graph_objects as go

    groups = list(dict.fromkeys(e.group for m, _ in RATES for e in look_.rates(m, attribute)))[:8]
    if not groups:
        return None
    figure = go.Figure()
    gap = len(groups) + 1
    for i, group in enumerate(groups):
        style = _series(i)
        found = [(k, look_.rate(m, attribute, group)) for k, (m, _) in enumerate(RATES)]
        held = [(k, e) for k, e in found if e is not None and e.value == e.value]
        estimates = [e for _, e in held]
        figure.add_trace(
            go.Scatter(
                x=[e.value for e in estimates], y=[-(k * gap + i) for k, _ in held],
                error_x={**_bars(estimates, 1.0), "color": style["color"]}, mode="markers",
                name=label(text.group(attribute, group)),
                marker={"symbol": style["symbol"], "size": 10, "color": style["color"]},
                hovertext=[_hover(e) for e in estimates], hoverinfo="text",
            )
        )  # fmt: skip
        bounds = [
            (k, e) for k, e in found if e is not None and e.value != e.value and e.low == e.low
        ]
        for k, e in bounds:
            figure.add_trace(
                go.Scatter(
                    x=[e.low, e.high], y=[-(k * gap + i)] * 2, mode="lines+markers",
                    line={"color": style["color"], "width": 1.6, "dash": "dot"},
                    marker={"symbol": "line-ns-open", "size": 10, "color": style["color"]},
                    showlegend=False, hovertext=[f"bounds only<br>{_bounds(e)}"] * 2,
                    hoverinfo="text",
                )
            )  # fmt: skip
    short = ("TPR", "FPR", "FNR", "PPV")
    figure.update_layout(
        height=150 + 22 * gap * len(RATES),
        xaxis={"range": [-0.01, 1.01], "tickformat": ".0%"},
        yaxis={"tickvals": [-(k * gap + (len(groups) - 1) / 2) for k in range(len(RATES))],
               "ticktext": list(short), "showgrid": False,
               "range": [-(gap * len(RATES)) + 1.2, 0.8]},
    )  # fmt: skip
    return figure


def _bounds(e: Estimate) -> str:
    return f"{text.percent(e.low)} to {text.percent(e.high)}"


def _heat(look_: Look, attribute: tuple[str, ...]) -> Any:
    import plotly.graph_objects as go

    reference = look_.reference(attribute)
    rates = look_.rates("selection_rate", attribute)
    if reference is None or not rates:
        return None
    down = list(dict.fromkeys(e.group[0] for e in rates))[:24]
    across = list(dict.fromkeys(e.group[1] for e in rates))[:12]
    z: list[list[float | None]] = []
    words: list[list[str]] = []
    for a in down:
        z_row: list[float | None] = []
        w_row: list[str] = []
        for b in across:
            rate = look_.rate("selection_rate", attribute, (a, b))
            pair = look_.pair(look.RATIO, attribute, (a, b), reference)
            ratio = 1.0 if (a, b) == reference else (pair.value if pair is not None else math.nan)
            small = rate is None or rate.rows < look_.small
            z_row.append(None if small or not _fine(ratio) or ratio <= 0 else math.log2(ratio))
            w_row.append("" if small or not _fine(ratio) else text.number(ratio, 2, [0.8]))
        z.append(z_row)
        words.append(w_row)
    figure = go.Figure(
        go.Heatmap(
            z=z, x=list(range(len(across))), y=list(range(len(down))), text=words,
            texttemplate="%{text}", zmid=0, zmin=-0.6, zmax=0.6, xgap=2, ygap=2,
            colorscale=[[0, LIGHT["fail"]], [0.5, LIGHT["grid"]], [1, LIGHT["pass"]]],
            showscale=False, hovertemplate="ratio %{text}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(
        height=130 + 44 * len(down),
        xaxis={"tickvals": list(range(len(across))),
               "ticktext": [label(text.level(b)) for b in across], "showgrid": False,
               "title": {"text": safe(attribute[1], 40)}},
        yaxis={"tickvals": list(range(len(down))), "ticktext": [label(text.level(a)) for a in down],
               "autorange": "reversed", "showgrid": False,
               "title": {"text": safe(attribute[0], 40)}},
    )  # fmt: skip
    return figure
