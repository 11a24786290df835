"""Fault 60, models that keep Python's lock: only what is outside of Python can end them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from audit.table.patience import in_time, patience
from faults.doors import refused
from faults.test_faults_59_62_models import FRAME

MODULE = '''
import re, time
import numpy as np

class Model:
    """Asks for what its file says, and never answers but to `numbers`."""
    classes_ = np.array([0, 1])

    def __init__(self, how):
        self.how = how

    def predict_proba(self, rows):
        return getattr(self, self.how)(rows)

    def predict(self, rows):
        return np.zeros(len(rows), dtype=int)

    def numbers(self, rows):
        return np.column_stack([rows["x"], 1 - rows["x"]])

    def adds(self, rows):
        return sum(range(10**15))

    def matches(self, rows):
        return re.match("(a+)+$", "a" * 64 + "b")

    def sleeps(self, rows):
        print("asleep", flush=True)
        time.sleep(600)

    def sleeps_then_adds(self, rows):
        time.sleep(0.5)
        return sum(range(10**15))
'''

QUICK = "from audit.table import watch; watch.GRACE = watch.PARTING = watch._KILL = 0.5"


def _started(folder: Path, how: str, before: str = "", seconds: str = "0.2") -> Any:
    """`audit run` with such a model, in a process of its own; `before` is run there first."""
    (folder / "hanging.py").write_text(MODULE)
    FRAME.to_csv(folder / "loans.csv", index=False)
    path = os.pathsep.join([str(folder), *(p for p in sys.path if os.path.isabs(p))])
    environment = {**os.environ, "PYTHONPATH": path}
    make = f"import hanging, pickle; open('m.pkl','wb').write(pickle.dumps(hanging.Model({how!r})))"
    subprocess.run([sys.executable, "-c", make], cwd=folder, env=environment, check=True)
    words = [
        "run", "loans.csv", "--model", "m.pkl", "--allow-pickle",
        sha256((folder / "m.pkl").read_bytes()).hexdigest(), "--features", "x", "--protected", "g",
        "--outcome", "defaulted", "--favorable", "outcome=0", "--cutoff", "0.5",
        "--model-seconds", seconds, "--fail-on", "never", "-o", "r.json",
    ]  # fmt: skip
    run = f"{QUICK}\n{before}\nfrom audit.cli import main\nmain()"
    return subprocess.Popen(
        [sys.executable, "-c", run, *words], cwd=folder, env=environment, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def _ended(process: Any) -> tuple[int, str]:
    try:
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, said


on_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux") or sys.maxsize < 2**32, reason="needs its timer"
)
on_posix = pytest.mark.skipif(os.name != "posix", reason="needs signals")


@on_linux
@pytest.mark.parametrize("how", ["adds", "matches"])
def test_fault_60_a_model_that_keeps_pythons_lock_ends_the_command(
    tmp_path: Path, how: str
) -> None:
    """Exit 2, the usual message once, no report and nothing beside it."""
    code, said = _ended(_started(tmp_path, how))
    assert code == 2, said
    assert said.startswith(
        "audit: [TBL129] model: Model: predict_proba did not answer within 0.2 s"
    )
    assert said.count("TBL129") == 1
    assert "--model-seconds SECONDS" in said
    left = {p.name for p in tmp_path.iterdir()} - {"__pycache__"}
    assert left == {"hanging.py", "loans.csv", "m.pkl"}


@on_posix
def test_fault_60_without_the_timer_it_is_killed_and_the_message_is_the_same(
    tmp_path: Path,
) -> None:
    without = "watch._exit_timer = lambda: lambda seconds: None"
    code, said = _ended(_started(tmp_path, "adds", without))
    assert code == -signal.SIGKILL
    assert said.count("TBL129") == 1


@on_linux
def test_fault_60_without_a_second_process_the_timer_is_left(tmp_path: Path) -> None:
    """Nobody is there to say why, but the code is right."""
    without = textwrap.dedent("""
        import subprocess
        def none(*_, **__): raise BlockingIOError(11, "no more processes")
        watch.subprocess = type("none", (), {"Popen": none, "PIPE": -1, "DEVNULL": -3})
    """)
    assert _ended(_started(tmp_path, "adds", without)) == (2, "")


def test_fault_60_a_model_that_answers_is_left_alone(tmp_path: Path) -> None:
    """Also where the run goes on for longer than the limit and its grace."""
    slow = textwrap.dedent("""
        import time, audit
        run = audit.run
        audit.run = lambda *given, **more: (time.sleep(2.5), run(*given, **more))[1]
    """)
    code, said = _ended(_started(tmp_path, "numbers", slow, "0.5"))
    assert code == 0, said
    assert "TBL129" not in said
    assert (tmp_path / "r.json").exists()


@on_posix
def test_fault_60_control_c_still_interrupts(tmp_path: Path) -> None:
    """130 and no last words, although a model is being waited for."""
    process = _started(tmp_path, "sleeps", seconds="500")
    assert process.stdout.readline() == "asleep\n"
    process.send_signal(signal.SIGINT)
    code, said = _ended(process)
    assert code == 130
    assert "TBL129" not in said


GIVEN_UP = """
import hanging, time
from audit.errors import InputError
from audit.table.patience import in_time, may_end, patience
may_end(lambda problem: f"last: {problem.code}")
with patience(0.2):
    try:
        in_time(hanging.Model("sleeps_then_adds").predict_proba, [], "Model", "predict_proba")
    except InputError as problem:
        print(problem.code, flush=True)
    print(in_time(len, [1, 2], "Model", "predict"), flush=True)
time.sleep(60)
"""


@on_linux
def test_fault_60_a_model_given_up_cannot_stop_what_comes_after(tmp_path: Path) -> None:
    """It lets others run until it is given up, and keeps the lock from then on."""
    (tmp_path / "hanging.py").write_text(MODULE)
    path = os.pathsep.join([str(tmp_path), *(p for p in sys.path if os.path.isabs(p))])
    done = subprocess.run(
        [sys.executable, "-c", QUICK + GIVEN_UP], env={**os.environ, "PYTHONPATH": path},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout == "TBL129\n2\n"
    assert done.stderr == "last: TBL129\n"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([[0.01, "over"]], "over\n"),
        ([[0.01, "ümlaut"]], "ümlaut\n"),
        ([[60, "over"]], ""),
        ([[60, "over"], [0, ""]], ""),
        ([[60, "first"], [0.01, "then"]], "then\n"),
        ([], ""),
    ],
    ids=["over", "any letter", "in time", "stopped", "set anew", "never set"],
)
def test_fault_60_the_process_that_waits_speaks_only_once_time_is_over(
    lines: list[Any], says: str
) -> None:
    """A parent that ends before, however it does, has nothing said of it."""
    told = "".join(json.dumps(line) + "\n" for line in lines)
    nobody = "0"
    late = f"""
import sys, time
from audit.table import watch
def listen(told):
    for line in sys.stdin.buffer:
        told.put(line)
    time.sleep(0.3)
    told.put(None)
watch._listen = listen
watch.child({nobody})
"""
    path = os.pathsep.join(p for p in sys.path if os.path.isabs(p))
    done = subprocess.run(
        [sys.executable, "-c", late], input=told.encode(), capture_output=True, timeout=60,
        env={**os.environ, "PYTHONPATH": path}, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.decode()) == (0, says)


def test_fault_60_an_answer_that_comes_too_late_is_none() -> None:
    """The lock kept the clock from being read, not from running."""
    with patience(0.01):
        error = refused(lambda: in_time(lambda _: sum(range(10**7)), [], "Model", "predict"))
    assert error.code == "TBL129"
