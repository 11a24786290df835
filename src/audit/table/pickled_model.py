"""Pickled models: refused unread, unless the very file is named by its SHA-256.

A pickle runs whatever its author wished while it is loaded. Whoever opts in vouches for one file,
not for a name: the bytes that were compared are the bytes that are loaded.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from audit.errors import InputError

ENDINGS = (".pkl", ".pickle", ".joblib", ".sav")


def is_pickle(file: Path) -> bool:
    """Whether the name or the first bytes say so."""
    with file.open("rb") as opened:
        head = opened.read(2)
    starts = head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05"
    return file.suffix.lower() in ENDINGS or (starts and len(head) == 2)


def load_pickle(file: Path, allowed: str | None) -> Any:
    """The object in a pickle or joblib file whose SHA-256 is `allowed`.

    Raises `InputError`: TBL141 where nothing is allowed, or another file is, before anything is
    loaded; TBL145 where it cannot be loaded.
    """
    if allowed is None:
        raise InputError(
            "TBL141",
            f"{file.name} is a pickle: loading it would run whatever code it holds",
            argument="model",
            fix="save the model with skops.io.dump(model, 'model.skops'); only if you trust its "
            "author, add --allow-pickle <sha256 of the file>",
        )
    wanted = allowed.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{64}", wanted):
        raise InputError(
            "TBL141",
            f"{allowed[:80]!r} is no SHA-256: it has 64 digits, 0-9 and a-f",
            argument="allow_pickle",
            fix="give the one that the model's author published for this file",
        )
    import hashlib
    import io

    data = file.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != wanted:
        raise InputError(
            "TBL141",
            f"{file.name} is a pickle with SHA-256 {found[:12]}…, and {wanted[:12]}… is allowed",
            argument="allow_pickle",
            fix="this is not the file that was vouched for: get it again from its author",
        )
    import joblib  # type: ignore[import-untyped]

    try:
        return joblib.load(io.BytesIO(data))
    except Exception as problem:
        raise InputError(
            "TBL145",
            f"{file.name} cannot be loaded: {type(problem).__name__}: {problem}",
            argument="model",
            fix="install the libraries it was saved with, or save it anew with skops.io.dump",
        ) from None
