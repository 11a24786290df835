"""What every test of a fault asks of a public door: refused, warned, undefined, or exact."""

from __future__ import annotations

import math
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import audit
from audit.cli import entry


def refused(call: Callable[[], object], *words: str, argument: str | None = None) -> Any:
    """The `InputError` of a call, which names its argument, what is wrong, and what to do."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", audit.DataWarning)
        with pytest.raises(audit.InputError) as caught:
            call()
    error = caught.value
    for word in words:
        assert word in str(error), f"{word!r} is not said: {error}"
    if argument is not None:
        assert (error.argument or "").startswith(argument), error
    assert error.fix, f"no remedy is given: {error}"
    return error


def told(call: Callable[[], Any]) -> tuple[Any, list[str]]:
    """What a call returns, and the codes it warns with; any other warning fails the test."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = call()
    for w in caught:
        assert isinstance(w.message, audit.DataWarning), w
    return value, [w.message.code for w in caught if isinstance(w.message, audit.DataWarning)]


def page(result: audit.Audit) -> str:
    """The HTML report."""
    with tempfile.TemporaryDirectory() as folder:
        return audit.write(result, Path(folder) / "x.html", charts="none").read_text("utf-8")


def warned(call: Callable[[], audit.Audit], code: str) -> audit.Audit:
    """A whole audit that warns with a code; issues and the HTML report hold the code too."""
    result, codes = told(call)
    assert code in codes
    assert code in [issue.code for issue in result.issues]
    assert code in page(result)
    return result


def undefined(call: Callable[[], float], *words: str) -> None:
    """Nan, with an `UndefinedMetricWarning` that says why."""
    with pytest.warns(audit.UndefinedMetricWarning) as caught:
        value = call()
    assert math.isnan(value)
    said = " ".join(str(w.message) for w in caught)
    for word in words:
        assert word in said


def estimate(result: audit.Audit, metric: str, group: Any = None, reference: Any = None) -> Any:
    """The one row of `to_frame()` for a metric, group and reference."""
    frame = result.to_frame()
    rows = frame[frame["metric"] == metric]
    if group is not None:
        rows = rows[[g == group for g in rows["group"]]]
    if reference is not None:
        rows = rows[[r == reference for r in rows["reference"]]]
    assert len(rows) == 1, (metric, group, len(rows))
    return rows.iloc[0]


def command(*words: object) -> int:
    """The exit code of `audit` with these words, in this process."""
    return entry.run([str(word) for word in words])
