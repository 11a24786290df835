"""One door for every kind of source: what comes out is a narwhals frame, eager or lazy."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from audit.errors import InputError
from audit.table.align import frame_of
from audit.table.codes import note
from audit.table.opened import Opened
from audit.table.roles import Issue
from audit.table.wording import shown

_HINT = (
    "give a pandas, polars or pyarrow frame, a dict of columns, a path or URL, "
    "or a DuckDB, Ibis or Spark relation"
)


def enter(source: Any, encoding: str | None) -> tuple[Opened, tuple[Issue, ...]]:
    """Open a source; raises `InputError` TBL002, TBL003, TBL006–TBL010, or TBL1xx for files."""
    if isinstance(source, (str, os.PathLike)):
        from audit.table.sources import open_source

        return open_source(source, encoding=encoding), ()
    issues: tuple[Issue, ...] = ()
    if isinstance(source, Mapping):
        if not source:
            raise InputError("TBL003", "there are no columns", argument="source", fix=_HINT)
        source, moved = frame_of(source)
        if moved:
            issues = (
                note(
                    "TBL068",
                    None,
                    "columns held the same labels in another order and were aligned by label",
                    "give columns in one order, or one frame",
                ),
            )
    _check_names(source)
    return Opened(frame=_wrapped(source), names=(), text=False), issues


def _wrapped(source: Any) -> Any:
    import narwhals as nw

    try:
        frame = nw.from_native(source)
    except (TypeError, ValueError, nw.exceptions.NarwhalsError) as problem:
        kind = type(source).__name__
        if isinstance(source, (list, tuple)) or getattr(source, "ndim", None) is not None:
            raise InputError(
                "TBL006",
                f"a {kind} has no named columns",
                argument="source",
                fix="give a dict of columns, or pandas.DataFrame(...) with column names",
            ) from None
        raise InputError(
            "TBL006",
            f"a {kind} cannot be read ({shown(str(problem).splitlines()[0])})",
            argument="source",
            fix=_HINT,
        ) from None
    return frame


def _check_names(source: Any) -> None:
    """Refuse repeated column names, which every library treats differently."""
    library = type(source).__module__.partition(".")[0]
    attribute = {"pandas": "columns", "pyarrow": "column_names"}.get(library)
    named = getattr(source, attribute, None) if attribute else None
    if named is not None:
        columns = [c for c in named if isinstance(c, str)]
        if len(set(columns)) < len(columns):
            twice = next(c for c in columns if columns.count(c) > 1)
            raise InputError(
                "TBL002",
                f"{columns.count(twice)} columns are called {shown(twice)}",
                argument="source",
                fix="rename or drop all but one",
            )
