"""The first rows of an engine, read into memory with their codes beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.table import encode
from audit.table.rows import EngineRows

Codes = npt.NDArray[Any]

MARK = "code of audit "
"""Begins the names of columns made here beside the caller's."""


def first_rows(
    rows: EngineRows, columns: Sequence[str], most: int, keys: Iterable[str] | None = None
) -> tuple[Any, dict[str, Codes]]:
    """These columns of at most so many rows, and codes as `CodedRows.codes` has them.

    `keys` says which codes, all but blocks of applicants unless told; one that the engine has not
    is left out.
    """
    wanted = rows.expressions if keys is None else keys
    kept = [k for k in wanted if k in rows.expressions and k in rows.lookups and k != "block"]
    marked = {key: f"{MARK}{i}" for i, key in enumerate(kept)}
    extra = [rows.expressions[key].alias(mark) for key, mark in marked.items()]
    frame = rows.frame.head(most).select(*columns, *extra).collect()
    codes = {k: _coded(frame.get_column(mark), rows.lookups[k]) for k, mark in marked.items()}
    return frame.select(*columns), codes


def _coded(column: Any, lookup: Mapping[Any, int]) -> Codes:
    found = encode.look(column, column.name)
    table = np.array([lookup.get(v, lookup.get(None, 0)) for v in found.values], np.int64)
    codes: Codes = table.take(found.handle)
    return codes
