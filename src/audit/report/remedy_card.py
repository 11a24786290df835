"""A comparison of candidates for the terminal: one line each, as wide as the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.report import compared, text
from audit.report.attached import Entry, ends, num
from audit.report.compared import apart, apart_change, useful_change
from audit.report.sections.alternatives import lead

NAME = 26
"""Columns of a candidate's name; a longer one has a line of its own."""


def remedies(comparison: Mapping[str, Any], width: int = 88) -> str:
    """What `audit.mitigate` or `audit.search_alternatives` found, from its `to_dict()`."""
    group, reference = compared.groups(comparison)
    lines = text.wrapped(
        f"{'Alternatives' if comparison['kind'] == 'search' else 'Mitigation'} · gap of {group} "
        f"to {reference}",
        width,
    )
    lines += text.wrapped(
        f"{text.plural(compared.learned_from(comparison), 'row')} to learn from, "
        f"{text.plural(compared.held_out(comparison), 'person', 'people')} held out; "
        f"{text.said(str(comparison['decides']))}.",
        width,
    )
    lines += ["", *_table(comparison, width), ""]
    lines += text.wrapped(lead(comparison), width)
    for u in comparison.get("unavailable") or ():
        if not u.get("needs_group_at_decision"):
            lines += text.wrapped(f"No {text.visible(str(u['title']))}: {_reason(u)}.", width)
    off = [text.visible(str(u["title"])) for u in comparison.get("unavailable") or ()
           if u.get("needs_group_at_decision")]  # fmt: skip
    if off:
        reading = "they read" if len(off) > 1 else "it reads"
        lines += text.wrapped(
            f"Not tried, since {reading} the applicant's group at decision time: "
            f"{compared.listed(off)}.",
            width,
        )
    return "\n".join(lines) + "\n"


def _reason(u: Entry) -> str:
    return text.said(str(u["reason"]), 200).rstrip(".")


def _table(found: Entry, width: int) -> list[str]:
    """Candidates in lines, with as many columns as there is room for."""
    utility = str(found["utility"])
    heads = ["candidate", "disparity", "change", "limits", f"{_short(utility)} change",
             "approved", "another seed", ""]  # fmt: skip
    told = compared.by_disparity(found)
    rows = [_row(c, found, utility) for c in told]
    # what is left out first where there is no room
    order = (7, 2, 1, 4, 3, 5, 6)
    name = min(NAME, max(len(r[0]) for r in rows))
    sizes = [name, *(max(len(heads[i]), *(len(r[i]) for r in rows)) for i in range(1, len(heads)))]
    left, kept = width - 2 - name, [0]
    for i in order:
        if sizes[i] + 2 <= left:
            kept.append(i)
            left -= sizes[i] + 2
    kept.sort()
    fitting = [sizes[i] for i in kept]
    lines = [_line([heads[i] for i in kept], fitting)]
    for c, row in zip(told, rows, strict=True):
        cells = [row[i] for i in kept]
        if len(cells[0]) > name:
            lines.append(f"  {text.fitted(cells[0], width - 2)}")
            cells[0] = ""
        lines.append(_line(cells, fitting))
        if said := compared.flags(c):
            lines.append(f"    {'; '.join(said)}")
    return lines


def _line(cells: Sequence[str], sizes: Sequence[int]) -> str:
    rest = [
        cell.ljust(size) if i == len(cells) - 2 else cell.rjust(size)
        for i, (cell, size) in enumerate(zip(cells[1:], sizes[1:], strict=True))
    ]
    return "  ".join(["", cells[0].ljust(sizes[0]), *rest]).rstrip()


def _row(c: Entry, found: Entry, utility: str) -> list[str]:
    base = c["name"] == compared.BASELINE
    d, u = c["disparity_change"], c["utility_change"]
    approved = (c.get("measures") or {}).get("approval_rate") or {}
    verdict = "as it is" if base else str(c["verdict"])
    if c["name"] == found.get("recommendation"):
        verdict += ", recommended"
    return [
        str(c["name"]),
        apart(num(c["disparity"]["value"]), found),
        "" if base else apart_change(num(d["value"]), found),
        "" if base else ends(d, lambda x: apart_change(x, found)),
        "" if base else useful_change(num(u["value"]), utility),
        text.percent(num(approved.get("value"))),
        text.percent(num((c.get("arbitrariness") or {}).get("value"))),
        verdict,
    ]


def _short(utility: str) -> str:
    return {"auc": "AUC", "default_rate": "default"}.get(utility, utility)
