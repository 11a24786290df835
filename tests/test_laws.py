"""Laws that `audit.run` obeys from end to end, whatever the data."""

from __future__ import annotations

import copy
import math
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import audit
from audit.inference.multiplicity import benjamini_hochberg, holm
from audit.report.json_file import dumps

Rows = dict[str, list[Any]]

LAW = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
HOSTILE = st.text(min_size=1, max_size=12).filter(lambda t: t.strip() == t and t.isprintable())
ROLES: dict[str, Any] = {
    "protected": ["sex", "race"],
    "decision": "ok",
    "outcome": "paid",
    "favorable": {"decision": 1, "outcome": 1},
    "reference": {"sex": "m", "race": "a"},
}


class Loans(dict[str, list[Any]]):
    """Columns by name, with a short name of their own in a failure's report."""

    def __init__(self, rows: Rows, name: str) -> None:
        super().__init__(rows)
        self.name = name

    def __repr__(self) -> str:
        return self.name


@st.composite
def loans(draw: st.DrawFn, unknown: bool = True, missing: bool = True) -> Rows:
    """40 to 240 applicants; both sexes and three races occur, some outcomes are unknown."""
    size = draw(st.integers(40, 240))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    lean = rng.uniform(0.2, 0.9, 2)
    sex = rng.choice(["f", "m"], size, p=[0.4, 0.6]).astype(object)
    if missing:
        sex[rng.random(size) < 0.04] = None
    race = rng.choice(["a", "b", "c"], size, p=[0.6, 0.3, 0.1]).astype(object)
    ok = (rng.random(size) < np.where(sex == "f", lean[0], lean[1])).astype(int)
    paid: Any = rng.integers(0, 2, size).astype(object)
    if unknown:
        paid[rng.random(size) < 0.1] = None
    score = np.round(rng.random(size), 2)
    sex[:2], race[:3] = ["f", "m"], ["a", "b", "c"]
    ok[:2], paid[:2] = [0, 1], [0, 1]
    rows = {
        "sex": sex.tolist(),
        "race": race.tolist(),
        "ok": ok.tolist(),
        "paid": paid.tolist(),
        "score": score.tolist(),
        "w": (np.round(rng.uniform(0.5, 4, size) * 8) / 8).tolist(),
        "n": rng.integers(1, 4, size).tolist(),
        "who": rng.integers(0, size, size).tolist(),
    }
    return Loans(rows, f"loans({size}, {seed})")


def run(source: Any, **told: Any) -> audit.Audit:
    """An audit whose warnings about the data are expected."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", audit.DataWarning)
        return audit.run(source, **{**ROLES, **told})


def run_tally(tally: Any, **told: Any) -> audit.Audit:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", audit.DataWarning)
        return audit.run(tally, **told)


def count(source: Any, **told: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", audit.DataWarning)
        return audit.count(source, **{**ROLES, **told})


def keyed(result: audit.Audit, rename: Mapping[Any, Any] | None = None) -> dict[Any, Any]:
    """Estimates by what they are of; a worst case by its attribute, for ties have any order."""
    names = dict(rename or {})

    def named(group: Any) -> Any:
        return None if group is None else tuple(names.get(v, v) for v in group)

    found = {}
    for e in result.estimates:
        worst = audit.metrics.CATALOGUE[e.metric].contrast or ""
        sides: Any = (named(e.group), named(e.reference))
        key = (e.metric, e.attribute, None if worst.startswith("worst") else sides)
        key = (*key, e.stratum, e.stage, e.column)
        assert key not in found
        found[key] = e
    return found


NUMBERS = ("value", "low", "high", "p_value", "p_adjusted", "reference_value")


def close(one: float, other: float, error: float) -> bool:
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return one == other or math.isclose(one, other, rel_tol=error, abs_tol=error)


def assert_same(
    one: dict[Any, Any], other: dict[Any, Any], error: float = 1e-12, sampled: float | None = None
) -> None:
    """Equal numbers; `sampled` is the error allowed where limits are drawn at random."""
    assert set(one) == set(other)
    for key, e in one.items():
        f = other[key]
        assert e.reason == f.reason, key
        drawn = "bootstrap" in e.method
        for name in NUMBERS:
            allowed = sampled if drawn and name in ("low", "high") and sampled else error
            assert close(getattr(e, name), getattr(f, name), allowed), (key, name, e, f)


def permuted(rows: Rows, order: Any) -> Rows:
    return {k: [v[i] for i in order] for k, v in rows.items()}


@LAW
@given(loans(), st.integers(0, 2**32 - 1))
def test_order_of_rows_does_not_matter(rows: Rows, seed: int) -> None:
    """A permutation of the rows changes no number, no verdict and no fingerprint."""
    order = np.random.default_rng(seed).permutation(len(rows["sex"]))
    one, other = run(rows, score="score"), run(permuted(rows, order), score="score")
    assert_same(keyed(one), keyed(other))
    assert one.verdict == other.verdict
    assert one.tally.fingerprint == other.tally.fingerprint


@LAW
@given(loans(), st.lists(HOSTILE, min_size=2, max_size=2, unique_by=str.casefold))
def test_names_do_not_matter(rows: Rows, names: list[str]) -> None:
    """Groups called anything get the numbers of groups called f and m."""
    to = {"f": names[0], "m": names[1], None: None}
    other = {**rows, "sex": [to[v] for v in rows["sex"]]}
    result = run(other, reference={"sex": names[1], "race": "a"})
    back = {names[0]: "f", names[1]: "m"}
    assert_same(keyed(run(rows)), keyed(result, back))
    assert run(rows).verdict == result.verdict


HOSTILE_NAMES = [
    ("overall", "None"), ("nan", ""), ("<script>alert(1)</script>", "</script>"),
    ("a|b", "a,b"), ("('f',)", "f, m"), ("x" * 10_000, "x" * 9_999), ("{{7*7}}", "%s"),
    ("0", "1"), ("\u202eabc", "abc"), ("missing", "True"), ("=1+1", "@SUM(A1)"), ("a×b", "a × b"),
]  # fmt: skip


@pytest.mark.parametrize("names", HOSTILE_NAMES, ids=range(len(HOSTILE_NAMES)))
def test_hostile_names_do_not_matter(names: tuple[str, str]) -> None:
    """Nor do separators, markup, bidirectional marks, formulas, or ten thousand letters."""
    rows = {"sex": ["f"] * 50 + ["m"] * 70, "race": (["a", "b"] * 60), "ok": ([1, 0, 1] * 40)}
    roles = {"outcome": None, "favorable": 1}
    to = dict(zip(("f", "m"), names, strict=True))
    other = {**rows, "sex": [to[v] for v in rows["sex"]]}
    result = run(other, **roles, reference={"sex": names[1], "race": "a"})
    back = {v: k for k, v in to.items()}
    assert_same(keyed(run(rows, **roles)), keyed(result, back))


@LAW
@given(loans())
def test_twice_the_rows_leave_the_points_and_narrow_the_intervals(rows: Rows) -> None:
    """Every row twice: the same values, and no interval grows (but by rounding)."""
    told = {"score": "score", "min_rows": 1}  # at 30, a crossing's reference may become another
    one = keyed(run(rows, **told))
    other = keyed(run({k: [*v, *v] for k, v in rows.items()}, **told))
    assert set(one) == set(other)
    for key, e in one.items():
        f = other[key]
        assert close(e.value, f.value, 1e-12) or "standardized" in e.metric, key
        if "bootstrap" in e.method or math.isnan(e.low) or e.method == "bounds":
            continue
        if e.value != e.value or f.rows == 0:
            continue
        assert f.high - f.low <= (e.high - e.low) * (1 + 1e-9) + 1e-12, (key, e, f)


@LAW
@given(loans())
def test_count_is_repetition(rows: Rows) -> None:
    """`count=n` is the row n times, intervals included."""
    repeated = [i for i, n in enumerate(rows["n"]) for _ in range(n)]
    one = run(rows, score="score", count="n")
    other = run(permuted(rows, repeated), score="score")
    assert_same(keyed(one), keyed(other))
    assert [e.rows for e in one.estimates] == [e.rows for e in other.estimates]
    assert [e.favorable for e in one.estimates] == pytest.approx(
        [e.favorable for e in other.estimates], nan_ok=True
    )
    assert one.verdict == other.verdict


@pytest.mark.parametrize("cluster", [None, "who"])
@pytest.mark.parametrize("scale", [2.0**40, 2.0**-60, 1e12, 1e-300, 3.0])
@settings(LAW, max_examples=2)
@given(loans())
def test_the_scale_of_weights_does_not_matter(
    cluster: str | None, scale: float, rows: Rows
) -> None:
    """Sampling weights times any number: the same values and intervals, with clusters too."""
    told: dict[str, Any] = {"weight": "w", "cluster": cluster}
    if cluster is None and math.frexp(scale)[0] == 0.5:
        told["score"] = "score"  # draws repeat only where products are exact
    scaled = {**rows, "w": [v * scale for v in rows["w"]]}
    assert_same(keyed(run(rows, **told)), keyed(run(scaled, **told)), 1e-9)


@LAW
@given(loans())
def test_equal_weights_are_none(rows: Rows) -> None:
    """A weight of 5 on every row is no weight."""
    weighted = run({**rows, "w": [5.0] * len(rows["w"])}, weight="w")
    assert_same(keyed(run(rows)), keyed(weighted), 1e-9)


@LAW
@given(loans(), st.integers(2, 5))
def test_merged_tallies_are_the_whole(rows: Rows, parts: int) -> None:
    """Counted apart and merged, or counted at once: the same audit."""
    size = len(rows["sex"])
    chunks = [permuted(rows, range(i, size, parts)) for i in range(parts)]
    whole = run_tally(count(rows, score="score", cluster="who"))
    merged = audit.merge([count(c, score="score", cluster="who") for c in chunks])
    result = run_tally(merged)
    assert_same(keyed(whole), keyed(result), 1e-9)
    assert whole.verdict == result.verdict


@pytest.mark.parametrize("extra", [{}, {"weight": "w"}, {"cluster": "who"}], ids=str)
@settings(LAW, max_examples=4)
@given(loans(missing=False))
def test_swapping_the_reference_turns_everything_round(extra: dict[str, Any], rows: Rows) -> None:
    """A difference changes its sign, a ratio and its interval are inverted, p stays."""
    told = {"protected": ["sex"], **extra}
    one = keyed(run(rows, reference={"sex": "m"}, **told))
    other = keyed(run(rows, reference={"sex": "f"}, **told))
    pairs = 0
    for key, e in one.items():
        contrast = audit.metrics.CATALOGUE[e.metric].contrast
        if contrast not in ("difference", "ratio"):
            continue
        f = other[(e.metric, ("sex",), (("m",), ("f",)), None, None, None)]
        pairs += 1
        assert close(e.p_value, f.p_value, 1e-12), key
        if contrast == "difference":
            turned = (-f.value, -f.high, -f.low)
        else:
            turned = tuple(_inverse(v) for v in (f.value, f.high, f.low))
            if math.isnan(e.value) or math.isnan(f.value):
                continue
        for mine, theirs in zip((e.value, e.low, e.high), turned, strict=True):
            assert close(mine, theirs, 1e-12), (key, e, f)
    assert pairs > 5


def _inverse(value: float) -> float:
    if math.isnan(value):
        return value
    return math.inf if value == 0 else 1 / value


MORE = ["matthews_correlation", "f1_difference", "f1_worst_difference", "auc_worst_ratio",
        "treatment_equality_ratio", "odds_ratio"]  # fmt: skip
MORE = [m for m in MORE if m in audit.metrics.CATALOGUE]
"""Beyond the standard set: one of each form and contrast."""

CASES: list[dict[str, Any]] = [
    {},
    {"score": "score"},
    {"weight": "w"},
    {"cluster": "who"},
    {"weight": "w", "cluster": "who"},
]


@pytest.mark.parametrize("extra", CASES, ids=str)
@settings(LAW, max_examples=3)
@given(loans())
def test_estimates_lie_inside_their_intervals(extra: dict[str, Any], rows: Rows) -> None:
    """low <= value <= high, wherever there is a value; else there is a reason."""
    for e in run(rows, **extra, metrics=MORE).estimates:
        if math.isnan(e.value):
            assert e.reason, e
            continue
        if math.isnan(e.low) and math.isnan(e.high):
            continue
        slack = 1e-12 * max(1.0, abs(e.value))
        assert e.low - slack <= e.value <= e.high + slack, e


@pytest.mark.parametrize("extra", CASES, ids=str)
@settings(LAW, max_examples=4)
@given(loans())
def test_intervals_nest_in_the_level(extra: dict[str, Any], rows: Rows) -> None:
    """A higher level never gives a narrower interval, and p does not know the level."""
    found = [keyed(run(rows, level=level, **extra)) for level in (0.8, 0.95, 0.99)]
    for inner, outer in ((found[0], found[1]), (found[1], found[2])):
        for key, e in inner.items():
            f = outer[key]
            if math.isnan(e.low) or math.isnan(f.low):
                continue
            assert f.low <= e.low + 1e-12, (key, e, f)
            assert f.high >= e.high - 1e-12, (key, e, f)
            if "MOVER" not in e.method:
                assert close(e.p_value, f.p_value, 1e-9), (key, e, f)


@LAW
@given(loans())
def test_holm_rejects_no_more_than_benjamini_hochberg(rows: Rows) -> None:
    """Whatever a planned family rejects, exploration would too; adjusting never helps."""
    result = run(rows)
    planned = [f for f in result.findings if f.planned]
    p = np.array([f.estimate.p_value for f in planned])
    known = ~np.isnan(p)
    assert (holm(p)[known] >= benjamini_hochberg(p)[known] - 1e-15).all()
    for finding in planned:
        e = finding.estimate
        assert math.isnan(e.p_value) or e.p_adjusted >= e.p_value - 1e-15


@LAW
@given(loans(missing=False))
def test_an_empty_level_changes_nothing(rows: Rows) -> None:
    """A categorical level without rows is listed with n = 0, and no other number moves."""
    import pandas as pd

    frame = pd.DataFrame(rows).assign(paid=lambda d: d.paid.astype("Int64"))
    frame["sex"] = pd.Categorical(frame.sex, ["f", "m"])
    wider = frame.assign(sex=frame.sex.cat.add_categories(["x"]))
    one, other = run(frame), run(wider)
    empty = {k: e for k, e in keyed(other).items() if k[2] and ("x",) in k[2]}
    assert empty
    assert all(e.rows == 0 and math.isnan(e.value) and e.reason for e in empty.values())
    rest = {k: e for k, e in keyed(other).items() if k not in empty}
    assert_same(keyed(one), rest)
    assert one.verdict == other.verdict


@LAW
@given(loans())
def test_the_worst_gap_is_the_largest(rows: Rows) -> None:
    """No pair is further apart than the worst case says, and one is exactly that far."""
    result = run(rows)
    for attribute in (("sex",), ("race",), ("sex", "race")):
        rates = [
            e.value
            for e in result.estimates.where(metric="selection_rate", attribute=attribute)
            if None not in e.group and e.rows
        ]
        (gap,) = result.estimates.where(metric="demographic_parity_difference", attribute=attribute)
        (ratio,) = result.estimates.where(metric="demographic_parity_ratio", attribute=attribute)
        assert gap.value == pytest.approx(max(rates) - min(rates), abs=1e-15)
        if max(rates) > 0:
            assert ratio.value == pytest.approx(min(rates) / max(rates), abs=1e-15)
        for e in result.estimates.where(
            metric="statistical_parity_difference", attribute=attribute
        ):
            if None not in e.group:
                assert abs(e.value) <= gap.value + 1e-15


@pytest.mark.parametrize("extra", [{}, {"weight": "w"}, {"count": "n"}], ids=str)
@settings(LAW, max_examples=4)
@given(loans())
def test_group_rates_make_the_overall_rate(extra: dict[str, Any], rows: Rows) -> None:
    """The overall rate is the mean of the groups', weighted by what they count."""
    result = run(rows, **extra)
    for metric in ("selection_rate", "base_rate", "precision"):
        (everyone,) = result.estimates.where(metric=metric, attribute=())
        assert everyone.group == ()
        for attribute in (("sex",), ("race",), ("sex", "race")):
            groups = [
                e for e in result.estimates.where(metric=metric, attribute=attribute) if e.rows
            ]
            top = sum(e.favorable for e in groups)
            whole = sum(e.favorable / e.value if e.value else 0.0 for e in groups)
            assert top == pytest.approx(everyone.favorable, rel=1e-12)
            if all(e.value for e in groups):
                assert top / whole == pytest.approx(everyone.value, rel=1e-12)
            assert sum(e.rows for e in groups) == everyone.rows


def sources(rows: Rows) -> Iterator[tuple[str, Any]]:
    """The same rows by every door."""
    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    yield "dict", rows
    yield "arrays", {k: np.array(v, dtype=object if k in ("sex", "race") else None)
                     for k, v in rows.items() if k != "paid"} | {"paid": rows["paid"]}  # fmt: skip
    frame = pd.DataFrame(rows).assign(paid=lambda d: d.paid.astype("Int64"))
    yield "pandas", frame
    yield "pandas, odd index", frame.set_index(np.arange(len(frame))[::-1])
    yield "polars", pl.DataFrame(rows)
    yield "polars lazy", pl.LazyFrame(rows)
    table = pa.table(rows)
    yield "arrow", table
    connection = duckdb.connect()
    connection.register("loans", table)
    yield "duckdb", connection.table("loans")


@settings(LAW, max_examples=2)
@given(loans())
def test_every_door_gives_the_same_numbers(rows: Rows) -> None:
    """pandas, polars, arrow, DuckDB, dicts: the same estimates to 1e-9, the same fingerprint."""
    found = {
        name: run(source, weight="w", cluster="who", strata=["race"], protected=["sex"],
                  reference={"sex": "m"})
        for name, source in sources(rows)
    }  # fmt: skip
    first = found.pop("dict")
    for name, result in found.items():
        assert_same(keyed(first), keyed(result), 1e-9)
        assert result.tally.fingerprint == first.tally.fingerprint, name
        assert result.verdict == first.verdict


@LAW
@given(rows=loans())
def test_a_json_report_is_the_audit(rows: Rows, tmp_path_factory: Any) -> None:
    """`audit.load` gives back what `audit.write` was given, to the last bit."""
    result = run(rows, score="score", weight="w", extra={"note": "n"}, title="t")
    path = tmp_path_factory.mktemp("json") / "loans.json"
    audit.write(result, path)
    again = audit.load(path)
    assert again == result
    assert again.summary() == result.summary()
    assert again.to_frame().equals(result.to_frame())
    assert again.tally == result.tally
    assert again.record.findings == result.record.findings or any(
        "nan" in repr(f) for f in result.record.findings
    )


@LAW
@given(loans())
def test_the_same_call_gives_the_same_bytes(rows: Rows) -> None:
    """Twice the same, to the byte."""
    assert dumps(run(rows, score="score").record) == dumps(run(rows, score="score").record)


PROGRAM = """
import sys, audit, warnings
warnings.simplefilter("ignore")
from audit.report.json_file import dumps
rows = {"sex": ["f", "m", None] * 60, "race": ["x", "y"] * 90, "ok": [1, 0, 1, 1] * 45,
        "paid": [1, 1, 0] * 60, "s": [i / 180 for i in range(180)], "w": [1.5, 0.25, 3] * 60,
        "who": list("abcdefghi" * 20), "st": list("uvw" * 60)}
r = audit.run(rows, protected=["sex", "race"], decision="ok", outcome="paid", favorable=1,
              score="s", weight="w", cluster="who", strata=["st"], seed=3, metrics="all")
sys.stdout.write(dumps(r.record))
"""


@pytest.mark.slow
def test_hash_seed_locale_and_threads_do_not_matter() -> None:
    """PYTHONHASHSEED, thread counts, time zone and locale leave the report as it is."""
    root = Path(__file__).parents[1]
    settings_ = [
        {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"},
        {"PYTHONHASHSEED": "1", "OMP_NUM_THREADS": "2", "TZ": "Asia/Tokyo"},
        {"PYTHONHASHSEED": "77", "LC_ALL": "C", "OPENBLAS_NUM_THREADS": "2"},
    ]
    texts = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONPATH": str(root / "src"), **extra},
            capture_output=True,
            check=True,
        ).stdout
        for extra in settings_
    }
    assert len(texts) == 1


@LAW
@given(loans())
def test_inputs_are_never_changed(rows: Rows) -> None:
    """Frames, dicts and lists of roles are as they were."""
    import pandas as pd

    frame = pd.DataFrame(rows).assign(paid=lambda d: d.paid.astype("Int64"))
    kept, roles = frame.copy(deep=True), copy.deepcopy(ROLES)
    given_rows = copy.deepcopy(rows)
    run(frame, score="score", weight="w", cluster="who")
    run(rows, score="score", count="n")
    pd.testing.assert_frame_equal(frame, kept)
    assert rows == given_rows
    assert roles == ROLES


class Scorecard:
    """Counts how often it is asked, and about how many rows."""

    def __init__(self) -> None:
        self.classes_ = np.array([0, 1])
        self.calls: list[int] = []

    def predict(self, X: Any) -> Any:
        self.calls.append(len(X))
        return (np.asarray(X["score"]) > 0.4).astype(int)

    def predict_proba(self, X: Any) -> Any:
        self.calls.append(len(X))
        p = np.asarray(X["score"], dtype=float)
        return np.stack([1 - p, p], axis=1)


@pytest.mark.parametrize("rule", [{}, {"cutoff": 0.5}, {"approval_rate": 0.6}], ids=str)
@settings(LAW, max_examples=3)
@given(loans(unknown=False))
def test_a_model_is_asked_once_about_each_row(rule: dict[str, float], rows: Rows) -> None:
    """`predict` or `predict_proba` is called once, with every row once."""
    import pandas as pd

    model = Scorecard()
    told = {**ROLES, "favorable": {"outcome": 1}, "decision": None, **rule}
    del told["decision"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", audit.DataWarning)
        result = audit.run(pd.DataFrame(rows), model=model, features=["score"], **told)
    assert model.calls == [len(rows["sex"])]
    assert result.tally.rows == len(rows["sex"])
