"""Inputs changed so that they tell less of the group: before training, and again at each decision.

Both changes read the group of whoever is decided upon. What they learn is kept as numbers, so
that a single new applicant can be answered and a model be saved.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from audit.mitigation.deciders import Changed, Cut, Decider, Grouping, Plain
from audit.mitigation.fitting import (
    Lesson,
    NotFittedError,
    fitted,
    folds,
    reads_categories,
    told,
)
from audit.mitigation.method import BEFORE, Made, Method
from audit.mitigation.task import HALF, Task, share_of
from audit.table.wording import listed

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Curves = Mapping[str, Mapping[int, tuple[Floats, Floats]]]

FEWEST = 30
"""Rows of a group below which its distribution is not read."""
NOTHING = 1e-9
"""Share of a column's spread below which what the group leaves of it counts as rounding."""
INSTALL = 'pip install "evenhand[repair]"'

Learn = Callable[[Ints], tuple[Changed, tuple[str, ...]]]
"""Training rows -> a change with the model trained on what it makes of them, and warnings."""


def learned(task: Task, learn: Learn) -> Made:
    """A changed-inputs model with the cut-off that `task.where` asks for.

    The cut-off is found on scores of rows that neither change nor model had seen.
    """
    who = task.train
    scorer, notes = learn(np.arange(len(who)))
    at = HALF
    if task.where.approval_rate is not None:
        scores = np.empty(len(who))
        for rows, held_out in folds(who.outcome, task.codes, task.seed):
            part, _ = learn(rows)
            scores[held_out] = part.scores(who.frame.iloc[held_out])
        at = task.where.at(scores, who.mass)
    elif task.where.cutoff is not None:
        at = task.where.at(np.empty(0), np.empty(0))
    columns = tuple(dict.fromkeys((*who.features, task.attribute)))
    return Decider(scorer, Cut(at), who.labels, columns, task.seed), notes


def taught(task: Task, rows: Ints, change: Any, estimator: Any) -> tuple[Changed, tuple[str, ...]]:
    """An estimator trained on changed inputs of these rows."""
    inputs = change.transform(task.train.frame.iloc[rows])
    weight = None if task.weight is None else task.weight[rows]
    lesson = Lesson(inputs=inputs, labels=task.labels[rows], weight=weight)
    model, notes = fitted(estimator, lesson)
    plain = Plain(model, tuple(inputs.columns), task.train.labels[1])
    return Changed(change, plain), notes


# --- disparate-impact remover --------------------------------------------------------------------


class Repair:
    """Numbers moved along curves, one a column and group; other columns as they are."""

    def __init__(
        self,
        grouping: Grouping,
        columns: tuple[str, ...],
        curves: Curves,
        held: dict[str, Any],
    ) -> None:
        """Remember how the group is told, the inputs, values before and after, and held columns."""
        self.grouping, self.columns, self.curves, self.held = grouping, columns, curves, held

    def transform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Repaired inputs.

        Values between two that were seen are interpolated, those beyond them are taken to
        the end; a missing value stays, and so does everything of an unknown group.
        """
        import pandas as pd

        codes = self.grouping.codes(frame)
        found = frame[list(self.columns)].copy()
        for name, curves in self.curves.items():
            values = found[name].to_numpy(np.float64, copy=True, na_value=np.nan)
            for code, (before, after) in curves.items():
                own = (codes == code) & ~np.isnan(values)
                values[own] = np.interp(values[own], before, after)
            found[name] = values
        for name, value in self.held.items():
            found[name] = pd.Series([value] * len(found), found.index, found[name].dtype)
        return found


def repair_of(task: Task, rows: Ints, level: float) -> Repair:
    """The repair that these rows teach, by BlackBoxAuditing's own code, as AIF360 calls it."""
    frame, codes = task.train.frame.iloc[rows], task.codes[rows]
    groups = _large(task, codes)
    numbers = [
        c for c in task.train.features if frame[c].dtype.kind in "iuf" and c != task.attribute
    ]
    if not numbers:
        raise NotFittedError("no feature is a number, and only numbers are repaired")
    curves: dict[str, dict[int, tuple[Floats, Floats]]] = {}
    for name in numbers:
        own = curve(frame[name].to_numpy(np.float64, na_value=np.nan), codes, groups, level)
        if own is not None:
            curves[name] = own
    held = {}
    if task.attribute in task.train.features:
        known = frame[task.attribute].dropna()
        value = known.iloc[0]
        held[task.attribute] = value.item() if hasattr(value, "item") else value
    return Repair(task.grouping, task.train.features, curves, held)


def _large(task: Task, codes: Ints) -> list[int]:
    counts = np.bincount(codes, minlength=len(task.levels))
    groups = [
        g
        for g, level in enumerate(task.levels)
        if counts[g] >= FEWEST and task.train.decides(task.attribute, level)
    ]
    if len(groups) < 2:
        raise NotFittedError(f"fewer than two groups of {task.attribute} have {FEWEST} rows")
    return groups


def curve(
    values: Floats, codes: Ints, groups: list[int], level: float
) -> dict[int, tuple[Floats, Floats]] | None:
    """By group: the values that occur and what they become; None where a group has none.

    The distinct values of each group are cut into as many parts as the group of fewest distinct
    values has; a part's value becomes the (lower) median over groups of the parts' medians
    (Feldman et al. 2015, section 5), `level` of the way there in ranks of values that occur.
    """
    repairer = _repairer()
    rows = []
    for g in groups:
        own = np.unique(values[(codes == g) & ~np.isnan(values)])
        if not len(own):
            return None
        rows += [[str(g), v] for v in own.tolist()]
    state = random.getstate()  # it draws for a column that is thrown away
    random.seed(0)
    try:
        after = repairer(rows, 0, level, False).repair(rows)
    except Exception as problem:
        raise NotFittedError(f"repair failed: {told(problem)}") from None
    finally:
        random.setstate(state)
    label = np.array([int(row[0]) for row in rows])
    before, moved = np.array([row[1] for row in rows]), np.array([row[1] for row in after])
    return {g: (before[label == g], moved[label == g]) for g in groups}


def _repairer() -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):
            from BlackBoxAuditing.repairers.GeneralRepairer import (  # type: ignore[import-untyped]
                Repairer,
            )
    except ImportError:
        raise NotFittedError(f"it needs BlackBoxAuditing: {INSTALL}") from None
    return Repairer


def _repaired(task: Task) -> Made:
    level = share_of(task, "disparate_impact_remover", "repair_level", 1.0)
    _repairer()

    def learn(rows: Ints) -> tuple[Changed, tuple[str, ...]]:
        return taught(task, rows, repair_of(task, rows, level), task.estimator)

    decider, notes = learned(task, learn)
    change = decider.scorer.change
    as_is = [c for c in task.train.features if c not in change.curves and c not in change.held]
    said = []
    if as_is:
        said.append(f"not numbers, and left as they are: {listed(as_is, most=8)}")
    if change.held:
        said.append(f"{task.attribute} itself is held at one value")
    missed = [str(v) for g, v in enumerate(task.levels) if not _read(change.curves, g)]
    if missed:
        said.append(f"groups left as they are (fewer than {FEWEST} rows): {listed(missed)}")
    return decider, (*said, *notes)


def _read(curves: Curves, group: int) -> bool:
    return any(group in own for own in curves.values())


# --- correlation remover -------------------------------------------------------------------------


class Decorrelated:
    """Inputs as numbers, less what the group alone tells of them by least squares."""

    def __init__(
        self,
        grouping: Grouping,
        features: tuple[str, ...],
        encoder: Any,
        groups: tuple[int, ...],
        mean: Floats,
        beta: Floats,
        flat: dict[int, float],
    ) -> None:
        """Remember how the group is told, the encoding, and what fairlearn's remover learned."""
        self.grouping, self.features, self.encoder = grouping, features, encoder
        self.groups, self.mean, self.beta, self.flat = groups, mean, beta, flat

    def transform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """x0, x1, ...; nothing is taken from who is of an unknown group."""
        import pandas as pd

        codes = self.grouping.codes(frame)
        numbers = self.encoder.transform(frame[list(self.features)])
        told = indicators(codes, self.groups, self.mean) - self.mean
        found: Floats = numbers - told @ self.beta
        for place, value in self.flat.items():
            found[:, place] = value
        return pd.DataFrame(found, columns=_names(found.shape[1]), index=frame.index)


def indicators(codes: Ints, groups: tuple[int, ...], mean: Floats) -> Floats:
    """Shape (rows, groups): 1 in the group; a row of an unknown group is the average row.

    >>> indicators(np.array([0, 1, -1]), (1,), np.array([0.3])).ravel().tolist()
    [0.0, 1.0, 0.3]
    """
    found = (codes[:, None] == np.array(groups)[None, :]).astype(np.float64)
    found[codes < 0] = mean
    return found


class Encoded:
    """A pipeline's steps before its model; then words one-hot and gaps filled by the median."""

    def __init__(self, head: Any, tail: Any) -> None:
        """Remember both, fitted; no head where there are no such steps."""
        self.head, self.tail = head, tail

    def transform(self, frame: pd.DataFrame) -> Floats:
        """Shape (rows, columns)."""
        made = frame if self.head is None else _framed(self.head.transform(frame))
        found: Floats = np.array(self.tail.transform(made), np.float64)
        return found


def _names(number: int) -> list[str]:
    return [f"x{i}" for i in range(number)]


def _framed(made: Any) -> pd.DataFrame:
    import pandas as pd

    if isinstance(made, pd.DataFrame):
        return made
    dense = made.toarray() if hasattr(made, "toarray") else np.asarray(made)
    return pd.DataFrame(dense, columns=_names(dense.shape[1]))


def split(estimator: Any, inputs: pd.DataFrame, labels: Any) -> tuple[Encoded, Any]:
    """A pipeline's fitted encoding, and its model untrained, to read numbers only."""
    from sklearn.base import clone
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder

    own, head = clone(estimator), None
    if isinstance(own, Pipeline):
        own, head = own.steps[-1][1], Pipeline(own.steps[:-1]) if len(own.steps) > 1 else None
    if reads_categories(own):
        own.set_params(categorical_features="from_dtype")
    try:
        with warnings.catch_warnings(action="ignore"):
            made = inputs if head is None else _framed(head.fit_transform(inputs, labels))
            worded = [c for c in made if made[c].dtype.kind not in "iufb"]
            rest = [c for c in made if c not in worded]
            steps: list[Any] = []
            if worded:
                one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
                steps.append(("text", one_hot, worded))
            if rest:
                gaps = SimpleImputer(strategy="median", keep_empty_features=True)
                steps.append(("numbers", gaps, rest))
            tail = ColumnTransformer(steps).fit(made)
    except Exception as problem:
        raise NotFittedError(f"encoding failed: {told(problem)}") from None
    return Encoded(head, tail), own


def decorrelation_of(task: Task, rows: Ints, strength: float) -> tuple[Decorrelated, Any]:
    """What fairlearn's `CorrelationRemover` learns from these rows, and the model to train."""
    from fairlearn.preprocessing import CorrelationRemover

    inputs, codes = task.train.inputs.iloc[rows], task.codes[rows]
    encoder, model = split(task.estimator, inputs, task.labels[rows])
    numbers = encoder.transform(inputs)
    present = [int(g) for g in np.unique(codes)]
    if len(present) < 2:
        raise NotFittedError(f"the training rows are of one group of {task.attribute}")
    base = task.reference if task.reference in present else present[0]
    groups = tuple(g for g in present if g != base)
    told_apart = indicators(codes, groups, np.zeros(len(groups)))
    remover = CorrelationRemover(sensitive_feature_ids=list(range(len(groups))), alpha=strength)
    try:
        with warnings.catch_warnings(action="ignore"):
            remover.fit(np.hstack([told_apart, numbers]))
    except Exception as problem:
        raise NotFittedError(f"fairlearn's CorrelationRemover failed: {told(problem)}") from None
    mean, beta = np.asarray(remover.sensitive_mean_), strength * np.asarray(remover.beta_)
    left = numbers - (told_apart - mean) @ beta
    flat = {
        int(i): float(numbers[:, i].mean())
        for i in np.flatnonzero(left.std(axis=0) <= NOTHING * numbers.std(axis=0))
    }
    change = Decorrelated(task.grouping, task.train.features, encoder, groups, mean, beta, flat)
    return change, model


def _decorrelated(task: Task) -> Made:
    strength = share_of(task, "correlation_remover", "alpha", 1.0)

    def learn(rows: Ints) -> tuple[Changed, tuple[str, ...]]:
        change, model = decorrelation_of(task, rows, strength)
        return taught(task, rows, change, model)

    decider, notes = learned(task, learn)
    said = []
    if task.weight is not None:
        said.append("the correlation is taken out of the rows as they are, not as they weigh")
    return decider, (*said, *notes)


METHODS: tuple[Method, ...] = (
    Method(
        key="disparate_impact_remover",
        title="Disparate-impact remover",
        acts=BEFORE,
        does="Moves each number to where all groups have the same distribution, the median one, "
        "keeping the order within a group; at each decision as well. Words stay as they are, and "
        "the protected column itself is held at one value.",
        fails="It looks at one column at a time, so the group can still be told by several "
        "together or by words, and then it does nothing; counts and flags with few values are "
        "either kept or flattened, since the group with fewest distinct values sets the grain. "
        f"Groups of fewer than {FEWEST} rows are left as they are.",
        source="Feldman, Friedler, Moeller, Scheidegger and Venkatasubramanian, Certifying and "
        "removing disparate impact, KDD 2015, 259-268; BlackBoxAuditing's repair, as AIF360's "
        "DisparateImpactRemover runs it",
        make=_repaired,
        needs_group_at_decision=True,
        extra="repair",
        settings={"repair_level": 1.0},
    ),
    Method(
        key="correlation_remover",
        title="Correlation remover",
        acts=BEFORE,
        does="Takes from every number, and from every word as a one-hot column, the part that "
        "the group tells by least squares, so that no input correlates with the group; at each "
        "decision as well.",
        fails="Only linear dependence goes: trees find the rest in spreads, shapes and "
        "combinations. One-hot columns become fractions that nobody reads, and gaps are filled "
        "by the median.",
        source="Bird et al., Fairlearn: a toolkit for assessing and improving fairness in AI, "
        "Microsoft MSR-TR-2020-32; fairlearn's CorrelationRemover",
        make=_decorrelated,
        needs_group_at_decision=True,
        settings={"alpha": 1.0},
    ),
)
