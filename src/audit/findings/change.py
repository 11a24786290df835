"""What would change a verdict: the fewest further approvals that would."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from audit.findings.verdict import BREACH, CAUTION, RATIO, Case, Clauses, clause
from audit.inference.score_tests import equality_p_value

Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

WHOLE = 4096
"""Up to so many further approvals every number is tried; beyond, the search halves."""


class Approvals(NamedTuple):
    """Further approvals of the harmed side after which a finding is a lesser one."""

    ends_fail: int | None
    """The fewest that end the breach; None where none do."""
    ends_review: int | None
    """The fewest that leave neither breach nor real gap; None where none do."""


def approvals_needed(
    kind: str,
    x: int,
    n: int,
    x_other: int,
    n_other: int,
    *,
    line: float,
    caution: float,
    alpha: float = 0.05,
    multiplier: float = 1.0,
    floor: float = 0.0,
) -> Approvals:
    """The fewest further approvals on the harmed side, all else equal, that change the verdict.

    `x` of `n` are the harmed side's counts, `x_other` of `n_other` the other's. Each number of
    further approvals is judged again with the same test; the p-value is adjusted at the same
    place in Holm's order: multiplied by `multiplier` and held at or above `floor`.
    Only "ratio" and "difference" of two rates.

    >>> approvals_needed("ratio", 30, 100, 50, 100, line=0.8, caution=0.9)
    Approvals(ends_fail=7, ends_review=10)
    """
    most = min(n - x, max(0, math.ceil(n * x_other / n_other - x - 1e-9)) + 1) if n_other else 0

    def found(further: Counts) -> Clauses:
        count = x + further
        with np.errstate(divide="ignore", invalid="ignore"):
            rate, other = count / n, np.float64(x_other) / n_other
            value = rate / other if kind == RATIO else rate - other
        p = equality_p_value(count, n, x_other, n_other)
        adjusted = np.minimum(1.0, np.maximum(p * multiplier, floor))
        # clauses 2 to 4 read the estimate and its p-value only
        case = Case(value, 0.0, np.inf, adjusted, n, n_other)
        return clause(kind, case, line=line, caution=caution, alpha=alpha, min_rows=0)

    def ends_fail(clauses: Clauses) -> Flags:
        return np.not_equal(clauses, BREACH)

    def ends_review(clauses: Clauses) -> Flags:
        return np.less(clauses, BREACH) | np.greater(clauses, CAUTION)

    if most <= WHOLE:  # both are read off the same clauses
        clauses = found(np.arange(most + 1))
        return Approvals(
            ends_fail=_first(ends_fail(clauses)), ends_review=_first(ends_review(clauses))
        )
    return Approvals(
        ends_fail=_fewest(lambda k: ends_fail(found(k)), most),
        ends_review=_fewest(lambda k: ends_review(found(k)), most),
    )


def _first(hits: Flags) -> int | None:
    where = np.flatnonzero(hits)
    return int(where[0]) if where.size else None


def _fewest(enough: Callable[[Counts], Flags], most: int) -> int | None:
    """The smallest k in 0..most that is enough; above `WHOLE` by halving, as gaps only shrink."""
    low, high = 0, most
    while high - low > WHOLE:
        middle = (low + high) // 2
        if bool(enough(np.array([middle]))[0]):
            high = middle
        else:
            low = middle + 1
    steps = np.arange(low, high + 1)
    first = _first(enough(steps))
    return None if first is None else int(steps[first])
