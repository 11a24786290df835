"""How a score is spread in each group: exactly, from rows in memory, or from binned cubes."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table.roles import Group, Roles
from audit.table.rows import CodedRows, Table
from audit.tally.assembly import exponent_of, summed
from audit.tally.bins import AMOUNT, column_values
from audit.tally.cube import Cube, Tally
from audit.tally.distribution import Distribution
from audit.tally.overlap import grouped

Floats = npt.NDArray[np.float64]

PARALLEL = 500_000
"""From this many rows on, groups are sorted in threads."""
UNKNOWN = 2
"""Outcome code of rows whose outcome is unknown."""


def value_key(roles: Roles, column: str) -> str:
    """ "score" or "amount:<column>"; `InputError` TLY003 where the column is neither.

    >>> value_key(Roles(risk="pd"), "pd")
    'score'
    """
    if column in (roles.score, roles.risk):
        return "score"
    if column in roles.amount:
        return f"{AMOUNT}{column}"
    names = [n for n in (roles.score, roles.risk, *roles.amount) if n is not None]
    raise InputError(
        "TLY003",
        f"{column!r} is no score, risk or amount",
        argument="column",
        fix=f"one of {', '.join(names)}" if names else "give score=, risk= or amount=",
    )


def higher_is_better(roles: Roles, column: str) -> bool:
    """Whether a higher value of the column favours the applicant.

    >>> higher_is_better(Roles(risk="pd"), "pd")
    False
    """
    return column == roles.score or roles.amount.get(column) == "higher"


class Ordered(NamedTuple):
    """A table's rows by ascending value of one column, missing ones last."""

    order: npt.NDArray[np.intp]
    """Row numbers."""
    rows: _Rows
    """The rows in that order."""


def sort_rows(table: Table, column: str) -> Ordered:
    """Sort once, then ask `distributions` for many attributes of one column.

    Raises `InputError` TLY003 as `distributions` does.
    """
    rows = _rows_of(table, column)
    # Weights are floats, whose sum depends on their order: ties keep that of the rows.
    order = np.argsort(rows.values, kind=None if rows.mass is None else "stable")
    return Ordered(order, rows.take(order))


def distributions(
    table: Table,
    attributes: tuple[str, ...],
    column: str,
    *,
    exact: bool = True,
    ordered: Ordered | None = None,
) -> tuple[Distribution, ...]:
    """One `Distribution` a group of `attributes`, in level order; () gives everyone. A row is in
    every group it belongs to.

    `exact` keeps every distinct value (rows must be in memory, and the result does not merge);
    otherwise 1,024 bins over the observed range. Groups without a row are kept. `ordered`, from
    `sort_rows`, saves sorting the same column again. Raises `InputError` TLY003: an unknown
    column or attribute, or exact values from an engine.
    """
    key = value_key(table.roles, column)
    unknown = [a for a in attributes if f"protected:{a}" not in table.axes]
    if unknown:
        raise InputError(
            "TLY003", f"{unknown[0]!r} is not a protected attribute", argument="attributes"
        )
    if not exact:
        return _binned(table, attributes, column, key)
    rows = _rows_of(table, column) if ordered is None else ordered.rows
    levels = [table.axes[f"protected:{a}"].levels for a in attributes]
    groups: list[Group] = list(product(*levels))
    member = _members(table, attributes, len(groups))
    if ordered is not None:
        member = member[ordered.order]
    absent = np.isnan(rows.values)
    number = None if rows.number is None else rows.number[absent]
    missing = np.bincount(member[absent], weights=number, minlength=len(groups))
    if absent.any():
        # Rows without a value form a last part that no group reads.
        member = np.where(absent, np.array(len(groups), member.dtype), member)
    # A stable partition first: each group's values then fit the cache while they are sorted.
    if len(groups) > 1 or absent.any():
        rows = rows.take(np.argsort(member, kind="stable"))
    starts = np.concatenate([[0], np.cumsum(np.bincount(member, minlength=len(groups)))])
    better = higher_is_better(table.roles, column)

    def one(g: int) -> Distribution:
        part = rows.take(slice(int(starts[g]), int(starts[g + 1])))
        return Distribution(
            attribute=attributes,
            group=groups[g],
            column=column,
            higher_is_better=better,
            missing=int(missing[g]),
            exact=True,
            **_moments(part),
            **_distinct(part, ascending=ordered is not None),
        )

    if table.size < PARALLEL or len(groups) == 1:
        found = tuple(map(one, range(len(groups))))
    else:
        # numpy sorts without holding the interpreter, so groups are sorted side by side.
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            found = tuple(pool.map(one, range(len(groups))))
    return grouped(table.roles, attributes, levels, found)


def _members(
    table: Table, attributes: tuple[str, ...], groups: int
) -> npt.NDArray[np.unsignedinteger[Any]]:
    """Each row's group, in the smallest integers (a radix sort partitions those)."""
    dtype = np.uint8 if groups < 2**8 else np.uint16 if groups < 2**16 else np.uint32
    member: npt.NDArray[Any] = np.zeros(table.size, dtype)
    for attribute in attributes:
        key = f"protected:{attribute}"
        np.multiply(member, len(table.axes[key].levels), out=member)
        np.add(member, _coded(table).codes[key], out=member, casting="unsafe")
    return member


def _coded(table: Table) -> CodedRows:
    if not isinstance(table.rows, CodedRows):
        raise InputError(
            "TLY003",
            "exact distributions need rows in memory; these stay in an engine",
            argument="exact",
            fix="use binned ones",
        )
    return table.rows


def _rows_of(table: Table, column: str) -> _Rows:
    rows = _coded(table)
    values = column_values(rows, value_key(table.roles, column))
    if values is None:
        raise InputError("TLY003", f"the rows hold no {column!r}", argument="column")
    outcome = rows.codes.get("outcome")
    if outcome is None:
        outcome = np.full(table.size, UNKNOWN, np.uint8)
    weight = rows.weight
    if weight is not None and (exponent := exponent_of(float(weight.max(initial=0.0)))):
        weight = np.ldexp(weight, -exponent)
    return _Rows(values, outcome, weight, rows.count)


class _Rows(NamedTuple):
    """Rows with a value, of everyone or of one group."""

    values: Floats
    outcome: npt.NDArray[Any]
    weight: Floats | None
    number: npt.NDArray[np.int64] | None

    def take(self, rows: slice | npt.NDArray[np.intp]) -> _Rows:
        return _Rows(
            self.values[rows],
            self.outcome[rows],
            None if self.weight is None else self.weight[rows],
            None if self.number is None else self.number[rows],
        )

    @property
    def mass(self) -> Floats | None:
        """How much each row counts; None where each is one."""
        if self.number is None:
            return self.weight
        number = self.number.astype(np.float64)
        return number if self.weight is None else number * self.weight


def _moments(rows: _Rows) -> dict[str, Any]:
    mass, values = rows.mass, rows.values
    number = len(values) if rows.number is None else int(rows.number.sum())
    total = squared = float(number)
    if mass is not None and rows.weight is not None:
        total, squared = float(mass.sum()), float((mass * rows.weight).sum())
    weighted = values if mass is None else mass * values
    return {
        "rows": number,
        "total": total,
        "sum": float(weighted.sum()),
        "sum_squares": float((weighted * values).sum()),
        "weight_squared": squared,
    }


def _distinct(rows: _Rows, *, ascending: bool) -> dict[str, Any]:
    """Distinct values, ascending, and their mass by outcome."""
    if not ascending:
        # Ties are added up, so an unstable sort gives the same counts, but not the same sums.
        rows = rows.take(np.argsort(rows.values, kind=None if rows.mass is None else "stable"))
    values, mass = rows.values, rows.mass
    fresh = np.empty(len(values), bool)
    fresh[:1] = True
    np.not_equal(values[1:], values[:-1], out=fresh[1:])
    if fresh.all():
        cell = np.arange(0, 3 * len(values), 3)
    else:
        values = values[fresh]
        cell = 3 * (np.cumsum(fresh) - 1)
    cell += rows.outcome
    counts: npt.NDArray[Any] = np.bincount(cell, weights=mass, minlength=3 * len(values))
    return {"values": values, "counts": counts.astype(np.float64).reshape(-1, 3)}


def _binned(
    table: Table, attributes: tuple[str, ...], column: str, key: str
) -> tuple[Distribution, ...]:
    from audit.tally.bins import make_bins, observed_range
    from audit.tally.counting import count_rows
    from audit.tally.plan import Plan, Shape

    bins = make_bins(*observed_range(table, key), 1024)
    shape = Shape(protected=attributes, column=key)
    return from_cube(count_rows(table, Plan(shapes=(shape,), bins={key: bins})), attributes, column)


def from_cube(tally: Tally, attributes: tuple[str, ...], column: str) -> tuple[Distribution, ...]:
    """One binned `Distribution` a group, from the smallest cube that can answer; else ().

    Values are the bins' midpoints; sums and sums of squares are the rows' own. Raises
    `InputError` TLY003 where the column is no score, risk or amount.
    """
    key = value_key(tally.roles, column)
    kind, name = ("score", "score") if key == "score" else ("amount", column)
    cube = _smallest(tally, attributes, kind, name)
    if cube is None:
        return ()
    edges = tally.score_edges if kind == "score" else tally.amount_edges[name]
    kept = {*(("protected", a) for a in attributes), ("outcome", "outcome"), (kind, name)}
    small = summed(cube, kept)
    axes = {a.name: a for a in small.axes if a.kind == "protected"}
    order = [[a.name for a in small.axes].index(name) for name in attributes]
    levels = [axes[a].levels for a in attributes]
    groups = tuple(product(*levels))

    def rows_of(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        moved = array.transpose([*order, array.ndim - 2, array.ndim - 1])
        return moved.reshape((len(groups), *array.shape[-2:]))

    count = rows_of(small.count)
    mass = rows_of(small.count if small.weight is None else small.weight)
    squared = None if small.weight_squared is None else rows_of(small.weight_squared)
    first, second = rows_of(small.sums[name]), rows_of(small.sums[f"{name}_squared"])
    middle = (np.array(edges[:-1]) + np.array(edges[1:])) / 2
    found = []
    for g, group in enumerate(groups):
        rows = int(count[g, :, :-1].sum())
        found.append(
            Distribution(
                attribute=attributes,
                group=group,
                column=column,
                higher_is_better=higher_is_better(tally.roles, column),
                values=middle,
                counts=np.ascontiguousarray(mass[g, :, :-1].T, dtype=np.float64),
                rows=rows,
                total=float(mass[g, :, :-1].sum()),
                sum=float(first[g].sum()),
                sum_squares=float(second[g].sum()),
                weight_squared=float(rows) if squared is None else float(squared[g, :, :-1].sum()),
                missing=int(count[g, :, -1].sum()),
                exact=False,
                edges=edges,
            )
        )
    return grouped(tally.roles, attributes, levels, found)


def _smallest(tally: Tally, attributes: tuple[str, ...], kind: str, name: str) -> Cube | None:
    wanted = {*(("protected", a) for a in attributes), (kind, name)}
    able = [
        cube
        for cube in tally.cubes
        if cube.stage is None and wanted <= {(a.kind, a.name) for a in cube.axes}
    ]
    return min(able, key=lambda cube: cube.count.size, default=None)
