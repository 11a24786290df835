"""Data checks: each code fires where it should, stays silent where not, and says on how much."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.table import quality
from audit.table.columns import bins_of, ranked
from audit.table.intake import read
from audit.table.quality import data_quality, duplicates, leakage, missingness
from audit.table.rows import Table

N = 4000


def people(seed: int = 0) -> pd.DataFrame:
    """Honest features: income and job go with the outcome, as in any credit data."""
    rng = np.random.default_rng(seed)
    bad = rng.random(N) < 0.2
    return pd.DataFrame(
        {
            "sex": rng.choice(["f", "m"], N),
            "default": bad.astype(int),
            "income": rng.normal(size=N) - bad,
            "job": np.where(rng.random(N) < 0.3 + 0.3 * bad, "none", "some"),
            "age": rng.integers(18, 80, N),
            "key": [f"id{i}" for i in range(N)],
        }
    )


def table(frame: Any, features: list[str], **more: Any) -> Table:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read(
            frame, protected="sex", outcome="default", favorable=0, features=features, **more
        )


def codes(issues: Any) -> list[tuple[str, str | None]]:
    return [(i.code, i.column) for i in issues]


def test_honest_features_are_not_accused() -> None:
    """Neither a good predictor, nor a name that never recurs, is a leak; nothing repeats."""
    assert data_quality(table(people(), ["income", "job", "age", "key"])) == ()


def test_without_features_nothing_is_read() -> None:
    """Checks are of the named features."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert data_quality(read(people(), protected="sex", outcome="default", favorable=0)) == ()


def spoiled(kind: str) -> pd.Series:
    frame, rng = people(), np.random.default_rng(9)
    bad = frame["default"] == 1
    return {
        "balance after": bad * 1000.0 + rng.normal(size=N),
        "turned round": -(bad * 1000.0 + rng.normal(size=N)),
        "nearly": pd.Series(np.where(rng.random(N) < 0.02, ~bad, bad) * 1.0),
        "status text": pd.Series(np.where(bad, "charged off", "paid")),
        "missing for one": pd.Series(np.where(bad, np.nan, rng.normal(size=N))),
        "both ends": pd.Series(np.where(bad, rng.choice([-9.0, 9.0], N), rng.normal(size=N))),
        "true or false": pd.Series(bad),
    }[kind]


@pytest.mark.parametrize(
    "kind",
    [
        "balance after",
        "turned round",
        "nearly",
        "status text",
        "missing for one",
        "both ends",
        "true or false",
    ],
)
def test_a_leak_is_named(kind: str) -> None:
    """A column that knows the outcome, in any shape: ordered, categories, gaps, both ends."""
    frame = people().assign(leak=spoiled(kind))
    assert codes(leakage(table(frame, ["income", "leak", "age"]))) == [("TBL501", "leak")]


def test_the_outcome_among_the_features_is_a_leak() -> None:
    """It is said plainly."""
    (found,) = leakage(table(people(), ["income", "default"]))
    assert (found.code, found.column) == ("TBL501", "default")
    assert "the outcome itself" in found.message


def test_a_value_that_means_default_is_named() -> None:
    """Money recovered exists for a third of the defaulters and nobody else."""
    frame, rng = people(), np.random.default_rng(2)
    hit = (frame["default"] == 1) & (rng.random(N) < 0.35)
    frame["recovered"] = np.where(hit, rng.random(N) * 500, 0.0)
    (found,) = leakage(table(frame, ["income", "recovered"]))
    assert (found.code, found.severity) == ("TBL502", "warning")
    assert "unfavourable" in found.message


def test_few_outcomes_accuse_nobody() -> None:
    """Below ten of either outcome a perfect order is luck."""
    frame = people().head(40).assign(default=[1] * 9 + [0] * 31, leak=[1.0] * 9 + [0.0] * 31)
    assert leakage(table(frame, ["leak"])) == ()


def test_unknown_outcomes_are_not_looked_at() -> None:
    """Only rows with an outcome say whether a feature knows it."""
    frame = people().assign(leak=spoiled("balance after"))
    frame["default"] = frame["default"].where(np.arange(N) % 2 == 0)
    (found,) = leakage(table(frame, ["leak"]))
    assert "2,000 rows with a known outcome" in found.message


def test_gaps_of_one_group_are_named() -> None:
    """20 % of women and 2 % of men lack an income."""
    frame, rng = people(), np.random.default_rng(4)
    gone = rng.random(N) < np.where(frame["sex"] == "f", 0.20, 0.02)
    frame["income"] = frame["income"].where(~gone)
    (found,) = missingness(table(frame, ["income", "age"]))
    assert (found.code, found.column, found.severity) == ("TBL503", "income", "note")
    share = 100 * gone[frame["sex"] == "f"].mean()
    assert f"{share:.1f} % of sex 'f'" in found.message


def test_gaps_alike_or_by_chance_are_not_named() -> None:
    """Equal shares, and small groups' luck, are no finding; an empty column is one."""
    frame, rng = people(), np.random.default_rng(4)
    frame["income"] = frame["income"].where(rng.random(N) > 0.3)
    frame["empty"] = np.nan
    assert codes(missingness(table(frame, ["income", "empty"]))) == [("TBL504", "empty")]
    few = people().head(60)
    few["income"] = few["income"].where(np.arange(60) > 2)
    assert missingness(table(few, ["income"])) == ()


def test_repeats_are_counted_once_each() -> None:
    """100 rows read twice and one read three times: 102 repeat an earlier one."""
    frame = people()
    twice = pd.concat([frame, frame.head(100), frame.head(1), frame.head(1)], ignore_index=True)
    (found,) = duplicates(table(twice, ["income", "job", "age"]))
    assert (found.code, found.severity) == ("TBL505", "warning")
    assert found.message.startswith("102 rows")
    wanted = twice.duplicated(["sex", "default", "income", "job", "age"]).sum()
    assert wanted == 102


def test_repeats_of_few_categories_are_a_note() -> None:
    """Where chance makes rows alike, they are counted but nobody is warned."""
    (found,) = duplicates(table(people(), ["job", "age"]))
    assert found.severity == "note"
    wanted = people().duplicated(["sex", "default", "job", "age"]).sum()
    assert found.message.startswith(f"{wanted:,} rows")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.one_of(st.none(), st.integers(0, 9)), st.booleans()), min_size=4, max_size=60
    ).filter(lambda rows: 0 < sum(y for _, y in rows) < len(rows))
)
def test_power_is_sklearns_auc(rows: list[tuple[int | None, bool]]) -> None:
    """The better of both directions; missing values stand at the better end."""
    x = np.array([math.nan if v is None else float(v) for v, _ in rows])
    bad = np.array([y for _, y in rows])
    areas = [
        sklearn.metrics.roc_auc_score(bad, np.where(np.isnan(x), end, x)) for end in (-1.0, 99.0)
    ]
    wanted = max(max(a, 1 - a) for a in areas)
    assert ranked(bins_of(x, "x"), bad) == pytest.approx(max(wanted, 0.5))


def test_many_rows_are_sampled_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rows every time; the message gives their number."""
    monkeypatch.setattr(quality, "SAMPLE", 1000)
    read_in = table(people().assign(leak=spoiled("balance after")), ["leak"])
    first, second = leakage(read_in), leakage(read_in)
    assert first == second
    assert "1,000 rows with a known outcome" in first[0].message


@pytest.mark.parametrize("kind", ["polars", "pyarrow", "lazy", "duckdb", "csv"])
def test_every_source_gives_the_same_issues(kind: str, tmp_path: Path) -> None:
    """Frames in memory, and rows that stay in an engine."""
    frame = people().assign(leak=spoiled("balance after"))
    rng = np.random.default_rng(4)
    frame["age"] = frame["age"].where(rng.random(N) > 0.2 * (frame["sex"] == "f"))
    source: Any = {
        "polars": lambda: pl.from_pandas(frame),
        "pyarrow": lambda: pl.from_pandas(frame).to_arrow(),
        "lazy": lambda: pl.from_pandas(frame).lazy(),
        "duckdb": lambda: duckdb.from_df(frame),
        "csv": lambda: tmp_path / "loans.csv",
    }[kind]
    if kind == "csv":
        frame.to_csv(tmp_path / "loans.csv", index=False)
    features = ["income", "job", "age", "leak"]
    wanted = codes(data_quality(table(frame, features)))
    assert wanted == [("TBL501", "leak"), ("TBL503", "age")]
    assert codes(data_quality(table(source(), features))) == wanted


def test_nothing_is_changed() -> None:
    """The caller's frame stays as it was."""
    frame = people().assign(leak=spoiled("missing for one"))
    before = frame.copy(deep=True)
    data_quality(table(frame, ["income", "leak"]))
    pd.testing.assert_frame_equal(frame, before)
