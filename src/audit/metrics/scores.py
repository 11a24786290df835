"""Measures of a score within one group, read from its distribution.

Each takes a `Distribution`; its `counts` may have leading axes (bootstrap replicates), then the
result has them too. Outcomes that are unknown stay out, except in the mean and the spread. A
probability is of the *favourable* outcome: the value itself where higher is better, else one
minus it, and only where every value lies within [0, 1]. Undefined is nan.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.tally.distribution import Distribution

Floats = npt.NDArray[np.float64]

ROUNDING = 1e-13
"""Share of Σx² below which what is left after subtracting n·mean² is rounding, not spread."""
BINS = 10
"""Equal-width bins of the calibration error."""
STEPS = 50
"""Newton steps of the recalibration line before it is called undefined."""


def good_bad(d: Distribution) -> tuple[Floats, Floats]:
    """Counts by value of favourable and of unfavourable outcomes, shape (..., values)."""
    counts = np.asarray(d.counts, dtype=np.float64)
    return counts[..., 0], counts[..., 1]


def divided(part: Any, whole: Any) -> Any:
    """Part over whole; nan where the whole is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)[()]


def probability(d: Distribution) -> Floats | None:
    """P(favourable) by value, or None where the column holds no probabilities."""
    if np.ndim(d.counts) == 2:
        used = d.by_value > 0
    else:
        used = np.asarray(d.counts).reshape(-1, *np.shape(d.counts)[-2:]).sum(axis=(0, 2)) > 0
    values = np.where(used, d.values, 0.0)
    if len(values) == 0 or values.min() < 0 or values.max() > 1:
        return None
    return values if d.higher_is_better else 1 - values


def no_value(d: Distribution) -> Any:
    """Nan, one a replicate."""
    return np.full(np.shape(d.counts)[:-2], np.nan)[()]


def mean_score(d: Distribution) -> Any:
    """Mean of the column, in its own direction and unit, whatever the outcome."""
    if np.ndim(d.counts) == 2:
        return d.sum / d.total if d.total > 0 else math.nan
    weight = np.asarray(d.counts).sum(axis=-1)
    return divided((weight * d.values).sum(axis=-1), weight.sum(axis=-1))


def score_variance(d: Distribution) -> Any:
    """Variance, unbiased: Σw(x − mean)² / (Σw − Σw²/Σw), which is n − 1 without weights."""
    weight = d.by_value if np.ndim(d.counts) == 2 else np.asarray(d.counts).sum(axis=-1)
    total = weight.sum(axis=-1)
    mean = np.asarray(mean_score(d))
    if d.exact or np.ndim(d.counts) > 2:
        # Around the mean, not Σx² − n·mean²: that one loses all digits when the mean is large.
        squares = (weight * (d.values - mean[..., None]) ** 2).sum(axis=-1)
        squares = np.where((weight > 0).sum(axis=-1) > 1, squares, 0.0)
    else:
        squares = d.sum_squares - d.total * mean**2
        squares = np.where(squares > ROUNDING * d.sum_squares, squares, 0.0)
    spare = d.weight_squared / d.total if d.total > 0 else math.nan
    return divided(squares, total - spare)


def score_standard_deviation(d: Distribution) -> Any:
    """Square root of the variance."""
    return np.sqrt(score_variance(d))


def auc(d: Distribution) -> Any:
    """P(a good applicant scores better than a bad one), ties counting one half."""
    good, bad = good_bad(d)
    if not d.higher_is_better:
        good, bad = good[..., ::-1], bad[..., ::-1]
    below = np.cumsum(bad, axis=-1) - bad / 2
    return divided((good * below).sum(axis=-1), good.sum(axis=-1) * bad.sum(axis=-1))


def gini(d: Distribution) -> Any:
    """2·AUC − 1, the accuracy ratio of credit scoring."""
    return 2 * auc(d) - 1


def ks(d: Distribution) -> Any:
    """Largest distance between the score distributions of good and of bad applicants."""
    good, bad = good_bad(d)
    with np.errstate(divide="ignore", invalid="ignore"):
        of_good = np.cumsum(good, axis=-1) / good.sum(axis=-1, keepdims=True)
        of_bad = np.cumsum(bad, axis=-1) / bad.sum(axis=-1, keepdims=True)
    if of_good.shape[-1] == 0:
        return no_value(d)
    return np.abs(of_good - of_bad).max(axis=-1)


def brier(d: Distribution) -> Any:
    """Mean of (probability − outcome)²."""
    p = probability(d)
    if p is None:
        return no_value(d)
    good, bad = good_bad(d)
    squares = good * (1 - p) ** 2 + bad * p**2
    return divided(squares.sum(axis=-1), (good + bad).sum(axis=-1))


def log_loss(d: Distribution) -> Any:
    """Mean of −log(probability given to what happened); inf after a certain miss is undefined."""
    p = probability(d)
    if p is None:
        return no_value(d)
    good, bad = good_bad(d)
    with np.errstate(divide="ignore", invalid="ignore"):
        losses = np.where(good > 0, -good * np.log(p), 0.0) + np.where(
            bad > 0, -bad * np.log1p(-p), 0.0
        )
    total = losses.sum(axis=-1)
    return np.where(np.isfinite(total), divided(total, (good + bad).sum(axis=-1)), np.nan)[()]


def calibration_in_the_large(d: Distribution) -> Any:
    """Mean probability minus the share of favourable outcomes; above 0 is optimistic."""
    p = probability(d)
    if p is None:
        return no_value(d)
    good, bad = good_bad(d)
    return divided(((good + bad) * p - good).sum(axis=-1), (good + bad).sum(axis=-1))


def expected_calibration_error(d: Distribution) -> Any:
    """Σ (rows of bin / rows)·|mean probability − share favourable|, ten equal-width bins.

    Bins are [0, .1), ..., [.9, 1] of the column's own values, so a risk and the score one minus
    it are cut alike.
    """
    p = probability(d)
    if p is None:
        return no_value(d)
    good, bad = good_bad(d)
    bins = np.minimum(np.floor(np.clip(d.values, 0, 1) * BINS), BINS - 1).astype(np.int64)
    gaps = (good + bad) * p - good
    if gaps.ndim == 1:
        sums = np.bincount(bins, weights=gaps, minlength=BINS)
    else:
        sums = gaps @ (bins[:, None] == np.arange(BINS))
    return divided(np.abs(sums).sum(axis=-1), (good + bad).sum(axis=-1))


def _recalibration(d: Distribution) -> tuple[float, float]:
    """Intercept and slope of the logistic regression of the outcome on the logit."""
    p = probability(d)
    good, bad = good_bad(d)
    rows = good + bad
    if p is None or np.ndim(d.counts) != 2 or good.sum() == 0 or bad.sum() == 0:
        return math.nan, math.nan
    keep = rows > 0
    if np.any((p[keep] <= 0) | (p[keep] >= 1)):
        return math.nan, math.nan
    x, y, n = np.log(p[keep] / (1 - p[keep])), good[keep], rows[keep]
    if len(x) < 2:
        return math.nan, math.nan
    line = np.array([0.0, 1.0])
    with np.errstate(all="ignore"):
        for _ in range(STEPS):
            fitted = 1 / (1 + np.exp(-(line[0] + line[1] * x)))
            w = n * fitted * (1 - fitted)
            gradient = np.array([(y - n * fitted).sum(), (x * (y - n * fitted)).sum()])
            a, b, c = w.sum(), (w * x).sum(), (w * x * x).sum()
            determinant = a * c - b * b
            if not determinant > 1e-12 * a * c:
                return math.nan, math.nan
            step = np.array([c, -b, -b, a]).reshape(2, 2) @ gradient / determinant
            line = line + step
            if np.all(np.abs(step) < 1e-12 * (1 + np.abs(line))):
                return float(line[0]), float(line[1])
    return math.nan, math.nan


def calibration_intercept(d: Distribution) -> Any:
    """Intercept of the outcome's logistic regression on the logit; 0 when calibrated."""
    return _recalibration(d)[0]


def calibration_slope(d: Distribution) -> Any:
    """Slope of that regression; below 1 the scores are too extreme."""
    return _recalibration(d)[1]
