"""A gap in decisions split by controls, without a model: Kitagawa, Oaxaca and Blinder."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.explanation.decompose_sides import Sides, attribute_of, coded, refused, sides_of
from audit.table.roles import Group, Level
from audit.table.wording import listed, shown, suggestion

if TYPE_CHECKING:
    from audit.explanation.decompose_sample import Sample
    from audit.explanation.decomposition import Decomposition, Within
    from audit.table.rows import Table

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

METHODS = ("linear", "logit")


def decompose(
    source: Any,
    *,
    controls: Sequence[str] = (),
    attribute: str | None = None,
    group: Level | Group = None,
    column: str | None = None,
    method: str = "linear",
    categorical: Sequence[str] = (),
    level: float = 0.95,
    **roles: Any,
) -> Decomposition:
    """Split a gap in favourable decisions into the part that goes with controls, and the rest.

    gap = mean of the reference − mean of the group = explained + unexplained, on the rows that
    have every value (counted). `method="linear"` (Kitagawa 1955; Oaxaca 1973; Blinder 1973):
    least squares on the controls and an indicator of the reference; unexplained is the
    indicator's coefficient, explained Σ coefficient × difference of means (Fortin 2008; Jann
    2008). `method="logit"`: a pooled logistic fit without the indicator; explained is the
    difference of mean predictions, its parts by Yun's weights (Economics Letters 82, 2004,
    275-280). `.by_reference` and `.by_group` give the same split with one side's own
    coefficients: read the three as a range. Categories make a column a value, folded back into
    one part, which does not depend on the value left out. The unexplained part is what these
    controls do not account for; it is not itemised, because items would depend on arbitrary base
    values, and is no name for a cause: what was left out and unequal treatment both end up in it,
    and a control that is itself a product of unequal treatment hides a gap.

    Limits: delta method with the sampling of means (Jann, Stata Journal 8, 2008, 453-479),
    robust (HC3), by applicant where `cluster` is given (CR1), Student's t; sampling weights and
    frequencies as in `audit.regress`. `.within` is the gap inside the table's strata
    (Mantel-Haenszel), on the same rows.

    `source` is a table or anything `audit.read` takes, with its arguments. `attribute`: the only
    protected one, else the one with the widest gap (said in `.notes`). `group`: a level or a
    tuple of one, ("Black",); None pools all levels but the reference (without missing ones,
    which are counted). `column`: the decision unless there is none, then the outcome; or a
    score, risk or amount. `categorical` names numeric controls to be read as categories.

    Raises `InputError` EXP040 (arguments), EXP041 (fewer than two complete rows on a side), TBL044
    (a control that cannot be one; no rows in memory; groups that overlap), TBL001 and TBL004
    (controls), and what `audit.read` raises.

    >>> loans = {"sex": list("ffffmmmm"), "ok": [0, 0, 1, 1, 0, 1, 1, 1],
    ...          "income": [1, 2, 3, 4, 3, 4, 5, 6]}
    >>> found = decompose(loans, protected="sex", decision="ok", favorable=1,
    ...                   reference={"sex": "m"}, controls=["income"])
    >>> found.gap, round(found.explained, 3), round(found.unexplained, 3), found.rows
    (0.25, 0.7, -0.45, 8)
    """
    from audit.explanation.decompose_parts import headline, own
    from audit.explanation.decompose_sample import GROUP, REFERENCE, support
    from audit.explanation.decomposition import Decomposition
    from audit.inference.checks import one_level

    level = one_level(level)
    table = _table(source, roles)
    held, forced = _names(controls, categorical)
    if not isinstance(method, str) or method not in METHODS:
        raise refused("method", f"{shown(method)} is no method", "linear or logit")
    kind, name, values = _explained(table, column)
    if method == "logit" and kind not in ("decision", "outcome"):
        raise refused("method", f"{shown(name)} is not 0 or 1", 'method="linear"')
    attribute, notes = attribute_of(table, attribute, held, values)
    sides = sides_of(table, attribute, group)
    rows, complete = _sample(table, name, attribute, held, forced, values, sides)
    logit = method == "logit"
    split = headline(rows, logit=logit, level=level)
    binary = kind in ("decision", "outcome")
    d = rows.design
    return Decomposition(
        attribute=attribute,
        group=sides.group,
        reference=(sides.reference,),
        pooled=sides.pooled,
        column=name,
        kind=kind,
        controls=held,
        reference_mean=float(rows.y[REFERENCE]),
        group_mean=float(rows.y[GROUP]),
        **_three("", split.gap, first="gap"),
        **_three("explained", split.explained),
        **_three("unexplained", split.unexplained),
        p_value=split.p_value,
        parts=split.parts,
        by_reference=own(rows, REFERENCE, (sides.reference,), logit=logit, level=level),
        by_group=own(rows, GROUP, sides.group, logit=logit, level=level),
        within=_within(table, rows, complete, level) if binary and table.roles.strata else None,
        rows=int(rows.rows.sum()),
        reference_rows=int(rows.rows[REFERENCE]),
        rows_total=d.rows,
        incomplete=dict(d.incomplete),
        method=method,
        errors="delta method, " + ("HC3" if d.cluster is None else "CR1 by applicant"),
        level=level,
        reason=split.reason,
        notes=(*notes, *sides.notes, *support(rows)),
    )


def _three(name: str, three: tuple[float, float, float], first: str | None = None) -> Any:
    start = f"{name}_" if name else ""
    return {first or name: three[0], f"{start}low": three[1], f"{start}high": three[2]}


def _table(source: Any, roles: dict[str, Any]) -> Table:
    from audit.table.intake import read
    from audit.table.keywords import check_keywords, refuse_roles
    from audit.table.rows import CodedRows, Table
    from audit.tally.cube import Tally

    if isinstance(source, Tally):
        raise InputError(
            "TBL044",
            "a decomposition reads rows, and a tally has none",
            argument="source",
            fix="give what was counted: audit.read(...)",
        )
    if isinstance(source, Table):
        refuse_roles(roles, "a table")
        table = source
    else:
        own = ("controls", "attribute", "group", "column", "method", "categorical", "level")
        check_keywords(roles, own)
        table = read(source, **roles)
    if not isinstance(table.rows, CodedRows) or table.rows.frame is None:
        raise InputError(
            "TBL044",
            "a decomposition reads rows, and these stay in an engine",
            argument="source",
            fix="collect the columns it needs into memory first",
        )
    return table


def _names(controls: Any, categorical: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    from audit.table.arguments import names

    held, forced = names("controls", controls), names("categorical", categorical)
    if strange := [n for n in forced if n not in held]:
        raise refused(
            "categorical", f"{strange[0]!r} is not among the controls", "name it in controls too"
        )
    return held, forced


def _explained(table: Table, column: Any) -> tuple[str, str, Floats]:
    """Kind, name, and the numbers: 1 favourable, 0 unfavourable, nan for neither."""
    roles, rows = table.roles, coded(table)
    known: dict[str, tuple[str, Floats]] = {}
    if "decision" in rows.codes:
        known[roles.decision or "decision"] = "decision", _yes(rows.codes["decision"])
    if "outcome" in rows.codes:
        known[roles.outcome or "outcome"] = "outcome", _yes(rows.codes["outcome"])
    for name in roles.stages:
        if f"stage:{name}" in rows.codes:
            known.setdefault(name, ("decision", _yes(rows.codes[f"stage:{name}"])))
    if rows.score is not None:
        kind = "score" if roles.score is not None else "risk"
        known.setdefault(str(roles.score or roles.risk), (kind, rows.score))
    for name, numbers in rows.amounts.items():
        known.setdefault(name, ("amount", numbers))
    if column is None:
        binary = [n for n, (kind, _) in known.items() if kind in ("decision", "outcome")]
        if not binary and len(known) != 1:
            raise refused(
                "column",
                "neither a decision nor an outcome is given" if not known else
                f"{len(known)} columns, and one is explained at a time",
                "name decision= or outcome=" if not known else f"one of {listed(list(known))}",
            )  # fmt: skip
        column = (binary or list(known))[0]
    if not isinstance(column, str) or column not in known:
        raise refused(
            "column",
            f"{shown(column)} is no decision, outcome, score, risk or amount",
            suggestion(column, list(known)) if known else "name decision= or outcome=",
        )
    kind, values = known[column]
    return kind, column, values


def _yes(codes: npt.NDArray[Any]) -> Floats:
    return np.where(codes == 0, 1.0, np.where(codes == 1, 0.0, np.nan))


def _sample(
    table: Table,
    name: str,
    attribute: str,
    held: tuple[str, ...],
    forced: tuple[str, ...],
    values: Floats,
    sides: Sides,
) -> tuple[Sample, Flags]:
    """Complete rows of both sides, and which of the table's rows they are."""
    from audit.explanation.decompose_sample import sample
    from audit.table.design import design

    among = sides.is_reference | sides.is_group
    d = design(table, name, attribute, held, forced, values=values, among=among)
    if sides.unknown.any():
        count = coded(table).count
        lacks = int(sides.unknown.sum() if count is None else count[sides.unknown].sum())
        d = replace(d, rows=d.rows + lacks, incomplete={attribute: lacks, **d.incomplete})
    own = str(sides.group[0] if sides.group[0] is not None else "missing") if sides.group else (
        "all others")  # fmt: skip
    found = sample(d, sides.is_reference[d.kept], (str(sides.reference), own))
    for side, who in enumerate(found.names):
        if found.rows[side] >= 2 and not found.mass[side] > 0:
            raise InputError(
                "EXP041",
                f"every complete row of {shown(who)} has weight 0",
                argument="weight",
                fix="name another group, or leave the weights out",
            )
        if found.rows[side] < 2:
            lacking = f"; {listed(list(d.incomplete))} have gaps" if d.incomplete else ""
            raise InputError(
                "EXP041",
                f"{int(found.rows[side])} complete row{'' if found.rows[side] == 1 else 's'} of "
                f"{shown(who)}, and a side needs two{lacking}",
                argument="group" if side else "reference",
                fix="name other controls or groups, or fill in what is missing",
            )
    return found, d.kept


def _within(table: Table, found: Sample, complete: Flags, level: float) -> Within:
    from audit.explanation.decompose_within import within

    strata, rows = table.roles.strata, coded(table)
    axes = [table.axes[f"stratum:{name}"].levels for name in strata]
    codes = [rows.codes[f"stratum:{name}"][complete].astype(np.int64) for name in strata]
    cells = np.ravel_multi_index(codes, [len(a) for a in axes])
    d = found.design
    return within(
        strata,
        cells,
        list(itertools.product(*axes)),
        np.asarray(d.group == 0),
        d.amount,
        number=found.number,
        weight=d.weight,
        cluster=d.cluster,
        level=level,
    )
