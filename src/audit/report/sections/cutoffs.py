"""Every cut-off: approvals, the ratio, defaults and profit, with the one in use marked."""

from __future__ import annotations

import math

from audit.report import compared, text
from audit.report.attached import Entry, ends, num, who
from audit.report.blocks import Bar, Block, Cell, Chart, Column, Grid, Prose
from audit.report.look import Look, ratio_bar, ratio_scale_of
from audit.report.sections.curves import at_rates

GOALS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Approval rates that the table shows, beside the one in use."""

FEW = 0.05
"""Approval rate below which a ratio is of so few that the sentence leaves it out."""

CHART = "cutoffs"
"""The figure's key."""


def blocks(look_: Look, *, lead: bool) -> list[Block]:
    """The attached sweep; nothing where there is none."""
    found = compared.part(look_, "sweep")
    if not found or not found.get("points"):
        return []
    out: list[Block] = [
        Prose(lines=((reading(found),),), kind="lead" if lead else "plain"),
        chart(found),
    ]
    notes = [text.sentence(text.said(str(n))) for n in found.get("notes") or ()]
    if notes:
        out.append(Prose(lines=tuple((n,) for n in notes), kind="note"))
    return out


def operating(found: Entry) -> Entry | None:
    """The point in use."""
    place = found.get("operating")
    return None if place is None else found["points"][int(place)]


def reading(found: Entry) -> str:
    """What the cut-off in use does, and where the ratio is lowest and profit highest."""
    points = [
        p for p in found["points"]
        if math.isfinite(num(p["ratio"])) and num(p["approval_rate"]) >= FEW
    ]  # fmt: skip
    said = []
    here = operating(found)
    if here is not None:
        said.append(
            f"The cut-off in use ({_cut(here, found)}) approves "
            f"{text.percent(num(here['approval_rate']))}"
            + (
                f", {_who(found)} at {text.number(num(here['ratio']), 3, [0.8])} times the rate of "
                f"{_who(found, 'reference')}"
                if math.isfinite(num(here["ratio"]))
                else ""
            )
        )
    if points:
        low = min(points, key=lambda p: num(p["ratio"]))
        high = max(points, key=lambda p: num(p["ratio"]))
        said.append(
            f"over cut-offs that approve {text.percent(FEW, 0)} or more the ratio runs from "
            f"{text.number(num(low['ratio']), 3, [0.8])} "
            f"(approving {text.percent(num(low['approval_rate']), 0)}) to "
            f"{text.number(num(high['ratio']), 3, [0.8])} "
            f"(approving {text.percent(num(high['approval_rate']), 0)})"
        )
    paid = [p for p in found["points"] if math.isfinite(num(p["profit"]))]
    if paid:
        best = max(paid, key=lambda p: num(p["profit"]))
        said.append(f"profit is highest approving {text.percent(num(best['approval_rate']), 0)}")
    return text.sentence("; ".join(said)) or "No ratio is defined at any cut-off."


def cut(value: float) -> str:
    """A cut-off, as short as it can be told.

    >>> cut(-25.0), cut(0.123456)
    ('−25', '0.1235')
    """
    return text.minus(f"{value:.4g}") if abs(value) < 1e4 else text.number(value, 0)


def _who(found: Entry, key: str = "group") -> str:
    return "nobody" if found.get(key) is None else who(found, key)


def _cut(point: Entry, found: Entry) -> str:
    side = "or more" if found.get("higher_is_better") else "below"
    value = cut(num(point["cutoff"]))
    column = text.name(str(found["column"]))
    return f"{column} {value} {side}" if side == "or more" else f"{column} {side} {value}"


def chart(found: Entry) -> Chart:
    """Ratio and profit along the approval rate, and chosen cut-offs as a table."""
    shown = _chosen(found)
    here = operating(found)
    ratios = ratio_scale_of([num(p[k]) for p in shown for k in ("ratio", "low", "high")])
    paid = any(math.isfinite(num(p["profit"])) for p in found["points"])
    rows = []
    for p in shown:
        row = [
            Cell(text=cut(num(p["cutoff"])), note="in use" if p is here else ""),
            Cell(text=text.percent(num(p["approval_rate"]))),
            Cell(text=text.number(num(p["ratio"]), 3, [0.8]),
                 note=ends(p, lambda x: text.number(x, 3, [0.8]))),
            Cell(bar=_bar(p, ratios)),
            Cell(text=text.percent(num(p["default_rate"]))),
        ]  # fmt: skip
        if paid:
            row.append(Cell(text=text.number(num(p["profit"]), 4)))
        rows.append(tuple(row))
    return Chart(
        name=CHART,
        title="What every cut-off would do",
        reading=(
            f"The ratio of {_who(found)} to {_who(found, 'reference')} at each approval rate, with "
            "the cut-off in use marked."
        ),
        twin=Grid(
            key="cutoffs",
            title=f"Chosen cut-offs on {text.name(str(found['column']))}, strictest first",
            columns=(
                Column(title="Cut-off"),
                Column(title="Approved", align="right"),
                Column(title="Ratio", align="right"),
                Column(title="Interval and line", align="bar"),
                Column(title="Default rate", align="right"),
                *((Column(title="Profit an applicant", align="right"),) if paid else ()),
            ),
            rows=tuple(rows),
            note="Intervals hold for one cut-off at a time: one chosen because its ratio looks "
            "good looks better than it is. The tick marks 0.80.",
        ),
    )


def _chosen(found: Entry) -> list[Entry]:
    points = list(found["points"])
    kept = at_rates(points, GOALS)
    if found.get("operating") is not None:
        kept.add(int(found["operating"]))
    return [points[i] for i in sorted(kept)]


def _bar(p: Entry, scale: tuple[float, float]) -> Bar | None:
    value, low, high = (num(p[k]) for k in ("ratio", "low", "high"))
    return ratio_bar(value, low, high, scale) if math.isfinite(value) else None
