"""The critical value at which a worst gap's interval just touches 0: its p-value in other words.

Each pair of groups has its own such z, and the worst gap's is the largest of them. So one pair's
root is found (two rates a family, whatever k), all pairs are looked at once there, and where
another is still apart the search goes on with that one: two or three looks in all. A family's
answer does not depend on the families beside it.
"""

from __future__ import annotations

import numpy as np

from audit.inference.checks import Floats
from audit.inference.extreme_pairs import Flags, limits_at, widen, widest_lower

FARTHEST = 12.0
"""z beyond which a p-value is 0 in floating point (to the digits of the range's tail)."""
FIRST = 2.5
"""Where all pairs are looked at first."""
LOOKS = 100
STEPS = 200
CLOSE = 1e-14
"""A pair this little apart at another's root has that root."""


def touching(part: Floats, whole: Floats, several: Flags | None = None) -> Floats:
    """The largest z at which some pair's interval still leaves out 0, shape (families,).

    `part` and `whole` have shape (families, k). 0 where all rates are equal, `FARTHEST` where the
    root is no nearer. `several`, shape (families, 1), says where a family stands for more than
    two groups; else they are counted.

    >>> z = touching(np.array([[30.0, 45.0, 60.0]]), np.array([[100.0, 100.0, 100.0]]))
    >>> z.round(4)
    array([4.2954])
    """
    many = (whole > 0).sum(axis=1) > 2 if several is None else several[:, 0]
    first = limits_at(part, whole, np.full((len(part), 1), FIRST), many[:, None])
    apart, i, j = widest_lower(first)
    z = np.zeros(len(part))
    open_ = np.flatnonzero(apart > -np.inf)
    for _ in range(LOOKS):
        if not open_.size:
            break
        f, one, other = open_, i[open_], j[open_]
        x = np.stack([part[f, one], part[f, other]], axis=1)
        n = np.stack([whole[f, one], whole[f, other]], axis=1)
        z[f] = _root(x, n, many[f], z[f])
        at = limits_at(part[f], whole[f], z[f, None], many[f, None])
        apart, nearer, farther = widest_lower(at)
        # z grows with every change of pair, so the search ends
        on = (apart > CLOSE) & (z[f] < FARTHEST) & ((nearer != one) | (farther != other))
        i[f], j[f] = nearer, farther
        open_ = f[on]
    return z


def _root(x: Floats, n: Floats, many: Flags, near: Floats) -> Floats:
    """Where the lower limit of x₁/n₁ - x₂/n₂ is 0, pair by pair, shape (pairs,); at least `near`.

    `x` and `n` have shape (pairs, 2). Wilson's limits are smooth in z, so secants reach their
    root in a few steps; where an event is rare at that z its wider limits need a bracket.
    """
    z = _smooth_root(x, n)
    events = np.minimum(x, n - x).min(axis=1)
    settled = ~np.isnan(z) & (z >= near) & (~many | (events >= z * z))
    if not settled.all():
        rest = ~settled
        z[rest] = _bracketed_root(x[rest], n[rest], many[rest], near[rest])
    return z


def _smooth_root(x: Floats, n: Floats) -> Floats:
    """The root with Wilson's limits, `FARTHEST` where it lies beyond; nan where not reached."""
    rate = x / n
    spread, own = x * ((n - x) / n), x[:, 0] * rate[:, 0]
    rest, gap = n[:, 1] - x[:, 1], rate[:, 0] - rate[:, 1]
    other = rest * (rest / n[:, 1])

    def room(z: Floats) -> Floats:
        half = z * z / 2
        root = z[:, None] * np.sqrt(spread + (half / 2)[:, None])
        down = rate[:, 0] - own / (x[:, 0] + half + root[:, 0])
        up = (1 - other / (rest + half + root[:, 1])) - rate[:, 1]
        return np.asarray(gap - np.sqrt(down * down + up * up))

    beyond = room(np.full(len(x), FARTHEST)) > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        guess = gap / np.sqrt((spread / (n * n)).sum(axis=1))
        past = np.clip(np.nan_to_num(guess, nan=1.0), 0.01, FARTHEST)
        f_past, now = room(past), past * 1.01
        moving = ~beyond
        for _ in range(20):
            f = room(now)
            step = f * (now - past) / (f - f_past)
            step = np.where(moving & np.isfinite(step), step, 0.0)
            past, f_past, now = now, f, np.clip(now - step, 0.0, FARTHEST)
            moving = moving & (np.abs(step) > 1e-15 * now)
            if not moving.any():
                break
    f = room(now)
    z = np.where((np.abs(f) < 1e-13) & ~moving, now, np.nan)
    return np.where(beyond, FARTHEST, z)


def _bracketed_root(x: Floats, n: Floats, many: Flags, near: Floats) -> Floats:
    """The root with the limits as they are, which jump where an event becomes rare.

    Chandrupatla's method (Advances in Engineering Software 28, 1997, 145-149): inverse quadratic
    steps inside a bracket, halving where they would not pay.
    """

    def room(z: Floats) -> Floats:
        at = limits_at(x, n, z[:, None], many[:, None])
        widen(at, at.known)
        down, up = at.rate[:, 0] - at.low[:, 0], at.high[:, 1] - at.rate[:, 1]
        return np.asarray((at.rate[:, 0] - at.rate[:, 1]) - np.sqrt(down * down + up * up))

    a, b = near.copy(), np.full(near.shape, FARTHEST)
    fa, fb = room(a), room(b)
    c, fc = a.copy(), fa.copy()
    beyond = fb > 0
    live = ~beyond & (fa > 0)
    step = np.full(a.shape, 0.5)
    for _ in range(STEPS):
        if not live.any():
            break
        t = np.where(live, a + step * (b - a), a)
        ft = room(t)
        same = np.sign(ft) == np.sign(fa)
        c, fc = np.where(live, np.where(same, a, b), c), np.where(live, np.where(same, fa, fb), fc)
        b, fb = np.where(live & ~same, a, b), np.where(live & ~same, fa, fb)
        a, fa = t, np.where(live, ft, fa)
        with np.errstate(divide="ignore", invalid="ignore"):
            floor = 4e-16 * np.maximum(np.abs(a), 1.0) / np.abs(b - a)
            live = live & (floor < 0.5) & (fa != 0)
            xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
            bent = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi)
            curve = fa / (fb - fa) * fc / (fb - fc)
            curve = curve + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
            step = np.clip(np.where(bent, curve, 0.5), floor, 1 - floor)
        step = np.nan_to_num(step, nan=0.5)
    # at a jump the ends differ: beyond it, so that a pair still apart there is seen
    return np.where(beyond, FARTHEST, np.where(fa > 0, b, a))
