"""A model that reads inputs changed by group: the steps that such methods share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.mitigation.deciders import Changed, Plain
from audit.mitigation.fitting import fitted
from audit.mitigation.task import Task, unchanged

Ints = npt.NDArray[np.int64]


def with_group(task: Task) -> tuple[str, ...]:
    """The features and the protected attribute: what a change by group reads."""
    return tuple(dict.fromkeys((*task.train.features, task.attribute)))


def taught(task: Task, rows: Ints, change: Any, estimator: Any) -> tuple[Changed, tuple[str, ...]]:
    """An estimator trained on changed inputs of these rows."""
    inputs = change.transform(task.train.frame.iloc[rows])
    model, notes = fitted(estimator, replace(unchanged(task, rows), inputs=inputs))
    plain = Plain(model, tuple(inputs.columns), task.train.labels[1])
    return Changed(change, plain), notes
