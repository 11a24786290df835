"""What a mitigation method is given, and the steps that methods share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.mitigation.deciders import Cut, Decider, Grouping, Plain
from audit.mitigation.fitting import Lesson, NotFittedError, chances, fitted, folds, seeded
from audit.mitigation.people import GOOD, People
from audit.table.roles import Level
from audit.table.wording import shown, suggestion

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
        order = np.argsort(-scores, kind="stable")
        held = np.cumsum(mass[order]) / mass.sum()
        place = int(np.searchsorted(held, self.approval_rate - 1e-12))
        return float(scores[order[min(place, len(order) - 1)]])

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
        bad, good = self.train.labels
        kind = np.array([bad, good]).dtype
        return np.where(self.train.outcome == GOOD, np.array(good, kind), np.array(bad, kind))

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


def trained(
    task: Task,
    change: Change | None = None,
    *,
    features: tuple[str, ...] | None = None,
    estimator: Any = None,
) -> tuple[Decider, tuple[str, ...]]:
    """A model trained on changed rows, with the cut-off that `task.where` asks for, and warnings.

    The cut-off is found on scores of unchanged rows by models trained without them (three parts).
    `features` leaves columns out; `estimator` replaces the task's.
    """
    names = task.train.features if features is None else features
    own = task.estimator if estimator is None else estimator
    make = change or unchanged
    favorable = task.train.labels[1]
    everyone = np.arange(len(task.train))
    model, notes = fitted(own, _only(make(task, everyone), names))
    scorer = Plain(model, names, favorable)
    nothing = np.empty(0)
    scores = out_of_fold(task, make, names, own) if task.where.reads_scores else nothing
    at = task.where.at(scores, task.train.mass)
    decider = Decider(scorer, Cut(at), task.train.labels, names, task.seed)
    return decider, notes


def out_of_fold(task: Task, change: Change, features: tuple[str, ...], estimator: Any) -> Floats:
    """P(favourable) of each training row, from a model trained (on changed rows) without it."""
    scores = np.empty(len(task.train))
    for rows, held_out in folds(task.train.outcome, task.codes, task.seed):
        model, _ = fitted(estimator, _only(change(task, rows), features))
        inputs = task.train.inputs.iloc[held_out][list(features)]
        scores[held_out] = chances(model, inputs, task.train.labels[1])
    return scores


def baseline_scores(task: Task) -> Floats:
    """P(favourable) of each training row by the unchanged model, out of fold; made once."""
    if "scores" not in task.held:
        task.held["scores"] = out_of_fold(task, unchanged, task.train.features, task.estimator)
    found: Floats = task.held["scores"]
    return found


def baseline(task: Task) -> tuple[Decider, tuple[str, ...]]:
    """The unchanged model with its cut-off; made once."""
    if "baseline" not in task.held:
        model, notes = fitted(task.estimator, task.lesson())
        scorer = Plain(model, task.train.features, task.train.labels[1])
        scores = baseline_scores(task) if task.where.reads_scores else np.empty(0)
        at = task.where.at(scores, task.train.mass)
        decider = Decider(scorer, Cut(at), task.train.labels, task.train.features, task.seed)
        task.held["baseline"] = decider, notes
    found: tuple[Decider, tuple[str, ...]] = task.held["baseline"]
    return found


def share_of(task: Task, method: str, name: str, default: float) -> float:
    """A setting from 0 to 1 of a method, as in `settings={"reweighing": {"strength": 0.5}}`.

    Raises `InputError` MIT406 for what is no such number.
    """
    own = task.settings.get(method, {})
    told = own.get(name, default) if isinstance(own, Mapping) else own
    number = isinstance(told, int | float | np.number) and not isinstance(told, bool)
    if not (number and 0 <= told <= 1):
        raise InputError(
            "MIT406", f"{name} of {method} is {shown(told)}, no number from 0 to 1",
            argument="settings", fix=f"{default:g} unless told",
        )  # fmt: skip
    return float(told)


def tuned(task: Task, method: str, default: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a method: its own, with those told in their place.

    Raises `InputError` MIT407 for a name that is none of them, or for what is no value of its kind:
    a whole number from 1 on, a number from 0 on, True or False.
    """
    own = dict(task.settings.get(method, {}))
    for name, told in own.items():
        if name not in default:
            raise InputError(
                "MIT407", f"{method} has no setting {shown(name)}", argument="settings",
                fix=suggestion(name, list(default)),
            )  # fmt: skip
        usual = default[name]
        if isinstance(usual, bool):
            right, kind = isinstance(told, bool), "True or False"
        elif isinstance(told, bool):
            right, kind = False, "a number"
        elif isinstance(usual, int):
            kind = "a whole number from 1"
            right = isinstance(told, int | np.integer) and bool(told >= 1)
        else:
            right = isinstance(told, int | float | np.number) and bool(0 <= told < float("inf"))
            kind = "a number from 0"
        if not right:
            raise InputError(
                "MIT407", f"{name} of {method} is {shown(told)}, not {kind}",
                argument="settings", fix=f"{usual} unless told",
            )  # fmt: skip
    return {**default, **own}


def unchanged(task: Task, rows: Ints) -> Lesson:
    """These rows as they are."""
    whole = task.lesson()
    return Lesson(
        inputs=whole.inputs.iloc[rows],
        labels=whole.labels[rows],
        weight=None if whole.weight is None else whole.weight[rows],
    )


def _only(lesson: Lesson, features: tuple[str, ...]) -> Lesson:
    return replace(lesson, inputs=lesson.inputs[list(features)])


__all__ = [
    "Change", "NotFittedError", "Task", "Where", "baseline", "baseline_scores", "out_of_fold",
    "share_of", "trained", "tuned", "unchanged",
]  # fmt: skip
