"""Groups: faults 1-18. Each test states what must happen to one kind of bad or odd level."""

from __future__ import annotations

import datetime
import time
import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from audit.errors import DataWarning, InputError
from audit.table.intake import read
from audit.table.rows import CodedRows, Table


def groups(values: Any, **roles: Any) -> Table:
    """A table of one protected attribute with alternating bool decisions."""
    decision = np.arange(len(values)) % 2 == 0
    frame = pd.DataFrame({"g": values, "d": decision})
    return read(frame, protected="g", decision="d", **roles)


def levels(table: Table) -> tuple[Any, ...]:
    return table.axes["protected:g"].levels


def counted(table: Table) -> dict[Any, int]:
    assert isinstance(table.rows, CodedRows)
    counts = np.bincount(table.rows.codes["protected:g"], minlength=len(levels(table)))
    return dict(zip(levels(table), counts.tolist(), strict=True))


def test_fault_01_missing_levels_form_a_group_of_their_own_with_a_warning() -> None:
    for missing in (None, np.nan, pd.NA):
        values = pd.Series(["f", missing, "m", missing], dtype=object)
        with pytest.warns(DataWarning, match=r"TBL050.*2 rows"):
            table = groups(values)
        assert levels(table) == ("f", "m", None)
        assert counted(table) == {"f": 1, "m": 1, None: 2}
        assert [i.code for i in table.issues] == ["TBL050"]


def test_fault_01_missing_levels_are_refused_when_asked() -> None:
    with pytest.raises(InputError, match=r"TBL011.*2 rows, first: 1") as caught:
        groups(["f", None, "m", None], missing="error")
    assert caught.value.argument == "protected"
    assert caught.value.count == 2
    assert caught.value.first == 1


def test_fault_02_one_group_only_is_read_and_noted() -> None:
    table = groups(["f", "f"])
    assert [(i.code, i.severity) for i in table.issues] == [("TBL051", "note")]


def test_fault_03_a_group_of_one_row_is_kept() -> None:
    assert counted(groups(["f", "m", "m"])) == {"f": 1, "m": 2}


def test_fault_09_ten_thousand_levels_are_exact_and_quick() -> None:
    names = [f"level {i:05d}" for i in range(10_000)]
    start = time.perf_counter()
    with pytest.warns(DataWarning, match=r"TBL057.*10,000 levels"):
        table = groups(names * 3)
    assert time.perf_counter() - start < 2
    assert levels(table) == tuple(names)
    assert set(counted(table).values()) == {3}


def test_fault_10_dates_need_bins() -> None:
    day = datetime.date(2000, 1, 1)
    for values in (
        pd.to_datetime(["2000-01-01", "2000-01-02"]),
        [day, day],
        pd.Series([day, day], dtype=object),
    ):
        with pytest.raises(InputError, match=r"TBL013.*bins"):
            groups(values)


def test_fault_10_numbers_that_are_not_whole_need_bins() -> None:
    with pytest.raises(InputError, match=r"TBL014.*0\.5.*bins=\{'g'"):
        groups([0.5, 1.0, 2.0])


def test_fault_10_more_than_fifty_numbers_need_bins_and_fifty_do_not() -> None:
    with pytest.raises(InputError, match=r"TBL015.*51 distinct.*bins"):
        groups(np.arange(51))
    assert levels(groups(np.arange(50))) == tuple(range(50))


@pytest.mark.parametrize(
    "values", [[1, "1"], [1, True], ["a", 2.0], [1, "1", True, 1.0], [True, "True"], [b"a", "a"]]
)
def test_fault_11_mixed_types_are_refused(values: list[Any]) -> None:
    with pytest.raises(InputError, match="TBL012"):
        groups(pd.Series(values, dtype=object))
    with pytest.raises(InputError, match="TBL012"):
        read({"g": values, "d": [True] * len(values)}, protected="g", decision="d")


@pytest.mark.parametrize(
    "values",
    [["male", "male ", "f"], ["Male", "male", "f"], ["a b", "A  B", "c"], [" x", "y", "z"]],
)
def test_fault_12_blanks_and_case_are_warned_about_and_kept_apart(values: list[str]) -> None:
    with pytest.warns(DataWarning, match="TBL052"):
        table = groups(values)
    assert levels(table) == tuple(sorted(values))


def test_fault_13_composed_and_decomposed_spellings_are_one_level() -> None:
    with pytest.warns(DataWarning, match="TBL053"):
        table = groups(["Jos\u00e9", "Jose\u0301", "Ana"])
    assert counted(table) == {"Ana": 1, "José": 2}


def test_fault_13_zero_width_and_look_alike_letters_are_warned_about_and_kept_apart() -> None:
    with pytest.warns(DataWarning) as caught:
        table = groups(["male", "ma\u200ble", "m\u0430le", "f"])  # the third has a Cyrillic a
    assert {w.message.code for w in caught} == {"TBL054", "TBL055"}  # type: ignore[union-attr]
    assert len(levels(table)) == 4
    assert r"\u0430" in next(i.message for i in table.issues if i.code == "TBL055")


def test_fault_13_names_in_one_foreign_alphabet_are_no_reason_to_warn() -> None:
    assert levels(groups(["Жена", "Муж"])) == ("Жена", "Муж")


def test_fault_14_direction_controls_are_kept_and_named_by_code_point() -> None:
    table = groups(["a\u202eb", "ab"])
    assert levels(table) == ("ab", "a\u202eb")
    assert [(i.code, i.severity) for i in table.issues] == [("TBL056", "note")]
    assert "U+202E" in table.issues[0].message


def test_fault_15_markup_is_a_name_like_any_other() -> None:
    hostile = ["</script>", "<script>alert(1)</script>", "{{ 7*7 }}"]
    assert levels(groups(hostile)) == tuple(sorted(hostile))


def test_fault_16_odd_names_are_names() -> None:
    long = "x" * 1_000_000
    names = ["", "None", "nan", "overall", long]
    table = groups(names)
    assert levels(table) == ("", "None", "nan", "overall", long)


def test_fault_16_messages_shorten_long_names() -> None:
    with pytest.raises(InputError) as caught:
        groups(["x" * 1_000_000, "y"], reference={"g": "z" * 1_000_000})
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_fault_17_unused_categories_are_levels_without_rows(library: str) -> None:
    values = pd.Categorical(["b", "a", "b"], categories=["c", "b", "a"], ordered=True)
    frame: Any = pd.DataFrame({"g": values, "d": [True, False, True]})
    if library == "polars":
        column = pl.Series("g", ["b", "a", "b"], dtype=pl.Enum(["c", "b", "a"]))
        frame = pl.DataFrame({"g": column, "d": [True, False, True]})
    elif library == "pyarrow":
        frame = pa.Table.from_pandas(frame)
    table = read(frame, protected="g", decision="d")
    assert counted(table) == {"c": 0, "b": 2, "a": 1}
    assert levels(table) == ("c", "b", "a")
    assert [i.code for i in table.issues] == ["TBL058"]


def test_fault_18_separators_inside_names_do_not_join_groups() -> None:
    frame = {"a": ["x|y", "x"], "b": ["z", "y|z"], "d": [True, False]}
    table = read(frame, protected=["a", "b"], decision="d")
    assert table.axes["protected:a"].levels == ("x", "x|y")
    assert table.axes["protected:b"].levels == ("y|z", "z")


def test_levels_are_plain_python_in_one_order() -> None:
    """Numbers ascend, text goes by code point, False before True, missing last."""
    cases: list[tuple[Any, tuple[Any, ...]]] = [
        (np.array([3, 1, 2], np.int8), (1, 2, 3)),
        (np.array([300, -5, 70_000]), (-5, 300, 70_000)),
        (np.array([2.0, 1.0]), (1, 2)),
        (np.array([True, False]), (False, True)),
        (["é", "z", "A"], ("A", "z", "é")),
        (pd.array([2, 1], dtype="Int64"), (1, 2)),
        (pd.array([True, False], dtype="boolean"), (False, True)),
        (pd.Series([7, 9], dtype="uint64[pyarrow]"), (7, 9)),
    ]
    for values, expected in cases:
        found = levels(groups(values))
        assert found == expected
        assert all(type(v) in (bool, int, str) for v in found)
        assert [type(v) for v in found] == [type(v) for v in expected]


def test_integers_that_a_gap_turned_into_floats_stay_integers() -> None:
    with pytest.warns(DataWarning, match="TBL050"):
        table = groups([1, None, 2])
    assert levels(table) == (1, 2, None)
    assert type(levels(table)[0]) is int


def test_pandas_intervals_become_their_labels() -> None:
    cut = pd.cut(pd.Series([20, 30, 50]), [0, 26, 40, 62], right=False)
    assert levels(groups(cut)) == ("[0, 26)", "[26, 40)", "[40, 62)")


def test_the_rows_of_every_level_are_the_rows_it_had() -> None:
    """Codes index levels row by row, for every kind of column."""
    rng = np.random.default_rng(0)
    text = rng.choice(["Black", "White", "Hispanic", "a name longer than twelve"], 20_000)
    for values in (
        text,
        text[text != "a name longer than twelve"],
        pd.Categorical(text),
        rng.integers(-3, 40, 20_000),
        rng.integers(0, 2, 20_000).astype(bool),
    ):
        table = groups(values)
        assert isinstance(table.rows, CodedRows)
        back = np.array(levels(table), object)[table.rows.codes["protected:g"]]
        assert (back == np.asarray(values)).all()
        assert table.rows.codes["protected:g"].dtype == np.uint8


def test_every_warning_is_also_an_issue() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table = groups(["male", "male ", None, "f"])
    codes = [w.message.code for w in caught if isinstance(w.message, DataWarning)]
    assert (
        codes == [i.code for i in table.issues if i.severity == "warning"] == ["TBL050", "TBL052"]
    )
