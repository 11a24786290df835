"""Public names that take neither rows nor arrays of decisions, fuzzed; and none is left out."""

from __future__ import annotations

import dataclasses
import inspect
import os
import random
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import audit
from audit import datasets, inference, metrics
from fuzz import test_entry_points
from fuzz.hostile import (
    NUMBERS,
    TEXTS,
    array,
    dressed,
    fuzz,
    quietly,
    roles,
    table,
    thing,
    vector,
)
from fuzz.test_entry_points import drop_ins

FUZZED = {
    "attach": "test_attach",
    "explain": "test_explain",
    "group_cutoffs": "test_cutoffs",
    "learning_curves": "test_learning_curves",
    "records_needed": "test_records_needed",
    "sweep_cutoffs": "test_cutoffs",
    "who_changes": "test_who_changes",
    "mitigate": "test_mitigate",
    "reweigh": "test_reweigh",
    "search_alternatives": "test_search_alternatives",
    "letter": "test_letters",
    "letter_template": "test_letters",
    "reason_codes": "test_reason_codes",
    "recourse": "test_recourse",
    "check_metric": "test_check_metric",
    "count": "test_count",
    "decompose": "test_decompose",
    "load": "test_load_and_load_tally_and_write",
    "load_tally": "test_load_and_load_tally_and_write",
    "merge": "test_merge",
    "power": "test_intervals_and_power",
    "read": "test_read",
    "regress": "test_regress",
    "run": "test_run",
    "write": "test_load_and_load_tally_and_write",
}
"""The test that fuzzes each public function of `audit`."""

RECORDS = ("Metric", "Rate", "Recommendation", "Share")
"""Records of `audit.metrics`: what is wrong in one is found by `check_metric`."""


def test_every_public_name_is_fuzzed() -> None:
    """A new public function comes with its fuzz test."""
    of_others = ("Audit", "DataWarning", "InputError", "UndefinedMetricWarning", "VerdictError")
    functions = {
        n for n in audit.__all__ if callable(getattr(audit, n)) and n not in of_others
    }  # `Audit` is what `run` returns; its views have a test of their own
    assert functions <= FUZZED.keys(), sorted(functions - FUZZED.keys())
    known = {**vars(test_entry_points), **globals()}
    assert all(test in known for test in FUZZED.values())
    of_metrics = {n for n in dir(metrics) if callable(getattr(metrics, n))}
    left = of_metrics - {*drop_ins(), *OF_METRICS, *RECORDS}
    assert not left, sorted(left)
    of_datasets = {n for n in datasets.__all__ if inspect.isfunction(getattr(datasets, n))}
    assert of_datasets == {*OF_DATASETS, "names"}


# --- audit.inference --------------------------------------------------------------------------

INTERVAL_METHODS = ("wilson", "katz", "newcombe", "miettinen-nurminen", "wald", "nope")


def _argument(r: random.Random, name: str, size: int) -> Any:
    """A value for an argument of this name: often a sensible one, else anything."""
    if r.random() < 0.15:
        return thing(r)
    if name in ("level", "alpha", "power"):
        return r.choice((0.95, 0.9, 0.5, r.choice(NUMBERS)))
    if name == "method":
        return r.choice(INTERVAL_METHODS)
    if name == "seed":
        return r.choice((0, 1, r.choice(NUMBERS)))
    if name.startswith("n"):
        return dressed(r, [9 + r.randrange(20) for _ in range(size)])
    if name.startswith("x"):
        return dressed(r, [r.randrange(10) for _ in range(size)])
    return array(r, size)


@pytest.mark.parametrize(
    "name", [n for n in inference.__all__ if inspect.isfunction(getattr(inference, n))]
)
def test_inference(name: str) -> None:
    """Whatever `audit.inference` offers, by the names of its arguments."""
    parameters = inspect.signature(getattr(inference, name)).parameters.values()

    def make(r: random.Random) -> Callable[[], object]:
        size = r.choice((0, 1, 2, 3, 5))
        told = {
            p.name: _argument(r, p.name, size)
            for p in parameters
            if p.default is p.empty or r.random() < 0.4
        }
        function = getattr(inference, name)
        return lambda: function(**told)

    fuzz(f"inference {name}", make)


# --- audit.metrics: people, choosing, the catalogue --------------------------------------------


class Lender:
    """A model of sorts."""

    def __init__(self, r: random.Random) -> None:
        """Answers that depend on the random source."""
        self.r = r
        self.classes_ = r.choice(([0, 1], ["bad", "good"], [1], None, 3))

    def predict(self, rows: Any) -> Any:
        """One answer a row, mostly."""
        return array(self.r, len(rows))

    def predict_proba(self, rows: Any) -> Any:
        """Two columns, mostly."""
        p = np.array([self.r.random() for _ in range(len(rows))])
        return self.r.choice((np.c_[p, 1 - p], p, np.c_[p, p], None))


def _people(r: random.Random, size: int) -> Any:
    values = {c: [r.random() for _ in range(size)] for c in "ab"}
    if r.random() < 0.5:
        values["g"] = [r.choice("fm") for _ in range(size)]  # type: ignore[misc]
    if r.random() < 0.3:
        values["c"] = vector(r, size)
    if r.random() < 0.1:
        return thing(r)
    frame = quietly(lambda: pd.DataFrame(values), pd.DataFrame({"a": values["a"]}))
    makers: tuple[Callable[[], Any], ...] = (
        lambda: frame,
        lambda: frame.to_numpy(),
        lambda: pl.DataFrame(values, strict=False),
        lambda: np.ma.masked_array(frame.to_numpy(), mask=r.random() < 0.1),
        lambda: frame.to_numpy().tolist(),
    )
    return quietly(r.choice(makers), values)


def _pool(r: random.Random) -> dict[str, Any]:
    size = r.choice((0, 1, 2, 8, 20))
    lender = r.choice((Lender(r), Lender(r).predict, thing(r)))
    known = r.choice((True, False, thing(r)))
    words = r.choice((*list(metrics.CATALOGUE)[:4], *TEXTS, thing(r)))
    groups = {r.choice(("g", None, ("a", None), 1.5, "\ud800", i)): 0.2 * i for i in range(4)}
    if r.random() < 0.5:
        groups = {"a": r.choice(NUMBERS), "b": thing(r)}
    return {
        "X": _people(r, size),
        "y_pred": array(r, size),
        "sensitive_features": dressed(r, [r.choice("fm") for _ in range(size)]),
        "protected": r.choice((None, "g", ["g"], thing(r))),
        "n_neighbors": r.choice((1, 5, 0, thing(r))),
        "scale": r.choice((True, False, thing(r))),
        "pos_label": r.choice((None, 1, thing(r))),
        "model": lender,
        "attribute": r.choice(("g", "a", 0, thing(r))),
        "values": r.choice((None, ["f", "x"], [0, 1], thing(r))),
        "cutoff": r.choice((None, 0.5, thing(r))),
        "favorable": r.choice((None, 1, "good", thing(r))),
        "level": r.choice((0.95, thing(r))),
        "reference": r.choice(("f", thing(r))),
        "group": r.choice((None, "m", thing(r))),
        "outcomes_known": known,
        "errors": r.choice((None, "both", "false_denials", thing(r))),
        "conditioning": known,
        "rule": r.choice((None, "us-credit", thing(r))),
        "scores": known,
        "base_rates": groups if r.random() < 0.9 else thing(r),
        "name": words,
        "words": words,
    }


OF_METRICS = ("check_metric", "choose", "consistency", "flip_rate", "flip_test", "get",
              "impossible", "search")  # fmt: skip


@pytest.mark.parametrize("name", [n for n in OF_METRICS if n != "check_metric"])
def test_metrics_of_people_and_words(name: str) -> None:
    function = getattr(metrics, name)
    parameters = inspect.signature(function).parameters.values()

    def make(r: random.Random) -> Callable[[], object]:
        pool = _pool(r)
        told = {
            p.name: pool.get(p.name, thing(r))
            for p in parameters
            if p.default is p.empty or r.random() < 0.4
        }
        return lambda: function(**told)

    fuzz(f"metrics {name}", make)


def test_check_metric() -> None:
    """An entry with a field that makes no sense is refused, and so is what is no entry."""
    entries = list(metrics.CATALOGUE.values())
    fields = [f.name for f in dataclasses.fields(metrics.Metric)]
    of_rates = [f.name for f in dataclasses.fields(metrics.Rate)]

    def make(r: random.Random) -> Callable[[], object]:
        entry = r.choice(entries)
        if r.random() < 0.1:
            return lambda: audit.check_metric(thing(r))
        if r.random() < 0.3 and entry.rates:
            odd = {r.choice(of_rates): thing(r)}
            rates = (dataclasses.replace(entry.rates[0], **odd), *entry.rates[1:])
            changed = dataclasses.replace(entry, rates=rates)
        else:
            changed = dataclasses.replace(entry, **{r.choice(fields): thing(r)})
        return lambda: audit.check_metric(changed)

    fuzz("check_metric", make)


# --- the others ---------------------------------------------------------------------------------


def test_regress() -> None:
    def make(r: random.Random) -> Callable[[], object]:
        source, told = table(r), roles(r)
        own: dict[str, Any] = {"controls": r.choice((["w"], ["h"], "w", (), ["zz"], thing(r)))}
        optional = {
            "amount": ({"s": "lower"}, "s", "zz", thing(r)),
            "categorical": (["h"], ["w"], thing(r)),
            "attribute": ("g", "zz", thing(r)),
            "errors": ("HC1", "HC3", "x", thing(r)),
            "level": (0.9, 2, thing(r)),
        }
        for name in r.sample(sorted(optional), r.choice((0, 1, 1, 2))):
            own[name] = r.choice(optional[name])
        own.setdefault("amount", {"s": "lower"})
        told = {k: v for k, v in told.items() if k not in own}
        if r.random() < 0.5:
            told = {"protected": "g"}
        return lambda: audit.regress(source, **told, **own)

    fuzz("regress", make)


def test_decompose() -> None:
    def make(r: random.Random) -> Callable[[], object]:
        source, told = table(r), roles(r)
        own: dict[str, Any] = {"controls": r.choice((["w"], ["h"], "w", (), ["zz"], thing(r)))}
        optional = {
            "categorical": (["h"], ["w"], thing(r)),
            "attribute": ("g", "zz", thing(r)),
            "group": (0, ("a",), thing(r), (thing(r),)),
            "column": ("s", "d", "y", "zz", thing(r)),
            "method": ("logit", "x", thing(r)),
            "level": (0.9, 2, thing(r)),
        }
        for name in r.sample(sorted(optional), r.choice((0, 1, 1, 2))):
            own[name] = r.choice(optional[name])
        if r.random() < 0.5:
            told = {"protected": "g", "amount": {"s": "lower"}}
        return lambda: audit.decompose(source, **told, **own)

    fuzz("decompose", make)


def test_cutoffs() -> None:
    """Sweeps, their points and views, and cut-offs by group."""

    def make(r: random.Random) -> Callable[[], object]:
        source, told = table(r), roles(r)
        if r.random() < 0.7:
            told = {"protected": "g", r.choice(("score", "risk")): "s", "outcome": "y"}
            told["favorable"] = r.choice((1, 1, thing(r)))
        optional = {
            "attribute": ("g", "zz", thing(r), (thing(r),)),
            "costs": ((1, 4), {"gain": 1, "loss": 2}, thing(r), (thing(r), thing(r))),
            "level": (0.9, 2, thing(r)),
        }
        swept, own = r.random() < 0.5, {"costs": (1, 4)}
        if swept:
            optional |= {"group": ("f", ("m",), thing(r)), "points": (2, 11, thing(r))}
        else:
            optional |= {"break_even": (0.8, thing(r))}
        for name in r.sample(sorted(optional), r.choice((0, 1, 1, 2))):
            own[name] = r.choice(optional[name])
        asked = r.choice((0.5 if swept else "single_cutoff", thing(r)))

        def call() -> object:
            if swept:
                found = audit.sweep_cutoffs(source, **told, **own)
                return found.to_dict(), found.to_frame(), found.summary(), found.at(asked)
            rules = audit.group_cutoffs(source, **told, **own)
            return rules.to_dict(), rules.to_frame(), rules.summary(), rules[asked]

        return call

    fuzz("cutoffs", make)


def test_who_changes() -> None:
    """Decisions of every kind, with the record's views and its rows."""

    def make(r: random.Random) -> Callable[[], object]:
        source, told = table(r), roles(r)
        size = r.choice((2, 5, 40, 80))
        given = [
            r.choice(("d", "y", "s", "zz", thing(r), vector(r, size),
                      dressed(r, [r.random() < 0.5 for _ in range(size)])))
            for _ in range(2)
        ]  # fmt: skip
        own = {}
        optional = {"attribute": ("g", ["g"], thing(r)), "level": (0.9, thing(r))}
        for name in r.sample(sorted(optional), r.choice((0, 0, 1, 2))):
            own[name] = r.choice(optional[name])
        kind, group = r.choice(("gained", "lost", thing(r))), r.choice((None, "f", thing(r)))

        def call() -> object:
            found = audit.who_changes(source, *given, **told, **own)
            asked = found.rows
            assert asked is not None
            return found.to_dict(), found.to_frame(), found.summary(), asked(kind, group=group)

        return call

    fuzz("who_changes", make)


def test_records_needed() -> None:
    """Precisions, metrics and levels of every kind."""

    def make(r: random.Random) -> Callable[[], object]:
        source, told = table(r), roles(r)
        own = {}
        optional = {
            "precision": (0.05, 1e-9, thing(r)),
            "metric": ("base_rate", "disparate_impact_ratio", "auc", thing(r)),
            "gap_precision": (0.1, 5, thing(r)),
            "level": (0.9, thing(r)),
            "intersections": (2, thing(r)),
        }
        for name in r.sample(sorted(optional), r.choice((0, 1, 1, 2))):
            own[name] = r.choice(optional[name])

        def call() -> object:
            found = audit.records_needed(source, **told, **own)
            return found.to_dict(), found.to_frame(), found.summary()

        return call

    fuzz("records_needed", make)


def test_learning_curves() -> None:
    """Estimators, tables and settings of every kind."""
    from sklearn.linear_model import LogisticRegression

    def make(r: random.Random) -> Callable[[], object]:
        one, two, told = table(r), table(r), roles(r)
        if r.random() < 0.7:
            told = {"protected": "g", "outcome": "y", "favorable": r.choice((1, 1, thing(r)))}
            told["features"] = r.choice((["s", "w"], ["s"], thing(r)))
        own: dict[str, Any] = {"sizes": (0.5, 1.0), "repeats": 1}
        optional = {
            "sizes": ((0.2, 0.6, 1), thing(r)),
            "attribute": ("g", thing(r)),
            "group": ("f", thing(r)),
            "metric": ("auc", "error", thing(r)),
            "cutoff": (0.3, thing(r)),
            "repeats": (2, None, "x"),
            "level": (0.9, thing(r)),
            "seed": (1, thing(r)),
        }
        for name in r.sample(sorted(optional), r.choice((0, 1, 1, 2))):
            own[name] = r.choice(optional[name])
        estimator = r.choice((LogisticRegression(), LogisticRegression(), thing(r)))

        def call() -> object:
            found = audit.learning_curves(estimator, one, two, **{**told, **own})
            return found.to_dict(), found.to_frame(), found.summary()

        return call

    fuzz("learning_curves", make)


def test_reweigh() -> None:
    """Tables and frames of every kind."""

    def make(r: random.Random) -> Callable[[], object]:
        source, told = table(r), roles(r)
        if r.random() < 0.5:
            told = {"protected": "g", "outcome": "y", "favorable": r.choice((1, thing(r)))}
        return lambda: audit.reweigh(source, **told)

    fuzz("reweigh", make)


COMPARING: dict[str, tuple[Any, ...]] = {
    "attribute": ("g",),
    "metric": ("statistical_parity_difference", "equalized_odds_difference"),
    "utility": ("accuracy", "profit"),
    "cutoff": (0.3,),
    "approval_rate": (0.6,),
    "costs": ((1, 4),),
    "level": (0.9,),
    "seed": (1,),
}
"""Arguments that both comparisons of candidates take, beside anything."""


def _comparing(r: random.Random, more: dict[str, tuple[Any, ...]]) -> tuple[Any, ...]:
    from sklearn.linear_model import LogisticRegression

    one, two, told = table(r), table(r), roles(r)
    if r.random() < 0.7:
        told = {"protected": "g", "outcome": "y", "favorable": r.choice((1, 1, thing(r)))}
        told["features"] = r.choice((["s", "w"], ["s"], thing(r)))
    optional = {**COMPARING, **more}
    own = {
        name: r.choice((*optional[name], thing(r)))
        for name in r.sample(sorted(optional), r.choice((0, 1, 1, 2)))
    }
    estimator = r.choice((LogisticRegression(), LogisticRegression(), thing(r)))
    return estimator, one, two, {**told, **own}


def _looked_at(found: Any) -> object:
    return found.to_dict(), found.to_frame(), found.summary(), found.frontier


def test_mitigate() -> None:
    """Estimators, tables, methods and settings of every kind."""
    some = {
        "methods": ("reweighing", ["class_weights", "unawareness"]),
        "settings": ({"reweighing": {"strength": 0.5}},),
        "group_at_decision": (True,),
    }

    def make(r: random.Random) -> Callable[[], object]:
        estimator, one, two, told = _comparing(r, some)
        told = {"methods": ["reweighing"], **told}
        return lambda: _looked_at(audit.mitigate(estimator, one, two, **told))

    fuzz("mitigate", make)


def test_search_alternatives() -> None:
    """Estimators, tables, budgets and settings of every kind."""

    def make(r: random.Random) -> Callable[[], object]:
        estimator, one, two, told = _comparing(r, {"budget": (2,)})
        told = {"budget": 1, **told}
        return lambda: _looked_at(audit.search_alternatives(estimator, one, two, **told))

    fuzz("search_alternatives", make)


OF_DATASETS = ("card", "folder", "load", "noted", "title")


@pytest.mark.parametrize("name", OF_DATASETS)
def test_datasets(name: str) -> None:
    """A name that no data set has, and labels that none has."""
    function = getattr(datasets, name)

    def make(r: random.Random) -> Callable[[], object]:
        if name == "noted":
            notes = tuple(r.choice(TEXTS) for _ in range(r.randrange(3)))
            return lambda: function(notes)
        what: Any = r.choice((*TEXTS, thing(r), "german", "Compas", Path("compas")))
        if name == "load" and r.random() < 0.02:
            return lambda: function("german_credit", labels=thing(r))
        return lambda: function(what)

    fuzz(f"datasets {name}", make)


# --- audit.explanation ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def explained() -> tuple[Any, Any, Any]:
    """A fitted model, the rows it decides and what `explain` says of them."""
    from sklearn.linear_model import LogisticRegression

    r = random.Random("explained")
    rows = [[r.random(), r.random()] for _ in range(60)]
    frame = pd.DataFrame(rows, columns=["a", "b"])
    frame["g"] = ["f", "m"] * 30
    frame["y"] = [int(a + b > 1) for a, b in rows]
    model = LogisticRegression().fit(frame[["a", "b"]], frame["y"])
    told: dict[str, Any] = {"features": ["a", "b"], "outcome": "y", "favorable": 1}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = audit.read(frame, protected="g", model=model, cutoff=0.5, **told)
        return model, table, audit.explain(model, table, attribute="g")


def test_explain(explained: tuple[Any, Any, Any]) -> None:
    model, rows, _ = explained

    def make(r: random.Random) -> Callable[[], object]:
        optional = {
            "attribute": ("g", "zz", thing(r)),
            "group": ("f", "zz", thing(r)),
            "scale": ("probability", "log-odds", "x", thing(r)),
            "seed": (0, -1, thing(r)),
            "level": (0.9, 2, thing(r)),
            "returns": (0, 1, thing(r)),
            "reason_codes": ([], "none.csv", thing(r)),
        }
        own = {n: r.choice(optional[n]) for n in r.sample(sorted(optional), r.randrange(3))}
        who = r.choice((model, model, Lender(r), Lender(r).predict, thing(r)))
        of = rows if r.random() < 0.8 else r.choice((table(r), thing(r)))
        return lambda: audit.explain(who, of, **own)

    fuzz("explain", make, None if "AUDIT_FUZZ" in os.environ else 60)


def test_attach(explained: tuple[Any, Any, Any]) -> None:
    _, rows, explanation = explained
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = audit.run(rows)

    def make(r: random.Random) -> Callable[[], object]:
        what: Any = r.choice((result, result, result, thing(r)))
        optional = {
            "explanation": (explanation, None, thing(r)),
            "decomposition": (None, [], thing(r)),
        }
        own = {n: r.choice(optional[n]) for n in r.sample(sorted(optional), r.randrange(3))}
        return lambda: audit.attach(what, **own)

    fuzz("attach", make)


def test_recourse(explained: tuple[Any, Any, Any]) -> None:
    model, rows, _ = explained
    recourse = getattr(audit, "recourse", None)
    if recourse is None:
        pytest.skip("there is no recourse yet")

    def make(r: random.Random) -> Callable[[], object]:
        optional = {
            "actionable": (["a"], "a", ["zz"], thing(r)),
            "immutable": (["b"], ["zz"], thing(r)),
            "monotone": ({"a": "up"}, {"a": "increase"}, {"zz": "up"}, thing(r)),
            "ranges": ({"a": (0, 1)}, {"a": (1, 0)}, {"a": 3}, thing(r)),
            "most": (1, 0, thing(r)),
            "size": (5, 0, thing(r)),
            "rows": ([0, 1], [999], thing(r)),
            "seed": (0, -1, thing(r)),
            "level": (0.9, 2, thing(r)),
        }
        own = {n: r.choice(optional[n]) for n in r.sample(sorted(optional), r.randrange(3))}
        who = r.choice((model, model, Lender(r), Lender(r).predict, thing(r)))
        of = rows if r.random() < 0.8 else r.choice((table(r), thing(r)))
        return lambda: recourse(who, of, **{"size": 5, **own})

    fuzz("recourse", make, None if "AUDIT_FUZZ" in os.environ else 40)


def test_reason_codes() -> None:
    line = {"feature": "a", "code": "A1", "text": "Income too low"}

    def make(r: random.Random) -> Callable[[], object]:
        one = {**line, r.choice((*line, "x")): thing(r)}
        source: Any = r.choice((thing(r), [line], [one], [one, line], [thing(r)], r.choice(TEXTS)))
        return lambda: audit.reason_codes(source)

    fuzz("reason_codes", make)


def test_letters(explained: tuple[Any, Any, Any]) -> None:
    """Letters of real reasons and of what is none."""
    explanation = explained[2]
    found = quietly(lambda: next(iter(explanation.reasons([0]).values())), [])

    def make(r: random.Random) -> Callable[[], object]:
        if r.random() < 0.2:
            form: Any = r.choice(("text", "html", "x", thing(r)))
            return lambda: audit.letter_template(form)
        own = {"lender": "Bank", "applicant": "A. Person"}
        optional = ("date", "product", "notice", "agency", "contact", "format", "template",
                    "codes", "draft", "language", "lender", "applicant")  # fmt: skip
        for name in r.sample(optional, r.randrange(4)):
            own[name] = r.choice((thing(r), r.choice(TEXTS), "text", "html", "en"))
        reasons: Any = r.choice((found, found, [], [thing(r)], thing(r)))
        return lambda: audit.letter(reasons, **own)

    fuzz("letter", make)
