"""The first screen: verdict, both rates, ratio, interval, rule, people affected, next steps."""

from __future__ import annotations

from audit.findings.record import AuditRecord, Finding
from audit.findings.summary import WORD, change_words, leading_finding, rule_of
from audit.report import look, text
from audit.report.blocks import Section, Step, SubLine, VerdictCard
from audit.report.look import WORDS, Look
from audit.report.sections import leading, overlap

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
    rate_key, rate_title = leading.RATE_OF.get(e.metric, ("selection_rate", "Approval rate"))
    other = None if e.metric == look.RATIO else leading.ratio_beside(look_, e)
    counted = finding if other is None or finding.people_affected is not None else other
    return VerdictCard(
        verdict=record.verdict,
        word=WORD.get(record.verdict, record.verdict),
        headline=leading.headline(finding, rate_title),
        because=" ".join(s for s in (leading.because(finding), overlap.line(look_)) if s),
        rate_title=rate_title,
        rates=leading.rates(look_, e, rate_key),
        measures=leading.measures(look_, finding, other),
        stages=leading.stages(look_, e),
        people=leading.people(counted),
        people_note=leading.people_note(counted),
        rule=leading.rule_words(finding, rule_of(record, finding)),
        beside=leading.beside(record, finding),
        change=_change(record, finding),
        lines=_lines(look_, finding),
        steps=_steps(look_, finding),
    )


def _change(record: AuditRecord, finding: Finding) -> str:
    words = change_words(record, finding)
    return text.sentence(text.said(words)) if words else ""


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
        measures=(),
        stages="",
        people="",
        people_note="",
        rule=text.sentence(f"{record.policy.title}, {record.policy.name}"),
        beside="",
        change="",
        lines=_lines(look_, None),
        steps=_steps(look_, None),
    )


def _lines(look_: Look, lead: Finding | None) -> tuple[SubLine, ...]:
    record = look_.record
    gap = [f for f in record.findings if f.planned and not _is_error(f)]
    error = [f for f in record.findings if f.planned and _is_error(f)]
    waiting = list(record.not_checked)
    return (
        _line(
            "Outcome gap", gap, "no planned comparison of approvals could be judged", _seen(look_)
        ),
        _line("Error gap", error, _why_no_errors(look_), ""),
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
    if look_.record.roles.decided_by == "none":
        return "no decision was given"
    if look_.record.roles.outcome is None:
        return "no outcome was given"
    return "not planned by this policy, or the outcomes are not complete"


def _seen(look_: Look) -> str:
    asked = sum(not f.planned and f.verdict in ("fail", "review") for f in look_.record.findings)
    return (
        f" Explored: at least {asked:,} ask{'s' if asked == 1 else ''} for a review."
        if asked
        else ""
    )


def _line(label: str, findings: list[Finding], otherwise: str, explored: str) -> SubLine:
    if not findings:
        said = text.sentence(otherwise) + explored
        return SubLine(label=label, tone="insufficient", word="Not judged", text=said)
    counts = [(v, sum(f.verdict == v for f in findings)) for v in WORDS]
    worst = next(v for v in ("fail", "review", "insufficient", "pass", "waived") if dict(counts)[v])
    parts = [f"{n} {v}" for v, n in counts if n]
    return SubLine(
        label=label,
        tone=worst,
        word=WORDS[worst],
        text=f"{text.plural(len(findings), 'planned comparison')}: {text.listed(parts)}.{explored}",
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
