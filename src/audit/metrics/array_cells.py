"""From arrays to cells and on to one number, or to nan with a warning that says why."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from audit.errors import DataWarning, InputError, UndefinedMetricWarning, tell
from audit.metrics.contrasts import compare, over_groups, ratio, worst_difference, worst_ratio
from audit.metrics.metric import Array, Counts, Metric, Rate
from audit.metrics.rates import SEEN_AMONG_APPROVED, SELECTIVE, selective_labels
from audit.table.arrays import from_arrays
from audit.table.roles import Group
from audit.tally.arrays import of_arrays

SMALL = 30
"""Rows below which a group's rate is mostly chance."""
NAMED = 3
"""Groups named in a message."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grouped:
    """The cells of one call."""

    groups: tuple[Group, ...]
    """Groups that occur."""
    cells: Array
    """Rows or Σw, shape (groups, 3, 3)."""
    rows: Array
    """Rows by group."""


def count(
    metric: Metric, y_true: Any, y_pred: Any, features: Any, weight: Any, label: Any
) -> Grouped:
    """Check the arrays, warn of what is odd, and count them by group."""
    for need, argument, given in (("decision", "y_pred", y_pred), ("outcome", "y_true", y_true)):
        if need in metric.needs and given is None:
            raise InputError("MET006", f"{metric.key} needs it", argument=argument)
    arrays = from_arrays(y_true, y_pred, features, weight, label)
    counted = of_arrays(arrays.decision, arrays.outcome, arrays.group, arrays.groups, arrays.weight)
    rows = counted.n.sum(axis=(1, 2))
    for remark in arrays.remarks:
        tell(remark)
    if "outcome" in metric.needs and arrays.unknown:
        text = (
            f"{arrays.unknown:,} of {len(arrays.outcome):,} outcomes are unknown; {metric.key} "
            "uses the known ones"
        )
        tell(DataWarning(text, "MET005"))
    small = np.flatnonzero(rows < SMALL)
    if len(arrays.groups) > 1 and len(small):
        named = _named([f"{arrays.groups[i]!r} ({rows[i]})" for i in small])
        text = f"{len(small):,} of {len(rows):,} groups have fewer than {SMALL} rows: {named}"
        tell(DataWarning(text, "MET004"))
    cells = np.asarray(counted.n if counted.w is None else counted.w, dtype=np.float64)
    return Grouped(groups=arrays.groups, cells=cells, rows=rows)


def _named(names: Sequence[str]) -> str:
    shown = [n if len(n) <= 80 else n[:77] + "..." for n in names[:NAMED]]
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(shown) + more


def undefined(key: str, why: str) -> float:
    """Nan, with a warning that says why."""
    tell(UndefinedMetricWarning(f"{key} is undefined: {why}"))
    return math.nan


def values(rate: Rate, cells: Array, needs_both: bool) -> Array:
    """A rate of each group; nan too where labels are selective."""
    found = rate.value(cells)
    if needs_both and rate.key not in SEEN_AMONG_APPROVED:
        found = np.where(selective_labels(Counts(cells)), np.nan, found)
    return found


def reasons(
    rates: Sequence[Rate], found: Sequence[Array], cells: Array, groups: Sequence[Group]
) -> str:
    """Which groups have no value, and why; empty where all have one."""
    texts = []
    for rate, of_groups in zip(rates, found, strict=True):
        for why, hit in _causes(rate, of_groups, cells):
            if hit.any():
                named = _named([repr(groups[i]) for i in np.flatnonzero(hit).tolist()])
                texts.append(f"{rate.key} has no value for group {named} ({why})")
    return "; ".join(dict.fromkeys(texts))


def _causes(rate: Rate, found: Array, cells: Array) -> tuple[tuple[str, Array], ...]:
    missing = np.isnan(found)
    weightless = missing & (cells.sum(axis=(-1, -2)) == 0)
    selective = missing & ~np.isnan(rate.value(cells))
    other = missing & ~weightless & ~selective
    return (
        ("its weights sum to zero", weightless),
        (SELECTIVE, selective),
        (rate.undefined, other),
    )


def unseen(metric: Metric, cells: Array, groups: Sequence[Group]) -> str:
    """Which groups' labels are selective, for a comparison that is made of no rate; else empty."""
    if metric.rates or not metric.needs >= {"decision", "outcome"}:
        return ""
    hidden = np.flatnonzero(selective_labels(Counts(cells)))
    if not len(hidden):
        return ""
    return f"in group {_named([repr(groups[i]) for i in hidden.tolist()])}: {SELECTIVE}"


def each_group(metric: Metric, data: Grouped) -> list[float]:
    """A rate of every group; a warning names those without a value."""
    both = metric.needs >= {"decision", "outcome"}
    found = values(metric.rates[0], data.cells, both)
    why = reasons(metric.rates, [found], data.cells, data.groups)
    if why:
        undefined(metric.key, why)
    return [float(v) for v in found]


def one_group(metric: Metric, data: Grouped) -> float:
    """A rate of everyone together."""
    both = metric.needs >= {"decision", "outcome"}
    value = float(values(metric.rates[0], data.cells, both)[0])
    if math.isnan(value):
        selective = not math.isnan(float(metric.rates[0].value(data.cells)[0]))
        return undefined(metric.key, SELECTIVE if selective else metric.rates[0].undefined)
    return value


def worst_case(metric: Metric, data: Grouped, method: str, agg: str) -> float:
    """A worst case over groups, between them or to everyone together."""
    if not isinstance(method, str) or method not in ("between_groups", "to_overall"):
        raise InputError(
            "MET007",
            f"{method!r} is unknown",
            argument="method",
            fix="give 'between_groups' or 'to_overall'",
        )
    if not isinstance(agg, str) or agg not in ("worst_case", "mean"):
        raise InputError(
            "MET007", f"{agg!r} is unknown", argument="agg", fix="give 'worst_case' or 'mean'"
        )
    if len(data.groups) < 2:
        return undefined(metric.key, f"there is one group only, {_named([repr(data.groups[0])])}")
    both = metric.needs >= {"decision", "outcome"}
    found = [values(rate, data.cells, both) for rate in metric.rates]
    why = reasons(metric.rates, found, data.cells, data.groups)
    if why:
        return undefined(metric.key, why)
    by_rate = []
    for rate, of_groups in zip(metric.rates, found, strict=True):
        overall = rate.value(data.cells.sum(axis=0)) if method == "to_overall" else None
        value = _spread(metric.contrast == "worst_difference", of_groups, overall)
        if math.isnan(value):
            return undefined(metric.key, f"{rate.key} is 0 in every group, and 0 / 0 is no ratio")
        by_rate.append(value)
    if agg == "mean":
        return math.fsum(by_rate) / len(by_rate)
    return max(by_rate) if metric.contrast == "worst_difference" else min(by_rate)


def all_groups(metric: Metric, data: Grouped) -> float:
    """A comparison of all groups at once."""
    if len(data.groups) < 2:
        return undefined(metric.key, f"there is one group only, {_named([repr(data.groups[0])])}")
    both = metric.needs >= {"decision", "outcome"}
    found = [values(rate, data.cells, both) for rate in metric.rates]
    why = reasons(metric.rates, found, data.cells, data.groups)
    why = why or unseen(metric, data.cells, data.groups)
    if why:
        return undefined(metric.key, why)
    value = float(over_groups(metric, data.cells))
    return undefined(metric.key, metric.undefined) if math.isnan(value) else value


def _spread(as_difference: bool, of_groups: Array, overall: Array | None) -> float:
    if overall is None:
        return float((worst_difference if as_difference else worst_ratio)(of_groups))
    if as_difference:
        return float(np.abs(of_groups - overall).max())
    over = ratio(of_groups, overall)
    with np.errstate(divide="ignore"):
        return float(np.minimum(over, np.where(over > 1, 1 / over, over)).min())


def signed(metric: Metric, data: Grouped, reference: Any, group: Any) -> float:
    """Group (None: all others pooled) against reference."""
    r = find_group(data.groups, reference, "reference")
    others = np.arange(len(data.groups)) != r
    if group is not None:
        g = find_group(data.groups, group, "group")
        if g == r:
            raise InputError("MET008", f"{group!r} is the reference too", argument="group")
        others = np.arange(len(data.groups)) == g
    names = (
        data.groups[r],
        data.groups[int(np.argmax(others))] if others.sum() == 1 else ("all others",),
    )
    if not others.any():
        return undefined(metric.key, f"there is one group only, {_named([repr(data.groups[r])])}")
    cells = np.stack([data.cells[r], data.cells[others].sum(axis=0)])
    both = metric.needs >= {"decision", "outcome"}
    found = [values(rate, cells, both) for rate in metric.rates]
    why = reasons(metric.rates, found, cells, names) or unseen(metric, cells, names)
    if why:
        return undefined(metric.key, why)
    value = float(compare(metric, cells[1], cells[0]))
    if math.isnan(value) and not metric.rates:
        return undefined(metric.key, metric.undefined)
    if math.isnan(value):
        return undefined(metric.key, f"it divides by zero for reference {_named([repr(names[0])])}")
    return value


def _alike(level: Any, wanted: Any) -> bool:
    """Whether they are one level: text is never a number, and what cannot be compared is none."""
    if isinstance(level, str) != isinstance(wanted, str):
        return False
    try:
        return bool(level == wanted)
    except Exception:
        return False


def find_group(groups: Sequence[Group], wanted: Any, argument: str) -> int:
    """Where a group stands; a bare level will do for a single attribute."""
    levels = tuple(wanted) if isinstance(wanted, (tuple, list)) else (wanted,)
    levels = tuple(unicodedata.normalize("NFC", v) if isinstance(v, str) else v for v in levels)
    for i, group in enumerate(groups):
        if len(group) == len(levels) and all(map(_alike, group, levels)):
            return i
    near = [
        g for g in groups if [str(v).casefold() for v in g] == [str(v).casefold() for v in levels]
    ]
    shown = repr(near[0] if len(groups[0]) > 1 else near[0][0]) if near else ""
    raise InputError(
        "MET009",
        f"no group {wanted!r}",
        argument=argument,
        fix=f"did you mean {shown}?" if near else f"groups are {_named([repr(g) for g in groups])}",
    )
