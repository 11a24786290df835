"""Section 2: the forest of ratios, every test, what could have been seen, what was not checked."""

from __future__ import annotations

from audit.findings.record import AuditRecord, Finding
from audit.findings.rules import HIGHEST_RATE
from audit.report import look, text
from audit.report.blocks import (
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
from audit.report.explained import entries, explanation
from audit.report.look import Look
from audit.report.sections import leading, told
from audit.report.sections.judged import judged_tests

SHOWN = 8
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
        table = judged_tests(
            look_, f"tests-{code.lower()}", f"{tests[0].family}: planned tests", tests
        )
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
    blocks.extend(_of_age(record))
    blocks.extend(told.comparison(look_))
    blocks.append(_references(look_))
    blocks.extend(_explored(look_, explored, planned=bool(planned)))
    blocks.extend(_detectable(planned))
    blocks.append(_not_checked(look_))
    return Section(key="gaps", title="Gaps by group", short="Gaps", blocks=tuple(blocks))


def _of_age(record: AuditRecord) -> list[Block]:
    """What the policy says of age, once for each set of attributes that has a finding by age."""
    said = dict.fromkeys(leading.beside(record, f) for f in record.findings)
    return [Prose(lines=((f"Beside findings by age: {s}",),), kind="note") for s in said if s]


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
    mirror = 1 / tests[0].line
    above = text.number(mirror, 2)
    below = sum(e.high < tests[0].line for e in limits)
    over = sum(e.low > mirror for e in limits)
    lines = (tests[0].line, mirror)
    cross = sum(any(e.low < x <= e.high for x in lines) for e in limits)
    if below or over:
        lies = "planned interval lies" if below + over == 1 else "planned intervals lie"
        where = [f"below {line}"] if below else []
        where += [f"above {above}, its inverse"] if over else []
        return f"{below + over} {lies} wholly {' or '.join(where)}."
    if cross:
        crosses = "planned interval crosses" if cross == 1 else "planned intervals cross"
        return (
            f"{cross} {crosses} the line at {line}, or its inverse at {above}, so the true ratio "
            "may lie on either side."
        )
    return f"No planned interval reaches below {line} or above {above}, its inverse."


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
    decided = look_.record.roles.decided_by != "none"
    return Grid(
        key="references",
        title="Reference groups: which, and why",
        columns=(
            Column(title="Attribute"),
            Column(title="Reference"),
            Column(title="Why this one"),
            *([Column(title="Highest approval rate")] if decided else []),
        ),
        rows=tuple(row if decided else row[:3] for row in rows),
        note=(
            "A reference can turn a verdict. The declared one decides; the reading against the "
            "group with the highest rate stands beside every test."
        )
        if decided
        else "",
    )


def _explored(look_: Look, explored: list[Finding], *, planned: bool) -> list[Block]:
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
        blocks.append(judged_tests(look_, key, title, tests[:SHOWN]))
        if len(tests) > SHOWN:
            more = f"{len(tests) - SHOWN:,} more, less extreme, are in the JSON and CSV reports."
            blocks.append(Prose(lines=((more,),), kind="note"))
    verb = "asks" if flagged == 1 else "ask"
    return [
        Prose(
            lines=(
                (
                    f"Beyond the plan, {text.plural(len(explored), 'explored comparison')} of "
                    "intersections, small groups, stages, strata and other measures "
                    f"{'is' if len(explored) == 1 else 'are'} written out, strongest first; "
                    f"{flagged or 'none'} {verb} for a review. Exploration can raise a "
                    "review; it never lowers a pass.",
                ),
            )
        ),
        *(
            [Fold(title=f"Explored tests written out ({len(explored):,})", blocks=tuple(blocks))]
            if planned
            else blocks
        ),
    ]


def _needed(f: Finding) -> str:
    if f.verdict != "insufficient" or f.estimate.value != f.estimate.value:
        return "—"
    return "no sample size settles it" if f.rows_needed is None else f"{f.rows_needed:,}"


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


def skipped(record: AuditRecord) -> tuple[str, ...]:
    """What the tally could not hold, where it is not among what was not checked already."""
    return tuple(s for s in record.tally.skipped if s not in record.not_checked)


def _not_checked(look_: Look) -> Callout:
    record = look_.record
    lines = tuple((text.sentence(text.said(c)),) for c in (*record.not_checked, *skipped(record)))
    absent = []
    if not entries(look_, "gaps"):
        absent.append("why the gap arises (features, proxies, direct use)")
    if not record.candidates:
        absent.append("alternatives that discriminate less")
    if not (explanation(look_).get("more") or {}).get("reasons"):
        absent.append("adverse-action reasons by group")
    absent.append("governance: crosswalk to each requirement, waivers, sign-off")
    lines += ((f"Not part of this report: {text.listed(absent)}.",),)
    return Callout(
        tone="note", title="What was not checked", lines=lines, key="not-checked", itemized=True
    )
