"""Train an estimator and ask it for chances; what went wrong is said, never passed over."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.mitigation.families import last_of

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FOLDS = 3
"""Parts of the training rows, each scored by a model that has not seen it."""
MANY = 20_000
"""Rows from which libraries may use as many threads as they like."""


class NotFittedError(Exception):
    """Why a method gives no candidate: it does not apply, failed, or needs what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lesson:
    """What an estimator is trained on."""

    inputs: pd.DataFrame
    """Model inputs."""
    labels: npt.NDArray[Any]
    """The outcome in the caller's own values, one a row."""
    weight: Floats | None = None
    """Of each row in training; None where all are alike."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """What else training is told, by the keyword of `fit`."""
    notes: tuple[str, ...] = ()
    """What a reader should know of how these rows came to be."""


def valued(good: npt.NDArray[np.bool_], labels: tuple[Any, Any]) -> npt.NDArray[Any]:
    """The outcome of each row in the caller's own (unfavourable, favourable) value.

    >>> valued(np.array([True, False]), ("default", "paid")).tolist()
    ['paid', 'default']
    """
    bad, fine = labels
    kind = np.array([bad, fine]).dtype
    return np.where(good, np.array(fine, kind), np.array(bad, kind))


def prepared(estimator: Any, inputs: pd.DataFrame) -> Any:
    """An unfitted copy that can read these inputs.

    A pipeline is taken as it is. A bare estimator gets text and categories one-hot (a category
    unseen in training counts as none) and, unless it handles them itself, gaps filled by the
    median. Raises `InputError` MIT010 for what is no classifier with `predict_proba`.
    """
    from sklearn.base import clone
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline, make_pipeline

    if isinstance(estimator, type) or not hasattr(estimator, "fit"):
        what = estimator.__name__ if isinstance(estimator, type) else type(estimator).__name__
        raise InputError(
            "MIT010", f"{what} is no estimator that can be trained", argument="estimator",
            fix="give a scikit-learn classifier, such as LogisticRegression()",
        )  # fmt: skip
    if not hasattr(estimator, "predict_proba"):
        raise InputError(
            "MIT010", f"{type(estimator).__name__} gives no probabilities (predict_proba)",
            argument="estimator",
            fix="give a classifier that has them, or wrap it in CalibratedClassifierCV",
        )  # fmt: skip
    try:
        own = clone(estimator)
    except TypeError as problem:
        raise InputError(
            "MIT010", f"{type(estimator).__name__} cannot be copied untrained: {problem}",
            argument="estimator", fix="give an estimator that sklearn.base.clone takes",
        ) from None  # fmt: skip
    if isinstance(own, Pipeline) or reads_categories(own):
        return own
    worded = [c for c in inputs if inputs[c].dtype.kind not in "iufb"]
    gaps = [c for c in inputs if c not in worded and bool(inputs[c].isna().any())]
    if not worded and (not gaps or reads_gaps(own)):
        return own
    steps: list[Any] = []
    if worded:
        steps.append(("text", one_hot(), worded))
    if gaps and not reads_gaps(own):
        steps.append(("gaps", SimpleImputer(strategy="median"), gaps))
    columns = ColumnTransformer(steps, remainder="passthrough", verbose_feature_names_out=False)
    # LightGBM refuses names with brackets, commas or colons, which categories may well hold
    names = "default" if type(own).__module__.startswith("lightgbm") else "pandas"
    return make_pipeline(columns.set_output(transform=names), own)


def one_hot() -> Any:
    """How words become numbers: a column each; a word unseen in training is none of them."""
    from sklearn.preprocessing import OneHotEncoder

    return OneHotEncoder(handle_unknown="ignore", sparse_output=False)


def reads_gaps(estimator: Any) -> bool:
    """Whether an estimator handles missing values itself."""
    from sklearn.utils import get_tags

    try:
        return bool(get_tags(estimator).input_tags.allow_nan)
    except Exception:  # a foreign estimator without tags
        return False


def reads_categories(estimator: Any) -> bool:
    """Whether an estimator was told to split on categories itself."""
    told = getattr(estimator, "categorical_features", None)
    return told is not None and not isinstance(told, str)


def fitted(estimator: Any, lesson: Lesson) -> tuple[Any, tuple[str, ...]]:
    """A copy trained on a lesson; the lesson's notes, and what it warned of (each text once).

    Raises `NotFittedError` where training raises, or where rows have weights that it cannot take.
    """
    from sklearn.base import clone

    own = clone(estimator)
    more = {} if lesson.weight is None else {weight_name(own): lesson.weight}
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            with threads(len(lesson.inputs)):
                own.fit(lesson.inputs, lesson.labels, **more, **lesson.more)
        except Exception as problem:
            raise NotFittedError(f"training failed: {told(problem)}") from None
    return own, (*lesson.notes, *dict.fromkeys(worded(w) for w in said if matters(w)))


def threads(rows: int) -> Any:
    """A context of one thread for few rows, which more threads would only hold up."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    return threadpool_limits(1 if rows < MANY else None)


def matters(warning: warnings.WarningMessage) -> bool:
    """Whether a warning is about the fit, not about a library's future."""
    return not issubclass(
        warning.category, DeprecationWarning | FutureWarning | PendingDeprecationWarning
    )


def worded(warning: warnings.WarningMessage) -> str:
    """A warning in a line."""
    return f"{warning.category.__name__}: {' '.join(str(warning.message).split())[:160]}"


def told(problem: BaseException) -> str:
    """An exception in a line."""
    return f"{type(problem).__name__}: {' '.join(str(problem).split())[:200]}"


def converged(notes: Sequence[str]) -> bool:
    """Whether no warning says that training stopped before its end."""
    return not any("onverge" in note for note in notes)


def weight_name(estimator: Any) -> str:
    """The keyword by which an estimator, or a pipeline's last step, takes weights of rows.

    Raises `NotFittedError` where it takes none.
    """
    from sklearn.utils.validation import has_fit_parameter

    last, prefix = last_of(estimator)
    if not has_fit_parameter(last, "sample_weight"):
        raise NotFittedError(f"{type(last).__name__} takes no weights of rows (sample_weight)")
    return f"{prefix}sample_weight"


def chances(model: Any, inputs: pd.DataFrame, favorable: Any) -> Floats:
    """P(favourable outcome) of each row; raises `NotFittedError` where the model gives none."""
    try:
        with warnings.catch_warnings(), threads(len(inputs)):
            warnings.simplefilter("ignore")
            found = np.asarray(model.predict_proba(inputs), np.float64)
        classes = list(model.classes_)
    except Exception as problem:
        raise NotFittedError(f"scoring failed: {told(problem)}") from None
    if favorable not in classes:
        raise NotFittedError("it learned only the unfavourable class")
    values: Floats = found[:, classes.index(favorable)]
    if not np.isfinite(values).all():
        raise NotFittedError("it gives chances that are not finite")
    return values


def folds(
    outcome: Ints, codes: Ints, seed: int, cluster: Ints | None = None
) -> Iterator[tuple[Ints, Ints]]:
    """Rows to train on and rows to score, with every group and outcome in each part.

    `cluster` is the applicant of each row, whose rows are then in one part. Raises
    `NotFittedError` where an outcome has fewer rows, or there are fewer applicants, than parts.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    if np.bincount(outcome, minlength=2).min() < FOLDS:
        raise NotFittedError(f"an outcome has fewer than {FOLDS} rows to learn from")
    if cluster is not None and len(np.unique(cluster)) < FOLDS:
        raise NotFittedError(f"there are fewer than {FOLDS} applicants to learn from")

    kinds = 2 * codes + outcome
    rare = np.bincount(kinds, minlength=int(kinds.max()) + 1)[kinds] < FOLDS
    whole = StratifiedKFold if cluster is None else StratifiedGroupKFold
    split = whole(FOLDS, shuffle=True, random_state=seed)
    yield from split.split(np.zeros(len(kinds)), np.where(rare, outcome, kinds), cluster)


def seeded(estimator: Any, seed: int) -> Any:
    """A copy with every `random_state` in it set, nested ones too."""
    from sklearn.base import clone

    own = clone(estimator)
    return own.set_params(**dict.fromkeys(random_states(own), seed))


def random_states(estimator: Any) -> dict[str, Any]:
    """Every `random_state` in an estimator by its full name, nested ones too."""
    params = estimator.get_params(deep=True)
    return {n: v for n, v in params.items() if n.split("__")[-1] == "random_state"}
