"""Candidates one by one: what each does, its side effects on other gaps, and what gave none."""

from __future__ import annotations

from audit.report import compared, text
from audit.report.attached import Entry, bar, edges, ends, entries_of, num, who
from audit.report.blocks import Block, Callout, Cell, Column, Fold, Grid, Prose
from audit.report.compared import apart, apart_change


def does(name: str, found: Entry) -> list[Block]:
    """What each candidate does, and what came of it."""
    told = [c for c in compared.candidates(found) if c["name"] != compared.BASELINE]
    shared = _shared_notes(compared.candidates(found))
    rows = []
    for c in told:
        because = text.sentence(text.said(str(c["because"])))
        notes = [text.sentence(text.said(str(n), 240)) for n in c.get("notes") or ()
                 if str(n) not in shared]  # fmt: skip
        rows.append(
            (
                Cell(text=compared.title(c), note=str(c["acts"])),
                Cell(text=text.sentence(text.said(str(c["words"])))),
                Cell(text=because, note=" ".join(notes)),
            )
        )
    if not rows:
        return []
    grid = Grid(
        key=f"methods-{name}",
        title=compared.caption(name, "What each candidate does, and what came of it"),
        columns=(
            Column(title="Candidate"),
            Column(title="What it does", align="wide"),
            Column(title="Result", align="wide"),
        ),
        rows=tuple(rows),
        note=f"Of every training: {'; '.join(text.said(n, 240) for n in shared)}."
        if shared
        else "",
    )
    return [Fold(title="What each candidate does", blocks=(grid,))]


def _shared_notes(told: list[Entry]) -> list[str]:
    """Notes that all candidates have, said once."""
    if not told:
        return []
    own = [[str(n) for n in c.get("notes") or ()] for c in told]
    return [n for n in own[0] if all(n in others for others in own[1:])]


def side_effects(name: str, found: Entry) -> list[Block]:
    """What each candidate does to the gaps of other groups."""
    told = [
        (c, e)
        for c in compared.candidates(found)
        if c["name"] != compared.BASELINE
        for e in c.get("side_effects") or ()
    ]
    if not told:
        return []
    axis = edges([{"value": 0.0}, *(_shift(e) for _, e in told)])
    rows = []
    for c, e in told:
        shift = _shift(e)
        rows.append(
            (
                Cell(text=compared.title(c)),
                Cell(text=who(e), note=f"against {who(e, 'reference')}", name=True),
                Cell(text=apart(num(e["disparity"]), found)),
                Cell(text=apart_change(shift["value"], found),
                     note=ends(shift, lambda x: apart_change(x, found))),
                Cell(bar=bar(shift, axis, 0.0)),
            )
        )  # fmt: skip
    wider = [f"{compared.title(c)} that of {who(e)}" for c, e in told if num(e["low"]) > 0]
    said = (
        f"Shown to widen another gap: {compared.listed(wider[:4])}"
        + (f" and {len(wider) - 4} more" if len(wider) > 4 else "")
        + "."
        if wider
        else "No candidate is shown to widen the gap of another group."
    )
    grid = Grid(
        key=f"side-effects-{name}",
        title=compared.caption(name, "What each candidate does to other gaps"),
        columns=(
            Column(title="Candidate"),
            Column(title="Group"),
            Column(title="Disparity", align="right"),
            Column(title="Change", align="right"),
            Column(title="Interval", align="bar"),
        ),
        rows=tuple(rows),
    )
    return [
        Prose(lines=((said,),)),
        Fold(title="Side effects on other groups", blocks=(grid,)),
    ]


def _shift(effect: Entry) -> dict[str, float]:
    return {
        "value": num(effect["change"]), "low": num(effect["low"]), "high": num(effect["high"]),
    }  # fmt: skip


def nothing(name: str, found: Entry) -> list[Block]:
    """Methods that gave no candidate, with their reasons."""
    told = entries_of(found, "unavailable")
    if not told:
        return []
    by_reason: dict[str, list[str]] = {}
    for u in told:
        by_reason.setdefault(str(u["reason"]), []).append(text.visible(str(u["title"]), 80))
    lines = tuple(
        (f"{compared.listed(names)}: {text.said(reason).rstrip('.')}.",)
        for reason, names in by_reason.items()
    )
    many = text.plural(len(told), "method")
    return [
        Fold(
            title=f"{many} that gave no candidate",
            blocks=(
                Callout(
                    tone="note", lines=lines,
                    title=compared.caption(name, "What gave no candidate, and why"),
                    itemized=True,
                ),
            ),
        )
    ]  # fmt: skip
