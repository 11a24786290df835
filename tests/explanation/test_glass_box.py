"""A model's own terms beside SHAP: by hand for linear models, against interpret for its EBM."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, StandardScaler

import audit
from audit.explanation.scorecard import Scorecard
from explanation import credit

FRAME = credit.applicants(400)
WOMEN = (FRAME["sex"] == "f").to_numpy()


def explained(model: Any, columns: list[str], **told: Any) -> Any:
    table = audit.read(FRAME, features=columns, **credit.ROLES)
    return audit.explain(model, table, thorough=False, **told)


def test_a_logistic_regressions_terms_are_coefficient_times_difference_of_means() -> None:
    """By hand from the pipeline's scaler and coefficients; parts sum to the gap."""
    model = make_pipeline(StandardScaler(), LogisticRegression())
    model.fit(FRAME[credit.NUMBERS], FRAME["default"])
    found = explained(model, credit.NUMBERS)
    box = found.more["glass_box"]
    assert (box["kind"], box["scale"]) == ("logistic regression", "log-odds")
    means = FRAME[credit.NUMBERS]
    apart = (means[WOMEN].mean() - means[~WOMEN].mean()) / model[0].scale_
    own = {t["feature"]: t["own"] for t in box["terms"]}
    for name, coefficient in zip(credit.NUMBERS, model[-1].coef_[0], strict=True):
        assert own[name] == pytest.approx(-coefficient * apart[name])
    assert sum(own.values()) == pytest.approx(found.gap, abs=1e-12)
    assert all(t["agrees"] for t in box["terms"])
    assert "agree on every feature" in box["statement"]
    (income,) = [t["term"] for t in box["terms"] if t["feature"] == "income"]
    slope = -model[-1].coef_[0][0] / model[0].scale_[0]
    assert income.startswith(f"{slope * FRAME['income'].std():+.3g} a standard deviation")


def test_a_scorecard_of_bins_is_a_pipeline() -> None:
    """Binned columns are folded back to their source; each term has its ends."""
    bins = KBinsDiscretizer(3, encode="onehot", quantile_method="averaged_inverted_cdf")
    model = make_pipeline(bins, LogisticRegression()).fit(
        FRAME[["income", "age"]], FRAME["default"]
    )
    found = explained(model, ["income", "age"])
    terms = found.more["glass_box"]["terms"]
    assert sum(t["own"] for t in terms) == pytest.approx(found.gap, abs=1e-9)
    assert any(t["term"].startswith("from ") for t in terms)


CARD = Scorecard(
    points={
        "income": [((None, 1.0), 0), ((1.0, 2.5), 20), ((2.5, None), 45)],
        "job": [("boss", 30), ("cook", 10), ("clerk", 12), (None, 0)],
    },
    base=500,
)


def test_a_scorecards_points_stand_beside_shap() -> None:
    """Points by hand; the model is called, so SHAP knows nothing of its table."""
    found = explained(CARD, ["income", "job"], returns=0)
    box = found.more["glass_box"]
    points = {
        "income": np.select([FRAME["income"] < 1, FRAME["income"] < 2.5], [0, 20], 45),
        "job": FRAME["job"].map({"boss": 30, "cook": 10, "clerk": 12}).fillna(0).to_numpy(),
    }
    for term in box["terms"]:
        own = points[term["feature"]]
        assert term["own"] == pytest.approx(own[WOMEN].mean() - own[~WOMEN].mean())
        assert term["shap"] == pytest.approx(term["own"])
    assert box["kind"] == "scorecard"
    assert "boss +" in next(t["term"] for t in box["terms"] if t["feature"] == "job")


def test_a_value_without_points_is_refused() -> None:
    """EXP311 names the feature, the value and the first row."""
    with pytest.raises(audit.InputError, match="'baker' of job has no points") as caught:
        CARD(pd.DataFrame({"income": [1.0, 2.0], "job": ["boss", "baker"]}))
    assert (caught.value.code, caught.value.first) == ("EXP311", 1)


def boosting(**told: Any) -> Any:
    from interpret.glassbox import ExplainableBoostingClassifier

    made = ExplainableBoostingClassifier(max_rounds=60, n_jobs=1, outer_bags=2, **told)
    return made.fit(FRAME[credit.NUMBERS], FRAME["default"])


def local(model: Any) -> tuple[list[str], Any]:
    """Terms of every row, by interpret's own explain_local."""
    told = model.explain_local(FRAME[credit.NUMBERS])
    rows = [told.data(i) for i in range(len(FRAME))]
    return rows[0]["names"], np.array([r["scores"] for r in rows], dtype=float)


def test_an_ebms_terms_are_those_of_explain_local() -> None:
    """Group mean less reference mean of what interpret says; exact without interactions."""
    pytest.importorskip("interpret")
    model = boosting(interactions=0)
    found = explained(model, credit.NUMBERS)
    box = found.more["glass_box"]
    names, scores = local(model)
    own = {t["feature"]: t["own"] for t in box["terms"]}
    for j, name in enumerate(names):
        apart = scores[WOMEN, j].mean() - scores[~WOMEN, j].mean()
        assert own[name] == pytest.approx(-apart, abs=1e-9)
    assert sum(own.values()) == pytest.approx(found.gap, abs=1e-6)
    assert all(t["agrees"] for t in box["terms"])
    assert box["kind"] == "explainable boosting machine"


def test_an_ebms_interactions_are_rows_of_their_own_and_split_evenly() -> None:
    """Half of a pair's part is put on each of its two features; the sum stays the gap."""
    pytest.importorskip("interpret")
    model = boosting(interactions=[("income", "age")])
    found = explained(model, credit.NUMBERS)
    box = found.more["glass_box"]
    _, scores = local(model)
    apart = -(scores[WOMEN].mean(axis=0) - scores[~WOMEN].mean(axis=0))
    (pair,) = box["interactions"]
    assert pair["features"] == ("income", "age")
    assert pair["own"] == pytest.approx(apart[3], abs=1e-9)
    own = {t["feature"]: t["own"] for t in box["terms"]}
    assert own["income"] == pytest.approx(apart[0] + apart[3] / 2, abs=1e-9)
    assert own["late"] == pytest.approx(apart[2], abs=1e-9)
    assert sum(own.values()) == pytest.approx(found.gap, abs=1e-6)


def test_other_models_have_no_terms_of_their_own() -> None:
    """Trees that are added up are not read as terms."""
    model = GradientBoostingClassifier(n_estimators=5).fit(FRAME[credit.NUMBERS], FRAME["default"])
    assert "glass_box" not in explained(model, credit.NUMBERS).more


def test_terms_on_another_scale_are_not_compared() -> None:
    """EXP310 stands among what is unavailable: log-odds do not add up in probability."""
    model = LogisticRegression().fit(FRAME[credit.NUMBERS], FRAME["default"])
    found = explained(model, credit.NUMBERS, scale="probability")
    assert "glass_box" not in found.more or found.more["glass_box"]["scale"] == found.scale
