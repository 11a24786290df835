"""`audit.toml` and `[tool.audit]`: found, read, checked and written.

Keys are the settings' names plus `data`, the file to audit. Paths are relative to the file they
stand in. An unknown key is an error with a suggestion: a misspelt setting must not be ignored.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.cli.settings import SETTINGS, Setting
from audit.cli.suggest import closest
from audit.errors import InputError

NAME = "audit.toml"
_SCALAR = (str, int, float, bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What a configuration file says."""

    path: Path
    """Where it was read."""
    settings: Mapping[str, Any]
    """Checked values by key, `data` among them."""


def discover(folder: Path) -> Path | None:
    """`audit.toml`, else a `pyproject.toml` with `[tool.audit]`, in this folder only."""
    own = folder / NAME
    if own.is_file():
        return own
    project = folder / "pyproject.toml"
    if project.is_file() and _tool_table(_toml(project)) is not None:
        return project
    return None


def load(path: Path) -> Configuration:
    """Read and check a configuration file.

    Raises `InputError`: CLI010 no such file, CLI011 not TOML, CLI012 an unknown key, CLI013 a
    value of the wrong kind.
    """
    document = _toml(path)
    table: Any = document
    if path.name == "pyproject.toml":
        table = _tool_table(document)
        if table is None:
            raise InputError("CLI010", f"{path} has no [tool.audit] table", argument="config",
                             fix=f"add one, or name an {NAME}")  # fmt: skip
    settings: dict[str, Any] = {}
    for key, value in table.items():
        if key == "data":
            settings[key] = _beside(path, _text(key, value))
            continue
        setting = SETTINGS.get(key)
        if setting is None:
            near = closest(key, ("data", *SETTINGS))
            raise InputError("CLI012", f"unknown key {key!r} in {path.name}", argument="config",
                             fix=f"did you mean {near!r}?" if near else
                             "the keys are listed in docs/cli.md and by `audit init`")  # fmt: skip
        settings[key] = read_value(setting, value)
        if setting.kind == "file" or (key == "policy" and settings[key].endswith(".toml")):
            settings[key] = _beside(path, settings[key])
        elif setting.kind == "files":
            settings[key] = tuple(_beside(path, name) for name in settings[key])
    return Configuration(path=path, settings=settings)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, IsADirectoryError, PermissionError) as problem:
        reason = problem.strerror or "cannot be read"
        raise InputError("CLI010", f"{path}: {reason.lower()}", argument="config",
                         fix="make one with `audit init`") from None  # fmt: skip
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InputError("CLI011", f"{path} is not TOML: {problem}", argument="config",
                         fix="mend that line") from None  # fmt: skip


def _tool_table(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    tool = document.get("tool")
    table = tool.get("audit") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _beside(path: Path, name: str) -> str:
    if "://" in name or Path(name).is_absolute():
        return name
    return str(path.parent / name)


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(key, "text in quotes", value)
    return value


def read_value(setting: Setting, value: Any) -> Any:
    """A value from TOML in the same form as `parse.read_flag` gives, already typed."""
    key, kind = setting.key, setting.kind
    match kind:
        case "switch" if isinstance(value, bool):
            return value
        case "number" if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        case "integer" if isinstance(value, int) and not isinstance(value, bool):
            return value
        case "choice" if value in setting.choices:
            return value
        case "column" | "text" | "file" if isinstance(value, str):
            return value
        case "columns" | "attributes" | "files" if isinstance(value, str):
            return (value,)
        case "columns" | "attributes" | "files" if _list_of(value, str):
            return tuple(value)
        case "attributes" if (told := _attributes(value)) is not None:
            return told
        case "cuts" if _table(value) and all(_list_of(v, int, float) for v in value.values()):
            return {k: tuple(v) for k, v in value.items()}
        case "levels" if _table(value) and all(isinstance(v, _SCALAR) for v in value.values()):
            return dict(value)
        case "directions" if _table(value) and set(value.values()) <= {"higher", "lower"}:
            return dict(value)
        case "value" if isinstance(value, _SCALAR):
            return value
        case "ordered" if isinstance(value, list) and _one_or_several(value):
            return tuple(value)
        case "values" if _one_or_several(value):
            return _several(value)
        case "values" if _table(value) and all(_one_or_several(v) for v in value.values()):
            return {k: _several(v) for k, v in value.items()}
    if kind == "attributes" and _table(value):
        raise _wrong(key, '{ race = { White = "is_white" }, sex = "sex" }', value)
    wanted = f"one of {', '.join(setting.choices)}" if setting.choices else f"like {setting.toml}"
    raise _wrong(key, wanted, value)


def _attributes(value: Any) -> dict[str, Any] | None:
    """Attributes by name, those told by a column a group as a table of their own; else None."""
    items = value if isinstance(value, list) else [value]
    found: dict[str, Any] = {}
    for item in items:
        for name, told in {item: item}.items() if isinstance(item, str) else _items(item):
            groups = (
                isinstance(told, dict)
                and bool(told)
                and all(isinstance(v, str) for v in told.values())
            )
            if name in found or not (groups or told == name):
                return None
            found[name] = told
    return found or None


def _items(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if _table(value) else [("", None)]


def _table(value: Any) -> bool:
    return isinstance(value, dict)


def _list_of(value: Any, *kinds: type) -> bool:
    return isinstance(value, list) and all(
        isinstance(v, kinds) and (bool in kinds or not isinstance(v, bool)) for v in value
    )


def _one_or_several(value: Any) -> bool:
    return isinstance(value, _SCALAR) or (
        isinstance(value, list) and bool(value) and all(isinstance(v, _SCALAR) for v in value)
    )


def _several(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def _wrong(key: str, wanted: str, value: Any) -> InputError:
    return InputError("CLI013", f"{key} = {value!r} is not of the right kind", argument="config",
                      fix=f"{key} should be {wanted}")  # fmt: skip


def write_text(settings: Mapping[str, Any]) -> str:
    """A commented `audit.toml`: what is set, and what could be, commented out.

    Reading it back gives the same settings.
    """
    lines = [
        "# How this audit is run: `audit run --config audit.toml`.",
        "# Flags beat this file; an unknown key is an error. Paths are relative to this file.",
        "",
        "# The decisions to audit.",
        _line("data", settings["data"]) if settings.get("data") else '# data = "loans.csv"',
    ]
    section = None
    for key, setting in SETTINGS.items():
        if setting.section != section:
            section = setting.section
            lines += ["", f"# --- {section} ---"]
        lines += ["", f"# {setting.help}"]
        if setting.choices:
            lines.append(f"# One of: {', '.join(setting.choices)}.")
        value = settings.get(key)
        off = value is False and setting.kind == "switch"
        if value is None or value == () or value == {} or off:
            lines.append(f"# {key} = {setting.toml}")
        else:
            lines.append(_line(key, _single(value) if setting.kind == "values" else value))
    return "\n".join(lines) + "\n"


def _single(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {part: _single(several) for part, several in value.items()}
    return value[0] if len(value) == 1 else value


def _line(key: str, value: Any) -> str:
    return f"{key} = {_toml_value(value)}"


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml_value(v) for v in value) + "]"
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_toml_key(k)} = {_toml_value(v)}" for k, v in value.items())
        return "{ " + inside + " }"
    return _quoted(str(value))


def _toml_key(key: str) -> str:
    bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if bare else _quoted(key)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
