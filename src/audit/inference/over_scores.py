"""Estimates of distances between score distributions, and of extremes over groups' scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from audit.inference.amounts import REPEATED
from audit.inference.bootstrap import cell_bootstrap, draw
from audit.inference.by_group import BOOTSTRAP, BOUNDS, SELECTIVE
from audit.inference.checks import Floats
from audit.inference.estimate import NAN, Estimate, Estimates
from audit.inference.over_groups import SIDAK
from audit.inference.shared_rows import compared_with, marked
from audit.inference.worst_case import ONE_GROUP
from audit.inference.worst_score import compared, known_rows
from audit.metrics.catalogue import CATALOGUE
from audit.metrics.contrasts import compare_scores, over_score_groups
from audit.metrics.metric import Metric
from audit.tally.coarsen import coarsen
from audit.tally.distribution import Distribution

REPLICATES = 1_000
SUPPORT = 256
"""Score values kept apart in a bootstrap."""
BAND = "bootstrap of the distance between errors"


def score_distance_estimates(
    distributions: Sequence[Distribution],
    reference: Mapping[tuple[str, ...], tuple[Any, ...]],
    metrics: Sequence[Metric],
    *,
    level: float,
    selective: bool,
    seed: int,
    amount: bool = False,
    repeated: bool = False,
) -> Estimates:
    """Contrasts "score_pair" (a group against its reference) and "score_groups" (all of them).

    A distance is never below 0 and its estimate always above: its limits are ± the distance
    between the errors, which holds at a true 0 too. An extreme over groups has limits that hold
    for all groups together. For an amount, what needs outcomes is left out. Where applicants are
    `repeated` a distance has no limits: a bootstrap of rows would make them too narrow.
    """
    others = compared_with(distributions, reference)
    found: list[Estimate] = []
    for metric in metrics:
        if amount and "outcome" in metric.needs:
            continue
        if metric.contrast == "score_groups":
            found += [
                _over_groups(metric, own, level, selective, seed)
                for own in compared(distributions).values()
            ]
            continue
        for d in distributions:
            if id(d) in others:
                other, fewer = others[id(d)]
                pair = _pair(metric, d, other, level, seed, repeated)
                found.append(marked(pair, fewer))
    return Estimates.of(found)


def _pair(
    metric: Metric,
    d: Distribution,
    other: Distribution,
    level: float,
    seed: int,
    repeated: bool = False,
) -> Estimate:
    where: dict[str, Any] = {
        "metric": metric.key,
        "attribute": d.attribute,
        "group": d.group,
        "reference": other.group,
        "level": level,
        "rows": d.rows,
        "reference_rows": other.rows,
        "column": d.column,
    }
    value = compare_scores(metric, d, other) if d.rows and other.rows else NAN
    if value != value:
        return Estimate(**where, reason=metric.undefined)
    if repeated:
        return Estimate(**where, value=value, reason=REPEATED)
    error = _error(metric, _common(d, other), level, seed)
    return Estimate(
        **where,
        value=value,
        low=max(0.0, value - error),
        high=min(1.0, value + error) if metric.key == "score_ks_distance" else value + error,
        method=BAND,
    )


def _error(metric: Metric, pair: Sequence[Distribution], level: float, seed: int) -> float:
    """How far the distance may be off, at this level.

    By the triangle inequality it is off by no more than the distance between the errors of the
    two cumulative distributions, and that one a bootstrap does imitate, at a true 0 too.
    """
    generator = np.random.default_rng(seed)
    wrong: Any = 0.0
    for d, sign in zip(pair, (1.0, -1.0), strict=True):
        counts = np.asarray(d.counts, dtype=np.float64).sum(axis=-1)[None]
        squares = counts * (d.weight_squared / d.total) if d.weight_squared != d.total else None
        drawn = draw(counts, REPLICATES, generator, squares)[:, 0]
        wrong = wrong + sign * (_cumulative(drawn) - _cumulative(counts))
    size = np.abs(wrong)
    if metric.key == "score_ks_distance":
        errors = size.max(axis=-1)
    else:
        errors = (size[:, :-1] * np.diff(pair[0].values)).sum(axis=-1)
    if np.isnan(errors).any():  # nobody was drawn: such a replicate may be off by anything
        return float(np.quantile(np.nan_to_num(errors, nan=np.inf), level, method="higher"))
    return float(np.quantile(errors, level))


def _cumulative(counts: Floats) -> Floats:
    reached = np.cumsum(counts, axis=-1)
    with np.errstate(invalid="ignore"):
        return np.asarray(reached / reached[:, -1:])


def _common(*distributions: Distribution) -> list[Distribution]:
    """The same distributions on one support of at most SUPPORT values.

    Cut apart, values merged in one group and not in another would look like a distance.
    """
    values = np.unique(np.concatenate([d.values for d in distributions]))
    mass = np.zeros(len(values))
    places = [np.searchsorted(values, d.values) for d in distributions]
    for d, place in zip(distributions, places, strict=True):
        mass[place] += np.asarray(d.counts, dtype=np.float64).sum(axis=1)
    owner = np.arange(len(values))
    if len(values) > SUPPORT:
        middle = np.cumsum(mass) - mass / 2
        owner = np.minimum((middle / mass.sum() * SUPPORT).astype(np.int64), SUPPORT - 1)
    size = int(owner.max()) + 1
    held = np.bincount(owner, weights=mass, minlength=size)
    moment = np.bincount(owner, weights=mass * values, minlength=size)
    kept = held > 0
    means = moment[kept] / held[kept]
    out = []
    for d, place in zip(distributions, places, strict=True):
        counts = np.zeros((size, 3))
        np.add.at(counts, owner[place], np.asarray(d.counts, dtype=np.float64))
        out.append(replace(d, values=means, counts=counts[kept]))
    return out


def _over_groups(
    metric: Metric, own: Sequence[Distribution], level: float, selective: bool, seed: int
) -> Estimate:
    where: dict[str, Any] = {"metric": metric.key, "level": level, "group": ()}
    where["attribute"] = own[0].attribute if own else ()
    where["column"] = own[0].column if own else None
    if selective and "outcome" in metric.needs:
        return Estimate(**where, method=BOUNDS, reason=SELECTIVE)
    if len(own) < 2:
        return Estimate(**where, reason=ONE_GROUP)
    value = over_score_groups(metric, own)
    if value != value:
        return Estimate(**where, reason=metric.undefined)
    rate_key, edge, which = metric.key.rpartition("_group_")
    if edge:
        return _edge(metric, CATALOGUE[rate_key], own, value, which == "max", where, seed)
    # The one other entry of its kind is the larger of two spreads.
    low, high = 0.0, 0.0
    for rate in SPREADS:
        _, limits = _limits(rate, own, level ** (1 / (len(SPREADS) * len(own))), seed)
        lows, highs = (np.array([pair[side] for pair in limits]) for side in (0, 1))
        low = max(low, float(lows.max() - highs.min()))
        high = max(high, float(highs.max() - lows.min()))
    return Estimate(
        **where,
        value=value,
        low=min(low, value),
        high=max(high, value),
        method=f"{SIDAK} ({BOOTSTRAP})",
        rows=sum(known_rows(d, metric) for d in own),
    )


SPREADS = ("generalized_true_positive_rate", "generalized_false_positive_rate")
"""Rates of the generalized equalized odds difference."""


def _limits(
    key: str, own: Sequence[Distribution], level: float, seed: int
) -> tuple[list[float], list[tuple[float, float]]]:
    """A score measure of each group, with limits at this level each."""
    of_scores = CATALOGUE[key].rates[0].of_scores
    assert of_scores is not None  # the callers name score measures
    values, limits = [], []
    for d in own:
        merged = coarsen(d, SUPPORT)
        shape = merged.counts.shape

        def statistic(cells: Any, merged: Distribution = merged, shape: Any = shape) -> Any:
            counts = cells[..., 0, :].reshape(*cells.shape[:-2], *shape)
            return of_scores(replace(merged, counts=counts))

        counts = np.asarray(merged.counts, dtype=np.float64).reshape(1, -1)
        squares = counts * (d.weight_squared / d.total) if d.weight_squared != d.total else None
        low, high = cell_bootstrap(counts, statistic, level, REPLICATES, seed, squares=squares)
        limits.append((float(low), float(high)))
        values.append(float(of_scores(d)))
    return values, limits


def _edge(
    metric: Metric,
    base: Metric,
    own: Sequence[Distribution],
    value: float,
    largest: bool,
    where: dict[str, Any],
    seed: int,
) -> Estimate:
    """The smallest or largest score measure, with limits that hold whichever group has it."""
    joint = float(where["level"]) ** (1 / len(own))
    values, limits = _limits(base.key, own, joint, seed)
    extreme = np.max if largest else np.min
    place = int((np.argmax if largest else np.argmin)(values))
    low, high = (float(extreme([pair[side] for pair in limits])) for side in (0, 1))
    if low == low and high == high:
        low, high = min(low, value), max(high, value)
    return Estimate(
        **{**where, "group": own[place].group},
        value=value,
        low=low,
        high=high,
        method=f"{SIDAK} ({BOOTSTRAP})",
        rows=known_rows(own[place], metric),
    )
