"""Rates of groups, with intervals, over a whole stack.

Each share is counted once, and each kind of interval is called once for all rates and groups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.inference.bootstrap import cell_bootstrap
from audit.inference.clusters import block_jackknife
from audit.inference.estimate import Estimates
from audit.inference.intervals import rate_interval
from audit.inference.mover import mover_sum
from audit.inference.selective import false_positive_rate_bounds, true_positive_rate_bounds
from audit.inference.stack import Proportions, ShareOf, Stack, proportions
from audit.metrics.metric import Counts, Metric, Rate
from audit.metrics.rates import selective_labels

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

WILSON = "Wilson"
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

    def first(self, rows: int) -> Measured:
        """The first rows of the stack."""
        if rows == len(self.value):
            return self
        names = ("value", "low", "high", "rows", "part")
        return replace(self, **{name: getattr(self, name)[:rows] for name in names})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shares:
    """Every share that the metrics need, counted once, with Wilson limits from one call."""

    proportions: Mapping[ShareOf, Proportions]
    low: Mapping[ShareOf, Floats]
    high: Mapping[ShareOf, Floats]
    hidden: Flags
    """Rows of the stack whose denied applicants have no known outcome, though its approved do."""


def shares_of(stack: Stack, metrics: Sequence[Metric], level: float) -> Shares:
    """Count the shares of all rates of these metrics."""
    wanted = list(dict.fromkeys(s for m in metrics for r in m.rates for s in r.shares))
    counted = {s: proportions(stack, s) for s in wanted}
    hidden = selective_labels(Counts(stack.n))
    if not wanted:
        return Shares(proportions={}, low={}, high={}, hidden=hidden)
    low, high = rate_interval(
        np.stack([counted[s].x for s in wanted]), np.stack([counted[s].n for s in wanted]), level
    )
    return Shares(
        proportions=counted,
        low={s: low[i] for i, s in enumerate(wanted)},
        high={s: high[i] for i, s in enumerate(wanted)},
        hidden=hidden,
    )


def measured(stack: Stack, rate: Rate, shares: Shares, level: float, seed: int) -> Measured:
    """One rate of every group, with limits by the method of its form."""
    if rate.form == "cells":
        return _of_cells(stack, rate, level, seed)
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


def _of_cells(stack: Stack, rate: Rate, level: float, seed: int) -> Measured:
    """Any function of a group's cells: bootstrap, or jackknife where applicants repeat."""
    weights = (stack.n if stack.w is None else stack.w).astype(np.float64)
    rows = Counts(stack.n).known
    value = rate.value(weights)
    if stack.blocks is not None:
        low, high, _ = block_jackknife(stack.blocks, rate.value, level)
        method = JACKKNIFE
    else:
        low, high = cell_bootstrap(
            weights.reshape(-1, 9),
            lambda cells: rate.value(cells.reshape(*cells.shape[:-1], 3, 3)),
            level,
            REPLICATES,
            seed,
            squares=None if stack.w2 is None else stack.w2.reshape(-1, 9),
        )
        low, high = np.fmin(low, value), np.fmax(high, value)
        low, high = np.where(np.isnan(high), np.nan, low), np.where(np.isnan(low), np.nan, high)
        method = BOOTSTRAP
    none = np.full(len(rows), np.nan)
    return Measured(value=value, low=low, high=high, rows=rows, part=none, method=method)


def is_selective(metric: Metric) -> bool:
    """Whether selective labels leave this metric undefined.

    What is said among the approved stays defined: precision, false discovery rate, and whatever
    needs no decision or no outcome.
    """
    if not {"decision", "outcome"} <= metric.needs:
        return False
    return not all(r.key in ("precision", "false_discovery_rate") for r in metric.rates)


def seen(m: Measured, metric: Metric, shares: Shares) -> Measured:
    """The rate, undefined in groups whose own labels are selective."""
    if not shares.hidden.any() or not is_selective(metric):
        return m
    return replace(m, value=np.where(shares.hidden, np.nan, m.value))


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
    every = np.arange(stack.shown)
    where = stack.columns(every)
    blocks = []
    for metric in metrics:
        rate = metric.rates[0]
        if selective and is_selective(metric):
            blocks.append(_bounds(stack, metric, where, level))
            continue
        m = seen(measured(stack, rate, shares, level, seed), metric, shares).first(stack.shown)
        clustered = stack.blocks is not None and m.method != JACKKNIFE
        blocks.append(
            Estimates.block(
                len(every),
                metric=metric.key,
                **where,
                value=m.value.tolist(),
                low=_known(m.low, m.value),
                high=_known(m.high, m.value),
                level=level,
                method=f"{m.method}, clustered" if clustered else m.method,
                rows=m.rows.tolist(),
                favorable=m.part.tolist(),
                reason=_reasons(m.value, metric, rate.undefined, shares),
            )
        )
    return Estimates.concatenate(blocks)


def _known(limit: Floats, value: Floats) -> list[float]:
    known: list[float] = np.where(np.isnan(value), np.nan, limit).tolist()
    return known


def _reasons(value: Floats, metric: Metric, text: str, shares: Shares) -> list[str | None]:
    hidden = shares.hidden if is_selective(metric) else np.zeros(len(value), dtype=bool)
    hidden = hidden[: len(value)]
    return [
        (SELECTIVE if own else text) if missing else None
        for missing, own in zip(np.isnan(value).tolist(), hidden.tolist(), strict=True)
    ]


def _bounds(stack: Stack, metric: Metric, where: dict[str, list[Any]], level: float) -> Estimates:
    """What selective labels leave: bounds for TPR and FPR and their complements, else nothing."""
    size = stack.shown
    t = Counts((stack.n if stack.w is None else stack.w)[:size].astype(np.float64))
    low = high = np.full(size, np.nan)
    key = metric.rates[0].key
    if metric.contrast is None and key in BOUNDED:
        with np.errstate(divide="ignore", invalid="ignore"):
            approved = np.minimum(t.approved / t.decided, 1.0)
            repaid = np.minimum(t.approved_good / t.approved_known, 1.0)
        bound, complement = BOUNDED[key]
        low, high = bound(approved, repaid)
        if complement:
            low, high = 1 - high, 1 - low
    return Estimates.block(
        size,
        metric=metric.key,
        **where,
        low=low.tolist(),
        high=high.tolist(),
        level=level,
        method=BOUNDS,
        rows=Counts(stack.n[:size]).decided.tolist(),
        reason=SELECTIVE,
    )


BOUNDED: Mapping[str, tuple[Any, bool]] = {
    "true_positive_rate": (true_positive_rate_bounds, False),
    "false_negative_rate": (true_positive_rate_bounds, True),
    "false_positive_rate": (false_positive_rate_bounds, False),
    "true_negative_rate": (false_positive_rate_bounds, True),
}
"""Bounds of a rate, and whether it is the complement of the one they bound."""
