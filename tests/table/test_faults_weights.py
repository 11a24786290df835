"""Weights and counts: faults 33-39."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from audit.errors import InputError
from audit.table.intake import read
from audit.table.rows import CodedRows


def weighted(weight: Any, part: str = "weight") -> CodedRows:
    frame = {"g": ["a", "b", "a"], "d": [True, False, True], "w": weight}
    rows = read(frame, protected="g", decision="d", **{part: "w"}).rows  # type: ignore[arg-type]
    assert isinstance(rows, CodedRows)
    return rows


@pytest.mark.parametrize("part", ["weight", "count"])
def test_fault_33_negative_weights_are_refused(part: str) -> None:
    with pytest.raises(InputError, match=r"TBL033.*1 row, first: 2") as caught:
        weighted([1, 2, -1], part)
    assert caught.value.argument == part


@pytest.mark.parametrize("part", ["weight", "count"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, None])
def test_fault_34_missing_and_infinite_weights_are_refused(part: str, bad: Any) -> None:
    with pytest.raises(InputError, match=r"TBL034.*1 row, first: 1"):
        weighted([1.0, bad, 2.0], part)


@pytest.mark.parametrize("part", ["weight", "count"])
def test_fault_35_weights_that_are_all_zero_are_refused(part: str) -> None:
    with pytest.raises(InputError, match="TBL035"):
        weighted([0, 0, 0], part)


def test_fault_37_a_weight_of_another_length_is_refused() -> None:
    with pytest.raises(InputError, match=r"TBL007.*'w' has 2 values where 'g' has 3"):
        weighted([1, 2])
    with pytest.raises(InputError, match="TBL005"):
        read({"g": ["a"], "d": [True]}, protected="g", decision="d", weight=[1.0])  # type: ignore[arg-type]


@pytest.mark.parametrize("part", ["weight", "count"])
def test_fault_38_text_is_no_weight(part: str) -> None:
    with pytest.raises(InputError, match=r"TBL032.*text, such as '1'"):
        weighted(["1", "2", "3"], part)


@pytest.mark.parametrize("scale", [1e12, 1e-300])
def test_fault_39_any_scale_of_weights_is_kept(scale: float) -> None:
    found = weighted(np.array([1.0, 2.0, 3.0]) * scale).weight
    assert found is not None
    assert found.tolist() == [1.0 * scale, 2.0 * scale, 3.0 * scale]


def test_counts_are_whole_numbers() -> None:
    found = weighted([1.0, 2.0, 0.0], "count").count
    assert found is not None
    assert found.dtype == np.int64
    assert found.tolist() == [1, 2, 0]
    with pytest.raises(InputError, match=r"TBL036.*1 row, first: 0"):
        weighted([0.5, 2.0, 1.0], "count")
