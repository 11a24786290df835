"""Comparisons of groups that share rows, against ordinary audits of rows that share none."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import audit
from audit.inference.shared_rows import APART, WITHIN, overlapping_limits, projected
from audit.metrics.catalogue import CATALOGUE
from audit.table.roles import NONE_OF_THEM

pytestmark = pytest.mark.filterwarnings("ignore::audit.errors.DataWarning")

MEMBERS = {"race": {"White": "w", "Black": "b", "Asian": "a"}}
NUMBERS = ("value", "low", "high", "p_value", "rows", "favorable", "reference_rows",
           "reference_value")  # fmt: skip


def frame(number: int = 900, seed: int = 1) -> pd.DataFrame:
    """People in several groups, with everything an audit can read."""
    draw = np.random.default_rng(seed)
    w, b, a = (draw.random(number) < share for share in (0.6, 0.35, 0.15))
    return pd.DataFrame(
        {
            "w": w, "b": b, "a": a,
            "sex": draw.choice(["f", "m"], number),
            "ok": (draw.random(number) < np.where(b, 0.45, 0.65)).astype(int),
            "paid": (draw.random(number) < 0.7).astype(int),
            "points": (draw.integers(0, 60, number) / 60),
            "limit": draw.gamma(2, 1000, number).round(-2),
            "weight": draw.integers(1, 5, number) * 0.5,
            "person": draw.integers(0, 700, number),
            "branch": draw.choice(["n", "s"], number),
            "grade": draw.choice(["A", "B", "C"], number),
        }
    )  # fmt: skip


ROLES = {"decision": "ok", "outcome": "paid", "favorable": {"decision": 1, "outcome": 1}}


def pair(rows, group="b", reference="w"):
    """The same people as a plain column: the group, and the reference without it."""
    kept = rows[rows[group] | rows[reference]]
    return kept.assign(race=np.where(kept[group], "g", "r"))


def estimates(result, attribute, group, reference):
    found = result.to_frame()
    here = (found.attribute == attribute) & (found.group == group) & (found.reference == reference)
    keys = ["metric", "column", "stratum", "stage", "decision_level"]
    kept = found[here & ~found.metric.map(lambda m: CATALOGUE[m].contrast in WORST)]
    return kept.set_index([kept[k].map(str) for k in keys]).sort_index()


WORST = ("worst_difference", "worst_ratio", "groups", "score_groups", "spread")


def same(mine, theirs, tolerance=1e-12, but=()):
    assert len(mine) == len(theirs) > 0
    assert list(mine.index) == list(theirs.index)
    kept = ~mine.metric.isin(but)
    for name in NUMBERS:
        one, two = (f.loc[kept, name].to_numpy(float) for f in (mine, theirs))
        assert np.allclose(one, two, rtol=tolerance, atol=1e-12, equal_nan=True), name


EVERY = {
    "plain": {},
    "weights": {"weight": "weight"},
    "applicants": {"cluster": "person"},
    "both": {"weight": "weight", "cluster": "person"},
    "strata": {"strata": ["branch"]},
    "score": {"score": "points"},
    "risk": {"risk": "points", "decision": None, "cutoff": 0.5, "favorable": {"outcome": 1}},
    "amount": {"amount": {"limit": "higher"}},
    "amount of applicants": {"amount": {"limit": "higher"}, "cluster": "person"},
    "grades": {"decision": "grade", "levels": ["A", "B", "C"],
               "favorable": {"decision": "A", "outcome": 1}},
    "stages": {"decision": None, "outcome": None, "stages": ["ok", "paid"], "favorable": 1},
}  # fmt: skip


@pytest.mark.parametrize("roles", EVERY.values(), ids=EVERY)
@pytest.mark.parametrize(("group", "column"), [("Black", "b"), ("Asian", "a")])
def test_a_comparison_is_that_of_people_who_share_nobody(roles, group, column) -> None:
    """Every contrast, interval and p-value: the group against the reference without it.

    The other side is an ordinary audit of a plain column on the rows of the two alone.
    """
    rows = frame()
    told = {k: v for k, v in {**ROLES, **roles}.items() if v is not None}
    mine = audit.run(rows, protected=MEMBERS, reference={"race": "White"}, **told)
    theirs = audit.run(pair(rows, column), protected="race", reference={"race": "r"}, **told)
    one = estimates(mine, ("race",), (group,), ("White",))
    two = estimates(theirs, ("race",), ("g",), ("r",))
    said = one[one.value.notna() & one.low.notna()]
    assert said.method.str.endswith(APART).all()
    # bins of a bootstrap, and the centre of sums by block, are those of everyone
    loose = [m for m in one.metric.unique() if "ks" in m or "wasserstein" in m]
    same(one, two, 1e-9, loose)


def test_crossings_too() -> None:
    """Of two attributes: rows in the cell against the reference cell's that are not in it."""
    rows = frame(3000)
    mine = audit.run(rows, protected=["sex", MEMBERS],
                     reference={"race": "White", "sex": "m"}, **ROLES)  # fmt: skip
    plain = pair(rows[rows.sex == "m"])
    theirs = audit.run(plain, protected="race", reference={"race": "r"}, **ROLES)
    one = estimates(mine, ("sex", "race"), ("m", "Black"), ("m", "White"))
    two = estimates(theirs, ("race",), ("g",), ("r",))
    same(one, two)
    other = rows.assign(x=np.where((rows.sex == "f") & rows.b, "g",
                                   np.where((rows.sex == "m") & rows.w, "r", "z")))  # fmt: skip
    theirs = audit.run(other, protected="x", reference={"x": "r"}, **ROLES)
    one = estimates(mine, ("sex", "race"), ("f", "Black"), ("m", "White"))
    same(one, estimates(theirs, ("x",), ("g",), ("r",)))
    assert not one.method.str.endswith(APART).any()  # nobody is in both


@pytest.mark.parametrize("roles", EVERY.values(), ids=EVERY)
def test_where_nobody_is_in_two_groups_every_number_is_that_of_a_plain_column(roles) -> None:
    """Estimates equal in every digit, method and reason; the card says nothing of overlap."""
    rows = frame(600)
    race = np.where(rows.w, "White", np.where(rows.b, "Black", "Asian"))
    rows = rows.assign(race=race, w=race == "White", b=race == "Black", a=race == "Asian")
    told = {k: v for k, v in {**ROLES, **roles}.items() if v is not None}
    order = {"race": {"Asian": "a", "Black": "b", "White": "w"}}
    mine = audit.run(rows, protected=["sex", order], **told)
    plain = audit.run(rows, protected=["sex", "race"], **told)
    assert mine.estimates == plain.estimates
    assert mine.verdict == plain.verdict
    assert mine.summary() == plain.summary()
    assert [f.because for f in mine.findings] == [f.because for f in plain.findings]


def test_rates_by_hand() -> None:
    """Group, reference without it and everyone, in fractions."""
    rows = {"w": [1] * 6 + [0] * 4, "b": [0, 0, 0, 0, 1, 1, 1, 1, 1, 0],
            "ok": [1, 1, 1, 0, 0, 1, 0, 0, 1, 1]}  # fmt: skip
    told = {"race": {"White": "w", "Black": "b"}}
    result = audit.run(rows, protected=told, decision="ok", favorable=1,
                       reference={"race": "White"}, min_rows=1)  # fmt: skip
    (ratio,) = [
        e
        for e in result.estimates.where(metric="disparate_impact_ratio", attribute=("race",))
        if e.group == ("Black",)
    ]
    assert ratio.reference_value == pytest.approx(Fraction(3, 4))
    assert ratio.value == pytest.approx(Fraction(2, 5) / Fraction(3, 4))
    assert (ratio.rows, ratio.favorable, ratio.reference_rows) == (5, 2, 4)
    rates = {e.group: e.value for e in result.estimates.where(metric="selection_rate")}
    assert rates == pytest.approx(
        {(): 0.6, ("White",): 4 / 6, ("Black",): 2 / 5, (NONE_OF_THEM,): 1.0}
    )
    expected = audit.inference.ratio_interval(2, 5, 3, 4)
    assert (ratio.low, ratio.high) == pytest.approx([float(v) for v in expected])


def test_a_reference_within_the_group_cannot_be_compared() -> None:
    """No rows are left: no value, and the reason says why."""
    rows = frame(200).assign(b=True)
    result = audit.run(rows, protected=MEMBERS, reference={"race": "White"}, **ROLES)
    (ratio,) = [
        e
        for e in result.estimates.where(metric="disparate_impact_ratio", attribute=("race",))
        if e.group == ("Black",)
    ]
    assert ratio.value != ratio.value
    assert ratio.reason == WITHIN


def test_the_group_and_everyone_count_a_person_once() -> None:
    """Group against all others inside strata: complements of the group, not sums of groups."""
    rows = frame()
    told = {**ROLES, "strata": ["branch"]}
    mine = audit.run(rows, protected=MEMBERS, **told)
    theirs = audit.run(rows, protected="b", **told)
    for key in ("conditional_demographic_disparity", "conditional_statistical_parity_difference"):
        (one,) = mine.estimates.where(metric=key, group=("Black",))
        (two,) = theirs.estimates.where(metric=key, group=(True,))
        got = (one.value, one.low, one.high, one.p_value)
        assert got == pytest.approx((two.value, two.low, two.high, two.p_value), rel=1e-12)


EVERYONE = [k for k, m in CATALOGUE.items() if m.contrast == "everyone"]
PARTITION = [k for k, m in CATALOGUE.items() if m.contrast == "groups"]


def test_a_part_of_everyone() -> None:
    """The value is that of the group's own plain column; it lies in its limits."""
    rows = frame()
    if not EVERYONE:
        pytest.skip("the catalogue has no such metric")
    mine = audit.run(rows, protected=MEMBERS, metrics=EVERYONE, **ROLES)
    theirs = audit.run(rows, protected="b", metrics=EVERYONE, **ROLES)
    for key in EVERYONE:
        (one,) = mine.estimates.where(metric=key, group=("Black",))
        (two,) = theirs.estimates.where(metric=key, group=(True,))
        assert one.value == pytest.approx(two.value, rel=1e-12, nan_ok=True)
        assert one.low <= one.value <= one.high or one.value != one.value
        assert one.low == pytest.approx(two.low, abs=0.02, nan_ok=True)


def test_what_divides_people_into_groups_is_not_checked() -> None:
    """A reason instead of a number; smallest and largest rates hold whatever the dependence."""
    result = audit.run(frame(), protected=MEMBERS, metrics=PARTITION, **ROLES)
    seen = {"value": 0, "reason": 0}
    for e in result.estimates:
        if e.metric in PARTITION and e.attribute == ("race",):
            if e.value == e.value:
                assert e.low <= e.value <= e.high
                seen["value"] += 1
            else:
                assert e.reason
                assert "overlap" in e.reason
                seen["reason"] += 1
    assert all(seen.values())


@pytest.mark.parametrize("metric", ["demographic_parity_difference", "demographic_parity_ratio",
                                    "equalized_odds_difference"])  # fmt: skip
def test_a_worst_case_has_wide_limits_and_no_p_value(metric) -> None:
    """Wider than Tukey's of the same groups as if they were apart; named rates; never below 0."""
    result = audit.run(frame(), protected=MEMBERS, **ROLES)
    (e,) = result.estimates.where(metric=metric, attribute=("race",))
    assert e.low <= e.value <= e.high
    assert "Bonferroni" in e.method
    assert e.p_value != e.p_value
    assert NONE_OF_THEM not in (*e.group, *e.reference)
    if metric == "demographic_parity_difference":
        rates = [
            r.value
            for r in result.estimates.where(metric="selection_rate", attribute=("race",))
            if r.group != (NONE_OF_THEM,)
        ]
        assert e.value == pytest.approx(max(rates) - min(rates), rel=1e-12)


def test_the_limits_of_a_worst_case_cover() -> None:
    """400 samples of three groups with shared people and true rates .5, .5 and .4."""
    draw = np.random.default_rng(5)
    held = 0
    for _ in range(400):
        w, b, a = (draw.random(300) < share for share in (0.5, 0.5, 0.4))
        # a lower rate for the third group, equal for the others within and without it
        ok = draw.random(300) < np.where(a, 0.4, 0.5)
        x = np.array([[(ok & m).sum() for m in (w, b, a)]], float)
        n = np.array([[m.sum() for m in (w, b, a)]], float)
        low, high = overlapping_limits(x, n, 0.95, ratio=False)
        true = 0.4 * 0.4 + 0.6 * 0.5 - 0.4  # w and b hold four tenths of the third group
        held += low <= true <= high
    assert held / 400 >= 0.95


def test_the_limits_of_a_worst_case_are_scipys() -> None:
    """Quantiles of beta distributions at 1 - .05/3 for three groups: Clopper and Pearson's."""
    from scipy.stats import beta

    x, n, tail = np.array([8.0, 30.0, 70.0]), np.array([40.0, 60.0, 90.0]), 0.05 / 3 / 2
    low, high = beta.ppf(tail, x, n - x + 1), beta.isf(tail, x + 1, n - x)
    gap = overlapping_limits(x[None], n[None], 0.95, ratio=False)
    assert gap == pytest.approx((low.max() - high.min(), high.max() - low.min()), rel=1e-9)
    ratio = overlapping_limits(x[None], n[None], 0.95, ratio=True)
    assert ratio == pytest.approx((low.min() / high.max(), high.min() / low.max()), rel=1e-9)


def test_against_the_highest_rate_limits_are_those_of_all_pairs() -> None:
    """statsmodels' interval of a ratio at 1 - .05/6: three groups make six ordered pairs."""
    from statsmodels.stats.proportion import confint_proportions_2indep

    found = [
        f.estimate
        for f in audit.run(frame(), protected=MEMBERS, **ROLES).findings
        if f.estimate.method.startswith("Miettinen-Nurminen, all pairs (Bonferroni)")
    ]
    assert found
    for e in found:
        x = round(e.reference_value * e.reference_rows)
        theirs = confint_proportions_2indep(
            e.favorable, e.rows, x, e.reference_rows,
            compare="ratio", method="score", alpha=0.05 / 6, correction=True,
        )  # fmt: skip
        assert (e.low, e.high) == pytest.approx(theirs, rel=1e-4)


def test_projection_by_hand() -> None:
    """Limits [.25, .375], [.5, .75]: the gap is .125 to .5, the ratio 1/3 to 3/4."""
    low, high = np.array([0.25, 0.5]), np.array([0.375, 0.75])
    assert projected(low, high, False) == (0.125, 0.5)
    assert projected(low, high, True) == (1 / 3, 0.75)
    nobody = np.array([0.0, 0.0])
    assert projected(nobody, np.array([0.5, 0.0]), True) == (0.0, 1.0)
    assert projected(nobody, nobody, True) == (0.0, 1.0)
    assert np.isnan(projected(np.array([np.nan, 0.1]), high, False)).all()
