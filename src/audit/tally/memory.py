"""Counting coded rows in memory: fused integer codes and `bincount`, chunk by chunk."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table.rows import CodedRows, Table
from audit.tally.assembly import Counted, Facts, Wanted, assemble, exponent_of
from audit.tally.bins import Bins, column_values
from audit.tally.cube import Tally
from audit.tally.plan import Plan

Floats = npt.NDArray[np.float64]

CHUNK = 1 << 16
"""Rows fused at a time: a chunk's codes stay in the second-level cache."""
EXACT = 2**53
"""Beyond this a double no longer counts every row."""


def tally(table: Table, plan: Plan, *, chunk: int | None = None) -> Tally:
    """The planned cubes of rows in memory. Any `chunk` (rows at a time) gives the same counts.

    Raises `InputError` TLY005 where sums leave the range of floats, TLY003 where the rows are
    not in memory.
    """
    rows = table.rows
    if not isinstance(rows, CodedRows):
        raise InputError("TLY003", "these rows stay in an engine", argument="table")
    number = int(rows.count.sum()) if rows.count is not None else table.size
    if number >= EXACT:
        raise InputError(
            "TLY005", f"{number:,} rows are too many to count exactly", argument="count"
        )
    largest = 0.0 if rows.weight is None or not rows.weight.size else float(rows.weight.max())
    exponent = exponent_of(largest)
    weight = rows.weight
    if weight is not None and exponent:
        weight = np.ldexp(weight, -exponent)
    facts = Facts(
        rows=number,
        outside={key: _outside(rows, key, bins) for key, bins in plan.bins.items()},
        weight_exponent=exponent,
    )
    placed = {
        key: bins.place(values)
        for key, bins in plan.bins.items()
        if (values := column_values(rows, key)) is not None
    }
    count = partial(_count, rows, weight, placed, table.size, chunk)
    return assemble(table, plan, facts, count)


def _outside(rows: CodedRows, key: str, bins: Bins) -> int:
    values = column_values(rows, key)
    if values is None:
        return 0
    beyond = (values < bins.low) | (values > bins.high)
    if not beyond.any():
        return 0
    return int(beyond.sum() if rows.count is None else rows.count[beyond].sum())


def _count(
    rows: CodedRows,
    weight: Floats | None,
    placed: dict[str, npt.NDArray[np.uint32]],
    size: int,
    chunk: int | None,
    wanted: Wanted,
) -> Counted:
    cells = math.prod(wanted.shape)
    dtype = np.uint16 if cells <= 1 << 16 else np.uint32 if cells <= 1 << 32 else np.intp
    # A large cube is added to less often: adding it up costs as much as counting into it.
    chunk = max(CHUNK, 4 * cells) if chunk is None else chunk
    fused: npt.NDArray[Any] = np.empty(min(chunk, size), dtype)
    counts = np.zeros(cells, np.int64)
    weighted = weight is not None
    values = column_values(rows, wanted.column) if wanted.column is not None else None
    sums = [np.zeros(cells) for _ in range(2 * weighted + 2 * (values is not None))]
    for start in range(0, size, chunk):
        part = slice(start, min(start + chunk, size))
        cell = fused[: part.stop - start]
        _fuse(rows, placed, wanted, part, cell)
        number = None if rows.count is None else rows.count[part]
        if number is None:
            counts += np.bincount(cell, minlength=cells)
        else:
            counts += np.bincount(cell, weights=number, minlength=cells).astype(np.int64)
        terms = []
        mass: Floats | None = None if number is None else number.astype(np.float64)
        if weight is not None:
            w = weight[part]
            mass = w if mass is None else mass * w
            terms = [mass, mass * w]
        if values is not None:
            x = values[part]
            with np.errstate(invalid="ignore", over="ignore"):
                first = x if mass is None else mass * x
                terms += [first, first * x]
        for total, term in zip(sums, terms, strict=True):
            total += np.bincount(cell, weights=term, minlength=cells)
    split = 2 * weighted
    for total in sums[split:]:
        # A missing value is nan; its rows are all in the last level, where there is no sum.
        total.reshape(wanted.shape)[..., -1] = 0.0
    return Counted(
        count=counts,
        weight=sums[0] if weighted else None,
        weight_squared=sums[1] if weighted else None,
        total=sums[split] if values is not None else None,
        total_squared=sums[split + 1] if values is not None else None,
    )


def _fuse(
    rows: CodedRows,
    placed: dict[str, npt.NDArray[np.uint32]],
    wanted: Wanted,
    part: slice,
    cell: npt.NDArray[Any],
) -> None:
    """Write each row's flat cell number into `cell`."""
    cell.fill(0)
    for key, levels in zip(wanted.keys, wanted.sizes, strict=True):
        np.multiply(cell, levels, out=cell)
        codes = rows.codes.get(key)
        if codes is None:
            # No such column: every row is undecided, every outcome unknown.
            np.add(cell, 2, out=cell)
        else:
            np.add(cell, codes[part], out=cell, casting="unsafe")
    if wanted.column is not None and wanted.bins is not None:
        np.multiply(cell, wanted.bins.number + 1, out=cell)
        bins = placed.get(wanted.column)
        addend = wanted.bins.number if bins is None else bins[part]
        np.add(cell, addend, out=cell, casting="unsafe")
