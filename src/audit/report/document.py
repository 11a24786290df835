"""record -> Document: the order of the report and all of its words.

Renderers (`html_page`, `markdown`, `card`) lay these blocks out; they decide nothing.
"""

from __future__ import annotations

from audit.findings.record import AuditRecord
from audit.report import text
from audit.report.blocks import Document
from audit.report.look import Look
from audit.report.sections import (
    alternatives,
    crossed,
    data,
    errors,
    gaps,
    levels,
    reasons,
    reproduce,
    rules,
    scores,
    told,
    verdict,
    why,
)
from audit.table.roles import Roles

DISCLAIMER = "A screening result, not a legal finding."
"""Printed on every form of the report."""


def document(record: AuditRecord) -> Document:
    """The report of a record: a title, the header's facts, and sections in order.

    Pure: the same record gives the same document. Sections 5, 6, 7 and 9 are named among what
    was not checked until something is attached for them.
    """
    look = Look(record)
    parts = (
        verdict.section(look),
        gaps.section(look),
        crossed.section(look),
        levels.section(look),
        scores.section(look),
        errors.section(look),
        why.section(look),
        alternatives.section(look),
        reasons.section(look),
        data.section(look),
        rules.section(look),
        reproduce.section(look),
    )
    return Document(
        title=title(record),
        disclaimer=DISCLAIMER,
        facts=_facts(record),
        sections=tuple(p for p in parts if p is not None),
        footer=(
            f"Made by evenhand {text.visible(record.provenance.version)} with policy "
            f"{text.visible(record.provenance.policy)}. {DISCLAIMER}"
        ),
    )


def title(record: AuditRecord) -> str:
    """What was audited."""
    if record.provenance.title:
        return text.visible(record.provenance.title, 120)
    named = text.listed(text.attributes((p,)) for p in record.roles.protected)
    return f"Fairness audit by {named}"


def _facts(record: AuditRecord) -> tuple[tuple[str, str], ...]:
    roles, p = record.roles, record.provenance
    facts = [("Decision", decision_rule(roles))]
    favourable = _favourable(roles)
    if favourable:
        facts.append(("Favourable", favourable))
    if roles.time is not None or roles.where is not None:
        window = text.visible(roles.where, 80) if roles.where else "all rows"
        facts.append(("Window", window))
    facts.append(("Policy", text.visible(p.policy)))
    facts.append(
        ("Data", f"{text.count(record.tally.rows)} rows · {text.visible(p.fingerprint[:12])}")
    )
    made = told.stamp(p.settings)
    if made:
        facts.append(("Made", made))
    return tuple(facts)


def decision_rule(roles: Roles) -> str:
    """What decided, in words.

    >>> decision_rule(Roles(risk="pd", cutoff=0.15, decided_by="cutoff"))
    'approved below pd 0.15'
    """
    if roles.decided_by in ("cutoff", "approval_rate") and roles.cutoff is not None:
        column = text.name(roles.score or roles.risk)
        cutoff = text.number(roles.cutoff, 3)
        cutoff = cutoff.rstrip("0").rstrip(".") if "." in cutoff else cutoff
        words = (
            f"approved at {column} {cutoff} or more"
            if roles.score
            else f"approved below {column} {cutoff}"
        )
        if roles.approval_rate is not None:
            words += f", the strictest cut-off approving {text.percent(roles.approval_rate, 0)}"
        return words
    if roles.decided_by == "predict":
        return "the model's own predict"
    if roles.decision is not None:
        return f"column {text.name(roles.decision)}"
    return "none given: base rates and scores only"


def _favourable(roles: Roles) -> str:
    parts = []
    for part in ("decision", "outcome"):
        column = getattr(roles, part)
        values = roles.favorable.get(part)
        if column is not None and values:
            shown = " or ".join(text.level(v) for v in values[:4])
            parts.append(f"{text.name(column)} = {shown}")
    return "; ".join(parts)
