"""Tallies add: months, branches and files counted apart give the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from functools import reduce
from typing import Any

import numpy as np

from audit.errors import DataWarning, InputError, tell
from audit.table.roles import Axis, Issue, Roles
from audit.tally.assembly import outside_issues, summed
from audit.tally.canonical import plain, text
from audit.tally.cube import Cube, Tally
from audit.tally.fingerprint import fingerprint

OUTSIDE, TWICE, ALIKE = "TLY101", "TLY102", "TLY103"


def merge(tallies: Iterable[Tally]) -> Tally:
    """The tally of all rows together: counts exactly, float sums to 1e-12 relative.

    Associative. Parts must agree on roles (so on favourable values, bins, cut-off), on the
    edges of score bins, and on the type of each column's levels; a level that only some have is
    united, and an unused one changes nothing. A cube that a part lacks but can sum from a larger
    one is summed; one that it cannot answer is left out and listed in `Tally.skipped`. Raises
    Parts with the same fingerprint are added all the same, with a `DataWarning` TLY103.
    Raises `InputError` TLY201 naming what differs, TLY202 without a tally.
    """
    flat: Any = getattr(tallies, "ndim", 1)  # numpy's single values say that they are iterable
    if isinstance(tallies, Tally) or not isinstance(tallies, Iterable) or not flat:
        raise InputError(
            "TLY202",
            f"a {type(tallies).__name__} is no list of tallies",
            argument="tallies",
            fix="give them together: audit.merge([january, february])",
        )
    parts = list(tallies)
    for position, part in enumerate(parts):
        if not isinstance(part, Tally):
            raise InputError(
                "TLY202",
                f"part {position + 1} is a {type(part).__name__}, not a tally",
                argument="tallies",
                fix="count each table first: audit.merge([audit.count(t) for t in tables])",
            )
    if not parts:
        raise InputError("TLY202", "nothing to merge", argument="tallies", fix="give at least one")
    for position, part in enumerate(parts[1:], start=2):
        _refuse_difference(parts[0], part, position)
    total = reduce(_add, parts)
    for part in _alike(parts):
        # a warning, not an issue: what the whole holds may not depend on how parts were grouped
        text_ = f"the same tally is counted twice: {_named(part)}"
        remedy = "give each tally once, unless two parts truly have the same counts"
        tell(DataWarning(f"{text_} — {remedy}", ALIKE))
    return total


def _alike(parts: list[Tally]) -> list[Tally]:
    """Parts with rows that equal an earlier one, each once."""
    times = Counter(part.fingerprint for part in parts)
    again = {p.fingerprint: p for p in parts if p.rows and times[p.fingerprint] > 1}
    return list(again.values())


def _named(part: Tally) -> str:
    sources = ", ".join(part.sources[:3]) + (" and others" if len(part.sources) > 3 else "")
    return f"{part.rows:,} rows of {sources}" if sources else f"one of {part.rows:,} rows"


def _refuse_difference(one: Tally, other: Tally, position: int) -> None:
    for f in fields(Roles):
        mine, theirs = getattr(one.roles, f.name), getattr(other.roles, f.name)
        if text(mine) != text(theirs):
            _differ(f.name, mine, theirs, position, "count every part with the same roles")
    edges = {"score": (one.score_edges, other.score_edges)}
    for column in sorted({*one.amount_edges, *other.amount_edges}):
        edges[column] = (one.amount_edges.get(column, ()), other.amount_edges.get(column, ()))
    for column, (mine, theirs) in edges.items():
        if mine != theirs:
            _differ(
                f"bins of {column}",
                _span(mine),
                _span(theirs),
                position,
                "count every part with the same score_range and score_bins",
            )
    for key, axis in one.axes.items():
        if key not in other.axes:
            _differ(
                "axes", sorted(one.axes), sorted(other.axes), position, "count the same columns"
            )
        kinds, others = _types(axis), _types(other.axes[key])
        if kinds and others and kinds != others:
            _differ(
                f"type of {axis.name}",
                ", ".join(sorted(kinds)),
                ", ".join(sorted(others)),
                position,
                "read the column in one type in every part",
            )
    if set(other.axes) - set(one.axes):
        _differ("axes", sorted(one.axes), sorted(other.axes), position, "count the same columns")
    weighted = [{c.weight is not None for c in t.cubes} for t in (one, other)]
    if weighted[0] and weighted[1] and weighted[0] != weighted[1]:
        _differ("weights", weighted[0], weighted[1], position, "weight every part, or none")


def _span(edges: tuple[float, ...]) -> str:
    return f"{len(edges) - 1} from {edges[0]:g} to {edges[-1]:g}" if edges else "none"


def _types(axis: Axis) -> set[str]:
    return {type(level).__name__ for level in plain(axis.levels) if level is not None}


def _differ(what: str, mine: object, theirs: object, position: int, fix: str) -> None:
    raise InputError(
        "TLY201",
        f"{what} differ: {mine!r} in part 1, {theirs!r} in part {position}",
        argument="tallies",
        fix=fix,
    )


def _add(one: Tally, other: Tally) -> Tally:
    axes = {key: _unite(axis, other.axes[key]) for key, axis in one.axes.items()}
    exponent = max(one.weight_exponent, other.weight_exponent)
    left = _rescaled(one.cubes, exponent - one.weight_exponent)
    right = _rescaled(other.cubes, exponent - other.weight_exponent)
    cubes, lost = [], []
    for wanted in {c.key: c for c in (*left, *right)}.values():
        pair = [_answer(side, wanted) for side in (left, right)]
        if pair[0] is None or pair[1] is None:
            lost.append(f"{_title(wanted)}: only some of the merged parts counted it")
        else:
            cubes.append(_sum(pair[0], pair[1], axes))
    outside = {
        name: one.outside.get(name, 0) + other.outside.get(name, 0)
        for name in {**one.outside, **other.outside}
    }
    sources = (*one.sources, *other.sources)
    rows, excluded = one.rows + other.rows, one.excluded + other.excluded
    edges: Mapping[str, tuple[float, ...]] = {
        **({"score": one.score_edges} if one.score_edges else {}),
        **{f"amount:{k}": e for k, e in one.amount_edges.items()},
    }
    return replace(
        one,
        cubes=tuple(cubes),
        axes=axes,
        rows=rows,
        excluded=excluded,
        fingerprint=fingerprint(cubes, one.roles, rows=rows, excluded=excluded, edges=edges),
        issues=_issues((*one.issues, *other.issues), outside, sources),
        sources=sources,
        outside=outside,
        skipped=tuple(dict.fromkeys((*one.skipped, *other.skipped, *lost))),
        weight_exponent=exponent,
    )


def _answer(cubes: tuple[Cube, ...], wanted: Cube) -> Cube | None:
    """The cube with exactly these axes, summed from the smallest one that holds them."""
    kinds = set(wanted.key[1])
    able = [c for c in cubes if c.stage == wanted.stage and kinds <= set(c.key[1])]
    best = min(able, key=lambda c: c.count.size, default=None)
    return None if best is None else summed(best, kinds)


def _title(cube: Cube) -> str:
    names = [a.name for a in cube.axes if a.kind not in ("decision", "outcome")]
    stage = "" if cube.stage is None else f" at stage {cube.stage}"
    return f"{' × '.join(names) or 'everyone'}{stage}"


def _unite(one: Axis, other: Axis) -> Axis:
    """All levels of both. The same list stays; different ones are sorted, missing last, so that
    neither the order nor the grouping of the parts matters."""
    if text(one.levels) == text(other.levels):
        return one
    levels = dict.fromkeys((*one.levels, *other.levels))
    missing = (None,) if None in levels else ()
    present = [level for level in levels if level is not None]
    # Text after numbers: a column never holds both, but a hand-made axis may.
    present.sort(key=lambda level: (isinstance(level, str), level))
    return replace(one, levels=(*present, *missing))


def _sum(one: Cube, other: Cube, axes: Mapping[str, Axis]) -> Cube:
    united = tuple(axes.get(f"{a.kind}:{a.name}", a) for a in one.axes)
    shape = tuple(len(a.levels) for a in united)

    def add(mine: Any, theirs: Any) -> Any:
        if mine is None or theirs is None:
            return None
        if mine.shape == theirs.shape == shape and one.axes == other.axes == united:
            return mine + theirs
        total = np.zeros(shape, mine.dtype)
        for cube, array in ((one, mine), (other, theirs)):
            places = [_positions(axis, a) for axis, a in zip(united, cube.axes, strict=True)]
            total[np.ix_(*places)] += array
        return total

    return Cube(
        axes=united,
        count=add(one.count, other.count),
        weight=add(one.weight, other.weight),
        weight_squared=add(one.weight_squared, other.weight_squared),
        sums={name: add(array, other.sums[name]) for name, array in one.sums.items()},
        stage=one.stage,
    )


def _positions(axis: Axis, part: Axis) -> list[int]:
    place = {level: i for i, level in enumerate(axis.levels)}
    return [place[level] for level in part.levels]


def _rescaled(cubes: tuple[Cube, ...], exponent: int) -> tuple[Cube, ...]:
    """Divide weights by 2**exponent, exactly."""
    if not exponent:
        return cubes

    def scale(array: Any, times: int) -> Any:
        return None if array is None else np.ldexp(array, -times * exponent)

    return tuple(
        replace(
            cube,
            weight=scale(cube.weight, 1),
            weight_squared=scale(cube.weight_squared, 2),
            sums={name: scale(array, 1) for name, array in cube.sums.items()},
        )
        for cube in cubes
    )


def _issues(
    issues: tuple[Issue, ...], outside: Mapping[str, int], sources: tuple[str, ...]
) -> tuple[Issue, ...]:
    """What any part noticed, once; what the whole shows, anew."""
    once = tuple(dict.fromkeys(issues))
    kept = tuple(i for i in once if i.code not in (OUTSIDE, TWICE))
    twice = sorted({s for s in sources if sources.count(s) > 1})
    repeated = tuple(
        Issue(
            code=TWICE,
            severity="warning",
            column=None,
            message=f"{name} was counted {sources.count(name)} times",
            fix="leave out a part that was merged already",
        )
        for name in twice
    )
    return (*kept, *outside_issues(outside), *repeated)
