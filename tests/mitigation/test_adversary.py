"""A beaten adversary knows nothing of the group; without one, it is logistic regression."""

import pickle
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from audit.mitigation.adversary import METHODS
from audit.mitigation.fitting import NotFittedError, converged
from audit.mitigation.logistic_adversary import LogisticAdversary
from audit.mitigation.network import Network, levelled
from audit.mitigation.task import baseline
from mitigation.lessons import applicants, gap, made, rates, task

KEY, TORCH = "adversarial_debiasing", "adversarial_debiasing_torch"
QUICK = {TORCH: {"steps": 60}}


@pytest.fixture(scope="module")
def proxied():
    """A group, a column that is nearly the group, one of merit, and an outcome of both."""
    rng = np.random.default_rng(5)
    group = rng.integers(0, 2, 3000)
    proxy = group + 0.3 * rng.normal(size=3000)
    merit = rng.normal(size=3000)
    good = (rng.random(3000) < 1 / (1 + np.exp(-(1.5 * merit + 1.5 * proxy - 0.75)))).astype(int)
    return np.column_stack([proxy, merit]), good, group


def soft(model, inputs):
    return model.predict_proba(inputs)[:, 1]


def apart(model, inputs, group, rows=slice(None)):
    approved = model.predict(inputs)[rows]
    return float(approved[group[rows] == 1].mean() - approved[group[rows] == 0].mean())


@pytest.mark.parametrize("weighted", [False, True])
def test_without_strength_it_is_logistic_regression(proxied, weighted):
    inputs, good, group = proxied
    weight = np.random.default_rng(0).uniform(0.5, 2, len(good)) if weighted else None
    own = LogisticAdversary(strength=0).fit(inputs, good, groups=group, sample_weight=weight)
    # a mean weight of 1 keeps the penalty what it was
    plain = LogisticRegression(tol=1e-10, max_iter=5000).fit(
        inputs, good, sample_weight=None if weight is None else weight / weight.mean()
    )
    np.testing.assert_allclose(own.coef_, plain.coef_, atol=1e-5)
    np.testing.assert_allclose(own.intercept_, plain.intercept_, atol=1e-5)
    np.testing.assert_allclose(own.predict_proba(inputs), plain.predict_proba(inputs), atol=1e-5)


def test_a_faint_strength_is_near_logistic_regression(proxied):
    inputs, good, group = proxied
    plain = LogisticAdversary(strength=0).fit(inputs, good, groups=group)
    faint = LogisticAdversary(strength=1e-4, projection=False).fit(inputs, good, groups=group)
    np.testing.assert_allclose(faint.coef_, plain.coef_, atol=0.02)


def test_a_planted_proxy_is_left_unused(proxied):
    """What the proxy adds to the score goes; what merit adds stays."""
    inputs, good, group = proxied
    plain = LogisticAdversary(strength=0).fit(inputs, good, groups=group)
    fair = LogisticAdversary(strength=1).fit(inputs, good, groups=group)
    assert plain.coef_[0, 0] > 1
    assert abs(fair.coef_[0, 0]) < 0.1
    assert fair.coef_[0, 1] > 1
    assert apart(plain, inputs, group) > 0.2
    assert abs(apart(fair, inputs, group)) < 0.03
    assert 0 <= fair.advantage_ < 1e-6


def test_the_end_is_the_best_model_that_tells_nothing(proxied):
    """Oracle: scipy's SLSQP minimises the same loss with equal mean soft decisions as a constraint.

    For two groups the adversary's gain is 0 exactly where those means are equal."""
    from scipy.optimize import minimize
    from scipy.special import expit

    inputs, good, group = proxied
    fair = LogisticAdversary(strength=1, tol=1e-6, max_iter=3000).fit(inputs, good, groups=group)
    plain = LogisticRegression(tol=1e-10).fit(inputs, good)
    sharp = 8.0 / plain.decision_function(inputs).std()
    wide = np.column_stack([inputs, np.ones(len(good))])

    def loss(point):
        raw = wide @ point
        fit = np.mean(np.logaddexp(0, raw) - good * raw)
        return fit + 0.5 * point[:-1] @ point[:-1] / len(good)

    def told(point):
        decided = expit(sharp * (wide @ point))
        return decided[group == 1].mean() - decided[group == 0].mean()

    best = minimize(
        loss, np.r_[plain.coef_[0], plain.intercept_], method="SLSQP",
        constraints={"type": "eq", "fun": told}, options={"ftol": 1e-12, "maxiter": 500},
    )  # fmt: skip
    point = np.r_[fair.coef_[0], fair.intercept_]
    np.testing.assert_allclose(told(point), 0, atol=1e-5)
    np.testing.assert_allclose(loss(point), best.fun, atol=1e-5)
    np.testing.assert_allclose(point, best.x, atol=0.01)


def test_any_strength_ends_at_the_same_point_with_the_projection(proxied):
    inputs, good, group = proxied
    ends = [
        LogisticAdversary(strength=s, tol=1e-5, max_iter=5000).fit(inputs, good, groups=group)
        for s in (0.3, 1.0)
    ]
    np.testing.assert_allclose(ends[0].coef_, ends[1].coef_, atol=0.01)


def test_without_the_projection_strength_trades_accuracy_for_the_gap(proxied):
    inputs, good, group = proxied
    told, lost = [], []
    for strength in (0, 0.1, 1, 10):
        own = LogisticAdversary(strength=strength, projection=False, max_iter=3000)
        own.fit(inputs, good, groups=group)
        chance = np.where(good == 1, soft(own, inputs), 1 - soft(own, inputs))
        told.append(abs(apart(own, inputs, group)))
        lost.append(float(-np.log(chance).mean()))
    assert told == sorted(told, reverse=True)
    assert lost == sorted(lost)


def test_odds_are_equal_among_those_alike_in_outcome(proxied):
    inputs, good, group = proxied
    plain = LogisticAdversary(strength=0).fit(inputs, good, groups=group)
    fair = LogisticAdversary(strength=1, odds=True).fit(inputs, good, groups=group)
    for kind in (0, 1):
        rows = good == kind
        assert abs(apart(fair, inputs, group, rows)) < 0.06 < apart(plain, inputs, group, rows)


@pytest.mark.parametrize("favorable", ["yes", "no"])
def test_the_cutoff_is_looked_at_from_the_favourable_side(proxied, favorable):
    """Names of classes change nothing: the mirrored problem has the mirrored coefficients."""
    inputs, good, group = proxied
    other = {"yes": "no", "no": "yes"}[favorable]
    words = np.where(good == 1, favorable, other)
    own = LogisticAdversary(approval_rate=0.3, favorable=favorable).fit(inputs, words, groups=group)
    numbers = LogisticAdversary(approval_rate=0.3).fit(inputs, good, groups=group)
    side = 1 if favorable == "yes" else -1
    np.testing.assert_allclose(side * own.coef_, numbers.coef_, atol=1e-3)


def test_weights_count_as_copies(proxied):
    inputs, good, group = (part[:800] for part in proxied)
    times = np.random.default_rng(2).integers(1, 4, 800)
    # the penalty is per mean weight, so copies have a weaker one beside their number
    own = LogisticAdversary(C=1e6).fit(inputs, good, groups=group, sample_weight=times)
    copies = LogisticAdversary(C=1e6).fit(
        inputs.repeat(times, 0), good.repeat(times), groups=group.repeat(times)
    )
    np.testing.assert_allclose(own.coef_, copies.coef_, atol=0.01)


def test_rows_of_no_known_group_teach_the_predictor_only(proxied):
    inputs, good, group = proxied
    hidden = np.where(np.arange(len(group)) % 3 == 0, -1, group)
    fair = LogisticAdversary().fit(inputs, good, groups=hidden)
    assert abs(apart(fair, inputs, group, hidden >= 0)) < 0.03
    alone = LogisticAdversary().fit(inputs[hidden >= 0], good[hidden >= 0], group[hidden >= 0])
    assert not np.allclose(fair.coef_, alone.coef_, atol=1e-6)


def test_three_groups_are_hardly_told_apart():
    rng = np.random.default_rng(8)
    group = rng.integers(0, 3, 1500)
    inputs = np.column_stack([rng.normal(size=1500) + 0.6 * group, rng.normal(size=(1500, 4))])
    good = (inputs.sum(1) + rng.logistic(size=1500) > 0.6).astype(int)
    fair = LogisticAdversary(max_iter=200).fit(inputs, good, groups=group)
    by_group = [fair.predict(inputs)[group == g].mean() for g in range(3)]
    assert max(by_group) - min(by_group) < 0.06
    assert fair.advantage_ < 1e-3


def test_it_says_when_it_did_not_converge(proxied):
    inputs, good, group = proxied
    with pytest.warns(ConvergenceWarning, match="did not converge in 2 rounds"):
        LogisticAdversary(max_iter=2, strength=0.05).fit(inputs, good, groups=group)


def test_one_group_or_class_is_an_error(proxied):
    inputs, good, group = proxied
    with pytest.raises(ValueError, match="two groups or more"):
        LogisticAdversary().fit(inputs, good, groups=np.zeros(len(good), int))
    with pytest.raises(ValueError, match="1 values, and two are needed"):
        LogisticAdversary().fit(inputs, np.ones(len(good)), groups=group)


def test_it_is_a_scikit_learn_estimator_that_can_be_saved(proxied):
    inputs, good, group = proxied
    own = LogisticAdversary(odds=True).fit(inputs, good, groups=group)
    assert clone(own).get_params() == own.get_params()
    for again in (
        pickle.loads(pickle.dumps(own)),
        skops.io.loads(
            skops.io.dumps(own),
            trusted=["audit.mitigation.logistic_adversary.LogisticAdversary"],
        ),
    ):
        np.testing.assert_array_equal(again.predict_proba(inputs), own.predict_proba(inputs))


# the method


def test_the_planted_gap_shrinks_at_the_rate_asked_for():
    own = task(applicants(2000))
    fair, notes = made(METHODS, KEY, own)
    assert converged(notes)
    assert gap(own, baseline(own)[0]) > 0.2
    assert gap(own, fair) < 0.06
    approved = fair.approval_chances(own.train.frame)
    assert abs(approved.mean() - 0.6) < 0.02
    assert fair.columns == own.train.features


def test_the_same_task_gives_the_same_model():
    own = task()
    one, two = (made(METHODS, KEY, own)[0] for _ in range(2))
    np.testing.assert_array_equal(one.scores(own.train.frame), two.scores(own.train.frame))


def test_labels_in_words_and_gaps_are_read():
    frame = applicants(600)
    frame["repaid"] = np.where(frame["repaid"] == 1, "paid", "default")
    frame.loc[::9, "income"] = np.nan
    frame.loc[::7, "home"] = None
    own = task(frame, favorable={"outcome": "paid"})
    fair, _ = made(METHODS, KEY, own)
    assert set(fair.predict(own.train.inputs).tolist()) == {"paid", "default"}
    assert gap(own, fair) < 0.1
    # a word that was never seen is none of those seen
    assert np.isfinite(fair.scores(own.train.inputs.assign(home="boat"))).all()


def test_weights_of_the_table_count():
    plain, weighted = task(), task(weight="survey")
    scores = [made(METHODS, KEY, own)[0].scores(own.train.inputs) for own in (plain, weighted)]
    assert np.abs(scores[0] - scores[1]).max() > 1e-4


@pytest.mark.parametrize("key", [KEY, TORCH])
def test_too_few_rows_of_a_second_group_is_a_reason(key):
    if key == TORCH:
        pytest.importorskip("torch")
    frame = applicants(400)
    frame = pd.concat([frame[frame["sex"] == "m"], frame[frame["sex"] == "f"].head(20)])
    with pytest.raises(NotFittedError, match="fewer than two groups of sex"):
        made(METHODS, key, task(frame))


def test_a_small_third_group_is_not_seen_and_that_is_said():
    frame = applicants(600)
    frame.loc[frame.index[:12], "sex"] = "x"
    _, notes = made(METHODS, KEY, task(frame))
    assert any("does not see" in note and "x" in note for note in notes)


def test_rounds_that_do_not_suffice_are_said():
    own = task(settings={KEY: {"max_iter": 1, "strength": 0.01}})
    _, notes = made(METHODS, KEY, own)
    assert not converged(notes)


def test_each_is_documented_and_neither_reads_the_group():
    assert [m.key for m in METHODS] == [KEY, TORCH]
    for method in METHODS:
        assert "AIES 2018" in method.source
        assert not method.needs_group_at_decision
        assert not method.randomised
    assert METHODS[1].extra == "adversarial"


# the network


def test_without_torch_the_install_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(NotFittedError, match=r'pip install "evenhand\[adversarial\]"'):
        made(METHODS, TORCH, task())


def test_levels_move_the_mean_and_keep_the_order():
    rng = np.random.default_rng(0)
    own = Network([rng.normal(size=(3, 2)), rng.normal(size=(1, 3))], [np.ones(3), np.ones(1)])
    inputs = rng.normal(size=(200, 2))
    moved = levelled(own, inputs, 0.3)
    assert moved.scores(inputs).mean() == pytest.approx(0.3)
    np.testing.assert_array_equal(moved.scores(inputs).argsort(), own.scores(inputs).argsort())


@pytest.fixture(scope="module")
def torch():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("torch")


@pytest.mark.parametrize("groups", [2, 3])
def test_the_network_says_what_torch_said(torch, monkeypatch, groups):
    """The arrays taken out score as torch's own module does, to float32's precision."""
    from audit.mitigation import network

    kept = []
    own_way = network.taken_out
    monkeypatch.setattr(network, "taken_out", lambda m: kept.append(m) or own_way(m))
    frame = applicants(400)
    if groups == 3:
        frame.loc[frame.index[::5], "sex"] = "x"
    own = task(frame, settings=QUICK)
    decider, _ = made(METHODS, TORCH, own)
    encoded = np.asarray(decider.scorer.change.transform(own.train.inputs))
    with torch.no_grad():
        theirs = kept[0](torch.from_numpy(encoded).float()).numpy()[:, 0]
    ours = own_way(kept[0]).scores(encoded)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_a_seed_fixes_the_network_and_another_changes_it(torch):
    own = task(settings=QUICK)
    before = torch.initial_seed(), torch.get_num_threads(), torch.random.get_rng_state()
    scores = [
        made(METHODS, TORCH, each)[0].scores(own.train.inputs)
        for each in (own, own, own.reseeded(1))
    ]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert np.abs(scores[0] - scores[2]).max() > 1e-3
    # the caller's own random state and threads are left alone
    assert (torch.initial_seed(), torch.get_num_threads()) == before[:2]
    assert bool((torch.random.get_rng_state() == before[2]).all())


def test_a_network_takes_no_weights(torch):
    with pytest.raises(NotFittedError, match="takes no weights of rows"):
        made(METHODS, TORCH, task(weight="survey"))


@pytest.mark.parametrize("odds", [False, True])
def test_a_network_can_be_saved_without_torch(torch, tmp_path, odds):
    from audit.mitigation.record import Candidate
    from audit.mitigation.saving import save
    from audit.table.model_file import read_model

    own = task(settings={TORCH: {"steps": 20, "odds": odds}})
    decider, _ = made(METHODS, TORCH, own)
    kept = Candidate(name=TORCH, title="network", acts="in training", estimator=decider)
    again = read_model(save(kept, tmp_path / "network.skops"))
    np.testing.assert_array_equal(
        again.predict(own.train.inputs), decider.predict(own.train.inputs)
    )


@pytest.mark.slow
def test_a_network_trained_to_its_end_narrows_the_gap(torch):
    own = task(applicants(3000))
    decider, _ = made(METHODS, TORCH, own)
    assert gap(own, decider) < gap(own, baseline(own)[0]) / 2
    assert min(rates(own, decider)) > 0.3
