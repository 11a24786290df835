"""Each script in examples/ runs from the shell as its docstring says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.parametrize(
    ("script", "files"),
    [
        ("audit_decisions.py", ["boston_decisions.html", "boston_decisions.json"]),
        ("audit_model.py", ["german_model.html"]),
        ("cutoffs_fico.py", ["fico_rules.csv", "fico_sweep.csv"]),
        ("decompose_mortgages.py", ["boston_decomposition.csv"]),
        ("explain_taiwan.py", ["taiwan_explained.html"]),
        ("mitigate_german.py", ["german_candidate.skops", "german_remedies.html"]),
        ("monthly_tallies.py", [f"month_{m}.tally.json" for m in range(1, 7)]),
        ("search_alternatives.py", ["taiwan_search.jsonl"]),
        ("who_changes.py", ["taiwan_changes.csv"]),
    ],
)
def test_example_runs(script: str, files: list[str], tmp_path: Path) -> None:
    """It ends well, prints a verdict, and writes what it names into the folder given."""
    source = str(EXAMPLES.parent / "src")
    paths = os.pathsep.join(p for p in (source, os.environ.get("PYTHONPATH")) if p)
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / script, tmp_path],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "verdict:" in done.stdout
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(files)


def test_every_example_is_run() -> None:
    """A new script needs a line above."""
    assert {p.name for p in EXAMPLES.glob("*.py")} == {
        "audit_decisions.py",
        "audit_model.py",
        "cutoffs_fico.py",
        "decompose_mortgages.py",
        "explain_taiwan.py",
        "mitigate_german.py",
        "monthly_tallies.py",
        "search_alternatives.py",
        "who_changes.py",
    }
