"""Exact SHAP values of tree ensembles, fast for many rows: leaf patterns.

A leaf sees of a row only which conditions on its path the row meets, so its share of the SHAP
values is worked out once a pattern, not once a row. Neighbouring leaves share a block of at most
`BLOCK` conditions; a row's pattern in the block looks up the sum of their shares.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.explanation.tree_tables import TABLED, bits_of, by_background, by_covers, tabled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

BLOCK = 11
"""Conditions a block of leaves shares: 2¹¹ patterns stay in the processor's cache."""

WIDEST = 62
"""Players on one path that a 64-bit pattern holds."""

ZERO_BAND = 1.0000000180025095e-35
"""Values no farther from 0 are LightGBM's zeros (its kZeroThreshold, a float32)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ensemble:
    """Trees as flat arrays, one entry a node; output = base + the sum of the leaves reached.

    A row goes left where its value ≤ threshold, or, at a categorical node, where its category is
    in the node's set.
    """

    roots: Ints
    """Each tree's first node."""
    left: Ints
    """Left child; -1 at a leaf."""
    right: Ints
    """Right child; -1 at a leaf."""
    column: Ints
    """Column compared; -1 at a leaf."""
    threshold: Floats
    """Compared with; nan at a leaf or a categorical node."""
    missing_left: Flags
    """Whether nan goes left."""
    value: Floats
    """A leaf's value, learning rate and averaging over trees included; 0 elsewhere."""
    cover: Floats
    """Training rows (or their weight) that reached the node, as the library itself counts them."""
    base: float
    """What the output starts from."""
    scale: str
    """"log-odds" or "probability" of class index 1, or "output" of a regressor."""
    columns: int
    """Columns of the matrix that the trees compare with."""
    single: bool = False
    """Whether rows are rounded to float32 before they are compared."""
    tolerance: float = 1e-9
    """How far the library's own float sums may be from ours, relative to max(1, |output|)."""
    category: Ints | None = None
    """Index into `sets` at a categorical node, else -1; None without such nodes."""
    sets: tuple[Flags, ...] = ()
    """By categorical node: whether category 0, 1, … goes left."""
    other_left: Flags = field(default_factory=lambda: np.zeros(0, np.bool_))
    """By set: whether a category beyond the set (or below 0) goes left."""
    zero_left: npt.NDArray[np.int8] | None = None
    """1 or 0 where a zero counts as missing and goes left or right, else -1; None without."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cells:
    """Rows as small integers by column: which cell between the column's thresholds."""

    codes: tuple[npt.NDArray[np.unsignedinteger] | None, ...]
    cuts: tuple[Floats, ...]
    gaps: tuple[bool, ...]
    """By column: whether any row is nan."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Leaf:
    """A leaf's path within its block: player j's conditions are met where code & select = want."""

    value: float
    players: Ints
    select: Ints
    want: Ints
    zero: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Block:
    """Leaves of a tree and the conditions that bits of a code stand for.

    A bit is a conjunction of (node, goes left) pairs: one node's condition in a shared block, all
    conditions of a player in a block of one deep leaf.
    """

    bits: tuple[tuple[tuple[int, bool], ...], ...]
    leaves: tuple[_Leaf, ...]


def output(ensemble: Ensemble, rows: Floats) -> Floats:
    """What the trees say of each row, on the ensemble's scale.

    Raises `InputError`: EXP140 rows of another width.
    """
    cells = _cells(ensemble, _checked(ensemble, rows, "rows"))
    found = np.full(len(rows), ensemble.base)
    for root in ensemble.roots:
        waiting = [(int(root), np.arange(len(rows)))]
        while waiting:
            node, reached = waiting.pop()
            if ensemble.left[node] < 0:
                found[reached] += ensemble.value[node]
            elif len(reached):
                left = _goes_left(ensemble, cells, node, reached)
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
    if names.shape != (ensemble.columns,) or (len(names) and not 0 <= names.min() <= names.max() < count):
        raise InputError(
            "EXP143",
            f"{names.size} columns map to players outside 0…{count - 1} or are not all mapped",
            argument="player",
            fix=f"give one number for each of the {ensemble.columns} columns",
        )
    cells = _cells(ensemble, rows)
    values = np.zeros((count, len(rows)))
    base = ensemble.base
    stand_ins: _Cells | None = None
    shares = np.zeros(0)
    if background is not None:
        background = _checked(ensemble, background, "background")
        shares = _shares(background, background_weight)
        stand_ins = _cells(ensemble, background)
        base = float(shares @ output(ensemble, background))
    for block in _blocks(ensemble, names):
        codes, index = _occurring(_codes(ensemble, cells, block, len(rows)), len(block.bits))
        if stand_ins is None:
            table, involved, expected = _covers_table(block, codes)
            base += expected
        else:
            other, where = _occurring(
                _codes(ensemble, stand_ins, block, len(shares)), len(block.bits)
            )
            weight = np.bincount(where, shares, minlength=len(other))
            table, involved = _background_table(block, codes, other, weight)
        for name, column in zip(involved, table, strict=True):
            values[name] += column[index]
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


def _cells(ensemble: Ensemble, rows: Floats) -> _Cells:
    """Compare rows with all thresholds of a column at once: value ≤ cuts[k] where code ≤ k."""
    codes: list[npt.NDArray[np.unsignedinteger] | None] = []
    cuts: list[Floats] = []
    gaps: list[bool] = []
    used = ensemble.column >= 0
    numeric = used & ~np.isnan(ensemble.threshold)
    for column in range(ensemble.columns):
        here = ensemble.column == column
        if not (here & used).any():
            codes.append(None)
            cuts.append(np.zeros(0))
            gaps.append(False)
            continue
        values = np.ascontiguousarray(rows[:, column])
        if ensemble.single:
            with np.errstate(over="ignore"):
                values = values.astype(np.float32).astype(np.float64)
        nan = np.isnan(values)
        if (here & numeric).any():
            edges = np.unique(ensemble.threshold[here & numeric])
            if ensemble.zero_left is not None and (ensemble.zero_left[here] >= 0).any():
                band = np.array([np.nextafter(-ZERO_BAND, -1), ZERO_BAND])
                edges = np.unique(np.concatenate([edges, band]))
            code = np.searchsorted(edges, values, side="left")
        else:
            # categories are whole numbers; what lies outside every set is one cell, the last
            longest = max(len(ensemble.sets[k]) for k in _set_numbers(ensemble, here))
            edges = np.arange(longest, dtype=np.float64)
            inside = (values > -1) & (values < longest)
            code = np.where(inside, np.trunc(np.where(inside, values, 0)), longest).astype(np.intp)
        code[nan] = len(edges) + 1
        kind = np.min_scalar_type(len(edges) + 1)
        codes.append(code.astype(kind))
        cuts.append(edges)
        gaps.append(bool(nan.any()))
    return _Cells(codes=tuple(codes), cuts=tuple(cuts), gaps=tuple(gaps))


def _set_numbers(ensemble: Ensemble, nodes: Flags) -> Ints:
    assert ensemble.category is not None
    return ensemble.category[nodes & (ensemble.category >= 0)]


def _goes_left(
    ensemble: Ensemble, cells: _Cells, node: int, reached: npt.NDArray[np.intp] | None = None
) -> Flags:
    """Whether each row (of those that reached it) goes left at a node."""
    column = int(ensemble.column[node])
    code, edges = cells.codes[column], cells.cuts[column]
    assert code is not None
    if reached is not None:
        code = code[reached]
    missing = bool(ensemble.missing_left[node])
    if ensemble.category is not None and ensemble.category[node] >= 0:
        number = int(ensemble.category[node])
        table = np.full(len(edges) + 2, ensemble.other_left[number])
        table[: len(ensemble.sets[number])] = ensemble.sets[number]
        table[-1] = missing
        return np.asarray(table[code])
    left = code <= code.dtype.type(np.searchsorted(edges, ensemble.threshold[node]))
    if ensemble.zero_left is not None and ensemble.zero_left[node] >= 0:
        left[code == np.searchsorted(edges, ZERO_BAND)] = bool(ensemble.zero_left[node])
    if missing and cells.gaps[column]:
        left |= code == len(edges) + 1
    return np.asarray(left)


def _codes(ensemble: Ensemble, cells: _Cells, block: _Block, size: int) -> Ints:
    kind = np.uint16 if len(block.bits) <= 16 else np.int64
    code = np.zeros(size, kind)
    for bit, conditions in enumerate(block.bits):
        met: Flags | None = None
        for node, left in conditions:
            here = _goes_left(ensemble, cells, node)
            here = here if left else ~here
            met = here if met is None else met & here
        code |= np.left_shift(met, bit, dtype=kind)  # type: ignore[arg-type]
    return code.astype(np.int64)


def _occurring(codes: Ints, bits: int) -> tuple[Ints, npt.NDArray[np.intp]]:
    """Distinct codes in order, and each row's place among them."""
    if bits > 16:
        found, place = np.unique(codes, return_inverse=True)
        return found, place
    seen = np.zeros(1 << bits, np.bool_)
    seen[codes] = True
    return np.flatnonzero(seen), (np.cumsum(seen) - 1)[codes]


def _blocks(ensemble: Ensemble, player: Ints) -> Iterator[_Block]:
    """Every tree's leaves, in blocks of neighbours with at most `BLOCK` nodes above them."""
    for root in ensemble.roots:
        nodes: dict[int, int] = {}
        held: list[tuple[int, list[tuple[int, bool]]]] = []
        for leaf, path in _paths(ensemble, int(root)):
            if not path:
                continue
            if len(path) > BLOCK:
                yield _deep(ensemble, player, leaf, path)
                continue
            more = [node for node, _ in path if node not in nodes]
            if len(nodes) + len(more) > BLOCK:
                yield _shared(ensemble, player, nodes, held)
                nodes, held, more = {}, [], [node for node, _ in path]
            nodes.update({node: len(nodes) + k for k, node in enumerate(more)})
            held.append((leaf, path))
        if held:
            yield _shared(ensemble, player, nodes, held)


def _paths(ensemble: Ensemble, root: int) -> Iterator[tuple[int, list[tuple[int, bool]]]]:
    """Leaves of a tree from left to right, each with its (node, goes left) pairs."""
    waiting: list[tuple[int, list[tuple[int, bool]]]] = [(root, [])]
    while waiting:
        node, path = waiting.pop()
        if ensemble.left[node] < 0:
            yield node, path
        else:
            waiting.append((int(ensemble.right[node]), [*path, (node, False)]))
            waiting.append((int(ensemble.left[node]), [*path, (node, True)]))


def _by_player(
    ensemble: Ensemble, player: Ints, path: list[tuple[int, bool]]
) -> dict[int, tuple[list[tuple[int, bool]], float]]:
    """Each player's conditions on a path, and the share of training rows that pass them."""
    found: dict[int, tuple[list[tuple[int, bool]], float]] = {}
    for node, left in path:
        name = int(player[ensemble.column[node]])
        child = ensemble.left[node] if left else ensemble.right[node]
        above = float(ensemble.cover[node])
        share = float(ensemble.cover[child]) / above if above > 0 else 0.0
        conditions, passed = found.get(name, ([], 1.0))
        found[name] = ([*conditions, (node, left)], passed * share)
    return found


def _shared(
    ensemble: Ensemble,
    player: Ints,
    nodes: dict[int, int],
    held: list[tuple[int, list[tuple[int, bool]]]],
) -> _Block:
    leaves = []
    for leaf, path in held:
        own = _by_player(ensemble, player, path)
        leaves.append(
            _Leaf(
                value=float(ensemble.value[leaf]),
                players=np.array(list(own)),
                select=np.array([sum(1 << nodes[n] for n, _ in c) for c, _ in own.values()]),
                want=np.array([sum(1 << nodes[n] for n, at in c if at) for c, _ in own.values()]),
                zero=np.array([passed for _, passed in own.values()]),
            )
        )
    return _Block(bits=tuple(((node, True),) for node in nodes), leaves=tuple(leaves))


def _deep(ensemble: Ensemble, player: Ints, leaf: int, path: list[tuple[int, bool]]) -> _Block:
    own = _by_player(ensemble, player, path)
    if len(own) > WIDEST:
        raise InputError(
            "EXP142",
            f"a leaf depends on {len(own)} features, more than {WIDEST}",
            argument="model",
            fix="limit the depth of the trees, or explain it by sampling",
        )
    bits = np.left_shift(1, np.arange(len(own)), dtype=np.int64)
    one = _Leaf(
        value=float(ensemble.value[leaf]),
        players=np.array(list(own)),
        select=bits,
        want=bits,
        zero=np.array([passed for _, passed in own.values()]),
    )
    return _Block(bits=tuple(tuple(c) for c, _ in own.values()), leaves=(one,))


def _patterns(leaf: _Leaf, codes: Ints) -> Ints:
    """Bit j: whether all of player j's conditions on the leaf's path are met."""
    met = (codes[:, None] & leaf.select) == leaf.want
    return np.asarray(met @ np.left_shift(1, np.arange(len(leaf.players)), dtype=np.int64))


def _involved(block: _Block) -> tuple[Ints, list[npt.NDArray[np.intp]]]:
    """Players of a block, and each leaf's places among them."""
    names = np.unique(np.concatenate([leaf.players for leaf in block.leaves]))
    return names, [np.searchsorted(names, leaf.players) for leaf in block.leaves]


def _covers_table(block: _Block, codes: Ints) -> tuple[Floats, Ints, float]:
    names, places = _involved(block)
    table = np.zeros((len(codes), len(names)))
    expected = 0.0
    for leaf, at in zip(block.leaves, places, strict=True):
        size = len(leaf.players)
        pattern, index = _occurring(_patterns(leaf, codes), size)
        shares = leaf.value * by_covers(bits_of(pattern, size), leaf.zero)
        table[:, at] += shares[index]
        expected += leaf.value * float(np.prod(leaf.zero))
    return np.ascontiguousarray(table.T), names, expected


def _background_table(
    block: _Block, codes: Ints, other: Ints, weight: Floats
) -> tuple[Floats, Ints]:
    names, places = _involved(block)
    table = np.zeros((len(codes), len(names)))
    for leaf, at in zip(block.leaves, places, strict=True):
        size = len(leaf.players)
        own, theirs = _patterns(leaf, codes), _patterns(leaf, other)
        if size <= TABLED:
            frequency = np.bincount(theirs, weight, minlength=1 << size)
            table[:, at] += (leaf.value * tabled(frequency, size))[own]
        else:
            pattern, index = _occurring(own, size)
            stand_in, where = _occurring(theirs, size)
            shares = by_background(pattern, stand_in, np.bincount(where, weight), size)
            table[:, at] += (leaf.value * shares)[index]
    return np.ascontiguousarray(table.T), names
