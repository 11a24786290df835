"""How many records each group needs: data only."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from audit.mitigation.cutoff_words import percent, worded
from audit.table.json_values import plain
from audit.table.roles import Group

if TYPE_CHECKING:
    import pandas as pd

NAN = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupNeeds:
    """What one group has, and what it needs for a rate and a gap of the stated precision."""

    attribute: tuple[str, ...]
    """Protected attributes."""
    group: Group
    """The group."""
    reference: Group | None
    """The group it is compared with; None for the reference itself, or where there is none."""
    records: int
    """Records of the group, in the rate's denominator or not."""
    rows: int
    """Rows in the rate's denominator."""
    value: float
    """The rate; nan where undefined."""
    low: float
    """Lower limit (Wilson)."""
    high: float
    """Upper limit."""
    half_width: float
    """Half the interval's width, now."""
    needed: int | None
    """Rows in the denominator at which it is at most the precision, if the rate stays; None where
    the rate is unknown."""
    at_most: int
    """Rows that are enough whatever the rate is."""
    to_collect: int | None
    """Records to collect: the rows that are missing, over the share of records that count."""
    gap: float = NAN
    """The contrast with the reference: difference or ratio."""
    gap_low: float = NAN
    """Lower limit (Miettinen-Nurminen)."""
    gap_high: float = NAN
    """Upper limit; inf where the data cannot bound it."""
    gap_half_width: float = NAN
    """Half the interval's width, now."""
    gap_needed: int | None = None
    """Rows of the group at which it is at most `gap_precision`, the reference as it is; None where
    no number is enough."""
    gap_to_collect: int | None = None
    """Records of the group to collect for that."""
    together: int | None = None
    """Rows to which group and reference must both come, where they have fewer."""
    to_see: int | None = None
    """Rows of either that show a ratio of .8 with 80 % chance (`audit.power`)."""
    reason: str | None = None
    """Why there is no number for the rate."""
    gap_reason: str | None = None
    """Why there is no number for the gap."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RecordsNeeded:
    """What `audit.records_needed` found."""

    metric: str
    """Key of the rate."""
    contrast: str
    """"difference" or "ratio"."""
    precision: float
    """Half-width wanted of a rate's interval."""
    gap_precision: float
    """Half-width wanted of the contrast's interval."""
    level: float
    """Confidence level."""
    groups: tuple[GroupNeeds, ...]
    """Every group of every attribute."""
    notes: tuple[str, ...] = ()
    """What a reader should know."""

    def to_dict(self) -> dict[str, Any]:
        """As plain values: groups are lists, an undefined number is None."""
        return {f.name: plain(getattr(self, f.name)) for f in fields(self)}

    def to_frame(self) -> pd.DataFrame:
        """One row a group, as a pandas frame; unknown numbers of rows are missing integers."""
        import pandas as pd

        names = [f.name for f in fields(GroupNeeds)]
        frame = pd.DataFrame({n: [getattr(g, n) for g in self.groups] for n in names}, dtype=object)
        whole = ("records", "rows", "needed", "at_most", "to_collect", "gap_needed",
                 "gap_to_collect", "together", "to_see")  # fmt: skip
        real = ("value", "low", "high", "half_width", "gap", "gap_low", "gap_high",
                "gap_half_width")  # fmt: skip
        return frame.astype({**dict.fromkeys(whole, "Int64"), **dict.fromkeys(real, "float64")})

    def summary(self) -> str:
        """A paste-ready sentence: which group lacks most, and which numbers nothing settles."""
        want = f"{self.metric} to within {points(self.precision)} ({100 * self.level:g} %)"
        short = [g for g in self.groups if g.to_collect]
        known = [g for g in self.groups if g.to_collect is not None]
        if short:
            most = max(short, key=lambda g: g.to_collect or 0)
            text = (
                f"For {want}, {most.attribute[0]} {worded(most.group)} needs {most.needed:,} rows "
                f"and has {most.rows:,} (now ±{points(most.half_width)}): {most.to_collect:,} more "
                "records"
            )
            others = len(short) - 1
            lack = "group lacks" if others == 1 else "groups lack"
            text += f"; {others} other {lack} some." if others else "."
        elif known:
            text = f"Every group with a known rate has the rows for {want}."
        else:
            text = f"No group's {self.metric} is known, so no number of rows can be named."
        never = [g for g in self.groups if g.gap_reason and g.gap_half_width > 0]
        if never:
            one = never[0]
            who = f"{' × '.join(one.attribute)} {worded(one.group)}"
            text += f" For the gap of {who}: {one.gap_reason}"
            text += f"; {one.together:,} in either would be." if one.together else "."
        return text

    def __repr__(self) -> str:
        """The sentence."""
        return f"<RecordsNeeded of {len(self.groups)} groups: {self.summary()}>"


def points(value: float) -> str:
    """A width in percentage points.

    >>> points(0.03)
    '3.0 points'
    """
    return percent(value).replace(" %", " points")
