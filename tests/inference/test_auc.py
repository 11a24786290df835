"""AUC, KS and standardised differences against values worked outside our code."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audit.inference.auc import (
    Area,
    area,
    auc_difference_interval,
    auc_interval,
    kolmogorov_smirnov,
    paired_auc_test,
    unjudged,
)
from audit.inference.standardized import standardized_difference
from audit.tally.distribution import Distribution


def distribution(score: np.ndarray, good: np.ndarray, **fields: object) -> Distribution:
    values, place = np.unique(score, return_inverse=True)
    counts = np.zeros((values.size, 3))
    np.add.at(counts, (place, np.where(good, 0, 1)), 1.0)
    made = Distribution(
        attribute=("sex",),
        group=("f",),
        column="score",
        higher_is_better=True,
        values=values,
        counts=counts,
        rows=score.size,
        total=float(score.size),
        sum=float(score.sum()),
        sum_squares=float((score**2).sum()),
        weight_squared=float(score.size),
        missing=0,
        exact=True,
    )
    return replace(made, **fields)


def people(n: int, seed: int, step: float = 0.25) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    good = rng.random(n) < 0.7
    return np.round((rng.normal(0, 1, n) + 0.8 * good) / step) * step, good


def delong_by_definition(score: np.ndarray, good: np.ndarray) -> tuple[float, float]:
    wins = np.sign(score[good][:, None] - score[~good][None, :]) / 2 + 0.5
    of_good, of_bad = wins.mean(axis=1), wins.mean(axis=0)
    variance = of_good.var(ddof=1) / of_good.size + of_bad.var(ddof=1) / of_bad.size
    return float(wins.mean()), float(variance)


def test_area_is_scikit_learns_and_its_variance_delongs() -> None:
    """Ties by midrank; the pairwise definition and scikit-learn as oracles."""
    from sklearn.metrics import roc_auc_score

    score, good = people(400, 1)
    found = area(distribution(score, good))
    value, variance = delong_by_definition(score, good)
    assert found.value == pytest.approx(value, abs=1e-12)
    assert found.value == pytest.approx(roc_auc_score(good, score), abs=1e-12)
    assert found.variance == pytest.approx(variance, rel=1e-10)


def test_a_risk_is_read_downwards() -> None:
    """Turning the column round changes nothing."""
    score, good = people(300, 2)
    up, down = (
        area(distribution(score, good)),
        area(distribution(-score, good, higher_is_better=False)),
    )
    assert down == pytest.approx(up)


def test_scaling_weights_changes_nothing() -> None:
    """Weights enter the variance through (Σw)²/Σw² only."""
    score, good = people(300, 3)
    d = distribution(score, good)
    scaled = replace(
        d, counts=7 * d.counts, total=7 * d.total, weight_squared=49 * d.weight_squared
    )
    assert area(scaled) == pytest.approx(area(d))


def test_intervals_stay_inside_and_cover() -> None:
    """Logit limits lie in (0, 1); 95 % limits hold a binormal AUC in about 95 % of samples."""
    from scipy.stats import norm

    truth = norm.cdf(0.8 / np.sqrt(2))
    hits = 0
    for seed in range(300):
        score, good = people(150, seed, step=1e-9)
        low, high = auc_interval(area(distribution(score, good)))
        assert 0 < low < high < 1
        hits += low <= truth <= high
    assert hits / 300 >= 0.95 - 3.5 * 0.0126


def test_the_gap_of_equal_groups_and_its_p_value_agree() -> None:
    """p < .05 exactly where the MOVER interval leaves out 0."""
    for seed in range(60):
        one, other = (area(distribution(*people(120, 2 * seed + i))) for i in (0, 1))
        low, high, p = auc_difference_interval(one, other)
        assert low <= one.value - other.value <= high
        assert (p < 0.05) == (not low <= 0 <= high)


def test_what_is_not_judged_says_why() -> None:
    """Below 20 of either class, at 0 or 1, or with an empty class: a reason and nan."""
    assert unjudged(Area(0.7, 0.01, 19, 300)) == "fewer than 20 rows with a favourable outcome"
    assert unjudged(Area(0.7, 0.01, 300, 19)) == "fewer than 20 rows with an unfavourable outcome"
    assert "completely" in str(unjudged(Area(1.0, 0.0, 300, 200)))
    assert unjudged(Area(0.7, 0.01, 20, 20)) is None
    one = np.ones(30, dtype=bool)
    empty = area(distribution(np.arange(30.0), one))
    assert unjudged(empty) == "no rows with an unfavourable outcome"
    assert np.isnan(auc_interval(empty)).all()
    assert np.isnan(auc_difference_interval(empty, Area(0.7, 0.01, 200, 200))).all()


def test_paired_delong_by_definition() -> None:
    """Two scores on the same people: the covariance is kept."""
    rng = np.random.default_rng(8)
    good = rng.random(250) < 0.6
    one = np.round(rng.normal(size=250) + good, 1)
    two = np.round(0.6 * one + rng.normal(size=250), 1)
    found = paired_auc_test(good, one, two)
    a = np.sign(one[good][:, None] - one[~good][None, :]) / 2
    b = np.sign(two[good][:, None] - two[~good][None, :]) / 2
    d = a - b
    variance = d.mean(1).var(ddof=1) / good.sum() + d.mean(0).var(ddof=1) / (~good).sum()
    half = 1.959963984540054 * np.sqrt(variance)
    assert found[:3] == pytest.approx((d.mean(), d.mean() - half, d.mean() + half), abs=1e-12)
    assert paired_auc_test(good, one, one)[0] == 0
    assert paired_auc_test(good, one, one)[3] == 1
    assert np.isnan(paired_auc_test([1, 1, 1], [1, 2, 3], [3, 2, 1])).all()


def test_ks_is_scipys() -> None:
    """Oracle: scipy's two-sample statistic; nan where a class is empty."""
    from scipy.stats import ks_2samp

    score, good = people(300, 5)
    d = distribution(score, good)
    expected = ks_2samp(score[good], score[~good]).statistic
    assert kolmogorov_smirnov(d.counts) == pytest.approx(expected, abs=1e-12)
    assert np.isnan(kolmogorov_smirnov([[1, 0], [2, 0]]))


def test_smd_by_hand_and_its_p_value_agrees() -> None:
    """Pooled within-group SD, no small-sample correction; p < .05 iff the limits leave out 0."""
    one, two = np.array([1.0, 2, 3, 4, 5]), np.array([2.0, 4, 6, 8])
    pooled = np.sqrt((4 * 2.5 + 3 * 20 / 3) / 7)
    d = (3 - 5) / pooled
    error = np.sqrt(9 / 20 + d * d / 18)
    found = standardized_difference(5, one.sum(), (one**2).sum(), 4, two.sum(), (two**2).sum())
    z = 1.959963984540054
    assert found[:3] == pytest.approx((d, d - z * error, d + z * error))
    assert found[3] > 0.05
    rng = np.random.default_rng(1)
    for shift in np.linspace(0, 0.6, 30):
        a, b = rng.normal(size=80), rng.normal(shift, 1, size=60)
        _, low, high, p = standardized_difference(
            80, a.sum(), (a**2).sum(), 60, b.sum(), (b**2).sum()
        )
        assert (p < 0.05) == (not low <= 0 <= high)


def test_smd_without_spread_is_undefined() -> None:
    """A constant score has no standard deviation to divide by; one row has none either."""
    assert np.isnan(standardized_difference(5, 5 * 0.1, 5 * 0.01, 4, 4 * 0.1, 4 * 0.01)).all()
    assert np.isnan(standardized_difference(1, 2.0, 4.0, 9, 9.0, 30.0)).all()
