"""`audit.recourse`: the smallest change of actionable features that turns a denial to approval.

What stands under `Explanation.more["recourse"]` is `Recourse.to_dict()`, with the keys: rows (each
row, groups, score, distance, band, feasible, changes {feature: [from, to]}, cost, exact, weight),
gaps (each attribute, group, reference, band (null: all; 0: at equal distance; 1 to 4: quarters of
the distance to the cut-off, nearest first), rows, reference_rows, mean, reference_mean,
difference, low, high, median_difference, median_low, median_high, infeasible, infeasible_low,
infeasible_high, reference_infeasible, infeasible_difference, infeasible_difference_low,
infeasible_difference_high, reason), denied, looked, infeasible, low, high, mean, actionable,
immutable {feature: why}, decided_by, cutoff, bands, most, level, seed, method, notes; and summary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.explanation.applicants import Applicants, applicants
from audit.explanation.hybrids import rows_of
from audit.explanation.proxies import copies_among
from audit.explanation.recourse_gaps import gaps_of, share_of
from audit.explanation.recourse_record import CAVEAT, Recourse, Way
from audit.explanation.recourse_search import (
    CATEGORY,
    PAIRS,
    STEPS,
    Best,
    Judge,
    Search,
    Steps,
    steps_of,
)
from audit.explanation.recourse_told import check_numbers, fixed_features, limits, named_rows
from audit.explanation.scored import Scored, scored
from audit.explanation.treatment import Rule, approved_by, rule_of
from audit.inference.checks import one_level
from audit.table.distinct import plain

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Say = Callable[[str, float, "float | None"], object]

SIZE = 500
"""Denied applicants looked at."""


def recourse(
    model: Any,
    table: Any,
    *,
    actionable: Sequence[str] | None = None,
    immutable: Sequence[str] = (),
    monotone: Mapping[str, str] | None = None,
    ranges: Mapping[str, tuple[float | None, float | None]] | None = None,
    most: int = 3,
    size: int = SIZE,
    rows: Any = None,
    returns: Any = None,
    seed: int = 0,
    level: float = 0.95,
    progress: Say | None = None,
) -> Recourse:
    """The cheapest change of at most `most` features with which a denied applicant is approved.

    `actionable` names the features that may change (all, unless told), `immutable` those that may
    not; protected attributes and near-copies of them never change. `monotone={"age": "increase"}`
    allows one direction, `ranges={"income": (0, 200_000)}` bounds new values (None: no bound).
    New values are ones that applicants of the table have: at 16 even percentiles, or the 16 most
    frequent categories. Cost = Σ over changed features of |change of mid-rank percentile among all
    applicants of the table|; another category, or a value for a missing one, costs .5. Changes of
    one and two features are searched exhaustively by rising cost, of more by a beam; each one
    proposed is put to the model again. `rows` are row numbers of denied applicants; without them
    at most `size` are drawn, from every combination of protected groups by the root of its size,
    and weighted back. `returns` is as in `audit.explain`.

    Groups are compared with their reference overall, by quarters of the distance to the cut-off,
    and at equal distance. A change of an input is a change of the model's answer, not advice with
    a causal warrant. Raises `InputError` EXP300 where nothing decides, EXP301–EXP304 for
    constraints, EXP305 where nobody is denied or approved, EXP306 for numbers, EXP307 and EXP308
    for rows, and those of `audit.explain` for tables and models. Ustun, Spangher & Liu (FAT* 2019);
    von Kügelgen, Karimi, Bhatt, Valera, Weller & Schölkopf (AAAI 2022); Karimi, Schölkopf & Valera
    (FAccT 2021) on what it does not say.

    >>> from audit.table.intake import read
    >>> loans = {"sex": ["f", "m"] * 50, "income": list(range(100)), "ok": [0] * 50 + [1] * 50}
    >>> table = read(loans, protected="sex", decision="ok", favorable=1, features=["income"])
    >>> found = recourse(lambda rows: rows["income"] / 10, table, rows=[41], returns=1)
    >>> found.rows[0].changes, round(found.rows[0].cost, 2)
    ({'income': (41, 53)}, 0.12)
    """
    check_numbers(most, size, seed)
    level = one_level(level)
    say = progress or (lambda text, done, total: None)
    people = applicants(model, table)
    copies = copies_among(people.table, people.features, seed)
    say("asking the model", 0, None)
    found = scored(model, people, returns)
    return recourse_of(
        found, people, copies=copies, actionable=actionable, immutable=immutable,
        monotone=monotone, ranges=ranges, most=most, size=size, rows=rows, seed=seed, level=level,
        say=say,
    )  # fmt: skip


def recourse_of(
    found: Scored,
    people: Applicants,
    *,
    copies: Mapping[str, str],
    actionable: Sequence[str] | None = None,
    immutable: Sequence[str] | Mapping[str, str] = (),
    monotone: Mapping[str, str] | None = None,
    ranges: Mapping[str, tuple[float | None, float | None]] | None = None,
    most: int = 3,
    size: int = SIZE,
    rows: Any = None,
    seed: int = 0,
    level: float = 0.95,
    pairs: int = PAIRS,
    say: Say = lambda text, done, total: None,
) -> Recourse:
    """The same for a model that has answered; `copies` are near-copies: feature -> attribute.

    `pairs` is the number of changes of two features tried, shared among the applicants.
    """
    rule = _rule(found, people)
    fixed = fixed_features(people, copies, actionable, immutable)
    monotone, ranges = limits(
        people, {} if monotone is None else monotone, {} if ranges is None else ranges
    )
    free = tuple(f for f in people.features if f not in fixed)
    if not free:
        raise InputError(
            "EXP304", "no feature may change", argument="actionable",
            fix="name one that is neither immutable nor tells a protected attribute",
        )  # fmt: skip
    approved = approved_by(rule, found, people)
    denied = np.flatnonzero(~approved)
    if not len(denied) or len(denied) == people.size:
        who = "nobody" if not len(denied) else "everybody"
        raise InputError(
            "EXP305", f"{found.name} denies {who} ({rule.words})", argument="table",
            fix="recourse needs applicants on both sides of the cut-off",
        )  # fmt: skip
    line = float(found.answers[approved].min())
    distance = line - found.answers
    edges = np.quantile(distance[denied], [0.25, 0.5, 0.75])
    chosen, weight = (
        _drawn(people, denied, size, seed) if rows is None else named_rows(rows, people, denied)
    )
    steps = steps_of(people, chosen, free, monotone, ranges)
    say(f"searching changes for {len(chosen):,} applicants", 0, None)
    best, unsettled = _searched(found, people, rule, chosen, steps, line, approved, most, pairs)
    ways = tuple(
        Way(
            row=int(row),
            groups={n: people.levels[n][int(people.codes[n][row])] for n in people.codes},
            score=float(found.answers[row]),
            distance=float(distance[row]),
            band=1 + int(np.searchsorted(edges, distance[row])),
            feasible=bool(best.steps[i]),
            changes=_changes(people, int(row), steps, best.steps[i]),
            cost=float(best.cost[i]) if best.steps[i] else float("nan"),
            exact=bool(best.exact[i]) and len(best.steps[i]) <= 2,
            weight=float(weight[i]),
        )
        for i, row in enumerate(chosen)
    )
    cost = np.array([w.cost for w in ways])
    share, low, high = share_of(cost, weight, level)
    have = np.isfinite(cost)
    return Recourse(
        rows=ways,
        gaps=() if rows is not None and len(ways) < 2 else gaps_of(ways, people, seed, level),
        denied=len(denied),
        looked=len(ways),
        infeasible=share,
        low=low,
        high=high,
        mean=float(np.average(cost[have], weights=weight[have])) if have.any() else float("nan"),
        actionable=free,
        immutable=fixed,
        decided_by=rule.words,
        cutoff=line,
        bands=tuple(edges.tolist()),
        most=most,
        level=level,
        seed=seed,
        method=_method(most),
        notes=_notes(people, ways, len(denied), actionable, unsettled),
    )


# --- who is looked at, and what decides -----------------------------------------------------


def _rule(found: Scored, people: Applicants) -> Rule:
    found.check_oriented()
    rule = rule_of(found, people)
    if rule.decide is None:
        raise InputError(
            "EXP300", "nothing here decides: the table has no decision and no cut-off",
            argument="table", fix="read it with decision=..., or with model= and cutoff=...",
        )  # fmt: skip
    return rule


def _drawn(people: Applicants, denied: Ints, size: int, seed: int) -> tuple[Ints, Floats]:
    """At most `size` denied applicants, from each cell by the root of its size, and weights."""
    mass = people.mass
    denied = denied[mass[denied] > 0]
    if len(denied) <= size:
        return denied, mass[denied]
    cell = np.zeros(len(denied), dtype=np.int64)
    for name, codes in people.codes.items():
        cell = cell * len(people.levels[name]) + codes[denied]
    _, place = np.unique(cell, return_inverse=True)
    held = np.bincount(place)
    left, share = size, np.sqrt(held)
    rng = np.random.default_rng((seed, 10))
    chosen, weight = [], []
    for i in np.argsort(held, kind="stable"):
        # small cells first: what they cannot fill goes to the larger ones
        wanted = max(round(left * share[i] / max(share.sum(), 1e-12)), 1)
        drawn = min(int(held[i]), wanted, left)
        share[i], left = 0, left - drawn
        if drawn:
            own = rng.choice(denied[place == i], drawn, replace=False)
            chosen.append(own)
            weight.append(mass[own] * held[i] / drawn)
    rows = np.concatenate(chosen)
    order = np.argsort(rows)
    return rows[order], np.concatenate(weight)[order]


# --- the model ------------------------------------------------------------------------------


def _judge(found: Scored, rule: Rule, approved: Mask) -> Judge:
    """The decision and the score by one call of the model where scores decide, else by two."""
    accept = rule.accept
    if accept is None and found.kind == "probability" and found.binary:
        # predict of two classes takes the likelier one; what is proposed is put to predict itself
        if np.array_equal(approved, found.answers >= 0.5):
            accept = lambda scores: np.asarray(scores >= 0.5)  # noqa: E731
        elif np.array_equal(approved, found.answers > 0.5):
            accept = lambda scores: np.asarray(scores > 0.5)  # noqa: E731

    def judge(rows: Any) -> tuple[Mask, Floats]:
        scores = found.ask(rows)
        if accept is not None:
            return accept(scores), _stretched(found, scores)
        assert rule.decide is not None
        return rule.decide(rows), _stretched(found, scores)

    return judge


def _stretched(found: Scored, scores: Any) -> Floats:
    if found.kind != "probability":
        return np.asarray(scores, dtype=np.float64)
    p = np.clip(np.asarray(scores, dtype=np.float64), 1e-9, 1 - 1e-9)
    return np.asarray(np.log(p) - np.log1p(-p))


def _searched(
    found: Scored,
    people: Applicants,
    rule: Rule,
    rows: Ints,
    steps: Steps,
    line: float,
    approved: Mask,
    most: int,
    pairs: int,
) -> tuple[Best, int]:
    """Each applicant's cheapest change, put to the model again; those that fail have none."""
    start = _stretched(found, found.answers[rows])
    target = float(_stretched(found, line))
    judge = _judge(found, rule, approved)
    search = Search(people.frame, rows, start, target, steps, judge, pairs)
    best = search.run(most)
    have = np.flatnonzero([bool(s) for s in best.steps])
    failed = 0
    if len(have):
        width = max(len(best.steps[i]) for i in have)
        taken = np.array([[*best.steps[i], *[-1] * (width - len(best.steps[i]))] for i in have])
        frame = search.changed(have, taken)
        assert rule.decide is not None
        for i in have[~rule.decide(frame)].tolist():
            best.steps[i], best.cost[i], best.exact[i] = (), np.inf, False
            failed += 1
    return best, failed


def _changes(
    people: Applicants, row: int, steps: Steps, taken: Sequence[int]
) -> dict[str, tuple[Any, Any]]:
    out = {}
    for step in taken:
        name = steps.features[int(steps.owner[step])]
        pair = rows_of(people.frame.select(name), np.array([row, int(steps.lender[step])]))
        old, new = pair.get_column(name).to_list()
        out[name] = (plain(old), plain(new))
    return out


# --- words ----------------------------------------------------------------------------------


def _method(most: int) -> str:
    found = "one feature" if most == 1 else "one or two features"
    return (
        f"changes of {found} at up to {STEPS} observed values each, by rising cost"
        + (f"; of up to {most} by a beam" if most > 2 else "")
        + "; cost is the change of mid-rank percentile among all applicants of the table, summed "
        f"over features, and {CATEGORY:g} for another category or in place of a missing value"
    )


def _notes(
    people: Applicants,
    ways: Sequence[Way],
    denied: int,
    actionable: Sequence[str] | None,
    unsettled: int,
) -> tuple[str, ...]:
    notes = [CAVEAT]
    if len(ways) < denied:
        notes.append(f"{len(ways):,} of {denied:,} denied applicants were looked at.")
    if actionable is None:
        notes.append(
            "Nobody said what applicants can change: every feature that tells no protected "
            "attribute was taken as actionable. Say it with actionable=, immutable=, monotone=."
        )
    cut = sum(not w.exact and len(w.changes) <= 2 for w in ways)
    if cut:
        notes.append(
            f"For {cut:,} applicants not every change of two features was tried: a cheaper one may "
            "exist."
        )
    if unsettled:
        notes.append(
            f"{unsettled:,} changes were approved beside other rows and denied when asked again; "
            "they are not given."
        )
    if people.cluster is not None:
        notes.append("Intervals take rows of one applicant as several applicants.")
    return tuple(notes)


__all__ = ["recourse", "recourse_of"]
