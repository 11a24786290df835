"""Files as sources: CSV and Parquet, one or many, local or by URL, checked before they are read.

A CSV is text until proven otherwise: a column becomes numeric only if every value is a number in
canonical form, so '01' stays text and a group may be called 'NA', 'None' or 'null'. Only an empty
field is missing. Small files come as an Arrow table in memory; larger ones stay in DuckDB.
"""

from __future__ import annotations

import glob as globbing
import os
from collections.abc import Iterable
from pathlib import Path

from audit.errors import InputError
from audit.table.csv_files import CHUNK, open_csv, scratch
from audit.table.opened import Opened
from audit.table.parquet_files import open_parquet
from audit.table.paths import path_of
from audit.table.wording import nearest_words, shown

CSV_ENDINGS = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt")
PARQUET_ENDINGS = (".parquet", ".pq")


def open_source(
    source: str | os.PathLike[str],
    *,
    encoding: str | None = None,
    columns: Iterable[str] | None = None,
) -> Opened:
    """Open a path, glob, folder (hive columns too) or fsspec URL of CSV or Parquet files.

    `encoding` is for CSV that is not UTF-8; `columns` limits which columns are typed and loaded
    (unknown names are left for `read` to report). Raises `InputError` TBL1xx: nothing found,
    mixed or unknown endings, not UTF-8 (with the byte offset), NUL bytes, unclosed quotes, ragged
    rows, no rows, truncated or implausibly large Parquet.
    """
    typed = path_of(source, "TBL104", "source")
    try:
        paths = _paths(os.fspath(source))
    except OSError as problem:
        raise InputError(
            "TBL104",
            f"cannot open {shown(str(typed))}: {problem.strerror or problem}",
            argument="source",
            fix="check the path",
        ) from None
    kinds = {_kind(p) for p in paths}
    if len(kinds) > 1:
        raise InputError(
            "TBL101",
            "CSV and Parquet files are mixed",
            argument="source",
            fix="name one kind: folder/*.parquet",
        )
    wanted = None if columns is None else set(columns)
    root = os.fspath(source)
    if kinds == {"csv"}:
        return open_csv(paths, encoding, wanted, root)
    return open_parquet(paths, wanted, root)


def _kind(path: Path) -> str:
    name = path.name.lower()
    if name.endswith(CSV_ENDINGS):
        return "csv"
    if name.endswith(PARQUET_ENDINGS):
        return "parquet"
    raise InputError(
        "TBL102",
        f"cannot tell what kind of file {path.name!r} is",
        argument="source",
        fix="name it .csv, .csv.gz or .parquet",
    )


def _paths(source: str) -> list[Path]:
    if "://" in source:
        return _fetch(source)
    path = Path(source)
    if path.is_dir():
        found = sorted(
            p
            for p in path.rglob("*")
            if p.name.lower().endswith((*CSV_ENDINGS, *PARQUET_ENDINGS)) and p.is_file()
        )
        if not found:
            raise InputError(
                "TBL103",
                f"no .csv or .parquet file in {source!r}",
                argument="source",
                fix="name a folder that holds some",
            )
        return found
    if path.is_file():
        return [path]
    if globbing.has_magic(source):
        found = sorted(Path(p) for p in globbing.glob(source, recursive=True) if Path(p).is_file())
        if found:
            return found
        raise InputError(
            "TBL103",
            f"no file matches {source!r}",
            argument="source",
            fix="check the pattern, and quote it in the shell",
        )
    near = _similar(path)
    raise InputError(
        "TBL104",
        f"no such file: {source!r}",
        argument="source",
        fix=f"did you mean {near!r}?" if near else "check the path",
    )


def _similar(path: Path) -> str | None:
    folder = path.parent
    if not folder.is_dir():
        return None
    names = [p.name for p in folder.iterdir()][:10_000]
    close = nearest_words(path.name, names, most=1)
    return str(folder / close[0]) if close else None


def _fetch(url: str) -> list[Path]:
    import fsspec

    try:
        files = fsspec.open_files(url, "rb")
        if not files:
            raise FileNotFoundError(url)
        folder, found = scratch(), []
        for number, file in enumerate(files):
            target = folder / f"{number:05d}-{os.path.basename(file.path)}"
            with file as reader, target.open("wb") as writer:
                while chunk := reader.read(CHUNK):
                    writer.write(chunk)
            found.append(target)
    except (OSError, ValueError, ImportError) as problem:
        raise InputError(
            "TBL104",
            f"cannot open {url!r}: {problem}",
            argument="source",
            fix="check the address; some protocols need an extra package",
        ) from None
    return found
