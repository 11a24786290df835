"""The index of a folder of reports, read from their JSON twins."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from audit.errors import InputError
from audit.report import text
from audit.report.files import write_text
from audit.report.look import WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One report of the folder."""

    href: str
    """Address of the page, relative to the folder; of the JSON where there is no page."""
    title: str
    """What was audited."""
    verdict: str
    """Verdict word."""
    word: str
    """For people."""
    headline: str
    """The worst finding in a sentence."""
    policy: str
    """"us-credit@2026-11"."""
    rows: str
    """Rows counted."""


def index_html(entries: list[Entry]) -> str:
    """The index as a page without script, worst first."""
    from audit.report.html_page import asset, compact_style, content_policy, environment

    rank = {v: i for i, v in enumerate(("fail", "review", "insufficient", "pass", "waived"))}
    style = compact_style(asset("style.css"))
    ordered = sorted(entries, key=lambda e: (rank.get(e.verdict, 9), e.title, e.href))
    return (
        environment()
        .get_template("index.html.j2")
        .render(
            entries=ordered,
            style=Markup(style),
            policy=Markup(content_policy(style, "", "none")),
        )
    )


def entries(folder: str | Path) -> list[Entry]:
    """The reports of a folder: every .json that is one. Files that are none are passed over."""
    out = []
    for path in sorted(Path(folder).glob("*.json")):
        data = _report(path)
        if data is not None:
            out.append(_entry(path, data))
    return out


def write_index(folder: str | Path, force: bool = False) -> Path:
    """Write `index.html` for the reports of a folder.

    Raises `InputError` RPT040 where it holds none, and as `files.write_bytes` does.
    """
    found = entries(folder)
    if not found:
        raise InputError(
            "RPT040", f"{folder} holds no JSON report", argument="folder",
            fix="write a .json beside each .html",
        )  # fmt: skip
    return write_text(Path(folder) / "index.html", index_html(found), force=force)


def _report(path: Path) -> Mapping[str, Any] | None:
    try:
        data = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) and data.get("schema") == "audit.report/1" else None


def _entry(path: Path, data: Mapping[str, Any]) -> Entry:
    from audit.report.document import title
    from audit.report.json_file import from_dict
    from audit.report.look import Look
    from audit.report.sections.verdict import card

    record = from_dict(data)
    page = path.with_suffix(".html")
    return Entry(
        href=quote(page.name if page.exists() else path.name),
        title=title(record),
        verdict=record.verdict,
        word=WORDS.get(record.verdict, record.verdict),
        headline=card(Look(record)).headline,
        policy=text.visible(record.provenance.policy, 60),
        rows=text.count(record.tally.rows),
    )
