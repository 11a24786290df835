"""Metrics of arrays: drop-in for call sites of fairlearn's and AIF360's functions.

The same numbers wherever those are defined. Where they are not (a group in which nobody is good,
one group only, a group whose weights sum to zero) the result is nan and an
`UndefinedMetricWarning` names the group: never 0, never 1. Input is checked by
`audit.table.arrays.from_arrays`; nothing is guessed, dropped or reordered in silence.

All take `y_true` (outcomes; missing = unknown; None where the metric needs none) and `y_pred`
(decisions), one value a row, `sample_weight` and `pos_label` (the favourable label, where it is
neither True nor 1). Those that compare groups take `sensitive_features`: one vector, or several,
whose combinations are the groups. They raise `InputError` for what cannot be read without a guess.

>>> sex = ["m"] * 40 + ["f"] * 40
>>> approved = [1] * 30 + [0] * 10 + [1] * 20 + [0] * 20
>>> round(disparate_impact_ratio(None, approved, sensitive_features=sex, reference="m"), 4)
0.6667
>>> selection_rate(None, approved)
0.625
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

from audit.errors import InputError
from audit.metrics.array_cells import count, each_group, one_group, signed, worst_case
from audit.metrics.catalogue import CATALOGUE, get
from audit.metrics.metric import Metric
from audit.table.roles import Group

Method = Literal["between_groups", "to_overall"]
Agg = Literal["worst_case", "mean"]


class OfEveryone(Protocol):
    """A rate of all rows together."""

    def __call__(
        self, y_true: Any, y_pred: Any, *, sample_weight: Any = None, pos_label: Any = None
    ) -> float:
        """The rate; nan where its denominator is empty."""


class Signed(Protocol):
    """A comparison of one group with a reference group."""

    def __call__(
        self,
        y_true: Any,
        y_pred: Any,
        *,
        sensitive_features: Any,
        reference: Any,
        group: Any = None,
        sample_weight: Any = None,
        pos_label: Any = None,
    ) -> float:
        """Group minus, or over, reference; `group` None means all others pooled, as AIF360."""


def _text(metric: Metric) -> str:
    return f"{metric.title}: {metric.formula}.\n\n{metric.meaning}\n\nSource: {metric.source}.\n"


def _of_everyone(key: str) -> OfEveryone:
    metric = CATALOGUE[key]

    def function(
        y_true: Any, y_pred: Any, *, sample_weight: Any = None, pos_label: Any = None
    ) -> float:
        return one_group(metric, count(metric, y_true, y_pred, None, sample_weight, pos_label))

    function.__name__ = function.__qualname__ = key
    function.__doc__ = _text(metric)
    return function


def _signed(key: str) -> Signed:
    metric = CATALOGUE[key]

    def function(
        y_true: Any,
        y_pred: Any,
        *,
        sensitive_features: Any,
        reference: Any,
        group: Any = None,
        sample_weight: Any = None,
        pos_label: Any = None,
    ) -> float:
        _given(sensitive_features)
        data = count(metric, y_true, y_pred, sensitive_features, sample_weight, pos_label)
        return signed(metric, data, reference, group)

    function.__name__ = function.__qualname__ = key
    function.__doc__ = _text(metric)
    return function


def _worst(
    key: str,
    y_true: Any,
    y_pred: Any,
    features: Any,
    weight: Any,
    label: Any,
    method: str,
    agg: str = "worst_case",
) -> float:
    metric = CATALOGUE[key]
    _given(features)
    return worst_case(metric, count(metric, y_true, y_pred, features, weight, label), method, agg)


def _given(features: Any) -> None:
    if features is None:
        raise InputError("MET006", "was not given", argument="sensitive_features")


def demographic_parity_difference(
    y_true: Any,
    y_pred: Any,
    *,
    sensitive_features: Any,
    method: Method = "between_groups",
    sample_weight: Any = None,
    pos_label: Any = None,
) -> float:
    """Largest minus smallest approval rate over groups (Dwork et al. 2012); 0 is parity.

    `method="to_overall"` takes the largest distance of a group from everyone together instead, as
    fairlearn does. Outcomes are checked but not used.

    >>> sex, approved = ["m"] * 40 + ["f"] * 40, [1] * 30 + [0] * 10 + [1] * 20 + [0] * 20
    >>> repaid = [1] * 25 + [0] * 10 + [1] * 5 + [1] * 15 + [0] * 20 + [1] * 5
    >>> round(demographic_parity_difference(repaid, approved, sensitive_features=sex), 4)
    0.25
    """
    return _worst(
        "demographic_parity_difference",
        y_true,
        y_pred,
        sensitive_features,
        sample_weight,
        pos_label,
        method,
    )


def demographic_parity_ratio(
    y_true: Any,
    y_pred: Any,
    *,
    sensitive_features: Any,
    method: Method = "between_groups",
    sample_weight: Any = None,
    pos_label: Any = None,
) -> float:
    """Smallest over largest approval rate of the groups; 1 is parity, nobody approved undefined.

    >>> sex, approved = ["m"] * 40 + ["f"] * 40, [1] * 30 + [0] * 10 + [1] * 20 + [0] * 20
    >>> repaid = [1] * 25 + [0] * 10 + [1] * 5 + [1] * 15 + [0] * 20 + [1] * 5
    >>> round(demographic_parity_ratio(repaid, approved, sensitive_features=sex), 4)
    0.6667
    """
    return _worst(
        "demographic_parity_ratio",
        y_true,
        y_pred,
        sensitive_features,
        sample_weight,
        pos_label,
        method,
    )


def equal_opportunity_difference(
    y_true: Any,
    y_pred: Any,
    *,
    sensitive_features: Any,
    method: Method = "between_groups",
    sample_weight: Any = None,
    pos_label: Any = None,
) -> float:
    """Largest minus smallest approval rate among good applicants (Hardt et al. 2016).

    >>> sex, approved = ["m"] * 40 + ["f"] * 40, [1] * 30 + [0] * 10 + [1] * 20 + [0] * 20
    >>> repaid = [1] * 25 + [0] * 10 + [1] * 5 + [1] * 15 + [0] * 20 + [1] * 5
    >>> round(equal_opportunity_difference(repaid, approved, sensitive_features=sex), 4)
    0.0833
    """
    return _worst(
        "equal_opportunity_difference",
        y_true,
        y_pred,
        sensitive_features,
        sample_weight,
        pos_label,
        method,
    )


def equal_opportunity_ratio(
    y_true: Any,
    y_pred: Any,
    *,
    sensitive_features: Any,
    method: Method = "between_groups",
    sample_weight: Any = None,
    pos_label: Any = None,
) -> float:
    """Smallest over largest approval rate among good applicants.

    >>> sex, approved = ["m"] * 40 + ["f"] * 40, [1] * 30 + [0] * 10 + [1] * 20 + [0] * 20
    >>> repaid = [1] * 25 + [0] * 10 + [1] * 5 + [1] * 15 + [0] * 20 + [1] * 5
    >>> round(equal_opportunity_ratio(repaid, approved, sensitive_features=sex), 4)
    0.9
    """
    return _worst(
        "equal_opportunity_ratio",
        y_true,
        y_pred,
        sensitive_features,
        sample_weight,
        pos_label,
        method,
    )


def equalized_odds_difference(
    y_true: Any,
    y_pred: Any,
    *,
    sensitive_features: Any,
    method: Method = "between_groups",
    sample_weight: Any = None,
    pos_label: Any = None,
    agg: Agg = "worst_case",
) -> float:
    """The larger of the gaps in true and in false positive rates (Hardt et al. 2016).

    `agg="mean"` takes the mean of the two instead.

    >>> sex, approved = ["m"] * 40 + ["f"] * 40, [1] * 30 + [0] * 10 + [1] * 20 + [0] * 20
    >>> repaid = [1] * 25 + [0] * 10 + [1] * 5 + [1] * 15 + [0] * 20 + [1] * 5
    >>> round(equalized_odds_difference(repaid, approved, sensitive_features=sex), 4)
    0.25
    """
    return _worst(
        "equalized_odds_difference",
        y_true,
        y_pred,
        sensitive_features,
        sample_weight,
        pos_label,
        method,
        agg,
    )


def equalized_odds_ratio(
    y_true: Any,
    y_pred: Any,
    *,
    sensitive_features: Any,
    method: Method = "between_groups",
    sample_weight: Any = None,
    pos_label: Any = None,
    agg: Agg = "worst_case",
) -> float:
    """The smaller of the ratios (smallest over largest) of true and of false positive rates.

    `agg="mean"` takes the mean of the two instead.

    >>> sex, approved = ["m"] * 40 + ["f"] * 40, [1] * 30 + [0] * 10 + [1] * 20 + [0] * 20
    >>> repaid = [1] * 25 + [0] * 10 + [1] * 5 + [1] * 15 + [0] * 20 + [1] * 5
    >>> round(equalized_odds_ratio(repaid, approved, sensitive_features=sex), 4)
    0.5
    """
    return _worst(
        "equalized_odds_ratio",
        y_true,
        y_pred,
        sensitive_features,
        sample_weight,
        pos_label,
        method,
        agg,
    )


disparate_impact_ratio = _signed("disparate_impact_ratio")
statistical_parity_difference = _signed("statistical_parity_difference")
base_rate_difference = _signed("base_rate_difference")
base_rate_ratio = _signed("base_rate_ratio")
true_positive_rate_difference = _signed("true_positive_rate_difference")
true_positive_rate_ratio = _signed("true_positive_rate_ratio")
predictive_equality_difference = _signed("predictive_equality_difference")
predictive_equality_ratio = _signed("predictive_equality_ratio")
false_negative_rate_difference = _signed("false_negative_rate_difference")
predictive_parity_difference = _signed("predictive_parity_difference")
predictive_parity_ratio = _signed("predictive_parity_ratio")
average_odds_difference = _signed("average_odds_difference")
average_absolute_odds_difference = _signed("average_absolute_odds_difference")
average_predictive_value_difference = _signed("average_predictive_value_difference")
accuracy_difference = _signed("accuracy_difference")
error_rate_difference = _signed("error_rate_difference")
treatment_equality_difference = _signed("treatment_equality_difference")
class_imbalance = _signed("class_imbalance")
between_group_generalized_entropy_index = _signed("between_group_generalized_entropy_index")
between_group_theil_index = _signed("between_group_theil_index")
base_rate_kl_divergence = _signed("base_rate_kl_divergence")
base_rate_js_divergence = _signed("base_rate_js_divergence")
base_rate_total_variation = _signed("base_rate_total_variation")

selection_rate = _of_everyone("selection_rate")
denial_rate = _of_everyone("denial_rate")
true_positive_rate = _of_everyone("true_positive_rate")
false_positive_rate = _of_everyone("false_positive_rate")
true_negative_rate = _of_everyone("true_negative_rate")
false_negative_rate = _of_everyone("false_negative_rate")
precision = _of_everyone("precision")
negative_predictive_value = _of_everyone("negative_predictive_value")
false_discovery_rate = _of_everyone("false_discovery_rate")
false_omission_rate = _of_everyone("false_omission_rate")
accuracy = _of_everyone("accuracy")
error_rate = _of_everyone("error_rate")
balanced_accuracy = _of_everyone("balanced_accuracy")
f1 = _of_everyone("f1")
generalized_entropy_index = _of_everyone("generalized_entropy_index")
theil_index = _of_everyone("theil_index")
coefficient_of_variation = _of_everyone("coefficient_of_variation")


def base_rate(
    y_true: Any, y_pred: Any = None, *, sample_weight: Any = None, pos_label: Any = None
) -> float:
    """Share of favourable outcomes among the known ones; decisions are checked, not used.

    >>> base_rate([1, 0, 1, 1])
    0.75
    """
    metric = CATALOGUE["base_rate"]
    return one_group(metric, count(metric, y_true, y_pred, None, sample_weight, pos_label))


def by_group(
    metric: str,
    y_true: Any,
    y_pred: Any,
    *,
    sensitive_features: Any,
    sample_weight: Any = None,
    pos_label: Any = None,
) -> dict[Group, float]:
    """A rate of each group, by the group's tuple of levels; nan where it has none.

    `metric` is the key or alias of a catalogue rate over decisions and outcomes; anything else
    raises `InputError` MET010.

    >>> by_group("approval rate", None, [1, 0] * 30, sensitive_features=["f", "m"] * 30)
    {('f',): 1.0, ('m',): 0.0}
    """
    entry = get(metric)
    if entry.contrast is not None or entry.rates[0].form == "score":
        raise InputError(
            "MET010", f"{entry.key} is no rate of decisions and outcomes", argument="metric"
        )
    _given(sensitive_features)
    data = count(entry, y_true, y_pred, sensitive_features, sample_weight, pos_label)
    return dict(zip(data.groups, each_group(entry, data), strict=True))
