"""How much each feature moves scores in each group, and how scores depend on its values there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.table import encode
from audit.table.columns import floats
from audit.table.roles import Level

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BINS = 10
"""Bins of a numeric feature, of about equal weight of rows."""
LEVELS = 12
"""Levels of a feature shown apart; the others are one."""
ROWS = 20_000
"""Rows read for dependence."""
OTHERS = "(others)"


def importance(
    attribute: str,
    groups: Mapping[Level, Ints],
    values: Floats,
    mass: Floats,
    features: Sequence[str],
) -> list[Mapping[str, Any]]:
    """Mean |SHAP value| of every feature by group: how much it moves the scores of its members.

    `groups` holds the rows of each group. One entry a group and feature: attribute, group,
    feature, value, rows. Rows without weight have no mean, and a group of such is left out.
    """
    size = np.abs(values)
    found: list[Mapping[str, Any]] = []
    for level, own in groups.items():
        if not mass[own].sum() > 0:
            continue
        means = np.average(size[own], axis=0, weights=mass[own])
        found += [
            {
                "attribute": attribute,
                "group": (level,),
                "feature": name,
                "value": float(means[j]),
                "rows": len(own),
            }
            for j, name in enumerate(features)
        ]
    return found


def dependence(
    frame: Any,
    attribute: str,
    groups: Mapping[Level, Ints],
    values: Floats,
    mass: Floats,
    features: Sequence[str],
) -> list[Mapping[str, Any]]:
    """Mean SHAP value of a feature by its own value and group: where curves part, groups differ.

    `frame` holds the rows that have `values`. One entry a feature, bin and group: feature, bin (its
    label), place (order of the bins), low and high (numbers only), attribute, group, value, rows.
    A numeric feature has at most ten bins of about equal weight, any other its twelve commonest
    levels.
    """
    found: list[Mapping[str, Any]] = []
    for j, name in enumerate(features):
        bins, labels, edges = _bins(frame.get_column(name), name)
        for level, own in groups.items():
            size, cell, w = len(labels), bins[own], mass[own]
            rows = np.bincount(cell, minlength=size)
            weight = np.bincount(cell, weights=w, minlength=size)
            total = np.bincount(cell, weights=w * values[own, j], minlength=size)
            for b in np.flatnonzero(weight > 0).tolist():
                low, high = edges[b] if edges is not None and b < len(edges) else (None, None)
                found.append(
                    {
                        "feature": name,
                        "bin": labels[b],
                        "place": b,
                        "low": low,
                        "high": high,
                        "attribute": attribute,
                        "group": (level,),
                        "value": float(total[b] / weight[b]),
                        "rows": int(rows[b]),
                    }
                )
    return found


def _bins(column: Any, name: str) -> tuple[Ints, list[str], list[tuple[float, float]] | None]:
    # a number with many values is not coded: its values would become as many Python objects
    numbers = floats(column) if column.dtype.is_numeric() else None
    if numbers is None or len(np.unique(numbers[~np.isnan(numbers)])) <= LEVELS:
        found = encode.look(column, name)
        handle = found.handle.astype(np.int64)
        numeric = found.kind in ("integer", "number")
        if not numeric or len(found.present) <= LEVELS:
            return _levels(found.values, handle, numeric)
        numbers = np.array([np.nan if v is None else float(v) for v in found.values])[handle]
    known = np.isfinite(numbers)
    cuts = np.unique(np.quantile(numbers[known], np.linspace(0, 1, BINS + 1)[1:-1]))
    bins = np.where(known, np.searchsorted(cuts, numbers, side="right"), len(cuts) + 1)
    edges = [(np.nan, np.nan)] * (len(cuts) + 1)
    for b in np.unique(bins[known]).tolist():
        own = numbers[bins == b]
        edges[b] = float(own.min()), float(own.max())
    labels = [f"{low:g} to {high:g}" for low, high in edges]
    return bins, [*labels, "(missing)"], edges


def _levels(
    values: Sequence[Any], handle: Ints, numeric: bool
) -> tuple[Ints, list[str], list[tuple[float, float]] | None]:
    counts = np.bincount(handle, minlength=len(values))
    present = [i for i, v in enumerate(values) if v is not None]
    kept = sorted(present, key=lambda i: (-counts[i], i))[:LEVELS]
    if numeric:
        kept = sorted(kept, key=lambda i: float(values[i]))
    place = np.full(len(values), len(kept), np.int64)
    for at, i in enumerate(kept):
        place[i] = at
    for i, v in enumerate(values):
        if v is None:
            place[i] = len(kept) + 1
    edges = [(float(values[i]), float(values[i])) for i in kept] if numeric else None
    return place[handle], [*(str(values[i]) for i in kept), OTHERS, "(missing)"], edges
