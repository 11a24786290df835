"""What an audit says: policies, rules, findings and the whole record. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from audit.inference.estimate import Estimate, Estimates
from audit.inference.reference import Reference
from audit.table.roles import Group, Issue, Roles
from audit.tally.cube import Tally

VERDICTS = ("fail", "review", "insufficient", "pass")
"""Worst first: the overall verdict is the first that any planned finding has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A legal or industry rule with its status, in our own words."""

    code: str
    """Stable: AUD101 and on."""
    title: str
    """Short name."""
    text: str
    """What it asks, in our own words."""
    jurisdiction: str
    """Where it applies."""
    source: str
    """Citation."""
    status: str
    """"in force", "removed", "proposed", "practice", ..."""
    status_date: str
    """Date of that status."""
    status_checked: bool
    """False where the status is recalled, not read at its source."""
    use: str = ""
    """What this tool does with it: "crosswalk", "printed beside any age finding"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A planned family of tests: what is judged, on which line, and how far it may go."""

    code: str
    """Stable: AUD001 and on."""
    title: str
    """"Approval-rate ratio by protected attribute"."""
    metric: str
    """Catalogue key of the judged estimate."""
    line: float
    """Beyond it the rule is breached."""
    caution: float
    """Between line and caution a significant gap is for review."""
    worst: str
    """The worst verdict it can give: "fail" or "review"."""
    needs: tuple[str, ...]
    """"decision", "outcome" (complete), "score"."""
    rule: str
    """Code of the `Rule` the line comes from."""
    intersections: int = 1
    """How many attributes are crossed in the plan."""
    letter: str = ""
    """Families with one letter are one family for Holm; empty: a family of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A dated pack: which comparisons are planned, on which lines, from which sources."""

    id: str
    """"us-credit"."""
    date: str
    """"2026-11"."""
    title: str
    """For the report's header."""
    summary: str
    """What it plans and what it does not, in a few sentences."""
    reference_rule: str
    """"largest" or "highest-rate"; used where no reference is declared."""
    alpha: float
    """Of each family."""
    min_share: float
    """Groups below this share of rows are not planned."""
    families: tuple[Family, ...]
    """In order: the first decides the headline where verdicts tie."""
    rules: tuple[Rule, ...]
    """Everything the pack cites, with status."""
    notes: tuple[str, ...] = ()
    """Where regimes conflict."""

    @property
    def name(self) -> str:
        """Id and date: "us-credit@2026-11"."""
        return f"{self.id}@{self.date}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule judged on an estimate."""

    code: str
    """The family's code, or AUD9xx for exploration."""
    family: str
    """Title of the family, or "exploration"."""
    planned: bool
    """Only planned findings decide the overall verdict."""
    estimate: Estimate
    """The evidence, with p_adjusted filled in."""
    line: float
    """The rule's line."""
    caution: float
    """The caution line."""
    rule: str
    """Code of the rule."""
    verdict: str
    """"fail", "review", "pass", "insufficient" or "waived"."""
    because: str
    """One sentence, agreeing with estimate and interval."""
    people_affected: int | None = None
    """How many more in the group would be approved at the comparison rate."""
    people_of: int | None = None
    """Of how many."""
    change: str | None = None
    """What would change this finding's verdict: "6 more approvals for women"."""
    smallest_detectable: float | None = None
    """The smallest disparity this sample shows in 80 of 100 samples."""
    rows_needed: int | None = None
    """Rows in the group that a pass needs if the estimate holds; None if no size settles it."""
    harmed: Group | None = None
    """Who has the worse of it, the group or the reference; None where neither or unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How to make the same bytes again."""

    version: str
    """Of this package."""
    seed: int
    """Of every random step."""
    policy: str
    """"us-credit@2026-11"."""
    fingerprint: str
    """Of the tally."""
    settings: Mapping[str, Any]
    """Arguments of `run`."""
    libraries: Mapping[str, str]
    """Versions that can change a number."""
    command: str | None = None
    """The shell command, where there was one."""
    title: str | None = None
    """What was audited, for the header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """Everything an audit found; the report is a pure function of it."""

    provenance: Provenance
    """How it was made."""
    roles: Roles
    """Which column played which part."""
    references: tuple[Reference, ...]
    """Reference of each attribute."""
    policy: Policy
    """The plan and its sources."""
    issues: tuple[Issue, ...]
    """What was noticed about the data."""
    tally: Tally
    """The counts."""
    estimates: Estimates
    """Every number."""
    findings: tuple[Finding, ...]
    """Planned first, worst first; then exploration."""
    verdict: str
    """The worst planned finding."""
    not_checked: tuple[str, ...]
    """What was not checked, and why. Nothing vanishes."""
    charts: Mapping[str, Any] = field(default_factory=dict)
    """Numbers behind charts that are not estimates (score histograms of at most 64 bins,
    calibration bins, cut-off sweeps)."""
    explanation: Mapping[str, Any] | None = None
    """Section 5, when attached."""
    candidates: tuple[Mapping[str, Any], ...] = ()
    """Section 6, when attached: {"part": "comparison", "found": plain values} for each of
    "comparison", "alternatives", "sweep", "changes"."""
    alarms: tuple[Any, ...] = ()
    """From monitoring."""
    sign_offs: tuple[Any, ...] = ()
    """Reviewers' decisions."""
