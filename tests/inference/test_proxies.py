"""Group rates from membership probabilities: worked by hand, brute force, coverage."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from audit.errors import InputError
from audit.inference import (
    proxy_errors,
    proxy_gap_bounds,
    proxy_gap_interval,
    proxy_rates,
    rate_interval,
)

X, N = [300, 100], [600, 400]
SHARE = [[0.9, 0.1], [0.2, 0.8]]


def test_weighted_rates_by_hand() -> None:
    """(300·.9 + 100·.2)/(600·.9 + 400·.2) = 290/620 and (30 + 80)/(60 + 320) = 11/38."""
    found = proxy_rates(X, N, SHARE)
    assert found.value == pytest.approx([float(Fraction(290, 620)), float(Fraction(11, 38))])
    assert (found.low < found.value).all()
    assert (found.value < found.high).all()


def test_variance_by_hand() -> None:
    """V = Σ P²(y - μ)²/(ΣP)², and the effective rows are μ(1 - μ)/V."""
    mu = 290 / 620
    spread = 0.81 * (300 * (1 - mu) ** 2 + 300 * mu**2) + 0.04 * (100 * (1 - mu) ** 2 + 300 * mu**2)
    assert proxy_rates(X, N, SHARE).rows[0] == pytest.approx(mu * (1 - mu) / (spread / 620**2))


def test_certain_membership_is_known_membership() -> None:
    """Probabilities of 0 and 1 give the plain rates, intervals and an exact bound."""
    share = [[1, 0], [0, 1]]
    found = proxy_rates(X, N, share)
    low, high = rate_interval(X, N)
    assert found.value == pytest.approx([0.5, 0.25])
    assert found.low == pytest.approx(low)
    assert found.high == pytest.approx(high)
    bounds = proxy_gap_bounds(X, N, share, 1, 0)
    assert (bounds.low, bounds.high) == pytest.approx((-0.25, -0.25))
    errors = proxy_errors(N, share, [[0.5, 0.1], [0.9, 0.25]], 1, 0)
    assert errors.true == errors.weighted == errors.thresholded == pytest.approx(-0.25)
    assert errors.unassigned == 0


def test_rows_and_cells_say_the_same() -> None:
    """One row a cell or counted cells: weighted rates and gap agree."""
    share = np.repeat(SHARE, [60, 40], axis=0)
    y = np.r_[np.ones(30), np.zeros(30), np.ones(10), np.zeros(30)]
    cells, rows = proxy_rates([30, 10], [60, 40], SHARE), proxy_rates(y, np.ones(100), share)
    assert rows.value == pytest.approx(cells.value)
    assert rows.low == pytest.approx(cells.low)
    gap = proxy_gap_interval([30, 10], [60, 40], SHARE, 1, 0)
    assert proxy_gap_interval(y, np.ones(100), share, 1, 0) == pytest.approx(gap)
    low, high = proxy_gap_interval([30, 10], [60, 40], SHARE, 0, 1)
    assert (-high, -low) == pytest.approx(gap)


def brute(x: Any, n: Any, share: Any, group: int, reference: int) -> tuple[float, float]:
    """Bounds by linear programming over every joint of decision and group in every cell."""
    x, n, share = (np.asarray(v, dtype=float) for v in (x, n, share))
    cells, groups = share.shape
    size = n @ share / n.sum()
    cost = np.zeros((cells, groups))
    cost[:, group] = n / n.sum() / size[group]
    cost[:, reference] -= n / n.sum() / size[reference]
    equal = np.zeros((cells, cells * groups))
    for c in range(cells):
        equal[c, c * groups : (c + 1) * groups] = 1
    limits = [(0, p) for p in share.ravel()]
    found = [
        linprog(sign * cost.ravel(), A_eq=equal, b_eq=x / n, bounds=limits).fun for sign in (1, -1)
    ]
    return float(found[0]), float(-found[1])


@pytest.mark.parametrize("groups", [2, 3, 4])
@pytest.mark.parametrize("seed", range(4))
def test_bounds_are_sharp(groups: int, seed: int) -> None:
    """Oracle: the linear programme of Kallus, Mao & Zhou, solved by scipy."""
    rng = np.random.default_rng(seed)
    share = rng.dirichlet(np.full(groups, 0.7), 5)
    n = rng.integers(50, 400, 5)
    x = rng.binomial(n, rng.random(5))
    found = proxy_gap_bounds(x, n, share, 0, groups - 1)
    expected = brute(x, n, share, 0, groups - 1)
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-7)
    assert found.low_limit <= found.low <= found.high <= found.high_limit
    back = proxy_gap_bounds(x, n, share, groups - 1, 0)
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low))
    gap = proxy_rates(x, n, share).value
    assert found.low - 1e-12 <= gap[0] - gap[-1] <= found.high + 1e-12


def test_small_cells_are_not_taken_at_their_word() -> None:
    """One row a cell would feign certainty: any rate is allowed there instead."""
    y, share = np.r_[np.ones(40), np.zeros(60)], np.tile([0.5, 0.5], (100, 1))
    feigned = proxy_gap_bounds(y, np.ones(100), share, 1, 0, min_rows=1)
    assert feigned.high == pytest.approx(0)
    honest = proxy_gap_bounds(y, np.ones(100), share, 1, 0)
    assert (honest.low, honest.high) == pytest.approx((-1, 1))
    assert honest.unknown == 1
    together = proxy_gap_bounds([40], [100], [[0.5, 0.5]], 1, 0)
    assert (together.low, together.high) == pytest.approx((-0.8, 0.8))
    assert together.unknown == 0


def test_a_cut_is_biased_where_weights_are_not() -> None:
    """Decisions follow the cell alone: weights give the truth, a cut overstates it by half."""
    found = proxy_errors(N, SHARE, [[0.5, 0.5], [0.25, 0.25]], 1, 0)
    true = float(Fraction(11, 38) - Fraction(290, 620))
    assert found.true == pytest.approx(true)
    assert found.weighted == pytest.approx(true)
    assert found.thresholded == pytest.approx(-0.25)
    # a group that lowers the rate inside cells: weights now understate
    found = proxy_errors(N, SHARE, [[0.5, 0.3], [0.25, 0.05]], 1, 0)
    assert found.true < found.weighted < 0
    unsure = proxy_errors([10, 10], [[0.5, 0.5], [0.9, 0.1]], [[0.5, 0.5]] * 2, 1, 0)
    assert np.isnan(unsure.thresholded)
    assert unsure.unassigned == 0.5


def test_limits_cover() -> None:
    """Weighted rate and gap in at least 93 % of samples less 3 s.e.; bounds hold the truth."""
    rng = np.random.default_rng(2)
    own, mass = np.linspace(0.05, 0.9, 8), np.full(8, 1 / 8)
    share = np.column_stack([1 - own, own])
    rate = 0.7 - 0.3 * own
    truth = [(share[:, g] * rate).sum() / share[:, g].sum() for g in (0, 1)]
    hits, size = np.zeros(3), 400
    for _ in range(size):
        n = rng.multinomial(800, mass)
        x = rng.binomial(n, rate)
        found = proxy_rates(x, n, share)
        hits[0] += found.low[1] <= truth[1] <= found.high[1]
        low, high = proxy_gap_interval(x, n, share, 1, 0)
        hits[1] += low <= truth[1] - truth[0] <= high
        bounds = proxy_gap_bounds(x, n, share, 1, 0)
        hits[2] += bounds.low_limit <= truth[1] - truth[0] <= bounds.high_limit
    assert (hits / size >= 0.93 - 3 * np.sqrt(0.07 * 0.93 / size)).all()


def test_limits_of_bounds_cover_the_bounds() -> None:
    """The true bounds lie inside their limits in at least 93 % of samples less 3 s.e."""
    rng = np.random.default_rng(3)
    share = np.array([[0.8, 0.2], [0.4, 0.6], [0.1, 0.9]])
    rate, mass = np.array([0.6, 0.5, 0.35]), np.array([0.5, 0.3, 0.2])
    true = proxy_gap_bounds(rate * mass * 1e6, mass * 1e6, share, 1, 0)
    hits, size = 0, 400
    for _ in range(size):
        n = rng.multinomial(900, mass)
        found = proxy_gap_bounds(rng.binomial(n, rate), n, share, 1, 0)
        hits += found.low_limit <= true.low and true.high <= found.high_limit
    assert hits / size >= 0.93 - 3 * np.sqrt(0.07 * 0.93 / size)


@pytest.mark.parametrize(
    ("share", "pair", "text"),
    [
        ([[0.9, 0.2], [0.2, 0.8]], (1, 0), "sum 1"),
        ([[1.2, -0.2], [0.2, 0.8]], (1, 0), "sum 1"),
        ([[0.5, 0.5]], (1, 0), "shapes"),
        (SHARE, (1, 1), "not two of 2 columns"),
        (SHARE, (2, 0), "not two of 2 columns"),
    ],
)
def test_refusals(share: Any, pair: tuple[int, int], text: str) -> None:
    """Probabilities that are none, and columns that are not there, are refused."""
    with pytest.raises(InputError, match=text):
        proxy_gap_bounds(X, N, share, *pair)


def test_an_empty_group_is_undefined() -> None:
    """Nobody can belong to it: nan, not 0."""
    share = [[1.0, 0.0], [1.0, 0.0]]
    assert np.isnan(proxy_rates(X, N, share).value[1])
    assert np.isnan(proxy_gap_interval(X, N, share, 1, 0)).all()
    assert np.isnan(proxy_gap_bounds(X, N, share, 1, 0).high)
