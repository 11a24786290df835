"""The verdict rule at its edges, each number worked by hand from the rule as it is written down."""

from __future__ import annotations

import math
from typing import Any

import pytest

from audit.findings.verdict import (
    BREACH,
    CAUTION,
    CHANCE,
    INSIDE,
    OPEN,
    SMALL,
    UNDEFINED,
    Case,
    because_of,
    clause,
    harmed_side,
    near_line,
    verdict_for,
    verdict_of,
)

NAN = math.nan


def ratio(*numbers: Any, worse: str = "lower") -> int:
    return int(clause("ratio", Case(*numbers), line=0.8, caution=0.9, worse=worse))


def gap(*numbers: Any, worse: str = "away") -> int:
    return int(clause("difference", Case(*numbers), line=0.1, caution=0.05, worse=worse))


def why(kind: str, *numbers: Any, line: float, worse: str = "lower") -> str:
    """The sentence of a comparison judged by the rule's own defaults."""
    return verdict_of(
        kind, *numbers, line=line, caution=line, worse=worse,
        group="women", reference="men",
    )[1]  # fmt: skip


def test_the_clauses_are_numbered_as_the_rule_lists_them() -> None:
    assert [UNDEFINED, BREACH, CHANCE, CAUTION, SMALL, INSIDE, OPEN] == [1, 2, 3, 4, 5, 6, 7]
    given = [verdict_for(number) for number in range(1, 8)]
    assert given == [
        "insufficient", "fail", "review", "review", "insufficient", "pass", "insufficient",
    ]  # fmt: skip


@pytest.mark.parametrize("missing", [(NAN, 0.9, 1.1), (1.0, NAN, 1.1), (1.0, 0.9, NAN)])
def test_1_one_unknown_number_is_enough(missing: tuple[float, float, float]) -> None:
    """Without value, lower or upper limit nothing is judged, and there may be no reason."""
    assert ratio(*missing, 1.0, 500, 500) == UNDEFINED
    assert gap(*missing, 1.0, 500, 500) == UNDEFINED
    assert why("ratio", *missing, 1.0, 500, 500, line=0.8) == "no value: it is undefined here"


@pytest.mark.parametrize(
    ("value", "found"),
    # 9/20 over 1/2 is .9 and 9/50 over 1/5 is too, though 0.18 / 0.2 < 0.9 in binary
    [(0.18 / 0.2, INSIDE), (0.89999, CAUTION), (1 / (0.18 / 0.2), INSIDE), (1.11112, CAUTION)],
)
def test_4_the_caution_zone_ends_at_exactly_nine_tenths(value: float, found: int) -> None:
    """Either way round: 1/.9 = 1.1111…"""
    assert ratio(value, 0.85, 1.2, 0.01, 500, 500) == found


def test_4_the_caution_zone_of_a_gap_ends_at_exactly_its_own_line() -> None:
    """65 % less 60 % is 5 points, though 0.65 - 0.6 > 0.05 in binary."""
    assert 0.65 - 0.6 > 0.05
    assert gap(0.65 - 0.6, 0.01, 0.09, 0.01, 90, 90) == INSIDE
    assert gap(0.0501, 0.01, 0.09, 0.01, 90, 90) == CAUTION


@pytest.mark.parametrize(
    ("worse", "low", "high", "found"),
    [
        ("lower", 0.16 / 0.2, 9.0, INSIDE),
        ("lower", 0.7999, 1.0, OPEN),
        ("higher", 0.1, 0.2 / 0.16, INSIDE),
        ("higher", 0.1, 1.2501, OPEN),
        ("higher", 1.0, 1.25, INSIDE),
        ("away", 0.8, 1.25, INSIDE),
        ("away", 0.8, 1.2501, OPEN),
        ("away", 0.7999, 1.25, OPEN),
    ],
)
def test_6_the_limit_that_would_harm_the_group_decides(
    worse: str, low: float, high: float, found: int
) -> None:
    """Four fifths, or its inverse 5/4 where a higher rate is the worse one, the line included."""
    assert ratio(1.0, low, high, 1.0, 500, 500, worse=worse) == found


@pytest.mark.parametrize(
    ("worse", "low", "high", "found"),
    [
        ("lower", 0.2 - 0.3, 0.9, INSIDE),
        ("lower", -0.1001, 0.0, OPEN),
        ("higher", -0.9, 0.3 - 0.2, INSIDE),
        ("higher", 0.0, 0.8 - 0.7, INSIDE),
        ("higher", 0.0, 0.1001, OPEN),
        ("lower", 0.7 - 0.8, 0.0, INSIDE),
    ],
)
def test_6_of_a_gap_too(worse: str, low: float, high: float, found: int) -> None:
    """Ten points, the line included; 0.8 - 0.7 is ten points, though above 0.1 in binary."""
    assert 0.8 - 0.7 > 0.1
    assert gap(0.0, low, high, 1.0, 500, 500, worse=worse) == found


def test_5_both_sides_are_named_with_their_rows() -> None:
    assert why("ratio", 1.0, 0.9, 1.1, 1.0, 12, 29, line=0.8) == (
        "fewer than 30 rows: 12 in women and 29 in men"
    )
    few = because_of(SMALL, "ratio", Case(1.0, 0.9, 1.1, 1.0, 1500, 2000), line=0.8, min_rows=2000)
    assert few == "fewer than 2000 rows: 1,500 in the group"
    assert because_of(SMALL, "ratio", Case(1.0, 0.9, 1.1, 1.0, 90, 29), line=0.8) == (
        "fewer than 30 rows: 29 in the reference"
    )


@pytest.mark.parametrize(
    ("numbers", "worse", "end"),
    [
        ((0.02, -0.05, 0.09, 0.3), "lower", "against women"),
        ((0.02, -0.05, 0.11, 0.3), "lower", "against women; one against men is not excluded"),
        ((0.02, -0.11, 0.09, 0.3), "higher", "against women; one against men is not excluded"),
        ((0.02, -0.05, 0.09, 0.3), "away", "against women, nor against men"),
        ((0.04, 0.01, 0.07, 0.05), "lower", "against women"),
        ((0.04, 0.01, 0.07, 0.049), "lower", "against women; a smaller gap is real"),
    ],
)
def test_6_what_a_pass_says(
    numbers: tuple[float, float, float, float], worse: str, end: str
) -> None:
    """No more than the limits and the p-value show."""
    said = why("difference", *numbers, 90, 90, line=0.1, worse=worse)
    assert said == f"no gap beyond the rule {end}"


@pytest.mark.parametrize(
    ("kind", "line", "numbers", "whole"),
    [
        ("difference", 0.1, (0.2, 0.11, 0.3), True),
        ("difference", 0.1, (0.2, 0.10, 0.3), False),
        ("difference", 0.1, (-0.2, -0.3, -0.11), True),
        ("difference", 0.1, (-0.2, -0.3, -0.10), False),
        ("difference", 0.1, (-0.2, 0.15, -0.09), False),
        ("smd", 0.2, (0.4, 0.21, 0.6), True),
        ("ratio", 0.8, (0.6, 0.4, 0.8), False),
        ("ratio", 0.8, (1.6, 1.25, 2.0), False),
        ("ratio", 0.8, (1.6, 1.2501, 2.0), True),
    ],
)
def test_2_the_whole_interval_is_beyond_where_its_near_end_is(
    kind: str, line: float, numbers: tuple[float, float, float], whole: bool
) -> None:
    """On the line is not beyond it; of a gap the near end is the one towards 0."""
    said = because_of(BREACH, kind, Case(*numbers, 0.001, 90, 90), line=line)
    assert said.endswith("the whole interval is beyond the rule") is whole
    assert ("means were equal" in said) is (kind == "smd")
    assert "review" not in said


def test_7_needs_rows_only_where_somebody_knows_how_many() -> None:
    said = why("ratio", 0.95, 0.7, 1.3, 0.7, 90, 90, line=0.8)
    assert said == "nothing beyond the rule was seen, but this sample cannot exclude it"


@pytest.mark.parametrize(
    ("kind", "value", "line", "near"),
    [
        ("difference", 0.085, 0.1, True),
        ("difference", -0.085, 0.1, True),
        ("difference", 0.08, 0.1, False),
        ("difference", -0.05, 0.1, False),
        ("smd", 0.19, 0.2, True),
        ("ratio", 0.81, 0.8, True),
        ("ratio", 0.83, 0.8, False),
        ("ratio", 1.0, 0.8, False),
    ],
)
def test_7_near_the_line_is_within_two_hundredths(
    kind: str, value: float, line: float, near: bool
) -> None:
    assert near_line(kind, value, line) is near


@pytest.mark.parametrize(
    ("kind", "value", "worse", "side"),
    [
        ("ratio", 0.9, "lower", "group"),
        ("ratio", 0.9, "higher", "reference"),
        ("ratio", 1.1, "higher", "group"),
        ("difference", 0.1, "lower", "reference"),
        ("difference", 0.1, "higher", "group"),
        ("smd", -0.1, "lower", "group"),
        ("ratio", 0.9, "away", None),
        ("ratio", 1.0, "lower", None),
        ("ratio", 1.0, "higher", None),
        ("difference", 0.0, "higher", None),
        ("difference", 1.0, "lower", "reference"),
        ("ratio", 0.0, "lower", "group"),
        ("ratio", NAN, "lower", None),
        ("difference", NAN, "higher", None),
    ],
)
def test_who_has_the_worse_of_it(kind: str, value: float, worse: str, side: str | None) -> None:
    """Nobody at parity, where there is no value, or where neither direction is the worse."""
    assert harmed_side(kind, value, worse) == side


def test_other_levels_of_significance_and_rows_are_taken_as_told() -> None:
    """At alpha = .10 a p of .07 counts; at 50 rows 40 are too few."""
    case = Case(0.7, 0.5, 0.95, 0.07, 40, 60)
    told: dict[str, Any] = {"line": 0.8, "caution": 0.9}
    assert int(clause("ratio", case, **told, alpha=0.1)) == BREACH
    assert int(clause("ratio", case, **told)) == CHANCE
    fine = Case(1.0, 0.9, 1.1, 1.0, 40, 60)
    assert int(clause("ratio", fine, **told, min_rows=50)) == SMALL
    assert int(clause("ratio", fine, **told, min_rows=40)) == INSIDE
    numbers: Any = (1.0, 0.9, 1.1, 0.07, 40, 60)
    said = verdict_of("ratio", *numbers, **told, alpha=0.1)
    assert said == ("pass", "no gap beyond the rule against the group; a smaller gap is real")
    gone = (0.7, 0.5, 0.95, 0.07, 60, 60)
    assert verdict_of("ratio", *gone, **told, alpha=0.1)[0] == "fail"
    assert verdict_of("ratio", *gone, **told)[0] == "review"
    for p, end in ((0.051, "group"), (0.049, "a smaller gap is real")):
        case = Case(0.95, 0.9, 1.0, p, 90, 90)
        assert because_of(INSIDE, "ratio", case, line=0.8).endswith(end)
    assert verdict_of("ratio", *numbers, **told, min_rows=50) == (
        "insufficient", "fewer than 50 rows: 40 in the group",
    )  # fmt: skip
    assert verdict_of("ratio", 1.0, 0.7, 1.2, 1.0, 90, 90, **told, worse="higher")[0] == "pass"
    assert verdict_of("ratio", 1.0, 0.7, 1.2, 1.0, 90, 90, **told)[0] == "insufficient"


def test_a_gap_of_no_rate_at_all_is_beyond_every_line() -> None:
    """0 over something is infinitely far from parity on the log scale, and no numpy warning."""
    assert ratio(0.0, 0.0, 0.5, 0.001, 90, 90) == BREACH
    assert ratio(math.inf, 3.0, math.inf, 0.3, 90, 90) == CHANCE
