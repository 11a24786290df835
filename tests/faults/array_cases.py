"""Faulty inputs as arrays, and what each one means in exact rational numbers.

A case holds the call (`y_true`, `y_pred`, `sensitive_features`, `sample_weight`, `pos_label`) and
its meaning: one (group, decision, outcome, weight) a row, worked by hand, not by any library. A
part that nobody can know without a guess is named in `guess`; a number that depends on it is a
wrong one. Only numpy and pandas are needed, so that the same table runs beside any peer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

FUNCTIONS = (
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equal_opportunity_difference",
)
"""The calls that every case is put to."""

Row = tuple[Any, int, int | None, Fraction]
"""Group, decision and outcome (1 favourable, 0 not, None unknown), weight."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One faulty input."""

    fault: int
    """Number in the table of faults."""
    name: str
    """What is odd about it."""
    call: dict[str, Any]
    """Arguments of the call; `sensitive_features` and the arrays by fairlearn's names."""
    meaning: tuple[Row, ...]
    """What the rows say, where they say anything."""
    guess: frozenset[str] = frozenset()
    """Parts that could only be guessed: "y_true", "y_pred", "groups", "weight" or "rows"."""
    must: str = "number"
    """The table's answer here: "error", "undefined" or "number" (exact)."""
    reference: Any = "a"
    """A group to compare with, for peers that need one."""


def exact(case: Case, function: str) -> Fraction | str:
    """The exact value, "undefined", or "guess" where only a guess could give a number."""
    used = {"y_pred", "groups", "weight", "rows"}
    if function == "equal_opportunity_difference":
        used = used | {"y_true"}
    if case.guess & used:
        return "guess"
    rates = []
    for group in dict.fromkeys(row[0] for row in case.meaning):
        rows = [row for row in case.meaning if row[0] == group]
        if function == "equal_opportunity_difference":
            rows = [row for row in rows if row[2] == 1]
        total = sum((row[3] for row in rows), Fraction(0))
        if not total:
            return "undefined"
        rates.append(sum((row[3] for row in rows if row[1] == 1), Fraction(0)) / total)
    if len(rates) < 2:
        return "undefined"
    if function == "demographic_parity_ratio":
        return min(rates) / max(rates) if max(rates) else "undefined"
    return max(rates) - min(rates)


A, B = "a", "b"
CELLS: tuple[tuple[str, int, int, int], ...] = (
    (A, 1, 1, 14), (A, 0, 1, 6), (A, 1, 0, 4), (A, 0, 0, 11),
    (B, 1, 1, 12), (B, 0, 1, 13), (B, 1, 0, 5), (B, 0, 0, 10),
)  # fmt: skip
"""(group, decision, outcome, rows): approval 18/35 and 17/40; among the good 14/20 and 12/25."""


def _rows(cells: Sequence[tuple[Any, int, int, int]] = CELLS) -> list[tuple[Any, int, int]]:
    """The cells' rows, one by one, in a fixed mixture."""
    rows = [(g, d, y) for g, d, y, n in cells for _ in range(n)]
    order = np.random.default_rng(7).permutation(len(rows))
    return [rows[i] for i in order]


def _parts(rows: Sequence[tuple[Any, int, int]]) -> tuple[list[Any], list[int], list[int]]:
    return [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]


ROWS = _rows()
G, D, Y = _parts(ROWS)
SIZE = len(ROWS)


def case(
    fault: int,
    name: str,
    *,
    y_true: Any = None,
    y_pred: Any = None,
    groups: Any = None,
    weight: Any = None,
    label: Any = None,
    means: Sequence[Any] | None = None,
    guess: str = "",
    must: str | None = None,
    reference: Any = "a",
) -> Case:
    """A case that differs from the ordinary rows in what is given here."""
    call = {
        "y_true": Y if y_true is None else y_true,
        "y_pred": D if y_pred is None else y_pred,
        "sensitive_features": G if groups is None else groups,
    }
    if weight is not None:
        call["sample_weight"] = weight
    if label is not None:
        call["pos_label"] = label
    meaning = tuple(
        (row[0], row[1], row[2], Fraction(row[3]) if len(row) > 3 else Fraction(1))
        for row in (ROWS if means is None else means)
    )
    parts = frozenset(guess.split())
    if must is None:
        must = "error" if parts else "number"
    return Case(
        fault=fault, name=name, call=call, meaning=meaning, guess=parts, must=must,
        reference=reference,
    )  # fmt: skip


def _told(value: Callable[[int], Any]) -> list[Any]:
    return [value(d) for d in D]


def _group(value: Callable[[int, str], Any]) -> tuple[list[Any], list[Any]]:
    """Groups renamed row by row, and the rows that they mean."""
    named = [value(i, g) for i, g in enumerate(G)]
    return named, [(n, d, y) for n, (_, d, y) in zip(named, ROWS, strict=True)]


def _cells(cells: Sequence[tuple[Any, int, int, int]]) -> dict[str, Any]:
    rows = _rows(cells)
    groups, decisions, outcomes = _parts(rows)
    return {"groups": groups, "y_pred": decisions, "y_true": outcomes, "means": rows}


def _first(group: str) -> int:
    return G.index(group)


def _weighted(value: Callable[[int, str], Any]) -> dict[str, Any]:
    weights = [value(i, g) for i, g in enumerate(G)]
    means = [(*row, w) for row, w in zip(ROWS, weights, strict=True)]
    return {"weight": np.array(weights, dtype=float), "means": means}


def _shuffled(values: Sequence[Any]) -> pd.Series:
    """The same labels and values in another order: 0, 1, 2, … is what the call's others hold."""
    order = np.random.default_rng(3).permutation(SIZE)
    return pd.Series([values[i] for i in order], index=order)


def build() -> list[Case]:
    """All cases, in the order of the table."""
    one, two = _first(A), _first(B)
    missing, with_missing = _group(lambda i, g: None if i in (one, two) else g)
    dates = [np.datetime64("1970-01-01") + 300 * i for i in range(SIZE)]
    ages = [20 + i / 3 for i in range(SIZE)]
    mixed, _ = _group(lambda i, g: (1, "1", True, 1.0)[i % 4] if g == A else 0)
    blanks, of_blanks = _group(lambda i, g: g + " " * (i % 2))
    spelt, _ = _group(lambda i, g: ("Jos\u00e9", "Jose\u0301")[i % 2] if g == A else "Ana")
    joined = [("José" if g == A else "Ana", d, y) for g, d, y in ROWS]
    hidden, of_hidden = _group(lambda i, g: "m\u200bale" if g == A and i % 2 else g)
    turned, of_turned = _group(lambda _, g: "\u202e" + g)
    html, of_html = _group(lambda _, g: f"</script><b>{g}")
    named, of_named = _group(lambda i, g: ("overall", "nan")[i % 2] if g == A else "None")
    left, right = ["x|y" if g == A else "x" for g in G], ["z" if g == A else "y|z" for g in G]
    unused = pd.Series(pd.Categorical(G, categories=[A, B, "never"]))
    index = pd.RangeIndex(SIZE)
    decided, outcome, grouped = (pd.Series(v, index=index) for v in (D, Y, G))
    again = [0, *range(SIZE - 1)]
    gap = [float("nan") if i == two else float(d) for i, d in enumerate(D)]
    unknown = [float("nan") if i in (one, two) else float(y) for i, y in enumerate(Y)]
    known = [(g, d, None if i in (one, two) else y) for i, (g, d, y) in enumerate(ROWS)]
    flipped = [1 - y for y in Y]
    probabilities = [0.9 - 0.1 * (i % 3) if d else 0.1 + 0.1 * (i % 3) for i, d in enumerate(D)]
    twice = pd.DataFrame([[g, "x"] for g in G], columns=["sex", "sex"])
    some_na = pd.array([None if i == two else d for i, d in enumerate(D)], dtype="Int64")
    return [
        case(1, "a group is None in two rows", groups=missing, means=with_missing, must="error",
             reference="b"),
        case(1, "a group is NaN in two rows", groups=pd.Series(missing, dtype=object),
             means=with_missing, must="error", reference="b"),
        case(2, "one group only", groups=[A] * SIZE, means=[(A, d, y) for _, d, y in ROWS],
             must="undefined"),
        case(3, "a group of one row", **_cells([*CELLS, ("c", 1, 1, 1)])),
        case(4, "nobody in a group is good", must="undefined",
             **_cells([*CELLS[:4], (B, 1, 0, 15), (B, 0, 0, 25)])),
        case(5, "nobody in a group is bad",
             **_cells([*CELLS[:4], (B, 1, 1, 15), (B, 0, 1, 25)])),
        case(6, "a group is never approved",
             **_cells([*CELLS[:4], (B, 0, 1, 25), (B, 0, 0, 15)])),
        case(7, "nobody is approved", y_pred=[0] * SIZE, means=[(g, 0, y) for g, _, y in ROWS]),
        case(8, "everybody is approved", y_pred=[1] * SIZE,
             means=[(g, 1, y) for g, _, y in ROWS]),
        case(10, "dates as groups", groups=np.array(dates), must="error", reference=dates[0],
             means=[(n, d, y) for n, (_, d, y) in zip(dates, ROWS, strict=True)]),
        case(10, "75 ages that are not whole", groups=ages, must="error", reference=ages[0],
             means=[(n, d, y) for n, (_, d, y) in zip(ages, ROWS, strict=True)]),
        case(11, "groups 1, '1', True and 1.0", groups=mixed, guess="groups", reference=1),
        case(12, "group names with trailing blanks", groups=blanks, means=of_blanks),
        case(13, "one name spelt in NFC and NFD", groups=spelt, means=joined, reference="Ana"),
        case(13, "a zero-width space in a name", groups=hidden, means=of_hidden, reference="b"),
        case(14, "a bidirectional override", groups=turned, means=of_turned,
             reference="\u202ea"),
        case(15, "markup in names", groups=html, means=of_html, reference="</script><b>a"),
        case(16, "groups called overall, nan and None", groups=named, means=of_named,
             reference="None"),
        case(17, "a categorical level without rows", groups=unused),
        case(18, "separators inside the names of two attributes",
             groups=pd.DataFrame({"p": left, "q": right})),
        case(19, "decisions 'good' and 'bad'", y_pred=_told(lambda d: "good" if d else "bad"),
             guess="y_pred"),
        case(19, "outcomes 'good' and 'bad'", y_true=["good" if y else "bad" for y in Y],
             guess="y_true"),
        case(20, "bool labels", y_pred=_told(bool), y_true=[bool(y) for y in Y]),
        case(21, "decisions -1 and 1", y_pred=_told(lambda d: 2 * d - 1), guess="y_pred"),
        case(21, "labels -1 and 1, told", y_pred=_told(lambda d: 2 * d - 1),
             y_true=[2 * y - 1 for y in Y], label=1),
        case(22, "decisions 1 and 2", y_pred=_told(lambda d: 2 - d), guess="y_pred"),
        case(22, "labels 1 and 2, told", y_pred=_told(lambda d: 2 - d),
             y_true=[2 - y for y in Y], label=1),
        case(23, "decisions '0' and '1'", y_pred=_told(str), guess="y_pred"),
        case(24, "probabilities as decisions", y_pred=probabilities, guess="y_pred"),
        case(25, "an (n, 2) matrix of probabilities", guess="y_pred",
             y_pred=np.array([[1 - p, p] for p in probabilities])),
        case(26, "a third class", y_pred=[2 if i == one else d for i, d in enumerate(D)],
             guess="y_pred"),
        case(27, "a decision is NaN", y_pred=gap, guess="y_pred"),
        case(27, "an outcome is NaN in two rows", y_true=unknown, means=known),
        case(28, "an infinite decision", guess="y_pred",
             y_pred=[float("inf") if i == one else d for i, d in enumerate(D)]),
        case(31, "the favourable outcome is 0, told", y_true=flipped,
             y_pred=[1 - d for d in D], label=0),
        case(32, "0.999999 as a decision", guess="y_pred",
             y_pred=_told(lambda d: 0.999999 if d else 0.0)),
        case(33, "a negative weight", weight=np.array([-1.0, *[1.0] * (SIZE - 1)]),
             guess="weight"),
        case(34, "a weight is NaN", weight=np.array([float("nan"), *[1.0] * (SIZE - 1)]),
             guess="weight"),
        case(34, "a weight is infinite", weight=np.array([float("inf"), *[1.0] * (SIZE - 1)]),
             guess="weight"),
        case(35, "all weights are zero", weight=np.zeros(SIZE), guess="weight"),
        case(36, "a group's weights are zero", must="undefined",
             **_weighted(lambda _, g: float(g == A))),
        case(37, "too few weights", weight=np.ones(SIZE - 1), guess="weight"),
        case(38, "weights as text", weight=np.array(["1"] * SIZE), guess="weight"),
        case(39, "weights of 1e12 and 2e12", **_weighted(lambda i, _: 1e12 * (1 + i % 2))),
        case(39, "weights of 1e-300 and 2e-300", **_weighted(lambda i, _: 1e-300 * (1 + i % 2))),
        case(41, "a decision too few", y_pred=D[:-1], guess="rows"),
        case(42, "decisions shuffled, index kept", y_true=outcome, groups=grouped,
             y_pred=_shuffled(D)),
        case(42, "groups shuffled, index kept", y_true=outcome, y_pred=decided,
             groups=_shuffled(G)),
        case(43, "another index", y_true=outcome, groups=grouped, guess="rows",
             y_pred=pd.Series(D, index=range(1000, 1000 + SIZE))),
        case(44, "repeated index labels, identical", y_true=pd.Series(Y, index=again),
             y_pred=pd.Series(D, index=again), groups=pd.Series(G, index=again)),
        case(44, "repeated index labels, in another order", y_true=pd.Series(Y, index=again),
             y_pred=pd.Series(D, index=again[::-1]), groups=pd.Series(G, index=again),
             guess="rows"),
        case(45, "no rows", y_true=[], y_pred=[], groups=[], guess="rows"),
        case(46, "one row", y_true=[1], y_pred=[1], groups=[A], means=[(A, 1, 1)],
             must="undefined"),
        case(47, "two columns of one name", groups=twice, guess="groups"),
        case(48, "nullable integers", y_pred=pd.Series(D, dtype="Int64"),
             y_true=pd.Series(Y, dtype="Int64")),
        case(48, "nullable integers with NA", y_pred=pd.Series(some_na), guess="y_pred"),
    ]  # fmt: skip


CASES = build()
