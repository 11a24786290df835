"""Score tests, worst gaps, strata, power and the bootstrap: by definition, scipy or statsmodels."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats

from audit.errors import InputError
from audit.inference import bootstrap
from audit.inference.bootstrap import cell_bootstrap, draw
from audit.inference.intervals import difference_interval, ratio_interval
from audit.inference.power import chance_of_pass, power, rows_for_pass, smallest_detectable
from audit.inference.score_tests import (
    FISHER,
    SCORE,
    equality_p_value,
    equality_test,
    mid_p_fisher,
    score_statistic,
)
from audit.inference.simultaneous import (
    pairwise_critical,
    range_p_value,
    worst_gap_interval,
    worst_gap_p_value,
    worst_ratio_interval,
)
from audit.inference.stratified import (
    cmh_p_value,
    common_difference,
    common_ratio,
    conditional_demographic_disparity,
)

Z = 1.959963984540054


# Are two rates equal? -----------------------------------------------------------------------------


def mid_p(x: int, n: int, y: int, m: int) -> Fraction:
    """By listing every table with these margins, in exact fractions."""
    hits = x + y
    mass = {
        k: Fraction(math.comb(n, k) * math.comb(m, hits - k), math.comb(n + m, hits))
        for k in range(max(0, hits - m), min(n, hits) + 1)
    }
    rarer = sum((p for p in mass.values() if p < mass[x]), Fraction(0))
    return rarer + sum((p for p in mass.values() if p == mass[x]), Fraction(0)) / 2


def test_mid_p_is_that_of_every_table_with_the_margins() -> None:
    """All pairs of counts of 7 and 5, of 4 and 4 (ties), and of 3 and 30."""
    for n, m in ((7, 5), (4, 4), (3, 30), (30, 3), (1, 1), (1, 9)):
        for x in range(n + 1):
            for y in range(m + 1):
                wanted = 1.0 if x + y in (0, n + m) else float(mid_p(x, n, y, m))
                assert mid_p_fisher(x, n, y, m) == pytest.approx(wanted, abs=1e-12), (x, n, y, m)


@pytest.mark.parametrize(
    "pair", [(62, 80, 1, 90), (63, 80, 1, 90), (64, 80, 2, 90), (70, 80, 1, 90), (70, 75, 2, 400)]
)
def test_mid_p_far_from_expectation(pair: tuple[int, int, int, int]) -> None:
    """Where the rare cell is at, or beyond, what is listed one by one."""
    assert mid_p_fisher(*pair) == pytest.approx(float(mid_p(*pair)), rel=1e-9, abs=0)


def test_score_statistic_by_hand() -> None:
    """Pooled rate 27/100, N/(N - 1); 0 where all or none are favourable, nan without rows."""
    spread = 0.27 * 0.73 * (1 / 50 + 1 / 50) * 100 / 99
    assert score_statistic(12, 50, 15, 50) == pytest.approx((0.24 - 0.3) / math.sqrt(spread))
    assert score_statistic(0, 50, 0, 40) == score_statistic(50, 50, 40, 40) == 0.0
    assert np.isnan(score_statistic([0, 1], [0, 2], [1, 0], [2, 0])).all()
    assert score_statistic(0.1, 0.4, 0.3, 0.4) == 0.0  # less than one row in all says nothing
    assert score_statistic([1, 2], 10, [[3], [4]], 10).shape == (2, 2)
    assert np.isfinite(score_statistic(1, 1, 0, 1))


def test_the_score_test_is_used_from_an_expected_cell_of_5() -> None:
    """5 exactly is enough, whichever cell has it; each test gives its own p."""
    p, method = equality_test([2, 8, 2, 8], [10, 10, 40, 40], [8, 2, 8, 32], [10, 10, 40, 40])
    assert method.tolist() == [SCORE, SCORE, SCORE, FISHER] or method[:3].tolist() == [SCORE] * 3
    assert p[0] == pytest.approx(2 * stats.norm.sf(abs(float(score_statistic(2, 10, 8, 10)))))
    p, method = equality_test([2, 8], [10, 10], [7, 3], [10, 10])  # 9 of 20: 4.5 expected
    assert method.tolist() == [FISHER, SCORE] or method.tolist() == [FISHER, FISHER]
    assert p[0] == pytest.approx(float(mid_p(2, 10, 7, 10)))
    p, method = equality_test(11, 20, 40, 80)
    assert (str(method), float(p)) == (
        SCORE, pytest.approx(2 * stats.norm.sf(abs(float(score_statistic(11, 20, 40, 80)))))
    )  # fmt: skip
    for pair in ((1, 10, 39, 70), (9, 10, 31, 70), (39, 70, 1, 10), (31, 70, 9, 10)):
        assert equality_test(*pair)[1] == SCORE  # 10 · 40/80 = 5
        x, n, y, m = pair
        shifted = (x, n, y - 1, m) if n == 10 else (x - 1, n, y, m)
        few = min(sum(shifted[::2]), 80 - sum(shifted[::2])) * 10 / 80
        assert equality_test(*shifted)[1] == (SCORE if few >= 5 else FISHER)
    assert np.isnan(equality_p_value([0, 3], [0, 10], [3, 0], [10, 0])).all()
    assert equality_p_value([0, 10], 10, [0, 20], 20).tolist() == [1.0, 1.0]
    assert np.isnan(mid_p_fisher(0, 0, 3, 10))
    assert mid_p_fisher([0, 10], 10, [0, 20], 20).tolist() == [1.0, 1.0]


# Worst gaps ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [2, 3, 10, 60])
def test_ranges_are_scipys_studentized_range(k: int) -> None:
    """Quantile and tail with infinite degrees of freedom; two groups are an ordinary pair."""
    for level in (0.8, 0.95):
        wanted = stats.studentized_range.ppf(level, k, np.inf) / math.sqrt(2)
        assert pairwise_critical(k, level) == pytest.approx(wanted, rel=1e-7)
    for z in (0.5, 2.0, 4.0):
        wanted = stats.studentized_range.sf(z * math.sqrt(2), k, np.inf)
        assert range_p_value([z, -z], k) == pytest.approx([wanted, wanted], rel=1e-6)
    assert pairwise_critical(1) == pytest.approx(Z)
    assert range_p_value(1.0, 0) == pytest.approx(2 * stats.norm.sf(1.0))
    assert np.isnan(range_p_value([np.nan, 1.0], k)).tolist() == [True, False]
    assert range_p_value([[0.0, 50.0]], k).tolist() == [[pytest.approx(1.0), 0.0]]


def test_worst_gap_of_two_groups_and_of_two_families_by_definition() -> None:
    """Two groups: Newcombe's limits, never below 0. Two families: each at √level."""
    low, high = worst_gap_interval([12, 30], [50, 60])
    newcombe = difference_interval(30, 60, 12, 50, method="newcombe")
    assert (low, high) == pytest.approx(newcombe)
    low, high = worst_gap_interval([12, 15], [50, 50])
    newcombe = difference_interval(15, 50, 12, 50, method="newcombe")
    assert (low, high) == (0.0, pytest.approx(max(newcombe[1], -newcombe[0])))
    x, n = np.array([[30, 45], [20, 50]]), np.array([[100, 100], [60, 70]])
    share = math.sqrt(0.95)
    pairs = [
        difference_interval(b[1], m[1], b[0], m[0], share, "newcombe")
        for b, m in zip(x, n, strict=True)
    ]
    low, high = worst_gap_interval(x, n, joint=True)
    assert low == pytest.approx(max(p[0] for p in pairs))
    assert high == pytest.approx(max(p[1] for p in pairs))
    p = worst_gap_p_value(x, n, joint=True)
    least = min(float(worst_gap_p_value(a, b)) for a, b in zip(x, n, strict=True))
    assert p == pytest.approx(1 - (1 - least) ** 2)


def test_worst_gaps_of_nothing_are_nan() -> None:
    """No group, one group, groups without rows: nothing to compare; of rates of 0 no ratio."""
    for x, n in (([], []), ([3], [10]), ([3, 0], [10, 0]), ([0, 0], [0, 0])):
        assert np.isnan(worst_gap_interval(x, n)).all()
        assert np.isnan(worst_ratio_interval(x, n)).all()
        assert np.isnan(worst_gap_p_value(x, n))
    assert np.isnan(worst_gap_interval(np.zeros(70), np.zeros(70))).all()
    assert np.isnan(worst_ratio_interval([0, 0], [10, 20])).all()
    low, high = worst_gap_interval([0, 0], [10, 20])
    assert low == 0 < high < 1
    low, high = worst_ratio_interval([0, 15], [10, 20])
    assert low == 0 < high < 1
    assert worst_gap_p_value([3, 6], [10, 20]) == 1.0
    both = worst_gap_interval([[3, 0], [3, 9]], [[10, 0], [10, 10]])
    assert np.isnan(both).tolist() == [[True, False], [True, False]]
    # one family of two defined is enough
    assert not np.isnan(worst_gap_interval([[3, 0], [3, 9]], [[10, 0], [10, 10]], joint=True)).any()
    assert not np.isnan(worst_gap_p_value([[3, 0], [3, 9]], [[10, 0], [10, 10]], joint=True))


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_equal_groups_are_told_apart_twice_only(level: float) -> None:
    """Seventy groups with four different tables: the critical value is that of seventy."""
    x = np.array([3, 5, 9, 4] * 17 + [3, 3])
    n = np.array([20, 30, 25, 40] * 17 + [20, 20])
    z = pairwise_critical(70, level)
    # groups of several hundred rows, so that Wilson's limits stand as they are
    x, n = x * 50, n * 50
    low, high = worst_gap_interval(x, n, level)
    joint = 2 * stats.norm.cdf(z) - 1
    pairs = [
        difference_interval(a, b, c, d, joint, "newcombe")
        for a, b in {(450, 1250), (150, 1000), (250, 1500), (200, 2000)}
        for c, d in {(450, 1250), (150, 1000), (250, 1500), (200, 2000)}
    ]
    assert low == pytest.approx(max(float(p[0]) for p in pairs))
    assert high == pytest.approx(max(float(p[1]) for p in pairs))


# Strata -------------------------------------------------------------------------------------------

X, N, Y, M = (np.array(v) for v in ([20, 10, 3], [50, 40, 9], [30, 14, 8], [50, 40, 20]))


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_common_ratio_has_greenland_and_robins_limits(level: float) -> None:
    """Their variance, stratum by stratum."""
    total = N + M
    top, bottom = (X * M / total).sum(), (Y * N / total).sum()
    part = ((N * M * (X + Y) - X * Y * total) / total**2).sum()
    error = math.sqrt(part / (top * bottom))
    z = stats.norm.ppf((1 + level) / 2)
    found = common_ratio(X, N, Y, M, level)
    wanted = [top / bottom * math.exp(s * z * error) for s in (0, -1, 1)]
    assert found == pytest.approx(wanted)


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_common_difference_has_satos_limits(level: float) -> None:
    """Sato 1989: gap·ΣP + ΣQ over the squared weights."""
    total = N + M
    weight = (N * M / total).sum()
    gap = ((X * M - Y * N) / total).sum() / weight
    p = ((N**2 * Y - M**2 * X + N * M * (M - N) / 2) / total**2).sum()
    q = ((X * (M - Y) + Y * (N - X)) / (2 * total)).sum()
    half = stats.norm.ppf((1 + level) / 2) * math.sqrt((gap * p + q) / weight**2)
    assert common_difference(X, N, Y, M, level) == pytest.approx((gap, gap - half, gap + half))
    low, high = common_difference([1, 2], [1, 2], [0, 0], [1, 1])[1:]
    assert -1 <= low <= high <= 1


def test_common_contrasts_at_the_edges() -> None:
    """(0, inf) where one side never succeeds, nan where neither does; 1-row strata say nothing."""
    assert common_ratio([0, 0], [9, 8], [3, 1], [9, 8]) == pytest.approx((0.0, 0.0, math.inf))
    value, low, high = common_ratio([3, 1], [9, 8], [0, 0], [9, 8])
    assert np.isnan(value)
    assert (low, high) == (0.0, math.inf)
    assert np.isnan(common_ratio([0, 0], [9, 8], [0, 0], [9, 8])).all()
    assert np.isnan(cmh_p_value([0, 9], [9, 9], [0, 8], [8, 8]))  # all alike inside each stratum
    assert np.isnan(cmh_p_value([0.2], [0.5], [0.3], [0.5]))  # one row in all
    assert cmh_p_value([1], [1], [0], [1]) == pytest.approx(stats.chi2.sf(1.0, 1))
    assert cmh_p_value([[5, 1], [3, 2]], 9, [[2, 2], [3, 2]], 9).shape == (2,)
    for function in (common_ratio, common_difference):
        found = function([[5, 1], [3, 2]], 9, [[2, 2], [3, 2]], 9)
        assert [v.shape for v in found] == [(2,)] * 3
        alone = function([3, 2], 9, [3, 2], 9)
        assert [v[1] for v in found] == pytest.approx(alone)


def test_conditional_disparity_has_movers_limits() -> None:
    """Σ share·(denied share - approved share): each part's distance from its own Wilson limit."""
    a, d, a2, d2 = (np.array(v) for v in ([20, 10, 7], [30, 30, 0], [30, 14, 3], [20, 26, 0]))
    value, low, high, rows = conditional_demographic_disparity(a, d, a2, d2, 0.9)
    down, up, middle = 0.0, 0.0, 0.0
    for i in (0, 1):
        share = (a + d + a2 + d2)[i] / 180
        for part, whole, sign in ((d[i], d[i] + d2[i], 1), (a[i], a[i] + a2[i], -1)):
            p = part / whole
            ends = stats.binomtest(int(part), int(whole)).proportion_ci(0.9, "wilson")
            below, above = (p - ends.low, ends.high - p)[::sign]
            down, up = down + (share * below) ** 2, up + (share * above) ** 2
            middle += sign * share * p
    assert (value, low, high) == pytest.approx(
        (middle, middle - math.sqrt(down), middle + math.sqrt(up))
    )
    assert rows == 180
    many = conditional_demographic_disparity(*(np.stack([v, v[::-1]]) for v in (a, d, a2, d2)), 0.9)
    assert [v.tolist() for v in many] == [
        [pytest.approx(float(w))] * 2 for w in (value, low, high, 180)
    ]
    nothing = conditional_demographic_disparity([3], [0], [4], [0])
    assert np.isnan(nothing[:3]).all()
    assert nothing[3] == 0


# Power --------------------------------------------------------------------------------------------


def test_power_by_its_formula() -> None:
    """(z + z)²·(p₁q₁ + p₂q₂)/(p₁ - p₂)², rounded up; rates of 0 and 1 may be compared with."""
    cases = (
        (0.3, 0.8, 0.05, 0.8),
        (0.4, 1.2, 0.1, 0.9),
        (0.5, 0.0, 0.05, 0.8),
        (0.5, 2.0, 0.01, 0.5),
    )
    for base, ratio, alpha, chance in cases:
        other = base * ratio
        z = stats.norm.isf(alpha / 2) + stats.norm.ppf(chance)
        wanted = z**2 * (base * (1 - base) + other * (1 - other)) / (base - other) ** 2
        assert power(base, ratio, alpha=alpha, power=chance) == math.ceil(wanted)


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ({"alpha": 0.0}, "[INF011] alpha: a chance lies strictly between 0 and 1"),
        ({"alpha": 1.0}, "[INF011] alpha: a chance lies strictly between 0 and 1"),
        ({"power": 0.0}, "[INF011] power: a chance lies strictly between 0 and 1"),
        ({"power": 1}, "[INF011] power: a chance lies strictly between 0 and 1"),
        ({"alpha": "5 %"}, "[INF011] alpha: not a number in range"),
        ({"power": True}, "[INF011] power: not a number in range"),
        ({"base_rate": None}, "[INF012] base_rate: not a number in range"),
        ({"ratio": 10**400}, "[INF012] ratio: not a number in range"),
        ({"base_rate": 0.0}, "[INF012] base_rate: a rate lies strictly between 0 and 1"),
        ({"base_rate": 1.0}, "[INF012] base_rate: a rate lies strictly between 0 and 1"),
        ({"ratio": 1.0}, "[INF012] ratio: base_rate × ratio = 0.3 is no other rate"),
        ({"ratio": 4.0}, "[INF012] ratio: base_rate × ratio = 1.2 is no other rate"),
        ({"ratio": -0.1}, "[INF012] ratio: base_rate × ratio = -0.03 is no other rate"),
        ({"ratio": math.nan}, "[INF012] ratio: base_rate × ratio = nan is no other rate"),
        ({"ratio": 1 + 1e-7}, "[INF012] ratio: a ratio of 1.0000001 is too close to 1"),
    ],
)
def test_power_names_what_it_refuses(args: dict[str, Any], text: str) -> None:
    """Code, argument and what is wrong with it."""
    with pytest.raises(InputError) as caught:
        power(**{"base_rate": 0.3, "ratio": 0.8, **args})
    assert str(caught.value).startswith(text)
    assert power(0.3, np.float64(0.8)) == 856
    assert power(0.3, 1 + 1e-5) > 10**9


def test_smallest_detectable_solves_the_formula_of_power() -> None:
    """(p - ref)² = z²·(pq/n + ref·(1 - ref)/m), found by search below the reference."""
    z2 = (stats.norm.isf(0.025) + stats.norm.ppf(0.8)) ** 2
    for ref, n, m in ((0.3, 856, 856), (0.5, 200, 900), (0.9, 100, 60)):

        def short(p: float, ref: float = ref, n: int = n, m: int = m) -> float:
            return (ref - p) ** 2 - z2 * (p * (1 - p) / n + ref * (1 - ref) / m)

        wanted = optimize.brentq(short, 0, ref, xtol=1e-14)
        assert smallest_detectable(ref, n, m) == pytest.approx(wanted / ref)
        gap = smallest_detectable(ref, n, m, contrast="difference")
        assert gap == pytest.approx(wanted - ref)
    stricter = smallest_detectable(0.3, 856, 856, alpha=0.01)
    surer = smallest_detectable(0.3, 856, 856, power=0.9)
    assert max(stricter, surer) < smallest_detectable(0.3, 856, 856)
    # a rate of 0 is just seen where ref² = z²·ref·(1 - ref)/m
    ref = 0.2
    edge = z2 * (1 - ref) / ref
    assert smallest_detectable(ref, 50, edge * (1 + 1e-9)) == pytest.approx(0.0, abs=1e-6)
    assert np.isnan(smallest_detectable(ref, 50, edge * (1 - 1e-9)))
    assert np.isnan(smallest_detectable([0.3, 0.3], [0, 10], [10, 0])).all()


def closest(
    rate: float, ref: float, line: float, balance: float, ratio: bool
) -> tuple[float, float]:
    """The likeliest pair on the line, by search."""

    def loss(q: float) -> float:
        p = line * q if ratio else q - line
        return -(rate * math.log(p) + (1 - rate) * math.log1p(-p)
                 + balance * (ref * math.log(q) + (1 - ref) * math.log1p(-q)))  # fmt: skip

    bounds = (
        (1e-9, min(1, 1 / line) - 1e-9) if ratio else (max(line, 0) + 1e-9, min(1, 1 + line) - 1e-9)
    )
    q = float(optimize.minimize_scalar(loss, bounds=bounds, method="bounded",
                                       options={"xatol": 1e-13}).x)  # fmt: skip
    return (line * q if ratio else q - line), q


@pytest.mark.parametrize("contrast", ["ratio", "difference"])
@pytest.mark.parametrize(
    ("rate", "ref", "balance", "level", "chance"),
    [(0.3, 0.3, 1.0, 0.95, 0.8), (0.55, 0.5, 3.0, 0.9, 0.9), (0.8, 0.85, 0.25, 0.95, 0.6)],
)
def test_rows_for_a_pass_by_farrington_and_manning(
    contrast: str, rate: float, ref: float, balance: float, level: float, chance: float
) -> None:
    """(z√V₀ + z√V₁)²/gap², V₀ at the likeliest pair of rates on the line, which is searched for."""
    ratio = contrast == "ratio"
    line = 0.8 if ratio else 0.1
    p, q = closest(rate, ref, line, balance, ratio)
    slope = line if ratio else 1.0
    gap = rate - line * ref if ratio else rate - ref + line
    null = p * (1 - p) + slope**2 * q * (1 - q) / balance
    true = rate * (1 - rate) + slope**2 * ref * (1 - ref) / balance
    z, z_power = stats.norm.ppf((1 + level) / 2), stats.norm.ppf(chance)
    wanted = (z * math.sqrt(null) + z_power * math.sqrt(true)) ** 2 / gap**2
    found = rows_for_pass(rate, ref, line=line, contrast=contrast, balance=balance, level=level,
                          power=chance)  # fmt: skip
    assert found in {math.ceil(wanted * (1 - 1e-5)), math.ceil(wanted * (1 + 1e-5))}


def test_rows_for_a_pass_where_nothing_settles_it() -> None:
    """Within .02 of the line (relative to the reference's rate, for a ratio), or no rate at all."""
    assert rows_for_pass(0.5 * 0.82 + 1e-9, 0.5) is not None
    assert rows_for_pass(0.5 * 0.82 - 1e-9, 0.5) is None
    assert rows_for_pass(0.52 + 1e-9, 0.6, line=0.1, contrast="difference") is not None
    assert rows_for_pass(0.52 - 1e-9, 0.6, line=0.1, contrast="difference") is None
    assert rows_for_pass(0.5, 0.0) is None
    assert rows_for_pass(-0.1, 0.5) is None
    assert rows_for_pass(1.1, 0.5) is None
    assert rows_for_pass(0.5, 1.1) is None
    assert rows_for_pass(0.5, 0.5, balance=0.0) is None
    assert rows_for_pass(0.0, 0.05, line=0.1, contrast="difference") is not None
    assert rows_for_pass(1.0, 1.0) is not None
    assert rows_for_pass(1.0, 0.001, line=0.5, contrast="difference", power=0.1) == 1
    for wrong in ({"level": 1.0}, {"power": 0.0}):
        with pytest.raises(InputError, match="INF011"):
            rows_for_pass(0.5, 0.5, **wrong)


def test_chance_of_a_pass_by_listing_every_pair_of_counts() -> None:
    """scipy's binomials over both groups' counts."""
    for contrast, line, function in (
        ("ratio", 0.8, ratio_interval),
        ("difference", 0.1, difference_interval),
    ):
        x, y = np.arange(31)[:, None], np.arange(41)[None, :]
        low = function(x, 30, y, 40, 0.9)[0]
        inside = low >= (line if contrast == "ratio" else -line)
        wanted = stats.binom.pmf(x, 30, 0.9) * stats.binom.pmf(y, 40, 0.85) * inside
        found = chance_of_pass(0.9, 0.85, 30, 40, line=line, contrast=contrast, level=0.9)
        assert found == pytest.approx(wanted.sum(), abs=1e-8)
    assert chance_of_pass(1.0, 1.0, 300, 300) == 1.0
    assert chance_of_pass(0.0, 1.0, 30, 30) == 0.0


# The bootstrap ------------------------------------------------------------------------------------


def rate(cells: Any) -> Any:
    return cells[..., 0] / cells.sum(axis=-1)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_percentile_limits_are_numpys_quantiles_of_the_draws(level: float) -> None:
    """Linear interpolation among the replicates that `draw` gives with the same seed."""
    table = np.array([[12.0, 28.0], [9.0, 3.0]])
    drawn = rate(draw(table, 500, np.random.default_rng(7)))
    tails = [(1 - level) / 2, (1 + level) / 2]
    wanted = np.quantile(drawn, tails, axis=0)
    found = cell_bootstrap(table, rate, level, 500, 7, method="percentile")
    assert np.array(found) == pytest.approx(wanted)


def test_corrected_limits_by_efrons_formula() -> None:
    """Bias from the share of draws below (ties half), acceleration from leaving out each row."""
    table = np.array([[12.0, 28.0, 10.0]])
    values = np.array([0.0, 1.0, 5.0])

    def spread(cells: Any) -> Any:
        p = cells / cells.sum(axis=-1, keepdims=True)
        return (p @ values**2 - (p @ values) ** 2)[..., 0]

    point = float(spread(table))
    drawn = spread(draw(table, 2000, np.random.default_rng(3)))
    near = np.abs(drawn - point) <= 1e-12 * point
    share = ((drawn < point) & ~near).mean() + near.mean() / 2
    bias = stats.norm.ppf(share)
    rows = np.repeat(np.arange(3), table[0].astype(int))
    left = np.array([spread(table - np.eye(3)[None, k]) for k in rows])
    pull = left.mean() - left
    lean = (pull**3).sum() / (6 * (pull**2).sum() ** 1.5)
    ends = [stats.norm.cdf(bias + (bias + z) / (1 - lean * (bias + z))) for z in (-Z, Z)]
    assert cell_bootstrap(table, spread, seed=3) == pytest.approx(np.quantile(drawn, ends))
    # with weights the acceleration is 0
    squares = table * 2
    drawn = spread(draw(table, 2000, np.random.default_rng(3), squares))
    near = np.abs(drawn - point) <= 1e-12 * point
    bias = stats.norm.ppf(((drawn < point) & ~near).mean() + near.mean() / 2)
    ends = [stats.norm.cdf(2 * bias + z) for z in (-Z, Z)]
    found = cell_bootstrap(table, spread, seed=3, squares=squares)
    assert found == pytest.approx(np.quantile(drawn, ends))


def test_influences_are_centred_within_each_group() -> None:
    """Groups are sampled apart: each one's rows pull around their own mean."""
    table = np.array([[12.0, 28.0], [25.0, 30.0]])

    def ratio(cells: Any) -> Any:
        found = rate(cells)
        return found[..., 0] / found[..., 1]

    drawn = ratio(draw(table, 2000, np.random.default_rng(0)))
    point = float(ratio(table))
    near = np.abs(drawn - point) <= 1e-12 * point
    bias = stats.norm.ppf(((drawn < point) & ~near).mean() + near.mean() / 2)
    pulls = []
    for g in (0, 1):
        left = []
        for k in (0, 1):
            one = table.copy()
            one[g, k] -= 1
            left += [float(ratio(one))] * int(table[g, k])
        pulls += (np.mean(left) - np.array(left)).tolist()
    pull = np.array(pulls)
    lean = (pull**3).sum() / (6 * (pull**2).sum() ** 1.5)
    ends = [stats.norm.cdf(bias + (bias + z) / (1 - lean * (bias + z))) for z in (-Z, Z)]
    assert cell_bootstrap(table, ratio) == pytest.approx(np.quantile(drawn, ends))


def test_nine_in_ten_replicates_must_be_defined() -> None:
    """Of 1, 1 rows a quarter of the draws lacks the first cell; of 3, 1 fewer than one in ten."""

    def first(cells: Any) -> Any:
        return np.where(cells[..., 0, 0] > 0, cells[..., 0, 0], np.nan)

    assert np.isnan(cell_bootstrap([[1, 1]], first)).all()
    low, high = cell_bootstrap([[3, 1]], first)
    assert 1 <= low <= 3 <= high <= 4
    assert np.isnan(cell_bootstrap([[0, 4]], first)).all()  # the statistic itself is undefined


def test_draws_of_a_group_without_rows_and_of_weights() -> None:
    """An empty group stays empty; a cell without weight stays without."""
    generator = np.random.default_rng(0)
    drawn = draw(np.array([[0.0, 0.0], [3.0, 1.0]]), 50, generator)
    assert drawn.shape == (50, 2, 2)
    assert (drawn[:, 0] == 0).all()
    assert (drawn[:, 1].sum(axis=-1) == 4).all()
    drawn = draw(np.array([[0.0, 6.0]]), 50, generator, np.array([[0.0, 12.0]]))
    assert (drawn[..., 0] == 0).all()
    assert (drawn[..., 1] % 2 == 0).all()  # in units of Σw²/Σw
    drawn = draw(np.array([[6.0, 6.0]]), 50, generator, np.array([[0.0, 12.0]]))
    assert (drawn[..., 0] == 0).all()


@pytest.mark.parametrize("cells", [1, 8, 12, 10_000])
def test_replicates_drawn_in_parts_are_those_drawn_at_once(
    cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many cells are held at a time changes no limit; a table larger than that is drawn too."""
    table = [[12, 28], [9, 3]]
    at_once = cell_bootstrap(table, rate, replicates=50)
    monkeypatch.setattr(bootstrap, "CHUNK", cells)
    assert (
        np.array(cell_bootstrap(table, rate, replicates=50)).tolist() == np.array(at_once).tolist()
    )


def test_a_table_too_large_to_leave_out_rows_has_no_acceleration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Then it is taken as 0: bias correction alone."""
    table = np.array([[12.0, 28.0]])
    drawn = rate(draw(table, 2000, np.random.default_rng(0)))
    near = np.abs(drawn - 0.3) <= 1e-12
    bias = stats.norm.ppf(((drawn < 0.3) & ~near).mean() + near.mean() / 2)
    monkeypatch.setattr(bootstrap, "JACKKNIFE", 3)
    wanted = np.quantile(drawn.ravel(), [stats.norm.cdf(2 * bias + z) for z in (-Z, Z)])
    found = cell_bootstrap(table, lambda c: rate(c)[..., 0])
    assert found == pytest.approx(wanted)
    monkeypatch.setattr(bootstrap, "JACKKNIFE", 4)
    assert cell_bootstrap(table, lambda c: rate(c)[..., 0]) != found


def test_what_cannot_be_resampled_is_named() -> None:
    """Code, argument and remedy; one replicate is a replicate."""
    with pytest.raises(InputError, match=r"^\[INF008\] counts: cells are finite counts"):
        cell_bootstrap([[[1.0, 2.0]]], rate)
    with pytest.raises(InputError, match=r"^\[INF009\] replicates: at least one replicate"):
        cell_bootstrap([[1.0, 2.0]], rate, replicates=0)
    assert np.isfinite(cell_bootstrap([[5, 5]], rate, replicates=1)).all()
