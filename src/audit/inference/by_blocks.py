"""Means of a score where applicants repeat: block jackknives from sums by block.

A block's sums are Σw, Σw·x and Σw·x² of its rows, x measured from one centre for all groups, so
that nothing is lost to rounding. Shape (blocks, 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.inference.amounts import REPEATED
from audit.inference.by_group import JACKKNIFE
from audit.inference.clusters import Jackknifed, jackknife
from audit.inference.estimate import NAN, Estimate
from audit.metrics.quantiles import SHARES

Floats = npt.NDArray[np.float64]
BlockSums = Mapping[tuple[Any, ...], Floats]
"""Sums by block by (attribute, group), and where groups share rows by (attribute, reference,
group): the reference's without the group's."""

ONE_BLOCK = "all rows belong to one block of applicants, so their spread is unknown"


def _left(sums: Floats, filled: npt.NDArray[np.bool_]) -> Floats:
    """The sums with each block left out in turn, shape (blocks, 3)."""
    left: Floats = sums.sum(axis=0) - sums[filled]
    return left


def clustered_mean(sums: Floats, value: float, level: float) -> Jackknifed:
    """Limits of a mean around its value.

    >>> sums = np.array([[2.0, 1.0, 1.0], [2.0, 3.0, 5.0], [2.0, 2.0, 2.0]])
    >>> found = clustered_mean(sums, 1.0, 0.95)
    >>> round(float(found.low), 3), round(float(found.high), 3)
    (-0.242, 2.242)
    """
    left = _left(sums, sums[:, 0] > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return jackknife(left[:, 1] / left[:, 0], value, level)


def clustered_difference(
    sums: Floats, reference: Floats, value: float, level: float, *, standardized: bool = False
) -> Jackknifed:
    """Limits and p-value of a difference of means, or of a standardised one.

    Blocks are shared: leaving one out takes its applicants out of both groups.
    """
    filled = (sums[:, 0] > 0) | (reference[:, 0] > 0)
    one, other = _left(sums, filled), _left(reference, filled)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap: Any = one[:, 1] / one[:, 0] - other[:, 1] / other[:, 0]
        if standardized:
            inside = sum(t[:, 2] - t[:, 1] ** 2 / t[:, 0] for t in (one, other))
            gap = gap / np.sqrt(inside / (one[:, 0] + other[:, 0]))
        return jackknife(gap, value, level)


def clustered_ratio(
    sums: Floats, reference: Floats, centre: float, value: float, level: float
) -> Jackknifed:
    """Limits and p-value of a ratio of means, on the log scale; `centre` was subtracted in sums.

    >>> sums = np.array([[2.0, 1.0, 1.0], [2.0, 3.0, 5.0], [2.0, 2.0, 2.0]])
    >>> found = clustered_ratio(sums, sums[::-1] + 1, 5.0, 0.96, 0.95)
    >>> bool(found.low < 0.96 < found.high)
    True
    """
    filled = (sums[:, 0] > 0) | (reference[:, 0] > 0)
    one, other = _left(sums, filled), _left(reference, filled)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = [centre + t[:, 1] / t[:, 0] for t in (one, other)]
        found = jackknife(np.log(means[0] / means[1]), np.log(value), level)
    return found._replace(low=np.exp(found.low), high=np.exp(found.high))


def _compared(sums: BlockSums, estimate: Estimate) -> Floats:
    """Sums of what a group is compared with."""
    attribute, reference = estimate.attribute, estimate.reference or ()
    apart = sums.get((attribute, reference, estimate.group))
    return sums[(attribute, reference)] if apart is None else apart


def clustered(estimate: Estimate, sums: BlockSums | None) -> Estimate:
    """The estimate of a mean, or of a difference of means, with a block jackknife's limits.

    Any other is returned as it is, and so is one that is undefined.
    """
    own = None if sums is None else sums.get((estimate.attribute, estimate.group))
    if sums is None or own is None or estimate.value != estimate.value:
        return estimate
    if estimate.metric == "mean_score":
        found = clustered_mean(own, estimate.value, level=estimate.level)
        p = NAN
    elif estimate.metric in ("mean_score_difference", "standardized_mean_difference"):
        other = _compared(sums, estimate)
        found = clustered_difference(
            own,
            other,
            estimate.value,
            estimate.level,
            standardized=estimate.metric == "standardized_mean_difference",
        )
        p = float(found.p_value)
    elif estimate.metric == "mean_score_ratio":
        # sums are measured from one centre: both means minus it
        other = _compared(sums, estimate)
        centre = estimate.reference_value - float(other[:, 1].sum() / other[:, 0].sum())
        found = clustered_ratio(own, other, centre, estimate.value, estimate.level)
        p = float(found.p_value)
    elif estimate.metric.removesuffix("_difference") in SHARES:
        # the spread of a quantile would need the rows of every block
        return replace(estimate, low=NAN, high=NAN, p_value=NAN, method="", reason=REPEATED)
    else:
        return estimate
    low, high = float(found.low), float(found.high)
    reason = estimate.reason if low == low else ONE_BLOCK
    return replace(estimate, low=low, high=high, p_value=p, method=JACKKNIFE, reason=reason)
