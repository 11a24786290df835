"""A decision with several levels (approve, refer, decline; grades A to G): every one is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table.arguments import Told
from audit.table.distinct import Distinct
from audit.table.match import ABSENT, match, of_kind
from audit.table.roles import Axis
from audit.table.wording import listed, shown, suggestion

FEW = 2
"""A decision of so many values is told whole by its approval rate."""


def declared(found: Distinct, levels: Sequence[Any]) -> tuple[Any, ...]:
    """The declared levels in the column's own type; one that does not occur is kept.

    Raises `InputError` TBL043 where the column holds a value that is not declared, or a
    declared one cannot be of the column's type.
    """
    present = found.present
    own: list[Any] = []
    for value in levels:
        hit = match(value, present, found.kind)
        hit = of_kind(value, found.kind) if hit is ABSENT and found.kind != "empty" else hit
        if hit is ABSENT:
            raise InputError(
                "TBL043",
                f"{shown(value)} cannot be a value of column {shown(found.column)}",
                argument="levels",
                fix=suggestion(value, list(present)),
            )
        own.append(hit)
    strange = [v for v in present if v not in own]
    if strange:
        counts = dict(zip(found.values, (int(n) for n in found.counts), strict=True))
        raise InputError(
            "TBL043",
            f"column {shown(found.column)} holds {listed(strange)}, which no level names",
            argument="levels",
            count=sum(counts.get(v, 0) for v in strange),
            first=strange[0],
            fix=f"name every value: levels=[{listed([*own, *strange], 20)}]",
        )
    return tuple(own)


def the_rest(found: Distinct, levels: Sequence[Any], favorable: Told) -> tuple[Any, ...]:
    """The declared levels that are not favourable: unfavourable where nothing else was told."""
    told = favorable.get("decision", favorable.get("*", ()))
    good = [match(v, levels, found.kind) for v in told]
    loose = "decision" not in favorable
    unknown = [v for v, hit in zip(told, good, strict=True) if hit is ABSENT]
    if unknown and not loose:
        raise InputError(
            "TBL043",
            f"the favourable value {shown(unknown[0])} is not among the levels",
            argument="favorable",
            fix=suggestion(unknown[0], list(levels)),
        )
    return tuple(v for v in levels if v not in good)


def level_axis(
    found: Distinct, levels: Sequence[Any], good: Sequence[Any], bad: Sequence[Any]
) -> tuple[Axis, npt.NDArray[np.int64]] | None:
    """The axis of a decision's values and the level of each position of `found`.

    None where the caller's words leave two values at most: favourable and not. Order: as
    declared, or as the column's categories are; else favourable values as told, those that are
    undecided ascending, unfavourable values as told.
    """
    if not levels and not bad and len(good) < FEW:
        return None
    if levels:
        ordered = list(levels)
    elif found.declared:
        ordered = list(found.present)
    else:
        ordered = [*good, *(v for v in found.present if v not in good and v not in bad), *bad]
    ordered = list(dict.fromkeys([*ordered, *found.present]))
    place = {value: i for i, value in enumerate(ordered)}
    table = np.array([place.get(v, 0) for v in found.values], np.int64)
    return Axis(name=found.column, kind="level", levels=tuple(ordered)), table
