"""`audit explain` and `audit run --explain`: what is shown, written and refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import Ran

ROLES = (
    *("--protected", "sex", "--outcome", "repaid", "--favorable", "outcome=1"),
    *("--features", "income,debt,zip", "--reference", "sex=male"),
)


@pytest.fixture(scope="module")
def loans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Loans whose income and zip differ by sex, and a logistic model of repayment."""
    pd = pytest.importorskip("pandas")
    sio = pytest.importorskip("skops.io")
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(4)
    n = 900
    sex = rng.choice(["female", "male"], n)
    income = rng.normal(50, 10, n) + 8 * (sex == "male")
    zip_ = (sex == "male").astype(float) + rng.normal(0, 0.5, n)
    debt = rng.normal(10, 3, n)
    repaid = (rng.random(n) < 1 / (1 + np.exp(-(income - 52) / 8 + (debt - 10) / 5))).astype(int)
    frame = pd.DataFrame(
        {"sex": sex, "income": income, "debt": debt, "zip": zip_, "repaid": repaid}
    )
    folder = tmp_path_factory.mktemp("loans")
    frame.to_csv(folder / "loans.csv", index=False)
    model = LogisticRegression(max_iter=1000).fit(frame[["income", "debt", "zip"]], repaid)
    sio.dump(model, folder / "model.skops")
    return folder


def test_parts_are_shown_and_sum_to_the_gap(audit: Callable[..., Ran], loans: Path) -> None:
    """The parts on the screen sum to the gap on its last line, to their digits."""
    ran = audit(
        *("explain", str(loans / "loans.csv"), "--model", str(loans / "model.skops")),
        *(*ROLES, "--cutoff", "0.5"),
    )
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0] == "Why · score gap of female against male"
    shown = dict(re.findall(r"^  (income|debt|zip|the gap) +([−+][\d.]+)", ran.out, re.M))
    numbers = {k: float(v.replace("−", "-")) for k, v in shown.items()}
    assert set(numbers) == {"income", "debt", "zip", "the gap"}
    assert numbers["the gap"] < 0
    assert sum(v for k, v in numbers.items() if k != "the gap") == pytest.approx(
        numbers["the gap"], abs=0.002
    )
    assert "Proxies for sex" in ran.out
    assert "zip" in ran.out
    assert "Impact without treatment seen" in ran.out


def test_with_an_output_the_report_says_why(audit: Callable[..., Ran], loans: Path) -> None:
    """With -o the file is audited and the explanation stands in the page and its JSON twin."""
    ran = audit(
        *("explain", str(loans / "loans.csv"), "--model", str(loans / "model.skops")),
        *(*ROLES, "--cutoff", "0.5", "-o", "why.html", "-o", "why.json", "--charts", "none"),
    )
    assert ran.code == 0, ran.err
    assert "Written: why.html" in ran.out
    page = Path("why.html").read_text(encoding="utf-8")
    assert "Why the gap arises" in page
    assert 'id="why"' in page
    kept = json.loads(Path("why.json").read_text(encoding="utf-8"))["explanation"]
    parts = sum(a["value"] for a in kept["attributions"])
    assert parts == pytest.approx(kept["gap"], abs=1e-9)


def test_run_explains_where_it_is_asked_to(audit: Callable[..., Ran], loans: Path) -> None:
    """`audit run --explain` is `audit run` with section 5; without a model it is refused."""
    common = ("run", str(loans / "loans.csv"), *ROLES, "--explain", "-o", "a.json")
    ran = audit(*common, "--model", str(loans / "model.skops"), "--cutoff", "0.5")
    assert ran.code in (0, 1), ran.err
    assert json.loads(Path("a.json").read_text(encoding="utf-8"))["explanation"]["gaps"]
    refused = audit(*common)
    assert refused.code == 2
    assert "CLI005" in refused.err
    assert "--model FILE" in refused.err


def test_a_person_s_reasons(audit: Callable[..., Ran], loans: Path) -> None:
    """--row gives at most four numbered reasons of a denied row, each with code and feature."""
    pd = pytest.importorskip("pandas")
    sio = pytest.importorskip("skops.io")
    frame = pd.read_csv(loans / "loans.csv")
    path = loans / "model.skops"
    model = sio.load(path, trusted=sio.get_untrusted_types(file=path))
    risk = model.predict_proba(frame[["income", "debt", "zip"]])[:, 0]
    row = int(np.argmax(risk))
    ran = audit(
        *("explain", str(loans / "loans.csv"), "--model", str(path)),
        *(*ROLES, "--cutoff", "0.5", "--row", str(row)),
    )
    assert ran.code == 0, ran.err
    assert ran.out.startswith(f"Row {row}: denied.")
    named = re.findall(r"^  \d\. .*\[(\w+), (\w+)\]", ran.out, re.M)
    assert 1 <= len(named) <= 3
    assert {feature for _, feature in named} <= {"income", "debt", "zip"}
    assert "This model would approve after: " in " ".join(ran.out.split())
    letter = audit(
        *("explain", str(loans / "loans.csv"), "--model", str(path), *ROLES, "--cutoff", "0.5"),
        *("--row", str(row), "--letter", "text", "--lender", "Example Bank"),
    )
    assert letter.code == 0, letter.err
    assert "Example Bank" in letter.out
    assert "[applicant]" in letter.out
    assert "draft" in letter.out.lower()
    assert "TO BE FILLED BY COUNSEL" in letter.out


def test_decisions_are_split_without_a_model(audit: Callable[..., Ran], loans: Path) -> None:
    """--controls splits the gap in outcomes by named columns and says what is left."""
    ran = audit(
        *("explain", str(loans / "loans.csv"), "--protected", "sex", "--outcome", "repaid"),
        *("--favorable", "outcome=1", "--reference", "sex=male", "--controls", "income,debt"),
    )
    assert ran.code == 0, ran.err
    said = " ".join(ran.out.split())
    assert "goes with the 2 controls" in said
    assert "not accounted for" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "neither a model"),
        (("--controls", "income", "--row", "3"), "reasons for a person come from a model"),
        (("--controls", "income", "--letter", "text"), "reasons for a person"),
        (("--model", "model.skops", "--letter", "text"), "whose letter"),
    ],
)
def test_what_cannot_be_explained_is_refused(
    audit: Callable[..., Ran], loans: Path, words: tuple[str, ...], said: str
) -> None:
    """Exit 2, one clear message, a corrected command."""
    ran = audit(
        *("explain", str(loans / "loans.csv"), "--protected", "sex", "--outcome", "repaid"),
        *("--favorable", "outcome=1", *words),
    )
    assert ran.code == 2
    assert said in ran.err
    assert "CLI005" in ran.err
    assert "Traceback" not in ran.err


def test_a_report_of_no_kind_is_refused_before_anything_is_read(audit: Callable[..., Ran]) -> None:
    """The file of rows does not exist either, and is not what is complained of."""
    ran = audit(
        *("explain", "nowhere.csv", "--protected", "sex", "--outcome", "repaid"),
        *("--favorable", "outcome=1", "--controls", "income", "-o", "x.pdf"),
    )
    assert ran.code == 2
    assert "RPT020" in ran.err
