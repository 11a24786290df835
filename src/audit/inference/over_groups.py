"""Estimates of comparisons over all groups at once, and of a group as a part of everyone.

A smallest or largest rate, and differential fairness, are extremes over groups: a bootstrap of an
extreme does not cover, so each group gets limits that hold for all together (Šidák 1967) and the
extreme of the limits bounds the extreme of the rates. The rest are smooth functions of all cells,
and their limits are a bootstrap of the cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from audit.inference.bootstrap import cell_bootstrap
from audit.inference.by_group import BOOTSTRAP, BOUNDS, JACKKNIFE, SELECTIVE, measured, shares_of
from audit.inference.clusters import block_jackknife
from audit.inference.estimate import Estimate, Estimates
from audit.inference.stack import Span, Stack
from audit.inference.worst_case import ONE_GROUP
from audit.metrics.catalogue import CATALOGUE
from audit.metrics.contrasts import compare, over_groups
from audit.metrics.metric import Counts, Metric
from audit.metrics.rates import selective_labels
from audit.tally.overlap import Parts

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

REPLICATES = 2_000
SIDAK = "Šidák limits of all groups, projected"
SHARED = "not checked: groups overlap, and this measure divides people into groups"
LOG_RATIO_RATES = {
    "differential_fairness": "selection_rate",
    "outcome_differential_fairness": "base_rate",
}
"""The rate whose largest log ratio, of it or its complement, each of these is."""


def group_estimates(
    stack: Stack, metrics: Sequence[Metric], *, level: float, selective: bool, seed: int
) -> Estimates:
    """One estimate a metric and attribute tuple, over its groups with rows; missing stays out.

    For contrast "groups". The estimate of a smallest or largest rate names the group that has it.
    """
    found = [
        _of_groups(stack, span, metric, level, selective, seed)
        for span in stack.spans
        if span.attribute
        for metric in metrics
    ]
    return Estimates.of(found)


def everyone_estimates(
    stack: Stack, metrics: Sequence[Metric], *, level: float, seed: int
) -> Estimates:
    """One estimate a metric and group, for contrast "everyone": the group against all of its
    attribute's groups together, a group of missing values included.
    """
    blocks = []
    for span in stack.spans:
        if not span.attribute:
            continue
        for metric in metrics:
            blocks.append(_of_everyone(stack, span, metric, level, seed))
    return Estimates.concatenate(blocks)


def _weights(stack: Stack) -> Floats:
    return (stack.n if stack.w is None else stack.w).astype(np.float64)


def _of_groups(
    stack: Stack, span: Span, metric: Metric, level: float, selective: bool, seed: int
) -> Estimate:
    index = stack.compared(span)
    where = span.described(metric.key, level)
    if len(index) < 2:
        return Estimate(**where, reason=ONE_GROUP)
    both = metric.needs >= {"decision", "outcome"}
    open_rate = metric.rates and metric.rates[0].key in ("precision", "false_discovery_rate")
    if both and not open_rate:
        if selective:
            return Estimate(**where, method=BOUNDS, reason=SELECTIVE)
        if selective_labels(Counts(stack.n[index])).any():
            reason = f"in one or more groups: {SELECTIVE}"
            return Estimate(**where, reason=reason)
    cells = _weights(stack)[index]
    value = float(over_groups(metric, cells))
    if value != value:
        return Estimate(**where, reason=metric.undefined)
    if span.parts is not None and not metric.rates and metric.key not in LOG_RATIO_RATES:
        return Estimate(**where, reason=SHARED)
    if metric.rates:
        return _edge(stack, index, metric, value, where, seed)
    if metric.key in LOG_RATIO_RATES:
        low, high = _log_ratio(stack, index, metric, level)
        method = SIDAK
    else:
        low, high, method = _resampled(stack, index, metric, level, seed)
    if low == low and high == high:
        low, high = min(low, value), max(high, value)
    counted = Counts(stack.n[index])
    used = counted.known if both else counted.everyone
    return Estimate(
        **where,
        value=value,
        low=low,
        high=high,
        method=method,
        rows=int(used.sum()),
    )


def _joint(level: float, groups: int) -> float:
    return float(level ** (1 / groups))


def _edge(
    stack: Stack, index: Index, metric: Metric, value: float, where: dict[str, Any], seed: int
) -> Estimate:
    """The smallest or largest rate, with limits that hold whichever group has it."""
    rate = metric.rates[0]
    joint = _joint(float(where["level"]), len(index))
    m = measured(stack, rate, shares_of(stack, [metric], joint), joint, seed)
    largest = metric.key.endswith("_max")
    extreme = np.max if largest else np.min
    own = int(index[(np.argmax if largest else np.argmin)(m.value[index])])
    return Estimate(
        **{**where, "group": stack.groups[own]},
        value=value,
        low=float(extreme(m.low[index])),
        high=float(extreme(m.high[index])),
        method=f"{SIDAK} ({m.method})",
        rows=int(m.rows[own]),
        favorable=float(m.part[own]),
    )


def _log_ratio(stack: Stack, index: Index, metric: Metric, level: float) -> tuple[float, float]:
    """Limits of the largest |ln p − ln q| over pairs and both answers."""
    base = CATALOGUE[LOG_RATIO_RATES[metric.key]]
    joint = _joint(level, len(index))
    m = measured(stack, base.rates[0], shares_of(stack, [base], joint), joint, 0)
    least, most = m.low[index], m.high[index]
    apart = ~np.eye(len(index), dtype=bool)
    lows, highs = [], []
    with np.errstate(divide="ignore", invalid="ignore"):
        for down, up in ((least, most), (1 - most, 1 - least)):
            lows.append((np.log(down)[:, None] - np.log(up)[None, :])[apart].max())
            highs.append((np.log(up)[:, None] - np.log(down)[None, :])[apart].max())
    low, high = max(0.0, *(float(v) for v in lows)), max(float(v) for v in highs)
    return low, high


def _resampled(
    stack: Stack, index: Index, metric: Metric, level: float, seed: int
) -> tuple[float, float, str]:
    if stack.blocks is not None:
        low, high, _ = block_jackknife(
            stack.blocks, lambda tables: over_groups(metric, tables[..., index, :, :]), level
        )
        return float(low), float(high), JACKKNIFE
    low, high = cell_bootstrap(
        _weights(stack)[index].reshape(-1, 9),
        lambda cells: over_groups(metric, cells.reshape(*cells.shape[:-1], 3, 3)),
        level,
        REPLICATES,
        seed,
        squares=None if stack.w2 is None else stack.w2[index].reshape(-1, 9),
    )
    return float(low), float(high), BOOTSTRAP


def _of_everyone(stack: Stack, span: Span, metric: Metric, level: float, seed: int) -> Estimates:
    """Everyone's rows are resampled together: how many fall in the group varies too.

    Where groups share rows, their patterns are what is summed and resampled.
    """
    rows = np.arange(span.start, span.stop)
    counted = _patterns(span.parts) if span.parts is not None else _groups(stack, rows)
    members = None
    if span.parts is not None:
        members = span.parts.members[span.kept].astype(np.float64)

    def value_of(tables: Floats) -> Floats:
        groups = tables if members is None else np.einsum("gp,...pij->...gij", members, tables)
        return compare(metric, groups, tables.sum(axis=-3, keepdims=True))

    value = value_of(counted.cells)
    if counted.blocks is not None:
        low, high, _ = block_jackknife(counted.blocks, value_of, level)
        method = JACKKNIFE
    else:
        low, high = cell_bootstrap(
            counted.cells.reshape(1, -1),
            lambda drawn: value_of(drawn.reshape(*drawn.shape[:-2], *counted.cells.shape)),
            level,
            REPLICATES,
            seed,
            squares=None if counted.squares is None else counted.squares.reshape(1, -1),
        )
        method = BOOTSTRAP
    known = ~(np.isnan(value) | np.isnan(low) | np.isnan(high))
    return Estimates.block(
        len(rows),
        metric=metric.key,
        **stack.columns(rows),
        value=value.tolist(),
        low=np.where(known, np.minimum(low, value), np.nan).tolist(),
        high=np.where(known, np.maximum(high, value), np.nan).tolist(),
        level=level,
        method=method,
        rows=stack.n[rows].sum(axis=(1, 2)).tolist(),
        reason=[None if v == v else metric.undefined for v in value.tolist()],
    )


class _Counted(NamedTuple):
    """Cells that share no row, shape (cells, 3, 3), with Σw² and blocks where there are such."""

    cells: Floats
    squares: Floats | None
    blocks: Floats | None


def _groups(stack: Stack, rows: Index) -> _Counted:
    return _Counted(
        cells=_weights(stack)[rows],
        squares=None if stack.w2 is None else stack.w2[rows],
        blocks=None if stack.blocks is None else stack.blocks[..., rows, :, :],
    )


def _patterns(parts: Parts) -> _Counted:
    weights = (parts.n if parts.w is None else parts.w).astype(np.float64)
    return _Counted(cells=weights, squares=parts.w2, blocks=parts.blocks)
