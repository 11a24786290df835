"""The command that would do the same: shown by the wizard, kept in the report, offered as a fix."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from audit.cli.settings import SETTINGS, Setting

_BARE = re.compile(r"[\w@%+:,./=-]+", re.ASCII)


def words(verb: str, settings: Mapping[str, Any]) -> list[str]:
    """The command as a list of words, settings in the order of `--help`.

    >>> words("run", {"data": "loans.csv", "protected": ("sex",), "favorable": {"decision": (1,)}})
    ['audit', 'run', 'loans.csv', '--protected', 'sex', '--favorable', 'decision=1']
    """
    found = ["audit", verb]
    if settings.get("data"):
        found.append(str(settings["data"]))
    for key, setting in SETTINGS.items():
        value = settings.get(key)
        switch = setting.kind == "switch"
        if value is None or (switch and value is False) or value == () or value == {}:
            continue
        if switch and value is True:
            found.append(setting.flag)
            continue
        for text in _texts(setting, value):
            found += [setting.short or setting.flag, text]
    return found


def _texts(setting: Setting, value: Any) -> list[str]:
    """What to type after the option, once for each time it is given."""
    match setting.kind:
        case "attributes" if isinstance(value, Mapping):
            return [",".join(_attribute(name, told) for name, told in value.items())]
        case "columns" | "attributes":
            return [",".join(f'"{n}"' if "," in n else n for n in value)]
        case "files":
            return list(value)
        case "cuts":
            return [f"{k}={','.join(plain(v) for v in points)}" for k, points in value.items()]
        case "values" if isinstance(value, Mapping):
            return [",".join(f"{part}={either(several)}" for part, several in value.items())]
        case "values" | "ordered":
            return [either(value)]
        case "levels" | "directions":
            return [",".join(f"{k}={plain(v)}" for k, v in value.items())]
        case _:
            return [plain(value)]


def _attribute(name: str, told: Any) -> str:
    """`sex`, or `race:White=is_white|Black=is_black`; in double quotes where it holds a comma.

    >>> _attribute("race", {"White": "is_white", "Black": "is_black"})
    'race:White=is_white|Black=is_black'
    """
    text = name
    if isinstance(told, Mapping):
        groups = (f"{group}={column}".replace("|", "\\|") for group, column in told.items())
        text = f"{name}:{'|'.join(groups)}"
    quoted = text.replace('"', '""')
    return f'"{quoted}"' if "," in text or '"' in text else text


def either(several: Sequence[Any]) -> str:
    """Values separated by bars, as `favorable` takes them."""
    return "|".join(plain(v).replace("|", "\\|") for v in several)


def plain(value: Any) -> str:
    """A value as it is typed in the shell.

    >>> plain(True), plain(0.15), plain("yes")
    ('true', '0.15', 'yes')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def line(command: Sequence[str]) -> str:
    """Words as one line to paste into a shell.

    >>> line(["audit", "run", "my loans.csv", "--favorable", "decision=1|2"])
    'audit run "my loans.csv" --favorable "decision=1|2"'
    """
    return " ".join(_quote(word) for word in command)


def _quote(word: str) -> str:
    if _BARE.fullmatch(word):
        return word
    if not word.isprintable():
        return _escaped(word)
    if not re.search(r'[\\"$`!]', word):
        return f'"{word}"'
    return shlex.quote(word)


def _escaped(word: str) -> str:
    """Names from data may hold what moves a cursor or turns text around: shown as codes.

    >>> print(_escaped("a\\u202eb"))
    $'a\\u202eb'
    """
    codes = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\t": "\\t"}
    return "$'" + "".join(codes.get(c) or (c if c.isprintable() else _code(c)) for c in word) + "'"


def _code(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def wrapped(command: Sequence[str], width: int = 88) -> str:
    """The line broken with backslashes where it is long; still one command to paste."""
    units: list[str] = []
    for word in command:
        option = bool(units) and units[-1].startswith("-") and " " not in units[-1]
        if option and not word.startswith("-"):
            units[-1] += " " + _quote(word)
        else:
            units.append(_quote(word))
    lines = [units[0]] if units else []
    for unit in units[1:]:
        if len(lines[-1]) + 1 + len(unit) <= width - 2 or not unit.startswith("-"):
            lines[-1] += " " + unit
        else:
            lines.append("    " + unit)
    return " \\\n".join(lines)


def replaced(command: Sequence[str], wrong: str, right: str) -> list[str] | None:
    """The command with one name put right, inside lists and pairs too; None where it isn't there.

    >>> replaced(["audit", "run", "--protected", "age,sexx"], "sexx", "sex")
    ['audit', 'run', '--protected', 'age,sex']
    """
    pattern = re.compile(rf"(?<![^\s,=|\"']){re.escape(wrong)}(?![^\s,=|\"'])")
    mended, changed = [], False
    for word in command:
        new = pattern.sub(lambda _: right, word)
        changed = changed or new != word
        mended.append(new)
    return mended if changed else None
