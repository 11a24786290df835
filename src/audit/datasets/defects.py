"""Recognise columns of well-known data sets whose labels are wrong, and say so.

An audit by sex on German Credit is asked for often and cannot be done: the code it is read from
mixes women with single men. This recognises such columns by their levels and counts, from
whichever copy of the data they came, so a report can carry the warning.
"""

from __future__ import annotations

from collections.abc import Mapping

from audit.table.roles import Issue, Level

# Rows by code in the published file. Other copies rename the levels but keep the counts.
_STATUS_SEX = (50, 92, 310, 548)
_SEX = (310, 690)
_FOREIGN = (37, 963)

_SEX_MESSAGE = (
    "these are German Credit's codes for personal status, from which sex cannot be recovered: "
    "code A92 (310 rows, usually read as women) holds women who are not single and single men "
    "together, and A94 (92 rows, usually read as men) holds single women"
)
_FOREIGN_MESSAGE = (
    "German Credit's usual code book has this column reversed: A201 (963 rows) are the people "
    "who are not foreign workers, A202 (37 rows) those who are"
)


def known_defects(attribute: str, rows: Mapping[Level, int]) -> tuple[Issue, ...]:
    """What is known to be wrong with a protected attribute, from its name, levels and rows each.

    DAT101: read as sex, but German Credit does not hold it. DAT102: German Credit's foreign
    workers, whose labels are reversed in the usual code book. Source: Grömping (2019).

    >>> known_defects("sex", {"male": 690, "female": 310})[0].code
    'DAT101'
    >>> known_defects("sex", {"male": 11888, "female": 18112})
    ()
    """
    levels = {str(level) for level in rows}
    counts = tuple(sorted(n for n in rows.values() if n))
    name = attribute.lower()
    if (
        levels & {"A91", "A92", "A93", "A94"}
        or any("female : non-single" in level for level in levels)
        or (counts == _STATUS_SEX)
        or (counts == _SEX and any(word in name for word in ("sex", "gender", "personal")))
    ):
        return (
            Issue(
                code="DAT101",
                severity="warning",
                column=attribute,
                message=_SEX_MESSAGE,
                fix="audit age instead; no correction of the labels brings sex back "
                "(Grömping 2019, South German Credit Data)",
            ),
        )
    # the corrected labels say "no" for the 963; whoever says otherwise has the usual code book
    right = rows.get("no") == 963
    if levels & {"A201", "A202"} or (counts == _FOREIGN and "foreign" in name and not right):
        return (
            Issue(
                code="DAT102",
                severity="warning",
                column=attribute,
                message=_FOREIGN_MESSAGE,
                fix="use the corrected labels of audit.datasets.load('german_credit'), where 37 "
                "people are foreign workers, and expect wide intervals",
            ),
        )
    return ()


def noted(notes: tuple[str, ...]) -> tuple[Issue, ...]:
    """What loading a data set changed, as issues for a report (DAT201, one a note).

    >>> noted(("review: 223 rows held the code 999 for no value and are missing here",))[0].column
    'review'
    """
    return tuple(
        Issue(
            code="DAT201",
            severity="note",
            column=note.partition(":")[0] if ":" in note.partition(" ")[0] else None,
            message=note,
            fix="nothing to do; the data set's card says why",
        )
        for note in notes
    )
