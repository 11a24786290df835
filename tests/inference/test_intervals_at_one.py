"""Intervals where there is one event, one row or a fraction of one, against brute force."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import beta, chi2

from audit.errors import InputError
from audit.inference import difference_interval, rate_interval, ratio_interval
from audit.inference.intervals import odds_ratio_interval

Z2 = 1.959963984540054**2


def closest(x: float, n: float, y: float, m: float, other: Any, low: float, high: float) -> float:
    """The second rate whose pair (`other` gives the first) makes the counts likeliest."""

    def loss(q: float) -> float:
        p = other(q)
        pairs = ((x, p), (n - x, 1 - p), (y, q), (m - y, 1 - q))
        return -sum(k * math.log(max(v, 1e-300)) for k, v in pairs if k)

    options = {"xatol": 1e-14, "maxiter": 2000}
    return float(minimize_scalar(loss, bounds=(low, high), method="bounded", options=options).x)


def distance(kind: str, limit: float, x: float, n: float, y: float, m: float) -> float:
    """Pearson's chi² between the counts and the closest pair of rates of that contrast."""
    others: dict[str, Any] = {
        "difference": (lambda q: q + limit, max(0.0, -limit), min(1.0, 1 - limit)),
        "ratio": (lambda q: limit * q, 0.0, min(1.0, 1 / limit)),
        "odds": (lambda q: limit * q / (1 - q + limit * q), 0.0, 1.0),
    }
    other, low, high = others[kind]
    q = closest(x, n, y, m, other, low, high)
    p = other(q)
    found = 0.0
    for k, size, rate in ((x, n, p), (y, m, q)):
        if size * rate * (1 - rate) > 0:
            found += (k - size * rate) ** 2 / (size * rate * (1 - rate))
    return found * (n + m - 1) / (n + m)


ONE = [
    (1, 10, 1, 10), (1, 1, 1, 4), (1, 4, 1, 1), (1, 30, 2, 3), (2, 3, 1, 30), (1, 2, 3, 4),
]  # fmt: skip
FUNCTIONS: dict[str, Any] = {
    "difference": difference_interval, "ratio": ratio_interval, "odds": odds_ratio_interval,
}  # fmt: skip


@pytest.mark.parametrize("kind", FUNCTIONS)
@pytest.mark.parametrize("pair", ONE)
def test_every_limit_is_as_far_as_z_allows(kind: str, pair: tuple[int, int, int, int]) -> None:
    """Miettinen & Nurminen (1985): chi²·N/(N-1) is z², unless the limit is at an end."""
    low, high = (float(v) for v in FUNCTIONS[kind](*pair))
    ends = {"difference": (-1.0, 1.0), "ratio": (0.0, math.inf), "odds": (0.0, math.inf)}[kind]
    assert low < high
    for limit in (low, high):
        if limit not in ends:
            assert distance(kind, limit, *pair) == pytest.approx(Z2, rel=2e-5)
    assert low not in ends or kind == "odds"


@pytest.mark.parametrize("kind", FUNCTIONS)
@pytest.mark.parametrize("level", [0.05, 0.3, 0.5, 0.999])
@pytest.mark.parametrize("pair", [(12, 50, 15, 50), (0.4, 0.8, 0.3, 0.7), (3, 40, 30, 90)])
def test_at_every_level_and_of_hardly_two_rows(kind: str, level: float, pair: Any) -> None:
    """z² below 1 too, and N/(N-1) of an effective 1.5 rows is 3."""
    z2 = chi2.ppf(level, 1)
    limits = [float(v) for v in FUNCTIONS[kind](*pair, level)]
    for limit in limits:
        if abs(limit) not in (0.0, 1.0, math.inf) and 1e-4 < abs(limit) < 1e4:
            assert distance(kind, limit, *pair) == pytest.approx(z2, rel=2e-5)
    assert limits[0] < limits[1]


def test_a_level_next_to_nothing_leaves_the_estimate() -> None:
    """Its z is 0 in floating point, and 0 times whatever is 0, of a single row too."""
    for pair in ((12, 50, 15, 50), (0.2, 0.5, 0.1, 0.4)):
        x, n, y, m = pair
        values = (x / n - y / m, (x / n) / (y / m), (x / (n - x)) / (y / (m - y)))
        for function, value in zip(FUNCTIONS.values(), values, strict=True):
            low, high = function(*pair, 1e-17)
            assert (low, high) == (pytest.approx(value, rel=1e-9), pytest.approx(value, rel=1e-9))


@pytest.mark.parametrize("rows", [0.5, 0.3])
def test_one_row_in_all_says_nothing(rows: float) -> None:
    """N/(N-1) of no more than one row is without bound: all that is possible is left."""
    limits = [float(v) for v in difference_interval(rows / 2, rows, rows / 2, rows)]
    assert limits == pytest.approx([-1, 1], abs=1e-9)
    low, high = ratio_interval(rows / 2, rows, rows / 2, rows)
    assert low < 1e-9
    assert high > 1e9


@pytest.mark.parametrize("pair", [(10, 10, 5, 10), (4, 4, 1, 90), (50, 50, 5, 10), (30, 30, 1, 4)])
def test_everybody_against_some(pair: Any) -> None:
    """All of a group approved: the closest rate stays at 1 until it cannot."""
    for kind in ("difference", "ratio"):
        low, high = (float(v) for v in FUNCTIONS[kind](*pair))
        assert distance(kind, low, *pair) == pytest.approx(Z2, rel=2e-5)
        swapped = [float(v) for v in FUNCTIONS[kind](*pair[2:], *pair[:2])]
        back = [-high, -low] if kind == "difference" else [1 / high, 1 / low]
        assert swapped == pytest.approx(back, rel=1e-12)


@pytest.mark.parametrize("kind", ["ratio", "odds"])
@pytest.mark.parametrize("pair", [(1, 10, 0, 10), (1, 4, 0, 30), (1, 1, 0, 5)])
def test_one_event_against_none_has_a_lower_limit(kind: str, pair: Any) -> None:
    """And no upper one; the other way round an upper limit and 0."""
    low, high = (float(v) for v in FUNCTIONS[kind](*pair))
    assert high == math.inf
    if pair[0] < pair[1] or kind == "ratio":
        wanted = brentq(lambda v: distance(kind, v, *pair) - Z2, 1e-6, 50, xtol=1e-12)
        assert low == pytest.approx(wanted, rel=2e-5)
    swapped = [float(v) for v in FUNCTIONS[kind](*pair[2:], *pair[:2])]
    assert swapped == [0.0, pytest.approx(1 / low, rel=1e-12)]


@pytest.mark.parametrize("pair", [(1, 1, 0, 1), (0, 1, 1, 1), (1, 1, 0, 3)])
def test_two_rows_have_limits(pair: Any) -> None:
    """One row a group is not nobody."""
    for function in FUNCTIONS.values():
        low, high = function(*pair)
        assert not np.isnan([low, high]).any()
        assert low < high


@pytest.mark.parametrize(("x", "n"), [(0.5, 10.0), (9.5, 10.0), (0.25, 0.75), (1e-3, 2.0)])
def test_clopper_pearson_of_less_than_one_event_is_scipys_beta(x: float, n: float) -> None:
    """Weights make fractions; the law is the same beta quantile (Clopper & Pearson 1934)."""
    low, high = rate_interval(x, n, method="clopper-pearson")
    assert low == pytest.approx(beta.ppf(0.025, x, n - x + 1), rel=1e-9)
    assert high == pytest.approx(beta.ppf(0.975, x + 1, n - x), rel=1e-9)


@pytest.mark.parametrize("method", ["wilson", "clopper-pearson"])
def test_levels_that_do_not_go_with_the_counts_are_refused(method: str) -> None:
    """Two rates and three levels: said as such, not as numpy says it."""
    with pytest.raises(InputError, match="INF006") as caught:
        rate_interval([1, 2], [3, 4], [0.9, 0.95, 0.99], method)
    assert "(2,), (2,), (3,)" in caught.value.message
    low, high = rate_interval(1, [3, 4], [[0.9], [0.95]], method)
    assert low.shape == high.shape == (2, 2)
