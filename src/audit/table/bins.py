"""Cut points and the labels of their bins."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from audit.errors import InputError
from audit.table.distinct import number
from audit.table.wording import shown


def check(column: str, given: object) -> tuple[float, ...]:
    """Cut points as ascending floats; raises `InputError` TBL017 for anything else.

    >>> check("age", [26, 40])
    (26.0, 40.0)
    """
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise _malformed(column, f"{shown(given)} is not a list of cut points")
    cuts = [number(c) if isinstance(c, str) else c for c in given]
    for cut, told in zip(cuts, given, strict=False):
        if cut is None or isinstance(cut, bool) or not _finite(cut):
            raise _malformed(column, f"{shown(told)} is not a finite number")
    if not cuts:
        raise _malformed(column, "there are no cut points")
    points = [float(c) for c in cuts if c is not None]
    if any(b <= a for a, b in pairwise(points)):
        ascending = ", ".join(edge(c) for c in sorted(set(points)))
        raise _malformed(column, "cut points do not ascend", f"write [{ascending}]")
    return tuple(points)


def _finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except TypeError:
        return False


def _malformed(column: str, message: str, fix: str | None = None) -> InputError:
    return InputError(
        "TBL017",
        f"{shown(column)}: {message}",
        argument="bins",
        fix=fix or "give ascending cut points, such as {'age': [26, 40, 62]}",
    )


def edge(cut: float) -> str:
    """A cut point as it is written: whole numbers without .0.

    >>> edge(26.0), edge(0.5), edge(-1e6)
    ('26', '0.5', '-1000000')
    """
    return str(int(cut)) if cut == int(cut) and abs(cut) < 1e16 else repr(float(cut))


def labels_of(cuts: Sequence[float]) -> tuple[str, ...]:
    """The labels of the bins between cut points, in order.

    >>> labels_of((26.0, 40.0, 62.0))
    ('(-inf, 26)', '[26, 40)', '[40, 62)', '[62, inf)')
    """
    edges = [edge(c) for c in cuts]
    inner = [f"[{a}, {b})" for a, b in pairwise(edges)]
    return (f"(-inf, {edges[0]})", *inner, f"[{edges[-1]}, inf)")


def label_of(cuts: Sequence[float], value: float) -> str:
    """The label of the bin that holds a number.

    >>> label_of((26.0, 40.0), 26)
    '[26, 40)'
    """
    return labels_of(cuts)[bisect_right(cuts, value)]
