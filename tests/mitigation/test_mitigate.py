"""`audit.mitigate`: one comparison, judged on the same people; nothing fails silently."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

import audit
from audit.mitigation.deciders import Cut, Decider, Grouping, Plain, draws
from audit.mitigation.fitting import NotFittedError, folds
from audit.mitigation.methods import catalogue, chosen
from audit.mitigation.people import people
from audit.mitigation.task import Task, Where, baseline_scores

TOLD: dict[str, Any] = {
    "protected": "sex", "outcome": "paid", "favorable": 1, "reference": {"sex": "m"},
}  # fmt: skip
FEATURES = ["income", "area", "debt"]
FAST = ["unawareness", "reweighing", "massaging", "class_weights"]


def loans(seed: int, size: int = 2_000, gap: float = 1.2) -> pd.DataFrame:
    """Past decisions were harder on women; area tells the sex."""
    rng = np.random.default_rng(seed)
    sex = rng.choice(["f", "m"], size)
    income = rng.normal(0, 1, size)
    area = (sex == "m") + rng.normal(0, 0.6, size)
    debt = rng.normal(0, 1, size)
    paid = 1.5 * income - debt + gap * (sex == "m") + rng.normal(0, 1.5, size) > 0.3
    return pd.DataFrame(
        {"sex": sex, "income": income, "area": area, "debt": debt, "paid": paid.astype(int)}
    )


def compare(methods: Any = tuple(FAST), **more: Any) -> Any:
    told = {**TOLD, "features": FEATURES, **more}
    return audit.mitigate(LogisticRegression(), loans(0), loans(1), methods=methods, **told)


def test_the_comparison_says_what_each_candidate_gains_and_costs() -> None:
    """A planted gap is narrowed by reweighing, which is recommended with its reasons."""
    found = compare(approval_rate=0.6)
    assert found.baseline.name == "baseline"
    assert (found.attribute, found.group, found.reference) == ("sex", ("f",), ("m",))
    best = found["reweighing"]
    assert best.gap_change.high < 0
    assert best.verdict in ("fairer", "fairer at a cost")
    assert {c.name for c in found.frontier} <= {c.name for c in found}
    assert "unawareness" not in found  # sex is no feature
    assert "no protected" in next(u.reason for u in found.unavailable if u.name == "unawareness")
    for c in found:
        approved = c.estimator.decide(loans(1)[FEATURES]).mean()
        assert c.measures["approval_rate"].value == pytest.approx(approved)
        assert approved == pytest.approx(0.6, abs=0.04)


def test_numbers_are_those_of_an_audit_of_the_same_decisions() -> None:
    """The candidate's estimator, given to `audit.run`, gives the ratio and limits told."""
    found = compare(["reweighing"])
    for c in found:
        result = audit.run(loans(1), model=c.estimator, **{**TOLD, "features": FEATURES})
        theirs = result.estimates.where(
            metric="disparate_impact_ratio", attribute=("sex",), group=("f",)
        )[0]
        ours = next(e for e in c.estimates if e["metric"] == "disparate_impact_ratio")
        assert (ours["value"], ours["low"], ours["high"]) == pytest.approx(
            (theirs.value, theirs.low, theirs.high)
        )
        assert c.disparity.value == pytest.approx(1 - min(theirs.value, 1 / theirs.value))


def test_who_changes_adds_up() -> None:
    """Gains less losses are the difference of approvals."""
    found = compare(["reweighing"], approval_rate=0.6)
    before, after = (c.estimator.decide(loans(1)[FEATURES]) for c in found)
    told = found["reweighing"].changed["groups"]
    for entry, own in zip(
        [g for g in told if g["outcome"] == "all"],
        [np.ones(2_000, bool), *(loans(1).sex == s for s in ("f", "m"))],
        strict=True,
    ):
        assert entry["gained"] == int((~before & after & own).sum())
        assert entry["lost"] == int((before & ~after & own).sum())


def test_without_a_gap_nothing_is_recommended() -> None:
    """And the reason says so."""
    rng = np.random.default_rng(4)
    train, test = (loans(s) for s in (2, 3))
    for frame in (train, test):
        frame[FEATURES] = rng.permuted(frame[FEATURES].to_numpy(), axis=0)
    found = audit.mitigate(
        LogisticRegression(), train, test, methods=FAST, features=FEATURES, approval_rate=0.6,
        **TOLD,
    )  # fmt: skip
    assert found.recommendation is None
    assert "none is recommended" in found.summary()


def test_it_is_the_same_twice_and_goes_into_json() -> None:
    """Deterministic; plain values without estimators."""
    one, two = (json.dumps(compare(["reweighing"]).to_dict(), sort_keys=True) for _ in range(2))
    assert one == two
    assert "estimator" not in json.loads(one)["candidates"][0]
    frame = compare(["reweighing"]).to_frame()
    assert list(frame["name"]) == ["baseline", "reweighing"]


@pytest.mark.slow
def test_methods_that_read_the_group_are_off_unless_asked() -> None:
    """And labelled where they run."""
    key = "equalized_odds_postprocessing"
    off = {u.name: u.reason for u in compare(None, group_at_decision=False).unavailable}
    assert "off by default" in off[key]
    named = compare([key])[key]
    assert named.needs_group_at_decision
    assert "sex" in named.estimator.columns
    needs = {m.key for m in catalogue() if m.needs_group_at_decision}
    assert key in needs
    assert {k for k, reason in off.items() if "off by default" in reason} == needs
    assert not chosen(None)[1]


class Stuck(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Learns only with weights of 1; with others it raises."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Stuck:
        if sample_weight is not None:
            raise ZeroDivisionError("weights")
        self.classes_ = np.unique(y)
        self.inner = LogisticRegression().fit(X, y)
        return self

    def predict_proba(self, X: Any) -> Any:
        return self.inner.predict_proba(X)

    def predict(self, X: Any) -> Any:
        return self.inner.predict(X)


def test_what_fails_is_listed_with_its_reason() -> None:
    """Training that raises, and an estimator that takes no weights."""
    found = audit.mitigate(
        Stuck(), loans(0), loans(1), methods=["reweighing"], features=FEATURES, **TOLD
    )
    assert [c.name for c in found] == ["baseline"]
    assert "ZeroDivisionError: weights" in found.unavailable[0].reason
    with pytest.raises(audit.InputError, match=r"MIT020.*ZeroDivisionError"):
        found["reweighing"]


@pytest.mark.parametrize(
    ("code", "more"),
    [
        ("MIT001", {"train": None}),
        ("MIT008", {"attribute": "sexx"}),
        ("MIT010", {"estimator": 3}),
        ("MIT010", {"estimator": LogisticRegression}),
        ("MIT011", {"metric": "auc"}),
        ("MIT012", {"methods": ["reweihing"]}),
        ("MIT012", {"methods": 3}),
        ("MIT014", {"cutoff": 1e-9}),
        ("MIT015", {"utility": "happiness"}),
        ("MIT015", {"utility": "profit"}),
        ("MIT201", {"costs": (1,)}),
        ("MIT016", {"cutoff": 3}),
        ("MIT016", {"cutoff": 0.3, "approval_rate": 0.3}),
        ("MIT017", {"settings": {"rewaying": {}}}),
        ("RUN004", {"aproval_rate": 0.3}),
        ("TBL001", {"features": ["incom"]}),
    ],
)
def test_bad_input_is_named(code: str, more: dict[str, Any]) -> None:
    """A code, the argument, the remedy."""
    told: dict[str, Any] = {
        "estimator": LogisticRegression(), "train": loans(0), "test": loans(1),
        "methods": ["reweighing"], "features": FEATURES, **TOLD, **more,
    }  # fmt: skip
    with pytest.raises(audit.InputError, match=code):
        audit.mitigate(told.pop("estimator"), told.pop("train"), told.pop("test"), **told)


def test_tables_that_do_not_go_together_are_refused() -> None:
    """Other features, other attributes, no outcome, one outcome, an engine's rows."""
    good = audit.read(loans(0), **TOLD, features=FEATURES)
    other = audit.read(loans(1), **TOLD, features=["income"])
    with pytest.raises(audit.InputError, match="MIT009"):
        audit.mitigate(LogisticRegression(), good, other)
    bare = audit.read(loans(1), protected="sex", features=FEATURES)
    with pytest.raises(audit.InputError, match="MIT005"):
        audit.mitigate(LogisticRegression(), good, bare)
    one = loans(1).assign(paid=1)
    with pytest.raises(audit.InputError, match="MIT006"):
        audit.mitigate(LogisticRegression(), good, audit.read(one, **TOLD, features=FEATURES))


def test_text_and_gaps_are_prepared_for_a_bare_estimator() -> None:
    """Text one-hot, gaps by the median; a tree takes gaps itself."""
    frames = [loans(s).assign(kind=np.where(np.arange(2_000) % 3, "a", "b")) for s in (0, 1)]
    for frame in frames:
        frame.loc[::7, "debt"] = np.nan
    for estimator in (LogisticRegression(), DecisionTreeClassifier(max_depth=4)):
        found = audit.mitigate(
            estimator, *frames, methods=["reweighing"], features=[*FEATURES, "kind"], **TOLD
        )
        assert len(found) == 2


def test_a_cut_off_on_the_unfavourable_chance_is_the_one_applied() -> None:
    """Approved are those with P(unfavourable) strictly below it, as `audit.run` decides."""
    where = Where(cutoff=0.25)
    scores = np.array([0.76, 0.75, 0.74])
    assert (scores >= where.at(scores, np.ones(3))).tolist() == [True, False, False]
    assert Where(approval_rate=2 / 3).at(scores, np.ones(3)) == 0.75
    assert Where(approval_rate=0.5).at(np.array([0.9, 0.5, 0.5, 0.1]), np.ones(4)) == 0.5


def test_a_decider_is_a_classifier_that_stays_as_it_is() -> None:
    """Copies are itself, classes are the caller's, equal rows draw equal lots."""
    frame = loans(0)
    model = LogisticRegression().fit(frame[FEATURES], frame.paid)
    decider = Decider(Plain(model, tuple(FEATURES), 1), Cut(0.5), (0, 1), tuple(FEATURES))
    assert clone(decider) is decider
    assert (decider.predict(frame) == model.predict(frame[FEATURES])).mean() > 0.999
    assert np.allclose(decider.predict_proba(frame), model.predict_proba(frame[FEATURES]))
    assert decider.predict(frame[FEATURES].to_numpy()).tolist() == decider.predict(frame).tolist()
    with pytest.raises(ValueError, match="income"):
        decider.predict(frame[["debt"]])
    lots = draws(frame[FEATURES], 0)
    assert 0.47 < lots.mean() < 0.53
    assert np.corrcoef(lots, draws(frame[FEATURES], 1))[0, 1] == pytest.approx(0, abs=0.08)


def test_a_grouping_reads_levels_and_bins() -> None:
    """Unseen and missing values are −1, or the missing level."""
    bins = Grouping("age", (26.0,), ("(-inf, 26)", "[26, inf)", None))
    assert bins.codes(pd.DataFrame({"age": [20, 26, None]})).tolist() == [0, 1, 2]
    named = Grouping("sex", None, ("f", "m"))
    assert named.codes(pd.DataFrame({"sex": ["m", "x", None]})).tolist() == [1, -1, -1]


def test_a_repeated_applicant_is_never_scored_by_a_model_that_saw_them() -> None:
    """All rows of one are in one part; everyone is scored once; two applicants are too few."""
    rng = np.random.default_rng(0)
    outcome, codes = rng.integers(0, 2, 300), rng.integers(0, 2, 300)
    applicant = np.repeat(np.arange(60), 5)
    held = []
    for train, scored in folds(outcome, codes, 0, applicant):
        assert not set(applicant[train]) & set(applicant[scored])
        held += scored.tolist()
    assert sorted(held) == list(range(300))
    with pytest.raises(NotFittedError, match="fewer than 3 applicants"):
        next(iter(folds(outcome, codes, 0, applicant // 30)))


def test_the_cut_off_of_repeated_applicants_is_found_on_rows_nobody_saw() -> None:
    """A tree that remembers every row ranks copies at random once their twins are held out too."""
    one = loans(0, 300).assign(noise=np.random.default_rng(1).normal(size=300))
    one["paid"] = np.random.default_rng(2).integers(0, 2, 300)
    twice = pd.concat([one, one], ignore_index=True).assign(who=[*range(300)] * 2)
    told: dict[str, Any] = {**TOLD, "features": ["noise"], "cluster": "who"}
    who = people(audit.read(twice, **told), "train")
    task = Task(estimator=DecisionTreeClassifier(random_state=0), train=who, attribute="sex",
                where=Where())  # fmt: skip
    assert roc_auc_score(who.outcome, baseline_scores(task)) < 0.65
