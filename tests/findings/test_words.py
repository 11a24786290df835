"""Names and numbers in words: nothing hidden, nothing rounded onto a line it is not on."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.findings.words import (
    group_words,
    interval_words,
    level_words,
    metric_words,
    number,
    p_words,
    percent,
    stratum_words,
    who,
)


def test_a_group_is_its_levels() -> None:
    """Crossed groups are joined for display; missing and everyone have words."""
    assert group_words(("female", "[26, 40)")) == "female × 26 to under 40"
    assert group_words((None, 3, 2.5, True)) == "missing × 3 × 2.5 × True"
    assert group_words(()) == "everyone"


def test_hostile_names_stay_distinct() -> None:
    """A level called missing, an empty one, one holding the cross: quoted, so never confused."""
    shown = [
        group_words(g) for g in [(None,), ("missing",), ("",), ("a × b",), ("a", "b"), ("a ",)]
    ]
    assert len(set(shown)) == len(shown)
    assert group_words(("nan",)) == "nan"
    assert group_words(("None",)) == "None"


def test_a_bidirectional_override_is_isolated_and_named() -> None:
    """U+202E cannot turn the rest of the sentence around; its code point is shown."""
    shown = level_words("ab\u202ecd")
    assert shown == "\u2068ab[U+202E]cd\u2069"
    assert "\u202e" not in shown
    assert level_words("\u05d0\u05d1") == "\u2068\u05d0\u05d1\u2069"
    assert level_words("a\u2069b\x00") == "\u2068a[U+2069]b[U+0000]\u2069"
    assert level_words("zero\u200bwidth") == "\u2068zero[U+200B]width\u2069"


def test_long_names_are_shortened_and_told_apart() -> None:
    """A megabyte is shown as its beginning, its length and a mark of the whole."""
    one, other = level_words("x" * 10**6 + "1"), level_words("x" * 10**6 + "2")
    assert len(one) < 100
    assert one != other


@given(st.text(max_size=80))
def test_any_text_can_be_shown_on_one_line(text: str) -> None:
    """No control character, line break or lone surrogate reaches a sentence."""
    shown = level_words(text)
    inside = shown.strip("“”").removeprefix("\u2068").removesuffix("\u2069")
    assert inside.isprintable() or all(c.isprintable() or c.isspace() for c in inside)
    assert "\n" not in shown
    shown.encode("utf-8")


def test_a_level_that_is_no_word_brings_its_attribute() -> None:
    """ "age 26 to under 40" rather than "26 to under 40"."""
    assert who(("age",), ("[26, 40)",)) == "age 26 to under 40"
    assert who(("foreign",), (True,)) == "foreign True"
    assert who(("sex",), ("female",)) == "female"
    assert stratum_words(("purpose", "band"), ("car", None)) == "purpose = car, band = missing"
    assert metric_words("disparate_impact_ratio") == "approval-rate ratio"


@pytest.mark.parametrize("p", [0.0, 1e-300, 9.9e-5, 1e-4, 0.00049, 0.0499, 0.04999999, 0.05])
def test_a_p_value_never_reads_as_nothing(p: float) -> None:
    """Never "p 0.000", and never on the wrong side of .05."""
    shown = p_words(p)
    assert not shown.endswith("0.000")
    value = float(shown.split()[-1])
    assert value > 0
    assert (value < 0.05) == (p < 0.05)


@given(st.floats(0, 1))
def test_a_percentage_reaches_its_ends_only_when_true(share: float) -> None:
    """Only 0 is "0%", only 1 is "100%"."""
    shown = percent(share)
    assert (shown == "0%") == (share == 0)
    assert (shown == "100%") == (share == 1)
    assert shown not in ("0.0%", "100.0%")


@given(st.floats(0.01, 3), st.sampled_from([0.8, 0.9, 1.0, 1.25]))
def test_rounding_never_crosses_a_line(value: float, line: float) -> None:
    """What is printed lies on the same side of the line as the number itself."""
    shown = float(number(value, lines=(line,)))
    if abs(value - line) > 1e-7:
        assert (shown < line) == (value < line)


def test_numbers_at_the_edges() -> None:
    """Undefined and unbounded are words."""
    assert number(math.nan) == "undefined"
    assert interval_words(1.2, math.inf) == "at least 1.200"
    assert interval_words(math.nan, 1.0) == "no interval"
    assert number(0.16 / 0.2, lines=(0.8,)) == "0.800"


def test_a_tie_reads_the_same_however_it_was_computed() -> None:
    """259 of 2,000 is 12.95 %: as a quotient, and as a ratio times the other rate."""
    rate, other = 259 / 2000, 700 / 1000
    assert percent(rate) == percent(rate / other * other) == "13.0%"
    assert percent(0.12949999999999998) == percent(0.1295) == percent(0.12950000000000003)
