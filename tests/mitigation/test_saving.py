"""A saved candidate decides as before, and nothing else is overwritten or trusted."""

import zipfile
from dataclasses import is_dataclass
from importlib import import_module
from inspect import isfunction
from pkgutil import iter_modules

import numpy as np
import pytest
import skops.io
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator, TransformerMixin, clone, is_classifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

import audit
from audit.errors import InputError
from audit.mitigation import repairing, resampling, unaware, weighing
from audit.mitigation.fitting import NotFittedError
from audit.mitigation.postprocessing import METHODS
from audit.mitigation.record import Candidate
from audit.mitigation.saving import made_by_audit, save
from audit.mitigation.task import baseline
from audit.table.model_file import OURS, read_model
from mitigation.lessons import ROLES, applicants, made, named_pipeline, task

CUTS = "threshold_optimizer_demographic_parity"
FAST = (
    *unaware.METHODS, *weighing.METHODS, *resampling.METHODS, *repairing.METHODS, *METHODS,
)  # fmt: skip


def candidate(estimator, name="fair"):
    return Candidate(name=name, title=name, acts="after training", estimator=estimator)


@pytest.fixture(scope="module")
def fair():
    return made(METHODS, CUTS, task())[0]


def again(estimator, path):
    return read_model(save(candidate(estimator), path, force=True))


def same(one, two, frame):
    np.testing.assert_array_equal(one.predict(frame), two.predict(frame))
    np.testing.assert_array_equal(one.predict_proba(frame), two.predict_proba(frame))
    np.testing.assert_array_equal(one.approval_chances(frame), two.approval_chances(frame))
    assert tuple(one.columns) == tuple(two.columns)
    assert one.decides_by == two.decides_by


@pytest.mark.parametrize("key", [m.key for m in FAST])
def test_every_method_that_gives_a_model_can_be_saved(tmp_path, key):
    own = task(applicants(400), features=("income", "debts", "home", "sex"))
    try:
        decider, _ = made(FAST, key, own)
    except NotFittedError as reason:
        pytest.skip(str(reason))
    same(again(decider, tmp_path / "m.skops"), decider, applicants(200, seed=8))


@pytest.mark.slow
def test_methods_in_training_can_be_saved_too(tmp_path):
    """All of the catalogue; what skops cannot hold is refused by a code that says so."""
    from audit.mitigation.methods import catalogue

    refused = set()
    for method in catalogue():
        if method.acts != "in training":
            continue
        try:
            decider, _ = method.make(task(applicants(400)))
            same(again(decider, tmp_path / "m.skops"), decider, applicants(200, seed=8))
        except NotFittedError:
            continue
        except InputError as problem:
            refused.add(problem.code)
    assert refused <= {"MIT455"}


@pytest.mark.parametrize(
    "estimator",
    [
        named_pipeline(),
        HistGradientBoostingClassifier(max_iter=10),
        LGBMClassifier(n_estimators=10, n_jobs=1, verbose=-1),
    ],
)
def test_models_of_several_libraries_come_back_as_they_were(tmp_path, estimator):
    with threadpool_limits(1):
        own = task(applicants(400), estimator, approve=0.5)
        for decider in (
            baseline(own)[0],
            made(METHODS, "threshold_optimizer_equalized_odds", own)[0],
        ):
            same(again(decider, tmp_path / "m.skops"), decider, applicants(200, seed=8))


def test_a_saved_model_decides_an_audit_by_its_own_cut_offs(tmp_path, fair):
    """The audit of the file is the audit of the object: `predict` decides, in a child's trial."""
    path = save(candidate(fair), tmp_path / "new" / "fair.skops")
    frame = applicants(400, seed=8).drop_duplicates(["sex", "income", "debts", "home", "repaid"])
    told = {**ROLES, "features": list(fair.columns)}
    one, two = (audit.run(frame, model=m, **told).to_dict() for m in (fair, str(path)))
    assert one == two
    approved = fair.decide(frame)
    assert abs(approved[frame.sex == "f"].mean() - approved[frame.sex == "m"].mean()) < 0.12


def test_the_model_of_an_audit_must_be_given_the_group_it_reads(fair):
    frame = applicants(100)
    with pytest.raises(InputError, match=r"TBL122.*no column 'sex'"):
        audit.run(frame, model=fair, **{**ROLES, "features": ["income", "debts", "home"]})
    with pytest.raises(InputError, match=r"TBL120.*'home', 'sex'"):
        audit.run(frame, model=fair, **ROLES)


def test_with_a_cut_off_the_score_decides_and_not_the_rule(fair):
    told = {**ROLES, "features": list(fair.columns)}
    table = audit.read(applicants(100), model=fair, cutoff=0.5, **told)
    assert table.roles.decided_by == "cutoff"


def test_an_explanation_says_that_decisions_read_the_group_beside_the_score(fair):
    frame = applicants(300)
    table = audit.read(frame, model=fair, **{**ROLES, "features": list(fair.columns)})
    found = audit.explain(fair, table, thorough=False)
    assert any("read sex beside it" in note for note in found.notes)
    assert sum(a.value for a in found.attributions) == pytest.approx(found.gap)
    (flipped,) = (t for t in found.treatment if t.attribute == "sex")
    assert any(f.changed for f in flipped.flips)  # the cut-offs are by sex


def test_scikit_learn_takes_it_for_a_fitted_classifier(fair):
    frame = applicants(300, seed=8)
    inputs, outcome = frame[list(fair.columns)], frame.repaid
    assert is_classifier(fair)
    assert clone(fair) is fair
    assert fair.score(inputs, outcome) == np.mean(fair.predict(inputs) == outcome)
    for scoring in ("accuracy", "roc_auc"):
        assert np.isfinite(cross_val_score(fair, inputs, outcome, cv=2, scoring=scoring)).all()
    weighty = permutation_importance(fair, inputs, outcome, n_repeats=2, random_state=0)
    assert weighty.importances_mean[0] > 0.01  # income


def test_a_file_of_ours_is_replaced_and_another_only_by_force(tmp_path, fair):
    path = tmp_path / "m.skops"
    save(candidate(fair), path)
    assert made_by_audit(path)
    save(candidate(fair), path)
    skops.io.dump(LogisticRegression(), path)
    assert not made_by_audit(path)
    kept = path.read_bytes()
    with pytest.raises(InputError, match="MIT453"):
        save(candidate(fair), path)
    assert path.read_bytes() == kept
    save(candidate(fair), path, force=True)
    assert made_by_audit(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip", None])
def test_what_only_looks_like_ours_is_not(tmp_path, fair, content):
    path = tmp_path / "m.skops"
    if content is None:
        with zipfile.ZipFile(path, "w") as held:
            held.writestr("schema.json", "[" * 100_000)
    else:
        path.write_bytes(content)
    assert not made_by_audit(path)
    with pytest.raises(InputError, match="MIT453"):
        save(candidate(fair), path)


def test_folders_links_and_other_endings_are_refused(tmp_path, fair):
    (tmp_path / "folder.skops").mkdir()
    with pytest.raises(InputError, match=r"MIT453.*folder"):
        save(candidate(fair), tmp_path / "folder.skops", force=True)
    real = save(candidate(fair), tmp_path / "real.skops")
    (tmp_path / "link.skops").symlink_to(real)
    with pytest.raises(InputError, match=r"MIT453.*link"):
        save(candidate(fair), tmp_path / "link.skops")
    for name in ("m.pkl", "m", ".skops", 3):
        with pytest.raises(InputError, match="MIT451"):
            save(candidate(fair), name if name == 3 else tmp_path / name)


def test_a_disk_that_fails_leaves_the_old_file(tmp_path, fair, monkeypatch):
    path = save(candidate(fair), tmp_path / "m.skops")
    kept = path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match=r"MIT457.*No space left"):
        save(candidate(fair), path)
    assert path.read_bytes() == kept
    assert [p.name for p in tmp_path.iterdir()] == ["m.skops"]


def test_a_candidate_of_a_report_has_no_estimator(tmp_path):
    with pytest.raises(InputError, match="MIT452"):
        save(candidate(None), tmp_path / "m.skops")


class Doubled(TransformerMixin, BaseEstimator):
    """A step of the caller's own."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X[["income"]] * 2


class Unsaved(Doubled):
    """One that holds what skops cannot."""

    def fit(self, X, y=None):
        self.handle_ = (i for i in ())
        return self


def test_a_step_of_the_callers_own_is_named_and_nothing_is_written(tmp_path):
    for step, code in ((Doubled(), "MIT456.*Doubled"), (Unsaved(), "MIT455")):
        own = task(applicants(200), make_pipeline(step, LogisticRegression()), approve=None)
        with pytest.raises(InputError, match=code):
            save(candidate(baseline(own)[0]), tmp_path / "m.skops")
    assert not list(tmp_path.iterdir())


def test_without_skops_the_install_is_named(tmp_path, fair, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "skops.io", None)
    with pytest.raises(InputError, match=r"MIT454.*evenhand\[models\]"):
        save(candidate(fair), tmp_path / "m.skops")


def test_names_trusted_are_classes_that_exist_and_no_functions():
    """What a file may name of this project's is a class of models; no function that writes."""
    for name in OURS:
        module, _, kind = name.rpartition(".")
        found = getattr(import_module(module), kind)
        assert isinstance(found, type)
        assert f"{found.__module__}.{found.__qualname__}" == name


def test_every_class_that_scores_decides_or_changes_inputs_is_trusted():
    """What a fitted candidate may hold can be read back; a new class cannot be forgotten."""
    import audit.mitigation
    from audit.mitigation.thresholding import AsScored

    does = ("scores", "approved", "transform", "codes", "predict_proba")
    found = set()
    for own in iter_modules(audit.mitigation.__path__, "audit.mitigation."):
        for kind in vars(import_module(own.name)).values():
            if not isinstance(kind, type) or kind.__module__ != own.name or is_dataclass(kind):
                continue
            if any(isfunction(vars(kind).get(name)) for name in does):
                found.add(f"{kind.__module__}.{kind.__qualname__}")
    stand_in = f"{AsScored.__module__}.{AsScored.__qualname__}"  # while a rule is found
    assert found == {*OURS, stand_in}


def test_a_function_of_this_project_is_not_trusted(tmp_path, fair):
    from sklearn.preprocessing import FunctionTransformer

    step = FunctionTransformer(save)
    skops.io.dump(make_pipeline(step, LogisticRegression()), tmp_path / "m.skops")
    with pytest.raises(InputError, match=r"TBL144.*audit\.mitigation\.saving\.save"):
        read_model(tmp_path / "m.skops")
