"""Rates of one group and their intervals, against scipy and statsmodels."""

from typing import Any

import numpy as np
import pytest
from tallies import table_of, tally_of

from audit.inference.measure import measure
from audit.inference.reference import references
from audit.metrics.catalogue import CATALOGUE

CELLS = {"f": table_of(40, 20, 10, 30), "m": table_of(90, 30, 20, 60), "x": table_of(0, 0, 3, 4)}


def _one(key: str, group: str, cells: dict[Any, Any] = CELLS, **told: Any) -> Any:
    tally = tally_of(cells, reference={"sex": "m"})
    estimates, _ = measure(tally, references(tally), [key], **told)
    (found,) = estimates.where(metric=key, group=(group,), reference=None)
    return found


BY_HAND = {
    "selection_rate": 50 / 100,
    "base_rate": 60 / 100,
    "true_positive_rate": 40 / 60,
    "false_negative_rate": 20 / 60,
    "false_positive_rate": 10 / 40,
    "true_negative_rate": 30 / 40,
    "precision": 40 / 50,
    "negative_predictive_value": 30 / 50,
    "accuracy": 70 / 100,
    "balanced_accuracy": (40 / 60 + 30 / 40) / 2,
    "f1": 2 * 40 / (2 * 40 + 10 + 20),
    "treatment_ratio": 20 / 10,
}


@pytest.mark.parametrize("key", sorted(BY_HAND))
def test_rates_by_hand(key: str) -> None:
    """40 good approved, 20 good denied, 10 bad approved, 30 bad denied."""
    e = _one(key, "f")
    assert e.value == pytest.approx(BY_HAND[key], abs=1e-15)
    assert e.low < e.value < e.high


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_shares_have_wilsons_limits(level: float) -> None:
    """scipy's."""
    from scipy.stats import binomtest

    e = _one("true_positive_rate", "f", level=level)
    theirs = binomtest(40, 60).proportion_ci(level, "wilson")
    assert (e.low, e.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert (e.rows, e.favorable, e.method) == (60, 40, "Wilson")


def test_f1_has_the_transformed_limits_of_jaccard() -> None:
    """F1 = 2J / (1 + J), J = 40 of 70."""
    from scipy.stats import binomtest

    e = _one("f1", "f")
    j = binomtest(40, 70).proportion_ci(0.95, "wilson")
    assert e.low == pytest.approx(2 * j.low / (1 + j.low))
    assert e.high == pytest.approx(2 * j.high / (1 + j.high))


def test_an_empty_denominator_has_a_reason() -> None:
    """Nobody in x had a favourable outcome: no TPR, no limits; the rest stays."""
    e = _one("true_positive_rate", "x")
    assert np.isnan([e.value, e.low, e.high]).all()
    assert e.reason == CATALOGUE["true_positive_rate"].rates[0].undefined
    assert _one("false_positive_rate", "x").value == pytest.approx(3 / 7)


def test_functions_of_cells_have_a_bootstrap() -> None:
    """Matthews' correlation: scikit-learn's value; limits within 15 % of the delta method's."""
    from sklearn.metrics import matthews_corrcoef

    y = [1] * 60 + [0] * 40
    d = [1] * 40 + [0] * 20 + [1] * 10 + [0] * 30
    e = _one("matthews_correlation", "f")
    assert e.value == pytest.approx(matthews_corrcoef(y, d), abs=1e-12)
    assert e.method == "cell bootstrap"
    # Fisher's z has a standard error near 1/√n; r = .4
    half = (1 - e.value**2) * 1.96 / 10
    assert (e.high - e.low) / 2 == pytest.approx(half, rel=0.15)
