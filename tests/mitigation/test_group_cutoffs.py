"""Cut-offs by group against Hardt, Price & Srebro's figures, fairlearn, hand work, and laws."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator

import audit
from audit.errors import InputError
from audit.mitigation.group_cutoffs_record import RULES
from audit.mitigation.hulls import curve, equal_odds, inside_hull

TOLD: dict[str, Any] = {"protected": "sex", "score": "s", "outcome": "repaid", "favorable": 1}

# a score of points is no probability, and some have none
pytestmark = pytest.mark.filterwarnings("ignore:.*TBL069", "ignore:.*TBL064", "ignore:.*TBL050")


@pytest.fixture(scope="module")
def fico() -> Any:
    import warnings

    data = audit.datasets.load("fico_scores")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return audit.read(data.frame, **data.roles)


def made(size: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    sex = rng.choice(["f", "m", "x"], size, p=[0.4, 0.4, 0.2])
    score = np.round(rng.beta(2, 2, size) * 0.8 + 0.2 * (sex == "m"), 2)
    return pd.DataFrame(
        {
            "sex": sex,
            "s": score,
            "repaid": (rng.random(size) < score).astype(int),
            "w": rng.uniform(0.5, 3, size),
            "n": rng.integers(1, 4, size),
        }
    )


def replayed(found: Any, frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Chance of approval of every row, from the cut-offs alone."""
    out = {}
    for rule in found.rules:
        chance = np.zeros(len(frame))
        for own in rule.groups:
            inside = (frame.sex == own.group[0]).to_numpy()
            for c in own.cutoffs:
                chance += inside * (frame.s.to_numpy() >= c.cutoff) * c.share
        out[rule.name] = chance
    return out


def test_the_papers_fractions(fico: Any) -> None:
    """FICO, break-even 82 %: within a point of section 6's 99.3, 92.8, 80.2 and 69.8 %."""
    found = audit.group_cutoffs(fico, break_even=0.82)
    assert found.costs["gain"] == pytest.approx(0.18)
    assert [rule.name for rule in found.rules] == list(RULES)
    theirs = {
        "maximum_profit": 1.0,
        "single_cutoff": 0.993,
        "equal_opportunity": 0.928,
        "equalized_odds": 0.802,
        "demographic_parity": 0.698,
    }
    for name, share in theirs.items():
        rule = found[name]
        assert rule.share_of_maximum == pytest.approx(share, abs=0.01)
        assert rule.share_low <= rule.share_of_maximum <= rule.share_high
    assert not found["single_cutoff"].needs_group_at_decision
    assert not found["single_cutoff"].randomised
    assert found["equalized_odds"].needs_group_at_decision


def test_worked_by_hand() -> None:
    """Two groups of four: every rule, its cut-offs and its profit, found on paper.

    f: 1 0 1 0 from the best score down, m: 1 1 0 0; gain 1, loss 1. Highest: f 1 (one or three
    approved), m 2. Curves (bad, good): f (0,1) (1,1) (1,2) (2,2), m (0,2) (2,2); hull of f
    (0,0) (0,1) (1,2) (2,2).
    """
    frame = pd.DataFrame(
        {
            "sex": list("ffffmmmm"),
            "s": [0.8, 0.6, 0.4, 0.2, 0.9, 0.7, 0.5, 0.3],
            "repaid": [1, 0, 1, 0, 1, 1, 0, 0],
        }
    )
    found = audit.group_cutoffs(frame, costs=(1, 1), **TOLD)
    best = found["maximum_profit"]
    # of f's two best cut-offs the one that approves more
    assert [c.cutoffs[0].cutoff for c in best.groups] == [0.4, 0.7]
    assert best.profit == pytest.approx(3 / 8)
    # one cut-off: .9 1, .8 2, .7 3, .6 2, .5 1, .4 2, ...
    single = found["single_cutoff"]
    assert [c.cutoffs[0].cutoff for c in single.groups] == [0.7, 0.7]
    assert single.profit == pytest.approx(3 / 8)
    # TPR 1: f (1, 2) 1, m (0, 2) 2
    equal = found["equal_opportunity"]
    assert equal.profit == pytest.approx(3 / 8)
    assert [g.true_positive_rate for g in equal.groups] == [1, 1]
    assert [g.false_positive_rate for g in equal.groups] == [0.5, 0]
    # parity at one half: f one of each 0, or by lot (0,1) and (1,2): (.5, 1.5) 1; m 2
    parity = found["demographic_parity"]
    assert parity.profit == pytest.approx(3 / 8)
    women = parity.groups[0]
    assert [(c.cutoff, c.share, c.chance) for c in women.cutoffs] == [
        (0.8, pytest.approx(0.5), 1.0), (0.4, pytest.approx(0.5), pytest.approx(0.5)),
    ]  # fmt: skip
    assert women.by_lot == pytest.approx(0.5)
    # equalized odds: f's hull is the lower one, so f is on it and m inside; 2·(t - f)·2 = 2
    odds = found["equalized_odds"]
    assert odds.profit == pytest.approx(2 / 8)
    rates = [(g.true_positive_rate, g.false_positive_rate) for g in odds.groups]
    assert rates[0] == pytest.approx(rates[1])
    assert odds.share_of_maximum == pytest.approx(2 / 3)


def test_rates_and_profit_are_those_of_the_cutoffs() -> None:
    """Whoever applies the cut-offs and shares to the rows gets every number that is told."""
    frame = made(800)
    found = audit.group_cutoffs(frame, costs=(1, 2), **TOLD)
    worth = np.where(frame.repaid == 1, 1.0, -2.0)
    for name, chance in replayed(found, frame).items():
        rule = found[name]
        assert (chance * worth).mean() == pytest.approx(rule.profit, abs=1e-12)
        assert chance.mean() == pytest.approx(rule.approval_rate, abs=1e-12)
        for own in rule.groups:
            mine = (frame.sex == own.group[0]).to_numpy()
            good, bad = (mine & (frame.repaid == k).to_numpy() for k in (1, 0))
            assert chance[mine].mean() == pytest.approx(own.approval_rate, abs=1e-12)
            assert chance[good].mean() == pytest.approx(own.true_positive_rate, abs=1e-12)
            assert chance[bad].mean() == pytest.approx(own.false_positive_rate, abs=1e-12)
            between = ((chance > 1e-12) & (chance < 1 - 1e-12))[mine].mean()
            assert between == pytest.approx(own.by_lot, abs=1e-12)
            assert sum(c.share for c in own.cutoffs) == pytest.approx(1)
            assert own.true_positive_rate_low <= own.true_positive_rate
            assert own.true_positive_rate_high >= own.true_positive_rate
    spread = {
        "equal_opportunity": ["true_positive_rate"],
        "demographic_parity": ["approval_rate"],
        "equalized_odds": ["true_positive_rate", "false_positive_rate"],
    }
    for name, rates in spread.items():
        for rate in rates:
            values = [getattr(g, rate) for g in found[name].groups]
            assert max(values) - min(values) < 1e-12


def test_profit_limits_are_those_of_a_mean_and_a_ratio() -> None:
    """Given the rules: 1.96 standard errors of the mean, and of the ratio of two means."""
    frame = made(800)
    found = audit.group_cutoffs(frame, costs=(1, 2), **TOLD)
    chances, worth = replayed(found, frame), np.where(frame.repaid == 1, 1.0, -2.0)
    z, size = 1.959963984540054, math.sqrt(len(frame))
    most = chances["maximum_profit"] * worth
    for name in RULES[1:]:
        own, rule = chances[name] * worth, found[name]
        half = z * own.std() / size
        assert rule.profit_high - rule.profit == pytest.approx(half)
        share = own.mean() / most.mean()
        half = z * (own - share * most).std() / size / most.mean()
        assert rule.share_of_maximum - rule.share_low == pytest.approx(half)


def test_repeated_applicants() -> None:
    """Everybody three times over: limits of a third of the rows, not of all of them."""
    frame = made(900).assign(who=range(900))
    thrice = pd.concat([frame] * 3, ignore_index=True)
    told = {**TOLD, "costs": (1, 2)}
    once = audit.group_cutoffs(frame, **told)
    naive = audit.group_cutoffs(thrice, **told)
    found = audit.group_cutoffs(thrice, cluster="who", **told)
    again = audit.group_cutoffs(frame, cluster="who", **told)
    for name in RULES[1:]:
        widths = [
            [r.profit_high - r.profit_low, r.share_of_maximum - r.share_low]
            for r in (once[name], naive[name], found[name], again[name])
        ]
        assert widths[2] == pytest.approx(widths[3])  # the same people, the same blocks
        assert widths[2] == pytest.approx(widths[0], rel=0.35)  # 64 blocks against 900 rows
        assert widths[1] == pytest.approx([w / math.sqrt(3) for w in widths[0]])
        for one, two in zip(found[name].groups, once[name].groups, strict=True):
            assert one.approval_rate_low == pytest.approx(two.approval_rate_low, abs=0.015)


class Scores(BaseEstimator):  # type: ignore[misc]
    """A fitted estimator whose one feature is its score."""

    def fit(self, x: Any, y: Any) -> Scores:
        return self

    def predict(self, x: Any) -> Any:
        return np.asarray(x)[:, 0]

    def __sklearn_is_fitted__(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("constraint", "name", "slack"),
    [
        ("true_positive_rate_parity", "equal_opportunity", 1e-9),
        ("demographic_parity", "demographic_parity", 1e-9),
        ("equalized_odds", "equalized_odds", 2e-3),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_against_fairlearn(constraint: str, name: str, slack: float) -> None:
    """Accuracy is profit with gain = loss: fairlearn's optimum on its grid is ours, never above.

    Every group has 100 who repaid and 100 who did not, so all corners of the first two lie on
    fairlearn's grid of thousandths; crossings of two curves do not.
    """
    from fairlearn.postprocessing import ThresholdOptimizer

    rng = np.random.default_rng(3)
    parts = []
    for sex, shift in (("f", 0.4), ("m", 1.0), ("x", 0.7)):
        repaid = np.repeat([1, 0], 100)
        score = np.round(rng.normal(repaid * shift, 0.6), 1)
        parts.append(pd.DataFrame({"sex": sex, "s": score, "repaid": repaid}))
    frame = pd.concat(parts, ignore_index=True)
    rule = audit.group_cutoffs(frame, costs=(1, 1), **TOLD)[name]
    theirs = ThresholdOptimizer(
        estimator=Scores(), constraints=constraint, objective="accuracy_score", grid_size=1000,
        prefit=True, predict_method="predict",
    )  # fmt: skip
    theirs.fit(frame[["s"]], frame.repaid, sensitive_features=frame.sex)
    chance = theirs._pmf_predict(frame[["s"]], sensitive_features=frame.sex)[:, 1]
    accuracy = np.where(frame.repaid == 1, chance, 1 - chance).mean()
    ours = rule.profit + (frame.repaid == 0).mean()
    assert ours >= accuracy - 1e-9
    assert ours == pytest.approx(accuracy, abs=slack)


def test_no_grid_beats_the_optimum() -> None:
    """A fine search over common rates, by an outside solver of the mixing, is never above ours."""
    from scipy.optimize import linprog

    frame = made(60, 5)
    found = audit.group_cutoffs(frame, costs=(1, 2), **TOLD)
    points = {}  # every attainable (approved good, approved bad) by group
    for sex, own in frame.groupby("sex"):
        cuts = [2.0, *sorted(own.s.unique(), reverse=True)]
        points[sex] = [
            (((own.s >= c) & (own.repaid == 1)).sum(), ((own.s >= c) & (own.repaid == 0)).sum())
            for c in cuts
        ]
    sizes = {s: p[-1] for s, p in points.items()}
    each = [(s, g, b) for s, p in points.items() for g, b in p]
    whole = [[float(s == sex) for s, _, _ in each] for sex in points]
    rates = {
        "equal_opportunity": [lambda s, g, b: g / sizes[s][0]],
        "demographic_parity": [lambda s, g, b: (g + b) / sum(sizes[s])],
        "equalized_odds": [lambda s, g, b: g / sizes[s][0], lambda s, g, b: b / sizes[s][1]],
    }
    first, *others = points
    for name, kinds in rates.items():
        equal = [
            [kind(s, g, b) * ((s == other) - float(s == first)) for s, g, b in each]
            for kind, other in itertools.product(kinds, others)
        ]
        solved = linprog(
            [-(g - 2 * b) for _, g, b in each],
            A_eq=[*whole, *equal],
            b_eq=[1.0] * len(whole) + [0.0] * len(equal),
        )
        assert found[name].profit == pytest.approx(-solved.fun / len(frame), abs=1e-9)


def test_a_risk_is_a_score_turned_round() -> None:
    """A risk of 1 - score gives the same rules, approved below the cut-off."""
    frame = made(300).assign(risk=lambda f: 1 - f.s)
    told = {k: v for k, v in TOLD.items() if k != "score"}
    one = audit.group_cutoffs(frame, costs=(1, 2), **TOLD)
    two = audit.group_cutoffs(frame, costs=(1, 2), risk="risk", **told)
    for a, b in zip(one.rules, two.rules, strict=True):
        assert a.profit == pytest.approx(b.profit, abs=1e-12)
        for g, h in zip(a.groups, b.groups, strict=True):
            assert g.approval_rate == pytest.approx(h.approval_rate, abs=1e-12)
            own = frame[frame.sex == h.group[0]].risk.to_numpy()
            chance = sum((own < c.cutoff) * c.share for c in h.cutoffs)
            assert np.mean(chance) == pytest.approx(h.approval_rate, abs=1e-12)


def test_one_cutoff_is_one_number() -> None:
    """`single_cutoff` has the same number in all groups, also where no group's score is there."""
    found = audit.group_cutoffs(made(200), costs=(1, 2), **TOLD)
    assert len({g.cutoffs[0].cutoff for g in found["single_cutoff"].groups}) == 1


def test_nobody_pays() -> None:
    """Where lending never pays nobody is approved, and no share is made up."""
    found = audit.group_cutoffs(
        {"sex": list("ffmm"), "s": [0.1, 0.9, 0.1, 0.9], "repaid": [1, 0, 1, 0]},
        costs=(1, 9), **TOLD,
    )  # fmt: skip
    assert found["maximum_profit"].approval_rate == 0
    assert math.isnan(found["single_cutoff"].share_of_maximum)
    assert found.reason == "no cut-off pays: the highest profit is 0"
    assert "no cut-off pays" in found.summary()


def test_what_is_left_out_is_counted() -> None:
    """Missing groups, missing scores and unknown outcomes: in no number, and said."""
    frame = made(300).astype({"sex": object, "repaid": "Int64"})
    frame.loc[0:9, "sex"], frame.loc[10:14, "s"], frame.loc[20:39, "repaid"] = None, None, None
    found = audit.group_cutoffs(frame, costs=(1, 2), **TOLD)
    assert found.left_out == (((None,), 10),)
    assert (found.rows, found.missing) == (285, 5)
    assert found.unknown == pytest.approx(20 / 285)
    assert [len(r.groups) for r in found.rules] == [3] * 5
    kept = frame.dropna()
    again = audit.group_cutoffs(kept.astype({"repaid": int}), costs=(1, 2), **TOLD)
    for one, two in zip(found.rules, again.rules, strict=True):
        assert one.profit == pytest.approx(two.profit, abs=1e-12)


def test_views() -> None:
    """Plain values, a frame of one row a rule and group, and words that never recommend."""
    found = audit.group_cutoffs(made(300), costs=(1, 2), **TOLD)
    told = found.to_dict()
    assert json.loads(json.dumps(told)) == told
    assert told["rules"][2]["groups"][0]["cutoffs"][0].keys() >= {"cutoff", "share"}
    frame = found.to_frame()
    assert len(frame) == 15
    assert set(frame.rule) == set(RULES)
    assert "disparate-treatment risk" in found.summary()
    assert "not a recommendation" in found.warning
    assert found["equal opportunity"] is found["equal_opportunity"]
    with pytest.raises(InputError, match="MIT207"):
        found["fair"]


def test_a_tally_is_enough() -> None:
    """Score bins give the rules of rows whose scores lie on the bins' edges."""
    frame = made(400).assign(s=lambda f: np.floor(f.s * 64) / 64)
    exact = audit.group_cutoffs(frame, costs=(1, 2), weight="w", **TOLD)
    tally = audit.count(audit.read(frame, weight="w", **TOLD))
    binned = audit.group_cutoffs(tally, costs=(1, 2))
    assert not binned.exact
    for one, two in zip(exact.rules, binned.rules, strict=True):
        assert one.profit == pytest.approx(two.profit, abs=1e-9)
        assert one.share_low == pytest.approx(two.share_low, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize(
    ("code", "own"),
    [
        ("MIT201", {}),
        ("MIT201", {"costs": (1, 2), "break_even": 0.8}),
        ("MIT201", {"break_even": 82}),
        ("MIT201", {"break_even": "0.8"}),
        ("MIT203", {"costs": (1, 2), "attribute": "sexx"}),
        ("INF001", {"costs": (1, 2), "level": 0}),
        ("RUN004", {"costs": (1, 2), "grid": 10}),
    ],
)
def test_bad_arguments(code: str, own: dict[str, Any]) -> None:
    """Each is answered by its code."""
    with pytest.raises(InputError) as told:
        audit.group_cutoffs(made(50), **TOLD, **own)
    assert told.value.code == code


def test_bad_tables() -> None:
    """No score, no outcome, selective labels, one outcome only, two attributes, overlap."""
    frame = made(60)
    cases: list[tuple[str, pd.DataFrame, dict[str, Any]]] = [
        ("MIT202", frame, {k: v for k, v in TOLD.items() if k != "score"}),
        ("MIT208", frame, {"protected": "sex", "score": "s"}),
        (
            "MIT208",
            frame.assign(
                ok=(frame.s > 0.5).astype(int),
                repaid=frame.repaid.where(frame.s > 0.5).astype("Int64"),
            ),
            {**TOLD, "decision": "ok"},
        ),
        ("MIT209", frame.assign(repaid=frame.repaid | (frame.sex == "x")), TOLD),
        ("MIT203", frame.assign(b=list("uv") * 30), {**TOLD, "protected": ["sex", "b"]}),
        (
            "MIT203",
            frame.assign(a=1, b=(frame.s > 0.5).astype(int)),
            {**TOLD, "protected": {"race": {"A": "a", "B": "b"}}},
        ),
    ]
    for code, source, told in cases:
        with pytest.raises(InputError) as error:
            audit.group_cutoffs(source, costs=(1, 2), **told)
        assert error.value.code == code
        assert error.value.fix


rows = st.lists(
    st.tuples(st.sampled_from("fm"), st.integers(1, 7), st.integers(0, 1), st.integers(1, 3)),
    min_size=6,
    max_size=30,
).filter(lambda r: len({(g, y) for g, _, y, _ in r}) == 4)


@settings(max_examples=40, deadline=None)
@given(rows, st.integers(1, 5), st.integers(1, 5))
def test_laws(drawn: list[tuple[str, int, int, int]], gain: int, loss: int) -> None:
    """Nothing pays more than the maximum; parity is equal; counts repeat rows; weights scale."""
    frame = pd.DataFrame(drawn, columns=["sex", "s", "repaid", "n"]).assign(s=lambda f: f.s / 8)
    told = {**TOLD, "costs": (gain, loss)}
    found = audit.group_cutoffs(frame, count="n", **told)
    best = found["maximum_profit"].profit
    slack = 1e-12 * (gain + loss)
    assert best >= 0
    for rule in found.rules:
        assert rule.profit <= best + slack
        assert rule.profit >= -slack  # nobody's approval meets every criterion
    assert found["equalized_odds"].profit <= found["equal_opportunity"].profit + slack
    a, b = found["demographic_parity"].groups
    assert a.approval_rate == pytest.approx(b.approval_rate, abs=1e-12)
    a, b = found["equalized_odds"].groups
    assert a.true_positive_rate == pytest.approx(b.true_positive_rate, abs=1e-12)
    assert a.false_positive_rate == pytest.approx(b.false_positive_rate, abs=1e-12)
    repeated = frame.loc[frame.index.repeat(frame.n)].sample(frac=1, random_state=1)
    assert audit.group_cutoffs(repeated, **told).to_dict() == found.to_dict()
    one = audit.group_cutoffs(frame, weight="n", **told)
    two = audit.group_cutoffs(frame.assign(n=frame.n * 0.3), weight="n", **told)
    for p, q, r in zip(one.rules, two.rules, found.rules, strict=True):
        assert p.profit == pytest.approx(q.profit, abs=1e-9)
        assert p.profit == pytest.approx(r.profit, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=12).filter(
        lambda v: sum(a for a, _ in v) > 0 and sum(b for _, b in v) > 0
    ),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_any_point_of_the_hull_is_a_mix(
    steps: list[tuple[int, int]], across: float, up: float
) -> None:
    """A mix of at most three cut-offs has exactly the rates asked for, anywhere inside the hull."""
    own = curve(*np.array(steps, dtype=float).T)
    x, y = own.rates()
    top = np.interp(across, x[np.append(x[1:] > x[:-1], True)], y[np.append(x[1:] > x[:-1], True)])
    tpr = float(across + up * (top - across))
    mix = inside_hull(across, tpr, own)
    assert 1 <= len(mix) <= 3
    assert all(0 <= share <= 1 for _, share in mix)
    assert [i for i, _ in mix] == sorted(i for i, _ in mix)
    assert sum(s for _, s in mix) == pytest.approx(1)
    got = sum(s * np.array([own.bad[i] / own.bads, own.good[i] / own.goods]) for i, s in mix)
    assert got == pytest.approx([across, tpr], abs=1e-9)


def test_crossing_hulls() -> None:
    """Two hulls that cross: the best common rates are where they do, worked by hand.

    One (0,0) (.2,.6) (1,1), other (0,0) (.5,.9) (1,1): 1.8 x = .6 + (x - .2)/2 at x = 5/13.
    """
    one, other = (
        curve(np.array([6.0, 4]), np.array([2.0, 8])),
        curve(np.array([9.0, 1]), np.array([5.0, 5])),
    )
    fpr, tpr = equal_odds([one, other], 1.0, 1.0)
    assert (fpr, tpr) == pytest.approx((5 / 13, 9 / 13))


def test_input_is_not_mutated() -> None:
    """The caller's frame is as it was."""
    frame = made(100)
    before = frame.copy()
    audit.group_cutoffs(frame, costs=(1, 2), weight="w", **TOLD)
    pd.testing.assert_frame_equal(frame, before)
