"""Rows as the tally reads them: coded in memory, or expressions over an engine.

A `Table` is what `audit.read` returns. It is the last place where a row exists: the tally turns
it into counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from audit.table.roles import Axis, Issue, Roles

if TYPE_CHECKING:
    import narwhals as nw

Codes = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CodedRows:
    """Rows in memory, each role's column as small integer codes."""

    codes: Mapping[str, Codes]
    """Unsigned integer codes (uint8/16/32) by key: "protected:<name>", "stratum:<name>",
    "level:<decision column>" (of a decision with several), "decision", "outcome",
    "stage:<name>" (0 favourable, 1 unfavourable, 2 undecided, 3 did not
    reach it), "block" (0..63). A code indexes `axes[key].levels`."""
    score: Floats | None = None
    """The score or risk as float64 (raw direction; nan where missing)."""
    amounts: Mapping[str, Floats] = field(default_factory=dict)
    """Continuous decisions by column."""
    weight: Floats | None = None
    """Sampling weights."""
    count: npt.NDArray[np.int64] | None = None
    """Frequencies."""
    frame: Any = None
    """The caller's own rows after `where` (narwhals DataFrame), for models and explanations."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EngineRows:
    """Rows that stay in an engine (DuckDB, Polars lazy, Spark, Ibis), read by group-by only."""

    frame: nw.LazyFrame[Any]
    """After `where`."""
    expressions: Mapping[str, nw.Expr]
    """By the same keys as `CodedRows.codes`: an expression giving the raw or binned value.
    "score", "weight", "count" and "amount:<name>" give numbers."""
    lookups: Mapping[str, Mapping[Any, int]]
    """By key: collected value -> code; a missing value is looked up as None."""
    source: Any = None
    """The frame before `where`, held so that its engine's connection stays open."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """Rows with their roles: what `audit.read` returns and `audit.run` and `audit.count` take."""

    roles: Roles
    """As resolved: references, bins, favourable values, cut-off."""
    axes: Mapping[str, Axis]
    """Levels by the keys of `CodedRows.codes`; unused categorical levels are kept with n = 0."""
    rows: CodedRows | EngineRows
    """A handle on the rows."""
    size: int
    """Rows audited (after `where`)."""
    excluded: int
    """Rows that `where` took out."""
    issues: tuple[Issue, ...] = ()
    """What was noticed."""
    sources: tuple[str, ...] = ()
    """Names of the files read, for the report."""

    def __len__(self) -> int:
        """Number of rows audited."""
        return self.size
