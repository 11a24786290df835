"""What a decomposition says: a gap, the part that goes with controls, the rest. Data only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from audit.table.roles import Group, Level

if TYPE_CHECKING:
    import pandas as pd

NAN = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one control contributes to the explained part."""

    control: str
    """Its column; the columns a category makes are folded back into it."""
    value: float
    """Its part of the gap; the parts sum to `explained`. nan where it has none of its own."""
    low: float
    """Lower limit."""
    high: float
    """Upper limit."""
    share: float
    """Part over gap (negative where it narrows the gap); nan where the gap's interval holds 0."""
    reason: str | None = None
    """Why it is undefined, or 0 for sure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The same gap, split with one side's own coefficients."""

    coefficients: Group | None
    """Whose coefficients; None for all others pooled."""
    explained: float
    """What the gap would be if everyone were treated as they are, by those coefficients."""
    explained_low: float
    """Lower limit."""
    explained_high: float
    """Upper limit."""
    unexplained: float
    """Gap less explained."""
    unexplained_low: float
    """Lower limit."""
    unexplained_high: float
    """Upper limit."""
    reason: str | None = None
    """Why it is undefined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """The gap among people of the same stratum, averaged over the strata."""

    strata: tuple[str, ...]
    """Factors held equal."""
    value: float
    """Reference less group: Mantel-Haenszel difference of rates; nan where undefined."""
    low: float
    """Lower limit."""
    high: float
    """Upper limit."""
    p_value: float
    """Two-sided, of equal rates within every stratum (Cochran-Mantel-Haenszel)."""
    used: int
    """Strata that hold both sides."""
    rows: int
    """Rows in them, of the same complete cases."""
    gaps: tuple[Mapping[str, Any], ...]
    """One a stratum: its levels, value (reference less group), rows and reference_rows."""
    method: str
    """How the limits were made."""
    reason: str | None = None
    """Why it is undefined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decomposition:
    """What `audit.decompose` found: gap = explained + unexplained, reference less group."""

    attribute: str
    """The protected attribute."""
    group: Group | None
    """The group; None for all others pooled."""
    reference: Group
    """What it is compared with."""
    pooled: tuple[Level, ...]
    """The levels behind `group`."""
    column: str
    """What is explained: the decision, the outcome, a score or an amount."""
    kind: str
    """"decision", "outcome", "score", "risk" or "amount"."""
    controls: tuple[str, ...]
    """Columns held equal, in the order named."""
    reference_mean: float
    """Mean (a rate, for decisions and outcomes) of the reference's complete rows."""
    group_mean: float
    """The group's."""
    gap: float
    """Reference less group, on the complete rows."""
    low: float
    """Lower limit."""
    high: float
    """Upper limit."""
    explained: float
    """The part that goes with the controls, by pooled coefficients; nan where undefined."""
    explained_low: float
    """Lower limit."""
    explained_high: float
    """Upper limit."""
    unexplained: float
    """The part these controls do not account for. Never itemised; not a name for its cause."""
    unexplained_low: float
    """Lower limit."""
    unexplained_high: float
    """Upper limit."""
    p_value: float
    """Two-sided, against no unexplained part."""
    parts: tuple[Part, ...]
    """The explained part by control, in the order named."""
    by_reference: Reading
    """With the reference's own coefficients."""
    by_group: Reading
    """With the group's own coefficients."""
    within: Within | None
    """The gap inside the table's strata; None without strata, or for a score or an amount."""
    rows: int
    """Complete rows of both sides."""
    reference_rows: int
    """Complete rows of the reference."""
    rows_total: int
    """All rows of both sides, and those without a level where all others are pooled."""
    incomplete: Mapping[str, int]
    """Rows that lack a value, by column; a row may lack several."""
    method: str
    """"linear" or "logit"."""
    errors: str
    """How the limits were made."""
    level: float
    """Confidence level."""
    reason: str | None = None
    """Why explained and unexplained are undefined."""
    notes: tuple[str, ...] = ()
    """What a reader should know: levels that one side lacks, controls that tell nothing."""

    @property
    def unexplained_range(self) -> tuple[float, float]:
        """Least and greatest unexplained part by pooled and both groups' own coefficients."""
        found = [self.unexplained, self.by_reference.unexplained, self.by_group.unexplained]
        known = [v for v in found if not math.isnan(v)]
        return (min(known), max(known)) if known else (NAN, NAN)

    def to_dict(self) -> dict[str, Any]:
        """Plain values; tuples become lists."""
        found: dict[str, Any] = _plain(asdict(self))
        return found

    def to_frame(self) -> pd.DataFrame:
        """One row an item: gap, parts, explained, unexplained, both readings, the strata's gap.

        Columns: item, control, coefficients ("pooled", "reference", "group" or None), value, low,
        high, share (of the gap; nan where its interval holds 0), reason.
        """
        import pandas as pd

        r, g = self.by_reference, self.by_group
        rows: list[tuple[Any, ...]] = [("gap", None, None, self.gap, self.low, self.high, None)]
        rows += [
            ("part", p.control, "pooled", p.value, p.low, p.high, p.reason) for p in self.parts
        ]
        for name, found in (("pooled", self), ("reference", r), ("group", g)):
            for item in ("explained", "unexplained"):
                three = (getattr(found, item + end) for end in ("", "_low", "_high"))
                rows.append((item, None, name, *three, found.reason))
        if (w := self.within) is not None:
            rows.append(("within strata", None, None, w.value, w.low, w.high, w.reason))
        columns = ["item", "control", "coefficients", "value", "low", "high", "reason"]
        frame = pd.DataFrame(rows, columns=columns)
        frame.insert(6, "share", [share(v, self.gap, self.low, self.high) for v in frame["value"]])
        for name in ("item", "control", "coefficients", "reason"):
            frame[name] = pd.Series([r[columns.index(name)] for r in rows], dtype=object)
        return frame

    def summary(self) -> str:
        """The decomposition in three sentences that agree with its intervals."""
        from audit.explanation.decompose_words import summary

        return summary(self)


def share(value: float, gap: float, low: float, high: float) -> float:
    """Part over gap; nan where the gap's interval is unknown or holds 0.

    >>> share(0.1, 0.2, 0.15, 0.25), share(0.1, 0.2, -0.1, 0.5)
    (0.5, nan)
    """
    return value / gap if low > 0 or high < 0 else NAN


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    return value
