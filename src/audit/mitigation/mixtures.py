"""Several models decided by lot, or averaged: what a reduction leaves, in plain objects."""

from __future__ import annotations

import hashlib
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin

from audit.mitigation.deciders import Plain
from audit.mitigation.fitting import Lesson, fitted, valued

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HALF = 0.5
"""Where a model trained on rows weighted by their price decides."""


class Trained:
    """Models by what they were trained on; a copy of an estimator shares it with the original."""

    def __init__(self) -> None:
        """None yet."""
        self.models: dict[bytes, tuple[Plain, tuple[str, ...]]] = {}

    def __deepcopy__(self, memo: Any) -> Self:
        """Itself: a reduction copies its estimator for every training."""
        return self


class Relabelled(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """An estimator that is told 0 and 1 and trains on the caller's own two values.

    `chances=True` makes `predict` give P(favourable) in place of 0 and 1: what a bound on a loss
    reads. Weights are brought to a mean of 1, so that a penalty counts as it does without them. One
    training in five has labels and weights that were there before: `trained` remembers them.
    """

    def __init__(
        self,
        estimator: Any = None,
        labels: tuple[Any, Any] = (0, 1),
        features: tuple[str, ...] = (),
        chances: bool = False,
        trained: Trained | None = None,
    ) -> None:
        """Take the estimator, (unfavourable, favourable), the columns, and what to predict."""
        self.estimator, self.labels = estimator, labels
        self.features, self.chances, self.trained = features, chances, trained

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:  # noqa: N803
        """Train a copy on the caller's values; raises `NotFittedError` where that fails."""
        labels = valued(np.asarray(y) == 1, self.labels)
        weight = None
        if sample_weight is not None:
            weight = np.asarray(sample_weight, np.float64)
            weight = weight / weight.mean()
        known = {} if self.trained is None else self.trained.models
        key = _key(labels, weight)
        if key not in known:
            lesson = Lesson(inputs=X[list(self.features)], labels=labels, weight=weight)
            model, notes = fitted(self.estimator, lesson)
            known[key] = Plain(model, self.features, self.labels[1]), notes
        self.scorer_, self.notes_ = known[key]
        self.classes_ = np.array([0, 1])
        self._seen: tuple[Any, Floats] | None = None
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:  # noqa: N803
        """1 where P(favourable) is a half or more; P(favourable) itself with `chances=True`."""
        # a reduction asks for the same rows twice: for the objective and for the constraint
        if self._seen is None or self._seen[0] is not X:
            self._seen = X, self.scorer_.scores(X)
        scores = self._seen[1]
        return scores if self.chances else (scores >= HALF).astype(np.int64)


def _key(labels: npt.NDArray[Any], weight: Floats | None) -> bytes:
    told = hashlib.sha256(str(labels.tolist()).encode())
    if weight is not None:
        told.update(np.round(weight, 9).tobytes())
    return told.digest()


class Always:
    """The same answer for everyone: what a best response may be at a high price."""

    def __init__(self, chance: float) -> None:
        """Remember it."""
        self.chance = chance

    def scores(self, frame: pd.DataFrame) -> Floats:
        """That chance in each row."""
        return np.full(len(frame), self.chance)


class Mixture:
    """Weighted mean of several models' P(favourable).

    `at` is the cut-off whose price is in the weights that the models were trained with: a share at
    of a chance of a half stands for a chance of `at`. The mean is of chances taken back to the
    scale on which `at` decides; None leaves them as they are.
    """

    def __init__(
        self,
        models: tuple[Any, ...],
        weights: tuple[float, ...],
        at: float | None = None,
        change: Any = None,
    ) -> None:
        """Remember what scores, what each weighs (summing to 1), the price's cut-off, and what is
        done to inputs first (`transform(frame)`)."""
        self.models, self.weights, self.at, self.change = models, weights, at, change

    def scores(self, frame: pd.DataFrame) -> Floats:
        """P(favourable) of each row."""
        frame = self._changed(frame)
        found = np.zeros(len(frame))
        for model, weight in zip(self.models, self.weights, strict=True):
            found += weight * untilted(model.scores(frame), self.at)
        return found

    def votes(self, frame: pd.DataFrame) -> Floats:
        """Share of the models, by weight, that approve each row: 0 to 1."""
        frame = self._changed(frame)
        found = np.zeros(len(frame))
        for model, weight in zip(self.models, self.weights, strict=True):
            found += weight * (model.scores(frame) >= HALF)
        # weights sum to 1 but for rounding; all of them is all, not nearly all
        return np.where(found > 1 - 1e-9, 1.0, found)

    def _changed(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame if self.change is None else self.change.transform(frame)


class Vote:
    """Approve with the chance that the mixture's models, drawn by weight, approve."""

    def __init__(self, mixture: Mixture) -> None:
        """Remember whose votes count."""
        self.mixture = mixture

    @property
    def lots(self) -> bool:
        """Whether several have one, and may be drawn."""
        return len(self.mixture.models) > 1

    def approved(self, scores: Floats, frame: pd.DataFrame) -> Floats:
        """Chance of approval of each row."""
        return self.mixture.votes(frame)


def untilted(chances: Floats, at: float | None) -> Floats:
    """Chances from a model trained at a price, on the scale of the rows as they are.

    Trained with weight `at` on unfavourable and 1 − `at` on favourable rows, a chance p becomes
    p(1 − at) / (p(1 − at) + (1 − p) at); this goes back, so a half comes out as `at`.

    >>> untilted(np.array([0.0, 0.5, 1.0]), 0.8).tolist()
    [0.0, 0.8, 1.0]
    """
    if at is None:
        return chances
    found: Floats = chances * at / (chances * at + (1 - chances) * (1 - at))
    return found
