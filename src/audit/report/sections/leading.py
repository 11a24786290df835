"""The finding that gives the verdict, in words: rates, measures, people affected, rule."""

from __future__ import annotations

import math

from audit.findings.record import AuditRecord, Finding, Rule
from audit.findings.summary import age_words
from audit.inference.estimate import Estimate
from audit.inference.shared_rows import is_apart
from audit.report import look, text
from audit.report.blocks import Bar, Measure, RateBar
from audit.report.look import WORDS, Look

RATE_OF = {
    "disparate_impact_ratio": ("selection_rate", "Approval rate"),
    "statistical_parity_difference": ("selection_rate", "Approval rate"),
    "true_positive_rate_difference": ("true_positive_rate", "Approved among those who would repay"),
    "false_positive_rate_difference": ("false_positive_rate", "Approved among those who would not"),
    "predictive_equality_difference": ("false_positive_rate", "Approved among those who would not"),
    "base_rate_difference": ("base_rate", "Favourable outcomes"),
}
"""The rate behind each judged comparison, and what to call it."""

MEASURE = {
    "disparate_impact_ratio": "Ratio of approval rates",
    "statistical_parity_difference": "Difference of approval rates",
    "true_positive_rate_difference": "Difference of true positive rates",
    "false_positive_rate_difference": "Difference of false positive rates",
    "predictive_equality_difference": "Difference of false positive rates",
}


def headline(finding: Finding, rate_title: str) -> str:
    """The worst finding in one sentence: both rates, the value, its interval, the line."""
    e = finding.estimate
    if not finding.planned and e.metric == "base_rate_difference" and e.value == e.value:
        return (
            f"No decision was given, so approvals cannot be compared. In the data themselves "
            f"{text.percent(look.own_rate(e))} of {text.group(e.attribute, e.group)} and "
            f"{text.percent(e.reference_value)} of {text.compared(e)} "
            f"have a favourable outcome: {look.value(e)} "
            f"({text.level_percent(e.level)} interval {look.interval(e)})."
        )
    group = text.group(e.attribute, e.group)
    reference = text.compared(e) if e.reference is not None else "parity"
    measure = MEASURE.get(e.metric, look.title(e.metric))
    if e.value != e.value:
        return text.sentence(f"{measure}, {group} against {reference}: no value")
    limits = look.interval(e, finding.line)
    between = f"{text.level_percent(e.level)} interval {limits}"
    value, line = look.value(e, finding.line), line_words(finding)
    if look.is_ratio(e.metric) and e.metric in RATE_OF:
        own = e.value * e.reference_value
        return (
            f"{rate_title} {text.percent(own)} for {group} and "
            f"{text.percent(e.reference_value)} for {reference}: a ratio of {value} "
            f"({between}), read against {line}."
        )
    return f"{measure}, {group} against {reference}: {value} ({between}), read against {line}."


def line_words(finding: Finding) -> str:
    """The line in the form it is read: 0.80, or ±0.10."""
    shown = text.number(abs(finding.line), 2)
    return shown if look.is_ratio(finding.estimate.metric) else f"±{shown}"


def inverse_words(finding: Finding) -> str:
    """For a ratio above 1 that is beyond the rule: how it is read; otherwise empty."""
    e = finding.estimate
    if not look.is_ratio(e.metric) or not finding.line > 0 or not e.value > 1 / finding.line:
        return ""
    reference = text.compared(e)
    return f"read as its inverse: {text.number(1 / e.value, 3, [finding.line])} for {reference}"


def because(finding: Finding) -> str:
    """Why this verdict, in a sentence."""
    if not finding.planned and finding.estimate.metric == "base_rate_difference":
        return (
            "This says how outcomes differ, not whether anybody was treated differently: name a "
            "decision, or a score with a cut-off, to audit that."
        )
    plan = "" if finding.planned else " The policy plans no comparison, so none decides."
    return text.sentence(text.said(finding.because)) + plan


def comparison_bar(
    e: Estimate, finding: Finding, look_: Look, scale: tuple[float, float] | None = None
) -> Bar | None:
    """A comparison drawn with the rule's line and the parity line."""
    if e.value != e.value and e.low != e.low:
        return None
    ratio = look.is_ratio(e.metric)
    if scale is None:
        scale = look.ratio_scale([e]) if ratio else look.difference_scale([e], abs(finding.line))
    line = finding.line
    if not ratio and line == line:
        line = -abs(line) if (e.value if e.value == e.value else e.low) < 0 else abs(line)
    return Bar(
        kind="interval",
        start=scale[0],
        end=scale[1],
        value=e.value,
        low=e.low,
        high=e.high,
        log=ratio,
        line=line,
        parity=1.0 if ratio else 0.0,
        tone=finding.verdict,
    )


def rates(look_: Look, e: Estimate, key: str) -> tuple[RateBar, ...]:
    """The two rates behind the comparison: the group's and the reference's."""
    bars = []
    for group, role in ((e.group, "compared"), (e.reference, "reference")):
        if group is None:
            continue
        fewer = role == "reference" and is_apart(e)
        rate = look_.rate(key, e.attribute, group, stratum=e.stratum, stage=e.stage)
        if rate is None or fewer:
            rows = e.rows if role == "compared" else e.reference_rows
            share = e.reference_value if role == "reference" else math.nan
            if role == "compared":
                share = look.own_rate(e)
            rate = Estimate(
                metric=key,
                attribute=e.attribute,
                group=group,
                value=share,
                rows=rows,
                favorable=share * rows,
                level=e.level,
            )
        of = look.counted(rate, look_.record.roles.weight is not None)
        limits = f" · {text.level_percent(rate.level)} interval {look.interval(rate)}"
        bars.append(
            RateBar(
                label=text.compared(e) if fewer else text.group(e.attribute, group),
                role=role,
                text=look.value(rate),
                note=of + (limits if rate.low == rate.low else ""),
                short=of + (f" ({look.interval(rate)})" if rate.low == rate.low else ""),
                bar=Bar(
                    kind="share",
                    start=0,
                    end=1,
                    value=rate.value,
                    low=rate.low,
                    high=rate.high,
                    tone="compared" if role == "compared" else "reference",
                ),
            )
        )
    return tuple(bars)


def test_words(finding: Finding) -> str:
    """The p-value in words; empty where there is none."""
    p = finding.estimate.p_adjusted
    kind = (
        "adjusted for every planned comparison"
        if finding.planned
        else "adjusted among all explored comparisons"
    )
    if p != p:
        p, kind = finding.estimate.p_value, "unadjusted"
    if p != p:
        return ""
    shown = text.p_value(p)
    return f"p {shown if shown[0] in '<>' else '= ' + shown}, {kind}"


def ratio_beside(look_: Look, e: Estimate) -> Finding | None:
    """The approval-rate ratio of the same groups, where another measure leads."""
    same = (
        f
        for f in look_.record.findings
        if f.estimate.metric == look.RATIO
        and (f.estimate.attribute, f.estimate.group) == (e.attribute, e.group)
        and f.estimate.reference == e.reference
        and (f.estimate.stratum, f.estimate.stage) == (e.stratum, e.stage)
    )
    return next(same, None)


def stages(look_: Look, e: Estimate) -> str:
    """The ratio of approval rates of the same groups at each stage, in the stages' order."""
    order = look_.record.roles.stages
    if not order:
        return ""
    found = {
        s.stage: look.value(s) if s.value == s.value else "no value"
        for s in look_.record.estimates
        if s.metric == look.RATIO
        and (s.attribute, s.group, s.reference) == (e.attribute, e.group, e.reference)
        and s.stratum is None
    }
    each = [f"{text.name(stage)} {found[stage]}" for stage in order if stage in found]
    if not each:
        return ""
    return f"{text.listed(each)} (ratio of approval rates, each among those who reached it)"


def people(finding: Finding) -> str:
    """How many more would be approved at the comparison rate."""
    if finding.people_affected is None:
        return ""
    return f"{finding.people_affected:,} more" if finding.people_affected > 0 else "Nobody"


def people_note(finding: Finding) -> str:
    """Of how many, and who."""
    if finding.people_affected is None:
        return "This measure does not count approvals, so it has no number of people."
    e = finding.estimate
    harmed = finding.harmed if finding.harmed is not None else e.group
    of = f"{finding.people_of:,} " if finding.people_of is not None else ""
    who = f"of {of}({text.group(e.attribute, harmed)})"
    if finding.people_affected <= 0:
        return f"{who} would gain an approval at the comparison rate"
    return f"{who} would be approved at the comparison rate"


def rule_words(finding: Finding, rule: Rule | None) -> str:
    """The rule, its line, source and status."""
    ratio = look.is_ratio(finding.estimate.metric)
    if not finding.planned:
        return (
            f"None is applied: the policy plans no comparison that these data can answer. "
            f"{line_words(finding)} is shown for orientation."
        )
    head = f"{'below' if ratio else 'beyond'} {line_words(finding)} is beyond the rule"
    if inverse_words(finding):
        head = (
            f"below {line_words(finding)}, or above {text.number(1 / finding.line, 2)} read as "
            "its inverse, is beyond the rule"
        )
    if rule is None:
        return text.sentence(head)
    checked = "" if rule.status_checked else ", status recalled, not checked"
    return (
        f"{text.sentence(head)} {rule.title} ({rule.source}). Status: {rule.status}"
        f" ({rule.status_date}{checked})."
    )


def beside(record: AuditRecord, finding: Finding) -> str:
    """What the policy says of age, beside a finding by age, and the cut it was made with."""
    words = age_words(record, finding)
    if words is None:
        return ""
    bins = record.roles.bins
    cuts = [c for a in finding.estimate.attribute for c in bins.get(a, ())]
    made = f" Cut here at {text.listed([f'{c:g}' for c in cuts])}." if cuts else ""
    return f"{text.said(words)}{made}"


def measures(look_: Look, finding: Finding, other: Finding | None) -> tuple[Measure, ...]:
    """The leading measure, and beside it the approval ratio where another leads."""
    found = (finding,) if other is None else (finding, other)
    return tuple(_measure(look_, f) for f in found)


def _measure(look_: Look, f: Finding) -> Measure:
    e = f.estimate
    own = e.value * e.reference_value
    return Measure(
        title=MEASURE.get(e.metric, look.title(e.metric)),
        tone=f.verdict,
        word=WORDS.get(f.verdict, f.verdict),
        value=look.value(e, f.line) if e.value == e.value else "no value",
        interval=(
            f"{text.level_percent(e.level)} interval {look.interval(e, f.line)}"
            if e.low == e.low
            else text.sentence(look.why_undefined(e))
        ),
        bar=comparison_bar(e, f, look_),
        test=test_words(f),
        rates=f"approved: {text.percent(own)} against {text.percent(e.reference_value)}"
        if e.metric == look.RATIO and own == own
        else "",
    )
