"""Intervals for one rate, and for the difference, ratio and odds ratio of two.

The score limits of Miettinen & Nurminen (1985) solve chi²(limit) = z²·N/(N-1), where chi² is
Pearson's distance between the observed rates and the closest pair of rates having that contrast
(their constrained maximum likelihood). Written in the Lagrange multiplier of the constraint, the
closest pair is closed (rational for ratios and odds ratios, a square root for differences) and
chi² is convex and increasing, so Newton's method from its right side cannot miss: it takes
about five steps, without brackets, cubic formulas or their cancellation.

Counts need not be whole: effective counts of weighted data go in as they are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from audit.inference.checks import Floats, chosen, counts, critical, together

__all__ = [
    "difference_interval",
    "f1_interval",
    "odds_interval",
    "odds_ratio_interval",
    "rate_interval",
    "ratio_interval",
]

TINY = 1e-300
STEPS = 60


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


Pair = tuple[Floats, Floats, Floats, Floats]


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


def _bound(pair: Pair, z: Floats) -> Floats:
    """The chi² a limit must reach: z² with Miettinen & Nurminen's N/(N-1)."""
    total = pair[1] + pair[3]
    with np.errstate(divide="ignore"):
        factor = np.where(total > 1, total / np.maximum(total - 1, TINY), np.inf)
    return np.clip(z * z * factor, 1e-30, 1e12)


def _solve(
    limit: Callable[[Pair, Floats], Floats],
    pair: Pair,
    bound: Floats,
    usable: npt.NDArray[np.bool_],
) -> Floats:
    """Limits where `usable`, nan elsewhere."""
    out = np.full(pair[0].shape, np.nan)
    if usable.all():
        return limit(pair, bound)
    if usable.any():
        x1, n1, x2, n2 = (a[usable] for a in pair)
        out[usable] = limit((x1, n1, x2, n2), bound[usable])
    return out


def _swapped(pair: Pair) -> Pair:
    return pair[2], pair[3], pair[0], pair[1]


def _lower_difference(pair: Pair, bound: Floats) -> Floats:
    """Miettinen & Nurminen's lower limit of p1 - p2.

    With multiplier t, p1 solves t·p² - (n1+t)·p + x1 = 0 and q2 = 1 - p2 the same in
    (y2, n2); chi² = t²(p1q1/n1 + p2q2/n2), which is convex in t.
    """
    x1, n1, x2, n2 = pair
    y1, y2 = n1 - x1, n2 - x2
    slope = x1 / n1 + y2 / n2
    certain = slope == 0  # 0 of n against n of n: the limit is -1 at every level
    slope = np.where(certain, 1.0, slope)
    ceiling = (bound + x1 + y2) / slope
    a, b = (x1 + 2) / (n1 + 4), (x2 + 2) / (n2 + 4)
    start = np.sqrt(bound / (a * (1 - a) / n1 + b * (1 - b) / n2))
    t = np.clip(start, bound / slope, ceiling)

    def closest(x: Floats, y: Floats, n: Floats, t: Floats) -> tuple[Floats, Floats, Floats]:
        away = n - t
        root = np.sqrt(away * away + 4 * t * y)
        both = np.maximum(np.abs(away) + root, TINY)
        p = 2 * x / (n + t + root)
        q = np.where(away >= 0, 2 * y / both, both / (2 * t))  # neither form cancels
        return p, q, np.maximum(root, TINY)

    live = np.flatnonzero(~certain)
    args = [a[live] for a in (x1, y1, n1, x2, y2, n2, bound, ceiling)]
    now = t[live]
    for _ in range(STEPS):
        u1, v1, m1, u2, v2, m2, c, top = args
        p1, q1, root1 = closest(u1, v1, m1, now)
        q2, p2, root2 = closest(v2, u2, m2, now)
        k1, k2 = now * p1 * q1, now * p2 * q2
        chi = now * (k1 / m1 + k2 / m2)
        rise = k1 * (1 / m1 + 1 / root1) + k2 * (1 / m2 + 1 / root2)
        new = np.minimum(now - (chi - c) / np.maximum(rise, TINY), top)
        moving = np.abs(new - now) > 1e-11 * now
        now = new
        if not moving.any():
            break
        if moving.sum() * 2 < moving.size:  # leave the settled ones behind
            t[live] = now
            live, now = live[moving], now[moving]
            args = [a[moving] for a in args]
    t[live] = now
    p1 = closest(x1, y1, n1, t)[0]
    q2 = closest(y2, x2, n2, t)[0]
    return np.where(certain, -1.0, np.minimum(p1 + q2 - 1, x1 / n1 - x2 / n2))


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
        usable, bound = (pair[1] > 0) & (pair[3] > 0), _bound(pair, z)
        low = _solve(_lower_difference, pair, bound, usable)
        high = -_solve(_lower_difference, _swapped(pair), bound, usable)
    return low.reshape(shape)[()], high.reshape(shape)[()]


def _single_pole(weight: Floats, pole: Floats, bound: Floats) -> tuple[Floats, Floats]:
    """The u in (0, pole) where weight·u²/(pole - u) = bound, and pole - u, both to full digits."""
    root = np.sqrt(bound * (bound + 4 * weight * pole))
    u = 2 * bound * pole / (bound + root)
    return u, 2 * weight * pole * pole / (2 * weight * pole + bound + root)


def _single_shift(weight: Floats, shift: Floats, bound: Floats) -> Floats:
    """The u > 0 where weight·u²/(shift + u) = bound; inf where the weight is 0."""
    with np.errstate(divide="ignore"):
        root = np.sqrt(bound * (bound + 4 * weight * shift))
        return np.asarray((bound + root) / (2 * weight))


def _lower_ratio(pair: Pair, bound: Floats) -> Floats:
    """Miettinen & Nurminen's lower limit of p1/p2.

    With multiplier u, p1 = (x1-u)/(n1-u) and p2 = (x2+u)/(n2+u); chi² =
    u²(q̂1/(x1-u) + q̂2/(x2+u)), convex. Where x1 = n1, p1 stays at 1 until u = n1.
    """
    x1, n1, x2, n2 = pair
    y1 = n1 - x1
    a, b = y1 / n1, (n2 - x2) / n2
    full, none = y1 == 0, x1 == 0
    plain = ~(full | none)
    x, w = np.where(plain, x1, 1.0), np.where(plain, a, 1.0)
    u, v = _single_pole(w, x, bound)
    other = _single_shift(b, x2, bound)
    nearer = other < u
    u, v = np.where(nearer, other, u), np.where(nearer, x - other, v)
    for _ in range(STEPS):
        beyond = x2 + u
        chi = u * u * (w / v + b / beyond)
        rise = u * (w * (2 * v + u) / (v * v) + b * (2 * x2 + u) / (beyond * beyond))
        step = (chi - bound) / rise
        u, v = u - step, v + step  # kept apart: either may be tiny beside x1
        if not (np.abs(step) > 1e-11 * np.minimum(u, v)).any():
            break
    low = v / (v + y1) * ((n2 + u) / (x2 + u))
    if full.any():
        edge = other <= n1
        u = np.where(edge, other, n1)
        loss = np.where(edge, 0.0, bound / n1 - n1 * b / (x2 + n1))
        low = np.where(full, (n2 + u) / (x2 + u) / (1 + loss), low)
    with np.errstate(divide="ignore", invalid="ignore"):
        point = (x1 / n1) / (x2 / n2)
    return np.where(none, 0.0, np.fmin(low, point))


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
        bound = _bound(pair, z)
        low = _solve(_lower_ratio, pair, bound, usable)
        high = _inverse(_solve(_lower_ratio, _swapped(pair), bound, usable))
    return low.reshape(shape)[()], high.reshape(shape)[()]


def _lower_odds_ratio(pair: Pair, bound: Floats) -> Floats:
    """The score lower limit of p1q2/(p2q1).

    With multiplier u the closest table is x1-u, y1+u, x2+u, y2-u, and chi² = u²·Σ 1/cell.
    """
    x1, n1, x2, n2 = pair
    y1, y2 = n1 - x1, n2 - x2
    none = (x1 == 0) | (y2 == 0)
    one = np.ones_like(x1)
    a, d = np.where(none, one, x1), np.where(none, one, y2)
    u, v = _single_pole(one, a, bound)
    s, w = _single_pole(one, d, bound)
    first = u <= s
    v, w = np.where(first, v, a - s), np.where(first, d - u, w)
    u = np.where(first, u, s)
    shift = _single_shift(one, np.minimum(x2, y1), bound)
    nearer = shift < u
    u = np.where(nearer, shift, u)
    v, w = np.where(nearer, a - shift, v), np.where(nearer, d - shift, w)
    for _ in range(STEPS):
        e, f = y1 + u, x2 + u
        chi = u * u * (1 / v + 1 / w + 1 / e + 1 / f)
        pull = (2 * v + u) / (v * v) + (2 * w + u) / (w * w)
        push = (2 * y1 + u) / (e * e) + (2 * x2 + u) / (f * f)
        step = (chi - bound) / (u * (pull + push))
        u, v, w = u - step, v + step, w + step
        if not (np.abs(step) > 1e-11 * np.minimum(u, np.minimum(v, w))).any():
            break
    with np.errstate(divide="ignore", invalid="ignore"):
        point = (x1 / y1) * (y2 / x2)
        low = (v / (y1 + u)) * (w / (x2 + u))
    return np.where(none, 0.0, np.fmin(low, point))


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
    usable, bound = (n1 > 0) & (n2 > 0) & varied, _bound(pair, z)
    low = _solve(_lower_odds_ratio, pair, bound, usable)
    high = _inverse(_solve(_lower_odds_ratio, _swapped(pair), bound, usable))
    return low.reshape(shape)[()], high.reshape(shape)[()]
