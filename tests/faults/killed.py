"""Run as a process of its own: writers that are killed, and writers at the same time.

    python killed.py FOLDER ROUNDS SEED

Each round forks a child that writes a file again and again and is killed (SIGKILL) either inside
a chosen system call or at a random moment. Afterwards the file must be one of the two contents.
Prints the number of rounds, or what was torn.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import audit
from audit.cli import saving

CALLS = ("mkstemp", "write", "fsync", "chmod", "replace")


def audits() -> list[audit.Audit]:
    """Two audits whose files differ in size."""
    warnings.simplefilter("ignore")
    made = []
    for groups in (2, 12):
        names = [f"group {i % groups}" for i in range(240)]
        rows = {"g": names, "d": [i % 3 > 0 for i in range(240)]}
        made.append(audit.run(rows, protected="g", decision="d"))
    return made


def writers() -> dict[str, Callable[[Path, int], None]]:
    """How each kind of file is written, in its first and second version."""
    made = audits()

    def report(path: Path, version: int) -> None:
        audit.write(made[version], path, charts="none")

    found: dict[str, Callable[[Path, int], None]] = {
        f"x{s}": report for s in (".html", ".json", ".md", ".csv", ".xlsx", ".junit.xml")
    }
    found["x.tally.json"] = lambda path, version: made[version].tally.save(path)
    found["audit.toml"] = lambda path, version: saving.save(
        path, {"data": f"{'loans' * (1 + 50 * version)}.csv"}, force=True
    )
    return found


def die(*_: Any) -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def armed(call: str, after: bool) -> None:
    """Make the next such call the last thing this process does: before it, or after."""
    import tempfile

    if call == "write":
        opened = os.fdopen

        def half(descriptor: int, mode: str) -> Any:
            stream = opened(descriptor, mode)
            write = stream.write

            class Half:
                def __enter__(self) -> Any:
                    return self

                def __exit__(self, *_: object) -> None:
                    stream.close()

                def write(self, data: bytes) -> None:
                    write(data[: len(data) // 2])
                    stream.flush()
                    die()

            return Half()

        os.fdopen = half  # type: ignore[assignment]
        return
    place: Any = tempfile if call == "mkstemp" else os
    real = getattr(place, call)

    def last(*args: Any, **named: Any) -> Any:
        if after:
            real(*args, **named)
        die()

    setattr(place, call, last)


def child(work: Callable[[], None]) -> int:
    """A forked process that does this and ends."""
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
    except BaseException:
        traceback.print_exc()
    os._exit(0)


def killed_once(path: Path, write: Callable[[Path, int], None], chance: random.Random) -> str:
    """Write the first version, then be killed while writing the second."""
    call, after = chance.choice(CALLS), chance.random() < 0.5
    delay = chance.random() * 0.03 if chance.random() < 0.3 else None

    def work() -> None:
        if delay is None:
            armed(call, after)
        while True:
            write(path, 1)

    pid = child(work)
    if delay is not None:
        time.sleep(delay)
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return f"{call} {'after' if after else 'before'}" if delay is None else f"{delay:.4f} s"


def main(folder: Path, rounds: int, seed: int) -> None:
    """All rounds, and two writers at once for every kind."""
    chance = random.Random(seed)
    kinds = writers()
    contents: dict[str, list[bytes]] = {}
    for name, write in kinds.items():
        contents[name] = []
        for version in (0, 1):
            write(folder / name, version)
            contents[name].append((folder / name).read_bytes())
    names = list(kinds)
    for number in range(rounds):
        name = names[number % len(names)]
        write, path = kinds[name], folder / name
        write(path, 0)
        when = killed_once(path, write, chance)
        if not path.exists() or path.read_bytes() not in contents[name]:
            sys.exit(f"torn: {name}, killed at {when}")
    for name, write in kinds.items():
        path = folder / name

        def repeat(version: int, write: Any = write, path: Path = path) -> Callable[[], None]:
            return lambda: [write(path, version) for _ in range(4)] and None

        pids = [child(repeat(version)) for version in (0, 1)]
        while pids:
            if path.read_bytes() not in contents[name]:
                sys.exit(f"torn: {name}, two writers")
            done, _ = os.waitpid(pids[0], os.WNOHANG)
            if done:
                pids.pop(0)
    print(rounds)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
