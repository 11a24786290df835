"""What drawings are made of: labels plotly reads no tags in, lines, error bars, markers."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

from audit.inference.estimate import Estimate
from audit.report import look, text
from audit.report.palette import DASHES, GROUPS, LIGHT, SYMBOLS

Spec = dict[str, Any]
"""A figure: "data", "layout", and "narrow", what changes in the layout on a narrow screen."""


def figure(
    data: list[Spec], layout: Spec, *, shapes: Sequence[Spec] = (), narrow: Spec | None = None,
    notes: Sequence[Spec] = (),
) -> Spec:  # fmt: skip
    """A figure; `shapes` are drawn below the data, `notes` are annotations."""
    layout = {"showlegend": sum("name" in t for t in data) > 1, **layout}
    if shapes:
        layout["shapes"] = list(shapes)
    if notes:
        layout["annotations"] = list(notes)
    return {"data": data, "layout": layout, "narrow": narrow or {}}


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


def rule_line(x: float) -> Spec:
    """An upright line where the rule or the cut-off lies."""
    return _upright(x, {"color": LIGHT["ink"], "width": 1.6})


def mirrored_line(x: float) -> Spec:
    """A thinner upright line where the inverse of a ratio reaches the rule's."""
    return _upright(x, {"color": LIGHT["ink"], "width": 0.8})


def parity_line(x: float) -> Spec:
    """A dotted upright line where equality, or the operating point, lies."""
    return _upright(x, {"color": LIGHT["quiet"], "width": 1.2, "dash": "dot"})


def _upright(x: float, line: Spec) -> Spec:
    # "between" lies over the grid, so that a grid line never hides the rule's
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper",
            "line": line, "layer": "between"}  # fmt: skip


def level_line(y: float, *, parity: bool = False) -> Spec:
    """A line from edge to edge at a height."""
    line = (
        {"color": LIGHT["quiet"], "width": 1.2, "dash": "dot"}
        if parity
        else {"color": LIGHT["ink"], "width": 1.6}
    )
    return {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": y, "y1": y,
            "line": line, "layer": "between"}  # fmt: skip


def whiskers(estimates: Sequence[Estimate], top: float, color: str) -> Spec:
    """Asymmetric error bars from the limits; a missing limit has none."""
    up = [0.0 if e.high != e.high else min(e.high, top) - e.value for e in estimates]
    down = [0.0 if e.low != e.low else e.value - e.low for e in estimates]
    return {"type": "data", "symmetric": False, "array": up, "arrayminus": down,
            "thickness": 1.6, "width": 4, "color": color}  # fmt: skip


def hover(e: Estimate) -> str:
    """What is said on pointing at an estimate."""
    lines = [safe(text.group(e.attribute, e.group))]
    if e.reference is not None:
        lines.append(f"against {safe(text.compared(e))}")
    lines.append(f"<b>{look.value(e)}</b> ({look.interval(e)})")
    lines.append(f"{text.count(e.rows)} rows")
    return "<br>".join(lines)


def series(i: int) -> Mapping[str, str]:
    """Colour, marker and dash of the i-th group."""
    k = i % len(GROUPS)
    return {"color": GROUPS[k], "symbol": SYMBOLS[k], "dash": DASHES[k]}


def finite(x: float) -> bool:
    """Whether a number can be drawn."""
    return not (math.isnan(x) or math.isinf(x))
