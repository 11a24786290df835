"""Estimates where applicants repeat: block jackknives over the tally's own blocks."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

import audit
from audit.inference.by_group import JACKKNIFE
from audit.inference.clusters import block_effective, block_jackknife
from audit.inference.estimate import Estimate, Estimates
from audit.inference.intervals import difference_interval, rate_interval, ratio_interval
from audit.inference.measure import measure
from audit.inference.reference import references
from audit.inference.stack import Stack, main_stacks, proportions
from audit.metrics.catalogue import CATALOGUE
from audit.metrics.contrasts import compare, over_groups
from audit.metrics.rates import selection_rate

SIZE = 240
RNG = np.random.default_rng(11)
LOANS: dict[str, Any] = {
    "sex": RNG.choice(["f", "m"], SIZE).tolist(),
    "ok": RNG.integers(0, 2, SIZE).tolist(),
    "paid": RNG.integers(0, 2, SIZE).tolist(),
    "w": RNG.integers(1, 5, SIZE).tolist(),
    "who": (np.arange(SIZE) // 3).tolist(),
}
TOLD: dict[str, Any] = {
    "protected": "sex", "decision": "ok", "outcome": "paid", "cluster": "who",
    "favorable": {"decision": 1, "outcome": 1}, "reference": {"sex": "m"},
}  # fmt: skip


def tallied(rows: Any = LOANS, **told: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", audit.DataWarning)
        return audit.count(rows, **{**TOLD, **told})


def estimated(keys: list[str], rows: Any = LOANS, level: float = 0.95, **told: Any) -> Estimates:
    tally = tallied(rows, **told)
    return measure(tally, references(tally), keys, level=level)[0]


def stack_of(rows: Any = LOANS, **told: Any) -> Stack:
    tally = tallied(rows, **told)
    (found,) = main_stacks(tally, references(tally), intersections=1, min_rows=1)[0]
    return found


def blocks_of(rows: Any = LOANS, **told: Any) -> np.ndarray:
    """Blocks × (f, m) × 3 × 3."""
    stack = stack_of(rows, **told)
    assert stack.blocks is not None
    return stack.blocks[:, [stack.groups.index((g,)) for g in "fm"]]


def only(found: Estimates, key: str, group: Any = ("f",)) -> Estimate:
    (e,) = [e for e in found if e.metric == key and e.group == group]
    return e


@pytest.mark.parametrize("level", [0.9, 0.95])
@pytest.mark.parametrize(
    "key", ["statistical_parity_difference", "disparate_impact_ratio", "f1_difference",
            "average_odds_difference", "treatment_equality_ratio"],
)  # fmt: skip
def test_contrasts_are_jackknifed_over_blocks(key: str, level: float) -> None:
    """Differences as they are against 0, ratios on the log scale against 1."""
    metric = CATALOGUE[key]
    ratio = metric.contrast == "ratio"

    def contrast(tables: Any) -> Any:
        value = metric.rates[0].value(tables)
        return value[..., 0] / value[..., 1] if ratio else value[..., 0] - value[..., 1]

    low, high, p = block_jackknife(
        blocks_of(), contrast, level, scale="log" if ratio else "identity", null=float(ratio)
    )
    e = only(estimated([key], level=level), key)
    assert (e.low, e.high, e.p_value) == pytest.approx((float(low), float(high), float(p)))
    assert e.method == JACKKNIFE
    assert e.value == pytest.approx(float(contrast(blocks_of().sum(axis=0))))


def test_rates_have_wilsons_limits_of_as_many_rows_as_the_blocks_are_worth() -> None:
    """And functions of cells a jackknife of their own."""
    blocks = blocks_of()
    approved = blocks[:, 0, 0].sum(axis=-1, keepdims=True)
    decided = blocks[:, 0, :2].sum(axis=(1, 2))[:, None]
    x, n = block_effective(approved, decided)
    low, high = rate_interval(x, n)
    found = estimated(["selection_rate", "matthews_correlation"])
    e = only(found, "selection_rate")
    assert (e.low, e.high) == pytest.approx((float(low[0]), float(high[0])))
    assert e.method == "Wilson, clustered"
    assert (e.rows, e.favorable) == (decided.sum(), approved.sum())
    e = only(found, "matthews_correlation")
    low, high, _ = block_jackknife(blocks, CATALOGUE["matthews_correlation"].rates[0].value)
    assert (e.low, e.high) == pytest.approx((float(low[0]), float(high[0])))
    assert e.method == JACKKNIFE


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_all_groups_and_parts_of_everyone_are_jackknifed(level: float) -> None:
    """Leaving a block out of all groups at once."""
    blocks = blocks_of()
    metric = CATALOGUE["between_all_groups_theil_index"]
    low, high, _ = block_jackknife(blocks, lambda t: over_groups(metric, t), level)
    found = estimated([metric.key, "demographic_disparity", "representation"], level=level)
    e = only(found, metric.key, ())
    assert (e.low, e.high) == pytest.approx((min(float(low), e.value), float(high)))
    assert e.method == JACKKNIFE
    part = CATALOGUE["demographic_disparity"]
    low, high, _ = block_jackknife(
        blocks, lambda t: compare(part, t, t.sum(axis=-3, keepdims=True)), level
    )
    e = only(found, part.key)
    assert (e.low, e.high) == pytest.approx((float(low[0]), float(high[0])))
    assert e.method == JACKKNIFE


def test_where_nothing_varies_the_score_interval_stands_in() -> None:
    """All women approved and half of the men in every block: the gap never moves."""
    rows = {"sex": ["f", "m", "m"] * 60, "ok": [1, 1, 0] * 60, "who": list(range(180))}
    for i in range(180):
        rows["who"][i] = i // 3
    told: dict[str, Any] = {"outcome": None, "favorable": 1}
    found = estimated(["statistical_parity_difference", "disparate_impact_ratio"], rows, **told)
    p = {g: proportions(stack_of(rows, **told), selection_rate) for g in "fm"}
    stack = stack_of(rows, **told)
    f, m = (stack.groups.index((g,)) for g in "fm")
    counts = [float(v) for v in (p["f"].x[f], p["f"].n[f], p["f"].x[m], p["f"].n[m])]
    for key, function in (
        ("statistical_parity_difference", difference_interval),
        ("disparate_impact_ratio", ratio_interval),
    ):
        e = only(found, key)
        assert (e.low, e.high) == pytest.approx(tuple(float(v) for v in function(*counts)))
        assert e.method == "block jackknife (Miettinen-Nurminen where nothing varies)"
        assert 0 < e.p_value < 1
    # the women's rate of 1 is worth their applicants, as far as 64 blocks can count them
    assert 30 < counts[1] <= 60
    # the men's rate never moves either but is neither 0 nor 1: their rows
    assert counts[3] == pytest.approx(120.0)


def test_one_block_is_worth_one_applicant() -> None:
    """All rows of one applicant: no more than one row to the group."""
    rows = {"sex": ["f"] * 9 + ["m"] * 60, "ok": [1, 0, 1, 1, 0, 1, 1, 0, 1] + [1, 0] * 30,
            "who": [999] * 9 + list(range(60))}  # fmt: skip
    stack = stack_of(rows, outcome=None, favorable=1)
    p = proportions(stack, selection_rate)
    at = stack.groups.index(("f",))
    assert p.value[at] == pytest.approx(6 / 9)
    assert p.n[at] == pytest.approx(1.0)
    assert p.x[at] == pytest.approx(6 / 9)
    assert p.rows[at] == 9


def test_weights_and_repeats_together() -> None:
    """No more rows than the weights are worth, and none where no weight is."""
    stack = stack_of(weight="w")
    p = proportions(stack, selection_rate)
    at = stack.groups.index(("f",))
    w = np.array(LOANS["w"], dtype=float)[np.array(LOANS["sex"]) == "f"]
    assert p.n[at] <= w.sum() ** 2 / (w @ w) + 1e-9
    assert p.n[at] == pytest.approx(p.x[at] / p.value[at])
    ok = np.array(LOANS["ok"])[np.array(LOANS["sex"]) == "f"]
    assert p.value[at] == pytest.approx(w @ ok / w.sum())
    assert p.rows[at] == len(w)
    none = {**LOANS, "paid": [None] * SIZE}
    empty = proportions(stack_of(none, weight="w"), CATALOGUE["precision"].rates[0].shares[0])
    assert np.isnan(empty.value).all()
    assert (empty.n == 0).all()
    assert (empty.x == 0).all()


def test_no_outcome_known_among_the_approved_is_no_numpy_warning() -> None:
    """Nobody is approved, so precision has no rows in any block."""
    rows = {**LOANS, "ok": [0] * SIZE}
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        found = estimated(["precision", "predictive_parity_difference"], rows, unfavorable=0)
    for e in found:
        assert math.isnan(e.value)
        assert e.reason
