"""What methods after training share: scores of people the model had not seen, and the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.mitigation.deciders import Decider
from audit.mitigation.fitting import NotFittedError
from audit.mitigation.method import Made
from audit.mitigation.people import GOOD
from audit.mitigation.task import Task, baseline, baseline_scores
from audit.table.wording import listed, shown

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

FEWEST = 10
"""Applicants of each outcome that a group needs for a rule of its own."""

MOST = 2_000_000
"""Rows that counted rows may be written out to, for code that takes no weights."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unseen:
    """Training people of the groups that get a rule, with out-of-fold scores."""

    rows: Ints
    """Numbers of these rows among the training rows."""
    scores: Floats
    """P(favourable) by models that had not seen the row."""
    good: Ints
    """1 where the outcome is favourable."""
    codes: Ints
    """Group of each row, an index into the task's levels."""
    privileged: Ints
    """1 in the reference group."""
    mass: Floats
    """What each row weighs."""
    groups: tuple[int, ...]
    """Indices of the groups that get a rule."""
    at: float
    """The unchanged model's cut-off on P(favourable)."""
    notes: tuple[str, ...]
    """Of the unchanged model, and which groups keep its cut-off."""

    def taken(self, repeats: Ints) -> tuple[Floats, Ints, Ints, Ints]:
        """Scores, outcomes, groups and `privileged`, each row so many times."""
        found = (self.scores, self.good, self.codes, self.privileged)
        return tuple(np.repeat(a, repeats) for a in found)  # type: ignore[return-value]


def unseen(task: Task, *, both_sides: bool = True) -> Unseen:
    """Out-of-fold scores of the groups with enough of each outcome.

    With `both_sides` the reference group must be one of them. Raises `NotFittedError` where fewer
    than two groups are left.
    """
    train = task.train
    cells = np.bincount(2 * task.codes + train.outcome, minlength=2 * len(task.levels))
    kinds = cells.reshape(-1, 2)
    groups = tuple(np.flatnonzero(task.named & (kinds.min(axis=1) >= FEWEST)).tolist())
    small = [g for g in np.flatnonzero(kinds.sum(axis=1)).tolist() if g not in groups]
    if len(groups) < 2:
        raise NotFittedError(
            f"it needs two groups with {FEWEST} applicants of each outcome; "
            f"{task.attribute} has {len(groups)}"
        )
    if both_sides and task.reference not in groups:
        raise NotFittedError(
            f"the reference group {shown(task.levels[task.reference])} has fewer than {FEWEST} "
            "applicants of one outcome"
        )
    decider, notes = baseline(task)
    kept = np.flatnonzero(np.isin(task.codes, groups))
    return Unseen(
        rows=kept,
        scores=baseline_scores(task)[kept],
        good=(train.outcome[kept] == GOOD).astype(np.int64),
        codes=task.codes[kept],
        privileged=task.privileged[kept],
        mass=train.mass[kept],
        groups=groups,
        at=float(decider.rule.at),
        notes=(*notes, *_left_out(task, small)),
    )


def _left_out(task: Task, small: list[int]) -> tuple[str, ...]:
    if not small:
        return ()
    names = listed(["missing" if (v := task.levels[g]) is None else v for g in small])
    return (
        f"{names} of {task.attribute}: missing, or fewer than {FEWEST} of one outcome; "
        "they keep the unchanged model's cut-off",
    )


def repeats(found: Unseen, what: str) -> Ints:
    """How often each row stands for itself, for code that takes no weights.

    Raises `NotFittedError` where weights are not whole, or make too many rows.
    """
    whole = np.rint(found.mass)
    if not np.array_equal(whole, found.mass):
        raise NotFittedError(f"{what} takes no weights of rows")
    if whole.sum() > MOST:
        raise NotFittedError(f"{what} takes no weights of rows, and counts make too many rows")
    return whole.astype(np.int64)


def decided(task: Task, rule: Any, found: Unseen, *notes: str) -> Made:
    """The unchanged model with a rule that reads the group.

    Raises `NotFittedError` where the rule approves everyone or nobody it was learned from.
    """
    scorer = baseline(task)[0].scorer
    features = task.train.features
    own = () if task.attribute in features else (task.attribute,)
    decider = Decider(scorer, rule, task.train.labels, (*features, *own), task.seed)
    share = approval(rule, task, found)
    if not 0 < share < 1:
        whom = "nobody" if share == 0 else "everyone"
        raise NotFittedError(f"it would approve {whom} it was learned from")
    return decider, (*found.notes, *notes)


def approval(rule: Any, task: Task, found: Unseen) -> float:
    """Share of the people it was learned from that a rule approves, lots at their chance."""
    chance = chances_of(rule, task, found)
    return float(np.average(chance, weights=found.mass))


def chances_of(rule: Any, task: Task, found: Unseen) -> Floats:
    """Chance of approval of each of the people that a rule was learned from."""
    column = task.train.frame[[task.attribute]]
    chance: Floats = rule.approved(found.scores, column.iloc[found.rows])
    return chance


def by_level(task: Task, numbers: dict[int, float]) -> Floats:
    """Numbers by level; nan where a level has none."""
    return np.array([numbers.get(g, np.nan) for g in range(len(task.levels))])


def put(task: Task, numbers: dict[int, float]) -> str:
    """Numbers with the levels they belong to: "0.712 for male, 0.655 for female"."""
    return ", ".join(f"{v:.3f} for {shown(task.levels[g])}" for g, v in numbers.items())
