"""Score and amount distributions of a table or tally, by column."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.table.roles import BLOCKS
from audit.table.rows import CodedRows, Table
from audit.tally.bins import column_values
from audit.tally.cube import Tally
from audit.tally.distribution import Distribution
from audit.tally.overlap import Belonging, belonging
from audit.tally.spread import distributions, from_cube, sort_rows, value_key

Sums = dict[tuple[Any, ...], npt.NDArray[np.float64]]
"""Arrays of shape (blocks, 3) by attribute tuple and group."""


def by_column(table: Table | None, tally: Tally) -> dict[str, list[Distribution]]:
    """Distributions of everyone and of each single attribute, for the score and every amount.

    Exact where the rows are in memory, else from the tally's bins; a column that no cube holds
    is left out.
    """
    roles = tally.roles
    exact = table if table is not None and isinstance(table.rows, CodedRows) else None
    found: dict[str, list[Distribution]] = {}
    for column in (c for c in (roles.score, roles.risk, *roles.amount) if c is not None):
        parts: list[Distribution] = []
        ordered = None if exact is None else sort_rows(exact, column)
        for attributes in ((), *((name,) for name in roles.protected)):
            if exact is not None:
                parts.extend(distributions(exact, attributes, column, ordered=ordered))
            else:
                parts.extend(from_cube(tally, attributes, column))
        if parts:
            found[column] = parts
    return found


def block_sums(
    table: Table | None,
) -> dict[str, Sums]:
    """Σw, Σw·x and Σw·x² by block of repeated applicants, for every column and group.

    x is measured from the column's mean. Arrays have shape (blocks, 3), by (attributes, group);
    where groups may share rows also by (attributes, reference, group): the reference without the
    group's rows. Empty without clusters, or where the rows stay in an engine.
    """
    if table is None or not isinstance(table.rows, CodedRows) or "block" not in table.rows.codes:
        return {}
    rows, roles = table.rows, table.roles
    block = rows.codes["block"].astype(np.int64)
    mass: Any = np.ones(table.size) if rows.weight is None else rows.weight
    mass = mass / mass.max()  # any scale will do, and squares must stay in range
    if rows.count is not None:
        mass = mass * rows.count
    found: dict[str, Sums] = {}
    for column in (c for c in (roles.score, roles.risk, *roles.amount) if c is not None):
        values = column_values(rows, value_key(roles, column))
        if values is None:
            continue
        known = ~np.isnan(values)
        w = mass[known]
        x = values[known] - values[known].mean() if known.any() else values[known]
        found[column] = {}
        for attributes in ((), *((name,) for name in roles.protected)):
            keys = [f"protected:{a}" for a in attributes]
            levels = [table.axes[k].levels for k in keys]
            own = belonging(roles, attributes, levels)
            counted = math.prod(len(v) for v in levels)
            member = np.zeros(int(known.sum()), dtype=np.int64)
            for key in keys:
                member = rows.codes[key][known].astype(np.int64)
            cell = member * BLOCKS + block[known]
            sums: Any = np.stack(
                [
                    np.bincount(cell, weights=part, minlength=counted * BLOCKS)
                    for part in (w, w * x, w * x * x)
                ],
                axis=-1,
            ).reshape(counted, BLOCKS, 3)
            found[column].update(_by_group(attributes, own, sums))
    return found


def _by_group(attributes: tuple[str, ...], own: Belonging, sums: npt.NDArray[np.float64]) -> Sums:
    if own.members is None:
        return {(attributes, g): sums[i] for i, g in enumerate(own.groups)}
    found: Sums = {}
    for group, inside in zip(own.groups, own.members, strict=True):
        found[(attributes, group)] = sums[inside].sum(axis=0)
        for reference, other in zip(own.groups, own.members, strict=True):
            if group != reference and (inside & other).any():
                found[(attributes, reference, group)] = sums[other & ~inside].sum(axis=0)
    return found
