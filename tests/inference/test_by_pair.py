"""Groups against their reference: values by hand, intervals that agree with their tests."""

from typing import Any

import numpy as np
import pytest
from tallies import table_of, tally_of

from audit.inference import difference_interval, ratio_interval
from audit.inference.measure import measure
from audit.inference.reference import references

CELLS = {"f": table_of(40, 20, 10, 30), "m": table_of(90, 30, 20, 60)}


def _one(key: str, **told: Any) -> Any:
    tally = tally_of(CELLS, reference={"sex": "m"})
    estimates, _ = measure(tally, references(tally), [key], **told)
    (found,) = [e for e in estimates if e.metric == key]
    return found


BY_HAND = {
    "statistical_parity_difference": 0.5 - 0.55,
    "disparate_impact_ratio": 0.5 / 0.55,
    "true_positive_rate_difference": 40 / 60 - 90 / 120,
    "predictive_equality_difference": 0.25 - 0.25,
    "average_odds_difference": ((40 / 60 - 90 / 120) + 0) / 2,
    "accuracy_difference": 0.7 - 0.75,
    "base_rate_difference": 0.0,
    "treatment_equality_difference": 2 - 1.5,
    "f1_difference": 80 / 110 - 180 / 230,
    "average_absolute_odds_difference": (90 / 120 - 40 / 60) / 2,
    "approvals_ratio": 50 / 110,
    "class_imbalance": -1 / 3,
}


@pytest.mark.parametrize("key", sorted(BY_HAND))
def test_contrasts_by_hand(key: str) -> None:
    """Group minus, or over, reference, inside its limits."""
    e = _one(key)
    assert e.value == pytest.approx(BY_HAND[key], abs=1e-12)
    assert (e.group, e.reference) == (("f",), ("m",))
    assert e.low <= e.value <= e.high


def test_shares_are_compared_by_miettinen_nurminen() -> None:
    """The public functions give the same limits."""
    e = _one("statistical_parity_difference")
    assert (e.low, e.high) == pytest.approx(difference_interval(50, 100, 110, 200))
    e = _one("disparate_impact_ratio")
    assert (e.low, e.high) == pytest.approx(ratio_interval(50, 100, 110, 200))
    assert (e.rows, e.reference_rows, e.favorable) == (100, 200, 50)
    assert e.reference_value == pytest.approx(0.55)


@pytest.mark.parametrize("key", ["statistical_parity_difference", "disparate_impact_ratio",
                                 "average_odds_difference", "f1_difference"])  # fmt: skip
def test_the_p_value_agrees_with_the_interval(key: str) -> None:
    """At the level 1 − p, a limit touches parity."""
    e = _one(key)
    at = _one(key, level=1 - e.p_value)
    parity = 1.0 if key.endswith("ratio") else 0.0
    nearest = min(abs(at.low - parity), abs(at.high - parity))
    # F1's p is that of the share it is a function of; both odds' is read off one interval
    error = {"f1_difference": 0.02, "average_odds_difference": 1e-3}
    assert nearest < error.get(key, 1e-6)


def test_sizes_have_an_interval_and_no_test() -> None:
    """How many more rows: bootstrapped over both groups together."""
    e = _one("class_imbalance")
    assert e.low < -1 / 3 < e.high
    # 100 of 300: p = 1/3, imbalance 2p − 1, so a half width near 2·1.96·√(p(1 − p)/300)
    assert (e.high - e.low) / 2 == pytest.approx(2 * 1.96 * np.sqrt(2 / 9 / 300), rel=0.1)
    assert np.isnan(e.p_value)
