"""Fewer, equally filled score values: what a bootstrap of the cells can afford."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from audit.tally.distribution import Distribution


def coarsen(distribution: Distribution, size: int) -> Distribution:
    """Merge neighbouring values into at most `size` groups of about equal weight.

    Each merged value is the weighted mean of its members, so means stay exact; `sum` and
    `sum_squares` keep those of the rows. Fewer values than `size` are left alone.

    >>> d = Distribution(attribute=(), group=(), column="s", higher_is_better=True,
    ...     values=np.arange(4.0), counts=np.ones((4, 3)), rows=12, total=12.0, sum=18.0,
    ...     sum_squares=42.0, weight_squared=12.0, missing=0, exact=True)
    >>> coarsen(d, 2).values
    array([0.5, 2.5])
    """
    mass = distribution.by_value
    if len(distribution.values) <= size or not mass.sum() > 0:
        return distribution
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    owner = np.minimum((middle * size).astype(np.int64), size - 1)
    starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    counts = np.add.reduceat(distribution.counts, starts, axis=0)
    total = counts.sum(axis=1)
    weighted = np.add.reduceat(mass * distribution.values, starts)
    plain = distribution.values[starts]
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.where(total > 0, weighted / total, plain)
    return replace(distribution, values=values, counts=counts)
