"""What every interval checks before it computes: counts, levels and method names."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError

Floats = npt.NDArray[np.float64]

LARGEST = 1e15
"""Counts beyond it are not whole as floats, and nobody has so many rows."""
SLACK = 1e-9
"""Effective counts are products, so x may exceed n by rounding; this share of n is forgiven."""


def _refuse(bad: npt.NDArray[np.bool_], code: str, message: str, argument: str, fix: str) -> None:
    if bad.any():
        raise InputError(
            code,
            message,
            argument=argument,
            count=int(bad.sum()),
            first=int(np.flatnonzero(bad)[0]),
            fix=fix,
        )


def floats(value: npt.ArrayLike) -> Floats:
    """Real numbers as floats, masked ones as nan.

    Raises `TypeError`, `ValueError` or `OverflowError` for text, dates and complex numbers.
    """
    try:
        found = np.asarray(value)
    except Exception as error:  # libraries refuse some of their types in ways of their own
        raise TypeError(str(error)) from error
    if found.dtype.kind not in "biufO":
        raise TypeError(f"{found.dtype} is no kind of number")
    numbers = found.astype(np.float64)
    if isinstance(value, np.ma.MaskedArray):
        numbers = np.where(np.ma.getmaskarray(value), np.nan, numbers)
    return numbers


def numbers(value: npt.ArrayLike, argument: str) -> Floats:
    """Finite real numbers as floats, or `InputError` INF002."""
    try:
        array = floats(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(
            "INF002", "not numbers", argument=argument, fix="pass counts as ints or floats"
        ) from error
    _refuse(
        ~np.isfinite(array), "INF002", "a count is nan or infinite", argument, "pass 0 of 0 instead"
    )
    _refuse(
        np.abs(array) > LARGEST, "INF002", "a count is beyond 1e15", argument, "count fewer rows"
    )
    return array


def counts(x: npt.ArrayLike, n: npt.ArrayLike, suffix: str = "") -> tuple[Floats, Floats]:
    """Check that 0 ≤ x ≤ n, both finite, and return them as float arrays of their own shapes.

    Raises `InputError`: INF002 not finite, INF003 negative, INF004 x > n, INF006 shapes.

    >>> counts([1, 2], 4)
    (array([1., 2.]), array(4.))
    """
    names = "x" + suffix, "n" + suffix
    part, whole = numbers(x, names[0]), numbers(n, names[1])
    _refuse(part < 0, "INF003", "a count is negative", names[0], "counts start at 0")
    _refuse(whole < 0, "INF003", "a count is negative", names[1], "counts start at 0")
    together(part, whole)
    _refuse(
        np.asarray(part > whole * (1 + SLACK)),
        "INF004",
        f"{names[0]} exceeds {names[1]}",
        names[0],
        f"{names[0]} counts some of the {names[1]} rows",
    )
    return np.minimum(part, whole) if (part > whole).any() else part, whole


def together(*arrays: Any) -> tuple[int, ...]:
    """The common shape of arrays, or `InputError` INF006 where they have none.

    >>> together(np.zeros(3), np.zeros((2, 1)))
    (2, 3)
    """
    try:
        return np.broadcast_shapes(*(np.shape(a) for a in arrays))
    except ValueError as error:
        shapes = ", ".join(str(np.shape(a)) for a in arrays)
        raise InputError(
            "INF006", f"shapes {shapes} do not go together", argument="x", fix="broadcast them"
        ) from error


def critical(level: npt.ArrayLike) -> Floats:
    """The two-sided normal quantile of a confidence level: 1.96 at 0.95.

    Raises `InputError` INF001 unless every level is strictly between 0 and 1.

    >>> round(float(critical(0.95)), 6)
    1.959964
    """
    from scipy.special import ndtri

    try:
        array = floats(level)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(
            "INF001", "not a number", argument="level", fix="pass 0.95 for 95 %"
        ) from error
    _refuse(
        ~((array > 0) & (array < 1)),
        "INF001",
        "a confidence level lies strictly between 0 and 1",
        "level",
        "pass 0.95 for 95 %",
    )
    return np.asarray(-ndtri((1 - array) / 2))


def one_level(level: float) -> float:
    """A single confidence level, or `InputError` INF001.

    >>> one_level(0.95)
    0.95
    """
    critical(level)
    if np.size(level) != 1:
        raise InputError(
            "INF001",
            f"{np.size(level)} levels where one is needed",
            argument="level",
            fix="pass 0.95",
        )
    return float(np.asarray(level).reshape(()))


def chosen(method: str, methods: tuple[str, ...]) -> str:
    """The method's name, or `InputError` INF005 with the names there are.

    >>> chosen("wilson", ("wilson", "clopper-pearson"))
    'wilson'
    """
    if not isinstance(method, str) or method not in methods:
        raise InputError(
            "INF005",
            f"no method {method!r}",
            argument="method",
            fix="use one of " + ", ".join(methods),
        )
    return method
