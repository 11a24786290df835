"""An estimate: a value with interval, method and rows, or a reason instead of a number.

Estimates are kept as columns, so that an audit of thousands of them costs microseconds each;
`Estimates[i]` is a frozen `Estimate`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from typing import Any, overload

from audit.table.roles import Group, Level

NAN = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number that travels with what is known about it."""

    metric: str
    """Catalogue key."""
    attribute: tuple[str, ...]
    """Protected attributes; () for everyone together."""
    group: Group
    """The group (for a worst-case metric the one with the lower value)."""
    reference: Group | None = None
    """The group compared with; None for a rate of one group."""
    stratum: tuple[Level, ...] | None = None
    """Levels of the strata, in `Roles.strata`'s order."""
    stage: str | None = None
    """Stage of the decision; None is the final one."""
    value: float = NAN
    """The point estimate; nan where undefined."""
    low: float = NAN
    """Lower limit."""
    high: float = NAN
    """Upper limit; inf where the data cannot bound it."""
    level: float = 0.95
    """Confidence level."""
    method: str = ""
    """How the interval was made."""
    p_value: float = NAN
    """Two-sided, against equality; nan for a rate."""
    p_adjusted: float = NAN
    """After Holm (planned) or Benjamini-Hochberg (exploration)."""
    rows: int = 0
    """Rows in the denominator (unweighted)."""
    favorable: float = NAN
    """Numerator (rows; Σw where weighted)."""
    reference_rows: int = 0
    """The reference's denominator."""
    reference_value: float = NAN
    """The reference's rate."""
    reason: str | None = None
    """Why the value is undefined."""
    column: str | None = None
    """The score, risk or amount that the value is of; None for decisions and outcomes."""
    decision_level: Level = None
    """The value of the decision that it is the share of, where a decision has several."""


COLUMNS: tuple[str, ...] = tuple(f.name for f in fields(Estimate))
DEFAULTS: dict[str, Any] = {
    f.name: f.default for f in fields(Estimate) if f.name not in ("metric", "attribute", "group")
}


class Estimates(Sequence[Estimate]):
    """Columns of estimates, read as a sequence of `Estimate`.

    >>> e = Estimates.of([Estimate(metric="selection_rate", attribute=("sex",), group=("f",))])
    >>> len(e), e[0].metric
    (1, 'selection_rate')
    """

    __slots__ = ("columns",)

    def __init__(self, columns: dict[str, list[Any]]) -> None:
        """Take one list a field of `Estimate`, all of one length (see `COLUMNS`)."""
        self.columns = columns

    @classmethod
    def of(cls, estimates: Iterable[Estimate]) -> Estimates:
        """Columns from records."""
        items = list(estimates)
        return cls({name: [getattr(e, name) for e in items] for name in COLUMNS})

    @classmethod
    def concatenate(cls, parts: Iterable[Estimates]) -> Estimates:
        """All parts, one after the other."""
        items = list(parts)
        return cls(
            {name: list(chain.from_iterable(p.columns[name] for p in items)) for name in COLUMNS}
        )

    @classmethod
    def block(cls, size: int, **values: Any) -> Estimates:
        """A block of `size` rows; a list gives one value a row, anything else is repeated."""
        columns = {}
        for name in COLUMNS:
            value = values.get(name, DEFAULTS.get(name))
            columns[name] = value if isinstance(value, list) else [value] * size
        return cls(columns)

    def replace(self, **columns: list[Any]) -> Estimates:
        """A copy with some columns exchanged."""
        return Estimates({**self.columns, **columns})

    def __len__(self) -> int:
        """Number of estimates."""
        return len(self.columns["metric"])

    @overload
    def __getitem__(self, index: int) -> Estimate: ...
    @overload
    def __getitem__(self, index: slice) -> Estimates: ...
    def __getitem__(self, index: int | slice) -> Estimate | Estimates:
        """One record, or a slice of columns."""
        if isinstance(index, slice):
            return Estimates({name: column[index] for name, column in self.columns.items()})
        return Estimate(**{name: column[index] for name, column in self.columns.items()})

    def __iter__(self) -> Iterator[Estimate]:
        """Records in order."""
        for values in zip(*(self.columns[name] for name in COLUMNS), strict=True):
            yield Estimate(**dict(zip(COLUMNS, values, strict=True)))

    def __eq__(self, other: object) -> bool:
        """Equal field by field; nan equals nan."""
        if not isinstance(other, Estimates) or len(self) != len(other):
            return False
        return all(
            a == b or (a != a and b != b)
            for name in COLUMNS
            for a, b in zip(self.columns[name], other.columns[name], strict=True)
        )

    __hash__ = None  # type: ignore[assignment]  # mutable columns inside

    def where(self, **wanted: Any) -> list[Estimate]:
        """Records whose fields equal the given values.

        >>> Estimates.of([]).where(metric="selection_rate")
        []
        """
        keep = range(len(self))
        for name, value in wanted.items():
            column = self.columns[name]
            keep = [i for i in keep if column[i] == value]  # type: ignore[assignment]
        return [self[i] for i in keep]
