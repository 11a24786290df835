"""Error rates by group, and a heat map of intersections."""

from __future__ import annotations

import math

from audit.inference.estimate import Estimate
from audit.report import look, text
from audit.report.drawings.parts import (
    Spec,
    figure,
    finite,
    hover,
    label,
    safe,
    series,
    whiskers,
)
from audit.report.look import Look
from audit.report.palette import LIGHT
from audit.report.sections.errors import RATES

SHORT = ("TPR", "FPR", "FNR", "PPV")
"""The rates' names on the axis, in the order of `RATES`."""

DRAWN = 8
"""Groups in one chart; the table has all."""


def errors(look_: Look, attribute: tuple[str, ...]) -> Spec | None:
    """Each error rate of each group with its interval, or its bounds."""
    groups = list(dict.fromkeys(e.group for m, _ in RATES for e in look_.rates(m, attribute)))
    groups = groups[:DRAWN]
    if not groups:
        return None
    gap = len(groups) + 1
    data: list[Spec] = []
    for i, group in enumerate(groups):
        style = series(i)
        found = [(k, look_.rate(m, attribute, group)) for k, (m, _) in enumerate(RATES)]
        held = [(k, e) for k, e in found if e is not None and e.value == e.value]
        estimates = [e for _, e in held]
        data.append({
            "type": "scatter", "mode": "markers", "name": label(text.group(attribute, group)),
            "x": [e.value for e in estimates], "y": [-(k * gap + i) for k, _ in held],
            "error_x": whiskers(estimates, 1.0, style["color"]),
            "marker": {"symbol": style["symbol"], "size": 10, "color": style["color"]},
            "hovertext": [hover(e) for e in estimates], "hoverinfo": "text",
        })  # fmt: skip
        data.extend(
            {
                "type": "scatter", "mode": "lines+markers", "x": [e.low, e.high],
                "y": [-(k * gap + i)] * 2, "showlegend": False,
                "line": {"color": style["color"], "width": 1.6, "dash": "dot"},
                "marker": {"symbol": "line-ns-open", "size": 10, "color": style["color"]},
                "hovertext": [f"bounds only<br>{_bounds(e)}"] * 2, "hoverinfo": "text",
            }
            for k, e in found
            if e is not None and e.value != e.value and e.low == e.low
        )  # fmt: skip
    layout = {
        "height": 150 + 22 * gap * len(RATES),
        "showlegend": True,
        "xaxis": {"range": [-0.01, 1.01], "tickformat": ".0%"},
        "yaxis": {"tickvals": [-(k * gap + (len(groups) - 1) / 2) for k in range(len(RATES))],
                  "ticktext": list(SHORT), "showgrid": False,
                  "range": [-(gap * len(RATES)) + 1.2, 0.8]},
    }  # fmt: skip
    return figure(data, layout, narrow={"xaxis.nticks": 5})


def _bounds(e: Estimate) -> str:
    return f"{text.percent(e.low)} to {text.percent(e.high)}"


def heat(look_: Look, attribute: tuple[str, ...]) -> Spec | None:
    """Ratios of two crossed attributes to their reference; cells too small to judge are blank."""
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
            z_row.append(None if small or not finite(ratio) or ratio <= 0 else math.log2(ratio))
            w_row.append("" if small or not finite(ratio) else text.number(ratio, 2, [0.8]))
        z.append(z_row)
        words.append(w_row)
    data = [{
        "type": "heatmap", "z": z, "x": list(range(len(across))), "y": list(range(len(down))),
        "text": words, "texttemplate": "%{text}", "zmid": 0, "zmin": -0.6, "zmax": 0.6,
        "xgap": 2, "ygap": 2, "showscale": False, "hovertemplate": "ratio %{text}<extra></extra>",
        "colorscale": [[0, LIGHT["fail"]], [0.5, LIGHT["grid"]], [1, LIGHT["pass"]]],
    }]  # fmt: skip
    layout = {
        "height": 130 + 44 * len(down),
        "xaxis": {"tickvals": list(range(len(across))),
                  "ticktext": [label(text.level(b)) for b in across], "showgrid": False,
                  "title": {"text": safe(attribute[1], 40)}},
        "yaxis": {"tickvals": list(range(len(down))),
                  "ticktext": [label(text.level(a)) for a in down],
                  "autorange": "reversed", "showgrid": False,
                  "title": {"text": safe(attribute[0], 40)}},
    }  # fmt: skip
    narrow = {"yaxis.title.text": "", "xaxis.tickangle": -90 if len(across) > 3 else 0}
    return figure(data, layout, narrow=narrow)
