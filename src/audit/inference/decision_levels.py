"""Every value of a decision that has several, by group: shares and their contrasts.

Each value in turn is read as a decision of its own, it or anything else, so that a share of one
value has the interval, weights and repeats that an approval rate has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.inference.by_group import rate_estimates, shares_of
from audit.inference.by_pair import contrast_estimates
from audit.inference.estimate import Estimates
from audit.inference.reference import Reference
from audit.inference.stack import build
from audit.metrics.catalogue import CATALOGUE, LEVEL_KEYS
from audit.tally.cube import Cells, Cube, Tally, arranged, cells_of, find
from audit.tally.overlap import belonging

FEW = 2
"""Of so many values the approval rate says all."""


def level_estimates(
    tally: Tally, chosen: Sequence[Reference], *, level: float, min_rows: int, seed: int
) -> Estimates:
    """`decision_level_rate` of everyone and of every group of single attributes, its difference
    and ratio to the reference's; nothing where decisions have two values at most.

    The share is of all rows, undecided ones among them, since every value is a decision here.
    """
    parts: list[Estimates] = []
    levels: dict[Any, list[Cells]] = {}
    column = tally.roles.decision
    for attributes in ((), *((name,) for name in tally.roles.protected)):
        cube = find(tally, attributes, kind="level")
        if cube is None:
            continue
        for value, cells in _each(tally, cube, attributes):
            levels.setdefault(value, []).append(cells)
    if len(levels) <= FEW:
        return Estimates.of([])
    metrics = [CATALOGUE[k] for k in LEVEL_KEYS]
    for value, blocks in levels.items():
        stack = build(blocks, chosen, min_rows=min_rows)
        shares = shares_of(stack, metrics, level)
        found = Estimates.concatenate(
            [
                rate_estimates(stack, metrics[:1], shares, level=level, selective=False, seed=seed),
                contrast_estimates(
                    stack, metrics[1:], shares, level=level, selective=False, seed=seed
                ),
            ]
        )
        size = len(found)
        parts.append(found.replace(decision_level=[value] * size, column=[column] * size))
    return Estimates.concatenate(parts)


def _each(tally: Tally, cube: Cube, attributes: tuple[str, ...]) -> list[tuple[Any, Cells]]:
    """Cells of each value: it stands for favourable, every other for unfavourable."""
    (axis,) = (a for a in cube.axes if a.kind == "level")
    levels = [
        next(a for a in cube.axes if (a.kind, a.name) == ("protected", n)).levels
        for n in attributes
    ]
    own = belonging(tally.roles, attributes, levels)
    clustered = _with_blocks(tally, attributes)
    n = _by_level(cube, cube.count, attributes)
    w = None if cube.weight is None else _by_level(cube, cube.weight, attributes)
    squared = cube.weight_squared
    w2 = None if squared is None else _by_level(cube, squared, attributes)
    blocks = None
    if clustered is not None:
        array = clustered.count if clustered.weight is None else clustered.weight
        blocks = _by_level(clustered, array, attributes, block=True).astype(np.float64)
    return [
        (
            value,
            cells_of(
                own,
                attribute=attributes,
                n=_against(n, i),
                w=None if w is None else _against(w, i),
                w2=None if w2 is None else _against(w2, i),
                blocks=None if blocks is None else _against(blocks, i),
            ),
        )
        for i, value in enumerate(axis.levels)
    ]


def _with_blocks(tally: Tally, attributes: tuple[str, ...]) -> Cube | None:
    for cube in tally.cubes:
        kinds = {a.kind for a in cube.axes}
        names = {a.name for a in cube.axes if a.kind == "protected"}
        if {"level", "block"} <= kinds and set(attributes) <= names and cube.stage is None:
            return cube
    return None


def _by_level(
    cube: Cube, array: Any, attributes: tuple[str, ...], *, block: bool = False
) -> npt.NDArray[Any]:
    """Sums by group, value and outcome, shape ([blocks,] groups, values, 3)."""
    keys = [
        *([("block", "block")] if block else []),
        *(("protected", name) for name in attributes),
        *(("level", a.name) for a in cube.axes if a.kind == "level"),
        ("outcome", "outcome"),
    ]
    moved = arranged(cube, array, keys)
    if not attributes:
        moved = np.expand_dims(moved, 1 if block else 0)
    return np.asarray(moved)


def _against(array: npt.NDArray[Any], position: int) -> npt.NDArray[Any]:
    """One value against all others: shape (..., groups, 3 decisions, 3 outcomes)."""
    own = array[..., position, :]
    rest = array.sum(axis=-2) - own
    return np.stack([own, rest, np.zeros_like(own)], axis=-2)
