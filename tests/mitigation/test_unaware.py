"""What is left out: protected columns and what alone tells them, and nothing else."""

import warnings

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from threadpoolctl import threadpool_limits

from audit.mitigation.fitting import NotFittedError
from audit.mitigation.record import Candidate
from audit.mitigation.saving import save
from audit.mitigation.unaware import METHODS, copies
from audit.table.model_file import read_model
from mitigation.lessons import FEATURES, applicants, made, named_pipeline, task


def with_copies():
    frame = applicants()
    rng = np.random.default_rng(1)
    return frame.assign(
        title=np.where(frame.sex == "f", np.where(rng.random(len(frame)) < 0.5, "Ms", "Mrs"), "Mr"),
        sex_code=np.where(frame.sex == "f", 2.0, 7.0) + rng.normal(0, 0.1, len(frame)),
        is_b=(frame.race == "b"),
        name=[f"applicant {i}" for i in range(len(frame))],
    )


def test_a_model_that_has_no_protected_column_already_is_unaware():
    with pytest.raises(NotFittedError, match="already is unaware"):
        made(METHODS, "unawareness", task())


def test_the_column_is_left_out_as_if_it_had_not_been_given():
    """The same model as one trained without the column."""
    own = task(features=("income", "debts", "sex"), approve=None)
    decider, notes = made(METHODS, "unawareness", own)
    frame = applicants()
    by_hand = LogisticRegression(max_iter=2000).fit(frame[["income", "debts"]], frame.repaid)
    ours = decider.scores(frame[["income", "debts"]])
    assert decider.columns == ("income", "debts")
    assert notes[0] == "left out: 'sex'"
    assert np.allclose(ours, by_hand.predict_proba(frame[["income", "debts"]])[:, 1], atol=1e-3)


def test_trees_never_see_a_held_column():
    """The text column is one-hot in a pipeline that names it: held, it changes no tree."""
    own = task(
        features=("income", "debts", "sex"),
        approve=None,
        estimator=HistGradientBoostingClassifier(max_iter=20),
    )
    decider, notes = made(METHODS, "unawareness", own)
    frame = applicants()
    by_hand = HistGradientBoostingClassifier(max_iter=20)
    with threadpool_limits(1):
        by_hand.fit(frame[["income", "debts"]], frame.repaid)
    ours = decider.scores(frame[["income", "debts"]])
    assert any("held at one value" in n for n in notes)
    assert np.array_equal(ours, by_hand.predict_proba(frame[["income", "debts"]])[:, 1])


def test_near_copies_are_found_and_nothing_else():
    """Titles, a noisy code and a dummy of one race; never names, which do not recur."""
    features = ("income", "debts", "home", "title", "sex_code", "is_b", "name")
    own = task(with_copies(), features=features, protected=["sex", "race"])
    assert copies(own.train) == {"title": "sex", "sex_code": "sex", "is_b": "race"}


def test_a_near_copy_is_left_out_and_named():
    own = task(with_copies(), features=(*FEATURES, "title"))
    decider, notes = made(METHODS, "unawareness", own)
    assert decider.columns == FEATURES
    assert "title alone tells sex (AUC 0.99 or more)" in notes
    frame = own.train.frame
    swapped = frame.assign(title=frame.title.to_numpy()[::-1], sex=frame.sex.to_numpy()[::-1])
    assert np.array_equal(decider.predict(frame), decider.predict(swapped))


def test_an_age_in_months_is_a_copy_of_an_age_band():
    frame = applicants()
    frame["age"] = np.random.default_rng(2).integers(18, 70, len(frame))
    frame["months"] = frame.age * 12 + 3
    own = task(
        frame, features=("income", "debts", "months"), attribute="age", protected=["age"],
        bins={"age": [26]}, reference={"age": 30},
    )  # fmt: skip
    assert copies(own.train) == {"months": "age"}


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(
            ColumnTransformer(
                [
                    ("words", OneHotEncoder(), ["home", "sex"]),
                    ("numbers", "passthrough", ["income", "debts"]),
                ]
            ),
            LogisticRegression(max_iter=2000),
        ),
        LGBMClassifier(n_estimators=10, verbose=-1, n_jobs=1),
    ],
    ids=["pipeline that names sex", "lightgbm"],
)
def test_the_group_changes_no_decision_whatever_the_estimator(estimator):
    own = task(features=(*FEATURES, "sex"), estimator=estimator)
    decider, _ = made(METHODS, "unawareness", own)
    frame = own.train.frame
    flipped = frame.assign(sex=np.where(frame.sex == "f", "m", "f"))
    assert np.array_equal(decider.scores(frame), decider.scores(flipped))
    assert np.array_equal(decider.scores(frame), decider.scores(frame[list(FEATURES)]))


def test_a_model_with_held_columns_can_be_saved_and_read_back(tmp_path):
    own = task(features=(*FEATURES, "sex"), estimator=HistGradientBoostingClassifier(max_iter=5))
    decider, _ = made(METHODS, "unawareness", own)
    held = Candidate(name="u", title="u", acts="before training", estimator=decider)
    path = save(held, tmp_path / "model.skops")
    frame = applicants()[list(FEATURES)]
    assert np.array_equal(read_model(path).predict(frame), decider.predict(frame))


def test_nothing_left_is_a_reason():
    with pytest.raises(NotFittedError, match="no feature is left"):
        made(METHODS, "unawareness", task(features=("sex",)))


def test_a_pipeline_that_does_not_name_the_column_is_untouched():
    with pytest.raises(NotFittedError, match="already is unaware"):
        made(METHODS, "unawareness", task(estimator=named_pipeline()))


def test_a_column_of_gaps_that_mark_the_group_is_a_copy():
    """Missing for one sex only: the gap itself tells."""
    frame = applicants()
    frame["pregnancies"] = np.where(frame.sex == "f", 1.0, np.nan)
    with warnings.catch_warnings(action="ignore"):
        own = task(frame, features=(*FEATURES, "pregnancies"))
    assert copies(own.train) == {"pregnancies": "sex"}
