"""From a raw pandas frame to estimates: ours against fairlearn and dalex, from one run.

    PYTHONPATH=src python bench/against_peers.py [--rows 1000000] [--repeats 3] [--text object]

One million applicants in sixty groups (sex 2 × age 5 × race 6) with y_true, y_pred and a score.
Every line starts from the same frame, so reading and encoding it is part of the time. A peer
that is not installed is named and left out. Times are medians of the runs shown.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import time
from collections.abc import Callable
from typing import Any

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


class Line:
    """One line of the table: what was timed, on how many runs."""

    def __init__(self, title: str, work: Callable[[], object], runs: int) -> None:
        times = []
        for _ in range(runs):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
        self.title, self.runs, self.seconds = title, runs, statistics.median(times)


def ours(frame: Any, repeats: int) -> list[Line]:
    """Estimates with intervals for every rate and contrast of the standard catalogue."""
    import audit
    from audit.tally.counting import count_rows
    from audit.tally.plan import plan

    def tally() -> object:
        table = audit.read(frame, **ROLES)
        return count_rows(table, plan(table, intersections=3))

    run = lambda crossed: lambda: audit.run(frame, intersections=crossed, **ROLES)  # noqa: E731
    run(1)()  # imports are not what is measured
    return [
        Line("ours: read", lambda: audit.read(frame, **ROLES), repeats),
        Line("ours: read, count 60 groups", tally, repeats),
        Line("ours: audit.run, single attributes", run(1), repeats),
        Line("ours: audit.run, 60 groups crossed", run(3), repeats),
    ]


def fairlearn(frame: Any, runs: int) -> list[Line]:
    """Seven metrics by sixty groups, then the cost of one bootstrap replicate of them."""
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

    plain = Line("fairlearn: MetricFrame, 7 metrics, 60 groups", measure, runs)
    twice = Line(
        "fairlearn: the same, 2 bootstrap replicates",
        lambda: measure(n_boot=2, ci_quantiles=[0.025, 0.975], random_state=0),
        runs,
    )
    each = Line("", lambda: None, 1)
    each.title, each.runs = "fairlearn: 1,000 replicates, from those two", runs
    each.seconds = plain.seconds + 1000 * max(twice.seconds - plain.seconds, 0.0) / 2
    return [plain, twice, each]


def dalex(frame: Any, runs: int) -> list[Line]:
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

    return [Line("dalex: group fairness, 60 groups", measure, runs)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--text", choices=("str", "object", "category"), default="str")
    parser.add_argument("--skip", nargs="*", default=[], help="peers to leave out")
    given = parser.parse_args()
    frame = draw(given.rows, given.text)

    lines = ours(frame, given.repeats)
    reference = lines[-1]
    missing = []
    slow = 1 if given.rows > 200_000 else min(3, given.repeats)
    for name, peer, runs in (("dalex", dalex, given.repeats), ("fairlearn", fairlearn, slow)):
        if name in given.skip:
            continue
        if importlib.util.find_spec(name) is None:
            missing.append(name)
        else:
            lines += peer(frame, runs)

    print(f"{given.rows:,} rows, {given.text} columns; ratios to “{reference.title}”")
    print(f"{'work':<52}{'runs':>6}{'seconds':>12}{'ratio':>12}")
    for line in lines:
        ratio = line.seconds / reference.seconds
        print(f"{line.title:<52}{line.runs:>6}{line.seconds:>12.4f}{ratio:>12,.1f}")
    for name in missing:
        print(f"{name} is not installed: left out")


if __name__ == "__main__":
    main()
