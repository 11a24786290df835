"""Known learners: which settings of theirs a search varies, and over which values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """A setting of a learner with the values worth trying, from loose to strict or small to big."""

    name: str
    """As the learner calls it."""
    values: tuple[Any, ...]
    """In order; the baseline's own value joins them."""
    words: str
    """What it is, for "15 leaves instead of 31": "{} leaves"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What is known of a kind of learner."""

    name: str
    """For people."""
    knobs: tuple[Knob, ...] = ()
    """What is varied."""
    calm: Mapping[str, Any] = field(default_factory=dict)
    """Settings that fit less closely than the defaults: a point that a search starts from."""
    linear: bool = False
    """Whether a skewed amount enters it as it is, so that reshaping amounts changes the model."""
    signs: str | None = None
    """The setting that holds monotone constraints."""
    drawn: bool = False
    """Whether `random_state` changes the model."""


LEAF = "at least {} rows in a leaf"
FOREST = Family(
    name="forest",
    knobs=(
        Knob(name="min_samples_leaf", values=(1, 5, 10, 20, 40), words=LEAF),
        Knob(name="max_features", values=("sqrt", 0.3, 0.5), words="{} of the features at a split"),
        Knob(name="max_depth", values=(None, 12, 8, 5), words="a depth of {}"),
    ),
    calm={"min_samples_leaf": 20},
    drawn=True,
)

FAMILIES: Mapping[str, Family] = {
    "LogisticRegression": Family(
        name="logistic regression",
        knobs=(
            Knob(name="C", values=(0.001, 0.01, 0.1, 1.0, 10.0), words="an inverse penalty of {}"),
        ),
        calm={"C": 0.01},
        linear=True,
    ),
    "HistGradientBoostingClassifier": Family(
        name="histogram boosting",
        knobs=(
            Knob(name="learning_rate", values=(0.03, 0.05, 0.08, 0.1), words="a step of {}"),
            Knob(name="max_leaf_nodes", values=(6, 10, 15, 31), words="{} leaves"),
            Knob(name="min_samples_leaf", values=(20, 50, 100, 200), words=LEAF),
            Knob(name="l2_regularization", values=(0.0, 1.0, 10.0), words="a leaf penalty of {}"),
            Knob(name="early_stopping", values=(True, False), words="early stopping {}"),
        ),
        calm={"learning_rate": 0.05, "max_leaf_nodes": 10, "min_samples_leaf": 50,
              "l2_regularization": 1.0, "early_stopping": False},
        signs="monotonic_cst",
    ),
    "GradientBoostingClassifier": Family(
        name="boosting",
        knobs=(
            Knob(name="learning_rate", values=(0.03, 0.05, 0.08, 0.1), words="a step of {}"),
            Knob(name="max_depth", values=(1, 2, 3), words="a depth of {}"),
            Knob(name="min_samples_leaf", values=(1, 20, 50, 100), words=LEAF),
            Knob(name="subsample", values=(0.5, 0.75, 1.0), words="{} of the rows at a step"),
        ),
        calm={"learning_rate": 0.05, "min_samples_leaf": 50, "subsample": 0.75},
        drawn=True,
    ),
    "RandomForestClassifier": FOREST,
    "ExtraTreesClassifier": FOREST,
    "LGBMClassifier": Family(
        name="LightGBM",
        knobs=(
            Knob(name="learning_rate", values=(0.03, 0.05, 0.08, 0.1), words="a step of {}"),
            Knob(name="num_leaves", values=(6, 10, 15, 31), words="{} leaves"),
            Knob(name="min_child_samples", values=(20, 50, 100, 200), words=LEAF),
            Knob(name="reg_lambda", values=(0.0, 1.0, 10.0), words="a leaf penalty of {}"),
        ),
        calm={"learning_rate": 0.05, "num_leaves": 10, "min_child_samples": 50, "reg_lambda": 1.0},
        signs="monotone_constraints",
    ),
    "XGBClassifier": Family(
        name="XGBoost",
        knobs=(
            Knob(name="learning_rate", values=(0.03, 0.05, 0.1, 0.3), words="a step of {}"),
            Knob(name="max_depth", values=(2, 3, 4, 6), words="a depth of {}"),
            Knob(name="min_child_weight", values=(1, 5, 20, 50), words="a leaf weight of {}"),
            Knob(name="reg_lambda", values=(1.0, 10.0, 50.0), words="a leaf penalty of {}"),
        ),
        calm={"learning_rate": 0.05, "max_depth": 4, "min_child_weight": 20},
        signs="monotone_constraints",
    ),
}  # fmt: skip
"""By class name, so that no library is imported to look one up."""

UNKNOWN = Family(name="unknown")
"""A learner that nothing is known of: its own settings are left alone."""


def last_of(estimator: Any) -> tuple[Any, str]:
    """The learner itself, and the prefix of its settings: a pipeline's last step, "step__"."""
    steps = getattr(estimator, "steps", None)
    if not isinstance(steps, list) or not steps:
        return estimator, ""
    name, step = steps[-1]
    inner, prefix = last_of(step)
    return inner, f"{name}__{prefix}"


def family_of(estimator: Any) -> Family:
    """What is known of an estimator, or of a pipeline's last step.

    >>> from sklearn.linear_model import LogisticRegression
    >>> family_of(LogisticRegression()).name
    'logistic regression'
    """
    learner, _ = last_of(estimator)
    return FAMILIES.get(type(learner).__name__, UNKNOWN)


def settled(estimator: Any, rows: int) -> Any:
    """A copy that does on parts of its training rows what it would do on all of them.

    Histogram boosting left to itself ("auto") stops early from 10,000 rows on: on parts of 12,000
    it would be another learner, and what is found there would not hold on the whole.
    """
    from sklearn.base import clone

    own = clone(estimator)
    learner, prefix = last_of(own)
    if type(learner).__name__ != "HistGradientBoostingClassifier":
        return own
    if learner.get_params(deep=False)["early_stopping"] != "auto":
        return own
    return own.set_params(**{f"{prefix}early_stopping": rows > EARLY})


EARLY = 10_000
"""Rows above which scikit-learn's histogram boosting stops early where it is left to itself."""


def knobs_of(estimator: Any) -> tuple[Knob, ...]:
    """Settings to vary, each with the estimator's own value among its values."""
    learner, _ = last_of(estimator)
    told = learner.get_params(deep=False) if hasattr(learner, "get_params") else {}
    found = []
    for knob in family_of(estimator).knobs:
        if knob.name not in told:
            continue
        found.append(replace(knob, values=_joined(knob.values, told[knob.name])))
    return tuple(found)


def _joined(values: tuple[Any, ...], own: Any) -> tuple[Any, ...]:
    if own in values:
        return values
    if own is None or not isinstance(own, int | float) or isinstance(own, bool):
        return (own, *values)
    numbers = [v for v in values if isinstance(v, int | float)]
    if len(numbers) < len(values):
        return (own, *values)
    return tuple(sorted([*numbers, own]))
