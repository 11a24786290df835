"""What a mitigation method is given, and the steps that methods share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.mitigation.deciders import Cut, Decider, Grouping, Plain
from audit.mitigation.fitting import Lesson, fitted, folds, seeded, valued
from audit.mitigation.people import GOOD, People
from audit.mitigation.settings import checked
from audit.table.memory import reached_by
from audit.table.roles import Level

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HALF = 0.5
"""Where `predict` of a classifier decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """How candidates decide: a cut-off on P(unfavourable), a share to approve, or `predict`."""

    cutoff: float | None = None
    """Approve below this chance of the unfavourable outcome."""
    approval_rate: float | None = None
    """Approve this share of the training rows, scored out of fold; ties together."""
    fixed: float | None = None
    """Approve at this P(favourable) or more: a cut-off found before."""

    def at(self, scores: Floats, mass: Floats) -> float:
        """The cut-off on P(favourable), from scores of rows the model had not seen."""
        if self.fixed is not None:
            return self.fixed
        if self.cutoff is not None:
            # risk < cutoff, as the score's own lowest value that is approved
            return float(np.nextafter(1.0 - self.cutoff, 2.0))
        if self.approval_rate is None:
            return HALF
        return reached_by(scores, self.approval_rate, mass)

    @property
    def reads_scores(self) -> bool:
        """Whether the cut-off depends on how the model scores people."""
        return self.approval_rate is not None and self.fixed is None

    def words(self) -> str:
        """In words, for a report."""
        if self.cutoff is not None:
            return f"approved below a chance of {self.cutoff:g} of the unfavourable outcome"
        if self.approval_rate is not None:
            return (
                f"the cut-off approves {self.approval_rate:.0%} of the training rows, "
                "scored by models that had not seen them"
            )
        return "approved where the favourable outcome is the likelier one"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """One mitigation: whom to learn from, for which attribute, deciding how."""

    estimator: Any
    """Unfitted; reads `train.inputs`."""
    train: People
    """Rows with known outcomes."""
    attribute: str
    """The protected attribute whose gap is to shrink."""
    where: Where
    """How candidates decide."""
    seed: int = 0
    """Of every random step."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Strengths and the like, by method."""
    held: dict[str, Any] = field(default_factory=dict)
    """What several methods share, made once."""

    @property
    def codes(self) -> Ints:
        """The group of each training row, an index into `levels`."""
        return self.train.codes[self.attribute]

    @property
    def levels(self) -> tuple[Level, ...]:
        """Groups of the attribute."""
        return self.train.levels[self.attribute]

    @property
    def reference(self) -> int:
        """Index of the reference group."""
        return self.levels.index(self.train.reference[self.attribute])

    @property
    def named(self) -> npt.NDArray[np.bool_]:
        """By level: whether it is a group by name, not the missing one."""
        return np.array([self.train.decides(self.attribute, level) for level in self.levels])

    @property
    def privileged(self) -> Ints:
        """1 in the reference group, 0 in any other: what methods for two groups read."""
        return np.where(self.codes == self.reference, 1, 0)

    @property
    def grouping(self) -> Grouping:
        """How a deployed rule tells the group; only rules that need it have one."""
        cuts = self.train.table.roles.bins.get(self.attribute)
        return Grouping(self.attribute, cuts, self.levels)

    @property
    def labels(self) -> npt.NDArray[Any]:
        """The outcome in the caller's own values."""
        return valued(self.train.outcome == GOOD, self.train.labels)

    @property
    def weight(self) -> Floats | None:
        """Weights that the table told; None where it told none."""
        mass = self.train.mass
        return None if bool((mass == 1).all()) else mass

    def lesson(self) -> Lesson:
        """The training rows as they are."""
        return Lesson(inputs=self.train.inputs, labels=self.labels, weight=self.weight)

    def reseeded(self, seed: int) -> Task:
        """The same task with another seed in every random step."""
        return replace(self, seed=seed, estimator=seeded(self.estimator, seed), held={})


Change = Callable[[Task, Ints], Lesson]
"""(task, training rows) -> what the estimator is trained on: those rows, changed."""

Learn = Callable[[Ints], tuple[Any, tuple[str, ...]]]
"""Training rows -> what scores (`scores(frame)`) and was trained on them, and notes."""

Parts = Sequence[tuple[Ints, Ints]]
"""Training rows to learn from and those to score, part by part."""


def trained(
    task: Task, change: Change | None = None, *, features: tuple[str, ...] | None = None
) -> tuple[Decider, tuple[str, ...]]:
    """The estimator trained on changed rows, with the cut-off that `task.where` asks for, and
    notes; `features` leaves columns out."""
    names = task.train.features if features is None else features
    return learned(task, _taught(task, change or unchanged, names), names)


def learned(task: Task, learn: Learn, columns: tuple[str, ...]) -> tuple[Decider, tuple[str, ...]]:
    """A scorer that reads `columns`, with the cut-off that `task.where` asks for, and notes.

    The cut-off is found on scores of training rows by scorers that learned without them.
    """
    scorer, notes = learn(np.arange(len(task.train)))
    return decider(task, scorer, columns, lambda: out_of_fold(task, learn)), notes


def decider(
    task: Task, scorer: Any, columns: tuple[str, ...], seen: Callable[[], Floats]
) -> Decider:
    """What scores, with the cut-off that `task.where` asks for; `seen` gives the scores of the
    training rows that it is found on, asked only where there is need."""
    scores = seen() if task.where.reads_scores else np.empty(0)
    at = task.where.at(scores, task.train.mass)
    return Decider(scorer, Cut(at), task.train.labels, columns, task.seed)


def out_of_fold(task: Task, learn: Learn, parts: Parts | None = None) -> Floats:
    """P(favourable) of each training row by a scorer that learned without it (three parts)."""
    scores = np.empty(len(task.train))
    who = task.train
    for rows, held_out in parts or folds(who.outcome, task.codes, task.seed, who.cluster):
        scorer, _ = learn(rows)
        scores[held_out] = scorer.scores(task.train.frame.iloc[held_out])
    return scores


def baseline_scores(task: Task, parts: Parts | None = None) -> Floats:
    """P(favourable) of each training row by the unchanged model, out of fold; made once."""
    if "scores" not in task.held:
        learn = _taught(task, unchanged, task.train.features)
        task.held["scores"] = out_of_fold(task, learn, parts)
    found: Floats = task.held["scores"]
    return found


def baseline(task: Task) -> tuple[Decider, tuple[str, ...]]:
    """The unchanged model with its cut-off; trained once."""
    features = task.train.features
    if "model" not in task.held:
        learn = _taught(task, unchanged, features)
        task.held["model"] = learn(np.arange(len(task.train)))
    scorer, notes = task.held["model"]
    return decider(task, scorer, features, lambda: baseline_scores(task)), notes


def _taught(task: Task, change: Change, features: tuple[str, ...]) -> Learn:
    """How the estimator learns these columns of changed rows."""

    def learn(rows: Ints) -> tuple[Plain, tuple[str, ...]]:
        lesson = change(task, rows)
        model, notes = fitted(task.estimator, replace(lesson, inputs=lesson.inputs[list(features)]))
        return Plain(model, features, task.train.labels[1]), notes

    return learn


def tuned(task: Task, method: str, usual: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a method: the usual ones, with those told in their place.

    Raises `InputError` MIT406 and MIT407 as `settings.checked` does.
    """
    return checked(method, task.settings.get(method, {}), usual)


def unchanged(task: Task, rows: Ints) -> Lesson:
    """These rows as they are."""
    whole = task.lesson()
    return Lesson(
        inputs=whole.inputs.iloc[rows],
        labels=whole.labels[rows],
        weight=None if whole.weight is None else whole.weight[rows],
    )


__all__ = [
    "Change", "Learn", "Task", "Where", "baseline", "baseline_scores", "decider", "learned",
    "out_of_fold", "trained", "tuned", "unchanged",
]  # fmt: skip
