"""Section 4: errors by group, calibration, and which criteria cannot hold together here."""

from __future__ import annotations

from audit.inference.estimate import Estimate
from audit.report import look, text
from audit.report.blocks import Block, Callout, Chart, Column, Grid, Prose, Section
from audit.report.look import Look
from audit.report.sections import calibration
from audit.report.sections.curves import chart_name, printed

RATES = (
    ("true_positive_rate", "Approved, would repay (TPR)"),
    ("false_positive_rate", "Approved, would not (FPR)"),
    ("false_negative_rate", "Denied, would repay (FNR)"),
    ("precision", "Repaid, of the approved (PPV)"),
)
"""What is shown by group, in words a manager reads."""


MOST = 25
"""Groups in a table of errors."""


def section(look_: Look) -> Section:
    """Errors and calibration."""
    blocks: list[Block] = []
    singles: list[tuple[str, ...]] = [a for a in look_.attributes if len(a) == 1]
    shown: list[tuple[str, ...]] = [a for a in singles if any(look_.rates(m, a) for m, _ in RATES)]
    if not shown:
        if look_.record.roles.outcome is not None:
            blocks.append(
                Callout(
                    tone="note",
                    title="No decision was given",
                    lines=(
                        (
                            "An error is a decision that the outcome proves wrong. Outcomes are "
                            "known here and compared below; without decisions there is no error.",
                        ),
                    ),
                )
            )
            return _wrap(blocks)
        blocks.append(
            Callout(
                tone="note",
                title="No outcome was given",
                lines=(
                    (
                        "Errors can only be counted where it is known what happened afterwards. "
                        "Approval rates alone cannot show whether one group meets more of them.",
                    ),
                ),
            )
        )
        return _wrap(blocks)
    hidden = selective(look_)
    blocks.append(Prose(lines=((_reading(look_, shown, hidden),),), kind="lead"))
    if hidden:
        blocks.append(_selective_note())
    blocks.extend(_errors(look_, a) for a in shown)
    blocks.extend(printed(calibration.charts(look_), look_, "Calibration"))
    if not hidden:
        blocks.extend(_impossible(look_, shown))
    return _wrap(blocks)


def _wrap(blocks: list[Block]) -> Section:
    return Section(
        key="errors", title="Errors and calibration", short="Errors", blocks=tuple(blocks)
    )


def selective(look_: Look) -> bool:
    """Whether outcomes exist only where approval created them."""
    return any(
        e.reason is not None and "selective" in e.reason
        for a in look_.attributes
        if len(a) == 1
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


def _reading(look_: Look, attributes: list[tuple[str, ...]], hidden: bool) -> str:
    if hidden:
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
            title=f"Errors by {text.attributes(attribute)}, where decision and outcome are known",
            columns=(Column(title="Group"), *(Column(title=t, align="right") for _, t in RATES)),
            rows=tuple(rows),
            note="Wilson intervals, conditional on each rate's own denominator."
            + (f" {cut:,} more groups are in the JSON and CSV." if cut else ""),
        ),
    )


def _impossible(look_: Look, attributes: list[tuple[str, ...]]) -> list[Block]:
    """Chouldechova's identity, FPR = p/(1−p) · (1−PPV)/PPV · TPR, at the base rates found."""
    found = [words for a in attributes if (words := _trade(look_, a))]
    if not found:
        return []
    return [
        Callout(
            tone="note",
            title="What cannot hold together",
            lines=(
                (
                    "At unequal base rates a model that errs cannot have all of these at once: "
                    "equal approval rates, equal error rates (TPR and FPR), and equal meaning of "
                    "an approval (PPV, calibration). Choosing one gives up another.",
                ),
                *((words,) for words in found),
                (
                    "Sources: Chouldechova 2017; Kleinberg, Mullainathan and Raghavan 2016. The "
                    "base rates themselves come from the data's own labels.",
                ),
            ),
        )
    ]


def _trade(look_: Look, attribute: tuple[str, ...]) -> str:
    """The base rates of an attribute that differ most, and what equal TPR and PPV would cost."""
    base = [
        e
        for e in look_.rates("base_rate", attribute)
        if e.value == e.value and 0 < e.value < 1 and e.rows >= look_.small and None not in e.group
    ]
    if len(base) < 2:
        return ""
    low, high = min(base, key=lambda e: e.value), max(base, key=lambda e: e.value)
    if low.value == high.value:
        return ""
    low_name, high_name = (text.group(attribute, e.group) for e in (low, high))
    anchor = look_.reference(attribute) or high.group
    tpr = look_.rate("true_positive_rate", attribute, anchor)
    ppv = look_.rate("precision", attribute, anchor)
    words = (
        f"By {text.attributes(attribute)}, favourable outcomes are {text.percent(low.value)} of "
        f"{low_name} and {text.percent(high.value)} of {high_name}."
    )
    if tpr is None or ppv is None or tpr.value != tpr.value or not 0 < ppv.value < 1:
        return words
    odds = (1 - ppv.value) / ppv.value * tpr.value
    need = [text.percent(min(e.value / (1 - e.value) * odds, 1.0)) for e in (low, high)]
    return (
        f"{words} If every group had the TPR ({text.percent(tpr.value)}) and PPV "
        f"({text.percent(ppv.value)}) of {text.group(attribute, anchor)}, the FPR would have to "
        f"be {need[0]} among {low_name} and {need[1]} among {high_name}."
    )
