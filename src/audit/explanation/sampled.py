"""Shapley values of any function of a row, by asking it about mixtures of two rows.

A feature that is left out takes the value it has in a background row, and the answers are
averaged over the background: interventional values (Janzing, Minorics & Blöbaum, AISTATS 2020).
Few features: every subset is asked about. More: a random order for each pair of rows, walked
forwards and backwards (Štrumbelj & Kononenko, JMLR 11, 2010, 1-18; antithetic orders as Mitchell
et al., JMLR 23, 2022). Both add up to score less base exactly, whatever was drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.explanation.hybrids import hybrids

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

FEW = 8
"""Features up to which every subset is asked about."""
BACKGROUND, MOST_BACKGROUND = 40, 1_000
"""Background rows, each of which meets every row explained: at least, and where rows are few."""
EVALUATIONS = 600_000
"""Mixtures asked about in one explanation."""
FEWEST, MOST = 100, 2_000
"""Rows explained for an attribute."""
CHUNK = 50_000
"""Mixtures asked about at a time."""


def rows_within(features: int, shares: int) -> int:
    """Rows to explain so that all mixtures, over `shares` attributes, stay within the budget."""
    each = BACKGROUND * mixtures(features)
    return int(np.clip(EVALUATIONS // max(each * shares, 1), FEWEST, MOST))


def background_within(features: int, rows: int, shares: int) -> int:
    """Background rows for so many rows: a third of the budget may go on more than the fewest."""
    each = rows * mixtures(features)
    return int(np.clip(EVALUATIONS // max(3 * each * shares, 1), BACKGROUND, MOST_BACKGROUND))


def mixtures(features: int) -> int:
    """Mixtures asked about for one pair of rows."""
    return 2**features - 2 if features <= FEW else 2 * (features - 1)


def shapley(
    function: Callable[[Any], Floats],
    frame: Any,
    rows: Ints,
    background: Ints,
    weight: Floats | None = None,
    seed: int = 0,
) -> tuple[Floats, float]:
    """Values (rows × columns of `frame`) and the base, both rows and background of one frame.

    `function` takes a narwhals frame like `frame` and gives a score a row; `weight` is the
    background rows'. Σ values = function(row) − base to rounding, for every row.

    >>> import pandas as pd, narwhals as nw, numpy as np
    >>> frame = nw.from_native(pd.DataFrame({"a": [0.0, 1.0, 3.0], "b": [0.0, 2.0, 0.0]}))
    >>> def product(x):
    ...     return (x["a"] * x["b"] + x["a"]).to_numpy()
    >>> shapley(product, frame, np.array([1]), np.array([0]))
    (array([[2., 1.]]), 0.0)
    """
    names = list(frame.columns)
    share = np.full(len(background), 1.0) if weight is None else np.asarray(weight, np.float64)
    share = share / share.sum()
    pool = np.concatenate([rows, background])
    known = _ask(function, frame, dict.fromkeys(names, pool))
    own, base_scores = known[: len(rows)], known[len(rows) :]
    base = float(share @ base_scores)
    values = np.zeros((len(rows), len(names)))
    few = len(names) <= FEW
    walk = _enumerated if few else _walked
    rng = np.random.default_rng(seed)
    step = max(CHUNK // max(len(background) * mixtures(len(names)), 1), 1)
    for start in range(0, len(rows), step):
        part = slice(start, min(start + step, len(rows)))
        values[part] = walk(
            function, frame, rows[part], background, own[part], base_scores, share, rng
        )
    return values, base


def _ask(function: Callable[[Any], Floats], frame: Any, taken: dict[str, Ints]) -> Floats:
    return np.asarray(function(hybrids(frame, taken)), dtype=np.float64)


def _mixed(
    function: Callable[[Any], Floats], frame: Any, rows: Ints, background: Ints, own: Mask
) -> Floats:
    """Scores of all pairs under `own`, shape (rows, background, k, features) or (k, features)."""
    names = list(frame.columns)
    k = own.shape[-2]
    shape = (len(rows), len(background), k)
    row = np.broadcast_to(rows[:, None, None], shape)
    other = np.broadcast_to(background[None, :, None], shape)
    taken = {n: np.where(own[..., j], row, other).ravel() for j, n in enumerate(names)}
    return _ask(function, frame, taken).reshape(shape)


def _enumerated(
    function: Callable[[Any], Floats],
    frame: Any,
    rows: Ints,
    background: Ints,
    own: Floats,
    base: Floats,
    share: Floats,
    rng: np.random.Generator,
) -> Floats:
    d = len(frame.columns)
    masks = ((np.arange(2**d)[:, None] >> np.arange(d)) & 1).astype(bool)
    value = np.empty((len(rows), 2**d))
    value[:, 0] = share @ base
    value[:, -1] = own
    if d > 1:
        middle = _mixed(function, frame, rows, background, masks[1:-1])
        value[:, 1:-1] = np.einsum("ibk,b->ik", middle, share)
    sizes = masks.sum(axis=1)
    out = np.zeros((len(rows), d))
    for j in range(d):
        without = np.flatnonzero(~masks[:, j])
        chance = np.array([1 / (d * comb(d - 1, s)) for s in sizes[without].tolist()])
        out[:, j] = (value[:, without + (1 << j)] - value[:, without]) @ chance
    return out


def _walked(
    function: Callable[[Any], Floats],
    frame: Any,
    rows: Ints,
    background: Ints,
    own: Floats,
    base: Floats,
    share: Floats,
    rng: np.random.Generator,
) -> Floats:
    d = len(frame.columns)
    pairs = (len(rows), len(background))
    rank = rng.permuted(np.broadcast_to(np.arange(d), (*pairs, d)), axis=-1)
    steps = np.arange(1, d)[:, None]
    forward = rank[:, :, None, :] < steps
    backward = rank[:, :, None, :] >= d - steps
    found = _mixed(function, frame, rows, background, np.concatenate([forward, backward], axis=2))
    total = np.zeros((*pairs, d))
    ends = (
        np.broadcast_to(base[None, :, None], (*pairs, 1)),
        np.broadcast_to(own[:, None, None], (*pairs, 1)),
    )
    for half, order in ((found[..., : d - 1], rank), (found[..., d - 1 :], d - 1 - rank)):
        gains = np.diff(np.concatenate([ends[0], half, ends[1]], axis=-1), axis=-1)
        total += np.take_along_axis(gains, order, axis=-1)
    return np.asarray(np.einsum("ibj,b->ij", total / 2, share))
