"""Laws and oracles of the intervals for one and two rates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from audit.errors import InputError
from audit.inference import difference_interval, rate_interval, ratio_interval
from audit.inference.intervals import f1_interval, odds_interval, odds_ratio_interval


@st.composite
def rates(draw: st.DrawFn, largest: int = 3000) -> tuple[int, int]:
    n = draw(st.integers(1, largest))
    return draw(st.integers(0, n)), n


@st.composite
def effective_rates(draw: st.DrawFn) -> tuple[float, float]:
    n = draw(st.floats(0.5, 1e5))
    return n * draw(st.sampled_from([0.0, 1.0, draw(st.floats(1e-6, 1 - 1e-6))])), n


PAIRS = (difference_interval, ratio_interval, odds_ratio_interval)


def likelihood(p: float, x: float, n: float) -> float:
    out = 0.0
    if x > 0:
        out += x * np.log(p) if p > 0 else -np.inf
    if n > x:
        out += (n - x) * np.log1p(-p) if p < 1 else -np.inf
    return float(out)


def score_at(limit: float, x: Any, n: Any, x_ref: Any, n_ref: Any, ratio: bool) -> float:
    """Chi² at a candidate limit, the closest pair found by golden search over one rate."""
    from scipy.optimize import minimize_scalar

    def other(p: float) -> float:
        return limit * p if ratio else p + limit

    low = 0.0 if ratio else max(0.0, -limit)
    high = min(1.0, 1 / limit) if ratio else min(1.0, 1.0 - limit)
    found = minimize_scalar(
        lambda p: -(likelihood(other(p), x, n) + likelihood(p, x_ref, n_ref)),
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-13},
    )
    q = found.x
    p = other(q)
    total = n + n_ref
    if ratio:
        spread = p * (1 - p) / n + limit**2 * q * (1 - q) / n_ref
        gap = x / n - limit * x_ref / n_ref
    else:
        spread = p * (1 - p) / n + q * (1 - q) / n_ref
        gap = x / n - x_ref / n_ref - limit
    return float(gap**2 / (spread * total / (total - 1)))


@pytest.mark.parametrize("pair", [(12, 50, 15, 50), (3, 40, 30, 90), (45, 50, 990, 1000)])
def test_miettinen_nurminen_limits_are_where_brute_force_chi_squared_reaches_z(
    pair: tuple[int, int, int, int],
) -> None:
    """Each limit solves the score equation whose constrained likelihood is found by search."""
    z2 = 1.959963984540054**2
    for limit in difference_interval(*pair):
        assert score_at(float(limit), *pair, ratio=False) == pytest.approx(z2, rel=1e-6)
    for limit in ratio_interval(*pair):
        assert score_at(float(limit), *pair, ratio=True) == pytest.approx(z2, rel=1e-6)


def test_published_limits() -> None:
    """Values worked outside this code."""
    low, high = difference_interval(12, 50, 15, 50)
    assert (low, high) == (pytest.approx(-0.23310, abs=5e-6), pytest.approx(0.11565, abs=5e-6))
    assert difference_interval(10, 10, 0, 20)[0] == pytest.approx(0.7156, abs=5e-5)
    # Newcombe 1998, table II, method 10
    for pair, low, high in (
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((10, 10, 0, 20), 0.6791, 1.0),
        ((10, 10, 0, 10), 0.6075, 1.0),
        ((0, 10, 0, 20), -0.1611, 0.2775),
    ):
        found = difference_interval(*pair, method="newcombe")
        assert found == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
    # the same table, method 5 (Mee) with N/(N-1) is Miettinen & Nurminen
    assert difference_interval(56, 70, 48, 80) == (
        pytest.approx(0.0528, abs=5e-5),
        pytest.approx(0.3382, abs=5e-5),
    )


@pytest.mark.parametrize("n", [7, 50, 400])
def test_limits_are_closed_at_the_edges(n: int) -> None:
    """0 of n and n of n have limits, found by hand: no interval collapses to a point."""
    c = 1.959963984540054**2 * 2 * n / (2 * n - 1)
    assert ratio_interval(n, n, n, n)[0] == pytest.approx(n / (n + c), rel=1e-12)
    low, high = difference_interval(n, n, n, n)
    assert -high == low == pytest.approx(-c / (n + c), rel=1e-9)
    assert difference_interval(0, n, n, n)[0] == -1.0
    low, high = difference_interval(0, n, 0, n)
    assert -high == low < 0
    low, high = ratio_interval(3, n, 0, n)
    assert 0 < low < np.inf
    assert high == np.inf
    low, high = ratio_interval(0, n, 3, n)
    assert low == 0
    assert 0 < high < np.inf
    assert odds_ratio_interval(n, n, 1, n)[1] == np.inf
    assert odds_ratio_interval(0, n, 1, n)[0] == 0
    assert odds_interval(n, n)[1] == np.inf


def test_undefined_is_nan() -> None:
    """0/0 and an empty denominator have no limits."""
    for function in (*PAIRS,):
        assert np.isnan(function(0, 0, 3, 10)).all()
        assert np.isnan(function(3, 10, 0, 0)).all()
    assert np.isnan(ratio_interval(0, 10, 0, 20)).all()
    assert np.isnan(ratio_interval(0, 10, 0, 20, method="katz")).all()
    assert np.isnan(odds_ratio_interval(0, 10, 0, 20)).all()
    assert np.isnan(odds_ratio_interval(10, 10, 20, 20)).all()
    for method in ("wilson", "clopper-pearson"):
        assert np.isnan(rate_interval(0, 0, method=method)).all()
    assert np.isnan(odds_interval(0, 0)).all()
    assert np.isnan(f1_interval(0, 0)).all()


@pytest.mark.filterwarnings("ignore")
def test_wilson_clopper_pearson_and_ratio_agree_with_scipy_and_statsmodels() -> None:
    """Parity to 1e-9 away from the edges."""
    from scipy.stats import binomtest
    from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

    rng = np.random.default_rng(5)
    for _ in range(30):
        n, m = (int(v) for v in rng.integers(20, 500, 2))
        x, y = int(rng.integers(2, n - 1)), int(rng.integers(2, m - 1))
        exact = binomtest(x, n).proportion_ci(0.95, "exact")
        assert rate_interval(x, n, method="clopper-pearson") == pytest.approx(
            tuple(exact), abs=1e-9
        )
        wilson = proportion_confint(x, n, method="wilson")
        assert rate_interval(x, n) == pytest.approx(wilson, abs=1e-12)
        ours = ratio_interval(x, n, y, m)
        theirs = confint_proportions_2indep(x, n, y, m, compare="ratio", method="score")
        assert ours == pytest.approx(theirs, rel=1e-7)
        odds = confint_proportions_2indep(x, n, y, m, compare="odds-ratio", method="score")
        assert odds_ratio_interval(x, n, y, m) == pytest.approx(odds, rel=1e-6)


@settings(max_examples=150, deadline=None)
@given(rates(), rates(), st.floats(0.5, 0.999))
def test_swapping_the_reference_flips_or_inverts(
    one: tuple[int, int], other: tuple[int, int], level: float
) -> None:
    """Group and reference exchanged: differences change sign, ratios invert, to 1e-12."""
    low, high = difference_interval(*one, *other, level)
    low2, high2 = difference_interval(*other, *one, level)
    assert (low, high) == (-high2, -low2)
    for function in (ratio_interval, odds_ratio_interval):
        low, high = function(*one, *other, level)
        with np.errstate(divide="ignore"):
            low2, high2 = (1 / v for v in function(*other, *one, level)[::-1])
        np.testing.assert_allclose((low, high), (low2, high2), rtol=1e-12)


@settings(max_examples=200, deadline=None)
@given(effective_rates(), effective_rates(), st.floats(0.01, 0.9999))
def test_the_estimate_is_inside_and_limits_are_possible(
    one: tuple[float, float], other: tuple[float, float], level: float
) -> None:
    """Whole or effective counts, any level: low <= estimate <= high, within the possible range."""
    (x, n), (y, m) = one, other
    low, high = difference_interval(x, n, y, m, level)
    assert -1 <= low <= x / n - y / m <= high <= 1
    low, high = ratio_interval(x, n, y, m, level)
    if x or y:
        point = np.inf if y == 0 else (x / n) / (y / m)
        assert 0 <= low <= point * (1 + 1e-15)
        assert point * (1 - 1e-15) <= high
    low, high = rate_interval(x, n, level)
    assert 0 <= low <= x / n + 1e-15
    assert x / n - 1e-15 <= high <= 1


@settings(max_examples=100, deadline=None)
@given(rates(), rates(), st.floats(0.5, 0.99), st.floats(1e-3, 0.5))
def test_intervals_nest_in_the_level(
    one: tuple[int, int], other: tuple[int, int], level: float, share: float
) -> None:
    """A higher level gives an interval that holds the lower one's."""
    higher = level + (0.9999 - level) * share
    for function in PAIRS:
        inner, outer = function(*one, *other, level), function(*one, *other, higher)
        assume(not np.isnan(inner[0]))
        assert outer[0] <= inner[0] + 1e-12 * abs(inner[0])
        assert inner[1] <= outer[1] + (1e-12 * abs(outer[1]) if np.isfinite(outer[1]) else 0)


@settings(max_examples=100, deadline=None)
@given(rates(500), rates(500), st.integers(2, 20))
def test_duplicating_every_row_narrows_the_interval(
    one: tuple[int, int], other: tuple[int, int], times: int
) -> None:
    """Same rates on more rows: the interval lies within."""
    for function in PAIRS:
        low, high = function(*one, *other)
        assume(not np.isnan(low))
        (x, n), (y, m) = one, other
        low2, high2 = function(times * x, times * n, times * y, times * m)
        assert low <= low2 + 1e-12 * abs(low2)
        assert high2 <= high + (1e-12 * abs(high) if np.isfinite(high) else 0)


def test_a_vector_gives_what_its_elements_give() -> None:
    """Broadcasting changes nothing, and inputs are not written to."""
    rng = np.random.default_rng(3)
    n, m = rng.integers(1, 900, 400), rng.integers(1, 900, 400)
    x, y = rng.binomial(n, rng.random(400)), rng.binomial(m, rng.random(400))
    kept = x.copy()
    for function in PAIRS:
        low, high = function(x, n, y, m)
        for i in range(0, 400, 7):
            one = function(int(x[i]), int(n[i]), int(y[i]), int(m[i]))
            np.testing.assert_allclose((low[i], high[i]), one, rtol=1e-12, atol=1e-15)
    assert (x == kept).all()
    assert difference_interval(x[:, None], n[:, None], y, m)[0].shape == (400, 400)
    assert rate_interval([], [])[0].shape == (0,)


def test_levels_may_vary_by_element() -> None:
    """A level a pair, as simultaneous limits need."""
    low, _ = difference_interval([12, 12], 50, 15, 50, [0.9, 0.95])
    assert low[0] == pytest.approx(difference_interval(12, 50, 15, 50, 0.9)[0])
    assert low[1] == pytest.approx(difference_interval(12, 50, 15, 50)[0])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"x": -1, "n": 3}, "INF003"),
        ({"x": 1, "n": -3}, "INF003"),
        ({"x": 4, "n": 3}, "INF004"),
        ({"x": float("nan"), "n": 3}, "INF002"),
        ({"x": 1, "n": float("inf")}, "INF002"),
        ({"x": "one", "n": 3}, "INF002"),
        ({"x": 1, "n": 3, "level": 1.0}, "INF001"),
        ({"x": 1, "n": 3, "level": 95}, "INF001"),
        ({"x": 1, "n": 3, "method": "wald"}, "INF005"),
        ({"x": [1, 2], "n": [3, 3, 3]}, "INF006"),
    ],
)
def test_impossible_counts_are_refused(arguments: dict[str, Any], code: str) -> None:
    """Errors carry a stable code and say what to do."""
    with pytest.raises(InputError) as error:
        rate_interval(**arguments)
    assert error.value.code == code
    assert error.value.fix


def test_an_error_names_argument_count_and_first_row() -> None:
    """The reference's counts are named as the reference's."""
    with pytest.raises(InputError, match="x_ref") as error:
        difference_interval([1, 1, 1], 4, [1, 5, 6], 4)
    assert (error.value.argument, error.value.count, error.value.first) == ("x_ref", 2, 1)


@pytest.mark.parametrize(
    "x", [["3"], [3 + 0j], [np.datetime64("2000")], np.ma.array([3], mask=[1])]
)
def test_counts_that_are_no_numbers_are_refused(x: Any) -> None:
    """Text, complex numbers, dates and masked counts are no counts, and none is guessed."""
    with pytest.raises(InputError, match="INF002"):
        rate_interval(x, 9)
