"""What is attached to an audit as the report reads it: plain values, whatever they came from."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from audit.report import text
from audit.report.blocks import Bar
from audit.table.roles import Group

Entry = Mapping[str, Any]


def num(value: Any) -> float:
    """A number, nan where it is undefined."""
    if value is None:
        return math.nan
    return float(value)


def entries_of(found: Entry, *names: str) -> list[Entry]:
    """A list by its path ("more", "importance"); empty where it is absent."""
    held: Any = found
    for name in names:
        held = held.get(name) if isinstance(held, Mapping) else None
    return [e for e in held or () if isinstance(e, Mapping)]


def group_of(entry: Entry, key: str = "group") -> Group:
    """A group as a tuple of levels."""
    value = entry.get(key)
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def attribute_of(entry: Entry) -> tuple[str, ...]:
    """A protected attribute as a tuple of names."""
    value = entry["attribute"]
    return tuple(value) if isinstance(value, list | tuple) else (str(value),)


def who(entry: Entry, key: str = "group") -> str:
    """The group in words."""
    return text.group(attribute_of(entry), group_of(entry, key))


def signed(value: float) -> str:
    """A number with its sign.

    >>> signed(0.01234), signed(-0.5), signed(0.0)
    ('+0.012', '−0.500', '0.000')
    """
    if math.isnan(value):
        return "—"
    return f"{'+' if value > 0 else ''}{text.number(value)}"


def ends(entry: Entry, write: Callable[[float], str]) -> str:
    """Limits in a form; empty where there are none."""
    low, high = num(entry.get("low")), num(entry.get("high"))
    if math.isnan(low) or math.isnan(high):
        return ""
    start, end = write(low), write(high)
    return f"{start.removesuffix(' pp')} to {end}" if end.endswith(" pp") else f"{start} to {end}"


def edges(entries: Iterable[Entry]) -> tuple[float, float]:
    """The ends of an axis that holds every finite value and limit."""
    told = _finite(entries)
    if not told:
        return 0.0, 1.0
    low, high = min(told), max(told)
    room = 0.05 * (high - low) or 0.05
    return low - room, high + room


def edge(values: Iterable[float]) -> float:
    """Half the width of an axis around 0 that holds every finite value."""
    return 1.1 * max((abs(v) for v in values if math.isfinite(v)), default=1.0) or 1.0


def widest(found: Sequence[Entry]) -> float:
    """The edge for parts with limits."""
    return edge(_finite(found))


def _finite(entries: Iterable[Entry]) -> list[float]:
    values = (num(e.get(k)) for e in entries for k in ("value", "low", "high"))
    return [v for v in values if math.isfinite(v)]


def bar(entry: Entry, axis: tuple[float, float], parity: float = math.nan) -> Bar | None:
    """A point and its limits on an axis; none where the point is undefined."""
    value = num(entry.get("value"))
    if not math.isfinite(value):
        return None
    low, high = num(entry.get("low")), num(entry.get("high"))
    return Bar(
        kind="interval", start=axis[0], end=axis[1], value=value,
        low=value if math.isnan(low) else low, high=value if math.isnan(high) else high,
        parity=parity,
    )  # fmt: skip


def signed_bar(entry: Entry, reach: float, value: str = "value", name: str = "") -> Bar | None:
    """A point and its limits (`name` before "low" and "high") around 0; none where undefined."""
    own = {"value": entry[value], "low": entry.get(f"{name}low"), "high": entry.get(f"{name}high")}
    return bar(own, (-reach, reach), 0.0)
