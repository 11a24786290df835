"""Contrasts, information and inequality: worked by hand, or by scipy and scikit-learn."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from metric_cases import distribution

from audit.metrics import dependence, inequality
from audit.metrics.catalogue import CATALOGUE
from audit.metrics.contrasts import (
    base_rate_total_variation,
    compare,
    compare_scores,
    over_groups,
    over_score_groups,
    standardized_mean_difference,
    worst,
    worst_difference,
    worst_ratio,
)
from audit.metrics.metric import Counts

A = np.array([[6.0, 2, 0], [1, 3, 0], [0, 0, 0]])  # 8 approved of 12, 7 good
B = np.array([[3.0, 1, 0], [5, 7, 0], [0, 0, 0]])  # 4 approved of 16, 8 good
NOTHING = np.zeros((3, 3))


def contrast(key: str, group: np.ndarray, reference: np.ndarray) -> float:
    return float(compare(CATALOGUE[key], group, reference))


def test_contrasts_of_two_tables_by_hand() -> None:
    """Each as its formula says, and in the order group, reference."""
    assert contrast("statistical_parity_difference", A, B) == pytest.approx(8 / 12 - 4 / 16)
    assert contrast("disparate_impact_ratio", A, B) == pytest.approx((8 / 12) / (4 / 16))
    assert contrast("class_imbalance", A, B) == pytest.approx((12 - 16) / 28)
    assert contrast("average_absolute_odds_difference", A, B) == pytest.approx(
        (abs(2 / 5 - 1 / 8) + abs(6 / 7 - 3 / 8)) / 2
    )
    assert contrast("base_rate_total_variation", A, B) == pytest.approx(7 / 12 - 8 / 16)


@pytest.mark.parametrize("empty", [0, 1])
def test_divergences_need_both_groups(empty: int) -> None:
    """Nothing is known of a group without outcomes."""
    tables = [A, B]
    tables[empty] = NOTHING
    for key in (m for m in CATALOGUE if "divergence" in m or "total_variation" in m):
        assert math.isnan(contrast(key, *tables)), key


def test_divergences_are_scipys() -> None:
    """KL(reference ‖ group) by scipy's relative entropy, JS by its distance squared."""
    from scipy.spatial.distance import jensenshannon
    from scipy.stats import entropy

    p, q = [7 / 12, 5 / 12], [8 / 16, 8 / 16]
    assert contrast("base_rate_kl_divergence", A, B) == pytest.approx(entropy(q, p))
    assert contrast("base_rate_kl_divergence", B, A) == pytest.approx(entropy(p, q))
    assert contrast("base_rate_js_divergence", A, B) == pytest.approx(jensenshannon(p, q) ** 2)


def test_total_variation_has_no_direction() -> None:
    """|p - q| of two answers: the same from both sides."""
    with np.errstate(all="ignore"):
        one = base_rate_total_variation(Counts(A), Counts(B))
        other = base_rate_total_variation(Counts(B), Counts(A))
    assert float(one) == float(other) == pytest.approx(1 / 12)


def test_conditional_gaps_over_strata_by_hand() -> None:
    """Two strata: .5 v .25 with weights 4·8/12, 1 v .5 with 2·6/8; a third lacks the group."""

    def table(approved: float, denied: float) -> np.ndarray:
        return np.array([[approved, 0, 0], [denied, 0, 0], [0, 0, 0]])

    group = np.stack([table(2, 2), table(2, 0), NOTHING])
    others = np.stack([table(2, 6), table(3, 3), table(5, 5)])
    weights = 4 * 8 / 12, 2 * 6 / 8
    wanted = (weights[0] * 0.25 + weights[1] * 0.5) / sum(weights)
    key = "conditional_statistical_parity_difference"
    assert contrast(key, group, group + others) == pytest.approx(wanted)
    both = np.stack([group, group[::-1]])
    all_of = np.stack([group + others, (group + others)[::-1]])
    found = compare(CATALOGUE[key], both, all_of)
    assert found == pytest.approx([wanted, wanted])  # leading axes stay
    # shares of the denied less shares of the approved, by decided rows: 12 of 26, 8, and 10
    shares = (2 / 8 - 2 / 4, 0 / 3 - 2 / 5, 0.0)
    wanted = (12 * shares[0] + 8 * shares[1] + 10 * shares[2]) / 30
    key = "conditional_demographic_disparity"
    assert contrast(key, group, group + others) == pytest.approx(wanted)
    assert compare(CATALOGUE[key], both, all_of) == pytest.approx([wanted, wanted])
    # a stratum in which all were approved says nothing and weighs nothing
    more = np.concatenate([group, table(4, 0)[None]])
    everyone = np.concatenate([group + others, table(9, 0)[None]])
    assert contrast(key, more, everyone) == pytest.approx(wanted)
    assert math.isnan(contrast(key, more[3:], everyone[3:]))


def test_worst_cases_by_hand() -> None:
    """Over the last axis; one group alone has none; over two rates the worse of the two."""
    rates = np.array([[0.2, 0.5, 0.4], [0.9, 0.6, 0.3]])
    assert worst_difference(rates) == pytest.approx([0.3, 0.6])
    assert worst_ratio(rates) == pytest.approx([0.4, 1 / 3])
    assert np.isnan(worst_difference(rates[:, :1])).tolist() == [True, True]
    assert np.isnan(worst_ratio(rates[:, :1])).tolist() == [True, True]
    assert worst_difference(rates[:, :2]) == pytest.approx([0.3, 0.3])
    assert worst_ratio(rates[:, :2]) == pytest.approx([0.4, 2 / 3])
    assert float(worst(CATALOGUE["equalized_odds_difference"], list(rates))) == pytest.approx(0.6)
    assert float(worst(CATALOGUE["equalized_odds_ratio"], list(rates))) == pytest.approx(1 / 3)


def test_standardized_mean_difference_is_cohens_d() -> None:
    """Means 3 and 6, variances 2.5 (5 rows) and 4 (3 rows): -3/√((4·2.5 + 2·4)/6) = -√3."""
    one = distribution([1, 2, 3, 4, 5], [1, 0, 1, 0, 1])
    other = distribution([4, 6, 8], [1, 1, 0])
    assert standardized_mean_difference(one, other) == pytest.approx(-math.sqrt(3))
    assert standardized_mean_difference(other, one) == pytest.approx(math.sqrt(3))
    single = distribution([4], [1])
    assert math.isnan(standardized_mean_difference(one, single))
    assert math.isnan(standardized_mean_difference(single, one))
    nobody = replace(one, counts=one.counts * 0, rows=0, total=0.0, weight_squared=0.0, sum=0.0)
    assert math.isnan(standardized_mean_difference(nobody, one))
    # weights 2: the effective numbers of rows, so the same d
    doubled = distribution([1, 2, 3, 4, 5], [1, 0, 1, 0, 1], [2.0] * 5)
    assert standardized_mean_difference(doubled, other) == pytest.approx(-math.sqrt(3))


def test_a_metric_of_another_kind_is_refused() -> None:
    """Cells for scores, or scores for cells, are a mistake of the caller's."""
    one = distribution([1, 2], [1, 0])
    for call, argument in (
        (over_groups, np.stack([A, B])),
        (over_score_groups, [one, one]),
    ):
        with pytest.raises(TypeError, match="accuracy is not a function of all groups'"):
            call(CATALOGUE["accuracy"], argument)
    for key in ("accuracy_difference", "auc_worst_difference"):
        with pytest.raises(TypeError, match=f"{key} is not a contrast of two score"):
            compare_scores(CATALOGUE[key], one, one)


def test_information_is_scikit_learns() -> None:
    """I(decision; group)/H(group) by sklearn; 1 where the decision tells all."""
    from scipy.stats import entropy
    from sklearn.metrics import mutual_info_score

    tables = np.array([[8.0, 4], [4, 12], [1, 0]])
    told = mutual_info_score(None, None, contingency=tables) / entropy(tables.sum(axis=1))
    cells = np.zeros((3, 3, 3))
    cells[:, 0, 0], cells[:, 1, 0] = tables[:, 0], tables[:, 1]
    found = over_groups(CATALOGUE["information_independence"], cells)
    assert float(found) == pytest.approx(told)
    cells[:, 0, 0], cells[:, 1, 0] = [5, 0, 0], [0, 5, 0]
    found = float(over_groups(CATALOGUE["information_independence"], cells))
    assert found == pytest.approx(1.0)
    cells[1] = 0.0
    assert math.isnan(float(over_groups(CATALOGUE["information_independence"], cells)))
    assert math.isnan(float(over_groups(CATALOGUE["information_independence"], cells * 0)))


def test_conditional_information_by_hand() -> None:
    """Inside each outcome (or decision) the information of its own table, weighed by its rows."""
    from scipy.stats import entropy
    from sklearn.metrics import mutual_info_score

    cells = np.zeros((2, 3, 3))
    cells[0, :2, :2], cells[1, :2, :2] = [[6, 2], [1, 3]], [[3, 1], [5, 7]]

    def told(slices: list[np.ndarray]) -> float:
        rows = np.array([s.sum() for s in slices])
        inside = [mutual_info_score(None, None, contingency=s) for s in slices]
        left = [entropy(s.sum(axis=1)) for s in slices]
        return float(rows @ inside / (rows @ left))

    by_outcome = [cells[:, :2, 0], cells[:, :2, 1]]
    by_decision = [cells[:, 0, :2], cells[:, 1, :2]]
    found = {k: over_groups(CATALOGUE[f"information_{k}"], cells) for k in ("separation",)}
    assert float(found["separation"]) == pytest.approx(told(by_outcome))
    found["sufficiency"] = over_groups(CATALOGUE["information_sufficiency"], cells)
    assert float(found["sufficiency"]) == pytest.approx(told(by_decision))
    cells[..., 2, :], cells[..., :, 2] = 9.0, 9.0  # undecided and unknown rows change neither
    for key, value in found.items():
        assert float(over_groups(CATALOGUE[f"information_{key}"], cells)) == pytest.approx(
            float(value)
        )


def test_differential_fairness_at_the_edges() -> None:
    """All of one answer in every group: 0. In one group only: no bound. One group: no pair."""
    part, whole = np.array([[0.0, 0, 0], [0, 1, 2], [3, 3, 3]]), np.full((3, 3), 3.0)
    with np.errstate(all="ignore"):
        found = dependence.smoothed_differential_fairness(part, whole, 0.0)
        alone = dependence.smoothed_differential_fairness([[1, 0]], [[3, 0]], 0.0)  # type: ignore[arg-type]
        third = dependence.smoothed_differential_fairness([[1, 2, 0]], [[3, 3, 0]], 0.0)  # type: ignore[arg-type]
        smooth = dependence.smoothed_differential_fairness([0, 1], [3, 3])  # type: ignore[arg-type]
    assert found[0] == found[2] == 0.0
    assert np.isnan(found[1])
    assert np.isnan(alone[0])
    assert third[0] == pytest.approx(math.log(2))
    assert float(smooth) == pytest.approx(math.log((1.5 / 4) / (0.5 / 4)))


def test_entropy_terms_by_hand() -> None:
    """α = 0: -ln r; 1: r ln r; 2: (r² - 1)/2; 3: (r³ - 1)/6; 0·ln 0 is 0, -ln 0 is nothing."""
    ratio = np.array([2.0, 0.0])
    with np.errstate(all="ignore"):
        found = {a: inequality.entropy_term(ratio, a).tolist() for a in (0, 1, 2, 3)}
    assert found[1] == pytest.approx([2 * math.log(2), 0.0])
    assert found[2] == pytest.approx([1.5, -0.5])
    assert found[3] == pytest.approx([7 / 6, -1 / 6])
    assert found[0][0] == pytest.approx(-math.log(2))
    assert math.isnan(found[0][1])


def test_between_and_within_groups_by_hand() -> None:
    """Benefits 1 1 2 and 0 1 1 2: means 4/3 and 1, everyone's 8/7."""
    one = np.array([[2.0, 1, 0], [0, 0, 0], [0, 0, 0]])
    other = np.array([[1.0, 1, 0], [1, 1, 0], [0, 0, 0]])
    t = Counts(np.stack([one, other, NOTHING]))
    mean = 8 / 7
    between = (3 * ((4 / 3 / mean) ** 2 - 1) + 4 * ((1 / mean) ** 2 - 1)) / 7 / 2
    whole = ((4 * 1 + 2 * 4) / 7 / mean**2 - 1) / 2
    theil = (3 * (4 / 3 / mean) * math.log(4 / 3 / mean) + 4 / mean * math.log(1 / mean)) / 7
    with np.errstate(all="ignore"):
        assert float(inequality.between(t, 2.0)) == pytest.approx(between)
        assert float(inequality.between(t)) == pytest.approx(between)
        assert float(inequality.within(t)) == pytest.approx(whole - between)
        assert float(inequality.between(t, 1.0)) == pytest.approx(theil)
        spread = inequality.between_all_groups_coefficient_of_variation(t)
        assert float(spread) == pytest.approx(math.sqrt(2 * between))
        alone = Counts(np.stack([one, NOTHING]))
        assert math.isnan(float(inequality.between(alone)))
        assert math.isnan(float(inequality.within(alone)))
        denied = np.array([[0.0, 0, 0], [4, 0, 0], [0, 0, 0]])  # nobody here has any benefit
        nobody = Counts(np.stack([denied, denied]))
        assert math.isnan(float(inequality.between(nobody)))
        assert math.isnan(float(inequality.within(nobody)))
        assert math.isnan(float(inequality.entropy_of_benefits(nobody)[0]))
        some = Counts(np.stack([denied, one]))
        ratio = 4 / 3 / (4 / 7)
        assert float(inequality.within(some)) == pytest.approx(
            3 / 7 * ratio**2 * ((6 / 3) / (16 / 9) - 1) / 2
        )
        pair = contrast("between_group_generalized_entropy_index", one, other)
        assert pair == pytest.approx(between)
        swapped = contrast("between_group_theil_index", other, one)
        assert swapped == pytest.approx(theil)
