"""Sampling weights: how many unweighted rows carry the same information about a rate."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audit.inference.checks import Floats

__all__ = ["FEW_EVENTS", "effective", "effective_events"]

FEW_EVENTS = 10.0
"""Below this many effective events (or non-events) an interval deserves a warning."""


def effective(
    x_w: npt.ArrayLike,
    n_w: npt.ArrayLike,
    x_w2: npt.ArrayLike,
    n_w2: npt.ArrayLike,
    rows: npt.ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    """Effective numerator and denominator (x_eff, n_eff) of a weighted rate, by broadcasting.

    `x_w` and `n_w` are Σw over the favourable rows and all rows, `x_w2` and `n_w2` Σw² over the
    same. With p = x_w/n_w, the linearised variance is
    V = [(1-p)²·x_w2 + p²·(n_w2-x_w2)]/n_w², and n_eff = min(p(1-p)/V, Kish), Kish = n_w²/n_w2;
    Kish alone where V = 0. `rows` caps n_eff (rounding). x_eff = p·n_eff, so the rate stays the
    weighted rate; scaling all weights changes nothing; equal weights give the plain counts back.
    Where n_w is 0 both are 0. (Kish alone under-covers when weights follow outcomes; the
    variance alone over-trusts a handful of events.)

    >>> x, n = effective(6.0, 20.0, 12.0, 40.0)  # ten rows of weight 2, three favourable
    >>> round(float(x), 6), round(float(n), 6)
    (3.0, 10.0)
    """
    xw, nw, xw2, nw2 = (np.asarray(a, dtype=np.float64) for a in (x_w, n_w, x_w2, n_w2))
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.minimum(xw / nw, 1.0)
        kish = nw * (nw / nw2)
        spread = (1 - p) ** 2 * xw2 + p**2 * np.maximum(nw2 - xw2, 0.0)
        n = np.where(spread > 0, np.minimum(p * (1 - p) * nw * nw / spread, kish), kish)
    if rows is not None:
        n = np.minimum(n, np.asarray(rows, dtype=np.float64))
    some = np.broadcast_to(nw > 0, n.shape)
    n = np.where(some, n, 0.0)
    return np.where(some, p, 0.0)[()] * n, n[()]


def effective_events(x_eff: npt.ArrayLike, n_eff: npt.ArrayLike) -> Floats:
    """The smaller of effective events and non-events; warn below `FEW_EVENTS`.

    >>> float(effective_events(3.0, 10.0))
    3.0
    """
    x, n = np.asarray(x_eff, dtype=np.float64), np.asarray(n_eff, dtype=np.float64)
    return np.minimum(x, n - x)[()]
