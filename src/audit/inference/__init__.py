"""Intervals, tests and estimates: what a count says about the rate behind it.

The names below are public; everything is vectorised over arrays and returns `(low, high)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audit.inference.intervals import difference_interval, rate_interval, ratio_interval
    from audit.inference.simultaneous import worst_gap_interval
    from audit.inference.spread import spread_interval
    from audit.inference.subgroups import SubgroupBounds, subgroup_bounds

__all__ = [
    "SubgroupBounds",
    "difference_interval",
    "rate_interval",
    "ratio_interval",
    "spread_interval",
    "subgroup_bounds",
    "worst_gap_interval",
]

HOMES = {
    "SubgroupBounds": "audit.inference.subgroups",
    "difference_interval": "audit.inference.intervals",
    "rate_interval": "audit.inference.intervals",
    "ratio_interval": "audit.inference.intervals",
    "spread_interval": "audit.inference.spread",
    "subgroup_bounds": "audit.inference.subgroups",
    "worst_gap_interval": "audit.inference.simultaneous",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for."""
    if name in HOMES:
        from importlib import import_module

        return getattr(import_module(HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
