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
        columns=tuple(_column(lazy, name, schema[name], rows) for name in names),
    )


def _column(frame: Any, name: str, dtype: Any, rows: int) -> Column:
    """Counted where the rows are: only a dozen values and four numbers are fetched."""
    import narwhals as nw

    kind, value = _kind(dtype), nw.col(name)
    here = frame.select(value).filter(~value.is_null())
    if dtype.is_float():
        here = here.filter(~value.is_nan())
    facts = [nw.len().alias("rows"), value.n_unique().alias("distinct")]
    if kind in ("integer", "number"):
        facts += [value.min().alias("low"), value.max().alias("high")]
    found = here.select(*facts).collect().row(0)
    present, distinct = int(found[0]), int(found[1]) if found[0] else 0
    counted = here.group_by(name).agg(nw.len().alias("rows counted"))
    order = counted.sort("rows counted", name, descending=[True, False])
    top = order.head(SHOWN).collect()
    shown = zip(top[name].to_list(), map(int, top["rows counted"].to_list()), strict=True)
    return Column(
        name=name,
        kind=kind,
        values=_in_order(list(shown)),
        distinct=distinct,
        missing=rows - present,
        low=found[2] if present and len(found) > 2 else None,
        high=found[3] if present and len(found) > 2 else None,
    )


def _in_order(found: Sequence[tuple[Any, int]]) -> tuple[tuple[Any, int], ...]:
    try:
        return tuple(sorted(found))
    except TypeError:
        return tuple(sorted(found, key=lambda pair: str(pair[0])))


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
