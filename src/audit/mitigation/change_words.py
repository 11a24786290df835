"""Who changes, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from audit.mitigation.cutoff_words import percent, worded

if TYPE_CHECKING:
    from audit.mitigation.change_record import Change, Changes, GapChange

SMALL, SHARE = 30, 0.02
"""Rows, and share of all, below which a group's gap is not put in the sentence."""
READINGS = {
    "narrower": "it is narrower",
    "wider": "it is wider",
    "turned round": "it has turned round",
    "not told apart": "this sample cannot tell the change from none",
    "unchanged": "nobody in either group changes",
}


def summary(found: Changes) -> str:
    """Who changes of how many, the net change, the widest gap, and the nearest 10 %."""
    one = found.everyone
    if not one.rows:
        return f"Nobody was decided both by {found.before} and by {found.after}."
    text = (
        f"From {found.before} to {found.after}, {one.gained:,} of {one.rows:,} people gain an "
        f"approval and {one.lost:,} lose one; the approval rate goes from "
        f"{percent(one.before.value)} to {percent(one.after.value)} ({net(one, found.level)})."
    )
    gaps = [
        g
        for g in found.gaps
        if g.outcome == "all"
        and not math.isnan(g.change.value)
        and min(g.rows, g.reference_rows) >= max(SMALL, SHARE * one.rows)
    ]
    if gaps:
        widest = max(gaps, key=lambda g: abs(g.before.value))
        text += " " + gap(widest, found.level)
    near = [c for c in found.closeness if not c.group and c.changed == "either"]
    if near and near[0].rows and not math.isnan(near[0].near.value):
        text += (
            f" {percent(near[0].near.value, 0)} of those who change are among the 10 % of people "
            "nearest the cut-off."
        )
    if found.undecided:
        text += f" {found.undecided:,} undecided in either stand apart."
    return text


def net(one: Change, level: float) -> str:
    """The paired difference in points, with its interval."""
    return f"{points(one.net.value)} points, {limits(one.net.low, one.net.high, level)}"


def gap(one: GapChange, level: float) -> str:
    """What becomes of one gap."""
    return (
        f"The gap of {one.attribute[0]} {worded(one.group)} to {worded(one.reference)} goes from "
        f"{points(one.before.value)} to {points(one.after.value)} points (change "
        f"{points(one.change.value)}, {limits(one.change.low, one.change.high, level)}): "
        f"{READINGS[one.reading]}."
    )


def points(value: float) -> str:
    """A difference of rates in percentage points, signed.

    >>> points(-0.0123), points(0.00001)
    ('−1.2', '+0.0')
    """
    return f"{100 * value:+.1f}".replace("-", "−")


def limits(low: float, high: float, level: float) -> str:
    """An interval of a difference, in points."""
    return f"{100 * level:g} % interval {points(low)} to {points(high)}"
