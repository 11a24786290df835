"""Ends a process whose model neither answers nor lets anything else run.

Compiled code that keeps Python's lock stops every thread, also the one that counts the seconds.
What still runs is another process, which says what has happened, and a timer of the system's,
which needs no lock. Only a process that is a command's own is ended so.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

GRACE = 5.0
"""Seconds beyond the limit in which the process may give the model up by itself."""

CODE = 2
"""What the shell sees, where the system has such a timer; elsewhere that it was killed."""

PARTING = 1.0
"""Seconds between the last words and the timer."""

_KILL = 3.0
"""Seconds after the last words in which a process without a timer goes on."""

_ALONE = "import sys; from audit.table.watch import child; child(int(sys.argv[1]))"


class Watch:
    """Clocks kept outside, by name: set one before an answer, stop it after."""

    def __init__(self) -> None:
        """Start the process that waits; without one (no more processes) the timer is left."""
        self.clocks: dict[object, tuple[float, str]] = {}
        self.lock = threading.Lock()
        self.timer = _exit_timer()
        self.pipe: Any = None
        path = os.pathsep.join(p for p in sys.path if os.path.isabs(p))
        with contextlib.suppress(OSError):
            process = subprocess.Popen(
                [sys.executable, "-P", "-W", "ignore", "-c", _ALONE, str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": path},
            )
            self.pipe = process.stdin
            process.returncode = 0  # it ends after this process: nobody will have waited for it

    def set(self, clock: object, seconds: float, words: str) -> None:
        """End this process so many seconds from now, saying these words."""
        with self.lock:
            self.clocks[clock] = (time.monotonic() + seconds, words)
            self._tell()

    def stop(self, clock: object) -> None:
        """Let this process go on, as far as this clock is concerned."""
        with self.lock:
            self.clocks.pop(clock, None)
            self._tell()

    def _tell(self) -> None:
        """The clock that runs out first is the one to watch."""
        due, words = min(self.clocks.values(), default=(0.0, ""))
        left = max(due - time.monotonic(), 1e-3) if self.clocks else 0.0
        self.timer(left + PARTING if self.clocks else 0.0)
        if self.pipe is not None:
            try:
                self.pipe.write(json.dumps([left, words]).encode() + b"\n")
                self.pipe.flush()
            except OSError:  # somebody ended it: the timer is left
                self.pipe = None


# The process that waits --------------------------------------------------------------------------


def child(parent: int) -> None:
    """Wait for the clock to run out, or for the parent to end; what the waiting process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to obey
    told: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(told,), daemon=True).start()
    due, words = float("inf"), ""
    while True:
        try:
            line = told.get(timeout=_left(due))
        except queue.Empty:
            if time.monotonic() < due:
                continue
            _say(words)
            return _end(parent, told)
        if line is None:  # the parent has ended: by its timer, if the clock has run out
            return _say(words) if time.monotonic() >= due else None
        left, words = json.loads(line)
        due = time.monotonic() + left if left else float("inf")


def _left(due: float) -> float:
    """Seconds to wait; threads can wait for no more than so many at once."""
    return min(max(0.0, due - time.monotonic()), 100_000.0)


def _listen(told: queue.SimpleQueue[Any]) -> None:
    """Lines of the parent's, and None when there is no parent."""
    for line in sys.stdin.buffer:
        told.put(line)
    told.put(None)


def _say(words: str) -> None:
    os.write(2, (words + "\n").encode(errors="replace"))


def _end(parent: int, told: queue.SimpleQueue[Any]) -> None:
    """Leave the parent to its timer, then end it; a parent that speaks has come free."""
    windows = os.name == "nt"
    try:
        told.get(timeout=0.0 if windows else _KILL)
    except queue.Empty:
        if os.getppid() == parent:
            # where signals are not known, a number given to `os.kill` is the exit code
            os.kill(parent, CODE if windows else signal.SIGKILL)


# The timer ---------------------------------------------------------------------------------------


class _Event(ctypes.Structure):
    """`struct sigevent` of 64-bit Linux: call a function in a thread of its own."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signal", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("function", ctypes.c_void_p),
        ("attributes", ctypes.c_void_p),
        ("rest", ctypes.c_byte * 32),
    )


_THREAD = 2
"""`SIGEV_THREAD`."""


class _Times(ctypes.Structure):
    """`struct itimerspec`: how often again, and how soon."""

    _fields_ = tuple((name, ctypes.c_long) for name in ("again", "again_ns", "s", "ns"))


def _exit_timer() -> Callable[[float], None]:
    """Sets a timer that ends this process with `CODE`; 0 stops it. Does nothing elsewhere.

    The timer calls the C library's `_exit` itself: no line of Python could run.
    """
    if not sys.platform.startswith("linux") or sys.maxsize < 2**32:
        return lambda _: None
    try:
        library = ctypes.CDLL(None)
        create, settime = library.timer_create, library.timer_settime
        leave = ctypes.cast(library._exit, ctypes.c_void_p)
    except (OSError, AttributeError):
        return lambda _: None
    settime.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
    timer = ctypes.c_void_p()
    event = _Event(value=CODE, notify=_THREAD, function=leave.value)
    if create(time.CLOCK_MONOTONIC, ctypes.byref(event), ctypes.byref(timer)):
        return lambda _: None

    def set_(seconds: float) -> None:
        whole = int(seconds)
        times = _Times(s=whole, ns=int((seconds - whole) * 1e9))
        settime(timer, 0, ctypes.byref(times), None)

    return set_
