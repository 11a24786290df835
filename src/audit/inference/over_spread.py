"""Estimates of the spread of a rate over all groups, corrected for sampling noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audit.inference.by_group import BOUNDS, SELECTIVE, Shares, is_selective
from audit.inference.estimate import Estimate, Estimates
from audit.inference.over_groups import SHARED
from audit.inference.spread import spread_interval
from audit.inference.stack import Span, Stack
from audit.inference.worst_case import ONE_GROUP
from audit.metrics.metric import Metric
from audit.metrics.spread import between_group_variance
from audit.metrics.spread_entries import NO_SPREAD

METHOD = "inverted quadratic form"
NO_NOISE = "a group with a single row does not tell its sampling noise"


def spread_estimates(
    stack: Stack, metrics: Sequence[Metric], shares: Shares, *, level: float, selective: bool
) -> Estimates:
    """One estimate a metric and attribute tuple, over its groups with rows; missing stays out.

    Where the corrected variance is not above 0 there is no value, the reason says "no spread
    beyond sampling noise", and the limits, from 0 up, say how much there could still be.
    """
    return Estimates.of(
        _spread(stack, span, metric, shares, level, selective)
        for span in stack.spans
        if span.attribute
        for metric in metrics
    )


def _spread(
    stack: Stack, span: Span, metric: Metric, shares: Shares, level: float, selective: bool
) -> Estimate:
    index = stack.compared(span)
    where = span.described(metric.key, level)
    if selective and is_selective(metric):
        return Estimate(**where, method=BOUNDS, reason=SELECTIVE)
    if len(index) < 2:
        return Estimate(**where, reason=ONE_GROUP)
    if span.parts is not None:
        return Estimate(**where, reason=SHARED)
    if is_selective(metric) and shares.hidden[index].any():
        return Estimate(**where, reason=f"in one or more groups: {SELECTIVE}")
    rate = metric.rates[0]
    counted = shares.proportions[rate.shares[0]]
    x, n = counted.x[index], counted.n[index]
    if (n <= 0).any():
        return Estimate(**where, reason=f"in one or more groups: {rate.undefined}")
    low, high = spread_interval(x, n, level, scale="variance")
    variance = float(between_group_variance(x, n))
    root = metric.key.endswith("_spread")
    reason = None
    if variance != variance:
        reason = NO_NOISE
    elif variance <= 0:
        reason = NO_SPREAD
    assert metric.of_spread is not None  # for the type checker
    return Estimate(
        **where,
        value=float(metric.of_spread(x, n)),
        low=float(np.sqrt(low)) if root else float(low),
        high=float(np.sqrt(high)) if root else float(high),
        method=METHOD,
        rows=int(counted.rows[index].sum()),
        reason=reason,
    )
