"""The record as JSON, schema `audit.report/1`, and back.

Every float is written in full. JSON has neither NaN nor infinity: an undefined number is null
(its reason stands beside it) and an infinite one is the string "inf" or "-inf". Keys are sorted,
so equal records give equal bytes. Estimates are columns and rows, to keep thousands of them small.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from audit.errors import InputError
from audit.findings.record import AuditRecord, Family, Finding, Policy, Provenance, Rule
from audit.inference.estimate import COLUMNS, DEFAULTS, Estimate, Estimates
from audit.inference.reference import Reference
from audit.report.text import listed
from audit.table.json_values import plain
from audit.table.paths import path_of
from audit.table.roles import Issue, Roles
from audit.tally import file as tally_file

SCHEMA = "audit.report/1"
"""Name and version; a file with another is refused by name."""

T = TypeVar("T")

FLOATS = frozenset(f.name for f in fields(Estimate) if f.type == "float")
"""Fields of an estimate in which null stands for an undefined number."""


def encode(value: Any) -> Any:
    """A value in JSON's own types.

    >>> encode({"a": (1, float("nan"), float("inf"))})
    {'a': [1, None, 'inf']}
    """
    if isinstance(value, Estimates):
        return {"columns": list(COLUMNS), "rows": [list(r) for r in _rows(value)]}
    return plain(value, _refused)


def _refused(value: Any) -> Any:
    raise InputError(
        "RPT010", f"cannot write a {type(value).__name__} as JSON", argument="record",
        fix="attach plain numbers, texts, lists and mappings",
    )  # fmt: skip


def _rows(estimates: Estimates) -> list[tuple[Any, ...]]:
    columns = [[encode(v) for v in estimates.columns[name]] for name in COLUMNS]
    return list(zip(*columns, strict=True))


def number(value: Any) -> float:
    """A float as it was before `encode`."""
    if value is None:
        return math.nan
    return float(value)


def to_dict(record: AuditRecord) -> dict[str, Any]:
    """The record in JSON's own types; `from_dict` gives it back."""
    out: dict[str, Any] = {"schema": SCHEMA}
    for f in fields(record):
        value = getattr(record, f.name)
        out[f.name] = tally_file.to_dict(value) if f.name == "tally" else encode(value)
    return out


def dumps(record: AuditRecord) -> str:
    """The record as text: keys sorted, one estimate a line, a final newline."""
    data = to_dict(record)
    rows = data["estimates"]["rows"]
    data["estimates"]["rows"] = []
    text = json.dumps(data, sort_keys=True, indent=1, allow_nan=False)
    lines = ",\n".join("   " + json.dumps(r, allow_nan=False) for r in rows)
    # estimates are the only "rows": [] at this depth
    return (
        text.replace(
            '\n  "rows": []', f'\n  "rows": [\n{lines}\n  ]' if rows else '\n  "rows": []', 1
        )
        + "\n"
    )


def equal(one: AuditRecord, other: AuditRecord) -> bool:
    """Whether two records say the same; NaN equals NaN."""
    return to_dict(one) == to_dict(other)


def schema() -> dict[str, Any]:
    """The published JSON Schema of `audit.report/1`."""
    source = files("audit.report") / "schema" / "audit.report-1.json"
    loaded: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return loaded


def loads(text: str) -> AuditRecord:
    """The record of a JSON report.

    Raises `InputError` RPT011 where it is no JSON, RPT012 for another schema, RPT013 where a
    field is missing or of the wrong kind.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            "RPT011", f"this is not JSON: {error}", argument="path",
            fix="give a .json report written by audit",
        ) from None  # fmt: skip
    return from_dict(data)


def from_dict(data: Any) -> AuditRecord:
    """The record that `to_dict` was given; raises `InputError` RPT012 or RPT013."""
    found = data.get("schema") if isinstance(data, Mapping) else None
    if found != SCHEMA:
        raise InputError(
            "RPT012",
            f"schema {found!r} is not {SCHEMA!r}" if found else "this is no audit report",
            argument="path",
            fix="give a .json report written by audit, or write it again with this version",
        )
    try:
        return _record(data)
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise InputError(
            "RPT013", f"the report is damaged: {type(error).__name__}: {error}", argument="path",
            fix="write it again",
        ) from None  # fmt: skip


def _record(data: Mapping[str, Any]) -> AuditRecord:
    policy = dict(data["policy"])
    policy["families"] = tuple(_plain(Family, f) for f in policy["families"])
    policy["rules"] = tuple(_plain(Rule, r) for r in policy["rules"])
    policy["notes"] = tuple(policy["notes"])
    return AuditRecord(
        provenance=Provenance(**data["provenance"]),
        roles=_roles(data["roles"]),
        references=tuple(_plain(Reference, r) for r in data["references"]),
        policy=Policy(**policy),
        issues=tuple(_plain(Issue, i) for i in data["issues"]),
        tally=tally_file.from_dict(data["tally"]),
        estimates=_estimates(data["estimates"]),
        findings=tuple(_finding(f) for f in data["findings"]),
        verdict=str(data["verdict"]),
        not_checked=tuple(data["not_checked"]),
        charts={k: _numbers(v) for k, v in data["charts"].items()},
        explanation=data["explanation"],
        candidates=tuple(data["candidates"]),
        alarms=tuple(data["alarms"]),
        sign_offs=tuple(data["sign_offs"]),
    )


def _plain(kind: Callable[..., T], data: Mapping[str, Any]) -> T:
    return kind(**{k: _tuples(v) for k, v in data.items()})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value


def _roles(data: Mapping[str, Any]) -> Roles:
    values: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, Mapping):
            values[name] = {k: _tuples(v) for k, v in value.items()}
        else:
            values[name] = _tuples(value)
    return Roles(**values)


def _estimates(data: Mapping[str, Any]) -> Estimates:
    names = list(data["columns"])
    unknown = sorted(set(names) - set(COLUMNS))
    if unknown:
        raise ValueError(f"unknown columns of estimates: {', '.join(unknown)}")
    columns: dict[str, list[Any]] = {}
    for i, name in enumerate(names):
        raw = [row[i] for row in data["rows"]]
        columns[name] = [number(v) for v in raw] if name in FLOATS else [_tuples(v) for v in raw]
    size = len(data["rows"])
    missing = {name: [DEFAULTS[name]] * size for name in COLUMNS if name not in columns}
    return Estimates({name: {**columns, **missing}[name] for name in COLUMNS})


def _finding(data: Mapping[str, Any]) -> Finding:
    values: dict[str, Any] = {k: _tuples(v) for k, v in data.items()}
    fields_of: dict[str, Any] = {
        k: number(v) if k in FLOATS else _tuples(v) for k, v in data["estimate"].items()
    }
    values["estimate"] = Estimate(**fields_of)
    for name in ("line", "caution"):
        values[name] = number(values[name])
    if isinstance(values.get("smallest_detectable"), str):
        values["smallest_detectable"] = float(values["smallest_detectable"])
    return Finding(**values)


def _numbers(value: Any) -> Any:
    """Charts hold numbers and names; null there is an undefined number, but a group's level."""
    if isinstance(value, list):
        return [_numbers(v) for v in value]
    if isinstance(value, Mapping):
        return {
            k: v if k in ("group", "attribute", "reference", "column") else _numbers(v)
            for k, v in value.items()
        }
    if value is None:
        return math.nan
    return (
        {"inf": math.inf, "-inf": -math.inf}.get(value, value) if isinstance(value, str) else value
    )


def embedded(record: AuditRecord, room: int = 40_000) -> dict[str, Any]:
    """What an HTML page carries: the record without its cubes, or an excerpt of `room` characters.

    The excerpt keeps findings, and estimates of single attributes for the final decision; it says
    so in "excerpt". The whole is in the JSON report.
    """
    data = to_dict(record)
    data["tally"] = {
        "rows": record.tally.rows,
        "excluded": record.tally.excluded,
        "fingerprint": record.tally.fingerprint,
    }
    data["charts"] = {}
    left = ["counts", "chart data"]
    if data["explanation"] is not None:
        left.append("the explanation")
    if data["candidates"]:
        left.append("alternatives")
    data["explanation"], data["candidates"] = None, []
    data["excerpt"] = f"{listed(left)} are in the JSON report"
    if _size(data) > room:
        data["policy"] = {"id": record.policy.id, "date": record.policy.date}
        data["findings"] = [_slim(f) for f in data["findings"]]
    if _size(data) > room:
        data["findings"] = [f for f in data["findings"] if f["planned"]]
        place = {name: i for i, name in enumerate(data["estimates"]["columns"])}
        data["estimates"]["rows"] = [
            r
            for r in data["estimates"]["rows"]
            if len(r[place["attribute"]]) <= 1
            and r[place["stratum"]] is None
            and r[place["stage"]] is None
        ]
        data["excerpt"] = (
            "planned findings and single-attribute estimates; everything is in the JSON report"
        )
    if _size(data) > room:
        data["estimates"]["rows"] = []
        data["excerpt"] = "planned findings; everything else is in the JSON report"
    while _size(data) > room and len(data["findings"]) > 1:
        data["findings"] = data["findings"][: len(data["findings"]) // 2]
        data["excerpt"] = "the worst planned findings; everything else is in the JSON report"
    return data


def _slim(finding: dict[str, Any]) -> dict[str, Any]:
    held = {k: v for k, v in finding.items() if v is not None}
    held["estimate"] = {k: v for k, v in finding["estimate"].items() if v is not None}
    return held


def _size(data: Any) -> int:
    return len(json.dumps(data, separators=(",", ":")))


def load(path: str | Path) -> AuditRecord:
    """The record of a JSON report on disk; raises `InputError` RPT010 to RPT014."""
    try:
        content = path_of(path, "RPT014").read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(
            "RPT014", f"cannot read {path}: {error.strerror or error}", argument="path",
            fix="name a .json report written by audit",
        ) from error  # fmt: skip
    except UnicodeDecodeError as error:
        raise InputError(
            "RPT011", f"{path} is not UTF-8 text (byte {error.start})", argument="path",
            fix="give a .json report written by audit",
        ) from error  # fmt: skip
    return loads(content)
