"""Numbers behind the score charts: histograms, calibration bins and cut-off sweeps.

Plain lists and dicts, one structure an attribute, so that they travel in the record and its JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.inference.checks import Floats
from audit.inference.intervals import rate_interval, ratio_interval
from audit.tally.distribution import Distribution

__all__ = ["calibration_bins", "cutoff_sweep", "histogram"]


def _checked(distributions: Sequence[Distribution], bins: int, argument: str) -> None:
    if not distributions:
        raise InputError(
            "INF013", "no distributions", argument="distributions", fix="pass one a group"
        )
    if bins < 1:
        raise InputError("INF013", "at least one bin", argument=argument, fix="try 64")


def _attribute(distributions: Sequence[Distribution]) -> list[str]:
    return list(distributions[0].attribute)


def _spread(distributions: Sequence[Distribution]) -> tuple[float, float]:
    """The range of values that somebody has, over all groups."""
    held = [d.values[d.by_value > 0] for d in distributions]
    held = [v for v in held if v.size]
    if not held:
        return 0.0, 1.0
    return min(float(v[0]) for v in held), max(float(v[-1]) for v in held)


def _edges(distributions: Sequence[Distribution], bins: int) -> Floats:
    """At most `bins` equal steps; where the values are binned, only at the bins' own edges."""
    low, high = _spread(distributions)
    fixed = np.asarray(distributions[0].edges, dtype=np.float64)
    if all(not d.exact for d in distributions) and fixed.size > 1:
        first = max(int(np.searchsorted(fixed, low, "right")) - 1, 0)
        last = min(int(np.searchsorted(fixed, high, "left")), fixed.size - 1)
        step = -(-(last - first) // bins)
        inner = np.arange(first, last, step)
        return np.append(fixed[inner], fixed[min(int(inner[-1]) + step, fixed.size - 1)])
    if low == high:
        return np.array([low - 0.5, high + 0.5])
    return np.linspace(low, high, bins + 1)


def _binned(distribution: Distribution, edges: Floats, weights: Floats) -> Floats:
    place = _places(distribution.values, edges[1:-1])
    return np.asarray(np.bincount(place, weights=weights, minlength=edges.size - 1))


def _places(values: Floats, cuts: Floats) -> npt.NDArray[np.intp]:
    """How many cuts each of the ascending values has reached."""
    starts = np.searchsorted(values, cuts, "left")
    return np.repeat(np.arange(len(cuts) + 1), np.diff(starts, prepend=0, append=len(values)))


def histogram(distributions: Sequence[Distribution], bins: int = 64) -> dict[str, Any]:
    """Shares of each group's rows by score, in at most `bins` common steps.

    {"attribute", "column", "edges", "groups": [{"group", "shares", "rows"}]}; a group's shares
    sum to 1 (all 0 without rows). Binned scores are joined at their own edges.
    Raises `InputError` INF013.

    >>> from audit.inference.curves import _example
    >>> histogram([_example()], bins=2)["groups"]
    [{'group': ['f'], 'shares': [0.4, 0.6], 'rows': 10}]
    """
    _checked(distributions, bins, "bins")
    edges = _edges(distributions, bins)
    groups = []
    for d in distributions:
        held = _binned(d, edges, d.by_value)
        total = held.sum()
        shares = held / total if total > 0 else held
        groups.append({"group": list(d.group), "shares": shares.tolist(), "rows": d.rows})
    return {
        "attribute": _attribute(distributions),
        "column": distributions[0].column,
        "edges": edges.tolist(),
        "groups": groups,
    }


def calibration_bins(distributions: Sequence[Distribution], bins: int = 10) -> dict[str, Any]:
    """Outcome rates along the score, in at most `bins` steps holding like numbers of people.

    {"attribute", "groups": [{"group", "bins": [{"low", "high", "mean", "rate", "rate_low",
    "rate_high", "rows"}]}]}: `mean` is the mean score of the bin's rows with a known outcome and
    `rate` the share of them with a favourable one (an unfavourable one where the column is a
    risk, so that rate and score rise together), with Wilson's limits. Bins are common to all
    groups; those without a known outcome are left out.
    Raises `InputError` INF013.

    >>> from audit.inference.curves import _example
    >>> found = calibration_bins([_example()])["groups"][0]["bins"]
    >>> [(b["mean"], round(b["rate"], 2)) for b in found]
    [(1.0, 0.25), (2.0, 0.5), (3.0, 0.75)]
    """
    _checked(distributions, bins, "bins")
    cuts = _quantiles(distributions, bins)
    groups = []
    for d in distributions:
        known = d.counts[:, :2]
        if not d.higher_is_better:
            known = known[:, ::-1]
        place, both = _places(d.values, cuts), d.known_by_value
        size = len(cuts) + 1
        part, other = (np.bincount(place, weights=known[:, k], minlength=size) for k in (0, 1))
        whole = part + other
        sums = np.bincount(place, weights=both * d.values, minlength=size)
        scale = d.total / d.weight_squared if d.weight_squared > 0 else 1.0
        low, high = rate_interval(part * scale, whole * scale)
        found = []
        held = np.flatnonzero(both > 0)
        starts = np.searchsorted(place[held], np.arange(size + 1))
        for b in np.flatnonzero(whole > 0):
            inside = d.values[held[starts[b] : starts[b + 1]]]
            found.append(
                {
                    "low": float(inside[0]),
                    "high": float(inside[-1]),
                    "mean": float(sums[b] / whole[b]),
                    "rate": float(part[b] / whole[b]),
                    "rate_low": float(low[b]),
                    "rate_high": float(high[b]),
                    "rows": _rows(d, float(whole[b])),
                }
            )
        groups.append({"group": list(d.group), "bins": found})
    return {"attribute": _attribute(distributions), "groups": groups}


def _rows(d: Distribution, weight: float) -> int:
    """Rows behind a weight (exact without weights, else by the average weight)."""
    return round(weight * d.rows / d.total)


def _quantiles(distributions: Sequence[Distribution], bins: int) -> Floats:
    """Cuts between bins of everyone with a known outcome, at values that occur."""
    values = np.concatenate([d.values for d in distributions])
    held = np.concatenate([d.known_by_value for d in distributions])
    order = np.argsort(values, kind="stable")
    values, total = values[order], np.cumsum(held[order])
    if not total.size or total[-1] <= 0:
        return np.empty(0)
    wanted = total[-1] * np.arange(1, bins) / bins
    places = np.minimum(np.searchsorted(total, wanted * (1 - 1e-12), "left") + 1, values.size - 1)
    cuts = np.unique(values[places])
    first = values[np.flatnonzero(held[order] > 0)[0]]
    return np.asarray(cuts[cuts > first])


def cutoff_sweep(
    distributions: Sequence[Distribution],
    reference_index: int,
    points: int = 64,
    level: float = 0.95,
) -> list[dict[str, Any]]:
    """What each cut-off would do: approval rates and their ratio to the reference's.

    One dict a group other than the reference: {"attribute", "reference", "group", "points":
    [{"cutoff", "approval_rate", "rate", "reference_rate", "ratio", "low", "high"}]}, where
    `approval_rate` is everyone's. Cut-offs are quantiles of everyone's scores, at values that
    occur; approval is at or above a score, below a risk. Miettinen-Nurminen limits; where the
    reference approves nobody the ratio is nan.
    Raises `InputError` INF013.

    >>> from audit.inference.curves import _example
    >>> sweep = cutoff_sweep([_example(), _example("m")], 1)
    >>> [(p["cutoff"], p["approval_rate"], p["ratio"]) for p in sweep[0]["points"]]
    [(1.0, 1.0, 1.0), (2.0, 0.6, 1.0), (3.0, 0.4, 1.0)]
    """
    _checked(distributions, points, "points")
    if not -len(distributions) <= reference_index < len(distributions):
        raise InputError("INF013", "no such group", argument="reference_index", fix="count from 0")
    cutoffs = _cutoffs(distributions, points)
    approved = np.array([d.approved(cutoffs).sum(axis=1) for d in distributions])
    totals = np.array([d.by_value.sum() for d in distributions])
    scale = np.array(
        [d.total / d.weight_squared if d.weight_squared > 0 else 1.0 for d in distributions]
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = approved / totals[:, None]
        everyone = approved.sum(axis=0) / totals.sum()
        ratios = np.where(rates[reference_index] > 0, rates / rates[reference_index], np.nan)
    size = totals * scale
    part = np.minimum(approved * scale[:, None], size[:, None])
    low, high = ratio_interval(
        part, size[:, None], part[reference_index], size[reference_index], level
    )
    reference = distributions[reference_index]
    out = []
    for g, d in enumerate(distributions):
        if d is reference:
            continue
        columns = (cutoffs, everyone, rates[g], rates[reference_index], ratios[g], low[g], high[g])
        names = ("cutoff", "approval_rate", "rate", "reference_rate", "ratio", "low", "high")
        rows = zip(*(c.tolist() for c in columns), strict=True)
        out.append(
            {
                "attribute": list(d.attribute),
                "reference": list(reference.group),
                "group": list(d.group),
                "points": [dict(zip(names, row, strict=True)) for row in rows],
            }
        )
    return out


def _cutoffs(distributions: Sequence[Distribution], points: int) -> Floats:
    """At most `points` values that occur (lower bin edges where binned), evenly over people."""
    if all(not d.exact for d in distributions) and len(distributions[0].edges) > 1:
        held = np.sum([d.by_value for d in distributions], axis=0)
        values = np.asarray(distributions[0].edges, dtype=np.float64)[:-1]
    else:
        values = np.concatenate([d.values for d in distributions])
        held = np.concatenate([d.by_value for d in distributions])
        order = np.argsort(values, kind="stable")  # quick: each group's are in order already
        values, held = values[order], held[order]
        starts = np.flatnonzero(np.diff(values, prepend=-np.inf) > 0)
        values, held = values[starts], np.add.reduceat(held, starts)
    values, held = values[held > 0], held[held > 0]
    if values.size <= points:
        return np.asarray(values)
    total = np.cumsum(held) - held
    wanted = total[-1] * np.linspace(0, 1, points)
    places = np.unique(np.searchsorted(total, wanted * (1 + 1e-12), "right") - 1)
    return np.asarray(values[places])


def _example(level: str = "f") -> Distribution:
    """Ten people with scores 1, 2 and 3, for the examples above."""
    return Distribution(
        attribute=("sex",),
        group=(level,),
        column="score",
        higher_is_better=True,
        values=np.array([1.0, 2.0, 3.0]),
        counts=np.array([[1.0, 3, 0], [1, 1, 0], [3, 1, 0]]),
        rows=10,
        total=10.0,
        sum=20.0,
        sum_squares=48.0,
        weight_squared=10.0,
        missing=0,
        exact=True,
    )
