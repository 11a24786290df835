"""How fast rows become counts: ours against pandas and DuckDB, from one run.

    PYTHONPATH=src python bench/tally.py [--rows 1000000] [--repeats 5]

Sixty groups (sex 2 × age 5 × race 6), a decision, an outcome and a score. Times are medians;
machines differ, so read the ratios.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from audit.table.roles import Axis, Roles
from audit.table.rows import CodedRows, EngineRows, Table
from audit.tally import lazy, memory
from audit.tally.plan import plan
from audit.tally.spread import distributions, sort_rows

LEVELS = {
    "sex": ("female", "male"),
    "age": ("18-25", "26-39", "40-54", "55-64", "65+"),
    "race": ("A", "B", "C", "D", "E", "F"),
}
KEYS = {name: f"protected:{name}" for name in LEVELS} | {
    "approved": "decision",
    "repaid": "outcome",
}
AXES = {KEYS[n]: Axis(name=n, kind="protected", levels=levels) for n, levels in LEVELS.items()}
RANGE = (0.0, 1.0)


def draw(rows: int) -> dict[str, np.ndarray]:
    """Codes of every column, and a score."""
    generator = np.random.default_rng(0)
    sizes = {**{name: len(levels) for name, levels in LEVELS.items()}, "approved": 2, "repaid": 2}
    codes = {n: generator.integers(0, k, rows, dtype=np.uint8) for n, k in sizes.items()}
    return {**codes, "score": generator.random(rows)}


def coded(columns: dict[str, np.ndarray], *, score: bool) -> Table:
    """The table as `audit.read` leaves it in memory."""
    rows = CodedRows(
        codes={key: columns[name] for name, key in KEYS.items()},
        score=columns["score"] if score else None,
    )
    return Table(roles=roles(score), axes=AXES, rows=rows, size=len(columns["score"]), excluded=0)


def roles(score: bool) -> Roles:
    return Roles(
        protected=tuple(LEVELS),
        decision="approved",
        outcome="repaid",
        score="score" if score else None,
    )


def stored(columns: dict[str, np.ndarray], path: Path) -> Path:
    """The same rows as a Parquet file with dictionary-coded text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays: dict[str, Any] = {
        n: pa.DictionaryArray.from_arrays(pa.array(columns[n].astype(np.int32)), pa.array(levels))
        for n, levels in LEVELS.items()
    }
    for name in ("approved", "repaid"):
        arrays[name] = pa.array(1 - columns[name])
    pq.write_table(pa.table({**arrays, "score": columns["score"]}), path, row_group_size=1_000_000)
    return path


def engine(path: Path, rows: int, *, score: bool) -> Table:
    """The file as `audit.read` leaves it in DuckDB."""
    import duckdb
    import narwhals as nw

    known = {key: {v: i for i, v in enumerate(axis.levels)} for key, axis in AXES.items()}
    binary = {1: 0, 0: 1}
    expressions = {key: nw.col(name) for name, key in KEYS.items()}
    if score:
        expressions["score"] = nw.col("score")
    handle = EngineRows(
        frame=nw.from_native(duckdb.read_parquet(str(path))).lazy(),
        expressions=expressions,
        lookups={**known, "decision": binary, "outcome": binary},
    )
    return Table(roles=roles(score), axes=AXES, rows=handle, size=rows, excluded=0)


def median(work: Callable[[], object], repeats: int) -> float:
    """Milliseconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    columns = draw(given.rows)

    import duckdb
    import pandas as pd
    import pyarrow.parquet as pq

    names = list(KEYS)
    frame = pd.DataFrame(
        {
            **{n: pd.Categorical.from_codes(columns[n], levels) for n, levels in LEVELS.items()},
            "approved": 1 - columns["approved"],
            "repaid": 1 - columns["repaid"],
            "score": columns["score"],
        }
    )
    plain, scored = coded(columns, score=False), coded(columns, score=True)
    small, binned = plan(plain), plan(scored, score_range=RANGE, score_bins=1024)
    lines: list[tuple[str, float]] = []

    def line(title: str, work: Callable[[], object]) -> None:
        lines.append((title, median(work, given.repeats)))

    line("memory: groups × decision × outcome", lambda: memory.tally(plain, small))
    line("memory: and 1,024 score bins by attribute", lambda: memory.tally(scored, binned))
    line(
        "memory: exact score distribution of 60 groups",
        lambda: distributions(scored, tuple(LEVELS), "score"),
    )

    def every_attribute() -> None:
        ordered = sort_rows(scored, "score")
        for attributes in ((), *((name,) for name in LEVELS)):
            distributions(scored, attributes, "score", ordered=ordered)

    line("memory: exact distributions, everyone and each attribute", every_attribute)
    with tempfile.TemporaryDirectory() as folder:
        path = stored(columns, Path(folder) / "rows.parquet")
        rows = given.rows
        line(
            "DuckDB file: groups × decision × outcome",
            lambda: lazy.tally(engine(path, rows, score=False), small),
        )
        line(
            "DuckDB file: and 1,024 score bins by attribute",
            lambda: lazy.tally(engine(path, rows, score=True), binned),
        )
        line("peer: decoding the file's columns", lambda: pq.read_table(path))
        line(
            "peer: DuckDB SQL, one group-by over the file",
            lambda: duckdb.sql(
                f"select {', '.join(names)}, count(*) from '{path}' group by all"
            ).fetchall(),
        )
    line(
        "peer: pandas groupby().size(), categorical columns",
        lambda: frame.groupby(names, observed=False).size(),
    )
    text = frame.astype(dict.fromkeys(LEVELS, "str"))
    line("peer: pandas groupby().size(), text columns", lambda: text.groupby(names).size())

    ours = lines[0][1]
    print(f"{given.rows:,} rows, median of {given.repeats}")
    print(f"{'work':<58}{'ms':>10}{'÷ ours':>10}")
    for title, took in lines:
        print(f"{title:<58}{took:>10.2f}{took / ours:>10.1f}")


if __name__ == "__main__":
    main()
