"""The command that is shown can be pasted, and says the same."""

import shlex
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.cli import shell

SETTINGS = {
    "data": "my loans.csv",
    "protected": ("sex", "age"),
    "bins": {"age": (26, 40.5)},
    "favorable": {"decision": (1, 2), "outcome": (True,)},
    "reference": {"sex": "male"},
    "strict": True,
    "stamp": False,
    "output": ("a.html", "b.json"),
}


def test_words_of_all_kinds_of_settings() -> None:
    assert shell.words("run", SETTINGS) == [
        "audit", "run", "my loans.csv", "--protected", "sex,age", "--bins", "age=26,40.5",
        "--reference", "sex=male", "--favorable", "decision=1|2,outcome=true",
        "-o", "a.html", "-o", "b.json", "--strict",
    ]  # fmt: skip


@given(st.lists(st.text(min_size=1).filter(str.isprintable), min_size=1))
def test_a_line_splits_back_into_its_words(words: list[str]) -> None:
    """Whatever stands in a name, a POSIX shell reads the line as the words it was made of."""
    assert shlex.split(shell.line(words)) == words


def test_a_wrapped_line_is_the_same_command() -> None:
    words = shell.words("run", SETTINGS)
    text = shell.wrapped(words, width=40)
    assert "\\\n" in text
    assert shlex.split(text.replace("\\\n", " ")) == words


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash to ask")
def test_names_that_move_the_cursor_are_shown_as_codes_that_bash_reads() -> None:
    """Escapes, newlines and direction marks never reach the terminal, and mean the same."""
    words = ["a\x1b[2J", "b\nc'\\d", "\u202efdp", "\U000e0041"]
    text = shell.line(words)
    assert text.isprintable()
    script = f"printf '%s\\0' {text}"
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"}
    )
    assert done.stdout.decode().split("\0")[:-1] == words


def test_a_name_is_put_right_wherever_it_stands_alone() -> None:
    wrong = ["audit", "run", "--bins", "agee=26", "--protected", "sex,agee", "--where", "agees > 1"]
    right = ["audit", "run", "--bins", "age=26", "--protected", "sex,age", "--where", "agees > 1"]
    assert shell.replaced(wrong, "agee", "age") == right
    assert shell.replaced(wrong, "zzz", "age") is None
