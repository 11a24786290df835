"""Who would change: gains and losses of an approval by group, and what becomes of the gap."""

from __future__ import annotations

from collections.abc import Sequence

from audit.report import compared, text
from audit.report.attached import Entry, attribute_of, bar, edges, ends, num, who
from audit.report.blocks import Block, Cell, Column, Fold, Grid, Prose
from audit.report.look import Look

READINGS = {
    "narrower": "it is narrower",
    "wider": "it is wider",
    "turned round": "it has turned round",
    "not told apart": "these people cannot tell the change from none",
    "unchanged": "nobody in either group changes",
}
"""What a gap's change comes to."""

MOST = 24
"""Rows of the table by outcome."""


def of_candidate(name: str, found: Entry) -> list[Block]:
    """Who changes between the baseline and the candidate that is shown."""
    one = compared.nearest(found)
    if one is None:
        return []
    told = one["changed"]
    after = compared.title(one)
    out = _blocks(told, f"changes-{name}", "the model as it is", after,
                  float(found["level"]), attribute=str(found["attribute"]))  # fmt: skip
    if one["name"] != found.get("recommendation") and out:
        shown = f"{after} is shown because its disparity is the least; it is not recommended."
        out.insert(1, Prose(lines=((shown,),), kind="note"))
    return out


def attached(look_: Look, *, lead: bool) -> list[Block]:
    """Who changes between two decisions that were attached."""
    found = compared.part(look_, "changes")
    if not found:
        return []
    before, after = (text.name(str(found[k])) for k in ("before", "after"))
    return _blocks(
        found, "changes", before, after, num(found["level"]), kind="lead" if lead else "plain"
    )


def _blocks(
    told: Entry, key: str, before: str, after: str, level: float, *, attribute: str = "",
    kind: str = "plain",
) -> list[Block]:  # fmt: skip
    groups = [g for g in told.get("groups") or () if g["outcome"] == "all" and g["rows"]]
    if not groups:
        return []
    out: list[Block] = [Prose(lines=((sentence(told, before, after, attribute),),), kind=kind)]
    title = f"Who would change from {before} to {after}"
    if key.endswith("-alternatives"):
        title = compared.caption("alternatives", title)
    out.append(_grid(groups, key, title, level))
    by_outcome = [g for g in told["groups"] if g["outcome"] not in ("all", "unknown") and g["rows"]]
    if by_outcome:
        shown = _grid(by_outcome[:MOST], f"{key}-outcome", f"{title}, by outcome", level)
        out.append(Fold(title="The same by outcome", blocks=(shown,)))
    return out


def sentence(told: Entry, before: str, after: str, attribute: str = "") -> str:
    """Who gains and loses, what becomes of the widest gap, and how near the cut-off they are."""
    everyone = next(g for g in told["groups"] if not g["group"] and g["outcome"] == "all")
    said = (
        f"From {before} to {after}, {text.count(num(everyone['gained']))} of "
        f"{text.plural(num(everyone['rows']), 'person', 'people')} would gain an approval and "
        f"{text.count(num(everyone['lost']))} would lose one."
    )
    gaps = [
        g for g in told.get("gaps") or ()
        if g["outcome"] == "all" and num(g["change"]["value"]) == num(g["change"]["value"])
        and (not attribute or attribute_of(g) == (attribute,))
    ]  # fmt: skip
    if gaps:
        wide = max(gaps, key=lambda g: abs(num(g["before"]["value"])))
        limits = ends(wide["change"], text.points)
        said += (
            f" The gap of {who(wide)} to {who(wide, 'reference')} goes from "
            f"{text.points(num(wide['before']['value']))} to "
            f"{text.points(num(wide['after']['value']))} (change "
            f"{text.points(num(wide['change']['value']))}{limits and f', {limits}'}): "
            f"{READINGS.get(str(wide['reading']), text.said(str(wide['reading'])))}."
        )
    near = [c for c in told.get("closeness") or () if not c["group"] and c["changed"] == "either"]
    if near and near[0]["rows"] and num(near[0]["near"]["value"]) == num(near[0]["near"]["value"]):
        said += (
            f" {text.percent(num(near[0]['near']['value']), 0)} of those who change are among the "
            "tenth of people nearest the cut-off."
        )
    return said


def _grid(groups: Sequence[Entry], key: str, title: str, level: float) -> Grid:
    axis = edges([{"value": 0.0}, *(g["net"] for g in groups)])
    outcomes = any(g["outcome"] != "all" for g in groups)
    rows = []
    for g in groups:
        before, after = (num(g[k]["value"]) for k in ("before", "after"))
        rates = f"{text.percent(before)} → {text.percent(after)}"
        rows.append(
            (
                Cell(text=who(g) if g["group"] else "everyone",
                     note=str(g["outcome"]) if outcomes else "", name=True),
                Cell(text=text.count(num(g["rows"]))),
                Cell(text=text.count(num(g["gained"]))),
                Cell(text=text.count(num(g["lost"]))),
                Cell(text=rates) if before == before else Cell(text="—", note=_reason(g)),
                Cell(text=text.points(num(g["net"]["value"])),
                     note=ends(g["net"], text.points)),
                Cell(bar=bar(g["net"], axis, 0.0)),
            )
        )  # fmt: skip
    return Grid(
        key=key,
        title=title,
        columns=(
            Column(title="Group"),
            Column(title="People", align="right"),
            Column(title="Gain", align="right"),
            Column(title="Lose", align="right"),
            Column(title="Approved", align="right"),
            Column(title="Net change", align="right"),
            Column(title="Interval", align="bar"),
        ),
        rows=tuple(rows),
        note=f"Gain: denied before, approved after; lose: the reverse. Net change is paired, with "
        f"{text.level_percent(level)} limits.",
    )


def _reason(g: Entry) -> str:
    return text.said(str(g["reason"])) if g.get("reason") else ""
