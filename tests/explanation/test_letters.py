"""A letter says the reasons and what its sender gave, escaped, and nothing else of anyone."""

from pathlib import Path
from typing import Any

import pytest

import audit
from audit.explanation.record import Reason

LATE = Reason(
    code="PH1", feature="late", text="Late payments in the last year", share=0.7,
    value=98765.4321, typical=0, part=-3.0,
)  # fmt: skip
DEBT = Reason(code="OB1", feature="debt", text="Debt in relation to income", share=0.3)
WHO = {"lender": "Example Bank", "applicant": "A. Person"}


def test_reasons_in_order() -> None:
    """Text and page list them, most important first; codes only where asked."""
    for kind in ("text", "html"):
        made = audit.letter([LATE, DEBT], **WHO, format=kind)
        assert 0 < made.index(LATE.text) < made.index(DEBT.text)
        assert "PH1" not in made
        assert "PH1" in audit.letter([LATE], **WHO, format=kind, codes=True)
        assert "98765" not in made  # an applicant's own values stay inside
    assert audit.letter([LATE], **WHO) == audit.letter([LATE], **WHO)


def test_a_letter_as_text() -> None:
    """Line by line, each reason on its own."""
    made = audit.letter(
        [LATE, DEBT], **WHO, date="2 March 2026", notice="Notice.", agency="Agency.", codes=True
    )
    assert made.splitlines() == [
        "Example Bank",
        "2 March 2026",
        "",
        "A. Person",
        "",
        "Your credit application",
        "",
        "We have considered your application and cannot approve it.",
        "",
        "The main reasons, the most important first:",
        "",
        "1. Late payments in the last year [PH1]",
        "2. Debt in relation to income [OB1]",
        "",
        "Notice.",
        "",
        "Agency.",
    ]


def test_no_clock_and_open_fields_are_marked() -> None:
    """There is no date but the one given; notices that counsel has not filled are marked."""
    made = audit.letter([LATE], **WHO)
    assert made.count("TO BE FILLED BY COUNSEL") == 2
    assert "20" not in made.replace("12 CFR 1002.9(b)(1)", "")
    filled = audit.letter(
        [LATE], **WHO, date="2 March 2026", notice="Our notice.", agency="The agency.",
        contact="0800", product="a card",
    )  # fmt: skip
    assert "TO BE FILLED" not in filled
    assert all(t in filled for t in ("2 March 2026", "Our notice.", "The agency.", "0800"))


@pytest.mark.parametrize("field", ["lender", "applicant", "date", "product", "notice", "contact"])
def test_hostile_names_are_escaped(field: str) -> None:
    """Markup in any field is text, and template marks are not run."""
    evil = "<script>alert(1)</script>\"'&{{ 7*7 }}{% raw %}"
    made = audit.letter([LATE], **{**WHO, field: evil}, format="html")
    assert "<script" not in made
    assert "&lt;script&gt;" in made
    assert "49" not in made
    assert "{{ 7*7 }}" in made
    broken = audit.letter([LATE], **{**WHO, field: "A\nDear customer,\r\n\x1b[2J\u2028approved"})
    line = next(x for x in broken.splitlines() if "approved" in x and "Dear" in x)
    assert line.isprintable()


def test_a_hostile_reason_is_escaped() -> None:
    """Texts of a file are text too."""
    evil = Reason(code="<b>", feature="x", text="Late <img src=x onerror=alert(1)>", share=1.0)
    made = audit.letter([evil], **WHO, format="html", codes=True)
    assert "<img" not in made
    assert "<b>" not in made


@pytest.mark.parametrize(
    ("reasons", "more", "code"),
    [
        ([], {}, "EXP232"),
        ([[LATE]], {}, "EXP232"),
        ("late", {}, "EXP232"),
        ([LATE], {"lender": " "}, "EXP233"),
        ([LATE], {"applicant": None}, "EXP233"),
        ([LATE], {"date": 3}, "EXP233"),
        ([LATE], {"notice": "x" * 2001}, "EXP233"),
        ([LATE], {"format": "pdf"}, "EXP233"),
        ([LATE], {"template": "/no/such.jinja"}, "EXP233"),
        ([Reason(code="A", feature="a", text="Late", share=1.0, draft=True)], {}, "EXP230"),
        ([Reason(code="A", feature="a", text="Risk model", share=1.0)], {}, "EXP231"),
        (
            [Reason(code="P", feature="sex", text="sex", share=1.0, flag="protected attribute")],
            {},
            "EXP231",
        ),
    ],
)
def test_letters_that_are_not_written(reasons: Any, more: Any, code: str) -> None:
    """Nothing to say, drafts, vague and protected reasons, and wrong fields are refused."""
    with pytest.raises(audit.InputError) as caught:
        audit.letter(reasons, **{**WHO, **more})
    assert caught.value.code == code
    assert caught.value.fix


def test_a_draft_says_so() -> None:
    """draft=True makes a letter that cannot be mistaken for one to be sent."""
    own = Reason(code="A", feature="late", text="Late is high", share=1.0, draft=True)
    for kind in ("text", "html"):
        made = audit.letter([own], **WHO, format=kind, draft=True)
        assert "not to be sent" in made.casefold()


def test_a_template_of_ones_own(tmp_path: Path) -> None:
    """The shipped template is where to start; a wrong name is said; nothing else can be reached."""
    path = tmp_path / "own.jinja"
    path.write_text("Dear {{ applicant }}: {{ reasons[0].text }}")
    assert audit.letter([LATE], **WHO, template=path) == f"Dear A. Person: {LATE.text}"
    path.write_text(audit.letter_template("html"))
    own = audit.letter([LATE], **WHO, template=path, format="html")
    assert own == audit.letter([LATE], **WHO, format="html")
    for wrong in (
        "{{ applicnt }}",
        "{% if %}",
        "{{ reasons[0].value }}",
        "{{ ''.__class__.mro() }}",
    ):
        path.write_text(wrong)
        with pytest.raises(audit.InputError, match="EXP233"):
            audit.letter([LATE], **WHO, template=path)
