"""Settings of methods: which there are, and what each may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from audit.errors import InputError
from audit.table.wording import shown, suggestion


class Share(float):
    """A number from 0 to 1, as a setting's usual value: another number must be one too."""


def checked(method: str, told: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    """The usual settings of a method, with those told in their place.

    Raises `InputError` MIT407 for a name that is none of them, or for what is no value of its kind
    (a whole number from 1 on, a number from 0 on, True or False); MIT406 for what is no share.

    >>> checked("reweighing", {"strength": 0.5}, {"strength": Share(1.0)})
    {'strength': 0.5}
    """
    for name, value in told.items():
        if name not in usual:
            raise InputError(
                "MIT407", f"{method} has no setting {shown(name)}", argument="settings",
                fix=suggestion(name, list(usual)),
            )  # fmt: skip
        right, kind = _judged(value, usual[name])
        if not right:
            raise InputError(
                "MIT406" if isinstance(usual[name], Share) else "MIT407",
                f"{name} of {method} is {shown(value)}, {kind}",
                argument="settings", fix=f"{usual[name]} unless told",
            )  # fmt: skip
    return {**usual, **told}


def _judged(value: Any, usual: Any) -> tuple[bool, str]:
    """Whether a value is of the usual one's kind, and what is to be said where it is not."""
    if isinstance(usual, bool):
        return isinstance(value, bool), "not True or False"
    if isinstance(value, bool):
        return False, "not a number"
    if isinstance(usual, int):
        return isinstance(value, int | np.integer) and bool(value >= 1), "not a whole number from 1"
    number = isinstance(value, int | float | np.number)
    if isinstance(usual, Share):
        return number and bool(0 <= value <= 1), "no number from 0 to 1"
    return number and bool(0 <= value < float("inf")), "not a number from 0"
