"""Columns that come one by one, as in a dict: one length, and by label where they have labels."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from audit.errors import InputError
from audit.table.distinct import plain
from audit.table.faults import nested
from audit.table.wording import shown


def align(columns: Mapping[str, Any], *, argument: str = "source") -> tuple[dict[str, Any], bool]:
    """The columns in one order of rows, and whether an index had to be followed to get it.

    pandas objects with the same labels in another order are put in the first one's order, never
    paired by position in silence. Labels that repeat are accepted where they are identical on
    all sides. Raises `InputError` TBL007 (lengths), TBL008 (other labels, or labels beside bare
    arrays that cannot follow them), TBL009 (repeated labels that differ), TBL010 (more than one
    dimension).

    >>> align({"a": [1, 2], "b": [3]})
    Traceback (most recent call last):
    ...
    audit.errors.InputError: [TBL007] source: 'b' has 1 values where 'a' has 2 — give ...
    """
    found = {name: _column(name, value) for name, value in columns.items()}
    sizes = {name: len(value) for name, value in found.items()}
    first = next(iter(sizes), None)
    for name, length in sizes.items():
        if first is not None and length != sizes[first]:
            raise InputError(
                "TBL007",
                f"{shown(name)} has {length:,} values where {shown(first)} has {sizes[first]:,}",
                argument=argument,
                fix="give columns of one length, from the same rows",
            )
    labelled = {n: v for n, v in found.items() if _is_series(v)}
    if len(labelled) < 1:
        return found, False
    lead = next(iter(labelled))
    index = labelled[lead].index
    moved = []
    for name, series in labelled.items():
        if series.index is index or series.index.equals(index):
            continue
        moved.append(name)
        if not index.is_unique or not series.index.is_unique:
            raise InputError(
                "TBL009",
                f"the indexes of {shown(lead)} and {shown(name)} repeat labels and differ",
                argument=argument,
                fix="give both the same index, or pass plain arrays in one order",
            )
        apart = ~series.index.isin(index)
        if apart.any():
            raise InputError(
                "TBL008",
                f"the index of {shown(name)} has labels that {shown(lead)} lacks",
                argument=argument,
                count=int(apart.sum()),
                first=shown(plain(series.index[int(np.argmax(apart))])),
                fix="give columns of the same rows, or reset their indexes",
            )
        found[name] = series.reindex(index)
    bare = [n for n in found if n not in labelled]
    if moved and bare:
        raise InputError(
            "TBL008",
            f"{shown(moved[0])} has the labels of {shown(lead)} in another order, "
            f"and {shown(bare[0])} has none to follow",
            argument=argument,
            fix="put the columns in one frame, or pass plain arrays in one order",
        )
    return found, bool(moved)


def _is_series(value: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.Series)


def _column(name: str, value: Any) -> Any:
    """One column as a pandas Series, an array, or a list; never a copy of an array."""
    single = isinstance(value, (str, bytes, Mapping, set, frozenset))
    if single or not hasattr(value, "__len__"):
        if hasattr(value, "__iter__") and not single:
            return list(value)
        raise InputError(
            "TBL005",
            f"{shown(name)} is a {type(value).__name__}, not a column of values",
            argument="source",
            fix="give a list or array with one value a row",
        )
    if getattr(value, "ndim", 1) != 1:
        raise nested(name)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.Index):
        return value.to_numpy()
    if hasattr(value, "to_native"):
        return _column(name, value.to_native())
    return value


def _converted(value: Any) -> Any:
    """A polars or Arrow column as pandas has it; as plain values where pandas cannot have it."""
    try:
        return value.to_pandas()
    except (ValueError, TypeError):  # a category that is null, say
        each = value.to_pylist() if hasattr(value, "to_pylist") else value.to_list()
        return np.array([*each, None], dtype=object)[:-1]  # None keeps numpy from nesting


def _held(value: Any) -> Any:
    import pandas as pd

    try:
        return pd.Series(value).array
    except UnicodeEncodeError:  # pandas would make Arrow text of it, and cannot
        return pd.Series(value, dtype=object).array


def frame_of(columns: Mapping[str, Any]) -> tuple[Any, bool]:
    """A pandas frame of a dict of columns, and whether they were aligned by label."""
    import pandas as pd

    for name in columns:
        if not isinstance(name, str):
            raise InputError(
                "TBL005", f"the column name {shown(name)} is not text", argument="source"
            )
    found, moved = align(columns)
    series = {}
    for name, value in found.items():
        if isinstance(value, pd.Series):
            series[name] = value.array
        elif hasattr(value, "to_pandas"):
            series[name] = _held(_converted(value))
        elif isinstance(value, np.ma.MaskedArray):
            series[name] = _held(value)
        elif hasattr(value, "dtype"):
            series[name] = value
        else:
            series[name] = _listed(name, value)
    try:
        return pd.DataFrame(series, copy=False), moved
    except UnicodeEncodeError:  # as in `_held`
        kept = {
            n: pd.Series(v, dtype=object) if getattr(v.dtype, "kind", "") in "OUT" else v
            for n, v in series.items()
        }
        return pd.DataFrame(kept, copy=False), moved


def _listed(name: str, value: Any) -> Any:
    """A list as a column, without letting numpy turn mixed types into text."""
    import pandas as pd

    values = list(value)
    types = {type(v) for v in values}
    if any(issubclass(t, (list, tuple, dict, set, np.ndarray)) for t in types):
        raise nested(name)
    if len(types) > 1 and not types <= {int, float, type(None)}:
        held = np.empty(len(values), object)
        held[:] = values
        return pd.Series(held, dtype=object).array
    try:
        return pd.Series(values, dtype=object if not values else None).array
    except UnicodeEncodeError:  # half a surrogate pair is no text to Arrow
        return pd.Series(values, dtype=object).array
