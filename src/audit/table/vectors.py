"""One caller's vector, whatever library it comes from, as codes and levels.

Lists, numpy, pandas, polars, pyarrow and anything with `__array__` are read. Libraries are
recognised by the objects' own modules and never imported for the purpose. Nothing is guessed:
what is no flat vector of labels is refused.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError

Codes = npt.NDArray[Any]

SMALL_RANGE = 1 << 16
"""Whole numbers this close together are coded by a look-up table instead of a sort."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vector:
    """A vector as codes into its distinct values."""

    codes: Codes
    """One a row; −1 where missing."""
    levels: tuple[Any, ...]
    """Distinct values as Python's own str, bool, int or float, in order of appearance or size."""
    kinds: frozenset[str]
    """Kinds of values seen: "text", "bool", "int", "float" or the name of another type."""

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.codes)

    @property
    def missing(self) -> int:
        """Rows without a value."""
        return int(np.count_nonzero(self.codes < 0))

    def where(self, wanted: Sequence[int]) -> tuple[int, int]:
        """How many rows hold these codes, and the first such row."""
        table = np.zeros(len(self.levels) + 1, dtype=bool)
        table[list(wanted)] = True
        hits = table[self.codes]
        return int(np.count_nonzero(hits)), int(np.argmax(hits))


def module_of(source: Any) -> str:
    """The library an object comes from: "pandas", "polars", "pyarrow", "numpy", ..."""
    return type(source).__module__.partition(".")[0]


def native(source: Any) -> Any:
    """The object itself: narwhals wrappers are taken off, lazy frames collected."""
    if module_of(source) == "narwhals":
        source = source.to_native()
    if module_of(source) == "polars" and type(source).__name__ == "LazyFrame":
        source = source.collect()
    return source


def is_frame(source: Any) -> bool:
    """Whether it has named columns: a pandas or polars DataFrame or a pyarrow Table."""
    names = {"pandas": "DataFrame", "polars": "DataFrame", "pyarrow": "Table"}
    return type(source).__name__ == names.get(module_of(source))


def is_indexed(source: Any) -> bool:
    """Whether its rows carry labels: a pandas Series or DataFrame."""
    return module_of(source) == "pandas" and type(source).__name__ in ("Series", "DataFrame")


def unmasked(source: Any) -> list[Any]:
    """A masked array's values, None where masked."""
    values = np.asarray(source.data).astype(object)
    values[np.ma.getmaskarray(source)] = None
    found: list[Any] = values.tolist()
    return found


def encode(source: Any, argument: str) -> Vector:
    """A flat vector as codes and levels.

    Raises `InputError` TBL401 for what is no vector and TBL402 for a second dimension.

    >>> v = encode(["a", "b", "a", None], "sensitive_features")
    >>> v.codes.tolist(), v.levels
    ([0, 1, 0, -1], ('a', 'b'))
    """
    source = native(source)
    if is_frame(source):
        columns = list(source.columns) if module_of(source) != "pyarrow" else source.column_names
        if len(columns) != 1:
            raise _second_dimension(argument, f"({len(source)}, {len(columns)})")
        return encode(_column(source, 0), argument)
    if module_of(source) == "pandas" and hasattr(source, "factorize"):
        return _of_pandas(source, argument)
    if module_of(source) == "polars" and hasattr(source, "to_arrow"):
        if str(source.dtype) == "Object":
            return _of_values(source.to_list(), argument)
        return _of_arrow(_arrow_of(source), argument)
    if module_of(source) == "pyarrow" and hasattr(source, "dictionary_encode"):
        return _of_arrow(source, argument)
    if isinstance(source, (list, tuple, range)):
        return _of_values(list(source), argument)
    if isinstance(source, np.ma.MaskedArray):
        return _of_values(unmasked(source), argument)
    if hasattr(source, "__array__") and not isinstance(source, (str, bytes)):
        return _of_numpy(np.asarray(source), argument)
    raise InputError(
        "TBL401",
        f"a {type(source).__name__} is no vector",
        argument=argument,
        fix="give a list, a numpy array, or a pandas, polars or pyarrow column",
    )


def _column(frame: Any, position: int) -> Any:
    if module_of(frame) == "pandas":
        return frame.iloc[:, position]
    if module_of(frame) == "polars":
        return frame.get_columns()[position]
    return frame.column(position)


def columns_of(frame: Any, argument: str) -> dict[str, Any]:
    """A frame's columns by name; raises TBL403 where two share one."""
    names = frame.column_names if module_of(frame) == "pyarrow" else list(frame.columns)
    twice = [n for i, n in enumerate(names) if n in names[:i]]
    if twice:
        raise InputError(
            "TBL403",
            f"{len(twice) + 1} columns are called {twice[0]!r}",
            argument=argument,
            fix="rename them, so that each has its own name",
        )
    return {str(name): _column(frame, i) for i, name in enumerate(names)}


def _second_dimension(argument: str, shape: str) -> InputError:
    fix = "give one value a row"
    if argument in ("y_true", "y_pred"):
        fix += ", for instance proba[:, 1] >= threshold for a matrix of probabilities"
    return InputError(
        "TBL402", f"has shape {shape}, more than one column", argument=argument, fix=fix
    )


def _of_pandas(source: Any, argument: str) -> Vector:
    kind = getattr(source.dtype, "kind", "O")
    name = str(source.dtype)
    if name == "category":
        held = source.cat if hasattr(source, "cat") else source
        levels = list(held.categories)
        if str(held.categories.dtype).startswith("interval"):
            # pandas.cut makes bands; their text, "[26, 40)", is what a reader would call them.
            levels = [str(band) for band in levels]
        return _with_levels(np.asarray(held.codes), levels, argument)
    if type(source).__name__ == "MultiIndex":
        raise _second_dimension(argument, f"({len(source)}, {source.nlevels})")
    if isinstance(source.dtype, np.dtype):
        if kind == "O":
            return _of_values(source.tolist(), argument)
        return _of_numpy(source.to_numpy(), argument)
    codes, uniques = source.factorize()
    return _with_levels(codes, list(uniques), argument)


def _arrow_of(source: Any) -> Any:
    """A polars column as Arrow; Python values where Arrow has no such type."""
    try:
        return source.to_arrow()
    except Exception:
        return source.to_list()


def _of_arrow(source: Any, argument: str) -> Vector:
    if isinstance(source, list):
        return _of_values(source, argument)
    if hasattr(source, "unify_dictionaries"):
        # Each chunk may have its own dictionary; codes must mean the same throughout.
        source = source.unify_dictionaries().combine_chunks()
    if type(source).__name__ == "ChunkedArray":
        source = source.chunk(0) if source.num_chunks == 1 else source.combine_chunks()
    if not hasattr(source, "indices"):
        try:
            source = source.dictionary_encode()
        except NotImplementedError:  # pyarrow's own, for cells that hold lists and the like
            return _of_values(source.to_pylist(), argument)
    codes = source.indices.cast("int64").fill_null(-1).to_numpy(zero_copy_only=False)
    return _with_levels(codes, source.dictionary.to_pylist(), argument)


def _of_numpy(array: Codes, argument: str) -> Vector:
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        if array.ndim == 0:
            raise InputError(
                "TBL401", "a single value is no vector", argument=argument, fix="give one a row"
            )
        raise _second_dimension(argument, str(array.shape))
    if array.dtype.kind in "OUST":
        return _of_values(array.tolist(), argument)
    if array.dtype.kind == "b":
        return _used(array.astype(np.int8), (False, True))
    if array.dtype.kind in "iu":
        codes, levels = _of_whole(array)
        return Vector(codes=codes, levels=tuple(levels.tolist()), kinds=frozenset({"int"}))
    if array.dtype.kind == "f":
        return _of_floats(array.astype(np.float64, copy=False))
    if array.dtype.kind == "M":
        raise dates(argument, len(array))
    raise InputError(
        "TBL401",
        f"holds values of type {array.dtype}",
        argument=argument,
        fix="give text, whole numbers or booleans",
    )


def _of_whole(array: Codes) -> tuple[Codes, Codes]:
    """Codes and sorted levels of whole numbers."""
    if len(array) == 0:
        return np.zeros(0, np.int64), array
    low, high = array.min(), array.max()
    if int(high) - int(low) >= SMALL_RANGE:
        levels, codes = np.unique(array, return_inverse=True)
        return codes, levels
    if array.dtype.kind == "i" and array.dtype.itemsize < 8:
        array = array.astype(np.int64)  # the span of an int8 may be wider than an int8
    shifted = (array - low).astype(np.intp)
    seen = np.zeros(int(high) - int(low) + 1, dtype=bool)
    seen[shifted] = True
    return (np.cumsum(seen) - 1)[shifted], np.flatnonzero(seen).astype(array.dtype) + low


def _of_floats(array: npt.NDArray[np.float64]) -> Vector:
    gaps = np.isnan(array)
    some = bool(gaps.any())
    present = array[~gaps] if some else array
    if len(present) and bool((np.abs(present) < SMALL_RANGE).all()):
        whole = present.astype(np.int64)
        alike = bool((whole == present).all())
    else:
        alike = False
    if alike:
        inside, levels = _of_whole(whole)
        levels = levels.astype(np.float64)
    else:
        levels, inside = np.unique(present, return_inverse=True)
    if some:
        codes = np.full(len(array), -1, dtype=np.int64)
        codes[~gaps] = inside
    else:
        codes = inside
    return Vector(codes=codes, levels=tuple(levels.tolist()), kinds=frozenset({"float"}))


def kind_of(value: Any) -> str:
    """Kind of one value; "missing" for None, nan, NA and NaT."""
    if isinstance(value, (bool, np.bool_)):
        return "bool"
    if isinstance(value, (int, np.integer)):
        return "int"
    if isinstance(value, (float, np.floating)):
        return "missing" if math.isnan(value) else "float"
    if isinstance(value, str):
        return "text"
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return "missing"
    if isinstance(value, (datetime.date, datetime.time, np.datetime64)):
        return "date"
    return type(value).__name__


def _of_values(values: list[Any], argument: str) -> Vector:
    """Codes of a list of Python values; 1, 1.0, True and '1' stay apart."""
    types = set(map(type, values))
    if types == {str} or types == {str, type(None)}:
        # A dict of distinct values and C loops over it: a million rows in some 50 ms.
        found = dict.fromkeys(values)
        found.pop(None, None)
        table: dict[Any, int] = {v: i for i, v in enumerate(found)}
        levels = tuple(table)
        table[None] = -1
        codes = np.fromiter(map(table.__getitem__, values), dtype=np.int64, count=len(values))
        return Vector(codes=codes, levels=levels, kinds=frozenset({"text"}))
    if types in ({bool}, {int}, {float}):
        try:
            array = np.array(values)
        except OverflowError:
            array = np.array(values, dtype=object)
        if array.dtype != object:
            return _of_numpy(array, argument)
    return _of_mixture(values, argument)


def _of_mixture(values: list[Any], argument: str) -> Vector:
    try:
        distinct = dict.fromkeys(zip(map(type, values), values, strict=True))
    except TypeError:
        raise _unhashable(values, argument) from None
    table: dict[tuple[str, Any], int] = {}
    code_of: dict[tuple[type, Any], int] = {}
    for key in distinct:
        value = key[1]
        kind = kind_of(value)
        if kind == "missing":
            code_of[key] = -1
        elif kind == "tuple":
            raise _second_dimension(argument, f"({len(values)}, {len(value)})")
        else:
            code_of[key] = table.setdefault((kind, value), len(table))
    keys = zip(map(type, values), values, strict=True)
    codes = np.fromiter(map(code_of.__getitem__, keys), dtype=np.int64, count=len(values))
    levels = tuple(v.item() if isinstance(v, np.generic) else v for _, v in table)
    return Vector(codes=codes, levels=levels, kinds=frozenset(k for k, _ in table))


def _unhashable(values: list[Any], argument: str) -> InputError:
    row, value = 0, values[0]
    for row, value in enumerate(values):  # noqa: B007 - used after the loop
        if isinstance(value, (list, np.ndarray)):
            return _second_dimension(argument, f"({len(values)}, {np.size(value)})")
        if type(value).__hash__ is None:
            break
    return InputError(
        "TBL401",
        f"holds a {type(value).__name__}",
        argument=argument,
        count=1,
        first=row,
        fix="give text, whole numbers or booleans",
    )


def _with_levels(codes: Codes, levels: list[Any], argument: str) -> Vector:
    """Codes into levels of a library's making; equal levels are joined, missing ones taken out."""
    inside = _of_values(levels, argument)
    return _used(np.append(inside.codes, -1)[codes], inside.levels, inside.kinds)


def _used(codes: Codes, levels: tuple[Any, ...], kinds: frozenset[str] | None = None) -> Vector:
    """A vector without the levels that no row holds."""
    counts = np.bincount(codes.astype(np.int64) + 1, minlength=len(levels) + 1)[1:]
    if kinds is None:
        kinds = frozenset(kind_of(v) for v in levels)
    if bool((counts > 0).all()):
        return Vector(codes=codes, levels=levels, kinds=kinds)
    new = np.append(np.cumsum(counts > 0) - 1, -1)
    kept = tuple(v for v, n in zip(levels, counts, strict=True) if n)
    return Vector(codes=new[codes], levels=kept, kinds=frozenset(kind_of(v) for v in kept))


def dates(argument: str, count: int) -> InputError:
    """Dates where labels are wanted."""
    return InputError(
        "TBL404",
        "holds dates or times, not labels",
        argument=argument,
        count=count,
        first=0,
        fix="cut them into a few named bands first",
    )
