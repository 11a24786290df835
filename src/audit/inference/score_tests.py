"""Are two rates equal? The score test behind the Miettinen-Nurminen intervals, and mid-p Fisher.

Where every expected cell reaches 5 the score test is used: it rejects at 5 % exactly where the
unadjusted 95 % interval of the difference (or the ratio) leaves out equality. Where one does not,
Fisher's conditional distribution is used, counting tables as rare as the one seen half
(mid-p: Lancaster 1961; Fagerland, Lydersen & Laake 2017, *Statistical Analysis of Contingency
Tables*).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audit.inference.checks import Floats, counts, together

__all__ = [
    "FISHER",
    "SCORE",
    "equality_p_value",
    "equality_test",
    "mid_p_fisher",
    "score_statistic",
]

SCORE = "score"
"""Score test with Miettinen & Nurminen's variance."""
FISHER = "mid-p Fisher"
"""Fisher's conditional test, mid-p."""

SMALL = 5.0
"""Smallest expected cell at which the score test is trusted."""
WINDOW = 64
"""Values of the rare cell that are enumerated: with a mean below 5, the rest weigh < 1e-40."""
TIE = 1e-9


def _flat(
    x: npt.ArrayLike, n: npt.ArrayLike, x_ref: npt.ArrayLike, n_ref: npt.ArrayLike
) -> tuple[list[Floats], tuple[int, ...]]:
    arrays = (*counts(x, n), *counts(x_ref, n_ref, "_ref"))
    shape = together(*arrays)
    return [np.broadcast_to(a, shape).ravel() for a in arrays], shape


def _score(x1: Floats, n1: Floats, x2: Floats, n2: Floats) -> Floats:
    total, hits = n1 + n2, x1 + x2
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (hits / total) * ((total - hits) / total)
        spread = pooled * (1 / n1 + 1 / n2) * (total / np.maximum(total - 1, 0))
        z = (x1 / n1 - x2 / n2) / np.sqrt(spread)
    known = (n1 > 0) & (n2 > 0)
    return np.where(known, np.where(pooled == 0, 0.0, z), np.nan)


def score_statistic(
    x: npt.ArrayLike, n: npt.ArrayLike, x_ref: npt.ArrayLike, n_ref: npt.ArrayLike
) -> Floats:
    """The standard-normal score statistic of equality, with N/(N-1); nan where a denominator is 0.

    0 where all or none are favourable: such tables say nothing about a gap.

    >>> round(float(score_statistic(12, 50, 15, 50)), 4)
    -0.6724
    """
    flat, shape = _flat(x, n, x_ref, n_ref)
    return _score(*flat).reshape(shape)[()]


def _walk(rare: Floats, row: Floats, column: Floats, total: Floats, offsets: Floats) -> Floats:
    """Hypergeometric probabilities of rare + offsets, each relative to the first."""
    s = rare[:, None] + offsets[None, :-1]
    left, above = row[:, None] - s, column[:, None] - s
    up = np.where(np.minimum(left, above) > 1 - TIE, left * above, 0.0)  # no cell below 0
    down = (s + 1) * ((total - row - column)[:, None] + s + 1)
    walk = np.ones((rare.size, offsets.size))
    np.cumprod(up / down, axis=1, out=walk[:, 1:])
    return walk


def _fisher(x1: Floats, n1: Floats, x2: Floats, n2: Floats) -> Floats:
    """Two-sided mid-p, enumerating the cell with the smallest expectation."""
    total, hits = n1 + n2, x1 + x2
    by_row = n1 <= n2
    row = np.where(by_row, n1, n2)
    few = hits <= total - hits
    column = np.where(few, hits, total - hits)
    chosen = np.where(by_row, x1, x2)
    seen = np.where(few, chosen, row - chosen)
    seen = np.maximum(seen, 0.0)
    whole = np.floor(seen + TIE)
    offsets = np.arange(WINDOW, dtype=np.float64)
    out = np.empty(x1.size)
    near = whole < WINDOW - 1
    if near.any():
        first = (seen - whole)[near]
        first = np.where(np.abs(first) < TIE, 0.0, first)
        mass = _walk(first, row[near], column[near], total[near], offsets)
        mass /= mass.sum(axis=1, keepdims=True)
        own = np.take_along_axis(mass, whole[near].astype(np.int64)[:, None], axis=1)
        rarer, tied = mass < own * (1 - TIE), np.abs(mass - own) <= own * TIE
        out[near] = (mass * (rarer + 0.5 * tied)).sum(axis=1)
    far = ~near
    if far.any():
        # so far out, every value as rare as this one lies beyond it
        from scipy.special import gammaln

        s, a, b, t = seen[far], row[far], column[far], total[far]
        log = gammaln(a + 1) + gammaln(t - a + 1) + gammaln(b + 1) + gammaln(t - b + 1)
        log = log - gammaln(t + 1) - gammaln(s + 1) - gammaln(a - s + 1)
        log = log - gammaln(b - s + 1) - gammaln(t - a - b + s + 1)
        out[far] = np.exp(log) * (_walk(s, a, b, t, offsets).sum(axis=1) - 0.5)
    return np.clip(out, 0.0, 1.0)


def mid_p_fisher(
    x: npt.ArrayLike, n: npt.ArrayLike, x_ref: npt.ArrayLike, n_ref: npt.ArrayLike
) -> Floats:
    """Two-sided mid-p of Fisher's test on favourable × unfavourable counts.

    Of the tables with the same margins, the probability of those rarer than the one seen plus
    half that of those as rare. 1 where all or none are favourable; nan where a denominator is 0.
    Meant for a smallest expected cell below about 20 (larger tables: `equality_p_value`).
    Counts that are not whole step from the observed value by ones.

    >>> round(float(mid_p_fisher(2, 38, 8, 38)), 8)
    0.04998656
    """
    flat, shape = _flat(x, n, x_ref, n_ref)
    return _guarded(flat, np.ones(flat[0].size, dtype=bool)).reshape(shape)[()]


def _guarded(flat: list[Floats], wanted: npt.NDArray[np.bool_]) -> Floats:
    x1, n1, x2, n2 = flat
    hits, total = x1 + x2, n1 + n2
    known = (n1 > 0) & (n2 > 0)
    out = np.where(known, 1.0, np.nan)
    run = wanted & known & (hits > 0) & (hits < total)
    if run.any():
        out[run] = _fisher(x1[run], n1[run], x2[run], n2[run])
    return out


def equality_test(
    x: npt.ArrayLike, n: npt.ArrayLike, x_ref: npt.ArrayLike, n_ref: npt.ArrayLike
) -> tuple[Floats, npt.NDArray[np.str_]]:
    """Two-sided p-value of equal rates and the name of the test that gave it, by broadcasting.

    `SCORE` where the smallest expected cell is at least 5, else `FISHER`. nan where a
    denominator is 0; 1 where all or none are favourable.
    Raises `InputError` (INF002-INF004 counts, INF006 shapes).

    >>> p, method = equality_test([12, 1], [50, 10], [15, 5], [50, 10])
    >>> p.round(4), method
    (array([0.5014, 0.0759]), array(['score', 'mid-p Fisher'], dtype='<U12'))
    """
    flat, shape = _flat(x, n, x_ref, n_ref)
    x1, n1, x2, n2 = flat
    hits, total = x1 + x2, n1 + n2
    with np.errstate(divide="ignore", invalid="ignore"):
        smallest = np.minimum(hits, total - hits) * (np.minimum(n1, n2) / total)
        small = smallest < SMALL
    from scipy.special import ndtr

    p = np.where(small, np.nan, 2 * ndtr(-np.abs(_score(x1, n1, x2, n2))))
    if small.any():
        p = np.where(small, _guarded(flat, small), p)
    names = np.where(small, FISHER, SCORE)
    return p.reshape(shape)[()], names.reshape(shape)


def equality_p_value(
    x: npt.ArrayLike, n: npt.ArrayLike, x_ref: npt.ArrayLike, n_ref: npt.ArrayLike
) -> Floats:
    """The p-value of `equality_test` alone.

    >>> round(float(equality_p_value(30, 100, 50, 100)), 4)
    0.004
    """
    return equality_test(x, n, x_ref, n_ref)[0]
