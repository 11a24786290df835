"""Codes and distinct values: every row's code stands for that row's value, whatever the type."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import audit.table
from audit.table import encode, memory, short_text, spelling
from audit.table.codes import CODES

VALUES = st.one_of(
    st.lists(
        st.one_of(st.none(), st.sampled_from(["", "a", "b ", "é", "a longer name than twelve"]))
    ),
    st.lists(st.one_of(st.none(), st.integers(-(2**62), 2**62))),
    st.lists(st.one_of(st.none(), st.integers(-300, 300))),
    st.lists(st.one_of(st.none(), st.booleans())),
    st.lists(st.one_of(st.none(), st.sampled_from([0.0, 1.0, 2.5, -3.0, 1e300]))),
)


def rows_of(found: Any) -> list[Any]:
    return [found.values[code] for code in found.handle]


@settings(deadline=None, max_examples=150)
@given(VALUES)
def test_codes_give_the_rows_back_in_every_library(values: list[Any]) -> None:
    arrow = pa.array(values)
    sources: list[Any] = [
        pl.DataFrame({"c": pl.Series(values, strict=True)}),
        pa.table({"c": arrow}),
        pa.table({"c": pa.chunked_array([arrow[:2], arrow[2:]])}),
        pd.DataFrame({"c": pd.Series(values, dtype=object)}),
    ]
    if values and any(v is not None for v in values):
        sources.append(pd.DataFrame({"c": arrow.to_pandas(types_mapper=pd.ArrowDtype)}))
        sources.append(pd.DataFrame({"c": pd.Categorical(values)}))
        sources.append(
            pa.table({"c": pa.chunked_array([arrow[:2], arrow[2:]]).dictionary_encode()})
        )
    for source in sources:
        found = memory.look(nw.from_native(source), "c")
        assert rows_of(found) == values
        assert found.counts.sum() == len(values)
        assert found.missing == values.count(None)
        if None in values:
            assert found.first_missing == values.index(None)
        assert found.handle.dtype == encode.unsigned(max(len(found.raw), 1))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.text(max_size=6), min_size=1, max_size=40, unique=True),
    st.integers(0, 2**32 - 1),
    st.booleans(),
    st.booleans(),
)
def test_short_text_is_exact_or_declines(
    names: list[str], seed: int, gaps: bool, chunked: bool
) -> None:
    """Strings seen only after the sample, or longer than twelve bytes, never get a wrong code."""
    rng = np.random.default_rng(seed)
    rows = 4 * short_text.SAMPLE
    values = np.array(names[: max(1, len(names) - 1)], object)[
        rng.integers(0, max(1, len(names) - 1), rows)
    ]
    values[rows // 3 + 2000] = names[-1]
    if gaps:
        values[rng.random(rows) < 0.1] = None
    array: Any = pa.array(values, pa.large_string())
    if chunked:
        array = pa.chunked_array([array[:5000], array[5000:5000], array[5000:]])
    absent = np.asarray(array.is_null()) if array.null_count else None
    found = short_text.encode_short(array, absent)
    if found is not None:
        codes, strings = found
        there = ~np.asarray(array.is_null())
        assert (np.array(strings, object)[codes[there]] == values[there]).all()
    whole = encode.look(nw.from_native(pa.table({"c": array}))["c"], "c")
    assert (np.array(whole.values, object)[whole.handle] == values).all()


def test_short_text_is_used_where_it_suits() -> None:
    values = pa.array(["Black", "White", "", "twelve bytes"] * 10_000)
    found = short_text.encode_short(values, None)
    assert found is not None
    assert np.array(found[1])[found[0]].tolist() == values.to_pylist()


def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    frame = nw.from_native(
        pd.DataFrame({c: rng.choice(["x", "y", "zzz"], 1000) for c in "abc"}), eager_only=True
    )
    alone = memory.look_all(frame, ["a", "b", "c"])
    monkeypatch.setattr(memory, "THREADED", 10)
    side_by_side = memory.look_all(frame, ["a", "b", "c"])
    for column in "abc":
        assert rows_of(alone[column]) == rows_of(side_by_side[column])
        assert alone[column].values == side_by_side[column].values


def test_recoding_by_translation_equals_indexing() -> None:
    codes = np.array([0, 3, 2, 1, 3], np.uint8)
    table = np.array([7, 0, 255, 1])
    assert encode.recode(codes, table).tolist() == table[codes].tolist()
    wide = np.array([0, 1, 70_000])
    assert encode.recode(codes[:1], wide).dtype == np.uint32


def test_look_alike_letters_map_one_to_one() -> None:
    assert spelling._skeleton("\u0410\u0435\uff21\u200b") == "AeA"


def test_every_code_is_in_the_registry() -> None:
    """`CODES` lists every TBL code that the layer's source uses, and no other."""
    folder = Path(str(audit.table.__file__)).parent
    used: set[str] = set()
    for file in folder.glob("*.py"):
        if file.name != "codes.py":
            used |= set(re.findall(r'"(TBL\d{3})"', file.read_text()))
    assert used - set(CODES) == set()
    assert set(CODES) - used == set()
