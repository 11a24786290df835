"""What opening files gives, and how DuckDB is asked about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

IN_MEMORY_BYTES = 256 * 2**20
"""CSV files up to this size come into memory; larger ones stay in DuckDB."""

IN_MEMORY_CELLS = 40_000_000
"""The same for Parquet, in rows × columns."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Opened:
    """A source of files, ready for `read`."""

    frame: Any
    """narwhals DataFrame (in memory) or LazyFrame (in DuckDB)."""
    names: tuple[str, ...]
    """File names, for the report."""
    text: bool
    """True for CSV: what looks like text is text, and only an empty field is missing."""


def connect() -> Any:
    """A private in-memory DuckDB that fetches nothing and draws nothing."""
    import duckdb

    connection = duckdb.connect(":memory:")
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    return connection


def quoted(name: str) -> str:
    """A column name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string as SQL."""
    return "'" + text.replace("'", "''") + "'"


def hive_columns(files: Sequence[Path], root: str) -> list[str]:
    """Columns that stand in folder names (year=2026/part.csv); empty where there are none."""
    base = Path(root)
    if not base.is_dir():
        return []
    parts = files[0].relative_to(base).parts[:-1]
    return [p.split("=", 1)[0] for p in parts] if all("=" in p for p in parts) else []
