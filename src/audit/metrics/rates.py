"""Rates of one group, each written as its definition.

The positive class is the favourable one: a true positive is an approved applicant whose outcome
was favourable. Error rates use decided rows with a known outcome only; undecided decisions and
unknown outcomes are outside every denominator but their own.
"""

from __future__ import annotations

import numpy as np

from audit.metrics.metric import Array, Counts, Share


def selection_rate(t: Counts) -> Share:
    """P(approved): approved of those decided."""
    return Share(t.approved, t.decided)


def denial_rate(t: Counts) -> Share:
    """P(denied): denied of those decided."""
    return Share(t.denied, t.decided)


def decision_level_rate(t: Counts) -> Share:
    """P(this value of the decision), of everyone; in a table of approvals that is approval."""
    return Share(t.approved, t.everyone)


def undecided_rate(t: Counts) -> Share:
    """P(no decision): withdrawn or incomplete, of everyone."""
    return Share(t.undecided, t.everyone)


def unknown_outcome_rate(t: Counts) -> Share:
    """P(outcome unknown), of everyone."""
    return Share(t.unknown, t.everyone)


def base_rate(t: Counts) -> Share:
    """P(outcome favourable), whatever the decision; needs none."""
    return Share(t.all_good, t.all_known)


def unfavorable_outcome_rate(t: Counts) -> Share:
    """P(outcome unfavourable), whatever the decision: the default rate of the data."""
    return Share(t.all_known - t.all_good, t.all_known)


def true_positive_rate(t: Counts) -> Share:
    """P(approved | good): of those who would repay, the approved."""
    return Share(t.approved_good, t.good)


def false_negative_rate(t: Counts) -> Share:
    """P(denied | good): of those who would repay, the denied."""
    return Share(t.denied_good, t.good)


def false_positive_rate(t: Counts) -> Share:
    """P(approved | bad): of those who would not repay, the approved."""
    return Share(t.approved_bad, t.bad)


def true_negative_rate(t: Counts) -> Share:
    """P(denied | bad): of those who would not repay, the denied."""
    return Share(t.denied_bad, t.bad)


def precision(t: Counts) -> Share:
    """P(good | approved): of the approved, those who repaid."""
    return Share(t.approved_good, t.approved_known)


def false_discovery_rate(t: Counts) -> Share:
    """P(bad | approved): of the approved, those who did not repay."""
    return Share(t.approved_bad, t.approved_known)


def negative_predictive_value(t: Counts) -> Share:
    """P(bad | denied): of the denied, those who would not have repaid."""
    return Share(t.denied_bad, t.denied_known)


def false_omission_rate(t: Counts) -> Share:
    """P(good | denied): of the denied, those who would have repaid."""
    return Share(t.denied_good, t.denied_known)


def accuracy(t: Counts) -> Share:
    """P(decision matches outcome)."""
    return Share(t.approved_good + t.denied_bad, t.known)


def error_rate(t: Counts) -> Share:
    """P(decision does not match outcome)."""
    return Share(t.approved_bad + t.denied_good, t.known)


def jaccard(t: Counts) -> Share:
    """TP / (TP + FP + FN): the critical success index; F1 is 2J / (1 + J) of it."""
    return Share(t.approved_good, t.approved_good + t.approved_bad + t.denied_good)


def false_negatives_among_errors(t: Counts) -> Share:
    """FN / (FN + FP): its odds are the treatment ratio FN / FP."""
    return Share(t.denied_good, t.denied_good + t.approved_bad)


def conditional_acceptance(t: Counts) -> Array:
    """(TP + FN) / (TP + FP): favourable outcomes for each approval."""
    return np.where(t.approved_known > 0, t.good / t.approved_known, np.nan)


def conditional_rejection(t: Counts) -> Array:
    """(TN + FP) / (TN + FN): unfavourable outcomes for each denial."""
    return np.where(t.denied_known > 0, t.bad / t.denied_known, np.nan)


def predicted_to_actual_ratio(t: Counts) -> Array:
    """(TP + FP) / (TP + FN): approvals for each favourable outcome; above 1 is lenient."""
    return np.where(t.good > 0, t.approved_known / t.good, np.nan)


def matthews_correlation(t: Counts) -> Array:
    """(TP·TN − FP·FN) / √(approved · denied · good · bad): correlation of decision and outcome."""
    agreement = t.approved_good * t.denied_bad - t.approved_bad * t.denied_good
    # Roots before products: four counts of a billion would leave the range of exact integers.
    scale = np.sqrt(t.approved_known) * np.sqrt(t.denied_known) * np.sqrt(t.good) * np.sqrt(t.bad)
    return np.clip(np.where(scale > 0, agreement / scale, np.nan), -1.0, 1.0)


def cohen_kappa(t: Counts) -> Array:
    """(observed − chance agreement) / (1 − chance agreement) of decision and outcome."""
    observed = (t.approved_good + t.denied_bad) / t.known
    approved, good = t.approved_known / t.known, t.good / t.known
    chance = approved * good + (t.denied_known / t.known) * (t.bad / t.known)
    return np.where((t.known > 0) & (chance < 1), (observed - chance) / (1 - chance), np.nan)


def label_imbalance(t: Counts) -> Array:
    """(favourable − unfavourable) / known outcomes, whatever the decision."""
    return np.where(t.all_known > 0, (2 * t.all_good - t.all_known) / t.all_known, np.nan)


def selective_labels(t: Counts) -> Array:
    """Where approval creates the label: some were denied, and no outcome of theirs is known.

    Rates over outcomes of the denied would then be 1 or 0 by construction.
    """
    return np.asarray((t.denied > 0) & (t.denied_known == 0) & (t.approved_known > 0))


SEEN_AMONG_APPROVED = frozenset({"precision", "false_discovery_rate"})
"""Rates of decision and outcome that selective labels leave as they are."""
SELECTIVE = "selective labels: outcomes are known for the approved only"
"""The reason where they do not."""
