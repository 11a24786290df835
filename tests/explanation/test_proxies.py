"""Planted proxies are found, chance is not taken for one, and the strengths are those of others."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics
from scipy import stats

import audit
from audit.explanation.proxies import (
    found,
    measure_proxies,
    near_copies,
    proxy_map,
    with_risk,
)
from audit.explanation.telling import areas, strength
from audit.table.rows import Table

Rng = np.random.Generator
FEATURES = tuple(f"x{i}" for i in range(8))


def table(frame: Any, protected: Any = "sex", **more: Any) -> Table:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return audit.read(frame, protected=protected, decision="ok", favorable=1, **more)


def applicants(seed: int, rows: int = 1000, correlation: float = 0.5) -> pd.DataFrame:
    """Eight features, the first correlated with the attribute as asked, two of them categories."""
    rng = np.random.default_rng(seed)
    man = rng.random(rows) < 0.4
    frame = pd.DataFrame({f"x{i}": rng.normal(size=rows) for i in range(8)})
    apart = correlation / math.sqrt((1 - correlation**2) * 0.24)
    frame["x0"] += apart * man
    frame["x6"] = rng.choice(list("abcdef"), rows)
    frame["x7"] = rng.integers(0, 3, rows)
    frame["sex"] = np.where(man, "m", "f")
    frame["ok"] = rng.integers(0, 2, rows)
    return frame


def rates(seeds: int, rows: int, correlation: float = 0.5) -> tuple[float, float]:
    """Share of runs in which the planted proxy, and any proxy of a permuted attribute, is found."""
    planted = permuted = 0
    for seed in range(seeds):
        frame = applicants(seed, rows, correlation)
        told = found(measure_proxies(table(frame), FEATURES, seed=seed).strengths)
        planted += "x0" in {p.feature for p in told}
        mixed = frame.assign(sex=np.random.default_rng(seed + 10_000).permutation(frame["sex"]))
        permuted += bool(found(measure_proxies(table(mixed), FEATURES, seed=seed).strengths))
    return planted / seeds, permuted / seeds


def test_a_planted_proxy_is_found_and_a_permuted_one_is_not() -> None:
    """Eight seeds of what `bench/proxies.py` runs 200 of."""
    planted, permuted = rates(8, 1000)
    assert planted >= 0.95
    assert permuted <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 8)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [1000, 2000])
def test_two_hundred_seeds(rows: int) -> None:
    """Found in 95 % of runs or more; of a permuted attribute in 5 % + 2 s.e. or less."""
    planted, permuted = rates(200, rows)
    assert planted >= 0.95
    assert permuted <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 200)


def test_shapes_that_ranks_do_not_see_are_found() -> None:
    """A U, categories, and gaps: what a correlation would miss."""
    rng = np.random.default_rng(3)
    frame = applicants(3, 2000, 0.0)
    man = (frame["sex"] == "m").to_numpy()
    frame["x1"] = rng.normal(size=2000) * np.where(man, 2.5, 1)
    frame["x2"] = np.where(rng.random(2000) < np.where(man, 0.5, 0.1), np.nan, rng.random(2000))
    frame["x6"] = np.where(man, rng.choice(list("aabc"), 2000), rng.choice(list("abcc"), 2000))
    told = {p.feature for p in found(measure_proxies(table(frame), FEATURES).strengths)}
    assert told == {"x1", "x2", "x6"}
    assert abs(np.corrcoef(frame["x1"], man)[0, 1]) < 0.1


def test_the_strength_of_a_number_is_sklearns_auc() -> None:
    """And its limits are DeLong's on the logit scale, by the formula written out."""
    frame = applicants(5)
    proxy = measure_proxies(table(frame), ["x0"]).strengths[0]
    man = (frame["sex"] == "m").to_numpy()
    x = frame["x0"].to_numpy()
    area = sklearn.metrics.roc_auc_score(man, x)
    assert proxy.strength == pytest.approx(area)
    of_man = np.array([(x[~man] < v).mean() for v in x[man]])
    of_rest = np.array([(x[man] > v).mean() for v in x[~man]])
    error = math.sqrt(of_man.var(ddof=1) / man.sum() + of_rest.var(ddof=1) / (~man).sum())
    half = 1.959964 * error / (area * (1 - area))
    odds = math.log(area / (1 - area))
    assert proxy.low == pytest.approx(1 / (1 + math.exp(half - odds)), abs=1e-6)
    assert proxy.high == pytest.approx(1 / (1 + math.exp(-half - odds)), abs=1e-6)


def test_the_column_itself_is_a_proxy_of_strength_one() -> None:
    """As is a copy under another name; both are found, and the copy is called one."""
    frame = applicants(6)
    frame["code"] = np.where(frame["sex"] == "m", 17, 4)
    told = measure_proxies(table(frame), ["sex", "code", "x1"])
    by = {p.feature: p for p in told.strengths}
    assert by["sex"].strength == by["code"].strength == 1.0
    assert by["sex"].found
    assert by["code"].found
    assert not by["x1"].found
    assert near_copies(told.strengths, "sex") == ("code",)
    assert told.together[0]["auc"] == 1.0


def test_a_binned_age_is_told_by_its_years() -> None:
    """Every bin, the middle one too."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.integers(18, 80, 2000), "ok": rng.integers(0, 2, 2000)})
    told = measure_proxies(table(frame, "age", bins={"age": [26, 62]}), ["age"])
    assert told.strengths[0].strength == 1.0
    assert min(entry["auc"] for entry in told.together[0]["levels"]) > 0.98


def test_levels_are_told_one_from_the_rest() -> None:
    """The level a feature tells best is named; unknown and rare levels are left out and said."""
    rng = np.random.default_rng(1)
    race = rng.choice(["a", "b", "c", "d", ""], 2000, p=[0.5, 0.25, 0.2, 0.004, 0.046])
    frame = pd.DataFrame({"race": race, "ok": rng.integers(0, 2, 2000)})
    frame["race"] = frame["race"].where(race != "")
    frame["x0"] = rng.normal(size=2000) + 1.5 * (race == "c")
    frame["x1"] = rng.normal(size=2000)
    told = measure_proxies(table(frame, "race"), ["x0", "x1"])
    first = told.strengths[0]
    assert (first.feature, first.group, first.found) == ("x0", "c", True)
    assert {entry["level"] for entry in told.together[0]["levels"]} == {"a", "b", "c"}
    assert any("without 'race'" in note for note in told.notes)
    assert any("'d'" in note for note in told.notes)


def test_all_together_tell_more_than_each() -> None:
    """Four weak ones add up; its null and p-value are of the same procedure."""
    frame = applicants(2, 3000, 0.0)
    man = (frame["sex"] == "m").to_numpy()
    for i in range(4):
        frame[f"x{i}"] += 0.35 * man
    told = measure_proxies(table(frame), FEATURES)
    (together,) = told.together
    assert together["auc"] > max(p.strength for p in told.strengths) + 0.03
    assert together["low"] > together["null"]
    assert together["p_value"] == pytest.approx(1 / 101)
    wanted = stats.norm.cdf(math.sqrt(4) * 0.35 / math.sqrt(2))
    assert wanted - 0.04 < together["auc"] < wanted + 0.02


def test_what_two_features_tell_jointly_is_seen_by_trees() -> None:
    """A checkerboard: neither alone, nor their sum, tells; boosted trees do."""
    rng = np.random.default_rng(8)
    a, b = rng.normal(size=3000), rng.normal(size=3000)
    frame = pd.DataFrame({"a": a, "b": b, "ok": rng.integers(0, 2, 3000)})
    frame["sex"] = np.where((a > 0) == (b > 0), "m", "f")
    told = measure_proxies(table(frame), ["a", "b"])
    assert not found(told.strengths)
    assert told.together[0]["auc"] < 0.6
    assert told.together[0]["interacting"]["auc"] > 0.95
    assert told.together[0]["interacting"]["p_value"] < 1e-6


def test_together_has_the_null_of_chance() -> None:
    """p-values of a permuted attribute are uniform: half below one half, few below .05."""
    values = []
    for seed in range(24):
        frame = applicants(seed, 300, 0.0)
        values.append(measure_proxies(table(frame), FEATURES, seed=seed).together[0]["p_value"])
    assert 0.25 <= np.mean(np.array(values) <= 0.5) <= 0.75
    assert np.mean(np.array(values) <= 0.05) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 24) + 0.03


def test_risk_is_strength_times_contribution() -> None:
    """(2·strength − 1) × |contribution|; the riskiest first; nan without a model."""
    told = measure_proxies(table(applicants(0)), FEATURES).strengths
    assert all(math.isnan(p.risk) for p in told)
    parts = {("sex",): dict.fromkeys(FEATURES, -0.2)}
    risky = with_risk(told, parts)
    assert risky[0].risk == pytest.approx((2 * told[0].strength - 1) * 0.2)
    assert [m["feature"] for m in proxy_map(risky)] == [p.feature for p in told]


def test_counted_rows_are_repeated_rows() -> None:
    """A row that stands for three people counts as three."""
    frame = applicants(4, 300)
    counts = np.random.default_rng(0).integers(1, 4, 300)
    repeated = frame.loc[frame.index.repeat(counts)].reset_index(drop=True)
    one = measure_proxies(table(frame.assign(n=counts), count="n"), ["x0"])
    other = measure_proxies(table(repeated), ["x0"])
    assert one == other


def test_the_same_seed_gives_the_same_numbers() -> None:
    """And nothing of the caller's is changed."""
    frame = applicants(4)
    before = frame.copy(deep=True)
    first, second = (measure_proxies(table(frame), FEATURES, seed=3) for _ in range(2))
    assert repr(first) == repr(second)
    pd.testing.assert_frame_equal(frame, before)


def test_too_few_rows_say_so() -> None:
    """No number without rows behind it."""
    frame = applicants(0, 30)
    frame["sex"] = ["m"] * 25 + ["f"] * 5
    told = measure_proxies(table(frame), FEATURES)
    assert told.strengths == ()
    assert math.isnan(told.together[0]["auc"])
    assert "fewer than 20" in told.together[0]["reason"]


def test_many_rows_are_sampled_and_it_is_said() -> None:
    """At most so many rows are read."""
    told = measure_proxies(table(applicants(0, 3000)), ["x0"], rows=500)
    assert told.together[0]["rows"] == 500
    assert told.notes == ("Proxies are measured on 500 of 3,000 rows, drawn at random.",)


def test_areas_are_sklearns_with_ties() -> None:
    """Counts by score, ties half."""
    rng = np.random.default_rng(0)
    score, hit = rng.integers(0, 6, 400), rng.random(400) < 0.3
    counts = [np.bincount(score[side], minlength=6).astype(np.float64) for side in (hit, ~hit)]
    hits, misses = counts
    wanted = sklearn.metrics.roc_auc_score(hit, score)
    mixed = rng.permutation(6)
    got = areas(np.arange(6.0)[mixed], hits[mixed], misses[mixed])
    assert float(got) == pytest.approx(wanted)
    assert strength(score.astype(np.float64), hit, 0.95).value == pytest.approx(wanted)
