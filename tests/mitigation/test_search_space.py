"""What a search of alternatives varies, and what an alternative is made of."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lightgbm import LGBMClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from audit.mitigation.alternatives import alternative
from audit.mitigation.families import family_of, knobs_of, settled
from audit.mitigation.point import Point
from audit.mitigation.pressing import pressed, weights
from audit.mitigation.reshaping import KINDS, Reshaped, skewed
from audit.mitigation.space import space_of
from audit.mitigation.task import baseline
from audit.mitigation.telling import proxies, signs
from audit.mitigation.weighing import independent
from mitigation.lessons import applicants, named_pipeline, task


def space(estimator, own=None, features=("income", "debts", "home"), **told):
    who = own if own is not None else task(estimator=estimator, features=features)
    fit = np.arange(0, 400)
    told = {"group": 0, "reference": 1, "behind": 0, "ahead": 1, "shifts": False} | told
    return space_of(estimator, who, baseline(who)[0], fit, **told), who


# --- weights -----------------------------------------------------------------------------------


def test_no_penalty_weighs_nothing():
    """λ = 0: every factor is 1."""
    codes, good = np.array([0, 0, 1, 1]), np.array([True, False, True, False])
    found = pressed(codes, good, np.ones(4), behind=0, ahead=1, strength=0.0)
    np.testing.assert_array_equal(found, np.ones(4))


def test_penalty_by_hand():
    """2σ(±1) in the group behind, 2σ(∓1/3) in one three times as heavy; others keep theirs."""
    codes = np.array([0, 0, 1, 1, 1, 1, 1, 1, 2])
    good = np.array([True, False, True, True, True, False, False, False, True])
    found = pressed(codes, good, np.ones(9), behind=0, ahead=1, strength=1.0)
    np.testing.assert_allclose(found[:2], [1.4621171572600098, 0.5378828427399902], rtol=1e-14)
    low, high = 2 / (1 + np.exp(1 / 3)), 2 / (1 + np.exp(-1 / 3))
    np.testing.assert_allclose(found[2:8], [low] * 3 + [high] * 3, rtol=1e-14)
    assert found[8] == 1.0


@given(st.floats(0.01, 3), st.integers(0, 2**32 - 1))
def test_penalty_moves_base_rates_together(strength, seed):
    """The weighted base rate of the group behind rises, and that of the one ahead falls."""
    rng = np.random.default_rng(seed)
    codes, good = rng.integers(0, 2, 60), rng.random(60) < 0.5
    codes[:4], good[:4] = [0, 0, 1, 1], [True, False, True, False]
    factor = pressed(codes, good, np.ones(60), behind=0, ahead=1, strength=strength)
    for group, sign in ((0, 1), (1, -1)):
        own = codes == group
        after = factor[own & good].sum() / factor[own].sum()
        assert sign * (after - good[own].mean()) > 0


def test_full_reweighing_is_the_method_of_that_name():
    """Strength 1 multiplies the mass by Kamiran and Calders' factor; half lies half way."""
    rng = np.random.default_rng(0)
    codes, good, mass = rng.integers(0, 3, 80), rng.random(80) < 0.6, rng.uniform(0.5, 2, 80)
    full = independent(codes, good, mass)
    told = {"behind": 0, "ahead": 1}
    np.testing.assert_allclose(weights(codes, good, mass, reweighing=1.0, **told), mass * full)
    half = weights(codes, good, mass, reweighing=0.5, **told)
    np.testing.assert_allclose(half, mass * (1 + full) / 2)


# --- reshaping ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@given(values=st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=40))
@example(values=[2.0, 1.1125369292536007e-308, 1.1125369292536007e-308])
def test_reshaping_keeps_the_order(kind, values):
    """What was no larger stays no larger; gaps stay gaps; the input is not touched."""
    frame = pd.DataFrame({"amount": [*values, np.nan], "other": range(len(values) + 1)})
    before = frame.copy()
    found = Reshaped(kind, ("amount",)).fit(frame).transform(frame)
    pd.testing.assert_frame_equal(frame, before)
    moved = found["amount"].to_numpy()
    assert np.isnan(moved[-1])
    assert (np.diff(moved[:-1][np.argsort(values, kind="stable")]) >= -1e-12).all()
    assert found["other"].tolist() == frame["other"].tolist()


def test_reshaped_amounts_are_centred():
    """Mean 0 and spread 1 on the training rows."""
    frame = pd.DataFrame({"a": np.random.default_rng(0).lognormal(8, 2, 500)})
    for kind in KINDS:
        moved = Reshaped(kind, ("a",)).fit_transform(frame)["a"]
        assert moved.mean() == pytest.approx(0, abs=1e-9)
        assert moved.std(ddof=0) == pytest.approx(1)


def test_skewed_leaves_out_what_is_no_amount():
    """A symmetric number, one of few values, and text are not reshaped."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"pay": rng.lognormal(8, 1, 300), "z": rng.normal(size=300), "few": [0] * 290 + [9] * 10,
         "text": ["a"] * 300}
    )  # fmt: skip
    assert skewed(frame) == ("pay",)


# --- what tells, and signs ---------------------------------------------------------------------


def test_proxies_come_by_telling_and_use():
    """A column that tells the group and moves scores comes before one that does only one of it."""
    rng = np.random.default_rng(0)
    member = rng.random(800) < 0.5
    frame = pd.DataFrame(
        {"both": member + rng.normal(size=800), "tells": member + rng.normal(size=800),
         "used": rng.normal(size=800)}
    )  # fmt: skip
    found = proxies(frame, list(frame), member, lambda f: (f["both"] + f["used"]).to_numpy(), 0)
    assert found[0].name == "both"
    tells = {p.name: p.tells for p in found}
    assert tells["both"] > 0.7
    assert abs(tells["used"] - 0.5) < 0.06
    assert {p.name for p in found if p.use == 0} == {"tells"}


def test_signs_need_a_clear_and_steady_slope():
    """Rising, falling, humped and noise: only the first two have a sign."""
    rng = np.random.default_rng(1)
    x = rng.random((4000, 4))
    chance = 0.2 + 0.3 * x[:, 0] + 0.3 * (1 - x[:, 1]) - 0.8 * (x[:, 2] - 0.5) ** 2
    frame = pd.DataFrame(x, columns=["up", "down", "hump", "noise"])
    assert signs(frame, list(frame), rng.random(4000) < chance) == {"up": 1, "down": -1}


# --- learners ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(C=3.5), HistGradientBoostingClassifier(max_iter=9, max_leaf_nodes=13),
        RandomForestClassifier(9, max_depth=7),
        LGBMClassifier(n_estimators=9, num_leaves=9, n_jobs=1, verbosity=-1),
        XGBClassifier(n_estimators=9, max_depth=5, n_jobs=1),
        make_pipeline(StandardScaler(), LogisticRegression(C=0.7)),
    ],
)  # fmt: skip
def test_own_settings_are_among_the_values(estimator):
    """The baseline lies in its own space, and being there changes nothing."""
    found, _ = space(estimator, features=("income", "debts"))
    for knob in knobs_of(estimator):
        assert found.own[knob.name] in knob.values
    assert found.point(found.unmoved()) == Point()
    assert found.words(Point()) == "changes nothing"


def test_an_unknown_learner_keeps_its_settings():
    """Nothing is varied of a learner that nothing is known of, nor weights where it takes none."""
    assert family_of(GaussianNB()).name == "unknown"
    found, _ = space(GaussianNB())
    assert {name.split()[0] for name in found.distributions()} <= {
        "without",
        "reweighing",
        "penalty",
    }
    found, _ = space(KNeighborsClassifier())
    assert {name.split()[0] for name in found.distributions()} <= {"without"}


def test_starts_lie_in_the_space_and_differ():
    """Every starting point has a value for everything that varies, and none comes twice."""
    own = task(
        estimator=HistGradientBoostingClassifier(max_iter=9),
        features=("income", "debts", "home", "sex"),
    )
    found, _ = space(HistGradientBoostingClassifier(max_iter=9), own)
    assert found.direct == ("sex",)
    starts = found.starts(99)
    shape = found.distributions()
    assert starts[0][1] == found.unmoved()
    for _, place in starts:
        assert set(place) == set(shape)
        assert all(shape[n]._contains(shape[n].to_internal_repr(v)) for n, v in place.items())
    assert all(a != b for a, b in itertools.combinations([p for _, p in starts], 2))
    assert any(place["blind"] for _, place in starts)
    assert len(found.starts(3)) == 3


def test_words_say_what_changed():
    """Columns, settings and strengths, in a sentence."""
    found, _ = space(HistGradientBoostingClassifier(max_iter=9))
    point = Point(left_out=("debts",), learner={"max_leaf_nodes": 15}, reweighing=0.6, penalty=1.2)
    assert found.words(point) == (
        "leaves out debts; 15 leaves instead of 31; reweighs groups at 0.6; presses the groups' "
        "scores together (penalty 1.2)"
    )


def test_boosting_learns_on_parts_as_it_would_on_all():
    """Left to itself it stops early above 10,000 rows: so it does on parts of 12,000."""
    told = HistGradientBoostingClassifier()
    for rows, stops in ((10_000, False), (10_001, True)):
        assert settled(told, rows).early_stopping is stops
    own = HistGradientBoostingClassifier(early_stopping=False)
    assert settled(own, 99_999).early_stopping is False
    piped = settled(make_pipeline(StandardScaler(), told), 20_000)
    assert piped[-1].early_stopping is True
    assert told.early_stopping == "auto"


# --- alternatives ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "estimator",
    [HistGradientBoostingClassifier(max_iter=20),
     LGBMClassifier(n_estimators=20, n_jobs=1, verbosity=-1),
     XGBClassifier(n_estimators=20, n_jobs=1)],
    ids=["scikit-learn", "lightgbm", "xgboost"],
)  # fmt: skip
@pytest.mark.parametrize("good", [0, 1])
def test_one_direction_holds(estimator, good):
    """More income never lowers the chance of the good outcome, whichever label that is."""
    frame = applicants(900)
    if good == 0:
        frame["repaid"] = 1 - frame["repaid"]
    own = task(frame, estimator, features=("income", "debts"), favorable={"outcome": good})
    found, _ = space(estimator, own)
    assert found.signs == {"income": 1, "debts": -1}
    scorer, _ = alternative(Point(monotone=True), found, own).trained(np.arange(900))
    line = pd.DataFrame({"income": np.linspace(5, 60, 200), "debts": 3})
    assert (np.diff(scorer.scores(line)) >= -1e-12).all()


def test_left_out_columns_are_not_read():
    """Neither of a bare learner nor of a pipeline that names its columns and wants them there."""
    for estimator in (LogisticRegression(max_iter=2000), named_pipeline()):
        own = task(estimator=estimator)
        found, _ = space(estimator, own)
        decider, _ = alternative(Point(left_out=("debts",)), found, own).decider(0.5)
        assert decider.columns == ("income", "home")
        frame = applicants(50, seed=1)
        np.testing.assert_array_equal(decider.scores(frame), decider.scores(frame.assign(debts=99)))
        np.testing.assert_array_equal(
            decider.scores(frame), decider.scores(frame.drop(columns="debts"))
        )


def test_the_baselines_point_is_the_baseline():
    """Changing nothing gives the baseline's own scores."""
    own = task()
    found, _ = space(LogisticRegression(max_iter=2000), own)
    scorer, _ = alternative(Point(), found, own).trained(np.arange(600))
    frame = applicants(50, seed=1)
    np.testing.assert_array_equal(scorer.scores(frame), baseline(own)[0].scores(frame))
