"""Rates and score measures against scikit-learn, scipy, statsmodels, numpy, and by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from metric_cases import distribution

from audit.metrics import scores
from audit.metrics.catalogue import CATALOGUE
from audit.metrics.contrasts import (
    compare,
    compare_scores,
    over_groups,
    over_score_groups,
)
from audit.metrics.metric import Counts

A = np.array([[6.0, 2, 0], [1, 3, 0], [0, 0, 0]])  # 8 approved of 12, 7 good
B = np.array([[3.0, 1, 0], [5, 7, 0], [0, 0, 0]])  # 4 approved of 16, 8 good
NOTHING = np.zeros((3, 3))


def contrast(key: str, group: np.ndarray, reference: np.ndarray) -> float:
    return float(compare(CATALOGUE[key], group, reference))


def test_correlation_and_kappa_are_scikit_learns() -> None:
    """Of decision and outcome, row by row; nan without rows or where only chance is left."""
    from sklearn.metrics import cohen_kappa_score, matthews_corrcoef

    counts = [(6, 2, 1, 3), (3, 1, 5, 7), (1, 4, 4, 1), (9, 0, 2, 5)]
    for good, wrong, missed, refused in counts:
        outcome = [1] * good + [0] * wrong + [1] * missed + [0] * refused
        approved = [1] * (good + wrong) + [0] * (missed + refused)
        cells = np.array([[good, wrong, 3], [missed, refused, 4], [5, 6, 7]])
        found = CATALOGUE["matthews_correlation"].rates[0].value(cells)
        assert float(found) == pytest.approx(matthews_corrcoef(outcome, approved))
        found = CATALOGUE["cohen_kappa"].rates[0].value(cells)
        assert float(found) == pytest.approx(cohen_kappa_score(outcome, approved))
    for key in ("matthews_correlation", "cohen_kappa"):
        for cells in (NOTHING, np.diag([4.0, 0, 0])):
            assert math.isnan(float(CATALOGUE[key].rates[0].value(cells))), key


def test_imbalance_of_labels_by_hand() -> None:
    """7 favourable of 12 known, 2 of them undecided: (7 - 5)/12; unknown ones stay out."""
    cells = np.array([[4.0, 2, 9], [1, 2, 9], [2, 1, 9]])
    found = CATALOGUE["label_imbalance"].rates[0].value(cells)
    assert float(found) == pytest.approx(2 / 12)
    assert math.isnan(float(CATALOGUE["label_imbalance"].rates[0].value(np.diag([0, 0, 4.0]))))


def test_selective_labels_are_where_only_the_approved_have_outcomes() -> None:
    """Some denied, none of them with an outcome, and some approved with one: all three."""
    from audit.metrics.rates import selective_labels

    tables = {
        "selective": ([[1, 0, 0], [0, 0, 1], [0, 0, 0]], True),
        "by the bad": ([[0, 1, 0], [0, 0, 1], [0, 0, 0]], True),
        "nobody denied": ([[1, 0, 0], [0, 0, 0], [0, 0, 0]], False),
        "one denied known": ([[1, 0, 0], [1, 0, 1], [0, 0, 0]], False),
        "one denied bad": ([[1, 0, 0], [0, 1, 1], [0, 0, 0]], False),
        "no outcome at all": ([[0, 0, 1], [0, 0, 1], [0, 0, 0]], False),
    }
    for name, (cells, wanted) in tables.items():
        assert bool(selective_labels(Counts(np.array(cells)))) is wanted, name


@pytest.mark.parametrize("seed", range(4))
def test_recalibration_is_statsmodels_logit(seed: int) -> None:
    """Intercept and slope of the outcome on the logit of the probability, weights as counts."""
    import statsmodels.api as sm

    rng = np.random.default_rng(seed)
    p = np.round(rng.uniform(0.05, 0.95, 80), 2)
    y = (rng.random(80) < p**1.5).astype(int)
    x = np.log(p / (1 - p))
    wanted = sm.Logit(y, sm.add_constant(x)).fit(disp=0, tol=1e-13).params
    d = distribution(p, y)
    assert scores.calibration_intercept(d) == pytest.approx(wanted[0], rel=1e-6)
    assert scores.calibration_slope(d) == pytest.approx(wanted[1], rel=1e-6)
    risk = distribution(1 - p, y, higher_is_better=False)
    assert scores.calibration_slope(risk) == pytest.approx(wanted[1], rel=1e-6)
    unknown = distribution([*p, 0.0, 1.0], [*y, 9, 9])  # a certain score without outcome is no harm
    assert scores.calibration_slope(unknown) == pytest.approx(wanted[1], rel=1e-6)


def test_recalibration_needs_both_outcomes_two_scores_and_no_certainty() -> None:
    """Else the regression has no finite line; replicates have none either."""
    fine = distribution([0.2, 0.3, 0.7, 0.8], [0, 1, 0, 1])
    assert not math.isnan(scores.calibration_slope(fine))
    for d in (
        distribution([0.2, 0.3, 0.7, 0.8], [1, 1, 1, 1]),
        distribution([0.2, 0.3, 0.7, 0.8], [0, 0, 0, 0]),
        distribution([0.0, 0.3, 0.7, 0.8], [0, 1, 0, 1]),
        distribution([0.2, 0.3, 0.7, 1.0], [0, 1, 0, 1]),
        distribution([0.4, 0.4], [0, 1]),
        replace(fine, counts=np.stack([fine.counts, fine.counts])),
    ):
        assert math.isnan(scores.calibration_slope(d))
        assert math.isnan(scores.calibration_intercept(d))


def test_variance_of_weights_and_of_bins() -> None:
    """n - 1 without weights; with them Σw - Σw²/Σw (reliability weights); bins by their sums."""
    x, w = np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0])
    mean = (x @ w) / 6
    wanted = (w @ (x - mean) ** 2) / (6 - 14 / 6)
    d = distribution(x, [1, 0, 1], w)
    assert scores.score_variance(d) == pytest.approx(wanted)
    assert scores.score_standard_deviation(d) == pytest.approx(math.sqrt(wanted))
    binned = replace(d, exact=False, values=x + 0.3)  # of bins the middles are not the values
    assert scores.score_variance(binned) == pytest.approx(wanted)
    many = replace(d, counts=np.stack([d.counts, d.counts]))
    assert scores.score_variance(many) == pytest.approx([wanted, wanted])
    assert scores.score_variance(distribution([1, 1, 3], [1, 1, 1])) == pytest.approx(4 / 3)
    assert math.isnan(scores.score_variance(distribution([2], [1])))
    assert scores.score_variance(distribution([2, 2], [1, 0])) == 0.0
    assert scores.score_variance(replace(distribution([2, 2], [1, 0]), exact=False)) == 0.0


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.75, 0.9])
def test_quantiles_are_numpys_averaged_inverse(share: float) -> None:
    """Hyndman & Fan's second definition, ties and all; whole weights repeat rows."""
    from audit.metrics.quantiles import quantile

    rng = np.random.default_rng(3)
    for size in (1, 2, 4, 7, 10, 20, 33):
        x = rng.integers(0, 9, size).astype(float)
        d = distribution(x, np.ones(size))
        wanted = np.quantile(x, share, method="averaged_inverted_cdf")
        assert float(quantile(d, share)) == pytest.approx(wanted)
        times = rng.integers(1, 5, size)
        wanted = np.quantile(np.repeat(x, times), share, method="averaged_inverted_cdf")
        assert float(quantile(distribution(x, np.ones(size), times), share)) == pytest.approx(
            wanted
        )
        many = replace(d, counts=np.stack([d.counts, d.counts * 2, d.counts * 0]))
        found = quantile(many, share)
        assert found[:2] == pytest.approx([float(quantile(d, share))] * 2)
        assert np.isnan(found[2])


def test_quantiles_of_bins_are_linear_inside_the_bin() -> None:
    """2, 4 and 2 rows in [0, 10), [10, 30), [30, 40]: the median is half of the middle bin."""
    from audit.metrics.quantiles import quantile

    d = distribution([5.0, 20.0, 35.0], [1, 1, 1], [2, 4, 2])
    d = replace(d, exact=False, edges=(0.0, 10.0, 30.0, 40.0))
    wanted = {0.125: 5.0, 0.25: 10.0, 0.375: 15.0, 0.5: 20.0, 0.75: 30.0, 0.875: 35.0, 1.0: 40.0}
    for share, value in wanted.items():
        assert float(quantile(d, share)) == pytest.approx(value)
    many = replace(d, counts=np.stack([d.counts, d.counts[[1, 0, 2]], d.counts * 0]))
    found = quantile(many, 0.125)
    assert found[:2] == pytest.approx([5.0, 2.5])
    assert np.isnan(found[2])
    assert quantile(many, 0.625)[:2] == pytest.approx([25.0, 10 + 20 / 2])
    empty = replace(d, values=np.empty(0), counts=np.empty((2, 0, 3)))
    assert np.isnan(quantile(empty, 0.5)).tolist() == [True, True]
    nothing = replace(d, values=np.empty(0), counts=np.empty((0, 3)), total=0.0)
    assert math.isnan(quantile(nothing, 0.5))


@pytest.mark.parametrize("seed", range(3))
def test_distances_of_scores_are_scipys(seed: int) -> None:
    """Kolmogorov-Smirnov and Wasserstein, with weights, whatever the outcome, from both sides."""
    from scipy.stats import ks_2samp, wasserstein_distance

    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 12, 30) / 4, rng.integers(2, 15, 20) / 4
    v, w = rng.integers(1, 5, 30), rng.integers(1, 5, 20)
    one, other = distribution(x, x * 0 + 1, v), distribution(y, y * 0 + 9, w)
    far = wasserstein_distance(x, y, v, w)
    gap = ks_2samp(np.repeat(x, v), np.repeat(y, w), method="asymp").statistic
    for a, b in ((one, other), (other, one)):
        assert compare_scores(CATALOGUE["score_wasserstein_distance"], a, b) == pytest.approx(far)
        assert compare_scores(CATALOGUE["score_ks_distance"], a, b) == pytest.approx(gap)
    nobody = replace(one, counts=one.counts * 0)
    for key in ("score_wasserstein_distance", "score_ks_distance"):
        assert math.isnan(compare_scores(CATALOGUE[key], one, nobody))
        assert math.isnan(compare_scores(CATALOGUE[key], nobody, one))


def test_generalized_rates_by_hand() -> None:
    """Mean probabilities of the good (.9, .5) and the bad (.4); of a risk one minus it."""
    one = distribution([0.9, 0.5, 0.4], [1, 1, 0])
    other = distribution([0.8, 0.6, 0.1], [1, 0, 0])
    risk = distribution([0.1, 0.5, 0.6], [1, 1, 0], higher_is_better=False)
    for d in (one, risk):
        for key, value in (
            ("generalized_true_positive_rate", 0.7),
            ("generalized_false_negative_rate", 0.3),
            ("generalized_false_positive_rate", 0.4),
            ("generalized_true_negative_rate", 0.6),
            ("mean_absolute_error", (0.1 + 0.5 + 0.4) / 3),
        ):
            of_scores = CATALOGUE[key].rates[0].of_scores
            assert of_scores is not None
            assert of_scores(d) == pytest.approx(value), key
    gap = CATALOGUE["generalized_equalized_odds_difference"]
    assert over_score_groups(gap, [one, other]) == pytest.approx(max(0.8 - 0.7, 0.4 - 0.35))
    assert over_score_groups(gap, [other, one]) == pytest.approx(0.1)
    assert math.isnan(over_score_groups(gap, [one]))
    assert math.isnan(over_score_groups(gap, [one, distribution([0.5], [1])]))
    assert over_score_groups(CATALOGUE["auc_group_min"], [one, other]) == 1.0
    for key in ("auc_group_min", "brier_group_max"):
        assert math.isnan(over_score_groups(CATALOGUE[key], []))
        assert math.isnan(over_score_groups(CATALOGUE[key], [one, distribution([5.0], [1])]))


def test_values_that_nobody_has_are_in_no_bin() -> None:
    """Bins of the calibration error outside [0, 1] are passed over where they hold no row."""
    d = distribution([0.2, 0.8], [0, 1])
    values = np.array([-7.0, 0.2, 0.8, 7.0])
    wide = replace(d, values=values, counts=np.vstack([np.zeros(3), d.counts, np.zeros(3)]))
    assert scores.expected_calibration_error(wide) == scores.expected_calibration_error(d)
    many = replace(wide, counts=np.stack([wide.counts, wide.counts * 2]))
    found = scores.expected_calibration_error(many)
    assert found == pytest.approx([float(scores.expected_calibration_error(d))] * 2)


def test_soft_rates_keep_leading_axes() -> None:
    """Counts of shape (replicates, values, 3) give one value a replicate."""
    d = distribution([0.1, 0.4, 0.4, 0.8, 0.9], [0, 0, 1, 1, 1])
    turned = replace(d, counts=d.counts[:, [1, 0, 2]])
    many = replace(d, counts=np.stack([d.counts, d.counts * 2, turned.counts]))
    for key in ("brier_skill_score", "mean_absolute_error", "generalized_true_positive_rate",
                "generalized_false_positive_rate"):  # fmt: skip
        of_scores = CATALOGUE[key].rates[0].of_scores
        assert of_scores is not None
        one, other = float(of_scores(d)), float(of_scores(turned))
        assert one != other
        assert of_scores(many) == pytest.approx([one, one, other]), key


def test_brier_skill_is_the_coefficient_of_determination() -> None:
    """scikit-learn's r2_score of probabilities and outcomes."""
    from sklearn.metrics import r2_score

    p, y = [0.9, 0.5, 0.4, 0.3], [1, 1, 0, 0]
    of_scores = CATALOGUE["brier_skill_score"].rates[0].of_scores
    assert of_scores is not None
    assert of_scores(distribution(p, y)) == pytest.approx(r2_score(y, p))
    assert math.isnan(of_scores(distribution(p, [1] * 4)))


def test_the_smallest_rate_passes_over_groups_without_rows() -> None:
    """A group with rows but no value hides which is worst; leading axes stay."""
    cells = np.stack([A, B, NOTHING])
    for key, wanted in (("selection_rate_group_min", 4 / 16), ("selection_rate_group_max", 8 / 12)):
        assert float(over_groups(CATALOGUE[key], cells)) == pytest.approx(wanted)
        found = over_groups(CATALOGUE[key], np.stack([cells, cells[::-1], cells * 0]))
        assert found[:2] == pytest.approx([wanted, wanted])
        assert np.isnan(found[2])
        undecided = np.stack([A, np.diag([0.0, 0, 5])])
        assert math.isnan(float(over_groups(CATALOGUE[key], undecided)))
