"""`audit demo`: models trained on real data, audited, with reports."""

from __future__ import annotations

from pathlib import Path

import click

from audit.cli import options
from audit.cli.lazy import Command
from audit.cli.settings import SETTINGS


@click.command(
    cls=Command,
    examples=(
        ("audit the sample models; pages go to reports/", "audit demo"),
        ("somewhere else", "audit demo -o /tmp/audits"),
    ),
)
@click.option("-o", "--output", "folder", metavar="FOLDER", default="reports", show_default=True,
              help="Where the reports go.")  # fmt: skip
@click.option("--charts", type=click.Choice(SETTINGS["charts"].choices), default="inline",
              help=SETTINGS["charts"].help, show_default=True)  # fmt: skip
@options.force_option
@options.quiet_option
def demo(folder: str, charts: str, force: bool, quiet: bool) -> None:
    """Train ordinary credit-scoring models on real public data and audit what they decide.

    German Credit and Taiwan are scored out of fold by scikit-learn models and approved at a
    stated cut-off; the Boston mortgages are the lenders' own decisions. No network, under a
    minute.
    """
    from audit.cli import outcome
    from audit.cli.progress import Progress
    from audit.demo import demo as audit_samples

    with Progress(quiet=quiet) as step:
        shown = audit_samples(Path(folder), progress=step, charts=charts, force=force)
    if quiet:
        return
    for one in shown:
        outcome.show(one.result, [str(path) for path in one.files])
        click.echo()
    click.echo(f"All of them: {Path(folder) / 'index.html'}")
