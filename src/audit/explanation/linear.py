"""A linear score's values in closed form: coefficient × (value − background mean)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def coefficients(model: Any, width: int) -> tuple[Floats, float] | None:
    """A fitted linear estimator's coefficients and intercept; None for any other.

    That its score is what they say is not taken on trust: the caller compares it with the
    model's answers.

    >>> from sklearn.linear_model import LinearRegression
    >>> found = coefficients(LinearRegression().fit([[0.0], [1.0]], [1.0, 3.0]), 1)
    >>> found[0].round(6), round(found[1], 6)
    (array([2.]), 1.0)
    """
    try:
        coef, intercept = model.coef_, getattr(model, "intercept_", 0.0)
    except AttributeError:
        return None
    if hasattr(coef, "toarray"):
        coef = coef.toarray()
    weights, start = np.asarray(coef), np.asarray(intercept)
    if weights.dtype.kind not in "biuf" or start.dtype.kind not in "biuf":
        return None
    if weights.shape not in ((width,), (1, width)) or start.size != 1:
        return None
    return weights.reshape(-1).astype(np.float64), float(start.reshape(-1)[0])


def contributions(matrix: Any, weights: Floats, owner: Ints, features: int) -> Floats:
    """Coefficient × value summed over the columns of each source, shape (rows, features).

    `matrix` may be sparse. Columns that nobody owns never vary and contribute nothing to a
    difference; they are left out.
    """
    out = np.zeros((matrix.shape[0], features))
    for j in range(features):
        columns = np.flatnonzero(owner == j)
        if len(columns):
            out[:, j] = np.asarray(matrix[:, columns] @ weights[columns]).ravel()
    return out
