"""A decision with several levels: every value by group, against statsmodels and by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import audit
from audit.errors import InputError

GRADES = list("ABCD")
TABLE = {"f": (20, 31, 29, 20), "m": (42, 33, 24, 21)}
ROWS = {
    "sex": [s for s, counts in TABLE.items() for g, n in zip(GRADES, counts, strict=True)
            for _ in range(n)],
    "grade": [g for counts in TABLE.values() for g, n in zip(GRADES, counts, strict=True)
              for _ in range(n)],
}  # fmt: skip
TOLD: dict[str, Any] = {
    "protected": "sex", "decision": "grade", "favorable": ["A", "B"], "reference": {"sex": "m"},
}  # fmt: skip


def rates(result: Any, metric: str = "decision_level_rate") -> dict[Any, Any]:
    return {
        (e.group[0] if e.group else None, e.decision_level): e
        for e in result.estimates
        if e.metric == metric and e.decision_level is not None
    }


def test_every_level_by_group_is_counted_by_hand() -> None:
    """Share, rows, numerator, Wilson's limits; everyone too."""
    from statsmodels.stats.proportion import proportion_confint

    found = rates(audit.run(ROWS, levels=GRADES, **TOLD))
    assert len(found) == 12
    for sex, counts in TABLE.items():
        for grade, n in zip(GRADES, counts, strict=True):
            e, whole = found[sex, grade], sum(counts)
            assert (e.value, e.rows, e.favorable) == (n / whole, whole, n)
            wilson = proportion_confint(n, whole, method="wilson")
            assert (e.low, e.high) == pytest.approx(wilson, rel=1e-9)
            assert e.column == "grade"
    assert found[None, "A"].value == 62 / 220


def test_contrasts_of_a_level_are_those_of_two_rates() -> None:
    """The same numbers as `audit.inference` gives for the counts; the favourable set is judged."""
    result = audit.run(ROWS, levels=GRADES, **TOLD)
    ratio = rates(result, "decision_level_rate_ratio")["f", "D"]
    assert ratio.value == pytest.approx((20 / 100) / (21 / 120))
    assert (ratio.low, ratio.high) == pytest.approx(
        audit.inference.ratio_interval(20, 100, 21, 120)
    )
    gap = rates(result, "decision_level_rate_difference")["f", "A"]
    assert gap.value == pytest.approx(0.20 - 0.35)
    assert (gap.low, gap.high) == pytest.approx(
        audit.inference.difference_interval(20, 100, 42, 120)
    )
    (planned,) = [f for f in result.findings if f.planned]
    assert planned.estimate.value == pytest.approx((51 / 100) / (75 / 120))


def test_undecided_levels_are_kept_too() -> None:
    """approve / refer / decline: shares are of all rows, rates of the decided."""
    rows = {"sex": ["f"] * 50 + ["m"] * 50,
            "d": (["approve"] * 20 + ["refer"] * 20 + ["decline"] * 10) * 2}  # fmt: skip
    told = {"favorable": "approve", "unfavorable": "decline", "reference": {"sex": "m"}}
    result = audit.run(rows, protected="sex", decision="d", **told)
    found = rates(result)
    assert [found["f", v].value for v in ("approve", "refer", "decline")] == [0.4, 0.4, 0.2]
    (rate,) = result.estimates.where(metric="selection_rate", group=("f",))
    assert rate.value == 20 / 30


def test_two_values_need_no_levels() -> None:
    """The approval rate says all."""
    rows = {"sex": ["f", "m"] * 40, "ok": [0, 1, 1, 1] * 20}
    told = {"protected": "sex", "decision": "ok", "favorable": 1}
    assert not rates(audit.run(rows, **told))
    assert not rates(audit.run(rows, unfavorable=0, **told))
    assert not rates(audit.run(rows, levels=[0, 1], **told))


def test_order_is_declared_or_categorical_or_as_told() -> None:
    """levels= first; then a categorical's order; then favourable, other, unfavourable."""

    def order(source: Any, **more: Any) -> list[Any]:
        return list(audit.read(source, **TOLD, **more).axes["level:grade"].levels)

    assert order(ROWS, levels=["D", "C", "B", "A"]) == ["D", "C", "B", "A"]
    frame = pd.DataFrame(ROWS)
    frame["grade"] = pd.Categorical(frame["grade"], categories=list("BADC"), ordered=True)
    assert order(frame, unfavorable=["D"]) == list("BADC")
    assert order(ROWS, unfavorable=["D"]) == ["A", "B", "C", "D"]
    assert order(ROWS, levels=[*GRADES, "E"])[-1] == "E"


def test_a_value_that_no_level_names_is_refused() -> None:
    """With its rows; so are favourable values outside the levels, and levels without a column."""
    with pytest.raises(InputError, match=r"TBL043.*'D'.*41 rows"):
        audit.read(ROWS, levels=["A", "B", "C"], **TOLD)
    with pytest.raises(InputError, match=r"TBL043"):
        audit.read(ROWS, levels=GRADES, **{**TOLD, "favorable": {"decision": ["A", "F"]}})
    with pytest.raises(InputError, match=r"TBL029"):
        audit.read({"sex": ["f", "m"], "s": [1, 2]}, protected="sex", score="s", levels=[1, 2])
    with pytest.raises(InputError, match=r"TBL005.*twice"):
        audit.read(ROWS, levels=["A", "A"], **TOLD)


def test_a_third_value_says_how_to_name_levels() -> None:
    """The error of an undeclared third value names both ways out."""
    with pytest.raises(InputError, match=r"TBL025.*unfavorable=.*levels=\['A', 'B', 'C', 'D'\]"):
        audit.read(ROWS, **TOLD)


def test_engines_and_memory_count_alike(tmp_path: Any) -> None:
    """DuckDB, a polars LazyFrame and memory: equal tallies, estimates to 1e-12."""
    import duckdb
    import polars as pl

    frame = pd.DataFrame(ROWS)
    here = audit.count(audit.read(frame, levels=GRADES, **TOLD))
    con = duckdb.connect()
    for source in (con.from_df(frame), pl.from_pandas(frame).lazy()):
        there = audit.count(audit.read(source, levels=GRADES, **TOLD))
        assert there.cubes == here.cubes
        assert there.fingerprint == here.fingerprint
    here.save(tmp_path / "t.json")
    assert audit.load_tally(tmp_path / "t.json") == here
    again = audit.run(audit.load_tally(tmp_path / "t.json"))
    assert rates(again)["f", "A"].value == 0.2


def test_merged_parts_make_the_whole() -> None:
    """Also where a part lacks a level; the declared order stays."""
    frame = pd.DataFrame(ROWS)
    parts = [frame[frame.grade != "D"], frame[frame.grade == "D"]]
    counted = [audit.count(audit.read(p, levels=GRADES, **TOLD)) for p in parts]
    whole = audit.merge(counted)
    assert whole.axes["level:grade"].levels == tuple(GRADES)
    assert rates(audit.run(whole))["m", "C"].value == 24 / 120


def test_weights_and_repeats() -> None:
    """Equal weights change nothing; everyone twice under one key is no more certain."""
    plain = rates(audit.run(ROWS, levels=GRADES, **TOLD))["f", "A"]
    size = len(ROWS["sex"])
    weighted = rates(audit.run({**ROWS, "w": [2.5] * size}, levels=GRADES, weight="w", **TOLD))[
        "f", "A"
    ]
    assert (weighted.value, weighted.low, weighted.high) == pytest.approx(
        (plain.value, plain.low, plain.high)
    )
    twice = {k: list(np.repeat(v, 2)) for k, v in ROWS.items()}
    twice["who"] = list(np.repeat(np.arange(size), 2))
    repeated = rates(audit.run(twice, levels=GRADES, cluster="who", **TOLD))["f", "A"]
    assert repeated.value == pytest.approx(plain.value)
    assert 0.7 < (repeated.high - repeated.low) / (plain.high - plain.low) < 1.4


@given(
    st.lists(
        st.tuples(st.sampled_from(["f", "m"]), st.sampled_from(GRADES)), min_size=3, max_size=60
    )
)
def test_shares_of_a_group_add_to_one(rows: list[tuple[str, str]]) -> None:
    """And favourable levels add up to the approval rate."""
    table = audit.read(
        {"sex": [s for s, _ in rows], "grade": [g for _, g in rows]}, protected="sex",
        decision="grade", favorable=["A", "B"], levels=GRADES,
    )  # fmt: skip
    from audit.inference.decision_levels import level_estimates

    found = [
        e
        for e in level_estimates(audit.count(table), [], level=0.95, min_rows=1, seed=0)
        if e.metric == "decision_level_rate"
    ]
    for group in {e.group for e in found}:
        own = {e.decision_level: e.value for e in found if e.group == group}
        assert sum(own.values()) == pytest.approx(1)
        held = [g for s, g in rows if not group or s == group[0]]
        assert own["A"] + own["B"] == pytest.approx(sum(g in "AB" for g in held) / len(held))
