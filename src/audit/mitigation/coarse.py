"""Columns brought to the bins that a histogram booster makes of them anyway.

scikit-learn's histogram boosting (1.8 and later) finds each bin of a weighted fit by a pass over
the rows: 255 passes a column, a hundred times the rest of the training. A column of at most 255
values has none to find. The bins here are those of a fit without weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from audit.mitigation.families import last_of

Floats = npt.NDArray[np.float64]


class Coarse:
    """Each value replaced by the lowest one of its bin in training; gaps stay gaps.

    >>> coarse = Coarse({"income": (np.array([2.0]), np.array([1.0, 3.0]))})
    >>> coarse.transform(pd.DataFrame({"income": [1, 2, 3, 9]}))["income"].tolist()
    [1.0, 1.0, 3.0, 3.0]
    """

    def __init__(self, bins: Mapping[str, tuple[Floats, Floats]]) -> None:
        """By column: the upper edges of all bins but the last, and each bin's lowest value."""
        self.bins = dict(bins)

    def transform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A copy with these columns changed."""
        changed = {}
        for name, (edges, lowest) in self.bins.items():
            values = frame[name].to_numpy(np.float64)
            found = lowest[np.searchsorted(edges, values, side="left").clip(0, len(edges))]
            changed[name] = np.where(np.isnan(values), np.nan, found)
        return frame.assign(**changed)


def coarse(estimator: Any, inputs: pd.DataFrame) -> Coarse | None:
    """Bins for an estimator that makes bins itself; None for any other, or where it has no need."""
    last, _ = last_of(estimator)
    if not type(last).__name__.startswith("HistGradientBoosting"):
        return None
    bins = {}
    for name in inputs.columns:
        if inputs[name].dtype.kind not in "iuf":
            continue
        values = inputs[name].to_numpy(np.float64)
        values = np.sort(values[~np.isnan(values)])
        if len(np.unique(values)) > last.max_bins:
            bins[str(name)] = _bins(values, last.max_bins)
    return Coarse(bins) if bins else None


def _bins(values: Floats, most: int) -> tuple[Floats, Floats]:
    shares = np.linspace(0, 100, most + 1)[1:-1]
    edges = np.unique(np.percentile(values, shares, method="averaged_inverted_cdf"))
    edges = edges[edges < values[-1]]  # no empty last bin
    first = np.searchsorted(values, edges, side="right")
    return edges, values[np.concatenate([[0], first])]
