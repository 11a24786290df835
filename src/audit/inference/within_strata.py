"""Gaps that remain inside the strata: each group against all others, stratum by stratum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from audit.inference.estimate import Estimate, Estimates
from audit.inference.stratified import (
    cmh_p_value,
    common_difference,
    conditional_demographic_disparity,
)
from audit.metrics.metric import Counts, Metric
from audit.table.roles import Group
from audit.tally.cube import Cells, Tally, cells
from audit.tally.overlap import gathered

Floats = npt.NDArray[np.float64]

MANTEL_HAENSZEL = "Mantel-Haenszel, Sato's variance"
MOVER = "MOVER of Wilson limits"


def strata_estimates(tally: Tally, metrics: Sequence[Metric], *, level: float) -> Estimates:
    """One estimate a metric and group of single attributes; the reference is all others pooled.

    The p-value is Cochran–Mantel–Haenszel's, of equal rates within every stratum. Weighted
    tallies use Σw scaled to the (Σw)²/Σw² rows that carry as much; strata without both sides say
    nothing.
    """
    found: list[Estimate] = []
    for name in tally.roles.protected:
        inside = cells(tally, (name,), strata=tally.roles.strata)
        if not inside:
            continue
        # shape (groups, strata, 3, 3)
        table = np.stack([c.n if c.w is None else c.w for c in inside], axis=1).astype(float)
        rows = np.stack([c.n for c in inside], axis=1)
        rest = table.sum(axis=0) - table
        counted = [c if c.parts is None else c.parts for c in inside]
        if inside[0].parts is not None:
            rest = np.stack([_outside(c) for c in inside], axis=1)
        squares = sum(float(c.w2.sum()) for c in counted if c.w2 is not None)
        if squares > 0:
            scale = sum(float(c.w.sum()) for c in counted if c.w is not None) / squares
            table, rest = table * scale, rest * scale
        for i, group in enumerate(inside[0].groups):
            own, others = table[i], rest[i]
            for metric in metrics:
                found.append(_one(metric, (name,), group, own, others, int(rows[i].sum()), level))
    return Estimates.of(found)


def _outside(found: Cells) -> Floats:
    """Everyone who is not in the group, by group, where a row may be in several."""
    assert found.parts is not None  # the caller has looked
    own = found.parts.n if found.parts.w is None else found.parts.w
    return np.asarray(gathered(own, ~found.parts.members), dtype=np.float64)


def _sides(key: str, t: Counts) -> tuple[Floats, Floats]:
    if key == "conditional_outcome_disparity":
        return t.all_good, t.all_known - t.all_good
    return t.approved, t.denied


def _one(
    metric: Metric,
    attribute: tuple[str, ...],
    group: Group,
    own: Floats,
    others: Floats,
    rows: int,
    level: float,
) -> Estimate:
    yes, no = _sides(metric.key, Counts(own))
    yes_others, no_others = _sides(metric.key, Counts(others))
    p = float(cmh_p_value(yes, yes + no, yes_others, yes_others + no_others))
    if metric.key == "conditional_statistical_parity_difference":
        value, low, high = common_difference(
            yes, yes + no, yes_others, yes_others + no_others, level
        )
        method = MANTEL_HAENSZEL
    else:
        value, low, high, _ = conditional_demographic_disparity(
            yes, no, yes_others, no_others, level
        )
        method = MOVER
    undefined = np.isnan(value)
    return Estimate(
        metric=metric.key,
        attribute=attribute,
        group=group,
        value=float(value),
        low=float(low),
        high=float(high),
        level=level,
        method="" if undefined else method,
        p_value=p,
        rows=rows,
        reason="no stratum holds both sides" if undefined else None,
    )
