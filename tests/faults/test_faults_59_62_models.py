"""Models, faults 59-62, as far as they exist; docs/faults.md lists what is not there yet."""

from __future__ import annotations

import hashlib
import json
import pickle
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import audit
from audit.table.patience import patience
from faults.doors import command, estimate, refused, told

N = 100
FRAME = pd.DataFrame(
    {
        "g": ["f"] * 40 + ["m"] * 60,
        "x": [0.9] * 15 + [0.1] * 25 + [0.9] * 45 + [0.1] * 15,
        "defaulted": ([0, 0, 1] * 34)[:N],
    }
)
ROLES: dict[str, Any] = {
    "protected": "g", "outcome": "defaulted", "favorable": 0, "features": ["x"],
}  # fmt: skip


class Model:
    """Says that x is the chance of repaying; `classes` may stand in any order."""

    def __init__(self, classes: tuple[Any, ...] = (0, 1), answer: Any = None) -> None:
        self.classes_ = np.array(classes)
        self.answer = answer

    def predict_proba(self, rows: Any) -> Any:
        if self.answer is not None:
            return self.answer(rows)
        good = rows["x"].to_numpy()
        first = self.classes_[0] in (0, "good")
        return np.column_stack([good, 1 - good] if first else [1 - good, good])

    def predict(self, rows: Any) -> Any:
        return self.classes_[self.predict_proba(rows).argmax(axis=1)]


def run(model: Any, frame: Any = FRAME, **more: Any) -> audit.Audit:
    return audit.run(frame, model=model, **{**ROLES, "cutoff": 0.5, **more})


class Bomb:
    """Would make a file while it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("name", ["m.pkl", "m.joblib", "m.skops", "m.onnx"])
def test_fault_59_a_pickle_is_refused_unread(tmp_path: Path, capsys: Any, name: str) -> None:
    """Whatever its name; exit 2, and nothing in it has run."""
    made = tmp_path / "made"
    (tmp_path / name).write_bytes(pickle.dumps(Bomb(made)))
    FRAME.to_csv(tmp_path / "loans.csv", index=False)
    code = command(
        "run", tmp_path / "loans.csv", "--model", tmp_path / name, "--features", "x",
        "--protected", "g", "--outcome", "defaulted", "--favorable", "outcome=0",
        "--cutoff", "0.5",
    )  # fmt: skip
    said = capsys.readouterr().err
    assert code == 2
    assert "TBL141" in said
    assert "Traceback" not in said
    assert not made.exists()


def _run_file(folder: Path, model: Path, *words: object) -> int:
    FRAME.to_csv(folder / "loans.csv", index=False)
    return command(
        "run", folder / "loans.csv", "--model", model, "--features", "x", "--protected", "g",
        "--outcome", "defaulted", "--favorable", "outcome=0", "--cutoff", "0.5", *words,
    )  # fmt: skip


def _logit() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression().fit(FRAME[["x"]], FRAME["defaulted"])


@pytest.mark.parametrize("kind", ["pickle", "joblib"])
def test_fault_59_a_pickle_is_loaded_where_its_sha256_is_given(
    tmp_path: Path, capsys: Any, kind: str
) -> None:
    """Opting in names the file by what it holds."""
    import joblib

    file = tmp_path / f"m.{kind}"
    if kind == "pickle":
        file.write_bytes(pickle.dumps(_logit()))
    else:
        joblib.dump(_logit(), file, compress=3)
    code = _run_file(
        tmp_path, file, "--fail-on", "never", "--allow-pickle",
        hashlib.sha256(file.read_bytes()).hexdigest().upper(),
    )  # fmt: skip
    assert code == 0, capsys.readouterr().err


@pytest.mark.parametrize("said", ["0" * 64, "abc", ""], ids=["another", "short", "empty"])
def test_fault_59_a_pickle_with_another_sha256_is_refused_unread(
    tmp_path: Path, capsys: Any, said: str
) -> None:
    """What was vouched for and what is there are both named, and never the whole of the latter."""
    made, file = tmp_path / "made", tmp_path / "m.pkl"
    file.write_bytes(pickle.dumps(Bomb(made)))
    own = hashlib.sha256(file.read_bytes()).hexdigest()
    assert _run_file(tmp_path, file, "--allow-pickle", said) == 2
    text = capsys.readouterr().err
    assert "TBL141" in text
    assert own not in text
    assert (own[:12] in text and said[:12] in text) == (len(said) == 64)
    assert not made.exists()


def test_fault_59_allowing_a_pickle_means_nothing_elsewhere(tmp_path: Path, capsys: Any) -> None:
    import skops.io

    skops.io.dump(_logit(), tmp_path / "m.skops")
    assert _run_file(tmp_path, tmp_path / "m.skops", "--allow-pickle", "0" * 64) == 2
    assert "no pickle" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("limit", "value", "says"),
    [("MEMORY", 2**20, "memory"), ("SECONDS", 0.01, "0.01 seconds")],
)
def test_fault_59_a_model_that_takes_too_much_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: float, says: str
) -> None:
    """In a child process: neither the memory nor the time is the audit's."""
    import skops.io

    from audit.table import model_trial
    from audit.table.model_file import load_model

    large = _logit()
    large.coef_ = np.zeros((1, 5_000_000))
    skops.io.dump(large, tmp_path / "m.skops")
    monkeypatch.setattr(model_trial, limit, value)
    error = refused(lambda: load_model(tmp_path / "m.skops"), "m.skops", says, argument="model")
    assert error.code == "TBL146"


def test_fault_59_a_file_that_ends_its_process_ends_no_audit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import skops.io

    from audit.table import model_trial
    from audit.table.model_file import load_model

    skops.io.dump(_logit(), tmp_path / "m.skops")
    monkeypatch.setattr(model_trial, "_ALONE", "import os; os.kill(os.getpid(), 9)")
    error = refused(lambda: load_model(tmp_path / "m.skops"), "m.skops", "signal 9")
    assert error.code == "TBL146"


def test_fault_59_a_skops_file_is_tried_in_a_child_process(tmp_path: Path, capsys: Any) -> None:
    """And then loaded here, with the answers of the model that was saved."""
    import skops.io

    from audit.table.model_file import load_model

    skops.io.dump(_logit(), tmp_path / "m.skops")
    again = load_model(tmp_path / "m.skops")
    np.testing.assert_array_equal(
        again.predict_proba(FRAME[["x"]]), _logit().predict_proba(FRAME[["x"]])
    )
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "verb"),
    [("m.txt", "run"), ("m.lgb", "explain"), ("m.ubj", "run"), ("m.json", "explain")],
)
def test_fault_59_a_boosters_own_file_decides_as_the_booster(
    tmp_path: Path, name: str, verb: str, capsys: Any
) -> None:
    """LightGBM's and XGBoost's files hold no code; which outcome they speak of must be said."""
    file = tmp_path / name
    if name in ("m.txt", "m.lgb"):
        lightgbm = pytest.importorskip("lightgbm")
        made = lightgbm.train(
            {"objective": "binary", "verbose": -1, "min_data_in_leaf": 5, "num_threads": 1},
            lightgbm.Dataset(FRAME[["x"]], FRAME["defaulted"]), 5,
        )  # fmt: skip
        made.save_model(file)
        risk = made.predict(FRAME[["x"]])
    else:
        xgboost = pytest.importorskip("xgboost")
        rows = xgboost.DMatrix(FRAME[["x"]], FRAME["defaulted"])
        booster = xgboost.train({"objective": "binary:logistic", "nthread": 1}, rows, 5)
        file.write_bytes(booster.save_raw("json" if name == "m.json" else "ubj"))
        risk = booster.predict(rows)
    cut = float(np.mean([risk.min(), risk.max()]))
    FRAME.to_csv(tmp_path / "loans.csv", index=False)
    words = [
        verb, tmp_path / "loans.csv", "--model", file, "--features", "x", "--protected", "g",
        "--outcome", "defaulted", "--favorable", "outcome=0", "--cutoff", cut,
        "-o", tmp_path / "r.json",
    ]  # fmt: skip
    if verb == "run":
        assert command(*words) == 2
        assert "returns" in capsys.readouterr().err
        words += ["--fail-on", "never"]
    assert command(*words, "--returns", "1") == 0, capsys.readouterr().err
    rate = float((risk[:40] < cut).mean())
    told = json.loads((tmp_path / "r.json").read_text())["estimates"]
    found = [dict(zip(told["columns"], row, strict=True)) for row in told["rows"]]
    own = [r for r in found if r["metric"] == "selection_rate" and r["group"] == ["f"]]
    assert own[0]["value"] == pytest.approx(rate, abs=1e-12)


@pytest.mark.parametrize("name", ["m.txt", "m.json", "m.ubj", "m.skops", "m.onnx"])
@pytest.mark.parametrize("content", [b"", b"tree\n", b"{}", b"\xff\xfe\x00"], ids=repr)
def test_fault_59_a_damaged_file_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    from audit.table.model_file import read_model

    library = {"txt": "lightgbm", "skops": "skops", "onnx": "onnxruntime"}
    pytest.importorskip(library.get(name.partition(".")[2], "xgboost"))
    (tmp_path / name).write_bytes(content)
    error = refused(lambda: read_model(tmp_path / name), name, argument="model")
    assert error.code == "TBL145"


def _raises(_: Any) -> Any:
    raise ZeroDivisionError("no")


def _mutates(rows: Any) -> Any:
    rows.iloc[0, 0] = -1.0
    return np.full((len(rows), 2), 0.5)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (_raises, "raised ZeroDivisionError"),
        (_mutates, "changed the rows"),
        (lambda rows: np.full((len(rows) - 1, 2), 0.5), "99 values for 100 rows"),
        (lambda rows: np.full((len(rows), 3), 0.3), "(100, 3)"),
        (lambda rows: np.full(len(rows), 0.5), "(100,)"),
        (lambda rows: np.full((len(rows), 2), np.nan), "not finite"),
        (lambda _: None, "values for 100 rows"),
        (lambda rows: [["a", "b"]] * len(rows), "number"),
    ],
    ids=["raises", "mutates", "length", "classes", "vector", "nan", "none", "text"],
)
def test_fault_60_a_model_that_misbehaves_is_named(answer: Any, says: str) -> None:
    before = FRAME.copy(deep=True)
    error = refused(lambda: run(Model(answer=answer)), "Model", says, argument="model")
    assert error.code.startswith("TBL12")
    pd.testing.assert_frame_equal(before, FRAME)


def test_fault_60_a_model_that_hangs_is_named() -> None:
    """Where a limit is set; without one a model in Python may take its time."""
    over = threading.Event()

    def hang(rows: Any) -> Any:
        over.wait(60)
        return np.full((len(rows), 2), 0.5)

    try:
        with patience(0.05):
            error = refused(lambda: run(Model(answer=hang)), "Model", "0.05 s", argument="model")
    finally:
        over.set()
    assert error.code == "TBL129"
    with patience(60):
        limited, _ = told(lambda: run(Model()))
        refused(lambda: run(Model(answer=_raises)), "raised ZeroDivisionError")
    assert limited.verdict == told(lambda: run(Model()))[0].verdict


def test_fault_60_a_model_from_a_file_that_hangs_ends_the_command(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2, no report, and the limit is said."""
    from audit.table import model_file

    over = threading.Event()
    slow = Model(answer=lambda rows: over.wait(60))
    monkeypatch.setattr(model_file, "load_model", lambda *_, **__: slow)
    report = tmp_path / "r.json"
    try:
        code = _run_file(tmp_path, tmp_path / "m.skops", "--model-seconds", "0.05", "-o", report)
    finally:
        over.set()
    said = capsys.readouterr().err
    assert code == 2
    assert "TBL129" in said
    assert "Model" in said
    assert not report.exists()
    assert _run_file(tmp_path, tmp_path / "m.skops", "--model-seconds", "0") == 2


@pytest.mark.parametrize("classes", [(0, 1), (1, 0), ("good", "bad"), ("bad", "good")], ids=str)
def test_fault_61_the_column_is_chosen_by_classes(classes: tuple[Any, ...]) -> None:
    """The same approvals whatever order or type the classes have."""
    frame, more = FRAME, {}
    if isinstance(classes[0], str):
        frame = FRAME.assign(defaulted=["bad" if v else "good" for v in FRAME["defaulted"]])
        more = {"favorable": "good"}
    result, _ = told(lambda: run(Model(classes), frame, **more))
    for group, rate in (("f", Fraction(15, 40)), ("m", Fraction(45, 60))):
        value = estimate(result, "selection_rate", (group,))["value"]
        assert value == pytest.approx(float(rate), abs=1e-12)


def test_fault_61_classes_that_do_not_hold_the_favourable_outcome_are_refused() -> None:
    refused(lambda: run(Model(("no", "yes"))), "no", "yes", argument="favorable")


def test_fault_62_an_audit_with_a_model_needs_no_explanation() -> None:
    """Without an explanation the audit is whole, and says what it did not look into."""
    result, _ = told(lambda: run(Model()))
    assert result.verdict in ("fail", "review", "insufficient", "pass")
    assert result.record.explanation is None


def test_fault_62_values_that_do_not_add_up_are_never_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Trees whose SHAP values miss the score are given up for a way that adds up."""
    from sklearn.ensemble import RandomForestClassifier

    from audit.explanation import trees

    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"sex": ["f", "m"] * 60, "x": rng.normal(size=120)})
    frame["paid"] = (frame["x"] + rng.normal(size=120) > 0).astype(int)
    model = RandomForestClassifier(5, max_depth=3, random_state=0).fit(frame[["x"]], frame["paid"])
    table = audit.read(frame, protected="sex", outcome="paid", favorable=1, features=["x"])
    own = trees.shap_values

    def wrong(*given: Any, **more: Any) -> Any:
        values, base = own(*given, **more)
        return values + 0.01, base

    monkeypatch.setattr(trees, "shap_values", wrong)
    found = audit.explain(model, table, thorough=False)
    assert "tree" not in found.method
    assert sum(a.value for a in found.attributions) == pytest.approx(found.gap, abs=1e-9)
    assert any("miss the score" in note for note in found.notes)
