"""Candidates judged on the same people: paired limits against values from elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import audit
from audit.inference.auc import paired_auc_test
from audit.metrics.catalogue import CATALOGUE
from audit.mitigation.judging import cells_of
from audit.mitigation.paired import Answers, bench, disparity, disparity_metric, dominated
from audit.mitigation.people import People, people

SIZE = 3_000


def crowd(seed: int = 0, **more: Any) -> People:
    rng = np.random.default_rng(seed)
    sex = rng.choice(["f", "m"], SIZE)
    income = rng.normal(0, 1, SIZE) + (sex == "m")
    frame = pd.DataFrame(
        {"sex": sex, "income": income, "paid": (income + rng.normal(0, 1, SIZE) > 0).astype(int)}
    )
    for name, values in more.items():
        frame[name] = values
    told: dict[str, Any] = {name: name for name in more}
    return people(
        audit.read(frame, protected="sex", outcome="paid", favorable=1, features=["income"],
                   reference={"sex": "m"}, **told), "test",
    )  # fmt: skip


def two(who: People, seed: int = 1) -> Answers:
    rng = np.random.default_rng(seed)
    score = 1 / (1 + np.exp(-who.frame["income"].to_numpy()))
    other = 1 / (1 + np.exp(-(who.frame["income"] + rng.normal(0, 0.7, len(who))).to_numpy()))
    scores = np.stack([score, other])
    return Answers(decisions=scores >= 0.5, scores=scores)


def test_the_change_of_an_auc_is_delongs() -> None:
    """The bootstrap of influences gives DeLong's paired interval."""
    who = crowd()
    answers = two(who)
    got = bench(who, answers).auc.changes(0.95)[1]
    value, low, high, _ = paired_auc_test(who.outcome, answers.scores[1], answers.scores[0])
    assert got.value == pytest.approx(value, abs=1e-12)
    assert (got.low, got.high) == pytest.approx((low, high), abs=0.12 * (high - low))


def test_the_change_of_a_gap_has_the_analytic_error() -> None:
    """Rates of two independent groups; within each, decisions of one person go together."""
    who = crowd()
    answers = two(who)
    got = bench(who, answers).gap(CATALOGUE["statistical_parity_difference"], "sex", 0, 1)
    moved = answers.decisions[1].astype(float) - answers.decisions[0]
    own, other = moved[who.codes["sex"] == 0], moved[who.codes["sex"] == 1]
    error = np.sqrt(own.var() / len(own) + other.var() / len(other))
    change = got.changes(0.95)[1]
    assert change.value == pytest.approx(other.mean() - own.mean(), abs=1e-12)
    assert change.high - change.low == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_the_baseline_does_not_change_against_itself() -> None:
    """Exactly 0, with limits of 0, for every statistic."""
    who = crowd()
    drawn = bench(who, two(who), replicates=50)
    for one in (drawn.auc, drawn.measure("accuracy"), drawn.measure("default_rate")):
        for limits in (one.changes(0.95)[0], one.simultaneous(0.95)[0]):
            assert (limits.value, limits.low, limits.high) == (0, 0, 0)


def test_limits_for_all_at_once_hold_for_one() -> None:
    """They are wider, and the wider the more candidates there are."""
    who = crowd()
    rng = np.random.default_rng(5)
    base = 1 / (1 + np.exp(-who.frame["income"].to_numpy()))
    scores = np.stack([base, *(np.clip(base + rng.normal(0, 0.1, len(who)), 0, 1)
                               for _ in range(12))])  # fmt: skip
    answers = Answers(decisions=scores >= 0.5, scores=scores)
    metric = CATALOGUE["statistical_parity_difference"]
    found = bench(who, answers).disparity(metric, "sex", 0, 1)
    widths = [h.high - h.low for h in found.simultaneous(0.95)[1:]]
    single = [h.high - h.low for h in found.changes(0.95)[1:]]
    assert all(w > s for w, s in zip(widths, single, strict=True))


@pytest.mark.parametrize(
    "metric",
    [
        "disparate_impact_ratio", "statistical_parity_difference", "equalized_odds_difference",
        "demographic_parity_ratio",
    ],
)  # fmt: skip
def test_counts_by_hand(metric: str) -> None:
    """Everyone as they are is the first draw: the same cells as counted one by one."""
    who = crowd()
    answers = two(who)
    drawn = bench(who, answers, replicates=3)
    for i in range(2):
        own, other = cells_of(who, answers.decisions[i], "sex")
        assert drawn.cells["sex", 0][0, i] == pytest.approx(own)
        want = float(disparity(CATALOGUE[metric], own, other))
        assert drawn.disparity(CATALOGUE[metric], "sex", 0, 1).value[i] == pytest.approx(want)


def test_weights_are_scaled_freely_and_counts_repeat() -> None:
    """Values: weights times ten change nothing; a count of 2 is the row twice."""
    plain, heavy = crowd(weight=np.full(SIZE, 1.0)), crowd(weight=np.full(SIZE, 10.0))
    twice = crowd(count=np.full(SIZE, 2))
    values = [
        [bench(w, two(w), replicates=20).measure(n).value.tolist()
         for n in ("auc", "accuracy", "approval_rate", "default_rate")]
        for w in (plain, heavy, twice)
    ]  # fmt: skip
    assert values[1] == [pytest.approx(v) for v in values[0]]
    assert values[2] == [pytest.approx(v) for v in values[0]]


def test_repeated_applicants_widen_limits() -> None:
    """Every applicant four times: twice the error of as many rows that are apart."""
    rng = np.random.default_rng(3)
    quarter = SIZE // 4
    sex = rng.choice(["f", "m"], quarter)
    frame = pd.DataFrame({"sex": sex, "income": rng.normal(0, 1, quarter), "who": range(quarter)})
    frame["paid"] = (frame.income + rng.normal(0, 1, quarter) > 0).astype(int)
    frame = pd.concat([frame] * 4, ignore_index=True)
    told: dict[str, Any] = {"protected": "sex", "outcome": "paid", "favorable": 1,
                            "features": ["income"]}  # fmt: skip
    apart, together = (people(audit.read(frame, **told, **m), "test")
                       for m in ({}, {"cluster": "who"}))  # fmt: skip
    widths = []
    for who in (apart, together):
        limits = bench(who, two(who)).measure("approval_rate").limits(0.95)[0]
        widths.append(limits.high - limits.low)
    assert widths[1] / widths[0] == pytest.approx(2, rel=0.15)


def test_a_metric_that_is_no_gap_of_decisions_is_refused() -> None:
    """By name, with what is near."""
    with pytest.raises(audit.InputError, match=r"MIT011.*auc"):
        disparity_metric("auc")
    with pytest.raises(audit.InputError, match=r"disparate_impact_ratio"):
        disparity_metric("disparate_impact_ration")


def test_an_undefined_candidate_is_dominated() -> None:
    """It is on no frontier."""
    assert dominated([float("nan"), 0.2], [0.9, 0.8]) == [True, False]
