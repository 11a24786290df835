"""Whom denied applicants are compared with, and what is typical of them, feature by feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.explanation.applicants import BACKGROUND, Applicants
from audit.explanation.routes import Route
from audit.table import encode
from audit.table.columns import floats

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SAMPLED_BACKGROUND = 50
"""Background rows where a model can only be asked."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Baseline:
    """Rows that a denied applicant is compared with."""

    rows: Ints
    """Row numbers, in order."""
    weight: Floats | None
    """Their weights; None for equal ones."""
    words: str
    """Who they are."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Typical:
    """What is typical of a feature among the baseline's rows."""

    row: int
    """A row that has the typical value, whose value is lent in what-ifs."""
    value: Any
    """The (lower) median of numbers, else the most frequent value."""
    number: float
    """`value` as a number; nan where the feature is none."""
    binary: bool
    """Whether it has no more than two values: "high" says little of it."""


def standing(
    column: Any, handle: Ints, values: Sequence[Any], rows: Ints, typical: Typical
) -> Ints:
    """How each row's value stands to the typical one: an index into `WHEN`."""
    absent = np.array([v is None for v in values], dtype=bool)[handle]
    numbers = floats(column)
    if numbers is None or np.isnan(typical.number):
        return np.where(absent, 2, 3)
    own = numbers[rows]
    out = np.where(own > typical.number, 0, np.where(own < typical.number, 1, 3))
    return np.where(np.isnan(own) | absent, 2, out)


def is_asked(route: Route) -> bool:
    """Whether the model can only be asked, about mixtures of rows."""
    return not (route.method.endswith("tree SHAP") or route.method == "linear SHAP")


def against(people: Applicants, route: Route, rows: Ints, who: str, seed: int) -> Baseline:
    """At most 1,000 of some rows (50 where a model can only be asked), drawn by `seed`."""
    most = SAMPLED_BACKGROUND if is_asked(route) else BACKGROUND
    drawn = rows
    if len(rows) > most:
        drawn = np.sort(np.random.default_rng((seed, 7)).choice(rows, most, replace=False))
    some = "" if len(drawn) == len(rows) else f", drawn with seed {seed}"
    of = "all" if len(drawn) == len(rows) else f"{len(drawn):,} of the"
    return Baseline(
        rows=drawn,
        weight=None if people.weight is people.count is None else people.mass[drawn],
        words=f"{of} {len(rows):,} {who}{some}",
    )


def typical_of(people: Applicants, baseline: Baseline) -> tuple[Typical, ...]:
    """The typical value of each feature: the (lower) weighted median, or the most frequent."""
    mass = people.mass[baseline.rows]
    found = []
    for name in people.features:
        column = people.frame.get_column(name)
        numbers = floats(column)
        own = None if numbers is None else numbers[baseline.rows]
        if numbers is not None:
            known = len(np.unique(numbers[~np.isnan(numbers)]))
        if own is not None and not np.isnan(own).all():
            order = np.argsort(own, kind="stable")
            order = order[~np.isnan(own[order])]
            total = np.cumsum(mass[order])
            at = int(order[np.searchsorted(total, total[-1] / 2)])
            number = float(own[at])
        else:
            looked = encode.look(column, name)
            known = sum(v is not None and v == v for v in looked.values)
            handle = looked.handle.astype(np.int64)[baseline.rows]
            most = int(np.bincount(handle, mass, len(looked.values)).argmax())
            at, number = int(np.flatnonzero(handle == most)[0]), float("nan")
        row = int(baseline.rows[at])
        found.append(Typical(row=row, value=plain(column[row]), number=number, binary=known <= 2))
    return tuple(found)


def plain(value: Any) -> Any:
    """A value in Python's own type; None where it is missing."""
    absent = value is None or type(value).__name__ in ("NAType", "NaTType")
    if absent:
        return None
    value = value.item() if hasattr(value, "item") else value
    return None if value != value else value
