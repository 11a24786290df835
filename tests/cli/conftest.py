"""Commands run in this process or in one of their own, on a small file of decisions."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from audit.cli import entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with no settings from outside."""
    monkeypatch.chdir(tmp_path)
    for name in ("AUDIT_DEBUG", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def audit(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run a command line in this process."""

    def run(*words: str) -> Ran:
        capsys.readouterr()
        code = entry.run(list(words))
        out, err = capsys.readouterr()
        return Ran(code=code, out=out, err=err)

    return run


def environment(**more: str) -> dict[str, str]:
    """For a process of its own: our source, an ordinary terminal, 88 columns."""
    source = Path(entry.__file__).parents[2]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AUDIT_", "_AUDIT"))}
    return {**kept, "PYTHONPATH": str(source), "TERM": "xterm", "COLUMNS": "88", **more}


def in_process(folder: Path, *words: str, **more: str) -> Ran:
    """Run a command line in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "audit", *words],
        cwd=folder, env=environment(**more), stdin=subprocess.DEVNULL, capture_output=True,
        encoding="utf-8", errors="replace", timeout=120, check=False,
    )  # fmt: skip
    return Ran(code=done.returncode, out=done.stdout, err=done.stderr)


def write_loans(path: Path, *, women: tuple[int, int], men: tuple[int, int]) -> None:
    """A CSV with (approved, denied) women and men, ages on both sides of 40, and an outcome."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "sex", "age", "approved", "repaid", "score"])
        number = 0
        for sex, (approved, denied) in (("female", women), ("male", men)):
            for decision, count in ((1, approved), (0, denied)):
                for i in range(count):
                    number += 1
                    repaid = "yes" if i % 5 else "no"
                    age, score = 20 + number % 60, 500 + 10 * (i % 20) + 50 * decision
                    writer.writerow([f"L{number}", sex, age, decision, repaid, score])


@pytest.fixture
def loans(folder: Path) -> str:
    """500 women approved at 40 %, 500 men at 60 %: a ratio of 0.667, beyond four fifths."""
    write_loans(folder / "loans.csv", women=(200, 300), men=(300, 200))
    return "loans.csv"


@pytest.fixture
def equal_loans(folder: Path) -> str:
    """1,000 women and 1,000 men approved at 70 %: no gap, and enough rows to say so."""
    write_loans(folder / "equal.csv", women=(700, 300), men=(700, 300))
    return "equal.csv"
