"""The distribution of a score within one group: what score metrics read."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from audit.table.roles import Group

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Distribution:
    """How a group's scores are spread, by outcome: exact values, or bins fixed in advance."""

    attribute: tuple[str, ...]
    """The protected attribute; () for everyone together."""
    group: Group
    """The group."""
    column: str
    """The score, risk or amount column."""
    higher_is_better: bool
    """Whether a higher value favours the applicant."""
    values: Floats
    """Ascending: distinct values (exact), or the bins' midpoints."""
    counts: Floats
    """Σw (or rows) by value and outcome (favourable, unfavourable, unknown), shape (values, 3)."""
    rows: int
    """Rows with a value."""
    total: float
    """Σ of weights of the rows with a value (= rows without weights)."""
    sum: float
    """Σ w·value, from the rows themselves."""
    sum_squares: float
    """Σ w·value²."""
    weight_squared: float
    """Σ w² (= rows without weights)."""
    missing: int
    """Rows without a value."""
    exact: bool
    """False where values are bins' midpoints; `edges` then bound the error."""
    edges: tuple[float, ...] = ()
    """Bin edges where not exact."""
    parts: tuple[Distribution, ...] = ()
    """The patterns of memberships that a group is the sum of, where groups may share rows."""
    named: bool = True
    """False for a group that never decides: missing, or "none of them"."""
    _sums: dict[str, Floats] = field(default_factory=dict, init=False, repr=False)
    """What `by_value` and `known_by_value` have added up."""

    @property
    def by_value(self) -> Floats:
        """Σw (or rows) by value, whatever the outcome; added up once, since all metrics ask."""
        if "all" not in self._sums:
            self._sums["all"] = self.known_by_value + self.counts[:, 2]
        return self._sums["all"]

    @property
    def known_by_value(self) -> Floats:
        """Σw (or rows) by value with a known outcome."""
        if "known" not in self._sums:
            self._sums["known"] = self.counts[:, 0] + self.counts[:, 1]
        return self._sums["known"]

    def approved(self, cutoffs: npt.ArrayLike) -> Floats:
        """Σw (or rows) that each cut-off approves by outcome, shape (cut-offs, 3).

        At or above it where a higher value favours the applicant, else below it.
        """
        below = np.concatenate([np.zeros((1, 3)), np.cumsum(self.counts, axis=0)])
        under: Floats = below[np.searchsorted(self.values, cutoffs, "left")]
        return np.maximum(below[-1] - under, 0.0) if self.higher_is_better else under
