"""Intervals for one rate, and for the difference, ratio and odds ratio of two.

Counts need not be whole: effective counts of weighted data go in as they are.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audit.inference.checks import Floats, chosen, counts, critical, together
from audit.inference.score_limits import (
    Pair,
    bound_of,
    lower_difference,
    lower_odds_ratio,
    lower_ratio,
    solve,
    swapped,
)

__all__ = [
    "difference_interval",
    "f1_interval",
    "odds_interval",
    "odds_ratio_interval",
    "rate_interval",
    "ratio_interval",
]

TINY = 1e-300


def wilson(x: Floats, n: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Wilson's limits at a critical value, unchecked; nan where n is 0.

    Each limit is written without subtraction, so that rare events keep their digits.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        y = n - x
        half = z * z / 2
        root = z * np.sqrt(x * y / n + half / 2)
        low = x * (x / n) / (x + half + root)
        high = 1 - y * (y / n) / (y + half + root)
    return low, high


def rate_interval(
    x: npt.ArrayLike, n: npt.ArrayLike, level: npt.ArrayLike = 0.95, method: str = "wilson"
) -> tuple[Floats, Floats]:
    """Limits of a rate x/n, by broadcasting; nan where n is 0.

    `method`: "wilson" (Wilson 1927: the rates that a score test would not reject) or
    "clopper-pearson" (1934: covers at least `level` whatever the rate, usually more).
    Raises `InputError` (INF001 level, INF002-INF004 counts, INF005 method).

    >>> low, high = rate_interval(12, 50)
    >>> round(float(low), 4), round(float(high), 4)
    (0.143, 0.3741)
    >>> tuple(round(float(v), 4) for v in rate_interval(0, 50, method="clopper-pearson"))
    (0.0, 0.0711)
    """
    chosen(method, ("wilson", "clopper-pearson"))
    part, whole = counts(x, n)
    z = critical(level)
    together(part, whole, z)
    if method == "wilson":
        return wilson(part, whole, z)
    from scipy.special import betaincinv

    part, whole, tail = np.broadcast_arrays(part, whole, (1 - np.asarray(level)) / 2)
    rest = whole - part
    low = np.where(part > 0, betaincinv(np.maximum(part, TINY), rest + 1, tail), 0.0)
    high = np.where(rest > 0, betaincinv(part + 1, np.maximum(rest, TINY), 1 - tail), 1.0)
    empty = whole == 0
    return np.where(empty, np.nan, low)[()], np.where(empty, np.nan, high)[()]


def odds_interval(
    x: npt.ArrayLike, n: npt.ArrayLike, level: npt.ArrayLike = 0.95
) -> tuple[Floats, Floats]:
    """Limits of the odds x/(n-x): Wilson's limits, transformed; inf where the rate may be 1.

    >>> tuple(round(float(v), 4) for v in odds_interval(12, 50))
    (0.1668, 0.5978)
    >>> float(odds_interval(5, 5)[1])
    inf
    """
    low, high = rate_interval(x, n, level)
    with np.errstate(divide="ignore", invalid="ignore"):
        return low / (1 - low), high / (1 - high)


def f1_interval(
    x: npt.ArrayLike, n: npt.ArrayLike, level: npt.ArrayLike = 0.95
) -> tuple[Floats, Floats]:
    """Limits of F1 = 2J/(1+J) for the share J = TP/(TP+FP+FN) = x/n: Wilson's, transformed.

    >>> tuple(round(float(v), 4) for v in f1_interval(12, 50))
    (0.2502, 0.5445)
    """
    low, high = rate_interval(x, n, level)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def _pairs(
    x: npt.ArrayLike,
    n: npt.ArrayLike,
    x_ref: npt.ArrayLike,
    n_ref: npt.ArrayLike,
    level: npt.ArrayLike,
) -> tuple[Pair, Floats, tuple[int, ...]]:
    """Checked counts and z, all flat and of one length, with the shape to give back."""
    arrays = (*counts(x, n), *counts(x_ref, n_ref, "_ref"), critical(level))
    shape = together(*arrays)
    x1, n1, x2, n2, z = (np.broadcast_to(a, shape).ravel() for a in arrays)
    return (x1, n1, x2, n2), z, shape


def _newcombe(pair: Pair, z: Floats) -> tuple[Floats, Floats]:
    x1, n1, x2, n2 = pair
    with np.errstate(divide="ignore", invalid="ignore"):
        p1, p2 = x1 / n1, x2 / n2
    low1, high1 = wilson(x1, n1, z)
    low2, high2 = wilson(x2, n2, z)
    gap = p1 - p2
    return gap - np.hypot(p1 - low1, high2 - p2), gap + np.hypot(high1 - p1, p2 - low2)


def difference_interval(
    x: npt.ArrayLike,
    n: npt.ArrayLike,
    x_ref: npt.ArrayLike,
    n_ref: npt.ArrayLike,
    level: npt.ArrayLike = 0.95,
    method: str = "miettinen-nurminen",
) -> tuple[Floats, Floats]:
    """Limits of x/n - x_ref/n_ref, by broadcasting; nan where a denominator is 0.

    `method`: "miettinen-nurminen" (score, Statistics in Medicine 4, 1985, 213-226) or "newcombe"
    (hybrid of Wilson's limits, Statistics in Medicine 17, 1998, 873-890, method 10).
    Swapping group and reference flips the signs exactly.
    Raises `InputError` (INF001 level, INF002-INF004 counts, INF005 method, INF006 shapes).

    >>> tuple(round(float(v), 5) for v in difference_interval(12, 50, 15, 50))
    (-0.2331, 0.11565)
    >>> round(float(difference_interval(10, 10, 0, 20)[0]), 4)
    0.7156
    """
    chosen(method, ("miettinen-nurminen", "newcombe"))
    pair, z, shape = _pairs(x, n, x_ref, n_ref, level)
    if method == "newcombe":
        low, high = _newcombe(pair, z)
    else:
        usable, bound = (pair[1] > 0) & (pair[3] > 0), bound_of(pair, z)
        low = solve(lower_difference, pair, bound, usable)
        high = -solve(lower_difference, swapped(pair), bound, usable)
    return low.reshape(shape)[()], high.reshape(shape)[()]


def _inverse(value: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(1 / value)


def _katz(pair: Pair, z: Floats) -> tuple[Floats, Floats]:
    x1, n1, x2, n2 = pair
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log(x1 / n1) - np.log(x2 / n2)
        half = z * np.sqrt((n1 - x1) / (n1 * x1) + (n2 - x2) / (n2 * x2))
        known = (x1 > 0) & (x2 > 0)
        low = np.where(known, np.exp(log - half), 0.0)
        return low, np.where(known, np.exp(log + half), np.inf)


def ratio_interval(
    x: npt.ArrayLike,
    n: npt.ArrayLike,
    x_ref: npt.ArrayLike,
    n_ref: npt.ArrayLike,
    level: npt.ArrayLike = 0.95,
    method: str = "miettinen-nurminen",
) -> tuple[Floats, Floats]:
    """Limits of (x/n)/(x_ref/n_ref), by broadcasting; nan where that is 0/0 or a denominator is 0.

    With x_ref = 0 the ratio has no value but has a lower limit: (low, inf). `method`:
    "miettinen-nurminen" (score, 1985; limits are closed at 0 of n and n of n) or "katz" (log
    ratio, Katz et al. 1978; (0, inf) where a count is 0).
    Swapping group and reference inverts the limits.
    Raises `InputError` (INF001 level, INF002-INF004 counts, INF005 method, INF006 shapes).

    >>> tuple(round(float(v), 4) for v in ratio_interval(12, 50, 15, 50))
    (0.4175, 1.5185)
    >>> tuple(round(float(v), 4) for v in ratio_interval(50, 50, 50, 50))
    (0.928, 1.0776)
    """
    chosen(method, ("miettinen-nurminen", "katz"))
    pair, z, shape = _pairs(x, n, x_ref, n_ref, level)
    usable = (pair[1] > 0) & (pair[3] > 0) & ((pair[0] > 0) | (pair[2] > 0))
    if method == "katz":
        low, high = _katz(pair, z)
        low, high = np.where(usable, low, np.nan), np.where(usable, high, np.nan)
    else:
        bound = bound_of(pair, z)
        low = solve(lower_ratio, pair, bound, usable)
        high = _inverse(solve(lower_ratio, swapped(pair), bound, usable))
    return low.reshape(shape)[()], high.reshape(shape)[()]


def odds_ratio_interval(
    x: npt.ArrayLike,
    n: npt.ArrayLike,
    x_ref: npt.ArrayLike,
    n_ref: npt.ArrayLike,
    level: npt.ArrayLike = 0.95,
) -> tuple[Floats, Floats]:
    """Score limits of the odds ratio (Miettinen & Nurminen 1985), closed at 0 and inf.

    nan where both rates are 0 or both are 1, or a denominator is 0.

    >>> tuple(round(float(v), 4) for v in odds_ratio_interval(12, 50, 15, 50))
    (0.3059, 1.7763)
    """
    pair, z, shape = _pairs(x, n, x_ref, n_ref, level)
    x1, n1, x2, n2 = pair
    varied = ((x1 > 0) | (x2 > 0)) & ((x1 < n1) | (x2 < n2))
    usable, bound = (n1 > 0) & (n2 > 0) & varied, bound_of(pair, z)
    low = solve(lower_odds_ratio, pair, bound, usable)
    high = _inverse(solve(lower_odds_ratio, swapped(pair), bound, usable))
    return low.reshape(shape)[()], high.reshape(shape)[()]
