"""Files: whole or not at all, never over somebody else's, never through a link."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from audit.errors import InputError
from audit.report import files
from report import examples

SUFFIXES = (".html", ".json", ".md", ".csv", ".xlsx", ".junit.xml")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_ours_is_replaced_and_bytes_are_the_same(tmp_path: Path, suffix: str) -> None:
    """Written twice: allowed, since the first carries our mark, and byte for byte equal."""
    path = tmp_path / f"report{suffix}"
    assert files.write(examples.german(), path, charts="none") == path
    first = path.read_bytes()
    files.write(examples.german(), path, charts="none")
    assert path.read_bytes() == first
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_large_json_is_known_again(tmp_path: Path) -> None:
    """The mark is found wherever it stands in a long file."""
    path = tmp_path / "report.json"
    files.write(examples.many(), path)
    files.write(examples.many(), path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_others_need_force(tmp_path: Path, suffix: str) -> None:
    """A file that audit did not make stays as it is, unless forced."""
    path = tmp_path / f"mine{suffix}"
    path.write_bytes(b"my own notes")
    with pytest.raises(InputError, match="RPT022"):
        files.write(examples.fair(), path, charts="none")
    assert path.read_bytes() == b"my own notes"
    files.write(examples.fair(), path, force=True, charts="none")
    assert path.read_bytes() != b"my own notes"


def test_places_that_cannot_be(tmp_path: Path) -> None:
    """A folder, a wrong suffix, a link, a folder that is a file: coded, with a remedy."""
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(InputError, match="RPT021"):
        files.write(examples.fair(), tmp_path / "folder.html")
    for name in ("report.pdf", "report", ".html", "report.xml"):
        with pytest.raises(InputError, match="RPT020"):
            files.write(examples.fair(), tmp_path / name)
    target = tmp_path / "target.json"
    files.write(examples.fair(), target)
    link = tmp_path / "link.json"
    link.symlink_to(target)
    with pytest.raises(InputError, match="RPT023"):
        files.write(examples.german(), link)
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="RPT024"):
        files.write(examples.fair(), tmp_path / "file" / "report.json")


def test_force_replaces_the_link_not_its_target(tmp_path: Path) -> None:
    """What a link points at is never written."""
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("precious")
    link.symlink_to(target)
    files.write(examples.fair(), link, force=True)
    assert target.read_text() == "precious"
    assert not link.is_symlink()


@pytest.mark.parametrize("broken", ["fsync", "replace", "chmod", "write"])
def test_a_failure_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """Disk full at any step: the old bytes, no temporary file, a coded error."""
    path = tmp_path / "report.json"
    files.write(examples.fair(), path)
    before = path.read_bytes()

    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    if broken == "write":
        real = os.fdopen

        def opened(descriptor: int, mode: str) -> Any:
            stream = real(descriptor, mode)
            stream.close()
            fail()

        monkeypatch.setattr(os, "fdopen", opened)
    else:
        monkeypatch.setattr(os, broken, fail)
    with pytest.raises(InputError, match=r"RPT024.*No space left"):
        files.write(examples.german(), path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]


def test_interruption_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while writing: no temporary file stays."""

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        files.write(examples.fair(), tmp_path / "report.json")
    assert list(tmp_path.iterdir()) == []


def test_shared_script_lies_beside(tmp_path: Path) -> None:
    """charts="shared" writes plotly.min.js once, and knows it again."""
    for name in ("a.html", "b.html"):
        files.write(examples.fair(), tmp_path / name, charts="shared")
    assert (tmp_path / "plotly.min.js").stat().st_size > 1_000_000
    assert (tmp_path / "a.html").stat().st_size < 200_000


def test_missing_folders_are_made(tmp_path: Path) -> None:
    """A user's own path is theirs: its folders are made."""
    path = files.write_text(tmp_path / "deep" / "er" / "x.txt", "hello")
    assert path.read_text() == "hello"
