"""How scores are spread in each group, and what every cut-off would approve."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table.match import alone
from audit.table.references import reference_place
from audit.table.roles import Group, Roles, is_named
from audit.table.rows import CodedRows, Table
from audit.table.wording import listed, shown, suggestion
from audit.tally.cube import Tally
from audit.tally.distribution import Distribution
from audit.tally.overlap import apart

Floats = npt.NDArray[np.float64]

GOOD, BAD, UNKNOWN = 0, 1, 2
"""Outcomes, in the order of every last axis."""
BINS = 1024
"""Bins of scores that stay in an engine."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spread:
    """Some people's scores by outcome, with what intervals need of their weights."""

    of: Distribution
    """Σw by value and outcome."""
    squares: Distribution | None = None
    """Σw² by the same; None without weights."""

    @property
    def total(self) -> float:
        """Σw of everyone with a score."""
        return self.of.total

    @property
    def outcomes(self) -> Floats:
        """Σw by outcome, shape (3,)."""
        return np.asarray(self.of.counts.sum(axis=0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scored:
    """Everyone's scores, and each group's of one protected attribute."""

    attribute: str
    """The attribute."""
    roles: Roles
    """Of the table or tally."""
    everyone: Spread
    """All rows with a score."""
    groups: tuple[Spread, ...]
    """By group, in level order."""
    named: tuple[bool, ...]
    """Groups that were named: not the missing one, nor "none of them"."""
    reference: int | None
    """Which group the others are compared with: declared, else the largest."""
    selective: bool
    """Whether outcomes are known only of the approved."""
    table: Table | None
    """Where the rows are, if in memory."""

    @property
    def column(self) -> str:
        """The score or risk column."""
        return self.everyone.of.column

    @property
    def higher(self) -> bool:
        """Whether a higher value favours the applicant (a score, not a risk)."""
        return self.everyone.of.higher_is_better

    @property
    def exact(self) -> bool:
        """Whether cut-offs are values that occur; else they are edges of bins."""
        return self.everyone.of.exact

    @property
    def notes(self) -> list[str]:
        """What a reader should know of cut-offs on these scores."""
        found = [] if self.exact else ["cut-offs are edges of bins"]
        if self.table is None and self.roles.cluster is not None:
            found.append(
                "rows of repeated applicants are taken as independent: score bins hold none"
            )
        return found

    def name(self, g: int) -> Group:
        """A group's levels."""
        return self.groups[g].of.group

    def against(self, g: int) -> Spread:
        """The reference group's rows that are not in a group."""
        assert self.reference is not None
        one, other = self.groups[g], self.groups[self.reference]
        rest = apart(other.of, one.of)
        if rest is other.of:
            return other
        squares = None
        if one.squares is not None and other.squares is not None:
            squares = apart(other.squares, one.squares)
        return Spread(of=rest, squares=squares)

    def cutoffs(self, spread: Spread | None = None) -> Floats:
        """Every cut-off that approves somebody more, strictest first.

        A score is approved at or above it, a risk below it: of exact values the next value up,
        so that people who tie are decided together.
        """
        d = (spread or self.everyone).of
        held = np.flatnonzero(d.by_value > 0)
        if not d.exact:
            edges = np.asarray(d.edges, np.float64)
            return edges[held[::-1]] if d.higher_is_better else self._above(edges)[held]
        values = d.values[held]
        if d.higher_is_better:
            return values[::-1]
        return (
            np.append(values[1:], math.nextafter(values[-1], math.inf)) if len(values) else values
        )

    @staticmethod
    def _above(edges: Floats) -> Floats:
        """Upper edges of bins; the last one is closed."""
        upper = edges[1:].copy()
        upper[-1] = math.nextafter(upper[-1], math.inf)
        return upper

    def passing(self, value: float, spread: Spread | None = None) -> float:
        """The strictest cut-off that approves a value which occurs."""
        found = self.cutoffs(spread)
        if self.higher:
            return float(found[::-1][np.searchsorted(found[::-1], value, "right") - 1])
        return float(found[np.searchsorted(found, value, "right")])

    def nobody(self, spread: Spread | None = None) -> float:
        """A cut-off that approves nobody of those who were seen."""
        first = self.cutoffs(spread)[0]
        d = (spread or self.everyone).of
        if not d.higher_is_better:
            held = np.flatnonzero(d.by_value > 0)[0]
            return float(d.values[held] if d.exact else d.edges[held])
        top = first if d.exact else d.edges[-1]
        return math.nextafter(float(top), math.inf)


def scored(source: Any, attribute: Any, roles: Mapping[str, Any], verb: str) -> list[Scored]:
    """Scores by group of the attribute asked for, or of every protected one.

    `source` is a table, a tally, or anything `audit.read` takes with `roles`. Raises `InputError`
    MIT202 (no score or risk), MIT203 (no such attribute), MIT204 (a tally without score bins, or
    nobody with a score).
    """
    from audit.table.intake import read
    from audit.table.keywords import check_keywords, refuse_roles

    held: Table | Tally
    if isinstance(source, Table | Tally):
        refuse_roles(roles, "a tally" if isinstance(source, Tally) else "a table")
        held = source
    else:
        check_keywords(roles, ("attribute", "costs", "break_even", "group", "points", "level"))
        held = read(source, **roles)
    column = held.roles.score or held.roles.risk
    if column is None:
        raise InputError(
            "MIT202", "there is neither a score nor a risk", argument="table",
            fix=f'audit.{verb} moves a cut-off on one: name score="..." or risk="..."',
        )  # fmt: skip
    names = _attributes(held.roles, attribute)
    if isinstance(held, Table) and isinstance(held.rows, CodedRows):
        return _of_rows(held, held.rows, names, column)
    return _of_tally(held if isinstance(held, Tally) else _counted(held, names), names, column)


def _attributes(roles: Roles, told: Any) -> tuple[str, ...]:
    if told is None:
        if not roles.protected:
            raise InputError(
                "MIT203", "no protected attribute is named", argument="protected",
                fix='audit.read(..., protected=["sex"])',
            )  # fmt: skip
        return roles.protected
    told = alone(told)
    if not isinstance(told, str) or told not in roles.protected:
        several = isinstance(told, tuple | list)
        raise InputError(
            "MIT203",
            "cut-offs are looked at by one attribute at a time"
            if several
            else f"{shown(told)} is not a protected attribute",
            argument="attribute",
            fix=f"one of {listed(roles.protected)}"
            if several
            else suggestion(told, list(roles.protected)),
        )
    return (told,)


SpreadsOf = Callable[[tuple[str, ...]], tuple[Spread, ...]]
"""Everyone's scores of (), those of every group of an attribute."""


def _of_rows(table: Table, rows: CodedRows, names: Sequence[str], column: str) -> list[Scored]:
    from audit.inference.measure import known
    from audit.tally.counting import count_rows
    from audit.tally.plan import Plan, Shape
    from audit.tally.spread import distributions, sort_rows

    weighed = [table]
    if rows.weight is not None and rows.weight.max(initial=0.0) > 0:
        own = rows.weight / rows.weight.max()  # squares of any weights then stay within floats
        weighed = [replace(table, rows=replace(rows, weight=w)) for w in (own, own * own)]
    ordered = [(one, sort_rows(one, column)) for one in weighed]

    def spreads(attributes: tuple[str, ...]) -> tuple[Spread, ...]:
        return _spreads(*(distributions(t, attributes, column, ordered=o) for t, o in ordered))

    selective = known(count_rows(table, Plan(shapes=(Shape(),)))).selective
    return _put_together(table.roles, names, spreads, selective, table)


def _spreads(
    found: Sequence[Distribution], squares: Sequence[Distribution] | None = None
) -> tuple[Spread, ...]:
    if squares is None:
        return tuple(Spread(of=d) for d in found)
    return tuple(Spread(of=d, squares=s) for d, s in zip(found, squares, strict=True))


def _counted(table: Table, names: Sequence[str]) -> Tally:
    from audit.tally.bins import make_bins, observed_range
    from audit.tally.counting import count_rows
    from audit.tally.plan import Plan, Shape

    shapes = [Shape(), *(Shape(protected=(n,), column="score") for n in names)]
    bins = make_bins(*observed_range(table, "score"), BINS)
    return count_rows(table, Plan(shapes=tuple(shapes), bins={"score": bins}))


def _of_tally(tally: Tally, names: Sequence[str], column: str) -> list[Scored]:
    from audit.inference.measure import known
    from audit.tally.spread import from_cube

    weighed = [tally]
    if tally.roles.weight is not None:
        cubes = tuple(
            c if c.weight_squared is None else replace(c, weight=c.weight_squared)
            for c in tally.cubes
        )
        weighed.append(replace(tally, cubes=cubes))

    def spreads(attributes: tuple[str, ...]) -> tuple[Spread, ...]:
        found = [from_cube(one, attributes, column) for one in weighed]
        if not found[0]:
            raise InputError(
                "MIT204",
                f"the tally has no score bins by {shown(attributes[0])}",
                argument="table",
                fix="count them: audit.count(audit.read(...)), or give the table itself",
            )
        return _spreads(*found)

    return _put_together(tally.roles, names, spreads, known(tally).selective, None)


def _put_together(
    roles: Roles, names: Sequence[str], spreads: SpreadsOf, selective: bool, table: Table | None
) -> list[Scored]:
    by_name = {name: spreads((name,)) for name in names}
    (everyone,) = spreads(())
    if not everyone.total > 0:
        raise InputError(
            "MIT204",
            f"nobody with a weight above 0 has a {everyone.of.column!r}",
            argument="table",
            fix="check the column, its filter and the weights",
        )
    return [
        Scored(
            attribute=name,
            roles=roles,
            everyone=everyone,
            groups=groups,
            named=tuple(is_named(roles, (name,), s.of.group) for s in groups),
            reference=reference_place(
                roles,
                name,
                [s.of.group[0] for s in groups],
                [s.of.rows + s.of.missing for s in groups],
            ),
            selective=selective,
            table=table,
        )
        for name, groups in by_name.items()
    ]
