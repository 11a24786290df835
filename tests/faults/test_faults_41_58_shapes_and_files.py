"""Shapes, types and files, faults 41-58: at `audit.metrics`, `audit.run` and the command line."""

from __future__ import annotations

import copy
import gzip
import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import audit
from audit import metrics
from faults.doors import command, estimate, refused, told, undefined

G = ["f"] * 40 + ["m"] * 60
D = [1] * 15 + [0] * 25 + [1] * 45 + [0] * 15
Y = ([1, 1, 0] * 34)[:100]
GAP = Fraction(3, 8)
ROLES: dict[str, Any] = {"protected": "g", "decision": "d", "favorable": 1}


def run(source: Any, **more: Any) -> audit.Audit:
    return audit.run(source, **{**ROLES, **more})


def difference(decisions: Any = D, groups: Any = G, outcomes: Any = None) -> float:
    return metrics.demographic_parity_difference(outcomes, decisions, sensitive_features=groups)


def close(value: float, wanted: Fraction = GAP) -> bool:
    return math.isclose(value, float(wanted), rel_tol=0, abs_tol=1e-12)


def gap(result: audit.Audit) -> float:
    return float(estimate(result, "demographic_parity_difference")["value"])


def shuffled(values: list[Any]) -> pd.Series:
    """The same values under the same labels 0 … 99, in another order."""
    return pd.Series(values).sample(frac=1, random_state=3)


def test_fault_41_other_lengths_are_refused() -> None:
    refused(lambda: run({"g": G, "d": D[:-1]}), "99")
    refused(lambda: difference(D[:-1]), "y_pred 99")
    refused(lambda: difference(groups=G[:-1]), "sensitive_features 99")
    refused(lambda: difference(outcomes=Y[:-1]), "y_true 99")


def test_fault_42_the_same_index_in_another_order_is_aligned_and_said() -> None:
    result, _ = told(lambda: run({"g": pd.Series(G), "d": shuffled(D)}))
    assert close(gap(result))
    assert "TBL068" in [i.code for i in result.issues]
    for call in (
        lambda: difference(shuffled(D), pd.Series(G)),
        lambda: difference(pd.Series(D), shuffled(G)),
        lambda: difference(pd.Series(D), {"sex": shuffled(G)}),
    ):
        value, codes = told(call)
        assert close(value)
        assert codes == ["TBL408"]


def test_fault_42_an_array_cannot_follow_a_shuffled_index() -> None:
    refused(lambda: difference(shuffled(D), pd.Series(G), np.array(Y)), "index")
    refused(lambda: run({"g": pd.Series(G), "d": shuffled(D), "x": np.array(Y)}), "another order")


def test_fault_43_disjoint_indexes_are_refused() -> None:
    other = pd.Series(D, index=range(1000, 1100))
    refused(lambda: run({"g": pd.Series(G), "d": other}), "index")
    error = refused(lambda: difference(other, pd.Series(G)), "reset_index")
    assert error.count == 100


def test_fault_44_repeated_labels_are_fine_only_where_identical() -> None:
    index = [0, *range(99)]
    g, d = pd.Series(G, index=index), pd.Series(D, index=index)
    assert close(gap(told(lambda: run({"g": g, "d": d}))[0]))
    assert close(told(lambda: difference(d, g))[0])
    turned = pd.Series(D, index=index[::-1])
    refused(lambda: run({"g": g, "d": turned}), "index")
    refused(lambda: difference(turned, g), "reset_index")


@pytest.mark.parametrize(
    "source",
    [{"g": [], "d": []}, pd.DataFrame({"g": [], "d": []}), pl.DataFrame({"g": [], "d": []}),
     pa.table({"g": pa.array([], pa.string()), "d": pa.array([], pa.int64())})],
    ids=["dict", "pandas", "polars", "pyarrow"],
)  # fmt: skip
def test_fault_45_no_rows_are_refused(source: Any) -> None:
    refused(lambda: run(source), "no rows", argument="source")
    refused(lambda: difference([], []), "no rows")
    refused(lambda: difference(np.array([]), np.array([])), "no rows")


def test_fault_46_one_row_is_undefined() -> None:
    result, _ = told(lambda: run({"g": ["f"], "d": [1]}, min_rows=0))
    assert math.isnan(gap(result))
    assert result.verdict == "insufficient"
    undefined(lambda: difference([1], ["f"]), "one group only")
    assert "RUN014" in told(lambda: run({"g": ["f"], "d": [1]}))[1]


def test_fault_47_repeated_column_names_are_refused() -> None:
    frame = pd.DataFrame(zip(G, D, G, strict=True), columns=["g", "d", "g"])
    refused(lambda: run(frame), "'g'")
    refused(lambda: difference(groups=frame[["g"]]), "'g'", argument="sensitive_features")


@pytest.mark.parametrize("dtype", ["Int64", "boolean", "Float64", "int64[pyarrow]"])
def test_fault_48_nullable_types_are_exact_and_na_is_missing(dtype: str) -> None:
    values, good = pd.Series(D).astype(dtype), dtype == "boolean" or 1
    result, _ = told(lambda: run({"g": G, "d": values}, favorable=good))
    assert close(gap(result))
    assert close(difference(values))
    values[0] = pd.NA
    for call in (
        lambda: run({"g": G, "d": values}, favorable=good),
        lambda: difference(values),
    ):
        error = refused(call, "1 row, first: 0")
        assert (error.count, error.first) == (1, 0)


def sources() -> dict[str, Any]:
    frame = pd.DataFrame({"g": G, "d": D})
    return {
        "pyarrow text": frame.astype({"g": "string[pyarrow]"}),
        "pyarrow": pa.Table.from_pandas(frame),
        "polars": pl.DataFrame({"g": G, "d": D}),
        "lazy": pl.LazyFrame({"g": G, "d": D}),
        "categorical": frame.astype({"g": "category"}),
    }


@pytest.mark.parametrize("name", sources())
def test_fault_49_every_library_is_exact(name: str) -> None:
    source = sources()[name]
    assert close(gap(told(lambda: run(source))[0]))
    if name == "lazy":
        assert close(difference(source.select("d").collect()["d"], source.select("g")))
    else:
        assert close(difference(source["d"], source["g"]))


def test_fault_50_inputs_are_unchanged() -> None:
    given = {
        "frame": pd.DataFrame({"g": pd.Categorical(G), "d": D, "y": Y, "w": np.ones(100)}),
        "arrays": (np.array(Y), np.array(D), np.array(G), np.ones(100)),
    }
    before = copy.deepcopy(given)
    told(lambda: run(given["frame"], outcome="y", weight="w"))
    y, d, g, w = given["arrays"]
    metrics.equal_opportunity_difference(y, d, sensitive_features=g, sample_weight=w)
    pd.testing.assert_frame_equal(given["frame"], before["frame"])
    for now, then in zip(given["arrays"], before["arrays"], strict=True):
        np.testing.assert_array_equal(now, then)


# --- files ------------------------------------------------------------------------------------

TEXT = "g,d\n" + "".join(f"{g},{d}\n" for g, d in zip(G, D, strict=True))


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """A file of these bytes or this text."""

    def write(content: str | bytes, name: str = "loans.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


def typed(path: Path, *more: str) -> int:
    """`audit run FILE` with its roles."""
    return command("run", path, "--protected", "g", "--decision", "d",
                   "--favorable", "decision=1", "-q", *more)  # fmt: skip


def refused_as_file(path: Path, capsys: Any, *words: str) -> Any:
    """Refused by `audit.run`, and by the command line with exit 2 and no traceback."""
    error = refused(lambda: run(path), *words)
    capsys.readouterr()
    assert typed(path) == 2
    said = capsys.readouterr().err
    assert error.code in said
    assert "Traceback" not in said
    return error


def test_fault_51_a_byte_order_mark_is_no_part_of_a_name(file: Any) -> None:
    path = file(TEXT, encoding="utf-8-sig")
    assert close(gap(told(lambda: run(path))[0]))
    assert typed(path) == 1


@pytest.mark.parametrize(("encoding", "offset"), [("latin-1", 5), ("utf-16", 0)])
def test_fault_52_other_encodings_are_refused_with_offset_and_option(
    file: Any, capsys: Any, encoding: str, offset: int
) -> None:
    path = file(TEXT.replace("f,", "fé,"), encoding=encoding)
    error = refused_as_file(path, capsys, f"{offset}", "--encoding")
    assert error.argument == "encoding"
    assert close(gap(told(lambda: run(path, encoding=encoding))[0]))
    assert typed(path, "--encoding", encoding) == 1


def test_fault_53_words_for_missing_are_group_names(file: Any) -> None:
    names = ("NA", "None", "null", "nan")
    text = "g,d\n" + "".join(f"{name},{i % 2}\n" for i in range(40) for name in names)
    result, codes = told(lambda: run(file(text)))
    assert codes == []
    for name in names:
        assert estimate(result, "selection_rate", (name,))["rows"] == 40


def test_fault_54_leading_zeros_stay_text(file: Any) -> None:
    result, _ = told(lambda: run(file(TEXT.replace("f,", "01,").replace("m,", "1,"))))
    assert estimate(result, "selection_rate", ("01",))["rows"] == 40
    assert estimate(result, "selection_rate", ("1",))["rows"] == 60


@pytest.mark.parametrize("text", ["", "g,d", "g,d\n", "\n", "\ufeff"])
def test_fault_55_a_header_or_nothing_is_refused(file: Any, capsys: Any, text: str) -> None:
    refused_as_file(file(text), capsys)


@pytest.mark.parametrize("line", ["f", "f,1,2", "f,1,"])
def test_fault_56_ragged_rows_are_refused(file: Any, capsys: Any, line: str) -> None:
    refused_as_file(file(TEXT + line + "\n" + "m,1\n"), capsys, "loans.csv")


def test_fault_57_nul_and_open_quotes_are_refused(file: Any, capsys: Any) -> None:
    refused_as_file(file(TEXT + "f\0,1\n"), capsys, "NUL", "offset")
    refused_as_file(file(TEXT + '"f,1\n' + "m,1\n" * 5, "b.csv"), capsys, "quote")


@pytest.mark.slow
def test_fault_57_a_large_file_is_streamed(tmp_path: Path) -> None:
    """400 MB of CSV are read in a process that may hold 1.5 GiB of addresses beyond its start."""
    import subprocess
    import sys

    path = tmp_path / "large.csv"
    block = "".join(f"{g},{d},{'x' * 60}\n" for g, d in zip(G, D, strict=True)) * 300
    with path.open("w") as stream:
        stream.write("g,d,notes\n")
        for _ in range(210):
            stream.write(block)
    code = (
        "import sys, audit\n"
        "result = audit.run(sys.argv[1], protected='g', decision='d', favorable=1)\n"
        # VmHWM is this process's own peak; ru_maxrss may be its parent's
        "status = dict(line.split(':', 1) for line in open('/proc/self/status'))\n"
        "print(result.tally.rows, int(status['VmHWM'].split()[0]) // 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(Path(audit.__file__).parents[1]), "PATH": "/usr/bin"},
    )  # fmt: skip
    rows, megabytes = map(int, done.stdout.split())
    assert rows == 100 * 300 * 210
    assert megabytes < 1024


def test_fault_58_a_parquet_bomb_is_refused_by_rows_and_width(tmp_path: Path, capsys: Any) -> None:
    """A few kilobytes that claim 186 GiB: one long value, repeated by a dictionary."""
    path = tmp_path / "bomb.parquet"
    codes = pa.array(np.zeros(1000, np.int32))
    part = pa.table({"g": pa.DictionaryArray.from_arrays(codes, pa.array(["x" * 1_000_000]))})
    with pq.ParquetWriter(path, part.schema, compression="zstd", store_schema=False) as writer:
        for _ in range(200):
            writer.write_table(part)
    assert path.stat().st_size < 1_000_000
    refused_as_file(path, capsys, "200,000 rows", "186 GiB")


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
def test_fault_58_a_truncated_parquet_is_refused(tmp_path: Path, capsys: Any, keep: float) -> None:
    path = tmp_path / "loans.parquet"
    pd.DataFrame({"g": G, "d": D}).to_parquet(path)
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    refused_as_file(path, capsys, "loans.parquet")


def test_fault_58_a_truncated_gzip_is_refused(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "loans.csv.gz"
    path.write_bytes(gzip.compress(TEXT.encode())[:-12])
    refused_as_file(path, capsys, "loans.csv.gz")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_fault_58_cells_that_a_spreadsheet_would_run_begin_with_an_apostrophe(
    tmp_path: Path, start: str
) -> None:
    """Whatever column they stand in: attribute, group, stage or stratum."""
    import csv as csv_module

    name = f"{start}HYPERLINK(1)"
    source = {name: [f"{start}f" if g == "f" else "m" for g in G], "d": D, f"{start}s": D}
    result, _ = told(lambda: audit.run(source, protected=name, decision="d", favorable=1))
    path = audit.write(result, tmp_path / "x.csv")
    with path.open(newline="", encoding="utf-8") as stream:
        cells = [cell for row in csv_module.reader(stream) for cell in row]
    numeric = {c for c in cells if c.lstrip("+-").replace(".", "").replace("e", "").isdigit()}
    assert not [
        c for c in cells if c[:1] in tuple("=+-@\t\r") and c and c not in numeric and "e-" not in c
    ]
