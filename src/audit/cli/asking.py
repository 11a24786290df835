"""One question at a time on stderr: asked until the answer makes sense; `?` explains."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import click

from audit.cli import parse, shell
from audit.cli.preview import Column
from audit.cli.screen import shortened, visible
from audit.errors import InputError


def say(text: str = "") -> None:
    """A line on stderr."""
    click.echo(text, err=True)


def ask(
    question: str,
    read: Callable[[str], Any],
    *,
    explain: str,
    default: str | None = None,
    shown: str | None = None,
) -> Any:
    """Ask until `read` can make something of the answer; `?` explains."""
    while True:
        brackets = (
            f" [{visible(shown if shown is not None else default)}]" if default is not None else ""
        )
        answer = click.prompt(
            f"{question}{brackets}",
            default="" if default is not None else None,
            show_default=False,
            err=True,
            prompt_suffix=": ",
        ).strip()
        if answer == "?":
            say(textwrap.fill(explain, 88, initial_indent="   ", subsequent_indent="   "))
            continue
        if answer == "" and default is not None:
            answer = default
        try:
            return read(answer)
        except InputError as problem:
            fix = f" ({problem.fix})" if problem.fix else ""
            say(f"   {problem.message}{fix}")


def one_of(*words: str) -> Callable[[str], str | None]:
    """A reader that takes one of these words, or `-` for none."""

    def read(answer: str) -> str | None:
        if answer == "-":
            return None
        if answer not in words:
            raise InputError("CLI004", f"write {', '.join(words)} or -")
        return answer

    return read


def described(column: Column) -> str:
    """A column's values with their rows, or its range."""
    if not column.listed and column.numeric:
        return f"{column.low:g} to {column.high:g}"
    if column.distinct > 1 and all(n == 1 for _, n in column.values):
        return f"all different, such as {level(column.values[0][0])}"
    shown = [f"{level(v)} ({n:,})" for v, n in column.values[:6]]
    more = column.distinct - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")


def level(value: Any) -> str:
    """A value from the data, short and safe to print."""
    return shortened(visible(shell.plain(value)), 24)


def sounds_like(name: str, words: Sequence[str]) -> bool:
    """Whether one of the words stands in a column's name."""
    pieces = name.casefold().replace("-", "_").replace(" ", "_").split("_")
    return any(word in pieces for word in words)


def values_of(column: Column) -> Callable[[str], tuple[Any, ...]]:
    """A reader that takes values the column holds, in its own type."""

    def read(answer: str) -> tuple[Any, ...]:
        several = tuple(
            parse.typed(v, column.kind, column.name, "favorable", column.levels)
            for v in parse.alternatives(answer)
        )
        for value in several:
            if column.listed and value not in column.levels:
                raise InputError("CLI006", f"{column.name} holds no {shell.plain(value)!r}")
        return several

    return read


def bin_labels(points: Sequence[float]) -> list[str]:
    """Groups that these cuts make, as the report will call them."""
    ends = ["(-inf", *(f"[{p:g}" for p in points)]
    return [
        f"{low}, {high})"
        for low, high in zip(ends, [*(f"{p:g}" for p in points), "inf"], strict=True)
    ]
