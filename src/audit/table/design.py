"""An amount beside groups and controls, row by row: what a regression reads.

Rows that lack the amount or a control are counted and stay out of the regression alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table import memory
from audit.table.arguments import unknown_column
from audit.table.roles import Level
from audit.table.rows import CodedRows, Table
from audit.table.wording import shown, suggestion

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MANY = 200
"""More values of a control than this are no categories."""
CHUNK = 1 << 16
"""Rows turned into columns at a time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Control:
    """One control of the complete rows: a number, or a category with a column for each value."""

    name: str
    """Its column."""
    values: Floats | None
    """Numbers, from their mean, in standard deviations; None for a category."""
    codes: Ints | None
    """Category of each row, 0 the one left out; None for numbers."""
    width: int
    """Columns it makes."""
    labels: tuple[Level, ...] = ()
    """The categories by code; () for numbers."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Design:
    """Complete rows of one amount and one attribute."""

    amount: Floats
    """The amount."""
    group: Ints
    """Group of each row, an index into `levels`."""
    levels: tuple[Level, ...]
    """The attribute's levels, missing last."""
    controls: tuple[Control, ...]
    """In the order named."""
    weight: Floats | None
    """Sampling weights over their mean."""
    count: Floats | None
    """Frequencies."""
    cluster: Ints | None
    """Applicant of each row, where rows repeat."""
    rows: int
    """Rows of the table (Σ of `count=`)."""
    incomplete: Mapping[str, int]
    """Rows that lack a value, by column; a row may lack several."""
    kept: npt.NDArray[np.bool_]
    """Which of the table's rows these are."""

    def blocks(self, reference: int, *, controls: bool) -> Iterator[tuple[slice, Floats]]:
        """Rows and their columns: 1, a group each (the reference left out), then controls."""
        others = [i for i in range(len(self.levels)) if i != reference]
        place = np.zeros(len(self.levels), np.int64)
        place[others] = np.arange(1, len(others) + 1)
        used = self.controls if controls else ()
        width = 1 + len(others) + sum(c.width for c in used)
        for start in range(0, len(self.amount), CHUNK):
            part = slice(start, min(start + CHUNK, len(self.amount)))
            x = np.zeros((part.stop - start, width))
            rows = np.arange(len(x))
            x[rows, place[self.group[part]]] = 1.0
            x[:, 0] = 1.0
            at = 1 + len(others)
            for control in used:
                if control.values is not None:
                    x[:, at] = control.values[part]
                elif control.codes is not None:
                    code = control.codes[part]
                    x[rows[code > 0], at + code[code > 0] - 1] = 1.0
                at += control.width
            yield part, x


def design(
    table: Table,
    amount: str,
    attribute: str,
    controls: Sequence[str],
    categorical: Sequence[str],
    *,
    values: Floats | None = None,
    among: npt.NDArray[np.bool_] | None = None,
) -> Design:
    """The complete rows of an amount (or score), an attribute and controls.

    A numeric control is a number unless it is among `categorical` or a stratum; anything else is
    a category. `values` stand in for the amount (a decision as 1 and 0); `among` keeps some rows
    alone, and the counts are theirs. Raises `InputError` TBL044 for rows in an engine, or a
    control that is a date, a list, or has too many categories; TBL001 and TBL005 for names.
    """
    rows = table.rows
    if not isinstance(rows, CodedRows) or rows.frame is None:
        raise InputError(
            "TBL044",
            "a regression reads rows, and these stay in an engine",
            argument="source",
            fix="collect the columns it needs into memory first",
        )
    if f"protected:{attribute}" not in table.axes:
        raise InputError(
            "TBL005",
            f"{shown(attribute)} is not a protected attribute",
            argument="attribute",
            fix=suggestion(attribute, list(table.roles.protected)),
        )
    if attribute in table.roles.overlapping:
        raise InputError(
            "TBL044",
            f"groups of {shown(attribute)} overlap, and a regression takes each row in one group",
            argument="attribute",
            fix="name an attribute whose column holds each person's one group",
        )
    values = _amount(table, rows, amount) if values is None else values
    kept = np.ones(len(values), bool) if among is None else among
    lacking = {amount: np.isnan(values) & kept}
    found: list[tuple[str, Floats | None, Ints | None, tuple[Level, ...]]] = []
    for name in controls:
        if name in (amount, attribute):
            raise InputError(
                "TBL004",
                f"{shown(name)} is what is explained, or the group itself",
                argument="controls",
                fix="leave it out of the controls",
            )
        numbers, codes, labels, missing = _control(table, rows, name, name in categorical)
        lacking[name] = missing & kept
        found.append((name, numbers, codes, labels))
    complete = kept & ~np.logical_or.reduce(list(lacking.values()))
    number = None if rows.count is None else rows.count.astype(np.float64)
    cluster = None
    if table.roles.cluster is not None:
        cluster = memory.look(rows.frame, table.roles.cluster).handle.astype(np.int64)[complete]
    weight = None
    if rows.weight is not None:
        weight = rows.weight[complete]
        weight = weight / weight.max() if weight.size and weight.max() > 0 else weight

    def counted(mask: npt.NDArray[np.bool_]) -> int:
        return int(mask.sum() if number is None else number[mask].sum())

    return Design(
        amount=values[complete],
        group=rows.codes[f"protected:{attribute}"][complete].astype(np.int64),
        levels=table.axes[f"protected:{attribute}"].levels,
        controls=tuple(_kept(*control, complete) for control in found),
        weight=weight,
        count=None if number is None else number[complete],
        cluster=cluster,
        rows=counted(kept),
        incomplete={name: counted(mask) for name, mask in lacking.items() if mask.any()},
        kept=complete,
    )


def _amount(table: Table, rows: CodedRows, name: str) -> Floats:
    roles = table.roles
    if name in rows.amounts:
        return rows.amounts[name]
    if rows.score is not None and name in (roles.score, roles.risk):
        return rows.score
    known = [n for n in (*roles.amount, roles.score, roles.risk) if n is not None]
    raise InputError(
        "TBL005",
        f"{shown(name)} is no amount, score or risk",
        argument="amount",
        fix=suggestion(name, known) if known else f'name it: amount={{{name!r}: "higher"}}',
    )


def _control(
    table: Table, rows: CodedRows, name: str, category: bool
) -> tuple[Floats | None, Ints | None, tuple[Level, ...], npt.NDArray[np.bool_]]:
    key = f"stratum:{name}"
    if key in table.axes:
        levels, codes = table.axes[key].levels, rows.codes[key].astype(np.int64)
        absent = codes == levels.index(None) if None in levels else np.zeros(len(codes), bool)
        return None, codes, _few(name, levels), absent
    columns = list(rows.frame.columns)
    if name not in columns:
        raise unknown_column("controls", name, columns)
    if not category and rows.frame.get_column(name).dtype.is_numeric():
        return _numbers(rows, name)  # without a look at every distinct value
    found = memory.look(rows.frame, name)
    if found.kind in ("time", "mixed", "nested", "other"):
        raise InputError(
            "TBL044",
            f"column {shown(name)} holds values that are neither numbers nor categories",
            argument="controls",
            fix="turn it into numbers or named categories first",
        )
    if found.kind in ("integer", "number") and not category:
        return _numbers(rows, name)
    table_ = {v: i for i, v in enumerate(found.present)}
    place = np.array([table_.get(v, -1) for v in found.values] or [-1], np.int64)
    codes = place[found.handle]
    return None, codes, _few(name, found.present), codes < 0


def _numbers(
    rows: CodedRows, name: str
) -> tuple[Floats, None, tuple[Level, ...], npt.NDArray[np.bool_]]:
    found = memory.numbers(rows.frame, name, "controls", text=False)
    if found.infinite:
        from audit.table.faults import infinite

        raise infinite(name, "controls", found.infinite, found.first.get("infinite"))
    return found.handle, None, (), np.isnan(found.handle)


def _few(name: str, labels: Sequence[Level]) -> tuple[Level, ...]:
    if len(labels) > MANY:
        raise InputError(
            "TBL044",
            f"column {shown(name)} has {len(labels):,} categories",
            argument="controls",
            fix="group them, or give a number instead",
        )
    return tuple(labels)


def _kept(
    name: str,
    numbers: Floats | None,
    codes: Ints | None,
    labels: tuple[Level, ...],
    complete: npt.NDArray[np.bool_],
) -> Control:
    if numbers is not None:
        kept = numbers[complete]
        # the gap does not depend on a control's unit, but its rounding would
        kept = kept - (kept.mean() if kept.size else 0.0)
        scale = float(np.abs(kept).max(initial=0.0))
        return Control(name=name, values=kept / (scale or 1.0), codes=None, width=1)
    assert codes is not None  # one of the two is there
    width = max(len(labels) - 1, 0)
    return Control(name=name, values=None, codes=codes[complete], width=width, labels=labels)
