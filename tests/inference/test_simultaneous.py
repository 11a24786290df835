"""Laws and oracles of the worst gap over many groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.inference import difference_interval, worst_gap_interval
from audit.inference.simultaneous import (
    pairwise_critical,
    range_p_value,
    worst_gap_p_value,
    worst_ratio_interval,
)

groups = st.lists(
    st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=2,
    max_size=8,
)


@pytest.mark.parametrize("k", [2, 3, 10, 60])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_critical_value_is_the_studentized_range(k: int, level: float) -> None:
    """Oracle: scipy's studentized range with infinite degrees of freedom, over √2."""
    from scipy.stats import studentized_range

    expected = studentized_range.ppf(level, k, np.inf) / np.sqrt(2)
    assert pairwise_critical(k, level) == pytest.approx(expected, rel=1e-6)
    assert range_p_value(expected, k) == pytest.approx(1 - level, rel=1e-5)


@settings(max_examples=60, deadline=None)
@given(groups)
def test_the_worst_gap_bounds_every_pair(found: list[tuple[int, int]]) -> None:
    """max - min is inside, and at least as large as any pairwise gap; so is min / max."""
    x, n = (np.array(v) for v in zip(*found, strict=True))
    rate = x / n
    low, high = worst_gap_interval(x, n)
    assert 0 <= low <= np.ptp(rate) + 1e-12
    assert np.ptp(rate) - 1e-12 <= high <= 1
    ratio_low, ratio_high = worst_ratio_interval(x, n)
    if rate.max() > 0:
        ratio = rate.min() / rate.max()
        assert 0 <= ratio_low <= ratio + 1e-12
        assert ratio - 1e-12 <= ratio_high <= 1
        assert (ratio_high < 1 - 1e-9) <= (low > 0)
        assert (low > 1e-9) <= (ratio_high < 1)
    else:
        assert np.isnan(ratio_low)


@settings(max_examples=40, deadline=None)
@given(groups)
def test_order_and_empty_groups_change_nothing(found: list[tuple[int, int]]) -> None:
    """Groups are a set; one without rows is left out."""
    x, n = (np.array(v) for v in zip(*found, strict=True))
    expected = worst_gap_interval(x, n)
    assert worst_gap_interval(x[::-1], n[::-1]) == pytest.approx(expected, abs=1e-12)
    assert worst_gap_interval([*x, 0], [*n, 0]) == pytest.approx(expected, abs=1e-12)
    assert worst_gap_p_value([*x, 0], [*n, 0]) == pytest.approx(worst_gap_p_value(x, n))


@settings(max_examples=40, deadline=None)
@given(groups, st.floats(0.5, 0.999))
def test_p_value_and_interval_agree(found: list[tuple[int, int]], level: float) -> None:
    """p < 1 - level exactly where the gap's interval starts above 0."""
    x, n = (np.array(v) for v in zip(*found, strict=True))
    p = worst_gap_p_value(x, n)
    if abs(p - (1 - level)) > 1e-7:
        assert (p < 1 - level) == (worst_gap_interval(x, n, level)[0] > 0)


def test_two_groups_are_newcombes() -> None:
    """With one pair there is nothing to adjust for."""
    low, high = worst_gap_interval([56, 48], [70, 80])
    assert (low, high) == pytest.approx(difference_interval(56, 70, 48, 80, method="newcombe"))
    # below 0 a largest gap cannot be
    assert worst_gap_interval([50, 49], [100, 100])[0] == 0


def test_a_joint_set_is_wider_than_either_family() -> None:
    """Equalized odds: the larger gap of TPR and FPR, both families at once."""
    x, n = [[80, 90, 70], [20, 15, 33]], [[100, 100, 90], [60, 60, 66]]
    low, high = worst_gap_interval(x, n, joint=True)
    alone = [worst_gap_interval(a, b) for a, b in zip(x, n, strict=True)]
    assert low <= max(a[0] for a in alone)
    assert high >= max(a[1] for a in alone)
    both = worst_gap_interval(x, n)
    assert both[0].tolist() == [a[0] for a in alone]
    assert worst_gap_p_value(x, n, joint=True) >= min(
        worst_gap_p_value(a, b) for a, b in zip(x, n, strict=True)
    )
    assert (
        worst_ratio_interval(x, n, joint=True)[0]
        <= worst_ratio_interval(*zip(x, n, strict=True).__next__())[0]
    )


def test_fewer_than_two_groups_have_no_gap() -> None:
    """nan, not 0."""
    for x, n in (([3], [9]), ([3, 0], [9, 0]), ([], [])):
        assert np.isnan(worst_gap_interval(x, n)).all()
        assert np.isnan(worst_ratio_interval(x, n)).all()
        assert np.isnan(worst_gap_p_value(x, n))


@pytest.mark.parametrize(
    ("rate", "sizes"),
    [
        (0.3, np.full(10, 200)),
        (0.05, np.geomspace(30, 2000, 10).astype(int)),
        (0.02, np.geomspace(30, 5000, 60).astype(int)),
    ],
)
def test_the_worst_gap_covers_parity(rate: float, sizes: np.ndarray) -> None:
    """At least 94 % within Monte Carlo error when all groups share one rate."""
    samples = 800
    x = np.random.default_rng(11).binomial(sizes, rate, size=(samples, sizes.size))
    error = 3 * np.sqrt(0.94 * 0.06 / samples)
    low, _ = worst_gap_interval(x, sizes)
    assert (low <= 0).mean() >= 0.94 - error
    _, high = worst_ratio_interval(x, sizes)
    assert (high >= 1).mean() >= 0.94 - error
