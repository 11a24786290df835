"""Worst cases over all groups: values by hand, extremes named, joint limits."""

from typing import Any

import numpy as np
import pytest
from tallies import table_of, tally_of

from audit.inference import worst_gap_interval
from audit.inference.measure import measure
from audit.inference.reference import references
from audit.inference.worst_case import ONE_GROUP, all_pairs

CELLS: dict[Any, Any] = {
    "a": table_of(40, 20, 10, 30),
    "b": table_of(90, 30, 20, 60),
    "c": table_of(30, 30, 10, 10),
}


def _one(key: str, cells: dict[Any, Any] | None = None, **told: Any) -> Any:
    tally = tally_of(cells or CELLS)
    estimates, _ = measure(tally, references(tally), [key], **told)
    (found,) = [e for e in estimates if e.metric == key]
    return found


def test_the_gap_names_the_lower_group_first() -> None:
    """Rates .50, .55, .50: the first of the lowest, and the highest."""
    e = _one("demographic_parity_difference")
    assert e.value == pytest.approx(0.05)
    assert (e.group, e.reference) == (("a",), ("b",))
    assert (e.rows, e.reference_rows, e.reference_value) == (100, 200, pytest.approx(0.55))
    low, high = worst_gap_interval([50, 110, 40], [100, 200, 80])
    assert (e.low, e.high) == (pytest.approx(low), pytest.approx(high))


def test_the_ratio_is_smallest_over_largest() -> None:
    """.50 / .55."""
    e = _one("demographic_parity_ratio")
    assert e.value == pytest.approx(0.5 / 0.55)
    assert e.low <= e.value <= e.high <= 1


def test_equalized_odds_take_the_wider_rate() -> None:
    """TPR .667 .75 .5; FPR .25 .25 .5: both gaps are .25, the first names the groups."""
    e = _one("equalized_odds_difference")
    assert e.value == pytest.approx(0.25)
    assert {e.group, e.reference} == {("c",), ("b",)}
    ratio = _one("equalized_odds_ratio")
    assert ratio.value == pytest.approx(0.5)


def test_equal_rates_name_two_groups() -> None:
    """A gap of 0 is between two different groups, and has an interval from 0."""
    same = {k: table_of(10, 10, 10, 10) for k in "abc"}
    e = _one("demographic_parity_difference", same)
    assert e.value == 0
    assert e.group != e.reference
    assert e.low == 0 < e.high
    assert e.p_value == pytest.approx(1.0)


def test_missing_and_empty_groups_stay_out() -> None:
    """Neither makes a gap."""
    e = _one("demographic_parity_difference", {**CELLS, None: table_of(0, 0, 0, 500)})
    assert e.value == pytest.approx(0.05)
    alone = {"a": CELLS["a"], None: table_of(0, 0, 0, 500)}
    e = _one("demographic_parity_difference", alone)
    assert e.reason == ONE_GROUP


def test_a_group_without_the_rate_leaves_no_worst_case() -> None:
    """Nobody in d would repay: no TPR there, so no equal opportunity over all four."""
    e = _one("equal_opportunity_difference", {**CELLS, "d": table_of(0, 0, 4, 4)})
    assert np.isnan(e.value)
    assert e.group == ("d",)
    assert e.reason.startswith("in one or more groups")


def test_all_zero_rates_have_no_ratio() -> None:
    """0 / 0."""
    none = {k: table_of(0, 10, 0, 10) for k in "ab"}
    e = _one("demographic_parity_ratio", none)
    assert np.isnan(e.value)
    assert e.reason == "every rate is 0"


@pytest.mark.parametrize("key", ["f1_worst_difference", "f1_worst_ratio"])
def test_f1_has_pairs_at_the_joint_level(key: str) -> None:
    """80/110, 180/230, 60/100; limits at q(.95; 3)/√2 = 2.3437."""
    from scipy.stats import binomtest, norm

    e = _one(key)
    f1 = np.array([80 / 110, 180 / 230, 0.6])
    ratio = key.endswith("ratio")
    assert e.value == pytest.approx(0.6 / f1[1] if ratio else f1[1] - 0.6)
    assert (e.group, e.reference) == (("c",), ("b",))
    level = 2 * norm.cdf(2.34370) - 1
    limits = [
        binomtest(x, n).proportion_ci(level, "wilson") for x, n in ((40, 70), (90, 140), (30, 70))
    ]
    low = np.array([2 * c.low / (1 + c.low) for c in limits])
    high = np.array([2 * c.high / (1 + c.high) for c in limits])
    assert (e.low, e.high) == pytest.approx(all_pairs(f1, low, high, ratio), abs=1e-4)
    assert e.low <= e.value <= e.high


def test_two_groups_are_an_ordinary_pair() -> None:
    """With two groups the joint critical value is 1.96: Newcombe's interval, floored at 0."""
    from audit.inference.intervals import difference_interval

    two = {k: CELLS[k] for k in "bc"}
    e = _one("equal_opportunity_difference", two)
    low, high = difference_interval(90, 120, 30, 60, method="newcombe")
    assert (e.low, e.high) == (pytest.approx(low), pytest.approx(high))
