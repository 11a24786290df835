"""What a warning or a refusal names: the metric, the group, the cause and what to do instead."""

from __future__ import annotations

import math
import warnings
from typing import Any

import pytest

from audit import metrics
from audit.errors import DataWarning, InputError, UndefinedMetricWarning
from audit.metrics.catalogue import CATALOGUE, get, search

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


def test_an_undefined_number_says_which_metric_which_group_and_why() -> None:
    """One sentence: metric, rate, group, cause."""
    nobody = "nobody in the group was approved with a known outcome"
    approved = [1] * 40 + [0] * 40
    outcome = [1, 0] * 40
    found, (text,) = warned(metrics.by_group, "precision", outcome, approved, **BY_SEX)
    assert found[("f",)] == 0.5
    assert math.isnan(found[("m",)])
    assert text == (
        f"[MET001] precision is undefined: precision has no value for group ('m',) ({nobody})"
    )
    value, (text,) = warned(
        metrics.predictive_parity_difference, outcome, approved, reference="f", **BY_SEX
    )
    assert math.isnan(value)
    assert text.endswith(f"precision has no value for group ('m',) ({nobody})")
    assert text.startswith("[MET001] predictive_parity_difference is undefined: ")


def test_all_others_pooled_are_called_so() -> None:
    """Two others have no name of their own; one, or the one asked for, has."""
    args = ([1, 0] * 45, [1] * 30 + [0] * 60)
    difference = metrics.predictive_parity_difference
    _, (text,) = warned(difference, *args, reference="a", **BY_THREE)
    assert "for group ('all others',)" in text
    _, (text,) = warned(difference, *args, reference="a", group="b", **BY_THREE)
    assert "for group ('b',)" in text
    _, (text,) = warned(difference, *args, reference="c", group="a", **BY_THREE)
    assert "for group ('c',)" in text


def test_everyone_without_a_rate_gets_the_rates_reason_or_selective_labels() -> None:
    """Nobody good is one cause, outcomes known for the approved only another."""
    value, (text,) = warned(metrics.true_positive_rate, [0] * 40, [1, 0] * 20)
    assert math.isnan(value)
    assert text == (
        "[MET001] true_positive_rate is undefined: "
        "nobody decided in the group had a favourable outcome"
    )
    outcome = [1] * 20 + [None] * 20
    value, (unknown, text) = warned(metrics.true_positive_rate, outcome, [1] * 20 + [0] * 20)
    assert math.isnan(value)
    assert unknown == (
        "[MET005] 20 of 40 outcomes are unknown; true_positive_rate uses the known ones"
    )
    assert text.startswith("[MET001] true_positive_rate is undefined: selective labels")
    # what is seen among the approved needs no denied ones
    value, (unknown,) = warned(metrics.precision, outcome, [1] * 20 + [0] * 20)
    assert value == 1.0
    # and what needs no outcome says nothing of unknown ones
    assert warned(metrics.selection_rate, outcome, [1] * 20 + [0] * 20) == (0.5, [])


def test_selective_labels_of_one_group_are_named() -> None:
    """A comparison made of no rate names the group whose labels are selective."""
    outcome, approved = [1] * 45 + [None] * 45, [1] * 45 + [0] * 45
    value, (_, text) = warned(metrics.between_all_groups_theil_index, outcome, approved, **BY_THREE)
    assert math.isnan(value)
    assert text.startswith("[MET001] between_all_groups_theil_index is undefined: in group ('b',):")
    value, (_, text) = warned(
        metrics.between_group_theil_index, outcome, approved, reference="a", group="b", **BY_THREE
    )
    assert math.isnan(value)
    assert "in group ('b',): selective labels" in text
    # numbers of rows need neither, so labels do not matter
    value, texts = warned(
        metrics.class_imbalance, outcome, approved, reference="a", group="b", **BY_THREE
    )
    assert (value, texts) == (0.0, [])


def test_a_comparison_of_no_rates_gives_its_own_reason() -> None:
    """Nobody has any benefit: the entry's reason, not a division's."""
    value, (text,) = warned(
        metrics.between_group_theil_index, [1] * 80, [0] * 80, reference="m", **BY_SEX
    )
    assert math.isnan(value)
    assert text.endswith("nobody has any benefit")
    value, (text,) = warned(metrics.between_all_groups_theil_index, [1] * 80, [0] * 80, **BY_SEX)
    assert math.isnan(value)
    assert text.endswith("nobody has any benefit")


@pytest.mark.parametrize(
    "name", ["demographic_parity_ratio", "between_all_groups_theil_index", "group_min"]
)
def test_one_group_is_named(name: str) -> None:
    """Comparing needs two groups; a smallest value of one group is no comparison either."""
    call = getattr(metrics, name)
    args = ([1, 0] * 20, [1, 0] * 20)
    if name == "group_min":
        args = ("accuracy", *args)  # type: ignore[assignment]
    value, (text,) = warned(call, *args, sensitive_features=["a"] * 40)
    assert math.isnan(value)
    assert text.endswith("is undefined: there is one group only, ('a',)")


def test_a_reference_alone_has_nobody_to_compare() -> None:
    """Every other group is missing, not zero."""
    value, (text,) = warned(
        metrics.disparate_impact_ratio,
        None,
        [1, 0] * 20,
        sensitive_features=["a"] * 40,
        reference="a",
    )
    assert math.isnan(value)
    assert text.endswith("there is one group only, ('a',)")


def test_a_ratio_to_nothing_names_the_reference() -> None:
    """Something over 0 is no ratio."""
    _, (text,) = warned(
        metrics.disparate_impact_ratio, None, [1] * 40 + [0] * 40, reference="m", **BY_SEX
    )
    assert text == (
        "[MET001] disparate_impact_ratio is undefined: it divides by zero for reference ('m',)"
    )
    _, (text,) = warned(metrics.demographic_parity_ratio, None, [0] * 90, **BY_THREE)
    assert text == (
        "[MET001] demographic_parity_ratio is undefined: "
        "selection_rate is 0 in every group, and 0 / 0 is no ratio"
    )


def test_three_groups_are_named_and_the_rest_counted() -> None:
    """A thousand small groups make one line: three names, the rest by number; thirty is enough."""
    sizes = {"a": 30, "b": 29, "c": 3, "d": 2, "e": 1}
    group = [g for g, n in sizes.items() for _ in range(n)]
    _, texts = warned(metrics.group_min, "selection_rate", None, [1] * 65, sensitive_features=group)
    assert texts == [
        "[MET004] 4 of 5 groups have fewer than 30 rows: ('b',) (29), ('c',) (3), ('d',) (2) "
        "and 1 more"
    ]
    three = [g for g in group if g not in "be"]
    _, texts = warned(
        metrics.group_min, "selection_rate", None, [1] * len(three), sensitive_features=three
    )
    assert texts == ["[MET004] 2 of 3 groups have fewer than 30 rows: ('c',) (3), ('d',) (2)"]
    three = [g for g in group if g != "e"]
    _, (text,) = warned(
        metrics.group_min, "selection_rate", None, [1] * len(three), sensitive_features=three
    )
    assert text.endswith("('b',) (29), ('c',) (3), ('d',) (2)")
    assert warned(metrics.selection_rate, None, [1, 0]) == (0.5, [])  # everyone is no small group


@pytest.mark.parametrize(("letters", "cut"), [(75, False), (76, True)])
def test_long_names_are_cut_at_80_characters(letters: int, cut: bool) -> None:
    """('xxx…',) of 80 characters stands, of 81 it is cut to 80 with three dots."""
    long = "x" * letters
    group = [long] * 40 + ["b"] * 40
    _, (text,) = warned(
        metrics.by_group, "precision", [1] * 80, [0] * 40 + [1] * 40, sensitive_features=group
    )
    shown = f"('{long}"[:77] + "..." if cut else f"('{long}',)"
    assert f"for group {shown} (nobody" in text
    assert len(shown) == 80


def test_a_warning_points_at_the_line_that_asked() -> None:
    """Not into the package: the reader's own file is named."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        metrics.true_positive_rate([0] * 40, [1, 0] * 20)
        metrics.demographic_parity_difference(
            None, [1] * 43, sensitive_features=["a"] * 40 + ["b"] * 3
        )
    assert [w.category for w in caught] == [UndefinedMetricWarning, DataWarning]
    assert all(w.filename == __file__ for w in caught)


def test_groups_must_be_given() -> None:
    """Every comparison asks for them by name, with the same code."""
    args: dict[str, Any] = {"sensitive_features": None}
    y = [1, 0] * 20
    for call in (
        lambda: metrics.by_group("accuracy", y, y, **args),
        lambda: metrics.group_max("accuracy", y, y, **args),
        lambda: metrics.differential_fairness(None, y, **args),
        lambda: metrics.information_independence(None, y, **args),
        lambda: metrics.statistical_parity_difference(None, y, reference="a", **args),
        lambda: metrics.demographic_parity_ratio(None, y, **args),
    ):
        with pytest.raises(InputError, match=r"^\[MET006\] sensitive_features: was not given"):
            call()
    for name in ("by_group", "group_min", "group_max"):
        for key in ("auc", "accuracy_difference"):
            with pytest.raises(InputError, match=rf"^\[MET010\] metric: {key} is no rate"):
                getattr(metrics, name)(key, y, y, sensitive_features=["a", "b"] * 20)


def test_a_group_is_found_by_its_level_or_its_tuple() -> None:
    """A near miss is spelt out, as a tuple where groups are tuples; else the groups are listed."""
    y = [1, 0] * 45

    def asked(reference: Any, features: Any = THREE) -> str:
        call = metrics.statistical_parity_difference
        with pytest.raises(InputError) as caught:
            warned(call, None, y, sensitive_features=features, reference=reference)
        return str(caught.value)

    assert asked("A") == "[MET009] reference: no group 'A' — did you mean 'a'?"
    assert asked("z") == "[MET009] reference: no group 'z' — groups are ('a',), ('b',), ('c',)"
    assert asked(("a", "b")).startswith("[MET009] reference: no group ('a', 'b')")
    both = {"sex": THREE, "old": [True, False] * 45}
    assert asked(("A", True), both).endswith("did you mean ('a', True)?")
    assert "groups are ('a', False), ('a', True), ('b', False) and 3 more" in asked("a", both)
    with pytest.raises(InputError, match=r"^\[MET008\] group: 'b' is the reference too"):
        metrics.statistical_parity_difference(None, y, reference="b", group="b", **BY_THREE)
    found = metrics.statistical_parity_difference(
        None, [1] * 30 + [0] * 30 + [1] * 30, reference=["a"], group=("b",), **BY_THREE
    )
    assert found == -1.0


def test_a_name_of_several_is_refused_with_all_of_them() -> None:
    """Which peer's is meant has to be said; a name of the field wins over one peer's."""
    with pytest.raises(InputError) as caught:
        get("fnr parity")
    assert str(caught.value).startswith(
        "[MET003] metric: 'fnr parity' may mean 'false_negative_rate_difference' or "
        "'false_negative_rate_ratio'"
    )
    assert get("recall").key == "true_positive_rate"
    assert get(" Selection-Rate ").key == "selection_rate"
    assert get("SELECTION_RATE").key == "selection_rate"
    with pytest.raises(InputError, match=r"^\[MET002\] metric: 3 is not a metric's name"):
        get(3)  # type: ignore[arg-type]


def test_a_misspelt_name_is_answered_by_at_most_three() -> None:
    """One suggestion a metric, by its key where the key is near."""
    with pytest.raises(InputError) as caught:
        get("true_positive_rat")
    text = str(caught.value)
    assert text.startswith("[MET002] metric: no metric 'true_positive_rat' — did you mean ")
    assert "'true_positive_rate'" in text
    assert text.count("'") == 2 * 4
    with pytest.raises(InputError, match="see `audit metrics`"):
        get("qqqqqqqqqqqqqq")


def test_search_reads_key_title_meaning_and_aliases() -> None:
    """All the words, in any of them, whatever the case."""
    assert "selection_rate" in [m.key for m in search("APPROVAL rate")]
    assert next(m.key for m in search("pprev")) == "selection_rate"
    assert search("qqqq") == ()
    assert len(search("")) == len(CATALOGUE)


def test_what_stands_beside_the_primary_metric() -> None:
    """Approval rates always; conditional gaps, error rates and scores where they make sense."""
    plain = metrics.choose(outcomes_known=False)
    assert plain.primary == "disparate_impact_ratio"
    assert plain.secondary == (
        "statistical_parity_difference",
        "base_rate_difference",
        "predictive_parity_difference",
    )
    assert len(plain.reasons) == 2
    inside = metrics.choose(outcomes_known=False, conditioning=True)
    assert inside.primary == "conditional_statistical_parity_difference"
    assert inside.secondary == (
        "disparate_impact_ratio",
        "statistical_parity_difference",
        "conditional_demographic_disparity",
        "base_rate_difference",
        "predictive_parity_difference",
    )
    known = metrics.choose(outcomes_known=True)
    assert known.secondary == (
        "statistical_parity_difference",
        "true_positive_rate_difference",
        "predictive_equality_difference",
        "predictive_parity_difference",
    )
    assert len(known.reasons) == 2
    errors = metrics.choose(outcomes_known=True, errors="both", scores=True)
    assert errors.secondary == (
        "disparate_impact_ratio",
        "statistical_parity_difference",
        "true_positive_rate_difference",
        "predictive_equality_difference",
        "predictive_parity_difference",
        "treatment_equality_difference",
        "standardized_mean_difference",
        "score_wasserstein_distance",
        "auc_difference",
        "expected_calibration_error_difference",
        "calibration_in_the_large_difference",
    )
    unknown = metrics.choose(outcomes_known=False, scores=True).secondary
    assert unknown[-2:] == ("standardized_mean_difference", "score_wasserstein_distance")
    with pytest.raises(InputError, match=r"^\[MET031\] errors: 'x' is not known"):
        metrics.choose(outcomes_known=True, errors="x")
    with pytest.raises(InputError, match=r"^\[MET031\] rule: 'x' is not known"):
        metrics.choose(outcomes_known=True, rule="x")


def test_what_is_impossible_in_numbers() -> None:
    """A perfect lender's ratio is that of the base rates; .8 itself is inside the line."""
    beyond = metrics.impossible({"a": 0.5, "b": 0.25})
    assert beyond[0].startswith("Base rates differ: 50.0 % of a and 25.0 % of b")
    assert "a ratio of 0.500, beyond the four-fifths line" in beyond[1]
    assert "must be 3.00 times that of b" in beyond[3]
    assert len(beyond) == 5
    assert (
        "a ratio of 0.800, inside the four-fifths line"
        in metrics.impossible({"a": 0.5, "b": 0.4})[1]
    )
    for edge in ({"a": 0.5, "b": 0.0}, {"a": 1.0, "b": 0.5}):
        assert "all outcomes are alike" in metrics.impossible(edge)[3]
    assert metrics.impossible({"a": 0.5, "b": 0.4951}) == ()
    assert len(metrics.impossible({"a": 0.5, "b": 0.4949})) == 5
    with pytest.raises(InputError, match=r"^\[MET032\] base_rates: fewer than two groups"):
        metrics.impossible({"a": 0.5})
    with pytest.raises(InputError, match=r"^\[MET032\] base_rates: -0.1 of group 'b'"):
        metrics.impossible({"a": 0.5, "b": -0.1})
    assert metrics.impossible({"a": 0, "b": 1})  # the ends are shares
