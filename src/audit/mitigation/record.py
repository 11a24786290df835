"""What a comparison of candidates says. Data only, but for the fitted estimators it hands out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.table.roles import Group

if TYPE_CHECKING:
    import pandas as pd


NAN = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A number with its interval."""

    value: float = NAN
    """The point estimate; nan where undefined."""
    low: float = NAN
    """Lower limit."""
    high: float = NAN
    """Upper limit."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """One model with its decisions, judged on the held-out people."""

    name: str
    """"baseline", a method's key, or an alternative's number: "alternative 17"."""
    title: str
    """For people."""
    acts: str
    """"baseline", "before training", "in training", "after training" or "search"."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What it was trained with, as plain values."""
    words: str = ""
    """What it changes, in a sentence."""
    disparity: Limits = Limits()
    """How far the metric is from equality, 0 being equal: 1 − ratio, or |difference|."""
    disparity_change: Limits = Limits()
    """Candidate less baseline on the same people, paired; below 0 is fairer."""
    simultaneous: Limits = Limits()
    """The same with limits that hold for all candidates at once."""
    gap: Limits = Limits()
    """Rate of the reference less rate of the group, in [−1, 1]: the metric's rate."""
    gap_change: Limits = Limits()
    """|gap| of the candidate less |gap| of the baseline, paired."""
    utility: Limits = Limits()
    """The utility asked for."""
    utility_change: Limits = Limits()
    """Candidate less baseline, paired; in the utility's own direction."""
    measures: Mapping[str, Limits] = field(default_factory=dict)
    """"auc", "accuracy", "approval_rate", "default_rate" among the approved, "profit" an
    applicant where costs are told; each over all held-out people."""
    rates: tuple[Mapping[str, Any], ...] = ()
    """By group of every protected attribute: attribute, group, rows, and selection_rate,
    true_positive_rate, false_positive_rate, false_negative_rate, precision, with their limits."""
    estimates: tuple[Mapping[str, Any], ...] = ()
    """Audited estimates of the planned metrics for each group against its reference."""
    side_effects: tuple[Mapping[str, Any], ...] = ()
    """By other protected attribute: attribute, group, reference, disparity, change, low, high."""
    needs_group_at_decision: bool = False
    """Whether a decision reads the applicant's own group: a treatment risk in US credit."""
    randomised: bool = False
    """Whether its rule draws lots; its decisions are fixed by a seed."""
    arbitrariness: Limits = Limits()
    """Share of held-out people whose decision another seed changes."""
    dominated: bool = False
    """Whether another candidate is at least as fair and as useful, and better in one."""
    verdict: str = ""
    """"baseline", "fairer", "fairer at a cost", "no clear change" or "worse"."""
    because: str = ""
    """Why, in a sentence that agrees with the limits."""
    changed: Mapping[str, Any] | None = None
    """Who changes against the baseline, as plain values."""
    notes: tuple[str, ...] = ()
    """What training warned of, and what else a reader should know."""
    estimator: Any = field(default=None, repr=False)
    """The fitted `Decider`; None in what a report holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """A method that gives no candidate."""

    name: str
    """Its key."""
    title: str
    """For people."""
    reason: str
    """Why: it does not apply, did not converge, returned one class, or needs what is missing."""
    needs_group_at_decision: bool = False
    """Whether it would read the group at decision time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Comparison:
    """Candidates beside the baseline, all judged on the same people."""

    kind: str
    """"mitigation" or "search"."""
    metric: str
    """Catalogue key of what is to become more alike."""
    utility: str
    """"auc", "accuracy", "profit" or "default_rate" (the lower the better)."""
    attribute: str
    """Protected attribute."""
    group: Group
    """The group whose gap is judged: the worst of the baseline among the training people."""
    reference: Group
    """What it is compared with."""
    decides: str
    """How candidates decide, in words."""
    candidates: tuple[Candidate, ...]
    """The baseline, then the others: fairest first."""
    unavailable: tuple[Unavailable, ...] = ()
    """Methods that give no candidate, and why."""
    recommendation: Candidate | None = None
    """The candidate to look at first; None where none is better beyond chance."""
    because: str = ""
    """Why it is recommended, or why nothing is."""
    rule: str = ""
    """How the recommendation is chosen, fixed beforehand."""
    level: float = 0.95
    """Confidence level."""
    seed: int = 0
    """Of every random step."""
    rows: Mapping[str, int] = field(default_factory=dict)
    """"train", "test"; in a search "fit", "selection" and "confirmation"."""
    log: tuple[Mapping[str, Any], ...] = ()
    """Every candidate that a search tried: number, settings, words, utility and disparity on the
    selection people, state."""
    baseline_spread: Mapping[str, Any] = field(default_factory=dict)
    """The baseline refitted with other seeds: {"seeds": n, "utility": {low, high, sd}, ...}."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Further parts as plain values: "sweep", "near_cutoff", "splits"."""
    notes: tuple[str, ...] = ()
    """What a reader should know."""

    @property
    def baseline(self) -> Candidate:
        """The model as it is."""
        return self.candidates[0]

    @property
    def frontier(self) -> tuple[Candidate, ...]:
        """Candidates that none beats in both fairness and utility, fairest first."""
        kept = [c for c in self.candidates if not c.dominated]
        return tuple(sorted(kept, key=lambda c: c.disparity.value))

    def __getitem__(self, name: str | Candidate) -> Candidate:
        """The candidate of a name; raises `InputError` MIT020 for another."""
        from audit.mitigation.views import candidate_of

        return candidate_of(self, name)

    def __contains__(self, name: object) -> bool:
        """Whether there is a candidate of this name."""
        return any(c.name == name for c in self.candidates)

    def __iter__(self) -> Iterator[Candidate]:
        """Candidates, the baseline first."""
        return iter(self.candidates)

    def __len__(self) -> int:
        """Number of candidates, the baseline included."""
        return len(self.candidates)

    def save(self, name: str | Candidate, path: str | Path, *, force: bool = False) -> Path:
        """Write a candidate's estimator, cut-offs inside, to a .skops file."""
        from audit.mitigation.saving import save

        return save(self[name], path, force=force)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, without estimators: what a report holds."""
        from audit.mitigation.views import to_dict

        return to_dict(self)

    def to_frame(self) -> pd.DataFrame:
        """One row a candidate, as a pandas frame."""
        from audit.mitigation.views import to_frame

        return to_frame(self)

    def summary(self) -> str:
        """One paste-ready sentence or two: what is recommended, what it gains and costs."""
        from audit.mitigation.views import summary

        return summary(self)

    def __repr__(self) -> str:
        """How many there are, and the sentence."""
        return f"<Comparison of {len(self.candidates)} candidates: {self.summary()}>"
