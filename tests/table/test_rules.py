"""Cut-offs, approval rates, stages, bins, references, strata and clusters."""

from __future__ import annotations

import warnings
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.errors import DataWarning, InputError
from audit.table import cutoff_search
from audit.table.blocks import block
from audit.table.intake import read
from audit.table.rows import CodedRows, EngineRows, Table

GROUPS = ["a", "b", "a", "b", "a"]


def evaluated(table: Table, key: str) -> list[Any]:
    """The codes of a key row by row, wherever the rows are."""
    rows = table.rows
    if isinstance(rows, CodedRows):
        return rows.codes[key].tolist()  # type: ignore[no-any-return]
    found = rows.frame.select("i", rows.expressions[key].alias("v")).collect().sort("i")
    return [rows.lookups[key][v] for v in found["v"].to_list()]


def everywhere(data: dict[str, list[Any]], **roles: Any) -> list[Table]:
    data = {"i": list(range(len(GROUPS))), "g": GROUPS, **data}
    arrow = pa.table(data)
    sources = (
        pd.DataFrame(data),
        pl.DataFrame(data),
        arrow,
        pl.LazyFrame(data),
        duckdb.from_arrow(arrow),
    )
    return [read(source, protected="g", **roles) for source in sources]


def test_a_cutoff_approves_at_or_above_a_score_and_below_a_risk() -> None:
    values = [0.1, 0.2, 0.3, 0.2, 0.4]
    for table in everywhere({"s": values}, score="s", cutoff=0.2):
        assert evaluated(table, "decision") == [1, 0, 0, 0, 0]
        assert (table.roles.cutoff, table.roles.decided_by) == (0.2, "cutoff")
    for table in everywhere({"s": values}, risk="s", cutoff=0.2):
        assert evaluated(table, "decision") == [0, 1, 1, 1, 1]


def test_an_approval_rate_takes_the_strictest_cutoff_that_reaches_it_ties_together() -> None:
    """By hand: three of five must be approved; the third and fourth best tie, so four are."""
    values = [0.1, 0.2, 0.3, 0.2, 0.4]
    for table in everywhere({"s": values}, score="s", approval_rate=0.6):
        assert table.roles.cutoff == 0.2
        assert table.roles.decided_by == "approval_rate"
        assert evaluated(table, "decision") == [1, 0, 0, 0, 0]
    for table in everywhere({"s": values}, risk="s", approval_rate=0.4):
        assert table.roles.cutoff == 0.3  # approve below: .1, .2 and .2
        assert evaluated(table, "decision") == [0, 0, 1, 0, 1]
    for table in everywhere({"s": values}, risk="s", approval_rate=1.0):
        assert evaluated(table, "decision") == [0] * 5


def test_an_approval_rate_is_a_share_of_weights_and_counts() -> None:
    values = [1, 2, 3, 4, 5]
    for part in ("weight", "count"):
        for table in everywhere(
            {"s": values, "w": [1, 1, 1, 1, 6]}, score="s", approval_rate=0.6, **{part: "w"}
        ):
            assert table.roles.cutoff == 5


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=40), st.floats(0.01, 1.0), st.booleans())
def test_no_stricter_cutoff_approves_enough(scores: list[int], rate: float, higher: bool) -> None:
    part: dict[str, Any] = {"score" if higher else "risk": "s"}
    frame = pd.DataFrame({"g": "a", "s": scores})
    found = [
        read(f, protected="g", approval_rate=rate, **part)
        for f in (frame, pl.from_pandas(frame).lazy())
    ]
    assert found[0].roles.cutoff == found[1].roles.cutoff
    cutoff = found[0].roles.cutoff
    assert cutoff is not None
    signed = np.array(scores) if higher else -np.array(scores)
    approved = np.array(scores) >= cutoff if higher else np.array(scores) < cutoff
    need = rate * len(scores) - 1e-9
    assert approved.sum() >= need
    worst = signed[approved].min()
    assert (signed > worst).sum() < need


def test_the_engines_search_narrows_to_the_same_cutoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutoff_search, "COLLECT", 5)
    scores = np.random.default_rng(0).random(3000).round(4)
    frame = pl.DataFrame({"g": ["a"] * 3000, "s": scores})
    for rate in (0.001, 0.3, 0.999, 1.0):
        expected = np.sort(scores)[::-1][int(np.ceil(rate * 3000)) - 1]
        for source in (frame, frame.lazy(), duckdb.from_arrow(frame.to_arrow())):
            assert (
                read(source, protected="g", score="s", approval_rate=rate).roles.cutoff == expected
            )


def test_a_missing_score_cannot_decide_and_is_counted_otherwise() -> None:
    values = [0.1, None, 0.3, 0.2, 0.4]
    with pytest.raises(InputError, match=r"TBL030.*1 row, first: 1.*where=\"s is not null\""):
        everywhere({"s": values}, score="s", cutoff=0.2)
    with pytest.raises(InputError, match="TBL030"):
        read(pl.LazyFrame({"g": GROUPS, "s": values}), protected="g", risk="s", approval_rate=0.2)
    with pytest.warns(DataWarning, match="TBL064"):
        read({"g": GROUPS, "s": values}, protected="g", score="s")
    for table in everywhere({"s": values}, score="s", cutoff=0.2, where="s is not null"):
        assert (table.size, table.excluded) == (4, 1)


def test_stages_are_audited_among_those_who_reached_them() -> None:
    """Reached means every earlier stage was favourable; the first that was not decides."""
    data: dict[str, list[Any]] = {
        "knockout": ["pass", "fail", "pass", "pass", "held"],
        "model": [1, None, 0, 1, 0],
        "final": [True, None, None, False, True],
    }
    for table in everywhere(
        data, stages=["knockout", "model", "final"],
        favorable={"knockout": "pass", "model": 1}, unfavorable={"knockout": "fail"},
    ):  # fmt: skip
        assert evaluated(table, "stage:knockout") == [0, 1, 0, 0, 2]
        assert evaluated(table, "stage:model") == [0, 3, 1, 0, 3]
        assert evaluated(table, "stage:final") == [0, 3, 3, 1, 3]
        assert evaluated(table, "decision") == [0, 1, 1, 1, 2]
        assert table.axes["stage:model"].levels[3] == "not reached"
        assert table.roles.favorable["stage:final"] == (True,)


def test_a_stage_that_was_reached_needs_a_decision() -> None:
    data: dict[str, list[Any]] = {"one": [1, 1, 0, 1, 1], "two": [1, None, None, 0, 1]}
    with pytest.raises(InputError, match=r"TBL040.*'two'.*1 row, first: 1"):
        everywhere(data, stages=["one", "two"], favorable=1)
    with pytest.raises(InputError, match=r"TBL040.*'two'.*1 row"):
        read(pl.LazyFrame({"g": GROUPS, **data}), protected="g", stages=["one", "two"], favorable=1)


def test_stages_beside_a_decision() -> None:
    data: dict[str, list[Any]] = {"one": [1, 1, 0, 1, 1], "d": [True, True, False, False, True]}
    for table in everywhere(data, stages="one", decision="d", favorable={"one": 1}):
        assert evaluated(table, "decision") == [0, 0, 1, 1, 0]
        assert evaluated(table, "stage:one") == [0, 0, 1, 0, 0]


def test_bins_hold_their_left_edge_and_empty_ones_stay() -> None:
    data: dict[str, list[Any]] = {"age": [25, 26, 40, 62, 18], "d": [True] * 5}
    for table in everywhere(data, strata=["age"], bins={"age": [26, 40, 50, 62]}, decision="d"):
        labels = ("(-inf, 26)", "[26, 40)", "[40, 50)", "[50, 62)", "[62, inf)")
        assert table.axes["stratum:age"].levels == labels
        assert evaluated(table, "stratum:age") == [0, 1, 2, 4, 0]
        assert table.roles.bins == {"age": (26.0, 40.0, 50.0, 62.0)}


def test_a_missing_value_is_in_no_bin() -> None:
    data = {"i": [0, 1, 2], "age": [20.5, None, float("nan")], "d": [True, False, True]}
    frame = pl.DataFrame(data)
    for source in (frame, frame.lazy(), frame.to_pandas(), duckdb.from_arrow(frame.to_arrow())):
        with pytest.warns(DataWarning, match=r"TBL050.*2 rows"):
            table = read(source, protected="age", bins={"age": [0.5, 26]}, decision="d")
        assert table.axes["protected:age"].levels == ("(-inf, 0.5)", "[0.5, 26)", "[26, inf)", None)
        assert evaluated(table, "protected:age") == [1, 3, 3]


def test_infinite_values_are_in_no_bin() -> None:
    for source in (
        pd.DataFrame({"age": [1.0, np.inf], "d": [True, False]}),
        pl.LazyFrame({"age": [1.0, np.inf], "d": [True, False]}),
    ):
        with pytest.raises(InputError, match="TBL016"):
            read(source, protected="age", bins={"age": [3]}, decision="d")


@pytest.mark.parametrize(
    ("told", "found"),
    [(30, "[26, 40)"), (26, "[26, 40)"), ("25", "(-inf, 26)"), ("[40, inf)", "[40, inf)")],
)
def test_a_number_means_the_bin_that_holds_it(told: Any, found: str) -> None:
    frame = {"age": [20, 30, 50], "d": [True, False, True]}
    table = read(
        frame, protected="age", decision="d", bins={"age": [26, 40]}, reference={"age": told}
    )
    assert table.roles.reference == {"age": found}


def test_references_are_levels_in_their_own_type() -> None:
    frame = {"g": [1, 2, 1], "d": [True, False, True]}
    assert read(frame, protected="g", decision="d", reference={"g": "2"}).roles.reference == {
        "g": 2
    }
    assert read(frame, protected="g", decision="d", reference=2).roles.reference == {"g": 2}
    with pytest.raises(InputError, match=r"TBL019.*did you mean 'male'"):
        read(
            {"s": ["male", "female"], "d": [True, False]},
            protected="s",
            decision="d",
            reference="mael",
        )


def test_clusters_share_blocks_that_depend_on_the_keys_text_only() -> None:
    keys = [f"A-{i}" for i in range(40)]
    frame = pd.DataFrame(
        {"g": ["a", "b"] * 20, "d": [True, False] * 20, "k": keys, "n": range(40), "i": range(40)}
    )
    for source in (
        frame,
        pl.from_pandas(frame).lazy(),
        duckdb.from_arrow(pa.Table.from_pandas(frame)),
    ):
        table = read(source, protected="g", decision="d", cluster="k")
        assert evaluated(table, "block") == [block(k) for k in keys]
        assert len(table.axes["block"].levels) == 64
        table = read(source, protected="g", decision="d", cluster="n")
        assert evaluated(table, "block") == [block(str(i)) for i in range(40)]


def test_few_or_missing_clusters() -> None:
    with pytest.warns(DataWarning, match=r"TBL065.*2 clusters"):
        read(
            {"g": ["a", "b"], "d": [True, False], "k": [1, 2]},
            protected="g",
            decision="d",
            cluster="k",
        )
    with pytest.raises(InputError, match=r"TBL041.*1 row, first: 1"):
        read(
            {"g": ["a", "b"], "d": [True, False], "k": ["x", None]},
            protected="g",
            decision="d",
            cluster="k",
        )


def test_amounts_are_kept_with_their_direction() -> None:
    for table in everywhere({"limit": [1, 2, 3, 4, 5]}, amount={"limit": "higher"}):
        assert table.roles.amount == {"limit": "higher"}
        if isinstance(table.rows, EngineRows):
            assert "amount:limit" in table.rows.expressions
        else:
            assert table.rows.amounts["limit"].tolist() == [1, 2, 3, 4, 5]


def test_numbers_of_engines_are_read_as_in_memory() -> None:
    data: dict[str, list[Any]] = {"w": [1, 2, 3, 4, 5], "c": [1, 0, 2, 1, 1], "d": [True] * 5}
    for table in everywhere(data, decision="d", weight="w", count="c"):
        rows = table.rows
        if isinstance(rows, EngineRows):
            found = (
                rows.frame.select("i", rows.expressions["weight"].alias("w")).collect().sort("i")
            )
            assert found["w"].to_list() == [1, 2, 3, 4, 5]
    for bad, code in (
        ([1, 2, -1, 1, 1], "TBL033"),
        ([0] * 5, "TBL035"),
        ([1, None, 1, 1, 1], "TBL034"),
    ):
        with pytest.raises(InputError, match=code):
            read(
                pl.LazyFrame({"g": GROUPS, "w": bad, "d": [True] * 5}),
                protected="g",
                decision="d",
                weight="w",
            )
    with pytest.raises(InputError, match="TBL036"):
        read(pl.LazyFrame({"g": GROUPS, "w": [0.5] * 5}), protected="g", count="w")


COLUMNS = st.one_of(
    st.lists(st.sampled_from(["a", "b ", "A", "é", None]), min_size=6, max_size=6),
    st.lists(st.sampled_from([0, 1, 2, None]), min_size=6, max_size=6),
    st.lists(st.sampled_from([True, False, None]), min_size=6, max_size=6),
    st.lists(st.sampled_from([0.5, 1.0, 2.0, None, float("nan")]), min_size=6, max_size=6),
)


@settings(deadline=None, max_examples=40)
@given(
    st.fixed_dictionaries(dict.fromkeys("gdyst", COLUMNS)),
    st.sampled_from([{}, {"decision": "d"}, {"stages": ["d", "t"]}, {"score": "s", "cutoff": 1}]),
    st.sampled_from([{}, {"bins": {"g": [1, 1.5]}}, {"where": "d in (1, 2, 1.5)"}]),
    st.sampled_from([1, "a", True, [1, "a"], {"outcome": 0}]),
)  # fmt: skip
def test_memory_and_engines_settle_the_same(
    data: dict[str, list[Any]], rule: dict[str, Any], extra: dict[str, Any], favorable: Any
) -> None:
    """The same levels, roles, issues and codes, or the same error, wherever the rows are."""
    frame = pl.DataFrame({"i": range(6), **data}, strict=False)
    arrow = frame.to_arrow()
    answers = []
    for source in (frame, arrow.to_pandas(), arrow, frame.lazy(), duckdb.from_arrow(arrow)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            try:
                table = read(
                    source, protected="g", outcome="y", favorable=favorable, **rule, **extra
                )
            except InputError as problem:
                answers.append((problem.code, problem.argument, problem.count))
                continue
        codes = {key: evaluated(table, key) for key in table.axes}
        answers.append((table.roles, table.axes, table.issues, codes, table.size, table.excluded))  # type: ignore[arg-type]
    assert all(answer == answers[0] for answer in answers)
