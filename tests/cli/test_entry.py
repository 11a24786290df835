"""The command itself: help, versions, exit codes, suggestions, faults."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.cli import entry
from audit.cli.lazy import Command, CommandGroup

from .conftest import Ran, environment, in_process

Run = Callable[..., Ran]

HELP = """\
Audit:
  demo        Audit sample credit models on real data, with reports.
  init        Write a commented audit.toml, by asking or from flags.
  check       Read and validate a file; show what would be judged.
  run         Audit a file of decisions: verdict, numbers, report.
  count       Count a file into a tally that holds no rows.
  merge       Add tallies of months, branches or partners.
  power       How many rows a group an audit needs.

Understand and remedy:
  explain     Say why a gap arises: features, proxies, reasons.
  mitigate    Compare ways to narrow a gap, and search for alternatives.

Operate:
  gate        Turn a report's verdict into an exit code.
  render      Make a page or file from a JSON report.

Learn:
  metrics     List, search and explain the metrics.
  policies    List and explain the policies: what is judged, and why.
  datasets    List, explain and export the bundled data.
"""


def commands() -> list[tuple[list[str], Command | CommandGroup]]:
    """Every command with the words that call it, those inside groups too."""
    context = entry.app.make_context("audit", [], resilient_parsing=True)
    found: list[tuple[list[str], Command | CommandGroup]] = []
    for name in entry.COMMANDS:
        command = entry.app.get_command(context, name)
        assert isinstance(command, Command | CommandGroup)
        found.append(([name], command))
        if isinstance(command, CommandGroup):
            found += [([name, n], c) for n, c in command.commands.items()]  # type: ignore[misc]
    return found


def test_help_lists_the_commands_by_job(audit: Run) -> None:
    for words in ((), ("--help",), ("-h",)):
        ran = audit(*words)
        assert ran.code == 0
        assert HELP in ran.out


@pytest.mark.parametrize("words", [w for w, _ in commands()], ids=" ".join)
def test_every_command_teaches_with_examples(audit: Run, words: list[str]) -> None:
    command = next(c for w, c in commands() if w == words)
    ran = audit(*words, "--help")
    assert ran.code == 0
    assert f"# {command.examples[0][0]}" in ran.out
    assert re.search(r"^  audit |^  eval ", ran.out, re.MULTILINE)
    assert max(map(len, ran.out.splitlines())) <= 100


@pytest.mark.parametrize("words", [w for w, _ in commands()], ids=" ".join)
def test_examples_use_only_options_that_exist(words: list[str]) -> None:
    """A reader can paste every example: each option in it is one of that command's."""
    command = next(c for w, c in commands() if w == words)
    for _, line in command.examples:
        called = line.replace("\\\n", " ").split()
        if called[:1] != ["audit"]:
            continue
        target = max(
            (c for w, c in commands() if called[1 : 1 + len(w)] == w), key=lambda c: len(c.params)
        )
        options = {o for p in target.params for o in p.opts}
        assert {w for w in called if w.startswith("-")} <= options


def test_help_imports_nothing_heavy(folder: Path) -> None:
    """`audit --help` answers at once: it loads click and not the libraries that do the work."""
    code = (
        "import sys; from audit.cli import entry; entry.run(['--help']); "
        "print(sorted({'numpy', 'narwhals', 'pandas', 'rich', 'duckdb'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_version(audit: Run) -> None:
    assert re.fullmatch(r"audit [\d.]+\S*\n|audit \(not installed\)\n", audit("--version").out)


@pytest.mark.parametrize(
    ("words", "corrected"),
    [
        (("rnu", "loans.csv"), "audit run loans.csv"),
        (("polices", "show", "x"), "audit policies show x"),
        (("metrics", "shwo", "x"), "audit metrics show x"),
        (("zzzzz",), "audit --help"),
        (("run", "--protcted", "sex"), "audit run --protected sex"),
        (("run", "--protcted=sex"), "audit run --protected=sex"),
        (("run", "--approval_rate", "1"), "audit run --approval-rate 1"),
        (("run", "x.csv", "--missing", "grop"), "audit run x.csv --missing group"),
        (("run", "x.csv", "--fail-on=fial"), "audit run x.csv --fail-on fail"),
        (("power", "--ratio", "0.9"), "audit power --ratio 0.9 --base-rate 0.3"),
        (("gate",), "audit gate reports/loans.json"),
        (("policies", "show", "us-credt"), "audit policies show us-credit"),
        (("datasets", "show", "german_crdit"), "audit datasets show german_credit"),
        (("run", "x.csv", "--bins", "26"), "audit run x.csv --bins COLUMN=CUT,CUT"),
        (("run", "a.csv", "b.csv"), 'audit run "*.csv"'),
        (
            ("run", "x.csv"),
            "audit run x.csv --protected COLUMNS --decision COLUMN --favorable decision=VALUE",
        ),
        (
            ("run",),
            "audit run FILE --protected COLUMNS --decision COLUMN --favorable decision=VALUE",
        ),
        (("run", "y.tally.json", "--protected", "sex"), "audit run y.tally.json"),
        (("count", "y.tally.json", "-o", "z"), "audit merge y.tally.json -o z"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, tuple) else "",
)
def test_a_wrong_command_ends_with_the_corrected_one(
    audit: Run, words: tuple[str, ...], corrected: str
) -> None:
    """Exit 2, one message, no traceback, and the command to type instead on the last lines."""
    ran = audit(*words)
    assert ran.code == 2
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert ran.err.count("audit: ") == 1
    assert ran.err.replace(" \\\n     ", "").endswith(f"Try:\n  {corrected}\n")


def test_a_misspelt_key_is_refused(audit: Run, folder: Path) -> None:
    (folder / "audit.toml").write_text("protcted = 'sex'\n")
    ran = audit("run", "--config", "audit.toml")
    assert ran.code == 2
    assert "did you mean 'protected'?" in ran.err


def broken(*_: object, **__: object) -> None:
    raise RuntimeError("the third wheel came off")


def test_a_defect_of_ours_is_called_one(audit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 70, short, with the way to a traceback; and the traceback when it is asked for."""
    monkeypatch.setattr("audit.findings.policies.names", broken)
    ran = audit("policies")
    assert ran.code == 70
    assert "a defect of ours" in ran.err
    assert "the third wheel came off" in ran.err
    assert "audit policies --debug" in ran.err
    assert "Traceback" not in ran.err
    assert "Traceback" in audit("policies", "--debug").err
    monkeypatch.setenv("AUDIT_DEBUG", "1")
    assert "Traceback" in audit("policies").err


def test_ctrl_c_is_not_a_verdict(audit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("audit.findings.policies.names", interrupted)
    ran = audit("policies")
    assert ran.code == 130
    assert "Traceback" not in ran.err


def test_a_reader_that_goes_away_is_no_verdict_and_no_noise(folder: Path) -> None:
    """`audit policies show us-credit | true`: exit 141 as other tools, nothing on stderr."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [sys.executable, "-m", "audit", "policies", "show", "us-credit"],
        cwd=folder, env=environment(), stdout=write_end, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(write_end)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(audit: Run, shell: str) -> None:
    ran = audit("completion", shell)
    assert ran.code == 0
    assert "_AUDIT_COMPLETE" in ran.out


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("audit po", ["power", "policies"]),
        ("audit run --prot", ["--protected"]),
        ("audit run --charts ", ["inline", "none", "shared"]),
        ("audit run loans.csv --protected s", ["sex", "score"]),
        ("audit run loans.csv --protected sex,a", ["sex,age", "sex,approved"]),
    ],
)
def test_the_shell_completes_commands_options_and_columns(
    loans: str, folder: Path, line: str, found: list[str]
) -> None:
    words = line.split(" ")
    ran = in_process(
        folder, _AUDIT_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1)
    )
    assert [row.split(",", 1)[1] for row in ran.out.splitlines()] == found


@pytest.mark.parametrize(
    ("redirection", "code"),
    [(">&-", 0), ("2>&-", 0), ("<&-", 0), (">&- 2>&-", 0), ("> /dev/full", 2)],
)
def test_closed_and_full_streams_are_no_defects(folder: Path, redirection: str, code: int) -> None:
    """Fault 66: a closed stdout ends as usual; a full disk is an error, said once."""
    if "/dev/full" in redirection and not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    done = subprocess.run(
        f"{sys.executable} -m audit policies {redirection}",
        shell=True, cwd=folder, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code
    assert done.stderr == ("audit: No space left on device\n" if code else "")


def test_a_terminal_without_box_characters_is_no_defect(folder: Path, loans: str) -> None:
    ran = in_process(
        folder, "run", loans, "--protected", "sex", "--decision", "approved",
        "--favorable", "decision=1", PYTHONIOENCODING="cp1252",
    )  # fmt: skip
    assert ran.code == 1
    assert "????" in ran.out
