"""What is in a file, column by column: types for reading flags, values for asking questions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

SHOWN = 12
"""Columns with at most this many distinct values have them listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What one column holds."""

    name: str
    """Its name."""
    kind: str
    """"integer", "number", "boolean", "text" or "other"."""
    values: tuple[tuple[Any, int], ...]
    """Distinct values with their rows, in order of value; the most frequent ones where many."""
    distinct: int
    """Number of distinct values, missing apart."""
    missing: int
    """Rows without a value."""
    low: Any = None
    """Smallest value of a numeric column."""
    high: Any = None
    """Largest value of a numeric column."""

    @property
    def levels(self) -> tuple[Any, ...]:
        """The listed values."""
        return tuple(value for value, _ in self.values)

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers."""
        return self.kind in ("integer", "number")

    @property
    def listed(self) -> bool:
        """Whether `values` are all the values there are."""
        return self.distinct <= len(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A file at a glance."""

    source: str
    """As given."""
    rows: int
    """How many."""
    columns: tuple[Column, ...]
    """In the file's order."""

    def column(self, name: str) -> Column | None:
        """The column of that name."""
        return next((c for c in self.columns if c.name == name), None)


def look(source: str, *, encoding: str | None = None, only: Iterable[str] | None = None) -> Preview:
    """Read a file's columns (or `only` these) and count their values.

    Raises `InputError` as `audit.read` does where the file cannot be read.
    """
    import narwhals as nw

    from audit.table.sources import open_source

    wanted = None if only is None else sorted(set(only))
    frame = open_source(source, encoding=encoding, columns=wanted).frame
    schema = frame.collect_schema()
    names = [n for n in schema.names() if wanted is None or n in wanted]
    lazy = frame.lazy() if isinstance(frame, nw.DataFrame) else frame
    rows = int(lazy.select(nw.len()).collect().item())
    return Preview(
        source=source,
        rows=rows,
        columns=tuple(_column(lazy, name, schema[name]) for name in names),
    )


def _column(frame: Any, name: str, dtype: Any) -> Column:
    import narwhals as nw

    kind = _kind(dtype)
    counted = frame.select(nw.col(name)).group_by(name).agg(nw.len().alias("audit rows")).collect()
    found = list(zip(counted[name].to_list(), counted["audit rows"].to_list(), strict=True))
    missing = sum(n for value, n in found if _absent(value))
    present = [(value, int(n)) for value, n in found if not _absent(value)]
    low = high = None
    if kind in ("integer", "number") and present:
        low, high = min(v for v, _ in present), max(v for v, _ in present)
    shown = present
    if len(present) > SHOWN:
        shown = sorted(present, key=lambda pair: (-pair[1], str(pair[0])))[:SHOWN]
    return Column(
        name=name, kind=kind, values=_in_order(shown), distinct=len(present),
        missing=int(missing), low=low, high=high,
    )  # fmt: skip


def _in_order(found: Sequence[tuple[Any, int]]) -> tuple[tuple[Any, int], ...]:
    try:
        return tuple(sorted(found))
    except TypeError:
        return tuple(sorted(found, key=lambda pair: str(pair[0])))


def _absent(value: Any) -> bool:
    return value is None or value != value


def _kind(dtype: Any) -> str:
    import narwhals as nw

    if dtype.is_integer():
        return "integer"
    if dtype.is_float() or dtype == nw.Decimal:
        return "number"
    if dtype == nw.Boolean:
        return "boolean"
    if dtype == nw.String:
        return "text"
    return "other"
