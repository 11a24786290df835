"""A scorecard as a model: a table of points, added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table import encode
from audit.table.columns import floats
from audit.table.model import same
from audit.table.wording import shown

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """Points by feature; the score is their sum, and higher favours the applicant.

    `points[feature]` lists (what, points): `what` is a level, a bin `(low, high)` that holds
    low <= value < high with None for an open end, or None for a missing value. Calling it with
    rows gives their scores, so it stands wherever a model does; say `returns=` the favourable
    outcome. Raises `InputError` EXP311 for a value that has no points.

    >>> card = Scorecard(points={"age": [((None, 26), 10), ((26, None), 25)],
    ...                          "home": [("own", 30), ("rent", 12), (None, 0)]}, base=500)
    >>> card({"age": [25, 26], "home": ["own", None]})
    array([540., 525.])
    """

    points: Mapping[str, Sequence[tuple[Any, float]]]
    """By feature."""
    base: float = 0.0
    """What everyone starts from."""

    def __call__(self, rows: Any) -> Floats:
        """Scores, one a row."""
        return np.asarray(self.base + self.terms(rows).sum(axis=1))

    @property
    def features(self) -> tuple[str, ...]:
        """Features that have points, in order."""
        return tuple(self.points)

    def terms(self, rows: Any) -> Floats:
        """Points of each feature, shape (rows, features)."""
        import narwhals as nw

        if isinstance(rows, Mapping):
            import pandas as pd

            rows = pd.DataFrame(dict(rows))
        frame = nw.from_native(rows, eager_only=True)
        out = np.zeros((len(frame), len(self.points)))
        for j, (name, table) in enumerate(self.points.items()):
            out[:, j] = _points(name, frame.get_column(name), table)
        return out


def _points(name: str, column: Any, table: Sequence[tuple[Any, float]]) -> Floats:
    """Points of each row, looked up by distinct value; of several that fit, the first."""
    numbers = floats(column)
    if numbers is None:
        found = encode.look(column, name)
        values, place = list(found.values), np.asarray(found.handle, dtype=np.int64)
    else:
        distinct, place = np.unique(numbers, return_inverse=True)
        values = [None if v != v else v for v in distinct.tolist()]
    each = np.array([_of(value, table) for value in values], dtype=np.float64)
    got: Floats = each[place] if len(values) else np.zeros(len(place))
    lost = np.flatnonzero(np.isnan(got))
    if len(lost):
        first = values[int(place[lost[0]])]
        raise InputError(
            "EXP311", f"{shown(first)} of {name} has no points", argument="points",
            count=len(lost), first=int(lost[0]), fix="add a bin or level that holds it",
        )  # fmt: skip
    return got


def _of(value: Any, table: Sequence[tuple[Any, float]]) -> float:
    for what, points in table:
        if isinstance(what, tuple) and len(what) == 2:
            low, high = what
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if number and (low is None or value >= low) and (high is None or value < high):
                return float(points)
        elif what is None or value is None:
            if what is value:
                return float(points)
        elif same(value, what):
            return float(points)
    return float("nan")


__all__ = ["Scorecard"]
