"""Section 7: the reasons denied applicants would be given, by group, and whether they hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.report import text
from audit.report.attached import Entry, attribute_of, num, who
from audit.report.blocks import Bar, Block, Callout, Cell, Column, Fold, Grid, Prose, Section
from audit.report.explained import explanation, shown_gaps
from audit.report.look import Look
from audit.report.sections import recourse

CODES = 10
"""Reasons in a table."""
GROUPS = 5
"""Groups side by side."""
DIFFERENT = 0.05
"""Adjusted p below which a difference between groups is named."""


def section(look_: Look) -> Section | None:
    """Reasons and recourse; None where neither is attached."""
    more = explanation(look_).get("more") or {}
    found = more.get("reasons")
    blocks: list[Block] = []
    if found:
        blocks.append(Prose(lines=((_reading(found),),), kind="lead"))
        blocks.extend(_flags(found))
        blocks.append(_by_group(look_, found))
        blocks.extend(_differences(found))
        blocks.append(_quality(look_, found))
        blocks.append(_small_print(found))
    blocks.extend(recourse.blocks(look_))
    if not blocks:
        return None
    return Section(
        key="reasons", title="Reasons for a person", short="Reasons", blocks=tuple(blocks)
    )


def _reading(found: Mapping[str, Any]) -> str:
    codes = sorted(found.get("codes") or (), key=lambda c: -num(c["first"]))
    rows = num(found["rows"])
    said = (
        f"{text.plural(num(found['denied']), 'denied applicant')}"
        f"{f', {text.count(rows)} of them looked at' if rows < num(found['denied']) else ''}."
    )
    if codes and rows > 0:
        first = codes[0]
        share = text.percent(num(first["first"]) / rows, 0)
        said += f" The most frequent principal reason, for {share}: “{text.said(first['text'])}”."
    return said


def _flags(found: Mapping[str, Any]) -> list[Block]:
    out: list[Block] = []
    protected = list(found.get("protected") or ())
    if protected:
        lines = tuple(
            (
                f"{text.name(str(p['feature']))} ({text.said(str(p['why']))}) lowers the score of "
                f"{text.plural(num(p['any']), 'denied applicant')} enough to be among their "
                f"reasons, and would be the first of {text.count(num(p['first']))}.",
            )
            for p in protected
        )
        out.append(
            Callout(tone="review", title="A prohibited basis stands among the reasons", lines=lines)
        )
    refused = list(found.get("refused") or ())
    if refused:
        out.append(
            Callout(
                tone="review",
                title="Texts that may not be sent as they are",
                lines=tuple(
                    (f"“{text.said(str(r['text']))}”: {text.said(str(r['why']))}.",)
                    for r in refused[:CODES]
                ),
                itemized=True,
            )
        )
    elif found.get("drafted"):
        line = (
            "Some texts were made from feature names. They are drafts: give reason codes of your "
            "own before anything is sent.",
        )
        out.append(Callout(tone="note", title="Draft texts", lines=(line,)))
    return out


def _shown(look_: Look, listed: list[Entry]) -> list[Entry]:
    """Everyone, then the groups of the attribute whose gap is drawn first."""
    gaps = shown_gaps(look_)
    own = attribute_of(gaps[0]) if gaps else None
    everyone = [e for e in listed if not attribute_of(e)]
    groups = [e for e in listed if attribute_of(e) and own in (None, attribute_of(e))]
    return [*everyone, *sorted(groups, key=lambda e: -num(e["rows"]))][:GROUPS]


def _by_group(look_: Look, found: Mapping[str, Any]) -> Grid:
    groups = _shown(look_, list(found["by_group"]))
    codes = sorted(found["codes"], key=lambda c: -num(c["rows"]))[:CODES]
    held = [{str(r["code"]): r for r in g["reasons"]} for g in groups]
    rows = tuple(
        (
            Cell(
                text=text.said(str(c["text"])),
                note=" · ".join(
                    [text.name(str(c["code"])), *([] if c["actionable"] is None else
                     ["can be acted on" if c["actionable"] else "cannot be acted on"])]
                ),
            ),
            *(_share(h.get(str(c["code"]))) for h in held),
        )
        for c in codes
    )  # fmt: skip
    return Grid(
        key="reasons-by-group",
        title="How often each reason is among the first four, by group",
        columns=(
            Column(title="Reason"),
            *(
                Column(title=f"{_named(g)} ({text.count(num(g['rows']))})", align="right")
                for g in groups
            ),
        ),
        rows=rows,
        note=f"Compared with {text.said(str(found['baseline']))}.",
    )  # fmt: skip


def _named(entry: Entry) -> str:
    return who(entry) if attribute_of(entry) else "Everyone"


def _share(r: Entry | None) -> Cell:
    if r is None:
        return Cell(text="0%")
    value = num(r["any"])
    return Cell(
        text=text.percent(value),
        note=f"{text.percents(num(r['any_low']), num(r['any_high']))}; first for "
        f"{text.percent(num(r['first']))}",
        bar=Bar(kind="share", start=0, end=1, value=value, tone="quiet"),
    )


def _differences(found: Mapping[str, Any]) -> list[Block]:
    told = [
        d
        for d in found.get("differences") or ()
        if num(d["p_adjusted"]) < DIFFERENT and d["place"] == "any"
    ]
    if not told:
        line = "No reason is given to one group more often than to its reference beyond chance."
        return [Prose(lines=((line,),))]
    lines = tuple(
        (
            f"“{text.said(str(d['text']))}” is told to {text.percent(num(d['value']))} of {who(d)} "
            f"and {text.percent(num(d['reference_value']))} of {who(d, 'reference')}: "
            f"{text.points(num(d['difference']))} ({text.points(num(d['low']))[:-3]} to "
            f"{text.points(num(d['high']))}; adjusted {text.p_sentence(num(d['p_adjusted']))}).",
        )
        for d in told[:CODES]
    )
    return [Callout(tone="note", title="Reasons told to one group more often", lines=lines,
                    itemized=True)]  # fmt: skip


def _quality(look_: Look, found: Mapping[str, Any]) -> Grid:
    def by_key(name: str, **wanted: str) -> dict[tuple[Any, Any], Entry]:
        return {
            (attribute_of(e), who(e)): e
            for e in found.get(name) or ()
            if all(e.get(k) == v for k, v in wanted.items())
        }

    faithful = by_key("faithfulness")
    stable = by_key("stability", trial="background")
    agree = by_key("agreement", method="one feature at a time")
    actionable = by_key("actionable")
    groups = _shown(look_, list(found["by_group"]))
    rows = []
    for g in groups:
        key = (attribute_of(g), who(g))
        rows.append(
            (
                Cell(text=_named(g), name=True),
                _rated(faithful.get(key), "improved", "random"),
                _rated(stable.get(key), "first"),
                _rated(agree.get(key), "first"),
                _rated(actionable.get(key), "share"),
            )
        )
    return Grid(
        key="reasons-quality",
        title="Whether the reasons hold",
        columns=(
            Column(title="Group"),
            Column(title="Score rises when they are mended", align="right"),
            Column(title="First reason stays with other comparisons drawn", align="right"),
            Column(title="Same first reason one feature at a time", align="right"),
            Column(title="Something can be acted on", align="right"),
        ),
        rows=tuple(rows),
        note=(
            "Faithful reasons name what moves the score: the features named are set to what is "
            "typical of approved applicants, beside as many others drawn at random."
        ),
    )


def _rated(entry: Entry | None, name: str, beside: str = "") -> Cell:
    value = num(entry.get(name)) if entry is not None else float("nan")
    if entry is None or value != value:
        return Cell(text="—", note=text.said(str((entry or {}).get("reason") or "")))
    low = num(entry.get(f"{name}_low", entry.get("low")))
    high = num(entry.get(f"{name}_high", entry.get("high")))
    note = text.percents(low, high) if low == low else ""
    if beside and num(entry.get(beside)) == num(entry.get(beside)):
        note += f"; others: {text.percent(num(entry[beside]))}"
    return Cell(text=text.percent(value), note=note)


def _small_print(found: Mapping[str, Any]) -> Block:
    lines: list[tuple[str]] = [
        (
            "A notice of denial must give specific principal reasons tied to factors actually "
            "scored; more than four is not likely to help (12 CFR 1002.9 and comment 9(b)(2)).",
        )
    ]
    lines += [(text.sentence(text.said(str(n))),) for n in found.get("notes") or ()]
    lines += [
        (f"Not made: {u['part']}: {text.sentence(text.said(str(u['reason'])))}",)
        for u in found.get("unavailable") or ()
    ]
    return Fold(title="How reasons were made", blocks=(Prose(lines=tuple(lines), kind="note"),))
