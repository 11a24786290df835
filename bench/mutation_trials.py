"""How `mutation.py` tries a fault: in a fork that holds the tests, with those that run its line."""

from __future__ import annotations

import ast
import contextlib
import gc
import hashlib
import importlib
import importlib.abc
import importlib.machinery
import json
import os
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from mutants import ROOT, Mutant, mutated

TARGETS = ("src/audit/metrics", "src/audit/inference", "src/audit/findings")
TESTS = ("tests/metrics", "tests/inference", "tests/findings", *TARGETS)
MEMORY = 6 * 2**30
BATCH = 20
EXAMPLES = 25
"""Hypothesis draws at most so many, which makes the score a lower bound and the run feasible."""
SLOWER, PATIENCE = 10, 3.0
"""A test may take this many times its usual processor time, and at least so many seconds."""


def module_name(file: str) -> str:
    return ".".join(Path(file).with_suffix("").relative_to("src").parts).removesuffix(".__init__")


def _quiet() -> None:
    void = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(void, stream)


def run_pytest(plugin: object, tests: Iterable[str]) -> int:
    """Collect the tests in this process and leave the rest to the plugin."""
    import hypothesis
    import pytest
    from hypothesis import HealthCheck, Phase

    hypothesis.settings.register_profile(
        "mutation",
        derandomize=True,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    hypothesis.settings.load_profile("mutation")
    off = [f"-pno:{name}" for name in ("cacheprovider", "faulthandler", "xdist")]
    options = ["-qq", "--tb=no", "--capture=no", "-Wignore::pytest.PytestAssertRewriteWarning"]
    os.chdir(ROOT)
    return int(pytest.main([*off, *options, *tests], plugins=[plugin]))


def fewer_examples(items: Iterable[Any]) -> None:
    from hypothesis import settings

    name = "_hypothesis_internal_use_settings"
    for item in items:
        told = getattr(getattr(item, "obj", None), name, None)
        if told is not None:
            most = min(told.max_examples, EXAMPLES)
            setattr(item.obj, name, settings(told, max_examples=most))


class Reports:
    """Runs tests, again and again, and knows whether one has failed."""

    def __init__(self) -> None:
        self.failed = ""

    def run(self, item: Any) -> bool:
        """Whether it passes. A doctest empties its names when it has run: it is given them anew."""
        self.failed = ""
        doctest = getattr(item, "dtest", None)
        names = dict(doctest.globs) if doctest else {}
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        if doctest:
            doctest.globs.update(names)
        return not self.failed

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed = report.nodeid


def _in_fork(work: Callable[[Callable[[Any], None]], None]) -> tuple[int, int]:
    """Start work in a fork; its process id and the pipe of what it tells, in lines of JSON."""
    out, into = os.pipe()
    pid = os.fork()
    if pid:
        os.close(into)
        return pid, out
    code = 1
    with contextlib.suppress(BaseException):
        os.close(out)
        _quiet()
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        work(lambda answer: os.write(into, (json.dumps(answer) + "\n").encode()))
        code = 0
    os._exit(code)


class Coverage(Reports):
    """Runs each test twice in a fork: for its time, then for the lines it runs."""

    def __init__(self, known: dict[str, Any]) -> None:
        super().__init__()
        self.known = known
        self.found: dict[str, Any] = {}
        self.imported: dict[str, set[int]] = {}
        sys.settrace(_tracer(self.imported))
        import_all()

    def pytest_runtestloop(self, session: Any) -> bool:
        sys.settrace(None)
        fewer_examples(session.items)
        find_caches()
        gc.collect()
        gc.freeze()
        new = []
        for item in session.items:
            old = self.known.get(item.nodeid)
            if old is None or old["of"] != _of(item, old["lines"]):
                new.append(item)
            else:
                self.found[item.nodeid] = old
        for i in range(0, len(new), BATCH):
            pid, out = _in_fork(lambda tell, k=i: self._measure(new[k : k + BATCH], tell))
            with os.fdopen(out) as pipe:
                told = [json.loads(line) for line in pipe]
            os.waitpid(pid, 0)
            for item, answer in zip(new[i : i + BATCH], told, strict=True):
                if answer["failed"]:
                    print(f"left out, for it fails without a fault: {item.nodeid}", flush=True)
                else:
                    self.found[item.nodeid] = {**answer, "of": _of(item, answer["lines"])}
        return True

    def _measure(self, items: Sequence[Any], tell: Callable[[Any], None]) -> None:
        for item in items:
            lines: dict[str, set[int]] = {}
            empty_caches()
            start = time.process_time()
            passed = self.run(item)
            seconds = time.process_time() - start
            empty_caches()
            sys.settrace(_tracer(lines))
            passed = self.run(item) and passed
            sys.settrace(None)
            tell({"failed": not passed, "seconds": seconds, "lines": _named(lines)})


def _named(lines: dict[str, set[int]]) -> dict[str, list[int]]:
    return {str(Path(k).relative_to(ROOT)): sorted(v) for k, v in lines.items()}


def _of(item: Any, lines: Iterable[str]) -> str:
    """Changes where the test or a file that it runs has changed."""
    parts = [item.path, *(ROOT / file for file in sorted(lines))]
    return hashlib.sha256("".join(_hash(p) for p in parts).encode()).hexdigest()


@cache
def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def _tracer(lines: dict[str, set[int]]) -> Callable[[FrameType, str, object], Any]:
    inside = tuple(str(ROOT / t) for t in TARGETS)

    def local(frame: FrameType, event: str, _: object) -> Any:
        if event == "line":
            lines[frame.f_code.co_filename].add(frame.f_lineno)
        return local

    def enter(frame: FrameType, _: str, __: object) -> Any:
        if not frame.f_code.co_filename.startswith(inside) or frame.f_code.co_name == "<module>":
            return None
        lines.setdefault(frame.f_code.co_filename, set()).add(frame.f_lineno)
        return local

    return enter


def _function(module: ModuleType, scope: str) -> Any:
    """The live function of that qualified name, under its decorators."""
    found: Any = module
    for name in scope.split("."):
        found = vars(found)[name]
    for name in ("fget", "__func__"):
        found = getattr(found, name, found) or found
    while hasattr(found, "__wrapped__"):
        if hasattr(found, "cache_clear"):
            found.cache_clear()
        found = found.__wrapped__
    return found


def _written(tree: ast.AST, scope: str) -> ast.FunctionDef:
    """The function of that qualified name in a tree, without its decorators."""
    for name in scope.split("."):
        tree = next(
            n
            for n in getattr(tree, "body", ())
            if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name == name
        )
    assert isinstance(tree, ast.FunctionDef)
    tree.decorator_list = []
    return tree


PARTS = ("__code__", "__defaults__", "__kwdefaults__")


def patch(mutant: Mutant) -> Callable[[], None]:
    """Put the fault into the live function, wherever it was imported; what takes it out again."""
    live = _function(sys.modules[module_name(mutant.file)], mutant.scope)
    only = ast.Module([_written(mutated(mutant), mutant.scope)], [])
    code = compile(only, live.__code__.co_filename, "exec", annotations.compiler_flag)
    made: dict[str, Any] = {}
    exec(code, live.__globals__, made)
    (new,) = made.values()
    if new.__code__.co_freevars != live.__code__.co_freevars:
        raise NotImplementedError(f"{mutant.scope} is a closure")
    before = {name: getattr(live, name) for name in PARTS}

    def put(parts: dict[str, Any]) -> None:
        for name, value in parts.items():
            setattr(live, name, value)
        empty_caches()

    put({name: getattr(new, name) for name in PARTS})
    return lambda: put(before)


CACHES: list[Any] = []


def find_caches() -> None:
    """Cached functions of the package: emptied when a fault comes or goes."""
    for name, module in sys.modules.items():
        if name.startswith("audit"):
            CACHES.extend(v for v in vars(module).values() if hasattr(v, "cache_clear"))


def empty_caches() -> None:
    for cached in CACHES:
        cached.cache_clear()


class Trials(Reports):
    """Tries the faults of functions, some at a time, in forks of the process with the tests."""

    def __init__(
        self, faults: Sequence[Mutant], tests: dict[str, Any], jobs: int, told: Callable[..., None]
    ) -> None:
        super().__init__()
        self.faults, self.tests, self.jobs, self.told = faults, tests, jobs, told
        self.items: dict[str, Any] = {}
        self.killers: Counter[str] = Counter()

    def pytest_runtestloop(self, session: Any) -> bool:
        fewer_examples(session.items)
        self.items = {i.nodeid: i for i in session.items}
        find_caches()
        gc.collect()
        gc.freeze()
        batches = [list(self.faults[i : i + BATCH]) for i in range(0, len(self.faults), BATCH)]
        side_by_side(batches, self._try, self.jobs, self.told)
        return True

    def _try(self, batch: Sequence[Mutant], tell: Callable[[Any], None]) -> None:
        """Each fault in turn; in the end every test that killed must pass without a fault."""
        for mutant in batch:
            undo = patch(mutant)
            names = [n for n in covering(mutant, self.tests) if n in self.items]
            names.sort(key=lambda n: -self.killers[n])  # what killed lately first
            tell(self._first_failure(names))
            undo()
        if len(batch) > 1 and self._first_failure(list(self.killers)):
            tell("a fault outlived its trial")

    def _first_failure(self, names: Sequence[str]) -> str:
        for name in names:
            item = self.items[name]
            usual = self.tests[name]["seconds"]
            signal.setitimer(signal.ITIMER_PROF, max(PATIENCE, SLOWER * usual))
            if not self.run(item):
                self.killers[name] += 1
                return name
        return ""


def side_by_side(
    batches: list[list[Mutant]],
    work: Callable[[Sequence[Mutant], Callable[[Any], None]], None],
    jobs: int,
    told: Callable[..., None],
) -> None:
    """Run batches in forks, so many at once, and tell what each found.

    A fork that dies was killed by the fault it was at; the rest of its batch is run again, and
    all of it one by one where a fault changed something that outlived it.
    """
    waiting = list(reversed(batches))
    running: dict[int, tuple[list[Mutant], int]] = {}

    def wait() -> None:
        pid, status = os.wait()
        batch, out = running.pop(pid)
        with os.fdopen(out) as pipe:
            found = [json.loads(line) for line in pipe]
        if len(found) > len(batch):
            waiting.extend([m] for m in batch)
            return
        for mutant, by in zip(batch, found, strict=False):
            told(mutant, by)
        if len(found) < len(batch):
            told(batch[len(found)], "timeout" if os.WIFSIGNALED(status) else "")
            if rest := batch[len(found) + 1 :]:
                waiting.append(rest)

    while waiting or running:
        if waiting and len(running) < jobs:
            batch = waiting.pop()
            pid, out = _in_fork(lambda tell, b=batch: work(b, tell))
            running[pid] = (batch, out)
        else:
            wait()


def runs(mutant: Mutant, lines: dict[str, list[int]]) -> bool:
    """Whether one of the fault's lines is among these."""
    return not frozenset(lines.get(mutant.file, ())).isdisjoint(
        range(mutant.first_line, mutant.last_line + 1)
    )


def on_import(mutant: Mutant, lines: dict[str, list[int]]) -> bool:
    """Whether its function (which may make others) runs when the package is imported."""
    wanted = range(mutant.body[0], mutant.body[1] + 1)
    return not mutant.scope or not set(wanted).isdisjoint(lines.get(mutant.file, ()))


def covering(mutant: Mutant, tests: dict[str, Any]) -> list[str]:
    """The tests that run the fault's lines, the quickest first; all where none is known to."""

    names = [n for n, t in tests.items() if not mutant.scope or runs(mutant, t["lines"])]
    return sorted(names, key=lambda n: tests[n]["seconds"])


class Fresh(Reports):
    """For a fault outside of functions: stop at the first failure, the quickest test first."""

    def __init__(self, tests: dict[str, Any]) -> None:
        super().__init__()
        self.tests = tests

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.failed = report.nodeid or "collection"

    def pytest_runtestloop(self, session: Any) -> bool:
        if self.failed:
            return True
        fewer_examples(session.items)
        items = [i for i in session.items if i.nodeid in self.tests]
        items.sort(key=lambda i: self.tests[i.nodeid]["seconds"])
        for item in items:
            usual = self.tests[item.nodeid]["seconds"]
            signal.setitimer(signal.ITIMER_PROF, max(PATIENCE, SLOWER * usual))
            if not self.run(item):
                break
        return True


def import_all(fault: Mutant | None = None) -> None:
    """Import every target, the faulty module with its fault."""
    if fault is not None:
        name = module_name(fault.file)
        code = compile(mutated(fault), str(ROOT / fault.file), "exec", dont_inherit=True)

        class Finder(importlib.abc.MetaPathFinder):
            def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
                if fullname != name:
                    return None
                spec = importlib.machinery.PathFinder.find_spec(fullname, path)
                assert spec is not None
                assert spec.loader is not None
                spec.loader.get_code = lambda _: code  # type: ignore[attr-defined]
                return spec

        sys.meta_path.insert(0, Finder())
    for file in files():
        importlib.import_module(module_name(str(file.relative_to(ROOT))))


def fresh(mutant: Mutant, tests: dict[str, Any]) -> str:
    """Import everything with the fault and run its own layer's tests; what failed, or nothing."""
    signal.setitimer(signal.ITIMER_PROF, 60)
    try:
        import_all(mutant)
    except Exception as error:
        return f"import: {type(error).__name__}"
    plugin = Fresh(tests)
    layer = Path(mutant.file).parent.name
    code = run_pytest(plugin, [t for t in TESTS if Path(t).name == layer])
    return plugin.failed or ("" if code in (0, 5) else f"pytest stopped with {code}")


def files() -> list[Path]:
    return [f for t in TARGETS for f in sorted((ROOT / t).glob("*.py"))]


def load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text()) if path.exists() else {}


def learn(path: Path) -> None:
    """Time and lines of every test; again only of those that, or whose files, have changed."""
    plugin = Coverage(load(path).get("tests", {}))
    run_pytest(plugin, TESTS)
    found = {"imported": _named(plugin.imported), "tests": plugin.found}
    path.write_text(json.dumps(found))
