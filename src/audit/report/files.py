"""Report files: written whole or not at all, and never over a file that is not ours."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from audit.errors import InputError
from audit.findings.record import AuditRecord
from audit.table.paths import path_of
from audit.tally.file import replace_file

MARKS: dict[str, tuple[bytes, ...]] = {
    ".html": (b"evenhand audit.report/1", b"evenhand audit.index/1"),
    ".json": (b'"schema": "audit.report/1"',),
    ".md": (b"<!-- evenhand audit.report/1 -->",),
    ".csv": (b"attribute,group,reference,stratum,stage,metric,value,low,high,level,method,",),
    ".xlsx": (b"evenhand audit.report/1",),
    ".junit.xml": (b"evenhand audit.report/1",),
    ".js": (b"plotly.js v",),
}
"""What a file that `audit` made holds, by suffix."""

CHUNK = 1 << 20
"""Bytes read at a time when looking for the mark."""


def write(
    record: AuditRecord, path: str | Path, force: bool = False, charts: str = "inline"
) -> Path:
    """Write a report, by suffix: .html .json .md .csv .xlsx .junit.xml; returns the path.

    A file that `audit` made is replaced atomically, any other only with `force`. `charts` is for
    HTML: "inline", "none", or "shared" (which also writes `plotly.min.js` beside it).
    Raises `InputError` RPT020 (suffix), RPT021 (a folder), RPT022 (not ours), RPT023 (a link),
    RPT024 (cannot be written); the old file is then intact.
    """
    target = path_of(path, "RPT020")
    suffix = suffix_of(target)
    content = _renderers()[suffix](record, charts)
    made = write_bytes(target, content, force=force)
    if suffix == ".html" and charts == "shared":
        from audit.report.plotly_script import plotly_script

        script = plotly_script().text.encode()
        write_bytes(target.parent / "plotly.min.js", script, force=force)
    return made


def check(path: str | Path, force: bool = False) -> None:
    """Refuse a name that `write` would refuse, before anything is read or computed.

    Raises `InputError` RPT020 to RPT023.
    """
    target = path_of(path, "RPT020")
    suffix_of(target)
    _permit(target, force)


def suffix_of(path: Path) -> str:
    """The suffix that decides the format.

    >>> suffix_of(Path("reports/loans.junit.xml"))
    '.junit.xml'
    """
    name = path.name.lower()
    for suffix in (".junit.xml", ".html", ".json", ".md", ".csv", ".xlsx"):
        if name.endswith(suffix) and len(name) > len(suffix):
            return suffix
    if name.endswith(".htm"):
        fix = "write .html"
    else:
        fix = "end the name in .html, .json, .md, .csv, .xlsx or .junit.xml"
    raise InputError("RPT020", f"{path} has no suffix of a report", argument="path", fix=fix)


def _renderers() -> dict[str, Callable[[AuditRecord, str], bytes]]:
    from audit.report import json_file, junit, markdown, tables
    from audit.report.html_page import html

    return {
        ".html": lambda r, charts: html(r, charts=charts).encode(),
        ".json": lambda r, _: json_file.dumps(r).encode(),
        ".md": lambda r, _: markdown.markdown(r).encode(),
        ".csv": lambda r, _: tables.csv(r).encode(),
        ".xlsx": lambda r, _: tables.xlsx(r),
        ".junit.xml": lambda r, _: junit.junit(r).encode(),
    }


def write_text(path: str | Path, data: str, force: bool = False) -> Path:
    """Write a text as UTF-8; see `write_bytes`."""
    return write_bytes(path, data.encode(), force=force)


def write_bytes(path: str | Path, data: bytes, force: bool = False) -> Path:
    """Write a file whole or not at all: a temporary file in the same folder, flushed, renamed.

    Missing folders are made. An existing file is replaced only if `audit` made it, or with
    `force`; its permissions stay. A symbolic link is never written through: it is refused, and
    `force` replaces the link itself. Raises `InputError` RPT021 to RPT024.
    """
    target = path_of(path, "RPT024")
    _permit(target, force)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_file(target, data)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            "RPT024", f"cannot write {target}: {reason}", argument="path",
            fix="choose a folder that can be written to",
        ) from error  # fmt: skip
    with suppress(OSError):  # the rename itself; some file systems cannot
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return target


def _permit(target: Path, force: bool) -> None:
    if target.is_symlink():
        if not force:
            raise InputError(
                "RPT023", f"{target} is a symbolic link", argument="path",
                fix="name the file itself, or force to replace the link",
            )  # fmt: skip
        return
    if target.is_dir():
        raise InputError(
            "RPT021", f"{target} is a folder", argument="path", fix="name a file in it"
        )
    if target.exists() and not force and not made_by_audit(target):
        raise InputError(
            "RPT022", f"{target} exists and was not made by audit", argument="path",
            fix="choose another name, or force (--force)",
        )  # fmt: skip


def made_by_audit(path: Path) -> bool:
    """Whether a file carries the mark that `audit` puts into its format.

    An empty file counts as nobody's, so it is not ours.
    """
    name = path.name.lower()
    marks = next((m for s, m in MARKS.items() if name.endswith(s)), ())
    longest = max((len(m) for m in marks), default=1)
    try:
        with path.open("rb") as stream:
            kept = b""
            while chunk := stream.read(CHUNK):
                window = kept + chunk
                if any(mark in window for mark in marks):
                    return True
                kept = window[-longest:]
    except OSError:
        return False
    return False
