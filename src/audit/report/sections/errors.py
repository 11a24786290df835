"""Section 4: errors by group, calibration, and which criteria cannot hold together here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.inference.estimate import Estimate
from audit.report import look, text
from audit.report.blocks import Bar, Block, Callout, Cell, Chart, Column, Grid, Prose, Section
from audit.report.look import Look
from audit.report.sections.scores import chart_name

RATES = (
    ("true_positive_rate", "Approved, would repay (TPR)"),
    ("false_positive_rate", "Approved, would not (FPR)"),
    ("false_negative_rate", "Denied, would repay (FNR)"),
    ("precision", "Repaid, of the approved (PPV)"),
)
"""What is shown by group, in words a manager reads."""


MOST = 25
"""Groups in a table of errors."""

WIDEST = 6
"""Groups side by side in a calibration table."""


def section(look_: Look) -> Section:
    """Errors and calibration."""
    blocks: list[Block] = []
    singles = [a for a in look_.attributes if len(a) == 1]
    shown = [a for a in singles if any(look_.rates(m, a) for m, _ in RATES)]
    if not shown:
        blocks.append(
            Callout(
                tone="note",
                title="No outcome was given",
                lines=(
                    (
                        "Errors can only be counted where it is known what happened afterwards. "
                        "Approval rates alone cannot show whether the model errs more often for one "
                        "group.",
                    ),
                ),
            )
        )
        return _wrap(blocks)
    selective = _selective(look_, shown)
    blocks.append(Prose(lines=((_reading(look_, shown, selective),),), kind="lead"))
    if selective:
        blocks.append(_selective_note())
    blocks.extend(_errors(look_, a) for a in shown)
    blocks.extend(
        _calibration(c, i) for i, c in enumerate(look_.record.charts.get("calibration", ()))
    )
    for attribute in shown:
        block = _impossible(look_, attribute, selective)
        if block is not None:
            blocks.append(block)
    return _wrap(blocks)


def _wrap(blocks: list[Block]) -> Section:
    return Section(
        key="errors", title="Errors and calibration", short="Errors", blocks=tuple(blocks)
    )


def _selective(look_: Look, attributes: list[tuple[str, ...]]) -> bool:
    return any(
        e.reason is not None and "selective" in e.reason
        for a in attributes
        for e in look_.rates("true_positive_rate", a)
    )


def _selective_note() -> Callout:
    return Callout(
        tone="insufficient",
        title="Outcomes exist only for the approved",
        lines=(
            (
                "Approval creates the label here: nobody knows whether a denied applicant would "
                "have repaid. True and false positive rates would be 1 by construction, so they "
                "are undefined; the table shows the bounds that the data allow.",
            ),
            (
                "Repayment among the approved is shown as it is. It compares people at different "
                "distances from the cut-off, so a difference in it is not, by itself, a sign that "
                "one group met a higher bar.",
            ),
        ),
    )


def _reading(look_: Look, attributes: list[tuple[str, ...]], selective: bool) -> str:
    if selective:
        return "Error rates by group are known only within bounds."
    best: tuple[float, Estimate, Estimate] | None = None
    for a in attributes:
        rated = [
            e
            for e in look_.rates("false_negative_rate", a)
            if e.value == e.value and e.rows >= look_.small and None not in e.group
        ]
        if len(rated) > 1:
            low, high = min(rated, key=lambda e: e.value), max(rated, key=lambda e: e.value)
            if best is None or high.value - low.value > best[0]:
                best = (high.value - low.value, low, high)
    if best is None:
        return "Error rates by group, among people whose outcome is known."
    _, low, high = best
    return (
        f"Of those who would repay, {text.percent(high.value)} are denied in the group "
        f"{text.group(high.attribute, high.group)} and {text.percent(low.value)} in the group "
        f"{text.group(low.attribute, low.group)}."
    )


def _errors(look_: Look, attribute: tuple[str, ...]) -> Chart:
    groups = list(dict.fromkeys(e.group for m, _ in RATES for e in look_.rates(m, attribute)))
    cut, groups = max(len(groups) - MOST, 0), groups[:MOST]
    rows = []
    for group in groups:
        cells = []
        for metric, _ in RATES:
            e = look_.rate(metric, attribute, group)
            cells.append(look.share_cell(e))
        rows_of = look_.rate("base_rate", attribute, group)
        note = f"{text.plural(rows_of.rows, 'known outcome')}" if rows_of is not None else ""
        rows.append((look.name_cell(attribute, group, note), *cells))
    return Chart(
        name=chart_name("errors", {"attribute": attribute}),
        title=f"Error rates by {text.attributes(attribute)}",
        reading=(
            "Each point is a rate with its interval; where the intervals of two groups lie apart, "
            "the model errs differently for them."
        ),
        twin=Grid(
            key=f"errors-{look_.attributes.index(attribute)}",
            title=f"Errors by {text.attributes(attribute)}, among decided people with a known outcome",
            columns=(Column(title="Group"), *(Column(title=t, align="right") for _, t in RATES)),
            rows=tuple(rows),
            note="Wilson intervals, conditional on each rate's own denominator."
            + (f" {cut:,} more groups are in the JSON and CSV." if cut else ""),
        ),
    )


def _calibration(entry: Mapping[str, Any], position: int) -> Chart:
    attribute = tuple(entry["attribute"])
    groups = entry["groups"][:WIDEST]
    edges = sorted({(b["low"], b["high"]) for g in groups for b in g["bins"] if b["rows"]})
    rows = []
    for low, high in edges:
        cells = []
        for g in groups:
            found = [b for b in g["bins"] if (b["low"], b["high"]) == (low, high) and b["rows"]]
            cells.append(_bin_cell(found[0]) if found else Cell(text="—", note="nobody"))
        rows.append((Cell(text=f"{text.number(low, 2)} to {text.number(high, 2)}"), *cells))
    cut = len(entry["groups"]) - len(groups)
    return Chart(
        name=chart_name("calibration", entry),
        title=f"Calibration by {text.attributes(attribute)}",
        reading=_calibration_reading(entry),
        twin=Grid(
            key=f"calibration-{position}",
            title=f"Predicted and observed, by {text.attributes(attribute)}",
            columns=(
                Column(title="Predicted"),
                *(
                    Column(title=text.group(attribute, tuple(g["group"])), align="right")
                    for g in groups
                ),
            ),
            rows=tuple(rows),
            note="Observed favourable outcomes with Wilson intervals, drawn from 0 to 100%; the "
            "tick is the mean prediction. Where it lies outside the interval the score says more "
            "or less than what happened."
            + (f" {cut} more groups are in the JSON." if cut else ""),
        ),
    )


def _bin_cell(b: Mapping[str, Any]) -> Cell:
    inside = 0 <= b["mean"] <= 1
    return Cell(
        text=text.percent(b["rate"], 0),
        note=f"{text.percent(b['rate_low'], 0).removesuffix('%')} to "
        f"{text.percent(b['rate_high'], 0)} · n {text.count(b['rows'])}",
        bar=Bar(
            kind="interval", start=0, end=1, value=b["rate"], low=b["rate_low"],
            high=b["rate_high"], line=b["mean"] if inside else float("nan"),
        ),
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


def _impossible(look_: Look, attribute: tuple[str, ...], selective: bool) -> Block | None:
    """Chouldechova's identity, FPR = p/(1−p) · (1−PPV)/PPV · TPR, at the base rates found."""
    if selective:
        return None
    base = [
        e
        for e in look_.rates("base_rate", attribute)
        if e.value == e.value and 0 < e.value < 1 and e.rows >= look_.small and None not in e.group
    ]
    if len(base) < 2:
        return None
    low, high = min(base, key=lambda e: e.value), max(base, key=lambda e: e.value)
    if low.value == high.value:
        return None
    anchor = look_.reference(attribute) or high.group
    tpr = look_.rate("true_positive_rate", attribute, anchor)
    ppv = look_.rate("precision", attribute, anchor)
    lines = [
        (
            f"Favourable outcomes are {text.percent(low.value)} of "
            f"{text.group(attribute, low.group)} and {text.percent(high.value)} of "
            f"{text.group(attribute, high.group)}. At unequal base rates a model that errs cannot "
            "have all of these at once: equal approval rates, equal error rates (TPR and FPR), and "
            "equal meaning of an approval (PPV, calibration). Choosing one gives up another.",
        )
    ]
    if tpr is not None and ppv is not None and tpr.value == tpr.value and ppv.value == ppv.value:
        if 0 < ppv.value < 1:
            odds = (1 - ppv.value) / ppv.value * tpr.value
            need = [min(e.value / (1 - e.value) * odds, 1.0) for e in (low, high)]
            lines.append(
                (
                    f"For example: if every group had the TPR ({text.percent(tpr.value)}) and PPV "
                    f"({text.percent(ppv.value)}) of {text.group(attribute, anchor)}, the FPR would "
                    f"have to be {text.percent(need[0])} among {text.group(attribute, low.group)} "
                    f"and {text.percent(need[1])} among {text.group(attribute, high.group)}.",
                )
            )
    lines.append(
        (
            "Sources: Chouldechova 2017; Kleinberg, Mullainathan and Raghavan 2016. The base rates "
            "themselves come from the data's own labels.",
        )
    )
    return Callout(
        tone="note",
        title=f"What cannot hold together for {text.attributes(attribute)}",
        lines=tuple(lines),
    )
