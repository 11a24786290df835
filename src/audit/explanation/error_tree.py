"""Where a model errs: places found by a shallow tree on one half, measured on the other.

    error_tree(people, found, *, seed=0, level=0.95, rows=20_000) -> tuple[Mapping, ...]

Two errors are told apart: those who would have repaid and were denied, among all who would; and
those who would not and were approved, among all who would not. For each, a tree of depth 3 over
the features and the protected attributes tells wrong decisions from right ones on one half of the
rows; its leaves are then counted on the other half, so that finding them does not flatter them.
A leaf is compared with everyone outside it; p-values are adjusted over all leaves of both trees
(Benjamini & Hochberg 1995). Keys of a leaf: rule, kind, rows, value, low, high (Wilson), overall
(the other half's rate), p_value, p_adjusted, beyond_chance, groups (of the worst leaf that is
beyond chance: attribute, group, rows, value, low, high). Leaves worse than chance come first,
worst first. (Chung, Kraska, Polyzotis, Tae & Whang 2019, Slice Finder; Eyuboglu et al. 2022.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.explanation.applicants import Applicants
from audit.explanation.hybrids import rows_of
from audit.explanation.sampling import at_most, halved
from audit.explanation.scored import Scored
from audit.explanation.treatment import approved_by, rule_of
from audit.inference.intervals import rate_interval
from audit.inference.multiplicity import benjamini_hochberg
from audit.inference.score_tests import equality_p_value
from audit.inference.weights import effective
from audit.table import encode
from audit.table.columns import floats

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

ROWS = 20_000
"""Rows looked at, at most."""
FEWEST = 50
"""Rows of an outcome, and of either decision in it, below which nothing is looked for."""
DEPTH = 3
"""Conditions of a rule, at most."""
LEVELS = 12
"""Levels of a category that a rule may name."""
KINDS = (
    ("denied, though they would have repaid", True),
    ("approved, though they would not have repaid", False),
)
"""Kinds of error, and the outcome they are among."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    """One column that the tree may split on."""

    name: str
    """Feature or attribute."""
    level: Any
    """The level it marks; None for a number."""
    whole: bool
    """Whether the number is always whole."""
    values: Floats
    """Shape (rows,)."""


def error_tree(
    people: Applicants,
    found: Scored,
    *,
    seed: int = 0,
    level: float = 0.95,
    rows: int = ROWS,
) -> tuple[Mapping[str, Any], ...]:
    """Leaves where decisions are wrong, worst beyond chance first.

    Decisions are the table's, else the model's by `treatment.rule_of`. Raises `InputError` EXP320
    where outcomes are unknown, or known only of those approved, or too few of either.
    """
    denied, good, at = _judged(people, found)
    at = at_most(at, rows, (seed, 11))
    denied, good = denied[at], good[at]
    columns = _columns(people, at)
    half = halved(len(at), (seed, 12))
    weight = np.ones(len(at)) if people.weight is None else people.weight[at]
    count = np.ones(len(at)) if people.count is None else people.count[at]
    leaves: list[dict[str, Any]] = []
    for kind, side in KINDS:
        among = good == side
        wrong = denied if side else ~denied
        if min((among & wrong).sum(), (among & ~wrong).sum()) < FEWEST:
            continue
        leaves += _leaves(kind, columns, among, wrong, half, weight, count, level)
    if not leaves:
        raise _closed(
            f"fewer than {FEWEST} wrong, or right, decisions of either kind are known",
            "give more rows",
        )
    adjusted = benjamini_hochberg([leaf["p_value"] for leaf in leaves])
    for leaf, p in zip(leaves, adjusted.tolist(), strict=True):
        leaf["p_adjusted"] = p
        leaf["beyond_chance"] = bool(p <= 1 - level)
    leaves.sort(
        key=lambda f: (
            not (f["beyond_chance"] and f["value"] > f["overall"]),
            f["overall"] - f["value"],
        )
    )
    return tuple(_with_groups(leaves, people, at, weight, count, level))


def _judged(people: Applicants, found: Scored) -> tuple[Mask, Mask, Ints]:
    """Denied and good by row of the table, and the rows where both are known."""
    outcome = people.held.codes.get("outcome")
    if outcome is None:
        raise _closed("outcomes are not known", "read the table with outcome=...")
    decision = people.held.codes.get("decision")
    if decision is None:
        rule = rule_of(found, people) if found.oriented else None
        if rule is None or rule.decide is None:
            raise _closed("nothing here decides", "read it with decision=... or a cut-off")
        denied, decided = ~approved_by(rule, found, people), np.ones(people.size, dtype=bool)
    else:
        denied, decided = decision == 1, decision <= 1
    known = decided & (outcome <= 1)
    shares = [known[decided & side].mean() if (decided & side).any() else 0.0
              for side in (denied, ~denied)]  # fmt: skip
    if shares[0] < 0.9 * shares[1]:
        raise _closed(
            f"outcomes are known of {100 * shares[0]:.0f} % of those denied and of "
            f"{100 * shares[1]:.0f} % of those approved: what the others would have done is not "
            "known",
            "give a table where outcomes do not depend on the decision",
        )
    return denied, outcome == 0, np.flatnonzero(known)


def _closed(message: str, fix: str) -> InputError:
    return InputError("EXP320", message, argument="table", fix=fix)


# --- columns --------------------------------------------------------------------------------


def _columns(people: Applicants, rows: Ints) -> list[Column]:
    """Features and protected attributes as numbers: levels marked, missing values marked."""
    frame = rows_of(people.frame, rows)
    out: list[Column] = []
    for name in people.features:
        column = frame.get_column(name)
        numbers = floats(column)
        if numbers is None:
            out += _marks(name, column)
            continue
        missing = np.isnan(numbers)
        there = numbers[~missing]
        filled = np.where(missing, np.median(there) if len(there) else 0.0, numbers)
        whole = bool((there == np.floor(there)).all())
        out.append(Column(name=name, level=None, whole=whole, values=filled))
        if missing.any():
            out.append(Column(name=name, level="(missing)", whole=True, values=missing * 1.0))
    for name, groups in people.groups.items():
        if name in people.features and name not in people.table.roles.overlapping:
            continue
        for group, inside in zip(groups, people.inside[name], strict=True):
            marked = inside[people.codes[name][rows]]
            if 0 < marked.sum() < len(marked):
                told = "(missing)" if group is None else group
                out.append(Column(name=name, level=told, whole=True, values=marked * 1.0))
    return out


def _marks(name: str, column: Any) -> list[Column]:
    found = encode.look(column, name)
    codes = np.asarray(found.handle, dtype=np.int64)
    counts = np.bincount(codes, minlength=len(found.values))
    kept = [int(i) for i in np.argsort(-counts, kind="stable")[:LEVELS] if counts[i]]
    return [
        Column(
            name=name,
            level="(missing)" if found.values[i] is None else found.values[i],
            whole=True,
            values=(codes == i) * 1.0,
        )
        for i in kept
    ]


# --- leaves ---------------------------------------------------------------------------------


def _leaves(
    kind: str,
    columns: Sequence[Column],
    among: Mask,
    wrong: Mask,
    half: Mask,
    weight: Floats,
    count: Floats,
    level: float,
) -> list[dict[str, Any]]:
    from sklearn.tree import DecisionTreeClassifier

    matrix = np.column_stack([c.values for c in columns])
    learn, judge = np.flatnonzero(among & half), np.flatnonzero(among & ~half)
    if not len(judge) or len(np.unique(wrong[learn])) < 2:
        return []
    tree = DecisionTreeClassifier(
        max_depth=DEPTH, min_samples_leaf=max(30, len(learn) // 50), random_state=0
    ).fit(matrix[learn], wrong[learn], sample_weight=(weight * count)[learn])
    if tree.tree_.node_count < 3:
        return []
    reached = tree.apply(matrix[judge])
    hit, w, c = wrong[judge], weight[judge], count[judge]
    overall = _share(hit, w, c)
    rules = _rules(tree.tree_, columns)
    out: list[dict[str, Any]] = []
    for leaf, rule in rules.items():
        own = reached == leaf
        if not own.any() or own.all():
            continue
        x, n = _share(hit[own], w[own], c[own])
        x_rest, n_rest = _share(hit[~own], w[~own], c[~own])
        low, high = rate_interval(x, n, level)
        out.append(
            {
                "rule": rule,
                "kind": kind,
                "rows": int(c[own].sum()),
                "value": x / n,
                "low": float(low),
                "high": float(high),
                "overall": overall[0] / overall[1],
                "p_value": float(equality_p_value(x, n, x_rest, n_rest)),
                "at": judge[own],
                "wrong": hit[own],
            }
        )
    return out


def _share(hit: Mask, weight: Floats, count: Floats) -> tuple[float, float]:
    """Effective wrong decisions and rows."""
    w, w2 = weight * count, weight**2 * count
    x, n = effective(w[hit].sum(), w.sum(), w2[hit].sum(), w2.sum(), count.sum())
    return float(x), float(n)


def _rules(tree: Any, columns: Sequence[Column]) -> dict[int, str]:
    """Each leaf's conditions in words."""
    out: dict[int, str] = {}

    def walk(node: int, held: tuple[tuple[int, float, bool], ...]) -> None:
        if tree.children_left[node] < 0:
            out[node] = _rule(held, columns)
            return
        split = int(tree.feature[node]), float(tree.threshold[node])
        walk(int(tree.children_left[node]), (*held, (*split, True)))
        walk(int(tree.children_right[node]), (*held, (*split, False)))

    walk(0, ())
    return out


def _rule(held: Sequence[tuple[int, float, bool]], columns: Sequence[Column]) -> str:
    words = []
    for index in dict.fromkeys(i for i, _, _ in held):
        column = columns[index]
        upper = [t for i, t, below in held if i == index and below]
        lower = [t for i, t, below in held if i == index and not below]
        if column.level is not None:
            sense = "is" if lower else "is not"
            words.append(f"{column.name} {sense} {column.level}")
            continue
        words.append(f"{column.name} {_between(lower, upper, column)}")
    return " and ".join(words)


def _between(lower: Sequence[float], upper: Sequence[float], column: Column) -> str:
    """The interval of a number in words; whole numbers by the first and last value inside.

    >>> age = Column(name="age", level=None, whole=True, values=np.array([25.0, 26.0, 30.0, 50.0]))
    >>> _between([], [25.5], age), _between([25.5], [40.0], age), _between([40.0], [], age)
    ('at most 25', '26 to 30', 'at least 50')
    """
    low = max(lower) if lower else None
    high = min(upper) if upper else None
    if column.whole:
        there = np.unique(column.values)
        first = None if low is None else int(there[np.searchsorted(there, low, side="right")])
        last = None if high is None else int(there[np.searchsorted(there, high, "right") - 1])
        if first is not None and last is not None:
            return f"is {first:,}" if first == last else f"{first:,} to {last:,}"
        return f"at most {last:,}" if first is None else f"at least {first:,}"
    if low is not None and high is not None:
        return f"over {low:,.6g} and at most {high:,.6g}"
    return f"at most {high:,.6g}" if low is None else f"over {low:,.6g}"


def _with_groups(
    leaves: Sequence[dict[str, Any]],
    people: Applicants,
    at: Ints,
    weight: Floats,
    count: Floats,
    level: float,
) -> list[Mapping[str, Any]]:
    """The leaves without their rows; the worst beyond chance by group of every attribute."""
    worst = leaves[0]
    groups: tuple[Mapping[str, Any], ...] = ()
    if worst["beyond_chance"] and worst["value"] > worst["overall"]:
        groups = _by_group(worst["at"], worst["wrong"], people, at, weight, count, level)
    told = [{k: v for k, v in leaf.items() if k not in ("at", "wrong")} for leaf in leaves]
    return [{**leaf, "groups": () if place else groups} for place, leaf in enumerate(told)]


def _by_group(
    rows: Ints,
    wrong: Mask,
    people: Applicants,
    at: Ints,
    weight: Floats,
    count: Floats,
    level: float,
) -> tuple[Mapping[str, Any], ...]:
    out: list[Mapping[str, Any]] = []
    for name, groups in people.groups.items():
        codes = people.codes[name][at[rows]]
        for group, inside in zip(groups, people.inside[name], strict=True):
            own = inside[codes]
            if not own.any():
                continue
            x, n = _share(wrong[own], weight[rows[own]], count[rows[own]])
            if not n:
                continue
            low, high = rate_interval(x, n, level)
            out.append(
                {
                    "attribute": name,
                    "group": (group,),
                    "rows": int(count[rows[own]].sum()),
                    "value": x / n,
                    "low": float(low),
                    "high": float(high),
                }
            )
    return tuple(out)


__all__ = ["error_tree"]
