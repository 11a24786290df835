"""The first screen: verdict, both rates, ratio, interval, rule, people affected, next steps."""

from __future__ import annotations

import math

from audit.findings.record import Finding, Rule
from audit.findings.summary import WORD, leading_finding, rule_of
from audit.inference.estimate import Estimate
from audit.report import look, text
from audit.report.blocks import Bar, RateBar, Section, Step, SubLine, VerdictCard
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

NEXT = {
    "fail": "Review the decision rule before it is used further",
    "review": "Have a person look at this gap",
    "insufficient": "Collect what is missing",
    "pass": "Keep watching",
    "waived": "Revisit the waiver",
}


def section(look_: Look) -> Section:
    """The verdict card."""
    return Section(key="verdict", title="Verdict", short="Verdict", blocks=(card(look_),))


def card(look_: Look) -> VerdictCard:
    """Everything on the first screen, in words."""
    record = look_.record
    finding = leading_finding(record)
    if finding is None:
        return _empty_card(look_)
    e = finding.estimate
    rate_key, rate_title = RATE_OF.get(e.metric, ("selection_rate", "Approval rate"))
    rule = rule_of(record, finding)
    other = None if e.metric == look.RATIO else _ratio_beside(look_, e)
    counted = finding if other is None or finding.people_affected is not None else other
    return VerdictCard(
        verdict=record.verdict,
        word=WORD.get(record.verdict, record.verdict),
        headline=_headline(finding, rate_title),
        because=_because(finding),
        rate_title=rate_title,
        rates=_rates(look_, e, rate_key),
        measure=MEASURE.get(e.metric, look.title(e.metric)),
        value=look.value(e, finding.line) if e.value == e.value else "no value",
        interval=(
            f"{text.level_percent(e.level)} interval {look.interval(e, finding.line)}"
            if e.low == e.low
            else text.sentence(look.why_undefined(e))
        ),
        bar=comparison_bar(e, finding, look_),
        test=_test_words(finding),
        also=_also(other),
        people=_people(counted),
        people_note=_people_note(counted),
        rule=_rule_words(finding, rule),
        change=text.sentence(text.said(finding.change)) if finding.change else "",
        lines=_lines(look_, finding),
        steps=_steps(look_, finding),
    )


def _empty_card(look_: Look) -> VerdictCard:
    record = look_.record
    why = record.not_checked[0] if record.not_checked else "the policy plans no test on these data"
    return VerdictCard(
        verdict=record.verdict,
        word=WORD.get(record.verdict, record.verdict),
        headline="No planned test decides.",
        because=text.sentence(text.said(why)),
        rate_title="Approval rate",
        rates=(),
        measure="",
        value="",
        interval="",
        bar=None,
        test="",
        also="",
        people="",
        people_note="",
        rule=text.sentence(f"{record.policy.title}, {record.policy.name}"),
        change="",
        lines=_lines(look_, None),
        steps=_steps(look_, None),
    )


def _headline(finding: Finding, rate_title: str) -> str:
    """The worst finding in one sentence: both rates, the value, its interval, the line."""
    e = finding.estimate
    group = text.group(e.attribute, e.group)
    reference = text.group(e.attribute, e.reference) if e.reference is not None else "parity"
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


def _because(finding: Finding) -> str:
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


def _rates(look_: Look, e: Estimate, key: str) -> tuple[RateBar, ...]:
    bars = []
    for group, role in ((e.group, "compared"), (e.reference, "reference")):
        if group is None:
            continue
        rate = look_.rate(key, e.attribute, group, stratum=e.stratum, stage=e.stage)
        if rate is None:
            rows = e.rows if role == "compared" else e.reference_rows
            share = e.reference_value if role == "reference" else math.nan
            if role == "compared" and e.rows and e.favorable == e.favorable:
                share = e.favorable / e.rows
            rate = Estimate(
                metric=key,
                attribute=e.attribute,
                group=group,
                value=share,
                rows=rows,
                favorable=share * rows,
                level=e.level,
            )
        of = f"{text.count(rate.favorable)} of {text.count(rate.rows)}"
        limits = f" · {text.level_percent(rate.level)} interval {look.interval(rate)}"
        bars.append(
            RateBar(
                label=text.group(e.attribute, group),
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


def _test_words(finding: Finding) -> str:
    p = finding.estimate.p_adjusted
    kind = "adjusted for every planned comparison"
    if p != p:
        p, kind = finding.estimate.p_value, "unadjusted"
    if p != p:
        return ""
    shown = text.p_value(p)
    return f"p {shown if shown[0] in '<>' else '= ' + shown}, {kind}"


def _ratio_beside(look_: Look, e: Estimate) -> Finding | None:
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


def _also(other: Finding | None) -> str:
    if other is None or other.estimate.value != other.estimate.value:
        return ""
    e = other.estimate
    return (
        f"Ratio of approval rates {look.value(e, other.line)} "
        f"({look.interval(e, other.line)}): {WORDS.get(other.verdict, other.verdict).lower()}"
    )


def _people(finding: Finding) -> str:
    if finding.people_affected is None:
        return ""
    return f"{finding.people_affected:,} more" if finding.people_affected > 0 else "Nobody"


def _people_note(finding: Finding) -> str:
    if finding.people_affected is None:
        return "This measure does not count approvals, so it has no number of people."
    e = finding.estimate
    harmed = finding.harmed if finding.harmed is not None else e.group
    of = f"{finding.people_of:,} " if finding.people_of is not None else ""
    who = f"of {of}({text.group(e.attribute, harmed)})"
    if finding.people_affected <= 0:
        return f"{who} would gain an approval at the comparison rate"
    return f"{who} would be approved at the comparison rate"


def _rule_words(finding: Finding, rule: Rule | None) -> str:
    ratio = look.is_ratio(finding.estimate.metric)
    head = f"{'below' if ratio else 'beyond'} {line_words(finding)} is beyond the rule"
    if rule is None:
        return text.sentence(head)
    checked = "" if rule.status_checked else ", status recalled, not checked"
    return (
        f"{text.sentence(head)} {rule.title} ({rule.source}). Status: {rule.status}"
        f" ({rule.status_date}{checked})."
    )


def _lines(look_: Look, lead: Finding | None) -> tuple[SubLine, ...]:
    record = look_.record
    gap = [f for f in record.findings if f.planned and not _is_error(f)]
    error = [f for f in record.findings if f.planned and _is_error(f)]
    waiting = list(record.not_checked)
    return (
        _line("Outcome gap", gap, "no planned comparison of approvals could be judged"),
        _line("Error gap", error, _why_no_errors(look_)),
        SubLine(
            label="Documentation",
            tone="insufficient",
            word="Open",
            text=(
                f"{text.plural(len(record.sign_offs), 'sign-off')} recorded; "
                f"{text.plural(len(waiting), 'point')} not checked or not settled, listed below."
            ),
        ),
    )


def _is_error(finding: Finding) -> bool:
    return any(
        w in finding.estimate.metric for w in ("true_", "false_", "predictive", "odds", "opport")
    )


def _why_no_errors(look_: Look) -> str:
    for metric in ("true_positive_rate", "false_positive_rate"):
        for attribute in look_.attributes:
            for e in look_.rates(metric, attribute):
                if e.reason and "selective" in e.reason:
                    return "outcomes exist only for the approved, so error rates are undefined"
    return "not planned by this policy, or the outcomes are not complete"


def _line(label: str, findings: list[Finding], otherwise: str) -> SubLine:
    if not findings:
        return SubLine(
            label=label, tone="insufficient", word="Not judged", text=text.sentence(otherwise)
        )
    counts = [(v, sum(f.verdict == v for f in findings)) for v in WORDS]
    worst = next(v for v in ("fail", "review", "insufficient", "pass", "waived") if dict(counts)[v])
    parts = [f"{n} {v}" for v, n in counts if n]
    return SubLine(
        label=label,
        tone=worst,
        word=WORDS[worst],
        text=f"{text.plural(len(findings), 'planned comparison')}: {text.listed(parts)}.",
    )


def _steps(look_: Look, finding: Finding | None) -> tuple[Step, ...]:
    record = look_.record
    first = Step(
        title=NEXT.get(record.verdict, "Read the gaps"),
        text="Every test, worst first, with both reference readings.",
        href="#gaps",
    )
    if finding is not None and record.verdict in ("insufficient", "pass", "review"):
        needed = finding.rows_needed
        more = needed is not None and needed > finding.estimate.rows
        second = Step(
            title="Know what this sample can show",
            text=(
                f"About {needed:,} rows in this group would settle it if the estimate holds."
                if more and record.verdict != "pass"
                else "The smallest gap it could have found stands beside each test."
            ),
            href="#detectable",
        )
    else:
        second = _where(look_)
    third = Step(
        title="Read what was not checked",
        text=f"{text.plural(len(record.not_checked), 'point')} this report does not cover.",
        href="#not-checked",
    )
    return first, second, third


def _where(look_: Look) -> Step:
    if look_.record.charts.get("sweep"):
        return Step(
            title="See where on the score scale it arises",
            text="Scores by group, and the ratio at every cut-off.",
            href="#scores",
        )
    return Step(
        title="See who is in the data",
        text="Groups, undecided and unknown cases, and what was noticed while reading.",
        href="#data",
    )
