"""Sums of a distribution that every score metric asks for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.inference.curves import _example, _places


def test_sums_by_value_are_those_of_the_counts() -> None:
    """By hand: four, two and four people, none of them with an unknown outcome; then one."""
    d = _example()
    assert d.by_value.tolist() == d.known_by_value.tolist() == [4, 2, 4]
    other = replace(d, counts=d.counts + [[0, 0, 1]] * 3)
    assert other.by_value.tolist() == [5, 3, 5]
    assert other.known_by_value.tolist() == [4, 2, 4]
    assert d.by_value.tolist() == [4, 2, 4]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(-5, 5), max_size=20).map(sorted),
    st.lists(st.integers(-6, 6), unique=True, max_size=6).map(sorted),
)
def test_places_count_the_cuts_reached(values: list[int], cuts: list[int]) -> None:
    """One value at a time, by comparison."""
    found = _places(np.array(values, dtype=float), np.array(cuts, dtype=float))
    assert found.tolist() == [sum(v >= c for c in cuts) for v in values]


def test_a_sum_is_not_carried_over_to_other_replicates() -> None:
    """A copy with other counts adds up its own."""
    d = _example()
    assert d.by_value.sum() == pytest.approx(10)
    assert replace(d, counts=d.counts * 2).by_value.sum() == pytest.approx(20)
