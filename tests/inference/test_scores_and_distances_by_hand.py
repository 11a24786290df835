"""Estimates of scores, of repeated applicants' means, of distances and of decision levels."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from tallies import table_of, tally_of

import audit
from audit.inference import by_score
from audit.inference.amounts import quantile_limits, welch_limits
from audit.inference.auc import area, auc_difference_interval, auc_interval
from audit.inference.bootstrap import cell_bootstrap
from audit.inference.by_blocks import (
    ONE_BLOCK,
    clustered,
    clustered_difference,
    clustered_mean,
    clustered_ratio,
)
from audit.inference.by_group import JACKKNIFE, SELECTIVE
from audit.inference.by_score import score_estimates
from audit.inference.clusters import block_jackknife, jackknife
from audit.inference.distances import EMPTY
from audit.inference.estimate import Estimate
from audit.inference.measure import measure
from audit.inference.mover import interval_p_value, mover_difference, mover_ratio
from audit.inference.reference import references
from audit.inference.stack import main_stacks
from audit.inference.standardized import standardized_difference
from audit.metrics.catalogue import CATALOGUE
from audit.metrics.contrasts import compare
from audit.tally.distribution import Distribution

# Scores -------------------------------------------------------------------------------------------


def scored(group: Any, seed: int, size: int = 60, weight: Any = None) -> Distribution:
    rng = np.random.default_rng(seed)
    x = rng.integers(1, 20, size) / 20
    y = (rng.random(size) > x).astype(int)  # 0 is good
    w = np.ones(size) if weight is None else rng.integers(1, 4, size) * 1.0
    values, place = np.unique(x, return_inverse=True)
    counts = np.zeros((len(values), 3))
    np.add.at(counts, (place, y), w)
    return Distribution(
        attribute=("sex",), group=(group,), column="score", higher_is_better=True, values=values,
        counts=counts, rows=size, total=float(w.sum()), sum=float(w @ x),
        sum_squares=float(w @ x**2), weight_squared=float(w @ w), missing=0, exact=True,
    )  # fmt: skip


WOMEN, MEN = scored("f", 1), scored("m", 2, 90)


def estimated(
    keys: list[str], *parts: Distribution, level: float = 0.95, **told: Any
) -> dict[Any, Estimate]:
    metrics = [CATALOGUE[k] for k in keys]
    found = score_estimates(
        parts or (WOMEN, MEN), {("sex",): ("m",)}, metrics,
        **{"level": level, "selective": False, "seed": 0, **told},
    )  # fmt: skip
    return {(e.metric, e.group): e for e in found}


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_scores_of_one_group_have_the_limits_of_their_kind(level: float) -> None:
    """AUC by DeLong, means and Brier by Student, quantiles by order statistics."""
    keys = ["auc", "mean_score", "brier", "score_median", "auc_difference"]
    found = estimated(keys, level=level)
    e = found["auc", ("f",)]
    assert (e.low, e.high) == pytest.approx(auc_interval(area(WOMEN), level))
    assert (e.method, e.rows, e.reason, e.column) == (
        "DeLong on the logit scale",
        60,
        None,
        "score",
    )
    x = np.repeat(WOMEN.values, WOMEN.counts.sum(axis=1).astype(int))
    half = stats.t.ppf((1 + level) / 2, 59) * x.std(ddof=1) / math.sqrt(60)
    e = found["mean_score", ("f",)]
    assert (e.low, e.high) == pytest.approx((x.mean() - half, x.mean() + half))
    good = np.repeat((1 - WOMEN.values) ** 2, WOMEN.counts[:, 0].astype(int))
    losses = np.append(good, np.repeat(WOMEN.values**2, WOMEN.counts[:, 1].astype(int)))
    half = stats.t.ppf((1 + level) / 2, 59) * losses.std(ddof=1) / math.sqrt(60)
    e = found["brier", ("f",)]
    assert (e.low, e.high) == pytest.approx((losses.mean() - half, losses.mean() + half))
    assert (e.value, e.method) == (pytest.approx(losses.mean()), "t")
    e = found["score_median", ("f",)]
    assert (e.low, e.high, e.method) == quantile_limits(WOMEN, 0.5, level)
    assert ("auc_difference", ("m",)) not in found  # the reference is compared with nobody
    e = found["auc_difference", ("f",)]
    assert (e.low, e.high, e.p_value) == pytest.approx(
        auc_difference_interval(area(WOMEN), area(MEN), level)
    )
    assert (e.reference, e.reference_rows, e.reference_value) == (
        ("m",), 90, pytest.approx(area(MEN).value),
    )  # fmt: skip


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_gaps_of_scores_have_the_limits_of_their_kind(level: float) -> None:
    """Welch for means, Hedges & Olkin for the standardised one, MOVER for the rest, with p."""
    keys = ["mean_score_difference", "standardized_mean_difference", "score_median_difference",
            "mean_score_ratio", "brier_difference", "brier_ratio", "mean_score", "score_median",
            "brier"]  # fmt: skip
    found = estimated(keys, level=level)
    e = found["mean_score_difference", ("f",)]
    assert (e.low, e.high, e.p_value) == pytest.approx(welch_limits(WOMEN, MEN, level))
    wanted = standardized_difference(
        60, WOMEN.sum, WOMEN.sum_squares, 90, MEN.sum, MEN.sum_squares, level=level
    )
    e = found["standardized_mean_difference", ("f",)]
    assert (e.value, e.low, e.high, e.p_value) == pytest.approx([float(v) for v in wanted])

    def sides(key: str) -> list[float]:
        one, other = found[key, ("f",)], found[key, ("m",)]
        return [one.value, one.low, one.high, other.value, other.low, other.high]

    e = found["score_median_difference", ("f",)]
    low, high = mover_difference(*sides("score_median"))
    assert (e.low, e.high) == pytest.approx((float(low), float(high)))
    assert e.p_value == pytest.approx(float(interval_p_value(e.value, low, high, 0.0, level)))
    e = found["mean_score_ratio", ("f",)]
    low, high = mover_ratio(*sides("mean_score"))
    assert (e.low, e.high) == pytest.approx((float(low), float(high)))
    logs = (math.log(v) for v in (e.value, low, high))
    assert e.p_value == pytest.approx(float(interval_p_value(*logs, 0.0, level)))
    for key, function in (("brier_difference", mover_difference), ("brier_ratio", mover_ratio)):
        e = found[key, ("f",)]
        low, high = function(*sides("brier"))
        assert (e.low, e.high) == pytest.approx((float(low), float(high)))
        assert (e.method, math.isnan(e.p_value)) == ("MOVER of t", True)


def test_limits_below_0_stay_where_a_value_may_be_below_0() -> None:
    """A calibration intercept may be negative, and so may a quantile of scores below 0."""
    keys = ["calibration_intercept", "calibration_intercept_difference", "score_median",
            "score_median_difference"]  # fmt: skip
    low = replace(WOMEN, values=WOMEN.values - 0.5, sum=WOMEN.sum - 30)
    for parts, names in (((WOMEN, MEN), keys[:2]), ((low, MEN), keys[2:])):
        found = estimated(names, *parts)
        one, other = (found[names[0], (g,)] for g in "fm")
        assert min(one.low, other.low) < 0
        wanted = mover_difference(one.value, one.low, one.high, other.value, other.low, other.high)
        e = found[names[1], ("f",)]
        assert (e.low, e.high) == pytest.approx((float(wanted[0]), float(wanted[1])))


def test_a_standardized_difference_needs_two_rows_a_side_and_any_spread_at_all() -> None:
    """2 rows v 2 by hand; 1 row has none; a thousandth of the scale gives the same d."""
    x, y = np.array([1.0, 3.0]), np.array([2.0, 6.0])
    s = math.sqrt((2 + 8) / 2)
    error = math.sqrt(1 + (2 / s) ** 2 / 8)

    def sums(v: np.ndarray) -> tuple[int, float, float]:
        return len(v), float(v.sum()), float(v @ v)

    for scale in (1.0, 1e-3, 1e4):
        found = standardized_difference(*sums(x * scale), *sums(y * scale))
        wanted = (-2 / s, -2 / s - 1.959963984540054 * error, -2 / s + 1.959963984540054 * error)
        assert found[:3] == pytest.approx(wanted)
    assert np.isnan(standardized_difference(*sums(x[:1]), *sums(y))).all()
    assert np.isnan(standardized_difference(*sums(x), *sums(y[:1]))).all()
    same = np.array([0.1, 0.1, 0.1])
    assert np.isnan(standardized_difference(*sums(same), *sums(same * 2))).all()


def test_weighted_scores_use_effective_rows() -> None:
    """(Σw)²/Σw² rows: in means, in standardised gaps and in resampling."""
    women, men = scored("f", 3, weight=1), scored("m", 4, 90, weight=1)
    found = estimated(["mean_score", "standardized_mean_difference", "ks"], women, men)
    n = women.total**2 / women.weight_squared
    w = women.by_value
    mean = women.sum / women.total
    variance = (w @ (women.values - mean) ** 2 / w.sum()) * n / (n - 1)
    half = stats.t.ppf(0.975, n - 1) * math.sqrt(variance / n)
    e = found["mean_score", ("f",)]
    assert (e.low, e.high) == pytest.approx((mean - half, mean + half))
    other = men.total**2 / men.weight_squared
    wanted = standardized_difference(
        women.total, women.sum, women.sum_squares, men.total, men.sum, men.sum_squares,
        n=n, n_ref=other,
    )  # fmt: skip
    e = found["standardized_mean_difference", ("f",)]
    assert (e.low, e.high) == pytest.approx((float(wanted[1]), float(wanted[2])))
    of_scores = CATALOGUE["ks"].rates[0].of_scores
    assert of_scores is not None
    shape = women.counts.shape
    low, high = cell_bootstrap(
        women.counts.reshape(1, -1),
        lambda c: of_scores(replace(women, counts=c.reshape(*c.shape[:-2], *shape))),
        0.95, by_score.REPLICATES, 0,
        squares=(women.counts * (women.weight_squared / women.total)).reshape(1, -1),
    )  # fmt: skip
    e = found["ks", ("f",)]
    assert (e.low, e.high) == pytest.approx((min(float(low), e.value), max(float(high), e.value)))
    assert e.method == "cell bootstrap"


def test_scores_that_cannot_be_estimated_have_reasons() -> None:
    """Selective labels, no rows on either side, a class too small, amounts, values below 0."""
    keys = [
        "auc",
        "brier",
        "mean_score",
        "auc_difference",
        "mean_score_difference",
        "ks_difference",
    ]
    hidden = estimated(keys, selective=True)
    for key in ("auc", "auc_difference", "ks_difference"):
        e = hidden[key, ("f",)]
        assert (e.reason, e.method, math.isnan(e.value)) == (SELECTIVE, "bounds", True)
    assert hidden["brier", ("f",)].reason is None
    assert hidden["mean_score_difference", ("f",)].reason is None
    assert set(estimated(keys, amount=True)) == {
        ("mean_score", ("f",)), ("mean_score", ("m",)), ("mean_score_difference", ("f",)),
    }  # fmt: skip
    empty = replace(WOMEN, counts=WOMEN.counts * 0, rows=0, total=0.0, sum=0.0, sum_squares=0.0,
                    weight_squared=0.0)  # fmt: skip
    found = estimated(keys, empty, MEN)
    for key in keys:
        assert (found[key, ("f",)].reason, found[key, ("f",)].rows) == ("no rows with a value", 0)
    assert found["auc_difference", ("f",)].reference_value == pytest.approx(area(MEN).value)
    turned = estimated(keys, WOMEN, replace(empty, group=("m",)))
    e = turned["mean_score_difference", ("f",)]
    assert (e.reason, math.isnan(e.reference_value)) == ("no rows with a value", True)
    good = replace(WOMEN, counts=WOMEN.counts[:, [0, 2, 1]])
    assert estimated(["auc_difference"], good, MEN)["auc_difference", ("f",)].reason == (
        "no unfavourable outcome"
    )
    few = scored("f", 5, 24)
    e = estimated(["auc_difference"], few, MEN)["auc_difference", ("f",)]
    assert str(e.reason).startswith("fewer than 20 rows with")
    assert math.isnan(e.low)
    below = replace(WOMEN, values=WOMEN.values - 0.5, sum=WOMEN.sum - 30)
    e = estimated(["mean_score_ratio"], below, MEN)["mean_score_ratio", ("f",)]
    assert (math.isnan(e.value), e.reason) == (True, "values below 0 have no ratio of means")
    alone = score_estimates([WOMEN], {}, [CATALOGUE["auc_difference"]], level=0.95,
                            selective=False, seed=0)  # fmt: skip
    assert len(alone) == 0


def test_many_values_are_resampled_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """In threads or one after the other: the same numbers."""
    one = estimated(["ks", "auc", "ks_difference"])
    monkeypatch.setattr(by_score, "PARALLEL", 1)
    assert estimated(["ks", "auc", "ks_difference"]) == one


# Repeated applicants' means -----------------------------------------------------------------------

OWN = np.array([[2.0, 1, 1], [2, 3, 5], [2, 1.5, 2], [0, 0, 0], [0, 0, 0], [1, 0, 0], [0, 0, 0]])
OTHER = np.array([[1.0, 2, 4], [0, 0, 0], [3, 2.5, 3], [2, 5, 13], [1, 0, 0], [0, 0, 0], [0, 0, 0]])
"""Σw, Σw·x and Σw·x² by block: seven rows each, and a block that holds nobody."""


def plain(found: Any) -> list[float]:
    return [float(v) for v in found]


def left(sums: np.ndarray, blocks: list[int]) -> np.ndarray:
    return np.array([sums.sum(axis=0) - sums[b] for b in blocks])


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_means_are_jackknifed_from_sums_by_block(level: float) -> None:
    """Four blocks hold women, six hold somebody: each left out in turn."""
    one, six = left(OWN, [0, 1, 2, 5]), [0, 1, 2, 3, 4, 5]
    value = 6 / 7
    assert plain(clustered_mean(OWN, value, level)) == pytest.approx(
        plain(jackknife(one[:, 1] / one[:, 0], value, level))
    )
    one, other = left(OWN, six), left(OTHER, six)
    gap = one[:, 1] / one[:, 0] - other[:, 1] / other[:, 0]
    value = 6 / 7 - 9.5 / 7
    assert plain(clustered_difference(OWN, OTHER, value, level)) == pytest.approx(
        plain(jackknife(gap, value, level))
    )
    inside = sum(t[:, 2] - t[:, 1] ** 2 / t[:, 0] for t in (one, other))
    scaled = gap / np.sqrt(inside / (one[:, 0] + other[:, 0]))
    found = clustered_difference(OWN, OTHER, -0.4, level, standardized=True)
    assert plain(found) == pytest.approx(plain(jackknife(scaled, -0.4, level)))
    logs = np.log((5 + one[:, 1] / one[:, 0]) / (5 + other[:, 1] / other[:, 0]))
    wanted = jackknife(logs, math.log(0.9), level)
    found = clustered_ratio(OWN, OTHER, 5.0, 0.9, level)
    assert plain(found) == pytest.approx(
        [math.exp(wanted.low), math.exp(wanted.high), float(wanted.p_value), 5]
    )
    for function in (clustered_difference, lambda a, b, v, w: clustered_ratio(a, b, 5.0, v, w)):
        turned = function(OTHER, OWN, 1.0, level)
        assert turned.df == 5


def test_estimates_take_their_jackknife() -> None:
    """Means and their contrasts; quantiles lose their limits; the rest stays as it is."""
    sums = {(("sex",), ("f",)): OWN, (("sex",), ("m",)): OTHER}

    def estimate(metric: str, value: float = 0.5, **more: Any) -> Estimate:
        return Estimate(metric=metric, attribute=("sex",), group=("f",), reference=("m",),
                        value=value, low=0.1, high=0.9, p_value=0.3, method="t", level=0.9,
                        **more)  # fmt: skip

    e = clustered(estimate("mean_score"), sums)
    wanted = clustered_mean(OWN, 0.5, 0.9)
    assert (e.low, e.high, e.method) == (float(wanted.low), float(wanted.high), JACKKNIFE)
    assert math.isnan(e.p_value)
    for key, standardized in (
        ("mean_score_difference", False), ("standardized_mean_difference", True),
    ):  # fmt: skip
        e = clustered(estimate(key), sums)
        wanted = clustered_difference(OWN, OTHER, 0.5, 0.9, standardized=standardized)
        assert (e.low, e.high, e.p_value) == tuple(float(v) for v in wanted[:3])
        assert (e.method, e.reason) == (JACKKNIFE, None)
    e = clustered(estimate("mean_score_ratio", reference_value=6.0), sums)
    wanted = clustered_ratio(OWN, OTHER, 6.0 - OTHER[:, 1].sum() / 7, 0.5, 0.9)
    assert (e.low, e.high, e.p_value) == pytest.approx(tuple(float(v) for v in wanted[:3]))
    for key in ("score_median", "score_median_difference"):
        e = clustered(estimate(key), sums)
        assert np.isnan([e.low, e.high, e.p_value]).all()
        assert (e.value, e.method) == (0.5, "")
        assert "applicants repeat" in str(e.reason)
    kept = estimate("auc")
    assert clustered(kept, sums) is kept
    assert clustered(kept, None) is kept
    elsewhere = replace(estimate("mean_score"), group=("x",))
    assert clustered(elsewhere, sums) is elsewhere
    undefined = estimate("mean_score", math.nan)
    assert clustered(undefined, sums) is undefined
    one_block = {(("sex",), ("f",)): OWN[:1]}
    e = clustered(estimate("mean_score"), one_block)
    assert (e.reason, math.isnan(e.low), e.method) == (ONE_BLOCK, True, JACKKNIFE)


# Distances ----------------------------------------------------------------------------------------

CELLS: dict[Any, Any] = {"f": table_of(40, 20, 10, 30), "m": table_of(90, 30, 20, 60)}
PAIRS = ["class_imbalance", "average_absolute_odds_difference", "base_rate_js_divergence"]


def distances(keys: list[str], tally: Any) -> dict[Any, Estimate]:
    found, _ = measure(tally, references(tally), keys)
    return {(e.metric, e.group): e for e in found}


def test_distances_are_bootstrapped_over_both_groups_together() -> None:
    """One multinomial over the pair's eighteen cells; rows with an outcome, where it needs one."""
    cells = {"f": {**CELLS["f"], (1, None): 8}, "m": {**CELLS["m"], (0, None): 5}}
    tally = tally_of(cells, reference={"sex": "m"})
    stack = main_stacks(tally, references(tally), intersections=1, min_rows=30)[0][0]
    f, m = (stack.groups.index((g,)) for g in "fm")
    both = stack.n[[f, m]].astype(float)
    found = distances(PAIRS, tally)
    for key in PAIRS:
        metric = CATALOGUE[key]

        def statistic(c: Any, metric: Any = metric) -> Any:
            tables = c.reshape(*c.shape[:-1], 2, 3, 3)
            return compare(metric, tables[..., 0, :, :], tables[..., 1, :, :])

        low, high = cell_bootstrap(both.reshape(1, 18), statistic, 0.95, 2000, 0)
        e = found[key, ("f",)]
        assert e.value == pytest.approx(float(compare(metric, both[0], both[1])))
        assert (e.low, e.high) == pytest.approx(
            (min(float(low[0]), e.value), max(float(high[0]), e.value))
        )
        rows = (100, 200) if metric.needs >= {"outcome"} else (108, 205)
        assert (e.rows, e.reference_rows, e.reference) == (*rows, ("m",))
        assert (e.method, e.reason, math.isnan(e.p_value)) == ("cell bootstrap", None, True)


def test_distances_that_labels_hide() -> None:
    """A selective group or reference hides what needs decision and outcome, and nothing else."""
    hidden = {(1, 1): 30, (1, 0): 10, (0, None): 60}
    for cells, reference in (
        ({"f": hidden, "m": CELLS["m"]}, "m"), ({"f": hidden, "m": CELLS["m"]}, "f"),
        ({"f": hidden, "m": hidden}, "m"),
    ):  # fmt: skip
        found = distances(PAIRS, tally_of(cells, reference={"sex": reference}))
        own = "m" if reference == "f" else "f"
        e = found["average_absolute_odds_difference", (own,)]
        assert np.isnan([e.value, e.low, e.high]).all()
        assert e.reason == SELECTIVE
        assert found["class_imbalance", (own,)].reason is None
        assert found["base_rate_js_divergence", (own,)].reason is None
    cells = {"f": table_of(0, 0, 3, 9), "m": CELLS["m"]}
    e = distances(PAIRS, tally_of(cells, reference={"sex": "m"}))[PAIRS[1], ("f",)]
    assert (math.isnan(e.value), e.reason) == (True, EMPTY)
    only = tally_of({"m": CELLS["m"]})
    assert distances(PAIRS, only) == {}


RNG = np.random.default_rng(4)
LOANS: dict[str, Any] = {
    "sex": ["f", "m", "m"] * 50, "ok": RNG.integers(0, 2, 150).tolist(),
    "paid": RNG.integers(0, 2, 150).tolist(),
    "w": [1.0, 2, 3, 1, 2, 1] * 25, "who": (np.arange(150) // 2).tolist(),
}  # fmt: skip


def counted(**told: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", audit.DataWarning)
        return audit.count(
            LOANS, protected="sex", decision="ok", outcome="paid", reference={"sex": "m"},
            favorable={"decision": 1, "outcome": 1}, **told,
        )  # fmt: skip


def test_distances_of_weights_and_of_repeats() -> None:
    """Σw with the variance Σw²; a jackknife over the blocks that both groups share."""
    metric = CATALOGUE["average_absolute_odds_difference"]
    for told in ({"weight": "w"}, {"cluster": "who"}):
        tally = counted(**told)
        stack = main_stacks(tally, references(tally), intersections=1, min_rows=1)[0][0]
        f, m = (stack.groups.index((g,)) for g in "fm")
        (e,) = (v for k, v in distances([metric.key], tally).items() if k[1] == ("f",))
        if stack.blocks is not None:
            low, high, _ = block_jackknife(
                stack.blocks, lambda t, f=f, m=m: compare(metric, t[..., f, :, :], t[..., m, :, :])
            )
            assert e.method == JACKKNIFE
        else:
            assert stack.w is not None
            assert stack.w2 is not None

            def statistic(c: Any) -> Any:
                tables = c.reshape(*c.shape[:-2], 2, 3, 3)
                return compare(metric, tables[..., 0, :, :], tables[..., 1, :, :])

            low, high = cell_bootstrap(
                stack.w[[f, m]].reshape(1, 18), statistic, 0.95, 2000, 0,
                squares=stack.w2[[f, m]].reshape(1, 18),
            )  # fmt: skip
            assert e.value == pytest.approx(float(compare(metric, stack.w[f], stack.w[m])))
        assert (e.low, e.high) == pytest.approx(
            (min(float(low), e.value), max(float(high), e.value))
        )


# Decision levels ----------------------------------------------------------------------------------


@pytest.mark.parametrize("extra", [{}, {"weight": "w"}, {"cluster": "who"},
                                   {"weight": "w", "cluster": "who"}], ids=str)  # fmt: skip
def test_a_level_is_a_decision_against_all_others(extra: dict[str, Any]) -> None:
    """Each value's share has the limits that it has as the only favourable one."""
    rows = {**LOANS, "line": ["a", "b", "c", "b", "a"] * 30}
    told: dict[str, Any] = {"protected": "sex", "reference": {"sex": "m"}, **extra}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", audit.DataWarning)
        tally = audit.count(rows, decision="line", favorable="a", levels=["a", "b", "c"], **told)
    levels, _ = measure(tally, references(tally), ["selection_rate"])
    for level in "abc":
        ok = [int(v == level) for v in rows["line"]]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", audit.DataWarning)
            plain = audit.count({**rows, "ok": ok}, decision="ok", favorable=1, **told)
        wanted, _ = measure(
            plain, references(plain), ["selection_rate", "statistical_parity_difference"]
        )
        for key, theirs in (
            ("decision_level_rate", "selection_rate"),
            ("decision_level_rate_difference", "statistical_parity_difference"),
        ):
            (e,) = levels.where(metric=key, group=("f",), decision_level=level)
            (w,) = wanted.where(metric=theirs, group=("f",))
            assert (e.value, e.low, e.high) == pytest.approx((w.value, w.low, w.high))
            assert (e.rows, e.column) == (50, "line")
