"""Which cubes are planned, and what is said about those that are not."""

from __future__ import annotations

import pytest
from tally_strategies import table

from audit.errors import InputError
from audit.table.roles import Axis, Roles
from audit.tally.bins import Bins, make_bins
from audit.tally.plan import Shape, plan


def axes(**sizes: int) -> dict[str, Axis]:
    return {
        f"protected:{n}": Axis(name=n, kind="protected", levels=tuple(range(k)))
        for n, k in sizes.items()
    }


def names(shapes: tuple[Shape, ...]) -> list[tuple[str, ...]]:
    return [s.protected for s in shapes]


def test_two_small_attributes_make_one_full_cube() -> None:
    planned = plan(axes(sex=2, age=5), Roles(protected=("sex", "age")))
    assert names(planned.shapes) == [("sex", "age")]
    assert planned.skipped == ()


def test_three_attributes_crossed_by_two_make_singles_and_pairs() -> None:
    planned = plan(axes(a=2, b=2, c=2), Roles(protected=("a", "b", "c")))
    assert names(planned.shapes) == [("a",), ("b",), ("c",), ("a", "b"), ("a", "c"), ("b", "c")]


def test_a_cube_too_large_is_skipped_with_its_reason() -> None:
    """10,000 × 10,000 levels are not counted, and that is listed; single attributes are."""
    planned = plan(axes(a=10_000, b=10_000), Roles(protected=("a", "b")))
    assert names(planned.shapes) == [("a",), ("b",)]
    (line,) = planned.skipped
    assert "a × b" in line
    assert "900,000,000" in line


def test_strata_stages_blocks_and_scores_hang_on_single_attributes() -> None:
    roles = Roles(
        protected=("a", "b"),
        strata=("s",),
        stages=("x", "y"),
        cluster="who",
        score="score",
        amount={"limit": "higher"},
    )
    known = {**axes(a=2, b=3), "stratum:s": Axis(name="s", kind="stratum", levels=(1, 2))}
    planned = plan(known, roles, score_bins=8, score_range=(0, 1))
    assert [(s.protected, s.strata, s.stage, s.block, s.column) for s in planned.shapes] == [
        (("a", "b"), (), None, False, None),
        (("a",), ("s",), None, False, None),
        (("b",), ("s",), None, False, None),
        (("a",), (), "x", False, None),
        (("b",), (), "x", False, None),
        (("a",), (), "y", False, None),
        (("b",), (), "y", False, None),
        (("a",), (), None, True, None),
        (("b",), (), None, True, None),
        (("a",), (), None, False, "score"),
        (("b",), (), None, False, "score"),
        (("a",), (), None, False, "amount:limit"),
        (("b",), (), None, False, "amount:limit"),
    ]
    assert planned.bins["score"] == Bins(low=0.0, high=1.0, number=8)


def test_everyone_has_a_score_cube_where_no_attribute_has() -> None:
    """A 100,000-level attribute is too wide for scores; everyone's distribution remains."""
    planned = plan(axes(a=100_000), Roles(protected=("a",), score="s"))
    assert planned.shapes[-1] == Shape(column="score")
    assert "distribution of score by a" in planned.skipped[0]


def test_clusters_can_be_left_out() -> None:
    planned = plan(axes(a=2), Roles(protected=("a",), cluster="who"), clusters=False)
    assert not any(s.block for s in planned.shapes)


def test_the_observed_range_is_the_default() -> None:
    t = table({"protected:sex": [0, 1, 1], "decision": [0, 1, 1]}, score=[300.0, 850.0, None])
    assert plan(t).bins["score"] == Bins(low=300.0, high=850.0, number=64)
    empty = table({"protected:sex": [0], "decision": [0]}, score=[None])
    assert plan(empty).bins["score"] == Bins(low=0.0, high=1.0, number=64)
    infinite = table({"protected:sex": [0] * 3, "decision": [0] * 3}, score=[1, float("inf"), 2])
    assert plan(infinite).bins["score"] == Bins(low=1.0, high=2.0, number=64)


@pytest.mark.parametrize(
    ("low", "high", "number"),
    [
        (1, 0, 4),
        (0, float("inf"), 4),
        (float("nan"), 1, 4),
        (0, 1, 0),
        (0, 1, True),
        (-1.7e308, 1.7e308, 4),
        (0, 5e-324, 1024),
    ],
)
def test_bins_that_make_no_sense_are_refused(low: float, high: float, number: int) -> None:
    with pytest.raises(InputError, match="TLY002"):
        make_bins(low, high, number)


@pytest.mark.parametrize("intersections", [0, -1, True, 1.5])
def test_intersections_must_be_a_positive_number(intersections: int) -> None:
    with pytest.raises(InputError, match="TLY003"):
        plan(axes(a=2), Roles(protected=("a",)), intersections=intersections)


def test_axes_alone_need_roles() -> None:
    with pytest.raises(InputError, match="TLY003"):
        plan(axes(a=2))
