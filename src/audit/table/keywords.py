"""Keywords of a call that were misspelt, or forgotten: said before anything is read."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from audit.errors import InputError
from audit.table.wording import shown, suggestion


def check_keywords(roles: Mapping[str, Any], own: Sequence[str] = ()) -> None:
    """Refuse keywords that neither `audit.read` nor the caller (`own`) takes.

    Raises `InputError` RUN004, also where `protected` is not there.

    >>> check_keywords({"protcted": ["sex"]})
    Traceback (most recent call last):
    ...
    audit.errors.InputError: [RUN004] protcted: no such argument — did you mean 'protected'?
    """
    from audit.table.intake import read

    known = [name for name in inspect.signature(read).parameters if name != "source"]
    for name in roles:
        if name not in known:
            raise InputError(
                "RUN004",
                "no such argument",
                argument=name,
                fix=suggestion(name, [*known, *own]),
            )
    if roles.get("protected") is None:
        raise InputError(
            "RUN004",
            "which columns are protected is not said",
            argument="protected",
            fix='for example protected=["sex"]',
        )


def refuse_roles(roles: Mapping[str, Any], what: str) -> None:
    """Refuse roles given with a source that has its own. Raises `InputError` RUN001.

    >>> refuse_roles({}, "a tally")
    """
    if roles:
        raise InputError(
            "RUN001",
            f"{what} already has its roles ({shown(sorted(roles)[0])} was given again)",
            argument=sorted(roles)[0],
            fix="give roles to audit.read or audit.count",
        )
