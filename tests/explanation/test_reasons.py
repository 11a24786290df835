"""Reasons are the features that lower a denied applicant's score most against approved ones."""

import json
import math
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import audit
from audit.explanation import applicants as applicants_
from audit.explanation import reason_audit, reason_codes, reason_words, reasons, routes, scored
from audit.explanation.reason_trials import kept
from audit.explanation.record import Reason
from explanation.credit import MIXED, NATIVE, NUMBERS, ROLES, applicants


def told(model: Any, table: Any, codes: Any = None, method: str | None = None, **named: Any) -> Any:
    """Reasons without the rest of an explanation, and the model as it is asked."""
    people = applicants_.applicants(model, table)
    found = scored.scored(model, people, **named)
    route = next(
        r
        for r in routes.routes(found, people, None, 0, 1)
        if not isinstance(r, str) and method in (None, r.method)
    )
    own = reasons.codes_for(codes, people)
    return reasons.denials(people, route, own, reasons.withheld(people, own, ()), 0), found


def decided(rows: int = 600, features: Any = NUMBERS, model: Any = None, **more: Any) -> Any:
    """A fitted model, a table that it decides, and the frame."""
    frame = applicants(rows)
    if model is None:  # of one thread: boosting waits for busy cores
        model = RandomForestClassifier(20, max_depth=4, random_state=0)
    model.fit(frame[features], frame["default"])
    frame["pd"] = model.predict_proba(frame[features])[:, 1]
    roles = {**ROLES, "risk": "pd", "approval_rate": 0.6, **more}
    return model, audit.read(frame, features=features, **roles), frame


# --- by hand --------------------------------------------------------------------------------


def small() -> Any:
    """Score of repaying = income − 2 debt; approved applicants have income 4 and debt 1."""
    frame = pd.DataFrame(
        {
            "sex": ["f", "m", "f", "m"],
            "income": [5.0, 3.0, 1.0, 2.0],
            "debt": [1.0, 1.0, 4.0, 2.0],
            "decision": ["yes", "yes", "no", "no"],
            "paid": [1, 1, 0, 0],
        }
    )
    model = LogisticRegression().fit(frame[["income", "debt"]], frame["paid"])
    model.coef_[:], model.intercept_[:] = [[1.0, -2.0]], 0.0
    roles = {
        "protected": ["sex"],
        "decision": "decision",
        "outcome": "paid",
        "favorable": {"decision": ["yes"], "outcome": 1},
    }
    return model, audit.read(frame, features=["income", "debt"], **roles)


def test_a_logistic_model_by_hand() -> None:
    """A part is coefficient × (own value − approved mean): −3 and −6, so debt comes first."""
    why, _ = told(*small())
    first, second = why(2)
    assert (first.feature, first.when, first.value, first.typical) == ("debt", "high", 4.0, 1.0)
    assert (first.part, first.share) == (pytest.approx(-6), pytest.approx(6 / 9))
    assert (second.feature, second.when, second.part) == ("income", "low", pytest.approx(-3))
    assert first.text == "Debt is high relative to approved applicants"
    assert (first.code, first.draft) == ("DEBT_HIGH", True)
    assert why.baseline.words == "all 2 approved applicants"


def test_features_of_one_code_are_one_reason() -> None:
    """−2 and −2 add up to −4 under one code, whose name is the file's."""
    codes = [{"feature": ["income", "debt"], "code": "AB1", "text": "Debt in relation to income"}]
    why, _ = told(*small(), codes)
    (only,) = why(3)
    assert (only.code, only.part, only.share) == ("AB1", pytest.approx(-4), 1.0)
    assert set(only.features) == {"income", "debt"}
    assert not only.draft


def test_one_row_or_several() -> None:
    """A number gives a tuple of reasons, a sequence a tuple of tuples, in the order asked."""
    why, _ = told(*small())
    assert why([3, 2]) == (why(3), why(2))
    assert why(np.array([2]), n=1) == (why(2)[:1],)
    assert why([]) == ()


@pytest.mark.parametrize(
    ("rows", "n", "code"),
    [
        ([2, 0, 1], 4, "EXP207"),
        (0, 4, "EXP207"),
        (4, 4, "EXP208"),
        (-1, 4, "EXP208"),
        (1.5, 4, "EXP208"),
        ("2", 4, "EXP208"),
        (True, 4, "EXP208"),
        ([[1], [1, 2]], 4, "EXP208"),
        (2, 5, "EXP210"),
        (2, 0, "EXP210"),
    ],
)
def test_rows_without_reasons_are_refused(rows: Any, n: int, code: str) -> None:
    """Approved rows are listed; what is no row number, and more than four reasons, are named."""
    why, _ = told(*small())
    with pytest.raises(audit.InputError) as caught:
        why(rows, n=n)
    assert caught.value.code == code
    if rows == [2, 0, 1]:
        assert "rows 0, 1" in str(caught.value)
        assert caught.value.count == 2


def test_no_decision_rule() -> None:
    """EXP209: who was denied must be known; it is said in the explanation and on asking."""
    frame = applicants(200)
    model = LogisticRegression(max_iter=2000).fit(frame[NUMBERS], frame["default"])
    found = audit.explain(model, audit.read(frame, features=NUMBERS, **ROLES))
    assert "EXP209" in next(u.reason for u in found.unavailable if u.part == "reasons")
    assert found.reasons is not None
    with pytest.raises(audit.InputError, match="EXP209"):
        found.reasons(0)


# --- a reason that is known -----------------------------------------------------------------


def planted(rows: int = 400) -> Any:
    """Only late payments and, less, income enter the score; age and noise do not."""
    frame = applicants(rows).assign(noise=np.random.default_rng(1).normal(size=rows))
    points = 5 - 3.0 * frame["late"] + 0.01 * np.minimum(frame["income"], 5)
    frame["score"] = points / 10 + 0.45  # within [0, 1]
    features = ["age", "noise", "late", "income"]
    table = audit.read(frame, features=features, score="score", cutoff=0.45, **ROLES)
    return table, frame


def test_a_planted_reason_is_found() -> None:
    """Everyone denied was late: the first reason is that, and idle features are never named."""
    table, _ = planted()

    def model(rows: Any) -> Any:
        return (5 - 3.0 * rows["late"] + 0.01 * np.minimum(rows["income"], 5)).to_numpy()

    why, found = told(model, table, returns=0)
    assert why.route.method == "exact SHAP"
    every = why(why.denied)
    assert {r[0].feature for r in every} == {"late"}
    assert all(r[0].when == "high" for r in every)
    assert {x.feature for r in every for x in r} <= {"late", "income"}
    audited = reason_audit.audit_reasons(why, found)
    overall = audited["stability"][0]
    assert (overall["attribute"], overall["first"]) == ([], 1.0)
    assert {a["method"]: a["first"] for a in audited["agreement"] if not a["attribute"]} == {
        "all applicants": 1.0,
        "approved nearest the line": 1.0,
        "one feature at a time": 1.0,
    }
    assert audited["faithfulness"][0]["turned"] == 1.0


def test_a_sampled_reason_does_not_depend_on_who_else_asks() -> None:
    """What is drawn for an applicant is the applicant's own."""
    wide = [f"x{i}" for i in range(9)]
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 9)), columns=wide)
    frame["sex"], frame["paid"] = ["f", "m"] * 40, [0, 1] * 40
    frame["score"] = 1 / (1 + np.exp(-frame[wide].sum(axis=1)))
    table = audit.read(
        frame, protected="sex", outcome="paid", favorable=1, score="score", cutoff=0.5,
        features=wide,
    )  # fmt: skip
    why, found = told(lambda rows: rows.sum(axis=1).to_numpy() ** 3, table, returns=1)
    assert why.route.method == "permutation SHAP (sampled)"
    some = why.denied[:3].tolist()
    assert why(some)[2] == why(some[2])
    assert why(some[0])[0].flag is not None  # "X3" tells nothing
    audited = reason_audit.audit_reasons(why, found)
    assert audited["refused"]
    assert not audited["unavailable"]


# --- every way to explain -------------------------------------------------------------------

MODELS = {
    "linear": (LogisticRegression(max_iter=2000), NUMBERS, None),
    "forest": (RandomForestClassifier(20, max_depth=4, random_state=0), NUMBERS, None),
    "boosted": (HistGradientBoostingClassifier(max_iter=20, random_state=0), NUMBERS, None),
    "path": (
        HistGradientBoostingClassifier(max_iter=20, random_state=0),
        NUMBERS,
        "path-dependent tree SHAP",
    ),
    "native": (
        HistGradientBoostingClassifier(
            max_iter=20, random_state=0, categorical_features="from_dtype"
        ),
        NATIVE,
        None,
    ),
    "pipeline": (
        make_pipeline(
            make_column_transformer(
                (OneHotEncoder(handle_unknown="ignore"), ["job"]), remainder="passthrough"
            ),
            LogisticRegression(max_iter=2000),
        ),
        MIXED,
        None,
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_every_way_adds_up_and_is_audited(name: str) -> None:
    """Parts sum to score less the approved mean; named features move the score, others less."""
    model, features, method = MODELS[name]
    model, table, frame = decided(600, features, model)
    why, found = told(model, table, method=method)
    values = why.values(why.denied, why.baseline)
    scores = why.route.scores
    assert values.sum(axis=1) == pytest.approx(
        scores[why.denied] - scores[why.baseline.rows].mean(), abs=1e-9
    )
    audited = reason_audit.audit_reasons(why, found)
    assert audited["unavailable"] == []
    assert audited["denied"] == audited["rows"] == int((frame["pd"] >= table.roles.cutoff).sum())
    faithful = audited["faithfulness"][0]
    assert faithful["low"] > 0
    assert faithful["gain"] > faithful["random_gain"]
    json.dumps(audited)  # plain values
    reasons_ = why(why.denied[:20])
    for own in reasons_:
        assert 1 <= len(own) <= 4
        assert [r.part for r in own] == sorted(r.part for r in own)
        assert all(r.part < 0 and 0 < r.share <= 1 for r in own)
        assert len({f for r in own for f in r.features}) == sum(len(r.features) for r in own)


def test_faithfulness_on_real_applicants() -> None:
    """German Credit: moving the named features raises the score more often than moving others."""
    data = audit.datasets.load("german_credit")
    features = ["status", "duration", "credit_history", "amount", "savings", "employment_since"]
    frame = data.frame.copy()
    texts = [c for c in features if c not in ("duration", "amount")]
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(), texts), remainder="passthrough"),
        RandomForestClassifier(30, max_depth=5, random_state=0),
    ).fit(frame[features][:600], frame["class"][:600])
    bad = list(model.classes_).index("bad")
    frame["pd"] = model.predict_proba(frame[features])[:, bad]
    table = audit.read(
        frame, features=features, **{**data.roles, "risk": "pd", "approval_rate": 0.7}
    )
    why, found = told(model, table, "german_credit")
    audited = reason_audit.audit_reasons(why, found)
    for entry in audited["faithfulness"]:
        assert entry["improved"] > entry["random"]
        assert entry["low"] > 0
    assert all(e["share"] > 0.5 for e in audited["actionable"])
    assert {c["code"] for c in audited["codes"]} <= {r.code for r in why.codes.reasons}
    shares = {e["code"]: e["any"] for e in audited["by_group"][0]["reasons"]}
    given = why(why.denied)
    by_hand = np.mean([any(r.code == "AM1" for r in own) for own in given])
    assert shares["AM1"] == pytest.approx(by_hand)


def test_frequencies_by_group_are_counts() -> None:
    """First and any shares of women are those counted from their own reasons, with Wilson."""
    model, table, frame = decided(model=LogisticRegression(max_iter=2000))
    why, found = told(model, table)
    audited = reason_audit.audit_reasons(why, found)
    women = [r for r in why.denied.tolist() if frame["sex"][r] == "f"]
    own = [why(r) for r in women]
    entry = next(e for e in audited["by_group"] if e["group"] == ["f"])
    assert (entry["denied"], entry["without"]) == (len(women), sum(not r for r in own))
    for told_ in entry["reasons"]:
        x = sum(bool(r) and r[0].code == told_["code"] for r in own)
        n = sum(bool(r) for r in own)
        assert told_["first"] == pytest.approx(x / n)
        low, high = audit.inference.rate_interval(x, n)
        assert (told_["first_low"], told_["first_high"]) == pytest.approx((low, high))
    assert all(d["p_adjusted"] >= d["p_value"] for d in audited["differences"])
    assert {tuple(d["reference"]) for d in audited["differences"]} == {("m",)}


def test_kept_counts_shared_reasons() -> None:
    """Overlap is over the larger number given; without any reason there is nothing to keep."""
    found = kept(np.array([[0, 1], [2, -1], [-1, -1]]), np.array([[1, 0], [3, -1], [-1, -1]]))
    assert found.overlap.tolist()[:2] == [1.0, 0.0]
    assert found.first.tolist()[:2] == [0.0, 0.0]
    assert math.isnan(found.first[2])


# --- protected attributes -------------------------------------------------------------------


def test_a_protected_attribute_is_flagged_never_worded() -> None:
    """Where age itself lowers the score, the reason says so, is flagged, and is audited."""
    model, table, _ = decided(protected=["sex", "age"], bins={"age": [40]})
    why, found = told(model, table)
    flagged = [r for own in why(why.denied) for r in own if r.feature == "age"]
    assert flagged
    assert {r.code for r in flagged} == {"PROTECTED: age"}
    assert all(r.flag and r.text == "age itself lowers the score" for r in flagged)
    audited = reason_audit.audit_reasons(why, found)
    (entry,) = audited["protected"]
    assert (entry["feature"], entry["any"]) == ("age", len(flagged))
    assert any("age itself" in note for note in audited["notes"])
    codes = [{"feature": "age", "code": "AG1", "text": "Length of credit life"}]
    with pytest.raises(audit.InputError, match="EXP205"):
        told(model, table, codes)
    codes[0]["permitted"] = "validated system, 12 CFR 1002.6(b)(2)"
    with pytest.warns(audit.DataWarning, match="EXP220"):
        why, _ = told(model, table, codes)
    assert {r.flag for own in why(why.denied) for r in own if r.code == "AG1"} == {None}


def test_a_near_copy_is_flagged() -> None:
    """A column that all but repeats sex is no reason either."""
    frame = applicants(400)
    frame["title"] = (frame["sex"] == "f").astype(float)
    features = ["income", "title"]
    model = LogisticRegression(max_iter=2000).fit(frame[features], frame["default"])
    model.coef_[:], model.intercept_[:] = [[-0.5, 3.0]], 0.0
    frame["pd"] = model.predict_proba(frame[features])[:, 1]
    table = audit.read(frame, features=features, risk="pd", approval_rate=0.6, **ROLES)
    found = audit.explain(model, table)
    assert found.reasons is not None
    flags = {r.flag for own in found.reasons(found.reasons.denied) for r in own}
    assert any(f and "title, which nearly tells sex" in f for f in flags)
    assert found.more["reasons"]["protected"][0]["feature"] == "title"
    assert found.to_dict()["more"]["reasons"]["rows"] == len(found.reasons.denied)


# --- reason codes ---------------------------------------------------------------------------

VAGUE = [
    "Internal standards",
    "Our internal policies",
    "Does not meet our lending criteria",
    "You failed to achieve a qualifying score",
    "Applicant did not reach a passing score on our credit scoring system",
    "Insufficient credit score",
    "Score too low",
    "Risk model",
    "Too risky",
    "Other",
    "Other factors",
    "N/A",
    "Proprietary algorithm",
    "Profile",
    "Purchasing history",
    "Variable 12",
]
SPECIFIC = [
    "Length of employment",
    "Income insufficient for amount of credit requested",
    "Excessive obligations in relation to income",
    "Unable to verify employment",
    "Limited credit experience",
    "Number of recent inquiries on credit bureau report",
    "Value or type of collateral not sufficient",
    "Bankruptcy",
    "Delinquent past or present credit obligations with others",
    "Income is below our minimum requirement",
    "Credit application incomplete",
]
"""Kinds of reasons of Regulation B's sample forms C-1 and C-2 (12 CFR 1002, appendix C)."""


@pytest.mark.parametrize("text", VAGUE)
def test_vague_texts_are_refused(text: str) -> None:
    """EXP201 names the row, as 12 CFR 1002.9(b)(2) does not accept such a statement."""
    with pytest.raises(audit.InputError, match="reason 2") as caught:
        audit.reason_codes(
            [
                {"feature": "b", "code": "B", "text": "Recent late payments"},
                {"feature": "a", "code": "A", "text": text},
            ]
        )
    assert caught.value.code == "EXP201"


@pytest.mark.parametrize("text", SPECIFIC)
def test_specific_texts_pass(text: str) -> None:
    """What the sample forms say is specific is not refused."""
    assert audit.reason_codes([{"feature": "a", "code": "A", "text": text}]).reasons


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"text": ""}, "EXP202"),
        ({"text": "x" * 121}, "EXP202"),
        ({"text": 3}, "EXP202"),
        ({"feature": []}, "EXP202"),
        ({"code": " "}, "EXP202"),
        ({"code": "c" * 21}, "EXP202"),
        ({"when": "higher"}, "EXP206"),
        ({"when": "high", "values": [1]}, "EXP206"),
        ({"actionable": "perhaps"}, "EXP206"),
        ({"txt": "a"}, "EXP206"),
        ({"text": "Marital status"}, "EXP205"),
    ],
)
def test_faults_of_a_reason_are_named(change: Any, code: str) -> None:
    """Empty, long, unknown and prohibited: each with its code and the row's number."""
    row = {"feature": "late", "code": "PH1", "text": "Recent late payments", **change}
    with pytest.raises(audit.InputError, match="reason 1") as caught:
        audit.reason_codes([row])
    assert caught.value.code == code
    assert caught.value.fix


@pytest.mark.parametrize(
    "second",
    [
        {"feature": "b", "code": "A", "text": "Another text"},
        {"feature": "b", "code": "B", "text": "recent late payments"},
        {"feature": "a", "code": "B", "text": "Another text"},
    ],
)
def test_doubles_are_refused(second: Any) -> None:
    """One code has one text, one text one code, one value one reason."""
    first = {"feature": "a", "code": "A", "text": "Recent late payments"}
    with pytest.raises(audit.InputError, match="EXP203"):
        audit.reason_codes([first, second])


def test_codes_for_what_is_not_scored() -> None:
    """EXP204 for a feature the model does not have, before anything is explained."""
    model, table, _ = decided(200)
    codes = [{"feature": "incme", "code": "A", "text": "Income"}]
    with pytest.raises(audit.InputError, match="'income'") as caught:
        audit.explain(model, table, reason_codes=codes)
    assert caught.value.code == "EXP204"


def test_the_file_that_is_written_is_read(tmp_path: Path) -> None:
    """A draft is saved, edited and read; the same reasons in TOML and CSV are the same."""
    model, table, _ = decided(200)
    why, _ = told(model, table)
    path = why.codes.save(tmp_path / "codes.toml")
    assert audit.reason_codes(path).reasons == why.codes.reasons
    with pytest.raises(audit.InputError, match="EXP200"):
        why.codes.save(path)
    rows = "feature,when,values,code,text,actionable\nincome,low,,IN1,Income,true\nlate,,2|3,PH1,"
    csv = tmp_path / "codes.csv"
    csv.write_text("\ufeff" + rows + '"Late ""again"""\n', encoding="utf-8")
    codes = audit.reason_codes(csv)
    assert codes.find("late", "high", 3).text == 'Late "again"'  # type: ignore[union-attr]
    assert codes.find("late", "high", 1) is None
    again = tmp_path / "again.toml"
    codes.save(again)
    assert audit.reason_codes(again).reasons == codes.reasons


@pytest.mark.parametrize("text", ["reason = 3", "reason = [[", "raeson = []", 'draft = "yes"'])
def test_files_that_are_none(tmp_path: Path, text: str) -> None:
    """A file that cannot be read is refused, never a traceback."""
    path = tmp_path / "codes.toml"
    path.write_text(text)
    with pytest.raises(audit.InputError) as caught:
        audit.reason_codes(path)
    assert caught.value.code in ("EXP200", "EXP206")
    for wrong in (tmp_path / "none.toml", tmp_path, "no_starter", 3):
        with pytest.raises(audit.InputError, match="EXP200"):
            audit.reason_codes(wrong)  # type: ignore[arg-type]


def test_starters_fit_their_data() -> None:
    """Every feature of a starter is a column, and none is a protected attribute."""
    for name in ("german_credit", "taiwan_credit", "boston_mortgages"):
        data, codes = audit.datasets.load(name), audit.reason_codes(name)
        assert set(codes.features) <= set(data.frame.columns)
        assert not set(codes.features) & {*data.roles["protected"], "sex", "male", "married"}
        assert all(r.draft and r.actionable is not None for r in codes.reasons)


def test_directions_and_missing_values() -> None:
    """High, low, missing and other pick their own texts; a value's own text goes first."""
    frame = applicants(600)
    frame.loc[::5, "income"] = np.nan
    model = HistGradientBoostingClassifier(max_iter=20, random_state=0)
    model.fit(frame[NUMBERS], frame["default"])
    frame["pd"] = model.predict_proba(frame[NUMBERS])[:, 1]
    table = audit.read(frame, features=NUMBERS, risk="pd", approval_rate=0.6, **ROLES)
    codes = [
        {"feature": "income", "when": "missing", "code": "IN0", "text": "Income is not stated"},
        {"feature": "income", "code": "IN1", "text": "Income for the amount"},
        {"feature": "late", "values": [3], "code": "PH3", "text": "Three late payments"},
        {"feature": "late", "code": "PH1", "text": "Late payments"},
        {"feature": "age", "code": "AA1", "text": "Length of the account"},
    ]
    why, _ = told(model, table, codes)
    for row, own in zip(why.denied.tolist(), why(why.denied), strict=True):
        for r in own:
            if r.feature == "income":
                assert (r.code == "IN0") == math.isnan(frame["income"][row]) == (r.value is None)
            if r.feature == "late":
                assert (r.code == "PH3") == (frame["late"][row] == 3)
    assert {r.code for own in why(why.denied) for r in own} >= {"IN0", "IN1", "PH3"}


def test_polars_gives_what_pandas_gives() -> None:
    """Reasons do not depend on the kind of frame."""
    pl = pytest.importorskip("polars")
    _, frame = planted(200)

    def model(rows: Any) -> Any:
        return 5 - 3.0 * np.asarray(rows["late"]) + np.asarray(rows["age"]) * 0.01

    features = ["age", "late"]
    roles = {**ROLES, "score": "score", "cutoff": 0.45, "features": features}
    kept_ = [*features, "sex", "score", "default"]
    one, _ = told(model, audit.read(frame[kept_], **roles), returns=0)
    other, found = told(model, audit.read(pl.from_pandas(frame[kept_]), **roles), returns=0)
    assert one(one.denied) == other(other.denied)
    assert reason_audit.audit_reasons(other, found)["denied"] == len(one.denied)


def test_a_reason_is_a_record() -> None:
    """Reasons compare by value and hold plain values."""
    one = Reason(code="A", feature="a", text="Late payments", share=0.5)
    assert one == Reason(code="A", feature="a", text="Late payments", share=0.5)


# --- laws -----------------------------------------------------------------------------------

SAID = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=3, max_size=20)


@given(SAID, SAID, st.lists(st.one_of(SAID, st.integers(-9, 9)), max_size=3))
def test_any_words_survive_the_file(feature: str, words: str, values: list[Any]) -> None:
    """Quotes, backslashes and marks of any script come back as they were."""
    rows = [{"feature": [feature], "code": "A1", "text": words, "values": values}]
    assume(reason_words.problem_of(" ".join(words.split())) is None)
    assume(len(set(map(repr, values))) == len(values))
    codes = audit.reason_codes(rows)
    with tempfile.TemporaryDirectory() as folder:
        path = codes.save(Path(folder) / "codes.toml")
        assert audit.reason_codes(path).reasons == codes.reasons


@given(
    hnp.arrays(np.float64, (5, 4), elements=st.integers(-3, 3).map(float)),
    hnp.arrays(np.int64, (5, 4), elements=st.integers(0, 2)),
)
def test_ranked_takes_the_most_harmful(values: Any, of: Any) -> None:
    """No reason left out lowers the score more than one that is given, and none raises it."""
    entries = tuple(
        reason_codes.ReasonCode(feature=f, code=f, text=f"About {f}") for f in ("a", "b", "c")
    )
    coded = reasons.Coded(entries=entries, flags=(None,) * 3, of=of, when=of)
    chosen, net = reasons.ranked(coded, values, 2)
    for i in range(5):
        total = [values[i][of[i] == e].sum() for e in range(3)]
        assert net[i].tolist() == total
        given_ = [e for e in chosen[i].tolist() if e >= 0]
        assert all(total[e] < 0 for e in given_)
        left = [total[e] for e in range(3) if e not in given_ and total[e] < 0]
        assert len(given_) == min(2, sum(x < 0 for x in total))
        assert not left or min(left) >= max(total[e] for e in given_)


def test_what_was_not_looked_for_is_said() -> None:
    """Without proxies nobody knows which features nearly tell a protected attribute."""
    model, table, _ = decided(200)
    why, found = told(model, table)
    audited = reason_audit.audit_reasons(replace(why, copies_known=False), found)
    assert any("near-copies" in note for note in audited["notes"])


def test_nobody_denied() -> None:
    """EXP209 where there is nobody to give reasons to, or nobody to compare with."""
    frame = applicants(100).assign(decision=1)
    model = LogisticRegression(max_iter=2000).fit(frame[NUMBERS], frame["default"])
    for value, who in ((1, "denied"), (0, "approved")):
        roles = {
            **ROLES,
            "favorable": {"outcome": 0, "decision": 1},
            "unfavorable": {"decision": 0},
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", audit.DataWarning)
            table = audit.read(
                frame.assign(decision=value), decision="decision", features=NUMBERS, **roles
            )
        with pytest.raises(audit.InputError, match=f"nobody was {who}"):
            told(model, table)
