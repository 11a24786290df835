"""A decision with several levels: every one of them, by group."""

from __future__ import annotations

from audit.inference.estimate import Estimate
from audit.report import look, text
from audit.report.blocks import Block, Cell, Column, Grid, Prose, Section
from audit.report.look import Look
from audit.table.roles import Level

RATE = "decision_level_rate"
WIDEST = 8
"""Groups shown across; more are in the JSON and CSV."""
LONGEST = 30
"""Levels shown down."""


def section(look_: Look) -> Section | None:
    """Shares of every level by group of each attribute; None where decisions have two values."""
    column = look_.record.roles.decision
    table = look_.record.estimates.columns
    held = [i for i, level in enumerate(table["decision_level"]) if level is not None]
    if not held or column is None:
        return None
    found = [look_.record.estimates[i] for i in held]
    blocks: list[Block] = [
        Prose(
            lines=(
                (
                    f"{text.name(column)} has more than two values. Each is shown as a share of "
                    "all rows of the group, undecided ones included. These readings explore; the "
                    "verdict rests on the favourable values together.",
                ),
            ),
            kind="lead",
        )
    ]
    for name in look_.by_concern():
        blocks += _of_attribute(look_, (name,), column, found)
    if len(blocks) == 1:
        return None
    return Section(
        key="levels", title="Every decision by group", short="Decisions", blocks=tuple(blocks)
    )


def _of_attribute(
    look_: Look, attribute: tuple[str, ...], column: str, found: list[Estimate]
) -> list[Block]:
    shares = {
        (e.group, e.decision_level): e
        for e in found
        if e.metric == RATE and e.attribute == attribute and e.rows >= look_.small
    }
    groups = list(dict.fromkeys(group for group, _ in shares))
    if len(groups) < 2:
        return []
    levels = list(dict.fromkeys(level for _, level in shares))
    shown, drawn = groups[:WIDEST], levels[:LONGEST]
    end = max((e.high for e in shares.values() if e.high == e.high), default=1.0)
    more = []
    if len(groups) > len(shown):
        more.append(f"{len(groups) - len(shown)} more groups")
    if len(levels) > len(drawn):
        more.append(f"{len(levels) - len(drawn)} more levels")
    more.append(f"groups of fewer than {look_.small} rows")
    return [
        Prose(lines=((_reading(attribute, column, found, look_.small),),)),
        Grid(
            key=f"levels-{look_.record.roles.protected.index(attribute[0])}",
            title=f"Every value of {text.name(column)} by {text.attributes(attribute)}",
            columns=(
                Column(title=text.name(column)),
                *(Column(title=text.group(attribute, g), align="right") for g in shown),
            ),
            rows=tuple(
                (
                    Cell(text=text.level(level), note=_meaning(look_, level), name=True),
                    *(look.share_cell(shares.get((g, level)), end) for g in shown),
                )
                for level in drawn
            ),
            note="Shares of all rows with their intervals. In the JSON and CSV besides: "
            f"{text.listed(more)}.",
        ),
    ]


def _meaning(look_: Look, level: Level) -> str:
    roles = look_.record.roles
    if level in roles.favorable.get("decision", ()):
        return "favourable"
    bad = roles.unfavorable.get("decision", ())
    return "unfavourable" if not bad or level in bad else "undecided"


def _reading(attribute: tuple[str, ...], column: str, found: list[Estimate], small: int) -> str:
    gaps = [
        e
        for e in found
        if e.metric == f"{RATE}_difference"
        and e.attribute == attribute
        and e.value == e.value
        and min(e.rows, e.reference_rows) >= small
    ]
    if not gaps:
        return "No two groups could be compared."
    widest = max(gaps, key=lambda e: abs(e.value))
    return (
        f"The widest gap by {text.attributes(attribute)}: "
        f"{text.percent(widest.reference_value + widest.value)} of "
        f"{text.group(attribute, widest.group)} got {text.level(widest.decision_level)}, against "
        f"{text.percent(widest.reference_value)} of {text.compared(widest)} "
        f"({text.level_percent(widest.level)} interval of the difference "
        f"{text.points(widest.low)} to {text.points(widest.high)}, "
        f"{text.p_sentence(widest.p_adjusted)} adjusted)."
    )
