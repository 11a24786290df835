"""A model file is first loaded in a child process that may take only so much memory and time.

What breaks, floods or stalls there has not touched the audit. The child only says whether the file
loads; whatever the file prints goes nowhere.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from audit.errors import InputError

MEMORY = 4 * 2**30
"""Bytes of address space the child may take, where the platform can limit them."""

SECONDS = 60.0
"""Wall time it may take."""

_KEPT = 2_000
"""Characters of an error that the child passes on."""

_ALONE = "import sys; from audit.table.model_trial import child; child(sys.argv[1], sys.argv[2])"


def try_load(file: Path) -> None:
    """Load the file in a child process, and let it go.

    Raises `InputError` TBL146 where the child runs out of memory or time or is ended, and what
    `model_file.read_model` raises there.
    """
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "MALLOC_ARENA_MAX")
    path = os.pathsep.join(p for p in sys.path if os.path.isabs(p))
    environment = {**os.environ, **dict.fromkeys(names, "1"), "PYTHONPATH": path}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-W", "ignore", "-c", _ALONE, str(file.resolve()), str(MEMORY)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _failed(file, f"took more than the {SECONDS:g} seconds it may take to load") from None
    except OSError as problem:
        raise _failed(file, f"cannot be tried in a process of its own: {problem}") from None
    _judge(file, done.returncode, done.stdout)


def _judge(file: Path, code: int, said: bytes) -> None:
    try:
        told = json.loads(said)
    except ValueError:
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        raise _failed(
            file, f"ended the process that loaded it ({how}), within {_size(MEMORY)} of memory"
        ) from None
    if told == "memory":
        raise _failed(file, f"needs more than the {_size(MEMORY)} of memory it may take to load")
    if told is not None:
        raise InputError(told["code"], told["message"], argument=told["argument"], fix=told["fix"])


def child(name: str, memory: str) -> None:
    """What the child process does: says null, "memory", or the error of the file, as JSON."""
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    import numpy as np  # before the limit: its own threads are not the file's doing

    from audit.table.model_file import read_model

    _prepare(Path(name).suffix.lower())
    np.zeros((2, 2)) @ np.zeros((2, 2))
    _limit(int(memory))
    said: Any = None
    try:
        read_model(Path(name))
    except MemoryError:
        said = "memory"
    except InputError as problem:
        words = {"message": problem.message[:_KEPT], "fix": problem.fix}
        said = {"code": problem.code, "argument": problem.argument, **words}
    os.write(answers, json.dumps(said).encode())
    os._exit(0)  # whatever the file left running ends here


def _prepare(ending: str) -> None:
    """Import the reader before the limit, so that what fails after it is the file's doing."""
    from audit.table.booster_file import library

    readers = {".skops": ("skops.io",), ".onnx": ("onnx", "onnxruntime")}
    for reader in readers.get(ending, (library(ending),)):
        with contextlib.suppress(ImportError):  # `read_model` says what is missing
            importlib.import_module(reader)


def _limit(size: int) -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    except (ImportError, ValueError, OSError, AttributeError):
        return  # this platform sets no such limit; the time is limited all the same


def not_installed(problem: ImportError, ending: str, library: str, extra: str) -> InputError:
    """TBL143 for a reader that is missing; raises `MemoryError` where it was there and had no room.

    `extra` is the part of this project's own extras that installs it.
    """
    if out_of_memory(problem):
        raise MemoryError from None
    return InputError(
        "TBL143",
        f"reading {ending} files needs {library}",
        argument="model",
        fix=f'pip install "evenhand[{extra}]"',
    )


def out_of_memory(problem: BaseException) -> bool:
    """Whether a library's own error says that memory ran out."""
    if isinstance(problem, MemoryError):
        return True
    said = str(problem).lower()
    return (
        "bad_alloc" in said
        or "allocate memory" in said
        or "map segment" in said
        or "bad allocation" in said
    )


def _size(size: int) -> str:
    return f"{size / 2**30:g} GiB" if size >= 2**30 else f"{size / 2**20:.3g} MiB"


def _failed(file: Path, what: str) -> InputError:
    return InputError(
        "TBL146",
        f"{file.name} {what}",
        argument="model",
        fix="check where the file comes from; a model that is truly so large can be loaded in "
        "Python and passed as model=",
    )
