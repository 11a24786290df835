"""Which values of a decision, outcome or stage favour the applicant. Nothing is guessed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table.arguments import Told
from audit.table.codes import note
from audit.table.distinct import Distinct
from audit.table.faults import infinite, nested
from audit.table.match import ABSENT, match, of_kind
from audit.table.roles import Issue
from audit.table.wording import listed, shown, suggestion

FAVORABLE, UNFAVORABLE, OTHER, MISSING = 0, 1, 2, 9

Sorted = tuple[npt.NDArray[np.uint8], tuple[Any, ...], tuple[Any, ...], tuple[Issue, ...]]


def sort_values(
    found: Distinct, part: str, favorable: Told, unfavorable: Told, *, named: bool = False
) -> Sorted:
    """Code of each position of `found` (0 favourable, 1 unfavourable, 2 other, 9 missing).

    `part` is "decision", "outcome" or "stage:<name>". Also returned: the favourable and the
    unfavourable values in the column's own type, and issues. bool means True; any other column
    must be told. `named` values are all declared, so none that does not occur is a slip. Raises
    `InputError` TBL016, TBL021–TBL028, TBL042.
    """
    _refuse(found, part)
    told, loose = _told(part, favorable)
    denied, loose_denied = _told(part, unfavorable)
    present = list(found.present)
    if not told:
        good = _assumed(found, part, present)
    else:
        good = _matched(found, part, "favorable", told, loose, others=bool(denied), named=named)
    bad = _matched(found, part, "unfavorable", denied, loose_denied, others=True) if denied else ()
    both = [v for v in good if v in bad]
    if both:
        raise InputError(
            "TBL027",
            f"{shown(both[0])} is both favourable and unfavourable",
            argument="unfavorable",
            fix="give each value one meaning",
        )
    rest = [v for v in present if v not in good and v not in bad]
    if not bad and len(rest) > 1:
        raise _third(found, part, good, rest)
    codes = np.full(len(found.values), OTHER if bad else UNFAVORABLE, np.uint8)
    for i, value in enumerate(found.values):
        if value is None:
            codes[i] = MISSING
        elif value in good:
            codes[i] = FAVORABLE
        elif value in bad:
            codes[i] = UNFAVORABLE
    issues = [*_absent(found, part, "favorable", good), *_absent(found, part, "unfavorable", bad)]
    issues += _constant(found, part, codes)
    if bad and rest:
        issues.append(_others(found, part, codes, rest))
    return codes, good, bad, tuple(issues)


def _told(part: str, given: Told) -> tuple[tuple[Any, ...], bool]:
    """The values told for a part, and whether they were told for several parts at once."""
    if part in given:
        return given[part], False
    if part.startswith("stage:") and "decision" in given:
        return given["decision"], True
    return given.get("*", ()), True


def _column(found: Distinct) -> str:
    return f"column {shown(found.column)}"


def _argument(part: str) -> str:
    return "stages" if part.startswith("stage:") else part


def _refuse(found: Distinct, part: str) -> None:
    argument, column = _argument(part), _column(found)
    if found.kind == "mixed":
        examples = list({type(v).__name__: v for v in found.values if v is not None}.values())
        raise InputError(
            "TBL012",
            f"{column} mixes types: {listed(examples)}",
            argument=argument,
            fix="convert the column to one type first",
        )
    if found.kind == "nested":
        raise nested(found.column)
    if found.kind in ("time", "other"):
        raise InputError(
            "TBL042",
            f"{column} holds values that cannot be labels",
            argument=argument,
            fix="name a column that holds the decision or outcome itself",
        )
    endless = [
        int(n)
        for v, n in zip(found.values, found.counts, strict=True)
        if isinstance(v, float) and math.isinf(v)
    ]
    if endless:
        raise infinite(found.column, argument, sum(endless))
    if found.kind == "number":
        broken = [v for v in found.present if v != int(v)]
        if not broken:
            return
        inside = all(0 <= v <= 1 for v in found.present) and len(broken) > 1
        what = "probabilities, not decisions" if inside else "numbers that are not whole"
        fix = (
            f"give them as score={found.column!r} (or risk=) with cutoff= or approval_rate="
            if argument != "outcome"
            else "round them if they are labels; an outcome is what happened, not a forecast"
        )
        raise InputError(
            "TBL024",
            f"{column} holds {what}: {listed(broken, 3)}",
            argument=argument,
            count=sum(
                int(n) for v, n in zip(found.values, found.counts, strict=True) if v in broken
            ),
            first=broken[0],
            fix=fix,
        )


def _assumed(found: Distinct, part: str, present: list[Any]) -> tuple[Any, ...]:
    """True for bool; everything else must be told."""
    if found.kind == "bool":
        return (True,)
    if found.kind == "empty":
        return ()
    key = part.removeprefix("stage:")
    text = found.kind == "text"
    fix = f"say which of these values favours the applicant: favorable={{{key!r}: VALUE}}"
    if not text and set(present) == {1, 2}:
        fix += "; German Credit, for one, codes a good loan as 1 and a bad one as 2"
    elif not text and set(present) <= {0, 1}:
        fix += "; a column such as 'default' has 0 as its favourable value"
    raise InputError(
        "TBL021" if text else "TBL022",
        f"{_column(found)} holds {'text' if text else 'numbers'} ({listed(sorted(present))}) "
        "and no favourable value was told",
        argument="favorable",
        fix=fix,
    )


def _matched(
    found: Distinct,
    part: str,
    argument: str,
    told: tuple[Any, ...],
    loose: bool,
    *,
    others: bool,
    named: bool = False,
) -> tuple[Any, ...]:
    """The told values in the column's own type; values that do not occur are kept.

    An error where none occurs and the column is not constant, or, told for this part alone, where
    one that does not occur cannot even be of the column's type.
    """
    present = found.present
    own: list[Any] = []  # in the order told, whatever occurs, so that months of one lender agree
    absent: list[Any] = []
    for value in told:
        hit = match(value, present, found.kind)
        if hit is not ABSENT:
            own.append(hit)
            continue
        value = of_kind(value, found.kind)
        if value is not ABSENT:
            own.append(value)
            absent.append(value)
    if len(own) > len(absent) or (named and own):
        return tuple(dict.fromkeys(own))
    if found.kind == "bool" and loose and argument == "favorable":
        return (True,)
    if found.kind == "empty":
        return tuple(told)
    wrong = told[0] if told else None
    if found.kind == "text" and not absent and isinstance(wrong, (int, float)):
        meant = str(wrong) if str(wrong) in present else present[0]
        key = part.removeprefix("stage:")
        raise InputError(
            "TBL028",
            f"{shown(wrong)} is a number and {_column(found)} holds text ({listed(present)})",
            argument=argument,
            fix=f"tell the text itself, such as {argument}={{{key!r}: {shown(meant)}}}",
        )
    # Nobody or everybody approved is a fact; a value that is not in a column of two is a slip.
    constant = len(present) == 1 and absent
    if constant and not _resembles(absent[0], present[0]):
        return tuple(dict.fromkeys(absent))
    if others and absent and argument == "unfavorable":
        return tuple(dict.fromkeys(absent))
    raise InputError(
        "TBL023",
        f"{shown(wrong)} does not occur in {_column(found)}",
        argument=argument,
        fix=suggestion(wrong, list(present)),
    )


def _resembles(told: Any, present: Any) -> bool:
    from difflib import SequenceMatcher

    if not (isinstance(told, str) and isinstance(present, str)):
        return False
    return SequenceMatcher(None, told.casefold(), present.casefold()).ratio() >= 0.85


def _third(found: Distinct, part: str, good: tuple[Any, ...], rest: list[Any]) -> InputError:
    key = part.removeprefix("stage:")
    inner = ", ".join(shown(v) for v in sorted(rest)[:1])
    named = f"unfavorable={{{key!r}: [{inner}]}}"
    several = ""
    if part == "decision":
        every = ", ".join(shown(v) for v in (*good, *sorted(rest))[:6])
        every += ", …" if len(good) + len(rest) > 6 else ""
        several = f"; or, where all are decisions, name every level in order: levels=[{every}]"
    what = "unknown" if part == "outcome" else "undecided"
    counts = dict(zip(found.values, (int(n) for n in found.counts), strict=True))
    return InputError(
        "TBL025",
        f"{_column(found)} holds {len(rest)} values besides the favourable {listed(good)}: "
        f"{listed(sorted(rest))}",
        argument=_argument(part),
        count=sum(counts[v] for v in rest),
        fix=f"name the unfavourable ones, such as {named}; others are then {what}{several}",
    )


def _absent(found: Distinct, part: str, argument: str, told: tuple[Any, ...]) -> list[Issue]:
    gone = [v for v in told if v not in found.present]
    if not gone or found.kind in ("bool", "empty"):
        return []
    return [
        note(
            "TBL061",
            found.column,
            f"{argument} value {listed(gone)} does not occur among the {part}s"
            if not part.startswith("stage:")
            else f"{argument} value {listed(gone)} does not occur in this stage",
            "check the spelling",
        )
    ]


def _constant(found: Distinct, part: str, codes: npt.NDArray[np.uint8]) -> list[Issue]:
    held = {int(c) for c, n in zip(codes, found.counts, strict=True) if n and c < OTHER}
    if len(held) != 1:
        return []
    word = "favourable" if held == {FAVORABLE} else "unfavourable"
    return [
        note(
            "TBL060",
            found.column,
            f"every known {part.removeprefix('stage:')} is {word}",
            "comparisons that need both values are undefined",
        )
    ]


def _others(found: Distinct, part: str, codes: npt.NDArray[np.uint8], rest: list[Any]) -> Issue:
    number = int(found.counts[codes == OTHER].sum())
    word = "unknown" if part == "outcome" else "undecided"
    return note(
        "TBL062",
        found.column,
        f"{number:,} rows are {word} ({listed(sorted(rest))})",
        "they are counted by group and stand outside the rates",
    )
