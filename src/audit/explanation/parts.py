"""From values of single rows to a group's gap and its parts, with limits.

A part is the group's mean value of a feature less the reference's. Where only some rows have
values, a part is put on all rows by regression on the score, which every row has: its slopes sum
to 1 over the features, so that the parts still sum to the gap of all rows, and more exactly than
the sample's own means would.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.explanation.record import Attribution, Gap
from audit.inference.checks import critical
from audit.table.roles import Level

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """One group's means of score and values, with what their variances need."""

    rows: int
    """Applicants (Σ of `count=`)."""
    means: Floats
    """Mean of the score, then of each feature's values, shape (1 + features,)."""
    variances: Floats
    """Of these means, rows independent; nan below two effective rows."""
    freedom: float
    """Effective rows − 1 (of the fewer of score and values)."""
    clusters: tuple[Ints, Floats] | None
    """Applicant and influence of each row, where applicants repeat."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weighing:
    """How rows count."""

    weight: Floats | None
    """Sampling weights."""
    count: Floats | None
    """Frequencies."""
    cluster: Ints | None
    """Applicant of each row, where rows repeat."""

    def of(self, rows: Ints) -> tuple[Floats, Floats]:
        """Weight of one unit of each row, and how many units it stands for."""
        ones = np.ones(len(rows))
        return (
            ones if self.weight is None else self.weight[rows],
            ones if self.count is None else self.count[rows],
        )


def side(
    rows: Ints, scores: Floats, sampled: Ints, values: Floats, weighing: Weighing
) -> Side | None:
    """A group's means; `sampled` says which of `rows` (by place) have `values`.

    None where nothing has weight.
    """
    weight, count = weighing.of(rows)
    mass = weight * count
    if not mass.sum() > 0 or not mass[sampled].sum() > 0:
        return None
    f = scores[rows]
    mean = float(mass @ f / mass.sum())
    center = f - mean
    size = _effective(weight, count)
    own, units = weight[sampled], count[sampled]
    share = own * units / (own * units).sum()
    at = share @ values
    spread = values - at
    if len(sampled) == len(rows):
        fit, at_whole, smaller = np.zeros(values.shape[1]), at, size
    else:
        here = f[sampled]
        drift = here - share @ here
        varies = float(share @ drift**2)
        flat = np.full(values.shape[1], 1 / max(values.shape[1], 1))
        fit = (share * drift) @ spread / varies if varies > 0 else flat
        at_whole = at + fit * (mean - float(share @ here))
        spread = spread - drift[:, None] * fit
        smaller = _effective(own, units)
    of_score = _variance(mass, center[:, None], size)
    of_values = fit**2 * of_score + _variance(own * units, spread, smaller)
    clusters = None
    if weighing.cluster is not None:
        influence = np.zeros((len(rows), 1 + values.shape[1]))
        influence[:, 0] = mass / mass.sum() * center
        influence[:, 1:] = influence[:, :1] * fit
        influence[sampled, 1:] += share[:, None] * spread
        clusters = weighing.cluster[rows], influence
    return Side(
        rows=int(count.sum()),
        means=np.concatenate([[mean], at_whole]),
        variances=np.concatenate([of_score, of_values]),
        freedom=min(size, smaller) - 1,
        clusters=clusters,
    )


def _effective(weight: Floats, count: Floats) -> float:
    """(Σ cw)² / Σ cw²: rows that a frequency repeats are rows, weights are not."""
    total = float((weight * count).sum())
    return total**2 / float((weight**2 * count).sum())


def _variance(mass: Floats, spread: Floats, size: float) -> Floats:
    """Variance of weighted means of columns of deviations, unbiased without weights."""
    if size < 2:
        return np.full(spread.shape[1], math.nan)
    return np.asarray(mass @ spread**2 / mass.sum() / (size - 1))


def limits(one: Side, other: Side, level: float) -> tuple[Floats, Floats, Floats]:
    """Differences of means with limits: Welch's, or over applicants where these repeat.

    Welch (Biometrika 34, 1947) with effective rows; for repeated applicants the variance of the
    difference is that of sums of influence over applicants, on one fewer degrees of freedom than
    there are applicants. nan where a side has fewer than two effective rows.
    """
    from scipy.special import stdtrit

    critical(level)
    value = one.means - other.means
    with np.errstate(divide="ignore", invalid="ignore"):
        if one.clusters is not None and other.clusters is not None:
            ids = np.concatenate([one.clusters[0], other.clusters[0]])
            _, place = np.unique(ids, return_inverse=True)
            groups = int(place.max()) + 1
            sums = np.zeros((groups, len(value)))
            np.add.at(sums, place, np.concatenate([one.clusters[1], -other.clusters[1]]))
            scale = groups / (groups - 1) if groups > 1 else math.nan
            variance = (sums**2).sum(axis=0) * scale
            freedom: Floats = np.full(len(value), float(groups - 1))
        else:
            variance = one.variances + other.variances
            below = one.variances**2 / one.freedom + other.variances**2 / other.freedom
            freedom = np.where(below > 0, variance**2 / below, 1.0)
        known = np.isfinite(variance) & (freedom > 0)
        reach = stdtrit(np.where(known, freedom, 1.0), 1 - (1 - level) / 2) * np.sqrt(variance)
    half = np.where(known, reach, math.nan)
    return value, value - half, value + half


def gap(
    attribute: str,
    level_of_group: Level,
    reference: Level,
    one: Side | None,
    other: Side | None,
    features: Sequence[str],
    level: float,
    background: str,
) -> Gap:
    """A group's gap with its parts, largest first; with a reason where there is none."""
    nothing = math.nan
    rows = (0 if one is None else one.rows, 0 if other is None else other.rows)
    few = next(
        (f"{n} row{'' if n == 1 else 's'} in the {who}: a mean needs two to have limits"
         for n, who in zip(rows, ("group", "reference"), strict=True) if n < 2),
        None,
    )  # fmt: skip
    if one is None or other is None or few is not None:
        return Gap(
            attribute=(attribute,),
            group=(level_of_group,),
            reference=(reference,),
            value=nothing,
            low=nothing,
            high=nothing,
            rows=rows[0],
            reference_rows=rows[1],
            reason=few or "no row of it has any weight",
        )
    value, low, high = limits(one, other, level)
    found = [float(v) for v in value]
    settled = low[0] > 0 or high[0] < 0
    attributions = [
        Attribution(
            feature=name,
            group=(level_of_group,),
            value=found[j],
            low=float(low[j]),
            high=float(high[j]),
            share=found[j] / found[0] if settled else nothing,
        )
        for j, name in enumerate(features, start=1)
    ]
    return Gap(
        attribute=(attribute,),
        group=(level_of_group,),
        reference=(reference,),
        value=found[0],
        low=float(low[0]),
        high=float(high[0]),
        rows=rows[0],
        reference_rows=rows[1],
        attributions=tuple(sorted(attributions, key=lambda a: -abs(a.value))),
        background=background,
        reason=None if math.isfinite(low[0]) else "fewer than two effective rows: no interval",
    )
