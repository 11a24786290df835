"""What was typed in the shell, read into values.

Shell text has no types. Structure is read here (lists, `column=value` pairs); a value itself
stays `Raw` until its column's type is known, when `typed` reads it: '1' is a number in a column
of numbers and text in a column of text, and nothing is guessed.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from audit.cli.settings import Raw, Setting
from audit.errors import InputError


def read_flag(setting: Setting, texts: Sequence[str]) -> Any:
    """The value of an option from what was typed after it, once or several times."""
    match setting.kind:
        case "attributes":
            return attributes(setting, texts)
        case "columns":
            return tuple(name for text in texts for name in split(text))
        case "files":
            return tuple(texts)
        case "cuts":
            return {k: cuts(v, setting) for k, v in pairs(setting, texts).items()}
        case "levels":
            return {k: Raw(v) for k, v in pairs(setting, texts).items()}
        case "directions":
            return {k: direction(setting, v) for k, v in pairs(setting, texts).items()}
        case "values":
            return values(setting, texts)
        case "value":
            return Raw(texts[-1])
        case "ordered":
            return tuple(value for text in texts for value in alternatives(text))
        case "number":
            return number(texts[-1], setting)
        case "integer":
            return integer(texts[-1], setting)
        case _:
            return texts[-1]


def split(text: str) -> list[str]:
    """Names separated by commas; a name that holds a comma goes in double quotes.

    >>> split('sex, "age, years"')
    ['sex', 'age, years']
    """
    row = next(csv.reader([text], skipinitialspace=True), [])
    return [name.strip() for name in row if name.strip()]


def attributes(setting: Setting, texts: Sequence[str]) -> Any:
    r"""Names of columns, or a mapping where a piece tells groups by a column each.

    >>> from audit.cli.settings import SETTINGS
    >>> attributes(SETTINGS["protected"], ["sex,race:White=is_white|Black=is_black"])
    {'sex': 'sex', 'race': {'White': 'is_white', 'Black': 'is_black'}}
    """
    pieces = [piece for text in texts for piece in split(text)]
    if not any(_MEMBERSHIPS.fullmatch(piece) for piece in pieces):
        return tuple(pieces)
    found: dict[str, Any] = {}
    for piece in pieces:
        told = _MEMBERSHIPS.fullmatch(piece)
        name = told.group(1).strip() if told else piece
        if name in found:
            raise _badly_written(setting, f"{name!r} is given twice")
        found[name] = memberships(setting, told.group(2)) if told else name
    return found


_MEMBERSHIPS = re.compile(r"([^:=]+):(.*=.*)")


def memberships(setting: Setting, text: str) -> dict[str, str]:
    """`White=is_white|Black=is_black` as the column of each group."""
    found: dict[str, str] = {}
    for piece in alternatives(text):
        group, equals, column = (part.strip() for part in piece.rpartition("="))
        if not equals or not group or not column:
            raise InputError(
                "CLI004",
                f"{str(piece)!r} does not say which column holds which group",
                argument=setting.key,
                fix=f"written like {setting.flag} 'race:White=is_white|Black=is_black'",
            )
        if group in found:
            raise _badly_written(setting, f"{group!r} is given twice")
        found[str(group)] = str(column)
    return found


def pairs(setting: Setting, texts: Sequence[str]) -> dict[str, str]:
    """`a=1,b=2` as a mapping; a piece without `=` belongs to the pair before it."""
    found: dict[str, str] = {}
    for text in texts:
        last: str | None = None
        for piece in text.split(","):
            name, equals, value = piece.partition("=")
            if equals and name.strip():
                last = name.strip()
                if last in found:
                    raise _badly_written(setting, f"{last!r} is given twice")
                found[last] = value.strip()
            elif last is None:
                raise _badly_written(setting, f"{text!r} does not say for which column")
            else:
                found[last] += "," + piece
    for name, value in found.items():
        if not value:
            raise _badly_written(setting, f"nothing after {name}=")
    return found


def cuts(text: str, setting: Setting) -> tuple[float, ...]:
    """Cut points, ascending.

    >>> from audit.cli.settings import SETTINGS
    >>> cuts("26, 40", SETTINGS["bins"])
    (26, 40)
    """
    points = tuple(number(piece, setting) for piece in text.split(",") if piece.strip())
    if not points or any(a >= b for a, b in pairwise(points)):
        raise _badly_written(setting, f"cut points must ascend, not {text!r}")
    return points


def direction(setting: Setting, text: str) -> str:
    """ "higher" or "lower"."""
    if text not in ("higher", "lower"):
        raise _badly_written(setting, f"say whether higher or lower is better, not {text!r}")
    return text


def values(setting: Setting, texts: Sequence[str]) -> dict[str, tuple[Raw, ...]] | tuple[Raw, ...]:
    """`decision=1|2,outcome=1` by part, or bare values for the only part there is."""
    if not any("=" in text for text in texts):
        return tuple(value for text in texts for value in alternatives(text))
    return {part: alternatives(text) for part, text in pairs(setting, texts).items()}


def alternatives(text: str) -> tuple[Raw, ...]:
    r"""Values separated by `|`; a value that holds one writes `\|`.

    >>> alternatives("approve|refer")
    ('approve', 'refer')
    """
    pieces = re.split(r"(?<!\\)\|", text)
    return tuple(Raw(piece.replace("\\|", "|").strip()) for piece in pieces)


def number(text: str, setting: Setting | None = None) -> float:
    """A finite number, an int where it is written as one."""
    try:
        value = int(text) if re.fullmatch(r"\s*[+-]?\d+\s*", text) else float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _badly_written(setting, f"{text.strip()!r} is not a number")
    return value


def integer(text: str, setting: Setting | None = None) -> int:
    """A whole number."""
    value = number(text, setting)
    if not isinstance(value, int):
        raise _badly_written(setting, f"{text.strip()!r} is not a whole number")
    return value


def typed(value: Any, kind: str, column: str, argument: str, known: Sequence[Any] = ()) -> Any:
    """A `Raw` value in its column's own type; any other value as it is.

    `kind` is "integer", "number", "boolean", "text" or "other"; for "other" the text must be the
    text of one of the `known` values. Raises `InputError` CLI006 where it cannot be one.

    >>> typed(Raw("1"), "integer", "approved", "favorable"), typed(Raw("1"), "text", "a", "b")
    (1, '1')
    """
    if not isinstance(value, Raw):
        return value
    text = str(value)
    match kind:
        case "integer" if re.fullmatch(r"[+-]?\d+", text):
            return int(text)
        case "integer" | "number":
            try:
                return float(text)
            except ValueError:
                pass
        case "boolean" if text.lower() in _BOOLEANS:
            return _BOOLEANS[text.lower()]
        case "text":
            return text
        case "other":
            for candidate in known:
                if str(candidate) == text:
                    return candidate
    noun = {"integer": "whole numbers", "number": "numbers", "boolean": "true and false"}
    shown = ", ".join(str(v) for v in known[:8])
    raise InputError(
        "CLI006",
        f"{column!r} holds {noun.get(kind, 'other values')}, and {text!r} is none of them",
        argument=argument,
        fix=f"one of {shown}" if shown else "give a value the column holds",
    )


_BOOLEANS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


def _badly_written(setting: Setting | None, problem: str) -> InputError:
    if setting is None:
        return InputError("CLI004", problem)
    return InputError(
        "CLI004",
        problem,
        argument=setting.key,
        fix=f"written like {setting.flag} {setting.example}",
    )
