"""Every catalogue entry passes the public suite, and the suite notices each broken law."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audit.errors import InputError
from audit.metrics.catalogue import CATALOGUE
from audit.metrics.check import check_metric
from audit.metrics.dependence import smoothed_differential_fairness
from audit.metrics.metric import Counts, Metric, Rate, Share


@pytest.mark.parametrize("key", CATALOGUE)
def test_entry_conforms(key: str) -> None:
    """General laws hold for every metric."""
    check_metric(CATALOGUE[key])


TPR = CATALOGUE["true_positive_rate"]
GAP = CATALOGUE["true_positive_rate_difference"]


def with_rate(**changes: object) -> Metric:
    return replace(TPR, rates=(replace(TPR.rates[0], **changes),))  # type: ignore[arg-type]


def cells_rate(function: object) -> Metric:
    rate = Rate(key="odd", form="cells", of_cells=function, undefined="why")  # type: ignore[arg-type]
    return replace(TPR, rates=(rate,))


BROKEN = {
    "lower case": replace(TPR, key="TPR"),
    "formula is empty": replace(TPR, formula=" "),
    "unknown contrast": replace(GAP, contrast="gap"),
    "worse is": replace(TPR, worse="down"),
    "unknown needs": replace(TPR, needs=frozenset({"luck"})),
    "the ideal of a": replace(GAP, ideal=1.0),
    "needs of_pair": replace(GAP, contrast="pair"),
    "needs of_strata": replace(GAP, contrast="strata"),
    "needs of_everyone": replace(GAP, contrast="everyone"),
    "needs of_groups": replace(GAP, contrast="groups"),
    "needs of_spread": replace(GAP, contrast="spread"),
    "does not grow as sampling noise shrinks": replace(
        CATALOGUE["selection_rate_spread"],
        of_spread=lambda x, n: np.where(
            (n > 0).any(axis=-1), np.abs(2 * x - n).sum(axis=-1) / n.sum(axis=-1), np.nan
        ),
    ),
    "needs of_score_pair": replace(GAP, contrast="score_pair"),
    "needs of_score_groups": replace(GAP, contrast="score_groups"),
    "gives no reason": replace(CATALOGUE["class_imbalance"], undefined=""),
    "repeated five times": replace(
        CATALOGUE["differential_fairness"],
        of_groups=lambda t: smoothed_differential_fairness(t.approved, t.decided, 1.0),
    ),
    "an empty group is added": replace(
        CATALOGUE["differential_fairness"],
        of_groups=lambda t: np.where(
            t.everyone.sum(axis=-1) > 0,
            np.ptp(t.approved / t.everyone.sum(axis=-1)[..., None], axis=-1),
            np.nan,
        ),
    ),
    "exchanging group and reference gives": replace(
        CATALOGUE["score_ks_distance"],
        of_score_pair=lambda a, b: max(0.0, float(a.values[0] - b.values[0])),
    ),
    "no rate": replace(GAP, rates=()),
    "an alias says whose": replace(TPR, aliases=("recall",)),
    "unknown form": with_rate(form="magic"),
    "no reason": with_rate(undefined=""),
    "has a value where there are no rows": cells_rate(lambda t: np.where(t.good > 0, 1.0, 0.0)),
    "when every row is tripled": cells_rate(lambda t: np.where(t.good > 0, t.good * 1.0, np.nan)),
    "order of groups": cells_rate(
        lambda t: np.where(t.good > 0, np.arange(t.good.shape[0]) / 3.0, np.nan)
    ),
    "leaves [0, 1]": with_rate(shares=(lambda t: Share(t.good, t.approved_good),)),
    "has a part outside": replace(
        TPR,
        rates=(
            replace(
                CATALOGUE["balanced_accuracy"].rates[0],
                shares=(lambda t: Share(t.known, t.good), lambda t: Share(t.known, t.bad)),
            ),
        ),
    ),
    "does not add up": with_rate(
        shares=(lambda t: Share(t.approved_good * t.bad, t.good * t.everyone),)
    ),
    "does not say that it needs": replace(TPR, needs=frozenset({"outcome"})),
    "equal groups give": replace(
        CATALOGUE["class_imbalance"],
        of_pair=lambda g, r: np.where(
            g.everyone + r.everyone > 0, g.good / (g.good + r.good), np.nan
        ),
    ),
}


@pytest.mark.parametrize("text", BROKEN)
def test_broken_law_is_named(text: str) -> None:
    """An entry that breaks a law is refused with a text that names the law."""
    with np.errstate(all="ignore"), pytest.raises(InputError, match="MET020") as caught:
        check_metric(BROKEN[text])
    assert text in str(caught.value)


def test_contrast_that_is_not_antisymmetric_is_refused() -> None:
    """Exchanging group and reference must flip a difference."""
    lopsided = Rate(
        key="odd",
        form="cells",
        undefined="why",
        of_cells=lambda t: _lopsided(t),
    )
    with pytest.raises(InputError, match="MET020"):
        check_metric(replace(GAP, rates=(lopsided,)))


def _lopsided(t: Counts) -> np.ndarray:
    return np.where(t.good > 0, np.random.default_rng(t.cells.size).random(), np.nan)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("needs", ["decision"], "needs cannot be a list"),
        ("rates", (3,), "rates cannot hold a int"),
        ("worse", None, "worse cannot be a NoneType"),
    ],
)
def test_a_field_of_a_wrong_type_is_named(field: str, value: object, said: str) -> None:
    """What the laws would stumble over is said first, as a fault of the entry."""
    with pytest.raises(InputError, match=said):
        check_metric(replace(CATALOGUE["disparate_impact_ratio"], **{field: value}))


def test_a_function_that_raises_is_a_fault_of_the_entry() -> None:
    """Whatever an entry's own function raises is told with its name, not passed on."""
    entry = CATALOGUE["selection_rate"]
    broken = replace(entry, rates=(replace(entry.rates[0], shares=(lambda t: t.nothing,)),))
    with pytest.raises(InputError, match="selection_rate: one of its functions raises Attribute"):
        check_metric(broken)


def test_what_is_no_entry_is_refused() -> None:
    with pytest.raises(InputError, match="a str is no catalogue entry"):
        check_metric("selection_rate")  # type: ignore[arg-type]
