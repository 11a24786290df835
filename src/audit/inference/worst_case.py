"""Unsigned worst cases over all groups of an attribute: max - min and min / max."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.inference.by_group import BOUNDS, SELECTIVE, Shares, is_selective, measured, shares_of
from audit.inference.estimate import NAN, Estimate, Estimates
from audit.inference.mover import mover_difference, mover_ratio
from audit.inference.shared_rows import OVERLAPPING, overlapping_limits, projected
from audit.inference.simultaneous import (
    pairwise_critical,
    worst_gap_interval,
    worst_gap_p_value,
    worst_ratio_interval,
)
from audit.inference.stack import Span, Stack
from audit.metrics.contrasts import worst
from audit.metrics.metric import Metric
from audit.table.roles import Group

Floats = npt.NDArray[np.float64]

TUKEY = "Tukey-Kramer pairs of Newcombe limits"
TUKEY_RATIO = "Tukey-Kramer pairs of MOVER limits"
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

    The missing group, "none of them" and groups without rows stay out. Cases of one shape share
    one call, padded with groups of no rows, which the intervals leave out; worst cases of F1 or
    of a blend of rates, and of groups that share rows, go one by one.
    """
    done: dict[int, Estimate] = {}
    cases: dict[int, Case] = {}
    number = 0
    for span in stack.spans:
        if not span.attribute:
            continue
        index = stack.compared(span)
        for metric in metrics:
            if any(r.form != "share" for r in metric.rates):
                done[number] = _other(stack, span, index, metric, shares, level, selective)
                number += 1
                continue
            case = _case(stack, span, index, metric, shares, level, selective)
            if isinstance(case, Estimate):
                done[number] = case
            else:
                cases[number] = case
            number += 1
    for k in [k for k, case in cases.items() if case.span.parts is not None]:
        case = cases.pop(k)
        ratio = case.metric.contrast == "worst_ratio"
        low, high = overlapping_limits(case.x, case.n, level, ratio)
        done[k] = _estimate(stack, case, shares, low, high, NAN, level, OVERLAPPING)
    for families in {len(c.values) for c in cases.values()}:
        together = {k: c for k, c in cases.items() if len(c.values) == families}
        p_values = _p_values(together.values())
        for ratio in (False, True):
            chosen = {
                k: c for k, c in together.items() if (c.metric.contrast == "worst_ratio") is ratio
            }
            done.update(_limits(stack, chosen, shares, level, ratio, p_values))
    return Estimates.of(done[k] for k in range(number))


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

    counted = [shares.proportions[r.shares[0]] for r in metric.rates]
    values = np.array([p.value[index] for p in counted])
    undefined = _undefined(stack, span, index, metric, shares, values, level, selective)
    if undefined is not None:
        return undefined
    return Case(
        metric=metric,
        span=span,
        index=index,
        values=values,
        x=np.array([p.x[index] for p in counted]),
        n=np.array([p.n[index] for p in counted]),
    )


def _undefined(
    stack: Stack,
    span: Span,
    index: npt.NDArray[np.int64],
    metric: Metric,
    shares: Shares,
    values: Floats,
    level: float,
    selective: bool,
) -> Estimate | None:
    """The estimate that says why there is no worst case, or None where there is one."""

    def because(reason: str, group: Group = (), method: str = "") -> Estimate:
        return Estimate(
            metric=metric.key,
            attribute=span.attribute,
            group=group,
            stratum=span.stratum,
            stage=span.stage,
            level=level,
            method=method,
            reason=reason,
        )

    if selective and is_selective(metric):
        return because(SELECTIVE, method=BOUNDS)
    if len(index) < 2:
        return because(ONE_GROUP)
    if is_selective(metric) and shares.hidden[index].any():
        first = index[np.flatnonzero(shares.hidden[index])[0]]
        return because(f"in one or more groups: {SELECTIVE}", stack.groups[first])
    empty = np.isnan(values)
    if empty.any():
        group = stack.groups[index[np.flatnonzero(empty.any(axis=0))[0]]]
        rate = metric.rates[int(np.flatnonzero(empty.any(axis=1))[0])]
        return because(f"in one or more groups: {rate.undefined}", group)
    return None


def _other(
    stack: Stack,
    span: Span,
    index: npt.NDArray[np.int64],
    metric: Metric,
    shares: Shares,
    level: float,
    selective: bool,
) -> Estimate:
    """A worst case of a rate that is no share: MOVER for all pairs at once."""
    ratio = metric.contrast == "worst_ratio"
    joint = 2 * float(ndtr_of(pairwise_critical(len(index), level))) - 1
    if span.parts is not None:
        joint = 1 - (1 - level) / len(index)
    wide = shares_of(stack, [metric], joint)
    m = measured(stack, metric.rates[0], wide, joint, 0)
    undefined = _undefined(
        stack, span, index, metric, shares, m.value[None, index], level, selective
    )
    if undefined is not None:
        return undefined
    values = m.value[index]
    if span.parts is not None:
        low, high = projected(m.low[index], m.high[index], ratio)
    else:
        low, high = all_pairs(values, m.low[index], m.high[index], ratio)
    lowest, highest = int(values.argmin()), int(values.argmax())
    if lowest == highest:
        highest = len(index) - 1
    value = float(worst(metric, [values]))
    return Estimate(
        metric=metric.key,
        attribute=span.attribute,
        group=stack.groups[index[lowest]],
        reference=stack.groups[index[highest]],
        stratum=span.stratum,
        stage=span.stage,
        value=value,
        low=low,
        high=high,
        level=level,
        method=f"Tukey-Kramer pairs of {m.method} limits"
        if span.parts is None
        else f"{m.method} limits of all groups (Bonferroni), projected",
        rows=int(m.rows[index[lowest]]),
        favorable=float(m.part[index[lowest]]),
        reference_rows=int(m.rows[index[highest]]),
        reference_value=float(values[highest]),
        reason=None if value == value else "every rate is 0",
    )


def ndtr_of(z: float) -> float:
    """P(standard normal < z)."""
    from scipy.special import ndtr

    return float(ndtr(z))


def all_pairs(values: Floats, low: Floats, high: Floats, ratio: bool) -> tuple[float, float]:
    """Limits of max - min (min / max) from simultaneous limits of each group, shape (k,).

    The largest gap is at least the largest lower limit of any pair and at most the largest upper
    one; for ratios the smallest. nan where a group's limits are unknown, or a ratio's below 0.

    >>> low, high = all_pairs(np.array([0.3, 0.6]), np.array([0.2, 0.5]), np.array([0.4, 0.7]),
    ...                       False)
    >>> round(low, 4), round(high, 4)
    (0.1586, 0.4414)
    """
    if np.isnan(low).any() or np.isnan(high).any() or (ratio and (low < 0).any()):
        return NAN, NAN
    one, other = (
        tuple(a[:, None] for a in (values, low, high)),
        tuple(a[None, :] for a in (values, low, high)),
    )
    with np.errstate(invalid="ignore"):
        lower, upper = (mover_ratio if ratio else mover_difference)(*one, *other)
    apart = ~np.eye(len(values), dtype=bool)
    lower, upper = lower[apart], upper[apart]
    if ratio:
        return float(np.fmin.reduce(lower)), min(float(np.fmin.reduce(upper)), 1.0)
    return max(float(np.fmax.reduce(lower)), 0.0), float(np.fmax.reduce(upper))


def _padded(arrays: Sequence[Floats]) -> Floats:
    most = max(a.shape[-1] for a in arrays)
    out = np.zeros((len(arrays), arrays[0].shape[0], most))
    for k, array in enumerate(arrays):
        out[k, :, : array.shape[-1]] = array
    return out


Compared = tuple[int, tuple[str, ...]]
"""First row of a span and the rates compared over it."""


def _compares(case: Case) -> Compared:
    return case.span.start, tuple(r.key for r in case.metric.rates)


def _p_values(cases: Iterable[Case]) -> dict[Compared, float]:
    """Of equal rates: a difference and a ratio of the same rates share one."""
    unique = {_compares(c): c for c in cases}
    x, n = _padded([c.x for c in unique.values()]), _padded([c.n for c in unique.values()])
    return dict(zip(unique, worst_gap_p_value(x, n, joint=True).tolist(), strict=True))


def _limits(
    stack: Stack,
    cases: dict[int, Case],
    shares: Shares,
    level: float,
    ratio: bool,
    p_values: Mapping[Compared, float],
) -> dict[int, Estimate]:
    if not cases:
        return {}
    x, n = _padded([c.x for c in cases.values()]), _padded([c.n for c in cases.values()])
    interval = worst_ratio_interval if ratio else worst_gap_interval
    low, high = interval(x, n, level, joint=True)
    limits = zip(low.tolist(), high.tolist(), strict=True)
    return {
        k: _estimate(stack, case, shares, *limit, p_values[_compares(case)], level)
        for (k, case), limit in zip(cases.items(), limits, strict=True)
    }


def _estimate(
    stack: Stack,
    case: Case,
    shares: Shares,
    low: float,
    high: float,
    p: float,
    level: float,
    method: str | None = None,
) -> Estimate:
    ratio = case.metric.contrast == "worst_ratio"
    # lists: the cases are many and their groups few, so calls would cost more than the numbers
    families = case.values.tolist()
    ends = [(min(rates), max(rates)) for rates in families]
    if ratio:
        each = [least / most if most else NAN for least, most in ends]
        value = NAN if any(v != v for v in each) else min(each)
        widest = min(range(len(each)), key=lambda k: each[k] if each[k] == each[k] else 2.0)
    else:
        each = [most - least for least, most in ends]
        value = max(each)
        widest = each.index(value)
    rates, (least, most) = families[widest], ends[widest]
    lowest, highest = rates.index(least), rates.index(most)
    if lowest == highest:  # every rate is the same
        highest = len(rates) - 1
    chosen = shares.proportions[case.metric.rates[widest].shares[0]]
    own, other = int(case.index[lowest]), int(case.index[highest])
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
        method=method or (TUKEY_RATIO if ratio else TUKEY),
        p_value=p,
        rows=int(chosen.rows[own]),
        favorable=float(chosen.part[own]),
        reference_rows=int(chosen.rows[other]),
        reference_value=rates[highest],
        reason=None if value == value else "every rate is 0",
    )
