"""A search for alternatives: how it was made, the baseline's own spread, and all it tried."""

from __future__ import annotations

from audit.report import compared, text
from audit.report.attached import Entry, bar, edges, entries_of, num
from audit.report.blocks import Block, Cell, Column, Fold, Grid, Prose
from audit.report.compared import apart, useful

PRINTED = 40
"""Alternatives in the log's table; all are in the JSON report."""


def facts(found: Entry) -> Prose:
    """How many were tried and on whom, and how far the baseline moves by its own seed."""
    log = entries_of(found, "log")
    rows = found.get("rows") or {}
    states = [str(t.get("state")) for t in log]
    rest = [
        f"{states.count(word)} {said}"
        for word, said in (("failed", "gave no model"), ("repeated", "repeated an earlier one"))
        if states.count(word)
    ]
    said = f"{text.plural(len(log), 'alternative')} tried" + (
        f" ({'; '.join(rest)})" if rest else ""
    )
    parts = [
        f"{text.count(num(rows[name]))} {words}"
        for name, words in (
            ("fit", "to learn from"), ("selection", "to select on"),
            ("confirmation", "to confirm on, looked at once, at the end"),
        )
        if name in rows
    ]  # fmt: skip
    lines = [f"{said}. People: {text.listed(parts)}."]
    spread = found.get("baseline_spread") or {}
    if spread.get("seeds"):
        utility = str(found["utility"])
        u, d = spread.get("utility") or {}, spread.get("disparity") or {}
        lines.append(
            f"The baseline itself, trained with {text.plural(num(spread['seeds']), 'further seed')}"
            f", moves: {compared.UTILITIES[utility]} {useful(num(u.get('low')), utility)} to "
            f"{useful(num(u.get('high')), utility)}, disparity "
            f"{apart(num(d.get('low')), found)} to {apart(num(d.get('high')), found)}"
            + (f" (differing: {text.said(str(spread['how']))})" if spread.get("how") else "")
            + ". What lies within that is not called better."
        )
    return Prose(lines=tuple((line,) for line in lines))


def log(found: Entry) -> list[Block]:
    """Everything that was tried, in order; the first of it printed."""
    tried = entries_of(found, "log")
    if not tried:
        return []
    utility = str(found["utility"])
    wide = edges({"value": t.get("disparity")} for t in tried)
    chosen = [t for t in tried if t.get("selected") or t.get("finalist")]
    order = [*chosen, *(t for t in tried if t not in chosen)][:PRINTED]
    rows = []
    for t in sorted(order, key=lambda t: num(t.get("number"))):
        point = {"value": t.get("disparity")}
        rows.append(
            (
                Cell(text=text.count(num(t.get("number"))), note=_state(t)),
                Cell(text=text.said(str(t.get("words") or "nothing"), 240)),
                Cell(text=apart(num(t.get("disparity")), found)),
                Cell(bar=bar(point, wide)),
                Cell(text=useful(num(t.get("utility")), utility)),
            )
        )
    cut = len(tried) - len(order)
    head = compared.UTILITIES[utility]
    grid = Grid(
        key="tried",
        title="Alternatives tried, with their numbers on the selection people",
        columns=(
            Column(title="Number"),
            Column(title="What it changes", align="wide"),
            Column(title="Disparity", align="right"),
            Column(title="On one axis", align="bar"),
            Column(title=head[0].upper() + head[1:], align="right"),
        ),
        rows=tuple(rows),
        note="These people served to choose, so the numbers of what was chosen look better than "
        "they are; those above are of the confirmation people."
        + (f" {text.count(cut)} more are in the JSON report." if cut else ""),
    )
    return [Fold(title=f"Every alternative tried ({text.count(len(tried))})", blocks=(grid,))]


def _state(t: Entry) -> str:
    if t.get("selected"):
        return "selected"
    if t.get("finalist"):
        return "finalist"
    state = str(t.get("state") or "")
    if state == "failed":
        return f"failed: {text.said(str(t.get('reason') or ''), 120)}"
    return "" if state == "tried" else text.said(state)
