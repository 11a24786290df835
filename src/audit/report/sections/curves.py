"""What the charts of scores share: names, how many are printed, where the cut-off lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.report import text
from audit.report.blocks import Chart, Prose
from audit.report.look import Look

WIDEST = 6
"""Groups side by side in a table."""

BARS = 3
"""Groups side by side up to which each number is also drawn."""

FULL = 2
"""Attributes whose curves are printed in full; the others' are in the JSON and the figures."""


def sized(entry: Mapping[str, Any], look_: Look) -> list[Mapping[str, Any]]:
    """The groups with enough rows to draw."""
    return [g for g in entry["groups"] if g["rows"] >= look_.small]


def printed(
    charts: Sequence[tuple[tuple[str, ...], Chart]], look_: Look, what: str
) -> list[Chart | Prose]:
    """The charts of the attributes with the worst findings, and where the others are."""
    order: dict[tuple[str, ...], int] = {(name,): i for i, name in enumerate(look_.by_concern())}
    ranked = sorted(charts, key=lambda c: order.get(c[0], len(order)))
    full = dict.fromkeys(a for a, _ in ranked)
    shown = list(full)[:FULL]
    out: list[Chart | Prose] = [c for a, c in ranked if a in shown]
    rest = [text.attributes(a) for a in full if a not in shown]
    if rest:
        line = f"{what} by {text.listed(rest)}: in the JSON report and among the figures."
        out.append(Prose(lines=((line,),), kind="note"))
    return out


def chart_name(kind: str, entry: Mapping[str, Any]) -> str:
    """The figure's key: the kind, the attribute, and the group where there is one."""
    parts = [kind, " × ".join(str(a) for a in entry["attribute"])]
    if kind == "distributions":
        parts.append(str(entry["column"]))
    return ":".join(parts)


def at_rates(points: Sequence[Mapping[str, Any]], goals: Sequence[float]) -> set[int]:
    """Places of the points nearest to these approval rates."""
    return {
        min(range(len(points)), key=lambda i: abs(float(points[i]["approval_rate"]) - goal))
        for goal in goals
    }


def cutoff_of(look_: Look) -> float:
    """The cut-off in use, or NaN."""
    cutoff = look_.record.roles.cutoff
    return float("nan") if cutoff is None else float(cutoff)
