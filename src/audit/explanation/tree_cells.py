"""Which way rows go at each node, by comparing small integers instead of values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.explanation.ensemble import Ensemble, Flags, Floats, Ints

ZERO_BAND = 1.0000000180025095e-35
"""Values no farther from 0 are LightGBM's zeros (its kZeroThreshold, a float32)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Rows as small integers by column: which cell between the column's thresholds."""

    codes: tuple[npt.NDArray[np.unsignedinteger] | None, ...]
    cuts: tuple[Floats, ...]
    gaps: tuple[bool, ...]
    """By column: whether any row is nan."""
    limit: Ints
    """By node: the last cell that goes left at a numeric one."""


def cells_of(ensemble: Ensemble, rows: Floats) -> Cells:
    """Compare rows with all thresholds of a column at once: value ≤ cuts[k] where code ≤ k."""
    codes: list[npt.NDArray[np.unsignedinteger] | None] = []
    cuts: list[Floats] = []
    gaps: list[bool] = []
    used = ensemble.column >= 0
    numeric = used & ~np.isnan(ensemble.threshold)
    for column in range(ensemble.columns):
        here = ensemble.column == column
        if not (here & used).any():
            codes.append(None)
            cuts.append(np.zeros(0))
            gaps.append(False)
            continue
        values = np.ascontiguousarray(rows[:, column])
        if ensemble.single:
            with np.errstate(over="ignore"):
                values = values.astype(np.float32).astype(np.float64)
        nan = np.isnan(values)
        if (here & numeric).any():
            edges = np.unique(ensemble.threshold[here & numeric])
            if ensemble.zero_left is not None and (ensemble.zero_left[here] >= 0).any():
                band = np.array([np.nextafter(-ZERO_BAND, -1), ZERO_BAND])
                edges = np.unique(np.concatenate([edges, band]))
            code = np.searchsorted(edges, values, side="left")
        else:
            # categories are whole numbers; what lies outside every set is one cell, the last
            longest = max(len(ensemble.sets[k]) for k in _set_numbers(ensemble, here))
            edges = np.arange(longest, dtype=np.float64)
            inside = (values > -1) & (values < longest)
            code = np.where(inside, np.trunc(np.where(inside, values, 0)), longest).astype(np.intp)
        code[nan] = len(edges) + 1
        kind = np.min_scalar_type(len(edges) + 1)
        codes.append(code.astype(kind))
        cuts.append(edges)
        gaps.append(bool(nan.any()))
    limit = np.zeros(len(used), np.int64)
    for column, edges in enumerate(cuts):
        here = numeric & (ensemble.column == column)
        limit[here] = np.searchsorted(edges, ensemble.threshold[here])
    return Cells(codes=tuple(codes), cuts=tuple(cuts), gaps=tuple(gaps), limit=limit)


def _set_numbers(ensemble: Ensemble, nodes: Flags) -> Ints:
    assert ensemble.category is not None
    return ensemble.category[nodes & (ensemble.category >= 0)]


def goes_left(
    ensemble: Ensemble,
    cells: Cells,
    node: int,
    reached: npt.NDArray[np.intp] | None = None,
    out: Flags | None = None,
) -> Flags:
    """Whether each row (of those that reached it) goes left at a node; may be written to `out`."""
    column = int(ensemble.column[node])
    code, edges = cells.codes[column], cells.cuts[column]
    assert code is not None
    if reached is not None:
        code = code[reached]
    missing = bool(ensemble.missing_left[node])
    if ensemble.category is not None and ensemble.category[node] >= 0:
        number = int(ensemble.category[node])
        table = np.full(len(edges) + 2, ensemble.other_left[number])
        table[: len(ensemble.sets[number])] = ensemble.sets[number]
        table[-1] = missing
        return np.asarray(table[code])
    left = np.less_equal(code, code.dtype.type(cells.limit[node]), out=out)
    if ensemble.zero_left is not None and ensemble.zero_left[node] >= 0:
        left[code == np.searchsorted(edges, ZERO_BAND)] = bool(ensemble.zero_left[node])
    if missing and cells.gaps[column]:
        left |= code == len(edges) + 1
    return np.asarray(left)
