"""Labels: faults 19-32. Which values favour the applicant is told, never guessed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from audit.errors import DataWarning, InputError
from audit.table.intake import read
from audit.table.rows import CodedRows, Table


def decided(values: Any, **roles: Any) -> Table:
    frame = pd.DataFrame({"g": ["a", "b"] * (len(values) // 2) + ["a"] * (len(values) % 2)})
    frame["d"] = values if isinstance(values, (pd.Series, pd.Categorical)) else list(values)
    return read(frame, protected="g", decision="d", **roles)


def codes(table: Table, key: str = "decision") -> list[int]:
    assert isinstance(table.rows, CodedRows)
    return table.rows.codes[key].tolist()  # type: ignore[no-any-return]


def test_fault_19_text_must_be_told() -> None:
    with pytest.raises(InputError, match=r"TBL021.*'approve', 'deny'.*favorable="):
        decided(["approve", "deny"])
    assert codes(decided(["approve", "deny"], favorable="approve")) == [0, 1]


def test_fault_20_bool_means_true() -> None:
    assert codes(decided([True, False])) == [0, 1]
    assert decided([True, False]).roles.favorable == {"decision": (True,)}
    assert codes(decided([True, False], favorable=False)) == [1, 0]


def test_fault_21_minus_one_and_one_must_be_told() -> None:
    with pytest.raises(InputError, match="TBL022"):
        decided([-1, 1])
    assert codes(decided([-1, 1], favorable=1)) == [1, 0]


def test_fault_22_one_and_two_are_refused_with_a_hint() -> None:
    with pytest.raises(InputError, match=r"TBL022.*German Credit"):
        decided([1, 2])
    assert codes(decided([1, 2], favorable=1)) == [0, 1]


def test_fault_23_digits_as_text_are_text() -> None:
    with pytest.raises(InputError, match="TBL021"):
        decided(["0", "1"])
    with pytest.raises(InputError, match=r"TBL028.*favorable=\{'decision': '1'\}"):
        decided(["0", "1"], favorable=1)
    assert codes(decided(["0", "1"], favorable="1")) == [1, 0]


def test_fault_24_probabilities_are_no_decisions() -> None:
    for told in ({}, {"favorable": 1}):
        with pytest.raises(InputError, match=r"TBL024.*probabilities.*score='d'.*cutoff"):
            decided([0.2, 0.9, 0.4], **told)


def test_fault_25_two_columns_of_probabilities_are_refused() -> None:
    matrix = np.array([[0.2, 0.8], [0.9, 0.1]])
    with pytest.raises(InputError, match="TBL010"):
        read({"g": ["a", "b"], "d": matrix}, protected="g", decision="d", favorable=1)
    nested = [[0.2, 0.8], [0.9, 0.1]]
    for frame in (
        pd.DataFrame({"g": ["a", "b"], "d": nested}),
        pl.DataFrame({"g": ["a", "b"], "d": nested}),
        pa.table({"g": ["a", "b"], "d": nested}),
        {"g": ["a", "b"], "d": nested},
    ):
        with pytest.raises(InputError, match="TBL010"):
            read(frame, protected="g", decision="d", favorable=1)


def test_fault_26_a_third_value_is_refused_unless_the_unfavourable_are_told() -> None:
    values = ["approve", "deny", "withdrawn", "approve"]
    with pytest.raises(InputError, match=r"TBL025.*'deny', 'withdrawn'.*unfavorable"):
        decided(values, favorable="approve")
    table = decided(values, favorable="approve", unfavorable="deny")
    assert codes(table) == [0, 1, 2, 0]
    assert table.roles.unfavorable == {"decision": ("deny",)}
    assert [i.code for i in table.issues] == ["TBL062"]
    assert "1 rows are undecided ('withdrawn')" in table.issues[0].message


def test_fault_27_a_missing_decision_is_refused() -> None:
    for values in (
        [1.0, np.nan, 0.0],
        ["1", None, "0"],
        pd.Series([1, None, 0], dtype="Int64"),
        pd.Series([True, None, False], dtype="boolean"),
        pd.Categorical(["1", None, "0"]),
    ):
        favorable = 1 if not isinstance(values[0], str) else "1"
        with pytest.raises(InputError, match=r"TBL026.*1 row, first: 1.*is not null"):
            decided(values, favorable=favorable)


def test_fault_27_a_missing_outcome_is_unknown_and_counted() -> None:
    frame = {"g": ["a", "b", "a"], "y": [1, None, 0]}
    table = read(frame, protected="g", outcome="y", favorable=1)
    assert codes(table, "outcome") == [0, 2, 1]
    assert [(i.code, i.message) for i in table.issues] == [("TBL059", "1 outcomes are unknown")]


def test_fault_28_infinite_labels_are_refused() -> None:
    with pytest.raises(InputError, match="TBL016"):
        decided([1.0, np.inf, 0.0], favorable=1)
    frame = {"g": ["a", "b"], "d": [True, False], "s": [0.1, np.inf]}
    with pytest.raises(InputError, match=r"TBL016.*1 row, first: 1"):
        read(frame, protected="g", decision="d", score="s")


def test_fault_30_a_constant_decision_is_read() -> None:
    for value, expected in ((1, 0), (0, 1)):
        table = decided([value, value], favorable=1)
        assert codes(table) == [expected, expected]
        assert "TBL060" in {i.code for i in table.issues}


def test_fault_31_a_favourable_zero_must_be_told() -> None:
    frame = {"g": ["a", "b"], "default": [0, 1]}
    with pytest.raises(
        InputError, match=r"TBL022.*\(0, 1\).*favorable={'outcome': VALUE}; .*'default'"
    ):
        read(frame, protected="g", outcome="default")
    table = read(frame, protected="g", outcome="default", favorable=0)
    assert codes(table, "outcome") == [0, 1]


def test_fault_32_nearly_one_is_no_label() -> None:
    with pytest.raises(InputError, match=r"TBL024.*0\.999999"):
        decided([0, 0.999999, 1], favorable=1)


def test_a_value_that_does_not_occur_is_refused_with_a_suggestion() -> None:
    with pytest.raises(InputError, match=r"TBL023.*did you mean 'approve'"):
        decided(["approve", "deny"], favorable="aprove")
    with pytest.raises(InputError, match="TBL023"):
        decided([0, 1], favorable=2)


def test_one_value_cannot_be_both() -> None:
    with pytest.raises(InputError, match="TBL027"):
        decided([0, 1], favorable=1, unfavorable=[1])


def test_text_is_read_in_the_columns_own_type() -> None:
    """The command line has only text: "1" means 1 for numbers, "true" means True for bool."""
    table = decided([0, 1], favorable="1")
    assert table.roles.favorable == {"decision": (1,)}
    assert decided([False, True], favorable="true").roles.favorable == {"decision": (True,)}
    table = decided([1, 2, 3], favorable=["1", "2"], unfavorable=["3"])
    assert table.roles.favorable == {"decision": (1, 2)}


def test_favourable_values_by_part() -> None:
    frame = {"g": ["a", "b"], "d": ["approve", "deny"], "y": [0, 1]}
    table = read(
        frame, protected="g", decision="d", outcome="y",
        favorable={"decision": ["approve"], "outcome": 0},
    )  # fmt: skip
    assert table.roles.favorable == {"decision": ("approve",), "outcome": (0,)}
    assert codes(table, "outcome") == [0, 1]
    same = read(frame, protected="g", decision="d", outcome="y", favorable={"d": "approve", "y": 0})
    assert same.roles.favorable == table.roles.favorable
    with pytest.raises(InputError, match=r"TBL005.*did you mean 'decision'"):
        read(frame, protected="g", decision="d", favorable={"decison": "approve"})


def test_a_bare_value_must_occur_in_both() -> None:
    frame = {"g": ["a", "b"], "d": [1, 0], "y": ["good", "bad"]}
    with pytest.raises(InputError, match=r"TBL028.*column 'y'"):
        read(frame, protected="g", decision="d", outcome="y", favorable=1)
    frame["y"] = [True, False]
    table = read(frame, protected="g", decision="d", outcome="y", favorable=1)
    assert table.roles.favorable == {"decision": (1,), "outcome": (True,)}
    frame["d"] = ["approve", "deny"]
    table = read(frame, protected="g", decision="d", outcome="y", favorable="approve")
    assert table.roles.favorable == {"decision": ("approve",), "outcome": (True,)}


def test_values_for_a_part_that_is_not_given_are_refused() -> None:
    with pytest.raises(InputError, match="TBL029"):
        decided([True, False], favorable={"outcome": 1})


def test_without_decision_and_cutoff_nothing_decides() -> None:
    table = read({"g": ["a", "b"], "y": [True, False]}, protected="g", outcome="y")
    assert table.roles.decided_by == "none"
    assert isinstance(table.rows, CodedRows)
    assert "decision" not in table.rows.codes
    assert "decision" not in table.axes


def test_a_warning_points_at_the_line_that_asked() -> None:
    """Not at one of ours, however deep it was noticed."""
    frame = {"g": ["a", "b", "b "] * 40, "d": [0, 1, 1] * 40}
    with pytest.warns(DataWarning) as caught:
        read(frame, protected="g", decision="d", favorable=1)
    assert {w.filename for w in caught} == {__file__}
