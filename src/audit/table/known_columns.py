"""Columns of well-known data sets that do not mean what their name says."""

from __future__ import annotations

from audit.table.codes import warning
from audit.table.distinct import Distinct
from audit.table.roles import Issue

_SEX_NAMES = ("personal_status_sex", "personal_status_and_sex", "personal_status")
_SEX_CODES = frozenset({"A91", "A92", "A93", "A94", "A95"})
_FOREIGN_CODES = frozenset({"A201", "A202"})
_YES_NO = frozenset({"yes", "no"})


def notice(found: Distinct) -> tuple[Issue, ...]:
    """Issues for German Credit's `personal_status_sex` and `foreign_worker` (Grömping 2019)."""
    name = found.column.strip().lower().replace(" ", "_").replace(".", "_")
    present = {v for v in found.present if isinstance(v, str)}
    if not present:
        return ()
    if name in _SEX_NAMES and (present <= _SEX_CODES or _holds_labels(present)):
        return (
            warning(
                "TBL070",
                found.column,
                "sex is not recoverable from this column of German Credit: code A92 holds women "
                "who are not single and men who are single (Grömping 2019)",
                "audit age instead, or use data in which sex was recorded by itself",
            ),
        )
    if name == "foreign_worker" and (present <= _FOREIGN_CODES or present <= _YES_NO):
        return (
            warning(
                "TBL071",
                found.column,
                "foreign_worker is reversed in the usual code book of German Credit: "
                + _foreign(found),
                "use the corrected code book (Grömping 2019): 37 of 1,000 are foreign workers",
            ),
        )
    return ()


def _holds_labels(present: set[str]) -> bool:
    return all(
        ("male" in v.lower() and ":" in v) or v.lower().startswith(("male ", "female "))
        for v in present
    )


def _foreign(found: Distinct) -> str:
    counts = dict(zip(found.values, (int(n) for n in found.counts), strict=True))
    if set(counts) & _FOREIGN_CODES:
        return "A201 is not foreign and A202 is foreign"
    if counts.get("yes", 0) > counts.get("no", 0):
        return f"{counts.get('yes', 0):,} of these rows say 'yes', so the labels seem reversed"
    return "these labels seem corrected, since 'yes' is the rare one"
