"""Estimates in, findings out: what was planned decides, everything else is explored.

`run`, the gate, pytest and `raise_for_verdict` all read the verdict that is made here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from audit.findings import exploration, highest_rate, plan
from audit.findings.record import VERDICTS, Finding, Policy
from audit.findings.verdict import verdict_of
from audit.inference.estimate import Estimates
from audit.inference.reference import Reference
from audit.tally.cube import Tally

__all__ = ["Judged", "judge", "overall", "verdict_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What was found, and columns that stand beside the estimates."""

    findings: tuple[Finding, ...]
    """Planned first, worst first; then the highest-rate reading; then exploration."""
    verdict: str
    """The worst planned finding."""
    p_adjusted: list[float]
    """One an estimate: Holm where planned, Benjamini-Hochberg where explored, else nan."""
    lines: list[float]
    """One an estimate: the line it was read against; nan where none applies."""
    verdicts: list[str | None]
    """One an estimate: its verdict; None where it is not judged."""
    not_checked: tuple[str, ...]
    """What was not checked or not settled, and why."""


def judge(
    estimates: Estimates,
    tally: Tally,
    policy: Policy,
    references: Sequence[Reference],
    *,
    min_rows: int = 30,
    level: float = 0.95,
) -> Judged:
    """Judge every estimate: the policy's plan decides, the rest asks for a review at most.

    Planned are, for each family of the policy, the comparisons of single attributes' groups of
    at least `min_rows` rows and `policy.min_share` of rows with their reference: Holm over each
    family, the worst finding is the overall verdict. All other comparisons that have a p-value
    are exploration (Benjamini-Hochberg over all of them); the reading against the highest rate
    is a family of its own (studentized range). A missing group is never planned.
    """
    size = len(estimates)
    p_adjusted, lines = [float("nan")] * size, [float("nan")] * size
    verdicts: list[str | None] = [None] * size
    sizes = plan.group_rows(tally)
    planned = plan.judge_plan(
        estimates, tally, policy, references, sizes, min_rows=min_rows, level=level
    )
    for row, finding in planned.judged:
        p_adjusted[row] = finding.estimate.p_adjusted
        lines[row], verdicts[row] = finding.line, finding.verdict
    highest = highest_rate.readings(
        tally, policy, references, sizes, min_rows=min_rows, level=level
    )
    explored = exploration.explore(
        estimates, tally, policy, sizes, planned.judged, highest, min_rows=min_rows
    )
    for row, p, line, verdict in explored.judged:
        p_adjusted[row], lines[row], verdicts[row] = p, line, verdict
    decided = tuple(finding for _, finding in planned.judged)
    return Judged(
        findings=(*plan.worst_first(decided, policy), *highest, *explored.findings),
        verdict=overall(decided),
        p_adjusted=p_adjusted,
        lines=lines,
        verdicts=verdicts,
        not_checked=(*planned.not_checked, *explored.unsettled),
    )


def overall(findings: Iterable[Finding]) -> str:
    """The worst planned finding in the order fail, review, insufficient, pass.

    A waived finding counts as if it were not there; with nothing decided it is insufficient.

    >>> overall([])
    'insufficient'
    """
    given = {f.verdict for f in findings if f.planned}
    return next((v for v in VERDICTS if v in given), "insufficient")
