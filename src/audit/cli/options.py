"""Settings as click options, and what was asked for once flags and file are put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from audit.cli import config, parse
from audit.cli.settings import SETTINGS, Setting
from audit.cli.trouble import say

MERGED = ("cuts", "values", "levels", "directions")
"""Kinds whose entries are merged one by one: a flag for one column leaves the file's others."""


def with_settings(*keys: str) -> Callable[[Any], Any]:
    """Add the options of these settings to a command, in the settings' order."""

    def decorate(function: Any) -> Any:
        for key in reversed([k for k in SETTINGS if k in keys]):
            function = _option(SETTINGS[key])(function)
        return function

    return decorate


def _option(setting: Setting) -> Callable[[Any], Any]:
    names = [setting.key, setting.flag] + ([setting.short] if setting.short else [])
    several = setting.key in ("favorable", "protected")
    text = setting.help + (" | separates several." if several else "")
    text += f" [{setting.default}]" if setting.default else ""
    if setting.kind == "switch":
        return click.option(*names, is_flag=True, default=None, help=text)
    if setting.choices:
        return click.option(*names, type=click.Choice(setting.choices), help=text)
    complete = _complete if setting.kind in ("column", "columns", "attributes") else None
    return click.option(
        *names, multiple=True, metavar=setting.metavar, help=text, shell_complete=complete
    )


def sections(*keys: str) -> dict[str, str]:
    """Headings of these settings for `--help`."""
    return {key: SETTINGS[key].section for key in keys}


def config_option(function: Any) -> Any:
    """`--config`."""
    return click.option(
        "--config", "config_file", metavar="FILE", shell_complete=complete_files,
        help="Read settings from this audit.toml or pyproject.toml; flags beat it.",
    )(function)  # fmt: skip


def quiet_option(function: Any) -> Any:
    """`-q`."""
    return click.option(
        "-q", "--quiet", is_flag=True,
        help="Print nothing but errors; files and the exit code tell.",
    )(function)  # fmt: skip


def force_option(function: Any) -> Any:
    """`--force`."""
    return click.option(
        "--force", is_flag=True, help="Replace a file that audit did not make."
    )(function)  # fmt: skip


def gather(
    flags: Mapping[str, Any],
    *,
    file: str | None,
    config_file: str | None,
    quiet: bool = False,
    alone: bool = False,
) -> dict[str, Any]:
    """What was asked for: the configuration file's settings, beaten by the flags.

    A configuration that is only found (not named) and speaks of another file is left alone, and
    that is said. `data` is the file to audit, where there is one. `alone` looks for no file.
    """
    given = {key: _flag(SETTINGS[key], value) for key, value in flags.items() if _is_given(value)}
    if file is not None:
        given["data"] = file
    found = None if alone else _configuration(file, config_file, quiet)
    settings = dict(found.settings) if found is not None else {}
    for key, value in given.items():
        settings[key] = _over(SETTINGS.get(key), settings.get(key), value)
    return settings


def _is_given(value: Any) -> bool:
    return value is not None and value != ()


def _flag(setting: Setting, value: Any) -> Any:
    if isinstance(value, tuple):
        return parse.read_flag(setting, value)
    return value


def _over(setting: Setting | None, below: Any, above: Any) -> Any:
    if (
        setting is not None
        and setting.kind in MERGED
        and isinstance(below, Mapping)
        and isinstance(above, Mapping)
    ):
        return {**below, **above}
    return above


def _configuration(file: str | None, named: str | None, quiet: bool) -> config.Configuration | None:
    if named is not None:
        return config.load(Path(named))
    path = config.discover(Path("."))
    if path is None:
        return None
    found = config.load(path)
    about = found.settings.get("data")
    if file is not None and about is not None and Path(about).resolve() != Path(file).resolve():
        if not quiet:
            say(f"note: {path} is about {about} and was not used (--config {path} would use it)")
        return None
    if not quiet:
        say(f"note: settings from {path}; flags beat it")
    return found


def one_file(files: tuple[str, ...], verb: str) -> str | None:
    """The one FILE of a command; several are refused with the pattern that would read them."""
    if len(files) < 2:
        return files[0] if files else None
    common = {Path(f).parent for f in files}, {"".join(Path(f).suffixes) for f in files}
    pattern = "DATA"
    if all(len(s) == 1 for s in common):
        pattern = str(common[0].pop() / f"*{common[1].pop()}")
    from audit.cli.corrections import CommandError

    raise CommandError(
        "CLI002",
        f"{len(files)} files were given and one is read at a time",
        argument="FILE",
        fix="quote a pattern to read several as one, or count each and merge the tallies",
        correct=["audit", verb, pattern],
    )


def arguments_of(settings: Mapping[str, Any], *verbs: str) -> dict[str, Any]:
    """The settings that a public verb takes, by their Python names."""
    return {
        key: _plain(value)
        for key, value in settings.items()
        if key in SETTINGS and SETTINGS[key].verb in verbs
    }


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return value


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Column names of the file on the line, after the last comma."""
    from audit.cli.header import columns

    done, comma, start = incomplete.rpartition(",")
    files = [word for word in (*(ctx.params.get("files") or ()), *ctx.args) if "." in word]
    names = columns(files[0]) if files else []
    return [f"{done}{comma}{name}" for name in names if name.startswith(start)]


def complete_files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
    """Leave file names to the shell."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]
