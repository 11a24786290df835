"""The demonstration's models and pages."""

from pathlib import Path

import numpy as np
import pytest

import audit
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


def test_the_gap_of_german_credit_comes_with_remedies(german: demo.Scored) -> None:
    """Four methods beside the model, on people held out; the page stays below 150 KB."""
    from audit.report.html_page import html

    result = demo.audited(german)
    (part,) = result.record.candidates
    assert part["part"] == "comparison"
    found = part["found"]
    assert found["rows"] == {"train": 700, "test": 300}
    assert len(found["candidates"]) + len(found["unavailable"]) == 5
    page = html(result.record, charts="none")
    assert 'id="alternatives"' in page
    assert len(page.encode()) < 150_000


def test_no_model_is_trained_on_decisions() -> None:
    """Boston holds the lenders' own decisions; asking for a model there is an error."""
    with pytest.raises(InputError, match="DEM001"):
        demo.train_and_score("boston_mortgages")


def _tree(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


@pytest.mark.slow
def test_the_whole_demonstration(tmp_path: Path) -> None:
    """Pages, JSON twins and an index are written; the twin is the audit; again, the same bytes."""
    steps: list[tuple[str, float, float]] = []
    with pytest.warns(audit.DataWarning, match="RUN014"):  # Taiwan has groups of a few rows
        shown = demo.demo(tmp_path / "one", charts="none", progress=lambda *s: steps.append(s))
    assert [one.name for one in shown] == ["german_credit", "taiwan_credit", "boston_mortgages"]
    names = {f"{one.name}.{kind}" for one in shown for kind in ("html", "json")} | {"index.html"}
    assert set(_tree(tmp_path / "one")) == names
    for one in shown:
        assert all(path.is_file() for path in one.files)
        assert audit.load(one.files[1]) == one.result

    index = (tmp_path / "one" / "index.html").read_text(encoding="utf-8")
    assert all(f"{one.name}.html" in index for one in shown)

    done = [at for _, at, _ in steps]
    assert done == sorted(done)
    assert {total for _, _, total in steps} == {len(steps)}

    models = shown[:2]
    for one, study in zip(models, demo.STUDIES, strict=True):
        rows = one.result.record.provenance.settings["comparison"]
        assert [row["model"] for row in rows] == [study.model, study.rival]
        assert all(0.7 <= row["approval_rate"] < 0.71 for row in rows)
        assert all(row["low"] < row["ratio"] < row["high"] for row in rows)
    lenders = shown[2].result
    assert lenders.verdict == "fail"
    assert len([i for i in lenders.issues if i.code == "DAT010"]) == 9

    with pytest.warns(audit.DataWarning, match="RUN014"):
        demo.demo(tmp_path / "two", charts="none")
    assert _tree(tmp_path / "one") == _tree(tmp_path / "two")
