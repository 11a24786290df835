"""Utility against disparity, a point a candidate; and the ratio along the approval rate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from audit.report import compared, text
from audit.report.attached import Entry, ends, num
from audit.report.drawings.parts import Spec, figure, label, level_line, parity_line, safe
from audit.report.look import Look
from audit.report.palette import LIGHT
from audit.report.sections import cutoffs

LABELLED = 8
"""Candidates named on the chart; pointing at the others names them."""

MARKS = {
    "baseline": ("star", LIGHT["ink"]),
    "before training": ("circle", LIGHT["pass"]),
    "in training": ("square", LIGHT["review"]),
    "after training": ("diamond", LIGHT["waived"]),
    "search": ("triangle-up", LIGHT["pass"]),
}
"""A marker and a colour for when a candidate acts."""

CAP = 3.0
"""Ratios above it are drawn at it."""


def frontier(found: Entry) -> Spec | None:
    """Points with intervals both ways; those outdone by another are lighter."""
    told = [c for c in compared.candidates(found) if _finite(c)]
    if len(told) < 2:
        return None
    utility, best = str(found["utility"]), found.get("recommendation")
    factor = 1 if compared.is_ratio(found) else 100
    lift = 100 if utility in compared.SHARES else 1
    data: list[Spec] = []
    path = [c for c in told if not c.get("dominated")]
    if len(path) > 1:
        path.sort(key=lambda c: num(c["disparity"]["value"]))
        data.append({
            "type": "scatter", "mode": "lines", "hoverinfo": "skip", "showlegend": False,
            "x": [factor * num(c["disparity"]["value"]) for c in path],
            "y": [lift * num(c["utility"]["value"]) for c in path],
            "line": {"color": LIGHT["quiet"], "width": 1.2, "dash": "dot", "shape": "hv"},
        })  # fmt: skip
    shown = _beside(told, _labelled(told, best))
    for acts, (mark, color) in MARKS.items():
        for light in (False, True):
            own = [c for c in told if c["acts"] == acts and _lighter(c) is light]
            if own:
                data.append(_points(own, found, shown, acts, mark, color, light, (factor, lift)))
    chosen = [c for c in told if c["name"] == best]
    if chosen:
        data.append({
            "type": "scatter", "mode": "markers", "name": "recommended", "hoverinfo": "skip",
            "x": [factor * num(c["disparity"]["value"]) for c in chosen],
            "y": [lift * num(c["utility"]["value"]) for c in chosen],
            "marker": {"symbol": "circle-open", "size": 22, "color": LIGHT["ink"],
                       "line": {"width": 2, "color": LIGHT["ink"]}},
        })  # fmt: skip
    unit = "1 less the ratio" if compared.is_ratio(found) else "percentage points"
    words = compared.UTILITIES[utility] + (", %" if lift == 100 else "")
    start = min(0.0, *(factor * num(c["disparity"]["value"]) for c in told))
    layout = {
        "height": 440, "showlegend": True, "hovermode": "closest",
        "xaxis": {"title": {"text": f"disparity, {unit}; ← less apart"}, "rangemode": "tozero",
                  "range": [start - 0.02 * factor, _edge(told, factor)]},
        "yaxis": {"title": {"text": words}},
    }  # fmt: skip
    return figure(data, layout, shapes=(parity_line(0.0),), narrow={"height": 480})


def _lighter(c: Entry) -> bool:
    """Whether another outdoes it; the baseline is always drawn in full."""
    return bool(c.get("dominated")) and c["name"] != compared.BASELINE


def _finite(c: Entry) -> bool:
    return all(math.isfinite(num(c[k]["value"])) for k in ("disparity", "utility"))


def _edge(told: Sequence[Entry], factor: float) -> float:
    ends = [num(c["disparity"][k]) for c in told for k in ("value", "high")]
    return 1.06 * factor * max(e for e in ends if math.isfinite(e))


def _labelled(told: Sequence[Entry], best: object) -> set[str]:
    """The baseline, the recommended one and the frontier; few enough to be read."""
    first = [c for c in told if c["name"] in (compared.BASELINE, best)]
    rest = [c for c in told if c not in first and not c.get("dominated")]
    return {str(c["name"]) for c in (*first, *rest)[:LABELLED]}


def _points(
    own: Sequence[Entry], found: Entry, shown: Mapping[str, str], acts: str, mark: str, color: str,
    light: bool, scale: tuple[float, float],
) -> Spec:  # fmt: skip
    factor, lift = scale
    tint = LIGHT["quiet"] if light else color
    name = {"baseline": "as it is", "search": "alternative"}.get(acts, acts)
    return {
        "type": "scatter", "mode": "markers+text",
        "name": f"{name}, outdone by another" if light else name,
        "x": [factor * num(c["disparity"]["value"]) for c in own],
        "y": [lift * num(c["utility"]["value"]) for c in own],
        "error_x": _error([c["disparity"] for c in own], factor, tint),
        "error_y": _error([c["utility"] for c in own], lift, tint),
        "text": [label(compared.title(c)) if str(c["name"]) in shown else "" for c in own],
        "textposition": [shown.get(str(c["name"]), "top right") for c in own],
        "textfont": {"size": 11, "color": LIGHT["ink"]}, "opacity": 0.45 if light else 1,
        "marker": {
            "symbol": [f"{mark}-open" if c.get("needs_group_at_decision") else mark for c in own],
            "size": 13 if acts == "baseline" else 10, "color": tint,
        },
        "hovertext": [_hover(c, found) for c in own], "hoverinfo": "text",
    }  # fmt: skip


def _beside(told: Sequence[Entry], shown: set[str]) -> dict[str, str]:
    """Where each name stands: inwards of its point, away from the neighbour's on its left."""
    ordered = [c for c in told if str(c["name"]) in shown]
    ordered.sort(key=lambda c: num(c["disparity"]["value"]))
    heights = [num(c["utility"]["value"]) for c in ordered]
    room = 0.6 * _edge(told, 1)
    found: dict[str, str] = {}
    # the first has its neighbour on its right
    beside = [*heights[1:2], *heights[:-1]] or heights
    for c, own, other in zip(ordered, heights, beside, strict=True):
        far = num(c["disparity"]["value"]) > room
        found[str(c["name"])] = f"{'top' if own > other else 'bottom'} {'left' if far else 'right'}"
    return found


def _error(entries: Sequence[Entry], factor: float, color: str) -> Spec:
    up, down = [], []
    for e in entries:
        value, low, high = num(e["value"]), num(e.get("low")), num(e.get("high"))
        up.append(factor * (high - value) if math.isfinite(high) else 0)
        down.append(factor * (value - low) if math.isfinite(low) else 0)
    return {"type": "data", "symmetric": False, "array": up, "arrayminus": down,
            "thickness": 1, "width": 3, "color": color}  # fmt: skip


def _hover(c: Entry, found: Entry) -> str:
    utility = str(found["utility"])
    d, u = c["disparity"], c["utility"]
    lines = [
        safe(compared.title(c)),
        f"disparity <b>{compared.apart(num(d['value']), found)}</b> "
        f"({ends(d, lambda x: compared.apart(x, found))})",
        f"{compared.UTILITIES[utility]} <b>{compared.useful(num(u['value']), utility)}</b> "
        f"({ends(u, lambda x: compared.useful(x, utility))})",
        *compared.flags(c),
    ]
    if c["name"] != compared.BASELINE:
        lines.append(safe(str(c["verdict"])))
    return "<br>".join(lines)


def along(look_: Look) -> Spec | None:
    """The ratio at each approval rate with its interval, and the cut-off in use."""
    found = compared.part(look_, "sweep")
    points = [
        p for p in found.get("points") or ()
        if math.isfinite(num(p["ratio"])) and math.isfinite(num(p["approval_rate"]))
    ]  # fmt: skip
    if not points:
        return None
    held = [p for p in points if math.isfinite(num(p["low"])) and math.isfinite(num(p["high"]))]
    back = list(reversed(held))
    data: list[Spec] = [{
        "type": "scatter", "mode": "lines", "fill": "toself", "hoverinfo": "skip",
        "showlegend": False, "opacity": 0.25, "line": {"width": 0, "color": LIGHT["pass"]},
        "x": [100 * num(p["approval_rate"]) for p in (*held, *back)],
        "y": [*(min(num(p["high"]), CAP) for p in held), *(num(p["low"]) for p in back)],
    }, {
        "type": "scatter", "mode": "lines+markers", "showlegend": False,
        "x": [100 * num(p["approval_rate"]) for p in points],
        "y": [min(num(p["ratio"]), CAP) for p in points],
        "line": {"color": LIGHT["pass"], "width": 2},
        "marker": {"symbol": "circle", "size": 5, "color": LIGHT["pass"]},
        "hovertext": [_cutoff_hover(p) for p in points], "hoverinfo": "text",
    }]  # fmt: skip
    here = cutoffs.operating(found)
    shapes = [level_line(0.8), level_line(1.0, parity=True)]
    if here is not None:
        x = 100 * num(here["approval_rate"])
        shapes.append(parity_line(x))
        if math.isfinite(num(here["ratio"])):
            data.append({
                "type": "scatter", "mode": "markers+text", "showlegend": False, "x": [x],
                "y": [min(num(here["ratio"]), CAP)], "text": ["in use"],
                "textposition": "bottom right", "textfont": {"size": 11, "color": LIGHT["ink"]},
                "hoverinfo": "skip",
                "marker": {"symbol": "diamond", "size": 13, "color": LIGHT["ink"]},
            })  # fmt: skip
    top = max(1.2, *(min(num(p["ratio"]), CAP) for p in points))
    layout = {
        "height": 340, "showlegend": False,
        "xaxis": {"title": {"text": "approved, % of applicants"}, "range": [0, 101],
                  "showgrid": False},
        "yaxis": {"title": {"text": "ratio of approval rates"}, "range": [0, top + 0.08]},
    }  # fmt: skip
    return figure(data, layout, shapes=shapes)


def _cutoff_hover(p: Entry) -> str:
    lines = [
        f"cut-off {cutoffs.cut(num(p['cutoff']))}",
        f"approves {text.percent(num(p['approval_rate']))}",
        f"ratio <b>{text.number(num(p['ratio']), 3, [0.8])}</b>",
    ]
    if math.isfinite(num(p["default_rate"])):
        lines.append(f"default rate {text.percent(num(p['default_rate']))}")
    if math.isfinite(num(p["profit"])):
        lines.append(f"profit an applicant {text.number(num(p['profit']), 4)}")
    return "<br>".join(lines)
