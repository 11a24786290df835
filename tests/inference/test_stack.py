"""Stacks of groups, and how many rows a share is worth."""

import numpy as np
import pytest
from tallies import rows_of, table_of, tally_of

import audit
from audit.inference.reference import references
from audit.inference.stack import (
    attribute_tuples,
    build,
    main_stacks,
    proportions,
    side_stack,
)
from audit.metrics.rates import selection_rate

GROUPS = {
    ("f", "a"): table_of(20, 10, 5, 5),
    ("f", "b"): table_of(30, 10, 5, 5),
    ("m", "a"): table_of(20, 10, 10, 10),
    ("m", "b"): table_of(50, 10, 5, 5),
}
BOTH = {"protected": ["sex", "race"]}


def test_tuples_come_singles_first() -> None:
    """Then pairs, up to what was asked."""
    tally = tally_of(GROUPS, **BOTH)
    assert attribute_tuples(tally, 1) == [("sex",), ("race",)]
    assert attribute_tuples(tally, 9) == [("sex",), ("race",), ("sex", "race")]


def test_one_stack_holds_everyone_singles_and_crossings() -> None:
    """() first; every row knows its reference's row; everyone has none."""
    tally = tally_of(GROUPS, **BOTH, reference={"sex": "m", "race": "b"})
    (stack,), missing = main_stacks(tally, references(tally), intersections=2, min_rows=30)
    assert not missing
    assert stack.groups[0] == ()
    assert stack.reference[0] == -1
    of = {stack.groups[i]: stack.groups[j] for i, j in enumerate(stack.reference) if j >= 0}
    assert of[("f",)] == ("m",)
    assert of[("a",)] == ("b",)
    assert of[("f", "a")] == ("m", "b")
    assert stack.n.sum() == 4 * tally.rows


def test_what_was_not_counted_is_named() -> None:
    """A crossing or stratum that no cube holds."""
    tally = tally_of(GROUPS, **BOTH, intersections=1)
    _, missing = main_stacks(tally, references(tally), intersections=2, min_rows=30)
    assert missing == ["sex × race: not in the tally's cubes"]
    side, missing = side_stack(tally, references(tally), min_rows=30)
    assert side is None
    assert missing == []


def test_plain_counts_are_their_own_rows() -> None:
    """x and n are the counts; the value their ratio."""
    tally = tally_of(GROUPS)
    (stack,), _ = main_stacks(tally, references(tally), intersections=1, min_rows=30)
    p = proportions(stack, selection_rate)
    place = stack.groups.index(("f",))
    assert (p.x[place], p.n[place], p.rows[place]) == (60, 90, 90)
    assert p.value[place] == pytest.approx(2 / 3)


def _stack(scale: float, cluster: bool) -> object:
    rng = np.random.default_rng(5)
    rows = rows_of(GROUPS)
    columns = {k: [v for v, n in zip(rows[k], rows["n"], strict=True) for _ in range(n)]
               for k in ("sex", "ok")}  # fmt: skip
    size = len(columns["sex"])
    columns["w"] = (rng.uniform(0.5, 3, size) * scale).tolist()
    columns["who"] = rng.integers(0, 150, size).tolist()
    told = {"protected": "sex", "decision": "ok", "favorable": 1, "weight": "w"}
    tally = audit.count(columns, **told, cluster="who" if cluster else None)
    stacks, _ = main_stacks(tally, references(tally), intersections=1, min_rows=30)
    return stacks[-1]


@pytest.mark.parametrize("cluster", [False, True])
def test_effective_rows_know_no_scale(cluster: bool) -> None:
    """Weights of 1/1000: as many effective rows as weights of 1, never more than rows."""
    one = proportions(_stack(1.0, cluster), selection_rate)  # type: ignore[arg-type]
    other = proportions(_stack(1e-3, cluster), selection_rate)  # type: ignore[arg-type]
    assert one.n == pytest.approx(other.n, rel=1e-9)
    assert one.x == pytest.approx(other.x, rel=1e-9)
    assert (one.n <= one.rows).all()
    assert (one.n > 20).all()
    assert one.value == pytest.approx(one.x / one.n)


def test_a_stack_of_nothing_is_empty() -> None:
    """No groups, no rows, nothing weighted."""
    made = build((), (), min_rows=0)
    assert (made.spans, made.groups, made.n.shape) == ((), (), (0, 3, 3))
    assert made.w is made.w2 is made.blocks is None


def test_strata_are_stacked_beside_each_other() -> None:
    """Each stratum's groups, with their own reference; a stratum without rows is none."""
    tally = tally_of(GROUPS, protected=["sex"], strata=["race"], reference={"sex": "m"})
    side, missing = side_stack(tally, references(tally), min_rows=30)
    assert side is not None
    assert missing == []
    assert [(s.attribute, s.stratum, s.stage) for s in side.spans] == [
        (("sex",), ("a",), None), (("sex",), ("b",), None),
    ]  # fmt: skip
    assert side.groups == (("f",), ("m",)) * 2
    assert side.reference.tolist() == [1, 1, 3, 3]
    assert side.n.sum(axis=(1, 2)).tolist() == [40, 50, 50, 70]
    assert side.columns(np.array([2, 1])) == {
        "attribute": [("sex",)] * 2, "group": [("f",), ("m",)],
        "stratum": [("b",), ("a",)], "stage": [None, None],
    }  # fmt: skip


def test_groups_without_rows_are_listed_for_one_attribute_only() -> None:
    """A level nobody has is listed with 0 rows; a crossing nobody is in is not."""
    import pandas as pd

    rows = rows_of({k: v for k, v in GROUPS.items() if k != ("m", "a")})
    frame = pd.DataFrame(rows).assign(sex=pd.Categorical(rows["sex"], ["f", "m", "x"]))
    tally = audit.count(
        frame, protected=["sex", "race"], decision="ok", outcome="paid", count="n",
        favorable={"decision": 1, "outcome": 1}, reference={"sex": "m", "race": "b"},
    )  # fmt: skip
    (stack,), _ = main_stacks(tally, references(tally), intersections=2, min_rows=30)
    at = stack.groups.index(("x",))
    assert stack.n[at].sum() == 0
    crossed = [g for g in stack.groups if len(g) == 2]
    assert sorted(crossed) == [("f", "a"), ("f", "b"), ("m", "b")]
