"""CSV files: checked byte by byte once, then read as text by DuckDB, nothing sniffed.

A column becomes numeric only if every value is a number in canonical form, so '01' stays text and
a group may be called 'NA', 'None' or 'null'. Only an empty field is missing.
"""

from __future__ import annotations

import codecs
import tempfile
import weakref
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from audit.errors import InputError
from audit.table import opened
from audit.table.opened import connect, hive_columns, literal, quoted

INTEGER = r"-?(0|[1-9][0-9]{0,17})"
NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"
BOOLEANS = (("True", "False"), ("true", "false"), ("TRUE", "FALSE"))
CHUNK = 4 * 2**20
DELIMITERS = ",;\t|"

_SCRATCH: list[tempfile.TemporaryDirectory[str]] = []


def scratch() -> Path:
    """A folder that disappears with the process."""
    holder = tempfile.TemporaryDirectory(prefix="audit-")
    _SCRATCH.append(holder)
    return Path(holder.name)


def _binary(path: Path) -> BinaryIO:
    if path.name.lower().endswith(".gz"):
        import gzip

        return gzip.open(path, "rb")  # type: ignore[return-value]  # a GzipFile reads as one
    return path.open("rb")


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with _binary(path) as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except (EOFError, OSError, zlib.error) as problem:
        raise InputError(
            "TBL105",
            f"{path.name} cannot be read: {problem}",
            argument="source",
            fix="the file seems truncated or damaged; make it anew",
        ) from None


def _check_bytes(path: Path) -> set[str]:
    """UTF-8 throughout, no NUL, some rows: one streaming pass; gives delimiters that end lines."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    offset, pending, lines, last = 0, 0, 0, b""
    ending: set[str] = set()
    for chunk in _chunks(path):
        if offset == 0 and chunk[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise InputError(
                "TBL106",
                f"{path.name} is UTF-16, not UTF-8 (byte order mark at byte 0)",
                argument="encoding",
                fix="add --encoding utf-16",
            )
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as problem:
            at = offset - pending + problem.start
            raise InputError(
                "TBL106",
                f"{path.name} is not UTF-8: byte 0x"
                f"{problem.object[problem.start]:02x} at offset {at:,}",
                argument="encoding",
                fix="add the file's encoding, e.g. --encoding latin-1",
            ) from None
        nul = chunk.find(b"\0")
        if nul >= 0:
            raise InputError(
                "TBL107",
                f"{path.name} has a NUL byte at offset {offset + nul:,}",
                argument="source",
                fix="the file is damaged or not text",
            )
        pending = len(decoder.getstate()[0])
        offset += len(chunk)
        lines += chunk.count(b"\n")
        ending |= _ending(last[-2:] + chunk)
        last = chunk
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise InputError(
            "TBL106",
            f"{path.name} ends inside a character at offset {offset:,}",
            argument="encoding",
            fix="the file is truncated or not UTF-8",
        ) from None
    if offset == 0:
        raise InputError(
            "TBL108",
            f"{path.name} is empty",
            argument="source",
            fix="give a file with a header and rows",
        )
    if lines + (not last.endswith(b"\n")) < 2:
        raise InputError(
            "TBL108",
            f"{path.name} has a header and no rows",
            argument="source",
            fix="give a file with rows",
        )
    return ending | _ending(last[-2:] + b"\n")


def _ending(part: bytes) -> set[str]:
    """Delimiters that stand at the end of a line."""
    return {d for d in DELIMITERS if d.encode() + b"\n" in part or d.encode() + b"\r\n" in part}


def _transcode(path: Path, encoding: str, folder: Path) -> Path:
    try:
        "".encode(encoding)  # refuses rot13 and the like, which encode no text
        decoder = codecs.getincrementaldecoder(encoding)("strict")
    except (LookupError, ValueError):
        raise InputError(
            "TBL109",
            f"unknown encoding {encoding!r}",
            argument="encoding",
            fix="for example utf-8, latin-1, cp1252 or utf-16",
        ) from None
    target = folder / (path.name.removesuffix(".gz"))
    offset = 0
    with target.open("wb") as writer:
        for chunk in _chunks(path):
            try:
                writer.write(decoder.decode(chunk).encode("utf-8"))
            except UnicodeError as problem:
                at = offset + getattr(problem, "start", 0)
                raise InputError(
                    "TBL106",
                    f"{path.name} is not {encoding} at offset {at:,}",
                    argument="encoding",
                    fix="try another encoding",
                ) from None
            offset += len(chunk)
    return target


def _header(path: Path) -> tuple[list[str], str]:
    """Column names and delimiter, from the first line."""
    import csv

    first = b""
    for chunk in _chunks(path):
        first += chunk
        if b"\n" in first or len(first) > 2**20:
            break
    line = first.decode("utf-8-sig", errors="replace").splitlines()[0] if first else ""
    best: tuple[list[str], str] = ([line], ",")
    for delimiter in DELIMITERS:
        row = next(csv.reader([line], delimiter=delimiter), [])
        if len(row) > len(best[0]):
            best = (row, delimiter)
    return best


def open_csv(
    paths: Sequence[Path], encoding: str | None, wanted: set[str] | None, root: str
) -> opened.Opened:
    """Open CSV files of one shape as one frame; `wanted` limits the columns typed and loaded."""
    import duckdb
    import narwhals as nw

    names = tuple(p.name for p in paths)
    files = list(paths)
    if encoding is not None and encoding.lower().replace("_", "-") not in ("utf-8", "utf8"):
        folder = scratch()
        parts = []
        for number, path in enumerate(files):
            inside = folder / f"{number:05d}"
            inside.mkdir()
            parts.append(_transcode(path, encoding, inside))
        files = parts
    ending = set[str]().union(*[_check_bytes(path) for path in files])
    columns, delimiter = _header(files[0])
    _check_header(columns, files[0])
    for path in files[1:]:
        other, _ = _header(path)
        if other != columns:
            raise InputError(
                "TBL110",
                f"{path.name} has other columns than {files[0].name}: "
                f"{_first_difference(columns, other)}",
                argument="source",
                fix="read files of one shape together",
            )
    hive = hive_columns(files, root)
    connection = connect()
    scan = _scan(files, columns, delimiter, hive=bool(hive))
    try:
        if delimiter in ending:
            _check_surplus(connection, files, columns, delimiter)
        present = [*columns, *hive]
        chosen = [c for c in present if wanted is None or c in wanted] or present
        types = _types(connection, scan, chosen)
        relation = connection.sql(
            f"SELECT {', '.join(_typed(c, types.get(c)) for c in chosen)} FROM {scan}"
        )
        if sum(p.stat().st_size for p in files) <= opened.IN_MEMORY_BYTES:
            table = relation.to_arrow_table()
            connection.close()
            return opened.Opened(
                frame=nw.from_native(table, eager_only=True), names=names, text=True
            )
    except duckdb.Error as problem:
        raise _csv_problem(problem, names) from None
    frame = nw.from_native(relation)
    weakref.finalize(frame, connection.close)
    return opened.Opened(frame=frame, names=names, text=True)


def _scan(files: Sequence[Path], columns: list[str], delimiter: str, *, hive: bool) -> str:
    """A table function that reads exactly these columns as text; nothing is sniffed."""
    listed = ", ".join(literal(str(p)) for p in files)
    shape = ", ".join(f"{literal(c)}: 'VARCHAR'" for c in columns)
    return (
        f"read_csv([{listed}], auto_detect = false, header = true, columns = {{{shape}}}, "
        f"delim = {literal(delimiter)}, quote = '\"', escape = '\"', strict_mode = true, "
        f"null_padding = false, max_line_size = 16777216, hive_partitioning = {str(hive).lower()})"
    )


def _check_surplus(
    connection: Any, files: Sequence[Path], columns: list[str], delimiter: str
) -> None:
    """Refuse rows with one empty field too many, which DuckDB takes without a word.

    Read once more with a column too many, in which an empty field and none at all differ.
    """
    surplus = "surplus"
    while surplus in columns:
        surplus += "_"
    scan = _scan(files, [*columns, surplus], delimiter, hive=False).replace(
        "null_padding = false",
        "null_padding = true, parallel = false, nullstr = 'no field \x01 at all'",
    )
    counted = f"SELECT {quoted(surplus)} AS s, row_number() OVER () - 1 AS r FROM {scan}"
    row = connection.sql(f"SELECT count(s), min(r) FILTER (s IS NOT NULL) FROM ({counted})")
    count, first = row.fetchall()[0]
    if count:
        raise InputError(
            "TBL112",
            f"{files[0].name if len(files) == 1 else 'one of the files'} cannot be read as CSV: "
            f"rows have {len(columns) + 1} fields where {len(columns)} are expected",
            argument="source",
            count=count,
            first=first,
            fix="take out the delimiter that ends these lines, or export the file anew",
        )


def _check_header(columns: list[str], path: Path) -> None:
    seen: set[str] = set()
    for name in columns:
        if name in seen:
            raise InputError(
                "TBL111",
                f"{path.name} has two columns called {name!r}",
                argument="source",
                fix="rename one of them",
            )
        seen.add(name)


def _first_difference(a: list[str], b: list[str]) -> str:
    for x, y in zip(a, b, strict=False):
        if x != y:
            return f"{y!r} where {x!r} was expected"
    return f"{len(b)} columns where {len(a)} were expected"


def _types(connection: Any, scan: str, columns: list[str]) -> dict[str, str]:
    """BIGINT, DOUBLE or BOOLEAN for the columns whose every value says so; others stay text."""
    parts = []
    for name in columns:
        q = quoted(name)
        parts += [
            f"count({q})",
            f"count(*) FILTER (WHERE NOT regexp_full_match({q}, '{INTEGER}'))",
            f"count(*) FILTER (WHERE NOT regexp_full_match({q}, '{NUMBER}'))",
            *[f"count(*) FILTER (WHERE {q} IN ('{a}', '{b}'))" for a, b in BOOLEANS],
        ]
    row = connection.sql(f"SELECT {', '.join(parts)} FROM {scan}").fetchall()[0]
    types = {}
    width = 3 + len(BOOLEANS)
    for i, name in enumerate(columns):
        present, not_integer, not_number, *booleans = row[i * width : (i + 1) * width]
        if not present:
            continue
        if not not_integer:
            types[name] = "BIGINT"
        elif not not_number:
            types[name] = "DOUBLE"
        elif present in booleans:
            types[name] = "BOOLEAN"
    return types


def _typed(name: str, kind: str | None) -> str:
    q = quoted(name)
    return q if kind is None else f"CAST({q} AS {kind}) AS {q}"


def _csv_problem(problem: Exception, names: Sequence[str]) -> InputError:
    """DuckDB's complaint in one line, with the line number where it gives one."""
    import re

    text = str(problem)
    line = re.search(r"[Ll]ine:?\s*(\d+)", text)
    what = f"{names[0] if len(names) == 1 else 'one of the files'} cannot be read as CSV: "
    widths = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if widths:
        found = int(widths.group(2))
        fields = f"{found} field{'' if found == 1 else 's'}"
        what += f"a row has {fields} where {widths.group(1)} are expected"
    elif "quote" in text.lower():
        what += "a quote is opened and never closed"
    else:
        what += text.splitlines()[0]
    if line is not None:
        what += f" (first at line {int(line.group(1)):,})"
    return InputError(
        "TBL112", what, argument="source", fix="mend that line, or export the file anew"
    )
