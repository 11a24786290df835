"""Weights that part group from outcome in the training rows: before a model learns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from audit.errors import DataWarning, InputError, tell
from audit.mitigation.fitting import Lesson
from audit.mitigation.massaging import massage
from audit.mitigation.method import BEFORE, Made, Method
from audit.mitigation.people import GOOD
from audit.mitigation.settings import Share
from audit.mitigation.task import Task, trained, tuned, unchanged
from audit.table.wording import listed

if TYPE_CHECKING:
    from audit.table.rows import Table

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def reweigh(table: Any, **roles: Any) -> Floats:
    """Weights under which group and outcome are independent, one a row, for `sample_weight`.

    w = mass × W(group) · W(outcome) / (W · W(group, outcome)), W being sums of mass (Kamiran and
    Calders, Knowledge and Information Systems 33, 2012, 1-33, section 5.3; equal to AIF360's
    `Reweighing`). Groups are those of all protected attributes crossed, missing levels among them;
    without an outcome the decision takes its place. The table's `weight` and `count` are the mass
    (1 a row where neither is told) and are multiplied in, as AIF360 does: the result replaces
    them. Every group's weighted base rate then equals the overall one, and the weights of each
    group and of each outcome sum to what they were. They change what is learned from, never what
    is decided upon, so that gaps in a model's decisions shrink only as far as it follows them.

    A row whose outcome is unknown has no weight: nan, with a `DataWarning` MIT404, since 1 would
    let it be trained on as if it were known. Where all of a group's outcomes are of one kind no
    weights can help: MIT405. `table` is a table or anything `audit.read` takes, with its arguments.

    Raises `InputError` MIT401 (no rows in memory), MIT402 (no protected attribute, or groups that
    overlap), MIT403 (neither outcome nor decision, or none known), and what `audit.read` raises.

    >>> loans = {"sex": list("fffmm"), "repaid": [1, 0, 0, 1, 0]}
    >>> weights = reweigh(loans, protected=["sex"], outcome="repaid", favorable=1)
    >>> weights.round(12).tolist()
    [1.2, 0.9, 0.9, 0.8, 1.2]
    >>> [round(float(w[0] / w.sum()), 12) for w in (weights[:3], weights[3:])]  # base rates
    [0.4, 0.4]
    """
    from audit.table.rows import CodedRows

    own = _table(table, roles)
    rows = own.rows
    assert isinstance(rows, CodedRows)
    part = "outcome" if own.roles.outcome is not None else "decision"
    told = np.asarray(rows.codes[part], np.int64)
    known = np.flatnonzero(told <= 1)
    if not len(known):
        raise InputError(
            "MIT403", f"no {part} is known", argument="table", count=len(own), first=0,
            fix="give rows that have one",
        )  # fmt: skip
    names = own.roles.protected
    groups = crossed([np.asarray(rows.codes[f"protected:{n}"], np.int64)[known] for n in names])
    mass = np.ones(len(known))
    for given in (rows.weight, rows.count):
        mass = mass if given is None else mass * np.asarray(given, np.float64)[known]
    good = told[known] == 0
    found = np.full(len(own), np.nan)
    found[known] = mass * independent(groups, good, mass)
    _remark(own, part, told > 1, _one_sided(own, groups, good, mass, known))
    return found


def independent(groups: Ints, good: Flags, mass: Floats) -> Floats:
    """W(group) · W(outcome) / (W · W(group, outcome)) of each row; 1 where a cell weighs nothing.

    >>> independent(np.array([0, 0, 1]), np.array([True, False, True]), np.ones(3)).round(3)
    array([1.333, 0.667, 0.667])
    """
    cells = _cells(groups, good, mass)
    expected = np.outer(cells.sum(axis=1), cells.sum(axis=0)) / cells.sum()
    factor = np.divide(expected, cells, out=np.ones_like(cells), where=cells > 0)
    found: Floats = factor[groups, good.astype(np.int64)]
    return found


def _cells(groups: Ints, good: Flags, mass: Floats) -> Floats:
    """Mass of each group, unfavourable and favourable: shape (groups, 2)."""
    number = int(groups.max()) + 1
    found: Floats = np.bincount(2 * groups + good, mass, 2 * number).astype(np.float64)
    return found.reshape(number, 2)


def crossed(codes: list[Ints]) -> Ints:
    """The groups of several attributes at once, numbered from 0; only those that occur."""
    found = np.zeros(len(codes[0]), np.int64)
    for own in codes:
        pairs = found * (int(own.max()) + 1) + own
        found = np.unique(pairs, return_inverse=True)[1].astype(np.int64)
    return found


def _table(source: Any, roles: dict[str, Any]) -> Table:
    from audit.table.intake import read
    from audit.table.keywords import check_keywords, refuse_roles
    from audit.table.rows import CodedRows, Table
    from audit.tally.cube import Tally

    if isinstance(source, Tally):
        raise InputError(
            "MIT401", "weights are given to rows, and a tally has none", argument="table",
            fix="give what was counted: audit.read(...)",
        )  # fmt: skip
    if isinstance(source, Table):
        refuse_roles(roles, "a table")
        table = source
    else:
        check_keywords(roles)
        table = read(source, **roles)
    if not isinstance(table.rows, CodedRows):
        raise InputError(
            "MIT401", "weights are given to rows, and these stay in an engine", argument="table",
            fix="collect them into a pandas or polars frame and read that",
        )  # fmt: skip
    if not table.roles.protected or table.roles.overlapping:
        what = "groups overlap" if table.roles.overlapping else "no protected attribute is named"
        raise InputError(
            "MIT402", f"{what}, and each row has the weight of its one group", argument="protected",
            fix="name one column whose levels are the groups",
        )  # fmt: skip
    if table.roles.outcome is None and "decision" not in table.rows.codes:
        raise InputError(
            "MIT403", "there is neither an outcome nor a decision to weigh by", argument="table",
            fix="audit.read(..., outcome=COLUMN, favorable={'outcome': VALUE})",
        )  # fmt: skip
    return table


def _one_sided(
    table: Table, groups: Ints, good: Flags, mass: Floats, known: Ints
) -> list[tuple[Any, ...]]:
    """Groups whose known outcomes are all of one kind, where others have both."""
    from audit.table.rows import CodedRows

    assert isinstance(table.rows, CodedRows)
    cells = _cells(groups, good, mass)
    if not (cells.sum(axis=0) > 0).all():
        return []
    found = []
    for group in np.flatnonzero((cells > 0).sum(axis=1) == 1):
        row = known[np.flatnonzero(groups == group)[0]]
        keys = [f"protected:{n}" for n in table.roles.protected]
        found.append(
            tuple(table.axes[k].levels[int(np.asarray(table.rows.codes[k])[row])] for k in keys)
        )
    return found


def _remark(table: Table, part: str, unknown: Flags, lone: list[tuple[Any, ...]]) -> None:
    if unknown.any():
        name = table.roles.outcome if part == "outcome" else table.roles.decision
        word = "unknown" if part == "outcome" else "undecided"
        tell(
            DataWarning(
                f"{int(unknown.sum()):,} rows are {word} in {name!r} (first: "
                f"{int(np.flatnonzero(unknown)[0])}): their weight is nan; leave them out of "
                "training",
                "MIT404",
            )
        )
    if lone:
        tell(
            DataWarning(
                f"{part}s of {listed(lone)} are all of one kind: no weights change that rate",
                "MIT405",
            )
        )


# --- methods ------------------------------------------------------------------------------------


STRENGTH: Mapping[str, Any] = {"strength": Share(1.0)}
"""How much of the way base rates go to the overall one."""


def _reweighed(task: Task) -> Made:
    strength = float(tuned(task, "reweighing", STRENGTH)["strength"])

    def change(task: Task, rows: Ints) -> Lesson:
        mass, good = task.train.mass[rows], task.train.outcome[rows] == GOOD
        factor = independent(task.codes[rows], good, mass)
        weight = mass * (1 + strength * (factor - 1))
        return replace(unchanged(task, rows), weight=weight)

    return trained(task, change)


def _balanced(task: Task) -> Made:
    def change(task: Task, rows: Ints) -> Lesson:
        mass, good = task.train.mass[rows], task.train.outcome[rows] == GOOD
        sums = np.bincount(good, mass, 2)
        weight = mass * (mass.sum() / (2 * sums))[good.astype(np.int64)]
        return replace(unchanged(task, rows), weight=weight)

    return trained(task, change)


KAMIRAN = (
    "Kamiran and Calders, Data preprocessing techniques for classification without "
    "discrimination, Knowledge and Information Systems 33 (2012) 1-33"
)

METHODS: tuple[Method, ...] = (
    Method(
        key="class_weights",
        title="Class weights",
        acts=BEFORE,
        does="Weighs the rows so that both outcomes count alike (scikit-learn's "
        'class_weight="balanced"). It looks at no group: the odds of every group are multiplied '
        "by one number.",
        fails="It is made for rare outcomes, not for groups: gaps move only because the cut-off "
        "and the fit move, chances are no longer calibrated, and a gap may well grow.",
        source="King and Zeng, Logistic regression in rare events data, Political Analysis 9 "
        "(2001) 137-163; scikit-learn",
        make=_balanced,
    ),
    Method(
        key="reweighing",
        title="Reweighing",
        acts=BEFORE,
        does="Weighs the training rows so that group and outcome are independent: favourable "
        "outcomes of a group that has few of them count for more. With a strength below 1 each "
        "group's base rate moves that share of the way to the overall one (linear in the weights).",
        fails="A model that fits its training rows closely, such as a deep forest, hardly minds "
        "weights; group gaps that other features carry beyond the base rates remain.",
        source=f"{KAMIRAN}, section 5.3; equal to AIF360's Reweighing",
        make=_reweighed,
        settings=STRENGTH,
    ),
    Method(
        key="massaging",
        title="Massaging",
        acts=BEFORE,
        does="Relabels the training rows nearest the boundary, unfavourable to favourable in "
        "groups below the overall base rate and the reverse in groups above it, as few as make "
        "the base rates equal. The ranking is the model's own, trained on the same rows.",
        fails="It trains on outcomes that did not happen, which a reviewer may refuse; where base "
        "rates differ for real, the relabelled people default as before.",
        source=f"{KAMIRAN}, section 5.1; with several groups each is brought to the overall rate",
        make=massage,
    ),
)
