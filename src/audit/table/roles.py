"""Which column plays which part, and what was noticed about it. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Level = str | int | float | bool | None
"""One value of a protected attribute or stratum, in the column's own type; None is missing."""

Group = tuple[Level, ...]
"""A group: one level per attribute, in `protected`'s order. Never a joined string."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """The arguments of `audit.read` but the source, checked and in one canonical form."""

    protected: tuple[str, ...] = ()
    """Columns whose groups are compared."""
    decision: str | None = None
    """Column of decisions."""
    outcome: str | None = None
    """Column of what then happened."""
    score: str | None = None
    """Column of scores; higher is better for the applicant."""
    risk: str | None = None
    """Column of risks; higher is worse. At most one of score and risk is given."""
    cutoff: float | None = None
    """Approve at score >= cutoff, or risk < cutoff."""
    approval_rate: float | None = None
    """The share to approve when no cutoff is given; resolved into `cutoff` by `read`."""
    favorable: Mapping[str, tuple[Level, ...]] = field(default_factory=dict)
    """Favourable values by part: {"decision": (1,), "outcome": (0,)}."""
    unfavorable: Mapping[str, tuple[Level, ...]] = field(default_factory=dict)
    """Unfavourable values by part; once given, other decision values are undecided."""
    levels: tuple[Level, ...] = ()
    """Every value of the decision in order, where declared; () where it was not."""
    reference: Mapping[str, Level] = field(default_factory=dict)
    """Declared reference level by attribute (a number inside a bin is already its label)."""
    bins: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Cut points by column: levels "(-inf, a)", "[a, b)", "[b, inf)"."""
    amount: Mapping[str, str] = field(default_factory=dict)
    """Continuous decisions and which direction favours the applicant: {"limit": "higher"}."""
    strata: tuple[str, ...] = ()
    """Legitimate factors to condition on."""
    weight: str | None = None
    """Sampling weight; scaling it changes nothing."""
    count: str | None = None
    """Frequency; identical to repeating the row."""
    cluster: str | None = None
    """Key of rows that belong to one applicant."""
    id: str | None = None
    """Row identity."""
    time: str | None = None
    """Time of the decision."""
    features: tuple[str, ...] = ()
    """Model inputs, in order."""
    stages: tuple[str, ...] = ()
    """Ordered decision columns; each is audited among those who reached it."""
    where: str | None = None
    """Row filter; excluded rows are counted."""
    missing: str = "group"
    """"group": missing levels form a group of their own; "error": they are refused."""
    decided_by: str = "decision"
    """What decided: "decision" (a column), "cutoff", "approval_rate", "predict" or "none"."""
    overlapping: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Attributes told by membership: (group, the column saying who belongs), in order. A row may
    belong to several of their groups, or to none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """Something noticed about the data; shown in the report, nothing was dropped for it."""

    code: str
    """Stable code, TBL001 and on."""
    severity: str
    """"warning" or "note"."""
    column: str | None
    """The column concerned."""
    message: str
    """What was noticed, with counts."""
    fix: str
    """What to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One dimension of a cube: a named list of levels."""

    name: str
    """Column name, or "decision", "outcome", "score", "block"."""
    kind: str
    """"protected", "stratum", "level" (of a decision that has several), "decision", "outcome",
    "score", "amount" or "block"."""
    levels: tuple[Any, ...]
    """Levels in order; a missing level is None and stands last. An attribute told by membership
    has patterns: the tuple of the groups a row belongs to, () for none of them."""


DECISION_LEVELS = ("favorable", "unfavorable", "undecided")
"""Levels of every decision axis, in order."""

OUTCOME_LEVELS = ("favorable", "unfavorable", "unknown")
"""Levels of every outcome axis, in order."""

BLOCKS = 64
"""Hashed blocks of repeated applicants (`cluster`)."""

NONE_OF_THEM = "none of them"
"""The group of rows that belong to no group of an attribute told by membership."""


def playing(roles: Roles) -> set[str]:
    """Columns that play a part other than a model's input.

    >>> sorted(playing(Roles(protected=("sex",), outcome="repaid", features=("income",))))
    ['repaid', 'sex']
    """
    single = (
        roles.decision, roles.outcome, roles.score, roles.risk, roles.weight, roles.count,
        roles.cluster, roles.id, roles.time,
    )  # fmt: skip
    return {
        *roles.protected,
        *(name for name in single if name is not None),
        *roles.amount,
        *roles.strata,
        *roles.stages,
        *(column for members in roles.overlapping.values() for _, column in members),
    }


def is_named(roles: Roles, attribute: tuple[str, ...], group: Group) -> bool:
    """Whether a group is one that was named: nothing missing in it, and no "none of them".

    Groups that were not named say nothing about who is in them: they are shown, never chosen as
    the reference and never deciding.

    >>> roles = Roles(protected=("race",), overlapping={"race": (("a", "is_a"), ("b", "is_b"))})
    >>> is_named(roles, ("race",), ("a",)), is_named(roles, ("race",), (NONE_OF_THEM,))
    (True, False)
    """
    return None not in group and not any(
        level == NONE_OF_THEM and name in roles.overlapping
        for name, level in zip(attribute, group, strict=True)
    )
