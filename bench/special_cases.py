"""Do the rarer intervals hold what they claim? Simulated, seeded, with standard errors.

    python bench/special_cases.py       # spread, found subgroups, noisy counts, proxies

Part of `python bench/coverage.py --all`.
"""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import numpy.typing as npt

from audit.inference.intervals import difference_interval, rate_interval, ratio_interval
from audit.inference.noise import (
    laplace_variance,
    noisy_difference_interval,
    noisy_rate_interval,
    noisy_ratio_interval,
)
from audit.inference.proxies import proxy_gap_bounds, proxy_gap_interval, proxy_rates
from audit.inference.spread import spread_interval
from audit.inference.subgroups import subgroup_bounds
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
    """Spread over k groups: equal rates and unequal, equal sizes and unequal."""
    print(
        "\nspread over k groups; bar >= 94 within Monte Carlo error "
        f"(s.e. {error_of(samples):.1f});"
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


def collection(shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Every subgroup that fixes one to three of the attributes, as members of the finest cells."""
    at = np.indices(shape).reshape(len(shape), -1)
    return np.array(
        [
            np.all([at[a] == v for a, v in zip(axes, levels, strict=True)], axis=0)
            for depth in range(1, min(len(shape), 3) + 1)
            for axes in combinations(range(len(shape)), depth)
            for levels in product(*(range(shape[a]) for a in axes))
        ]
    )


def subgroups(
    shape: tuple[int, ...],
    rows: int,
    base: float,
    vary: float,
    *,
    side: str = "both",
    samples: int = 200,
    replicates: int = 400,
    seed: int = 0,
) -> tuple[float, float]:
    """How often all bounds hold, and how often each at 95 % alone (no adjustment) would."""
    generator = np.random.default_rng(seed)
    members = collection(shape)
    share = generator.dirichlet(np.full(members.shape[1], 2.0))
    rate = np.clip(base * (1 + vary * generator.standard_normal(len(share))), 0.001, 0.999)
    size, own = members @ share, members @ (share * rate)
    truth = own / size - ((share * rate).sum() - own) / (1 - size)
    hits = alone = 0
    for i in range(samples):
        n = generator.multinomial(rows, share)
        x = generator.binomial(n, rate)
        found = subgroup_bounds(x, n, members, side=side, replicates=replicates, seed=i)
        some = ~np.isnan(found.value)
        t = truth[some]
        hits += bool(((found.low[some] <= t) & (t <= found.high[some])).all())
        a, b = (members @ x)[some], (members @ n)[some]
        low, high = difference_interval(a, b, x.sum() - a, rows - b)
        alone += bool(((low <= t) & (t <= high)).all())
    return 100 * hits / samples, 100 * alone / samples


def subgroup_table(samples: int = 200) -> None:
    """All bounds of all subgroups at once."""
    print(
        "\nall subgroups of one to three attributes: all bounds hold; bar >= 93 within Monte "
        f"Carlo error (s.e. {error_of(samples):.1f}); in brackets unadjusted intervals"
    )
    for shape, rows in (((2, 3, 4), 1000), ((2, 3, 4), 10_000), ((3, 4, 4, 3), 3000)):
        for base in (0.05, 0.3, 0.9):
            cells = []
            for vary in (0.0, 0.3):
                for side in ("both", "lower"):
                    a, b = subgroups(shape, rows, base, vary, side=side, samples=samples)
                    cells.append(f"rates vary {vary:.1f} {side} {a:5.1f} ({b:4.1f})")
            print(f"{shape} {rows:6d} rows, base {base:.2f}: " + "   ".join(cells))


def noisy(
    rates: tuple[float, float], n: tuple[int, int], epsilon: float, samples: int = 4000
) -> dict[str, tuple[float, float]]:
    """Coverage of rate, difference and ratio from noisy counts; and with the noise left out."""
    generator = np.random.default_rng(1)
    x = generator.binomial(n, rates, (samples, 2))
    noise = generator.laplace(0, 1 / epsilon, (2, samples, 2))
    good = x + noise[0]
    rows = good + (np.array(n) - x) + noise[1]
    rows = np.maximum(rows, 1.0)
    blind = np.clip(good, 0, rows)
    pair, plain = (good[:, 0], rows[:, 0], good[:, 1], rows[:, 1]), (blind[:, 0], rows[:, 0],
                   blind[:, 1], rows[:, 1])  # fmt: skip
    p, q = rates
    calls = {
        "rate": (p, noisy_rate_interval(*pair[:2], epsilon), rate_interval(*plain[:2])),
        "difference": (p - q, noisy_difference_interval(*pair, epsilon),
                       difference_interval(*plain)),
        "ratio": (p / q, noisy_ratio_interval(*pair, epsilon), ratio_interval(*plain)),
    }  # fmt: skip
    out = {}
    for name, (truth, ours, without) in calls.items():
        known = ~np.isnan(ours[0])
        both = [
            100 * float(((low <= truth) & (truth <= high))[known].mean()) if known.any() else np.nan
            for low, high in (ours, without)
        ]
        out[name] = both[0], both[1]
    return out


def noise_table() -> None:
    """Noisy counts, from barely enough rows up."""
    print("\nLaplace noise on counts; bar >= 93 at n·ε >= 20; in brackets with the noise left out")
    for rates in ((0.3, 0.3), (0.24, 0.3), (0.05, 0.06), (0.8, 0.9)):
        for epsilon, n in ((1.0, (25, 100)), (1.0, (200, 400)), (0.2, (110, 400)),
                           (0.2, (1000, 1000)), (0.05, (500, 2000))):  # fmt: skip
            found = noisy(rates, n, epsilon)
            cells = "   ".join(f"{k} {a:5.1f} ({b:5.1f})" for k, (a, b) in found.items())
            spread = float(laplace_variance(epsilon))
            print(f"rates {rates} n {n} ε {epsilon} (variance {spread:g}): {cells}")


def proxies(
    cells: int, rows: int, leaning: float, samples: int = 500, seed: int = 0
) -> tuple[float, float, float]:
    """Coverage of a weighted rate and gap, and how often the bounds' limits hold the true gap.

    With `leaning` the group lowers the rate inside cells: the weighted gap is then off its truth.
    """
    generator = np.random.default_rng(seed)
    own = generator.beta(0.6, 0.9, cells)
    share = np.column_stack([1 - own, own])
    rate = np.clip(0.6 - 0.3 * own + generator.normal(0, 0.08, cells), 0.05, 0.95)
    mass = generator.dirichlet(np.full(cells, 3.0))
    low_rate = np.clip(rate - leaning, 0.0, 1.0)
    overall = own * low_rate + (1 - own) * rate
    of = [(mass * share[:, g] * overall).sum() / (mass * share[:, g]).sum() for g in (0, 1)]
    true = (mass * own * low_rate).sum() / (mass * own).sum()
    true -= (mass * (1 - own) * rate).sum() / (mass * (1 - own)).sum()
    hits = np.zeros(3)
    for _ in range(samples):
        n = generator.multinomial(rows, mass)
        x = generator.binomial(n, overall)
        weighted = proxy_rates(x, n, share)
        hits[0] += weighted.low[1] <= of[1] <= weighted.high[1]
        low, high = proxy_gap_interval(x, n, share, 1, 0)
        hits[1] += low <= of[1] - of[0] <= high
        bounds = proxy_gap_bounds(x, n, share, 1, 0)
        hits[2] += bounds.low_limit <= true <= bounds.high_limit
    rate_hit, gap_hit, bound_hit = 100 * hits / samples
    return float(rate_hit), float(gap_hit), float(bound_hit)


def proxy_table() -> None:
    """Probabilities in place of the attribute."""
    print("\nmembership probabilities: weighted rate, weighted gap (bar >= 93); the bounds' limits "
          f"hold the true gap (s.e. {error_of(500):.1f})")  # fmt: skip
    for cells, rows in ((10, 500), (20, 2000), (100, 20_000)):
        for leaning in (0.0, 0.2):
            a, b, c = proxies(cells, rows, leaning)
            print(f"{cells:3d} cells, {rows:5d} rows, group lowers rates by {leaning}: "
                  f"{a:5.1f} {b:5.1f} {c:5.1f}")  # fmt: skip


def main() -> None:
    """Print the tables."""
    subgroup_table()
    noise_table()
    proxy_table()
    spread_table()


if __name__ == "__main__":
    main()
