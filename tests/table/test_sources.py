"""Files as sources: what is read, and what each fault of a file is answered with."""

import gzip
from pathlib import Path

import narwhals as nw
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audit.errors import InputError
from audit.table import opened
from audit.table.sources import open_source


def rows(source, **options):
    frame = open_source(source, **options).frame
    frame = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    return frame.to_native().to_pylist()


def write(folder: Path, name: str, data: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def refused(source, **options) -> str:
    with pytest.raises(InputError) as caught:
        open_source(source, **options)
    return str(caught.value)


def test_fault_51_byte_order_mark_is_no_part_of_a_name(tmp_path):
    assert rows(write(tmp_path, "a.csv", b"\xef\xbb\xbfsex,d\nf,1\n")) == [{"sex": "f", "d": 1}]


def test_fault_52_latin_1_is_refused_with_its_offset_and_read_when_told(tmp_path):
    path = write(tmp_path, "a.csv", "sex,d\nf\xe9,1\n".encode("latin-1"))
    message = refused(path)
    assert "offset 7" in message
    assert "--encoding" in message
    assert rows(path, encoding="latin-1") == [{"sex": "fé", "d": 1}]


def test_fault_52_utf_16_is_refused_by_name_and_read_when_told(tmp_path):
    path = write(tmp_path, "a.csv", "sex,d\nfé,1\n".encode("utf-16"))
    assert "--encoding utf-16" in refused(path)
    assert rows(path, encoding="utf-16") == [{"sex": "fé", "d": 1}]


def test_fault_52_the_offset_is_right_across_chunks(tmp_path):
    filler = "a\n" * (3 * 2**20)
    path = write(tmp_path, "a.csv", b"x\n" + filler.encode() + b"\xff\n")
    assert f"offset {2 + len(filler):,}" in refused(path)


def test_fault_53_na_none_and_null_stay_group_names(tmp_path):
    path = write(tmp_path, "a.csv", "g\nNA\nNone\nnull\n\nx\n")
    got = [r["g"] for r in rows(path)]
    assert got[:3] == ["NA", "None", "null"]


def test_fault_54_leading_zeros_stay_text(tmp_path):
    assert rows(write(tmp_path, "a.csv", "zip,n\n01,1\n02,2\n"))[0] == {"zip": "01", "n": 1}


@pytest.mark.parametrize("text", ["", "a,b\n", "a,b"])
def test_fault_55_no_rows(tmp_path, text):
    message = refused(write(tmp_path, "a.csv", text))
    assert "empty" in message or "no rows" in message


@pytest.mark.parametrize("bad", ["3\n", "4,5,6\n"])
@pytest.mark.parametrize("before", [1, 5000])
def test_fault_56_ragged_rows_name_their_line(tmp_path, bad, before):
    path = write(tmp_path, "a.csv", "a,b\n" + "1,2\n" * before + bad + "1,2\n")
    message = refused(path)
    assert f"line {before + 2:,}" in message
    assert "where 2 are expected" in message


def test_fault_57_nul_and_open_quote(tmp_path):
    assert "NUL byte at offset 6" in refused(write(tmp_path, "a.csv", b"a,b\n1,\0\n"))
    assert "quote" in refused(write(tmp_path, "b.csv", 'a,b\n1,"x\n2,y\n'))


def test_fault_58_truncated_parquet(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": list(range(1000))}), path)
    path.write_bytes(path.read_bytes()[:-20])
    assert "not a whole Parquet file" in refused(path)


def test_fault_58_a_parquet_bomb_is_refused_by_its_metadata(tmp_path, monkeypatch):
    """A file that claims implausibly many cells for its size is not decoded at all."""
    from audit.table import parquet_files

    monkeypatch.setattr(parquet_files, "BOMB_BYTES", 10_000)
    monkeypatch.setattr(parquet_files, "BOMB_RATIO", 10)
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": pa.array(["x"] * 200_000)}), path)
    assert "implausible" in refused(path)


def test_duplicate_header_names_are_refused(tmp_path):
    assert "two columns called 'a'" in refused(write(tmp_path, "a.csv", "a,a\n1,2\n"))


def test_numbers_booleans_and_text_are_told_apart(tmp_path):
    path = write(tmp_path, "a.csv", "i,x,b,t\n1,0.5,True,x\n-2,1e3,False,\n")
    assert rows(path) == [
        {"i": 1, "x": 0.5, "b": True, "t": "x"},
        {"i": -2, "x": 1000.0, "b": False, "t": None},
    ]


def test_other_delimiters_quotes_and_line_ends(tmp_path):
    assert rows(write(tmp_path, "a.csv", 'a;b\r\n"x;1";2\r\n')) == [{"a": "x;1", "b": 2}]
    assert rows(write(tmp_path, "b.tsv", "a\tb\nx\t2\n")) == [{"a": "x", "b": 2}]


def test_gzip_folder_glob_and_url(tmp_path):
    for name in ("x", "y"):
        with gzip.open(tmp_path / f"{name}.csv.gz", "wt") as file:
            file.write(f"g,n\n{name},1\n")
    expected = [{"g": "x", "n": 1}, {"g": "y", "n": 1}]
    assert rows(tmp_path) == expected
    assert rows(str(tmp_path / "*.csv.gz")) == expected
    assert rows(f"file://{tmp_path}/*.csv.gz") == expected
    assert open_source(tmp_path).names == ("x.csv.gz", "y.csv.gz")


def test_files_of_different_shape_are_refused_together(tmp_path):
    write(tmp_path, "a.csv", "g,n\nx,1\n")
    write(tmp_path, "b.csv", "g,m\nx,1\n")
    assert "'m' where 'n' was expected" in refused(tmp_path)
    write(tmp_path, "c.parquet", b"")
    assert "mixed" in refused(tmp_path)


def test_hive_folders_give_their_columns(tmp_path):
    for year in (2025, 2026):
        folder = tmp_path / f"year={year}"
        folder.mkdir()
        pq.write_table(pa.table({"a": [1]}), folder / "part.parquet")
    assert [r["year"] for r in rows(tmp_path)] == [2025, 2026]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_large_files_stay_in_the_engine_and_read_the_same(tmp_path, monkeypatch, kind):
    path = tmp_path / f"a.{kind}"
    if kind == "csv":
        path.write_text("g,n\nx,1\ny,2\n")
    else:
        pq.write_table(pa.table({"g": ["x", "y"], "n": [1, 2]}), path)
    small = rows(path)
    monkeypatch.setattr(opened, "IN_MEMORY_BYTES", 0)
    monkeypatch.setattr(opened, "IN_MEMORY_CELLS", 0)
    assert isinstance(open_source(path).frame, nw.LazyFrame)
    assert rows(path) == small


def test_wrong_paths_are_answered_with_the_nearest(tmp_path):
    write(tmp_path, "loans.csv", "a\n1\n")
    assert "loans.csv" in refused(tmp_path / "loan.csv")
    assert "no file matches" in refused(str(tmp_path / "*.parquet"))
    assert "what kind of file" in refused(write(tmp_path, "a.docx", "x"))
    assert "cannot open" in refused("memory://nothing/here.csv")
