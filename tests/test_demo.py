"""The demonstration's models and pages."""

import numpy as np
import pytest

from audit import demo
from audit.errors import InputError


@pytest.fixture(scope="module")
def german() -> demo.Scored:
    return demo.train_and_score("german_credit")


def test_everyone_is_scored_with_a_probability(german: demo.Scored) -> None:
    """Each row has a risk between 0 and 1 from both models, in six decimals."""
    for column in ("pd", "pd_rival"):
        risk = german.frame[column].to_numpy()
        assert len(risk) == 1000
        assert ((risk > 0) & (risk < 1)).all()
        assert (risk == risk.round(6)).all()


def test_scores_are_out_of_fold(german: demo.Scored) -> None:
    """Discrimination is that of unseen people: published models reach .75 to .80 here."""
    assert 0.75 < german.auc["logistic regression"] < 0.82
    assert 0.75 < german.auc["gradient boosting"] < 0.82


def test_auc_is_the_share_of_pairs_in_order(german: demo.Scored) -> None:
    """Area under the curve is P(risk of a bad loan > risk of a good one), ties half."""
    risk, bad = german.frame["pd"].to_numpy(), (german.frame["class"] == "bad").to_numpy()
    gap = risk[bad][:, None] - risk[~bad][None, :]
    pairs = (gap > 0).mean() + (gap == 0).mean() / 2
    assert german.auc["logistic regression"] == pytest.approx(pairs, abs=1e-12)


def test_what_a_lender_may_not_use_is_left_out(german: demo.Scored) -> None:
    """Neither the outcome nor sex, marital status or origin is a feature; the text names each."""
    assert not set(german.features) & {"class", "personal_status_sex", "foreign_worker"}
    assert "age" in german.features
    for column in (*german.features, *german.study.left_out):
        assert column in german.description


def test_training_again_gives_the_same_bytes(german: demo.Scored) -> None:
    """Seeds decide everything."""
    again = demo.train_and_score("german_credit")
    for column in ("pd", "pd_rival"):
        assert np.array_equal(again.frame[column].to_numpy(), german.frame[column].to_numpy())


def test_progress_counts_folds_up() -> None:
    """Each fold of both models is announced, in order."""
    seen: list[tuple[str, float, float]] = []
    demo.train_and_score("german_credit", progress=lambda *step: seen.append(step))
    assert [done for _, done, _ in seen] == list(range(10))
    assert {total for _, _, total in seen} == {10}


def test_no_model_is_trained_on_decisions() -> None:
    """Boston holds the lenders' own decisions; asking for a model there is an error."""
    with pytest.raises(InputError, match="DEM001"):
        demo.train_and_score("boston_mortgages")
