"""Distances between two groups' score distributions, and values over all groups' scores.

They compare what a group's scores are, not how well they predict: no outcome is needed, and a
score or amount in any unit will do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.metrics.soft_rates import (
    generalized_false_positive_rate,
    generalized_true_positive_rate,
)
from audit.tally.distribution import Distribution

Floats = npt.NDArray[np.float64]


def _shares(one: Distribution, other: Distribution) -> tuple[Floats, Floats, Floats]:
    """All values of both, ascending, and the share of each distribution at or below them."""
    values = np.union1d(one.values, other.values)
    below = []
    for d in (one, other):
        weight = np.asarray(d.counts, dtype=np.float64).sum(axis=-1)
        reached = np.concatenate([[0.0], np.cumsum(weight)])
        below.append(reached[np.searchsorted(d.values, values, side="right")] / reached[-1])
    return values, below[0], below[1]


def _empty(*distributions: Distribution) -> bool:
    return any(not np.asarray(d.counts).sum() > 0 for d in distributions)


def score_ks_distance(group: Distribution, reference: Distribution) -> float:
    """Largest gap between the two cumulative distributions, from 0 to 1."""
    if _empty(group, reference):
        return math.nan
    _, one, other = _shares(group, reference)
    return float(np.abs(one - other).max())


def score_wasserstein_distance(group: Distribution, reference: Distribution) -> float:
    """Area between the two cumulative distributions, in the column's unit.

    It is how far scores would have to move, on average, to make the two alike.
    """
    if _empty(group, reference):
        return math.nan
    values, one, other = _shares(group, reference)
    return float((np.abs(one - other)[:-1] * np.diff(values)).sum())


def generalized_equalized_odds_difference(groups: Sequence[Distribution]) -> float:
    """The larger of the spreads (max − min over groups) of the two generalized rates."""
    if len(groups) < 2:
        return math.nan
    spreads = []
    for rate in (generalized_true_positive_rate, generalized_false_positive_rate):
        values = np.array([float(rate(d)) for d in groups])
        spreads.append(float(values.max() - values.min()))
    return math.nan if any(map(math.isnan, spreads)) else max(spreads)


def lowest(of_scores: Callable[[Distribution], Any]) -> Callable[[Sequence[Distribution]], float]:
    """The smallest value of a score measure over groups; nan where a group has none."""

    def group_min(groups: Sequence[Distribution]) -> float:
        return float(np.min([float(of_scores(d)) for d in groups])) if groups else math.nan

    return group_min


def highest(of_scores: Callable[[Distribution], Any]) -> Callable[[Sequence[Distribution]], float]:
    """The largest value of a score measure over groups; nan where a group has none."""

    def group_max(groups: Sequence[Distribution]) -> float:
        return float(np.max([float(of_scores(d)) for d in groups])) if groups else math.nan

    return group_max
