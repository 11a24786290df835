"""Counting in an engine: the same tally as in memory, cell by cell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from tally_strategies import ROLES, in_engine, pick, table, tables
from test_counting import same

from audit.errors import InputError
from audit.table.rows import EngineRows, Table
from audit.tally import lazy, memory
from audit.tally.counting import count_rows
from audit.tally.plan import plan

ENGINES = ("polars", "duckdb")


@pytest.mark.parametrize("engine", ENGINES)
@given(t=tables())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
def test_memory_and_engine_agree(engine: str, t: Table) -> None:
    """Counts and fingerprint bit for bit, float sums to 1e-12."""
    p = plan(t, score_range=(0.0, 1.0), score_bins=16)
    same(memory.tally(t, p), count_rows(in_engine(t, engine), p))


@pytest.mark.parametrize("engine", ENGINES)
def test_thousands_of_rows_agree(engine: str) -> None:
    """2,000 rows with weights, frequencies, missing and outlying scores, strata and stages."""
    g = np.random.default_rng(1)
    n = 2000
    limits = {
        "protected:sex": 3,
        "protected:race": 3,
        "stratum:purpose": 2,
        "decision": 3,
        "outcome": 3,
        "stage:desk": 4,
        "block": 64,
    }
    t = table(
        {k: g.integers(0, high, n) for k, high in limits.items()},
        score=np.where(g.random(n) < 0.1, np.nan, g.normal(0.5, 0.5, n)),
        weight=g.random(n) + 0.01,
        count=g.integers(0, 4, n),
    )
    p = plan(t, score_bins=64)
    there = in_engine(t, engine)
    assert plan(there, score_bins=64).bins == p.bins, "the observed range is the same"
    same(memory.tally(t, p), lazy.tally(there, p))


@pytest.mark.parametrize("engine", ENGINES)
def test_bin_edges_fall_on_the_same_side(engine: str) -> None:
    """Values on and one ulp beside every edge go to the same bin on each engine."""
    edges = np.arange(0, 11) / 10
    values = np.concatenate([edges, np.nextafter(edges, -1), np.nextafter(edges, 2)])
    t = table({"protected:sex": [0] * len(values), "decision": [0] * len(values)}, score=values)
    p = plan(t, score_range=(0.0, 1.0), score_bins=10)
    same(memory.tally(t, p), lazy.tally(in_engine(t, engine), p))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("factor", [1e-300, 1e200])
def test_extreme_weights_are_scaled_alike(engine: str, factor: float) -> None:
    t = table(
        {"protected:sex": [0, 1, 1], "decision": [0, 1, 0]}, weight=np.array([1, 2, 3.5]) * factor
    )
    p = plan(t)
    one, other = memory.tally(t, p), lazy.tally(in_engine(t, engine), p)
    assert one.weight_exponent == other.weight_exponent != 0
    same(one, other)


@pytest.mark.parametrize("engine", ENGINES)
def test_amounts_agree(engine: str) -> None:
    t = table(
        {"protected:sex": [0, 1, 1], "outcome": [0, 1, 2]},
        replace(ROLES, amount={"limit": "higher"}),
        amounts={"limit": [100.0, 250.5, 500.0]},
    )
    p = plan(t, score_bins=4)
    assert plan(in_engine(t, engine), score_bins=4) == p
    same(memory.tally(t, p), lazy.tally(in_engine(t, engine), p))


@pytest.mark.parametrize("engine", ENGINES)
def test_no_attributes_no_decision_no_outcome(engine: str) -> None:
    """With nothing to group by there is one group: everyone."""
    t = table({"decision": [0, 1]})
    there = in_engine(t, engine)
    assert isinstance(there.rows, EngineRows)
    bare = replace(there, rows=replace(there.rows, expressions={}))
    counted = lazy.tally(bare, plan(bare))
    assert counted.cubes[0].count[2, 2] == 2


def test_a_value_that_was_not_there_before_is_refused() -> None:
    """A source that changes between reading and counting is never counted by guess."""
    t = in_engine(table({"protected:sex": [0, 1], "decision": [0, 1]}), "polars")
    assert isinstance(t.rows, EngineRows)
    lookups = {**t.rows.lookups, "protected:sex": {"female": 0}}
    changed = replace(t, rows=replace(t.rows, lookups=lookups))
    with pytest.raises(InputError, match=r"TLY006.*sex.*'male'"):
        lazy.tally(changed, plan(changed))


def test_rows_on_the_wrong_side_are_refused() -> None:
    t = table({"protected:sex": [0, 1], "decision": [0, 1]})
    with pytest.raises(InputError, match="TLY003"):
        lazy.tally(t, plan(t))
    with pytest.raises(InputError, match="TLY003"):
        memory.tally(in_engine(t, "polars"), plan(t))


def test_several_raw_values_may_share_a_code() -> None:
    """Two spellings of one level are one level."""
    t = in_engine(pick(table({"protected:sex": [0, 1], "decision": [0, 1]}), [0, 1, 1]), "polars")
    assert isinstance(t.rows, EngineRows)
    merged = replace(
        t,
        rows=replace(t.rows, lookups={**t.rows.lookups, "protected:sex": {"female": 0, "male": 0}}),
    )
    counted = lazy.tally(merged, plan(merged))
    assert counted.cubes[0].count.sum(axis=(1, 2)).tolist() == [3, 0, 0]
