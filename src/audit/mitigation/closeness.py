"""How close to the cut-off the people are whose decision changes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from audit.inference.intervals import rate_interval
from audit.mitigation.change_cells import Array, Flags, Floats, Masses, counted
from audit.mitigation.change_record import Closeness
from audit.mitigation.record import Limits
from audit.table.roles import Level

NEAR = 0.1
"""Share of people that are the nearest."""
SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Shares of the people who change, for quantiles of their distance."""
FEWEST = 10
"""People below whom no quantiles are given: they would be single people's scores."""
KINDS = ("gained", "lost", "either")


def closeness_of(
    before: Flags,
    after: Flags,
    codes: Array,
    members: Flags,
    names: Sequence[Level],
    distance: Floats,
    masses: Masses,
    *,
    attribute: str,
    level: float = 0.95,
) -> tuple[tuple[Closeness, ...], float]:
    """By group and kind of change; and the distance of the nearest 10 % of people.

    `distance` is nan where there is no score. People at that distance are all among the nearest,
    so with few values of the score they may be more than 10 %.
    """
    each = masses.each
    seen = ~np.isnan(distance) if each is None else ~np.isnan(distance) & (each > 0)
    everyone = distance if seen.all() else distance[seen]
    near = quantile(everyone, None if each is None else each[seen], (NEAR,))[0]
    rows = np.flatnonzero((before != after) & seen)
    far, lost = distance[rows] > near, before[rows]
    shape = (members.shape[1], 2, 2)
    cell = (codes[rows].astype(np.int64) * 2 + lost) * 2 + far
    sides = np.concatenate([np.ones((1, members.shape[1]), dtype=bool), members])
    cells = counted(cell, shape, masses[rows]).over(sides)
    shares = [
        cells.rate(lambda t, k=k: t[..., k, 0], lambda t, k=k: t[..., k, :].sum(-1))  # type: ignore[misc]
        for k in (0, 1)
    ]
    shares.append(cells.rate(lambda t: t[..., 0].sum(-1), lambda t: t.sum(axis=(-2, -1))))
    limits = [rate_interval(s.x, s.n, level) for s in shares]
    out = []
    for side, own in enumerate(sides):
        inside = own[codes[rows]]
        for kind, name in enumerate(KINDS):
            at = rows[inside if kind == 2 else inside & (lost == (kind == 1))]
            number = int(shares[kind].rows[side])
            few = number < FEWEST
            value, (low, high) = shares[kind].value[side], (v[side] for v in limits[kind])
            found = (
                [] if few else quantile(distance[at], None if each is None else each[at], SHARES)
            )
            out.append(
                Closeness(
                    attribute=(attribute,) if side else (),
                    group=(names[side - 1],) if side else (),
                    changed=name,
                    rows=number,
                    quantiles=dict(zip(map(str, SHARES), found, strict=False)),
                    near=Limits(value=float(value), low=float(low), high=float(high)),
                    reason=None if not few else "nobody changes" if not number
                    else f"fewer than {FEWEST} people change",
                )
            )  # fmt: skip
    return tuple(out), near


def quantile(
    values: Floats, mass: npt.NDArray[np.floating] | None, shares: Sequence[float]
) -> list[float]:
    """The smallest values that shares of the mass are at or below; nan of nothing.

    >>> quantile(np.array([3.0, 1.0, 2.0, 4.0]), None, (0.25, 0.5))
    [1.0, 2.0]
    >>> quantile(np.array([3.0, 1.0]), np.array([3.0, 1.0]), (0.25, 0.5))
    [1.0, 3.0]
    """
    if not len(values):
        return [math.nan] * len(shares)
    if mass is None:
        size = len(values)
        places = [max(math.ceil(size * s * (1 - 1e-12)), 1) - 1 for s in shares]
        parted = np.partition(values, sorted(set(places)))
        return [float(parted[p]) for p in places]
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(mass[order])
    wanted = np.asarray(shares) * reached[-1] * (1 - 1e-12)
    places = np.minimum(np.searchsorted(reached, wanted), len(order) - 1).tolist()
    return [float(values[order[p]]) for p in places]
