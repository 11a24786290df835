"""Which candidate to look at first: a rule fixed beforehand, and its reasons in words."""

from __future__ import annotations

from collections.abc import Sequence

from audit.mitigation.judging import Ask, amount, gain, kept, lost
from audit.mitigation.record import Candidate, Limits

RULE = (
    "Recommended is the candidate that closes most of the gap among those that (1) are fairer than "
    "the baseline beyond chance with limits that hold for all candidates at once, where the "
    "baseline's own gap is beyond chance, (2) are not shown to be less useful, (3) are not shown "
    "to widen the gap of any other group, and (4) do not read the applicant's group at decision "
    "time unless that was allowed."
)
"""The rule, as a report prints it."""


def recommended(
    candidates: Sequence[Candidate], ask: Ask, *, group_at_decision: bool, simultaneous: bool = True
) -> tuple[Candidate | None, str]:
    """The candidate to look at first and why; None and why nothing is.

    `simultaneous` asks for limits that hold for all candidates at once; where one candidate was
    selected on other people, its own paired limits do.
    """
    baseline, others = candidates[0], candidates[1:]
    if not apart(baseline.gap):
        return None, (
            "no gap of the baseline is shown among these people "
            f"({_points(baseline.gap)}), so nothing can be shown to close it"
        )
    if not others:
        return None, "there is no candidate beside the baseline"
    fairer = [
        c for c in others if (c.simultaneous if simultaneous else c.disparity_change).high < 0
    ]
    if not fairer:
        return None, "none is fairer than the baseline beyond chance"
    useful = [c for c in fairer if not gain(c, ask).high < 0]
    if not useful:
        least = min(fairer, key=lambda c: c.disparity.value)
        return None, (
            f"whatever is fairer is shown to be less useful, such as {least.title}: "
            f"{lost(least, ask)}"
        )
    harmless = [c for c in useful if not any(e["low"] > 0 for e in c.side_effects)]
    if not harmless:
        worst = useful[0]
        e = next(e for e in worst.side_effects if e["low"] > 0)
        return None, (
            f"whatever is fairer widens another gap, such as {worst.title} that of "
            f"{e['attribute']} {e['group'][0]}"
        )
    allowed = [c for c in harmless if group_at_decision or not c.needs_group_at_decision]
    if not allowed:
        return None, (
            f"whatever is fairer reads the applicant's group at decision time, such as "
            f"{harmless[0].title}: a treatment risk; group_at_decision=True allows it"
        )
    best = min(allowed, key=lambda c: (c.disparity_change.value, c.name))
    why = f"{amount(best.disparity_change, ask)} than the baseline; {kept(best, ask)}"
    if best.randomised:
        why += "; it draws lots, fixed by its seed"
    return best, why


def apart(gap: Limits) -> bool:
    """Whether a gap is beyond chance."""
    return gap.low > 0 or gap.high < 0


def _points(gap: Limits) -> str:
    said = f"{100 * gap.value:.1f} points; {100 * gap.low:.1f} to {100 * gap.high:.1f}"
    return said.replace("-", "−")
