"""A path as typed, before any file is opened."""

from __future__ import annotations

import os
from pathlib import Path

from audit.errors import InputError
from audit.table.wording import shown


def path_of(path: object, code: str, argument: str = "path") -> Path:
    """The path, where it is one; else `InputError` with the caller's code.

    >>> path_of("reports/loans.json", "RPT014").name
    'loans.json'
    """
    if not isinstance(path, str | os.PathLike):
        raise InputError(
            code, f"a {type(path).__name__} is no path", argument=argument, fix="name a file"
        )
    name = os.fspath(path)
    try:
        if isinstance(name, bytes):
            name = os.fsdecode(name)
        usable = b"\0" not in os.fsencode(name)
    except UnicodeError:
        usable = False
    if not usable:
        raise InputError(
            code, f"{shown(name)} cannot be a file's name", argument=argument, fix="name a file"
        )
    return Path(name)
