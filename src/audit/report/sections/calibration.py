"""Calibration by group: what was predicted, and what was observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.report import text
from audit.report.blocks import Bar, Cell, Chart, Column, Grid
from audit.report.look import Look
from audit.report.sections.curves import BARS, WIDEST, chart_name


def charts(look_: Look) -> list[tuple[tuple[str, ...], Chart]]:
    """Calibration curves, with the attribute each is of."""
    found = look_.record.charts.get("calibration", ())
    return [(tuple(c["attribute"]), _calibration(c, i, look_)) for i, c in enumerate(found)]


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
        note=f"{text.percents(b['rate_low'], b['rate_high'], 0)} · n {text.count(b['rows'])}",
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
