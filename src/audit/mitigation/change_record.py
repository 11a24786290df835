"""Who changes between two decisions: counts, rates, gaps and closeness. Data only."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from audit.mitigation.record import Limits
from audit.table.json_values import plain
from audit.table.roles import Group

if TYPE_CHECKING:
    import pandas as pd

NAN = math.nan
ALL = "all"
OUTCOMES = ("would repay", "would default", "unknown")
"""People by their outcome, in the order of every outcome axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of one group's decisions."""

    attribute: tuple[str, ...]
    """Protected attribute; () for everyone together."""
    group: Group
    """The group; () for everyone."""
    outcome: str
    """"all", or people by outcome: "would repay", "would default", "unknown"."""
    rows: int
    """Rows decided both times."""
    undecided: int
    """Rows undecided in either; they stand apart."""
    gained: int
    """Denied before, approved after."""
    lost: int
    """Approved before, denied after."""
    kept: int
    """Approved both times."""
    denied: int
    """Denied both times."""
    gained_share: Limits
    """gained / rows (weighted, where weights are given)."""
    lost_share: Limits
    """lost / rows."""
    before: Limits
    """Approval rate before."""
    after: Limits
    """Approval rate after."""
    net: Limits
    """After less before: the paired difference of approval rates."""
    p_value: float
    """Two-sided, against equal approval rates."""
    method: str
    """How the p-value and the interval of `net` were made."""
    reason: str | None = None
    """Why the rates are undefined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GapChange:
    """What becomes of the gap between a group and its reference."""

    attribute: tuple[str, ...]
    """Protected attribute."""
    group: Group
    """The group."""
    reference: Group
    """What it is compared with (less the rows that are in both)."""
    outcome: str
    """As in `Change`."""
    before: Limits
    """Approval rate less the reference's, before."""
    after: Limits
    """The same, after."""
    change: Limits
    """After less before; above 0 favours the group."""
    p_value: float
    """Two-sided, against no change; agrees with the interval."""
    ratio_before: Limits
    """Approval rate over the reference's, before."""
    ratio_after: Limits
    """The same, after."""
    rows: int
    """Rows of the group decided both times."""
    reference_rows: int
    """The same of the reference."""
    reading: str
    """"narrower", "wider", "turned round" or "not told apart"; "unchanged" where it is exactly."""
    method: str = ""
    """How the interval of `change` was made."""
    reason: str | None = None
    """Why the change is undefined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closeness:
    """How close to the cut-off the people who change are."""

    attribute: tuple[str, ...]
    """Protected attribute; () for everyone."""
    group: Group
    """The group; () for everyone."""
    changed: str
    """"gained", "lost" or "either"."""
    rows: int
    """Rows that change and have a score."""
    quantiles: Mapping[str, float] = field(default_factory=dict)
    """Distance to the cut-off, in the score's units, that a share of them are within; empty for
    fewer than 10 rows."""
    near: Limits = field(default_factory=Limits)
    """Share of them among the nearest 10 % of all people (Wilson)."""
    reason: str | None = None
    """Why there are no quantiles."""


RowsOf = Callable[..., Any]
"""Kind of change, and optionally attribute and group -> row numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTable:
    """One attribute's part of `Changes`."""

    groups: tuple[Change, ...]
    """Everyone first, then every group, each for all outcomes and by outcome."""
    gaps: tuple[GapChange, ...]
    """Every group against the reference."""
    closeness: tuple[Closeness, ...]
    """Everyone first, then every group; empty without a score and a cut-off."""
    near_distance: float
    """Distance of the nearest 10 % of people; nan without a score and a cut-off."""
    notes: tuple[str, ...] = ()
    """What a reader should know."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Changes:
    """Who gains and who loses an approval between two decisions on the same people."""

    before: str
    """Name of the first decision."""
    after: str
    """Name of the second."""
    size: int
    """Rows (Σ of counts, where rows are counted)."""
    undecided: int
    """Rows undecided in either; they stand apart."""
    groups: tuple[Change, ...]
    """Everyone first, then every group of every attribute, for all outcomes and by outcome."""
    gaps: tuple[GapChange, ...]
    """Every group against its reference."""
    closeness: tuple[Closeness, ...]
    """Distance to the cut-off of the people who change."""
    score: str | None
    """The score or risk that the distance is of."""
    cutoff: float
    """The cut-off; nan where there is none."""
    near_distance: float
    """Distance of the nearest 10 % of people."""
    level: float
    """Confidence level of every interval."""
    notes: tuple[str, ...] = ()
    """What a reader should know."""
    rows: RowsOf | None = field(default=None, repr=False)
    """`rows("gained", attribute=None, group=None)`: row numbers of the table, from 0. Not kept in
    a report."""

    @property
    def everyone(self) -> Change:
        """All people together."""
        return self.groups[0]

    def to_dict(self) -> dict[str, Any]:
        """As plain values: groups are lists, an undefined number is None; no rows."""
        return {f.name: plain(getattr(self, f.name)) for f in fields(self) if f.name != "rows"}

    def to_frame(self) -> pd.DataFrame:
        """One row a group and outcome, as a pandas frame."""
        import pandas as pd

        gaps = {(g.attribute, g.group, g.outcome): g for g in self.gaps}
        out: list[dict[str, Any]] = []
        for one in self.groups:
            gap = gaps.get((one.attribute, one.group, one.outcome))
            told: dict[str, Any] = {
                name: getattr(one, name)
                for name in ("attribute", "group", "outcome", "rows", "undecided", "gained", "lost",
                             "kept", "denied")
            }  # fmt: skip
            for name in ("gained_share", "lost_share", "before", "after", "net"):
                told |= _columns(name, getattr(one, name))
            told |= {"p_value": one.p_value, "method": one.method}
            told["reference"] = None if gap is None else gap.reference
            told |= _columns("gap_change", Limits() if gap is None else gap.change)
            told["reading"] = None if gap is None else gap.reading
            told["reason"] = one.reason
            out.append(told)
        frame = pd.DataFrame(out)
        objects = ("attribute", "group", "reference", "reading", "reason")
        return frame.astype(dict.fromkeys(objects, object))

    def summary(self) -> str:
        """A paste-ready sentence or three: who changes, and what becomes of the widest gap."""
        from audit.mitigation.change_words import summary

        return summary(self)

    def __repr__(self) -> str:
        """The sentence."""
        return f"<Changes of {self.size:,} decisions: {self.summary()}>"


def _columns(name: str, rate: Limits) -> dict[str, float]:
    return {name: rate.value, f"{name}_low": rate.low, f"{name}_high": rate.high}
