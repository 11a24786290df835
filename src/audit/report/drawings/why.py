"""The parts of a gap as bars, and the map of proxies."""

from __future__ import annotations

from audit.report import text
from audit.report.attached import Entry, num, widest
from audit.report.drawings.parts import Spec, figure, label, parity_line, safe
from audit.report.explained import amount, parts_of
from audit.report.look import Look
from audit.report.palette import LIGHT
from audit.report.sections.why import PRINTED, scale_of
from audit.report.sections.why_proxies import found, strengths

LABELLED = 8
"""Features named on the map; pointing at the others names them."""


def contributions(look_: Look, gap: Entry) -> Spec | None:
    """Bars from 0, largest first, with whiskers; other features summed in the last."""
    scale = scale_of(look_)
    parts = parts_of(gap, PRINTED)
    if not parts:
        return None
    factor = 100 if scale == "probability" else 1
    names = [f"{a['others']} others" if a.get("others") else label(_feature(a)) for a in parts]
    said = [
        f"{a['others']} other features" if a.get("others") else safe(_feature(a)) for a in parts
    ]
    hovers = [f"{w}<br><b>{amount(num(a['value']), scale)}</b>"
              for w, a in zip(said, parts, strict=True)]  # fmt: skip
    values = [num(a["value"]) for a in parts]
    lows = [num(a.get("low")) for a in parts]
    highs = [num(a.get("high")) for a in parts]
    down = num(gap["value"]) < 0
    colors = [LIGHT["fail"] if v < 0 else LIGHT["pass"] for v in values]
    rows = [-i for i in range(len(values))]
    data: list[Spec] = [{
        "type": "bar", "orientation": "h", "x": [factor * v for v in values], "y": rows,
        "marker": {"color": colors, "opacity": 0.85}, "hovertext": hovers, "hoverinfo": "text",
        "error_x": {
            "type": "data", "symmetric": False, "thickness": 1.4, "width": 4,
            "color": LIGHT["ink"],
            "array": [0 if h != h else factor * (h - v)
                      for v, h in zip(values, highs, strict=True)],
            "arrayminus": [0 if lo != lo else factor * (v - lo)
                           for v, lo in zip(values, lows, strict=True)],
        },
    }]  # fmt: skip
    reach = factor * widest(parts)
    unit = {"probability": "percentage points", "log-odds": "log-odds"}.get(scale, "output")
    words = "← lowers the group's score" if down else "raises the group's score →"
    layout = {
        "height": 110 + 30 * len(values),
        "showlegend": False,
        "bargap": 0.35,
        "xaxis": {"range": [-reach, reach], "title": {"text": f"part of the gap, {unit}; {words}"}},
        "yaxis": {"tickvals": rows, "ticktext": names, "showgrid": False,
                  "range": [-len(values) + 0.4, 0.6]},
    }  # fmt: skip
    return figure(
        data, layout, shapes=(parity_line(0.0),), narrow={"xaxis.title.text": unit}
    )  # fmt: skip


def _feature(part: Entry) -> str:
    return text.name(str(part["feature"]))


def proxies(look_: Look, attribute: str) -> Spec | None:
    """Features by how well they tell the attribute and how much of the gap they carry."""
    told = [s for s in strengths(look_, attribute) if num(s["contribution"]) >= 0]
    if not told:
        return None
    data: list[Spec] = []
    for name, mark, color, chosen in (
        ("tells it better than chance", "diamond", LIGHT["fail"], [s for s in told if found(s)]),
        ("not told from chance", "circle-open", LIGHT["quiet"],
         [s for s in told if not found(s)]),
    ):  # fmt: skip
        if not chosen:
            continue
        data.append({
            "type": "scatter", "mode": "markers+text", "name": name,
            "x": [num(s["strength"]) for s in chosen],
            "y": [num(s["contribution"]) for s in chosen],
            "text": [label(_feature(s)) if i < LABELLED and found(s) else ""
                     for i, s in enumerate(chosen)],
            "textposition": "top center", "textfont": {"size": 11, "color": LIGHT["ink"]},
            "marker": {"symbol": mark, "size": 10, "color": color},
            "hovertext": [
                f"{safe(_feature(s))}<br>AUC {text.number(num(s['strength']))}, "
                f"part {text.number(num(s['contribution']))}" for s in chosen
            ],
            "hoverinfo": "text",
        })  # fmt: skip
    top = max(num(s["contribution"]) for s in told) or 1.0
    null = num(told[0]["null"])
    layout = {
        "height": 420,
        "showlegend": True,
        "xaxis": {"range": [0.48, max(0.7, *(num(s["high"]) for s in told)) + 0.04],
                  "title": {"text": f"AUC of telling {safe(text.name(attribute), 40)} alone"}},
        "yaxis": {"range": [-0.06 * top, 1.18 * top],
                  "title": {"text": "absolute part in the score gap"}},
    }  # fmt: skip
    return figure(
        data, layout, shapes=(parity_line(null),), narrow={"yaxis.title.text": "part in the gap"}
    )  # fmt: skip
