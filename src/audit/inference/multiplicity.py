"""Several tests at once: Holm for what was planned, Benjamini-Hochberg for exploration."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audit.inference.checks import Floats

__all__ = ["benjamini_hochberg", "holm"]


def holm(p_values: npt.ArrayLike) -> Floats:
    """Holm's adjusted p-values (Scandinavian Journal of Statistics 6, 1979, 65-70).

    Rejecting where the adjusted p is below α errs anywhere in the family with chance at most α,
    whatever the dependence. nan stays nan and is not counted. Shape (tests,).

    >>> holm([0.01, 0.04, float("nan"), 0.03])
    array([0.03, 0.06,  nan, 0.06])
    """
    p = np.asarray(p_values, dtype=np.float64)
    out = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = np.arange(order.size, 0, -1)
    out[order] = np.minimum(np.maximum.accumulate(p[order] * steps), 1.0)
    return out


def benjamini_hochberg(p_values: npt.ArrayLike) -> Floats:
    """Benjamini & Hochberg's adjusted p-values (JRSS B 57, 1995, 289-300).

    Rejecting where the adjusted p is below α keeps the expected share of false findings at α
    for independent or positively dependent tests. nan stays nan and is not counted.

    >>> benjamini_hochberg([0.01, 0.04, float("nan"), 0.03])
    array([0.03, 0.04,  nan, 0.04])
    """
    p = np.asarray(p_values, dtype=np.float64)
    out = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    scaled = p[order] * (order.size / np.arange(1, order.size + 1))
    out[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return out
