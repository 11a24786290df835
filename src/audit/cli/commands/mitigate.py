"""`audit mitigate`: what would narrow a gap, what it costs, and who would change."""

from __future__ import annotations

from typing import Any

import click

from audit.cli import options
from audit.cli.lazy import Command
from audit.cli.settings import taken_by

_OWN_DECISION = ("decision", "score", "risk", "stages", "amount", "levels")
_KEYS = tuple(k for k in taken_by("read", "run", "write") if k not in _OWN_DECISION)
_ASKED = (
    *("estimator", "methods", "attribute", "metric", "utility", "costs", "group_at_decision"),
    *("test_share", "test", "saved"),
)
_SEARCHED = ("alternatives", "log")


@click.command(
    cls=Command,
    sections={
        **options.sections(*_KEYS),
        **dict.fromkeys(_ASKED, "What is compared"),
        **dict.fromkeys(_SEARCHED, "Search for alternatives"),
    },
    examples=(
        ("every method there is, with what it does and when it fails", "audit mitigate --list"),
        (
            "all of them on a logistic regression, 70 % approved",
            "audit mitigate loans.csv --protected sex --outcome repaid --favorable outcome=1 \\\n"
            "      --features income,debt --approval-rate 0.7",
        ),
        (
            "two methods; keep one, and write a report",
            "audit mitigate --config audit.toml --methods reweighing,massaging \\\n"
            "      --save reweighing=fairer.skops -o reports/remedies.html",
        ),
        (
            "search 60 alternatives to a boosted model; go on later from the log",
            "audit mitigate --config audit.toml --estimator boosting --methods none \\\n"
            "      --alternatives 60 --log search.jsonl",
        ),
    ),
)
@click.argument("files", nargs=-1, metavar="[FILE]", shell_complete=options.complete_files)
@click.option(
    "--list", "listing", is_flag=True, help="Say what each method does and when it fails, and end."
)
@options.with_settings(*_KEYS)
@click.option(
    "--estimator", metavar="NAME", default="logistic", shell_complete=options.complete_files,
    help="What is trained: logistic, boosting, or a FILE.skops, copied untrained [logistic].",
)  # fmt: skip
@click.option(
    "--methods", metavar="A,B", multiple=True,
    help="Which methods: names of --list, all (those too that read the group), none "
    "[those that do not read the group].",
)  # fmt: skip
@click.option("--attribute", metavar="NAME", help="Whose gap is to close [the widest].")
@click.option(
    "--metric", metavar="NAME", default="disparate_impact_ratio",
    help="What is to become more alike [disparate_impact_ratio].",
)  # fmt: skip
@click.option(
    "--utility", type=click.Choice(("auc", "accuracy", "default_rate", "profit")), default="auc",
    help="What is to be kept; profit needs --costs [auc].",
)  # fmt: skip
@click.option("--costs", metavar="GAIN,LOSS", help="Of a loan repaid and of one that is not.")
@click.option(
    "--group-at-decision", is_flag=True,
    help="Try and allow what reads the applicant's group to decide: a treatment risk.",
)  # fmt: skip
@click.option(
    "--test-share", type=float, default=0.3, metavar="SHARE",
    help="Share of people held out, drawn by the seed [0.3].",
)  # fmt: skip
@click.option(
    "--test", metavar="FILE", shell_complete=options.complete_files,
    help="Judge on the people of this file instead.",
)  # fmt: skip
@click.option(
    "--save", "saved", metavar="NAME=FILE", multiple=True,
    help="Write a candidate, cut-offs inside, to a .skops file; recommended=FILE the one to look "
    "at first. Repeatable.",
)  # fmt: skip
@click.option(
    "--alternatives", type=int, metavar="N", help="Search too: try N alternatives to the model."
)
@click.option(
    "--log", metavar="FILE", shell_complete=options.complete_files,
    help="Keep every alternative tried here; a search goes on from it.",
)  # fmt: skip
@options.config_option
@options.force_option
@options.quiet_option
def mitigate(
    files: tuple[str, ...], listing: bool, config_file: str | None, force: bool, quiet: bool,
    **flags: Any,
) -> int:  # fmt: skip
    """Compare ways to narrow a gap: what each gains and costs, on people held out.

    FILE has an outcome for each applicant. A model is trained on some of them, as it is and by
    each method, and all are judged on the others. With -o the decisions of the model as it is are
    audited, and the comparison stands in the report.
    """
    from audit.cli import auditing, mitigating

    if listing:
        return mitigating.show_methods()
    asked = {key: flags.pop(key) for key in list(flags) if key not in _KEYS}
    settings = options.gather(
        flags, file=options.one_file(files, "mitigate"), config_file=config_file, quiet=quiet
    )
    mitigating.check(settings, asked, force=force)
    auditing.check_outputs(settings, force=force)
    settings = auditing.completed(settings, verb="mitigate")
    return mitigating.run(settings, asked, force=force, quiet=quiet)
