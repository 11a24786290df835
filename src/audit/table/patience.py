"""How long a model may take to answer: without end, unless somebody set a limit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Any

from audit.errors import InputError

_LIMIT: ContextVar[float | None] = ContextVar("_LIMIT", default=None)


@contextmanager
def patience(seconds: float | None) -> Iterator[None]:
    """Within it, every answer of a model may take so many seconds; None is without end.

    >>> with patience(5):
    ...     in_time(len, [1, 2], "Model", "predict")
    2
    """
    before = _LIMIT.set(seconds)
    try:
        yield
    finally:
        _LIMIT.reset(before)


def in_time(function: Callable[[Any], Any], rows: Any, name: str, what: str) -> Any:
    """What the function returns of the rows; what it raises passes.

    With a limit it runs in a thread of its own, which ends with the process: code that never
    returns, compiled code too, cannot be stopped from outside. Raises `InputError` TBL129 where the
    limit is over.
    """
    limit = _LIMIT.get()
    if limit is None:
        return function(rows)
    found: list[Any] = []
    failed: list[BaseException] = []

    def ask() -> None:
        try:
            found.append(function(rows))
        except BaseException as problem:
            failed.append(problem)

    context = copy_context()
    thread = threading.Thread(target=lambda: context.run(ask), name=f"audit {what}", daemon=True)
    thread.start()
    thread.join(limit)
    if failed:
        raise failed[0]
    if not found:
        raise InputError(
            "TBL129",
            f"{name}: {what} did not answer within {limit:g} seconds",
            argument="model",
            fix="give it longer (--model-seconds), or fewer rows",
        )
    return found[0]
