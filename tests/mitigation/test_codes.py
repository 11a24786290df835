"""Codes of errors and warnings: what is raised is documented, and what is documented is raised."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_codes_that_are_raised_are_those_documented() -> None:
    """Every MIT code in the source is in a table of docs/mitigate.md once, and no other is."""
    raised = {
        code
        for path in (ROOT / "src" / "audit").rglob("*.py")
        for code in re.findall(r'"(MIT\d{3})"', path.read_text(encoding="utf-8"))
    }
    lines = (ROOT / "docs" / "mitigate.md").read_text(encoding="utf-8").splitlines()
    told = [
        code
        for line in lines
        if line.startswith("| MIT")
        for code in re.findall(r"MIT\d{3}", line.split("|")[1])
    ]
    assert sorted(told) == sorted(raised)
