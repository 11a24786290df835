"""An attached explanation: its gaps, their parts and limits, in the forms the report gives them."""

from __future__ import annotations

import math

from audit.report import text
from audit.report.attached import Entry, attribute_of, entries_of, group_of, num, signed
from audit.report.look import Look
from audit.table.roles import Group

MOST = 2
"""Gaps drawn in full; the table has all."""


def explanation(look_: Look) -> Entry:
    """What is attached; empty where nothing is."""
    return look_.record.explanation or {}


def entries(look_: Look, *names: str) -> list[Entry]:
    """A list of the explanation by its path ("more", "importance"); empty where it is absent."""
    return entries_of(explanation(look_), *names)


def shown_gaps(look_: Look) -> list[Entry]:
    """Gaps with their parts, for charts: the leading finding's, then the explanation's own."""
    whole = explanation(look_)
    gaps = [g for g in entries(look_, "gaps") if g.get("attributions")]
    wanted: list[tuple[tuple[str, ...], Group]] = [
        (f.estimate.attribute, f.estimate.group)
        for f in look_.record.findings
        if f.planned and f.verdict in ("fail", "review")
    ][:1]
    if "group" in whole:
        wanted.append((attribute_of(whole), group_of(whole)))
    by_key = {(attribute_of(g), group_of(g)): g for g in gaps}
    found = [by_key[key] for key in dict.fromkeys(wanted) if key in by_key]
    return (found or gaps)[:MOST]


def amount(value: float, scale: str) -> str:
    """A part of a gap in its scale's own form, with its sign.

    >>> amount(-0.1234, "log-odds"), amount(0.1234, "probability")
    ('−0.123', '+12.3 pp')
    """
    if scale == "probability":
        return text.points(value)
    return signed(value)


def limits(entry: Entry, scale: str, low: str = "low", high: str = "high") -> str:
    """ "−0.2 to −0.1"; a dash where there is no interval."""
    ends = num(entry.get(low)), num(entry.get(high))
    if any(math.isnan(e) for e in ends):
        return "—"
    return f"{amount(ends[0], scale)} to {amount(ends[1], scale)}"


def unit(scale: str) -> str:
    """What follows a number of a scale that does not say it itself.

    >>> unit("log-odds"), unit("probability")
    (' log-odds', '')
    """
    return {"probability": "", "log-odds": " log-odds"}.get(scale, " points")


def settled(gap: Entry) -> bool:
    """Whether a gap's interval leaves 0 out, so that shares of it say something."""
    return num(gap["low"]) > 0 or num(gap["high"]) < 0


def parts_of(gap: Entry, most: int) -> list[Entry]:
    """The largest parts of a gap and, last, the `others` summed; they add up to the gap."""
    parts = list(gap["attributions"])
    shown, rest = parts[:most], parts[most:]
    if rest:
        total = sum(num(a["value"]) for a in rest)
        part = total / num(gap["value"]) if settled(gap) else None
        shown.append({"others": len(rest), "value": total, "share": part})
    return shown


def share(value: float) -> str:
    """A part as a share of its gap, which may be negative or above 1.

    >>> share(-0.154), share(1.2), share(math.nan)
    ('−15%', '120%', '—')
    """
    return "—" if math.isnan(value) else text.minus(f"{round(100 * value) + 0:d}%")
