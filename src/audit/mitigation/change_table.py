"""Two decisions on the same people, counted once by group and outcome, and what that says.

Every row adds 1 to one cell of group × outcome × before × after; rates, gaps and tests are read
from the cells by the rules of every other rate: rows themselves, effective rows where weights
vary, a block jackknife where applicants repeat.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.inference.intervals import rate_interval
from audit.mitigation.change_cells import Cells, Flags, Floats, Masses, counted
from audit.mitigation.change_rates import Contrast, Moved, contrasts, moved
from audit.mitigation.change_record import (
    ALL,
    OUTCOMES,
    Change,
    ChangeTable,
    GapChange,
)
from audit.mitigation.closeness import closeness_of
from audit.mitigation.record import Limits
from audit.mitigation.two_decisions import NO, YES
from audit.table.roles import Level
from audit.table.wording import shown

ONE_SIDED = (
    "selective labels: outcomes are known only for those approved {when}, so that among them "
    "nobody can {what} an approval"
)


def change_table(
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    codes: npt.ArrayLike,
    levels: Sequence[Level],
    outcome: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
    score: npt.ArrayLike | None = None,
    cutoff: float | None = None,
    *,
    count: npt.ArrayLike | None = None,
    block: npt.ArrayLike | None = None,
    undecided: npt.ArrayLike | None = None,
    attribute: str = "group",
    groups: Sequence[Level] | None = None,
    inside: npt.ArrayLike | None = None,
    reference: int | None = None,
    level: float = 0.95,
) -> ChangeTable:
    """Who gains and loses an approval, by group and outcome; all arrays have shape (rows,).

    `before` and `after` are True where approved, `codes` index `levels`, `outcome` is 0 would
    repay, 1 would default, 2 unknown; `weight` are sampling weights, `count` frequencies, `block`
    hashed blocks of repeated applicants (0..63). `score` (any direction) and `cutoff` say how
    close the people who change are. Rows that are `undecided` are counted and stand apart. Where
    groups overlap, `inside` says which levels are in which of `groups`, shape (groups, levels).
    The reference is group number `reference`, else the largest that is not missing; rows that it
    shares with a group are left out when the two are compared.

    Shares: Wilson. Net change: Tango's score interval and McNemar's exact test (weighted: both on
    effective rows; repeated applicants: block jackknife). Change of a gap: MOVER of the two Tango
    intervals, for the two groups are different people. Raises `InputError` MIT301 for arrays that
    do not go together.

    >>> found = change_table([1, 1, 0, 0], [1, 0, 1, 1], [0, 0, 1, 1], ["f", "m"])
    >>> [(c.group, c.gained, c.lost, c.net.value) for c in found.groups]
    [((), 2, 1, 0.25), (('f',), 0, 1, -0.5), (('m',), 2, 0, 1.0)]
    """
    size = len(np.atleast_1d(np.asarray(before)))
    first, second = (
        _array(v, name, size).astype(bool, copy=False)
        for v, name in ((before, "before"), (after, "after"))
    )
    code = _indices(codes, "codes", size, len(levels))
    last = None if outcome is None else _indices(outcome, "outcome", size, len(OUTCOMES))
    names = tuple(levels if groups is None else groups)
    members = np.eye(len(levels), dtype=bool) if inside is None else np.asarray(inside, dtype=bool)
    apart = None if undecided is None else _array(undecided, "undecided", size).astype(bool)
    masses, away = _masses(count, weight, block, apart, code, len(levels), size)
    cell = code.astype(np.int64) * 3
    cell += 2 if last is None else last
    cell *= 2
    cell += ~first
    cell *= 2
    cell += ~second
    cells = counted(cell, (len(levels), len(OUTCOMES), 2, 2), masses)
    if reference is None:
        rows = members @ (cells.n.sum(axis=(1, 2, 3)) + away)
        present = [g for g, name in enumerate(names) if name is not None and rows[g] > 0]
        reference = max(present, key=lambda g: (rows[g], -g)) if present else None
    own = np.concatenate([np.ones((1, len(levels)), dtype=bool), members])
    slices = (ALL, *OUTCOMES) if last is not None else (ALL,)
    reasons = _one_sided(cells.n) if last is not None else (None,)
    closeness, near = (), float("nan")  # type: tuple[Any, ...], float
    if score is not None and cutoff is not None:
        distance = np.abs(_array(score, "score", size).astype(np.float64) - cutoff)
        closeness, near = closeness_of(
            first, second, code, members, names, distance, masses, attribute=attribute, level=level
        )
    flat = cells.over(own).flat(len(slices) > 1)
    return ChangeTable(
        groups=_changes(flat, own @ away, attribute, names, slices, reasons, level),
        gaps=()
        if reference is None
        else _gaps(cells, members, reference, attribute, names, slices, reasons, level),
        closeness=closeness,
        near_distance=near,
        notes=tuple(dict.fromkeys(r for r in reasons if r is not None)),
    )


def _array(value: npt.ArrayLike, name: str, size: int) -> npt.NDArray[Any]:
    array = np.asarray(value)
    if array.shape != (size,):
        raise InputError(
            "MIT301", f"shape {array.shape} where there are {size:,} rows", argument=name,
            fix="one value a row",
        )  # fmt: skip
    return array


def _indices(value: npt.ArrayLike, name: str, size: int, most: int) -> npt.NDArray[Any]:
    array = _array(value, name, size)
    wrong = np.ones(size, bool) if array.dtype.kind not in "iu" else (array < 0) | (array >= most)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise InputError(
            "MIT301", f"{shown(array[first].item())} is no index below {most}", argument=name,
            count=int(wrong.sum()), first=first, fix="whole numbers from 0",
        )  # fmt: skip
    return array


def _masses(
    count: npt.ArrayLike | None,
    weight: npt.ArrayLike | None,
    block: npt.ArrayLike | None,
    apart: Flags | None,
    codes: npt.NDArray[Any],
    levels: int,
    size: int,
) -> tuple[Masses, npt.NDArray[np.int64]]:
    """What rows count for, 0 for those that stand apart; and how many of these there are."""
    number = None if count is None else _array(count, "count", size)
    away = np.zeros(levels, np.int64)
    if apart is not None and apart.any():
        held = apart if number is None else apart * number
        away = np.bincount(codes, held, minlength=levels).astype(np.int64)
        number = np.where(apart, 0, 1 if number is None else number)
    own = None
    if weight is not None:
        own = _array(weight, "weight", size).astype(np.float64)
        top = float(own.max(initial=0.0))
        own = own / top if top > 0 else own  # squares of any weights then stay within floats
    place = None if block is None else _array(block, "block", size)
    return Masses(count=number, weight=own, block=place), away


def _one_sided(n: npt.NDArray[np.int64]) -> tuple[str | None, ...]:
    """Why rates among known outcomes say nothing: one of the decisions made the outcomes."""
    known, table = n[:, :2].sum(axis=(0, 1)), n.sum(axis=(0, 1))
    reason = None
    for axis, when, what in ((1, "before", "gain"), (0, "after", "lose")):
        told, there = known.sum(axis=axis), table.sum(axis=axis)
        if reason is None and told[YES] > 0 and told[NO] == 0 and there[NO] > 0:
            reason = ONE_SIDED.format(when=when, what=what)
    return (None, reason, reason, None)


def _changes(
    cells: Cells,
    away: npt.NDArray[np.int64],
    attribute: str,
    names: Sequence[Level],
    slices: Sequence[str],
    reasons: Sequence[str | None],
    level: float,
) -> tuple[Change, ...]:
    found: Moved = moved(cells, level)
    rates = (found.gained, found.lost, found.before, found.after)
    limits = [(p.value, *rate_interval(p.x, p.n, level)) for p in rates]
    out = []
    for i, table in enumerate(cells.n):
        side, k = divmod(i, len(slices))
        rows = int(table.sum())
        reason = "no rows were decided both times" if not rows else reasons[k]
        hidden = reason is not None
        gained_share, lost_share, before, after = (interval_at(v, i, hidden) for v in limits)
        out.append(
            Change(
                attribute=(attribute,) if side else (),
                group=(names[side - 1],) if side else (),
                outcome=slices[k],
                rows=rows,
                undecided=int(away[side]) if k == 0 else 0,
                gained=int(table[NO, YES]),
                lost=int(table[YES, NO]),
                kept=int(table[YES, YES]),
                denied=int(table[NO, NO]),
                gained_share=gained_share,
                lost_share=lost_share,
                before=before,
                after=after,
                net=interval_at(found.net, i, hidden),
                p_value=float("nan") if hidden else float(found.p_value[i]),
                method=found.method,
                reason=reason,
            )
        )
    return tuple(out)


def interval_at(columns: Sequence[Floats], i: int, hidden: bool = False) -> Limits:
    """One of (value, low, high) columns; nan where it is hidden."""
    if hidden:
        return Limits()
    value, low, high = (float(c[i]) for c in columns)
    return Limits(value=value, low=low, high=high)


def _gaps(
    cells: Cells,
    members: Flags,
    reference: int,
    attribute: str,
    names: Sequence[Level],
    slices: Sequence[str],
    reasons: Sequence[str | None],
    level: float,
) -> tuple[GapChange, ...]:
    others = [g for g in range(len(names)) if g != reference]
    if not others:
        return ()
    rest = np.stack([members[reference] & ~members[g] for g in others])
    several = len(slices) > 1
    one = cells.over(members[others]).flat(several)
    other = cells.over(rest).flat(several)
    found: Contrast = contrasts(one, other, level)
    out = []
    for i in range(len(one.n)):
        side, k = divmod(i, len(slices))
        reason = reasons[k]
        for table, words in ((one.n[i], "no rows"), (other.n[i], "no rows of the reference group")):
            if not table.any():
                reason = f"{words} were decided both times"
        hidden = reason is not None
        before, after = (interval_at(v, i, hidden) for v in (found.before, found.after))
        change = interval_at(found.change, i, hidden)
        still = not (one.n[i] + other.n[i])[[NO, YES], [YES, NO]].any()
        out.append(
            GapChange(
                attribute=(attribute,),
                group=(names[others[side]],),
                reference=(names[reference],),
                outcome=slices[k],
                before=before,
                after=after,
                change=change,
                p_value=float("nan") if hidden else float(found.p_value[i]),
                ratio_before=interval_at(found.ratio_before, i, hidden),
                ratio_after=interval_at(found.ratio_after, i, hidden),
                rows=int(one.n[i].sum()),
                reference_rows=int(other.n[i].sum()),
                reading="" if hidden else _reading(before, after, change, still),
                method=found.method,
                reason=reason,
            )
        )
    return tuple(out)


def _reading(before: Limits, after: Limits, change: Limits, still: bool) -> str:
    if still:
        return "unchanged"
    if not (change.low > 0 or change.high < 0):
        return "not told apart"
    if before.value * after.value < 0:
        return "turned round"
    return "narrower" if abs(after.value) < abs(before.value) else "wider"
