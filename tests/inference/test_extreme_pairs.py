"""The few pairs worked out give what all pairs would, and no family disturbs another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.inference.extreme_pairs import (
    Limits,
    largest_lower,
    largest_upper,
    limits_at,
    smallest_lower_ratio,
    smallest_upper_ratio,
    widen,
    widest_lower,
)
from audit.inference.mover import mover_ratio
from audit.inference.simultaneous import (
    worst_gap_interval,
    worst_gap_p_value,
    worst_ratio_interval,
)
from audit.inference.touching import touching

Floats = np.ndarray

rows = st.integers(1, 3000) | st.integers(1, 30) | st.just(0)
group = rows.flatmap(lambda n: st.tuples(st.integers(0, n) | st.integers(0, min(n, 2)), st.just(n)))
families = st.integers(2, 9).flatmap(
    lambda k: st.lists(st.lists(group, min_size=k, max_size=k), min_size=1, max_size=4)
)


def counts(found: list[list[tuple[int, int]]]) -> tuple[Floats, Floats]:
    array = np.array(found, dtype=np.float64)
    return array[..., 0], array[..., 1]


def every_pair(at: Limits) -> tuple[Floats, Floats, Floats, Floats]:
    """Gap and ratio limits of all ordered pairs of different groups, shape (families, k, k)."""
    down, up = (at.rate - at.low) ** 2, (at.high - at.rate) ** 2
    gap = at.rate[:, :, None] - at.rate[:, None, :]
    lower = gap - np.sqrt(down[:, :, None] + up[:, None, :])
    upper = gap + np.sqrt(up[:, :, None] + down[:, None, :])
    one = (a[:, :, None] for a in (at.rate, at.low, at.high))
    other = (a[:, None, :] for a in (at.rate, at.low, at.high))
    least, most = mover_ratio(*one, *other)
    both = (at.rate == 0)[:, :, None] & (at.rate == 0)[:, None, :]
    own = np.eye(at.rate.shape[1], dtype=bool)
    return (
        np.where(gap > 0, lower, np.nan),
        np.where(own, np.nan, upper),
        np.where(own, np.nan, np.where(both, 0.0, least)),
        np.where(own, np.nan, most),
    )


@settings(max_examples=60, deadline=None)
@given(families, st.floats(0.1, 8.0))
def test_the_extremes_are_those_of_every_pair(found: list[list[tuple[int, int]]], z: float) -> None:
    """To the last digit: the largest and smallest limits over all ordered pairs."""
    x, n = counts(found)
    critical = np.full((len(x), 1), z)
    whole = limits_at(x, n, critical)
    widen(whole, whole.known)
    lower, upper, least, most = every_pair(whole)
    axes = (1, 2)
    two = (n > 0).sum(axis=1) > 1
    expected = np.fmax.reduce(lower, axis=axes, initial=-1.0)
    np.testing.assert_array_equal(largest_lower(limits_at(x, n, critical), -1.0), expected)
    expected = np.fmax.reduce(upper, axis=axes, initial=-np.inf)
    np.testing.assert_array_equal(largest_upper(limits_at(x, n, critical))[two], expected[two])
    expected = np.fmin.reduce(least, axis=axes, initial=np.inf)
    np.testing.assert_array_equal(
        smallest_lower_ratio(limits_at(x, n, critical))[two], expected[two]
    )
    expected = np.fmin.reduce(most, axis=axes, initial=1.0)
    np.testing.assert_array_equal(
        smallest_upper_ratio(limits_at(x, n, critical))[two], expected[two]
    )


@settings(max_examples=30, deadline=None)
@given(families)
def test_the_widest_pair_has_the_largest_lower_limit(found: list[list[tuple[int, int]]]) -> None:
    """The groups named are those whose limit it is, the higher rate first."""
    x, n = counts(found)
    at = limits_at(x, n, np.full((len(x), 1), 2.0))
    best, i, j = widest_lower(at)
    widen(at, at.known)
    lower = every_pair(at)[0]
    for f in np.flatnonzero(best > -np.inf):
        assert lower[f, i[f], j[f]] == best[f] == np.nanmax(lower[f])


@settings(max_examples=15, deadline=None)
@given(families)
def test_the_interval_touches_0_at_the_root(found: list[list[tuple[int, int]]]) -> None:
    """Just inside the root some pair leaves out 0; just beyond none does: a bisection agrees."""
    x, n = counts(found)
    z = touching(x, n)
    for f in range(len(x)):
        low, high = 0.0, 12.0
        for _ in range(80):
            middle = (low + high) / 2
            at = limits_at(x[f : f + 1], n[f : f + 1], np.array([[middle]]))
            low, high = (middle, high) if largest_lower(at, -1.0)[0] > 0 else (low, middle)
        assert z[f] == pytest.approx(high if high < 1e-9 or low > 0 else 0.0, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(families)
def test_a_case_does_not_depend_on_those_beside_it(found: list[list[tuple[int, int]]]) -> None:
    """Many cases in one call, or one after the other: the same numbers, digit for digit."""
    x, n = counts(found)
    for function in (worst_gap_interval, worst_ratio_interval):
        together = np.array(function(x, n))
        alone = np.array([function(a, b) for a, b in zip(x, n, strict=True)]).T
        np.testing.assert_array_equal(together, alone)
    together = worst_gap_p_value(x, n)
    np.testing.assert_array_equal(
        together, [worst_gap_p_value(a, b) for a, b in zip(x, n, strict=True)]
    )


def test_thousands_of_groups_need_no_table_of_pairs() -> None:
    """Ten thousand groups of one size: a table of their pairs would hold a hundred million."""
    x = np.random.default_rng(2).binomial(400, 0.3, 10_000)
    low, high = worst_gap_interval(x, np.full(x.size, 400))
    assert 0 <= low <= np.ptp(x) / 400 <= high
    assert 0 < worst_gap_p_value(x, np.full(x.size, 400)) <= 1


@pytest.mark.parametrize("seed", range(12))
def test_no_pair_that_decides_is_passed_over(seed: int) -> None:
    """Forty groups, rare events and common, small and large: each pair looked at says the same."""
    rng = np.random.default_rng(seed)
    n = np.round(10 ** rng.uniform(0.5, 4, (8, 40)))
    x = np.minimum(rng.poisson(n * rng.uniform(0.005, 0.6, (8, 1))), n)
    x[:, :3], n[:, 5] = 0, 0
    x[:, 5] = 0
    z = np.full((8, 1), rng.uniform(0.5, 5))
    wide = limits_at(x, n, z)
    widen(wide, wide.known)
    i, j = np.nonzero(~np.eye(40, dtype=bool))
    both = wide.known[:, i] & wide.known[:, j]
    rate, low, high = wide.rate, wide.low, wide.high
    gap = rate[:, i] - rate[:, j]
    root = np.sqrt((rate[:, i] - low[:, i]) ** 2 + (high[:, j] - rate[:, j]) ** 2)
    wanted = np.where(both & (gap > 0), gap - root, 0.0).max(axis=1)
    assert largest_lower(limits_at(x, n, z), 0.0) == pytest.approx(np.maximum(wanted, 0.0))
    root = np.sqrt((high[:, i] - rate[:, i]) ** 2 + (rate[:, j] - low[:, j]) ** 2)
    wanted = np.where(both, gap + root, -np.inf).max(axis=1)
    assert largest_upper(limits_at(x, n, z)) == pytest.approx(wanted)
    lower, upper = mover_ratio(rate[:, i], low[:, i], high[:, i], rate[:, j], low[:, j], high[:, j])
    zero = both & (rate[:, i] == 0) & (rate[:, j] == 0)
    wanted = np.where(both, np.where(zero, 0.0, lower), np.inf).min(axis=1)
    assert smallest_lower_ratio(limits_at(x, n, z)) == pytest.approx(wanted)
    wanted = np.minimum(np.nanmin(np.where(both, upper, np.inf), axis=1), 1.0)
    assert smallest_upper_ratio(limits_at(x, n, z)) == pytest.approx(wanted)
