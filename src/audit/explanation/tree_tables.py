"""What one leaf gives each player of its path, for every pattern of conditions met."""

from __future__ import annotations

from functools import lru_cache
from math import comb
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

TABLED = 11
"""Paths of at most this many players are worked out for every pattern at once."""


def bits_of(patterns: Ints, players: int) -> Flags:
    """Patterns as flags, players × patterns: bit j of a pattern is player j's.

    >>> bits_of(np.array([1, 3]), 2).tolist()
    [[True, True], [False, True]]
    """
    return (patterns >> np.arange(players)[:, None] & 1).astype(np.bool_)


def by_covers(met: Flags, zero: Floats) -> Floats:
    """Shapley values of a leaf of value 1 whose game is Π_{j in S} met_j · Π_{j not in S} zero_j.

    `met`: players × patterns, whether a row meets all of the player's conditions on the path;
    `zero`: each player's share of the training rows that pass them. Path-dependent tree SHAP
    (Lundberg et al. 2020, Nature Machine Intelligence 2, algorithm 2). The Shapley weight
    |S|!(D−1−|S|)!/D! is ∫ tˢ(1−t)ᴰ⁻¹⁻ˢ dt, so the value of player j is
    (met_j − zero_j) ∫ Π_{i≠j} (t·met_i + (1−t)·zero_i) dt, a polynomial of degree D−1 that
    Gauss–Legendre integrates exactly with ⌈D/2⌉ points, all terms positive.

    >>> by_covers(np.array([[True], [False]]), np.array([0.5, 0.25])).round(6).tolist()
    [[0.0625], [-0.1875]]
    """
    players = len(met)
    points, weights = _points(-(-players // 2))
    absent = (1 - points) * zero[:, None]
    factors = np.where(met[:, None, :], (points + absent)[:, :, None], absent[:, :, None])
    # products of the others without division, for a factor may be 0
    others = np.empty_like(factors)
    running = np.ones(factors.shape[1:])
    for player in range(players):
        others[player] = running
        running *= factors[player]
    running[:] = 1
    for player in reversed(range(players)):
        others[player] *= running
        running *= factors[player]
    return (met - zero[:, None]) * (weights @ others)


def by_background(met: Ints, other: Ints, weights: Floats, players: int) -> Floats:
    """Shapley values of a leaf of value 1, averaged over background patterns.

    For a row that meets the players' conditions A alone and a background row that meets N alone
    (every player's are met by one of them, or the leaf is never reached): each of A gets
    (|A|−1)!|N|!/(|A|+|N|)!, each of N loses |A|!(|N|−1)!/(|A|+|N|)! (Lundberg et al. 2020,
    interventional tree SHAP). `met` and `other` are patterns as integers, `weights` those of
    `other`. Returns players × patterns.

    >>> by_background(np.array([1]), np.array([2, 3]), np.array([0.5, 0.5]), 2).tolist()
    [[0.25], [-0.75]]
    """
    theirs = (~bits_of(other, players)).astype(np.float64)
    full = (1 << players) - 1
    gains, losses = _weights(players)
    found = np.empty((players, len(met)))
    for start in range(0, len(met), 256):
        mine = met[start : start + 256]
        shape = len(mine), len(other)
        # pairs that leave one player's conditions unmet never reach the leaf
        pairs = np.flatnonzero((mine[:, None] | other) == full)
        row, column = np.divmod(pairs, len(other))
        own, stand_in = mine[row], other[column]
        size = np.bitwise_count(own & ~stand_in), np.bitwise_count(stand_in & ~own)
        gain = np.zeros(shape)
        gain.ravel()[pairs] = gains[size] * weights[column]
        loss = np.bincount(row, losses[size] * weights[column], minlength=len(mine))
        found[:, start : start + 256] = np.where(bits_of(mine, players), theirs @ gain.T, -loss)
    return found


def tabled(frequency: Floats, players: int) -> Floats:
    """`by_background` of every pattern 0 … 2ᴰ−1, given the background's weight on each.

    >>> tabled(np.array([0.5, 0.5]), 1).tolist()
    [[-0.5, 0.5]]
    """
    return np.asarray(_all_pairs(players) @ frequency).reshape(players, -1)


@lru_cache(maxsize=64)
def _points(count: int) -> tuple[Floats, Floats]:
    points, weights = np.polynomial.legendre.leggauss(count)
    return (points + 1) / 2, weights / 2


@lru_cache(maxsize=64)
def _weights(players: int) -> tuple[Floats, Floats]:
    """(|A|−1)!|N|!/(|A|+|N|)! and |A|!(|N|−1)!/(|A|+|N|)!, by |A| and |N|; 0 where undefined."""
    gains, losses = np.zeros((players + 1, players + 1)), np.zeros((players + 1, players + 1))
    for a in range(players + 1):
        for n in range(players + 1 - a):
            ways = comb(a + n, a)
            gains[a, n] = 1 / (a * ways) if a else 0
            losses[a, n] = 1 / (n * ways) if n else 0
    return gains, losses


@lru_cache(maxsize=TABLED + 1)
def _all_pairs(players: int) -> Any:
    """Matrix from background frequencies (2ᴰ) to the table of every row pattern (2ᴰ·D)."""
    from scipy import sparse

    patterns = np.arange(1 << players)
    row, other = np.nonzero((patterns[:, None] | patterns) == patterns[-1])
    only_row, only_other = row & ~other, other & ~row
    sizes = np.bitwise_count(only_row), np.bitwise_count(only_other)
    gains, losses = (table[sizes] for table in _weights(players))
    rows, columns, values = [], [], []
    for player in range(players):
        for side, weight in ((only_row, gains), (only_other, -losses)):
            there = (side >> player & 1).astype(np.bool_)
            rows.append(row[there] + (player << players))
            columns.append(other[there])
            values.append(weight[there])
    return sparse.csr_array(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
        shape=(players << players, 1 << players),
    )
