"""Write a configuration whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audit.cli import config
from audit.errors import InputError


def check_target(target: Path, *, force: bool) -> None:
    """Refuse what must not be replaced, before anything is asked or computed.

    Raises `InputError` CLI014 for a folder, and for an existing file without `force`.
    """
    if target.is_dir():
        raise InputError("CLI014", f"{target} is a folder", argument="output",
                         fix="name a file in it")  # fmt: skip
    if target.exists() and not force:
        raise InputError("CLI014", f"{target} exists", argument="output",
                         fix="add --force to replace it, or name another with -o")  # fmt: skip
    if not target.parent.is_dir():
        raise InputError("CLI014", f"there is no folder {target.parent}", argument="output",
                         fix="make it first")  # fmt: skip


def save(target: Path, settings: Mapping[str, Any], *, force: bool) -> None:
    """Write the settings as a commented audit.toml; paths in it are relative to it."""
    check_target(target, force=force)
    folder = target.parent
    moved = {key: _relative(key, value, folder) for key, value in settings.items()}
    whole(target, config.write_text(moved))


def rows(frame: Any, target: Path) -> None:
    """Save a pandas frame as CSV (formula-like text disarmed, no index) or Parquet."""
    import gzip
    import io

    memory = io.BytesIO()
    if target.suffix == ".parquet":
        frame.to_parquet(memory, index=False)
        whole(target, memory.getvalue())
        return
    text = frame.apply(_disarmed).to_csv(index=False, lineterminator="\n").encode()
    whole(target, gzip.compress(text, mtime=0) if target.suffix == ".gz" else text)


def _disarmed(column: Any) -> Any:
    """A cell that a spreadsheet would run as a formula starts with an apostrophe."""
    if column.dtype.kind in "biufM":
        return column
    return column.map(
        lambda v: f"'{v}" if isinstance(v, str) and v[:1] in tuple("=+-@\t\r") and v else v
    )


def whole(target: Path, content: str | bytes) -> None:
    """Replace a file in one step: a temporary file beside it, synced, then renamed.

    Raises `InputError` CLI018 where that fails; the old file is then intact.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        _replace(target, data)
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise InputError("CLI018", f"cannot write {target}: {reason}", argument="output",
                         fix="choose a folder that can be written to") from problem  # fmt: skip


def _replace(target: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:60]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _relative(key: str, value: Any, folder: Path) -> Any:
    if key in ("data", "model") and isinstance(value, str):
        return _from(value, folder)
    if key == "output":
        return tuple(_from(name, folder) for name in value)
    return value


def _from(name: str, folder: Path) -> str:
    if "://" in name or os.path.isabs(name) or not str(folder).strip("."):
        return name
    return os.path.relpath(name, folder)
