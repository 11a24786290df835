"""Small tables that every metric is worked on, and peers called without their noise."""

from __future__ import annotations

import contextlib
import logging
import re
import warnings
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from audit.tally.distribution import Distribution

COMPLETE = np.array(
    [
        [[21, 6, 0], [7, 10, 0], [0, 0, 0]],
        [[9, 4, 0], [8, 15, 0], [0, 0, 0]],
    ]
)
"""Groups a (the reference) and b: approved / denied / undecided by good / bad / unknown."""

PARTIAL = np.array(
    [
        [[21, 6, 3], [7, 10, 2], [2, 1, 1]],
        [[9, 4, 1], [8, 15, 5], [1, 3, 2]],
    ]
)
"""The same with undecided applications and unknown outcomes, which no peer can hold."""

SCORED = (
    ([0.15, 0.35, 0.55, 0.75, 0.95], [(1, 4), (2, 3), (4, 3), (6, 2), (8, 1)]),
    ([0.25, 0.45, 0.65, 0.85], [(1, 5), (3, 3), (5, 2), (4, 2)]),
)
"""Scores of a and b: values, and how many good and bad applicants have each."""


def rows(cells: Any, names: tuple[str, ...] = ("a", "b", "c", "d")) -> pd.DataFrame:
    """One row for each count of a complete table."""
    records = [
        (names[g], 1 - decision, 1 - outcome)
        for g in range(len(cells))
        for decision in (0, 1)
        for outcome in (0, 1)
        for _ in range(int(cells[g][decision][outcome]))
    ]
    return pd.DataFrame(records, columns=["group", "decision", "outcome"])


def scored_rows(which: int) -> tuple[np.ndarray, np.ndarray]:
    """Outcome and score of each row of a scored group."""
    values, counts = SCORED[which]
    outcome = [y for good, bad in counts for y in [1] * good + [0] * bad]
    score = [v for v, (good, bad) in zip(values, counts, strict=True) for _ in range(good + bad)]
    return np.array(outcome), np.array(score)


def distribution(
    score: Any, outcome: Any, weight: Any = None, *, higher_is_better: bool = True
) -> Distribution:
    """The exact distribution of scores; outcome 1 good, 0 bad, anything else unknown."""
    score, outcome = np.asarray(score, dtype=float), np.asarray(outcome)
    w = np.ones(len(score)) if weight is None else np.asarray(weight, dtype=float)
    values, place = np.unique(score, return_inverse=True)
    column = np.where(outcome == 1, 0, np.where(outcome == 0, 1, 2))
    counts = np.zeros((len(values), 3))
    np.add.at(counts, (place, column), w)
    return Distribution(
        attribute=("group",),
        group=("a",),
        column="score",
        higher_is_better=higher_is_better,
        values=values,
        counts=counts,
        rows=len(score),
        total=float(w.sum()),
        sum=float((w * score).sum()),
        sum_squares=float((w * score**2).sum()),
        weight_squared=float((w**2).sum()),
        missing=0,
        exact=True,
    )


def worked(text: str) -> float:
    """A hand-worked expression in exact fractions."""
    exact = re.sub(r"\b(\d+)\b", r"Fraction(\1)", text)
    return float(eval(exact, {"__builtins__": {}, "max": max, "min": min, "Fraction": Fraction}))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Peers warn, and AIF360 logs its missing extras through the root logger."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def aif360_metric(frame: pd.DataFrame, weight: Any = None) -> Any:
    """AIF360's ClassificationMetric, b unprivileged, a privileged."""
    with quiet():
        from aif360.datasets import BinaryLabelDataset
        from aif360.metrics import ClassificationMetric

        data = pd.DataFrame({"g": (frame["group"] == "a").astype(float), "y": frame["outcome"]})
        truth = BinaryLabelDataset(df=data, label_names=["y"], protected_attribute_names=["g"])
        if weight is not None:
            truth.instance_weights = np.asarray(weight, dtype=float)
        said = truth.copy()
        said.labels = frame[["decision"]].to_numpy(dtype=float)
        return ClassificationMetric(truth, said, [{"g": 0}], [{"g": 1}])


def aif360_scored(frame: pd.DataFrame) -> Any:
    """The same from scores: columns group, outcome and score (P(favourable))."""
    with quiet():
        from aif360.datasets import BinaryLabelDataset
        from aif360.metrics import ClassificationMetric

        data = pd.DataFrame({"g": (frame["group"] == "a").astype(float), "y": frame["outcome"]})
        truth = BinaryLabelDataset(df=data, label_names=["y"], protected_attribute_names=["g"])
        said = truth.copy()
        said.scores = frame[["score"]].to_numpy(dtype=float)
        return ClassificationMetric(truth, said, [{"g": 0}], [{"g": 1}])
