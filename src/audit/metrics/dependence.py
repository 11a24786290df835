"""How far decisions and outcomes depend on the group, over all groups at once; from counts.

Differential fairness is the largest log ratio of two groups' probabilities, of either answer
(Foulds et al. 2020, doi:10.1109/ICDE48307.2020.00203). Mutual information is what knowing the
decision tells about the group, as a share of what there is to tell (Steinberg, Reid &
O'Callaghan 2020, arXiv:2001.06089); Veritas uses the same three.
"""

from __future__ import annotations

import numpy as np

from audit.metrics.metric import Array, Counts


def _largest_log_ratio(part: Array, whole: Array, concentration: float = 0.0) -> Array:
    """max over pairs and both answers of |ln p_i − ln p_j|, groups on the last axis.

    Nan where there are fewer than two groups, or one group always and another not always has the
    same answer (the ratio has no bound); 0 where all groups have one answer.
    """
    there = whole > 0
    worst: Array = np.zeros(np.shape(part)[:-1])
    for count in (part, whole - part):
        rate = (count + concentration / 2) / (whole + concentration)
        low = np.where(there, rate, np.inf).min(axis=-1)
        high = np.where(there, rate, -np.inf).max(axis=-1)
        spread = np.where(low > 0, np.log(high / np.where(low > 0, low, 1.0)), np.nan)
        # Nobody in any group has this answer: no pair differs in it.
        worst = np.maximum(worst, np.where(high <= 0, 0.0, spread))
    return np.where(there.sum(axis=-1) > 1, worst, np.nan)


def differential_fairness(t: Counts) -> Array:
    """ε of decisions: no approval or denial rate is more than e^ε times another group's."""
    return _largest_log_ratio(t.approved, t.decided)


def outcome_differential_fairness(t: Counts) -> Array:
    """ε of outcomes, whatever was decided: what the data have before any decision."""
    return _largest_log_ratio(t.all_good, t.all_known)


def bias_amplification(t: Counts) -> Array:
    """ε of decisions minus ε of outcomes; above 0 the decisions add to what the data had."""
    return differential_fairness(t) - outcome_differential_fairness(t)


def smoothed_differential_fairness(part: Array, whole: Array, concentration: float = 1.0) -> Array:
    """ε with `concentration` pseudo-rows a group, half of each answer, as AIF360's default.

    It moves with the number of rows, so it is a function and no catalogue entry.
    """
    return _largest_log_ratio(
        np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64), concentration
    )


def _entropy(counts: Array, axes: int) -> Array:
    """Entropy in nats over the last `axes` axes."""
    flat = counts.reshape(*counts.shape[: counts.ndim - axes], -1)
    total = flat.sum(axis=-1, keepdims=True)
    share = flat / total
    terms = np.where(share > 0, share * np.log(np.where(share > 0, share, 1.0)), 0.0)
    return np.where(total[..., 0] > 0, -terms.sum(axis=-1), np.nan)


def _told(joint: Array) -> Array:
    """I(answer; group | given) / H(group | given) from counts (..., groups, answers, given)."""
    given = _entropy(joint.sum(axis=(-3, -2)), 1)
    group_and_given = _entropy(joint.sum(axis=-2), 2)
    answer_and_given = _entropy(joint.sum(axis=-3), 2)
    there_is = group_and_given - given
    told = group_and_given + answer_and_given - _entropy(joint, 3) - given
    return np.where(there_is > 1e-12, np.clip(told / there_is, 0.0, 1.0), np.nan)


def information_independence(t: Counts) -> Array:
    """I(decision; group) / H(group): 0 where approval rates are equal, 1 where it tells all."""
    return _told(np.stack([t.approved, t.denied], axis=-1)[..., None])


def information_separation(t: Counts) -> Array:
    """I(decision; group | outcome) / H(group | outcome): 0 under equalized odds."""
    return _told(t.cells[..., :2, :2])


def information_sufficiency(t: Counts) -> Array:
    """I(outcome; group | decision) / H(group | decision): 0 where decisions mean the same."""
    return _told(np.swapaxes(t.cells[..., :2, :2], -1, -2))
