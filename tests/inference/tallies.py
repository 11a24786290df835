"""Tallies made straight from counts, so that a test can state the table it is about."""

from __future__ import annotations

import warnings
from typing import Any

import audit
from audit.tally.cube import Tally

TOLD: dict[str, Any] = {
    "decision": "ok",
    "outcome": "paid",
    "favorable": {"decision": 1, "outcome": 1},
    "unfavorable": {"decision": 0},
}


def rows_of(cells: dict[Any, dict[tuple[int, int | None], int]]) -> dict[str, list[Any]]:
    """Columns sex (and race), ok, paid, n from counts by group and (decision, outcome)."""
    rows: dict[str, list[Any]] = {"sex": [], "race": [], "ok": [], "paid": [], "n": []}
    for group, table in cells.items():
        sex, race = group if isinstance(group, tuple) else (group, "x")
        for (decision, outcome), number in table.items():
            for name, value in zip(rows, (sex, race, decision, outcome, number), strict=True):
                rows[name].append(value)
    return rows


def tally_of(cells: dict[Any, dict[tuple[int, int | None], int]], **told: Any) -> Tally:
    """A tally of these counts."""
    rows = rows_of(cells)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", audit.DataWarning)
        return audit.count(rows, **{**TOLD, "protected": ["sex"], "count": "n", **told})


def table_of(good: int, missed: int, wrong: int, refused: int) -> dict[tuple[int, int], int]:
    """Approved and good, denied and good, approved and bad, denied and bad."""
    return {(1, 1): good, (0, 1): missed, (1, 0): wrong, (0, 0): refused}
