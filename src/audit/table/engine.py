"""Rows in an engine (DuckDB, Polars lazy, Ibis, Spark): the functions of `memory`, by group-by.

Only distinct values and sums are collected; rows never are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table.bins import labels_of
from audit.table.cutoff_search import cutoff_for
from audit.table.distinct import MISSING_WORDS, Distinct, distinct, number
from audit.table.faults import infinite, nested, not_numeric, unreached
from audit.table.numbers import Numbers
from audit.table.rows import EngineRows

if TYPE_CHECKING:
    import narwhals as nw

__all__ = [
    "cutoff_for",
    "decide",
    "look",
    "look_all",
    "look_binned",
    "numbers",
    "reach",
    "repeats",
    "rows",
    "size",
    "together",
]

MOST_DISTINCT = 2_000_000
"""More distinct values than this are no groups, labels or clusters to be collected."""
JOINT = 20_000
"""Columns whose combinations stay below this are looked at together, in one pass."""
SAMPLE = 4096
"""Rows from which the number of combinations is guessed."""


def size(frame: Any) -> int:
    """Number of rows."""
    import narwhals as nw

    return int(frame.select(nw.len().alias("n")).collect()["n"].to_list()[0] or 0)


def _plain(frame: Any, column: str) -> nw.Expr:
    """The column in a type that collects as plain Python values on every engine."""
    import narwhals as nw

    dtype = frame.collect_schema()[column]
    if isinstance(dtype, (nw.List, nw.Array, nw.Struct)):
        raise nested(column)
    if isinstance(dtype, (nw.Object, nw.Binary)):
        raise InputError(
            "TBL006",
            f"columns of type {dtype} cannot be read in an engine",
            argument=column,
            fix="convert the column to text or numbers first",
        )
    expression = nw.col(column)
    if isinstance(dtype, (nw.Categorical, nw.Enum)):
        return expression.cast(nw.String)
    if isinstance(dtype, nw.Decimal):
        return expression.cast(nw.Float64)
    if dtype.is_float():
        return nw.when(~expression.is_nan()).then(expression)  # nan is missing, as null is
    return expression


def look(frame: Any, column: str) -> Distinct:
    """The distinct values of a column with their counts; `handle` is the expression."""
    import narwhals as nw

    expression = _plain(frame, column)
    if frame.collect_schema()[column].is_temporal():
        return Distinct(
            column=column,
            raw=("a date or time",),
            values=("a date or time",),
            counts=np.array([size(frame)], np.int64),
            kind="time",
            handle=expression,
        )
    return _distinct(frame.select(expression.alias("value")), column, expression, nw)


def look_all(frame: Any, columns: Sequence[str]) -> dict[str, Distinct]:
    """`look` for several columns: in one pass where they have few values, else one by one."""
    import narwhals as nw

    schema = frame.collect_schema()
    plain = {c: _plain(frame, c) for c in columns if not schema[c].is_temporal()}
    if not plain:
        return {column: look(frame, column) for column in columns}
    narrow = frame.select(*(e.alias(f"c{i}") for i, e in enumerate(plain.values())))
    names = {column: f"c{i}" for i, column in enumerate(plain)}
    found: dict[str, Distinct] = {}
    if len(plain) > 1:
        first = narrow.head(SAMPLE).collect()
        if math.prod(len(set(first[n].to_list())) for n in names.values()) <= JOINT:
            grouped = narrow.group_by(*names.values()).agg(nw.len().alias("rows"))
            together = grouped.head(2 * JOINT + 1).collect()
            if len(together) <= 2 * JOINT:
                found = {c: _marginal(together, n, c, plain[c]) for c, n in names.items()}
    return {column: found.get(column) or look(frame, column) for column in columns}


def _marginal(together: Any, name: str, column: str, handle: Any) -> Distinct:
    """One column's distinct values out of the joint ones."""
    counts: dict[Any, int] = {}
    for value, rows in zip(together[name].to_list(), together["rows"].to_list(), strict=True):
        counts[value] = counts.get(value, 0) + int(rows)
    return _ordered(column, list(counts), list(counts.values()), handle)


def _distinct(frame: Any, column: str, handle: Any, nw: Any) -> Distinct:
    found = frame.group_by("value").agg(nw.len().alias("rows")).head(MOST_DISTINCT + 1).collect()
    if len(found) > MOST_DISTINCT:
        raise InputError(
            "TBL015",
            f"more than {MOST_DISTINCT:,} distinct values",
            argument=column,
            fix="cut the column into bins, or name another one",
        )
    return _ordered(column, found["value"].to_list(), found["rows"].to_list(), handle)


def _ordered(column: str, raw: Sequence[Any], counts: Sequence[int], handle: Any) -> Distinct:
    """Engines return groups in any order; every later step sees one order."""
    order = sorted(range(len(raw)), key=lambda i: (str(type(raw[i])), str(raw[i])))
    return distinct(
        column,
        [raw[i] for i in order],
        np.array([int(counts[i]) for i in order], np.int64),
        handle,
    )


def together(
    frame: Any, name: str, columns: Sequence[Distinct], tables: Sequence[npt.NDArray[np.int64]]
) -> Distinct:
    """Σ code·3ⁱ over columns of codes 0, 1 and 2 (given by position), with the sums that occur."""
    import narwhals as nw

    fused: Any = nw.lit(0).cast(nw.Int64)
    for i, (column, table) in enumerate(zip(columns, tables, strict=True)):
        code: Any = nw.lit(2 * 3**i)
        for wanted in (1, 0):
            raw = [r for r, c in zip(column.raw, table, strict=True) if c == wanted]
            if raw:
                here = column.handle.is_in(raw)
                code = nw.when(here).then(nw.lit(wanted * 3**i)).otherwise(code)
        fused = fused + code.cast(nw.Int64)
    return _distinct(frame.select(fused.alias("value")), name, fused, nw)


def look_binned(frame: Any, column: str, cuts: Sequence[float], *, text: bool) -> Distinct:
    """The same with values put in bins: "(-inf, a)", "[a, b)", "[b, inf)"."""
    import narwhals as nw

    found = numbers(frame, column, "bins", text=text)
    if found.infinite:
        raise infinite(column, "bins", found.infinite)
    value = found.handle
    place = nw.lit(0)
    for i, cut in enumerate(cuts):
        place = nw.when(value >= cut).then(nw.lit(i + 1)).otherwise(place)
    place = nw.when(~value.is_null()).then(place)
    counted = _distinct(frame.select(place.alias("value")), column, place, nw)
    rows = dict(zip(counted.raw, (int(c) for c in counted.counts), strict=True))
    labels: tuple[Any, ...] = labels_of(cuts)
    raw: tuple[Any, ...] = tuple(range(len(labels)))
    if None in rows:
        raw, labels = (*raw, None), (*labels, None)
    return Distinct(
        column=column,
        raw=raw,
        values=labels,
        counts=np.array([rows.get(r, 0) for r in raw], np.int64),
        kind="bins",
        handle=place,
        declared=True,
    )


def numbers(frame: Any, column: str, argument: str, *, text: bool) -> Numbers:
    """A column as a float64 expression (null where missing), with what is wrong in it."""
    import narwhals as nw

    dtype = frame.collect_schema()[column]
    raw = nw.col(column)
    worded = nw.lit(0)
    if text and dtype == nw.String:
        absent = raw.is_in([*sorted(MISSING_WORDS), ""])
        worded = nw.when(raw.is_in(sorted(MISSING_WORDS))).then(1).otherwise(0)
        _check_numeric_text(frame, column, argument, absent)
        raw = nw.when(~absent).then(raw)
    elif not (dtype.is_numeric() or dtype == nw.Boolean):
        found = look(frame, column)
        if found.kind != "empty":
            raise not_numeric(column, argument, found)
    value = raw.cast(nw.Float64)
    # null and nan are one thing here, and nan compares differently from engine to engine
    value = nw.when(~value.is_nan()).then(value)
    endless = (value == math.inf) | (value == -math.inf)
    finite = nw.when(~endless).then(value)

    def mark(condition: Any) -> Any:
        return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0))

    marks = frame.select(
        mark(value.is_null()).alias("missing"),
        mark(endless).alias("infinite"),
        mark(value < 0).alias("negative"),
        mark(finite != finite.floor()).alias("fractional"),
        worded.alias("worded"),
        finite.alias("finite"),
    )
    sums = ("missing", "infinite", "negative", "fractional", "worded")
    counted = marks.select(
        nw.len().alias("rows"),
        *(nw.col(s).sum() for s in sums),
        nw.col("finite").min().alias("low"),
        nw.col("finite").max().alias("high"),
    ).collect()
    row = {name: counted[name].to_list()[0] for name in counted.columns}

    def real(name: str) -> float:
        return math.nan if row[name] is None else float(row[name])

    return Numbers(
        column=column,
        handle=value,
        rows=int(row["rows"]),
        **{s: int(row[s] or 0) for s in sums},
        low=real("low"),
        high=real("high"),
        first={},
    )


def _check_numeric_text(frame: Any, column: str, argument: str, absent: Any) -> None:
    """Every text of a file's column must be a number, or the engine's cast would fail late."""
    import narwhals as nw

    bad = ~nw.col(column).str.contains(r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$")
    sample = frame.filter(bad & ~absent).select(column).head(1).collect()[column].to_list()
    if sample and number(str(sample[0])) is None:
        raise not_numeric(
            column, argument, distinct(column, sample, np.ones(1, np.int64), None, kind="text")
        )


def decide(found: Numbers, cutoff: float, *, higher: bool) -> nw.Expr:
    """0 (favourable) where the score reaches the cut-off or the risk stays below it, else 1."""
    import narwhals as nw

    granted = found.handle >= cutoff if higher else found.handle < cutoff
    return nw.when(granted).then(nw.lit(0)).otherwise(nw.lit(1))


def reach(
    frame: Any, columns: Sequence[Distinct], tables: Sequence[npt.NDArray[np.uint8]]
) -> tuple[list[Any], Any]:
    """Stage codes (3 where a row did not get there) and the final decision, as expressions.

    `tables` give each distinct value's code, 9 where missing. A missing value in a stage that
    was reached raises TBL040. The final decision is the first that was not favourable.
    """
    import narwhals as nw

    stages: list[Any] = []
    going: Any = None
    for column, table in zip(columns, tables, strict=True):
        code = nw.lit(9)
        for wanted in (2, 1, 0):
            raw = [
                r for r, c in zip(column.raw, table, strict=True) if c == wanted and r is not None
            ]
            if raw:
                code = nw.when(column.handle.is_in(raw)).then(nw.lit(wanted)).otherwise(code)
        if going is not None:
            code = nw.when(going).then(code).otherwise(nw.lit(3))
        lacking = size(frame.select(code.alias("code")).filter(nw.col("code") == 9))
        if lacking:
            raise unreached(column.column, lacking)
        stages.append(code)
        going = code == 0
    final = stages[0]
    for code in stages[1:]:
        final = nw.when(code != 3).then(code).otherwise(final)
    return stages, final


def repeats(frame: Any, column: str) -> int:
    """Rows beyond the first of each value of a column."""
    import narwhals as nw

    found = frame.select(_plain(frame, column).n_unique().alias("u"), nw.len().alias("n")).collect()
    return int(found["n"].to_list()[0]) - int(found["u"].to_list()[0])


def rows(
    frame: Any,
    coded: Mapping[str, tuple[Any, npt.NDArray[Any] | None, Distinct | None]],
    number: Mapping[str, Numbers],
    source: Any = None,
) -> EngineRows:
    """The rows for the tally: expressions, and the code of each value they give."""
    lookups: dict[str, dict[Any, int]] = {}
    for key, (_, table, found) in coded.items():
        if table is None or found is None:
            lookups[key] = {code: code for code in range(4)}
        else:
            lookups[key] = {r: int(c) for r, c in zip(found.raw, table, strict=True)}
    expressions = {key: handle for key, (handle, _, _) in coded.items()}
    expressions |= {key: found.handle for key, found in number.items()}
    return EngineRows(frame=frame, expressions=expressions, lookups=lookups, source=source)
