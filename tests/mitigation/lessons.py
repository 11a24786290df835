"""Small lending tasks that the tests of methods share."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import audit
from audit.mitigation.fitting import prepared
from audit.mitigation.people import people
from audit.mitigation.task import Task, Where

FEATURES = ("income", "debts", "home")
ROLES: dict[str, Any] = {
    "protected": ["sex"],
    "outcome": "repaid",
    "favorable": {"outcome": 1},
    "reference": {"sex": "m"},
}


def applicants(rows: int = 600, seed: int = 0) -> pd.DataFrame:
    """Loans with a gap by sex in income and repayment; three races, one of them rare."""
    rng = np.random.default_rng(seed)
    sex = rng.choice(["f", "m"], rows, p=[0.4, 0.6])
    race = rng.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1])
    income = np.round(rng.normal(30 + 8 * (sex == "m") + 3 * (race == "a"), 8, rows), 1)
    debts = rng.integers(0, 9, rows)
    home = np.where(rng.random(rows) < 0.3 + 0.3 * (sex == "m"), "own", "rent")
    logit = (income - 33) / 8 - debts / 4 + 0.5 * (home == "own") + 0.8
    repaid = (rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(int)
    return pd.DataFrame(
        {
            "sex": sex,
            "race": race,
            "income": income,
            "debts": debts,
            "home": home,
            "repaid": repaid,
            "copies": rng.integers(1, 4, rows),
            "survey": np.round(rng.uniform(0.5, 2, rows), 2),
        }
    )


def task(
    frame: pd.DataFrame | None = None,
    estimator: Any = None,
    *,
    attribute: str = "sex",
    features: tuple[str, ...] = FEATURES,
    approve: float | None = 0.6,
    settings: dict[str, Any] | None = None,
    **roles: Any,
) -> Task:
    """A task on these rows, or on the usual ones."""
    own = applicants() if frame is None else frame
    who = people(audit.read(own, **{**ROLES, "features": list(features), **roles}), "train")
    return Task(
        estimator=prepared(
            LogisticRegression(max_iter=2000) if estimator is None else estimator, who.inputs
        ),
        train=who,
        attribute=attribute,
        where=Where(approval_rate=approve),
        settings=settings or {},
    )


def named_pipeline() -> Any:
    """A pipeline that names its columns."""
    columns = ColumnTransformer(
        [
            ("words", OneHotEncoder(handle_unknown="ignore"), ["home"]),
            ("numbers", StandardScaler(), ["income", "debts"]),
        ]
    )
    return make_pipeline(columns, LogisticRegression(max_iter=2000))


def rates(who: Task, decider: Any) -> list[float]:
    """Approval rate of each group of the training rows."""
    approved = decider.approval_chances(who.train.frame)
    return [float(approved[who.codes == g].mean()) for g in range(len(who.levels))]


def gap(who: Task, decider: Any) -> float:
    """Highest less lowest of them."""
    found = rates(who, decider)
    return max(found) - min(found)


def made(methods: tuple[Any, ...], key: str, who: Task) -> tuple[Any, tuple[str, ...]]:
    """What the method of this name makes of a task."""
    (method,) = [m for m in methods if m.key == key]
    found: tuple[Any, tuple[str, ...]] = method.make(who)
    return found
