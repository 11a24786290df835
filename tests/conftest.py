"""What every test shares: slow ones run in CI (AUDIT_FULL=1), the rest on every run."""

import os

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip slow tests unless AUDIT_FULL is set, with the reason."""
    if os.environ.get("AUDIT_FULL"):
        return
    slow = pytest.mark.skip(reason="slow: runs with AUDIT_FULL=1")
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(slow)
