"""`audit policies`: what is judged, on which lines, from which sources."""

from __future__ import annotations

import click

from audit.cli.lazy import CommandGroup


@click.group(
    cls=CommandGroup,
    invoke_without_command=True,
    examples=(
        ("the policies there are", "audit policies"),
        ("what one plans, its lines and its sources", "audit policies show us-credit"),
        ("audit by one", "audit run loans.csv --policy research"),
    ),
)
@click.pass_context
def policies(ctx: click.Context) -> None:
    """List and explain the policies: planned comparisons, lines, sources and their status."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_all)


@policies.command("list", examples=(("all policies", "audit policies list"),))
def list_all() -> None:
    """List every policy with its date."""
    from audit.cli import screen
    from audit.findings.policies import load, names

    click.echo(screen.table([(name, load(name).title) for name in names()]))
    click.echo("\nOne in full: audit policies show NAME")


@policies.command(
    examples=(
        ("the newest of that name", "audit policies show us-credit"),
        ("your own pack, checked", "audit policies show ./bank.toml"),
    )
)
@click.argument("name")
def show(name: str) -> None:
    """Explain one policy: what decides, the lines, the rules cited and their status."""
    from audit.cli import screen
    from audit.cli.outcome import paragraph
    from audit.findings.policies import load

    policy = load(name)
    click.echo(f"{policy.name}: {policy.title}\n")
    click.echo(paragraph(policy.summary))
    click.echo("\nPlanned, in order; the worst planned finding is the verdict:\n")
    families = [
        (f.code, f.title, f"{f.line:g}", f"{f.caution:g}", f.worst, ", ".join(f.needs), f.rule)
        for f in policy.families
    ]
    heads = ("code", "family", "line", "caution", "at worst", "needs", "rule")
    click.echo(screen.table(families, heads) if families else "  nothing: no pass mark exists")
    reference = {"largest": "the largest group", "highest-rate": "the highest approval rate"}
    click.echo()
    click.echo(
        paragraph(
            f"Reference where none is declared: "
            f"{reference.get(policy.reference_rule, policy.reference_rule)}. Groups below "
            f"{policy.min_share:.0%} of rows are not planned. Each family tests at "
            f"{policy.alpha:.0%}, adjusted by Holm."
        )
    )
    click.echo("\nRules:")
    for rule in policy.rules:
        checked = "" if rule.status_checked else " (recalled, not read at its source)"
        click.echo(f"\n  {rule.code}  {rule.title} · {rule.jurisdiction}")
        click.echo(paragraph(rule.text, indent="    "))
        click.echo(paragraph(f"{rule.status}, {rule.status_date}{checked}", indent="    "))
        click.echo(paragraph(rule.source, indent="    "))
    if policy.notes:
        click.echo("\nWhere regimes conflict:")
        for note in policy.notes:
            click.echo(paragraph(note, indent="  ").replace("  ", "- ", 1))
