"""A model as the source of decisions: its own rows in, risks or decisions out, once a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table.patience import in_time

RISK = "model risk"
"""Name of the column that holds P(unfavourable)."""

SCORE = "model score"
"""Name of the column of a callable that returns the favourable class."""

DECISION = "model decision"
"""Name of the column that holds `predict`'s decisions."""


def with_model(
    source: Any,
    model: Any,
    *,
    features: Sequence[str] | None,
    outcome: str | None,
    favorable: Any,
    decided: bool,
    returns: Any = None,
) -> tuple[Any, dict[str, Any]]:
    """The caller's rows with the model's column added, and the roles that follow from it.

    The model receives `features` in order, dtypes untouched, each row once. With `decided` (a
    cut-off or approval rate is given) P(unfavourable) is read by `classes_`; without it
    `predict` decides. `returns` says which outcome value a booster or callable returns the
    probability of. The caller's frame is not changed.

    Raises `InputError`: TBL120 no features, TBL121 unknown ones, TBL122 the model raises, TBL123
    another length, TBL124 the model changed its input, TBL125 classes that do not match
    `favorable`, TBL126 a booster or callable without `returns` or cut-off.
    """
    import narwhals as nw

    frame = nw.from_native(source, eager_only=True)
    columns = frame.columns
    if not features:
        raise InputError(
            "TBL120",
            "the model's inputs are not named",
            argument="features",
            fix=_named_inputs(model),
        )
    unknown = [f for f in features if f not in columns]
    if unknown:
        raise InputError(
            "TBL121",
            f"no column {unknown[0]!r}",
            argument="features",
            count=None,
            fix=f"columns are {', '.join(map(str, columns[:12]))}…",
        )
    inputs = frame.select(list(features))
    name = name_of(model)
    if favorable is None and outcome in columns and frame.schema[str(outcome)] == nw.Boolean:
        favorable = True  # a column of true and false means True
    good = favorable_values(favorable, outcome)
    if hasattr(model, "predict_proba") and decided:
        values = answer(model.predict_proba, inputs, name, frame.shape[0], "predict_proba")
        risk = unfavorable_share(values, classes_of(model), good, name)
        return _add(frame, RISK, risk), {"risk": RISK}
    if hasattr(model, "classes_") and hasattr(model, "predict"):
        if decided:
            raise InputError(
                "TBL126",
                f"{name} has no predict_proba to apply a cut-off to",
                argument="model",
                fix="leave cutoff out: predict decides",
            )
        values = answer(model.predict, inputs, name, frame.shape[0], "predict")
        return _decide(frame, values, good)
    if not decided or returns is None:
        raise InputError(
            "TBL126",
            f"{name} is a booster or callable: it needs a cut-off and must "
            "say which class it returns",
            argument="model",
            fix="add cutoff=… (or approval_rate=…) and returns=<outcome value>",
        )
    values = answer(call_of(model), inputs, name, frame.shape[0], "the call")
    check_one_number(values, name)
    favored = bool(favors([returns], good)[0])
    column = SCORE if favored else RISK
    return _add(frame, column, values.astype(np.float64)), {"score" if favored else "risk": column}


def _named_inputs(model: Any) -> str:
    told = getattr(model, "feature_names_in_", None)
    if told is None or not len(told):
        return "features=[...] in the order the model was fitted on"
    names = [repr(str(n)) for n in np.ravel(told)[:12].tolist()]
    more = ", ..." if np.size(told) > len(names) else ""
    return f"features=[{', '.join(names)}{more}], as the model was fitted on"


def favorable_values(favorable: Any, outcome: str | None) -> tuple[Any, ...]:
    """Outcome values that favour the applicant; raises `InputError` TBL125 where none is said."""
    value = favorable
    if isinstance(favorable, Mapping):
        value = favorable.get("outcome", favorable.get(outcome))
    if value is None:
        raise InputError(
            "TBL125",
            "which outcome favours the applicant is not said",
            argument="favorable",
            fix='favorable={"outcome": 0}',
        )
    return tuple(value) if isinstance(value, list | tuple | set) else (value,)


def same(a: Any, b: Any) -> bool:
    """Whether a class and a favourable value are one: 1 is 1.0 and True, and not "1"."""
    return bool(a == b) and isinstance(a, str) == isinstance(b, str)


def name_of(model: Any) -> str:
    """A model's class, or a function's own name, for messages."""
    kind = type(model).__name__
    if hasattr(model, "predict") or not callable(model):
        return kind
    return str(getattr(model, "__name__", kind))


def call_of(model: Any) -> Any:
    """How a booster or callable is asked; None where it cannot be."""
    kind = type(model)
    if kind.__module__.split(".")[0] == "xgboost" and kind.__name__ == "Booster":

        def predict(rows: Any) -> Any:
            import xgboost

            return model.predict(xgboost.DMatrix(rows, enable_categorical=True))

        return predict
    return getattr(model, "predict", model if callable(model) else None)


def classes_of(model: Any) -> list[Any]:
    """`classes_` as Python's own values; empty where there are none."""
    return list(np.ravel(getattr(model, "classes_", ())).tolist())


def unfavorable_share(
    values: npt.NDArray[Any], classes: list[Any], good: Iterable[Any], name: str
) -> npt.NDArray[np.float64]:
    """P(unfavourable) by `classes_`, whatever their order."""
    check_probabilities(values, classes, name)
    bad = np.flatnonzero(~favors(classes, good)).tolist()
    if len(bad) in (0, len(classes)):
        raise InputError(
            "TBL125",
            f"{name} knows the classes {classes}; the favourable outcome is {list(good)}",
            argument="favorable",
            fix="name one of the model's classes, in its own type",
        )
    return np.asarray(values[:, bad].sum(axis=1), dtype=np.float64)


def check_probabilities(values: npt.NDArray[Any], classes: Sequence[Any], name: str) -> None:
    """Raise `InputError` TBL123 unless `predict_proba` gave one column a class."""
    if values.ndim != 2 or values.shape[1] != len(classes):
        raise InputError(
            "TBL123",
            f"{name}.predict_proba returned shape {values.shape} for {len(classes)} classes",
            argument="model",
            fix="check the model",
        )


def check_one_number(values: npt.NDArray[Any], name: str) -> None:
    """Raise `InputError` TBL123 unless there is one number a row."""
    if values.ndim != 1:
        raise InputError(
            "TBL123",
            f"{name} returned shape {values.shape}, not one number a row",
            argument="model",
            fix="return the probability of one class",
        )


def favors(values: Iterable[Any], good: Iterable[Any]) -> npt.NDArray[np.bool_]:
    """Which labels are among the favourable ones.

    >>> favors([0, 1, "1"], [1.0]).tolist()
    [False, True, False]
    """
    wanted = tuple(good)
    return np.array([any(same(v, g) for g in wanted) for v in values], dtype=bool)


def answer(function: Any, inputs: Any, name: str, size: int, what: str) -> npt.NDArray[Any]:
    """What a model says of rows in the caller's own type: finite, one a row, rows unchanged.

    `inputs` is a narwhals frame; `what` names the method in messages, and "predict" may answer
    in labels. Raises `InputError` TBL122 where it raises or answers in no finite numbers, TBL123
    for another length, TBL124 where it changed its input, TBL129 where it takes too long.
    """
    native = inputs.clone().to_native()
    try:
        values = np.asarray(in_time(function, native, name, what))
    except InputError:
        raise
    except Exception as problem:
        raise InputError(
            "TBL122",
            f"{name}: {what} raised {type(problem).__name__}: {problem}",
            argument="model",
            fix="check features and dtypes against the fit",
        ) from problem
    if not _unchanged(inputs, native):
        raise InputError(
            "TBL124",
            f"{name}: {what} changed the rows it was given",
            argument="model",
            fix="let the model copy its input",
        )
    if values.shape[:1] != (size,):
        raise InputError(
            "TBL123",
            f"{name}: {what} returned {values.shape[0] if values.ndim else 1:,} values for "
            f"{size:,} rows",
            argument="model",
            fix="one value a row",
        )
    if what != "predict" and values.dtype.kind not in "biuf":
        raise InputError(
            "TBL122",
            f"{name}: {what} returned {values.dtype} values where numbers are needed",
            argument="model",
            fix="return a probability for each row",
        )
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        bad = ~np.isfinite(values.reshape(size, -1)).all(axis=1)
        raise InputError(
            "TBL122",
            f"{name}: {what} returned values that are not finite",
            argument="model",
            count=int(bad.sum()),
            first=int(np.flatnonzero(bad)[0]),
            fix="check the model on these rows",
        )
    return values


def _unchanged(before: Any, after: Any) -> bool:
    original = before.to_native()
    if type(original).__module__.startswith("pandas"):
        return bool(original.equals(after))
    return True  # polars and pyarrow frames are immutable


def _add(frame: Any, name: str, values: npt.NDArray[Any]) -> Any:
    import narwhals as nw

    if name in frame.columns:
        raise InputError(
            "TBL127", f"the data already have a column {name!r}", argument="model", fix="rename it"
        )
    native = frame.to_native()
    if type(native).__module__.startswith("pandas"):
        return native.assign(**{name: values})
    column = nw.new_series(name, values, backend=frame.implementation)
    return frame.with_columns(column).to_native()


def _decide(
    frame: Any, values: npt.NDArray[Any], good: tuple[Any, ...]
) -> tuple[Any, dict[str, Any]]:
    """`predict`'s answer as a decision: the favourable outcome predicted means approved."""
    return _add(frame, DECISION, favors(values.tolist(), good)), {"decision": DECISION}
