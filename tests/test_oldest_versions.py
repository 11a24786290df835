"""The oldest versions that `.ci/oldest` installs are those that pyproject.toml allows."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PINS = ROOT / ".ci" / "oldest.txt"


@pytest.mark.skipif(not PINS.exists(), reason="a source archive carries no .ci")
def test_every_lower_bound_is_what_the_oldest_run_installs() -> None:
    """`numpy>=2` is tried as 2.0, `pandas>=2.3` as 2.3: a bound nobody tries is a guess."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    tried = [*project["dependencies"], *extras["models"]]
    tried += [line for line in extras["test"] if line.startswith("polars")]
    pins = dict(
        line.split("==") for line in PINS.read_text().splitlines() if not line.startswith("#")
    )
    for line in tried:
        name, bound = re.match(r"([\w-]+)>=([\d.]+)", line).groups()  # type: ignore[union-attr]
        pinned = pins.pop(name).removesuffix(".*")
        assert f"{bound}.0".startswith(pinned), f"{line} is tried as {pinned}"
    assert not pins
