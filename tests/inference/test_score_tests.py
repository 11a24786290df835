"""Laws and oracles of the test of two rates, MOVER and multiplicity."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from audit.inference import difference_interval, ratio_interval
from audit.inference.intervals import wilson
from audit.inference.mover import interval_p_value, mover_difference, mover_ratio, mover_sum
from audit.inference.multiplicity import benjamini_hochberg, holm
from audit.inference.score_tests import (
    FISHER,
    SCORE,
    equality_p_value,
    equality_test,
    mid_p_fisher,
)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(5, 2000), st.integers(5, 2000), st.floats(0, 1), st.floats(0, 1),
    st.floats(0.5, 0.999),
)  # fmt: skip
def test_score_test_and_interval_give_one_verdict(
    n: int, m: int, p: float, q: float, level: float
) -> None:
    """p < 1 - level exactly where the unadjusted interval leaves out equality."""
    x, y = round(p * n), round(q * m)
    found, method = equality_test(x, n, y, m)
    assume(method == SCORE)
    assume(abs(found - (1 - level)) > 1e-9)
    low, high = difference_interval(x, n, y, m, level)
    assert (found < 1 - level) == (not low <= 0 <= high)
    low, high = ratio_interval(x, n, y, m, level)
    assert (found < 1 - level) == (not low <= 1 <= high)


def test_score_test_is_pearsons_with_n_minus_one() -> None:
    """Oracle: scipy's chi² without continuity correction, times (N-1)/N."""
    from scipy.stats import chi2, chi2_contingency

    for x, n, y, m in ((30, 100, 50, 100), (12, 50, 15, 50), (80, 300, 60, 150)):
        table = [[x, n - x], [y, m - y]]
        statistic = chi2_contingency(table, correction=False).statistic
        expected = chi2.sf(statistic * (n + m - 1) / (n + m), 1)
        assert equality_p_value(x, n, y, m) == pytest.approx(expected, rel=1e-10)


def test_mid_p_fisher_is_enumerated() -> None:
    """Oracle: hypergeometric probabilities of scipy; rarer tables whole, tied ones half."""
    from scipy.stats import hypergeom

    rng = np.random.default_rng(2)
    for _ in range(200):
        n, m = (int(v) for v in rng.integers(1, 60, 2))
        x, y = int(rng.integers(0, n + 1)), int(rng.integers(0, m + 1))
        if x + y in (0, n + m):
            continue
        u = np.arange(max(0, x + y - m), min(n, x + y) + 1)
        mass = hypergeom.pmf(u, n + m, n, x + y)
        own = mass[x - u[0]]
        tied = np.abs(mass - own) <= 1e-9 * own
        expected = mass[(mass < own) & ~tied].sum() + mass[tied].sum() / 2
        if min(x + y, n + m - x - y) * min(n, m) / (n + m) < 20:
            assert mid_p_fisher(x, n, y, m) == pytest.approx(expected, rel=1e-8)


def test_mid_p_of_a_published_table() -> None:
    """2 of 38 against 8 of 38: the value in the tests of R's contingencytables package."""
    assert mid_p_fisher(2, 38, 8, 38) == pytest.approx(0.04998656, abs=5e-9)
    assert mid_p_fisher(8, 38, 2, 38) == pytest.approx(0.04998656, abs=5e-9)


def test_fisher_is_used_where_an_expected_cell_is_below_five() -> None:
    """Favourable or unfavourable: a rare denial is as small a cell as a rare approval."""
    p, method = equality_test([5, 45, 10, 40], [50] * 4, [4, 46, 10, 40], [50] * 4)
    assert method.tolist() == [FISHER, FISHER, SCORE, SCORE]
    assert p[0] == pytest.approx(equality_p_value(45, 50, 46, 50))
    # equal expected cells of exactly 5 are large enough
    assert equality_test(5, 50, 5, 50)[1] == SCORE


def test_a_far_tail_and_huge_tables_are_handled() -> None:
    """The window over the rare cell follows an observation far outside it."""
    from scipy.stats import hypergeom

    n, m, x, y = 100, 1_000_000, 90, 30_000
    expected = hypergeom.sf(x, n + m, n, x + y) + hypergeom.pmf(x, n + m, n, x + y) / 2
    assert equality_test(x, n, y, m)[1] == FISHER
    assert equality_p_value(x, n, y, m) == pytest.approx(expected, rel=1e-6)


def test_tables_that_say_nothing() -> None:
    """All or none favourable: p is 1. No rows: nan."""
    assert (
        equality_p_value([0, 50, 0], [50, 50, 500], [0, 20, 0], [20, 20, 900]).tolist() == [1] * 3
    )
    assert np.isnan(equality_p_value(0, 0, 3, 9))


@settings(max_examples=100, deadline=None)
@given(st.floats(0.6, 400), st.floats(0.6, 400), st.floats(0, 1), st.floats(0, 1))
def test_effective_counts_have_p_values(n: float, m: float, p: float, q: float) -> None:
    """Counts that are not whole: a p-value within [0, 1], the same when swapped."""
    found = equality_p_value(p * n, n, q * m, m)
    assert 0 <= found <= 1
    assert equality_p_value(q * m, m, p * n, n) == pytest.approx(found, rel=1e-6, abs=1e-12)


def test_mover_of_wilson_is_newcombe() -> None:
    """The difference of two rates, and the same as a sum with weights 1 and -1."""
    z = np.array(1.959963984540054)
    one = (0.8, *wilson(np.array(56.0), np.array(70.0), z))
    other = (0.6, *wilson(np.array(48.0), np.array(80.0), z))
    expected = difference_interval(56, 70, 48, 80, method="newcombe")
    assert mover_difference(*one, *other) == pytest.approx(expected, abs=1e-12)
    values, lows, highs = zip(one, other, strict=True)
    assert mover_sum(values, lows, highs, [1, -1]) == pytest.approx(expected, abs=1e-12)


def test_mover_ratio_swaps_and_closes() -> None:
    """Swapping inverts; a reference that may be 0 leaves the ratio open."""
    low, high = mover_ratio(2.0, 1.5, 2.6, 4.0, 3.0, 5.0)
    low2, high2 = mover_ratio(4.0, 3.0, 5.0, 2.0, 1.5, 2.6)
    assert (1 / high2, 1 / low2) == pytest.approx((low, high))
    assert mover_ratio(0.3, 0.2, 0.4, 0.1, 0.0, 0.2)[1] == np.inf
    assert mover_ratio(0.0, 0.0, 0.1, 0.4, 0.3, 0.5)[0] == 0
    assert np.isnan(mover_ratio(0.0, 0.0, 0.1, 0.0, 0.0, 0.1)).all()


@given(st.floats(0.001, 5), st.floats(0.001, 5), st.floats(-4, 4))
def test_interval_p_value_agrees_with_its_interval(down: float, up: float, value: float) -> None:
    """p < .05 exactly where the 95 % interval leaves out 0."""
    low, high = value - down, value + up
    assume(min(abs(low), abs(high)) > 1e-9)
    assert (interval_p_value(value, low, high) < 0.05) == (not low <= 0 <= high)


def test_holm_and_benjamini_hochberg_agree_with_statsmodels() -> None:
    """Oracle: statsmodels' multipletests; missing p-values are neither counted nor changed."""
    from statsmodels.stats.multitest import multipletests

    rng = np.random.default_rng(4)
    p = rng.random(40) ** 3
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1], rtol=1e-12)
    np.testing.assert_allclose(
        benjamini_hochberg(p), multipletests(p, method="fdr_bh")[1], rtol=1e-12
    )
    q = np.insert(p, [3, 20], np.nan)
    np.testing.assert_array_equal(np.delete(holm(q), [3, 21]), holm(p))
    assert np.isnan(holm(q)[[3, 21]]).all()
    assert holm([]).size == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(0.001, 0.5))
def test_what_holm_rejects_benjamini_hochberg_rejects(p: list[float], alpha: float) -> None:
    """Holm's adjusted p-values are never below Benjamini & Hochberg's, nor below p."""
    a, b = holm(p), benjamini_hochberg(p)
    assert (a >= b - 1e-15).all()
    assert (b >= np.array(p) - 1e-15).all()
