"""`audit demo`: models trained on real data, audited, with reports."""

from __future__ import annotations

from pathlib import Path

import click

from audit.cli import options
from audit.cli.lazy import Command


@click.command(
    cls=Command,
    examples=(
        ("audit the sample models; pages go to reports/", "audit demo"),
        ("somewhere else", "audit demo -o /tmp/audits"),
    ),
)
@click.option("-o", "--output", "folder", metavar="FOLDER", default="reports", show_default=True,
              help="Where the reports go.")  # fmt: skip
@options.quiet_option
def demo(folder: str, quiet: bool) -> None:
    """Train ordinary credit-scoring models on real public data and audit what they decide.

    German Credit and Taiwan are scored out of fold by scikit-learn models and approved at a
    stated cut-off; the Boston mortgages are the lenders' own decisions. No network, under a
    minute.
    """
    from audit.cli import outcome
    from audit.cli.progress import Progress
    from audit.demo.demo import demo as run_demo

    with Progress(quiet=quiet) as step:
        made = run_demo(Path(folder), progress=step)
    if quiet:
        return
    for name, result in made:
        click.echo()
        click.echo(f"{name}")
        outcome.show(result, ())
    click.echo(f"\nReports: {Path(folder) / 'index.html'} links to all of them.")
