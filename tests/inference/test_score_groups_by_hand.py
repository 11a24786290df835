"""Distances of scores and extremes over groups: limits from the same draws, by definition."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from audit.inference import over_scores
from audit.inference.bootstrap import cell_bootstrap, draw
from audit.inference.chart_numbers import chart_numbers
from audit.inference.estimate import Estimate
from audit.inference.over_scores import REPLICATES, score_distance_estimates
from audit.metrics.catalogue import CATALOGUE
from audit.metrics.contrasts import compare_scores, over_score_groups
from audit.table.roles import Roles
from audit.tally.distribution import Distribution


def scored(group: str, seed: int, size: int, weighted: bool = False) -> Distribution:
    rng = np.random.default_rng(seed)
    x = rng.integers(1, 20, size) / 20
    y = (rng.random(size) > x).astype(int)  # 0 is good
    w = rng.integers(1, 4, size) * 1.0 if weighted else np.ones(size)
    values, place = np.unique(x, return_inverse=True)
    counts = np.zeros((len(values), 3))
    np.add.at(counts, (place, y), w)
    return Distribution(
        attribute=("sex",), group=(group,), column="score", higher_is_better=True, values=values,
        counts=counts, rows=size, total=float(w.sum()), sum=float(w @ x),
        sum_squares=float(w @ x**2), weight_squared=float(w @ w), missing=0, exact=True,
    )  # fmt: skip


def estimated(key: str, *parts: Distribution, level: float = 0.95, **told: Any) -> Estimate:
    found = score_distance_estimates(
        parts, {("sex",): ("m",)}, [CATALOGUE[key]],
        **{"level": level, "selective": False, "seed": 0, **told},
    )  # fmt: skip
    (e,) = found
    return e


def squares_of(d: Distribution) -> Any:
    return d.weight_squared / d.total if d.weight_squared != d.total else None


def limits(key: str, d: Distribution, level: float) -> tuple[float, float]:
    of_scores = CATALOGUE[key].rates[0].of_scores
    assert of_scores is not None
    cells, unit, shape = d.counts.reshape(1, -1), squares_of(d), d.counts.shape
    low, high = cell_bootstrap(
        cells,
        lambda c: of_scores(replace(d, counts=c[..., 0, :].reshape(*c.shape[:-2], *shape))),
        level, REPLICATES, 0, squares=None if unit is None else cells * unit,
    )  # fmt: skip
    return float(low), float(high)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_extremes_over_groups_hold_for_all_groups_together(level: float, weighted: bool) -> None:
    """Each group at level^(1/k); both rates of both groups at level^(1/2k)."""
    parts = [scored("f", 1, 60, weighted), scored("m", 2, 90, weighted)]
    for key, extreme in (("brier_group_max", max), ("auc_group_min", min)):
        rate = key.rpartition("_group_")[0]
        ends = [limits(rate, d, level ** (1 / 2)) for d in parts]
        e = estimated(key, *parts, level=level)
        value = over_score_groups(CATALOGUE[key], parts)
        assert e.value == pytest.approx(value)
        wanted = extreme(a for a, _ in ends), extreme(b for _, b in ends)
        assert (e.low, e.high) == pytest.approx((min(wanted[0], value), max(wanted[1], value)))
        of_scores = CATALOGUE[rate].rates[0].of_scores
        assert of_scores is not None
        own = extreme(parts, key=lambda d: float(of_scores(d)))
        assert (e.group, e.rows) == (own.group, own.rows)
    low, high = 0.0, 0.0
    for rate in ("generalized_true_positive_rate", "generalized_false_positive_rate"):
        ends = [limits(rate, d, level ** (1 / 4)) for d in parts]
        low = max(low, max(a for a, _ in ends) - min(b for _, b in ends))
        high = max(high, max(b for _, b in ends) - min(a for a, _ in ends))
    e = estimated("generalized_equalized_odds_difference", *parts, level=level)
    assert (e.low, e.high) == pytest.approx((min(low, e.value), max(high, e.value)))
    assert (e.rows, e.group) == (150, ())


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("key", ["score_ks_distance", "score_wasserstein_distance"])
def test_a_distance_is_off_by_the_distance_between_errors(key: str, weighted: bool) -> None:
    """Both groups' draws less what they were drawn from: the quantile at the level of the gap."""
    one, other = scored("f", 1, 60, weighted), scored("m", 2, 90, weighted)
    values = np.union1d(one.values, other.values)
    generator, wrong = np.random.default_rng(0), 0.0
    for d, sign in ((one, 1), (other, -1)):
        counts = np.zeros((1, len(values)))
        counts[0, np.searchsorted(values, d.values)] = d.counts.sum(axis=1)
        unit = squares_of(d)
        drawn = draw(counts, REPLICATES, generator, None if unit is None else counts * unit)[:, 0]
        shares = [np.cumsum(c, axis=-1) / c.sum(axis=-1, keepdims=True) for c in (drawn, counts)]
        wrong = wrong + sign * (shares[0] - shares[1])
    if key == "score_ks_distance":
        errors = np.abs(wrong).max(axis=1)
    else:
        errors = np.abs(wrong)[:, :-1] @ np.diff(values)
    error = np.quantile(errors, 0.9)
    e = estimated(key, one, other, level=0.9)
    assert e.value == pytest.approx(compare_scores(CATALOGUE[key], one, other))
    assert (e.low, e.high) == pytest.approx((max(0.0, e.value - error), e.value + error))
    assert (e.rows, e.reference_rows, e.reference) == (60, 90, ("m",))


def test_values_are_joined_in_both_groups_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nineteen values on a support of four: nobody is lost, means stay, steps hold like numbers."""
    parts = [scored("f", 1, 60), scored("m", 2, 90)]
    monkeypatch.setattr(over_scores, "SUPPORT", 4)
    joined = over_scores._common(*parts)
    assert joined[0].values.tolist() == joined[1].values.tolist()
    assert len(joined[0].values) == 4
    assert [d.counts.sum() for d in joined] == [60, 90]
    held = sum(d.counts.sum(axis=1) for d in joined)
    assert held @ joined[0].values == pytest.approx(parts[0].sum + parts[1].sum)
    assert np.abs(held - 150 / 4).max() <= 12  # a value is not cut in two
    monkeypatch.setattr(over_scores, "SUPPORT", 40)
    alone = over_scores._common(*parts)
    assert alone[0].values.tolist() == pytest.approx(
        np.union1d(parts[0].values, parts[1].values).tolist()
    )


def test_an_attribute_without_scores_does_not_end_the_charts() -> None:
    """The next one has its own."""
    own = replace(scored("f", 1, 60), attribute=("race",))
    found = chart_numbers(Roles(protected=("sex", "race"), score="score"), [], {"score": [own]},
                          level=0.95)  # fmt: skip
    assert found["distributions"][0]["attribute"] == ["race"]
    amount = Roles(protected=("race",), amount={"limit": "higher"}, score="score")
    both = chart_numbers(amount, [], {"limit": [own], "score": [own]}, level=0.95)
    assert (len(both["distributions"]), len(both["calibration"])) == (2, 1)
    twice = Roles(protected=("race", "sex"), amount={"limit": "higher"})
    found = chart_numbers(twice, [], {"limit": [own, scored("f", 1, 60)]}, level=0.95)
    assert len(found["distributions"]) == 2
