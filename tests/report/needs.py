"""What a test needs and may not find."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def unavailable(reason: str) -> NoReturn:
    """Skip, or fail where AUDIT_FULL=1 promises that everything runs."""
    if os.environ.get("AUDIT_FULL") == "1":
        pytest.fail(f"AUDIT_FULL=1, but {reason}")
    pytest.skip(reason)
