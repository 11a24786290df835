"""The best mix of cut-offs of each group under each rule, and what it is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from audit.inference.checks import critical
from audit.inference.intervals import rate_interval
from audit.inference.weights import effective
from audit.mitigation.costs import Costs
from audit.mitigation.group_cutoffs_record import RULES, TITLES, CutoffRule, GroupRule, MixedCutoff
from audit.mitigation.hulls import Curve, Mix, curve, equal_odds, highest, inside_hull, on_hull
from audit.mitigation.scored import BAD, GOOD, Scored, Spread
from audit.table.roles import Group

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Followed:
    """One group's people with known outcomes, most likely to repay first."""

    of: Scored
    """Of everyone."""
    spread: Spread
    """Its scores."""
    name: Group
    """Its levels."""

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


def curve_of(group: Followed) -> Curve:
    """The ROC curve of a group, from its known outcomes."""
    own = group.known()
    return curve(own[:, GOOD], own[:, BAD])


def best_mixes(
    groups: Sequence[Followed], curves: list[Curve], costs: Costs
) -> dict[str, list[Mix]]:
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


def _single(groups: Sequence[Followed], curves: list[Curve], costs: Costs) -> list[Mix]:
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


def valued(
    groups: Sequence[Followed],
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


def _group_rule(group: Followed, c: Curve, mix: Mix, costs: Costs, level: float) -> GroupRule:
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
    groups: Sequence[Followed], mixes: Sequence[Mix], every: Sequence[GroupRule]
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
