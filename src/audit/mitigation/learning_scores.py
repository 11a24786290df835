"""Errors of held-out people, each with the influence that every person has on it.

A mean moves by (own value less mean)/n when a person is taken again; sums of squared influences
are the variance of the error, of a difference of two errors on the same people, and of a gap
between groups alike. The influence on an AUC is its placement's (DeLong et al. 1988).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.inference.auc import area_influence

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

METRICS = ("brier", "error", "auc", "false_negative_rate", "false_positive_rate")
REASONS = {
    "brier": "no held-out people",
    "error": "no held-out people",
    "auc": "held-out people of one outcome only",
    "false_negative_rate": "nobody held out would repay",
    "false_positive_rate": "nobody held out would default",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """Held-out people of known outcome."""

    good: Flags
    """Whether they repaid."""
    mass: Floats
    """weight × count."""
    count: Floats
    """Rows each stands for."""
    cluster: npt.NDArray[np.int64] | None
    """Applicant of each, where rows repeat."""

    def variance(self, influence: Floats) -> Floats:
        """Covariance of errors with influences of shape (errors, people)."""
        if self.cluster is not None:
            size = int(self.cluster.max(initial=0)) + 1
            sums = np.stack([np.bincount(self.cluster, row, minlength=size) for row in influence])
            return np.asarray(sums @ sums.T)
        held = np.where(self.count > 0, influence / np.sqrt(np.maximum(self.count, 1e-300)), 0.0)
        return np.asarray(held @ held.T)


def errors(
    chance: Floats, approved: Flags, held: Held, inside: Flags
) -> Mapping[str, tuple[float, Floats]]:
    """By metric: the error of people `inside`, and everyone's influence on it (0 outside).

    `chance` is P(would repay). nan where undefined.
    """
    good, mass = held.good & inside, held.mass
    bad = inside & ~held.good
    squared = (chance - held.good) ** 2
    wrong = (approved != held.good).astype(np.float64)
    return {
        "brier": _mean(squared, mass * inside),
        "error": _mean(wrong, mass * inside),
        "auc": area_influence(chance, mass * good, mass * bad),
        "false_negative_rate": _mean((~approved).astype(np.float64), mass * good),
        "false_positive_rate": _mean(approved.astype(np.float64), mass * bad),
    }


def _mean(values: Floats, mass: Floats) -> tuple[float, Floats]:
    total = float(mass.sum())
    if total <= 0:
        return float("nan"), np.zeros(len(values))
    mean = float(values @ mass) / total
    return mean, mass * (values - mean) / total
