"""Attributes told by membership: one column a group, so that a row may be in several, or in none.

A row's memberships together are its *pattern*, and the pattern is the level that is counted: a
row is then in one cell, as with any attribute, and groups are sums of patterns (`tally.overlap`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table import spelling
from audit.table.codes import note, warning
from audit.table.distinct import Distinct, without_blanks
from audit.table.roles import NONE_OF_THEM, Axis, Issue
from audit.table.wording import listed, shown

Members = tuple[tuple[str, str], ...]
"""(group, column), in order."""
Pattern = tuple[str, ...] | None
"""The groups a row belongs to, in the order told; None where a membership is missing."""

OUT, IN, UNKNOWN = 0, 1, 2
"""Codes of one membership."""
MOST_GROUPS = 32
"""Groups of one attribute; their patterns then fit a 64-bit code (3³² < 2⁶³)."""

_WORDS = {"true": IN, "false": OUT, "1": IN, "0": OUT, "1.0": IN, "0.0": OUT}
_FORM = 'written as {"race": {"White": "is_white", "Black": "is_black"}}, a column a group'


def separated(given: object) -> tuple[Any, dict[str, Members]]:
    """`protected` as attribute names, and the memberships of those told by a column a group.

    A mapping tells all attributes, a list may hold mappings among names. Raises `InputError`
    TBL004 for a column or group told twice, TBL005 for another form.

    >>> separated(["sex", {"race": {"White": "is_white", "Black": "is_black"}}])
    (['sex', 'race'], {'race': (('White', 'is_white'), ('Black', 'is_black'))})
    """
    if isinstance(given, Mapping):
        return _told(given)
    if isinstance(given, str) or not isinstance(given, list | tuple):
        return given, {}
    names: list[Any] = []
    found: dict[str, Members] = {}
    for item in given:
        if isinstance(item, Mapping):
            own, members = _told(item)
            names += own
            found.update(members)
        else:
            names.append(item)
    return names, found


def _told(given: Mapping[Any, Any]) -> tuple[list[Any], dict[str, Members]]:
    found = {}
    for attribute, told in given.items():
        if isinstance(told, Mapping):
            found[attribute] = _members(attribute, told)
        elif told != attribute:
            kind = "nothing" if told is None else shown(told)
            raise _form(f"{shown(attribute)} is told by {kind}, not by groups and their columns")
    return list(given), found


def _members(attribute: object, told: Mapping[Any, Any]) -> Members:
    if not isinstance(attribute, str) or not attribute:
        raise _form(f"{shown(attribute)} is no name of an attribute")
    if not told:
        raise _form(f"{shown(attribute)} names no group")
    if len(told) > MOST_GROUPS:
        raise _form(f"{shown(attribute)} names {len(told):,} groups, more than {MOST_GROUPS}")
    members: dict[str, str] = {}
    for group, column in told.items():
        if not isinstance(group, str) or not group.strip() or not isinstance(column, str):
            raise _form(f"{shown(attribute)}: {shown(group)} and {shown(column)} must be texts")
        name = spelling.normalised(group)
        if name == NONE_OF_THEM:
            raise _form(f"{shown(attribute)}: {shown(name)} is the group of those in no other")
        twice = "group" if name in members else "column" if column in members.values() else None
        if twice:
            raise InputError(
                "TBL004",
                f"{shown(attribute)}: the {twice} {shown(name if twice == 'group' else column)} "
                "is told twice",
                argument="protected",
                fix="give each group one column of its own",
            )
        members[name] = column
    return tuple(members.items())


def _form(message: str) -> InputError:
    return InputError("TBL005", message, argument="protected", fix=_FORM)


def codes_of(found: Distinct, attribute: str, group: str, *, text: bool) -> npt.NDArray[np.int64]:
    """`OUT`, `IN` or `UNKNOWN` for each position of a membership column.

    A membership is a bool, 0 or 1; in a CSV also the words true and false. Raises `InputError`
    TBL020 for probabilities, TBL045 for anything else.
    """
    found = without_blanks(found) if text else found
    codes = np.full(len(found.values), UNKNOWN, np.int64)
    bad: list[int] = []
    for i, value in enumerate(found.values):
        if value is None or not found.counts[i]:
            continue
        code = _code(value, found.kind, text)
        if code is None:
            bad.append(i)
        else:
            codes[i] = code
    if bad:
        raise _refused(found, attribute, group, bad)
    return codes


def _code(value: Any, kind: str, text: bool) -> int | None:
    if kind == "text":
        return _WORDS.get(value.strip().lower()) if text else None
    if kind in ("bool", "integer", "number") and value in (0, 1):
        return int(value)
    return None


def _refused(found: Distinct, attribute: str, group: str, bad: Sequence[int]) -> InputError:
    rows = int(sum(int(found.counts[i]) for i in bad))
    codes = found.handle
    first = None
    if isinstance(codes, np.ndarray):
        first = int(np.isin(codes, np.array(bad)).argmax())
    values = [found.values[i] for i in bad]
    name = f"column {shown(found.column)}, who is {shown(group)}"
    if all(_between(v) for v in values):
        return InputError(
            "TBL020",
            f"{name}, holds probabilities such as {shown(values[0])}, not available yet",
            argument="protected",
            count=rows,
            first=first,
            fix=f"name a column that says who is {shown(group)}: 1 or 0; cutting probabilities "
            "at a half would bias every rate",
        )
    kind = " (a text; only a CSV's words are read)" if found.kind == "text" else ""
    return InputError(
        "TBL045",
        f"{name}, holds {listed(values, 3)}{kind}, neither 0 nor 1, nor true nor false",
        argument="protected",
        count=rows,
        first=first,
        fix="give a column of bool, or of 0 and 1; a column that holds each person's one group "
        f"is named by itself: protected=[{attribute!r}]",
    )


def _between(value: Any) -> bool:
    number = value
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return False
    return isinstance(number, int | float) and 0 < number < 1


def patterns(
    attribute: str, members: Members, codes: Iterable[int], counts: Iterable[int]
) -> tuple[Axis, npt.NDArray[np.int64]]:
    """The axis of an attribute's patterns, and the level of each fused code.

    A code is Σ membership·3ⁱ over the groups in order. Levels are patterns with rows, in
    ascending order of their groups' names; a missing one is None and stands last.

    >>> axis, table = patterns("race", (("a", "x"), ("b", "y")), [0, 4, 3, 5], [1, 1, 1, 1])
    >>> axis.levels, table.tolist()
    (((), ('a', 'b'), ('b',), None), [0, 1, 2, 3])
    """
    found = [_pattern(code, members) for code in codes]
    held = {p for p, n in zip(found, counts, strict=True) if n}
    present = sorted(p for p in held if p is not None)
    levels: list[Pattern] = [*present, *((None,) if None in held else ())]
    place = {p: i for i, p in enumerate(levels)}
    table = np.array([place.get(p, 0) for p in found], np.int64)
    return Axis(name=attribute, kind="protected", levels=tuple(levels)), table


def _pattern(code: int, members: Members) -> Pattern:
    inside = []
    for group, _ in members:
        code, digit = divmod(code, 3)
        if digit == UNKNOWN:
            return None
        if digit == IN:
            inside.append(group)
    return tuple(inside)


def notice(
    axis: Axis,
    members: Members,
    rows: Mapping[Pattern, int],
    *,
    missing: str,
    first_missing: int | None = None,
) -> tuple[Issue, ...]:
    """What deserves a look in an attribute told by membership.

    Raises `InputError` TBL011 where a membership is missing and `missing` is "error".
    """
    name, found = axis.name, []
    absent = rows.get(None, 0)
    if absent and missing == "error":
        raise InputError(
            "TBL011",
            f"a membership of {shown(name)} has no value",
            argument="protected",
            count=absent,
            first=first_missing,
            fix='fill them in, or read them as a group of their own: missing="group"',
        )
    if absent:
        found.append(
            warning(
                "TBL050",
                name,
                f"{_rows(absent)} without a membership of {name} form a group of their own",
                "the missing group is shown, never the reference and never deciding",
            )
        )
    several = sum(n for p, n in rows.items() if p is not None and len(p) > 1)
    if several:
        found.append(
            note(
                "TBL072",
                name,
                f"groups of {name} overlap: {_rows(several)} in several of them count in each; "
                "everyone together counts them once",
                "each group is compared with those of the reference group who are not in it too",
            )
        )
    if rows.get((), 0):
        found.append(
            warning(
                "TBL073",
                name,
                f"{_rows(rows[()])} in none of the named groups of {name} form the group "
                f"{NONE_OF_THEM!r}",
                "it is shown and never decides; it is the reference only where that is declared",
            )
        )
    groups = [group for group, _ in members]
    held = {group for p, n in rows.items() if n and p for group in p}
    if len(held) == 1 and not rows.get((), 0):
        found.append(
            note(
                "TBL051",
                name,
                f"everyone with a group of {name} is {shown(next(iter(held)))}; "
                "there is nothing to compare",
                "name two groups or more",
            )
        )
    if empty := [group for group in groups if group not in held]:
        found.append(
            note(
                "TBL058",
                name,
                f"{len(empty)} declared groups have no row: {listed(empty)}",
                "they are listed with no rows",
            )
        )
    return (*found, *spelling.notice(name, groups))


def _rows(number: int) -> str:
    return f"{number:,} row" + ("" if number == 1 else "s")


def group_names(members: Members, levels: Sequence[Any]) -> tuple[str | None, ...]:
    """The groups of an attribute's patterns: those named, then "none of them" and missing if any.

    >>> group_names((("a", "x"), ("b", "y")), (("a", "b"), (), None))
    ('a', 'b', 'none of them', None)
    """
    rest = ((NONE_OF_THEM,) if () in levels else ()), ((None,) if None in levels else ())
    return (*(group for group, _ in members), *rest[0], *rest[1])
