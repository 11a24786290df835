"""Cut-offs by group under five rules, and the profit that each gives up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.inference.checks import critical, one_level
from audit.inference.intervals import rate_interval
from audit.inference.weights import effective
from audit.mitigation.costs import Costs, at_break_even, costs_of
from audit.mitigation.group_cutoffs_record import (
    RULES,
    TITLES,
    CutoffRule,
    GroupCutoffs,
    GroupRule,
    MixedCutoff,
)
from audit.mitigation.hulls import Curve, Mix, curve, equal_odds, highest, inside_hull, on_hull
from audit.mitigation.scored import BAD, GOOD, UNKNOWN, Scored, Spread, scored
from audit.table.roles import Group
from audit.table.wording import listed, shown

Floats = npt.NDArray[np.float64]

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
    counted and in no number. Limits take the rules as given: they were found in these same rows,
    so on others every rule will pay less.

    `table` is a table, a tally, or anything `audit.read` takes, with its arguments.

    Cut-offs by group use the group when a person is decided on: unequal treatment on its face,
    which US credit law forbids for most groups. They measure what a criterion costs; they are
    recommended nowhere.

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
    groups = tuple(_Group(of=of, spread=of.groups[g], name=of.name(g)) for g in kept)
    curves = [_curve(g) for g in groups]
    best = _rules(groups, curves, money)
    rules = _valued(groups, curves, best, money, level)
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Group:
    """One group's people with known outcomes, most likely to repay first."""

    of: Scored
    spread: Spread
    name: Group

    def known(self, *, squared: bool = False) -> Floats:
        """Σw (Σw²) by value with a known outcome, strictest first, shape (values, 2)."""
        s = self.spread
        d = s.squares if squared and s.squares is not None else s.of
        own = d.counts[s.of.known_by_value > 0, :2]
        return own[::-1] if self.of.higher else own

    def values(self) -> Floats:
        """The values, strictest first."""
        own = self.spread.of.values[self.spread.of.known_by_value > 0]
        return own[::-1] if self.of.higher else own

    def cutoff(self, point: int) -> float:
        """The cut-off that approves those of the first `point` values."""
        if point == 0:
            return self.of.nobody(self.spread)
        return self.of.passing(float(self.values()[point - 1]), self.spread)


def _curve(group: _Group) -> Curve:
    own = group.known()
    return curve(own[:, GOOD], own[:, BAD])


def _rules(groups: Sequence[_Group], curves: list[Curve], costs: Costs) -> dict[str, list[Mix]]:
    """The mix of points of every group, by rule."""
    gain, loss = costs.gain, costs.loss
    goods, bads = sum(c.goods for c in curves), sum(c.bads for c in curves)
    scale = gain * goods + loss * bads
    own: list[Mix] = [
        ((highest(gain * c.good - loss * c.bad, gain * c.goods + loss * c.bads), 1.0),)
        for c in curves
    ]
    # one true positive rate: every group approves as few of the others as its hull allows
    rising = [(c.rates()[1], c.bad[c.vertices], c.vertices) for c in curves]
    rising = [(t[k], b[k], v[k]) for t, b, v in rising for k in [np.append(True, t[1:] > t[:-1])]]
    at = np.unique(np.concatenate([t for t, _, _ in rising]))
    false = np.sum([np.interp(at, t, b) for t, b, _ in rising], axis=0)
    rate = float(at[highest(gain * goods * at - loss * false, scale)])
    opportunity = [on_hull(rate, t, v) for t, _, v in rising]
    # one approval rate: every group approves as many who repay as its hull allows
    shares = [(c.good + c.bad)[c.vertices] / c.total for c in curves]
    at = np.unique(np.concatenate(shares))
    true = np.sum(
        [np.interp(at, s, c.good[c.vertices]) for s, c in zip(shares, curves, strict=True)], axis=0
    )
    rate = float(at[highest((gain + loss) * true - loss * (goods + bads) * at, scale)])
    parity = [on_hull(rate, s, c.vertices) for s, c in zip(shares, curves, strict=True)]
    fpr, tpr = equal_odds(curves, gain, loss)
    odds = [inside_hull(fpr, tpr, c) for c in curves]
    single = _single(groups, curves, costs)
    found: tuple[list[Mix], ...] = (own, single, opportunity, odds, parity)
    return dict(zip(RULES, found, strict=True))


def _single(groups: Sequence[_Group], curves: list[Curve], costs: Costs) -> list[Mix]:
    """One cut-off for all: which point of every group's curve it is."""
    values = [g.values() if g.of.higher else -g.values() for g in groups]
    every = np.unique(np.concatenate(values))[::-1]
    places = [
        np.append(0, len(v) - np.searchsorted(v[::-1], every, "left")).astype(np.int64)
        for v in values
    ]
    pairs = zip(curves, places, strict=True)
    paid = [costs.gain * c.good[p] - costs.loss * c.bad[p] for c, p in pairs]
    profits = np.sum(paid, axis=0)
    best = highest(profits, sum(costs.gain * c.goods + costs.loss * c.bads for c in curves))
    return [((int(p[best]), 1.0),) for p in places]


def _chances(mix: Mix, size: int) -> Floats:
    """Chance of approval at every value, strictest first."""
    chance = np.zeros(size)
    for point, share in mix:
        chance[:point] += share
    return np.minimum(chance, 1.0)


def _valued(
    groups: Sequence[_Group],
    curves: Sequence[Curve],
    mixes: dict[str, list[Mix]],
    costs: Costs,
    level: float,
) -> tuple[CutoffRule, ...]:
    """The rules with rates, profit and what they keep of the highest, with limits."""
    worth = np.array([costs.gain, -costs.loss])
    masses, squares = [g.known() for g in groups], [g.known(squared=True) for g in groups]
    whole = float(sum(m.sum() for m in masses))

    def earned(name: str) -> list[Floats]:
        """Expected profit of each person, by value and outcome."""
        return [
            _chances(mix, len(m))[:, None] * worth
            for mix, m in zip(mixes[name], masses, strict=True)
        ]

    def total(values: Sequence[Floats]) -> float:
        return float(sum((m * v).sum() for m, v in zip(masses, values, strict=True)))

    def half(values: Sequence[Floats]) -> float:
        """Half a width from the linearised terms of a mean."""
        spread = sum(float((q * v * v).sum()) for q, v in zip(squares, values, strict=True))
        return float(critical(level)) * math.sqrt(spread) / whole

    most = earned("maximum_profit")
    highest_ = total(most) / whole
    rules = []
    for name in RULES:
        own = earned(name)
        profit = total(own) / whole
        width = half([v - profit for v in own])
        share = share_low = share_high = math.nan
        if highest_ > 0:
            share = profit / highest_
            apart = half([v - share * m for v, m in zip(own, most, strict=True)]) / highest_
            share_low, share_high = share - apart, min(share + apart, 1.0)
        every = [_group_rule(g, c, m, costs, level) for g, c, m in zip(
            groups, curves, mixes[name], strict=True
        )]  # fmt: skip
        if name == "single_cutoff":
            every = _at_one(groups, mixes[name], every)
        approved = sum(r.approval_rate * c.total for r, c in zip(every, curves, strict=True))
        rules.append(
            CutoffRule(
                name=name,
                title=TITLES[name],
                groups=tuple(every),
                approval_rate=float(approved / whole),
                profit=profit,
                profit_low=profit - width,
                profit_high=profit + width,
                share_of_maximum=share,
                share_low=share_low,
                share_high=share_high,
                needs_group_at_decision=name != "single_cutoff",
                randomised=any(r.by_lot > 0 for r in every),
            )
        )
    return tuple(rules)


def _group_rule(group: _Group, c: Curve, mix: Mix, costs: Costs, level: float) -> GroupRule:
    mass, squares = group.known(), group.known(squared=True)
    chance = _chances(mix, len(mass))[:, None]
    part, part2 = (chance * mass).sum(axis=0), (chance * squares).sum(axis=0)
    whole, whole2 = mass.sum(axis=0), squares.sum(axis=0)
    sides = [(part.sum(), whole.sum(), part2.sum(), whole2.sum())]
    sides += [(part[k], whole[k], part2[k], whole2[k]) for k in (GOOD, BAD)]
    rates: dict[str, float] = {}
    names = ("approval_rate", "true_positive_rate", "false_positive_rate")
    for name, (x, n, x2, n2) in zip(names, sides, strict=True):
        x = min(float(x), float(n))
        own = (x, n) if group.spread.squares is None else effective(x, n, x2, n2)
        low, high = rate_interval(own[0], own[1], level)
        rates |= {name: x / float(n), f"{name}_low": float(low), f"{name}_high": float(high)}
    reached = (c.good + c.bad) / c.total
    cutoffs, passed = [], 1.0
    for point, share in mix:
        cutoffs.append(
            MixedCutoff(
                cutoff=group.cutoff(point),
                share=share,
                chance=passed,
                approval_rate=float(reached[point]),
            )
        )
        passed -= share
    return GroupRule(
        group=group.name,
        cutoffs=tuple(cutoffs),
        profit=float((costs.gain * part[GOOD] - costs.loss * part[BAD]) / c.total),
        by_lot=float(reached[mix[-1][0]] - reached[mix[0][0]]),
        **rates,
    )


def _at_one(
    groups: Sequence[_Group], mixes: Sequence[Mix], every: Sequence[GroupRule]
) -> list[GroupRule]:
    """The same rules with the number that is one for all groups."""
    of = groups[0].of
    last = [g.values()[m[0][0] - 1] for g, m in zip(groups, mixes, strict=True) if m[0][0]]
    if last:
        value = float(min(last) if of.higher else max(last))
        cutoff = of.passing(value)
    else:
        cutoff = of.nobody()
    return [replace(r, cutoffs=(replace(r.cutoffs[0], cutoff=cutoff),)) for r in every]


def _notes(
    of: Scored, groups: Sequence[_Group], unknown: float, left: Sequence[tuple[Group, int]]
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
    if not of.exact:
        notes.append("cut-offs are edges of bins")
    if of.roles.cluster is not None:
        notes.append("applicants repeat, and limits take rows as independent: they are too narrow")
    return notes


def _rarer(group: _Group) -> float:
    """Share of the rarer outcome among the group's people."""
    return float(group.spread.outcomes[[GOOD, BAD]].min() / group.spread.outcomes.sum())
