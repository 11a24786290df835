"""Letters to denied applicants: reasons put into an editable template, as text or HTML.

A letter holds the reasons' texts and what the caller gives, and nothing else of the applicant: no
values, no scores, no protected attribute, and no date but the one given. The notices that law
requires (12 CFR 1002.9(b)(1); Fair Credit Reporting Act, 15 U.S.C. 1681m) are fields for counsel
to fill; until then the letter shows, in brackets, that they are missing. Not legal advice.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from audit.errors import InputError
from audit.explanation.reason_words import problem_of
from audit.explanation.record import Reason
from audit.table.wording import shown

FOLDER = Path(__file__).parent / "letter_templates"
FORMATS = ("text", "html")
NOTICE = (
    "[TO BE FILLED BY COUNSEL: the notice of rights that 12 CFR 1002.9(b)(1) prescribes and, where "
    "a consumer report or a credit score was used, what 15 U.S.C. 1681m requires]"
)
AGENCY = "[TO BE FILLED BY COUNSEL: name and address of the federal agency for this lender]"
LONGEST = 2_000
"""Characters of a field."""


def letter(
    reasons: Sequence[Reason],
    *,
    lender: str,
    applicant: str,
    date: str | None = None,
    product: str | None = None,
    notice: str | None = None,
    agency: str | None = None,
    contact: str | None = None,
    format: str = "text",
    template: str | Path | None = None,
    codes: bool = False,
    draft: bool = False,
    language: str = "en",
) -> str:
    """A letter with one applicant's reasons, as text or as a page of HTML.

    `template` is a Jinja file of your own (start from `letter_template("html")`); in HTML every
    field is escaped. `codes` adds the reasons' codes. `draft=True` makes a letter that says it is
    a draft, where texts have not been approved. Raises `InputError` EXP230 for draft texts
    without it, EXP231 for a reason that cannot be sent (a protected attribute lowers the score, or
    the text is vague), EXP232 where there are no reasons or what is given is none, EXP233 for
    fields and templates.

    >>> late = Reason(code="PH1", feature="late", text="Recent late payments", share=1.0)
    >>> text = letter([late], lender="Example Bank", applicant="A. Person", date="2 March 2026")
    >>> "1. Recent late payments" in text, "TO BE FILLED BY COUNSEL" in text
    (True, True)
    """
    own = _checked(reasons, draft)
    _check_format(format)
    fields = {
        "lender": _field("lender", lender, needed=True),
        "applicant": _field("applicant", applicant, needed=True),
        "date": _field("date", date),
        "product": _field("product", product),
        "notice": _field("notice", notice) or NOTICE,
        "notice_open": notice is None,
        "agency": _field("agency", agency) or AGENCY,
        "agency_open": agency is None,
        "contact": _field("contact", contact),
        "language": _field("language", language) or "en",
        # text and code alone: a template cannot print a value
        "reasons": [{"text": _field("reasons", r.text), "code": r.code} for r in own],
        "codes": codes,
        "draft": any(r.draft for r in own),
    }
    return _rendered(template, format, fields)


def letter_template(format: str = "text") -> str:
    """The template that letters use, to start one of your own from.

    >>> "{{ lender }}" in letter_template("html")
    True
    """
    _check_format(format)
    name = "letter.html.jinja" if format == "html" else "letter.txt.jinja"
    return (FOLDER / name).read_text(encoding="utf-8")


def _check_format(format: Any) -> None:
    if not isinstance(format, str) or format not in FORMATS:
        raise InputError(
            "EXP233", f"{shown(format)} is no form of a letter", argument="format",
            fix="one of 'text', 'html'",
        )  # fmt: skip


def _checked(reasons: Any, draft: bool) -> list[Reason]:
    own = list(reasons) if isinstance(reasons, Sequence) and not isinstance(reasons, str) else []
    if not own or not all(isinstance(r, Reason) for r in own):
        several = bool(own) and all(isinstance(r, Sequence) for r in own)
        raise InputError(
            "EXP232",
            "there are no reasons" if not own else "these are not one applicant's reasons",
            argument="reasons",
            fix="write one letter for each applicant" if several
            else "give explanation.reasons(row); a denial without a reason needs a person to look",
        )  # fmt: skip
    for number, r in enumerate(own, 1):
        problem = problem_of(r.text, names_allowed=True)
        why = r.flag or (problem[1] if problem else None)
        if why is not None:
            raise InputError(
                "EXP231", f"reason {number} ({shown(r.code)}) cannot be sent: {why}",
                argument="reasons",
                fix="review this denial: a principal reason may not be left out either"
                if why.startswith("protected") else "edit its text in the reason-code file",
            )  # fmt: skip
    drafts = [r for r in own if r.draft]
    if drafts and not draft:
        raise InputError(
            "EXP230", f"the text of {shown(drafts[0].code)} is a draft", argument="reasons",
            fix="edit the reason-code file and take out draft = true, or see it with draft=True",
        )  # fmt: skip
    return own


def _field(name: str, value: Any, needed: bool = False) -> str:
    """A field on one line, without characters that cannot be printed."""
    if value is None and not needed:
        return ""
    text = value if isinstance(value, str) else ""
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not text or len(text) > LONGEST:
        raise InputError(
            "EXP233",
            f"{shown(value)} is no {name}" if not text else f"{len(text):,} characters",
            argument=name, fix=f"a text of up to {LONGEST:,} characters",
        )  # fmt: skip
    return text


def _rendered(template: str | Path | None, format: str, fields: dict[str, Any]) -> str:
    from jinja2 import StrictUndefined, TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    try:
        source = letter_template(format) if template is None else Path(template).read_text("utf-8")
        made = ImmutableSandboxedEnvironment(
            autoescape=format == "html", undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True, keep_trailing_newline=True,
        ).from_string(source)  # fmt: skip
        return made.render(fields)
    except (OSError, UnicodeDecodeError, TemplateError) as problem:
        raise InputError(
            "EXP233", f"{type(problem).__name__}: {problem}", argument="template",
            fix=f"its fields are {', '.join(fields)}",
        ) from problem  # fmt: skip
