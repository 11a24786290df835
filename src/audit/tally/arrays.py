"""Cells from bare code arrays, for functions that take arrays and never see a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.table.roles import Group
from audit.tally.assembly import exponent_of
from audit.tally.cube import Cells

Codes = npt.NDArray[Any]


def of_arrays(
    decision_codes: Codes,
    outcome_codes: Codes,
    group_codes: Codes,
    groups: Sequence[Group],
    weight: npt.NDArray[np.float64] | None = None,
    *,
    attribute: tuple[str, ...] = ("group",),
) -> Cells:
    """Decision × outcome counts of each group.

    Codes are arrays of one length: decision and outcome 0 favourable, 1 unfavourable,
    2 undecided / unknown; group an index into `groups`. Weights are scaled by a power of two
    where their squares would leave the range of floats, which changes no rate.

    >>> of_arrays(np.array([0, 1]), np.array([0, 2]), np.array([0, 0]), [("f",)]).n[0].tolist()
    [[1, 0, 0], [0, 0, 1], [0, 0, 0]]
    """
    cell = (np.asarray(group_codes, np.int64) * 3 + decision_codes) * 3 + outcome_codes
    shape = (len(groups), 3, 3)
    size = 9 * len(groups)
    w: npt.NDArray[Any] | None = None
    w2: npt.NDArray[Any] | None = None
    if weight is not None:
        weight = np.asarray(weight, np.float64)
        exponent = exponent_of(float(weight.max(initial=0.0)))
        if exponent:
            weight = np.ldexp(weight, -exponent)
        w = np.bincount(cell, weights=weight, minlength=size).reshape(shape)
        w2 = np.bincount(cell, weights=weight * weight, minlength=size).reshape(shape)
    return Cells(
        attribute=attribute,
        groups=tuple(groups),
        n=np.bincount(cell, minlength=size).astype(np.int64).reshape(shape),
        w=w,
        w2=w2,
    )
