"""What cannot be explained is refused by name, and what would be wrong is never given."""

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor
from sklearn.svm import LinearSVC

import audit
from audit.explanation import trees
from explanation.credit import NUMBERS, ROLES, applicants

FRAME = applicants(200)
TABLE = audit.read(FRAME, features=NUMBERS, **ROLES)
MODEL = LogisticRegression(max_iter=2000).fit(FRAME[NUMBERS], FRAME["default"])


def refused(code: str, argument: str, *given: Any, **named: Any) -> audit.InputError:
    with pytest.raises(audit.InputError) as caught:
        audit.explain(*given, **named)
    assert (caught.value.code, caught.value.argument) == (code, argument)
    assert caught.value.fix
    return caught.value


def test_what_is_no_table() -> None:
    """EXP001: a frame is read first."""
    refused("EXP001", "table", MODEL, FRAME)


def test_rows_in_an_engine() -> None:
    """EXP002: a model needs rows."""
    duckdb = pytest.importorskip("duckdb")
    small = FRAME[["sex", "default", *NUMBERS]]
    connection = duckdb.connect()  # held: its relations end with it
    relation = connection.from_df(small)
    refused("EXP002", "table", MODEL, audit.read(relation, features=NUMBERS, **ROLES))


def test_inputs_that_are_not_named() -> None:
    """TBL120 without features; a model that names its own needs none."""
    bare = audit.read(FRAME, **ROLES)
    refused("TBL120", "features", lambda rows: rows["income"], bare)
    assert audit.explain(MODEL, bare).gap == audit.explain(MODEL, TABLE).gap
    fewer = audit.read(FRAME.drop(columns="late"), **ROLES)
    assert "'late'" in str(refused("TBL120", "features", MODEL, fewer))


def test_names_of_attributes_and_groups() -> None:
    """EXP004 suggests what was meant."""
    assert "'sex'" in str(refused("EXP004", "attribute", MODEL, TABLE, attribute="sexx"))
    assert "'f'" in str(refused("EXP004", "group", MODEL, TABLE, group="F female"))
    assert "reference" in str(refused("EXP004", "group", MODEL, TABLE, group="m"))
    refused("EXP004", "attribute", MODEL, TABLE, attribute=("sex", "race"))


def test_scales_and_seeds() -> None:
    """EXP006 for a scale or seed that is none; INF for a level."""
    refused("EXP006", "scale", MODEL, TABLE, scale="logodds")
    refused("EXP006", "seed", MODEL, TABLE, seed=-1)
    with pytest.raises(audit.InputError):
        audit.explain(MODEL, TABLE, level=95)


def test_a_number_without_an_outcome() -> None:
    """A regressor says which class it scores, or is explained as it is, with a warning."""
    model = LinearRegression().fit(FRAME[NUMBERS], FRAME["default"])
    risk = audit.explain(model, TABLE, returns=1)
    with pytest.warns(audit.DataWarning, match="EXP022"):  # it was fitted on the other value
        good = audit.explain(model, TABLE, returns=0)
    assert risk.gap == pytest.approx(-good.gap)
    assert risk.method == "linear SHAP"
    with pytest.warns(audit.DataWarning, match="EXP021"):
        bare = audit.explain(model, TABLE)
    assert (bare.scale, bare.treatment) == ("output", ())
    assert bare.gap == pytest.approx(good.gap)
    assert "treatment" in {u.part for u in bare.unavailable}


def test_the_tables_own_risk_needs_no_word() -> None:
    """A function that returns the table's risk is turned as the risk is."""
    frame = FRAME.assign(pd=1 / (1 + np.exp(FRAME["income"])))
    table = audit.read(frame, features=NUMBERS, risk="pd", **ROLES)
    found = audit.explain(lambda rows: 1 / (1 + np.exp(rows["income"])), table)
    assert found.scale == "probability"
    women = frame["sex"] == "f"
    assert found.gap == pytest.approx(frame["pd"][~women].mean() - frame["pd"][women].mean())


def test_classes_that_are_not_the_outcomes() -> None:
    """TBL125: no class of the model is the favourable one."""
    model = LogisticRegression(max_iter=2000)
    model.fit(FRAME[NUMBERS], np.where(FRAME["default"] == 1, "bad", "good"))
    refused("TBL125", "favorable", model, TABLE)


def test_a_model_of_the_decision_is_read_by_the_decisions_values() -> None:
    """Where the model knows the decision's classes, these orient it."""
    frame = FRAME.assign(decision=np.where(FRAME["income"] > 1.5, "yes", "no"))
    model = LogisticRegression(max_iter=2000).fit(frame[NUMBERS], frame["decision"])
    told = {"protected": "sex", "decision": "decision", "reference": {"sex": "m"}}
    table = audit.read(frame, favorable="yes", features=NUMBERS, **told)
    assert audit.explain(model, table).gap < 0


def test_one_group_has_no_gap() -> None:
    """EXP008: there is nobody to compare with."""
    women = FRAME[FRAME["sex"] == "f"]
    table = audit.read(women, protected="sex", outcome="default", favorable=0, features=NUMBERS)
    refused("EXP008", "table", MODEL, table)


def test_a_group_of_one_row_has_a_reason() -> None:
    """A gap that one row would decide is undefined, and says so; it is never named first."""
    frame = FRAME.assign(sex=["x", *FRAME["sex"].iloc[1:]])
    found = audit.explain(MODEL, audit.read(frame, features=NUMBERS, **ROLES))
    assert found.group == ("f",)
    lone = next(g for g in found.gaps if g.group == ("x",))
    assert math.isnan(lone.value)
    assert "1 row in the group" in str(lone.reason)
    asked = audit.explain(MODEL, audit.read(frame, features=NUMBERS, **ROLES), group="x")
    assert "1 row in the group" in asked.summary()


def test_missing_groups_have_a_gap_that_is_never_named_first() -> None:
    """The missing group is shown, and never decides."""
    frame = FRAME.assign(income=FRAME["income"] - 50 * FRAME.index.isin(range(60)))
    frame["sex"] = frame["sex"].mask(frame.index < 60)
    with pytest.warns(audit.DataWarning, match="TBL050"):
        table = audit.read(frame, features=NUMBERS, **ROLES)
    found = audit.explain(MODEL, table)
    assert found.gaps[0].group == (None,)
    assert found.group == ("f",)


# --- never wrong ----------------------------------------------------------------------------


def test_values_that_do_not_add_up_are_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree engine that errs is caught on its sums, and the model is asked about mixtures."""
    model = GradientBoostingClassifier(n_estimators=5).fit(FRAME[NUMBERS], FRAME["default"])
    right = audit.explain(model, TABLE)
    own = trees.shap_values

    def wrong(*given: Any, **named: Any) -> Any:
        values, base = own(*given, **named)
        return values * (1 + 1e-6), base

    monkeypatch.setattr(trees, "shap_values", wrong)
    found = audit.explain(model, TABLE)
    assert found.method == "exact SHAP"
    assert any("miss the score" in note for note in found.notes)
    assert found.gap == pytest.approx(right.gap)


def test_trees_that_answer_otherwise_are_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trees whose sum is not the model's own answer are left aside."""
    model = GradientBoostingClassifier(n_estimators=5).fit(FRAME[NUMBERS], FRAME["default"])
    own = trees.output
    monkeypatch.setattr(trees, "output", lambda *given: own(*given) + 1e-4)
    found = audit.explain(model, TABLE)
    assert found.method == "exact SHAP"
    assert any("answers otherwise" in note for note in found.notes)


def test_coefficients_that_are_not_the_score_are_not_believed() -> None:
    """A log-linear model has coefficients, and its output is not linear in them."""
    model = PoissonRegressor().fit(FRAME[NUMBERS], FRAME["default"])
    found = audit.explain(model, TABLE, returns=1)
    assert found.method == "exact SHAP"
    assert any("not linear" in note for note in found.notes)


def test_a_model_that_answers_by_chance_is_refused() -> None:
    """EXP007: the same rows must have the same answers."""
    rng = np.random.default_rng(0)
    found = refused("EXP007", "model", lambda rows: rng.random(len(rows)), TABLE, returns=1)
    assert "when other rows stand beside it" in found.message


def test_a_scale_that_cannot_be_had_exactly_is_said() -> None:
    """EXP020: the model's own scale stays, with a warning and a note."""
    model = LinearSVC().fit(FRAME[NUMBERS], FRAME["default"])
    with pytest.warns(audit.DataWarning, match="EXP020"):
        found = audit.explain(model, TABLE, scale="probability")
    assert found.scale == "output"
    assert any("not explained exactly" in note for note in found.notes)


def test_inputs_are_not_changed() -> None:
    """Explaining writes nowhere."""
    before = FRAME.copy(deep=True)
    audit.explain(MODEL, TABLE)
    audit.explain(lambda rows: rows["income"] / 10, TABLE, returns=0)
    pd.testing.assert_frame_equal(before, FRAME)


# --- views ----------------------------------------------------------------------------------


def test_plain_values_are_json() -> None:
    """Groups are lists, undefined numbers None, and nothing about single applicants is kept."""
    roles = {**ROLES, "protected": ["sex", "race"]}
    found = audit.explain(MODEL, audit.read(FRAME, features=NUMBERS, **roles))
    plain = found.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["gaps"][0]["group"] == list(found.gaps[0].group)
    assert "reasons" not in plain
    assert {e["attribute"] for e in plain["more"]["importance"]} == {"sex", "race"}


def test_a_row_an_attribution() -> None:
    """The frame has every feature of every gap, tuples as groups."""
    frame = audit.explain(MODEL, TABLE).to_frame()
    assert len(frame) == len(NUMBERS)
    assert frame["group"].tolist() == [("f",)] * 3
    assert frame["value"].sum() == pytest.approx(frame["gap"].iloc[0])


def test_the_sentence_says_gap_interval_and_shares() -> None:
    """Both sides, size, interval and the features that carry it, in one sentence."""
    far = FRAME.assign(income=FRAME["income"] + 5 * (FRAME["sex"] == "m"))
    found = audit.explain(MODEL, audit.read(far, features=NUMBERS, **ROLES))
    text = found.summary()
    start = f"The mean score of sex f is {abs(found.gap):.2f} log-odds below that of m ("
    assert text.startswith(start)
    assert f"income carries {100 * found.attributions[0].share:.0f} % of it" in text
    assert text in repr(found)


def test_importance_and_dependence_by_group() -> None:
    """Importance is mean |value| by group; dependence averages to the group's mean value."""
    model = RandomForestRegressor(5, max_depth=3, random_state=0)
    model.fit(FRAME[NUMBERS], FRAME["default"])
    found = audit.explain(model, TABLE, returns=1)
    women = [e for e in found.more["importance"] if e["group"] == ("f",)]
    assert [e["feature"] for e in women] == NUMBERS
    means = {}
    for group in ("f", "m"):
        own = [e for e in found.more["dependence"] if e["group"] == (group,)]
        own = [e for e in own if e["feature"] == "income"]
        means[group] = sum(e["value"] * e["rows"] for e in own) / sum(e["rows"] for e in own)
        assert [e["place"] for e in own] == sorted(e["place"] for e in own)
    part = next(a.value for a in found.attributions if a.feature == "income")
    assert means["f"] - means["m"] == pytest.approx(part, abs=1e-9)
