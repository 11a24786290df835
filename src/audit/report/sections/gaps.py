"""Section 2: the forest of ratios, every test, what could have been seen, what was not checked."""

from __future__ import annotations

from audit.findings.record import Finding
from audit.findings.rules import HIGHEST_RATE
from audit.inference.estimate import Estimate
from audit.report import look, text
from audit.report.blocks import (
    Bar,
    Block,
    Callout,
    Cell,
    Chart,
    Column,
    Fold,
    Grid,
    Prose,
    Section,
)
from audit.report.look import WORDS, Look
from audit.report.sections.verdict import comparison_bar

SHOWN = 10
"""Exploratory tests printed; the rest are counted here and listed in the JSON and CSV."""


def section(look_: Look) -> Section:
    """Gaps by group."""
    record = look_.record
    planned = [f for f in record.findings if f.planned]
    explored = [f for f in record.findings if not f.planned]
    blocks: list[Block] = [Prose(lines=((_reading(look_, planned),),), kind="lead")]
    families = list(dict.fromkeys(f.code for f in planned))
    drawn = False
    for code in families:
        tests = [f for f in planned if f.code == code]
        table = _tests(look_, f"tests-{code.lower()}", f"{tests[0].family}: planned tests", tests)
        if tests[0].estimate.metric == look.RATIO and not drawn:
            drawn = True
            blocks.append(
                Chart(
                    name="forest",
                    title="Ratio of approval rates, each group over its reference",
                    reading=_forest_reading(tests),
                    twin=table,
                )
            )
        else:
            blocks.append(table)
    if not planned:
        blocks.append(
            Callout(
                tone="insufficient",
                title="No planned test",
                lines=(("This policy plans no test that these data can answer.",),),
            )
        )
    blocks.append(_references(look_))
    blocks.extend(_explored(look_, explored))
    blocks.extend(_detectable(planned))
    blocks.append(_not_checked(look_))
    return Section(key="gaps", title="Gaps by group", short="Gaps", blocks=tuple(blocks))


def _reading(look_: Look, planned: list[Finding]) -> str:
    if not planned:
        return "No comparison between groups was planned; what was explored is listed below."
    beyond = sum(f.verdict in ("fail", "waived") for f in planned)
    review = sum(f.verdict == "review" for f in planned)
    unsettled = sum(f.verdict == "insufficient" for f in planned)
    parts = []
    if beyond:
        parts.append(f"{beyond} beyond the rule")
    if review:
        parts.append(f"{review} for review")
    if unsettled:
        parts.append(f"{unsettled} that this sample cannot settle")
    cleared = len(planned) - beyond - review - unsettled
    if cleared:
        parts.append(f"{cleared} with no gap beyond the rule")
    return f"{text.plural(len(planned), 'planned comparison')}: {text.listed(parts)}."


def _forest_reading(tests: list[Finding]) -> str:
    line = text.number(tests[0].line, 2)
    limits = [f.estimate for f in tests if f.estimate.low == f.estimate.low]
    whole = sum(e.high < tests[0].line for e in limits)
    cross = sum(e.low < tests[0].line <= e.high for e in limits)
    if whole:
        lies = "interval lies" if whole == 1 else "intervals lie"
        return f"{whole} {lies} wholly below {line}."
    if cross:
        crosses = "interval crosses" if cross == 1 else "intervals cross"
        return f"{cross} {crosses} the line at {line}, so the true ratio may lie on either side."
    return f"No interval reaches below the line at {line}."


def _head(e: Estimate) -> Cell:
    reference = text.group(e.attribute, e.reference) if e.reference is not None else "parity"
    where = []
    if e.stratum is not None:
        where.append("within " + ", ".join(text.level(v) for v in e.stratum))
    if e.stage is not None:
        where.append(f"stage {text.visible(e.stage, 40)}")
    tail = f" · {'; '.join(where)}" if where else ""
    return look.name_cell(e.attribute, e.group, f"against {reference}{tail}")


def _rate_cell(e: Estimate) -> Cell:
    if e.reference_value != e.reference_value or not look.is_share(e.metric):
        return Cell(text="—")
    own = e.value * e.reference_value if look.is_ratio(e.metric) else e.value + e.reference_value
    if own != own and e.rows and e.favorable == e.favorable:
        own = e.favorable / e.rows
    return Cell(text=text.percent(own), note=f"vs {text.percent(e.reference_value)}")


def _tests(look_: Look, key: str, title: str, tests: list[Finding]) -> Grid:
    """One table of tests on one kind of scale, worst first."""
    ratio = look.is_ratio(tests[0].estimate.metric)
    approvals = all(f.estimate.metric == look.RATIO for f in tests)
    mixed = len({f.estimate.metric for f in tests}) > 1
    alike = [f for f in tests if f.estimate.metric == tests[0].estimate.metric]
    line = tests[0].line
    estimates = [f.estimate for f in alike]
    scale = look.ratio_scale(estimates) if ratio else look.difference_scale(estimates, abs(line))
    columns = [
        Column(title="Group"),
        Column(title="Verdict"),
        *([Column(title="Measure")] if mixed else []),
        Column(title="Rates", align="right"),
        Column(title="Ratio" if ratio else "Difference", align="right"),
        *([] if mixed else [Column(title="Interval and line", align="bar")]),
        Column(title="Adjusted p", align="right"),
        *([Column(title="Against the highest rate", align="right")] if approvals else []),
        Column(title="Rows", align="right"),
    ]
    rows = []
    for f in tests:
        e = f.estimate
        rows.append(
            (
                _head(e),
                Cell(text=WORDS.get(f.verdict, f.verdict), tone=f.verdict),
                *([Cell(text=look.title(e.metric))] if mixed else []),
                _rate_cell(e),
                Cell(
                    text=look.value(e, f.line) if e.value == e.value else "—",
                    note=look.interval(e, f.line) if e.low == e.low else look.why_undefined(e),
                ),
                *([] if mixed else [Cell(bar=comparison_bar(e, f, look_, scale))]),
                Cell(text=text.p_value(e.p_adjusted)),
                *([_highest_cell(look_, e)] if approvals else []),
                Cell(text=text.count(e.rows), note=f"vs {text.count(e.reference_rows)}"),
            )
        )
    return Grid(
        key=key,
        title=title,
        columns=tuple(columns),
        rows=tuple(rows),
        scale=None
        if mixed
        else Bar(
            kind="interval",
            start=scale[0],
            end=scale[1],
            log=ratio,
            line=line if ratio else -abs(line),
            parity=1.0 if ratio else 0.0,
        ),
        note=(
            "Worst first. p is two-sided against equality, adjusted within the family."
            if mixed
            else "Worst first. The heavy tick marks the rule's line, the dotted one equality. "
            "p is two-sided against equality, adjusted within the family."
        ),
    )


def _highest_cell(look_: Look, e: Estimate) -> Cell:
    if not e.attribute or e.stratum is not None or e.stage is not None:
        return Cell(text="—")
    highest = look_.highest(e.attribute)
    if highest is None:
        return Cell(text="—", note="no group is large enough")
    if highest == e.reference:
        return Cell(text="same")
    if highest == e.group:
        return Cell(text="highest")
    other = look_.against_highest(e)
    if other is None:
        return Cell(text="—", note=f"{text.group(e.attribute, highest)}: not estimated")
    named = text.group(e.attribute, other.reference or highest)
    return Cell(text=look.value(other), note=f"{look.interval(other)}, {named}")


def _references(look_: Look) -> Grid:
    rows = []
    for r in look_.record.references:
        attribute = (r.attribute,)
        highest = look_.highest(attribute)
        rate = look_.rate("selection_rate", attribute, (r.level,))
        top = look_.rate("selection_rate", attribute, highest) if highest is not None else None
        rows.append(
            (
                Cell(text=text.visible(r.attribute, 40), name=True),
                Cell(
                    text=text.level(r.level),
                    name=True,
                    note=text.percent(rate.value) if rate is not None else "",
                ),
                Cell(text=text.visible(r.why)),
                Cell(
                    text=text.level(highest[0]) if highest is not None else "—",
                    name=True,
                    note=text.percent(top.value) if top is not None else "",
                ),
            )
        )
    return Grid(
        key="references",
        title="Reference groups: which, and why",
        columns=(
            Column(title="Attribute"),
            Column(title="Reference"),
            Column(title="Why this one"),
            Column(title="Highest approval rate"),
        ),
        rows=tuple(rows),
        note=(
            "A reference can turn a verdict. The declared one decides; the reading against the "
            "group with the highest rate stands beside every test."
        ),
    )


def _explored(look_: Look, explored: list[Finding]) -> list[Block]:
    if not explored:
        return []
    highest = [f for f in explored if f.code == HIGHEST_RATE]
    ratios = [f for f in explored if f.code != HIGHEST_RATE and f.estimate.metric == look.RATIO]
    others = [f for f in explored if f.code != HIGHEST_RATE and f.estimate.metric != look.RATIO]
    flagged = sum(f.verdict in ("fail", "review") for f in explored)
    blocks: list[Block] = []
    for key, title, tests in (
        ("highest-rate", "Read against the group with the highest approval rate", highest),
        ("explored-ratios", "Exploration: approval-rate ratios", ratios),
        ("explored-others", "Exploration: other measures", others),
    ):
        if not tests:
            continue
        blocks.append(_tests(look_, key, title, tests[:SHOWN]))
        if len(tests) > SHOWN:
            more = f"{len(tests) - SHOWN:,} more, less extreme, are in the JSON and CSV reports."
            blocks.append(Prose(lines=((more,),), kind="note"))
    verb = "asks" if flagged == 1 else "ask"
    return [
        Prose(
            lines=(
                (
                    f"Beyond the plan, {text.plural(len(explored), 'comparison')} of "
                    "intersections, small groups, stages, strata and other measures "
                    f"{'was' if len(explored) == 1 else 'were'} explored; "
                    f"{flagged or 'none'} {verb} for a review. Exploration can raise a review; "
                    "it never lowers a pass.",
                ),
            )
        ),
        Fold(title=f"All explored tests ({len(explored):,})", blocks=tuple(blocks)),
    ]


def _needed(f: Finding) -> str:
    if f.rows_needed is not None:
        return f"{f.rows_needed:,}"
    open_ = f.verdict == "insufficient" and f.estimate.value == f.estimate.value
    return "no sample size settles it" if open_ else "—"


def _detectable(planned: list[Finding]) -> list[Block]:
    rows = []
    for f in planned:
        if f.smallest_detectable is None:
            continue
        shown = f.smallest_detectable
        needed = _needed(f)
        rows.append(
            (
                look.name_cell(f.estimate.attribute, f.estimate.group),
                Cell(text=text.visible(f.family)),
                Cell(text=look.in_form(f.estimate.metric, shown, f.line)),
                Cell(text=text.count(f.estimate.rows)),
                Cell(text=needed),
            )
        )
    if not rows:
        return []
    return [
        Grid(
            key="detectable",
            title="Smallest disparity this sample could have shown",
            columns=(
                Column(title="Group"),
                Column(title="Test"),
                Column(title="Smallest detectable", align="right"),
                Column(title="Rows now", align="right"),
                Column(title="Rows a pass needs", align="right"),
            ),
            rows=tuple(rows),
            note=(
                "In 80 of 100 samples of this size a true disparity this large would be "
                "significant; anything smaller may well stay unseen. Rows a pass needs: in this "
                "group, if the estimate holds."
            ),
        )
    ]


def _not_checked(look_: Look) -> Callout:
    record = look_.record
    lines = tuple((text.sentence(text.said(c)),) for c in record.not_checked)
    absent = []
    if record.explanation is None:
        absent.append("why the gap arises (features, proxies, direct use)")
    if not record.candidates:
        absent.append("alternatives that discriminate less")
    absent.append("adverse-action reasons by group")
    absent.append("governance: crosswalk to each requirement, waivers, sign-off")
    lines += ((f"Not part of this report: {text.listed(absent)}.",),)
    return Callout(
        tone="note", title="What was not checked", lines=lines, key="not-checked", itemized=True
    )
