"""What the maker of an audit told about it: the model, other models beside it, the time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from audit.report import look, text
from audit.report.blocks import Bar, Block, Callout, Cell, Column, Grid
from audit.report.look import Look

TOLD = ("comparison", "model", "stamp", "metrics")
"""Settings with a place of their own; section 10 lists the others."""

NEEDED = ("model", "metric", "attribute", "group", "reference", "ratio")
"""What a row of a comparison must have."""


def stamp(settings: Mapping[str, Any]) -> str:
    """When the report was made, where that was asked for; else empty.

    >>> stamp({"stamp": "2026-11-24T11:07:31+00:00"}), stamp({})
    ('2026-11-24 11:07:31 UTC', '')
    """
    told = settings.get("stamp")
    if told is None:
        return ""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:\+00:00|Z)", str(told))
    return f"{found[1]} {found[2]} UTC" if found else text.visible(str(told), 60)


def model(look_: Look) -> list[Block]:
    """How the model was made, in its maker's words."""
    told = look_.record.provenance.settings.get("model")
    if told is None or not str(told).strip():
        return []
    line = (text.sentence(text.said(str(told), 2_000)),)
    return [Callout(tone="note", title="The model", lines=(line,))]


def comparison(look_: Look) -> list[Block]:
    """Other models on the same people: how well each ranks, and its gap where this one's is."""
    rows = compared(look_.record.provenance.settings)
    if not rows:
        return []
    first = rows[0]
    attribute, group = tuple(first["attribute"]), tuple(first["group"])
    reference = tuple(first["reference"])
    own = look_.pair(first["metric"], attribute, group, reference)
    audited = [own is not None and r["ratio"] == own.value for r in rows]
    if own is not None and not any(audited):
        rows, audited = [_own_row(look_, first, own), *rows], [True, *audited]
    scale = look.ratio_scale([_estimate(r) for r in rows])
    against = f"{text.group(attribute, group)} against {text.group(attribute, reference)}"
    return [
        Grid(
            key="comparison",
            title="Compared with another model" if len(rows) < 3 else "Compared with other models",
            columns=(
                Column(title="Model"),
                Column(title="Ranking (AUC)", align="right"),
                Column(title="Approved overall", align="right"),
                Column(title="Ratio", align="right"),
                Column(title="Interval and line", align="bar"),
            ),
            rows=tuple(_row(r, a, scale) for r, a in zip(rows, audited, strict=True)),
            scale=Bar(
                kind="interval", start=scale[0], end=scale[1], log=True, line=0.8, parity=1.0
            ),
            note=f"{look.title(first['metric'])}, {against}, on the same people. Only the audited "
            "model is judged. An AUC of 0.5 ranks like a coin, 1 without error.",
        )
    ]


def compared(settings: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rows of a comparison that can be shown as one, all of the first one's groups."""
    told = settings.get("comparison")
    if not isinstance(told, Sequence) or isinstance(told, str):
        return []
    rows = [r for r in told if isinstance(r, Mapping) and all(k in r for k in NEEDED)]
    about = ("metric", "attribute", "group", "reference")
    return [r for r in rows if all(r[k] == rows[0][k] for k in about)]


def _own_row(look_: Look, first: Mapping[str, Any], own: Any) -> Mapping[str, Any]:
    auc, approved = look_.rate("auc", (), ()), look_.rate("selection_rate", (), ())
    nan = float("nan")
    return {
        **first, "model": "the audited decisions", "ratio": own.value, "low": own.low,
        "high": own.high, "auc": nan if auc is None else auc.value,
        "approval_rate": nan if approved is None else approved.value,
    }  # fmt: skip


def _number(row: Mapping[str, Any], key: str) -> float:
    value = row.get(key)
    return float(value) if isinstance(value, int | float) else float("nan")


def _estimate(row: Mapping[str, Any]) -> Any:
    from audit.inference.estimate import Estimate

    return Estimate(
        metric=row["metric"], attribute=tuple(row["attribute"]), group=tuple(row["group"]),
        value=_number(row, "ratio"), low=_number(row, "low"), high=_number(row, "high"),
    )  # fmt: skip


def _row(row: Mapping[str, Any], audited: bool, scale: tuple[float, float]) -> tuple[Cell, ...]:
    e, auc = _estimate(row), _number(row, "auc")
    drawn = e.value == e.value
    return (
        Cell(text=text.visible(str(row["model"]), 60), note="audited here" if audited else ""),
        Cell(text=text.number(auc, 3) if auc == auc else "—"),
        Cell(text=text.percent(_number(row, "approval_rate"))),
        Cell(
            text=look.value(e, 0.8),
            note=look.interval(e, 0.8) if e.low == e.low else "",
        ),
        Cell(
            bar=look.ratio_bar(e.value, e.low, e.high, scale) if drawn else None
        ),
    )  # fmt: skip
