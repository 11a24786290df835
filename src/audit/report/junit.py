"""Planned findings as test cases, for whatever already reads JUnit XML (the junit-10 schema)."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from audit.findings.record import AuditRecord, Finding
from audit.findings.summary import rule_of, sentence_of, summary
from audit.report import text

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(record: AuditRecord) -> str:
    """A fail or review is a failure, insufficient and waived are skipped, a pass is a pass.

    One `testsuite`; the class is the family's code, the name the group and its reference. Times
    are 0: the report has no clock.
    """
    planned = [f for f in record.findings if f.planned]
    cases = "".join(_case(record, f) for f in planned)
    failures = sum(f.verdict in ("fail", "review") for f in planned)
    skipped = sum(f.verdict in ("insufficient", "waived") for f in planned)
    p = record.provenance
    properties = "".join(
        f"    <property name={_attribute(k)} value={_attribute(v)}/>\n"
        for k, v in (
            ("verdict", record.verdict),
            ("policy", p.policy),
            ("fingerprint", p.fingerprint),
            ("summary", summary(record)),
            ("disclaimer", "A screening result, not a legal finding."),
        )
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        "<!-- evenhand audit.report/1 -->\n"
        "<testsuites>\n"
        f'  <testsuite name="audit" tests="{len(planned)}" failures="{failures}" errors="0" '
        f'skipped="{skipped}" time="0">\n'
        f"    <properties>\n{properties}    </properties>\n{cases}"
        "  </testsuite>\n</testsuites>\n"
    )


def _case(record: AuditRecord, f: Finding) -> str:
    e = f.estimate
    reference = text.compared(e) if e.reference is not None else "parity"
    name = f"{text.attributes(e.attribute)}: {text.group(e.attribute, e.group)} against {reference}"
    head = (
        f'    <testcase classname={_attribute(f"audit.{f.code}")} name={_attribute(name)} time="0"'
    )
    because = text.said(f.because)
    if f.verdict in ("fail", "review"):
        body = text.said(sentence_of(f, rule_of(record, f)))
        return (
            f"{head}>\n      <failure type={_attribute(f.verdict)} message={_attribute(because)}>"
            f"{escape(_clean(body))}</failure>\n    </testcase>\n"
        )
    if f.verdict in ("insufficient", "waived"):
        return f"{head}>\n      <skipped message={_attribute(because)}/>\n    </testcase>\n"
    return f"{head}/>\n"


def _clean(words: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", words)


def _attribute(words: str) -> str:
    return quoteattr(_clean(words))
