"""A model as a score that favours the applicant: what it answers, on which scale, how exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.explanation.applicants import Applicants
from audit.table.model import (
    answer,
    call_of,
    check_one_number,
    check_probabilities,
    classes_of,
    favors,
    name_of,
    same,
)
from audit.table.wording import shown

Floats = npt.NDArray[np.float64]

SCALES = ("log-odds", "probability")
"""Scales that may be asked for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scored:
    """A model's answers, turned so that higher favours the applicant."""

    name: str
    """The model's class, for messages."""
    model: Any
    """The fitted estimator itself (of a search, its best one)."""
    kind: str
    """"probability" (of the favourable outcome), "decision" (a decision function) or "output"."""
    turned: bool
    """Whether the model's own positive direction is the unfavourable one."""
    ask: Callable[[Any], Floats]
    """narwhals rows of the features -> scores."""
    answers: Floats
    """Those of all rows."""
    single: bool
    """Whether the model computes in single precision."""
    binary: bool
    """Whether it has one positive direction: two classes, or one number a row."""
    oriented: bool = True
    """False where nobody said whether higher favours the applicant: the output is as it is."""

    def check_oriented(self) -> None:
        """Raise `InputError` EXP021 where nobody said whether higher favours the applicant."""
        if not self.oriented:
            raise InputError(
                "EXP021", "whether a higher output favours the applicant is not said",
                argument="returns", fix="add returns=<outcome value it gives the score of>",
            )  # fmt: skip

    @property
    def scale(self) -> str:
        """That of `answers`: "probability" or "output"."""
        return "probability" if self.kind == "probability" else "output"

    @property
    def tolerance(self) -> float:
        """How far a reconstruction may be off."""
        return 1e-4 if self.single else 1e-6

    def agrees(self, scores: Floats, scale: str) -> bool:
        """Whether a reconstruction on `scale` gives the model's own answers.

        Log-odds are compared as such and as probabilities; where a probability is rounded near 0
        or 1 its log-odds are known only as well as that.
        """
        if not np.isfinite(scores).all():
            return False
        if scale != "log-odds" or self.kind != "probability":
            room = self.tolerance * np.maximum(1.0, np.abs(self.answers))
            return bool((np.abs(scores - self.answers) <= room).all())
        p = self.answers
        grain = 1.2e-7 if self.single else 2.3e-16
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            near = np.abs(1 / (1 + np.exp(-scores)) - p) <= self.tolerance
            own = np.log(p) - np.log1p(-p)
            room = self.tolerance * np.maximum(1.0, np.abs(own)) + 8 * grain / (p * (1 - p))
            return bool((near & ((np.abs(scores - own) <= room) | ~np.isfinite(own))).all())


def scored(model: Any, people: Applicants, returns: Any = None) -> Scored:
    """A model's score for every applicant; each row is asked once.

    P(favourable) read by `classes_` where there is `predict_proba`, else `decision_function`,
    else, for boosters, regressors and callables, the number they return, `returns` saying which
    outcome value it speaks for; without it the number is turned as the table's own score or risk
    is, where it is that one, and else left as it is (`oriented` False). Raises `InputError`
    TBL125, TBL527 and those of models (TBL122 on).
    """
    model = _best(model)
    name = name_of(model)
    if hasattr(model, "classes_") and hasattr(model, "predict_proba"):
        return _by_probability(model, name, people)
    if hasattr(model, "classes_") and hasattr(model, "decision_function"):
        return _by_decision(model, name, people)
    return _by_output(model, name, people, returns)


def _best(model: Any) -> Any:
    """The estimator a search settled on; anything else as it is."""
    best = getattr(model, "best_estimator_", None)
    return model if best is None or not getattr(model, "refit", True) else best


def good_classes(people: Applicants, classes: Sequence[Any], name: str) -> list[int]:
    """Which classes favour the applicant: by the outcome's values, else by the decision's.

    Raises `InputError` TBL125 where neither are classes of the model.
    """
    for good in people.favorable:
        found: list[int] = np.flatnonzero(favors(classes, good)).tolist()
        if found and len(found) < len(classes):
            return found
    raise InputError(
        "TBL125",
        f"{name} knows the classes {list(classes)}; the favourable values are "
        f"{[v for good in people.favorable for v in good]}",
        argument="favorable",
        fix="name one of the model's classes, in its own type",
    )


def _by_probability(model: Any, name: str, people: Applicants) -> Scored:
    classes = classes_of(model)
    good = good_classes(people, classes, name)

    def ask(rows: Any) -> Floats:
        values = answer(model.predict_proba, rows, name, len(rows), "predict_proba")
        check_probabilities(values, classes, name)
        return np.asarray(values[:, good].sum(axis=1), dtype=np.float64)

    answers, single = _asked(ask, people, model)
    return Scored(
        name=name,
        model=model,
        kind="probability",
        turned=1 not in good,
        ask=ask,
        answers=answers,
        single=single,
        binary=len(classes) == 2,
    )


def _by_decision(model: Any, name: str, people: Applicants) -> Scored:
    classes = classes_of(model)
    good = good_classes(people, classes, name)
    if len(classes) != 2:
        raise InputError(
            "EXP005",
            f"{name} decides among {len(classes)} classes and gives no probabilities: it has no "
            "one score",
            argument="model",
            fix="give a model with predict_proba",
        )
    turned = 1 not in good
    sign = -1.0 if turned else 1.0

    def ask(rows: Any) -> Floats:
        return sign * _one_number(model.decision_function, rows, name, "decision_function")

    answers, single = _asked(ask, people, model)
    return Scored(
        name=name,
        model=model,
        kind="decision",
        turned=turned,
        ask=ask,
        answers=answers,
        single=single,
        binary=True,
    )


def _by_output(model: Any, name: str, people: Applicants, returns: Any) -> Scored:
    function = _function(model, name)

    def own(rows: Any) -> Floats:
        return _one_number(function, rows, name, "the call")

    values, single = _asked(own, people, model)
    told: bool | None = _turned_as_told(people, values)
    if returns is not None:
        _check_returns(people, returns)
        told = not any(same(returns, g) for good in people.favorable for g in good)
    turned = bool(told)
    within = told is not None and bool(values.size and values.min() >= 0 and values.max() <= 1)
    offset = 1.0 if within and turned else 0.0
    sign = -1.0 if turned else 1.0
    return Scored(
        name=name,
        model=model,
        kind="probability" if within else "output",
        turned=turned,
        ask=lambda rows: offset + sign * own(rows),
        answers=offset + sign * values,
        single=single,
        binary=True,
        oriented=told is not None,
    )


def _check_returns(people: Applicants, returns: Any) -> None:
    """`returns` names a value that the outcome (else the decision) takes."""
    roles, frame = people.table.roles, people.held.frame
    column = roles.outcome or (roles.decision if roles.decided_by == "decision" else None)
    if column is None or column not in frame.columns:
        return
    values = frame.get_column(column).unique().to_list()
    if not any(same(returns, v) for v in values):
        raise InputError(
            "TBL125",
            f"{shown(returns)} is no value of {shown(column)}",
            argument="returns",
            fix=f"one of {', '.join(shown(v) for v in sorted(map(str, values))[:6])}, as it is "
            "in the data",
        )


def _turned_as_told(people: Applicants, values: Floats) -> bool | None:
    """Whether the output is the table's risk; None where it is neither its risk nor its score."""
    own = people.held.score
    if own is None or not np.allclose(own, values, rtol=1e-6, atol=1e-9):
        return None
    return people.table.roles.risk is not None


def _function(model: Any, name: str) -> Callable[[Any], Any]:
    function = call_of(model)
    if function is None:
        raise InputError(
            "TBL527",
            f"a {name} neither predicts nor can be called",
            argument="model",
            fix="give a fitted model, or a function of the features",
        )
    return function  # type: ignore[no-any-return]


def _one_number(function: Callable[[Any], Any], rows: Any, name: str, what: str) -> Floats:
    values = answer(function, rows, name, len(rows), what)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    check_one_number(values, name)
    return np.asarray(values, dtype=np.float64)


def _asked(ask: Callable[[Any], Floats], people: Applicants, model: Any) -> tuple[Floats, bool]:
    """All rows' scores, and whether they hold no more than single precision."""
    values = ask(people.frame)
    with np.errstate(over="ignore"):  # what single precision cannot hold differs from it
        single = values.astype(np.float32)
    return values, bool((values == single).all()) or _is_single(model)


def _is_single(model: Any) -> bool:
    final = getattr(model, "_final_estimator", model)
    return type(final).__module__.split(".")[0] == "xgboost"


def check_scale(scale: Any) -> None:
    """Raise `InputError` EXP006 for a scale that is not one."""
    if scale is not None and not (isinstance(scale, str) and scale in SCALES):
        raise InputError(
            "EXP006",
            f"{shown(scale)} is no scale",
            argument="scale",
            fix=f"one of {', '.join(map(shown, SCALES))}, or None for the model's own",
        )
