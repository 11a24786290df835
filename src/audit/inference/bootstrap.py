"""Multinomial bootstrap of the cells: for unweighted independent rows it *is* the row bootstrap.

Drawing n rows with replacement and counting them in cells, or drawing the cells' counts from a
multinomial, is the same experiment; the second costs the same for a thousand rows or a billion.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.inference.checks import Floats, chosen, critical

__all__ = ["cell_bootstrap", "draw"]

Statistic = Callable[[Any], Any]

CHUNK = 4_000_000
"""Cells drawn at a time, to bound memory (32 MB)."""
JACKKNIFE = 4_000_000
"""Largest cells × cells array for which the acceleration is worked out."""
DEFINED = 0.9
"""Share of replicates that must have a value."""


def draw(
    counts: Floats, replicates: int, generator: np.random.Generator, squares: Floats | None = None
) -> Floats:
    """Resampled cells, shape (replicates, groups, cells), from counts of shape (groups, cells).

    Without weights each group keeps its size (multinomial). With `squares` (Σw² by cell) each
    cell is (Σw²/Σw)·Poisson((Σw)²/Σw²), which has the mean Σw and the variance Σw² of a row
    bootstrap where weights vary inside a cell.
    """
    shape = (replicates, *counts.shape)
    if squares is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            unit = np.where(counts > 0, squares / counts, 0.0)
            events = np.where(unit > 0, counts / unit, 0.0)
        return np.asarray(generator.poisson(events, size=shape) * unit)
    total = counts.sum(axis=-1)
    rows = np.rint(total).astype(np.int64)
    share = counts / np.where(total > 0, total, 1.0)[:, None]
    share[total <= 0, -1] = 1.0
    return generator.multinomial(rows, share, size=shape[:2]).astype(np.float64)


def cell_bootstrap(
    counts: npt.ArrayLike,
    statistic: Statistic,
    level: float = 0.95,
    replicates: int = 2000,
    seed: int = 0,
    *,
    method: str = "bca",
    squares: npt.ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    """Limits (low, high) of any function of independent groups' cells.

    `counts` has shape (groups, cells); `statistic` maps an array (..., groups, cells) to (...)
    or (..., outputs), nan where undefined. `method` is "bca" (bias-corrected and accelerated,
    Efron, JASA 82, 1987, 171-185: distances and entropy indices are biased upwards, and plain
    percentiles carry the bias twice) or "percentile". The acceleration comes from leaving out
    one row of each cell; it is taken as 0 for very large tables and for weights. Where fewer
    than 90 % of the replicates are defined, or the statistic itself is not, the limits are nan.
    The same seed gives the same limits.

    >>> def gap(cells):
    ...     rates = cells[..., 0] / cells.sum(axis=-1)
    ...     return rates[..., 0] - rates[..., 1]
    >>> low, high = cell_bootstrap([[120, 80], [140, 60]], gap, seed=1)
    >>> round(float(low), 2), round(float(high), 2)
    (-0.19, -0.01)
    """
    chosen(method, ("bca", "percentile"))
    critical(level)
    table = np.asarray(counts, dtype=np.float64)
    weights2 = None if squares is None else np.asarray(squares, dtype=np.float64)
    if table.ndim != 2 or not (np.isfinite(table).all() and (table >= 0).all()):
        raise InputError(
            "INF008",
            "cells are finite counts of shape (groups, cells)",
            argument="counts",
            fix="stack one row a group",
        )
    if replicates < 1:
        raise InputError("INF009", "at least one replicate", argument="replicates", fix="try 2000")
    generator = np.random.default_rng(seed)
    step = max(1, CHUNK // max(table.size, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        point = np.asarray(statistic(table), dtype=np.float64)
        parts = [
            np.asarray(statistic(draw(table, min(step, replicates - done), generator, weights2)))
            for done in range(0, replicates, step)
        ]
    drawn = np.concatenate(parts).reshape(replicates, -1).T
    values = np.sort(np.ascontiguousarray(drawn, dtype=np.float64), axis=1)  # nan last
    known = replicates - np.isnan(values).sum(axis=1)
    flat = point.reshape(-1)
    shares = _shares(table, statistic, values, flat, known, level, method, weights2 is not None)
    enough = (known >= DEFINED * replicates) & ~np.isnan(flat)
    low, high = (np.where(enough, _quantile(values, known, s), np.nan) for s in shares)
    return low.reshape(point.shape)[()], high.reshape(point.shape)[()]


def _shares(
    table: Floats,
    statistic: Statistic,
    values: Floats,
    point: Floats,
    known: npt.NDArray[np.int64],
    level: float,
    method: str,
    weighted: bool,
) -> tuple[Floats, Floats]:
    """Which quantiles of the replicates are the limits, one pair an output."""
    tail = np.full(point.shape, (1 - level) / 2)
    if method == "percentile":
        return tail, 1 - tail
    from scipy.special import ndtr, ndtri

    near = point[:, None]
    crumbs = 1e-12 * np.abs(near)
    below = (values < near - crumbs).sum(axis=1) + (np.abs(values - near) <= crumbs).sum(axis=1) / 2
    edge = 1 / (2 * values.shape[1])
    share = np.clip(below / np.maximum(known, 1), edge, 1 - edge)
    bias, z = ndtri(share), float(critical(level))
    lean = np.zeros_like(point) if weighted else _acceleration(table, statistic, point)

    def corrected(at: float) -> Floats:
        return np.asarray(ndtr(bias + (bias + at) / np.maximum(1 - lean * (bias + at), 1e-3)))

    return corrected(-z), corrected(z)


def _acceleration(table: Floats, statistic: Statistic, point: Floats) -> Floats:
    """Skewness of the rows' influences / 6, leaving out one row of each cell in turn."""
    filled = np.flatnonzero(table.ravel() >= 1)
    if filled.size * table.size > JACKKNIFE or filled.size == 0:
        return np.zeros_like(point)
    without = np.repeat(table.reshape(1, -1), filled.size, axis=0)
    without[np.arange(filled.size), filled] -= 1
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.asarray(statistic(without.reshape(-1, *table.shape)), dtype=np.float64)
    rows = table.ravel()[filled][:, None]
    left = left.reshape(filled.size, -1)
    missing = np.isnan(left)
    left = np.where(missing, point, left)
    # groups are sampled apart, so influences are centred within each group
    owner = filled // table.shape[1]
    size = np.bincount(owner, weights=rows[:, 0], minlength=len(table))
    pull = np.empty_like(left)
    for output in range(left.shape[1]):
        mean = np.bincount(owner, weights=rows[:, 0] * left[:, output], minlength=len(table))
        pull[:, output] = (mean / np.maximum(size, 1))[owner] - left[:, output]
    second, third = (rows * pull**2).sum(axis=0), (rows * pull**3).sum(axis=0)
    moved = second > 1e-30
    return np.where(moved, third / (6 * np.where(moved, second, 1.0) ** 1.5), 0.0)


def _quantile(values: Floats, known: npt.NDArray[np.int64], share: Floats) -> Floats:
    """Linear interpolation among each column's defined replicates."""
    place = np.clip(share, 0.0, 1.0) * np.maximum(known - 1, 0)
    base = np.floor(place).astype(np.int64)
    above = np.minimum(base + 1, np.maximum(known - 1, 0))
    outputs = np.arange(len(values))
    first, second = values[outputs, base], values[outputs, above]
    return np.asarray(first + (place - base) * (second - first))
