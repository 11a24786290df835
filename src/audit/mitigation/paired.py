"""Candidates judged on the same people: every difference is paired, by one bootstrap of people.

Each replicate draws people (or applicants, where rows repeat) with Poisson(1) weights, the same
for every candidate, so what two candidates share cancels out of their difference. Rates follow
from a replicate's counts; the area under the curve from its influence function (Efron &
Tibshirani, An Introduction to the Bootstrap, 1993; DeLong, DeLong & Clarke-Pearson, Biometrics
44, 1988).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.inference.auc import area_influence
from audit.metrics.catalogue import CATALOGUE
from audit.metrics.metric import Metric
from audit.mitigation.costs import Costs
from audit.mitigation.people import People
from audit.mitigation.record import Limits
from audit.table.wording import shown, suggestion

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

REPLICATES = 1_000
"""Draws of people."""
AT_ONCE = 2_000_000
"""Weights drawn at a time."""
UTILITIES = ("auc", "accuracy", "profit", "default_rate")
"""What a candidate may be useful by."""
LOWER_IS_BETTER = frozenset({"default_rate"})
"""Those that are the better the lower."""
CONTRASTS = ("difference", "ratio", "worst_difference", "worst_ratio")
"""Comparisons that a disparity is read from."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """What candidates say of the same people."""

    decisions: Flags
    """Whether approved, shape (candidates, people)."""
    scores: Floats
    """P(favourable), of the same shape."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """A statistic of every candidate: over all people, and in every replicate."""

    value: Floats
    """Shape (candidates,)."""
    replicates: Floats
    """Shape (replicates, candidates)."""

    def limits(self, level: float) -> list[Limits]:
        """Percentile limits of each candidate's own value."""
        return _limits(self.value, self.replicates, level)

    def changes(self, level: float) -> list[Limits]:
        """Each candidate less the first, paired."""
        return _limits(self.value - self.value[0], self.replicates - self.replicates[:, :1], level)

    def simultaneous(self, level: float) -> list[Limits]:
        """The same with limits that hold for every candidate at once.

        Of the largest studentised deviation over candidates, as Romano & Wolf (Econometrica 73,
        2005) have it.
        """
        value = self.value - self.value[0]
        spread = self.replicates - self.replicates[:, :1]
        error = np.nanstd(spread, axis=0)
        moving = error > 0
        if not moving.any():
            return [Limits(value=float(v), low=float(v), high=float(v)) for v in value]
        apart = np.abs(spread[:, moving] - value[moving]) / error[moving]
        reach = float(np.nanquantile(np.nanmax(apart, axis=1), level))
        return [
            Limits(value=float(v), low=float(v - reach * e), high=float(v + reach * e))
            for v, e in zip(value, error, strict=True)
        ]


def _limits(value: Floats, replicates: Floats, level: float) -> list[Limits]:
    tail = (1 - level) / 2
    out = []
    for v, own in zip(value, replicates.T, strict=True):
        kept = own[np.isfinite(own)]
        if not np.isfinite(v) or len(kept) < 0.9 * len(own):
            out.append(Limits(value=float(v)))
            continue
        low, high = np.quantile(kept, [tail, 1 - tail])
        out.append(Limits(value=float(v), low=float(low), high=float(high)))
    return out


def disparity_metric(key: object) -> Metric:
    """The catalogue entry that a disparity is read from.

    Raises `InputError` MIT011 for a key that is not in the catalogue, or no difference or ratio of
    rates of decisions.
    """
    known = [
        k for k, m in CATALOGUE.items()
        if m.contrast in CONTRASTS and m.rates and "decision" in m.needs
        and all(r.form != "score" and "level" not in r.key for r in m.rates)
    ]  # fmt: skip
    if not isinstance(key, str) or key not in known:
        raise InputError(
            "MIT011", f"{shown(key)} is no difference or ratio of a rate of decisions",
            argument="metric", fix=suggestion(key, known),
        )  # fmt: skip
    return CATALOGUE[key]


def disparity(metric: Metric, own: Floats, reference: Floats) -> Floats:
    """How far from equality: |difference|, or 1 − ratio (of the smaller to the larger rate).

    `own` and `reference` are cells of shape (..., 3, 3); of several rates the furthest counts.

    >>> cells = np.zeros((2, 3, 3)); cells[0, :2, 0] = 30, 70; cells[1, :2, 0] = 40, 60
    >>> round(float(disparity(CATALOGUE["disparate_impact_ratio"], cells[0], cells[1])), 12)
    0.25
    """
    found = []
    for rate in metric.rates:
        a, b = rate.value(own), rate.value(reference)
        if metric.contrast in ("ratio", "worst_ratio"):
            with np.errstate(divide="ignore", invalid="ignore"):
                low, high = np.minimum(a, b), np.maximum(a, b)
                found.append(np.where(high > 0, 1 - low / high, np.nan))
        else:
            found.append(np.abs(a - b))
    furthest: Floats = np.max(found, axis=0)
    return furthest


def gap(metric: Metric, own: Floats, reference: Floats) -> Floats:
    """Rate of the reference less the group's, of the first rate."""
    rate = metric.rates[0]
    apart: Floats = rate.value(reference) - rate.value(own)
    return apart


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bench:
    """Everything drawn of all candidates on the same people."""

    cells: Mapping[tuple[str, int], Floats]
    """By (attribute, level index): cells in every replicate, shape (1 + replicates, candidates,
    3, 3); the first is of all people as they are. ("", 0) is everyone."""
    auc: Drawn
    """Area under the curve."""

    def of(self, statistic: Floats) -> Drawn:
        """A statistic of shape (1 + replicates, candidates) as a `Drawn`."""
        return Drawn(value=statistic[0], replicates=statistic[1:])

    def disparity(self, metric: Metric, attribute: str, group: int, reference: int) -> Drawn:
        """Of one group against its reference."""
        own, other = self.cells[attribute, group], self.cells[attribute, reference]
        return self.of(disparity(metric, own, other))

    def gap(self, metric: Metric, attribute: str, group: int, reference: int) -> Drawn:
        """Rate of the reference less the group's."""
        own, other = self.cells[attribute, group], self.cells[attribute, reference]
        return self.of(gap(metric, own, other))

    def measure(self, name: str, costs: Costs | None = None) -> Drawn:
        """ "auc", "accuracy", "approval_rate", "default_rate" or "profit" over everyone."""
        if name == "auc":
            return self.auc
        all_ = self.cells["", 0]
        approved, known = all_[..., 0, :].sum(-1), all_[..., :2, :2].sum((-1, -2))
        with np.errstate(divide="ignore", invalid="ignore"):
            if name == "approval_rate":
                return self.of(approved / all_.sum((-1, -2)))
            if name == "accuracy":
                return self.of((all_[..., 0, 0] + all_[..., 1, 1]) / known)
            if name == "default_rate":
                return self.of(all_[..., 0, 1] / all_[..., 0, :2].sum(-1))
            assert name == "profit"
            assert costs is not None
            return self.of((costs.gain * all_[..., 0, 0] - costs.loss * all_[..., 0, 1]) / known)


def bench(who: People, answers: Answers, *, seed: int = 0, replicates: int = REPLICATES) -> Bench:
    """Draw people, and count every candidate's decisions by group and outcome in each draw."""
    rng = np.random.default_rng(seed)
    size, number = len(who), len(answers.decisions)
    approved = answers.decisions.T.astype(np.float64)
    kinds = np.eye(3)[who.kind]
    parts = {("", 0): np.arange(size)}
    for name, codes in who.codes.items():
        for level in range(len(who.levels[name])):
            rows = np.flatnonzero(codes == level)
            if len(rows):
                parts[name, level] = rows
    good, bad = (who.mass * kinds[:, kind] for kind in (0, 1))
    found = [area_influence(own, good, bad) for own in answers.scores]
    areas, influence = np.array([a for a, _ in found]), np.stack([i for _, i in found], axis=1)
    cells = {key: np.zeros((1 + replicates, number, 3, 3)) for key in parts}
    auc = np.zeros((1 + replicates, number))
    auc[0] = areas
    step = max(1, AT_ONCE // max(size, 1))
    starts = [(0, 1), *((i, min(i + step, 1 + replicates)) for i in range(1, 1 + replicates, step))]
    for begin, end in starts:
        drawn = np.ones((1, size)) if begin == 0 else _draw(rng, end - begin, who)
        weights = drawn * who.mass
        for key, rows in parts.items():
            own = weights[:, rows]
            for kind in range(3):
                marked = kinds[rows, kind]
                if not marked.any():
                    continue
                yes = own @ (approved[rows] * marked[:, None])
                cells[key][begin:end, :, 0, kind] = yes
                # rounding must not leave less than nobody among the denied
                cells[key][begin:end, :, 1, kind] = np.maximum((own @ marked)[:, None] - yes, 0.0)
        if begin:
            auc[begin:end] = areas + (drawn - 1.0) @ influence
    return Bench(cells=cells, auc=Drawn(value=auc[0], replicates=auc[1:]))


def _draw(rng: np.random.Generator, number: int, who: People) -> Floats:
    if who.cluster is None:
        return rng.poisson(1.0, (number, len(who))).astype(np.float64)
    keys, place = np.unique(who.cluster, return_inverse=True)
    drawn: Floats = rng.poisson(1.0, (number, len(keys))).astype(np.float64)[:, place]
    return drawn


def dominated(disparity: Sequence[float], utility: Sequence[float]) -> list[bool]:
    """Whether another is at least as fair and as useful, and better in one; higher utility is
    better here. A candidate with an undefined number is dominated.

    >>> dominated([0.2, 0.1, 0.1, 0.3], [0.8, 0.8, 0.7, 0.9])
    [True, False, True, False]
    """
    pairs = list(zip(disparity, utility, strict=True))
    return [
        not (np.isfinite(d) and np.isfinite(u))
        or any(e <= d and v >= u and (e < d or v > u) for e, v in pairs)
        for d, u in pairs
    ]
