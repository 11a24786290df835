"""A gap in decisions split by controls, as `audit.decompose` found it."""

from __future__ import annotations

from audit.report import text
from audit.report.attached import Entry, edge, num, signed_bar, widest
from audit.report.blocks import Block, Cell, Column, Fold, Grid, Prose
from audit.report.explained import entries
from audit.report.look import Look


def decompositions(look_: Look) -> list[Block]:
    """One block a decomposition attached."""
    return [block for i, d in enumerate(entries(look_, "decomposition")) for block in _one(d, i)]


def lead(look_: Look) -> list[Block]:
    """The first decomposition in a sentence, where nothing else leads the section."""
    for d in entries(look_, "decomposition")[:1]:
        gap, explained, rest = (num(d[k]) for k in ("gap", "explained", "unexplained"))
        reference, own = _sides(d)
        said = (
            f"{reference} and {own} differ by {text.number(gap)} in {text.name(str(d['column']))}"
        )
        if explained == explained:
            many = text.plural(len(d["controls"]), "control")
            said += (
                f": {text.number(explained)} goes with the {many}, {text.number(rest)} is not "
                "accounted for by them"
            )
        return [Prose(lines=((f"{said}.",),), kind="lead")]
    return []


def _sides(d: Entry) -> tuple[str, str]:
    """The reference and the group in words."""
    attribute = (str(d["attribute"]),)
    own = text.group(attribute, tuple(d["group"])) if d["group"] else "all others"
    return text.group(attribute, tuple(d["reference"])), own


def _one(d: Entry, place: int) -> list[Block]:
    reach = edge(num(d[k]) for k in ("gap", "low", "high", "explained", "unexplained"))
    reference, own = _sides(d)
    rows = [
        _row("Gap", f"{reference} less {own}", d, reach, "gap"),
        _row("Goes with the controls", "pooled coefficients", d, reach, "explained", "explained_"),
        _row("Not accounted for by them", "pooled coefficients", d, reach, "unexplained",
             "unexplained_"),
    ]  # fmt: skip
    for name, words in (("by_reference", reference), ("by_group", own)):
        if num(d[name]["unexplained"]) == num(d[name]["unexplained"]):
            rows.append(
                _row("Not accounted for", f"coefficients of {words} alone", d[name], reach,
                     "unexplained", "unexplained_")
            )  # fmt: skip
    within = d.get("within")
    if within and num(within["value"]) == num(within["value"]):
        strata = text.listed(text.name(str(s)) for s in within["strata"])
        rows.append(_row("Within strata", f"of {strata}, Mantel-Haenszel", within, reach))
    many = len(d["controls"])
    out: list[Block] = [
        Grid(
            key=f"decomposition-{place}",
            title=f"The gap in {text.name(str(d['column']))} by {text.name(str(d['attribute']))}, "
            f"with {text.plural(many, 'control')} held equal",
            columns=(
                Column(title="Part"),
                Column(title="Reference less group", align="right"),
                Column(title="Interval", align="bar"),
            ),
            rows=tuple(rows),
            note=(
                f"{text.plural(num(d['rows']), 'complete row')} of "
                f"{text.count(num(d['rows_total']))}; Kitagawa–Oaxaca–Blinder, {d['method']}. What "
                "these controls do not account for may come from what they leave out or from "
                "unequal treatment; a control that is itself a product of unequal treatment "
                "hides a gap."
            ),
        )
    ]
    parts = [p for p in d.get("parts") or () if num(p["value"]) == num(p["value"])]
    if parts:
        out.append(_parts(parts, place))
    if d.get("reason"):
        out.append(Prose(lines=((text.sentence(text.said(str(d["reason"]))),),), kind="note"))
    return out


def _row(
    title: str, note: str, entry: Entry, reach: float, value: str = "value", name: str = ""
) -> tuple[Cell, ...]:
    """A part and its limits, whose names have `name` before "low" and "high"."""
    x, low, high = num(entry[value]), num(entry[f"{name}low"]), num(entry[f"{name}high"])
    if x != x:
        return Cell(text=title, note=note), Cell(text="—", note="undefined"), Cell()
    ends = "—" if low != low else f"{text.number(low)} to {text.number(high)}"
    return (
        Cell(text=title, note=note),
        Cell(text=text.number(x, 4), note=ends),
        Cell(bar=signed_bar(entry, reach, value, name)),
    )


def _parts(parts: list[Entry], place: int) -> Fold:
    parts = sorted(parts, key=lambda p: -abs(num(p["value"])))
    reach = widest(parts)
    rows = tuple(_row(text.name(str(p["control"])), "", p, reach) for p in parts)
    grid = Grid(
        key=f"decomposition-parts-{place}",
        title="The part that goes with the controls, by control",
        columns=(
            Column(title="Control"),
            Column(title="Part", align="right"),
            Column(title="Interval", align="bar"),
        ),
        rows=rows,
        note="The part not accounted for is never itemised: no control carries it.",
    )
    return Fold(title="By control", blocks=(grid,))
