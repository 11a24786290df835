"""The steps of `read`: filter, levels, numbers, decision, outcome, and the table they make."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table import bins as bins_
from audit.table import (
    decision_levels,
    decisions,
    engine,
    known_columns,
    memberships,
    memory,
    references,
    weights,
)
from audit.table import where as where_
from audit.table.arguments import Asked
from audit.table.blocks import blocks
from audit.table.codes import note, warning
from audit.table.distinct import Distinct, as_labels, without_blanks
from audit.table.levels import levels
from audit.table.numbers import Numbers
from audit.table.opened import Opened
from audit.table.roles import BLOCKS, DECISION_LEVELS, OUTCOME_LEVELS, Axis, Issue, Roles
from audit.table.rows import Table
from audit.table.wording import not_null, shown


@dataclass(slots=True, kw_only=True, eq=False)
class Reader:
    """What has been read so far; filled from top to bottom by `table_of`."""

    frame: Any
    """narwhals frame after `where`."""
    eager: bool
    """Whether rows are in memory."""
    text: bool
    """Whether the source is a CSV."""
    asked: Asked
    """The arguments."""
    issues: list[Issue]
    """What was noticed, in order."""
    looked: dict[str, Distinct] = field(default_factory=dict)
    """Distinct values by column."""
    coded: dict[str, tuple[Any, npt.NDArray[Any] | None, Distinct | None]] = field(
        default_factory=dict
    )
    """Handle, code by position, and distinct values by key."""
    numbers: dict[str, Numbers] = field(default_factory=dict)
    """Numeric columns by key."""
    axes: dict[str, Axis] = field(default_factory=dict)
    """Levels by key."""
    favorable: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    """Favourable values as resolved."""
    unfavorable: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    """Unfavourable values as resolved."""
    levels: tuple[Any, ...] = ()
    """The decision's declared values, in the column's own type."""

    @property
    def side(self) -> Any:
        """The module that looks at columns: `memory` or `engine`."""
        return memory if self.eager else engine


def filtered(reader: Reader, condition: where_.Condition, text: str) -> tuple[Any, int]:
    """The rows that a filter keeps, and how many it took out; a note says so."""
    frame = reader.frame
    schema = _schema(reader, condition)
    expression = where_.expression(condition, schema)
    before = reader.side.size(frame)
    try:
        kept = frame.filter(expression)
        excluded = before - reader.side.size(kept)
        missed = where_.unseen(condition, frame, schema)
    except InputError:
        raise
    except Exception as problem:
        # Each engine has its own errors for comparing what cannot be compared.
        raise InputError(
            "TBL038",
            f"{shown(text)} cannot be evaluated: {str(problem).splitlines()[0]}",
            argument="where",
            fix="compare columns with values of their own type",
        ) from problem
    if missed and excluded == before:
        column, value, near = missed
        raise InputError(
            "TBL039",
            f"all {excluded:,} rows were taken out: no row has {shown(value)} in column "
            f"{shown(column)}",
            argument="where",
            fix=near,
        )
    if missed and missed[2].startswith("did you mean"):  # what is only absent may be so this month
        column, value, near = missed
        said = f"where compares column {shown(column)} with {shown(value)}, which no row has"
        reader.issues.append(warning("TBL074", column, said, near))
    reader.issues.append(
        note(
            "TBL067",
            None,
            f"where={text!r} took out {excluded:,} of {before:,} rows",
            "the audit speaks of the rows that are left",
        )
    )
    return kept, excluded


def _schema(reader: Reader, condition: where_.Condition) -> dict[str, Any]:
    """Types by column; a pandas object column the filter reads has the type of what it holds."""
    import narwhals as nw

    schema = dict(reader.frame.collect_schema())
    held = {"bool": nw.Boolean(), "text": nw.String(), "integer": nw.Int64(), "number": nw.Int64()}
    for column in where_.columns_of(condition):
        if reader.eager and isinstance(schema.get(column), nw.Object):
            schema[column] = held.get(memory.look(reader.frame, column).kind, nw.Object())
    return schema


def table_of(reader: Reader, opened: Opened, size: int, excluded: int, where: str | None) -> Table:
    """Read every role from top to bottom and put the table together."""
    asked = reader.asked
    cuts = {column: bins_.check(column, given) for column, given in asked.bins.items()}
    whole = [n for n in (*asked.columns, *asked.strata) if n not in cuts]
    singles = [n for n in (asked.decision, asked.outcome, asked.cluster) if n is not None]
    wanted = list(dict.fromkeys([*whole, *singles, *asked.stages]))
    reader.looked = reader.side.look_all(reader.frame, wanted)
    for kind, names in (("protected", asked.protected), ("stratum", asked.strata)):
        for name in names:
            if kind == "protected" and name in asked.overlapping:
                _read_memberships(reader, name, asked.overlapping[name])
            else:
                _read_levels(reader, kind, name, cuts.get(name))
    reference = references.resolve(asked.reference, reader.axes, cuts, asked.overlapping)
    _read_numbers(reader)
    cutoff, decided_by = _read_decision(reader)
    if asked.outcome is not None:
        _read_labels(reader, "outcome", asked.outcome)
    if asked.cluster is not None:
        found = reader.looked[asked.cluster]
        table, few = blocks(found)
        reader.coded["block"] = (found.handle, table, found)
        reader.axes["block"] = Axis(name="block", kind="block", levels=tuple(range(BLOCKS)))
        reader.issues += few
    if asked.id is not None:
        _read_id(reader, asked.id)
    roles = Roles(
        protected=asked.protected,
        decision=asked.decision,
        outcome=asked.outcome,
        score=asked.score,
        risk=asked.risk,
        cutoff=cutoff,
        approval_rate=asked.approval_rate,
        favorable=reader.favorable,
        unfavorable=reader.unfavorable,
        levels=reader.levels,
        reference=reference,
        bins=cuts,
        amount=asked.amount,
        strata=asked.strata,
        weight=asked.weight,
        count=asked.count,
        cluster=asked.cluster,
        id=asked.id,
        time=asked.time,
        features=asked.features,
        stages=asked.stages,
        where=where,
        missing=asked.missing,
        decided_by=decided_by,
        overlapping=asked.overlapping,
    )
    return Table(
        roles=roles,
        axes=reader.axes,
        rows=reader.side.rows(reader.frame, reader.coded, reader.numbers, opened.frame),
        size=size,
        excluded=excluded,
        issues=tuple(reader.issues),
        sources=opened.names,
    )


def _read_levels(reader: Reader, kind: str, name: str, cuts: tuple[float, ...] | None) -> None:
    if cuts is not None:
        found = reader.side.look_binned(reader.frame, name, cuts, text=reader.text)
    else:
        found = reader.looked[name]
        if reader.text:
            found = without_blanks(found)
    axis, table, issues = levels(found, kind=kind, missing=reader.asked.missing)
    reader.issues += issues
    if kind == "protected":
        reader.issues += known_columns.notice(found)
    reader.coded[f"{kind}:{name}"] = (found.handle, table, found)
    reader.axes[f"{kind}:{name}"] = axis


def _read_memberships(reader: Reader, name: str, members: memberships.Members) -> None:
    """An attribute told by a column a group: the pattern of a row's memberships is its level."""
    found = [reader.looked[column] for _, column in members]
    tables = [
        memberships.codes_of(one, name, group, text=reader.text)
        for one, (group, _) in zip(found, members, strict=True)
    ]
    whole = reader.side.together(reader.frame, name, found, tables)
    axis, table = memberships.patterns(name, members, whole.raw, whole.counts.tolist())
    rows = dict.fromkeys(axis.levels, 0)
    for level, count in zip(table.tolist(), whole.counts.tolist(), strict=True):
        rows[axis.levels[level]] += count
    first = [f.first_missing for f in found if f.first_missing is not None]
    reader.issues += memberships.notice(
        axis,
        members,
        rows,
        missing=reader.asked.missing,
        first_missing=min(first, default=None),
    )
    reader.coded[f"protected:{name}"] = (whole.handle, table, whole)
    reader.axes[f"protected:{name}"] = axis


def _read_numbers(reader: Reader) -> None:
    asked, side = reader.asked, reader.side

    def numbers(column: str, argument: str) -> Numbers:
        found: Numbers = side.numbers(reader.frame, column, argument, text=reader.text)
        return found

    if asked.number is not None:
        argument = "score" if asked.score is not None else "risk"
        found = numbers(asked.number, argument)
        decides = asked.cutoff is not None or asked.approval_rate is not None
        reader.issues += weights.check_score(found, argument, decides=decides)
        if asked.outcome is not None:
            reader.issues += weights.check_probability(found)
        reader.numbers["score"] = found
    for column in asked.amount:
        found = numbers(column, "amount")
        reader.issues += weights.check_score(found, "amount", decides=False)
        reader.numbers[f"amount:{column}"] = found
    if asked.weight is not None:
        reader.numbers["weight"] = numbers(asked.weight, "weight")
        weights.check_weight(reader.numbers["weight"])
    if asked.count is not None:
        reader.numbers["count"] = numbers(asked.count, "count")
        weights.check_count(reader.numbers["count"])


def _read_decision(reader: Reader) -> tuple[float | None, str]:
    """Settle who decides; gives the cut-off and the word for it."""
    asked, side = reader.asked, reader.side
    for argument, told in (("favorable", asked.favorable), ("unfavorable", asked.unfavorable)):
        lacking = [
            part
            for part, there in (
                ("decision", asked.decision is not None or asked.stages),
                ("outcome", asked.outcome is not None),
            )
            if part in told and not there
        ]
        if lacking:
            raise InputError(
                "TBL029",
                f"values are told for the {lacking[0]}, and no {lacking[0]} column is given",
                argument=argument,
                fix=f"name the column: {lacking[0]}=, or leave these values out",
            )
    axis = Axis(name="decision", kind="decision", levels=DECISION_LEVELS)
    if asked.stages:
        _read_stages(reader, axis)
    if asked.decision is not None:
        _read_labels(reader, "decision", asked.decision)
        return None, "decision"
    if asked.stages:
        return None, "decision"
    if asked.cutoff is None and asked.approval_rate is None:
        return None, "none"
    if asked.number is None:
        return asked.cutoff, "none"  # kept for the model that is to be trained on these rows
    found, higher = reader.numbers["score"], asked.score is not None
    cutoff = asked.cutoff
    if asked.approval_rate is not None:
        mass = [reader.numbers[k] for k in ("weight", "count") if k in reader.numbers]
        cutoff = side.cutoff_for(reader.frame, found, asked.approval_rate, mass, higher=higher)
    reader.coded["decision"] = (side.decide(found, cutoff, higher=higher), None, None)
    reader.axes["decision"] = axis
    return cutoff, "cutoff" if asked.approval_rate is None else "approval_rate"


def _labels(reader: Reader, part: str, name: str) -> tuple[Distinct, npt.NDArray[np.uint8]]:
    """A column of labels with the code of each of its values."""
    found = reader.looked[name]
    if reader.text:
        found, worded = as_labels(found)
        if worded:
            reader.issues.append(weights.words_read(name, worded))
    favorable, unfavorable = reader.asked.favorable, reader.asked.unfavorable
    if part == "decision" and reader.asked.levels:
        reader.levels = decision_levels.declared(found, reader.asked.levels)
        if part not in unfavorable and "*" not in unfavorable:
            rest = decision_levels.the_rest(found, reader.levels, favorable)
            unfavorable = {**unfavorable, part: rest} if rest else unfavorable
    named = part == "decision" and bool(reader.levels)
    codes, good, bad, issues = decisions.sort_values(
        found, part, favorable, unfavorable, named=named
    )
    reader.issues += issues
    reader.favorable[part] = good
    if bad:
        reader.unfavorable[part] = bad
    return found, codes


def _read_labels(reader: Reader, part: str, name: str) -> None:
    found, codes = _labels(reader, part, name)
    if found.missing and part == "decision":
        raise InputError(
            "TBL026",
            f"column {shown(name)} has no value",
            argument="decision",
            count=found.missing,
            first=found.first_missing,
            fix=f"leave such rows out, counted, with {not_null(name)}, or give them a "
            "value such as 'withdrawn' and name unfavorable=",
        )
    if found.missing:
        reader.issues.append(
            note(
                "TBL059",
                name,
                f"{found.missing:,} outcomes are unknown",
                "error rates use known outcomes only; the unknown are counted by group",
            )
        )
    if part == "decision":
        several = decision_levels.level_axis(
            found, reader.levels, reader.favorable[part], reader.unfavorable.get(part, ())
        )
        if several is not None:
            reader.axes[f"level:{name}"] = several[0]
            reader.coded[f"level:{name}"] = (found.handle, several[1], found)
    codes[codes == decisions.MISSING] = decisions.OTHER
    reader.coded[part] = (found.handle, codes, found)
    names = DECISION_LEVELS if part == "decision" else OUTCOME_LEVELS
    reader.axes[part] = Axis(name=part, kind=part, levels=names)


def _read_stages(reader: Reader, axis: Axis) -> None:
    stages = reader.asked.stages
    found = [_labels(reader, f"stage:{name}", name) for name in stages]
    codes, final = reader.side.reach(reader.frame, [f for f, _ in found], [c for _, c in found])
    for name, code in zip(stages, codes, strict=True):
        reader.coded[f"stage:{name}"] = (code, None, None)
        reader.axes[f"stage:{name}"] = Axis(
            name=name, kind="decision", levels=(*DECISION_LEVELS, "not reached")
        )
    if reader.asked.decision is None:
        reader.coded["decision"] = (final, None, None)
        reader.axes["decision"] = axis


def _read_id(reader: Reader, name: str) -> None:
    repeated = reader.side.repeats(reader.frame, name)
    if repeated and reader.asked.cluster is None:
        reader.issues.append(
            warning(
                "TBL066",
                name,
                f"{repeated:,} rows repeat an earlier {name}; repeated applicants make intervals "
                "too narrow",
                f"read them as one applicant: cluster={name!r}",
            )
        )
