"""Contrasts: signs, edges, strata, and the laws that tie them together."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import COMPLETE, PARTIAL

from audit.metrics import CATALOGUE
from audit.metrics.contrasts import compare, compare_scores, ratio, worst, worst_ratio

cells = st.lists(st.integers(0, 20), min_size=18, max_size=18).map(
    lambda c: np.array(c).reshape(2, 3, 3)
)
RATES = [m.key for m in CATALOGUE.values() if m.contrast is None and "score" not in m.needs]


@given(cells)
def test_swapping_flips_and_inverts(table: np.ndarray) -> None:
    """Group and reference exchanged: a difference changes sign, a ratio is inverted."""
    for metric in CATALOGUE.values():
        if "score" in metric.needs or metric.contrast not in ("difference", "ratio"):
            continue
        one, other = (
            float(compare(metric, table[0], table[1])),
            float(compare(metric, table[1], table[0])),
        )
        if metric.contrast == "difference":
            assert one == -other or (math.isnan(one) and math.isnan(other))
        elif not math.isnan(one) and not math.isnan(other):
            assert one * other == pytest.approx(1.0, rel=1e-12)


@given(cells)
def test_worst_gap_is_at_least_every_pairwise_gap(table: np.ndarray) -> None:
    """max − min is the largest pairwise difference, min / max the smallest ratio."""
    for stem, gap, over in (
        ("demographic_parity", "statistical_parity_difference", "disparate_impact_ratio"),
        ("equal_opportunity", "true_positive_rate_difference", "true_positive_rate_ratio"),
    ):
        largest = CATALOGUE[f"{stem}_difference"]
        found = float(worst(largest, [r.value(table) for r in largest.rates]))
        pair = float(compare(CATALOGUE[gap], table[0], table[1]))
        assert found == abs(pair) or math.isnan(pair)
        smallest = CATALOGUE[f"{stem}_ratio"]
        found = float(worst(smallest, [r.value(table) for r in smallest.rates]))
        pair = float(compare(CATALOGUE[over], table[0], table[1]))
        if not math.isnan(pair) and not math.isnan(found) and pair > 0:
            assert found == pytest.approx(min(pair, 1 / pair), rel=1e-12)


@given(cells)
def test_complements(table: np.ndarray) -> None:
    """TPR + FNR, TNR + FPR, PPV + FDR, NPV + FOR, accuracy + error, approvals + denials are 1."""
    for one, other in (
        ("true_positive_rate", "false_negative_rate"),
        ("true_negative_rate", "false_positive_rate"),
        ("precision", "false_discovery_rate"),
        ("negative_predictive_value", "false_omission_rate"),
        ("accuracy", "error_rate"),
        ("selection_rate", "denial_rate"),
        ("base_rate", "unfavorable_outcome_rate"),
    ):
        a = CATALOGUE[one].rates[0].value(table)
        b = CATALOGUE[other].rates[0].value(table)
        np.testing.assert_allclose(a + b, np.where(np.isnan(a), np.nan, 1.0), rtol=1e-12)


@given(cells)
def test_group_rates_weighted_by_their_denominators_make_the_overall_rate(
    table: np.ndarray,
) -> None:
    """A share of everyone is the mean of the groups' shares, weighted by the wholes."""
    from audit.metrics.metric import Counts

    for key in RATES:
        rate = CATALOGUE[key].rates[0]
        if rate.form != "share":
            continue
        share = rate.shares[0](Counts(table))
        overall = rate.value(table.sum(axis=0))
        if share.whole.sum() > 0:
            mean = np.nansum(rate.value(table) * share.whole) / share.whole.sum()
            assert float(overall) == pytest.approx(mean, rel=1e-12, abs=1e-15)


def test_ratio_edges() -> None:
    """0 over something is 0; anything over 0 is undefined, never infinite."""
    assert ratio([0.0, 0.5, 0.0], [0.5, 0.0, 0.0])[0] == 0.0
    assert np.isnan(ratio([0.0, 0.5, 0.0], [0.5, 0.0, 0.0])[1:]).all()
    assert np.isnan(worst_ratio([0.0, 0.0]))
    assert np.isnan(worst_ratio([0.5]))


def test_a_stratum_of_one_decision_says_nothing() -> None:
    """Conditional disparity is taken over strata where some were approved and some denied."""
    all_approved = np.zeros((2, 3, 3), dtype=int)
    all_approved[:, 0, 0] = [30, 10]
    metric = CATALOGUE["conditional_demographic_disparity"]
    alone = np.stack([COMPLETE])
    both = np.stack([COMPLETE, all_approved])
    one = float(compare(metric, alone[:, 1], alone.sum(axis=1)))
    two = float(compare(metric, both[:, 1], both.sum(axis=1)))
    assert one == two == pytest.approx(23 / 40 - 13 / 40)
    nothing = np.stack([all_approved])
    assert math.isnan(float(compare(metric, nothing[:, 1], nothing.sum(axis=1))))


def test_simpson_is_seen() -> None:
    """Equal rates inside each stratum and unequal ones overall: the conditional gap is 0."""
    strata = np.zeros((2, 2, 3, 3), dtype=int)
    strata[0, 0, 0, 2], strata[0, 0, 1, 2] = 80, 20
    strata[0, 1, 0, 2], strata[0, 1, 1, 2] = 8, 2
    strata[1, 0, 0, 2], strata[1, 0, 1, 2] = 2, 8
    strata[1, 1, 0, 2], strata[1, 1, 1, 2] = 20, 80
    whole = strata.sum(axis=0)
    raw = float(compare(CATALOGUE["statistical_parity_difference"], whole[1], whole[0]))
    assert raw < -0.4
    inside = float(
        compare(
            CATALOGUE["conditional_statistical_parity_difference"],
            strata[:, 1],
            strata.sum(axis=1),
        )
    )
    assert inside == pytest.approx(0.0, abs=1e-15)


def test_divergence_is_undefined_where_a_group_excludes_an_outcome() -> None:
    """smclarify drops such outcomes and so understates; ours has no finite value."""
    table = PARTIAL.copy()
    table[1, :, 1] = 0
    assert math.isnan(float(compare(CATALOGUE["base_rate_kl_divergence"], table[1], table[0])))
    js = float(compare(CATALOGUE["base_rate_js_divergence"], table[1], table[0]))
    assert 0 < js < math.log(2)


def test_a_rate_of_decisions_is_no_contrast_of_scores() -> None:
    """Asked for the wrong kind, it says so."""
    from metric_cases import distribution

    d = distribution([0.1, 0.9], [0, 1])
    with pytest.raises(TypeError, match="not a contrast of two score distributions"):
        compare_scores(CATALOGUE["disparate_impact_ratio"], d, d)
