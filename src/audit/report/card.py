"""The verdict on one screen: for a terminal, and for a notebook."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable
from functools import partial

from audit.findings.record import AuditRecord
from audit.report import text as words
from audit.report.blocks import Bar, Chart, Grid, Measure, VerdictCard
from audit.report.document import DISCLAIMER, document, title
from audit.report.look import Look
from audit.report.sections import verdict

COLORS = {"fail": "31", "review": "33", "pass": "34", "insufficient": "35", "waived": "35"}
"""ANSI colours; the sign and the word say the same."""

SIGNS = {"fail": "[x]", "review": "[!]", "pass": "[ok]", "insufficient": "[?]", "waived": "[w]"}
"""In plain characters, for any terminal."""

LARGEST_HTML = 20_000

Wrap = partial[list[str]]
"""A paragraph to lines, at most so many of them unless all is wanted."""


def text(
    record: AuditRecord,
    width: int = 80,
    color: bool = False,
    files: Iterable[str] = (),
    whole: bool = False,
) -> str:
    """The verdict card as text, at most 24 lines of 80 characters; with `whole`, nothing is cut.

    Verdict, both rates, ratio, interval, rule, people affected, what would change the verdict,
    and `files` written. With `color`, ANSI escapes mark the verdict; data never reaches the
    terminal with control characters.
    """
    width = max(40, width)
    room = sys.maxsize if whole else width
    wrapped = partial(_wrapped, width=width, whole=whole)
    card = verdict.card(Look(record))
    lines = [_top(record, card, color), _fit(title(record), room), ""]
    lines += wrapped(card.headline, most=3)
    lines += wrapped(card.because, most=3)
    lines.append("")
    if card.rates:
        names = [_fit(r.label, room // 3) for r in card.rates]
        wide = max(len(n) for n in names)
        for name, r in zip(names, card.rates, strict=True):
            lines.append(_fit(f"{name:<{wide}}  {_bar(r.bar, 20)} {r.text:>6}  {r.short}", room))
    lines += [line for m in card.measures[1:] for line in _second(m, card, wrapped)]
    if card.rates or card.measures[1:]:
        lines.append("")
    lines += _facts(card, wrapped)
    end = []
    if card.change:
        end += wrapped(f"What would change the verdict: {card.change}", most=2)
    end += [_fit(f"Written: {name}", room) for name in list(files)[: None if whole else 4]]
    lines += [
        line for s in card.lines for line in wrapped(f"{s.label}: {s.word}. {s.text}", most=1)
    ]
    shown = lines if whole else lines[: 23 - len(end)]
    return "\n".join([*shown, *end, DISCLAIMER]) + "\n"


def _second(m: Measure, card: VerdictCard, wrapped: Wrap) -> list[str]:
    rates = f"; {m.rates}" if m.rates and card.rate_title != "Approval rate" else ""
    said = f"{m.title}: {m.value} ({m.interval}){rates}. {m.word}."
    return wrapped(said, most=2)


def _top(record: AuditRecord, card: VerdictCard, color: bool) -> str:
    head = f"{SIGNS.get(card.verdict, '[?]')} {card.word}"
    if color:
        head = f"\x1b[1;{COLORS.get(card.verdict, '35')}m{head}\x1b[0m"
    return f"{head}  {words.visible(record.provenance.policy, 40)}"


def _facts(card: VerdictCard, wrapped: Wrap) -> list[str]:
    out = []
    if card.stages:
        out += wrapped(f"Stages: {card.stages}.", most=2)
    if card.people:
        out += wrapped(f"People affected: {card.people} {card.people_note}.", most=2)
    if card.measures and card.measures[0].test:
        out += wrapped(f"Test: {card.measures[0].test}.", most=2)
    out += wrapped(f"Rule: {card.rule}", most=3)
    if card.beside:
        out += wrapped(f"Age: {card.beside}", most=4)
    return out


def _wrapped(paragraph: str, *, width: int, most: int, whole: bool) -> list[str]:
    lines = textwrap.wrap(words.visible(paragraph), width, break_on_hyphens=False) or [""]
    if len(lines) > most and not whole:
        lines = [*lines[: most - 1], _fit(" ".join(lines[most - 1 :]), width)]
    return lines


def _fit(line: str, width: int) -> str:
    line = words.visible(line).replace("\n", " ")
    return words.fitted(line, width)


def _bar(bar: Bar, width: int) -> str:
    if bar.value != bar.value:
        return " " * width
    filled = round(width * min(max(bar.value, 0.0), 1.0))
    return "█" * filled + "░" * (width - filled)


def repr_html(record: AuditRecord) -> str:
    """The verdict card and the main table for a notebook: no script, at most 20 KB.

    Rows that do not fit are counted in a last line.
    """
    from audit.report.html_page import card_html

    page = document(record)
    grid = None
    for block in page.sections[1].blocks:
        if isinstance(block, Chart | Grid) and grid is None:
            grid = block.twin if isinstance(block, Chart) else block
    assert isinstance(page.sections[0].blocks[0], VerdictCard)
    card = page.sections[0].blocks[0]
    for shown in (24, 12, 6, 3, 0):
        html = card_html(page, card, grid, shown)
        if len(html.encode("utf-8", "replace")) <= LARGEST_HTML:
            return html
    return html
