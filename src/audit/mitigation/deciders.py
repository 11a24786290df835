"""Models with their cut-offs inside: scikit-learn classifiers that score and decide.

What each holds is plain: fitted estimators, numbers and arrays, so skops can save it.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin

from audit.mitigation.fitting import NotFittedError, chances

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


class Grouping:
    """Which group a row belongs to, from the protected column itself.

    >>> Grouping("age", (26.0,), ("(-inf, 26)", "[26, inf)")).codes(pd.DataFrame({"age": [20, 40]}))
    array([0, 1])
    """

    def __init__(
        self, column: str, cuts: tuple[float, ...] | None, levels: tuple[Any, ...]
    ) -> None:
        """Remember the column, its cut points (None where it has levels) and the levels."""
        self.column, self.cuts, self.levels = column, cuts, levels

    def codes(self, frame: pd.DataFrame) -> Ints:
        """Index of each row's level; −1 where it is missing or was never seen."""
        values = frame[self.column]
        if self.cuts is not None:
            numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64)
            found = np.searchsorted(np.asarray(self.cuts), numbers, side="right").astype(np.int64)
            return np.where(np.isnan(numbers), self._missing(), found)
        place = {v: i for i, v in enumerate(self.levels) if v is not None}
        known = values.astype(object).map(place)
        return known.fillna(self._missing()).to_numpy(np.int64)

    def _missing(self) -> int:
        return self.levels.index(None) if None in self.levels else -1


class Plain:
    """Chances from one fitted estimator."""

    def __init__(self, model: Any, features: tuple[str, ...], favorable: Any) -> None:
        """Remember the model, the columns it reads and the favourable value."""
        self.model, self.features, self.favorable = model, features, favorable

    def scores(self, frame: pd.DataFrame) -> Floats:
        """P(favourable) of each row."""
        return chances(self.model, frame[list(self.features)], self.favorable)


class Changed:
    """Chances from one estimator that reads changed inputs."""

    def __init__(self, change: Any, scorer: Any) -> None:
        """Remember the change (with `transform(frame)`) and what scores its result."""
        self.change, self.scorer = change, scorer

    def scores(self, frame: pd.DataFrame) -> Floats:
        """P(favourable) of each row."""
        found: Floats = self.scorer.scores(self.change.transform(frame))
        return found


class Cut:
    """Approve at a score of `at` or more."""

    def __init__(self, at: float) -> None:
        """Remember the cut-off."""
        self.at = at

    def approved(self, scores: Floats, frame: pd.DataFrame) -> Floats:
        """Chance of approval of each row: 0 or 1."""
        return (scores >= self.at).astype(np.float64)


class Decider(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A fitted model with its decision rule: `predict` gives the decision as an outcome value.

    `predict` returns the favourable outcome value for who is approved, the unfavourable one for
    who is denied; `predict_proba` gives the score that the rule reads. A randomised rule draws one
    number a row from `seed` and the row's own inputs, so the same applicant is always answered
    alike. `fit` changes nothing: what was trained stays as it was audited.
    """

    def __init__(
        self,
        scorer: Any = None,
        rule: Any = None,
        labels: tuple[Any, Any] = (0, 1),
        columns: tuple[str, ...] = (),
        seed: int = 0,
    ) -> None:
        """Take what scores, what decides, (unfavourable, favourable), the columns, the seed."""
        self.scorer, self.rule, self.labels = scorer, rule, labels
        self.columns, self.seed = columns, seed

    def fit(self, X: Any = None, y: Any = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Nothing: it is fitted."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        """It is."""
        return True

    def __sklearn_clone__(self) -> Self:
        """Itself: a copy would need training, which it does not do again."""
        return self

    @property
    def classes_(self) -> npt.NDArray[Any]:
        """The two outcome values, in order."""
        try:
            return np.array(sorted(self.labels))
        except TypeError:
            return np.array(self.labels, dtype=object)

    @property
    def feature_names_in_(self) -> npt.NDArray[Any]:
        """Columns it reads; with the protected one where the rule needs the group."""
        return np.array(self.columns, dtype=object)

    @property
    def n_features_in_(self) -> int:
        """How many."""
        return len(self.columns)

    @property
    def decides_by(self) -> str | None:
        """Column of the group that its rule reads; None where all groups have one rule."""
        grouping = getattr(self.rule, "grouping", None)
        return None if grouping is None else str(grouping.column)

    @property
    def draws_lots(self) -> bool:
        """Whether its rule may answer two applicants alike differently."""
        return bool(getattr(self.rule, "lots", False))

    def scores(self, X: Any) -> Floats:  # noqa: N803
        """P(favourable) of each row, as the rule reads it."""
        frame = self._frame(X)
        found: Floats = self.scorer.scores(frame)
        return found

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """Shape (rows, 2), in the order of `classes_`."""
        good = np.clip(self.scores(X), 0.0, 1.0)
        both = {0: 1 - good, 1: good}
        order = [0 if c == self.labels[0] else 1 for c in self.classes_.tolist()]
        return np.column_stack([both[i] for i in order])

    def approval_chances(self, X: Any, scores: Floats | None = None) -> Floats:  # noqa: N803
        """Chance of approval of each row: 0 or 1 unless the rule is randomised.

        `scores` are those of these rows, where they are known already.
        """
        frame = self._frame(X)
        own = self.scorer.scores(frame) if scores is None else scores
        found: Floats = self.rule.approved(own, frame)
        return found

    def decide(self, X: Any, seed: int | None = None, scores: Floats | None = None) -> Flags:  # noqa: N803
        """Whether each row is approved; `seed` draws anew where the rule is randomised.

        `scores` are those of these rows, where they are known already.
        """
        frame = self._frame(X)
        chance = self.approval_chances(frame, scores)
        between = (chance > 0) & (chance < 1)
        approved: Flags = chance >= 1
        if between.any():
            drawn = draws(frame.loc[between], self.seed if seed is None else seed)
            approved[between] = drawn < chance[between]
        return approved

    def predict(self, X: Any) -> npt.NDArray[Any]:  # noqa: N803
        """The favourable outcome value where approved, the unfavourable one elsewhere."""
        bad, good = self.labels
        kind = self.classes_.dtype
        return np.where(self.decide(X), np.array(good, kind), np.array(bad, kind))

    def _frame(self, X: Any) -> pd.DataFrame:  # noqa: N803
        frame = X if isinstance(X, pd.DataFrame) else _as_frame(X, self.columns)
        absent = [c for c in self.columns if c not in frame.columns]
        if absent:
            raise ValueError(f"no column {absent[0]!r}: it reads {', '.join(self.columns)}")
        if tuple(frame.columns) == tuple(self.columns):
            return frame
        return frame[list(self.columns)]


def _as_frame(X: Any, columns: tuple[str, ...]) -> pd.DataFrame:  # noqa: N803
    if hasattr(X, "to_pandas"):
        found: pd.DataFrame = X.to_pandas()
        return found
    return pd.DataFrame(X, columns=list(columns) if not isinstance(X, dict) else None)


def row_hashes(frame: pd.DataFrame) -> npt.NDArray[np.uint64]:
    """64 bits of each row's values; what is no number is taken as text."""
    plain = frame.apply(lambda c: c.astype(str) if c.dtype.kind not in "iufb" else c)
    return np.asarray(pd.util.hash_pandas_object(plain, index=False), np.uint64)


def draws(frame: pd.DataFrame, seed: int) -> Floats:
    """One number in [0, 1) a row, from its values and a seed; equal rows draw equal numbers.

    >>> rows = pd.DataFrame({"income": [1, 2, 1]})
    >>> one = draws(rows, 0)
    >>> bool(one[0] == one[2]), bool(one[0] == one[1]), bool(one[0] == draws(rows, 1)[0])
    (True, False, False)
    """
    keys = row_hashes(frame)
    with np.errstate(over="ignore"):  # splitmix64 wraps by design
        mixed = keys + np.uint64((seed * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) % 2**64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = mixed ^ (mixed >> np.uint64(31))
    return (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53


__all__ = ["Changed", "Cut", "Decider", "Grouping", "NotFittedError", "Plain", "draws"]
