"""Rows drawn again, left out or made up until groups have equal base rates: before training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.mitigation.fitting import Lesson, NotFittedError, told
from audit.mitigation.method import BEFORE, Made, Method
from audit.mitigation.people import GOOD
from audit.mitigation.task import Task, trained, unchanged

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NEIGHBOURS = 5
"""Nearest rows of a cell between which SMOTE draws."""
MOST = 20
"""Times that a cell may grow: beyond, all that is learned of it would rest on a few rows."""
INSTALL = 'pip install "evenhand[resample]"'


def raised(cells: Floats) -> Floats:
    """Masses (groups, 2) after adding to one cell a group until its base rate is the overall one.

    A group below the overall odds gets favourable rows, one above unfavourable ones; a group with
    an empty cell stays as it is.

    >>> raised(np.array([[6.0, 2.0], [4.0, 4.0]]))  # unfavourable, favourable
    array([[6.        , 3.6       ],
           [6.66666667, 4.        ]])
    """
    odds = _odds(cells)
    bad, good = cells.T
    usable = (bad > 0) & (good > 0)
    more = np.column_stack([np.maximum(bad, good / odds), np.maximum(good, odds * bad)])
    return np.where(usable[:, None], more, cells)


def lowered(cells: Floats) -> Floats:
    """Masses (groups, 2) after taking from one cell a group until its base rate is the overall one.

    >>> lowered(np.array([[6.0, 2.0], [4.0, 4.0]]))
    array([[3.33333333, 2.        ],
           [4.        , 2.4       ]])
    """
    odds = _odds(cells)
    bad, good = cells.T
    usable = (bad > 0) & (good > 0)
    less = np.column_stack([np.minimum(bad, good / odds), np.minimum(good, odds * bad)])
    return np.where(usable[:, None], less, cells)


def _odds(cells: Floats) -> float:
    bad, good = cells.sum(axis=0)
    if not (bad > 0 and good > 0):
        raise NotFittedError("all training rows have one outcome")
    return float(good / bad)


def wanted(task: Task, rows: Ints, aim: Any) -> tuple[Ints, dict[int, int]]:
    """Cell of each row (2 × group + favourable), and how many rows each cell is to have.

    Worked out in the table's weights: a cell is to weigh what `aim` says, and rows keep the
    weights they have. The group of missing levels stays as it is.
    """
    good = (task.train.outcome[rows] == GOOD).astype(np.int64)
    cell = 2 * task.codes[rows] + good
    size = 2 * len(task.levels)
    mass = np.bincount(cell, task.train.mass[rows], size).reshape(-1, 2)
    now = np.bincount(cell, minlength=size)
    aimed = np.where(task.named[:, None], aim(mass), mass).ravel()
    ratio = np.divide(aimed, mass.ravel(), out=np.ones(size), where=mass.ravel() > 0)
    then = np.maximum(np.rint(now * ratio).astype(np.int64), (now > 0).astype(np.int64))
    worst = int(np.argmax(then / np.maximum(now, 1)))
    if then[worst] > MOST * now[worst]:
        raise NotFittedError(
            f"{_name(task, worst)} would grow from {now[worst]:,} rows to {then[worst]:,}: "
            "too thin to equal the base rates"
        )
    return cell, {int(c): int(then[c]) for c in np.flatnonzero(now)}


def _name(task: Task, cell: int) -> str:
    word = "favourable" if cell % 2 else "unfavourable"
    return f"{task.attribute} {task.levels[cell // 2]}, {word}"


# --- random over- and under-sampling -------------------------------------------------------------


def _oversampled(task: Task) -> Made:
    return _drawn(task, raised, "RandomOverSampler")


def _undersampled(task: Task) -> Made:
    return _drawn(task, lowered, "RandomUnderSampler")


def _drawn(task: Task, aim: Any, sampler: str) -> Made:
    def change(task: Task, rows: Ints) -> Lesson:
        places = rows[drawn(task, rows, aim, sampler)]
        said = f"trained on {len(places):,} rows drawn from {len(rows):,}"
        return replace(unchanged(task, places), notes=(said,))

    return trained(task, change)


def drawn(task: Task, rows: Ints, aim: Any, sampler: str) -> Ints:
    """Places in `rows` that imbalanced-learn's sampler keeps or repeats, in the rows' own order."""
    module = _library("over_sampling" if "Over" in sampler else "under_sampling")
    cell, counts = wanted(task, rows, aim)
    present = np.bincount(cell)
    moved = {c: n for c, n in counts.items() if n != present[c]}
    if not moved:
        return np.arange(len(rows))
    if len(counts) < 2:
        raise NotFittedError("all training rows are of one group and outcome")
    with _quiet():
        made = getattr(module, sampler)(sampling_strategy=moved, random_state=task.seed)
        made.fit_resample(np.arange(len(rows)).reshape(-1, 1), cell)
    found: Ints = np.sort(np.asarray(made.sample_indices_, np.int64))
    return found


# --- SMOTE ---------------------------------------------------------------------------------------


def _smoted(task: Task) -> Made:
    def change(task: Task, rows: Ints) -> Lesson:
        lesson, number = smoted(task, rows)
        return replace(lesson, notes=(f"{number:,} made-up rows beside {len(rows):,}",))

    return trained(task, change)


def smoted(task: Task, rows: Ints) -> tuple[Lesson, int]:
    """These rows and, after them, made-up ones that equal the base rates; and how many.

    In each group SMOTE (SMOTENC with categories, SMOTEN with nothing else) draws between
    neighbours of one cell. Missing numbers count as the median and missing words as a category
    of their own when it does; rows that exist stay as they are. A made-up row weighs what its
    cell's rows weigh on average.
    """
    import pandas as pd

    _library("over_sampling")
    plain = unchanged(task, rows)
    cell, counts = wanted(task, rows, raised)
    present = np.bincount(cell, minlength=2 * len(task.levels))
    matrix, words = _numbers(plain.inputs)
    parts: list[Any] = [plain.inputs]
    labels, weights = [plain.labels], [task.train.mass[rows]]
    total = 0
    for c, n in counts.items():
        number = n - int(present[c])
        if number <= 0:
            continue
        if present[c] <= NEIGHBOURS:
            raise NotFittedError(
                f"{_name(task, c)}: {present[c]} rows, and SMOTE draws between {NEIGHBOURS} "
                "neighbours of a row"
            )
        own = np.flatnonzero(cell == c)
        made = _between(matrix, own, np.flatnonzero(cell == (c ^ 1)), number, words, task.seed)
        parts.append(_worded(made, plain.inputs, words))
        labels.append(np.repeat(plain.labels[own[:1]], number))
        weights.append(np.full(number, float(task.train.mass[rows][own].mean())))
        total += number
    inputs = pd.concat(parts, ignore_index=True) if total else plain.inputs
    weight = None if plain.weight is None else np.concatenate(weights)
    return Lesson(inputs=inputs, labels=np.concatenate(labels), weight=weight), total


def _between(
    matrix: Floats, own: Ints, others: Ints, number: int, words: Mapping[int, Any], seed: int
) -> Floats:
    """Made-up rows of one cell, by imbalanced-learn, within one group."""
    module = _library("over_sampling")
    both = np.concatenate([others, own])
    kind = np.repeat([0, 1], [len(others), len(own)])
    told_apart: dict[str, Any] = {
        "sampling_strategy": {1: len(own) + number},
        "random_state": seed,
        "k_neighbors": NEIGHBOURS,
    }
    if not words:
        sampler = module.SMOTE(**told_apart)
    elif len(words) == matrix.shape[1]:
        sampler = module.SMOTEN(**told_apart)
    else:
        sampler = module.SMOTENC(categorical_features=sorted(words), **told_apart)
    try:
        with _quiet():
            made, _ = sampler.fit_resample(matrix[both], kind)
    except ValueError as problem:
        raise NotFittedError(f"SMOTE failed: {told(problem)}") from None
    found: Floats = np.asarray(made, np.float64)[len(both) :]
    return found


def _numbers(inputs: Any) -> tuple[Floats, dict[int, Any]]:
    """Inputs as numbers, gaps filled; columns of words as codes, with what each code stands for."""
    import pandas as pd

    columns, words = [], {}
    for place, name in enumerate(inputs):
        column = inputs[name]
        if column.dtype.kind in "iuf":
            values = column.to_numpy(np.float64, na_value=np.nan)
            known = values[~np.isnan(values)]
            columns.append(
                np.where(np.isnan(values), np.median(known) if len(known) else 0, values)
            )
        else:
            codes, kinds = pd.factorize(column, use_na_sentinel=False)
            columns.append(codes.astype(np.float64))
            words[place] = kinds
    return np.column_stack(columns), words


def _worded(made: Floats, inputs: Any, words: Mapping[int, Any]) -> Any:
    """Made-up rows in the inputs' own types; whole numbers stay whole."""
    import pandas as pd

    found = {}
    for place, name in enumerate(inputs):
        values, kind = made[:, place], inputs[name].dtype
        if place in words:
            taken = words[place].take(np.rint(values).astype(np.int64))
            found[name] = pd.Series(taken).astype(kind)
        else:
            whole = kind.kind in "iu"
            found[name] = pd.Series(np.rint(values) if whole else values).astype(kind)
    return pd.DataFrame(found, columns=list(inputs))


def _library(name: str) -> Any:
    try:
        from importlib import import_module

        with _quiet():
            return import_module(f"imblearn.{name}")
    except ImportError:
        raise NotFittedError(f"it needs imbalanced-learn: {INSTALL}") from None


def _quiet() -> Any:
    """Without the library's words about its own future."""
    import warnings

    return warnings.catch_warnings(action="ignore")


WEIGHTS = "Where the table has weights, cells are sized by them and each row keeps its own."

METHODS: tuple[Method, ...] = (
    Method(
        key="oversampling",
        title="Random over-sampling",
        acts=BEFORE,
        does="Repeats training rows drawn at random, favourable ones in groups below the overall "
        "base rate and unfavourable ones in groups above it, until each group has the overall "
        f"base rate. {WEIGHTS}",
        fails="Repeated rows tell nothing new: a flexible model learns them by heart, and a cell "
        "of few rows rests on those few.",
        source="Kamiran and Calders 2012, section 5.4 (sampling by group and outcome); "
        "imbalanced-learn's RandomOverSampler",
        make=_oversampled,
        extra="resample",
    ),
    Method(
        key="undersampling",
        title="Random under-sampling",
        acts=BEFORE,
        does="Leaves out training rows drawn at random, unfavourable ones in groups below the "
        "overall base rate and favourable ones in groups above it, until each group has the "
        f"overall base rate. {WEIGHTS}",
        fails="What is left out is lost: small groups become smaller, and errors grow with fewer "
        "rows.",
        source="Kamiran and Calders 2012, section 5.4 (sampling by group and outcome); "
        "imbalanced-learn's RandomUnderSampler",
        make=_undersampled,
        extra="resample",
    ),
    Method(
        key="smote",
        title="SMOTE by group",
        acts=BEFORE,
        does="Makes up training rows between neighbours of the same group and outcome "
        "(SMOTENC where columns hold categories) until each group has the overall base rate. "
        "A made-up row weighs what its cell's rows weigh on average.",
        fails="Made-up applicants may be ones that cannot exist; neighbours mean little in many "
        f"columns or unlike scales; a cell of {NEIGHBOURS} rows or fewer has none.",
        source="Chawla, Bowyer, Hall and Kegelmeyer, SMOTE, Journal of Artificial Intelligence "
        "Research 16 (2002) 321-357; imbalanced-learn",
        make=_smoted,
        extra="resample",
    ),
)
