"""Intervals for the worst gap over k groups, which picks its own pair.

The largest of many differences is far from 0 even when all rates are equal, so its interval must
cover all pairs at once: every pair gets an interval at Tukey & Kramer's critical value (the
studentized range with infinite degrees of freedom), and what all of them allow together is
projected on the maximum. A percentile bootstrap of the maximum never does this.
"""

from __future__ import annotations

from functools import lru_cache
from math import sqrt

import numpy as np
import numpy.typing as npt

from audit.inference.checks import Floats, counts, critical, together
from audit.inference.intervals import ratio_interval, wilson

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


def _stack(x: npt.ArrayLike, n: npt.ArrayLike, joint: bool) -> tuple[Floats, Floats]:
    part, whole = _families(x, n)
    return (part, whole) if joint else (part[..., None, :], whole[..., None, :])


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
    part, whole = _stack(x, n, joint)
    known = whole > 0
    z = _joint_critical(known, level)[..., None]
    rate = np.divide(part, whole, out=np.full(part.shape, np.nan), where=known)
    low, high = wilson(part, np.where(known, whole, np.nan), z)
    # squared distances from each rate to its own limits, then every ordered pair of groups
    down, up = (rate - low) ** 2, (high - rate) ** 2
    gap = rate[..., :, None] - rate[..., None, :]
    lower = gap - np.sqrt(down[..., :, None] + up[..., None, :])
    upper = gap + np.sqrt(up[..., :, None] + down[..., None, :])
    own = np.eye(rate.shape[-1], dtype=bool)
    lower, upper = np.where(own, np.nan, lower), np.where(own, np.nan, upper)
    axes = (-3, -2, -1)
    undefined = (known.sum(axis=-1) < 2).all(axis=-1)
    worst = np.maximum(np.fmax.reduce(lower, axis=axes, initial=-np.inf), 0.0)
    most = np.minimum(np.fmax.reduce(upper, axis=axes, initial=-np.inf), 1.0)
    return np.where(undefined, np.nan, worst)[()], np.where(undefined, np.nan, most)[()]


def worst_ratio_interval(
    x: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95, *, joint: bool = False
) -> tuple[Floats, Floats]:
    """Limits of min / max of the rates x/n over the last axis (k groups).

    Every pair gets the score interval of its ratio at the simultaneous critical value; the
    smallest true ratio is at least the smallest lower limit and at most the smallest upper one.
    `joint` as in `worst_gap_interval`. nan where fewer than two groups have rows, or no rate
    is above 0.

    >>> low, high = worst_ratio_interval([30, 45, 60], [100, 100, 100])
    >>> round(float(low), 4), round(float(high), 4)
    (0.3288, 0.7397)
    """
    part, whole = _stack(x, n, joint)
    known = whole > 0
    z = _joint_critical(known, level)[..., None, None]
    from scipy.special import ndtr

    k = part.shape[-1]
    first, second = np.triu_indices(k, 1)
    pair_level = np.asarray(1 - 2 * ndtr(-z[..., 0]))
    if first.size:
        low, high = ratio_interval(
            part[..., first], whole[..., first], part[..., second], whole[..., second], pair_level
        )
        with np.errstate(divide="ignore"):
            lower, upper = np.fmin(low, 1 / high), np.fmin(high, 1 / low)
    else:
        lower = upper = np.full((*part.shape[:-1], 1), np.nan)
    axes = (-2, -1)
    undefined = np.isnan(lower).all(axis=axes)
    # two groups at 0 say nothing about their ratio, yet one of them may be the smallest
    blind = ((part == 0) & known).sum(axis=-1) >= 2
    least = np.fmin.reduce(lower, axis=axes, initial=np.inf)
    least = np.where(blind.any(axis=-1), 0.0, least)
    most = np.minimum(np.fmin.reduce(upper, axis=axes, initial=np.inf), 1.0)
    return np.where(undefined, np.nan, least)[()], np.where(undefined, np.nan, most)[()]


def worst_gap_p_value(x: npt.ArrayLike, n: npt.ArrayLike, *, joint: bool = False) -> Floats:
    """P-value of equal rates in all k groups (last axis): the level at which the gap's limit is 0.

    Below 1 - level exactly where `worst_gap_interval` starts above 0 (to the last digit of a
    root search). 1 where no level tells the groups apart; nan where fewer than two have rows.

    >>> round(float(worst_gap_p_value([30, 45, 60], [100, 100, 100])), 5)
    5e-05
    """
    part, whole = _families(x, n)
    lead = part.shape[: -2 if joint else -1]
    flat = (
        part.reshape((-1, *part.shape[len(lead) :])),
        whole.reshape((-1, *part.shape[len(lead) :])),
    )
    out = [_gap_p_value(a, b) for a, b in zip(*flat, strict=True)]
    return np.array(out).reshape(lead)[()]


def _gap_p_value(part: Floats, whole: Floats) -> float:
    """Of one worst case; every family's largest pairwise z decides."""
    families = np.atleast_2d(part), np.atleast_2d(whole)
    tails = []
    for x, n in zip(*families, strict=True):
        x, n = x[n > 0], n[n > 0]
        if x.size < 2:
            continue
        z = _touching(x, n)
        tails.append(float(_range_tail(np.array([z * sqrt(2)]), x.size)[0]))
    if not tails:
        return float("nan")
    return float(-np.expm1(len(families[0]) * np.log1p(-min(tails)))) if min(tails) < 1 else 1.0


def _touching(x: Floats, n: Floats) -> float:
    """The largest z at which some pair's Newcombe interval still leaves out 0."""
    low, high = 0.0, 40.0
    rate = x / n
    for _ in range(60):
        middle = np.array((low + high) / 2)
        below, above = wilson(x, n, middle)
        down, up = (rate - below) ** 2, (above - rate) ** 2
        gap = rate[:, None] - rate[None, :]
        if (gap > np.sqrt(down[:, None] + up[None, :])).any():
            low = float(middle)
        else:
            high = float(middle)
    return low
