"""Sampling weights given as an array."""

from __future__ import annotations

import math
from contextlib import suppress
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table.vectors import kind_of, unmasked


def numbers(source: Any) -> npt.NDArray[np.float64]:
    """Weights as floats; text is refused, missing becomes nan."""
    if isinstance(source, np.ma.MaskedArray):
        source = unmasked(source)
    if isinstance(source, (list, tuple)):
        plain = set(map(type, source)) <= {int, float, bool}
        array = _array(source, plain)
    elif hasattr(source, "to_pylist"):  # pyarrow
        return numbers(source.to_pylist())
    else:
        try:
            array = np.asarray(source.to_numpy() if hasattr(source, "to_numpy") else source)
        except Exception:  # numpy has no integers of 128 bits, polars does
            if not hasattr(source, "to_list"):
                raise
            return numbers(source.to_list())
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise InputError(
            "TBL402",
            f"has shape {array.shape}, not one number a row",
            argument="sample_weight",
            fix="give one weight a row",
        )
    if array.dtype.kind in "biuf":
        return array.astype(np.float64)
    if array.dtype.kind != "O":
        raise _not_numbers(len(array), 0)
    values = np.full(len(array), np.nan)
    strange = []
    for row, value in enumerate(array):
        kind = kind_of(value)
        if kind == "missing":
            continue
        if isinstance(value, (Real, Decimal)):
            values[row] = _float(value)
        else:
            strange.append(row)
    if strange:
        raise _not_numbers(len(strange), strange[0])
    return values


def _array(values: Any, plain: bool) -> npt.NDArray[Any]:
    if plain:
        with suppress(OverflowError):
            return np.array(values, dtype=np.float64)
    held = np.empty(len(values), dtype=object)
    held[:] = values
    return held


def _float(value: Any) -> float:
    """Beyond the range of a float a weight is infinite, which is refused by name."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _not_numbers(count: int, first: int) -> InputError:
    return InputError(
        "TBL420",
        "is not a number",
        argument="sample_weight",
        count=count,
        first=first,
        fix="convert the weights to numbers",
    )


def check_weights(weight: npt.NDArray[np.float64]) -> None:
    """Refuse missing, infinite and negative weights, and weights that are all zero."""
    for bad, code, what in (
        (~np.isfinite(weight), "TBL421", "is missing or infinite"),
        (weight < 0, "TBL422", "is negative"),
    ):
        if bad.any():
            raise InputError(
                code,
                f"a weight {what}",
                argument="sample_weight",
                count=int(bad.sum()),
                first=int(np.argmax(bad)),
                fix="give every row a weight of 0 or more",
            )
    if not weight.any():
        raise InputError(
            "TBL423",
            "every weight is zero",
            argument="sample_weight",
            count=len(weight),
            first=0,
            fix="give at least one row a weight above 0",
        )
