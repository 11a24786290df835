"""Words of a reason: drafted from a feature's name, and refused where they tell nothing."""

from __future__ import annotations

import re

from audit.table.wording import shown

LONGEST = 120
"""Characters of a reason."""

VAGUE: tuple[tuple[str, str], ...] = (
    (r"\b(internal|our|lender'?s?|bank'?s?|company|corporate|underwriting|credit|lending)\s+"
     r"(\w+\s+)?(standards?|polic(y|ies)|guidelines?|criteria)\b",
     "standards and policies are not what was found about the applicant"),
    (r"^\W*(standards?|polic(y|ies)|guidelines?|criteria|requirements?)\W*$",
     "standards and policies are not what was found about the applicant"),
    (r"^\W*((the|your)\s+)?(you|(co-?)?applicants?|application)?\s*(did|does|do|fail\w*|unable|"
     r"could|not)\b.*\b(meet|satisf\w*|qualif\w*|achieve|reach)\b",
     "what was not met is not said"),
    (r"\b(qualifying|minimum|passing|cut-?off|insufficient|low|poor|bad|inadequate|credit|risk|"
     r"total|overall|internal|application|behaviou?r|model)\s+(\w+\s+)?(scores?|ratings?|points)\b",
     "a score is the result, not a reason"),
    (r"\b(scores?|scorecards?|ratings?)\s+(is|was|are|were)?\s*(too\s+)?(low|high|insufficient|"
     r"below|under|poor)", "a score is the result, not a reason"),
    (r"\b(risk|scoring|statistical|credit|proprietary|predictive|machine.learning|ai)\s+"
     r"(models?|systems?|algorithms?|engine)\b", "a model is not a reason; what it scored is"),
    (r"\b(algorithm|artificial intelligence|black box|computer says)\b",
     "a model is not a reason; what it scored is"),
    (r"^\W*(other|others|various|miscellaneous|misc|general|unknown|none|n/?a|not applicable|tbd|"
     r"todo|see above|reason|denied|declined|rejected|not approved|too risky|(high|credit)?\s*"
     r"risk|creditworthiness|not creditworthy|profile|data|information|history|purchasing "
     r"history)\b[\W\d]*(reasons?|factors?|specify)?\W*$", "it names nothing"),
    (r"\b(other|various|several|certain|multiple|some|undisclosed|confidential)\s+"
     r"(reasons?|factors?|considerations|circumstances)\b", "it names nothing"),
    (r"\b(too|high|elevated|unacceptable|excessive)\s+(of\s+an?\s+)?(credit\s+)?risk(y)?\b",
     "risk is the result, not a reason"),
    (r"\b(x|v|f|var|variable|feat|feature|col|column|field|attr|attribute|pc|component|factor)"
     r"\s?\d+\b", "a column's number tells an applicant nothing"),
)  # fmt: skip
"""What tells an applicant nothing, and why."""

_VAGUE = tuple((re.compile(pattern, re.IGNORECASE), why) for pattern, why in VAGUE)
_PROHIBITED = re.compile(
    r"\b(race|racial|colou?r|ethnic\w*|religio\w*|national origin|nationality|foreign(er)?|sex|"
    r"gender|female|wom[ae]n|marital|married|unmarried|pregnan\w*|child-?bearing|"
    r"public assistance|welfare)\b",
    re.IGNORECASE,
)
_ADVICE = "say what was found about the applicant, tied to a feature that was scored"


def vague(text: str) -> str | None:
    """Why a text tells an applicant nothing; None where it tells something.

    >>> vague("You failed to achieve a qualifying score")
    'what was not met is not said'
    >>> vague("Length of employment") is None
    True
    """
    return next((why for pattern, why in _VAGUE if pattern.search(text)), None)


def problem_of(text: str, names_allowed: bool = False) -> tuple[str, str, str] | None:
    """Code, message and remedy of what is wrong with a text; None where nothing is."""
    why = vague(text)
    if why is not None:
        return "EXP201", f"{shown(text)} is vague: {why}", _ADVICE
    if len(text) > LONGEST:
        return "EXP202", f"a text of {len(text)} characters", f"at most {LONGEST}"
    if any(not c.isprintable() for c in text):
        return "EXP202", f"{shown(text)} has characters that cannot be printed", "take them out"
    named = _PROHIBITED.search(text)
    if named is not None and not names_allowed:
        return (
            "EXP205",
            f"{shown(text)} names a prohibited basis ({named.group(0)!r})",
            'take it out, or say why it may be given: permitted = "..."',
        )
    return None


def shown_name(feature: str) -> str:
    """A column's name as words.

    >>> shown_name("bill_amt1"), shown_name("loanToValue")
    ('bill amt1', 'loan to value')
    """
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", str(feature))
    words = "".join(c if c.isprintable() else " " for c in words)
    return " ".join(re.sub(r"[_.\s]+", " ", words).split()).casefold() or "unnamed feature"


def drafted(feature: str, when: str) -> str:
    """A reason's text from a feature's name and how the value stands to approved applicants'.

    >>> drafted("amount_requested", "high")
    'Amount requested is high relative to approved applicants'
    """
    name = shown_name(feature)
    name = name if len(name) <= 60 else name[:59] + "…"
    name = name[0].upper() + name[1:]
    return {
        "high": f"{name} is high relative to approved applicants",
        "low": f"{name} is low relative to approved applicants",
        "missing": f"{name} is not given",
    }.get(when, f"{name}, as compared with approved applicants")
