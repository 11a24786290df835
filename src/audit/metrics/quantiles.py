"""Quantiles of a score or amount within one group.

The averaged inverse of the distribution function (Hyndman & Fan 1996, definition 2): the smallest
value that a share q of the rows does not exceed, or, where the share is met exactly, the middle
between it and the next value. Repeating every row, or scaling weights, changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.tally.distribution import Distribution

Floats = npt.NDArray[np.float64]

CRUMBS = 1e-12
"""Share of the total within which a cumulative weight counts as met: sums of floats round."""


def _weight(d: Distribution) -> Floats:
    if np.ndim(d.counts) == 2:
        return d.by_value
    return np.asarray(np.asarray(d.counts, dtype=np.float64).sum(axis=-1))


def quantile(d: Distribution, share: float) -> Any:
    """The value that a share of the rows does not exceed, in the column's own direction and unit.

    Where values are bins, linear inside the bin: it is off by less than the bin's width. Leading
    axes of `counts` (bootstrap replicates) stay; nan without rows.

    >>> d = Distribution(attribute=(), group=(), column="s", higher_is_better=True,
    ...     values=np.array([1.0, 2.0, 4.0]), counts=np.diag([1.0, 1, 2]), rows=4,
    ...     total=4.0, sum=11.0, sum_squares=37.0, weight_squared=4.0, missing=0, exact=True)
    >>> float(quantile(d, 0.5)), float(quantile(d, 0.6))
    (3.0, 4.0)
    """
    weight = _weight(d)
    if weight.shape[-1] == 0:
        return np.full(weight.shape[:-1], math.nan)[()]
    reached = np.cumsum(weight, axis=-1)
    total = reached[..., -1:]
    goal, crumbs = share * total, CRUMBS * total
    last = weight.shape[-1] - 1
    first = np.minimum((reached < goal - crumbs).sum(axis=-1), last)
    if d.exact:
        after = np.minimum((reached <= goal + crumbs).sum(axis=-1), last)
        found = d.values[first] + (d.values[after] - d.values[first]) / 2
    else:
        edges = np.asarray(d.edges)
        here = np.take_along_axis(weight, first[..., None], axis=-1)[..., 0]
        upto = np.take_along_axis(reached, first[..., None], axis=-1)[..., 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.clip(1 - (upto - goal[..., 0]) / here, 0.0, 1.0)
        found = edges[first] + (edges[first + 1] - edges[first]) * part
    return np.where(total[..., 0] > 0, found, math.nan)[()]


def score_10th_percentile(d: Distribution) -> Any:
    """The value that a tenth of the group does not exceed."""
    return quantile(d, 0.10)


def score_25th_percentile(d: Distribution) -> Any:
    """The value that a quarter of the group does not exceed."""
    return quantile(d, 0.25)


def score_median(d: Distribution) -> Any:
    """The value that half of the group does not exceed."""
    return quantile(d, 0.50)


def score_75th_percentile(d: Distribution) -> Any:
    """The value that three quarters of the group do not exceed."""
    return quantile(d, 0.75)


def score_90th_percentile(d: Distribution) -> Any:
    """The value that nine tenths of the group do not exceed."""
    return quantile(d, 0.90)


SHARES: Mapping[str, float] = {
    "score_10th_percentile": 0.10,
    "score_25th_percentile": 0.25,
    "score_median": 0.50,
    "score_75th_percentile": 0.75,
    "score_90th_percentile": 0.90,
}
"""Share of each quantile, by its key."""

QUANTILES: tuple[tuple[Callable[[Distribution], Any], str, str, str], ...] = (
    (score_10th_percentile, "Q10", "10th percentile of the score", "a tenth"),
    (score_25th_percentile, "Q25", "25th percentile of the score", "a quarter"),
    (score_median, "Q50", "Median score", "half"),
    (score_75th_percentile, "Q75", "75th percentile of the score", "three quarters"),
    (score_90th_percentile, "Q90", "90th percentile of the score", "nine tenths"),
)
"""Function, symbol, title and share in words."""
