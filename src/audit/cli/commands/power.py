"""`audit power`: how many rows an audit needs."""

from __future__ import annotations

from typing import Any

import click

from audit.cli.lazy import Command

_RATIOS = (0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


@click.command(
    cls=Command,
    examples=(
        (
            "approvals near 30 %: rows a group to see a ratio of 0.8",
            "audit power --base-rate 0.3 --ratio 0.8",
        ),
        ("approvals near 90 %", "audit power --base-rate 0.9 --ratio 0.9"),
    ),
)
@click.option("--base-rate", type=float, required=True, metavar="RATE",
              help="Approval rate of the reference group.")  # fmt: skip
@click.option("--ratio", type=float, default=0.8, show_default=True, metavar="RATIO",
              help="The group's rate over the reference's, to be told from 1.")  # fmt: skip
def power(base_rate: float, ratio: float) -> None:
    """How many rows each group needs before a gap of a given size would show.

    Rows a group for a two-sided test at 5 % to find the gap in 80 of 100 samples.
    """
    import audit

    wanted = audit.power(base_rate=base_rate, ratio=ratio)
    rows = [(r, audit.power(base_rate=base_rate, ratio=r)) for r in _ratios(base_rate, ratio)]
    click.echo(f"Reference approved at {_percent(base_rate)}.\n")
    click.echo("  ratio  group's rate  rows a group")
    for r, n in rows:
        mark = "  <" if r == ratio else ""
        click.echo(f"  {r:5.2f}  {_percent(base_rate * r):>12}  {n:>12,}{mark}")
    click.echo(
        f"\n{wanted:,} rows in each group show a ratio of {ratio:g} ({_percent(base_rate * ratio)} "
        f"against {_percent(base_rate)}) in 80 of 100 samples, at 5 %, two-sided."
    )


def _ratios(base_rate: float, ratio: float) -> list[float]:
    possible = {r for r in _RATIOS if base_rate * r < 1} | {ratio}
    return sorted(possible)


def _percent(share: Any) -> str:
    return f"{100 * share:.4g} %"
