"""Shape and types: faults 41-50, and the roles' own mistakes."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from audit.errors import InputError
from audit.table.intake import read
from audit.table.rows import CodedRows, EngineRows, Table


def simple(source: Any, **roles: Any) -> Table:
    return read(source, protected="g", decision="d", **roles)


def codes(table: Table, key: str) -> list[int]:
    assert isinstance(table.rows, CodedRows)
    return table.rows.codes[key].tolist()  # type: ignore[no-any-return]


def test_fault_41_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(InputError, match=r"TBL007.*'d' has 1 values where 'g' has 2"):
        simple({"g": ["a", "b"], "d": [True]})


def test_fault_42_the_same_labels_in_another_order_are_aligned() -> None:
    g = pd.Series(["a", "b", "a"], index=[10, 11, 12])
    d = pd.Series([True, False, True], index=[10, 11, 12])
    table = simple({"g": g, "d": d.loc[[11, 12, 10]]})
    assert codes(table, "protected:g") == [0, 1, 0]
    assert codes(table, "decision") == [0, 1, 0]
    assert [i.code for i in table.issues] == ["TBL068"]


def test_fault_42_an_array_without_labels_cannot_follow_a_shuffled_index() -> None:
    g = pd.Series(["a", "b"], index=[0, 1])
    d = pd.Series([True, False], index=[1, 0])
    with pytest.raises(InputError, match="TBL008"):
        simple({"g": g, "d": d, "w": np.ones(2)}, weight="w")
    assert simple({"g": g, "d": np.array([True, False])}).size == 2


def test_fault_43_disjoint_indexes_are_refused() -> None:
    g = pd.Series(["a", "b"], index=[0, 1])
    d = pd.Series([True, False], index=[1, 2])
    with pytest.raises(InputError, match=r"TBL008.*1 row, first: 2"):
        simple({"g": g, "d": d})


def test_fault_44_repeated_labels_are_fine_only_where_identical() -> None:
    g = pd.Series(["a", "b", "a"], index=[0, 0, 1])
    assert simple({"g": g, "d": pd.Series([True, False, True], index=[0, 0, 1])}).size == 3
    with pytest.raises(InputError, match="TBL009"):
        simple({"g": g, "d": pd.Series([True, False, True], index=[0, 1, 0])})


@pytest.mark.parametrize(
    "source",
    [
        pd.DataFrame({"g": [], "d": []}),
        pl.DataFrame({"g": [], "d": []}),
        pl.LazyFrame({"g": [], "d": []}),
        pa.table({"g": [], "d": []}),
        {"g": [], "d": []},
        {},
    ],
)
def test_fault_45_no_rows_are_refused(source: Any) -> None:
    with pytest.raises(InputError, match="TBL003"):
        simple(source)


def test_fault_46_one_row_is_read() -> None:
    assert simple({"g": ["a"], "d": [True]}).size == 1


def test_fault_47_repeated_column_names_are_refused() -> None:
    frame = pd.DataFrame([["a", True, 1]], columns=["g", "d", "d"])
    for source in (frame, pa.table([["a"], [True], [1]], names=["g", "d", "d"])):
        with pytest.raises(InputError, match=r"TBL002.*'d'"):
            simple(source)


def test_fault_48_nullable_types_are_read() -> None:
    frame = pd.DataFrame(
        {
            "g": pd.array([1, 2, 1], dtype="Int64"),
            "d": pd.array([True, False, True], dtype="boolean"),
            "w": pd.array([1.5, 2.5, 0.5], dtype="Float64"),
        }
    )
    table = simple(frame, weight="w")
    assert table.axes["protected:g"].levels == (1, 2)
    assert codes(table, "decision") == [0, 1, 0]
    assert isinstance(table.rows, CodedRows)
    assert table.rows.weight is not None
    assert table.rows.weight.tolist() == [1.5, 2.5, 0.5]


DATA: dict[str, list[Any]] = {
    "g": ["a", "b", "a", "b"],
    "n": [1, 2, 2, 1],
    "d": [1, 0, 1, 1],
    "y": [True, None, False, True],
    "s": [0.25, 0.5, None, 0.75],
}


@pytest.mark.parametrize(
    "source",
    [
        pd.DataFrame(DATA),
        pd.DataFrame(DATA).astype({"g": "string[pyarrow]", "n": "int64[pyarrow]"}),
        pd.DataFrame(DATA).convert_dtypes(),
        pd.DataFrame(DATA).astype({"g": object}),
        pd.DataFrame(DATA).astype({"g": "category", "n": "category"}),
        pl.DataFrame(DATA),
        pl.DataFrame(DATA).with_columns(pl.col("g").cast(pl.Categorical)),
        pa.table(DATA),
        pa.table({**DATA, "g": pa.chunked_array([["a", "b"], ["a", "b"]]).dictionary_encode()}),
        pa.table({**DATA, "g": pa.array(DATA["g"], pa.large_string())}),
        DATA,
        {k: np.array(v, object) if None in v else np.array(v) for k, v in DATA.items()},
        {k: pd.Series(v, index=list("wxyz")) for k, v in DATA.items()},
        {k: pl.Series(v) for k, v in DATA.items()},
        {k: pa.array(v) for k, v in DATA.items()},
    ],
)
@pytest.mark.filterwarnings("ignore::audit.errors.DataWarning")
def test_fault_49_every_library_gives_the_same_rows(source: Any) -> None:
    """pandas = polars = arrow = lists."""
    roles: dict[str, Any] = {"decision": "d", "outcome": "y", "score": "s", "favorable": 1}
    table = read(source, protected=["g", "n"], where="n in (1, 2) or g == 'none'", **roles)
    assert table.axes["protected:g"].levels == ("a", "b")
    assert table.axes["protected:n"].levels == (1, 2)
    assert codes(table, "protected:g") == [0, 1, 0, 1]
    assert codes(table, "protected:n") == [0, 1, 1, 0]
    assert codes(table, "decision") == [0, 1, 0, 0]
    assert codes(table, "outcome") == [0, 2, 1, 0]
    assert isinstance(table.rows, CodedRows)
    assert table.rows.score is not None
    np.testing.assert_array_equal(table.rows.score, [0.25, 0.5, np.nan, 0.75])
    assert [i.code for i in table.issues if i.code != "TBL067"] == ["TBL064", "TBL059"]


@pytest.mark.filterwarnings("ignore::audit.errors.DataWarning")
def test_fault_49_lazy_frames_settle_the_same_roles() -> None:
    frame = pl.DataFrame(DATA)
    here = read(frame, protected=["g", "n"], decision="d", outcome="y", score="s", favorable=1)
    for source in (frame.lazy(), duckdb.from_arrow(frame.to_arrow())):
        there = read(
            source, protected=["g", "n"], decision="d", outcome="y", score="s", favorable=1
        )
        assert isinstance(there.rows, EngineRows)
        assert there.axes == here.axes
        assert there.roles == here.roles
        assert there.issues == here.issues
        assert there.size == 4
        assert there.rows.lookups["outcome"] == {True: 0, False: 1, None: 2}


def test_fault_50_inputs_are_unchanged_afterwards() -> None:
    frame = pd.DataFrame(
        {"g": pd.Categorical(["a", "b", "a"]), "d": [1, 0, 1], "s": [0.1, 0.2, 0.3], "w": [1, 2, 3]}
    )
    before = frame.copy(deep=True)
    simple(frame, favorable=1, score="s", weight="w", where="s < 0.25")
    pd.testing.assert_frame_equal(frame, before)


def test_an_unknown_column_brings_a_suggestion() -> None:
    with pytest.raises(InputError, match=r"TBL001.*protected: no column 'gg'.*did you mean 'g'"):
        read({"g": ["a"], "d": [True]}, protected="gg", decision="d")
    with pytest.raises(InputError, match=r"TBL001.*outcome"):
        read({"g": ["a"], "d": [True]}, protected="g", outcome="repaid")


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        ({"protected": []}, "TBL005"),
        ({"protected": ["g", "g"]}, "TBL004"),
        ({"protected": "g", "decision": "g"}, "TBL004"),
        ({"protected": "g", "strata": ["g"]}, "TBL004"),
        ({"protected": {"race": {"White": "p"}}}, "TBL001"),
        ({"protected": {"race": {}}}, "TBL005"),
        ({"protected": {"race": "g"}}, "TBL005"),
        ({"protected": {"race": {"none of them": "g"}}}, "TBL005"),
        ({"protected": {"race": {"White": "g", "Black": "g"}}}, "TBL004"),
        ({"protected": ["g", {"race": {"White": "g"}}]}, "TBL004"),
        ({"protected": {"race": {"White": "g"}}, "bins": {"race": [1]}}, "TBL005"),
        ({"protected": [1]}, "TBL005"),
        ({"protected": "g", "score": "s", "risk": "r"}, "TBL029"),
        ({"protected": "g", "score": "s", "cutoff": 1, "approval_rate": 0.5}, "TBL029"),
        ({"protected": "g", "cutoff": 1}, "TBL029"),
        ({"protected": "g", "decision": "d", "score": "s", "cutoff": 1}, "TBL029"),
        ({"protected": "g", "score": "s", "approval_rate": 0}, "TBL031"),
        ({"protected": "g", "score": "s", "approval_rate": 1.1}, "TBL031"),
        ({"protected": "g", "score": "s", "cutoff": "high"}, "TBL005"),
        ({"protected": "g", "missing": "drop"}, "TBL005"),
        ({"protected": "g", "amount": {"s": "up"}}, "TBL005"),
        ({"protected": "g", "amount": {"limit": "higher"}}, "TBL001"),
        ({"protected": "g", "reference": {"sex": "m"}}, "TBL005"),
        ({"protected": "g", "reference": {"g": "z"}}, "TBL019"),
        ({"protected": "g", "reference": {"g": None}}, "TBL019"),
        ({"protected": "g", "bins": {"s": [1]}}, "TBL005"),
        ({"protected": "g", "bins": {"g": [1]}}, "TBL018"),
        ({"protected": "s", "bins": {"s": [2, 1]}}, "TBL017"),
        ({"protected": "s", "bins": {"s": []}}, "TBL017"),
        ({"protected": "s", "bins": {"s": 3}}, "TBL017"),
        ({"protected": "s", "bins": {"s": ["x"]}}, "TBL017"),
        ({"protected": "s", "bins": [1, 2]}, "TBL005"),
    ],
)
def test_mistaken_roles_are_refused_by_name(roles: dict[str, Any], code: str) -> None:
    frame = {"g": ["a", "b"], "d": [True, False], "s": [0.1, 0.2], "r": [0.9, 0.8]}
    with pytest.raises(InputError, match=code):
        read(frame, **roles)


@pytest.mark.parametrize(
    "source", [[1, 2], np.zeros((2, 2)), pd.Series([1]), 7, [{"g": "a"}], object(), None]
)
def test_what_is_no_table_is_refused(source: Any) -> None:
    with pytest.raises(InputError, match="TBL006"):
        simple(source)


def test_a_value_that_is_no_column_is_refused() -> None:
    for value in ("text", 1, {"a"}, {"a": 1}):
        with pytest.raises(InputError, match="TBL005"):
            simple({"g": ["a"], "d": value})


def test_repeated_ids_without_cluster_are_warned_about() -> None:
    frame = {"g": ["a", "b", "a"], "d": [True, False, True], "i": [1, 1, 2]}
    with pytest.warns(UserWarning, match=r"TBL066.*cluster='i'"):
        table = simple(frame, id="i")
    assert table.roles.id == "i"
