"""What an audit may be told besides its roles: checked before a row is read."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit.errors import InputError
from audit.metrics.catalogue import CATALOGUE, STANDARD, get

STRATA_KEYS = ("conditional_demographic_disparity", "conditional_statistical_parity_difference")
"""Estimated wherever strata are given."""

OWN = ("intersections", "level", "min_rows", "metrics")
"""Names that a report's settings hold already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Checked settings of one audit."""

    level: float
    """Confidence level of every interval."""
    intersections: int
    """How many attributes are crossed."""
    min_rows: int
    """Rows below which a group is never passed."""
    seed: int
    """Of every random step."""
    keys: tuple[str, ...]
    """Catalogue keys to estimate."""
    extra: Mapping[str, Any]
    """Plain values that stand in the report beside these."""


def settings(
    *,
    level: float,
    intersections: int,
    min_rows: int,
    seed: int,
    metrics: Sequence[str] | str | None,
    title: str | None = None,
    command: str | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Settings:
    """The settings in one form. Raises `InputError` RUN003, RUN005-RUN009, MET002, MET003.

    >>> settings(level=0.9, intersections=1, min_rows=0, seed=0, metrics=None).level
    0.9
    >>> settings(level=95, intersections=1, min_rows=0, seed=0, metrics=None)
    Traceback (most recent call last):
    ...
    audit.errors.InputError: [RUN003] level: 95 is not a confidence level — for example 0.95
    """
    for name, text in (("title", title), ("command", command)):
        if text is not None and not isinstance(text, str):
            raise InputError("RUN008", f"{text!r} is not text", argument=name, fix="write it out")
    return Settings(
        level=_level(level),
        intersections=_whole(intersections, 1, "RUN005", "intersections", "give 1, 2, …"),
        min_rows=_whole(min_rows, 0, "RUN006", "min_rows", "give 0 or more; 30 is usual"),
        seed=_whole(seed, 0, "RUN007", "seed", "give 0, 1, …"),
        keys=_keys(metrics),
        extra=_extra(extra),
    )


def _level(level: Any) -> float:
    try:
        known = not isinstance(level, bool | str) and 0.5 <= level < 1
        value = float(level) if known else 0.0
    except (TypeError, ValueError, ArithmeticError):
        known = False
    if not known:
        raise InputError(
            "RUN003",
            f"{level!r} is not a confidence level",
            argument="level",
            fix="for example 0.95",
        )
    return value


def _whole(number: Any, least: int, code: str, argument: str, fix: str) -> int:
    try:
        value = least - 1 if isinstance(number, bool) else operator.index(number)
    except TypeError:
        value = least - 1
    if value < least:
        raise InputError(
            code, f"{number!r} is not a whole number from {least}", argument=argument, fix=fix
        )
    return value


def _keys(metrics: Any) -> tuple[str, ...]:
    if metrics is None:
        return STANDARD
    names = [metrics] if isinstance(metrics, str) else metrics
    try:
        names = list(names)
    except TypeError:
        raise InputError(
            "RUN009",
            f"{metrics!r} is no list of metrics",
            argument="metrics",
            fix='for example metrics=["f1_difference"], or "all"',
        ) from None
    if names == ["all"]:
        return tuple(CATALOGUE)
    return tuple(dict.fromkeys([*STANDARD, *(get(m).key for m in names)]))


def _extra(extra: Any) -> Mapping[str, Any]:
    if extra is None:
        return {}
    if not isinstance(extra, Mapping):
        raise InputError(
            "RUN008",
            f"{type(extra).__name__} is not a mapping",
            argument="extra",
            fix='extra={"model": "scorecard 7"}',
        )
    taken = sorted(set(map(str, extra)) & set(OWN))
    if taken:
        raise InputError(
            "RUN008",
            f"{taken[0]!r} is a setting of the audit itself",
            argument="extra",
            fix="give it another name",
        )
    return {str(k): v for k, v in extra.items()}
