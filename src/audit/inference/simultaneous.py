"""Intervals for the worst gap over k groups, which picks its own pair.

The largest of many differences is far from 0 even when all rates are equal, so its interval must
cover all pairs at once: every pair gets an interval at Tukey & Kramer's critical value (the
studentized range with infinite degrees of freedom), and what all of them allow together is
projected on the maximum. A percentile bootstrap of the maximum never does this.

So far out (z is 3.2 for ten groups, 4.1 for sixty) Wilson's limits are too narrow for rare events
in small groups: with sixty groups of 30 to 5,000 rows and a rate of .02, plain Tukey-Newcombe
covers 89 %. A rate of three or more groups with fewer than z² events or non-events therefore
takes the wider of Wilson's and Jeffreys' limits; the rest are Newcombe's to the last digit
(`bench/coverage.py`).
"""

from __future__ import annotations

from functools import lru_cache
from math import sqrt

import numpy as np
import numpy.typing as npt

from audit.inference.checks import Floats, counts, critical, together
from audit.inference.intervals import wilson
from audit.inference.mover import mover_ratio

__all__ = [
    "pairwise_critical",
    "range_p_value",
    "worst_gap_interval",
    "worst_gap_p_value",
    "worst_ratio_interval",
]

GRID = np.linspace(-9.0, 9.0, 361)
"""The trapezoid rule converges faster than any power of the step on a normal density."""


def _range_tail(q: Floats, k: int) -> Floats:
    """P(range of k standard normals > q), shape of the flat `q`."""
    from scipy.special import ndtr

    density = np.exp(-GRID * GRID / 2) * ((GRID[1] - GRID[0]) / sqrt(2 * np.pi))
    inside = ndtr(GRID) - ndtr(GRID - q[:, None])
    return np.asarray(np.clip(1 - k * (density * inside ** (k - 1)).sum(axis=1), 0.0, 1.0))


@lru_cache(maxsize=4096)
def _range_quantile(tail: float, k: int) -> float:
    """The q with P(range > q) = tail, by bisection: cached, so its cost never matters."""
    low, high = 0.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        if float(_range_tail(np.array([middle]), k)[0]) > tail:
            low = middle
        else:
            high = middle
        if high - low < 1e-13 * high:
            break
    return (low + high) / 2


def pairwise_critical(groups: int, level: float = 0.95) -> float:
    """The normal critical value for all pairs of `groups` groups at once: q/√2.

    With two groups it is the ordinary z. Source: Tukey 1953, Kramer 1956; conservative for
    unequal sizes (Hayter, Annals of Statistics 12, 1984, 61-75).
    Raises `InputError` INF001.

    >>> [round(pairwise_critical(k), 4) for k in (2, 3, 10, 60)]
    [1.96, 2.3437, 3.1637, 4.076]
    """
    critical(level)
    return _range_quantile(1 - float(level), max(int(groups), 2)) / sqrt(2)


def range_p_value(z: npt.ArrayLike, groups: int) -> Floats:
    """Two-sided p-value of a pair's z statistic when the pair was picked among `groups` groups.

    For comparisons with the group seen to do best. With two groups it is the ordinary p-value.

    >>> range_p_value([1.96, 3.1637], 10).round(3)
    array([0.627, 0.05 ])
    """
    array = np.asarray(z, dtype=np.float64)
    flat = np.abs(array).ravel() * sqrt(2)
    known = ~np.isnan(flat)
    out = np.full(flat.shape, np.nan)
    out[known] = _range_tail(flat[known], max(int(groups), 2))
    return out.reshape(array.shape)[()]


def _families(x: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Floats, Floats]:
    part, whole = counts(x, n)
    shape = together(part, whole) or (1,)
    return np.broadcast_to(part, shape), np.broadcast_to(whole, shape)


def _joint_critical(known: npt.NDArray[np.bool_], level: float) -> Floats:
    """Critical value of every family (its last axis), all families holding at once at `level`.

    Families come from separate rows (TPR from the good, FPR from the bad), so they are
    independent and each gets level^(1/families).
    """
    sizes = known.sum(axis=-1)
    share = float(level) ** (1 / known.shape[-2])
    values = {int(k): pairwise_critical(int(k), share) for k in np.unique(sizes)}
    return np.array([values[int(k)] for k in sizes.ravel()]).reshape(sizes.shape)


def _limits(
    part: Floats, whole: Floats, z: Floats, groups: npt.NDArray[np.int64]
) -> tuple[Floats, Floats, Floats]:
    """Rates with limits at z, shape (..., k): Wilson's, widened to Jeffreys' for rare events.

    `z` and `groups` (those with rows) have shape (..., 1). nan where a group has no rows.
    """
    from scipy.special import betaincinv, ndtr

    known = whole > 0
    rate = np.divide(part, whole, out=np.full(part.shape, np.nan), where=known)
    low, high = wilson(part, np.where(known, whole, np.nan), z)
    rare = known & (np.minimum(part, whole - part) < z * z) & (groups > 2)
    if rare.any():
        x, y = part[rare], (whole - part)[rare]
        tail = np.broadcast_to(ndtr(-z), part.shape)[rare]
        jeffreys = np.where(x > 0, betaincinv(x + 0.5, y + 0.5, tail), 0.0)
        low[rare] = np.minimum(low[rare], jeffreys)
        jeffreys = np.where(y > 0, 1 - betaincinv(y + 0.5, x + 0.5, tail), 1.0)
        high[rare] = np.maximum(high[rare], jeffreys)
    return rate, low, high


def _simultaneous(
    x: npt.ArrayLike, n: npt.ArrayLike, level: float, joint: bool
) -> tuple[Floats, Floats, Floats, npt.NDArray[np.bool_]]:
    """Rates and simultaneous limits, shape (..., families, k), and where no pair exists (...)."""
    part, whole = _families(x, n)
    if not joint:
        part, whole = part[..., None, :], whole[..., None, :]
    known = whole > 0
    z = _joint_critical(known, level)[..., None]
    groups = known.sum(axis=-1, keepdims=True)
    return *_limits(part, whole, z, groups), (groups < 2).all(axis=(-1, -2))


AXES = (-3, -2, -1)
"""Families and both sides of a pair."""


def worst_gap_interval(
    x: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95, *, joint: bool = False
) -> tuple[Floats, Floats]:
    """Limits of max - min of the rates x/n over the last axis (k groups).

    Every pair gets Newcombe's interval at the simultaneous critical value; the largest true gap
    is at least the largest lower limit and at most the largest upper one. With `joint`, the
    last two axes are (families, k) and the gap is the largest of any family, as in equalized
    odds (TPR and FPR). Groups without rows are left out; nan where fewer than two remain.
    Raises `InputError` (INF001 level, INF002-INF004 counts, INF006 shapes).

    >>> low, high = worst_gap_interval([30, 45, 60], [100, 100, 100])
    >>> round(float(low), 4), round(float(high), 4)
    (0.1355, 0.4426)
    >>> low, high = worst_gap_interval([[80, 90], [20, 15]], [[100, 100], [60, 60]], joint=True)
    >>> round(float(low), 4), round(float(high), 4)
    (0.0, 0.2602)
    """
    rate, low, high, undefined = _simultaneous(x, n, level, joint)
    down, up = (rate - low) ** 2, (high - rate) ** 2
    gap = rate[..., :, None] - rate[..., None, :]
    lower = gap - np.sqrt(down[..., :, None] + up[..., None, :])
    upper = gap + np.sqrt(up[..., :, None] + down[..., None, :])
    own = np.eye(rate.shape[-1], dtype=bool)
    upper = np.where(own, np.nan, upper)
    least = np.maximum(np.fmax.reduce(lower, axis=AXES, initial=0.0), 0.0)
    most = np.minimum(np.fmax.reduce(upper, axis=AXES, initial=-np.inf), 1.0)
    return np.where(undefined, np.nan, least)[()], np.where(undefined, np.nan, most)[()]


def worst_ratio_interval(
    x: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95, *, joint: bool = False
) -> tuple[Floats, Floats]:
    """Limits of min / max of the rates x/n over the last axis (k groups).

    As `worst_gap_interval`, with MOVER's interval of each pair's ratio from the same limits:
    the upper limit is below 1 exactly where the gap's lower limit is above 0. The smallest true
    ratio is at least the smallest lower limit and at most the smallest upper one. nan where
    fewer than two groups have rows, or no rate is above 0.

    >>> low, high = worst_ratio_interval([30, 45, 60], [100, 100, 100])
    >>> round(float(low), 4), round(float(high), 4)
    (0.3316, 0.7408)
    """
    rate, low, high, undefined = _simultaneous(x, n, level, joint)
    undefined = undefined | ~(np.nan_to_num(rate) > 0).any(axis=(-1, -2))
    one, other = (
        (a[..., :, None] for a in (rate, low, high)),
        (a[..., None, :] for a in (rate, low, high)),
    )
    lower, upper = mover_ratio(*one, *other)
    both = (rate == 0)[..., :, None] & (rate == 0)[..., None, :]
    lower = np.where(both, 0.0, lower)  # 0/0: nothing is excluded
    own = np.eye(rate.shape[-1], dtype=bool)
    lower, upper = np.where(own, np.nan, lower), np.where(own, np.nan, upper)
    least = np.fmin.reduce(lower, axis=AXES, initial=np.inf)
    most = np.fmin.reduce(upper, axis=AXES, initial=1.0)
    return np.where(undefined, np.nan, least)[()], np.where(undefined, np.nan, most)[()]


def worst_gap_p_value(x: npt.ArrayLike, n: npt.ArrayLike, *, joint: bool = False) -> Floats:
    """P-value of equal rates in all k groups (last axis): the level at which the gap's limit is 0.

    Below 1 - level exactly where `worst_gap_interval` starts above 0 (to the last digits of a
    root search). 1 where no level tells the groups apart; nan where fewer than two have rows.

    >>> round(float(worst_gap_p_value([30, 45, 60], [100, 100, 100])), 5)
    5e-05
    """
    part, whole = _families(x, n)
    if not joint:
        part, whole = part[..., None, :], whole[..., None, :]
    groups = (whole > 0).sum(axis=-1)
    z = _touching(part, whole, groups[..., None])
    tails = np.full(z.shape, np.inf)
    for k in np.unique(groups[groups > 1]).tolist():
        chosen = groups == k
        tails[chosen] = _range_tail(z[chosen] * sqrt(2), k)
    least = tails.min(axis=-1)
    # the family furthest from equality decides, for all families at once
    p = 1 - (1 - np.minimum(least, 1.0)) ** part.shape[-2]
    return np.where(np.isinf(least), np.nan, p)[()]


FARTHEST = 12.0
"""z beyond which a p-value is 0 in floating point (to the digits of the range's tail)."""
STEPS = 60


def _touching(part: Floats, whole: Floats, groups: npt.NDArray[np.int64]) -> Floats:
    """The largest z at which some pair's interval still leaves out 0, shape (..., families).

    The room between the farthest pair's limits falls with z; regula falsi with Illinois' halving,
    all cases at once.
    """

    def room(z: Floats) -> Floats:
        rate, low, high = _limits(part, whole, z[..., None], groups)
        down, up = (rate - low) ** 2, (high - rate) ** 2
        gap = rate[..., :, None] - rate[..., None, :]
        apart = gap - np.sqrt(down[..., :, None] + up[..., None, :])
        return np.fmax.reduce(np.where(gap > 0, apart, np.nan), axis=(-2, -1), initial=-1.0)

    shape = part.shape[:-1]
    near, far = np.zeros(shape), np.full(shape, FARTHEST)
    f_near = np.fmax.reduce(part / np.where(whole > 0, whole, np.nan), axis=-1, initial=-np.inf)
    f_near = f_near - np.fmin.reduce(
        part / np.where(whole > 0, whole, np.nan), axis=-1, initial=np.inf
    )
    f_far = room(far)
    beyond, level = f_far > 0, ~(f_near > 0)
    f_near, f_far = np.where(level | beyond, 1.0, f_near), np.where(level | beyond, -1.0, f_far)
    z = far
    for _ in range(STEPS):
        z = near + (far - near) * f_near / (f_near - f_far)
        f = room(z)
        f = np.where(level | beyond, 0.0, f)
        if (np.abs(f) < 1e-15).all() or (far - near < 1e-13).all():
            break
        inside = f > 0
        f_far = np.where(inside, np.where(near == 0, f_far, f_far / 2), f)
        f_near = np.where(inside, f, np.where(far == FARTHEST, f_near, f_near / 2))
        near, far = np.where(inside, z, near), np.where(inside, far, z)
    return np.where(beyond, FARTHEST, np.where(level, 0.0, z))
