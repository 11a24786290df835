"""Counting in memory: hand-worked cells and the laws of a tally."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tally_strategies import KEYS, ROLES, pick, table, tables

from audit.errors import InputError
from audit.table.roles import Axis, Roles
from audit.table.rows import CodedRows, Table
from audit.tally import memory
from audit.tally.counting import count_rows
from audit.tally.cube import Cube, Tally, cells, find
from audit.tally.plan import Plan, Shape, plan

UNIT = (0.0, 1.0)


def close(one: Any, other: Any) -> None:
    """Equal, or both absent; floats to 1e-12 of the larger."""
    if one is None or other is None:
        assert one is other
    else:
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def same(one: Tally, other: Tally) -> None:
    """Counts and fingerprints equal, float sums to 1e-12."""
    assert one.fingerprint == other.fingerprint
    assert (one.rows, one.outside) == (other.rows, other.outside)
    assert [c.key for c in one.cubes] == [c.key for c in other.cubes]
    for a, b in zip(one.cubes, other.cubes, strict=True):
        np.testing.assert_array_equal(a.count, b.count)
        close(a.weight, b.weight)
        close(a.weight_squared, b.weight_squared)
        for name in a.sums:
            close(a.sums[name], b.sums[name])


def test_cells_worked_by_hand() -> None:
    """Five applicants land in the five cells they belong to."""
    t = table(
        {
            "protected:sex": [0, 0, 1, 1, 2],
            "decision": [0, 1, 0, 2, 1],
            "outcome": [0, 2, 1, 2, 0],
        }
    )
    (found,) = cells(count_rows(t, plan(t)), ("sex",))
    assert found.groups == (("female",), ("male",), (None,))
    expected = np.zeros((3, 3, 3), int)
    expected[0, 0, 0] = expected[0, 1, 2] = expected[1, 0, 1] = expected[1, 2, 2] = 1
    expected[2, 1, 0] = 1
    np.testing.assert_array_equal(found.n, expected)
    assert found.w is None


def test_weights_counts_and_scores_worked_by_hand() -> None:
    """Two equal rows with frequencies 2 and 3, weights 0.5 and 4: n = 5, Σcw = 13, Σcw² = 48.5."""
    t = table(
        {"protected:sex": [0, 0], "decision": [0, 0], "outcome": [1, 1]},
        count=[2, 3],
        weight=[0.5, 4.0],
        score=[0.25, 0.5],
    )
    counted = count_rows(t, plan(t, score_range=UNIT, score_bins=4))
    (found,) = cells(counted, ("sex",))
    assert counted.rows == 5
    assert found.w is not None
    assert found.w2 is not None
    assert (found.n[0, 0, 1], found.w[0, 0, 1], found.w2[0, 0, 1]) == (5, 13.0, 48.5)
    binned = find(counted, (), kind="score")
    assert binned is not None
    assert binned.count[0, 0, 1].tolist() == [0, 2, 3, 0, 0]
    assert binned.sums["score"][0, 0, 1].tolist() == [0, 0.25, 6.0, 0, 0]
    assert binned.sums["score_squared"][0, 0, 1].tolist() == [0, 0.0625, 3.0, 0, 0]


@given(tables())
def test_every_cube_is_what_a_dictionary_counts(t: Table) -> None:
    """Each cell equals a plain Counter over the rows' level names."""
    rows = t.rows
    assert isinstance(rows, CodedRows)
    number = rows.count if rows.count is not None else np.ones(t.size, int)
    p = plan(t, score_range=UNIT, score_bins=8)
    for shape, cube in zip(p.shapes, count_rows(t, p).cubes, strict=True):
        expected: Counter[tuple[int, ...]] = Counter()
        for i in range(t.size):
            place = [int(rows.codes[key][i]) for key in shape.keys]
            if shape.stage is not None and rows.codes[f"stage:{shape.stage}"][i] == 3:
                continue
            if shape.column is not None:
                assert rows.score is not None
                x = rows.score[i]
                place.append(8 if np.isnan(x) else min(max(int(np.floor(x * 8)), 0), 7))
            expected[tuple(place)] += int(number[i])
        found = {tuple(map(int, p)): int(cube.count[tuple(p)]) for p in np.argwhere(cube.count)}
        assert found == {k: v for k, v in expected.items() if v}


@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(t: Table, random: Any) -> None:
    order = list(range(t.size))
    random.shuffle(order)
    p = plan(t, score_range=UNIT)
    same(count_rows(t, p), count_rows(pick(t, order), p))


@given(tables(count=True))
def test_a_frequency_is_a_repeated_row(t: Table) -> None:
    """`count=` gives the cells of the table with each row written that many times."""
    rows = t.rows
    assert isinstance(rows, CodedRows)
    assert rows.count is not None
    repeated = pick(t, np.repeat(np.arange(t.size), rows.count))
    plain = replace(repeated, rows=replace(repeated.rows, count=None))
    p = plan(t, score_range=UNIT)
    same(count_rows(t, p), count_rows(plain, p))


@given(tables(), st.integers(1, 30))
def test_any_chunking_gives_the_same_tally(t: Table, chunk: int) -> None:
    p = plan(t, score_range=UNIT)
    same(memory.tally(t, p), memory.tally(t, p, chunk=chunk))


@given(tables())
def test_marginals_agree_across_cubes(t: Table) -> None:
    """Each cube that can answer for an attribute gives the same counts."""
    counted = count_rows(t, plan(t, intersections=1, score_range=UNIT))
    for attributes in ((), ("sex",), ("race",)):
        answers = []
        for cube in counted.cubes:
            one = cells(replace(counted, cubes=(cube,)), attributes)
            if one:
                answers.append(one[0].n)
        assert len(answers) >= 1
        for answer in answers:
            np.testing.assert_array_equal(answer, answers[0])


@given(tables(weight=True))
@settings(max_examples=30)
def test_scaling_weights_scales_the_cells(t: Table) -> None:
    """×1e12 and ×1e-300 keep every share to 1e-12: squares never under- or overflow."""
    rows = t.rows
    assert isinstance(rows, CodedRows)
    assert rows.weight is not None
    p = plan(t, score_range=UNIT)
    base = cells(count_rows(t, p), ("sex",))[0]
    assume(base.w is not None and base.w.sum() > 0)  # counts of 0 leave no row to weigh
    for factor in (1e12, 1e-300, 1e200):
        scaled = replace(t, rows=replace(rows, weight=rows.weight * factor))
        other = cells(count_rows(scaled, p), ("sex",))[0]
        assert base.w is not None and other.w is not None  # noqa: PT018
        assert base.w2 is not None and other.w2 is not None  # noqa: PT018
        np.testing.assert_allclose(other.w / other.w.sum(), base.w / base.w.sum(), rtol=1e-12)
        np.testing.assert_allclose(
            other.w2 / other.w.sum() ** 2, base.w2 / base.w.sum() ** 2, rtol=1e-11
        )


def test_no_decision_counts_as_undecided_and_no_outcome_as_unknown() -> None:
    """Base rates need no decision: its axis is there, all undecided."""
    t = table({"protected:sex": [0, 1], "outcome": [0, 1]})
    (found,) = cells(count_rows(t, plan(t)), ("sex",))
    assert found.n[:, 2, :].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]
    t = table({"protected:sex": [0, 1], "decision": [0, 1]})
    (found,) = cells(count_rows(t, plan(t)), ("sex",))
    assert found.n[:, :, 2].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_everyone_without_attributes() -> None:
    """Without protected attributes one cube holds everyone."""
    t = table({"decision": [0, 1, 1], "outcome": [0, 1, 2]})
    (found,) = cells(count_rows(t, plan(t)), ())
    assert found.groups == ((),)
    assert found.n.sum() == 3


def test_a_stage_counts_those_who_reached_it() -> None:
    """Code 3 (did not reach the stage) is in none of its cells."""
    t = table({"protected:sex": [0, 0, 1], "decision": [1, 0, 1], "stage:desk": [3, 0, 1]})
    counted = count_rows(t, plan(t))
    (at_desk,) = cells(counted, ("sex",), stage="desk")
    assert at_desk.n.sum() == 2
    assert at_desk.n.sum(axis=(1, 2)).tolist() == [1, 1, 0]
    assert cells(counted, ("sex",))[0].n.sum() == 3


def test_blocks_add_up_to_the_cells() -> None:
    """Hashed blocks of repeated applicants are a partition of the rows."""
    t = table({"protected:sex": [0, 0, 1], "decision": [0, 0, 1], "block": [0, 63, 63]})
    (found,) = cells(count_rows(t, plan(t)), ("sex",))
    assert found.blocks is not None
    assert found.blocks.shape == (64, 3, 3, 3)
    np.testing.assert_array_equal(found.blocks.sum(axis=0), found.n)


def test_strata_are_counted_jointly() -> None:
    """One `Cells` a stratum; they add up to the whole."""
    t = table({"protected:sex": [0, 1, 1], "stratum:purpose": [0, 0, 1], "decision": [0, 1, 0]})
    counted = count_rows(t, plan(t))
    parts = cells(counted, ("sex",), strata=("purpose",))
    assert [p.stratum for p in parts] == [("car",), ("house",)]
    np.testing.assert_array_equal(sum(p.n for p in parts), cells(counted, ("sex",))[0].n)


def test_amounts_have_bins_and_sums_of_their_own() -> None:
    """A continuous decision is binned over its own range; Σx and Σx² are the rows' own."""
    t = table(
        {"protected:sex": [0, 1], "outcome": [0, 1]},
        replace(ROLES, amount={"limit": "higher"}),
        amounts={"limit": [100.0, 500.0]},
    )
    counted = count_rows(t, plan(t, score_bins=4))
    assert counted.amount_edges["limit"] == (100.0, 200.0, 300.0, 400.0, 500.0)
    (cube,) = [c for c in counted.cubes if any(a.kind == "amount" for a in c.axes)]
    assert cube.count.sum(axis=(0, 1, 2)).tolist() == [1, 0, 0, 1, 0]
    assert cube.sums["limit"].sum() == 600
    assert cube.sums["limit_squared"].sum() == 260_000


def test_scores_outside_the_range_are_counted_in_the_end_bins_and_said() -> None:
    """Three of four scores lie outside (0, 1): nobody is dropped, an issue says three rows."""
    t = table({"protected:sex": [0, 0, 1, 1], "decision": [0] * 4}, score=[-1, 0.5, 2, 9.0])
    counted = count_rows(t, plan(t, score_range=UNIT, score_bins=2))
    cube = find(counted, (), kind="score")
    assert cube is not None
    assert cube.count.sum(axis=(0, 1, 2)).tolist() == [1, 3, 0]
    assert counted.outside == {"score": 3}
    (issue,) = counted.issues
    assert issue.code == "TLY101"
    assert "3 rows" in issue.message


def test_infinite_scores_are_refused() -> None:
    """A sum that is not finite is no sum."""
    t = table({"protected:sex": [0, 0], "decision": [0, 0]}, score=[0.5, np.inf])
    with pytest.raises(InputError, match="TLY005"):
        count_rows(t, plan(t, score_range=UNIT))


def test_frequencies_beyond_exact_doubles_are_refused() -> None:
    t = table({"protected:sex": [0, 0], "decision": [0, 0]}, count=[2**52, 2**52])
    with pytest.raises(InputError, match="TLY005"):
        count_rows(t, plan(t))


def test_large_cubes_are_counted_in_wide_codes() -> None:
    """300 × 300 levels (810,000 cells, beyond 16 bits): the counts are numpy's own."""
    generator = np.random.default_rng(0)
    size = 5000
    a, b = generator.integers(0, 300, size), generator.integers(0, 300, size)
    axes = {
        f"protected:{n}": Axis(name=n, kind="protected", levels=tuple(range(300))) for n in "ab"
    }
    codes = {"protected:a": a.astype(np.uint16), "protected:b": b.astype(np.uint16)}
    t = Table(
        roles=Roles(protected=("a", "b")),
        axes=axes,
        rows=CodedRows(codes=codes),
        size=size,
        excluded=0,
    )
    counted = count_rows(t, plan(t))
    (pair,) = [c for c in counted.cubes if c.count.ndim == 4]
    expected, *_ = np.histogram2d(a, b, bins=[np.arange(301), np.arange(301)])
    np.testing.assert_array_equal(pair.count.sum(axis=(2, 3)), expected)


def test_inputs_are_never_mutated() -> None:
    t = table(
        {"protected:sex": [0, 1], "decision": [0, 1], "outcome": [0, 1]},
        score=[0.1, np.nan],
        weight=[1e-300, 2e-300],
        count=[1, 2],
    )
    rows = t.rows
    assert isinstance(rows, CodedRows)
    arrays = [*rows.codes.values(), rows.score, rows.weight, rows.count]
    before = [a.copy() for a in arrays if a is not None]
    for array in arrays:
        if array is not None:
            array.flags.writeable = False
    count_rows(t, plan(t))
    for array, old in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, old)


def test_tallies_and_cubes_have_value_equality() -> None:
    """Equal numbers are equal; another count, level type or field is not."""
    t = table({"protected:race": [0, 1], "decision": [0, 1]})
    one, other = count_rows(t, plan(t)), count_rows(t, plan(t))
    assert one == other
    assert one != replace(other, rows=3)
    cube = one.cubes[0]
    assert cube == other.cubes[0]
    assert cube != replace(cube, count=cube.count + 1)
    assert cube != replace(cube, weight=cube.count.astype(float))
    floats = replace(KEYS["protected:race"], levels=(1.0, 2.0, 3.0))
    assert cube != replace(cube, axes=(floats, *cube.axes[1:]))
    assert cube != "cube"
    assert one != "tally"
    assert isinstance(cube, Cube)


def test_a_single_shape_can_be_counted_alone() -> None:
    """A plan is data: one made by hand works like one that `plan` made."""
    t = table({"protected:sex": [0, 1], "decision": [0, 1]})
    counted = count_rows(t, Plan(shapes=(Shape(protected=("sex",)),)))
    assert len(counted.cubes) == 1


@given(tables())
def test_attributes_may_be_asked_in_any_order(t: Table) -> None:
    """(race, sex) is (sex, race) with its groups turned round."""
    counted = count_rows(t, plan(t, score_range=UNIT))
    (one,), (other,) = cells(counted, ("sex", "race")), cells(counted, ("race", "sex"))
    for group, n in zip(one.groups, one.n, strict=True):
        np.testing.assert_array_equal(n, other.n[other.groups.index(group[::-1])])


def test_ten_thousand_levels_are_counted() -> None:
    """A postcode-like attribute: every level has its cells, and the cubes that would explode
    are listed as skipped."""
    size = 20_000
    axes = {
        "protected:place": Axis(name="place", kind="protected", levels=tuple(range(10_000))),
        "protected:sex": KEYS["protected:sex"],
    }
    codes = {
        "protected:place": (np.arange(size) // 2).astype(np.uint16),
        "protected:sex": (np.arange(size) % 2).astype(np.uint8),
    }
    t = Table(
        roles=Roles(protected=("place", "sex"), score="s", cluster="who"),
        axes=axes,
        rows=CodedRows(codes=codes, score=np.linspace(0, 1, size)),
        size=size,
        excluded=0,
    )
    counted = count_rows(t, plan(t, score_bins=64))
    assert (cells(counted, ("place",))[0].n.sum(axis=(1, 2)) == 2).all()
    assert any("distribution of score by place" in line for line in counted.skipped)
    assert any("place by blocks" in line for line in counted.skipped)
