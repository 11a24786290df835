"""Groups of every attribute tuple, stratum and stage, stacked so that a metric is computed once.

Intervals are vectorised: one call over all groups costs about as much as one over two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from audit.inference.clusters import block_share
from audit.inference.reference import Reference, reference_index
from audit.inference.weights import effective
from audit.metrics.metric import Counts, Share
from audit.table.roles import Group, Level
from audit.tally.cube import Cells, Tally, cells, is_named
from audit.tally.overlap import Parts, gathered

Floats = npt.NDArray[np.float64]
ShareOf = Callable[[Counts], Share]

UNCOUNTED = "not in the tally's cubes"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Span:
    """One family of groups inside a stack: those of an attribute tuple, stratum and stage."""

    start: int
    """First row."""
    stop: int
    """One past the last row."""
    attribute: tuple[str, ...]
    """Protected attributes."""
    stratum: tuple[Level, ...] | None
    """Levels of the strata."""
    stage: str | None
    """Stage of the decision."""
    named: npt.NDArray[np.bool_]
    """Rows that a worst case is over: nothing missing, no "none of them"."""
    parts: Parts | None = None
    """The patterns that these groups are sums of, where they share rows."""
    kept: npt.NDArray[np.int64] | None = None
    """Where each row's group stands in `parts.members`."""

    def described(self, metric: str, level: float) -> dict[str, Any]:
        """What an estimate over all groups of the span says of itself, for `Estimate`."""
        return {
            "metric": metric,
            "attribute": self.attribute,
            "group": (),
            "stratum": self.stratum,
            "stage": self.stage,
            "level": level,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stack:
    """Decision × outcome counts of many groups, one a row."""

    spans: tuple[Span, ...]
    """Which rows belong together."""
    groups: tuple[Group, ...]
    """The group of each row."""
    reference: npt.NDArray[np.int64]
    """Row of each row's reference; -1 where there is none, its own number for the reference."""
    shown: int
    """Rows that are groups. Those behind them are a reference group without the rows that it
    shares with the group compared with it."""
    n: npt.NDArray[np.int64]
    """Rows, shape (groups, 3, 3)."""
    w: Floats | None
    """Σw."""
    w2: Floats | None
    """Σw²."""
    blocks: Floats | None
    """By hashed block, shape (blocks, groups, 3, 3)."""

    def apart(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether each of these references is less than its group, for rows are shared."""
        return np.asarray(rows >= self.shown)

    def compared(self, span: Span) -> npt.NDArray[np.int64]:
        """Rows of a span that a comparison of all its groups is over: named, with people."""
        people = self.n[span.start : span.stop].sum(axis=(1, 2))
        return span.start + np.flatnonzero(span.named & (people > 0))

    def columns(self, rows: npt.NDArray[np.int64]) -> dict[str, list[Any]]:
        """attribute, group, stratum and stage of these rows, for `Estimates.block`."""
        owner = np.empty(len(self.groups), dtype=np.int64)
        for number, span in enumerate(self.spans):
            owner[span.start : span.stop] = number
        picked = [self.spans[i] for i in owner[rows].tolist()]
        return {
            "attribute": [s.attribute for s in picked],
            "group": [self.groups[i] for i in rows.tolist()],
            "stratum": [s.stratum for s in picked],
            "stage": [s.stage for s in picked],
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proportions:
    """A share of each group, with the counts its interval rests on."""

    value: Floats
    """part / whole (weighted where weights are given); nan where the whole is 0."""
    x: Floats
    """Effective numerator."""
    n: Floats
    """Effective denominator."""
    rows: npt.NDArray[np.int64]
    """Rows in the denominator."""
    part: Floats
    """Numerator (rows; Σw where weighted)."""


class Tables(Protocol):
    """Tables of counts that shares are read from; blocks have one axis more in front."""

    @property
    def n(self) -> npt.NDArray[np.int64]:
        """Rows."""

    @property
    def w(self) -> Floats | None:
        """Σw, where weights are given."""

    @property
    def w2(self) -> Floats | None:
        """Σw²."""

    @property
    def blocks(self) -> Floats | None:
        """By hashed block, where applicants repeat."""


def proportions(tables: Tables, share: ShareOf) -> Proportions:
    """One share of every table: of a whole stack, or of any others.

    The interval's counts are the rows themselves, or the rows that carry the same information:
    fewer where weights vary or applicants repeat.
    """
    counted = share(Counts(tables.n))
    rows = np.asarray(counted.whole, dtype=np.int64)
    if tables.blocks is not None:
        return _clustered(tables.blocks, tables.w2, share, rows)
    if tables.w is None or tables.w2 is None:
        x = np.asarray(counted.part, dtype=np.float64)
        n = rows.astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            return Proportions(value=np.where(n > 0, x / n, np.nan), x=x, n=n, rows=rows, part=x)
    weighted, squared = share(Counts(tables.w)), share(Counts(tables.w2))
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(weighted.whole > 0, weighted.part / weighted.whole, np.nan)
    x, n = effective(weighted.part, weighted.whole, squared.part, squared.whole, rows)
    return Proportions(value=value, x=x, n=n, rows=rows, part=weighted.part)


def _clustered(
    blocks: Floats, w2: Floats | None, share: ShareOf, rows: npt.NDArray[np.int64]
) -> Proportions:
    """Where applicants repeat: the rows that a block jackknife says the group is worth."""
    counted = share(Counts(blocks))
    part = np.asarray(counted.part, dtype=np.float64)
    whole = np.asarray(counted.whole, dtype=np.float64)
    most = rows.astype(np.float64)
    if w2 is not None:
        total, squared = whole.sum(axis=0), np.asarray(share(Counts(w2)).whole, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            most = np.where(squared > 0, np.minimum(most, total * (total / squared)), most)
    value, x, n = block_share(part, whole, most)
    return Proportions(value=value, x=x, n=n, rows=rows, part=part.sum(axis=0))


def attribute_tuples(tally: Tally, intersections: int) -> list[tuple[str, ...]]:
    """Single attributes first, then pairs, … up to `intersections` together."""
    names = tally.roles.protected
    return [c for k in range(1, min(intersections, len(names)) + 1) for c in combinations(names, k)]


def main_stacks(
    tally: Tally, chosen: Sequence[Reference], *, intersections: int, min_rows: int
) -> tuple[list[Stack], list[str]]:
    """Everyone, single attributes and intersections; and what no cube could answer.

    One stack, or two where applicants repeat: blocks cover single attributes only.
    """
    blocks: list[Cells] = list(cells(tally, ()))
    missing = []
    for attribute in attribute_tuples(tally, intersections):
        found = cells(tally, attribute)
        if found:
            blocks.extend(found)
        else:
            missing.append(f"{' × '.join(attribute)}: {UNCOUNTED}")
    parts = [[b for b in blocks if b.blocks is not None], [b for b in blocks if b.blocks is None]]
    return [build(part, chosen, min_rows=min_rows) for part in parts if part], missing


def side_stack(
    tally: Tally, chosen: Sequence[Reference], *, min_rows: int
) -> tuple[Stack | None, list[str]]:
    """Single attributes within each stratum, and at each stage; and what no cube could answer."""
    blocks: list[Cells] = []
    missing = []
    strata = tally.roles.strata
    for name in tally.roles.protected:
        if strata:
            found = cells(tally, (name,), strata=strata)
            blocks.extend(found)
            if not found:
                missing.append(f"{name} within {' × '.join(strata)}: {UNCOUNTED}")
        for stage in tally.roles.stages:
            found = cells(tally, (name,), stage=stage)
            blocks.extend(found)
            if not found:
                missing.append(f"{name} at stage {stage}: {UNCOUNTED}")
    kept = [b for b in blocks if b.n.any()]
    return (build(kept, chosen, min_rows=min_rows) if kept else None), missing


def build(blocks: Iterable[Cells], chosen: Sequence[Reference], *, min_rows: int) -> Stack:
    """Stack cells; groups without rows are kept for single attributes (listed with n = 0).

    A group that shares rows with its reference is compared with those of the reference that are
    not in it: two groups that share rows are no two samples.
    """
    spans: list[Span] = []
    groups: list[Group] = []
    reference: list[int] = []
    parts: list[tuple[Cells, npt.NDArray[np.int64]]] = []
    shared: list[tuple[int, Parts, npt.NDArray[np.bool_], Group]] = []
    for block in blocks:
        rows = block.n.sum(axis=(1, 2))
        index: int | None = None
        if block.attribute:
            index, _ = reference_index(block, chosen, min_rows=min_rows)
        listed = len(block.attribute) <= 1 and block.stratum is None
        keep = np.flatnonzero((rows > 0) | listed | (np.arange(len(rows)) == index))
        start = len(groups)
        position = -1 if index is None else start + int(np.searchsorted(keep, index))
        groups.extend(block.groups[i] for i in keep.tolist())
        reference.extend([position] * len(keep))
        over = block.parts if block.parts is not None and block.parts.shared().any() else None
        spans.append(
            Span(
                start=start,
                stop=len(groups),
                attribute=block.attribute,
                stratum=block.stratum,
                stage=block.stage,
                named=np.array([is_named(block, i) for i in keep.tolist()], dtype=bool),
                parts=over,
                kept=None if over is None else keep,
            )
        )
        parts.append((block, keep))
        if over is not None and index is not None:
            for row, i in enumerate(keep.tolist(), start=start):
                if i != index and over.share(i, index):
                    shared.append((row, over, over.without(i, index), block.groups[index]))
    shown = len(groups)
    for place, (row, _, _, group) in enumerate(shared, start=shown):
        groups.append(group)
        reference[row] = place
    reference.extend([-1] * len(shared))

    def joined(name: str, axis: int = 0) -> Any:
        arrays = [getattr(b, name) for b, _ in parts]
        if not arrays or any(a is None for a in arrays):
            return None
        kept = [np.take(a, k, axis=axis) for a, (_, k) in zip(arrays, parts, strict=True)]
        kept += [gathered(getattr(p, name), flags[None], axis) for _, p, flags, _ in shared]
        return np.concatenate(kept, axis=axis)

    n = joined("n")
    return Stack(
        spans=tuple(spans),
        groups=tuple(groups),
        reference=np.asarray(reference, dtype=np.int64),
        shown=shown,
        n=np.zeros((0, 3, 3), dtype=np.int64) if n is None else n,
        w=joined("w"),
        w2=joined("w2"),
        blocks=joined("blocks", axis=1),
    )
