"""The tally: small tables of counts from which everything else is computed.

A row adds 1 to one cell of each cube and is done. Cubes of the same shape add up, whatever the
chunking, engine or branch they were counted on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import product
from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.table.roles import Axis, Group, Issue, Level, Roles
from audit.tally.canonical import axis_record, plain, roles_record, text
from audit.tally.overlap import Belonging, Parts, belonging, gathered

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cube:
    """Counts over the product of its axes."""

    axes: tuple[Axis, ...]
    """Protected axes, then strata, "block", a decision's "level", "decision", "outcome", and
    "score" or an amount last."""
    count: Counts
    """Rows (or Σ of `count=`) in each cell; shape = the axes' level counts."""
    weight: Floats | None = None
    """Σw by cell, where a sampling weight was given."""
    weight_squared: Floats | None = None
    """Σw² by cell."""
    sums: Mapping[str, Floats] = field(default_factory=dict)
    """"score" and "score_squared" (and the same for amounts): Σx, Σx² by cell."""
    stage: str | None = None
    """The stage whose decisions were counted; None is the final decision."""

    @property
    def key(self) -> tuple[Any, ...]:
        """What the cube counts, whatever its numbers."""
        return (self.stage, tuple((a.kind, a.name) for a in self.axes))

    def __eq__(self, other: object) -> bool:
        """Equal stage, axes (types of levels included) and every array."""
        if not isinstance(other, Cube):
            return NotImplemented
        return (
            self.stage == other.stage
            and text([axis_record(a) for a in self.axes])
            == text([axis_record(a) for a in other.axes])
            and _same(self.count, other.count)
            and _same(self.weight, other.weight)
            and _same(self.weight_squared, other.weight_squared)
            and set(self.sums) == set(other.sums)
            and all(_same(v, other.sums[k]) for k, v in self.sums.items())
        )

    __hash__ = None  # type: ignore[assignment]  # arrays inside


def _same(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return bool(np.array_equal(one, other))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tally:
    """Everything an audit needs; rows are no longer there."""

    cubes: tuple[Cube, ...]
    """The counted cubes."""
    roles: Roles
    """As resolved by `read`."""
    axes: Mapping[str, Axis]
    """Levels by key ("protected:sex", "stratum:purpose", ...)."""
    rows: int
    """Rows counted (Σ of `count=` where given)."""
    excluded: int
    """Rows that `where` took out."""
    fingerprint: str
    """SHA-256 over canonical roles and integer counts; the same on every engine."""
    score_edges: tuple[float, ...] = ()
    """Edges of the score bins, first and last included; empty without a score."""
    amount_edges: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """The same for continuous decisions."""
    issues: tuple[Issue, ...] = ()
    """What `read` noticed."""
    sources: tuple[str, ...] = ()
    """Names of the files counted."""
    outside: Mapping[str, int] = field(default_factory=dict)
    """Rows whose value lay outside the edges and fell in an end bin, by column."""
    skipped: tuple[str, ...] = ()
    """What was not counted, and why; to be listed as not checked."""
    weight_exponent: int = 0
    """Weights were divided by 2**this before they were summed (0 unless their squares would
    leave the range of floats)."""

    def __eq__(self, other: object) -> bool:
        """Equal field by field, types of levels and every number in every cube included."""
        if not isinstance(other, Tally):
            return NotImplemented
        return self.cubes == other.cubes and _facts(self) == _facts(other)

    __hash__ = None  # type: ignore[assignment]  # arrays inside

    def save(self, path: str | PathLike[str], *, force: bool = False) -> None:
        """Write "audit.tally/1" JSON, whole or not at all; `audit.load_tally` reads it back.

        A file that is not a tally is replaced only with `force`; else `InputError`.
        """
        from audit.tally.file import save

        save(self, path, force=force)


def _facts(tally: Tally) -> str:
    """Everything but the cubes, as canonical text."""
    rest = {
        f.name: getattr(tally, f.name)
        for f in fields(tally)
        if f.name not in ("cubes", "roles", "axes", "issues")
    }
    return text(
        {
            **{k: plain(v) for k, v in rest.items()},
            "roles": roles_record(tally.roles),
            "axes": {k: axis_record(a) for k, a in tally.axes.items()},
            "issues": [[i.code, i.severity, i.column, i.message, i.fix] for i in tally.issues],
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Decision × outcome counts of each group of one attribute tuple: what metrics read."""

    attribute: tuple[str, ...]
    """The protected attributes; () for everyone together."""
    groups: tuple[Group, ...]
    """One tuple of levels a row of `n`."""
    n: Counts
    """Rows, shape (groups, 3 decisions, 3 outcomes)."""
    w: Floats | None = None
    """Σw, same shape, where weighted."""
    w2: Floats | None = None
    """Σw², same shape."""
    blocks: Floats | None = None
    """Σw (or rows) by hashed block, shape (blocks, groups, 3, 3), where a cluster was given."""
    stratum: tuple[Level, ...] | None = None
    """The levels of the strata these cells are inside of."""
    stage: str | None = None
    """The stage counted."""
    parts: Parts | None = None
    """The patterns that groups are sums of, where an attribute is told by membership."""


def everyone(found: Cells) -> Counts:
    """Rows by decision and outcome, each once though it be in several groups; shape (3, 3)."""
    return np.asarray((found.n if found.parts is None else found.parts.n).sum(axis=0))


def is_named(found: Cells, index: int) -> bool:
    """Whether a group may be a reference or decide: nothing missing, no "none of them"."""
    return None not in found.groups[index] and (
        found.parts is None or bool(found.parts.named[index])
    )


def arranged(cube: Cube, array: Any, keys: Sequence[tuple[str, str]]) -> Any:
    """An array of the cube summed over all axes but these (kind and name), in this order."""
    names = [(a.kind, a.name) for a in cube.axes]
    keep = [names.index(k) for k in keys]
    drop = tuple(i for i in range(array.ndim) if i not in keep)
    ranks = np.argsort(np.argsort(keep))
    return (array.sum(axis=drop) if drop else array).transpose([int(r) for r in ranks])


def find(
    tally: Tally,
    attributes: tuple[str, ...],
    *,
    strata: tuple[str, ...] = (),
    stage: str | None = None,
    kind: str | None = None,
) -> Cube | None:
    """The smallest cube that holds these axes, or None where nothing counted can answer.

    `kind` asks for an extra axis: "block" or "score". Without it, cubes having such an axis are
    still usable (they are summed over it) but larger, so seldom chosen.
    """
    best: Cube | None = None
    for cube in tally.cubes:
        if cube.stage != stage:
            continue
        protected = {a.name for a in cube.axes if a.kind == "protected"}
        inside = {a.name for a in cube.axes if a.kind == "stratum"}
        kinds = {a.kind for a in cube.axes}
        if not set(attributes) <= protected or not set(strata) <= inside:
            continue
        if kind is not None and kind not in kinds:
            continue
        if best is None or cube.count.size < best.count.size:
            best = cube
    return best


def cells(
    tally: Tally,
    attributes: tuple[str, ...],
    *,
    strata: tuple[str, ...] = (),
    stage: str | None = None,
) -> tuple[Cells, ...]:
    """Decision × outcome counts by group; one `Cells` a stratum (one in all without strata).

    Empty where no cube can answer. Groups are the product of levels, in level order; groups with
    no row are kept (n = 0), so a caller can list them. Groups of an attribute told by membership
    are sums of its patterns, so a row may be in several; `everyone` counts it once.
    """
    cube = find(tally, attributes, strata=strata, stage=stage)
    if cube is None:
        return ()
    clustered = find(tally, attributes, strata=strata, stage=stage, kind="block")
    order = (*(("protected", a) for a in attributes), *(("stratum", s) for s in strata))
    tail = (("decision", "decision"), ("outcome", "outcome"))
    levels = [next(a for a in cube.axes if (a.kind, a.name) == k).levels for k in order]
    own = belonging(tally.roles, attributes, levels[: len(attributes)])
    patterns = math.prod(len(v) for v in levels[: len(attributes)])
    inside = tuple(product(*levels[len(attributes) :]))

    shape = (patterns, len(inside), 3, 3)
    n = arranged(cube, cube.count, (*order, *tail)).reshape(shape)
    w = w2 = blocks = None
    if cube.weight is not None and cube.weight_squared is not None:
        w = arranged(cube, cube.weight, (*order, *tail)).reshape(shape)
        w2 = arranged(cube, cube.weight_squared, (*order, *tail)).reshape(shape)
    if clustered is not None:
        array = clustered.count if clustered.weight is None else clustered.weight
        keys = (("block", "block"), *order, *tail)
        blocks = arranged(clustered, array, keys).reshape((-1, *shape)).astype(np.float64)
    return tuple(
        cells_of(
            own,
            attribute=attributes,
            n=n[:, s],
            w=None if w is None else w[:, s],
            w2=None if w2 is None else w2[:, s],
            blocks=None if blocks is None else blocks[:, :, s],
            stratum=inside[s] if strata else None,
            stage=stage,
        )
        for s in range(len(inside))
    )


def cells_of(
    own: Belonging,
    *,
    attribute: tuple[str, ...],
    n: Counts,
    w: Floats | None = None,
    w2: Floats | None = None,
    blocks: Floats | None = None,
    stratum: tuple[Level, ...] | None = None,
    stage: str | None = None,
) -> Cells:
    """Cells of groups from arrays over the counted cells: the same, or sums of their patterns."""
    where: dict[str, Any] = {"attribute": attribute, "groups": own.groups}
    where |= {"stratum": stratum, "stage": stage}
    if own.members is None:
        return Cells(**where, n=n, w=w, w2=w2, blocks=blocks)
    return Cells(
        **where,
        n=gathered(n, own.members),
        w=None if w is None else gathered(w, own.members),
        w2=None if w2 is None else gathered(w2, own.members),
        blocks=None if blocks is None else gathered(blocks, own.members, axis=1),
        parts=Parts(members=own.members, named=own.named, n=n, w=w, w2=w2, blocks=blocks),
    )
