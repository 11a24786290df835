"""Estimates over all groups and of everyone's parts, and adjusted gaps, by hand or statsmodels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats
from tallies import table_of, tally_of

import audit
from audit.errors import InputError
from audit.inference.bootstrap import cell_bootstrap
from audit.inference.estimate import Estimate, Estimates
from audit.inference.measure import measure
from audit.inference.reference import references
from audit.inference.regression import COLLINEAR, FEW, adjusted_by_strata
from audit.inference.worst_case import ONE_GROUP
from audit.metrics.catalogue import CATALOGUE
from audit.metrics.contrasts import over_groups
from audit.metrics.metric import Counts

CELLS: dict[Any, Any] = {
    "a": table_of(40, 20, 10, 30), "b": table_of(90, 30, 20, 60), "c": table_of(20, 16, 3, 20),
}  # fmt: skip
ARRAYS = np.array(
    [[[40, 10, 0], [20, 30, 0], [0, 0, 0]], [[90, 20, 0], [30, 60, 0], [0, 0, 0]],
     [[20, 3, 0], [16, 20, 0], [0, 0, 0]]], dtype=float
)  # fmt: skip


def made(key: str, cells: Any = CELLS, **told: Any) -> Estimates:
    level = told.pop("level", 0.95)
    tally = tally_of(cells, **told)
    found = measure(tally, references(tally), [key], level=level)[0]
    return Estimates.of(e for e in found if e.metric == key)


def only(key: str, cells: Any = CELLS, **told: Any) -> Estimate:
    (found,) = made(key, cells, **told)
    return found


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_the_smallest_rate_has_sidaks_limits(level: float) -> None:
    """Each group at level^(1/3); from the smallest low to the smallest high; its group is named."""
    ends = [
        stats.binomtest(x, n).proportion_ci(level ** (1 / 3), "wilson")
        for x, n in ((50, 100), (110, 200), (23, 59))
    ]
    e = only("selection_rate_group_min", level=level)
    assert (e.value, e.group, e.rows, e.favorable) == (pytest.approx(23 / 59), ("c",), 59, 23)
    assert (e.low, e.high) == pytest.approx((min(v.low for v in ends), min(v.high for v in ends)))
    assert e.method == "Šidák limits of all groups, projected (Wilson)"
    e = only("selection_rate_group_max", level=level)
    assert (e.value, e.group, e.rows, e.favorable) == (0.55, ("b",), 200, 110)
    assert (e.low, e.high) == pytest.approx((max(v.low for v in ends), max(v.high for v in ends)))


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_differential_fairness_has_limits_of_all_pairs_and_both_answers(level: float) -> None:
    """ln of the rates' Šidák limits, of approval and of denial; never below 0."""
    ends = [
        stats.binomtest(x, n).proportion_ci(level ** (1 / 3), "wilson")
        for x, n in ((50, 100), (110, 200), (23, 59))
    ]
    lows, highs = [0.0], []
    for i in range(3):
        for j in range(3):
            if i != j:
                a, b = ends[i], ends[j]
                lows += [math.log(a.low / b.high), math.log((1 - a.high) / (1 - b.low))]
                highs += [math.log(a.high / b.low), math.log((1 - a.low) / (1 - b.high))]
    e = only("differential_fairness", level=level)
    assert e.value == pytest.approx(max(math.log(0.55 / (23 / 59)), math.log((36 / 59) / 0.45)))
    assert (e.low, e.high) == pytest.approx((max(lows), max(highs)))
    assert (e.rows, e.group, e.method) == (359, (), "Šidák limits of all groups, projected")


def test_smooth_functions_of_all_groups_are_bootstrapped() -> None:
    """The cells of groups with rows, 2,000 times, the same seed."""
    metric = CATALOGUE["between_all_groups_theil_index"]
    low, high = cell_bootstrap(
        ARRAYS.reshape(3, 9),
        lambda c: over_groups(metric, c.reshape(*c.shape[:-1], 3, 3)),
        0.95,
        2000,
        0,
    )
    cells = {**CELLS, None: table_of(5, 6, 7, 8)}  # a missing group stays out
    e = only("between_all_groups_theil_index", cells)
    assert e.value == pytest.approx(float(over_groups(metric, ARRAYS)))
    assert (e.low, e.high) == pytest.approx((min(float(low), e.value), max(float(high), e.value)))
    assert (e.rows, e.method) == (359, "cell bootstrap")


def test_over_groups_without_a_number_has_a_reason() -> None:
    """One group; selective labels in one; a rate that one lacks; undecided rows are no rows."""
    e = only("selection_rate_group_min", {"a": CELLS["a"], None: CELLS["b"]})
    assert (e.reason, e.group, math.isnan(e.value)) == (ONE_GROUP, (), True)
    one = {**CELLS, "d": {(1, 1): 5, (1, 0): 4, (0, None): 6}}
    e = only("accuracy_group_min", one)
    assert str(e.reason).startswith("in one or more groups: selective labels")
    assert only("precision_group_min", one).value == pytest.approx(5 / 9)
    assert only("selection_rate_group_min", one).value == pytest.approx(23 / 59)
    all_of = {k: {(1, 1): 5 + i, (1, 0): 4, (0, None): 6} for i, k in enumerate("ab")}
    e = only("accuracy_group_min", all_of)
    assert (e.method, math.isnan(e.value)) == ("bounds", True)
    assert only("precision_group_max", all_of).value == pytest.approx(6 / 10)
    lacking = {**CELLS, "d": table_of(0, 3, 0, 4)}
    e = only("precision_group_min", lacking)
    assert (math.isnan(e.value), e.reason) == (True, CATALOGUE["precision_group_min"].undefined)


def test_parts_of_everyone_are_bootstrapped_with_everyone() -> None:
    """A group's share of all rows: 100 of 359, 95 % limits near the binomial's."""
    found = {e.group: e for e in made("representation")}
    e = found[("a",)]
    assert (e.value, e.rows, e.method) == (pytest.approx(100 / 359), 100, "cell bootstrap")
    assert all(e.reason is None for e in found.values())
    half = 1.959964 * math.sqrt(e.value * (1 - e.value) / 359)
    assert (e.low, e.high) == pytest.approx((e.value - half, e.value + half), abs=0.008)
    assert sum(e.value for e in found.values()) == pytest.approx(1.0)
    t = Counts(ARRAYS)
    for i, group in enumerate("abc"):
        (e,) = [e for e in made("demographic_disparity") if e.group == (group,)]
        wanted = t.denied[i] / t.denied.sum() - t.approved[i] / t.approved.sum()
        assert e.value == pytest.approx(wanted)
        assert e.low <= e.value <= e.high
    denied = {k: table_of(0, 9, 0, 9) for k in "ab"}
    for e in made("share_of_approvals", denied):
        assert np.isnan([e.value, e.low, e.high]).all()
        assert e.reason == CATALOGUE["share_of_approvals"].undefined


# Adjusted gaps ------------------------------------------------------------------------------------

LOANS: dict[str, Any] = {
    "sex": list("ffffmmmmxx"), "rate": [5, 6, 7, 8.5, 3, 4, 5, 6, 9, 1],
    "term": [3, 4, 5, 6, 1, 2, 3, 5, 2, 4],
}  # fmt: skip
TOLD: dict[str, Any] = {"protected": "sex", "reference": {"sex": "m"}, "amount": {"rate": "lower"}}


@pytest.mark.parametrize(("errors", "level"), [("HC1", 0.9), ("HC3", 0.95)])
def test_an_adjusted_gap_of_ten_loans_is_statsmodels(errors: str, level: float) -> None:
    """Coefficient, limits and p; raw ones beside them; every count."""
    import statsmodels.api as sm

    sex = np.array(LOANS["sex"])
    x = np.column_stack([np.ones(10), sex == "f", sex == "x", LOANS["term"]]).astype(float)
    fit = sm.OLS(LOANS["rate"], x).fit(cov_type=errors, use_t=True)
    raw = sm.OLS(LOANS["rate"], x[:, :3]).fit(cov_type=errors, use_t=True)
    found = audit.regress(LOANS, controls=["term"], errors=errors, level=level, **TOLD)
    ends, raw_ends = fit.conf_int(1 - level), raw.conf_int(1 - level)
    for place, gap in enumerate(found.gaps, start=1):
        assert (gap.value, gap.low, gap.high) == pytest.approx((fit.params[place], *ends[place]))
        assert gap.p_value == pytest.approx(fit.pvalues[place])
        assert (gap.raw, gap.raw_low, gap.raw_high) == pytest.approx(
            (raw.params[place], *raw_ends[place])
        )
        assert (gap.reason, gap.column, gap.attribute) == (None, "rate", ("sex",))
    assert [(g.group, g.rows, g.reference_rows) for g in found.gaps] == [
        (("f",), 4, 4), (("x",), 2, 4),
    ]  # fmt: skip
    told = found.to_dict()
    assert (told["rows"], told["rows_total"], told["incomplete"]) == (10, 10, {})
    assert (told["method"], told["level"], told["column"]) == (
        f"least squares, {errors}", level, "rate"
    )  # fmt: skip
    assert (told["controls"], told["gaps"][0]["value"]) == (["term"], found.gaps[0].value)


def test_two_rows_a_group_have_a_gap_and_one_has_none() -> None:
    """Fewer than two complete rows in the group, or in its reference."""
    one = {k: v[:9] for k, v in LOANS.items()}
    women, third = audit.regress(one, **TOLD).gaps
    assert women.reason is None
    assert third.reason == FEW
    assert np.isnan([third.value, third.low, third.raw, third.raw_low, third.p_value]).all()
    turned = audit.regress(one, **{**TOLD, "reference": {"sex": "x"}}).gaps
    assert [g.reason for g in turned] == [FEW, FEW]
    assert audit.regress(LOANS, **TOLD).gaps[1].reason is None


def test_without_freedom_there_is_a_value_and_no_limits() -> None:
    """As many columns as rows: nothing is left to tell the spread from."""
    four = {
        "sex": list("ffmm"),
        "rate": [5.0, 7, 3, 4],
        "term": [1, 2, 1, 3],
        "age": [1.0, 5, 2, 2],
    }
    (gap,) = audit.regress(four, controls=["term", "age"], **TOLD).gaps
    assert math.isfinite(gap.value)
    assert np.isnan([gap.low, gap.high, gap.p_value]).all()
    five = {k: [*v, w] for (k, v), w in zip(four.items(), ("m", 6.0, 2, 3.0), strict=True)}
    (gap,) = audit.regress(five, controls=["term", "age"], errors="HC1", **TOLD).gaps
    assert gap.low < gap.value < gap.high
    for high in (5.0, 0.1, 1e9 + 0.3):  # a perfect fit leaves no spread, whatever rounding leaves
        flat = {"sex": list("fffmmm"), "rate": [high, high, high, 0.7, 0.7, 0.7]}
        (gap,) = audit.regress(flat, **TOLD).gaps
        assert (gap.value, math.isnan(gap.low)) == (pytest.approx(high - 0.7), True)


@pytest.mark.filterwarnings("ignore::audit.DataWarning")
def test_clusters_of_ten_loans_are_statsmodels() -> None:
    """CR1 with t on applicants - 1; one applicant alone tells no spread."""
    import statsmodels.api as sm

    who = [1, 1, 2, 3, 4, 4, 5, 6, 7, 7]
    sex = np.array(LOANS["sex"])
    x = np.column_stack([np.ones(10), sex == "f", sex == "x", LOANS["term"]]).astype(float)
    fit = sm.OLS(LOANS["rate"], x).fit(cov_type="cluster", cov_kwds={"groups": who}, use_t=True)
    found = audit.regress({**LOANS, "who": who}, controls=["term"], cluster="who", **TOLD)
    gap = found.gaps[0]
    assert (gap.value, gap.low, gap.high) == pytest.approx((fit.params[1], *fit.conf_int()[1]))
    assert gap.p_value == pytest.approx(fit.pvalues[1])
    alone = audit.regress({**LOANS, "who": [1] * 10}, cluster="who", **TOLD).gaps[0]
    assert math.isfinite(alone.value)
    assert math.isnan(alone.low)


@pytest.mark.filterwarnings("ignore::audit.DataWarning")
def test_the_largest_group_is_the_reference_unless_told() -> None:
    """Of equal ones the first; a missing group never; one that does not occur leaves no gap."""
    told = {"protected": "sex", "amount": {"rate": "lower"}}
    rows = {"sex": [None, None, None, "b", "b", "a", "a"], "rate": [1.0, 2, 3, 4, 5, 6, 8]}
    gaps = audit.regress(rows, **told).gaps
    assert {g.reference for g in gaps} == {("a",)}
    assert {g.group for g in gaps} == {("b",), (None,)}
    more = {"sex": [*rows["sex"], "b"], "rate": [*rows["rate"], 7.0]}
    assert {g.reference for g in audit.regress(more, **told).gaps} == {("b",)}


def test_a_report_names_why_an_adjusted_gap_is_missing() -> None:
    """Strata that tell the group leave no gap: the reason travels; elsewhere it is empty."""
    rows = {"sex": list("ffffmmmm"), "rate": [5.0, 6, 7, 8.5, 3, 4, 5, 6], "kind": list("aabbccdd")}
    table = audit.read(rows, **TOLD, strata=["kind"])
    (found,), missing = adjusted_by_strata(table, {"sex": "m"}, 0.9)
    assert (found["gaps"][0]["reason"], missing) == (COLLINEAR, [])
    assert (found["rows"], found["rows_total"], found["column"]) == (8, 8, "rate")
    plain = {**rows, "kind": list("abababab")}
    table = audit.read(plain, **TOLD, strata=["kind"])
    (found,), _ = adjusted_by_strata(table, {"sex": "m"}, 0.9)
    (gap,) = found["gaps"]
    wanted = audit.regress(plain, controls=["kind"], level=0.9, **TOLD).gaps[0]
    assert gap["reason"] == ""
    assert (gap["value"], gap["low"]) == pytest.approx((wanted.value, wanted.low))
    assert (gap["group"], gap["reference"], gap["attribute"]) == (["f"], ["m"], ["sex"])
    assert adjusted_by_strata(audit.read(rows, **TOLD), {"sex": "m"}, 0.9) == ([], [])


def test_what_cannot_be_regressed_is_named() -> None:
    """Code, argument and what to do."""
    amounts = {"rate": "lower", "term": "higher"}
    for changed, text in (
        ({"errors": "HC9"}, "[INF020] errors: 'HC9' is no kind of errors"),
        ({"categorical": ["term"]}, "[INF020] categorical: 'term' is not among the controls"),
        ({"amount": amounts}, "[INF020] amount: 2 amounts, and one is explained at a time — name"),
        ({"level": 1.0}, "[INF001] level: a confidence level lies strictly between 0 and 1"),
    ):
        with pytest.raises(InputError) as caught:
            audit.regress(LOANS, **{**TOLD, **changed})
        assert str(caught.value).startswith(text)
    decided = {**LOANS, "ok": [0, 1] * 5}
    with pytest.raises(InputError, match=r"^\[INF020\] amount: which amount .* — for example"):
        audit.regress(decided, protected="sex", decision="ok", favorable=1)
    scored = audit.regress(
        {"sex": LOANS["sex"], "score": LOANS["rate"]}, protected="sex", reference={"sex": "m"},
        score="score",
    )  # fmt: skip
    assert scored.column == "score"
    table = audit.read(LOANS, **{**TOLD, "amount": amounts})
    assert audit.regress(table, amount="term").column == "term"
    assert len(audit.regress(table, amount="rate", attribute="sex").gaps) == 2
    with pytest.raises(InputError):
        audit.regress(table, amount="rate", protected="sex")
