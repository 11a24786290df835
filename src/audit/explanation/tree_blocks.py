"""Leaves in blocks that share conditions, and rows as codes of the conditions they meet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.explanation.ensemble import Ensemble, Floats, Ints
from audit.explanation.tree_cells import Cells, goes_left

BLOCK = 14
"""Conditions a block of leaves shares: more would make fewer blocks but longer tables."""

WIDEST = 62
"""Players on one path that a 64-bit pattern holds."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Leaf:
    """A leaf's path within its block: player j's conditions are met where code & select = want."""

    value: float
    players: Ints
    select: Ints
    want: Ints
    zero: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """Leaves of a tree and the conditions that bits of a code stand for.

    A bit is a conjunction of (node, goes left) pairs: one node's condition in a shared block, all
    conditions of a player in a block of one deep leaf.
    """

    bits: tuple[tuple[tuple[int, bool], ...], ...]
    leaves: tuple[Leaf, ...]


def codes_of(ensemble: Ensemble, cells: Cells, block: Block, size: int) -> npt.NDArray[np.integer]:
    """Each row's code in a block."""
    kind: Any = np.uint16 if len(block.bits) <= 16 else np.int64
    code: npt.NDArray[Any] = np.zeros(size, kind)
    shifted: npt.NDArray[Any] = np.empty(size, kind)
    spare = np.empty(size, np.bool_)
    for bit, ((first, left), *others) in enumerate(block.bits):
        met = goes_left(ensemble, cells, first, out=spare)
        met = met if left else ~met
        for node, side in others:
            here = goes_left(ensemble, cells, node)
            met = met & (here if side else ~here)
        np.left_shift(met, bit, out=shifted, dtype=kind)
        np.bitwise_or(code, shifted, out=code)
    return code


def occurring(codes: npt.NDArray[np.integer], bits: int) -> tuple[Ints, npt.NDArray[np.intp]]:
    """Distinct codes in order, and each row's place among them."""
    if bits > 16:
        found, place = np.unique(codes, return_inverse=True)
        return found, place
    seen = np.zeros(1 << bits, np.bool_)
    seen[codes] = True
    return np.flatnonzero(seen), (np.cumsum(seen) - 1)[codes]


def blocks(ensemble: Ensemble, player: Ints) -> Iterator[Block]:
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
) -> Block:
    leaves = []
    for leaf, path in held:
        own = _by_player(ensemble, player, path)
        leaves.append(
            Leaf(
                value=float(ensemble.value[leaf]),
                players=np.array(list(own)),
                select=np.array([sum(1 << nodes[n] for n, _ in c) for c, _ in own.values()]),
                want=np.array([sum(1 << nodes[n] for n, at in c if at) for c, _ in own.values()]),
                zero=np.array([passed for _, passed in own.values()]),
            )
        )
    return Block(bits=tuple(((node, True),) for node in nodes), leaves=tuple(leaves))


def _deep(ensemble: Ensemble, player: Ints, leaf: int, path: list[tuple[int, bool]]) -> Block:
    own = _by_player(ensemble, player, path)
    if len(own) > WIDEST:
        raise InputError(
            "EXP142",
            f"a leaf depends on {len(own)} features, more than {WIDEST}",
            argument="model",
            fix="limit the depth of the trees, or explain it by sampling",
        )
    bits = np.left_shift(1, np.arange(len(own)), dtype=np.int64)
    one = Leaf(
        value=float(ensemble.value[leaf]),
        players=np.array(list(own)),
        select=bits,
        want=bits,
        zero=np.array([passed for _, passed in own.values()]),
    )
    return Block(bits=tuple(tuple(c) for c, _ in own.values()), leaves=(one,))


def patterns(leaf: Leaf, codes: Ints) -> Ints:
    """Bit j: whether all of player j's conditions on the leaf's path are met."""
    found = np.zeros(len(codes), np.int64)
    for bit, (select, want) in enumerate(zip(leaf.select, leaf.want, strict=True)):
        found |= np.left_shift((codes & select) == want, bit, dtype=np.int64)
    return found


def involved(block: Block) -> tuple[Ints, list[npt.NDArray[np.intp]]]:
    """Players of a block, and each leaf's places among them."""
    names = np.unique(np.concatenate([leaf.players for leaf in block.leaves]))
    return names, [np.searchsorted(names, leaf.players) for leaf in block.leaves]
