"""An explanation as plain values, as a frame and as a sentence."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from audit.table.json_values import plain
from audit.table.roles import Group

if TYPE_CHECKING:
    import pandas as pd

    from audit.explanation.record import Explanation

NAMED = 3
"""Features named in the sentence."""
FRAME_COLUMNS = (
    *("attribute", "group", "reference", "feature", "value", "low", "high", "share"),
    *("gap", "gap_low", "gap_high", "scale", "level", "method", "rows", "reference_rows"),
)
"""Columns of `Explanation.to_frame()`, in order."""


def to_dict(explanation: Explanation) -> dict[str, Any]:
    """The explanation in JSON's own types: groups are lists, an undefined number is None.

    `reasons`, which answers questions about rows, is left out.
    """
    names = [f.name for f in fields(explanation) if f.name != "reasons"]
    return {name: plain(getattr(explanation, name)) for name in names}


def to_frame(explanation: Explanation) -> pd.DataFrame:
    """One row an attribution, as a pandas frame: every feature of every gap, largest gap first."""
    import pandas as pd

    rows = [
        (
            *(gap.attribute[0], gap.group, gap.reference, a.feature, a.value, a.low, a.high),
            *(a.share, gap.value, gap.low, gap.high, explanation.scale, explanation.level),
            *(explanation.method, gap.rows, gap.reference_rows),
        )
        for gap in explanation.gaps
        for a in gap.attributions
    ]
    objects = ("group", "reference")
    return pd.DataFrame(
        {
            name: pd.Series([r[i] for r in rows], dtype=object if name in objects else None)
            for i, name in enumerate(FRAME_COLUMNS)
        }
    )


def summary(explanation: Explanation) -> str:
    """One paste-ready sentence: the gap with its interval, and the features that carry most."""
    first = _first(explanation)
    who = f"{explanation.attribute} {worded(explanation.group)}"
    other = worded(explanation.reference)
    if math.isnan(explanation.gap):
        reason = first.reason if first is not None and first.reason else "a mean is undefined"
        return f"No gap in mean score between {who} and {other}: {reason}."
    size = _sized(abs(explanation.gap), explanation.scale)
    side = "below" if explanation.gap < 0 else "above"
    text = f"The mean score of {who} is {size} {side} that of {other}"
    if first is not None and not math.isnan(first.low):
        settled = first.low > 0 or first.high < 0
        ends = sorted((abs(first.low), abs(first.high))) if settled else (first.low, first.high)
        low, high = (_number(v, explanation.scale) for v in ends)
        text += f" ({100 * explanation.level:g} % interval {low} to {high}"
        text += ")" if settled else ", which holds 0)"
    shares = [a for a in explanation.attributions if not math.isnan(a.share)][:NAMED]
    if not shares:
        return text + "."
    lead, *rest = shares
    told = f"{lead.feature} carries {_percent(lead.share)} of it"
    if rest:
        told += ", " + ", ".join(f"{a.feature} {_percent(a.share)}" for a in rest)
    return f"{text}; {told}."


def _first(explanation: Explanation) -> Any:
    for gap in explanation.gaps:
        if gap.attribute == (explanation.attribute,) and gap.group == explanation.group:
            return gap
    return None


def worded(group: Group) -> str:
    """A group for people."""
    return " and ".join("(missing)" if v is None else str(v) for v in group)


def _number(value: float, scale: str) -> str:
    return f"{100 * value:.1f}" if scale == "probability" else f"{value:.2f}"


def _sized(value: float, scale: str) -> str:
    unit = {"probability": "percentage points", "log-odds": "log-odds"}.get(
        scale, "points of score"
    )
    return f"{_number(value, scale)} {unit}"


def _percent(share: float) -> str:
    sign = "−" if share < 0 else ""
    return f"{sign}{abs(100 * share):.0f} %"
