"""A table of tests: verdict, rates, estimate, interval, both reference readings."""

from __future__ import annotations

from audit.findings.record import Finding
from audit.inference.estimate import Estimate
from audit.report import look, text
from audit.report.blocks import Bar, Cell, Column, Grid
from audit.report.look import WORDS, Look
from audit.report.sections.leading import RATE_OF, comparison_bar, inverse_words


def _head(e: Estimate) -> Cell:
    reference = text.compared(e) if e.reference is not None else "parity"
    where = []
    if e.stratum is not None:
        where.append("within " + ", ".join(text.level(v) for v in e.stratum))
    if e.stage is not None:
        where.append(f"stage {text.visible(e.stage, 40)}")
    tail = f" · {'; '.join(where)}" if where else ""
    return look.name_cell(e.attribute, e.group, f"against {reference}{tail}")


def _of(e: Estimate) -> str:
    """The column, and value of the decision, that the measure is of."""
    if e.column is None:
        return ""
    level = "" if e.decision_level is None else f" = {text.level(e.decision_level)}"
    return text.name(e.column) + level


def _rate_cell(e: Estimate, look_: Look) -> Cell:
    if e.reference_value != e.reference_value or not look.is_share(e.metric):
        return Cell(text="—")
    own = look.own_rate(e)
    if own != own:
        rate_key = RATE_OF.get(e.metric, ("", ""))[0]
        rate = look_.rate(rate_key, e.attribute, e.group, stratum=e.stratum, stage=e.stage)
        own = own if rate is None else rate.value
    return Cell(text=text.percent(own), note=f"vs {text.percent(e.reference_value)}")


def _read(f: Finding) -> str:
    e = f.estimate
    limits = look.interval(e, f.line) if e.low == e.low else look.why_undefined(e)
    inverse = inverse_words(f)
    return f"{limits}; {inverse}" if inverse else limits


def judged_tests(look_: Look, key: str, title: str, tests: list[Finding]) -> Grid:
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
                *([Cell(text=look.title(e.metric), note=_of(e))] if mixed else []),
                _rate_cell(e, look_),
                Cell(
                    text=look.value(e, f.line) if e.value == e.value else "—",
                    note=_read(f),
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
            else "Worst first. The heavy tick marks the rule's line, the dotted one equality"
            f"{', the thin one its inverse' if ratio else ''}. "
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
