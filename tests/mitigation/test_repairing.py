"""Repaired inputs equal AIF360's and fairlearn's on training rows, and one applicant gets in."""

import random
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from fairlearn.preprocessing import CorrelationRemover
from hypothesis import given, settings
from hypothesis import strategies as st
from lightgbm import LGBMClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from audit.errors import InputError
from audit.mitigation.borrowed import quiet
from audit.mitigation.decorrelating import decorrelation_of
from audit.mitigation.fitting import NotFittedError
from audit.mitigation.repairing import METHODS, curve, repair_of
from audit.mitigation.task import baseline
from audit.table.model_file import read_model
from mitigation.lessons import (
    FEATURES,
    applicants,
    gap,
    made,
    named_pipeline,
    rates,
    task,
)

REPAIR, REMOVE = "disparate_impact_remover", "correlation_remover"
NUMBERS = ("income", "debts")
RACE = {"attribute": "race", "protected": ["race"], "reference": {"race": "a"}}


def everyone(own):
    return np.arange(len(own.train))


def aif360s(frame, columns, group, level):
    """AIF360's own repaired numbers of two groups."""
    with quiet():
        from aif360.algorithms.preprocessing import DisparateImpactRemover
        from aif360.datasets import BinaryLabelDataset

        plain = frame[list(columns)].astype(float).assign(g=group.astype(float), y=0.0)
        plain.loc[0, "y"] = 1.0
        data = BinaryLabelDataset(df=plain, label_names=["y"], protected_attribute_names=["g"])
        found = DisparateImpactRemover(level, "g").fit_transform(data)
    return found.convert_to_dataframe()[0][list(columns)].to_numpy(float)


# --- disparate-impact remover --------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.0, 0.3, 0.5, 0.8, 1.0])
def test_repaired_numbers_are_aif360s(level):
    """Exactly, on every training row, at each repair level."""
    own = task(features=NUMBERS)
    ours = repair_of(own, everyone(own), level).transform(own.train.frame)
    frame = applicants()
    assert np.array_equal(ours.to_numpy(), aif360s(frame, NUMBERS, frame.sex == "m", level))


def test_several_groups_are_repaired_as_blackboxauditing_does_at_once():
    """The whole rows with a text group given to its repairer, not column by column."""
    with warnings.catch_warnings(action="ignore"):
        from BlackBoxAuditing.repairers.GeneralRepairer import Repairer
    own = task(features=NUMBERS, **RACE)
    frame = own.train.frame
    rows = [
        [r, *map(float, v)]
        for r, v in zip(frame.race, frame[list(NUMBERS)].to_numpy(), strict=True)
    ]
    theirs = np.array([row[1:] for row in Repairer(rows, 0, 1.0, False).repair(rows)], float)
    ours = repair_of(own, everyone(own), 1.0).transform(frame)
    assert np.array_equal(ours.to_numpy(), theirs)


def test_a_hand_worked_repair():
    """Parts of one value each; the lower group's value is the (lower) median of two."""
    values = np.array([1.0, 2, 3, 11, 12, 13])
    found = curve(values, np.array([0, 0, 0, 1, 1, 1]), [0, 1], 1.0)
    assert found is not None
    assert found[0][1].tolist() == [1, 2, 3]
    assert found[1][1].tolist() == [1, 2, 3]


def test_full_repair_leaves_groups_alike_and_their_order_kept():
    own = task(features=("income",))
    before = own.train.frame.income.to_numpy()
    after = repair_of(own, everyone(own), 1.0).transform(own.train.frame).income.to_numpy()
    apart = [abs(np.diff([v[own.codes == g].mean() for g in (0, 1)])[0]) for v in (before, after)]
    assert apart[1] < 0.25 * apart[0]
    for g in (0, 1):
        order = np.argsort(before[own.codes == g], kind="stable")
        assert (np.diff(after[own.codes == g][order]) >= 0).all()


def test_one_new_applicant_is_repaired_as_the_training_row_of_the_same_values():
    own = task()
    decider, _ = made(METHODS, REPAIR, own)
    frame = own.train.frame
    whole = decider.scores(frame)
    for i in (0, 5, 17):
        assert decider.scores(frame.iloc[[i]])[0] == whole[i]


def test_between_seen_values_it_interpolates_and_beyond_it_takes_the_end():
    own = task(features=("income",))
    repair = repair_of(own, everyone(own), 1.0)
    before, after = repair.curves["income"][1]
    middle = (before[3] + before[4]) / 2
    rows = pd.DataFrame({"income": [middle, -1e6, 1e6], "sex": "m"})
    found = repair.transform(rows).income.tolist()
    assert found == pytest.approx([(after[3] + after[4]) / 2, after[0], after[-1]])


def test_whoever_is_of_no_known_group_stays_as_is():
    own = task()
    repair = repair_of(own, everyone(own), 1.0)
    rows = own.train.frame.assign(sex=["x", None] * 300)
    after = repair.transform(rows)
    assert np.array_equal(after.income, rows.income)
    assert np.array_equal(after.home, rows.home)


def test_gaps_stay_gaps():
    frame = applicants()
    frame.loc[::9, "income"] = np.nan
    own = task(frame)
    after = repair_of(own, everyone(own), 1.0).transform(own.train.frame)
    assert np.array_equal(after.income.isna(), own.train.frame.income.isna())
    filled = task(frame[frame.income.notna()].reset_index(drop=True), features=("income",))
    expected = repair_of(filled, everyone(filled), 1.0).transform(filled.train.frame)
    assert np.array_equal(after.income.dropna(), expected.income)


def test_small_groups_are_left_as_they_are_and_named():
    """Two rows of a third sex would set the grain for everyone."""
    frame = applicants()
    frame.loc[:1, "sex"] = "x"
    own = task(frame)
    decider, notes = made(METHODS, REPAIR, own)
    assert any("fewer than 30 rows" in n and "'x'" in n for n in notes)
    after = decider.scorer.change.transform(own.train.frame)
    assert np.array_equal(after.income[:2], frame.income[:2])
    assert len(np.unique(after.income)) > 20


def test_one_group_or_no_number_is_a_reason():
    with pytest.raises(NotFittedError, match="no feature is a number"):
        made(METHODS, REPAIR, task(features=("home",)))
    frame = applicants().assign(sex=lambda f: np.where(f.index < 5, "f", "m"))
    with pytest.raises(NotFittedError, match="fewer than two groups of sex have 30 rows"):
        made(METHODS, REPAIR, task(frame))


def test_the_protected_column_itself_is_held():
    """Text, and a number cut into bands: neither tells the group any more."""
    own = task(features=(*FEATURES, "sex"))
    after = made(METHODS, REPAIR, own)[0].scorer.change.transform(own.train.frame)
    assert after.sex.nunique() == 1
    frame = applicants()
    frame["age"] = np.random.default_rng(2).integers(18, 70, len(frame))
    roles = {"protected": ["age"], "bins": {"age": [30]}, "reference": {"age": 40}}
    own = task(frame, attribute="age", features=("income", "age"), **roles)
    decider, notes = made(METHODS, REPAIR, own)
    assert decider.scorer.change.transform(own.train.frame).age.nunique() == 1
    assert "age itself is held at one value" in notes


def test_columns_that_stay_apart_after_repair_are_named():
    """Values are cut, not people: few values in unlike shares stay as unlike as they were."""
    frame = applicants()
    late = np.random.default_rng(3).random(len(frame)) < np.where(frame.sex == "f", 0.7, 0.2)
    own = task(frame.assign(late=late.astype(int)), features=("income", "late"))
    _, notes = made(METHODS, REPAIR, own)
    (said,) = [n for n in notes if "still differ" in n]
    assert said.endswith("'late'")


def test_the_callers_random_numbers_are_not_touched():
    own = task()
    random.seed(7)
    expected = random.Random(7).random()
    repair_of(own, everyone(own), 1.0)
    assert random.random() == expected


@given(
    values=st.lists(st.integers(-20, 20), min_size=4, max_size=40),
    level=st.sampled_from([0.0, 0.5, 1.0]),
    seed=st.integers(0, 20),
)
@settings(max_examples=40, deadline=None)
def test_curves_rise_and_stay_among_values_that_occur(values, level, seed):
    numbers = np.array(values, float)
    codes = np.random.default_rng(seed).integers(0, 3, len(numbers))
    groups = np.unique(codes).tolist()
    found = curve(numbers, codes, groups, level)
    assert found is not None
    for before, after in found.values():
        assert np.isin(after, numbers).all()
        if level in (0.0, 1.0):
            assert (np.diff(after) >= 0).all()
        if level == 0.0:
            assert np.array_equal(before, after)


def test_without_the_library_the_install_is_named(monkeypatch):
    for name in [n for n in sys.modules if n.split(".")[0] == "BlackBoxAuditing"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "BlackBoxAuditing", None)
    with pytest.raises(NotFittedError, match=r'pip install "evenhand\[repair\]"'):
        made(METHODS, REPAIR, task())


# --- correlation remover -------------------------------------------------------------------------


def test_decorrelated_numbers_are_fairlearns():
    own = task(features=NUMBERS)
    change, _ = decorrelation_of(own, everyone(own), 1.0)
    frame = own.train.frame
    plain = frame[list(NUMBERS)].astype(float).assign(f=(frame.sex == "f").astype(float))
    theirs = CorrelationRemover(sensitive_feature_ids=["f"]).fit_transform(plain)
    assert np.allclose(change.transform(frame), theirs, atol=1e-12)


@pytest.mark.parametrize("alpha", [0.0, 0.4, 1.0])
def test_alpha_is_fairlearns(alpha):
    own = task(features=NUMBERS, **RACE)
    change, _ = decorrelation_of(own, everyone(own), alpha)
    frame = own.train.frame
    plain = frame[list(NUMBERS)].astype(float)
    plain["b"], plain["c"] = (frame.race == "b").astype(float), (frame.race == "c").astype(float)
    theirs = CorrelationRemover(sensitive_feature_ids=["b", "c"], alpha=alpha).fit_transform(plain)
    assert np.allclose(change.transform(frame), theirs, atol=1e-10)


@pytest.mark.parametrize("estimator", [None, named_pipeline()], ids=["bare", "pipeline"])
@pytest.mark.parametrize("attribute", ["sex", "race"])
def test_no_input_correlates_with_the_group(estimator, attribute):
    """Words too, once one-hot, and after a pipeline's own scaling."""
    more = RACE if attribute == "race" else {}
    own = task(estimator=estimator, **more)
    change, _ = decorrelation_of(own, everyone(own), 1.0)
    after = change.transform(own.train.frame).to_numpy()
    assert after.shape[1] == 4
    for g in range(len(own.levels)):
        member = (own.codes == g).astype(float)
        assert np.abs((after - after.mean(axis=0)).T @ (member - member.mean())).max() < 1e-8


def test_a_column_that_is_the_group_becomes_one_value_exactly():
    """Rounding errors of 1e-17 would tell it to a tree."""
    frame = applicants().assign(code=lambda f: np.where(f.sex == "f", 0.1, 0.7))
    own = task(frame, features=(*FEATURES, "sex", "code"))
    change, _ = decorrelation_of(own, everyone(own), 1.0)
    after = change.transform(own.train.frame)
    assert sum(after[c].nunique() == 1 for c in after) == 3


def test_who_is_of_no_known_group_keeps_all_numbers():
    own = task(features=NUMBERS)
    change, _ = decorrelation_of(own, everyone(own), 1.0)
    rows = own.train.frame.assign(sex="x")
    assert np.array_equal(change.transform(rows).to_numpy(), rows[list(NUMBERS)].to_numpy(float))


def test_gaps_and_unseen_words_are_taken():
    frame = applicants()
    frame.loc[::9, "income"] = np.nan
    own = task(frame, estimator=HistGradientBoostingClassifier(max_iter=10))
    decider, _ = made(METHODS, REMOVE, own)
    strange = frame.iloc[:3].assign(home="castle")
    assert np.isfinite(decider.scores(strange)).all()


def test_one_group_only_is_a_reason():
    frame = applicants().assign(sex="m")
    with warnings.catch_warnings(action="ignore"):
        own = task(frame)
    with pytest.raises(NotFittedError, match="of one group"):
        made(METHODS, REMOVE, own)


def test_told_weights_are_said_not_to_count_in_the_correlation():
    own = task(weight="survey")
    assert any("not as they weigh" in n for n in made(METHODS, REMOVE, own)[1])


# --- both, as methods ----------------------------------------------------------------------------


@pytest.mark.parametrize("key", [REPAIR, REMOVE])
@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(max_iter=2000),
        named_pipeline(),
        HistGradientBoostingClassifier(max_iter=15),
        LGBMClassifier(n_estimators=15, verbose=-1, n_jobs=1),
    ],
    ids=["logistic", "pipeline", "boosting", "lightgbm"],
)
def test_the_gap_narrows_for_every_kind_of_model(key, estimator):
    own = task(estimator=estimator)
    assert gap(own, made(METHODS, key, own)[0]) < gap(own, baseline(own)[0])


@pytest.mark.parametrize("key", [REPAIR, REMOVE])
def test_it_reads_the_group_and_says_so(key):
    (method,) = [m for m in METHODS if m.key == key]
    assert method.needs_group_at_decision
    own = task()
    decider, _ = method.make(own)
    assert decider.columns == (*FEATURES, "sex")
    frame = own.train.frame
    flipped = frame.assign(sex=np.where(frame.sex == "f", "m", "f"))
    assert not np.array_equal(decider.scores(frame), decider.scores(flipped))
    assert 0.5 < np.average(rates(own, decider), weights=np.bincount(own.codes)) < 0.7


@pytest.mark.parametrize(("key", "name"), [(REPAIR, "repair_level"), (REMOVE, "alpha")])
def test_a_strength_of_0_is_the_baseline(key, name):
    own = task(settings={key: {name: 0.0}}, features=NUMBERS)
    frame = own.train.frame
    ours = made(METHODS, key, own)[0].scores(frame)
    assert np.allclose(ours, baseline(own)[0].scores(frame), atol=1e-6)
    with pytest.raises(InputError, match="MIT406"):
        made(METHODS, key, task(settings={key: {name: 2}}))


@pytest.mark.parametrize("key", [REPAIR, REMOVE])
def test_it_can_be_saved_and_read_back(key, tmp_path):
    """As any candidate: the file decides as the model did."""
    from audit.mitigation.record import Candidate
    from audit.mitigation.saving import save

    own = task(estimator=named_pipeline())
    decider, _ = made(METHODS, key, own)
    path = save(
        Candidate(name=key, title=key, acts="before training", estimator=decider),
        tmp_path / "model.skops",
    )
    frame = applicants()
    assert np.array_equal(read_model(path).predict(frame), decider.predict(frame))


@pytest.mark.parametrize("key", [REPAIR, REMOVE])
def test_nothing_is_changed_in_the_callers_rows(key):
    own = task()
    before = own.train.frame.copy()
    made(METHODS, key, own)
    pd.testing.assert_frame_equal(own.train.frame, before)
