"""Which few small cubes an audit needs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from audit.errors import InputError
from audit.table.roles import BLOCKS, Axis, Roles
from audit.table.rows import Table
from audit.table.wording import shown
from audit.tally.bins import AMOUNT, Bins, make_bins, observed_range, value_keys

FULL = 200_000
"""Up to this many cells, one cube over everything costs less than several passes."""
LARGEST = 1_000_000
"""No cube of several attributes, or with strata, is planned beyond this many cells."""
LARGEST_WIDE = 4_000_000
"""The same for cubes with blocks or score bins, and for a single attribute."""
TABLE = 9
"""Cells of a decision × outcome table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What one cube counts: attributes × strata × block × decision × outcome × bins."""

    protected: tuple[str, ...] = ()
    """Attributes, in the order of `Roles.protected`."""
    strata: tuple[str, ...] = ()
    """Strata, in the order of `Roles.strata`."""
    block: bool = False
    """Whether repeated applicants' blocks are kept apart."""
    level: str | None = None
    """The decision column whose every value is kept apart."""
    stage: str | None = None
    """The stage whose decisions are counted; None is the final decision."""
    column: str | None = None
    """"score" or "amount:<column>" where its bins are the last axis."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the coded columns, in the order of the axes.

        >>> Shape(protected=("sex",), block=True).keys
        ('protected:sex', 'block', 'decision', 'outcome')
        """
        decision = "decision" if self.stage is None else f"stage:{self.stage}"
        return (
            *(f"protected:{name}" for name in self.protected),
            *(f"stratum:{name}" for name in self.strata),
            *(("block",) if self.block else ()),
            *((f"level:{self.level}",) if self.level is not None else ()),
            decision,
            "outcome",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The cubes to count, the bins fixed in advance, and what was left out."""

    shapes: tuple[Shape, ...]
    """One a cube."""
    bins: Mapping[str, Bins] = field(default_factory=dict)
    """By "score" or "amount:<column>"."""
    skipped: tuple[str, ...] = ()
    """What was not planned, and why; shown as not checked."""


def plan(
    table_or_axes: Table | Mapping[str, Axis],
    roles: Roles | None = None,
    *,
    intersections: int = 2,
    score_bins: int = 64,
    score_range: tuple[float, float] | None = None,
    amount_range: Mapping[str, tuple[float, float]] | None = None,
    clusters: bool | None = None,
) -> Plan:
    """The cubes for every combination of up to `intersections` attributes, and what hangs on
    single attributes: strata (jointly), stages, blocks of repeated applicants, score bins.

    One cube over all attributes where that is small. A combination too large to count is
    skipped, with the reason in `Plan.skipped`. Without `score_range` the bins span the values
    observed (a table is needed; axes alone give (0, 1)); give it wherever tallies are to be
    merged. `clusters` is taken from the roles unless told. Raises `InputError` TLY002, TLY003.

    >>> sex = Axis(name="sex", kind="protected", levels=("f", "m"))
    >>> [s.keys for s in plan({"protected:sex": sex}, Roles(protected=("sex",))).shapes]
    [('protected:sex', 'decision', 'outcome')]
    """
    table = table_or_axes if isinstance(table_or_axes, Table) else None
    axes = table_or_axes.axes if isinstance(table_or_axes, Table) else table_or_axes
    if roles is None:
        if table is None:
            raise InputError("TLY003", "axes alone need roles", argument="roles")
        roles = table.roles
    if isinstance(intersections, bool) or not isinstance(intersections, int) or intersections < 1:
        raise InputError(
            "TLY003",
            f"{intersections!r} is not a number of attributes to cross",
            argument="intersections",
            fix="give 1, 2, ...",
        )
    if amount_range is not None and not isinstance(amount_range, Mapping):
        raise InputError(
            "TLY002",
            f"a {type(amount_range).__name__} is no range by column",
            argument="amount_range",
            fix='for example {"limit": (0, 1e6)}',
        )
    bins = {}
    for key in value_keys(roles):
        given = score_range if key == "score" else (amount_range or {}).get(key[len(AMOUNT) :])
        argument = "score_range" if key == "score" else "amount_range"
        if given is None:
            span = observed_range(table, key) if table is not None else (0.0, 1.0)
        else:
            span = _pair(given, argument)
        bins[key] = make_bins(*span, score_bins, argument=argument)
    skipped: list[str] = []
    size = {key: len(axis.levels) for key, axis in axes.items()}
    blocks = roles.cluster is not None if clusters is None else clusters
    shapes = (
        *_crossed(roles.protected, size, intersections, skipped),
        *_by_stratum(roles, size, skipped),
        *_by_stage(roles, size, skipped),
        *(_by_block(roles.protected, size, skipped) if blocks else ()),
        *_by_level(roles, size, blocks, skipped),
        *_by_value(roles.protected, size, bins, skipped),
    )
    return Plan(shapes=shapes, bins=bins, skipped=tuple(skipped))


def _pair(given: Any, argument: str) -> tuple[float, float]:
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) != 2:
        raise InputError(
            "TLY002",
            f"a range is two numbers, not {shown(given)}",
            argument=argument,
            fix="give the lowest and highest possible value, e.g. (0, 1)",
        )
    low, high = given
    return low, high


def cell_count(shape: Shape, size: Mapping[str, int], bins: Mapping[str, Bins]) -> int:
    """Cells of a cube of this shape, from the number of levels by key."""
    levels = [size[f"protected:{n}"] for n in shape.protected]
    levels += [size[f"stratum:{n}"] for n in shape.strata]
    levels += [BLOCKS] if shape.block else []
    levels += [size[f"level:{shape.level}"]] if shape.level is not None else []
    levels += [bins[shape.column].number + 1] if shape.column is not None else []
    return math.prod(levels) * TABLE


def _crossed(
    protected: tuple[str, ...], size: Mapping[str, int], intersections: int, skipped: list[str]
) -> Iterator[Shape]:
    whole = Shape(protected=protected)
    if len(protected) <= intersections and cell_count(whole, size, {}) <= FULL:
        yield whole
        return
    for number in range(1, min(intersections, len(protected)) + 1):
        cap = LARGEST_WIDE if number == 1 else LARGEST
        for names in combinations(protected, number):
            yield from _within(Shape(protected=names), size, {}, cap, " × ".join(names), skipped)


def _singles(protected: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple((name,) for name in protected) or ((),)


def _by_stratum(roles: Roles, size: Mapping[str, int], skipped: list[str]) -> Iterator[Shape]:
    if not roles.strata:
        return
    for names in _singles(roles.protected):
        shape = Shape(protected=names, strata=roles.strata)
        what = f"{' × '.join(names) or 'everyone'} within {' × '.join(roles.strata)}"
        yield from _within(shape, size, {}, LARGEST, what, skipped)


def _by_stage(roles: Roles, size: Mapping[str, int], skipped: list[str]) -> Iterator[Shape]:
    for stage in roles.stages:
        for names in _singles(roles.protected):
            shape = Shape(protected=names, stage=stage)
            what = f"{' × '.join(names) or 'everyone'} at stage {stage}"
            yield from _within(shape, size, {}, LARGEST_WIDE, what, skipped)


def _by_block(
    protected: tuple[str, ...], size: Mapping[str, int], skipped: list[str]
) -> Iterator[Shape]:
    for names in _singles(protected):
        shape = Shape(protected=names, block=True)
        what = f"{' × '.join(names) or 'everyone'} by blocks of repeated applicants"
        yield from _within(shape, size, {}, LARGEST_WIDE, what, skipped)


def _by_level(
    roles: Roles, size: Mapping[str, int], blocks: bool, skipped: list[str]
) -> Iterator[Shape]:
    """Every value of a decision that has several, by single attributes."""
    name = roles.decision
    if name is None or f"level:{name}" not in size:
        return
    for names in _singles(roles.protected):
        for block in (False, True) if blocks else (False,):
            shape = Shape(protected=names, block=block, level=name)
            what = f"every value of {name} by {' × '.join(names) or 'everyone'}"
            what += " and by blocks of repeated applicants" if block else ""
            yield from _within(shape, size, {}, LARGEST_WIDE, what, skipped)


def _by_value(
    protected: tuple[str, ...],
    size: Mapping[str, int],
    bins: Mapping[str, Bins],
    skipped: list[str],
) -> Iterator[Shape]:
    for key in bins:
        name = key.removeprefix(AMOUNT)
        planned = 0
        for names in _singles(protected):
            shape = Shape(protected=names, column=key)
            what = f"the distribution of {name} by {' × '.join(names) or 'everyone'}"
            for kept in _within(shape, size, bins, LARGEST_WIDE, what, skipped):
                planned += 1
                yield kept
        if not planned:
            # Everyone's distribution is otherwise a sum over any attribute's cube.
            yield Shape(column=key)


def _within(
    shape: Shape,
    size: Mapping[str, int],
    bins: Mapping[str, Bins],
    cap: int,
    what: str,
    skipped: list[str],
) -> Iterator[Shape]:
    cells = cell_count(shape, size, bins)
    if cells <= cap:
        yield shape
    else:
        skipped.append(f"{what}: {cells:,} cells are more than the {cap:,} counted")
