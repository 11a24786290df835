"""Score metrics of groups and their gaps, from score distributions."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from audit.inference.amounts import NEGATIVE, WELCH, nonnegative, quantile_limits, welch_limits
from audit.inference.auc import Area, area, auc_difference_interval, auc_interval, unjudged
from audit.inference.bootstrap import cell_bootstrap
from audit.inference.by_blocks import BlockSums, clustered
from audit.inference.by_group import BOUNDS, SELECTIVE
from audit.inference.checks import critical
from audit.inference.estimate import NAN, Estimate, Estimates
from audit.inference.mover import interval_p_value, mover_difference, mover_ratio
from audit.inference.shared_rows import compared_with, marked
from audit.inference.standardized import standardized_difference
from audit.inference.worst_score import compared, known_rows, why, worst_score
from audit.metrics.contrasts import compare_scores, difference, ratio
from audit.metrics.metric import Metric, Rate
from audit.metrics.quantiles import SHARES
from audit.metrics.scores import calibration_intercept, calibration_slope
from audit.tally.coarsen import coarsen
from audit.tally.distribution import Distribution

REPLICATES = 1_000
FEW_OR_EQUAL = "fewer than two values in a group, or no value differs"
PARALLEL = 100_000
"""From this many values on, groups are worked out side by side."""
SUPPORT = 128
"""Score values kept apart in a bootstrap; more are merged into equally filled bins."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """A distribution, with what every metric of it shares."""

    d: Distribution
    """The group's scores."""
    area: Area | None
    """Its AUC, where that is asked for."""
    limits: Mapping[str, tuple[float, float]]
    """Bootstrap limits by metric."""
    found: dict[str, float] = field(default_factory=dict)
    """Values worked out so far, by rate."""

    def value(self, rate: Rate) -> float:
        """The rate's value, worked out once for its own estimate and all its gaps."""
        if rate.key not in self.found:
            assert rate.of_scores is not None
            self.found[rate.key] = float(rate.of_scores(self.d))
        return self.found[rate.key]

    @property
    def unjudged(self) -> str | None:
        """Why its AUC has no interval, or None."""
        return None if self.area is None else unjudged(self.area)


def score_estimates(
    distributions: Sequence[Distribution],
    reference: Mapping[tuple[str, ...], tuple[Any, ...]],
    metrics: Sequence[Metric],
    *,
    level: float,
    selective: bool,
    seed: int,
    amount: bool = False,
    sums: BlockSums | None = None,
) -> Estimates:
    """Estimates of one column's distributions, all groups of all attributes.

    `reference` names each attribute's reference group. For a continuous decision (`amount`)
    what needs an outcome is left out. `sums` by block of repeated
    applicants give means and their differences a jackknife.
    """
    if amount:
        metrics = [m for m in metrics if "outcome" not in m.needs]
    found: list[Estimate] = []
    others = compared_with(distributions, reference)
    every = [*distributions, *(d for d, fewer in others.values() if fewer)]
    ranked = any(m.rates and m.rates[0].key == "auc" for m in metrics)

    def side(d: Distribution) -> Side:
        limits = _resampled(metrics, d, level, seed)
        return Side(d=d, area=area(d) if ranked else None, limits=limits)

    if sum(len(d.values) for d in every) < PARALLEL:
        sides = {id(d): side(d) for d in every}
    else:
        # each has its own seed and numpy lets others run meanwhile: the same numbers, sooner
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            sides = {id(s.d): s for s in pool.map(side, every)}
    for metric in metrics:
        if (metric.contrast or "").startswith("worst"):
            found += [
                worst_score(metric, own, level, selective)
                for own in compared(distributions).values()
            ]
            continue
        for d in distributions:
            if metric.contrast is None:
                one = _one(metric, sides[id(d)], level, selective)
                found.append(clustered(one, sums))
                continue
            if id(d) not in others:
                continue
            other, fewer = others[id(d)]
            gap = _gap(metric, sides[id(d)], sides[id(other)], level, selective)
            found.append(marked(clustered(gap, sums), fewer))
    return Estimates.of(found)


def _interval(metric: Metric, side: Side, level: float) -> tuple[float, float, str]:
    """Limits of one group's score metric and how they were made."""
    key, d = metric.rates[0].key, side.d
    suffix = "" if d.exact else f", {len(d.edges) - 1} bins"
    if key == "auc" and side.area is not None:
        return (*auc_interval(side.area, level), f"DeLong on the logit scale{suffix}")
    if key == "mean_score":
        centre = d.sum / d.total
        low, high = _mean_interval(*_around(d, centre), d.weight_squared, level)
        return low + centre, high + centre, "t"
    if key in SHARES:
        return quantile_limits(d, SHARES[key], level)
    if key == "brier":
        losses = squared_errors(d)
        mass, squares = d.counts[:, :2], losses**2
        share = float(mass.sum()) / d.total
        sums = (float(mass.sum()), float((mass * losses).sum()), float((mass * squares).sum()))
        return (*_mean_interval(*sums, d.weight_squared * share, level), f"t{suffix}")
    if key in ("calibration_intercept", "calibration_slope"):
        return (*_line_interval(d, level)[key == "calibration_slope"], f"Wald{suffix}")
    return (*side.limits.get(key, (NAN, NAN)), f"cell bootstrap{suffix}")


def _line_interval(
    d: Distribution, level: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Wald's limits of the recalibration line's intercept and slope, where there is one."""
    line = (float(calibration_intercept(d)), float(calibration_slope(d)))
    rows = d.known_by_value
    keep = rows > 0
    p = d.values[keep] if d.higher_is_better else 1 - d.values[keep]
    x = np.log(p / (1 - p))
    fitted = 1 / (1 + np.exp(-(line[0] + line[1] * x)))
    # (Σw)²/Σw² rows carry the information, where weights vary
    w = rows[keep] * (d.total / d.weight_squared) * fitted * (1 - fitted)
    a, b, c = float(w.sum()), float((w * x).sum()), float((w * x * x).sum())
    z, area_of = float(critical(level)), a * c - b * b
    half = z * (c / area_of) ** 0.5, z * (a / area_of) ** 0.5
    return (line[0] - half[0], line[0] + half[0]), (line[1] - half[1], line[1] + half[1])


def _around(d: Distribution, centre: float) -> tuple[float, float, float]:
    """Σw, Σw(x - centre) and Σw(x - centre)²: no digits are lost where the mean is large."""
    if not d.exact:
        squares = d.sum_squares - 2 * centre * d.sum + centre**2 * d.total
        return d.total, d.sum - centre * d.total, max(squares, 0.0)
    weight, x = d.by_value, d.values - centre
    return d.total, float((weight * x).sum()), float((weight * x * x).sum())


def squared_errors(d: Distribution) -> Any:
    """(probability - outcome)² by value, for a favourable and an unfavourable outcome."""
    p = d.values if d.higher_is_better else 1 - d.values
    return np.stack([(1 - p) ** 2, p**2], axis=1)


def _mean_interval(
    total: float, sum: float, sum_squares: float, weight_squared: float, level: float
) -> tuple[float, float]:
    """Student's limits of a mean from its sums; effective rows where weighted."""
    from scipy.special import stdtrit

    effective = total**2 / weight_squared if weight_squared > 0 else 0.0
    if effective < 2:
        return NAN, NAN
    mean = sum / total
    variance = max(sum_squares / total - mean**2, 0.0) * effective / (effective - 1)
    half = float(stdtrit(effective - 1, 1 - (1 - level) / 2)) * (variance / effective) ** 0.5
    return mean - half, mean + half


ANALYTIC = (
    *("auc", "mean_score", "brier", "calibration_intercept", "calibration_slope"),
    *SHARES,
)
"""Score metrics whose interval needs no resampling."""


def _resampled(
    metrics: Sequence[Metric], d: Distribution, level: float, seed: int
) -> dict[str, tuple[float, float]]:
    """Bootstrap limits of every score metric that needs them, from one set of replicates."""
    rates = {m.rates[0].key: m.rates[0] for m in metrics if m.rates}
    wanted = {k: r for k, r in rates.items() if k not in ANALYTIC and r.of_scores is not None}
    if not wanted or d.rows == 0:
        return {}
    merged = coarsen(d, SUPPORT)
    shape = merged.counts.shape

    def statistic(cells: Any) -> Any:
        at = replace(merged, counts=cells[..., 0, :].reshape(*cells.shape[:-2], *shape))
        return np.stack([r.of_scores(at) for r in wanted.values() if r.of_scores], axis=-1)

    squares = None
    if d.weight_squared != d.total:
        squares = (merged.counts * (d.weight_squared / d.total)).reshape(1, -1)
    low, high = cell_bootstrap(
        merged.counts.reshape(1, -1), statistic, level, REPLICATES, seed, squares=squares
    )
    return {k: (float(low[i]), float(high[i])) for i, k in enumerate(wanted)}


def _one(metric: Metric, side: Side, level: float, selective: bool) -> Estimate:
    d = side.d
    where: dict[str, Any] = {
        "metric": metric.key,
        "attribute": d.attribute,
        "group": d.group,
        "level": level,
        "rows": known_rows(d, metric),
        "column": d.column,
    }
    if selective and "outcome" in metric.needs and metric.rates[0].key in ("auc", "gini", "ks"):
        return Estimate(**where, method=BOUNDS, reason=SELECTIVE)
    value = side.value(metric.rates[0]) if d.rows else NAN
    if value != value:
        return Estimate(**where, reason=why(metric, d))
    low, high, method = _interval(metric, side, level)
    if low == low:
        low, high = min(low, value), max(high, value)
    reason = side.unjudged if metric.rates[0].key == "auc" else None
    return Estimate(**where, value=value, low=low, high=high, method=method, reason=reason)


def _compared(metric: Metric, one: Side, two: Side) -> float:
    """`compare_scores`, from values already worked out where two of them are compared."""
    if metric.contrast not in ("difference", "ratio"):
        return compare_scores(metric, one.d, two.d)
    combine = difference if metric.contrast == "difference" else ratio
    return float(combine(one.value(metric.rates[0]), two.value(metric.rates[0])))


def _gap(metric: Metric, one: Side, two: Side, level: float, selective: bool) -> Estimate:
    key, d, other = metric.rates[0].key, one.d, two.d
    apart = (one.unjudged or two.unjudged) if key == "auc" else None
    where: dict[str, Any] = {
        "metric": metric.key,
        "attribute": d.attribute,
        "group": d.group,
        "reference": other.group,
        "level": level,
        "rows": known_rows(d, metric),
        "reference_rows": known_rows(other, metric),
        "column": d.column,
    }
    if selective and "outcome" in metric.needs and key in ("auc", "gini", "ks"):
        return Estimate(**where, method=BOUNDS, reason=SELECTIVE)
    value = _compared(metric, one, two) if d.rows and other.rows else NAN
    rate = metric.rates[0]
    if rate.of_scores is not None and other.rows:
        where["reference_value"] = two.value(rate)
    if value != value:
        lacking = d if d.rows == 0 or (rate.of_scores and math.isnan(one.value(rate))) else other
        return Estimate(**where, reason=why(metric, lacking))
    if metric.contrast == "smd":
        sizes = [x.total**2 / x.weight_squared for x in (d, other)]
        centre = d.sum / d.total
        limits = standardized_difference(
            *_around(d, centre),
            *_around(other, centre),
            n=sizes[0],
            n_ref=sizes[1],
            level=level,
        )
        return Estimate(
            **where,
            value=value,
            low=float(limits[1]),
            high=float(limits[2]),
            p_value=float(limits[3]),
            method="Hedges-Olkin, pooled within-group standard deviation",
        )
    if metric.contrast == "difference" and key == "auc" and one.area and two.area:
        low, high, p = auc_difference_interval(one.area, two.area, level)
        return Estimate(
            **where,
            value=value,
            low=low,
            high=high,
            p_value=p,
            method="MOVER of DeLong",
            reason=apart,
        )
    if metric.key == "mean_score_difference":
        low, high, p = welch_limits(d, other, level)
        reason = None if low == low else FEW_OR_EQUAL
        return Estimate(
            **where, value=value, low=low, high=high, p_value=p, method=WELCH, reason=reason
        )
    if metric.key == "mean_score_ratio" and not (nonnegative(d) and nonnegative(other)):
        return Estimate(**where, reason=NEGATIVE)
    own, reference = _interval(metric, one, level), _interval(metric, two, level)
    if metric.key == "mean_score_ratio":
        # a mean of what is never below 0 is not below 0
        own, reference = ((max(x[0], 0.0), x[1], x[2]) for x in (own, reference))
    sides = (
        one.value(rate), own[0], own[1], where["reference_value"], reference[0], reference[1]
    )  # fmt: skip
    if any(math.isnan(v) for v in (*own[:2], *reference[:2])):
        return Estimate(**where, value=value, method=f"MOVER of {own[2]}", reason=apart)
    if metric.contrast == "ratio":
        if min(own[0], reference[0]) < 0:
            return Estimate(**where, value=value, method="no interval: a limit lies below 0")
        limit = mover_ratio(*sides)
    else:
        limit = mover_difference(*sides)
    low, high = float(limit[0]), float(limit[1])
    p = NAN
    if key in SHARES and high > low:
        p = float(interval_p_value(value, low, high, 0.0, level))
    elif metric.key == "mean_score_ratio" and high > low:
        with np.errstate(divide="ignore"):
            logs = (np.log(value), np.log(low), np.log(high))
            p = float(interval_p_value(*logs, 0.0, level))
    return Estimate(
        **where, value=value, low=low, high=high, p_value=p, method=f"MOVER of {own[2]}"
    )
