"""Tallies add: laws of merging, and what is refused."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tally_strategies import KEYS, RACE, ROLES, SEX, pick, table, tables
from test_counting import same

from audit.errors import DataWarning, InputError
from audit.table.roles import Issue
from audit.table.rows import CodedRows, Table
from audit.tally.counting import count_rows
from audit.tally.cube import Tally, cells
from audit.tally.merge import merge
from audit.tally.plan import plan

pytestmark = pytest.mark.filterwarnings("ignore:.TLY103")  # small parts are often alike
UNIT = (0.0, 1.0)


def only_used_levels(t: Table) -> Table:
    """The same rows as a branch sees them: levels that it never met are not in its axes."""
    rows = t.rows
    assert isinstance(rows, CodedRows)
    codes, axes = dict(rows.codes), dict(t.axes)
    for key, axis in t.axes.items():
        used = np.unique(rows.codes[key])
        axes[key] = replace(axis, levels=tuple(axis.levels[i] for i in used))
        codes[key] = np.searchsorted(used, rows.codes[key]).astype(np.uint8)
    return replace(t, axes=axes, rows=replace(rows, codes=codes))


def counted(t: Table) -> Tally:
    return count_rows(t, plan(t, score_range=UNIT))


def close(one: Tally, other: Tally) -> None:
    """Same counts whatever levels are unused, float sums to 1e-12."""
    assert (one.fingerprint, one.rows, one.outside) == (
        other.fingerprint,
        other.rows,
        other.outside,
    )
    for attributes in ((), ("sex",), ("race",), ("sex", "race")):
        for a, b in zip(cells(one, attributes), cells(other, attributes), strict=True):
            index = [b.groups.index(group) for group in a.groups]
            np.testing.assert_array_equal(a.n, b.n[index])
            if a.w is not None:
                np.testing.assert_allclose(a.w, b.w[index], rtol=1e-12)  # type: ignore[index]
                np.testing.assert_allclose(a.w2, b.w2[index], rtol=1e-12)  # type: ignore[index]


@given(tables(min_size=2), st.data())
def test_parts_add_up_to_the_whole(t: Table, data: st.DataObject) -> None:
    """However the rows are dealt out, the merged tally is the tally of all rows, even where a
    part never met some level."""
    hands = data.draw(st.lists(st.integers(0, 2), min_size=t.size, max_size=t.size))
    parts = [pick(t, [i for i in range(t.size) if hands[i] == k]) for k in set(hands)]
    same(merge([counted(p) for p in parts]), counted(t))
    close(merge([counted(only_used_levels(p)) for p in parts]), counted(t))


@given(tables(min_size=3), st.data())
def test_merging_is_associative(t: Table, data: st.DataObject) -> None:
    """(a + b) + c and a + (b + c) are equal in every field but the last bits of float sums."""
    cuts = sorted(data.draw(st.sets(st.integers(1, t.size - 1), min_size=2, max_size=2)))
    bounds = [0, *cuts, t.size]
    a, b, c = (
        counted(only_used_levels(pick(t, range(i, j)))) for i, j in itertools.pairwise(bounds)
    )
    left, right = merge([merge([a, b]), c]), merge([a, merge([b, c])])
    assert left.axes == right.axes
    same(left, right)
    same(left, merge([c, a, b]))
    assert merge([a, b, c]) == left


@given(tables())
def test_one_part_is_itself(t: Table) -> None:
    assert merge([counted(t)]) == counted(t)


def test_an_empty_level_changes_nothing() -> None:
    """A level without rows moves neither fingerprint nor counts."""
    t = table({"protected:race": [0, 1], "decision": [0, 1]})
    axis = replace(KEYS["protected:race"], levels=(0, *RACE))
    rows = t.rows
    assert isinstance(rows, CodedRows)
    shifted = {**rows.codes, "protected:race": rows.codes["protected:race"] + np.uint8(1)}
    wide = replace(t, axes={"protected:race": axis}, rows=replace(rows, codes=shifted))
    assert counted(t).fingerprint == counted(wide).fingerprint
    assert merge([counted(t), counted(wide)]).rows == 4


def test_a_level_in_one_part_only_is_united_in_order() -> None:
    """Women in one month, men and unknown in the other: three groups, missing last."""
    one = table({"protected:sex": [1, 2], "decision": [0, 0]})
    other = table({"protected:sex": [0, 0], "decision": [0, 1]})
    merged = merge([counted(only_used_levels(one)), counted(only_used_levels(other))])
    (found,) = cells(merged, ("sex",))
    assert [g[0] for g in found.groups] == list(SEX)
    assert found.n.sum(axis=(1, 2)).tolist() == [2, 1, 1]


def test_cubes_that_one_part_lacks_are_summed_or_listed() -> None:
    """A branch that crossed nothing and one that crossed pairs agree on single attributes;
    the pairs are listed as not checked."""
    t = table({"protected:sex": [0, 1], "protected:race": [0, 2], "decision": [0, 1]})
    single = count_rows(t, plan(t, intersections=1))
    merged = merge([single, counted(t)])
    assert cells(merged, ("sex",))[0].n.sum() == 4
    assert cells(merged, ("sex", "race")) == ()
    assert merged.skipped == ("sex × race: only some of the merged parts counted it",)


def test_weights_of_very_different_size_merge() -> None:
    """Powers of two taken out of extreme weights are put back before adding."""
    t = table({"protected:sex": [0, 1], "decision": [0, 1]}, weight=[1.0, 3.0])
    rows = t.rows
    assert isinstance(rows, CodedRows)
    assert rows.weight is not None
    tiny = counted(replace(t, rows=replace(rows, weight=rows.weight * 1e-300)))
    huge = counted(replace(t, rows=replace(rows, weight=rows.weight * 1e200)))
    for merged in (merge([tiny, huge]), merge([huge, tiny])):
        w = cells(merged, ())[0].w
        assert w is not None
        assert w[0, 1, 2] / w[0, 0, 2] == pytest.approx(3, rel=1e-12)
    twice = cells(merge([tiny, tiny]), ())[0].w
    assert twice is not None
    assert twice[0, 1, 2] / twice[0, 0, 2] == pytest.approx(3, rel=1e-12)


def test_the_same_tally_twice_is_pointed_out() -> None:
    """It is added, since two months may agree, but never silently; a file twice is an issue."""
    t = table({"protected:sex": [0, 1], "decision": [0, 1]})
    one = counted(replace(t, sources=("jan.csv",)))
    empty = counted(table({"protected:sex": [], "decision": []}))
    with pytest.warns(DataWarning, match=r"TLY103.*twice: 2 rows of jan\.csv") as caught:
        merged = merge([one, one, one])
    assert [w.filename for w in caught] == [__file__]
    assert merged.rows == 6
    assert [i.code for i in merged.issues] == ["TLY102"]
    assert [i.code for i in merge([merged, empty, empty]).issues] == ["TLY102"]


def test_issues_sources_and_outside_values_are_kept() -> None:
    """What parts noticed is said once; values outside the bins add up; a file counted twice is
    pointed out."""
    note = Issue(code="TBL099", severity="note", column=None, message="seen", fix="none")
    t = table({"protected:sex": [0, 1], "decision": [0, 1]}, score=[5.0, 0.5])
    one = counted(replace(t, sources=("a.csv",), issues=(note,)))
    other = counted(replace(t, sources=("b.csv",), issues=(note,)))
    merged = merge([one, other])
    assert merged.sources == ("a.csv", "b.csv")
    assert [i.code for i in merged.issues] == ["TBL099", "TLY101"]
    assert merged.outside == {"score": 2}
    assert "2 rows" in merged.issues[1].message
    again = merge([merged, one])
    assert [i.code for i in again.issues] == ["TBL099", "TLY101", "TLY102"]
    assert "a.csv was counted 2 times" in again.issues[2].message


BASE: dict[str, Any] = {"protected:sex": [0, 1], "decision": [0, 1]}


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (counted(table(BASE, replace(ROLES, favorable={"decision": (True,)}))), "favorable"),
        (counted(table(BASE, replace(ROLES, favorable={"decision": (0,)}))), "favorable"),
        (counted(table(BASE, replace(ROLES, cutoff=0.5))), "cutoff"),
        (counted(table(BASE, replace(ROLES, bins={"age": (26.0,)}))), "bins"),
        (counted(table({**BASE, "protected:race": [0, 1]})), "protected"),
        (counted(table({**BASE, "stratum:purpose": [0, 1]})), "strata"),
        (counted(table(BASE, weight=[1.0, 2.0])), "weight"),
        (counted(table(BASE, score=[0.5, 0.5])), "score"),
    ],
)
def test_different_roles_are_refused_by_name(other: Tally, what: str) -> None:
    one = counted(table(BASE))
    with pytest.raises(InputError, match=rf"TLY201.*{what} differ.*part 2"):
        merge([one, other])


def test_different_bins_are_refused() -> None:
    t = table(BASE, score=[0.5, 0.5])
    one = count_rows(t, plan(t, score_range=(0, 1)))
    for other in (plan(t, score_range=(0, 2)), plan(t, score_range=(0, 1), score_bins=32)):
        with pytest.raises(InputError, match="bins of score differ: '64 from 0 to 1'"):
            merge([one, count_rows(t, other)])


def test_levels_of_another_type_are_refused() -> None:
    """1 and '1' are never taken for the same group."""
    t = table({"protected:race": [0, 1], "decision": [0, 1]})
    text = replace(
        t, axes={"protected:race": replace(KEYS["protected:race"], levels=("1", "2", "3"))}
    )
    with pytest.raises(InputError, match="type of race differ: 'int' in part 1, 'str' in part 2"):
        merge([counted(t), counted(text)])


def test_nothing_to_merge_and_things_that_are_no_tally_are_refused() -> None:
    with pytest.raises(InputError, match="TLY202"):
        merge([])
    with pytest.raises(InputError, match="part 2 is a Table"):
        merge([counted(table(BASE)), table(BASE)])  # type: ignore[list-item]


def test_a_year_is_twelve_months() -> None:
    """Folding one by one, in any order, gives the fingerprint of the year."""
    g = np.random.default_rng(3)
    t = table(
        {
            "protected:sex": g.integers(0, 3, 600),
            "decision": g.integers(0, 3, 600),
            "outcome": g.integers(0, 3, 600),
        },
        score=g.random(600),
    )
    months = [counted(pick(t, range(i, 600, 12))) for i in range(12)]
    year = counted(t).fingerprint
    assert merge(months).fingerprint == year
    assert reduce(lambda a, b: merge([b, a]), months).fingerprint == year
