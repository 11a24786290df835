"""How long a model may take to answer: without end, unless somebody set a limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any

from audit.errors import InputError

if TYPE_CHECKING:
    from audit.table.watch import Watch

_LIMIT: ContextVar[float | None] = ContextVar("_LIMIT", default=None)
_WORDS: ContextVar[Callable[[InputError], str] | None] = ContextVar("_WORDS", default=None)
_WATCH: list[Watch] = []


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


def may_end(words: Callable[[InputError], str]) -> None:
    """This process is a command's own: where nothing else helps, it may be ended.

    A model that keeps Python's lock beyond its limit cannot be given up, for no line of Python
    runs any more. The process is then ended from outside (`watch`), with exit code 2 on Linux and
    Windows; what is said on stderr is what `words` makes of the `InputError`.
    """
    _WORDS.set(words)


def in_time(function: Callable[[Any], Any], rows: Any, name: str, what: str) -> Any:
    """What the function returns of the rows; what it raises passes.

    With a limit it runs in a thread of its own, which ends with the process: code that never
    returns, compiled code too, cannot be stopped from outside. Raises `InputError` TBL129 where the
    limit is over, also for an answer that came too late.
    """
    limit = _LIMIT.get()
    if limit is None:
        return function(rows)
    over = InputError(
        "TBL129",
        f"{name}: {what} did not answer within {limit:g} seconds",
        argument="model",
        fix="give it longer (--model-seconds), or fewer rows",
    )
    found: list[Any] = []
    failed: list[BaseException] = []

    def ask() -> None:
        try:
            found.append(function(rows))
        except BaseException as problem:
            failed.append(problem)

    context = copy_context()
    thread = threading.Thread(target=lambda: context.run(ask), name=f"audit {what}", daemon=True)
    start = time.monotonic()
    with _watched(thread, limit, over):
        thread.start()
        thread.join(limit)
    if thread.is_alive() or time.monotonic() - start > limit:
        raise over
    if failed:
        raise failed[0]
    return found[0]


@contextmanager
def _watched(thread: threading.Thread, limit: float, over: InputError) -> Iterator[None]:
    """Within it the process is ended where the thread keeps it beyond the limit, if it may be.

    A thread that was given up may still come to keep Python's lock, so the clock is set anew as
    long as there is one.
    """
    words = _WORDS.get()
    if words is None:
        yield
        return
    from audit.table.watch import GRACE, Watch

    if not _WATCH:
        _WATCH.append(Watch())
    (watch,), said = _WATCH, words(over)

    def wait() -> None:
        while thread.is_alive():
            watch.set(thread, limit + GRACE, said)
            thread.join(1.0)
        watch.stop(thread)

    watch.set(thread, limit + GRACE, said)
    try:
        yield
    finally:
        if thread.is_alive():
            threading.Thread(target=wait, name=f"{thread.name} given up", daemon=True).start()
        else:
            watch.stop(thread)
