"""Values typed in the shell, read in the types of their columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.cli import parse
from audit.cli.preview import Preview
from audit.cli.settings import Raw
from audit.errors import InputError


def in_column_type(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with every value in its column's own type.

    Only the columns that need it are looked at, and only where something was typed in a shell.
    Raises `InputError` CLI006 for a value that a column cannot hold; columns that do not exist
    are left for `audit.read` to report.
    """
    settings = dict(settings)
    for key in ("favorable", "unfavorable"):
        if settings.get(key) is not None:
            settings[key] = _by_part(settings[key], settings)
    if not _has_raw(settings):
        return settings
    from audit.cli.preview import look

    columns = _columns(settings)
    names = {*columns.values(), *settings.get("reference", {})}
    preview = look(settings["data"], encoding=settings.get("encoding"), only=names)
    for key in ("favorable", "unfavorable"):
        if key in settings:
            settings[key] = {
                part: tuple(_typed(v, columns.get(part), key, preview) for v in several)
                for part, several in settings[key].items()
            }
    if "levels" in settings:
        several = settings["levels"]
        settings["levels"] = tuple(
            _typed(v, columns.get("decision"), "levels", preview) for v in several
        )
    if "returns" in settings:
        outcome = columns.get("outcome")
        settings["returns"] = _typed(settings["returns"], outcome, "returns", preview)
    if "reference" in settings:
        bins = settings.get("bins", {})
        settings["reference"] = {
            name: _level(value, name, bins, preview)
            for name, value in settings["reference"].items()
        }
    return settings


def _columns(settings: Mapping[str, Any]) -> dict[str, str]:
    """The column that each part of `favorable` speaks about; columns go by their own names too."""
    stages = settings.get("stages", ())
    decision = settings.get("decision") or next(iter(stages), None)
    named = {"decision": decision, "outcome": settings.get("outcome")}
    found = {part: column for part, column in named.items() if column is not None}
    return {**{name: name for name in (*found.values(), *stages)}, **found}


def _by_part(value: Any, settings: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Bare values hold for every part there is."""
    if isinstance(value, Mapping):
        return dict(value)
    parts = [part for part in ("decision", "outcome") if part in _columns(settings)]
    return dict.fromkeys(parts or ["decision"], value)


def _has_raw(settings: Mapping[str, Any]) -> bool:
    values: list[Any] = list(settings.get("reference", {}).values())
    values += [*settings.get("levels", ()), settings.get("returns")]
    for key in ("favorable", "unfavorable"):
        values += [v for several in settings.get(key, {}).values() for v in several]
    return any(isinstance(v, Raw) for v in values)


def _typed(value: Any, name: str | None, argument: str, preview: Preview) -> Any:
    column = preview.column(name) if name is not None else None
    if column is None:
        return str(value) if isinstance(value, Raw) else value  # `read` reports the column
    return parse.typed(value, column.kind, column.name, argument, column.levels)


def _level(value: Any, name: str, bins: Mapping[str, Any], preview: Preview) -> Any:
    if name not in bins or not isinstance(value, Raw):
        return _typed(value, name, "reference", preview)
    try:
        return parse.number(value)
    except InputError:
        return str(value)  # a bin's label
