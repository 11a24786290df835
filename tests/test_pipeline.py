"""`audit.run`: arguments, edge cases and what the record says, each against a value by hand."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

import audit
from audit import datasets

Rows = dict[str, list[Any]]


def quiet(source: Any, **told: Any) -> audit.Audit:
    """An audit whose warnings about the data are expected."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", audit.DataWarning)
        return audit.run(source, **told)


def loans(**cells: tuple[int, int]) -> Rows:
    """Rows from (approved, denied) by sex."""
    rows: Rows = {"sex": [], "ok": []}
    for sex, (approved, denied) in cells.items():
        rows["sex"] += [sex] * (approved + denied)
        rows["ok"] += [1] * approved + [0] * denied
    return rows


def one(result: audit.Audit, metric: str, **fields: Any) -> Any:
    (estimate,) = result.record.estimates.where(metric=metric, **fields)
    return estimate


TOLD: dict[str, Any] = {"protected": "sex", "decision": "ok", "favorable": 1}
REFERENCE = {"sex": "m"}


# --- arguments ------------------------------------------------------------------------------

WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"protcted": ["sex"]}, "RUN004", "did you mean 'protected'"),
    ({"levle": 0.9}, "RUN004", "did you mean 'level'"),
    ({"protected": None}, "RUN004", "protected"),
    ({"intersections": 0}, "RUN005", "intersections"),
    ({"intersections": 1.5}, "RUN005", "intersections"),
    ({"intersections": True}, "RUN005", "intersections"),
    ({"min_rows": -1}, "RUN006", "min_rows"),
    ({"min_rows": "30"}, "RUN006", "min_rows"),
    ({"seed": -1}, "RUN007", "seed"),
    ({"seed": None}, "RUN007", "seed"),
    ({"level": 95}, "RUN003", "0.95"),
    ({"level": "0.95"}, "RUN003", "level"),
    ({"level": None}, "RUN003", "level"),
    ({"level": True}, "RUN003", "level"),
    ({"level": math.nan}, "RUN003", "level"),
    ({"level": [0.9]}, "RUN003", "level"),
    ({"level": 1.0}, "RUN003", "level"),
    ({"metrics": ["selection_rat"]}, "MET002", "did you mean"),
    ({"metrics": 5}, "RUN009", "metrics"),
    ({"metrics": [5]}, "MET002", "metric"),
    ({"policy": "us-credits"}, "FND001", "us-credit"),
    ({"policy": 5}, "FND001", "policy"),
    ({"extra": {"level": 3}}, "RUN008", "level"),
    ({"extra": 3}, "RUN008", "extra"),
    ({"title": 3}, "RUN008", "title"),
    ({"returns": 1}, "RUN002", "returns"),
    ({"model": object()}, "RUN002", "decision"),
]


@pytest.mark.parametrize(("told", "code", "says"), WRONG, ids=lambda v: str(v)[:40])
def test_a_wrong_argument_is_a_coded_error(told: dict[str, Any], code: str, says: str) -> None:
    """It names the argument and the remedy; nothing is computed."""
    with pytest.raises(audit.InputError) as caught:
        audit.run(loans(f=(9, 9), m=(9, 9)), **{**TOLD, **told})
    assert caught.value.code == code
    assert says in str(caught.value)


def test_a_table_or_tally_has_its_roles_already() -> None:
    """Roles, or a model, given again are refused; `count` refuses what it does not know."""
    rows = loans(f=(9, 9), m=(9, 9))
    table = audit.read(rows, **TOLD)
    for source in (table, audit.count(table)):
        with pytest.raises(audit.InputError, match=r"RUN001.*protected"):
            audit.run(source, protected="sex")
        with pytest.raises(audit.InputError, match="RUN002"):
            audit.run(source, model=object())
    with pytest.raises(audit.InputError, match=r"RUN004.*did you mean 'decision'"):
        audit.count(rows, protected="sex", desision="ok")


@pytest.mark.parametrize(
    "told",
    [
        {"level": np.float64(0.9), "intersections": np.int64(1), "min_rows": np.int32(5)},
        {"metrics": "f1"},
        {"metrics": ("AIR", "f1")},
        {"min_rows": 0, "seed": 5},
        {"extra": {"model": "scorecard 7"}, "title": "Loans"},
    ],
    ids=str,
)
def test_numpy_numbers_and_single_names_are_fine(told: dict[str, Any]) -> None:
    """What is plainly meant is taken."""
    result = audit.run(loans(f=(20, 20), m=(30, 10)), **TOLD, **told)
    assert result.record.provenance.settings["level"] == told.get("level", 0.95)
    assert audit.pipeline.load is not None
    assert result == result


def test_the_callers_settings_stand_in_the_record() -> None:
    """level, min_rows, intersections, seed, metrics and extras."""
    result = audit.run(
        loans(f=(20, 20), m=(30, 10)), **TOLD, level=0.9, min_rows=5, seed=7, title="Loans",
        extra={"model": "scorecard 7"},
    )  # fmt: skip
    provenance = result.record.provenance
    assert provenance.seed == 7
    assert provenance.title == "Loans"
    assert {k: provenance.settings[k] for k in ("level", "min_rows", "intersections", "model")} == {
        "level": 0.9, "min_rows": 5, "intersections": 2, "model": "scorecard 7",
    }  # fmt: skip
    assert {e.level for e in result.estimates} == {0.9}


# --- edges of the table ---------------------------------------------------------------------


def test_nobody_approved() -> None:
    """Every rate is 0, with an upper limit; a ratio of zeros has a reason and no value."""
    result = quiet(loans(f=(0, 50), m=(0, 70)), **TOLD, reference=REFERENCE)
    rate = one(result, "selection_rate", group=("f",))
    assert (rate.value, rate.low) == (0.0, 0.0)
    assert 0.05 < rate.high < 0.1  # Wilson: z² / (50 + z²) = .0713
    assert rate.high == pytest.approx(3.841459 / 53.841459, abs=1e-6)
    ratio = one(result, "disparate_impact_ratio")
    assert math.isnan(ratio.value)
    assert ratio.reason == "both rates are 0"
    assert result.verdict == "insufficient"


def test_a_group_never_approved() -> None:
    """The ratio is exactly 0, with a finite upper limit, and fails."""
    result = quiet(loans(f=(0, 50), m=(50, 20)), **TOLD, reference=REFERENCE)
    ratio = one(result, "disparate_impact_ratio")
    assert (ratio.value, ratio.low) == (0.0, 0.0)
    assert 0 < ratio.high < 0.2
    assert result.verdict == "fail"


def test_a_reference_never_approved() -> None:
    """x_ref = 0: the point is undefined, the interval is (low, inf)."""
    result = quiet(loans(f=(30, 20), m=(0, 70)), **TOLD, reference=REFERENCE)
    ratio = one(result, "disparate_impact_ratio")
    assert math.isnan(ratio.value)
    assert ratio.low > 1
    assert ratio.high == math.inf
    assert ratio.reason == "the reference group's rate is 0"


def test_everybody_approved() -> None:
    """Difference 0 and ratio 1, in intervals that are no points."""
    result = quiet(loans(f=(50, 0), m=(70, 0)), **TOLD, reference=REFERENCE)
    difference = one(result, "statistical_parity_difference")
    ratio = one(result, "disparate_impact_ratio")
    assert (difference.value, ratio.value) == (0.0, 1.0)
    assert difference.low < -0.01 < 0.01 < difference.high
    assert ratio.low < 0.99 < 1.01 < ratio.high
    assert ratio.p_value == pytest.approx(1.0)


def test_one_group() -> None:
    """Nothing to compare, said so; the rate is still there."""
    result = quiet(loans(f=(30, 20)), **TOLD)
    assert one(result, "selection_rate", group=("f",)).value == 0.6
    gap = one(result, "demographic_parity_difference")
    assert math.isnan(gap.value)
    assert gap.reason == "only one group with rows: nothing to compare"
    assert not result.estimates.where(metric="disparate_impact_ratio")
    assert any("only one group" in text for text in result.record.not_checked)
    assert result.verdict == "insufficient"


def test_a_group_of_one_row() -> None:
    """Shown with its interval, in the worst case, but neither planned nor a pass."""
    result = quiet(loans(f=(40, 20), m=(60, 30), x=(0, 1)), **TOLD, reference=REFERENCE)
    rate = one(result, "selection_rate", group=("x",))
    assert (rate.value, rate.rows) == (0.0, 1)
    assert rate.high > 0.7
    assert one(result, "demographic_parity_difference").value == pytest.approx(2 / 3)
    planned = [f.estimate.group for f in result.findings if f.planned]
    assert planned == [("f",)]
    frame = result.to_frame()
    row = frame[(frame.metric == "disparate_impact_ratio") & (frame.group == ("x",))].iloc[0]
    assert row.verdict != "pass"


def test_the_missing_group_is_counted_and_decides_nothing() -> None:
    """Never the reference, nor in worst cases, nor planned, however large it is."""
    rows = loans(f=(40, 20), m=(60, 30), none=(0, 300))
    rows["sex"] = [None if v == "none" else v for v in rows["sex"]]
    with pytest.warns(audit.DataWarning, match="sex"):
        result = audit.run(rows, **TOLD)
    assert one(result, "selection_rate", group=(None,)).value == 0.0
    assert one(result, "selection_rate", group=(None,)).rows == 300
    assert [r.level for r in result.record.references] == ["m"]
    assert one(result, "demographic_parity_difference").value == pytest.approx(0.0)
    assert [f.estimate.group for f in result.findings if f.planned] == [("f",)]
    assert any("missing" in text for text in result.record.not_checked)


def test_an_attribute_that_is_missing_throughout_has_no_reference() -> None:
    """No crossing with it is compared with its missing group."""
    import pandas as pd

    frame = pd.DataFrame(loans(f=(40, 20), m=(60, 30)))
    frame["race"] = pd.Categorical([None] * len(frame), ["a", "b"])
    result = quiet(frame, **{**TOLD, "protected": ["sex", "race"]})
    assert [r.level for r in result.record.references] == ["m", None]
    for e in result.estimates:
        assert e.reference is None or None not in e.reference


def test_undecided_stand_outside_the_rates() -> None:
    """With `unfavorable`, a withdrawn application is counted and in no denominator."""
    rows = loans(f=(30, 20), m=(50, 20))
    rows["sex"] += ["f"] * 25 + ["m"] * 5
    rows["ok"] += [2] * 30
    result = quiet(rows, **TOLD, unfavorable=0, reference=REFERENCE)
    rate = one(result, "selection_rate", group=("f",))
    assert (rate.value, rate.rows, rate.favorable) == (0.6, 50, 30)
    assert one(result, "undecided_rate", group=("f",)).value == pytest.approx(25 / 75)
    assert one(result, "disparate_impact_ratio").value == pytest.approx(0.6 / (5 / 7))


def test_unknown_outcomes_are_counted_and_left_out() -> None:
    """TPR is over known outcomes; how many are unknown is a rate of its own."""
    rows = loans(f=(30, 20), m=(50, 20))
    paid: list[Any] = [1] * 20 + [0] * 5 + [None] * 5 + [1] * 5 + [0] * 15
    rows["paid"] = paid + [1] * 40 + [0] * 10 + [1] * 10 + [0] * 10
    result = quiet(
        rows, **{**TOLD, "favorable": {"decision": 1, "outcome": 1}}, outcome="paid",
        reference=REFERENCE,
    )  # fmt: skip
    tpr = one(result, "true_positive_rate", group=("f",))
    assert (tpr.value, tpr.rows) == (20 / 25, 25)
    assert one(result, "unknown_outcome_rate", group=("f",)).value == 0.1
    assert one(result, "base_rate", group=("f",)).value == 25 / 45


SELECTIVE_ROWS = {
    "sex": ["f"] * 100 + ["m"] * 100,
    "ok": [1] * 60 + [0] * 40 + [1] * 80 + [0] * 20,
    "paid": [1] * 54 + [0] * 6 + [None] * 40 + [1] * 72 + [0] * 8 + [None] * 20,
}


def test_selective_labels_leave_bounds() -> None:
    """Outcomes of the approved only: TPR in [aq/(aq + 1 − a), 1], and no number; a = .6, q = .9."""
    told = {**TOLD, "favorable": {"decision": 1, "outcome": 1}, "outcome": "paid"}
    result = quiet(SELECTIVE_ROWS, **told, reference=REFERENCE, metrics=["equalized_odds_ratio"])
    tpr = one(result, "true_positive_rate", group=("f",))
    assert math.isnan(tpr.value)
    assert tpr.reason.startswith("selective labels")
    assert tpr.low == pytest.approx(0.54 / 0.94)
    assert tpr.high == 1.0
    fnr = one(result, "false_negative_rate", group=("f",))
    assert (fnr.low, fnr.high) == (0.0, pytest.approx(0.4 / 0.94))
    fpr = one(result, "false_positive_rate", group=("f",))
    assert (fpr.low, fpr.high) == (pytest.approx(0.06 / 0.46), 1.0)
    for metric in (
        "true_positive_rate_difference", "equalized_odds_difference", "equalized_odds_ratio",
        "accuracy_difference", "average_odds_difference", "equal_opportunity_difference",
    ):  # fmt: skip
        for e in result.estimates.where(metric=metric):
            assert math.isnan(e.value)
            assert e.reason.startswith("selective labels")
    assert one(result, "precision", group=("f",)).value == 0.9
    base = one(result, "base_rate", group=("f",))
    assert (base.value, base.rows) == (0.9, 60)
    assert "RUN010" in {i.code for i in result.issues}
    assert any("selective" in text for text in result.record.not_checked)


def test_labels_that_are_selective_in_one_group_only() -> None:
    """There the rate would be 1 by construction: undefined, and so is every comparison with it."""
    rows = {k: list(v) for k, v in SELECTIVE_ROWS.items()}
    rows["paid"][180:] = [1] * 10 + [0] * 10  # men's denied have outcomes
    told = {**TOLD, "favorable": {"decision": 1, "outcome": 1}, "outcome": "paid"}
    result = quiet(rows, **told, reference=REFERENCE)
    assert one(result, "true_positive_rate", group=("m",)).value == 72 / 82
    women = one(result, "true_positive_rate", group=("f",))
    assert math.isnan(women.value)
    assert women.reason.startswith("selective labels")
    gap = one(result, "true_positive_rate_difference")
    assert math.isnan(gap.value)
    assert gap.reason.startswith("selective labels")
    worst = one(result, "equal_opportunity_difference")
    assert worst.reason.startswith("in one or more groups: selective labels")
    assert one(result, "disparate_impact_ratio").value == pytest.approx(0.75)


def test_each_stage_is_audited_among_those_who_reached_it() -> None:
    """Women: 80 of 100 pass the knockout, 60 of those 80 the model."""
    rows: dict[str, list[Any]] = {
        "sex": ["f"] * 100 + ["m"] * 100,
        "knockout": [1] * 80 + [0] * 20 + [1] * 90 + [0] * 10,
        "model": [1] * 60 + [0] * 20 + [None] * 20 + [1] * 81 + [0] * 9 + [None] * 10,
        "ok": [1] * 60 + [0] * 40 + [1] * 81 + [0] * 19,
    }
    result = quiet(rows, **TOLD, stages=["knockout", "model"], reference=REFERENCE)
    at = {"metric": "disparate_impact_ratio", "group": ("f",)}
    assert one(result, **at, stage="knockout").value == pytest.approx(0.8 / 0.9)
    second = one(result, **at, stage="model")
    assert second.value == pytest.approx(0.75 / 0.9)
    assert (second.rows, second.reference_rows) == (80, 90)
    assert one(result, **at, stage=None).value == pytest.approx(0.6 / 0.81)


def test_strata_without_both_sides_say_nothing() -> None:
    """An empty stratum, or one of one sex, is no error; the rest decides."""
    rows = loans(f=(30, 30), m=(45, 15))
    rows["purpose"] = ["car", "house"] * 60
    rows["sex"] += ["m"] * 10
    rows["ok"] += [1] * 10
    rows["purpose"] += ["boat"] * 10
    result = quiet(rows, **TOLD, strata=["purpose"], reference=REFERENCE)
    inside = one(result, "conditional_statistical_parity_difference", group=("f",))
    assert inside.value == pytest.approx(-0.25)
    assert inside.low < -0.25 < inside.high
    boats = result.estimates.where(metric="selection_rate", stratum=("boat",))
    assert [(e.group, e.value) for e in boats] == [(("m",), 1.0)]


# --- weights and repeats --------------------------------------------------------------------


def test_weights_and_clusters_use_effective_rows() -> None:
    """Each row ten times under one key: the interval is that of the rows, not of ten times them."""
    rng = np.random.default_rng(3)
    size = 400
    rows = {"sex": rng.choice(["f", "m"], size).tolist(), "who": list(range(size))}
    rows["ok"] = rng.integers(0, 2, size).tolist()
    rows["w"] = rng.uniform(0.5, 2, size).tolist()
    ten = {k: [x for x in v for _ in range(10)] for k, v in rows.items()}
    plain = one(quiet(rows, **TOLD, weight="w"), "selection_rate", group=("f",))
    naive = one(quiet(ten, **TOLD, weight="w"), "selection_rate", group=("f",))
    clustered = one(quiet(ten, **TOLD, weight="w", cluster="who"), "selection_rate", group=("f",))
    assert clustered.value == pytest.approx(plain.value, abs=1e-12)
    assert naive.high - naive.low < 0.4 * (plain.high - plain.low)
    width = (clustered.high - clustered.low) / (plain.high - plain.low)
    assert 0.7 < width < 1.4  # 64 blocks estimate a variance within about 20 %
    assert "clustered" in clustered.method
    assert (clustered.rows, plain.rows) == (plain.rows * 10, plain.rows)


def test_one_applicant_many_times_is_one_applicant() -> None:
    """A group of 200 rows of one applicant is worth one row, weighted or not."""
    rows = {
        "sex": ["f"] * 200 + ["m"] * 300,
        "ok": [1] * 200 + [1, 0] * 150,
        "who": [0] * 200 + list(range(1, 301)),
        "w": [0.01] * 500,
    }
    for weight in (None, "w"):
        result = quiet(rows, **TOLD, cluster="who", weight=weight)
        rate = one(result, "selection_rate", group=("f",))
        assert rate.value == pytest.approx(1.0)
        assert rate.low == pytest.approx(1 / (1 + 3.841459), abs=1e-6)  # Wilson, 1 of 1
        assert "RUN013" in {i.code for i in result.issues}
        assert one(result, "disparate_impact_ratio").p_value > 0.05


def test_few_effective_events_are_told() -> None:
    """Sixty rows of which one has nearly all the weight: RUN012, and a warning."""
    rows = loans(f=(30, 30), m=(50, 50))
    rows["w"] = [500.0] + [1.0] * 159
    with pytest.warns(audit.DataWarning, match=r"\[RUN012\] sex: fewer than 10 effective events"):
        result = audit.run(rows, **TOLD, weight="w")
    (issue,) = [i for i in result.issues if i.code == "RUN012"]
    assert "'f'" in issue.message
    assert "'m'" not in issue.message


def test_few_applicants_are_told() -> None:
    """Twelve applicants behind sixty rows: RUN013, and a warning."""
    rows = loans(f=(30, 30), m=(500, 500))
    rows["who"] = [f"f{i % 12}" for i in range(60)] + [f"m{i}" for i in range(1000)]
    with pytest.warns(audit.DataWarning, match=r"\[RUN013\]"):
        result = audit.run(rows, **TOLD, cluster="who")
    (issue,) = [i for i in result.issues if i.code == "RUN013"]
    assert "'f'" in issue.message
    assert "'m'" not in issue.message


def test_what_ignores_repeats_is_said() -> None:
    """Blocks cover single attributes only."""
    rows = loans(f=(50, 50), m=(60, 40))
    rows["race"] = ["a", "b"] * 100
    rows["who"] = [str(i) for i in range(200)]
    result = quiet(rows, **{**TOLD, "protected": ["sex", "race"]}, cluster="who")
    assert (
        "repeated applicants: intervals of intersections take rows as independent"
        in result.record.not_checked
    )


def test_a_group_without_weight_is_undefined() -> None:
    """Σw = 0: a reason, no number and no crash, scores included."""
    rows = loans(f=(40, 20), m=(60, 30))
    rows["w"] = [0.0] * 60 + [1.0] * 90
    rows["s"] = [i / 150 for i in range(150)]
    result = quiet(rows, **TOLD, weight="w", score="s", reference=REFERENCE)
    for metric in ("selection_rate", "mean_score"):
        e = one(result, metric, group=("f",))
        assert math.isnan(e.value)
        assert e.reason
    assert result.verdict == "insufficient"


# --- intersections --------------------------------------------------------------------------


def crossed() -> Rows:
    """The reference cell (m, a) holds 5 rows."""
    cells = {("f", "a"): 60, ("f", "b"): 80, ("m", "a"): 5, ("m", "b"): 90}
    rows: Rows = {"sex": [], "race": [], "ok": []}
    for (sex, race), size in cells.items():
        rows["sex"] += [sex] * size
        rows["race"] += [race] * size
        rows["ok"] += [i % 2 for i in range(size)]
    return rows


def test_a_reference_cell_that_is_too_small_is_replaced_and_said_so() -> None:
    """The largest cell stands in for (m, a); single attributes keep what was declared."""
    told = {**TOLD, "protected": ["sex", "race"], "reference": {"sex": "m", "race": "a"}}
    result = quiet(crossed(), **told)
    pairs = result.estimates.where(metric="disparate_impact_ratio", attribute=("sex", "race"))
    assert {e.reference for e in pairs} == {("m", "b")}
    (issue,) = [i for i in result.issues if i.code == "RUN011"]
    assert "5 rows" in issue.message
    assert "'m' × 'b'" in issue.message
    assert one(result, "disparate_impact_ratio", attribute=("race",)).reference == ("a",)
    small = quiet(crossed(), **told, min_rows=5)
    assert not [i for i in small.issues if i.code == "RUN011"]
    pairs = small.estimates.where(metric="disparate_impact_ratio", attribute=("sex", "race"))
    assert {e.reference for e in pairs} == {("m", "a")}


def test_a_tally_says_what_its_cubes_cannot_answer() -> None:
    """Counted for single attributes only: the crossing is listed, once."""
    told = {**TOLD, "protected": ["sex", "race"]}
    tally = audit.count(crossed(), **told, intersections=1)
    result = quiet(tally)
    wanted = [t for t in result.record.not_checked if t.startswith("sex × race")]
    assert wanted == ["sex × race: not in the tally's cubes"]
    assert not result.estimates.where(attribute=("sex", "race"))
    assert result.verdict == quiet(crossed(), **told).verdict
    assert not [t for t in quiet(tally, intersections=1).record.not_checked if "×" in t]


def test_what_was_too_large_to_count_is_listed_once() -> None:
    """Two attributes of 1,500 levels: their crossing is not counted, and that stands in the
    record."""
    size = 3000
    rows = {
        "a": [f"a{i % 1500}" for i in range(size)],
        "b": [f"b{i % 1499}" for i in range(size)],
        "ok": [i % 2 for i in range(size)],
    }
    result = quiet(rows, **{**TOLD, "protected": ["a", "b"]})
    listed = [t for t in result.record.not_checked if t.startswith("a × b")]
    assert len(listed) == 1
    assert "cells" in listed[0]


# --- amounts --------------------------------------------------------------------------------


def test_every_amount_has_its_own_standardized_difference() -> None:
    """Score, limit and rate: three estimates, told apart by column; limit by hand."""
    rows = loans(f=(50, 50), m=(50, 50))
    rows["limit"] = [1000.0, 2000.0] * 50 + [1500.0, 2500.0] * 50
    rows["rate"] = [5.0, 6.0] * 50 + [5.0, 6.0] * 50
    rows["s"] = [(i % 100) / 100 for i in range(200)]
    result = quiet(
        rows, **TOLD, score="s", amount={"limit": "higher", "rate": "lower"}, reference=REFERENCE
    )
    found = {e.column: e for e in result.estimates.where(metric="standardized_mean_difference")}
    assert set(found) == {"s", "limit", "rate"}
    # both groups: standard deviation 500·√(100/99); means 500 apart
    assert found["limit"].value == pytest.approx(-500 / (500 * math.sqrt(100 / 99)))
    assert found["rate"].value == 0
    assert {e.column for e in result.estimates.where(metric="mean_score")} == {"s", "limit", "rate"}
    assert not result.estimates.where(metric="auc", column="limit")
    family = [f for f in result.findings if f.planned and f.code == "AUD002"]
    assert {f.estimate.column for f in family} == {"s", "limit", "rate"}
    (worst,) = [f for f in family if f.estimate.column == "limit"]
    assert worst.verdict == "fail"
    assert worst.because.startswith("for limit, ")
    assert worst.harmed == ("f",)
    frame = result.to_frame()
    assert frame.columns[-1] == "column"
    assert set(frame[frame.metric == "standardized_mean_difference"].column) == set(found)
    assert frame[frame.metric == "selection_rate"].column.isna().all()


def test_a_price_harms_whoever_pays_more() -> None:
    """`rate: lower`: the group with the higher mean is the one harmed."""
    rows = loans(f=(50, 50), m=(50, 50))
    rows["rate"] = [8.0, 9.0] * 50 + [5.0, 6.0] * 50
    result = quiet(rows, **TOLD, amount={"rate": "lower"}, reference=REFERENCE)
    (finding,) = [f for f in result.findings if f.code == "AUD002"]
    assert finding.estimate.value > 0
    assert finding.harmed == ("f",)


# --- the whole ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "german_credit", "taiwan_credit", "boston_mortgages", "fico_scores", "adult_income",
        "compas",
    ],
)  # fmt: skip
def test_bundled_data_run_with_no_foreign_warning(name: str) -> None:
    """`audit.run(ds.frame, **ds.roles)`: no warning but our own, which stand among the issues too;
    every number has an interval, or else a reason."""
    data = datasets.load(name)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = audit.run(data.frame, **data.roles)
    codes = {issue.code for issue in result.issues}
    for warned in caught:
        assert isinstance(warned.message, audit.DataWarning), warned
        assert warned.message.code in codes
    for e in result.estimates:
        if math.isnan(e.value):
            assert e.reason
        else:
            assert e.method
            assert not math.isnan(e.low)
            assert not math.isnan(e.high)


def test_to_frame_has_the_documented_columns() -> None:
    """In the documented order, `column` last; the overall row has () and ()."""
    result = quiet(loans(f=(20, 20), m=(30, 10)), **TOLD)
    frame = result.to_frame()
    documented = (
        "attribute, group, reference, stratum, stage, metric, value, low, high, level, method, "
        "p_value, p_adjusted, rows, favorable, reference_rows, reference_value, line, verdict, "
        "reason, decision_level, column"
    )
    assert ", ".join(frame.columns) == documented
    assert len(frame) == len(result.estimates)
    overall = frame[[a == () for a in frame.attribute]]
    assert set(overall.group) == {()}
    assert overall.reference.isna().all()


def test_raise_for_verdict_agrees_with_the_verdict() -> None:
    """It raises exactly where the verdict is at or above `fail_on`."""
    result = quiet(loans(f=(20, 80), m=(80, 20)), **TOLD, reference=REFERENCE)
    assert result.verdict == "fail"
    for level in ("fail", "review", "insufficient", "pass"):
        with pytest.raises(audit.VerdictError):
            result.raise_for_verdict(level)
    result.raise_for_verdict("never")
    with pytest.raises(audit.InputError, match="FND010"):
        result.raise_for_verdict("fial")
    fine = quiet(loans(f=(900, 100), m=(900, 100)), **TOLD, reference=REFERENCE)
    assert fine.verdict == "pass"
    fine.raise_for_verdict("insufficient")


class Reversed:
    """Knows its classes backwards."""

    classes_ = np.array([1, 0])

    def predict_proba(self, X: Any) -> Any:
        p = np.asarray(X["x"], dtype=float)
        return np.stack([p, 1 - p], axis=1)


def test_a_models_column_is_read_by_its_classes() -> None:
    """Default = 1 is unfavourable; P(1) is the first column here: approve where it is below .5."""
    import pandas as pd

    frame = pd.DataFrame(
        {"sex": ["f", "m"] * 50, "x": np.linspace(0, 1, 100), "default": [0, 1] * 50}
    )
    result = quiet(
        frame, model=Reversed(), cutoff=0.5, features=["x"], protected=["sex"], outcome="default",
        favorable=0,
    )  # fmt: skip
    assert one(result, "selection_rate", attribute=()).value == 0.5
    with pytest.raises(audit.InputError, match="TBL"):
        audit.run(
            frame, model=Reversed(), cutoff=0.5, features=["x"], protected=["sex"],
            outcome="default", favorable=7,
        )  # fmt: skip


def test_a_standardized_difference_knows_repeated_applicants() -> None:
    """Every row ten times: with `cluster` the interval is that of the rows once."""
    rng = np.random.default_rng(8)
    size = 600
    rows = {"sex": rng.choice(["f", "m"], size).tolist(), "who": list(range(size))}
    rows["limit"] = (rng.normal(1e7, 100, size) + 30 * (np.array(rows["sex"]) == "m")).tolist()
    ten = {k: [x for x in v for _ in range(10)] for k, v in rows.items()}
    told = {"protected": "sex", "amount": {"limit": "higher"}, "reference": REFERENCE}
    plain, naive = quiet(rows, **told), quiet(ten, **told)
    repeated = quiet(ten, **told, cluster="who")
    for metric in ("standardized_mean_difference", "mean_score"):
        a, b, c = (one(r, metric, group=("f",)) for r in (plain, naive, repeated))
        assert c.value == pytest.approx(a.value, rel=2e-3)
        assert b.high - b.low < 0.4 * (a.high - a.low)
        assert 0.7 < (c.high - c.low) / (a.high - a.low) < 1.4
        assert c.low < c.value < c.high
        assert c.method == "block jackknife"
    assert any("other than means" in text for text in repeated.record.not_checked)
