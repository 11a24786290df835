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


_KINDS = (
    ("Rates of one group", (None,)),
    ("Differences: group minus reference", ("difference",)),
    ("Ratios: group over reference", ("ratio",)),
    ("Worst case over all groups", ("worst_difference", "worst_ratio")),
    ("Other comparisons", ("smd", "pair", "strata")),
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
