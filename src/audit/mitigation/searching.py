"""`audit.search_alternatives`: models as useful as the baseline with less disparity, or none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.inference.checks import one_level
from audit.mitigation.comparing import (
    Say,
    as_it_is,
    tables_of,
    trainable,
    unset_seeds,
    utility_costs,
    where_of,
)
from audit.mitigation.confirming import Search, confirmed
from audit.mitigation.families import settled
from audit.mitigation.fitting import folds, prepared
from audit.mitigation.judging import Ask, cells_of, worst_group
from audit.mitigation.paired import disparity_metric, gap
from audit.mitigation.people import target
from audit.mitigation.record import Comparison
from audit.mitigation.search_log import Log, data_hash, estimator_words
from audit.mitigation.selecting import finalists, scored, selected
from audit.mitigation.space import space_of
from audit.mitigation.task import Parts, Task, Where, baseline_scores
from audit.mitigation.trying import Place, needed, search
from audit.table.paths import path_of
from audit.table.wording import shown

Floats = npt.NDArray[np.float64]

FEWEST = 100
"""Training rows below which parting them in three says nothing."""

OWN = (
    *("budget", "attribute", "metric", "utility", "seed", "cutoff", "approval_rate", "costs"),
    *("log", "resume", "seconds", "level", "progress"),
)
"""Arguments of the verb itself, for suggestions."""


def search_alternatives(
    estimator: Any,
    train: Any,
    test: Any,
    budget: int = 60,
    seed: int = 0,
    *,
    attribute: Any = None,
    metric: str = "disparate_impact_ratio",
    utility: str = "auc",
    cutoff: float | None = None,
    approval_rate: float | None = None,
    costs: Any = None,
    log: str | Path | None = None,
    resume: bool = True,
    seconds: float | None = None,
    level: float = 0.95,
    progress: Say | None = None,
    **roles: Any,
) -> Comparison:
    """Search for a less discriminatory alternative: as useful as the baseline, with less disparity.

    What varies: which features that tell the group are left out, how skewed amounts enter (linear
    models), monotone constraints, the learner's own settings and seed, the strength of reweighing,
    a fairness penalty, and the cut-off where none is fixed and the utility depends on it. No
    alternative asks for the group when it decides, and none has a cut-off by group. Where protected
    columns, or near-copies of them, are among the baseline's own features, alternatives without
    them come first: one that keeps them can be selected only where none without them qualifies.
    `estimator`,
    `train`, `test`, `attribute`, `metric`, `utility`, `costs`, `cutoff` and `approval_rate` are
    those of `audit.mitigate`.

    `budget` alternatives are tried on a third of the training rows (the selection people), by
    models that learned from the others (the fit people); one is selected by a rule fixed beforehand
    (`Comparison.rule`), and it alone can be recommended: by what it does to the people in `test`,
    which are looked at once, at the end. Every alternative tried is in `Comparison.log`. The
    baseline is trained with 10 further seeds (`baseline_spread`): what lies within its own spread
    is not called better. Give the same `test` to no second search, or its numbers are chosen ones.

    `log` is a file to which every trial is added as it ends; a search that was killed goes on from
    it, the trials in it counting towards the budget, and ends with the same result as an unbroken
    one (same versions of the libraries and machine arithmetic); `resume=False` refuses a file that
    exists. `seconds` begins no further trial after that time; the result then depends on the
    machine's speed.

    Raises `InputError` MIT501 without optuna (extra `search`), MIT503 for a budget or time that is
    no number above 0, MIT504 for fewer than 100 training rows, MIT505-MIT508 for the log, and
    MIT001-MIT018 as `audit.mitigate` does.
    On the duty to look for one: Black, Koepke, Kim, Barocas & Hsu, Less discriminatory algorithms,
    Washington University Law Review 101 (2024). What must hold to call it better is disputed
    (Gillis, Meursault & Ustun, Operationalizing the search for less discriminatory alternatives in
    fair lending, FAccT 2024); here it is the rule that is printed.

    >>> import numpy as np, pandas as pd
    >>> from sklearn.linear_model import LogisticRegression
    >>> rng = np.random.default_rng(0)
    >>> young = rng.random(1200) < 0.4
    >>> income, tenure = rng.normal(size=1200), rng.normal(size=1200) - 1.5 * young
    >>> loans = pd.DataFrame({"age": np.where(young, "young", "older"), "income": income,
    ...     "tenure": tenure, "paid": (income + 0.1 * tenure + rng.normal(size=1200) > -1) * 1})
    >>> found = search_alternatives(LogisticRegression(), loans[:800], loans[800:], budget=6,
    ...     approval_rate=0.7, protected="age", outcome="paid", favorable=1,
    ...     features=["income", "tenure"])
    >>> len(found.log), found.rows["confirmation"]
    (6, 400)
    """
    needed()
    level = one_level(level)
    budget, seconds = _bounds(budget, seconds)
    say = progress or (lambda text, done, total: None)
    learn, judge_on = tables_of(train, test, roles, OWN)
    ask_metric, price = disparity_metric(metric), utility_costs(utility, costs)
    where = where_of(cutoff, approval_rate, learn)
    wanted = None if attribute is None else target(learn, attribute)
    known = learn.taken(learn.known)
    if len(known) < FEWEST:
        raise InputError(
            "MIT504", f"{len(known)} training rows with a known outcome are too few to part",
            argument="train", fix=f"give {FEWEST} or more",
        )  # fmt: skip
    say("training the baseline", 0, budget)
    prepared(estimator, known.inputs)  # refuses what cannot be trained
    own = settled(unset_seeds(estimator, seed), len(known))
    task = Task(
        estimator=prepared(own, known.inputs), train=known,
        attribute=wanted or next(iter(known.codes)), where=where, seed=seed,
    )  # fmt: skip
    ask = Ask(
        metric=ask_metric, utility=utility, attribute=task.attribute, group=0, reference=0,
        costs=price, level=level, seed=seed,
    )  # fmt: skip
    place, parts = _place(own, task, wanted, ask)
    path = None if log is None else path_of(log, "MIT508", "log")
    written = Log(path, _identity(place, own), resume=resume)
    tried = search(
        place, written, budget, seconds=seconds,
        each=lambda number, text: say(f"trying: {text}", number, budget),
    )  # fmt: skip
    say("scoring the finalists", budget, budget)
    answers = [(t, *scored(t, place, parts)) for t in finalists(tried, place)]
    found = [f for _, f, _ in answers if f is not None]
    say("judging on the confirmation people", budget, budget)
    made = Search(
        place=place, tried=tried, found=found, best=selected(found, place),
        failed={t.number: why for t, f, why in answers if f is None},
        unknown=len(learn) - len(known), budget=budget, log=written,
    )  # fmt: skip
    return confirmed(made, judge_on)


def _place(estimator: Any, task: Task, wanted: str | None, ask: Ask) -> tuple[Place, Parts]:
    """The group to judge, the parts of the training people, and what can vary."""
    parts, scores, decisions = _unseen(task)
    found = worst_group(task.train, decisions, ask.metric, wanted)
    if found[0] != task.attribute:  # parts hold every group of the attribute that is judged
        task = replace(task, attribute=found[0], held={})
        parts, scores, decisions = _unseen(task)
    ask = replace(ask, attribute=found[0], group=found[1], reference=found[2])
    own, other = cells_of(task.train, decisions, found[0])[list(found[1:])]
    behind, ahead = found[1:] if gap(ask.metric, own, other) >= 0 else found[:0:-1]
    fit, selection = parts[0]
    space = space_of(
        estimator, task, as_it_is(task).estimator, fit,
        group=found[1], reference=found[2], behind=behind, ahead=ahead,
        shifts=task.where == Where() and ask.utility != "auc",
    )  # fmt: skip
    place = Place(
        task=task, space=space, ask=ask, fit=fit, selection=selection, baseline=scores,
        approval_rate=float(np.average(decisions, weights=task.train.mass)),
    )  # fmt: skip
    return place, parts


def _unseen(task: Task) -> tuple[Parts, Floats, npt.NDArray[np.bool_]]:
    """Three parts, an applicant's rows in one; the baseline's scores and decisions out of fold.

    Raises `InputError` MIT018 where it cannot be trained.
    """
    who = task.train
    with trainable():
        parts = list(folds(who.outcome, task.codes, task.seed, who.cluster))
        scores = baseline_scores(task, parts)
    return parts, scores, scores >= task.where.at(scores, who.mass)


def _identity(place: Place, estimator: Any) -> dict[str, Any]:
    """What a log belongs to."""
    task, ask = place.task, place.ask
    return {
        "estimator": estimator_words(estimator),
        "train": data_hash(task.train),
        "seed": task.seed,
        "metric": ask.metric.key,
        "utility": ask.utility,
        "costs": None if ask.costs is None else [ask.costs.gain, ask.costs.loss],
        "attribute": ask.attribute,
        "decides": task.where.words(),
        "space": sorted(place.space.unmoved()),
    }


def _bounds(budget: Any, seconds: Any) -> tuple[int, float | None]:
    whole = isinstance(budget, int | np.integer) and not isinstance(budget, bool)
    if not whole or budget < 1:
        raise InputError(
            "MIT503", f"{shown(budget)} is no number of alternatives", argument="budget",
            fix="a whole number from 1 on, such as 60",
        )  # fmt: skip
    if seconds is None:
        return int(budget), None
    number = isinstance(seconds, int | float | np.number) and not isinstance(seconds, bool)
    if not number or not seconds > 0:
        raise InputError(
            "MIT503", f"{shown(seconds)} is no time in seconds", argument="seconds",
            fix="a number above 0, or None for no limit",
        )  # fmt: skip
    return int(budget), float(seconds)
