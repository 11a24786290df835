"""The ratio of approval rates at every cut-off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from audit.inference.estimate import Estimate
from audit.report import look, text
from audit.report.blocks import Bar, Cell, Chart, Column, Grid
from audit.report.look import Look
from audit.report.sections.curves import BARS, WIDEST, at_rates, chart_name, cutoff_of


def charts(look_: Look) -> list[tuple[tuple[str, ...], Chart]]:
    """Ratios at every cut-off, with the attribute each is of."""
    found = by_attribute(look_.record.charts.get("sweep", ()), look_)
    return [(tuple(s[0]["attribute"]), _sweep(s, look_, i)) for i, s in enumerate(found)]


def by_attribute(
    entries: Sequence[Mapping[str, Any]], look_: Look
) -> list[list[Mapping[str, Any]]]:
    """Sweeps of one attribute together, in order, of groups with enough rows."""
    found: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for entry in entries:
        rate = look_.rate("selection_rate", tuple(entry["attribute"]), tuple(entry["group"]))
        if rate is not None and rate.rows < look_.small:
            continue
        found.setdefault(tuple(entry["attribute"]), []).append(entry)
    return list(found.values())


def _sweep(entries: list[Mapping[str, Any]], look_: Look, position: int) -> Chart:
    attribute = tuple(entries[0]["attribute"])
    shown = entries[:WIDEST]
    reference = text.group(attribute, tuple(entries[0]["reference"]))
    cutoff = cutoff_of(look_)
    points = [points_of(e, look_) for e in shown]
    kept = _spread(points[0], cutoff)
    at = [{p["cutoff"]: p for p in own} for own in points]
    estimates = [[_swept(attribute, points.get(p["cutoff"])) for points in at] for p in kept]
    scale = look.ratio_scale(e for row in estimates for e in row)
    here = min((abs(p["cutoff"] - cutoff) for p in kept), default=0.0) if cutoff == cutoff else None
    rows = []
    for p, row in zip(kept, estimates, strict=True):
        operating = here is not None and abs(p["cutoff"] - cutoff) == here
        rows.append(
            (
                Cell(text=text.number(p["cutoff"]), note="operating point" if operating else ""),
                Cell(text=text.percent(p["approval_rate"])),
                *(_swept_cell(e, scale, bars=len(shown) <= BARS) for e in row),
            )
        )
    if len(shown) == 1:
        rows = [
            (*row[:2], _rates_cell(p), replace(row[2], bar=None), Cell(bar=_swept_bar(e[0], scale)))
            for p, row, e in zip(kept, rows, estimates, strict=True)
        ]
    cut = len(entries) - len(shown)
    return Chart(
        name=chart_name("sweep", {"attribute": attribute}),
        title=f"Ratio at every cut-off, by {text.attributes(attribute)}",
        reading=_sweep_reading(entries, reference),
        twin=Grid(
            key=f"sweep-{position}",
            title=f"Ratio to {reference} at chosen cut-offs",
            columns=(
                Column(title="Cut-off"),
                Column(title="Approved overall", align="right"),
                *([Column(title="Rates", align="right")] if len(shown) == 1 else []),
                *(
                    Column(title=text.group(attribute, tuple(e["group"])), align="right")
                    for e in shown
                ),
                *([Column(title="Interval and line", align="bar")] if len(shown) == 1 else []),
            ),
            rows=tuple(rows),
            note="Intervals are one at a time, for orientation: no cut-off but the one in use is "
            "judged."
            + (" The tick marks 0.80." if len(shown) <= BARS else "")
            + (f" {cut} more groups are in the JSON." if cut else ""),
        ),
    )


def points_of(entry: Mapping[str, Any], look_: Look) -> list[Mapping[str, Any]]:
    """A group's points by cut-off, the one in use among them with the audit's own numbers."""
    points = sorted(entry["points"], key=lambda p: p["cutoff"])
    cutoff = cutoff_of(look_)
    if cutoff != cutoff or any(p["cutoff"] == cutoff for p in points):
        return points
    attribute, group = tuple(entry["attribute"]), tuple(entry["group"])
    pair = look_.pair(look.RATIO, attribute, group, tuple(entry["reference"]))
    rate = look_.rate("selection_rate", attribute, group)
    everyone = look_.rate("selection_rate", (), ())
    if pair is None or rate is None or everyone is None or pair.value != pair.value:
        return points
    here = {
        "cutoff": cutoff, "approval_rate": everyone.value, "rate": rate.value,
        "reference_rate": pair.reference_value, "ratio": pair.value, "low": pair.low,
        "high": pair.high,
    }  # fmt: skip
    return sorted([*points, here], key=lambda p: p["cutoff"])


def _swept(attribute: tuple[str, ...], point: Mapping[str, Any] | None) -> Estimate:
    nan = float("nan")
    p = point or {}
    return Estimate(
        metric=look.RATIO, attribute=attribute, group=(), value=p.get("ratio", nan),
        low=p.get("low", nan), high=p.get("high", nan),
    )  # fmt: skip


def _swept_cell(e: Estimate, scale: tuple[float, float], bars: bool) -> Cell:
    if e.value != e.value:
        return Cell(text="—", note="undefined")
    return Cell(
        text=text.number(e.value, 3, [0.8]),
        note=look.interval(e, 0.8) if e.low == e.low else "",
        bar=_swept_bar(e, scale) if bars else None,
    )


def _swept_bar(e: Estimate, scale: tuple[float, float]) -> Bar:
    return look.ratio_bar(e.value, e.low, e.high, scale)


def _rates_cell(p: Mapping[str, Any]) -> Cell:
    return Cell(text=text.percent(p["rate"]), note=f"vs {text.percent(p['reference_rate'])}")


def _spread(points: Sequence[Mapping[str, Any]], cutoff: float) -> list[Mapping[str, Any]]:
    """About seven points, spread over approval rates, and the operating point."""
    if len(points) <= 8:
        return list(points)
    ordered = sorted(points, key=lambda p: p["cutoff"])
    goals = (0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95)
    kept = at_rates(ordered, goals)
    if cutoff == cutoff:
        kept.add(min(range(len(ordered)), key=lambda i: abs(ordered[i]["cutoff"] - cutoff)))
    return [ordered[i] for i in sorted(kept)]


def _sweep_reading(entries: Sequence[Mapping[str, Any]], reference: str) -> str:
    below, clear = 0, 0
    for entry in entries:
        ratios = [p["ratio"] for p in entry["points"] if p["ratio"] == p["ratio"]]
        below += bool(ratios) and min(ratios) < 0.8
        clear += bool(ratios) and min(ratios) >= 0.8
    if not below and not clear:
        return "The ratio is defined at no cut-off."
    if not below:
        return f"At no cut-off does a ratio to {reference} fall below 0.80."
    if len(entries) == 1:
        points = [p for p in entries[0]["points"] if p["ratio"] == p["ratio"]]
        rates = [p["approval_rate"] for p in points if p["ratio"] < 0.8]
        if len(rates) == len(points):
            return f"At every cut-off the ratio to {reference} lies below 0.80."
        return (
            f"The ratio to {reference} falls below 0.80 only at cut-offs that approve between "
            f"{text.percent(min(rates), 0)} and {text.percent(max(rates), 0)} of applicants."
        )
    return (
        f"{text.plural(below, 'group')} of {len(entries)} fall{'s' if below == 1 else ''} below "
        f"0.80 of {reference} at some cut-off."
    )
