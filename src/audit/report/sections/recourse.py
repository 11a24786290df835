"""What would turn a denial into an approval, and whether it costs one group more."""

from __future__ import annotations

from audit.report import text
from audit.report.attached import Entry, num, who
from audit.report.blocks import Block, Cell, Column, Fold, Grid, Prose
from audit.report.explained import explanation
from audit.report.look import Look

BANDS = {0: "at equal distance", 1: "nearest quarter", 2: "second quarter", 3: "third quarter",
         4: "farthest quarter"}  # fmt: skip
"""Distance to the cut-off by band."""


def blocks(look_: Look) -> list[Block]:
    """Recourse by group; empty where none was looked for."""
    found = (explanation(look_).get("more") or {}).get("recourse")
    if not found:
        return []
    gaps: list[Entry] = list(found["gaps"])
    whole = [g for g in gaps if g["band"] is None]
    out: list[Block] = [
        Prose(lines=((text.said(str(found["summary"])),),)),
        _grid(
            "recourse",
            "The smallest change that turns a denial into an approval, by group",
            whole,
            "Cost in percentile points of the reference population, summed over the features that "
            "change, in the mean over those for whom a change was found. The sentence above "
            "compares at equal distance to the cut-off. Protected attributes never change.",
        ),
    ]
    near = [g for g in gaps if g["band"] is not None]
    if near:
        grid = _grid(
            "recourse-bands",
            "The same by distance to the cut-off",
            near,
            "Quarters of the distance of all denied applicants looked at; at equal distance: "
            "quarters weighted alike for both groups.",
        )
        out.append(Fold(title="By distance to the cut-off", blocks=(grid,)))
    # the summary already says some of them
    said = [str(n) for n in found.get("notes") or () if str(n) not in str(found["summary"])]
    notes = [text.sentence(text.said(n)) for n in said]
    held = ", ".join(text.name(str(f)) for f in found.get("actionable") or ())
    notes.insert(0, f"Features that may change: {held or 'none'}.")
    out.append(Prose(lines=tuple((n,) for n in notes), kind="note"))
    return out


def _grid(key: str, title: str, gaps: list[Entry], note: str) -> Grid:
    return Grid(
        key=key,
        title=title,
        columns=(
            Column(title="Group"),
            Column(title="No change found", align="right"),
            Column(title="Mean cost", align="right"),
            Column(title="Difference in cost", align="right"),
            Column(title="Rows", align="right"),
        ),
        rows=tuple(_row(g) for g in gaps),
        note=note,
    )


def _row(g: Entry) -> tuple[Cell, ...]:
    band = "" if g["band"] is None else f"{BANDS[int(g['band'])]}, "
    reason = text.said(str(g["reason"])) if g.get("reason") else ""
    return (
        Cell(text=who(g), note=f"{band}against {who(g, 'reference')}", name=True),
        Cell(
            text=text.percent(num(g["infeasible"])),
            note=f"reference {text.percent(num(g['reference_infeasible']))}",
        ),
        Cell(
            text=text.number(100 * num(g["mean"]), 1),
            note=f"reference {text.number(100 * num(g['reference_mean']), 1)}",
        ),
        Cell(
            text=_signed(num(g["difference"])),
            note=reason or f"{_signed(num(g['low']))} to {_signed(num(g['high']))}",
        ),
        Cell(text=text.count(num(g["rows"])), note=f"vs {text.count(num(g['reference_rows']))}"),
    )


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + text.number(100 * value, 1)
