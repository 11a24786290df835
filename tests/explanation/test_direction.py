"""Scores that rank the other way, explanations of other data, values nobody has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import audit

RNG = np.random.default_rng(3)
N = 800
FRAME = pd.DataFrame({"sex": RNG.choice(["f", "m"], N), "x": RNG.normal(size=N)})
FRAME["default"] = (FRAME["x"] + RNG.normal(size=N) > 0).astype(int)
FRAME["repaid"] = 1 - FRAME["default"]
FRAME["approved"] = (FRAME["x"] + RNG.normal(size=N) < 0).astype(int)
MODEL = LogisticRegression().fit(FRAME[["x"]], FRAME["default"])
ROLES: dict[str, Any] = {"protected": "sex", "features": ["x"]}


def test_a_model_of_defaults_is_not_turned_by_decisions() -> None:
    """Class 1 of a model of defaults is not favourable because decision 1 is: nothing is given."""
    table = audit.read(FRAME, decision="approved", favorable=1, **ROLES)
    with pytest.raises(audit.InputError, match=r"EXP009.*against the decisions") as refused:
        audit.explain(MODEL, table)
    assert refused.value.argument == "favorable"
    # with the outcome named the same table is explained, and the sign is the outcome's
    both = audit.read(
        FRAME, decision="approved", outcome="default",
        favorable={"decision": 1, "outcome": 0}, **ROLES,
    )  # fmt: skip
    found = audit.explain(MODEL, both, thorough=False)
    plain = audit.read(FRAME, outcome="default", favorable=0, **ROLES)
    assert found.gap == pytest.approx(audit.explain(MODEL, plain, thorough=False).gap, abs=1e-12)


def test_scores_that_rank_outcomes_backwards_are_said() -> None:
    """A model of defaults beside an outcome of repayment: a warning and a note, first of all."""
    table = audit.read(FRAME, outcome="repaid", favorable=1, **ROLES)
    with pytest.warns(audit.DataWarning, match="rank outcomes backwards"):
        found = audit.explain(MODEL, table, thorough=False)
    assert "rank outcomes backwards" in found.notes[0]


def test_a_model_of_the_decisions_is_explained_by_them() -> None:
    """A model of approvals is turned by the decisions it was fitted on."""
    model = LogisticRegression().fit(FRAME[["x"]], FRAME["approved"])
    table = audit.read(FRAME, decision="approved", favorable=1, **ROLES)
    found = audit.explain(model, table, thorough=False)
    x = FRAME.groupby("sex")["x"].mean()
    low, high = str(found.reference[0]), str(found.group[0])
    assert found.gap == pytest.approx(model.coef_[0, 0] * (x[high] - x[low]), abs=1e-9)


def test_a_frame_with_roles_is_read() -> None:
    """`explain` takes a frame with the arguments of `audit.read`, as `decompose` does."""
    found = audit.explain(MODEL, FRAME, outcome="default", favorable=0, thorough=False, **ROLES)
    table = audit.read(FRAME, outcome="default", favorable=0, **ROLES)
    assert found.gap == audit.explain(MODEL, table, thorough=False).gap
    with pytest.raises(audit.InputError, match="RUN004"):
        audit.explain(MODEL, FRAME, outcom="default", **ROLES)
    with pytest.raises(audit.InputError, match="RUN001"):
        audit.explain(MODEL, table, features=["x"])


def test_explanations_of_other_data_are_not_attached() -> None:
    """Other rows, another attribute, another column: refused by what differs."""
    roles = {**ROLES, "outcome": "default", "favorable": 0}
    found = audit.explain(MODEL, audit.read(FRAME, **roles), thorough=False)
    fewer = audit.run(FRAME.head(500), **roles)
    with pytest.raises(audit.InputError, match=r"RUN021.*800 rows, the audit 500"):
        audit.attach(fewer, found)
    split = audit.decompose(
        FRAME, controls=["x"], protected="sex", decision="approved", favorable=1
    )
    with pytest.raises(audit.InputError, match=r"RUN021.*'approved'"):
        audit.attach(audit.run(FRAME, **roles), decomposition=split)
    other = FRAME.rename(columns={"sex": "gender"})
    strange = audit.run(other, **{**roles, "protected": "gender"})
    with pytest.raises(audit.InputError, match=r"RUN021.*'sex'"):
        audit.attach(strange, found)


def test_returns_is_a_value_of_the_outcome() -> None:
    """A value that the outcome never takes says nothing about the output's direction."""
    table = audit.read(FRAME, outcome="default", favorable=0, **ROLES)
    with pytest.raises(audit.InputError, match=r"TBL125.*'yes' is no value of 'default'"):
        audit.explain(lambda rows: rows["x"], table, returns="yes", thorough=False)


def test_a_cutoff_outside_probabilities_is_refused() -> None:
    """40 is no cut-off for a probability of default; .4 is."""
    with pytest.raises(audit.InputError, match="TBL128"):
        audit.read(FRAME, model=MODEL, cutoff=40, outcome="default", favorable=0, **ROLES)
    table = audit.read(FRAME, model=MODEL, cutoff=0.4, outcome="default", favorable=0, **ROLES)
    assert table.size == N
