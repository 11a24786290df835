"""`audit render`: other forms of a JSON report."""

from __future__ import annotations

import click

from audit.cli import options
from audit.cli.lazy import Command
from audit.cli.settings import SETTINGS


@click.command(
    cls=Command,
    examples=(
        ("the page again, from its record", "audit render reports/loans.json -o loans.html"),
        (
            "a page without the charts' script, and a spreadsheet",
            "audit render reports/loans.json --charts none -o loans.html -o loans.xlsx",
        ),
    ),
)
@click.argument("report", metavar="REPORT.json", shell_complete=options.complete_files)
@click.option("-o", "--output", "targets", metavar="FILE", multiple=True, required=True,
              help=SETTINGS["output"].help)  # fmt: skip
@click.option("--charts", type=click.Choice(SETTINGS["charts"].choices), default="inline",
              help=SETTINGS["charts"].help)  # fmt: skip
@options.force_option
@options.quiet_option
def render(report: str, targets: tuple[str, ...], charts: str, force: bool, quiet: bool) -> None:
    """Make a page, Markdown, table or spreadsheet from a JSON report.

    A report is a pure function of its record: no data is read and no number computed again.
    """
    import audit
    from audit.cli import auditing

    settings = {"output": targets, "charts": charts}
    auditing.check_outputs(settings, force=force)
    result = audit.load(report)
    auditing.reported(result, settings, force=force, quiet=quiet)
