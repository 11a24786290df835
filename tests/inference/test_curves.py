"""Numbers behind the score charts."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from audit.errors import InputError
from audit.inference import ratio_interval
from audit.inference.curves import calibration_bins, cutoff_sweep, histogram
from audit.tally.distribution import Distribution


def scored(
    score: np.ndarray, outcome: np.ndarray, group: str, *, edges: tuple[float, ...] = ()
) -> Distribution:
    """Exact values, or counts in bins with the bins' midpoints."""
    if edges:
        cut = np.asarray(edges)
        place = np.clip(np.searchsorted(cut, score, "right") - 1, 0, cut.size - 2)
        values = (cut[:-1] + cut[1:]) / 2
    else:
        values, place = np.unique(score, return_inverse=True)
    counts = np.zeros((values.size, 3))
    np.add.at(counts, (place, outcome), 1.0)
    n = float(score.size)
    return Distribution(
        attribute=("sex",), group=(group,), column="score", higher_is_better=True,
        values=values, counts=counts, rows=score.size, total=n, sum=float(score.sum()),
        sum_squares=float((score**2).sum()), weight_squared=n, missing=0,
        exact=not edges, edges=edges,
    )  # fmt: skip


def two(edges: tuple[float, ...] = ()) -> tuple[list[Distribution], list[np.ndarray]]:
    rng = np.random.default_rng(0)
    scores = [np.round(rng.beta(a, 2, n), 3) for a, n in ((2, 400), (3, 700))]
    outcomes = [rng.integers(0, 3, s.size) for s in scores]
    made = [scored(s, o, g, edges=edges) for s, o, g in zip(scores, outcomes, "fm", strict=True)]
    return made, scores


def test_histogram_shares_sum_to_one_and_count_rows() -> None:
    """Common edges hold every value; numpy's histogram is the oracle."""
    distributions, scores = two()
    found = histogram(distributions, bins=20)
    assert len(found["edges"]) == 21
    for made, score in zip(found["groups"], scores, strict=True):
        expected = np.histogram(score, found["edges"])[0] / score.size
        np.testing.assert_allclose(made["shares"], expected, atol=1e-12)
        assert made["rows"] == score.size
    assert found["attribute"] == ["sex"]
    assert found["column"] == "score"


@pytest.mark.parametrize("bins", [1, 5, 64])
def test_binned_scores_are_joined_at_their_own_edges(bins: int) -> None:
    """At most `bins` bars; edges are edges of the tally; nobody is lost."""
    edges = tuple(np.linspace(0, 1, 257).tolist())
    distributions, _ = two(edges)
    found = histogram(distributions, bins=bins)
    assert len(found["edges"]) <= bins + 1
    assert set(found["edges"]) <= set(edges)
    for made in found["groups"]:
        assert sum(made["shares"]) == pytest.approx(1)


def test_calibration_bins_hold_like_numbers_and_their_own_rate() -> None:
    """Each bin's mean and rate are those of its rows with a known outcome."""
    rng = np.random.default_rng(1)
    score, outcome = np.round(rng.random(900), 3), rng.integers(0, 3, 900)
    found = calibration_bins([scored(score, outcome, "f")], bins=10)["groups"][0]["bins"]
    assert len(found) == 10
    known = outcome < 2
    assert sum(b["rows"] for b in found) == known.sum()
    for b in found:
        inside = known & (score >= b["low"]) & (score <= b["high"])
        assert b["rows"] == inside.sum()
        assert b["mean"] == pytest.approx(score[inside].mean())
        assert b["rate"] == pytest.approx((outcome[inside] == 0).mean())
        assert b["rate_low"] <= b["rate"] <= b["rate_high"]
    assert max(b["rows"] for b in found) - min(b["rows"] for b in found) < 10


def test_calibration_of_a_risk_counts_unfavourable_outcomes() -> None:
    """A risk rises with the rate of what it warns of."""
    rng = np.random.default_rng(2)
    risk = np.round(rng.random(2000), 2)
    outcome = (rng.random(2000) < risk).astype(int)
    made = replace(scored(risk, outcome, "f"), higher_is_better=False)
    rates = [b["rate"] for b in calibration_bins([made])["groups"][0]["bins"]]
    assert rates[0] < 0.2
    assert rates[-1] > 0.8


def test_sweep_counts_approvals_at_each_cutoff() -> None:
    """Approve at or above a score; rates, ratio and limits by direct count."""
    distributions, scores = two()
    sweep = cutoff_sweep(distributions, 1, points=16)
    assert len(sweep) == 1
    assert sweep[0]["group"] == ["f"]
    assert sweep[0]["reference"] == ["m"]
    assert len(sweep[0]["points"]) <= 16
    for point in sweep[0]["points"]:
        a, b = ((s >= point["cutoff"]).sum() for s in scores)
        assert point["rate"] == pytest.approx(a / 400)
        assert point["reference_rate"] == pytest.approx(b / 700)
        assert point["approval_rate"] == pytest.approx((a + b) / 1100)
        assert point["ratio"] == pytest.approx(a / 400 / (b / 700))
        expected = ratio_interval(int(a), 400, int(b), 700)
        assert (point["low"], point["high"]) == pytest.approx(expected, rel=1e-9)
    cutoffs = [p["cutoff"] for p in sweep[0]["points"]]
    assert cutoffs == sorted(set(cutoffs))


def test_sweep_of_a_risk_approves_below() -> None:
    """Nobody is below the smallest risk: the ratio there is undefined."""
    distributions, scores = two()
    made = [replace(d, higher_is_better=False) for d in distributions]
    points = cutoff_sweep(made, 1, points=8)[0]["points"]
    assert np.isnan(points[0]["ratio"])
    for point in points[1:]:
        assert point["rate"] == pytest.approx((scores[0] < point["cutoff"]).mean())


def test_sweep_of_bins_cuts_at_lower_edges() -> None:
    """A bin is approved whole from its lower edge on."""
    edges = tuple(np.linspace(0, 1, 33).tolist())
    distributions, scores = two(edges)
    for point in cutoff_sweep(distributions, 1, points=64)[0]["points"]:
        assert point["cutoff"] in edges
        assert point["rate"] == pytest.approx((scores[0] >= point["cutoff"]).mean())


def test_groups_without_scores_and_wrong_arguments() -> None:
    """Empty groups give empty bins; bad arguments are refused; all is plain data."""
    distributions, _ = two()
    empty = scored(np.empty(0), np.empty(0, dtype=int), "x")
    made = [*distributions, empty]
    json.dumps([histogram(made), calibration_bins(made), cutoff_sweep(made, 1)])
    assert calibration_bins(made)["groups"][2]["bins"] == []
    assert histogram([empty])["groups"][0]["rows"] == 0
    assert calibration_bins([empty])["groups"][0]["bins"] == []
    with pytest.raises(InputError, match="INF013"):
        histogram([])
    with pytest.raises(InputError, match="INF013"):
        histogram(distributions, bins=0)
    with pytest.raises(InputError, match="INF013"):
        cutoff_sweep(distributions, 2)
    constant = scored(np.full(30, 0.5), np.zeros(30, dtype=int), "c")
    assert histogram([constant], bins=4)["groups"][0]["shares"].count(1.0) == 1
