"""Areas, amounts and score charts: worked by hand, by definition, or by scipy and numpy."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from audit.errors import InputError
from audit.inference.amounts import nonnegative, quantile_limits, welch_limits
from audit.inference.auc import (
    Area,
    area,
    auc_difference_interval,
    auc_interval,
    kolmogorov_smirnov,
    paired_auc_test,
    unjudged,
)
from audit.inference.curves import calibration_bins, cutoff_sweep, histogram
from audit.inference.intervals import rate_interval, ratio_interval
from audit.inference.mover import mover_difference
from audit.tally.distribution import Distribution

Z = 1.959963984540054


def spread(
    of: Any, outcome: Any = None, weight: Any = None, *, group: str = "f", **changed: Any
) -> Distribution:
    """Exact values; outcome 0 good, 1 bad, 2 unknown (all unless told)."""
    x = np.asarray(of, dtype=float)
    y = np.full(len(x), 2) if outcome is None else np.asarray(outcome)
    w = np.ones(len(x)) if weight is None else np.asarray(weight, dtype=float)
    found, place = np.unique(x, return_inverse=True)
    counts = np.zeros((len(found), 3))
    np.add.at(counts, (place, y), w)
    made = Distribution(
        attribute=("sex",), group=(group,), column="s", higher_is_better=True, values=found,
        counts=counts, rows=len(x), total=float(w.sum()), sum=float(w @ x),
        sum_squares=float(w @ x**2), weight_squared=float(w @ w), missing=0, exact=True,
    )  # fmt: skip
    return replace(made, **changed)


# Areas --------------------------------------------------------------------------------------------


def test_area_of_weighted_rows_by_definition() -> None:
    """Placements weighted; rows are worth (Σw)²/Σw² in all, shared out by weight."""
    x = np.array([1.0, 2, 2, 3, 1, 2, 4])
    good = np.array([0, 0, 1, 0, 1, 1, 0])  # 0 is good
    w = np.array([1.0, 2, 1, 3, 2, 1, 1])
    found = area(spread(x, good, w))
    up, down = good == 0, good == 1
    wins = (np.sign(x[up][:, None] - x[down][None, :]) + 1) / 2
    beats, beaten = wins @ w[down] / w[down].sum(), w[up] @ wins / w[up].sum()
    value = float(w[up] @ beats / w[up].sum())
    design = (w @ w) / w.sum()
    rows, others = w[up].sum() / design, w[down].sum() / design
    v1 = w[up] @ (beats - value) ** 2 / w[up].sum() * rows / (rows - 1)
    v0 = w[down] @ (beaten - value) ** 2 / w[down].sum() * others / (others - 1)
    assert found == pytest.approx((value, v1 / rows + v0 / others, rows, others))
    turned = area(spread(-x, good, w, higher_is_better=False))
    assert turned == pytest.approx(found)


def test_an_area_without_a_class_keeps_its_rows() -> None:
    """nan, with how many rows there were of the other."""
    found = area(spread([1, 2, 3], [0, 0, 2]))
    assert np.isnan(found[:2]).all()
    assert found[2:] == (2.0, 0.0)
    assert area(spread([1, 2, 3], [1, 1, 1]))[2:] == (0.0, 3.0)
    assert np.isnan(area(spread([]))[:2]).all()


def test_reasons_not_to_judge_an_area() -> None:
    """Which class lacks rows, in words; 20 of each are enough; a perfect one has no variance."""
    nan = math.nan
    assert unjudged(Area(nan, nan, 0.0, 5.0)) == "no rows with a favourable outcome"
    assert unjudged(Area(nan, nan, 5.0, 0.0)) == "no rows with an unfavourable outcome"
    assert unjudged(Area(nan, nan, 0.5, 0.0)) == "no rows with an unfavourable outcome"
    assert unjudged(Area(0.7, 0.01, 20.0, 20.0)) is None
    few = "fewer than 20 rows with {} outcome"
    assert unjudged(Area(0.7, 0.01, 19.9, 20.0)) == few.format("a favourable")
    assert unjudged(Area(0.7, 0.01, 20.0, 19.9)) == few.format("an unfavourable")
    for perfect in (Area(1.0, 0.1, 30, 30), Area(0.0, 0.1, 30, 30), Area(0.7, 0.0, 30, 30)):
        assert "completely" in str(unjudged(perfect))
        assert np.isnan(auc_interval(perfect)).all()


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_area_limits_by_hand(level: float) -> None:
    """ln(A/(1 - A)) ± z·√V/(A(1 - A)), turned back; a gap by MOVER from both."""
    z = stats.norm.ppf((1 + level) / 2)

    def limits(a: float, v: float) -> tuple[float, float]:
        odds, half = math.log(a / (1 - a)), z * math.sqrt(v) / (a * (1 - a))
        return 1 / (1 + math.exp(half - odds)), 1 / (1 + math.exp(-half - odds))

    one, other = Area(0.74, 9e-4, 200.0, 100.0), Area(0.8, 4e-4, 400.0, 90.0)
    assert auc_interval(one, level) == pytest.approx(limits(0.74, 9e-4))
    low, high, p = auc_difference_interval(one, other, level)
    wanted = mover_difference(0.74, *limits(0.74, 9e-4), 0.8, *limits(0.8, 4e-4))
    assert (low, high) == pytest.approx((float(wanted[0]), float(wanted[1])))
    assert p == pytest.approx(2 * stats.norm.sf(z * 0.06 / (high + 0.06)))


def test_two_scores_on_the_same_people_at_the_edges() -> None:
    """Two of each outcome are needed; a gap without error is certain; no gap is none."""
    y = [1, 1, 0, 0]
    assert not np.isnan(paired_auc_test(y, [3, 4, 1, 2], [1, 4, 2, 3])[0])
    assert np.isnan(paired_auc_test([1, 0, 0], [3, 1, 2], [1, 2, 3])).all()
    assert np.isnan(paired_auc_test([1, 1, 0], [3, 1, 2], [1, 2, 3])).all()
    assert paired_auc_test(y, [3, 4, 1, 2], [1, 2, 3, 4]) == (1.0, 1.0, 1.0, 0.0)
    assert paired_auc_test(y, [3, 4, 1, 2], [3, 4, 1, 2]) == (0.0, 0.0, 0.0, 1.0)
    low, high = paired_auc_test(y, [3, 4, 1, 2], [1, 4, 2, 3], 0.8)[1:3]
    wide = paired_auc_test(y, [3, 4, 1, 2], [1, 4, 2, 3], 0.95)
    assert (high - low) / (wide[2] - wide[1]) == pytest.approx(stats.norm.ppf(0.9) / Z)


def test_kolmogorov_smirnov_of_replicates_and_unknown_outcomes() -> None:
    """Leading axes stay; unknown outcomes are passed over; nan without one of the classes."""
    counts = np.array([[1.0, 3, 9], [1, 1, 0], [3, 1, 7]])
    assert kolmogorov_smirnov(counts) == pytest.approx(0.4)
    found = kolmogorov_smirnov(np.stack([counts, counts[::-1], counts * [1, 0, 1]]))
    assert found[:2] == pytest.approx([0.4, 0.4])
    assert np.isnan(found[2])


# Amounts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("rows", [1, 2, 5, 12, 40, 137])
def test_order_statistics_are_scipys(rows: int, share: float) -> None:
    """`quantile_test`'s limits, where it has any; else infinite."""
    x = np.arange(rows) * 1.0
    for level in (0.8, 0.95):
        low, high, method = quantile_limits(spread(x), share, level)
        theirs = stats.quantile_test(x, p=share).confidence_interval(level)
        assert low == (theirs.low if theirs.low == theirs.low else -math.inf)
        assert high == (theirs.high if theirs.high == theirs.high else math.inf)
        assert method == "order statistics"


def test_quantile_limits_of_bins_are_their_outer_edges() -> None:
    """The bins that the exact limits fall in; the method says how many bins there are."""
    x = np.arange(40) * 1.0
    low, high, _ = quantile_limits(spread(x), 0.5, 0.95)
    counts = np.zeros((8, 3))
    counts[:, 2] = 5.0
    edges = tuple(float(v) for v in range(0, 41, 5))
    binned = spread(x, values=np.arange(8) * 5 + 2.5, counts=counts, exact=False, edges=edges)
    found = quantile_limits(binned, 0.5, 0.95)
    assert found == (5.0 * (low // 5), 5.0 * (high // 5 + 1), "order statistics, 8 bins")
    for place, ends in ((0, (0.0, 5.0)), (7, (35.0, 40.0))):  # all in the first, or the last bin
        held = np.zeros((8, 3))
        held[place, 2] = 40.0
        assert quantile_limits(replace(binned, counts=held), 0.5, 0.95)[:2] == ends
    low, high, method = quantile_limits(spread([]), 0.5, 0.95)
    assert math.isnan(low)
    assert math.isnan(high)
    assert method == "order statistics"


def test_woodruffs_limits_by_hand() -> None:
    """Weights 2, 1, 1, 4, 2: the values at which share ± z√(share(1-share)Σw²)/Σw is reached."""
    x, w = np.array([1.0, 2, 3, 4, 5]), np.array([2.0, 1, 1, 4, 2])
    d = spread(x, None, w)
    half = stats.norm.ppf(0.6) * math.sqrt(0.25 * 26) / 10
    assert 0.4 < 0.5 - half < 0.5 < 0.5 + half < 0.6
    # reached: 2, 3, 4, 8, 10 of 10
    assert quantile_limits(d, 0.5, 0.2) == (4.0, 4.0, "Woodruff, effective rows")
    half = stats.norm.ppf(0.9) * math.sqrt(0.25 * 26) / 10
    assert 0.1 < 0.5 - half < 0.2
    assert 0.8 < 0.5 + half < 1.0
    assert quantile_limits(d, 0.5, 0.8)[:2] == (1.0, 5.0)
    assert quantile_limits(d, 0.5, 0.99)[:2] == (-math.inf, math.inf)
    # equal weights other than 1 are weights, not rows
    assert quantile_limits(spread(x, None, [3.0] * 5), 0.5, 0.5)[2].startswith("Woodruff")


def test_welch_is_scipys() -> None:
    """Limits and p of `ttest_ind(equal_var=False)`; bins by their sums; nan below two rows."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(1e6, 3, 12), rng.normal(1e6 + 2, 1, 7)
    for level in (0.9, 0.95):
        theirs = stats.ttest_ind(x, y, equal_var=False)
        ends = theirs.confidence_interval(level)
        found = welch_limits(spread(x), spread(y), level)
        assert found == pytest.approx((ends.low, ends.high, theirs.pvalue), rel=1e-6)
    x, y = x - 1e6, y - 1e6
    theirs = stats.ttest_ind(x, y, equal_var=False)
    ends = theirs.confidence_interval(0.95)
    binned = [spread(v, exact=False, values=np.zeros(len(v))) for v in (x, y)]
    assert welch_limits(*binned, 0.95) == pytest.approx((ends.low, ends.high, theirs.pvalue))
    two = welch_limits(spread(x[:2]), spread(y[:2]), 0.95)
    ends = stats.ttest_ind(x[:2], y[:2], equal_var=False).confidence_interval(0.95)
    assert two[:2] == pytest.approx((ends.low, ends.high))
    for pair in ((x[:1], y), (x, y[:1]), (np.full(4, 2.0), np.full(4, 3.0))):
        assert np.isnan(welch_limits(spread(pair[0]), spread(pair[1]), 0.95)).all()
    # one group that does not vary leaves the other's error
    found = welch_limits(spread(x), spread([1.0, 1.0]), 0.95)
    error = math.sqrt(x.var(ddof=1) / 12)
    assert found[1] - found[0] == pytest.approx(2 * stats.t.ppf(0.975, 11) * error)


def test_welch_of_weights_uses_effective_rows() -> None:
    """n = (Σw)²/Σw², variance Σw(x - mean)²/Σw · n/(n - 1)."""
    x, w = np.array([1.0, 2, 4, 8]), np.array([1.0, 2, 2, 1])
    y = np.array([1.0, 1, 3])
    n = 36 / 10
    mean = w @ x / 6
    v = w @ (x - mean) ** 2 / 6 * n / (n - 1)
    e1, e2 = v / n, y.var(ddof=1) / 3
    freedom = (e1 + e2) ** 2 / (e1**2 / (n - 1) + e2**2 / 2)
    half = stats.t.ppf(0.975, freedom) * math.sqrt(e1 + e2)
    low, high, p = welch_limits(spread(x, None, w), spread(y), 0.95)
    gap = mean - y.mean()
    assert (low, high) == pytest.approx((gap - half, gap + half))
    assert p == pytest.approx(2 * stats.t.sf(abs(gap) / math.sqrt(e1 + e2), freedom))


def test_welch_knows_no_origin() -> None:
    """A billion more on every value moves neither the limits nor p: no digit is lost."""
    x, y = np.array([1.0, 4, 2, 8, 5]), np.array([2.0, 2, 3, 9])
    here = welch_limits(spread(x), spread(y), 0.95)
    there = welch_limits(spread(x + 2.0**30), spread(y + 2.0**30), 0.95)
    assert there == pytest.approx(here, rel=1e-12)


def test_a_ratio_of_means_needs_values_from_0_on() -> None:
    """0 is allowed; a value that no row has, or a bin's lower edge, decides as it should."""
    assert nonnegative(spread([0.0, 1.0]))
    assert not nonnegative(spread([-1e-9, 1.0]))
    assert nonnegative(spread([]))
    unused = spread([-1.0, 1.0], None, [0.0, 1.0])
    assert nonnegative(unused)
    binned = spread([1.0], exact=False, edges=(0.0, 2.0))
    assert nonnegative(binned)
    assert not nonnegative(replace(binned, edges=(-1.0, 2.0)))


# Charts -------------------------------------------------------------------------------------------


def test_histograms_by_hand() -> None:
    """Equal steps over what somebody has; all of one value stand in the middle of one step."""
    one, other = spread([0, 1, 2, 4]), spread([2, 3, 4, 4], group="m")
    found = histogram([one, other], bins=4)
    assert found["edges"] == [0, 1, 2, 3, 4]
    assert [g["shares"] for g in found["groups"]] == [[0.25, 0.25, 0.25, 0.25], [0, 0, 0.25, 0.75]]
    assert [g["rows"] for g in found["groups"]] == [4, 4]
    assert histogram([spread([5, 5])], bins=1)["edges"] == [4.5, 5.5]
    unused = spread([-9.0, 0, 1, 2, 4, 9], None, [0, 1, 1, 1, 1, 0])
    assert histogram([unused, other], bins=4)["edges"] == [0, 1, 2, 3, 4]
    empty = histogram([spread([])], bins=2)
    assert (empty["edges"], empty["groups"][0]["shares"]) == ([0.0, 0.5, 1.0], [0.0, 0.0])
    for call, name in ((histogram, "bins"), (calibration_bins, "bins")):
        with pytest.raises(InputError, match=rf"^\[INF013\] {name}: at least one bin"):
            call([one], bins=0)
        with pytest.raises(InputError, match=r"^\[INF013\] distributions: no distributions"):
            call([], bins=2)
    with pytest.raises(InputError, match=r"^\[INF013\] points: at least one bin"):
        cutoff_sweep([one, other], 0, points=0)


def binned(held: list[float], edges: tuple[float, ...], group: str = "f") -> Distribution:
    counts = np.zeros((len(held), 3))
    counts[:, 2] = held
    middle = (np.array(edges[:-1]) + np.array(edges[1:])) / 2
    return spread(
        [0.0] * int(sum(held)), values=middle, counts=counts, exact=False, edges=edges, group=group
    )


@pytest.mark.parametrize(
    ("bins", "edges", "shares"),
    [
        (64, [1, 2, 3, 4, 5], [0.125, 0.25, 0.5, 0.125]),
        (4, [1, 2, 3, 4, 5], [0.125, 0.25, 0.5, 0.125]),
        (3, [1, 3, 5], [0.375, 0.625]),
        (2, [1, 3, 5], [0.375, 0.625]),
        (1, [1, 5], [1.0]),
    ],
)
def test_bins_are_joined_at_their_own_edges_by_hand(
    bins: int, edges: list[float], shares: list[float]
) -> None:
    """Rows in [1, 5) of [0, 8]: empty ends are cut off, steps are whole bins."""
    d = binned([0, 1, 2, 4, 1, 0, 0, 0], tuple(float(v) for v in range(9)))
    found = histogram([d], bins=bins)
    assert found["edges"] == edges
    assert found["groups"][0]["shares"] == shares


def test_bins_that_are_filled_from_the_first_on() -> None:
    """Every bin has rows: the tally's own edges; exact values beside bins are cut afresh."""
    edges = tuple(float(v) for v in range(5))
    d = binned([1, 2, 3, 4], edges)
    found = histogram([d], bins=9)
    assert (found["edges"], found["groups"][0]["shares"]) == (list(edges), [0.1, 0.2, 0.3, 0.4])
    mixed = histogram([d, spread([0.5, 3.5], group="m")], bins=2)
    assert mixed["edges"] == [0.5, 2.0, 3.5]
    assert [g["shares"] for g in mixed["groups"]] == [pytest.approx([0.3, 0.7]), [0.5, 0.5]]


def test_how_fine_charts_are_unless_told() -> None:
    """64 bars, 10 calibration bins, 64 cut-offs."""
    x = np.arange(1000.0)
    y = np.arange(1000) % 2
    one, other = spread(x, y), spread(x, y, group="m")
    assert len(histogram([one])["groups"][0]["shares"]) == 64
    assert [b["rows"] for b in calibration_bins([one])["groups"][0]["bins"]] == [100] * 10
    assert len(cutoff_sweep([one, other], 0)[0]["points"]) == 64


def test_a_last_step_may_reach_past_the_rows() -> None:
    """Three bins in steps of two end at an edge of the tally, or at its last one."""
    edges = tuple(float(v) for v in range(6))
    found = histogram([binned([0, 1, 1, 2, 0], edges)], bins=2)
    assert (found["edges"], found["groups"][0]["shares"]) == ([1, 3, 5], [0.5, 0.5])
    found = histogram([binned([0, 0, 1, 1, 2], edges)], bins=2)
    assert (found["edges"], found["groups"][0]["shares"]) == ([2, 4, 5], [0.5, 0.5])


def test_calibration_by_hand() -> None:
    """Six people with an outcome in three bins of two; unknown ones count nowhere."""
    x, y = [1, 1, 2, 3, 4, 5, 9, 3], [0, 1, 1, 0, 0, 0, 2, 2]
    (group,) = calibration_bins([spread(x, y)], bins=3)["groups"]
    assert group["group"] == ["f"]
    assert [(b["low"], b["high"], b["mean"], b["rate"], b["rows"]) for b in group["bins"]] == [
        (1, 1, 1.0, 0.5, 2), (2, 3, 2.5, 0.5, 2), (4, 5, 4.5, 1.0, 2),
    ]  # fmt: skip
    for b, part in zip(group["bins"], (1, 1, 2), strict=True):
        wanted = rate_interval(part, 2)
        assert (b["rate_low"], b["rate_high"]) == pytest.approx((wanted[0], wanted[1]))
    risk = spread(x, y, higher_is_better=False)
    rates = [b["rate"] for b in calibration_bins([risk], bins=3)["groups"][0]["bins"]]
    assert rates == [0.5, 0.5, 0.0]


def test_many_people_of_the_last_score_are_people_too() -> None:
    """Of six people four share the last score, so the first half ends before it."""
    (group,) = calibration_bins([spread([1, 2, 3, 3, 3, 3], [0, 1, 0, 1, 0, 1])], bins=2)["groups"]
    assert [(b["low"], b["high"], b["rows"]) for b in group["bins"]] == [(1, 2, 2), (3, 3, 4)]


def test_calibration_with_weights_uses_effective_rows() -> None:
    """Weights 2: rates as without, limits of (Σw)²/Σw² rows, rows by their average weight."""
    x, y = np.repeat([1.0, 2.0], 20), np.array([0] * 5 + [1] * 15 + [0] * 10 + [1] * 10)
    plain = calibration_bins([spread(x, y)], bins=2)
    assert calibration_bins([spread(x, y, [2.0] * 40)], bins=2) == plain
    w = np.where(y == 0, 3.0, 1.0)
    (group,) = calibration_bins([spread(x, y, w)], bins=2)["groups"]
    scale = w.sum() / (w @ w)
    for b, good, total in zip(group["bins"], (15, 30), (30, 40), strict=True):
        assert b["rate"] == pytest.approx(good / total)
        wanted = rate_interval(good * scale, total * scale)
        assert (b["rate_low"], b["rate_high"]) == pytest.approx((wanted[0], wanted[1]))
        assert b["rows"] == round(total * 40 / 70)
    both = calibration_bins([spread(x, y), spread([], group="m")], bins=2)["groups"]
    assert [g["bins"] for g in both][1] == []
    assert calibration_bins([spread([1, 2])], bins=2)["groups"][0]["bins"] == []


def test_calibration_bins_are_common_to_all_groups() -> None:
    """Cuts come from everyone; a group keeps the bins in which it has outcomes."""
    one, other = spread([1, 2, 3, 4], [0, 1, 0, 1]), spread([3, 4, 5, 6], [0, 0, 1, 0], group="m")
    first, second = (g["bins"] for g in calibration_bins([one, other], bins=2)["groups"])
    assert [(b["low"], b["high"], b["rows"]) for b in first] == [(1, 3, 3), (4, 4, 1)]
    assert [(b["low"], b["high"], b["rows"]) for b in second] == [(3, 3, 1), (4, 6, 3)]


def test_a_sweep_by_hand() -> None:
    """Approval at or above each score; at or below a risk; the reference's zero has no ratio."""
    one, other = spread([1, 2, 3, 4]), spread([2, 3, 3, 5], group="m")
    (swept,) = cutoff_sweep([one, other], 1)
    assert (swept["attribute"], swept["group"], swept["reference"]) == (["sex"], ["f"], ["m"])
    rows = [
        (p["cutoff"], p["rate"], p["reference_rate"], p["approval_rate"]) for p in swept["points"]
    ]
    assert rows == [(1, 1, 1, 1), (2, 0.75, 1, 0.875), (3, 0.5, 0.75, 0.625), (4, 0.25, 0.25, 0.25),
                    (5, 0, 0.25, 0.125)]  # fmt: skip
    for p, (a, b) in zip(swept["points"], ((4, 4), (3, 4), (2, 3), (1, 1), (0, 1)), strict=True):
        assert p["ratio"] == pytest.approx(a / b)
        wanted = ratio_interval(a, 4, b, 4)
        assert (p["low"], p["high"]) == pytest.approx((wanted[0], wanted[1]))
    (turned,) = cutoff_sweep(
        [replace(d, higher_is_better=False) for d in (one, other)], -1, level=0.9
    )
    assert [p["rate"] for p in turned["points"]] == [0, 0.25, 0.5, 0.75, 1]
    assert [p["reference_rate"] for p in turned["points"]] == [0, 0, 0.25, 0.75, 0.75]
    assert np.isnan([p["ratio"] for p in turned["points"][:2]]).all()
    wanted = ratio_interval(3, 4, 3, 4, 0.9)
    found = turned["points"][3]
    assert (found["low"], found["high"]) == pytest.approx((wanted[0], wanted[1]))
    for index in (2, -3):
        with pytest.raises(InputError, match=r"^\[INF013\] reference_index: no such group"):
            cutoff_sweep([one, other], index)
    assert len(cutoff_sweep([one, other, spread([1], group="x")], 0)) == 2


def test_a_sweep_with_weights_uses_effective_rows() -> None:
    """Rates by weight, limits of as many rows as the weights are worth."""
    one = spread([1, 2, 3], None, [1.0, 2, 3])
    other = spread([1, 2, 3], None, [2.0, 2, 2], group="m")
    points = cutoff_sweep([one, other], 1)[0]["points"]
    scale = 6 / 14
    for p, a, b in zip(points, (6, 5, 3), (3, 2, 1), strict=True):
        wanted = ratio_interval(a * scale, 6 * scale, b, 3)
        assert (p["rate"], p["reference_rate"]) == pytest.approx((a / 6, b / 3))
        assert (p["low"], p["high"]) == pytest.approx((wanted[0], wanted[1]))


def test_cutoffs_are_spread_evenly_over_people() -> None:
    """Of ten people and three points: the first, the sixth and the last; a value once."""
    one = spread([1, 2, 3, 4, 5]), spread([6, 7, 8, 9, 10], group="m")
    assert [p["cutoff"] for p in cutoff_sweep(one, 1, points=3)[0]["points"]] == [1, 5, 10]
    assert [p["cutoff"] for p in cutoff_sweep(one, 1, points=10)[0]["points"]] == list(range(1, 11))
    assert len(cutoff_sweep(one, 1, points=9)[0]["points"]) == 9
    many = spread([1] * 8 + [2, 3]), spread([3], group="m")
    assert [p["cutoff"] for p in cutoff_sweep(many, 1, points=2)[0]["points"]] == [1, 3]
    edges = (0.0, 1.0, 2.0, 3.0)
    held = binned([2, 0, 1], edges), binned([1, 0, 1], edges, "m")
    points = cutoff_sweep(held, 1)[0]["points"]
    assert [(p["cutoff"], p["rate"]) for p in points] == [(0.0, 1.0), (2.0, pytest.approx(1 / 3))]
