"""The pair of groups that decides a worst case, without looking at every pair.

A largest gap over k groups asks for an extreme over k(k-1) ordered pairs of (rate, low, high).
Each pair's limit is bounded by a sum of one number a group, so one good pair rules out nearly all
others, and only the few that are left are worked out: the same numbers, in a fraction of the
work, and no k × k table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from audit.inference.checks import Floats
from audit.inference.intervals import wilson
from audit.inference.mover import mover_ratio

Index = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]

SLACK = 1e-9
"""Bounds are rounded too; pairs this close to the best are still worked out."""


class Limits(NamedTuple):
    """Rates with limits, shape (families, k); nan where a group has no rows."""

    part: Floats
    whole: Floats
    z: Floats
    """Critical values, shape (families, 1)."""
    known: Flags
    """Groups with rows."""
    rate: Floats
    low: Floats
    """Wilson's, until `widen` takes the wider of Wilson's and Jeffreys' for rare events."""
    high: Floats
    rare: Flags
    """Rare events whose limits are still to be widened."""


def limits_at(part: Floats, whole: Floats, z: Floats, many: Flags | None = None) -> Limits:
    """Wilson's limits at z; `part` and `whole` have shape (families, k), `z` (families, 1).

    `many`, of z's shape, says where a family has more than two groups; else they are counted.
    """
    known = whole > 0
    rate = np.divide(part, whole, out=np.full(part.shape, np.nan), where=known)
    low, high = wilson(part, np.where(known, whole, np.nan), z)
    if many is None:
        many = known.sum(axis=-1, keepdims=True) > 2
    rare = known & (np.minimum(part, whole - part) < z * z) & many
    return Limits(part, whole, z, known, rate, low, high, rare)


def widen(at: Limits, where: Flags) -> None:
    """Take the wider of Wilson's and Jeffreys' limits there, in place, each group once."""
    rare = at.rare & where
    if not rare.any():
        return
    from scipy.special import betaincinv, ndtr

    x, y = at.part[rare], (at.whole - at.part)[rare]
    tail = np.broadcast_to(ndtr(-at.z), at.part.shape)[rare]
    jeffreys = np.where(x > 0, betaincinv(x + 0.5, y + 0.5, tail), 0.0)
    at.low[rare] = np.minimum(at.low[rare], jeffreys)
    jeffreys = np.where(y > 0, 1 - betaincinv(y + 0.5, x + 0.5, tail), 1.0)
    at.high[rare] = np.maximum(at.high[rare], jeffreys)
    at.rare[rare] = False


def largest_lower(at: Limits, least: float) -> Floats:
    """The largest lower limit of a gap between groups apart, at least `least`: one a family."""
    return _lower(at, least)[0]


def widest_lower(at: Limits) -> tuple[Floats, Index, Index]:
    """The largest lower limit of a gap, with the groups that have it: the higher rate first.

    -inf where no two groups differ.
    """
    return _lower(at, -np.inf)


def _lower(at: Limits, least: float) -> tuple[Floats, Index, Index]:
    # √(d + u) ≥ (√d + √u)/√2; wider limits only lower it, so Wilson's may stand in
    with np.errstate(invalid="ignore"):
        one = at.rate - (at.rate - at.low) * np.sqrt(0.5)
        other = -at.rate - (at.high - at.rate) * np.sqrt(0.5)

    def value(f: Index, i: Index, j: Index) -> Floats:
        gap = at.rate[f, i] - at.rate[f, j]
        down, up = (at.rate[f, i] - at.low[f, i]) ** 2, (at.high[f, j] - at.rate[f, j]) ** 2
        return np.where(gap > 0, gap - np.sqrt(down + up), np.nan)

    return _largest(at, one, other, value, least)


def largest_upper(at: Limits) -> Floats:
    """The largest upper limit of any gap; -inf where no pair exists."""
    widen(at, at.known)
    up, down = (at.high - at.rate) ** 2, (at.rate - at.low) ** 2
    i, j = _start(at, at.high, -at.low)
    family = np.arange(len(i))
    width = np.sqrt(up[family, i] + down[family, j])[:, None]
    width = np.where(width > 0, width, 1.0)
    # √s ≤ (s/c + c)/2 for every c > 0, with equality at c = √s
    one, other = at.rate + (up / width + width / 2) / 2, -at.rate + (down / width + width / 2) / 2

    def value(f: Index, i: Index, j: Index) -> Floats:
        return np.asarray((at.rate[f, i] - at.rate[f, j]) + np.sqrt(up[f, i] + down[f, j]))

    return _largest(at, one, other, value, -np.inf)[0]


def smallest_lower_ratio(at: Limits) -> Floats:
    """The smallest lower limit of any ratio; inf where no pair exists."""
    widen(at, at.known)

    def value(f: Index, i: Index, j: Index) -> Floats:
        lower, _ = _ratio(at, f, i, j)
        both = (at.rate[f, i] == 0) & (at.rate[f, j] == 0)
        return -np.where(both, 0.0, lower)  # 0/0: nothing is excluded

    # a ratio's lower limit is at least low/high
    with np.errstate(divide="ignore"):
        return -_largest(at, -np.log(at.low), np.log(at.high), value, -np.inf, logs=True)[0]


def smallest_upper_ratio(at: Limits) -> Floats:
    """The smallest upper limit of any ratio, at most 1."""

    def value(f: Index, i: Index, j: Index) -> Floats:
        return -_ratio(at, f, i, j)[1]

    # as for the gap: at least (rate + its upper room/√2) / (rate - its lower room/√2)
    with np.errstate(divide="ignore", invalid="ignore"):
        top = at.rate + (at.high - at.rate) * np.sqrt(0.5)
        bottom = at.rate - (at.rate - at.low) * np.sqrt(0.5)
        return -_largest(at, -np.log(top), np.log(bottom), value, -1.0, logs=True)[0]


def _ratio(at: Limits, f: Index, i: Index, j: Index) -> tuple[Floats, Floats]:
    one, other = (f, i), (f, j)
    return mover_ratio(
        at.rate[one], at.low[one], at.high[one], at.rate[other], at.low[other], at.high[other]
    )


def _start(at: Limits, one: Floats, other: Floats) -> tuple[Index, Index]:
    """A promising pair of two different groups in each family."""
    family = np.arange(len(one))
    i = np.where(at.known, one, -np.inf).argmax(axis=1)
    rest = np.where(at.known, other, -np.inf)
    rest[family, i] = -np.inf
    return i, rest.argmax(axis=1)


def _largest(
    at: Limits,
    one: Floats,
    other: Floats,
    value: Callable[[Index, Index, Index], Floats],
    least: float,
    *,
    logs: bool = False,
) -> tuple[Floats, Index, Index]:
    """max(least, the largest value of any ordered pair), where value ≤ one[i] + other[j].

    And a pair that has it. With `logs` the bound is of -log(-value). nan values are passed over.
    """
    family, width = one.shape
    if not family or not width:
        none = np.zeros(family, dtype=np.intp)
        return np.full(family, least), none, none
    one, other = np.where(at.known, one, -np.inf), np.where(at.known, other, -np.inf)
    every = np.arange(family)
    i, j = _start(at, one, other)
    _widen_pairs(at, every, i, j)
    best = np.fmax(value(every, i, j), least)
    with np.errstate(divide="ignore"):
        floor = -np.log(-best) if logs else best
    f, first, second = _candidates(one, other, floor)
    if f.size:
        _widen_pairs(at, f, first, second)
        begins = np.flatnonzero(np.diff(f, prepend=-1))
        owner = f[begins]
        values = value(f, first, second)
        best[owner] = np.fmax(best[owner], np.fmax.reduceat(values, begins))
        # written from the back, so that the first of several stands
        hits = np.flatnonzero(values == best[f])[::-1]
        i[f[hits]], j[f[hits]] = first[hits], second[hits]
    return best, i, j


def _widen_pairs(at: Limits, f: Index, i: Index, j: Index) -> None:
    if at.rare.any():
        where = np.zeros(at.rare.shape, dtype=bool)
        where[f, i] = where[f, j] = True
        widen(at, where)


def _candidates(one: Floats, other: Floats, floor: Floats) -> tuple[Index, Index, Index]:
    """Family and both groups of every pair whose bound reaches its family's floor."""
    with np.errstate(invalid="ignore"):
        reach = (floor - SLACK)[:, None]
        first = one >= reach - other.max(axis=1, keepdims=True)
        second = other >= reach - one.max(axis=1, keepdims=True)
    f, i = np.nonzero(first & (one > -np.inf))
    second &= other > -np.inf
    count = second.sum(axis=1)
    columns = np.nonzero(second)[1]
    times = count[f]
    ends = times.cumsum()
    owner = np.repeat(f, times)
    step = np.arange(owner.size) - np.repeat(ends - times, times)
    i, j = np.repeat(i, times), columns[(count.cumsum() - count)[owner] + step]
    apart = i != j
    return owner[apart], i[apart], j[apart]
