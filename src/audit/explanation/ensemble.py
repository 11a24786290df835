"""Tree ensembles as flat arrays, whatever library grew them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ensemble:
    """Trees as flat arrays, one entry a node; output = base + the sum of the leaves reached.

    A row goes left where its value ≤ threshold, or, at a categorical node, where its category is
    in the node's set.
    """

    roots: Ints
    """Each tree's first node."""
    left: Ints
    """Left child; -1 at a leaf."""
    right: Ints
    """Right child; -1 at a leaf."""
    column: Ints
    """Column compared; -1 at a leaf."""
    threshold: Floats
    """Compared with; nan at a leaf or a categorical node."""
    missing_left: Flags
    """Whether nan goes left."""
    value: Floats
    """A leaf's value, learning rate and averaging over trees included; 0 elsewhere."""
    cover: Floats
    """Training rows (or their weight) that reached the node, as the library itself counts them."""
    base: float
    """What the output starts from."""
    scale: str
    """"log-odds" or "probability" of class index 1, or "output" of a regressor."""
    columns: int
    """Columns of the matrix that the trees compare with."""
    single: bool = False
    """Whether rows are rounded to float32 before they are compared."""
    category: Ints | None = None
    """Index into `sets` at a categorical node, else -1; None without such nodes."""
    sets: tuple[Flags, ...] = ()
    """By categorical node: whether category 0, 1, … goes left."""
    other_left: Flags = field(default_factory=lambda: np.zeros(0, np.bool_))
    """By set: whether a category beyond the set (or below 0) goes left."""
    zero_left: npt.NDArray[np.int8] | None = None
    """1 or 0 where a zero counts as missing and goes left or right, else -1; None without."""
