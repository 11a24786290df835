"""A risk is a score turned round, and bins keep their rows' own sums (statsmodels, scipy)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from audit.inference.by_score import _around, _line_interval, _mean_interval, score_estimates
from audit.metrics.catalogue import CATALOGUE
from audit.metrics.metric import Metric
from audit.tally.distribution import Distribution


def rows(seed: int, size: int) -> tuple[Any, Any]:
    """Scores (chances of the favourable outcome) and outcomes, 1 favourable."""
    rng = np.random.default_rng(seed)
    x = rng.integers(1, 20, size) / 20
    return x, (rng.random(size) < 0.2 + 0.5 * x).astype(int)


def told(
    x: Any, y: Any, group: str, *, higher: bool = True, bins: int = 0, copies: float = 1.0
) -> Distribution:
    """Their distribution; `higher=False` gives it as risks, `bins` by midpoints of bins."""
    own = x if higher else np.round(1 - x, 12)
    edges = np.linspace(0, 1, bins + 1) if bins else np.empty(0)
    at = own if not bins else (edges[1:] + edges[:-1])[np.digitize(own, edges[1:-1])] / 2
    values, place = np.unique(at, return_inverse=True)
    counts = np.zeros((len(values), 3))
    np.add.at(counts, (place, 1 - y), copies)
    size = len(x)
    return Distribution(
        attribute=("sex",), group=(group,), column="score", higher_is_better=higher,
        values=values, counts=counts, rows=size, total=size * copies, sum=float(own.sum()) * copies,
        sum_squares=float((own**2).sum()) * copies, weight_squared=size * copies**2, missing=0,
        exact=not bins, edges=tuple(edges.tolist()),
    )  # fmt: skip


def found(keys: list[str], *parts: Distribution) -> dict[Any, Any]:
    metrics: list[Metric] = [CATALOGUE[k] for k in keys]
    every = score_estimates(parts, {("sex",): ("m",)}, metrics, level=0.95, selective=False, seed=0)
    return {(e.metric, e.group[0]): e for e in every}


@pytest.mark.parametrize("higher", [True, False])
@pytest.mark.parametrize("copies", [1.0, 2.5])
def test_the_recalibration_line_of_scores_and_of_risks_is_statsmodels(
    higher: bool, copies: float
) -> None:
    """Wald's limits of a logit of the outcome on the chance's log-odds, weighted alike or not."""
    import statsmodels.api as sm

    x, y = rows(3, 300)
    fit = sm.Logit(y, sm.add_constant(np.log(x / (1 - x)))).fit(disp=0)
    intercept, slope = _line_interval(told(x, y, "f", higher=higher, copies=copies), 0.95)
    assert intercept == pytest.approx(fit.conf_int()[0], rel=1e-6)
    assert slope == pytest.approx(fit.conf_int()[1], rel=1e-6)


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_a_brier_score_of_risks_has_students_limits_of_the_losses(level: float) -> None:
    """(1 - risk - outcome)² row by row."""
    x, y = rows(4, 80)
    loss = (x - y) ** 2
    wanted = stats.t.interval(level, 79, loss.mean(), stats.sem(loss))
    for higher in (True, False):
        (one,) = score_estimates(
            [told(x, y, "f", higher=higher)], {("sex",): ("m",)}, [CATALOGUE["brier"]],
            level=level, selective=False, seed=0,
        )  # fmt: skip
        assert (one.low, one.high) == pytest.approx(wanted, rel=1e-9)
        assert one.method == "t"


def test_bins_keep_the_rows_own_mean_and_spread() -> None:
    """Midpoints would say otherwise; Σw·x and Σw·x² are the rows'."""
    (x, y), (x_2, y_2) = rows(5, 120), rows(6, 90)
    binned = told(x, y, "f", bins=7), told(x_2, y_2, "m", bins=7)
    estimates = found(["mean_score", "standardized_mean_difference", "brier"], *binned)
    one = estimates["mean_score", "f"]
    wanted = stats.t.interval(0.95, 119, x.mean(), stats.sem(x))
    assert (one.low, one.high) == pytest.approx(wanted, rel=1e-9)
    assert one.method == "t"
    gap = estimates["standardized_mean_difference", "f"]
    pooled = np.sqrt((119 * x.var(ddof=1) + 89 * x_2.var(ddof=1)) / 208)
    assert gap.value == pytest.approx((x.mean() - x_2.mean()) / pooled, rel=1e-9)
    exact = found(["standardized_mean_difference"], told(x, y, "f"), told(x_2, y_2, "m"))
    same = exact["standardized_mean_difference", "f"]
    assert (gap.low, gap.high, gap.p_value) == pytest.approx(
        (same.low, same.high, same.p_value), rel=1e-9
    )
    assert estimates["brier", "f"].method == "t, 7 bins"
    for centre in (0.0, 0.3, float(x.mean()), 4.0):
        wanted_sums = (120, (x - centre).sum(), ((x - centre) ** 2).sum())
        for d in (binned[0], told(x, y, "f")):
            assert _around(d, centre) == pytest.approx(wanted_sums, rel=1e-9, abs=1e-9)


def test_a_spread_is_never_below_0_by_rounding() -> None:
    """The same number in every row, binned: squares less squares may come out below 0."""
    d = told(np.full(7, 0.1), np.ones(7, dtype=int), "f", bins=3)
    _, off, squares = _around(d, 0.1)
    assert off == pytest.approx(0.0, abs=1e-15)
    assert 0.0 <= squares < 1e-15


def test_a_mean_of_fewer_than_two_effective_rows_has_no_limits() -> None:
    """Two rows have: 0 and 1 are 1/2 ± t·√(1/2/2), t = 12.706 with one degree of freedom."""
    low, high = _mean_interval(2.0, 1.0, 1.0, 2.0, 0.95)
    half = stats.t.ppf(0.975, 1) * 0.5
    assert (low, high) == pytest.approx((0.5 - half, 0.5 + half), rel=1e-9)
    for total, squared in ((1.0, 1.0), (3.0, 5.0), (0.0, 0.0), (2.0, 0.0)):
        assert np.isnan(_mean_interval(total, 0.5 * total, 0.5 * total, squared, 0.95)).all()
