"""From a raw pandas frame to estimates: ours against fairlearn and dalex, from one run.

    PYTHONPATH=src python bench/against_peers.py [--rows 1000000] [--repeats 9]
        [--text str category object] [--peers PYTHON] [--skip fairlearn]

One million applicants in sixty groups (sex 2 × age 5 × race 6) with y_true, y_pred and a score.
Every line starts from the same raw frame, so reading and encoding it is part of the time. Ours
gives every rate and contrast of the standard catalogue with intervals, p-values and a verdict.

Times are medians of the runs shown. `--peers` names another interpreter that has the peers this
one lacks (dalex and pandas 3 do not always install together); its versions are shown. Nobody
waits for a thousand of fairlearn's bootstrap replicates: two are timed and the rest is scaled
from them, and the line says so. A peer that is nowhere installed is named and left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

LEVELS = {
    "sex": ("female", "male"),
    "age": ("18-25", "26-39", "40-54", "55-64", "65+"),
    "race": ("A", "B", "C", "D", "E", "F"),
}
NAMES = list(LEVELS)
ROLES: dict[str, Any] = {
    "protected": NAMES,
    "decision": "y_pred",
    "outcome": "y_true",
    "favorable": {"decision": 1, "outcome": 1},
}
TEXT = ("str", "category", "object")
BARS = {
    ("dalex", "str"): 20,
    ("dalex", "category"): 20,
    ("dalex", "object"): 8,
    ("fairlearn", ""): 100,
    ("fairlearn, 1,000 replicates", ""): 10_000,
}
"""How many times faster ours is meant to be, by peer and type of the protected columns."""


def draw(rows: int, text: str) -> Any:
    """A pandas frame; `text` is the type of the three protected columns."""
    import pandas as pd

    generator = np.random.default_rng(0)
    columns: dict[str, Any] = {}
    for name, levels in LEVELS.items():
        codes = generator.integers(0, len(levels), rows)
        columns[name] = (
            pd.Categorical.from_codes(codes, levels)
            if text == "category"
            else pd.Series(np.array(levels, object)[codes], dtype=text)
        )
    score = generator.random(rows)
    columns["y_true"] = (generator.random(rows) < 0.3 + 0.4 * score).astype(np.int64)
    columns["y_pred"] = (score > 0.5).astype(np.int64)
    columns["score"] = score
    return pd.DataFrame(columns)


class Line(NamedTuple):
    """What was timed, on how many runs."""

    title: str
    runs: int
    seconds: float
    peer: str = ""
    """The name that a bar is set for."""


def timed(title: str, work: Callable[[], object], runs: int, peer: str = "") -> Line:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return Line(title, runs, statistics.median(times), peer)


def ours(frame: Any, repeats: int) -> list[Line]:
    """Stages, then whole audits; the last line is what peers are compared with."""
    import audit
    from audit.findings.judge import judge
    from audit.inference.measure import measure
    from audit.metrics.catalogue import STANDARD
    from audit.tally.counting import count_rows
    from audit.tally.plan import plan

    table = audit.read(frame, **ROLES)
    tally = count_rows(table, plan(table, intersections=3))
    record = audit.run(tally, intersections=3).record
    chosen, policy = record.references, record.policy
    scored = {**ROLES, "score": "score"}
    for roles in (ROLES, scored):  # imports are not what is measured
        audit.run(frame.head(1000), intersections=3, **roles)
    return [
        timed("ours: read", lambda: audit.read(frame, **ROLES), repeats),
        timed(
            "ours: count 60 groups",
            lambda: count_rows(table, plan(table, intersections=3)),
            repeats,
        ),
        timed(
            f"ours: measure, {len(record.estimates):,} estimates",
            lambda: measure(tally, chosen, STANDARD, intersections=3),
            repeats,
        ),
        timed("ours: judge", lambda: judge(record.estimates, tally, policy, chosen), repeats),
        timed(
            "ours: audit.run with a score, exact AUC and KS",
            lambda: audit.run(frame, intersections=3, **scored),
            max(1, repeats // 3),
        ),
        timed(
            "ours: audit.run, 60 groups crossed",
            lambda: audit.run(frame, intersections=3, **ROLES),
            repeats,
        ),
    ]


def fairlearn(frame: Any, repeats: int) -> list[Line]:
    """Seven metrics by sixty groups, then the cost of bootstrap replicates of them."""
    from fairlearn import metrics as fm
    from sklearn.metrics import accuracy_score, precision_score

    seven = {
        "selection_rate": fm.selection_rate,
        "true_positive_rate": fm.true_positive_rate,
        "false_positive_rate": fm.false_positive_rate,
        "true_negative_rate": fm.true_negative_rate,
        "false_negative_rate": fm.false_negative_rate,
        "accuracy": accuracy_score,
        "precision": precision_score,
    }

    def measure(**bootstrap: Any) -> object:
        return fm.MetricFrame(
            metrics=seven,
            y_true=frame["y_true"],
            y_pred=frame["y_pred"],
            sensitive_features=frame[NAMES],
            **bootstrap,
        ).by_group

    runs = 1 if len(frame) > 200_000 else min(3, repeats)
    plain = timed("fairlearn: MetricFrame, 7 metrics, 60 groups", measure, runs, "fairlearn")
    twice = timed(
        "fairlearn: the same with 2 bootstrap replicates",
        lambda: measure(n_boot=2, ci_quantiles=[0.025, 0.975], random_state=0),
        runs,
    )
    each = max(twice.seconds - plain.seconds, 0.0) / 2
    scaled = Line(
        "fairlearn: 1,000 replicates (scaled from those 2)",
        runs,
        plain.seconds + 1000 * each,
        "fairlearn, 1,000 replicates",
    )
    return [plain, twice, scaled]


def dalex(frame: Any, repeats: int) -> list[Line]:
    """Group fairness of sixty groups, joined into one column as dalex asks."""
    from dalex.fairness import GroupFairnessClassification

    def measure() -> object:
        joined = frame["sex"].astype(str) + "_" + frame["age"].astype(str)
        joined = joined + "_" + frame["race"].astype(str)
        return GroupFairnessClassification(
            y=frame["y_true"].to_numpy(),
            y_hat=frame["score"].to_numpy(),
            protected=joined.to_numpy(),
            privileged="male_26-39_A",
            label="model",
            verbose=False,
            cutoff=0.5,
        ).metric_scores

    measure()
    return [timed("dalex: group fairness, 60 groups", measure, min(3, repeats), "dalex")]


PEERS: dict[str, Callable[[Any, int], list[Line]]] = {"dalex": dalex, "fairlearn": fairlearn}


def elsewhere(python: str, peer: str, rows: int, text: str, repeats: int) -> list[Line] | None:
    """The peer's lines from another interpreter, or None where that lacks it too."""
    command = [python, __file__, "--only", peer, "--rows", str(rows), "--repeats", str(repeats)]
    done = subprocess.run([*command, "--text", text], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    return [Line(*line) for line in json.loads(done.stdout.splitlines()[-1])]


def versions(*names: str) -> str:
    from importlib.metadata import version

    return ", ".join(f"{n} {version(n)}" for n in names if importlib.util.find_spec(n))


def table_of(frame: Any, text: str, given: argparse.Namespace) -> None:
    """Print one type's table."""
    lines = ours(frame, given.repeats)
    reference = lines[-1]
    missing = []
    for name, peer in PEERS.items():
        # fairlearn takes minutes and hardly minds the type: it is timed beside the first
        if name in given.skip or (name == "fairlearn" and text != given.text[0]):
            continue
        found: list[Line] | None = None
        if importlib.util.find_spec(name) is not None:
            found = peer(frame, given.repeats)
        elif given.peers:
            found = elsewhere(given.peers, name, given.rows, text, given.repeats)
        if found is None:
            missing.append(name)
        else:
            lines += found
    print(f"\n{given.rows:,} rows, {text} columns; ratios to “{reference.title}”")
    print(f"{'work':<52}{'runs':>6}{'seconds':>12}{'ratio':>12}  bar")
    for line in lines:
        ratio = line.seconds / reference.seconds
        bar = BARS.get((line.peer, text), BARS.get((line.peer, "")))
        judged = "" if bar is None else f"≥ {bar:,} {'met' if ratio >= bar else 'MISSED'}"
        print(f"{line.title:<52}{line.runs:>6}{line.seconds:>12.4f}{ratio:>12,.1f}  {judged}")
    for name in missing:
        print(f"{name} is not installed: left out")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--text", nargs="+", choices=TEXT, default=list(TEXT))
    parser.add_argument("--skip", nargs="*", default=[], help="peers to leave out")
    parser.add_argument("--peers", help="an interpreter that has the peers this one lacks")
    parser.add_argument("--only", choices=tuple(PEERS), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        print(json.dumps(PEERS[given.only](draw(given.rows, given.text[0]), given.repeats)))
        return
    print(versions("numpy", "pandas", "pyarrow", "fairlearn", "dalex"))
    if given.peers:
        shown = f"import sys; sys.argv = ['']; sys.path.insert(0, {sys.path[0]!r})"
        shown += "; from against_peers import versions; print(versions('numpy', 'pandas', 'dalex'))"
        done = subprocess.run(
            [given.peers, "-c", shown], capture_output=True, text=True, check=False
        )
        print(f"peers: {done.stdout.strip() or 'not found'}")
    for text in given.text:
        table_of(draw(given.rows, text), text, given)


if __name__ == "__main__":
    main()
