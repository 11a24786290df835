"""Gaps among comparable people: Mantel-Haenszel tests and contrasts, conditional disparity."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audit.inference.checks import Floats, counts, critical
from audit.inference.intervals import wilson
from audit.inference.mover import mover_sum

__all__ = [
    "cmh_p_value",
    "common_difference",
    "common_ratio",
    "conditional_demographic_disparity",
]

Counted = npt.ArrayLike


def _strata(
    x: Counted, n: Counted, x_ref: Counted, n_ref: Counted
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Counts with strata on the last axis, and both groups' rows; empty sides count nothing."""
    x1, n1 = counts(x, n)
    x2, n2 = counts(x_ref, n_ref, "_ref")
    x1, n1, x2, n2 = np.broadcast_arrays(*(np.atleast_1d(a) for a in (x1, n1, x2, n2)))
    both = (n1 > 0) & (n2 > 0)
    x1, n1, x2, n2 = (np.where(both, a, 0.0) for a in (x1, n1, x2, n2))
    return x1, n1, x2, n2, np.where(both, n1 + n2, 1.0)


def cmh_p_value(x: Counted, n: Counted, x_ref: Counted, n_ref: Counted) -> Floats:
    """Two-sided p-value of equal rates within every stratum (last axis).

    Cochran (1954), Mantel & Haenszel (1959), without continuity correction:
    (Σ x - E)²/Σ V, V the hypergeometric variance. nan where no stratum can tell.

    >>> round(float(cmh_p_value([20, 10], [50, 40], [30, 14], [50, 40])), 5)
    0.03128
    """
    from scipy.special import erfc

    x1, n1, x2, n2, total = _strata(x, n, x_ref, n_ref)
    hits = x1 + x2
    excess = (x1 - n1 * hits / total).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = n1 * n2 * hits * (total - hits) / (total**2 * np.maximum(total - 1, 1e-300))
        spread = np.where(total > 1, each, 0.0).sum(axis=-1)
        chi = np.where(spread > 0, excess**2 / spread, np.nan)
        return np.asarray(erfc(np.sqrt(chi / 2)))[()]


def common_ratio(
    x: Counted, n: Counted, x_ref: Counted, n_ref: Counted, level: float = 0.95
) -> tuple[Floats, Floats, Floats]:
    """Mantel-Haenszel ratio of rates common to the strata (last axis): (ratio, low, high).

    Σ(x·n_ref/N)/Σ(x_ref·n/N), limits on the log scale with the variance of Greenland & Robins
    (Biometrics 41, 1985, 55-68). The limits are (0, inf) where one sum is 0, nan
    where both are.

    >>> [round(float(v), 4) for v in common_ratio([20, 10], [50, 40], [30, 14], [50, 40])]
    [0.6818, 0.4787, 0.9712]
    """
    x1, n1, x2, n2, total = _strata(x, n, x_ref, n_ref)
    z = critical(level)
    top, bottom = (x1 * n2 / total).sum(axis=-1), (x2 * n1 / total).sum(axis=-1)
    part = ((n1 * n2 * (x1 + x2) - x1 * x2 * total) / total**2).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(bottom > 0, top / bottom, np.nan)
        half = z * np.sqrt(np.maximum(part, 0.0) / (top * bottom))
        known = (top > 0) & (bottom > 0)
        none = (top == 0) & (bottom == 0)
        low = np.where(known, ratio * np.exp(-half), np.where(none, np.nan, 0.0))
        high = np.where(known, ratio * np.exp(half), np.where(none, np.nan, np.inf))
    return ratio[()], low[()], high[()]


def common_difference(
    x: Counted, n: Counted, x_ref: Counted, n_ref: Counted, level: float = 0.95
) -> tuple[Floats, Floats, Floats]:
    """Mantel-Haenszel difference of rates common to the strata: (difference, low, high).

    Weights n·n_ref/N; Sato's variance (Biometrics 45, 1989, 1323-1324), right for few large and
    for many small strata. nan where no stratum holds both groups.

    >>> [round(float(v), 4) for v in common_difference([20, 10], [50, 40], [30, 14], [50, 40])]
    [-0.1556, -0.2947, -0.0164]
    """
    x1, n1, x2, n2, total = _strata(x, n, x_ref, n_ref)
    z = critical(level)
    weight = (n1 * n2 / total).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = ((x1 * n2 - x2 * n1) / total).sum(axis=-1) / weight
        p = (n1**2 * x2 - n2**2 * x1 + n1 * n2 * (n2 - n1) / 2) / total**2
        q = (x1 * (n2 - x2) + x2 * (n1 - x1)) / (2 * total)
        spread = (gap * p.sum(axis=-1) + q.sum(axis=-1)) / weight**2
        half = z * np.sqrt(np.maximum(spread, 0.0))
    return gap[()], np.maximum(gap - half, -1.0)[()], np.minimum(gap + half, 1.0)[()]


def conditional_demographic_disparity(
    approved: Counted,
    denied: Counted,
    approved_others: Counted,
    denied_others: Counted,
    level: float = 0.95,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Conditional demographic disparity of a group over strata (last axis).

    Returns (value, low, high, rows used).

    In each stratum: the group's share of the denied less its share of the approved; averaged over
    strata by their rows (Wachter, Mittelstadt & Russell, West Virginia Law Review 123, 2021).
    0 is parity, positive is to the group's harm. Limits by MOVER over Wilson limits of the
    shares. A stratum with nobody denied, or nobody approved, has no disparity and is left out:
    the rows used are returned, so that they can be shown beside all rows. nan where none is left.

    >>> found = conditional_demographic_disparity([20, 10], [30, 30], [30, 14], [20, 26])
    >>> [round(float(v), 4) for v in found]
    [0.164, 0.0138, 0.2995, 180.0]
    """
    a, d, a2, d2 = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in
          (approved, denied, approved_others, denied_others))
    )  # fmt: skip
    z = critical(level)
    yes, no = a + a2, d + d2
    used = (yes > 0) & (no > 0)
    rows = np.where(used, yes + no, 0.0)
    total = rows.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = rows / total[..., None]

    def limits(part: Floats, whole: Floats) -> list[Floats]:
        whole = np.where(used, whole, 1.0)
        part = np.where(used, part, 0.0)
        return [part / whole, *wilson(part, whole, z)]

    terms = [np.stack((one, two)) for one, two in zip(limits(d, no), limits(a, yes), strict=True)]
    signs = np.stack((share, -share))
    # coefficients differ by stratum: fold them in, turning the limits of negative terms round
    value, low, high = (signs * t for t in terms)
    low, high = np.minimum(low, high), np.maximum(low, high)

    def flat(array: Floats) -> Floats:
        moved = np.moveaxis(array, -1, 0)
        return moved.reshape((-1, *array.shape[1:-1]))

    lower, upper = mover_sum(flat(value), flat(low), flat(high))
    return value.sum(axis=(0, -1))[()], lower, upper, total[()]
