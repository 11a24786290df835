"""What every test shares: slow ones and those in a browser run in CI (AUDIT_FULL=1)."""

import os

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip slow and browser tests unless AUDIT_FULL is set, with the reason."""
    if os.environ.get("AUDIT_FULL"):
        return
    slow = pytest.mark.skip(reason="slow, or needs a browser: runs with AUDIT_FULL=1")
    for item in items:
        if item.get_closest_marker("slow") or item.get_closest_marker("browser"):
            item.add_marker(slow)
