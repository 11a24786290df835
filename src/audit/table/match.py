"""A value that the caller told, found among a column's values in the column's own type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from audit.table.distinct import kind_of, number, plain
from audit.table.spelling import normalised

_WORDS = {"true": True, "false": False, "1": True, "0": False}


class Absent:
    """No value of the column is meant."""


ABSENT = Absent()


def match(told: Any, values: Sequence[Any], kind: str) -> Any:
    """The value that `told` means, or `ABSENT`.

    Text stands for a number or bool where the column holds such (the shell has only text); a
    number never stands for text.

    >>> match("1", [0, 1], "integer"), match(1, [False, True], "bool"), match("a", ["a"], "text")
    (1, True, 'a')
    >>> match(1, ["0", "1"], "text") is ABSENT
    True
    """
    told = plain(told)
    if told is None:
        return ABSENT
    if kind == "text":
        if not isinstance(told, str):
            return ABSENT
        if told in values:
            return told
        form = normalised(told)
        return next((v for v in values if normalised(v) == form), ABSENT)
    if isinstance(told, str):
        word = told.strip()
        meant = _WORDS.get(word.lower()) if kind == "bool" else number(word)
        if meant is None:
            return ABSENT
        told = meant
    if not isinstance(told, (bool, int, float)):
        return ABSENT
    return next((v for v in values if v == told), ABSENT)


def alone(told: Any) -> Any:
    """A value, or the one that a tuple or list holds.

    >>> alone(("f",)), alone("f"), alone(("f", "m"))
    ('f', 'f', ('f', 'm'))
    """
    return told[0] if isinstance(told, tuple | list) and len(told) == 1 else told


def level_told(told: Any, levels: Sequence[Any]) -> Any:
    """Which of an attribute's levels a caller means, by itself or in a tuple of one, or `ABSENT`.

    None means the missing level.

    >>> level_told(("1",), [1, 2, None]), level_told(None, [1, None]), level_told(3, [1]) is ABSENT
    (1, None, True)
    """
    told = alone(told)
    if told is None:
        return None if None in levels else ABSENT
    named = [v for v in levels if v is not None]
    try:
        known = told in named
    except Exception:  # what cannot be compared is no level
        known = False
    return told if known else match(told, named, kind_of(named))


def of_kind(told: Any, kind: str) -> Any:
    """`told` in a column's type although it does not occur there; `ABSENT` where it cannot be.

    >>> of_kind("1", "integer"), of_kind("yes", "integer") is ABSENT
    (1, True)
    """
    told = plain(told)
    if kind == "text":
        return told if isinstance(told, str) else ABSENT
    if isinstance(told, str):
        meant = _WORDS.get(told.strip().lower()) if kind == "bool" else number(told.strip())
        return ABSENT if meant is None else meant
    if isinstance(told, (bool, int, float)):
        return bool(told) if kind == "bool" and told in (0, 1) else told
    return ABSENT
