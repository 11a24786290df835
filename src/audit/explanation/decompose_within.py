"""The gap among people of the same stratum, on the rows that were decomposed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.explanation.decomposition import NAN, Within
from audit.inference.checks import critical
from audit.inference.stratified import cmh_p_value, common_difference
from audit.table.roles import Level

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SATO = "Mantel-Haenszel, Sato's variance"
LINEARIZED = "Mantel-Haenszel, linearised"


def within(
    strata: Sequence[str],
    stratum: Ints,
    levels: Sequence[tuple[Level, ...]],
    is_reference: npt.NDArray[np.bool_],
    y: Floats,
    *,
    number: Floats,
    weight: Floats | None,
    cluster: Ints | None,
    level: float,
) -> Within:
    """Mantel-Haenszel difference of rates, reference less group, of rows whose y is 0 or 1.

    Sato's variance and the CMH test for plain rows and frequencies; where rows carry sampling
    weights or repeat applicants, each row's influence on the difference, squared and summed (by
    applicant).
    """
    many = len(levels)
    carried = number if weight is None else number * weight

    def summed(what: Floats, mask: npt.NDArray[np.bool_]) -> Floats:
        found: Floats = np.bincount(stratum[mask], what[mask], minlength=many).astype(np.float64)
        return found

    x1, n1 = summed(carried * y, is_reference), summed(carried, is_reference)
    x2, n2 = summed(carried * y, ~is_reference), summed(carried, ~is_reference)
    rows = summed(number, is_reference), summed(number, ~is_reference)
    both = (n1 > 0) & (n2 > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        gaps = x1 / n1 - x2 / n2
    each: tuple[dict[str, Any], ...] = tuple(
        {
            "stratum": levels[i],
            "value": float(gaps[i]) if both[i] else NAN,
            "rows": int(rows[1][i]),
            "reference_rows": int(rows[0][i]),
        }
        for i in range(many)
        if rows[0][i] + rows[1][i] > 0
    )
    method, reason = SATO, None
    if not both.any():
        value, low, high, p = (NAN,) * 4
        method, reason = "", "no stratum holds both sides"
    elif weight is None and cluster is None:
        value, low, high = (float(v) for v in common_difference(x1, n1, x2, n2, level))
        p = float(cmh_p_value(x1, n1, x2, n2))
    else:
        method = LINEARIZED + (" by applicant" if cluster is not None else "")
        sizes = (x1, n1, x2, n2)
        value, error = _linearized(stratum, is_reference, y, sizes, number, weight, cluster)
        from scipy.special import ndtr

        half = float(critical(level)) * error
        low, high = (max(value - half, -1.0), min(value + half, 1.0)) if error > 0 else (NAN, NAN)
        p = 2 * float(ndtr(-abs(value) / error)) if error > 0 else NAN
    return Within(
        strata=tuple(strata),
        value=value,
        low=low,
        high=high,
        p_value=p,
        used=int(both.sum()),
        rows=int((rows[0] + rows[1])[both].sum()),
        gaps=each,
        method=method,
        reason=reason,
    )


def _linearized(
    stratum: Ints,
    is_reference: npt.NDArray[np.bool_],
    y: Floats,
    sizes: tuple[Floats, Floats, Floats, Floats],
    number: Floats,
    weight: Floats | None,
    cluster: Ints | None,
) -> tuple[float, float]:
    """θ = Σ(x₁n₂ − x₂n₁)/n over Σn₁n₂/n, and its error from the derivatives by each row."""
    x1, n1, x2, n2 = sizes
    n = np.where(n1 + n2 > 0, n1 + n2, 1.0)
    top, bottom = (x1 * n2 - x2 * n1) / n, n1 * n2 / n
    value = float(top.sum() / bottom.sum())
    a1, b1, a2, b2, size, tops = (v[stratum] for v in (x1, n1, x2, n2, n, top))
    of_top = np.where(is_reference, y * b2 - a2, a1 - y * b1) / size - tops / size
    of_bottom = np.where(is_reference, b2**2, b1**2) / size**2
    influence = (of_top - value * of_bottom) / float(bottom.sum())
    if weight is not None:
        influence = influence * weight
    if cluster is None:
        return value, float(np.sqrt((number * influence**2).sum()))
    _, codes = np.unique(cluster, return_inverse=True)
    sums = np.bincount(codes, number * influence)
    many = len(sums)
    factor = many / (many - 1) if many > 1 else 0.0
    return value, float(np.sqrt((sums**2).sum() * factor))
