"""The fingerprint of a tally: the same for the same people, whatever counted them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np

from audit.table.roles import Axis, Roles
from audit.tally.canonical import plain, roles_record, text
from audit.tally.cube import Cube

ORDERED = ("decision", "outcome", "score", "amount", "block")
"""Kinds of axes whose order is part of what they are; the others are sorted."""


def fingerprint(
    cubes: Iterable[Cube],
    roles: Roles,
    *,
    rows: int,
    excluded: int,
    edges: Mapping[str, tuple[float, ...]],
) -> str:
    """SHA-256 (hex) over canonical roles and integer counts.

    Levels without a row are left out and the others sorted, so neither unused categories nor
    the order of merging or of levels matters; floats (weights, sums) are left out, because
    engines add them in different orders.
    """
    digest = hashlib.sha256()
    head = {"roles": roles_record(roles), "rows": rows, "excluded": excluded, "edges": edges}
    digest.update(text(head).encode())
    for part in sorted(_canonical(cube) for cube in cubes):
        for piece in part:
            digest.update(len(piece).to_bytes(8, "big"))
            digest.update(piece)
    return digest.hexdigest()


def _canonical(cube: Cube) -> tuple[bytes, bytes]:
    """What the cube counts, and its counts over used levels in canonical order."""
    used, axes = [], []
    for position, axis in enumerate(cube.axes):
        others = tuple(i for i in range(cube.count.ndim) if i != position)
        indices = np.flatnonzero(cube.count.any(axis=others)).tolist()
        if axis.kind not in ORDERED:
            indices.sort(key=lambda i, levels=axis.levels: text(levels[i]))  # type: ignore[misc]
        used.append(indices)
        # Bins are known by their position; their edges are hashed once, with the roles.
        axes.append([axis.kind, axis.name, [_spell(axis, i) for i in indices]])
    counts = np.ascontiguousarray(cube.count[np.ix_(*used)], dtype="<i8")
    return (text([cube.stage, axes]).encode(), counts.tobytes())


def _spell(axis: Axis, index: int) -> object:
    return plain(axis.levels[index])
