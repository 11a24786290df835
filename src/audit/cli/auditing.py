"""From settings to the public verbs: read, run, write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

import click

from audit.cli import options, shell
from audit.cli.corrections import ASKABLE, CommandError
from audit.cli.progress import Progress
from audit.cli.settings import SETTINGS, taken_by
from audit.cli.trouble import is_terminal
from audit.cli.typed_values import in_column_type
from audit.errors import InputError

T = TypeVar("T")

TALLY = ".tally.json"
_TOLD = ("decision", "outcome", "score", "risk", "amount", "stages", "model")
"""Any one of these says what is compared."""


def is_tally(settings: Mapping[str, Any]) -> bool:
    """Whether the file is a tally, which has its roles already."""
    return str(settings.get("data", "")).endswith(TALLY)


def completed(settings: dict[str, Any], *, verb: str) -> dict[str, Any]:
    """The settings, once nothing that must be said is missing: asked for, or refused.

    On a terminal questions are asked; elsewhere `InputError` CLI001 lists what is missing and
    shows the command with it. Values are then read in their columns' own types.
    """
    if is_tally(settings):
        return _without_roles(settings, verb)
    if missing(settings):
        if not is_terminal():
            raise _unsaid(settings, verb)
        from audit.cli import wizard

        settings = wizard.complete(settings, verb=verb)
    return in_column_type(settings)


def missing(settings: Mapping[str, Any]) -> list[str]:
    """Names of what must be said and was not."""
    lacking = []
    if not settings.get("data"):
        lacking.append("FILE")
    if not settings.get("protected"):
        lacking.append("--protected")
    if not any(settings.get(key) for key in _TOLD):
        lacking.append("--decision")
    return lacking


def _unsaid(settings: Mapping[str, Any], verb: str) -> InputError:
    say = {
        "FILE": ("the file to audit", ["FILE"]),
        "--protected": ("which columns are protected (--protected)", ["--protected", "COLUMNS"]),
        "--decision": (
            "what was decided (--decision, or --score / --risk, or --outcome alone)",
            ["--decision", "COLUMN", "--favorable", "decision=VALUE"],
        ),
    }
    lacking = missing(settings)
    return CommandError(
        "CLI001",
        "this cannot be guessed and was not said: " + "; ".join(say[w][0] for w in lacking),
        fix="say it, or run the same on a terminal to be asked",
        add=[word for w in lacking for word in say[w][1]],
    )


def _without_roles(settings: dict[str, Any], verb: str) -> dict[str, Any]:
    spoken = [k for k in settings if k in taken_by("read", "model")]
    if spoken:
        kept = {k: v for k, v in settings.items() if k not in spoken}
        raise CommandError(
            "CLI003",
            f"{settings['data']} is a tally: its columns' roles were fixed when it was counted, so "
            f"{', '.join(SETTINGS[k].flag for k in spoken)} cannot be said here",
            fix="leave them out, or count the file again",
            correct=shell.words(verb, kept),
        )
    return settings


def answered(
    settings: dict[str, Any], act: Callable[[dict[str, Any]], T], *, verb: str
) -> tuple[dict[str, Any], T]:
    """Do it; where a column's cuts or favourable value were left unsaid, ask and do it again.

    Only on a terminal; elsewhere the `InputError` says what to add.
    """
    try:
        return settings, act(settings)
    except InputError as problem:
        if problem.code not in ASKABLE or not is_terminal():
            raise
        from audit.cli import wizard
    settings = in_column_type(wizard.complete(settings, verb=verb, began=True))
    return settings, act(settings)


def table_of(settings: Mapping[str, Any], model: Any = None) -> Any:
    """The file read with its roles (and the model that decides), or the tally."""
    import audit

    data = settings["data"]
    if is_tally(settings):
        return audit.load_tally(data)
    returns = settings.get("returns") if model is not None else None
    return audit.read(data, model=model, returns=returns, **options.arguments_of(settings, "read"))


def refuse_tally(settings: Mapping[str, Any], why: str) -> None:
    """Refuse counts where rows are needed; raises `InputError` CLI005."""
    if is_tally(settings):
        raise InputError(
            "CLI005",
            f"{settings['data']} is a tally, and {why}",
            argument="FILE",
            fix="name the file it was counted from",
        )


def audited(settings: Mapping[str, Any], *, quiet: bool) -> Any:
    """Read and run: the public `audit.read` and `audit.run`, with progress."""
    import audit

    explain = bool(settings.get("explain"))
    with Progress(quiet=quiet) as step, patient(settings):
        step(f"reading {Path(settings['data']).name}")
        model = model_of(settings)
        if explain and model is None:
            raise CommandError(
                "CLI005",
                "--explain splits a model's score gap, and no model is given",
                argument="--explain",
                fix="name the model, or split the decisions with `audit explain --controls`",
                add=["--model", "FILE"],
            )
        table = table_of(settings, model)
        step("counting and judging")
        result = judged(table, settings, "run")
        if not explain:
            return result
        return audit.attach(result, explained(model, table, settings, step))


def judged(table: Any, settings: Mapping[str, Any], verb: str) -> Any:
    """The public `audit.run` of a table that was read; the report says which command asked."""
    import audit

    return audit.run(table, **options.arguments_of(settings, "run"), **told(settings, verb))


def explained(model: Any, table: Any, settings: Mapping[str, Any], step: Any, **asked: Any) -> Any:
    """The public `audit.explain`, with progress."""
    import audit

    return audit.explain(
        model, table, returns=settings.get("returns"), seed=int(settings.get("seed", 0)),
        level=float(settings.get("level", 0.95)), progress=step, **asked,
    )  # fmt: skip


def told(settings: Mapping[str, Any], verb: str) -> dict[str, Any]:
    """The command and, where asked for, the time: what the report says of its own making."""
    return {"command": shell.line(shell.words(verb, settings)), **_extra(settings)}


def _extra(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The time of the run, only where it was asked for."""
    if not settings.get("stamp"):
        return {}
    from datetime import UTC, datetime

    return {"extra": {"stamp": datetime.now(UTC).isoformat(timespec="seconds")}}


def model_of(settings: Mapping[str, Any]) -> Any:
    """The model named, loaded; None where none is."""
    if not settings.get("model"):
        for key in taken_by("model"):
            if key != "model" and settings.get(key) is not None:
                raise CommandError(
                    "CLI005",
                    f"{SETTINGS[key].flag} speaks of a model, and none is given",
                    argument=SETTINGS[key].flag,
                    fix="name the model, or leave it out",
                    add=["--model", "FILE"],
                )
        return None
    from audit.table.model_file import load_model

    return load_model(settings["model"], allow_pickle=settings.get("allow_pickle"))


def patient(settings: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Within it a model from a file may take only so long over an answer."""
    from audit.table.patience import patience

    seconds = settings.get("model_seconds", 600)
    if not 0 < seconds <= 1_000_000:
        raise InputError(
            "CLI004",
            f"{seconds:g} is no time that a model may take",
            argument="model_seconds",
            fix="a number of seconds above 0, up to 1,000,000",
        )
    return patience(seconds if settings.get("model") else None)


def check_outputs(settings: Mapping[str, Any], *, force: bool) -> None:
    """Refuse names of reports that could not be written, before anything is read."""
    from audit.report.files import check

    for name in settings.get("output", ()):
        check(name, force=force)


def reported(result: Any, settings: Mapping[str, Any], *, force: bool, quiet: bool) -> None:
    """Write every report asked for, and say so."""
    for name in written(result, settings, force=force, quiet=quiet):
        if not quiet:
            click.echo(f"Written: {name}")


def written(result: Any, settings: Mapping[str, Any], *, force: bool, quiet: bool) -> list[str]:
    """Write every report asked for; returns their names."""
    import audit

    names = list(settings.get("output", ()))
    with Progress(quiet=quiet) as step:
        for number, name in enumerate(names):
            step(f"writing {name}", number, len(names))
            audit.write(result, name, force=force, charts=settings.get("charts", "inline"))
    return names
