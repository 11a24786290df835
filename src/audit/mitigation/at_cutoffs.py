"""Approvals, gaps, errors and profit of groups at every cut-off, with limits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from audit.inference.checks import critical
from audit.inference.clusters import block_jackknife, block_share
from audit.inference.intervals import difference_interval, rate_interval, ratio_interval
from audit.inference.weights import effective
from audit.mitigation.costs import Costs
from audit.mitigation.repeats import by_block
from audit.mitigation.scored import BAD, GOOD, UNKNOWN, Scored, Spread

Floats = npt.NDArray[np.float64]

FEW = 30
"""Rows below which a group is not chosen to stand first."""
EVERY = [GOOD, BAD, UNKNOWN]
CONTRASTS = ("ratio", "low", "high", "difference", "difference_low", "difference_high")


class Side(NamedTuple):
    """Some people at every cut-off: Σw approved and in all, by outcome, with Σw²."""

    approved: Floats
    """Shape (cut-offs, 3)."""
    total: Floats
    """Shape (3,)."""
    approved2: Floats
    total2: Floats
    weighted: bool
    blocks: Floats | None
    """Shape (64, cut-offs + 1, 3): the last is everyone."""

    def effective(self, part: list[int], whole: list[int] | None) -> tuple[Floats, Floats]:
        """Effective counts at every cut-off: `part` of the approved among `whole` of all.

        `whole` None: among the approved of both known outcomes.
        """

        def of(approved: Floats, total: Floats) -> tuple[Floats, Floats]:
            top = approved[..., part].sum(axis=-1)
            if whole is None:
                return top, approved[..., [GOOD, BAD]].sum(axis=-1)
            base = total[..., whole].sum(axis=-1)
            return np.minimum(top, base[..., None]), np.broadcast_to(base[..., None], top.shape)

        x, n = of(self.approved, self.total)
        if not self.weighted and self.blocks is None:
            return x, n
        x2, n2 = of(self.approved2, self.total2)
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.blocks is not None:
                worth = np.where(n2 > 0, n * (n / n2), 0.0)
                return block_share(*of(self.blocks[:, :-1], self.blocks[:, -1]), worth)[1:]
            return effective(x, n, x2, n2)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Swept:
    """One attribute's groups at every cut-off."""

    of: Scored
    """Whose scores."""
    cutoffs: Floats
    """Strictest first."""
    operating: int | None
    """Which of them is in use."""
    everyone: Side
    """All with a score."""
    groups: tuple[Side, ...]
    """By group."""
    others: tuple[Side | None, ...]
    """By group: the reference's people who are not in it; None for the reference."""
    costs: Costs | None
    """Of a loan."""
    level: float
    """Of every interval."""
    notes: tuple[str, ...]
    """What to say about the cut-offs."""

    def rate(self, side: Side) -> Floats:
        """Approval rate at every cut-off."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(side.approved.sum(axis=1) / side.total.sum())

    def front(self) -> tuple[int | None, float]:
        """The named group of the lowest ratio where the cut-off is (else at one half), and it."""
        rates = self.rate(self.everyone)
        at = self.operating
        if at is None:
            at = int(np.argmin(np.abs(rates - 0.5)))
        ratios: dict[int, float] = {}
        for g, other in enumerate(self.others):
            if other is None or not self.of.named[g] or not self.of.groups[g].total > 0:
                continue
            below, above = self.rate(other)[at], self.rate(self.groups[g])[at]
            ratios[g] = float(above / below) if below > 0 else math.inf
        enough = {g: r for g, r in ratios.items() if self.of.groups[g].of.rows >= FEW}
        chosen = enough or ratios
        if not chosen:
            return None, math.inf
        g = min(chosen, key=lambda i: (chosen[i], i))
        return g, chosen[g]

    def contrast(self, g: int) -> dict[str, Floats]:
        """Ratio and difference to the reference at every cut-off, with limits."""
        other, side = self.others[g], self.groups[g]
        assert other is not None
        a, b = self.rate(side), self.rate(other)
        x, n = side.effective(EVERY, EVERY)
        xr, nr = other.effective(EVERY, EVERY)
        low, high = ratio_interval(x, n, xr, nr, self.level)
        least, most = difference_interval(x, n, xr, nr, self.level)
        if side.blocks is not None and other.blocks is not None:
            tables = np.stack([side.blocks, other.blocks], axis=1).sum(axis=-1)
            kept = block_jackknife(tables, _over, self.level, scale="log", null=1.0)
            low, high = _known(kept[0], low), _known(kept[1], high)
            kept = block_jackknife(tables, _less, self.level)
            least, most = _known(kept[0], least), _known(kept[1], most)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(b > 0, a / b, np.nan)
        return {
            "ratio": ratio, "low": low, "high": high,
            "difference": a - b, "difference_low": least, "difference_high": most,
        }  # fmt: skip

    def approvals(self, side: Side) -> dict[str, Floats]:
        """Approval rate with limits."""
        low, high = rate_interval(*side.effective(EVERY, EVERY), self.level)
        return {"rate": self.rate(side), "rate_low": low, "rate_high": high}

    def errors(self, side: Side) -> dict[str, Floats]:
        """TPR, FPR, FNR with limits; nan where they are undefined."""
        found: dict[str, Floats] = {}
        for name, outcome in (("true_positive_rate", GOOD), ("false_positive_rate", BAD)):
            if self.of.selective or not side.total[outcome] > 0:
                value = low = high = np.full(len(self.cutoffs), np.nan)
            else:
                value = np.minimum(side.approved[:, outcome] / side.total[outcome], 1.0)
                low, high = rate_interval(*side.effective([outcome], [outcome]), self.level)
            found |= {name: value, f"{name}_low": low, f"{name}_high": high}
        found["false_negative_rate"] = 1 - found["true_positive_rate"]
        found["false_negative_rate_low"] = 1 - found["true_positive_rate_high"]
        found["false_negative_rate_high"] = 1 - found["true_positive_rate_low"]
        return found

    def defaults(self, side: Side) -> dict[str, Floats]:
        """Default rate among the approved with a known outcome, with limits."""
        known = side.approved[:, [GOOD, BAD]].sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = side.approved[:, BAD] / known
        low, high = rate_interval(*side.effective([BAD], None), self.level)
        return {"default_rate": value, "default_rate_low": low, "default_rate_high": high}

    def profit(self, side: Side) -> dict[str, Floats]:
        """Profit per applicant with limits.

        Over those with a known outcome; under selective labels over everyone, known only where
        nobody of unknown outcome is approved (a denied applicant gains and loses nothing).
        """
        none = np.full(len(self.cutoffs), np.nan)
        whole = EVERY if self.of.selective else [GOOD, BAD]
        base = side.total[whole].sum()
        if self.costs is None or not base > 0 or not side.total[[GOOD, BAD]].sum() > 0:
            return {"profit": none, "profit_low": none, "profit_high": none}
        gain, loss = self.costs.gain, self.costs.loss

        def mean(approved: Any, total: Any) -> Any:
            return (gain * approved[..., GOOD] - loss * approved[..., BAD]) / total

        value = mean(side.approved, base)
        if side.blocks is not None:

            def paid(t: Any) -> Any:
                return mean(t[..., :-1, :], t[..., -1:, whole].sum(axis=-1))

            low, high, _ = block_jackknife(side.blocks, paid, self.level)
        else:
            good, bad = side.approved2[:, GOOD], side.approved2[:, BAD]
            rest = np.maximum(side.total2[whole].sum() - good - bad, 0.0)
            spread = good * (gain - value) ** 2 + bad * (loss + value) ** 2 + rest * value**2
            half = critical(self.level) * np.sqrt(spread) / base
            # where nothing varies, nothing is known of how much it might
            half = np.where(half > 1e-9 * (gain + loss), half, np.nan)
            low, high = value - half, value + half
        if self.of.selective:
            hidden = side.approved[:, UNKNOWN] > 0
            value, low, high = (np.where(hidden, np.nan, v) for v in (value, low, high))
        return {"profit": value, "profit_low": low, "profit_high": high}


def _rates(tables: Any) -> tuple[Any, Any]:
    """Approval rates of a group and its reference, from tables (..., 2, cut-offs + 1)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        own = tables[..., :-1] / tables[..., -1:]
    return own[..., 0, :], own[..., 1, :]


def _known(limit: Floats, otherwise: Floats) -> Floats:
    return np.where(np.isnan(limit), otherwise, limit)


def _over(tables: Any) -> Any:
    own, other = _rates(tables)
    return own / other


def _less(tables: Any) -> Any:
    own, other = _rates(tables)
    return own - other


def swept(of: Scored, number: int, costs: Costs | None, level: float) -> Swept:
    """One attribute's groups at about `number` cut-offs, the one in use among them."""
    cutoffs, operating, notes = _cutoffs(of, number)
    k, blocks = len(of.groups), by_block(of, cutoffs)

    def side(spread: Spread, place: int) -> Side:
        own = None if blocks is None else blocks[:, place]
        approved, total = spread.of.approved(cutoffs), spread.outcomes
        if spread.squares is None:
            return Side(approved, total, approved, total, False, own)
        squares = np.asarray(spread.squares.counts.sum(axis=0))
        return Side(approved, total, spread.squares.approved(cutoffs), squares, True, own)

    return Swept(
        of=of,
        cutoffs=cutoffs,
        operating=operating,
        everyone=side(of.everyone, 0),
        groups=tuple(side(s, 1 + g) for g, s in enumerate(of.groups)),
        others=tuple(
            None if of.reference in (None, g) else side(of.against(g), 1 + k + g) for g in range(k)
        ),
        costs=costs,
        level=level,
        notes=tuple(notes),
    )


def _cutoffs(of: Scored, number: int) -> tuple[Floats, int | None, list[str]]:
    """Cut-offs, strictest first, which of them is in use, and what to say about it."""
    every = of.cutoffs()
    reached = of.everyone.of.approved(every).sum(axis=1) / of.everyone.total
    wanted = np.linspace(0, 1, number) * (1 - 1e-12)
    places = np.unique(np.minimum(np.searchsorted(reached, wanted, "left"), len(every) - 1))
    chosen, own = every[places], of.roles.cutoff
    notes: list[str] = []
    if own is None:
        return chosen, None, notes
    if not of.exact:
        near = float(every[np.argmin(np.abs(every - own))])
        if near != own:
            notes.append(
                f"the cut-off in use, {own:g}, lies inside a bin: its edge {near:g} is marked"
            )
        own = near
    held = np.unique(np.append(chosen, own))
    held = held[::-1] if of.higher else held
    # cut-offs between the same two values approve the same people: the one in use stands for them
    rate = of.everyone.of.approved(held).sum(axis=1)
    at = int(np.flatnonzero(held == own)[0])
    same = (rate == rate[at]) & (np.arange(len(held)) != at)
    held = held[~same]
    return held, int(np.flatnonzero(held == own)[0]), notes
