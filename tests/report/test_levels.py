"""A decision with several levels: every value by group, and a verdict on the favourable ones."""

from __future__ import annotations

import csv
from typing import Any

import pytest

import audit
from audit.report.blocks import Grid
from audit.report.document import document

ROWS = {
    "sex": ["f"] * 100 + ["m"] * 120,
    "grade": ["A"] * 20 + ["B"] * 31 + ["C"] * 29 + ["D"] * 20
    + ["A"] * 42 + ["B"] * 33 + ["C"] * 24 + ["D"] * 21,
}  # fmt: skip
TOLD: dict[str, Any] = {
    "protected": "sex", "decision": "grade", "favorable": ["A", "B"], "reference": {"sex": "m"},
}  # fmt: skip


@pytest.fixture(scope="module")
def result() -> Any:
    return audit.run(ROWS, levels=["A", "B", "C", "D"], **TOLD)


def grid(result: Any) -> Grid:
    (section,) = [s for s in document(result.record).sections if s.key == "levels"]
    (found,) = [b for b in section.blocks if isinstance(b, Grid)]
    return found


def test_every_value_stands_in_its_row(result: Any) -> None:
    """In the declared order, said to be favourable or not, with share, interval and bar."""
    found = grid(result)
    assert [r[0].text for r in found.rows] == ["A", "B", "C", "D"]
    assert [r[0].note for r in found.rows] == ["favourable"] * 2 + ["unfavourable"] * 2
    assert [c.title for c in found.columns] == ["grade", "f", "m"]
    assert found.rows[0][1].text == "20.0%"
    assert " to " in found.rows[0][1].note
    assert found.rows[0][1].bar is not None


def test_undecided_values_are_called_so() -> None:
    """Once unfavourable values are told."""
    found = grid(audit.run(ROWS, unfavorable=["D"], **TOLD))
    assert {r[0].text: r[0].note for r in found.rows} == {
        "A": "favourable", "B": "favourable", "C": "undecided", "D": "unfavourable",
    }  # fmt: skip


def test_two_values_have_no_such_section() -> None:
    """The approval rates say all."""
    rows = {**ROWS, "grade": ["A" if g in "AB" else "C" for g in ROWS["grade"]]}
    told = {**TOLD, "favorable": "A"}
    assert not [s for s in document(audit.run(rows, **told).record).sections if s.key == "levels"]


def test_files_name_the_level(result: Any, tmp_path: Any) -> None:
    """CSV and JSON; the audit comes back equal, and its settings read it again."""
    path = audit.write(result, tmp_path / "r.csv")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    held = [r for r in lines if r["metric"] == "decision_level_rate" and r["group"] == '["f"]']
    assert [r["decision_level"] for r in held] == ['["A"]', '["B"]', '["C"]', '["D"]']
    assert {r["column"] for r in held} == {"grade"}
    assert audit.load(audit.write(result, tmp_path / "r.json")) == result
    text = audit.write(result, tmp_path / "r.md").read_text("utf-8")
    assert 'levels = ["A", "B", "C", "D"]' in text
    frame = result.to_frame()
    assert list(frame[frame.metric == "decision_level_rate_ratio"].decision_level) == list("ABCD")


def test_every_measure_of_a_level_says_which(result: Any) -> None:
    """In findings and in the summary of one."""
    from audit.findings.summary import sentence_of

    explored = [f for f in result.findings if f.estimate.decision_level == "A"]
    assert explored
    for f in explored:
        assert not f.planned
        assert f.because.startswith("for grade = A, ")
        assert "of shares with grade = A" in sentence_of(f)
