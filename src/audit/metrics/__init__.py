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
    "base_rate_ratio",
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
    "denial_rate",
    "error_rate",
    "f1",
    "false_discovery_rate",
    "false_negative_rate",
    "false_omission_rate",
    "false_positive_rate",
    "negative_predictive_value",
    "precision",
    "selection_rate",
    "true_negative_rate",
    "true_positive_rate",
)
_WHERE = {
    **dict.fromkeys(_CATALOGUE, "catalogue"),
    **dict.fromkeys((*_WORST, *_SIGNED, *_OF_EVERYONE, "by_group"), "functions"),
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
