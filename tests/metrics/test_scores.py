"""Score measures: sklearn's and scipy's numbers, weights, ties, direction, and nan for nothing."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_cases import distribution, quiet

from audit.metrics import scores
from audit.metrics.contrasts import standardized_mean_difference

samples = st.lists(
    st.tuples(st.integers(1, 19), st.integers(0, 1), st.integers(1, 5)), min_size=4, max_size=40
).filter(lambda s: 0 < sum(y for _, y, _ in s) < len(s))


def columns(sample: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, y, w = (np.array(c, dtype=float) for c in zip(*sample, strict=True))
    return x / 20, y, w


@settings(max_examples=60, deadline=None)
@given(samples)
def test_same_numbers_as_sklearn_with_ties_and_weights(sample: list[tuple[int, int, int]]) -> None:
    """AUC, Brier and log loss equal scikit-learn's, weighted, ties and all."""
    x, y, w = columns(sample)
    d = distribution(x, y, w)
    assert scores.auc(d) == pytest.approx(sklearn.metrics.roc_auc_score(y, x, sample_weight=w))
    assert scores.brier(d) == pytest.approx(
        sklearn.metrics.brier_score_loss(y, x, sample_weight=w), abs=1e-12
    )
    assert scores.log_loss(d) == pytest.approx(sklearn.metrics.log_loss(y, x, sample_weight=w))


@settings(max_examples=60, deadline=None)
@given(samples)
def test_same_numbers_as_scipy(sample: list[tuple[int, int, int]]) -> None:
    """KS is scipy's two-sample statistic; SMD is t·√(1/n + 1/m) of its pooled t-test."""
    x, y, _ = columns(sample)
    d = distribution(x, y)
    wanted = scipy.stats.ks_2samp(x[y == 1], x[y == 0], method="asymp").statistic
    assert scores.ks(d) == pytest.approx(wanted, abs=1e-12)
    a, b = x[y == 1], x[y == 0]
    if len(a) > 1 and len(b) > 1 and np.ptp(a) + np.ptp(b) > 0:
        with quiet():
            t = scipy.stats.ttest_ind(a, b).statistic
        found = standardized_mean_difference(distribution(a, a * 0), distribution(b, b * 0))
        assert found == pytest.approx(t * math.sqrt(1 / len(a) + 1 / len(b)), rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(samples)
def test_a_risk_is_the_score_one_minus_it(sample: list[tuple[int, int, int]]) -> None:
    """Turning the column round leaves every measure of ranking and calibration as it was."""
    x, y, w = columns(sample)
    score, risk = distribution(x, y, w), distribution(1 - x, y, w, higher_is_better=False)
    for measure in (
        scores.auc,
        scores.gini,
        scores.ks,
        scores.brier,
        scores.log_loss,
        scores.calibration_in_the_large,
    ):
        assert measure(risk) == pytest.approx(measure(score), rel=1e-9, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(samples)
def test_calibration_error_by_its_definition(sample: list[tuple[int, int, int]]) -> None:
    """Row by row, ten bins: the mean distance weighted by rows."""
    x, y, _ = columns(sample)
    bins = np.minimum((x * 10).astype(int), 9)
    wanted = sum(
        abs(x[bins == b].mean() - y[bins == b].mean()) * (bins == b).mean() for b in set(bins)
    )
    assert scores.expected_calibration_error(distribution(x, y)) == pytest.approx(wanted, abs=1e-12)


def test_bin_edges_belong_to_the_bin_above() -> None:
    """0.3 and 0.7 stand in [0.3, 0.4) and [0.7, 0.8), 1 in the last."""
    for value in np.arange(10) / 10:
        d = distribution([value, value + 0.05], [1, 0])
        wanted = abs(value + 0.025 - 0.5)
        assert scores.expected_calibration_error(d) == pytest.approx(wanted, abs=1e-12)


def test_leading_axes_are_replicates() -> None:
    """Counts of shape (replicates, values, 3) give one value a replicate."""
    d = distribution([0.1, 0.4, 0.4, 0.8, 0.9], [0, 0, 1, 1, 1])
    many = replace(d, counts=np.stack([d.counts, d.counts * 2, d.counts * 0]))
    for measure in (
        scores.mean_score,
        scores.auc,
        scores.gini,
        scores.ks,
        scores.brier,
        scores.log_loss,
        scores.expected_calibration_error,
        scores.calibration_in_the_large,
    ):
        found = measure(many)
        assert found.shape == (3,)
        assert found[0] == pytest.approx(float(measure(d)))
        assert found[1] == pytest.approx(float(measure(d)))
        assert math.isnan(found[2])


def test_values_outside_0_1_are_no_probabilities() -> None:
    """A credit score of 700 ranks but is not calibrated."""
    d = distribution([500, 600, 700, 800], [0, 1, 0, 1])
    assert scores.auc(d) == 0.75
    for measure in (
        scores.brier,
        scores.log_loss,
        scores.expected_calibration_error,
        scores.calibration_in_the_large,
        scores.calibration_slope,
    ):
        assert math.isnan(measure(d))


def test_an_unused_value_outside_0_1_does_not_matter() -> None:
    """A bin that no row of the group is in says nothing about the group."""
    d = distribution([0.2, 0.8], [0, 1])
    wide = replace(d, values=np.append(d.values, 7.0), counts=np.vstack([d.counts, np.zeros(3)]))
    assert scores.brier(wide) == scores.brier(d)


def test_one_class_has_no_ranking() -> None:
    """AUC and KS of a group in which everyone is good are nan, not 0 (as a gap would be)."""
    d = distribution([0.2, 0.8], [1, 1])
    assert math.isnan(scores.auc(d))
    assert math.isnan(scores.ks(d))


def test_unknown_outcomes_count_in_the_mean_only() -> None:
    """A row without outcome has a score."""
    d = distribution([0.2, 0.4, 0.9], [0, 1, 9])
    assert scores.mean_score(d) == pytest.approx(0.5)
    assert scores.auc(d) == 1.0


def test_a_certain_miss_has_no_log_loss() -> None:
    """Probability 0 for what happened would be infinite: undefined, not infinity."""
    assert math.isnan(scores.log_loss(distribution([0.0, 0.5], [1, 0])))
    assert scores.log_loss(distribution([0.0, 1.0], [0, 1])) == 0.0


def test_variance_survives_a_large_mean() -> None:
    """Σx² − n·mean² would lose every digit at 1e9."""
    x = 1e9 + np.array([0.0, 1.0, 2.0, 3.0])
    found = scores.score_variance(distribution(x, [1, 0, 1, 0]))
    assert found == pytest.approx(np.var(x, ddof=1))


def test_smd_is_scale_free_in_weights() -> None:
    """Scaling all sampling weights changes nothing; equal weights are no weights."""
    x, y = np.array([1.0, 2.0, 4.0, 7.0]), np.array([2.0, 3.0, 3.0, 9.0])
    plain = standardized_mean_difference(distribution(x, x * 0), distribution(y, y * 0))
    scaled = standardized_mean_difference(
        distribution(x, x * 0, [1e6] * 4), distribution(y, y * 0, [1e-6] * 4)
    )
    assert scaled == pytest.approx(plain, rel=1e-12)


def test_smd_needs_two_rows_and_some_spread() -> None:
    """One row has no spread; identical values have none to measure by."""
    one, some = distribution([1.0], [1]), distribution([1.0, 2.0], [1, 1])
    assert math.isnan(standardized_mean_difference(one, some))
    same = distribution([1.0, 1.0], [1, 1])
    assert math.isnan(standardized_mean_difference(same, same))
    # 3 × 0.1 is not 0.3 in floats, and must not pass for spread.
    tenths, fifths = distribution([0.1] * 3, [1] * 3), distribution([0.2] * 3, [1] * 3)
    assert math.isnan(standardized_mean_difference(tenths, fifths))
    binned = replace(tenths, exact=False), replace(fifths, exact=False)
    assert math.isnan(standardized_mean_difference(*binned))


def test_separated_outcomes_have_no_recalibration() -> None:
    """The logistic regression has no finite slope, so there is none."""
    d = distribution([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1])
    assert math.isnan(scores.calibration_slope(d))
    assert math.isnan(scores.calibration_intercept(d))
    assert math.isnan(scores.calibration_slope(distribution([0.5, 0.5], [0, 1])))
