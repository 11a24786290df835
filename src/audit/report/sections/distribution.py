"""Score distributions by group: shapes and quantiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.report import text
from audit.report.blocks import Bar, Cell, Chart, Column, Grid
from audit.report.look import Look
from audit.report.sections.curves import chart_name, cutoff_of, sized


def charts(look_: Look) -> list[tuple[tuple[str, ...], Chart]]:
    """Score distributions, with the attribute each is of."""
    found = look_.record.charts.get("distributions", ())
    return [(tuple(d["attribute"]), _distribution(d, look_, i)) for i, d in enumerate(found)]


def quantile(edges: Sequence[float], shares: Sequence[float], q: float) -> float:
    """The score below which a share `q` of the group lies, linear inside a bin.

    >>> quantile([0, 1, 2], [0.5, 0.5], 0.25)
    0.5
    """
    total = sum(shares)
    goal, so_far = q * total, 0.0
    for i, share in enumerate(shares):
        if share > 0 and so_far + share >= goal:
            return float(edges[i] + (edges[i + 1] - edges[i]) * (goal - so_far) / share)
        so_far += share
    return float("nan")


def _distribution(entry: Mapping[str, Any], look_: Look, position: int) -> Chart:
    attribute = tuple(entry["attribute"])
    edges = entry["edges"]
    column = text.visible(str(entry["column"]), 40)
    rows = []
    medians: list[tuple[float, str]] = []
    groups = sized(entry, look_)
    few = len(entry["groups"]) - len(groups)
    for g in groups:
        name = text.group(attribute, tuple(g["group"]))
        cuts = [quantile(edges, g["shares"], q) for q in (0.1, 0.25, 0.5, 0.75, 0.9)]
        if g["rows"] and cuts[2] == cuts[2]:
            medians.append((cuts[2], name))
        curve = Bar(
            kind="curve", start=edges[0], end=edges[-1],
            heights=_halved(tuple(s / (max(g["shares"]) or 1) for s in g["shares"])),
            line=cutoff_of(look_),
        )  # fmt: skip
        rows.append(
            (
                Cell(text=name, name=True),
                Cell(text="", bar=curve),
                *(Cell(text=text.number(c, 3)) for c in cuts),
                Cell(text=text.count(g["rows"])),
            )
        )
    return Chart(
        name=chart_name("distributions", entry),
        title=f"Distribution of {column} by {text.attributes(attribute)}",
        reading=_median_reading(medians),
        twin=Grid(
            key=f"scores-{position}",
            title=f"{column}: shape and quantiles by {text.attributes(attribute)}",
            columns=(
                Column(title="Group"),
                Column(title="Shape", align="bar"),
                *(Column(title=t, align="right") for t in ("10%", "25%", "Median", "75%", "90%")),
                Column(title="Rows", align="right"),
            ),
            rows=tuple(rows),
            note=f"Read from {len(edges) - 1} bins between {text.number(edges[0])} and "
            f"{text.number(edges[-1])}; the tick marks the cut-off."
            + (
                f" {text.plural(few, 'group')} of fewer than {look_.small} rows not drawn."
                if few
                else ""
            ),
        ),
    )


def _halved(heights: tuple[float, ...]) -> tuple[float, ...]:
    if len(heights) < 64:
        return heights
    return tuple((a + b) / 2 for a, b in zip(heights[::2], heights[1::2], strict=True))


def _median_reading(medians: list[tuple[float, str]]) -> str:
    if len(medians) < 2:
        return "Only one group has scores."
    low, high = min(medians), max(medians)
    if high[0] - low[0] < 1e-12:
        return "The groups' medians are the same."
    return (
        f"The median is {text.number(low[0])} for {low[1]} and {text.number(high[0])} for "
        f"{high[1]}."
    )
