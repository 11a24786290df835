"""Rows in memory: columns as codes and floats. `engine` has the same functions for lazy rows."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.table import encode
from audit.table.bins import labels_of
from audit.table.distinct import Distinct, as_float, as_labels, distinct
from audit.table.faults import infinite, not_numeric, unreached
from audit.table.numbers import Numbers
from audit.table.rows import CodedRows

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[Any]


THREADED = 200_000
"""Rows from which columns are encoded side by side; the result is the same."""


def size(frame: Any) -> int:
    """Number of rows."""
    return len(frame)


def look(frame: Any, column: str) -> Distinct:
    """The distinct values of a column with their counts; `handle` holds the codes."""
    return encode.look(frame.get_column(column), column)


def look_all(frame: Any, columns: Sequence[str]) -> dict[str, Distinct]:
    """`look` for several columns, side by side where the rows are many."""
    if len(frame) < THREADED or len(columns) < 2:
        return {column: look(frame, column) for column in columns}
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(len(columns), os.cpu_count() or 1)) as pool:
        return dict(zip(columns, pool.map(lambda c: look(frame, c), columns), strict=True))


def together(
    frame: Any, name: str, columns: Sequence[Distinct], tables: Sequence[npt.NDArray[np.int64]]
) -> Distinct:
    """Σ code·3ⁱ over columns of codes 0, 1 and 2 (given by position), with the sums that occur."""
    whole = 3 ** len(columns)
    dtype = np.int64 if whole > 1 << 32 else encode.unsigned(whole)
    fused = np.zeros(len(frame), dtype)
    for i, (column, table) in enumerate(zip(columns, tables, strict=True)):
        own = table * 3**i
        small = dtype != np.int64
        fused += encode.recode(column.handle, own) if small else own.take(column.handle)
    if whole <= encode.SPAN:
        counts, kept = encode.tabulate(fused, whole), np.arange(whole)
    else:
        kept, fused, counts = np.unique(fused, return_inverse=True, return_counts=True)
        fused = fused.astype(encode.unsigned(len(kept)))
    return distinct(name, kept.tolist(), counts, fused, kind="integer")


def look_binned(frame: Any, column: str, cuts: Sequence[float], *, text: bool) -> Distinct:
    """The same with values put in bins: "(-inf, a)", "[a, b)", "[b, inf)"."""
    found = numbers(frame, column, "bins", text=text)
    if found.infinite:
        raise infinite(column, "bins", found.infinite, found.first.get("infinite"))
    values: Floats = found.handle
    codes = np.zeros(len(values), encode.unsigned(len(cuts) + 2))
    for cut in cuts:
        codes += values >= cut
    labels = labels_of(cuts)
    first = found.first.get("missing")
    raw: tuple[Any, ...] = labels
    if found.missing:
        codes[np.isnan(values)] = len(labels)
        raw = (*labels, None)
    counts = encode.tabulate(codes, len(raw))
    return distinct(column, raw, counts, codes, kind="bins", declared=True, first_missing=first)


def numbers(frame: Any, column: str, argument: str, *, text: bool) -> Numbers:
    """A column as float64 with what is wrong in it. Raises TBL032 where it is not numeric."""
    values, worded = _floats(frame.get_column(column), column, argument, text=text)
    rows = len(values)
    with np.errstate(over="ignore", invalid="ignore"):
        fine = bool(np.isfinite(values.sum())) if rows else True
    first: dict[str, int] = {}
    if fine:
        finite, missing, infinities = values, 0, 0
    else:
        nan = np.isnan(values)
        inf = np.isinf(values)
        missing, infinities = int(nan.sum()), int(inf.sum())
        if missing:
            first["missing"] = int(nan.argmax())
        if infinities:
            first["infinite"] = int(inf.argmax())
        finite = values[~(nan | inf)]
    low = float(finite.min()) if finite.size else math.nan
    negative = 0
    if low < 0:
        below = values < 0
        negative, first["negative"] = int(below.sum()), int(below.argmax())
    fractional = 0
    if argument == "count":
        broken = np.isfinite(values) & (values != np.rint(values))
        fractional = int(broken.sum())
        if fractional:
            first["fractional"] = int(broken.argmax())
    return Numbers(
        column=column,
        handle=values,
        rows=rows,
        missing=missing,
        infinite=infinities,
        negative=negative,
        fractional=fractional,
        low=low,
        high=float(finite.max()) if finite.size else math.nan,
        first=first,
        worded=worded,
    )


def _floats(series: Any, column: str, argument: str, *, text: bool) -> tuple[Floats, int]:
    """float64 (nan where missing) without a copy where the column already is."""
    native = series.to_native()
    implementation = str(series.implementation)
    if implementation == "pandas":
        dtype = native.dtype
        if isinstance(dtype, np.dtype) and dtype.kind in "iufb":
            return np.asarray(native.to_numpy(), np.float64), 0
    elif implementation == "polars" and native.dtype.is_numeric():
        import polars as pl

        values = native.cast(pl.Float64)
        return np.asarray(values.to_numpy(), np.float64), 0
    elif implementation == "pyarrow":
        import pyarrow as pa

        if pa.types.is_integer(native.type) or pa.types.is_floating(native.type):
            return np.asarray(native.cast(pa.float64(), safe=False).to_numpy(), np.float64), 0
    found = encode.look(series, column)
    worded = 0
    if text:
        found, worded = as_labels(found)
    if found.kind not in ("bool", "integer", "number", "empty"):
        raise not_numeric(column, argument, found)
    table = np.array([math.nan if v is None else as_float(v) for v in found.values], np.float64)
    if not table.size:
        return np.zeros(0), worded
    return table.take(found.handle), worded


def decide(found: Numbers, cutoff: float, *, higher: bool) -> Codes:
    """0 (favourable) where the score reaches the cut-off or the risk stays below it, else 1."""
    values: Floats = found.handle
    refused: npt.NDArray[np.bool_] = values < cutoff if higher else values >= cutoff
    return refused.view(np.uint8)


def cutoff_for(
    frame: Any, found: Numbers, rate: float, mass: Sequence[Numbers], *, higher: bool
) -> float:
    """The strictest cut-off that approves at least `rate` of the mass (rows, or Σ of weights).

    People who tie are decided together.
    """
    weight = None
    if mass:
        weight = np.ones(len(found.handle))
        for m in mass:
            weight = weight * m.handle
    at = reached_by(found.handle if higher else -found.handle, rate, weight)
    if higher:
        return at
    above = found.handle[found.handle > -at]
    return float(above.min()) if above.size else math.nextafter(-at, math.inf)


def reached_by(values: Floats, rate: float, weight: Floats | None = None) -> float:
    """The greatest value such that what is no less holds at least `rate` of the mass.

    >>> reached_by(np.array([1.0, 2.0, 2.0, 3.0]), 0.5), reached_by(np.array([1.0, 2.0]), 1.0)
    (2.0, 1.0)
    """
    if weight is None:
        needed = math.ceil(len(values) * rate * (1 - 1e-12))
        return float(-np.partition(-values, max(needed, 1) - 1)[max(needed, 1) - 1])
    order = np.argsort(-values, kind="stable")
    reached = np.cumsum(weight[order])
    place = int(np.searchsorted(reached, rate * reached[-1] * (1 - 1e-12)))
    return float(values[order[min(place, len(order) - 1)]])


def reach(
    frame: Any, columns: Sequence[Distinct], tables: Sequence[npt.NDArray[np.uint8]]
) -> tuple[list[Codes], Codes]:
    """Stage codes (3 where a row did not get there) and the final decision.

    `tables` give each distinct value's code, 9 where missing. A missing value in a stage that
    was reached raises TBL040. The final decision is the first that was not favourable.
    """
    stages: list[Codes] = []
    going: npt.NDArray[np.bool_] | None = None
    final: Codes | None = None
    for column, table in zip(columns, tables, strict=True):
        codes = encode.recode(column.handle, table)
        if going is not None:
            codes = np.where(going, codes, np.uint8(3))
        absent = codes == 9
        if absent.any():
            raise unreached(column.column, int(absent.sum()), int(absent.argmax()))
        stages.append(codes)
        final = codes if final is None else np.where(codes == 3, final, codes)
        going = codes == 0
    assert final is not None  # `stages` is not empty
    return stages, final


def repeats(frame: Any, column: str) -> int:
    """Rows beyond the first of each value of a column."""
    try:
        unique = int(frame.get_column(column).n_unique())
    except Exception:  # each library has its own error for cells it cannot compare
        unique = len(look(frame, column).raw)
    return len(frame) - unique


def rows(
    frame: Any,
    coded: Mapping[str, tuple[Any, npt.NDArray[Any] | None, Distinct | None]],
    number: Mapping[str, Numbers],
    source: Any = None,
) -> CodedRows:
    """The rows for the tally: `coded` gives (handle, new code by position, distinct) by key."""
    codes = {
        key: handle if table is None else encode.recode(handle, table)
        for key, (handle, table, _) in coded.items()
    }
    count = number.get("count")
    return CodedRows(
        codes=codes,
        score=number["score"].handle if "score" in number else None,
        amounts={
            key.removeprefix("amount:"): found.handle
            for key, found in number.items()
            if key.startswith("amount:")
        },
        weight=number["weight"].handle if "weight" in number else None,
        count=None if count is None else count.handle.astype(np.int64),
        frame=frame,
    )
