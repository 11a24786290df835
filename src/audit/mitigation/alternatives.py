"""From a point in the space of alternatives to a fitted model with its cut-off inside."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.mitigation.coarse import coarse
from audit.mitigation.deciders import Changed, Cut, Decider, Plain
from audit.mitigation.families import last_of
from audit.mitigation.fitting import (
    Lesson,
    NotFittedError,
    fitted,
    prepared,
    random_states,
    seeded,
)
from audit.mitigation.people import GOOD
from audit.mitigation.point import AS_THEY_ARE, Point
from audit.mitigation.pressing import weights
from audit.mitigation.reshaping import Reshaped
from audit.mitigation.space import Space
from audit.mitigation.task import Task
from audit.mitigation.unaware import Held, usual

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alternative:
    """A point, ready to be trained."""

    point: Point
    """What it does unlike the baseline."""
    features: tuple[str, ...]
    """What it reads, in order."""
    task: Task
    """Whom it learns from."""
    space: Space
    """Where the point lies."""

    def trained(self, rows: Ints) -> tuple[Any, tuple[str, ...]]:
        """What scores people, trained on these training rows; and what training warned of.

        Raises `NotFittedError`.
        """
        try:
            return self._trained(rows, self.features)
        except NotFittedError:
            out = [c for c in self.task.train.features if c not in self.features]
            if not out or not hasattr(self.space.estimator, "steps"):
                raise
        # a pipeline that names its columns wants them there: all rows get one value
        frame = self.task.train.inputs
        held = Held({c: usual(frame[c]) for c in out}, self.task.train.features)
        scorer, notes = self._trained(rows, self.task.train.features, held)
        return Changed(held, scorer), notes

    def _trained(
        self, rows: Ints, features: tuple[str, ...], held: Held | None = None
    ) -> tuple[Any, tuple[str, ...]]:
        who = self.task.train
        inputs = who.frame.iloc[rows]
        inputs = inputs[list(features)] if held is None else held.transform(inputs)
        estimator = learner(self.point, self.space, inputs, who.labels)
        weight = self.weight(rows)
        change = None if weight is None else coarse(estimator, inputs)
        if change is not None:
            inputs = change.transform(inputs)
        lesson = Lesson(inputs=inputs, labels=self.task.labels[rows], weight=weight)
        model, notes = fitted(estimator, lesson)
        scorer = Plain(model, features, who.labels[1])
        return scorer if change is None else Changed(change, scorer), notes

    def weight(self, rows: Ints) -> Floats | None:
        """Of each row in training; None where all are alike."""
        if not (self.point.reweighing or self.point.penalty):
            return None if self.task.weight is None else self.task.weight[rows]
        who = self.task.train
        return weights(
            self.task.codes[rows], who.outcome[rows] == GOOD, who.mass[rows],
            behind=self.space.behind, ahead=self.space.ahead,
            reweighing=self.point.reweighing, penalty=self.point.penalty,
        )  # fmt: skip

    def decider(self, at: float) -> tuple[Decider, tuple[str, ...]]:
        """Trained on all training rows, approving at a score of `at` or more."""
        scorer, notes = self.trained(np.arange(len(self.task.train)))
        return (
            Decider(scorer, Cut(at), self.task.train.labels, self.features, self.task.seed),
            notes,
        )


def alternative(point: Point, space: Space, task: Task) -> Alternative:
    """A point, ready to be trained."""
    features = tuple(c for c in task.train.features if c not in point.left_out)
    return Alternative(point=point, features=features, task=task, space=space)


def learner(point: Point, space: Space, inputs: Any, labels: tuple[Any, Any]) -> Any:
    """The estimator of a point, unfitted, ready for these inputs."""
    from sklearn.base import clone
    from sklearn.pipeline import Pipeline

    own = clone(space.estimator)
    _, prefix = last_of(own)
    if point.learner:
        own.set_params(**{f"{prefix}{name}": value for name, value in point.learner.items()})
    if point.seed:
        own = _moved(own, point.seed)
    names = [str(c) for c in inputs.columns]
    if point.monotone:
        own.set_params(**{f"{prefix}{space.family.signs}": _signs(space, names, labels)})
    own = prepared(own, inputs)
    columns = tuple(c for c in space.amounts if c in names)
    if point.amounts == AS_THEY_ARE or not columns:
        return own
    steps = own.steps if isinstance(own, Pipeline) else [("learner", own)]
    return Pipeline([("amounts", Reshaped(point.amounts, columns)), *steps])


def _moved(estimator: Any, seed: int) -> Any:
    told = {n: v for n, v in random_states(estimator).items() if isinstance(v, int | np.integer)}
    return estimator.set_params(**{n: v + seed for n, v in told.items()})


def _signs(space: Space, names: list[str], labels: tuple[Any, Any]) -> Any:
    """Constraints as the learner takes them: on the chance of its second class."""
    try:
        turn = 1 if labels[1] > labels[0] else -1
    except TypeError:
        turn = 1 if str(labels[1]) > str(labels[0]) else -1
    held = [turn * space.signs.get(name, 0) for name in names]
    if space.family.signs == "monotonic_cst":
        return {name: sign for name, sign in zip(names, held, strict=True) if sign}
    return tuple(held) if space.family.name == "XGBoost" else held


def reseeded_scores(task: Task, estimator: Any, people_frame: Any, number: int) -> Floats:
    """The baseline's scores after training with another seed, its rows in another order."""
    order = np.random.default_rng([task.seed, number]).permutation(len(task.train))
    own = replace(task, train=task.train.taken(order), held={})
    model, _ = fitted(seeded(estimator, task.seed + number), own.lesson())
    return Plain(model, task.train.features, task.train.labels[1]).scores(people_frame)
