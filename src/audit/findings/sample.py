"""What the sample could have shown, and the rows a pass would need."""

from __future__ import annotations

import math

from audit.findings.verdict import RATIO, SMD
from audit.inference.estimate import Estimate
from audit.inference.power import rows_for_pass, smallest_detectable

POWER = 0.80
"""Of 100 samples, how many should show it."""


def detectable(estimate: Estimate, kind: str, alpha: float) -> float | None:
    """The smallest disparity that a sample of these sizes shows in 80 of 100 cases.

    A ratio below 1, a difference below 0, or an SMD above 0; None where none can be named.
    """
    rows, reference_rows = estimate.rows, estimate.reference_rows
    if rows <= 0 or reference_rows <= 0:
        return None
    if kind == SMD:
        from scipy.special import ndtri

        z = float(ndtri(1 - alpha / 2) + ndtri(POWER))
        # d = z·√(1/n + 1/m + d²/(2(n + m))), solved for d
        left = 1 - z * z / (2 * (rows + reference_rows))
        return z * math.sqrt((1 / rows + 1 / reference_rows) / left) if left > 0 else None
    rate = estimate.reference_value
    if not 0 < rate < 1:
        return None
    found = float(
        smallest_detectable(rate, rows, reference_rows, contrast=kind, alpha=alpha, power=POWER)
    )
    return None if math.isnan(found) else found


def pass_rows(estimate: Estimate, kind: str, line: float, worse: str) -> int | None:
    """Rows behind the group that give a pass in 80 of 100 samples, if the estimate holds.

    The reference grows in proportion. None where no size settles it, and for an SMD.
    """
    rate = estimate.reference_value
    if kind == SMD or math.isnan(rate) or math.isnan(estimate.value):
        return None
    if not estimate.rows or not estimate.reference_rows:
        return None
    own = rate * estimate.value if kind == RATIO else rate + estimate.value
    balance = estimate.reference_rows / estimate.rows

    def needed(own: float, rate: float) -> int | None:
        if not (0 <= own <= 1 and 0 < rate <= 1):
            return None
        return rows_for_pass(
            own, rate, line=line, contrast=kind, balance=balance, level=estimate.level, power=POWER
        )

    down = needed(own, rate)
    if worse == "lower" or down is None:
        return down
    # harm upwards is harm downwards of the complement, for a difference
    up = needed(1 - own, 1 - rate) if kind != RATIO else None
    if worse == "higher":
        return up
    return None if up is None else max(down, up)
