"""Equal-width bins with edges fixed in advance, so that tallies of scores add up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table.roles import Roles
from audit.table.rows import CodedRows, EngineRows, Table

Floats = npt.NDArray[np.float64]

MOST = 1_000_000
"""Bins beyond which a tally is no summary."""

AMOUNT = "amount:"
"""A continuous decision's key is this and its column: "amount:limit"."""


def value_keys(roles: Roles) -> tuple[str, ...]:
    """Keys of the columns that get bins: "score" (a score or a risk), then amounts.

    >>> value_keys(Roles(risk="pd", amount={"limit": "higher"}))
    ('score', 'amount:limit')
    """
    score = ("score",) if roles.score is not None or roles.risk is not None else ()
    return (*score, *(f"{AMOUNT}{name}" for name in roles.amount))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """`number` bins of one width from `low` to `high`; bin i is [edge i, edge i+1), the last
    one closed. Values outside fall in the end bins, a missing one in a level after the last.

    The bin is floor((x - low) * scale) in doubles: one subtraction and one multiplication, so
    every engine puts a value in the same bin, bit for bit.
    """

    low: float
    """First edge."""
    high: float
    """Last edge."""
    number: int
    """How many bins."""

    @property
    def scale(self) -> float:
        """Bins per unit."""
        return self.number / (self.high - self.low)

    @property
    def edges(self) -> tuple[float, ...]:
        """All edges, first and last included.

        >>> Bins(low=0.0, high=1.0, number=4).edges
        (0.0, 0.25, 0.5, 0.75, 1.0)
        """
        inner = (self.low + (self.high - self.low) * (i / self.number) for i in range(self.number))
        return (*inner, self.high)

    def place(self, values: Floats, *, chunk: int = 1 << 15) -> npt.NDArray[np.uint32]:
        """Bin of each value; `number` where it is missing (nan).

        >>> Bins(low=0.0, high=1.0, number=4).place(np.array([0.1, 0.25, 1.0, 7.0, np.nan]))
        array([0, 1, 3, 3, 4], dtype=uint32)
        """
        placed = np.empty(len(values), np.uint32)
        for start in range(0, len(values), chunk):
            part = values[start : start + chunk] - self.low
            part *= self.scale
            np.clip(part, 0, self.number - 1, out=part)
            part[np.isnan(part)] = self.number
            placed[start : start + chunk] = part
        return placed


def make_bins(low: float, high: float, number: int, *, argument: str = "score_range") -> Bins:
    """Checked bins; a range of one value is widened around it.

    Raises `InputError` TLY002 where the range is not finite or reversed, or `number` is not a
    positive integer.

    >>> make_bins(2, 2, 10)
    Bins(low=1.0, high=3.0, number=10)
    """
    whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
    if not (whole and 1 <= number <= MOST):
        raise InputError(
            "TLY002",
            f"{number!r} is not a number of bins from 1 to {MOST:,}",
            argument="score_bins",
            fix="give 1024",
        )
    try:
        low, high = float(low), float(high)
    except (TypeError, ValueError, OverflowError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise InputError(
            "TLY002",
            f"({low}, {high}) is not a finite range, low before high",
            argument=argument,
            fix="give the lowest and highest possible value, e.g. (0, 1)",
        )
    if low == high:
        low, high = low - max(0.5, abs(low) / 2), high + max(0.5, abs(high) / 2)
    bins = Bins(low=low, high=high, number=int(number))
    if not (math.isfinite(bins.high - bins.low) and math.isfinite(bins.scale)):
        raise InputError(
            "TLY002",
            f"({low}, {high}) is too wide or too narrow for {number} bins",
            argument=argument,
            fix="rescale the values",
        )
    return bins


def observed_range(table: Table, key: str) -> tuple[float, float]:
    """Lowest and highest finite value of a score or amount; (0, 1) where there is none."""
    rows = table.rows
    if isinstance(rows, EngineRows):
        from audit.tally.lazy import value_range

        return value_range(rows, key)
    values = column_values(rows, key)
    if values is None:
        return (0.0, 1.0)
    # fmin and fmax pass over nan without the copy a mask would make.
    low = float(np.fmin.reduce(values, initial=np.nan))
    high = float(np.fmax.reduce(values, initial=np.nan))
    if not (math.isfinite(low) and math.isfinite(high)):
        finite = values[np.isfinite(values)]
        if not finite.size:
            return (0.0, 1.0)
        low, high = float(finite.min()), float(finite.max())
    return (low, high)


def column_values(rows: CodedRows, key: str) -> Floats | None:
    """The values behind "score" or "amount:<column>", nan where missing; None if absent."""
    if key == "score":
        return rows.score
    amounts: Mapping[str, Any] = rows.amounts
    return amounts.get(key.removeprefix(AMOUNT))
