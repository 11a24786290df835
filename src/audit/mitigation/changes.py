"""`audit.who_changes`: who gains and who loses an approval between two decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.inference.checks import one_level
from audit.mitigation.change_record import Changes, ChangeTable
from audit.mitigation.change_table import change_table
from audit.mitigation.two_decisions import NO, YES, Codes, decisions, name_of
from audit.table.match import ABSENT, level_told
from audit.table.references import reference_place
from audit.table.roles import Level
from audit.table.rows import CodedRows, Table
from audit.table.wording import listed, shown, suggestion
from audit.tally.overlap import belonging

Flags = npt.NDArray[np.bool_]


def who_changes(
    table: Any,
    before: Any,
    after: Any,
    *,
    attribute: str | Sequence[str] | None = None,
    level: float = 0.95,
    **roles: Any,
) -> Changes:
    """Who gains, loses and keeps an approval between two decisions on the same people.

    `table` is what `audit.read` returned, or anything it takes, with its roles. `before` and
    `after` are each a column of it, or an array with one decision a row (pandas Series go by
    their labels): bool arrays say who is approved, other values are judged by `favorable` (and
    `unfavorable`, which makes the others undecided). Rows undecided in either are counted and
    stand apart. By group of every protected attribute (or of `attribute`), and by outcome where
    it is known: how many gain, lose, keep and stay without an approval; shares (Wilson); the net
    change of the approval rate with Tango's paired score interval (1998) and McNemar's exact
    test; the gap to the reference before and after, and its change with an interval (MOVER of the
    paired intervals). With a score and a cut-off: how close to it the people who change are.

    Raises `InputError` MIT302 where rows stay in an engine, MIT303 for decisions that are not one
    a row or have no value, MIT304 for an attribute that is not protected, and those of
    `audit.read` for values (TBL…).

    >>> loans = {"sex": ["f", "f", "m", "m"], "old": [0, 1, 1, 1], "new": [1, 1, 1, 0]}
    >>> found = who_changes(loans, "old", "new", protected="sex", favorable=1)
    >>> found.everyone.gained, found.everyone.lost, found.rows("gained").tolist()
    (1, 1, [0])
    >>> [(c.group, c.net.value) for c in found.groups if c.group]
    [(('f',), 0.5), (('m',), -0.5)]
    """
    level = one_level(level)
    held = _table(table, before, roles)
    rows = held.rows
    if not isinstance(rows, CodedRows) or rows.frame is None:
        raise InputError(
            "MIT302", "two decisions on one person are compared row by row, and these rows stay in "
            "an engine", argument="table", fix="collect them into a pandas or polars frame",
        )  # fmt: skip
    first, second = (decisions(held, d, n) for d, n in ((before, "before"), (after, "after")))
    apart = (first > NO) | (second > NO)
    told = {"before": first == YES, "after": second == YES, "undecided": apart}
    score = held.roles.score or held.roles.risk
    cutoff, why = _cutoff(held, first)
    tables = [_one(held, name, told, cutoff, level) for name in _attributes(held, attribute)]
    groups = [tables[0].groups] + [tuple(c for c in t.groups if c.group) for t in tables]
    groups[0] = tuple(c for c in groups[0] if not c.group)
    away = np.asarray(apart if rows.count is None else apart * rows.count)
    notes = [n for t in tables for n in t.notes]
    return Changes(
        before=name_of(before, "before"),
        after=name_of(after, "after"),
        size=held.size if rows.count is None else int(rows.count.sum()),
        undecided=int(away.sum()),
        groups=tuple(c for part in groups for c in part),
        gaps=tuple(g for t in tables for g in t.gaps),
        closeness=tuple(c for k, t in enumerate(tables) for c in t.closeness if c.group or not k),
        score=score,
        cutoff=float("nan") if cutoff is None else cutoff,
        near_distance=tables[0].near_distance,
        level=level,
        notes=tuple(dict.fromkeys([*notes, *([] if why is None else [why])])),
        rows=_Rows(held, first, second),
    )


def _table(table: Any, before: Any, roles: dict[str, Any]) -> Table:
    from audit.table.intake import read
    from audit.table.keywords import check_keywords, refuse_roles

    if isinstance(table, Table):
        refuse_roles(roles, "a table")
        return table
    check_keywords(roles, ("attribute", "level", "before", "after"))
    decided = ("decision", "cutoff", "approval_rate", "stages", "model")
    if isinstance(before, str) and all(roles.get(name) is None for name in decided):
        roles = {**roles, "decision": before}  # `favorable` is then read in its own type
    return read(table, **roles)


# --- groups and cut-off ---------------------------------------------------------------------


def _attributes(table: Table, told: Any) -> tuple[str, ...]:
    known = table.roles.protected
    if not known:
        raise InputError(
            "MIT304", "no protected attribute is named", argument="protected",
            fix='audit.read(..., protected=["sex"])',
        )  # fmt: skip
    names = known if told is None else tuple(told) if isinstance(told, list | tuple) else (told,)
    for name in names or (None,):
        if not isinstance(name, str) or name not in known:
            raise InputError(
                "MIT304", f"{shown(name)} is not a protected attribute", argument="attribute",
                fix=suggestion(name, list(known)),
            )  # fmt: skip
    return tuple(dict.fromkeys(names))


def _cutoff(table: Table, first: Codes) -> tuple[float | None, str | None]:
    """The cut-off, told or read from the first decision where that is one; and what to say."""
    rows, roles = table.rows, table.roles
    assert isinstance(rows, CodedRows)
    if rows.score is None:
        return None, None
    if roles.cutoff is not None:
        return float(roles.cutoff), None
    name = roles.score or roles.risk
    values = rows.score if roles.score is not None else -rows.score
    approved, denied = values[first == YES], values[first == NO]
    approved, denied = approved[~np.isnan(approved)], denied[~np.isnan(denied)]
    if len(approved) and len(denied) and approved.min() > denied.max():
        at = float(approved.min()) if roles.score is not None else float(-denied.max())
        return at, f"the cut-off is read from the first decision, which follows {name}"
    return None, f"no cut-off on {name} is told, so who is near it is not known"


def _one(
    table: Table, name: str, told: dict[str, Flags], cutoff: float | None, level: float
) -> ChangeTable:
    rows = table.rows
    assert isinstance(rows, CodedRows)
    names, inside, codes = _inside(table, name)
    size = inside @ np.bincount(codes, rows.count, minlength=inside.shape[1])
    return change_table(
        told["before"],
        told["after"],
        codes,
        table.axes[f"protected:{name}"].levels,
        rows.codes.get("outcome"),
        rows.weight,
        rows.score,
        cutoff,
        count=rows.count,
        block=rows.codes.get("block"),
        undecided=told["undecided"],
        attribute=name,
        groups=names,
        inside=inside,
        reference=reference_place(table.roles, name, names, size.tolist()),
        level=level,
    )


def _inside(table: Table, name: str) -> tuple[tuple[Level, ...], Flags, Codes]:
    """An attribute's groups, which levels are in which (groups, levels), and each row's level."""
    key = f"protected:{name}"
    assert isinstance(table.rows, CodedRows)
    found = belonging(table.roles, (name,), (table.axes[key].levels,))
    return tuple(g[0] for g in found.groups), found.inside, table.rows.codes[key]


class _Rows:
    """Row numbers of the people who change, for the caller alone."""

    __slots__ = ("first", "second", "table")

    def __init__(self, table: Table, first: Codes, second: Codes) -> None:
        self.table, self.first, self.second = table, first, second

    def __call__(
        self, change: str = "gained", *, attribute: str | None = None, group: Any = None
    ) -> npt.NDArray[np.int64]:
        """Row numbers, from 0, of one kind of change; of one group, where told.

        Raises `InputError` MIT305 for another kind or group.
        """
        one, two = self.first, self.second
        flags = {
            "gained": (one == NO) & (two == YES),
            "lost": (one == YES) & (two == NO),
            "kept": (one == YES) & (two == YES),
            "denied": (one == NO) & (two == NO),
            "undecided": (one > NO) | (two > NO),
        }
        if not isinstance(change, str) or change not in flags:
            raise InputError(
                "MIT305", f"{shown(change)} is no kind of change", argument="change",
                fix=f"one of {listed(list(flags))}",
            )  # fmt: skip
        if attribute is None and group is None:
            return np.flatnonzero(flags[change])
        names = _attributes(self.table, attribute)
        for name in names:
            groups, inside, codes = _inside(self.table, name)
            level = level_told(group, groups)
            if level is not ABSENT:
                return np.flatnonzero(flags[change] & inside[groups.index(level)][codes])
        raise InputError(
            "MIT305", f"there is no group {shown(group)} of {listed(names)}", argument="group",
            fix="give its level, such as group='f'",
        )  # fmt: skip


__all__ = ["who_changes"]
