"""Inequality of benefits: one number for unfairness between people, and its part between groups.

Each decision gives its applicant a benefit b = ŷ − y + 1: 0 to the good who are denied, 1 to
whoever gets what the outcome justifies, 2 to the bad who are approved (Speicher et al. 2018,
doi:10.1145/3219819.3220046). A generalized entropy index of the benefits is 0 where all are
equal. Over groups it splits exactly: total = between + within. Everything here reads counts:
the three benefits are three sums of cells.
"""

from __future__ import annotations

import numpy as np

from audit.metrics.metric import Array, Counts

BENEFITS = (0.0, 1.0, 2.0)
"""Of the wrongly denied, of those decided rightly, of the wrongly approved."""
ALPHA = 2.0
"""Of the generalized entropy index, unless another is asked: half the squared variation."""


def _people(t: Counts) -> tuple[Array, Array, Array]:
    """How many have each benefit."""
    return t.denied_good, t.approved_good + t.denied_bad, t.approved_bad


def _mean(t: Counts) -> Array:
    people = _people(t)
    return sum(b * n for b, n in zip(BENEFITS, people, strict=True)) / t.known


def entropy_term(ratio: Array, alpha: float) -> Array:
    """What one person adds, from benefit over mean benefit.

    α = 0 the mean log deviation, α = 1 Theil's index, else (r^α − 1) / (α(α − 1)).
    """
    if alpha == 1:
        return np.where(ratio > 0, ratio * np.log(np.where(ratio > 0, ratio, 1.0)), 0.0)
    if alpha == 0:
        return np.where(ratio > 0, -np.log(np.where(ratio > 0, ratio, 1.0)), np.nan)
    return np.asarray((ratio**alpha - 1) / (alpha * (alpha - 1)))


def entropy_of_benefits(t: Counts, alpha: float = ALPHA) -> Array:
    """The index over the people of each group; nan where nobody has any benefit."""
    mean = _mean(t)
    total: Array = np.zeros(np.shape(mean))
    for benefit, people in zip(BENEFITS, _people(t), strict=True):
        terms = entropy_term(np.where(mean > 0, benefit / mean, np.nan), alpha)
        total = total + np.where(people > 0, people * terms, 0.0)
    return np.where((t.known > 0) & (mean > 0), np.maximum(total / t.known, 0.0), np.nan)


def generalized_entropy_index(t: Counts) -> Array:
    """½·(mean of b² / squared mean − 1): the index with α = 2."""
    return entropy_of_benefits(t, 2.0)


def theil_index(t: Counts) -> Array:
    """Mean of (b / mean)·ln(b / mean): the index with α = 1; 0·ln 0 is 0."""
    return entropy_of_benefits(t, 1.0)


def coefficient_of_variation(t: Counts) -> Array:
    """Standard deviation of the benefits over their mean: √(2·the index with α = 2)."""
    return np.asarray(np.sqrt(2 * generalized_entropy_index(t)))


def _together(t: Counts) -> Counts:
    return Counts(t.cells.sum(axis=-3))


def between(t: Counts, alpha: float = ALPHA) -> Array:
    """The index if all in a group had the group's mean benefit; groups on the axis before cells.

    Nan with fewer than two groups that have known outcomes.
    """
    whole = _together(t)
    overall = _mean(whole)
    means = np.where(t.known > 0, _mean(t), overall[..., None])
    ratio = np.where(overall[..., None] > 0, means / overall[..., None], np.nan)
    terms = np.where(t.known > 0, t.known * entropy_term(ratio, alpha), 0.0)
    several = (t.known > 0).sum(axis=-1) > 1
    value = np.maximum(terms.sum(axis=-1) / whole.known, 0.0)
    return np.where(several & (overall > 0), value, np.nan)


def within(t: Counts, alpha: float = ALPHA) -> Array:
    """What is left: Σ share of people·(group's mean / overall mean)^α·the group's own index."""
    whole = _together(t)
    overall = _mean(whole)
    means = np.where(t.known > 0, _mean(t), 0.0)
    own = entropy_of_benefits(t, alpha)
    # A group in which nobody has a benefit has nothing to divide, and adds nothing.
    terms = np.where(means > 0, t.known * (means / overall[..., None]) ** alpha * own, 0.0)
    several = (t.known > 0).sum(axis=-1) > 1
    return np.where(several & (overall > 0), terms.sum(axis=-1) / whole.known, np.nan)


def between_all_groups_generalized_entropy_index(t: Counts) -> Array:
    """Between part of the index with α = 2, over all groups."""
    return between(t, 2.0)


def between_all_groups_theil_index(t: Counts) -> Array:
    """Between part of Theil's index, over all groups."""
    return between(t, 1.0)


def between_all_groups_coefficient_of_variation(t: Counts) -> Array:
    """√(2·between part with α = 2), over all groups."""
    return np.asarray(np.sqrt(2 * between(t, 2.0)))


def within_all_groups_generalized_entropy_index(t: Counts) -> Array:
    """Within part of the index with α = 2: total minus between."""
    return within(t, 2.0)


def within_all_groups_theil_index(t: Counts) -> Array:
    """Within part of Theil's index: total minus between."""
    return within(t, 1.0)


def _both(group: Counts, reference: Counts) -> Counts:
    cells = np.broadcast_arrays(group.cells, reference.cells)
    return Counts(np.stack(cells, axis=-3))


def between_group_generalized_entropy_index(group: Counts, reference: Counts) -> Array:
    """Between part with α = 2 of a group and its reference."""
    return between(_both(group, reference), 2.0)


def between_group_theil_index(group: Counts, reference: Counts) -> Array:
    """Between part of Theil's index of a group and its reference."""
    return between(_both(group, reference), 1.0)


def between_group_coefficient_of_variation(group: Counts, reference: Counts) -> Array:
    """√(2·between part with α = 2) of a group and its reference."""
    return np.asarray(np.sqrt(2 * between(_both(group, reference), 2.0)))
