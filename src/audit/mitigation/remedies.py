"""`audit.records_needed`: how many records each group needs for a rate and a gap of a precision.

The answer is read off the interval that an audit uses, at more rows: a rate's Wilson limits, a
contrast's Miettinen-Nurminen limits, rates held as they are. At the rows named the half-width is
at most the precision; at one row fewer it is not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.inference.by_group import SELECTIVE, is_selective
from audit.inference.checks import one_level
from audit.inference.intervals import difference_interval, rate_interval, ratio_interval
from audit.inference.measure import known
from audit.inference.power import power
from audit.inference.reference import references
from audit.inference.stack import Proportions, Stack, main_stacks, proportions
from audit.metrics.catalogue import get
from audit.metrics.metric import Counts, Metric
from audit.mitigation.remedies_record import GroupNeeds, RecordsNeeded
from audit.table.roles import is_named
from audit.table.rows import Table
from audit.table.wording import shown
from audit.tally.counting import count_rows
from audit.tally.cube import Tally
from audit.tally.plan import plan

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST = 10**12
"""Rows beyond which none are asked for."""
SEEN = 0.8
"""The ratio that `to_see` is about."""


def records_needed(
    table: Any,
    precision: float = 0.03,
    *,
    metric: str = "selection_rate",
    gap_precision: float | None = None,
    level: float = 0.95,
    intersections: int = 1,
    **roles: Any,
) -> RecordsNeeded:
    """Rows each group needs for a rate within ± `precision`, and for its gap to the reference.

    `table` is what `audit.read` returned, a tally, or anything `audit.read` takes with its roles.
    `metric` is a share (selection_rate, base_rate, true_positive_rate, ...) or a difference or
    ratio of one (statistical_parity_difference, disparate_impact_ratio): the contrast is then
    that one, else the difference. `gap_precision` is the half-width wanted of the contrast's
    interval, `precision` unless told.

    Rates are taken to stay as they are. `needed` counts rows in the rate's denominator,
    `to_collect` the records that bring them, at the share of the group's records that count now.
    With weights or repeated applicants a row is worth less than a row, as it is today. `together`
    is for where the reference itself has too few rows for any number of the group's to be enough.

    Raises `InputError` MIT310 for a precision outside (0, 1) (a ratio's may be larger), MIT311
    for a metric that is no share or contrast of one, and those of `audit.read`.

    >>> loans = {"sex": ["f"] * 50 + ["m"] * 400, "ok": [1, 0] * 25 + [1, 1, 1, 0] * 100}
    >>> found = records_needed(loans, 0.05, protected="sex", decision="ok", favorable=1)
    >>> [(g.group, g.rows, g.needed, g.to_collect) for g in found.groups]
    [(('f',), 50, 381, 331), (('m',), 400, 286, 0)]
    >>> found.groups[0].gap_needed is None, found.groups[0].together
    (False, 672)
    """
    chosen, contrast = _metric(metric)
    level = one_level(level)
    precision = _half(precision, "precision", 1.0)
    told = precision if gap_precision is None else gap_precision
    gap_precision = _half(told, "gap_precision", math.inf if contrast == "ratio" else 2.0)
    tally = _tally(table, roles, intersections)
    stacks, missing = main_stacks(
        tally, references(tally), intersections=intersections, min_rows=30
    )
    groups = []
    for stack in stacks:
        counted = proportions(stack, chosen.rates[0].shares[0])
        groups += _needs(
            stack, counted, chosen, contrast, precision, gap_precision, level,
            is_selective(chosen) and known(tally).selective, tally,
        )  # fmt: skip
    notes = ["rates are taken to stay as they are"]
    if tally.roles.weight is not None or tally.roles.cluster is not None:
        notes.append("rows are worth what they are worth now: weights vary, or applicants repeat")
    return RecordsNeeded(
        metric=chosen.rates[0].key,
        contrast=contrast,
        precision=precision,
        gap_precision=gap_precision,
        level=level,
        groups=tuple(groups),
        notes=(*notes, *missing),
    )


def _metric(name: str) -> tuple[Metric, str]:
    found = get(name)
    if found.contrast not in (None, "difference", "ratio") or found.rates[0].form != "share":
        raise InputError(
            "MIT311", f"{found.key} is no share of rows, nor a difference or ratio of two",
            argument="metric",
            fix="such as selection_rate, true_positive_rate or disparate_impact_ratio",
        )  # fmt: skip
    return found, found.contrast or "difference"


def _half(value: Any, name: str, most: float) -> float:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not 0 < float(value) < most:
        raise InputError(
            "MIT310", f"{shown(value)} is no half-width above 0"
            + (f" and below {most:g}" if math.isfinite(most) else ""),
            argument=name, fix="0.03 means ± 3 percentage points",
        )  # fmt: skip
    return float(value)


def _tally(table: Any, roles: dict[str, Any], intersections: int) -> Tally:
    from audit.table.intake import read
    from audit.table.keywords import check_keywords, refuse_roles

    if isinstance(table, Tally):
        refuse_roles(roles, "a tally")
        return table
    if isinstance(table, Table):
        refuse_roles(roles, "a table")
    else:
        own = ("precision", "metric", "gap_precision", "level", "intersections")
        check_keywords(roles, own)
        table = read(table, **roles)
    return count_rows(table, plan(table, intersections=intersections))


# --- groups ---------------------------------------------------------------------------------


def _needs(
    stack: Stack,
    counted: Proportions,
    metric: Metric,
    contrast: str,
    precision: float,
    gap_precision: float,
    level: float,
    selective: bool,
    tally: Tally,
) -> list[GroupNeeds]:
    own = np.arange(len(stack.groups))
    shown_rows = [s for s in stack.spans if s.attribute]
    at = np.concatenate([np.arange(s.start, s.stop) for s in shown_rows] or [own[:0]])
    attribute = {i: s.attribute for s in shown_rows for i in range(s.start, s.stop)}
    worth = np.where(counted.n > 0, counted.rows / np.maximum(counted.n, 1e-300), 1.0)
    low, high = rate_interval(counted.x, counted.n, level)
    rate = counted.value
    needed, _ = _smallest(
        lambda n: _width(*rate_interval(np.nan_to_num(rate) * n, n, level)), precision, len(rate)
    )
    at_most, _ = _smallest(lambda n: _width(*rate_interval(n / 2, n, level)), precision, 1)
    records = Counts(stack.n).everyone
    gaps = _gaps(stack, counted, worth, contrast, gap_precision, level, records)
    out = []
    for i in at.tolist():
        ref = int(stack.reference[i])
        reason = None
        if selective:
            reason = SELECTIVE
        elif math.isnan(rate[i]):
            reason = metric.rates[0].undefined
        elif not is_named(tally.roles, attribute[i], stack.groups[i]):
            reason = "who is in no named group cannot be collected"
        rows = int(counted.rows[i])
        hidden = selective or math.isnan(rate[i])
        more = None
        half = float("nan") if hidden else float((high[i] - low[i]) / 2)
        want = None if reason else math.ceil(needed[i] * worth[i] - 1e-9)
        if want is not None:
            more = 0 if half <= precision else _records(want - rows, rows, int(records[i]))
        compared = ref not in (-1, i)
        out.append(
            GroupNeeds(
                attribute=attribute[i],
                group=stack.groups[i],
                reference=stack.groups[ref] if compared else None,
                records=int(records[i]),
                rows=rows,
                value=float("nan") if hidden else float(rate[i]),
                low=float("nan") if hidden else float(low[i]),
                high=float("nan") if hidden else float(high[i]),
                half_width=half,
                needed=want,
                at_most=math.ceil(at_most[0] * worth[i] - 1e-9),
                to_collect=more,
                reason=reason,
                **(gaps.get(i, {}) if compared and not reason else {"gap_reason": reason}),
            )
        )
    return out


def _records(more: int, rows: int, records: int) -> int:
    """Records that bring so many more rows of the denominator."""
    return math.ceil(max(more, 1) * records / rows - 1e-9)


def _width(low: Floats, high: Floats) -> Floats:
    return np.asarray((high - low) / 2)


def _smallest(
    width: Callable[[Floats], Floats], precision: float, size: int
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """By place: the fewest whole rows at which a width is at most the precision, and whether any.

    Widths fall as rows grow, so halving an interval of whole numbers finds it: at one fewer the
    width is above the precision.
    """
    low, high = np.zeros(size, np.int64), np.full(size, MOST, np.int64)
    with np.errstate(invalid="ignore"):
        enough = np.broadcast_to(width(high.astype(np.float64)) <= precision, (size,))
        while (high - low > 1).any():
            middle = (low + high) // 2
            meets = width(np.maximum(middle, 1).astype(np.float64)) <= precision
            low, high = np.where(meets, low, middle), np.where(meets, middle, high)
    return high, enough


def _gaps(
    stack: Stack,
    counted: Proportions,
    worth: Floats,
    contrast: str,
    precision: float,
    level: float,
    records: Any,
) -> dict[int, dict[str, Any]]:
    """What the contrast of each group needs, by the group's place in the stack."""
    places = np.flatnonzero(
        (stack.reference >= 0) & (stack.reference != np.arange(len(stack.groups)))
    )
    i, j = places, stack.reference[places]
    interval = ratio_interval if contrast == "ratio" else difference_interval
    p, q = np.nan_to_num(counted.value[i]), np.nan_to_num(counted.value[j])
    n, m = counted.n[i], counted.n[j]

    def width(one: Floats, other: Floats) -> Floats:
        low, high = interval(p * one, one, q * other, other, level)
        return np.nan_to_num(_width(low, high), nan=np.inf, posinf=np.inf)

    if not len(places):
        return {}
    low, high = interval(counted.x[i], n, counted.x[j], m, level)
    alone, enough = _smallest(lambda more: width(more, m), precision, len(places))
    both, ever = _smallest(
        lambda more: width(np.maximum(more, n), np.maximum(more, m)), precision, len(places)
    )
    least = width(np.full(len(places), float(MOST)), m)
    found = {}
    for k, (g, r) in enumerate(zip(i.tolist(), j.tolist(), strict=True)):
        rows, others = int(counted.rows[g]), int(counted.rows[r])
        reason = None
        if not rows or not others:
            reason = "no rows in the denominator" + ("" if not rows else " of the reference group")
        elif contrast == "ratio" and q[k] == 0:
            reason = "the reference group's rate is 0"
        elif not enough[k]:
            reason = (
                f"no number of the group's rows is enough: the reference's {others:,} rows alone "
                f"leave ±{least[k]:.3g}"
            )
        want = None if reason else math.ceil(alone[k] * worth[g] - 1e-9)
        half = float(_width(low[k], high[k])) if rows and others else float("nan")
        value = float("nan")
        if rows and others:
            a, b = float(counted.value[g]), float(counted.value[r])
            value = a - b if contrast == "difference" else a / b if b else float("nan")
        more = None
        if want is not None:
            more = 0 if half <= precision else _records(want - rows, rows, int(records[g]))
        unknown = not rows or not others or not ever[k]
        found[g] = {
            "gap": value,
            "gap_low": float(low[k]),
            "gap_high": float(high[k]),
            "gap_half_width": half,
            "gap_needed": want,
            "gap_to_collect": more,
            "together": None if unknown else math.ceil(both[k] * max(worth[g], worth[r]) - 1e-9),
            "to_see": power(float(q[k]), SEEN) if 0 < q[k] < 1 else None,
            "gap_reason": reason,
        }
    return found


__all__ = ["records_needed"]
