"""`audit gate`: a report's verdict as an exit code."""

from __future__ import annotations

import click

from audit.cli import options
from audit.cli.lazy import Command
from audit.cli.settings import SETTINGS


@click.command(
    cls=Command,
    examples=(
        ("stop a build on a failed audit", "audit gate reports/loans.json"),
        (
            "be stricter: also stop on `review`, and exit 3 when the data cannot tell",
            "audit gate reports/loans.json --fail-on review --strict",
        ),
    ),
)
@click.argument("report", metavar="REPORT.json", shell_complete=options.complete_files)
@click.option("--fail-on", type=click.Choice(SETTINGS["fail_on"].choices), default="fail",
              help=SETTINGS["fail_on"].help)  # fmt: skip
@click.option("--strict", is_flag=True, help=SETTINGS["strict"].help)
@options.quiet_option
def gate(report: str, fail_on: str, strict: bool, quiet: bool) -> int:
    """Exit 1 when the verdict in a JSON report is at or above a level, else 0.

    The verdict in the record decides, as in `audit run` and `Audit.raise_for_verdict`; nothing
    is computed again. From worst: fail, review, insufficient, pass. Waived findings never count.
    """
    import audit
    from audit.cli import outcome

    result = audit.load(report)
    code = outcome.exit_code(result, fail_on=fail_on, strict=strict)
    if not quiet:
        click.echo(outcome.paragraph(result.summary()))
        click.echo(f"verdict {result.verdict}: exit {code} (--fail-on {fail_on})")
    return code
