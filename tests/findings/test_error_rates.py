"""How often each verdict appears: the rates that the documentation states."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from audit.findings.verdict import BREACH, INSIDE, Case, clause
from audit.inference.intervals import ratio_interval
from audit.inference.multiplicity import holm
from audit.inference.score_tests import equality_p_value

Build = Any


def verdicts(p: float, q: float, n: int, m: int) -> tuple[dict[int, float], float]:
    """Exact chance of each clause at rates p and q, and of a fail against the group."""
    from scipy.stats import binom

    x, y = np.arange(n + 1), np.arange(m + 1)
    mass = binom.pmf(x, n, p)[:, None] * binom.pmf(y, m, q)[None, :]
    keep = mass > 1e-12
    i, j = np.nonzero(keep)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (i / n) / (j / m)
    low, high = ratio_interval(i, n, j, m)
    case = Case(value, low, high, equality_p_value(i, n, j, m), n, m)
    found = clause("ratio", case, line=0.8, caution=0.9)
    weight = mass[keep]
    chances = {c: float(weight[found == c].sum()) for c in range(1, 8)}
    return chances, float(weight[(found == BREACH) & (value < 1)].sum())


@pytest.mark.parametrize(
    ("p", "n"), [(0.05, 200), (0.3, 50), (0.3, 200), (0.3, 500), (0.7, 50), (0.9, 50)]
)
def test_a_false_fail_against_a_group_is_rare(p: float, n: int) -> None:
    """At parity at most 2.6 % of samples fail against the group, 5.1 % in either direction."""
    chances, against = verdicts(p, p, n, n)
    assert against <= 0.026
    assert chances[BREACH] <= 0.051


@pytest.mark.parametrize(("p", "n"), [(0.3, 50), (0.3, 200), (0.7, 200), (0.9, 50)])
def test_a_pass_at_the_line_is_rare(p: float, n: int) -> None:
    """At a true ratio of .8 at most 2.75 % of samples pass."""
    assert verdicts(0.8 * p, p, n, n)[0][INSIDE] <= 0.0275


@pytest.mark.parametrize(("p", "n"), [(0.3, 741), (0.7, 141), (0.9, 47)])
def test_the_stated_rows_pass_four_times_in_five(p: float, n: int) -> None:
    """741, 141 and 47 rows a group give a pass at parity with a chance of 77 to 81 %."""
    assert 0.77 <= verdicts(p, p, n, n)[0][INSIDE] <= 0.81


def test_a_perfectly_fair_lender_passes(case: Build) -> None:
    """50,000 applicants, three attributes, equal rates: a pass (99 % or more of the time)."""
    rng = np.random.default_rng(1)
    sexes, races, ages = ("m", "f"), ("w", "b", "h", "a"), ("young", "mid", "old")
    share = np.einsum("i,j,k->ijk", [0.55, 0.45], [0.6, 0.15, 0.15, 0.1], [0.3, 0.5, 0.2]).ravel()
    keys = [(s, r, a) for s in sexes for r in races for a in ages]
    passed = 0
    for _ in range(20):
        rows = rng.multinomial(50_000, share)
        approved = rng.binomial(rows, 0.6)
        groups = {k: (int(x), int(n)) for k, x, n in zip(keys, approved, rows, strict=True)}
        judged = case(groups, attributes=("sex", "race", "age"), keys=("disparate_impact_ratio",))
        assert len(judged.planned()) == 6
        passed += judged.verdict == "pass"
    assert passed == 20


@pytest.mark.slow
def test_holm_keeps_false_fails_of_a_whole_family_rare() -> None:
    """Four groups against a reference at parity: any fail in at most 5 % + 2 s.e. of samples."""
    rng = np.random.default_rng(2)
    fails = 0
    size = 4000
    reference = rng.binomial(400, 0.3, size)
    groups = rng.binomial(150, 0.3, (size, 4))
    value = (groups / 150) / (reference[:, None] / 400)
    low, high = ratio_interval(groups, 150, reference[:, None], 400)
    p = equality_p_value(groups, 150, reference[:, None], 400)
    for k in range(size):
        case = Case(value[k], low[k], high[k], holm(p[k]), 150, 400)
        fails += bool((clause("ratio", case, line=0.8, caution=0.9) == BREACH).any())
    assert fails / size <= 0.05 + 2 * (0.05 * 0.95 / size) ** 0.5
