"""Intervals, weights, clusters, adjustments: cases small enough for a hand, or for scipy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from audit.errors import InputError
from audit.inference.checks import chosen, counts, critical, one_level, together
from audit.inference.clusters import block_effective, block_jackknife, jackknife
from audit.inference.intervals import (
    difference_interval,
    f1_interval,
    odds_interval,
    odds_ratio_interval,
    rate_interval,
    ratio_interval,
)
from audit.inference.mover import interval_p_value, mover_difference, mover_ratio, mover_sum
from audit.inference.multiplicity import benjamini_hochberg, holm
from audit.inference.selective import false_positive_rate_bounds, true_positive_rate_bounds
from audit.inference.weights import effective, effective_events

Z = 1.959963984540054


# What is checked ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "n", "text"),
    [
        ([1, "a"], 4, "[INF002] x: not numbers"),
        ([1, np.nan], 4, "[INF002] x: a count is nan or infinite"),
        (1, [4, 4, np.inf], "[INF002] n: a count is nan or infinite"),
        ([1, 2, -1, -2], 4, "[INF003] x: a count is negative"),
        (0, [4, -4], "[INF003] n: a count is negative"),
        ([1, 5], 4, "[INF004] x: x exceeds n"),
        ([1, 2], [1, 2, 3], "[INF006] x: shapes (2,), (3,) do not go together"),
    ],
)
def test_impossible_counts_are_named(x: Any, n: Any, text: str) -> None:
    """Code, argument, what is wrong."""
    with pytest.raises(InputError) as caught:
        counts(x, n)
    assert str(caught.value).startswith(text)


def test_a_refusal_counts_and_points_at_the_first() -> None:
    """Two of four counts are negative, the first is row 2."""
    with pytest.raises(InputError) as caught:
        counts([1, 2, -1, -2], 4)
    assert (caught.value.count, caught.value.first) == (2, 2)
    with pytest.raises(InputError) as caught:
        counts(0, [4, -4], "_ref")
    assert (caught.value.count, caught.value.first, caught.value.argument) == (1, 1, "n_ref")


def test_counts_start_at_zero_and_may_exceed_by_rounding_only() -> None:
    """0 of 0 is a count; a billionth more than n is n, two billionths are an error."""
    part, whole = counts([0, 3], [0, 3])
    assert part.tolist() == whole.tolist() == [0, 3]
    part, whole = counts([10 * (1 + 5e-10), 4.0], 10.0)
    assert part.tolist() == [10.0, 4.0]
    with pytest.raises(InputError, match="INF004"):
        counts(10 * (1 + 2e-9), 10)


@pytest.mark.parametrize("level", [0.0, 1.0, -0.1, 1.1, math.nan, [0.9, 1.0]])
def test_a_level_lies_strictly_between_0_and_1(level: Any) -> None:
    """Whoever asks for it."""
    for call in (critical, lambda v: rate_interval(1, 2, v), lambda v: jackknife([1, 2], 0, v)):
        with pytest.raises(
            InputError, match=r"^\[INF001\] level: a confidence level lies strictly"
        ):
            call(level)
    with pytest.raises(InputError, match=r"^\[INF001\] level: not a number"):
        critical("high")  # type: ignore[arg-type]


def test_critical_values_are_scipys() -> None:
    """Two-sided normal quantiles."""
    levels = np.array([0.5, 0.9, 0.95, 0.999])
    assert critical(levels) == pytest.approx(stats.norm.ppf((1 + levels) / 2))
    assert one_level(0.9) == 0.9
    assert one_level([0.9]) == 0.9  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^\[INF001\] level: 2 levels where one is needed"):
        one_level([0.9, 0.8])  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^\[INF005\] method: no method 'x' — use one of a, b"):
        chosen("x", ("a", "b"))
    with pytest.raises(InputError, match=r"^\[INF005\] method: no method 3"):
        chosen(3, ("a", "b"))  # type: ignore[arg-type]
    assert together(np.zeros(3), np.zeros((2, 1)), 4.0) == (2, 3)


# One rate -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["wilson", "clopper-pearson"])
@pytest.mark.parametrize(("x", "n"), [(0, 1), (1, 1), (0, 7), (7, 7), (1, 7), (6, 7), (3, 2000)])
def test_rate_limits_are_scipys_at_the_edges_too(method: str, x: int, n: int) -> None:
    """0 of n starts at 0, n of n ends at 1."""
    for level in (0.8, 0.95):
        theirs = stats.binomtest(x, n).proportion_ci(
            level, "wilson" if method == "wilson" else "exact"
        )
        found = rate_interval(x, n, level, method)
        assert found == (
            pytest.approx(theirs.low, abs=1e-12),
            pytest.approx(theirs.high, abs=1e-12),
        )
    if x == 0:
        assert found[0] == 0
    if x == n:
        assert found[1] == 1


def test_odds_and_f1_have_transformed_wilson_limits() -> None:
    """p/(1-p) and 2J/(1+J) of Wilson's limits of 12 of 50."""
    low, high = stats.binomtest(12, 50).proportion_ci(0.9, "wilson")
    assert odds_interval(12, 50, 0.9) == pytest.approx((low / (1 - low), high / (1 - high)))
    assert f1_interval(12, 50, 0.9) == pytest.approx((2 * low / (1 + low), 2 * high / (1 + high)))


# Two rates ----------------------------------------------------------------------------------------


def test_katz_by_hand_and_open_where_a_count_is_0() -> None:
    """exp(log ratio ± z·√(1/x - 1/n + 1/y - 1/m)); (0, inf) with a 0; nan for 0/0."""
    half = 1.6448536269514722 * math.sqrt(1 / 12 - 1 / 50 + 1 / 15 - 1 / 40)
    ratio = (12 / 50) / (15 / 40)
    assert ratio_interval(12, 50, 15, 40, 0.9, "katz") == pytest.approx(
        (ratio * math.exp(-half), ratio * math.exp(half))
    )
    assert ratio_interval(0, 10, 3, 20, method="katz") == (0.0, math.inf)
    assert ratio_interval(3, 20, 0, 10, method="katz") == (0.0, math.inf)
    assert ratio_interval(1, 10, 1, 10, method="katz") == pytest.approx(
        (math.exp(-Z * math.sqrt(1.8)), math.exp(Z * math.sqrt(1.8)))
    )
    for x, n, y, m in ((0, 10, 0, 10), (0, 0, 1, 2), (1, 2, 0, 0)):
        assert np.isnan(ratio_interval(x, n, y, m, method="katz")).all()


def test_shapes_go_together() -> None:
    """Counts, references and levels broadcast, scalars stay scalars, wrong shapes are refused."""
    x, y = np.arange(1, 4)[:, None], np.arange(2, 6)
    for function in (difference_interval, ratio_interval, odds_ratio_interval):
        low, high = function(x, 10, y, 12, 0.9)
        assert low.shape == high.shape == (3, 4)
        assert (low[2, 1], high[2, 1]) == function(3, 10, 3, 12, 0.9)
        assert np.shape(function(3, 10, 3, 12)[0]) == ()
        with pytest.raises(InputError, match="INF006"):
            function([1, 2], 10, [1, 2, 3], 12)
    low, _ = difference_interval(x, 10, y, 12, 0.9, "newcombe")
    assert low.shape == (3, 4)


def test_each_interval_has_methods_of_its_own() -> None:
    """One of another interval's is refused."""
    for function, method in (
        (difference_interval, "katz"), (ratio_interval, "newcombe"), (ratio_interval, "wilson"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=rf"^\[INF005\] method: no method '{method}'"):
            function(1, 2, 1, 2, method=method)
    with pytest.raises(InputError, match="use one of wilson, clopper-pearson"):
        rate_interval(1, 2, method="katz")


def test_unusable_pairs_leave_the_others_alone() -> None:
    """nan where a denominator is 0, and the same numbers beside it as alone."""
    for function in (difference_interval, ratio_interval, odds_ratio_interval):
        low, high = function([3, 0, 3], [10, 0, 10], [4, 4, 0], [12, 12, 0])
        assert np.isnan(low[1:]).all()
        assert np.isnan(high[1:]).all()
        assert (low[0], high[0]) == function(3, 10, 4, 12)
        assert np.isnan(function([0, 0], [0, 0], 1, 2)).all()


@pytest.mark.parametrize("x", [0.02, 0.3, 2.5])
def test_counts_below_one_row_have_limits(x: float) -> None:
    """Effective counts may be tiny: then nothing is excluded, and nothing is nan."""
    low, high = difference_interval(x / 4, x, x / 2, x)
    assert -1 <= low < -0.2 < high <= 1
    low, high = ratio_interval(x / 4, x, x / 2, x)
    assert 0 <= low < 0.5 < high


# MOVER --------------------------------------------------------------------------------------------


def test_mover_by_its_definition() -> None:
    """Each limit is the value less, or plus, the root of the squared distances that face it."""
    low, high = mover_sum([0.3, 0.5, 0.2], [0.2, 0.4, 0.1], [0.45, 0.58, 0.4], [1, -2, 0.5])
    value = 0.3 - 1.0 + 0.1
    assert low == pytest.approx(value - math.hypot(0.1, 2 * 0.08, 0.5 * 0.1))
    assert high == pytest.approx(value + math.hypot(0.15, 2 * 0.1, 0.5 * 0.2))
    many = [np.tile(np.array(v)[:, None], (1, 4)) for v in ([0.3, 0.5], [0.2, 0.4], [0.45, 0.58])]
    low, high = mover_sum(*many)
    assert low == pytest.approx([0.8 - math.hypot(0.1, 0.1)] * 4)
    assert high == pytest.approx([0.8 + math.hypot(0.15, 0.08)] * 4)
    assert mover_sum([0.3], [0.2], [0.4], 0.0) == (0.0, 0.0)
    low, high = mover_difference(0.8, 0.75, 0.84, 0.7, 0.66, 0.74)
    assert low == pytest.approx(0.1 - math.hypot(0.05, 0.04))
    assert high == pytest.approx(0.1 + math.hypot(0.04, 0.04))


def fieller(v: float, lo: float, w: float, hi: float) -> float:
    """The r at which MOVER's lower limit of v - r·w is 0: the lower limit of v/w, by search."""
    from scipy.optimize import brentq

    return float(
        brentq(lambda r: v - r * w - math.hypot(v - lo, r * (hi - w)), 0, v / w, xtol=1e-15)
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((2.0, 1.5, 2.6), (4.0, 3.0, 5.0)),
        ((0.24, 0.14, 0.37), (0.3, 0.2, 0.45)),
        ((0.9, 0.6, 1.0), (0.02, 0.01, 0.3)),
    ],
)
def test_mover_ratio_is_where_the_difference_touches_0(
    one: tuple[float, float, float], other: tuple[float, float, float]
) -> None:
    """Donner & Zou: r is inside exactly where MOVER's interval of v - r·w holds 0."""
    low, high = mover_ratio(*one, *other)
    assert float(low) == pytest.approx(fieller(one[0], one[1], other[0], other[2]), rel=1e-9)
    assert float(high) == pytest.approx(1 / fieller(other[0], other[1], one[0], one[2]), rel=1e-9)


def test_mover_ratio_at_the_edges() -> None:
    """No upper limit where the reference may be 0; 0 stays 0; exact parts give the plain ratio."""
    assert mover_ratio(0.3, 0.2, 0.4, 0.5, 0.0, 0.7)[1] == math.inf
    assert mover_ratio(0.3, 0.2, 0.4, 0.5, 1e-3, 0.7)[1] < math.inf
    low, high = mover_ratio(0.0, 0.0, 0.2, 0.5, 0.4, 0.6)
    assert low == 0
    assert 0 < high < 1
    low, high = mover_ratio(0.3, 0.2, 0.4, 0.0, 0.0, 0.1)
    assert 0 < low < math.inf
    assert high == math.inf
    assert np.isnan(mover_ratio(0.0, 0.0, 0.2, 0.0, 0.0, 0.2)).all()
    assert np.isnan(mover_ratio(math.nan, 0.0, 0.2, 0.5, 0.4, 0.6)).all()
    assert np.isnan(mover_ratio(0.5, 0.4, 0.6, math.nan, 0.4, 0.6)).all()
    rng = np.random.default_rng(0)
    v, w = rng.random(2000), rng.random(2000)  # known exactly, up to rounding
    low, high = mover_ratio(v, v, v, w, w, w)
    assert low == pytest.approx(v / w, rel=1e-6)
    assert high == pytest.approx(v / w, rel=1e-6)


def test_p_value_from_an_interval_by_hand() -> None:
    """The limit that faces the null is z errors away: 2·(1 - Φ(z·distance/room))."""
    for value, low, high, null in (
        (0.3, 0.1, 0.7, 0.0),
        (-0.3, -0.7, -0.1, 0.0),
        (0.8, 0.5, 0.9, 1),
    ):
        room = value - low if value >= null else high - value
        wanted = 2 * stats.norm.sf(Z * abs(value - null) / room)
        assert interval_p_value(value, low, high, null) == pytest.approx(wanted)
    wanted = 2 * stats.norm.sf(1.6448536269514722 * 2)
    assert interval_p_value(0.2, 0.1, 0.5, level=0.9) == pytest.approx(wanted)
    assert interval_p_value(0.0, 0.0, 0.0) == 1.0  # on the null nothing is against it
    assert interval_p_value(1.0, 1.0, 1.0, 1.0) == 1.0
    assert interval_p_value(0.5, 0.5, 0.5) == 0.0
    assert math.isnan(interval_p_value(math.nan, 0.1, 0.2))


# Adjustments --------------------------------------------------------------------------------------


def test_adjusted_p_values_are_statsmodels_with_ties_and_gaps() -> None:
    """Holm and Benjamini-Hochberg; nan is not counted; nothing at all is nothing."""
    from statsmodels.stats.multitest import multipletests

    p = np.array([0.9, 0.01, np.nan, 0.04, 0.01, 0.6, 0.04, 1.0, 0.0])
    known = ~np.isnan(p)
    for ours, name in ((holm, "holm"), (benjamini_hochberg, "fdr_bh")):
        found = ours(p)
        assert np.isnan(found[~known]).all()
        assert found[known] == pytest.approx(multipletests(p[known], method=name)[1])
        assert ours([]).shape == (0,)
        assert ours([0.03]).tolist() == [0.03]
        assert ours([0.8, 0.9]).max() <= 1


# Weights ------------------------------------------------------------------------------------------


def test_effective_rows_of_four_weighted_applicants() -> None:
    """Weights 1 and 2 approved, 3 and 4 denied: p = .3, V = (.49·5 + .09·25)/100 = .047."""
    x, n = effective(3.0, 10.0, 5.0, 30.0)
    kish = 100 / 30
    wanted = min(0.3 * 0.7 / 0.047, kish)
    assert wanted == kish
    assert (float(x), float(n)) == pytest.approx((0.3 * kish, kish))
    # one approved of weight 2, eight denied of 1: the linearised variance limits, not Kish's 8.3
    x, n = effective(2.0, 10.0, 4.0, 12.0)
    spread = (0.8**2 * 4 + 0.2**2 * 8) / 100
    assert (float(n), float(x)) == pytest.approx((0.16 / spread, 0.2 * 0.16 / spread))
    assert float(n) < 100 / 12


def test_effective_rows_never_exceed_the_rows_and_are_0_without_weight() -> None:
    """`rows` caps them; a rate of 0 or 1 has Kish's; x above n by rounding is n."""
    x, n = effective(3.0, 10.0, 5.0, 30.0, rows=2)
    assert (float(x), float(n)) == pytest.approx((0.6, 2.0))
    x, n = effective([0.0, 10.0, 0.0], [10.0, 10.0, 0.0], [0.0, 30.0, 0.0], [30.0, 30.0, 0.0])
    assert n == pytest.approx([100 / 30, 100 / 30, 0.0])
    assert x == pytest.approx([0.0, 100 / 30, 0.0])
    x, n = effective(10.0 * (1 + 1e-9), 10.0, 30.0, 30.0)
    assert x == n == pytest.approx(100 / 30)
    x, n = effective(5.0, 10.0, 15.0, 30.0, rows=[1, 100])
    assert n.tolist() == pytest.approx([1.0, 100 / 30])
    assert effective_events(3.0, 10.0) == 3.0
    assert effective_events(8.0, 10.0) == 2.0


# Clusters -----------------------------------------------------------------------------------------


def test_a_jackknife_by_hand() -> None:
    """Estimates .1 .3 .2 .2 left out in turn: error √(3/4·.02), t on 3 degrees of freedom."""
    found = jackknife([0.1, 0.3, 0.2, 0.2], 0.25, 0.9, null=0.1)
    error = math.sqrt(0.75 * 0.02)
    half = stats.t.ppf(0.95, 3) * error
    assert (found.low, found.high) == pytest.approx((0.25 - half, 0.25 + half))
    assert found.p_value == pytest.approx(2 * stats.t.sf(0.15 / error, 3))
    assert found.df == 3
    two = jackknife([0.1, 0.3], 0.2)
    half = stats.t.ppf(0.975, 1) * math.sqrt(0.5 * 0.02)
    assert (two.low, two.high, two.df) == pytest.approx((0.2 - half, 0.2 + half, 1))
    assert jackknife([0.1, 0.3], 0.2).p_value == pytest.approx(
        2 * stats.t.sf(0.2 / math.sqrt(0.5 * 0.02), 1)
    )


@pytest.mark.parametrize("blocks", [0, 1])
def test_fewer_than_two_blocks_have_no_error(blocks: int) -> None:
    """Nothing to leave out."""
    found = jackknife(np.full((blocks, 2), 0.3), [0.1, 0.2])
    assert np.isnan([found.low, found.high, found.p_value]).all()
    assert found.low.shape == (2,)
    assert found.df == 0


def test_an_estimate_that_never_moves_or_is_once_undefined_has_no_error() -> None:
    """Not an interval of width 0; a spread of a billionth is one."""
    found = jackknife(
        [[0.2, 0.1, 1.0], [0.2, np.nan, 1.0 + 1e-9], [0.2, 0.3, 1.0]], [0.2, 0.2, 1.0]
    )
    assert np.isnan(found.low[:2]).all()
    assert np.isnan(found.p_value[:2]).all()
    assert 0 < found.high[2] - found.low[2] < 1e-7


@pytest.mark.parametrize("scale", ["identity", "log", "logit"])
def test_block_jackknife_by_leaving_out_blocks(scale: str) -> None:
    """A rate over three blocks, a fourth empty: scipy's t around the transformed rate."""
    blocks = np.array([[[3.0, 5]], [[4.0, 4]], [[0.0, 0]], [[1.0, 8]]])
    to: Any = {"identity": lambda p: p, "log": np.log, "logit": lambda p: np.log(p / (1 - p))}[
        scale
    ]
    back: Any = {"identity": lambda v: v, "log": np.exp, "logit": lambda v: 1 / (1 + np.exp(-v))}[
        scale
    ]
    left = to(np.array([5 / 17, 4 / 17, 7 / 16]))
    error = math.sqrt(2 / 3 * ((left - left.mean()) ** 2).sum())
    point, null = to(8 / 25), to(np.array(0.5))
    half = stats.t.ppf(0.95, 2) * error

    def rate(t: Any) -> Any:
        return t[..., 0, 0] / t[..., 0, :].sum(axis=-1)

    low, high, p = block_jackknife(blocks, rate, 0.9, scale=scale, null=0.5)
    assert (low, high) == pytest.approx((back(point - half), back(point + half)))
    assert p == pytest.approx(2 * stats.t.sf(abs(point - null) / error, 2))
    with pytest.raises(InputError, match=r"^\[INF010\] blocks: blocks have shape"):
        block_jackknife([1.0, 2.0], rate)
    with pytest.raises(InputError, match=r"^\[INF005\] method: no method 'probit'"):
        block_jackknife(blocks, rate, scale="probit")


def test_a_block_counts_if_any_group_has_rows_in_it() -> None:
    """Blocks are shared: one that holds the reference only is a block too."""
    blocks = np.array([[[3.0, 2], [1, 2]], [[0, 0], [2, 1]], [[1, 4], [2, 2]]])

    def gap(t: Any) -> Any:
        rate = t[..., 0] / t.sum(axis=-1)
        return rate[..., 0] - rate[..., 1]

    left = np.array([1 / 5 - 4 / 7, 4 / 10 - 3 / 7, 3 / 5 - 3 / 6])
    error = math.sqrt(2 / 3 * ((left - left.mean()) ** 2).sum())
    low, high, _ = block_jackknife(blocks, gap)
    half = stats.t.ppf(0.975, 2) * error
    point = 4 / 10 - 5 / 10
    assert (low, high) == pytest.approx((point - half, point + half))


def test_effective_rows_of_blocks_by_hand() -> None:
    """3, 0, 2, 1 of 4: left out 3/12, 6/12, 4/12, 5/12, V = 3/4·Σ(·-3/8)²; at most the rows."""
    x, n = block_effective([[3.0], [0.0], [2.0], [1.0]], [[4.0]] * 4)
    left = np.array([3, 6, 4, 5]) / 12
    v = 0.75 * ((left - left.mean()) ** 2).sum()
    p = 6 / 16
    assert (n[0], x[0]) == pytest.approx((p * (1 - p) / v, p * p * (1 - p) / v))
    # a block that holds another group's rows only is a block too; an all-empty one is none
    x, n = block_effective(
        [[3.0, 0], [0, 1.0], [0, 0], [1.0, 1]], [[4.0, 0], [0, 2.0], [0, 0], [4.0, 2]]
    )
    left = np.array([1 / 4, 4 / 8, 3 / 4])
    v = 2 / 3 * ((left - left.mean()) ** 2).sum()
    assert n[0] == pytest.approx(min(0.25 / v, 8.0))
    # blocks that agree: as many rows as there are; no rows: none
    x, n = block_effective([[1.0, 0], [1.0, 0]], [[2.0, 0], [2.0, 0]])
    assert (x.tolist(), n.tolist()) == ([2.0, 0.0], [4.0, 0.0])
    x, n = block_effective(np.zeros((3, 2)), np.zeros((3, 2)))
    assert (x.tolist(), n.tolist()) == ([0.0, 0.0], [0.0, 0.0])


# Selective labels ---------------------------------------------------------------------------------


def test_selective_bounds_by_hand() -> None:
    """a = .6, q = .9: .54/(.54 + .4) and .06/(.06 + .4); the ends of [0, 1] are shares."""
    assert true_positive_rate_bounds(0.6, 0.9) == pytest.approx((0.54 / 0.94, 1.0))
    assert false_positive_rate_bounds(0.6, 0.9) == pytest.approx((0.06 / 0.46, 1.0))
    assert true_positive_rate_bounds([0, 1], [1, 1])[0].tolist() == [0.0, 1.0]
    low, high = true_positive_rate_bounds([1.0, 0.5], [0.0, 0.0])
    assert np.isnan([low[0], high[0]]).all()
    assert (low[1], high[1]) == (0.0, 1.0)
    for args, name in (((1.2, 0.5), "approved"), ((-0.1, 0.5), "approved"), ((0.5, 1.1), "repaid")):
        with pytest.raises(InputError, match=rf"^\[INF007\] {name}: a share lies between 0 and 1"):
            true_positive_rate_bounds(*args)
    with pytest.raises(InputError) as caught:
        false_positive_rate_bounds(0.5, [0.5, 2.0, -1.0])
    assert (caught.value.count, caught.value.first) == (2, 1)
