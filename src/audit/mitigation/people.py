"""Applicants that a model learns from or is judged on: inputs, outcomes, groups, weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table.arguments import unknown_column
from audit.table.references import reference_place
from audit.table.roles import Level, Roles, is_named, playing
from audit.table.rows import CodedRows, Table
from audit.table.wording import listed, shown, suggestion

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

GOOD, BAD, UNKNOWN = 1, 0, -1
"""What became of an applicant: favourable, unfavourable, nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class People:
    """Rows of a table as a learner sees them."""

    frame: pd.DataFrame
    """The model's inputs and, beside them, the protected columns; in the table's order."""
    features: tuple[str, ...]
    """Model inputs, in order."""
    outcome: Ints
    """By row: 1 favourable, 0 unfavourable, −1 unknown."""
    codes: Mapping[str, Ints]
    """By protected attribute: the level of each row, an index into `levels`."""
    levels: Mapping[str, tuple[Level, ...]]
    """Levels by attribute; a missing one is None."""
    reference: Mapping[str, Level]
    """Reference level by attribute; None where there is nothing to compare with."""
    mass: Floats
    """What a row weighs: weight × count; 1 where neither is told."""
    cluster: Ints | None
    """Applicant of each row, where rows repeat."""
    labels: tuple[Any, Any]
    """The outcome's unfavourable and favourable value, in the column's own type."""
    table: Table
    """Where they came from."""

    @property
    def inputs(self) -> pd.DataFrame:
        """The model's inputs alone."""
        return self.frame[list(self.features)]

    @property
    def kind(self) -> Ints:
        """By row: 0 favourable, 1 unfavourable, 2 unknown, as counts have it."""
        return np.select([self.outcome == GOOD, self.outcome == BAD], [0, 1], 2)

    @property
    def known(self) -> Ints:
        """Numbers of the rows whose outcome is known."""
        return np.flatnonzero(self.outcome != UNKNOWN)

    def taken(self, rows: Ints) -> People:
        """These rows alone, in the order told."""
        return People(
            frame=self.frame.iloc[rows].reset_index(drop=True),
            features=self.features,
            outcome=self.outcome[rows],
            codes={name: codes[rows] for name, codes in self.codes.items()},
            levels=self.levels,
            reference=self.reference,
            mass=self.mass[rows],
            cluster=None if self.cluster is None else self.cluster[rows],
            labels=self.labels,
            table=self.table,
        )

    def decides(self, attribute: str, level: Level) -> bool:
        """Whether a group is one by name, not the missing one."""
        return is_named(self.table.roles, (attribute,), (level,))

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.outcome)


def people(table: Any, argument: str) -> People:
    """What a learner sees of a table; features are all columns without a part where none is named.

    Raises `InputError` MIT001 for what is no table, MIT002 where rows stay in an engine, MIT003
    without a protected attribute, MIT004 where groups overlap, MIT005 without an outcome, MIT006
    where all known outcomes are of one kind, MIT007 where no column is left to learn from.
    """
    if not isinstance(table, Table):
        raise InputError(
            "MIT001", f"a {type(table).__name__} is no table", argument=argument,
            fix="read it first: audit.read(frame, protected=[...], outcome=..., features=[...])",
        )  # fmt: skip
    rows, roles = table.rows, table.roles
    if not isinstance(rows, CodedRows) or rows.frame is None:
        raise InputError(
            "MIT002", "a model is trained on rows, and these stay in an engine", argument=argument,
            fix="collect them into a pandas or polars frame and read that",
        )  # fmt: skip
    if not roles.protected:
        raise InputError(
            "MIT003", "no protected attribute is named", argument=argument,
            fix='audit.read(..., protected=["sex"])',
        )  # fmt: skip
    if roles.overlapping:
        raise InputError(
            "MIT004", f"groups of {shown(next(iter(roles.overlapping)))} overlap, and the methods "
            "need each applicant in one group", argument=argument,
            fix="name one column whose levels are the groups",
        )  # fmt: skip
    if roles.outcome is None:
        raise InputError(
            "MIT005", "there is no outcome to learn from", argument=argument,
            fix="audit.read(..., outcome=COLUMN, favorable={'outcome': VALUE})",
        )  # fmt: skip
    frame = as_pandas(rows.frame)
    features = features_of(roles, [str(c) for c in frame.columns])
    outcome = _outcome(rows, argument)
    mass = np.ones(table.size)
    if rows.weight is not None:
        mass = mass * rows.weight
    if rows.count is not None:
        mass = mass * rows.count
    beside = [n for n in roles.protected if n not in features and n in frame.columns]
    codes = {n: np.asarray(rows.codes[f"protected:{n}"], np.int64) for n in roles.protected}
    levels = {n: tuple(table.axes[f"protected:{n}"].levels) for n in roles.protected}
    return People(
        frame=frame[[*features, *beside]].reset_index(drop=True),
        features=features,
        outcome=outcome,
        codes=codes,
        levels=levels,
        reference={n: _reference(roles, n, levels[n], codes[n], mass) for n in roles.protected},
        mass=mass,
        cluster=_cluster(table),
        labels=_labels(frame[roles.outcome], outcome),
        table=table,
    )


def target(who: People, attribute: Any) -> str:
    """The attribute asked for, checked; raises `InputError` MIT008 for another name."""
    names = list(who.codes)
    if isinstance(attribute, tuple | list) and len(attribute) == 1:
        attribute = attribute[0]
    if not isinstance(attribute, str) or attribute not in names:
        raise InputError(
            "MIT008", f"{shown(attribute)} is not a protected attribute", argument="attribute",
            fix=suggestion(attribute, names),
        )  # fmt: skip
    return attribute


def same_columns(train: People, test: People) -> None:
    """Refuse tables that do not fit together: MIT009 where features, levels or labels differ."""
    if train.features != test.features:
        apart = sorted(set(train.features) ^ set(test.features)) or list(test.features)
        raise InputError(
            "MIT009", f"train and test have other features: {listed(apart[:5])}", argument="test",
            fix="read both with the same features=[...]",
        )  # fmt: skip
    if train.table.roles.protected != test.table.roles.protected:
        raise InputError(
            "MIT009", "train and test have other protected attributes", argument="test",
            fix="read both with the same protected=[...]",
        )  # fmt: skip
    if train.labels != test.labels:
        raise InputError(
            "MIT009", f"outcomes are {listed(list(train.labels))} in train and "
            f"{listed(list(test.labels))} in test", argument="test",
            fix="read both with the same outcome and favorable",
        )  # fmt: skip


def as_pandas(frame: Any) -> pd.DataFrame:
    """A frame, whatever its library, as pandas; a pandas frame is given back as it is."""
    import narwhals as nw

    native = nw.to_native(frame) if hasattr(frame, "to_native") else frame
    import pandas as pd

    if isinstance(native, pd.DataFrame):
        return native
    found: pd.DataFrame = nw.from_native(native, eager_only=True).to_pandas()
    return found


def features_of(roles: Roles, columns: Sequence[str]) -> tuple[str, ...]:
    """The features named; where none are, all columns that play no other part.

    Raises `InputError` MIT007 where none is left, and what an unknown name raises.
    """
    if roles.features:
        for name in roles.features:
            if name not in columns:
                raise unknown_column("features", name, list(columns))
        return tuple(roles.features)
    taken = playing(roles)
    left = tuple(c for c in columns if c not in taken)
    if not left:
        raise InputError(
            "MIT007", "no column is left to learn from", argument="features",
            fix="audit.read(..., features=[...])",
        )  # fmt: skip
    return left


def _outcome(rows: CodedRows, argument: str) -> Ints:
    codes = np.asarray(rows.codes["outcome"], np.int64)
    found = np.select([codes == 0, codes == 1], [GOOD, BAD], UNKNOWN).astype(np.int64)
    kinds = set(found[found != UNKNOWN].tolist())
    if len(kinds) < 2:
        which = {GOOD: "favourable", BAD: "unfavourable"}.get(next(iter(kinds), UNKNOWN), "unknown")
        raise InputError(
            "MIT006", f"every outcome is {which}: there is nothing to learn", argument=argument,
            fix="give rows with both outcomes",
        )  # fmt: skip
    return found


def _labels(column: pd.Series[Any], outcome: Ints) -> tuple[Any, Any]:
    """One value of each kind, the most frequent, as a model returns it."""
    values = column.to_numpy()
    found = []
    for kind in (BAD, GOOD):
        own, counts = np.unique(values[outcome == kind].astype(object), return_counts=True)
        value = own[int(counts.argmax())]
        found.append(value.item() if hasattr(value, "item") else value)
    return found[0], found[1]


def _reference(
    roles: Roles, name: str, levels: tuple[Level, ...], codes: Ints, mass: Floats
) -> Level:
    rows = np.bincount(codes, weights=mass, minlength=len(levels))
    place = reference_place(roles, name, levels, rows.tolist())
    return None if place is None else levels[place]


def _cluster(table: Table) -> Ints | None:
    if table.roles.cluster is None:
        return None
    from audit.table import memory

    assert isinstance(table.rows, CodedRows)
    found: Ints = memory.look(table.rows.frame, table.roles.cluster).handle.astype(np.int64)
    return found
