"""Group rates where the protected attribute is missing and only its probabilities are known.

The probabilities, P(group | Z), come from a proxy Z such as surname and place, and are taken as
given. Rows that share Z share a cell: each function reads favourable and all rows of the cells
and one row of probabilities a cell; with one row a cell these are rows.

A row belongs to each group with its probability as weight (Chen, Kallus, Mao, Svacha & Udell,
Fairness under unawareness, 2019, arXiv:1811.11154). That is unbiased where decisions do not
depend on the group within cells; assigning the likely group (a cut at .5) is biased even then.
What can be said without that assumption are bounds (Kallus, Mao & Zhou, Assessing algorithmic
fairness with unobserved protected class, Management Science 68, 2022, arXiv:1906.00285).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.inference.checks import Floats, counts, critical, floats, numbers, one_level
from audit.inference.intervals import rate_interval
from audit.inference.weights import effective

__all__ = [
    "ProxyBounds",
    "ProxyErrors",
    "ProxyRates",
    "proxy_errors",
    "proxy_gap_bounds",
    "proxy_gap_interval",
    "proxy_rates",
]

FEW = 30
"""Rows below which a cell's rate is taken as unknown in bounds."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProxyRates:
    """Weighted rates; arrays of shape (groups,)."""

    value: Floats
    """Σ P(group)·favourable / Σ P(group); nan where nobody can belong to the group."""
    low: Floats
    high: Floats
    """Wilson's limits on the effective rows."""
    rows: Floats
    """Effective rows: those of known membership that would tell as much."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProxyBounds:
    """What a gap can be whatever the group has to do with decisions inside cells."""

    low: float
    """Lower bound of group minus reference, were the cells' rates known."""
    high: float
    """Upper bound."""
    low_limit: float
    """Confidence limit of the lower bound."""
    high_limit: float
    """Confidence limit of the upper bound; both hold together with at least the level."""
    unknown: float
    """Share of rows in cells too small for a rate: any rate is allowed there."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProxyErrors:
    """A gap of known truth, and what two ways of using the proxy make of it."""

    true: float
    """Group minus reference, from the rates of each group inside each cell."""
    weighted: float
    """With probabilities as weights."""
    thresholded: float
    """With the group assigned above the cut; nan where nobody is assigned to one of the two."""
    unassigned: float
    """Share of rows in no group at this cut."""


def proxy_rates(
    x: npt.ArrayLike, n: npt.ArrayLike, probabilities: npt.ArrayLike, level: float = 0.95
) -> ProxyRates:
    """Rates of all groups, each row counted in each group with its probability.

    `x` and `n` have shape (cells,), `probabilities` (cells, groups); each row sums to 1. The
    variance is the linearised one of a weighted rate (`audit.inference.weights`).
    Raises `InputError` (INF001 level, INF002-INF004 counts, INF008 shapes and probabilities).

    >>> found = proxy_rates([30, 10], [60, 40], [[0.9, 0.1], [0.2, 0.8]])
    >>> found.value.round(4), found.rows.round(1)
    (array([0.4677, 0.2895]), array([76.1, 55.1]))
    """
    level = one_level(level)
    good, rows, share = _checked(x, n, probabilities)
    sums = [v @ s for s in (share, share**2) for v in (good, rows)]
    part, size = effective(sums[0], sums[1], sums[2], sums[3])
    low, high = rate_interval(part, size, level)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(sums[1] > 0, sums[0] / sums[1], np.nan)
    return ProxyRates(value=value, low=low, high=high, rows=np.asarray(size))


def proxy_gap_interval(
    x: npt.ArrayLike,
    n: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    group: int,
    reference: int,
    level: float = 0.95,
) -> tuple[float, float]:
    """Limits of the weighted rate of `group` minus that of `reference` (columns).

    One row weighs in both rates, so they are correlated: MOVER with the correlation (Zou, Toward
    using confidence intervals to compare correlations, Psychological Methods, 2007) of Wilson's
    limits on effective rows. They are about sampling alone, not about what `proxy_gap_bounds`
    leaves open. nan where one of the groups is empty.

    >>> low, high = proxy_gap_interval([30, 10], [60, 40], [[0.9, 0.1], [0.2, 0.8]], 1, 0)
    >>> round(low, 3), round(high, 3)
    (-0.302, -0.039)
    """
    found = proxy_rates(x, n, probabilities, level)
    good, rows, share = _checked(x, n, probabilities)
    a, b = _two(group, reference, share)
    p, q = float(found.value[a]), float(found.value[b])
    if np.isnan(p) or np.isnan(q):
        return np.nan, np.nan
    left, right = share[:, a], share[:, b]

    def together(one: Floats, other: Floats, r: float, s: float) -> float:
        return float((one * other * (good * (1 - r) * (1 - s) + (rows - good) * r * s)).sum())

    own = together(left, left, p, p) * together(right, right, q, q)
    lean = together(left, right, p, q) / np.sqrt(own) if own > 0 else 0.0
    out = []
    for sign, near, far in ((-1, found.low, found.high), (1, found.high, found.low)):
        d, e = abs(p - float(near[a])), abs(q - float(far[b]))
        out.append(p - q + sign * float(np.sqrt(max(d * d + e * e - 2 * lean * d * e, 0.0))))
    return out[0], out[1]


def proxy_gap_bounds(
    x: npt.ArrayLike,
    n: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    group: int,
    reference: int,
    level: float = 0.95,
    *,
    min_rows: int = FEW,
) -> ProxyBounds:
    """Sharp bounds of P(favourable | group) - P(favourable | reference), columns of probabilities.

    In a cell where a share y is favourable and a share p belongs to the group, between
    max(0, p + y - 1) and min(p, y) of the rows are both (Fréchet); the gap is largest with the
    upper bound for the group and the lower for the reference, which can hold together. Summed
    over cells and divided by the groups' shares they bound the gap, whatever else is true. In a
    cell of fewer than `min_rows` rows y is unknown: an observed y of 0 or 1 would feign certainty.
    Limits add the sampling error of the cells' rates (linearised, each bound one-sided at
    (1 - level)/2). Raises `InputError` as `proxy_rates`; nan where a group's share is 0.

    >>> found = proxy_gap_bounds([300, 100], [600, 400], [[0.9, 0.1], [0.2, 0.8]], 1, 0)
    >>> round(found.low, 4), round(found.high, 4)
    (-0.5603, 0.034)
    """
    level = one_level(level)
    good, rows, share = _checked(x, n, probabilities)
    a, b = _two(group, reference, share)
    total = rows.sum()
    size = rows @ share / total if total else np.zeros(share.shape[1])
    few = rows < max(min_rows, 1)
    unknown = float(rows[few].sum() / total) if total else np.nan
    if not (size[a] > 0 and size[b] > 0):
        return ProxyBounds(
            low=np.nan, high=np.nan, low_limit=np.nan, high_limit=np.nan, unknown=unknown
        )
    high, high_error = _largest_gap(good, rows, share[:, a], share[:, b], size[a], size[b], few)
    low, low_error = _largest_gap(good, rows, share[:, b], share[:, a], size[b], size[a], few)
    low, high = min(low, 1.0), min(high, 1.0)  # sums round
    z = float(critical(level))
    return ProxyBounds(
        low=-low,
        high=high,
        low_limit=max(-low - z * low_error, -1.0),
        high_limit=min(high + z * high_error, 1.0),
        unknown=unknown,
    )


def proxy_errors(
    n: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    rates: npt.ArrayLike,
    group: int,
    reference: int,
    cut: float = 0.5,
) -> ProxyErrors:
    """The gap of a known population, and what weights and a cut of the probabilities make of it.

    `rates` is P(favourable | group, cell), shape (cells, groups). Where it does not depend on the
    group, weights give the true gap and a cut does not: it compares the cells where a group is
    likely, not the groups (Chen et al. 2019). Not a correction, since `rates` is what
    no lender knows: it shows how far the two go wrong in a case supposed.

    >>> found = proxy_errors([600, 400], [[0.9, 0.1], [0.2, 0.8]], [[0.5, 0.5], [0.25, 0.25]], 1, 0)
    >>> round(found.true, 4), round(found.weighted, 4), round(found.thresholded, 4)
    (-0.1783, -0.1783, -0.25)
    """
    rate: Any = numbers(rates, "rates")
    size = numbers(n, "n")
    _, rows, share = _checked(np.zeros(size.shape), size, probabilities)
    if isinstance(cut, bool) or not isinstance(cut, int | float) or not 0 <= cut <= 1:
        raise InputError(
            "INF008", f"{cut!r} is no probability", argument="cut", fix="for example 0.5"
        )
    a, b = _two(group, reference, share)
    if rate.shape != share.shape or not ((rate >= 0) & (rate <= 1)).all():
        raise InputError(
            "INF008",
            f"rates of shape {rate.shape} are not within [0, 1] and of shape {share.shape}",
            argument="rates",
            fix="give one rate a cell and group",
        )
    overall = (share * rate).sum(axis=1)
    taken = share > cut

    def of(weights: Any, values: Any) -> float:
        whole = float((rows * weights).sum())
        return float((rows * weights * values).sum()) / whole if whole > 0 else np.nan

    return ProxyErrors(
        true=of(share[:, a], rate[:, a]) - of(share[:, b], rate[:, b]),
        weighted=of(share[:, a], overall) - of(share[:, b], overall),
        thresholded=of(taken[:, a].astype(np.float64), overall)
        - of(taken[:, b].astype(np.float64), overall),
        unassigned=of(np.ones(len(rows)), (~taken.any(axis=1)).astype(np.float64)),
    )


def _largest_gap(
    good: Floats, rows: Floats, p: Floats, q: Floats, size: float, size_ref: float,
    few: npt.NDArray[np.bool_],
) -> tuple[float, float]:  # fmt: skip
    """Largest rate of one group less that of another, and the standard error of its estimate."""
    total = rows.sum()
    y = np.where(few, 1 - q, good / np.where(rows > 0, rows, 1.0))
    most, least = np.minimum(p, y), np.maximum(0.0, y + q - 1)
    found = (rows * (most / size - least / size_ref)).sum() / total
    slope = (y < p) / size - (y > 1 - q) / size_ref
    # a row moves its cell's rate, and its group's share
    moved = most / size - least / size_ref
    up, down = (rows * most).sum() / total / size, (rows * least).sum() / total / size_ref
    moved = moved - up * p / size + down * q / size_ref
    inside = np.where(few, 0.0, slope**2 * y * (1 - y))
    variance = (rows * (moved**2 + inside)).sum() / total**2
    return float(found), float(np.sqrt(variance))


def _two(group: int, reference: int, share: Floats) -> tuple[int, int]:
    columns = range(share.shape[1])
    whole = all(isinstance(g, int | np.integer) and g in columns for g in (group, reference))
    if not whole or group == reference:
        raise InputError(
            "INF008",
            f"{group!r} and {reference!r} are not two of {len(columns)} columns",
            argument="group",
            fix="number the columns of probabilities from 0",
        )
    return int(group), int(reference)


def _checked(
    x: npt.ArrayLike, n: npt.ArrayLike, probabilities: npt.ArrayLike
) -> tuple[Floats, Floats, Floats]:
    good, rows = counts(x, n)
    try:
        share = floats(probabilities)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(
            "INF008", "not numbers", argument="probabilities", fix="one row a cell"
        ) from error
    if rows.ndim != 1 or good.shape != rows.shape or share.ndim != 2 or len(share) != len(rows):
        raise InputError(
            "INF008",
            f"shapes {good.shape}, {rows.shape} and {share.shape} are not (cells,), (cells,) and "
            "(cells, groups)",
            argument="probabilities",
            fix="give one row of probabilities a cell",
        )
    wrong = ~((share >= 0).all(axis=1) & (np.abs(share.sum(axis=1) - 1) <= 1e-6))
    if wrong.any():
        raise InputError(
            "INF008",
            "probabilities of a cell are not 0 or more with sum 1",
            argument="probabilities",
            count=int(wrong.sum()),
            first=int(np.flatnonzero(wrong)[0]),
            fix="give a column for every group, “other” included",
        )
    return good, rows, share
