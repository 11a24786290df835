"""Train ordinary models and score people by ones that never saw them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from audit import datasets
from audit.demo.study import LOGISTIC, STUDIES, Study
from audit.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[str, float, float], None]
"""Called with what is being done, how many steps are done, and how many there are."""

FOLDS = 5
SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scored:
    """People with risks from models that never saw them, ready for `audit.run`."""

    study: Study
    """What was trained."""
    frame: pd.DataFrame
    """The data set's rows with `pd` and `pd_rival`: P(bad), out of fold, six decimals."""
    roles: dict[str, Any]
    """Arguments of `audit.run` for the model; exchange `risk` for the rival."""
    features: tuple[str, ...]
    """What the models were given."""
    auc: dict[str, float]
    """Area under the ROC curve by model, over everyone."""
    description: str
    """What was done, in sentences for the report."""


def train_and_score(name: str, *, progress: Progress | None = None) -> Scored:
    """Train both models of a study in five folds and score each person by one that never saw them.

    Deterministic: folds and models are seeded, and risks are rounded to six decimals, so threads
    and libraries of linear algebra change nothing. Raises `InputError` DEM001 for a data set
    without a study.

    >>> scored = train_and_score("german_credit")
    >>> scored.roles["risk"], scored.auc["logistic regression"] > 0.75
    ('pd', True)
    """
    study = next((s for s in STUDIES if s.name == name), None)
    if study is None:
        raise InputError(
            "DEM001",
            f"no model is trained on {name!r}",
            argument="name",
            fix=f"there are {' and '.join(s.name for s in STUDIES)}",
        )
    from sklearn.metrics import roc_auc_score

    data = datasets.load(name)
    outcome = data.roles["outcome"]
    inputs = features(data.frame, study, outcome)
    bad = (data.frame[outcome] == study.bad).astype("int64")
    risks = {}
    for number, model in enumerate((study.model, study.rival)):

        def step(fold: int, number: int = number, model: str = model) -> None:
            if progress is not None:
                progress(f"{name}: training {model}", number * FOLDS + fold, 2 * FOLDS)

        risks[model] = out_of_fold(estimator(model, len(bad)), inputs, bad, step)
    auc = {model: float(roc_auc_score(bad, risk)) for model, risk in risks.items()}
    return Scored(
        study=study,
        frame=data.frame.assign(pd=risks[study.model], pd_rival=risks[study.rival]),
        roles={**data.roles, "risk": "pd", "approval_rate": study.approval_rate},
        features=tuple(inputs.columns),
        auc=auc,
        description=described(study, tuple(inputs.columns)),
    )


def features(frame: pd.DataFrame, study: Study, outcome: str) -> pd.DataFrame:
    """The model's columns: all but the outcome and those left out; text and codes as categories."""
    inputs = frame.drop(columns=[outcome, *study.left_out])
    categories = [c for c in inputs if c in study.codes or inputs[c].dtype.kind not in "iuf"]
    return inputs.astype(dict.fromkeys(categories, "category"))


def estimator(model: str, rows: int) -> Any:
    """An ordinary scikit-learn pipeline: nothing here knows about fairness.

    Logistic regression: categories one-hot, numbers scaled. Gradient boosting: categories as they
    are, which `HistGradientBoostingClassifier` splits by itself; leaves of at least 20 people, or
    50 where there are many.
    """
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    if model == LOGISTIC:
        columns = make_column_transformer(
            (
                OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=10),
                make_column_selector(dtype_include="category"),
            ),
            (StandardScaler(), make_column_selector(dtype_include="number")),
        )
        return make_pipeline(columns, LogisticRegression(solver="newton-cholesky", tol=1e-8))
    many = rows > 10_000
    return make_pipeline(
        HistGradientBoostingClassifier(
            categorical_features="from_dtype",
            max_iter=100 if many else 60,
            max_leaf_nodes=15,
            min_samples_leaf=50 if many else 20,
            early_stopping=False,
            random_state=SEED,
        )
    )


def out_of_fold(untrained: Any, inputs: Any, bad: Any, step: Callable[[int], None]) -> Any:
    """P(bad) of each row from a copy of the estimator trained without that row's fold."""
    import numpy as np
    from sklearn.base import clone
    from sklearn.model_selection import StratifiedKFold
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    risk = np.empty(len(bad))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    with threadpool_limits(1):  # so little work gains nothing from threads, and waits on a busy box
        for fold, (train, held_out) in enumerate(folds.split(inputs, bad)):
            step(fold)
            trained = clone(untrained).fit(inputs.iloc[train], bad.iloc[train])
            column = list(trained.classes_).index(1)
            risk[held_out] = trained.predict_proba(inputs.iloc[held_out])[:, column]
    return risk.round(6)


def described(study: Study, columns: tuple[str, ...]) -> str:
    """What was trained and how people were approved, in sentences."""
    left_out = "; ".join(f"{column} ({why})" for column, why in study.left_out.items())
    return (
        f"A {study.model} model was trained on {len(columns)} columns ({', '.join(columns)}). "
        f"Left out: {left_out}. Each person was scored by a model that had not seen them, in "
        f"{FOLDS} folds, and the {study.approval_rate:.0%} with the lowest risk are approved: "
        f"{study.why}. A {study.rival} model was trained on the same columns and folds for "
        "comparison."
    )
