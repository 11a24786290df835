"""Cut-offs by group under five rules, and the profit that each gives up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audit.errors import InputError
from audit.inference.checks import one_level
from audit.mitigation.best_cutoffs import Followed, best_mixes, curve_of, valued
from audit.mitigation.costs import Costs, at_break_even, costs_of
from audit.mitigation.group_cutoffs_record import GroupCutoffs
from audit.mitigation.repeats import with_repeats
from audit.mitigation.scored import BAD, GOOD, UNKNOWN, Scored, scored
from audit.table.roles import Group
from audit.table.wording import listed, shown

FEW = 30
"""Outcomes of one kind below which a group's own cut-off is mostly chance."""


def group_cutoffs(
    table: Any,
    attribute: Any = None,
    *,
    costs: Any = None,
    break_even: Any = None,
    level: float = 0.95,
    **roles: Any,
) -> GroupCutoffs:
    """Five rules for cut-offs by group, and what each costs (Hardt, Price & Srebro 2016, s. 6).

    `maximum_profit`: each group at the cut-off that pays most. `single_cutoff`: one for all.
    `equal_opportunity`: one true positive rate, `demographic_parity`: one approval rate, each by
    a draw between two cut-offs of a group. `equalized_odds`: one true and one false positive
    rate, by a draw between up to three cut-offs (see `hulls`). Each pays the most that its
    criterion allows; profits are linear in true and false positives, so the best lies at a corner
    of the ROC curves' upper hulls, where the maximum is exact: there is no grid. Of rules that pay
    the same, the one that approves most is given.

    `costs=(gain, loss)` of a repaid and a defaulted loan (or a mapping), or `break_even=0.82`: the
    share of repaid loans at which lending pays nothing, gain 0.18 and loss 0.82. Loans are taken
    as equally large. Profit is per applicant with a known outcome; those of unknown outcome are
    counted and in no number. Limits take the rules as given (over applicants where `cluster` is
    given): they were found in these same rows, so on others every rule will pay less.

    `table` is a table, a tally, or anything `audit.read` takes, with its arguments.

    Cut-offs by group use the group when a person is decided on, a disparate-treatment risk in US
    credit: they measure what a criterion costs, and are recommended nowhere.

    Raises `InputError` MIT201 (costs or break_even: one of them), MIT202 (no score or risk),
    MIT203 (attribute: one, whose groups do not overlap), MIT204 (nobody with a score), MIT208
    (outcomes: none, or only of the approved), MIT209 (a group without both), and what `audit.read`
    raises.

    >>> loans = {"sex": list("ffffmmmm"), "pd": [.9, .8, .6, .4, .6, .4, .3, .1],
    ...          "repaid": [0, 0, 1, 1, 0, 1, 1, 1]}
    >>> found = group_cutoffs(loans, costs=(1, 4), protected="sex", risk="pd",
    ...                       outcome="repaid", favorable=1)
    >>> [(g.group[0], g.cutoffs[0].cutoff) for g in found["maximum_profit"].groups]
    [('f', 0.8), ('m', 0.6)]
    >>> [(rule.name, round(rule.share_of_maximum, 3)) for rule in found.rules[1:]]
    [('single_cutoff', 0.8), ('equal_opportunity', 1.0), ('equalized_odds', 1.0),
     ('demographic_parity', 0.8)]
    """
    level = one_level(level)
    money = _costs(costs, break_even)
    (of, *others) = scored(table, attribute, roles, "group_cutoffs")
    if others:
        names = [one.attribute for one in (of, *others)]
        raise InputError(
            "MIT203", f"there are {len(names)} protected attributes, and cut-offs are by one",
            argument="attribute", fix=f"one of {listed(names)}",
        )  # fmt: skip
    kept = _kept(of)
    groups = tuple(Followed(of=of, spread=of.groups[g], name=of.name(g)) for g in kept)
    curves = [curve_of(g) for g in groups]
    best = best_mixes(groups, curves, money)
    rules = valued(groups, curves, best, money, level)
    rules = with_repeats(of, rules, np.array([money.gain, -money.loss]), level)
    rows = sum(g.spread.of.rows for g in groups)
    masses = np.sum([g.spread.outcomes for g in groups], axis=0)
    unknown = float(masses[UNKNOWN] / masses.sum())
    left = tuple(
        (of.name(g), s.of.rows + s.of.missing)
        for g, s in enumerate(of.groups)
        if g not in kept and s.of.rows + s.of.missing
    )
    return GroupCutoffs(
        attribute=of.attribute,
        column=of.column,
        higher_is_better=of.higher,
        rules=rules,
        costs={"gain": money.gain, "loss": money.loss, "break_even": money.break_even},
        rows=rows,
        unknown=unknown,
        missing=sum(g.spread.of.missing for g in groups),
        left_out=left,
        level=level,
        exact=of.exact,
        reason=None if rules[0].profit > 0 else "no cut-off pays: the highest profit is 0",
        notes=tuple(_notes(of, groups, unknown, left)),
    )


def _costs(costs: Any, break_even: Any) -> Costs:
    if (costs is None) == (break_even is None):
        raise InputError(
            "MIT201",
            "profit needs costs or break_even" if costs is None else "break_even says it already",
            argument="costs",
            fix="give one of costs=(gain, loss) and break_even=0.82",
        )
    return costs_of(costs) if break_even is None else at_break_even(break_even)


def _kept(of: Scored) -> list[int]:
    """Groups that get rules: named, with people of both outcomes."""
    if of.attribute in of.roles.overlapping:
        raise InputError(
            "MIT203",
            f"groups of {shown(of.attribute)} overlap: a person in two would have two cut-offs",
            argument="attribute",
            fix="name an attribute whose column holds each person's one group",
        )
    if of.selective or not of.everyone.outcomes[[GOOD, BAD]].sum() > 0:
        raise InputError(
            "MIT208",
            "outcomes are known only of the approved, so nobody knows whom another cut-off "
            "would approve that repays"
            if of.selective
            else "no outcome is given, or none is known",
            argument="outcome",
            fix="use people all of whom were followed, such as those approved, with their scores",
        )
    kept = [g for g, s in enumerate(of.groups) if of.named[g] and s.total > 0]
    for g in kept:
        known = of.groups[g].outcomes
        if not (known[GOOD] > 0 and known[BAD] > 0):
            lacks = "favourable" if not known[GOOD] > 0 else "unfavourable"
            raise InputError(
                "MIT209",
                f"group {shown(of.name(g)[0])} has nobody with a score and a known {lacks} outcome",
                argument="attribute",
                count=of.groups[g].of.rows,
                fix="error rates need both: leave the group out with where=, or join it to another",
            )
    if not kept:
        raise InputError(
            "MIT209", f"no group of {shown(of.attribute)} has a score", argument="attribute",
            fix="name another attribute",
        )  # fmt: skip
    return kept


def _notes(
    of: Scored, groups: Sequence[Followed], unknown: float, left: Sequence[tuple[Group, int]]
) -> list[str]:
    notes = ["found and valued in the same rows: on others every rule pays less"]
    missing = sum(g.spread.of.missing for g in groups)
    if missing:
        notes.append(f"{missing:,} rows without a {of.column}: no rule decides them")
    if unknown > 0:
        notes.append(f"{100 * unknown:.1f} % of outcomes are unknown, and in no number")
    if left:
        named = listed([g[0] for g, _ in left])
        notes.append(f"no rule for {named} ({sum(n for _, n in left):,} rows)")
    few = [g.name[0] for g in groups if g.spread.of.rows * _rarer(g) < FEW]
    if few:
        notes.append(f"fewer than {FEW} outcomes of a kind, mostly chance: {listed(few)}")
    return [*notes, *of.notes]


def _rarer(group: Followed) -> float:
    """Share of the rarer outcome among the group's people."""
    return float(group.spread.outcomes[[GOOD, BAD]].min() / group.spread.outcomes.sum())
