"""One bundled data set: rows, the roles to audit them with, and their card. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dataset:
    """Rows ready for `audit.run(ds.frame, **ds.roles)`, with what must be known about them."""

    name: str
    """"german_credit", as `load` takes it."""
    frame: pd.DataFrame
    """One row a person (FICO: one row a score, race and outcome, with its count)."""
    roles: dict[str, Any]
    """Arguments of `audit.read`: protected, decision, outcome, favorable, reference, bins, ..."""
    card: str
    """Origin, licence, counts, columns, known defects and fit uses, in Markdown."""
    notes: tuple[str, ...] = ()
    """What loading changed in these rows, with counts: codes set to missing, rounding."""
