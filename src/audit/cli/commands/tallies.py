"""`audit count` and `audit merge`: tallies, which hold counts and no rows."""

from __future__ import annotations

from typing import Any

import click

from audit.cli import options
from audit.cli.lazy import Command
from audit.cli.settings import taken_by

_KEYS = (*taken_by("read"), "policy", "intersections")


@click.command(
    cls=Command,
    sections=options.sections(*_KEYS),
    examples=(
        (
            "one month",
            "audit count jan.csv --protected sex --decision approved \\\n"
            "      --favorable decision=1 -o jan.tally.json",
        ),
        (
            "roles from a file, so that every month is counted alike",
            "audit count feb.csv --config audit.toml -o feb.tally.json",
        ),
        (
            "a score that lies outside 0 to 1",
            "audit count mar.csv --protected sex --score points --score-range 300,850 \\\n"
            "      --cutoff 620 -o mar.tally.json",
        ),
    ),
)
@click.argument("files", nargs=-1, metavar="[FILE]", shell_complete=options.complete_files)
@options.with_settings(*_KEYS)
@click.option("--score-range", metavar="LOW,HIGH", help="Range of the score bins. [0,1]")
@click.option("--score-bins", type=click.IntRange(2), help="How many score bins. [1024]")
@click.option("-o", "--output", "target", metavar="FILE", required=True,
              help="Where to save the tally: a name ending in .tally.json.")  # fmt: skip
@options.config_option
@options.force_option
@options.quiet_option
def count(
    files: tuple[str, ...],
    score_range: str | None,
    score_bins: int | None,
    target: str,
    config_file: str | None,
    force: bool,
    quiet: bool,
    **flags: Any,
) -> None:
    """Count a file into a tally, from which everything else can be computed.

    A tally holds counts by group, decision and outcome and no rows. Tallies of the same roles
    add up, and `audit run` audits one. Scores are binned, so that tallies can be added.
    """
    import audit
    from audit.cli import auditing, parse
    from audit.cli.corrections import CommandError
    from audit.cli.progress import Progress
    from audit.errors import InputError

    settings = options.gather(
        flags, file=options.one_file(files, "count"), config_file=config_file, quiet=quiet
    )
    if auditing.is_tally(settings):
        raise CommandError(
            "CLI003",
            f"{settings['data']} is a tally already",
            fix="add tallies with `audit merge`",
            correct=["audit", "merge", settings["data"], "-o", target],
        )
    settings = auditing.completed(settings, verb="count")
    extra: dict[str, Any] = {}
    if score_range is not None:
        ends = [parse.number(piece) for piece in score_range.split(",")]
        if len(ends) != 2 or ends[0] >= ends[1]:
            raise InputError(
                "CLI004",
                f"a range is two ascending numbers, not {score_range!r}",
                argument="score_range",
                fix="for example --score-range 300,850",
            )
        extra["score_range"] = tuple(ends)
    if score_bins is not None:
        extra["score_bins"] = score_bins
    arguments = {
        key: value
        for key, value in options.arguments_of(settings, "run").items()
        if key in ("policy", "intersections")
    }
    with Progress(quiet=quiet) as step:
        step(f"counting {settings['data']}")
        settings, table = auditing.answered(settings, auditing.table_of, verb="count")
        tally = audit.count(table, **arguments, **extra)
        tally.save(target, force=force)
    _say(tally, target, quiet)


@click.command(
    cls=Command,
    examples=(
        ("a year of months", "audit merge *.tally.json -o 2026.tally.json"),
        ("then audit the year", "audit run 2026.tally.json -o reports/2026.html"),
    ),
)
@click.argument(
    "tallies", nargs=-1, required=True, metavar="TALLY...", shell_complete=options.complete_files
)
@click.option("-o", "--output", "target", metavar="FILE", required=True,
              help="Where to save the sum: a name ending in .tally.json.")  # fmt: skip
@options.force_option
@options.quiet_option
def merge(tallies: tuple[str, ...], target: str, force: bool, quiet: bool) -> None:
    """Add tallies counted with the same roles: months, branches, partners.

    The sum is the tally of all their rows together, in whatever order they are given.
    """
    import audit
    from audit.cli.progress import Progress

    with Progress(quiet=quiet) as step:
        loaded = []
        for number, name in enumerate(tallies):
            step(f"adding {name}", number, len(tallies))
            loaded.append(audit.load_tally(name))
        total = audit.merge(loaded)
        total.save(target, force=force)
    _say(total, target, quiet)


def _say(tally: Any, target: str, quiet: bool) -> None:
    if not quiet:
        click.echo(f"{tally.rows:,} rows counted; the tally holds no rows.")
        click.echo(f"Written: {target}")
        click.echo(f"Next:    audit run {target}")
