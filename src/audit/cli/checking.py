"""What `audit check` prints: roles, groups, issues and the plan, without a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from audit.cli import screen, shell
from audit.cli.outcome import paragraph

_PARTS = (
    ("protected", "compared groups"), ("decision", "decision"), ("outcome", "outcome"),
    ("score", "score (higher is better)"), ("risk", "risk (higher is worse)"),
    ("strata", "conditioned on"), ("weight", "sampling weight"), ("count", "frequency"),
    ("cluster", "applicant"), ("stages", "stages"), ("time", "time"), ("id", "row identity"),
)  # fmt: skip


def show(record: Any, settings: Mapping[str, Any]) -> None:
    """Print everything that can be known before judging."""
    tally, roles = record.tally, record.roles
    left_out = f", {tally.excluded:,} left out by --where" if tally.excluded else ""
    click.echo(f"{settings.get('data', 'data')}: {tally.rows:,} rows{left_out}\n")
    click.echo("Columns")
    click.echo(screen.table(_roles(roles)))
    for reference in record.references:
        click.echo(f"\nGroups of {reference.attribute}")
        click.echo(screen.table(_groups(tally, reference), ("group", "rows", "share", "")))
    if record.issues:
        click.echo("\nNoticed")
        rows = [(i.code, i.severity, f"{i.message} {_fix(i)}".strip()) for i in record.issues]
        click.echo(screen.table(rows))
    planned = [f for f in record.findings if f.planned]
    click.echo(f"\nWould be judged by {record.policy.name}")
    if planned:
        heads = ("comparison", "group", "line", "smallest gap that would show")
        click.echo(screen.table([_plan(f) for f in planned], heads))
    else:
        click.echo("  nothing: the policy plans no comparison that these columns allow")
    if record.not_checked:
        click.echo("\nWould not be checked")
        for text in record.not_checked:
            click.echo(paragraph(text, indent="    ").replace("    ", "  - ", 1))
    click.echo(f"\nNo verdict was asked for. To judge:\n  {_next(settings)}")


def _roles(roles: Any) -> list[tuple[str, str]]:
    rows = []
    for key, label in _PARTS:
        value = getattr(roles, key)
        if value:
            text = ", ".join(value) if isinstance(value, tuple) else str(value)
            if key == "protected":
                text = ", ".join(_attribute(roles, name) for name in value)
            rows.append((label, screen.visible(text) + _favor(roles, key)))
    if roles.cutoff is not None:
        sign = "<" if roles.risk else ">="
        rows.append(("approved", f"{roles.risk or roles.score} {sign} {roles.cutoff:g}"))
    return rows


def _attribute(roles: Any, name: str) -> str:
    """An attribute's name, with the column of each of its groups where groups may overlap."""
    told = roles.overlapping.get(name)
    return name if told is None else f"{name} ({', '.join(f'{g}: {c}' for g, c in told)})"


def _favor(roles: Any, part: str) -> str:
    good, bad = roles.favorable.get(part), roles.unfavorable.get(part)
    text = f"; favourable: {_values(good)}" if good else ""
    return text + (f"; unfavourable: {_values(bad)}, others undecided" if bad else "")


def _values(several: Any) -> str:
    return " or ".join(screen.visible(shell.plain(v)) for v in several)


def _groups(tally: Any, reference: Any) -> list[tuple[str, str, str, str]]:
    from audit.metrics.metric import Counts
    from audit.tally.cube import cells, everyone

    found = cells(tally, (reference.attribute,))[0]
    rows = Counts(found.n).everyone
    total = max(int(everyone(found).sum()), 1)
    return [
        (
            "(missing)" if group[0] is None else screen.visible(shell.plain(group[0])),
            f"{int(n):,}",
            f"{100 * n / total:.1f} %",
            f"reference: {reference.why}" if group[0] == reference.level else "",
        )
        for group, n in zip(found.groups, rows, strict=True)
    ]


def _plan(finding: Any) -> tuple[str, str, str, str]:
    estimate = finding.estimate
    group = ", ".join("(missing)" if v is None else str(v) for v in estimate.group or ())
    smallest = finding.smallest_detectable
    return (
        finding.family,
        f"{', '.join(estimate.attribute)} {screen.visible(group)}",
        f"{finding.line:g}",
        "not known" if smallest is None else f"{smallest:.3g}",
    )


def _fix(issue: Any) -> str:
    return f"({issue.fix})" if issue.fix else ""


def _next(settings: Mapping[str, Any]) -> str:
    return shell.wrapped(shell.words("run", settings)).replace("\n", "\n  ")
