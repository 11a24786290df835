"""How often the intervals hold what they claim: exact for two groups, simulated for the rest.

    python bench/coverage.py            # the 30 designs of two groups (2 seconds)
    python bench/coverage.py --verdicts # how often each verdict is given (bench/verdicts.py)
    python bench/coverage.py --all      # also worst gap, weights, clusters, bootstrap, and the
                                        # rest of audit.inference (bench/special_cases.py)

Beside ours stands what fairlearn does: percentiles of a bootstrap of the rows.

A design is a pair of true rates and a pair of sizes. For two groups every possible pair of
counts is visited with its binomial chance, so the coverage is exact. A case without an interval
(0/0) leaves nothing out and counts as covered for the score ratio, whose limits would be (0, inf);
Katz's ratio has none at a zero count, and there it counts as a miss.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.inference.bootstrap import cell_bootstrap
from audit.inference.clusters import jackknife
from audit.inference.intervals import difference_interval, rate_interval, ratio_interval
from audit.inference.simultaneous import worst_gap_interval, worst_ratio_interval
from audit.inference.weights import effective

Floats = npt.NDArray[np.float64]

RATES = ((0.3, 0.3), (0.24, 0.30), (0.04, 0.05), (0.56, 0.70), (0.95, 0.95))
SIZES = ((50, 50), (100, 100), (200, 200), (500, 500), (1000, 1000), (50, 1000))
METHODS = ("MN ratio", "MN difference", "Newcombe", "Katz ratio", "bootstrap min/max")
BARS = (
    "all in [93.5, 96.5]",
    ">= 94.5; <= 96.5 where every expected cell >= 5",
    "measured elsewhere: 94.85 to 98.02",
    "measured elsewhere: 80.2 to 96.2",
    "measured elsewhere: 0.0 to 97.8",
)


def designs() -> Iterator[tuple[float, float, int, int]]:
    """Rates and sizes of group and reference."""
    for rate, rate_ref in RATES:
        for n, n_ref in SIZES:
            yield rate, rate_ref, n, n_ref


def binomial(rate: float, n: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """Counts that carry all but 1e-10 of the mass, with their chances."""
    from scipy.stats import binom

    x = np.arange(n + 1)
    mass = binom.pmf(x, n, rate)
    kept = mass > 1e-13
    return x[kept], mass[kept]


def exact(rate: float, rate_ref: float, n: int, n_ref: int) -> dict[str, float]:
    """Coverage in percent of each closed method, by enumeration."""
    x, mass = binomial(rate, n)
    y, mass_ref = binomial(rate_ref, n_ref)
    gap, ratio = rate - rate_ref, rate / rate_ref
    calls: dict[str, tuple[Any, float, str, bool]] = {
        "MN ratio": (ratio_interval, ratio, "miettinen-nurminen", True),
        "MN difference": (difference_interval, gap, "miettinen-nurminen", False),
        "Newcombe": (difference_interval, gap, "newcombe", False),
        "Katz ratio": (ratio_interval, ratio, "katz", False),
    }
    out = {}
    for name, (function, truth, method, open_ended) in calls.items():
        low, high = function(x[:, None], n, y[None, :], n_ref, method=method)
        inside = (low <= truth + 1e-12) & (truth <= high + 1e-12)
        if open_ended:
            inside |= np.isnan(low)
        if method == "katz":
            inside &= (x[:, None] > 0) & (y[None, :] > 0)
        out[name] = float(100 * (mass @ inside @ mass_ref) / (mass.sum() * mass_ref.sum()))
    return out


def bootstrapped(rate: float, rate_ref: float, n: int, n_ref: int, seed: int = 0) -> float:
    """Coverage of the percentile bootstrap of min/max, simulated (400 samples × 400)."""
    generator = np.random.default_rng(seed)
    p = generator.binomial(n, rate, (400, 1)) / n
    q = generator.binomial(n_ref, rate_ref, (400, 1)) / n_ref
    a = generator.binomial(n, p, (400, 400)) / n
    b = generator.binomial(n_ref, q, (400, 400)) / n_ref
    top = np.maximum(a, b)
    ratio = np.where(top > 0, np.minimum(a, b) / np.where(top > 0, top, 1), 0.0)
    low, high = np.quantile(ratio, [0.025, 0.975], axis=1)
    truth = min(rate, rate_ref) / max(rate, rate_ref)
    return float(100 * ((low <= truth) & (truth <= high)).mean())


def two_groups() -> dict[str, list[float]]:
    """Print and return coverage of the 30 designs."""
    print("rates       sizes        " + "  ".join(f"{m:>17}" for m in METHODS))
    found: dict[str, list[float]] = {m: [] for m in METHODS}
    for design in designs():
        row = exact(*design) | {"bootstrap min/max": bootstrapped(*design)}
        for name in METHODS:
            found[name].append(row[name])
        rate, rate_ref, n, n_ref = design
        cells = "  ".join(f"{row[m]:17.2f}" for m in METHODS)
        print(f"{rate:.2f} {rate_ref:.2f}  {n:5d} {n_ref:5d}  {cells}")
    print("\nmethod             lowest  highest  in [93.5, 96.5]   bar")
    for name, bar in zip(METHODS, BARS, strict=True):
        v = np.array(found[name])
        inside = int(((v >= 93.5) & (v <= 96.5)).sum())
        print(f"{name:18} {v.min():6.2f}  {v.max():7.2f}  {inside:15d}   {bar}")
    return found


def worst(
    rates: npt.ArrayLike, n: npt.NDArray[np.int64], samples: int, seed: int = 0
) -> tuple[float, float]:
    """Coverage of the worst gap and the worst ratio, simulated."""
    p = np.broadcast_to(np.asarray(rates, dtype=np.float64), n.shape)
    generator = np.random.default_rng(seed)
    x = generator.binomial(n, p, size=(samples, n.size))
    hits, known = np.zeros(2), np.zeros(2)
    truths = (p.max() - p.min(), p.min() / p.max())
    for part in np.array_split(x, max(1, samples * n.size**2 // 1_000_000)):
        for k, interval in enumerate((worst_gap_interval, worst_ratio_interval)):
            low, high = interval(part, n)
            hits[k] += ((low <= truths[k] + 1e-12) & (truths[k] <= high + 1e-12)).sum()
            known[k] += (~np.isnan(low)).sum()
    gap, ratio = 100 * hits / known
    return float(gap), float(ratio)


def worst_bootstrapped(
    rates: npt.ArrayLike, n: npt.NDArray[np.int64], samples: int = 100, seed: int = 0
) -> float:
    """Coverage of the percentile bootstrap of max - min over k groups, simulated (× 200)."""
    p = np.broadcast_to(np.asarray(rates, dtype=np.float64), n.shape)
    generator = np.random.default_rng(seed)
    seen = generator.binomial(n, p, size=(samples, 1, n.size)) / n
    again = np.ptp(generator.binomial(n, seen, size=(samples, 200, n.size)) / n, axis=-1)
    low, high = np.quantile(again, [0.025, 0.975], axis=1)
    truth = float(np.ptp(p))
    return float(100 * ((low <= truth) & (truth <= high)).mean())


def worst_table() -> None:
    """Worst gap and ratio over k groups with equal rates (the hard case), bar 94."""
    print("\nworst gap and min/max over k groups of one rate; bar >= 94 within Monte Carlo error")
    print("(in brackets a percentile bootstrap of the gap, as fairlearn's)")
    for k in (2, 3, 5, 10, 20, 60):
        samples = 4000 if k < 20 else 1500
        error = 100 * np.sqrt(0.95 * 0.05 / samples)
        for rate in (0.02, 0.05, 0.3, 0.95):
            for n in (50, 200, 1000):
                equal = worst(rate, np.full(k, n), samples)
                sizes = np.geomspace(30, 5 * n, k).astype(np.int64)
                unequal = worst(rate, sizes, samples)
                theirs = [worst_bootstrapped(rate, m) for m in (np.full(k, n), sizes)]
                print(
                    f"k={k:2d} rate={rate:.2f} n={n:4d}: {equal[0]:6.2f} {equal[1]:6.2f} "
                    f"({theirs[0]:4.1f})   30 to {5 * n}: {unequal[0]:6.2f} {unequal[1]:6.2f} "
                    f"({theirs[1]:4.1f})   (s.e. {error:.2f})"
                )


def weighted(rate: float, n: int, follow: float, samples: int = 4000, seed: int = 0) -> str:
    """Coverage of Wilson's interval on effective counts; weights lognormal, tied to outcomes."""
    generator = np.random.default_rng(seed)
    y = generator.random((samples, n)) < rate
    w = np.exp(generator.normal(0, 0.7, (samples, n))) * np.where(y, follow, 1.0)
    xw, nw = (w * y).sum(axis=1), w.sum(axis=1)
    x, m = effective(xw, nw, (w**2 * y).sum(axis=1), (w**2).sum(axis=1))
    truth = rate * follow / (rate * follow + 1 - rate)
    low, high = rate_interval(x, m)
    events = float(np.minimum(x, m - x).mean())
    cover = 100 * ((low <= truth) & (truth <= high)).mean()
    kish = nw**2 / (w**2).sum(axis=1)
    low, high = rate_interval(kish * xw / nw, kish)
    alone = 100 * ((low <= truth) & (truth <= high)).mean()
    hits = 0
    for i in range(100):
        drawn = generator.multinomial(n, np.full(n, 1 / n), size=200)
        again = (drawn @ (w[i] * y[i])) / (drawn @ w[i])
        limits = np.quantile(again, [0.025, 0.975])
        hits += int(limits[0] <= truth <= limits[1])
    return (
        f"rate={rate:.2f} n={n:4d} outcome weight ×{follow:.1f}: {cover:6.2f} at {events:6.1f} "
        f"effective events (Kish alone {alone:6.2f}, row bootstrap {hits})"
    )


def clustered(people: int, repeats: int, samples: int = 1500, seed: int = 0) -> str:
    """Coverage of the block jackknife of a gap when each applicant applies several times."""
    generator = np.random.default_rng(seed)
    hits = naive = rows = 0
    for _ in range(samples):
        group = generator.random(people) < 0.4
        leaning = generator.beta(1.5, 3.5, people)
        x = generator.binomial(repeats, leaning)
        block = generator.integers(0, 64, people)
        table = np.zeros((64, 2, 2))
        for g in (0, 1):
            mine = group == bool(g)
            table[:, g, 0] = np.bincount(block[mine], weights=x[mine], minlength=64)
            table[:, g, 1] = np.bincount(block[mine], minlength=64) * repeats
        filled = table[table.any(axis=(1, 2))]
        total = filled.sum(axis=0)

        def gap(t: Floats) -> Floats:
            rate = t[..., 0] / t[..., 1]
            return np.asarray(rate[..., 0] - rate[..., 1])

        found = jackknife(gap(total - filled), gap(total))
        hits += int(found.low <= 0 <= found.high)
        low, high = difference_interval(*total[0], *total[1])
        naive += int(low <= 0 <= high)
        (x1, n1), (x2, n2) = total.astype(np.int64)
        again = (
            generator.binomial(n1, x1 / n1, 200) / n1 - generator.binomial(n2, x2 / n2, 200) / n2
        )
        low, high = np.quantile(again, [0.025, 0.975])
        rows += int(low <= 0 <= high)
    return (
        f"{people} people × {repeats}: jackknife {100 * hits / samples:.2f}, "
        f"ignoring repeats {100 * naive / samples:.2f}, row bootstrap {100 * rows / samples:.2f}"
    )


def resampled(n: int, samples: int = 400, seed: int = 0) -> str:
    """Coverage of the cell bootstrap for Theil's index of benefits, BCa and percentile."""
    generator = np.random.default_rng(seed)
    shares = np.array([0.5, 0.1, 0.15, 0.25])  # TP, FP, FN, TN
    benefit = np.array([1.0, 2.0, 0.0, 1.0])

    def theil(cells: Floats) -> Floats:
        p = cells / cells.sum(axis=-1, keepdims=True)
        mean = (p * benefit).sum(axis=-1, keepdims=True)
        r = benefit / mean
        return np.asarray((p * r * np.log(np.where(r > 0, r, 1.0))).sum(axis=-1)[..., 0])

    truth = float(theil(shares[None]))
    out = []
    for method in ("bca", "percentile"):
        hits = 0
        for i in range(samples):
            cells = generator.multinomial(n, shares)[None]
            low, high = cell_bootstrap(cells, theil, replicates=1000, seed=i, method=method)
            hits += int(low <= truth <= high)
        out.append(f"{method} {100 * hits / samples:.1f}")
    return f"Theil's index, n={n}: " + ", ".join(out)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="simulated parts too")
    parser.add_argument("--verdicts", action="store_true", help="how often each verdict is given")
    arguments = parser.parse_args()
    two_groups()
    if arguments.all or arguments.verdicts:
        import verdicts  # beside this file

        verdicts.main()
    if arguments.all:
        worst_table()
        print("\nweighted rates; bar >= 93 at >= 25 effective events")
        for rate, n in ((0.3, 200), (0.1, 600), (0.5, 150), (0.8, 400), (0.05, 2000)):
            for follow in (1.0, 2.0, 4.0):
                print(weighted(rate, n, follow))
        print("\nrepeated applicants")
        for people, repeats in ((400, 3), (1000, 3), (2000, 8)):
            print(clustered(people, repeats))
        print("\ncell bootstrap")
        for n in (100, 400):
            print(resampled(n))
        import special_cases  # beside this file

        special_cases.main()


if __name__ == "__main__":
    main()
