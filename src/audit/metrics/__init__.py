"""Metrics: rates, contrasts, their catalogue, and drop-in functions over arrays.

Names are loaded when first read, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_CATALOGUE = ("CATALOGUE", "STANDARD", "get", "search")
_WORST = (
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equal_opportunity_difference",
    "equal_opportunity_ratio",
    "equalized_odds_difference",
    "equalized_odds_ratio",
)
_SIGNED = (
    "accuracy_difference",
    "average_absolute_odds_difference",
    "average_odds_difference",
    "average_predictive_value_difference",
    "base_rate_difference",
    "base_rate_js_divergence",
    "base_rate_kl_divergence",
    "base_rate_ratio",
    "base_rate_total_variation",
    "between_group_generalized_entropy_index",
    "between_group_theil_index",
    "class_imbalance",
    "disparate_impact_ratio",
    "error_rate_difference",
    "false_negative_rate_difference",
    "predictive_equality_difference",
    "predictive_equality_ratio",
    "predictive_parity_difference",
    "predictive_parity_ratio",
    "statistical_parity_difference",
    "treatment_equality_difference",
    "true_positive_rate_difference",
    "true_positive_rate_ratio",
)
_OF_EVERYONE = (
    "accuracy",
    "balanced_accuracy",
    "base_rate",
    "coefficient_of_variation",
    "denial_rate",
    "error_rate",
    "f1",
    "false_discovery_rate",
    "false_negative_rate",
    "false_omission_rate",
    "false_positive_rate",
    "generalized_entropy_index",
    "negative_predictive_value",
    "precision",
    "selection_rate",
    "theil_index",
    "true_negative_rate",
    "true_positive_rate",
)
_OVER_GROUPS = (
    "between_all_groups_generalized_entropy_index",
    "between_all_groups_theil_index",
    "differential_fairness",
    "group_max",
    "group_min",
    "information_independence",
    "information_separation",
    "information_sufficiency",
    "within_all_groups_generalized_entropy_index",
    "within_all_groups_theil_index",
)
_OF_PEOPLE = ("consistency", "flip_rate", "flip_test")
_CHOOSING = ("Recommendation", "choose", "impossible")
_WHERE = {
    **dict.fromkeys(_CATALOGUE, "catalogue"),
    **dict.fromkeys((*_WORST, *_SIGNED, *_OF_EVERYONE, "by_group"), "functions"),
    **dict.fromkeys(_OVER_GROUPS, "group_functions"),
    **dict.fromkeys(_OF_PEOPLE, "individual"),
    **dict.fromkeys(_CHOOSING, "choosing"),
    "Metric": "metric",
    "Rate": "metric",
    "Share": "metric",
    "check_metric": "check",
}


def __getattr__(name: str) -> Any:
    """Load a public name from the module that defines it."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return sorted(_WHERE)
