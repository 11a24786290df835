"""Catalogue entries of contrasts: two groups compared, or all groups at once.

Most follow from a rate by subtraction or division; where the field has a name for that, it is the
key. What cannot be said with one rate has an entry of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from audit.metrics import contrasts
from audit.metrics.metric import Metric, Rate
from audit.metrics.rate_entries import BOTH, CLARIFY, DECISION, OUTCOME

FELDMAN = "Feldman et al. (2015), doi:10.1145/2783258.2783311; 29 CFR 1607.4(D) by analogy"
CALDERS = "Calders & Verwer (2010), doi:10.1007/s10618-010-0190-x"
DWORK = "Dwork et al. (2012), doi:10.1145/2090236.2090255"
HARDT = "Hardt, Price & Srebro (2016), arXiv:1610.02413"
CORBETT = "Corbett-Davies et al. (2017), doi:10.1145/3097983.3098095"
CHOULDECHOVA = "Chouldechova (2017), doi:10.1089/big.2016.0047"
BERK = "Berk et al. (2021), arXiv:1703.09207"
AIF360 = "Bellamy et al. (2018), AI Fairness 360, arXiv:1810.01943"
FAIRLEARN = "Weerts et al. (2023), Fairlearn, JMLR 24(257)"
WACHTER = "Wachter, Mittelstadt & Russell (2021), doi:10.1016/j.clsr.2021.105567"

SIGN = " (reference − group)"
UNSIGNED = " (unsigned worst case)"
VERITAS = " (direction differs by release)"

# rate: (key, title, source, aliases) of its difference, where the field has a name or peers do
DIFFERENCES: Mapping[str, tuple[str, str, str, tuple[str, ...]]] = {
    "selection_rate": (
        "statistical_parity_difference",
        "Statistical parity difference",
        CALDERS,
        (
            "aif360:statistical_parity_difference",
            "aif360:mean_difference",
            "clarify:DPPL" + SIGN,
            "veritas:demographic_parity" + VERITAS,
            "field:mean difference",
            "field:risk difference",
        ),
    ),
    "base_rate": (
        "base_rate_difference",
        "Base rate difference",
        AIF360,
        (
            "aif360:BinaryLabelDatasetMetric.statistical_parity_difference",
            "aif360:BinaryLabelDatasetMetric.mean_difference",
            "clarify:DPL" + SIGN,
        ),
    ),
    "true_positive_rate": (
        "true_positive_rate_difference",
        "True positive rate difference",
        HARDT,
        (
            "aif360:true_positive_rate_difference",
            "aif360:equal_opportunity_difference",
            "clarify:RD" + SIGN,
            "veritas:equal_opportunity" + VERITAS,
            "field:recall difference",
        ),
    ),
    "false_positive_rate": (
        "predictive_equality_difference",
        "Predictive equality difference",
        CORBETT,
        (
            "aif360:false_positive_rate_difference",
            "veritas:fpr_parity" + VERITAS,
            "field:false_positive_rate_difference",
        ),
    ),
    "false_negative_rate": (
        "false_negative_rate_difference",
        "False negative rate difference",
        HARDT,
        ("aif360:false_negative_rate_difference", "veritas:fnr_parity" + VERITAS),
    ),
    "true_negative_rate": (
        "true_negative_rate_difference",
        "True negative rate difference",
        CORBETT,
        ("clarify:SD", "veritas:tnr_parity" + VERITAS, "field:specificity difference"),
    ),
    "precision": (
        "predictive_parity_difference",
        "Predictive parity difference",
        CHOULDECHOVA,
        (
            "clarify:DAR" + SIGN,
            "veritas:ppv_parity" + VERITAS,
            "field:precision_difference",
            "field:outcome test",
        ),
    ),
    "negative_predictive_value": (
        "negative_predictive_value_difference",
        "Negative predictive value difference",
        CLARIFY,
        ("clarify:DRR", "veritas:npv_parity" + VERITAS),
    ),
    "false_discovery_rate": (
        "false_discovery_rate_difference",
        "False discovery rate difference",
        AIF360,
        ("aif360:false_discovery_rate_difference", "veritas:fdr_parity" + VERITAS),
    ),
    "false_omission_rate": (
        "false_omission_rate_difference",
        "False omission rate difference",
        AIF360,
        ("aif360:false_omission_rate_difference", "veritas:for_parity" + VERITAS),
    ),
    "accuracy": (
        "accuracy_difference",
        "Accuracy difference",
        BERK,
        ("clarify:AD" + SIGN, "field:overall accuracy equality"),
    ),
    "error_rate": (
        "error_rate_difference",
        "Error rate difference",
        AIF360,
        ("aif360:error_rate_difference",),
    ),
    "average_odds": (
        "average_odds_difference",
        "Average odds difference",
        AIF360,
        (
            "aif360:average_odds_difference",
            "veritas:equal_odds" + VERITAS,
            "veritas:neg_equal_odds (the negative of it)",
        ),
    ),
    "average_predictive_value": (
        "average_predictive_value_difference",
        "Average predictive value difference",
        AIF360,
        ("aif360:average_predictive_value_difference", "veritas:calibration_by_group" + VERITAS),
    ),
    "treatment_ratio": (
        "treatment_equality_difference",
        "Treatment equality difference",
        BERK,
        ("clarify:TE",),
    ),
    "conditional_acceptance": (
        "conditional_acceptance_difference",
        "Difference in conditional acceptance",
        CLARIFY,
        ("clarify:DCA" + SIGN, "clarify:DCAcc" + SIGN),
    ),
    "conditional_rejection": (
        "conditional_rejection_difference",
        "Difference in conditional rejection",
        CLARIFY,
        ("clarify:DCR",),
    ),
    "auc": ("auc_difference", "AUC difference", FAIRLEARN, ("veritas:auc_parity" + VERITAS,)),
    "log_loss": (
        "log_loss_difference",
        "Log loss difference",
        FAIRLEARN,
        ("veritas:log_loss_parity" + VERITAS,),
    ),
}

RATIOS: Mapping[str, tuple[str, str, str, tuple[str, ...]]] = {
    "selection_rate": (
        "disparate_impact_ratio",
        "Disparate impact ratio",
        FELDMAN,
        (
            "aif360:disparate_impact",
            "aif360:disparate_impact_ratio",
            "aequitas:pprev_disparity",
            "clarify:DI",
            "veritas:disparate_impact" + VERITAS,
            "law:adverse impact ratio",
            "law:AIR",
            "law:four-fifths",
            "law:four-fifths rule",
            "law:80% rule",
            "law:impact ratio (LL144 divides by the highest rate)",
            "field:relative risk",
        ),
    ),
    "denial_rate": ("denial_rate_ratio", "Denial disparity ratio", FELDMAN, ("law:denial ratio",)),
    "base_rate": (
        "base_rate_ratio",
        "Base rate ratio",
        AIF360,
        ("aif360:BinaryLabelDatasetMetric.disparate_impact", "aequitas:prev_disparity"),
    ),
    "true_positive_rate": (
        "true_positive_rate_ratio",
        "True positive rate ratio",
        HARDT,
        ("aequitas:tpr_disparity", "veritas:equal_opportunity_ratio" + VERITAS),
    ),
    "false_positive_rate": (
        "predictive_equality_ratio",
        "Predictive equality ratio",
        CORBETT,
        (
            "aif360:false_positive_rate_ratio",
            "aequitas:fpr_disparity",
            "veritas:fpr_ratio" + VERITAS,
            "field:false_positive_rate_ratio",
        ),
    ),
    "false_negative_rate": (
        "false_negative_rate_ratio",
        "False negative rate ratio",
        AIF360,
        (
            "aif360:false_negative_rate_ratio",
            "aequitas:fnr_disparity",
            "veritas:fnr_ratio" + VERITAS,
        ),
    ),
    "true_negative_rate": (
        "true_negative_rate_ratio",
        "True negative rate ratio",
        CORBETT,
        ("aequitas:tnr_disparity", "veritas:tnr_ratio" + VERITAS),
    ),
    "precision": (
        "predictive_parity_ratio",
        "Predictive parity ratio",
        CHOULDECHOVA,
        (
            "aequitas:precision_disparity",
            "veritas:ppv_ratio" + VERITAS,
            "field:precision_ratio",
        ),
    ),
    "negative_predictive_value": (
        "negative_predictive_value_ratio",
        "Negative predictive value ratio",
        AIF360,
        ("aequitas:npv_disparity", "veritas:npv_ratio" + VERITAS),
    ),
    "false_discovery_rate": (
        "false_discovery_rate_ratio",
        "False discovery rate ratio",
        AIF360,
        (
            "aif360:false_discovery_rate_ratio",
            "aequitas:fdr_disparity",
            "veritas:fdr_ratio" + VERITAS,
        ),
    ),
    "false_omission_rate": (
        "false_omission_rate_ratio",
        "False omission rate ratio",
        AIF360,
        (
            "aif360:false_omission_rate_ratio",
            "aequitas:for_disparity",
            "veritas:for_ratio" + VERITAS,
        ),
    ),
    "error_rate": (
        "error_rate_ratio",
        "Error rate ratio",
        AIF360,
        ("aif360:error_rate_ratio",),
    ),
    "average_odds": (
        "average_odds_ratio",
        "Average odds ratio",
        AIF360,
        ("veritas:equal_odds_ratio" + VERITAS,),
    ),
    "average_predictive_value": (
        "average_predictive_value_ratio",
        "Average predictive value ratio",
        AIF360,
        ("veritas:calibration_by_group_ratio" + VERITAS,),
    ),
    "treatment_ratio": (
        "treatment_equality_ratio",
        "Treatment equality ratio",
        BERK,
        (),
    ),
    "mean_score": ("mean_score_ratio", "Ratio of mean scores", FAIRLEARN, ()),
    "auc": ("auc_ratio", "AUC ratio", FAIRLEARN, ("veritas:auc_ratio" + VERITAS,)),
    "log_loss": (
        "log_loss_ratio",
        "Log loss ratio",
        FAIRLEARN,
        ("veritas:log_loss_ratio" + VERITAS,),
    ),
}

# rate: (stem of the keys, title, source, aliases of the difference, aliases of the ratio)
WORST_CASES: Mapping[str, tuple[str, str, str, tuple[str, ...], tuple[str, ...]]] = {
    "selection_rate": (
        "demographic_parity",
        "Demographic parity",
        DWORK,
        ("fairlearn:demographic_parity_difference", "fairlearn:selection_rate_difference"),
        ("fairlearn:demographic_parity_ratio", "fairlearn:selection_rate_ratio"),
    ),
    "base_rate": (
        "base_rate_worst",
        "Base rate",
        CLARIFY,
        ("clarify:TVD", "clarify:KS", "clarify:LP (times √2)"),
        (),
    ),
    "true_positive_rate": (
        "equal_opportunity",
        "Equal opportunity",
        HARDT,
        (
            "fairlearn:equal_opportunity_difference",
            "fairlearn:true_positive_rate_difference" + UNSIGNED,
        ),
        ("fairlearn:equal_opportunity_ratio", "fairlearn:true_positive_rate_ratio" + UNSIGNED),
    ),
    "false_positive_rate": (
        "false_positive_rate_worst",
        "False positive rate",
        CORBETT,
        ("fairlearn:false_positive_rate_difference" + UNSIGNED,),
        ("fairlearn:false_positive_rate_ratio" + UNSIGNED,),
    ),
    "true_negative_rate": (
        "true_negative_rate_worst",
        "True negative rate",
        CORBETT,
        ("fairlearn:true_negative_rate_difference" + UNSIGNED,),
        ("fairlearn:true_negative_rate_ratio" + UNSIGNED,),
    ),
    "false_negative_rate": (
        "false_negative_rate_worst",
        "False negative rate",
        HARDT,
        ("fairlearn:false_negative_rate_difference" + UNSIGNED,),
        ("fairlearn:false_negative_rate_ratio" + UNSIGNED,),
    ),
    "precision": ("precision_worst", "Precision", CHOULDECHOVA, (), ()),
    "negative_predictive_value": (
        "negative_predictive_value_worst",
        "Negative predictive value",
        CHOULDECHOVA,
        (),
        (),
    ),
    "accuracy": (
        "accuracy_worst",
        "Accuracy",
        FAIRLEARN,
        ("fairlearn:accuracy_score_difference",),
        ("fairlearn:accuracy_score_ratio",),
    ),
    "error_rate": (
        "error_rate_worst",
        "Error rate",
        FAIRLEARN,
        ("fairlearn:zero_one_loss_difference",),
        ("fairlearn:zero_one_loss_ratio",),
    ),
    "balanced_accuracy": ("balanced_accuracy_worst", "Balanced accuracy", FAIRLEARN, (), ()),
    "f1": ("f1_worst", "F1", FAIRLEARN, (), ()),
    "auc": ("auc_worst", "AUC", FAIRLEARN, (), ()),
}

UNRATIOED = {
    "youden": "may be zero or negative",
    "matthews_correlation": "may be zero or negative",
    "cohen_kappa": "may be zero or negative",
    "gini": "may be zero or negative",
    "calibration_in_the_large": "may be zero or negative",
    "calibration_intercept": "may be zero or negative",
}
"""Rates whose ratio says nothing, and why."""


def _difference(entry: Metric) -> Metric:
    rate = entry.rates[0]
    plain = (f"{rate.key}_difference", f"{entry.title} difference", entry.source, ())
    key, title, source, aliases = DIFFERENCES.get(rate.key, plain)
    return Metric(
        key=key,
        title=title,
        rates=entry.rates,
        contrast="difference",
        ideal=0.0,
        worse=entry.worse,
        needs=entry.needs,
        formula=f"{rate.symbol}(group) − {rate.symbol}(reference)",
        source=source,
        meaning=f"{entry.title}: the group's minus the reference's.",
        aliases=aliases,
    )


def _ratio(entry: Metric) -> Metric:
    rate = entry.rates[0]
    plain = (f"{rate.key}_ratio", f"{entry.title} ratio", entry.source, ())
    key, title, source, aliases = RATIOS.get(rate.key, plain)
    symbol = f"({rate.symbol})" if "/" in rate.symbol else rate.symbol
    return Metric(
        key=key,
        title=title,
        rates=entry.rates,
        contrast="ratio",
        ideal=1.0,
        worse=entry.worse,
        needs=entry.needs,
        formula=f"{symbol}(group) / {symbol}(reference)",
        source=source,
        meaning=f"{entry.title}: the group's over the reference's.",
        aliases=aliases,
    )


def _worst_cases(entry: Metric) -> tuple[Metric, Metric]:
    rate = entry.rates[0]
    stem, title, source, of_difference, of_ratio = WORST_CASES[rate.key]
    return (
        Metric(
            key=f"{stem}_difference",
            title=f"{title} difference (worst case)",
            rates=entry.rates,
            contrast="worst_difference",
            ideal=0.0,
            worse="higher",
            needs=entry.needs,
            formula=f"max {rate.symbol} − min {rate.symbol} over groups",
            source=source,
            meaning=f"{entry.title}: the highest group's minus the lowest group's.",
            aliases=of_difference,
        ),
        Metric(
            key=f"{stem}_ratio",
            title=f"{title} ratio (worst case)",
            rates=entry.rates,
            contrast="worst_ratio",
            ideal=1.0,
            worse="lower",
            needs=entry.needs,
            formula=f"min {rate.symbol} / max {rate.symbol} over groups",
            source=source,
            meaning=f"{entry.title}: the lowest group's over the highest group's.",
            aliases=of_ratio,
        ),
    )


def _equalized_odds(tpr: Rate, fpr: Rate) -> tuple[Metric, Metric]:
    return (
        Metric(
            key="equalized_odds_difference",
            title="Equalized odds difference (worst case)",
            rates=(tpr, fpr),
            contrast="worst_difference",
            ideal=0.0,
            worse="higher",
            needs=BOTH,
            formula="max(max TPR − min TPR, max FPR − min FPR) over groups",
            source=HARDT,
            meaning="The larger of two gaps: approvals among good, and among bad applicants.",
            aliases=("fairlearn:equalized_odds_difference", "aif360:equalized_odds_difference"),
        ),
        Metric(
            key="equalized_odds_ratio",
            title="Equalized odds ratio (worst case)",
            rates=(tpr, fpr),
            contrast="worst_ratio",
            ideal=1.0,
            worse="lower",
            needs=BOTH,
            formula="min(min TPR / max TPR, min FPR / max FPR) over groups",
            source=HARDT,
            meaning="The smaller of two ratios: approvals among good, and among bad applicants.",
            aliases=("fairlearn:equalized_odds_ratio",),
        ),
    )


def _own(rates: Mapping[str, Rate]) -> tuple[Metric, ...]:
    """Contrasts that no single rate makes."""
    return (
        Metric(
            key="standardized_mean_difference",
            title="Standardized mean difference",
            rates=(rates["mean_score"],),
            contrast="smd",
            ideal=0.0,
            worse="away",
            needs=frozenset({"score"}),
            formula="(mean(group) − mean(reference)) / pooled SD within groups",
            source="Cohen (1988), Statistical Power Analysis, d; no primary source in lending",
            meaning="How many standard deviations the group's mean lies from the reference's, in "
            "the column's own direction.",
            aliases=("law:SMD", "field:cohen's d", "field:standardised mean difference"),
        ),
        Metric(
            key="average_absolute_odds_difference",
            title="Average absolute odds difference",
            rates=(rates["true_positive_rate"], rates["false_positive_rate"]),
            contrast="pair",
            ideal=0.0,
            worse="higher",
            needs=BOTH,
            formula="½·|FPR(group) − FPR(reference)| + ½·|TPR(group) − TPR(reference)|",
            source=AIF360,
            meaning="Mean size of the two gaps of equalized odds; unlike the average odds "
            "difference, opposite gaps do not cancel.",
            aliases=("aif360:average_abs_odds_difference", "aif360:average_odds_error"),
            of_pair=contrasts.average_absolute_odds_difference,
        ),
        Metric(
            key="class_imbalance",
            title="Group imbalance",
            rates=(),
            contrast="pair",
            ideal=0.0,
            worse="lower",
            needs=frozenset(),
            formula="(rows(group) − rows(reference)) / (rows(group) + rows(reference))",
            source=CLARIFY,
            meaning="Whether the group has fewer rows than the reference: −1 none, 0 as many.",
            aliases=("aif360:class_imbalance", "clarify:CI" + SIGN),
            of_pair=contrasts.class_imbalance,
        ),
        Metric(
            key="approvals_ratio",
            title="Ratio of approval counts",
            rates=(),
            contrast="pair",
            ideal=1.0,
            worse="lower",
            needs=DECISION,
            formula="approved(group) / approved(reference)",
            source="Saleiro et al. (2018), Aequitas, arXiv:1811.05577",
            meaning="Compares how many were approved, not which share: it moves with the groups' "
            "sizes and is no measure of equal treatment.",
            aliases=("aequitas:ppr_disparity", "aequitas:statistical parity (of counts)"),
            of_pair=contrasts.approvals_ratio,
        ),
        Metric(
            key="base_rate_kl_divergence",
            title="Kullback–Leibler divergence of outcomes",
            rates=(rates["base_rate"],),
            contrast="pair",
            ideal=0.0,
            worse="higher",
            needs=OUTCOME,
            formula="Σ P(outcome | reference)·log(P(outcome | reference) / P(outcome | group))",
            source=CLARIFY,
            meaning="How far the group's outcomes are distributed from the reference's, in nats.",
            aliases=("aif360:kl_divergence", "clarify:KL"),
            of_pair=contrasts.base_rate_kl_divergence,
        ),
        Metric(
            key="base_rate_js_divergence",
            title="Jensen–Shannon divergence of outcomes",
            rates=(rates["base_rate"],),
            contrast="pair",
            ideal=0.0,
            worse="higher",
            needs=OUTCOME,
            formula="½·KL(group ‖ middle) + ½·KL(reference ‖ middle)",
            source=CLARIFY,
            meaning="A symmetric, bounded distance between the two groups' outcomes, in nats.",
            aliases=("clarify:JS",),
            of_pair=contrasts.base_rate_js_divergence,
        ),
        Metric(
            key="conditional_demographic_disparity",
            title="Conditional demographic disparity",
            rates=(rates["selection_rate"],),
            contrast="strata",
            ideal=0.0,
            worse="higher",
            needs=DECISION,
            formula="Σ n·(group's share of the denied − group's share of the approved) / Σ n, "
            "over strata with both",
            source=WACHTER,
            meaning="Whether the group is a larger part of the denied than of the approved once "
            "legitimate factors are held equal.",
            aliases=("clarify:CDDPL", "law:CDD"),
            of_strata=contrasts.conditional_demographic_disparity,
        ),
        Metric(
            key="conditional_outcome_disparity",
            title="Conditional demographic disparity of outcomes",
            rates=(rates["base_rate"],),
            contrast="strata",
            ideal=0.0,
            worse="higher",
            needs=OUTCOME,
            formula="Σ n·(group's share of the unfavourable − group's share of the favourable) "
            "/ Σ n, over strata with both",
            source=WACHTER,
            meaning="The same of the data's outcomes, before any decision.",
            aliases=("clarify:CDDL",),
            of_strata=contrasts.conditional_outcome_disparity,
        ),
        Metric(
            key="conditional_statistical_parity_difference",
            title="Conditional statistical parity difference",
            rates=(rates["selection_rate"],),
            contrast="strata",
            ideal=0.0,
            worse="lower",
            needs=DECISION,
            formula="Σ w·(SR(group) − SR(others)) / Σ w, w = a·b / (a + b) in each stratum",
            source="Greenland & Robins (1985), Mantel–Haenszel risk difference; " + CORBETT,
            meaning="Approval-rate gap between the group and all others with equal legitimate "
            "factors.",
            aliases=("field:conditional parity",),
            of_strata=contrasts.conditional_statistical_parity_difference,
        ),
    )


def contrast_entries(rate_entries: Iterable[Metric]) -> tuple[Metric, ...]:
    """Every contrast of the given rates, then those of their own kind."""
    entries = tuple(rate_entries)
    rates = {e.key: e.rates[0] for e in entries}
    return (
        *(_difference(e) for e in entries),
        *(_ratio(e) for e in entries if e.key not in UNRATIOED),
        *(metric for e in entries if e.key in WORST_CASES for metric in _worst_cases(e)),
        *_equalized_odds(rates["true_positive_rate"], rates["false_positive_rate"]),
        *_own(rates),
    )
