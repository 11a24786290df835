"""The standardised mean difference (SMD) of a score, price or limit between two groups."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audit.inference.checks import Floats, critical

__all__ = ["standardized_difference"]


def standardized_difference(
    total: npt.ArrayLike,
    sum: npt.ArrayLike,
    sum_squares: npt.ArrayLike,
    total_ref: npt.ArrayLike,
    sum_ref: npt.ArrayLike,
    sum_squares_ref: npt.ArrayLike,
    *,
    n: npt.ArrayLike | None = None,
    n_ref: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> tuple[Floats, Floats, Floats, Floats]:
    """SMD with limits and two-sided p-value: (d, low, high, p), by broadcasting.

    d = (mean - mean_ref)/s without a small-sample correction, s the pooled within-group standard
    deviation √[((n₁-1)s₁² + (n₂-1)s₂²)/(n₁+n₂-2)]; limits d ± z√((n₁+n₂)/(n₁n₂) +
    d²/(2(n₁+n₂))) (Hedges & Olkin 1985, large-sample form). The p-value uses the same standard
    error, so it is below 1 - level exactly where the limits leave out 0.

    `total` is Σw (rows, without weights), `sum` Σwx, `sum_squares` Σwx²; with weights `n` and
    `n_ref` are the effective rows (Σw)²/Σw². nan where a group has fewer than 2 rows or the
    scores do not vary.

    >>> d, low, high, p = standardized_difference(50, 100.0, 250.0, 50, 120.0, 340.0)
    >>> [round(float(v), 4) for v in (d, low, high, p)]
    [-0.3921, -0.7878, 0.0037, 0.0522]
    """
    from scipy.special import ndtr

    t1, a1, b1, t2, a2, b2 = (
        np.asarray(v, dtype=np.float64)
        for v in (total, sum, sum_squares, total_ref, sum_ref, sum_squares_ref)
    )
    n1 = t1 if n is None else np.asarray(n, dtype=np.float64)
    n2 = t2 if n_ref is None else np.asarray(n_ref, dtype=np.float64)
    z = critical(level)
    with np.errstate(divide="ignore", invalid="ignore"):
        m1, m2 = a1 / t1, a2 / t2
        within = n1 * _spread(b1 / t1, m1) + n2 * _spread(b2 / t2, m2)
        usable = (n1 >= 2) & (n2 >= 2) & (within > 0)
        d = np.where(usable, (m1 - m2) / np.sqrt(within / (n1 + n2 - 2)), np.nan)
        error = np.sqrt((n1 + n2) / (n1 * n2) + d * d / (2 * (n1 + n2)))
        p = np.asarray(2 * ndtr(-np.abs(d) / error))
    return d[()], (d - z * error)[()], (d + z * error)[()], p[()]


def _spread(mean_square: Floats, mean: Floats) -> Floats:
    """Mean square less squared mean; rounding crumbs of a constant score count as 0."""
    spread = mean_square - mean * mean
    return np.where(spread > 1e-12 * mean_square, spread, 0.0)
