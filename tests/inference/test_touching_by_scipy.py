"""Where an interval just touches 0: scipy's root finder on limits of scipy's quantiles agrees."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import beta, norm

from audit.inference import touching as module
from audit.inference.extreme_pairs import limits_at
from audit.inference.touching import FARTHEST, _bracketed_root, _smooth_root, touching

PAIRS = [
    ((45, 100), (30, 100)), ((12, 50), (15, 600)), ((90, 100), (80, 100)), ((1, 2), (1, 3)),
    ((400, 1000), (399, 1000)), ((999, 1000), (900, 1000)), ((5, 5), (0, 40)),
    ((7, 9), (2, 11)), ((2, 3), (500, 1000)),
    ((60_000, 100_000), (59_000, 100_000)), ((10, 10), (9, 10)), ((1, 4), (0, 9)),
    ((800, 1000), (730, 1000)), ((1, 1), (1, 2)),
]  # fmt: skip
"""(x, n) of the higher rate and of the lower: small and large, at the edges and inside."""


def limits(x: float, n: float, z: float, many: bool) -> tuple[float, float]:
    """Wilson's limits; of rare events among many groups the wider of them and Jeffreys'."""
    p = x / n
    middle, half = (p + z * z / (2 * n)), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = ((middle + s * half) / (1 + z * z / n) for s in (-1, 1))
    if many and min(x, n - x) < z * z:
        tail = norm.cdf(-z)
        low = min(low, beta.ppf(tail, x + 0.5, n - x + 0.5) if x else 0.0)
        high = max(high, beta.isf(tail, x + 0.5, n - x + 0.5) if x < n else 1.0)
    return float(low), float(high)


def room(one: Any, other: Any, many: bool) -> Callable[[float], float]:
    """The lower limit of the gap as a function of z (Newcombe's hybrid, 1998)."""
    (x, n), (y, m) = one, other

    def at(z: float) -> float:
        down, up = x / n - limits(x, n, z, many)[0], limits(y, m, z, many)[1] - y / m
        return float(x / n - y / m - math.hypot(down, up))

    return at


def root(one: Any, other: Any, many: bool = False) -> float:
    """The z at which the gap's lower limit passes 0, at most `FARTHEST`."""
    f = room(one, other, many)
    return FARTHEST if f(FARTHEST) > 0 else float(brentq(f, 1e-9, FARTHEST, xtol=1e-15, rtol=1e-15))


def columns(pairs: Any) -> tuple[Any, Any]:
    array = np.array(pairs, dtype=np.float64)
    return array[..., 0], array[..., 1]


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many intervals have been worked out, one entry a look."""
    found: list[int] = []
    before = limits_at

    def counted(*given: Any) -> Any:
        found.append(len(given[0]))
        return before(*given)

    monkeypatch.setattr(module, "limits_at", counted)
    return found


def test_secants_reach_the_root_of_wilsons_limits() -> None:
    """All at once or one by one, and never is the slow method needed."""
    expected = [root(*pair) for pair in PAIRS]
    np.testing.assert_allclose(_smooth_root(*columns(PAIRS)), expected, rtol=0, atol=2e-11)
    for pair, z in zip(PAIRS, expected, strict=True):
        assert _smooth_root(*columns([pair]))[0] == pytest.approx(z, abs=2e-11)
    assert np.isfinite(expected).all()
    assert 0.04 < min(expected) < 0.1
    assert 9 < max(expected) < FARTHEST


def test_a_root_beyond_the_farthest_is_the_farthest() -> None:
    """9,000 of 10,000 against 1,000 of 10,000 would touch at z = 141 only."""
    far = [((9000, 10_000), (1000, 10_000)), PAIRS[0]]
    expected = [FARTHEST, root(*PAIRS[0])]
    np.testing.assert_allclose(_smooth_root(*columns(far)), expected, rtol=0, atol=1e-12)
    many = np.zeros(2, dtype=bool)
    found = _bracketed_root(*columns(far), many, np.zeros(2))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_the_bracket_closes_in_on_the_same_root_in_few_looks(looks: list[int]) -> None:
    """Chandrupatla's own examples take 5 to 15 looks where halving takes over 50."""
    expected = [root(*pair) for pair in PAIRS]
    few = []
    for pair, z in zip(PAIRS, expected, strict=True):
        looks.clear()
        found = _bracketed_root(*columns([pair]), np.zeros(1, dtype=bool), np.zeros(1))
        assert found[0] == pytest.approx(z, abs=1e-11)
        few.append(len(looks))
    assert max(few) <= 24
    assert sum(few) <= 170
    looks.clear()
    many = np.zeros(len(PAIRS), dtype=bool)
    found = _bracketed_root(*columns(PAIRS), many, np.zeros(len(PAIRS)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11)
    assert len(looks) == max(few)


RARE = [
    ((20, 1000), (3, 1000)), ((9, 300), (1, 300)), ((4, 20), (0, 50)), ((100, 104), (30, 40)),
    ((6, 2000), (2, 3000)), ((50, 1000), (0, 400)), ((20, 1000), (1, 200)),
    ((4, 20), (30, 1000)), ((3, 10), (200, 4000)), ((999, 1000), (97, 100)), ((50, 50), (96, 100)),
    ((5, 30), (40, 2000)), ((8, 60), (900, 30_000)), ((5000, 5000), (195, 200)),
]  # fmt: skip


def test_where_limits_jump_the_root_is_just_beyond_the_jump() -> None:
    """Limits widen where z² passes the events: a pair apart before may not be so after."""
    many = np.ones(len(RARE), dtype=bool)
    found = _bracketed_root(*columns(RARE), many, np.zeros(len(RARE)))
    for pair, z in zip(RARE, found, strict=True):
        f = room(*pair, True)
        assert f(z * (1 - 1e-9)) > 0 >= f(z * (1 + 1e-9)) - 1e-12
        assert f(z) <= 1e-12


@pytest.mark.parametrize("third", [(20, 900), (1, 60), (1, 1), (1, 2)])
@pytest.mark.parametrize("pair", RARE)
def test_three_groups_have_the_root_of_their_farthest_pair(pair: Any, third: Any) -> None:
    """The largest z at which some pair, its rare events' limits widened, is apart."""
    groups = (*pair, third)
    z = touching(*columns([groups]))[0]
    ordered = [(a, b) for a, b in itertools.permutations(groups, 2) if a[0] / a[1] > b[0] / b[1]]
    apart = [room(a, b, True) for a, b in ordered]
    assert max(f(z * (1 - 1e-9)) for f in apart) > 0
    if z == FARTHEST:
        return
    assert max(f(z * (1 + 1e-9)) for f in apart) <= 1e-12
    grid = np.linspace(z * 1.001, min(3 * z, FARTHEST), 60)
    assert all(f(at) <= 0 for f in apart for at in grid)


def test_a_group_of_one_row_is_a_group() -> None:
    """Two groups keep Wilson's limits; a third, be it one applicant, makes them many."""
    pair = ((4, 20), (0, 50))
    two = touching(*columns([pair]))[0]
    empty = touching(*columns([(*pair, (0, 0))]))[0]
    three = touching(*columns([(*pair, (0, 1))]))[0]
    assert two == empty == pytest.approx(root(*pair), abs=1e-11)
    f = room(*pair, True)
    assert three < two - 0.1
    assert f(three * (1 - 1e-9)) > 0 >= f(three * (1 + 1e-9)) - 1e-12
    for several, z in ((True, three), (False, two)):
        told = np.array([[several]])
        assert touching(*columns([pair]), told)[0] == pytest.approx(z, abs=1e-11)
        assert touching(*columns([(*pair, (0, 1))]), told)[0] == pytest.approx(z, abs=1e-11)


def test_equal_rates_touch_at_0_and_two_groups_of_the_data_only_count() -> None:
    x, n = columns([((3, 10), (30, 100)), ((0, 5), (0, 9)), ((4, 8), (0, 0))])
    assert touching(x, n).tolist() == [0.0, 0.0, 0.0]
