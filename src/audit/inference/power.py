"""How many rows it takes: to see a disparity, or to show that none is beyond the rule."""

from __future__ import annotations

from contextlib import suppress
from math import ceil, isfinite, sqrt

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.inference.checks import Floats
from audit.inference.intervals import difference_interval, ratio_interval

__all__ = ["chance_of_pass", "power", "rows_for_pass", "smallest_detectable"]

UNSETTLED = 0.02
"""Within this distance of the line no sample size is worth naming."""
TINY = 1e-12
"""Below this a variance is no divisor."""


def _normal_sum(alpha: float, power: float) -> float:
    """z of a two-sided test plus z of its power."""
    from scipy.special import ndtri

    for value, name in ((alpha, "alpha"), (power, "power")):
        if not 0 < value < 1:
            raise InputError(
                "INF011",
                "a chance lies strictly between 0 and 1",
                argument=name,
                fix="try 0.05, 0.8",
            )
    return float(-ndtri(alpha / 2) + ndtri(power))


def _number(value: float, name: str, code: str) -> float:
    if isinstance(value, int | float | np.number) and not isinstance(value, bool | complex):
        with suppress(OverflowError, TypeError):
            return float(value)
    raise InputError(code, "not a number in range", argument=name, fix="try 0.3, 0.8, 0.05, 0.8")


def power(base_rate: float, ratio: float, *, alpha: float = 0.05, power: float = 0.8) -> int:
    """Rows needed in each of two equal groups to see a ratio of rates.

    `base_rate` is the reference's rate, the other group's is `ratio` times that. Unpooled normal
    approximation, two-sided `alpha`: (z_α + z_β)²·(p₁q₁ + p₂q₂)/(p₁ - p₂)² (Fleiss, Levin & Paik
    2003, *Statistical Methods for Rates and Proportions*, ch. 4).
    Raises `InputError` INF011 (alpha, power), INF012 (rates outside (0, 1), or a ratio of 1).

    >>> power(0.30, 0.8), power(0.05, 0.8), power(0.70, 0.8)
    (856, 6743, 183)
    """
    alpha, power = _number(alpha, "alpha", "INF011"), _number(power, "power", "INF011")
    base_rate = _number(base_rate, "base_rate", "INF012")
    factor = _normal_sum(alpha, power) ** 2
    other = base_rate * _number(ratio, "ratio", "INF012")
    if not 0 < base_rate < 1:
        raise InputError(
            "INF012", "a rate lies strictly between 0 and 1", argument="base_rate", fix="try 0.3"
        )
    if not 0 <= other <= 1 or other == base_rate or not isfinite(other):
        raise InputError(
            "INF012",
            f"base_rate × ratio = {other:g} is no other rate to tell from {base_rate:g}",
            argument="ratio",
            fix="pass a ratio other than 1 that keeps the rate within [0, 1]",
        )
    spread = base_rate * (1 - base_rate) + other * (1 - other)
    gap = (base_rate - other) ** 2
    if gap < TINY:
        raise InputError(
            "INF012",
            f"a ratio of {other / base_rate:.12g} is too close to 1 for any number of rows",
            argument="ratio",
            fix="pass a ratio further from 1",
        )
    return ceil(factor * spread / gap - 1e-9)


def smallest_detectable(
    rate_ref: npt.ArrayLike,
    n: npt.ArrayLike,
    n_ref: npt.ArrayLike,
    *,
    contrast: str = "ratio",
    alpha: float = 0.05,
    power: float = 0.8,
) -> Floats:
    """The smallest shortfall against the reference that these sizes show with chance `power`.

    As the ratio p/p_ref (closest to 1), or with `contrast="difference"` as p - p_ref (negative);
    the inverse of `power`, by broadcasting. nan where even a rate of 0 would be missed.

    >>> round(float(smallest_detectable(0.3, 856, 856)), 4)
    0.8001
    """
    z2 = _normal_sum(alpha, power) ** 2
    ref, rows, rows_ref = (np.asarray(v, dtype=np.float64) for v in (rate_ref, n, n_ref))
    with np.errstate(divide="ignore", invalid="ignore"):
        a = 1 + z2 / rows
        b = 2 * ref + z2 / rows
        c = ref * ref - z2 * ref * (1 - ref) / rows_ref
        rate = 2 * c / (b + np.sqrt(np.maximum(b * b - 4 * a * c, 0.0)))
        rate = np.where((rate < 0) | (c < 0), np.nan, rate)
        return (rate / ref if contrast == "ratio" else rate - ref)[()]


def rows_for_pass(
    rate: float,
    rate_ref: float,
    *,
    line: float = 0.8,
    contrast: str = "ratio",
    balance: float = 1.0,
    level: float = 0.95,
    power: float = 0.8,
) -> int | None:
    """Rows in the group for which a pass has chance `power`, if both rates are as estimated.

    A pass needs the harmful limit of the score interval at or inside `line`: for a "ratio" a
    lower limit of rate/rate_ref ≥ line, for a "difference" one of rate - rate_ref ≥ -line.
    `balance` is the reference's rows per row of the group. None where no sample size will settle
    it: beyond the line, or within .02 of it. Farrington & Manning (Statistics in Medicine 9,
    1990, 1447-1454), whose closest pair of rates is the one of the score interval.

    >>> [rows_for_pass(p, p) for p in (0.05, 0.3, 0.7, 0.9)]
    [6010, 740, 142, 49]
    >>> rows_for_pass(0.245, 0.3) is None
    True
    """
    from scipy.special import ndtri

    _normal_sum(1 - level, power)
    if not (0 < rate_ref <= 1 and 0 <= rate <= 1 and balance > 0):
        return None
    slope = line if contrast == "ratio" else 1.0
    gap = rate - line * rate_ref if contrast == "ratio" else rate - rate_ref + line
    if (gap / rate_ref if contrast == "ratio" else gap) < UNSETTLED:
        return None
    near, near_ref = _closest(rate, rate_ref, line, contrast, balance)
    null = near * (1 - near) + slope**2 * near_ref * (1 - near_ref) / balance
    true = rate * (1 - rate) + slope**2 * rate_ref * (1 - rate_ref) / balance
    z, z_power = float(-ndtri((1 - level) / 2)), float(ndtri(power))
    rows = (z * sqrt(null) + z_power * sqrt(true)) ** 2 / gap**2
    return max(1, ceil(rows - 1e-9))


def _closest(
    rate: float, rate_ref: float, line: float, contrast: str, balance: float
) -> tuple[float, float]:
    """The likeliest pair of rates exactly on the line, at these rates and balance."""
    if contrast == "ratio":
        a = (1 + balance) * line
        b = -(line + rate + balance + balance * rate_ref * line)
        c = rate + balance * rate_ref
        ref = 2 * c / (-b + max(b * b - 4 * a * c, 0.0) ** 0.5)
        return line * ref, ref
    low, high = max(line, 0.0), min(1.0 + line, 1.0)
    # the slope of the log likelihood falls in the reference's rate; written out, for this is the
    # busiest loop behind a finding
    for _ in range(80):
        ref = (low + high) / 2
        p = ref - line
        spread, spread_ref = p * (1 - p), ref * (1 - ref)
        slope = (rate - p) / (spread if spread > TINY else TINY)
        slope += balance * ((rate_ref - ref) / (spread_ref if spread_ref > TINY else TINY))
        if ref in (low, high):  # no number lies between them
            break
        if slope > 0:
            low = ref
        else:
            high = ref
    ref = (low + high) / 2
    return ref - line, ref


def chance_of_pass(
    rate: float,
    rate_ref: float,
    n: int,
    n_ref: int,
    *,
    line: float = 0.8,
    contrast: str = "ratio",
    level: float = 0.95,
) -> float:
    """The exact chance that the harmful limit is at or inside the line, by enumeration.

    Costs about a microsecond for each likely pair of counts; meant for checks, not for every
    finding.

    >>> round(chance_of_pass(0.7, 0.7, 141, 141), 3)
    0.802
    """
    x, mass = _likely(rate, n)
    y, mass_ref = _likely(rate_ref, n_ref)
    one, two = x[:, None], y[None, :]
    if contrast == "ratio":
        inside = ratio_interval(one, n, two, n_ref, level)[0] >= line
    else:
        inside = difference_interval(one, n, two, n_ref, level)[0] >= -line
    return float(mass @ inside @ mass_ref)


def _likely(rate: float, n: int) -> tuple[Floats, Floats]:
    """Counts that carry all but 1e-9 of a binomial, with their chances."""
    from scipy.special import gammaln, xlog1py, xlogy

    x = np.arange(n + 1, dtype=np.float64)
    log = gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1) + xlogy(x, rate)
    mass = np.exp(log + xlog1py(n - x, -rate))
    kept = mass > 1e-10 / (n + 1)
    return x[kept], mass[kept] / mass[kept].sum()
