"""The other reading: each group against the one with the highest approval rate.

The data picked that reference, so p-values and intervals are those of all pairs at once
(studentized range). It stands beside the declared reading and never decides.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audit.findings import rules
from audit.findings.evidence import findings_of
from audit.findings.kinds import lines_of
from audit.findings.plan import Sizes, large_enough
from audit.findings.record import Finding, Policy
from audit.findings.verdict import RATIO
from audit.inference.estimate import Estimate
from audit.inference.intervals import ratio_interval
from audit.inference.reference import Reference
from audit.inference.score_tests import equality_p_value, score_statistic
from audit.inference.shared_rows import APART, WITHIN
from audit.inference.simultaneous import pairwise_critical, range_p_value
from audit.inference.stack import build, proportions
from audit.inference.weights import effective
from audit.metrics.metric import Counts
from audit.metrics.rates import selection_rate
from audit.tally.cube import Cells, Tally, cells, is_named

METRIC = "disparate_impact_ratio"
METHOD = "Miettinen-Nurminen, simultaneous"
BONFERRONI = "Miettinen-Nurminen, all pairs (Bonferroni)"


def readings(
    tally: Tally,
    policy: Policy,
    references: Sequence[Reference],
    sizes: Sizes,
    *,
    min_rows: int,
    level: float,
) -> tuple[Finding, ...]:
    """One finding for each group large enough to be planned, attribute by attribute."""
    out: list[Finding] = []
    for chosen in references:
        found = cells(tally, (chosen.attribute,))
        if found:
            out.extend(_attribute(found[0], tally, policy, sizes, min_rows, level))
    return tuple(out)


def _attribute(
    found: Cells, tally: Tally, policy: Policy, sizes: Sizes, min_rows: int, level: float
) -> list[Finding]:
    rows = sizes[found.attribute]
    counted = Counts(found.n)
    decided = counted.decided
    keep = [
        i
        for i, g in enumerate(found.groups)
        if is_named(found, i)
        and large_enough(rows.get(g, 0), tally.rows, policy, min_rows)
        and decided[i] >= min_rows
    ]
    if len(keep) < 2:
        return []
    x, n, part, rate = _rates(found)
    best = max(keep, key=lambda i: (rate[i], n[i], -i))
    others = np.array([i for i in keep if i != best])
    if found.parts is not None and found.parts.shared().any():
        return _judged(_shared(found, keep, best, level), tally, policy, min_rows)
    z = pairwise_critical(len(keep), level)
    from scipy.special import ndtr

    limits = ratio_interval(x[others], n[others], x[best], n[best], float(2 * ndtr(z) - 1))
    p = range_p_value(score_statistic(x[others], n[others], x[best], n[best]), len(keep))
    undefined = rate[best] == 0
    estimates = [
        Estimate(
            metric=METRIC,
            attribute=found.attribute,
            group=found.groups[i],
            reference=found.groups[best],
            value=float("nan") if undefined else float(rate[i] / rate[best]),
            low=float(limits[0][k]),
            high=float(limits[1][k]),
            level=level,
            method=METHOD,
            p_value=float(p[k]),
            p_adjusted=float(p[k]),
            rows=int(decided[i]),
            favorable=float(part[i]),
            reference_rows=int(decided[best]),
            reference_value=float(rate[best]),
            reason="nobody was approved" if undefined else None,
        )
        for k, i in enumerate(others.tolist())
    ]
    return _judged(estimates, tally, policy, min_rows)


def _shared(found: Cells, keep: list[int], best: int, level: float) -> list[Estimate]:
    """Groups that share rows: each against the best group's rows that are not in it.

    The studentized range takes groups as independent; here every ordered pair that could have
    been read is allowed for by Bonferroni's inequality instead.
    """
    stack = build([found], _chosen(found, best), min_rows=0)
    p = proportions(stack, selection_rate)
    pairs = len(keep) * (len(keep) - 1)
    i = np.array([k for k in keep if k != best])
    j = stack.reference[i]
    four = (p.x[i], p.n[i], p.x[j], p.n[j])
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(p.value[j] > 0, p.value[i] / p.value[j], np.nan)
    low, high = ratio_interval(*four, 1 - (1 - level) / pairs)
    raised = np.minimum(equality_p_value(*four) * pairs, 1.0)
    fewer = stack.apart(j)
    return [
        Estimate(
            metric=METRIC,
            attribute=found.attribute,
            group=stack.groups[own],
            reference=stack.groups[other],
            value=float(value[k]),
            low=float(low[k]),
            high=float(high[k]),
            level=level,
            method=BONFERRONI + (APART if fewer[k] else ""),
            p_value=float(raised[k]),
            p_adjusted=float(raised[k]),
            rows=int(p.rows[own]),
            favorable=float(p.part[own]),
            reference_rows=int(p.rows[other]),
            reference_value=float(p.value[other]),
            reason=None
            if value[k] == value[k]
            else "nobody was approved"
            if p.rows[other]
            else WITHIN,
        )
        for k, (own, other) in enumerate(zip(i.tolist(), j.tolist(), strict=True))
    ]


def _chosen(found: Cells, best: int) -> tuple[Reference, ...]:
    (attribute,), (level,) = found.attribute, found.groups[best]
    return (Reference(attribute=attribute, level=level, why="highest approval rate"),)


def _judged(
    estimates: list[Estimate], tally: Tally, policy: Policy, min_rows: int
) -> list[Finding]:
    return findings_of(
        estimates,
        tally,
        code=rules.HIGHEST_RATE,
        family="highest-rate reading",
        planned=False,
        lines=lines_of(policy, METRIC, RATIO),
        worst="review",
        alpha=policy.alpha,
        min_rows=min_rows,
    )


def _rates(found: Cells) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Effective counts, numerators and approval rates of all groups."""
    counted = Counts(found.n)
    x, n = counted.approved.astype(np.float64), counted.decided.astype(np.float64)
    part = x
    if found.w is not None and found.w2 is not None:
        w, squared = Counts(found.w), Counts(found.w2)
        part = np.asarray(w.approved)
        x, n = effective(w.approved, w.decided, squared.approved, squared.decided, n)
    rate = np.divide(x, n, out=np.full(x.shape, np.nan), where=n > 0)
    return x, n, part, rate
