"""Weights of training rows that press a model's scores of two groups together.

A fairness penalty for any learner that takes weights: the weights say how strongly, the model
learned never reads the group.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audit.mitigation.weighing import independent

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def pressed(
    codes: Ints, good: Flags, mass: Floats, *, behind: int, ahead: int, strength: float
) -> Floats:
    """Factors of weight under a penalty of λ on the distance between two groups' approval.

    Under the constraint that group and score be uncorrelated, the labels to learn from are the
    observed ones at odds e^(λc), c being 1 in the group behind and −W(behind)/W(ahead) in the one
    ahead: rows with a good outcome weigh 2σ(λc), those with a bad one 2σ(−λc), σ the logistic
    function (Jiang and Nachum, Identifying and correcting label bias in machine learning, AISTATS
    2020, 702-712, proposition 1). Other groups keep their weight.

    >>> pressed(np.array([0, 0, 1]), np.array([True, False, True]), np.array([1., 1., 4.]),
    ...         behind=0, ahead=1, strength=1.0).round(3)
    array([1.462, 0.538, 0.755])
    """
    in_behind, in_ahead = codes == behind, codes == ahead
    lacking, leading = float(mass[in_behind].sum()), float(mass[in_ahead].sum())
    side = np.zeros(len(codes))
    if lacking > 0 and leading > 0:
        side[in_behind], side[in_ahead] = 1.0, -lacking / leading
    pull = strength * np.where(good, side, -side)
    factor: Floats = 2.0 / (1.0 + np.exp(-pull))
    return factor


def weights(
    codes: Ints,
    good: Flags,
    mass: Floats,
    *,
    behind: int,
    ahead: int,
    reweighing: float = 0.0,
    penalty: float = 0.0,
) -> Floats:
    """Mass times both factors: reweighing at a strength from 0 to 1, and a penalty from 0 up."""
    found = mass.astype(np.float64)
    if reweighing > 0:
        found = found * (1 + reweighing * (independent(codes, good, mass) - 1))
    if penalty > 0:
        found = found * pressed(codes, good, mass, behind=behind, ahead=ahead, strength=penalty)
    return found
