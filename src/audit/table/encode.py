"""Columns in memory as small codes and distinct values, in one or two passes over the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table.distinct import Distinct, distinct
from audit.table.faults import nested

Codes = npt.NDArray[Any]

FEW = 12
"""Up to this many codes, counting each by comparison is faster than `bincount`."""
SPAN = 1 << 16
"""Integers within this span are coded by their offset from the least."""


def unsigned(levels: int) -> Any:
    """The smallest unsigned type that indexes `levels` levels."""
    return np.uint8 if levels <= 1 << 8 else np.uint16 if levels <= 1 << 16 else np.uint32


def tabulate(codes: Codes, levels: int) -> npt.NDArray[np.int64]:
    """Rows by code.

    >>> tabulate(np.array([0, 2, 2], np.uint8), 3)
    array([1, 0, 2])
    """
    if levels <= FEW and codes.dtype == np.uint8:
        counts = [np.count_nonzero(codes == level) for level in range(levels)]
        return np.array(counts, np.int64)
    return np.bincount(codes, minlength=levels).astype(np.int64)


def recode(codes: Codes, table: npt.NDArray[np.integer[Any]]) -> Codes:
    """`table[codes]`, in the smallest unsigned type; the same array where nothing changes.

    >>> recode(np.array([0, 1, 1], np.uint8), np.array([1, 0]))
    array([1, 0, 0], dtype=uint8)
    """
    dtype = unsigned(int(table.max(initial=0)) + 1)
    if codes.dtype == dtype and np.array_equal(table, np.arange(len(table))):
        return codes
    if codes.dtype == np.uint8 and dtype == np.uint8:
        # bytes.translate looks up a byte at a time and is three times as fast as take.
        whole = np.zeros(256, np.uint8)
        whole[: len(table)] = table
        return np.frombuffer(codes.tobytes().translate(whole.tobytes()), np.uint8)
    return table.astype(dtype).take(codes)


def look(series: Any, column: str) -> Distinct:
    """Codes and distinct values of a narwhals Series. Raises TBL010 for cells that hold lists."""
    implementation = str(series.implementation)
    native = series.to_native()
    if implementation == "pandas":
        return _pandas(native, column)
    if implementation == "polars":
        return _polars(native, column)
    if implementation == "pyarrow":
        return _arrow(native, column)
    return _pandas(series.to_pandas(), column)


def _found(
    column: str,
    codes: Codes,
    raw: Sequence[Any],
    missing: npt.NDArray[np.bool_] | None = None,
    *,
    kind: str | None = None,
    declared: bool = False,
) -> Distinct:
    """Put missing rows (a mask, or codes already at len(raw)) behind the values, and count."""
    first = None
    values = tuple(raw)
    codes = codes if codes.dtype == unsigned(len(raw) + 1) else codes.astype(unsigned(len(raw) + 1))
    if missing is not None and missing.any():
        codes = np.where(missing, codes.dtype.type(len(raw)), codes)
        first = int(missing.argmax())
        values = (*values, None)
    counts = tabulate(codes, len(values))
    found = distinct(
        column, values, counts, codes, kind=kind, declared=declared, first_missing=first
    )
    if found.kind == "nested":
        raise nested(column)
    return found


def _pandas(series: Any, column: str) -> Distinct:
    import pandas as pd
    import pyarrow as pa

    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        codes = np.asarray(series.cat.codes)
        raw = dtype.categories.tolist()
        absent = codes < 0 if codes.size and codes.min() < 0 else None
        codes = codes.view(np.dtype(f"u{codes.dtype.itemsize}"))
        return _found(column, codes, raw, absent, declared=True)
    if isinstance(dtype, np.dtype):
        if dtype.kind in "biuf":
            return _numbers(column, series.to_numpy())
        if dtype.kind in "mM":
            return _times(column, len(series))
        return _objects(column, series.to_numpy())
    try:
        array = pa.array(series.array)
    except (pa.ArrowException, TypeError, ValueError, NotImplementedError):
        return _objects(column, series.astype(object).to_numpy())
    return _arrow(array, column)


def _polars(series: Any, column: str) -> Distinct:
    import polars as pl

    if isinstance(series.dtype, pl.Object):
        return _objects(column, np.array([*series.to_list(), None], object)[:-1])
    try:
        # Polars keeps strings as views; asking for them saves a copy.
        array = series.to_arrow(compat_level=pl.CompatLevel.newest())
    except TypeError:
        array = series.to_arrow()
    except Exception:  # a type of polars' own, such as Int128, that Arrow has not
        return _objects(column, np.array([*series.to_list(), None], object)[:-1])
    return _arrow(array, column, declared=isinstance(series.dtype, pl.Enum))


def _times(column: str, rows: int) -> Distinct:
    """Dates and times: no part takes them, so they are not taken apart."""
    return Distinct(
        column=column,
        raw=("a date or time",),
        values=("a date or time",),
        counts=np.array([rows], np.int64),
        kind="time",
        handle=np.zeros(rows, np.uint8),
    )


def _objects(column: str, values: npt.NDArray[Any]) -> Distinct:
    import pandas as pd

    try:
        codes, raw = pd.factorize(values, use_na_sentinel=True)
    except TypeError:
        first = next((i for i, v in enumerate(values) if getattr(v, "__hash__", None) is None), 0)
        raise nested(column, first) from None
    absent = codes < 0 if codes.size and codes.min() < 0 else None
    # A missing row's code is -1: any code will do once it is known to be missing.
    codes = codes.astype(unsigned(len(raw) + 1))
    levels = raw.tolist()
    if all(type(v) is str for v in levels):
        return _found(column, codes, levels, absent, kind="text" if levels else None)
    # factorize takes 1, 1.0 and True for one value; only the inference tells them apart.
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if "date" in kind or "time" in kind or kind == "period":
        return _times(column, len(values))
    mixed = kind.startswith("mixed") and kind != "mixed-integer-float"
    if mixed and kind == "mixed" and len({type(v) for v in levels}) == 1:
        mixed = False
    return _found(column, codes, levels, absent, kind="mixed" if mixed else None)


def _numbers(
    column: str, values: npt.NDArray[Any], absent: npt.NDArray[np.bool_] | None = None
) -> Distinct:
    """Numpy bool, integers and floats; `absent` rows are missing."""
    if not values.size:
        return _found(column, np.zeros(0, np.uint8), ())
    if values.dtype.kind == "b":
        if absent is not None and absent.all():  # as an engine tells it: no value, so no kind
            return _found(column, np.zeros(len(values), np.uint8), (), absent)
        return _found(column, values.view(np.uint8), (False, True), absent)
    if values.dtype.kind == "f":
        nan = np.isnan(values)
        if nan.any():
            absent = nan if absent is None else nan | absent
            values = np.where(absent, 0, values)
        low, high = float(values.min()), float(values.max())
        if low < 0 or high >= SPAN:
            return _sorted(column, values, absent)
        offsets = values.astype(np.uint8 if high < 256 else np.uint16)
        if not np.array_equal(offsets, values):
            return _sorted(column, values, absent)
        least = 0
    else:
        least, most = int(values.min()), int(values.max())
        if most - least >= SPAN:
            return _sorted(column, values, absent)
        high = most - least
        # Only the last bytes of a difference are kept, so no wider array is made.
        narrow = unsigned(most - least + 1)
        offsets = values.astype(narrow)
        if least:
            offsets = offsets - np.array(least).astype(values.dtype).astype(narrow)
    levels = int(high) + 1
    counts = tabulate(offsets, levels)
    if levels > 16 or absent is not None:
        if absent is not None:
            counts = counts - tabulate(offsets[absent], levels)
        kept = np.flatnonzero(counts)
        table = np.zeros(levels, np.int64)
        table[kept] = np.arange(len(kept))
        codes = recode(offsets, table)
        return _found(column, codes, [int(k) + least for k in kept], absent)
    return distinct(column, [least + i for i in range(levels)], counts, offsets)


def _sorted(
    column: str, values: npt.NDArray[Any], absent: npt.NDArray[np.bool_] | None
) -> Distinct:
    levels, codes = np.unique(values, return_inverse=True)
    return _found(column, codes.reshape(-1), levels.tolist(), absent)


def _arrow(array: Any, column: str, *, declared: bool = False) -> Distinct:
    """A pyarrow Array or ChunkedArray of any type."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from audit.table.short_text import encode_short

    kind = array.type
    if pa.types.is_nested(kind) and not pa.types.is_dictionary(kind):
        raise nested(column)
    if pa.types.is_temporal(kind):
        return _times(column, len(array))
    absent = np.asarray(array.is_null()) if array.null_count else None
    if pa.types.is_null(kind):
        return _found(column, np.zeros(len(array), np.uint8), (), absent)
    if pa.types.is_boolean(kind):
        if absent is not None:
            array = pc.fill_null(array, False)
        return _numbers(column, np.asarray(array), absent)
    if pa.types.is_decimal(kind):
        array, kind = array.cast(pa.float64()), pa.float64()
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        if absent is not None:
            array = pc.fill_null(array, pa.scalar(0, kind))
        return _numbers(column, array.to_numpy(), absent)
    if pa.types.is_dictionary(kind):
        # The same word may have another code in each chunk.
        if isinstance(array, pa.ChunkedArray):
            array = array.unify_dictionaries().combine_chunks()
        if isinstance(array, pa.ChunkedArray):
            array = array.chunk(0)
        indices = _indices(array)
        raw = array.dictionary.to_pylist()
        if None in raw or len(set(raw)) < len(raw):
            array = array.cast(kind.value_type).dictionary_encode()
            indices, raw = _indices(array), array.dictionary.to_pylist()
            absent = np.asarray(array.is_null()) if array.null_count else None
        return _found(column, indices, raw, absent, declared=declared or kind.ordered)
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or "view" in str(kind)):
        raise InputError("TBL006", f"columns of type {kind} cannot be read", argument=column)
    short = encode_short(array, absent)
    if short is not None:
        return _found(column, *short, absent)
    if "view" in str(kind):
        array = array.cast(pa.large_string())
    coded = array.dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.unify_dictionaries()
        chunks = coded.chunks
        raw = chunks[0].dictionary.to_pylist() if chunks else []
        parts = [_indices(c) for c in chunks]
        codes = parts[0] if len(parts) == 1 else np.concatenate([np.zeros(0, np.int32), *parts])
        return _found(column, codes, raw, absent)
    return _found(column, _indices(coded), coded.dictionary.to_pylist(), absent)


def _indices(coded: Any) -> Codes:
    import pyarrow.compute as pc

    indices = coded.indices
    if indices.null_count:
        indices = pc.fill_null(indices, 0)
    codes: Codes = indices.to_numpy(zero_copy_only=False)
    return codes
