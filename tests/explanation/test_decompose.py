"""Decompositions against least squares by hand, statsmodels, published figures, and laws."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import example, given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.oaxaca import OaxacaBlinder

import audit
from audit.errors import InputError
from audit.explanation.decompose_fit import TELLS

CONTROLS = ["hrat", "obrat", "loanprc", "unem", "male", "married", "dep", "sch", "cosign", "chist"]
CONTROLS += ["pubrec", "mortlat1", "mortlat2", "vr"]
SIZE = 600


@pytest.fixture(scope="module")
def boston() -> Any:
    found = audit.datasets.load("boston_mortgages")
    return audit.read(found.frame, **found.roles)


@pytest.fixture(scope="module")
def loans() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "sex": rng.choice(["f", "m", "x"], SIZE, p=[0.4, 0.5, 0.1]),
            "income": rng.lognormal(1, 0.5, SIZE),
            "purpose": rng.choice(["car", "home", "other"], SIZE),
            "branch": rng.choice(["a", "b", "c"], SIZE),
            "w": rng.uniform(0.5, 2.0, SIZE),
            "n": rng.integers(1, 4, SIZE),
            "who": rng.integers(0, 150, SIZE),
        }
    )
    frame["income"] += 0.8 * (frame.sex == "m")
    eta = -1 + 0.5 * frame.income + 0.6 * (frame.sex == "m") + 0.5 * (frame.purpose == "home")
    frame["ok"] = (rng.random(SIZE) < 1 / (1 + np.exp(-eta))).astype(int)
    frame["limit"] = 1000 * frame.income + rng.normal(0, 300, SIZE)
    return frame


TOLD: dict[str, Any] = {
    "protected": "sex", "decision": "ok", "favorable": 1, "reference": {"sex": "m"},
    "controls": ["income", "purpose"],
}  # fmt: skip


def columns(frame: pd.DataFrame) -> pd.DataFrame:
    made = {"income": frame.income, "home": frame.purpose == "home"}
    return pd.DataFrame({**made, "other": frame.purpose == "other"}).astype(float)


def two(frame: pd.DataFrame, group: str = "f") -> tuple[Any, Any, Any, Any]:
    """Both sides' columns (with a constant) and results."""
    m, g = frame[frame.sex == "m"], frame[frame.sex == group]
    return sm.add_constant(columns(m)), sm.add_constant(columns(g)), m.ok, g.ok


# --- published figures ------------------------------------------------------------------------


def test_wooldridge_simple_gap(boston: Any) -> None:
    """Introductory Econometrics, loanapp: approve on white is .2006 (n = 1989)."""
    found = audit.decompose(boston)
    assert (round(found.gap, 4), found.rows, found.rows_total) == (0.2006, 1989, 1989)
    assert (found.explained, found.explained_high) == (0, 0)
    assert found.unexplained == pytest.approx(found.gap, abs=1e-12)


def test_wooldridge_with_controls(boston: Any) -> None:
    """On the 1971 complete rows the gap is .2047; the coefficient of white with controls .1288."""
    found = audit.decompose(boston, controls=CONTROLS)
    assert (round(found.gap, 4), round(found.unexplained, 4), found.rows) == (0.2047, 0.1288, 1971)
    assert found.incomplete == {"male": 15, "married": 3, "dep": 3}
    assert (found.attribute, found.group, found.reference) == ("race", None, ("White",))
    assert found.pooled == ("Black", "Hispanic")


def test_one_group_and_the_references_coefficients(boston: Any) -> None:
    """White less Black .2359: .0823 explained and .1536 not, by the coefficients of whites."""
    found = audit.decompose(boston, controls=CONTROLS, group="Black")
    same = audit.decompose(boston, controls=CONTROLS, group=("Black",))
    r = found.by_reference
    assert [round(v, 4) for v in (found.gap, r.explained, r.unexplained)] == [
        0.2359,
        0.0823,
        0.1536,
    ]
    assert same.to_dict() == found.to_dict()
    assert found.unexplained_range == (found.by_group.unexplained, r.unexplained)


# --- oracles ----------------------------------------------------------------------------------


def test_linear_is_least_squares_by_hand(loans: pd.DataFrame) -> None:
    """Explained is Σ coefficient × difference of means; a category's columns make one part."""
    found = audit.decompose(loans, group="f", **TOLD)
    xm, xf, ym, yf = two(loans)
    x = np.vstack([np.c_[xm, np.ones(len(xm))], np.c_[xf, np.zeros(len(xf))]])
    beta = np.linalg.lstsq(x, np.concatenate([ym, yf]), rcond=None)[0]
    apart = (xm.mean() - xf.mean()).to_numpy()
    assert found.gap == pytest.approx(ym.mean() - yf.mean(), abs=1e-12)
    assert found.unexplained == pytest.approx(beta[4], abs=1e-12)
    assert found.explained == pytest.approx(apart[1:] @ beta[1:4], abs=1e-12)
    parts = {p.control: p.value for p in found.parts}
    expected = {"income": apart[1] * beta[1], "purpose": apart[2:] @ beta[2:4]}
    assert parts == pytest.approx(expected, abs=1e-12)


def test_two_fold_is_statsmodels(loans: pd.DataFrame) -> None:
    """OaxacaBlinder's two-fold split: pooled with indicator, and each side's coefficients."""
    both = loans[loans.sex != "x"]
    x = sm.add_constant(columns(both)).assign(m=(both.sex == "m").astype(int))
    theirs = OaxacaBlinder(both.ok, x, "m", hasconst=True, swap=False)
    found = audit.decompose(both, group="f", **TOLD)
    # statsmodels' "pooled" puts the indicator among the regressors, "self_submitted" 1 and 0
    # the coefficients of the first and second group; which is first depends on the coding
    pooled = theirs.two_fold(two_fold_type="pooled").params
    assert abs(pooled[2]) == pytest.approx(abs(found.gap), abs=1e-10)
    ours = sorted(abs(v) for v in (found.by_reference.unexplained, found.by_group.unexplained))
    own = sorted(
        abs(theirs.two_fold(two_fold_type="self_submitted", submitted_weight=w).params[0])
        for w in (0.0, 1.0)
    )
    assert ours == pytest.approx(own, abs=1e-10)
    assert abs(pooled[0]) == pytest.approx(abs(found.unexplained), abs=1e-10)


def test_logit_is_statsmodels_with_yuns_weights(loans: pd.DataFrame) -> None:
    """Pooled without indicator; parts in proportion to coefficient × difference of means."""
    found = audit.decompose(loans, group="f", method="logit", **TOLD)
    xm, xf, ym, yf = two(loans)
    fitted = sm.Logit(pd.concat([ym, yf]), pd.concat([xm, xf])).fit(disp=0)
    explained = fitted.predict(xm).mean() - fitted.predict(xf).mean()
    each = (xm.mean() - xf.mean()) * fitted.params
    assert found.explained == pytest.approx(explained, abs=1e-8)
    assert found.explained + found.unexplained == pytest.approx(found.gap, abs=1e-12)
    expected = {"income": each["income"], "purpose": each["home"] + each["other"]}
    for part in found.parts:
        share = expected[part.control] / each.sum()
        assert part.value == pytest.approx(share * explained, abs=1e-8)
    for side, reading in ((0, found.by_reference), (1, found.by_group)):
        own = sm.Logit((ym, yf)[side], (xm, xf)[side]).fit(disp=0)
        theirs = own.predict(xm).mean() - own.predict(xf).mean()
        assert reading.explained == pytest.approx(theirs, abs=1e-8)


@pytest.mark.parametrize("more", [{}, {"cluster": "who"}, {"weight": "w"}, {"count": "n"}])
def test_the_indicator_is_that_of_audit_regress(loans: pd.DataFrame, more: Any) -> None:
    """Robust, clustered, weighted and counted alike: the sign turned, limits and p the same."""
    both = loans[loans.sex != "x"].reset_index(drop=True)
    told: dict[str, Any] = {k: v for k, v in TOLD.items() if k not in ("decision", "favorable")}
    theirs = audit.regress(both, amount={"ok": "higher"}, **told, **more).gaps[0]
    found = audit.decompose(both, **TOLD, **more)
    expected = (-theirs.value, -theirs.high, -theirs.low, theirs.p_value)
    ours = (found.unexplained, found.unexplained_low, found.unexplained_high, found.p_value)
    assert ours == pytest.approx(expected, rel=1e-8)
    raw = (-theirs.raw, -theirs.raw_high, -theirs.raw_low)
    plain = audit.decompose(both, **{**TOLD, "controls": []}, **more)
    assert (plain.gap, plain.low, plain.high) == pytest.approx(raw, rel=1e-8)
    assert plain.unexplained_low == pytest.approx(plain.low, rel=1e-8)


SLOW = [
    pytest.param(method, more, marks=pytest.mark.slow)
    for method in ("linear", "logit")
    for more in ({}, {"cluster": "who"}, {"weight": "w"})
]


@pytest.mark.parametrize(("method", "more"), SLOW)
def test_errors_are_those_of_the_bootstrap(loans: pd.DataFrame, method: str, more: Any) -> None:
    """300 resamples of rows (applicants where they repeat): within 20 % of every error."""
    both = loans[loans.sex != "x"].reset_index(drop=True)
    told = {**TOLD, "method": method, **more}
    found = audit.decompose(both, **told).to_frame()
    half = ((found.high - found.low) / 2 / 1.96).to_numpy()
    rng = np.random.default_rng(1)
    seen = []
    by = both.groupby("who").indices
    keys = list(by)
    for _ in range(300):
        if "cluster" in more:
            taken = np.concatenate([by[keys[i]] for i in rng.integers(0, len(keys), len(keys))])
            again = {k: v for k, v in told.items() if k != "cluster"}
        else:
            taken, again = rng.integers(0, len(both), len(both)), told
        seen.append(audit.decompose(both.iloc[taken], **again).to_frame()["value"].to_numpy())
    spread = np.std(seen, axis=0)
    assert half == pytest.approx(spread, rel=0.2), list(zip(half, spread, strict=True))


def test_within_strata_is_mantel_haenszel(loans: pd.DataFrame) -> None:
    """CMH p-value by statsmodels; frequencies the same; weights of 1 close to Sato's limits."""
    both = loans[loans.sex != "x"].reset_index(drop=True)
    found = audit.decompose(both, strata="branch", **TOLD).within
    tables = [
        pd.crosstab(part.sex == "m", part.ok == 1).to_numpy()[::-1, ::-1]
        for _, part in both.groupby("branch")
    ]
    theirs = StratifiedTable(np.dstack(tables)).test_null_odds(correction=False)
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-10)
    assert (found.used, found.rows, found.method[:15]) == (3, len(both), "Mantel-Haenszel")
    sizes = [(t[0].sum() * t[1].sum() / t.sum(), t[0, 0] / t[0].sum() - t[1, 0] / t[1].sum())
             for t in tables]  # fmt: skip
    by_hand = sum(a * b for a, b in sizes) / sum(a for a, _ in sizes)
    assert found.value == pytest.approx(by_hand, abs=1e-12)
    assert [g["value"] for g in found.gaps] == pytest.approx([b for _, b in sizes])
    one = audit.decompose(both.assign(w=1.0), strata="branch", weight="w", **TOLD).within
    assert (one.value, one.low, one.high) == pytest.approx(
        (found.value, found.low, found.high), abs=2e-3
    )
    each = both.assign(who=range(len(both)))
    alone = audit.decompose(each, strata="branch", cluster="who", **TOLD)
    assert alone.within.low == pytest.approx(one.low, abs=1e-3)


# --- laws -------------------------------------------------------------------------------------

ROW = st.tuples(
    st.booleans(), st.booleans(), st.integers(-3, 3), st.sampled_from("abc"), st.integers(1, 3)
)


def frame_of(rows: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["sex", "ok", "x", "kind", "n"])


@settings(max_examples=25, deadline=None)
@given(st.lists(ROW, min_size=8, max_size=40), st.sampled_from(["linear", "logit"]))
@example(
    # one side's x and kind are collinear, and the other's rows cancel in the mean alone
    [(False, False, 0, "a", 1)] * 3
    + [(False, True, 3, "b", 1), (True, False, 1, "b", 2), (True, False, -1, "a", 2)]
    + [(True, False, 3, "a", 3), (True, False, -3, "a", 1)],
    "linear",
)
@example(  # every decision is the same, so there is no spread but rounding
    [(False, True, 0, "a", 1)] * 5
    + [(False, True, 1, "a", 1), (True, True, 0, "a", 1)]
    + [(True, True, 0, "a", 2)],
    "linear",
)
@example(  # all coefficients are 0, so that weights would be shares of rounding
    [
        (False, False, 1, "a", 3),
        (False, False, -1, "b", 1),
        (False, True, 0, "b", 3),
        (False, True, 1, "a", 1),
        (False, True, 1, "b", 1),
        (False, True, 1, "b", 1),
        (False, True, -1, "a", 2),
        (True, False, -1, "b", 3),
        (True, False, 2, "b", 1),
    ],
    "logit",
)
def test_parts_add_up(rows: list[Any], method: str) -> None:
    """explained + unexplained = gap, and the parts make the explained, wherever defined."""
    frame = frame_of(rows)
    if min((frame.sex).sum(), (~frame.sex).sum()) < 2:
        return
    told: dict[str, Any] = {"protected": "sex", "decision": "ok", "controls": ["x", "kind"]}
    told["method"] = method
    one = audit.decompose(frame, reference={"sex": True}, **told)
    other = audit.decompose(frame, reference={"sex": False}, **told)
    for split in (one, one.by_reference, one.by_group):
        total = split.explained + split.unexplained
        assert math.isnan(total) == (split.reason is not None)
        assert math.isnan(total) or total == pytest.approx(one.gap, abs=1e-12)
    values = [p.value for p in one.parts]
    if not any(map(math.isnan, values)):
        assert sum(values) == pytest.approx(one.explained, abs=1e-12)
    # swapping the roles turns the sign, and the readings change places
    for name in ("gap", "explained", "unexplained"):
        mirrored = -getattr(other, name)
        assert getattr(one, name) == pytest.approx(mirrored, abs=1e-9, nan_ok=True)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), nan_ok=True)
    mirrored = -other.by_group.unexplained
    assert one.by_reference.unexplained == pytest.approx(mirrored, abs=1e-9, nan_ok=True)
    # a control's unit, and the name of a category, change nothing
    kinds = frame.kind.map({"a": "z", "b": "y", "c": "x"})
    scaled = frame.assign(x=frame.x * 1e6 - 5.0, kind=kinds)
    again = audit.decompose(scaled, reference={"sex": True}, **told)
    assert [again.explained, *(p.value for p in again.parts)] == pytest.approx(
        [one.explained, *values], abs=1e-7, nan_ok=True
    )
    # frequencies are repeated rows
    counted = audit.decompose(frame, reference={"sex": True}, count="n", **told)
    long = frame.loc[frame.index.repeat(frame.n)].reset_index(drop=True)
    repeated = audit.decompose(long, reference={"sex": True}, **told)
    a, b = counted.to_frame(), repeated.to_frame()
    for name in ("value", "low", "high"):
        assert a[name].tolist() == pytest.approx(b[name].tolist(), abs=1e-7, nan_ok=True)
    assert (counted.rows, counted.rows_total) == (repeated.rows, repeated.rows_total)


def test_duplicates_leave_the_point_and_narrow_the_interval(loans: pd.DataFrame) -> None:
    """Rows twice."""
    one = audit.decompose(loans, **TOLD)
    twice = audit.decompose(pd.concat([loans, loans], ignore_index=True), **TOLD)
    assert twice.explained == pytest.approx(one.explained, abs=1e-12)
    assert twice.high - twice.low == pytest.approx((one.high - one.low) / math.sqrt(2), rel=0.01)


def test_scaled_weights_change_nothing(loans: pd.DataFrame) -> None:
    """A sampling weight times a billion."""
    one = audit.decompose(loans, weight="w", strata="branch", **TOLD)
    other = audit.decompose(loans.assign(w=loans.w * 1e9), weight="w", strata="branch", **TOLD)
    a, b = one.to_frame(), other.to_frame()
    for name in ("value", "low", "high"):
        assert a[name].tolist() == pytest.approx(b[name].tolist(), abs=1e-10)


@pytest.mark.parametrize("form", ["polars", "arrow", "dict"])
def test_any_frame(loans: pd.DataFrame, form: str) -> None:
    """The same numbers from every kind of frame, and the frame is left as it was."""
    polars = pytest.importorskip("polars")
    made = polars.from_pandas(loans)
    source = {"polars": made, "arrow": made.to_arrow(), "dict": loans.to_dict("list")}[form]
    before = loans.copy()
    one, other = audit.decompose(source, **TOLD), audit.decompose(loans, **TOLD)
    assert one.to_dict() == other.to_dict()
    pd.testing.assert_frame_equal(loans, before)


# --- what is explained, and for whom ----------------------------------------------------------


def test_without_a_decision_the_outcome_then_a_column(loans: pd.DataFrame) -> None:
    """Decision, else outcome, else what is named; amounts and scores have means."""
    told: dict[str, Any] = {k: v for k, v in TOLD.items() if k not in ("decision", "favorable")}
    outcome = audit.decompose(loans, outcome="ok", favorable=1, **told)
    decision = audit.decompose(loans, **TOLD)
    assert (outcome.kind, outcome.column, decision.kind) == ("outcome", "ok", "decision")
    assert outcome.gap == decision.gap
    amount = audit.decompose(loans, amount={"limit": "higher"}, **told)
    assert (amount.kind, amount.column, amount.within) == ("amount", "limit", None)
    means = loans.groupby("sex").limit.mean()
    pooled = loans[loans.sex != "m"].limit.mean()
    assert amount.gap == pytest.approx(means["m"] - pooled)
    assert "mean limit" in amount.summary()
    both = audit.decompose(loans, score="limit", column="limit", **TOLD)
    assert (both.kind, both.gap) == ("score", amount.gap)
    cut = audit.decompose(loans, score="limit", cutoff=3000.0, **told)
    assert (cut.kind, cut.column) == ("decision", "decision")


def test_undecided_and_missing_are_counted(loans: pd.DataFrame) -> None:
    """Undecided rows, and people without a level among "all others", stay out and are counted."""
    frame = loans.assign(ok=loans.ok.astype(object), sex=loans.sex.astype(object))
    frame.loc[:4, "ok"] = 7
    frame.loc[10:12, "sex"] = None
    with pytest.warns(audit.DataWarning):
        found = audit.decompose(frame, unfavorable=0, **TOLD)
    assert found.incomplete == {"sex": 3, "ok": 5}
    assert (found.rows, found.rows_total, found.pooled) == (SIZE - 8, SIZE, ("f", "x"))
    with pytest.warns(audit.DataWarning):
        missing = audit.decompose(frame, unfavorable=0, group=(None,), **TOLD)
    assert (missing.group, missing.rows - missing.reference_rows) == ((None,), 3)


def test_of_several_attributes_the_widest(loans: pd.DataFrame) -> None:
    """Said in a note; naming one, or making it a control, settles it."""
    told = {**TOLD, "protected": ["branch", "sex"]}
    found = audit.decompose(loans, **told)
    assert found.attribute == "sex"
    assert "widest gap" in found.notes[0]
    assert audit.decompose(loans, **{**told, "attribute": "branch"}).attribute == "branch"
    assert audit.decompose(loans, **{**told, "controls": ["sex"]}).attribute == "branch"


def test_numbers_as_categories(loans: pd.DataFrame) -> None:
    """`categorical` makes columns of a number's values."""
    frame = loans.assign(code=loans.purpose.map({"car": 1, "home": 5, "other": 9}))
    told = {**TOLD, "controls": ["income", "code"]}
    named = audit.decompose(frame, categorical=["code"], **told)
    assert named.explained == pytest.approx(audit.decompose(loans, **TOLD).explained, abs=1e-12)
    assert audit.decompose(frame, **told).explained != pytest.approx(named.explained, abs=1e-6)


# --- what cannot be told ----------------------------------------------------------------------


def test_constant_and_repeated_controls(loans: pd.DataFrame) -> None:
    """A constant's part is 0 and said; twins have no part of their own, the total stands."""
    frame = loans.assign(one=0.1, twin=loans.income * 3 + 1)
    plain = audit.decompose(loans, **TOLD)
    found = audit.decompose(frame, **{**TOLD, "controls": ["income", "purpose", "one", "twin"]})
    assert found.explained == pytest.approx(plain.explained, abs=1e-9)
    parts = {p.control: p for p in found.parts}
    assert (parts["one"].value, parts["one"].reason) == (0, "one value in every complete row")
    assert parts["income"].reason == "cannot be told apart from 'twin'"
    assert math.isnan(parts["twin"].value)
    assert parts["purpose"].reason is None
    assert "'one': one value in every complete row" in found.notes


def test_twins_whose_means_agree_have_no_part() -> None:
    """That no difference of means is left to share out does not tell twins apart."""
    x = [1, 2, 3, 4, 1, 4, 2, 3, 2.5]
    rows = {
        "sex": [1] * 4 + [0] * 5, "ok": [1, 1, 0, 1, 0, 1, 0, 0, 1], "x": x,
        "z": [1, 0, 3, 0, 1, 2, 2, 0, 1.5], "twin": [v * 3 + 1 for v in x],
    }  # fmt: skip
    told: dict[str, Any] = {"protected": "sex", "decision": "ok", "favorable": 1}
    found = audit.decompose(rows, reference={"sex": 1}, controls=["x", "twin", "z"], **told)
    plain = audit.decompose(rows, reference={"sex": 1}, controls=["x", "z"], **told)
    parts = {p.control: p for p in found.parts}
    assert parts["twin"].reason == "cannot be told apart from 'x'"
    assert math.isnan(parts["x"].value)
    assert parts["z"].low == pytest.approx(plain.parts[1].low)
    limits = (found.explained_low, found.by_group.explained_low)
    assert limits == pytest.approx((plain.explained_low, plain.by_group.explained_low))


@pytest.mark.parametrize("method", ["linear", "logit"])
def test_a_control_that_tells_the_group(loans: pd.DataFrame, method: str) -> None:
    """Nothing can be held equal: no parts, reasons, and the gap stands. Logit pools without it."""
    frame = loans.assign(copy=(loans.sex == "m").astype(int))
    found = audit.decompose(frame, **{**TOLD, "controls": ["income", "copy"]}, method=method)
    assert found.gap > 0
    assert math.isnan(found.by_reference.unexplained)
    assert found.by_reference.reason == "'copy' has one value among m"
    if method == "linear":
        assert found.reason == TELLS
        assert math.isnan(found.explained)
        assert math.isnan(found.parts[0].value)
        assert TELLS in found.summary()
    else:
        assert found.reason is None
    assert "'copy': the sides' values do not overlap" in found.notes


def test_a_category_that_one_side_lacks(loans: pd.DataFrame) -> None:
    """Its coefficients say nothing of it: that reading has a reason, the others stand."""
    frame = loans[loans.sex != "x"].copy()
    frame.loc[(frame.sex == "f") & (frame.purpose == "home"), "purpose"] = "car"
    found = audit.decompose(frame, **TOLD)
    assert found.by_group.reason == "'purpose' is never 'home' among f"
    assert math.isnan(found.by_group.explained)
    assert not math.isnan(found.by_reference.explained)
    assert not math.isnan(found.unexplained)
    assert found.notes[0].startswith("'purpose': f never has 'home' (")


def test_separation_has_no_logit(loans: pd.DataFrame) -> None:
    """A control that tells the decision: a reason that names it, and no numbers."""
    frame = loans.assign(told=loans.ok * 2.0)
    found = audit.decompose(frame, **{**TOLD, "controls": ["income", "told"]}, method="logit")
    assert found.reason is not None
    assert "'told'" in found.reason
    assert math.isnan(found.unexplained)
    every = loans.assign(ok=np.where(loans.sex == "m", 1, loans.ok))
    found = audit.decompose(every, **TOLD, method="logit")
    assert found.by_reference.reason == "every row has the same result, so no logistic fit exists"
    assert not math.isnan(found.by_group.explained)


def test_too_few_rows(loans: pd.DataFrame) -> None:
    """Fewer than two complete rows a side are refused; fewer than coefficients have a reason."""
    frame = loans[loans.sex != "x"].copy()
    frame.loc[frame.sex == "f", "income"] = np.nan
    with pytest.raises(InputError, match=r"EXP041.*'income' have gaps"):
        audit.decompose(frame, **TOLD)
    few = pd.concat([loans[loans.sex == "m"], loans[loans.sex == "f"].head(3)])
    found = audit.decompose(few, **TOLD)
    assert found.by_group.reason == "no more complete rows than coefficients among f"
    assert not math.isnan(found.unexplained_low)


def test_sides_without_weight_and_sources_without_rows(loans: pd.DataFrame) -> None:
    """Refused: a side whose weights are all 0, a tally, an engine's rows, groups that overlap."""
    duckdb = pytest.importorskip("duckdb")
    light = loans.assign(w=np.where(loans.sex == "m", 1.0, 0.0))
    roles = {k: v for k, v in TOLD.items() if k != "controls"}
    members = {"protected": {"sex": {"f": "f", "m": "m"}}, "reference": {"sex": "m"}}
    both = loans.assign(f=loans.sex != "m", m=loans.sex != "f")
    for code, source, told in (
        ("EXP041", light, {**TOLD, "weight": "w"}),
        ("TBL044", audit.count(loans, **roles), {}),
        ("TBL044", duckdb.from_df(loans), TOLD),
        ("TBL044", both, {**TOLD, **members, "attribute": "sex"}),
        ("EXP040", both, {**TOLD, **members}),
    ):
        with pytest.raises(InputError, match=code):
            audit.decompose(source, **told)


@pytest.mark.parametrize(
    ("code", "argument", "more"),
    [
        ("EXP040", "method", {"method": "probit"}),
        ("EXP040", "group", {"group": "m"}),
        ("EXP040", "group", {"group": "female"}),
        ("EXP040", "group", {"group": ("f", "x")}),
        ("EXP040", "attribute", {"attribute": "sexx"}),
        ("EXP040", "column", {"column": "income"}),
        ("EXP040", "method", {"method": "logit", "amount": {"limit": "higher"}, "column": "limit"}),
        ("EXP040", "categorical", {"categorical": ["w"]}),
        ("INF001", "level", {"level": 1.0}),
        ("TBL001", "controls", {"controls": ["incme"]}),
        ("TBL004", "controls", {"controls": ["sex"], "attribute": "sex"}),
        ("TBL004", "controls", {"controls": ["ok"]}),
        ("RUN004", "atribute", {"atribute": "sex"}),
    ],
)
def test_refusals(loans: pd.DataFrame, code: str, argument: str, more: Any) -> None:
    """Each names its argument."""
    with pytest.raises(InputError) as refused:
        audit.decompose(loans, **{**TOLD, **more})
    assert (refused.value.code, refused.value.argument) == (code, argument)


# --- the record -------------------------------------------------------------------------------


def test_the_summary_agrees_with_the_intervals(loans: pd.DataFrame) -> None:
    """What may be chance is said to be; "unexplained" is never called by a cause."""
    found = audit.decompose(loans, **TOLD)
    assert found.low > 0
    assert f"a gap of {found.gap:.4f}" in found.summary()
    rng = np.random.default_rng(0)
    even = audit.decompose(loans.assign(ok=rng.integers(0, 2, SIZE)), **TOLD)
    assert even.low < 0 < even.high
    assert "which may be chance" in even.summary()
    assert math.isnan(even.parts[0].share)
    assert "discriminat" not in found.summary() + even.summary()


def test_the_unexplained_part_has_no_items(loans: pd.DataFrame) -> None:
    """Parts are of the explained alone, in frame and dict too; the dict is plain JSON."""
    import json

    found = audit.decompose(loans, strata="branch", **TOLD)
    frame = found.to_frame()
    assert frame[frame.control.notna()].item.unique().tolist() == ["part"]
    assert frame.item.tolist().count("unexplained") == 3
    assert frame.iloc[-1]["item"] == "within strata"
    read = json.loads(json.dumps(found.to_dict()))
    assert read["by_reference"]["coefficients"] == ["m"]
    assert read["parts"][0]["control"] == "income"
