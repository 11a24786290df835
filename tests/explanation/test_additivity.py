"""Parts sum to the gap, and the gap is the model's own, whatever the model."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import audit
from audit.explanation import sampled
from explanation.credit import MIXED, NATIVE, NUMBERS, ROLES, applicants

FRAME = applicants()
TARGET = FRAME["default"]


def encoder() -> Any:
    from sklearn.compose import make_column_transformer
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    return make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["job"]),
        (StandardScaler(), ["income", "age"]),
        remainder="passthrough",
    )


def logistic() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=2000)


def forest() -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(15, min_samples_leaf=5, random_state=0)


def boosting() -> Any:
    from sklearn.ensemble import GradientBoostingClassifier

    return GradientBoostingClassifier(n_estimators=15, random_state=0)


def histograms() -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(max_iter=20, categorical_features="from_dtype")


def lightgbm() -> Any:
    return pytest.importorskip("lightgbm").LGBMClassifier(n_estimators=15, verbose=-1, n_jobs=1)


def xgboost() -> Any:
    module = pytest.importorskip("xgboost")
    return module.XGBClassifier(n_estimators=15, enable_categorical=True, n_jobs=1)


def one_hot_logistic() -> Any:
    from sklearn.pipeline import make_pipeline

    return make_pipeline(encoder(), logistic())


def one_hot_boosting() -> Any:
    from sklearn.pipeline import make_pipeline

    return make_pipeline(encoder(), boosting())


def components() -> Any:
    from sklearn.decomposition import PCA
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), PCA(2), logistic())


def calibrated() -> Any:
    from sklearn.calibration import CalibratedClassifierCV

    return CalibratedClassifierCV(logistic(), cv=2)


FAMILIES: dict[str, tuple[Callable[[], Any], list[str], str, str]] = {
    "logistic": (logistic, NUMBERS, "log-odds", "linear SHAP"),
    "forest": (forest, NUMBERS, "probability", "interventional tree SHAP"),
    "boosting": (boosting, NUMBERS, "log-odds", "interventional tree SHAP"),
    "histograms": (histograms, NATIVE, "log-odds", "interventional tree SHAP"),
    "lightgbm": (lightgbm, NATIVE, "log-odds", "interventional tree SHAP"),
    "xgboost": (xgboost, NATIVE, "log-odds", "interventional tree SHAP"),
    "one-hot logistic": (one_hot_logistic, MIXED, "log-odds", "linear SHAP"),
    "one-hot boosting": (one_hot_boosting, MIXED, "log-odds", "interventional tree SHAP"),
    "components": (components, NUMBERS, "log-odds", "exact SHAP"),
    "calibrated": (calibrated, NUMBERS, "log-odds", "exact SHAP"),
}


def mean_gap(scores: Any, weights: Any = None) -> float:
    women = (FRAME["sex"] == "f").to_numpy()
    one, other = (
        np.average(scores[m], weights=None if weights is None else weights[m])
        for m in (women, ~women)
    )
    return float(one - other)


@pytest.mark.parametrize("name", FAMILIES)
def test_parts_sum_to_the_gap_that_the_model_itself_shows(name: str) -> None:
    """gap = difference of means of the model's own scores = Σ parts, in the features' order."""
    make, features, scale, method = FAMILIES[name]
    model = make().fit(FRAME[features], TARGET)
    found = audit.explain(model, audit.read(FRAME, features=features, **ROLES))
    p = np.asarray(model.predict_proba(FRAME[features])[:, 0], np.float64)
    own = p if scale == "probability" else np.log(p / (1 - p))
    single = name == "xgboost"
    assert found.gap == pytest.approx(mean_gap(own), abs=1e-4 if single else 1e-7)
    assert (found.scale, found.method) == (scale, method)
    assert sum(a.value for a in found.attributions) == pytest.approx(found.gap, abs=1e-9)
    assert {a.feature for a in found.attributions} == set(features)
    assert not {u.part for u in found.unavailable} & {"importance", "proxies", "treatment"}
    for gap in found.gaps:
        assert gap.low <= gap.value <= gap.high
        assert all(a.low <= a.value <= a.high for a in gap.attributions)


@pytest.mark.parametrize("name", ["logistic", "boosting", "one-hot logistic"])
def test_probability_points_where_few_features_allow_them(name: str) -> None:
    """With up to eight features, parts in probability are exact by enumeration."""
    make, features, _, _ = FAMILIES[name]
    model = make().fit(FRAME[features], TARGET)
    table = audit.read(FRAME, features=features, **ROLES)
    found = audit.explain(model, table, scale="probability")
    assert (found.scale, found.method) == ("probability", "exact SHAP")
    p = model.predict_proba(FRAME[features])[:, 0]
    assert found.gap == pytest.approx(mean_gap(p), abs=1e-12)
    assert sum(a.value for a in found.attributions) == pytest.approx(found.gap, abs=1e-9)


def test_a_function_of_mixed_columns_gets_them_in_their_own_dtypes() -> None:
    """A callable sees strings, categories and missing values as the caller's frame has them."""
    seen: list[dict[str, str]] = []

    def risk(rows: pd.DataFrame) -> Any:
        seen.append({name: str(rows[name].dtype) for name in rows})
        boss = (rows["job"] == "boss").to_numpy() & (rows["income"] > 1).to_numpy()
        return 0.1 + 0.5 * boss + 0.05 * rows["late"].to_numpy()

    features = [*MIXED, "job_category"]
    found = audit.explain(risk, audit.read(FRAME, features=features, **ROLES), returns=1)
    assert found.scale == "probability"
    assert all(kinds == {n: str(FRAME[n].dtype) for n in features} for kinds in seen)
    assert found.gap == pytest.approx(mean_gap(1 - np.asarray(risk(FRAME))), abs=1e-12)
    parts = {a.feature: a.value for a in found.attributions}
    assert parts["job_category"] == pytest.approx(0, abs=1e-12)
    assert sum(parts.values()) == pytest.approx(found.gap, abs=1e-9)


def test_many_features_are_sampled_and_put_on_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond eight features a callable is sampled, and its parts still sum to the whole gap."""
    monkeypatch.setattr(sampled, "EVALUATIONS", 80_000)
    rng = np.random.default_rng(1)
    frame = FRAME.join(pd.DataFrame(rng.normal(size=(len(FRAME), 8)), FRAME.index).add_prefix("x"))
    features = [*NUMBERS, *(f"x{i}" for i in range(8))]

    def score(rows: pd.DataFrame) -> Any:
        return (2 * rows["income"] - rows["late"] * rows["x0"]).to_numpy()

    found = audit.explain(score, audit.read(frame, features=features, **ROLES), returns=0)
    assert (found.method, found.scale) == ("permutation SHAP (sampled)", "output")
    assert found.rows < len(frame)
    assert any("regression" in note for note in found.notes)
    assert found.gap == pytest.approx(mean_gap(score(frame)), abs=1e-9)
    parts = {a.feature: a.value for a in found.attributions}
    assert sum(parts.values()) == pytest.approx(found.gap, abs=1e-9)
    # additive in income, so that its part is known: 2 × the difference of mean incomes
    income = next(a for a in found.attributions if a.feature == "income")
    assert income.low <= 2 * mean_gap(frame["income"].to_numpy()) <= income.high
    again = audit.explain(score, audit.read(frame, features=features, **ROLES), returns=0)
    assert again.to_dict() == found.to_dict()


def test_polars_and_pandas_rows_are_explained_alike() -> None:
    """The frame's library changes no number."""
    polars = pytest.importorskip("polars")
    model = histograms().fit(FRAME[NUMBERS].to_numpy(), TARGET)
    columns = [*NUMBERS, "sex", "default"]

    def risk(rows: Any) -> Any:
        return model.predict_proba(rows.to_numpy())[:, 1]

    told = {"features": NUMBERS, **ROLES}
    one = audit.explain(risk, audit.read(FRAME[columns], **told), returns=1)
    other = audit.explain(risk, audit.read(polars.from_pandas(FRAME[columns]), **told), returns=1)
    assert one.to_dict()["gaps"] == other.to_dict()["gaps"]


def test_boosters_without_classes_say_which_outcome_they_speak_for() -> None:
    """`returns` turns a booster's margin: the sign of the gap follows the applicant's good."""
    module = pytest.importorskip("xgboost")
    data = module.DMatrix(FRAME[NUMBERS], label=TARGET)
    booster = module.train({"objective": "binary:logistic", "nthread": 1}, data, 10)
    found = audit.explain(booster, audit.read(FRAME, features=NUMBERS, **ROLES), returns=1)
    assert (found.scale, found.method) == ("log-odds", "interventional tree SHAP")
    assert found.gap == pytest.approx(
        -mean_gap(booster.predict(data, output_margin=True)), abs=1e-4
    )
