"""Continuous decisions: quantiles, gaps and ratios of means, against scipy and by hand."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import audit
from audit.inference.amounts import NEGATIVE, quantile_limits, welch_limits
from audit.metrics.catalogue import AMOUNT_KEYS
from audit.metrics.quantiles import SHARES, quantile
from audit.tally.distribution import Distribution

RNG = np.random.default_rng(5)
SIZE = 900
SEX = RNG.choice(["f", "m"], SIZE)
LIMIT = np.round(RNG.lognormal(8, 0.6, SIZE) * np.where(SEX == "f", 0.9, 1))
WOMEN = SEX == "f"
TOLD: dict[str, Any] = {"protected": "sex", "reference": {"sex": "m"}}


def spread(x: Any, weight: Any = None) -> Distribution:
    x = np.asarray(x, dtype=float)
    w = np.ones(len(x)) if weight is None else np.asarray(weight, dtype=float)
    values, place = np.unique(x, return_inverse=True)
    counts = np.zeros((len(values), 3))
    np.add.at(counts[:, 2], place, w)
    return Distribution(
        attribute=("g",), group=("a",), column="x", higher_is_better=True, values=values,
        counts=counts, rows=len(x), total=float(w.sum()), sum=float((w * x).sum()),
        sum_squares=float((w * x * x).sum()), weight_squared=float((w * w).sum()), missing=0,
        exact=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def result() -> Any:
    rows = {"sex": SEX, "limit": LIMIT}
    return audit.run(rows, amount={"limit": "higher"}, **TOLD)


def one(result: Any, key: str, group: str = "f", column: str = "limit") -> Any:
    (found,) = [
        e for e in result.estimates if (e.metric, e.group, e.column) == (key, (group,), column)
    ]
    return found


def test_every_amount_key_is_estimated(result: Any) -> None:
    """All keys, for a group that is not the reference, with interval, method and rows."""
    for key in AMOUNT_KEYS:
        e = one(result, key)
        assert e.low <= e.value <= e.high
        assert e.method
        assert e.rows == WOMEN.sum()
    assert set(AMOUNT_KEYS) <= set(result.record.provenance.settings["metrics"])


def test_a_score_alone_is_a_continuous_decision() -> None:
    """Nothing cuts it off: the same keys; with a cut-off they are not asked for."""
    rows = {"sex": SEX, "s": LIMIT}
    alone = audit.run(rows, score="s", **TOLD)
    assert (
        one(alone, "score_median_difference", column="s").value
        == one(
            audit.run({"sex": SEX, "limit": LIMIT}, amount={"limit": "higher"}, **TOLD),
            "score_median_difference",
        ).value
    )
    cut = audit.run(rows, score="s", cutoff=3000, **TOLD)
    assert not cut.estimates.where(metric="score_median_difference")


def test_the_mean_difference_is_welchs(result: Any) -> None:
    """scipy's unequal-variances test: value, limits and p."""
    theirs = stats.ttest_ind(LIMIT[WOMEN], LIMIT[~WOMEN], equal_var=False)
    interval = theirs.confidence_interval()
    e = one(result, "mean_score_difference")
    assert e.value == pytest.approx(LIMIT[WOMEN].mean() - LIMIT[~WOMEN].mean(), rel=1e-12)
    assert (e.low, e.high) == pytest.approx((interval.low, interval.high), rel=1e-9)
    assert e.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
    assert e.method == "Welch"


def test_the_ratio_of_means_is_near_fiellers(result: Any) -> None:
    """Fieller's limits with Student's quantiles of each group; in a sample this large they meet."""
    a, b = LIMIT[WOMEN], LIMIT[~WOMEN]
    e = one(result, "mean_score_ratio")
    z = stats.norm.ppf(0.975)
    va, vb = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    quadratic = [b.mean() ** 2 - z**2 * vb, -2 * a.mean() * b.mean(), a.mean() ** 2 - z**2 * va]
    low, high = sorted(np.roots(quadratic).real)
    assert e.value == pytest.approx(a.mean() / b.mean(), rel=1e-12)
    assert (e.low, e.high) == pytest.approx((low, high), abs=5e-4)


@pytest.mark.parametrize("key", SHARES)
def test_quantile_limits_are_scipys(result: Any, key: str) -> None:
    """`quantile_test`'s order statistics; values are numpy's averaged inverse."""
    e = one(result, key)
    share = SHARES[key]
    theirs = stats.quantile_test(LIMIT[WOMEN], p=share).confidence_interval()
    assert (e.low, e.high) == (theirs.low, theirs.high)
    assert e.value == np.quantile(LIMIT[WOMEN], share, method="averaged_inverted_cdf")


def test_quantile_gaps_are_differences(result: Any) -> None:
    """Of the two groups' values; the interval holds both ways round."""
    e = one(result, "score_median_difference")
    assert e.value == one(result, "score_median").value - one(result, "score_median", "m").value
    assert e.reference_value == one(result, "score_median", "m").value


def test_a_few_rows_bound_one_side_only() -> None:
    """Five rows cannot bound a tenth percentile from below: minus infinity, and said as such."""
    low, high, _ = quantile_limits(spread([1.0, 2, 3, 4, 5]), 0.10, 0.95)
    assert low == -math.inf
    assert high == 3.0
    theirs = stats.quantile_test([1.0, 2, 3, 4, 5], p=0.10).confidence_interval()
    assert np.isnan(theirs.low)
    assert theirs.high == high


def test_weighted_quantiles_are_numpys_and_woodruffs() -> None:
    """Weights 1: the plain value; other weights: numpy's inverse, limits read at Woodruff's."""
    rng = np.random.default_rng(2)
    x, w = rng.normal(size=400), rng.uniform(0.5, 3, 400)
    d = spread(x, w)
    for share in SHARES.values():
        wanted = np.quantile(x, share, weights=w, method="inverted_cdf")
        assert quantile(d, share) == pytest.approx(wanted, abs=1e-12)
    half = stats.norm.ppf(0.975) * math.sqrt(0.25 * (w**2).sum()) / w.sum()
    low, high, method = quantile_limits(d, 0.5, 0.95)
    for found, at in ((low, 0.5 - half), (high, 0.5 + half)):
        assert found == np.quantile(x, at, weights=w, method="inverted_cdf")
    assert method.startswith("Woodruff")


def test_bins_bound_a_quantiles_error() -> None:
    """Where rows stay in an engine: within a bin of the exact value, the limits outside it."""
    duckdb = pytest.importorskip("duckdb")
    import pandas as pd

    frame = pd.DataFrame({"sex": SEX, "limit": LIMIT})
    connection = duckdb.connect()
    relation = connection.from_df(frame)
    binned = audit.run(relation, amount={"limit": "higher"}, **TOLD)
    exact = audit.run(frame, amount={"limit": "higher"}, **TOLD)
    width = (LIMIT.max() - LIMIT.min()) / 1024
    for key in SHARES:
        rough, true = one(binned, key), one(exact, key)
        assert abs(rough.value - true.value) <= width
        assert rough.low <= true.low + 1e-9
        assert rough.high >= true.high - 1e-9
        assert rough.high - rough.low <= true.high - true.low + 2 * width
        assert rough.method.endswith("1024 bins")
    for key in ("mean_score_difference", "mean_score_ratio"):
        assert one(binned, key).low == pytest.approx(one(exact, key).low, rel=1e-9)


def test_amounts_below_zero_have_no_ratio() -> None:
    """A reason instead of a number."""
    rows = {"sex": SEX, "limit": LIMIT - 2000}
    e = one(audit.run(rows, amount={"limit": "higher"}, **TOLD), "mean_score_ratio")
    assert math.isnan(e.value)
    assert e.reason == NEGATIVE


def test_alike_values_have_no_spread_to_test() -> None:
    """Welch has nothing to say of two constants."""
    assert all(math.isnan(v) for v in welch_limits(spread([2.0] * 9), spread([3.0] * 9), 0.95))
    rows = {"sex": ["f"] * 30 + ["m"] * 30, "limit": [2.0] * 30 + [3.0] * 30}
    e = one(audit.run(rows, amount={"limit": "higher"}, **TOLD), "mean_score_difference")
    assert e.value == -1
    assert math.isnan(e.low)
    assert e.reason is not None


def test_repeated_applicants() -> None:
    """Every applicant twice: the ratio's jackknife is as wide as without repeats, not narrower by
    √2; quantiles and distances have no interval, and say why."""
    rows = {"sex": np.repeat(SEX, 2), "limit": np.repeat(LIMIT, 2), "who": np.arange(2 * SIZE) // 2}
    twice = audit.run(rows, amount={"limit": "higher"}, cluster="who", **TOLD)
    once = audit.run({"sex": SEX, "limit": LIMIT}, amount={"limit": "higher"}, **TOLD)
    e, plain = one(twice, "mean_score_ratio"), one(once, "mean_score_ratio")
    assert e.value == pytest.approx(plain.value)
    assert 0.7 < (e.high - e.low) / (plain.high - plain.low) < 1.4
    assert e.method == "block jackknife"
    for key in ("score_median", "score_median_difference", "score_ks_distance"):
        found = one(twice, key)
        assert found.value == pytest.approx(one(once, key).value)
        assert math.isnan(found.low)
        assert "repeat" in found.reason


VALUES = st.lists(st.integers(-5, 9), min_size=1, max_size=25)


@given(VALUES, st.sampled_from(list(SHARES.values())), st.integers(2, 4))
def test_repeating_every_row_moves_no_quantile(x: list[int], share: float, times: int) -> None:
    """Duplication leaves the point; it is numpy's averaged inverse."""
    found = quantile(spread(x), share)
    assert found == quantile(spread(x * times), share)
    assert found == np.quantile(x, share, method="averaged_inverted_cdf")


@given(VALUES, st.sampled_from(list(SHARES.values())), st.floats(0.5, 0.99))
def test_quantile_lies_inside_its_nested_limits(x: list[int], share: float, level: float) -> None:
    """A higher level has wider limits."""
    d = spread(x)
    low, high, _ = quantile_limits(d, share, level)
    wide = quantile_limits(d, share, (1 + level) / 2)
    assert wide[0] <= low <= quantile(d, share) <= high <= wide[1]
