"""Inputs changed so that they tell less of the group: before training, and again at each decision.

Both changes read the group of whoever is decided upon. What they learn is kept as numbers, so
that a single new applicant can be answered and a model be saved.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from audit.mitigation.changed_inputs import taught, with_group
from audit.mitigation.deciders import Changed, Grouping
from audit.mitigation.decorrelating import ALPHA, decorrelated
from audit.mitigation.fitting import NotFittedError, told
from audit.mitigation.method import BEFORE, Made, Method
from audit.mitigation.settings import Share
from audit.mitigation.task import Task, learned, tuned
from audit.table.wording import listed

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Curves = Mapping[str, Mapping[int, tuple[Floats, Floats]]]

LEVEL: Mapping[str, Any] = {"repair_level": Share(1.0)}
"""How much of the way numbers go to the median distribution."""
FEWEST = 30
"""Rows of a group below which its distribution is not read."""
ALIKE = 0.1
"""Standard deviations by which means of groups may differ after repair without its being said."""
INSTALL = 'pip install "evenhand[repair]"'


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
    groups: list[int] = np.flatnonzero((counts >= FEWEST) & task.named).tolist()
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
    level = float(tuned(task, "disparate_impact_remover", LEVEL)["repair_level"])
    _repairer()

    def learn(rows: Ints) -> tuple[Changed, tuple[str, ...]]:
        return taught(task, rows, repair_of(task, rows, level), task.estimator)

    decider, notes = learned(task, learn, with_group(task))
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
    if still := apart(task, change):
        said.append(
            "means of groups still differ by more than a tenth of a standard deviation after "
            f"repair: {listed(still, most=8)}"
        )
    return decider, (*said, *notes)


def apart(task: Task, change: Repair) -> list[str]:
    """Repaired columns in which two repaired groups' means differ by more than `ALIKE`."""
    after, found = change.transform(task.train.frame), []
    for name, curves in change.curves.items():
        values = after[name].to_numpy(np.float64)
        known = ~np.isnan(values)
        means = [float(values[known & (task.codes == g)].mean()) for g in curves]
        if max(means) - min(means) > ALIKE * float(values[known].std()):
            found.append(name)
    return found


def _read(curves: Curves, group: int) -> bool:
    return any(group in own for own in curves.values())


METHODS: tuple[Method, ...] = (
    Method(
        key="disparate_impact_remover",
        title="Disparate-impact remover",
        acts=BEFORE,
        does="Moves each number to where all groups have the same distribution, the median one, "
        "keeping the order within a group; at each decision as well. Words stay as they are, and "
        "the protected column itself is held at one value.",
        fails="It cuts the values that occur, not the people, into parts of equal size: columns of "
        "few or rounded values stay apart, and a gap may grow (which columns is said). It looks "
        "at one column at a time, so several together, or words, still tell the group. Groups of "
        f"fewer than {FEWEST} rows are left as they are.",
        source="Feldman, Friedler, Moeller, Scheidegger and Venkatasubramanian, Certifying and "
        "removing disparate impact, KDD 2015, 259-268; BlackBoxAuditing's repair, as AIF360's "
        "DisparateImpactRemover runs it",
        make=_repaired,
        needs_group_at_decision=True,
        extra="repair",
        settings=LEVEL,
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
        make=decorrelated,
        needs_group_at_decision=True,
        settings=ALPHA,
    ),
)
