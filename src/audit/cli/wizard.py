"""Ask what must not be guessed, show the command that says the same, offer to keep it.

Candidates are proposed by name and accepted by a key press; which value favours an applicant is
never proposed, because a wrong guess turns the audit upside down.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from audit.cli import parse, shell
from audit.cli.asking import ask, described, say
from audit.cli.preview import Preview
from audit.cli.questions import Questions
from audit.cli.screen import shortened, table, visible
from audit.errors import InputError


def complete(settings: dict[str, Any], *, verb: str, began: bool = False) -> dict[str, Any]:
    """Ask for what is missing; returns the settings with the answers.

    Afterwards the equivalent command is shown and, for `run`, the answers can be kept in
    audit.toml. Everything is said on stderr, so that stdout stays clean. `began` asks only what
    stands in the way of a command that was typed.
    """
    from audit.cli.preview import look

    settings = dict(settings)
    if not began:
        say(
            "This asks what an audit needs and must not guess. Enter accepts what stands in\n"
            "[brackets], ? explains, Ctrl-C leaves. Nothing is written before you say so.\n"
        )
    if not settings.get("data"):
        settings["data"] = _file()
    preview = look(settings["data"], encoding=settings.get("encoding"))
    questions = Questions(preview, settings)
    if not began:
        _show(preview)
        questions.protected()
    questions.cuts()
    questions.decision()
    questions.outcome(optional=not began)
    if not began:
        questions.reference()
        if verb in ("run", "init") and not settings.get("output"):
            questions.head("The report.")
            settings["output"] = _output(settings["data"])
    if verb != "init":
        _keep(settings, verb, offer=not began)
    return settings


def _file() -> str:
    def read(answer: str) -> str:
        if "://" in answer or Path(answer).exists() or any(c in answer for c in "*?["):
            return answer
        raise InputError("CLI002", f"no such file: {answer}")

    return str(
        ask(
            "Which file of decisions",
            read,
            explain="A .csv or .parquet file with one row an application.",
        )
    )


def _output(data: str) -> tuple[str, ...]:
    stem = Path(data).name.split(".")[0].strip("*") or "audit"

    def read(answer: str) -> tuple[str, ...]:
        names = () if answer == "-" else tuple(parse.split(answer))
        for name in names:
            if not name.endswith((".html", ".json", ".md", ".csv", ".xlsx", ".junit.xml")):
                raise InputError(
                    "CLI016",
                    f"cannot tell what to write from {name!r}",
                    fix="end it in .html, .json, .md, .csv, .xlsx or .junit.xml",
                )
        return names

    names: tuple[str, ...] = ask(
        "   Write it to, or - for the screen only",
        read,
        default=f"{stem}.html",
        explain="The suffix says what to write; commas separate several files.",
    )
    say()
    return names


def _show(preview: Preview) -> None:
    say(f"{preview.source}: {preview.rows:,} rows, {len(preview.columns)} columns\n")
    rows = [
        (shortened(visible(c.name), 28), c.kind, f"{c.missing:,}", f"{c.distinct:,}", described(c))
        for c in preview.columns
    ]
    say(table(rows, ("column", "type", "missing", "distinct", "values (rows)")))
    say()


def _keep(settings: Mapping[str, Any], verb: str, *, offer: bool) -> None:
    """Show the equivalent command, and keep the answers where wanted."""
    from audit.cli import saving

    command = shell.wrapped(shell.words(verb, settings)).replace("\n", "\n  ")
    say(f"The same without questions:\n\n  {command}\n")
    target = Path("audit.toml")
    if target.exists() or not offer:
        return
    if click.confirm("Save these answers as audit.toml?", default=False, err=True):
        saving.save(target, settings, force=False)
        say(f"Written: {target} (next time: audit {verb})")
    say()
