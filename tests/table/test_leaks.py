"""Columns that know the outcome are named, in any shape; honest ones, however strong, are not."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

import audit
from audit.table.intake import read
from audit.table.quality import leakage
from audit.table.rows import Table

N = 4000
Rng = np.random.Generator


def scored(area: float, bad: np.ndarray, rng: Rng) -> np.ndarray:
    """Normal scores with a given AUC: Φ(d/√2), d standard deviations apart."""
    from scipy.stats import norm

    apart = float(np.sqrt(2) * norm.ppf(area))
    return np.asarray(rng.normal(size=len(bad)) + apart * bad)


def loans(seed: int = 0, rows: int = N, rate: float = 0.2) -> pd.DataFrame:
    """Honest credit data: the strongest of six columns has an AUC of .7."""
    rng = np.random.default_rng(seed)
    bad = rng.random(rows) < rate
    return pd.DataFrame(
        {
            "sex": rng.choice(["f", "m"], rows),
            "approved": np.where(rng.random(rows) < 0.7 - 0.3 * bad, 1, 0),
            "default": bad.astype(int),
            "income": scored(0.70, bad, rng),
            "debt": scored(0.62, bad, rng),
            "age": rng.integers(18, 80, rows),
            "job": np.where(rng.random(rows) < 0.3 + 0.2 * bad, "none", "some"),
            "region": rng.choice([f"r{i}" for i in range(60)], rows),
            "key": [f"id{i}" for i in range(rows)],
        }
    )


def plain(frame: Any, **more: Any) -> Table:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read(frame, protected="sex", outcome="default", favorable={"outcome": 0}, **more)


def named(table: Table) -> list[tuple[str, str | None]]:
    return [(i.code, i.column) for i in leakage(table)]


def noisy_copy(bad: np.ndarray, rng: Rng) -> Any:
    return np.where(rng.random(len(bad)) < 0.1, ~bad, bad) * 1


def known_for_some_defaults(bad: np.ndarray, rng: Rng) -> Any:
    return np.where(bad & (rng.random(len(bad)) < 0.3), rng.random(len(bad)) * 500, np.nan)


def zero_but_for_defaults(bad: np.ndarray, rng: Rng) -> Any:
    return np.where(bad & (rng.random(len(bad)) < 0.3), rng.random(len(bad)) * 500, 0.0)


def known_for_the_paid(bad: np.ndarray, rng: Rng) -> Any:
    return np.where(~bad & (rng.random(len(bad)) < 0.4), rng.random(len(bad)), np.nan)


def gaps_that_tell(bad: np.ndarray, rng: Rng) -> Any:
    there = np.where(bad, rng.random(len(bad)) < 0.6, rng.random(len(bad)) < 0.05)
    return np.where(there, rng.random(len(bad)), np.nan)


def spread_over_categories(bad: np.ndarray, rng: Rng) -> Any:
    told = bad & (rng.random(len(bad)) < 0.4)
    return np.where(
        told,
        [f"c{i}" for i in rng.integers(0, 30, len(bad))],
        [f"a{i}" for i in rng.integers(0, 30, len(bad))],
    )


def date_of_an_event(bad: np.ndarray, rng: Rng) -> Any:
    late = bad & (rng.random(len(bad)) < 0.5)
    dates = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, len(bad)), "D")
    return pd.Series(dates).where(late)


PLANTED: dict[str, tuple[Callable[[np.ndarray, Rng], Any], str]] = {
    "AUC .9": (lambda bad, rng: scored(0.905, bad, rng), "TBL506"),
    "AUC .96": (lambda bad, rng: scored(0.96, bad, rng), "TBL501"),
    "noisy copy": (noisy_copy, "TBL506"),
    "known for some defaults": (known_for_some_defaults, "TBL502"),
    "zero but for defaults": (zero_but_for_defaults, "TBL502"),
    "known for the paid": (known_for_the_paid, "TBL502"),
    "gaps that tell": (gaps_that_tell, "TBL509"),
    "spread over categories": (spread_over_categories, "TBL502"),
    "date of an event": (date_of_an_event, "TBL502"),
}


@pytest.mark.parametrize("kind", PLANTED)
@pytest.mark.parametrize("by_name", [True, False])
def test_a_planted_leak_is_named(kind: str, by_name: bool) -> None:
    """Whether features are named or not; of these alone."""
    plant, code = PLANTED[kind]
    frame = loans()
    frame["leak"] = plant(frame["default"].to_numpy() == 1, np.random.default_rng(7))
    features = [c for c in frame if c not in ("sex", "default", "approved")] if by_name else None
    found = leakage(plain(frame, features=features))
    assert [(i.code, i.column) for i in found] == [(code, "leak")]
    assert found[0].severity == ("warning" if by_name and code != "TBL509" else "note")


@pytest.mark.parametrize("kind", PLANTED)
def test_an_audit_names_a_planted_leak(kind: str) -> None:
    """`audit.run(frame, protected, decision, outcome)` lists it among the result's issues."""
    frame = loans()
    frame["leak"] = PLANTED[kind][0](frame["default"].to_numpy() == 1, np.random.default_rng(7))
    result = audit.run(
        frame,
        protected="sex",
        decision="approved",
        outcome="default",
        favorable={"decision": 1, "outcome": 0},
        reference={"sex": "m"},
    )
    assert "leak" in {i.column for i in result.issues}


@pytest.mark.parametrize("area", [0.75, 0.80, 0.85])
@pytest.mark.parametrize("seed", range(5))
def test_a_strong_honest_score_is_not_accused(area: float, seed: int) -> None:
    """A bureau score of AUC .85 among columns of .7 and less."""
    frame = loans(seed)
    bad = frame["default"].to_numpy() == 1
    frame["bureau"] = scored(area, bad, np.random.default_rng(seed + 100))
    assert named(plain(frame)) == []


@pytest.mark.slow
@pytest.mark.parametrize("rows", [300, 1000, 5000])
def test_honest_data_are_seldom_accused(rows: int) -> None:
    """In 60 data sets with a score of .82, with honest gaps and many zeros, one at most is."""
    accused = 0
    for seed in range(60):
        frame = loans(seed, rows, rate=0.15)
        rng = np.random.default_rng(seed + 1000)
        bad = frame["default"].to_numpy() == 1
        frame["bureau"] = np.round(scored(0.82, bad, rng), 1)
        frame["months"] = np.where(rng.random(rows) < np.where(bad, 0.3, 0.6), np.nan, 1.0 * bad)
        frame["months"] += rng.exponential(20, rows)
        frame["limit"] = np.where(rng.random(rows) < 0.8, 0.0, rng.random(rows))
        accused += bool(named(plain(frame)))
    assert accused <= 1


@pytest.mark.parametrize(
    "name", ["german_credit", "taiwan_credit", "boston_mortgages", "adult_income", "compas"]
)
def test_bundled_data_are_judged_as_they_are(name: str) -> None:
    """COMPAS's `is_recid` holds the outcome; else only columns that repeat the decision."""
    data = audit.datasets.load(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = named(read(data.frame, **data.roles))
    wanted = {
        "compas": [
            ("TBL501", "is_recid"),
            ("TBL508", "decile_score"),
            ("TBL508", "score_text"),
        ],
        "boston_mortgages": [("TBL508", "action"), ("TBL508", "reject")],
    }
    assert sorted(found) == wanted.get(name, [])


def test_a_column_that_stands_near_others_is_only_noted() -> None:
    """AUC .9 beside an honest .84: a look, no more."""
    frame = loans()
    bad = frame["default"].to_numpy() == 1
    frame["score"] = scored(0.84, bad, np.random.default_rng(1))
    frame["leak"] = scored(0.905, bad, np.random.default_rng(2))
    features = ["income", "debt", "age", "score", "leak"]
    (found,) = leakage(plain(frame, features=features))
    assert (found.code, found.severity, found.column) == ("TBL507", "note", "leak")


def test_an_easy_outcome_accuses_nobody() -> None:
    """Where most columns tell the outcome at .9, none of them stands out."""
    rng, bad = np.random.default_rng(0), np.random.default_rng(1).random(N) < 0.4
    frame = pd.DataFrame({f"x{i}": scored(0.9, bad, rng) for i in range(6)})
    frame["sex"], frame["default"] = rng.choice(["f", "m"], N), bad * 1
    assert named(plain(frame)) == []


def test_dates_after_the_decision_are_noted() -> None:
    """As dates or as text; dates before it are not."""
    frame = loans()
    rng = np.random.default_rng(3)
    frame["on"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, N), "D")
    frame["called"] = frame["on"] + pd.to_timedelta(rng.integers(5, 90, N), "D")
    frame["born"] = frame["on"] - pd.to_timedelta(rng.integers(7000, 20000, N), "D")
    assert named(plain(frame, time="on")) == [("TBL510", "called")]
    frame["called"] = frame["called"].dt.strftime("%Y-%m-%d")
    frame["on"] = frame["on"].dt.strftime("%Y-%m-%d")
    assert named(plain(frame, time="on")) == [("TBL510", "called")]


def test_a_copy_of_the_decision_is_noted_where_a_column_decided() -> None:
    """And not where the decision is made here from a score."""
    frame = loans()
    frame["letter"] = np.where(frame["approved"] == 1, "welcome", "sorry")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = read(
            frame, protected="sex", outcome="default", decision="approved",
            favorable={"outcome": 0, "decision": 1},
        )  # fmt: skip
        cut = read(
            frame, protected="sex", outcome="default", favorable={"outcome": 0}, score="income",
            cutoff=0.0,
        )  # fmt: skip
    assert named(table) == [("TBL508", "letter")]
    assert named(cut) == []


@pytest.mark.parametrize("kind", ["polars", "pyarrow", "lazy", "duckdb", "csv", "parquet"])
def test_every_source_is_looked_at(kind: str, tmp_path: Path) -> None:
    """Frames, files, and rows that stay in an engine."""
    frame = loans()
    bad = frame["default"].to_numpy() == 1
    frame["leak"] = known_for_some_defaults(bad, np.random.default_rng(7))
    source: Any = {
        "polars": lambda: pl.from_pandas(frame),
        "pyarrow": lambda: pl.from_pandas(frame).to_arrow(),
        "lazy": lambda: pl.from_pandas(frame).lazy(),
        "duckdb": lambda: duckdb.from_df(frame),
        "csv": lambda: tmp_path / "loans.csv",
        "parquet": lambda: tmp_path / "loans.parquet",
    }[kind]
    frame.to_csv(tmp_path / "loans.csv", index=False)
    frame.to_parquet(tmp_path / "loans.parquet")
    assert named(plain(source())) == [("TBL502", "leak")]


def test_many_leaks_are_counted_after_ten() -> None:
    """So that a table of results does not fill the report."""
    frame = loans(rows=1000)
    bad = frame["default"].to_numpy() == 1
    rng = np.random.default_rng(0)
    for i in range(14):
        frame[f"leak{i:02d}"] = scored(0.97, bad, rng)
    found = leakage(plain(frame))
    assert len(found) == 11
    assert found[-1].message.startswith("4 more columns")


def test_unreadable_columns_are_passed_over() -> None:
    """Cells that hold lists stop no audit that never asked for them."""
    frame = loans(rows=500)
    frame["leak"] = (frame["default"] == 1) * 1.0
    odd: list[Any] = [[1, 2]] * 499
    late: list[Any] = ["x"] * 400
    frame["odd"], frame["late"] = [*odd, None], [*late, *([["y"]] * 100)]
    assert named(plain(frame)) == [("TBL501", "leak")]
