"""How the verdict is reached, printed in full, and what is cited with its status."""

from __future__ import annotations

from audit.findings.record import Family
from audit.report import look, text
from audit.report.blocks import Block, Callout, Cell, Column, Grid, Prose, Section
from audit.report.look import Look


def section(look_: Look) -> Section:
    """The verdict rule and the rules cited."""
    policy = look_.record.policy
    blocks: list[Block] = [
        Prose(lines=((text.sentence(policy.summary),),), kind="lead"),
    ]
    if policy.families:
        blocks.append(_families(policy.families, policy.alpha))
        blocks.append(_verdict_rule(look_))
    blocks.append(_cited(look_))
    if policy.notes:
        blocks.append(
            Callout(
                tone="note",
                title="Where regimes conflict",
                lines=tuple((text.sentence(n),) for n in policy.notes),
            )
        )
    return Section(
        key="rules", title="How the verdict is reached", short="Rules", blocks=tuple(blocks)
    )


def _line_words(family: Family, value: float) -> str:
    if value != value:
        return "—"
    shown = text.number(abs(value), 2)
    return shown if look.is_ratio(family.metric) else f"±{shown}"


def _families(families: tuple[Family, ...], alpha: float) -> Grid:
    return Grid(
        key="families",
        title="What is planned",
        columns=(
            Column(title="Family"),
            Column(title="Judged on"),
            Column(title="Line", align="right"),
            Column(title="Caution", align="right"),
            Column(title="Needs"),
            Column(title="At worst"),
            Column(title="Rule"),
        ),
        rows=tuple(
            (
                Cell(text=f.code, note=f.title),
                Cell(text=look.title(f.metric)),
                Cell(text=_line_words(f, f.line)),
                Cell(text=_line_words(f, f.caution)),
                Cell(text=text.listed(f.needs) or "—"),
                Cell(text=f.worst),
                Cell(text=f.rule),
            )
            for f in families
        ),
        note=f"Each family has its own error rate of {text.percent(alpha, 0)}, shared among its "
        "comparisons by Holm's method.",
    )


def _verdict_rule(look_: Look) -> Prose:
    policy = look_.record.policy
    family = policy.families[0]
    line, caution = text.number(family.line, 2), text.number(family.caution, 2)
    alpha, small = text.number(policy.alpha, 2), look_.small
    ratio = look.is_ratio(family.metric)
    beyond = f"below {line}" if ratio else f"more than {line} in the harmful direction"
    zone = f"from {line} to {caution}" if ratio else f"between {caution} and {line}"
    return Prose(
        kind="list",
        lines=(
            (
                "Each planned estimate is read so that harm to the group is explicit; the first "
                "line that applies gives its verdict. ",
                f"Beyond the rule means {beyond}; the caution zone is {zone}; significant means an "
                f"adjusted p below {alpha} against equality.",
            ),
            ("The estimate is undefined: insufficient, with the reason.",),
            ("Beyond the rule and significant: fail.",),
            ("Beyond the rule, not significant: review. The sample cannot tell it from chance.",),
            ("In the caution zone and significant: review. Within the rule, but a real gap.",),
            (f"The group or its reference has fewer than {small} rows: insufficient.",),
            ("The interval's harmful limit is at or inside the line: pass. No gap beyond it.",),
            ("Otherwise: insufficient. No gap beyond the rule was seen, nor can it be excluded.",),
            (
                "The overall verdict is the worst of the planned findings, in the order fail, "
                "review, insufficient, pass. Where none could be decided it is insufficient. A "
                "waived fail stays visible. Exploration never lowers a pass and raises at most a "
                "review.",
            ),
        ),
    )


def _cited(look_: Look) -> Grid:
    rules = look_.record.policy.rules
    return Grid(
        key="cited",
        title="Rules and practice cited, with their status",
        columns=(
            Column(title="Rule"),
            Column(title="What it asks, in our words", align="wide"),
            Column(title="Where"),
            Column(title="Source"),
            Column(title="Status", align="wide"),
        ),
        rows=tuple(
            (
                Cell(text=r.title, note=r.code),
                Cell(text=text.sentence(r.text)),
                Cell(text=r.jurisdiction),
                Cell(text=r.source),
                Cell(
                    text=r.status,
                    note=f"{r.status_date} · "
                    + ("checked" if r.status_checked else "recalled, not checked"),
                ),
            )
            for r in rules
        ),
        note="Statuses change. One marked recalled was not read at its source: verify it before "
        "relying on it.",
    )
