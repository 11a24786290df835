"""Which group the others are compared with."""

from tallies import table_of, tally_of

from audit.inference.reference import Reference, reference_index, references, stand_ins
from audit.tally.cube import cells

SIZES = {"f": table_of(40, 10, 5, 5), "m": table_of(50, 20, 10, 20), "x": table_of(9, 1, 0, 0)}


def test_a_declared_reference_wins() -> None:
    """Whatever its size."""
    (found,) = references(tally_of(SIZES, reference={"sex": "x"}))
    assert (found.level, found.why) == ("x", "declared")


def test_otherwise_the_largest_group() -> None:
    """100 men against 60 and 10."""
    (found,) = references(tally_of(SIZES))
    assert (found.level, found.why) == ("m", "largest group")


def test_equal_groups_take_the_first_in_level_order() -> None:
    """A tie is broken by the levels' order, never by chance."""
    (found,) = references(tally_of({"m": table_of(5, 5, 0, 0), "f": table_of(5, 5, 0, 0)}))
    assert found.level == "f"


def test_highest_rate_needs_rows_and_a_share() -> None:
    """x has 9 of 10 approved but too few rows; f 45 of 60 beats m 60 of 100."""
    tally = tally_of(SIZES)
    (found,) = references(tally, "highest-rate", min_rows=30)
    assert (found.level, found.why) == ("f", "highest approval rate")
    (found,) = references(tally, "highest-rate", min_rows=5)
    assert found.level == "x"
    (found,) = references(tally, "highest-rate", min_rows=5, min_share=0.1)
    assert found.level == "f"


def test_highest_rate_without_decisions_is_the_largest() -> None:
    """Nothing to rank: said as what it is."""
    told = {"decision": None, "favorable": {"outcome": 1}, "unfavorable": None}
    (found,) = references(tally_of(SIZES, **told), "highest-rate")
    assert (found.level, found.why) == ("m", "largest group")


def test_the_missing_group_is_never_the_reference() -> None:
    """Not even as the largest, nor as a level named None by an attribute without levels."""
    tally = tally_of({**SIZES, None: table_of(900, 0, 0, 0)})
    (found,) = references(tally)
    assert found.level == "m"
    (block,) = cells(tally, ("sex",))
    none = Reference(attribute="sex", level=None, why="largest group")
    index, declared = reference_index(block, [none])
    assert index is not None
    assert block.groups[index] == ("m",)
    assert not declared


CROSSED = {
    ("f", "a"): table_of(20, 10, 5, 5),
    ("f", "b"): table_of(30, 10, 5, 5),
    ("m", "a"): table_of(2, 1, 1, 1),
    ("m", "b"): table_of(50, 10, 5, 5),
    ("m", None): table_of(500, 10, 5, 5),
}


def test_a_crossing_takes_the_tuple_or_the_largest_full_cell() -> None:
    """(m, a) has 5 rows: at 30 (m, b) stands in, for the missing race never does; at 5 it stays."""
    told = {"protected": ["sex", "race"], "reference": {"sex": "m", "race": "a"}}
    tally = tally_of(CROSSED, **told)
    chosen = references(tally)
    assert stand_ins(tally, ("sex", "race"), chosen) == (("m", "a"), ("m", "b"), 5)
    assert stand_ins(tally, ("sex", "race"), chosen, min_rows=5) is None
    assert stand_ins(tally, ("sex",), chosen) is None
