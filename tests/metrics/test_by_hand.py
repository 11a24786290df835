"""Drop-in functions and individual fairness on tables small enough to work by hand."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from audit import metrics
from audit.errors import InputError

SEX = ["f"] * 40 + ["m"] * 40
THREE = ["a"] * 30 + ["b"] * 30 + ["c"] * 30
BY_SEX: dict[str, Any] = {"sensitive_features": SEX}
BY_THREE: dict[str, Any] = {"sensitive_features": THREE}


def warned(call: Any, *args: Any, **kwargs: Any) -> tuple[Any, list[str]]:
    """What it gives and the texts of its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = call(*args, **kwargs)
    return value, [str(w.message) for w in caught]


def test_of_everyone_by_hand() -> None:
    """3 approved and good, 1 approved and bad, 2 denied and good, 4 denied and bad."""
    outcome = [1, 1, 1, 0, 1, 1, 0, 0, 0, 0]
    approved = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    assert metrics.accuracy(outcome, approved) == pytest.approx(7 / 10)
    assert metrics.precision(outcome, approved) == pytest.approx(3 / 4)
    assert metrics.base_rate(outcome) == pytest.approx(5 / 10)
    assert metrics.f1(outcome, approved) == pytest.approx(6 / 9)
    weight = [2.0] * 4 + [1.0] * 6
    assert metrics.accuracy(outcome, approved, sample_weight=weight) == pytest.approx(10 / 14)
    words = ["yes" if v else "no" for v in approved]
    assert metrics.accuracy(
        ["yes" if v else "no" for v in outcome], words, pos_label="yes"
    ) == pytest.approx(7 / 10)


def test_to_overall_is_the_largest_distance_from_everyone() -> None:
    """Rates .75 and .5, everyone .625: difference .125, ratio .5/.625 (.625/.75 is nearer 1)."""
    approved = [1, 1, 1, 0] * 10 + [1, 0] * 20
    args: dict[str, Any] = {"method": "to_overall", **BY_SEX}
    found = metrics.demographic_parity_difference(None, approved, **args)
    assert found == pytest.approx(0.125)
    assert metrics.demographic_parity_ratio(None, approved, **args) == pytest.approx(0.8)
    between = {"method": "between_groups", **BY_SEX}
    assert metrics.demographic_parity_ratio(None, approved, **between) == pytest.approx(2 / 3)


def test_differential_fairness_by_hand() -> None:
    """Approved 3/4 and 1/2: denial differs more, ln 2. A pseudo-row of AIF360's makes it less."""
    approved = [1, 1, 1, 0] * 10 + [1, 0] * 20
    found = metrics.differential_fairness(None, approved, **BY_SEX)
    assert found == pytest.approx(math.log(2))
    smoothed = metrics.differential_fairness(None, approved, concentration=1.0, **BY_SEX)
    assert smoothed == pytest.approx(math.log((20.5 / 41) / (10.5 / 41)))
    outcomes = metrics.differential_fairness(approved, None, concentration=1, **BY_SEX)
    assert outcomes == pytest.approx(smoothed)
    for wrong in (-0.1, math.inf, math.nan, "1"):
        with pytest.raises(InputError, match=r"^\[MET030\] concentration: "):
            metrics.differential_fairness(None, approved, concentration=wrong, **BY_SEX)
    # a group without weight has no rate, pseudo-rows or not
    weightless: dict[str, Any] = {"sample_weight": [0.0] * 40 + [1.0] * 40, **BY_SEX}
    value, (text,) = warned(
        metrics.differential_fairness, None, approved, concentration=1.0, **weightless
    )
    assert math.isnan(value)
    assert text.startswith("[MET001] differential_fairness is undefined: fewer than two groups")


def test_smallest_and_largest_by_hand() -> None:
    """Accuracy 1/2 and 3/4; everyone's rows in between."""
    outcome, approved = [1] * 80, [1, 0] * 20 + [1, 1, 1, 0] * 10
    assert metrics.group_min("accuracy", outcome, approved, **BY_SEX) == 0.5
    assert metrics.group_max("accuracy", outcome, approved, **BY_SEX) == 0.75


def test_flip_test_by_hand() -> None:
    """Two neighbours: both approved flips a denial down, a tie changes nothing."""
    features = [[0.0], [0.1], [10.0], [10.1], [20.0], [20.1]]  # the reference: 1 1, 1 0, 0 0
    asked = [[0.05], [0.05], [10.05], [10.05], [20.05], [20.05]]
    decided = [1, 1, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0]
    sex = ["m"] * 6 + ["f"] * 6
    args: dict[str, Any] = {"sensitive_features": sex, "reference": "m", "n_neighbors": 2}
    # of the six: denied though 1 1 (-1), approved though 0 0 (+1), the rest as their neighbours
    assert metrics.flip_test(features + asked, decided, **args) == pytest.approx(0.0)
    decided = [1, 1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0]
    assert metrics.flip_test(features + asked, decided, **args) == pytest.approx(-1 / 6)
    decided = [1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 1, 1]
    assert metrics.flip_test(features + asked, decided, **args) == pytest.approx(2 / 6)


def test_flip_test_of_one_group_of_several() -> None:
    """`group` picks whose decisions are judged; nobody else's count."""
    features = [[1.0], [2.0]] * 3
    sex = ["m", "m", "f", "f", "x", "x"]
    decided = [0, 1, 0, 0, 1, 1]
    args: dict[str, Any] = {"sensitive_features": sex, "reference": "m", "n_neighbors": 1}
    assert metrics.flip_test(features, decided, group="f", **args) == -0.5
    assert metrics.flip_test(features, decided, group="x", **args) == 0.5
    assert metrics.flip_test(features, decided, **args) == 0.0


def test_flip_test_refuses_another_order() -> None:
    """Decisions indexed otherwise than features are not matched by position."""
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0]})
    with pytest.raises(InputError, match="TBL524"):
        metrics.flip_test(
            frame,
            pd.Series([1, 0, 1], index=[2, 1, 0]),
            sensitive_features=["f", "m", "m"],
            reference="m",
            n_neighbors=1,
        )


@pytest.mark.parametrize("level", [0.0, 1.0, 95, True, 1.5, -0.1])
def test_a_level_is_a_share(level: Any) -> None:
    """Strictly between 0 and 1."""
    frame = pd.DataFrame({"x": [1.0, 2.0], "sex": ["f", "m"]})
    with pytest.raises(InputError, match=r"^\[MET033\] level: "):
        metrics.flip_rate(lambda f: f["x"] > 1, frame, "sex", level=level)


def test_what_favours_may_be_one_answer_or_several() -> None:
    """Gains and losses need to know which answers favour; words alone do not say."""
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "sex": ["f", "m", "f", "m"]})

    def lender(f: pd.DataFrame) -> np.ndarray:
        man = (f["sex"] == "m").to_numpy()
        return np.where(man, np.where(f["x"] > 2, "yes", "perhaps"), "no")

    silent = metrics.flip_rate(lender, frame, "sex")
    assert (silent.rows, silent.changed) == (4, 4)
    assert all(c.gained is None and c.lost is None for c in silent.changes)
    one = metrics.flip_rate(lender, frame, "sex", favorable="yes")
    assert [(c.was, c.became, c.rows, c.changed, c.gained, c.lost) for c in one.changes] == [
        ("m", "f", 2, 2, 0, 2),
        ("f", "m", 2, 2, 1, 1),
    ]
    both = metrics.flip_rate(lender, frame, "sex", favorable=["yes", "perhaps"])
    assert [(c.was, c.gained, c.lost) for c in both.changes] == [("m", 0, 2), ("f", 2, 0)]
