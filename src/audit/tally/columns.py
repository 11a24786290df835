"""Score and amount distributions of a table or tally, by column."""

from __future__ import annotations

from audit.table.rows import CodedRows, Table
from audit.tally.cube import Tally
from audit.tally.distribution import Distribution
from audit.tally.spread import distributions, from_cube, sort_rows


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
