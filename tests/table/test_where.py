"""Row filters: one grammar, one meaning of a missing value, on every engine."""

from __future__ import annotations

import contextlib
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import DataWarning, InputError
from audit.table.intake import read
from audit.table.where import columns_of, parse

DATA: dict[str, list[Any]] = {
    "row": ["a", "b", "c", "d", "e"],
    "product": ["card", "loan", None, "it's", "card"],
    "amount": [1000.0, 500.0, 2000.0, None, 999.5],
    "years": [1, 2, 3, 4, 5],
    "vip": [True, False, True, None, False],
    "loan type": ["x", "y", "x", "y", "x"],
    "d": [True, False, True, False, True],
}
FRAME = pd.DataFrame(DATA)
SOURCES = {
    "pandas": FRAME,
    "nullable": FRAME.convert_dtypes(),
    "object": FRAME.astype({"product": object}),
    "polars": pl.DataFrame(DATA),
    "lazy": pl.LazyFrame(DATA),
    "pyarrow": pa.table(DATA),
    "duckdb": None,
}


def source(name: str) -> Any:
    """The data in one library; a DuckDB relation is made anew and closed with its test."""
    return duckdb.from_arrow(pa.table(DATA)) if name == "duckdb" else SOURCES[name]


KEPT = [
    ("product == 'card'", "ae"),
    ('product = "card"', "ae"),
    ("'card' == product", "ae"),
    ("product != 'card'", "bd"),
    ("product <> 'card'", "bd"),
    ("not product == 'card'", "bcd"),
    ("product == 'card' and amount >= 1000", "a"),
    ("product == 'loan' or amount > 1000", "bc"),
    ("product == 'card' or product == 'loan' and years > 2", "ae"),
    ("(product == 'card' or product == 'loan') and years > 1", "be"),
    ("product in ('card', 'loan')", "abe"),
    ("product not in ['card', 'loan']", "d"),
    ("product is null", "c"),
    ("product is not null", "abde"),
    ("amount is None", "d"),
    ("amount < 1000", "be"),
    ("1000 <= amount", "ac"),
    ("years in (1, 5)", "ae"),
    ("years in (1.0, 5.5)", "a"),
    ("years in (0.5) or years == 2", "b"),
    ("amount in (500, 999.5)", "be"),
    ("`loan type` == 'y'", "bd"),
    ("vip", "ac"),
    ("not vip", "bde"),
    ("vip == false", "be"),
    ("product == 'it\\'s'", "d"),
    ("product == 'it''s'", "d"),
    ("years >= -1e3 & years < 2.5", "ab"),
    ("~(years > 1) | years == 5", "ae"),
]


@pytest.mark.parametrize("name", SOURCES)
def test_a_filter_keeps_the_same_rows_on_every_engine(name: str) -> None:
    for text, kept in KEPT:
        table = read(source(name), protected="row", decision="d", where=text)
        assert "".join(str(v) for v in table.axes["protected:row"].levels) == kept, text
        assert table.size == len(kept)
        assert table.excluded == 5 - len(kept)
        assert table.roles.where == text
        assert table.issues[0].code == "TBL067"


REFUSED = """
product ==
== 'card'
product == card
product == 'card' and
(years > 1
years > 1)
years > 1 years < 2
product like 'c%'
years in 1
years in (1
product == null
f(years) > 1
years + 1 > 2
__import__('os')
years > 1; drop table x
product is card
not
'a' == 'b'
years not 3
""".strip().splitlines()


@pytest.mark.parametrize("text", ["", "  ", *REFUSED, "(" * 100 + "years > 1" + ")" * 100])
def test_what_is_not_understood_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(InputError, match="TBL037"):
        read(FRAME, protected="row", decision="d", where=text)


def test_an_unknown_column_brings_a_suggestion() -> None:
    with pytest.raises(InputError, match=r"TBL001.*where.*did you mean 'product'"):
        read(FRAME, protected="row", decision="d", where="prodct == 'card'")


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize(
    "text", ["product", "years == '1'", "product == 1", "vip == 'yes'", "amount in ('a')"]
)
def test_values_of_another_type_are_refused(name: str, text: str) -> None:
    with pytest.raises(InputError, match="TBL038"):
        read(source(name), protected="row", decision="d", where=text)


def test_categories_are_equal_or_not_but_have_no_order() -> None:
    frame = FRAME.astype({"product": "category", "years": "category"})
    table = read(frame, protected="row", decision="d", where="product == 'card' or years == 2")
    assert table.axes["protected:row"].levels == ("a", "b", "e")
    with pytest.raises(InputError, match="TBL038"):
        read(frame, protected="row", decision="d", where="years > 2")


def test_dates_are_compared_as_dates() -> None:
    frame = FRAME.assign(when=pd.to_datetime(["2026-01-01"] * 3 + ["2026-06-01"] * 2))
    for dated in (frame, pl.from_pandas(frame), pa.Table.from_pandas(frame)):
        table = read(dated, protected="row", decision="d", where="when >= '2026-03-01'")
        assert table.axes["protected:row"].levels == ("d", "e")


def test_a_filter_that_leaves_nothing_is_refused() -> None:
    for name in SOURCES:
        with pytest.raises(InputError, match=r"TBL039.*all 5 rows"):
            read(source(name), protected="row", decision="d", where="years > 99")


@given(st.text(max_size=40))
def test_any_text_parses_or_is_refused(text: str) -> None:
    with contextlib.suppress(InputError):
        columns_of(parse(text))


@pytest.mark.parametrize(
    "make", [dict, pd.DataFrame, pl.DataFrame, lambda d: pl.DataFrame(d).lazy()]
)
def test_a_text_that_no_row_has_is_told_with_what_is_near(make: Any) -> None:
    """`!=` with a slip keeps everybody, silently; only texts that are compared count."""
    loans = make(
        {"g": ["f", "m", None] * 4, "kind": ["card", "loan", "card"] * 4, "d": [True] * 12}
    )
    roles = {"protected": "g", "decision": "d"}
    with pytest.warns(DataWarning, match=r"TBL074.*'kind' with 'cards'.*did you mean 'card'"):
        read(loans, **roles, where="kind in ('cards', 'loan')")
    with pytest.raises(InputError, match=r"TBL039.*no row has 'lone' in column 'kind'"):
        read(loans, **roles, where="kind == 'lone' or g == 'nobody'")
    read(loans, **roles, where="kind == 'card' and g is not null")
