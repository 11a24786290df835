"""`audit.mitigate`: the baseline and every applicable method, judged on the same people."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.inference.checks import one_level
from audit.mitigation.costs import Costs, costs_of
from audit.mitigation.deciders import Cut, Decider
from audit.mitigation.fitting import NotFittedError, converged, prepared, random_states, told
from audit.mitigation.judging import (
    Ask,
    Trial,
    answered,
    group_of,
    judged,
    one_way,
    worst_group,
)
from audit.mitigation.method import Method
from audit.mitigation.methods import chosen
from audit.mitigation.paired import UTILITIES, disparity_metric
from audit.mitigation.people import People, people, same_columns, target
from audit.mitigation.recommending import RULE, recommended
from audit.mitigation.record import Candidate, Comparison, Limits, Unavailable
from audit.mitigation.task import Task, Where, baseline, baseline_scores, tuned
from audit.table.rows import Table
from audit.table.wording import shown, suggestion

Say = Callable[[str, float, "float | None"], object]
"""(what is being done, how far, of how much)."""


OFF = (
    "it reads the applicant's group at decision time, a treatment risk that is off by default; "
    "name it in methods=, or say group_at_decision=True"
)
"""Why such methods are not tried."""


def mitigate(
    estimator: Any,
    train: Any,
    test: Any,
    methods: Any = None,
    attribute: Any = None,
    metric: str = "disparate_impact_ratio",
    utility: str = "auc",
    seed: int = 0,
    *,
    cutoff: float | None = None,
    approval_rate: float | None = None,
    costs: Any = None,
    group_at_decision: bool = False,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    level: float = 0.95,
    progress: Say | None = None,
    **roles: Any,
) -> Comparison:
    """Fit the baseline and every applicable method, and judge all on the same held-out people.

    `estimator` is an untrained scikit-learn classifier (or pipeline); `train` and `test` are tables
    of `audit.read` with outcome and `features` (or frames, with its arguments beside them). It is
    trained on `train`, decides at `cutoff` on P(unfavourable), at the cut-off that approves
    `approval_rate` of the training rows, or by `predict`; and everything that is said of a
    candidate is of `test`, with paired limits against the baseline. `methods` names some ("all":
    those too that read the group at decision time, which are off unless named or
    `group_at_decision`); `attribute` whose gap is to close (the widest else). `metric` is any
    difference or ratio of rates of decisions in the catalogue; `utility` "auc", "accuracy",
    "default_rate" or "profit", which needs `costs=(gain, loss)`. `settings` gives methods their
    strength: {"reweighing": {"strength": 0.5}}.

    Raises `InputError` MIT001-MIT018 for arguments and tables; what goes wrong with a method is a
    reason in `unavailable`. Kamiran & Calders (2012), Hardt, Price & Srebro (2016), Agarwal et
    al. (2018); see `docs/mitigate.md` for each.

    >>> from sklearn.linear_model import LogisticRegression
    >>> rows = range(400)
    >>> loans = {"sex": ["f" if i % 3 else "m" for i in rows], "income": [i % 37 for i in rows],
    ...          "paid": [int((i * 7) % 37 + 5 * (i % 3 == 0) > 15) for i in rows]}
    >>> found = mitigate(LogisticRegression(), loans, loans, methods=["reweighing"],
    ...                  protected="sex", outcome="paid", favorable=1, features=["income"])
    >>> [c.name for c in found], found.attribute
    (['baseline', 'reweighing'], 'sex')
    """
    level = one_level(level)
    say = progress or (lambda text, done, total: None)
    learn, judge_on = tables_of(train, test, roles)
    ask_metric, price = disparity_metric(metric), utility_costs(utility, costs)
    where = where_of(cutoff, approval_rate, learn)
    picked, named = chosen(methods)
    wanted = None if attribute is None else target(learn, attribute)
    known = learn.taken(learn.known)
    task = Task(
        estimator=unset_seeds(prepared(estimator, known.inputs), seed),
        train=known,
        attribute=wanted or next(iter(known.codes)),
        where=where,
        seed=seed,
        settings=settings or {},
    )
    _check_settings(task)
    say("training the baseline", 0, len(picked) + 1)
    start = as_it_is(task)
    with trainable():
        approved = baseline_scores(task) >= start.estimator.rule.at
    if way := one_way(approved):
        raise _decides_nothing(way, cutoff)
    place = worst_group(known, approved, ask_metric, wanted)
    task = replace(task, attribute=place[0], held=task.held if place[0] == task.attribute else {})
    start = as_it_is(task)
    ask = Ask(
        metric=ask_metric, utility=utility, attribute=place[0], group=place[1],
        reference=place[2], costs=price, level=level, seed=seed,
    )  # fmt: skip
    trials = [_trial(start, judge_on, task, None)]
    if way := one_way(trials[0].decisions):
        raise _decides_nothing(way, cutoff)
    missing: list[Unavailable] = []
    for number, method in enumerate(picked, start=1):
        say(f"trying {method.title.lower()}", number, len(picked) + 1)
        if method.needs_group_at_decision and not named and not group_at_decision:
            missing.append(_not(method, OFF))
            continue
        try:
            trials.append(_tried(method, task, judge_on, steady=converged(start.notes)))
        except NotFittedError as problem:
            missing.append(_not(method, str(problem)))
        except Exception as problem:  # a library's own failure is a reason, not a traceback
            missing.append(_not(method, f"it failed: {told(problem)}"))
    say("judging", len(picked) + 1, len(picked) + 1)
    found = judged(judge_on, trials, ask)
    found = (found[0], *sorted(found[1:], key=lambda c: (_order(c), c.name)))
    best, why = recommended(found, ask, group_at_decision=group_at_decision)
    return Comparison(
        kind="mitigation",
        metric=metric,
        utility=utility,
        attribute=place[0],
        group=group_of(known, place[0], place[1]),
        reference=group_of(known, place[0], place[2]),
        decides=where.words(),
        candidates=found,
        unavailable=tuple(missing),
        recommendation=best,
        because=why,
        rule=RULE,
        level=level,
        seed=seed,
        rows={"train": len(known), "test": len(judge_on)},
        notes=left_out(len(learn) - len(known)),
    )


def _decides_nothing(what: str, cutoff: float | None) -> InputError:
    return InputError(
        "MIT014", f"the baseline {what} everyone",
        argument="cutoff" if cutoff is not None else "approval_rate",
        fix="give another cutoff= or approval_rate=",
    )  # fmt: skip


def _order(c: Candidate) -> float:
    return math.inf if math.isnan(c.disparity.value) else c.disparity.value


def tables_of(
    train: Any, test: Any, roles: Mapping[str, Any], own: Sequence[str] | None = None
) -> tuple[People, People]:
    """Both tables as people, checked against each other; `own` are the verb's own arguments."""
    learn, judge_on = (
        people(_read(t, roles, n, own or OWN), n) for t, n in ((train, "train"), (test, "test"))
    )
    same_columns(learn, judge_on)
    return learn, judge_on


def _read(source: Any, roles: Mapping[str, Any], argument: str, own: Sequence[str]) -> Table:
    from audit.table.intake import read
    from audit.table.keywords import check_keywords, refuse_roles

    if isinstance(source, Table):
        refuse_roles(dict(roles), "a table")
        return source
    check_keywords(dict(roles), own)
    if source is None:
        raise InputError("MIT001", "None is no table", argument=argument,
                         fix="give what audit.read returned, or a frame")  # fmt: skip
    return read(source, **roles)


OWN = (
    *("methods", "attribute", "metric", "utility", "seed", "cutoff", "approval_rate", "costs"),
    *("group_at_decision", "settings", "level", "progress"),
)
"""Arguments of the verb itself, for suggestions."""


def utility_costs(utility: Any, costs: Any) -> Costs | None:
    """Costs that a utility needs, checked; raises `InputError` MIT015."""
    if utility not in UTILITIES:
        raise InputError(
            "MIT015", f"{shown(utility)} is no utility", argument="utility",
            fix=suggestion(utility, list(UTILITIES)),
        )  # fmt: skip
    if costs is None:
        if utility == "profit":
            raise InputError(
                "MIT015", "a profit needs what a loan gains and loses", argument="costs",
                fix="costs=(gain, loss), such as (0.18, 0.82)",
            )  # fmt: skip
        return None
    return costs_of(costs)


def where_of(cutoff: Any, approval_rate: Any, learn: People) -> Where:
    """How candidates decide, checked; the training table's approval rate where nothing is told.

    Raises `InputError` MIT016 for a number outside (0, 1), or both.
    """
    if cutoff is not None and approval_rate is not None:
        raise InputError(
            "MIT016", "a cut-off and an approval rate are both told", argument="cutoff",
            fix="give one of them",
        )  # fmt: skip
    for name, value in (("cutoff", cutoff), ("approval_rate", approval_rate)):
        if value is None:
            continue
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if not number or not 0 < float(value) < 1:
            what = "chance of the unfavourable outcome" if name == "cutoff" else "share"
            raise InputError(
                "MIT016", f"{shown(value)} is no {what} between 0 and 1", argument=name,
                fix=f"such as {name}=0.3",
            )  # fmt: skip
    roles = learn.table.roles
    if cutoff is None and approval_rate is None:
        approval_rate = roles.approval_rate
        if roles.score is None and roles.risk is None and approval_rate is None:
            cutoff = roles.cutoff
    return Where(
        cutoff=None if cutoff is None else float(cutoff),
        approval_rate=None if approval_rate is None else float(approval_rate),
    )


def _check_settings(task: Task) -> None:
    from audit.mitigation.methods import catalogue

    known = {m.key: m for m in catalogue()}
    for name, own in task.settings.items():
        if name not in known:
            raise InputError(
                "MIT017", f"there is no method {shown(name)}", argument="settings",
                fix=suggestion(name, list(known)),
            )  # fmt: skip
        if not isinstance(own, Mapping):
            raise InputError(
                "MIT017", f"settings of {name} are no mapping", argument="settings",
                fix=f'settings={{"{name}": {{"strength": 0.5}}}}',
            )  # fmt: skip
        tuned(task, name, known[name].settings)


def unset_seeds(estimator: Any, seed: int) -> Any:
    """A copy whose `random_state`s are `seed` where nobody set them."""
    from sklearn.base import clone

    own = clone(estimator)
    return own.set_params(**{n: seed for n, v in random_states(own).items() if v is None})


def as_it_is(task: Task) -> Candidate:
    """The baseline, trained; raises `InputError` MIT018 where it cannot be."""
    with trainable():
        own, notes = baseline(task)
    return Candidate(name="baseline", title="Baseline", acts="baseline",
                     words="the model as it is", notes=notes, estimator=own)  # fmt: skip


@contextmanager
def trainable() -> Iterator[None]:
    """Where the baseline is trained: what keeps it from that is `InputError` MIT018."""
    try:
        yield
    except NotFittedError as problem:
        raise InputError(
            "MIT018", f"the estimator cannot be trained on these rows: {problem}",
            argument="estimator", fix="try estimator.fit on the same columns, and mend that first",
        ) from None  # fmt: skip


def _tried(method: Method, task: Task, who: People, *, steady: bool) -> Trial:
    decider, notes = method.make(task)
    if steady and not converged(notes):
        raise NotFittedError(f"it did not converge: {'; '.join(notes)}")
    candidate = Candidate(
        name=method.key,
        title=method.title,
        acts=method.acts,
        settings={**method.fixed, **tuned(task, method.key, method.settings)},
        words=method.does,
        needs_group_at_decision=method.needs_group_at_decision,
        randomised=decider.draws_lots,
        notes=notes,
        estimator=decider,
    )
    trial = _trial(candidate, who, task, method)
    if way := one_way(trial.decisions):
        raise NotFittedError(f"it {way} every one of the held-out people")
    return trial


def _trial(candidate: Candidate, who: People, task: Task, method: Method | None) -> Trial:
    trial = answered(candidate, who)
    decider: Decider = candidate.estimator
    other = None
    with suppress(NotFittedError):
        own = (baseline if method is None else method.make)(_again(task, decider))[0]
        other = own.decide(who.frame)
    share = arbitrary(trial.decisions, other)
    return replace(trial, candidate=replace(candidate, arbitrariness=share))


def _again(task: Task, decider: Decider) -> Task:
    """The task with another seed of training; a cut-off that was found stays."""
    if "again" not in task.held:
        task.held["again"] = task.reseeded(task.seed + 1)
    again: Task = task.held["again"]
    if isinstance(decider.rule, Cut):
        return replace(again, where=replace(task.where, fixed=decider.rule.at))
    return again


def arbitrary(decisions: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_] | None) -> Limits:
    """Share of people whose decision another seed changes (Wilson)."""
    from audit.inference.intervals import rate_interval

    if other is None:
        return Limits()
    apart, size = int((decisions != other).sum()), len(decisions)
    low, high = rate_interval(apart, size)
    return Limits(value=apart / size, low=float(low), high=float(high))


def _not(method: Method, reason: str) -> Unavailable:
    return Unavailable(
        name=method.key, title=method.title, reason=reason,
        needs_group_at_decision=method.needs_group_at_decision,
    )  # fmt: skip


def left_out(rows: int) -> tuple[str, ...]:
    """A note of training rows that say nothing of the outcome; none where there are none."""
    return (f"{rows:,} training rows without a known outcome were left out",) if rows else ()
