"""Columns that nobody named as features, looked at for leaks and noted, never warned of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from audit.errors import InputError
from audit.table.columns import bins_of, moments
from audit.table.engine_sample import first_rows
from audit.table.leaks import Asked, asked_of, decides_by_column, leak, named_leaks, some
from audit.table.roles import Issue, playing
from audit.table.rows import EngineRows, Table
from audit.table.wording import shown

ROWS = 10_000
"""Rows read."""
COLUMNS = 100
"""Columns looked at."""
MOST = 10
"""Columns named one by one."""
NAMED = 3
"""Further columns named in the last message."""
ORDER = ("TBL501", "TBL502", "TBL506")
"""Codes that are named first where there are many."""


def unnamed_leaks(table: Table, rows: int = ROWS, most: int = COLUMNS) -> tuple[Issue, ...]:
    """Notes on columns that play no part, where no features are named.

    At most `rows` rows and `most` columns are read, so that an audit of many rows takes no
    longer. Columns that cannot be read are passed over.

    >>> from audit.table.intake import read
    >>> paid = [1, 0] * 50
    >>> table = read({"sex": ["f", "f", "m", "m"] * 25, "paid": paid, "fee": [0.0, 9.5] * 50,
    ...               "income": list(range(100))}, protected="sex", outcome="paid", favorable=1)
    >>> [(i.code, i.severity, i.column) for i in unnamed_leaks(table)]
    [('TBL501', 'note', 'fee')]
    """
    if table.roles.features or (table.roles.outcome is None and not decides_by_column(table)):
        return ()
    read = _read_engine if isinstance(table.rows, EngineRows) else _read_memory
    taken = playing(table.roles)
    names = [n for n in _columns(table) if n not in taken]
    if not names:
        return ()
    columns, asked = read(table, names[:most], rows)
    if asked is None:
        return ()
    said = [_unnamed(i) for i in _readable(columns, asked, table)]
    if len(said) <= MOST:
        return tuple(said)
    said.sort(key=lambda i: ORDER.index(i.code) if i.code in ORDER else len(ORDER))
    rest = sorted({str(i.column) for i in said[MOST:]})
    more = leak(
        "TBL507",
        "note",
        rest[0],
        f"{len(said) - MOST:,} more columns tell the outcome or the decision unusually well: "
        f"{', '.join(shown(n) for n in rest[:NAMED])} and others",
        "name features=[...] to have each looked at",
    )
    return (*said[:MOST], more)


def _readable(columns: Mapping[str, Any], asked: Asked, table: Table) -> tuple[Issue, ...]:
    try:
        return named_leaks(columns, asked, table, "note")
    except InputError:  # cells that hold lists: leave out such columns one by one
        kept = {n: c for n, c in columns.items() if _is_readable(c, n)}
        return named_leaks(kept, asked, table, "note")


def _is_readable(column: Any, name: str) -> bool:
    try:
        bins_of(column, name)
    except InputError:
        return False
    return True


def _unnamed(issue: Issue) -> Issue:
    fix = f"no features are named; if a model is given this column: {issue.fix}"
    return replace(issue, severity="note", fix=fix)


def _columns(table: Table) -> Iterable[str]:
    frame = table.rows.frame
    if frame is None:
        return ()
    names = frame.collect_schema().names() if isinstance(table.rows, EngineRows) else frame.columns
    return [str(n) for n in names]


def _read_memory(
    table: Table, names: list[str], most: int
) -> tuple[Mapping[str, Any], Asked | None]:
    rows = table.rows
    assert not isinstance(rows, EngineRows)
    places = np.arange(table.size)
    outcome, decision = rows.codes.get("outcome"), rows.codes.get("decision")
    if table.size > most:
        # Rows without an outcome say nothing, so those with one are drawn.
        pool = places if outcome is None else np.flatnonzero(outcome <= 1)
        places = some(pool if len(pool) else places, most)
    time = table.roles.time
    wanted = [*names, time] if time is not None and time in rows.frame.columns else names
    frame = rows.frame.select(wanted)
    if len(places) < table.size:
        frame = frame[places]
    times = moments(frame.get_column(time)) if time in wanted and time is not None else None
    asked = asked_of(
        None if outcome is None else outcome[places],
        decision[places] if decision is not None and decides_by_column(table) else None,
        times,
        most,
    )
    return {name: frame.get_column(name) for name in names}, asked


def _read_engine(
    table: Table, names: list[str], most: int
) -> tuple[Mapping[str, Any], Asked | None]:
    rows = table.rows
    assert isinstance(rows, EngineRows)
    try:
        frame, codes = first_rows(rows, names, most, ("outcome", "decision"))
    except Exception:  # an engine's own error about a column that no part needs stops no audit
        return {}, None
    decision = codes.get("decision") if decides_by_column(table) else None
    asked = asked_of(codes.get("outcome"), decision, None, most)
    return {name: frame.get_column(name) for name in names}, asked


__all__ = ["unnamed_leaks"]
