"""Rows counted into cells, and shares of them: by rows, effective rows, or blocks of applicants."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.inference.stack import Proportions, proportions
from audit.metrics.metric import Share
from audit.table.roles import BLOCKS
from audit.tally.overlap import gathered

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Masses:
    """What each row counts for; shape (rows,) each."""

    count: Array | None = None
    """Frequencies, 0 for rows that stand apart."""
    weight: Floats | None = None
    """Sampling weights, the largest 1."""
    block: Array | None = None
    """Hashed blocks of repeated applicants, 0..63."""

    def __getitem__(self, rows: Array) -> Masses:
        """The same for some rows."""
        return Masses(
            count=None if self.count is None else self.count[rows],
            weight=None if self.weight is None else self.weight[rows],
            block=None if self.block is None else self.block[rows],
        )

    @property
    def each(self) -> Array | None:
        """count × weight; None where every row counts 1."""
        if self.weight is None or self.count is None:
            return self.count if self.weight is None else self.weight
        return np.asarray(self.count * self.weight)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Counts by some first axis, and last a table of 2 × 2."""

    n: npt.NDArray[np.int64]
    """Rows."""
    w: Floats | None
    """Σw."""
    w2: Floats | None
    """Σw²."""
    blocks: Floats | None
    """By hashed block: one axis more in front."""

    def over(self, members: Flags) -> Cells:
        """Sums over the first axis, one a row of `members`."""

        def summed(array: Any, axis: int = 0) -> Any:
            return None if array is None else gathered(array, members, axis)

        return Cells(
            n=summed(self.n), w=summed(self.w), w2=summed(self.w2), blocks=summed(self.blocks, 1)
        )

    def flat(self, all_first: bool) -> Cells:
        """The first two axes as one; before it, with `all_first`, the sum over the second."""

        def flattened(array: Any) -> Any:
            if array is None:
                return None
            whole = array.sum(axis=-3, keepdims=True)
            array = np.concatenate([whole, array], axis=-3) if all_first else whole
            return array.reshape(*array.shape[:-4], -1, 2, 2)

        return Cells(
            n=flattened(self.n),
            w=flattened(self.w),
            w2=flattened(self.w2),
            blocks=flattened(self.blocks),
        )

    def rate(self, part: Callable[[Any], Any], whole: Callable[[Any], Any]) -> Proportions:
        """A share of each table, with the counts its interval rests on."""
        return proportions(self, lambda t: Share(part(t.cells), whole(t.cells)))


def counted(cell: Array, shape: tuple[int, ...], masses: Masses) -> Cells:
    """Rows by cell, an index into `shape`; Σw, Σw² and blocks where there are any."""
    length = math.prod(shape)
    n = np.bincount(cell, masses.count, minlength=length).reshape(shape)
    w: Floats | None = None
    w2: Floats | None = None
    blocks: Floats | None = None
    each = masses.each
    if masses.weight is not None and each is not None:
        w = np.bincount(cell, each, minlength=length).astype(np.float64).reshape(shape)
        w2 = np.bincount(cell, each * masses.weight, minlength=length).astype(np.float64)
        w2 = w2.reshape(shape)
    if masses.block is not None:
        place = cell + masses.block.astype(np.int64) * length
        blocks = np.bincount(place, each, minlength=BLOCKS * length).astype(np.float64)
        blocks = blocks.reshape(BLOCKS, *shape)
    return Cells(n=n.astype(np.int64), w=w, w2=w2, blocks=blocks)
