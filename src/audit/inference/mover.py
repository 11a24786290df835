"""MOVER: intervals for sums, differences and ratios of independent quantities.

The method of variance estimates recovery (Zou & Donner, Statistics in Medicine 27, 2008,
1693-1702; ratios: Donner & Zou, Statistical Methods in Medical Research 21, 2012, 347-359)
borrows each part's distance from its own limit, so skewed parts give a skewed whole.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audit.inference.checks import Floats, critical

__all__ = ["interval_p_value", "mover_difference", "mover_ratio", "mover_sum"]


def mover_sum(
    values: npt.ArrayLike,
    lows: npt.ArrayLike,
    highs: npt.ArrayLike,
    coefficients: npt.ArrayLike = 1.0,
) -> tuple[Floats, Floats]:
    """Limits of Σ c·value over the first axis, the parts being independent.

    `values`, `lows` and `highs` have shape (parts, ...), `coefficients` (parts,) or a number.
    nan where a part is nan.

    >>> low, high = mover_sum([0.3, 0.5], [0.2, 0.4], [0.42, 0.6], [0.5, -0.5])
    >>> round(float(low), 4), round(float(high), 4)
    (-0.1707, -0.0219)
    """
    v, lo, hi = (np.asarray(a, dtype=np.float64) for a in (values, lows, highs))
    c = np.asarray(coefficients, dtype=np.float64)
    c = np.broadcast_to(c, v.shape[:1]).reshape((-1,) + (1,) * (v.ndim - 1))
    below = np.where(c >= 0, c * (v - lo), c * (v - hi))
    above = np.where(c >= 0, c * (hi - v), c * (lo - v))
    total = (c * v).sum(axis=0)
    return (
        (total - np.sqrt((below**2).sum(axis=0)))[()],
        (total + np.sqrt((above**2).sum(axis=0)))[()],
    )


def mover_difference(
    value: npt.ArrayLike,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    value_ref: npt.ArrayLike,
    low_ref: npt.ArrayLike,
    high_ref: npt.ArrayLike,
) -> tuple[Floats, Floats]:
    """Limits of value - value_ref, independent of each other, by broadcasting.

    With Wilson's limits this is Newcombe's interval.

    >>> low, high = mover_difference(0.8, 0.75, 0.84, 0.7, 0.66, 0.74)
    >>> round(float(low), 4), round(float(high), 4)
    (0.036, 0.1566)
    """
    v, lo, hi, w, lo2, hi2 = (
        np.asarray(a, dtype=np.float64) for a in (value, low, high, value_ref, low_ref, high_ref)
    )
    gap = v - w
    return (gap - np.hypot(v - lo, hi2 - w))[()], (gap + np.hypot(hi - v, w - lo2))[()]


def mover_ratio(
    value: npt.ArrayLike,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    value_ref: npt.ArrayLike,
    low_ref: npt.ArrayLike,
    high_ref: npt.ArrayLike,
) -> tuple[Floats, Floats]:
    """Limits of value/value_ref for positive, independent quantities (Fieller's form).

    inf where the reference's limit does not exclude 0; nan where both values are 0.

    >>> low, high = mover_ratio(2.0, 1.5, 2.6, 4.0, 3.0, 5.0)
    >>> round(float(low), 4), round(float(high), 4)
    (0.3477, 0.7377)
    """
    v, lo, hi, w, lo2, hi2 = np.broadcast_arrays(
        *(np.asarray(a, dtype=np.float64) for a in (value, low, high, value_ref, low_ref, high_ref))
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        both = v * w

        def root(mine: Floats, other: Floats) -> Floats:
            inside = both * both - mine * (2 * v - mine) * other * (2 * w - other)
            return np.asarray(np.sqrt(np.maximum(inside, 0.0)))

        # each limit with the factor that would cancel multiplied out
        lower = _over(lo * (2 * v - lo), both + root(lo, hi2))
        upper = np.where(lo2 > 0, (both + root(hi, lo2)) / (lo2 * (2 * w - lo2)), np.inf)
    undefined = (v == 0) & (w == 0) | np.isnan(v) | np.isnan(w)
    lower, upper = np.where(undefined, np.nan, lower), np.where(undefined, np.nan, upper)
    return lower[()], upper[()]


def _over(part: Floats, whole: Floats) -> Floats:
    """part/whole, 0 where both are 0."""
    return np.where(part == 0, 0.0, part / whole)


def interval_p_value(
    value: npt.ArrayLike,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    null: npt.ArrayLike = 0.0,
    level: float = 0.95,
) -> Floats:
    """A two-sided p-value that agrees with a given interval.

    p < 1 - level exactly where the interval leaves out `null`; elsewhere the distance to the
    limit facing `null` is taken as z standard errors. Give log values for ratios.

    >>> round(float(interval_p_value(0.1, 0.0, 0.2)), 6)
    0.05
    """
    from scipy.special import ndtr

    v, lo, hi, at = (np.asarray(a, dtype=np.float64) for a in (value, low, high, null))
    z = critical(level)
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(v >= at, v - lo, hi - v)
        size = np.abs(v - at)
        score = np.where(size == 0, 0.0, z * size / room)
        return np.asarray(2 * ndtr(-score))[()]
