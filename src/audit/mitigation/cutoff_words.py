"""Sweeps and cut-offs by group in words."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from audit.table.roles import Group

if TYPE_CHECKING:
    from audit.mitigation.group_cutoffs_record import GroupCutoffs
    from audit.mitigation.sweep_record import Sweep, SweepPoint

HALF = 0.5
ENDS = 0.05, 0.95
"""Approval rates between which the lowest ratio is looked for: nearer the ends few decide it."""


def worded(group: Group | None) -> str:
    """A group for people.

    >>> worded(("f", None))
    'f and (missing)'
    """
    return " and ".join("(missing)" if v is None else str(v) for v in group or ())


def percent(value: float, digits: int = 1) -> str:
    """A share for people.

    >>> percent(0.4567), percent(float("nan"))
    ('45.7 %', 'undefined')
    """
    return "undefined" if math.isnan(value) else f"{100 * value:.{digits}f} %"


def sweep_summary(found: Sweep) -> str:
    """The cut-off in use (else the one nearest to half), the lowest ratio, the highest profit."""
    if found.group is None:
        return f"{found.attribute} has no two groups with a {found.column} to compare."
    who, other = f"{found.attribute} {worded(found.group)}", worded(found.reference)
    if found.operating is not None:
        here, lead = found.points[found.operating], "The cut-off in use"
    else:
        here = min(found.points, key=lambda p: abs(p.approval_rate - HALF))
        lead = "A cut-off"
    side = "at or above" if found.higher_is_better else "below"
    text = (
        f"{lead}, {found.column} {side} {here.cutoff:.6g}, approves "
        f"{percent(here.approval_rate)} of applicants: {who} {_compared(here, found)} {other}"
    )
    return text + ". " + " ".join(_extremes(found, who))


def _compared(point: SweepPoint, found: Sweep) -> str:
    if math.isnan(point.ratio):
        return "cannot be compared with"
    high = "∞" if math.isinf(point.high) else f"{point.high:.3f}"
    return (
        f"at {point.ratio:.3f} times the rate ({100 * found.level:g} % interval "
        f"{point.low:.3f} to {high}) of"
    )


def _extremes(found: Sweep, who: str) -> Iterable[str]:
    least, most = ENDS
    known = [
        p for p in found.points if not math.isnan(p.ratio) and least <= p.approval_rate <= most
    ]
    if known:
        lowest = min(known, key=lambda p: p.ratio)
        yield (
            f"Where 5 to 95 % are approved, the ratio of {who} is lowest at "
            f"{percent(lowest.approval_rate)}: {lowest.ratio:.3f}."
        )
    paid = [p for p in found.points if not math.isnan(p.profit)]
    if paid:
        best = max(paid, key=lambda p: p.profit)
        yield (
            f"Profit per applicant is highest, {best.profit:.4g}, where "
            f"{percent(best.approval_rate)} are approved"
            + ("" if math.isnan(best.ratio) else f" (ratio {best.ratio:.3f})")
            + "."
        )


def rules_summary(found: GroupCutoffs) -> str:
    """The share of the highest profit that each rule keeps, and what its cut-offs are."""
    rules = found.rules
    if found.reason is not None:
        return f"No share of the highest profit can be given: {found.reason}. {found.warning}"
    kept = ", ".join(
        f"{rule.title} {percent(rule.share_of_maximum)} "
        f"({percent(rule.share_low)} to {percent(rule.share_high)})"
        for rule in rules[1:]
    )
    return (
        f"Of the highest profit that cut-offs on {found.column} by {found.attribute} can reach, "
        f"{kept} is kept ({100 * found.level:g} % intervals, the rules taken as given). "
        f"{found.warning}"
    )
