"""Samples have equal base rates, hold the rows they say, and come out the same by the same seed."""

import sys
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imblearn.over_sampling import SMOTE, SMOTENC, RandomOverSampler
from lightgbm import LGBMClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from audit.mitigation.fitting import NotFittedError
from audit.mitigation.people import GOOD
from audit.mitigation.resampling import METHODS, drawn, lowered, raised, smoted, wanted
from audit.mitigation.task import baseline
from mitigation.lessons import applicants, gap, made, named_pipeline, task

KEYS = ("oversampling", "undersampling", "smote")
NUMBERS = ("income", "debts")


def everyone(own):
    return np.arange(len(own.train))


def base_rates(own, places):
    good, codes = own.train.outcome[places] == GOOD, own.codes[places]
    return [float(good[codes == g].mean()) for g in range(len(own.levels))]


masses = st.lists(st.tuples(st.floats(0.5, 100), st.floats(0.5, 100)), min_size=1, max_size=6).map(
    np.array
)


@given(cells=masses)
@settings(max_examples=100, deadline=None)
def test_aims_bring_every_group_to_the_overall_odds(cells):
    """Raising only adds, lowering only takes, each to one cell of a group."""
    odds = cells[:, 1].sum() / cells[:, 0].sum()
    for aim, sign in ((raised, 1), (lowered, -1)):
        found = aim(cells)
        assert np.allclose(found[:, 1] / found[:, 0], odds)
        moved = sign * (found - cells)
        assert (moved >= -1e-9).all()
        assert ((np.abs(moved) > 1e-9 * cells).sum(axis=1) <= 1).all()


def test_a_group_of_one_outcome_is_left_as_it_is():
    cells = np.array([[5.0, 0.0], [4.0, 4.0], [6.0, 2.0]])
    for aim in (raised, lowered):
        assert aim(cells)[0].tolist() == [5.0, 0.0]


@pytest.mark.parametrize(
    ("aim", "sampler"), [(raised, "RandomOverSampler"), (lowered, "RandomUnderSampler")]
)
@pytest.mark.parametrize("attribute", ["sex", "race"])
def test_base_rates_are_equal_after_sampling(aim, sampler, attribute):
    """Within half a row a cell."""
    reference = {"sex": "m", "race": "a"}[attribute]
    own = task(attribute=attribute, protected=[attribute], reference={attribute: reference})
    places = drawn(own, everyone(own), aim, sampler)
    overall = float((own.train.outcome == GOOD).mean())
    sizes = np.bincount(own.codes[places])
    for rate, size in zip(base_rates(own, places), sizes, strict=True):
        assert abs(rate - overall) <= 1 / size


def test_over_sampling_keeps_every_row_and_under_sampling_repeats_none():
    own = task()
    more = drawn(own, everyone(own), raised, "RandomOverSampler")
    fewer = drawn(own, everyone(own), lowered, "RandomUnderSampler")
    assert set(more.tolist()) == set(range(len(own.train)))
    assert len(set(fewer.tolist())) == len(fewer) < len(own.train) < len(more)


def test_the_rows_are_those_that_imbalanced_learn_draws():
    """Its sampler over the four cells, with the counts worked out here."""
    own = task()
    good = own.train.outcome == GOOD
    cell = 2 * own.codes + good
    odds = good.sum() / (~good).sum()
    counts = {c: int((cell == c).sum()) for c in range(4)}
    for g in (0, 1):
        bad, fine = counts[2 * g], counts[2 * g + 1]
        if fine < odds * bad:
            counts[2 * g + 1] = round(odds * bad)
        else:
            counts[2 * g] = round(fine / odds)
    theirs = RandomOverSampler(sampling_strategy=counts, random_state=0)
    theirs.fit_resample(np.arange(len(cell)).reshape(-1, 1), cell)
    ours = drawn(own, everyone(own), raised, "RandomOverSampler")
    assert ours.tolist() == sorted(theirs.sample_indices_.tolist())


def test_with_weights_it_is_the_weighted_rates_that_meet():
    """In expectation: over ten seeds the mean gap is small beside the first."""
    frame = applicants(1200)
    frame["w"] = np.where(frame.sex == "f", frame.survey, 1.0)
    own = task(frame, weight="w")

    def weighted_gap(places):
        mass, good = own.train.mass[places], own.train.outcome[places] == GOOD
        found = [np.average(good[c], weights=mass[c]) for c in _by_group(own, places)]
        return found[0] - found[1]

    first = weighted_gap(everyone(own))
    after = [
        weighted_gap(drawn(replace(own, seed=s), everyone(own), raised, "RandomOverSampler"))
        for s in range(10)
    ]
    assert abs(np.mean(after)) < 0.1 * abs(first)


def _by_group(own, places):
    return [own.codes[places] == g for g in range(len(own.levels))]


# --- SMOTE ---------------------------------------------------------------------------------------


def test_smote_is_imbalanced_learns_within_the_group():
    own = task(features=NUMBERS)
    lesson, number = smoted(own, everyone(own))
    cell, counts = wanted(own, everyone(own), raised)
    inputs = own.train.inputs.to_numpy(float)
    expected = []
    for c, n in counts.items():
        if n == (cell == c).sum():
            continue
        rest, thin = inputs[cell == c ^ 1], inputs[cell == c]
        label = np.repeat([0, 1], [len(rest), len(thin)])
        theirs, _ = SMOTE(sampling_strategy={1: n}, random_state=0).fit_resample(
            np.vstack([rest, thin]), label
        )
        expected.append(theirs[len(label) :])
    ours = lesson.inputs.iloc[len(own.train) :].to_numpy(float)
    assert number == len(ours) > 10
    assert np.allclose(ours[:, 0], np.vstack(expected)[:, 0])
    assert np.allclose(ours[:, 1], np.rint(np.vstack(expected)[:, 1]))


def test_smote_leaves_the_rows_that_are_and_their_types():
    own = task()
    lesson, number = smoted(own, everyone(own))
    n = len(own.train)
    assert number > 0
    pd.testing.assert_frame_equal(lesson.inputs.iloc[:n], own.train.inputs)
    assert (lesson.inputs.dtypes == own.train.inputs.dtypes).all()
    assert set(lesson.inputs.home) == {"own", "rent"}
    assert lesson.inputs.debts.between(0, 8).all()


def test_smote_equals_the_base_rates():
    own = task()
    lesson, _ = smoted(own, everyone(own))
    cell, counts = wanted(own, everyone(own), raised)
    share = [counts[2 * g + 1] / (counts[2 * g] + counts[2 * g + 1]) for g in (0, 1)]
    assert share[0] == pytest.approx(share[1], abs=0.005)
    assert sum(counts.values()) == len(lesson.labels)
    assert (lesson.labels == 1).sum() == counts[1] + counts[3]
    assert len(cell) == len(own.train)


def test_smote_with_categories_is_smotenc():
    """The same made-up categories and numbers from the same codes."""
    own = task()
    lesson, number = smoted(own, everyone(own))
    cell, counts = wanted(own, everyone(own), raised)
    frame = own.train.inputs
    (first, *_) = [c for c, n in counts.items() if n > (cell == c).sum()]
    codes = pd.factorize(frame.home)[0].astype(float)
    matrix = np.column_stack([frame.income, frame.debts, codes])
    both = np.concatenate([np.flatnonzero(cell == first ^ 1), np.flatnonzero(cell == first)])
    label = (cell[both] == first).astype(int)
    theirs, _ = SMOTENC([2], sampling_strategy={1: counts[first]}, random_state=0).fit_resample(
        matrix[both], label
    )
    rows = theirs[len(both) :]
    ours = lesson.inputs.iloc[len(own.train) : len(own.train) + len(rows)]
    assert np.allclose(ours.income, rows[:, 0])
    owning = codes[int(np.flatnonzero(frame.home == "own")[0])]
    assert np.array_equal(ours.home == "own", rows[:, 2] == owning)
    assert number >= len(rows)


def test_smote_of_words_alone_and_with_gaps():
    frame = applicants().assign(job=lambda f: np.where(f.income > 36, "skilled", "other"))
    lesson, number = smoted(task(frame, features=("home", "job")), np.arange(600))
    assert number > 0
    assert set(lesson.inputs.job) == {"skilled", "other"}
    frame.loc[frame.index % 7 == 0, ["income"]] = np.nan
    frame.loc[frame.index % 5 == 0, "home"] = None
    own = task(frame)
    lesson, number = smoted(own, np.arange(600))
    assert number > 0
    pd.testing.assert_frame_equal(lesson.inputs.iloc[:600], own.train.inputs)
    assert lesson.inputs.income.iloc[600:].notna().all()


def test_a_made_up_row_weighs_what_its_cell_weighs_on_average():
    frame = applicants()
    own = task(frame, weight="survey", features=NUMBERS)
    lesson, _ = smoted(own, everyone(own))
    mass, good = own.train.mass, own.train.outcome == GOOD
    made_up = set(np.round(lesson.weight[600:], 9))
    cells = {
        round(float(mass[(own.codes == g) & (good == y)].mean()), 9) for g in (0, 1) for y in (0, 1)
    }
    assert made_up
    assert made_up <= cells


def test_too_few_rows_in_a_cell_is_a_reason():
    frame = applicants(200)
    women = frame.index[frame.sex == "f"]
    frame.loc[women, "repaid"] = 0
    frame.loc[women[:4], "repaid"] = 1
    with pytest.raises(NotFittedError, match="sex f, favourable: 4 rows"):
        smoted(task(frame, approve=None), np.arange(200))


def test_a_cell_too_thin_to_carry_the_rest_is_a_reason():
    frame = applicants(400)
    women = frame.index[frame.sex == "f"]
    frame.loc[women, "repaid"] = 0
    frame.loc[women[:1], "repaid"] = 1
    frame.loc[frame.sex == "m", "repaid"] = 1
    frame.loc[frame.index[frame.sex == "m"][:5], "repaid"] = 0
    with pytest.raises(NotFittedError, match=r"would grow from \d+ rows? to"):
        drawn(task(frame, approve=None), np.arange(400), raised, "RandomOverSampler")


def test_a_group_of_missing_levels_is_not_sampled():
    frame = applicants()
    frame.loc[:3, "sex"] = None
    with warnings.catch_warnings(action="ignore"):
        own = task(frame)
    places = drawn(own, everyone(own), raised, "RandomOverSampler")
    assert [int((places == i).sum()) for i in range(4)] == [1] * 4
    assert smoted(own, everyone(own))[1] > 0


# --- as methods ----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(max_iter=2000),
        named_pipeline(),
        HistGradientBoostingClassifier(max_iter=20),
        LGBMClassifier(n_estimators=20, verbose=-1, n_jobs=1),
    ],
    ids=["logistic", "pipeline", "boosting", "lightgbm"],
)
def test_sampling_narrows_the_gap_of_every_kind_of_model(key, estimator):
    own = task(estimator=estimator)
    decider, notes = made(METHODS, key, own)
    assert gap(own, decider) < gap(own, baseline(own)[0]) + 0.01
    assert "rows" in notes[0]


@pytest.mark.parametrize("key", KEYS)
def test_the_same_seed_gives_the_same_model_and_the_group_is_not_read(key):
    own = task(features=NUMBERS)
    frame = own.train.frame
    one, two = (made(METHODS, key, own)[0].scores(frame) for _ in range(2))
    assert np.array_equal(one, two)
    other = made(METHODS, key, own.reseeded(1))[0]
    assert not np.array_equal(one, other.scores(frame))
    assert np.array_equal(other.predict(frame), other.predict(frame[list(NUMBERS)]))


@pytest.mark.parametrize("key", KEYS)
def test_without_the_library_the_install_is_named(key, monkeypatch):
    for name in ("imblearn", "imblearn.over_sampling", "imblearn.under_sampling"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(NotFittedError, match=r'pip install "evenhand\[resample\]"'):
        made(METHODS, key, task())
