"""Records needed: the interval in use meets the precision at the answer, and not one row before."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

import audit
from audit.errors import InputError
from audit.inference import difference_interval, rate_interval, ratio_interval


def loans(women: tuple[int, int], men: tuple[int, int]) -> pd.DataFrame:
    """Approved and rows of each."""
    sex = ["f"] * women[1] + ["m"] * men[1]
    ok = [1] * women[0] + [0] * (women[1] - women[0]) + [1] * men[0] + [0] * (men[1] - men[0])
    return pd.DataFrame({"sex": sex, "ok": ok})


ROLES = {"protected": "sex", "decision": "ok", "favorable": 1, "reference": {"sex": "m"}}


def half(limits) -> float:
    return float(limits[1] - limits[0]) / 2


counts = st.integers(2, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(max_examples=20, deadline=None)
@given(counts, counts, st.sampled_from([0.01, 0.03, 0.05, 0.1]))
def test_answer_is_the_first_that_meets(women, men, precision: float) -> None:
    """Wilson's and Miettinen-Nurminen's half-widths: met at n, missed at n - 1."""
    found = audit.records_needed(loans(women, men), precision, **ROLES)
    one = found.groups[0]
    p, q = women[0] / women[1], men[0] / men[1]
    n = one.needed
    assert half(rate_interval(p * n, n)) <= precision
    if n > 1:
        assert half(rate_interval(p * (n - 1), n - 1)) > precision
    assert one.at_most >= n
    assert one.to_collect == (0 if one.half_width <= precision else n - women[1])
    m = men[1]
    if one.gap_needed is None:
        assert half(difference_interval(p * 1e12, 1e12, q * m, m)) > precision
    else:
        k = one.gap_needed
        assert half(difference_interval(p * k, k, q * m, m)) <= precision
        if k > 1:
            assert half(difference_interval(p * (k - 1), k - 1, q * m, m)) > precision
    t = one.together
    a, b = max(t, women[1]), max(t, m)
    assert half(difference_interval(p * a, a, q * b, b)) <= precision


def test_textbook_sizes() -> None:
    """Near z²·pq/w² for a rate (less z², Wilson's centre), z²(pq + p'q')/w² for a difference."""
    found = audit.records_needed(loans((300, 1000), (500, 1000)), 0.03, **ROLES)
    z2 = ndtri(0.975) ** 2
    assert found.groups[0].needed == pytest.approx(z2 * 0.21 / 0.03**2, rel=0.01)
    assert found.groups[0].together == pytest.approx(z2 * (0.21 + 0.25) / 0.03**2, rel=0.01)
    assert found.groups[0].at_most == pytest.approx(z2 * 0.25 / 0.03**2 - z2, abs=2)


def test_agrees_with_power() -> None:
    """A gap's interval of half-width gap·1.96/(1.96 + .8416) is what `audit.power` sizes for."""
    base, ratio = 0.3, 0.8
    width = base * (1 - ratio) * ndtri(0.975) / (ndtri(0.975) + ndtri(0.8))
    found = audit.records_needed(loans((24, 100), (30, 100)), gap_precision=width, **ROLES).groups[
        0
    ]
    assert found.together == pytest.approx(audit.power(base, ratio), rel=0.02)
    assert found.to_see == audit.power(base, ratio) == 856


def test_ratio_contrast() -> None:
    """A ratio metric asks for the ratio's half-width."""
    frame = loans((60, 100), (700, 1000))
    found = audit.records_needed(
        frame, metric="disparate_impact_ratio", gap_precision=0.05, **ROLES
    )
    one = found.groups[0]
    assert found.contrast == "ratio"
    assert found.metric == "selection_rate"
    assert one.gap == pytest.approx(0.6 / 0.7)
    n = one.gap_needed
    assert half(ratio_interval(0.6 * n, n, 700, 1000)) <= 0.05
    assert half(ratio_interval(0.6 * (n - 1), n - 1, 700, 1000)) > 0.05


def test_reference_alone_is_too_few() -> None:
    """Where the reference's rows leave more than the precision, no number of the group's helps."""
    found = audit.records_needed(loans((30, 60), (25, 50)), 0.05, **ROLES)
    one = found.groups[0]
    assert one.gap_needed is None
    assert one.gap_to_collect is None
    assert "the reference's 50 rows alone leave" in one.gap_reason
    assert one.together > 50
    assert "no number of the group's rows is enough" in found.summary()


def test_rate_of_some_counts_records() -> None:
    """A TPR is of people who repay: records to collect are more than the rows that are missing."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"sex": rng.choice(["f", "m"], 1000), "good": rng.random(1000) < 0.25})
    frame["ok"] = rng.random(1000) < 0.6
    roles = {"protected": "sex", "decision": "ok", "outcome": "good"}
    found = audit.records_needed(frame, 0.03, metric="true_positive_rate", **roles)
    for one in found.groups:
        assert one.rows < one.records
        assert one.to_collect == math.ceil((one.needed - one.rows) * one.records / one.rows - 1e-9)


def test_weights_cost_rows() -> None:
    """Unequal weights raise the rows needed by what they cost now; scaling them changes nothing."""
    frame = loans((40, 100), (300, 500))
    frame["w"] = np.random.default_rng(1).uniform(0.2, 3, len(frame))
    plain = audit.records_needed(frame, **ROLES).groups[0]
    found = audit.records_needed(frame, weight="w", **ROLES).groups[0]
    scaled = audit.records_needed(frame.assign(w=frame.w * 7), weight="w", **ROLES).groups[0]
    assert found.needed > plain.needed * 1.1
    assert scaled.needed == found.needed
    counted = frame.assign(k=2)
    twice = audit.records_needed(counted, count="k", **ROLES)
    repeated = audit.records_needed(pd.concat([frame, frame]), **ROLES)
    assert twice.to_dict() == repeated.to_dict()


def test_undefined_has_a_reason() -> None:
    """No rows, missing groups, selective labels, a reference that approves nobody."""
    frame = loans((5, 10), (0, 40))
    frame["sex"] = pd.Categorical(frame.sex, categories=["f", "m", "x"])
    found = audit.records_needed(frame, metric="disparate_impact_ratio", **ROLES)
    women, men, other = found.groups
    assert women.gap_reason == "the reference group's rate is 0"
    assert other.reason
    assert other.needed is None
    assert other.at_most == men.at_most == 1064
    some = loans((5, 10), (20, 40)).assign(good=1.0)
    some.loc[some.ok == 0, "good"] = np.nan
    some.loc[0, "good"] = 0
    selective = audit.records_needed(
        some, metric="true_positive_rate", outcome="good", **{**ROLES, "favorable": 1}
    )
    assert all("selective labels" in g.reason for g in selective.groups)
    gone = loans((5, 10), (20, 40))
    gone.loc[:4, "sex"] = None
    with pytest.warns(audit.DataWarning, match="TBL050"):
        last = audit.records_needed(gone, **ROLES).groups[-1]
    assert last.group == (None,)
    assert last.needed is None
    assert "cannot be collected" in last.reason


def test_tally_and_engine_give_the_same() -> None:
    """An audit's counts are enough."""
    import duckdb

    frame = loans((40, 100), (300, 500))
    want = audit.records_needed(frame, **ROLES).to_dict()
    assert audit.records_needed(audit.count(audit.read(frame, **ROLES))).to_dict() == want
    assert audit.records_needed(audit.read(duckdb.from_df(frame), **ROLES)).to_dict() == want
    json.dumps(want)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("MIT310", {"precision": 0}),
        ("MIT310", {"precision": 3}),
        ("MIT310", {"precision": "small"}),
        ("MIT310", {"precision": True}),
        ("MIT310", {"gap_precision": float("nan")}),
        ("MIT311", {"metric": "auc"}),
        ("MIT311", {"metric": "equalized_odds_difference"}),
        ("MET002", {"metric": "selection_rat"}),
        ("INF001", {"level": 2}),
    ],
)
def test_faults_are_named(code: str, told) -> None:
    """One coded error."""
    with pytest.raises(InputError) as found:
        audit.records_needed(loans((5, 10), (20, 40)), **ROLES, **told)
    assert found.value.code == code
