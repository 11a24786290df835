"""Drop-in functions: the peers' numbers where those are right, nan with a warning where not."""

from __future__ import annotations

import inspect
import math
import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_cases import COMPLETE, aif360_metric, quiet, rows

from audit import metrics
from audit.errors import DataWarning, InputError, UndefinedMetricWarning
from audit.metrics import functions

FAIRLEARN = (
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equal_opportunity_difference",
    "equal_opportunity_ratio",
    "equalized_odds_difference",
    "equalized_odds_ratio",
)
AIF360 = {
    "statistical_parity_difference": "statistical_parity_difference",
    "disparate_impact_ratio": "disparate_impact",
    "true_positive_rate_difference": "true_positive_rate_difference",
    "predictive_equality_difference": "false_positive_rate_difference",
    "predictive_equality_ratio": "false_positive_rate_ratio",
    "false_negative_rate_difference": "false_negative_rate_difference",
    "average_odds_difference": "average_odds_difference",
    "average_absolute_odds_difference": "average_abs_odds_difference",
    "average_predictive_value_difference": "average_predictive_value_difference",
    "error_rate_difference": "error_rate_difference",
}

# Every cell at least 1, so that all are defined, for peers too.
full_tables = st.lists(
    st.lists(st.integers(1, 9), min_size=4, max_size=4), min_size=2, max_size=4
).map(lambda t: np.array(t).reshape(-1, 2, 2))


def silently(call: Any, *args: Any, **kwargs: Any) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(call(*args, **kwargs))


def table(cells: np.ndarray, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    frame = rows(cells).sample(frac=1, random_state=seed).reset_index(drop=True)
    return frame, np.random.default_rng(seed).integers(1, 9, len(frame)) / 4


@pytest.mark.parametrize("method", ["between_groups", "to_overall"])
@pytest.mark.parametrize("weighted", [False, True])
@settings(max_examples=5, deadline=None)
@given(cells=full_tables)
def test_same_numbers_as_fairlearn(cells: np.ndarray, method: str, weighted: bool) -> None:
    """All six functions, both methods, with and without weights, equal fairlearn's to 1e-12."""
    import fairlearn.metrics as theirs

    frame, weight = table(cells)
    args: dict[str, Any] = {"sensitive_features": frame["group"], "method": method}
    if weighted:
        args["sample_weight"] = weight
    for name in FAIRLEARN:
        for agg in ({}, {"agg": "mean"}) if "odds" in name else ({},):
            with quiet():
                wanted = getattr(theirs, name)(frame["outcome"], frame["decision"], **args, **agg)
            found = silently(
                getattr(metrics, name), frame["outcome"], frame["decision"], **args, **agg
            )
            assert found == pytest.approx(wanted, rel=1e-12, abs=1e-12), name


@pytest.mark.parametrize("weighted", [False, True])
@settings(max_examples=10, deadline=None)
@given(cells=full_tables.map(lambda t: t[:2]))
def test_same_numbers_as_aif360(cells: np.ndarray, weighted: bool) -> None:
    """Signed metrics equal AIF360's (unprivileged − privileged) to 1e-12."""
    frame, weight = table(cells)
    theirs = aif360_metric(frame, weight if weighted else None)
    for name, other in AIF360.items():
        found = silently(
            getattr(metrics, name),
            frame["outcome"],
            frame["decision"],
            sensitive_features=frame["group"],
            reference="a",
            sample_weight=weight if weighted else None,
        )
        assert found == pytest.approx(getattr(theirs, other)(), rel=1e-12, abs=1e-12), name


def test_group_none_pools_all_others_as_aif360() -> None:
    """With several groups, `group=None` is everyone but the reference."""
    cells = 2 * np.concatenate([COMPLETE, COMPLETE[:, ::-1]])[:, :2, :2]
    frame = rows(cells)
    pooled = frame.assign(group=np.where(frame["group"] == "a", "a", "b"))
    with quiet():
        wanted = aif360_metric(pooled).disparate_impact()
    found = metrics.disparate_impact_ratio(
        None, frame["decision"], sensitive_features=frame["group"], reference="a"
    )
    assert found == pytest.approx(wanted, rel=1e-12)
    one = metrics.disparate_impact_ratio(
        None, frame["decision"], sensitive_features=frame["group"], reference="a", group="b"
    )
    assert one == pytest.approx((13 / 36) / (27 / 44), rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    data=st.lists(
        st.tuples(st.booleans(), st.booleans(), st.sampled_from("abc"), st.integers(0, 4)),
        min_size=1,
        max_size=40,
    )
)
def test_exact_or_nan_with_a_warning(data: list[tuple[bool, bool, str, int]]) -> None:
    """Against exact fractions: the number, or nan and a warning exactly where there is none."""
    y_true, y_pred, group, weight = zip(*data, strict=True)
    if not any(weight):
        return
    levels = sorted(set(group))

    def rate(level: str, good_only: bool) -> Fraction | None:
        inside = [(p, w) for t, p, g, w in data if g == level and (t or not good_only)]
        whole = sum(w for _, w in inside)
        return Fraction(sum(w for p, w in inside if p), whole) if whole else None

    for name, good_only, as_ratio in (
        ("demographic_parity_difference", False, False),
        ("demographic_parity_ratio", False, True),
        ("equal_opportunity_difference", True, False),
        ("equal_opportunity_ratio", True, True),
    ):
        rates = [rate(level, good_only) for level in levels]
        wanted: Fraction | None = None
        if len(levels) > 1 and all(r is not None for r in rates):
            low, high = min(rates), max(rates)  # type: ignore[type-var]
            wanted = (low / high if high else None) if as_ratio else high - low  # type: ignore[operator]
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            found = getattr(metrics, name)(
                list(y_true), list(y_pred), sensitive_features=list(group), sample_weight=weight
            )
        undefined = [w for w in seen if issubclass(w.category, UndefinedMetricWarning)]
        if wanted is None:
            assert math.isnan(found)
            assert len(undefined) == 1
        else:
            assert found == pytest.approx(float(wanted), rel=1e-12, abs=1e-15)
            assert not undefined


def test_fairlearn_calls_a_perfect_classifier_unfair_where_nobody_is_good() -> None:
    """A group without positives gets TPR 0 from fairlearn, so a perfect classifier scores 1.

    There is no true positive rate of nobody: ours is nan and the warning names the group.
    """
    import fairlearn.metrics as theirs

    y, group = [1, 0] * 20 + [0] * 40, ["a"] * 40 + ["b"] * 40
    with quiet():
        assert theirs.equalized_odds_difference(y, y, sensitive_features=group) == 1.0
    with pytest.warns(UndefinedMetricWarning, match=r"\('b',\)") as seen:
        assert math.isnan(metrics.equalized_odds_difference(y, y, sensitive_features=group))
    assert len(seen) == 1
    assert seen[0].filename == __file__


def test_aif360_gives_an_undefined_precision_as_zero() -> None:
    """AIF360's PPV of a group in which nobody is approved is 0.0; ours is nan."""
    frame = rows(np.array([[[30, 10], [10, 10]], [[0, 0], [30, 10]]]))
    with quiet():
        assert aif360_metric(frame).positive_predictive_value(privileged=False) == 0.0
    with pytest.warns(UndefinedMetricWarning, match="nobody in the group was approved"):
        found = metrics.predictive_parity_difference(
            frame["outcome"],
            frame["decision"],
            sensitive_features=frame["group"],
            reference="a",
        )
    assert math.isnan(found)


def test_opposite_gaps_cancel_in_average_odds_only() -> None:
    """The average odds difference can be 0 while its absolute form is 1."""
    frame = rows(np.array([[[20, 20], [0, 0]], [[20, 0], [0, 20]]]))
    cancelled = rows(np.array([[[40, 0], [0, 40]], [[0, 40], [40, 0]]]))
    call = {"sensitive_features": cancelled["group"], "reference": "a"}
    args = (cancelled["outcome"], cancelled["decision"])
    assert metrics.average_odds_difference(*args, **call) == 0.0
    assert metrics.average_absolute_odds_difference(*args, **call) == 1.0
    assert (
        metrics.average_odds_difference(
            frame["outcome"],
            frame["decision"],
            sensitive_features=frame["group"],
            reference="a",
        )
        == -0.5
    )


def test_aequitas_compares_counts_of_approvals() -> None:
    """Its 'statistical parity' moves with the groups' sizes; the rate ratio does not."""
    approved = [1] * 50 + [0] * 50 + [1] * 20 + [0] * 20
    group = ["a"] * 100 + ["b"] * 40
    ratio = metrics.disparate_impact_ratio(None, approved, sensitive_features=group, reference="a")
    assert ratio == 1.0
    cells = np.zeros((2, 3, 3))
    cells[:, 0, 2], cells[:, 1, 2] = [50, 20], [50, 20]
    from audit.metrics.contrasts import compare

    assert float(compare(metrics.get("aequitas:ppr_disparity"), cells[1], cells[0])) == 0.4


def test_selective_labels_are_undefined() -> None:
    """Where only the approved have outcomes a TPR is 1 by construction, hence nan."""
    approved = [1] * 40 + [0] * 40
    outcome = [1] * 30 + [0] * 10 + [None] * 40
    group = ["a", "b"] * 40
    with pytest.warns(DataWarning) as seen:
        found = metrics.equal_opportunity_difference(outcome, approved, sensitive_features=group)
    assert math.isnan(found)
    assert any("selective labels" in str(w.message) for w in seen)
    with pytest.warns(DataWarning, match="40 of 80 outcomes are unknown"):
        found = metrics.predictive_parity_difference(
            outcome, approved, sensitive_features=group, reference="a"
        )
    assert found == 0.0


def test_one_group_is_undefined() -> None:
    """A difference between groups needs two."""
    with pytest.warns(UndefinedMetricWarning, match=r"one group only, \('a',\)"):
        assert math.isnan(
            metrics.demographic_parity_difference(None, [1, 0] * 20, sensitive_features=["a"] * 40)
        )


def test_nobody_approved_has_no_ratio() -> None:
    """0 / 0 is no ratio, 0 minus 0 is a difference, 0 over something is 0."""
    group = ["a", "b"] * 40
    call = {"sensitive_features": group}
    with pytest.warns(UndefinedMetricWarning, match="0 / 0"):
        assert math.isnan(metrics.demographic_parity_ratio(None, [0] * 80, **call))
    assert metrics.demographic_parity_difference(None, [0] * 80, **call) == 0.0
    assert metrics.demographic_parity_ratio(None, [1, 0] * 40, **call) == 0.0
    with pytest.warns(UndefinedMetricWarning, match="divides by zero"):
        metrics.disparate_impact_ratio(None, [1, 0] * 40, reference="b", **call)


def test_group_without_weight_is_undefined() -> None:
    """A group whose weights sum to zero has no rate."""
    with pytest.warns(UndefinedMetricWarning, match="weights sum to zero"):
        found = metrics.demographic_parity_difference(
            None,
            [1, 0] * 40,
            sensitive_features=["a", "b"] * 40,
            sample_weight=[1.0, 0.0] * 40,
        )
    assert math.isnan(found)


@pytest.mark.parametrize("scale", [1e12, 1e-300, 2.0**-1000, 1e290])
def test_scale_of_weights_does_not_matter(scale: float) -> None:
    """Sampling weights are relative."""
    weight = np.tile([1.0, 2.0, 3.0, 4.0], 20)
    args = (None, [1, 0, 0, 1] * 20)
    groups = ["a", "a", "b", "b"] * 20
    one = metrics.demographic_parity_difference(
        *args, sensitive_features=groups, sample_weight=weight
    )
    other = metrics.demographic_parity_difference(
        *args, sensitive_features=groups, sample_weight=weight * scale
    )
    assert other == pytest.approx(one, rel=1e-12)


def test_small_groups_are_remarked() -> None:
    """A number from a three-row group comes with a warning."""
    with pytest.warns(DataWarning, match=r"1 of 2 groups have fewer than 30 rows: \('b',\) \(3\)"):
        metrics.demographic_parity_difference(
            None, [1] * 43, sensitive_features=["a"] * 40 + ["b"] * 3
        )


def test_reference_must_be_a_group() -> None:
    """A misspelt reference is refused with what was meant; text is not a number."""
    args: dict[str, Any] = {"sensitive_features": ["Male", "female"] * 30}
    with pytest.raises(InputError, match="did you mean 'Male'"):
        metrics.disparate_impact_ratio(None, [1, 0] * 30, reference="male", **args)
    with pytest.raises(InputError, match="no group '1'"):
        metrics.disparate_impact_ratio(
            None, [1, 0] * 30, sensitive_features=[1, 2] * 30, reference="1"
        )
    with pytest.raises(InputError, match="is the reference too"):
        metrics.disparate_impact_ratio(None, [1, 0] * 30, reference="Male", group="Male", **args)


def test_intersections_are_tuples() -> None:
    """Several attributes make groups that are tuples of levels, in the columns' own types."""
    features = {"sex": ["f", "m"] * 60, "old": [True, True, False, False] * 30}
    found = metrics.by_group("selection_rate", None, [1, 0] * 60, sensitive_features=features)
    assert found == {("f", False): 1.0, ("f", True): 1.0, ("m", False): 0.0, ("m", True): 0.0}
    ratio = metrics.disparate_impact_ratio(
        None,
        [1, 1, 1, 0] * 30,
        sensitive_features=features,
        reference=("f", True),
        group=("m", False),
    )
    assert ratio == 0.0


def test_methods_and_aggregations_are_checked() -> None:
    """An unknown method or agg is refused."""
    args: dict[str, Any] = {"sensitive_features": ["a", "b"] * 30}
    with pytest.raises(InputError, match="MET007"):
        metrics.demographic_parity_difference(None, [1, 0] * 30, method="overall", **args)
    with pytest.raises(InputError, match="MET007"):
        metrics.equalized_odds_ratio([1, 0] * 30, [1, 0] * 30, agg="max", **args)


def test_what_a_metric_needs_must_be_given() -> None:
    """No outcomes, no decisions or no groups: refused by name."""
    with pytest.raises(InputError, match="y_true"):
        metrics.equal_opportunity_difference(None, [1, 0], sensitive_features=["a", "b"])
    with pytest.raises(InputError, match="y_pred"):
        metrics.demographic_parity_difference([1, 0], None, sensitive_features=["a", "b"])
    with pytest.raises(InputError, match="sensitive_features"):
        metrics.demographic_parity_difference([1, 0], [1, 0], sensitive_features=None)
    with pytest.raises(InputError, match="MET010"):
        metrics.by_group("auc", [1, 0], [1, 0], sensitive_features=["a", "b"])


@pytest.mark.parametrize("name", [n for n in dir(metrics) if n not in ("CATALOGUE", "STANDARD")])
def test_public_names_have_documentation(name: str) -> None:
    """Every public name is there, under its own name, with a docstring."""
    value = getattr(metrics, name)
    assert (value.__doc__ or "").strip()
    assert value.__name__ == name


def test_unknown_name_is_an_attribute_error() -> None:
    """The lazy package behaves like any other."""
    with pytest.raises(AttributeError, match="no_such"):
        metrics.no_such  # noqa: B018


def test_signatures_are_keyword_only_after_the_arrays() -> None:
    """As fairlearn's: two positional arrays, the rest by name."""
    signature = inspect.signature(functions.disparate_impact_ratio)
    kinds = [p.kind for p in signature.parameters.values()]
    assert kinds[:2] == [inspect.Parameter.POSITIONAL_OR_KEYWORD] * 2
    assert set(kinds[2:]) == {inspect.Parameter.KEYWORD_ONLY}
