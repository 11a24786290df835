"""Estimates of groups, pairs and worst cases: limits, tests, rows and reasons, field by field."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats
from tallies import table_of, tally_of

import audit
from audit.inference.by_group import BOUNDS, SELECTIVE
from audit.inference.estimate import COLUMNS, Estimate, Estimates
from audit.inference.intervals import difference_interval, odds_ratio_interval, ratio_interval
from audit.inference.measure import measure
from audit.inference.mover import interval_p_value, mover_difference, mover_ratio, mover_sum
from audit.inference.reference import references
from audit.inference.score_tests import equality_p_value
from audit.inference.simultaneous import pairwise_critical
from audit.inference.stack import main_stacks, proportions
from audit.inference.worst_case import ONE_GROUP, all_pairs
from audit.metrics.catalogue import CATALOGUE
from audit.metrics.rates import selection_rate, true_positive_rate

# approved good, denied good, approved bad, denied bad
CELLS: dict[Any, Any] = {
    "f": table_of(40, 20, 10, 30), "m": table_of(90, 30, 20, 60), "x": table_of(9, 9, 0, 12),
}  # fmt: skip


def made(keys: list[str], cells: Any = CELLS, **told: Any) -> Estimates:
    level = told.pop("level", 0.95)
    tally = tally_of(cells, **{"reference": {"sex": "m"}, **told})
    return measure(tally, references(tally), keys, level=level)[0]


def one(key: str, group: Any = "f", cells: Any = CELLS, **told: Any) -> Estimate:
    (found,) = [e for e in made([key], cells, **told) if e.metric == key and e.group == (group,)]
    return found


def wilson(x: int, n: int, level: float = 0.95) -> tuple[float, float]:
    found = stats.binomtest(x, n).proportion_ci(level, "wilson")
    return found.low, found.high


# One group ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_a_blend_of_rates_has_movers_limits(level: float) -> None:
    """Balanced accuracy: half of TPR and half of TNR, each with Wilson's."""
    (a, b), (c, d) = wilson(40, 60, level), wilson(30, 40, level)
    e = one("balanced_accuracy", level=level)
    wanted = mover_sum([40 / 60, 30 / 40], [a, c], [b, d], [0.5, 0.5])
    assert (e.low, e.high) == pytest.approx((float(wanted[0]), float(wanted[1])))
    assert (e.rows, e.method, e.level) == (100, "MOVER", level)
    assert math.isnan(e.favorable)


def test_odds_have_transformed_limits_and_no_value_without_the_other_side() -> None:
    """FN/FP: 20 and 10 errors. Nobody wrongly approved: no ratio, and the reason."""
    low, high = wilson(20, 30)
    e = one("treatment_ratio")
    assert (e.value, e.low, e.high) == pytest.approx((2.0, low / (1 - low), high / (1 - high)))
    assert (e.rows, e.favorable) == (30, 20)
    e = one("treatment_ratio", "x")
    assert np.isnan([e.value, e.low, e.high]).all()
    assert e.reason == CATALOGUE["treatment_ratio"].rates[0].undefined


SELECTED = {
    "f": {(1, 1): 30, (1, 0): 10, (0, None): 60}, "m": {(1, 1): 60, (1, 0): 20, (0, None): 20},
}  # fmt: skip


def test_selective_labels_leave_bounds() -> None:
    """a = .4, q = .75: TPR in [.3/.9, 1], FPR in [.1/.7, 1]; their complements turned round."""
    bounds = {
        "true_positive_rate": (0.3 / 0.9, 1), "false_negative_rate": (0, 1 - 0.3 / 0.9),
        "false_positive_rate": (0.1 / 0.7, 1), "true_negative_rate": (0, 1 - 0.1 / 0.7),
    }  # fmt: skip
    for key, wanted in bounds.items():
        e = one(key, cells=SELECTED)
        assert math.isnan(e.value)
        assert (e.low, e.high) == pytest.approx(wanted)
        assert (e.rows, e.method, e.reason) == (100, BOUNDS, SELECTIVE)
    e = one("accuracy", cells=SELECTED)
    assert np.isnan([e.value, e.low, e.high]).all()
    assert (e.method, e.reason) == (BOUNDS, SELECTIVE)
    e = one("precision", cells=SELECTED)
    assert (e.value, e.reason) == (0.75, None)
    assert one("selection_rate", cells=SELECTED).value == 0.4
    e = one("true_positive_rate_difference", cells=SELECTED)
    assert (e.rows, e.reference_rows, e.method, e.reason) == (100, 100, BOUNDS, SELECTIVE)
    assert one("predictive_parity_difference", cells=SELECTED).value == 0.0
    (e,) = made(["equal_opportunity_difference"], SELECTED)
    assert (e.method, e.reason, e.group) == (BOUNDS, SELECTIVE, ())


def test_what_labels_hide_does_not_hide_what_comes_after() -> None:
    """Hidden and plain metrics in one call, in either order."""
    keys = ["true_positive_rate_difference", "statistical_parity_difference",
            "true_positive_rate", "selection_rate"]  # fmt: skip
    for order in (keys, keys[::-1]):
        found = made(order, SELECTED)
        values = {e.metric: e.value for e in found if e.group == ("f",)}
        assert set(values) == set(keys)
        assert values["statistical_parity_difference"] == pytest.approx(0.4 - 0.8)
        assert values["selection_rate"] == 0.4


def test_the_first_group_whose_labels_are_selective_is_named() -> None:
    """Where several are, and where it is not the first of all."""
    cells = {"a": CELLS["m"], "f": SELECTED["f"], "g": SELECTED["m"], "m": CELLS["m"]}
    for key in ("equal_opportunity_difference", "f1_worst_difference"):
        (e,) = made([key], cells)
        assert (e.group, e.reason) == (("f",), f"in one or more groups: {SELECTIVE}")


def test_one_groups_selective_labels_are_its_own_reason() -> None:
    """Of the women nothing is known beyond the approved; the men's rates stand."""
    cells = {"f": SELECTED["f"], "m": CELLS["m"], "x": CELLS["x"]}
    e = one("true_positive_rate", cells=cells)
    assert np.isnan([e.value, e.low, e.high]).all()
    assert e.reason == SELECTIVE
    assert one("true_positive_rate", "m", cells).value == 0.75
    e = one("true_positive_rate_difference", cells=cells)
    assert (e.reason, math.isnan(e.low), math.isnan(e.p_value)) == (SELECTIVE, True, True)
    e = one("true_positive_rate_difference", "m", cells, reference={"sex": "f"})
    assert e.reason == f"in the reference group: {SELECTIVE}"
    (e,) = made(["equal_opportunity_difference"], cells)
    assert (e.group, e.reason) == (("f",), f"in one or more groups: {SELECTIVE}")
    assert one("precision", cells=cells).value == 0.75


# Pairs --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_pairs_have_the_limits_and_the_test_of_their_kind(level: float) -> None:
    """Shares: Miettinen & Nurminen; odds: their odds ratio; the rest MOVER. One p for a share."""
    counts = (40, 60, 90, 120)
    p = float(equality_p_value(*counts))
    wanted = {
        "true_positive_rate_difference": (difference_interval, "Miettinen-Nurminen"),
        "true_positive_rate_ratio": (ratio_interval, "Miettinen-Nurminen"),
    }
    for key, (function, method) in wanted.items():
        e = one(key, level=level)
        assert (e.low, e.high) == pytest.approx(function(*counts, level))
        assert (e.p_value, e.method) == (pytest.approx(p), method)
        assert (e.rows, e.favorable, e.reference_rows, e.reference_value) == (60, 40, 120, 0.75)
    e = one("treatment_equality_ratio", level=level)
    assert e.value == pytest.approx((20 / 10) / (30 / 20))
    assert (e.low, e.high) == pytest.approx(odds_ratio_interval(20, 30, 30, 50, level))
    assert e.method == "Miettinen-Nurminen odds ratio"
    assert e.p_value == pytest.approx(float(equality_p_value(20, 30, 30, 50)))
    j = [wilson(40, 70, level), wilson(90, 140, level)]
    sides = [
        (2 * v / (1 + v) for v in (x / n, *ends))
        for x, n, ends in ((40, 70, j[0]), (90, 140, j[1]))
    ]
    flat = [v for side in sides for v in side]
    e = one("f1_difference", level=level)
    assert (e.low, e.high) == pytest.approx([float(v) for v in mover_difference(*flat)])
    assert (e.method, e.p_value) == (
        "MOVER of Wilson",
        pytest.approx(float(equality_p_value(40, 70, 90, 140))),
    )
    e = one("f1_ratio", level=level)
    assert (e.low, e.high) == pytest.approx([float(v) for v in mover_ratio(*flat)])


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_a_blends_p_value_is_read_off_its_interval(level: float) -> None:
    """On the plain scale for a difference, on the log scale for a ratio."""
    e = one("average_odds_difference", level=level)
    assert e.method == "MOVER"
    wanted = float(interval_p_value(e.value, e.low, e.high, 0.0, level))
    assert e.p_value == pytest.approx(wanted)
    for group, reference in ("fm", "mf"):  # below 1 and above: each limit faces 1 once
        e = one("balanced_accuracy_ratio", group, level=level, reference={"sex": reference})
        assert (e.value > 1) == (group == "m")
        logs = (math.log(v) for v in (e.value, e.low, e.high))
        assert e.p_value == pytest.approx(float(interval_p_value(*logs, 0.0, level)))


def test_why_a_ratio_is_undefined() -> None:
    """Both rates 0, the reference's rate 0, or a side without rows: each says so."""
    cells = {"f": table_of(0, 5, 4, 9), "m": table_of(0, 9, 6, 8), "x": table_of(3, 2, 1, 9),
             "y": table_of(0, 0, 3, 9)}  # fmt: skip
    key = "true_positive_rate_ratio"
    e = one(key, cells=cells)
    assert (math.isnan(e.value), e.reason) == (True, "both rates are 0")
    assert np.isnan([e.low, e.high]).all()
    e = one(key, "x", cells)
    assert (math.isnan(e.value), e.reason) == (True, "the reference group's rate is 0")
    assert 0 < e.low < e.high == math.inf
    why = CATALOGUE["true_positive_rate"].rates[0].undefined
    assert one(key, "y", cells).reason == why
    assert one(key, "x", cells, reference={"sex": "y"}).reason == f"in the reference group: {why}"
    e = one("true_positive_rate_difference", "y", cells)
    assert np.isnan([e.value, e.low, e.high, e.p_value]).all()
    assert e.reason == why


# Worst cases --------------------------------------------------------------------------------------


@pytest.mark.parametrize("ratio", [False, True])
def test_limits_of_all_pairs_by_looking_at_each(ratio: bool) -> None:
    """The most extreme of every ordered pair's MOVER limits."""
    values = np.array([0.3, 0.6, 0.45, 0.5])
    low, high = values - np.array([0.1, 0.05, 0.2, 0.1]), values + np.array([0.1, 0.2, 0.05, 0.1])
    function: Any = mover_ratio if ratio else mover_difference
    pairs = [
        function(values[i], low[i], high[i], values[j], low[j], high[j])
        for i in range(4) for j in range(4) if i != j
    ]  # fmt: skip
    found = all_pairs(values, low, high, ratio)
    if ratio:
        wanted = min(float(p[0]) for p in pairs), min(min(float(p[1]) for p in pairs), 1.0)
    else:
        wanted = max(max(float(p[0]) for p in pairs), 0.0), max(float(p[1]) for p in pairs)
    assert found == pytest.approx(wanted)
    same = np.full(3, 0.5)
    assert all_pairs(same, same - 0.1, same + 0.1, ratio)[1 if ratio else 0] == (
        1.0 if ratio else 0.0
    )
    for k in (1, 2):
        ends = [values, low.copy(), high.copy()]
        ends[k][0] = math.nan
        assert np.isnan(all_pairs(*ends, ratio)).all()
    below = all_pairs(values, low - 0.4, high, ratio)
    assert np.isnan(below).all() == ratio
    assert not np.isnan(all_pairs(values, np.maximum(low - 0.4, 0), high, ratio)).any()


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_a_worst_f1_is_that_of_pairs_at_the_joint_level(level: float) -> None:
    """Three groups: Wilson's limits at Tukey & Kramer's critical value, transformed."""
    joint = 2 * stats.norm.cdf(pairwise_critical(3, level)) - 1
    values, lows, highs = [], [], []
    for x, n in ((40, 70), (90, 140), (9, 18)):
        ends = wilson(x, n, joint)
        v, a, b = (2 * j / (1 + j) for j in (x / n, *ends))
        values.append(v), lows.append(a), highs.append(b)
    wanted = all_pairs(np.array(values), np.array(lows), np.array(highs), False)
    (e,) = made(["f1_worst_difference"], level=level)
    assert (e.low, e.high) == pytest.approx(wanted)
    assert (e.value, e.group, e.reference) == (
        pytest.approx(values[1] - values[2]), ("x",), ("m",)
    )  # fmt: skip
    assert (e.rows, e.favorable, e.reference_rows) == (18, 9, 140)
    assert e.reference_value == pytest.approx(values[1])
    assert e.method == "Tukey-Kramer pairs of Wilson limits"
    (e,) = made(["f1_worst_ratio"], level=level)
    assert e.value == pytest.approx(values[2] / values[1])


def test_worst_cases_that_cannot_be_made() -> None:
    """One group; a group without the rate, which is named with its reason; all rates 0."""
    key = "equal_opportunity_difference"
    (e,) = made([key], {"m": CELLS["m"], None: CELLS["f"]})
    assert (e.reason, e.group, math.isnan(e.value)) == (ONE_GROUP, (), True)
    (e,) = made(["f1_worst_difference"], {"m": CELLS["m"]})
    assert e.reason == ONE_GROUP
    cells = {**CELLS, "a": table_of(0, 0, 3, 9), "b": table_of(0, 0, 4, 9)}
    (e,) = made([key], cells)
    why = CATALOGUE["true_positive_rate"].rates[0].undefined
    assert (e.group, e.reason) == (("a",), f"in one or more groups: {why}")
    cells = {**CELLS, "a": table_of(3, 4, 0, 0)}
    (e,) = made(["equalized_odds_difference"], cells)
    why = CATALOGUE["false_positive_rate"].rates[0].undefined
    assert (e.group, e.reason) == (("a",), f"in one or more groups: {why}")
    denied = {k: table_of(0, 9, 0, 9) for k in "fm"}
    (e,) = made(["demographic_parity_ratio"], denied)
    assert (math.isnan(e.value), e.reason) == (True, "every rate is 0")
    (e,) = made(["f1_worst_ratio"], denied)
    assert (math.isnan(e.value), e.reason) == (True, "every rate is 0")
    (e,) = made(["f1_worst_difference"], denied)
    assert (e.value, e.reason) == (0.0, None)
    assert e.group != e.reference


# How many rows a share is worth -------------------------------------------------------------------


def stacked(**extra: Any) -> Any:
    rows = {"sex": ["f"] * 8 + ["m"] * 8, "ok": [1, 0, 1, 1, 0, 0, 1, 0] * 2,
            "paid": [1, 1, 0, 1, 0, 1, 1, 1] * 2, "w": [1.0, 2, 3, 1, 1, 2, 2, 4] * 2,
            "who": list(range(16))}  # fmt: skip
    told = {"protected": "sex", "decision": "ok", "outcome": "paid",
            "favorable": {"decision": 1, "outcome": 1}}  # fmt: skip
    tally = audit.count(rows, **told, **extra)
    return main_stacks(tally, references(tally), intersections=1, min_rows=1)[0][-1]


@pytest.mark.filterwarnings("ignore::audit.DataWarning")
def test_weighted_shares_by_hand() -> None:
    """Women: Σw 16, approved 7 (Σw² 15), denied 9 (Σw² 25); of the good 14 approved 4."""
    stack = stacked(weight="w")
    at = stack.groups.index(("f",))
    p = proportions(stack, selection_rate)
    value = 7 / 16
    v = ((1 - value) ** 2 * 15 + value**2 * 25) / 256
    n = min(value * (1 - value) / v, 256 / 40)
    assert (p.value[at], p.n[at], p.x[at]) == pytest.approx((value, n, value * n))
    assert (p.rows[at], p.part[at]) == (8, 7.0)
    p = proportions(stack, true_positive_rate)
    assert (p.rows[at], p.part[at], p.value[at]) == (6, 4.0, pytest.approx(4 / 12))


@pytest.mark.filterwarnings("ignore::audit.DataWarning")
def test_repeated_applicants_are_worth_their_blocks() -> None:
    """The jackknife's rows; a rate of 1 is worth no more than the applicants it seems to have."""
    stack = stacked(cluster="who")
    at = stack.groups.index(("f",))
    p = proportions(stack, selection_rate)
    tables = stack.blocks[:, at]
    part, whole = tables[:, 0].sum(axis=-1), tables[:, :2].sum(axis=(1, 2))
    filled = stack.blocks.any(axis=(1, 2, 3))
    left = (part.sum() - part[filled]) / (whole.sum() - whole[filled])
    b = filled.sum()
    v = (b - 1) / b * ((left - left.mean()) ** 2).sum()
    assert (p.value[at], p.part[at], p.rows[at]) == (0.5, 4.0, 8)
    assert p.n[at] == pytest.approx(min(0.25 / v, 8))
    assert p.x[at] == pytest.approx(p.n[at] / 2)
    everyone = proportions(stack, lambda t: type(selection_rate(t))(t.decided, t.decided))
    seats = int((whole > 0).sum())
    seen = math.log(1 - seats / 64) / math.log(1 - 1 / 64)
    assert (everyone.value[at], everyone.n[at]) == (1.0, pytest.approx(min(seen, 8)))
    assert everyone.x[at] == everyone.n[at]


# The columns --------------------------------------------------------------------------------------


def test_estimates_are_records_and_columns() -> None:
    """The same either way round: by index, slice, iteration, block and equality."""
    a = Estimate(metric="a", attribute=("sex",), group=("f",), value=0.5, rows=3)
    b = Estimate(metric="b", attribute=("sex",), group=("m",), reason="why")
    both = Estimates.of([a, b])
    assert (len(both), both[0], next(iter(both)), both[-1].metric) == (2, a, a, "b")
    assert len(both[1:]) == 1
    assert both[1:][0].reason == "why"
    assert both == Estimates.of([a, b])  # nan equals nan
    assert both != Estimates.of([a])
    assert both != Estimates.of([a, a])
    assert (both == [a, b]) is False
    assert both != both.replace(rows=[3, 4])
    assert both.replace(rows=[3, 4])[1].rows == 4
    assert both[1].rows == 0
    assert Estimates.concatenate([both[:1], both[1:]]) == both
    assert Estimates.concatenate([]) == Estimates.of([])
    block = Estimates.block(2, metric="a", attribute=("sex",), group=[("f",), ("m",)], rows=[1, 2])
    assert [(e.metric, e.group, e.rows, e.level) for e in block] == [
        ("a", ("f",), 1, 0.95), ("a", ("m",), 2, 0.95),
    ]  # fmt: skip
    assert set(block.columns) == set(COLUMNS)
    assert both.where(metric="a") == [a]
    assert both.where(metric="a", group=("m",)) == []
    assert [e.metric for e in both.where(attribute=("sex",))] == ["a", "b"]
    with pytest.raises(TypeError):
        hash(both)
