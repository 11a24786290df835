"""Two decisions on the same people: the difference of their rates, and McNemar's test.

Only people whose decision differs tell the two apart: `gained` of n rows are favourable in the
second alone, `lost` in the first alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audit.inference.checks import Floats, counts, critical, together

__all__ = ["effective_pairs", "mcnemar", "paired_interval"]

TINY = 1e-300
STEPS = 54
"""Halvings of an interval of length 2: down to the last digit of a float."""


def paired_interval(
    gained: npt.ArrayLike, lost: npt.ArrayLike, n: npt.ArrayLike, level: npt.ArrayLike = 0.95
) -> tuple[Floats, Floats]:
    """Limits of (gained - lost)/n, the difference of two rates on the same n rows.

    By broadcasting; nan where n is 0. Tango's score interval (Statistics in Medicine 17, 1998,
    891-908): the differences that a score test, with the likeliest share of losses at each, would
    not reject. Counts need not be whole. Raises `InputError` (INF001 level, INF002-INF004 counts).

    >>> low, high = paired_interval(12, 2, 44)
    >>> round(float(low), 4), round(float(high), 4)
    (0.0692, 0.386)
    >>> low, high = paired_interval(0, 0, 50)  # nobody changes
    >>> round(float(low), 4), round(float(high), 4)
    (-0.0713, 0.0713)
    """
    b, rows = counts(gained, n)
    c, _ = counts(lost, n)
    counts(b + c, n)
    z = critical(level)
    together(b, c, rows, z)
    b, c, rows, z = np.broadcast_arrays(b, c, rows, z)
    low, high = _lower(b, c, rows, z), -_lower(c, b, rows, z)
    empty = rows == 0
    return np.where(empty, np.nan, low)[()], np.where(empty, np.nan, high)[()]


def _lower(b: Floats, c: Floats, n: Floats, z: Floats) -> Floats:
    """The lower limit, by halving: every smaller difference is rejected."""
    whole = np.where(n > 0, n, 1.0)
    point = (b - c) / whole
    low, high = np.full(b.shape, -1.0), point.copy()
    for _ in range(STEPS):
        at = (low + high) / 2
        away = b - c - whole * at
        one = -b - c + (2 * whole - b + c) * at
        none = -c * at * (1 - at)
        root = np.sqrt(np.maximum(one * one - 8 * whole * none, 0.0))
        # of two forms of one root, the one that does not cancel
        losing = np.where(one > 0, -2 * none / (one + root + TINY), (root - one) / (4 * whole))
        variance = whole * (2 * losing + at * (1 - at))
        rejected = away * away > z * z * variance
        low, high = np.where(rejected, at, low), np.where(rejected, high, at)
    return np.minimum(high, point)


def mcnemar(gained: npt.ArrayLike, lost: npt.ArrayLike, *, exact: bool = True) -> Floats:
    """Two-sided p-value of equal rates on the same rows, by broadcasting; 1 where nobody changes.

    `exact`: the binomial test of `gained` of `gained + lost` at one half (McNemar 1947 in its
    exact form); counts must then be whole. Else the score test (gained - lost)²/(gained + lost),
    which agrees with `paired_interval` and takes effective counts.

    >>> round(float(mcnemar(12, 2)), 5), round(float(mcnemar(12, 2, exact=False)), 5)
    (0.01294, 0.00753)
    """
    from scipy.special import bdtr, ndtr

    b, c = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (gained, lost)))
    both = b + c
    if exact:
        fewer = np.minimum(b, c)
        p = np.minimum(2 * bdtr(fewer, both.astype(np.int64), 0.5), 1.0)
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            p = 2 * ndtr(-np.abs(b - c) / np.sqrt(both))
    return np.where(both > 0, p, 1.0)[()]


def effective_pairs(
    gained: npt.ArrayLike,
    lost: npt.ArrayLike,
    whole: npt.ArrayLike,
    gained_squared: npt.ArrayLike,
    lost_squared: npt.ArrayLike,
    whole_squared: npt.ArrayLike,
    rows: npt.ArrayLike | None = None,
) -> tuple[Floats, Floats, Floats]:
    """Effective (gained, lost, n) of weighted pairs, by broadcasting.

    Σw over rows that gain, lose, and all rows, and Σw² over the same. As for one rate
    (`inference.weights.effective`): with d = 1, -1 or 0 a row and D its weighted mean, the
    linearised variance is V = Σw²(d - D)²/(Σw)², and n = min(s²/V, Kish), s² = mean(d²) - D².

    >>> [round(float(v), 6) for v in effective_pairs(6, 2, 20, 12, 4, 40)]  # ten rows of weight 2
    [3.0, 1.0, 10.0]
    """
    b, c, w, b2, c2, w2 = (
        np.asarray(v, dtype=np.float64)
        for v in (gained, lost, whole, gained_squared, lost_squared, whole_squared)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (b - c) / w
        spread = (1 - mean) ** 2 * b2 + (1 + mean) ** 2 * c2
        spread = spread + mean**2 * np.maximum(w2 - b2 - c2, 0.0)
        kish = w * (w / w2)
        varied = np.maximum((b + c) / w - mean**2, 0.0)
        n = np.where(spread > 0, np.minimum(varied * w * w / spread, kish), kish)
        if rows is not None:
            n = np.minimum(n, np.asarray(rows, dtype=np.float64))
        n = np.where(w > 0, n, 0.0)
        return (
            np.where(w > 0, b / w, 0.0)[()] * n,
            np.where(w > 0, c / w, 0.0)[()] * n,
            n[()],
        )
