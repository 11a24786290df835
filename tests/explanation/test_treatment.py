"""Treatment and impact are told apart, and unawareness is shown for what it is."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn.metrics
from scipy import stats
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from statsmodels.stats.proportion import proportion_confint  # type: ignore[import-untyped]

import audit
from audit.errors import InputError
from audit.explanation.applicants import Applicants, applicants
from audit.explanation.correlations import correlations, cramers_v, leaks
from audit.explanation.proxies import measure_proxies
from audit.explanation.record import Treatment
from audit.explanation.scored import Scored, scored
from audit.explanation.treatment import treatment_of
from audit.explanation.unawareness import unawareness
from audit.table.modelled import read_source

N = 3000


def people(seed: int = 0) -> pd.DataFrame:
    """Income differs by sex and drives repayment; `nest` goes with sex, `noise` with nothing."""
    rng = np.random.default_rng(seed)
    man = rng.random(N) < 0.5
    income = rng.normal(size=N) + 1.0 * man
    paid = rng.random(N) < 1 / (1 + np.exp(-1.5 * (income - 0.5)))
    return pd.DataFrame(
        {
            "sex": np.where(man, "m", "f"),
            "age": rng.integers(18, 80, N),
            "income": income,
            "nest": np.where(rng.random(N) < 0.85, man, ~man) * 1.0,
            "noise": rng.normal(size=N),
            "paid": paid.astype(int),
        }
    )


def read_with(
    frame: Any, model: Any, features: Sequence[str], protected: Any = "sex", **more: Any
) -> tuple[Scored, Applicants]:
    roles: Mapping[str, Any] = {
        "protected": protected,
        "outcome": "paid",
        "favorable": 1,
        "features": list(features),
        "reference": {"sex": "m"} if protected == "sex" else None,
        "cutoff": 0.5,
        **more,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = read_source(frame, model, None, roles)
    who = applicants(model, table)
    return scored(model, who), who


def pipeline(frame: pd.DataFrame, text: Sequence[str], numbers: Sequence[str]) -> Any:
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(), list(text)), (StandardScaler(), list(numbers))),
        LogisticRegression(),
    )
    return model.fit(frame[[*text, *numbers]], frame["paid"])


def treated(frame: pd.DataFrame, model: Any, features: Sequence[str], **more: Any) -> Treatment:
    found, who = read_with(frame, model, features, **more)
    told = measure_proxies(who.table, features)
    (treatment,) = treatment_of(found, who, strengths=told.strengths)
    return treatment


def test_a_flip_counts_the_decisions_that_change() -> None:
    """By hand: the same rows with the other sex, decided by the same cut-off; Wilson's limits."""
    frame = people()
    model = pipeline(frame, ["sex"], ["income"])
    treatment = treated(frame, model, ["sex", "income"])
    assert treatment.is_input
    women = frame[frame["sex"] == "f"][["sex", "income"]]
    was = 1 - model.predict_proba(women)[:, 1] < 0.5
    now = 1 - model.predict_proba(women.assign(sex="m"))[:, 1] < 0.5
    (flip,) = [f for f in treatment.flips if dict(f.changes) == {"sex": "m"}]
    assert flip.rows == len(women)
    assert flip.changed == int((was != now).sum())
    assert flip.favored == int((~was & now).sum())
    low, high = proportion_confint(flip.changed, flip.rows, method="wilson")
    assert (flip.share, flip.low, flip.high) == pytest.approx((flip.changed / flip.rows, low, high))


def test_impact_without_treatment() -> None:
    """A model that never sees the attribute, but sees what goes with it."""
    frame = people()
    treatment = treated(frame, pipeline(frame, [], ["income"]), ["income"])
    assert not treatment.is_input
    assert treatment.flips == ()
    assert treatment.impact is True
    assert treatment.statement.startswith("Impact without treatment seen")
    assert "does not close it" in treatment.statement


def test_treatment_without_impact() -> None:
    """The attribute offsets what goes with it: decisions move, rates do not differ."""
    frame = people()
    rng = np.random.default_rng(3)
    frame["income"] = rng.normal(size=N)

    class Offset(LogisticRegression):  # type: ignore[misc]
        def predict_proba(self, X: Any) -> Any:
            good = 1 / (1 + np.exp(-(X["income"] + 0.4 * (X["group"] - 0.5))))
            return np.column_stack([1 - good, good])

    frame["group"] = rng.integers(0, 2, N)
    frame["income"] -= 0.4 * (frame["group"] - 0.5)
    model = Offset().fit(frame[["group", "income"]], frame["paid"])
    treatment = treated(frame, model, ["group", "income"], protected="group")
    assert treatment.impact is False
    assert sum(f.changed for f in treatment.flips) > 0
    assert treatment.statement.startswith("Treatment without impact seen")


def test_neither_is_said_with_care() -> None:
    """ "Not seen", never "none"."""
    frame = people()
    frame["sex"] = np.random.default_rng(5).permutation(frame["sex"])
    treatment = treated(frame, pipeline(frame, [], ["income"]), ["income"])
    assert treatment.statement.startswith("Neither treatment nor impact seen")
    assert "none" not in treatment.statement.lower()


def test_a_near_copy_is_treatment_that_cannot_be_flipped() -> None:
    """A column of 4 and 17 for women and men."""
    frame = people()
    frame["code"] = np.where(frame["sex"] == "m", 17, 4)
    model = LogisticRegression().fit(frame[["code", "income"]], frame["paid"])
    treatment = treated(frame, model, ["code", "income"])
    assert (treatment.is_input, treatment.copies) == (False, ("code",))
    assert treatment.statement.startswith("Impact and treatment seen")
    assert "cannot be flipped" in treatment.statement


@pytest.mark.parametrize("library", ["pandas", "polars", "categorical"])
def test_a_binned_age_is_set_to_the_median_of_its_bin(library: str) -> None:
    """In the column's own dtype, categories kept, whatever the frame."""
    frame = people()
    if library == "categorical":
        frame["sex"] = frame["sex"].astype("category")
    features = ["age", "income"] if library != "categorical" else ["sex", "income"]
    model = HistGradientBoostingClassifier(
        max_iter=20, categorical_features="from_dtype", random_state=0
    ).fit(frame[features], frame["paid"])
    if library == "categorical":
        treatment = treated(frame, model, features)
        assert {f.changes["sex"] for f in treatment.flips} == {"f", "m"}
        return
    source = frame if library == "pandas" else pl.from_pandas(frame)
    found, who = read_with(
        source, model, features, protected="age", bins={"age": [26, 62]}, reference=None
    )
    (treatment,) = treatment_of(found, who)
    young = np.sort(frame["age"][frame["age"] < 26])
    assert treatment.flips[0].changes == {"age": int(young[(len(young) - 1) // 2])}
    assert [f.rows for f in treatment.flips] == [
        int((frame["age"] >= 26).sum()),
        int(((frame["age"] < 26) | (frame["age"] >= 62)).sum()),
        int((frame["age"] < 62).sum()),
    ]


def test_without_a_cut_off_the_models_own_predict_decides() -> None:
    """And the statement says so; decisions of another column are met at the same approval rate."""
    frame = people()
    model = pipeline(frame, ["sex"], ["income"])
    told = treated(frame, model, ["sex", "income"], cutoff=None)
    assert "predict" in told.statement
    frame["ok"] = (np.random.default_rng(0).random(N) < 0.3).astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = audit.read(
            frame, protected="sex", outcome="paid", decision="ok", favorable=1,
            features=["sex", "income"],
        )  # fmt: skip
    who = applicants(model, table)
    (same_rate,) = treatment_of(scored(model, who), who)
    assert f"approve {100 * frame['ok'].mean():.1f} %" in same_rate.statement


def test_leaving_a_column_out_leaves_the_gap_its_proxies_carry() -> None:
    """Cross-fitted; at one approval rate; without proxies the gap and the accuracy are gone."""
    frame = people()
    features = ["sex", "income", "nest", "noise"]
    model = pipeline(frame, ["sex"], features[1:])
    found, who = read_with(frame, model, features)
    told = measure_proxies(who.table, features)
    (entry,) = unawareness(found, who, strengths=told.strengths)
    assert set(entry["proxies"]) == {"income", "nest"}
    with_it, without, bare = entry["variants"]
    assert abs(with_it["groups"][0]["approval_gap"]) > 0.2
    assert without["groups"][0]["approval_high"] < -0.2
    assert without["auc"] == pytest.approx(with_it["auc"], abs=0.02)
    assert bare["groups"][0]["approval_low"] < 0 < bare["groups"][0]["approval_high"]
    assert bare["auc"] < 0.6
    assert "did not close the gap" in entry["statement"]


def test_the_experiment_is_what_sklearn_gives() -> None:
    """The same halves, fitted by hand without the column: the same AUC."""
    frame = people(1)
    features = ["nest", "income"]
    model = LogisticRegression().fit(frame[features], frame["paid"])
    found, who = read_with(frame, model, features, protected="nest", reference=None)
    (entry,) = unawareness(found, who)
    half = np.zeros(N, dtype=bool)
    half[np.random.default_rng((0, 6)).permutation(N)[: N // 2]] = True
    scores = np.empty(N)
    for part in (half, ~half):
        own = LogisticRegression().fit(frame.loc[~part, ["income"]], frame.loc[~part, "paid"])
        scores[part] = own.predict_proba(frame.loc[part, ["income"]])[:, 1]
    wanted = sklearn.metrics.roc_auc_score(frame["paid"], scores)
    assert entry["variants"][1]["auc"] == pytest.approx(wanted, abs=2e-4)


@pytest.mark.parametrize("kind", ["callable", "few"])
def test_what_cannot_be_refitted_says_why(kind: str) -> None:
    """EXP101, never a number."""
    frame = people()
    model = LogisticRegression().fit(frame[["income"]], frame["paid"])
    if kind == "few":
        frame = frame.assign(paid=np.r_[np.ones(20), np.zeros(N - 20)].astype(int))
    found, who = read_with(frame, model, ["income"])
    if kind == "callable":
        from dataclasses import replace

        found = replace(found, model=lambda rows: rows)
    with pytest.raises(InputError, match="EXP101"):
        unawareness(found, who)


def test_correlations_are_scipys() -> None:
    """Point-biserial with Fisher's limits, the AUC, and Cramér's V corrected for chance."""
    frame = people()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = audit.read(frame, protected="sex", outcome="paid", favorable=1, score="income")
    scores, outcomes = correlations(table)
    woman = (frame["sex"] == "f").to_numpy()
    wanted = stats.pearsonr(woman * 1.0, frame["income"])
    own = scores["levels"][0]
    assert own["level"] == "f"
    assert own["r"] == pytest.approx(wanted.statistic)
    interval = wanted.confidence_interval(0.95)
    assert (own["low"], own["high"]) == pytest.approx((interval.low, interval.high))
    assert own["auc"] == pytest.approx(sklearn.metrics.roc_auc_score(woman, frame["income"]))
    cells = pd.crosstab(frame["sex"], frame["paid"]).to_numpy()
    chi = stats.chi2_contingency(cells, correction=False).statistic
    phi = max(chi / N - 1 / (N - 1), 0)
    assert outcomes["value"] == pytest.approx(math.sqrt(phi / (2 - 1 / (N - 1) - 1)))
    assert outcomes["low"] < outcomes["value"] < outcomes["high"]


def test_cramers_v_of_independence_is_about_zero() -> None:
    """And nan where there is one group or one answer."""
    assert float(cramers_v(np.array([[20.0, 30], [40, 60]]))) == 0
    assert math.isnan(float(cramers_v(np.array([[20.0, 30], [0, 0]]))))


def test_a_planted_leak_is_named_among_features() -> None:
    """As plain values, for an explanation."""
    frame = people()
    frame["recovered"] = np.where(frame["paid"] == 1, np.nan, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = audit.read(frame, protected="sex", outcome="paid", favorable=1)
    assert [(e["feature"], e["code"]) for e in leaks(table, ["income", "recovered"])] == [
        ("recovered", "TBL501")
    ]
