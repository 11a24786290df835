"""What the sample could have shown, and the rows a pass would need."""

from __future__ import annotations

import math
from collections.abc import Sequence

from audit.findings.verdict import RATIO, SMD
from audit.inference.estimate import Estimate
from audit.inference.power import rows_for_pass, smallest_detectable

POWER = 0.80
"""Of 100 samples, how many should show it."""


def detectable(estimates: Sequence[Estimate], kind: str, alpha: float) -> list[float | None]:
    """The smallest disparity that samples of these sizes show in 80 of 100 cases, one an estimate.

    A ratio below 1, a difference below 0, or an SMD above 0; None where none can be named.
    """
    if kind == SMD:
        return _detectable_smd(estimates, alpha)
    known = [e.rows > 0 and e.reference_rows > 0 and 0 < e.reference_value < 1 for e in estimates]
    found = smallest_detectable(
        [e.reference_value for e in estimates],
        [e.rows for e in estimates],
        [e.reference_rows for e in estimates],
        contrast=kind,
        alpha=alpha,
        power=POWER,
    ).tolist()
    return [v if k and v == v else None for k, v in zip(known, found, strict=True)]


def _detectable_smd(estimates: Sequence[Estimate], alpha: float) -> list[float | None]:
    from scipy.special import ndtri

    z = float(ndtri(1 - alpha / 2) + ndtri(POWER))
    out: list[float | None] = []
    for e in estimates:
        rows, reference_rows = e.rows, e.reference_rows
        if rows <= 0 or reference_rows <= 0:
            out.append(None)
            continue
        # d = z·√(1/n + 1/m + d²/(2(n + m))), solved for d
        left = 1 - z * z / (2 * (rows + reference_rows))
        out.append(z * math.sqrt((1 / rows + 1 / reference_rows) / left) if left > 0 else None)
    return out


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
