"""Progress on stderr: only on a terminal, and only for what takes over a second."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

DELAY = 1.0


class Progress:
    """One line that says what is being done, drawn once it has taken a second.

    Call it with what is being done and, where known, how far it is: `step("reading", 2, 10)`.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        """Nothing is drawn when quiet or where stderr is not a terminal."""
        self.shown = not quiet and sys.stderr.isatty()
        self.text, self.done, self.total = "", 0.0, None  # type: str, float, float | None
        self.bar: Any = None
        self.task: Any = None
        self.timer: threading.Timer | None = None
        self.lock = threading.Lock()
        self.over = False

    def __enter__(self) -> Progress:
        """Start the clock."""
        if self.shown:
            self.timer = threading.Timer(DELAY, self._draw)
            self.timer.daemon = True
            self.timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the line away; what matters is printed after it."""
        if self.timer is not None:
            self.timer.cancel()
        with self.lock:
            self.over = True
            if self.bar is not None:
                self.bar.stop()

    def __call__(self, text: str, done: float = 0, total: float | None = None) -> None:
        """Say what is being done now."""
        with self.lock:
            self.text, self.done, self.total = text, done, total
            if self.bar is not None:
                self.bar.update(self.task, description=text, completed=done, total=total)

    def _draw(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        with self.lock:
            if self.over:
                return
            self.bar = Bar(
                SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(),
                TimeElapsedColumn(), console=Console(stderr=True), transient=True,
            )  # fmt: skip
            self.task = self.bar.add_task(self.text, completed=self.done, total=self.total)
            self.bar.start()


@contextmanager
def paused(step: Progress) -> Iterator[None]:
    """Take the line away while a question is asked."""
    with step.lock:
        if step.bar is not None:
            step.bar.stop()
    yield
    with step.lock:
        if step.bar is not None:
            step.bar.start()
