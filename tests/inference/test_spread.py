"""The spread of a rate over groups, corrected for sampling noise: oracles, laws, coverage."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from tallies import table_of, tally_of

from audit.errors import InputError
from audit.inference import difference_interval, spread_interval
from audit.inference.estimate import Estimate
from audit.inference.measure import measure
from audit.inference.reference import references
from audit.metrics.catalogue import CATALOGUE
from audit.metrics.spread import between_group_variance
from audit.metrics.spread_entries import NO_SPREAD

groups = st.lists(
    st.integers(2, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=2,
    max_size=6,
)


def test_the_estimate_is_unbiased_exactly() -> None:
    """Over all counts of three groups its expectation is the variance of the true rates."""
    n, p = np.array([3, 5, 8]), np.array([0.2, 0.55, 0.7])
    counts = np.array(list(itertools.product(*(range(k + 1) for k in n))))
    chance = np.prod([binom.pmf(counts[:, g], n[g], p[g]) for g in range(3)], axis=0)
    expected = float((chance * between_group_variance(counts, n)).sum())
    assert expected == pytest.approx(p.var(ddof=1), abs=1e-14)
    plain = float((chance * (counts / n).var(axis=1, ddof=1)).sum())
    assert plain > 1.5 * p.var(ddof=1)


def test_by_hand() -> None:
    """Rates .2, .5, .8 of 11 rows each way: 0.09 less the mean of .16/10·…: worked on paper."""
    # p = 2/10, 5/10, 8/10: S² = .09; noise = (.16 + .25 + .16) / 9 / 3
    assert between_group_variance([2, 5, 8], 10) == pytest.approx(0.09 - 0.57 / 27, abs=1e-15)


@settings(max_examples=40, deadline=None)
@given(groups)
def test_laws(found: list[tuple[int, int]]) -> None:
    """Order and empty groups change nothing; the estimate is inside; limits nest; one unit."""
    x, n = (np.array(v) for v in zip(*found, strict=True))
    low, high = spread_interval(x, n, scale="variance")
    assert 0 <= low <= high
    value = float(between_group_variance(x, n))
    assert low <= max(value, 0) <= high
    assert spread_interval(x[::-1], n[::-1], scale="variance") == pytest.approx((low, high))
    assert spread_interval([*x, 0], [*n, 0], scale="variance") == pytest.approx((low, high))
    inner = spread_interval(x, n, 0.8, scale="variance")
    assert low <= inner[0] + 1e-12
    assert inner[1] <= high + 1e-12
    roots = spread_interval(x, n)
    assert roots == pytest.approx((math.sqrt(low), math.sqrt(high)))


@settings(max_examples=30, deadline=None)
@given(st.integers(5, 300), st.integers(5, 300), st.data())
def test_two_groups_have_the_limits_of_their_difference(
    n: int, m: int, data: st.DataObject
) -> None:
    """The deviation of two rates is |p - q|/√2, and so are its limits, the estimate inside them."""
    x, y = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    low, high = difference_interval(x, n, y, m)
    found = spread_interval([x, y], [n, m])
    assert found[1] * math.sqrt(2) == pytest.approx(max(abs(low), abs(high)))
    nearest = 0 if low <= 0 <= high else min(abs(low), abs(high))
    value = max(float(between_group_variance([x, y], [n, m])), 0.0)
    assert found[0] * math.sqrt(2) == pytest.approx(min(nearest, math.sqrt(2 * value)))


def test_leading_axes_and_refusals() -> None:
    """Rows of groups one by one; nan for one group; wrong levels and scales are refused."""
    x, n = np.array([[30, 45, 60], [3, 3, 3]]), np.array([100, 100, 100])
    low, high = spread_interval(x, n)
    for k in range(2):
        assert (low[k], high[k]) == spread_interval(x[k], n)
    assert np.isnan(spread_interval([3], [9])).all()
    assert np.isnan(spread_interval([3, 0], [9, 0])).all()
    with pytest.raises(InputError, match="INF001"):
        spread_interval([3, 4], [9, 9], 0.999)
    with pytest.raises(InputError, match="INF005"):
        spread_interval([3, 4], [9, 9], scale="range")


@pytest.mark.parametrize(
    ("p", "n"),
    [
        (np.full(10, 0.3), np.full(10, 60)),
        (np.linspace(0.22, 0.38, 3), np.array([30, 300, 3000])),
        (np.linspace(0.01, 0.09, 5), np.geomspace(30, 3000, 5).astype(int)),
    ],
)
def test_limits_cover_where_a_bootstrap_does_not(p: np.ndarray, n: np.ndarray) -> None:
    """At least 94 % within Monte Carlo error, equal rates and small groups included."""
    samples = 200
    x = np.random.default_rng(5).binomial(n, p, (samples, p.size))
    low, high = spread_interval(x, n, scale="variance")
    truth = p.var(ddof=1)
    inside = (low <= truth + 1e-12) & (truth <= high + 1e-12)
    assert inside.mean() >= 0.94 - 3 * np.sqrt(0.94 * 0.06 / samples)


def estimates(**tables: Any) -> dict[str, Estimate]:
    tally = tally_of(tables)
    keys = [m.key for m in CATALOGUE.values() if m.contrast == "spread"]
    found, _ = measure(tally, references(tally, "largest"), keys)
    return {e.metric: e for e in found}


def test_an_audit_estimates_it_when_asked() -> None:
    """Value, limits and rows; alike groups have no value, a reason, and an upper limit."""
    found = estimates(
        a=table_of(60, 20, 30, 90), b=table_of(30, 50, 10, 110), c=table_of(90, 20, 50, 40)
    )
    e = found["selection_rate_spread"]
    assert e.value == pytest.approx(math.sqrt(between_group_variance([90, 40, 140], 200)))
    assert 0 < e.low < e.value < e.high
    assert e.rows == 600
    variance = found["selection_rate_between_group_variance"]
    assert variance.value == pytest.approx(e.value**2)
    assert (variance.low, variance.high) == pytest.approx((e.low**2, e.high**2))
    alike = estimates(a=table_of(60, 20, 30, 90), b=table_of(60, 20, 30, 90))
    for e in alike.values():
        assert math.isnan(e.value)
        assert e.reason == NO_SPREAD
        assert e.low == 0 < e.high


def test_selective_labels_and_empty_denominators_have_reasons() -> None:
    """No true positive rate among the approved alone; no precision where nobody is approved."""
    hidden = estimates(
        a={(1, 1): 60, (1, 0): 20, (0, None): 50}, b={(1, 1): 40, (1, 0): 30, (0, None): 60}
    )
    assert "selective" in str(hidden["true_positive_rate_spread"].reason)
    assert hidden["selection_rate_spread"].reason in (None, NO_SPREAD)
    none = estimates(a=table_of(60, 20, 30, 90), b=table_of(0, 20, 0, 90))
    assert str(none["precision_spread"].reason).startswith("in one or more groups")
