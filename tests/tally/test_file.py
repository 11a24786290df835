"""The tally file: what is saved is what is loaded, and anything else is refused."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tally_strategies import KEYS, ROLES, table, tables

from audit.errors import InputError
from audit.table.roles import Issue, Level
from audit.table.rows import CodedRows, Table
from audit.tally.counting import count_rows
from audit.tally.cube import Tally
from audit.tally.file import from_dict, load, replace_file, save, to_dict
from audit.tally.plan import plan


def counted(t: Table) -> Tally:
    return count_rows(t, plan(t, score_range=(0.0, 1.0)))


@pytest.fixture
def tally() -> Tally:
    t = table({"protected:sex": [0, 1, 2], "decision": [0, 1, 2]}, score=[0.1, 0.7, None])
    note = Issue(code="TBL099", severity="note", column="sex", message="</script>", fix="é")
    return counted(replace(t, issues=(note,), sources=("a.csv",)))


@given(tables())
def test_the_round_trip_is_exact(t: Table) -> None:
    """Through JSON text every field comes back, floats in full."""
    one = counted(t)
    assert from_dict(json.loads(json.dumps(to_dict(one)))) == one


@given(
    st.lists(
        st.one_of(
            st.text(st.characters(), max_size=5),
            st.integers(-(2**62), 2**62),
            st.booleans(),
            st.floats(allow_nan=False),
        ),
        min_size=1,
        max_size=5,
        unique_by=lambda v: (type(v).__name__, repr(v)),
    )
)
@settings(max_examples=50)
def test_levels_keep_their_type(levels: list[Level]) -> None:
    """1, 1.0, True, "1", infinities, lone surrogates and None come back as what they were."""
    axis = replace(KEYS["protected:sex"], levels=(*levels, None))
    t = table({"protected:sex": [0], "decision": [0]})
    rows = t.rows
    assert isinstance(rows, CodedRows)
    one = counted(replace(t, axes={"protected:sex": axis}))
    back = from_dict(json.loads(json.dumps(to_dict(one))))
    found = back.axes["protected:sex"].levels
    assert [(type(v), repr(v)) for v in found] == [(type(v), repr(v)) for v in axis.levels]


def test_numpy_levels_are_stored_as_pythons() -> None:
    axis = replace(KEYS["protected:sex"], levels=(np.int64(1), np.bool_(True), np.str_("x")))
    one = counted(
        replace(table({"protected:sex": [0], "decision": [0]}), axes={"protected:sex": axis})
    )
    assert to_dict(one)["axes"]["protected:sex"]["levels"] == [1, True, "x"]


def test_save_and_load(tally: Tally, tmp_path: Path) -> None:
    """The same tally, the same bytes, and only that file in the folder."""
    path = tmp_path / "2026.tally.json"
    tally.save(path)
    assert load(path) == tally
    first = path.read_bytes()
    tally.save(str(path))
    assert path.read_bytes() == first
    assert os.listdir(tmp_path) == ["2026.tally.json"]
    assert json.loads(first)["schema"] == "audit.tally/1"
    assert first.isascii()


def test_a_file_that_is_no_tally_is_replaced_only_by_force(tally: Tally, tmp_path: Path) -> None:
    path = tmp_path / "thesis.txt"
    path.write_text("years of work")
    with pytest.raises(InputError, match=r"TLY301.*force"):
        tally.save(path)
    assert path.read_text() == "years of work"
    tally.save(path, force=True)
    assert load(path) == tally


def test_a_folder_or_an_unwritable_place_is_refused(tally: Tally, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"TLY301.*folder"):
        save(tally, tmp_path)
    with pytest.raises(InputError, match=r"TLY301.*cannot write"):
        save(tally, tmp_path / "nowhere" / "x.json")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_whole(
    tally: Tally, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "x.json"
    tally.save(path)
    old = path.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(InputError, match=r"TLY301.*No space left"):
        replace(tally, rows=99).save(path)
    monkeypatch.undo()
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == ["x.json"]


def test_replace_file_keeps_permissions(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("old")
    path.chmod(0o640)
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640


def test_any_cut_is_refused(tally: Tally, tmp_path: Path) -> None:
    """A file cut short at any of 60 places never loads."""
    path = tmp_path / "x.json"
    tally.save(path)
    whole = path.read_bytes()
    for end in np.linspace(0, len(whole.rstrip()) - 1, 60).astype(int):
        path.write_bytes(whole[:end])
        with pytest.raises(InputError, match="TLY302"):
            load(path)


def test_a_changed_count_is_refused(tally: Tally, tmp_path: Path) -> None:
    """The checksum catches an edit of the file, the fingerprint an edit of the content."""
    path = tmp_path / "x.json"
    tally.save(path)
    whole = json.loads(path.read_text())
    whole["content"]["cubes"][0]["count"][0] += 1
    path.write_text(json.dumps(whole))
    with pytest.raises(InputError, match="checksum"):
        load(path)
    with pytest.raises(InputError, match="fingerprint"):
        from_dict(whole["content"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"schema": "audit.tally/2"}',
        '{"schema": "audit.report/1"}',
        '{"schema": "audit.tally/1"}',
        "[" * 100_000,
        "\udcff",
        '{"schema": "audit.tally/1", "content": 3}',
    ],
)
def test_other_files_are_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match="TLY302"):
        load(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"TLY302.*No such file"):
        load(tmp_path / "none.json")


def at(content: dict[str, Any], *path: Any, value: Any) -> dict[str, Any]:
    copy = json.loads(json.dumps(content))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return copy


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("cubes", 0, "count", 0), -1),
        (("cubes", 0, "count", 0), 1.5),
        (("cubes", 0, "count", 0), 10**30),
        (("cubes", 0, "count"), []),
        (("cubes", 0, "at", 0, 0), 99),
        (("cubes", 0, "at", 0, 0), -1),
        (("cubes", 0, "at"), []),
        (("cubes", 0, "axes", 0), "protected:none"),
        (("cubes", 0), 3),
        (("bins", "score", "number"), 10**12),
        (("bins", "score", "number"), 0),
        (("bins",), None),
        (("roles", "surprise"), 1),
        (("roles",), []),
        (("axes",), [1]),
        (("issues",), [{"code": 1}]),
        (("rows",), "many"),
        (("rows",), True),
        (("weight_exponent",), "x"),
    ],
)
def test_content_that_makes_no_sense_is_refused(path: tuple[Any, ...], value: Any) -> None:
    t = table({"protected:sex": [0, 1], "decision": [0, 1]}, score=[0.1, 0.7])
    content = to_dict(counted(t))
    with pytest.raises(InputError, match=r"TLY30\d|TLY004"):
        from_dict(at(content, *path, value=value))


def test_a_file_cannot_ask_for_more_memory_than_a_plan_would(tally: Tally) -> None:
    """Axes whose product is huge are refused before anything is allocated."""
    content = to_dict(tally)
    content["axes"] = {
        f"protected:{c}": {"name": c, "kind": "protected", "levels": list(range(2000))}
        for c in "abc"
    }
    content["cubes"] = [
        {
            "stage": None,
            "axes": list(content["axes"]),
            "at": [[], [], []],
            "count": [],
            "weight": None,
            "weight_squared": None,
            "sums": {},
        }
    ]
    with pytest.raises(InputError, match="larger than any"):
        from_dict(content)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["rows", "cubes", "roles", "axes", "bins", "count", "at"]),
                inner,
                max_size=4,
            )
        ),
    )
)
def test_any_json_is_loaded_or_refused(value: Any) -> None:
    """Nothing but `InputError` comes out of hostile content."""
    base = to_dict(counted(table({"protected:sex": [0, 1], "decision": [0, 1]})))
    for content in [value if isinstance(value, dict) else {"rows": value}] + [
        {**base, key: value} for key in base
    ]:
        try:
            from_dict(content)
        except InputError as error:
            assert error.code in ("TLY302", "TLY004", "TLY001")  # noqa: PT017


def test_roles_come_back() -> None:
    roles = replace(
        ROLES,
        reference={"sex": "male", "race": None},
        bins={"age": (26.0, 40.0)},
        cutoff=0.15,
        unfavorable={"decision": (3,)},
        amount={"limit": "higher"},
        where="x == 'y'",
    )
    one = counted(table({"protected:sex": [0], "decision": [0]}, roles, amounts={"limit": [1.0]}))
    assert from_dict(to_dict(one)).roles == one.roles


@pytest.mark.parametrize("schema", ["audit.tally/0", "audit.tally/2"])
def test_a_tally_of_another_version_is_refused_by_name(tmp_path: Path, schema: str) -> None:
    """Older or newer: both versions are named, and what to do."""
    path = tmp_path / "x.tally.json"
    path.write_text(json.dumps({"schema": schema, "checksum": "", "content": {}}))
    said = rf"TLY302.*schema '{schema}'; this version reads 'audit.tally/1'"
    with pytest.raises(InputError, match=said):
        load(path)
