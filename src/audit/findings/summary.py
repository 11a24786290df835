"""The audit in one paste-ready sentence, and in one line."""

from __future__ import annotations

import math
import re

from audit.findings.evidence import group_rate
from audit.findings.kinds import scale_of
from audit.findings.record import AuditRecord, Finding, Rule
from audit.findings.rules import HIGHEST_RATE
from audit.findings.verdict import DIFFERENCE, RATIO, SMD
from audit.findings.words import (
    attribute_words,
    compared_words,
    count_words,
    group_words,
    interval_words,
    level_text,
    measure_words,
    number,
    p_words,
    percent,
    who,
)
from audit.table.roles import Level

RATES = {
    "disparate_impact_ratio": "were approved",
    "statistical_parity_difference": "were approved",
    "true_positive_rate_difference": "of those who would repay were approved",
    "predictive_equality_difference": "of those who would not repay were approved",
    "base_rate_difference": "had a favourable outcome",
}
"""What a rate behind a judged comparison counts."""

WORD = {
    "fail": "Fail",
    "review": "Review",
    "insufficient": "Insufficient evidence",
    "pass": "Pass",
    "waived": "Waived",
}


def leading_finding(record: AuditRecord) -> Finding | None:
    """The planned finding that gives the record its verdict; else what exploration saw first.

    Without a plan that is the widest highest-rate reading, else the strongest gap between the
    groups of one attribute, else None.
    """
    planned = [f for f in record.findings if f.planned]
    worst = next((f for f in planned if f.verdict == record.verdict), None)
    if worst is not None or planned:
        return worst or planned[0]
    readings = [f for f in record.findings if f.code == HIGHEST_RATE]
    defined = [f for f in readings if not math.isnan(f.estimate.value)]
    if defined:
        return min(defined, key=lambda f: f.estimate.value)
    return next(
        (f for f in record.findings if len(f.estimate.attribute) == 1 and None not in _groups(f)),
        None,
    )


def _groups(finding: Finding) -> tuple[Level, ...]:
    return (*finding.estimate.group, *(finding.estimate.reference or ()))


def rule_of(record: AuditRecord, finding: Finding) -> Rule | None:
    """The rule that a finding's line comes from."""
    return next((r for r in record.policy.rules if r.code == finding.rule), None)


def rules_beside(record: AuditRecord, finding: Finding) -> tuple[Rule, ...]:
    """Rules to print beside a finding: the cited one, and what the pack says of age."""
    ages = any(
        re.search(r"(^|[^a-z])age([^a-z]|$)", a.casefold()) for a in finding.estimate.attribute
    )
    return tuple(
        r
        for r in record.policy.rules
        if r.code == finding.rule or (ages and "any age finding" in r.use)
    )


ELDERLY = re.compile(r"[^.]*\b(?:elderly|older)\b[^.]*\.")
"""The sentence of a rule on protected bases that speaks of age."""


def age_words(record: AuditRecord, finding: Finding) -> str | None:
    """What the pack says of age, for printing beside a finding by age; None beside any other.

    The whole rule stands among the policy's rules; here only its sentence on the elderly.
    """
    beside = [r for r in rules_beside(record, finding) if r.code != finding.rule]
    texts = []
    for rule in beside:
        said = " ".join(s.strip() for s in ELDERLY.findall(rule.text)) or rule.text
        checked = "" if rule.status_checked else "; status recalled, not checked"
        texts.append(f"{said.rstrip('.')} ({rule.source}{checked}).")
    return " ".join(texts) or None


def headline(record: AuditRecord) -> str:
    """Verdict and worst comparison in one short line."""
    finding = leading_finding(record)
    start = WORD.get(record.verdict, record.verdict)
    if finding is None:
        return f"{start}: nothing planned could be judged"
    e = finding.estimate
    names = f"{group_words(e.group)} against {group_words(e.reference or ())}"
    measure = measure_words(e.metric, e.column, e.decision_level)
    if math.isnan(e.value):
        return f"{start}: {attribute_words(e.attribute)}, {names}, {measure} undefined"
    shown = number(e.value, 2, lines=(finding.line, *_parity(finding)))
    return f"{start}: {attribute_words(e.attribute)}, {names}, {measure} {shown}"


def summary(record: AuditRecord) -> str:
    """One sentence to paste: both rates, ratio, interval, rule, people affected.

    It is about the finding that gives the verdict, and never says compliant, illegal or fair.
    """
    finding = leading_finding(record)
    start = f"{WORD.get(record.verdict, record.verdict)} under {record.policy.name}"
    parts = []
    if finding is None or not finding.planned:
        why = f" ({record.not_checked[0]})" if record.not_checked and record.policy.families else ""
        plan = f"nothing planned could be judged{why}"
        parts.append(plan if record.policy.families else "it plans no comparison, so none decides")
    if finding is not None:
        text = sentence_of(finding, rule_of(record, finding))
        parts.append(text if finding.planned else f"explored, not planned: {text}")
    if finding is not None and finding.planned:
        parts.append(finding.because)
        people = people_words(finding)
        if people:
            parts.append(people)
    return f"{start}: {'; '.join(parts)}."


def change_words(record: AuditRecord, finding: Finding) -> str | None:
    """What would change the overall verdict, as far as this finding goes; None where unknown.

    Other planned findings with the same verdict are counted: each holds the verdict by itself.
    """
    if finding.change is None:
        return None
    same = sum(f.planned and f.verdict == record.verdict for f in record.findings)
    others = same - (finding.planned and finding.verdict == record.verdict)
    if not others:
        return finding.change
    held = count_words(others, "other planned comparison")
    return f"{finding.change}; {held} would have to change too"


def people_words(finding: Finding) -> str | None:
    """ "18 more of 105 female would be approved at the comparison rate", or None."""
    if not finding.people_affected or finding.people_of is None:
        return None
    e = finding.estimate
    people = who(e.attribute, finding.harmed if finding.harmed is not None else e.group)
    return (
        f"{finding.people_affected:,} more of {finding.people_of:,} {people} would be approved at "
        "the comparison rate"
    )


def sentence_of(finding: Finding, rule: Rule | None = None) -> str:
    """Rates, value, interval, p-value and rule of one finding, as the body of a sentence."""
    e = finding.estimate
    scale = scale_of(e.metric)
    kind = scale.kind if scale else DIFFERENCE
    group, reference = who(e.attribute, e.group), compared_words(e)
    counted = RATES.get(e.metric)
    rate = group_rate(e, kind)
    where = attribute_words(e.attribute)
    where = "" if group.startswith(where) else f"for {where}, "  # a bin brings its attribute along
    if counted and kind != SMD and not math.isnan(rate + e.reference_value):
        own, other = percent(rate), percent(e.reference_value)
        text = f"{where}{own} of {group} against {other} of {reference} {counted}"
    else:
        text = f"{where}{group} against {reference}"
    measure = measure_words(e.metric, e.column, e.decision_level)
    if math.isnan(e.value):
        return f"{text}, {measure} undefined{_rule(finding, rule, kind)}"
    lines: tuple[float, ...] = (finding.line, finding.caution, *_parity(finding))
    if kind == RATIO:
        lines = (*lines, 1 / finding.line)
    else:
        lines = (*lines, -finding.line, -finding.caution)
    p = p_words(e.p_adjusted if not math.isnan(e.p_adjusted) else e.p_value)
    turned = ""
    if kind == RATIO and e.value > 1 and finding.harmed == e.reference:
        inverse = number(1 / e.value, lines=lines)
        turned = f", which is {inverse} for {reference} over {group}"
    return (
        f"{text}, {measure} {number(e.value, lines=lines)} "
        f"({level_text(e.level)} interval {interval_words(e.low, e.high, lines=lines)}, {p})"
        f"{turned}{_rule(finding, rule, kind)}"
    )


def _parity(finding: Finding) -> tuple[float]:
    scale = scale_of(finding.estimate.metric)
    return (1.0 if scale is not None and scale.kind == RATIO else 0.0,)


def _rule(finding: Finding, rule: Rule | None, kind: str) -> str:
    sign = "" if kind == RATIO else "±"
    text = f", read against {sign}{finding.line:.2f}"
    return f"{text} ({rule.title}; {rule.source})" if rule else text
