"""Questions on a terminal: what must not be guessed is asked, in words a stranger understands."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import audit as package
from audit.cli import config

from .conftest import environment

pty = pytest.importorskip("pty", reason="pseudo-terminals are a POSIX thing")


class Terminal:
    """A command on a pseudo-terminal: wait for a text, type an answer."""

    def __init__(self, folder: Path, *words: str, stdout: int | None = None) -> None:
        self.end, inner = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "audit", *words],
            cwd=folder, env=environment(COLUMNS="100"), stdin=inner, stderr=inner,
            stdout=inner if stdout is None else stdout, start_new_session=True,
        )  # fmt: skip
        os.close(inner)
        self.seen = ""

    def read(self, seconds: float = 60) -> bool:
        """Take in what is there; False at the end."""
        ready, _, _ = select.select([self.end], [], [], seconds)
        if not ready:
            raise TimeoutError(f"nothing more on the terminal after:\n{self.seen}")
        try:
            data = os.read(self.end, 65536)
        except OSError:  # Linux says so when the other side has closed
            return False
        self.seen += data.decode().replace("\r\n", "\n")
        return bool(data)

    def wait_for(self, text: str, start: int = 0) -> None:
        """Read until the text stands after position `start`."""
        while text not in self.seen[start:]:
            if not self.read():
                raise AssertionError(f"{text!r} never came; the terminal shows:\n{self.seen}")

    def answer(self, question: str, text: str) -> None:
        """Wait for a question, then type."""
        start = getattr(self, "position", 0)
        self.wait_for(question, start)
        self.position = len(self.seen)
        os.write(self.end, f"{text}\n".encode())

    def ended(self) -> int:
        """Read to the end; the exit code."""
        while self.read():
            pass
        return self.process.wait(timeout=60)

    def close(self) -> None:
        """Leave nothing behind."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.end)


@pytest.fixture
def opened(folder: Path) -> Iterator[list[Terminal]]:
    terminals: list[Terminal] = []
    yield terminals
    for terminal in terminals:
        terminal.close()


def start(opened: list[Terminal], folder: Path, *words: str) -> Terminal:
    opened.append(Terminal(folder, *words))
    return opened[-1]


def test_from_a_bare_file_to_a_verdict(opened: list[Terminal], folder: Path, loans: str) -> None:
    """Every column is shown, every answer is asked for, and the command shown says the same."""
    t = start(opened, folder, "run", loans)
    t.answer("Columns, separated by commas [sex,age]: ", "sex,agee")
    t.answer("did you mean 'age'?)\n   Columns, separated by commas [sex,age]: ", "")
    t.answer("Cut age at: ", "40")
    t.answer("[approved]: ", "")
    t.answer("Value of approved (| between several): ", "?")
    t.answer("never guessed", "7")
    t.answer("approved holds no '7'", "1")
    t.answer("[repaid]: ", "")
    t.answer("Value of repaid (| between several): ", "yes")
    t.answer("Reference for sex [let the policy choose]: ", "male")
    t.answer("Reference for age (a number means its bin) [let the policy choose]: ", "")
    t.answer("[loans.html]: ", "r.json")
    t.answer("Save these answers as audit.toml? [y/N]: ", "y")
    assert t.ended() == 1
    assert "female (500), male (500)" in t.seen
    assert "20 to 79" in t.seen
    command = (
        "audit run loans.csv --protected sex,age --bins age=40 --reference sex=male "
        "--decision approved --outcome repaid --favorable decision=1,outcome=yes -o r.json"
    )
    assert command in re.sub(r" \\\n +", " ", t.seen)
    assert package.load("r.json").record.provenance.command == command
    assert config.load(Path("audit.toml")).settings["favorable"] == {
        "decision": (1,),
        "outcome": ("yes",),
    }


def test_which_value_is_good_is_never_proposed(
    opened: list[Terminal], folder: Path, loans: str
) -> None:
    """No default in brackets, and Enter alone asks again."""
    t = start(opened, folder, "run", loans, "--protected", "sex", "--decision", "approved")
    t.answer("Value of approved (| between several): ", "")
    t.answer("Value of approved (| between several): ", "1")
    assert t.ended() == 1
    assert "--favorable decision=1" in t.seen
    assert not Path("audit.toml").exists()


def test_more_than_two_decisions(opened: list[Terminal], folder: Path) -> None:
    """What is neither approval nor denial is asked about and counts as undecided."""
    rows = ["a,yes"] * 60 + ["a,no"] * 40 + ["b,yes"] * 60 + ["b,no"] * 40 + ["b,withdrawn"] * 9
    (folder / "d.csv").write_text("race,ok\n" + "\n".join(rows) + "\n")
    t = start(opened, folder, "run", "d.csv", "--protected", "race", "--decision", "ok",
              "-o", "r.json")  # fmt: skip
    t.answer("Value of ok (| between several): ", "yes")
    t.answer("count as undecided (| between several) [all]: ", "no")
    t.ended()
    roles = package.load("r.json").record.roles
    assert roles.unfavorable["decision"] == ("no",)


def test_no_decision_but_a_score(opened: list[Terminal], folder: Path, loans: str) -> None:
    t = start(opened, folder, "run", loans, "--protected", "sex")
    t.answer("[approved]: ", "-")
    t.answer("risk (higher is worse) or -: ", "maybe")
    t.answer("write score, risk or -", "score")
    t.answer("Column: ", "sex")
    t.answer("'sex' holds no numbers", "score")
    t.answer("Approve at or above (500 to 740), or - for no cut-off: ", "600")
    t.answer("or - if it is not known [repaid]: ", "-")
    t.answer("Reference for sex", "male")
    t.answer("[loans.html]: ", "-")
    t.answer("[y/N]: ", "n")
    assert t.ended() in (0, 1)
    assert "--score score --cutoff 600" in re.sub(r" \\\n +", " ", t.seen)
    assert sorted(p.name for p in folder.iterdir()) == ["loans.csv"]


def test_init_asks_and_writes(opened: list[Terminal], folder: Path, loans: str) -> None:
    t = start(opened, folder, "init")
    t.answer("Which file of decisions: ", "loans.cvs")
    t.answer("no such file", loans)
    t.answer("[sex,age]: ", "sex")
    t.answer("[approved]: ", "")
    t.answer("Value of approved", "1")
    t.answer("[repaid]: ", "-")
    t.answer("Reference for sex", "")
    t.answer("[loans.html]: ", "")
    assert t.ended() == 0
    assert config.load(Path("audit.toml")).settings == {
        "data": "loans.csv",
        "protected": ("sex",),
        "decision": "approved",
        "favorable": {"decision": (1,)},
        "output": ("loans.html",),
    }


def test_ctrl_c_leaves_and_writes_nothing(opened: list[Terminal], folder: Path, loans: str) -> None:
    """Exit 130, as other tools; not 1, which would be a verdict."""
    t = start(opened, folder, "run", loans)
    t.wait_for("[sex,age]: ")
    for _ in range(5):  # a signal just before the read begins goes unnoticed
        t.process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            t.process.wait(timeout=5)
            break
    assert t.ended() == 130
    assert "Traceback" not in t.seen
    assert [p.name for p in folder.iterdir()] == ["loans.csv"]


def test_colour_for_people_only(opened: list[Terminal], folder: Path, loans: str) -> None:
    """On a terminal the verdict is coloured; NO_COLOR is respected (see test_run for pipes)."""
    roles = ("--protected", "sex", "--decision", "approved", "--favorable", "decision=1")
    t = start(opened, folder, "run", loans, *roles)
    assert t.ended() == 1
    assert "\x1b[" in t.seen


def test_progress_is_drawn_only_after_a_second_and_taken_away(
    opened: list[Terminal], folder: Path
) -> None:
    """A slow step shows one line on stderr; a quick one shows nothing."""
    script = (
        "import sys, time; from audit.cli.progress import Progress\n"
        "with Progress() as step:\n"
        "    step('reading slow.csv', 1, 3); time.sleep(float(sys.argv[1]))\n"
        "print('done')"
    )
    shown = {}
    for seconds in ("0", "1.6"):
        end, inner = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-c", script, seconds], stdin=inner, stdout=inner, stderr=inner,
            env=environment(), cwd=folder,
        )  # fmt: skip
        os.close(inner)
        text = b""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                piece = os.read(end, 65536)
            except OSError:
                break
            if not piece:
                break
            text += piece
        process.wait()
        os.close(end)
        shown[seconds] = text.decode()
    assert shown["0"] == "done\r\n"
    assert "reading slow.csv" in shown["1.6"]
    assert shown["1.6"].endswith("done\r\n")
