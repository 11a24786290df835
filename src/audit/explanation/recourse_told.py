"""What a search of recourse is told: what may change and how, and for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.explanation.applicants import Applicants, row_numbers
from audit.table.arguments import names
from audit.table.columns import floats
from audit.table.wording import listed, shown, suggestion

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def check_numbers(most: Any, size: Any, seed: Any) -> None:
    """Raise `InputError` EXP306 where one is no whole number, or too small."""
    for name, value, least in (("most", most, 1), ("size", size, 1), ("seed", seed, 0)):
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not whole or value < least:
            raise InputError(
                "EXP306", f"{shown(value)}", argument=name, fix=f"a whole number from {least}"
            )


def fixed_features(
    people: Applicants,
    copies: Mapping[str, str],
    actionable: Sequence[str] | None,
    immutable: Sequence[str] | Mapping[str, str],
) -> dict[str, str]:
    """Features that stay, and why; raises `InputError` EXP301, EXP302, TBL004, TBL005."""
    columns = [c for n in people.codes for c in people.columns_of(n)]
    fixed = {f: "a protected attribute" for f in people.features if f in columns}
    for feature, name in copies.items():
        fixed.setdefault(feature, f"nearly tells {name}")
    named = None if actionable is None else names("actionable", actionable)
    reasons = immutable if isinstance(immutable, Mapping) else {}
    held = names("immutable", tuple(reasons) if reasons is immutable else immutable)
    for argument, given in (("actionable", named or ()), ("immutable", held)):
        for name in given:
            if name not in people.features and name not in columns:
                raise InputError(
                    "EXP301", f"{shown(name)} is not one of the model's features",
                    argument=argument, fix=suggestion(name, list(people.features)),
                )  # fmt: skip
    for name in named or ():
        if name in fixed or name in columns:
            raise InputError(
                "EXP302",
                f"{shown(name)} {_verb(fixed.get(name, 'a protected attribute'))}, and never "
                "changes here",
                argument="actionable", fix="leave it out",
            )  # fmt: skip
        if name in held:
            raise InputError(
                "EXP302", f"{shown(name)} is actionable and immutable at once",
                argument="immutable", fix="name it in one of them",
            )  # fmt: skip
    for name in held:
        if name in people.features:
            fixed.setdefault(name, reasons.get(name, "said to be immutable"))
    if named is not None:
        for name in people.features:
            if name not in named:
                fixed.setdefault(name, "not said to be actionable")
    return {f: fixed[f] for f in people.features if f in fixed}


def _verb(why: str) -> str:
    return why if why.startswith("nearly") else f"is {why}"


def limits(
    people: Applicants, monotone: Any, ranges: Any
) -> tuple[dict[str, str], dict[str, tuple[float | None, float | None]]]:
    """Directions and bounds of numeric features; raises `InputError` EXP301, EXP303."""
    for argument, told in (("monotone", monotone), ("ranges", ranges)):
        if not isinstance(told, Mapping):
            raise InputError(
                "EXP303", f"a {type(told).__name__}", argument=argument,
                fix='monotone={"age": "increase"}, ranges={"income": (0, 200_000)}',
            )  # fmt: skip
        for name in told:
            if name not in people.features:
                raise InputError(
                    "EXP301", f"{shown(name)} is not one of the model's features",
                    argument=argument, fix=suggestion(name, list(people.features)),
                )  # fmt: skip
            if floats(people.frame.get_column(name)) is None:
                raise InputError(
                    "EXP303", f"{shown(name)} is not numeric", argument=argument,
                    fix="a category has neither direction nor range; name it in immutable",
                )  # fmt: skip
    for name, way in monotone.items():
        if not isinstance(way, str) or way not in ("increase", "decrease"):
            raise InputError(
                "EXP303", f"{shown(way)} for {shown(name)}", argument="monotone",
                fix='"increase" or "decrease"',
            )  # fmt: skip
    for name, pair in ranges.items():
        ends = tuple(pair) if isinstance(pair, tuple | list) else ()
        numbers = [e for e in ends if e is not None]
        plain_ = all(isinstance(e, int | float | np.number) and e == e for e in numbers)
        if len(ends) != 2 or not plain_ or (len(numbers) == 2 and numbers[0] > numbers[1]):
            raise InputError(
                "EXP303", f"{shown(pair)} for {shown(name)}", argument="ranges",
                fix="(lowest, highest), None for no bound",
            )  # fmt: skip
    return dict(monotone), {n: (p[0], p[1]) for n, p in ranges.items()}


def named_rows(rows: Any, people: Applicants, denied: Ints) -> tuple[Ints, Floats]:
    """Rows asked for, in order, each with weight 1; raises `InputError` EXP307, EXP308."""
    at = np.unique(row_numbers(rows, people.size, "EXP307"))
    if not len(at):
        raise InputError(
            "EXP307", f"{shown(rows)} is no row number", argument="rows",
            fix="a list of row numbers, counted from 0",
        )  # fmt: skip
    other = at[~np.isin(at, denied)]
    if len(other):
        raise InputError(
            "EXP308", f"approved already: {listed(other.tolist())}", argument="rows",
            count=len(other), first=int(other[0]), fix="recourse is for denied applicants",
        )  # fmt: skip
    return at, np.ones(len(at))
