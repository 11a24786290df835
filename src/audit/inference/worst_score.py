"""Worst cases of score metrics over all groups, and the words for what cannot be computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audit.inference.auc import area, auc_interval, unjudged
from audit.inference.by_group import BOUNDS, SELECTIVE
from audit.inference.estimate import Estimate
from audit.inference.shared_rows import projected
from audit.inference.simultaneous import pairwise_critical
from audit.inference.worst_case import ONE_GROUP, all_pairs, ndtr_of
from audit.metrics.contrasts import worst
from audit.metrics.metric import Metric
from audit.tally.distribution import Distribution
from audit.tally.overlap import share_rows


def why(metric: Metric, d: Distribution) -> str:
    """Why a score metric has no value here."""
    if d.rows == 0:
        return "no rows with a value"
    good, bad = d.counts[:, 0].sum(), d.counts[:, 1].sum()
    if "outcome" in metric.needs and (good == 0 or bad == 0):
        return "no favourable outcome" if good == 0 else "no unfavourable outcome"
    if "probability" in metric.needs and not (
        d.values.size and d.values.min() >= 0 and d.values.max() <= 1
    ):
        return "values outside [0, 1] are not probabilities"
    return metric.rates[0].undefined


def known_rows(d: Distribution, metric: Metric) -> int:
    """Rows the value rests on: those with an outcome, where it needs one."""
    if "outcome" not in metric.needs or d.total == 0:
        return d.rows
    return round(d.rows * float(d.known_by_value.sum()) / float(d.by_value.sum()))


def compared(
    distributions: Sequence[Distribution],
) -> dict[tuple[str, ...], list[Distribution]]:
    """By attribute, the groups that a worst case is over: those named, with at least one row."""
    found: dict[tuple[str, ...], list[Distribution]] = {}
    for d in distributions:
        if d.attribute:
            kept = found.setdefault(d.attribute, [])
            if None not in d.group and d.named and d.rows > 0:
                kept.append(d)
    return found


def worst_score(
    metric: Metric, own: Sequence[Distribution], level: float, selective: bool
) -> Estimate:
    """The largest AUC less the smallest (the smallest over the largest), all pairs at once."""
    where: dict[str, Any] = {"metric": metric.key, "level": level}
    where["attribute"] = own[0].attribute if own else ()
    where["column"] = own[0].column if own else None
    if selective and "outcome" in metric.needs:
        return Estimate(**where, group=(), method=BOUNDS, reason=SELECTIVE)
    if len(own) < 2:
        return Estimate(**where, group=(), reason=ONE_GROUP)
    areas = [area(d) for d in own]
    values = np.array([a.value for a in areas])
    if np.isnan(values).any():
        unknown = own[int(np.flatnonzero(np.isnan(values))[0])]
        reason = f"in one or more groups: {why(metric, unknown)}"
        return Estimate(**where, group=unknown.group, reason=reason)
    ratio, shared = metric.contrast == "worst_ratio", share_rows(own)
    joint = 2 * ndtr_of(pairwise_critical(len(own), level)) - 1
    method = "Tukey-Kramer pairs of DeLong limits on the logit scale"
    if shared:
        joint = 1 - (1 - level) / len(own)
        method = "DeLong limits of all groups (Bonferroni), projected: groups overlap"
    limits = [auc_interval(a, joint) for a in areas]
    lows, highs = (np.array([float(x[side]) for x in limits]) for side in (0, 1))
    low, high = projected(lows, highs, ratio) if shared else all_pairs(values, lows, highs, ratio)
    least, most = int(values.argmin()), int(values.argmax())
    if least == most:
        most = len(own) - 1
    return Estimate(
        **where,
        group=own[least].group,
        reference=own[most].group,
        value=float(worst(metric, [values])),
        low=low,
        high=high,
        method=method,
        rows=known_rows(own[least], metric),
        reference_rows=known_rows(own[most], metric),
        reference_value=float(values[most]),
        reason=next((r for r in map(unjudged, areas) if r), None),
    )
