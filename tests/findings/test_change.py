"""What would change a verdict is found by judging again, not by a formula."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.findings import change
from audit.findings.change import approvals_needed
from audit.findings.people import people_affected
from audit.findings.verdict import BREACH, CAUTION, Case, clause
from audit.inference.intervals import ratio_interval
from audit.inference.score_tests import equality_p_value

Build = Any
LINES: dict[str, float] = {"line": 0.8, "caution": 0.9}


def brute(x: int, n: int, y: int, m: int, multiplier: float = 1.0) -> tuple[int | None, int | None]:
    """Judge every further approval on its own, intervals included."""
    ends_fail = ends_review = None
    for k in range(n - x + 1):
        low, high = ratio_interval(x + k, n, y, m)
        p = min(1.0, multiplier * float(equality_p_value(x + k, n, y, m)))
        case = Case(((x + k) / n) / (y / m), float(low), float(high), p, n, m)
        found = int(clause("ratio", case, min_rows=0, **LINES))
        if ends_fail is None and found != BREACH:
            ends_fail = k
        if ends_review is None and not BREACH <= found <= CAUTION:
            ends_review = k
        if ends_fail is not None and ends_review is not None:
            break
    return ends_fail, ends_review


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_it_is_the_smallest_number_that_ends_the_finding(data: st.DataObject) -> None:
    """Equal to trying every number, one after the other."""
    n, m = data.draw(st.integers(30, 150)), data.draw(st.integers(30, 150))
    y = data.draw(st.integers(m // 3, m))
    x = data.draw(st.integers(0, max(0, int(n * y / m) - 1)))
    multiplier = data.draw(st.sampled_from([1.0, 2.0, 5.0]))
    got = approvals_needed("ratio", x, n, y, m, multiplier=multiplier, **LINES)
    assert tuple(got) == brute(x, n, y, m, multiplier)


def test_halving_finds_what_trying_every_number_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lender of 200,000 is searched by halving, to the same number."""
    whole = approvals_needed("ratio", 1500, 6000, 3000, 6000, **LINES)
    monkeypatch.setattr(change, "WHOLE", 8)
    assert approvals_needed("ratio", 1500, 6000, 3000, 6000, **LINES) == whole


def test_holms_place_makes_it_cheaper(case: Build) -> None:
    """A p-value multiplied by 2 stops being significant sooner."""
    alone = approvals_needed("ratio", 30, 100, 50, 100, **LINES)
    second = approvals_needed("ratio", 30, 100, 50, 100, multiplier=2.0, **LINES)
    assert alone.ends_fail is not None
    assert second.ends_fail is not None
    assert second.ends_fail < alone.ends_fail


def test_following_the_advice_changes_the_verdict(case: Build) -> None:
    """Adding the approvals that the card names ends the fail; one fewer does not."""
    groups = {"w": (1527, 1681), "b": (133, 197), "h": (85, 111)}
    before = case(groups, attributes=("race",), reference={"race": "w"})
    assert before.verdict == "fail"
    text = next(f.change for f in before.planned() if f.verdict == "fail")
    assert text == "11 more approvals for b to end this fail, 29 to leave nothing to review in it"
    for more, verdict in ((10, "fail"), (11, "review"), (28, "review"), (29, "pass")):
        groups["b"] = (133 + more, 197)
        after = case(groups, attributes=("race",), reference={"race": "w"})
        found = next(f.verdict for f in after.planned() if f.estimate.group == ("b",))
        assert found == verdict


def test_a_parity_with_no_approvals_at_all_needs_nothing() -> None:
    """0 of n against 0 of m has no gap to close."""
    assert approvals_needed("ratio", 0, 50, 0, 50, **LINES).ends_fail == 0


@pytest.mark.parametrize(
    ("rate", "reference", "rows", "people"),
    [(0.6, 0.7714, 105, 18), (0.5, 0.525, 100, 3), (0.5, 0.524, 100, 2), (0.9, 0.8, 50, 0)],
)
def test_people_affected_is_the_gap_times_the_group(
    rate: float, reference: float, rows: int, people: int
) -> None:
    """round(n · (reference − rate)), halves up, never below 0."""
    assert people_affected(rate, reference, rows) == people


def test_weights_name_no_number_of_approvals(case: Build) -> None:
    """With sampling weights one approval is not one unit of evidence: none is promised."""
    from dataclasses import replace

    judged = case({"m": (80, 100), "f": (50, 100)}, reference={"sex": "m"})
    weighted = replace(judged.tally, roles=replace(judged.tally.roles, weight="w"))
    finding = type(judged)(weighted).planned()[0]
    assert finding.change is None
    assert finding.people_affected == 30
