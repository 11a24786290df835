"""Do the rarer intervals hold what they claim? Simulated, seeded, with standard errors.

    python bench/special_cases.py       # spread, found subgroups, noisy counts, proxies

Part of `python bench/coverage.py --all`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audit.inference.spread import spread_interval
from audit.metrics.spread import between_group_variance

Floats = npt.NDArray[np.float64]


def error_of(samples: int, level: float = 0.95) -> float:
    """Standard error in percent of a simulated coverage."""
    return float(100 * np.sqrt(level * (1 - level) / samples))


def spread(
    rates: npt.ArrayLike, n: npt.ArrayLike, samples: int = 300, seed: int = 0
) -> tuple[float, float, float]:
    """Coverage of the limits of a spread, and of percentile bootstraps of S² and of ours."""
    p, sizes = np.broadcast_arrays(np.asarray(rates, dtype=np.float64), np.asarray(n))
    generator = np.random.default_rng(seed)
    x = generator.binomial(sizes, p, (samples, p.size))
    truth = float(p.var(ddof=1))
    low, high = spread_interval(x, sizes, scale="variance")
    ours = ((low <= truth + 1e-12) & (truth <= high + 1e-12)).mean()
    few = x[:60]
    again = generator.binomial(sizes, (few / sizes)[:, None], (len(few), 200, p.size))
    plain, corrected = (again / sizes).var(axis=-1, ddof=1), between_group_variance(again, sizes)
    out = [100 * float(ours)]
    for values in (plain, corrected):
        low, high = np.quantile(values, [0.025, 0.975], axis=1)
        out.append(100 * float(((low <= truth) & (truth <= high)).mean()))
    return out[0], out[1], out[2]


def spread_table(samples: int = 300) -> None:
    """Spread over k groups: equal rates, rates moderately and far apart; equal and unequal sizes."""
    print(
        f"\nspread over k groups; bar >= 94 within Monte Carlo error (s.e. {error_of(samples):.1f});"
    )
    print("in brackets percentile bootstraps of the plain and of the corrected variance")
    for k in (2, 3, 5, 10, 40):
        sizes = {
            "50 each": np.full(k, 50),
            "500 each": np.full(k, 500),
            "30 to 3000": np.geomspace(30, 3000, k).astype(int),
            "30 and 3000": np.where(np.arange(k) % 2, 3000, 30),
        }
        for base in (0.05, 0.3, 0.9):
            for share in (0.0, 0.3, 0.8):
                p = base + np.linspace(-1, 1, k) * share * min(base, 1 - base)
                found = [spread(p, n, samples) for n in sizes.values()]
                print(
                    f"k={k:2d} rates {p.min():.2f}-{p.max():.2f}: "
                    + "   ".join(
                        f"{name} {a:5.1f} ({b:3.0f} {c:3.0f})"
                        for name, (a, b, c) in zip(sizes, found, strict=True)
                    )
                )


def main() -> None:
    """Print the tables."""
    spread_table()


if __name__ == "__main__":
    main()
