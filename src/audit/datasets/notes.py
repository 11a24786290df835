"""What loading a data set changed, as issues that a report can show."""

from __future__ import annotations

from audit.table.roles import Issue


def noted(notes: tuple[str, ...]) -> tuple[Issue, ...]:
    """One issue (DAT010) a note; a note that opens with "column:" is about that column.

    >>> noted(("review: 223 rows held the code 999 for no value and are missing here",))[0].column
    'review'
    """
    return tuple(
        Issue(
            code="DAT010",
            severity="note",
            column=note.partition(":")[0] if ":" in note.partition(" ")[0] else None,
            message=note,
            fix="nothing to do; the data set's card says why",
        )
        for note in notes
    )
