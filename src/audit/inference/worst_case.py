"""Unsigned worst cases over all groups of an attribute: max - min and min / max."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.inference.by_group import BOUNDS, SELECTIVE, Shares, is_selective
from audit.inference.estimate import Estimate, Estimates
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """One worst case to compute: a metric over the groups of a span."""

    metric: Metric
    span: Span
    index: npt.NDArray[np.int64]
    """Rows of the groups compared: no missing level, at least one row."""
    values: Floats
    """Rates, shape (families, groups)."""
    x: Floats
    n: Floats


def worst_case_estimates(
    stack: Stack, metrics: Sequence[Metric], shares: Shares, *, level: float, selective: bool
) -> Estimates:
    """One estimate a metric and attribute tuple, naming the two extreme groups.

    The missing group and groups without rows stay out. Only rates of form "share" have a
    simultaneous interval; the catalogue holds no other worst case. Cases of one shape share one
    call, padded with groups of no rows, which the intervals leave out.
    """
    done: dict[int, Estimate] = {}
    cases: dict[int, Case] = {}
    number = 0
    for span in stack.spans:
        if not span.attribute:
            continue
        index = _compared(stack, span)
        for metric in metrics:
            if any(r.form != "share" for r in metric.rates):
                continue
            case = _case(stack, span, index, metric, shares, level, selective)
            if isinstance(case, Estimate):
                done[number] = case
            else:
                cases[number] = case
            number += 1
    for families in {len(c.values) for c in cases.values()}:
        for ratio in (False, True):
            chosen = {
                k: c
                for k, c in cases.items()
                if len(c.values) == families and (c.metric.contrast == "worst_ratio") is ratio
            }
            done.update(_limits(stack, chosen, shares, level, ratio))
    return Estimates.of(done[k] for k in range(number))


def _compared(stack: Stack, span: Span) -> npt.NDArray[np.int64]:
    rows = stack.n[span.start : span.stop].sum(axis=(1, 2))
    groups = stack.groups[span.start : span.stop]
    kept = [k for k, group in enumerate(groups) if None not in group and rows[k] > 0]
    return span.start + np.array(kept, dtype=np.int64)


def _case(
    stack: Stack,
    span: Span,
    index: npt.NDArray[np.int64],
    metric: Metric,
    shares: Shares,
    level: float,
    selective: bool,
) -> Case | Estimate:
    """What is to be computed, or an estimate with the reason why it cannot be."""

    def undefined(reason: str, group: tuple[object, ...] = (), method: str = "") -> Estimate:
        return Estimate(
            metric=metric.key,
            attribute=span.attribute,
            group=group,  # type: ignore[arg-type]  # levels of the stack's groups
            stratum=span.stratum,
            stage=span.stage,
            level=level,
            method=method,
            reason=reason,
        )

    if selective and is_selective(metric):
        return undefined(SELECTIVE, method=BOUNDS)
    if len(index) < 2:
        return undefined(ONE_GROUP)
    counted = [shares.proportions[r.shares[0]] for r in metric.rates]
    values = np.stack([p.value[index] for p in counted])
    empty = np.isnan(values)
    if empty.any():
        group = stack.groups[index[np.flatnonzero(empty.any(axis=0))[0]]]
        rate = metric.rates[int(np.flatnonzero(empty.any(axis=1))[0])]
        return undefined(f"in one or more groups: {rate.undefined}", group)
    return Case(
        metric=metric,
        span=span,
        index=index,
        values=values,
        x=np.stack([p.x[index] for p in counted]),
        n=np.stack([p.n[index] for p in counted]),
    )


def _padded(arrays: Sequence[Floats]) -> Floats:
    most = max(a.shape[-1] for a in arrays)
    out = np.zeros((len(arrays), arrays[0].shape[0], most))
    for k, array in enumerate(arrays):
        out[k, :, : array.shape[-1]] = array
    return out


def _limits(
    stack: Stack, cases: dict[int, Case], shares: Shares, level: float, ratio: bool
) -> dict[int, Estimate]:
    if not cases:
        return {}
    x, n = _padded([c.x for c in cases.values()]), _padded([c.n for c in cases.values()])
    interval = worst_ratio_interval if ratio else worst_gap_interval
    low, high = interval(x, n, level, joint=True)
    p = worst_gap_p_value(x, n, joint=True)
    return {
        k: _estimate(stack, case, shares, float(low[i]), float(high[i]), float(p[i]), level)
        for i, (k, case) in enumerate(cases.items())
    }


def _estimate(
    stack: Stack, case: Case, shares: Shares, low: float, high: float, p: float, level: float
) -> Estimate:
    values = case.values
    ratio = case.metric.contrast == "worst_ratio"
    value = float(worst(case.metric, list(values)))
    most, least = values.max(axis=1), values.min(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.nan_to_num(-(least / most), nan=-2.0) if ratio else most - least
    widest = int(spread.argmax())
    lowest, highest = int(values[widest].argmin()), int(values[widest].argmax())
    if lowest == highest:  # every rate is the same
        highest = len(case.index) - 1
    chosen = shares.proportions[case.metric.rates[widest].shares[0]]
    own, other = case.index[lowest], case.index[highest]
    return Estimate(
        metric=case.metric.key,
        attribute=case.span.attribute,
        group=stack.groups[own],
        reference=stack.groups[other],
        stratum=case.span.stratum,
        stage=case.span.stage,
        value=value,
        low=low,
        high=high,
        level=level,
        method=TUKEY_RATIO if ratio else TUKEY,
        p_value=p,
        rows=int(chosen.rows[own]),
        favorable=float(chosen.part[own]),
        reference_rows=int(chosen.rows[other]),
        reference_value=float(values[widest, highest]),
        reason=None if value == value else "every rate is 0",
    )
