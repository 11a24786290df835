"""Values in JSON's own types: what records hold and reports are written from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any


def plain(value: Any, strange: Callable[[Any], Any] = str) -> Any:
    """A value in JSON's own types: nan is None, tuples and arrays are lists, records mappings.

    `strange` is asked about what is none of these.

    >>> plain({"group": ("f",), "ratio": float("nan"), "high": float("inf")})
    {'group': ['f'], 'ratio': None, 'high': 'inf'}
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return float(value) if math.isfinite(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, Mapping):
        return {str(k): plain(v, strange) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [plain(v, strange) for v in value]
    if is_dataclass(value) and not isinstance(value, type):
        own = {f.name: plain(getattr(value, f.name), strange) for f in fields(value)}
        # a property that decides something is said too
        return {**own, "found": value.found} if hasattr(value, "found") else own
    if hasattr(value, "tolist"):
        return plain(value.tolist(), strange)
    return strange(value)
