"""Inequality of benefits and dependence on the group: decompositions, peers, peers' errors."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import COMPLETE, aif360_metric, quiet, rows

from audit import metrics
from audit.errors import InputError, UndefinedMetricWarning
from audit.metrics import CATALOGUE, inequality
from audit.metrics.contrasts import compare, over_groups
from audit.metrics.metric import Counts

tables = st.lists(st.lists(st.integers(0, 30), min_size=9, max_size=9), min_size=2, max_size=5).map(
    lambda t: np.array(t, dtype=float).reshape(-1, 3, 3)
)


def test_worked_by_hand() -> None:
    """4 rightly decided, 1 wrongly denied, 1 wrongly approved: b = 1·4, 0, 2; mean 1, GE 1/6."""
    t = Counts(np.array([[[2.0, 1, 0], [1, 2, 0], [0, 0, 0]]]))
    assert inequality.generalized_entropy_index(t)[0] == pytest.approx(1 / 6)
    assert inequality.theil_index(t)[0] == pytest.approx(2 * math.log(2) / 6)
    assert inequality.coefficient_of_variation(t)[0] == pytest.approx(math.sqrt(1 / 3))


@given(tables)
def test_between_and_within_make_the_whole(cells: np.ndarray) -> None:
    """Total = between + within, for both indices, over any number of groups."""
    t = Counts(cells)
    whole = Counts(cells.sum(axis=0)[None])
    for alpha in (1.0, 2.0, 3.0):
        with np.errstate(all="ignore"):
            parts = inequality.between(t, alpha) + inequality.within(t, alpha)
            total = inequality.entropy_of_benefits(whole, alpha)[0]
        if not np.isnan(parts):
            assert float(parts) == pytest.approx(float(total), rel=1e-9, abs=1e-12)


@given(tables)
def test_information_is_a_share_and_0_at_parity(cells: np.ndarray) -> None:
    """Between 0 and 1; 0 where all groups have the same table."""
    for key in ("information_independence", "information_separation", "information_sufficiency"):
        value = float(over_groups(CATALOGUE[key], cells))
        assert math.isnan(value) or 0 <= value <= 1
        alike = float(over_groups(CATALOGUE[key], np.stack([cells[0], 3 * cells[0]])))
        assert math.isnan(alike) or alike == pytest.approx(0, abs=1e-9)


@given(tables)
def test_differential_fairness_bounds_every_ratio(cells: np.ndarray) -> None:
    """No approval-rate ratio lies outside [e^−ε, e^ε]."""
    epsilon = float(over_groups(CATALOGUE["differential_fairness"], cells))
    if not math.isnan(epsilon):
        ratio = float(compare(CATALOGUE["disparate_impact_ratio"], cells[1], cells[0]))
        if ratio > 0:
            assert abs(math.log(ratio)) <= epsilon + 1e-12


@given(tables)
def test_smallest_and_largest_are_the_spread(cells: np.ndarray) -> None:
    """group_max − group_min = max − min, as the worst case has it."""
    kept = cells[cells.sum(axis=(1, 2)) > 0]
    if len(kept) < 2:
        return
    for key in ("selection_rate", "true_positive_rate", "accuracy"):
        rate = CATALOGUE[key].rates[0].value(kept)
        low = float(over_groups(CATALOGUE[f"{key}_group_min"], cells))
        high = float(over_groups(CATALOGUE[f"{key}_group_max"], cells))
        assert low == rate.min() or (math.isnan(low) and np.isnan(rate).any())
        assert high == rate.max() or (math.isnan(high) and np.isnan(rate).any())


@pytest.mark.parametrize("concentration", [0.5, 1.0, 4.0])
def test_smoothing_is_aif360s(concentration: float) -> None:
    """With pseudo-rows the function gives AIF360's numbers, of outcomes and of decisions."""
    frame = rows(COMPLETE)
    theirs = aif360_metric(frame)
    edf = theirs.smoothed_empirical_differential_fairness(concentration)
    more = theirs.differential_fairness_bias_amplification(concentration)
    args = {"sensitive_features": frame["group"], "concentration": concentration}
    of_outcomes = metrics.differential_fairness(frame["outcome"], None, **args)
    of_decisions = metrics.differential_fairness(None, frame["decision"], **args)
    assert of_outcomes == pytest.approx(edf, rel=1e-12)
    assert of_decisions - of_outcomes == pytest.approx(more, rel=1e-12)


def test_aif360_mean_log_deviation_is_divided_once_too_often() -> None:
    """At α = 0 AIF360 divides by the mean a second time; Speicher et al. (2018) do not.

    Decided rightly or wrongly approved only (no benefit of 0, whose logarithm has no value).
    """
    cells = np.array([[[8, 4, 0], [0, 6, 0], [0, 0, 0]]])
    b = np.array([1.0] * 14 + [2.0] * 4)
    with np.errstate(all="ignore"):
        ours = float(inequality.entropy_of_benefits(Counts(cells * 1.0), 0.0)[0])
    assert ours == pytest.approx(float(-np.log(b / b.mean()).mean()))
    with quiet():
        theirs = aif360_metric(rows(np.concatenate([cells, cells]))).generalized_entropy_index(0)
    assert theirs == pytest.approx(ours / b.mean())


def test_aif360_counts_other_groups_as_denied() -> None:
    """Its between-group index of two groups gives everyone else a benefit of 0."""
    with quiet():
        from aif360.datasets import BinaryLabelDataset
        from aif360.metrics import ClassificationMetric

        third = np.concatenate([COMPLETE, [[[30, 0, 0], [0, 30, 0], [0, 0, 0]]]])
        frame = rows(third)
        data = pd.DataFrame({"g": frame["group"].map({"a": 0, "b": 1, "c": 2}) * 1.0,
                             "y": frame["outcome"]})  # fmt: skip
        truth = BinaryLabelDataset(df=data, label_names=["y"], protected_attribute_names=["g"])
        said = truth.copy()
        said.labels = frame[["decision"]].to_numpy(dtype=float)
        theirs = ClassificationMetric(truth, said, [{"g": 1.0}], [{"g": 0.0}])
        wrong = float(theirs.between_group_generalized_entropy_index())
        right = float(aif360_metric(rows(COMPLETE)).between_group_generalized_entropy_index())
    key = "between_group_generalized_entropy_index"
    ours = float(compare(CATALOGUE[key], COMPLETE[1], COMPLETE[0]))
    assert ours == pytest.approx(right, rel=1e-12)
    assert wrong > 100 * right


def test_aif360_conditional_disparity_conditions_on_nothing() -> None:
    """Its strata are the groups themselves; ours (and Wachter's) are legitimate factors."""
    frame = rows(COMPLETE)
    with quiet():
        from aif360.sklearn.metrics import conditional_demographic_disparity

        truth = frame.set_index("group")["outcome"]
        theirs = conditional_demographic_disparity(
            truth, frame["decision"].to_numpy(), prot_attr="group"
        )
    key = CATALOGUE["demographic_disparity"]
    by_group = [float(compare(key, c, COMPLETE.sum(axis=0))) for c in COMPLETE]
    size = COMPLETE.sum(axis=(1, 2))
    assert theirs == pytest.approx(np.dot(by_group, size) / size.sum())


def test_veritas_ratio_is_half_at_parity() -> None:
    """Its equalized-odds ratio halves a ratio of sums: equal groups score 0.5, ours 1."""
    tpr, fpr = 0.6, 0.2
    theirs = ((tpr + fpr) / (tpr + fpr)) / 2  # fairness_metrics.py, _compute_equalized_odds_ratio
    ours = float(compare(CATALOGUE["average_odds_ratio"], COMPLETE[0], COMPLETE[0]))
    assert (theirs, ours) == (0.5, 1.0)


def test_selective_labels_have_no_inequality() -> None:
    """Where only the approved have outcomes, nobody can be wrongly denied by construction."""
    outcome = [1, 0, 1, None, None, None] * 20
    decision = [1, 1, 1, 0, 0, 0] * 20
    sex = ["f", "m"] * 60
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        values = [
            metrics.generalized_entropy_index(outcome, decision),
            metrics.between_all_groups_theil_index(outcome, decision, sensitive_features=sex),
            metrics.information_separation(outcome, decision, sensitive_features=sex),
        ]
    assert all(map(math.isnan, values))
    undefined = [str(w.message) for w in told if w.category is UndefinedMetricWarning]
    assert len(undefined) == 3
    assert all("selective" in text for text in undefined)


def test_functions_give_the_catalogues_numbers() -> None:
    """Arrays and cells lead to one number."""
    frame = rows(COMPLETE)
    args = {"sensitive_features": frame["group"]}
    for name in (
        "between_all_groups_generalized_entropy_index",
        "within_all_groups_theil_index",
        "information_sufficiency",
        "differential_fairness",
    ):
        found = getattr(metrics, name)(frame["outcome"], frame["decision"], **args)
        assert found == pytest.approx(float(over_groups(CATALOGUE[name], COMPLETE)), rel=1e-12)
    low = metrics.group_min("accuracy", frame["outcome"], frame["decision"], **args)
    assert low == pytest.approx(24 / 36)
    with pytest.raises(InputError, match="MET010"):
        metrics.group_max("auc", frame["outcome"], frame["decision"], **args)
    with pytest.raises(InputError, match="MET030"):
        metrics.differential_fairness(None, frame["decision"], concentration=-1, **args)
