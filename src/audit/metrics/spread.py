"""How far the rates of all groups lie apart, less what sampling noise alone would show.

The variance of estimated rates is too large by the mean variance of the estimates: with many
small groups it is far above 0 though all true rates are equal, and so are the largest gap and
every other measure of spread. Lum, Zhang & Bower (De-biasing "bias" measurement, FAccT 2022,
doi:10.1145/3531146.3533105) take that mean away. They correct the variance; a largest gap has no
such correction and needs limits for all pairs (`audit.inference.worst_gap_interval`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audit.metrics.metric import Array


def between_group_variance(part: npt.ArrayLike, whole: npt.ArrayLike) -> Array:
    """Variance of the true rates over k groups (last axis), with sampling variance removed.

    Σ(p − p̄)²/(k − 1) − (1/k)·Σ p(1 − p)/(n − 1), where p = part/whole and n = whole. With n − 1
    in the noise the expectation is the true variance exactly, whatever the rates and
    sizes. It can fall below 0: the groups then differ less than noise alone would make them.
    Groups of no rows are left out; nan where fewer than two remain or one has a single row, whose
    noise cannot be told.

    >>> round(float(between_group_variance([30, 45, 60], [100, 100, 100])), 6)
    0.020152
    >>> round(float(between_group_variance([30, 31, 29], [100, 100, 100])), 6)
    -0.002021
    """
    x, n = np.broadcast_arrays(
        np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    )
    there = n > 0
    k = there.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(there, x / n, 0.0)
        mean = rate.sum(axis=-1) / k
        apart = np.where(there, (rate - mean[..., None]) ** 2, 0.0).sum(axis=-1) / (k - 1)
        noise = np.where(there, rate * (1 - rate) / np.where(n > 1, n - 1, np.nan), 0.0)
        found = apart - noise.sum(axis=-1) / k
    return np.where(k > 1, found, np.nan)


def group_variance(part: Array, whole: Array) -> Array:
    """`between_group_variance`, nan where it is not above 0: no spread beyond sampling noise."""
    found = between_group_variance(part, whole)
    return np.where(found > 0, found, np.nan)


def group_deviation(part: Array, whole: Array) -> Array:
    """Its square root, in the rate's own unit."""
    return np.sqrt(group_variance(part, whole))
