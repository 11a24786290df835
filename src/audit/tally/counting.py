"""Count a table's rows, in memory or in the engine that holds them."""

from __future__ import annotations

from audit.table.rows import EngineRows, Table
from audit.tally.cube import Tally
from audit.tally.plan import Plan


def count_rows(table: Table, plan: Plan) -> Tally:
    """The planned cubes, counted where the rows are; the counts do not depend on where."""
    if isinstance(table.rows, EngineRows):
        from audit.tally import lazy

        return lazy.tally(table, plan)
    from audit.tally import memory

    return memory.tally(table, plan)
