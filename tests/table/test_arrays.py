"""Arrays of every library and every fault: coded, aligned, or refused by name."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import InputError
from audit.table.arrays import CodedArrays, from_arrays
from audit.table.group_vectors import group_codes
from audit.table.vectors import encode

SAME_NUMBERS: dict[str, Any] = {
    "list": [1, 0, 1, 1],
    "tuple": (1, 0, 1, 1),
    "bools": [True, False, True, True],
    "floats": [1.0, 0.0, 1.0, 1.0],
    "mixed numbers": [1, 0.0, True, np.int8(1)],
    "numpy int8": np.array([1, 0, 1, 1], np.int8),
    "numpy uint64": np.array([1, 0, 1, 1], np.uint64),
    "numpy float32": np.array([1, 0, 1, 1], np.float32),
    "numpy bool": np.array([1, 0, 1, 1], bool),
    "numpy object": np.array([1, 0, 1, 1], object),
    "column vector": np.array([[1], [0], [1], [1]]),
    "not contiguous": np.array([1, 9, 0, 9, 1, 9, 1, 9])[::2],
    "masked, nothing masked": np.ma.array([1, 0, 1, 1], mask=False),
    "pandas": pd.Series([1, 0, 1, 1]),
    "pandas frame": pd.DataFrame({"y": [1, 0, 1, 1]}),
    "pandas Int64": pd.Series([1, 0, 1, 1], dtype="Int64"),
    "pandas boolean": pd.Series([1, 0, 1, 1], dtype="boolean"),
    "pandas object": pd.Series([1, 0, 1, 1], dtype=object),
    "pandas category": pd.Series([1, 0, 1, 1], dtype="category"),
    "pandas unused category": pd.Series(pd.Categorical([1, 0, 1, 1], categories=[7, 1, 0])),
    "pandas arrow": pd.Series([1, 0, 1, 1], dtype="int64[pyarrow]"),
    "pandas index": pd.Index([1, 0, 1, 1]),
    "polars": pl.Series([1, 0, 1, 1]),
    "polars bool": pl.Series([True, False, True, True]),
    "polars frame": pl.DataFrame({"y": [1, 0, 1, 1]}),
    "polars lazy": pl.LazyFrame({"y": [1, 0, 1, 1]}),
    "arrow": pa.array([1, 0, 1, 1]),
    "arrow bool": pa.array([True, False, True, True]),
    "arrow chunks": pa.chunked_array([[1, 0], [], [1, 1]]),
    "arrow dictionary": pa.array([1, 0, 1, 1]).dictionary_encode(),
    "arrow table": pa.table({"y": [1, 0, 1, 1]}),
}


@pytest.mark.parametrize("name", SAME_NUMBERS)
def test_every_container_of_numbers_reads_alike(name: str) -> None:
    """20, 48, 49: the same labels whatever holds them, as decisions and as outcomes."""
    held = SAME_NUMBERS[name]
    coded = from_arrays(held, held)
    assert coded.decision.tolist() == [0, 1, 0, 0]
    assert coded.outcome.tolist() == [0, 1, 0, 0]


NAMES = ["b", "a", "b", "ç"]
SAME_TEXT: dict[str, Any] = {
    "list": NAMES,
    "numpy U": np.array(NAMES),
    "numpy object": np.array(NAMES, object),
    "numpy StringDType": np.array(NAMES, np.dtypes.StringDType()),
    "pandas": pd.Series(NAMES),
    "pandas object": pd.Series(NAMES, dtype=object),
    "pandas category": pd.Series(NAMES, dtype="category"),
    "pandas string": pd.Series(NAMES, dtype="string"),
    "pandas arrow": pd.Series(NAMES, dtype="string[pyarrow]"),
    "polars": pl.Series(NAMES),
    "polars categorical": pl.Series(NAMES, dtype=pl.Categorical),
    "polars enum": pl.Series(NAMES, dtype=pl.Enum(["z", *sorted(set(NAMES))])),
    "arrow": pa.array(NAMES),
    "arrow large": pa.array(NAMES, pa.large_string()),
    "arrow dictionaries that differ": pa.chunked_array(
        [pa.array(["b", "a"]).dictionary_encode(), pa.array(["b", "ç"]).dictionary_encode()]
    ),
}


@pytest.mark.parametrize("name", SAME_TEXT)
def test_every_container_of_text_reads_alike(name: str) -> None:
    """49, 17: the same groups whatever holds them; levels that no row holds are left out."""
    coded = from_arrays(None, [1, 0, 1, 1], SAME_TEXT[name])
    assert coded.groups == (("a",), ("b",), ("ç",))
    assert coded.group.tolist() == [1, 0, 1, 2]


UNKNOWN: dict[str, Any] = {
    "None": [1, None, 0],
    "nan": [1.0, math.nan, 0.0],
    "numpy nan": np.array([1, np.nan, 0]),
    "masked": np.ma.array([1, 1, 0], mask=[0, 1, 0]),
    "pandas NA": pd.Series([1, None, 0], dtype="Int64"),
    "pandas NA boolean": pd.Series([True, None, False], dtype="boolean"),
    "pandas object": pd.Series([1, pd.NA, 0], dtype=object),
    "polars null": pl.Series([1, None, 0]),
    "polars nan": pl.Series([1.0, math.nan, 0.0]),
    "arrow null": pa.array([1, None, 0]),
    "bool and None": [True, None, False],
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_missing_outcome_is_unknown_and_missing_decision_refused(name: str) -> None:
    """27, 48: a missing outcome is unknown and counted; a missing decision is an error."""
    coded = from_arrays(UNKNOWN[name], [1, 0, 1])
    assert coded.outcome.tolist() == [0, 2, 1]
    assert coded.unknown == 1
    with pytest.raises(InputError, match=r"TBL411\] y_pred: .*\(1 row, first: 1\)"):
        from_arrays([1, 0, 1], UNKNOWN[name])


def test_all_outcomes_unknown() -> None:
    """No outcome at all may be known."""
    assert from_arrays([None, None], [1, 0]).unknown == 2
    assert from_arrays(pa.nulls(2), [1, 0]).unknown == 2
    assert from_arrays(None, [1, 0]).unknown == 2


GOOD = ["good", "bad", "good", "bad"]

REFUSED_LABELS: dict[str, tuple[Any, str]] = {
    "19 text": (GOOD, "TBL412.*pos_label"),
    "21 minus one": ([-1, 1, -1, 1], "TBL412.*−1 and 1.*pos_label"),
    "22 one and two": ([1, 2, 1, 2], "TBL412.*German Credit"),
    "22 one kind of two": ([2, 2, 2, 2], "TBL412"),
    "23 digits as text": (["1", "0", "1", "0"], r"TBL412.*\(4 rows, first: 0\).*text, not numbers"),
    "24 probabilities": ([0.2, 0.7, 0.9, 0.1], r"TBL414.*probabilities.*>= 0\.5.*score="),
    "25 matrix": (np.eye(4)[:, :2], r"TBL402.*\(4, 2\).*proba\[:, 1\]"),
    "25 list matrix": ([[0.2, 0.8]] * 4, "TBL402"),
    "25 list of tuples": ([(0, 1)] * 4, "TBL402"),
    "26 third value": ([0, 1, 2, 1], r"TBL413.*\(1 row, first: 2\).*unfavorable="),
    "26 third text": (["a", "b", "c", "a"], "TBL413"),
    "28 infinite": ([0.0, 1.0, math.inf, 1.0], r"TBL417.*infinite.*first: 2"),
    "28 minus infinite": ([0.0, 1.0, -math.inf, 1.0], "TBL417"),
    "32 nearly one": ([0.0, 1.0, 0.999999, 1.0], r"TBL414.*0\.999999.*\(1 row, first: 2\)"),
    "halves": ([0.5, 2.5, 0.5, 2.5], "TBL414.*not whole"),
    "mixed": ([1, "1", 0, 1], "TBL412.*mixes"),
    "dates": ([datetime.date(2026, 1, 1)] * 4, "TBL404"),
    "numpy dates": (np.array(["2026-01-01"] * 4, "M8[D]"), "TBL404"),
    "pandas dates": (pd.Series(pd.to_datetime(["2026-01-01"] * 4)), "TBL404"),
    "zoned dates": (pd.Series(pd.to_datetime(["2026-01-01"] * 4, utc=True)), "TBL404"),
    "polars dates": (pl.Series([datetime.date(2026, 1, 1)] * 4), "TBL404"),
    "decimals": ([Decimal(1), Decimal(0)] * 2, "TBL401.*Decimal"),
    "complex": (np.array([1j, 0, 1, 0]), "TBL401"),
    "dicts": ([{}, {}, {}, {}], "TBL401.*dict"),
    "a word": ("good", "TBL401.*str"),
    "a dict": ({"y": [1, 0, 1, 0]}, "TBL401.*dict"),
    "a set": ({0, 1}, "TBL401.*set"),
    "a generator": ((v for v in [1, 0, 1, 0]), "TBL401.*generator"),
    "a number": (np.float64(1.0), "TBL401"),
    "two columns": (pd.DataFrame({"a": [1, 0, 1, 0], "b": [1, 0, 1, 0]}), "TBL402"),
    "two polars columns": (pl.DataFrame({"a": [1, 0], "b": [1, 0]}), "TBL402"),
}


@pytest.mark.parametrize("argument", ["y_true", "y_pred"])
@pytest.mark.parametrize("name", REFUSED_LABELS)
def test_labels_that_cannot_be_read(name: str, argument: str) -> None:
    """19 to 32: refused for decisions and for outcomes alike, naming argument, rows and remedy."""
    labels, text = REFUSED_LABELS[name]
    if name == "a generator":
        labels = (v for v in [1, 0, 1, 0])
    args = {"y_true": [1, 0, 1, 0], "y_pred": [1, 0, 1, 0], argument: labels}
    with pytest.raises(InputError, match=text) as caught:
        from_arrays(**args)
    assert argument in str(caught.value)


def test_told_labels() -> None:
    """19, 21, 22, 23, 31: with `pos_label` two values of any kind are labels."""
    assert from_arrays(GOOD, GOOD, pos_label="good").decision.tolist() == [0, 1, 0, 1]
    assert from_arrays(None, [-1, 1], pos_label=1).decision.tolist() == [1, 0]
    assert from_arrays(None, [1, 2], pos_label=1).decision.tolist() == [0, 1]
    assert from_arrays(None, ["1", "0"], pos_label="1").decision.tolist() == [0, 1]
    assert from_arrays([0, 1], [0, 1], pos_label=0).outcome.tolist() == [0, 1]
    assert from_arrays([0, 1], [0, 1], pos_label=np.int64(0)).decision.tolist() == [0, 1]
    assert from_arrays(["bad", "bad"], ["good", "bad"], pos_label="good").outcome.tolist() == [1, 1]
    assert from_arrays([1, 0], ["yes", "no"], pos_label="yes").outcome.tolist() == [0, 1]
    assert from_arrays([1, 1.0, 0, False], [1, 0, 0, 1], pos_label=1).outcome.tolist() == [
        0,
        0,
        1,
        1,
    ]


@pytest.mark.parametrize(
    ("y_true", "y_pred", "pos_label", "text"),
    [
        (GOOD, GOOD, "Good", "TBL416.*did you mean 'good'"),
        (GOOD, ["good", "bad", "maybe", "bad"], "good", "TBL413"),
        (GOOD, ["good", "Bad", "good", "Bad"], "good", "TBL413.*together hold 3"),
        ([1, 0, 1, 0], [1, 2, 1, 2], 1, "TBL413.*together hold 3"),
        ([1, 2, 1, 2], ["a", "b", "a", "b"], "a", "TBL412.*y_true|y_true.*TBL412"),
        ([2, 2, 2, 2], ["a", "b", "a", "b"], "a", "y_true: holds numbers"),
        (["1", "0", "1", "0"], ["1", "0", "1", "0"], 1, "TBL416"),
        ([0.0, 1.0, 0.0, 1.0], [0.3, 1.0, 0.3, 1.0], 1, "TBL414|TBL413"),
        ([1, 0, 1, 0], [1, 0, 1, 0], math.nan, "TBL415"),
        ([1, 0, 1, 0], [1, 0, 1, 0], [1], "TBL415"),
        ([1, 0, 1, 0], [1, 0, 1, 0], "1", "TBL416"),
    ],
)
def test_told_labels_that_do_not_fit(y_true: Any, y_pred: Any, pos_label: Any, text: str) -> None:
    """A `pos_label` that is absent, misspelt or leaves two other values is refused."""
    with pytest.raises(InputError, match=text):
        from_arrays(y_true, y_pred, pos_label=pos_label)


REFUSED_GROUPS: dict[str, tuple[Any, str]] = {
    "1 None": (["a", None, "b", "b"], r"TBL430.*\(1 row, first: 1\)"),
    "1 nan": (["a", "b", math.nan, "b"], "TBL430.*first: 2"),
    "1 numpy nan": (np.array([1, 2, np.nan, 1]), "TBL430"),
    "1 pandas": (pd.Series(["a", None, "b", "b"]), "TBL430"),
    "1 category": (pd.Series(["a", None, "b", "b"], dtype="category"), "TBL430"),
    "1 polars": (pl.Series(["a", None, "b", "b"]), "TBL430"),
    "1 NaT": (pd.Series([pd.NaT] * 4, dtype=object), "TBL430"),
    "10 dates": ([datetime.date(2026, 1, 1)] * 4, "TBL404.*bands"),
    "10 not whole": ([1.5, 2.5, 1.5, 2.5], "TBL432.*bands"),
    "11 int and text": ([1, "1", 1, "1"], "TBL431.*int, text"),
    "11 int and bool": ([1, True, 0, False], "TBL431"),
    "11 int and float": ([1, 1.0, 2, 2.0], "TBL431"),
    "11 pandas": (pd.Series([1, "1", 1, "1"], dtype=object), "TBL431"),
    "bytes": ([b"a", b"b", b"a", b"b"], "TBL401.*bytes"),
    "a word": ("abcd", "TBL401"),
    "ragged": ([("a", 1), ("b",), ("a", 2), ("b", 1)], "TBL402"),
    "no columns": ({}, "TBL401"),
    "no width": (np.zeros((4, 0)), "TBL401"),
    "47 twin columns": (pd.DataFrame([["a", "b"]] * 4, columns=["x", "x"]), "TBL403.*'x'"),
    "41 dict of two lengths": ({"x": list("abab"), "y": list("aba")}, "TBL406"),
}


@pytest.mark.parametrize("name", REFUSED_GROUPS)
def test_groups_that_cannot_be_read(name: str) -> None:
    """1, 10, 11, 47: refused, naming the argument."""
    groups, text = REFUSED_GROUPS[name]
    with pytest.raises(InputError, match=text) as caught:
        from_arrays(None, [1, 0, 1, 0], groups)
    assert "sensitive_features" in str(caught.value)


def test_more_than_fifty_numbers_are_a_quantity() -> None:
    """10: fifty distinct whole numbers are groups, one more is a quantity."""
    assert len(group_codes(np.arange(50)).groups) == 50
    assert len(group_codes([float(i) for i in range(50)]).groups) == 50
    with pytest.raises(InputError, match="51 different numbers"):
        group_codes(np.arange(51))
    assert len(group_codes([f"g{i}" for i in range(10_000)]).groups) == 10_000


def test_ten_thousand_groups_are_remarked() -> None:
    """9: the number is exact and a remark is made."""
    coded = from_arrays(None, [1] * 10_000, [f"g{i}" for i in range(10_000)])
    assert [r.code for r in coded.remarks] == ["TBL435"]


def remarks(groups: list[str]) -> tuple[CodedArrays, list[str]]:
    coded = from_arrays(None, [1] * len(groups), groups)
    return coded, [r.code for r in coded.remarks]


def test_look_alike_names_are_remarked_and_kept_apart() -> None:
    """12, 13: blanks, case, homoglyphs and zero-width characters."""
    for pair in (["a", "a "], ["Male", "male"], ["a", "\u0430"], ["ab", "a\u200bb"]):
        coded, codes = remarks(pair)
        assert len(coded.groups) == 2
        assert codes == ["TBL434"]


def test_two_unicode_forms_are_one_group() -> None:
    """13: NFC and NFD spell the same name."""
    coded, codes = remarks(["caf\u00e9", "cafe\u0301", "x"])
    assert coded.groups == (("caf\u00e9",), ("x",))
    assert coded.group.tolist() == [0, 0, 1]
    assert codes == ["TBL433"]


@pytest.mark.parametrize(
    "name", ["overall", "nan", "None", "", "<script>alert(1)</script>", "a|b", "a,b", "x" * 10**6]
)
def test_odd_names_are_names(name: str) -> None:
    """15, 16, 18: whatever a group is called, it is a group."""
    coded, codes = remarks([name, "other"])
    assert set(coded.groups) == {(name,), ("other",)}
    assert codes == []


def test_bidirectional_override_is_kept_and_remarked() -> None:
    """14: the name is kept as it is."""
    coded, codes = remarks(["\u202eabc", "abd"])
    assert ("\u202eabc",) in coded.groups
    assert codes == ["TBL434"]


def test_bands_of_pandas_cut_are_groups() -> None:
    """10: what the message advises works with and without turning the bands into text."""
    bands = pd.cut(pd.Series([20, 30, 50, 30]), [0, 26, 40, 62], right=False)
    for given_bands in (bands, bands.astype(str)):
        coded = from_arrays(None, [1, 0, 1, 0], given_bands)
        assert coded.groups == (("[0, 26)",), ("[26, 40)",), ("[40, 62)",))
        assert coded.group.tolist() == [0, 1, 2, 1]


def test_narwhals_and_sparse_columns() -> None:
    """49: wrappers are taken off."""
    column = nw.from_native(pl.Series([1, 0, 1]), series_only=True)
    assert from_arrays(column, column).decision.tolist() == [0, 1, 0]
    sparse = pd.Series(pd.arrays.SparseArray([1, 0, 1]))
    assert from_arrays(sparse, sparse).decision.tolist() == [0, 1, 0]


def test_separators_do_not_join_groups() -> None:
    """18: ("a", "b-c") is not ("a-b", "c")."""
    coded = from_arrays(None, [1, 0], [("a", "b-c"), ("a-b", "c")])
    assert coded.groups == (("a", "b-c"), ("a-b", "c"))


SEX, OLD = ["f", "m", "f", "m"], [True, True, False, True]
INTERSECTIONS: dict[str, Any] = {
    "dict": {"sex": SEX, "old": OLD},
    "dict of arrays": {"sex": np.array(SEX), "old": pl.Series(OLD)},
    "pandas": pd.DataFrame({"sex": SEX, "old": OLD}),
    "polars": pl.DataFrame({"sex": SEX, "old": OLD}),
    "polars lazy": pl.LazyFrame({"sex": SEX, "old": OLD}),
    "arrow": pa.table({"sex": SEX, "old": OLD}),
    "tuples": list(zip(SEX, OLD, strict=True)),
    "numpy object": np.array([SEX, OLD], object).T,
    "pandas tuples": pd.Series(list(zip(SEX, OLD, strict=True))),
}


@pytest.mark.parametrize("name", INTERSECTIONS)
def test_several_attributes_make_tuples(name: str) -> None:
    """Only combinations that occur are groups, in the columns' own types."""
    coded = from_arrays(None, [1, 0, 1, 0], INTERSECTIONS[name])
    assert coded.groups == (("f", False), ("f", True), ("m", True))
    assert coded.group.tolist() == [1, 2, 0, 2]
    if name in ("dict", "pandas", "polars", "arrow"):
        assert coded.attribute == ("sex", "old")


def test_attribute_keeps_a_series_name() -> None:
    """A named column gives the attribute's name."""
    assert from_arrays(None, [1, 0], pd.Series(["a", "b"], name="sex")).attribute == ("sex",)


REFUSED_WEIGHTS: dict[str, tuple[Any, str]] = {
    "33 negative": ([1, -1, 1, 1], r"TBL422.*negative.*\(1 row, first: 1\)"),
    "34 nan": ([1, math.nan, 1, 1], "TBL421.*first: 1"),
    "34 infinite": ([1, math.inf, 1, 1], "TBL421"),
    "34 None": ([1, None, 1, 1], "TBL421"),
    "34 NA": (pd.Series([1, None, 1, 1], dtype="Float64"), "TBL421"),
    "34 masked": (np.ma.array([1, 1, 1, 1], mask=[0, 1, 0, 0]), "TBL421"),
    "35 all zero": ([0, 0, 0, 0], "TBL423"),
    "37 length": ([1, 1, 1], "TBL406"),
    "38 text": (["1", "1", "1", "1"], "TBL420"),
    "38 one text": ([1, "x", 1, 1], r"TBL420.*\(1 row, first: 1\)"),
    "38 numpy text": (np.array(["1"] * 4), "TBL420"),
    "38 pandas text": (pd.Series(["1"] * 4), "TBL420"),
    "dates": (np.array(["2026-01-01"] * 4, "M8[D]"), "TBL420"),
    "complex": ([1j, 1, 1, 1], "TBL420"),
    "two columns": (np.ones((4, 2)), "TBL402"),
}


@pytest.mark.parametrize("name", REFUSED_WEIGHTS)
def test_weights_that_cannot_be_read(name: str) -> None:
    """33 to 38: refused, naming the argument."""
    weight, text = REFUSED_WEIGHTS[name]
    with pytest.raises(InputError, match=text) as caught:
        from_arrays(None, [1, 0, 1, 0], sample_weight=weight)
    assert "sample_weight" in str(caught.value)


@pytest.mark.parametrize(
    "weight",
    [
        [1, 0, 2, 3],
        (1.0, 0.0, 2.0, 3.0),
        np.array([1, 0, 2, 3], np.uint8),
        np.array([[1], [0], [2], [3]]),
        pd.Series([1, 0, 2, 3], dtype="Int64"),
        pl.Series([1, 0, 2, 3]),
        pa.array([1, 0, 2, 3]),
        pa.chunked_array([[1, 0], [2, 3]]),
        [Decimal(1), Decimal(0), Decimal(2), Decimal(3)],
    ],
)
def test_weights_of_every_container(weight: Any) -> None:
    """Zero weights are fine as long as not all are zero."""
    found = from_arrays(None, [1, 0, 1, 0], sample_weight=weight).weight
    assert found is not None
    assert found.tolist() == [1.0, 0.0, 2.0, 3.0]


def test_lengths_must_agree() -> None:
    """41: the message lists them all."""
    with pytest.raises(InputError, match=r"y_true: lengths differ: y_pred 2, y_true 3, sens.* 2"):
        from_arrays([1, 0, 1], [1, 0], ["a", "b"])


def test_no_rows() -> None:
    """45: nothing to count."""
    with pytest.raises(InputError, match="TBL405"):
        from_arrays([], [], [])
    with pytest.raises(InputError, match="TBL401"):
        from_arrays(None, None)


def test_same_index_in_another_order_is_aligned() -> None:
    """42: rows are matched by label, and the reordering is said."""
    y = pd.Series([1, 1, 0, 0], index=list("wxyz"))
    group = pd.Series(["a", "b", "a", "b"], index=list("zyxw"))
    coded = from_arrays(y, y, group)
    assert coded.decision.tolist() == [0, 0, 1, 1]
    assert coded.group.tolist() == [1, 0, 1, 0]
    assert [r.code for r in coded.remarks] == ["TBL408"]
    frame = from_arrays(y, y, pd.DataFrame({"g": group, "h": group}))
    assert frame.group.tolist() == [1, 0, 1, 0]
    columns = from_arrays(y, y, {"g": group})
    assert columns.group.tolist() == [1, 0, 1, 0]


def test_shuffled_index_beside_a_plain_array_is_refused() -> None:
    """42: nothing tells which order the plain array follows."""
    y = pd.Series([1, 1, 0, 0], index=list("wxyz"))
    with pytest.raises(InputError, match=r"TBL407.*sample_weight"):
        from_arrays(y, y.iloc[::-1], sample_weight=[1, 2, 3, 4])
    assert from_arrays(y, y, sample_weight=[1, 2, 3, 4]).remarks == ()


def test_disjoint_index_is_refused() -> None:
    """43: with the number of labels that are absent and the first of them."""
    y = pd.Series([1, 0], index=[0, 1])
    with pytest.raises(InputError, match=r"TBL410\] y_true: .*\(1 row, first: 1\)"):
        from_arrays(pd.Series([1, 0], index=[0, 9]), y)
    with pytest.raises(InputError, match="TBL410"):
        from_arrays(pd.Series([1, 0], index=["a", "b"]), y)


def test_repeated_index() -> None:
    """44: fine when identical on all sides, else nothing can be matched."""
    y = pd.Series([1, 0, 1], index=[0, 0, 1])
    assert from_arrays(y, y).decision.tolist() == [0, 1, 0]
    with pytest.raises(InputError, match=r"TBL409.*repeats"):
        from_arrays(pd.Series([1, 0, 1], index=[1, 0, 0]), y)
    with pytest.raises(InputError, match="TBL409"):
        from_arrays(y, pd.Series([1, 0, 1], index=[0, 1, 2]))
    with pytest.raises(InputError, match="TBL406"):
        from_arrays(pd.Series([1, 0]), y)


def test_inputs_are_not_changed() -> None:
    """50: every argument is as it was."""
    frame = pd.DataFrame({"y": [1, 0, 1], "g": ["a", "b", "a"], "w": [1.0, 2.0, 3.0]})
    before = frame.copy(deep=True)
    raw = np.array([1, 0, 1])
    from_arrays(raw, frame["y"], frame["g"], frame["w"])
    pd.testing.assert_frame_equal(frame, before)
    assert raw.tolist() == [1, 0, 1]


def test_numbers_beyond_64_bits() -> None:
    """Huge whole numbers are labels like any other, when told."""
    big = 10**30
    assert from_arrays(None, [big, 0], pos_label=big).decision.tolist() == [0, 1]
    assert from_arrays(None, [2**63, 0], pos_label=2**63).decision.tolist() == [0, 1]


@given(
    st.lists(
        st.one_of(st.none(), st.integers(), st.text(max_size=3), st.floats(), st.booleans()),
        max_size=20,
    )
)
def test_codes_lead_back_to_the_values(values: list[Any]) -> None:
    """Whatever the values, each code's level is the value, kind and all; missing is −1."""
    vector = encode(values, "sensitive_features")
    for value, code in zip(values, vector.codes.tolist(), strict=True):
        if value is None or value != value:
            assert code == -1
        else:
            assert vector.levels[code] == value
            assert type(vector.levels[code]) is type(value)


@given(
    st.lists(st.one_of(st.none(), st.integers(-5, 5), st.text(max_size=2)), max_size=12), st.data()
)
def test_anything_is_read_or_refused(values: list[Any], data: st.DataObject) -> None:
    """No other exception ever comes out."""
    groups = data.draw(
        st.lists(st.one_of(st.none(), st.integers(0, 3), st.text(max_size=2)), max_size=12)
    )
    try:
        coded = from_arrays(
            values,
            values,
            groups,
            pos_label=data.draw(st.one_of(st.none(), st.integers(-5, 5), st.text(max_size=2))),
        )
    except InputError:
        return
    assert len(coded.decision) == len(values)
