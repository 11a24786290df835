"""What `audit.group_cutoffs` found: five rules for cut-offs, and what each costs. Data only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from audit.errors import InputError
from audit.table.json_values import plain
from audit.table.roles import Group
from audit.table.wording import suggestion

if TYPE_CHECKING:
    import pandas as pd

NAN = math.nan

RULES = (
    "maximum_profit",
    "single_cutoff",
    "equal_opportunity",
    "equalized_odds",
    "demographic_parity",
)
"""Names of the rules, in order."""

TITLES = {
    "maximum_profit": "maximum profit",
    "single_cutoff": "single cut-off",
    "equal_opportunity": "equal opportunity",
    "equalized_odds": "equalized odds",
    "demographic_parity": "demographic parity",
}
"""The same for people."""

WARNING = (
    "Cut-offs by group use the group when a person is decided on: a disparate-treatment risk in US "
    "credit. They measure what a criterion costs, and are not a recommendation."
)
"""Said beside every rule that has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedCutoff:
    """One cut-off of a group, and what passing it is worth."""

    cutoff: float
    """Approve at or above it (a score), below it (a risk)."""
    share: float
    """How often this one is drawn; 1 where nothing is drawn."""
    chance: float
    """Chance of approval of those who pass it and no stricter one."""
    approval_rate: float
    """Of the group, if it alone were applied; 0 where it lies beyond everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRule:
    """What a rule does to one group."""

    group: Group
    """The group."""
    cutoffs: tuple[MixedCutoff, ...]
    """Strictest first; several where lots are drawn between them."""
    approval_rate: float
    """Approved, of those with a known outcome."""
    approval_rate_low: float
    """Lower limit, the rule taken as given."""
    approval_rate_high: float
    """Upper limit."""
    true_positive_rate: float
    """Approved among those who repaid."""
    true_positive_rate_low: float
    """Lower limit."""
    true_positive_rate_high: float
    """Upper limit."""
    false_positive_rate: float
    """Approved among those who did not."""
    false_positive_rate_low: float
    """Lower limit."""
    false_positive_rate_high: float
    """Upper limit."""
    profit: float
    """Per applicant of the group."""
    by_lot: float
    """Share of the group whom a draw decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutoffRule:
    """One of the five rules."""

    name: str
    """One of `RULES`."""
    title: str
    """For people."""
    groups: tuple[GroupRule, ...]
    """By group, in level order."""
    approval_rate: float
    """Of everyone."""
    profit: float
    """Per applicant."""
    profit_low: float
    """Lower limit, the rule taken as given."""
    profit_high: float
    """Upper limit."""
    share_of_maximum: float
    """Profit over the highest that cut-offs can reach; nan where that is 0."""
    share_low: float
    """Lower limit, both rules taken as given."""
    share_high: float
    """Upper limit."""
    needs_group_at_decision: bool
    """Whether a person's group decides which cut-off applies."""
    randomised: bool
    """Whether some are decided by a draw."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class GroupCutoffs:
    """Five rules for the cut-off of each group, most profitable first, and what each costs."""

    attribute: str
    """The protected attribute."""
    column: str
    """The score or risk that is cut."""
    higher_is_better: bool
    """True for a score, False for a risk."""
    rules: tuple[CutoffRule, ...]
    """In the order of `RULES`."""
    costs: Mapping[str, float]
    """Gain of a repaid loan, loss of another, and the share of repaid that breaks even."""
    rows: int
    """Rows of the groups with a score."""
    unknown: float
    """Share of them whose outcome is unknown: they are in no number."""
    missing: int
    """Rows without a score: no rule decides them."""
    left_out: tuple[tuple[Group, int], ...]
    """Groups that no rule is made for (nobody said which they are), and their rows."""
    level: float
    """Confidence level of every interval."""
    exact: bool
    """Whether cut-offs are values that occur; else edges of bins."""
    reason: str | None
    """Why shares of the maximum are undefined."""
    notes: tuple[str, ...]
    """What a reader should know."""
    warning: str = WARNING
    """What cut-offs by group are."""

    def __getitem__(self, name: str) -> CutoffRule:
        """A rule by its name: found["equal_opportunity"]. Raises `InputError` MIT207."""
        for rule in self.rules:
            if name in (rule.name, rule.title):
                return rule
        raise InputError(
            "MIT207", f"there is no rule {name!r}", argument="name",
            fix=suggestion(name, list(RULES)),
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """As plain values: groups are lists, undefined numbers None."""
        found = {name: plain(getattr(self, name)) for name in self.__slots__}
        found["left_out"] = [{"group": list(g), "rows": n} for g, n in self.left_out]
        return found

    def to_frame(self) -> pd.DataFrame:
        """One row a rule and group, as a pandas frame; `cutoffs` are (cut-off, share) pairs."""
        import pandas as pd

        rows = []
        for rule in self.rules:
            for own in rule.groups:
                kept = {n: getattr(own, n) for n in own.__slots__ if n not in ("cutoffs", "profit")}
                rows.append(
                    {
                        "rule": rule.name,
                        "attribute": (self.attribute,),
                        **kept,
                        "cutoffs": tuple((c.cutoff, c.share) for c in own.cutoffs),
                        "profit": own.profit,
                        "rule_profit": rule.profit,
                        "share_of_maximum": rule.share_of_maximum,
                        "share_low": rule.share_low,
                        "share_high": rule.share_high,
                        "needs_group_at_decision": rule.needs_group_at_decision,
                        "level": self.level,
                    }
                )
        return pd.DataFrame(rows)

    def summary(self) -> str:
        """Paste-ready sentences: the share of the highest profit that each rule keeps."""
        from audit.mitigation.cutoff_words import rules_summary

        return rules_summary(self)

    def __repr__(self) -> str:
        """The sentences."""
        return f"<GroupCutoffs of {self.attribute} on {self.column}: {self.summary()}>"
