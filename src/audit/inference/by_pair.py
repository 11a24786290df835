"""Groups compared with their reference: contrasts with intervals and p-values, over a stack.

Each kind of two-rate interval is called once for all metrics and pairs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.inference.by_group import (
    BOUNDS,
    JACKKNIFE,
    MOVER,
    SELECTIVE,
    Measured,
    Shares,
    is_selective,
    measured,
    seen,
)
from audit.inference.clusters import block_jackknife
from audit.inference.estimate import Estimates
from audit.inference.intervals import difference_interval, odds_ratio_interval, ratio_interval
from audit.inference.mover import interval_p_value, mover_difference, mover_ratio
from audit.inference.score_tests import equality_p_value
from audit.inference.shared_rows import APART, WITHIN
from audit.inference.stack import Proportions, ShareOf, Stack
from audit.metrics.metric import Counts, Metric

Floats = npt.NDArray[np.float64]

MIETTINEN_NURMINEN = "Miettinen-Nurminen"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """Rows compared with their reference's row."""

    i: npt.NDArray[np.int64]
    j: npt.NDArray[np.int64]

    def of(self, p: Proportions) -> tuple[Floats, Floats, Floats, Floats]:
        """x, n, x_ref, n_ref."""
        return p.x[self.i], p.n[self.i], p.x[self.j], p.n[self.j]


def pairs_of(stack: Stack) -> Pairs:
    """Every group that has a reference other than itself."""
    own = np.arange(len(stack.groups))
    i = np.flatnonzero((stack.reference >= 0) & (stack.reference != own))
    return Pairs(i=i, j=stack.reference[i])


def columns_of(stack: Stack, pairs: Pairs) -> dict[str, Any]:
    """Attribute, group, reference, stratum and stage of every pair, as columns."""
    return {**stack.columns(pairs.i), "reference": [stack.groups[j] for j in pairs.j.tolist()]}


def _batched(
    function: Any, shares: Shares, pairs: Pairs, wanted: Sequence[ShareOf], *level: float
) -> dict[ShareOf, Any]:
    """Call a two-rate function once over shares × pairs."""
    if not wanted:
        return {}
    columns = [
        np.stack(c) for c in zip(*(pairs.of(shares.proportions[s]) for s in wanted), strict=True)
    ]
    result = function(*columns, *level)
    if isinstance(result, tuple):
        return {s: (result[0][k], result[1][k]) for k, s in enumerate(wanted)}
    return {s: result[k] for k, s in enumerate(wanted)}


def contrast_estimates(
    stack: Stack,
    metrics: Sequence[Metric],
    shares: Shares,
    *,
    level: float,
    selective: bool,
    seed: int,
) -> Estimates:
    """One estimate a metric and pair (group against its reference), with p-values."""
    pairs = pairs_of(stack)
    size = len(pairs.i)
    if not size:
        return Estimates.of([])
    simple = [m for m in metrics if m.rates[0].form in ("share", "odds", "f1")]

    def of_kind(contrast: str, form: str) -> list[ShareOf]:
        return list(
            dict.fromkeys(
                m.rates[0].shares[0]
                for m in simple
                if m.contrast == contrast and m.rates[0].form == form
            )
        )

    differences = _batched(
        difference_interval, shares, pairs, of_kind("difference", "share"), level
    )
    ratios = _batched(ratio_interval, shares, pairs, of_kind("ratio", "share"), level)
    odds = _batched(odds_ratio_interval, shares, pairs, of_kind("ratio", "odds"), level)
    tested = list(dict.fromkeys(m.rates[0].shares[0] for m in simple))
    p_values = _batched(equality_p_value, shares, pairs, tested)
    where = columns_of(stack, pairs)
    apart = stack.apart(pairs.j).tolist()
    within = stack.apart(pairs.j) & ~stack.n[pairs.j].any(axis=(1, 2))
    cache: dict[str, Measured] = {}
    blocks = []
    for metric in metrics:
        rate = metric.rates[0]
        if selective and is_selective(metric):
            blocks.append(
                Estimates.block(size, metric=metric.key, **where, level=level, method=BOUNDS,
                                rows=Counts(stack.n).decided[pairs.i].tolist(),
                                reference_rows=Counts(stack.n).decided[pairs.j].tolist(),
                                reason=SELECTIVE)
            )  # fmt: skip
            continue
        if rate.key not in cache:
            cache[rate.key] = measured(stack, rate, shares, level, seed)
        m = seen(cache[rate.key], metric, shares)
        share = rate.shares[0] if rate.shares else None
        value, limits, method = _contrast(metric, m, pairs, share, differences, ratios, odds)
        if share is not None and rate.form in ("share", "odds", "f1"):
            p = p_values[share]  # these are equal exactly where their shares are
        else:
            p = _from_interval(value, limits, metric.contrast, level)
        if stack.blocks is not None:
            limits, p, method = _clustered(stack, metric, pairs, level, limits, p, method)
        both = np.isnan(m.value[pairs.i]) | np.isnan(m.value[pairs.j])
        low = np.where(both, np.nan, limits[0])
        high = np.where(both, np.nan, limits[1])
        blocks.append(
            Estimates.block(
                size,
                metric=metric.key,
                **where,
                value=value.tolist(),
                low=low.tolist(),
                high=high.tolist(),
                level=level,
                method=[f"{method}{APART}" if a else method for a in apart],
                p_value=np.where(both, np.nan, p).tolist(),
                rows=m.rows[pairs.i].tolist(),
                favorable=m.part[pairs.i].tolist(),
                reference_rows=m.rows[pairs.j].tolist(),
                reference_value=m.value[pairs.j].tolist(),
                reason=_reasons(metric, m, pairs, value, shares, within),
            )
        )
    return Estimates.concatenate(blocks)


def _clustered(
    stack: Stack,
    metric: Metric,
    pairs: Pairs,
    level: float,
    limits: tuple[Floats, Floats],
    p: Floats,
    method: str,
) -> tuple[tuple[Floats, Floats], Floats, str]:
    """Block jackknife of the contrast; effective counts where it has nothing to vary."""
    rate = metric.rates[0]
    ratio = metric.contrast == "ratio"

    def contrast(tables: Floats) -> Floats:
        value = rate.value(tables)
        a, b = value[..., pairs.i], value[..., pairs.j]
        return a / b if ratio else a - b

    low, high, p_value = block_jackknife(
        stack.blocks,  # type: ignore[arg-type]  # the caller has checked that there are blocks
        contrast,
        level,
        scale="log" if ratio else "identity",
        null=1.0 if ratio else 0.0,
    )
    known = ~(np.isnan(low) | np.isnan(high))
    return (
        (np.where(known, low, limits[0]), np.where(known, high, limits[1])),
        np.where(known, p_value, p),
        f"{JACKKNIFE} ({method} where nothing varies)" if not known.all() else JACKKNIFE,
    )


def _contrast(
    metric: Metric,
    m: Measured,
    pairs: Pairs,
    share: ShareOf | None,
    differences: Mapping[Any, Any],
    ratios: Mapping[Any, Any],
    odds: Mapping[Any, Any],
) -> tuple[Floats, tuple[Floats, Floats], str]:
    """Value, limits and method of one contrast over the pairs."""
    i, j = pairs.i, pairs.j
    form = metric.rates[0].form
    a, b = m.value[i], m.value[j]
    sides = (a, m.low[i], m.high[i], b, m.low[j], m.high[j])
    with np.errstate(divide="ignore", invalid="ignore"):
        if metric.contrast == "difference":
            value = a - b
            if form == "share":
                return value, differences[share], MIETTINEN_NURMINEN
            return value, mover_difference(*sides), _of(m.method)
        value = np.where(b != 0, a / b, np.nan)
        if form == "share":
            return value, ratios[share], MIETTINEN_NURMINEN
        if form == "odds":
            return value, odds[share], f"{MIETTINEN_NURMINEN} odds ratio"
        low, high = mover_ratio(*sides)
        return value, (low, high), _of(m.method)


def _of(method: str) -> str:
    return MOVER if method == MOVER else f"{MOVER} of {method}"


def _from_interval(
    value: Floats, limits: tuple[Floats, Floats], contrast: str | None, level: float
) -> Floats:
    """The p-value that agrees with the interval; log scale for ratios."""
    if contrast == "ratio":
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = (np.log(value), np.log(limits[0]), np.log(limits[1]))
        return interval_p_value(*logs, 0.0, level)
    return interval_p_value(value, *limits, 0.0, level)


def _reasons(
    metric: Metric,
    m: Measured,
    pairs: Pairs,
    value: Floats,
    shares: Shares,
    within: npt.NDArray[np.bool_],
) -> list[str | None]:
    out: list[str | None] = [None] * len(value)
    for k in np.flatnonzero(np.isnan(value)).tolist():
        i, j = pairs.i[k], pairs.j[k]
        if within[k]:
            out[k] = WITHIN
            continue
        for row, place in ((i, ""), (j, "in the reference group: ")):
            if np.isnan(m.value[row]):
                hidden = shares.hidden[row] and is_selective(metric)
                out[k] = f"{place}{SELECTIVE if hidden else metric.rates[0].undefined}"
                break
        else:
            both = m.value[i] == 0
            out[k] = "both rates are 0" if both else "the reference group's rate is 0"
    return out
