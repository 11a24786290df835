"""Each law of the conformance suite, by an entry that keeps all others and breaks this one."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from audit.errors import InputError
from audit.metrics import check, contrasts
from audit.metrics.catalogue import CATALOGUE
from audit.metrics.check import check_metric
from audit.metrics.metric import Metric, Rate, Share

NAN = math.nan
TPR, GAP = CATALOGUE["true_positive_rate"], CATALOGUE["true_positive_rate_difference"]
AUC, KS = CATALOGUE["auc"], CATALOGUE["score_ks_distance"]
PAIR, GROUPS = CATALOGUE["class_imbalance"], CATALOGUE["differential_fairness"]
SPREAD, BEST = CATALOGUE["selection_rate_spread"], CATALOGUE["auc_group_min"]


def said(entry: Any) -> str:
    """The fault that is told, without code and name."""
    with pytest.raises(InputError) as caught:
        check_metric(entry)
    assert caught.value.code == "MET020"
    assert caught.value.argument == entry.key
    return caught.value.message


def cells(function: Callable[[Any], Any]) -> Metric:
    rate = Rate(key="odd", form="cells", of_cells=function, undefined="why")
    return replace(TPR, rates=(rate,))


def share(function: Callable[[Any], Share], of: Metric = TPR) -> Metric:
    return replace(of, rates=(replace(of.rates[0], shares=(function,)),))


def score(function: Any) -> Metric:
    return replace(AUC, rates=(replace(AUC.rates[0], of_scores=function),))


def known(t: Any, value: Any) -> Any:
    """The value where somebody is good, nan elsewhere."""
    return np.where(t.good > 0, value, NAN)


def anybody(t: Any, value: Any) -> Any:
    """The value where there is anybody, over the groups of a table."""
    return np.where(t.everyone.sum(axis=-1) > 0, value, NAN)


def exact(t: Any) -> bool:
    """Whether counts are fractions."""
    return bool(t.cells.dtype == object)


def mean(d: Any) -> float:
    return d.sum / d.total if d.total else NAN


def having(of: Any, **fields: Any) -> Any:
    """`replace`, whatever the types."""
    return replace(of, **fields)


OF_FIELDS = {
    "title is empty": having(TPR, title=""),
    "source is empty": having(TPR, source="  "),
    "meaning is empty": having(TPR, meaning=""),
    "formula is empty": having(TPR, formula="\t"),
    "unknown contrast 'gap'": having(GAP, contrast="gap"),
    "worse is 'lower', 'higher' or 'away', not 'down'": having(TPR, worse="down"),
    "unknown needs ['fortune', 'luck']": having(TPR, needs=frozenset({"luck", "fortune"})),
    "the ideal of a ratio is 1.0, not 0.0": having(
        CATALOGUE["disparate_impact_ratio"], ideal=0.0
    ),
    "the ideal of a worst_difference is 0.0, not 1.0": having(
        CATALOGUE["equalized_odds_difference"], ideal=1.0
    ),
    "the ideal of a worst_ratio is 1.0, not 0.0": having(
        CATALOGUE["equalized_odds_ratio"], ideal=0.0
    ),
    "the ideal of a smd is 0.0, not 1": having(
        CATALOGUE["standardized_mean_difference"], ideal=1
    ),
    "the ideal of a spread is 0.0, not nan": having(SPREAD, ideal=NAN),
    "the ideal of a difference is 0.0, not nan": having(GAP, ideal=NAN),
    "contrast 'pair' needs of_pair": having(PAIR, of_pair=None),
    "contrast 'groups' needs of_groups": having(GROUPS, of_groups=None),
    "no rate": having(TPR, rates=()),
    "it gives no reason for having no value": having(PAIR, undefined=" "),
    "an alias says whose it is, 'peer:name', not 'recall'": having(TPR, aliases=("a:b", "recall")),
    "an alias says whose it is, 'peer:name', not 'a: b'": having(TPR, aliases=("a: b",)),
    "of_pair cannot be a int": having(PAIR, of_pair=3),
    "of_groups cannot be a str": having(GROUPS, of_groups="max"),
    "ideal cannot be a bool": having(TPR, ideal=True),
    "ideal cannot be a str": having(TPR, ideal="1"),
    "contrast cannot be a int": having(TPR, contrast=1),
    "aliases cannot be a list": having(TPR, aliases=["a:b"]),
    "undefined cannot be a NoneType": having(TPR, undefined=None),
    "a rate's form and undefined are texts": having(
        TPR, rates=(having(TPR.rates[0], form=1),)
    ),
    "unknown form 'magic'": having(TPR, rates=(having(TPR.rates[0], form="magic"),)),
    "true_positive_rate gives no reason for having no value": having(
        TPR, rates=(having(TPR.rates[0], undefined=""),)
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", OF_FIELDS)
def test_a_field_is_named_with_what_stands_in_it(fault: str) -> None:
    assert said(OF_FIELDS[fault]) == fault


def test_a_rate_of_two_texts_is_held_to_both() -> None:
    rate = replace(TPR.rates[0], undefined=None)  # type: ignore[arg-type]
    assert said(replace(TPR, rates=(rate,))) == "a rate's form and undefined are texts"


def test_a_key_is_named_as_it_stands() -> None:
    """Where it is no text at all, the entry is just an entry."""
    for key in ("Rate", "1st", "a-b", "a\n", ""):
        with pytest.raises(InputError, match="MET020") as caught:
            check_metric(replace(TPR, key=key))
        assert caught.value.message == f"a key is lower case with underscores, not {key!r}"
    with pytest.raises(InputError) as caught:
        check_metric(replace(TPR, key=3))  # type: ignore[arg-type]
    assert (caught.value.argument, caught.value.message) == ("entry", "key cannot be a int")


OF_RATES = {
    "odd has a value where there are no rows": cells(lambda t: np.zeros(t.good.shape)),
    "odd gives [nan nan] for two groups": cells(lambda t: np.full(t.good.shape, NAN)),
    "odd gives [nan  1.] for two groups": cells(
        lambda t: np.where(t.good == t.good.max(), known(t, 1.0), NAN)
        if len(t.good) < 2 or t.good[0] != t.good[1]
        else np.array([NAN, 1.0])
    ),
    "odd changes when every row is tripled": cells(lambda t: known(t, t.good)),
    "odd changes with the scale of the weights": cells(
        lambda t: known(t, np.where(t.everyone < 1, 0.25, 0.5))
    ),
    "odd depends on the order of groups": cells(
        lambda t: known(t, np.arange(t.good.size) / 8)
    ),
    "odd changes when an empty group is added": cells(lambda t: known(t, len(t.good) / 8)),
    "true_positive_rate leaves [0, 1]: [1.28571429 1.8       ]": share(
        lambda t: Share(t.good, t.approved_good)
    ),
    "true_positive_rate has a part outside 0 .. whole": share(
        lambda t: Share(t.good + exact(t), t.good)
    ),
    "true_positive_rate does not add up when two groups are merged": share(
        lambda t: Share(t.approved_good * t.bad, t.good * t.everyone)
    ),
    "true_positive_rate is [0.77777778 0.55555556], in exact fractions "
    "[Fraction(2, 9) Fraction(4, 9)]": share(
        lambda t: Share(t.denied_good if exact(t) else t.approved_good, t.good)
    ),
    # 2·7/(7 + 12) and 2·5/(5 + 10); in fractions of denials 2·2/(2 + 12) and 2·4/(4 + 10)
    "f1 is [0.73684211 0.66666667], in exact fractions [Fraction(2, 7) Fraction(4, 7)]": share(
        lambda t: Share(
            t.denied_good if exact(t) else t.approved_good,
            t.approved_good + t.approved_bad + t.denied_good,
        ),
        CATALOGUE["f1"],
    ),
    # 2/(5 - 2) and 4/(5 - 4); in fractions 3/(5 - 3) and 1/(5 - 1)
    "treatment_ratio is [0.66666667 4.        ], in exact fractions "
    "[Fraction(3, 2) Fraction(1, 4)]": share(
        lambda t: Share(
            t.approved_bad if exact(t) else t.denied_good, t.denied_good + t.approved_bad
        ),
        CATALOGUE["treatment_ratio"],
    ),
    "it changes without decisions, but does not say that it needs them": replace(
        TPR, needs=frozenset({"outcome"})
    ),
    "it changes without outcomes, but does not say that it needs them": replace(
        TPR, needs=frozenset({"decision"})
    ),
}  # fmt: skip


# the first table's rows by decision: 12, 8 and 3 of 23, and 6, 15 and 3 of 24
OF_RATES |= {
    # 7 - 2 of 9 is inside, 5 - 6·1 of 9 is not
    "true_positive_rate leaves [0, 1]: [ 0.55555556 -0.11111111]": share(
        lambda t: Share(np.where(t.good == t.approved_good + 4, -1, 5) + 0 * t.good, t.good)
    ),
    # 9 of 12 is inside, 9 of 5 is not: 7 + 2 + 3 and 5
    "true_positive_rate leaves [0, 1]: [0.75 1.8 ]": share(
        lambda t: Share(
            t.good, np.where(t.approved_good == 7, 12, t.approved_good) + 0 * t.good
        )
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "part",
    [
        lambda t: np.where(t.approved_good > 2 * t.denied_good, t.good, 2 * t.good),
        lambda t: np.where(t.approved_good > 2 * t.denied_good, t.good, -t.good),
    ],
    ids=["above", "below"],
)
def test_a_part_outside_its_whole_in_one_group_is_enough(part: Any) -> None:
    """Of a blend, which may itself lie anywhere."""
    entry = CATALOGUE["balanced_accuracy"]
    shares = (lambda t: Share(part(t), t.good), entry.rates[0].shares[1])
    fault = said(replace(entry, rates=(replace(entry.rates[0], shares=shares),)))
    assert fault == "balanced_accuracy has a part outside 0 .. whole"


def test_parts_that_do_not_add_up_are_enough() -> None:
    """The wholes do: |7 - 5| and |5 - 9| are 6, of both groups |12 - 14| is 2."""
    odd = share(lambda t: Share(np.abs(t.approved_good - t.denied_bad), t.good))
    assert said(odd) == "true_positive_rate does not add up when two groups are merged"


@pytest.mark.parametrize(
    ("key", "needs", "hidden"),
    [
        ("statistical_parity_difference", set(), "decision"),
        ("disparate_impact_ratio", set(), "decision"),
        ("base_rate_difference", set(), "outcome"),
        ("true_positive_rate_ratio", {"outcome"}, "decision"),
        ("true_positive_rate_ratio", {"decision"}, "outcome"),
        ("demographic_parity_difference", set(), "decision"),
        ("equalized_odds_ratio", {"decision"}, "outcome"),
        ("conditional_demographic_disparity", set(), "decision"),
        ("conditional_outcome_disparity", set(), "outcome"),
        ("share_of_approvals", set(), "decision"),
        ("outcome_disparity", set(), "outcome"),
        ("selection_rate_group_min", set(), "decision"),
        ("base_rate_group_max", set(), "outcome"),
        ("selection_rate_spread", set(), "decision"),
        ("base_rate_spread", set(), "outcome"),
        ("approvals_ratio", set(), "decision"),
        ("base_rate_js_divergence", set(), "outcome"),
    ],
)
def test_what_a_contrast_reads_it_says(key: str, needs: set[str], hidden: str) -> None:
    """Whatever its kind: with everyone undecided, or no outcome known, it would be another."""
    fault = said(replace(CATALOGUE[key], needs=frozenset(needs)))
    assert fault == f"it changes without {hidden}s, but does not say that it needs them"


@pytest.mark.parametrize("fault", OF_RATES)
def test_a_rate_that_breaks_one_law_is_told_which(fault: str) -> None:
    assert said(OF_RATES[fault]) == fault


def test_a_blend_is_weighed_in_fractions_too() -> None:
    """(7/9 + 5/8)/2 and (5/9 + 9/10)/2, of approvals and denials; 2/9 and 4/9 in their place."""
    entry = CATALOGUE["balanced_accuracy"]
    good, bad = entry.rates[0].shares
    odd = (lambda t: Share(t.denied_good, t.good) if exact(t) else good(t), bad)
    fault = said(replace(entry, rates=(replace(entry.rates[0], shares=odd),)))
    assert fault == (
        "balanced_accuracy is [0.70138889 0.72777778], in exact fractions "
        "[Fraction(61, 144) Fraction(121, 180)]"
    )


OF_SCORES = {
    "auc has form 'score' but no of_scores": score(None),
    "auc has no value for scores that have one": score(lambda d: NAN),
    "auc changes with the scale of the weights": score(lambda d: d.total if d.total else NAN),
    "auc has a value where there are no rows": score(lambda d: 0.5),
    "auc changes when a value that no row has is added": score(
        lambda d: len(d.values) / 8 if d.total else NAN
    ),
    # rows 5, 4, 6, 5, 8 at 1/8, 2/8, 4/8, 5/8, 7/8: a mean of 118/8/28
    "auc of a risk is 0.4732142857142857, of the score 1 − risk 0.5267857142857143": score(mean),
    "it reads a score but does not say that it needs one": replace(
        AUC, needs=frozenset({"outcome"})
    ),
    "it has no value for two groups that have one": replace(KS, of_score_pair=lambda a, b: NAN),
    "equal groups give 1.0, not 0.0": replace(KS, of_score_pair=lambda a, b: 1.0),
}


@pytest.mark.parametrize("fault", OF_SCORES)
def test_a_measure_of_scores_is_told_which_law_it_breaks(fault: str) -> None:
    assert said(OF_SCORES[fault]) == fault


def test_a_measure_without_outcomes_may_depend_on_the_direction() -> None:
    """A mean of risks is not a mean of scores, and nobody says that it is."""
    check_metric(CATALOGUE["mean_score"])
    plain = score(mean)
    check_metric(replace(plain, needs=frozenset({"score"})))


def test_a_distance_of_scores_is_the_same_from_both_sides() -> None:
    """The signed gap of means is refused: 14.75/28 less 15.8/31, and the other way round."""
    fault = said(replace(KS, of_score_pair=lambda a, b: mean(a) - mean(b)))
    swapped, gap = (float(n) for n in re.findall(r"-?\d+\.\d+", fault))
    assert fault.startswith("exchanging group and reference gives ")
    assert gap == pytest.approx(14.75 / 28 - 15.8 / 31, abs=1e-12)
    assert swapped == -gap


def groups(function: Callable[[Any], Any]) -> Metric:
    return replace(GROUPS, of_groups=function)


OF_GROUPS = {
    "it has no value for two groups that have one": groups(
        lambda t: np.full(t.everyone.shape[:-1], NAN)
    ),
    "it has a value where there are no rows": groups(lambda t: np.zeros(t.everyone.shape[:-1])),
    "it changes when every row is repeated five times": groups(
        lambda t: anybody(t, t.approved.sum(axis=-1))
    ),
    "it changes with the scale of the weights": groups(
        lambda t: anybody(t, np.where(t.everyone.sum(axis=-1) < 1, 0.5, 0.0))
    ),
    "it depends on the order of groups": groups(
        lambda t: anybody(t, np.where(t.everyone[..., 0] > t.everyone[..., 1], 1.0, 0.0))
    ),
    "it changes when an empty group is added": groups(
        lambda t: anybody(t, t.everyone.shape[-1] / 2 - 1)
    ),
    "it does not keep leading axes": groups(
        lambda t: anybody(t, 0.0) + (t.everyone.ndim - 1) * 1.0
    ),
    "equal groups give 0.25, not 0.0": groups(lambda t: anybody(t, 0.25)),
}


@pytest.mark.parametrize("fault", OF_GROUPS)
def test_a_measure_of_all_groups_is_told_which_law_it_breaks(fault: str) -> None:
    assert said(OF_GROUPS[fault]) == fault


def spread(x: Any, n: Any, grown: Any) -> Any:
    """`grown` where rates differ, nan where they are equal or nobody is there."""
    with np.errstate(invalid="ignore"):
        rates = np.where(n > 0, x / n, NAN)
    differ = np.nanmax(rates, axis=-1, initial=-1) - np.nanmin(rates, axis=-1, initial=2) > 1e-9
    return np.where(differ, grown, NAN)


OF_SPREAD: dict[str, Callable[[Any, Any], Any]] = {
    "it has no value for two groups that differ beyond noise": lambda x, n: np.full(
        n.shape[:-1], NAN
    ),
    "it has a value where there are no rows": lambda x, n: np.where(
        n.sum(axis=-1) > 0, n.sum(axis=-1), 0.0
    ),
    "it does not grow as sampling noise shrinks": lambda x, n: spread(x, n, 0.5),
    "it depends on the order of groups": lambda x, n: spread(x, n, n[..., 0] + n.sum(axis=-1)),
    "it changes when an empty group is added": lambda x, n: spread(
        x, n, n.sum(axis=-1) * n.shape[-1]
    ),
    "it does not keep leading axes": lambda x, n: spread(x, n, n.sum(axis=-1) * n.ndim),
    "equal groups give 5.0, though nothing is left beyond noise": lambda x, n: np.where(
        (n.sum(axis=-1) > 0) & np.isnan(spread(x, n, n.sum(axis=-1))),
        5.0,
        spread(x, n, n.sum(axis=-1)),
    ),
}


@pytest.mark.parametrize("fault", OF_SPREAD)
def test_a_spread_is_told_which_law_it_breaks(fault: str) -> None:
    assert said(replace(SPREAD, of_spread=OF_SPREAD[fault])) == fault


def score_groups(function: Callable[[Any], float]) -> Metric:
    return replace(BEST, of_score_groups=function)


OF_SCORE_GROUPS = {
    "it has no value for two groups that have one": score_groups(lambda ds: NAN),
    "it depends on the order of groups": score_groups(lambda ds: ds[0].sum if ds else NAN),
    "it has a value where there are no groups": score_groups(lambda ds: 0.5),
    "it changes with the scale of the weights": score_groups(
        lambda ds: max(d.total for d in ds) if ds else NAN
    ),
}


@pytest.mark.parametrize("fault", OF_SCORE_GROUPS)
def test_a_measure_of_all_groups_scores_is_told_which_law_it_breaks(fault: str) -> None:
    assert said(OF_SCORE_GROUPS[fault]) == fault


OF_PAIRS: dict[str, Callable[[Any, Any], Any]] = {
    "it has no value for two groups that have one": lambda g, r: NAN * g.everyone,
    "it has a value where there are no rows": lambda g, r: g.everyone * 0.0,
    "it changes when every row is repeated five times": lambda g, r: np.where(
        g.everyone > 0, g.everyone - r.everyone, NAN
    ),
    "equal groups give 0.25, not 0.0": lambda g, r: np.where(g.everyone > 0, 0.25, NAN),
}


@pytest.mark.parametrize("fault", OF_PAIRS)
def test_a_contrast_is_told_which_law_it_breaks(fault: str) -> None:
    assert said(replace(PAIR, of_pair=OF_PAIRS[fault])) == fault


@pytest.mark.parametrize(
    ("key", "broken", "fault"),
    [
        # the first table: true positive rates of 7/9 and 5/9, a gap of 2/9 and a ratio of 7/5
        ("true_positive_rate_difference", abs, "gives 0.2222222222222222, not -0.22222222222222"),
        ("true_positive_rate_ratio", lambda v: max(v, 1 / v), "gives 1.4, not 1 / 1.4"),
    ],
)
def test_a_gap_turned_round_has_the_other_sign_and_a_ratio_is_inverted(
    key: str, broken: Any, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contrasts.compare
    monkeypatch.setattr(check, "compare", lambda *given: broken(float(before(*given))))
    assert fault in said(CATALOGUE[key])


@pytest.mark.parametrize(
    ("key", "broken", "fault"),
    [
        ("equalized_odds_difference", lambda v, a: -v, "never below 0: -0.275"),
        ("equalized_odds_ratio", lambda v, a: 1 / v, "never above 1: 3.75"),
        ("equalized_odds_difference", lambda v, a: a[0][0], "it depends on the order of groups"),
        ("equalized_odds_difference", lambda v, a: v + 0.25, "equal groups give 0.25, not 0.0"),
        ("equalized_odds_ratio", lambda v, a: v / 2, "equal groups give 0.5, not 1.0"),
        (
            "equalized_odds_difference",
            lambda v, a: 0.0 if len(a[0]) == 1 else v,
            "one group alone has a value",
        ),
    ],
)
def test_a_worst_case_is_told_which_law_it_breaks(
    key: str, broken: Any, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """False positive rates of 3/8 and 1/10, true ones of 7/9 and 5/9: a gap of 11/40, or .275."""
    before = contrasts.worst
    monkeypatch.setattr(check, "worst", lambda e, v: broken(float(before(e, v)), v))
    assert fault in said(CATALOGUE[key])


@pytest.mark.parametrize(
    ("key", "broken", "fault"),
    [
        ("auc_difference", abs, "exchanging group and reference gives"),
        ("auc_ratio", lambda v: max(v, 1 / v), "exchanging group and reference gives"),
        ("standardized_mean_difference", abs, "exchanging group and reference gives"),
        ("auc_difference", lambda v: NAN, "it has no value for two groups that have one"),
        ("auc_difference", lambda v: v + 0.5, "equal groups give 0.5, not 0.0"),
    ],
)
def test_a_contrast_of_scores_is_told_which_law_it_breaks(
    key: str, broken: Any, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contrasts.compare_scores
    monkeypatch.setattr(check, "compare_scores", lambda *given: broken(float(before(*given))))
    found = said(CATALOGUE[key])
    assert found.startswith(fault)
    if broken is abs:  # "gives 0.1, not -0.1"
        swapped, wanted = (float(n) for n in re.findall(r"-?\d+\.\d+", found))
        assert swapped == -wanted > 0


@pytest.mark.parametrize("key", ["auc_worst_difference", "auc_worst_ratio"])
def test_a_worst_case_of_scores_needs_a_value(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def nothing(_: Metric, values: Any) -> float:
        seen.append(values)
        return NAN

    monkeypatch.setattr(check, "worst", nothing)
    assert said(CATALOGUE[key]) == "it has no value for two groups that have one"
    assert [len(v) for v in seen[0]] == [2]
    assert seen[0][0][0] != seen[0][0][1]
