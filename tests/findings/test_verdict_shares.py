"""The table of verdicts in bench/verdicts.py enumerates the judge's own rule."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

PATH = Path(__file__).parents[2] / "bench" / "verdicts.py"
pytestmark = pytest.mark.skipif(not PATH.exists(), reason="bench/ is not shipped with this source")

Build = Any


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_verdicts", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("x", "n", "y", "m"),
    [
        (0, 40, 0, 60),
        (0, 40, 9, 60),
        (7, 40, 0, 60),
        (40, 40, 60, 60),
        (16, 100, 20, 100),
        (5, 20, 30, 60),
        (24, 80, 45, 90),
        (300, 1000, 345, 1000),
        (400, 1000, 300, 1000),
        (700, 1000, 705, 1000),
        (56, 70, 70, 200),
    ],
)
def test_an_audit_gives_the_verdict_that_the_table_counts(
    bench: ModuleType, case: Build, x: int, n: int, y: int, m: int
) -> None:
    """Read from a tally through intervals, tests and plan, or from the grid: the same verdict."""
    seen = bench.compared(x, n, y, m)
    found = bench.VERDICTS[int(bench.judged(seen, seen.p))]
    audited = case(
        {"f": (x, n), "m": (y, m)}, reference={"sex": "m"}, keys=("disparate_impact_ratio",)
    )
    planned = audited.planned()
    if n >= 30:
        assert [f.verdict for f in planned] == [found]
        assert audited.verdict == found
    else:  # a group this small is explored, where it can ask for a review
        assert not planned


def test_a_family_is_judged_under_holm_as_an_audit_does(bench: ModuleType, case: Build) -> None:
    """Three groups against one reference: adjusted p-values and overall verdict agree."""
    from audit.inference.multiplicity import holm

    x, y, n, m = np.array([42, 50, 38]), 60, 150, 200
    seen = bench.compared(x, n, y, m)
    adjusted = holm(seen.p)
    code = bench.judged(seen, adjusted)
    audited = case(
        {"a": (42, n), "b": (50, n), "c": (38, n), "r": (y, m)},
        reference={"sex": "r"},
        keys=("disparate_impact_ratio",),
    )
    by_group = {f.estimate.group[0]: f for f in audited.planned()}
    assert [by_group[g].verdict for g in "abc"] == [bench.VERDICTS[k] for k in code]
    assert [by_group[g].estimate.p_adjusted for g in "abc"] == pytest.approx(adjusted.tolist())
    assert audited.verdict == bench.VERDICTS[code.min()]


@pytest.mark.parametrize(("base", "n"), [(0.05, 300), (0.3, 100), (0.3, 300), (0.7, 300)])
def test_verdicts_worsen_with_the_true_ratio(bench: ModuleType, base: float, n: int) -> None:
    """From ratio 1 to .6 fails grow and passes shrink; errors stay within what is stated."""
    found = bench.exact(base, n, n)
    assert found.verdicts.sum(axis=1) == pytest.approx(100)
    assert (np.diff(found.verdicts[:, 0]) > -1e-9).all()
    assert (np.diff(found.verdicts[:, 3]) < 1e-9).all()
    assert found.verdicts[0, 0] <= 5.1
    assert found.against[0] <= 2.6
    assert found.verdicts[bench.RATIOS.index(0.8), 3] <= 2.75


def test_enumeration_and_simulation_agree(bench: ModuleType) -> None:
    """A family of one comparison, simulated, is the exact table within 4 standard errors."""
    shares, _ = bench.family(0.3, 100, 100, 0.8, groups=2, samples=4000, seed=3)
    exact = bench.exact(0.3, 100, 100, (0.8,)).verdicts[0]
    assert np.abs(shares - exact).max() <= 4 * 100 * (0.25 / 4000) ** 0.5


def test_rows_for_a_pass_are_those_stated(bench: ModuleType) -> None:
    """Equal rates pass in 80 % of samples from 50 rows at .9, 150 at .7, 789 at .3."""
    for base, rows in ((0.9, 50), (0.7, 150), (0.3, 789)):
        assert bench.chance_of_pass(base, rows) >= 80
        assert bench.chance_of_pass(base, round(rows * 0.95)) < 80
