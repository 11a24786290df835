"""Whether reasons hold up: against another background, slightly other inputs, another method,
and against what the model says when the named features are changed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.explanation.hybrids import hybrids
from audit.explanation.reason_baseline import Baseline, against
from audit.explanation.reasons import MOST, Coded, Denials, ranked
from audit.explanation.routes import Route, routes
from audit.explanation.scored import Scored
from audit.explanation.treatment import Rule
from audit.table.columns import floats

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

REDRAWN = 3
"""Backgrounds drawn again."""
STEP = 0.02
"""A slightly other input: a number moved by at most this share of all rows, in order of size."""
MOVED = 1e-9
"""Change of a score, against the larger of 1 and its size, that is more than rounding."""
NEAREST = 4
"""Approved applicants near the line: this fraction of them, with the lowest scores."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept:
    """How far two ways give the same reasons, one number a row; nan where neither gives any."""

    first: Floats
    """1 where the first reason is the same, else 0."""
    overlap: Floats
    """Shared reasons over the larger number of reasons given."""


def kept(chosen: Ints, other: Ints) -> Kept:
    """Same first reason, and overlap, of two choices (rows × places of reasons, −1 for none).

    >>> kept(np.array([[3, 1, -1]]), np.array([[3, 2, 1]])).overlap.round(3)
    array([0.667])
    """
    most = np.maximum((chosen >= 0).sum(axis=1), (other >= 0).sum(axis=1)).astype(np.float64)
    both = ((chosen[:, :, None] == other[:, None, :]) & (chosen[:, :, None] >= 0)).sum(axis=(1, 2))
    none = most == 0
    overlap = np.divide(both, most, out=np.full(len(most), np.nan), where=~none)
    first = np.where(none, np.nan, (chosen[:, 0] == other[:, 0]).astype(np.float64))
    return Kept(first=first, overlap=overlap)


def all_kept(trials: list[Kept]) -> Kept:
    """Several trials: the first reason stays in every one; the mean overlap."""
    return Kept(
        first=np.minimum.reduce([t.first for t in trials]),
        overlap=np.mean([t.overlap for t in trials], axis=0),
    )


# --- stability ------------------------------------------------------------------------------


def redrawn(told: Denials, rows: Ints, coded: Coded, chosen: Ints) -> Kept:
    """Reasons against backgrounds drawn again, with replacement, from all approved applicants."""
    rng = np.random.default_rng((told.seed, 11))
    mass, trials = told.people.mass, []
    for _ in range(REDRAWN):
        drawn = rng.choice(told.approved, len(told.baseline.rows), replace=True)
        own, times = np.unique(drawn, return_counts=True)
        base = Baseline(rows=own, weight=times * mass[own], words="drawn again")
        trials.append(kept(chosen, ranked(coded, told.values(rows, base), MOST)[0]))
    return all_kept(trials)


def shaken(told: Denials, found: Scored, rows: Ints, coded: Coded, chosen: Ints) -> Kept | str:
    """Reasons of the same applicants with every number moved a little; why not, where impossible.

    A number takes that of a row at most 2 % of all rows away in order of size, so that it stays
    one that occurs; categories and missing values stay. The model is not fitted again.
    """
    frame, size = told.people.frame, told.people.size
    rng = np.random.default_rng((told.seed, 13))
    reach = max(1, round(STEP * size))
    base = told.baseline.rows
    taken: dict[str, Ints] = {}
    numeric = 0
    for name in told.people.features:
        numbers = floats(frame.get_column(name))
        lender = rows
        if numbers is not None:
            order = np.argsort(numbers, kind="stable")  # nan last
            known = int((~np.isnan(numbers)).sum())
            place = np.empty(size, dtype=np.int64)
            place[order] = np.arange(size)
            there = np.clip(place[rows] + rng.integers(-reach, reach + 1, len(rows)), 0, known - 1)
            lender = np.where(np.isnan(numbers[rows]), rows, order[there] if known else rows)
            numeric += 1
        taken[name] = np.concatenate([base, lender])
    if not numeric:
        return "no feature is a number that could be moved a little"
    mixed = hybrids(frame, taken)
    route = again(told, found, mixed)
    if route is None:
        return f"{told.route.method} did not take slightly other inputs"
    at = np.arange(len(base), len(base) + len(rows))
    own = Baseline(rows=np.arange(len(base)), weight=told.baseline.weight, words="the same")
    try:
        values = told.values(at, own, route)
    except InputError as problem:
        return problem.message
    moved = told.coded(mixed, at)
    codes = {e.code: i for i, e in enumerate(coded.entries)}
    # reasons that only the moved rows have get numbers of their own
    place = np.array(
        [codes.get(e.code, len(codes) + i) for i, e in enumerate(moved.entries)], dtype=np.int64
    )
    other = ranked(moved, values, MOST)[0]
    return kept(chosen, np.where(other >= 0, place[np.maximum(other, 0)], -1))


def again(told: Denials, found: Scored, frame: Any) -> Route | None:
    """The same route over other rows of the same columns."""
    people = replace(
        told.people, frame=frame, weight=None, count=None, cluster=None,
        table=replace(told.people.table, size=len(frame)),
    )  # fmt: skip
    asked = replace(found, answers=found.ask(frame))
    for route in routes(asked, people, told.route.scale, told.seed, 1):
        if isinstance(route, str):
            continue
        if (route.method, route.scale) == (told.route.method, told.route.scale):
            return route
    return None


# --- agreement ------------------------------------------------------------------------------


def against_all(told: Denials, rows: Ints, coded: Coded, chosen: Ints) -> tuple[Kept, str]:
    """Reasons against all applicants."""
    everyone = np.flatnonzero(told.people.mass > 0)
    base = against(told.people, told.route, everyone, "applicants", told.seed)
    return kept(chosen, ranked(coded, told.values(rows, base), MOST)[0]), base.words


def against_near(told: Denials, rows: Ints, coded: Coded, chosen: Ints) -> tuple[Kept, str]:
    """Reasons against the approved applicants with the lowest scores."""
    scores = told.route.scores[told.approved]
    most = max(len(scores) // NEAREST, 1)
    near = np.sort(told.approved[np.argsort(scores, kind="stable")[:most]])
    base = against(told.people, told.route, near, "approved applicants nearest the line", told.seed)
    return kept(chosen, ranked(coded, told.values(rows, base), MOST)[0]), base.words


def one_at_a_time(
    told: Denials, found: Scored, rows: Ints, coded: Coded, chosen: Ints
) -> tuple[Kept, str]:
    """Reasons by what the score gains when one feature alone becomes typical of the approved."""
    frame, names = told.people.frame, told.people.features
    before = _scaled(found.ask(hybrids(frame, dict.fromkeys(names, rows))), told)
    lost = np.zeros((len(rows), len(names)))
    for j, name in enumerate(names):
        taken = dict.fromkeys(names, rows)
        taken[name] = np.full(len(rows), told.typical[j].row)
        lost[:, j] = before - _scaled(found.ask(hybrids(frame, taken)), told)
    words = "one feature at a time set to the approved applicants' median or most frequent value"
    return kept(chosen, ranked(coded, lost, MOST)[0]), words


def _scaled(answers: Floats, told: Denials) -> Floats:
    if told.route.scale != "log-odds":
        return answers
    p = np.clip(answers, 1e-15, 1 - 1e-15)
    return np.asarray(np.log(p) - np.log1p(-p))


# --- faithfulness ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moved:
    """What the model says when features are set to what is typical of the approved, by row."""

    gain: Floats
    """Change of the model's answer; higher favours the applicant."""
    improved: Mask
    """Whether it rose by more than rounding."""
    turned: Mask | None
    """Whether the decision became favourable; None without a rule."""


def moved(
    told: Denials, found: Scored, rule: Rule, rows: Ints, named: Mask
) -> tuple[Moved, Moved, Mask | None]:
    """Named features set to typical values, as many random others, and who the rule denies now."""
    rng = np.random.default_rng((told.seed, 17))
    many = named.sum(axis=1)
    luck = np.where(named, np.inf, rng.random(named.shape))
    rank = np.argsort(np.argsort(luck, axis=1, kind="stable"), axis=1, kind="stable")
    others = (rank < many[:, None]) & ~named
    frame, names = told.people.frame, told.people.features

    def mixed(which: Mask) -> Any:
        taken = {n: np.where(which[:, j], told.typical[j].row, rows) for j, n in enumerate(names)}
        return hybrids(frame, taken)

    plain = mixed(np.zeros_like(named))
    before = found.ask(plain)
    denied = None if rule.decide is None else ~rule.decide(plain)

    def tried(which: Mask) -> Moved:
        now = mixed(which)
        gain = found.ask(now) - before
        return Moved(
            gain=gain,
            improved=gain > MOVED * np.maximum(1.0, np.abs(before)),
            turned=None if rule.decide is None else np.asarray(rule.decide(now)),
        )

    return tried(named), tried(others), denied


def named_by(coded: Coded, chosen: Ints, values: Floats) -> Mask:
    """Features that the reasons chosen name: those of a reason that lower the score."""
    named = np.zeros(coded.of.shape, dtype=bool)
    for place in range(chosen.shape[1]):
        named |= (coded.of == chosen[:, place : place + 1]) & (chosen[:, place : place + 1] >= 0)
    return named & (values < 0)
