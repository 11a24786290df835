"""Rows as points and as people whose attribute is changed: what individual fairness reads.

Distances are Euclidean over features. Numbers are divided by their standard deviation, so that
the unit of an income does not decide who is like whom; two different categories are 1 apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table import encode
from audit.table.arrays import from_arrays
from audit.table.distinct import Distinct
from audit.table.model import answer, unfavorable_share
from audit.table.vectors import is_frame, is_indexed, native
from audit.table.wording import shown

Floats = npt.NDArray[np.float64]

LARGEST = 1e150
"""Numbers beyond it have no square, and so no distance."""
CATEGORIES = 200
"""Levels above which a text column is taken for a name or number of a person."""
LEVELS = 50
"""Levels of an attribute above which trying every one is refused."""


def points(X: Any, protected: Any = None, *, scale: bool = True) -> Floats:  # noqa: N803
    """Features as points, shape (rows, dimensions), without the protected columns.

    `X` is a frame, a dict of columns or a 2-D array; `protected` names columns (of an array,
    numbers them). Raises `InputError` TBL520 no features or unknown columns, TBL521 missing or
    infinite values, TBL522 a text column with very many values, TBL528 a `scale` that is no bool.
    """
    if not isinstance(scale, bool | np.bool_):
        raise InputError(
            "TBL528", f"{shown(scale)} is no answer", argument="scale", fix="True or False"
        )
    columns = _columns(X)
    left_out = _named(protected, list(columns))
    kept = {name: column for name, column in columns.items() if name not in left_out}
    if not kept:
        raise InputError(
            "TBL520", "no feature is left", argument="X", fix="give columns besides the protected"
        )
    return np.column_stack([part for n, c in kept.items() for part in _coordinates(n, c, scale)])


def _columns(X: Any) -> Mapping[Any, Any]:  # noqa: N803
    """Narwhals Series or arrays by column name (of an array, by number)."""
    import narwhals as nw

    X = native(X)  # noqa: N806
    if isinstance(X, Mapping):
        from audit.table.align import frame_of

        X = frame_of(X)[0]  # noqa: N806
    if is_frame(X):
        frame = nw.from_native(X, eager_only=True)
        return {name: frame.get_column(name) for name in frame.columns}
    if np.ma.is_masked(X):
        X = X.astype(object).filled(None)  # noqa: N806
    try:
        array = np.asarray(X)
    except (TypeError, ValueError) as error:
        raise InputError(
            "TBL520",
            f"a {type(X).__name__} whose rows do not have one length is no table of features",
            argument="X",
            fix="give a frame or a 2-D array, one row a person",
        ) from error
    if array.ndim != 2:
        raise InputError(
            "TBL520",
            f"a {type(X).__name__} of {array.ndim} dimensions is no table of features",
            argument="X",
            fix="give a frame or a 2-D array, one row a person",
        )
    return {i: array[:, i] for i in range(array.shape[1])}


def _named(protected: Any, columns: list[Any]) -> list[Any]:
    if protected is None:
        return []
    names = [protected]
    if not isinstance(protected, str | int) and isinstance(protected, Iterable):
        names = list(protected) if getattr(protected, "ndim", 1) else names
    for name in names:
        if not isinstance(name, str | int) or name not in columns:
            raise InputError(
                "TBL520",
                f"no column {shown(name)}",
                argument="protected",
                fix=f"columns are {', '.join(map(str, columns[:12]))}",
            )
    return names


def _coordinates(name: Any, column: Any, scale: bool) -> list[Floats]:
    if isinstance(column, np.ndarray) and column.dtype.kind in "biuf":
        numbers = column.astype(np.float64)
    else:
        found = _looked(name, column)
        if found.kind not in ("bool", "integer", "number", "empty"):
            return _indicators(name, found)
        table = np.array([_real(v) for v in found.values], np.float64)
        numbers = table.take(found.handle) if table.size else np.zeros(0)
    bad = ~(np.abs(numbers) <= LARGEST)
    if bad.any():
        _refuse_gaps(name, int(bad.sum()), int(bad.argmax()))
    spread = float(numbers.std()) if scale and numbers.size else 1.0
    return [numbers / spread if spread > 0 else numbers * 0]


def _real(value: Any) -> float:
    """A number as a float; nan where it is missing or larger than any float."""
    try:
        return math.nan if value is None else float(value)
    except OverflowError:
        return math.nan


def _looked(name: Any, column: Any) -> Distinct:
    if isinstance(column, np.ndarray):
        import narwhals as nw
        import pandas as pd

        column = nw.from_native(pd.Series(column), series_only=True)
    return encode.look(column, str(name))


def _indicators(name: Any, found: Distinct) -> list[Floats]:
    if found.missing:
        _refuse_gaps(name, found.missing, found.first_missing)
    if len(found.values) > CATEGORIES:
        raise InputError(
            "TBL522",
            f"column {shown(name)} has {len(found.values):,} different values",
            argument="X",
            fix="leave identifiers out, or group the values",
        )
    return [(found.handle == i) / math.sqrt(2) for i in range(len(found.values))]


def _refuse_gaps(name: Any, count: int, first: int | None) -> None:
    raise InputError(
        "TBL521",
        f"column {shown(name)} has missing, infinite or enormous values, which have no distance",
        argument="X",
        count=count,
        first=first,
        fix="fill them in, or leave the column out",
    )


def approvals(y_pred: Any, rows: int, pos_label: Any = None) -> Floats:
    """Decisions as 1 (favourable) and 0, one a row of features.

    Raises `InputError` TBL401 and on for decisions that cannot be read, TBL523 another length.
    """
    coded = from_arrays(None, y_pred, pos_label=pos_label).decision
    if len(coded) != rows:
        raise InputError(
            "TBL523",
            f"{len(coded):,} decisions for {rows:,} rows of features",
            argument="y_pred",
            fix="give one decision a row, in the same order",
        )
    return np.asarray(coded == 0, dtype=np.float64)


def check_order(X: Any, y_pred: Any) -> None:  # noqa: N803
    """Raise `InputError` TBL524 where both carry pandas labels and these differ."""
    if is_indexed(X) and is_indexed(y_pred) and not X.index.equals(y_pred.index):
        raise InputError(
            "TBL524",
            "features and decisions have different indexes",
            argument="y_pred",
            fix="bring them in one order: y_pred.loc[X.index]",
        )


def neighbor_means(at: Floats, among: Floats | None, values: Floats, neighbors: int) -> Floats:
    """Mean of `values` over the nearest rows; `among` None means the other rows of `at`.

    A row is never its own neighbour. Of rows equally far the ones sklearn finds first count.
    Raises `InputError` TBL525 where there are not enough rows.
    """
    if not len(at):
        return np.zeros(0)
    rows = len(at) - 1 if among is None else len(among)
    if isinstance(neighbors, bool) or not isinstance(neighbors, int) or not 1 <= neighbors <= rows:
        raise InputError(
            "TBL525",
            f"{neighbors!r} neighbours of {max(rows, 0):,} possible",
            argument="n_neighbors",
            fix="ask for at least 1 and fewer than there are rows",
        )
    from sklearn.neighbors import NearestNeighbors

    # Centring changes no distance and keeps digits where numbers are large.
    centre = (at if among is None else among).mean(axis=0)
    found = NearestNeighbors(n_neighbors=neighbors).fit((at if among is None else among) - centre)
    _, nearest = found.kneighbors(None if among is None else at - centre)
    return np.asarray(values[nearest].mean(axis=1), dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flipped:
    """What a model decides once as rows are, once with another level of one attribute."""

    levels: tuple[Any, ...]
    """Levels of the attribute, in order; a missing level is not among them."""
    level: npt.NDArray[np.int64]
    """Level of each row; −1 where missing."""
    before: npt.NDArray[Any]
    """Decision of each row as it is."""
    after: Mapping[Any, npt.NDArray[Any]]
    """By level tried: the decisions of all rows that have another level, in order."""
    tried: Mapping[Any, npt.NDArray[np.int64]]
    """By level tried: these rows."""


def flipped(
    model: Any,
    X: Any,  # noqa: N803
    attribute: Any,
    *,
    values: Sequence[Any] | None = None,
    cutoff: float | None = None,
    favorable: Any = None,
) -> Flipped:
    """Ask a model about every row, and about the row with each other level of one attribute.

    The model sees the caller's own frame type and dtypes; `X` is not changed. Raises `InputError`
    TBL520 the attribute is no column, TBL526 too many levels or fewer than two, and those of
    models (TBL122 on).
    """
    import narwhals as nw

    X = native(X)  # noqa: N806
    as_array = not is_frame(X)
    columns = _columns(X)
    if not isinstance(attribute, str | int) or attribute not in columns:
        raise InputError(
            "TBL520",
            f"no column {shown(attribute)}: a model that does not see it cannot change its mind",
            argument="attribute",
            fix=f"columns are {', '.join(map(str, list(columns)[:12]))}",
        )
    found = _looked(attribute, columns[attribute])
    present = list(found.present)
    wanted = present if values is None else _tried(values)
    if len(wanted) > LEVELS or len(dict.fromkeys([*present, *wanted])) < 2 or not wanted:
        raise InputError(
            "TBL526",
            f"column {shown(attribute)} has {len(present):,} levels to try",
            argument="attribute",
            fix=f"give up to {LEVELS} as values=[...]" if len(wanted) > LEVELS else "give two",
        )
    decide = _decider(model, cutoff, favorable)
    codes = np.array([-1 if v is None else present.index(v) for v in found.values], np.int64)
    level = codes.take(found.handle)
    frame = None if as_array else nw.from_native(X, eager_only=True)
    array = np.asarray(X) if as_array else None
    before = decide(_ArrayRows(array) if frame is None else frame, len(level))
    after, tried = {}, {}
    for value in wanted:
        own = present.index(value) if value in present else -2
        rows = np.flatnonzero((level != own) & (level >= 0))
        if not len(rows):
            continue
        try:
            if frame is None:
                assert array is not None
                block = array[rows]
                block[:, int(attribute)] = value
                changed: Any = _ArrayRows(block)
            else:
                changed = _with_level(frame, attribute, value, rows, level, own)
        except Exception as problem:  # each library has its own errors for a value of another type
            raise InputError(
                "TBL526",
                f"{shown(value)} cannot be a level of column {shown(attribute)}",
                argument="values",
                fix="give levels in the column's own type",
            ) from problem
        after[value], tried[value] = decide(changed, len(rows)), rows
    return Flipped(levels=tuple(present), level=level, before=before, after=after, tried=tried)


PLAIN = (str, bool, int, float, np.generic)
"""Types of levels and decisions: what can be compared and counted."""


def _tried(values: Any) -> list[Any]:
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise InputError(
            "TBL526",
            f"{shown(values)} is no list of levels",
            argument="values",
            fix='for example values=["female", "male"]',
        )
    found = list(values) if getattr(values, "ndim", 1) == 1 else [values]
    for value in found:
        if not isinstance(value, PLAIN):
            raise InputError(
                "TBL526",
                f"a {type(value).__name__} is no level to try",
                argument="values",
                fix="give levels in the column's own type",
            )
    return found


class _ArrayRows:
    """A plain array that answers as a frame does where a model is called."""

    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        self.array = array

    def clone(self) -> _ArrayRows:
        return _ArrayRows(self.array.copy())

    def to_native(self) -> Any:
        return self.array


def _with_level(
    frame: Any,
    attribute: Any,
    value: Any,
    rows: npt.NDArray[np.int64],
    level: npt.NDArray[np.int64],
    own: int,
) -> Any:
    """These rows with another level, in the column's own dtype."""
    import narwhals as nw

    chosen = frame[rows.tolist()]
    column = frame.get_column(attribute)
    if own >= 0:
        # A row that has the level lends it: categories and nullable types stay what they are.
        lender = int(np.flatnonzero(level == own)[0])
        lent = column[[lender] * len(rows)].alias(attribute)
    else:
        lent = nw.new_series(
            attribute, [value] * len(rows), column.dtype, backend=column.implementation
        )
    index = nw.maybe_get_index(chosen)
    if index is not None:
        lent = nw.maybe_set_index(lent, index=index)
    return chosen.with_columns(lent)


def _decider(model: Any, cutoff: float | None, favorable: Any) -> Callable[[Any, int], Any]:
    name = type(model).__name__ if hasattr(model, "predict") else getattr(
        model, "__name__", type(model).__name__
    )  # fmt: skip
    if not hasattr(model, "predict") and not callable(model):
        raise InputError(
            "TBL527",
            f"a {name} neither predicts nor can be called",
            argument="model",
            fix="give a fitted model, or a function of the features",
        )
    if favorable is not None:
        many = isinstance(favorable, list | tuple | set)
        if not all(isinstance(v, PLAIN) for v in (favorable if many else (favorable,))):
            raise InputError(
                "TBL125",
                f"{shown(favorable)} is no decision",
                argument="favorable",
                fix="name the favourable class, in the model's own type",
            )
    if cutoff is None:
        function = model.predict if hasattr(model, "predict") else model
        return lambda inputs, size: _one_each(
            answer(function, inputs, name, size, "predict"), name, "predict"
        )
    number = isinstance(cutoff, int | float) and not isinstance(cutoff, bool)
    if not number or not abs(cutoff) <= LARGEST:
        raise InputError(
            "TBL126", f"{shown(cutoff)} is no cut-off", argument="cutoff", fix="for example 0.15"
        )
    if hasattr(model, "predict_proba"):
        if favorable is None:
            raise InputError(
                "TBL125",
                "which class favours the applicant is not said",
                argument="favorable",
                fix="favorable=0, say: one of the model's classes_",
            )
        good = tuple(favorable) if isinstance(favorable, (list, tuple, set)) else (favorable,)
        classes = np.ravel(getattr(model, "classes_", ())).tolist()

        def below(inputs: Any, size: int) -> Any:
            values = answer(model.predict_proba, inputs, name, size, "predict_proba")
            return unfavorable_share(values, classes, good, name) < cutoff

        return below
    function = model.predict if hasattr(model, "predict") else model
    return lambda inputs, size: (
        _one_each(answer(function, inputs, name, size, "the call"), name, "the call").astype(float)
        >= cutoff
    )


def _one_each(decisions: npt.NDArray[Any], name: str, what: str) -> npt.NDArray[Any]:
    """The answers of a model, one plain value a row."""
    if decisions.ndim != 1:
        raise InputError(
            "TBL123",
            f"{name}: {what} returned shape {decisions.shape} where one value a row is needed",
            argument="model",
            fix="one value a row",
        )
    if decisions.dtype.kind == "O":
        plain = (*PLAIN, type(None))  # a model may know no answer where the attribute is missing
        odd = [i for i, v in enumerate(decisions.tolist()) if not isinstance(v, plain)]
        if odd:
            raise InputError(
                "TBL122",
                f"{name}: {what} returned values that are no decisions",
                argument="model",
                count=len(odd),
                first=odd[0],
                fix="return numbers, booleans or text",
            )
    return decisions
