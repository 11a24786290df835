"""Which group the others of an attribute are compared with, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audit.metrics.metric import Counts
from audit.table.roles import Group, Level
from audit.tally.cube import Cells, Tally, cells, everyone, is_named


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The reference level of one attribute."""

    attribute: str
    """Protected attribute."""
    level: Level
    """The reference level; None where the attribute has no level to compare with."""
    why: str
    """"declared", "largest group" or "highest approval rate"."""


def references(
    tally: Tally, rule: str = "largest", *, min_rows: int = 30, min_share: float = 0.02
) -> tuple[Reference, ...]:
    """The reference of each attribute: declared, else by the policy's rule.

    "largest" takes the level with the most rows (ties: the first in level order); "highest-rate"
    the level with the highest approval rate among those of at least `min_rows` rows and
    `min_share` of rows (UGESP's reading, 29 CFR 1607.4(D)). The missing group is never chosen,
    nor "none of them".
    """
    chosen = []
    for name in tally.roles.protected:
        if name in tally.roles.reference:
            level = tally.roles.reference[name]
            chosen.append(Reference(attribute=name, level=level, why="declared"))
            continue
        found = cells(tally, (name,))
        if not found:
            chosen.append(Reference(attribute=name, level=None, why="largest group"))
            continue
        chosen.append(_by_rule(name, found[0], rule, min_rows, min_share))
    return tuple(chosen)


def _by_rule(name: str, found: Cells, rule: str, min_rows: int, min_share: float) -> Reference:
    counts = Counts(found.n)
    rows = counts.everyone
    present = [i for i in range(len(found.groups)) if is_named(found, i) and rows[i] > 0]
    if not present:
        return Reference(attribute=name, level=None, why="largest group")
    if rule == "highest-rate" and counts.decided.sum() > 0:
        decided, approved = counts.decided, counts.approved
        enough = [
            i
            for i in present
            if decided[i] >= max(min_rows, 1) and rows[i] >= min_share * everyone(found).sum()
        ]
        if enough:
            best = max(enough, key=lambda i: (approved[i] / decided[i], -i))
            return Reference(
                attribute=name, level=found.groups[best][0], why="highest approval rate"
            )
    largest = max(present, key=lambda i: (rows[i], -i))
    return Reference(attribute=name, level=found.groups[largest][0], why="largest group")


def reference_index(
    found: Cells, chosen: Sequence[Reference], *, min_rows: int = 30
) -> tuple[int | None, bool]:
    """Where in `found.groups` the reference stands, and whether it is the declared tuple.

    An intersection's reference is the tuple of references; where that cell has fewer than
    `min_rows` rows, the largest cell without a missing level stands in (second value False).
    """
    by_name = {r.attribute: r.level for r in chosen}
    wanted: Group = tuple(by_name.get(a) for a in found.attribute)
    rows = Counts(found.n).everyone
    if None not in wanted and wanted in found.groups:
        index = found.groups.index(wanted)
        if len(found.attribute) == 1 or rows[index] >= min_rows:
            return index, True
    present = [i for i in range(len(found.groups)) if is_named(found, i) and rows[i] > 0]
    if not present:
        return None, False
    return max(present, key=lambda i: (rows[i], -i)), False


def stand_ins(
    tally: Tally, attribute: tuple[str, ...], chosen: Sequence[Reference], *, min_rows: int = 30
) -> tuple[Group, Group, int] | None:
    """The reference an intersection should have, the group that stands in, and the rows of the
    first; None where the reference is as declared, or there is nothing to compare.
    """
    found = cells(tally, attribute) if len(attribute) > 1 else ()
    if not found:
        return None
    index, declared = reference_index(found[0], chosen, min_rows=min_rows)
    if declared or index is None:
        return None
    by_name = {r.attribute: r.level for r in chosen}
    wanted: Group = tuple(by_name.get(a) for a in attribute)
    used = found[0].groups[index]
    if used == wanted:
        return None
    rows = Counts(found[0].n).everyone
    place = found[0].groups.index(wanted) if wanted in found[0].groups else None
    return wanted, used, 0 if place is None else int(rows[place])
