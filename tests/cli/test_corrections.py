"""Refusals that come early, and end with the command to type instead."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit.cli import screen

Run = Callable[..., Any]

ROLES = ("--protected", "sex", "--decision", "approved", "--favorable", "decision=1")


@pytest.fixture
def loans() -> Path:
    path = Path("loans.csv")
    rows = "".join(f"{('female', 'male')[i % 2]},{int(i % 3 > 0)}\n" for i in range(60))
    path.write_text("sex,approved\n" + rows)
    return path


def test_a_report_of_no_kind_is_refused_before_anything_is_read(audit: Run) -> None:
    """The file of rows does not even exist, and the name of the report is what is told."""
    ran = audit("run", "nowhere.csv", *ROLES, "-o", "x.pdf")
    assert ran.code == 2
    assert "RPT020" in ran.err
    assert ran.err.replace(" \\\n     ", "").endswith("-o x.html\n")
    ran = audit("render", "nowhere.json", "-o", "x.pdf")
    assert ran.err.endswith("Try:\n  audit render nowhere.json -o x.html\n")


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("bad.toml", 'data = "loans.csv\n', "CLI011"),
        ("key.toml", 'protekted = "sex"\n', "CLI012"),
        ("kind.toml", 'level = "x"\n', "CLI013"),
    ],
)
def test_a_bad_configuration_ends_with_the_command_that_checks_it(
    audit: Run, name: str, text: str, code: str
) -> None:
    Path(name).write_text(text)
    ran = audit("run", "--config", name)
    assert code in ran.err
    assert ran.err.endswith(f"Try:\n  audit check --config {name}\n")


def test_a_configuration_that_is_not_there_ends_with_init(audit: Run) -> None:
    assert audit("run", "--config", "none.toml").err.endswith("Try:\n  audit init\n")


def test_a_workbook_is_asked_for_as_csv(audit: Run) -> None:
    Path("loans.xlsx").write_bytes(b"PK")
    ran = audit("run", "loans.xlsx", *ROLES)
    assert "Try:\n  audit run loans.csv " in ran.err


def test_a_mistyped_value_in_a_filter_is_put_right(audit: Run, loans: Path) -> None:
    """Where it leaves no row it is an error; where `!=` keeps every row, a warning."""
    ran = audit("run", str(loans), *ROLES, "--where", "sex == 'femal'")
    assert ran.code == 2
    assert "did you mean 'female'?" in ran.err
    assert ran.err.replace(" \\\n     ", "").endswith("--where \"sex == 'female'\"\n")
    ran = audit("run", str(loans), *ROLES, "--where", "sex != 'femal'")
    assert "[TBL074]" in ran.err
    assert "did you mean 'female'?" in ran.err
    assert "TBL074" not in audit("run", str(loans), *ROLES, "--where", "sex != 'x'", "-q").err


def test_a_card_is_laid_out_at_a_terminal_and_plain_in_a_pipe(
    audit: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No hash signs, bars or backticks for a person; Markdown as it is for a file."""
    assert audit("datasets", "show", "compas").out.startswith("# compas: ")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    screen.markdown("# A title\n\nSome `code` and **weight**.\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    shown = capsys.readouterr().out
    assert "A title" in shown
    assert not set("#`|*") & set(shown)
