"""Comparisons of two groups, or of all groups at once.

A signed contrast is group minus reference, or group over reference. A worst case is unsigned:
largest minus smallest, or smallest over largest. Undefined (an empty denominator, a reference
rate of zero under a ratio, 0 / 0) is nan, never 0, 1 or infinity.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from audit.metrics.metric import Array, Counts, Metric
from audit.metrics.rates import false_positive_rate, true_positive_rate
from audit.metrics.scores import mean_score, score_variance
from audit.tally.distribution import Distribution

PAIRWISE = ("difference", "ratio", "smd", "pair", "strata", "everyone", "score_pair")
"""Contrasts of a group with a reference."""
WORST = ("worst_difference", "worst_ratio", "groups", "spread", "score_groups")
"""Contrasts over all groups."""


def difference(group: Any, reference: Any) -> Array:
    """Group minus reference."""
    return np.asarray(group, dtype=np.float64) - np.asarray(reference, dtype=np.float64)


def ratio(group: Any, reference: Any) -> Array:
    """Group over reference; nan where the reference is 0."""
    top, bottom = np.asarray(group, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(bottom != 0, top / bottom, np.nan)


def worst_difference(rates: Any) -> Array:
    """Largest minus smallest over the last axis; nan with fewer than two groups."""
    values = np.asarray(rates, dtype=np.float64)
    if values.shape[-1] < 2:
        return np.full(values.shape[:-1], np.nan)
    return np.asarray(values.max(axis=-1) - values.min(axis=-1))


def worst_ratio(rates: Any) -> Array:
    """Smallest over largest along the last axis; nan with fewer than two groups or 0 / 0."""
    values = np.asarray(rates, dtype=np.float64)
    if values.shape[-1] < 2:
        return np.full(values.shape[:-1], np.nan)
    return ratio(values.min(axis=-1), values.max(axis=-1))


def standardized_mean_difference(group: Distribution, reference: Distribution) -> float:
    """(mean of group − mean of reference) / pooled standard deviation within groups (Cohen's d).

    In the column's own direction: for a risk or a price a positive value is unfavourable. Each
    variance weighs by its degrees of freedom, n − 1 (with sampling weights, effective n − 1).
    Nan where either group has fewer than two rows or nothing varies.
    """
    squares, freedom = 0.0, 0.0
    for d in (group, reference):
        effective = d.total**2 / d.weight_squared if d.weight_squared > 0 else 0.0
        if not effective > 1:
            return math.nan
        squares += (effective - 1) * float(score_variance(d))
        freedom += effective - 1
    gap = float(mean_score(group)) - float(mean_score(reference))
    return gap / math.sqrt(squares / freedom) if squares > 0 else math.nan


def _rate(part: Array, whole: Array) -> Array:
    return np.where(whole > 0, part / whole, np.nan)


def average_absolute_odds_difference(group: Counts, reference: Counts) -> Array:
    """½|FPR(group) − FPR(reference)| + ½|TPR(group) − TPR(reference)|; never below 0."""
    gaps = [
        np.abs(_rate(*share(group)) - _rate(*share(reference)))
        for share in (false_positive_rate, true_positive_rate)
    ]
    return np.asarray(gaps[0] + gaps[1]) / 2


def class_imbalance(group: Counts, reference: Counts) -> Array:
    """(rows of group − rows of reference) / (their sum), from −1 to 1."""
    n, m = group.everyone, reference.everyone
    return np.where(n + m > 0, (n - m) / (n + m), np.nan)


def approvals_ratio(group: Counts, reference: Counts) -> Array:
    """Number approved in the group over the number approved in the reference."""
    return ratio(group.approved, reference.approved)


def _divergence(p: Array, q: Array) -> Array:
    """Σ p·log(p / q) of two yes/no distributions; nan where q excludes what p allows."""
    total: Array = np.zeros(np.broadcast(p, q).shape)
    for a, b in ((p, q), (1 - p, 1 - q)):
        total = total + np.where(a > 0, np.where(b > 0, a * np.log(a / b), np.nan), 0.0)
    return np.asarray(np.where(np.isnan(p) | np.isnan(q), np.nan, total))


def _outcomes(t: Counts) -> Array:
    return _rate(t.all_good, t.all_known)


def _decisions(t: Counts) -> Array:
    return _rate(t.approved, t.decided)


def _jensen_shannon(p: Array, q: Array) -> Array:
    middle = (p + q) / 2
    return (_divergence(p, middle) + _divergence(q, middle)) / 2


def base_rate_kl_divergence(group: Counts, reference: Counts) -> Array:
    """KL(reference ‖ group) of the outcome's distribution, in nats."""
    return _divergence(_outcomes(reference), _outcomes(group))


def base_rate_js_divergence(group: Counts, reference: Counts) -> Array:
    """Jensen–Shannon: ½KL(group ‖ middle) + ½KL(reference ‖ middle), the middle unweighted."""
    return _jensen_shannon(_outcomes(group), _outcomes(reference))


def selection_rate_kl_divergence(group: Counts, reference: Counts) -> Array:
    """KL(reference ‖ group) of the decision's distribution, in nats."""
    return _divergence(_decisions(reference), _decisions(group))


def selection_rate_js_divergence(group: Counts, reference: Counts) -> Array:
    """Jensen–Shannon of the decision's distributions, the middle unweighted, in nats."""
    return _jensen_shannon(_decisions(group), _decisions(reference))


def base_rate_total_variation(group: Counts, reference: Counts) -> Array:
    """½·Σ over outcomes of |difference in share|; with two outcomes the size of the gap."""
    return np.asarray(np.abs(_outcomes(group) - _outcomes(reference)))


def base_rate_lp_norm(group: Counts, reference: Counts) -> Array:
    """Euclidean length of the difference of the outcome distributions: √2 times the gap."""
    return math.sqrt(2) * base_rate_total_variation(group, reference)


def representation(group: Counts, everyone: Counts) -> Array:
    """The group's share of all rows."""
    return _rate(group.everyone, everyone.everyone)


def share_of_approvals(group: Counts, everyone: Counts) -> Array:
    """The group's share of all approvals."""
    return _rate(group.approved, everyone.approved)


def demographic_disparity(group: Counts, everyone: Counts) -> Array:
    """The group's share of the denied minus its share of the approved."""
    return _rate(group.denied, everyone.denied) - _rate(group.approved, everyone.approved)


def outcome_disparity(group: Counts, everyone: Counts) -> Array:
    """The group's share of the unfavourable outcomes minus its share of the favourable."""
    bad, all_bad = group.all_known - group.all_good, everyone.all_known - everyone.all_good
    return _rate(bad, all_bad) - _rate(group.all_good, everyone.all_good)


def _conditional_disparity(group: tuple[Array, Array], everyone: tuple[Array, Array]) -> Array:
    """Σ n·DD / Σ n over strata from (favourable, unfavourable) counts; DD as its callers say."""
    disparity = _rate(group[1], everyone[1]) - _rate(group[0], everyone[0])
    weight = np.where(np.isnan(disparity), 0.0, everyone[0] + everyone[1])
    return _rate((weight * np.nan_to_num(disparity)).sum(axis=-1), weight.sum(axis=-1))


def conditional_demographic_disparity(group: Counts, everyone: Counts) -> Array:
    """Σ n·DD / Σ n over strata; DD is the group's share of the denied minus that of the approved.

    n are the stratum's decided rows. Over the strata in which some were approved and some denied:
    elsewhere no two decisions can differ (Cochran–Mantel–Haenszel leaves them out for the same
    reason). Nan if there is none. Without strata there is one, everyone.
    """
    return _conditional_disparity(
        (group.approved, group.denied), (everyone.approved, everyone.denied)
    )


def conditional_outcome_disparity(group: Counts, everyone: Counts) -> Array:
    """The same of outcomes: the group's share of the unfavourable minus that of the favourable."""
    return _conditional_disparity(
        (group.all_good, group.all_known - group.all_good),
        (everyone.all_good, everyone.all_known - everyone.all_good),
    )


def conditional_statistical_parity_difference(group: Counts, everyone: Counts) -> Array:
    """Selection rate, group minus all others, averaged over strata with weights a·b / (a + b).

    The Mantel–Haenszel risk difference; a and b are the decided rows of the group and of the
    others. Strata that lack either say nothing. Nan if none has both.
    """
    others = Counts(everyone.cells - group.cells)
    gap = _rate(group.approved, group.decided) - _rate(others.approved, others.decided)
    weight = np.where(np.isnan(gap), 0.0, group.decided * others.decided / everyone.decided)
    return _rate(
        (np.nan_to_num(weight) * np.nan_to_num(gap)).sum(axis=-1),
        np.nan_to_num(weight).sum(axis=-1),
    )


def compare(metric: Metric, group: Array, reference: Array) -> Array:
    """A pairwise contrast from cells.

    `group` and `reference` have shape (..., 3, 3) and may be broadcast; for contrast "strata"
    they are (..., strata, 3, 3) and `reference` holds everyone's cells, as it does for contrast
    "everyone".
    """
    g, r = (np.asarray(cells, dtype=np.float64) for cells in (group, reference))
    with np.errstate(divide="ignore", invalid="ignore"):
        if metric.of_pair is not None:
            return metric.of_pair(Counts(g), Counts(r))
        if metric.of_strata is not None:
            return metric.of_strata(Counts(g), Counts(r))
        if metric.of_everyone is not None:
            return metric.of_everyone(Counts(g), Counts(r))
    combine = {"difference": difference, "ratio": ratio}[metric.contrast or ""]
    return combine(metric.rates[0].value(g), metric.rates[0].value(r))


def compare_scores(metric: Metric, group: Distribution, reference: Distribution) -> float:
    """A pairwise contrast of two score distributions."""
    if metric.of_score_pair is not None:
        return metric.of_score_pair(group, reference)
    if metric.contrast == "smd":
        return standardized_mean_difference(group, reference)
    of_scores = metric.rates[0].of_scores
    if of_scores is None or metric.contrast not in ("difference", "ratio"):
        raise TypeError(f"{metric.key} is not a contrast of two score distributions")
    combine = difference if metric.contrast == "difference" else ratio
    return float(combine(of_scores(group), of_scores(reference)))


def over_groups(metric: Metric, cells: Array) -> Array:
    """A contrast "groups" or "spread" from the cells of all groups, shape (..., groups, 3, 3)."""
    if metric.of_spread is not None:
        share = metric.rates[0].shares[0](Counts(np.asarray(cells, dtype=np.float64)))
        return metric.of_spread(share.part, share.whole)
    if metric.of_groups is None:
        raise TypeError(f"{metric.key} is not a function of all groups' cells")
    with np.errstate(divide="ignore", invalid="ignore"):
        return metric.of_groups(Counts(np.asarray(cells, dtype=np.float64)))


def over_score_groups(metric: Metric, groups: Sequence[Distribution]) -> float:
    """A contrast "score_groups" from the distributions of all groups that have rows."""
    if metric.of_score_groups is None:
        raise TypeError(f"{metric.key} is not a function of all groups' scores")
    return metric.of_score_groups(groups)


def worst(metric: Metric, values: Sequence[Any]) -> Array:
    """A worst case from each rate's values, arrays of shape (..., groups).

    Over several rates the difference is the largest of theirs and the ratio the smallest. Leave
    groups without rows out before: nan in any group makes the result nan.
    """
    if metric.contrast == "worst_difference":
        return np.asarray(np.max([worst_difference(v) for v in values], axis=0))
    return np.asarray(np.min([worst_ratio(v) for v in values], axis=0))
