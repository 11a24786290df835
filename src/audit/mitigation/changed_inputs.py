"""A model that reads inputs changed by group, or learns from groups: the steps they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.mitigation.deciders import Changed, Cut, Decider, Plain
from audit.mitigation.fitting import Lesson, fitted, folds
from audit.mitigation.method import Made
from audit.mitigation.task import Task

Ints = npt.NDArray[np.int64]

Learn = Callable[[Ints], tuple[Any, tuple[str, ...]]]
"""Training rows -> what scores (`scores(frame)`) and was trained on them, and warnings."""


def learned(task: Task, learn: Learn, columns: tuple[str, ...] | None = None) -> Made:
    """A scorer with the cut-off that `task.where` asks for, reading `columns`.

    Those are the features and the protected attribute unless told. The cut-off is found on scores
    of rows that neither change nor model had seen.
    """
    who = task.train
    scorer, notes = learn(np.arange(len(who)))
    scores = np.empty(len(who) if task.where.reads_scores else 0)
    if task.where.reads_scores:
        for rows, held_out in folds(who.outcome, task.codes, task.seed):
            part, _ = learn(rows)
            scores[held_out] = part.scores(who.frame.iloc[held_out])
    at = task.where.at(scores, who.mass)
    if columns is None:
        columns = tuple(dict.fromkeys((*who.features, task.attribute)))
    return Decider(scorer, Cut(at), who.labels, columns, task.seed), notes


def taught(task: Task, rows: Ints, change: Any, estimator: Any) -> tuple[Changed, tuple[str, ...]]:
    """An estimator trained on changed inputs of these rows."""
    inputs = change.transform(task.train.frame.iloc[rows])
    weight = None if task.weight is None else task.weight[rows]
    lesson = Lesson(inputs=inputs, labels=task.labels[rows], weight=weight)
    model, notes = fitted(estimator, lesson)
    plain = Plain(model, tuple(inputs.columns), task.train.labels[1])
    return Changed(change, plain), notes
