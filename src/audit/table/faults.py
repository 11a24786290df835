"""Errors about columns that several modules raise."""

from __future__ import annotations

from audit.errors import InputError
from audit.table.distinct import Distinct
from audit.table.wording import shown


def infinite(column: str, argument: str, count: int, first: int | None = None) -> InputError:
    """The error for infinite values."""
    return InputError(
        "TBL016",
        f"column {shown(column)} holds infinite values",
        argument=argument,
        count=count,
        first=first,
        fix="replace them by a finite value, or by a missing one",
    )


def nested(column: str, first: int | None = None) -> InputError:
    """The error for cells that hold lists, or an (n, 2) matrix."""
    return InputError(
        "TBL010",
        "its cells hold lists or arrays, not single values",
        argument=column,
        first=first,
        fix="give one value a row; of two probability columns, the favourable one as score=",
    )


def not_numeric(column: str, argument: str, found: Distinct) -> InputError:
    """The error for a column that must hold numbers and does not."""
    kinds = {"text": "text", "time": "dates or times", "mixed": "mixed types"}
    words = [v for v in found.present if isinstance(v, str)]
    example = f", such as {shown(words[0])}" if words and found.kind != "time" else ""
    return InputError(
        "TBL018" if argument == "bins" else "TBL032",
        f"column {shown(column)} holds {kinds.get(found.kind, 'something else')}{example}, "
        "not numbers",
        argument=argument,
        fix="convert the column to numbers first, or name another one",
    )


def unreached(stage: str, count: int, first: int | None = None) -> InputError:
    """The error for a missing decision in a stage that was reached."""
    return InputError(
        "TBL040",
        f"stage {shown(stage)} has no decision for rows that passed every earlier stage",
        argument="stages",
        count=count,
        first=first,
        fix="fill in the decision, or give it a value such as 'withdrawn' and name unfavorable=",
    )
