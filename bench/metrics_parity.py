"""Drop-in functions beside fairlearn's: same number, and how much sooner.

    python bench/metrics_parity.py [rows]

Prints, for each function and kind of input, ours, theirs, their difference and the ratio of the
times, medians of three in one run.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable

import fairlearn.metrics as theirs
import numpy as np
import pandas as pd

from audit import metrics as ours

NAMES = (
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equal_opportunity_difference",
    "equalized_odds_difference",
)


def timed(call: Callable[[], float], times: int = 3) -> tuple[float, float]:
    """Value and median seconds."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        value = call()
        taken.append(time.perf_counter() - start)
    return float(value), sorted(taken)[len(taken) // 2]


def main(size: int) -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "outcome": random.integers(0, 2, size),
            "decision": random.integers(0, 2, size),
            "group": np.array(list("abcdef"))[random.integers(0, 6, size)],
        }
    )
    print(f"{size:,} rows, 6 groups, pandas {pd.__version__}")
    print(f"{'function':34s}{'value':>10s}{'off by':>10s}{'ours':>10s}{'fairlearn':>11s}{'×':>7s}")
    for name in NAMES:
        args = (frame["outcome"], frame["decision"])
        groups = {"sensitive_features": frame["group"]}
        value, sooner = timed(lambda: getattr(ours, name)(*args, **groups))  # noqa: B023
        wanted, later = timed(lambda: getattr(theirs, name)(*args, **groups))  # noqa: B023
        print(
            f"{name:34s}{value:10.6f}{abs(value - wanted):10.0e}{sooner * 1e3:8.1f}ms"
            f"{later * 1e3:9.1f}ms{later / sooner:7.1f}"
        )


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        main(int(float(sys.argv[1])) if len(sys.argv) > 1 else 1_000_000)
