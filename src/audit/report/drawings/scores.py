"""Score distributions, the ratio at every cut-off, and calibration curves."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from audit.report import text
from audit.report.drawings.parts import (
    Spec,
    figure,
    finite,
    label,
    level_line,
    parity_line,
    rule_line,
    safe,
    series,
)
from audit.report.look import Look
from audit.report.palette import GROUPS, LIGHT
from audit.report.sections.calibration import calibration_groups, outcome_words
from audit.report.sections.curves import sized
from audit.report.sections.sweep import points_of

CAP = 2.0
"""Ratios above it are drawn at it."""

NARROW: Spec = {"yaxis.title.text": "", "xaxis.nticks": 5, "yaxis.nticks": 6}
"""Lines need the width more than an axis needs its name, which the reading above has said."""


def distribution(entry: Mapping[str, Any], look_: Look) -> Spec:
    """Shares of each group in score bins, and the cut-off."""
    attribute, edges = tuple(entry["attribute"]), entry["edges"]
    middle = [(a + b) / 2 for a, b in itertools.pairwise(edges)]
    data = []
    for i, g in enumerate(sized(entry, look_)):
        style = series(i)
        data.append({
            "type": "scatter", "mode": "lines+markers", "x": middle, "y": list(g["shares"]),
            "name": label(text.group(attribute, tuple(g["group"]))),
            "line": {"color": style["color"], "dash": style["dash"], "width": 2, "shape": "hvh"},
            "marker": {"symbol": style["symbol"], "size": 7, "maxdisplayed": 10,
                       "color": style["color"]},
            "hovertemplate": "score %{x:.3f}: %{y:.1%}<extra></extra>",
        })  # fmt: skip
    cutoff = look_.record.roles.cutoff
    layout = {
        "height": 360,
        "xaxis": {"title": {"text": safe(str(entry["column"]), 40)}, "showgrid": False},
        "yaxis": {"tickformat": ".0%", "rangemode": "tozero",
                  "title": {"text": "share of the group in each bin"}},
        "hovermode": "closest",
    }  # fmt: skip
    if cutoff is None:
        return figure(data, layout, narrow=NARROW)
    x = float(cutoff)
    notes = [_note(x, 1, "cut-off", "top")]
    return figure(data, layout, shapes=[rule_line(x)], notes=notes, narrow=NARROW)


def _note(x: float, y: float, words: str, anchor: str) -> Spec:
    return {"x": x, "y": y, "yref": "paper", "text": words, "showarrow": False, "xanchor": "left",
            "yanchor": anchor, "xshift": 5,
            "font": {"size": 12, "color": LIGHT["quiet"]}}  # fmt: skip


def sweep(entries: list[Mapping[str, Any]], look_: Look) -> Spec:
    """The ratio of approval rates had the cut-off been elsewhere, and where it is."""
    attribute = tuple(entries[0]["attribute"])
    cutoff, top = look_.record.roles.cutoff, 1.3
    data: list[Spec] = []
    for i, entry in enumerate(entries[: len(GROUPS)]):
        style = series(i)
        points = [p for p in points_of(entry, look_) if finite(p["ratio"])]
        top = max([top, *(min(p["ratio"], CAP) for p in points)])
        if len(entries) <= 2:
            data.append(_band(points, style["color"]))
        data.append({
            "type": "scatter", "mode": "lines+markers",
            "x": [p["cutoff"] for p in points], "y": [min(p["ratio"], CAP) for p in points],
            "name": label(text.group(attribute, tuple(entry["group"]))),
            "line": {"color": style["color"], "width": 2, "dash": style["dash"]},
            "marker": {"symbol": style["symbol"], "size": 7, "maxdisplayed": 8,
                       "color": style["color"]},
            "customdata": [[p["approval_rate"], p["rate"], p["reference_rate"]] for p in points],
            "hovertemplate": "cut-off %{x:.3f}: ratio %{y:.3f}<br>approves %{customdata[0]:.1%} "
            "(%{customdata[1]:.1%} against %{customdata[2]:.1%})<extra></extra>",
        })  # fmt: skip
        if cutoff is not None and points:
            here = min(points, key=lambda p: abs(p["cutoff"] - cutoff))
            data.append({
                "type": "scatter", "mode": "markers", "x": [here["cutoff"]],
                "y": [min(here["ratio"], CAP)], "showlegend": False, "hoverinfo": "skip",
                "marker": {"symbol": style["symbol"], "size": 13, "color": style["color"],
                           "line": {"color": LIGHT["paper"], "width": 2}},
            })  # fmt: skip
    shapes = [level_line(0.8), level_line(1.0, parity=True)]
    if cutoff is not None:
        shapes.append(parity_line(float(cutoff)))
    layout = {
        "height": 360, "showlegend": True,
        "xaxis": {"title": {"text": "cut-off"}, "showgrid": False},
        "yaxis": {"range": [0, top + 0.05], "title": {"text": "ratio of approval rates"}},
    }  # fmt: skip
    notes = [_note(float(cutoff), 0, "operating point", "bottom")] if cutoff is not None else []
    return figure(data, layout, shapes=shapes, notes=notes, narrow=NARROW)


def _band(points: Sequence[Mapping[str, Any]], color: str) -> Spec:
    nan = float("nan")
    held = [p for p in points if finite(p.get("low", nan)) and finite(p.get("high", nan))]
    back = list(reversed(held))
    return {
        "type": "scatter", "mode": "lines", "x": [p["cutoff"] for p in (*held, *back)],
        "y": [min(p["high"], CAP) for p in held] + [min(p["low"], CAP) for p in back],
        "fill": "toself", "line": {"width": 0}, "fillcolor": color, "opacity": 0.14,
        "hoverinfo": "skip", "showlegend": False,
    }  # fmt: skip


def calibration(entry: Mapping[str, Any], look_: Look) -> Spec:
    """What was observed against what was predicted, with Wilson intervals."""
    attribute = tuple(entry["attribute"])
    even = {"type": "line", "x0": 0, "x1": 1, "y0": 0, "y1": 1, "layer": "below",
            "line": {"color": LIGHT["quiet"], "width": 1.2, "dash": "dot"}}  # fmt: skip
    data = []
    for i, g in enumerate(calibration_groups(entry, look_.small)[: len(GROUPS)]):
        style = series(i)
        bins = [b for b in g["bins"] if b["rows"] and finite(b["rate"]) and finite(b["mean"])]
        data.append({
            "type": "scatter", "mode": "lines+markers",
            "x": [b["mean"] for b in bins], "y": [b["rate"] for b in bins],
            "name": label(text.group(attribute, tuple(g["group"]))),
            "line": {"color": style["color"], "dash": style["dash"], "width": 1.6},
            "marker": {"symbol": style["symbol"], "size": 9, "color": style["color"]},
            "error_y": {"type": "data", "symmetric": False, "thickness": 1.2, "width": 3,
                        "color": style["color"],
                        "array": [b["rate_high"] - b["rate"] for b in bins],
                        "arrayminus": [b["rate"] - b["rate_low"] for b in bins]},
            "customdata": [[b["rows"]] for b in bins],
            "hovertemplate": "mean score %{x:.3f}<br>observed %{y:.1%} of %{customdata[0]:,}"
            "<extra></extra>",
        })  # fmt: skip
    layout = {
        "height": 420,
        "xaxis": {"title": {"text": "mean score"}, "range": [0, 1]},
        "yaxis": {"title": {"text": f"observed {outcome_words(look_)}"}, "range": [0, 1.02],
                  "tickformat": ".0%"},
    }  # fmt: skip
    return figure(data, layout, shapes=[even], narrow=NARROW)
