"""What a numeric column holds, before it may be a score, an amount, a weight or a count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Numbers:
    """A numeric column and the facts that decide whether it can play its part."""

    column: str
    """Its name."""
    handle: Any
    """float64 by row, nan where missing (memory), or an expression (engine)."""
    rows: int
    """Rows in all."""
    missing: int
    """Rows without a value (null or nan)."""
    infinite: int
    """Rows at plus or minus infinity."""
    negative: int
    """Rows below zero."""
    fractional: int
    """Rows whose value is not a whole number."""
    low: float
    """Least finite value; nan without any."""
    high: float
    """Greatest finite value."""
    first: dict[str, int]
    """First row of each fault ("missing", "infinite", "negative", "fractional"), in memory."""
    worded: int = 0
    """Rows of a file that hold a word for missing."""
