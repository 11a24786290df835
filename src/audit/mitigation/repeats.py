"""Repeated applicants: approvals by hashed block, and the limits that follow from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from audit.inference.clusters import block_share, jackknife
from audit.inference.intervals import rate_interval
from audit.mitigation.group_cutoffs_record import CutoffRule, GroupRule
from audit.mitigation.scored import BAD, GOOD, UNKNOWN, Scored
from audit.table.roles import BLOCKS
from audit.table.rows import CodedRows
from audit.tally.overlap import belonging, gathered

Floats = npt.NDArray[np.float64]


def by_block(found: Scored, cutoffs: Floats) -> Floats | None:
    """Σw approved at each cut-off by block of repeated applicants; None where rows do not repeat.

    Shape (64, 1 + groups + groups, cut-offs + 1, 3): everyone, each group, and each group's
    reference without the group's rows; after the last cut-off stands everyone with a score.
    """
    table = found.table
    if table is None or not isinstance(table.rows, CodedRows) or "block" not in table.rows.codes:
        return None
    rows, key = table.rows, f"protected:{found.attribute}"
    assert rows.score is not None  # `scored` asked
    keep = ~np.isnan(rows.score)
    value = rows.score[keep]
    # cut-offs run from the strictest on: the first that approves is how many refuse
    if found.higher:
        place = len(cutoffs) - np.searchsorted(cutoffs[::-1], value, "right")
    else:
        place = np.searchsorted(cutoffs, value, "right")
    outcome = rows.codes.get("outcome")
    last = np.full(len(value), UNKNOWN) if outcome is None else outcome[keep].astype(np.int64)
    mass = np.ones(len(value)) if rows.weight is None else rows.weight[keep] / rows.weight.max()
    if rows.count is not None:
        mass = mass * rows.count[keep]
    levels = table.axes[key].levels
    size = len(cutoffs) + 1
    cell = rows.codes["block"][keep].astype(np.int64)
    for width, part in ((len(levels), rows.codes[key][keep]), (size, place), (3, last)):
        cell = cell * width + part
    shape = (BLOCKS, len(levels), size, 3)
    counted = np.bincount(cell, mass, minlength=math.prod(shape)).reshape(shape)
    counted = np.cumsum(counted, axis=2)
    own = belonging(table.roles, (found.attribute,), (levels,))
    sides = [np.ones(len(levels), dtype=bool), *own.inside]
    for inside in own.inside:
        other = own.inside[found.reference] if found.reference is not None else inside
        sides.append(other & ~inside)
    return np.asarray(gathered(counted, np.array(sides), axis=1))


def with_repeats(
    found: Scored, rules: Sequence[CutoffRule], worth: Floats, level: float
) -> tuple[CutoffRule, ...]:
    """The rules with limits over applicants, where rows repeat: block jackknife, rules as given.

    `worth` is what a repaid and a defaulted loan earn. A limit that leaving blocks out does not
    move stays what independent rows gave.
    """
    table = found.table
    if table is None or not isinstance(table.rows, CodedRows) or "block" not in table.rows.codes:
        return tuple(rules)
    rows, levels = table.rows, table.axes[f"protected:{found.attribute}"].levels
    assert rows.score is not None  # `scored` asked
    names = [own.group[0] for own in rules[0].groups]
    place = np.array([names.index(v) if v in names else -1 for v in levels])
    group, outcome = place[rows.codes[f"protected:{found.attribute}"]], rows.codes["outcome"]
    keep = ~np.isnan(rows.score) & (group >= 0) & (outcome != UNKNOWN)
    value, group = rows.score[keep], group[keep]
    cell = (rows.codes["block"][keep].astype(np.int64) * len(names) + group) * 2 + outcome[keep]
    weight = np.ones(len(value)) if rows.weight is None else rows.weight[keep] / rows.weight.max()
    number = np.ones(len(value)) if rows.count is None else rows.count[keep].astype(np.float64)
    shape = (BLOCKS, len(names), 2)

    def by_cell(mass: Floats) -> Floats:
        return np.bincount(cell, mass, minlength=math.prod(shape)).reshape(shape).astype(np.float64)

    whole, squared = by_cell(number * weight), by_cell(number * weight * weight).sum(axis=0)
    filled = whole.any(axis=(1, 2))

    def left(tables: Floats) -> Floats:
        out: Floats = tables.sum(axis=0) - tables[filled]
        return out

    everyone, most, out = left(whole).sum(axis=(1, 2)), np.zeros(0), []
    for rule in rules:
        part = by_cell(number * weight * _chance(rule, value, group, higher=found.higher))
        earned = (left(part) * worth).sum(axis=(1, 2))
        most = earned if not most.size else most  # the first rule pays most
        with np.errstate(divide="ignore", invalid="ignore"):
            paid = jackknife(earned / everyone, rule.profit, level)
            kept = jackknife(earned / most, rule.share_of_maximum, level)
        limits = {
            "profit_low": float(paid.low),
            "profit_high": float(paid.high),
            "share_low": float(kept.low),
            "share_high": min(float(kept.high), 1.0),
        }
        groups = tuple(
            _over_blocks(own, part[:, g], whole[:, g], squared[g], level)
            for g, own in enumerate(rule.groups)
        )
        known = {k: v for k, v in limits.items() if not math.isnan(v)}
        out.append(replace(rule, groups=groups, **known))  # type: ignore[arg-type]
    return tuple(out)


def _chance(
    rule: CutoffRule, value: Floats, group: npt.NDArray[np.int64], *, higher: bool
) -> Floats:
    """Chance of approval of every row."""
    chance = np.zeros(len(value))
    for g, own in enumerate(rule.groups):
        mine = np.flatnonzero(group == g)
        for c in own.cutoffs:
            passed = value[mine] >= c.cutoff if higher else value[mine] < c.cutoff
            chance[mine] += c.share * passed
    return chance


def _over_blocks(
    own: GroupRule, part: Floats, whole: Floats, squared: Floats, level: float
) -> GroupRule:
    """A group's rates with limits from the rows that its blocks are worth."""
    names = ("approval_rate", "true_positive_rate", "false_positive_rate")
    kinds = ([GOOD, BAD], [GOOD], [BAD])
    x, n = (np.stack([t[:, k].sum(axis=1) for k in kinds], axis=1) for t in (part, whole))
    worth = np.array([n[:, i].sum() ** 2 / squared[k].sum() for i, k in enumerate(kinds)])
    low, high = rate_interval(*block_share(x, n, worth)[1:], level)
    limits = {f"{name}_low": float(v) for name, v in zip(names, low, strict=True)}
    limits |= {f"{name}_high": float(v) for name, v in zip(names, high, strict=True)}
    return replace(own, **limits)  # type: ignore[arg-type]
