"""Attached comparisons: their candidates, and disparity and utility in the forms a report gives."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from audit.report import look, text
from audit.report.attached import Entry, num, signed, who
from audit.report.look import Look

USES_GROUP = "uses the group to decide"
DRAWS_LOTS = "draws lots"
UTILITIES = {
    "auc": "AUC", "accuracy": "accuracy", "profit": "profit an applicant",
    "default_rate": "default rate of the approved",
}  # fmt: skip
"""What a candidate is useful by, in words."""

SHARES = ("accuracy", "default_rate")
"""Those that are shares, told in percent."""

TONES = {
    "fairer": "pass", "fairer at a cost": "review", "worse": "fail",
    "no clear change": "insufficient",
}  # fmt: skip
"""A shape and a colour for what came of a candidate."""

BASELINE = "baseline"


def part(look_: Look, name: str) -> Entry:
    """What is attached under this name; empty where nothing is."""
    for one in look_.record.candidates:
        if one.get("part") == name:
            found: Entry = one["found"]
            return found
    return {}


def comparisons(look_: Look) -> list[tuple[str, Entry]]:
    """The comparison of methods and the search for alternatives, those that are attached."""
    found = ((name, part(look_, name)) for name in ("comparison", "alternatives"))
    return [(name, own) for name, own in found if own]


def candidates(found: Entry) -> list[Entry]:
    """Every candidate, the baseline first."""
    return list(found.get("candidates") or ())


def by_disparity(found: Entry) -> list[Entry]:
    """Candidates, least disparity first; those without one last."""

    def key(c: Entry) -> float:
        value = num(c["disparity"]["value"])
        return math.inf if math.isnan(value) else value

    return sorted(candidates(found), key=key)


def named(found: Entry, name: Any) -> Entry | None:
    """The candidate of a name."""
    return next((c for c in candidates(found) if c["name"] == name), None)


def recommended(found: Entry) -> Entry | None:
    """The candidate to look at first; None where none is recommended."""
    return named(found, found.get("recommendation"))


def nearest(found: Entry) -> Entry | None:
    """The candidate whose changes are shown: the recommended one, else the fairest of the others
    whose changes are known."""
    best = recommended(found)
    if best is not None and best.get("changed"):
        return best
    others = [c for c in candidates(found)[1:] if c.get("changed")]
    told = [c for c in others if num(c["disparity"]["value"]) == num(c["disparity"]["value"])]
    return min(told, key=lambda c: num(c["disparity"]["value"]), default=None)


def groups(found: Entry) -> tuple[str, str]:
    """The group whose gap is to close, and its reference, in words."""
    return who(found), who(found, "reference")


def held_out(found: Entry) -> int:
    """People on whom everything was judged."""
    rows = found.get("rows") or {}
    return int(rows.get("confirmation", rows.get("test", 0)))


def learned_from(found: Entry) -> int:
    """Rows that everything was trained on."""
    rows = found.get("rows") or {}
    return int(rows.get("train", rows.get("fit", 0)))


def caption(name: str, words: str) -> str:
    """A table's caption that no other part of the section has.

    >>> caption("alternatives", "Disparity and AUC")
    'Disparity and AUC (search)'
    """
    return f"{words} (search)" if name == "alternatives" else words


def flags(candidate: Entry) -> list[str]:
    """What a reader must know of how it decides."""
    told = []
    if candidate.get("needs_group_at_decision"):
        told.append(USES_GROUP)
    if candidate.get("randomised"):
        told.append(DRAWS_LOTS)
    return told


def title(candidate: Entry) -> str:
    """Its name for people."""
    return text.visible(str(candidate["title"]), 80)


def listed(titles: Iterable[str]) -> str:
    """Titles in a sentence; some hold a comma of their own.

    >>> listed(["Reject option", "Grid search, equal opportunity", "Reweighing"])
    'Reject option; Grid search, equal opportunity and Reweighing'
    """
    told = list(titles)
    if len(told) < 3 or not any("," in title for title in told):
        return text.listed(told)
    return f"{'; '.join(told[:-1])} and {told[-1]}"


def is_ratio(found: Entry) -> bool:
    """Whether disparity is read on a ratio."""
    return str(found["metric"]).endswith("_ratio")


def disparity_words(found: Entry) -> str:
    """What disparity is, in words.

    >>> disparity_words({"metric": "disparate_impact_ratio"})
    '1 less the disparate impact ratio, the smaller rate over the larger'
    """
    metric = look.title(str(found["metric"]))
    own = metric if metric[:2].isupper() else metric[:1].lower() + metric[1:]
    if is_ratio(found):
        return f"1 less the {own}, the smaller rate over the larger"
    return f"the size of the {own}"


def apart(value: float, found: Entry) -> str:
    """A disparity: a distance from a ratio of 1, or percentage points."""
    return text.number(value) if is_ratio(found) else text.points(value).removeprefix("+")


def apart_change(value: float, found: Entry) -> str:
    """A change of disparity, signed; below 0 is less apart."""
    return signed(value) if is_ratio(found) else text.points(value)


def useful(value: float, utility: str) -> str:
    """A utility in its own form."""
    if utility in SHARES:
        return text.percent(value)
    return text.number(value, 3 if utility == "auc" else 4)


def useful_change(value: float, utility: str) -> str:
    """A change of utility, signed."""
    if utility in SHARES:
        return text.points(value)
    return signed(value)
