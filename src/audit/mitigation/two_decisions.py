"""A decision of each row, from a column or an array: approved, denied or undecided."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table.arguments import unknown_column
from audit.table.distinct import Distinct
from audit.table.rows import CodedRows, Table
from audit.table.wording import shown

Codes = npt.NDArray[np.uint8]

YES, NO = 0, 1


def name_of(decision: Any, argument: str) -> str:
    """A decision's name: its column's, else the argument's."""
    if isinstance(decision, str):
        return decision
    name = getattr(decision, "name", None)
    return name if isinstance(name, str) and name else argument


def decisions(table: Table, told: Any, argument: str) -> Codes:
    """By row: 0 approved, 1 denied, 2 undecided; `told` is a column's name, or one value a row.

    Raises `InputError` MIT303 for decisions that are not one a row or have no value, and TBL… for
    values that `favorable` does not settle.
    """
    from audit.table import memory
    from audit.table.distinct import as_labels

    assert isinstance(table.rows, CodedRows)
    frame = table.rows.frame
    if isinstance(told, str):
        columns = [str(c) for c in frame.columns]
        if told not in columns:
            raise unknown_column(argument, told, columns)
        found = memory.look(frame, told)
        if table.sources:
            found, _ = as_labels(found)
    else:
        values = _aligned(table, told, argument)
        if isinstance(values, np.ndarray) and values.dtype == bool:
            return np.where(values, np.uint8(YES), np.uint8(NO))
        found = _looked(values, argument)
    return _judged(table, found, argument, array=not isinstance(told, str))


def _aligned(table: Table, told: Any, argument: str) -> Any:
    """One value a row, in the table's order."""
    from audit.table.align import align

    if not hasattr(told, "__len__") or isinstance(told, dict | set | bytes):
        raise InputError(
            "MIT303", f"a {type(told).__name__} is no decision of each row", argument=argument,
            fix="give a column's name, or an array with one decision a row",
        )  # fmt: skip
    if len(told) != table.size:
        fix = "give one decision a row"
        if len(told) == table.size + table.excluded:
            fix = "`where` took rows out of the table: give decisions of the rows that are left"
        raise InputError(
            "MIT303", f"{len(told):,} decisions for {table.size:,} rows", argument=argument, fix=fix
        )
    assert isinstance(table.rows, CodedRows)
    pandas = sys.modules.get("pandas")
    native = table.rows.frame.to_native()
    if pandas is not None and isinstance(told, pandas.Series):
        if not isinstance(native, pandas.DataFrame):
            return told.to_numpy() if told.dtype == bool else told
        lead = pandas.Series(np.arange(table.size), index=native.index)
        told = align({"table": lead, argument: told}, argument=argument)[0][argument]
        return told.to_numpy() if told.dtype == bool else told.reset_index(drop=True)
    return align({argument: told}, argument=argument)[0][argument]


def _looked(values: Any, argument: str) -> Distinct:
    import narwhals as nw

    from audit.table import memory
    from audit.table.align import frame_of

    return memory.look(nw.from_native(frame_of({argument: values})[0], eager_only=True), argument)


def _judged(table: Table, found: Distinct, argument: str, *, array: bool) -> Codes:
    from audit.table import decision_levels
    from audit.table.decisions import sort_values
    from audit.table.encode import recode

    if found.missing:
        raise InputError(
            "MIT303", f"{shown(found.column)} has no value", argument=argument,
            count=found.missing, first=found.first_missing,
            fix="leave such rows out, or give them a value such as 'withdrawn' and name "
            "unfavorable=",
        )  # fmt: skip
    good = table.roles.favorable.get("decision", ())
    bad = table.roles.unfavorable.get("decision", ())
    if found.kind == "bool" and (array or not any(isinstance(v, bool) for v in good)):
        good, bad = (True,), ()  # bool means approved
    levels = table.roles.levels
    if levels and not bad:
        bad = decision_levels.the_rest(found, levels, {"decision": tuple(good)})
    try:
        codes, *_ = sort_values(
            found,
            "decision",
            {"decision": tuple(good)} if good else {},
            {"decision": tuple(bad)} if bad else {},
            named=bool(levels),
        )
    except InputError as problem:
        if problem.argument != "decision":
            raise
        raise InputError(
            problem.code, problem.message, argument=argument, count=problem.count,
            first=problem.first, fix=problem.fix,
        ) from None  # fmt: skip
    return np.asarray(recode(found.handle, codes), np.uint8)
