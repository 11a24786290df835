"""`audit metrics`: the catalogue, listed, searched and explained."""

from __future__ import annotations

from typing import Any

import click

from audit.cli.lazy import CommandGroup


@click.group(
    cls=CommandGroup,
    invoke_without_command=True,
    examples=(
        ("everything that is measured", "audit metrics"),
        ("by any name: fairlearn's, AIF360's, the law's", "audit metrics search four-fifths"),
        ("one in full", "audit metrics show equal_opportunity_difference"),
    ),
)
@click.pass_context
def metrics(ctx: click.Context) -> None:
    """List, search and explain the metrics: formula, ideal, source, other tools' names."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_all)


@metrics.command("list", examples=(("all metrics", "audit metrics list"),))
def list_all() -> None:
    """List every metric by key, rates first, then the comparisons made of them."""
    from audit.metrics import CATALOGUE

    for heading, kinds in _KINDS:
        found = [m for m in CATALOGUE.values() if m.contrast in kinds]
        if found:
            click.echo(heading)
            _print(found)
            click.echo()
    click.echo(f"{len(CATALOGUE)} metrics. One in full: audit metrics show KEY")


@metrics.command(
    examples=(
        ("a name from another tool", "audit metrics search statistical_parity"),
        ("words of a title", "audit metrics search calibration"),
    )
)
@click.argument("words", nargs=-1, required=True)
def search(words: tuple[str, ...]) -> None:
    """Find metrics by key, title, meaning or any tool's name for them."""
    from audit.cli.corrections import CommandError
    from audit.metrics import search as find

    found = find(" ".join(words))
    if not found:
        raise CommandError(
            "CLI015",
            f"no metric matches {' '.join(words)!r}",
            argument="words",
            fix="try fewer words, or list them all",
            correct=["audit", "metrics"],
        )
    _print(found)


@metrics.command(
    examples=(
        ("what it means and when it is at its best", "audit metrics show disparate_impact_ratio"),
        ("by the law's name", "audit metrics show AIR"),
    )
)
@click.argument("key")
def show(key: str) -> None:
    """Explain one metric: plain words, formula, ideal, what it needs, source, other names."""
    from audit.cli import screen
    from audit.metrics import get

    entry = get(key)
    click.echo(f"{entry.key}: {entry.title}\n")
    click.echo(screen.table([(label, text) for label, text in _facts(entry) if text]))


@metrics.command(
    examples=(
        ("it asks", "audit metrics choose"),
        (
            "the same without questions",
            "audit metrics choose --outcomes-known --errors false_denials --rule us-credit",
        ),
    )
)
@click.option(
    "--outcomes-known/--outcomes-unknown",
    default=None,
    help="Whether it is known who would have repaid, the denied included.",
)
@click.option(
    "--errors",
    type=click.Choice(["false_denials", "false_approvals", "both"]),
    help="Which error harms applicants more: good ones denied, or bad ones approved.",
)
@click.option(
    "--conditioning/--no-conditioning",
    default=None,
    help="Whether comparing only like with like (purpose, income band) is legitimate.",
)
@click.option("--rule", help="The rule to answer to, as us-credit, nyc-ll144 or eu.")
@click.option(
    "--scores/--no-scores", default=None, help="Whether a score, price or limit is judged too."
)
def choose(
    outcomes_known: bool | None,
    errors: str | None,
    conditioning: bool | None,
    rule: str | None,
    scores: bool | None,
) -> None:
    """Recommend a metric, with reasons and with what it gives up. Asks what is not said."""
    from audit.cli.choosing import answers
    from audit.metrics import CATALOGUE
    from audit.metrics import choose as recommend

    said = answers(
        outcomes_known=outcomes_known,
        errors=errors,
        conditioning=conditioning,
        rule=rule,
        scores=scores,
    )
    found = recommend(**said)
    click.echo(f"Judge by {found.primary}: {CATALOGUE[found.primary].title}\n")
    _say("Why", found.reasons)
    click.echo("Show beside it")
    _print([CATALOGUE[key] for key in found.secondary])
    click.echo()
    _say("What it gives up", found.gives_up)
    click.echo(f"More on it: audit metrics show {found.primary}")


def _say(heading: str, sentences: tuple[str, ...]) -> None:
    import textwrap

    click.echo(heading)
    for sentence in sentences:
        click.echo(textwrap.fill(sentence, 88, initial_indent="  - ", subsequent_indent="    "))
    click.echo()


_KINDS = (
    ("Rates of one group", (None,)),
    ("Differences: group minus reference", ("difference",)),
    ("Ratios: group over reference", ("ratio",)),
    ("Worst case over all groups", ("worst_difference", "worst_ratio")),
    ("Other comparisons", ("smd", "pair", "score_pair", "strata")),
    ("A group as a part of everyone", ("everyone",)),
    ("All groups at once", ("groups", "spread", "score_groups")),
)
_WORSE = {
    "lower": "lower is worse for the group",
    "higher": "higher is worse for the group",
    "away": "away from the ideal is worse, on either side",
}


def _facts(entry: Any) -> list[tuple[str, str]]:
    return [
        ("in plain words", entry.meaning),
        ("formula", entry.formula),
        ("ideal", "none of its own" if entry.ideal != entry.ideal else f"{entry.ideal:g}"),
        ("direction", _WORSE.get(entry.worse, entry.worse)),
        ("needs", ", ".join(sorted(entry.needs))),
        ("source", entry.source),
        ("also called", "; ".join(entry.aliases)),
    ]


def _print(entries: Any) -> None:
    from audit.cli import screen

    click.echo(screen.table([(m.key, m.title) for m in entries]))
