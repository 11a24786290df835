"""Output, faults 63-66: every file `audit` writes is whole or as it was, never another's."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import audit
from faults import killed
from faults.doors import command, refused

SOURCE = str(Path(audit.__file__).parents[1])
FULL = os.environ.get("AUDIT_FULL") == "1"
ROWS = {"g": ["f"] * 40 + ["m"] * 60, "d": [True] * 15 + [False] * 25 + [True] * 45 + [False] * 15}
NAMES = (
    *(f"x{s}" for s in (".html", ".json", ".md", ".csv", ".xlsx", ".junit.xml")),
    "x.tally.json",
    "audit.toml",
)


@pytest.fixture(scope="module")
def writers() -> dict[str, Callable[[Path, int], None]]:
    """By file name: a function that writes its first or second version."""
    return killed.writers()


@contextmanager
def failing(call: str, number: int) -> Iterator[list[int]]:
    """The `number`-th call of this kind fails as on a full disk; gives how many there were."""
    seen = [0]
    patch = pytest.MonkeyPatch()

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def instead(*args: Any, **named: Any) -> Any:
            seen[0] += 1
            if seen[0] == number:
                raise OSError(28, "No space left on device")
            return real(*args, **named)

        return instead

    if call == "write":
        opened = os.fdopen

        def fdopen(*args: Any, **named: Any) -> Any:
            stream = opened(*args, **named)

            class Stream:
                def __enter__(self) -> Any:
                    return self

                def __exit__(self, *_: object) -> None:
                    stream.close()

                def __getattr__(self, name: str) -> Any:
                    found = getattr(stream, name)
                    return counted(found) if name in ("write", "flush") else found

            return Stream()

        patch.setattr(os, "fdopen", fdopen)
    elif call == "mkstemp":
        patch.setattr(tempfile, "mkstemp", counted(tempfile.mkstemp))
    else:
        patch.setattr(os, call, counted(getattr(os, call)))
    try:
        yield seen
    finally:
        patch.undo()


@pytest.mark.parametrize("call", ["mkstemp", "write", "fsync", "chmod", "replace"])
@pytest.mark.parametrize("name", NAMES)
def test_fault_63_the_kth_call_fails(
    tmp_path: Path, writers: dict[str, Callable[[Path, int], None]], name: str, call: str
) -> None:
    """Old bytes or new ones, no temporary file, and an error that names the file; for every k."""
    write, path = writers[name], tmp_path / name
    write(path, 1)
    new = path.read_bytes()
    write(path, 0)
    old = path.read_bytes()
    number = 0
    while True:
        number += 1
        error = None
        try:
            with failing(call, number) as seen:
                write(path, 1)
        except audit.InputError as raised:
            error = raised
        if error is not None:
            assert "No space left on device" in str(error)
            assert name in str(error)
            assert error.fix
            assert path.read_bytes() == old
        else:
            assert path.read_bytes() == new
            write(path, 0)
        assert [p.name for p in tmp_path.iterdir()] == [name]
        if seen[0] < number:
            break
    assert number > 1


@pytest.mark.parametrize("name", NAMES)
def test_fault_63_a_first_write_that_fails_leaves_no_file(
    tmp_path: Path, writers: dict[str, Callable[[Path, int], None]], name: str
) -> None:
    with failing("replace", 1), pytest.raises(audit.InputError):
        writers[name](tmp_path / name, 0)
    assert list(tmp_path.iterdir()) == []


def test_fault_63_the_command_line_says_so_with_exit_2(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("loans.csv").write_text("g,d\nf,1\nm,0\n")
    roles = ("loans.csv", "--protected", "g", "--decision", "d", "--favorable", "decision=1")
    for words in (
        ("run", *roles, "-o", "x.html"),
        ("count", *roles, "-o", "x.tally.json"),
        ("init", *roles),
        ("datasets", "export", "fico_scores", "-o", "x.csv"),
    ):
        with failing("fsync", 1):
            assert command(*words) == 2
        said = capsys.readouterr().err
        assert "No space left on device" in said
        assert "Traceback" not in said
        assert [p.name for p in tmp_path.iterdir()] == ["loans.csv"]


def killing(folder: Path, rounds: int, seed: int) -> None:
    done = subprocess.run(
        [sys.executable, killed.__file__, str(folder), str(rounds), str(seed)],
        env={**os.environ, "PYTHONPATH": SOURCE}, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, str(rounds)), done.stderr


def test_fault_64_killed_at_any_call_a_file_is_old_or_new(tmp_path: Path) -> None:
    """SIGKILL inside a write, before and after each other call, and at random moments."""
    killing(tmp_path, 200 if FULL else 24, seed=0)


@pytest.mark.slow
def test_fault_64_killed_200_times(tmp_path: Path) -> None:
    killing(tmp_path, 200, seed=1)


@pytest.fixture(scope="module")
def result() -> audit.Audit:
    return audit.run(ROWS, protected="g", decision="d")


@pytest.mark.parametrize("name", NAMES[:7])
def test_fault_65_folders_foreign_files_and_links_are_left_alone(
    tmp_path: Path, writers: dict[str, Callable[[Path, int], None]], name: str
) -> None:
    """Each with an error that names the file; what a link points at is never written."""
    write = writers[name]
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / name).mkdir()
    refused(lambda: write(tmp_path / "folder" / name, 0), "is a folder", argument="path")
    foreign = tmp_path / name
    foreign.write_bytes(b"years of work")
    refused(lambda: write(foreign, 0), "not", "force", argument="path")
    assert foreign.read_bytes() == b"years of work"
    link = tmp_path / "links" / name
    link.parent.mkdir()
    link.symlink_to(foreign)
    refused(lambda: write(link, 0), argument="path")
    assert foreign.read_bytes() == b"years of work"
    assert sorted(p.name for p in tmp_path.rglob(".*")) == []


def test_fault_65_a_place_that_cannot_be_written_is_named(result: audit.Audit) -> None:
    """A read-only folder; /proc is one even to root."""
    if not os.path.isdir("/proc/self"):
        pytest.skip("needs /proc")
    for name in NAMES[:6]:
        refused(lambda: audit.write(result, f"/proc/{name}"), "cannot write", argument="path")  # noqa: B023
    error = refused(lambda: result.tally.save("/proc/x.tally.json"), "cannot write")
    assert error.argument == "path"


def test_fault_65_the_command_line_asks_for_force(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("loans.csv").write_text("g,d\nf,1\nm,0\n")
    roles = ("loans.csv", "--protected", "g", "--decision", "d", "--favorable", "decision=1")
    for verb, name in (("run", "x.html"), ("count", "x.tally.json"), ("init", "audit.toml")):
        Path(name).write_text("years of work")
        words = (verb, *roles, "-o", name) if verb != "init" else (verb, *roles)
        assert command(*words) == 2
        assert "--force" in capsys.readouterr().err
        assert Path(name).read_text() == "years of work"
        assert command(*words, "--force") in (0, 1)
        assert Path(name).read_text() != "years of work"
        Path(name).unlink()


def test_fault_65_names_from_data_make_no_paths(tmp_path: Path) -> None:
    """Groups, columns, titles and file names in the data write nothing but the file asked for."""
    name = "../../etc/x"
    rows = {name: [name] * 40 + ["/m"] * 60, "../d": ROWS["d"]}
    found = audit.run(rows, protected=name, decision="../d", title="../../../title")
    for target in NAMES[:6]:
        audit.write(found, tmp_path / "in" / target, charts="none")
    assert sorted(p.name for p in (tmp_path / "in").iterdir()) == sorted(NAMES[:6])
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


def test_fault_66_ctrl_c_leaves_the_old_file(
    tmp_path: Path, writers: dict[str, Callable[[Path, int], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    before = {}
    for name, write in writers.items():
        write(tmp_path / name, 0)
        before[name] = (tmp_path / name).read_bytes()
    monkeypatch.setattr(os, "fsync", stop)
    for name, write in writers.items():
        with pytest.raises(KeyboardInterrupt):
            write(tmp_path / name, 1)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_fault_66_a_closed_stdout_is_no_verdict(tmp_path: Path) -> None:
    """The report is written whole and the exit code is the usual one."""
    (tmp_path / "loans.csv").write_text(
        "g,d\n" + "".join(f"{g},{int(d)}\n" for g, d in zip(ROWS["g"], ROWS["d"], strict=True))
    )
    line = (
        f"{sys.executable} -m audit run loans.csv --protected g --decision d "
        "--favorable decision=1 -o x.json >&-"
    )
    done = subprocess.run(
        ["/bin/sh", "-c", line], cwd=tmp_path, env={**os.environ, "PYTHONPATH": SOURCE},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert audit.load(tmp_path / "x.json").verdict == "fail"


def test_fault_66_two_writers_leave_one_whole_file(tmp_path: Path) -> None:
    """`killed.py` ends with two processes writing each file at once while a third reads it."""
    killing(tmp_path, 0, seed=2)
