"""Plain tables and headings for stdout: aligned, wrapped, the same in a pipe."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence

import click

from audit.cli.outcome import in_color, width


def table(rows: Sequence[Sequence[str]], heads: Sequence[str] = (), *, indent: int = 2) -> str:
    """Rows in columns; the last column is wrapped to the screen, numbers stand to the right.

    >>> print(table([("sex", "2"), ("age", "53")], ("column", "levels")))
      column  levels
      sex          2
      age         53
    """
    everything = [list(heads), *map(list, rows)] if heads else [list(row) for row in rows]
    if not everything:
        return ""
    count = max(map(len, everything))
    sizes = [max(len(r[i]) for r in everything if i < len(r)) for i in range(count)]
    right = [all(_numeric(r[i]) for r in rows) and bool(rows) for i in range(count)]
    lines: list[str] = []
    for row in everything:
        fixed = [
            text.rjust(size) if numeric else text.ljust(size)
            for text, size, numeric in zip(row[:-1], sizes, right, strict=False)
        ]
        start = " " * indent + "".join(cell + "  " for cell in fixed)
        if right[-1]:
            lines.append(start + row[-1].rjust(sizes[-1]))
            continue
        room = max(20, width() - len(start))
        pieces = textwrap.wrap(row[-1], room, break_on_hyphens=False) or [""]
        lines.append((start + pieces[0]).rstrip())
        lines += [" " * len(start) + piece for piece in pieces[1:]]
    return "\n".join(lines)


def markdown(text: str) -> None:
    """Markdown laid out for a person at a terminal; as it is for a file or another program."""
    if not sys.stdout.isatty():
        click.echo(text)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(width=width(), no_color=not in_color(), highlight=False)
    console.print(Markdown(text, hyperlinks=False))


def _numeric(text: str) -> bool:
    bare = text.replace(",", "").replace(".", "").replace("%", "").strip("-+ ")
    return bare.isdigit() or text in ("", "–")


def shortened(text: str, room: int) -> str:
    """The text, cut in its middle where it is longer than `room`."""
    if len(text) <= room:
        return text
    head = (room - 1) // 2
    return f"{text[:head]}…{text[len(text) - (room - 1 - head) :]}"


def visible(value: object) -> str:
    """A value from the data, safe to print: control and direction characters shown as codes.

    >>> visible("a\\u202eb"), visible("")
    ('a<U+202E>b', "''")
    """
    text = str(value)
    if text == "":
        return "''"
    return "".join(c if c.isprintable() or c == " " else f"<U+{ord(c):04X}>" for c in text)
