"""Intersections, strata and stages: the same ratio, looked at more closely."""

from __future__ import annotations

from audit.inference.estimate import Estimate
from audit.report import look, text
from audit.report.blocks import Bar, Block, Cell, Chart, Column, Grid, Prose, Section
from audit.report.look import Look
from audit.report.sections.curves import chart_name
from audit.table.roles import Level

WIDEST = 12
"""Levels a table of intersections shows across; more are listed in the JSON and CSV."""

LONGEST = 24
"""Levels it shows down."""


def section(look_: Look) -> Section | None:
    """Closer looks, or None where the audit has none."""
    blocks: list[Block] = []
    for attribute in look_.attributes:
        if len(attribute) == 2:
            chart = _intersections(look_, attribute)
            if chart is not None:
                blocks.append(chart)
    blocks.extend(_stages(look_))
    blocks.extend(_strata(look_))
    if not blocks:
        return None
    lead = Prose(
        lines=(
            (
                "A gap can hide inside a group, within a stratum or at one stage of the decision. "
                "These readings explore; they do not decide the verdict.",
            ),
        ),
        kind="lead",
    )
    return Section(
        key="crossed",
        title="Intersections, strata and stages",
        short="Intersections",
        blocks=(lead, *blocks),
    )


def _levels(estimates: list[Estimate], position: int) -> list[Level]:
    return list(dict.fromkeys(e.group[position] for e in estimates))


def _intersections(look_: Look, attribute: tuple[str, ...]) -> Chart | None:
    rates = look_.rates("selection_rate", attribute)
    if not rates:
        return None
    reference = look_.reference(attribute)
    down, across = _levels(rates, 0), _levels(rates, 1)
    cut = len(down) > LONGEST or len(across) > WIDEST
    rows = []
    for a in down[:LONGEST]:
        cells = [_crossed_cell(look_, attribute, (a, b), reference) for b in across[:WIDEST]]
        rows.append((Cell(text=text.level(a), name=True), *cells))
    named = text.group(attribute, reference) if reference is not None else "no reference"
    low = [
        e
        for e in look_.pairs(look.RATIO, attribute)
        if e.value < 0.8 and e.rows >= look_.small and e.reference == reference
    ]
    return Chart(
        name=chart_name("intersections", {"attribute": attribute}),
        title=f"Approval rates across {text.attributes(attribute)}",
        reading=(
            f"{_some(len(low))} of at least {look_.small} rows "
            f"{'lie' if len(low) > 1 else 'lies'} below 0.80 of {named}."
        ),
        twin=Grid(
            key=f"crossed-{look_.attributes.index(attribute)}",
            title=f"Approval rate, ratio to {named}, and rows",
            columns=(
                Column(title=text.attributes(attribute)),
                *(Column(title=text.level(b), align="right") for b in across[:WIDEST]),
            ),
            rows=tuple(rows),
            note=(
                "First line: approval rate. Second: ratio and rows. Cells below "
                f"{look_.small} rows are too small to judge; a blue bar is a ratio below 0.80."
                + (" The table is cut; all cells are in the JSON and CSV." if cut else "")
            ),
        ),
    )


def _some(intersections: int) -> str:
    return text.plural(intersections, "intersection") if intersections else "No intersection"


def _crossed_cell(
    look_: Look,
    attribute: tuple[str, ...],
    group: tuple[Level, ...],
    reference: tuple[Level, ...] | None,
) -> Cell:
    rate = look_.rate("selection_rate", attribute, group)
    if rate is None or rate.rows == 0:
        return Cell(text="—", note="nobody")
    rows = f"n {text.count(rate.rows)}"
    if rate.value != rate.value:
        return Cell(text="—", note=rows)
    pair = look_.pair(look.RATIO, attribute, group, reference)
    low = pair is not None and pair.value < 0.8 and rate.rows >= look_.small
    bar = Bar(kind="share", start=0, end=1, value=rate.value, tone="compared" if low else "quiet")
    if group == reference:
        return Cell(text=text.percent(rate.value), note=f"reference · {rows}", bar=bar)
    if rate.rows < look_.small:
        return Cell(text=text.percent(rate.value), note=f"too small · {rows}", bar=bar)
    ratio = text.number(pair.value, 2, [0.8, 0.9]) if pair is not None else "—"
    return Cell(text=text.percent(rate.value), note=f"{ratio} · {rows}", bar=bar)


def _stages(look_: Look) -> list[Block]:
    estimates = [
        e
        for e in look_.record.estimates
        if e.stage is not None
        and e.metric == look.RATIO
        and len(e.attribute) == 1
        and e.stratum is None
    ]
    if not estimates:
        return []
    order = {s: i for i, s in enumerate(look_.record.roles.stages)}
    estimates.sort(key=lambda e: order.get(e.stage or "", len(order)))
    return [_closer("stages", "Each stage, among those who reached it", "Stage", estimates, look_)]


def _strata(look_: Look) -> list[Block]:
    estimates = [
        e
        for e in look_.record.estimates
        if e.stratum is not None
        and e.metric == look.RATIO
        and len(e.attribute) == 1
        and e.stage is None
    ]
    if not estimates:
        return []
    names = text.attributes(look_.record.roles.strata)
    return [_closer("strata", f"Within each level of {names}", names, estimates[:80], look_)]


def _closer(key: str, title: str, head: str, estimates: list[Estimate], look_: Look) -> Grid:
    scale = look.ratio_scale(estimates)
    rows = []
    for e in estimates:
        where = (
            text.visible(e.stage, 40)
            if e.stage is not None
            else ", ".join(text.level(v) for v in e.stratum or ())
        )
        reference = text.compared(e) if e.reference is not None else ""
        rate = look_.rate("selection_rate", e.attribute, e.group, stratum=e.stratum, stage=e.stage)
        own = look.own_rate(e) if rate is None else rate.value
        few = min(e.rows, e.reference_rows) < look_.small
        rows.append(
            (
                Cell(text=where, name=True),
                look.name_cell(e.attribute, e.group, f"against {reference}"),
                Cell(text=text.percent(own), note=f"vs {text.percent(e.reference_value)}"),
                Cell(
                    text=look.value(e, 0.8),
                    note=look.interval(e, 0.8) if e.low == e.low else look.why_undefined(e),
                ),
                Cell(
                    bar=look.ratio_bar(e.value, e.low, e.high, scale) if e.low == e.low else None
                ),
                Cell(text=text.count(e.rows), note=f"vs {text.count(e.reference_rows)}"
                     + (" · too few" if few else "")),
            )
        )  # fmt: skip
    return Grid(
        key=key,
        title=title,
        columns=(
            Column(title=head[:1].upper() + head[1:]),
            Column(title="Group"),
            Column(title="Rates", align="right"),
            Column(title="Ratio", align="right"),
            Column(title="Interval and line", align="bar"),
            Column(title="Rows", align="right"),
        ),
        rows=tuple(rows),
        note=f"Intervals one at a time. Below {look_.small} rows: never a pass, at most a review.",
    )
