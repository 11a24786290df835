"""From settings to `audit.explain` and `audit.decompose`, and what the terminal shows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from audit.cli import auditing
from audit.cli.corrections import CommandError
from audit.cli.outcome import paragraph, width
from audit.cli.parse import split
from audit.cli.progress import Progress


def run(settings: dict[str, Any], asked: Mapping[str, Any], *, force: bool, quiet: bool) -> int:
    """Explain, show, and write what was asked for; 0 unless something was wrong."""
    import audit
    from audit.report.why_card import why

    controls = [name for text in asked["controls"] for name in split(text)]
    _check(settings, asked, controls)
    with Progress(quiet=quiet) as step, auditing.patient(settings):
        step(f"reading {Path(settings['data']).name}")
        model = auditing.model_of(settings)
        decided = any(settings.get(key) for key in ("decision", "score", "risk"))
        table = auditing.table_of(settings, None if decided else model)
        explanation: Any = None
        decomposition: Any = None
        if model is not None:
            explanation = auditing.explained(
                model, table, settings, step, attribute=asked["attribute"],
                group=_level(table, asked), scale=asked["scale"], reason_codes=asked["codes"],
                thorough=_thorough(settings, asked),
            )  # fmt: skip
        if controls:
            step("splitting the gap by controls")
            decomposition = audit.decompose(
                table, controls=controls, attribute=asked["attribute"],
                group=_level(table, asked), method=asked["method"],
            )  # fmt: skip
        reasons, ways = (), {}
        if asked["rows"]:
            reasons = explanation.reasons(list(asked["rows"]), n=asked["reasons"])
        if asked["rows"] and not asked["letter"]:
            step("searching what would turn the denial")
            found = audit.recourse(
                model, table, rows=list(asked["rows"]), returns=settings.get("returns")
            )
            ways = {way.row: way for way in found.rows}
    if not quiet:
        if asked["rows"]:
            _show_rows(reasons, ways, asked)
        elif explanation is not None:
            click.echo(why(explanation.to_dict(), width()).rstrip("\n"))
        if decomposition is not None:
            if explanation is not None:
                click.echo()
            click.echo(paragraph(decomposition.summary()))
    if settings.get("output"):
        result = audit.attach(
            auditing.judged(table, settings, "explain"), explanation, decomposition
        )
        auditing.reported(result, settings, force=force, quiet=quiet)
    return 0


def _thorough(settings: Mapping[str, Any], asked: Mapping[str, Any]) -> bool | None:
    """True where asked; False where only a row's reasons are shown; else by the rows there are."""
    if asked["thorough"]:
        return True
    return False if asked["rows"] and not settings.get("output") else None


def _check(settings: Mapping[str, Any], asked: Mapping[str, Any], controls: list[str]) -> None:
    auditing.refuse_tally(settings, "only rows can be explained")
    if not settings.get("model") and not controls:
        raise CommandError(
            "CLI005",
            "neither a model (--model) nor controls (--controls) are given to explain a gap by",
            fix="name the model that scores, or the columns to hold equal",
            add=["--controls", "COLUMNS"],
        )
    if (asked["rows"] or asked["letter"]) and not settings.get("model"):
        raise CommandError(
            "CLI005",
            "reasons for a person come from a model, and none is given",
            argument="--row",
            fix="name the model that scored them",
            add=["--model", "FILE"],
        )
    if asked["letter"] and not asked["rows"]:
        raise CommandError(
            "CLI005",
            "whose letter to write is not said",
            argument="--letter",
            fix="name the row",
            add=["--row", "N"],
        )


def _level(table: Any, asked: Mapping[str, Any]) -> Any:
    """The group as a level of the attribute, in the column's own type."""
    group = asked["group"]
    if group is None:
        return None
    names = [asked["attribute"]] if asked["attribute"] else list(table.roles.protected)
    for name in names:
        axis = table.axes.get(f"protected:{name}")
        for level in axis.levels if axis is not None else ():
            if str(level) == group:
                return level
    return group


def _show_rows(told: Sequence[Any], ways: Mapping[int, Any], asked: Mapping[str, Any]) -> None:
    import audit

    for place, (row, reasons) in enumerate(zip(asked["rows"], told, strict=True)):
        if place:
            click.echo()
        if asked["letter"]:
            letter = audit.letter(
                reasons, lender=asked["lender"], applicant=asked["applicant"],
                date=asked["date"], format=asked["letter"], draft=True,
            )  # fmt: skip
            click.echo(letter.rstrip("\n"))
            continue
        click.echo(f"Row {row}: denied. Principal reasons, most harmful first:")
        for number, reason in enumerate(reasons, start=1):
            said = f"{number}. {reason.text} [{reason.code}, {reason.feature}]"
            click.echo(paragraph(said, "  "))
            if reason.flag:
                click.echo(paragraph(f"cannot be sent: {reason.flag}", "     "))
        if any(reason.draft for reason in reasons):
            said = (
                "These texts are drafts: name a file of your own with --codes before any is sent."
            )
            click.echo(paragraph(said, "  "))
        if row in ways:
            click.echo(paragraph(_way(ways[row]), "  "))


def _way(way: Any) -> str:
    """What would turn one denial, in a sentence."""
    from audit.report.text import plural

    if not way.feasible:
        return "No change of a few inputs was found that this model would approve."
    changes = [f"{name} from {_plain(a)} to {_plain(b)}" for name, (a, b) in way.changes.items()]
    return (
        f"This model would approve after: {'; '.join(changes)} (smallest change found, "
        f"{plural(round(100 * way.cost), 'percentile point')}). Whether a person can make it, a "
        "model does not know."
    )


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
