"""Small tables made by hand: the same rows as memory codes, as a Polars and as a DuckDB frame."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np
from hypothesis import strategies as st

from audit.table.roles import Axis, Roles
from audit.table.rows import CodedRows, EngineRows, Table

SEX = ("female", "male", None)
RACE = (1, 2, 3)
PURPOSE = ("car", "house")

KEYS = {
    "protected:sex": Axis(name="sex", kind="protected", levels=SEX),
    "protected:race": Axis(name="race", kind="protected", levels=RACE),
    "stratum:purpose": Axis(name="purpose", kind="stratum", levels=PURPOSE),
}
ROLES = Roles(
    protected=("sex", "race"),
    decision="decision",
    outcome="outcome",
    score="score",
    strata=("purpose",),
    stages=("desk",),
    favorable={"decision": (1,), "outcome": (1,)},
)
LIMITS = {
    "protected:sex": 3,
    "protected:race": 3,
    "stratum:purpose": 2,
    "decision": 3,
    "outcome": 3,
    "stage:desk": 4,
    "block": 64,
}


def table(codes: dict[str, Any], roles: Roles = ROLES, **columns: Any) -> Table:
    """A coded table from plain lists; columns are score, weight, count, amounts."""
    coded = {k: np.asarray(v, np.uint8) for k, v in codes.items()}
    size = len(next(iter(coded.values())))
    given = {
        k: np.asarray(v, np.int64 if k == "count" else np.float64)
        for k, v in columns.items()
        if v is not None and k != "amounts"
    }
    amounts = {k: np.asarray(v, np.float64) for k, v in columns.get("amounts", {}).items()}
    rows = CodedRows(codes=coded, amounts=amounts, **given)
    axes = {k: a for k, a in KEYS.items() if k in coded}
    kept = replace(
        roles,
        protected=tuple(n for n in roles.protected if f"protected:{n}" in axes),
        strata=tuple(n for n in roles.strata if f"stratum:{n}" in axes),
        stages=tuple(n for n in roles.stages if f"stage:{n}" in coded),
        cluster="who" if "block" in coded else None,
        score=roles.score if "score" in given else None,
        weight="w" if "weight" in given else None,
        count="c" if "count" in given else None,
    )
    return Table(roles=kept, axes=axes, rows=rows, size=size, excluded=0)


def pick(t: Table, rows: Any) -> Table:
    """Some rows of a table, in the order given."""
    source = t.rows
    assert isinstance(source, CodedRows)
    index = np.asarray(rows, np.intp)

    def take(array: Any) -> Any:
        return None if array is None else array[index]

    return replace(
        t,
        rows=replace(
            source,
            codes={k: take(v) for k, v in source.codes.items()},
            score=take(source.score),
            weight=take(source.weight),
            count=take(source.count),
            amounts={k: take(v) for k, v in source.amounts.items()},
        ),
        size=len(index),
    )


def in_engine(t: Table, engine: str) -> Table:
    """The same rows in "polars" or "duckdb", with raw values in place of codes."""
    import polars as pl

    source = t.rows
    assert isinstance(source, CodedRows)
    raw, lookups = {}, {}
    for i, (key, codes) in enumerate(source.codes.items()):
        levels = t.axes[key].levels if key in t.axes else tuple(range(LIMITS[key]))
        raw[key] = (f"raw {i}", [levels[c] for c in codes.tolist()])
        if key != "block":
            lookups[key] = {level: code for code, level in enumerate(levels)}
    if source.score is not None:
        raw["score"] = ("raw s", [None if np.isnan(v) else v for v in source.score.tolist()])
    for name, values in source.amounts.items():
        raw[f"amount:{name}"] = (f"raw {name}", values.tolist())
    if source.weight is not None:
        raw["weight"] = ("raw w", source.weight.tolist())
    if source.count is not None:
        raw["count"] = ("raw c", source.count.tolist())
    types = {"raw s": pl.Float64, "raw w": pl.Float64, "raw c": pl.Int32}
    frame = pl.DataFrame(
        {name: pl.Series(name, v, dtype=types.get(name), strict=False) for name, v in raw.values()}
    )
    connection = None
    if engine == "duckdb":
        import duckdb

        connection = duckdb.connect()
        connection.register("rows", frame.to_arrow())
        native: Any = connection.table("rows")
    else:
        native = frame.lazy()
    rows = EngineRows(
        frame=nw.from_native(native).lazy(),
        expressions={key: nw.col(name) for key, (name, _) in raw.items()},
        lookups=lookups,
        source=connection,  # a relation of DuckDB 1 does not keep its connection open
    )
    return replace(t, rows=rows)


@st.composite
def tables(
    draw: st.DrawFn,
    *,
    min_size: int = 1,
    max_size: int = 25,
    score: bool | None = None,
    weight: bool | None = None,
    count: bool | None = None,
) -> Table:
    """A table of a few rows with any mixture of roles."""
    size = draw(st.integers(min_size, max_size))
    optional = draw(st.sets(st.sampled_from(["stratum:purpose", "stage:desk", "block"])))
    keys = ["protected:sex", "protected:race", "decision", "outcome", *sorted(optional)]

    def column(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(values, min_size=size, max_size=size))

    codes = {k: column(st.integers(0, LIMITS[k] - 1)) for k in keys}

    def given(wanted: bool | None) -> bool:
        return draw(st.booleans()) if wanted is None else wanted

    numbers = st.one_of(st.floats(-0.5, 1.5), st.sampled_from([0.0, 0.25, 0.5, 1.0, float("nan")]))
    return table(
        codes,
        score=column(numbers) if given(score) else None,
        weight=column(st.floats(0.125, 8.0)) if given(weight) else None,
        count=column(st.integers(0, 5)) if given(count) else None,
    )
