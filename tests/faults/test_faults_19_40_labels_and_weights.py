"""Labels and weights, faults 19-40: at `audit.metrics`, `audit.run` and in the report."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

import audit
from audit import metrics
from faults.doors import estimate, page, refused, told, undefined, warned

G = ["f"] * 40 + ["m"] * 60
D = [1] * 15 + [0] * 25 + [1] * 45 + [0] * 15
Y = ([1, 1, 0] * 34)[:100]
GAP = Fraction(3, 8)
"""45/60 − 15/40."""


def run(decisions: Any = D, **more: Any) -> audit.Audit:
    """An audit of one attribute, `g`; `favorable` only where it is given."""
    columns = {name: more.pop(name) for name in ("y", "w", "s") if name in more}
    return audit.run({"g": G, "d": decisions, **columns}, protected="g", decision="d", **more)


def difference(decisions: Any = D, outcomes: Any = None, **more: Any) -> float:
    return metrics.demographic_parity_difference(
        outcomes, decisions, sensitive_features=G, **more
    )  # fmt: skip


def opportunity(outcomes: Any, decisions: Any = D, **more: Any) -> float:
    return metrics.equal_opportunity_difference(outcomes, decisions, sensitive_features=G, **more)


def close(value: float, wanted: Fraction) -> bool:
    return math.isclose(value, float(wanted), rel_tol=0, abs_tol=1e-12)


def gap(result: audit.Audit) -> float:
    return float(estimate(result, "demographic_parity_difference")["value"])


def refused_everywhere(values: Any, *words: str, **told_: Any) -> None:
    """As a decision and as an outcome, at both doors; each names its argument."""
    refused(lambda: run(values, **told_), *words, argument="favorable" if not told_ else None)
    refused(lambda: run(favorable={"decision": 1}, y=values, outcome="y"))
    refused(lambda: difference(values), *words, argument="y_pred")
    refused(lambda: difference(outcomes=values), *words, argument="y_true")
    refused(lambda: opportunity(values), *words, argument="y_true")


def spelt(bad: Any, good: Any, labels: Any = D) -> list[Any]:
    return [good if v else bad for v in labels]


def test_fault_19_text_must_be_told() -> None:
    words = spelt("bad", "good")
    refused_everywhere(words, "good")
    assert close(gap(told(lambda: run(words, favorable="good"))[0]), GAP)
    assert close(difference(words, pos_label="good"), GAP)


def test_fault_20_bool_means_true() -> None:
    words, outcomes = spelt(False, True), spelt(False, True, Y)
    result, _ = told(lambda: run(words, y=outcomes, outcome="y"))
    assert close(gap(result), GAP)
    assert close(difference(words), GAP)
    good = [(g, d) for g, d, y in zip(G, D, Y, strict=True) if y]
    rates = [
        Fraction(sum(d for g, d in good if g == k), sum(g == k for g, _ in good)) for k in "fm"
    ]
    assert close(opportunity(outcomes, words), abs(rates[0] - rates[1]))


def test_fault_21_minus_one_and_one_must_be_told() -> None:
    signs = spelt(-1, 1)
    refused_everywhere(signs, "1")
    assert close(gap(told(lambda: run(signs, favorable=1))[0]), GAP)
    assert close(difference(signs, pos_label=1), GAP)


def test_fault_22_one_and_two_are_refused_with_a_hint() -> None:
    codes = spelt(2, 1)
    refused_everywhere(codes, "German Credit")
    assert close(gap(told(lambda: run(codes, favorable=1))[0]), GAP)
    assert close(difference(codes, pos_label=1), GAP)


def test_fault_23_digits_as_text_are_text() -> None:
    digits = spelt("0", "1")
    refused_everywhere(digits)
    assert close(gap(told(lambda: run(digits, favorable="1"))[0]), GAP)
    assert close(difference(digits, pos_label="1"), GAP)


def test_fault_24_probabilities_are_refused_with_a_way_out() -> None:
    scores = [0.9 if d else 0.125 for d in D]
    error = refused(lambda: run(scores, favorable=1), "score")
    assert "cutoff" in str(error)
    error = refused(lambda: difference(scores), argument="y_pred")
    assert "score=" in error.fix
    assert ">= 0.5" in error.fix
    result, _ = told(
        lambda: audit.run({"g": G, "s": scores}, protected="g", score="s", cutoff=0.5)
    )  # fmt: skip
    assert close(gap(result), GAP)


@pytest.mark.parametrize("kind", ["array", "frame", "lists"])
def test_fault_25_a_matrix_is_refused(kind: str) -> None:
    matrix: Any = np.array([[1 - d, d] for d in D], dtype=float)
    column = list(matrix)
    if kind == "frame":
        matrix = pd.DataFrame(matrix)
    elif kind == "lists":
        matrix = column = matrix.tolist()
    refused(lambda: run(column, favorable=1))
    error = refused(lambda: difference(matrix), "(100, 2)", argument="y_pred")
    assert ">= threshold" in error.fix


def test_fault_26_a_third_value_is_refused_or_undecided() -> None:
    values = [2, 2, *D[2:]]
    error = refused(lambda: run(values, favorable=1), "2")
    assert "unfavorable" in str(error)
    error = refused(lambda: difference(values), "3 different values", argument="y_pred")
    assert (error.count, error.first) == (2, 0)
    assert "unfavorable=" in error.fix
    result, _ = told(lambda: run(values, favorable=1, unfavorable=0))
    assert close(gap(result), Fraction(45, 60) - Fraction(13, 38))
    assert "TBL062" in [i.code for i in result.issues]
    assert "2 rows are undecided" in page(result)


@pytest.mark.parametrize("missing", [None, math.nan, pd.NA], ids=str)
def test_fault_27_a_missing_decision_is_refused_a_missing_outcome_counted(missing: Any) -> None:
    decisions = pd.Series([missing, *D[1:]], dtype=object)
    error = refused(lambda: run(decisions, favorable=1), "1 row, first: 0", argument="decision")
    assert (error.count, error.first) == (1, 0)
    error = refused(lambda: difference(decisions), "1 row, first: 0", argument="y_pred")
    assert (error.count, error.first) == (1, 0)
    outcomes = pd.Series([missing, missing, *Y[2:]], dtype=object)
    result, _ = told(lambda: run(favorable=1, y=outcomes, outcome="y"))
    assert "2 outcomes are unknown" in next(i.message for i in result.issues if i.code == "TBL059")
    assert "2 outcomes are unknown" in page(result)
    value, codes = told(lambda: opportunity(outcomes))
    assert codes == ["MET005"]
    known = [(g, d) for g, d, y in list(zip(G, D, Y, strict=True))[2:] if y]
    rates = [
        Fraction(sum(d for g, d in known if g == k), sum(g == k for g, _ in known)) for k in "fm"
    ]
    assert close(value, abs(rates[0] - rates[1]))


@pytest.mark.parametrize("endless", [math.inf, -math.inf], ids=str)
def test_fault_28_infinite_labels_are_refused(endless: float) -> None:
    values = [float(d) for d in D]
    values[3] = endless
    refused(lambda: run(values, favorable=1), "infinite")
    refused(lambda: run(favorable=1, y=values, outcome="y"), "infinite")
    for call in (lambda: difference(values), lambda: opportunity(values)):
        error = refused(call, "infinite")
        assert (error.count, error.first) == (1, 3)


def test_fault_29_a_score_beyond_0_and_1_is_warned_about_where_calibration_needs_it() -> None:
    """AUC takes any score; calibration and Brier have no value, and it is said."""
    scores = [300 + 5 * i for i in range(100)]
    result = warned(lambda: run(favorable=1, y=Y, outcome="y", s=scores, score="s"), "TBL069")
    row = estimate(result, "brier", ())
    assert math.isnan(row["value"])
    assert "[0, 1]" in row["reason"]
    assert not math.isnan(estimate(result, "auc", ())["value"])
    _, codes = told(lambda: run(favorable=1, s=scores, score="s"))
    assert codes == []


def test_fault_30_a_constant_decision_is_a_number() -> None:
    for constant, favorable in ((0, 1), (1, 1)):
        result, codes = told(lambda: run([constant] * 100, favorable=favorable))  # noqa: B023
        assert (gap(result), codes) == (0, [])
        assert "TBL060" in [i.code for i in result.issues]
        assert difference([constant] * 100) == 0


def test_fault_31_a_favourable_zero_must_be_told_and_stands_in_the_headline() -> None:
    defaulted = [1 - y for y in Y]
    roles = {"favorable": {"decision": 1, "outcome": 0}, "outcome": "y"}
    result, _ = told(lambda: run(y=defaulted, **roles))
    plain, _ = told(lambda: run(y=Y, favorable=1, outcome="y"))
    for metric in ("true_positive_rate", "false_positive_rate"):
        assert [
            estimate(result, metric, (g,))["value"] == estimate(plain, metric, (g,))["value"]
            for g in "fm"
        ] == [True, True]
    assert result.record.roles.favorable["outcome"] == (0,)
    html = page(result)
    assert "d = 1; y = 0" in html[: html.index("<main")]
    refused(lambda: run(y=defaulted, outcome="y", favorable={"decision": 1}), argument="favorable")
    denied = [1 - d for d in D]
    assert close(
        opportunity(defaulted, denied, pos_label=0),
        Fraction(round(opportunity(Y) * 10**15), 10**15),
    )


def test_fault_32_nearly_one_is_no_label() -> None:
    nearly = spelt(0.0, 0.999999)
    refused(lambda: run(nearly, favorable=1), "0.999999")
    error = refused(lambda: difference(nearly), "0.999999", argument="y_pred")
    assert (error.count, error.first) == (60, 0)
    refused(lambda: opportunity(nearly), "0.999999", argument="y_true")


# --- weights ----------------------------------------------------------------------------------

ONES = [1.0] * 100


def weighted(weights: Any) -> audit.Audit:
    return run(favorable=1, w=weights, weight="w")


def with_first(*values: Any) -> list[Any]:
    return [*values, *ONES[len(values) :]]


def test_fault_33_negative_weights_are_refused() -> None:
    for call in (
        lambda: weighted(with_first(1.0, -0.5)),
        lambda: run(favorable=1, w=[1, -1, *[1] * 98], count="w"),
        lambda: difference(sample_weight=with_first(1.0, -0.5)),
    ):
        error = refused(call, "negative")
        assert (error.count, error.first) == (1, 1)


@pytest.mark.parametrize("bad", [math.nan, math.inf, None], ids=str)
def test_fault_34_missing_and_infinite_weights_are_refused(bad: Any) -> None:
    weights = with_first(1.0, bad)
    for call in (lambda: weighted(weights), lambda: difference(sample_weight=weights)):
        error = refused(call, "1 row, first: 1")
        assert (error.count, error.first) == (1, 1)


def test_fault_35_weights_that_are_all_zero_are_refused() -> None:
    refused(lambda: weighted([0.0] * 100), "zero", argument="weight")
    refused(lambda: difference(sample_weight=[0.0] * 100), "zero", argument="sample_weight")


def test_fault_36_a_group_without_weight_is_undefined() -> None:
    weights = [0.0] * 40 + [1.0] * 60
    result, _ = told(lambda: weighted(weights))
    row = estimate(result, "disparate_impact_ratio", ("f",))
    assert math.isnan(row["value"])
    assert row["reason"]
    assert result.verdict == "insufficient"
    undefined(lambda: difference(sample_weight=weights), "'f'", "sum to zero")


def test_fault_37_weights_of_another_length_are_refused() -> None:
    refused(lambda: weighted(ONES[:-1]))
    refused(lambda: difference(sample_weight=ONES[:-1]), "99", argument="sample_weight")


def test_fault_38_text_is_no_weight() -> None:
    refused(lambda: weighted(["1"] * 100), argument="weight")
    refused(lambda: difference(sample_weight=["1"] * 100), argument="sample_weight")


@pytest.mark.parametrize("scale", [1e12, 1e-300])
def test_fault_39_any_scale_of_weights_is_exact(scale: float) -> None:
    weights = [scale * (1 + i % 3) for i in range(100)]
    total = {g: sum(Fraction(w) for w, k in zip(weights, G, strict=True) if k == g) for g in "fm"}
    part = {
        g: sum(Fraction(w) for w, k, d in zip(weights, G, D, strict=True) if k == g and d)
        for g in "fm"
    }
    wanted = abs(part["m"] / total["m"] - part["f"] / total["f"])
    assert close(gap(told(lambda: weighted(weights))[0]), wanted)
    assert close(difference(sample_weight=weights), wanted)


def test_fault_40_intervals_use_effective_n() -> None:
    """Uneven weights widen an interval; even ones, of any size, leave it as it is."""

    def width(weights: Any) -> float:
        row = estimate(told(lambda: weighted(weights))[0], "selection_rate", ("m",))
        return float(row["high"] - row["low"])

    plain = estimate(told(lambda: run(favorable=1))[0], "selection_rate", ("m",))
    assert width([7.0] * 100) == pytest.approx(plain["high"] - plain["low"], abs=1e-12)
    # Kish: Σw²/(Σw)² of weights 1 and 9 in turn makes 60 rows worth 36.6
    assert width([1.0, 9.0] * 50) > 1.2 * width(ONES)
