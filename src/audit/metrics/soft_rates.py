"""Error rates and losses of the probability itself, without a cut-off, within one group.

A generalized rate sums probabilities of the favourable outcome where the ordinary one counts
approvals (Pleiss et al. 2017, arXiv:1709.02012). Each takes a `Distribution`, as `scores` does.
"""

from __future__ import annotations

from typing import Any

from audit.metrics.scores import brier, divided, good_bad, no_value, probability
from audit.tally.distribution import Distribution


def _mean_probability(d: Distribution, column: int) -> Any:
    p = probability(d)
    if p is None:
        return no_value(d)
    counts = good_bad(d)[column]
    return divided((counts * p).sum(axis=-1), counts.sum(axis=-1))


def generalized_true_positive_rate(d: Distribution) -> Any:
    """Mean probability given to those whose outcome was favourable."""
    return _mean_probability(d, 0)


def generalized_false_negative_rate(d: Distribution) -> Any:
    """One minus that mean."""
    return 1 - generalized_true_positive_rate(d)


def generalized_false_positive_rate(d: Distribution) -> Any:
    """Mean probability given to those whose outcome was unfavourable."""
    return _mean_probability(d, 1)


def generalized_true_negative_rate(d: Distribution) -> Any:
    """One minus that mean."""
    return 1 - generalized_false_positive_rate(d)


def mean_absolute_error(d: Distribution) -> Any:
    """Mean of |probability − outcome|."""
    p = probability(d)
    if p is None:
        return no_value(d)
    good, bad = good_bad(d)
    return divided((good * (1 - p) + bad * p).sum(axis=-1), (good + bad).sum(axis=-1))


def brier_skill_score(d: Distribution) -> Any:
    """1 − Brier / (share favourable · share unfavourable): R² of probabilities and outcomes."""
    good, bad = (counts.sum(axis=-1) for counts in good_bad(d))
    rows = good + bad
    return 1 - divided(brier(d) * rows * rows, good * bad)
