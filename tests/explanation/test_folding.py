"""Transformed columns are folded back to the source that they follow, or to none."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    SplineTransformer,
    StandardScaler,
)

import audit
from explanation.credit import MIXED, ROLES, applicants

FRAME = applicants(300)
FRAME.loc[::7, "age"] = np.nan
FRAME.loc[5, "job"] = "astronaut"  # one row in 300: a sample of rows may miss it
NUMERIC = ["income", "age", "late"]


def ratio(rows: Any) -> Any:
    return np.column_stack([np.asarray(rows)[:, 0] / (1 + np.asarray(rows)[:, 1])])


def centred(rows: Any) -> Any:
    return np.asarray(rows) - np.asarray(rows).mean(axis=0)


SEPARATE = {
    "sparse one-hot": make_column_transformer(
        (OneHotEncoder(sparse_output=True), ["job"]),
        (SimpleImputer(add_indicator=True), ["age"]),
        remainder="passthrough",
        sparse_threshold=1.0,
    ),
    "nested": ColumnTransformer(
        [
            ("n", make_pipeline(SimpleImputer(), StandardScaler()), NUMERIC),
            ("c", make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()), ["job"]),
        ]
    ),
    "pandas output": make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["job"]),
        (SimpleImputer(), ["age"]),
        remainder="passthrough",
    ).set_output(transform="pandas"),
    "union": make_column_transformer(
        (
            make_pipeline(
                SimpleImputer(),
                FeatureUnion(
                    [
                        ("s", SplineTransformer(n_knots=4)),
                        ("b", KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf")),
                    ]
                ),
            ),
            ["income", "age"],
        ),
        (OrdinalEncoder(encoded_missing_value=-1), ["job"]),
    ),
    "function": make_column_transformer(
        (FunctionTransformer(np.log1p), ["income"]), (StandardScaler(), ["late"])
    ),
}


@pytest.mark.parametrize("name", SEPARATE)
def test_transformers_that_keep_sources_apart_are_folded(name: str) -> None:
    """Linear SHAP on the transformed matrix, one part a source; a dropped source has part 0."""
    model = make_pipeline(SEPARATE[name], LogisticRegression(max_iter=3000))
    model.fit(FRAME[MIXED], FRAME["default"])
    found = audit.explain(model, audit.read(FRAME, features=MIXED, **ROLES))
    assert found.method == "linear SHAP"
    parts = {a.feature: a.value for a in found.attributions}
    assert set(parts) == set(MIXED)
    assert sum(parts.values()) == pytest.approx(found.gap, abs=1e-9)
    # a logistic score is additive in its sources, so each part is a difference of means
    women = (FRAME["sex"] == "f").to_numpy()
    for feature in MIXED:
        fixed = FRAME[MIXED].copy()
        for other in set(MIXED) - {feature}:
            fixed[other] = FRAME[other].iloc[0]
        alone = -model.decision_function(fixed.astype(FRAME[MIXED].dtypes))
        wanted = alone[women].mean() - alone[~women].mean()
        assert parts[feature] == pytest.approx(wanted, abs=1e-9)
    if name == "function":
        assert parts["age"] == parts["job"] == 0


MIXING = {
    "components": make_pipeline(SimpleImputer(), PCA(2)),
    "interactions": make_pipeline(SimpleImputer(), PolynomialFeatures(2), StandardScaler()),
    "neighbours": KNNImputer(n_neighbors=3),
    "ratio": make_pipeline(SimpleImputer(), FunctionTransformer(ratio)),
}


@pytest.mark.parametrize("name", MIXING)
def test_transformers_that_mix_sources_are_sampled(name: str) -> None:
    """A column made of several sources has no owner: the model is asked about mixtures."""
    model = make_pipeline(MIXING[name], LogisticRegression(max_iter=3000))
    model.fit(FRAME[NUMERIC], FRAME["default"])
    found = audit.explain(model, audit.read(FRAME, features=NUMERIC, **ROLES))
    assert found.method == "exact SHAP"
    assert any("several source columns" in note for note in found.notes)
    assert sum(a.value for a in found.attributions) == pytest.approx(found.gap, abs=1e-9)


def test_a_model_that_reads_other_rows_is_refused() -> None:
    """A transformer that centres the rows it is given makes a score no row has by itself."""
    frame = FRAME.assign(age=FRAME["age"].fillna(40.0))
    model = make_pipeline(FunctionTransformer(centred), LogisticRegression())
    model.fit(frame[NUMERIC], frame["default"])
    with pytest.raises(audit.InputError, match="when other rows stand beside it") as caught:
        audit.explain(model, audit.read(frame, features=NUMERIC, **ROLES))
    assert caught.value.code == "EXP007"


def test_natively_categorical_trees_behind_a_pandas_pipeline() -> None:
    """Categories pass through a pipeline with pandas output as they are."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    frame = FRAME.assign(job=FRAME["job"].astype("category"))
    scale = make_column_transformer((StandardScaler(), ["income"]), remainder="passthrough")
    model = make_pipeline(
        scale.set_output(transform="pandas"),
        HistGradientBoostingClassifier(max_iter=10, categorical_features="from_dtype"),
    )
    model.fit(frame[MIXED], frame["default"])
    found = audit.explain(model, audit.read(frame, features=MIXED, **ROLES))
    assert found.method == "interventional tree SHAP"
    score = -pd.Series(model.decision_function(frame[MIXED]))
    women = frame["sex"] == "f"
    assert found.gap == pytest.approx(score[women].mean() - score[~women].mean(), abs=1e-9)
