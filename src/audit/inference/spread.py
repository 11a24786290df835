"""Limits of the variance of k groups' true rates.

The observed Σ(p − p̄)² is a quadratic form of independent proportions. For rates that are
supposed to be true its first three cumulants are known, and a shifted gamma with these gives its
tails (Pearson's approximation; Imhof, Biometrika 48, 1961, 419-426). The limits hold every
variance that the observed spread does not contradict, as the Q-profile does in meta-analysis
(Viechtbauer, Statistics in Medicine 26, 2007, 37-52); but these groups are all there are, so
their rates are fixed and no random effects. Two groups have Miettinen & Nurminen's limits of
their difference. An estimate below the limits widens them: it takes the noise away on average,
which for rates near 0 can be more than was seen.

A variance does not say which groups differ. The rates supposed are the observed ones drawn
together or apart, and the group with the most noise, which may hide its own difference, is
moved through its Wilson interval at 99.5 % (Berger & Boos, JASA 89, 1994, 1012-1016), whose
half percent the limits pay for. A bootstrap of the observed spread does not cover: it carries
the noise twice.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.inference.checks import Floats, chosen, counts, one_level, together
from audit.inference.intervals import difference_interval, rate_interval
from audit.metrics.spread import between_group_variance

__all__ = ["spread_interval"]

SCALES = ("deviation", "variance")
STEPS, MOVES = 120, 21
"""Supposed spreads, and places of the noisiest group, that are tried."""
BEYOND = 0.005
"""Chance, out of 1 - level, that the noisiest group lies outside the places tried."""
TINY = 1e-200


def spread_interval(
    x: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95, *, scale: str = "deviation"
) -> tuple[Floats, Floats]:
    """Limits of the standard deviation (or variance) of the true rates of k groups (last axis).

    Σ(π − π̄)²/(k − 1) over the groups' true rates π, which `audit.metrics.spread` estimates
    without the sampling noise. The lower limit is 0 where the groups may all be alike. Covers at
    95 % or a little more (`bench/special_cases.py`). Groups without rows are left out; nan where
    fewer than two remain. Raises `InputError` (INF001 level, INF002-INF004 counts, INF005 scale,
    INF006 shapes).

    >>> low, high = spread_interval([30, 45, 60], [100, 100, 100])
    >>> round(float(low), 3), round(float(high), 3)
    (0.075, 0.212)
    >>> low, high = spread_interval([30, 31, 29], [100, 100, 100])
    >>> float(low), round(float(high), 3)
    (0.0, 0.07)
    """
    chosen(scale, SCALES)
    level = one_level(level)
    if 1 - level <= 2 * BEYOND:
        raise InputError(
            "INF001",
            "limits of a spread are made for levels below 0.99",
            argument="level",
            fix="pass 0.95",
        )
    part, whole = counts(x, n)
    shape = together(part, whole) or (1,)
    part, whole = np.broadcast_to(part, shape), np.broadcast_to(whole, shape)
    if not whole.size:  # no groups, and so none to differ
        return np.full(shape[:-1], np.nan)[()], np.full(shape[:-1], np.nan)[()]
    rows = [
        _limits(a[b > 0], b[b > 0], level)
        for a, b in zip(part.reshape(-1, shape[-1]), whole.reshape(-1, shape[-1]), strict=True)
    ]
    found = np.array(rows, dtype=np.float64).reshape(*shape[:-1], 2)
    if scale == "deviation":
        found = np.sqrt(found)
    return found[..., 0][()], found[..., 1][()]


def _limits(x: Floats, n: Floats, level: float) -> tuple[float, float]:
    """Limits of the variance; groups all have rows."""
    if len(x) < 2:
        return np.nan, np.nan
    least, most = (_of_two if len(x) == 2 else _of_many)(x, n, level)
    value = float(between_group_variance(x, n))
    if value == value:  # an estimate lies inside its limits
        least, most = max(0.0, min(least, value)), max(most, value)
    return least, most


def _of_many(x: Floats, n: Floats, level: float) -> tuple[float, float]:
    """The least and greatest variance supposed that the observed spread does not contradict."""
    order = np.lexsort((x, n))  # ties are broken by value, not by place
    x, n = x[order], n[order]
    rate = x / n
    seen = float(((rate - rate.mean()) ** 2).sum())
    supposed = _moved(_supposed(x, n), x, n)
    tail = (1 - level - BEYOND) / 2
    variance = supposed.var(axis=-1, ddof=1)
    above = _tail(seen, supposed, n)
    low = variance[above >= tail]
    high = variance[1 - above >= tail]
    least = float(low.min()) if low.size else float(variance.max())
    return least, max(float(high.max()) if high.size else 0.0, least)


def _of_two(x: Floats, n: Floats, level: float) -> tuple[float, float]:
    """Half the squared difference of two rates, from the limits of the difference."""
    low, high = (float(v) for v in difference_interval(x[0], n[0], x[1], n[1], level))
    near = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    return near**2 / 2, max(abs(low), abs(high)) ** 2 / 2


def _supposed(x: Floats, n: Floats) -> Floats:
    """Rates drawn together to one rate of all, as observed, and drawn apart; (STEPS, k)."""
    k = len(x)
    rate = (x + 0.5) / (n + 1)  # a rate seen as 0 is not without noise
    pooled = (x.sum() + 0.5) / (n.sum() + 1)
    away = rate - rate.mean()
    if np.abs(away).max() < 1e-9:
        away = np.linspace(-1, 1, k)
    away = away / np.sqrt((away**2).sum() / (k - 1))
    seen = float(rate.std(ddof=1))
    noise = float(np.sqrt((pooled * (1 - pooled) / n).mean()))
    widest = min(0.5 * np.sqrt(k / (k - 1)), seen + 8 * noise + 0.02)
    size = (np.linspace(0, 1, STEPS) ** 1.5 * widest)[:, None]
    part = np.minimum(size / seen, 1.0) if seen > 0 else np.zeros_like(size)
    centre = (1 - part) * pooled + part * rate.mean()
    return np.asarray(np.clip(centre + size * away, 0.0, 1.0))


def _moved(supposed: Floats, x: Floats, n: Floats) -> Floats:
    """The same with the noisiest group also at other places; (more, k)."""
    rate = (x + 0.5) / (n + 1)
    noisiest = int(np.argmax(rate * (1 - rate) / n))
    low, high = rate_interval(x[noisiest], n[noisiest], 1 - BEYOND)
    out = np.repeat(supposed[:, None], MOVES + 1, axis=1)
    out[:, 1:, noisiest] = np.linspace(float(low), float(high), MOVES)
    return out.reshape(-1, len(x))


def _tail(seen: float, rate: Floats, n: Floats) -> Floats:
    """P(Σ(p − p̄)² ≥ seen) for each row of supposed true rates."""
    from scipy.special import gammaincc

    k = rate.shape[-1]
    away = rate - rate.mean(axis=-1, keepdims=True)
    spread = rate * (1 - rate)
    v = spread / n
    third, fourth = v * (1 - 2 * rate) / n, v * (1 - 6 * spread) / n**2  # binomial cumulants
    one, two, three = (v**r for r in (1, 2, 3))
    one, two, three = (s.sum(axis=-1) for s in (one, two, three))
    mean = (away**2).sum(axis=-1) + one * (1 - 1 / k)
    normal = 2 * (two * (1 - 2 / k) + (one / k) ** 2) + 4 * (v * away**2).sum(axis=-1)
    own = 1 - 1 / k
    extra = own**2 * fourth.sum(axis=-1) + 4 * own * (third * away).sum(axis=-1)
    cube = 8 * (three * (1 - 3 / k) + 3 * one * two / k**2 - (one / k) ** 3)
    cube += 24 * ((v * v * away**2).sum(axis=-1) - (v * away).sum(axis=-1) ** 2 / k)
    lean = np.maximum(cube / np.maximum(normal, TINY) ** 1.5, 1e-6)
    shape = 4 / lean**2
    steps = (seen - mean) / np.sqrt(np.maximum(normal + extra, TINY))
    return np.asarray(gammaincc(shape, np.maximum(shape + steps * np.sqrt(shape), 0.0)))
