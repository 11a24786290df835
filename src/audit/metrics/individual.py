"""Individual fairness: whether like people are treated alike, and whether an attribute decides.

Three questions to rows, not to groups. `consistency`: do a person's nearest neighbours get the
same decision? `flip_rate`: would the model decide otherwise of the same person with another sex?
`flip_test`: would a person's nearest neighbours in the reference group get another decision?
Rows are read by `audit.table.individual`; nothing here imports a dataframe library.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from audit.errors import InputError
from audit.metrics.array_cells import find_group, undefined
from audit.table.arrays import from_arrays
from audit.table.individual import approvals, check_order, flipped, neighbor_means, points


def consistency(
    X: Any,  # noqa: N803
    y_pred: Any,
    *,
    protected: Any = None,
    n_neighbors: int = 5,
    scale: bool = True,
    pos_label: Any = None,
) -> float:
    """1 − mean |decision − mean decision of the nearest neighbours| (Zemel et al. 2013); 1 is best.

    The row itself is no neighbour of itself (AIF360 counts it, so pure noise looks consistent
    there), and `protected` columns do not decide who is alike. Numbers are divided by their
    standard deviation unless `scale` is False; different categories are 1 apart. Neighbours are
    searched among all rows: some seconds for 20,000 rows of 30 features, and quadratic.

    Raises `InputError` TBL520 to TBL525 for features without distances, and those of decisions.

    >>> income = [[1.0], [1.1], [1.2], [9.0], [9.1], [9.2]]
    >>> consistency(income, [0, 0, 0, 1, 1, 1], n_neighbors=2)
    1.0
    >>> consistency(income, [0, 1, 0, 1, 0, 1], n_neighbors=1)
    0.0
    """
    check_order(X, y_pred)
    at = points(X, protected, scale=scale)
    decided = approvals(y_pred, len(at), pos_label)
    near = neighbor_means(at, None, decided, n_neighbors)
    return float(1 - np.abs(decided - near).mean())


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What another level of the attribute did to the decisions of those who have one level."""

    was: Any
    """Their level."""
    became: Any
    """The level tried."""
    rows: int
    """People asked about."""
    changed: int
    """Whose decision is another one."""
    gained: int | None
    """Of these, now favourable; None where it is not known which decision favours."""
    lost: int | None
    """Of these, now unfavourable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipRate:
    """How often a model decides otherwise of a person when only one attribute is another."""

    value: float
    """Share of people whose decision changes under at least one other level."""
    low: float
    """Lower Wilson limit."""
    high: float
    """Upper Wilson limit."""
    level: float
    """Confidence level."""
    rows: int
    """People asked about."""
    changed: int
    """Whose decision changes."""
    unknown: int
    """People left out, whose attribute is missing."""
    changes: tuple[Change, ...]
    """By level and level tried."""


def flip_rate(
    model: Any,
    X: Any,  # noqa: N803
    attribute: Any,
    *,
    values: Sequence[Any] | None = None,
    cutoff: float | None = None,
    favorable: Any = None,
    level: float = 0.95,
) -> FlipRate:
    """Change one attribute, hold the rest, count changed decisions; with a Wilson interval.

    `model` has `predict`, or is a function of the features. `X` is a frame or array with the
    model's features, `attribute` one of its columns (of an array, its number). All levels that
    occur are tried, or `values`. With `cutoff` a model with `predict_proba` approves where
    P(unfavourable) is below it (`favorable` names the favourable class), a function where what
    it returns reaches it. Without, decisions are what `predict` says, and `favorable` only tells
    gains from losses.

    A rate of 0 means the model does not use the attribute, not that it is fair: other columns may
    stand in for it. Raises `InputError` TBL520, TBL526, TBL527, MET033 (a level outside (0, 1)) and
    those of models (TBL122 on).

    >>> people = {"income": [1.0, 2.0, 3.0, 4.0], "woman": [1, 0, 1, 0]}
    >>> import pandas as pd
    >>> lender = lambda frame: (frame["income"] - frame["woman"]) >= 2
    >>> found = flip_rate(lender, pd.DataFrame(people), "woman", favorable=True)
    >>> found.value, found.changed, found.rows, round(found.low, 3), round(found.high, 3)
    (0.25, 1, 4, 0.046, 0.699)
    """
    if isinstance(level, bool) or not isinstance(level, float) or not 0 < level < 1:
        raise InputError(
            "MET033", f"{level!r} is no confidence level", argument="level", fix="for example 0.95"
        )
    found = flipped(model, X, attribute, values=values, cutoff=cutoff, favorable=favorable)
    asked = found.level >= 0
    ever = np.zeros(len(asked), dtype=bool)
    good = _good(found.before, favorable if cutoff is None else True)
    changes = []
    for value, after in found.after.items():
        rows = found.tried[value]
        other = np.asarray(found.before[rows] != after)
        ever[rows] |= other
        for place, own in enumerate(found.levels):
            mine = found.level[rows] == place
            if not mine.any():
                continue
            gained = lost = None
            if good is not None:
                favors = np.isin(after, list(good))
                gained = int((mine & other & favors).sum())
                lost = int((mine & other & ~favors).sum())
            changes.append(
                Change(
                    was=own,
                    became=value,
                    rows=int(mine.sum()),
                    changed=int((mine & other).sum()),
                    gained=gained,
                    lost=lost,
                )
            )
    people, changed = int(asked.sum()), int(ever.sum())
    low, high = _wilson(changed, people, level)
    return FlipRate(
        value=changed / people if people else math.nan,
        low=low,
        high=high,
        level=level,
        rows=people,
        changed=changed,
        unknown=int((~asked).sum()),
        changes=tuple(changes),
    )


def _good(decisions: Any, favorable: Any) -> tuple[Any, ...] | None:
    """The favourable decisions, where they were told or speak for themselves."""
    if favorable is not None:
        return tuple(favorable) if isinstance(favorable, (list, tuple, set)) else (favorable,)
    if decisions.dtype.kind in "biuf" and set(np.unique(decisions).tolist()) <= {0, 1}:
        return (1,)
    return None


def _wilson(part: int, whole: int, level: float) -> tuple[float, float]:
    """Wilson's limits (1927), as `audit.inference.rate_interval`, which stands a layer above."""
    from scipy.special import ndtri

    if not whole:
        return math.nan, math.nan
    z2 = float(ndtri((1 + level) / 2)) ** 2
    middle = (part + z2 / 2) / (whole + z2)
    half = math.sqrt(z2 * (part * (whole - part) / whole + z2 / 4)) / (whole + z2)
    low = 0.0 if part == 0 else middle - half
    return low, 1.0 if part == whole else middle + half


def flip_test(
    X: Any,  # noqa: N803
    y_pred: Any,
    *,
    sensitive_features: Any,
    reference: Any,
    group: Any = None,
    protected: Any = None,
    n_neighbors: int = 5,
    scale: bool = True,
    pos_label: Any = None,
) -> float:
    """(approved though like people of the reference are not − the reverse) / rows of the group.

    "Like people" are the `n_neighbors` nearest of the reference group; most of them decide, and
    a tie changes nothing (Black, Yeom & Fredrikson 2020, doi:10.1145/3351095.3372845, in the form
    of SageMaker Clarify's FT, which does not scale). Below 0 the group is treated worse than its
    neighbours. `group` None means everyone outside the reference. Opposite flips cancel; read
    `consistency` and `flip_rate` too. nan with a warning where the group is empty.

    Raises `InputError` as `consistency` does, and MET009 for an unknown group.

    >>> income, sex = [[1.0], [2.0], [1.0], [2.0]], ["m", "m", "f", "f"]
    >>> flip_test(income, [0, 1, 0, 0], sensitive_features=sex, reference="m", n_neighbors=1)
    -0.5
    """
    check_order(X, y_pred)
    at = points(X, protected, scale=scale)
    decided = approvals(y_pred, len(at), pos_label)
    rows = from_arrays(None, y_pred, sensitive_features, pos_label=pos_label)
    r = find_group(rows.groups, reference, "reference")
    own = rows.group != r
    if group is not None:
        own = rows.group == find_group(rows.groups, group, "group")
    among = rows.group == r
    near = neighbor_means(at[own], at[among], decided[among], n_neighbors)
    mine = decided[own]
    flips = np.where(near > 0.5, mine - 1, np.where(near < 0.5, mine, 0.0))
    if not len(flips):
        return undefined("flip_test", "nobody is outside the reference")
    return float(flips.mean())
