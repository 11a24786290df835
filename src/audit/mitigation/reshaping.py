"""Skewed amounts on another scale, in their own order: for models that are linear in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

KINDS = ("log", "quantile", "clip")
"""Logarithm; share of the training rows below; cut at the 1st and 99th percentile."""
KNOTS = 200
"""Quantiles kept."""
DISTINCT = 20
"""Distinct values from which a number may be an amount."""
SKEWED = 1.0
"""Skewness from which an amount is reshaped."""


class Reshaped(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Columns on another scale, centred and of spread 1; the others as they are.

    Every kind keeps the order of values, and what is missing stays missing.

    >>> import pandas as pd
    >>> income = pd.DataFrame({"income": [0.0, 9.0, 99.0, 999.0]})
    >>> Reshaped("log", ("income",)).fit_transform(income)["income"].round(2).tolist()
    [-0.82, -0.73, -0.11, 1.66]
    """

    def __init__(self, kind: str = "log", columns: tuple[str, ...] = ()) -> None:
        """Take "log", "quantile" or "clip", and the columns."""
        self.kind, self.columns = kind, columns

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Learn each column's scale."""
        self.scales_ = {}
        for name in self.columns:
            values = X[name].to_numpy(np.float64)
            known = values[~np.isnan(values)]
            scale: dict[str, Any] = {}
            if self.kind == "log":
                sizes = np.abs(known[known != 0])
                scale["unit"] = float(np.median(sizes)) if len(sizes) else 1.0
            elif self.kind == "quantile":
                shares = np.linspace(0, 1, min(KNOTS, max(len(known), 2)))
                knots = np.quantile(known, shares) if len(known) else np.zeros(len(shares))
                kept, first, times = np.unique(knots, return_index=True, return_counts=True)
                scale["knots"] = kept
                scale["shares"] = shares[first] + (shares[1] - shares[0]) * (times - 1) / 2
            else:
                ends = np.quantile(known, [0.01, 0.99]) if len(known) else np.zeros(2)
                scale["low"], scale["high"] = float(ends[0]), float(ends[1])
            moved = self._moved(known, scale)
            scale["centre"] = float(moved.mean()) if len(moved) else 0.0
            scale["spread"] = float(moved.std()) or 1.0 if len(moved) else 1.0
            self.scales_[name] = scale
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:  # noqa: N803
        """The same columns, these on their new scale."""
        found = {}
        for name, scale in self.scales_.items():
            moved = self._moved(X[name].to_numpy(np.float64), scale)
            found[name] = (moved - scale["centre"]) / scale["spread"]
        return X.assign(**found)

    def _moved(self, values: Floats, scale: dict[str, Any]) -> Floats:
        moved: Floats
        if self.kind == "log":
            # log(1 + |value| / unit), where the quotient itself may be beyond any float; the
            # logarithm of an amount of 0 is −inf, as meant, and what is missing stays so
            with np.errstate(divide="ignore", invalid="ignore"):
                over = np.log(np.abs(values)) - np.log(scale["unit"])
                moved = np.sign(values) * np.logaddexp(0.0, over)
        elif self.kind == "quantile":
            moved = np.interp(values, scale["knots"], scale["shares"])
            moved[np.isnan(values)] = np.nan  # a lone knot would answer for what is missing
        else:
            moved = np.clip(values, scale["low"], scale["high"])
        return moved


def skewed(frame: pd.DataFrame) -> tuple[str, ...]:
    """Number columns of many values whose skewness is beyond ±1.

    >>> import pandas as pd
    >>> skewed(pd.DataFrame({"a": [float(2**i) for i in range(30)], "b": range(30)}))
    ('a',)
    """
    found = []
    for name in frame.columns:
        if frame[name].dtype.kind not in "iuf":
            continue
        values = frame[name].to_numpy(np.float64)
        values = values[np.isfinite(values)]
        if len(np.unique(values)) <= DISTINCT:
            continue
        apart = values - values.mean()
        spread = float(np.sqrt((apart**2).mean()))
        if spread > 0 and abs(float((apart**3).mean()) / spread**3) > SKEWED:
            found.append(str(name))
    return tuple(found)
