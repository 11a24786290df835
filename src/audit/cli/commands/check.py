"""`audit check`: what would be audited, before anything is judged."""

from __future__ import annotations

from typing import Any

import click

from audit.cli import options
from audit.cli.lazy import Command
from audit.cli.settings import taken_by

_KEYS = taken_by("read", "model", "run", "explain")


@click.command(
    cls=Command,
    sections=options.sections(*_KEYS),
    examples=(
        (
            "is the file read as you mean it?",
            "audit check loans.csv --protected sex --decision approved --favorable decision=1",
        ),
        ("the settings of a project", "audit check --config audit.toml"),
    ),
)
@click.argument("files", nargs=-1, metavar="[FILE]", shell_complete=options.complete_files)
@options.with_settings(*_KEYS)
@options.config_option
@options.quiet_option
def check(files: tuple[str, ...], config_file: str | None, quiet: bool, **flags: Any) -> None:
    """Read and validate a file or configuration, and show what would be judged.

    Prints which column plays which part, the groups with their rows, what was noticed, every
    planned comparison and the smallest disparity that this many rows can show. No verdict.
    """
    from audit.cli import auditing, checking

    settings = options.gather(
        flags, file=options.one_file(files, "check"), config_file=config_file, quiet=quiet
    )
    settings = auditing.completed(settings, verb="check")
    settings, result = auditing.answered(
        settings, lambda known: auditing.audited(known, quiet=quiet), verb="check"
    )
    if not quiet:
        checking.show(result.record, settings)
