"""Which inputs tell a group, and which of them a model uses: what a search may leave out first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SHUFFLED = 2_000
"""Rows scored to see what a model uses."""
CLEAR = 4.0
"""Standard errors between the outer bins' rates from which a feature's sign is clear."""
SLACK = 1.0
"""Standard errors by which neighbouring bins may go against it."""
PARTS = 5
"""Bins of a feature whose sign is asked."""
FEWEST = 30
"""Rows in a bin below which it says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """An input that tells the group."""

    name: str
    """Column."""
    tells: float
    """AUC with which it alone tells the group from its reference, from .5 to 1."""
    use: float
    """Mean change of the baseline's scores when the column is shuffled."""


def proxies(
    frame: pd.DataFrame,
    names: Sequence[str],
    member: Flags,
    score: Callable[[pd.DataFrame], Floats],
    seed: int,
) -> tuple[Proxy, ...]:
    """Inputs in the order of (2·AUC − 1) × use: those that bring most of the group into scores.

    `member` says which rows are in the group; `score` is the model's own.
    """
    import narwhals as nw

    from audit.table.columns import bins_of, power

    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(frame))[:SHUFFLED]
    sample = frame.iloc[rows]
    before = score(sample)
    order = rng.permutation(len(rows))
    found = []
    for name in names:
        binned = bins_of(nw.from_native(frame[name], series_only=True), name)
        column = sample[name]
        mixed = sample.assign(**{name: column.iloc[order].set_axis(column.index)})
        use = float(np.abs(score(mixed) - before).mean())
        found.append(Proxy(name=name, tells=power(binned, member), use=use))
    return tuple(sorted(found, key=lambda p: (-(2 * p.tells - 1) * p.use, p.name)))


def signs(frame: pd.DataFrame, names: Sequence[str], good: Flags) -> dict[str, int]:
    """Inputs along which the share of good outcomes only rises (1) or only falls (−1).

    Read off five bins of equally many rows: no neighbours go against the sign by more than one
    standard error, and the outer bins are four apart.

    >>> import pandas as pd
    >>> x = pd.DataFrame({"income": np.arange(1000) % 100, "noise": np.arange(1000) % 7})
    >>> signs(x, ["income", "noise"], np.arange(1000) % 100 > 40)
    {'income': 1}
    """
    found = {}
    for name in names:
        if frame[name].dtype.kind not in "iuf":
            continue
        values = frame[name].to_numpy(np.float64)
        known = np.isfinite(values)
        if known.sum() < PARTS * FEWEST:
            continue
        edges = np.unique(np.quantile(values[known], np.linspace(0, 1, PARTS + 1)[1:-1]))
        places = np.searchsorted(edges, values[known], side="right")
        rows = np.bincount(places, minlength=len(edges) + 1)
        hits = np.bincount(places, good[known], len(edges) + 1)
        kept = rows >= FEWEST
        if kept.sum() < 2:
            continue
        rate = hits[kept] / rows[kept]
        variance = (hits[kept] + 1) * (rows[kept] - hits[kept] + 1) / (rows[kept] + 2) ** 3
        step, error = np.diff(rate), np.sqrt(variance[1:] + variance[:-1])
        whole = (rate[-1] - rate[0]) / np.sqrt(variance[0] + variance[-1])
        sign = 1 if whole > 0 else -1
        if abs(whole) >= CLEAR and bool((sign * step >= -SLACK * error).all()):
            found[name] = sign
    return found
