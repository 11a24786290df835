"""What peers measure, and the catalogue key that answers each of their names.

fairlearn's and AIF360's names are read from the installed packages, so that a new one fails here;
Aequitas', Clarify's and Veritas' lists are written down with their sources. A name without a key
has its reason.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from metric_cases import quiet

from audit import metrics
from audit.errors import InputError
from audit.metrics import CATALOGUE, get

# Aequitas 1.1.0: Group.all_group_metrics, Bias' disparities, Fairness' parities.
AEQUITAS = (
    *("ppr", "pprev", "precision", "fdr", "for", "fpr", "fnr", "tpr", "tnr", "npv"),
    *("prev", "accuracy"),
    *(
        f"{rate}_disparity"
        for rate in ("ppr", "pprev", "precision", "fdr", "for", "fpr", "fnr", "tpr", "tnr", "npv")
    ),
    *("Statistical Parity", "Impact Parity", "FDR Parity", "FPR Parity", "FOR Parity"),
    *("FNR Parity", "TPR Parity", "TNR Parity", "NPV Parity", "Precision Parity"),
    *("TypeI Parity", "TypeII Parity", "Equalized Odds"),
    *("Unsupervised Fairness", "Supervised Fairness", "Overall Fairness"),
)
# smclarify 0.5: bias/metrics/pretraining.py (8) and posttraining.py (13).
CLARIFY_BEFORE = ("CI", "DPL", "KL", "JS", "LP", "TVD", "KS", "CDDL")
CLARIFY_AFTER = (
    *("DPPL", "DI", "DCA", "DCR", "RD", "SD", "DAR", "DRR", "AD", "CDDPL", "TE", "FT", "GE"),
)
# veritastool 2.0: FairnessMetrics.map_fair_metric_to_group and map_indiv_fair_metric_to_group,
# PerformanceMetrics.map_perf_metric_to_group.
VERITAS = (
    *("disparate_impact", "demographic_parity", "equal_opportunity", "fpr_parity", "tnr_parity"),
    *("fnr_parity", "ppv_parity", "npv_parity", "fdr_parity", "for_parity", "equal_odds"),
    *("neg_equal_odds", "calibration_by_group", "auc_parity", "log_loss_parity"),
    *("equal_opportunity_ratio", "fpr_ratio", "tnr_ratio", "fnr_ratio", "ppv_ratio", "npv_ratio"),
    *("fdr_ratio", "for_ratio", "equal_odds_ratio", "neg_equal_odds_ratio"),
    *("calibration_by_group_ratio", "auc_ratio", "log_loss_ratio"),
    *("mi_independence", "mi_separation", "mi_sufficiency"),
    *("rmse_parity", "mape_parity", "wape_parity", "rmse_ratio", "mape_ratio", "wape_ratio"),
    *("rejected_harm", "acquire_benefit", "consistency_score"),
    *("selection_rate", "accuracy", "balanced_acc", "recall", "precision", "f1_score", "tnr"),
    *("fnr", "npv", "roc_auc", "log_loss"),
)

FUNCTIONS = {
    "aif360:consistency": "consistency",
    "aif360:consistency_score": "consistency",
    "veritas:consistency_score": "consistency",
    "clarify:FT": "flip_test",
    "fairlearn:MetricFrame": "by_group",
}
"""Answered by a function, because rows must be read, or a whole table comes back."""

COUNT = "a count: every estimate carries its rows, and the tally all cells"
BUILDER = "makes metrics of metrics; the catalogue has the results"
CONJUNCTION = "a yes or no made of several ratios; the verdict rule says it with intervals"
SUBGROUPS = "searches for a subgroup: no metric of given groups"
UPLIFT = "a regression's or an uplift model's; Veritas does not list it for credit scoring"
WITHOUT_KEY = {
    "fairlearn:count": COUNT,
    "fairlearn:make_derived_metric": BUILDER,
    "fairlearn:plot_model_comparison": "a chart",
    "fairlearn:plot_roc_curve_by_group": "a chart",
    "aif360:binary_confusion_matrix": COUNT,
    "aif360:generalized_binary_confusion_matrix": COUNT,
    "aif360:performance_measures": "a table of rates that are all listed one by one",
    "aif360:power": "their alias of num_true_positives: a count",
    "aif360:difference": BUILDER,
    "aif360:ratio": BUILDER,
    "aif360:intersection": BUILDER,
    "aif360:one_vs_rest": BUILDER,
    "aif360:make_scorer": BUILDER,
    "aif360:rich_subgroup": SUBGROUPS,
    "aif360:mdss_bias_score": SUBGROUPS,
    "aif360:ot_distance": "compares outcomes with scores, each made to sum to one over people, so "
    "it moves with the number of rows; score_wasserstein_distance compares groups",
    "aif360:num_samples": COUNT,
    **dict.fromkeys(
        (
            f"aequitas:{name.casefold()}"
            for name in (
                "TypeI Parity",
                "TypeII Parity",
                "Unsupervised Fairness",
                "Supervised Fairness",
                "Overall Fairness",
            )
        ),
        CONJUNCTION,
    ),
    **dict.fromkeys(
        (
            f"veritas:{name}"
            for name in (
                "rmse_parity",
                "mape_parity",
                "wape_parity",
                "rmse_ratio",
                "mape_ratio",
                "wape_ratio",
                "rejected_harm",
                "acquire_benefit",
            )
        ),
        UPLIFT,
    ),
}


def fairlearn_names() -> list[str]:
    with quiet():
        import fairlearn.metrics

        return sorted(fairlearn.metrics.__all__)


def aif360_names() -> list[str]:
    """Public methods of the two metric classes, and functions of `aif360.sklearn.metrics`."""
    with quiet():
        import aif360.sklearn.metrics.metrics as functions
        from aif360.metrics import BinaryLabelDatasetMetric, ClassificationMetric

        of_classes = {
            name
            for cls in (ClassificationMetric, BinaryLabelDatasetMetric)
            for name in dir(cls)
            if not name.startswith("_")
        }
        public = set(functions.__all__) if hasattr(functions, "__all__") else {
            name
            for name, value in vars(functions).items()
            if callable(value) and getattr(value, "__module__", "") == functions.__name__
        }  # fmt: skip
    return sorted(of_classes | public)


def unanswered(peer: str, names: Iterable[str]) -> list[str]:
    missing = []
    for name in names:
        full = f"{peer}:{name}"
        if full in FUNCTIONS or full in WITHOUT_KEY or full.casefold() in WITHOUT_KEY:
            continue
        if peer == "aif360" and name.startswith("num_"):
            continue  # counts
        try:
            get(full)
        except InputError:
            missing.append(name)
    return missing


@pytest.mark.parametrize(
    ("peer", "names"),
    [
        ("fairlearn", fairlearn_names()),
        ("aif360", aif360_names()),
        ("aequitas", AEQUITAS),
        ("clarify", (*CLARIFY_BEFORE, *CLARIFY_AFTER)),
        ("veritas", VERITAS),
    ],
)
def test_every_name_of_a_peer_is_answered(peer: str, names: Iterable[str]) -> None:
    """Each has a key under "peer:name", a function, or a reason why not."""
    assert unanswered(peer, names) == []


def test_the_lists_are_as_long_as_the_peers_say() -> None:
    """8 pre-training and 13 post-training metrics; more than 40 of AIF360's classes."""
    assert len(CLARIFY_BEFORE) == 8
    assert len(CLARIFY_AFTER) == 13
    assert len(aif360_names()) > 70
    assert len(VERITAS) == len(set(VERITAS))


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS.values())))
def test_functions_that_answer_exist(name: str) -> None:
    """What is said to answer a peer's name can be called."""
    assert callable(getattr(metrics, name))


def test_no_alias_is_made_up() -> None:
    """Every alias of an installed peer is a name it has."""
    with quiet():
        import aif360.sklearn.metrics as functions

    theirs = {"fairlearn": set(fairlearn_names()), "aif360": {*aif360_names(), *dir(functions)}}
    bases = {n.rsplit("_group_", 1)[0] for n in theirs["fairlearn"]}
    for metric in CATALOGUE.values():
        for alias in metric.aliases:
            peer, _, name = alias.partition(" (")[0].partition(":")
            name = name.partition(" of ")[0].rpartition(".")[2]
            if peer in theirs:
                assert name in theirs[peer] | bases, alias
