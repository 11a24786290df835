"""Who is compared with whom: an attribute, its reference, and a group or all others pooled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table.roles import Group, Level
from audit.table.wording import listed, shown, suggestion

if TYPE_CHECKING:
    from audit.table.rows import CodedRows, Table

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def refused(argument: str, message: str, fix: str) -> InputError:
    """The error for an argument that makes no sense (EXP040)."""
    return InputError("EXP040", message, argument=argument, fix=fix)


def coded(table: Table) -> CodedRows:
    """The rows of a table that has them in memory."""
    from audit.table.rows import CodedRows

    assert isinstance(table.rows, CodedRows)  # others were refused
    return table.rows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sides:
    """Who is compared with whom."""

    reference: Level
    """The reference level."""
    group: Group | None
    """The group; None for several levels pooled."""
    pooled: tuple[Level, ...]
    """The group's levels."""
    is_reference: Flags
    """Rows of the reference."""
    is_group: Flags
    """Rows of the group."""
    unknown: Flags
    """Rows without a level, which a pool leaves out."""
    notes: tuple[str, ...]
    """What was chosen."""


def attribute_of(
    table: Table, attribute: Any, held: Sequence[str], values: Floats
) -> tuple[str, tuple[str, ...]]:
    """The attribute asked for, else the one whose gap is widest; and a note where it was chosen."""
    protected = table.roles.protected
    if isinstance(attribute, tuple) and len(attribute) == 1:
        attribute = attribute[0]
    if attribute is not None:
        if not isinstance(attribute, str) or attribute not in protected:
            raise refused(
                "attribute",
                f"{shown(attribute)} is not a protected attribute",
                suggestion(attribute, list(protected)),
            )
        if attribute in table.roles.overlapping:
            raise InputError(
                "TBL044",
                f"groups of {shown(attribute)} overlap, and a decomposition takes each row in one",
                argument="attribute",
                fix="name an attribute whose column holds each person's one group",
            )
        return attribute, ()
    left = [n for n in protected if n not in held and n not in table.roles.overlapping]
    if not left:
        why = "every protected attribute is a control, or has groups that overlap"
        raise refused("attribute", why, "leave one out of the controls")
    if len(left) == 1:
        return left[0], ()
    mass = _mass(table)
    gaps = {}
    for name in left:
        try:
            sides = sides_of(table, name, None)
        except InputError:
            continue  # no two groups
        known = ~np.isnan(values)
        means = []
        for mask in (sides.is_reference & known, sides.is_group & known):
            total = float(mass[mask].sum())
            means.append(float(mass[mask] @ values[mask]) / total if total > 0 else np.nan)
        gaps[name] = abs(means[0] - means[1])
    defined = {n: g for n, g in gaps.items() if not np.isnan(g)}
    widest = max(defined or dict.fromkeys(left, 0.0), key=lambda n: defined.get(n, 0.0))
    return widest, (f"of {listed(left)}, {shown(widest)} has the widest gap",)


def _mass(table: Table) -> Floats:
    rows = coded(table)
    mass = np.ones(table.size) if rows.count is None else rows.count.astype(np.float64)
    return mass if rows.weight is None else mass * rows.weight


def sides_of(table: Table, attribute: str, group: Any) -> Sides:
    """The sides of an attribute: reference, and a level or all others (EXP040)."""
    rows, levels = coded(table), table.axes[f"protected:{attribute}"].levels
    codes = rows.codes[f"protected:{attribute}"]
    number = np.ones(table.size) if rows.count is None else rows.count.astype(np.float64)
    held = np.bincount(codes, number, minlength=len(levels))
    reference = table.roles.reference.get(attribute)
    notes: tuple[str, ...] = ()
    named = [i for i, v in enumerate(levels) if v is not None and held[i] > 0]
    if len(named) < 2 and group is None:
        raise refused("attribute", f"{shown(attribute)} has no two groups", "name another one")
    if reference is None:
        reference = levels[max(named, key=lambda i: (held[i], -i))] if named else None
        notes = (f"reference: {shown(reference)}, the largest group",)
    chosen = _chosen(levels, group, attribute, reference)
    others = [levels[i] for i in named if levels[i] != reference]
    pool = others if chosen is None else list(chosen)
    is_group = np.isin(codes, [levels.index(v) for v in pool])
    missing = levels.index(None) if None in levels else -1
    return Sides(
        reference=reference,
        group=(pool[0],) if len(pool) == 1 else None,
        pooled=tuple(pool),
        is_reference=np.asarray(codes == levels.index(reference)) if reference in levels
        else np.zeros(len(codes), bool),
        is_group=is_group,
        unknown=np.asarray(codes == missing) & (chosen is None),
        notes=notes,
    )  # fmt: skip


def _chosen(
    levels: tuple[Level, ...], group: Any, attribute: str, reference: Level
) -> tuple[Level] | None:
    if group is None:
        return None
    if isinstance(group, (tuple, list)):
        if len(group) != 1:
            raise refused(
                "group", f"{shown(attribute)} has one level a group, not {len(group)}",
                f"for example ({shown(levels[0])},)",
            )  # fmt: skip
        group = group[0]
    # True == 1 in Python, and neither is the other's level
    found = [v for v in levels if type(v) is type(group) and v == group]
    found = found or [v for v in levels if _number(v) and _number(group) and v == group]
    if not found:
        known = [v for v in levels if v is not None]
        raise refused(
            "group", f"{shown(attribute)} has no level {shown(group)}", suggestion(group, known)
        )
    if found[0] == reference:
        raise refused(
            "group", f"{shown(group)} is the reference itself",
            "name another group, or another reference",
        )  # fmt: skip
    return (found[0],)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
