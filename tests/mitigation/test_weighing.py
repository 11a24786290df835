"""Weights equal AIF360's, part group from outcome exactly, and change nothing else."""

import warnings
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lightgbm import LGBMClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils.class_weight import compute_sample_weight

import audit
from audit.errors import DataWarning, InputError
from audit.mitigation.borrowed import quiet
from audit.mitigation.fitting import NotFittedError
from audit.mitigation.massaging import massaged, relabelled
from audit.mitigation.people import GOOD
from audit.mitigation.task import baseline
from audit.mitigation.weighing import METHODS, independent
from mitigation.lessons import ROLES, applicants, gap, made, named_pipeline, rates, task


def theirs(frame, attribute, privileged, outcome="repaid", weight=None):
    """AIF360's own weights of two groups."""
    with quiet():
        from aif360.algorithms.preprocessing import Reweighing
        from aif360.datasets import BinaryLabelDataset

        plain = pd.DataFrame(
            {"g": (frame[attribute] == privileged).astype(float), "y": frame[outcome].astype(float)}
        )
        if weight is not None:
            plain["w"] = np.asarray(weight, float)
        data = BinaryLabelDataset(
            df=plain,
            label_names=["y"],
            protected_attribute_names=["g"],
            instance_weights_name=None if weight is None else "w",
        )
        made = Reweighing([{"g": 0.0}], [{"g": 1.0}]).fit_transform(data)
    return made.instance_weights


def worst_gap(groups, good, weights):
    """Largest distance between weighted base rates of groups."""
    found = [
        float((weights * good)[groups == g].sum() / weights[groups == g].sum())
        for g in np.unique(groups)
    ]
    return max(found) - min(found)


# --- audit.reweigh -------------------------------------------------------------------------------


def test_weights_are_aif360s():
    frame = applicants()
    assert np.allclose(audit.reweigh(frame, **ROLES), theirs(frame, "sex", "m"), rtol=1e-12, atol=0)


@pytest.mark.parametrize("told", ["weight", "count"])
def test_with_weights_of_rows_they_are_aif360s_too(told):
    frame = applicants()
    column = {"weight": "survey", "count": "copies"}[told]
    ours = audit.reweigh(frame, **ROLES, **{told: column})
    assert np.allclose(ours, theirs(frame, "sex", "m", weight=frame[column]), rtol=1e-12, atol=0)


def test_weights_of_three_groups_are_the_papers_fractions():
    """Expected over observed share of each cell, worked with fractions."""
    frame = pd.DataFrame({"race": list("aaaabbbcc"), "repaid": [1, 1, 1, 0, 1, 0, 0, 1, 0]})
    ours = audit.reweigh(frame, protected="race", outcome="repaid", favorable=1)
    pairs = list(zip(frame.race, frame.repaid, strict=True))
    for weight, (race, repaid) in zip(ours, pairs, strict=True):
        own = sum(r == race for r, _ in pairs) * sum(y == repaid for _, y in pairs)
        assert weight == pytest.approx(float(Fraction(own, 9 * pairs.count((race, repaid)))))


def test_groups_are_all_protected_attributes_crossed():
    """The intersections' gaps vanish, which weights by one attribute do not do."""
    frame = applicants()
    crossed = (frame.sex + frame.race).to_numpy()
    good = frame.repaid.to_numpy()
    both = audit.reweigh(frame, **ROLES | {"protected": ["sex", "race"]})
    assert worst_gap(crossed, good, both) < 1e-12
    assert worst_gap(frame.sex.to_numpy(), good, both) < 1e-12
    assert worst_gap(crossed, good, audit.reweigh(frame, **ROLES)) > 0.01


def test_an_audit_of_the_weighted_rows_finds_no_gap():
    """The toolkit's own base rate difference is 0 under the weights."""
    frame = applicants()
    weighted = frame.assign(w=audit.reweigh(frame, **ROLES))
    result = audit.run(weighted, **ROLES, weight="w")
    found = [e.value for e in result.estimates if e.metric == "base_rate_difference"]
    assert found
    assert max(abs(v) for v in found) < 1e-12


def test_a_table_and_its_source_give_the_same_in_pandas_polars_and_dicts():
    frame = applicants(60)
    ours = audit.reweigh(frame, **ROLES)
    for source in (pl.from_pandas(frame), frame.to_dict("list")):
        assert np.array_equal(audit.reweigh(source, **ROLES), ours)
    assert np.array_equal(audit.reweigh(audit.read(frame, **ROLES)), ours)


def test_without_an_outcome_decisions_are_weighed():
    frame = applicants(60)
    roles = {"protected": "sex", "decision": "repaid", "favorable": 1}
    assert np.allclose(audit.reweigh(frame, **roles), audit.reweigh(frame, **ROLES))


def test_an_outcome_stands_before_a_decision():
    frame = applicants(60).assign(approved=lambda f: (f.income > 33).astype(int))
    both = {**ROLES, "decision": "approved", "favorable": {"outcome": 1, "decision": 1}}
    assert np.allclose(audit.reweigh(frame, **both), audit.reweigh(frame, **ROLES))


def test_an_unknown_outcome_has_no_weight_and_that_is_said():
    frame = applicants(60)
    frame.loc[[3, 7], "repaid"] = np.nan
    with pytest.warns(DataWarning, match=r"MIT404.*2 rows are unknown.*first: 3") as said:
        ours = audit.reweigh(frame, **ROLES)
    assert said[0].filename == __file__
    assert np.flatnonzero(np.isnan(ours)).tolist() == [3, 7]
    rest = frame.dropna(subset="repaid")
    assert np.allclose(ours[~np.isnan(ours)], audit.reweigh(rest, **ROLES))


def test_a_group_of_one_outcome_is_named():
    frame = pd.DataFrame({"sex": list("ffmmm"), "repaid": [1, 1, 1, 0, 0]})
    with pytest.warns(DataWarning, match=r"MIT405.*'f'"):
        ours = audit.reweigh(frame, protected="sex", outcome="repaid", favorable=1)
    assert np.isfinite(ours).all()
    assert (ours > 0).all()


def test_a_missing_level_is_a_group_of_its_own():
    frame = pd.DataFrame({"sex": ["f", "f", None, None, "m", "m"], "repaid": [1, 0, 1, 1, 0, 0]})
    with warnings.catch_warnings(action="ignore"):
        ours = audit.reweigh(frame, protected="sex", outcome="repaid", favorable=1)
    assert ours[:2] == pytest.approx([1.0, 1.0])
    assert ours[2] == pytest.approx(2 * 3 / (6 * 2))


def test_what_cannot_be_weighed_is_refused():
    frame = applicants(60)
    with pytest.raises(InputError, match="MIT403"):
        audit.reweigh(frame, protected="sex", score="income")
    with pytest.raises(InputError, match=r"MIT401.*tally"):
        audit.reweigh(audit.count(frame, **ROLES))
    with pytest.raises(InputError, match=r"MIT402.*overlap"):
        audit.reweigh(
            frame.assign(x=1, y=frame.sex.eq("f").astype(int)),
            protected={"race": {"X": "x", "Y": "y"}}, outcome="repaid", favorable=1,
        )  # fmt: skip
    with pytest.raises(InputError, match="RUN001"):
        audit.reweigh(audit.read(frame, **ROLES), protected="sex")
    with pytest.raises(InputError, match="RUN004"):
        audit.reweigh(frame, protcted="sex")


def test_rows_in_an_engine_are_refused(tmp_path):
    import duckdb

    applicants(60).to_parquet(tmp_path / "loans.parquet")
    relation = duckdb.read_parquet(str(tmp_path / "loans.parquet"))
    with pytest.raises(InputError, match=r"MIT401.*engine"):
        audit.reweigh(relation, **ROLES)


cells = st.lists(
    st.tuples(st.integers(0, 3), st.booleans(), st.floats(0.01, 100)), min_size=2, max_size=40
)


@given(rows=cells)
@settings(max_examples=100, deadline=None)
def test_weights_are_positive_keep_totals_and_close_the_gap(rows):
    """Sums by group and by outcome stay; rates are equal wherever a group has both outcomes."""
    groups = np.array([g for g, _, _ in rows])
    good = np.array([y for _, y, _ in rows])
    mass = np.array([w for _, _, w in rows])
    ours = mass * independent(groups, good, mass)
    assert (ours > 0).all()
    full = all(len({y for g, y, _ in rows if g == own}) == 2 for own in set(groups.tolist()))
    if full:
        assert ours.sum() == pytest.approx(mass.sum(), rel=1e-12)
        for own in np.unique(groups):
            assert ours[groups == own].sum() == pytest.approx(mass[groups == own].sum(), rel=1e-12)
        for side in (True, False):
            assert ours[good == side].sum() == pytest.approx(mass[good == side].sum(), rel=1e-12)
        assert worst_gap(groups, good, ours) < 1e-12


@given(rows=cells, seed=st.integers(0, 100), scale=st.floats(0.1, 10))
@settings(max_examples=50, deadline=None)
def test_weights_do_not_depend_on_the_order_of_rows_nor_on_the_unit(rows, seed, scale):
    groups = np.array([g for g, _, _ in rows])
    good = np.array([y for _, y, _ in rows])
    mass = np.array([w for _, _, w in rows])
    order = np.random.default_rng(seed).permutation(len(rows))
    plain = independent(groups, good, mass)
    assert np.allclose(independent(groups[order], good[order], mass[order]), plain[order])
    assert np.allclose(independent(groups, good, mass * scale), plain)


# --- reweighing and class weights as methods -----------------------------------------------------


def test_the_method_trains_on_audit_reweighs_weights():
    """Same coefficients as scikit-learn's own fit with those weights."""
    own = task(approve=None, features=("income", "debts"))
    decider, _ = made(METHODS, "reweighing", own)
    frame = applicants()
    by_hand = LogisticRegression(max_iter=2000).fit(
        frame[["income", "debts"]], frame.repaid, sample_weight=audit.reweigh(frame, **ROLES)
    )
    assert np.allclose(decider.scorer.model.coef_, by_hand.coef_, atol=1e-8)


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
def test_reweighing_narrows_the_gap_of_every_kind_of_model(estimator):
    own = task(estimator=estimator)
    assert gap(own, made(METHODS, "reweighing", own)[0]) < gap(own, baseline(own)[0])


def test_a_strength_moves_base_rates_that_share_of_the_way():
    """Linear in the weights: half the strength leaves half the gap."""
    frame = applicants()
    groups, good = (frame.sex == "m").to_numpy().astype(int), frame.repaid.to_numpy() == 1
    mass = np.ones(len(frame))
    factor = independent(groups, good, mass)
    whole = worst_gap(groups, good, mass)
    assert worst_gap(groups, good, 1 + 0.5 * (factor - 1)) == pytest.approx(whole / 2, rel=1e-12)


def test_strength_0_is_the_baseline_and_another_than_a_share_is_refused():
    own = task(settings={"reweighing": {"strength": 0.0}})
    same = made(METHODS, "reweighing", own)[0]
    frame = own.train.frame
    assert np.allclose(same.scores(frame), baseline(own)[0].scores(frame), atol=1e-6)
    for wrong in (1.5, -1, "much", True, float("nan")):
        with pytest.raises(InputError, match="MIT406"):
            made(METHODS, "reweighing", task(settings={"reweighing": {"strength": wrong}}))


def test_a_comparison_refuses_settings_before_it_trains():
    """A share that is none, and a name that a method does not have: neither is passed over."""
    frame = applicants(60)
    for method, told, code in (
        ("reweighing", {"strength": 2}, "MIT406"),
        ("reweighing", {"strenght": 0.5}, "MIT407.*'strength'"),
        ("massaging", {"strength": 0.5}, "MIT407"),
        ("reject_option", {"bound": 0.1}, "MIT407"),
        ("grid_search_demographic_parity", {"grid_size": 2.5}, "MIT407"),
    ):
        with pytest.raises(InputError, match=code):
            audit.mitigate(
                LogisticRegression(), frame, frame, methods="reweighing",
                settings={method: told}, features=["income"], **ROLES,
            )  # fmt: skip


def test_an_estimator_without_weights_gives_a_reason():
    own = task(estimator=KNeighborsClassifier(), features=("income", "debts"))
    for key in ("reweighing", "class_weights"):
        with pytest.raises(NotFittedError, match="sample_weight"):
            made(METHODS, key, own)


def test_class_weights_are_scikit_learns_balanced_ones():
    own = task(approve=None, features=("income", "debts"))
    decider, _ = made(METHODS, "class_weights", own)
    frame = applicants()
    by_hand = LogisticRegression(max_iter=2000).fit(
        frame[["income", "debts"]],
        frame.repaid,
        sample_weight=compute_sample_weight("balanced", frame.repaid),
    )
    assert np.allclose(decider.scorer.model.coef_, by_hand.coef_, atol=1e-8)


# --- massaging -----------------------------------------------------------------------------------


def swaps(good, groups):
    """Kamiran and Calders' M of two groups, in whole numbers: the nearest to exact parity."""
    a, b = int(good[groups == 0].sum()), int(good[groups == 1].sum())
    n, m = int((groups == 0).sum()), int((groups == 1).sum())
    exact = Fraction(n * b - m * a, n + m)
    return min(range(max(n, m) + 1), key=lambda k: (abs(abs(exact) - k), k))


def test_massaging_swaps_as_many_as_the_papers_formula():
    """Equal numbers up and down, and no more than parity takes."""
    own = task()
    good, changed = massaged(own, np.arange(len(own.train)))
    before = own.train.outcome == GOOD
    expected = swaps(before, own.codes)
    assert expected > 3
    assert int((changed & good).sum()) == int((changed & ~good).sum()) == expected
    groups = own.codes
    left = abs(good[groups == 0].mean() - good[groups == 1].mean())
    assert left <= (1 / (groups == 0).sum() + 1 / (groups == 1).sum()) / 2 + 1e-12
    assert good.sum() == before.sum()


def test_massaging_takes_the_rows_nearest_the_boundary():
    """Promoted are the best-scored of the unfavourable in the lower group, demoted the worst."""
    own = task()
    good, changed = massaged(own, np.arange(len(own.train)))
    before = own.train.outcome == GOOD
    scores = baseline(own)[0].scores(own.train.frame)
    for group, up in ((0, True), (1, False)):
        could = (own.codes == group) & (before != up)
        did = could & changed
        sign = 1 if up else -1
        assert (sign * scores[did]).min() >= (sign * scores[could & ~did]).max()
        assert (good[did] == up).all()


def test_massaging_brings_several_groups_to_one_rate():
    own = task(attribute="race", protected=["race"], reference={"race": "a"})
    good, _ = massaged(own, np.arange(len(own.train)))
    sizes = np.bincount(own.codes)
    overall = (own.train.outcome == GOOD).mean()
    for g, n in enumerate(sizes):
        assert abs(good[own.codes == g].mean() - overall) <= 0.5 / n + 1e-12


def test_massaging_leaves_who_is_of_no_known_group():
    frame = applicants()
    frame.loc[:40, "sex"] = None
    with warnings.catch_warnings(action="ignore"):
        own = task(frame)
    _, changed = massaged(own, np.arange(len(own.train)))
    assert changed.any()
    assert not changed[:41].any()


def test_massaging_counts_weights():
    """A heavy row is worth several light ones."""
    good = np.array([False] * 6 + [True] * 2)
    scores = np.linspace(0.9, 0.1, 8)
    heavy = np.array([3.0, 1, 1, 1, 1, 1, 1, 1])
    assert relabelled(good, scores, heavy, 0.5).sum() == 3
    assert relabelled(good, scores, np.ones(8), 0.5).sum() == 4


@given(
    good=st.lists(st.booleans(), min_size=1, max_size=30),
    rate=st.floats(0, 1),
    seed=st.integers(0, 50),
)
@settings(max_examples=100, deadline=None)
def test_no_fewer_changes_come_nearer_to_the_rate(good, rate, seed):
    """Checked against every number of changes, both ways."""
    before = np.array(good)
    scores = np.random.default_rng(seed).random(len(before))
    after = relabelled(before, scores, np.ones(len(before)), rate)
    n, x = len(before), int(before.sum())
    best = min(range(n + 1), key=lambda k: (round(abs(k - rate * n), 9), abs(k - x)))
    assert int(after.sum()) == best
    assert int((after != before).sum()) == abs(best - x)


def test_massaging_says_how_many_it_relabelled_and_narrows_the_gap():
    own = task()
    decider, notes = made(METHODS, "massaging", own)
    n = swaps(own.train.outcome == GOOD, own.codes)
    assert notes[0] == f"of 600 training rows {n} were relabelled favourable and {n} unfavourable"
    assert gap(own, decider) < gap(own, baseline(own)[0])


def test_every_method_says_what_it_does_and_needs_no_group_to_decide():
    frame = applicants()
    for method in METHODS:
        assert method.does.endswith(".")
        assert method.fails.endswith(".")
        assert method.source
        own = task()
        decider, _ = method.make(own)
        assert not method.needs_group_at_decision
        without = frame.drop(columns=["sex", "race", "repaid"])
        assert np.array_equal(decider.predict(frame), decider.predict(without))
        assert sum(rates(own, decider)) > 0


def test_nothing_is_changed_in_the_callers_rows():
    own = task()
    before = own.train.frame.copy()
    for method in METHODS:
        method.make(own)
    pd.testing.assert_frame_equal(own.train.frame, before)
