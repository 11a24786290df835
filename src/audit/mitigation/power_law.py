"""An inverse-power law of error and rows, and what it expects of twice the rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audit.mitigation.learning_record import Law
from audit.mitigation.record import Limits

Floats = npt.NDArray[np.float64]

EXPONENTS = np.geomspace(0.1, 2.0, 200)
"""Exponents tried: learning curves have .1 to 2."""
FEWEST = 4
"""Sizes below which three numbers are not fitted."""
REPLICATES = 400
"""Curves drawn around the one seen."""
POOR = 0.01
"""Below this p-value the points do not follow the law."""


def fit(rows: npt.ArrayLike, errors: npt.ArrayLike, variance: npt.ArrayLike) -> tuple[Floats, ...]:
    """Floor, factor, exponent and weighted squares of each curve; errors have shape (..., sizes).

    Least squares with weights 1/`variance`: floor and factor at each exponent of a grid, neither
    below 0, then the exponent with the smallest squares.

    >>> n = np.array([100.0, 200, 400, 800])
    >>> floor, factor, exponent, squares = fit(n, 0.1 + n**-0.5, np.full(4, 1e-4))
    >>> round(float(floor), 2), round(float(factor), 1), round(float(exponent), 1)
    (0.1, 1.0, 0.5)
    """
    n, y = np.asarray(rows, np.float64), np.asarray(errors, np.float64)[..., None, :]
    w = 1 / np.asarray(variance, np.float64)
    x = n[None, :] ** -EXPONENTS[:, None]
    total = w.sum()
    mean_x, mean_y = (w * x).sum(-1) / total, (w * y).sum(-1) / total
    away = x - mean_x[:, None]
    factor = (w * away * (y - mean_y[..., None])).sum(-1) / (w * away * away).sum(-1)
    floor = mean_y - factor * mean_x
    through = (w * x * y).sum(-1) / (w * x * x).sum(-1)  # a floor of 0
    factor, floor = np.where(floor < 0, through, factor), np.maximum(floor, 0.0)
    factor, floor = np.maximum(factor, 0.0), np.where(factor < 0, mean_y, floor)
    squares = (w * (y - floor[..., None] - factor[..., None] * x) ** 2).sum(-1)
    best = squares.argmin(-1)
    picked = [np.take_along_axis(v, best[..., None], -1)[..., 0] for v in (floor, factor, squares)]
    return picked[0], picked[1], EXPONENTS[best], picked[2]


def outlook(
    rows: Floats, errors: Floats, covariance: Floats, level: float, seed: int
) -> tuple[Law | None, Limits, str | None]:
    """The law, how much lower the error is expected at twice the last rows, and why there is none.

    `covariance` is of the errors, over held-out people and draws of training rows. The interval
    is of the law refitted to curves drawn around the one seen (parametric bootstrap).
    """
    from scipy.special import gammaincc

    if len(rows) < FEWEST:
        return None, Limits(), f"a law needs at least {FEWEST} sizes"
    apart = np.diag(covariance) + covariance[-1, -1] - 2 * covariance[:, -1]
    apart = np.maximum(apart, 1e-16)  # of each error less the last: what is common moves no shape
    apart[-1] = apart[:-1].min()
    floor, factor, exponent, squares = (float(v) for v in fit(rows, errors, apart))
    p = float(gammaincc((len(rows) - 3) / 2, squares / 2))
    if factor <= 0:
        return None, Limits(), "the points do not fall"
    if p < POOR:
        return None, Limits(), f"the points do not follow an inverse-power law (p {p:.2g})"
    law = Law(floor=floor, factor=factor, exponent=exponent, p_value=p)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    drawn = (
        errors + np.random.default_rng((seed, 31)).standard_normal((REPLICATES, len(rows))) @ root.T
    )
    _, factors, exponents, _ = fit(rows, drawn, apart)
    last = rows[-1]
    gains = factors * (last**-exponents - (2 * last) ** -exponents)
    tail = (1 - level) / 2
    low, high = np.quantile(gains, [tail, 1 - tail])
    value = law.at(last) - law.at(2 * last)
    return (
        law,
        Limits(value=value, low=float(min(low, value)), high=float(max(high, value))),
        None,
    )
