"""How often each verdict is given, at true ratios 1 to .6, by the rule of us-credit's family A.

    python bench/verdicts.py            # one comparison, exact; a family of three; rows for a pass

One comparison is enumerated: every likely pair of counts is given to the judge's own rule
(`audit.findings.verdict.clause`), with the interval, the test and the reading of 0 approvals that
an audit uses. A family of three comparisons with one reference, under Holm, is simulated (seeded).
`tests/findings/test_error_rates.py` gives the same counts to a whole audit and compares.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from audit.findings.policies import load
from audit.findings.verdict import Case, clause, verdict_for
from audit.inference import power
from audit.inference.intervals import ratio_interval
from audit.inference.multiplicity import holm
from audit.inference.power import rows_for_pass
from audit.inference.score_tests import equality_p_value

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

VERDICTS = ("fail", "review", "insufficient", "pass")
"""Worst first: the place is the code of a verdict."""
RATIOS = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6)
BASES = (0.05, 0.3, 0.7)
SIZES = ((50, 50), (100, 100), (300, 300), (1000, 1000), (5000, 5000), (200, 5000))
FAMILY = next(f for f in load("us-credit").families if f.code == "AUD001")
MIN_ROWS = 30
OF_CLAUSE = np.array([0] + [VERDICTS.index(verdict_for(k, FAMILY.worst)) for k in range(1, 8)])


class Compared(NamedTuple):
    """What an audit knows of a group against its reference; every field broadcasts."""

    value: Floats
    low: Floats
    high: Floats
    p: Floats
    n: int
    n_ref: int


def compared(x: npt.ArrayLike, n: int, x_ref: npt.ArrayLike, n_ref: int) -> Compared:
    """Approval-rate ratio, its interval and its unadjusted p-value."""
    a, b = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(x_ref, np.float64))
    low, high = ratio_interval(a, n, b, n_ref)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (a / n) / (b / n_ref)  # a reference never approved reads as inf, 0/0 as nan
    return Compared(value, low, high, equality_p_value(a, n, b, n_ref), n, n_ref)


def judged(seen: Compared, p_adjusted: npt.ArrayLike, alpha: float = 0.05) -> Index:
    """The code of the judge's verdict on each comparison (place in `VERDICTS`)."""
    case = Case(seen.value, seen.low, seen.high, p_adjusted, seen.n, seen.n_ref)
    found = clause("ratio", case, line=FAMILY.line, caution=FAMILY.caution, alpha=alpha,
                   min_rows=MIN_ROWS)  # fmt: skip
    return np.asarray(OF_CLAUSE[found], dtype=np.int64)


def likely(rates: npt.ArrayLike, n: int) -> tuple[Index, Floats]:
    """Counts that any of these rates makes likely, and their chances, shape (rates, counts)."""
    from scipy.stats import binom

    x = np.arange(n + 1)
    mass = binom.pmf(x, n, np.asarray(rates, dtype=np.float64)[:, None])
    kept = (mass > 1e-12).any(axis=0)
    return x[kept], mass[:, kept]


class Shares(NamedTuple):
    """Percent of samples with each verdict, shape (ratios, 4), and of fails against the group."""

    verdicts: Floats
    against: Floats


def exact(
    base: float, n: int, n_ref: int, ratios: tuple[float, ...] = RATIOS, alpha: float = 0.05
) -> Shares:
    """Shares of verdicts on one comparison, by enumeration of both binomials."""
    x, mass = likely([base * r for r in ratios], n)
    y, mass_ref = likely([base], n_ref)
    seen = compared(x[:, None], n, y[None, :], n_ref)
    code = judged(seen, seen.p, alpha)
    weight = mass_ref[0]
    shares = np.stack([mass @ (code == k) @ weight for k in range(4)], axis=1)
    against = mass @ ((code == 0) & (seen.value < 1)) @ weight
    total = shares.sum(axis=1, keepdims=True)
    return Shares(100 * shares / total, 100 * against / total[:, 0])


def family(
    base: float,
    n: int,
    n_ref: int,
    ratio: float,
    *,
    lower: int = 1,
    groups: int = 4,
    samples: int = 5_000,
    seed: int = 0,
) -> tuple[Floats, float]:
    """Shares of overall verdicts in percent, and of fails against a group: Holm over all pairs.

    `lower` of the `groups` - 1 groups have `ratio` times the reference's rate, the others the
    same rate. The overall verdict is the worst of the planned ones.
    """
    generator = np.random.default_rng(seed)
    rate = np.full(groups - 1, base)
    rate[:lower] *= ratio
    x = generator.binomial(n, rate, (samples, groups - 1))
    y = np.broadcast_to(generator.binomial(n_ref, base, (samples, 1)), x.shape)
    pairs, place = np.unique(x * (n_ref + 1) + y, return_inverse=True)
    seen = compared(pairs // (n_ref + 1), n, pairs % (n_ref + 1), n_ref)
    at = place.reshape(x.shape)
    adjusted = np.array([holm(p) for p in seen.p[at]])
    whole = Compared(seen.value[at], seen.low[at], seen.high[at], adjusted, n, n_ref)
    code = judged(whole, adjusted)
    overall = code.min(axis=1)
    against = ((code == 0) & (whole.value < 1)).any(axis=1)
    return np.array([100 * (overall == k).mean() for k in range(4)]), float(100 * against.mean())


def chance_of_pass(base: float, n: int) -> float:
    """Chance in percent that equal rates pass, two groups of n rows."""
    return float(exact(base, n, n, (1.0,)).verdicts[0, VERDICTS.index("pass")])


def rows_needed(base: float, chance: float = 80.0) -> int:
    """The fewest rows a group from which on equal rates pass with this chance, by enumeration.

    Sizes are tried in steps of half a percent; the chance of a discrete rule saws up and down.
    """
    start = rows_for_pass(base, base, line=FAMILY.line)
    assert start is not None
    sizes = range(max(MIN_ROWS, start - 5), start + start // 8 + 10, max(1, start // 200))
    below = [i for i, n in enumerate(sizes) if chance_of_pass(base, n) < chance]
    return sizes[below[-1] + 1]


HEAD = "  ".join(f"{r:>11.2f}" for r in RATIOS)


def _line(shares: Floats) -> str:
    return "  ".join("/".join(f"{v:2.0f}" for v in row) for row in shares)


def one_comparison(sizes: tuple[tuple[int, int], ...] = SIZES) -> None:
    """Print verdicts of one comparison, and the two error rates over all designs."""
    print("\nfail/review/insufficient/pass in % at each true ratio; one comparison, exact")
    print(f"base  rows        {HEAD}")
    at_parity, against, at_line = {}, {}, {}
    for base in BASES:
        for n, n_ref in sizes:
            found = exact(base, n, n_ref)
            print(f"{base:.2f}  {n:4d} {n_ref:4d}   {_line(found.verdicts)}")
            at_parity[base, n, n_ref] = found.verdicts[0, 0]
            against[base, n, n_ref] = found.against[0]
            at_line[base, n, n_ref] = found.verdicts[RATIOS.index(0.8), 3]
    for text, values in (
        ("fail at parity, either direction", at_parity),
        ("fail at parity, against the group", against),
        ("pass at a true ratio of .8", at_line),
    ):
        worst = max(values, key=lambda k: values[k])
        print(f"{text}: at most {values[worst]:.2f} % (base {worst[0]}, rows {worst[1:]})")


def families(samples: int = 5_000) -> None:
    """Print overall verdicts of four groups: three comparisons under Holm."""
    error = 100 * np.sqrt(0.25 / samples)
    false: list[tuple[float, float]] = []
    for lower, text in ((1, "one group lower, two equal"), (3, "all three lower")):
        print(f"\nthe same for four groups, overall verdict, Holm; {text} (s.e. <= {error:.2f})")
        print(f"base  rows        {HEAD}")
        for base in BASES:
            for n, n_ref in SIZES:
                rows = [family(base, n, n_ref, r, lower=lower, samples=samples) for r in RATIOS]
                false.append((rows[0][0][0], rows[0][1]))
                print(f"{base:.2f}  {n:4d} {n_ref:4d}   {_line(np.array([r[0] for r in rows]))}")
    either, against = np.max(false, axis=0)
    print(f"any fail at parity: at most {either:.2f} %; against a group {against:.2f} %")


def rows_table() -> None:
    """Print the rows a group for an 80 % chance of a pass at parity."""
    print("\nrows a group for an 80 % chance of a pass at equal rates, by enumeration")
    for base, stated in ((0.05, 6042), (0.3, 741), (0.7, 141), (0.9, 47)):
        limit = 100 * power.chance_of_pass(base, base, stated, stated, line=FAMILY.line)
        print(
            f"base {base:.2f}: {rows_needed(base):5d} rows; at {stated}: limit inside the line "
            f"{limit:.2f} %, verdict pass {chance_of_pass(base, stated):.2f} %"
        )


def main() -> None:
    """Print the tables."""
    one_comparison()
    rows_table()
    families()


if __name__ == "__main__":
    main()
