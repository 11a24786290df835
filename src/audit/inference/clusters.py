"""Repeated applicants: block jackknife of a contrast over hashed blocks shared by all groups.

Rows of one applicant are not independent, so they all fall in one of 64 blocks, and leaving out
one block at a time shows how much the contrast moves (Quenouille, Tukey; delete-a-group
jackknife: Kott, Journal of Official Statistics 17, 2001, 521-526).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.inference.checks import Floats, chosen, critical

__all__ = [
    "FEW_BLOCKS",
    "Jackknifed",
    "block_effective",
    "block_jackknife",
    "block_share",
    "jackknife",
]

FEW_BLOCKS = 30
"""Below this many non-empty blocks (so, of clusters) an interval deserves a warning."""

SCALES = ("identity", "log", "logit")


def _blocks(blocks: npt.ArrayLike) -> Floats:
    array = np.asarray(blocks, dtype=np.float64)
    if array.ndim < 2:
        raise InputError(
            "INF010",
            "blocks have shape (blocks, groups, ...)",
            argument="blocks",
            fix="stack one table a block",
        )
    return array[array.reshape(len(array), -1).any(axis=1)]


class Jackknifed(NamedTuple):
    """Limits and p-value of clustered contrasts, and the degrees of freedom behind them."""

    low: Floats
    """Lower limits."""
    high: Floats
    """Upper limits."""
    p_value: Floats
    """Two-sided, against the null."""
    df: int
    """Non-empty blocks less one."""


def jackknife(
    left: npt.ArrayLike, value: npt.ArrayLike, level: float = 0.95, *, null: npt.ArrayLike = 0.0
) -> Jackknifed:
    """Limits and p-value from the estimates with each non-empty block left out.

    `left` has shape (blocks, ...), `value` (...). Limits are value ± t·√[(b-1)/b·Σ(left-mean)²]
    with t on b-1 degrees of freedom, b the number of blocks. nan where an estimate is undefined
    with a block left out, never moves, or b is below 2.

    >>> found = jackknife([[0.1], [0.3], [0.2], [0.2]], [0.2])
    >>> float(found.low[0].round(4)), float(found.high[0].round(4)), found.df
    (-0.1898, 0.5898, 3)
    """
    from scipy.special import stdtr, stdtrit

    critical(level)
    array, point = np.asarray(left, dtype=np.float64), np.asarray(value, dtype=np.float64)
    b = len(array)
    if b < 2:
        none = np.full(point.shape, np.nan)
        return Jackknifed(none, none, none, max(b - 1, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt((b - 1) / b * ((array - array.mean(axis=0)) ** 2).sum(axis=0))
        error = np.where(np.isfinite(error) & (error > 1e-14), error, np.nan)
        half = stdtrit(b - 1, 1 - (1 - level) / 2) * error
        p = np.asarray(
            2 * stdtr(b - 1, -np.abs(point - np.asarray(null, dtype=np.float64)) / error)
        )
    return Jackknifed(point - half, point + half, p, b - 1)


def block_jackknife(
    blocks: npt.ArrayLike,
    statistic: Callable[[Any], Any],
    level: float = 0.95,
    *,
    scale: str = "identity",
    null: float = 0.0,
) -> tuple[Floats, Floats, Floats]:
    """Limits and p-value of a contrast of clustered rows: (low, high, p).

    `blocks` has shape (blocks, groups, ...); `statistic` maps tables (..., groups, ...) to (...)
    or (..., outputs). θ ± t·√[(b-1)/b·Σ(θ₍ᵢ₎-θ̄)²] with t on b-1 degrees of freedom, b the
    non-empty blocks. `scale` "log" (ratios) or "logit" (rates) makes the limits on that scale;
    `null` is equality on the plain scale (1 for a ratio). nan where the contrast is undefined
    with a block left out, never moves, or fewer than two blocks have rows.
    Raises `InputError` (INF001, INF005, INF010).

    >>> rng = np.random.default_rng(0)
    >>> blocks = rng.poisson(6, size=(64, 2, 2))  # blocks × groups × (favourable, not)
    >>> def gap(t):
    ...     rate = t[..., 0] / t.sum(axis=-1)
    ...     return rate[..., 0] - rate[..., 1]
    >>> low, high, p = block_jackknife(blocks, gap)
    >>> bool(low < gap(blocks.sum(axis=0)) < high), bool(0 < p <= 1)
    (True, True)
    """
    chosen(scale, SCALES)
    filled = _blocks(blocks)
    whole = filled.sum(axis=0)
    to, back = _transform(scale)
    with np.errstate(divide="ignore", invalid="ignore"):
        point = to(np.asarray(statistic(whole), dtype=np.float64))
        left = to(np.asarray(statistic(whole - filled), dtype=np.float64))
        found = jackknife(left, point, level, null=to(np.asarray(float(null))))
        return back(found.low)[()], back(found.high)[()], found.p_value[()]


def _transform(scale: str) -> tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]:
    if scale == "log":
        return np.log, np.exp
    if scale == "logit":
        return (lambda p: np.log(p / (1 - p))), (lambda v: 1 / (1 + np.exp(-v)))
    return (lambda v: v), (lambda v: v)


def block_effective(x_blocks: npt.ArrayLike, n_blocks: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Effective counts (x_eff, n_eff) of rates of clustered rows, shape (groups,).

    `x_blocks` and `n_blocks` have shape (blocks, groups). n_eff = p(1-p)/V, V the jackknife
    variance, at most the rows; where V is 0 the rows themselves. For rates, and for contrasts
    where the jackknife has no variation to work with.

    >>> x, n = block_effective([[3.0], [0.0], [2.0], [1.0]], [[4.0], [4.0], [4.0], [4.0]])
    >>> round(float(x[0]), 3), round(float(n[0]), 3)
    (3.375, 9.0)
    """
    x = np.asarray(x_blocks, dtype=np.float64)
    n = np.asarray(n_blocks, dtype=np.float64)
    filled = n.any(axis=1)
    x, n = x[filled], n[filled]
    b, rows = len(n), n.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = x.sum(axis=0) / rows
        left = (x.sum(axis=0) - x) / (rows - n)
        mean = left.sum(axis=0) / max(b, 1)  # of no blocks numpy's own would warn
        spread = (b - 1) / max(b, 1) * ((left - mean) ** 2).sum(axis=0)
        size = np.where(spread > 0, np.minimum(p * (1 - p) / spread, rows), rows)
    size = np.where(rows > 0, size, 0.0)
    return np.where(rows > 0, p, 0.0) * size, size


def block_share(
    part: npt.ArrayLike, whole: npt.ArrayLike, rows: npt.ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """A rate of clustered rows and its effective counts (value, x_eff, n_eff), shape (groups,).

    `part` and `whole` have shape (blocks, groups), in rows or weights; `rows` is what all of them
    are worth at most: their number, or (Σw)²/Σw² of weights that vary. n_eff is that of
    `block_effective`. Where leaving a block out moves nothing (a rate of 0 or 1, or a group inside
    one block) that says nothing of how often applicants repeat; the group is then worth no more
    rows than it seems to have applicants, by how many of the blocks they fill. nan where the
    whole is 0.

    >>> value, x, n = block_share([[3.0], [0.0], [2.0], [1.0]], [[4.0], [4.0], [4.0], [4.0]], 16)
    >>> float(value[0]), round(float(x[0]), 3), round(float(n[0]), 3)
    (0.375, 3.375, 9.0)
    """
    tops, wholes = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    most = np.asarray(rows, dtype=np.float64)
    top, total = tops.sum(axis=0), wholes.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(total > 0, np.minimum(top / total, 1.0), np.nan)
        unit = np.where(total > 0, most / total, 0.0)  # weights are not rows
        _, n = block_effective(tops * unit, wholes * unit)
        filled = (wholes > 0).sum(axis=0)
        size = len(wholes)
        seen = np.log1p(-np.minimum(filled, size) / size) / np.log1p(-1 / size)
    still = (value == 0) | (value == 1) | (filled == 1)
    n = np.where(still, np.minimum(n, np.maximum(seen, 1.0)), n)
    n = np.where(total > 0, np.minimum(n, most), 0.0)
    return value, np.where(total > 0, np.nan_to_num(value), 0.0) * n, n
