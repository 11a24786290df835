"""Rates of counts with noise added for privacy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from audit.errors import InputError
from audit.inference import (
    TOO_NOISY,
    difference_interval,
    laplace_variance,
    noisy_counts,
    noisy_difference_interval,
    noisy_rate_interval,
    noisy_ratio_interval,
    rate_interval,
    ratio_interval,
)


def test_the_variance_is_the_stated_one() -> None:
    """p(1-p)/n_eff = p(1-p)/n + ((1-p)² + p²)σ²/n², to the added rows: by hand at p = 1/2."""
    _, rows = noisy_counts(500, 1000, epsilon=0.1)
    assert 0.25 / rows == pytest.approx(0.25 / 1000 + 0.5 * 200 / 1000**2, rel=1e-12)
    p = 0.2
    _, rows = noisy_counts(200_000, 1_000_000, epsilon=0.01)
    expected = p * (1 - p) / 1e6 + (0.8**2 + 0.2**2) * 2e4 / 1e12
    assert p * (1 - p) / rows == pytest.approx(expected, rel=1e-4)


def test_first_order_variance_is_that_of_simulated_noise() -> None:
    """The variance of noisy rates around p, simulated, within 3 %."""
    rng = np.random.default_rng(0)
    n, p, epsilon, size = 400, 0.3, 0.2, 200_000
    x = rng.binomial(n, p, size)
    good = x + rng.laplace(0, 1 / epsilon, size)
    bad = n - x + rng.laplace(0, 1 / epsilon, size)
    seen = (good / (good + bad)).var()
    _, rows = noisy_counts(n * p, n, epsilon)
    assert p * (1 - p) / float(rows) == pytest.approx(seen, rel=0.03)


def test_no_noise_changes_nothing_and_more_noise_widens() -> None:
    """Variance 0 gives the plain intervals; a larger one contains them."""
    pair = (30, 100, 60, 120)
    cases: list[tuple[Any, Any, Any]] = [
        (noisy_rate_interval, rate_interval, pair[:2]),
        (noisy_difference_interval, difference_interval, pair),
        (noisy_ratio_interval, ratio_interval, pair),
    ]
    for ours, plain, given in cases:
        assert ours(*given, 1.0, noise_variance=0) == pytest.approx(plain(*given))
        low, high = ours(*given, 1.0)
        wide = ours(*given, 0.3)
        assert wide[0] < low < plain(*given)[0]
        assert plain(*given)[1] < high < wide[1]


def test_too_noisy_is_undefined() -> None:
    """Below n·ε = 20 there is no interval, at 20 there is; the reason says so."""
    low, high = noisy_rate_interval([6, 5, 0], [20, 19.9, 0], epsilon=1.0)
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [False, True, True]
    assert np.isnan(noisy_ratio_interval(30, 100, 5, 19, epsilon=1.0)).all()
    assert np.isnan(noisy_difference_interval(5, 19, 30, 100, epsilon=1.0)).all()
    assert "n·ε below 20" in TOO_NOISY


def test_noise_may_push_a_count_out_of_range() -> None:
    """A negative favourable count reads as a rate of 0, more than all as 1; neither is certain."""
    low, high = noisy_rate_interval([-3, 104], [100, 100], epsilon=1.0)
    assert low[0] == pytest.approx(0, abs=1e-12)
    assert 0.03 < high[0] < 0.2
    assert high[1] == pytest.approx(1)
    assert 0.8 < low[1] < 0.97


@pytest.mark.parametrize(("p", "n", "epsilon"), [(0.3, 25, 1.0), (0.3, 110, 0.2), (0.06, 400, 0.5)])
def test_intervals_cover_where_plain_ones_do_not(p: float, n: int, epsilon: float) -> None:
    """At least 93 % less 3 s.e.; leaving out the noise covers less."""
    rng = np.random.default_rng(4)
    size = 3000
    x = rng.binomial(n, p, size)
    good = x + rng.laplace(0, 1 / epsilon, size)
    rows = np.maximum(good + n - x + rng.laplace(0, 1 / epsilon, size), 1)
    low, high = noisy_rate_interval(good, rows, epsilon)
    known = ~np.isnan(low)
    ours = ((low <= p) & (p <= high))[known].mean()
    low, high = rate_interval(np.clip(good, 0, rows), rows)
    assert ours >= 0.93 - 3 * np.sqrt(0.07 * 0.93 / known.sum())
    assert ((low <= p) & (p <= high))[known].mean() < ours


def test_refusals() -> None:
    """ε and variances out of range, and counts that are no numbers, by code."""
    assert float(laplace_variance(1.0)) == 2
    for epsilon in (0.0, -1.0):
        with pytest.raises(InputError, match="INF013"):
            noisy_counts(3, 30, epsilon)
    with pytest.raises(InputError, match="INF013"):
        noisy_counts(3, 30, 1.0, noise_variance=-1)
    with pytest.raises(InputError, match="INF002"):
        noisy_counts(float("nan"), 30, 1.0)
    with pytest.raises(InputError, match="INF006"):
        noisy_counts([1, 2], [30, 30, 30], 1.0)
