"""Continuous decisions (a limit, a price, a score alone): how much, by group."""

from __future__ import annotations

import math

from audit.inference.estimate import Estimate
from audit.report import look, text
from audit.report.blocks import Bar, Block, Cell, Column, Grid, Prose
from audit.report.look import Look
from audit.table.roles import Group

GAPS = (
    ("score_10th_percentile_difference", "10%"),
    ("score_25th_percentile_difference", "25%"),
    ("score_median_difference", "Median"),
    ("score_75th_percentile_difference", "75%"),
    ("score_90th_percentile_difference", "90%"),
)
MEASURES = (
    "mean_score",
    "mean_score_difference",
    "mean_score_ratio",
    "score_ks_distance",
    "score_wasserstein_distance",
)

Key = tuple[str, str, tuple[str, ...], Group]


def amount(value: float, *, signed: bool = False) -> str:
    """An amount with about four digits, in its own unit.

    >>> amount(3242.8), amount(0.05123), amount(-278.83, signed=True), amount(math.inf)
    ('3,243', '0.05123', '−278.8', '∞')
    """
    if math.isnan(value):
        return "—"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    shown = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return text.minus(f"+{shown}" if signed and value > 0 else shown)


def blocks(look_: Look) -> list[Block]:
    """Two tables for each continuous decision and attribute; none where there is no such."""
    roles = look_.record.roles
    columns = list(roles.amount)
    if roles.decided_by == "none":
        columns += [c for c in (roles.score, roles.risk) if c is not None]
    found = _index(look_, columns)
    out: list[Block] = []
    for column in columns:
        for name in look_.by_concern():
            out += _of_attribute(look_, found, column, (name,))
            out += _held_equal(look_, column, (name,))
    return out


def _held_equal(look_: Look, column: str, attribute: tuple[str, ...]) -> list[Block]:
    """Raw and adjusted gaps beside each other, strata held equal."""
    entries = [a for a in look_.record.charts.get("adjusted", ()) if a["column"] == column]
    gaps = [
        (a, g)
        for a in entries
        for g in a["gaps"]
        if tuple(g["attribute"]) == attribute and g["rows"] >= look_.small
    ]
    if not gaps:
        return []
    entry = gaps[0][0]
    reference = text.group(attribute, tuple(gaps[0][1]["reference"]))
    strata = text.listed(text.name(s) for s in look_.record.roles.strata)
    return [
        Grid(
            key=look_key("amount-adjusted", f"{column}-by-{attribute[0]}"),
            title=f"Adjusted gap in {text.name(column)} by {text.attributes(attribute)}",
            columns=(
                Column(title="Group"),
                Column(title="Raw gap", align="right"),
                Column(title=f"With {strata} held equal", align="right"),
                Column(title="p", align="right"),
                Column(title="Rows", align="right"),
            ),
            rows=tuple(
                (
                    look.name_cell(attribute, tuple(g["group"]), f"against {reference}"),
                    _limits(g["raw"], g["raw_low"], g["raw_high"], g["reason"]),
                    _limits(g["value"], g["low"], g["high"], g["reason"]),
                    Cell(text=text.p_value(g["p_value"])),
                    Cell(text=text.count(g["rows"]), note=f"vs {text.count(g['reference_rows'])}"),
                )
                for _, g in gaps
            ),
            note=(
                f"Least squares on the group and {strata}, robust errors "
                f"({entry['method'].rpartition(', ')[2]}), on the {text.count(entry['rows'])} of "
                f"{text.count(entry['rows_total'])} rows that have every value. A factor that is "
                "itself a product of unequal treatment hides a gap; these gaps explore, they do "
                "not decide."
            ),
        )
    ]


def _limits(value: float, low: float, high: float, reason: str) -> Cell:
    if value != value:
        return Cell(text="—", note=text.visible(reason or "undefined"))
    if low != low:
        return Cell(text=amount(value, signed=True), note="no interval")
    return Cell(
        text=amount(value, signed=True),
        note=f"{amount(low, signed=True)} to {amount(high, signed=True)}",
    )


def _index(look_: Look, columns: list[str]) -> dict[Key, Estimate]:
    wanted = {*MEASURES, *(key for key, _ in GAPS)}
    table = look_.record.estimates.columns
    kept = [
        i
        for i, (metric, column) in enumerate(zip(table["metric"], table["column"], strict=True))
        if column in columns and metric in wanted
    ]
    return {
        (e.metric, e.column or "", e.attribute, e.group): e
        for e in (look_.record.estimates[i] for i in kept)
    }


def _of_attribute(
    look_: Look, found: dict[Key, Estimate], column: str, attribute: tuple[str, ...]
) -> list[Block]:
    means = [
        e
        for (metric, of, whose, _), e in found.items()
        if (metric, of, whose) == ("mean_score", column, attribute) and e.rows >= look_.small
    ]
    if len(means) < 2:
        return []
    gaps = {
        e.group: e
        for (metric, of, whose, _), e in found.items()
        if (metric, of, whose) == ("mean_score_difference", column, attribute)
    }

    def of(metric: str, e: Estimate) -> Estimate | None:
        return found.get((metric, column, attribute, e.group))

    anchor = f"{column}-by-{attribute[0]}"
    named = text.name(column)
    reference = next((g.reference for g in gaps.values()), None)
    against = "" if reference is None else f" against {text.group(attribute, reference)}"
    out: list[Block] = [Prose(lines=((_reading(look_, column, attribute, means, gaps),),))]
    ratios = [r for e in means if (r := of("mean_score_ratio", e)) is not None]
    scale = look.ratio_scale(ratios)
    out.append(
        Grid(
            key=look_key("amount", anchor),
            title=f"{named} by {text.attributes(attribute)}",
            columns=(
                Column(title="Group"),
                Column(title="Mean", align="right"),
                Column(title="Gap of means", align="right"),
                Column(title="Ratio of means", align="right"),
                Column(title="Interval and parity", align="bar"),
                Column(title="KS distance", align="right"),
                Column(title="Mean move", align="right"),
                Column(title="Rows", align="right"),
            ),
            rows=tuple(
                (
                    look.name_cell(attribute, e.group, "reference" if e.group == reference else ""),
                    _cell(e),
                    _cell(gaps.get(e.group), signed=True),
                    _cell(of("mean_score_ratio", e), digits=3),
                    Cell(bar=_ratio_bar(of("mean_score_ratio", e), scale)),
                    _cell(of("score_ks_distance", e), digits=3),
                    _cell(of("score_wasserstein_distance", e)),
                    Cell(text=text.count(e.rows)),
                )
                for e in means
            ),
            note=(
                f"Rows with a value{against}; gaps are group minus reference, ratios group over "
                "reference. KS is the largest gap between the two distributions, the mean move how "
                "far values would have to move, on average, to make them alike. Groups of fewer "
                f"than {look_.small} rows are in the JSON and CSV."
            ),
        )
    )
    compared = [e for e in means if e.group in gaps]
    if any(of(key, e) for e in compared for key, _ in GAPS):
        out.append(
            Grid(
                key=look_key("amount-quantiles", anchor),
                title=f"Gaps in {named} by percentile, {text.attributes(attribute)}",
                columns=(
                    Column(title="Group"),
                    *(Column(title=title, align="right") for _, title in GAPS),
                ),
                rows=tuple(
                    (
                        look.name_cell(attribute, e.group),
                        *(_cell(of(key, e), signed=True) for key, _ in GAPS),
                    )
                    for e in compared
                ),
                note=(
                    f"The group's percentile minus the reference's{against}, with its interval: a "
                    "gap of means can hide one that only some applicants meet."
                ),
            )
        )
    return out


def look_key(stem: str, name: str) -> str:
    """An anchor of letters and digits; what a name adds is kept apart by its characters.

    >>> look_key("amount", "credit limit")
    'amount-credit-20limit'
    """
    return stem + "-" + "".join(c if c.isascii() and c.isalnum() else f"-{ord(c):x}" for c in name)


def _reading(
    look_: Look,
    column: str,
    attribute: tuple[str, ...],
    means: list[Estimate],
    gaps: dict[Group, Estimate],
) -> str:
    direction = look_.record.roles.amount.get(column)
    better = direction or ("higher" if column == look_.record.roles.score else "lower")
    known = [g for e in means if (g := gaps.get(e.group)) is not None and g.value == g.value]
    lead = f"A {better} {text.name(column)} is better for the applicant."
    if not known:
        return f"{lead} No gap could be computed; the reasons stand in the table."
    widest = max(known, key=lambda g: abs(g.value))
    side = "less" if widest.value < 0 else "more"
    interval = (
        f" ({text.level_percent(widest.level)} interval {amount(widest.low)} to "
        f"{amount(widest.high)})"
        if widest.low == widest.low
        else ""
    )
    return (
        f"{lead} The widest gap: {text.group(attribute, widest.group)} has on average "
        f"{amount(abs(widest.value))} {side} than "
        f"{text.compared(widest)}{interval}."
    )


def _cell(e: Estimate | None, *, signed: bool = False, digits: int = 0) -> Cell:
    if e is None:
        return Cell(text="—")
    if e.value != e.value:
        return Cell(text="—", note=look.why_undefined(e))

    def shown(value: float) -> str:
        return text.number(value, digits) if digits else amount(value, signed=signed)

    if e.low != e.low:
        return Cell(text=shown(e.value), note=text.visible(e.reason or "no interval"))
    return Cell(text=shown(e.value), note=f"{shown(e.low)} to {shown(e.high)}")


def _ratio_bar(e: Estimate | None, scale: tuple[float, float]) -> Bar | None:
    if e is None or e.value != e.value or not e.value > 0:
        return None
    return Bar(
        kind="interval", start=scale[0], end=scale[1], value=e.value, low=e.low, high=e.high,
        log=True, parity=1.0,
    )  # fmt: skip
