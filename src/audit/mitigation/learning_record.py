"""How errors fall with more training rows: data only."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from audit.mitigation.record import Limits
from audit.table.json_values import plain
from audit.table.roles import Group

if TYPE_CHECKING:
    import pandas as pd

NAN = math.nan
SOURCE = 'Chen, Johansson & Sontag, "Why is my classifier discriminatory?", NeurIPS 2018'


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """One error of one group, by models trained on some of the rows."""

    collected: Group
    """The group whose training rows are cut down, the others being whole; () for everyone's."""
    share: float
    """The share of these rows that was trained on."""
    rows: int
    """Training rows of `group`."""
    train_rows: int
    """All training rows."""
    group: Group
    """The held-out people judged."""
    reference: Group | None
    """Where it is a gap: the group whose error is taken off; else None."""
    metric: str
    """"brier", "error", "auc", "false_negative_rate" or "false_positive_rate"."""
    value: float
    """Mean over the draws; nan where undefined."""
    low: float
    """Lower limit over held-out people (normal, by the influence of each)."""
    high: float
    """Upper limit."""
    spread: float
    """Standard deviation over the draws of training rows."""
    draws: int
    """Draws that could be trained on."""
    people: int
    """Held-out rows behind it."""
    reason: str | None = None
    """Why it is undefined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """error = floor + factor × rows^(−exponent)."""

    floor: float
    """What no number of rows takes away."""
    factor: float
    """Above 0."""
    exponent: float
    """Above 0."""
    p_value: float
    """Of the fit (chi²): small where the points do not follow it."""

    def at(self, rows: float) -> float:
        """The error at so many rows.

        >>> round(Law(floor=0.1, factor=1.0, exponent=0.5, p_value=1.0).at(400), 6)
        0.15
        """
        return float(self.floor + self.factor * rows**-self.exponent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What more rows did for one group's error, and what twice as many are expected to do."""

    group: Group
    """The group."""
    collected: Group
    """Whose rows grow: the group's own, or () for everyone's."""
    metric: str
    """The error; for "auc" it is 1 − AUC."""
    rows: int
    """Training rows of the group, now."""
    error: float
    """Its error now."""
    from_rows: int
    """Training rows of the group at the start of the curve."""
    seen: Limits
    """Error now less the error there, with an interval over people and draws."""
    last: Limits
    """Error now less the error at the size before; nan where there is one size."""
    reading: str
    """"falls", "rises", "flat" or "not settled"."""
    law: Law | None
    """The inverse-power law, where it fits."""
    doubled: Limits
    """How much lower the error is expected at twice the rows; nan without a law."""
    statement: str
    """In words."""
    gap: float = NAN
    """Error now less the reference's; nan for the reference."""
    gap_seen: Limits = field(default_factory=Limits)
    """That gap now less the one at the start of the curve."""
    reason: str | None = None
    """Why there is no law."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LearningCurves:
    """What `audit.learning_curves` found."""

    attribute: str
    """The protected attribute."""
    reference: Group
    """Its reference group."""
    metric: str
    """The error that the outlook is about."""
    points: tuple[CurvePoint, ...]
    """Every error of every group at every size, whose rows ever were cut."""
    outlook: tuple[Outlook, ...]
    """One a group with its own rows growing, and one with everyone's."""
    estimator: str
    """What was trained."""
    decided: str
    """How people were approved, for error rates."""
    sizes: tuple[float, ...]
    """Shares of rows trained on."""
    repeats: int
    """Draws a size."""
    trainings: int
    """Models trained."""
    train_rows: int
    """Training rows with a known outcome."""
    test_rows: int
    """Held-out rows with a known outcome."""
    level: float
    """Confidence level."""
    seed: int
    """Of the draws."""
    source: str = SOURCE
    """Of the law."""
    notes: tuple[str, ...] = field(default=())
    """What a reader should know."""

    def to_dict(self) -> dict[str, Any]:
        """As plain values: groups are lists, an undefined number is None."""
        return {f.name: plain(getattr(self, f.name)) for f in fields(self)}

    def to_frame(self) -> pd.DataFrame:
        """One row a point, as a pandas frame."""
        import pandas as pd

        names = [f.name for f in fields(CurvePoint)]
        return pd.DataFrame(
            {
                n: pd.Series(
                    [getattr(p, n) for p in self.points],
                    dtype=object if n in ("collected", "group", "reference", "reason") else None,
                )
                for n in names
            }
        )

    def summary(self) -> str:
        """The sentences of the groups whose own rows grow, or that there is none."""
        own = [o for o in self.outlook if o.collected] or list(self.outlook)
        return " ".join(o.statement for o in own) or (
            f"No group of {self.attribute} has enough people for a learning curve."
        )

    def __repr__(self) -> str:
        """The sentences."""
        return f"<LearningCurves of {self.estimator} by {self.attribute}: {self.summary()}>"
