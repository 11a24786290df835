"""Catalogue entries over all groups of an attribute at once, beside max − min and min / max."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from audit.metrics import dependence, inequality, score_distances
from audit.metrics.contrast_names import FAIRLEARN
from audit.metrics.metric import Array, Counts, Metric, Rate
from audit.metrics.rate_entries import BOTH, DECISION, OUTCOME, SPEICHER
from audit.metrics.score_entries import PLEISS

FOULDS = "Foulds et al. (2020), doi:10.1109/ICDE48307.2020.00203"
STEINBERG = "Steinberg, Reid & O'Callaghan (2020), arXiv:2001.06089"
EDGE_RATES = (
    "selection_rate",
    "base_rate",
    "true_positive_rate",
    "false_positive_rate",
    "true_negative_rate",
    "false_negative_rate",
    "precision",
    "negative_predictive_value",
    "accuracy",
    "error_rate",
    "balanced_accuracy",
    "f1",
    "auc",
    "brier",
    "log_loss",
    "mean_absolute_error",
    "brier_skill_score",
)
"""Rates whose smallest and largest value over groups are entries."""
FAIRLEARN_EDGES = {
    "accuracy_group_min": "accuracy_score_group_min",
    "error_rate_group_max": "zero_one_loss_group_max",
    "balanced_accuracy_group_min": "balanced_accuracy_score_group_min",
    "precision_group_min": "precision_score_group_min",
    "true_positive_rate_group_min": "recall_score_group_min",
    "auc_group_min": "roc_auc_score_group_min",
    "mean_absolute_error_group_max": "mean_absolute_error_group_max",
    "brier_group_max": "mean_squared_error_group_max",
    "brier_skill_score_group_min": "r2_score_group_min",
    "f1_group_min": "f1_score_group_min",
    "log_loss_group_max": "log_loss_group_max",
}
"""Those that fairlearn has as a function of its own; `MetricFrame` gives the others."""


def edge_of(rate: Rate, largest: bool) -> Callable[[Counts], Array]:
    """The smallest or largest value of a rate over groups that have rows.

    Nan where a group with rows has no value: the worst group would not be known.
    """

    def edge(t: Counts) -> Array:
        value = rate.value(t.cells)
        there = t.everyone > 0
        outside = -np.inf if largest else np.inf
        found = np.where(there, value, outside)
        found = found.max(axis=-1) if largest else found.min(axis=-1)
        return np.where(there.any(axis=-1), found, np.nan)

    return edge


def _edge(entry: Metric, largest: bool) -> Metric:
    rate = entry.rates[0]
    which, word = ("max", "largest") if largest else ("min", "smallest")
    key = f"{rate.key}_group_{which}"
    aliases = tuple(f"fairlearn:{FAIRLEARN_EDGES[k]}" for k in (key,) if k in FAIRLEARN_EDGES)
    of_scores = rate.of_scores
    shared = {
        "key": key,
        "title": f"{entry.title}, {word} of all groups",
        "ideal": entry.ideal,
        "worse": entry.worse,
        "needs": entry.needs,
        "formula": f"{which} {rate.symbol} over groups",
        "source": FAIRLEARN,
        "meaning": f"{entry.title} of the group where it is {word}.",
        "aliases": aliases,
        "undefined": f"in one or more groups: {rate.undefined}",
    }
    if of_scores is not None:
        made = score_distances.highest(of_scores) if largest else score_distances.lowest(of_scores)
        return Metric(rates=(), contrast="score_groups", of_score_groups=made, **shared)  # type: ignore[arg-type]
    return Metric(
        rates=(rate,),
        contrast="groups",
        of_groups=edge_of(rate, largest),
        **shared,  # type: ignore[arg-type]
    )


def _groups(
    key: str,
    function: Callable[[Counts], Array],
    title: str,
    formula: str,
    meaning: str,
    source: str,
    *aliases: str,
    needs: frozenset[str],
    undefined: str,
    ideal: float = 0.0,
) -> Metric:
    return Metric(
        key=key,
        title=title,
        rates=(),
        contrast="groups",
        ideal=ideal,
        worse="higher",
        needs=needs,
        formula=formula,
        source=source,
        meaning=meaning,
        aliases=aliases,
        of_groups=function,
        undefined=undefined,
    )


NO_BENEFIT = "fewer than two groups have known outcomes, or nobody has any benefit"
UNBOUNDED = "fewer than two groups, or all in one group and not all in another have one answer"
NO_INFORMATION = "fewer than two groups, or the group is known already"


def _inequality() -> tuple[Metric, ...]:
    return (
        _groups(
            "between_all_groups_generalized_entropy_index",
            inequality.between_all_groups_generalized_entropy_index,
            "Generalized entropy index between all groups",
            "GE of benefits after each has its group's mean, α = 2",
            "Part of the inequality of benefits that lies between groups.",
            SPEICHER,
            "aif360:between_all_groups_generalized_entropy_index",
            "aif360:between_group_generalized_entropy_error",
            needs=BOTH,
            undefined=NO_BENEFIT,
        ),
        _groups(
            "between_all_groups_theil_index",
            inequality.between_all_groups_theil_index,
            "Theil index between all groups",
            "T of benefits after each has its group's mean",
            "The same part of the Theil index.",
            SPEICHER,
            "aif360:between_all_groups_theil_index",
            needs=BOTH,
            undefined=NO_BENEFIT,
        ),
        _groups(
            "between_all_groups_coefficient_of_variation",
            inequality.between_all_groups_coefficient_of_variation,
            "Coefficient of variation between all groups",
            "√(2·GE between all groups)",
            "The same part as a coefficient of variation.",
            SPEICHER,
            "aif360:between_all_groups_coefficient_of_variation",
            needs=BOTH,
            undefined=NO_BENEFIT,
        ),
        _groups(
            "within_all_groups_generalized_entropy_index",
            inequality.within_all_groups_generalized_entropy_index,
            "Generalized entropy index within groups",
            "GE − GE between all groups = Σ n(g)/n·(mean(g)/mean)²·GE(g)",
            "Part of the inequality of benefits that lies between people of one group.",
            SPEICHER,
            needs=BOTH,
            undefined=NO_BENEFIT,
            ideal=math.nan,  # parity between groups says nothing of it
        ),
        _groups(
            "within_all_groups_theil_index",
            inequality.within_all_groups_theil_index,
            "Theil index within groups",
            "T − T between all groups = Σ n(g)/n·mean(g)/mean·T(g)",
            "The same part of the Theil index.",
            SPEICHER,
            needs=BOTH,
            undefined=NO_BENEFIT,
            ideal=math.nan,  # parity between groups says nothing of it
        ),
    )


def _dependence() -> tuple[Metric, ...]:
    return (
        _groups(
            "differential_fairness",
            dependence.differential_fairness,
            "Differential fairness of decisions",
            "max over groups and answers of |ln P(answer | one) − ln P(answer | other)|",
            "No group's chance of approval, or of denial, is more than e to this power times "
            "another's.",
            FOULDS,
            "aif360:smoothed_edf (of y_pred; adds a pseudo-row)",
            needs=DECISION,
            undefined=UNBOUNDED,
        ),
        _groups(
            "outcome_differential_fairness",
            dependence.outcome_differential_fairness,
            "Differential fairness of outcomes",
            "max over groups and outcomes of |ln P(outcome | one) − ln P(outcome | other)|",
            "The same of the data's outcomes, before any decision.",
            FOULDS,
            "aif360:smoothed_empirical_differential_fairness (adds a pseudo-row)",
            needs=OUTCOME,
            undefined=UNBOUNDED,
        ),
        _groups(
            "differential_fairness_bias_amplification",
            dependence.bias_amplification,
            "Bias amplification",
            "differential fairness of decisions − differential fairness of outcomes",
            "Above 0 the decisions add to the disparity that the data had; below 0 they take "
            "from it.",
            FOULDS,
            "aif360:differential_fairness_bias_amplification (adds a pseudo-row)",
            "aif360:df_bias_amplification (adds a pseudo-row)",
            needs=BOTH,
            undefined=UNBOUNDED,
        ),
        _groups(
            "information_independence",
            dependence.information_independence,
            "Information about the group in decisions",
            "I(decision; group) / H(group)",
            "How much of what there is to know about the group the decision tells: 0 nothing.",
            STEINBERG,
            "veritas:mi_independence",
            needs=DECISION,
            undefined=NO_INFORMATION,
        ),
        _groups(
            "information_separation",
            dependence.information_separation,
            "Information about the group in decisions, given outcomes",
            "I(decision; group | outcome) / H(group | outcome)",
            "0 where good applicants fare alike, and bad ones too: equalized odds.",
            STEINBERG,
            "veritas:mi_separation",
            needs=BOTH,
            undefined=NO_INFORMATION,
        ),
        _groups(
            "information_sufficiency",
            dependence.information_sufficiency,
            "Information about the group in outcomes, given decisions",
            "I(outcome; group | decision) / H(group | decision)",
            "0 where an approval, and a denial, means the same for every group.",
            STEINBERG,
            "veritas:mi_sufficiency",
            needs=BOTH,
            undefined=NO_INFORMATION,
        ),
    )


def group_entries(entries: Mapping[str, Metric]) -> tuple[Metric, ...]:
    """Smallest and largest rates over groups, then inequality, dependence and soft odds."""
    return (
        *(_edge(entries[key], largest) for key in EDGE_RATES for largest in (False, True)),
        *_inequality(),
        *_dependence(),
        Metric(
            key="generalized_equalized_odds_difference",
            title="Generalized equalized odds difference (worst case)",
            rates=(),
            contrast="score_groups",
            ideal=0.0,
            worse="higher",
            needs=frozenset({"score", "outcome", "probability"}),
            formula="max(max GTPR − min GTPR, max GFPR − min GFPR) over groups",
            source=PLEISS,
            meaning="The larger of two gaps in mean probability: among good, and among bad "
            "applicants.",
            aliases=("aif360:generalized_equalized_odds_difference",),
            of_score_groups=score_distances.generalized_equalized_odds_difference,
            undefined="fewer than two groups, or one lacks favourable or unfavourable outcomes",
        ),
    )
