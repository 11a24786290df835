"""The report as Markdown: the same blocks in the same order, for reviews and pull requests."""

from __future__ import annotations

import re

from audit.findings.record import AuditRecord
from audit.report.blocks import (
    Block,
    Callout,
    Cell,
    Chart,
    Facts,
    Fold,
    Grid,
    Line,
    Listing,
    Mark,
    Prose,
    VerdictCard,
)
from audit.report.document import document

MARKER = "<!-- evenhand audit.report/1 -->"

SIGNS = {"fail": "⯃", "review": "▲", "pass": "●", "insufficient": "◆", "waived": "■"}
"""A shape for each verdict."""

_SPECIAL = re.compile(r"([\\`*_\[\]{}<>|#~!&$])")
_LEADING = re.compile(r"^(\s*)(?:([-+=>])|(\d{1,9})([.)])(?=\s|$))")
"""What would begin a list, a heading's underline or a quote; a backslash before a digit shows."""


def markdown(record: AuditRecord) -> str:
    """The whole report as CommonMark with tables; data in it makes neither HTML nor links."""
    page = document(record)
    parts = [MARKER, f"# {escape(page.title)}", f"*{escape(page.disclaimer)}*"]
    parts.append("\n".join(f"- {escape(k)}: {escape(v)}" for k, v in page.facts))
    for section in page.sections:
        parts.append(f"## {escape(section.title)}")
        parts.extend(block(b, 3) for b in section.blocks)
    parts.append(f"---\n\n{escape(page.footer)}")
    text = "\n\n".join(p for p in parts if p)
    return text.encode("utf-8", "replace").decode() + "\n"


def escape(words: str) -> str:
    """Text that Markdown shows as it is, on one line.

    >>> escape("<b> a|b_c [x](y)")
    '\\\\<b\\\\> a\\\\|b\\\\_c \\\\[x\\\\](y)'
    """
    flat = " ".join(words.split())
    return _LEADING.sub(_defused, _SPECIAL.sub(r"\\\1", flat))


def _defused(lead: re.Match[str]) -> str:
    blank, sign, number, dot = lead.groups()
    return f"{blank}\\{sign}" if sign else f"{blank}{number}\\{dot}"


def _line(pieces: Line) -> str:
    return "".join(_mark(p) if isinstance(p, Mark) else escape_inside(p) for p in pieces)


def escape_inside(words: str) -> str:
    """Escaped, with the blanks at its ends kept, since it stands inside a line."""
    return _SPECIAL.sub(r"\\\1", words.replace("\n", " "))


def _mark(mark: Mark) -> str:
    if mark.kind == "code":
        fence = "``" if "`" in mark.text else "`"
        inner = " ".join(mark.text.split())
        return f"{fence} {inner} {fence}" if "`" in inner else f"`{inner}`"
    return f"**{escape(mark.text)}**" if mark.kind == "strong" else escape(mark.text)


def block(b: Block, depth: int) -> str:
    """One block; headings inside it begin at `depth`."""
    head = "#" * depth
    if isinstance(b, Prose):
        if b.kind == "list":
            items = "\n".join(f"{i}. {_line(x)}" for i, x in enumerate(b.lines[1:-1], 1))
            return f"{_line(b.lines[0])}\n\n{items}\n\n{_line(b.lines[-1])}"
        return "\n\n".join(_line(x) for x in b.lines)
    if isinstance(b, Facts):
        return "\n".join(f"- {escape(k)}: {_line(v)}" for k, v in b.items)
    if isinstance(b, Grid):
        return _grid(b, head)
    if isinstance(b, Chart):
        return f"{head} {escape(b.title)}\n\n{escape(b.reading)}\n\n{_grid(b.twin, head + '#')}"
    if isinstance(b, Callout):
        lines = [f"> {'- ' if b.itemized else ''}{_line(x)}" for x in b.lines]
        return f"> **{escape(b.title)}**\n>\n" + ("\n" if b.itemized else "\n>\n").join(lines)
    if isinstance(b, Listing):
        fence = "```"
        while fence in b.text:
            fence += "`"
        return f"{head} {escape(b.title)}\n\n{fence}\n{b.text}\n{fence}"
    if isinstance(b, Fold):
        inner = "\n\n".join(block(x, depth + 1) for x in b.blocks)
        return f"{head} {escape(b.title)}\n\n{inner}"
    return _card(b)


def _grid(g: Grid, head: str) -> str:
    keep = [
        i for i in range(len(g.columns)) if any(_cell(row[i]) for row in g.rows if i < len(row))
    ]
    rule = {"right": "--:", "left": "---", "bar": "---", "wide": "---"}
    lines = [
        "| " + " | ".join(escape(g.columns[i].title) for i in keep) + " |",
        "| " + " | ".join(rule[g.columns[i].align] for i in keep) + " |",
        *("| " + " | ".join(_cell(row[i]) for i in keep) + " |" for row in g.rows),
    ]
    note = f"\n\n{escape(g.note)}" if g.note else ""
    return f"{head} {escape(g.title)}\n\n" + "\n".join(lines) + note


def _cell(c: Cell) -> str:
    sign = f"{SIGNS.get(c.tone, '')} " if c.tone else ""
    note = f" ({escape_inside(c.note)})" if c.note and c.text else escape_inside(c.note)
    return f"{sign}{escape_inside(c.text)}{note}".strip()


def _card(card: VerdictCard) -> str:
    sign = SIGNS.get(card.verdict, "")
    lines = [f"**{sign} {escape(card.word)}.** {escape(card.headline)}", escape(card.because)]
    facts = [f"{escape(r.label)}: {escape(r.text)} ({escape(r.note)})" for r in card.rates]
    for m in card.measures:
        verdict = f", {escape(m.word).lower()}" if len(card.measures) > 1 else ""
        facts.append(f"{escape(m.title)}: {escape(m.value)} ({escape(m.interval)}){verdict}")
        if m.test:
            facts.append(escape(m.test))
    if card.stages:
        facts.append(f"Stages: {escape(card.stages)}")
    if card.people:
        facts.append(f"People affected: {escape(card.people)} {escape(card.people_note)}")
    facts.append(f"Rule: {escape(card.rule)}")
    if card.beside:
        facts.append(f"Age: {escape(card.beside)}")
    if card.change:
        facts.append(f"What would change the verdict: {escape(card.change)}")
    facts.extend(f"{escape(s.label)}: {escape(s.word)}. {escape(s.text)}" for s in card.lines)
    steps = [f"{i}. {escape(s.title)}: {escape(s.text)}" for i, s in enumerate(card.steps, 1)]
    return "\n\n".join(
        (*lines, "\n".join(f"- {f}" for f in facts), "Next steps:", "\n".join(steps))
    )
