"""Distributions of a score by group: exact ones and binned ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tally_strategies import ROLES, SEX, in_engine, table, tables

from audit.errors import InputError
from audit.table.rows import CodedRows, Table
from audit.tally.counting import count_rows
from audit.tally.plan import plan
from audit.tally.spread import distributions, from_cube, sort_rows


def test_worked_by_hand() -> None:
    """Women score .2 (repaid), .2 (not) and nothing; men .9 (unknown)."""
    t = table(
        {"protected:sex": [0, 1, 0, 0], "outcome": [1, 2, 0, 0], "decision": [0] * 4},
        score=[0.2, 0.9, 0.2, None],
    )
    women, men, none = distributions(t, ("sex",), "score")
    assert (women.group, men.group, none.group) == (("female",), ("male",), (None,))
    assert women.values.tolist() == [0.2]
    assert women.counts.tolist() == [[1, 1, 0]]
    assert (women.rows, women.missing, women.total, women.weight_squared) == (2, 1, 2.0, 2.0)
    assert (women.sum, women.sum_squares) == pytest.approx((0.4, 0.08))
    assert men.counts.tolist() == [[0, 0, 1]]
    assert none.values.size == none.rows == none.missing == 0
    assert women.exact
    assert women.higher_is_better


@given(tables(score=True), st.sampled_from([(), ("sex",), ("race",), ("sex", "race")]))
def test_exact_values_are_what_numpy_unique_finds(t: Table, attributes: tuple[str, ...]) -> None:
    """Distinct values and masses by outcome, group by group, from numpy's own `unique`."""
    rows = t.rows
    assert isinstance(rows, CodedRows)
    assert rows.score is not None
    number = np.ones(t.size) if rows.count is None else rows.count
    mass = number if rows.weight is None else number * rows.weight
    square = mass if rows.weight is None else mass * rows.weight
    found = distributions(t, attributes, "score")
    assert sum(d.rows + d.missing for d in found) == number.sum()
    for d in found:
        member = np.ones(t.size, bool)
        for name, level in zip(attributes, d.group, strict=True):
            levels = t.axes[f"protected:{name}"].levels
            member &= rows.codes[f"protected:{name}"] == levels.index(level)
        kept = member & ~np.isnan(rows.score)
        values = np.unique(rows.score[kept])
        np.testing.assert_array_equal(d.values, values)
        for k in range(3):
            expected = [
                mass[kept & (rows.score == v) & (rows.codes["outcome"] == k)].sum() for v in values
            ]
            np.testing.assert_allclose(d.counts[:, k], expected, rtol=1e-12)
        assert d.rows == number[kept].sum()
        assert d.missing == number[member & np.isnan(rows.score)].sum()
        assert d.total == pytest.approx(mass[kept].sum(), rel=1e-12)
        assert d.weight_squared == pytest.approx(square[kept].sum(), rel=1e-12)
        assert d.sum == pytest.approx((mass * rows.score)[kept].sum(), rel=1e-12, abs=1e-12)
        assert d.sum_squares == pytest.approx((mass * rows.score**2)[kept].sum(), rel=1e-12)


@given(tables(score=True), st.sampled_from([(), ("sex",), ("sex", "race")]))
def test_sorting_once_changes_nothing(t: Table, attributes: tuple[str, ...]) -> None:
    """A shared order of the rows gives the same distributions as sorting group by group."""
    ordered = sort_rows(t, "score")
    for a, b in zip(
        distributions(t, attributes, "score"),
        distributions(t, attributes, "score", ordered=ordered),
        strict=True,
    ):
        np.testing.assert_array_equal(a.values, b.values)
        np.testing.assert_array_equal(a.counts, b.counts)
        assert (a.group, a.rows, a.missing) == (b.group, b.rows, b.missing)
        assert a.sum == pytest.approx(b.sum, rel=1e-12, abs=1e-12)


@given(tables(score=True), st.sampled_from([(), ("sex",), ("race",)]))
def test_bins_hold_the_exact_values(t: Table, attributes: tuple[str, ...]) -> None:
    """The binned distribution is the exact one, each value moved to its bin's middle; sums,
    rows and missing are unchanged."""
    counted = count_rows(t, plan(t, score_bins=16, score_range=(0.0, 1.0)))
    for b, d in zip(
        from_cube(counted, attributes, "score"), distributions(t, attributes, "score"), strict=True
    ):
        assert (b.group, b.rows, b.missing, b.exact) == (d.group, d.rows, d.missing, False)
        place = np.clip(np.floor(d.values * 16), 0, 15).astype(int)
        expected = np.zeros((16, 3))
        np.add.at(expected, place, d.counts)
        np.testing.assert_allclose(b.counts, expected, rtol=1e-12)
        np.testing.assert_array_equal(b.values, (np.arange(16) + 0.5) / 16)
        for name in ("total", "sum", "sum_squares", "weight_squared"):
            assert getattr(b, name) == pytest.approx(getattr(d, name), rel=1e-12, abs=1e-12)


def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups sorted side by side are the groups sorted in turn."""
    g = np.random.default_rng(0)
    t = table(
        {"protected:sex": g.integers(0, 3, 300), "outcome": g.integers(0, 3, 300)},
        score=np.round(g.random(300), 2),
        weight=g.random(300),
    )
    alone = distributions(t, ("sex",), "score")
    monkeypatch.setattr("audit.tally.spread.PARALLEL", 1)
    for a, b in zip(alone, distributions(t, ("sex",), "score"), strict=True):
        assert (a.group, a.sum, a.total) == (b.group, b.sum, b.total)
        np.testing.assert_array_equal(a.counts, b.counts)


def test_binned_without_a_plan() -> None:
    """`exact=False` bins the observed range into 1,024, wherever the rows are."""
    g = np.random.default_rng(0)
    t = table(
        {"protected:sex": g.integers(0, 3, 300), "outcome": g.integers(0, 3, 300)},
        score=g.random(300),
    )
    here = distributions(t, ("sex",), "score", exact=False)
    there = distributions(in_engine(t, "polars"), ("sex",), "score", exact=False)
    assert [d.group[0] for d in here] == list(SEX)
    for a, b in zip(here, there, strict=True):
        assert len(a.edges) == 1025
        np.testing.assert_array_equal(a.counts, b.counts)
        assert a.sum == pytest.approx(b.sum, rel=1e-12)


def test_a_risk_and_an_amount_know_their_direction() -> None:
    roles = replace(ROLES, score=None, risk="pd", amount={"limit": "higher", "rate": "lower"})
    t = table(
        {"protected:sex": [0], "outcome": [0]},
        roles,
        score=[0.1],
        amounts={"limit": [5.0], "rate": [0.2]},
    )
    t = replace(t, roles=replace(t.roles, risk="pd"))
    counted = count_rows(t, plan(t, score_range=(0.0, 1.0)))
    for column, better in (("pd", False), ("limit", True), ("rate", False)):
        assert distributions(t, (), column)[0].higher_is_better is better
        assert from_cube(counted, (), column)[0].higher_is_better is better
        assert from_cube(counted, (), column)[0].rows == 1
    assert from_cube(counted, (), "limit")[0].sum == 5.0


def test_what_was_not_counted_gives_nothing() -> None:
    """Scores are binned by single attributes: a pair has no answer, not a wrong one."""
    t = table({"protected:sex": [0], "protected:race": [0]}, score=[0.5])
    assert from_cube(count_rows(t, plan(t)), ("sex", "race"), "score") == ()


def test_unknown_columns_attributes_and_engines_are_refused() -> None:
    t = table({"protected:sex": [0], "outcome": [0]}, score=[0.5])
    with pytest.raises(InputError, match=r"TLY003.*'income'.*score"):
        distributions(t, (), "income")
    with pytest.raises(InputError, match=r"TLY003.*'race'"):
        distributions(t, ("race",), "score")
    with pytest.raises(InputError, match=r"TLY003.*in memory"):
        distributions(in_engine(t, "polars"), (), "score")
