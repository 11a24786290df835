"""Declared reference levels, found among the levels that are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.errors import InputError
from audit.table.bins import label_of
from audit.table.distinct import kind_of, number, plain
from audit.table.match import ABSENT, match
from audit.table.memberships import Members, group_names
from audit.table.roles import Axis, Level, Roles, is_named
from audit.table.wording import shown, suggestion


def resolve(
    told: Mapping[str, Any],
    axes: Mapping[str, Axis],
    bins: Mapping[str, Sequence[float]],
    overlapping: Mapping[str, Members],
) -> dict[str, Level]:
    """Reference level by attribute; a number becomes the label of the bin that holds it.

    Of an attribute told by membership the levels are its groups, "none of them" included.

    Raises `InputError` TBL019 for a level that is not there, and for the missing group.
    """
    found: dict[str, Level] = {}
    for attribute, value in told.items():
        there: Sequence[Any] = axes[f"protected:{attribute}"].levels
        if attribute in overlapping:
            there = group_names(overlapping[attribute], there)
        levels = [v for v in there if v is not None]
        value = plain(value)
        if value is None:
            raise InputError(
                "TBL019",
                f"the missing group of {shown(attribute)} cannot be the reference",
                argument="reference",
                fix=suggestion("", levels),
            )
        if attribute in bins and value not in levels:
            meant = number(value.strip()) if isinstance(value, str) else value
            if isinstance(meant, (int, float)) and not isinstance(meant, bool):
                value = label_of(bins[attribute], float(meant))
        level = match(value, levels, kind_of(levels))
        if level is ABSENT:
            raise InputError(
                "TBL019",
                f"{shown(value)} is no level of {shown(attribute)}",
                argument="reference",
                fix=suggestion(value, levels),
            )
        found[attribute] = level
    return found


def reference_place(
    roles: Roles, attribute: str, groups: Sequence[Level], rows: Sequence[float]
) -> int | None:
    """Where an attribute's reference stands among its groups: declared, else the largest one.

    `rows` is how many are in each. Of groups as large the first is taken, and never the missing
    one or "none of them"; None where nobody is in any other.

    >>> reference_place(Roles(protected=("sex",)), "sex", ("f", "m", None), (3, 3, 9))
    0
    """
    if attribute in roles.reference:
        declared = roles.reference[attribute]
        return groups.index(declared) if declared in groups else None
    named = [is_named(roles, (attribute,), (level,)) for level in groups]
    present = [i for i, own in enumerate(named) if own and rows[i] > 0]
    return max(present, key=lambda i: (rows[i], -i)) if present else None
