"""`audit init`: a commented audit.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from audit.cli import options
from audit.cli.lazy import Command
from audit.cli.settings import SETTINGS

_KEYS = tuple(k for k in SETTINGS if k != "output")


@click.command(
    cls=Command,
    sections=options.sections(*_KEYS),
    examples=(
        ("on a terminal, it asks", "audit init loans.csv"),
        (
            "from flags, without questions",
            "audit init loans.csv --protected sex --decision approved --favorable decision=1 \\\n"
            "      --report reports/loans.html",
        ),
        ("then", "audit run --config audit.toml"),
    ),
)
@click.argument("files", nargs=-1, metavar="[FILE]", shell_complete=options.complete_files)
@options.with_settings(*_KEYS)
@click.option("--report", "reports", multiple=True, metavar="FILE",
              help="A report that `audit run` will write. Repeatable.")  # fmt: skip
@click.option("-o", "--output", "target", metavar="FILE", default="audit.toml", show_default=True,
              help="The configuration to write.")  # fmt: skip
@options.force_option
@options.quiet_option
def init(
    files: tuple[str, ...], reports: tuple[str, ...], target: str, force: bool, quiet: bool,
    **flags: Any,
) -> None:  # fmt: skip
    """Write a commented audit.toml, by asking or from flags.

    Every setting is in it with a line of explanation; those not set are commented out. The file
    of decisions is read once, so that what is written is known to work.
    """
    from audit.cli import auditing, saving

    settings = options.gather(
        flags, file=options.one_file(files, "init"), config_file=None, quiet=quiet, alone=True
    )
    if reports:
        settings["output"] = reports
    saving.check_target(Path(target), force=force)
    settings = auditing.completed(settings, verb="init")
    if not auditing.is_tally(settings) and "model" not in settings:
        settings, _ = auditing.answered(settings, auditing.table_of, verb="init")
    saving.save(Path(target), settings, force=force)
    if not quiet:
        click.echo(f"Written: {target}")
        click.echo(f"Next:    audit run{'' if target == 'audit.toml' else f' --config {target}'}")
