"""What a run ends with: the card, the sentence to paste, the files, the exit code."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from typing import Any

import click


def width() -> int:
    """Columns to write in: the terminal's up to 100, else 88."""
    if not sys.stdout.isatty():
        return 88
    return max(40, min(100, shutil.get_terminal_size((88, 24)).columns))


def in_color() -> bool:
    """Colour only for a person: a terminal, and no NO_COLOR."""
    return (
        sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM", "") != "dumb"
    )


def show(result: Any, written: Sequence[str]) -> None:
    """The card, the paste-ready sentence and which files were written, on stdout."""
    from audit.report.card import text

    whole = not sys.stdout.isatty()  # a file or a log has no screen to fit
    click.echo(text(result.record, width=width(), color=in_color(), whole=whole).rstrip("\n"))
    click.echo()
    click.echo(paragraph(result.summary()))
    if written:
        click.echo()
        for name in written:
            click.echo(f"Written: {name}")


def paragraph(text: str, indent: str = "") -> str:
    """Text wrapped to the screen."""
    import textwrap

    return textwrap.fill(
        text, width(), initial_indent=indent, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def exit_code(result: Any, *, fail_on: str, strict: bool) -> int:
    """0, 1 where the verdict is at or above `fail_on`, 3 where it is insufficient and strict."""
    from audit.findings.gate import exit_code as judged

    return judged(result.verdict, fail_on=fail_on, strict=strict)
