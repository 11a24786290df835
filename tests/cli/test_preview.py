"""What a file holds, column by column, counted where the rows are."""

from pathlib import Path

import pytest

from audit.cli import saving
from audit.cli.preview import Column, look
from audit.cli.screen import table, visible
from audit.errors import InputError

CSV = """\
code,approved,amount,sex,id,empty
01,1,1.5,f,a,
02,0,2.5,,b,
01,1,,m,c,
01,1,-1,f,d,
"""


def columns(folder: Path, text: str) -> dict[str, Column]:
    (folder / "d.csv").write_text(text)
    return {c.name: c for c in look(str(folder / "d.csv")).columns}


def test_types_values_and_gaps(tmp_path: Path) -> None:
    """'01' stays text; an empty field is missing and no value; numbers have a range."""
    found = columns(tmp_path, CSV)
    assert found["code"] == Column(
        name="code", kind="text", values=(("01", 3), ("02", 1)), distinct=2, missing=0
    )
    assert found["approved"].kind == "integer"
    assert found["approved"].values == ((0, 1), (1, 3))
    assert (found["amount"].kind, found["amount"].low, found["amount"].high) == ("number", -1, 2.5)
    assert (found["sex"].missing, found["sex"].distinct) == (1, 2)
    assert (found["empty"].missing, found["empty"].distinct) == (4, 0)


def test_of_many_values_the_most_frequent_are_kept(tmp_path: Path) -> None:
    rows = "".join(f"g{i:03d}\n" * (1 + (i == 77)) for i in range(100))
    column = columns(tmp_path, "g\n" + rows)["g"]
    assert column.distinct == 100
    assert not column.listed
    assert ("g077", 2) in column.values


def test_parquet_nan_and_null_are_both_missing(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "d.parquet"
    pq.write_table(pa.table({"x": [1.0, float("nan"), None], "b": [True, None, False]}), path)
    x, b = look(str(path)).columns
    assert (x.kind, x.missing, x.values) == ("number", 2, ((1.0, 1),))
    assert (b.kind, b.values) == ("boolean", ((False, 1), (True, 1)))


def test_only_the_columns_asked_for(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(CSV)
    assert [c.name for c in look(str(tmp_path / "d.csv"), only=["sex", "nope"]).columns] == ["sex"]


def test_names_from_data_cannot_move_the_cursor() -> None:
    assert visible("a\x1b[2Jb") == "a<U+001B>[2Jb"
    assert visible("\u202efdp.exe") == "<U+202E>fdp.exe"


def test_a_table_is_aligned_and_wrapped() -> None:
    text = table([("a", "1", "x " * 100), ("bbb", "22", "y")], ("name", "n", "what"))
    lines = text.splitlines()
    assert lines[0] == "  name   n  what"
    assert lines[1].startswith("  a      1  x x")
    assert lines[2].startswith("            x")
    assert max(map(len, lines)) <= 88


def test_exported_text_cannot_run_in_a_spreadsheet(tmp_path: Path) -> None:
    """Fault 58: cells beginning = + - @ tab or CR get a leading apostrophe; numbers do not."""
    import pandas as pd

    frame = pd.DataFrame({"t": ["=1+1", "-x", "ok", "@a"], "n": [-1, 2, 3, 4]})
    saving.rows(frame, tmp_path / "d.csv")
    assert (tmp_path / "d.csv").read_text() == "t,n\n'=1+1,-1\n'-x,2\nok,3\n'@a,4\n"


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "audit.toml"
    target.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match="No space"):
        saving.whole(target, "new")
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["audit.toml"]


def test_what_may_not_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "audit.toml").write_text("mine")
    for target, force in (
        (tmp_path, True),
        (tmp_path / "audit.toml", False),
        (tmp_path / "x/y", True),
    ):
        with pytest.raises(InputError) as caught:
            saving.check_target(target, force=force)
        assert caught.value.code == "CLI014"
