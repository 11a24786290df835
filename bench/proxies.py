"""How often a planted proxy is found, and how often one is found where there is none.

    python bench/proxies.py [seeds] [rows ...]

Eight features, two of them categories; the attribute is told by one of them (at several
correlations), by one through its spread alone, or, permuted, by none. Limits: a proxy of
correlation .5 in 95 % of runs or more; any proxy of a permuted attribute in 5 % + 2 s.e. or less.
"""

from __future__ import annotations

import math
import sys
import warnings

import numpy as np
import pandas as pd

import audit
from audit.explanation.proxies import found, measure_proxies

FEATURES = tuple(f"x{i}" for i in range(8))


def applicants(seed: int, rows: int, correlation: float, spread: float = 1.0) -> pd.DataFrame:
    """Rows in which x0 goes with the attribute by its mean, or by its spread."""
    rng = np.random.default_rng(seed)
    man = rng.random(rows) < 0.4
    frame = pd.DataFrame({f"x{i}": rng.normal(size=rows) for i in range(8)})
    apart = correlation / math.sqrt((1 - correlation**2) * 0.24)
    frame["x0"] = frame["x0"] * np.where(man, spread, 1.0) + apart * man
    frame["x6"] = rng.choice(list("abcdef"), rows)
    frame["x7"] = rng.integers(0, 3, rows)
    return frame.assign(sex=np.where(man, "m", "f"), ok=rng.integers(0, 2, rows))


def share(seeds: int, rows: int, correlation: float, spread: float, permuted: bool) -> float:
    """Of runs in which x0 (of a permuted attribute: any feature) is found."""
    hits = 0
    for seed in range(seeds):
        frame = applicants(seed, rows, correlation, spread)
        if permuted:
            mixed = np.random.default_rng(seed + 10_000).permutation(frame["sex"])
            frame = frame.assign(sex=mixed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = audit.read(frame, protected="sex", decision="ok", favorable=1)
        names = {p.feature for p in found(measure_proxies(table, FEATURES, seed=seed).strengths)}
        hits += bool(names) if permuted else "x0" in names
    return hits / seeds


def main() -> int:
    """Print the rates; 1 where a limit is broken."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    sizes = [int(a) for a in sys.argv[2:]] or [1000, 2000]
    most = 0.05 + 2 * math.sqrt(0.05 * 0.95 / seeds)
    broken = 0
    print(f"{seeds} seeds; share of runs in which it is found")
    for rows in sizes:
        cases = [(0.5, 1.0, False), (0.3, 1.0, False), (0.2, 1.0, False), (0.0, 2.0, False)]
        for correlation, spread, permuted in [*cases, (0.5, 1.0, True)]:
            got = share(seeds, rows, correlation, spread, permuted)
            words = "attribute permuted" if permuted else f"correlation {correlation:g}"
            words += f", spread × {spread:g}" if spread != 1 else ""
            print(f"{rows:6,} rows  {words:32} {got:.3f}", flush=True)
            broken += got > most if permuted else (correlation == 0.5 and got < 0.95)
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
