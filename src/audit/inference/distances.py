"""Functions of two groups' cells that are no difference or ratio of a rate: divergences, sizes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from audit.inference.bootstrap import cell_bootstrap
from audit.inference.by_group import BOOTSTRAP, JACKKNIFE, SELECTIVE, is_selective
from audit.inference.by_pair import Pairs, columns_of, pairs_of
from audit.inference.clusters import block_jackknife
from audit.inference.estimate import Estimates
from audit.inference.shared_rows import APART
from audit.inference.stack import Stack
from audit.metrics.contrasts import compare
from audit.metrics.metric import Counts, Metric
from audit.metrics.rates import selective_labels

Floats = npt.NDArray[np.float64]

REPLICATES = 2_000
EMPTY = "a count in a denominator is 0"


def distance_estimates(
    stack: Stack, metrics: Sequence[Metric], *, level: float, selective: bool, seed: int
) -> Estimates:
    """Functions of both groups' cells (divergences, sizes); no p-value, for they have no null.

    Limits are a bootstrap of the two groups' rows taken together, since some of these metrics
    read how large the groups are.
    """
    pairs = pairs_of(stack)
    size = len(pairs.i)
    if not size:
        return Estimates.of([])
    where = columns_of(stack, pairs)
    apart = stack.apart(pairs.j).tolist()
    hidden = selective_labels(Counts(stack.n))
    weights = (stack.n if stack.w is None else stack.w).astype(np.float64)
    t = Counts(stack.n)
    blocks = []
    for metric in metrics:
        unseen = np.zeros(size, dtype=bool)
        if is_selective(metric):
            unseen = (hidden[pairs.i] | hidden[pairs.j]) if not selective else ~unseen
        value = compare(metric, weights[pairs.i], weights[pairs.j])
        value = np.where(unseen, np.nan, value)
        low, high, method = _pair_limits(stack, metric, pairs, weights, level, seed)
        known = ~(np.isnan(value) | np.isnan(low) | np.isnan(high))
        low = np.where(known, np.minimum(low, value), np.nan)
        high = np.where(known, np.maximum(high, value), np.nan)
        rows = t.known if "outcome" in metric.needs else t.everyone
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
                rows=rows[pairs.i].tolist(),
                reference_rows=rows[pairs.j].tolist(),
                reason=[
                    None if v == v else SELECTIVE if u else EMPTY
                    for v, u in zip(value.tolist(), unseen.tolist(), strict=True)
                ],
            )
        )
    return Estimates.concatenate(blocks)


def _pair_limits(
    stack: Stack, metric: Metric, pairs: Pairs, weights: Floats, level: float, seed: int
) -> tuple[Floats, Floats, str]:
    if stack.blocks is not None:
        low, high, _ = block_jackknife(
            stack.blocks,
            lambda tables: compare(metric, tables[..., pairs.i, :, :], tables[..., pairs.j, :, :]),
            level,
        )
        return low, high, JACKKNIFE

    def together(array: Floats) -> Floats:
        both = np.stack([array[pairs.i], array[pairs.j]], axis=1)
        return both.reshape(len(pairs.i), 18)

    def statistic(cells: Floats) -> Floats:
        tables = cells.reshape(*cells.shape[:-1], 2, 3, 3)
        return compare(metric, tables[..., 0, :, :], tables[..., 1, :, :])

    squares = None if stack.w2 is None else together(stack.w2)
    low, high = cell_bootstrap(
        together(weights), statistic, level, REPLICATES, seed, squares=squares
    )
    return low, high, BOOTSTRAP
