"""Outcomes and decisions given as arrays: what is favourable, or why nobody can tell.

Booleans and numbers within {0, 1} speak for themselves; anything else needs the caller's word.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from audit.errors import InputError
from audit.table.vectors import Codes, Vector

SHOWN = 5
"""Values listed in a message."""


def _listed(values: Sequence[Any]) -> str:
    text = ", ".join(_short(v) for v in values[:SHOWN])
    return text + (f" and {len(values) - SHOWN:,} more" if len(values) > SHOWN else "")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _speaks(vector: Vector) -> bool:
    """Whether it is boolean or numbers within {0, 1}."""
    return vector.kinds <= {"bool", "int", "float"} and all(v in (0, 1) for v in vector.levels)


def _same(value: Any, pos_label: Any) -> bool:
    """Equality that keeps text and numbers apart."""
    if isinstance(value, str) != isinstance(pos_label, str):
        return False
    return bool(value == pos_label)


def check_told(pos_label: Any, vectors: Sequence[Vector]) -> Any:
    """`pos_label` as Python's own value, after a check that it is one of two labels."""
    if pos_label is None:
        return None
    if isinstance(pos_label, np.generic):
        pos_label = pos_label.item()
    if isinstance(pos_label, float) and not math.isfinite(pos_label):
        raise InputError("TBL415", f"{pos_label!r} is no label", argument="pos_label")
    if not isinstance(pos_label, (str, bool, int, float)):
        raise InputError(
            "TBL415",
            f"a {type(pos_label).__name__} is no label",
            argument="pos_label",
            fix="give the one value that means favourable",
        )
    seen = [level for vector in vectors for level in vector.levels]
    if not any(_same(v, pos_label) for v in seen):
        twin = [v for v in dict.fromkeys(seen) if str(v).casefold() == str(pos_label).casefold()]
        fix = f"did you mean {twin[0]!r}?" if twin else "give one of the values"
        raise InputError(
            "TBL416",
            f"{_short(pos_label)} is in neither y_true nor y_pred, which hold "
            f"{_listed(list(dict.fromkeys(map(_Apart, seen))))}",
            argument="pos_label",
            fix=fix,
        )
    others = dict.fromkeys(_Apart(v) for v in seen if not _same(v, pos_label))
    alike = {kind for vector in vectors for kind in vector.kinds}
    if len(others) > 1 and (alike <= {"text"} or alike <= {"bool", "int", "float"}):
        raise InputError(
            "TBL413",
            f"y_true and y_pred together hold {len(others) + 1} values: "
            f"{_listed([pos_label, *others])}",
            argument="y_pred",
            fix="write the unfavourable value the same way in both",
        )
    return pos_label


class _Apart:
    """A value that equals another only with the same spelling: '1' is not 1, 1.0 is."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return hash(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Apart) and _same(self.value, other.value)

    def __repr__(self) -> str:
        return repr(self.value)


def decisions(vector: Vector, pos_label: Any) -> Codes:
    """0 favourable, 1 unfavourable; a missing decision is refused."""
    if vector.missing:
        raise InputError(
            "TBL411",
            "a decision is missing",
            argument="y_pred",
            count=vector.missing,
            first=int(np.argmax(vector.codes < 0)),
            fix="drop these rows from all arguments, or find out what was decided",
        )
    return binary(vector, "y_pred", pos_label)


def binary(vector: Vector, argument: str, pos_label: Any) -> Codes:
    """0 favourable, 1 unfavourable, 2 missing."""
    _check_numbers(vector, argument)
    spelt = isinstance(pos_label, str)
    if pos_label is not None and not _speaks(vector) and spelt != (vector.kinds == {"text"}):
        raise InputError(
            "TBL412",
            f"holds {'numbers' if spelt else 'text'} ({_listed(vector.levels)}), but pos_label is "
            f"{_short(pos_label)}",
            argument=argument,
            fix="write both labels in one way, or convert this one to booleans",
        )
    if pos_label is None or (spelt and _speaks(vector)):
        _check_speaks(vector, argument)
        favorable = [bool(v == 1) for v in vector.levels]
    else:
        favorable = [_same(v, pos_label) for v in vector.levels]
        others = dict.fromkeys(_Apart(v) for v in vector.levels if not _same(v, pos_label))
        if len(others) > 1:
            raise _third(vector, argument, [pos_label, *others], ())
    return np.array([*(0 if yes else 1 for yes in favorable), 2], dtype=np.int8)[vector.codes]


def _check_numbers(vector: Vector, argument: str) -> None:
    """Refuse what can be no label whatever `pos_label` says."""
    strange = vector.kinds - {"text", "bool", "int", "float"}
    if strange:
        raise InputError(
            "TBL404" if "date" in strange else "TBL401",
            f"holds values of type {', '.join(sorted(strange))}",
            argument=argument,
            fix="give booleans, 0 and 1, or two values and pos_label",
        )
    if "text" in vector.kinds and len(vector.kinds) > 1:
        raise InputError(
            "TBL412",
            f"mixes {' and '.join(sorted(vector.kinds))}: {_listed(vector.levels)}",
            argument=argument,
            fix="write every label in one type",
        )
    if "float" not in vector.kinds:
        return
    infinite = [i for i, v in enumerate(vector.levels) if v in (math.inf, -math.inf)]
    if infinite:
        count, first = vector.where(infinite)
        raise InputError(
            "TBL417", "is infinite", argument=argument, count=count, first=first, fix="mend it"
        )
    broken = [i for i, v in enumerate(vector.levels) if v != math.floor(v)]
    if not broken:
        return
    count, first = vector.where(broken)
    inside = all(0 <= v <= 1 for v in vector.levels)
    what = "probabilities" if inside else "numbers that are not whole"
    fix = (
        f"decide first, for instance {argument} >= 0.5, or pass them as score= to audit.run"
        if inside
        else "give the labels themselves"
    )
    raise InputError(
        "TBL414",
        f"holds {what}, not labels: {_listed([vector.levels[i] for i in broken])}",
        argument=argument,
        count=count,
        first=first,
        fix=fix,
    )


def _check_speaks(vector: Vector, argument: str) -> None:
    if _speaks(vector):
        return
    levels = vector.levels
    apart = dict.fromkeys(map(_Apart, levels))
    if len(apart) > 2:
        raise _third(vector, argument, list(apart), (0, 1))
    odd = [i for i, v in enumerate(levels) if isinstance(v, str) or v not in (0, 1)]
    count, first = vector.where(odd)
    fix = "say which value is favourable: pos_label=..."
    if "text" in vector.kinds:
        if {v.strip() for v in levels} <= {"0", "1"}:
            fix = "these are text, not numbers: convert them, or pass pos_label='1'"
        what = "text"
    elif set(levels) <= {1, 2}:
        what = "1 and 2"
        fix += " (German Credit codes good as 1 and bad as 2)"
    elif set(levels) <= {-1, 1}:
        what = "−1 and 1"
        fix = "say which value is favourable, for instance pos_label=1"
    else:
        what = "numbers other than 0 and 1"
    raise InputError(
        "TBL412",
        f"holds {what} ({_listed(levels)}), so what is favourable would be a guess",
        argument=argument,
        count=count,
        first=first,
        fix=fix,
    )


def _third(vector: Vector, argument: str, values: list[Any], expected: Sequence[Any]) -> InputError:
    """Three values or more; the rows shown hold one that is not expected, or the rarest."""
    odd = [i for i, v in enumerate(vector.levels) if v not in expected]
    if len(odd) == len(vector.levels) or not odd:
        odd = [int(np.argmin(np.bincount(vector.codes[vector.codes >= 0])))]
    count, first = vector.where(odd)
    return InputError(
        "TBL413",
        f"holds {len(values):,} different values: {_listed(values)}; a label has two",
        argument=argument,
        count=count,
        first=first,
        fix="turn them into favourable and unfavourable first (audit.read takes favorable= and "
        "unfavorable=, and counts the others as undecided)",
    )
