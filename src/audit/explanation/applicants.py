"""The rows an explanation reads: what the model sees, and who is in which group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.explanation.sampling import at_most
from audit.table.arguments import unknown_column
from audit.table.match import ABSENT, alone, level_told
from audit.table.model import favorable_values
from audit.table.references import reference_place
from audit.table.roles import Level, is_named
from audit.table.rows import CodedRows, Table
from audit.table.wording import shown, suggestion
from audit.tally.overlap import belonging

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BACKGROUND = 1_000
"""Rows of the reference group that stand for a feature left out, at most."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Applicants:
    """Rows with the model's inputs, groups, weights and references."""

    frame: Any
    """narwhals DataFrame of the features alone, in order, in the caller's own type."""
    features: tuple[str, ...]
    """Model inputs, in order."""
    codes: Mapping[str, Ints]
    """By protected attribute: the level of each row, an index into `levels`."""
    levels: Mapping[str, tuple[Any, ...]]
    """Levels by attribute; a missing level is None, and where groups overlap, a pattern of them."""
    groups: Mapping[str, tuple[Level, ...]]
    """Groups by attribute: the levels, or, where groups overlap, their names."""
    inside: Mapping[str, npt.NDArray[np.bool_]]
    """By attribute: whether a level is in a group, shape (groups, levels)."""
    reference: Mapping[str, Level]
    """Reference level by attribute; None where there is nothing to compare with."""
    weight: Floats | None
    """Sampling weights."""
    count: Floats | None
    """Frequencies."""
    cluster: Ints | None
    """Applicant of each row, where rows repeat."""
    favorable: tuple[tuple[Any, ...], ...]
    """Values that favour the applicant: of the outcome, then of the decision, where told."""
    table: Table
    """Where they came from."""

    @property
    def size(self) -> int:
        """Rows of the frame."""
        return self.table.size

    @property
    def held(self) -> CodedRows:
        """The table's own rows, coded; `applicants` refuses others."""
        assert isinstance(self.table.rows, CodedRows)
        return self.table.rows

    @property
    def mass(self) -> Floats:
        """What a row weighs in a mean: weight × count."""
        ones = np.ones(self.size)
        return (
            ones
            * (1 if self.weight is None else self.weight)
            * (1 if self.count is None else self.count)
        )

    def rows_of(self, attribute: str, level: Level) -> Ints:
        """Row numbers of one group."""
        own = self.inside[attribute][self.groups[attribute].index(level)]
        return np.flatnonzero(own[self.codes[attribute]])

    def columns_of(self, attribute: str) -> list[str]:
        """Columns of one attribute: itself, or one a group where groups overlap."""
        return [c for _, c in self.table.roles.overlapping.get(attribute, ())] or [attribute]

    def compared(self, attribute: str, level: Level) -> tuple[Ints, Ints]:
        """Rows of a group, and of its reference without those that are in both."""
        own, other = (
            self.rows_of(attribute, level),
            self.rows_of(attribute, self.reference[attribute]),
        )
        return own, np.setdiff1d(other, own, assume_unique=True)

    def decides(self, attribute: str, level: Level) -> bool:
        """Whether a group is one by name: not the missing one, nor "none of them"."""
        return is_named(self.table.roles, (attribute,), (level,))

    def background(self, attribute: str, seed: int, most: int | None = BACKGROUND) -> Ints:
        """Rows of an attribute's reference group, at most `most`, drawn by `seed`, in order.

        Rows of weight 0 are not drawn: they are nobody's stand-in.
        """
        rows = self.rows_of(attribute, self.reference[attribute])
        rows = rows[self.mass[rows] > 0]
        return rows if most is None else at_most(rows, most, seed)


def row_numbers(rows: Any, size: int, code: str) -> Ints:
    """Row numbers told, one or several, in the order told; raises `InputError` `code` for others.

    >>> row_numbers(3, 10, "EXP208"), row_numbers([4, 2], 10, "EXP208")
    (array([3]), array([4, 2]))
    """
    single = isinstance(rows, int | np.integer) and not isinstance(rows, bool)
    try:
        told = np.asarray([rows] if single else list(rows)).ravel()
    except (TypeError, ValueError):
        told = np.asarray([None])
    if told.dtype.kind not in "iu" and told.size:
        raise InputError(
            code, f"{shown(rows)} is no row number", argument="rows",
            fix="one row number, or a list of them, counted from 0",
        )  # fmt: skip
    outside = told[(told < 0) | (told >= size)]
    if len(outside):
        raise InputError(
            code, f"there is no such row; there are {size:,}", argument="rows",
            count=len(outside), first=int(outside[0]), fix="rows are counted from 0",
        )  # fmt: skip
    return told.astype(np.int64)


def applicants(model: Any, table: Any) -> Applicants:
    """What a model sees of a table: its own rows, `features` in order, dtypes untouched.

    Raises `InputError` EXP001 for what is no table, EXP002 where rows stay in an engine, TBL120
    where the model's inputs are not named, TBL125 where no favourable value is told.
    """
    if not isinstance(table, Table):
        raise InputError(
            "EXP001",
            f"a {type(table).__name__} is no table",
            argument="table",
            fix="read it first: audit.read(frame, protected=[...], features=[...], ...)",
        )
    rows = table.rows
    if not isinstance(rows, CodedRows) or rows.frame is None:
        raise InputError(
            "EXP002",
            "a model needs rows, and these stay in an engine",
            argument="table",
            fix="collect them into a pandas or polars frame and read that",
        )
    if not table.roles.protected:
        raise InputError(
            "EXP003", "no protected attribute is named", argument="table",
            fix='audit.read(..., protected=["sex"])',
        )  # fmt: skip
    frame = _own_type(rows.frame, table)
    features = _features(model, table, list(frame.columns))
    cluster = None
    if table.roles.cluster is not None:
        from audit.table import memory

        cluster = memory.look(rows.frame, table.roles.cluster).handle.astype(np.int64)
    keys = {name: f"protected:{name}" for name in table.roles.protected}
    codes = {name: np.asarray(rows.codes[key], np.int64) for name, key in keys.items()}
    count = None if rows.count is None else rows.count.astype(np.float64)
    levels = {name: tuple(table.axes[key].levels) for name, key in keys.items()}
    groups, inside = {}, {}
    for name, own in levels.items():
        found = belonging(table.roles, (name,), (own,))
        groups[name] = tuple(g[0] for g in found.groups)
        inside[name] = found.inside
    mass = np.ones(table.size) if count is None else count
    return Applicants(
        frame=frame.select(list(features)),
        features=features,
        codes=codes,
        levels=levels,
        groups=groups,
        inside=inside,
        reference={
            n: _reference(
                table,
                n,
                groups[n],
                inside[n].astype(np.float64)
                @ np.bincount(codes[n], weights=mass, minlength=len(levels[n])),
            )
            for n in keys
        },
        weight=rows.weight,
        count=count,
        cluster=cluster,
        favorable=_favorable(table),
        table=table,
    )


def _own_type(frame: Any, table: Table) -> Any:
    """The caller's own frame; rows read from files as pandas, which models are fitted on."""
    if not table.sources:
        return frame
    import narwhals as nw

    return nw.from_native(frame.to_pandas(), eager_only=True)


def _features(model: Any, table: Table, columns: list[str]) -> tuple[str, ...]:
    names = table.roles.features
    if not names:
        fitted = getattr(model, "feature_names_in_", None)
        names = () if fitted is None else tuple(str(n) for n in fitted)
        missing = [n for n in names if n not in columns]
        if missing or not names:
            raise InputError(
                "TBL120",
                f"the model was fitted on {shown(missing[0])}, which is no column"
                if missing
                else "the model's inputs are not named",
                argument="features",
                fix="audit.read(..., features=[...]) in the order the model was fitted on",
            )
    for name in names:
        if name not in columns:
            raise unknown_column("features", name, columns)
    return tuple(names)


def _reference(table: Table, name: str, groups: tuple[Level, ...], rows: Floats) -> Level:
    place = reference_place(table.roles, name, groups, rows.tolist())
    return None if place is None else groups[place]


def _favorable(table: Table) -> tuple[tuple[Any, ...], ...]:
    told = table.roles.favorable
    found = tuple(tuple(told[part]) for part in ("outcome", "decision") if told.get(part))
    return found or (favorable_values(None, None),)


def chosen_group(
    people: Applicants, attribute: Any, group: Any
) -> tuple[str | None, Level | None, bool]:
    """The attribute and level asked for, and whether a level was; names are checked.

    Raises `InputError` EXP004 for an attribute or group that is not there, that is the reference,
    or that several attributes have.
    """
    names = list(people.codes)
    attribute = alone(attribute)
    if attribute is not None and not (isinstance(attribute, str) and attribute in names):
        several = isinstance(attribute, tuple | list)
        raise InputError(
            "EXP004",
            "one attribute is explained at a time"
            if several
            else f"{shown(attribute)} is not a protected attribute",
            argument="attribute",
            fix=f"one of {', '.join(map(shown, names))}"
            if several
            else suggestion(attribute, names),
        )
    if group is None:
        return attribute, None, False
    group = alone(group)
    found = _having(people, names if attribute is None else [attribute], group)
    if len(found) != 1:
        within = f" of {attribute}" if attribute is not None else ""
        known = [v for n in ([attribute] if attribute else names) for v in people.groups[n]]
        raise InputError(
            "EXP004",
            f"{shown(group)} is a group of {' and of '.join(n for n, _ in found)}"
            if found
            else f"there is no group {shown(group)}{within}",
            argument="group",
            fix="say which: attribute=..." if found else suggestion(group, known),
        )
    name, level = found[0]
    if level == people.reference[name]:
        others = [v for v in people.groups[name] if v != level]
        raise InputError(
            "EXP004",
            f"{shown(level)} is the reference of {name}: its gap to itself is 0",
            argument="group",
            fix=f"ask for one of {', '.join(map(shown, others))}"
            if others
            else "there is no other",
        )
    return name, level, True


def _having(people: Applicants, names: list[str], told: Any) -> list[tuple[str, Level]]:
    found: list[tuple[str, Level]] = []
    for name in names:
        level = level_told(told, [v for v in people.groups[name] if v is not None])
        if level is not ABSENT:
            found.append((name, level))
    return found
