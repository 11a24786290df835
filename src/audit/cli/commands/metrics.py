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
    """List every metric by key."""
    from audit.metrics import CATALOGUE

    _print(CATALOGUE.values())
    click.echo(f"\n{len(CATALOGUE)} metrics. One in full: audit metrics show KEY")


@metrics.command(
    examples=(
        ("a name from another tool", "audit metrics search statistical_parity"),
        ("words of a title", "audit metrics search calibration"),
    )
)
@click.argument("words", nargs=-1, required=True)
def search(words: tuple[str, ...]) -> None:
    """Find metrics by key, title or any tool's name for them."""
    from audit.metrics import CATALOGUE

    found = [m for m in CATALOGUE.values() if all(w in _text(m) for w in map(_folded, words))]
    if not found:
        raise click.ClickException(
            f"no metric matches {' '.join(words)!r}. All of them: audit metrics list"
        )
    _print(found)


@metrics.command(
    examples=(("what it means and when", "audit metrics show disparate_impact_ratio"),)
)
@click.argument("key")
def show(key: str) -> None:
    """Explain one metric: plain words, formula, ideal, what it needs, source, aliases."""
    from audit.cli import screen
    from audit.cli.suggest import closest
    from audit.errors import InputError
    from audit.metrics import CATALOGUE

    entry = CATALOGUE.get(key) or next(
        (m for m in CATALOGUE.values() if key.casefold() in map(str.casefold, _names(m))), None
    )
    if entry is None:
        near = closest(key, [*CATALOGUE, *(n for m in CATALOGUE.values() for n in _names(m))])
        raise InputError("CLI015", f"no metric {key!r}", argument="key",
                         fix=f"did you mean {near!r}?" if near else
                         "list them with `audit metrics`")  # fmt: skip
    click.echo(f"{entry.key}: {entry.title}\n")
    rows = [(label, text) for label, text in _facts(entry) if text]
    click.echo(screen.table(rows))


def _facts(entry: Any) -> list[tuple[str, str]]:
    worse = {
        "lower": "a lower value is worse for the group",
        "higher": "a higher value is worse for the group",
        "away": "either side of the ideal is worse",
    }
    ideal = "none of its own" if entry.ideal != entry.ideal else f"{entry.ideal:g}"
    aliases = [f"{tool}: {name}" for tool, name in _aliases(entry)]
    return [
        ("in plain words", getattr(entry, "plain", "") or ""),
        ("formula", entry.formula),
        ("ideal", ideal),
        ("direction", worse.get(entry.worse, entry.worse)),
        ("needs", ", ".join(entry.needs)),
        ("source", entry.source),
        ("also called", "; ".join(aliases)),
    ]


def _aliases(entry: Any) -> list[tuple[str, str]]:
    aliases = entry.aliases
    if hasattr(aliases, "items"):
        return [
            (str(tool), name)
            for tool, names in aliases.items()
            for name in ((names,) if isinstance(names, str) else names)
        ]
    return [("", str(name)) for name in aliases]


def _names(entry: Any) -> list[str]:
    return [name for _, name in _aliases(entry)]


def _folded(text: str) -> str:
    return text.casefold().replace("_", " ").replace("-", " ")


def _text(entry: Any) -> str:
    return _folded(" ".join([entry.key, entry.title, *_names(entry)]))


def _print(entries: Any) -> None:
    from audit.cli import screen

    click.echo(screen.table([(m.key, m.title) for m in entries]))
