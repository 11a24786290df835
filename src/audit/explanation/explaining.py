"""`audit.explain`: gaps in a model's mean score, split into what each feature adds to them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import DataWarning, InputError, tell
from audit.explanation import parts
from audit.explanation.applicants import Applicants, applicants, chosen_group
from audit.explanation.direction import check_direction
from audit.explanation.record import Explanation, Gap
from audit.explanation.routes import BreachError, Route, routes
from audit.explanation.scored import Scored, check_scale, scored
from audit.inference.checks import one_level
from audit.table.roles import Level
from audit.table.wording import shown

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

Say = Callable[[str, float, "float | None"], object]
"""(what is being done, how far, of how much)."""

OWN = ("attribute", "group", "scale", "seed", "level", "reason_codes", "thorough", "progress")
"""Arguments of the verb itself, for suggestions."""

FEWEST = 30
"""Rows below which a group's gap is not the one named first."""

ADDITIVE = 1e-9
"""How far Σ values may be from score − base, against the larger of 1 and the largest score."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Valued:
    """One attribute's values: what its gaps, and importance by group, are made of."""

    attribute: str
    """The protected attribute."""
    rows: Ints
    """Rows that have values, in order."""
    values: Floats
    """Shape (rows, features)."""
    base: float
    """Mean score of the background."""
    background: str
    """Which rows these are, in words."""


def explain(
    model: Any,
    table: Any,
    attribute: str | None = None,
    group: Any = None,
    scale: str | None = None,
    seed: int = 0,
    *,
    returns: Any = None,
    level: float = 0.95,
    reason_codes: Any = None,
    thorough: bool | None = None,
    progress: Say | None = None,
    **roles: Any,
) -> Explanation:
    """Split a group's gap in mean score into what each feature adds to it.

    gap = mean score of the group − of its reference = Σ over features of (group mean of SHAP
    values − reference mean), with the reference group as the background. Scores favour the
    applicant: log-odds of the favourable outcome for models with a logit link, its probability
    for forests, else the model's output; `scale` asks for another where it can be had exactly.
    `table` is read with `features=[...]` (or is a frame, with the arguments of `audit.read` beside
    it), and the model sees the caller's own rows. `attribute`
    and `group` choose which gap stands first (the largest else); every group of every attribute
    is in `gaps`. `returns` is the outcome value that a booster, regressor or callable returns
    the score of; without it the output is explained as it is, with a warning. Limits are over
    which applicants were seen, the model taken as given. `reason_codes` is a file of texts for
    `.reasons` (see `audit.reason_codes`); without it they are drafted. `thorough` says whether
    the costly parts are made (unawareness, the audit of reasons, recourse, the tree of errors):
    None makes them of tables of up to 20,000 rows, and the notes say what was left out.
    `progress(text, done, total)` is told what is being done.

    Raises `InputError` EXP001–EXP006 for arguments, EXP200–EXP206 for reason codes, EXP007 where
    no way gives the model's own answers, EXP008 where there is no second group, TBL120–TBL125 and
    TBL527 for features and models. Lundberg & Lee (NeurIPS 2017); Lundberg et al. (Nature Machine
    Intelligence 2, 2020); Janzing, Minorics & Blöbaum (AISTATS 2020).

    >>> from audit.table.intake import read
    >>> loans = {"sex": ["f", "m"] * 50, "income": list(range(100)), "paid": [0, 1] * 50}
    >>> table = read(loans, protected="sex", outcome="paid", favorable=1, features=["income"])
    >>> found = explain(lambda rows: rows["income"] / 10, table, returns=1)
    >>> round(found.gap, 6), found.group, found.attributions[0].feature, found.scale
    (0.1, ('m',), 'income', 'output')
    """
    check_scale(scale)
    level = one_level(level)
    _check_seed(seed)
    _check_thorough(thorough)
    say = progress or (lambda text, done, total: None)
    people = applicants(model, _read(table, roles))
    wanted, wanted_level, named = chosen_group(people, attribute, group)
    codes = _codes(reason_codes, people)
    say("asking the model", 0, None)
    found = scored(model, people, returns)
    backwards = check_direction(found, people, level)
    route, valued, closed = _valued(found, people, scale, seed, say)
    gaps = _gaps(route, people, valued, level)
    first = _first(gaps, people, wanted, wanted_level, named)
    notes = [*backwards, *_notes(route, people, valued, closed), *_by_group(model)]
    if scale is not None and scale != route.scale:
        text = (
            f"{found.name} is not explained exactly in {_named(scale)}: parts are in "
            f"{_named(route.scale)}"
        )
        tell(DataWarning(text, "EXP020"))
        notes.append(text)
    if not found.oriented:
        text = (
            f"whether a higher output of {found.name} favours the applicant is not said: its "
            "output is explained as it is; add returns=<outcome value it gives the score of>"
        )
        tell(DataWarning(text, "EXP021"))
        notes.append(text)
    explanation = Explanation(
        gap=first.value,
        attribute=first.attribute[0],
        group=first.group,
        reference=first.reference,
        scale=route.scale,
        attributions=first.attributions,
        gaps=gaps,
        method=route.method,
        background=first.background,
        rows=len(valued[first.attribute[0]].rows),
        level=level,
        seed=seed,
        size=people.size,
        notes=tuple(notes),
    )
    from audit.explanation.composing import compose

    say("measuring proxies and the use of the attribute", 0, None)
    return compose(explanation, found, people, route, valued, codes, thorough)


def _codes(told: Any, people: Applicants) -> Any:
    from audit.explanation.reasons import codes_for

    return codes_for(told, people)


def _read(table: Any, roles: dict[str, Any]) -> Any:
    """The table, or what `audit.read` makes of a frame and its roles."""
    from audit.table.keywords import check_keywords, refuse_roles
    from audit.table.rows import Table

    if isinstance(table, Table):
        refuse_roles(roles, "a table")
        return table
    if not roles:
        return table  # refused by name where its rows are looked at
    from audit.table.intake import read

    check_keywords(roles, OWN)
    return read(table, **roles)


def _check_seed(seed: Any) -> None:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise InputError(
            "EXP006", f"{shown(seed)} is no seed", argument="seed", fix="a whole number from 0"
        )


def _check_thorough(thorough: Any) -> None:
    if thorough not in (None, True, False):
        raise InputError(
            "EXP006", f"{shown(thorough)}", argument="thorough", fix="True, False or None"
        )


def _named(scale: str) -> str:
    return "probability points" if scale == "probability" else scale


# --- values ---------------------------------------------------------------------------------


def _valued(
    found: Scored, people: Applicants, scale: str | None, seed: int, say: Say
) -> tuple[Route, dict[str, Valued], list[str]]:
    """The first route that gives the model's own answers, with every attribute's values."""
    names = [n for n in people.codes if people.reference[n] is not None]
    if not names:
        raise InputError(
            "EXP003",
            "no protected attribute has a group to compare with",
            argument="table",
            fix="name an attribute that has values",
        )
    closed: list[str] = []
    for route in routes(found, people, scale, seed, len(names)):
        if isinstance(route, str):
            closed.append(route)
            continue
        try:
            return route, _by_attribute(route, people, names, seed, say), closed
        except BreachError as problem:
            closed.append(f"{route.method} was not possible: {problem}")
    raise InputError(
        "EXP007",
        f"no way to explain {found.name} gives its own answers: {'; '.join(closed)}",
        argument="model",
        fix="give a model that answers each row by itself, always the same",
    )


def _by_attribute(
    route: Route, people: Applicants, names: list[str], seed: int, say: Say
) -> dict[str, Valued]:
    out: dict[str, Valued] = {}
    shared: tuple[Ints, Floats, float] | None = None
    for i, name in enumerate(names):
        say(f"{route.method} for {name}", i, len(names))
        rows = _rows(route, people, name, seed)
        background = people.background(name, seed, route.most_background)
        if not len(background):
            continue
        if route.needs_background or shared is None:
            weight = None if people.weight is people.count is None else people.mass[background]
            values, base = route.values(rows, background, weight)
            additive(route, rows, values, base)
            shared = rows, values, base
        rows, values, base = shared
        out[name] = Valued(
            attribute=name,
            rows=rows,
            values=values,
            base=base,
            background=_background(route, people, name, len(background), seed),
        )
    return out


def additive(route: Route, rows: Ints, values: Floats, base: float) -> None:
    """Raise `BreachError` where Σ values ≠ score − base in any row."""
    scores = route.scores[rows]
    off = np.abs(values.sum(axis=1) + base - scores)
    room = ADDITIVE * max(1.0, float(np.abs(scores).max(initial=0.0)), abs(base))
    if not (off <= room).all():
        raise BreachError(f"its values miss the score by up to {float(np.nanmax(off)):.2g}")


def _rows(route: Route, people: Applicants, name: str, seed: int) -> Ints:
    """Rows to explain: all, or as many of each group as the route affords, drawn by `seed`."""
    if route.most_rows is None or people.size <= route.most_rows:
        return np.arange(people.size)
    rng = np.random.default_rng(seed)
    codes = people.codes[name]
    groups = [np.flatnonzero(codes == i) for i in range(len(people.levels[name]))]
    groups = sorted((g for g in groups if len(g)), key=len)
    left, chosen = route.most_rows, []
    for i, rows in enumerate(groups):
        # small groups first: what they cannot use goes to the larger ones
        most = min(len(rows), max(left // (len(groups) - i), 2))
        chosen.append(rng.choice(rows, most, replace=False))
        left -= most
    return np.sort(np.concatenate(chosen))


def _background(route: Route, people: Applicants, name: str, drawn: int, seed: int) -> str:
    if not route.needs_background:
        return "the training rows, as the trees counted them"
    who = f"{name} {shown(people.reference[name])}"
    rows = len(people.rows_of(name, people.reference[name]))
    if drawn == rows:
        return f"all {rows:,} rows of {who}"
    return f"{drawn:,} of the {rows:,} rows of {who}, drawn with seed {seed}"


# --- gaps -----------------------------------------------------------------------------------


def _gaps(
    route: Route, people: Applicants, valued: Mapping[str, Valued], level: float
) -> tuple[Gap, ...]:
    weighing = parts.Weighing(weight=people.weight, count=people.count, cluster=people.cluster)
    out: list[Gap] = []
    for name, own in valued.items():
        place = np.full(people.size, -1)
        place[own.rows] = np.arange(len(own.rows))
        reference = people.reference[name]

        def side(rows: Ints, place: Ints = place, own: Valued = own) -> parts.Side | None:
            at = place[rows]
            held = np.flatnonzero(at >= 0)
            return parts.side(rows, route.scores, held, own.values[at[held]], weighing)

        known: tuple[Ints, parts.Side | None] | None = None
        for group in people.groups[name]:
            rows, others = people.compared(name, group)
            if group == reference or not len(rows):
                continue
            if known is None or not np.array_equal(known[0], others):
                known = others, side(others)
            out.append(
                parts.gap(
                    name, group, reference, side(rows), known[1], people.features, level,
                    own.background,
                )
            )  # fmt: skip
    _check_sums(out)
    return tuple(sorted(out, key=lambda g: -abs(g.value) if g.value == g.value else math.inf))


def _check_sums(gaps: list[Gap]) -> None:
    for g in gaps:
        total = math.fsum(a.value for a in g.attributions)
        if g.attributions and not abs(total - g.value) <= 1e-9 * max(1.0, abs(g.value)):
            raise InputError(
                "EXP007",
                f"the parts of the gap of {g.group} sum to {total:.6g}, the gap is {g.value:.6g}",
                argument="model",
                fix="report this model: its explanation is withheld because it would be wrong",
            )


def _first(
    gaps: tuple[Gap, ...], people: Applicants, attribute: str | None, level: Level, named: bool
) -> Gap:
    """The gap asked for, else the largest among groups of enough rows, never the missing one."""
    own = [g for g in gaps if attribute is None or g.attribute == (attribute,)]
    if named:
        own = [g for g in own if g.group == (level,)]
    else:
        own = [g for g in own if people.decides(g.attribute[0], g.group[0])] or own
        own = [g for g in own if g.value == g.value] or own
        own = [g for g in own if min(g.rows, g.reference_rows) >= FEWEST] or own
    if not own:
        what = shown(attribute) if attribute is not None else "any protected attribute"
        raise InputError(
            "EXP008",
            f"{what} has no second group",
            argument="attribute" if attribute is not None else "table",
            fix="a gap needs two groups with rows",
        )
    return own[0]


def _by_group(model: Any) -> list[str]:
    """That a model's decisions are more than its scores, where its rule reads the group too."""
    column = getattr(model, "decides_by", None)
    if not isinstance(column, str):
        return []
    return [
        f"parts are of the score; the model's own decisions read {column} beside it, by a rule for "
        "each group"
    ]


def _notes(
    route: Route, people: Applicants, valued: Mapping[str, Valued], closed: list[str]
) -> list[str]:
    notes = list(dict.fromkeys(closed))
    fewest = min((len(v.rows) for v in valued.values()), default=0)
    if fewest < people.size:
        notes.append(
            f"values of {fewest:,} of {people.size:,} rows, as many of each group as there are, "
            "put on all rows by regression on the score"
        )
    return notes
