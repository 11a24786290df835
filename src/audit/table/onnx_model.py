"""Models in ONNX files, asked on rows like any other model.

An ONNX file holds a graph and no code, but may keep numbers in other files: those are read only
from its own folder, never through `..`, an absolute path or a link that leads out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table.model_trial import not_installed

_NUMPY = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
    "tensor(string)": np.object_,
}
_LABELS = ("classlabels_ints", "classlabels_int64s", "classlabels_strings")


def read_onnx(file: Path) -> OnnxClassifier | OnnxScorer:
    """The model in a `.onnx` file, whose numbers are all in its own folder.

    Raises `InputError` TBL143 where onnx or onnxruntime is not installed, TBL147 external data
    outside the folder, TBL148 a graph that is neither classifier nor score; what the libraries
    raise passes.
    """
    try:
        import onnx
        import onnxruntime
    except ImportError as problem:
        raise not_installed(problem, ".onnx", "onnx and onnxruntime", "onnx") from None
    model = onnx.load(str(file), load_external_data=False)
    if _check_outside(model, file):
        onnx.load_external_data_for_model(model, str(file.parent.resolve()))
        if any(True for _ in _external(model)):
            raise ValueError("external data in a place where they are not read from")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return _wrapped(session, model, file)


def _check_outside(model: Any, file: Path) -> bool:
    """Whether there are external data; all lie in the file's folder, or `InputError` TBL147."""
    folder, found = file.parent.resolve(), False
    for tensor in _external(model):
        found = True
        told = {entry.key: entry.value for entry in tensor.external_data}
        place = told.get("location", "")
        parts = (*PurePosixPath(place).parts, *PureWindowsPath(place).parts)
        absolute = PurePosixPath(place).is_absolute() or PureWindowsPath(place).anchor
        inside = (folder / place).resolve().is_relative_to(folder) if "\0" not in place else False
        if not place or absolute or ".." in parts or not inside:
            raise InputError(
                "TBL147",
                f"{file.name} keeps numbers in {place[:200]!r}, which is not in its own folder",
                argument="model",
                fix="save it in one file, or with its data beside it",
            )
    return found


def _external(message: Any) -> Iterator[Any]:
    """Every tensor, however deep, whose numbers are kept in another file."""
    import onnx

    waiting = [message]
    while waiting:
        here = waiting.pop()
        if isinstance(here, onnx.TensorProto):
            if here.data_location == onnx.TensorProto.EXTERNAL:
                yield here
            continue
        for field, value in here.ListFields():
            if field.message_type is not None:
                waiting += [value] if hasattr(value, "ListFields") else list(value)


def _wrapped(session: Any, model: Any, file: Path) -> OnnxClassifier | OnnxScorer:
    outputs = session.get_outputs()
    last = outputs[-1]
    if last.type.startswith("seq(map("):
        return OnnxClassifier(session, last.name, _classes(model))
    if last.type in ("tensor(float)", "tensor(double)"):
        width = last.shape[1] if len(last.shape) == 2 else 1
        classes = _classes(model)
        if len(outputs) == 1 and width == 1:
            return OnnxScorer(session, last.name)
        if classes is not None and len(outputs) == 2:
            return OnnxClassifier(session, last.name, classes)
    said = ", ".join(f"{o.name}: {o.type}{o.shape}" for o in outputs)
    raise InputError(
        "TBL148",
        f"{file.name} returns {said[:200]}: neither classes with their probabilities nor one "
        "number a row",
        argument="model",
        fix="export the classifier with skl2onnx (its ZipMap names the classes)",
    )


def _classes(model: Any) -> list[Any] | None:
    """The labels that the graph names, where it names one list of them."""
    import onnx

    found: set[tuple[Any, ...]] = set()
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.name in _LABELS:
                values = onnx.helper.get_attribute_value(attribute)
                found.add(tuple(v.decode() if isinstance(v, bytes) else v for v in values))
    named = {labels for labels in found if labels}
    return list(next(iter(named))) if len(named) == 1 else None


class OnnxScorer:
    """A graph that returns one number a row; which outcome it speaks of must be said."""

    def __init__(self, session: Any, output: str) -> None:
        """Keep the session and the output that is asked for."""
        self._session, self._output = session, output

    def predict(self, rows: Any) -> npt.NDArray[np.float64]:
        """One number a row."""
        values = np.asarray(_run(self._session, self._output, rows), dtype=np.float64)
        return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values


class OnnxClassifier:
    """A graph that returns the probability of each class."""

    def __init__(self, session: Any, output: str, classes: list[Any] | None) -> None:
        """Keep the session, the output of probabilities and the labels in its order."""
        self._session, self._output = session, output
        if classes is None:
            raise InputError(
                "TBL148",
                "the graph does not say which classes its probabilities are of",
                argument="model",
                fix="export the classifier with skl2onnx (its ZipMap names the classes)",
            )
        self.classes_ = np.array(classes)

    def predict_proba(self, rows: Any) -> npt.NDArray[np.float64]:
        """Shape (rows, classes), columns in the order of `classes_`."""
        values = _run(self._session, self._output, rows)
        if isinstance(values, list):
            labels = self.classes_.tolist()
            values = [[row[label] for label in labels] for row in values]
        return np.asarray(values, dtype=np.float64)

    def predict(self, rows: Any) -> npt.NDArray[Any]:
        """The likeliest class of each row."""
        return self.classes_[self.predict_proba(rows).argmax(axis=1)]  # type: ignore[no-any-return]


def _run(session: Any, output: str, rows: Any) -> Any:
    return session.run([output], _fed(session.get_inputs(), rows))[0]


def _fed(inputs: list[Any], rows: Any) -> Mapping[str, npt.NDArray[Any]]:
    """Rows as the graph takes them: one matrix in the columns' order, or an input a column."""
    import narwhals as nw

    frame = nw.from_native(rows, eager_only=True)
    names = frame.columns
    if len(inputs) == 1 and (len(names) > 1 or inputs[0].name not in names):
        kind = _kind(inputs[0])
        columns = [_column(frame, name, kind) for name in names]
        return {inputs[0].name: np.column_stack(columns)}
    wanted = [given.name for given in inputs]
    if sorted(wanted) != sorted(names):
        raise ValueError(f"the graph takes {wanted}, and the features are {names}")
    return {i.name: _column(frame, i.name, _kind(i)).reshape(-1, 1) for i in inputs}


def _kind(given: Any) -> Any:
    if given.type not in _NUMPY:
        raise TypeError(f"input {given.name!r} takes {given.type}, which no column holds")
    return _NUMPY[given.type]


def _column(frame: Any, name: str, kind: Any) -> npt.NDArray[Any]:
    values = frame[name].to_numpy()
    if kind is np.object_:
        if not all(isinstance(v, str) for v in values.tolist()):
            raise TypeError(f"{name!r} must hold text in every row")
        return np.asarray(values, dtype=object)
    if values.dtype.kind not in "biuf":
        raise TypeError(f"{name!r} must hold numbers")
    if np.issubdtype(kind, np.integer) and values.dtype.kind == "f":
        raise TypeError(f"{name!r} must hold whole numbers, none missing")
    return np.asarray(values, dtype=kind)
