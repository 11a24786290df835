"""Exact SHAP values of tree ensembles, fast for many rows: leaf patterns.

A leaf sees of a row only which conditions on its path the row meets, so its share of the SHAP
values is worked out once a pattern, not once a row. Neighbouring leaves share a block of at most
`BLOCK` conditions; a row's pattern in the block looks up the sum of their shares.
`design/tree-shap.md` says why.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.explanation.ensemble import Ensemble, Floats, Ints
from audit.explanation.tree_blocks import Block, blocks, codes_of, involved, occurring, patterns
from audit.explanation.tree_cells import Cells, cells_of, goes_left
from audit.explanation.tree_tables import TABLED, bits_of, by_background, by_covers, tabled

CHUNK = 16_384
"""Rows looked up at once: what is read and written then stays in the processor's cache."""


def output(ensemble: Ensemble, rows: Floats) -> Floats:
    """What the trees say of each row, on the ensemble's scale.

    Raises `InputError`: EXP140 rows of another width.
    """
    cells = cells_of(ensemble, _checked(ensemble, rows, "rows"))
    found = np.full(len(rows), ensemble.base)
    for root in ensemble.roots:
        waiting = [(int(root), np.arange(len(rows)))]
        while waiting:
            node, reached = waiting.pop()
            if ensemble.left[node] < 0:
                found[reached] += ensemble.value[node]
            elif len(reached):
                left = goes_left(ensemble, cells, node, reached)
                waiting.append((int(ensemble.left[node]), reached[left]))
                waiting.append((int(ensemble.right[node]), reached[~left]))
    return found


def shap_values(
    ensemble: Ensemble,
    rows: Floats,
    *,
    background: Floats | None = None,
    background_weight: Floats | None = None,
    player: Ints | None = None,
    players: int | None = None,
) -> tuple[Floats, float]:
    """Exact SHAP values (rows × players) and the base they start from: base + row sum = output.

    With `background`, interventional: absent features take the values of every background row
    together, averaged exactly over all of them (weights need not sum to 1). Without it,
    path-dependent: absent features follow the trees' own covers (Lundberg et al. 2020).
    `player[column]` maps columns to players, so that one-hot columns of one source move together;
    by default every column is its own. Columns of one player are absent or present together,
    which is not the sum of their separate values.

    Raises `InputError`: EXP140 rows of another width, EXP141 no background row or bad weights,
    EXP142 a path with more than 62 players, EXP143 players that do not match the columns.
    """
    rows = _checked(ensemble, rows, "rows")
    names = np.arange(ensemble.columns) if player is None else np.asarray(player, np.int64)
    count = int(names.max(initial=-1)) + 1 if players is None else players
    if names.shape != (ensemble.columns,) or (
        len(names) and not 0 <= names.min() <= names.max() < count
    ):
        raise InputError(
            "EXP143",
            f"{names.size} columns map to players outside 0…{count - 1} or are not all mapped",
            argument="player",
            fix=f"give one number for each of the {ensemble.columns} columns",
        )
    cells = cells_of(ensemble, rows)
    # a tree of one leaf gives every row the same, so it is part of the base
    alone = ensemble.roots[ensemble.left[ensemble.roots] < 0]
    values, spare = np.zeros((count, len(rows))), np.empty(CHUNK)
    base = ensemble.base + float(ensemble.value[alone].sum())
    stand_ins: Cells | None = None
    shares = np.zeros(0)
    if background is not None:
        background = _checked(ensemble, background, "background")
        shares = _shares(background, background_weight)
        stand_ins = cells_of(ensemble, background)
        base = float(shares @ output(ensemble, background))
    for block in blocks(ensemble, names):
        codes, index = occurring(codes_of(ensemble, cells, block, len(rows)), len(block.bits))
        if stand_ins is None:
            table, involved, expected = _covers_table(block, codes)
            base += expected
        else:
            other, where = occurring(
                codes_of(ensemble, stand_ins, block, len(shares)), len(block.bits)
            )
            weight = np.bincount(where, shares).astype(np.float64)
            table, involved = _background_table(block, codes, other, weight)
        for start in range(0, len(rows), CHUNK):
            part = index[start : start + CHUNK]
            looked = spare[: len(part)]
            for name, column in zip(involved, table, strict=True):
                # every place is in bounds; "clip" only spares numpy a second buffer
                np.take(column, part, out=looked, mode="clip")
                values[name, start : start + CHUNK] += looked
    return values.T, base


def _checked(ensemble: Ensemble, rows: Floats, argument: str) -> Floats:
    found = np.asarray(rows, np.float64)
    if found.ndim != 2 or found.shape[1] != ensemble.columns:
        raise InputError(
            "EXP140",
            f"shape {found.shape}, where the trees compare {ensemble.columns} columns",
            argument=argument,
            fix="encode rows with the function that came with the ensemble",
        )
    return found


def _shares(background: Floats, weight: Floats | None) -> Floats:
    given = np.ones(len(background)) if weight is None else np.asarray(weight, np.float64)
    if given.shape != (len(background),) or not (given >= 0).all() or not 0 < given.sum() < np.inf:
        raise InputError(
            "EXP141",
            "no background row has a positive weight, or weights do not match the rows",
            argument="background_weight" if weight is not None else "background",
            fix="give at least one row, and finite weights ≥ 0",
        )
    return np.asarray(given / given.sum())


def _covers_table(block: Block, codes: Ints) -> tuple[Floats, Ints, float]:
    """The block's share of each player's value by code, its players, its expected output."""
    names, places = involved(block)
    table = np.zeros((len(names), len(codes)))
    expected = 0.0
    for leaf, at in zip(block.leaves, places, strict=True):
        size = len(leaf.players)
        pattern = patterns(leaf, codes)
        if size <= TABLED and 1 << size <= len(codes):
            found, index = np.arange(1 << size), pattern
        else:
            found, index = occurring(pattern, size)
        shares = leaf.value * by_covers(bits_of(found, size), leaf.zero)
        _add(table, at, shares, index)
        expected += leaf.value * float(np.prod(leaf.zero))
    return table, names, expected


def _background_table(
    block: Block, codes: Ints, other: Ints, weight: Floats
) -> tuple[Floats, Ints]:
    """The block's share of each player's value by code, and its players."""
    names, places = involved(block)
    table = np.zeros((len(names), len(codes)))
    for leaf, at in zip(block.leaves, places, strict=True):
        size = len(leaf.players)
        index, theirs = patterns(leaf, codes), patterns(leaf, other)
        if size <= TABLED:
            frequency = np.bincount(theirs, weight, minlength=1 << size)
            shares = tabled(frequency.astype(np.float64), size)
        else:
            pattern, index = occurring(index, size)
            stand_in, where = occurring(theirs, size)
            frequency = np.bincount(where, weight)
            shares = by_background(pattern, stand_in, frequency.astype(np.float64), size)
        _add(table, at, leaf.value * shares, index)
    return table, names


def _add(table: Floats, at: npt.NDArray[np.intp], shares: Floats, index: Ints) -> None:
    for row, share in zip(at, shares, strict=True):
        table[row] += share[index]
