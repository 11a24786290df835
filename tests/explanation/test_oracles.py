"""Values beside those worked by hand and by shap."""

import math
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pytest

import audit
from audit.explanation.sampled import FEW, shapley
from explanation.credit import MIXED, NUMBERS, ROLES, applicants

FRAME = applicants()


def test_linear_parts_by_hand() -> None:
    """coef × difference of means: P(repaid) = σ(2a − b); means of a .5 v 1, of b 3 v 1."""
    from sklearn.linear_model import LogisticRegression

    frame = pd.DataFrame({"sex": list("ffmm"), "a": [0, 1, 1, 1], "b": [4, 2, 0, 2]})
    model = LogisticRegression()
    model.classes_ = np.array([0, 1])
    model.coef_, model.intercept_ = np.array([[2.0, -1.0]]), np.array([0.3])
    model.feature_names_in_ = np.array(["a", "b"], object)
    frame["repaid"] = [0, 1, 1, 0]
    table = audit.read(
        frame, protected="sex", outcome="repaid", favorable=1, reference={"sex": "m"}
    )
    found = audit.explain(model, table)
    assert found.gap == pytest.approx(-3.0)
    assert [(a.feature, round(a.value, 12)) for a in found.attributions] == [("b", -2), ("a", -1)]
    # Welch by hand: a varies by .5 among women (4 = 1 pooled half), not among men: df = 1
    a = found.attributions[1]
    assert a.high - a.value == pytest.approx(12.706204736 * 2 * math.sqrt(0.5 / 2))
    turned = audit.read(
        frame, protected="sex", outcome="repaid", favorable=0, reference={"sex": "m"}
    )
    assert audit.explain(model, turned).gap == pytest.approx(3.0)


def test_gap_interval_is_welchs() -> None:
    """The interval of a gap is scipy's for the two groups' scores."""
    from scipy.stats import ttest_ind
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=2000).fit(FRAME[NUMBERS], FRAME["default"])
    found = audit.explain(model, audit.read(FRAME, features=NUMBERS, **ROLES), level=0.9)
    score = -model.decision_function(FRAME[NUMBERS])
    women = (FRAME["sex"] == "f").to_numpy()
    limits = ttest_ind(score[women], score[~women], equal_var=False).confidence_interval(0.9)
    assert (found.gaps[0].low, found.gaps[0].high) == pytest.approx(tuple(limits))


def test_linear_values_are_shaps() -> None:
    """shap.LinearExplainer with the reference group as background gives the same parts."""
    shap = pytest.importorskip("shap")
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=2000).fit(FRAME[NUMBERS], FRAME["default"])
    found = audit.explain(model, audit.read(FRAME, features=NUMBERS, **ROLES))
    women = (FRAME["sex"] == "f").to_numpy()
    men = FRAME[NUMBERS][~women]
    masker = shap.maskers.Independent(men, max_samples=len(men))
    values = -shap.LinearExplainer(model, masker).shap_values(FRAME[NUMBERS])
    wanted = values[women].mean(axis=0) - values[~women].mean(axis=0)
    parts = {a.feature: a.value for a in found.attributions}
    assert [parts[n] for n in NUMBERS] == pytest.approx(wanted.tolist(), abs=1e-9)


def test_tree_values_are_shaps() -> None:
    """shap.TreeExplainer, interventional, with all rows of the reference as background."""
    shap = pytest.importorskip("shap")
    from sklearn.ensemble import GradientBoostingClassifier

    model = GradientBoostingClassifier(n_estimators=10, random_state=0)
    model.fit(FRAME[NUMBERS], FRAME["default"])
    found = audit.explain(model, audit.read(FRAME, features=NUMBERS, **ROLES))
    women = (FRAME["sex"] == "f").to_numpy()
    men = FRAME[NUMBERS].to_numpy()[~women]
    explainer = shap.TreeExplainer(
        model,
        shap.maskers.Independent(men, max_samples=len(men)),
        feature_perturbation="interventional",
    )
    values = -explainer.shap_values(FRAME[NUMBERS].to_numpy(), check_additivity=False)
    wanted = values[women].mean(axis=0) - values[~women].mean(axis=0)
    parts = {a.feature: a.value for a in found.attributions}
    assert [parts[n] for n in NUMBERS] == pytest.approx(wanted.tolist(), abs=1e-6)


def nonlinear(x: Any) -> Any:
    x = np.asarray(x, np.float64)
    return x[:, 0] * x[:, 1] + np.sin(x[:, 2]) - x[:, 0] * x[:, 2]


def test_exact_values_are_shaps() -> None:
    """shap.ExactExplainer over the same background, to rounding."""
    shap = pytest.importorskip("shap")
    data = np.random.default_rng(0).normal(size=(40, 3))
    frame = nw.from_native(pd.DataFrame(data, columns=["a", "b", "c"]))
    rows, background = np.arange(10), np.arange(10, 40)
    found, base = shapley(lambda r: nonlinear(r.to_numpy()), frame, rows, background)
    masker = shap.maskers.Independent(data[10:], max_samples=30)
    wanted = shap.explainers.Exact(nonlinear, masker)(data[:10])
    assert found == pytest.approx(wanted.values, abs=1e-9)
    assert base == pytest.approx(float(wanted.base_values[0]))


def test_walks_come_near_exact_values_and_add_up() -> None:
    """Beyond eight features: additive to rounding, near the exact values, the same each time."""
    d = FEW + 2
    data = np.random.default_rng(0).normal(size=(60, d))
    frame = nw.from_native(pd.DataFrame(data).add_prefix("x"))
    rows, background = np.arange(10), np.arange(10, 60)

    def score(r: Any) -> Any:
        x = r.to_numpy()
        return nonlinear(x) + x[:, 3:].sum(axis=1)

    found, base = shapley(score, frame, rows, background, seed=3)
    assert found.sum(axis=1) + base == pytest.approx(score(frame)[:10], abs=1e-12)
    three = nw.from_native(pd.DataFrame(data[:, :3]).add_prefix("x"))
    exact, _ = shapley(lambda r: nonlinear(r.to_numpy()), three, rows, background)
    assert found[:, :3] == pytest.approx(exact, abs=0.25)
    assert np.abs(found[:, :3] - exact).mean() < 0.06
    assert found[:, 3:] == pytest.approx(data[:10, 3:] - data[10:, 3:].mean(axis=0), abs=1e-9)
    assert (shapley(score, frame, rows, background, seed=3)[0] == found).all()


def test_background_weights_are_frequencies() -> None:
    """A background row of weight 2 is two rows."""
    data = np.random.default_rng(0).normal(size=(9, 3))
    frame = nw.from_native(pd.DataFrame(data, columns=["a", "b", "c"]))

    def function(r: Any) -> Any:
        return nonlinear(r.to_numpy())

    rows, background = np.arange(4), np.arange(4, 9)
    weighted, base = shapley(function, frame, rows, background, np.array([2.0, 1, 1, 1, 1]))
    repeated, again = shapley(function, frame, rows, np.array([4, 4, 5, 6, 7, 8]))
    assert weighted == pytest.approx(repeated)
    assert base == pytest.approx(again)


def test_one_hot_columns_move_together() -> None:
    """A pipeline's parts are those of its source columns, by brute force over them."""
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    encoder = make_column_transformer((OneHotEncoder(), ["job"]), remainder="passthrough")
    model = make_pipeline(encoder, GradientBoostingClassifier(n_estimators=10, random_state=0))
    small = FRAME.iloc[:60]
    model.fit(small[MIXED], small["default"])
    found = audit.explain(model, audit.read(small, features=MIXED, **ROLES))
    assert found.method == "interventional tree SHAP"
    men = np.flatnonzero((small["sex"] == "m").to_numpy())
    values, _ = shapley(
        lambda r: -model.decision_function(r.to_native()),
        nw.from_native(small[MIXED]),
        np.arange(60),
        men,
    )
    women = (small["sex"] == "f").to_numpy()
    wanted = values[women].mean(axis=0) - values[~women].mean(axis=0)
    parts = {a.feature: a.value for a in found.attributions}
    assert [parts[n] for n in MIXED] == pytest.approx(wanted.tolist(), abs=1e-9)
