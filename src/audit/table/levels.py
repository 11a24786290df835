"""Distinct values of a protected attribute or stratum as levels of an axis."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table import spelling
from audit.table.codes import note, warning
from audit.table.distinct import Distinct
from audit.table.faults import infinite
from audit.table.roles import Axis, Issue
from audit.table.wording import listed, shown

MANY_NUMBERS = 50
"""More distinct numbers than this are no groups; they need bins."""
MANY_LEVELS = 100
"""More levels than this get a warning: groups this small rarely show anything."""


def levels(
    found: Distinct, *, kind: str, missing: str = "group"
) -> tuple[Axis, npt.NDArray[np.int64], tuple[Issue, ...]]:
    """The axis of a column, the level of each position of `found`, and what was noticed.

    Order: categories and bins as declared, numbers ascending, text by code point, missing (None)
    last. Declared levels are kept without rows; other values that do not occur are left out.
    `kind` is "protected" or "stratum". Raises `InputError`: TBL010–TBL016.
    """
    argument = "protected" if kind == "protected" else "strata"
    _refuse(found, argument)
    absent = found.missing
    if absent and missing == "error":
        raise InputError(
            "TBL011",
            f"column {shown(found.column)} has no value",
            argument=argument,
            count=absent,
            first=found.first_missing,
            fix='fill them in, or read them as a group of their own: missing="group"',
        )
    values = list(found.values)
    occurs = found.counts > 0
    text = [v for v in values if isinstance(v, str)]
    foreign = any(not v.isascii() for v in text)
    if foreign:
        values = [spelling.normalised(v) if isinstance(v, str) else v for v in values]
    kept: dict[Any, None] = dict.fromkeys(
        v for v, n in zip(values, occurs, strict=True) if v is not None and (n or found.declared)
    )
    ordered = list(kept) if found.declared else sorted(kept)
    whole: list[Any] = [*ordered, None] if absent else ordered
    place = {v: i for i, v in enumerate(whole)}
    table = np.array([place.get(v, 0) for v in values], np.int64)
    issues: list[Issue] = []
    if absent:
        issues.append(
            warning(
                "TBL050",
                found.column,
                f"{absent:,} rows have no {found.column}; they form a group of their own",
                "the missing group is shown, never the reference and never deciding",
            )
        )
    seen = [v for v, n in zip(found.values, occurs, strict=True) if n and isinstance(v, str)]
    if seen and found.kind != "bins":
        issues += spelling.notice(found.column, seen)
    issues += _sizes(found, ordered)
    return Axis(name=found.column, kind=kind, levels=tuple(whole)), table, tuple(issues)


def _sizes(found: Distinct, ordered: list[Any]) -> list[Issue]:
    issues: list[Issue] = []
    counts: dict[Any, int] = dict.fromkeys(ordered, 0)
    for value, number in zip(found.values, found.counts, strict=True):
        value = spelling.normalised(value) if isinstance(value, str) else value
        if value in counts:
            counts[value] += int(number)
    present = [v for v, n in counts.items() if n]
    if len(present) == 1:
        issues.append(
            note(
                "TBL051",
                found.column,
                f"everyone has the same {found.column} ({shown(present[0])}); "
                "there is nothing to compare",
                "audit a column with two groups or more",
            )
        )
    if len(ordered) > MANY_LEVELS:
        issues.append(
            warning(
                "TBL057",
                found.column,
                f"{len(ordered):,} levels; most groups will be too small to judge",
                "group the levels first, if a coarser column makes sense",
            )
        )
    unused = [v for v, n in counts.items() if not n]
    if unused and found.kind != "bins":
        issues.append(
            note(
                "TBL058",
                found.column,
                f"{len(unused)} declared levels have no row: {listed(unused)}",
                "they are listed with no rows",
            )
        )
    return issues


def _refuse(found: Distinct, argument: str) -> None:
    """Raise for columns whose values cannot be groups."""
    column, kind = found.column, found.kind
    name = f"column {shown(column)}"
    bins = f"cut it into bins: bins={{{column!r}: [...]}}"
    if kind == "mixed":
        examples = list({type(v).__name__: v for v in found.values if v is not None}.values())
        raise InputError(
            "TBL012",
            f"{name} mixes types: {listed(examples)}",
            argument=argument,
            fix="convert the column to one type, such as text, first",
        )
    if kind == "time":
        raise InputError(
            "TBL013",
            f"{name} holds dates or times",
            argument=argument,
            fix="turn them into an age or a year, and " + bins,
        )
    if kind in ("other", "nested"):
        raise InputError(
            "TBL006",
            f"{name} holds values of type {type(found.present[0]).__name__}",
            argument=argument,
            fix="convert them to text, numbers or bool",
        )
    if kind not in ("integer", "number") or found.declared:
        return
    present = found.present
    endless = sum(
        int(n)
        for v, n in zip(found.values, found.counts, strict=True)
        if isinstance(v, float) and math.isinf(v)
    )
    if endless:
        raise infinite(column, argument, endless)
    if kind == "number":
        broken = next(v for v in present if v != int(v))
        raise InputError(
            "TBL014",
            f"{name} holds numbers that are not whole, such as {broken!r}",
            argument=argument,
            fix=bins,
        )
    if len(present) > MANY_NUMBERS:
        raise InputError(
            "TBL015",
            f"{name} holds {len(present):,} distinct numbers, "
            f"from {min(present)!r} to {max(present)!r}",
            argument=argument,
            fix=bins,
        )
