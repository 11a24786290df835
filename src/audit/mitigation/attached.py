"""Comparisons, searches, sweeps and changes as the plain values that an audit's record holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.errors import InputError
from audit.table.roles import Group
from audit.tally.cube import Tally

PARTS = {
    "comparison": "audit.mitigate",
    "alternatives": "audit.search_alternatives",
    "sweep": "audit.sweep_cutoffs",
    "changes": "audit.who_changes",
}
"""What section 6 is made of, in the report's order, and which verb returns it."""

HELD_OUT = ("test", "confirmation")
"""How a comparison names the people that it judges on."""


def attached(
    before: Sequence[Mapping[str, Any]], given: Mapping[str, Any], tally: Tally
) -> tuple[Mapping[str, Any], ...]:
    """What was attached before, with the parts given in place of their like.

    One mapping a part: {"part": "comparison", "found": its plain values}, in the order of
    `PARTS`. `given` maps parts to what the verbs returned (None where nothing is given); `tally`
    is the audit's. Raises `InputError` RUN020 for anything that the part's verb did not return,
    RUN021 for what was found in other data.
    """
    held = {str(one["part"]): one for one in before}
    for part, found in given.items():
        if found is None:
            continue
        _check_kind(part, found)
        _check_data(part, found, tally)
        held[part] = {"part": part, "found": found.to_dict()}
    return tuple(held[part] for part in PARTS if part in held)


def _check_kind(part: str, found: Any) -> None:
    from audit.mitigation.change_record import Changes
    from audit.mitigation.record import Comparison
    from audit.mitigation.sweep_record import Sweep

    kinds = {"sweep": Sweep, "changes": Changes}
    if not isinstance(found, kinds.get(part, Comparison)):
        raise _strange(part, f"a {type(found).__name__}", f"give what {PARTS[part]} returned")
    if not isinstance(found, Comparison):
        return
    proper = "alternatives" if found.kind == "search" else "comparison"
    if proper != part:
        raise _strange(part, f"what {PARTS[proper]} returned", f"give it as {proper}=")


def _strange(argument: str, what: str, fix: str) -> InputError:
    return InputError("RUN020", f"{what} cannot be attached here", argument=argument, fix=fix)


def _check_data(part: str, found: Any, tally: Tally) -> None:
    """Attribute, groups and number of people, as far as each part tells them."""
    repeated = tally.roles.count is not None
    if part == "changes":
        for change in found.groups:
            for name, level in zip(change.attribute, change.group, strict=True):
                _known(part, name, (level,), tally)
        if not repeated and found.size != tally.rows:
            raise _other(part, f"it has {found.size:,} rows, the audit {tally.rows:,}")
        return
    for group in (found.group, found.reference):
        _known(part, found.attribute, group, tally)
    if part == "sweep":
        size, column = found.rows + found.missing, found.column
        scores = {tally.roles.score, tally.roles.risk} - {None}
        if scores and column not in scores:
            raise _other(part, f"it cuts {column!r}, not audited here")
        if not repeated and size != tally.rows:
            raise _other(part, f"it has {size:,} rows, the audit {tally.rows:,}")
        return
    size = next((int(found.rows[name]) for name in HELD_OUT if name in found.rows), 0)
    # an audit may be of more people than those held out, never of fewer
    if not repeated and size > tally.rows:
        raise _other(part, f"it judges {size:,} people, the audit has {tally.rows:,}")


def _known(part: str, attribute: str, group: Group | None, tally: Tally) -> None:
    if attribute not in tally.roles.protected:
        raise _other(part, f"it is about {attribute!r}, not audited here")
    axis = tally.axes.get(f"protected:{attribute}")
    for level in group or ():
        if axis is not None and level not in axis.levels:
            raise _other(part, f"its group {level!r} of {attribute!r} is not here")


def _other(argument: str, why: str) -> InputError:
    return InputError(
        "RUN021", f"this was found in other data: {why}", argument=argument,
        fix="give what was found among the people who were audited",
    )  # fmt: skip
