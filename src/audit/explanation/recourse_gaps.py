"""What recourse costs one group and another: means, medians and infeasible shares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from audit.explanation.applicants import Applicants
from audit.explanation.recourse_record import RecourseGap, Way
from audit.inference.checks import critical
from audit.inference.intervals import difference_interval, rate_interval
from audit.inference.weights import effective

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

DRAWS = 1_000
"""Bootstrap resamples of a difference of medians."""
BANDS = (1, 2, 3, 4)


class Side(NamedTuple):
    """A group's costs in one band."""

    cost: Floats
    weight: Floats

    @property
    def known(self) -> Side:
        """Where a change was found."""
        at = np.isfinite(self.cost)
        return Side(self.cost[at], self.weight[at])

    def mean(self) -> tuple[float, float, float]:
        """Mean, its variance and degrees of freedom; nan where there are too few."""
        x, w = self.known
        if not len(x):
            return math.nan, math.nan, math.nan
        mean = float(np.average(x, weights=w))
        size = float(w.sum() ** 2 / (w**2).sum())
        if len(x) < 2:
            return mean, math.nan, math.nan
        spread = float(np.average((x - mean) ** 2, weights=w)) / (size - 1)
        return mean, spread, size - 1

    def infeasible(self) -> tuple[float, float]:
        """Effective applicants without a way, and in all."""
        without = ~np.isfinite(self.cost)
        w = self.weight
        x, n = effective(w[without].sum(), w.sum(), (w[without] ** 2).sum(), (w**2).sum(), len(w))
        return float(x), float(n)


def share_of(cost: Floats, weight: Floats, level: float) -> tuple[float, float, float]:
    """Share without a way, and Wilson's limits."""
    x, n = Side(cost, weight).infeasible()
    low, high = rate_interval(x, n, level)
    return x / n if n else math.nan, float(low), float(high)


def gaps_of(
    ways: Sequence[Way], people: Applicants, seed: int, level: float
) -> tuple[RecourseGap, ...]:
    """Every group against its reference: all, at equal distance, and by band."""
    rows = np.array([w.row for w in ways], dtype=np.int64)
    cost = np.array([w.cost for w in ways], dtype=np.float64)
    weight = np.array([w.weight for w in ways], dtype=np.float64)
    band = np.array([w.band for w in ways], dtype=np.int64)
    out: list[RecourseGap] = []
    for name in people.codes:
        reference = people.reference[name]
        if reference is None:
            continue
        inside = dict(zip(people.groups[name], people.inside[name], strict=True))
        codes = people.codes[name][rows]
        for group in people.groups[name]:
            own = inside[group][codes]
            other = inside[reference][codes] & ~own
            if group == reference or not own.any():
                continue
            who = {"attribute": name, "group": (group,), "reference": (reference,)}

            def pair(held: Mask, own: Mask = own, other: Mask = other) -> tuple[Side, Side]:
                return (
                    Side(cost[own & held], weight[own & held]),
                    Side(cost[other & held], weight[other & held]),
                )

            everyone = np.ones(len(rows), dtype=bool)
            whole = _gap(who, None, *pair(everyone), seed, level)
            parts = [(b, *pair(band == b)) for b in BANDS]
            each = [_gap(who, b, one, two, seed, level) for b, one, two in parts]
            out += [whole, _equal(who, whole, parts, level), *each]
    return tuple(out)


def _gap(
    who: dict[str, Any], band: int | None, one: Side, other: Side, seed: int, level: float
) -> RecourseGap:
    mean, variance, freedom = one.mean()
    mean_2, variance_2, freedom_2 = other.mean()
    low, high, reason = _welch(mean - mean_2, variance, freedom, variance_2, freedom_2, level)
    median = _medians(one.known, other.known, seed, level)
    (x, n), (x_2, n_2) = one.infeasible(), other.infeasible()
    own, theirs = (x / n if n else math.nan), (x_2 / n_2 if n_2 else math.nan)
    own_low, own_high = rate_interval(x, n, level)
    apart_low, apart_high = difference_interval(x, n, x_2, n_2, level)
    return RecourseGap(
        **who,
        band=band,
        rows=len(one.cost),
        reference_rows=len(other.cost),
        mean=mean,
        reference_mean=mean_2,
        difference=mean - mean_2,
        low=low,
        high=high,
        median_difference=median[0],
        median_low=median[1],
        median_high=median[2],
        infeasible=own,
        infeasible_low=float(own_low),
        infeasible_high=float(own_high),
        reference_infeasible=theirs,
        infeasible_difference=own - theirs,
        infeasible_difference_low=float(apart_low),
        infeasible_difference_high=float(apart_high),
        reason=reason,
    )


def _welch(
    value: float, v: float, f: float, v_2: float, f_2: float, level: float
) -> tuple[float, float, str | None]:
    """Welch's limits (Biometrika 34, 1947) and, where there are none, why."""
    from scipy.special import stdtrit

    if math.isnan(value):
        return math.nan, math.nan, "a side has nobody for whom a change was found"
    if math.isnan(v + v_2):
        return math.nan, math.nan, "a side has one applicant with a change: no interval"
    if v + v_2 <= 0:
        return math.nan, math.nan, "every change costs the same on both sides: no interval"
    freedom = (v + v_2) ** 2 / (v**2 / f + v_2**2 / f_2)
    reach = float(stdtrit(freedom, 1 - (1 - level) / 2)) * math.sqrt(v + v_2)
    return value - reach, value + reach, None


def _medians(one: Side, other: Side, seed: int, level: float) -> tuple[float, float, float]:
    """Difference of weighted medians with a percentile bootstrap."""
    if not len(one.cost) or not len(other.cost):
        return math.nan, math.nan, math.nan
    value = _median(one.cost, one.weight) - _median(other.cost, other.weight)
    if min(len(one.cost), len(other.cost)) < 5:
        return value, math.nan, math.nan
    rng = np.random.default_rng((seed, 9))
    drawn = [
        np.sort(s.cost[rng.choice(len(s.cost), (DRAWS, len(s.cost)), p=s.weight / s.weight.sum())])
        for s in (one, other)
    ]
    apart = [d[:, (d.shape[1] - 1) // 2] for d in drawn]
    tail = (1 - level) / 2
    low, high = np.quantile(apart[0] - apart[1], [tail, 1 - tail])
    return value, float(low), float(high)


def _median(values: Floats, weight: Floats) -> float:
    """The lower weighted median: the least value that half of the weight does not pass."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order])
    at = int(np.searchsorted(reached, reached[-1] / 2 * (1 - 1e-12)))
    return float(values[order][at])


def _equal(
    who: dict[str, Any],
    whole: RecourseGap,
    parts: Sequence[tuple[int, Side, Side]],
    level: float,
) -> RecourseGap:
    """The bands' differences averaged, each by the weight of its denied applicants.

    Bands without a mean or a variance on a side are left out, and said.
    """
    z = float(critical(level))
    kept, variances, freedom, means, shares, spread, left = [], [], [], [], [], [], []
    for band, one, other in parts:
        (mean, v, f), (mean_2, v_2, f_2) = one.mean(), other.mean()
        (x, n), (x_2, n_2) = one.infeasible(), other.infeasible()
        if not math.isfinite(v + v_2):
            if len(one.cost) or len(other.cost):
                left.append(band)
            continue
        kept.append(float(one.weight.sum() + other.weight.sum()))
        means.append((mean, mean_2))
        variances.append(v + v_2)
        freedom.append(v**2 / f + v_2**2 / f_2)
        p, p_2 = x / n, x_2 / n_2
        shares.append((p, p_2))
        spread.append(p * (1 - p) / n + p_2 * (1 - p_2) / n_2)
    nothing: dict[str, Any] = dict.fromkeys(
        ("median_difference", "median_low", "median_high", "infeasible_low", "infeasible_high"),
        math.nan,
    )
    told: dict[str, Any] = {"rows": whole.rows, "reference_rows": whole.reference_rows, "band": 0}
    if not kept:
        names = [
            *("mean", "reference_mean", "difference", "low", "high", "infeasible"),
            *("reference_infeasible", "infeasible_difference", "infeasible_difference_low"),
            "infeasible_difference_high",
        ]
        few = "no band has two applicants with a change on both sides"
        nothing |= dict.fromkeys(names, math.nan)
        return RecourseGap(**who, **told, **nothing, reason=few)
    w = np.array(kept) / sum(kept)
    mean, mean_2 = (float(w @ np.array(means)[:, k]) for k in (0, 1))
    p, p_2 = (float(w @ np.array(shares)[:, k]) for k in (0, 1))
    variance = float(w**2 @ np.array(variances))
    below = float(w**4 @ np.array(freedom))
    reach = math.nan
    reason: str | None = "every change costs the same on both sides: no interval"
    if variance > 0:
        from scipy.special import stdtrit

        reach = float(stdtrit(variance**2 / below, 1 - (1 - level) / 2)) * math.sqrt(variance)
        reason = None
    if left:
        missing = f"band{'s' * (len(left) > 1)} {', '.join(map(str, left))} left out: too few"
        reason = missing if reason is None else f"{reason}; {missing}"
    half = z * math.sqrt(float(w**2 @ np.array(spread)))
    return RecourseGap(
        **who,
        **told,
        **nothing,
        mean=mean,
        reference_mean=mean_2,
        difference=mean - mean_2,
        low=mean - mean_2 - reach,
        high=mean - mean_2 + reach,
        infeasible=p,
        reference_infeasible=p_2,
        infeasible_difference=p - p_2,
        infeasible_difference_low=max(p - p_2 - half, -1.0) if half > 0 else math.nan,
        infeasible_difference_high=min(p - p_2 + half, 1.0) if half > 0 else math.nan,
        reason=reason,
    )
