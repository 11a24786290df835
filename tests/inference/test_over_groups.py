"""Estimates over all groups at once, and of distances between score distributions."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

import audit
from audit.inference.over_groups import everyone_estimates, group_estimates
from audit.inference.over_scores import score_distance_estimates
from audit.inference.reference import references
from audit.inference.stack import Stack, main_stacks
from audit.metrics import CATALOGUE
from audit.metrics.contrasts import over_groups
from audit.tally.distribution import Distribution

OF_GROUPS = [m for m in CATALOGUE.values() if m.contrast == "groups"]
OF_EVERYONE = [m for m in CATALOGUE.values() if m.contrast == "everyone"]
OF_SCORES = [m for m in CATALOGUE.values() if m.contrast in ("score_pair", "score_groups")]


def stack(seed: int = 0, rows: int = 600, rates: tuple[float, ...] = (0.5, 0.6, 0.4)) -> Stack:
    """One attribute of three groups, complete outcomes."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, len(rates), rows)
    approved = rng.random(rows) < np.array(rates)[group]
    repaid = rng.random(rows) < 0.6
    data = {
        "g": [f"g{i}" for i in group],
        "ok": approved.tolist(),
        "paid": repaid.tolist(),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = audit.read(data, protected="g", decision="ok", outcome="paid")
        tally = audit.count(table)
    chosen = references(tally, "largest", min_rows=30, min_share=0.02)
    return main_stacks(tally, chosen, intersections=1, min_rows=30)[0][0]


def test_every_entry_has_an_estimate_inside_its_limits() -> None:
    """low ≤ value ≤ high, and the value is the catalogue's."""
    made = stack()
    found = group_estimates(made, OF_GROUPS, level=0.95, selective=False, seed=0)
    assert {e.metric for e in found} == {m.key for m in OF_GROUPS}
    (span,) = (s for s in made.spans if s.attribute == ("g",))
    cells = made.n[span.start : span.stop]
    for e in found:
        assert e.low <= e.value <= e.high, e.metric
        assert e.value == pytest.approx(float(over_groups(CATALOGUE[e.metric], cells)))


def test_smallest_rate_names_its_group_and_covers() -> None:
    """Three equal rates of .5: the smallest seen is below, its limits hold .5 all the same."""
    metric = [CATALOGUE["selection_rate_group_min"]]
    hits = 0
    for seed in range(40):
        (e,) = group_estimates(
            stack(seed, 300, (0.5, 0.5, 0.5)), metric, level=0.95, selective=False, seed=0
        )
        assert e.value <= 0.55
        assert e.group[0] in ("g0", "g1", "g2")
        hits += e.low <= 0.5 <= e.high
    assert hits >= 36


def test_selective_labels_and_one_group_have_reasons() -> None:
    """No number where there is none."""
    made = stack()
    found = group_estimates(made, OF_GROUPS, level=0.95, selective=True, seed=0)
    for e in found:
        both = CATALOGUE[e.metric].needs >= {"decision", "outcome"}
        free = e.metric.startswith("precision")
        assert (e.reason is not None) == (both and not free), e.metric
    for e in group_estimates(stack(0, 50, (0.5,)), OF_GROUPS, level=0.95, selective=False, seed=0):
        assert math.isnan(e.value)
        assert e.reason


def test_parts_of_everyone_add_up() -> None:
    """Shares of rows and of approvals sum to 1, disparities to 0; limits hold the value."""
    found = everyone_estimates(stack(), OF_EVERYONE, level=0.95, seed=0)
    for metric in OF_EVERYONE:
        own = [e for e in found if e.metric == metric.key]
        assert len(own) == 3
        assert sum(e.value for e in own) == pytest.approx(0 if metric.ideal == 0 else 1)
        assert all(e.low <= e.value <= e.high for e in own)


def scored(values: np.ndarray, outcome: np.ndarray, group: str) -> Distribution:
    at, place = np.unique(np.round(values, 3), return_inverse=True)
    counts = np.zeros((len(at), 3))
    np.add.at(counts, (place, outcome), 1)
    return Distribution(
        attribute=("g",), group=(group,), column="s", higher_is_better=True, values=at,
        counts=counts, rows=len(values), total=float(len(values)),
        sum=float(values.sum()), sum_squares=float((values**2).sum()),
        weight_squared=float(len(values)), missing=0, exact=True,
    )  # fmt: skip


def two(seed: int, shift: float = 0.0) -> list[Distribution]:
    rng = np.random.default_rng(seed)
    parts = []
    for group, by in (("a", 0.0), ("b", shift)):
        score = norm.cdf(rng.normal(size=400) + by)
        parts.append(scored(score, (rng.random(400) > score).astype(int), group))
    return parts


def test_score_entries_have_estimates() -> None:
    """All of them, inside their limits; those of outcomes not under selective labels."""
    made = two(1, 0.4)
    args = {"level": 0.95, "seed": 0}
    found = score_distance_estimates(made, {("g",): ("a",)}, OF_SCORES, selective=False, **args)
    assert {e.metric for e in found} == {m.key for m in OF_SCORES}
    assert all(e.low <= e.value <= e.high for e in found)
    hidden = score_distance_estimates(made, {("g",): ("a",)}, OF_SCORES, selective=True, **args)
    for e in hidden:
        assert (e.reason is None) == ("outcome" not in CATALOGUE[e.metric].needs)
    amount = score_distance_estimates(
        made, {("g",): ("a",)}, OF_SCORES, selective=False, amount=True, **args
    )
    assert {e.metric for e in amount} == {"score_ks_distance", "score_wasserstein_distance"}


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_distance_limits_cover_at_a_true_zero_too(shift: float) -> None:
    """40 samples: KS of the truth lies inside in at least 36; a percentile bootstrap never
    holds a true 0."""
    metric = [CATALOGUE["score_ks_distance"]]
    truth = 2 * norm.cdf(shift / 2) - 1
    hits = 0
    for seed in range(40):
        (e,) = score_distance_estimates(
            two(seed, shift), {("g",): ("a",)}, metric, level=0.95, selective=False, seed=0
        )
        hits += e.low <= truth <= e.high
    assert hits >= 36


def test_a_group_without_scores_has_a_reason() -> None:
    """An empty group gives no distance."""
    a, b = two(0)
    empty = replace(b, counts=b.counts * 0, rows=0, total=0.0)
    metric = [CATALOGUE["score_wasserstein_distance"]]
    (e,) = score_distance_estimates(
        [a, empty], {("g",): ("a",)}, metric, level=0.95, selective=False, seed=0
    )
    assert math.isnan(e.value)
    assert e.reason == "no score in one of the two groups"
