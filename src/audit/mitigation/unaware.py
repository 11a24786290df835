"""A model without the protected columns and their near-copies: fairness through unawareness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from audit.mitigation.changed_inputs import taught
from audit.mitigation.fitting import NotFittedError
from audit.mitigation.method import BEFORE, Made, Method
from audit.mitigation.people import People
from audit.mitigation.task import Task, learned, trained
from audit.table.wording import listed

if TYPE_CHECKING:
    import pandas as pd

NEAR = 0.99
"""AUC from which one column alone is a near-copy of a group: 99 of 100 pairs told apart."""
FEWEST = 30
"""Rows in a group, and outside it, below which no column is called its copy."""


class Held:
    """Columns put at one value for everyone, for models that insist on their being there."""

    def __init__(self, values: dict[str, Any], columns: tuple[str, ...]) -> None:
        """Remember the value of each held column, and the order in which the model reads all."""
        self.values, self.columns = values, columns

    def transform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The model's inputs, the held columns added."""
        return frame.assign(**self.values)[list(self.columns)]


def copies(who: People) -> dict[str, str]:
    """Inputs that alone tell a protected group from all others, and whose near-copy each is.

    Judged by AUC ≥ .99 in the column's own order or by its values' group rates in the other half
    of the rows, so names and numbers that never recur tell nothing.
    """
    import narwhals as nw

    from audit.table.columns import bins_of, power

    found: dict[str, str] = {}
    for column in who.features:
        if column in who.codes:
            continue
        binned = bins_of(nw.from_native(who.frame[column], series_only=True), column)
        for name, member in _members(who):
            if power(binned, member) >= NEAR:
                found[column] = name
                break
    return found


def _members(who: People) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    found = []
    for name, codes in who.codes.items():
        for code, level in enumerate(who.levels[name]):
            member = codes == code
            if who.decides(name, level) and FEWEST <= member.sum() <= len(member) - FEWEST:
                found.append((name, member))
    return found


def _unaware(task: Task) -> Made:
    own = [c for c in task.train.features if c in task.train.codes]
    derived = copies(task.train)
    out = [*own, *derived]
    if not out:
        raise NotFittedError(
            "the model already is unaware: no protected column, nor a near-copy of one, is among "
            "its features"
        )
    left = tuple(c for c in task.train.features if c not in out)
    if not left:
        raise NotFittedError(f"without {listed(out)} no feature is left")
    notes = [f"left out: {listed(out, most=8)}"]
    notes += [f"{c} alone tells {name} (AUC {NEAR:g} or more)" for c, name in derived.items()]
    try:
        decider, said = trained(task, features=left)
    except NotFittedError:  # a pipeline that names its columns wants them there
        decider, said = _held(task, out, left)
        notes.append("the pipeline names these columns: they are held at one value for everyone")
    return decider, (*notes, *said)


def _held(task: Task, out: list[str], left: tuple[str, ...]) -> Made:
    change = Held({c: usual(task.train.frame[c]) for c in out}, task.train.features)
    return learned(task, lambda rows: taught(task, rows, change, task.estimator), left)


def usual(column: pd.Series[Any]) -> Any:
    """The most frequent value; the first known of several."""
    counts = column.dropna().value_counts(sort=False)
    value = counts.index[int(counts.to_numpy().argmax())]
    return value.item() if hasattr(value, "item") else value


METHODS: tuple[Method, ...] = (
    Method(
        key="unawareness",
        title="Unawareness",
        acts=BEFORE,
        does="Leaves out the protected columns and those that alone tell a protected group "
        f"(near-copies, AUC {NEAR:g} or more), and trains again.",
        fails="Weaker proxies together still tell the group, so the gap often stays; and a column "
        "that worked in the group's favour is lost as well. A column held back is no proof that "
        "it is not used.",
        source="Dwork, Hardt, Pitassi, Reingold and Zemel, Fairness through awareness, ITCS 2012, "
        "214-226, on why blindness is not enough",
        make=_unaware,
    ),
)
