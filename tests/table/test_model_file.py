"""Model files: skops with known types is read, everything else is refused before it runs."""

import pickle

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from audit.errors import InputError
from audit.table.model_file import load_model

X = np.random.default_rng(0).normal(size=(60, 2))
Y = (X[:, 0] > 0).astype(int)


@pytest.mark.parametrize(
    "model",
    [make_pipeline(StandardScaler(), LogisticRegression()), HistGradientBoostingClassifier()],
)
def test_a_saved_estimator_predicts_as_before(tmp_path, model):
    model.fit(X, Y)
    skops.io.dump(model, tmp_path / "m.skops")
    again = load_model(tmp_path / "m.skops")
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


class Bomb:
    """Would write a file while it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("name", ["m.pkl", "m.joblib", "m.skops"])
def test_fault_59_a_pickle_is_refused_unread_whatever_its_name(tmp_path, name):
    target = tmp_path / "written"
    (tmp_path / name).write_bytes(pickle.dumps(Bomb(target)))
    with pytest.raises(InputError, match="TBL141"):
        load_model(tmp_path / name)
    assert not target.exists()


def own_function(x):
    return x


def test_fault_59_types_from_elsewhere_are_named_and_refused(tmp_path):
    model = make_pipeline(FunctionTransformer(own_function), LogisticRegression()).fit(X, Y)
    skops.io.dump(model, tmp_path / "m.skops")
    with pytest.raises(InputError, match=r"TBL144.*own_function"):
        load_model(tmp_path / "m.skops")


def test_missing_damaged_and_unknown_files(tmp_path):
    with pytest.raises(InputError, match="TBL140"):
        load_model(tmp_path / "nope.skops")
    (tmp_path / "m.skops").write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(InputError, match="TBL145"):
        load_model(tmp_path / "m.skops")
    (tmp_path / "m.h5").write_bytes(b"\x89HDF")
    with pytest.raises(InputError, match="TBL142"):
        load_model(tmp_path / "m.h5")
