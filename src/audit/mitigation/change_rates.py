"""Rates before and after, their paired difference, and how a gap between groups moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.inference.by_group import JACKKNIFE
from audit.inference.clusters import block_jackknife
from audit.inference.intervals import difference_interval, ratio_interval
from audit.inference.mover import interval_p_value, mover_difference
from audit.inference.paired import effective_pairs, mcnemar, paired_interval
from audit.inference.stack import Proportions
from audit.mitigation.change_cells import Cells
from audit.mitigation.two_decisions import NO, YES

Floats = npt.NDArray[np.float64]
Columns = tuple[Floats, Floats, Floats]
"""Value, low and high."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moved:
    """Rates of some tables of before × after."""

    gained: Proportions
    lost: Proportions
    before: Proportions
    after: Proportions
    net: Columns
    p_value: Floats
    method: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contrast:
    """Gaps between tables and their references."""

    before: Columns
    after: Columns
    ratio_before: Columns
    ratio_after: Columns
    change: Columns
    p_value: Floats
    method: str


def _all(t: Any) -> Any:
    return t.sum(axis=(-2, -1))


def _before(t: Any) -> Any:
    return t[..., YES, :].sum(-1)


def _after(t: Any) -> Any:
    return t[..., YES].sum(-1)


def _net(t: Any) -> Any:
    return (t[..., NO, YES] - t[..., YES, NO]) / _all(t)


def moved(cells: Cells, level: float) -> Moved:
    """Shares of each table, and after less before with its interval and p-value.

    Tango's score interval and McNemar's exact test; with weights both on effective rows (the
    score test then); where applicants repeat, the block jackknife of the difference.
    """
    gained = cells.rate(lambda t: t[..., NO, YES], _all)
    lost = cells.rate(lambda t: t[..., YES, NO], _all)
    method = "Tango score; McNemar exact"
    b, c, n = gained.x, lost.x, gained.n
    if cells.blocks is not None:
        n = np.minimum(gained.n, lost.n)
        b, c = np.nan_to_num(gained.value) * n, np.nan_to_num(lost.value) * n
    elif cells.w is not None and cells.w2 is not None:
        w, w2 = cells.w, cells.w2
        b, c, n = effective_pairs(
            w[..., NO, YES], w[..., YES, NO], _all(w), w2[..., NO, YES], w2[..., YES, NO], _all(w2),
            gained.rows,
        )  # fmt: skip
        method = "Tango score; McNemar score test; on effective rows"
    limits: Sequence[Floats] = paired_interval(b, c, n, level)
    p = mcnemar(b, c, exact=cells.w is None and cells.blocks is None)
    if cells.blocks is not None:
        low, high, p = _jackknifed(cells.blocks, _net, level, (*limits, p))
        limits, method = (np.clip(low, -1, 1), np.clip(high, -1, 1)), JACKKNIFE
    value = gained.value - lost.value
    return Moved(
        gained=gained,
        lost=lost,
        before=cells.rate(_before, _all),
        after=cells.rate(_after, _all),
        net=(value, limits[0], limits[1]),
        p_value=np.where(np.isnan(value), np.nan, p),
        method=method,
    )


def contrasts(one: Cells, other: Cells, level: float) -> Contrast:
    """Each table against the reference's at the same place; these hold other people.

    Gaps by Miettinen & Nurminen; their change by MOVER of the two paired differences (Zou &
    Donner 2008); where applicants repeat, every one by the block jackknife of the contrast.
    """
    both = None
    if one.blocks is not None and other.blocks is not None:
        both = np.stack([one.blocks, other.blocks], axis=1)
    mine, theirs = moved(one, level), moved(other, level)
    change = mine.net[0] - theirs.net[0]
    limits: Sequence[Floats] = mover_difference(*mine.net, *theirs.net)
    p = interval_p_value(change, limits[0], limits[1], 0.0, level)
    method = "MOVER of Tango score" + (" on effective rows" if one.w is not None else "")
    if both is not None:
        found = _jackknifed(
            both, lambda t: _net(t[..., 0, :, :, :]) - _net(t[..., 1, :, :, :]), level, (*limits, p)
        )
        limits, p, method = found[:2], found[2], JACKKNIFE
    gaps = {}
    for name, part in (("before", _before), ("after", _after)):
        a, b = getattr(mine, name), getattr(theirs, name)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(b.value > 0, a.value / b.value, np.nan)
        gap_limits: Sequence[Floats] = difference_interval(a.x, a.n, b.x, b.n, level)
        ratio_limits: Sequence[Floats] = ratio_interval(a.x, a.n, b.x, b.n, level)
        if both is not None:

            def sides(t: Any, part: Any = part) -> tuple[Any, Any]:
                own, rest = t[..., 0, :, :, :], t[..., 1, :, :, :]
                return part(own) / _all(own), part(rest) / _all(rest)

            gap_limits = _jackknifed(both, lambda t, s=sides: np.subtract(*s(t)), level, gap_limits)
            ratio_limits = _jackknifed(
                both, lambda t, s=sides: np.divide(*s(t)), level, ratio_limits, scale="log"
            )
        gaps[name] = (a.value - b.value, gap_limits[0], gap_limits[1])
        gaps[f"ratio_{name}"] = (ratio, ratio_limits[0], ratio_limits[1])
    return Contrast(
        **gaps, change=(change, limits[0], limits[1]), p_value=np.asarray(p), method=method
    )


def _jackknifed(
    blocks: Floats, statistic: Any, level: float, other: Sequence[Floats], scale: str = "identity"
) -> list[Floats]:
    """Jackknife limits (and p-value), and `other` where leaving a block out moves nothing."""
    if not blocks.any():
        return list(other)
    null = 1.0 if scale == "log" else 0.0
    found = block_jackknife(blocks, statistic, level, scale=scale, null=null)
    return [np.where(np.isnan(f), o, f) for f, o in zip(found, other, strict=False)]
