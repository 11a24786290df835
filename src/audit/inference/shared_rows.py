"""Groups that share rows: what each is compared with, and worst cases whatever the dependence.

Tukey and Kramer's critical value, and differences of two Newcombe limits, take groups as
independent samples. Rows in two groups make their rates move together, so here every group gets
exact limits at a Bonferroni level and what all of them allow together is projected on the extreme.
Each group's count is binomial given its size, and Bonferroni's inequality asks nothing of how the
groups hang together: the limits cover at least at the level, and are wide rather than wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from audit.inference.checks import Floats
from audit.inference.estimate import Estimate
from audit.inference.intervals import rate_interval
from audit.table.roles import Group
from audit.tally.distribution import Distribution
from audit.tally.overlap import apart

APART = ", reference without the group's rows"
"""Added to a method where two compared groups share rows, which then count in the group only."""
OVERLAPPING = "Clopper-Pearson limits of all groups (Bonferroni), projected: groups overlap"
WITHIN = "everyone in the reference group is in this group too"


def overlapping_limits(x: Floats, n: Floats, level: float, ratio: bool) -> tuple[float, float]:
    """Limits of the largest gap (smallest ratio) of rates; x and n of shape (families, groups).

    >>> low, high = overlapping_limits(np.array([[30., 60.]]), np.array([[100., 100.]]), .95, False)
    >>> round(low, 3), round(high, 3)
    (0.069, 0.508)
    """
    families, groups = x.shape
    joint = 1 - (1 - level) / (families * groups)
    low, high = rate_interval(x, n, joint, method="clopper-pearson")
    ends = [projected(low[f], high[f], ratio) for f in range(families)]
    extreme = min if ratio else max
    return extreme(e[0] for e in ends), extreme(e[1] for e in ends)


def projected(low: Floats, high: Floats, ratio: bool) -> tuple[float, float]:
    """What limits of every group, shape (groups,), say of max - min, or of min / max.

    The largest rate is at least the largest lower limit and at most the largest upper one, the
    smallest likewise. nan where a group's limits are unknown.

    >>> projected(np.array([0.25, 0.5]), np.array([0.375, 0.75]), False)
    (0.125, 0.5)
    >>> projected(np.array([0.25, 0.5]), np.array([0.375, 0.75]), True)
    (0.3333333333333333, 0.75)
    """
    if np.isnan(low).any() or np.isnan(high).any() or (ratio and (low < 0).any()):
        return float("nan"), float("nan")
    if not ratio:
        return max(float(low.max() - high.min()), 0.0), float(high.max() - low.min())
    top = float(high.max())
    least = float(low.min()) / top if top > 0 else 0.0
    most = float(high.min()) / float(low.max()) if low.max() > 0 else 1.0
    return least, min(most, 1.0)


def compared_with(
    distributions: Sequence[Distribution], reference: Mapping[tuple[str, ...], Group]
) -> dict[int, tuple[Distribution, bool]]:
    """By `id` of each distribution: the reference's rows that are not in its group, and whether
    those are fewer than the reference's."""
    by_group = {(d.attribute, d.group): d for d in distributions}
    found = {}
    for d in distributions:
        wanted = reference.get(d.attribute)
        other = by_group.get((d.attribute, wanted)) if wanted is not None else None
        if other is not None and other is not d:
            rest = apart(other, d)
            found[id(d)] = rest, rest is not other
    return found


def is_apart(estimate: Estimate) -> bool:
    """Whether the reference was counted without the group's rows."""
    return estimate.method.endswith(APART)


def marked(estimate: Estimate, fewer: bool) -> Estimate:
    """The estimate with its method saying so, where the reference is less the group's rows."""
    if not fewer or not estimate.method:
        return estimate
    return replace(estimate, method=estimate.method + APART)
