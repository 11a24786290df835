"""The verdict rule: each of its seven clauses fires where it should and nowhere else."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.findings.verdict import (
    BREACH,
    CAUTION,
    CHANCE,
    INSIDE,
    OPEN,
    SMALL,
    UNDEFINED,
    Case,
    clause,
    harmed_side,
    verdict_for,
    verdict_of,
)

NAN = math.nan
RATIO: dict[str, Any] = {"line": 0.8, "caution": 0.9}
GAP: dict[str, Any] = {"line": 0.1, "caution": 0.05, "worse": "away"}


def ratio(value: float, low: float, high: float, p: float, n: int = 500, m: int = 500) -> int:
    return int(clause("ratio", Case(value, low, high, p, n, m), **RATIO))


def test_1_an_undefined_estimate_is_insufficient_with_its_reason() -> None:
    """Fires on nan, whatever else is known; the reason is the sentence."""
    assert ratio(NAN, NAN, NAN, 0.001) == UNDEFINED
    assert ratio(0.7, NAN, NAN, 0.001) == UNDEFINED
    assert ratio(0.7, 0.6, 0.8, NAN) == CHANCE
    verdict, because = verdict_of(
        "ratio", NAN, NAN, NAN, NAN, 50, 50, **RATIO, reason="both rates are 0"
    )
    assert (verdict, because) == ("insufficient", "no value: both rates are 0")


def test_2_beyond_and_significant_fails() -> None:
    """Fires below the line with adjusted p < .05; not on the line, not at p = .05."""
    assert ratio(0.79, 0.7, 0.9, 0.049) == BREACH
    assert ratio(0.79, 0.7, 0.9, 0.05) != BREACH
    assert ratio(0.80, 0.7, 0.9, 0.001) == CAUTION
    verdict, because = verdict_of("ratio", 0.7, 0.6, 0.81, 0.01, 90, 90, **RATIO)
    assert verdict == "fail"
    assert because == (
        "the observed gap is beyond the rule; one this size would be unusual if the rates "
        "were equal"
    )
    whole = verdict_of("ratio", 0.7, 0.6, 0.79, 0.01, 90, 90, **RATIO)[1]
    assert whole.endswith("the whole interval is beyond the rule")


def test_2_a_small_group_can_fail() -> None:
    """The second clause stands before the fifth: few rows do not hide a significant breach."""
    assert ratio(0.3, 0.1, 0.7, 0.001, n=20) == BREACH


def test_3_beyond_but_not_significant_is_for_review() -> None:
    """Fires below the line without significance, however wide the interval."""
    assert ratio(0.5, 0.1, 2.0, 0.2) == CHANCE
    assert ratio(0.81, 0.1, 2.0, 0.2) == OPEN
    assert verdict_of("ratio", 0.5, 0.1, 2.0, 0.2, 90, 90, **RATIO) == (
        "review",
        "a gap beyond the rule was seen; this sample cannot tell it from chance",
    )


def test_4_a_significant_gap_in_the_caution_zone_is_for_review() -> None:
    """Fires from the line up to .90, never at .90, never without significance."""
    assert ratio(0.85, 0.82, 0.88, 0.01) == CAUTION
    assert ratio(0.85, 0.82, 0.88, 0.06) == INSIDE
    assert ratio(0.90, 0.82, 0.98, 0.01) == INSIDE
    assert verdict_of("ratio", 0.85, 0.82, 0.88, 0.01, 90, 90, **RATIO) == (
        "review",
        "within the rule, but a real gap",
    )


def test_5_few_rows_are_insufficient_though_the_interval_would_pass() -> None:
    """Fires below 30 rows on either side; 30 are enough."""
    assert ratio(1.0, 0.9, 1.1, 1.0, n=29) == SMALL
    assert ratio(1.0, 0.9, 1.1, 1.0, m=29) == SMALL
    assert ratio(1.0, 0.9, 1.1, 1.0, n=30, m=30) == INSIDE
    because = verdict_of("ratio", 1.0, 0.9, 1.1, 1.0, 12, 90, **RATIO, group="women")[1]
    assert because == "fewer than 30 rows: 12 in women"


def test_6_the_harmful_limit_at_the_line_passes() -> None:
    """Fires with the lower limit on the line or inside; the sentence claims no more than that."""
    assert ratio(1.0, 0.8, 1.2, 1.0) == INSIDE
    assert ratio(1.0, 0.7999, 1.2, 1.0) == OPEN
    verdict, because = verdict_of("ratio", 0.95, 0.92, 0.98, 0.01, 90, 90, **RATIO, group="women")
    assert verdict == "pass"
    assert because == "no gap beyond the rule against women; a smaller gap is real"


def test_6_a_pass_says_where_the_other_direction_is_open() -> None:
    """A ratio of 1.1 up to 1.4 shows no harm to the group and leaves harm to the reference open."""
    because = verdict_of(
        "ratio", 1.1, 0.85, 1.4, 0.4, 90, 90, **RATIO, group="women", reference="men"
    )[1]
    assert because == "no gap beyond the rule against women; one against men is not excluded"


def test_7_otherwise_the_sample_cannot_exclude_a_breach() -> None:
    """Fires when nothing beyond the rule was seen but the interval reaches it."""
    verdict, because = verdict_of(
        "ratio", 0.95, 0.7, 1.3, 0.7, 90, 90, **RATIO, rows_needed=1200, group="women"
    )
    assert verdict == "insufficient"
    assert because == (
        "nothing beyond the rule was seen, but this sample cannot exclude it; if the estimate "
        "holds, a pass needs about 1,200 rows in women"
    )


@pytest.mark.parametrize(("value", "near"), [(0.80, True), (0.8199, True), (0.82, False)])
def test_7_no_sample_settles_an_estimate_within_two_hundredths_of_the_line(
    value: float, near: bool
) -> None:
    """Within .02 of the line no number of rows is named."""
    because = verdict_of("ratio", value, 0.7, 1.0, 0.2, 90, 90, **RATIO, rows_needed=99)[1]
    assert ("no sample size will settle it" in because) is near
    assert ("99 rows" in because) is not near


def test_a_ratio_is_also_read_as_its_inverse() -> None:
    """A group at 1.4 times the reference's rate means the reference is at .714: it is harmed."""
    assert ratio(1.4, 1.2, 1.7, 0.001) == BREACH
    assert ratio(1.3, 0.9, 1.9, 0.2) == CHANCE
    assert ratio(1.15, 1.05, 1.3, 0.01) == CAUTION
    assert harmed_side("ratio", 1.4) == "reference"
    assert harmed_side("ratio", 0.7) == "group"
    because = verdict_of("ratio", 1.4, 1.26, 1.7, 0.001, 90, 90, **RATIO)[1]
    assert because.endswith("the whole interval is beyond the rule")


def test_a_reference_that_is_never_approved_reads_as_a_ratio_of_zero() -> None:
    """Group over reference is infinite, reference over group is 0: beyond the line."""
    assert ratio(math.inf, 3.0, math.inf, 0.001) == BREACH


@pytest.mark.parametrize(
    ("value", "low", "high", "p", "expected"),
    [
        (-0.11, -0.2, -0.02, 0.01, BREACH),
        (0.11, 0.02, 0.2, 0.01, BREACH),
        (0.11, -0.1, 0.3, 0.3, CHANCE),
        (0.10, 0.02, 0.18, 0.01, CAUTION),
        (-0.06, -0.09, -0.03, 0.01, CAUTION),
        (0.05, 0.01, 0.09, 0.01, INSIDE),
        (0.0, -0.10, 0.10, 1.0, INSIDE),
        (0.0, -0.11, 0.10, 1.0, OPEN),
        (0.0, -0.10, 0.11, 1.0, OPEN),
    ],
)
def test_a_difference_is_read_in_both_directions(
    value: float, low: float, high: float, p: float, expected: int
) -> None:
    """Line .10 and caution .05 on either side of 0."""
    assert int(clause("difference", Case(value, low, high, p, 90, 90), **GAP)) == expected


def test_a_standardized_difference_speaks_of_means() -> None:
    """An SMD compares means; line .30, caution .20."""
    verdict, because = verdict_of(
        "smd", -0.4, -0.5, -0.31, 0.001, 90, 90, line=0.3, caution=0.2, worse="away"
    )
    assert verdict == "fail"
    assert "if the means were equal" in because
    assert because.endswith("the whole interval is beyond the rule")


def test_exactly_four_fifths_is_not_beyond() -> None:
    """16 of 100 against 20 of 100 is .8 exactly, though 0.16 / 0.2 < 0.8 in binary."""
    assert 0.16 / 0.2 < 0.8
    assert ratio(0.16 / 0.2, 0.6, 1.0, 0.01) == CAUTION
    tenth = 0.6 - 0.5
    assert int(clause("difference", Case(-tenth, -0.2, 0.0, 0.01, 90, 90), **GAP)) == CAUTION


def test_a_family_for_review_never_fails() -> None:
    """`worst="review"` turns a fail into a review and says so."""
    verdict, because = verdict_of("ratio", 0.5, 0.4, 0.6, 0.001, 90, 90, **RATIO, worst="review")
    assert verdict == "review"
    assert because.endswith("can ask for a review at most")


NUMBER = st.floats(0.01, 5)
P = st.floats(0, 1)
ROWS = st.integers(1, 5000)


@st.composite
def intervals(draw: st.DrawFn) -> tuple[float, float, float]:
    """A value inside its interval."""
    return tuple(sorted(draw(st.tuples(NUMBER, NUMBER, NUMBER))))  # type: ignore[return-value]


@given(intervals(), P, ROWS, ROWS, st.floats(1, 3), st.floats(1, 3))
def test_widening_an_interval_never_makes_a_pass(
    interval: tuple[float, float, float], p: float, n: int, m: int, down: float, up: float
) -> None:
    """Monotone: less certainty moves a verdict between pass and insufficient only one way."""
    low, value, high = interval
    wide = ratio(value, low / down, high * up, p, n, m)
    tight = ratio(value, low, high, p, n, m)
    assert wide == tight or (tight, wide) == (INSIDE, OPEN)


@given(intervals(), P, ROWS, ROWS)
def test_swapping_group_and_reference_keeps_what_was_seen(
    interval: tuple[float, float, float], p: float, n: int, m: int
) -> None:
    """Clauses 1 to 5 read both directions alike; only 6 and 7 speak of harm to the group."""
    low, value, high = interval
    one, other = ratio(value, low, high, p, n, m), ratio(1 / value, 1 / high, 1 / low, p, m, n)
    assert one == other or {one, other} <= {INSIDE, OPEN}


@given(intervals(), P, P)
def test_a_smaller_p_value_never_makes_a_verdict_milder(
    interval: tuple[float, float, float], p: float, q: float
) -> None:
    """Fail and review are never lost by more evidence of a gap."""
    low, value, high = interval
    order = ["fail", "review", "insufficient", "pass"]
    strong, weak = (verdict_for(ratio(value, low, high, x)) for x in (min(p, q), max(p, q)))
    assert order.index(strong) <= order.index(weak)


@given(intervals(), P, ROWS, ROWS)
def test_the_sentence_agrees_with_the_interval(
    interval: tuple[float, float, float], p: float, n: int, m: int
) -> None:
    """What a sentence says of value and interval is so; no sentence acquits."""
    low, value, high = interval
    verdict, because = verdict_of("ratio", value, low, high, p, n, m, **RATIO)
    toward = min(value, 1 / value)
    if verdict == "fail" or "beyond the rule was seen; this" in because:
        assert toward < 0.8
    if "whole interval" in because:
        assert high < 0.8 or low > 1.25
    if verdict == "pass":
        assert low >= 0.8 * (1 - 1e-12)
        assert min(n, m) >= 30
    if "is not excluded" in because:
        assert high > 1.25
    if "smaller gap is real" in because or "but a real gap" in because:
        assert p < 0.05
    if "cannot exclude" in because:
        assert low < 0.8
    for word in ("fair", "compliant", "illegal", "discriminat"):
        assert word not in because


@given(st.lists(st.tuples(intervals(), P, ROWS, ROWS), min_size=1, max_size=20))
def test_many_at_once_are_judged_as_one_by_one(
    cases: list[tuple[tuple[float, float, float], float, int, int]],
) -> None:
    """Arrays change nothing."""
    columns = [(v, low, high, p, n, m) for (low, v, high), p, n, m in cases]
    together = clause("ratio", Case(*map(np.array, zip(*columns, strict=True))), **RATIO)
    alone = [int(clause("ratio", Case(*c), **RATIO)) for c in columns]
    assert together.tolist() == alone
