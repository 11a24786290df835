"""`audit explain`: why a gap arises, through which features, and for whom."""

from __future__ import annotations

from typing import Any

import click

from audit.cli import options
from audit.cli.lazy import Command
from audit.cli.settings import taken_by

_KEYS = taken_by("read", "model", "run", "write")


@click.command(
    cls=Command,
    sections={
        **options.sections(*_KEYS),
        **dict.fromkeys(("attribute", "group", "scale", "rows", "reasons"), "What is explained"),
        **dict.fromkeys(("controls", "method", "thorough"), "What is explained"),
        **dict.fromkeys(("codes", "letter", "lender", "applicant", "date"), "Letters"),
    },
    examples=(
        (
            "which features carry the gap of a model",
            "audit explain loans.csv --model model.skops --protected sex \\\n"
            "      --outcome repaid --favorable outcome=1 --features income,debt --cutoff 0.15",
        ),
        (
            "the same in a report, beside the verdict",
            "audit explain --config audit.toml -o reports/loans.html",
        ),
        (
            "why row 17 was denied, as a letter",
            "audit explain --config audit.toml --row 17 --codes codes.toml --letter text",
        ),
        (
            "no model: how much of a gap in decisions goes with these controls",
            "audit explain mortgages.csv --protected race --decision approved \\\n"
            "      --favorable decision=1 --reference race=white --controls income,debt",
        ),
    ),
)
@click.argument("files", nargs=-1, metavar="[FILE]", shell_complete=options.complete_files)
@options.with_settings(*_KEYS)
@click.option("--attribute", metavar="NAME", help="Whose gap stands first [the largest].")
@click.option("--group", metavar="LEVEL", help="Which group's, as it stands in the data.")
@click.option(
    "--scale",
    type=click.Choice(("log-odds", "probability")),
    help="Scale of the parts [the model's own].",
)
@click.option(
    "--controls",
    metavar="A,B",
    multiple=True,
    help="Split the gap in decisions by these columns; needs no model.",
)
@click.option(
    "--method",
    type=click.Choice(("linear", "logit")),
    default="linear",
    help="How the controls are held equal [linear].",
)
@click.option(
    "--thorough",
    is_flag=True,
    help="Refit, search and audit reasons on more than 20,000 rows too.",
)
@click.option(
    "--row",
    "rows",
    type=int,
    multiple=True,
    metavar="N",
    help="Give the reasons of this denied row (0 is the first). Repeatable.",
)
@click.option(
    "--reasons",
    type=click.IntRange(1, 4),
    default=4,
    metavar="N",
    help="At most so many reasons [4].",
)
@click.option(
    "--codes",
    metavar="FILE",
    shell_complete=options.complete_files,
    help="Reason codes of your own: a TOML or CSV file, or a starter's name.",
)
@click.option(
    "--letter", type=click.Choice(("text", "html")), help="Write each row's reasons as a letter."
)
@click.option("--lender", metavar="NAME", default="[lender]", help="Who writes the letter.")
@click.option("--applicant", metavar="NAME", default="[applicant]", help="To whom.")
@click.option("--date", metavar="TEXT", help="The letter's date, as it is to be printed.")
@options.config_option
@options.force_option
@options.quiet_option
def explain(
    files: tuple[str, ...], config_file: str | None, force: bool, quiet: bool, **flags: Any
) -> int:
    """Say why a gap arises: its parts by feature, proxies, direct use, reasons.

    FILE is what `audit run` takes. With --model the model's score gap is split by feature; with
    --controls the gap in decisions is split without a model. With -o the file is audited too and
    the explanation stands in the report.
    """
    from audit.cli import auditing, explaining

    asked = {key: flags.pop(key) for key in list(flags) if key not in _KEYS}
    settings = options.gather(
        flags, file=options.one_file(files, "explain"), config_file=config_file, quiet=quiet
    )
    auditing.check_outputs(settings, force=force)
    settings = auditing.completed(settings, verb="explain")
    return explaining.run(settings, asked, force=force, quiet=quiet)
