"""Area under the ROC curve by DeLong's variance, and the Kolmogorov-Smirnov distance.

DeLong, DeLong & Clarke-Pearson (Biometrics 44, 1988, 837-845): the AUC is a mean of placements,
and so has the variance of two independent means. Both are read from distributions (counts of
good and bad by value), so a billion rows cost as much as their bins.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from audit.inference.checks import Floats, critical
from audit.inference.mover import interval_p_value, mover_difference
from audit.tally.distribution import Distribution

__all__ = [
    "FEW",
    "Area",
    "area",
    "area_influence",
    "auc_difference_interval",
    "auc_interval",
    "kolmogorov_smirnov",
    "paired_auc_test",
    "unjudged",
]

FEW = 20
"""Fewest rows of either outcome for which an AUC is judged."""


class Area(NamedTuple):
    """An AUC and what its interval needs."""

    value: float
    """P(good scores above bad) + half of ties; nan where a class is empty."""
    variance: float
    """DeLong's."""
    good: float
    """Rows with a favourable outcome (effective rows, where weighted)."""
    bad: float
    """Rows with an unfavourable outcome."""


def area(distribution: Distribution) -> Area:
    """AUC of one group's scores for telling favourable from unfavourable outcomes.

    Ties count half (midranks). A risk is read downwards. With weights the two classes' rows are
    taken as (Σw)²/Σw², shared out by their weight.

    >>> d = Distribution(attribute=("sex",), group=("f",), column="score", higher_is_better=True,
    ...     values=np.array([1.0, 2.0, 3.0]), counts=np.array([[1., 3, 0], [1, 1, 0], [3, 1, 0]]),
    ...     rows=10, total=10.0, sum=20.0, sum_squares=48.0, weight_squared=10.0, missing=0,
    ...     exact=True)
    >>> round(area(d).value, 4), round(area(d).variance, 4)
    (0.74, 0.0272)
    """
    good, bad = distribution.counts[:, 0], distribution.counts[:, 1]
    if not distribution.higher_is_better:
        good, bad = good[::-1], bad[::-1]
    design = distribution.weight_squared / distribution.total if distribution.total > 0 else 1.0
    return _area(good, bad, design)


def _area(good: Floats, bad: Floats, design: float = 1.0) -> Area:
    """From counts by ascending score; `design` is Σw²/Σw, 1 without weights."""
    m, k = float(good.sum()), float(bad.sum())
    if m <= 0 or k <= 0:
        return Area(float("nan"), float("nan"), m / design, k / design)
    below, above = _placements(good, bad)
    value = float(good @ below) / m
    rows, others = m / design, k / design
    spread = float(good @ (below - value) ** 2) / m * rows / max(rows - 1, 1e-9)
    spread_bad = float(bad @ (above - value) ** 2) / k * others / max(others - 1, 1e-9)
    return Area(value, spread / rows + spread_bad / others, rows, others)


def _placements(good: Floats, bad: Floats) -> tuple[Floats, Floats]:
    """By ascending value: the share of bad that a good one beats, of good that beat a bad one."""
    below = (np.cumsum(bad) - bad / 2) / bad.sum()
    above = 1 - (np.cumsum(good) - good / 2) / good.sum()
    return below, above


def area_influence(
    score: npt.ArrayLike, good: npt.ArrayLike, bad: npt.ArrayLike
) -> tuple[float, Floats]:
    """An AUC, and what one more such row adds to it, by row.

    `good` and `bad` are what rows with a favourable and an unfavourable outcome weigh, 0 for all
    others; shape (rows,). A good row's placement (the share of bad ones below it, ties half) less
    the AUC, over the weight of all good rows; and likewise for bad ones. Sums of squares are
    DeLong's variance, but for n in place of n - 1. nan and zeros where a class is empty.

    >>> value, influence = area_influence([1, 2, 3, 4], [0, 1, 0, 1], [1, 0, 1, 0])
    >>> value, influence.tolist()
    (0.75, [0.125, -0.125, -0.125, 0.125])
    """
    values = np.asarray(score, dtype=np.float64)
    w_good, w_bad = np.asarray(good, dtype=np.float64), np.asarray(bad, dtype=np.float64)
    m, k = float(w_good.sum()), float(w_bad.sum())
    if m <= 0 or k <= 0:
        return float("nan"), np.zeros(len(values))
    distinct, place = np.unique(values, return_inverse=True)
    sums = [np.bincount(place, w, len(distinct)).astype(np.float64) for w in (w_good, w_bad)]
    below, above = (side[place] for side in _placements(*sums))
    value = float(w_good @ below) / m
    return value, w_good * (below - value) / m + w_bad * (above - value) / k


def unjudged(found: Area) -> str | None:
    """Why an AUC gets no interval, or None where it gets one.

    >>> unjudged(Area(0.7, 0.01, 12.0, 300.0))
    'fewer than 20 rows with a favourable outcome'
    """
    if np.isnan(found.value):
        which = "favourable" if found.good <= 0 else "unfavourable"
        return f"no rows with {'an' if which[0] == 'u' else 'a'} {which} outcome"
    if found.good < FEW:
        return f"fewer than {FEW} rows with a favourable outcome"
    if found.bad < FEW:
        return f"fewer than {FEW} rows with an unfavourable outcome"
    if found.value in (0.0, 1.0) or found.variance <= 0:
        return "scores separate the outcomes completely; its variance is not estimable"
    return None


def auc_interval(found: Area, level: float = 0.95) -> tuple[float, float]:
    """DeLong's limits on the logit scale, so they stay within (0, 1); nan where unjudged.

    >>> low, high = auc_interval(Area(0.74, 0.0009, 200.0, 100.0))
    >>> round(low, 4), round(high, 4)
    (0.6771, 0.7944)
    """
    z = float(critical(level))
    if unjudged(found) is not None:
        return float("nan"), float("nan")
    odds = np.log(found.value / (1 - found.value))
    half = z * np.sqrt(found.variance) / (found.value * (1 - found.value))
    return float(1 / (1 + np.exp(half - odds))), float(1 / (1 + np.exp(-half - odds)))


def auc_difference_interval(
    found: Area, reference: Area, level: float = 0.95
) -> tuple[float, float, float]:
    """MOVER limits of the gap between two groups' AUCs, and the p-value that agrees with them.

    Returns (low, high, p); nan where either is unjudged.

    >>> women, men = Area(0.74, 9e-4, 200.0, 100.0), Area(0.8, 4e-4, 400.0, 90.0)
    >>> low, high, p = auc_difference_interval(women, men)
    >>> round(low, 4), round(high, 4), round(p, 4)
    (-0.1327, 0.0088, 0.0872)
    """
    low, high = mover_difference(
        found.value,
        *auc_interval(found, level),
        reference.value,
        *auc_interval(reference, level),
    )
    p = interval_p_value(found.value - reference.value, low, high, 0.0, level)
    return float(low), float(high), float(p)


def paired_auc_test(
    outcome: npt.ArrayLike, score: npt.ArrayLike, other: npt.ArrayLike, level: float = 0.95
) -> tuple[float, float, float, float]:
    """DeLong's test of two scores on the same people: (difference, low, high, p).

    `outcome` is 1 where favourable, else 0; both scores read upwards; shape (rows,). The
    difference is AUC(score) - AUC(other). nan where a class has fewer than 2 rows.

    >>> y = [0, 0, 0, 0, 1, 1, 1, 1]
    >>> d, low, high, p = paired_auc_test(y, [1, 2, 3, 5, 4, 6, 7, 8], [2, 4, 5, 7, 1, 3, 6, 8])
    >>> round(d, 4), round(p, 4)
    (0.4375, 0.0269)
    """
    from scipy.special import ndtr

    y = np.asarray(outcome, dtype=bool)
    z = float(critical(level))
    if min(y.sum(), (~y).sum()) < 2:
        return (float("nan"),) * 4
    (value, own), (less, rest) = (area_influence(s, y, ~y) for s in (score, other))
    gap, moved = value - less, own - rest
    sides = (moved[y], moved[~y])
    error = float(np.sqrt(sum(float(d @ d) * d.size / (d.size - 1) for d in sides)))
    p = 1.0 if gap == 0 else float(2 * ndtr(-abs(gap) / error)) if error > 0 else 0.0
    return gap, gap - z * error, gap + z * error, p


def kolmogorov_smirnov(counts: npt.ArrayLike) -> Floats:
    """KS = the largest distance between the score distributions of good and bad.

    `counts` has shape (..., values, 2 or more): good and bad by ascending value. nan where
    either is empty. Usable as the statistic of a cell bootstrap.

    >>> float(kolmogorov_smirnov([[1, 3], [1, 1], [3, 1]]))
    0.4
    """
    array = np.asarray(counts, dtype=np.float64)[..., :2]
    totals = array.sum(axis=-2, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        curves = np.cumsum(array, axis=-2) / totals
    return np.asarray(np.abs(curves[..., 0] - curves[..., 1]).max(axis=-1))[()]
