"""Weights, counts and repeated applicants in gaps and their parts."""

import math

import numpy as np
import pandas as pd
import pytest

import audit
from audit.explanation.record import Explanation
from explanation.credit import NUMBERS, ROLES, applicants

FRAME = applicants(150)


def explained(frame: pd.DataFrame, **roles: str) -> Explanation:
    table = audit.read(frame, features=NUMBERS, **ROLES, **roles)
    return audit.explain(score, table, returns=0)


def score(rows: pd.DataFrame) -> np.ndarray:
    return (rows["income"] * (1 + rows["late"]) - rows["age"] / 10).to_numpy()


def numbers(found: Explanation) -> list[float]:
    parts = sorted(found.attributions, key=lambda a: a.feature)
    limits = [x for a in parts for x in (a.value, a.low, a.high)]
    return [found.gap, found.gaps[0].low, found.gaps[0].high, *limits]


def test_counts_are_rows_repeated() -> None:
    """count=2 says what the row written twice says, limits included."""
    small = FRAME.iloc[:36].reset_index(drop=True)
    times = np.arange(len(small)) % 2 + 1
    counted = explained(small.assign(n=times), count="n")
    repeated = explained(small.loc[small.index.repeat(times)].reset_index(drop=True))
    assert counted.gaps[0].rows == repeated.gaps[0].rows
    assert numbers(counted) == pytest.approx(numbers(repeated), abs=1e-9)


def test_scaling_weights_changes_nothing() -> None:
    """A sampling weight is relative."""
    one = explained(FRAME, weight="weight")
    other = explained(FRAME.assign(weight=FRAME["weight"] * 7), weight="weight")
    assert numbers(one) == pytest.approx(numbers(other), abs=1e-9)
    means = [
        np.average(score(own), weights=own["weight"])
        for own in (FRAME[FRAME["sex"] == "f"], FRAME[FRAME["sex"] == "m"])
    ]
    assert one.gap == pytest.approx(means[0] - means[1])


def test_equal_weights_are_none() -> None:
    """Weights that are all alike give the numbers of no weights."""
    one = explained(FRAME.assign(weight=3.0), weight="weight")
    assert numbers(one) == pytest.approx(numbers(explained(FRAME)), abs=1e-9)


def test_repeated_applicants_widen_the_interval() -> None:
    """Each row written four times: limits over applicants are about those of the rows once."""
    once = explained(FRAME)
    four = pd.concat([FRAME.assign(who=np.arange(len(FRAME)))] * 4, ignore_index=True)
    over_rows, over_people = explained(four), explained(four, cluster="who")
    assert over_people.gap == pytest.approx(once.gap)

    def width(found: Explanation) -> float:
        return found.gaps[0].high - found.gaps[0].low

    assert width(over_rows) / width(once) == pytest.approx(0.5, abs=0.02)
    assert width(over_people) / width(once) == pytest.approx(1, abs=0.02)
    assert sum(a.value for a in over_people.attributions) == pytest.approx(once.gap, abs=1e-9)


def test_weightless_rows_stand_in_for_nobody() -> None:
    """A row of weight 0 is in no mean and in no background."""
    frame = FRAME.assign(weight=(np.arange(len(FRAME)) % 3 > 0).astype(float))
    kept = frame[frame["weight"] > 0].reset_index(drop=True)
    assert explained(frame, weight="weight").gap == pytest.approx(explained(kept).gap)


def test_share_is_undefined_where_the_gap_may_be_none() -> None:
    """A share of a gap whose interval holds 0 is nan; where it does not, shares sum to 1."""
    far = FRAME.assign(income=FRAME["income"] + 5 * (FRAME["sex"] == "m"))
    assert sum(a.share for a in explained(far).attributions) == pytest.approx(1)
    near = FRAME.assign(income=0.0, late=0)
    found = explained(near)
    assert found.gaps[0].low < 0 < found.gaps[0].high
    assert all(math.isnan(a.share) for a in found.attributions)


def test_groups_that_overlap_are_compared_apart() -> None:
    """A group told by membership is compared with the reference's rows that are not in it."""
    frame = pd.DataFrame(
        {
            "w": [1, 0, 1, 0, 1, 0] * 10,
            "b": [0, 1, 1, 1, 0, 1] * 10,
            "x": np.arange(60.0),
            "paid": [0, 1] * 30,
        }
    )
    table = audit.read(
        frame,
        protected={"race": {"White": "w", "Black": "b"}},
        outcome="paid",
        favorable=1,
        features=["x"],
        reference={"race": "White"},
    )
    found = audit.explain(lambda rows: rows["x"].to_numpy() / 10, table, returns=1)
    black, white = frame["b"] == 1, (frame["w"] == 1) & (frame["b"] == 0)
    assert found.group == ("Black",)
    wanted = (frame["x"][black].mean() - frame["x"][white].mean()) / 10
    assert found.gap == pytest.approx(wanted)
    assert (found.gaps[0].rows, found.gaps[0].reference_rows) == (black.sum(), white.sum())
