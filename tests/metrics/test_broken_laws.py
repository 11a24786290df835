"""The conformance suite refuses an entry by the law it breaks, and one that breaks none passes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from audit.errors import InputError
from audit.metrics import inequality
from audit.metrics.catalogue import CATALOGUE
from audit.metrics.check import check_metric
from audit.metrics.metric import Counts, Rate, Share

TPR = CATALOGUE["true_positive_rate"]
GAP = CATALOGUE["true_positive_rate_difference"]
FORMS = ("true_positive_rate", "f1", "treatment_ratio", "balanced_accuracy")


def cells_rate(function: Any) -> Rate:
    return Rate(key="odd", form="cells", of_cells=function, undefined="why")


def of_known(value: Any) -> Any:
    """A rate that has this value where there are rows."""
    return cells_rate(lambda t: np.where(t.known > 0, value(t), np.nan))


def fault(entry: Any) -> str:
    with np.errstate(all="ignore"), pytest.raises(InputError, match=r"^\[MET020\]") as caught:
        check_metric(entry)
    return str(caught.value)


def test_a_constant_breaks_no_law() -> None:
    """All groups alike is parity: a gap of 0 and a ratio of 1 are allowed, in every contrast."""
    constant = of_known(lambda t: np.full(np.shape(t.known), 0.5))
    for key in ("accuracy", "accuracy_difference", "equalized_odds_difference",
                "equalized_odds_ratio"):  # fmt: skip
        check_metric(replace(CATALOGUE[key], rates=(constant,)))
    # 0 and 1 are shares too
    for edge in (0, 1):
        rate = replace(TPR.rates[0], shares=(lambda t, e=edge: _whole(t, e),))
        check_metric(replace(TPR, rates=(rate,)))


def _whole(t: Counts, edge: int) -> Any:
    return Share(t.good * edge, t.good)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (lambda t: np.where(t.known < 1e-6, 0.5, t.good / t.known), "the scale of the weights"),
        (lambda t: np.where(t.approved_good > 0.55 * t.known, np.nan, 0.5), "gives [0.5 nan]"),
        (lambda t: t.good / t.known * (1 + (len(t.cells) == 3)), "an empty group is added"),
    ],
)
def test_a_rate_of_cells_that_breaks_a_law(value: Any, text: str) -> None:
    """Each is refused by the law it breaks."""
    assert text in fault(replace(TPR, rates=(of_known(value),)))


def test_one_group_outside_0_1_is_enough() -> None:
    """Above 1 in one group, or below 0 in one: no share."""
    for share in (
        lambda t: Share(t.approved_known, t.good),
        lambda t: Share(t.good - t.bad, t.known),
    ):
        rate = replace(TPR.rates[0], shares=(share,))
        assert "leaves [0, 1]" in fault(replace(TPR, rates=(rate,)))


@pytest.mark.parametrize("key", FORMS)
def test_exact_fractions_find_a_formula_that_rounds(key: str) -> None:
    """A share that differs in floats from what it is in fractions, whatever its form."""
    rate = CATALOGUE[key].rates[0]

    def off(share: Any) -> Any:
        def rounded(t: Counts) -> Share:
            part, whole = share(t)
            return Share(part * 0.99 if np.asarray(part).dtype == np.float64 else part, whole)

        return rounded

    shares = tuple(off(s) for s in rate.shares)
    assert "in exact fractions" in fault(
        replace(CATALOGUE[key], rates=(replace(rate, shares=shares),))
    )


def test_parts_below_0_are_found() -> None:
    """An odds' part is never negative."""
    rate = replace(
        CATALOGUE["treatment_ratio"].rates[0], shares=(lambda t: Share(t.bad - t.good, t.known),)
    )
    assert "has a part outside 0 .. whole" in fault(
        replace(CATALOGUE["treatment_ratio"], rates=(rate,))
    )


def scored(function: Any) -> Any:
    rate = replace(CATALOGUE["auc"].rates[0], of_scores=function)
    return replace(CATALOGUE["auc"], rates=(rate,))


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (None, "has form 'score' but no of_scores"),
        (lambda d: math.nan, "has no value for scores that have one"),
        (lambda d: d.total if d.rows else math.nan, "the scale of the weights"),
        (lambda d: 0.5, "has a value where there are no rows"),
        (lambda d: len(d.values) / 9 if d.rows else math.nan, "a value that no row has"),
        (lambda d: d.sum / d.total if d.rows else math.nan, "of a risk is"),
    ],
)
def test_a_score_measure_that_breaks_a_law(function: Any, text: str) -> None:
    """Each is refused by the law it breaks."""
    assert text in fault(scored(function))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (lambda g, r: np.full(np.shape(g.known), np.nan), "no value for two groups"),
        (lambda g, r: np.zeros(np.shape(g.known)), "a value where there are no rows"),
        (lambda g, r: np.where(g.known > 0, g.known - r.known, np.nan), "repeated five times"),
        (lambda g, r: np.where(g.known > 0, 0.3 + 0 * r.good, np.nan), "equal groups give 0.3"),
    ],
)
def test_a_pair_that_breaks_a_law(value: Any, text: str) -> None:
    """Each is refused by the law it breaks."""
    entry = CATALOGUE["average_absolute_odds_difference"]
    assert text in fault(replace(entry, of_pair=value))


def _theil(t: Counts) -> np.ndarray:
    return inequality.between_all_groups_theil_index(t)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (lambda t: np.full(np.shape(t.good)[:-1], np.nan), "no value for two groups"),
        (lambda t: np.zeros(np.shape(t.good)[:-1]), "a value where there are no rows"),
        (lambda t: t.good.max(axis=-1) - t.good.min(axis=-1), "rows"),
        (lambda t: t.good[..., 0] / t.known[..., 0], "the order of groups"),
        (lambda t: _theil(t) if t.cells.ndim == 3 else np.zeros(2), "leading axes"),
        (lambda t: t.good.sum(axis=-1) / t.known.sum(axis=-1), "equal groups give"),
        (
            lambda t: (
                np.where(
                    t.known.sum(axis=-1) < 1e-6, 0.1, np.ptp(t.good, axis=-1) / t.known.sum(axis=-1)
                )
                + np.where(t.known.sum(axis=-1) > 0, 0.0, np.nan)
            ),
            "the scale of the weights",
        ),
    ],
)
def test_a_function_of_all_groups_that_breaks_a_law(value: Any, text: str) -> None:
    """Each is refused by the law it breaks."""
    entry = CATALOGUE["between_all_groups_theil_index"]
    assert text in fault(replace(entry, of_groups=value))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (lambda groups: math.nan, "no value for two groups"),
        (lambda groups: groups[0].values[0] if groups else math.nan, "the order of groups"),
        (lambda groups: 0.0, "a value where there are no groups"),
        (lambda groups: sum(d.total for d in groups) if groups else math.nan, "scale of the weigh"),
    ],
)
def test_a_function_of_all_scores_that_breaks_a_law(value: Any, text: str) -> None:
    """Each is refused by the law it breaks."""
    entry = CATALOGUE["generalized_equalized_odds_difference"]
    assert text in fault(replace(entry, of_score_groups=value))


def test_contrasts_of_scores_that_break_a_law() -> None:
    """No value; a value at parity that is not the ideal; not the same from both sides."""
    distance = CATALOGUE["score_ks_distance"]
    assert "no value for two" in fault(replace(distance, of_score_pair=lambda a, b: math.nan))
    assert "equal groups give 0.1" in fault(replace(distance, of_score_pair=lambda a, b: 0.1))
    assert "does not say that it needs one" in fault(
        replace(CATALOGUE["score_ks_distance"], needs=frozenset())
    )


def test_needs_must_be_said_whatever_the_contrast() -> None:
    """A metric that reads decisions, or outcomes, changes when they are hidden."""
    for key in ("accuracy", "accuracy_difference", "equalized_odds_difference",
                "conditional_demographic_disparity", "demographic_disparity",
                "differential_fairness"):  # fmt: skip
        entry = CATALOGUE[key]
        for need in entry.needs:
            assert f"it changes without {need}s" in fault(
                replace(entry, needs=entry.needs - {need})
            ), key
