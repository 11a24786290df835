"""JSON: the schema holds, the record comes back, the damaged is refused by name."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from audit.errors import InputError
from audit.inference.estimate import Estimate, Estimates
from audit.report import json_file
from report import examples


@pytest.mark.parametrize("name", examples.ALL)
def test_schema_holds(name: str) -> None:
    """What is written is what the published schema describes."""
    Draft202012Validator.check_schema(json_file.schema())
    data = json.loads(json_file.dumps(examples.ALL[name]()))
    Draft202012Validator(json_file.schema()).validate(data)


@pytest.mark.parametrize("name", examples.ALL)
def test_round_trip(name: str) -> None:
    """Read back, a record equals the one written, and is written to the same bytes."""
    record = examples.ALL[name]()
    text = json_file.dumps(record)
    back = json_file.loads(text)
    assert json_file.equal(back, record)
    assert back.estimates == record.estimates
    assert back.roles == record.roles
    assert back.policy == record.policy
    assert json_file.dumps(back) == text


def test_keys_are_sorted_and_lines_short() -> None:
    """Sorted keys; one estimate a line, so that two reports can be compared."""
    text = json_file.dumps(examples.german())
    data = json.loads(text)
    assert list(data) == sorted(data)
    assert sum(line.startswith("   [") for line in text.splitlines()) == len(
        examples.german().estimates
    )


numbers = st.floats(allow_nan=True, allow_infinity=True)
levels = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.floats(allow_nan=False))


@given(value=numbers, low=numbers, high=numbers, group=st.tuples(levels, levels))
def test_any_estimate_survives(value: float, low: float, high: float, group: tuple) -> None:
    """Floats to the last bit, infinities, NaN, and levels in their own type."""
    if any(isinstance(v, float) and math.isinf(v) for v in group):
        group = ("a", "b")
    e = Estimate(
        metric="m", attribute=("a", "b"), group=group, value=value, low=low, high=high, rows=3
    )
    record = replace(examples.SMALLEST, estimates=Estimates.of([e]))
    back = json_file.loads(json_file.dumps(record))
    assert back.estimates == record.estimates
    assert [type(v) for v in back.estimates[0].group] == [type(v) for v in group]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "RPT011"),
        ("{", "RPT011"),
        ("[" * 100_000, "RPT011"),
        ("[]", "RPT012"),
        ("{}", "RPT012"),
        ('{"schema": "audit.report/2"}', "RPT012"),
        ('{"schema": "audit.report/1"}', "RPT013"),
    ],
)
def test_other_files_are_refused(text: str, code: str) -> None:
    """No traceback: a coded error that says what the file is not."""
    with pytest.raises(InputError, match=code):
        json_file.loads(text)


@pytest.mark.parametrize("key", sorted(json_file.to_dict(examples.SMALLEST)))
@pytest.mark.parametrize("value", [None, 3, "x", [], {}])
def test_damage_is_coded(key: str, value: Any) -> None:
    """Any top-level field replaced: read, or refused with a code; never another exception."""
    data = json_file.to_dict(examples.SMALLEST)
    data[key] = value
    try:
        json_file.from_dict(data)
    except InputError as error:
        assert error.code.startswith(("RPT", "TLY"))  # noqa: PT017 - either may refuse


def test_load_names_the_file(tmp_path: Path) -> None:
    """A missing file and one that is not UTF-8."""
    with pytest.raises(InputError, match="RPT014"):
        json_file.load(tmp_path / "no.json")
    (tmp_path / "b.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(InputError, match="RPT011"):
        json_file.load(tmp_path / "b.json")


def test_excerpt_fits_its_room() -> None:
    """The JSON inside a page keeps to its room and says what it leaves out."""
    record = examples.many()
    data = json_file.embedded(record, 20_000)
    assert len(json.dumps(data, separators=(",", ":"))) <= 20_000
    assert data["excerpt"]
    assert all(f["planned"] for f in data["findings"])
    assert json_file.embedded(examples.fair(), 10**6)["findings"]


@pytest.mark.parametrize("schema", ["audit.report/0", "audit.report/2"])
def test_a_report_of_another_version_is_refused_by_name(schema: str) -> None:
    """Older or newer: both versions are named."""
    text = json.dumps({"schema": schema})
    with pytest.raises(InputError, match=rf"RPT012.*schema '{schema}' is not 'audit.report/1'"):
        json_file.loads(text)
