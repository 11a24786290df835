"""Row filters: a small language of comparisons, read by hand and never evaluated as Python.

    product == 'card' and amount >= 1000
    purpose in ('car', 'radio') or not (`loan type` is null)

A missing value satisfies no comparison but `is null`, on every engine; `not` turns that round.
"""

from __future__ import annotations

import datetime
import math
from typing import TYPE_CHECKING, Any

from audit.errors import InputError
from audit.table.arguments import unknown_column
from audit.table.filter_grammar import (
    Compare,
    Condition,
    Join,
    Not,
    columns_of,
    leaves,
    parse,
)
from audit.table.wording import shown, suggestion

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["Compare", "Condition", "Join", "Not", "columns_of", "expression", "parse"]


def expression(condition: Condition, schema: Any) -> nw.Expr:
    """The condition as a narwhals expression that is true or false, never null.

    `schema` gives the columns' types. Raises `InputError` TBL001 for an unknown column and TBL038
    for a value of another type than its column.
    """
    import narwhals as nw

    if isinstance(condition, Not):
        return ~expression(condition.inner, schema)
    if isinstance(condition, Join):
        parts = [expression(p, schema) for p in condition.parts]
        whole = parts[0]
        for part in parts[1:]:
            whole = (whole & part) if condition.word == "and" else (whole | part)
        return whole
    if condition.column not in schema:
        raise unknown_column("where", condition.column, list(schema))
    dtype = schema[condition.column]
    column = nw.col(condition.column)
    if isinstance(dtype, (nw.Categorical, nw.Enum)):
        column = column.cast(nw.String)
    absent = column.is_null()
    if dtype.is_float():
        absent = absent | column.is_nan().fill_null(True)
    if condition.operator == "null":
        return absent
    values = [_typed(condition.column, dtype, v, condition.operator) for v in condition.values]
    operator = condition.operator
    if operator == "in" and dtype.is_numeric():
        # Arrow looks up values of the column's own type only.
        kept = (
            [float(v) for v in values]
            if dtype.is_float()
            else [int(v) for v in values if v == int(v)]
        )
        operator, values = ("in", kept) if kept else ("==", values[:1])
    holds: nw.Expr = _holds(column, operator, values).fill_null(False)
    return ~absent & holds


def unseen(condition: Condition, frame: Any, schema: Any) -> tuple[str, str, str] | None:
    """A text that the filter compares with and no row has: column, text, and what is near.

    The first of them; None where all occur. Misspelt, `!=` would keep what it should take out,
    and `in` silently misses a group.
    """
    import narwhals as nw

    texts = (nw.String, nw.Categorical, nw.Enum)
    told = dict.fromkeys(
        (c.column, v)
        for c in leaves(condition)
        if c.operator in ("==", "!=", "in") and isinstance(schema.get(c.column), texts)
        for v in c.values
        if isinstance(v, str)
    )
    if not told:
        return None

    def text_of(column: str) -> nw.Expr:
        found = nw.col(column)
        return found if isinstance(schema[column], nw.String) else found.cast(nw.String)

    held = frame.select(
        *(
            (text_of(column) == value).fill_null(False).any().alias(f"held {i}")
            for i, (column, value) in enumerate(told)
        )
    )
    held = held.collect() if isinstance(held, nw.LazyFrame) else held
    missed = [pair for pair, any_row in zip(told, held.row(0), strict=True) if not any_row]
    if not missed:
        return None
    column, value = missed[0]
    values = frame.select(text_of(column).alias("value")).unique(subset=["value"])
    values = values.head(VALUES)
    values = values.collect() if isinstance(values, nw.LazyFrame) else values
    known = sorted(v for v in values.get_column("value").to_list() if isinstance(v, str))
    return column, value, suggestion(value, known)


VALUES = 1000
"""Values of a column among which a mistyped one is looked for."""


def _holds(column: Any, operator: str, values: list[Any]) -> Any:
    value = values[0]
    if operator == "in":
        return column.is_in(values)
    if operator == "==":
        return column == value
    if operator == "!=":
        return column != value
    if operator == "<":
        return column < value
    if operator == "<=":
        return column <= value
    return column > value if operator == ">" else column >= value


def _typed(column: str, dtype: Any, value: Any, operator: str) -> Any:
    """The value in its column's type, or TBL038."""
    import narwhals as nw

    if isinstance(dtype, (nw.Object, nw.Unknown)):
        return value
    if isinstance(dtype, (nw.Categorical, nw.Enum)):
        if operator in ("==", "!=", "in"):
            return str(value)
        what, fix = "categories, which have no order here", "use ==, != or in (...)"
    elif dtype.is_numeric():
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            return value
        what, fix = "numbers", "write the number without quotes"
    elif dtype == nw.Boolean:
        if isinstance(value, bool) or value in (0, 1):
            return bool(value)
        what, fix = "true or false", "compare it with true or false"
    elif dtype.is_temporal():
        if isinstance(value, str):
            try:
                moment = datetime.datetime.fromisoformat(value)
            except ValueError:
                pass
            else:
                return moment.date() if dtype == nw.Date else moment
        what, fix = "dates or times", "write them as '2026-11-30' or '2026-11-30 12:00'"
    else:
        if isinstance(value, str):
            return value
        what, fix = "text", f"write it in quotes: {column} {operator} {str(value)!r}"
    raise InputError(
        "TBL038",
        f"column {shown(column)} holds {what} and is compared with {shown(value)}",
        argument="where",
        fix=fix,
    )
