"""What the field, the law and peers call the contrasts that follow from a rate.

By the rate's key: the contrast's key where the field has a name for it, title, source, aliases. A
note in brackets says where a peer's sign, direction or meaning differs.
"""

from __future__ import annotations

from collections.abc import Mapping

from audit.metrics.rate_entries import CLARIFY

FELDMAN = "Feldman et al. (2015), doi:10.1145/2783258.2783311; 29 CFR 1607.4(D) by analogy"
CALDERS = "Calders & Verwer (2010), doi:10.1007/s10618-010-0190-x"
DWORK = "Dwork et al. (2012), doi:10.1145/2090236.2090255"
HARDT = "Hardt, Price & Srebro (2016), arXiv:1610.02413"
CORBETT = "Corbett-Davies et al. (2017), doi:10.1145/3097983.3098095"
CHOULDECHOVA = "Chouldechova (2017), doi:10.1089/big.2016.0047"
BERK = "Berk et al. (2021), arXiv:1703.09207"
AIF360 = "Bellamy et al. (2018), AI Fairness 360, arXiv:1810.01943"
AEQUITAS = "Saleiro et al. (2018), Aequitas, arXiv:1811.05577"
FAIRLEARN = "Weerts et al. (2023), Fairlearn, JMLR 24(257)"
WACHTER = "Wachter, Mittelstadt & Russell (2021), doi:10.1016/j.clsr.2021.105567"

SIGN = " (reference − group)"
UNSIGNED = " (unsigned worst case)"
VERITAS = " (direction differs by release)"
VERITAS_SIGN = " (reference − group)"
HALF = " (half of it, so 0.5 at parity)"

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
            "veritas:demographic_parity" + VERITAS_SIGN,
            "field:mean difference",
            "field:risk difference",
        ),
    ),
    "decision_level_rate": (
        "decision_level_rate_difference",
        "Difference in the share of one decision level",
        "definition",
        (),
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
            "veritas:equal_opportunity" + VERITAS_SIGN,
            "field:recall difference",
        ),
    ),
    "false_positive_rate": (
        "predictive_equality_difference",
        "Predictive equality difference",
        CORBETT,
        (
            "aif360:false_positive_rate_difference",
            "veritas:fpr_parity" + VERITAS_SIGN,
            "field:false_positive_rate_difference",
        ),
    ),
    "false_negative_rate": (
        "false_negative_rate_difference",
        "False negative rate difference",
        HARDT,
        ("aif360:false_negative_rate_difference", "veritas:fnr_parity" + VERITAS_SIGN),
    ),
    "true_negative_rate": (
        "true_negative_rate_difference",
        "True negative rate difference",
        CORBETT,
        ("clarify:SD", "veritas:tnr_parity" + VERITAS_SIGN, "field:specificity difference"),
    ),
    "precision": (
        "predictive_parity_difference",
        "Predictive parity difference",
        CHOULDECHOVA,
        (
            "clarify:DAR" + SIGN,
            "veritas:ppv_parity" + VERITAS_SIGN,
            "field:precision_difference",
            "field:outcome test",
        ),
    ),
    "negative_predictive_value": (
        "negative_predictive_value_difference",
        "Negative predictive value difference",
        CLARIFY,
        ("clarify:DRR", "veritas:npv_parity" + VERITAS_SIGN),
    ),
    "false_discovery_rate": (
        "false_discovery_rate_difference",
        "False discovery rate difference",
        AIF360,
        ("aif360:false_discovery_rate_difference", "veritas:fdr_parity" + VERITAS_SIGN),
    ),
    "false_omission_rate": (
        "false_omission_rate_difference",
        "False omission rate difference",
        AIF360,
        ("aif360:false_omission_rate_difference", "veritas:for_parity" + VERITAS_SIGN),
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
            "veritas:equal_odds" + VERITAS_SIGN,
            "veritas:neg_equal_odds (reference − group of denials: the same sign)",
        ),
    ),
    "average_predictive_value": (
        "average_predictive_value_difference",
        "Average predictive value difference",
        AIF360,
        (
            "aif360:average_predictive_value_difference",
            "veritas:calibration_by_group" + VERITAS_SIGN,
        ),
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
    "auc": ("auc_difference", "AUC difference", FAIRLEARN, ("veritas:auc_parity" + VERITAS_SIGN,)),
    "log_loss": (
        "log_loss_difference",
        "Log loss difference",
        FAIRLEARN,
        ("veritas:log_loss_parity" + VERITAS_SIGN,),
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
            "aequitas:impact parity",
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
    "decision_level_rate": (
        "decision_level_rate_ratio",
        "Ratio of the shares of one decision level",
        "definition",
        (),
    ),
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
        (
            "aequitas:tpr_disparity",
            "aequitas:tpr parity",
            "veritas:equal_opportunity_ratio" + VERITAS,
        ),
    ),
    "false_positive_rate": (
        "predictive_equality_ratio",
        "Predictive equality ratio",
        CORBETT,
        (
            "aif360:false_positive_rate_ratio",
            "aequitas:fpr_disparity",
            "aequitas:fpr parity",
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
            "aequitas:fnr parity",
            "veritas:fnr_ratio" + VERITAS,
        ),
    ),
    "true_negative_rate": (
        "true_negative_rate_ratio",
        "True negative rate ratio",
        CORBETT,
        ("aequitas:tnr_disparity", "aequitas:tnr parity", "veritas:tnr_ratio" + VERITAS),
    ),
    "precision": (
        "predictive_parity_ratio",
        "Predictive parity ratio",
        CHOULDECHOVA,
        (
            "aequitas:precision_disparity",
            "aequitas:precision parity",
            "veritas:ppv_ratio" + VERITAS,
            "field:precision_ratio",
        ),
    ),
    "negative_predictive_value": (
        "negative_predictive_value_ratio",
        "Negative predictive value ratio",
        AIF360,
        ("aequitas:npv_disparity", "aequitas:npv parity", "veritas:npv_ratio" + VERITAS),
    ),
    "false_discovery_rate": (
        "false_discovery_rate_ratio",
        "False discovery rate ratio",
        AIF360,
        (
            "aif360:false_discovery_rate_ratio",
            "aequitas:fdr_disparity",
            "aequitas:fdr parity",
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
            "aequitas:for parity",
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
        ("veritas:equal_odds_ratio" + HALF,),
    ),
    "average_denial_odds": (
        "average_denial_odds_ratio",
        "Average odds of denial ratio",
        "Veritas toolkit 2.0 (MAS), negative equalized odds",
        ("veritas:neg_equal_odds_ratio" + HALF,),
    ),
    "average_predictive_value": (
        "average_predictive_value_ratio",
        "Average predictive value ratio",
        AIF360,
        ("veritas:calibration_by_group_ratio" + HALF,),
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
        (),
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
    "label_imbalance": "may be zero or negative",
    "brier_skill_score": "may be zero or negative",
    "score_10th_percentile": "often 0 where an amount may be; the ratio of means says it",
    "score_25th_percentile": "often 0 where an amount may be; the ratio of means says it",
    "score_median": "often 0 where an amount may be; the ratio of means says it",
    "score_75th_percentile": "often 0 where an amount may be; the ratio of means says it",
    "score_90th_percentile": "often 0 where an amount may be; the ratio of means says it",
}
"""Rates whose ratio says nothing, and why."""
