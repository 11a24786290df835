"""Choosing a metric: every answer is in the catalogue, with its reason and its price."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import InputError
from audit.metrics import CATALOGUE, choose, impossible
from audit.metrics.choosing import ERRORS, RULES


@pytest.mark.parametrize(
    ("known", "errors", "conditioning", "rule", "scores"),
    [*product((True, False), (None, *ERRORS), (True, False), (None, *RULES), (True, False))],
)
def test_every_answer_is_a_catalogue_key(
    known: bool, errors: str | None, conditioning: bool, rule: str | None, scores: bool
) -> None:
    """Primary and secondary exist, the primary once; reasons and costs are said."""
    found = choose(
        outcomes_known=known, errors=errors, conditioning=conditioning, rule=rule, scores=scores
    )
    assert {found.primary, *found.secondary} <= set(CATALOGUE)
    assert found.primary not in found.secondary
    assert found.reasons
    assert found.gives_up
    needs = {n for k in (found.primary,) for n in CATALOGUE[k].needs}
    assert known or "outcome" not in needs


@pytest.mark.parametrize(
    ("args", "key"),
    [
        ({"rule": "us-credit", "errors": "both"}, "disparate_impact_ratio"),
        ({"rule": "nyc-ll144"}, "demographic_parity_ratio"),
        ({"rule": "eu", "conditioning": True}, "conditional_demographic_disparity"),
        ({"errors": "false_denials"}, "equal_opportunity_difference"),
        ({"errors": "false_approvals"}, "predictive_equality_difference"),
        ({"errors": "both"}, "equalized_odds_difference"),
        ({}, "disparate_impact_ratio"),
    ],
)
def test_which(args: dict[str, object], key: str) -> None:
    """A rule first, then the error that harms more."""
    assert choose(outcomes_known=True, **args).primary == key  # type: ignore[arg-type]


def test_unknown_words_are_refused() -> None:
    """A misspelt word is no answer."""
    with pytest.raises(InputError, match="MET031"):
        choose(outcomes_known=True, errors="denials")
    with pytest.raises(InputError, match="MET031"):
        choose(outcomes_known=True, rule="us")


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.floats(0.2, 1.0), st.floats(0.2, 1.0))
def test_chouldechova_holds(p: float, q: float, tpr: float, ppv: float) -> None:
    """FPR = odds(base rate)·(1 − PPV)/PPV·TPR: its ratio is the one printed."""
    low, high = sorted((p, q))
    if high - low <= 0.005 or ppv == 1:
        return
    fpr = [r / (1 - r) * (1 - ppv) / ppv * tpr for r in (high, low)]
    text = " ".join(impossible({"high": high, "low": low}))
    assert f"must be {fpr[0] / fpr[1]:.2f} times" in text


def test_words_at_the_edges() -> None:
    """Equal rates exclude nothing; a group of one outcome has no such rate; shares are checked."""
    assert impossible({("a",): 0.5, ("b",): 0.503}) == ()
    assert "does not exist" in " ".join(impossible({("a", None): 1.0, ("b", 3): 0.5}))
    assert "a × missing" in impossible({("a", None): 1.0, ("b", 3): 0.5})[0]
    for wrong in ({"a": 0.5}, {"a": 0.5, "b": 1.2}, {"a": 0.5, "b": float("nan")}):
        with pytest.raises(InputError, match="MET032"):
            impossible(wrong)


def test_what_is_no_answer_is_refused() -> None:
    """A text is no yes or no: "no" must not count as yes."""
    with pytest.raises(InputError, match=r"MET031.*outcomes_known"):
        choose(outcomes_known="no")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="MET032"):
        impossible([0.3, 0.4])  # type: ignore[arg-type]
