"""Metrics of arrays over all groups at once: inequality, dependence, the worst-off group.

Arguments, checks and warnings are those of `audit.metrics.functions`.
"""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np

from audit.errors import InputError
from audit.metrics.array_cells import all_groups, count, undefined
from audit.metrics.catalogue import CATALOGUE, get
from audit.metrics.dependence import smoothed_differential_fairness
from audit.metrics.group_entries import edge_of
from audit.metrics.metric import Counts, Metric


class OverGroups(Protocol):
    """One number for all groups together."""

    def __call__(
        self,
        y_true: Any,
        y_pred: Any,
        *,
        sensitive_features: Any,
        sample_weight: Any = None,
        pos_label: Any = None,
    ) -> float:
        """The value; nan, with a warning that says why, where there is none."""


def _over_groups(key: str) -> OverGroups:
    metric = CATALOGUE[key]

    def function(
        y_true: Any,
        y_pred: Any,
        *,
        sensitive_features: Any,
        sample_weight: Any = None,
        pos_label: Any = None,
    ) -> float:
        _given(sensitive_features)
        data = count(metric, y_true, y_pred, sensitive_features, sample_weight, pos_label)
        return all_groups(metric, data)

    function.__name__ = function.__qualname__ = key
    function.__doc__ = (
        f"{metric.title}: {metric.formula}.\n\n{metric.meaning}\n\nSource: {metric.source}.\n"
    )
    return function


def _given(features: Any) -> None:
    if features is None:
        raise InputError("MET006", "was not given", argument="sensitive_features")


between_all_groups_generalized_entropy_index = _over_groups(
    "between_all_groups_generalized_entropy_index"
)
between_all_groups_theil_index = _over_groups("between_all_groups_theil_index")
within_all_groups_generalized_entropy_index = _over_groups(
    "within_all_groups_generalized_entropy_index"
)
within_all_groups_theil_index = _over_groups("within_all_groups_theil_index")
information_independence = _over_groups("information_independence")
information_separation = _over_groups("information_separation")
information_sufficiency = _over_groups("information_sufficiency")


def differential_fairness(
    y_true: Any,
    y_pred: Any,
    *,
    sensitive_features: Any,
    concentration: float = 0.0,
    sample_weight: Any = None,
    pos_label: Any = None,
) -> float:
    """Largest |ln| of two groups' approval, or denial, rates (Foulds et al. 2020); 0 is parity.

    Without decisions (`y_pred` None) it is of the outcomes. `concentration` adds so many
    pseudo-rows to each group, half of each answer: AIF360 adds one. Then the value moves with
    the number of rows, and a group of three rows counts for as much as it has.

    Raises `InputError` MET030 where `concentration` is negative or no number.

    >>> sex, approved = ["m"] * 40 + ["f"] * 40, [1] * 30 + [0] * 10 + [1] * 20 + [0] * 20
    >>> round(differential_fairness(None, approved, sensitive_features=sex), 4)  # ln(.5 / .25)
    0.6931
    """
    if not (isinstance(concentration, (int, float)) and 0 <= concentration < math.inf):
        raise InputError(
            "MET030",
            f"{concentration!r} is not a number of pseudo-rows",
            argument="concentration",
            fix="0 adds none; AIF360 adds 1",
        )
    _given(sensitive_features)
    key = "differential_fairness" if y_pred is not None else "outcome_differential_fairness"
    metric = CATALOGUE[key]
    data = count(metric, y_true, y_pred, sensitive_features, sample_weight, pos_label)
    if concentration == 0:
        return all_groups(metric, data)
    t = Counts(data.cells)
    part, whole = (t.approved, t.decided) if y_pred is not None else (t.all_good, t.all_known)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(smoothed_differential_fairness(part, whole, concentration))
    return undefined(key, metric.undefined) if math.isnan(value) else value


def group_min(
    metric: str,
    y_true: Any,
    y_pred: Any,
    *,
    sensitive_features: Any,
    sample_weight: Any = None,
    pos_label: Any = None,
) -> float:
    """The smallest value of a rate over groups, as fairlearn's `MetricFrame.group_min`.

    `metric` is the key or alias of a catalogue rate over decisions and outcomes; anything else
    raises `InputError` MET010. Nan where a group has no value: fairlearn's would be 0 or would
    leave the group out.

    >>> group_min("selection_rate", None, [1, 0, 1, 1] * 20, sensitive_features=["f", "m"] * 40)
    0.5
    """
    return _edge(metric, False, y_true, y_pred, sensitive_features, sample_weight, pos_label)


def group_max(
    metric: str,
    y_true: Any,
    y_pred: Any,
    *,
    sensitive_features: Any,
    sample_weight: Any = None,
    pos_label: Any = None,
) -> float:
    """The largest value of a rate over groups, as fairlearn's `MetricFrame.group_max`.

    >>> group_max("selection_rate", None, [1, 0, 1, 1] * 20, sensitive_features=["f", "m"] * 40)
    1.0
    """
    return _edge(metric, True, y_true, y_pred, sensitive_features, sample_weight, pos_label)


def _edge(
    name: str, largest: bool, y_true: Any, y_pred: Any, features: Any, weight: Any, label: Any
) -> float:
    entry = get(name)
    if entry.contrast is not None or entry.rates[0].form == "score":
        raise InputError(
            "MET010", f"{entry.key} is no rate of decisions and outcomes", argument="metric"
        )
    _given(features)
    rate = entry.rates[0]
    metric = Metric(
        key=f"{rate.key}_group_{'max' if largest else 'min'}",
        title=entry.title,
        rates=(rate,),
        contrast="groups",
        ideal=entry.ideal,
        worse=entry.worse,
        needs=entry.needs,
        formula=entry.formula,
        source=entry.source,
        meaning=entry.meaning,
        of_groups=edge_of(rate, largest),
        undefined=rate.undefined,
    )
    data = count(metric, y_true, y_pred, features, weight, label)
    return all_groups(metric, data)
