"""A sweep of the cut-off: what each approval rate does to a group's ratio, errors and profit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from audit.errors import InputError
from audit.inference.checks import one_level
from audit.mitigation.at_cutoffs import CONTRASTS, FEW, Swept, swept
from audit.mitigation.costs import costs_of
from audit.mitigation.scored import UNKNOWN, Scored, scored
from audit.mitigation.sweep_record import AtCutoff, Sweep, SweepPoint
from audit.table.match import ABSENT, alone, level_told
from audit.table.wording import listed, shown, suggestion

MOST_POINTS = 10_001
SELECTIVE = "selective labels: outcomes are known only of the approved"
NO_OUTCOME = "no outcome is given, or none is known"


def sweep_cutoffs(
    table: Any,
    attribute: Any = None,
    group: Any = None,
    *,
    costs: Any = None,
    points: int = 101,
    level: float = 0.95,
    **roles: Any,
) -> Sweep:
    """What each cut-off on a score would do: approvals by group, their ratio, errors, profit.

    For `points` approval rates evenly from 0 to 1, the strictest cut-off that approves at least
    that share (people who tie are decided together, so fewer cut-offs may come out), and the
    table's own `cutoff` among them, marked by `.operating`. At each: every group's approval rate
    (Wilson), its ratio and difference to the reference (Miettinen-Nurminen; effective rows where
    weighted; block jackknife of repeated applicants), TPR, FPR and FNR, the default rate among
    the approved, and with `costs=(gain, loss)` of a repaid and a defaulted loan (or a mapping)
    the profit per applicant. Limits hold one at a time: choosing a cut-off by its ratio makes
    that ratio look better than it is, so confirm the choice on other people.

    `table` is a table, a tally, or anything `audit.read` takes, with its arguments; where rows
    stay in an engine cut-offs are edges of 1,024 bins. `attribute`: one protected attribute, else
    the one whose gap is widest. `group`: whose ratio the points carry, else the lowest. Rows
    without a score are in no rate, and unknown outcomes in no error rate: both are counted. Where
    outcomes are known only of the approved, error rates are undefined, and profit is known only
    at cut-offs that approve nobody else.

    Raises `InputError` MIT201 (costs), MIT202 (no score or risk), MIT203 (attribute or group),
    MIT204 (nobody with a score, or a tally without score bins), MIT206 (points), INF001 (level),
    and what `audit.read` raises.

    >>> loans = {"sex": list("ffffmmmm"), "pd": [.9, .8, .6, .4, .6, .4, .3, .1],
    ...          "repaid": [0, 0, 1, 1, 0, 1, 1, 1]}
    >>> found = sweep_cutoffs(loans, costs=(1, 4), protected="sex", risk="pd",
    ...                       outcome="repaid", favorable=1, reference={"sex": "m"})
    >>> point = found.at(0.5)
    >>> point.cutoff, point.approval_rate, point.ratio, point.default_rate, point.profit
    (0.6, 0.5, 0.3333333333333333, 0.0, 0.5)
    """
    level = one_level(level)
    money = None if costs is None else costs_of(costs)
    number = _number(points)
    known = [
        swept(one, number, money, level) for one in scored(table, attribute, roles, "sweep_cutoffs")
    ]
    if group is not None:
        known = [_holding(known, group)]
        front = _place(known[0].of, group)
        return _record(known[0], front, ())
    marks = [one.front() for one in known]
    best = min(range(len(known)), key=lambda i: (marks[i][1], i))
    front, lowest = marks[best]
    notes = []
    if len(known) > 1:
        names = [one.of.attribute for one in known]
        notes.append(f"of {listed(names)}, {shown(names[best])} has the lowest ratio")
    if front is not None and sum(known[best].of.named) > 2 and math.isfinite(lowest):
        notes.append(f"{shown(known[best].of.name(front)[0])} has the lowest ratio of its groups")
    return _record(known[best], front, tuple(notes))


def _number(points: Any) -> int:
    whole = isinstance(points, int | np.integer) and not isinstance(points, bool)
    if not (whole and 2 <= points <= MOST_POINTS):
        raise InputError(
            "MIT206",
            f"{shown(points)} is not a number of points from 2 to {MOST_POINTS:,}",
            argument="points",
            fix="101 gives one a percentage point",
        )
    return int(points)


def _holding(known: list[Swept], group: Any) -> Swept:
    having = [one for one in known if _place(one.of, group) is not None]
    if len(having) == 1:
        one = having[0].of
        if _place(one, group) == one.reference:
            others = [one.name(g)[0] for g in range(len(one.groups)) if g != one.reference]
            raise InputError(
                "MIT203",
                f"{shown(alone(group))} is the reference of {one.attribute}",
                argument="group",
                fix=f"ask for one of {listed(others)}" if others else "there is no other",
            )
        return having[0]
    levels = [one.of.name(g)[0] for one in known for g in range(len(one.of.groups))]
    raise InputError(
        "MIT203",
        f"{shown(alone(group))} is a group of {listed([one.of.attribute for one in having])}"
        if having
        else f"there is no group {shown(alone(group))}",
        argument="group",
        fix="say which: attribute=..." if having else suggestion(alone(group), levels),
    )


def _place(found: Scored, group: Any) -> int | None:
    """Where the group asked for stands, read in the levels' own type; None where it is not."""
    levels = [found.name(g)[0] for g in range(len(found.groups))]
    level = level_told(group, levels)
    return None if level is ABSENT else levels.index(level)


def _record(one: Swept, front: int | None, notes: tuple[str, ...]) -> Sweep:
    of = one.of
    columns = [_at(one, g) for g in range(len(of.groups))]
    whole = {**one.approvals(one.everyone), **one.defaults(one.everyone)}
    whole |= one.profit(one.everyone)
    none = [math.nan] * len(one.cutoffs)
    first = {n: none if front is None else columns[front][n] for n in CONTRASTS}
    listed_ = {n: v.tolist() for n, v in whole.items()}
    points = tuple(
        SweepPoint(
            cutoff=float(cutoff),
            approval_rate=listed_["rate"][i],
            groups=tuple(
                AtCutoff(group=of.name(g), **{n: v[i] for n, v in columns[g].items()})
                for g in range(len(of.groups))
            ),
            **{n: first[n][i] for n in CONTRASTS},
            **{n: v[i] for n, v in listed_.items() if not n.startswith("rate")},
        )
        for i, cutoff in enumerate(one.cutoffs)
    )
    outcomes = of.everyone.outcomes
    unknown = float(outcomes[UNKNOWN] / outcomes.sum())
    rows, missing = of.everyone.of.rows, of.everyone.of.missing
    return Sweep(
        attribute=of.attribute,
        group=None if front is None else of.name(front),
        reference=None if of.reference is None else of.name(of.reference),
        column=of.column,
        higher_is_better=of.higher,
        points=points,
        operating=one.operating,
        costs=None if one.costs is None else {"gain": one.costs.gain, "loss": one.costs.loss},
        level=one.level,
        rows=rows,
        missing=missing,
        missing_by_group=tuple((s.of.group, s.of.missing) for s in of.groups),
        unknown=unknown,
        selective=of.selective,
        exact=of.exact,
        method=_method(one),
        reasons=_reasons(one, unknown, front),
        notes=(*notes, *one.notes, *_said(of, unknown)),
    )


def _at(one: Swept, g: int) -> dict[str, list[float]]:
    side = one.groups[g]
    found = {**one.approvals(side), **one.errors(side), **one.defaults(side)}
    found |= one.profit(side)
    if one.others[g] is not None:
        found |= one.contrast(g)
    found["precision"] = 1 - found["default_rate"]
    every = side.approved.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found["unknown"] = np.where(every > 0, side.approved[:, UNKNOWN] / every, 0.0)
    none = [math.nan] * len(one.cutoffs)
    return {**dict.fromkeys(CONTRASTS, none), **{n: v.tolist() for n, v in found.items()}}


def _method(one: Swept) -> str:
    bins = "" if one.of.exact else f", {len(one.of.everyone.of.edges) - 1} bins"
    if one.everyone.blocks is not None:
        return f"block jackknife (Miettinen-Nurminen where nothing varies){bins}"
    rows = ", effective rows" if one.of.everyone.squares is not None else ""
    return f"Miettinen-Nurminen{rows}{bins}"


def _reasons(one: Swept, unknown: float, front: int | None) -> dict[str, str]:
    found = {}
    if front is None:
        found["ratio"] = "there are no two named groups with a score"
    errors = ("true_positive_rate", "false_positive_rate", "false_negative_rate")
    if unknown == 1:
        found |= dict.fromkeys((*errors, "precision", "default_rate", "profit"), NO_OUTCOME)
    elif one.of.selective:
        found |= dict.fromkeys(errors, SELECTIVE)
        if one.costs is not None:
            found["profit"] = f"{SELECTIVE}; nobody knows what others would have repaid"
    if one.costs is None:
        found["profit"] = "no costs are given"
    return found


def _said(of: Scored, unknown: float) -> list[str]:
    notes = []
    d = of.everyone.of
    if d.missing:
        notes.append(
            f"{d.missing:,} row{'' if d.missing == 1 else 's'} of {d.missing + d.rows:,} "
            f"without a {d.column}: no cut-off decides them"
        )
    if 0 < unknown < 1:
        notes.append(
            f"{100 * unknown:.1f} % of outcomes are unknown: error and default rates"
            + ("" if of.selective else ", and profit,")
            + " are over the known ones"
        )
    notes += of.notes
    few = [s.of.group[0] for s in of.groups if 0 < s.of.rows < FEW]
    if few:
        notes.append(f"fewer than {FEW} rows with a score: {listed(few)}")
    return notes
