"""Groups that may share rows: sums of the patterns that were counted.

A cube holds each row once, in the cell of its pattern of memberships; a group is the sum of its
patterns. Two groups that share rows are no two samples, so a group is compared with the rows of
the other that are not in it (`without`), which are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.table.memberships import group_names
from audit.table.roles import NONE_OF_THEM, Group, Level, Roles, is_named
from audit.tally.distribution import Distribution

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Belonging:
    """Which counted cells make up which group of an attribute tuple."""

    groups: tuple[Group, ...]
    """The product of the attributes' groups."""
    members: Flags | None
    """Shape (groups, patterns): whether a pattern belongs to a group; None where each group is
    one level."""
    named: Flags
    """Groups that may decide: nothing missing in them, and no "none of them"."""

    @property
    def inside(self) -> Flags:
        """`members`, spelt out where each group is one level."""
        return np.eye(len(self.groups), dtype=bool) if self.members is None else self.members


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parts:
    """The patterns behind groups that may overlap, each row in one of them."""

    members: Flags
    """Shape (groups, patterns)."""
    named: Flags
    """Groups that may decide; see `Belonging`."""
    n: npt.NDArray[np.int64]
    """Rows, shape (patterns, 3 decisions, 3 outcomes)."""
    w: Floats | None = None
    """Σw, same shape, where weighted."""
    w2: Floats | None = None
    """Σw², same shape."""
    blocks: Floats | None = None
    """By hashed block, shape (blocks, patterns, 3, 3), where a cluster was given."""

    def without(self, group: int, reference: int) -> Flags:
        """Patterns of the reference group that are not in the group."""
        return np.asarray(self.members[reference] & ~self.members[group])

    def share(self, group: int, reference: int) -> bool:
        """Whether two groups have rows in common."""
        both = self.members[group] & self.members[reference]
        return bool(self.n[both].any())

    def shared(self) -> Flags:
        """Patterns with rows, in more than one named group."""
        several = self.members[self.named].sum(axis=0) > 1
        return np.asarray(several & self.n.any(axis=(1, 2)))


def belonging(
    roles: Roles, attributes: Sequence[str], levels: Sequence[Sequence[Level | tuple[str, ...]]]
) -> Belonging:
    """The groups of an attribute tuple and the cells that make them up.

    `levels` are those of each attribute's axis; the cells are their product.

    >>> roles = Roles(protected=("race",), overlapping={"race": (("a", "x"), ("b", "y"))})
    >>> found = belonging(roles, ("race",), [(("a",), ("a", "b"), ())])
    >>> found.groups
    (('a',), ('b',), ('none of them',))
    >>> found.members.astype(int).tolist()
    [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
    """
    names: list[tuple[Any, ...]] = []
    members = np.ones((1, 1), dtype=bool)
    for attribute, own in zip(attributes, levels, strict=True):
        told = roles.overlapping.get(attribute)
        if told is None:
            names.append(tuple(own))
            inside = np.eye(len(own), dtype=bool)
        else:
            names.append(group_names(told, own))
            inside = np.array([[_holds(p, name) for p in own] for name in names[-1]], dtype=bool)
            inside = inside.reshape(len(names[-1]), len(own))
        members = np.kron(members, inside)
    groups: tuple[Group, ...] = tuple(product(*names))
    named = np.array([is_named(roles, tuple(attributes), g) for g in groups], dtype=bool)
    several = any(a in roles.overlapping for a in attributes)
    return Belonging(groups=groups, members=members if several else None, named=named)


def _holds(pattern: Any, name: str | None) -> bool:
    if name is None or pattern is None:
        return name is None and pattern is None
    return name in pattern if pattern else name == NONE_OF_THEM


def gathered(array: Any, members: Flags, axis: int = 0) -> Any:
    """Sums over the patterns of each group, along an axis of patterns.

    >>> gathered(np.array([1, 2, 4]), np.array([[True, True, False], [False, True, True]]))
    array([3, 6])
    """
    moved = np.moveaxis(np.asarray(array), axis, 0)
    out = np.empty((len(members), *moved.shape[1:]), moved.dtype)
    for i, inside in enumerate(members):
        out[i] = moved[inside].sum(axis=0)
    return np.moveaxis(out, 0, axis)


def grouped(
    roles: Roles,
    attributes: tuple[str, ...],
    levels: Sequence[Sequence[Any]],
    found: Sequence[Distribution],
) -> tuple[Distribution, ...]:
    """The distributions of groups from those of the counted cells, in the order of `levels`."""
    own = belonging(roles, attributes, levels)
    if own.members is None:
        return tuple(found)
    out = []
    for group, inside, named in zip(own.groups, own.members, own.named.tolist(), strict=True):
        parts = tuple(d for d, held in zip(found, inside.tolist(), strict=True) if held)
        whole = pooled(parts, group) if parts else _empty(found[0], group)
        out.append(replace(whole, parts=parts, named=named))
    return tuple(out)


def _empty(like: Distribution, group: Group) -> Distribution:
    """A group without rows."""
    kept = 0 if like.exact else len(like.values)
    nothing = {"rows": 0, "total": 0.0, "sum": 0.0, "sum_squares": 0.0, "weight_squared": 0.0}
    return replace(
        like,
        group=group,
        values=like.values[:kept],
        counts=np.zeros((kept, 3)),
        missing=0,
        **nothing,  # type: ignore[arg-type]  # names of fields
    )


def pooled(parts: Sequence[Distribution], group: Group) -> Distribution:
    """The distribution of all rows of several that share none; one alone stays as it is."""
    first = parts[0]
    if len(parts) == 1:
        return replace(first, group=group)
    if first.exact:
        values = np.unique(np.concatenate([d.values for d in parts]))
        counts = np.zeros((len(values), 3))
        for d in parts:
            counts[np.searchsorted(values, d.values)] += d.counts
    else:
        values, counts = first.values, np.sum([d.counts for d in parts], axis=0)
    return replace(
        first,
        group=group,
        values=values,
        counts=counts,
        rows=sum(d.rows for d in parts),
        total=sum(d.total for d in parts),
        sum=sum(d.sum for d in parts),
        sum_squares=sum(d.sum_squares for d in parts),
        weight_squared=sum(d.weight_squared for d in parts),
        missing=sum(d.missing for d in parts),
    )


def apart(reference: Distribution, group: Distribution) -> Distribution:
    """The reference group's rows that are not in the group; the reference itself if all are."""
    inside = {d.group for d in group.parts if d.rows or d.missing}
    rest = tuple(d for d in reference.parts if d.group not in inside)
    if len(rest) == len(reference.parts):
        return reference
    if not rest:
        return replace(_empty(reference, reference.group), parts=())
    return replace(pooled(rest, reference.group), parts=rest, named=reference.named)


def share_rows(found: Sequence[Distribution]) -> bool:
    """Whether some row is in two of these groups."""
    seen = [d.group for group in found for d in group.parts if d.rows]
    return len(set(seen)) < len(seen)
