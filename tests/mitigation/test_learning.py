"""Learning curves: errors and their variances by outside oracles, laws recovered, flat is flat."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.optimize import curve_fit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

import audit
from audit.errors import InputError
from audit.inference.auc import paired_auc_test
from audit.mitigation.learning_scores import Held, errors
from audit.mitigation.power_law import fit, outlook

FEATURES = [f"x{k}" for k in range(6)] + [f"f{k}" for k in range(6)]
ROLES = {
    "protected": "sex",
    "outcome": "repaid",
    "favorable": 1,
    "reference": {"sex": "m"},
    "features": FEATURES,
}


def people(rows: int, seed: int, women: float = 0.1) -> pd.DataFrame:
    """Women's outcomes depend on their own six weights, which only women's rows can teach."""
    rng = np.random.default_rng(seed)
    sex = rng.random(rows) < women
    x = rng.normal(size=(rows, 6))
    own = x * sex[:, None]
    logit = x @ np.linspace(-1, 1, 6) + own @ np.array([1.5, -1, 1, -1.5, 1, -1])
    frame = pd.DataFrame(np.hstack([x, own]), columns=FEATURES)
    frame["sex"] = np.where(sex, "f", "m")
    frame["repaid"] = (rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(int)
    return frame


def held(good, mass=None) -> Held:
    size = len(good)
    mass = np.ones(size) if mass is None else mass
    return Held(good=np.asarray(good), mass=mass, count=np.ones(size), cluster=None)


# --- errors ---------------------------------------------------------------------------------


def test_errors_as_sklearn_and_delong() -> None:
    """Brier and AUC are sklearn's, weights too; the variances are var/n and DeLong's."""
    rng = np.random.default_rng(0)
    good = rng.random(400) < 0.6
    chance = np.round(np.clip(0.5 + 0.2 * good + rng.normal(0, 0.2, 400), 0, 1), 2)
    weight = rng.uniform(0.5, 2, 400)
    everyone = np.ones(400, bool)
    found = errors(chance, chance > 0.5, held(good), everyone)
    weighted = errors(chance, chance > 0.5, held(good, weight), everyone)
    assert found["brier"][0] == pytest.approx(brier_score_loss(good, chance))
    assert found["auc"][0] == pytest.approx(roc_auc_score(good, chance))
    brier = brier_score_loss(good, chance, sample_weight=weight)
    area = roc_auc_score(good, chance, sample_weight=weight)
    assert (weighted["brier"][0], weighted["auc"][0]) == pytest.approx((brier, area))
    assert found["false_negative_rate"][0] == pytest.approx((chance[good] <= 0.5).mean())
    assert found["false_positive_rate"][0] == pytest.approx((chance[~good] > 0.5).mean())
    squared = (chance - good) ** 2
    variance = held(good).variance(found["brier"][1][None])[0, 0]
    assert variance == pytest.approx(squared.var() / 400)
    area, low, high, _ = paired_auc_test(good, chance, np.zeros(400))
    assert area == pytest.approx(found["auc"][0] - 0.5)
    half = 1.959964 * np.sqrt(held(good).variance(found["auc"][1][None])[0, 0])
    assert half == pytest.approx((high - low) / 2, rel=0.01)  # n for n - 1


def test_variance_counts_and_clusters() -> None:
    """A row counted twice is two rows; a person's rows that move together are one."""
    good = np.array([True, False, True, True, False])
    chance = np.array([0.9, 0.3, 0.4, 0.8, 0.6])
    count = np.array([2.0, 1, 3, 1, 2])
    one = Held(good=good, mass=count, count=count, cluster=None)
    times = np.repeat(np.arange(5), count.astype(int))
    more = held(good[times])
    a = errors(chance, chance > 0.5, one, np.ones(5, bool))["brier"]
    b = errors(chance[times], chance[times] > 0.5, more, np.ones(9, bool))["brier"]
    assert a[0] == pytest.approx(b[0])
    assert one.variance(a[1][None])[0, 0] == pytest.approx(more.variance(b[1][None])[0, 0])
    twice = np.repeat(np.arange(5), 2)
    same = Held(good=good[twice], mass=np.ones(10), count=np.ones(10), cluster=twice)
    c = errors(chance[twice], chance[twice] > 0.5, same, np.ones(10, bool))["brier"]
    d = errors(chance, chance > 0.5, held(good), np.ones(5, bool))["brier"]
    assert same.variance(c[1][None])[0, 0] == pytest.approx(held(good).variance(d[1][None])[0, 0])


# --- the law --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("floor", "factor", "exponent"), [(0.1, 1, 0.5), (0, 0.8, 0.3), (0.2, 9, 1)]
)
def test_law_is_recovered(floor: float, factor: float, exponent: float) -> None:
    """Points exactly on a law give it back, and its gain of doubling, to the grid's step."""
    n = np.array([100.0, 250, 500, 750, 1000])
    y = floor + factor * n**-exponent
    law, gain, reason = outlook(n, y, np.eye(5) * 1e-8, 0.95, 0)
    assert reason is None
    want = factor * (1000.0**-exponent - 2000.0**-exponent)
    assert gain.value == pytest.approx(want, rel=0.05)
    assert gain.low <= want * 1.05
    assert gain.high >= want * 0.95
    assert law.at(1000) == pytest.approx(y[-1], rel=0.01)


def test_law_as_scipy() -> None:
    """With noise the squares are no more than 1 % above those of scipy's own least squares."""
    rng = np.random.default_rng(3)
    n = np.array([50.0, 100, 200, 400, 800, 1600])
    for _ in range(5):
        y = 0.15 + 0.8 * n**-0.6 + rng.normal(0, 0.002, 6)
        *_, squares = fit(n, y, np.ones(6))
        best, _ = curve_fit(lambda n, a, b, c: a + b * n**-c, n, y, p0=(0.1, 1, 0.5),
                            bounds=([0, 0, 0.1], [1, 50, 2]))  # fmt: skip
        theirs = ((y - best[0] - best[1] * n ** -best[2]) ** 2).sum()
        assert float(squares) <= theirs * 1.01 + 1e-9


def test_no_law_where_it_does_not_fit() -> None:
    """Three sizes, rising points and a jump have none, and say why."""
    n = np.array([100.0, 200, 400, 800, 1600])
    tight = np.eye(5) * 1e-10
    assert "at least 4" in outlook(n[:3], n[:3], tight[:3, :3], 0.95, 0)[2]
    assert outlook(n, np.linspace(0.1, 0.2, 5), tight, 0.95, 0)[2] == "the points do not fall"
    assert "do not follow" in outlook(n, np.array([0.3, 0.3, 0.3, 0.1, 0.1]), tight, 0.95, 0)[2]


# --- curves ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def curves():
    return audit.learning_curves(
        LogisticRegression(C=100), people(2500, 0), people(6000, 1, 0.5),
        sizes=(0.15, 0.3, 0.5, 0.75, 1.0), repeats=6, **ROLES,
    )  # fmt: skip


def test_own_rows_help_and_the_forecast_holds(curves) -> None:
    """Where only women's rows teach their weights, the error falls; twice the rows bring about
    what was forecast (the truth: 8 trainings on 5,000 other people)."""
    own = next(o for o in curves.outlook if o.collected == ("f",))
    assert own.reading == "falls"
    assert own.law is not None
    assert own.doubled.low <= own.doubled.value <= own.doubled.high
    test = people(6000, 1, 0.5)
    women = test[test.sex == "f"]
    gains = []
    for seed in range(8):
        more = people(5000, 100 + seed)
        half = pd.concat([more[more.sex == "m"], more[more.sex == "f"][: own.rows]])
        scores = [
            brier_score_loss(
                women.repaid,
                LogisticRegression(C=100)
                .fit(t[FEATURES], t.repaid)
                .predict_proba(women[FEATURES])[:, 1],
            )
            for t in (half, more)
        ]
        gains.append(scores[0] - scores[1])
    assert own.doubled.low <= np.mean(gains) <= own.doubled.high
    assert curves.summary().startswith("Doubling the sex f rows would lower the Brier score")


def test_whole_rows_are_the_model_itself(curves) -> None:
    """At share 1 every curve has the errors of the estimator fitted by hand."""
    train, test = people(2500, 0), people(6000, 1, 0.5)
    model = LogisticRegression(C=100).fit(train[FEATURES], train.repaid)
    women = test[test.sex == "f"]
    chance = model.predict_proba(women[FEATURES])[:, 1]
    for collected in (("f",), ()):
        point = {
            p.metric: p.value for p in curves.points
            if p.share == 1 and p.group == ("f",) and not p.reference and p.collected == collected
        }  # fmt: skip
        assert point["brier"] == pytest.approx(brier_score_loss(women.repaid, chance))
        assert point["auc"] == pytest.approx(roc_auc_score(women.repaid, chance))
        assert point["error"] == pytest.approx(((chance > 0.5) != women.repaid).mean())


def test_gaps_are_differences(curves) -> None:
    """A gap is the group's error less the reference's; its variance the sum of both."""
    at = {(p.collected, p.share, p.metric, p.group, p.reference): p for p in curves.points}
    for key, gap in at.items():
        if key[4] is None:
            continue
        one, other = at[(*key[:4], None)], at[(*key[:3], key[4], None)]
        assert gap.value == pytest.approx(one.value - other.value)
        width = (gap.high - gap.low) ** 2
        assert width == pytest.approx((one.high - one.low) ** 2 + (other.high - other.low) ** 2)


def test_flat_is_called_flat() -> None:
    """Where everyone follows one simple rule, a tenth of women's rows is as good as all."""

    def simple(rows: int, seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame({"sex": rng.choice(["f", "m"], rows, p=[0.2, 0.8]),
                              "x": rng.normal(size=rows)})  # fmt: skip
        return frame.assign(repaid=(rng.random(rows) < 1 / (1 + np.exp(-frame.x))).astype(int))

    found = audit.learning_curves(LogisticRegression(), simple(3000, 0), simple(3000, 1),
                                  repeats=3, **{**ROLES, "features": ["x"]})  # fmt: skip
    own = next(o for o in found.outlook if o.collected)
    assert own.reading == "flat"
    assert own.law is None
    assert np.isnan(own.doubled.value)
    assert "is flat" in own.statement
    assert "won't help" in own.statement


def test_same_seed_same_curves_and_counts_are_rows() -> None:
    """Deterministic, polars too; levels in another order, unknown outcomes and counts."""
    train, test = people(600, 3, 0.3), people(500, 4, 0.5).sort_values("sex", ascending=False)
    kept = {"sizes": (0.5, 1.0), "repeats": 2, **ROLES}
    one = audit.learning_curves(LogisticRegression(), train, test, **kept)
    two = audit.learning_curves(LogisticRegression(), train.copy(), test.copy(), **kept)
    assert json.dumps(one.to_dict()) == json.dumps(two.to_dict())
    assert len(one.to_frame()) == len(one.points)
    three = audit.learning_curves(LogisticRegression(), pl.from_pandas(train), pl.from_pandas(test),
                                  **kept)  # fmt: skip
    assert json.dumps(one.to_dict()) == json.dumps(three.to_dict())
    counted = audit.learning_curves(
        LogisticRegression(), train.assign(k=1), test.assign(k=2), count="k", **kept
    )
    twice = audit.learning_curves(LogisticRegression(), train, pd.concat([test, test]), **kept)
    for a, b in zip(counted.points, twice.points, strict=True):
        assert (a.value, a.low, a.high) == pytest.approx((b.value, b.low, b.high), nan_ok=True)
    train["repaid"] = train.repaid.astype(float).where(train.index >= 50)
    lost = audit.learning_curves(LogisticRegression(), train, test, **kept)
    assert "50 training rows of unknown outcome are left out" in lost.notes
    assert lost.train_rows == 550


def test_few_people_have_no_curve() -> None:
    """Below 30 rows a group is named in the notes instead."""
    train, test = people(600, 3, 0.03), people(500, 4, 0.5)
    found = audit.learning_curves(
        LogisticRegression(), train, test, sizes=(0.5, 1.0), repeats=1, **ROLES
    )
    assert not [o for o in found.outlook if o.collected]
    assert any("'f' has no curve" in n for n in found.notes)
    assert "No group of sex has enough people" in found.summary()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("MIT320", {"sizes": (0.5, 0.2, 1.0)}),
        ("MIT320", {"sizes": (0.5, 0.8)}),
        ("MIT320", {"sizes": "half"}),
        ("MIT321", {"repeats": 0}),
        ("MIT321", {"seed": -1}),
        ("MIT321", {"cutoff": 1.5}),
        ("MIT322", {"metric": "accuracy"}),
        ("MIT323", {"group": "x"}),
        ("MIT008", {"attribute": "race"}),
        ("INF001", {"level": 1}),
    ],
)
def test_faults_are_named(code: str, told) -> None:
    """One coded error, before anything is trained."""
    with pytest.raises(InputError) as found:
        audit.learning_curves(LogisticRegression(), people(200, 0), people(200, 1), **ROLES, **told)
    assert found.value.code == code


def test_an_estimator_that_fails_is_named() -> None:
    """MIT324 with the estimator's own words."""

    class Broken(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            raise RuntimeError("no luck")

    with pytest.raises(InputError, match=r"MIT324.*no luck"):
        audit.learning_curves(Broken(), people(200, 0), people(200, 1), **ROLES)
