"""Metrics: rates, contrasts, their catalogue, and drop-in functions over arrays.

Names are loaded when first read, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE = {
    "CATALOGUE": "catalogue",
    "STANDARD": "catalogue",
    "get": "catalogue",
    "search": "catalogue",
}


def __getattr__(name: str) -> Any:
    """Load a public name from the module that defines it."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return sorted(_WHERE)
