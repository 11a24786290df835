"""`audit mitigate`: what is shown, written, saved and refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import Ran

Run = Callable[..., Ran]

ROLES = (
    *("--protected", "sex", "--outcome", "repaid", "--favorable", "outcome=1"),
    *("--features", "income,debt,kind", "--reference", "sex=male", "--approval-rate", "0.6"),
)
FAST = ("--methods", "reweighing,massaging")


@pytest.fixture(scope="module")
def loans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Loans whose income differs by sex, with an outcome, text and an old decision."""
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(4)
    n = 900
    sex = rng.choice(["female", "male"], n)
    income = rng.normal(50, 10, n) + 12 * (sex == "male")
    debt = rng.normal(10, 3, n)
    repaid = (rng.random(n) < 1 / (1 + np.exp(-(income - 52) / 8 + (debt - 10) / 5))).astype(int)
    frame = pd.DataFrame({
        "sex": sex, "income": income.round(2), "debt": debt.round(2),
        "kind": rng.choice(["car", "home"], n), "repaid": repaid,
        "old": (income > 50).astype(int), "who": np.arange(n) // 2,
    })  # fmt: skip
    folder = tmp_path_factory.mktemp("mitigate")
    frame.to_csv(folder / "loans.csv", index=False)
    frame[:300].to_csv(folder / "later.csv", index=False)
    return folder


def test_candidates_are_shown_and_the_report_has_them(audit: Run, loans: Path) -> None:
    """The table's numbers are the report's; the split is said, and -o writes section 6."""
    ran = audit(
        *("mitigate", str(loans / "loans.csv"), *ROLES, *FAST, "--save", "reweighing=own.skops"),
        *("-o", "m.html", "-o", "m.json", "--charts", "none", "--costs", "0.2,0.8"),
    )
    assert ran.code == 0, ran.err
    assert ran.out.startswith("270 of 900 rows of loans.csv are held out, drawn by seed 0; 3 feat")
    assert "Mitigation · gap of female to male" in ran.out
    report = json.loads(Path("m.json").read_text(encoding="utf-8"))
    parts = {c["part"]: c["found"] for c in report["candidates"]}
    assert set(parts) == {"comparison", "sweep"}
    found = parts["comparison"]
    assert found["rows"] == {"train": 630, "test": 270}
    assert report["tally"]["rows"] == 270
    for one in found["candidates"]:
        line = re.search(rf"^  {one['name']} +([\d.]+)", ran.out, re.M)
        assert line is not None
        assert float(line[1]) == pytest.approx(one["disparity"]["value"], abs=6e-4)
    # the audit's own ratio and the comparison's are of the same decisions of the same people
    columns = report["estimates"]["columns"]
    ratio = next(
        row[columns.index("value")] for row in report["estimates"]["rows"]
        if row[columns.index("metric")] == "disparate_impact_ratio"
        and row[columns.index("group")] == ["female"]
    )  # fmt: skip
    own = found["candidates"]
    base = next(c for c in own if c["name"] == "baseline")
    assert 1 - min(ratio, 1 / ratio) == pytest.approx(base["disparity"]["value"], abs=1e-9)
    assert 'id="alternatives"' in Path("m.html").read_text(encoding="utf-8")
    assert "Written: own.skops" in ran.out
    again = audit(
        *("run", str(loans / "later.csv"), "--model", "own.skops", "--protected", "sex"),
        *("--outcome", "repaid", "--favorable", "outcome=1", "--features", "income,debt,kind"),
        *("--reference", "sex=male"),
    )
    assert again.code in (0, 1), again.err


def test_the_same_seed_gives_the_same_people(audit: Run, loans: Path) -> None:
    """The split follows the seed, and a file of people held out takes its place."""
    command = ("mitigate", str(loans / "loans.csv"), *ROLES, "--methods", "class_weights")
    first, second = (audit(*command, "--seed", "3") for _ in range(2))
    assert first.out == second.out
    other = audit(*command, "--seed", "4")
    assert other.out != first.out
    apart = audit(*command, "--test", str(loans / "later.csv"))
    assert apart.code == 0, apart.err
    assert "The 300 people of later.csv are judged on" in apart.out


def test_rows_of_an_applicant_stay_together(loans: Path) -> None:
    """Nobody is both learned from and judged on."""
    from audit.cli.holding_out import held_out

    settings = {
        "data": str(loans / "loans.csv"), "protected": ["sex"], "outcome": "repaid",
        "favorable": {"outcome": [1]}, "cluster": "who", "features": ["income", "debt"],
    }  # fmt: skip
    held = held_out(settings, share=0.3, test=None)
    people = set(held.test_frame["who"])
    assert len(people) == 135
    assert (held.test_frame["who"].value_counts() == 2).all()
    assert held.train.size + held.test.size == 900


def test_without_named_features_those_without_a_part_are_taken(loans: Path) -> None:
    """An old decision named as one is no feature, nor the outcome or the protected column."""
    from audit.cli.holding_out import held_out

    settings = {
        "data": str(loans / "loans.csv"), "protected": ["sex"], "outcome": "repaid",
        "decision": "old", "favorable": {"outcome": [1], "decision": [1]}, "cluster": "who",
    }  # fmt: skip
    held = held_out(settings, share=0.3, test=None)
    assert list(held.train.roles.features) == ["income", "debt", "kind"]
    assert held.train.roles == held.test.roles
    assert held.train.roles.decision is None


def test_a_search_is_shown_and_attached(audit: Run, loans: Path) -> None:
    """--alternatives N tries N, keeps the log, and stands in the report by itself."""
    pytest.importorskip("optuna")
    ran = audit(
        *("mitigate", str(loans / "loans.csv"), *ROLES, "--methods", "none"),
        *("--alternatives", "4", "--log", "search.jsonl", "-o", "s.json"),
    )
    assert ran.code == 0, ran.err
    assert "Alternatives · gap of female to male" in ran.out
    report = json.loads(Path("s.json").read_text(encoding="utf-8"))
    assert [c["part"] for c in report["candidates"]] == ["alternatives"]
    assert len(report["candidates"][0]["found"]["log"]) == 4
    assert Path("search.jsonl").is_file()


def test_a_model_from_a_file_is_copied_untrained(audit: Run, loans: Path) -> None:
    """A .skops estimator is trained anew on the rows that are learned from."""
    sio = pytest.importorskip("skops.io")
    from sklearn.tree import DecisionTreeClassifier

    sio.dump(DecisionTreeClassifier(max_depth=3, random_state=0), "tree.skops")
    command = ("mitigate", str(loans / "loans.csv"), *ROLES, "--methods", "class_weights")
    ran = audit(*command, "--estimator", "tree.skops")
    assert ran.code == 0, ran.err
    assert ran.out != audit(*command).out


def test_every_method_is_explained(audit: Run) -> None:
    """--list needs no file, and says of each what it does, when it fails and whence it comes."""
    from audit.mitigation.methods import catalogue

    ran = audit("mitigate", "--list")
    assert ran.code == 0
    for method in catalogue():
        assert f"{method.key}: {method.title}, {method.acts}" in ran.out
    assert ran.out.count("\n  fails") == len(catalogue())
    assert ran.out.count("\n  source") == len(catalogue())
    assert "treatment risk" in ran.out


@pytest.mark.parametrize(
    ("words", "code", "corrected"),
    [
        (("--methods", "rewieghing"), "MIT012", "--methods reweighing"),
        (("--methods", "none"), "CLI005", "--alternatives 60"),
        (("--estimator", "forest"), "CLI004", "--estimator logistic"),
        (("--costs", "3"), "CLI004", "--costs 0.18,0.82"),
        (("--utility", "profit"), "CLI005", "--costs 0.18,0.82"),
        (("--utility", "aucc"), "", "--utility auc"),
        (("--save", "x"), "CLI004", "--save recommended=FILE.skops"),
        (("--test-share", "2"), "CLI004", "--test-share 0.3"),
        (("--attribute", "age"), "MIT008", "--attribute COLUMN"),
        (("--metric", "dispara"), "MIT011", "--metric disparate_impact_ratio"),
        (("--log", "a.jsonl"), "CLI005", "--alternatives 60"),
        (("--cutoff", "0.5"), "", "--cutoff"),
        (("--favorable", "outcome=7"), "CLI004", "--favorable outcome=VALUE"),
        (("--alternatives", "0", "--methods", "none"), "MIT503", "--alternatives 60"),
    ],
)
def test_faults_end_with_the_corrected_command(
    audit: Run, loans: Path, words: tuple[str, ...], code: str, corrected: str
) -> None:
    """Exit code 2, one message in the command's words, and what to type instead."""
    ran = audit("mitigate", str(loans / "loans.csv"), *ROLES, *words)
    assert ran.code == 2, ran.out + ran.err
    assert code in ran.err
    assert "Traceback" not in ran.err
    tried = " ".join(ran.err.partition("Try:")[2].replace("\\", " ").split())
    assert corrected in tried


def test_an_outcome_must_be_said(audit: Run, loans: Path) -> None:
    """A model learns from outcomes: without one the command that has it is shown."""
    ran = audit("mitigate", str(loans / "loans.csv"), "--protected", "sex")
    assert ran.code == 2
    assert "--outcome COLUMN --favorable outcome=VALUE" in " ".join(
        ran.err.replace("\\", " ").split()
    )


def test_a_tally_is_refused(audit: Run) -> None:
    """Counts hold no rows to learn from."""
    ran = audit("mitigate", "a.tally.json")
    assert ran.code == 2
    assert "CLI005" in ran.err
