"""Counting rows where they are: one group-by a cube, run by DuckDB, Polars, Spark or Ibis."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table.rows import EngineRows, Table
from audit.tally.assembly import Counted, Facts, Wanted, assemble, exponent_of
from audit.tally.cube import Tally
from audit.tally.plan import Plan


def tally(table: Table, plan: Plan) -> Tally:
    """The planned cubes of rows that stay in an engine: counts bit-identical to memory's.

    Only the grouped cells are collected. Raises `InputError` TLY003 where the rows are in
    memory, TLY005 where sums leave the range of floats, TLY006 where a value turns up that was
    not there when the levels were read.
    """
    rows = table.rows
    if not isinstance(rows, EngineRows):
        raise InputError("TLY003", "these rows are in memory", argument="table")
    facts = _facts(table, rows, plan)
    return assemble(table, plan, facts, partial(_count, rows, facts.weight_exponent))


def value_range(rows: EngineRows, key: str) -> tuple[float, float]:
    """Lowest and highest finite value of a score or amount; (0, 1) where there is none."""
    if key not in rows.expressions:
        return (0.0, 1.0)
    value = _finite(rows.expressions[key])
    found = _one_row(rows.frame.select(value.min().alias("low"), value.max().alias("high")))
    if found["low"] is None or found["high"] is None:
        return (0.0, 1.0)
    return (float(found["low"]), float(found["high"]))


def _finite(expression: nw.Expr) -> nw.Expr:
    value = expression.cast(nw.Float64)
    return nw.when(value.is_finite()).then(value)


def _one_row(frame: nw.LazyFrame[Any]) -> dict[str, Any]:
    return dict(frame.collect().rows(named=True)[0])


def _facts(table: Table, rows: EngineRows, plan: Plan) -> Facts:
    """Σ of `count=`, the largest weight and the values outside the bins, in one pass."""
    columns: dict[str, nw.Expr] = {}
    mass: nw.Expr | None = None
    if "count" in rows.expressions:
        mass = rows.expressions["count"].cast(nw.Int64)
        columns["rows"] = mass
    if "weight" in rows.expressions:
        columns["largest"] = rows.expressions["weight"].cast(nw.Float64)
    for key, bins in plan.bins.items():
        if key in rows.expressions:
            value = rows.expressions[key].cast(nw.Float64)
            beyond = ((value < bins.low) | (value > bins.high)) & ~value.is_nan()
            columns[key] = nw.when(beyond).then(nw.lit(1) if mass is None else mass).otherwise(0)
    if not columns:
        return Facts(rows=table.size)
    names = {key: f"x{i}" for i, key in enumerate(columns)}
    frame = rows.frame.select(*(e.alias(names[key]) for key, e in columns.items()))
    found = _one_row(
        frame.select(
            *(
                (nw.col(name).max() if key == "largest" else nw.col(name).sum()).alias(name)
                for key, name in names.items()
            )
        )
    )
    number = int(found[names["rows"]] or 0) if mass is not None else table.size
    if number >= 2**53:
        raise InputError(
            "TLY005", f"{number:,} rows are too many to count exactly", argument="count"
        )
    largest = found[names["largest"]] if "largest" in names else None
    return Facts(
        rows=number,
        outside={key: int(found[names[key]] or 0) for key in plan.bins if key in names},
        weight_exponent=exponent_of(float(largest or 0.0)),
    )


def _count(rows: EngineRows, exponent: int, wanted: Wanted) -> Counted:
    by = {key: f"k{i}" for i, key in enumerate(wanted.keys) if key in rows.expressions}
    columns = [rows.expressions[key].alias(name) for key, name in by.items()]
    columns += _numbers(rows, exponent, wanted)
    frame = rows.frame.select(*columns) if columns else rows.frame
    # With no column to group by, one constant group holds every row.
    frame = frame.with_columns(nw.lit(0).alias("everyone"))
    terms = _terms(rows, wanted)
    binned = "x" in terms
    if binned and wanted.bins is not None:
        # The same two operations as `Bins.place`, so the same bin bit for bit.
        place = (nw.col("value") - wanted.bins.low) * wanted.bins.scale
        # DuckDB's least and greatest pass over NULL: an absent value would land in the last bin
        clipped = nw.when(~nw.col("value").is_null()).then(place.clip(0, wanted.bins.number - 1))
        bin_of = clipped.floor().cast(nw.Int64)
        frame = frame.with_columns(bin_of.alias("bin"))
    if terms:
        frame = frame.with_columns(*(e.alias(f"s_{name}") for name, e in terms.items()))
    found = (
        frame.group_by("everyone", *by.values(), *(["bin"] if binned else []))
        .agg(nw.len().alias("rows"), *(nw.col(f"s_{name}").sum() for name in terms))
        .collect()
    )
    cell = _cells(rows, wanted, by, found)
    cells = math.prod(wanted.shape)

    def spread(column: str, dtype: Any) -> Any:
        total = np.zeros(cells, dtype)
        values = [0 if v is None else v for v in found[column].to_list()]
        np.add.at(total, cell, np.array(values).astype(dtype))
        return total

    def total(name: str) -> npt.NDArray[np.float64]:
        return spread(f"s_{name}", np.float64) if name in terms else np.zeros(cells)

    weighted, valued = "w" in terms, wanted.column is not None
    return Counted(
        count=spread("s_n" if "n" in terms else "rows", np.int64),
        weight=total("w") if weighted else None,
        weight_squared=total("w2") if weighted else None,
        total=total("x") if valued else None,
        total_squared=total("x2") if valued else None,
    )


def _numbers(rows: EngineRows, exponent: int, wanted: Wanted) -> list[nw.Expr]:
    """Columns "number", "weight" and "value", those there are."""
    columns = []
    if "count" in rows.expressions:
        columns.append(rows.expressions["count"].cast(nw.Int64).alias("number"))
    if "weight" in rows.expressions:
        weight = rows.expressions["weight"].cast(nw.Float64)
        columns.append(_scaled(weight, exponent).alias("weight"))
    if wanted.column is not None and wanted.column in rows.expressions:
        value = rows.expressions[wanted.column].cast(nw.Float64)
        columns.append(nw.when(~value.is_nan()).then(value).alias("value"))
    return columns


def _terms(rows: EngineRows, wanted: Wanted) -> dict[str, nw.Expr]:
    """What is summed by cell: n (frequencies), w, w², x and x²."""
    terms: dict[str, nw.Expr] = {}
    mass: nw.Expr | None = None
    if "count" in rows.expressions:
        terms["n"] = nw.col("number")
        mass = nw.col("number").cast(nw.Float64)
    if "weight" in rows.expressions:
        mass = nw.col("weight") if mass is None else mass * nw.col("weight")
        terms["w"], terms["w2"] = mass, mass * nw.col("weight")
    if wanted.column is not None and wanted.column in rows.expressions:
        terms["x"] = nw.col("value") if mass is None else mass * nw.col("value")
        terms["x2"] = terms["x"] * nw.col("value")
    return terms


def _scaled(weight: nw.Expr, exponent: int) -> nw.Expr:
    """Divide by 2**exponent in two exact steps, each factor within the range of floats."""
    if not exponent:
        return weight
    half = exponent // 2
    return weight * math.ldexp(1.0, -half) * math.ldexp(1.0, half - exponent)


def _cells(
    rows: EngineRows, wanted: Wanted, names: dict[str, str], found: nw.DataFrame[Any]
) -> npt.NDArray[np.int64]:
    """Flat cell of each collected row."""
    cell = np.zeros(len(found), np.int64)
    for key, levels in zip(wanted.keys, wanted.sizes, strict=True):
        cell *= levels
        if key not in names:
            cell += 2
            continue
        lookup = rows.lookups.get(key)
        raw = found[names[key]].to_list()
        if lookup is None:
            cell += np.array(raw, np.int64)
        else:
            codes = {value: _code(lookup, key, value) for value in set(raw)}
            cell += np.array([codes[value] for value in raw], np.int64)
    if wanted.bins is not None:
        cell *= wanted.bins.number + 1
        if "bin" in found.columns:
            missing = wanted.bins.number
            cell += np.array(
                [missing if b is None else b for b in found["bin"].to_list()], np.int64
            )
        else:
            cell += wanted.bins.number
    return cell


def _code(lookup: Any, key: str, value: Any) -> int:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        value = None
    try:
        return int(lookup[value])
    except KeyError:
        raise InputError(
            "TLY006",
            f"the value {value!r} was not there when the levels were read",
            argument=key.rpartition(":")[2],
            fix="read the source again; it changed in between",
        ) from None
