"""One column against a yes/no outcome, and rows as 64-bit marks: what data checks compute."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.table import encode

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[Any]

DISTINCT = 64
"""Numbers with more distinct values than this are put in bins."""
BINS = 32
"""Bins of about equally many rows."""
DATED = "0000-00-00"
"""How a date is written, digit by digit."""
MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9))
"""Odd constants of splitmix64 (Steele, Lea & Flood 2014)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Binned:
    """A column in a few bins or its categories; a missing value is one of its own."""

    codes: Codes
    """Bin of each row."""
    labels: tuple[Any, ...]
    """What each bin holds, for a message."""
    numbers: Floats | None
    """The column in ascending order where it is numeric; nan, missing, last."""
    order: npt.NDArray[np.intp] | None
    """Row of each of `numbers`."""


def floats(column: Any) -> Floats | None:
    """A narwhals Series or array as float64, nan where missing; None where it is not numeric.

    Dates and times are numbers: milliseconds since 1970.
    """
    if isinstance(column, np.ndarray):
        return column.astype(np.float64) if column.dtype.kind in "biuf" else None
    import narwhals as nw

    if column.dtype in (nw.Date, nw.Datetime):
        column = column.dt.timestamp("ms")
    if not (column.dtype.is_numeric() or column.dtype == nw.Boolean):
        return None
    native = column.to_native()
    dtype = getattr(native, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
        return np.asarray(native, dtype=np.float64)
    return np.asarray(column.cast(nw.Float64).to_numpy(), dtype=np.float64)


def moments(column: Any) -> Floats | None:
    """Dates and times as milliseconds since 1970, nan where missing; also texts such as 2026-01-31.

    None where the column holds neither.
    """
    import narwhals as nw

    if column.dtype in (nw.Date, nw.Datetime):
        return floats(column)
    if column.dtype not in (nw.String, nw.Object):
        return None
    found = encode.look(column, column.name)
    texts = ["" if v is None else str(v)[:10] for v in found.values]
    first = next((t for t in texts if t), "")
    if len(first) != len(DATED) or any(a.isdigit() != (b == "0") for a, b in zip(first, DATED)):  # noqa: B905
        return None
    at = np.full(max(len(texts), 1), np.nan)
    for i, text in enumerate(texts):
        try:
            at[i] = np.datetime64(text, "ms").astype(np.int64) if text else np.nan
        except ValueError:
            continue
    return np.asarray(at[found.handle])


def bins_of(column: Any, name: str) -> Binned:
    """Bins of a number with many values, else the distinct values."""
    numbers = floats(column)
    if numbers is None:
        found = encode.look(column, name)
        return Binned(codes=found.handle, labels=found.values, numbers=None, order=None)
    order = np.argsort(numbers)
    ascending = numbers[order]
    there = ascending[: len(ascending) - int(np.isnan(ascending).sum())]
    new = np.empty(len(there), dtype=bool)
    new[:1] = True
    np.not_equal(there[1:], there[:-1], out=new[1:])
    values = there[new]
    if len(values) > DISTINCT:
        edges = np.unique(there[np.arange(1, BINS) * len(there) // BINS])
        labels = [f"below {_short(edges[0])}"]
        labels += [f"{_short(a)} to below {_short(b)}" for a, b in pairwise(edges)]
        labels.append(f"{_short(edges[-1])} or more")
        inside = np.searchsorted(edges, there, side="right")
    else:
        labels = [_short(v) for v in values]
        inside = np.cumsum(new) - 1
    codes = np.full(len(numbers), len(labels), dtype=np.int64)
    codes[order[: len(there)]] = inside
    return Binned(codes=codes, labels=(*labels, "missing"), numbers=ascending, order=order)


def _short(value: float) -> str:
    return f"{value:g}"


def ranked(column: Binned, bad: npt.NDArray[np.bool_]) -> float:
    """AUC of a number in its own order, whichever way round; .5 where it is no number.

    Missing values stand first, then last, and the larger AUC counts.
    """
    if column.numbers is None or column.order is None:
        return 0.5
    there = len(column.numbers) - int(np.isnan(column.numbers).sum())
    numbers = column.numbers[:there]
    of_bad, of_all = _runs(numbers, bad[column.order[:there]])
    absent = len(column.numbers) - there
    if not absent:
        area = area_under(of_bad, of_all - of_bad)
        return max(area, 1 - area)
    lost_bad = float(bad[column.order[there:]].sum())
    best = 0.5
    for first in (True, False):
        ends = ([lost_bad], of_bad) if first else (of_bad, [lost_bad])
        wholes = ([float(absent)], of_all) if first else (of_all, [float(absent)])
        hits = np.concatenate(ends)
        area = area_under(hits, np.concatenate(wholes) - hits)
        best = max(best, area, 1 - area)
    return best


def _runs(numbers: Floats, bad: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Rows with an unfavourable outcome, and all, by distinct value of ascending numbers."""
    if not len(numbers):
        return np.zeros(0), np.zeros(0)
    starts = np.flatnonzero(np.concatenate([[True], numbers[1:] != numbers[:-1]]))
    reached = np.concatenate([[0], np.cumsum(bad)])
    ends = np.append(starts[1:], len(numbers))
    return (reached[ends] - reached[starts]).astype(np.float64), (ends - starts).astype(np.float64)


def area_under(first: Floats, second: Floats) -> float:
    """P(a row of the second kind stands after one of the first) + ½·P(tie), in the order given.

    >>> area_under(np.array([2.0, 0.0]), np.array([0.0, 3.0]))
    1.0
    """
    whole = float(first.sum() * second.sum())
    below = np.cumsum(first) - first / 2
    return float((second * below).sum()) / whole if whole > 0 else 0.5


def telling(codes: Codes, bins: int, bad: npt.NDArray[np.bool_]) -> float:
    """AUC of bins put in the order of their outcome rates in the other half of the rows.

    Each half is ordered by the other, so a column of names that never recur tells nothing.
    """
    half = np.arange(len(codes)) % 2
    # every row is counted once; what follows is as long as the bins are many
    counts = np.bincount((half * 2 + bad) * bins + codes, minlength=4 * bins).reshape(2, 2, bins)
    areas = []
    for own, (good, worse) in ((counts[0], counts[1]), (counts[1], counts[0])):
        level, place = np.unique((worse + bad.mean()) / (good + worse + 1), return_inverse=True)
        of_good, of_bad = (np.bincount(place, side, len(level)).astype(np.float64) for side in own)
        areas.append(area_under(of_good, of_bad))
    return sum(areas) / 2


def power(column: Binned, bad: npt.NDArray[np.bool_]) -> float:
    """AUC of a column, in its own order or in the best one."""
    return max(ranked(column, bad), telling(column.codes, len(column.labels), bad))


def fingerprint(marks: npt.NDArray[np.uint64], column: Any, name: str) -> tuple[Any, int]:
    """Marks with one more column mixed in, and about how many distinct values it has.

    Equal rows keep equal marks; two unequal ones meet with probability 2⁻⁶⁴.
    """
    numbers = floats(column)
    if numbers is None:
        found = encode.look(column, name)
        words, distinct = found.handle.astype(np.uint64), len(found.values)
    else:
        numbers = numbers + 0.0  # one zero
        if np.isnan(numbers.sum()):
            numbers[np.isnan(numbers)] = np.nan  # one nan
        words = numbers.view(np.uint64)
        distinct = _about(words)
    with np.errstate(over="ignore"):
        mixed = marks ^ words
        mixed *= MIX[0]
        mixed ^= mixed >> np.uint64(31)
        mixed *= MIX[1]
    return mixed, distinct


def _about(words: npt.NDArray[np.uint64]) -> int:
    """Distinct values, counted in the first 10,000 rows and scaled up where all differ there."""
    first = words[:10_000]
    seen = len(np.unique(first))
    return len(words) * seen // max(len(first), 1)
