"""Reductions keep fairlearn's answers, in plain objects, at the baseline's price of errors."""

import pickle

import numpy as np
import pandas as pd
import pytest
from fairlearn import reductions as fairlearn
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from audit.errors import InputError
from audit.mitigation import reductions
from audit.mitigation.coarse import coarse
from audit.mitigation.fitting import NotFittedError, converged
from audit.mitigation.mixtures import Always, Mixture, Relabelled, Vote, untilted
from audit.mitigation.reductions import LOSS, METHODS, ODDS, OPPORTUNITY, PARITY, whole_grid
from audit.mitigation.task import baseline
from mitigation.lessons import applicants, gap, made, named_pipeline, rates, task

CLASSIFYING = (PARITY, ODDS, OPPORTUNITY)


def exponentiated(constraint, who):
    return made(METHODS, f"exponentiated_gradient_{constraint}", who)


def grid(constraint, who):
    return made(METHODS, f"grid_search_{constraint}", who)


@pytest.fixture(scope="module")
def lending():
    return task(applicants(400))


@pytest.fixture(scope="module")
def trained(lending):
    """(how, constraint) -> decider, notes and fairlearn's own learner; each trained once."""
    held = {}

    def train(how, constraint):
        if (how, constraint) not in held:
            found = []
            own = reductions._trained
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(
                    reductions, "_trained", lambda who, it: (found.append(it), own(who, it))[1]
                )
                held[how, constraint] = *how(constraint, lending), found
        decider, notes, found = held[how, constraint]
        return decider, notes, found[0]

    return train


def test_there_are_eight_and_each_is_documented():
    keys = [m.key for m in METHODS]
    assert keys == [
        f"{method}_{constraint}"
        for method in ("exponentiated_gradient", "grid_search")
        for constraint in (PARITY, ODDS, OPPORTUNITY, LOSS)
    ]
    for method in METHODS:
        assert method.acts == "in training"
        assert method.does.endswith(".")
        assert method.fails.endswith(".")
        assert "ICML 2018" in method.source
        assert not method.needs_group_at_decision
        assert method.randomised == (
            method.key.startswith("exponentiated") and LOSS not in method.key
        )


@pytest.mark.parametrize("constraint", CLASSIFYING)
def test_chances_of_approval_are_fairlearns_own(lending, trained, constraint):
    decider, _, learner = trained(exponentiated, constraint)
    inputs = lending.train.inputs
    theirs = learner._pmf_predict(inputs)[:, 1]
    np.testing.assert_allclose(decider.approval_chances(inputs), theirs, rtol=0, atol=1e-9)


def test_under_a_bounded_loss_the_score_is_fairlearns_mean_prediction(lending, trained):
    decider, _, learner = trained(exponentiated, LOSS)
    inputs = lending.train.inputs
    theirs = learner._pmf_predict(inputs)[learner.weights_.index].dot(learner.weights_)
    np.testing.assert_allclose(decider.scores(inputs), theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize("constraint", CLASSIFYING)
def test_a_grid_decides_as_fairlearn_does(lending, trained, constraint):
    decider, _, learner = trained(grid, constraint)
    inputs = lending.train.inputs
    np.testing.assert_array_equal(decider.approval_chances(inputs), learner.predict(inputs))


def test_a_grid_under_a_bounded_loss_scores_as_fairlearn_does(lending, trained):
    decider, _, learner = trained(grid, LOSS)
    inputs = lending.train.inputs
    np.testing.assert_array_equal(decider.scores(inputs), learner.predict(inputs))


@pytest.mark.parametrize("approve", [0.3, 0.85])
@pytest.mark.parametrize("make", [exponentiated, grid])
def test_with_a_loose_bound_decisions_are_the_baselines(approve, make):
    """Approving from a chance of c on is cheapest where a wrong approval costs c and a wrong denial
    1 − c; the other way round would approve 1 − c's share."""
    key = f"{'grid_search' if make is grid else 'exponentiated_gradient'}_{PARITY}"
    loose = {"constraint_weight": 0.0} if make is grid else {"bound": 1.0}
    own = task(approve=approve, settings={key: loose})
    plain, free = baseline(own)[0], make(PARITY, own)[0]
    inputs = own.train.inputs
    agree = plain.approval_chances(inputs) == free.approval_chances(inputs)
    assert agree.mean() > 0.93
    assert abs(plain.decide(inputs).mean() - free.decide(inputs).mean()) < 0.05


@pytest.mark.parametrize("how", [exponentiated, grid])
@pytest.mark.parametrize("constraint", [PARITY, LOSS])
def test_only_a_mixture_that_votes_draws_lots(trained, how, constraint):
    decider = trained(how, constraint)[0]
    assert decider.draws_lots == (how is exponentiated and constraint == PARITY)


def test_at_a_half_the_prices_are_fairlearns_own():
    own = reductions._errors(0.5)
    usual = fairlearn.ErrorRate()
    assert (own.fp_cost, own.fn_cost) == (usual.fp_cost, usual.fn_cost)


@pytest.mark.parametrize("make", [exponentiated, grid])
def test_the_planted_gap_in_approvals_shrinks(lending, trained, make):
    fair, notes, _ = trained(make, PARITY)
    before = gap(lending, baseline(lending)[0])
    assert before > 0.2
    assert gap(lending, fair) < before / 3
    assert converged(notes)


def test_the_bound_holds_for_training_rows(lending, trained):
    fair, notes, _ = trained(exponentiated, PARITY)
    overall = float(fair.approval_chances(lending.train.inputs).mean())
    assert max(abs(rate - overall) for rate in rates(lending, fair)) < 0.03
    assert not any("not met" in note for note in notes)


def test_equal_opportunity_equals_approvals_of_those_who_repay(lending, trained):
    fair = trained(exponentiated, OPPORTUNITY)[0]

    def apart(decider):
        approved, good = decider.approval_chances(lending.train.inputs), lending.train.outcome == 1
        by_group = [approved[good & (lending.codes == g)].mean() for g in (0, 1)]
        return abs(by_group[0] - by_group[1])

    assert apart(fair) < 0.04 < apart(baseline(lending)[0])


def test_a_bounded_loss_lowers_the_worst_groups_loss():
    """One group's outcomes hang on another column: weighing the group more learns it better."""
    rng = np.random.default_rng(3)
    sex = rng.choice(["f", "m"], 2000, p=[0.2, 0.8])
    one, two = rng.normal(size=(2, 2000))
    logit = np.where(sex == "m", 2 * one + two, two - one)
    frame = pd.DataFrame({"sex": sex, "one": one, "two": two})
    frame["repaid"] = (rng.random(2000) < 1 / (1 + np.exp(-logit))).astype(int)
    own = task(frame, features=("one", "two"))

    def worst(decider):
        losses = (decider.scores(own.train.inputs) - (own.train.outcome == 1)) ** 2
        return max(float(losses[own.codes == g].mean()) for g in (0, 1))

    before = worst(baseline(own)[0])
    assert worst(exponentiated(LOSS, own)[0]) < before - 0.01
    assert worst(grid(LOSS, own)[0]) < before - 0.01


@pytest.fixture(scope="module")
def numbers():
    return grid(PARITY, task(applicants(300)))[0]


@pytest.mark.parametrize("labels", [("paid", "default"), (1, 2), (True, False)])
def test_the_estimator_is_trained_on_the_callers_labels(labels, numbers):
    good, bad = labels
    frame = applicants(300)
    frame["repaid"] = np.where(frame["repaid"] == 1, good, bad)
    seen = []

    class Watched(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            seen.extend(np.unique(y).tolist())
            return super().fit(X, y, sample_weight)

    own = task(frame, Watched(max_iter=2000), favorable={"outcome": good})
    decider, _ = grid(PARITY, own)
    assert set(seen) == {good, bad}
    assert set(decider.predict(own.train.inputs).tolist()) == {good, bad}
    np.testing.assert_array_equal(
        numbers.decide(own.train.inputs), decider.decide(own.train.inputs)
    )


def test_a_pipeline_gets_its_weights():
    own = task(estimator=named_pipeline())
    assert gap(own, grid(PARITY, own)[0]) < gap(own, baseline(own)[0]) / 3


def test_columns_beside_the_features_are_not_read(lending, trained):
    decider = trained(exponentiated, PARITY)[0]
    assert decider.columns == lending.train.features
    assert "sex" not in decider.columns


def test_the_same_task_gives_the_same_decisions(lending, trained):
    one, two = trained(exponentiated, ODDS)[0], exponentiated(ODDS, lending)[0]
    np.testing.assert_array_equal(
        one.approval_chances(lending.train.inputs), two.approval_chances(lending.train.inputs)
    )


@pytest.mark.parametrize("make", [exponentiated, grid])
def test_nothing_of_fairlearn_or_the_training_rows_is_kept(lending, trained, make):
    decider = trained(make, PARITY)[0]
    again = pickle.loads(pickle.dumps(decider))
    inputs = lending.train.inputs
    np.testing.assert_array_equal(again.approval_chances(inputs), decider.approval_chances(inputs))
    assert not any(isinstance(m, Relabelled) for m in decider.scorer.models)
    assert b"fairlearn" not in pickle.dumps(decider)


def test_what_does_not_converge_says_so():
    key = f"exponentiated_gradient_{PARITY}"
    own = task(settings={key: {"max_iter": 1}})
    _, notes = exponentiated(PARITY, own)
    assert any("not converged" in note for note in notes)
    assert not converged(notes)


def test_weights_of_rows_are_a_reason_not_a_guess():
    own = task(weight="survey")
    for method in METHODS:
        with pytest.raises(NotFittedError, match="no weights of rows"):
            method.make(own)


def test_one_group_is_a_reason():
    frame = applicants(300)
    own = task(frame[frame["sex"] == "m"])
    with pytest.raises(NotFittedError, match="one group of sex"):
        exponentiated(PARITY, own)


def test_an_estimator_without_weights_is_a_reason():
    own = task(estimator=KNeighborsClassifier())
    with pytest.raises(NotFittedError, match="takes no weights of rows"):
        grid(PARITY, own)


def test_a_failing_estimator_is_a_reason():
    class Failing(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            if sample_weight is not None:
                raise RuntimeError("out of order")
            return super().fit(X, y)

    with pytest.raises(NotFittedError, match="out of order"):
        grid(PARITY, task(estimator=Failing(max_iter=2000)))


def test_a_cutoff_that_approves_everyone_sets_no_price():
    own = task(estimator=DummyClassifier(strategy="constant", constant=1))
    with pytest.raises(NotFittedError, match="sets no price"):
        exponentiated(PARITY, own)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"bnd": 0.1}, "no setting 'bnd'"),
        ({"bound": -1}, "not a number from 0"),
        ({"bound": True}, "not a number"),
        ({"max_iter": 2.5}, "not a whole number"),
    ],
)
def test_wrong_settings_are_refused(told, words):
    with pytest.raises(InputError, match=words) as problem:
        exponentiated(PARITY, task(settings={f"exponentiated_gradient_{PARITY}": told}))
    assert problem.value.code == "MIT407"


def test_several_groups_are_held_to_the_bound():
    frame = applicants(900, seed=4)
    own = task(frame, attribute="race", protected=["race"], reference={"race": "a"})
    assert gap(own, exponentiated(PARITY, own)[0]) < 0.04


@pytest.mark.parametrize(
    ("groups", "constraint", "most", "size"),
    [
        (2, PARITY, 13, 13), (2, ODDS, 13, 13), (2, LOSS, 13, 13), (3, PARITY, 13, 13),
        (3, ODDS, 13, 9), (3, LOSS, 13, 10), (9, ODDS, 13, 33),
    ],
)  # fmt: skip
def test_a_grid_has_both_signs_of_each_multiplier(groups, constraint, most, size):
    """Counted by hand: points of whole numbers with |a| + |b| + ... ≤ n, or = n for a loss."""
    assert whole_grid(groups, constraint, most) == size


def test_fairlearns_grid_of_that_size_is_symmetric(trained):
    """Another size leaves out multipliers of one sign: fairlearn keeps the first in its order."""
    multipliers = trained(grid, ODDS)[2].lambda_vecs_
    plus, minus = multipliers.loc["+"].to_numpy(), multipliers.loc["-"].to_numpy()
    assert sorted(map(tuple, plus.T)) == sorted(map(tuple, minus.T))


def test_chances_go_back_to_the_rows_own_scale():
    """Bayes: weights c and 1 − c turn odds o into o(1 − c)/c."""
    rng = np.random.default_rng(0)
    real, at = rng.random(50), 0.8
    tilted = real * (1 - at) / (real * (1 - at) + (1 - real) * at)
    np.testing.assert_allclose(untilted(tilted, at), real)
    np.testing.assert_array_equal(untilted(real, None), real)


def test_scores_stay_near_the_baselines_scale():
    """A price in the weights moves no score: means of scores are near the share that repays."""
    own = task(approve=0.3)
    decider, _ = grid(PARITY, own)
    share = float((own.train.outcome == 1).mean())
    assert abs(decider.scores(own.train.inputs).mean() - share) < 0.05


def test_votes_that_all_agree_are_certain():
    frame = pd.DataFrame({"a": range(3)})
    thirds = Mixture((Always(0.9),) * 3, (1 / 3 - 1e-12,) * 3)
    assert thirds.votes(frame).tolist() == [1.0, 1.0, 1.0]
    half = Mixture((Always(0.9), Always(0.1)), (0.5, 0.5))
    assert Vote(half).approved(np.zeros(3), frame).tolist() == [0.5, 0.5, 0.5]
    assert half.scores(frame).tolist() == [0.5, 0.5, 0.5]


def test_a_booster_bins_coarse_columns_as_it_would_without_weights():
    """Coarse inputs are split where a booster trained without weights splits: same trees."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"a": rng.normal(size=3000), "b": rng.integers(0, 9, 3000)})
    frame.loc[::50, "a"] = np.nan
    y = (frame["a"].fillna(0) + rng.normal(size=3000) > 0).astype(int)
    model = HistGradientBoostingClassifier(max_iter=10, random_state=0)
    change = coarse(model, frame)
    assert list(change.bins) == ["a"]
    small = change.transform(frame)
    assert small["a"].nunique() <= 255
    np.testing.assert_array_equal(small["a"].isna(), frame["a"].isna())
    pd.testing.assert_frame_equal(change.transform(small), small)
    plain = model.fit(frame, y).predict_proba(frame)
    np.testing.assert_allclose(model.fit(small, y).predict_proba(small), plain, atol=1e-12)
    assert coarse(LogisticRegression(), frame) is None
    assert coarse(model, frame[["b"]]) is None


def test_a_booster_is_told_to_decide_on_coarse_inputs_in_deployment():
    own = task(applicants(800), HistGradientBoostingClassifier(max_iter=10, max_bins=32))
    decider, _ = grid(PARITY, own)
    assert set(decider.scorer.change.bins) == {"income"}
    assert gap(own, decider) < gap(own, baseline(own)[0])
