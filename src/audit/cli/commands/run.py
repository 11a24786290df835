"""`audit run`: a file of decisions in, a verdict and reports out."""

from __future__ import annotations

from typing import Any

import click

from audit.cli import options
from audit.cli.lazy import Command
from audit.cli.settings import SETTINGS

_KEYS = tuple(SETTINGS)


@click.command(
    cls=Command,
    sections=options.sections(*_KEYS),
    examples=(
        ("on a terminal, it asks what it must not guess", "audit run loans.csv"),
        (
            "decisions by sex and age band, with what then happened, to a page and a JSON twin",
            "audit run loans.parquet --protected sex,age --bins age=26,40,62 \\\n"
            "      --decision approved --outcome repaid --favorable decision=1,outcome=1 \\\n"
            "      --reference sex=male -o reports/loans.html -o reports/loans.json",
        ),
        (
            "no decisions yet: approve where the probability of default is below 15 %",
            "audit run scores.csv --protected sex --risk pd --cutoff 0.15",
        ),
        (
            "in a build: settings from a file, exit 1 on `review` or worse",
            "audit run --config audit.toml --fail-on review -q",
        ),
        ("a year of tallies", "audit run 2026.tally.json -o reports/2026.html"),
    ),
)
@click.argument("files", nargs=-1, metavar="[FILE]", shell_complete=options.complete_files)
@options.with_settings(*_KEYS)
@options.config_option
@options.force_option
@options.quiet_option
def run(
    files: tuple[str, ...], config_file: str | None, force: bool, quiet: bool, **flags: Any
) -> int:
    """Audit a file of decisions, or a tally: verdict, numbers, reports.

    FILE is a .csv, .csv.gz or .parquet file, a folder or a quoted pattern of them, an address
    such as s3://bucket/loans.parquet, or a .tally.json. Values are read in their column's own
    type; | separates several.
    """
    from audit.cli import auditing, outcome

    settings = options.gather(
        flags, file=options.one_file(files, "run"), config_file=config_file, quiet=quiet
    )
    auditing.check_outputs(settings, force=force)
    settings = auditing.completed(settings, verb="run")
    settings, result = auditing.answered(
        settings, lambda known: auditing.audited(known, quiet=quiet), verb="run"
    )
    written = auditing.written(result, settings, force=force, quiet=quiet)
    if not quiet:
        outcome.show(result, written)
    return outcome.exit_code(
        result, fail_on=settings.get("fail_on", "fail"), strict=bool(settings.get("strict"))
    )
