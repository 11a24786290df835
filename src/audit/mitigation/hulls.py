"""Best trade-offs of one group: ROC curves, their upper hulls, and points inside them.

A hull's vertices are cut-offs; what lies on its edges and inside it is reached by drawing lots
between cut-offs (Hardt, Price & Srebro 2016, sections 3 and 4). A profit that is linear in true
and false positives is highest on the upper hull, so maximising over its vertices is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mix = tuple[tuple[int, float], ...]
"""Points of the curve, by number, strictest first, and how often each is drawn; shares sum to 1."""

CLOSE = 1e-12
"""Shares and rates nearer than this are one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """Σw approved by outcome at every cut-off of one group: point 0 approves nobody."""

    good: Floats
    """Approved who repaid, ascending from 0."""
    bad: Floats
    """Approved who did not, ascending from 0."""
    vertices: Ints
    """Points on the upper hull of (bad, good), from the first to the last."""

    @property
    def goods(self) -> float:
        """Σw of all who repaid."""
        return float(self.good[-1])

    @property
    def bads(self) -> float:
        """Σw of all who did not."""
        return float(self.bad[-1])

    @property
    def total(self) -> float:
        """Σw of all."""
        return self.goods + self.bads

    def rates(self) -> tuple[Floats, Floats]:
        """False and true positive rates of the hull's vertices."""
        return self.bad[self.vertices] / self.bads, self.good[self.vertices] / self.goods


def curve(good: Floats, bad: Floats) -> Curve:
    """The curve of people put in order, strictest cut-off first: outcomes at each value.

    >>> curve(np.array([2.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0])).vertices
    array([0, 1, 3])
    """
    zero = np.zeros(1)
    up, along = (np.concatenate([zero, np.cumsum(v)]) for v in (good, bad))
    return Curve(good=up, bad=along, vertices=_hull(along, up))


def _hull(x: Floats, y: Floats) -> Ints:
    """Numbers of the points on the upper hull of ascending points (monotone chain, exact).

    Points on an edge, and those that repeat, are left out.
    """
    own = np.flatnonzero(np.append(True, (np.diff(x) > 0) | (np.diff(y) > 0)))
    dx, dy = np.diff(x[own]), np.diff(y[own])
    # what does not turn right between its neighbours is no vertex: most are sorted out at once
    turns = np.ones(len(own), dtype=bool)
    turns[1:-1] = dx[:-1] * dy[1:] < dy[:-1] * dx[1:]
    kept: list[int] = []
    xs, ys = x.tolist(), y.tolist()
    for i in own[turns].tolist():
        while len(kept) > 1:
            a, b = kept[-2], kept[-1]
            if (xs[b] - xs[a]) * (ys[i] - ys[b]) < (ys[b] - ys[a]) * (xs[i] - xs[b]):
                break
            kept.pop()
        kept.append(i)
    return np.asarray(kept, dtype=np.int64)


def on_hull(at: float, along: Floats, vertices: Ints) -> Mix:
    """The mix of neighbouring vertices at which an ascending quantity reaches a value.

    >>> on_hull(0.25, np.array([0.0, 0.5, 1.0]), np.array([0, 4, 9]))
    ((0, 0.5), (4, 0.5))
    """
    i = int(np.searchsorted(along, at * (1 - CLOSE), "left"))
    i = min(i, len(along) - 1)
    if i == 0 or along[i] - at <= CLOSE * max(1.0, abs(at)):
        return ((int(vertices[i]), 1.0),)
    share = float((at - along[i - 1]) / (along[i] - along[i - 1]))
    return _mix((int(vertices[i - 1]), 1 - share), (int(vertices[i]), share))


def _mix(*parts: tuple[int, float]) -> Mix:
    """Parts that are drawn at all."""
    kept = [(i, s) for i, s in parts if s > CLOSE]
    whole = sum(s for _, s in kept)
    return tuple((i, s / whole) for i, s in kept)


def inside_hull(fpr: float, tpr: float, of: Curve) -> Mix:
    """A mix of vertices with these rates that leaves the fewest people to the draw.

    From each vertex on the strict side a line through the point meets the hull's other side
    between two vertices; of these mixes of up to three cut-offs the one whose strictest and most
    lenient cut-off have the fewest people between them is taken.
    """
    x, y = of.rates()
    if fpr <= CLOSE:
        return on_hull(tpr, y, of.vertices)
    if float(np.interp(fpr, *_rising(x, y))) - tpr <= CLOSE:
        return on_hull(fpr, x, of.vertices)
    reached = (of.good + of.bad)[of.vertices]
    best: tuple[float, Mix] = (np.inf, ())
    for i in np.flatnonzero((x <= fpr) & (y <= tpr)).tolist():
        dx, dy = fpr - x[i], tpr - y[i]
        # how far above the line each later vertex lies; the first is above: the point is inside
        above = dx * (y[i + 1 :] - y[i]) - dy * (x[i + 1 :] - x[i])
        if 0 < above[-1] <= CLOSE:
            above[-1] = 0.0  # the point is on the line from here to everybody's approval
        under = np.flatnonzero(above <= 0)
        if not len(under) or under[0] == 0:
            continue
        j = i + 1 + int(under[0])
        by_chance = float(reached[j] - reached[i])
        if by_chance >= best[0]:
            continue
        up, down = above[under[0] - 1], above[under[0]]
        part = up / (up - down)  # of the edge from j - 1 to j
        met = x[j - 1] + part * (x[j] - x[j - 1]), y[j - 1] + part * (y[j] - y[j - 1])
        share = (dx + dy) / (met[0] - x[i] + met[1] - y[i])
        best = (
            by_chance,
            _mix(
                (int(of.vertices[i]), float(1 - share)),
                (int(of.vertices[j - 1]), float(share * (1 - part))),
                (int(of.vertices[j]), float(share * part)),
            ),
        )
    return best[1]


def _rising(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The hull without its first, upright edge: of points at one x only the highest."""
    kept = np.append(x[1:] > x[:-1], True)
    return x[kept], y[kept]


def equal_odds(curves: list[Curve], gain: float, loss: float) -> tuple[float, float]:
    """The false and true positive rate that every group can have and that pay most together.

    The rates all groups can have are the intersection of their hulls, whose upper side is the
    lowest of them: its corners are vertices of a hull or crossings of two, and one of them is
    best.
    """
    hulls = [_rising(*c.rates()) for c in curves]
    at = np.unique(np.concatenate([x for x, _ in hulls]))
    heights = np.stack([np.interp(at, x, y) for x, y in hulls])
    crossed = [at]
    for g in range(len(hulls)):
        gaps = heights[g + 1 :] - heights[g]
        here, then = gaps[:, :-1], gaps[:, 1:]
        rows, spans = np.nonzero(here * then < 0)
        share = here[rows, spans] / (here[rows, spans] - then[rows, spans])
        crossed.append(at[spans] + share * (at[spans + 1] - at[spans]))
    corners = np.unique(np.concatenate(crossed))
    lowest = np.min([np.interp(corners, x, y) for x, y in hulls], axis=0)
    goods, bads = sum(c.goods for c in curves), sum(c.bads for c in curves)
    best = highest(gain * goods * lowest - loss * bads * corners, (gain * goods + loss * bads))
    return float(corners[best]), float(lowest[best])


def highest(profits: Floats, scale: float) -> int:
    """Which is highest; of those that are equal, the last, which approves most.

    >>> highest(np.array([1.0, 2.0, 2.0, 0.0]), 4.0)
    2
    """
    return int(np.flatnonzero(profits >= profits.max() - CLOSE * scale)[-1])
