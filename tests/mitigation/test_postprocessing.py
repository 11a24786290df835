"""Rules by group after training, held to fairlearn's and AIF360's own answers."""

import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from audit.mitigation.after_training import approval, chances_of, unseen
from audit.mitigation.borrowed import OTHERS, PRIVILEGED, dataset, quiet
from audit.mitigation.fitting import NotFittedError
from audit.mitigation.postprocessing import METHODS
from audit.mitigation.task import Where, baseline, baseline_scores
from mitigation.lessons import applicants, made, task

BY_RACE = {"attribute": "race", "protected": ["race"], "reference": {"race": "a"}}
FAIRLEARN = {
    "threshold_optimizer_demographic_parity": "demographic_parity",
    "threshold_optimizer_equalized_odds": "equalized_odds",
    "threshold_optimizer_equal_opportunity": "true_positive_rate_parity",
}
KEYS = [m.key for m in METHODS]


class Identity(BaseEstimator):
    """Scores as they come."""

    def fit(self, X, y):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def predict(self, X):
        return np.asarray(X)[:, 0]


@pytest.fixture(scope="module")
def lending():
    return task(applicants(900))


@pytest.fixture(scope="module")
def races():
    return task(applicants(1500), approve=None, **BY_RACE)


def at(who, where):
    """The same task deciding otherwise, its scores kept."""
    return replace(who, where=where, held={"scores": baseline_scores(who)})


@pytest.mark.parametrize("key", FAIRLEARN)
def test_without_a_rate_chances_are_fairlearns_own(races, key):
    """Three groups; equal to `_pmf_predict` at scores it has not seen, ties included."""
    from fairlearn.postprocessing import ThresholdOptimizer

    decider, _ = made(METHODS, key, races)
    found = unseen(races, both_sides=False)
    names = np.array(races.levels, dtype=object)
    oracle = ThresholdOptimizer(
        estimator=Identity(), constraints=FAIRLEARN[key], objective="accuracy_score",
        prefit=True, predict_method="predict",
    )  # fmt: skip
    oracle.fit(found.scores.reshape(-1, 1), found.good, sensitive_features=names[found.codes])
    frame = applicants(400, seed=5)
    scores = np.concatenate([found.scores[:200], np.linspace(0, 1, 200)])
    expected = oracle._pmf_predict(scores.reshape(-1, 1), sensitive_features=frame.race)[:, 1]
    np.testing.assert_array_equal(decider.rule.approved(scores, frame), expected)


@pytest.mark.parametrize("key", FAIRLEARN)
def test_a_cut_off_of_a_half_is_the_price_at_which_accuracy_is_highest(races, key):
    """Our choice of a point on fairlearn's curves at even prices is fairlearn's own choice."""
    own, _ = made(METHODS, key, races)
    priced, _ = made(METHODS, key, at(races, Where(cutoff=0.5)))
    frame, scores = applicants(400, seed=5), np.linspace(0, 1, 400)
    np.testing.assert_allclose(
        priced.rule.approved(scores, frame), own.rule.approved(scores, frame), atol=1e-12
    )


@pytest.mark.parametrize("key", FAIRLEARN)
def test_a_dearer_default_lowers_approvals(races, key):
    """At a cut-off of .2 a bad approval weighs four denials of good applicants."""
    shares = []
    for cutoff in (0.5, 0.35, 0.2):
        own = at(races, Where(cutoff=cutoff))
        shares.append(approval(made(METHODS, key, own)[0].rule, own, unseen(own)))
    assert shares[0] > shares[1] > shares[2] > 0


def _rates(rule, who, kind=None):
    found = unseen(who)
    chance = chances_of(rule, who, found)
    kept = np.ones(len(chance), bool) if kind is None else found.good == kind
    return np.array([chance[kept & (found.codes == g)].mean() for g in found.groups])


def test_parity_at_a_rate_is_a_cut_off_by_group_without_lots(races):
    """Each group's share is the one asked for, but for applicants who tie at its cut-off."""
    own = at(races, Where(approval_rate=0.6))
    decider, notes = made(METHODS, "threshold_optimizer_demographic_parity", own)
    found = unseen(own)
    assert set(decider.approval_chances(own.train.frame)) == {0.0, 1.0}
    sizes = np.bincount(found.codes)
    rates = _rates(decider.rule, own)
    assert ((rates >= 0.6 - 1e-9) & (rates < 0.6 + 3 / sizes)).all()
    assert any("cut-offs" in note for note in notes)


def test_equal_opportunity_and_odds_at_a_rate_hold_both(races):
    """The share asked for is approved, and true (and false) positive rates are one number."""
    own = at(races, Where(approval_rate=0.6))
    for key, kinds in (
        ("threshold_optimizer_equal_opportunity", (1,)),
        ("threshold_optimizer_equalized_odds", (0, 1)),
    ):
        decider, _ = made(METHODS, key, own)
        assert approval(decider.rule, own, unseen(own)) == pytest.approx(0.6, abs=2e-3)
        for kind in kinds:
            assert np.ptp(_rates(decider.rule, own, kind)) < 1e-9


@pytest.mark.parametrize("key", FAIRLEARN)
def test_lots_are_said_where_they_are_drawn(races, key):
    """Parity at a rate has a cut-off a group; every other of these rules mixes two by lot."""
    for where in (Where(), Where(approval_rate=0.6)):
        decider, _ = made(METHODS, key, at(races, where))
        chance = decider.approval_chances(applicants(1500))
        assert decider.draws_lots == bool(((chance > 0) & (chance < 1)).any())
        assert decider.draws_lots == (
            where == Where() or key != "threshold_optimizer_demographic_parity"
        )


def _predictions(who, frame, labels, scores):
    side = (frame.sex == "m").to_numpy()
    return dataset(side, labels, scores, np.ones(len(side)))


def test_reject_option_decides_as_aif360_does(lending):
    decider, _ = made(METHODS, "reject_option", lending)
    rule, frame = decider.rule, applicants(500, seed=3)
    scores = np.concatenate([decider.scores(frame)[:300], np.linspace(0, 1, 200)])
    scores[:3] = rule.above, rule.above + rule.margin, rule.above - rule.margin
    with quiet():
        from aif360.algorithms.postprocessing import RejectOptionClassification

        oracle = RejectOptionClassification(OTHERS, PRIVILEGED)
        oracle.classification_threshold, oracle.ROC_margin = rule.above, rule.margin
        expected = oracle.predict(_predictions(lending, frame, scores > 2, scores)).labels.ravel()
    np.testing.assert_array_equal(rule.approved(scores, frame), expected)


def test_reject_option_brings_the_gap_within_its_bound_and_keeps_the_rate(lending):
    decider, _ = made(METHODS, "reject_option", lending)
    assert np.ptp(_rates(baseline(lending)[0].rule, lending)) > 0.1
    assert np.ptp(_rates(decider.rule, lending)) <= 0.02 + 1e-9
    assert approval(decider.rule, lending, unseen(lending)) == pytest.approx(0.6, abs=0.02)


def test_reject_option_says_that_it_cannot_help_a_reference_that_is_worse_off():
    own = task(applicants(900), reference={"sex": "f"})
    with pytest.raises(NotFittedError, match="approved less often than the others"):
        made(METHODS, "reject_option", own)


def test_equalized_odds_turns_as_many_as_aif360_does(lending):
    """AIF360 shuffles and turns int(n · p) of each cell; ours are those chances."""
    own = at(lending, Where())
    decider, _ = made(METHODS, "equalized_odds_postprocessing", own)
    found, rule = unseen(own), decider.rule
    with quiet():
        from aif360.algorithms.postprocessing import EqOddsPostprocessing

        ones = np.ones(len(found.good))
        truth = dataset(found.privileged, found.good, found.good, ones)
        said = dataset(found.privileged, found.scores >= 0.5, found.scores, ones)
        before = np.random.get_state()
        turned = EqOddsPostprocessing(OTHERS, PRIVILEGED, seed=0).fit(truth, said).predict(said)
        np.random.set_state(before)
    chance = chances_of(rule, own, found)
    for side in (0, 1):
        for approved in (False, True):
            cell = (found.privileged == side) & ((found.scores >= 0.5) == approved)
            assert abs(turned.labels.ravel()[cell].sum() - chance[cell].sum()) <= 1
    for kind in (0, 1):
        assert np.ptp(_rates(rule, own, kind)) < 1e-6


def test_calibrated_odds_mix_as_aif360_does():
    """Chance of approval = share of 400 of AIF360's own draws, within four standard errors."""
    own = task(applicants(900), approve=None, reference={"sex": "f"})
    decider, _ = made(METHODS, "calibrated_equalized_odds", own)
    found = unseen(own)
    with quiet():
        from aif360.algorithms.postprocessing import CalibratedEqOddsPostprocessing

        ones = np.ones(len(found.good))
        truth = dataset(found.privileged, found.good, found.good, ones)
        said = dataset(found.privileged, found.good, found.scores, ones)
        oracle = CalibratedEqOddsPostprocessing(OTHERS, PRIVILEGED).fit(truth, said)
        before = np.random.get_state()
        np.random.seed(0)
        drawn = np.mean([oracle.predict(said).labels.ravel() for _ in range(400)], axis=0)
        np.random.set_state(before)
    chance = chances_of(decider.rule, own, found)
    assert ((chance > 0) & (chance < 1)).any()
    error = np.sqrt(np.maximum(chance * (1 - chance), 1e-12) / 400)
    assert (np.abs(drawn - chance) <= 5 * error + 1e-9).all()


@pytest.mark.parametrize("key", KEYS)
def test_a_group_missing_or_never_seen_is_answered_by_the_unchanged_cut_off(races, key):
    """Nobody is denied for not telling a group, nor given another group's rule."""
    try:
        decider, _ = made(METHODS, key, races)
    except NotFittedError as reason:
        pytest.skip(str(reason))
    frame = applicants(60, seed=2)
    for unknown in (None, "never seen", np.nan):
        strange = frame.assign(race=pd.Series([unknown] * 60, dtype=object))
        np.testing.assert_array_equal(decider.decide(strange), baseline(races)[0].decide(strange))


@pytest.mark.parametrize("key", KEYS)
def test_twice_is_the_same_and_nothing_of_the_callers_is_touched(lending, key):
    """NumPy's global state and the root logger are as before; two fits decide alike."""
    before, root = np.random.get_state(), logging.getLogger()
    setup = list(root.handlers), root.level, root.manager.disable
    frame = applicants(300, seed=4)
    try:
        one, two = (made(METHODS, key, at(lending, lending.where))[0] for _ in range(2))
    except NotFittedError as reason:
        pytest.skip(str(reason))
    np.testing.assert_array_equal(one.predict(frame), two.predict(frame))
    after = np.random.get_state()
    np.testing.assert_equal(after, before)
    assert setup == (list(root.handlers), root.level, root.manager.disable)
    assert one.columns == ("income", "debts", "home", "sex")
    assert one.decides_by == "sex"


def test_lots_follow_the_row_and_the_seed(races):
    """The same applicant is answered alike anywhere in a table; only lots change with the seed."""
    decider, _ = made(METHODS, "threshold_optimizer_equalized_odds", races)
    frame = applicants(500, seed=6)
    once = decider.decide(frame)
    order = np.random.default_rng(0).permutation(500)
    np.testing.assert_array_equal(decider.decide(frame.iloc[order]), once[order])
    chance = decider.approval_chances(frame)
    lots = (chance > 0) & (chance < 1)
    other = decider.decide(frame, seed=1)
    assert lots.any()
    assert not (other != once)[~lots].any()
    assert (other != once)[lots].any()


def test_a_group_too_small_for_a_rule_keeps_the_cut_off_and_is_named():
    frame = applicants(900)
    frame.loc[frame.index[:8], "race"] = "d"
    own = task(frame, **BY_RACE)
    decider, notes = made(METHODS, "threshold_optimizer_demographic_parity", own)
    few = frame[frame.race == "d"]
    np.testing.assert_array_equal(decider.decide(few), baseline(own)[0].decide(few))
    assert any("'d' of race" in note and "fewer than 10" in note for note in notes)


def test_one_group_large_enough_is_not_enough():
    frame = applicants(300)
    frame["race"] = np.where(np.arange(300) < 5, "b", "a")
    own = task(frame, **BY_RACE)
    for key in KEYS:
        with pytest.raises(NotFittedError, match="two groups"):
            made(METHODS, key, own)


def test_counted_rows_are_rows():
    """A row that stands for k gives the rule that k rows give, at the same scores."""
    frame = applicants(500)
    counted = task(frame, approve=None, count="copies")
    many = frame.loc[frame.index.repeat(frame.copies)].reset_index(drop=True)
    written = task(many, approve=None)
    written.held["scores"] = np.repeat(baseline_scores(counted), frame.copies)
    scores, look = np.linspace(0, 1, 500), applicants(500, seed=9)
    for key in ("threshold_optimizer_equalized_odds", "equalized_odds_postprocessing"):
        one, two = (made(METHODS, key, t)[0].rule for t in (counted, written))
        np.testing.assert_allclose(
            one.approved(scores, look), two.approved(scores, look), atol=1e-9
        )


def test_weights_that_are_not_whole_are_refused_where_the_code_takes_none():
    own = task(applicants(500), approve=None, weight="survey")
    for key in ("threshold_optimizer_equalized_odds", "equalized_odds_postprocessing"):
        with pytest.raises(NotFittedError, match="takes no weights"):
            made(METHODS, key, own)


def test_every_method_reads_the_group_and_says_when_it_fails():
    for method in METHODS:
        assert method.needs_group_at_decision
        assert method.acts == "after training"
        assert method.does.endswith(".")
        assert method.fails.endswith(".")
        assert method.source
