"""Section 3: how scores differ between groups, and what the cut-off makes of it."""

from __future__ import annotations

from typing import Any

from audit.inference.estimate import Estimate
from audit.report import look, text
from audit.report.blocks import Bar, Block, Callout, Cell, Column, Grid, Prose, Section
from audit.report.look import Look
from audit.report.sections import amounts, distribution, sweep
from audit.report.sections.curves import printed

SMD = ("standardized_mean_difference",)
RANKING = (
    "auc", "ks", "brier", "expected_calibration_error", "mean_score",
)  # fmt: skip


def section(look_: Look) -> Section:
    """Scores by group."""
    record = look_.record
    blocks: list[Block] = []
    smd = look_.first(SMD)
    drawn = record.charts.get("distributions") or record.charts.get("sweep")
    if not (smd or drawn or look_.first(RANKING)):
        blocks.append(
            Callout(
                tone="note",
                title="No score was given",
                lines=(
                    (
                        "Without a score or a risk, this section has nothing to compare: name the "
                        "column with ",
                        _code("score="),
                        " or ",
                        _code("risk="),
                        ".",
                    ),
                ),
            )
        )
        return _wrap(blocks)
    blocks.append(Prose(lines=((_reading(look_, smd),),), kind="lead"))
    if smd is not None:
        blocks.append(_smd(look_, smd))
    blocks.extend(amounts.blocks(look_))
    blocks.extend(printed(distribution.charts(look_), look_, "Distributions"))
    blocks.extend(printed(sweep.charts(look_), look_, "Ratios at every cut-off"))
    if record.roles.score is not None or record.roles.risk is not None:
        blocks.extend(_ranking(look_))
    return _wrap(blocks)


def _wrap(blocks: list[Block]) -> Section:
    return Section(key="scores", title="Scores", short="Scores", blocks=tuple(blocks))


def _code(words: str) -> Any:
    from audit.report.blocks import Mark

    return Mark(text=words, kind="code")


def _reading(look_: Look, smd: str | None) -> str:
    if smd is None:
        return "Where the score lies for each group, and what every possible cut-off would do."
    single = [
        e
        for e in look_.pairs(smd)
        if len(e.attribute) == 1 and e.value == e.value and e.rows >= look_.small
    ]
    if not single:
        return "No standardized difference could be computed; the reasons stand in the table."
    worst = max(single, key=lambda e: abs(e.value))
    roles = look_.record.roles
    column = worst.column or roles.score or roles.risk
    side = "below" if worst.value < 0 else "above"
    reference = text.compared(worst)
    better = ""
    if column is not None and column == roles.risk:
        better = " A lower one is better for the applicant."
    return (
        f"The largest gap in {text.name(column, 'scores')}: on average "
        f"{text.group(worst.attribute, worst.group)} lies {text.number(abs(worst.value), 2)} "
        f"standard deviations {side} {reference}.{better}"
    )


def _smd(look_: Look, metric: str) -> Grid:
    estimates = [e for e in look_.pairs(metric) if len(e.attribute) == 1 and e.rows >= look_.small]
    estimates.sort(key=lambda e: -abs(e.value) if e.value == e.value else 1)
    edge = look.difference_scale(estimates, 0.30)[1]
    rows = []
    for e in estimates:
        reference = text.compared(e) if e.reference is not None else "parity"
        rows.append(
            (
                look.name_cell(e.attribute, e.group, _against(e, reference)),
                Cell(
                    text=text.number(e.value, 3) if e.value == e.value else "—",
                    note=f"{text.number(e.low, 3)} to {text.number(e.high, 3)}"
                    if e.low == e.low
                    else look.why_undefined(e),
                ),
                Cell(bar=_smd_bar(e, edge)),
                Cell(text=text.count(e.rows), note=f"vs {text.count(e.reference_rows)}"),
            )
        )
    return Grid(
        key="smd",
        title="Standardized mean difference of scores",
        columns=(
            Column(title="Group"),
            Column(title="SMD", align="right"),
            Column(title="Interval and ±0.30", align="bar"),
            Column(title="Rows", align="right"),
        ),
        rows=tuple(rows),
        note=(
            "Difference of means over the pooled standard deviation within groups. ±0.30 is "
            "industry practice; no primary source was found for it. Groups of fewer than "
            f"{look_.small} rows are in the JSON and CSV."
        ),
    )


def _against(e: Estimate, reference: str) -> str:
    return f"against {reference}" + (f" · {text.name(e.column)}" if e.column else "")


def _smd_bar(e: Estimate, edge: float) -> Bar | None:
    if e.value != e.value:
        return None
    return Bar(
        kind="interval", start=-edge, end=edge, value=e.value, low=e.low, high=e.high,
        line=-0.30 if e.value < 0 else 0.30, parity=0.0,
    )  # fmt: skip


def _ranking(look_: Look) -> list[Block]:
    held = set(look_.record.estimates.columns["metric"])
    metrics = [m for m in RANKING if m in held]
    if not metrics:
        return []
    rows = []
    for attribute in look_.attributes:
        if len(attribute) > 1:
            continue
        groups = list(dict.fromkeys(e.group for m in metrics for e in look_.rates(m, attribute)))
        for group in groups:
            cells = [_score_cell(look_.rate(m, attribute, group)) for m in metrics]
            rows.append((look.name_cell(attribute, group), *cells))
    return [
        Grid(
            key="ranking",
            title="How well the score ranks and fits, by group",
            columns=(
                Column(title="Group"),
                *(Column(title=look.title(m), align="right") for m in metrics),
            ),
            rows=tuple(rows),
            note="A score that ranks a group worse serves it worse, even at equal approval rates.",
        )
    ]


def _score_cell(e: Estimate | None) -> Cell:
    if e is None:
        return Cell(text="—", note="not estimated")
    if e.value != e.value:
        return Cell(text="—", note=look.why_undefined(e))
    note = f"{text.number(e.low)} to {text.number(e.high)}" if e.low == e.low else ""
    return Cell(text=text.number(e.value), note=note)
