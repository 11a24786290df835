"""Distributions, cut-off sweeps and calibration curves, each with its table twin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from audit.findings.record import AuditRecord
from audit.inference.estimate import Estimate
from audit.report import look, text
from audit.report.blocks import Bar, Cell, Chart, Column, Grid, Prose
from audit.report.look import Look

WIDEST = 6
"""Groups side by side in a table."""

BARS = 3
"""Groups side by side up to which each number is also drawn."""

FULL = 2
"""Attributes whose curves are printed in full; the others' are in the JSON and the figures."""


def distributions(look_: Look) -> list[tuple[tuple[str, ...], Chart]]:
    """Score distributions, with the attribute each is of."""
    found = look_.record.charts.get("distributions", ())
    return [(tuple(d["attribute"]), _distribution(d, look_, i)) for i, d in enumerate(found)]


def sweeps(look_: Look) -> list[tuple[tuple[str, ...], Chart]]:
    """Ratios at every cut-off, with the attribute each is of."""
    found = by_attribute(look_.record.charts.get("sweep", ()), look_)
    return [(tuple(s[0]["attribute"]), _sweep(s, look_, i)) for i, s in enumerate(found)]


def calibrations(look_: Look) -> list[tuple[tuple[str, ...], Chart]]:
    """Calibration curves, with the attribute each is of."""
    found = look_.record.charts.get("calibration", ())
    return [(tuple(c["attribute"]), _calibration(c, i, look_)) for i, c in enumerate(found)]


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


def sized(groups: Sequence[Mapping[str, Any]], record: AuditRecord) -> list[Mapping[str, Any]]:
    """The groups with enough rows to draw."""
    smallest = Look(record).small
    return [g for g in groups if g["rows"] >= smallest]


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


def chart_name(kind: str, entry: Mapping[str, Any]) -> str:
    """The figure's key: the kind, the attribute, and the group where there is one."""
    parts = [kind, " × ".join(str(a) for a in entry["attribute"])]
    if kind == "distributions":
        parts.append(str(entry["column"]))
    return ":".join(parts)


def _distribution(entry: Mapping[str, Any], look_: Look, position: int) -> Chart:
    attribute = tuple(entry["attribute"])
    edges = entry["edges"]
    column = text.visible(str(entry["column"]), 40)
    rows = []
    medians: list[tuple[float, str]] = []
    groups = [g for g in entry["groups"] if g["rows"] >= look_.small]
    few = len(entry["groups"]) - len(groups)
    for g in groups:
        name = text.group(attribute, tuple(g["group"]))
        cuts = [quantile(edges, g["shares"], q) for q in (0.1, 0.25, 0.5, 0.75, 0.9)]
        if g["rows"] and cuts[2] == cuts[2]:
            medians.append((cuts[2], name))
        curve = Bar(
            kind="curve", start=edges[0], end=edges[-1],
            heights=_halved(tuple(s / (max(g["shares"]) or 1) for s in g["shares"])),
            line=_cutoff(look_),
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


def _cutoff(look_: Look) -> float:
    cutoff = look_.record.roles.cutoff
    return float("nan") if cutoff is None else float(cutoff)


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
    cutoff = _cutoff(look_)
    kept = _spread(shown[0]["points"], cutoff)
    at = [{p["cutoff"]: p for p in e["points"]} for e in shown]
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
    return Bar(
        kind="interval",
        start=scale[0],
        end=scale[1],
        value=e.value,
        low=e.low,
        high=e.high,
        log=True,
        line=0.8,
        parity=1.0,
    )


def _rates_cell(p: Mapping[str, Any]) -> Cell:
    return Cell(text=text.percent(p["rate"]), note=f"vs {text.percent(p['reference_rate'])}")


def _spread(points: Sequence[Mapping[str, Any]], cutoff: float) -> list[Mapping[str, Any]]:
    """About seven points, spread over approval rates, and the operating point."""
    if len(points) <= 8:
        return list(points)
    ordered = sorted(points, key=lambda p: p["cutoff"])
    goals = (0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95)
    kept = {
        min(range(len(ordered)), key=lambda i: abs(ordered[i]["approval_rate"] - g)) for g in goals
    }
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


def calibration_groups(entry: Mapping[str, Any], smallest: int) -> list[Mapping[str, Any]]:
    """The groups with enough rows for a curve, largest intervals aside."""
    return [g for g in entry["groups"] if sum(b["rows"] for b in g["bins"]) >= smallest]


def common_bins(groups: Sequence[Mapping[str, Any]]) -> list[dict[int, Mapping[str, Any]]]:
    """Bins of several groups side by side: one mapping a row, from the group's position.

    The groups share cut points, but each bin states the lowest and highest score inside it, and
    empty ones are left out; bins that overlap, or that no group holds twice, make a row.
    """
    held = sorted(
        ((b["low"], b["high"], i, b) for i, g in enumerate(groups) for b in g["bins"] if b["rows"]),
        key=lambda x: x[:3],
    )
    rows: list[dict[int, Mapping[str, Any]]] = []
    for _, _, i, b in held:
        if rows and i not in rows[-1]:
            rows[-1][i] = b
        else:
            rows.append({i: b})
    return rows


def outcome_words(look_: Look) -> str:
    """What calibration counts: the score and the rate rise together."""
    return "unfavourable outcomes" if look_.record.roles.risk is not None else "favourable outcomes"


def _calibration(entry: Mapping[str, Any], position: int, look_: Look) -> Chart:
    attribute = tuple(entry["attribute"])
    groups = calibration_groups(entry, look_.small)[:WIDEST]
    drawn = len(groups) <= BARS
    rows = []
    for bins in common_bins(groups):
        low, high = min(b["low"] for b in bins.values()), max(b["high"] for b in bins.values())
        cells = [
            _bin_cell(bins[i], drawn) if i in bins else Cell(text="—", note="nobody")
            for i in range(len(groups))
        ]
        rows.append((Cell(text=f"{text.number(low, 3)} to {text.number(high, 3)}"), *cells))
    cut = len(entry["groups"]) - len(groups)
    return Chart(
        name=chart_name("calibration", entry),
        title=f"Calibration by {text.attributes(attribute)}",
        reading=_calibration_reading(entry),
        twin=Grid(
            key=f"calibration-{position}",
            title=f"Predicted, and observed {outcome_words(look_)}, "
            f"by {text.attributes(attribute)}",
            columns=(
                Column(title="Predicted"),
                *(
                    Column(title=text.group(attribute, tuple(g["group"])), align="right")
                    for g in groups
                ),
            ),
            rows=tuple(rows),
            note=f"Observed {outcome_words(look_)} with Wilson intervals"
            + (", drawn from 0 to 100%; the tick is the mean prediction" if drawn else "")
            + ". Where the mean prediction lies outside the interval the score says more or less "
            "than what happened."
            + (f" {text.plural(cut, 'group')} not drawn: too small, or too many." if cut else ""),
        ),
    )


def _bin_cell(b: Mapping[str, Any], bars: bool) -> Cell:
    inside = 0 <= b["mean"] <= 1
    return Cell(
        text=text.percent(b["rate"], 0),
        note=f"{text.percent(b['rate_low'], 0).removesuffix('%')} to "
        f"{text.percent(b['rate_high'], 0)} · n {text.count(b['rows'])}",
        bar=Bar(
            kind="interval", start=0, end=1, value=b["rate"], low=b["rate_low"],
            high=b["rate_high"], line=b["mean"] if inside else float("nan"),
        )
        if bars
        else None,
    )  # fmt: skip


def _calibration_reading(entry: Mapping[str, Any]) -> str:
    total = off = 0
    for g in entry["groups"]:
        for b in g["bins"]:
            if b["rows"]:
                total += 1
                off += not b["rate_low"] <= b["mean"] <= b["rate_high"]
    if not off:
        return "In every bin the mean score lies inside the interval of what was observed."
    return (
        f"In {off} of {total} bins the mean score lies outside the interval of what was observed."
    )
