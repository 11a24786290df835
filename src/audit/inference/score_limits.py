"""Score limits of a difference, ratio and odds ratio (Miettinen & Nurminen 1985).

A limit solves chi²(limit) = z²·N/(N-1), where chi² is Pearson's distance between the observed
rates and the closest pair of rates having that contrast (their constrained maximum likelihood).
Written in the Lagrange multiplier of the constraint, the closest pair is closed (rational for
ratios and odds ratios, a square root for differences) and chi² is convex and increasing, so
Newton's method from its right side cannot miss: it takes about five steps, without brackets,
cubic formulas or their cancellation, and the limits are right to the last digits.

Only lower limits are worked out; an upper one is the swapped pair's lower, turned round.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from audit.inference.checks import Floats

TINY = 1e-300
STEPS = 60

Pair = tuple[Floats, Floats, Floats, Floats]
"""x, n of the group and x, n of the reference: flat, of one length."""


def bound_of(pair: Pair, z: Floats) -> Floats:
    """The chi² a limit must reach: z² with Miettinen & Nurminen's N/(N-1)."""
    total = pair[1] + pair[3]
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(total > 1, total / np.maximum(total - 1, TINY), np.inf)
        bound = np.where(z == 0, 0.0, z * z * factor)  # a level next to 0, of hardly a row
    return np.clip(bound, 1e-30, 1e12)


def solve(
    limit: Callable[[Pair, Floats], Floats],
    pair: Pair,
    bound: Floats,
    usable: npt.NDArray[np.bool_],
) -> Floats:
    """Limits where `usable`, nan elsewhere."""
    out = np.full(pair[0].shape, np.nan)
    # Counts far below 1 (weights may give them) underflow when squared; the step is then kept.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if usable.all():
            return limit(pair, bound)
        if usable.any():
            x1, n1, x2, n2 = (a[usable] for a in pair)
            out[usable] = limit((x1, n1, x2, n2), bound[usable])
    return out


def swapped(pair: Pair) -> Pair:
    """The reference as the group, and the group as the reference."""
    return pair[2], pair[3], pair[0], pair[1]


def lower_difference(pair: Pair, bound: Floats) -> Floats:
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


def lower_ratio(pair: Pair, bound: Floats) -> Floats:
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
    return np.fmin(low, point)  # 0 where a cell of the numerator is 0: so is the point


def lower_odds_ratio(pair: Pair, bound: Floats) -> Floats:
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
    return np.fmin(low, point)  # 0 where a cell of the numerator is 0: so is the point
