"""Limits for amounts: quantiles, differences and ratios of means."""

from __future__ import annotations

import math

import numpy as np

from audit.inference.checks import critical
from audit.tally.distribution import Distribution

ORDER = "order statistics"
WOODRUFF = "Woodruff, effective rows"
WELCH = "Welch"
NEGATIVE = "values below 0 have no ratio of means"
REPEATED = "no interval: applicants repeat, and this method takes rows as independent"


def quantile_limits(d: Distribution, share: float, level: float) -> tuple[float, float, str]:
    """Limits of a quantile, and how they were made; no shape is assumed.

    Without weights two order statistics whose ranks are binomial quantiles, so that they cover
    at least at the level (scipy's `quantile_test` gives the same). With weights Woodruff's
    limits (JASA 47, 1952, 635-646): share ± z√(share(1-share)/n_eff), read off the distribution.
    Where values are bins, the limits are the outer edges of the bins they fall in. Infinite
    where the rows are too few to bound that side.

    >>> d = Distribution(attribute=(), group=(), column="s", higher_is_better=True,
    ...     values=np.arange(20.0), counts=np.ones((20, 1)) * [0, 0, 1], rows=20, total=20.0,
    ...     sum=190.0, sum_squares=2470.0, weight_squared=20.0, missing=0, exact=True)
    >>> quantile_limits(d, 0.5, 0.95)
    (5.0, 14.0, 'order statistics')
    """
    reached = np.cumsum(d.by_value)
    total = float(reached[-1]) if reached.size else 0.0
    suffix = "" if d.exact else f", {len(d.edges) - 1} bins"
    if not total > 0:
        return math.nan, math.nan, ORDER + suffix
    if d.weight_squared == d.total and total == d.rows:
        ranks = _ranks(d.rows, share, level)
        below, above = float(ranks[0]), float(ranks[1])
        method = ORDER
    else:
        half = float(critical(level)) * math.sqrt(share * (1 - share) * d.weight_squared) / d.total
        below, above = (share - half) * total, (share + half) * total
        method = WOODRUFF
    crumbs = 1e-12 * total
    lows, highs = (d.values, d.values) if d.exact else (d.edges[:-1], d.edges[1:])
    low, high = -math.inf, math.inf
    if below > crumbs:
        low = float(lows[int((reached < below - crumbs).sum())])
    if above <= total:
        high = float(highs[int((reached < above - crumbs).sum())])
    return low, high, method + suffix


def _ranks(rows: int, share: float, level: float) -> tuple[int, int]:
    """Ranks, from 1, of the two order statistics; 0 and rows + 1 are beyond the data."""
    tail = (1 - level) / 2
    return _binomial(tail, rows, share), _binomial(1 - tail, rows, share) + 1


def _binomial(p: float, rows: int, share: float) -> int:
    """The smallest k with P(X <= k) >= p, X binomial."""
    from scipy.special import bdtr, bdtrik

    k = max(math.ceil(float(bdtrik(p, rows, share))) - 1, 0)
    while k > 0 and bdtr(k - 1, rows, share) >= p:
        k -= 1
    while bdtr(k, rows, share) < p:
        k += 1
    return k


def nonnegative(d: Distribution) -> bool:
    """Whether no row's value lies below 0 (where values are bins: no bin's edge)."""
    if not d.exact:
        return d.edges[0] >= 0
    used = d.values[d.by_value > 0]
    return bool(used.size == 0 or used[0] >= 0)


def welch_limits(d: Distribution, other: Distribution, level: float) -> tuple[float, float, float]:
    """Limits and p-value of mean(d) - mean(other), variances apart (Welch 1947).

    With weights n is the effective number of rows, (Σw)²/Σw². nan below two rows in a group, and
    where no value varies.
    """
    from scipy.special import stdtr, stdtrit

    (m, v, n), (m2, v2, n2) = _moments(d, d), _moments(other, d)
    error = v / n + v2 / n2 if n >= 2 and n2 >= 2 else math.nan
    if not error > 0:
        return math.nan, math.nan, math.nan
    freedom = error**2 / ((v / n) ** 2 / (n - 1) + (v2 / n2) ** 2 / (n2 - 1))
    half = float(stdtrit(freedom, 1 - (1 - level) / 2)) * math.sqrt(error)
    gap = m - m2
    p = 2 * float(stdtr(freedom, -abs(gap) / math.sqrt(error)))
    return gap - half, gap + half, p


def _moments(d: Distribution, at: Distribution) -> tuple[float, float, float]:
    """Mean (from `at`'s), unbiased variance and effective rows."""
    centre = at.sum / at.total
    n = d.total**2 / d.weight_squared if d.weight_squared > 0 else 0.0
    if n < 2:
        return math.nan, math.nan, n
    if d.exact:
        x = d.values - centre
        mean = float((d.by_value * x).sum()) / d.total
        square = float((d.by_value * (x - mean) ** 2).sum()) / d.total
    else:
        mean = d.sum / d.total - centre
        square = max(d.sum_squares / d.total - (d.sum / d.total) ** 2, 0.0)
        square = square if square > 1e-12 * d.sum_squares / d.total else 0.0
    return mean, square * n / (n - 1), n
