"""What one leaf gives each player of its path, for every pattern of conditions met."""

from __future__ import annotations

from functools import lru_cache
from math import lgamma
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

TABLED = 10
"""Paths of at most this many players are worked out for every pattern at once."""


def bits_of(patterns: Ints, players: int) -> Flags:
    """Patterns as flags: bit j of a pattern is player j's.

    >>> bits_of(np.array([1, 2]), 2).tolist()
    [[True, False], [False, True]]
    """
    return (patterns[:, None] >> np.arange(players) & 1).astype(np.bool_)


def by_covers(met: Flags, zero: Floats) -> Floats:
    """Shapley values of a leaf of value 1 whose game is Π_{j in S} met_j · Π_{j not in S} zero_j.

    `met`: patterns × players, whether the row meets all of the player's conditions on the path;
    `zero`: each player's share of the training rows that pass them. Path-dependent tree SHAP
    (Lundberg et al. 2020, Nature Machine Intelligence 2, algorithm 2). The Shapley weight
    |S|!(D−1−|S|)!/D! is ∫ tˢ(1−t)ᴰ⁻¹⁻ˢ dt, so the value of player j is
    (met_j − zero_j) ∫ Π_{i≠j} (t·met_i + (1−t)·zero_i) dt, a polynomial of degree D−1 that
    Gauss–Legendre integrates exactly with ⌈D/2⌉ points, all terms positive.

    >>> by_covers(np.array([[True, False]]), np.array([0.5, 0.25])).round(6).tolist()
    [[0.3125, -0.1875]]
    """
    players = len(zero)
    points, weights = _points(-(-players // 2))
    factors = np.where(
        met[:, :, None],
        points + (1 - points) * zero[:, None],
        (1 - points) * zero[:, None],
    )
    before = np.ones_like(factors)
    after = np.ones_like(factors)
    # products of the others without division, for a factor may be 0
    np.cumprod(factors[:, :-1], axis=1, out=before[:, 1:])
    np.cumprod(factors[:, :0:-1], axis=1, out=after[:, -2::-1])
    before *= after
    return (met - zero) * (before @ weights)


def by_background(met: Ints, other: Ints, weights: Floats, players: int) -> Floats:
    """Shapley values of a leaf of value 1, averaged over background patterns.

    For a row that meets the players' conditions A alone and a background row that meets N alone
    (every player's are met by one of them, or the leaf is never reached): each of A gets
    (|A|−1)!|N|!/(|A|+|N|)!, each of N loses |A|!(|N|−1)!/(|A|+|N|)! (Lundberg et al. 2020,
    interventional tree SHAP). `met` and `other` are patterns as integers, `weights` those of
    `other`. Returns patterns × players.

    >>> by_background(np.array([1]), np.array([2, 3]), np.array([0.5, 0.5]), 2).tolist()
    [[0.25, -0.25]]
    """
    if players <= TABLED:
        frequency = np.bincount(other, weights, minlength=1 << players)
        return tabled(frequency, players)[met]
    own, theirs = bits_of(met, players), bits_of(other, players)
    full = (1 << players) - 1
    gains, losses = _weights(players)
    found = np.empty((len(met), players))
    for start in range(0, len(met), 256):
        part = slice(start, start + 256)
        a = met[part, None]
        # pairs that leave one player's conditions unmet never reach the leaf
        row, column = np.nonzero((a | other) == full)
        mine, yours = met[part][row], other[column]
        size = np.bitwise_count(mine & ~yours), np.bitwise_count(yours & ~mine)
        shape = a.shape[0], len(other)
        gain, loss = np.zeros(shape), np.zeros(a.shape[0])
        gain[row, column] = gains[size] * weights[column]
        np.add.at(loss, row, losses[size] * weights[column])
        found[part] = np.where(own[part], gain @ ~theirs, -loss[:, None])
    return found


def tabled(frequency: Floats, players: int) -> Floats:
    """`by_background` of every pattern 0 … 2ᴰ−1, given the background's weight on each.

    >>> tabled(np.array([0.5, 0.5]), 1).tolist()
    [[-0.5], [0.5]]
    """
    return np.asarray(_all_pairs(players) @ frequency).reshape(-1, players)


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
            whole = lgamma(a + n + 1)
            if a:
                gains[a, n] = np.exp(lgamma(a) + lgamma(n + 1) - whole)
            if n:
                losses[a, n] = np.exp(lgamma(a + 1) + lgamma(n) - whole)
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
            rows.append(row[there] * players + player)
            columns.append(other[there])
            values.append(weight[there])
    return sparse.csr_array(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
        shape=(players << players, 1 << players),
    )
