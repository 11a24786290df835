"""ONNX files: the model's own answers, and no number from outside the file's folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from audit.errors import InputError
from audit.table.model import with_model
from audit.table.model_file import read_model

onnx = pytest.importorskip("onnx")
skl2onnx = pytest.importorskip("skl2onnx")

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame({"a": RNG.normal(size=80), "b": RNG.normal(size=80)})
Y = np.where(FRAME["a"] + 0.2 * RNG.normal(size=80) > 0, "good", "bad")


def fitted(labels: Any = Y) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression().fit(FRAME, labels)


def matrix(model: Any, **options: Any) -> Any:
    from skl2onnx.common.data_types import FloatTensorType

    types = [("X", FloatTensorType([None, 2]))]
    return skl2onnx.convert_sklearn(
        model, initial_types=types, options={id(model): options} if options else None
    )


def columns(model: Any) -> Any:
    """An input for each column, the other way round."""
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import make_pipeline

    same = ColumnTransformer([("same", "passthrough", ["a", "b"])]).fit(FRAME)
    types = [(name, FloatTensorType([None, 1])) for name in ("b", "a")]
    return skl2onnx.convert_sklearn(make_pipeline(same, model), initial_types=types)


@pytest.mark.parametrize("labels", [Y, (Y == "good").astype(int)], ids=["text", "numbers"])
@pytest.mark.parametrize("form", ["zipmap", "tensor", "columns"])
def test_the_models_answers_are_the_estimators(tmp_path: Path, labels: Any, form: str) -> None:
    """To single precision, columns by `classes_`."""
    model = fitted(labels)
    made = {
        "zipmap": lambda: matrix(model),
        "tensor": lambda: matrix(model, zipmap=False),
        "columns": lambda: columns(model),
    }[form]()
    (tmp_path / "m.onnx").write_bytes(made.SerializeToString())
    again = read_model(tmp_path / "m.onnx")
    assert again.classes_.tolist() == model.classes_.tolist()
    np.testing.assert_allclose(again.predict_proba(FRAME), model.predict_proba(FRAME), atol=1e-6)
    assert (again.predict(FRAME) == model.predict(FRAME)).all()


def test_a_number_a_row_needs_returns(tmp_path: Path) -> None:
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit(FRAME, Y == "bad")
    (tmp_path / "m.onnx").write_bytes(matrix(model).SerializeToString())
    again = read_model(tmp_path / "m.onnx")
    np.testing.assert_allclose(again.predict(FRAME), model.predict(FRAME), atol=1e-6)
    told: dict[str, Any] = {
        "features": ["a", "b"], "outcome": None, "favorable": "good", "decided": True,
    }  # fmt: skip
    with pytest.raises(InputError, match=r"TBL126.*returns"):
        with_model(FRAME, again, **told)
    _, roles = with_model(FRAME, again, **told, returns="bad")
    assert list(roles) == ["risk"]


def stored(folder: Path, place: str) -> Path:
    """A graph that adds to its one column a number kept in another file."""
    helper = onnx.helper
    number = onnx.numpy_helper.from_array(np.ones((1, 1), np.float32), "one")
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "one"], ["y"])], "g",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [None, 1])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [None, 1])], [number],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    tensor = model.graph.initializer[0]
    onnx.external_data_helper.set_external_data(tensor, location=place, offset=0, length=4)
    tensor.ClearField("raw_data")
    folder.mkdir(exist_ok=True)
    (folder / "m.onnx").write_bytes(model.SerializeToString())
    return folder / "m.onnx"


def test_fault_59_data_beside_the_file_are_read(tmp_path: Path) -> None:
    file = stored(tmp_path / "m", "sub/numbers.bin")
    (tmp_path / "m" / "sub").mkdir()
    (tmp_path / "m" / "sub" / "numbers.bin").write_bytes(np.float32([5.0]).tobytes())
    rows = pd.DataFrame({"x": [1.0, 2.0]})
    np.testing.assert_array_equal(read_model(file).predict(rows), [6.0, 7.0])


@pytest.mark.parametrize("place", ["..", "up", "absolute", "link", "folder", "windows", "none"])
def test_fault_59_data_from_elsewhere_are_refused(tmp_path: Path, place: str) -> None:
    """Upwards, absolute, or through a link to a file or a folder outside."""
    (tmp_path / "secret.bin").write_bytes(np.float32([5.0]).tobytes())
    inside = tmp_path / "m"
    location = {
        "..": "../secret.bin", "up": "sub/../../secret.bin",
        "absolute": str(tmp_path / "secret.bin"), "link": "here.bin",
        "folder": "out/secret.bin", "windows": "C:\\secret.bin", "none": "",
    }[place]  # fmt: skip
    file = stored(inside, location)
    if place == "link":
        os.symlink(tmp_path / "secret.bin", inside / "here.bin")
    if place == "folder":
        os.symlink(tmp_path, inside / "out")
    with pytest.raises(InputError, match="TBL147") as caught:
        read_model(file)
    assert "m.onnx" in str(caught.value)


@pytest.mark.parametrize(
    ("features", "says"), [(["a"], "TBL122"), (["a", "t"], "'t' must hold numbers")]
)
def test_rows_the_graph_does_not_take_are_named(
    tmp_path: Path, features: list[str], says: str
) -> None:
    (tmp_path / "m.onnx").write_bytes(matrix(fitted()).SerializeToString())
    frame = FRAME.assign(t="x")
    with pytest.raises(InputError, match=says):
        with_model(
            frame, read_model(tmp_path / "m.onnx"), features=features, outcome=None,
            favorable="good", decided=True,
        )  # fmt: skip
