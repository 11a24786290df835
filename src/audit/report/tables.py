"""Estimates as tables for spreadsheets: .csv and .xlsx, with no cell that a spreadsheet runs."""

from __future__ import annotations

import csv as csv_module
import io
import json
import math
from datetime import datetime
from typing import Any

from audit.findings.record import AuditRecord, Finding
from audit.inference.estimate import Estimate

COLUMNS = (
    "attribute", "group", "reference", "stratum", "stage", "metric", "value", "low", "high",
    "level", "method", "p_value", "p_adjusted", "rows", "favorable", "reference_rows",
    "reference_value", "line", "verdict", "planned", "reason", "column", "decision_level",
)  # fmt: skip
"""Heads, in order; tuples are written as JSON, so no separator can collide."""

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: str) -> str:
    """Text that a spreadsheet shows and never runs.

    >>> guarded("=HYPERLINK(1)"), guarded("female")
    ("'=HYPERLINK(1)", 'female')
    """
    return f"'{text}" if text.startswith(DANGEROUS) else text


def _tuple(value: tuple[Any, ...] | None) -> str:
    return "" if value is None else json.dumps(list(value), ensure_ascii=False)


def rows(record: AuditRecord) -> list[list[Any]]:
    """One row an estimate; judged ones with line and verdict. NaN is an empty cell (None)."""
    judged: dict[Any, Finding] = {}
    for finding in record.findings:
        judged.setdefault(_key(finding.estimate), finding)
    out = [_row(e, judged.get(_key(e))) for e in record.estimates]
    known = {_key(e) for e in record.estimates}
    # the highest-rate reading has findings whose interval belongs to no single estimate
    out.extend(_row(f.estimate, f) for f in record.findings if _key(f.estimate) not in known)
    return out


def _row(e: Estimate, f: Finding | None) -> list[Any]:
    return [
        *(guarded(_tuple(v)) for v in (e.attribute, e.group, e.reference, e.stratum)),
        guarded(e.stage or ""),
        e.metric,
        *(_number(v) for v in (e.value, e.low, e.high)),
        e.level,
        e.method,
        _number(e.p_value),
        _number(e.p_adjusted),
        e.rows,
        _number(e.favorable),
        e.reference_rows,
        _number(e.reference_value),
        None if f is None else _number(f.line),
        "" if f is None else f.verdict,
        "" if f is None else ("yes" if f.planned else "no"),
        guarded(e.reason or ""),
        guarded(e.column or ""),
        "" if e.decision_level is None else guarded(_tuple((e.decision_level,))),
    ]


def _key(e: Estimate) -> tuple[Any, ...]:
    return (e.metric, e.attribute, e.group, e.reference, e.stratum, e.stage, e.method,
            e.column, e.decision_level)  # fmt: skip


def _number(x: float) -> float | str | None:
    if math.isnan(x):
        return None
    return x if math.isfinite(x) else ("inf" if x > 0 else "'-inf")


def csv(record: AuditRecord) -> str:
    """Comma-separated, RFC 4180 with "\\n" line ends; floats in full."""
    buffer = io.StringIO()
    writer = csv_module.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows(record):
        writer.writerow(["" if v is None else v for v in row])
    return buffer.getvalue().encode("utf-8", "replace").decode()


def xlsx(record: AuditRecord) -> bytes:
    """A workbook: summary, findings' estimates, issues. Text cells are text, never formulas."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    from audit.findings.summary import summary

    book = Workbook()
    first = book.active
    first.title = "Summary"
    lines = [
        ("evenhand audit.report/1", ""),
        ("Verdict", record.verdict),
        ("Summary", summary(record)),
        ("Policy", record.provenance.policy),
        ("Data fingerprint", record.provenance.fingerprint),
        ("Note", "A screening result, not a legal finding."),
        *(("Not checked", c) for c in record.not_checked),
    ]
    for line in lines:
        _append(first, line)
    sheet = book.create_sheet("Estimates")
    _append(sheet, COLUMNS)
    for row in rows(record):
        _append(sheet, row)
    sheet.freeze_panes = "A2"
    issues = book.create_sheet("Issues")
    _append(issues, ("code", "severity", "column", "message", "fix"))
    for i in record.issues:
        _append(issues, (i.code, i.severity, i.column or "", i.message, i.fix))
    for page in (sheet, issues):
        for cell in page[1]:
            cell.font = Font(bold=True)
    book.properties.creator = "evenhand audit.report/1"
    return _saved(book)


def _append(sheet: Any, values: Any) -> None:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    number = sheet.max_row + 1 if sheet.max_row > 1 or sheet["A1"].value is not None else 1
    for column, value in enumerate(values, start=1):
        if value is None or value == "":
            continue
        cell = sheet.cell(row=number, column=column)
        if isinstance(value, str):
            shown = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", guarded(value))[:32_000]
            cell.value = shown.encode("utf-8", "replace").decode()
            cell.data_type = "s"
        else:
            cell.value = value


def _saved(book: Any) -> bytes:
    """The workbook's bytes without a clock: fixed dates inside and in the archive."""
    import zipfile

    from openpyxl.writer.excel import ExcelWriter

    epoch = datetime(1980, 1, 1)
    book.properties.created = book.properties.modified = epoch
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).write_data()
    out = io.BytesIO()
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        names = sorted(source.namelist(), key=lambda n: (n != "[Content_Types].xml", n))
        for name in names:
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _undated(content)
            target.writestr(info, content)
        target.comment = b"evenhand audit.report/1"
    return out.getvalue()


def _undated(core: bytes) -> bytes:
    import re

    return re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"1980-01-01T00:00:00Z", core)
