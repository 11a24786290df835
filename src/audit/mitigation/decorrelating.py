"""Inputs from which the part that the group tells by least squares is taken, by fairlearn."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from audit.mitigation.changed_inputs import taught, with_group
from audit.mitigation.deciders import Changed, Grouping
from audit.mitigation.fitting import NotFittedError, one_hot, reads_categories, told
from audit.mitigation.method import Made
from audit.mitigation.settings import Share
from audit.mitigation.task import Task, learned, tuned

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ALPHA: Mapping[str, Any] = {"alpha": Share(1.0)}
"""How much of what the group tells is taken."""
NOTHING = 1e-9
"""Share of a column's spread below which what the group leaves of it counts as rounding."""


class Decorrelated:
    """Inputs as numbers, less what the group alone tells of them by least squares."""

    def __init__(
        self,
        grouping: Grouping,
        features: tuple[str, ...],
        encoder: Any,
        groups: tuple[int, ...],
        mean: Floats,
        beta: Floats,
        flat: dict[int, float],
    ) -> None:
        """Remember how the group is told, the encoding, and what fairlearn's remover learned."""
        self.grouping, self.features, self.encoder = grouping, features, encoder
        self.groups, self.mean, self.beta, self.flat = groups, mean, beta, flat

    def transform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """x0, x1, ...; nothing is taken from who is of an unknown group."""
        import pandas as pd

        codes = self.grouping.codes(frame)
        numbers = self.encoder.transform(frame[list(self.features)])
        apart = indicators(codes, self.groups, self.mean) - self.mean
        found: Floats = numbers - apart @ self.beta
        for place, value in self.flat.items():
            found[:, place] = value
        return pd.DataFrame(found, columns=_names(found.shape[1]), index=frame.index)


def indicators(codes: Ints, groups: tuple[int, ...], mean: Floats) -> Floats:
    """Shape (rows, groups): 1 in the group; a row of an unknown group is the average row.

    >>> indicators(np.array([0, 1, -1]), (1,), np.array([0.3])).ravel().tolist()
    [0.0, 1.0, 0.3]
    """
    found: Floats = (codes[:, None] == np.array(groups)[None, :]).astype(np.float64)
    found[codes < 0] = mean
    return found


class Encoded:
    """A pipeline's steps before its model; then words one-hot and gaps filled by the median."""

    def __init__(self, head: Any, tail: Any) -> None:
        """Remember both, fitted; no head where there are no such steps."""
        self.head, self.tail = head, tail

    def transform(self, frame: pd.DataFrame) -> Floats:
        """Shape (rows, columns)."""
        made = frame if self.head is None else _framed(self.head.transform(frame))
        found: Floats = np.array(self.tail.transform(made), np.float64)
        return found


def _names(number: int) -> list[str]:
    return [f"x{i}" for i in range(number)]


def _framed(made: Any) -> pd.DataFrame:
    import pandas as pd

    if isinstance(made, pd.DataFrame):
        return made
    dense = made.toarray() if hasattr(made, "toarray") else np.asarray(made)
    return pd.DataFrame(dense, columns=_names(dense.shape[1]))


def split(estimator: Any, inputs: pd.DataFrame, labels: Any) -> tuple[Encoded, Any]:
    """A pipeline's fitted encoding, and its model untrained, to read numbers only."""
    from sklearn.base import clone
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline

    own, head = clone(estimator), None
    if isinstance(own, Pipeline):
        own, head = own.steps[-1][1], Pipeline(own.steps[:-1]) if len(own.steps) > 1 else None
    if reads_categories(own):
        own.set_params(categorical_features="from_dtype")
    try:
        with warnings.catch_warnings(action="ignore"):
            made = inputs if head is None else _framed(head.fit_transform(inputs, labels))
            worded = [c for c in made if made[c].dtype.kind not in "iufb"]
            rest = [c for c in made if c not in worded]
            steps: list[Any] = []
            if worded:
                steps.append(("text", one_hot(), worded))
            if rest:
                gaps = SimpleImputer(strategy="median", keep_empty_features=True)
                steps.append(("numbers", gaps, rest))
            tail = ColumnTransformer(steps).fit(made)
    except Exception as problem:
        raise NotFittedError(f"encoding failed: {told(problem)}") from None
    return Encoded(head, tail), own


def decorrelation_of(task: Task, rows: Ints, strength: float) -> tuple[Decorrelated, Any]:
    """What fairlearn's `CorrelationRemover` learns from these rows, and the model to train."""
    from fairlearn.preprocessing import CorrelationRemover

    inputs, codes = task.train.inputs.iloc[rows], task.codes[rows]
    encoder, model = split(task.estimator, inputs, task.labels[rows])
    numbers = encoder.transform(inputs)
    present = [int(g) for g in np.unique(codes)]
    if len(present) < 2:
        raise NotFittedError(f"the training rows are of one group of {task.attribute}")
    base = task.reference if task.reference in present else present[0]
    groups = tuple(g for g in present if g != base)
    apart = indicators(codes, groups, np.zeros(len(groups)))
    remover = CorrelationRemover(sensitive_feature_ids=list(range(len(groups))), alpha=strength)
    try:
        with warnings.catch_warnings(action="ignore"):
            remover.fit(np.hstack([apart, numbers]))
    except Exception as problem:
        raise NotFittedError(f"fairlearn's CorrelationRemover failed: {told(problem)}") from None
    mean, beta = np.asarray(remover.sensitive_mean_), strength * np.asarray(remover.beta_)
    left = numbers - (apart - mean) @ beta
    flat = {
        int(i): float(numbers[:, i].mean())
        for i in np.flatnonzero(left.std(axis=0) <= NOTHING * numbers.std(axis=0))
    }
    change = Decorrelated(task.grouping, task.train.features, encoder, groups, mean, beta, flat)
    return change, model


def decorrelated(task: Task) -> Made:
    """A model that reads inputs which do not correlate with the group."""
    strength = float(tuned(task, "correlation_remover", ALPHA)["alpha"])

    def learn(rows: Ints) -> tuple[Changed, tuple[str, ...]]:
        change, model = decorrelation_of(task, rows, strength)
        return taught(task, rows, change, model)

    decider, notes = learned(task, learn, with_group(task))
    said = []
    if task.weight is not None:
        said.append("the correlation is taken out of the rows as they are, not as they weigh")
    return decider, (*said, *notes)
