"""How well features tell a level of an attribute: cross-fitted areas, and what chance reaches.

Single features are judged by counts alone. A feature in bins is scored by each bin's share of the
level in the *other* folds, so that a bin knows nothing of its own rows; a number is also judged
by its ranks, in either direction; the larger area counts. All features together are weighed by
adding up the log odds that each gives (naive Bayes), drawn towards 0 as far as chance alone would
move them, so that many idle features do not drown one that tells. Both nulls permute the attribute
over the rows and run the whole procedure again, which keeps the features and their dependence and
breaks only what is asked about. What two features tell jointly and neither tells alone is left to
`interacting`: boosted trees fitted on half the rows and judged on the other half, where no
permutation is needed, since those rows had no part in the fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from audit.explanation.sampling import Coded, Floats, Indices, halved
from audit.inference.auc import FEW, Area, _area, auc_interval
from audit.inference.intervals import rate_interval

FEWEST = 200
"""Rows below which half of them are too few to grow trees on."""
FOLDS = 5
"""Parts of the rows; each is judged by what the others say."""
PRIOR = 5.0
"""Rows at the overall share that every bin is given, so that small bins do not shout."""
DIGITS = 9
"""Digits of a prediction that count: the order of additions is not to break a tie."""

Mask = npt.NDArray[np.bool_]


class Strength(NamedTuple):
    """An area and its limits."""

    value: float
    """AUC."""
    low: float
    """Lower limit."""
    high: float
    """Upper limit."""


def areas(score: Floats, hits: Floats, misses: Floats) -> Floats:
    """P(a hit scores above a miss) + half of ties, over the last axis; arrays of counts.

    nan where either is empty.

    >>> float(areas(np.array([0.1, 0.9, 0.9]), np.array([0.0, 2, 0]), np.array([3.0, 0, 1])))
    0.875
    """
    order = np.argsort(score, axis=-1, kind="stable")
    score = np.take_along_axis(score, order, -1)
    hits, misses = np.take_along_axis(hits, order, -1), np.take_along_axis(misses, order, -1)
    reached = np.cumsum(misses, axis=-1)
    new = np.ones(score.shape, dtype=bool)
    new[..., 1:] = score[..., 1:] != score[..., :-1]
    last = np.ones(score.shape, dtype=bool)
    last[..., :-1] = new[..., 1:]
    below = np.maximum.accumulate(np.where(new, reached - misses, 0.0), axis=-1)
    upto = np.where(last, reached, np.inf)[..., ::-1]
    upto = np.minimum.accumulate(upto, axis=-1)[..., ::-1]
    wins = (hits * (below + upto) / 2).sum(axis=-1)
    pairs = hits.sum(axis=-1) * misses.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(pairs > 0, wins / pairs, np.nan))


def shares(hits: Floats, rows: Floats) -> Floats:
    """Score of each (fold, bin): the bin's share of hits in the other folds, less their share.

    `hits` and `rows` have shape (..., folds, bins).
    """
    others = hits.sum(axis=-2, keepdims=True) - hits
    known = rows.sum(axis=-2, keepdims=True) - rows
    base = others.sum(axis=-1, keepdims=True) / np.maximum(known.sum(axis=-1, keepdims=True), 1)
    return np.asarray((others + PRIOR * base) / (known + PRIOR) - base)


def strength(score: Floats, hit: Mask, level: float) -> Strength:
    """AUC of scores, one a row, with DeLong's limits; see `limits`.

    >>> strength(np.arange(100.0), np.arange(100) >= 50, 0.95).value
    1.0
    """
    values, place = np.unique(score, return_inverse=True)
    good = np.bincount(place[hit], minlength=len(values)).astype(np.float64)
    bad = np.bincount(place[~hit], minlength=len(values)).astype(np.float64)
    found = _area(good, bad)
    return Strength(found.value, *limits(found, level))


def limits(found: Area, level: float) -> tuple[float, float]:
    """DeLong's limits on the logit scale, cut at .5, since an area is read in its better direction.

    Where two classes are apart altogether there is no variance; the lower limit is then Wilson's
    for the smaller class without an error. nan below 20 rows of either class.
    """
    fewer = min(found.good, found.bad)
    if np.isnan(found.value) or fewer < FEW:
        return float("nan"), float("nan")
    if found.value >= 1 or found.variance <= 0:
        low, high = rate_interval(found.value * fewer, fewer, level)
        return max(float(low), 0.5), float(high)
    low_, high_ = auc_interval(found, level)
    return max(low_, 0.5), max(high_, 0.5)


class Alone(NamedTuple):
    """Each feature alone against some levels of an attribute."""

    value: Floats
    """AUC in [.5, 1], shape (features, levels)."""
    score: list[list[Floats]]
    """By feature and level: the score of each row that reached it."""


def alone(features: Sequence[Coded], own: Indices, levels: Sequence[int], folds: Indices) -> Alone:
    """Each feature's cross-fitted area for telling each level from the rest."""
    value = np.full((len(features), len(levels)), 0.5)
    scores: list[list[Floats]] = []
    for i, feature in enumerate(features):
        scores.append([])
        cell = folds * feature.bins + feature.codes
        rows = np.bincount(cell, minlength=FOLDS * feature.bins).astype(np.float64)
        for j, code in enumerate(levels):
            hit = own == code
            hits = np.bincount(cell[hit], minlength=len(rows)).astype(np.float64)
            table = shares(hits.reshape(FOLDS, -1), rows.reshape(FOLDS, -1)).ravel()
            best, by = float(areas(table, hits, rows - hits)), table[cell]
            if feature.place is not None:
                ordered = _ranked(float(feature.place[hit].sum()), int(hit.sum()), len(own))
                if abs(ordered - 0.5) + 0.5 >= best:
                    best = abs(ordered - 0.5) + 0.5
                    by = feature.place if ordered >= 0.5 else -feature.place
            value[i, j] = max(best, 0.5)
            scores[-1].append(by)
    return Alone(value, scores)


def _ranked(total: Floats | float, hits: int, rows: int) -> float:
    """AUC from the sum of centred mid-ranks of the hits."""
    return float(0.5 + total / max(hits * (rows - hits), 1))


def alone_by_chance(
    features: Sequence[Coded],
    own: Indices,
    levels: Sequence[int],
    folds: Indices,
    permutations: int,
    rng: np.random.Generator,
) -> Floats:
    """The largest area over all features and levels, for each permutation of the attribute."""
    rows = len(own)
    starts = np.cumsum([0, *(FOLDS * f.bins for f in features)])
    cells = np.column_stack(
        [s + folds * f.bins + f.codes for s, f in zip(starts, features, strict=False)]
    )
    places = np.column_stack([np.zeros(rows) if f.place is None else f.place for f in features])
    whole = np.bincount(cells.ravel(), minlength=int(starts[-1])).astype(np.float64)
    hits = np.empty((permutations, len(levels), int(starts[-1])))
    totals = np.empty((permutations, len(levels), len(features)))
    sizes = np.array([int((own == code).sum()) for code in levels])
    for p in range(permutations):
        order = rng.permutation(rows)
        mixed = own[order]
        for j, code in enumerate(levels):
            chosen = np.flatnonzero(mixed == code)
            hits[p, j] = np.bincount(cells[chosen].ravel(), minlength=len(whole))
            totals[p, j] = places[chosen].sum(axis=0)
    ordered = 0.5 + np.abs(totals / np.maximum(sizes * (rows - sizes), 1)[None, :, None])
    best = ordered.max(axis=(1, 2))
    for i, feature in enumerate(features):
        part = slice(int(starts[i]), int(starts[i + 1]))
        shape = (FOLDS, feature.bins)
        here, there = hits[..., part], whole[part]
        score = shares(here.reshape(*here.shape[:-1], *shape), there.reshape(shape))
        found = areas(score.reshape(here.shape), here, there - here)
        best = np.maximum(best, np.nan_to_num(found, nan=0.5).max(axis=1))
    return np.asarray(np.maximum(best, 0.5))


class Pool:
    """Features side by side, to be weighed together against any mark of the same rows."""

    __slots__ = ("cells", "features", "folds", "whole")

    def __init__(self, features: Sequence[Coded], folds: Indices) -> None:
        """Take features and the fold of each row."""
        self.features, self.folds = features, folds
        self.cells = [folds * f.bins + f.codes for f in features]
        self.whole = [
            np.bincount(c, minlength=FOLDS * f.bins).astype(np.float64).reshape(FOLDS, f.bins)
            for c, f in zip(self.cells, features, strict=True)
        ]

    def predicted(self, hit: Mask) -> Floats:
        """Cross-fitted log odds of a mark, one a row, less those of all rows."""
        total = np.zeros(len(hit))
        for cell, whole in zip(self.cells, self.whole, strict=True):
            hits = np.bincount(cell[hit], minlength=whole.size).astype(np.float64)
            total += _log_odds(hits.reshape(whole.shape), whole).ravel()[cell]
        return np.asarray(np.round(total, DIGITS))


def _log_odds(hits: Floats, rows: Floats) -> Floats:
    """Of each (fold, bin), from the other folds; shares drawn together as far as chance moves them.

    A bin's share p_b varies about p by τ² beyond binomial p(1−p)/n_b; τ² is estimated by moments
    (DerSimonian & Laird 1986), and p_b keeps τ²/(τ² + p(1−p)/n_b) of its distance from p.
    """
    others, known = hits.sum(axis=0) - hits, rows.sum(axis=0) - rows
    size = np.maximum(known.sum(axis=1, keepdims=True), 1)
    base = (others.sum(axis=1, keepdims=True) + 0.5) / (size + 1)
    noise = base * (1 - base)
    apart = others / np.maximum(known, 1) - base
    beyond = (known * apart**2).sum(axis=1, keepdims=True) / noise
    beyond = beyond - ((known > 0).sum(axis=1, keepdims=True) - 1)
    reach = size - (known**2).sum(axis=1, keepdims=True) / size
    between = np.maximum(beyond * noise / np.maximum(reach, 1), 0)
    kept = np.where(known > 0, between / (between + noise / np.maximum(known, 1)), 0)
    share = np.clip(base + kept * apart, 0.5 / size, 1 - 0.5 / size)
    return np.asarray(np.log(share / (1 - share)) - np.log(base / (1 - base)))


def area_of(predicted: Floats, hit: Mask) -> float:
    """AUC of one column of predictions; nan where a class is empty."""
    good, bad = predicted[hit], np.sort(predicted[~hit])
    if not len(good) or not len(bad):
        return float("nan")
    good = np.sort(good)
    wins = np.searchsorted(bad, good, "left").sum() + np.searchsorted(bad, good, "right").sum()
    return float(wins) / (2 * len(good) * len(bad))


def interacting(
    features: Sequence[Coded], hit: Mask, seed: int, level: float
) -> dict[str, Any] | None:
    """Boosted trees fitted on half the rows: how well they tell a mark in the other half.

    The p-value is Mann and Whitney's, one-sided. None below 200 rows or 20 of either class in a
    half.
    """
    half = halved(len(hit), (seed, 4))
    sizes = [int((hit[h] == side).sum()) for h in (half, ~half) for side in (True, False)]
    if len(hit) < FEWEST or min(sizes) < FEW:
        return None
    from scipy.special import ndtr
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    codes = np.column_stack([f.codes for f in features]).astype(np.float64)
    trees = HistGradientBoostingClassifier(
        max_iter=40, max_leaf_nodes=15, early_stopping=False, random_state=seed
    )
    # One thread: quick enough, and sums in one order on every machine.
    with threadpool_limits(limits=1):
        trees.fit(codes[half], hit[half])
        predicted = np.round(trees.predict_proba(codes[~half])[:, 1], DIGITS - 3)
    area = strength(predicted, hit[~half], level)
    own, rest = sizes[2], sizes[3]
    z = (area.value - 0.5) / np.sqrt((own + rest + 1) / (12 * own * rest))
    return {
        "auc": max(area.value, 0.5),
        "low": area.low,
        "high": area.high,
        "p_value": float(ndtr(-z)),
        "rows": own + rest,
        "method": "boosted trees on binned features, fitted on the other half of the rows",
    }


__all__ = [
    "FOLDS",
    "Pool",
    "Strength",
    "alone",
    "alone_by_chance",
    "area_of",
    "interacting",
    "strength",
]
