"""How many people a gap stands for."""

from __future__ import annotations

import math


def people_affected(rate: float, reference_rate: float, rows: int) -> int | None:
    """How many more of `rows` people would be approved at the comparison rate.

    round(rows · (reference_rate − rate)), halves up, never below 0; None where a rate is
    undefined. Rates are shares, `rows` the people behind `rate`.

    >>> people_affected(0.6, 0.7714, 105)
    18
    >>> people_affected(0.9, 0.8, 105), people_affected(float("nan"), 0.8, 105)
    (0, None)
    """
    gap = rows * (reference_rate - rate)
    if math.isnan(gap):
        return None
    # the nudge keeps 2.5 people, written in binary as 2.4999…, from rounding down
    return max(0, math.floor(gap + 0.5 + 1e-9))
