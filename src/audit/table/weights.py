"""Sampling weights, frequency counts, scores and amounts: what each may hold."""

from __future__ import annotations

from audit.errors import InputError
from audit.table.codes import note, warning
from audit.table.faults import infinite
from audit.table.numbers import Numbers
from audit.table.roles import Issue
from audit.table.wording import not_null, shown


def check_weight(found: Numbers) -> None:
    """Weights are finite, not negative, and not all zero; any scale will do.

    Raises `InputError` TBL033–TBL035.
    """
    _whole(found, "weight")
    if not found.high > 0:
        raise _zero(found, "weight")


def check_count(found: Numbers) -> None:
    """Counts are whole numbers from zero, and not all zero. Raises TBL033–TBL036."""
    _whole(found, "count")
    if found.fractional:
        raise InputError(
            "TBL036",
            f"column {shown(found.column)} holds counts that are not whole",
            argument="count",
            count=found.fractional,
            first=found.first.get("fractional"),
            fix="a count says how often a row occurred; give sampling weights as weight=",
        )
    if found.high > 2**53:
        raise InputError(
            "TBL036",
            f"column {shown(found.column)} holds counts beyond 2**53",
            argument="count",
            fix="check the column",
        )
    if not found.high > 0:
        raise _zero(found, "count")


def _whole(found: Numbers, argument: str) -> None:
    lacking = found.missing + found.infinite
    if lacking:
        places = [found.first[k] for k in ("missing", "infinite") if k in found.first]
        raise InputError(
            "TBL034",
            f"column {shown(found.column)} holds missing or infinite values",
            argument=argument,
            count=lacking,
            first=min(places) if places else None,
            fix="give every row a finite value, or leave such rows out with where=",
        )
    if found.negative:
        raise InputError(
            "TBL033",
            f"column {shown(found.column)} holds negative values",
            argument=argument,
            count=found.negative,
            first=found.first.get("negative"),
            fix=f"a {argument} is zero or more",
        )


def _zero(found: Numbers, argument: str) -> InputError:
    return InputError(
        "TBL035",
        f"column {shown(found.column)} is zero in every row",
        argument=argument,
        count=found.rows,
        fix="check the column; rows of weight zero count for nothing",
    )


def check_score(found: Numbers, argument: str, *, decides: bool) -> tuple[Issue, ...]:
    """Scores, risks and amounts are finite; missing ones are counted, unless they decide.

    Raises `InputError` TBL016, TBL030.
    """
    if found.infinite:
        raise infinite(found.column, argument, found.infinite, found.first.get("infinite"))
    issues: list[Issue] = []
    if found.worded:
        issues.append(words_read(found.column, found.worded))
    if not found.missing:
        return tuple(issues)
    if decides:
        raise InputError(
            "TBL030",
            f"column {shown(found.column)} has no value, so the cut-off cannot decide",
            argument=argument,
            count=found.missing,
            first=found.first.get("missing"),
            fix=f"leave such rows out, counted, with {not_null(found.column)}, "
            "or give the decision itself",
        )
    issues.append(
        warning(
            "TBL064",
            found.column,
            f"{found.missing:,} rows have no {found.column}; they stand outside its metrics",
            "find out why; scores are seldom missing at random",
        )
    )
    return tuple(issues)


def words_read(column: str, number: int) -> Issue:
    """The note that a file's words for missing were read as such."""
    return note(
        "TBL063",
        column,
        f"{number:,} rows hold NA, NaN, nan, null or None and were read as missing",
        "leave such fields empty, or rename the value if it means something",
    )


def check_probability(found: Numbers) -> list[Issue]:
    """A score beside outcomes is calibrated against them, which only a probability can be."""
    if not (found.low < 0 or found.high > 1):
        return []
    return [
        warning(
            "TBL069",
            found.column,
            f"{found.column} runs from {found.low:g} to {found.high:g}, beyond [0, 1], so it is no "
            "probability: calibration and the Brier score have no value",
            "give a probability to see them; everything else takes any score",
        )
    ]
