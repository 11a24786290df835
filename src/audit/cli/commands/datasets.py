"""`audit datasets`: the bundled data, listed, explained and exported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from audit.cli.lazy import CommandGroup


@click.group(
    cls=CommandGroup,
    invoke_without_command=True,
    examples=(
        ("the data there are", "audit datasets"),
        ("where one comes from and what is wrong with it", "audit datasets show compas"),
        ("as a file, with the command that audits it",
         "audit datasets export boston_mortgages -o boston.csv"),
    ),
)  # fmt: skip
@click.pass_context
def datasets(ctx: click.Context) -> None:
    """List, explain and export the bundled data sets."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_all)


@datasets.command("list", examples=(("all data sets", "audit datasets list"),))
def list_all() -> None:
    """List every bundled data set."""
    from audit.cli import screen
    from audit.datasets import names, title

    click.echo(screen.table([(name, title(name)) for name in names()]))
    click.echo("\nOne in full: audit datasets show NAME")


@datasets.command(examples=(("the card of one", "audit datasets show german_credit"),))
@click.argument("name")
def show(name: str) -> None:
    """Print a data set's card: origin, licence, counts, columns, defects, uses."""
    from audit.cli import screen
    from audit.datasets import card

    screen.markdown(card(name).rstrip())
    click.echo(f"\nAs a file: audit datasets export {name} -o {name}.csv")


@datasets.command(
    examples=(
        ("to CSV", "audit datasets export german_credit -o german.csv"),
        ("to Parquet", "audit datasets export taiwan_credit -o taiwan.parquet"),
    )
)
@click.argument("name")
@click.option("-o", "--output", "target", required=True, metavar="FILE",
              help="A .csv, .csv.gz or .parquet file.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace an existing file.")
def export(name: str, target: str, force: bool) -> None:
    """Save a data set as a file and show the command that audits it."""
    from audit.cli import saving, shell
    from audit.datasets import load
    from audit.errors import InputError

    path = Path(target)
    if not target.endswith((".csv", ".csv.gz", ".parquet")):
        raise InputError("CLI016", f"cannot tell what to write from {target!r}", argument="output",
                         fix="name it .csv, .csv.gz or .parquet")  # fmt: skip
    saving.check_target(path, force=force)
    found = load(name)
    saving.rows(found.frame, path)
    command = shell.words("run", {"data": target, **_settings(found.roles)})
    click.echo(f"Written: {target} ({len(found.frame):,} rows, {found.frame.shape[1]} columns)")
    click.echo(f"Next:\n  {shell.wrapped(command).replace(chr(10), chr(10) + '  ')}")


def _settings(roles: dict[str, Any]) -> dict[str, Any]:
    """Python's roles as the settings of a command."""
    settings: dict[str, Any] = {}
    for key, value in roles.items():
        if key in ("favorable", "unfavorable"):
            by_part = value if isinstance(value, dict) else None
            settings[key] = (
                {part: _several(v) for part, v in by_part.items()} if by_part else _several(value)
            )
        elif isinstance(value, list):
            settings[key] = tuple(value)
        else:
            settings[key] = value
    return settings


def _several(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)
