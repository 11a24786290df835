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
from math import prod, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.inference.checks import Floats, counts, critical, one_level, together
from audit.inference.extreme_pairs import (
    Limits,
    largest_lower,
    largest_upper,
    limits_at,
    smallest_lower_ratio,
    smallest_upper_ratio,
)
from audit.inference.touching import touching

__all__ = [
    "pairwise_critical",
    "range_p_value",
    "worst_gap_interval",
    "worst_gap_p_value",
    "worst_ratio_interval",
]

GRID = np.linspace(-9.0, 9.0, 361)
"""The trapezoid rule converges faster than any power of the step on a normal density."""


@lru_cache(maxsize=1)
def _normal_grid() -> tuple[Floats, Floats]:
    """The normal density times the step, and the distribution, at each point of the grid."""
    from scipy.special import ndtr

    density = np.exp(-GRID * GRID / 2) * ((GRID[1] - GRID[0]) / sqrt(2 * np.pi))
    return density, ndtr(GRID)


def _range_tail(q: Floats, k: int) -> Floats:
    """P(range of k standard normals > q), shape of the flat `q`."""
    from scipy.special import ndtr

    density, below = _normal_grid()
    inside = below - ndtr(GRID - q[:, None])
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


def _joint_critical(sizes: npt.NDArray[np.int64], level: float) -> Floats:
    """Critical value of every family, all families (last axis) holding at once at `level`.

    Families come from separate rows (TPR from the good, FPR from the bad), so they are
    independent and each gets level^(1/families).
    """
    share = one_level(level) ** (1 / sizes.shape[-1])
    values = {int(k): pairwise_critical(int(k), share) for k in np.unique(sizes)}
    return np.array([values[int(k)] for k in sizes.ravel()]).reshape(sizes.shape)


class _Cases(NamedTuple):
    """Worst cases laid flat: one row a family, the families of a case together."""

    part: Floats
    """Shape (cases · families, k)."""
    whole: Floats
    shape: tuple[int, ...]
    """(..., families)."""
    groups: npt.NDArray[np.int64]
    """Groups with rows, shape (..., families)."""


def _cases(x: npt.ArrayLike, n: npt.ArrayLike, joint: bool) -> _Cases:
    part, whole = _families(x, n)
    if not isinstance(joint, bool | np.bool_):
        raise InputError(
            "INF005", f"{joint!r} is no answer", argument="joint", fix="True for (families, k)"
        )
    if joint and part.ndim < 2:
        raise InputError(
            "INF006",
            f"shape {part.shape} has no axis of families",
            argument="x",
            fix="give x and n of shape (families, k), or leave joint out",
        )
    if not joint:
        part, whole = part[..., None, :], whole[..., None, :]
    if not part.shape[-1]:  # no group at all is one without rows
        part = whole = np.zeros((*part.shape[:-1], 1))
    shape, size = part.shape[:-1], part.shape[-1]
    rows = prod(shape)
    groups = (whole > 0).sum(axis=-1)
    part, whole = part.reshape(rows, size), whole.reshape(rows, size)
    if size > MANY:
        part, whole = _two_of_each(part, whole)
    return _Cases(part, whole, shape, groups)


MANY = 64
"""Groups from which on equal ones are told apart only twice."""


def _two_of_each(part: Floats, whole: Floats) -> tuple[Floats, Floats]:
    """Of groups with the same counts two stand for all: a pair needs no more, and ten thousand
    equal groups would otherwise make a hundred million pairs. Rows are padded with empty groups.
    """
    kept = []
    for x, n in zip(part, whole, strict=True):
        order = np.lexsort((x, n))
        a, b = x[order], n[order]
        third = np.zeros(len(order), dtype=bool)
        third[2:] = (a[2:] == a[:-2]) & (b[2:] == b[:-2])
        kept.append(np.sort(order[~third & (b > 0)]))
    width = max(1, *(len(k) for k in kept)) if kept else 1
    out = np.zeros((2, len(kept), width))
    for i, index in enumerate(kept):
        out[0, i, : len(index)], out[1, i, : len(index)] = part[i, index], whole[i, index]
    return out[0], out[1]


def _many(cases: _Cases) -> npt.NDArray[np.bool_]:
    """Where a family has more than two groups, shape (families, 1)."""
    return (cases.groups > 2).reshape(-1, 1)


def _simultaneous(cases: _Cases, level: float) -> Limits:
    """Limits of every rate that hold for all pairs at once."""
    z = _joint_critical(cases.groups, level)
    return limits_at(cases.part, cases.whole, z.reshape(-1, 1), _many(cases))


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
    cases = _cases(x, n, joint)
    at, undefined = _simultaneous(cases, level), (cases.groups < 2).all(axis=-1)
    most = np.minimum(largest_upper(at).reshape(cases.shape).max(axis=-1), 1.0)
    least = largest_lower(at, 0.0).reshape(cases.shape).max(axis=-1)
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
    cases = _cases(x, n, joint)
    at, undefined = _simultaneous(cases, level), (cases.groups < 2).all(axis=-1)
    some = ((cases.part > 0) & (cases.whole > 0)).any(axis=-1).reshape(cases.shape)
    undefined = undefined | ~some.any(axis=-1)
    least = smallest_lower_ratio(at).reshape(cases.shape).min(axis=-1)
    most = smallest_upper_ratio(at).reshape(cases.shape).min(axis=-1)
    return np.where(undefined, np.nan, least)[()], np.where(undefined, np.nan, most)[()]


def worst_gap_p_value(x: npt.ArrayLike, n: npt.ArrayLike, *, joint: bool = False) -> Floats:
    """P-value of equal rates in all k groups (last axis): the level at which the gap's limit is 0.

    Below 1 - level exactly where `worst_gap_interval` starts above 0 (to the last digits of a
    root search). 1 where no level tells the groups apart; nan where fewer than two have rows.

    >>> round(float(worst_gap_p_value([30, 45, 60], [100, 100, 100])), 5)
    5e-05
    """
    cases = _cases(x, n, joint)
    groups = cases.groups
    z = touching(cases.part, cases.whole, _many(cases)).reshape(cases.shape)
    tails = np.full(z.shape, np.inf)
    for k in np.unique(groups[groups > 1]).tolist():
        chosen = groups == k
        tails[chosen] = _range_tail(z[chosen] * sqrt(2), k)
    least = tails.min(axis=-1)
    # the family furthest from equality decides, for all families at once
    p = 1 - (1 - np.minimum(least, 1.0)) ** cases.shape[-1]
    return np.where(np.isinf(least), np.nan, p)[()]
