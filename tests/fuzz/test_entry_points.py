"""Every public entry point, fuzzed: it returns, warns with a code, or raises `InputError`.

200 inputs each, or as many as `AUDIT_FUZZ` says (10000 before a release). An input is known by its
entry point and number, so a failure is repeated by running the test again.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import audit
from audit import inference, metrics
from audit.cli import entry
from fuzz.hostile import NUMBERS, TEXTS, TIMES, array, fuzz, roles, table, thing

FUNCTIONS = sorted(
    name for name in dir(metrics) if name.islower() and callable(getattr(metrics, name))
)


def _grouped(r: random.Random, name: str) -> Callable[[], object]:
    import inspect

    function = getattr(metrics, name)
    size = r.choice((0, 1, 2, 30, 60))
    pool: dict[str, Callable[[], Any]] = {
        "y_true": lambda: None if r.random() < 0.1 else array(r, size),
        "y_pred": lambda: array(r, size),
        "sensitive_features": lambda: (
            {"a": array(r, size), "b": array(r, size)} if r.random() < 0.2 else array(r, size)
        ),
        "sample_weight": lambda: array(r, size) if r.random() < 0.3 else None,
        "pos_label": lambda: thing(r) if r.random() < 0.3 else None,
        "reference": lambda: r.choice(("f", True, 1, thing(r))),
        "group": lambda: r.choice((None, "m", thing(r))),
        "method": lambda: r.choice(("between_groups", "to_overall", thing(r))),
        "agg": lambda: r.choice(("worst_case", "mean", thing(r))),
        "metric": lambda: r.choice(("selection_rate", "auc", "tpr", thing(r))),
    }
    call: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        needed = parameter.default is parameter.empty
        if needed or r.random() < 0.5:
            call[parameter.name] = pool.get(parameter.name, lambda: thing(r))()
    return lambda: function(**call)


ARRAYS = ("y_true", "y_pred")


def drop_ins() -> list[str]:
    """Functions of arrays."""
    import inspect

    return [
        name
        for name in FUNCTIONS
        if inspect.signature(getattr(metrics, name)).parameters.keys() & set(ARRAYS)
    ]


def test_metrics_of_arrays() -> None:
    """All drop-ins in turn."""
    names = drop_ins()
    assert len(names) > 30
    times = TIMES * len(names) if _many() else 1500
    fuzz("metrics", lambda r: _grouped(r, r.choice(names)), times)


def _many() -> bool:
    return "AUDIT_FUZZ" in os.environ


@pytest.mark.parametrize(
    "name",
    ["demographic_parity_difference", "demographic_parity_ratio", "equal_opportunity_difference"],
)
def test_the_three_best_known_metrics(name: str) -> None:
    fuzz(name, lambda r: _grouped(r, name))


def test_read() -> None:
    fuzz("read", lambda r: _with(r, lambda source, told: audit.read(source, **told)))


def _with(r: random.Random, call: Callable[[Any, Any], object]) -> Callable[[], object]:
    source, told = table(r), roles(r)
    return lambda: call(source, told)


OWN: dict[str, tuple[Any, ...]] = {
    "policy": ("us-credit", "research", "nyc-ll144", "nope", "", 3),
    "intersections": (1, 2, 3, 0, "2"),
    "level": (0.9, 0.5, 0.999, 1, 95, "x"),
    "min_rows": (0, 1, 1000, -1, 2.5),
    "seed": (0, 7, -1, "x"),
    "metrics": (["f1"], "all", "auc_difference", ["nope"], 3),
    "title": ("</title>", 3),
    "command": ("audit", b"x"),
    "extra": ({"a": 1}, {1: Path("x")}, "x"),
}


def _own(r: random.Random, names: tuple[str, ...]) -> dict[str, Any]:
    picked = r.sample(names, r.choice((0, 0, 1, 2)))
    return {n: thing(r) if r.random() < 0.2 else r.choice(OWN[n]) for n in picked}


def test_run() -> None:
    def make(r: random.Random) -> Callable[[], object]:
        own = _own(r, tuple(OWN))
        return _with(r, lambda source, told: audit.run(source, **told, **own))

    fuzz("run", make)


def test_count() -> None:
    def make(r: random.Random) -> Callable[[], object]:
        own = _own(r, ("policy", "intersections"))
        if r.random() < 0.3:
            own["score_range"] = r.choice(((0, 1), (1, 0), (0, 0), "ab", (0,), None, (0, NUMBERS)))
        if r.random() < 0.3:
            own["score_bins"] = r.choice((1, 2, 10, 0, -1, "x", 10**12, None))
        if r.random() < 0.2:
            own["amount_range"] = r.choice(({"s": (0, 1)}, {"s": 3}, {"q": (0, 1)}, [1], "x"))
        return _with(r, lambda source, told: audit.count(source, **told, **own))

    fuzz("count", make)


LOANS = {"g": ["f", "m"] * 40, "h": ["a"] * 40 + ["b"] * 40, "d": [1, 0, 1, 1] * 20}


@pytest.fixture(scope="module")
def result() -> audit.Audit:
    return audit.run(LOANS, protected="g", decision="d", favorable=1)


def test_merge() -> None:
    tallies = [
        audit.count(LOANS, protected="g", decision="d", favorable=1),
        audit.count(LOANS, protected="h", decision="d", favorable=1),
        audit.count({**LOANS, "g": ["m", "x"] * 40}, protected="g", decision="d", favorable=1),
    ]

    def make(r: random.Random) -> Callable[[], object]:
        parts: Any = [r.choice(tallies) for _ in range(r.randrange(4))]
        if r.random() < 0.3:
            parts = r.choice((thing(r), [thing(r)], [tallies[0], thing(r)], iter(parts)))
        return lambda: audit.merge(parts)

    fuzz("merge", make)


def test_load_and_load_tally_and_write(tmp_path: Path, result: audit.Audit) -> None:
    good = audit.write(result, tmp_path / "x.json")
    result.tally.save(tmp_path / "x.tally.json")

    def make(r: random.Random) -> Callable[[], object]:
        text = r.choice(TEXTS).replace("\x00", r.choice(("", "\x00")))
        paths = (good, tmp_path, tmp_path / "none.json", "", text, tmp_path / text[:200], thing(r))
        path: Any = r.choice(paths)
        verb = r.randrange(3)
        if verb == 0:
            return lambda: audit.load(path)
        if verb == 1:
            return lambda: audit.load_tally(path)
        name = tmp_path / (text[:200] + r.choice((".html", ".json", ".csv", ".md", ".x", "")))
        target: Any = r.choice((name, name, thing(r)))
        charts: Any = r.choice(("none", "none", "nope", thing(r)))
        what: Any = result if r.random() < 0.9 else thing(r)
        return lambda: audit.write(what, target, charts=charts, force=r.random() < 0.5)

    fuzz("files", make)


def test_views_of_an_audit(result: audit.Audit) -> None:
    def make(r: random.Random) -> Callable[[], object]:
        value: Any = r.choice((thing(r), r.choice(TEXTS)))
        if r.random() < 0.5:
            return lambda: result.figure(value)
        return lambda: _judged(result, value)

    fuzz("views", make)


def _judged(result: audit.Audit, fail_on: Any) -> None:
    try:
        result.raise_for_verdict(fail_on)
    except audit.VerdictError:
        return


INTERVALS = {
    "rate_interval": 2,
    "difference_interval": 4,
    "ratio_interval": 4,
    "worst_gap_interval": 2,
}


def _counts(r: random.Random) -> Any:
    kind = r.randrange(6)
    if kind == 0:
        return thing(r)
    if kind == 1:
        return r.choice(NUMBERS)
    if kind == 2:
        return [r.choice(NUMBERS) for _ in range(r.randrange(4))]
    if kind == 3:
        return np.array([r.randrange(9) for _ in range(r.randrange(5))]).reshape(-1, 1)
    return [r.randrange(30) for _ in range(3)]


def test_intervals_and_power() -> None:
    def make(r: random.Random) -> Callable[[], object]:
        name = r.choice([*INTERVALS, "power"])
        own: dict[str, Any] = {}
        if name == "power":
            pool = (0.3, 0.8, 1, 0, *NUMBERS, thing(r))
            told = {"base_rate": r.choice(pool), "ratio": r.choice(pool)}
            if r.random() < 0.3:
                told[r.choice(("alpha", "power"))] = r.choice(pool)
            return lambda: audit.power(**told)
        function = getattr(inference, name)
        args = [_counts(r) for _ in range(INTERVALS[name])]
        if r.random() < 0.5:
            args = [[r.randrange(9) for _ in range(3)], [9 + r.randrange(9) for _ in range(3)]]
            args *= INTERVALS[name] // 2
        if r.random() < 0.4:
            own["level"] = r.choice((0.9, 0.999999, 0, 1, 95, thing(r), r.choice(NUMBERS)))
        if r.random() < 0.2 and name != "worst_gap_interval":
            own["method"] = r.choice(("wilson", "katz", "newcombe", "nope", thing(r)))
        return lambda: function(*args, **own)

    fuzz("inference", make)


# --- the command line -------------------------------------------------------------------------

WORDS = (
    "run", "check", "init", "count", "merge", "power", "gate", "render", "metrics", "policies",
    "loans.csv", "bad.csv", "x.json", "nope.csv", "audit.toml", "--protected", "g", "g,h",
    "--decision", "d", "--favorable", "decision=1", "decision=9", "favorable", "--reference",
    "g=f", "g=zz", "--bins", "g=1,2", "h=x", "--where", "d == 1", "d =", "--policy", "research",
    "nope", "--level", "0.9", "2", "-o", "out.html", "out.json", "out.pdf", "--force", "-q",
    "--config", "--strict", "--fail-on", "review", "--score", "s", "--cutoff", "0.5", "--encoding",
    "latin-1", "--base-rate", "0.3", "--ratio", "0.8", "show", "auc", "--missing", "error", "",
    "=", "|", ",", "--", "-", "--outcome", "y", "outcome=1", "--intersections", "1", "\udcff",
)  # fmt: skip


def test_command_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`run`, `check` and the others end with a known exit code, and never with a traceback."""
    monkeypatch.chdir(tmp_path)
    rows = "".join(
        f"{'fm'[i % 2]},{'ab'[i % 3 > 0]},{i % 5 > 1:d},{i / 80},{i % 2}\n" for i in range(80)
    )
    Path("loans.csv").write_text("g,h,d,s,y\n" + rows)
    Path("bad.csv").write_bytes(b"g,d\nf,1\nm,\xff\n")
    sensible = ["--protected", "g", "--decision", "d", "--favorable", "decision=1"]
    wrong = []
    for number in range(int(os.environ.get("AUDIT_FUZZ", "200"))):
        r = random.Random(f"cli {number}")
        words = [r.choice(WORDS) for _ in range(r.randrange(7))]
        if r.random() < 0.6:
            base = [r.choice(("run", "check")), "loans.csv", *sensible]
            for _ in range(r.randrange(3)):
                base.insert(r.randrange(1, len(base) + 1), r.choice(WORDS))
            words = base
        if "demo" in words:
            continue
        code = entry.run(words)
        said = capsys.readouterr()
        if code not in (0, 1, 2, 3) or "Traceback" in said.err:
            wrong.append(f"{number}: exit {code} {words}: {said.err[:300]}")
    assert not wrong, "\n".join(wrong[:10])
