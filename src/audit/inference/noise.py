"""Rates of counts that noise was added to, for differential privacy.

With independent noise of mean 0 and variance σ² on the favourable and on the unfavourable count,
a rate x/n has the further variance ((1 - p)² + p²)·σ²/n² (first order; Evans & King, Political
Analysis 31, 2023, 1-21, on why it must not be left out). Like weights, the noise is turned into
effective rows: those of clean data with the same variance, which every interval here takes.

Below n·ε = 20 noise of Laplace's kind is so large beside the count that the first order is no
guide: there is no interval, and `TOO_NOISY` says why. Where events times ε are few (about 1)
Laplace's heavy tails show, and a 95 % interval holds 90 to 93 % (`bench/special_cases.py`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.inference.checks import Floats, numbers, together
from audit.inference.intervals import difference_interval, rate_interval, ratio_interval

__all__ = [
    "TOO_NOISY",
    "laplace_variance",
    "noisy_counts",
    "noisy_difference_interval",
    "noisy_rate_interval",
    "noisy_ratio_interval",
]

LEAST = 20.0
"""Least n·ε for which there is an interval."""
TOO_NOISY = "the noise added for privacy is too large beside the count (n·ε below 20)"
"""Why a rate of noisy counts is undefined."""


def laplace_variance(epsilon: npt.ArrayLike) -> Floats:
    """Variance of the noise on one count: 2/ε², Laplace's, at least that of whole-number noise.

    Raises `InputError` INF013 unless ε is above 0.

    >>> float(laplace_variance(0.5))
    8.0
    """
    with np.errstate(divide="ignore", over="ignore"):
        return np.asarray(2 / _epsilon(epsilon) ** 2)[()]


def noisy_counts(
    x: npt.ArrayLike,
    n: npt.ArrayLike,
    epsilon: npt.ArrayLike,
    noise_variance: npt.ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    """Effective counts (x_eff, n_eff) of rates of noisy counts, by broadcasting; nan if too noisy.

    `x` is the noisy favourable count and `n` its sum with the noisy unfavourable one, each with
    noise of `noise_variance` (`laplace_variance(epsilon)` unless told). n_eff is n / (1 + r) with
    r = ((1 - p)² + p²)·σ²/(n·p·(1 - p)), p with two favourable and two unfavourable rows added so
    that a rate of 0 is not certain. Noise can push x below 0 or above n: the rate is then 0 or 1.
    nan where n·ε < 20, for the reason `TOO_NOISY`.
    Raises `InputError` INF002 (not finite), INF006 (shapes), INF013 (ε or variance out of range).

    >>> x, n = noisy_counts(30, 100, epsilon=0.5)
    >>> round(float(x), 2), round(float(n), 2)
    (24.68, 82.27)
    >>> [float(v) for v in noisy_counts(3, 12, epsilon=0.5)]
    [nan, nan]
    """
    part, whole, eps = numbers(x, "x"), numbers(n, "n"), _epsilon(epsilon)
    with np.errstate(divide="ignore", over="ignore"):
        spread = 2 / eps**2 if noise_variance is None else numbers(noise_variance, "noise_variance")
    if np.any(spread < 0):
        raise InputError(
            "INF013",
            "a variance is 0 or more",
            argument="noise_variance",
            count=int(np.sum(spread < 0)),
            fix="pass the variance of the noise on one count",
        )
    together(part, whole, eps, spread)
    enough = whole * eps >= LEAST * (1 - 1e-12)
    rows = np.where(enough, np.maximum(whole, 1.0), 1.0)
    rate = np.clip(part / rows, 0.0, 1.0)
    near = (rate * rows + 2) / (rows + 4)
    size = rows / (1 + ((1 - near) ** 2 + near**2) * spread / (rows * near * (1 - near)))
    size = np.where(enough, size, np.nan)
    return (rate * size)[()], size[()]


def noisy_rate_interval(
    x: npt.ArrayLike,
    n: npt.ArrayLike,
    epsilon: npt.ArrayLike,
    level: npt.ArrayLike = 0.95,
    *,
    noise_variance: npt.ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    """Wilson's limits of a rate of noisy counts (`noisy_counts`); nan where it is too noisy.

    >>> low, high = noisy_rate_interval(30, 100, epsilon=0.5)
    >>> round(float(low), 3), round(float(high), 3)
    (0.212, 0.406)
    """
    return _undefined(rate_interval, (x, n), epsilon, level, noise_variance)


def noisy_difference_interval(
    x: npt.ArrayLike,
    n: npt.ArrayLike,
    x_ref: npt.ArrayLike,
    n_ref: npt.ArrayLike,
    epsilon: npt.ArrayLike,
    level: npt.ArrayLike = 0.95,
    *,
    noise_variance: npt.ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    """Miettinen & Nurminen's limits of x/n - x_ref/n_ref, all counts noisy alike.

    >>> low, high = noisy_difference_interval(30, 100, 60, 120, epsilon=1.0)
    >>> round(float(low), 3), round(float(high), 3)
    (-0.325, -0.067)
    """
    return _undefined(difference_interval, (x, n, x_ref, n_ref), epsilon, level, noise_variance)


def noisy_ratio_interval(
    x: npt.ArrayLike,
    n: npt.ArrayLike,
    x_ref: npt.ArrayLike,
    n_ref: npt.ArrayLike,
    epsilon: npt.ArrayLike,
    level: npt.ArrayLike = 0.95,
    *,
    noise_variance: npt.ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    """Miettinen & Nurminen's limits of (x/n)/(x_ref/n_ref), all counts noisy alike.

    >>> low, high = noisy_ratio_interval(30, 100, 60, 120, epsilon=1.0)
    >>> round(float(low), 3), round(float(high), 3)
    (0.416, 0.849)
    """
    return _undefined(ratio_interval, (x, n, x_ref, n_ref), epsilon, level, noise_variance)


def _undefined(
    function: Any,
    seen: tuple[npt.ArrayLike, ...],
    epsilon: npt.ArrayLike,
    level: npt.ArrayLike,
    noise_variance: npt.ArrayLike | None,
) -> tuple[Floats, Floats]:
    """An interval of effective counts, nan where any of them is."""
    counts: list[Floats] = []
    for x, n in zip(seen[::2], seen[1::2], strict=True):
        counts += noisy_counts(x, n, epsilon, noise_variance)
    unknown = np.zeros(together(*counts), dtype=bool)
    for n in counts[1::2]:
        unknown = unknown | np.isnan(n)
    low, high = function(*(np.nan_to_num(c, nan=0.0) for c in counts), level)
    return np.where(unknown, np.nan, low)[()], np.where(unknown, np.nan, high)[()]


def _epsilon(value: npt.ArrayLike) -> Floats:
    array = numbers(value, "epsilon")
    if np.any(array <= 0):
        raise InputError(
            "INF013",
            "ε of differential privacy is above 0",
            argument="epsilon",
            count=int(np.sum(array <= 0)),
            first=int(np.flatnonzero(array <= 0)[0]),
            fix="try 1.0",
        )
    return array
