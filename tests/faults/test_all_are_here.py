"""Every fault of the table has a test named by its number."""

from __future__ import annotations

import re
from pathlib import Path

from faults.array_cases import CASES

HERE = Path(__file__).parent


def numbers(folder: Path) -> set[int]:
    """Faults that tests in a folder are named by."""
    text = "\n".join(p.read_text(encoding="utf-8") for p in sorted(folder.glob("test_*.py")))
    return {int(n) for n in re.findall(r"^def test_fault_(\d\d)_\w+", text, re.MULTILINE)}


def test_all_66_are_tested_at_the_public_doors() -> None:
    assert numbers(HERE) == set(range(1, 67))


def test_cases_belong_to_faults_of_arrays() -> None:
    """Groups, labels, weights and shapes; files, models and output have no arrays."""
    assert {case.fault for case in CASES} <= set(range(1, 51))
