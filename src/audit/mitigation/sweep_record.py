"""What `audit.sweep_cutoffs` found: what every cut-off would do, to whom. Data only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from audit.errors import InputError
from audit.table.json_values import plain
from audit.table.roles import Group
from audit.table.wording import shown

if TYPE_CHECKING:
    import pandas as pd

NAN = math.nan
DRAWN = 60
"""Points of `Sweep.to_dict()`, at most."""
CELLS = 240
"""Its points times groups, at most, where that leaves `LEAST` points."""
LEAST = 24
OF_THE_REST = ("precision", "false_negative_rate_low", "false_negative_rate_high")
"""Left out of `Sweep.to_dict()`: 1 less what is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtCutoff:
    """One group at one cut-off. A rate comes with limits; nan where it is undefined."""

    group: Group
    """The group."""
    rate: float
    """Approval rate."""
    rate_low: float
    """Lower limit."""
    rate_high: float
    """Upper limit."""
    ratio: float = NAN
    """Approval rate over the reference's; nan for the reference itself."""
    low: float = NAN
    """Lower limit of the ratio."""
    high: float = NAN
    """Upper limit of the ratio; inf where the reference has no approval."""
    difference: float = NAN
    """Approval rate less the reference's."""
    difference_low: float = NAN
    """Lower limit."""
    difference_high: float = NAN
    """Upper limit."""
    true_positive_rate: float = NAN
    """Approved among those who repaid."""
    true_positive_rate_low: float = NAN
    """Lower limit."""
    true_positive_rate_high: float = NAN
    """Upper limit."""
    false_positive_rate: float = NAN
    """Approved among those who did not."""
    false_positive_rate_low: float = NAN
    """Lower limit."""
    false_positive_rate_high: float = NAN
    """Upper limit."""
    false_negative_rate: float = NAN
    """Denied among those who repaid."""
    false_negative_rate_low: float = NAN
    """Lower limit."""
    false_negative_rate_high: float = NAN
    """Upper limit."""
    precision: float = NAN
    """Repaid among the approved with a known outcome."""
    default_rate: float = NAN
    """Not repaid among them."""
    default_rate_low: float = NAN
    """Lower limit."""
    default_rate_high: float = NAN
    """Upper limit."""
    profit: float = NAN
    """Profit per applicant of the group."""
    profit_low: float = NAN
    """Lower limit."""
    profit_high: float = NAN
    """Upper limit."""
    unknown: float = 0.0
    """Share of the group's approved whose outcome is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPoint:
    """One cut-off: ratio and difference are those of `Sweep.group`."""

    cutoff: float
    """Approve at or above it (a score), below it (a risk)."""
    approval_rate: float
    """Of everyone with a score."""
    ratio: float
    """Approval rate of the group over the reference's."""
    low: float
    """Lower limit."""
    high: float
    """Upper limit."""
    difference: float
    """Approval rate of the group less the reference's."""
    difference_low: float
    """Lower limit."""
    difference_high: float
    """Upper limit."""
    default_rate: float
    """Not repaid among all approved with a known outcome."""
    default_rate_low: float
    """Lower limit."""
    default_rate_high: float
    """Upper limit."""
    profit: float
    """Profit per applicant; nan without `costs`, or where it is unknown."""
    profit_low: float
    """Lower limit."""
    profit_high: float
    """Upper limit."""
    groups: tuple[AtCutoff, ...]
    """Every group."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Sweep:
    """What every cut-off would do: approvals, their ratio, errors and profit."""

    attribute: str
    """The protected attribute."""
    group: Group | None
    """Whose ratio and difference the points carry; None where nobody can be compared."""
    reference: Group | None
    """The group that others are compared with."""
    column: str
    """The score or risk that is cut."""
    higher_is_better: bool
    """True for a score, False for a risk."""
    points: tuple[SweepPoint, ...]
    """Strictest first."""
    operating: int | None
    """Which point is the cut-off in use; None where the table has none."""
    costs: Mapping[str, float] | None
    """Gain and loss of a loan."""
    level: float
    """Confidence level of every interval, one at a time."""
    rows: int
    """Rows with a score."""
    missing: int
    """Rows without one: no cut-off decides them, and they are in no rate."""
    missing_by_group: tuple[tuple[Group, int], ...]
    """The same by group."""
    unknown: float
    """Share of rows with a score whose outcome is unknown; 1 without outcomes."""
    selective: bool
    """Whether outcomes are known only of the approved, so that error rates are undefined."""
    exact: bool
    """Whether cut-offs are values that occur; else edges of bins."""
    method: str
    """How the limits of ratios and differences were made."""
    reasons: Mapping[str, str]
    """Why a number is undefined, by its name."""
    notes: tuple[str, ...]
    """What was chosen, and what a reader should know."""

    def at(self, approval_rate: float) -> SweepPoint:
        """The strictest of its points that approves at least this share of applicants.

        Raises `InputError` MIT205 outside [0, 1].
        """
        told = approval_rate
        number = isinstance(told, int | float) and not isinstance(told, bool)
        if not (number and 0 <= told <= 1):
            raise InputError(
                "MIT205",
                f"{shown(told)} is no share from 0 to 1",
                argument="approval_rate",
                fix="0.7 approves 70 of 100",
            )
        for point in self.points:
            if point.approval_rate >= told * (1 - 1e-12):
                return point
        return self.points[-1]

    def to_dict(self) -> dict[str, Any]:
        """As plain values: groups are lists, undefined numbers None; at most 60 points, the
        strictest, the most lenient and the one in use among them."""
        kept = self._drawn()
        found = {name: plain(getattr(self, name)) for name in self.__slots__ if name != "points"}
        found["points"] = [plain(self.points[i]) for i in kept]
        for point in found["points"]:
            point["groups"] = [
                {n: v for n, v in at.items() if n not in OF_THE_REST} for at in point["groups"]
            ]
        found["operating"] = None if self.operating is None else kept.index(self.operating)
        found["missing_by_group"] = [
            {"group": list(group), "rows": rows} for group, rows in self.missing_by_group
        ]
        return found

    def _drawn(self) -> list[int]:
        last = len(self.points) - 1
        most = min(DRAWN, max(CELLS // max(len(self.points[0].groups), 1), LEAST))
        if last < most:
            return list(range(last + 1))
        own = {round(i * last / (most - 2)) for i in range(most - 1)}
        return sorted(own if self.operating is None else own | {self.operating})

    def to_frame(self) -> pd.DataFrame:
        """One row a cut-off and group, as a pandas frame, strictest cut-off first."""
        import pandas as pd

        rows = []
        for i, p in enumerate(self.points):
            for at in p.groups:
                own = {name: getattr(at, name) for name in at.__slots__}
                rows.append(
                    {
                        "cutoff": p.cutoff,
                        "approval_rate": p.approval_rate,
                        "operating": i == self.operating,
                        "attribute": (self.attribute,),
                        "reference": self.reference,
                        **own,
                        "level": self.level,
                    }
                )
        return pd.DataFrame(rows)

    def summary(self) -> str:
        """Paste-ready sentences: the cut-off in use, the lowest ratio, the highest profit."""
        from audit.mitigation.cutoff_words import sweep_summary

        return sweep_summary(self)

    def __repr__(self) -> str:
        """The sentences, and how many points there are."""
        return f"<Sweep of {len(self.points)} cut-offs on {self.column}: {self.summary()}>"
