"""Power, stratified gaps and selective labels against published or independent values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import InputError
from audit.inference.power import chance_of_pass, power, rows_for_pass, smallest_detectable
from audit.inference.selective import false_positive_rate_bounds, true_positive_rate_bounds
from audit.inference.stratified import (
    cmh_p_value,
    common_difference,
    common_ratio,
    conditional_demographic_disparity,
)


@pytest.mark.parametrize(("rate", "rows"), [(0.3, 856), (0.05, 6743), (0.7, 183)])
def test_rows_to_see_four_fifths(rate: float, rows: int) -> None:
    """Unpooled normal, two-sided 5 %, power 80 %."""
    assert power(rate, 0.8) == rows
    # and back: that many rows show a ratio of .8, one row fewer does not
    assert smallest_detectable(rate, rows, rows) >= 0.8
    assert smallest_detectable(rate, rows - 1, rows - 1) < 0.8


def test_power_refuses_what_cannot_be_told_apart() -> None:
    """Codes say which argument."""
    for arguments in ((0.0, 0.8), (1.0, 0.8), (0.5, 1.0), (0.5, 3.0), (0.5, -1.0)):
        with pytest.raises(InputError, match="INF012"):
            power(*arguments)
    with pytest.raises(InputError, match="INF011"):
        power(0.3, 0.8, alpha=0.0)
    with pytest.raises(InputError, match="INF011"):
        power(0.3, 0.8, power=1.0)


def test_small_samples_detect_nothing() -> None:
    """nan where even a rate of 0 would be missed; a difference is negative."""
    assert np.isnan(smallest_detectable(0.05, 20, 20))
    gap = smallest_detectable(0.3, 856, 856, contrast="difference")
    assert gap == pytest.approx(-0.06, abs=1e-4)
    assert smallest_detectable([0.3, 0.5], 500, 900).shape == (2,)


@pytest.mark.parametrize(("rate", "published"), [(0.05, 6042), (0.3, 741), (0.7, 141), (0.9, 47)])
def test_rows_for_a_pass_at_parity(rate: float, published: int) -> None:
    """Within 1 % (at .9: two rows) of figures computed elsewhere, with the promised chance."""
    rows = rows_for_pass(rate, rate)
    assert rows is not None
    assert rows == pytest.approx(published, rel=0.01, abs=2)
    if rows < 1000:
        assert chance_of_pass(rate, rate, rows, rows) == pytest.approx(0.8, abs=0.015)


def test_rows_for_a_pass_with_unequal_sizes_and_differences() -> None:
    """The exact chance is near 80 % away from parity and balance too."""
    rows = rows_for_pass(0.62, 0.7, balance=3.0)
    assert rows is not None
    assert chance_of_pass(0.62, 0.7, rows, 3 * rows) == pytest.approx(0.8, abs=0.02)
    rows = rows_for_pass(0.55, 0.6, line=0.1, contrast="difference")
    assert rows is not None
    chance = chance_of_pass(0.55, 0.6, rows, rows, line=0.1, contrast="difference")
    assert chance == pytest.approx(0.8, abs=0.02)


def test_no_sample_size_settles_the_line() -> None:
    """Beyond it, or within .02: None."""
    assert rows_for_pass(0.2, 0.3) is None
    assert rows_for_pass(0.245, 0.3) is None
    assert rows_for_pass(0.0, 0.0) is None
    assert rows_for_pass(0.5, 0.59, line=0.1, contrast="difference") is None
    assert rows_for_pass(1.0, 1.0) is not None
    assert rows_for_pass(0.26, 0.3) is not None


STRATA = ([20, 10, 3], [50, 40, 9], [30, 14, 8], [50, 40, 20])


def test_cmh_and_common_ratio_agree_with_statsmodels() -> None:
    """Oracle: StratifiedTable (no continuity correction; risk ratio)."""
    from statsmodels.stats.contingency_tables import StratifiedTable

    x, n, y, m = (np.array(v) for v in STRATA)
    tables = [np.array([[a, b - a], [c, d - c]]) for a, b, c, d in zip(x, n, y, m, strict=True)]
    theirs = StratifiedTable(tables)
    assert cmh_p_value(*STRATA) == pytest.approx(theirs.test_null_odds().pvalue, rel=1e-10)
    assert common_ratio(*STRATA)[0] == pytest.approx(theirs.riskratio_pooled, rel=1e-12)


def test_one_stratum_is_an_ordinary_contrast() -> None:
    """Value and large-sample limits of a single table; Katz's for the ratio."""
    from audit.inference import ratio_interval
    from audit.inference.score_tests import score_statistic

    value, low, high = common_ratio([30], [90], [50], [100])
    assert value == pytest.approx(30 / 90 / 0.5)
    assert (low, high) == pytest.approx(ratio_interval(30, 90, 50, 100, method="katz"), rel=1e-12)
    value, low, high = common_difference([30], [90], [50], [100])
    assert value == pytest.approx(30 / 90 - 0.5)
    error = np.sqrt(30 / 90 * 60 / 90 / 90 + 0.25 / 100)
    assert high - value == pytest.approx(1.96 * error, rel=0.01)
    from scipy.stats import norm

    z = float(score_statistic(30, 90, 50, 100))
    assert cmh_p_value([30], [90], [50], [100]) == pytest.approx(2 * norm.sf(abs(z)))


def test_strata_without_one_side_say_nothing() -> None:
    """A stratum holding one group only adds nothing; none left is nan."""
    x, n, y, m = STRATA
    for function in (cmh_p_value, common_ratio, common_difference):
        padded = function([*x, 5], [*n, 9], [*y, 0], [*m, 0])
        assert padded == pytest.approx(function(*STRATA))
        assert np.isnan(function([5], [9], [0], [0])).all()
    assert common_ratio([0], [9], [3], [9])[2] > 0
    assert common_ratio([3], [9], [0], [9])[2] == np.inf


def test_simpson_reversal_is_seen() -> None:
    """Berkeley 1973, departments A and B: women ahead within both, behind when pooled."""
    women, men = ([89, 17], [108, 25]), ([512, 353], [825, 560])
    value, low, high = common_difference(*women, *men)
    assert 0 < low < value < high
    assert cmh_p_value(*women, *men) < 0.001


def test_conditional_demographic_disparity_by_hand() -> None:
    """Stratum values -> row-weighted mean; a stratum without denials is left out and counted."""
    value, low, high, rows = conditional_demographic_disparity(
        [20, 10, 7], [30, 30, 0], [30, 14, 3], [20, 26, 0]
    )
    by_hand = (100 * (30 / 50 - 20 / 50) + 80 * (30 / 56 - 10 / 24)) / 180
    assert value == pytest.approx(by_hand)
    assert low < value < high
    assert rows == 180
    assert np.isnan(conditional_demographic_disparity([3], [0], [4], [0])[0])


@given(st.floats(0, 1), st.floats(0, 1))
def test_selective_bounds_hold_whatever_the_denied_would_have_done(a: float, q: float) -> None:
    """TPR and FPR for any share of the denied who would have repaid lie within the bounds."""
    tpr, fpr = true_positive_rate_bounds(a, q), false_positive_rate_bounds(a, q)
    for share in (0.0, 0.3, 1.0):
        good = a * q + (1 - a) * share
        bad = a * (1 - q) + (1 - a) * (1 - share)
        if good > 1e-9:
            assert tpr[0] - 1e-9 <= a * q / good <= 1 + 1e-9
        if bad > 1e-9:
            assert fpr[0] - 1e-9 <= a * (1 - q) / bad <= 1 + 1e-9


def test_selective_bounds_at_the_edges() -> None:
    """Everyone approved: known exactly; nobody: nothing is known; outside [0, 1]: refused."""
    assert true_positive_rate_bounds(1.0, 0.4) == (1, 1)
    assert true_positive_rate_bounds(0.0, 0.4) == (0, 1)
    assert np.isnan(true_positive_rate_bounds(1.0, 0.0)).all()
    with pytest.raises(InputError, match="INF007"):
        true_positive_rate_bounds(1.2, 0.4)
