"""Seeded makers of hostile input, and the one thing that must hold: an answer, or `InputError`."""

from __future__ import annotations

import datetime
import decimal
import os
import random
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

import audit

TIMES = int(os.environ.get("AUDIT_FUZZ", "200"))
"""Inputs for each public entry point."""

TEXTS = (
    "", " ", "a", "b", "A ", "f", "m", "male", "fem\u200bale", "Jos\u00e9", "Jose\u0301", "NA",
    "nan", "None", "0", "1", "1.0", "True", "\u202e", "\ud800", "\x00", "</script>", "=1+1",
    "x" * 5000, "x|y", "a,b", '"', "'", "`", "\n", "\r\n", "\t", "{}", "%s", "../..", "ÿ", "🙂",
    "demographic_parity_difference", "sex", "d", "g",
)  # fmt: skip
NUMBERS = (
    0, 1, -1, 2, 0.5, 0.999999, 1e-300, 1e300, 1e12, 5e-324, float("nan"), float("inf"),
    float("-inf"), 2**53, 2**63, 2**64, 10**400, -(10**400), True, False, -0.0, 3, 40, 95,
)  # fmt: skip


class Odd:
    """Neither a number nor text, and hard to print."""

    def __repr__(self) -> str:
        return "<odd \ud800>"


class Never(Odd):
    """Cannot be compared or hashed."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> Any:
        raise RuntimeError("no comparison")


def thing(r: random.Random) -> Any:
    """One value of any kind."""
    return r.choice((
        None, pd.NA, pd.NaT, float("nan"), r.choice(TEXTS), r.choice(TEXTS), r.choice(NUMBERS),
        r.choice(NUMBERS), b"bytes", datetime.date(2000, 1, 1), datetime.datetime(2000, 1, 1),
        datetime.timedelta(1), decimal.Decimal("1.5"), decimal.Decimal("NaN"), 1 + 2j, (), (1, 2),
        [], [1], {}, {"a": 1}, {1, 2}, Odd(), Never(), object, len, np.float32(1.5), np.int8(3),
        np.bool_(True), np.datetime64("2000"), np.array(3), np.array([1, 2]), range(3), "x" * 100,
        slice(1), ..., NotImplemented, pd.Interval(0, 1), pd.Timestamp("2000"), pd.Series([1]),
    ))  # fmt: skip


def vector(r: random.Random, size: int) -> list[Any]:
    """Values of one column: mostly alike, sometimes with something odd among them."""
    kind = r.randrange(9)
    if kind == 0:
        values: list[Any] = [r.random() < 0.6 for _ in range(size)]
    elif kind == 1:
        values = [r.randrange(2) for _ in range(size)]
    elif kind == 2:
        values = [r.choice("fm") for _ in range(size)]
    elif kind == 3:
        values = [r.random() for _ in range(size)]
    elif kind == 4:
        pool = r.sample(TEXTS, r.randint(1, 5))
        values = [r.choice(pool) for _ in range(size)]
    elif kind == 5:
        pool = r.sample(NUMBERS, r.randint(1, 4))
        values = [r.choice(pool) for _ in range(size)]
    elif kind == 6:
        values = [r.choice(("f", "m", None)) for _ in range(size)]
    elif kind == 7:
        values = [thing(r) for _ in range(size)]
    else:
        values = [r.randrange(100) for _ in range(size)]
    if size and r.random() < 0.15:
        values[r.randrange(size)] = thing(r)
    return values


def quietly(make: Callable[[], Any], otherwise: Any) -> Any:
    """What a library makes of it; libraries refuse some values themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return make()
        except KeyboardInterrupt:
            raise
        except BaseException:  # polars panics on some values, and that is no Exception
            return otherwise


def _arrow(values: list[Any]) -> list[Any]:
    """The values, unless pyarrow might end the process: numpy dates among numpy numbers do that."""
    kinds = {type(v) for v in values}
    if np.datetime64 in kinds and len(kinds) > 1:
        raise TypeError("pyarrow crashes on these")
    return values


def dressed(r: random.Random, values: list[Any]) -> Any:
    """A vector in some library's type."""
    kinds: tuple[Callable[[], Any], ...] = (
        lambda: values,
        lambda: tuple(values),
        lambda: np.array(values),
        lambda: np.array(values, dtype=object),
        lambda: np.array(values, dtype=r.choice(("f2", "f4", "i1", "u8", "S3", "M8[s]", "c8"))),
        lambda: np.ma.masked_array(values, mask=[r.random() < 0.2 for _ in values]),
        lambda: np.array(values).reshape(-1, r.choice((1, 2))),
        lambda: pd.Series(values),
        lambda: pd.Series(values, index=r.sample(range(len(values) + 3), len(values))),
        lambda: pd.Series(values, index=[r.randrange(3) for _ in values]),
        lambda: pd.Series(values, dtype=r.choice(("Int64", "boolean", "string", "category"))),
        lambda: pd.Series(values, dtype=r.choice(("Float64", "float32", "Sparse[float]"))),
        lambda: pd.Series(pd.Categorical(values, categories=[*dict.fromkeys(values), "unused"])),
        lambda: pd.Index(values),
        lambda: pl.Series(values),
        lambda: pl.Series(values, strict=False),
        lambda: pl.Series(values, dtype=pl.Categorical),
        lambda: pa.array(_arrow(values)),
        lambda: pa.chunked_array([_arrow(values)[:1], values[1:]]),
        lambda: pa.array(_arrow(values)).dictionary_encode(),
        lambda: pd.DataFrame({"x": values}),
        lambda: iter(values),
        lambda: memoryview(bytes(len(values))),
    )
    return quietly(r.choice(kinds), values)


def array(r: random.Random, size: int) -> Any:
    """An array argument: a vector of this length, or something else altogether."""
    if r.random() < 0.06:
        return thing(r)
    if r.random() < 0.06:
        size = max(0, size + r.choice((-1, 1, 7)))
    return dressed(r, vector(r, size))


def table(r: random.Random) -> Any:
    """A source of rows with columns g, h, d, y, s, w."""
    size = r.choice((0, 1, 2, 5, 40, 80))
    sensible = r.random() < 0.6
    columns: dict[Any, Any] = {}
    for name in "ghdysw":
        if r.random() < 0.05:
            continue
        values = vector(r, size)
        if sensible and name in "gh":
            values = [r.choice("fm") for _ in range(size)]
        elif sensible and name in "dy":
            values = [r.randrange(2) for _ in range(size)]
        elif sensible:
            values = [r.random() for _ in range(size)]
        columns[name] = values
    if not sensible and r.random() < 0.1:
        columns[r.choice((1, None, ("a", "b"), "", "g "))] = vector(r, size)
    makers: tuple[Callable[[], Any], ...] = (
        lambda: columns,
        lambda: pd.DataFrame(columns),
        lambda: pl.DataFrame(columns, strict=False),
        lambda: pl.DataFrame(columns, strict=False).lazy(),
        lambda: pa.table({name: _arrow(values) for name, values in columns.items()}),
        lambda: {name: dressed(r, values) for name, values in columns.items()},
        lambda: pd.DataFrame(columns, index=[r.randrange(3) for _ in range(size)]),
        lambda: pd.concat([pd.DataFrame(columns)] * 2, axis=1),
    )
    return thing(r) if r.random() < 0.03 else quietly(r.choice(makers), columns)


NAMES = ("g", "h", "d", "y", "s", "w", "x", "", "G")


def roles(r: random.Random) -> dict[str, Any]:
    """Arguments of `read`: a sensible set with some of them turned into something else."""
    found: dict[str, Any] = {"protected": r.choice(("g", ["g"], ["g", "h"], ["g", "h"]))}
    if r.random() < 0.7:
        found["decision"] = "d"
        found["favorable"] = r.choice((1, 1, 1, True, "1", {"decision": 1}, {"d": [1]}))
    else:
        found[r.choice(("score", "risk"))] = "s"
        found[r.choice(("cutoff", "approval_rate"))] = r.choice((0.5, 0, 1, *NUMBERS))
    optional: dict[str, tuple[Any, ...]] = {
        "outcome": ("y", "y", "d"),
        "score": ("s",),
        "weight": ("w", "s"),
        "count": ("w", "d"),
        "strata": ("h", ["h"], ["y"]),
        "reference": ({"g": "f"}, {"g": "zz"}, "f", {"h": 3}, {"g": None}),
        "bins": ({"s": [0.5]}, {"g": [1, 2]}, {"s": [2, 1]}, {"s": []}, {"s": [float("nan")]}),
        "where": ("d == 1", "s > 0.2", "s <", "g is not null", "g in ['f']", "1", "", "x == 1"),
        "missing": ("error", "group", "drop"),
        "amount": ({"s": "higher"}, {"s": "up"}, {"w": "lower", "s": "higher"}, "s"),
        "unfavorable": (0, 1, {"decision": 0}, "0"),
        "cluster": ("h", "y", "s"),
        "id": ("h", "s"),
        "stages": (["d", "y"], ["d"], "d"),
        "time": ("h",),
        "features": (["s"], "s", ["zz"]),
        "encoding": ("utf-8", "latin-1", "nope"),
    }
    for name in r.sample(sorted(optional), r.choice((0, 0, 1, 2, 3))):
        found[name] = r.choice(optional[name])
    if r.random() < 0.25:
        name = r.choice([*optional, *found])
        found[name] = thing(r) if r.random() < 0.6 else r.choice(NAMES)
    return found


def answered(number: int, call: Callable[[], object], allowed: tuple[Any, ...] = ()) -> str | None:
    """None where the call returns, warns with a code or raises `InputError`; else what it did."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            call()
        except audit.InputError as error:
            if not (error.code and str(error)):
                return f"{number}: an error without a code"
        except allowed:
            pass
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            ours = [f for f in traceback.extract_tb(error.__traceback__) if "audit" in f.filename]
            last = ours[-1] if ours else place
            text = repr(str(error))[:150]
            return (
                f"{number}: {type(error).__name__} {text} at "
                f"{last.filename.rpartition('audit/')[2]}:{last.lineno}"
            )
    for w in caught:
        if not (isinstance(w.message, audit.DataWarning) and w.message.code):
            return f"{number}: {w.category.__name__} {w.message} at {w.filename}:{w.lineno}"
    return None


def fuzz(
    entry: str, make: Callable[[random.Random], Callable[[], object]], times: int | None = None
) -> None:
    """Put `times` inputs to an entry point, each from its own seed."""
    wrong = []
    for number in range(TIMES if times is None else times):
        call = make(random.Random(f"{entry} {number}"))
        said = answered(number, call)
        if said is not None:
            wrong.append(said)
    places = {w.rpartition(" at ")[2]: w for w in reversed(wrong)}
    tried = TIMES if times is None else times
    assert not wrong, f"{len(wrong)} of {tried} at {entry}:\n" + "\n".join(places.values())
