"""Intervals, tests and estimates: what a count says about the rate behind it.

The names below are public. Intervals are vectorised over arrays and return `(low, high)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audit.inference.intervals import difference_interval, rate_interval, ratio_interval
    from audit.inference.noise import (
        TOO_NOISY,
        laplace_variance,
        noisy_counts,
        noisy_difference_interval,
        noisy_rate_interval,
        noisy_ratio_interval,
    )
    from audit.inference.proxies import (
        ProxyBounds,
        ProxyErrors,
        ProxyRates,
        proxy_errors,
        proxy_gap_bounds,
        proxy_gap_interval,
        proxy_rates,
    )
    from audit.inference.simultaneous import worst_gap_interval
    from audit.inference.spread import spread_interval
    from audit.inference.subgroups import SubgroupBounds, subgroup_bounds

__all__ = [
    "TOO_NOISY",
    "ProxyBounds",
    "ProxyErrors",
    "ProxyRates",
    "SubgroupBounds",
    "difference_interval",
    "laplace_variance",
    "noisy_counts",
    "noisy_difference_interval",
    "noisy_rate_interval",
    "noisy_ratio_interval",
    "proxy_errors",
    "proxy_gap_bounds",
    "proxy_gap_interval",
    "proxy_rates",
    "rate_interval",
    "ratio_interval",
    "spread_interval",
    "subgroup_bounds",
    "worst_gap_interval",
]

HOMES = {
    "TOO_NOISY": "audit.inference.noise",
    "ProxyBounds": "audit.inference.proxies",
    "ProxyErrors": "audit.inference.proxies",
    "ProxyRates": "audit.inference.proxies",
    "SubgroupBounds": "audit.inference.subgroups",
    "difference_interval": "audit.inference.intervals",
    "laplace_variance": "audit.inference.noise",
    "noisy_counts": "audit.inference.noise",
    "noisy_difference_interval": "audit.inference.noise",
    "noisy_rate_interval": "audit.inference.noise",
    "noisy_ratio_interval": "audit.inference.noise",
    "proxy_errors": "audit.inference.proxies",
    "proxy_gap_bounds": "audit.inference.proxies",
    "proxy_gap_interval": "audit.inference.proxies",
    "proxy_rates": "audit.inference.proxies",
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
