"""The distinct values of one column with their counts: all that decisions about roles need.

Levels, favourable values, bins and references are settled here, so rows in memory and rows in an
engine follow one path.
"""

from __future__ import annotations

import datetime
import decimal
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

MISSING_WORDS = frozenset({"NA", "NaN", "nan", "null", "None"})
"""Words that a file's decision, outcome, score and weight columns use for a missing value."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Distinct:
    """What is in a column. Position i everywhere stands for one raw value."""

    column: str
    """Its name."""
    raw: tuple[Any, ...]
    """Raw values as the engine gives them; None (possibly twice, for null and nan) is missing."""
    values: tuple[Any, ...]
    """The same as plain Python bool, int, float, str or None; several may be equal."""
    counts: Ints
    """Rows by position."""
    kind: str
    """"bool", "integer", "number", "text", "bins", "time", "mixed", "nested", "other", "empty"."""
    handle: Any
    """Codes by row that index `raw` (memory), or the expression giving `raw` (engine)."""
    declared: bool = False
    """Whether the values are categories or bins whose order was declared."""
    first_missing: int | None = None
    """Row of the first missing value, where rows are in memory."""

    @property
    def missing(self) -> int:
        """Rows without a value."""
        return int(sum(int(c) for v, c in zip(self.values, self.counts, strict=True) if v is None))

    @property
    def present(self) -> tuple[Any, ...]:
        """Values that occur, without missing, each once: as declared, else in ascending order."""
        pairs = zip(self.values, self.counts, strict=True)
        found = dict.fromkeys(v for v, c in pairs if v is not None and c)
        if self.declared or self.kind not in ("bool", "integer", "number", "text"):
            return tuple(found)
        return tuple(sorted(found))


def plain(value: Any) -> Any:
    """A value as plain Python; missing values of every library become None.

    >>> plain(np.int8(3)), plain(float("nan")), plain(np.str_("a"))
    (3, None, 'a')
    """
    if value is None or isinstance(value, (bool, int, str)):
        return str(value) if type(value) is not str and isinstance(value, str) else value
    if isinstance(value, float):
        return None if math.isnan(value) else float(value)
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, decimal.Decimal):
        return None if value.is_nan() else float(value)
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if type(value).__name__ == "Interval":  # pandas.cut makes them
        return str(value)
    return value


def kind_of(values: Sequence[Any]) -> str:
    """The kind of the values that are not missing.

    >>> kind_of([1, 2.0, None]), kind_of([1, "1"]), kind_of([True, None])
    ('integer', 'mixed', 'bool')
    """
    types = {type(v) for v in values if v is not None}
    if not types:
        return "empty"
    if types == {bool}:
        return "bool"
    if types == {str}:
        return "text"
    if types <= {int, float}:
        whole = float not in types or all(
            v is None or isinstance(v, int) or (math.isfinite(v) and v == int(v)) for v in values
        )
        return "integer" if whole else "number"
    if all(issubclass(t, (datetime.date, datetime.time, datetime.timedelta)) for t in types):
        return "time"
    if any(issubclass(t, (list, tuple, dict, set, np.ndarray)) for t in types):
        return "nested"
    return "mixed" if len(types) > 1 else "other"


def as_float(value: Any) -> float:
    """A number as float; a whole number beyond a float's range is infinite, refused by name."""
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, 1 if value > 0 else -1)


def settled(values: Sequence[Any], kind: str) -> tuple[Any, ...]:
    """Values in one type: whole numbers become int, since a gap turns pandas integers into floats.

    >>> settled([1.0, None], "integer")
    (1, None)
    """
    if kind == "integer":
        return tuple(None if v is None else int(v) for v in values)
    if kind == "number":
        return tuple(None if v is None else as_float(v) for v in values)
    return tuple(values)


def distinct(
    column: str,
    raw: Sequence[Any],
    counts: Ints,
    handle: Any,
    *,
    kind: str | None = None,
    declared: bool = False,
    first_missing: int | None = None,
) -> Distinct:
    """A `Distinct` from raw values: made plain, and their kind found."""
    values = [plain(v) for v in raw]
    found = kind or kind_of(values)
    return Distinct(
        column=column,
        raw=tuple(None if v is None else r for r, v in zip(raw, values, strict=True)),
        values=settled(values, found),
        counts=counts,
        kind=found,
        handle=handle,
        declared=declared,
        first_missing=first_missing,
    )


def without_blanks(found: Distinct) -> Distinct:
    """A file's column with its empty fields missing, as a protected attribute is read."""
    if found.kind != "text" or "" not in found.values:
        return found
    values = tuple(None if v == "" else v for v in found.values)
    return replace(found, values=values, kind=kind_of(values))


def as_labels(found: Distinct) -> tuple[Distinct, int]:
    """A file's column as labels or numbers, and how many rows held a word for missing.

    Empty fields and NA, NaN, nan, null, None are missing; where all that remains are numbers in
    canonical form, they are numbers ('01' is not).
    """
    if found.kind != "text":
        return found, 0
    worded = sum(
        int(c) for v, c in zip(found.values, found.counts, strict=True) if v in MISSING_WORDS
    )
    values: tuple[Any, ...] = tuple(
        None if v is None or v == "" or v in MISSING_WORDS else v for v in found.values
    )
    numbers = [None if v is None else number(v) for v in values]
    if all((n is None) == (v is None) for n, v in zip(numbers, values, strict=True)):
        values = tuple(numbers)
    kind = kind_of(values)
    return replace(found, values=settled(values, kind), kind=kind), worded


def number(text: str) -> int | float | None:
    """The number that a text is in canonical form, else None.

    >>> number("1"), number("-0.5"), number("01"), number("1e3"), number("inf")
    (1, -0.5, None, 1000.0, None)
    """
    digits = text[1:] if text[:1] == "-" else text
    if not digits[:1].isdigit() or not text.isascii() or "_" in text:
        return None
    if digits[0] == "0" and digits[1:2].isdigit():
        return None
    try:
        return int(text) if digits.isdigit() and len(digits) < 19 else float(text)
    except ValueError:
        return None
