"""Approvals at every cut-off by hashed block of repeated applicants."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from audit.mitigation.scored import UNKNOWN, Scored
from audit.table.roles import BLOCKS
from audit.table.rows import CodedRows
from audit.tally.overlap import belonging

Floats = npt.NDArray[np.float64]


def by_block(found: Scored, cutoffs: Floats) -> Floats | None:
    """Σw approved at each cut-off by block of repeated applicants; None where rows do not repeat.

    Shape (64, 1 + groups + groups, cut-offs + 1, 3): everyone, each group, and each group's
    reference without the group's rows; after the last cut-off stands everyone with a score.
    """
    table = found.table
    if table is None or not isinstance(table.rows, CodedRows) or "block" not in table.rows.codes:
        return None
    rows, key = table.rows, f"protected:{found.attribute}"
    assert rows.score is not None  # `scored` asked
    keep = ~np.isnan(rows.score)
    value = rows.score[keep]
    # cut-offs run from the strictest on: the first that approves is how many refuse
    if found.higher:
        place = len(cutoffs) - np.searchsorted(cutoffs[::-1], value, "right")
    else:
        place = np.searchsorted(cutoffs, value, "right")
    outcome = rows.codes.get("outcome")
    last = np.full(len(value), UNKNOWN) if outcome is None else outcome[keep].astype(np.int64)
    mass = np.ones(len(value)) if rows.weight is None else rows.weight[keep] / rows.weight.max()
    if rows.count is not None:
        mass = mass * rows.count[keep]
    levels = table.axes[key].levels
    size = len(cutoffs) + 1
    cell = rows.codes["block"][keep].astype(np.int64)
    for width, part in ((len(levels), rows.codes[key][keep]), (size, place), (3, last)):
        cell = cell * width + part
    shape = (BLOCKS, len(levels), size, 3)
    counted = np.bincount(cell, mass, minlength=math.prod(shape)).reshape(shape)
    counted = np.cumsum(counted, axis=2)
    own = belonging(table.roles, (found.attribute,), (levels,))
    members = np.eye(len(levels), dtype=bool) if own.members is None else own.members
    sides = [np.ones(len(levels), dtype=bool), *members]
    for inside in members:
        other = members[found.reference] if found.reference is not None else inside
        sides.append(other & ~inside)
    return np.stack([counted[:, inside].sum(axis=1) for inside in sides], axis=1)
