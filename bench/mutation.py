"""Would a test notice? Small faults are put into the code, one at a time, and the tests are run.

    python bench/mutation.py                        # the random sample: 25 faults a file
    python bench/mutation.py --per-file 0           # every fault
    python bench/mutation.py --files intervals mover --per-file 0 --jobs 2
    python bench/mutation.py --again                # only those that survived last time
    python bench/mutation.py --again --tests test_noticed   # would these new tests have noticed?

Run by hand (an hour or more for everything on two cores), not by CI: the score and the survivors
are in `design/mutation.md`. A fault ("mutant") is one change of one place: a comparison or its
boundary, an arithmetic or boolean operator, a number by one, a returned value, a `not` or a minus
taken away, a condition always or never true, two arguments exchanged, an argument or a statement
left out, `min` for `max`. Words, annotations, imports, docstrings and `strict=` are left alone.

The tests are imported once. Each fault is tried in a fork of that process, with the tests that
run its line, the quickest first, until one fails: killed. A test that takes ten times its usual
processor time kills too. A fault inside a function is put into the function's code, so every
module that imported it has it; one in what runs on import (an entry of the catalogue) is imported
in a fresh process, and tried with its own layer's tests. Hypothesis draws the same examples every
time, and few of them, so the score is a lower bound.

`mutants.py` holds the faults, `mutation_trials.py` how one is tried.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mutants import ROOT, Mutant, mutants
from mutation_trials import (
    TESTS,
    Trials,
    files,
    fresh,
    import_all,
    learn,
    load,
    on_import,
    run_pytest,
    side_by_side,
)


def wilson(x: float, n: float, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's 95 % limits, in percent."""
    if n == 0:
        return math.nan, math.nan
    middle, half = x + z * z / 2, z * math.sqrt(x * (n - x) / n + z * z / 4)
    return 100 * (middle - half) / (n + z * z), 100 * (middle + half) / (n + z * z)


def sample(found: Sequence[Mutant], size: int, seed: int) -> list[Mutant]:
    """At random, the same ones each time; all where size is 0."""

    def lot(mutant: Mutant) -> bytes:
        return hashlib.sha256(f"{seed} {mutant.key}".encode()).digest()

    return sorted(sorted(found, key=lot)[: size or None], key=lambda m: m.node)


def table(population: dict[str, int], results: dict[str, str]) -> str:
    """Counts by file, as Markdown, and the score of all faults that the sample stands for."""
    rows = ["| file | faults | tried | killed | score |", "|---|---|---|---|---|"]
    tried, killed = Counter[str](), Counter[str]()
    for key, by in results.items():
        file = key.split(":")[0]
        tried[file] += 1
        killed[file] += bool(by)
    for file, n in population.items():
        if tried[file]:
            score = f"{100 * killed[file] / tried[file]:.0f} %"
            name = file.removeprefix("src/audit/")
            rows.append(f"| {name} | {n} | {tried[file]} | {killed[file]} | {score} |")
    k, t = sum(killed.values()), sum(tried.values())
    low, high = wilson(k, t)
    n = sum(population.values())
    rows.append(f"| **all** | {n} | {t} | {k} | {100 * k / max(t, 1):.1f} % |")
    if t < n:
        rows.append(f"\n95 % limits of the sample's score: {low:.1f} to {high:.1f} %.")
        seen = {f: m for f, m in population.items() if tried[f]}
        whole = sum(m * killed[f] / tried[f] for f, m in seen.items()) / sum(seen.values())
        rows.append(f"Each file weighed by its faults: {100 * whole:.1f} %.")
    return "\n".join(rows)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--files", nargs="*", default=[], help="names of modules; all unless told")
    parser.add_argument("--per-file", type=int, default=25, help="faults a file; 0 for all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--again", action="store_true", help="only those that survived")
    parser.add_argument("--tests", nargs="*", default=[], help="only tests with this in their name")
    parser.add_argument("--results", type=Path, default=ROOT / ".mutation" / "results.json")
    parser.add_argument("--show", action="store_true", help="print what is known; run nothing")
    return parser.parse_args()


def main() -> None:
    told = _arguments()
    told.results.parent.mkdir(parents=True, exist_ok=True)
    every = {str(f.relative_to(ROOT)): mutants(f) for f in files()}
    population = {file: len(found) for file, found in every.items()}
    results: dict[str, str] = load(told.results)
    known = {m.key for found in every.values() for m in found}
    results = {k: v for k, v in results.items() if k in known}
    if not told.show:
        os.environ["OPENBLAS_NUM_THREADS"] = "1"
        sys.path.insert(0, str(ROOT / "src"))
        chosen = [
            m
            for file, found in every.items()
            if found and (not told.files or Path(file).stem in told.files)
            for m in (found if told.again else sample(found, told.per_file, told.seed))
        ]
        if told.files:
            chosen.sort(key=lambda m: told.files.index(Path(m.file).stem))
        if told.again:
            chosen = [m for m in chosen if results.get(m.key) == ""]
        else:
            chosen = [m for m in chosen if m.key not in results]
        _run(chosen, results, told)
    print(table(population, results))
    print("\nSurvived:\n")
    for key, by in sorted(results.items()):
        if not by:
            print(f"- {key}")


def _run(chosen: Sequence[Mutant], results: dict[str, str], told: argparse.Namespace) -> None:
    import hypothesis  # noqa: F401 - what every fork needs is imported once
    import numpy  # noqa: F401
    import pandas  # noqa: F401
    import pytest  # noqa: F401
    import sklearn.metrics  # noqa: F401

    start = time.monotonic()
    where = told.results.with_name("coverage.json")

    def apart(work: Callable[[], Any]) -> None:
        pid = os.fork()
        if not pid:
            work()
            sys.stdout.flush()
            os._exit(0)
        if os.waitpid(pid, 0)[1]:
            raise SystemExit("stopped: see above")

    apart(lambda: learn(where))
    known = load(where)
    tests, imported = known["tests"], known["imported"]
    if told.tests:  # new ones, of faults that the others have let pass already
        tests = {k: v for k, v in tests.items() if any(name in k for name in told.tests)}
    for test in tests.values():
        test["lines"] = {k: frozenset(v) for k, v in test["lines"].items()}
    print(
        f"{len(tests)} tests, {len(chosen)} faults ({time.monotonic() - start:.0f} s)", flush=True
    )

    done = 0

    def note(mutant: Mutant, by: str) -> None:
        nonlocal done
        done += 1
        results[mutant.key] = by
        with told.results.with_suffix(".log").open("a") as log:
            log.write(json.dumps([mutant.key, by]) + "\n")
        if done % 50 == 0:
            kept = sum(not v for v in results.values())
            print(f"{done} tried, {kept} survive, {time.monotonic() - start:.0f} s", flush=True)

    log = told.results.with_suffix(".log")
    log.write_text("")
    outside = [m for m in chosen if on_import(m, imported)]
    inside = [m for m in chosen if m not in outside]

    def inside_functions() -> None:
        import_all()
        run_pytest(Trials(inside, tests, told.jobs, note), TESTS)

    apart(inside_functions)
    side_by_side([[m] for m in outside], lambda b, tell: tell(fresh(b[0], tests)), told.jobs, note)
    for line in log.read_text().splitlines():
        key, by = json.loads(line)
        results[key] = by
    told.results.write_text(json.dumps(dict(sorted(results.items())), indent=1))
    print(f"{time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
