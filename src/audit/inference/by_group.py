"""Rates of groups and their contrasts with a reference, with intervals, over a whole stack.

Each share is counted once, and each kind of interval is called once for all metrics and groups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.inference.bootstrap import cell_bootstrap
from audit.inference.clusters import block_jackknife
from audit.inference.estimate import Estimates
from audit.inference.intervals import (
    difference_interval,
    odds_ratio_interval,
    rate_interval,
    ratio_interval,
)
from audit.inference.mover import interval_p_value, mover_difference, mover_ratio, mover_sum
from audit.inference.score_tests import equality_p_value
from audit.inference.selective import false_positive_rate_bounds, true_positive_rate_bounds
from audit.inference.stack import Proportions, ShareOf, Stack, proportions
from audit.metrics.metric import Counts, Metric, Rate

Floats = npt.NDArray[np.float64]

WILSON = "Wilson"
MIETTINEN_NURMINEN = "Miettinen-Nurminen"
MOVER = "MOVER"
BOOTSTRAP = "cell bootstrap"
JACKKNIFE = "block jackknife"
BOUNDS = "bounds"
SELECTIVE = (
    "selective labels: outcomes are known only for approved applicants, so this rate cannot be "
    "computed"
)
REPLICATES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """A rate over the whole stack, before it becomes estimates."""

    value: Floats
    low: Floats
    high: Floats
    rows: npt.NDArray[np.int64]
    part: Floats
    method: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shares:
    """Every share that the metrics need, counted once, with Wilson limits from one call."""

    proportions: Mapping[ShareOf, Proportions]
    low: Mapping[ShareOf, Floats]
    high: Mapping[ShareOf, Floats]


def shares_of(stack: Stack, metrics: Sequence[Metric], level: float) -> Shares:
    """Count the shares of all rates of these metrics."""
    wanted = list(dict.fromkeys(s for m in metrics for r in m.rates for s in r.shares))
    counted = {s: proportions(stack, s) for s in wanted}
    if not wanted:
        return Shares(proportions={}, low={}, high={})
    low, high = rate_interval(
        np.stack([counted[s].x for s in wanted]), np.stack([counted[s].n for s in wanted]), level
    )
    return Shares(
        proportions=counted,
        low={s: low[i] for i, s in enumerate(wanted)},
        high={s: high[i] for i, s in enumerate(wanted)},
    )


def measured(stack: Stack, rate: Rate, shares: Shares, level: float, seed: int) -> Measured:
    """One rate of every group, with limits by the method of its form."""
    if rate.form == "cells":
        low, high = cell_bootstrap(
            (stack.n if stack.w is None else stack.w).reshape(-1, 9),
            lambda cells: rate.value(cells.reshape(*cells.shape[:-1], 3, 3)),
            level,
            REPLICATES,
            seed,
            squares=None if stack.w2 is None else stack.w2.reshape(-1, 9),
        )
        weights = stack.n if stack.w is None else stack.w
        rows = Counts(stack.n).known
        none = np.full(len(rows), np.nan)
        return Measured(
            value=rate.value(weights), low=low, high=high, rows=rows, part=none, method=BOOTSTRAP
        )
    parts = [shares.proportions[s] for s in rate.shares]
    lows, highs = [shares.low[s] for s in rate.shares], [shares.high[s] for s in rate.shares]
    first = parts[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        if rate.form == "blend":
            values = np.stack([p.value for p in parts])
            low, high = mover_sum(values, np.stack(lows), np.stack(highs), rate.coefficients)
            value = np.tensordot(np.asarray(rate.coefficients), values, axes=1)
            rows = np.sum([p.rows for p in parts], axis=0)
            none = np.full(len(rows), np.nan)
            return Measured(value=value, low=low, high=high, rows=rows, part=none, method=MOVER)
        if rate.form == "f1":
            value, low, high = (2 * v / (1 + v) for v in (first.value, lows[0], highs[0]))
        elif rate.form == "odds":
            value, low, high = (v / (1 - v) for v in (first.value, lows[0], highs[0]))
            value = np.where(first.value < 1, value, np.nan)
        else:
            value, low, high = first.value, lows[0], highs[0]
    return Measured(
        value=value, low=low, high=high, rows=first.rows, part=first.part, method=WILSON
    )


def is_selective(metric: Metric) -> bool:
    """Whether selective labels leave this metric undefined.

    What is said among the approved stays defined: precision, false discovery rate, and whatever
    needs no decision or no outcome.
    """
    if not {"decision", "outcome"} <= metric.needs:
        return False
    return not all(r.key in ("precision", "false_discovery_rate") for r in metric.rates)


def rate_estimates(
    stack: Stack,
    metrics: Sequence[Metric],
    shares: Shares,
    *,
    level: float,
    selective: bool,
    seed: int,
) -> Estimates:
    """One estimate a metric and group; a reason instead of a number where undefined."""
    every = np.arange(len(stack.groups))
    where = stack.columns(every)
    blocks = []
    for metric in metrics:
        rate = metric.rates[0]
        if selective and is_selective(metric):
            blocks.append(_bounds(stack, metric, where, level))
            continue
        m = measured(stack, rate, shares, level, seed)
        blocks.append(
            Estimates.block(
                len(every),
                metric=metric.key,
                **where,
                value=m.value.tolist(),
                low=_known(m.low, m.value),
                high=_known(m.high, m.value),
                level=level,
                method=m.method if stack.blocks is None else f"{m.method}, clustered",
                rows=m.rows.tolist(),
                favorable=m.part.tolist(),
                reason=_reasons(m.value, rate.undefined),
            )
        )
    return Estimates.concatenate(blocks)


def _known(limit: Floats, value: Floats) -> list[float]:
    known: list[float] = np.where(np.isnan(value), np.nan, limit).tolist()
    return known


def _reasons(value: Floats, text: str) -> list[str | None]:
    return [text if missing else None for missing in np.isnan(value).tolist()]


def _bounds(stack: Stack, metric: Metric, where: dict[str, list[Any]], level: float) -> Estimates:
    """What selective labels leave: bounds for TPR and FPR, nothing for the rest."""
    t = Counts((stack.n if stack.w is None else stack.w).astype(np.float64))
    size = len(stack.groups)
    low = high = np.full(size, np.nan)
    key = metric.rates[0].key
    if key in ("true_positive_rate", "false_positive_rate"):
        with np.errstate(divide="ignore", invalid="ignore"):
            approved = t.approved / t.decided
            repaid = t.approved_good / t.approved_known
        bound = (
            true_positive_rate_bounds if key == "true_positive_rate" else false_positive_rate_bounds
        )
        low, high = bound(approved, repaid)
    return Estimates.block(
        size,
        metric=metric.key,
        **where,
        low=low.tolist(),
        high=high.tolist(),
        level=level,
        method=BOUNDS,
        rows=Counts(stack.n).decided.tolist(),
        reason=SELECTIVE,
    )


# --- contrasts ------------------------------------------------------------------------------


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
    where = stack.columns(pairs.i)
    where["reference"] = [stack.groups[j] for j in pairs.j.tolist()]
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
        m = cache[rate.key]
        share = rate.shares[0] if rate.shares else None
        value, limits, method = _contrast(metric, m, pairs, share, differences, ratios, odds)
        if rate.form in ("share", "odds", "f1"):
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
                method=method,
                p_value=np.where(both, np.nan, p).tolist(),
                rows=m.rows[pairs.i].tolist(),
                favorable=m.part[pairs.i].tolist(),
                reference_rows=m.rows[pairs.j].tolist(),
                reference_value=m.value[pairs.j].tolist(),
                reason=_contrast_reasons(metric, m, pairs, value),
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


def _contrast_reasons(metric: Metric, m: Measured, pairs: Pairs, value: Floats) -> list[str | None]:
    undefined = np.isnan(value)
    if not undefined.any():
        return [None] * len(value)
    text = metric.rates[0].undefined
    out: list[str | None] = [None] * len(value)
    for k in np.flatnonzero(undefined).tolist():
        own, reference = m.value[pairs.i[k]], m.value[pairs.j[k]]
        if np.isnan(own):
            out[k] = text
        elif np.isnan(reference):
            out[k] = f"in the reference group: {text}"
        elif own == 0:
            out[k] = "both rates are 0"
        else:
            out[k] = "the reference group's rate is 0"
    return out
