"""Unsigned worst cases over all groups of an attribute: max - min and min / max."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from audit.inference.by_group import BOUNDS, SELECTIVE, Shares, is_selective
from audit.inference.estimate import Estimates
from audit.inference.simultaneous import (
    worst_gap_interval,
    worst_gap_p_value,
    worst_ratio_interval,
)
from audit.inference.stack import Span, Stack
from audit.metrics.contrasts import worst
from audit.metrics.metric import Metric

Floats = npt.NDArray[np.float64]

TUKEY = "Tukey-Kramer pairs of Newcombe limits"
TUKEY_RATIO = "Tukey-Kramer pairs of Miettinen-Nurminen limits"
ONE_GROUP = "only one group with rows: nothing to compare"


def worst_case_estimates(
    stack: Stack, metrics: Sequence[Metric], shares: Shares, *, level: float, selective: bool
) -> Estimates:
    """One estimate a metric and attribute tuple, naming the two extreme groups.

    The missing group and groups without rows stay out. Only rates of form "share" have a
    simultaneous interval; the catalogue holds no other worst case.
    """
    blocks = []
    for span in stack.spans:
        if not span.attribute:
            continue
        rows = stack.n[span.start : span.stop].sum(axis=(1, 2))
        index = span.start + np.array(
            [
                k
                for k, group in enumerate(stack.groups[span.start : span.stop])
                if None not in group and rows[k] > 0
            ],
            dtype=np.int64,
        )
        for metric in metrics:
            if any(r.form != "share" for r in metric.rates):
                continue
            blocks.append(_one(stack, span, index, metric, shares, level, selective))
    return Estimates.concatenate(blocks)


def _one(
    stack: Stack,
    span: Span,
    index: npt.NDArray[np.int64],
    metric: Metric,
    shares: Shares,
    level: float,
    selective: bool,
) -> Estimates:
    where = {
        "metric": metric.key,
        "attribute": [span.attribute],
        "stratum": [span.stratum],
        "stage": span.stage,
        "level": level,
    }
    if selective and is_selective(metric):
        return Estimates.block(1, **where, group=[()], method=BOUNDS, reason=SELECTIVE)
    if len(index) < 2:
        return Estimates.block(1, **where, group=[()], reason=ONE_GROUP)
    counted = [shares.proportions[r.shares[0]] for r in metric.rates]
    values = np.stack([p.value[index] for p in counted])
    undefined = np.isnan(values)
    if undefined.any():
        which = stack.groups[index[np.flatnonzero(undefined.any(axis=0))[0]]]
        rate = metric.rates[int(np.flatnonzero(undefined.any(axis=1))[0])]
        return Estimates.block(
            1, **where, group=[which], reason=f"in one or more groups: {rate.undefined}"
        )
    value = float(worst(metric, list(values)))
    x, n = np.stack([p.x[index] for p in counted]), np.stack([p.n[index] for p in counted])
    ratio = metric.contrast == "worst_ratio"
    if ratio:
        low, high = worst_ratio_interval(x, n, level, joint=True)
    else:
        low, high = worst_gap_interval(x, n, level, joint=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = -(values.min(axis=1) / values.max(axis=1)) if ratio else np.ptp(values, axis=1)
    widest = int(np.nanargmax(spread)) if not np.isnan(spread).all() else 0
    lowest, highest = int(values[widest].argmin()), int(values[widest].argmax())
    chosen = counted[widest]
    return Estimates.block(
        1,
        **where,
        group=[stack.groups[index[lowest]]],
        reference=[stack.groups[index[highest]]],
        value=value,
        low=float(low),
        high=float(high),
        method=TUKEY_RATIO if ratio else TUKEY,
        p_value=float(worst_gap_p_value(x, n, joint=True)),
        rows=int(chosen.rows[index[lowest]]),
        favorable=float(chosen.part[index[lowest]]),
        reference_rows=int(chosen.rows[index[highest]]),
        reference_value=float(values[widest, highest]),
        reason=None if not np.isnan(value) else "every rate is 0",
    )
