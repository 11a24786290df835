"""Training outcomes changed, as few as make base rates equal (Kamiran and Calders 2012)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from audit.mitigation.fitting import Lesson, chances, fitted, valued
from audit.mitigation.method import Made
from audit.mitigation.people import GOOD
from audit.mitigation.task import Task, trained, unchanged

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def massage(task: Task) -> Made:
    """A model trained on massaged outcomes."""

    def change(task: Task, rows: Ints) -> Lesson:
        good, changed = massaged(task, rows)
        up = int((good & changed).sum())
        said = (
            f"of {len(good):,} training rows {up:,} were relabelled favourable and "
            f"{int(changed.sum()) - up:,} unfavourable"
        )
        labels = valued(good, task.train.labels)
        return replace(unchanged(task, rows), labels=labels, notes=(said,))

    return trained(task, change)


def massaged(task: Task, rows: Ints) -> tuple[Flags, Flags]:
    """Whether each row counts as favourable after massaging, and whether that was changed.

    Each named group is brought to the overall base rate by the fewest rows nearest the boundary,
    as ranked by the estimator trained on the same rows.
    """
    plain = unchanged(task, rows)
    good = task.train.outcome[rows] == GOOD
    mass, codes = task.train.mass[rows], task.codes[rows]
    within = task.named[codes]
    if not within.any() or not mass[within].sum() > 0:
        return good, np.zeros(len(good), np.bool_)
    model, _ = fitted(task.estimator, plain)
    scores = chances(model, plain.inputs, task.train.labels[1])
    rate = float(mass[within & good].sum() / mass[within].sum())
    found = good.copy()
    for code in np.flatnonzero(task.named):
        own = np.flatnonzero(codes == code)
        found[own] = relabelled(good[own], scores[own], mass[own], rate)
    return found, found != good


def relabelled(good: Flags, scores: Floats, mass: Floats, rate: float) -> Flags:
    """Outcomes of one group after the fewest changes that bring its rate nearest to `rate`.

    Too low a rate: the best-scored unfavourable rows become favourable; too high: the
    worst-scored favourable ones become unfavourable. Ties keep the rows' order.

    >>> good = np.array([True, False, False, False])
    >>> relabelled(good, np.array([.9, .2, .4, .3]), np.ones(4), 0.5)
    array([ True, False,  True, False])
    """
    if not mass.sum() > 0:
        return good
    missing = rate * mass.sum() - mass[good].sum()
    up = missing > 0
    candidates = np.flatnonzero(good != up)
    candidates = candidates[
        np.argsort(-scores[candidates] if up else scores[candidates], kind="stable")
    ]
    left = np.abs(abs(missing) - np.concatenate([[0.0], np.cumsum(mass[candidates])]))
    fewest = int(np.flatnonzero(left <= left.min() + 1e-9 * mass.sum())[0])
    found = good.copy()
    found[candidates[:fewest]] = up
    return found
