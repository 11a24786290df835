"""The trials of a search: an alternative is trained on the fit people, judged on the selection
people, and written down; Optuna proposes the next from all that were.

The sampler is Optuna's tree-structured Parzen estimator for several objectives (Ozaki et al.,
Multiobjective tree-structured Parzen estimator, JAIR 73, 2022): it learns from every trial, where
the evolutionary NSGA-II spends a budget of 60 on its first generation. It is seeded anew before
every trial and sees all earlier ones, so a search that goes on from a log proposes what an
unbroken one would have.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.mitigation.alternatives import Alternative, alternative
from audit.mitigation.fitting import NotFittedError, told
from audit.mitigation.judging import Ask, one_way
from audit.mitigation.paired import Answers, Bench, bench
from audit.mitigation.people import People
from audit.mitigation.point import Point
from audit.mitigation.search_log import FAILED, REPEATED, TRIED, Log, Tried
from audit.mitigation.space import Params, Space
from audit.mitigation.task import Task, Where

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

REPLICATES = 200
"""Draws of the selection people for a standard error."""
STARTS = 0.4
"""Share of the budget that starting points may take."""
FEWEST_STARTS = 6
"""However small the budget."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """Where trials are held: who is learned from, who is judged, what the baseline said."""

    task: Task
    """Whom to learn from."""
    space: Space
    """What can vary."""
    ask: Ask
    """What is to become more alike, at what price."""
    fit: Ints
    """Training rows that are learned from."""
    selection: Ints
    """Training rows that are judged."""
    baseline: Floats
    """The baseline's scores of every training person, by models that had not seen them."""
    approval_rate: float
    """Of the baseline among the training people."""
    scores: dict[str, Floats] = field(default_factory=dict)
    """Scores of the selection people by alternative, so that none is trained twice."""

    def where(self, point: Point) -> Where:
        """How an alternative decides."""
        if not point.shift:
            return self.task.where
        rate = min(max(self.approval_rate + point.shift, 0.01), 0.99)
        return Where(approval_rate=rate)

    def decisions(self, scores: Floats, mass: Floats, where: Where) -> Flags:
        """By a cut-off found on the same scores, which reads no outcome."""
        return scores >= where.at(scores, mass)

    def among(self, rows: Ints) -> People:
        """Some training people, with the groups of one attribute alone."""
        who = self.task.train.taken(rows)
        name = self.ask.attribute
        return replace(who, codes={name: who.codes[name]}, levels={name: who.levels[name]})

    def against(self, rows: Ints, scores: Floats, where: Where) -> tuple[Bench, Flags]:
        """The baseline and one alternative drawn on the same rows; and what the latter decides."""
        who = self.among(rows)
        base = self.baseline[rows]
        usual = self.decisions(base, who.mass, self.task.where)
        own = self.decisions(scores, who.mass, where)
        answers = Answers(decisions=np.stack([usual, own]), scores=np.stack([base, scores]))
        return bench(who, answers, seed=self.ask.seed, replicates=REPLICATES), own

    def numbers(self, drawn: Bench) -> dict[str, Any]:
        """Utility and disparity of the second candidate, and its paired differences."""
        ask = self.ask
        useful = drawn.measure(ask.utility, ask.costs)
        apart = drawn.disparity(ask.metric, ask.attribute, ask.group, ask.reference)
        found: dict[str, Any] = {}
        for name, own in (("utility", useful), ("disparity", apart)):
            found[name] = float(own.value[1])
            found[f"{name}_change"] = float(own.value[1] - own.value[0])
            spread = own.replicates[:, 1] - own.replicates[:, 0]
            found[f"{name}_error"] = float(np.nanstd(spread)) if np.isfinite(spread).any() else 0.0
        return found


def one(place: Place, number: int, params: Params, start: str, known: dict[str, Tried]) -> Tried:
    """One trial: trained, judged on the selection people; what goes wrong is its reason."""
    point = place.space.point(params)
    settings = point.settings()
    told_so_far: dict[str, Any] = {
        "number": number, "place": params, "settings": settings, "start": start,
        "words": place.space.words(point),
    }  # fmt: skip
    if point.key in known:
        earlier = known[point.key]
        if earlier.state == FAILED:
            return replace(earlier, **told_so_far)
        return replace(
            earlier, **told_so_far, state=REPEATED, reason=f"the same as trial {earlier.number}"
        )
    own = alternative(point, place.space, place.task)
    try:
        scorer, notes = own.trained(place.fit)
        scores = scorer.scores(place.task.train.frame.iloc[place.selection])
        drawn, decisions = place.against(place.selection, scores, place.where(point))
    except NotFittedError as problem:
        return Tried(**told_so_far, state=FAILED, reason=str(problem))
    except Exception as problem:  # a library's own failure is a reason, not a traceback
        return Tried(**told_so_far, state=FAILED, reason=f"it failed: {told(problem)}")
    if way := one_way(decisions):
        return Tried(**told_so_far, state=FAILED, reason=f"it {way} all of the selection people")
    numbers = place.numbers(drawn)
    if not all(np.isfinite(numbers[n]) for n in ("utility", "disparity")):
        return Tried(**told_so_far, state=FAILED, reason="its utility or disparity is undefined")
    place.scores[point.key] = scores
    return Tried(**told_so_far, state=TRIED, notes=notes, **numbers)


def search(
    place: Place,
    log: Log,
    budget: int,
    *,
    seconds: float | None = None,
    each: Callable[[int, str], object],
) -> tuple[Tried, ...]:
    """Trials up to the budget, those of the log among them; `seconds` ends it earlier.

    `each` is told the number of trials done and what the next does. Raises `InputError` MIT501
    without optuna.
    """
    optuna = needed()
    space = place.space
    shape = space.distributions()
    starts = space.starts(max(FEWEST_STARTS, round(STARTS * budget)))
    found: list[Tried] = []
    known: dict[str, Tried] = {}
    begun = time.monotonic()
    with quiet(optuna):
        study = optuna.create_study(directions=["maximize", "minimize"])
        for trial in log.before[:budget]:
            _learn(optuna, study, trial, shape, place.ask)
            found.append(trial)
            known.setdefault(space.point(trial.place).key, trial)
        while len(found) < budget:
            if seconds is not None and time.monotonic() - begun > seconds:
                break
            number = len(found)
            if number < len(starts):
                start, params = starts[number]
            else:
                start, params = "", _proposed(optuna, study, shape, place, number)
            each(number, space.words(space.point(params)))
            trial = one(place, number, params, start, known)
            _learn(optuna, study, trial, shape, place.ask)
            log.add(trial)
            found.append(trial)
            known.setdefault(space.point(params).key, trial)
    return tuple(found)


def _proposed(optuna: Any, study: Any, shape: Params, place: Place, number: int) -> Params:
    study.sampler = optuna.samplers.TPESampler(
        seed=(place.task.seed * 1_000_003 + number) % 2**32, n_startup_trials=10
    )
    trial = study.ask(shape)
    params: Params = dict(trial.params)
    # what comes of it is told as a trial of its own, just as one read from a log
    study.tell(trial, state=optuna.trial.TrialState.FAIL)
    return params


def _learn(optuna: Any, study: Any, trial: Tried, shape: Params, ask: Ask) -> None:
    if not trial.works:
        return
    values = [ask.sign * trial.utility, trial.disparity]
    study.add_trial(
        optuna.trial.create_trial(params=dict(trial.place), distributions=shape, values=values)
    )


def needed() -> Any:
    """The optuna library; raises `InputError` MIT501 where it is missing."""
    try:
        import optuna
    except ImportError:
        raise InputError(
            "MIT501", "a search of alternatives needs optuna", argument="budget",
            fix='pip install "evenhand[search]"',
        ) from None  # fmt: skip
    return optuna


@contextmanager
def quiet(optuna: Any) -> Iterator[None]:
    """Optuna without its lines about every trial; the caller's setting comes back."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


__all__ = ["Alternative", "Place", "needed", "one", "search"]
