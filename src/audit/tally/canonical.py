"""One canonical text for roles, axes and levels: what fingerprints, equality and files share.

Types survive it: 1, 1.0, True and "1" are four different levels.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from audit.errors import InputError
from audit.table.roles import Axis, Roles


def plain(value: Any) -> Any:
    """The value as JSON holds it: lists, text keys, Python scalars; types kept apart.

    A float without a JSON spelling becomes {"float": "inf"}; numpy scalars become Python's.

    >>> plain((1, 1.0, True, "1", None, np.int64(2), math.inf))
    [1, 1.0, True, '1', None, 2, {'float': 'inf'}]
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(value)}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    raise InputError("TLY001", f"a tally cannot hold a value of type {type(value).__name__!r}")


def typed(value: Any) -> Any:
    """The inverse of `plain`: lists become tuples again.

    >>> typed([1, 1.0, {"float": "-inf"}, {"sex": ["f", None]}])
    (1, 1.0, -inf, {'sex': ('f', None)})
    """
    if isinstance(value, list):
        return tuple(typed(v) for v in value)
    if isinstance(value, dict):
        if set(value) == {"float"} and value["float"] in ("inf", "-inf", "nan"):
            return float(value["float"])
        return {k: typed(v) for k, v in value.items()}
    return value


def text(value: Any) -> str:
    """Canonical JSON: sorted keys, no spaces, ASCII only, so equal text means equal content.

    >>> text({"b": 1.0, "a": (True, "é")})
    '{"a":[true,"\\\\u00e9"],"b":1.0}'
    """
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


ADDED = ("levels", "overlapping")
"""Roles left out of the record where nothing was said of them."""


def roles_record(roles: Roles) -> dict[str, Any]:
    """Roles as plain JSON, one key a field.

    >>> roles_record(Roles(protected=("sex",)))["protected"]
    ['sex']
    """
    record = {f.name: plain(getattr(roles, f.name)) for f in fields(roles)}
    # A role that tallies of earlier versions did not have leaves their fingerprint alone.
    return {k: v for k, v in record.items() if v or k not in ADDED}


def roles_of(record: Mapping[str, Any]) -> Roles:
    """The inverse of `roles_record`; a field this version does not know raises `InputError`.

    >>> roles_of(roles_record(Roles(favorable={"decision": (1,)}))).favorable
    {'decision': (1,)}
    """
    unknown = sorted(set(record) - {f.name for f in fields(Roles)})
    if unknown:
        raise InputError(
            "TLY004",
            f"roles hold fields this version does not know: {', '.join(unknown)}",
            fix="read it with the version of audit that wrote it",
        )
    return Roles(**{name: typed(value) for name, value in record.items()})


def axis_record(axis: Axis) -> dict[str, Any]:
    """An axis as plain JSON.

    >>> axis_record(Axis(name="sex", kind="protected", levels=("f", None)))
    {'name': 'sex', 'kind': 'protected', 'levels': ['f', None]}
    """
    return {"name": axis.name, "kind": axis.kind, "levels": plain(axis.levels)}


def axis_of(record: Mapping[str, Any]) -> Axis:
    """The inverse of `axis_record`."""
    return Axis(name=record["name"], kind=record["kind"], levels=typed(record["levels"]))
