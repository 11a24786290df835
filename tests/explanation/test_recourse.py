"""The smallest change that turns a denial into an approval, by hand and by brute force."""

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import audit
from explanation import credit

FRAME = credit.applicants(300).assign(age=lambda f: f["age"].round(-1))
MODEL = GradientBoostingClassifier(n_estimators=8, max_leaf_nodes=5, random_state=0).fit(
    FRAME[credit.NUMBERS], FRAME["default"]
)


def table(frame: Any = FRAME, model: Any = MODEL, **roles: Any) -> Any:
    told = {"features": credit.NUMBERS, **credit.ROLES, **roles}
    return audit.read(frame, model=model, approval_rate=0.6, **told)


TABLE = table()
FOUND = audit.recourse(MODEL, TABLE, seed=0)


def refused(code: str, argument: str, **told: Any) -> audit.InputError:
    with pytest.raises(audit.InputError) as caught:
        audit.recourse(told.pop("model", MODEL), told.pop("table", TABLE), **told)
    assert (caught.value.code, caught.value.argument) == (code, argument)
    return caught.value


def score(rows: pd.DataFrame) -> Any:
    return MODEL.predict_proba(rows[credit.NUMBERS])[:, 0]


# --- by hand --------------------------------------------------------------------------------


def by_hand() -> tuple[pd.DataFrame, Any]:
    """Approved where points + bonus reach 60: ten values of points, a yes/no bonus of 25."""
    frame = pd.DataFrame(
        {
            "sex": ["f", "m"] * 50,
            "points": np.repeat(np.arange(10, 110, 10), 10),
            "bonus": [0, 0, 0, 1] * 25,
        }
    )
    frame["approved"] = (frame["points"] + 25 * frame["bonus"] >= 60).astype(int)
    return frame, lambda rows: rows["points"] + 25 * rows["bonus"]


def test_cost_is_the_change_of_midrank_percentile() -> None:
    """Points 30 → 60 with a tenth of the rows at each of ten values: .3; a yes/no costs .5."""
    frame, model = by_hand()
    made = audit.read(
        frame, protected="sex", decision="approved", favorable=1, features=["points", "bonus"]
    )
    row = int(frame.index[(frame["points"] == 30) & (frame["bonus"] == 0)][0])
    found = audit.recourse(model, made, rows=[row], returns=1)
    (way,) = found.rows
    assert way.changes == {"points": (30, 60)}
    assert way.cost == pytest.approx(0.3)
    assert way.exact
    held = audit.recourse(model, made, rows=[row], returns=1, ranges={"points": (None, 40)}).rows[0]
    assert held.changes == {"points": (30, 40), "bonus": (0, 1)}
    assert held.cost == pytest.approx(0.1 + 0.5)
    assert f"Row {row} would be approved with" in found.summary()


def test_nobody_who_cannot_is_said_to_have_a_way() -> None:
    """With one feature at a time and points held, a bonus of 25 lifts only those from 35 up."""
    frame, model = by_hand()
    made = audit.read(
        frame, protected="sex", decision="approved", favorable=1, features=["points", "bonus"]
    )
    found = audit.recourse(model, made, returns=1, immutable=["points"], most=1)
    for way in found.rows:
        own = frame.loc[way.row]
        assert way.feasible == (own["points"] >= 35 and own["bonus"] == 0)
        assert np.isnan(way.cost) == (not way.feasible)
    without = np.mean([not w.feasible for w in found.rows])
    assert found.infeasible == pytest.approx(without)
    low, high = audit.inference.rate_interval(
        sum(not w.feasible for w in found.rows), len(found.rows)
    )
    assert (found.low, found.high) == pytest.approx((low, high))


# --- laws -----------------------------------------------------------------------------------


def test_every_change_proposed_is_approved_by_the_model() -> None:
    """Applied to the applicant's own row, the change reaches the cut-off."""
    approved = score(FRAME)
    line = np.sort(approved)[::-1][int(np.ceil(0.6 * len(FRAME))) - 1]
    for way in FOUND.rows:
        assert approved[way.row] < line
        changed = FRAME.loc[[way.row]].copy()
        for name, (old, new) in way.changes.items():
            assert changed[name].item() == old
            changed[name] = new
        assert (score(changed)[0] >= line) == way.feasible
        assert len(way.changes) <= 3


def test_one_and_two_features_are_exact() -> None:
    """Brute force over every pair of observed values finds nothing cheaper."""
    small = FRAME.head(80).assign(income=lambda f: f["income"].round())
    model = GradientBoostingClassifier(n_estimators=8, max_leaf_nodes=5, random_state=0)
    model.fit(small[credit.NUMBERS], small["default"])
    read = table(small, model)
    found = audit.recourse(model, read, most=2)
    scores = model.predict_proba(small[credit.NUMBERS])[:, 0]
    rank = {c: small[c].rank(method="average").to_numpy() - 0.5 for c in credit.NUMBERS}
    values = {c: sorted(small[c].unique()) for c in credit.NUMBERS}
    assert max(map(len, values.values())) <= 16
    at = {c: {v: rank[c][np.flatnonzero(small[c] == v)[0]] for v in values[c]} for c in values}
    for way in found.rows[:12]:
        own = small.iloc[way.row]
        rows, costs = [], []
        for one, two in itertools.combinations(credit.NUMBERS, 2):
            for a, b in itertools.product(values[one], values[two]):
                rows.append({**own[credit.NUMBERS], one: a, two: b})
                costs.append(
                    (abs(at[one][a] - at[one][own[one]]) + abs(at[two][b] - at[two][own[two]])) / 80
                )
        good = model.predict_proba(pd.DataFrame(rows)[credit.NUMBERS])[:, 0] >= found.cutoff
        assert good.any() == way.feasible
        if way.feasible:
            assert way.cost == pytest.approx(np.array(costs)[good].min())
            assert way.exact
    assert scores[[w.row for w in found.rows]].max() < found.cutoff


def test_constraints_hold() -> None:
    """What is immutable stays, monotone goes one way, new values lie in their range."""
    found = audit.recourse(
        MODEL,
        TABLE,
        immutable="late",
        monotone={"age": "increase"},
        ranges={"income": (0, 3)},
    )
    assert any(w.feasible for w in found.rows)
    for way in found.rows:
        assert "late" not in way.changes
        old, new = way.changes.get("age", (0, 0))
        assert new >= old
        assert 0 <= way.changes.get("income", (0, 0))[1] <= 3
    assert found.immutable == {"late": "said to be immutable"}
    assert audit.recourse(MODEL, TABLE, actionable=["income"]).actionable == ("income",)


def test_looser_constraints_cost_no_more() -> None:
    """More actionable features, or more at once, never make a way dearer or close it."""
    one = audit.recourse(MODEL, TABLE, most=1)
    narrow = audit.recourse(MODEL, TABLE, actionable=["income", "late"], most=2)
    two = audit.recourse(MODEL, TABLE, most=2)
    for a, b, c, d in zip(one.rows, narrow.rows, two.rows, FOUND.rows, strict=True):
        best = np.nan_to_num([a.cost, b.cost, c.cost, d.cost], nan=np.inf)
        assert best[2] <= min(best[0], best[1]) + 1e-12
        assert best[3] <= best[2] + 1e-12


def test_values_are_observed_and_types_stay_the_callers() -> None:
    """Categories, missing values and whole numbers reach the model in their own dtypes."""
    frame = credit.applicants(300)
    frame.loc[::7, "income"] = np.nan
    seen: list[pd.Series] = []
    model = HistGradientBoostingClassifier(
        max_iter=8, categorical_features="from_dtype", random_state=0
    ).fit(frame[credit.NATIVE], frame["default"])

    def ask(rows: pd.DataFrame) -> Any:
        seen.append(rows.dtypes)
        return model.predict_proba(rows)[:, 1]

    read = audit.read(
        frame, model=ask, approval_rate=0.6, returns=1, features=credit.NATIVE, **credit.ROLES
    )
    found = audit.recourse(ask, read, returns=1, size=40)
    assert all(d.equals(frame[credit.NATIVE].dtypes) for d in seen)
    for way in found.rows:
        for name, (_, new) in way.changes.items():
            assert new in set(frame[name].dropna())


def test_protected_attributes_and_near_copies_never_change() -> None:
    """Neither is proposed, and asking for it is refused."""
    frame = FRAME.assign(title=np.where(FRAME["sex"] == "f", "Ms", "Mr"))
    columns = ["income", "sex", "title"]
    model = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(), ["sex", "title"]), (StandardScaler(), ["income"])
        ),
        LogisticRegression(),
    ).fit(frame[columns], frame["default"])
    read = table(frame, model, features=columns)
    found = audit.recourse(model, read, size=20)
    assert found.actionable == ("income",)
    assert found.immutable == {"sex": "a protected attribute", "title": "nearly tells sex"}
    assert "nearly tells sex" in str(
        refused("EXP302", "actionable", model=model, table=read, actionable=["title"])
    )


def test_a_drawn_sample_is_weighted_back() -> None:
    """Weights sum to the denied of each group; the same seed draws the same rows."""
    found = audit.recourse(MODEL, TABLE, size=40, seed=3)
    assert found.looked == 40
    assert found == found
    denied = score(FRAME) < found.cutoff
    for sex in "fm":
        own = sum(w.weight for w in found.rows if w.groups["sex"] == sex)
        assert own == pytest.approx((denied & (FRAME["sex"] == sex)).sum())
    again = audit.recourse(MODEL, TABLE, size=40, seed=3)
    assert again.to_dict() == found.to_dict()


# --- gaps -----------------------------------------------------------------------------------


def test_a_gap_is_a_difference_of_means_with_welchs_limits() -> None:
    """Against scipy, on the rows themselves."""
    from scipy import stats

    (gap,) = [g for g in FOUND.gaps if g.band is None]
    costs = {
        s: np.array([w.cost for w in FOUND.rows if w.groups["sex"] == s and w.feasible])
        for s in "fm"
    }
    assert gap.difference == pytest.approx(costs["f"].mean() - costs["m"].mean())
    limits = stats.ttest_ind(costs["f"], costs["m"], equal_var=False).confidence_interval()
    assert (gap.low, gap.high) == pytest.approx(tuple(limits))
    assert gap.rows + gap.reference_rows == len(FOUND.rows)


def test_equal_distance_averages_the_bands() -> None:
    """Band 0 is the bands' differences, weighted by their applicants."""
    bands = [g for g in FOUND.gaps if g.band and not np.isnan(g.low)]
    (whole,) = [g for g in FOUND.gaps if g.band == 0]
    weight = np.array([g.rows + g.reference_rows for g in bands])
    kept = np.average([g.difference for g in bands], weights=weight)
    if whole.reason is None:
        assert whole.difference == pytest.approx(kept)
    (everyone,) = [g.rows for g in FOUND.gaps if g.band is None]
    assert sum(g.rows for g in FOUND.gaps if g.band) == everyone


def test_a_group_whose_income_counts_less_pays_more() -> None:
    """A model that asks women for more of the same feature has a recourse gap above 0."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"sex": rng.choice(["f", "m"], 400), "income": rng.normal(size=400)})
    frame["line"] = np.where(frame["sex"] == "f", 1.0, 0.0)
    frame["approved"] = (frame["income"] >= frame["line"]).astype(int)
    read = audit.read(
        frame, protected="sex", decision="approved", favorable=1, features=["income", "line"],
        reference={"sex": "m"},
    )  # fmt: skip
    found = audit.recourse(
        lambda rows: rows["income"] - rows["line"], read, returns=1, immutable=["line"]
    )
    (gap,) = [g for g in found.gaps if g.band is None]
    assert gap.low > 0


# --- as values ------------------------------------------------------------------------------


def test_to_frame_and_to_dict_hold_every_applicant() -> None:
    """One row a changed feature; plain values; a sentence."""
    frame = FOUND.to_frame()
    assert set(frame["row"]) == {w.row for w in FOUND.rows}
    assert len(frame) == sum(max(len(w.changes), 1) for w in FOUND.rows)
    plain = FOUND.to_dict()
    assert len(plain["rows"]) == FOUND.looked
    assert plain["gaps"][0]["group"] == ["f"]
    assert "denied applicants looked at" in FOUND.summary()
    assert "not advice" in FOUND.summary()


@pytest.mark.parametrize("predicts", [True, False])
def test_predict_decides_where_it_does(predicts: bool) -> None:
    """A table decided by predict: the change makes predict say the favourable outcome."""
    read = audit.read(FRAME, model=MODEL, features=credit.NUMBERS, **credit.ROLES)
    found = audit.recourse(MODEL, read, size=20, most=1 + predicts)
    for way in found.rows:
        changed = FRAME.loc[[way.row], credit.NUMBERS].copy()
        assert MODEL.predict(changed)[0] == 1
        for name, (_, new) in way.changes.items():
            changed[name] = new
        assert (MODEL.predict(changed)[0] == 0) == way.feasible
    assert "predict" in found.decided_by


def test_answers_beyond_single_precision_are_no_warning() -> None:
    """A number that single precision cannot hold is double precision, and that is all."""
    rows = {"sex": ["f", "m"] * 50, "x": list(range(100)), "ok": [0] * 50 + [1] * 50}
    read = audit.read(rows, protected="sex", decision="ok", favorable=1, features=["x"])

    def vast(rows: Any) -> Any:
        return np.asarray(rows["x"], dtype=np.float64) * 1e300

    way = audit.recourse(vast, read, rows=[41], returns=1, immutable={}).rows[0]
    assert way.changes == {"x": (41, 53)}  # the same as of x / 10


# --- refused --------------------------------------------------------------------------------


def test_faults_are_named() -> None:
    """Each says which argument, and what to do."""
    assert "did you mean 'income'" in str(refused("EXP301", "immutable", immutable=["incom"]))
    refused("EXP302", "immutable", actionable=["income"], immutable=["income"])
    refused("TBL005", "actionable", actionable=np.bool_(True))
    refused("TBL005", "immutable", immutable=np.zeros((2, 2)))
    refused("INF001", "level", level=[0.9, 0.95])
    refused("EXP303", "monotone", monotone={"age": "up"})
    refused("EXP303", "monotone", monotone={"age": np.array(["up", "down"])})
    refused("EXP303", "ranges", ranges={"age": (70, 20)})
    refused("EXP304", "actionable", immutable=credit.NUMBERS)
    refused("EXP306", "most", most=0)
    refused("EXP307", "rows", rows=[10_000])
    for strange in (1.5, True, [], "1", [[1], [1, 2]], np.array(3.0), object()):
        refused("EXP307", "rows", rows=strange)
    approved = int(np.argmax(score(FRAME)))
    refused("EXP308", "rows", rows=[approved])


def test_a_table_without_a_decision_is_refused() -> None:
    """EXP300: a score alone denies nobody."""
    read = audit.read(FRAME, features=credit.NUMBERS, **credit.ROLES)
    refused("EXP300", "table", model=lambda r: r["income"], table=read, returns=0)


def test_everyone_approved_is_refused() -> None:
    """EXP305: there is nobody to help."""
    read = audit.read(FRAME, model=MODEL, cutoff=1.0, features=credit.NUMBERS, **credit.ROLES)
    refused("EXP305", "table", table=read)
