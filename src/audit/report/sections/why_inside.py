"""Inside the model: which features count for which group, where it errs, its own terms."""

from __future__ import annotations

from audit.report import text
from audit.report.attached import Entry, edge, num, signed_bar, who
from audit.report.blocks import Bar, Block, Cell, Column, Fold, Grid, Prose
from audit.report.explained import amount, entries, explanation
from audit.report.look import Look

FEATURES = 10
"""Features by importance in a table."""
GROUPS = 6
"""Groups side by side."""
LEAVES = 10
"""Places where the model errs in a table."""


def blocks(look_: Look) -> list[Block]:
    """What is known about the inside; empty where nothing is."""
    return [*_errors(look_), *_importance(look_), *_glass_box(look_)]


def _importance(look_: Look) -> list[Block]:
    own = explanation(look_).get("attribute")
    told = [i for i in entries(look_, "more", "importance") if i["attribute"] == own]
    if not told:
        return []
    groups: dict[str, dict[str, float]] = {}
    rows_of: dict[str, float] = {}
    for i in told:
        name = who(i)
        groups.setdefault(name, {})[str(i["feature"])] = num(i["value"])
        rows_of[name] = num(i["rows"])
    shown = sorted(groups, key=lambda g: -rows_of[g])[:GROUPS]
    ranked = sorted(groups[shown[0]], key=lambda f: -groups[shown[0]][f])[:FEATURES]
    end = 1.05 * max((groups[g].get(f, 0.0) for g in shown for f in ranked), default=1.0) or 1.0
    rows = tuple(
        (Cell(text=text.name(f), name=True), *(_length(groups[g].get(f), end) for g in shown))
        for f in ranked
    )
    grid = Grid(
        key="importance",
        title="How much each feature moves scores, by group",
        columns=(Column(title="Feature"), *(Column(title=g, align="right") for g in shown)),
        rows=rows,
        note="Mean absolute SHAP value of the group's rows, on the scale of the gap.",
    )
    return [Fold(title="Importance by group", blocks=(grid,))]


def _length(value: float | None, end: float) -> Cell:
    if value is None or value != value:
        return Cell(text="—")
    return Cell(
        text=text.number(value), bar=Bar(kind="share", start=0, end=end, value=value, tone="quiet")
    )


def _errors(look_: Look) -> list[Block]:
    leaves = entries(look_, "more", "errors")
    if not leaves:
        return []
    rows = tuple(
        (
            Cell(text=text.said(str(leaf["rule"])), note=text.said(str(leaf["kind"]))),
            Cell(
                text=text.percent(num(leaf["value"])),
                note=text.percents(num(leaf["low"]), num(leaf["high"])),
            ),
            Cell(
                bar=Bar(kind="interval", start=0, end=1, value=num(leaf["value"]),
                        low=num(leaf["low"]), high=num(leaf["high"]),
                        parity=num(leaf["overall"]))
            ),
            Cell(text=text.count(num(leaf["rows"]))),
        )
        for leaf in leaves[:LEAVES]
    )  # fmt: skip
    grid = Grid(
        key="error-tree",
        title="Where the model errs",
        columns=(
            Column(title="Applicants"),
            Column(title="Wrong", align="right"),
            Column(title="Interval; dotted: everyone", align="bar"),
            Column(title="Rows", align="right"),
        ),
        rows=rows,
        note=(
            "Places found by a tree on one half of the rows; the shares are of the other half, so "
            "that finding them does not flatter them."
        ),
    )
    return [Fold(title="Errors by kind of applicant", blocks=(grid,))]


def _glass_box(look_: Look) -> list[Block]:
    more = explanation(look_).get("more") or {}
    found = more.get("glass_box")
    if not found:
        return []
    terms: list[Entry] = list(found["terms"])
    scale = str(found.get("scale") or explanation(look_).get("scale", "output"))
    reach = edge(num(t[k]) for t in terms for k in ("own", "shap"))
    rows = tuple(
        (
            Cell(text=text.name(str(t["feature"])), name=True),
            Cell(
                text=amount(num(t["own"]), scale), bar=signed_bar({"own": t["own"]}, reach, "own")
            ),
            Cell(
                text=amount(num(t["shap"]), scale),
                bar=signed_bar({"shap": t["shap"]}, reach, "shap"),
            ),
            Cell(text="agree" if t["agrees"] else "differ"),
        )
        for t in terms
    )
    grid = Grid(
        key="glass-box",
        title=f"The model's own terms beside SHAP ({text.said(str(found['kind']))})",
        columns=(
            Column(title="Feature"),
            Column(title="Own term's part of the gap", align="right"),
            Column(title="SHAP's part", align="right"),
            Column(title="Agreement"),
        ),
        rows=rows,
        note=text.sentence(text.said(str(found["statement"]))),
    )
    return [Fold(title="The model's own terms", blocks=(Prose(lines=(
        ("A model that can be read needs no approximation; where the two columns differ, "
         "believe the first.",),)), grid))]  # fmt: skip
