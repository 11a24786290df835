"""From a plan to a tally, whatever counts the cells."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table.roles import BLOCKS, DECISION_LEVELS, OUTCOME_LEVELS, Axis, Issue
from audit.table.rows import Table
from audit.tally.bins import AMOUNT, Bins
from audit.tally.cube import Cube, Tally
from audit.tally.fingerprint import fingerprint
from audit.tally.plan import FULL, Plan, Shape, cell_count

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

NOT_REACHED = len(DECISION_LEVELS)
"""A stage's code for a row that did not reach it; such rows are in none of its cells."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counted:
    """Flat arrays over the cells of one shape, as an engine returned them."""

    count: Ints
    """Rows by cell."""
    weight: Floats | None = None
    """Σw by cell."""
    weight_squared: Floats | None = None
    """Σw² by cell."""
    total: Floats | None = None
    """Σ w·x by cell, for a shape with bins."""
    total_squared: Floats | None = None
    """Σ w·x² by cell."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wanted:
    """What an engine is asked to count: columns by key, and the levels of each."""

    keys: tuple[str, ...]
    """Keys of coded columns; one that the table lacks counts as undecided, or unknown."""
    sizes: tuple[int, ...]
    """Levels of each, "not reached" included for a stage."""
    column: str | None
    """"score" or "amount:<column>" where its bins (and a level for missing) come last."""
    bins: Bins | None
    """Those bins."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the cells."""
        return (*self.sizes, self.bins.number + 1) if self.bins is not None else self.sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What must be known about the rows before they are counted."""

    rows: int
    """Rows (Σ of `count=` where given)."""
    outside: Mapping[str, int] = field(default_factory=dict)
    """Rows whose value lies outside the bins, by key."""
    weight_exponent: int = 0
    """See `Tally.weight_exponent`."""


def exponent_of(largest: float) -> int:
    """The power of two to divide weights by: 0 unless squares would leave the range of floats.

    >>> exponent_of(1e12), exponent_of(1e-300)
    (0, -996)
    """
    if not largest > 0 or not math.isfinite(largest):
        return 0
    exponent = math.frexp(largest)[1]
    return exponent if abs(exponent) > 400 else 0


def assemble(table: Table, plan: Plan, facts: Facts, count: Callable[[Wanted], Counted]) -> Tally:
    """Count every planned cube with `count`, summing small ones out of one larger pass."""
    size = {key: len(axis.levels) for key, axis in table.axes.items()}
    passes: dict[Shape, Cube] = {}

    def counted(shape: Shape) -> Cube:
        if shape not in passes:
            passes[shape] = _cube(shape, table, plan, count)
        return passes[shape]

    union = {stage: _union(plan, stage, table) for stage in {s.stage for s in plan.shapes}}
    cubes = []
    for shape in plan.shapes:
        whole = union[shape.stage]
        if shape.block or shape.column is not None or cell_count(whole, size, {}) > FULL:
            cubes.append(counted(shape))
        else:
            cubes.append(summed(counted(whole), {*_kinds(shape)}))
    edges = {key: b.edges for key, b in plan.bins.items()}
    kept = {k: a for k, a in table.axes.items() if a.kind in ("protected", "stratum", "level")}
    outside = {k.removeprefix(AMOUNT): n for k, n in facts.outside.items() if n}
    return Tally(
        cubes=tuple(cubes),
        roles=table.roles,
        axes=kept,
        rows=facts.rows,
        excluded=table.excluded,
        fingerprint=fingerprint(
            cubes, table.roles, rows=facts.rows, excluded=table.excluded, edges=edges
        ),
        score_edges=edges.get("score", ()),
        amount_edges={k.removeprefix(AMOUNT): e for k, e in edges.items() if k != "score"},
        issues=(*table.issues, *outside_issues(outside)),
        sources=table.sources,
        outside=outside,
        skipped=plan.skipped,
        weight_exponent=facts.weight_exponent,
    )


def outside_issues(outside: Mapping[str, int]) -> tuple[Issue, ...]:
    """One issue a column whose values fell outside the edges."""
    return tuple(
        Issue(
            code="TLY101",
            severity="warning",
            column=column,
            message=f"{number:,} row{'' if number == 1 else 's'} with a {column} outside the "
            "range of the bins, counted in the first or last bin",
            fix="give the range that the values can have",
        )
        for column, number in sorted(outside.items())
        if number
    )


def summed(cube: Cube, kinds: set[tuple[str, str]]) -> Cube:
    """The cube over fewer axes: those whose (kind, name) is in `kinds`."""
    drop = tuple(i for i, a in enumerate(cube.axes) if (a.kind, a.name) not in kinds)
    if not drop:
        return cube

    def add(array: Any) -> Any:
        return None if array is None else array.sum(axis=drop)

    return Cube(
        axes=tuple(a for i, a in enumerate(cube.axes) if i not in drop),
        count=add(cube.count),
        weight=add(cube.weight),
        weight_squared=add(cube.weight_squared),
        sums={k: add(v) for k, v in cube.sums.items()},
        stage=cube.stage,
    )


def _kinds(shape: Shape) -> tuple[tuple[str, str], ...]:
    return (
        *(("protected", name) for name in shape.protected),
        *(("stratum", name) for name in shape.strata),
        *((("level", shape.level),) if shape.level is not None else ()),
        ("decision", "decision"),
        ("outcome", "outcome"),
    )


def _union(plan: Plan, stage: str | None, table: Table) -> Shape:
    """The smallest shape that holds every plain shape of a stage."""
    plain = [s for s in plan.shapes if s.stage == stage and not s.block and s.column is None]
    protected = {name for s in plain for name in s.protected}
    strata = {name for s in plain for name in s.strata}
    return Shape(
        protected=tuple(name for name in table.roles.protected if name in protected),
        strata=tuple(name for name in table.roles.strata if name in strata),
        level=next((s.level for s in plain if s.level is not None), None),
        stage=stage,
    )


def _axis(key: str, table: Table) -> Axis:
    if key == "decision" or key.startswith("stage:"):
        return Axis(name="decision", kind="decision", levels=DECISION_LEVELS)
    if key == "outcome":
        return Axis(name="outcome", kind="outcome", levels=OUTCOME_LEVELS)
    if key == "block":
        return Axis(name="block", kind="block", levels=tuple(range(BLOCKS)))
    return table.axes[key]


def _cube(shape: Shape, table: Table, plan: Plan, count: Callable[[Wanted], Counted]) -> Cube:
    axes = [_axis(key, table) for key in shape.keys]
    sizes = tuple(
        len(axis.levels) + key.startswith("stage:")
        for key, axis in zip(shape.keys, axes, strict=True)
    )
    bins = None if shape.column is None else plan.bins[shape.column]
    wanted = Wanted(keys=shape.keys, sizes=sizes, column=shape.column, bins=bins)
    found = count(wanted)
    if shape.column is not None and bins is not None:
        score = shape.column == "score"
        name, kind = ("score", "score") if score else (shape.column[len(AMOUNT) :], "amount")
        axes.append(Axis(name=name, kind=kind, levels=(*range(bins.number), None)))

    def arrange(array: Any) -> Any:
        if array is None:
            return None
        array = array.reshape(wanted.shape)
        if shape.stage is None:
            return array
        decision = len(shape.keys) - 2
        kept = [slice(None)] * array.ndim
        kept[decision] = slice(0, NOT_REACHED)
        return np.ascontiguousarray(array[tuple(kept)])

    sums: dict[str, Floats] = {}
    if found.total is not None and found.total_squared is not None:
        if not (np.isfinite(found.total).all() and np.isfinite(found.total_squared).all()):
            raise InputError(
                "TLY005",
                "sums leave the range of floats: a value is infinite or beyond 1e150",
                argument=axes[-1].name,
                fix="remove infinite values and rescale the column",
            )
        sums = {
            axes[-1].name: arrange(found.total),
            f"{axes[-1].name}_squared": arrange(found.total_squared),
        }
    return Cube(
        axes=tuple(axes),
        count=arrange(found.count),
        weight=arrange(found.weight),
        weight_squared=arrange(found.weight_squared),
        sums=sums,
        stage=shape.stage,
    )
