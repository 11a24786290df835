"""Rows of a table for an explanation: features, codes of the attributes, and what was sampled.

Rows are drawn at random, seeded, where there are more than are needed; rows that stay in an
engine are read as far as the sample goes. A row that stands for several people (`count`) is
drawn as often as it stands for someone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.table.columns import floats
from audit.table.engine_sample import first_rows
from audit.table.roles import NONE_OF_THEM, Level
from audit.table.rows import CodedRows, EngineRows, Table

Codes = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

ROWS = 20_000
"""Rows above which a sample is drawn."""
FINE = 64
"""Most distinct numbers that are kept apart."""
BINS = 16
"""Most bins of a number that has more."""
PER_BIN = 120
"""Rows a bin is to hold."""
CATEGORIES = 500
"""Most categories kept apart; the rarer ones become one."""
RARE = 3
"""Rows below which a category says nothing and joins the rarer ones."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """Rows drawn from a table."""

    frame: Any
    """narwhals DataFrame with every column asked for; shape (rows, columns)."""
    codes: Mapping[str, Codes]
    """As `CodedRows.codes`, of these rows."""
    levels: Mapping[str, tuple[Level, ...]]
    """By attribute, in the order of its codes."""
    numbers: Indices
    """Row of the table that each row is."""
    size: int
    """Rows (people, where they are counted) there are."""

    @property
    def rows(self) -> int:
        """Rows drawn."""
        return len(self.numbers)

    @property
    def read(self) -> str:
        """Which rows a number rests on, in words."""
        if self.rows < self.size:
            return f"{self.rows:,} of {self.size:,} rows, drawn at random"
        return f"{self.rows:,} rows"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Coded:
    """One feature in bins or categories; a missing value is one of its own."""

    name: str
    """The feature."""
    codes: Indices
    """Bin of each row, from 0."""
    bins: int
    """How many there are."""
    place: Floats | None
    """Mid-rank of each row less the mean rank, where it is a number; 0 where missing."""


def drawn(table: Table, columns: Sequence[str], *, rows: int = ROWS, seed: int = 0) -> Sample:
    """At most `rows` rows of a table, in the table's order, with these columns.

    >>> from audit.table.intake import read
    >>> table = read({"sex": ["f", "m"] * 50, "paid": [1, 0] * 50, "fee": list(range(100))},
    ...              protected="sex", outcome="paid", favorable=1)
    >>> drawn(table, ["fee"], rows=10).read
    '10 of 100 rows, drawn at random'
    """
    levels = {a: level_names(table, a) for a in table.roles.protected}
    held, columns = table.rows, list(dict.fromkeys(columns))
    if isinstance(held, EngineRows):
        frame, codes = first_rows(held, columns, rows)
        numbers = np.arange(len(frame))
        return Sample(frame=frame, codes=codes, levels=levels, numbers=numbers, size=table.size)
    numbers, size = _numbers(held, table.size, rows, seed)
    frame = held.frame.select(columns)
    if not np.array_equal(numbers, np.arange(table.size)):
        frame = frame[numbers]
    return Sample(
        frame=frame,
        codes={k: v[numbers] for k, v in held.codes.items()},
        levels=levels,
        numbers=numbers,
        size=size,
    )


def _numbers(held: CodedRows, size: int, rows: int, seed: int) -> tuple[Indices, int]:
    rng = np.random.default_rng(seed)
    if held.count is None:
        if size <= rows:
            return np.arange(size, dtype=np.int64), size
        return np.sort(rng.choice(size, rows, replace=False)).astype(np.int64), size
    people = int(held.count.sum())
    ends = np.cumsum(held.count)
    chosen = np.arange(people) if people <= rows else np.sort(rng.integers(0, people, rows))
    return np.searchsorted(ends, chosen, side="right").astype(np.int64), people


def at_most(rows: Indices, most: int, seed: Any) -> Indices:
    """Some rows, in order: all of them, or `most` drawn by `seed`."""
    if len(rows) <= most:
        return rows
    chosen = np.random.default_rng(seed).choice(len(rows), most, replace=False)
    return rows[np.sort(chosen)]


def halved(size: int, seed: Any) -> npt.NDArray[np.bool_]:
    """Which of `size` rows are in one half, drawn by `seed`."""
    half = np.zeros(size, dtype=bool)
    half[np.random.default_rng(seed).permutation(size)[: size // 2]] = True
    return half


def coded(name: str, column: Any) -> Coded:
    """A feature in at most `FINE` values, `BINS` bins or `CATEGORIES` categories.

    Raises `InputError` TBL010 where cells hold lists.
    """
    numbers = floats(column)
    if numbers is None:
        return _categories(name, column)
    missing = np.isnan(numbers)
    there = numbers[~missing]
    values, place = np.unique(there, return_inverse=True)
    held = len(there)
    if len(values) > max(8, min(FINE, held // 20)):
        bins = min(BINS, max(4, held // PER_BIN))
        edges = np.unique(np.quantile(there, np.arange(1, bins) / bins))
        inside = np.searchsorted(edges, there, side="right")
        bins = len(edges) + 1
    else:
        inside, bins = place, max(len(values), 1)
    codes = np.full(len(numbers), bins, dtype=np.int64)
    codes[~missing] = inside
    ranks = np.zeros(len(numbers))
    if held:
        counts = np.bincount(place, minlength=len(values))
        middle = np.cumsum(counts) - (counts - 1) / 2
        ranks[~missing] = middle[place] - (held + 1) / 2
    return Coded(name=name, codes=codes, bins=bins + int(missing.any()), place=ranks)


def _categories(name: str, column: Any) -> Coded:
    from audit.table import encode

    found = encode.look(column, name)
    counts = np.bincount(found.handle, minlength=len(found.values))
    order = np.argsort(-counts, kind="stable")
    kept = order[: int((counts[order[:CATEGORIES]] >= RARE).sum())]
    table = np.full(max(len(counts), 1), len(kept), dtype=np.int64)
    table[kept] = np.arange(len(kept))
    codes = table[found.handle]
    rest = bool((codes == len(kept)).any())
    return Coded(name=name, codes=codes, bins=len(kept) + int(rest), place=None)


def level_names(table: Table, attribute: str) -> tuple[Level, ...]:
    """Levels of an attribute; where groups overlap, each pattern of membership in words."""
    levels = table.axes[f"protected:{attribute}"].levels
    if attribute not in table.roles.overlapping:
        return tuple(levels)
    return tuple(p if p is None else " and ".join(p) or NONE_OF_THEM for p in levels)


def missing_level(levels: Sequence[Level]) -> int | None:
    """The code that stands for an unknown level, or None where every level is known."""
    return levels.index(None) if None in levels else None


__all__ = [
    "ROWS",
    "Coded",
    "Sample",
    "at_most",
    "coded",
    "drawn",
    "halved",
    "level_names",
    "missing_level",
]
