"""Selective labels: what can still be said where only the approved have outcomes.

A denied applicant never showed whether they would have repaid, so error rates are undefined;
assuming that none, or all, of the denied would have repaid bounds them (Manski's worst cases).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.inference.checks import Floats

__all__ = ["false_positive_rate_bounds", "true_positive_rate_bounds"]


def _share(value: npt.ArrayLike, argument: str) -> Floats:
    share = np.asarray(value, dtype=np.float64)
    bad = (share < 0) | (share > 1)
    if bad.any():
        raise InputError(
            "INF007",
            "a share lies between 0 and 1",
            argument=argument,
            count=int(bad.sum()),
            first=int(np.flatnonzero(bad)[0]),
            fix="divide the counts",
        )
    return share


def true_positive_rate_bounds(
    approved: npt.ArrayLike, repaid: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """Bounds of TPR = P(approved | would repay): [aq/(aq+1-a), 1], by broadcasting.

    `approved` is a = P(approved), `repaid` q = P(repaid | approved). The lower bound takes every
    denied applicant as one who would have repaid. nan where it is 0/0 (a = 1, q = 0).
    Raises `InputError` INF007 outside [0, 1].

    >>> low, high = true_positive_rate_bounds(0.6, 0.9)
    >>> round(float(low), 4), float(high)
    (0.5745, 1.0)
    """
    a, q = _share(approved, "approved"), _share(repaid, "repaid")
    good = a * q
    with np.errstate(divide="ignore", invalid="ignore"):
        low = good / (good + (1 - a))
    return low[()], np.where(np.isnan(low), np.nan, 1.0)[()]


def false_positive_rate_bounds(
    approved: npt.ArrayLike, repaid: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """Bounds of FPR = P(approved | would default): [a(1-q)/(a(1-q)+1-a), 1], by broadcasting.

    >>> low, high = false_positive_rate_bounds(0.6, 0.9)
    >>> round(float(low), 4), float(high)
    (0.1304, 1.0)
    """
    return true_positive_rate_bounds(approved, 1 - _share(repaid, "repaid"))
