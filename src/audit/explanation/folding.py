"""Which source column each column of a transformed matrix comes from, found by trying.

Names of transformed columns tell little and lie at times, so the transformer is asked: one source
column is shuffled among a sample of rows, and the transformed columns that change are its own.
What was found is then put to the test on mixtures of rows: every transformed column must follow
its one source. A column with two sources (a principal component, an interaction) has no owner.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.explanation.hybrids import hybrids

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Transform = Callable[[Any], Any]
"""narwhals rows -> the transformed matrix, in whatever type the pipeline makes."""

SAMPLE = 256
"""Rows shuffled."""
ROUNDS = 6
"""Mixtures of the sample that must come out as the owners say."""
NOBODY = -1
"""Owner of a column that is the same in every row."""


def owners(frame: Any, transform: Transform, whole: Any, seed: int = 0) -> Ints | str:
    """By column of `whole` = transform(frame): index of its source, `NOBODY` where it never varies.

    Or why there are none: a transformer treats a row by the others beside it, or a column has
    several sources.
    """
    rng = np.random.default_rng(seed)
    size, names = len(frame), list(frame.columns)
    rows = np.sort(rng.choice(size, min(SAMPLE, size), replace=False))
    everything = dict.fromkeys(names, rows)
    before = _cells(transform(hybrids(frame, everything)))
    if not bool(_same(before, _cells(_taken(whole, rows))).all()):
        return "its transformer treats a row by the other rows beside it"
    width = before.shape[1]
    touched = np.zeros((len(names), width), bool)
    order = rng.permutation(len(rows))
    for j, name in enumerate(names):
        after = _cells(transform(hybrids(frame, {**everything, name: rows[order]})))
        touched[j] = ~_same(before, after).all(axis=0)
    lost = np.flatnonzero(~touched.any(axis=0))
    pairs = _differing(whole, lost)
    if pairs:
        columns = np.array([c for c, _, _ in pairs])
        one = np.array([a for _, a, _ in pairs])
        other = np.array([b for _, _, b in pairs])
        both, swapped = np.concatenate([one, other]), np.concatenate([other, one])
        everything = dict.fromkeys(names, both)
        before = _cells(transform(hybrids(frame, everything)))
        each = np.arange(len(pairs))
        for j, name in enumerate(names):
            after = _cells(transform(hybrids(frame, {**everything, name: swapped})))
            moved = ~_same(before, after)
            own = moved[each, columns] | moved[each + len(pairs), columns]
            touched[j, columns] |= own
    if (touched.sum(axis=0) > 1).any():
        return "a transformed column is made of several source columns"
    owner = np.where(touched.any(axis=0), touched.argmax(axis=0), NOBODY).astype(np.int64)
    if pairs and (owner[[c for c, _, _ in pairs]] == NOBODY).any():
        return "a transformed column varies with no one source column"
    if not _follow(frame, transform, whole, owner, rng):
        return "a transformed column does not follow one source column"
    return owner


def _follow(
    frame: Any, transform: Transform, whole: Any, owner: Ints, rng: np.random.Generator
) -> bool:
    """Whether columns of mixed rows are those of the row that lent their source."""
    size, names = len(frame), list(frame.columns)
    rows = min(SAMPLE, 4 * size)
    for _ in range(ROUNDS):
        one, other = rng.integers(0, size, rows), rng.integers(0, size, rows)
        lent = rng.random((rows, len(names))) < 0.5
        taken = {n: np.where(lent[:, j], other, one) for j, n in enumerate(names)}
        found = _cells(transform(hybrids(frame, taken)))
        from_other = np.where(owner == NOBODY, False, lent[:, owner])
        wanted = np.where(from_other, _cells(_taken(whole, other)), _cells(_taken(whole, one)))
        if not bool(_same(found, wanted).all()):
            return False
    return True


def _taken(whole: Any, rows: Ints) -> Any:
    if hasattr(whole, "iloc"):
        return whole.iloc[rows]
    return whole[rows.tolist()] if hasattr(whole, "get_column") else whole[rows]


def _cells(matrix: Any) -> npt.NDArray[Any]:
    """The matrix as numbers where it is numeric, else as objects."""
    if hasattr(matrix, "toarray"):
        return np.asarray(matrix.toarray())
    if hasattr(matrix, "to_numpy"):
        found = matrix.to_numpy()
        return np.asarray(found if found.dtype.kind in "biuf" else found.astype(object))
    found = np.asarray(matrix)
    return found[:, None] if found.ndim == 1 else found


def _same(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> Mask:
    """Cell by cell; missing is equal to missing, and sums in another order to each other."""
    if one.dtype.kind in "biuf" and other.dtype.kind in "biuf":
        return np.asarray(np.isclose(one, other, rtol=1e-9, atol=1e-12, equal_nan=True))
    import pandas as pd

    left, right = one.astype(object), other.astype(object)
    gone = np.asarray(pd.isna(left)), np.asarray(pd.isna(right))
    equal = np.zeros(left.shape, bool)
    held = ~gone[0] & ~gone[1]
    equal[held] = left[held] == right[held]
    return equal | (gone[0] & gone[1])


def _differing(whole: Any, columns: Ints) -> list[tuple[int, int, int]]:
    """For each of these columns that varies: the column, and two rows where it differs."""
    found = []
    for c in columns.tolist():
        values = _column(whole, c)
        if values.dtype.kind in "biuf":
            known = ~np.isnan(values) if values.dtype.kind == "f" else np.ones(len(values), bool)
            if known.any():
                rows = np.flatnonzero(known)
                low, high = int(rows[values[rows].argmin()]), int(rows[values[rows].argmax()])
                gone = np.flatnonzero(~known)
                if not np.isclose(values[low], values[high], rtol=1e-9, atol=1e-12):
                    found.append((c, low, high))
                elif len(gone):
                    found.append((c, int(gone[0]), low))
            continue
        differ = np.flatnonzero(
            ~_same(values[:, None], np.full((len(values), 1), values[0], object))
        )
        if len(differ):
            found.append((c, 0, int(differ[0])))
    return found


def _column(whole: Any, c: int) -> npt.NDArray[Any]:
    if hasattr(whole, "toarray"):
        return np.asarray(whole[:, [c]].toarray()).ravel()
    if hasattr(whole, "iloc"):
        found = whole.iloc[:, c].to_numpy()
    elif hasattr(whole, "get_column"):
        found = whole.to_series(c).to_numpy()
    else:
        found = np.asarray(whole)[:, c]
    return np.asarray(found if found.dtype.kind in "biuf" else found.astype(object))
