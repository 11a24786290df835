"""What a report says of groups that overlap: who is in several, and what is compared with what."""

from __future__ import annotations

from audit.report import text
from audit.report.look import Look
from audit.table.roles import NONE_OF_THEM
from audit.tally.cube import cells


def words(look_: Look, name: str, *, short: bool = False) -> str:
    """How many people are in several groups, or in none, and how groups are compared; "" where
    the attribute is a column of its own.
    """
    tally = look_.record.tally
    found = cells(tally, (name,)) if name in tally.roles.overlapping else ()
    if not found or found[0].parts is None:
        return ""
    parts = found[0].parts
    people = parts.n.sum(axis=(1, 2))
    several = int(people[parts.shared()].sum())
    if not several:
        return "Nobody is in two of these groups."
    share = text.percent(several / max(int(people.sum()), 1))
    said = f"{text.plural(several, 'row')} ({share}) in several groups, counted in each"
    if short:
        return said
    rest = (NONE_OF_THEM,) in found[0].groups
    return (
        f"These groups overlap: {said}, so shares add up to more than 100%. A group is compared "
        "with the reference group's rows that are not in it"
        + (f"; “{NONE_OF_THEM}” are rows in no named group, which never decide." if rest else ".")
    )


def line(look_: Look) -> str:
    """One sentence for the first screen; "" where nothing overlaps."""
    names = [
        name
        for name in look_.record.roles.overlapping
        if words(look_, name, short=True).endswith("in each")
    ]
    if not names:
        return ""
    listed = text.listed(text.visible(n, 40) for n in names)
    return (
        f"Groups of {listed} overlap: each is compared with the reference's people who are not in "
        "it."
    )
