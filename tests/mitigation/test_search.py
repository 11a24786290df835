"""A search of alternatives finds what is there, nothing where nothing is, and resumes exactly."""

import builtins
import json

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

import audit
from audit.errors import InputError
from audit.mitigation.judging import Ask
from audit.mitigation.paired import disparity_metric
from audit.mitigation.saving import save
from audit.mitigation.search_log import FAILED, REPEATED, TRIED
from audit.mitigation.selecting import PRUDENT, Finalist, chance, gained, selected
from audit.table.model_file import read_model

FEATURES = ["income", "savings", "tenure"]
ROLES = {"protected": "age", "outcome": "paid", "favorable": 1, "features": FEATURES,
         "reference": {"age": "older"}}  # fmt: skip


def loans(rows=2400, seed=0):
    """Tenure tells the young and is of next to no use once income and savings are known."""
    rng = np.random.default_rng(seed)
    young = rng.random(rows) < 0.4
    income, savings = rng.normal(size=rows), rng.lognormal(0, 1.5, rows)
    tenure = rng.normal(size=rows) - 2.0 * young
    good = income + 0.8 * np.log(savings) + 0.3 * tenure + rng.normal(size=rows) > -1.2
    age = np.where(young, "young", "older")
    return pd.DataFrame(
        {"age": age, "income": income, "savings": savings, "tenure": tenure, "paid": good * 1}
    )


def found(frame=None, estimator=None, budget=8, **told):
    frame = loans() if frame is None else frame
    half = len(frame) // 2
    return audit.search_alternatives(
        LogisticRegression() if estimator is None else estimator, frame[:half],
        frame[half:].reset_index(drop=True), budget=budget,
        **({"approval_rate": 0.7} | ROLES | told),
    )  # fmt: skip


@pytest.fixture(scope="module")
def usual():
    return found()


def test_numbers_are_those_of_the_confirmation_people(usual):
    """Gap and AUC of each candidate equal those computed from its own predictions."""
    test = loans()[1200:]
    young = (test["age"] == "young").to_numpy()
    for candidate in usual:
        approved = candidate.estimator.predict(test) == 1
        scores = candidate.estimator.predict_proba(test)[:, 1]
        gap = approved[~young].mean() - approved[young].mean()
        assert candidate.gap.value == pytest.approx(gap, abs=1e-12)
        assert candidate.utility.value == pytest.approx(roc_auc_score(test["paid"], scores))
    assert usual.rows == {"train": 1200, "fit": 800, "selection": 400, "confirmation": 1200}


def test_only_the_one_selected_may_be_recommended(usual):
    """Recommended is nothing, or the selected one with its own limits below 0."""
    chosen = [row["number"] for row in usual.log if row["selected"]]
    best = usual.recommendation
    assert len(chosen) <= 1
    if best is not None:
        assert best.name == f"alternative {chosen[0]}"
        assert best.disparity_change.high < 0 <= best.utility_change.high
        assert best.disparity.value < usual.baseline_spread["disparity"]["low"]


def test_an_alternative_that_is_there_is_found():
    """Savings in logarithms tell more than a column that little but tells the young."""
    frame = loans(4000, seed=5)
    got = found(frame, budget=8)
    best = got.recommendation
    assert best is not None, got.because
    assert best.gap_change.high < 0 <= best.utility_change.high
    assert best.words in got.because
    test = frame[2000:]
    young = (test["age"] == "young").to_numpy()
    gaps = [
        abs(np.subtract(*(c.estimator.predict(test)[side].mean() for side in (~young, young))))
        for c in (got.baseline, best)
    ]
    assert gaps[1] < gaps[0]


def test_nothing_is_recommended_where_groups_are_alike():
    """Features that know neither group nor outcome give no alternative, and it says so."""
    rng = np.random.default_rng(2)
    frame = loans(1200, seed=2)
    for column in FEATURES:
        frame[column] = rng.permutation(frame[column].to_numpy())
    got = found(frame, budget=5)
    assert got.recommendation is None
    assert got.because
    assert "none is recommended" in got.summary()


@pytest.mark.slow
def test_shuffled_features_stay_silent():
    """At least 19 of 20 seeds recommend nothing."""
    silent = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        frame = loans(1200, seed=seed)
        for column in FEATURES:
            frame[column] = rng.permutation(frame[column].to_numpy())
        silent += found(frame, budget=6, seed=seed).recommendation is None
    assert silent >= 19


def test_every_trial_is_logged(usual):
    """Number, settings, words, state, and numbers where there are any; first is the baseline."""
    assert [row["number"] for row in usual.log] == list(range(8))
    assert usual.log[0]["settings"] == {}
    assert usual.log[0]["utility_change"] == usual.log[0]["disparity_change"] == 0
    for row in usual.log:
        assert row["words"]
        assert row["state"] in (TRIED, REPEATED, FAILED)
        assert np.isfinite(row["utility"]) == (row["state"] != FAILED)
    assert usual.more["trials"]["done"] == 8
    json.dumps(usual.to_dict(), allow_nan=False)
    assert len(usual.to_frame()) == len(usual)
    assert "confirmation people" in usual.rule


def test_the_baseline_is_trained_again():
    """Ten seeds; a forest's differ, a logistic regression's do not."""
    got = found(loans(900), RandomForestClassifier(8, random_state=0), budget=2)
    spread = got.baseline_spread
    assert spread["seeds"] == 10
    assert len(spread["utility"]["values"]) == 11
    assert spread["utility"]["values"][0] == pytest.approx(got.baseline.utility.value)
    assert spread["disparity"]["low"] < spread["disparity"]["high"]
    assert got.baseline.arbitrariness.value > 0
    plain = found(loans(900), budget=2, approval_rate=None, cutoff=0.3).baseline_spread
    assert plain["utility"]["low"] == plain["utility"]["high"]
    assert plain["disparity"]["sd"] == pytest.approx(0, abs=1e-12)
    assert "draws nothing" in plain["how"]


def test_same_seed_same_result(usual):
    """Two runs tell the same."""
    assert found().to_dict() == usual.to_dict()


def test_a_killed_search_ends_as_an_unbroken_one(tmp_path):
    """Stopped after 9 of 13, in the middle of a line, and gone on with: the same comparison."""
    frame = loans(900)
    whole = found(frame, budget=13, log=tmp_path / "whole.jsonl")
    lines = (tmp_path / "whole.jsonl").read_text().splitlines(keepends=True)
    assert len(lines) == 1 + 13 + 1
    cut = tmp_path / "cut.jsonl"
    cut.write_text("".join(lines[:10]) + lines[10][:25])
    said = []
    again = found(frame, budget=13, log=cut, progress=lambda text, done, total: said.append(text))
    assert again.to_dict() == whole.to_dict()
    assert cut.read_text() == (tmp_path / "whole.jsonl").read_text()
    assert sum(text.startswith("trying") for text in said) == 4


def test_going_on_says_that_people_were_seen(tmp_path):
    """A larger budget on the same confirmation people is noted; the first trials are kept."""
    frame, log = loans(900), tmp_path / "log.jsonl"
    first = found(frame, budget=3, log=log)
    more = found(frame, budget=5, log=log)
    assert [r["settings"] for r in more.log[:3]] == [r["settings"] for r in first.log]
    assert not any("looked at before" in note for note in first.notes)
    assert any("looked at before" in note for note in more.notes)


def test_logs_of_other_searches_are_refused(tmp_path):
    """Other data, seed or estimator: MIT506; no log, or damaged: MIT505; resume=False: MIT507."""
    frame, log = loans(600), tmp_path / "log.jsonl"
    found(frame, budget=1, log=log)
    others = [
        {"seed": 1}, {"estimator": LogisticRegression(C=2.0)}, {"approval_rate": 0.6},
        {"frame": loans(600, seed=1)}, {"metric": "true_positive_rate_difference"},
    ]  # fmt: skip
    for other in others:
        with pytest.raises(InputError, match=r"\[MIT506\]"):
            found(**{"frame": frame, "budget": 1, "log": log} | other)
    with pytest.raises(InputError, match=r"\[MIT507\]"):
        found(frame, budget=1, log=log, resume=False)
    (tmp_path / "text").write_text("hello\n")
    with pytest.raises(InputError, match=r"\[MIT505\]"):
        found(frame, budget=1, log=tmp_path / "text")
    lines = log.read_text().splitlines()
    log.write_text("\n".join([lines[0], "{", *lines[1:]]) + "\n")
    with pytest.raises(InputError, match=r"\[MIT505\]"):
        found(frame, budget=1, log=log)
    with pytest.raises(InputError, match=r"\[MIT508\]"):
        found(frame, budget=1, log=tmp_path)


@pytest.mark.parametrize("bad", [0, -1, 2.5, True, "60", None])
def test_a_budget_is_a_whole_number(bad):
    """MIT503."""
    with pytest.raises(InputError, match=r"\[MIT503\]"):
        found(budget=bad)


@pytest.mark.parametrize("bad", [0, -1.0, True, "1", float("nan")])
def test_a_time_is_a_number_above_0(bad):
    """MIT503."""
    with pytest.raises(InputError, match=r"\[MIT503\]"):
        found(seconds=bad)


def test_too_few_rows_are_refused():
    """MIT504."""
    with pytest.raises(InputError, match=r"\[MIT504\]"):
        found(loans(160))


def test_too_few_of_an_outcome_are_refused():
    """MIT018: with two unfavourable outcomes not every one of three parts has one."""
    frame = loans(600).assign(paid=1)
    frame.loc[[0, 1, 400], "paid"] = 0
    with pytest.raises(InputError, match=r"\[MIT018\].*fewer than 3 rows"):
        found(frame)


def test_time_ends_a_search():
    """No trial begins after it, and the comparison says how many did."""
    got = found(loans(600), budget=500, seconds=1e-9)
    assert len(got.log) < 500
    assert any("time ended" in note for note in got.notes)


def test_without_optuna_the_extra_is_named(monkeypatch):
    """MIT501 says what to install."""
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split(".")[0] == "optuna":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"\[MIT501\].*evenhand\[search\]"):
        found()


def test_protected_columns_come_in_last():
    """Among the features they may be left out; alternatives without them are preferred."""
    frame = loans(1600).assign(age_copy=lambda f: (f["age"] == "young") * 1.0)
    got = found(frame, budget=8, features=[*FEATURES, "age_copy"])
    assert got.more["space"]["tell_the_group"] == ["age_copy"]
    assert got.log[1]["settings"] == {"left_out": ["age_copy"]}
    for candidate in got.candidates[1:]:
        reads = "age_copy" in candidate.estimator.columns
        assert reads == any("as the baseline does" in note for note in candidate.notes)


def test_no_alternative_asks_for_the_group():
    """None reads a protected column that is no feature, whatever it holds."""
    got = found(loans(1200), HistGradientBoostingClassifier(max_iter=10), budget=6)
    test = loans(300, seed=9)
    for candidate in got:
        assert not candidate.needs_group_at_decision
        np.testing.assert_array_equal(
            candidate.estimator.predict(test),
            candidate.estimator.predict(test.assign(age="young")),
        )


def test_a_learner_without_weights_is_searched_without_them():
    """It is said, and nothing fails."""
    got = found(loans(900), KNeighborsClassifier(15), budget=3)
    assert any("no weights" in note for note in got.notes)
    assert all(row["state"] != FAILED for row in got.log)


class Moody(GaussianNB):
    """Refuses weights that differ: what fails is a reason, not an end."""

    def fit(self, X, y, sample_weight=None):
        if sample_weight is not None:
            raise RuntimeError("not today")
        return super().fit(X, y)


def test_what_fails_is_logged_with_its_reason():
    """The search goes on."""
    got = found(loans(900), Moody(), budget=4)
    failed = [row for row in got.log if row["state"] == FAILED]
    assert failed
    assert all("not today" in row["reason"] for row in failed)
    assert got.more["trials"]["failed"] == len(failed)


@pytest.mark.parametrize(
    "told",
    [
        {"utility": "profit", "costs": (0.2, 0.8), "approval_rate": None},
        {"utility": "default_rate"},
        {"utility": "accuracy", "approval_rate": None},
        {"metric": "true_positive_rate_difference", "approval_rate": None, "cutoff": 0.4},
    ],
)
def test_other_utilities_and_metrics(told):
    """Profit, default rate and accuracy, and a gap in true positive rates; cut-offs where free."""
    got = found(loans(900), budget=4, **told)
    assert got.utility == told.get("utility", "auc")
    free = told.get("utility") in ("profit", "accuracy")
    assert got.more["space"]["cutoffs"] == free
    assert np.isfinite(got.baseline.utility.value)


def test_repeated_applicants_stay_together():
    """No applicant's rows are learned from and judged."""
    frame = pd.concat([loans(500, seed=3)] * 2, ignore_index=True)
    frame["who"] = np.tile(np.arange(500), 2)
    got = audit.search_alternatives(
        LogisticRegression(), frame, frame, budget=1, approval_rate=0.7, cluster="who", **ROLES
    )
    assert got.rows["fit"] % 2 == got.rows["selection"] % 2 == 0


def test_a_named_alternative_can_be_saved(tmp_path):
    """Reshaped amounts and coarse bins are read back and decide alike."""
    test = loans(200, seed=7)
    for estimator in (LogisticRegression(), HistGradientBoostingClassifier(max_iter=10)):
        got = found(loans(1200, seed=1), estimator, budget=6)
        assert len(got) > 1
        for candidate in got.candidates[1:]:
            again = read_model(save(candidate, tmp_path / "a.skops", force=True))
            np.testing.assert_array_equal(again.predict(test), candidate.estimator.predict(test))


# --- the rule ----------------------------------------------------------------------------------


def finalist(number, disparity, change, lost=0.0):
    numbers = {
        "utility": 0.8 - lost, "utility_change": -lost, "utility_error": 0.002,
        "disparity": disparity, "disparity_change": change, "disparity_error": 0.01,
    }  # fmt: skip
    trial = type("T", (), {"number": number, "place": number})()
    return Finalist(trial=trial, scores=np.empty(0), numbers=numbers)


class Space:
    """Trials 0 to 9 read nothing that tells the group."""

    def point(self, place):
        return place

    def blind(self, point):
        return point < 10


def place(utility="auc"):
    ask = Ask(metric=disparity_metric("disparate_impact_ratio"), utility=utility,
              attribute="age", group=0, reference=1)  # fmt: skip
    return type("P", (), {"ask": ask, "space": Space()})()


def test_selected_is_the_likeliest_to_hold():
    """At most half an error of utility, at least two of disparity; then the chance of holding; of
    several that are likely to, the least disparity."""
    loses, unsure = finalist(1, 0.05, -0.15, lost=0.0011), finalist(2, 0.06, -0.019)
    fair, fairer = finalist(3, 0.12, -0.05, lost=0.001), finalist(4, 0.10, -0.07)
    barely = finalist(5, 0.14, -0.03, lost=-0.001)
    assert selected([loses, unsure, fair, fairer], place()) is fairer
    assert selected([loses, unsure, fair, fairer, barely], place()) is fairer
    sure, surer = finalist(6, 0.13, -0.08, lost=-0.004), finalist(7, 0.14, -0.08, lost=-0.006)
    assert selected([fairer, sure, surer], place()) is sure
    assert selected([loses, unsure], place()) is None
    assert selected([], place()) is None


def test_the_chance_of_holding_is_of_two_normal_changes():
    """By scipy: a gain of 2 errors and 6 errors less disparity, each taken 1.5 errors worse."""
    from scipy.stats import norm

    own = finalist(1, 0.1, -0.06, lost=-0.004).numbers
    want = norm.cdf(1.959964 + 2 - PRUDENT) * norm.sf(1.959964 - 6 + PRUDENT)
    assert chance(own, place().ask) == pytest.approx(want, abs=1e-6)
    assert chance(own, place().ask, 0.25) > want  # four times the people halve the errors
    still = {**own, "utility_error": 0.0, "utility_change": 0.0}
    assert chance(still, place().ask) == pytest.approx(
        norm.cdf(1.959964 - PRUDENT) * norm.sf(1.959964 - 6 + PRUDENT), abs=1e-6
    )


def test_one_that_reads_the_column_waits_for_those_that_do_not():
    """However much fairer it is."""
    reads, blind = finalist(12, 0.01, -0.2), finalist(3, 0.15, -0.05)
    assert selected([reads, blind], place()) is blind
    assert selected([reads], place()) is reads


def test_a_lower_default_rate_is_a_gain():
    """The sign follows the utility."""
    assert gained({"utility_change": -0.01}, place("default_rate").ask) == 0.01
    assert gained({"utility_change": -0.01}, place().ask) == -0.01
