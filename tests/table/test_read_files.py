"""Reading files: what a file's text means in each part, in memory and in the engine alike."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audit.errors import DataWarning, InputError
from audit.table import opened
from audit.table.intake import read
from audit.table.rows import CodedRows, EngineRows, Table

CSV = """\
g,code,d,y,s,w,k,age
NA,01,1,good,0.5,1,a,20
None,02,0,NA,NA,2,b,30
null,01,NA,bad,0.25,1,a,40
,02,1,None,0.75,3,c,
x,01,0,,nan,1,d,60
"""


@pytest.fixture(params=["memory", "engine"])
def path(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A CSV that is read into memory, or left in DuckDB."""
    if request.param == "engine":
        monkeypatch.setattr(opened, "IN_MEMORY_BYTES", 0)
    file = tmp_path / "loans.csv"
    file.write_text(CSV)
    return file


def rates(table: Table, key: str) -> list[int]:
    """Rows by code of a key."""
    size = len(table.axes[key].levels)
    rows = table.rows
    if isinstance(rows, CodedRows):
        return np.bincount(rows.codes[key], minlength=size).tolist()  # type: ignore[no-any-return]
    gc.collect()  # the engine's connection must outlive `read`
    found = rows.frame.select(rows.expressions[key].alias("v")).collect()["v"].to_list()
    counts = np.zeros(size, int)
    for value in found:
        counts[rows.lookups[key][value]] += 1
    return counts.tolist()


def test_fault_53_only_an_empty_field_is_a_missing_group(path: Path) -> None:
    with pytest.warns(DataWarning, match=r"TBL050.*1 rows"):
        table = read(path, protected="g", outcome="y", favorable="good")
    assert table.axes["protected:g"].levels == ("NA", "None", "null", "x", None)
    assert rates(table, "protected:g") == [1, 1, 1, 1, 1]
    assert table.sources == ("loans.csv",)


def test_fault_53_words_for_missing_are_missing_elsewhere_and_counted(path: Path) -> None:
    with pytest.warns(DataWarning, match=r"TBL064.*2 rows"):
        table = read(path, protected="code", outcome="y", favorable="good", score="s")
    assert rates(table, "outcome") == [1, 1, 3]
    assert [(i.code, i.column) for i in table.issues] == [
        ("TBL063", "s"),
        ("TBL064", "s"),
        ("TBL063", "y"),
        ("TBL059", "y"),
    ]
    if isinstance(table.rows, CodedRows):
        assert table.rows.score is not None
        np.testing.assert_array_equal(table.rows.score, [0.5, np.nan, 0.25, 0.75, np.nan])


def test_fault_54_leading_zeros_stay_text(path: Path) -> None:
    table = read(path, protected="code", outcome="y", favorable="good")
    assert table.axes["protected:code"].levels == ("01", "02")


def test_numbers_beside_words_for_missing_are_numbers(path: Path) -> None:
    with pytest.raises(InputError, match=r"TBL026.*1 row"):
        read(path, protected="code", decision="d", favorable=1)
    table = read(path, protected="code", decision="d", favorable="1", where="d != 'NA'")
    assert rates(table, "decision") == [2, 2, 0]
    assert table.roles.favorable == {"decision": (1,)}
    assert table.excluded == 1


def test_a_filter_and_bins_on_a_file(path: Path) -> None:
    with pytest.warns(DataWarning) as caught:
        table = read(path, protected="age", bins={"age": [26]}, outcome="y", favorable="good",
                     weight="w", cluster="k", where="w <= 3")  # fmt: skip
    assert [w.message.code for w in caught] == ["TBL050", "TBL065"]  # type: ignore[union-attr]
    assert rates(table, "protected:age") == [1, 3, 1]
    assert sum(rates(table, "block")) == 5


def test_text_in_a_numeric_part_is_refused_with_an_example(path: Path) -> None:
    with pytest.raises(InputError, match=r"TBL032.*such as 'a'"):
        read(path, protected="code", score="k")


def test_parquet_in_memory_and_in_the_engine_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pa.table(
        {
            "g": pa.array(["b", "a", None, "b"]).dictionary_encode(),
            "d": [1, 0, 1, 1],
            "s": [0.1, 0.2, 0.3, 0.4],
        }
    )
    file = tmp_path / "loans.parquet"
    pq.write_table(frame, file, row_group_size=2)
    roles: dict[str, Any] = {"protected": "g", "decision": "d", "favorable": 1, "score": "s"}
    with pytest.warns(DataWarning, match="TBL050"):
        here = read(file, **roles)
    monkeypatch.setattr(opened, "IN_MEMORY_CELLS", 0)
    with pytest.warns(DataWarning, match="TBL050"):
        there = read(str(file), where="d >= 0", **roles)
    assert isinstance(there.rows, EngineRows)
    assert here.axes == there.axes
    assert rates(here, "protected:g") == rates(there, "protected:g") == [1, 2, 1]
    assert rates(here, "decision") == rates(there, "decision") == [3, 1, 0]


def test_german_credit_does_not_hold_sex(tmp_path: Path) -> None:
    codes = tmp_path / "german.csv"
    codes.write_text(
        "personal_status_sex,foreign_worker,class\nA91,A201,1\nA92,A202,2\nA94,A201,1\n"
    )
    with pytest.warns(DataWarning) as caught:
        table = read(codes, protected=["personal_status_sex", "foreign_worker"], outcome="class",
                     favorable=1)  # fmt: skip
    assert [w.message.code for w in caught] == ["TBL070", "TBL071"]  # type: ignore[union-attr]
    assert "not recoverable" in table.issues[0].message
    assert "A201 is not foreign" in table.issues[1].message


def test_german_credit_with_labels_is_known_too() -> None:
    labels = ["male : married/widowed", "female : single", "female : non-single or male : single"]
    frame = {"personal_status_sex": labels, "foreign_worker": ["yes", "yes", "no"], "y": [True] * 3}
    with pytest.warns(DataWarning) as caught:
        table = read(frame, protected=["personal_status_sex", "foreign_worker"], outcome="y")
    assert [w.message.code for w in caught] == ["TBL070", "TBL071"]  # type: ignore[union-attr]
    assert "seem reversed" in next(i.message for i in table.issues if i.code == "TBL071")


def test_a_column_of_another_kind_by_that_name_is_not_suspected() -> None:
    frame = {"foreign_worker": [True, False], "y": [True, False]}
    assert read(frame, protected="foreign_worker", outcome="y").issues == ()
