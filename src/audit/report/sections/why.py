"""Section 5: what the gap in scores is made of, what tells the attribute, how it is used."""

from __future__ import annotations

from audit.report import text
from audit.report.attached import Entry, attribute_of, num, signed_bar, who, widest
from audit.report.blocks import Block, Callout, Cell, Chart, Column, Fold, Grid, Prose, Section
from audit.report.explained import (
    amount,
    entries,
    explanation,
    limits,
    parts_of,
    settled,
    share,
    shown_gaps,
    unit,
)
from audit.report.look import Look
from audit.report.sections import why_inside, why_parts, why_proxies

PRINTED = 12
"""Features in a table of parts; the others are summed in its last row."""


def section(look_: Look) -> Section | None:
    """Why; None where no explanation is attached."""
    if not explanation(look_):
        return None
    blocks: list[Block] = []
    gaps = shown_gaps(look_)
    if gaps:
        blocks.append(Prose(lines=((reading(look_, gaps[0]),),), kind="lead"))
        blocks.append(_method(look_, gaps[0]))
        blocks.extend(contributions(look_, gap, i) for i, gap in enumerate(gaps))
        blocks.extend(_every_gap(look_))
    else:
        blocks.extend(why_parts.lead(look_))
    blocks.extend(why_parts.decompositions(look_))
    blocks.extend(why_proxies.blocks(look_))
    blocks.extend(why_inside.blocks(look_))
    blocks.extend(_closed(look_))
    return Section(key="why", title="Why the gap arises", short="Why", blocks=tuple(blocks))


def scale_of(look_: Look) -> str:
    """The scale of the explanation's parts."""
    return str(explanation(look_).get("scale", "output"))


def scale_words(scale: str) -> str:
    """A scale as it is named in a heading."""
    return {
        "log-odds": "log-odds of the favourable outcome",
        "probability": "percentage points of the favourable outcome",
    }.get(scale, "points of the model's output")


def reading(look_: Look, gap: Entry) -> str:
    """The gap and the features that carry most of it, in a sentence or two."""
    scale, value = scale_of(look_), num(gap["value"])
    side = "below" if value < 0 else "above"
    size = amount(abs(value), scale).removeprefix("+")
    said = (
        f"On average {who(gap)} is scored {size}{unit(scale)} {side} {who(gap, 'reference')} "
        f"({limits(gap, scale)})."
    )
    carried = [a for a in gap["attributions"] if num(a["share"]) > 0][:3]
    if not carried:
        return said + " The interval holds 0, so no share of it is given."
    named = [f"{text.name(a['feature'])} carries {share(num(a['share']))}"
             for a in carried]  # fmt: skip
    return f"{said} Of that gap {text.listed(named)}."


def _method(look_: Look, gap: Entry) -> Prose:
    whole = explanation(look_)
    lines = [
        (
            f"Parts are group means of SHAP values ({whole.get('method')}); they add up to the "
            "gap. A feature that is left out takes its values from "
            f"{text.said(str(gap['background']))}. "
            f"{text.plural(num(whole.get('rows')), 'row')} explained; intervals at "
            f"{text.level_percent(num(whole.get('level')))} over which applicants were seen, the "
            "model taken as given.",
        ),
        (
            "A part says through which input the model arrives at the gap. It does not say why "
            "the groups differ in that input, nor that using it is justified.",
        ),
    ]
    lines += [(text.sentence(text.said(str(n))),) for n in whole.get("notes") or ()]
    return Prose(lines=tuple(lines), kind="note")


def chart_name(gap: Entry) -> str:
    """The figure's key."""
    return f"contributions:{' × '.join(attribute_of(gap))}:{who(gap)}"


def contributions(look_: Look, gap: Entry, place: int) -> Chart:
    """The parts of one gap as bars, and as a table."""
    scale = scale_of(look_)
    parts = parts_of(gap, PRINTED)
    reach = widest(parts)
    rows = [_part(a, reach, scale) for a in parts]
    rows.append(
        (
            Cell(text="The gap", note="the sum of all parts"),
            Cell(text=amount(num(gap["value"]), scale), note=limits(gap, scale)),
            Cell(),
            Cell(text="100%" if settled(gap) else "—"),
        )
    )
    title = f"What the score gap of {who(gap)} is made of"
    return Chart(
        name=chart_name(gap),
        title=title,
        reading=(
            f"Each bar is a feature's part of the gap to {who(gap, 'reference')}; bars to the "
            "left lower the group's score."
        ),
        twin=Grid(
            key=f"contributions-{place}",
            title=f"{title}, in {scale_words(scale)}",
            columns=(
                Column(title="Feature"),
                Column(title="Part", align="right"),
                Column(title="Interval", align="bar"),
                Column(title="Share of the gap", align="right"),
            ),
            rows=tuple(rows),
            note=(
                f"{text.plural(num(gap['rows']), 'row')} against "
                f"{text.count(num(gap['reference_rows']))}. A negative share narrows the gap."
            ),
        ),
    )


def _part(a: Entry, reach: float, scale: str) -> tuple[Cell, ...]:
    others = a.get("others")
    return (
        Cell(text=text.plural(others, "other feature"))
        if others
        else Cell(text=text.name(a["feature"]), name=True),
        Cell(text=amount(num(a["value"]), scale), note="summed" if others else limits(a, scale)),
        Cell(bar=signed_bar(a, reach)),
        Cell(text=share(num(a["share"]))),
    )


def _every_gap(look_: Look) -> list[Block]:
    found = entries(look_, "gaps")
    if len(found) < 2:
        return []
    scale = scale_of(look_)
    reach = widest(found)
    rows = []
    for gap in found:
        value = num(gap["value"])
        carried = [text.name(a["feature"]) for a in gap.get("attributions") or ()][:2]
        reason = text.said(str(gap["reason"])) if gap.get("reason") else ""
        rows.append(
            (
                Cell(text=who(gap), note=f"against {who(gap, 'reference')}", name=True),
                Cell(text=amount(value, scale), note=reason or limits(gap, scale)),
                Cell(bar=signed_bar(gap, reach)),
                Cell(text=text.listed(carried) or "—"),
                Cell(text=text.count(num(gap["rows"]))),
            )
        )
    grid = Grid(
        key="score-gaps",
        title=f"Every gap in mean score, in {scale_words(scale)}",
        columns=(
            Column(title="Group"),
            Column(title="Gap", align="right"),
            Column(title="Interval", align="bar"),
            Column(title="Largest parts"),
            Column(title="Rows", align="right"),
        ),
        rows=tuple(rows),
        note="Intervals are each for one gap; they are not adjusted for looking at several.",
    )
    return [Fold(title="Every gap in mean score", blocks=(grid,))]


def _closed(look_: Look) -> list[Block]:
    found = entries(look_, "unavailable")
    if not found:
        return []
    lines = tuple(
        (f"{text.sentence(str(u['part']))} {text.sentence(text.said(str(u['reason'])))}",)
        for u in found
    )
    return [Callout(tone="note", title="Parts that could not be made", lines=lines, itemized=True)]
