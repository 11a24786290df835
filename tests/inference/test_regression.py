"""Gaps with controls held equal, against statsmodels' robust and clustered least squares."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import example, given
from hypothesis import strategies as st

import audit
from audit.errors import InputError
from audit.inference.regression import COLLINEAR, FEW

RNG = np.random.default_rng(8)
SIZE = 500


@pytest.fixture(scope="module")
def loans() -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "sex": RNG.choice(["f", "m", "x"], SIZE),
            "term": RNG.integers(1, 7, SIZE),
            "purpose": RNG.choice(["car", "home", "other"], SIZE),
            "income": RNG.lognormal(10, 0.5, SIZE),
            "w": RNG.uniform(0.5, 2.0, SIZE),
            "n": RNG.integers(1, 4, SIZE),
            "who": RNG.integers(0, 120, SIZE),
        }
    )
    frame["rate"] = (
        5 + 0.3 * (frame.sex == "f") + 0.2 * frame.term + 0.5 * (frame.purpose == "home")
        - 1e-5 * frame.income + RNG.normal(0, 1, SIZE) * (1 + 0.2 * frame.term)
    )  # fmt: skip
    frame.loc[:9, "income"] = np.nan
    return frame


TOLD: dict[str, Any] = {
    "protected": "sex", "amount": {"rate": "lower"}, "reference": {"sex": "m"},
    "controls": ["term", "purpose", "income"],
}  # fmt: skip


def columns(frame: pd.DataFrame) -> Any:
    x = pd.DataFrame(
        {
            "f": frame.sex == "f", "x": frame.sex == "x", "term": frame.term,
            "home": frame.purpose == "home", "other": frame.purpose == "other",
            "income": frame.income,
        }
    )  # fmt: skip
    return sm.add_constant(x.astype(float))


def agree(gap: Any, theirs: Any, name: str) -> None:
    low, high = theirs.conf_int().loc[name]
    assert gap.value == pytest.approx(theirs.params[name], rel=1e-8)
    assert (gap.low, gap.high) == pytest.approx((low, high), rel=1e-8)
    assert gap.p_value == pytest.approx(theirs.pvalues[name], rel=1e-6)


@pytest.mark.parametrize("errors", ["HC1", "HC3"])
def test_robust_least_squares_is_statsmodels(loans: pd.DataFrame, errors: str) -> None:
    """Gap, limits and p of each group; the rows that lack income are counted and left out."""
    found = audit.regress(loans, errors=errors, **TOLD)
    complete = loans.dropna()
    theirs = sm.OLS(complete.rate, columns(complete)).fit(cov_type=errors, use_t=True)
    for gap in found.gaps:
        agree(gap, theirs, gap.group[0])
    assert (found.rows, found.rows_total) == (490, 500)
    assert found.incomplete == {"income": 10}
    assert sum(g.rows for g in found.gaps) + found.gaps[0].reference_rows == 490


def test_the_raw_gap_is_of_the_same_rows(loans: pd.DataFrame) -> None:
    """Difference of means among complete rows, with the same errors."""
    complete = loans.dropna()
    gap = audit.regress(loans, **TOLD).gaps[0]
    means = complete.groupby("sex").rate.mean()
    assert gap.raw == pytest.approx(means["f"] - means["m"], rel=1e-10)
    theirs = sm.OLS(complete.rate, columns(complete)[["const", "f", "x"]])
    fitted = theirs.fit(cov_type="HC3", use_t=True).conf_int().loc["f"]
    assert (gap.raw_low, gap.raw_high) == pytest.approx(tuple(fitted), rel=1e-8)


def test_weights_are_weighted_least_squares(loans: pd.DataFrame) -> None:
    """And scaling them changes nothing."""
    complete = loans.dropna()
    theirs = sm.WLS(complete.rate, columns(complete), weights=complete.w)
    found = audit.regress(loans, weight="w", errors="HC1", **TOLD)
    agree(found.gaps[0], theirs.fit(cov_type="HC1", use_t=True), "f")
    scaled = audit.regress(loans.assign(w=loans.w * 1e9), weight="w", errors="HC1", **TOLD)
    assert scaled.gaps[0].low == pytest.approx(found.gaps[0].low, rel=1e-9)


@pytest.mark.parametrize("errors", ["HC1", "HC3"])
def test_frequencies_are_repeated_rows(loans: pd.DataFrame, errors: str) -> None:
    """Intervals included."""
    repeated = loans.loc[loans.index.repeat(loans.n)].reset_index(drop=True)
    one = audit.regress(loans, count="n", errors=errors, **TOLD)
    other = audit.regress(repeated, errors=errors, **TOLD)
    assert (one.rows, one.rows_total) == (other.rows, other.rows_total)
    for a, b in zip(one.gaps, other.gaps, strict=True):
        assert (a.value, a.low, a.high, a.raw) == pytest.approx((b.value, b.low, b.high, b.raw))


def test_repeated_applicants_are_clustered(loans: pd.DataFrame) -> None:
    """statsmodels' CR1 with t on applicants - 1."""
    complete = loans.dropna()
    theirs = sm.OLS(complete.rate, columns(complete)).fit(
        cov_type="cluster", cov_kwds={"groups": complete.who}, use_t=True
    )
    found = audit.regress(loans, cluster="who", **TOLD)
    agree(found.gaps[0], theirs, "f")
    assert found.method == "least squares, CR1 by applicant"


def test_numbers_may_be_categories(loans: pd.DataFrame) -> None:
    """A column a value where asked; a stratum is always one."""
    complete = loans.dropna()
    x = columns(complete).drop(columns="term")
    for value in range(2, 7):
        x[f"t{value}"] = (complete.term == value).astype(float)
    theirs = sm.OLS(complete.rate, x).fit(cov_type="HC3", use_t=True)
    agree(audit.regress(loans, categorical="term", **TOLD).gaps[0], theirs, "f")
    agree(audit.regress(loans, strata="term", **TOLD).gaps[0], theirs, "f")


def test_controls_that_tell_the_group_leave_no_gap(loans: pd.DataFrame) -> None:
    """Undefined, with the reason; the raw gap stays."""
    frame = loans.assign(code=loans.sex.map({"f": "1", "m": "2", "x": "3"}))
    told = {**TOLD, "controls": ["code", "term"]}
    gap = audit.regress(frame, **told).gaps[0]
    assert math.isnan(gap.value)
    assert math.isnan(gap.low)
    assert gap.reason == COLLINEAR
    assert not math.isnan(gap.raw)


def test_one_control_twice_changes_nothing(loans: pd.DataFrame) -> None:
    """An empty direction of the design is left out."""
    frame = loans.assign(months=loans.term * 12.0)
    told = {**TOLD, "controls": [*TOLD["controls"], "months"]}
    one, two = audit.regress(loans, **TOLD).gaps[0], audit.regress(frame, **told).gaps[0]
    assert (one.value, one.low, one.p_value) == pytest.approx((two.value, two.low, two.p_value))


@pytest.mark.parametrize("more", [{}, {"errors": "HC1"}, {"cluster": "who"}])
@pytest.mark.parametrize("amount", [0.1, 0.3, 1e6 / 3])
def test_amounts_that_are_all_alike_have_no_interval(amount: float, more: Any) -> None:
    """Nor has rounding, which a mean of tenths or thirds leaves, a spread."""
    rows = {"sex": list("fm") * 37, "rate": [amount] * 74, "term": [i % 3 for i in range(74)]}
    rows["who"] = [i // 2 for i in range(74)]
    told: Any = {"protected": "sex", "amount": {"rate": "lower"}, "controls": ["term"]}
    gap = audit.regress(rows, **told, **more).gaps[0]
    assert (gap.value, gap.raw) == pytest.approx((0, 0), abs=1e-8)
    assert all(map(math.isnan, (gap.low, gap.high, gap.p_value, gap.raw_low, gap.raw_high)))


def test_one_row_has_no_gap() -> None:
    """A group of one row is listed, with the reason."""
    rows = {"sex": ["f"] + ["m"] * 9, "rate": range(10), "term": [1, 2] * 5}
    (gap,) = audit.regress(rows, protected="sex", amount={"rate": "lower"}, controls=["term"]).gaps
    assert gap.reason == FEW
    assert math.isnan(gap.value)
    assert gap.rows == 1


def test_what_cannot_be_regressed_is_refused(loans: pd.DataFrame) -> None:
    """With codes: unknown columns, two amounts, dates, many categories, engines."""
    duckdb = pytest.importorskip("duckdb")

    def refused(code: str, source: Any = loans, **more: Any) -> None:
        with pytest.raises(InputError, match=code):
            audit.regress(source, **{**TOLD, **more})

    refused("TBL001", controls=["trm"])
    refused("TBL004", controls=["rate"])
    refused("INF020", amount=None)
    refused("INF020", amount={"rate": "lower", "w": "higher"})
    refused("INF020", errors="HC9")
    refused("INF020", categorical=["income2"])
    refused("TBL005", attribute="race")
    refused("RUN004", contrls=["term"])
    refused("TBL044", loans.assign(day=pd.Timestamp("2026-01-01")), controls=["day"])
    refused("TBL044", loans.assign(name=[f"p{i}" for i in range(SIZE)]), controls=["name"])
    with duckdb.connect() as con:
        refused("TBL044", con.from_df(loans))


def test_a_report_holds_strata_equal(loans: pd.DataFrame, tmp_path: Any) -> None:
    """Amounts and strata: raw and adjusted gaps beside each other; JSON brings them back."""
    result = audit.run(
        loans, protected="sex", amount={"rate": "lower"}, reference={"sex": "m"},
        strata=["purpose"],
    )  # fmt: skip
    (entry,) = result.record.charts["adjusted"]
    theirs = audit.regress(
        loans, protected="sex", amount={"rate": "lower"}, reference={"sex": "m"},
        controls=["purpose"],
    )  # fmt: skip
    assert [g["value"] for g in entry["gaps"]] == pytest.approx([g.value for g in theirs.gaps])
    assert audit.load(audit.write(result, tmp_path / "r.json")) == result
    text = audit.write(result, tmp_path / "r.md").read_text("utf-8")
    assert "Adjusted gap in rate by sex" in text
    assert "500 of 500 rows" in text


@given(st.lists(st.tuples(st.sampled_from("fm"), st.integers(-9, 9), st.integers(0, 3)),
                min_size=6, max_size=40))  # fmt: skip
@example([("f", 1, 0), ("m", 1, 2), ("m", -1, 2), ("f", 1, 1), ("m", 0, 1), ("m", 0, 2)])
def test_exchanging_group_and_reference_turns_the_sign(rows: list[tuple[str, int, int]]) -> None:
    """Interval included; and without controls the gap is the raw one."""
    table = {k: [r[i] for r in rows] for i, k in enumerate(("sex", "rate", "term"))}
    if len(set(table["sex"])) < 2:
        return
    told = {"protected": "sex", "amount": {"rate": "lower"}}
    one, other = (
        audit.regress(table, controls=["term"], reference={"sex": r}, **told).gaps[0] for r in "fm"
    )
    assert (one.value, one.low, one.high) == pytest.approx(
        (-other.value, -other.high, -other.low), nan_ok=True, abs=1e-6
    )
    alone = audit.regress(table, **told).gaps[0]
    assert alone.value == pytest.approx(alone.raw, nan_ok=True, abs=1e-9)
