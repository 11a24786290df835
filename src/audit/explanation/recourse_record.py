"""What `audit.recourse` found: a way to an approval for each denied applicant, and gaps in cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from audit.explanation.views import worded
from audit.table.json_values import plain
from audit.table.roles import Group
from audit.table.wording import shown

if TYPE_CHECKING:
    import pandas as pd

CAVEAT = (
    "A change of an input is a change of this model's answer, not advice: whether a person can "
    "make it, and what else would then change, a model does not know."
)
"""What recourse does not say (Karimi, Schölkopf & Valera 2021)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One denied applicant's cheapest way to an approval, where one was found."""

    row: int
    """Row number of the table, from 0."""
    groups: Mapping[str, Any]
    """Its level of each protected attribute."""
    score: float
    """The model's score, which favours the applicant."""
    distance: float
    """The lowest approved score less this one."""
    band: int
    """Quarter of the distances of all denied applicants, 1 nearest the cut-off."""
    feasible: bool
    """Whether a change was found that the model approves."""
    changes: Mapping[str, tuple[Any, Any]]
    """Feature -> (from, to); empty where none was found."""
    cost: float
    """Σ |change of percentile| over changed features; nan where none was found."""
    exact: bool
    """Whether every cheaper change of one or two features on the grid was tried and denied."""
    weight: float = 1.0
    """Denied applicants it stands for, up to scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecourseGap:
    """What recourse costs one group, less what it costs its reference."""

    attribute: str
    """The protected attribute."""
    group: Group
    """The group."""
    reference: Group
    """Against which."""
    band: int | None
    """Quarter of the distance to the cut-off, 1 nearest; None for all denied applicants; 0 for
    the bands' differences averaged, i.e. applicants equally far from the cut-off."""
    rows: int
    """Denied applicants of the group that were looked at."""
    reference_rows: int
    """The same of the reference."""
    mean: float
    """Mean cost where a change was found."""
    reference_mean: float
    """The same of the reference."""
    difference: float
    """Mean less reference mean."""
    low: float
    """Lower limit (Welch)."""
    high: float
    """Upper limit."""
    median_difference: float
    """Median cost less the reference's; nan for band 0."""
    median_low: float
    """Lower limit (percentile bootstrap)."""
    median_high: float
    """Upper limit."""
    infeasible: float
    """Share for whom no change was found."""
    infeasible_low: float
    """Lower limit (Wilson)."""
    infeasible_high: float
    """Upper limit."""
    reference_infeasible: float
    """The reference's share."""
    infeasible_difference: float
    """Share less the reference's."""
    infeasible_difference_low: float
    """Lower limit (Miettinen-Nurminen; normal for band 0)."""
    infeasible_difference_high: float
    """Upper limit."""
    reason: str | None = None
    """Why the difference of costs is nan."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Recourse:
    """What `audit.recourse` found."""

    rows: tuple[Way, ...]
    """One a denied applicant looked at, in row order."""
    gaps: tuple[RecourseGap, ...]
    """Every group of every attribute: overall (None), at equal distance (0), by band (1 to 4)."""
    denied: int
    """Applicants the model denies."""
    looked: int
    """Of these, looked at."""
    infeasible: float
    """Share of them for whom no change was found, weighted to all denied applicants."""
    low: float
    """Lower limit (Wilson)."""
    high: float
    """Upper limit."""
    mean: float
    """Mean cost of the others."""
    actionable: tuple[str, ...]
    """Features that were changed."""
    immutable: Mapping[str, str]
    """Features that were not, and why."""
    decided_by: str
    """The decision rule, in words."""
    cutoff: float
    """The lowest approved score."""
    bands: tuple[float, ...]
    """Quartiles of the distance to it of all denied applicants."""
    most: int
    """Features changed at once, at most."""
    level: float
    """Confidence level of every interval."""
    seed: int
    """Of the sample and the bootstrap."""
    method: str
    """How changes were searched for and what they cost, in words."""
    notes: tuple[str, ...] = ()
    """What a reader should know."""

    def to_dict(self) -> dict[str, Any]:
        """As plain values: groups are lists, an undefined number is None."""
        return {f.name: plain(getattr(self, f.name)) for f in fields(self)}

    def to_frame(self) -> pd.DataFrame:
        """One row a changed feature, as a pandas frame; an applicant without a way has one row."""
        import pandas as pd

        names = ("row", "feature", "from", "to", "cost", "feasible", "exact", "distance", "band")
        out = []
        for way in self.rows:
            changed: list[tuple[str | None, tuple[Any, Any]]] = [*way.changes.items()]
            changed = changed or [(None, (None, None))]
            for feature, (old, new) in changed:
                told = (way.row, feature, old, new, way.cost, way.feasible, way.exact)
                out.append((*told, way.distance, way.band, *way.groups.values()))
        groups = list(self.rows[0].groups) if self.rows else []
        kept = [f"group:{g}" if g in names else g for g in groups]
        frame = pd.DataFrame(out, columns=[*names, *kept])
        return frame.astype(dict.fromkeys(("from", "to"), object))

    def summary(self) -> str:
        """A paste-ready sentence or two: who has a way, what it costs, the widest gap."""
        have = sum(w.feasible for w in self.rows)
        head = (
            f"A change of at most {self.most} actionable feature{'s' * (self.most != 1)} that "
            f"turns the denial into an approval was found for {have:,} of {self.looked:,} denied "
            f"applicants looked at"
        )
        if self.looked == 1:
            return f"{_one(self.rows[0])} {CAVEAT}"
        head += (
            f"; {100 * self.infeasible:.1f} % of all denied have none "
            f"({100 * self.level:g} % interval {100 * self.low:.1f} to {100 * self.high:.1f} %)"
        )
        if not math.isnan(self.mean):
            head += f", and it costs {100 * self.mean:.1f} percentile points in the mean"
        known = [g for g in self.gaps if g.band == 0 and not math.isnan(g.difference)]
        known = known or [g for g in self.gaps if g.band is None and not math.isnan(g.difference)]
        if known:
            widest = max(known, key=lambda g: abs(g.difference))
            more = "more" if widest.difference > 0 else "less"
            at = "equally far from the cut-off" if widest.band == 0 else "denied applicants"
            head += (
                f". For {widest.attribute} {worded(widest.group)} it costs "
                f"{100 * abs(widest.difference):.1f} points {more} than for "
                f"{worded(widest.reference)} {at} "
                f"({100 * widest.low:+.1f} to {100 * widest.high:+.1f})"
            )
        return f"{head}. {CAVEAT}"

    def __repr__(self) -> str:
        """The sentence."""
        return f"<Recourse of {self.looked:,} of {self.denied:,} denied applicants>"


def _one(way: Way) -> str:
    if not way.feasible:
        return f"No change was found that turns the denial of row {way.row} into an approval."
    told = "; ".join(f"{f} from {shown(a)} to {shown(b)}" for f, (a, b) in way.changes.items())
    cost = f"{100 * way.cost:.1f} percentile points"
    return f"Row {way.row} would be approved with {told} (cost {cost})."
