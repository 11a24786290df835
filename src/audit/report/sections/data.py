"""Section 8: who is in the data, what is missing, and what limits the reading."""

from __future__ import annotations

import numpy as np

from audit.metrics.metric import Counts
from audit.report import look, text
from audit.report.blocks import Bar, Block, Callout, Cell, Column, Facts, Grid, Line, Prose, Section
from audit.report.look import Look
from audit.report.sections import overlap, told
from audit.report.sections.errors import selective
from audit.report.sections.gaps import skipped
from audit.tally.cube import cells, everyone

MOST = 25
"""Groups listed for one attribute; the rest are in the JSON and CSV."""


def section(look_: Look) -> Section:
    """Data and limits."""
    blocks: list[Block] = [Prose(lines=((_reading(look_),),), kind="lead"), _counts(look_)]
    blocks.extend(
        grid
        for name in look_.record.roles.protected
        if (grid := _representation(look_, name)) is not None
    )
    blocks.extend(told.model(look_))
    blocks.append(_issues(look_))
    limits = _limits(look_)
    if limits:
        blocks.append(Callout(tone="note", title="Limits of this reading", lines=limits))
    return Section(key="data", title="Data and limits", short="Data", blocks=tuple(blocks))


def _everyone(look_: Look) -> Counts | None:
    found = cells(look_.record.tally, ())
    if not found:
        for name in look_.record.roles.protected:
            found = cells(look_.record.tally, (name,))
            if found:
                break
    return Counts(everyone(found[0])) if found else None


def _reading(look_: Look) -> str:
    tally = look_.record.tally
    counts = _everyone(look_)
    if counts is None or look_.record.roles.decided_by == "none":
        return f"{text.plural(tally.rows, 'row')} counted."
    return (
        f"{text.plural(tally.rows, 'row')} counted: {text.count(float(counts.approved))} approved, "
        f"{text.count(float(counts.denied))} denied, "
        f"{text.count(float(counts.undecided))} undecided."
    )


def _counts(look_: Look) -> Facts:
    tally, roles = look_.record.tally, look_.record.roles
    counts = _everyone(look_)
    items: list[tuple[str, Line]] = [("Rows counted", (text.count(tally.rows),))]
    if roles.where is not None or tally.excluded:
        rule = f" by {text.visible(roles.where, 200)}" if roles.where else ""
        items.append(("Excluded", (f"{text.plural(tally.excluded, 'row')}{rule}",)))
    if counts is not None:
        undecided = float(counts.undecided)
        undecided_words = (
            f"{text.plural(undecided, 'row')}, counted but outside the rates"
            if undecided
            else "none"
        )
        if roles.decided_by == "none":
            undecided_words = "every row: no decision was given"
        items.append(
            (
                "Undecided",
                (undecided_words,),
            )
        )
        if roles.outcome is not None:
            unknown = float(counts.unknown)
            items.append(
                (
                    "Unknown outcome",
                    (
                        (
                            f"{text.plural(unknown, 'row')}, outside error rates and base rates"
                            if unknown
                            else "none"
                        ),
                    ),
                )
            )
            items.append(("Label source", (f"column {text.visible(roles.outcome, 60)}",)))
    for name in roles.overlapping:
        several = overlap.words(look_, name, short=True)
        if several:
            items.append((f"Overlap in {text.visible(name, 40)}", (several,)))
    missing = _missing(look_)
    if missing:
        items.append(("Missing group", (missing,)))
    if roles.weight is not None:
        items.append(
            (
                "Weights",
                (
                    f"column {text.visible(roles.weight, 60)}: rates are weighted, rows are not, "
                    "intervals use the effective sample size",
                ),
            )
        )
    if roles.cluster is not None:
        items.append(
            (
                "Repeated applicants",
                (f"column {text.visible(roles.cluster, 60)}: intervals by block jackknife",),
            )
        )
    if tally.sources:
        shown = text.listed(text.visible(s, 80) for s in tally.sources[:5])
        rest = f" and {len(tally.sources) - 5:,} more" if len(tally.sources) > 5 else ""
        items.append(("Sources", (shown + rest,)))
    return Facts(items=tuple(items))


def _missing(look_: Look) -> str:
    parts = []
    for name in look_.record.roles.protected:
        for found in cells(look_.record.tally, (name,)):
            for group, n in zip(found.groups, found.n, strict=True):
                if group == (None,) and n.sum():
                    parts.append(f"{text.visible(name, 40)}: {text.plural(int(n.sum()), 'row')}")
    return "; ".join(parts) + (", a group of their own that never decides" if parts else "")


def _representation(look_: Look, name: str) -> Grid | None:
    found = cells(look_.record.tally, (name,))
    if not found:
        return None
    here = found[0]
    counts = Counts(here.n)
    people = np.asarray(counts.everyone, dtype=np.int64)
    total = int(everyone(here).sum()) or 1
    outcome = look_.record.roles.outcome is not None
    decided = look_.record.roles.decided_by != "none"
    rows = []
    for i, group in enumerate(here.groups[:MOST]):
        rows_here = int(people[i])
        share = rows_here / total
        cells_ = [
            look.name_cell((name,), group, _size_note(rows_here, look_.small)),
            Cell(text=text.count(rows_here)),
            Cell(
                text=text.percent(share),
                bar=Bar(kind="share", start=0, end=1, value=share, tone="quiet"),
            ),
        ]
        if decided:
            cells_.append(look.share_cell(look_.rate("selection_rate", (name,), group)))
            cells_.append(Cell(text=text.count(int(np.asarray(counts.undecided)[i]))))
        if outcome:
            cells_.append(look.share_cell(look_.rate("base_rate", (name,), group)))
            cells_.append(Cell(text=text.count(int(np.asarray(counts.unknown)[i]))))
        rows.append(tuple(cells_))
    columns = [
        Column(title="Group"),
        Column(title="Rows", align="right"),
        Column(title="Share of rows", align="right"),
    ]
    if decided:
        columns += [
            Column(title="Approval rate", align="right"),
            Column(title="Undecided", align="right"),
        ]
    if outcome:
        columns += [
            Column(
                title="Favourable outcomes of the approved"
                if selective(look_)
                else "Favourable outcomes (base rate)",
                align="right",
            ),
            Column(title="Unknown outcome", align="right"),
        ]
    cut = len(here.groups) - len(rows)
    return Grid(
        key=f"groups-{look_.record.roles.protected.index(name)}",
        title=f"Who is in the data: {text.visible(name, 60)}",
        columns=tuple(columns),
        rows=tuple(rows),
        note=" ".join(
            part
            for part in (
                overlap.words(look_, name),
                f"{cut:,} more groups are in the JSON and CSV." if cut else "",
            )
            if part
        ),
    )


def _size_note(rows: int, small: int) -> str:
    if rows == 0:
        return "no rows"
    return f"below {small} rows: shown, never a pass" if rows < small else ""


def _issues(look_: Look) -> Grid | Prose:
    issues = look_.record.issues
    if not issues:
        return Prose(lines=(("Nothing unusual was noticed while reading the data.",),))
    rows = tuple(
        (
            Cell(text=i.code),
            Cell(text=i.severity.capitalize()),
            Cell(text=text.visible(i.column or "—", 60), name=True),
            Cell(text=text.sentence(text.said(i.message, 400))),
            Cell(text=text.sentence(text.said(i.fix, 400))),
        )
        for i in issues
    )
    return Grid(
        key="issues",
        title="Noticed while reading; no row was dropped for it",
        columns=tuple(Column(title=t) for t in ("Code", "Kind", "Column", "What", "What to do")),
        rows=rows,
    )


def _limits(look_: Look) -> tuple[Line, ...]:
    record = look_.record
    lines: list[Line] = [(text.sentence(text.said(s)),) for s in skipped(record)]
    small = 0
    for name in record.roles.protected:
        for found in cells(record.tally, (name,)):
            totals = found.n.sum(axis=(1, 2))
            small += int(((totals > 0) & (totals < look_.small)).sum())
    if small:
        lines.append(
            (
                f"{text.plural(small, 'group')} of fewer than {look_.small} rows: shown with "
                "intervals, never judged as a pass.",
            )
        )
    if record.roles.decided_by in ("cutoff", "approval_rate"):
        lines.append(
            (
                "Decisions were made here, from a cut-off on the score. Overrides and knock-out "
                "rules that act in production are not in these numbers.",
            )
        )
    if record.roles.decided_by == "predict":
        lines.append(("The model's own predict decided; its threshold is built in.",))
    lines.append(("Drift over time is not part of this report.",))
    return tuple(lines)
