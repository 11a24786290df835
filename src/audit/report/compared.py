"""Attached comparisons as the report reads them: plain values, whatever they came from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from audit.report import text
from audit.report.blocks import Bar
from audit.report.explained import Entry, num
from audit.report.look import Look

USES_GROUP = "uses the group to decide"
DRAWS_LOTS = "draws lots"
UTILITIES = {
    "auc": "AUC", "accuracy": "accuracy", "profit": "profit an applicant",
    "default_rate": "default rate of the approved",
}  # fmt: skip
"""What a candidate is useful by, in words."""

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
    attribute = (str(found["attribute"]),)
    return (
        text.group(attribute, tuple(found["group"])),
        text.group(attribute, tuple(found["reference"])),
    )


def held_out(found: Entry) -> int:
    """People on whom everything was judged."""
    rows = found.get("rows") or {}
    return int(rows.get("confirmation", rows.get("test", 0)))


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


def is_ratio(found: Entry) -> bool:
    """Whether disparity is read on a ratio."""
    return str(found["metric"]).endswith("_ratio")


def disparity_words(found: Entry) -> str:
    """What disparity is, in words.

    >>> disparity_words({"metric": "disparate_impact_ratio"})
    '1 less the disparate impact ratio, the smaller rate over the larger'
    """
    from audit.report.look import title as metric_title

    metric = metric_title(str(found["metric"]))
    own = metric if metric[:2].isupper() else metric[:1].lower() + metric[1:]
    if is_ratio(found):
        return f"1 less the {own}, the smaller rate over the larger"
    return f"the size of the {own}"


def apart(value: float, found: Entry) -> str:
    """A disparity: a distance from a ratio of 1, or percentage points."""
    if math.isnan(value):
        return "—"
    return text.number(value) if is_ratio(found) else f"{text.points(value).removeprefix('+')}"


def apart_change(value: float, found: Entry) -> str:
    """A change of disparity, signed; below 0 is less apart."""
    return signed(value) if is_ratio(found) else text.points(value)


def useful(value: float, utility: str) -> str:
    """A utility in its own form."""
    if utility in ("accuracy", "default_rate", "approval_rate"):
        return text.percent(value)
    return text.number(value, 3 if utility == "auc" else 4)


def useful_change(value: float, utility: str) -> str:
    """A change of utility, signed."""
    if utility in ("accuracy", "default_rate", "approval_rate"):
        return text.points(value)
    return signed(value)


def signed(value: float) -> str:
    """A number with its sign.

    >>> signed(0.01234), signed(-0.5), signed(0.0)
    ('+0.012', '−0.500', '0.000')
    """
    if math.isnan(value):
        return "—"
    return f"{'+' if value > 0 else ''}{text.number(value)}"


def ends(entry: Entry, write: Any) -> str:
    """Limits in a form; empty where there are none."""
    low, high = num(entry.get("low")), num(entry.get("high"))
    if math.isnan(low) or math.isnan(high):
        return ""
    start, end = write(low), write(high)
    return f"{start.removesuffix(' pp')} to {end}" if end.endswith(" pp") else f"{start} to {end}"


def edges(entries: Iterable[Entry]) -> tuple[float, float]:
    """The ends of an axis that holds every finite value and limit."""
    values = [num(e.get(k)) for e in entries for k in ("value", "low", "high")]
    told = [v for v in values if math.isfinite(v)]
    if not told:
        return 0.0, 1.0
    low, high = min(told), max(told)
    room = 0.05 * (high - low) or 0.05
    return low - room, high + room


def bar(entry: Entry, axis: tuple[float, float], parity: float = math.nan) -> Bar | None:
    """A point and its limits on an axis; none where the point is undefined."""
    value = num(entry.get("value"))
    if not math.isfinite(value):
        return None
    low, high = num(entry.get("low")), num(entry.get("high"))
    return Bar(
        kind="interval", start=axis[0], end=axis[1], value=value,
        low=value if math.isnan(low) else low, high=value if math.isnan(high) else high,
        parity=parity,
    )  # fmt: skip


def entries(found: Entry, *names: str) -> list[Entry]:
    """A list by its path; empty where it is absent."""
    held: Any = found
    for name in names:
        held = held.get(name) if isinstance(held, Mapping) else None
    return [e for e in held or () if isinstance(e, Mapping)]
