"""`read`: from a source and its roles to a `Table`.

Every decision (levels, favourable values, bins, references) is taken on the distinct values of a
column with their counts, so rows in memory and rows in an engine follow one path; `memory` and
`engine` only look at columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.errors import DataWarning, InputError, tell
from audit.table import where as where_
from audit.table.arguments import ask
from audit.table.door import enter
from audit.table.reader import Reader, filtered, table_of
from audit.table.roles import Level
from audit.table.rows import Table

Names = str | Sequence[str]
Values = Level | Sequence[Level] | Mapping[str, Level | Sequence[Level]]


def read(
    source: Any,
    *,
    protected: Names | Mapping[str, Mapping[str, str]],
    decision: str | None = None,
    outcome: str | None = None,
    score: str | None = None,
    risk: str | None = None,
    cutoff: float | None = None,
    approval_rate: float | None = None,
    favorable: Values | None = None,
    unfavorable: Values | None = None,
    levels: Sequence[Level] | None = None,
    reference: Mapping[str, Level] | Level = None,
    bins: Mapping[str, Sequence[float]] | None = None,
    amount: Mapping[str, str] | None = None,
    strata: Names = (),
    weight: str | None = None,
    count: str | None = None,
    cluster: str | None = None,
    id: str | None = None,
    time: str | None = None,
    features: Names | None = None,
    stages: Names | None = None,
    where: str | None = None,
    missing: str = "group",
    encoding: str | None = None,
    model: Any = None,
    returns: Any = None,
) -> Table:
    """Read rows and settle which column plays which part; nothing is guessed, nothing dropped.

    `source` is a pandas, polars or pyarrow frame, a dict of columns, a path, glob, folder or URL
    of CSV or Parquet, or a DuckDB, Ibis, Spark or Polars-lazy relation (which stays where it is).
    Only bool columns need no `favorable`. `levels` names every value of a decision that has more
    than two, in order; those not favourable are then unfavourable, unless `unfavorable` says so.
    Groups with a missing value stay as a group of their own, or are refused with
    `missing="error"`. `where` takes rows out, and counts them. A `model` decides in place of a
    decision column, by `cutoff`, `approval_rate` or its `predict`; `returns` is the outcome value
    that a booster or callable gives the probability of.

    Raises `InputError` (codes TBL…) naming the argument, the rows and the remedy; what deserves a
    look is a `DataWarning` and an `Issue` in the table. The source is never changed.

    >>> table = read({"sex": ["f", "m", "m"], "approved": [0, 1, 0]}, protected="sex",
    ...              decision="approved", favorable=1, reference={"sex": "m"})
    >>> table.size, table.axes["protected:sex"].levels, table.roles.favorable["decision"]
    (3, ('f', 'm'), (1,))
    """
    given = {
        name: value
        for name, value in locals().items()
        if name not in ("source", "model", "returns")
    }
    if model is not None or returns is not None:
        from audit.table.modelled import read_source

        return read_source(source, model, returns, given)
    condition = where_.parse(where) if where is not None else None
    opened, issues = enter(source, encoding)
    asked = ask(list(opened.frame.collect_schema().names()), **given)
    eager = not hasattr(opened.frame, "collect")  # narwhals' lazy frames have it, eager ones not
    frame, excluded = opened.frame, 0
    reader = Reader(frame=frame, eager=eager, text=opened.text, asked=asked, issues=list(issues))
    if condition is not None:
        frame, excluded = filtered(reader, condition, str(where))
    reader.frame = frame
    size = reader.side.size(frame)
    if not size:
        raise InputError(
            "TBL003" if not excluded else "TBL039",
            "there are no rows" if not excluded else f"all {excluded:,} rows were taken out",
            argument="source" if not excluded else "where",
            fix="give a source with rows" if not excluded else "check the filter",
        )
    table = table_of(reader, opened, size, excluded, where)
    for issue in table.issues:
        if issue.severity == "warning":
            text = f"{issue.message} — {issue.fix}"
            tell(DataWarning(text, issue.code))
    return table
