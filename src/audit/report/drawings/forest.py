"""The forest: planned ratios with intervals, the rule's line and parity, on a log axis."""

from __future__ import annotations

import math
from dataclasses import replace

from audit.findings.record import Finding
from audit.findings.rules import HIGHEST_RATE
from audit.inference.estimate import Estimate
from audit.report import look, text
from audit.report.drawings.parts import (
    Spec,
    figure,
    hover,
    label,
    mirrored_line,
    parity_line,
    rule_line,
    whiskers,
)
from audit.report.look import WORDS, Look
from audit.report.palette import LIGHT, VERDICT_SYMBOLS

MOST = 40
"""Rows of the forest; the table below it has all."""

TICKS = (0.125, 0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 2, 4, 8)
FEW_TICKS = (0.125, 0.25, 0.5, 0.8, 1, 1.25, 2, 4, 8)


def forest(look_: Look) -> Spec | None:
    """Planned ratios and those of single attributes; None where nothing is planned."""
    ratios = _ratios(look_)
    if not any(f.planned for f in ratios):
        return None
    ratios = ratios[:MOST]
    start, end = look.ratio_scale([f.estimate for f in ratios])
    line = ratios[0].line
    caution = {
        "type": "rect", "x0": line, "x1": ratios[0].caution, "y0": 0, "y1": 1, "yref": "paper",
        "fillcolor": LIGHT["review"], "opacity": 0.07, "line": {"width": 0}, "layer": "below",
    }  # fmt: skip
    mirrored = [mirrored_line(1 / line)] if start <= 1 / line <= end else []
    data = []
    for verdict in WORDS:
        rows = [(i, f) for i, f in enumerate(ratios) if f.verdict == verdict]
        if rows:
            data.append(_trace(verdict, rows, start, end))
    names = [_row_label(f.estimate) for f in ratios]
    ticks = [x for x in TICKS if start <= x <= end]
    layout = {
        "height": 130 + 38 * len(ratios),
        "showlegend": True,
        "xaxis": {
            "type": "log", "range": [math.log10(start), math.log10(end)], "tickvals": ticks,
            "title": {"text": f"ratio to the reference; line {text.number(line, 2)} "
                              f"(inverse {text.number(1 / line, 2)}), parity 1"},
        },
        "yaxis": {"tickvals": [-i for i in range(len(ratios))], "ticktext": names,
                  "range": [-len(ratios) + 0.4, 0.6], "showgrid": False},
    }  # fmt: skip
    return figure(
        data, layout, shapes=(parity_line(1.0), rule_line(line), *mirrored, caution),
        narrow=_narrow(names, [x for x in FEW_TICKS if start <= x <= end]),
    )  # fmt: skip


def _ratios(look_: Look) -> list[Finding]:
    return [
        f
        for f in look_.record.findings
        if f.estimate.metric == look.RATIO
        and f.estimate.value == f.estimate.value
        and f.estimate.stratum is None
        and f.estimate.stage is None
        and f.code != HIGHEST_RATE
        and (f.planned or len(f.estimate.attribute) == 1)
    ]


def _trace(verdict: str, rows: list[tuple[int, Finding]], start: float, end: float) -> Spec:
    estimates = [f.estimate for _, f in rows]
    color = LIGHT[verdict]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": WORDS[verdict],
        "x": [max(e.value, start) for e in estimates],
        "y": [-i for i, _ in rows],
        "error_x": whiskers([_clamped(e, start) for e in estimates], end, color),
        "marker": {
            "symbol": VERDICT_SYMBOLS[verdict],
            "size": 12,
            "color": color,
            "line": {"width": 1.5, "color": LIGHT["paper"]},
        },
        "hovertext": [hover(e) for e in estimates],
        "hoverinfo": "text",
    }


def _narrow(names: list[str], ticks: list[float]) -> Spec:
    """Labels above the rows, so that the axis has the whole width."""
    return {
        "height": 120 + 52 * len(names),
        "xaxis.tickvals": ticks,
        "xaxis.title.text": "ratio to the reference",
        "yaxis.showticklabels": False,
        "yaxis.range": [-len(names) + 0.4, 0.8],
        "annotations": [
            {
                "x": 0, "xref": "paper", "y": -i, "yshift": 17, "text": name.replace("<br>", " "),
                "showarrow": False, "xanchor": "left", "font": {"size": 12, "color": LIGHT["ink"]},
            }
            for i, name in enumerate(names)
        ],
    }  # fmt: skip


def _row_label(e: Estimate) -> str:
    named, whose = text.group(e.attribute, e.group), text.attributes(e.attribute)
    full = named if named.startswith(whose) else f"{whose}: {named}"
    # a long attribute's name would leave no room for what tells the rows apart
    short = " × ".join(text.level(v) for v in e.group)
    return label(full) if "…" not in label(full) else label(short)


def _clamped(e: Estimate, start: float) -> Estimate:
    return replace(e, value=max(e.value, start), low=max(e.low, start) if e.low == e.low else e.low)
