"""The cheapest change of a few features that a model approves: exact for two, a beam beyond.

Every value tried is one that an applicant of the table has, lent by that row, so that dtypes and
categories stay the caller's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.explanation.applicants import Applicants
from audit.explanation.hybrids import hybrids
from audit.table import encode
from audit.table.columns import floats

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Judge = Callable[[Any], tuple[Mask, Floats]]
"""narwhals rows -> (approved, score), probabilities as log-odds so that gains near 0 count."""

STEPS = 16
"""Values tried of a feature, at most."""
CATEGORY = 0.5
"""Cost of another category, and of a value in place of a missing one: what a yes/no column
written 0/1 costs on mid-rank percentiles, whatever its shares."""
BATCH = 50_000
"""Rows a model is asked at once."""
PAIRS = 500_000
"""Changes of two features tried in one search, shared among its applicants."""
TOGETHER = 1_000
"""Applicants whose pairs are held at once."""
BEAM = 4
"""Unfinished changes kept of an applicant at each depth beyond two."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """Values to try, flat over features, and what each costs each applicant."""

    features: tuple[str, ...]
    """Actionable features."""
    owner: Ints
    """Feature of each step."""
    lender: Ints
    """Row of the table whose value it is."""
    cost: Floats
    """Shape (applicants, steps); inf where it is not allowed or no change."""


@dataclass(slots=True, kw_only=True, eq=False)
class Best:
    """The cheapest change found of each applicant, so far."""

    cost: Floats
    """inf where none was found."""
    steps: list[tuple[int, ...]]
    """Which steps it takes."""
    exact: Mask
    """Whether every cheaper one of one or two features was tried."""


def steps_of(
    people: Applicants,
    rows: Ints,
    features: Sequence[str],
    monotone: Mapping[str, str],
    ranges: Mapping[str, tuple[float | None, float | None]],
) -> Steps:
    """Values of each feature, at even percentiles or the most frequent ones, and their costs."""
    mass = people.mass
    owner: list[Ints] = []
    lender: list[Ints] = []
    cost: list[Floats] = []
    for j, name in enumerate(features):
        column = people.frame.get_column(name)
        numbers = floats(column)
        if numbers is None:
            rows_of, own = _categories(column, name, mass, rows)
        else:
            rows_of, own = _numbers(numbers, mass, rows, monotone.get(name), ranges.get(name))
        owner.append(np.full(len(rows_of), j))
        lender.append(rows_of)
        cost.append(own)
    return Steps(
        features=tuple(features),
        owner=np.concatenate([np.empty(0, np.int64), *owner]).astype(np.int64),
        lender=np.concatenate([np.empty(0, np.int64), *lender]).astype(np.int64),
        cost=np.concatenate([np.empty((len(rows), 0)), *cost], axis=1),
    )


def _numbers(
    numbers: Floats,
    mass: Floats,
    rows: Ints,
    way: str | None,
    within: tuple[float | None, float | None] | None,
) -> tuple[Ints, Floats]:
    known = np.flatnonzero(~np.isnan(numbers) & (mass > 0))
    values, first, place = np.unique(numbers[known], return_index=True, return_inverse=True)
    if not len(values):
        return np.empty(0, np.int64), np.empty((len(rows), 0))
    weight = np.bincount(place, weights=mass[known], minlength=len(values))
    rank = (np.cumsum(weight) - weight / 2) / weight.sum()
    chosen = np.arange(len(values))
    if within is not None:
        low, high = within
        kept = (values >= (-np.inf if low is None else low)) & (
            values <= (np.inf if high is None else high)
        )
        chosen = chosen[kept]
    if len(chosen) > STEPS:
        # the ends of what is allowed, and even percentiles between them
        aims = np.linspace(rank[chosen[0]], rank[chosen[-1]], STEPS)
        near = np.searchsorted(rank[chosen], aims).clip(0, len(chosen) - 1)
        chosen = chosen[np.unique(np.concatenate([[0], near, [len(chosen) - 1]]))]
    own = numbers[rows]
    at = np.searchsorted(values, np.where(np.isnan(own), values[0], own)).clip(0, len(values) - 1)
    cost = np.abs(rank[chosen][None, :] - rank[at][:, None])
    cost[np.isnan(own)] = CATEGORY
    moves = values[chosen][None, :] - own[:, None]  # nan, allowed, where the value is missing
    allowed = moves != 0
    if way is not None:
        allowed &= ~(moves < 0) if way == "increase" else ~(moves > 0)
    cost[~allowed] = np.inf
    return known[first[chosen]], cost


def _categories(column: Any, name: str, mass: Floats, rows: Ints) -> tuple[Ints, Floats]:
    found = encode.look(column, name)
    codes = np.asarray(found.handle, dtype=np.int64)
    held = np.bincount(codes, weights=mass, minlength=len(found.values))
    present = [i for i in np.argsort(-held, kind="stable") if held[i] > 0]
    chosen = [int(i) for i in present if found.values[i] is not None][:STEPS]
    if not chosen:
        return np.empty(0, np.int64), np.empty((len(rows), 0))
    heavy = np.flatnonzero(mass > 0)
    kinds, first = np.unique(codes[heavy], return_index=True)
    lender = dict(zip(kinds.tolist(), heavy[first].tolist(), strict=True))
    cost = np.where(codes[rows][:, None] == np.array(chosen)[None, :], np.inf, CATEGORY)
    return np.array([lender[i] for i in chosen], dtype=np.int64), cost


# --- search ---------------------------------------------------------------------------------


class Search:
    """Asks a model about changed rows, in batches, and keeps each applicant's cheapest change."""

    __slots__ = ("best", "frame", "judge", "pairs", "rows", "scores", "steps", "target")

    def __init__(
        self,
        frame: Any,
        rows: Ints,
        scores: Floats,
        target: float,
        steps: Steps,
        judge: Judge,
        pairs: int = PAIRS,
    ) -> None:
        """`rows` and `scores` are the applicants', `target` the lowest approved score."""
        self.frame, self.rows, self.scores, self.target = frame, rows, scores, target
        self.steps, self.judge, self.pairs = steps, judge, pairs
        size = len(rows)
        self.best = Best(
            cost=np.full(size, np.inf), steps=[()] * size, exact=np.ones(size, dtype=bool)
        )

    def ask(self, who: Ints, taken: Ints) -> tuple[Mask, Floats]:
        """Approved and score of `who` with steps `taken`, shape (asked, depth); −1 is none."""
        approved, scores = np.empty(len(who), dtype=bool), np.empty(len(who))
        for start in range(0, len(who), BATCH):
            part = slice(start, start + BATCH)
            approved[part], scores[part] = self.judge(self.changed(who[part], taken[part]))
        return approved, scores

    def changed(self, who: Ints, taken: Ints) -> Any:
        """The applicants' rows with these steps, as a narwhals frame."""
        own = self.rows[who]
        index = {name: j for j, name in enumerate(self.steps.features)}
        lent = {}
        for name in self.frame.columns:
            rows = own
            if name in index:
                for k in range(taken.shape[1]):
                    step = taken[:, k]
                    mine = (step >= 0) & (self.steps.owner[step] == index[name])
                    if mine.any():
                        rows = np.where(mine, self.steps.lender[step], rows)
            lent[name] = rows
        return hybrids(self.frame, lent)

    def keep(self, who: Ints, taken: Ints, approved: Mask) -> None:
        """Keep the cheapest approved change of each applicant; of equals, the first."""
        at = np.flatnonzero(approved)
        cost = self.cost(who[at], taken[at])
        for i in np.lexsort((at, cost, who[at])):
            row = int(who[at[i]])
            if cost[i] < self.best.cost[row] - 1e-12:
                self.best.cost[row] = cost[i]
                self.best.steps[row] = tuple(int(k) for k in taken[at[i]] if k >= 0)

    def cost(self, who: Ints, taken: Ints) -> Floats:
        """Σ of the steps' costs."""
        each = np.where(taken >= 0, self.steps.cost[who[:, None], taken], 0.0)
        return np.asarray(each.sum(axis=1))

    def run(self, most: int) -> Best:
        """All single steps, then pairs by rising cost, then a beam, then each step made smaller."""
        who, step = np.nonzero(np.isfinite(self.steps.cost))
        scores = np.full(self.steps.cost.shape, -np.inf)
        approved, scores[who, step] = self.ask(who, step[:, None])
        self.keep(who, step[:, None], approved)
        if most >= 3:
            self._beam(scores, most)
        if most >= 2:
            self._pairs(scores)
        if most >= 3:
            self._smaller()
        return self.best

    def _pairs(self, scores: Floats) -> None:
        """Pairs cheaper than the best, by rising cost: the first approved is the cheapest."""
        size = len(self.rows)
        if not size:
            return
        share = max(self.pairs // size, 500)
        for start in range(0, size, TOGETHER):
            rows = list(range(start, min(start + TOGETHER, size)))
            queues = {
                i: q for i in rows if len(q := self._ordered(i, share, scores[i] - self.scores[i]))
            }
            done, chunk = 0, 256
            while queues:
                parts = {i: q[done : done + chunk] for i, q in queues.items()}
                who = np.concatenate([np.full(len(p), i) for i, p in parts.items()])
                taken = np.concatenate(list(parts.values()))
                approved, _ = self.ask(who, taken)
                self.keep(who, taken, approved)
                settled = set(who[approved].tolist())
                done += chunk
                queues = {i: q for i, q in queues.items() if i not in settled and len(q) > done}
                chunk *= 2

    def _ordered(self, row: int, share: int, gain: Floats) -> Ints:
        """Pairs of steps by rising cost; where they are too many, first those that, were gains to
        add up, come at least half of the way."""
        own = np.flatnonzero(np.isfinite(self.steps.cost[row]))
        cost, owner = self.steps.cost[row, own], self.steps.owner[own]
        cap = self.best.cost[row] - 1e-12
        one, other = np.nonzero(
            (owner[:, None] < owner[None, :]) & (cost[:, None] + cost[None, :] < cap)
        )
        both = cost[one] + cost[other]
        order = np.argsort(both, kind="stable")
        if len(order) > share:
            half = max(self.target - self.scores[row], 0.0) / 2
            near = gain[own[one]] + gain[own[other]] >= half
            order = order[near[order]][:share]
            self.best.exact[row] = False
        return np.column_stack([own[one[order]], own[other[order]]])

    def _beam(self, scores: Floats, most: int) -> None:
        """Grow the most promising changes a feature at a time."""
        size = len(self.rows)
        need = np.maximum(self.target - self.scores, 1e-9)
        states = []
        for i in range(size):
            own = np.flatnonzero(np.isfinite(self.steps.cost[i]))
            singles: list[tuple[int, ...]] = [(int(k),) for k in own]
            gain = scores[i, own] - self.scores[i]
            states.append(_promising(singles, self.steps.cost[i, own], gain, need[i]))
        for _ in range(1, most):
            who: list[int] = []
            taken: list[tuple[int, ...]] = []
            for i, held in enumerate(states):
                grown = self._grown(i, held)
                who += [i] * len(grown)
                taken += grown
            if not taken:
                return
            at, table = np.array(who), np.array(taken)
            approved, got = self.ask(at, table)
            self.keep(at, table, approved)
            cost = self.cost(at, table)
            states = []
            for i in range(size):
                start, end = np.searchsorted(at, [i, i + 1])
                mine = start + np.flatnonzero(~approved[start:end])
                kept = [taken[k] for k in mine.tolist()]
                gain = got[mine] - self.scores[i]
                states.append(_promising(kept, cost[mine], gain, need[i]))

    def _grown(self, row: int, held: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
        cost, owner = self.steps.cost[row], self.steps.owner
        out: dict[tuple[int, ...], None] = {}
        for state in held:
            spent = float(cost[list(state)].sum())
            fits = np.isfinite(cost) & (spent + cost < self.best.cost[row] - 1e-12)
            fits &= ~np.isin(owner, owner[list(state)])
            for k in np.flatnonzero(fits).tolist():
                out.setdefault(tuple(sorted((*state, k))), None)
        return list(out)

    def _smaller(self) -> None:
        """Take back or lessen one step at a time while the model still approves."""
        for _ in range(2):
            who: list[int] = []
            taken: list[list[int]] = []
            for i, held in enumerate(self.best.steps):
                if len(held) < 3:
                    continue
                for place, step in enumerate(held):
                    other = self.steps.cost[i] < self.steps.cost[i, step] - 1e-12
                    same = np.flatnonzero(other & (self.steps.owner == self.steps.owner[step]))
                    for k in (-1, *same.tolist()):
                        who.append(i)
                        changed = list(held)
                        changed[place] = k
                        taken.append(changed)
            if not taken:
                return
            width = max(len(t) for t in taken)
            table = np.array([[*t, *[-1] * (width - len(t))] for t in taken])
            at = np.array(who)
            approved, _ = self.ask(at, table)
            self.keep(at, table, approved)


def _promising(
    states: list[tuple[int, ...]], cost: Floats, gain: Floats, need: float
) -> list[tuple[int, ...]]:
    """Those that would reach the cut-off most cheaply, were gains in proportion to costs."""
    if not states:
        return []
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = np.where(gain > 0, cost * np.maximum(need / gain, 1.0), np.inf)
    order = np.lexsort((np.arange(len(states)), whole))[:BEAM]
    return [states[i] for i in order if np.isfinite(whole[i])]
