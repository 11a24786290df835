"""A model's own rows go in once, dtypes untouched; its column is chosen by `classes_`."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

from audit.errors import InputError
from audit.table.model import DECISION, RISK, SCORE, with_model

FRAME = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0], "g": list("abab"), "bad": [0, 0, 1, 1]})
ARGS = {"features": ["x"], "outcome": "bad", "favorable": {"outcome": 0}, "decided": True}


class Model:
    """P of each class fixed, whatever the rows; counts its calls."""

    def __init__(self, classes, shares):
        self.classes_ = np.array(classes)
        self.shares, self.calls = np.array(shares), 0

    def predict_proba(self, X):
        self.calls += 1
        return np.tile(self.shares, (len(X), 1))

    def predict(self, X):
        self.calls += 1
        return np.repeat(self.classes_[self.shares.argmax()], len(X))


def refused(model, **changes) -> str:
    with pytest.raises(InputError) as caught:
        with_model(FRAME, model, **{**ARGS, **changes})
    return str(caught.value)


def test_fault_61_reversed_and_text_classes_are_read_by_classes():
    straight, _ = with_model(FRAME, Model([0, 1], [0.7, 0.3]), **ARGS)
    reversed_, _ = with_model(FRAME, Model([1, 0], [0.3, 0.7]), **ARGS)
    text, roles = with_model(
        FRAME, Model(["repaid", "default"], [0.7, 0.3]), **{**ARGS, "favorable": "repaid"}
    )
    for frame in (straight, reversed_, text):
        assert frame[RISK].tolist() == pytest.approx([0.3] * 4)
    assert roles == {"risk": RISK}


def test_several_unfavourable_classes_add_up():
    frame, _ = with_model(FRAME, Model([0, 1, 2], [0.5, 0.3, 0.2]), **ARGS)
    assert frame[RISK].tolist() == pytest.approx([0.5] * 4)


def test_a_fitted_pipeline_sees_each_row_once_and_the_caller_keeps_his_frame():
    before = FRAME.copy()
    model = LogisticRegression().fit(FRAME[["x"]], FRAME["bad"])
    frame, _ = with_model(FRAME, model, **ARGS)
    assert frame[RISK].tolist() == pytest.approx(model.predict_proba(FRAME[["x"]])[:, 1].tolist())
    pd.testing.assert_frame_equal(FRAME, before)
    counted = Model([0, 1], [0.5, 0.5])
    with_model(FRAME, counted, **ARGS)
    assert counted.calls == 1


def test_without_a_cutoff_predict_decides():
    frame, roles = with_model(FRAME, Model([0, 1], [0.9, 0.1]), **{**ARGS, "decided": False})
    assert roles == {"decision": DECISION}
    assert frame[DECISION].tolist() == [True] * 4


def test_polars_rows_reach_the_model_as_polars():
    seen = []

    def risk(rows):
        seen.append(type(rows))
        return np.full(len(rows), 0.25)

    frame, roles = with_model(pl.from_pandas(FRAME), risk, **ARGS, returns=1)
    assert seen == [pl.DataFrame]
    assert roles == {"risk": RISK}
    assert frame[RISK].to_list() == [0.25] * 4
    _, roles = with_model(FRAME, risk, **ARGS, returns=0)
    assert roles == {"score": SCORE}


def test_fault_60_a_model_that_misbehaves_is_named():
    def raises(rows):
        raise RuntimeError("no such feature")

    def short(rows):
        return np.zeros(len(rows) - 1)

    def mutates(rows):
        rows["x"] = 0.0
        return np.zeros(len(rows))

    def infinite(rows):
        return np.array([0.1, np.inf, 0.1, 0.1])

    assert "raises: the call raised RuntimeError: no such feature" in refused(raises, returns=1)
    assert "returned 3 values for 4 rows" in refused(short, returns=1)
    assert "changed the rows" in refused(mutates, returns=1)
    assert "first: 1" in refused(infinite, returns=1)


def test_what_is_not_said_is_asked_for():
    model = Model([0, 1], [0.5, 0.5])
    assert "TBL120" in refused(model, features=None)
    assert "no column 'y'" in refused(model, features=["y"])
    assert "TBL125" in refused(model, favorable=None)
    assert "name one of the model's classes" in refused(model, favorable="repaid")
    assert "returns=" in refused(lambda rows: rows)
