"""What is measured, and what is left out by name."""

import pytest
from tallies import table_of, tally_of

from audit.inference.measure import known, measure
from audit.inference.reference import references
from audit.metrics.catalogue import CATALOGUE, STANDARD

CELLS = {"f": table_of(40, 20, 10, 30), "m": table_of(90, 30, 20, 60)}


def test_known_reads_the_counts() -> None:
    """Decision, outcome, selective, complete."""
    state = known(tally_of(CELLS))
    assert (state.decision, state.outcome, state.selective, state.complete) == (
        True, True, False, True,
    )  # fmt: skip
    some = known(tally_of({**CELLS, "m": {**CELLS["m"], (1, None): 3}}))
    assert (some.selective, some.complete) == (False, False)
    only = {(1, 1): 40, (1, 0): 10, (0, None): 50}
    state = known(tally_of({"f": only, "m": only}))
    assert (state.selective, state.complete) == (True, False)
    nobody = known(tally_of({"f": {(1, 1): 5, (1, 0): 3}, "m": {(1, 1): 4, (1, 0): 4}}))
    assert not nobody.selective  # nobody was denied, so nothing is hidden


def test_a_metric_whose_data_are_lacking_is_left_out() -> None:
    """Without outcomes no error rate; without decisions no approval rate."""
    only = {"f": {(1, None): 30, (0, None): 20}, "m": {(1, None): 50, (0, None): 20}}
    tally = tally_of(only)
    keys = {e.metric for e in measure(tally, references(tally), STANDARD)[0]}
    assert "disparate_impact_ratio" in keys
    assert not {k for k in keys if "outcome" in CATALOGUE[k].needs}


def test_estimates_come_in_the_asked_order_of_kinds() -> None:
    """Rates, then pairs, then worst cases; every estimate once."""
    tally = tally_of(CELLS)
    estimates, missing = measure(tally, references(tally), STANDARD)
    assert missing == []
    seen = [(e.metric, e.attribute, e.group, e.reference) for e in estimates]
    assert len(seen) == len(set(seen))
    kinds = [CATALOGUE[e.metric].contrast for e in estimates]
    order = [0 if k is None else 2 if str(k).startswith("worst") else 1 for k in kinds]
    assert order == sorted(order)


def test_the_same_seed_gives_the_same_limits_and_another_moves_them_little() -> None:
    """Only bootstrapped limits know the seed."""
    tally = tally_of(CELLS)
    keys = ["matthews_correlation", "selection_rate"]
    one, two, other = (measure(tally, references(tally), keys, seed=s)[0] for s in (1, 1, 2))
    assert one == two
    for e, f in zip(one, other, strict=True):
        if e.metric == "selection_rate":
            assert e == f
        else:
            assert e.value == f.value
            assert 0 < abs(e.low - f.low) < 0.02


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        ({(1, 1): 1}, (True, True, False, True)),
        ({(1, 0): 1}, (True, True, False, True)),
        ({(0, 1): 1, (1, None): 1}, (True, True, False, False)),
        ({(1, 1): 1, (0, None): 1}, (True, True, True, False)),
        ({(1, 1): 1, (0, 0): 1}, (True, True, False, True)),
        ({(1, None): 1, (0, None): 1}, (True, False, False, False)),
        ({(1, 1): 3, (2, None): 1}, (True, True, False, True)),
    ],
)
def test_one_row_is_enough_to_know(
    cells: dict[tuple[int, int | None], int], wanted: tuple[bool, ...]
) -> None:
    """Decision, outcome, selective labels, complete outcomes: from one row of each on."""
    found = known(tally_of({"f": cells, "m": {(1, None): 1} if wanted[3] is False else {}}))
    assert found.decision == wanted[0]
    assert found.outcome == wanted[1]
    assert found.selective == wanted[2]
    assert found.complete == wanted[3]


def test_pairs_are_crossed_and_thirty_rows_make_a_reference_unless_told() -> None:
    """`intersections` is 2 and `min_rows` 30."""
    told = {"protected": ["sex", "race"], "reference": {"sex": "m", "race": "b"}}
    cells = {("f", "a"): 90, ("m", "a"): 70, ("f", "b"): 60}
    for size, reference in ((30, ("m", "b")), (29, ("f", "a"))):
        tally = tally_of({**{k: {(1, 1): n, (0, 1): 9} for k, n in cells.items()},
                          ("m", "b"): {(1, 1): size}}, **told)  # fmt: skip
        found, _ = measure(tally, references(tally), ["statistical_parity_difference"])
        crossed = [e for e in found if len(e.group) == 2]
        assert {e.reference for e in crossed} == {reference}
