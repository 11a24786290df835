"""Byte-level fuzzing of what is read from disk: CSV, Parquet, audit.toml, JSON reports, tallies.

A valid file is cut, overwritten, doubled and spliced; reading it gives an answer or `InputError`.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import audit
from audit.cli import config, saving
from fuzz.hostile import NUMBERS, TEXTS, fuzz

ROWS = 40
FRAME = pd.DataFrame(
    {
        "g": ["f", 'm "x"'] * 20,
        "d": [1, 0, 1, 1] * 10,
        "note": ["a, b", "é\nline", "", "NA"] * 10,
        "s": [i / 40 for i in range(ROWS)],
    }
)
ROLES: dict[str, Any] = {"protected": "g", "decision": "d", "favorable": 1}
SPLICES = (
    b"", b",", b'"', b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b";",
    b"\t", b"1e999", b"-", b"null", b"NaN", b"{", b"}", b"[", b"]", b":", b"\\", b"\\ud800",
    b"9" * 400, b"[" * 2000, b"x" * 70_000, b"'", b"=", b"true", b"[tool.audit]", b"#", b"''",
)  # fmt: skip


def mutated(r: random.Random, data: bytes) -> bytes:
    """The bytes with a few places cut, changed, doubled or spliced."""
    for _ in range(r.choice((1, 1, 2, 5))):
        at = r.randrange(len(data) + 1)
        to = min(len(data), at + r.choice((0, 1, 3, 30, 400)))
        kind = r.randrange(6)
        if kind == 0:
            data = data[:at]
        elif kind == 1:
            data = data[:at] + bytes(r.randrange(256) for _ in range(to - at)) + data[to:]
        elif kind == 2:
            data = data[:to] + data[at:]
        elif kind == 3:
            data = data[:at] + data[to:]
        else:
            data = data[:at] + r.choice(SPLICES) + data[to:]
    return data


def reader(
    path: Path, data: bytes, read: Callable[[Path], object]
) -> Callable[[random.Random], Callable[[], object]]:
    """Each time another damaged file, read."""

    def make(r: random.Random) -> Callable[[], object]:
        path.write_bytes(mutated(r, data))
        return lambda: read(path)

    return make


@pytest.fixture(scope="module")
def result() -> audit.Audit:
    return audit.run(FRAME, **ROLES, score="s", min_rows=5)


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".parquet"])
def test_files_of_rows(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"x{ending}"
    if ending == ".parquet":
        FRAME.to_parquet(path)
    else:
        FRAME.to_csv(path, index=False)
    fuzz(f"rows {ending}", reader(path, path.read_bytes(), lambda p: audit.read(p, **ROLES)))


def test_encodings(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    FRAME.to_csv(path, index=False)
    for encoding in ("latin-1", "utf-16", "utf-7", "rot13", "idna", "base64"):
        fuzz(
            f"encoding {encoding}",
            reader(path, path.read_bytes(), lambda p: audit.read(p, **ROLES, encoding=encoding)),  # noqa: B023
            30,
        )


def test_settings(tmp_path: Path) -> None:
    """audit.toml and pyproject.toml."""
    path = tmp_path / "audit.toml"
    saving.save(
        path,
        {"data": "x.csv", "protected": ("g",), "favorable": {"decision": (1,)}, "level": 0.9,
         "bins": {"age": (26, 40)}, "reference": {"g": "f"}, "output": ("a.html",)},
        force=True,
    )  # fmt: skip
    lines = [x for x in path.read_text().splitlines() if x and not x.startswith("# -")]
    plain = "\n".join(re.sub(r"^# (?=[a-z_]+ = )", "", x) for x in lines)
    path.write_text(plain)
    config.load(path)
    fuzz("audit.toml", reader(path, plain.encode(), config.load))
    project = tmp_path / "pyproject.toml"
    fuzz("pyproject", reader(project, b"[tool.audit]\n" + plain.encode(), config.load))


def test_reports(tmp_path: Path, result: audit.Audit) -> None:
    path = audit.write(result, tmp_path / "x.json")
    fuzz("report bytes", reader(path, path.read_bytes(), audit.load))


def test_tallies(tmp_path: Path, result: audit.Audit) -> None:
    path = tmp_path / "x.tally.json"
    result.tally.save(path)
    fuzz("tally bytes", reader(path, path.read_bytes(), audit.load_tally))


def changed(r: random.Random, value: Any) -> Any:
    """One place of a JSON document replaced by something else that is JSON."""
    if isinstance(value, dict) and value and r.random() < 0.9:
        key = r.choice(list(value))
        kept = dict(value)
        if r.random() < 0.1:
            kept[r.choice(TEXTS)] = kept.pop(key)
        else:
            kept[key] = changed(r, kept[key])
        return kept
    if isinstance(value, list) and value and r.random() < 0.9:
        at = r.randrange(len(value))
        return [*value[:at], changed(r, value[at]), *value[at + 1 :]]
    return r.choice((None, True, [], {}, [1], {"a": 1}, "x", -1, 1.5, *NUMBERS[:14], *TEXTS[:20]))


@pytest.mark.parametrize("kind", ["report", "tally"])
def test_documents_that_are_json_and_make_no_sense(
    tmp_path: Path, result: audit.Audit, kind: str
) -> None:
    """A report read from such a file can also be written again, in every format, or is refused."""
    path = audit.write(result, tmp_path / "x.json")
    if kind == "tally":
        result.tally.save(tmp_path / "x.tally.json")
        path = tmp_path / "x.tally.json"
    whole = json.loads(path.read_text())

    def make(r: random.Random) -> Callable[[], object]:
        document = changed(r, whole)
        if kind == "tally" and isinstance(document, dict) and "content" in document:
            import hashlib

            from audit.tally.canonical import text

            digest = hashlib.sha256(text(document["content"]).encode("utf-8", "replace"))
            document["checksum"] = f"sha256:{digest.hexdigest()}"
        path.write_text(json.dumps(document))
        return lambda: audit.load(path) if kind == "report" else audit.load_tally(path)

    fuzz(f"json {kind}", make, 600 if "AUDIT_FUZZ" not in os.environ else None)
