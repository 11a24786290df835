"""What an explanation says: gaps and their parts, proxies, treatment. Data only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from audit.table.roles import Group, Level

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """One feature's part of a gap: group mean of its SHAP values less the reference's."""

    feature: str
    """Source column: one-hot columns and the like are folded back into it."""
    group: Group
    """The group whose gap it is a part of."""
    value: float
    """Its part, on the explanation's scale; the parts of a gap sum to it."""
    low: float
    """Lower limit over which applicants were seen; the model is taken as given."""
    high: float
    """Upper limit."""
    share: float
    """Part over gap (negative where it narrows the gap); nan where the gap's interval holds 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A group's mean score less its reference's, and its parts."""

    attribute: tuple[str, ...]
    """Protected attribute."""
    group: Group
    """The group."""
    reference: Group
    """What it is compared with."""
    value: float
    """Group mean less reference mean; higher favours the applicant. nan where undefined."""
    low: float
    """Lower limit."""
    high: float
    """Upper limit."""
    rows: int
    """Rows of the group."""
    reference_rows: int
    """Rows of the reference."""
    attributions: tuple[Attribution, ...] = ()
    """One a feature, largest first; they sum to `value`."""
    background: str = ""
    """Which rows stand for a feature that is left out, and how many."""
    reason: str | None = None
    """Why there are no parts, or no gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """How well one feature alone tells an attribute, against what chance tells."""

    feature: str
    """The feature."""
    attribute: str
    """The protected attribute."""
    group: Level
    """The level it tells from the others best."""
    strength: float
    """AUC in [.5, 1] of telling it, cross-fitted."""
    low: float
    """Lower limit."""
    high: float
    """Upper limit."""
    null: float
    """What the strongest of all features reaches in 95 of 100 permutations of the attribute."""
    contribution: float = float("nan")
    """Absolute part of the feature in the group's score gap; nan without a model."""
    risk: float = float("nan")
    """Proxy risk: (2 strength − 1) × contribution; nan without a model."""

    @property
    def found(self) -> bool:
        """Whether it tells more than chance does: low > null."""
        return self.low > self.null


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """Decisions that change when an attribute alone is changed."""

    changes: Mapping[str, Any]
    """What was set: {"sex": "male"}."""
    rows: int
    """Rows that had another value."""
    changed: int
    """Rows whose decision changed."""
    favored: int
    """Of these, rows that became favourable."""
    share: float
    """changed / rows; nan where no row had another value."""
    low: float
    """Lower limit (Wilson)."""
    high: float
    """Upper limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """Whether a protected attribute itself enters the model, and whether it moves decisions."""

    attribute: str
    """The protected attribute."""
    is_input: bool
    """Whether the column is one of the model's features."""
    copies: tuple[str, ...]
    """Features that tell it almost without error (near-copies)."""
    flips: tuple[Flip, ...]
    """One a level tried; empty where it is no input."""
    impact: bool | None
    """Whether a gap in scores or decisions exists beyond chance; None where unknown."""
    statement: str
    """In words: impact without treatment, treatment without impact, both, or neither seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why one applicant was denied: what lowers the score against approved applicants."""

    code: str
    """Of the reason-code file; features that share one are one reason."""
    feature: str
    """The feature of it that lowers the score most."""
    text: str
    """What the applicant is told."""
    share: float
    """Its part of all that lowers this applicant's score, in (0, 1]."""
    features: tuple[str, ...] = ()
    """All its features that lower the score, most harmful first."""
    part: float = float("nan")
    """What it adds to the score, on the explanation's scale: below 0."""
    when: str = "other"
    """How `value` stands to approved applicants: "high", "low", "missing", "other"."""
    value: Any = None
    """The applicant's own value, for internal use."""
    typical: Any = None
    """The approved applicants' median or most frequent value, for internal use."""
    actionable: bool | None = None
    """Whether an applicant can change it; None where nobody said."""
    draft: bool = False
    """Whether nobody has approved the words."""
    flag: str | None = None
    """Why it cannot be sent: a protected attribute lowers the score, or its text is vague."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """A part of an explanation that could not be made, never a wrong one."""

    part: str
    """Which."""
    reason: str
    """Why."""


Reasons = Callable[..., Any]
"""Row numbers -> the reasons of each; see `explanation.reasons`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Explanation:
    """What `audit.explain` found."""

    gap: float
    """The largest gap in mean score (or the one asked for): group less reference."""
    attribute: str
    """Whose gap."""
    group: Group
    """Which group."""
    reference: Group
    """Against which."""
    scale: str
    """"log-odds" of the favourable outcome, "probability" of it, or "output" of a callable."""
    attributions: tuple[Attribution, ...]
    """One a feature, largest first; their values sum to `gap`."""
    gaps: tuple[Gap, ...]
    """Every group of every attribute, largest absolute gap first."""
    method: str
    """"interventional tree SHAP", "path-dependent tree SHAP", "linear SHAP", "permutation
    SHAP (sampled)", "exact SHAP"."""
    background: str
    """Which rows stand for a feature left out."""
    rows: int
    """Rows explained."""
    level: float
    """Confidence level of every interval."""
    seed: int
    """Of every sample."""
    size: int = 0
    """Rows of the table, explained or not."""
    proxies: tuple[Proxy, ...] = ()
    """Features found to tell a protected attribute (low > null), highest risk first."""
    strengths: tuple[Proxy, ...] = ()
    """All of them, found or not."""
    together: tuple[Mapping[str, Any], ...] = ()
    """By attribute: how well all features together tell it (auc, low, high, null, p_value)."""
    treatment: tuple[Treatment, ...] = ()
    """One a protected attribute."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Further parts by name, as plain values: "correlations", "unawareness", "importance",
    "errors", "glass_box", "reasons", "recourse", "decomposition", "leaks"."""
    notes: tuple[str, ...] = ()
    """What a reader should know: samples, scales that were not exact."""
    unavailable: tuple[Unavailable, ...] = ()
    """Parts that could not be made, and why."""
    reasons: Reasons | None = field(default=None, repr=False)
    """`reasons(rows, n=4)`: why each applicant was denied. Not kept in a report."""

    def to_dict(self) -> dict[str, Any]:
        """As plain values: groups are lists, an undefined number is None."""
        from audit.explanation.views import to_dict

        return to_dict(self)

    def to_frame(self) -> pd.DataFrame:
        """One row an attribution, as a pandas frame: every feature of every gap."""
        from audit.explanation.views import to_frame

        return to_frame(self)

    def summary(self) -> str:
        """One paste-ready sentence: the gap with its interval, and what carries most of it."""
        from audit.explanation.views import summary

        return summary(self)

    def __repr__(self) -> str:
        """The sentence, and how many gaps there are."""
        return f"<Explanation of {len(self.gaps)} gaps by {self.method}: {self.summary()}>"
