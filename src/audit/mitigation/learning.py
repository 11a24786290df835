"""`audit.learning_curves`: what more records of a group would do for its errors.

A copy of the estimator is trained on growing shares of one group's rows (the others whole), and,
to compare, of everyone's; each model is judged on the same held-out people. Where the error falls
and an inverse-power law fits (Chen, Johansson & Sontag 2018), the law says what twice the rows are
expected to bring. Where it is flat, more records of the same kind are not the remedy: other
features may be.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from audit.errors import InputError
from audit.inference.checks import critical, one_level
from audit.mitigation.fitting import prepared
from audit.mitigation.learning_record import CurvePoint, LearningCurves, Outlook
from audit.mitigation.learning_scores import METRICS, REASONS, Held
from audit.mitigation.learning_study import Say, Size, Study, groups_of
from audit.mitigation.learning_words import outlook_of
from audit.mitigation.people import GOOD, People, people, same_columns, target
from audit.table.roles import Level
from audit.table.rows import CodedRows, Table
from audit.table.wording import listed, shown

SIZES = (0.1, 0.25, 0.5, 0.75, 1.0)


def learning_curves(
    estimator: Any,
    train: Any,
    test: Any,
    *,
    sizes: Sequence[float] = SIZES,
    attribute: str | None = None,
    group: Any = None,
    metric: str = "brier",
    cutoff: float | None = None,
    repeats: int = 5,
    level: float = 0.95,
    seed: int = 0,
    progress: Say | None = None,
    **roles: Any,
) -> LearningCurves:
    """Errors by group as training rows grow: one group's rows alone, and everyone's.

    `train` and `test` are what `audit.read` returned (or anything it takes, with `roles`), with
    an outcome and the same features; rows of unknown outcome are left out and counted. `sizes`
    are shares of the rows, the last one 1. `attribute` is the protected one (the first, unless
    told), `group` one of its groups (every one that was named but the reference). At every size
    rows are drawn `repeats` times, each draw holding the smaller one. `metric` is the error that
    the outlook is about: "brier", "error", "auc" (as 1 − AUC), "false_negative_rate" or
    "false_positive_rate"; all are given. People are approved where P(unfavourable) < `cutoff`
    (one half unless told).

    Intervals of points are over held-out people, their `spread` is over draws; changes and
    outlooks count both. All rows together are one sample: what another sample of that size would
    give is not in its spread. `progress(text, done, total)` is told of each model.

    Raises `InputError` MIT320 (sizes), MIT321 (repeats, seed, cutoff), MIT322 (metric), MIT323
    (group), MIT324 where the whole rows cannot be trained on, and those of `audit.mitigate` for
    tables and estimators (MIT001–MIT010).

    >>> from sklearn.linear_model import LogisticRegression
    >>> rng = np.random.default_rng(0)
    >>> frame = {"sex": rng.choice(["f", "m"], 800), "income": rng.normal(size=800)}
    >>> frame["repaid"] = (frame["income"] + rng.normal(size=800) > 0).astype(int)
    >>> halves = [{k: v[a:b] for k, v in frame.items()} for a, b in ((0, 400), (400, 800))]
    >>> found = learning_curves(LogisticRegression(), *halves, protected="sex", outcome="repaid",
    ...     favorable=1, features=["income"], reference={"sex": "m"}, repeats=2)
    >>> found.trainings, [o.reading for o in found.outlook if o.collected]
    (18, ['flat'])
    """
    shares = _sizes(sizes)
    level, say = one_level(level), progress or (lambda text, done, total: None)
    _check(repeats, seed, cutoff, metric)
    learners, held_out = _both(train, test, roles)
    name = target(learners, attribute if attribute is not None else next(iter(learners.codes)))
    notes = []
    for who, words in ((learners, "training"), (held_out, "held-out")):
        if lost := len(who) - len(who.known):
            notes.append(f"{lost:,} {words} rows of unknown outcome are left out")
    learn, judge = learners.taken(learners.known), held_out.taken(held_out.known)
    study = Study(
        estimator=prepared(estimator, learn.inputs),
        learn=learn,
        judge=judge,
        held=_held(held_out, judge),
        attribute=name,
        cutoff=0.5 if cutoff is None else float(cutoff),
        seed=seed,
    )
    groups = groups_of(study, group, notes)
    curves = study.curves(groups, shares, repeats, say)
    points: list[CurvePoint] = []
    outlooks: list[Outlook] = []
    for collected, curve in curves.items():
        points += _points(study, collected, curve, level)
        wanted = groups if collected is None else [collected]
        for one in wanted:
            outlooks.append(outlook_of(study, collected, one, curve, metric, level))
    failed = {reason for c in curves.values() for s in c for reason in s.reasons}
    notes += [f"some draws could not be trained on: {r}" for r in sorted(failed)]
    outlooks.sort(key=lambda o: not o.collected)
    return LearningCurves(
        attribute=name,
        reference=(learn.reference[name],),
        metric=metric,
        points=tuple(points),
        outlook=tuple(outlooks),
        estimator=type(estimator).__name__,
        decided=f"approved where P(unfavourable) < {study.cutoff:g}",
        sizes=shares,
        repeats=repeats,
        trainings=study.trainings,
        train_rows=len(learn),
        test_rows=len(judge),
        level=level,
        seed=seed,
        notes=tuple(notes),
    )


# --- what was asked -------------------------------------------------------------------------


def _sizes(told: Any) -> tuple[float, ...]:
    try:
        found = tuple(float(s) for s in told)
    except (TypeError, ValueError):
        found = ()
    if len(found) < 2 or found[-1] != 1 or any(
        not 0 < a < b for a, b in pairwise(found)
    ):  # fmt: skip
        raise InputError(
            "MIT320", f"{shown(told)} are no growing shares of rows up to 1", argument="sizes",
            fix=f"such as {SIZES}",
        )  # fmt: skip
    return found


def _check(repeats: Any, seed: Any, cutoff: Any, metric: Any) -> None:
    for value, name, least in ((repeats, "repeats", 1), (seed, "seed", 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise InputError(
                "MIT321", f"{shown(value)} is no whole number from {least}", argument=name,
                fix=f"{name}={5 if name == 'repeats' else 0}",
            )  # fmt: skip
    number = isinstance(cutoff, int | float | np.number) and not isinstance(cutoff, bool)
    if cutoff is not None and not (number and 0 < cutoff < 1):
        raise InputError(
            "MIT321", f"{shown(cutoff)} is no chance between 0 and 1", argument="cutoff",
            fix="approve where P(unfavourable) is below it, such as 0.3",
        )  # fmt: skip
    if not isinstance(metric, str) or metric not in METRICS:
        raise InputError(
            "MIT322", f"no error is called {shown(metric)}", argument="metric",
            fix=f"one of {listed(METRICS)}",
        )  # fmt: skip


def _both(train: Any, test: Any, roles: dict[str, Any]) -> tuple[People, People]:
    from audit.table.intake import read
    from audit.table.keywords import check_keywords, refuse_roles

    own = ("sizes", "attribute", "group", "metric", "cutoff", "repeats", "level", "seed")
    found = []
    for source, name in ((train, "train"), (test, "test")):
        if isinstance(source, Table):
            refuse_roles(roles, "a table")
        elif roles:
            check_keywords(roles, own)
            source = read(source, **roles)
        found.append(people(source, name))
    same_columns(*found)
    return found[0], found[1]


def _held(whole: People, judge: People) -> Held:
    rows = whole.table.rows
    assert isinstance(rows, CodedRows)
    count = np.ones(len(judge))
    if rows.count is not None:
        count = rows.count[whole.known].astype(np.float64)
    return Held(good=judge.outcome == GOOD, mass=judge.mass, count=count, cluster=judge.cluster)


# --- what is said ---------------------------------------------------------------------------


def _points(
    study: Study, collected: Level, curve: Sequence[Size], level: float
) -> list[CurvePoint]:
    reference = study.learn.reference[study.attribute]
    z = float(critical(level))
    out = []
    for size in curve:
        for g in study.judged:
            for other in (None, reference):
                if other is not None and (g == other or other not in study.judged):
                    continue
                for metric in METRICS:
                    values, influence = size.of(study, g, metric)
                    if other is not None:
                        theirs, away = size.of(study, other, metric)
                        values, influence = values - theirs, influence - away
                    value = float(values.mean()) if len(values) else float("nan")
                    half = z * float(np.sqrt(study.held.variance(influence[None])[0, 0]))
                    undefined = np.isnan(value)
                    reason = REASONS[metric] if len(values) else "no draw could be trained on"
                    out.append(
                        CurvePoint(
                            collected=() if collected is None else (collected,),
                            share=size.share,
                            rows=size.rows[g],
                            train_rows=size.train_rows,
                            group=(g,),
                            reference=None if other is None else (other,),
                            metric=metric,
                            value=value,
                            low=float("nan") if undefined else value - half,
                            high=float("nan") if undefined else value + half,
                            spread=float(values.std(ddof=1)) if len(values) > 1 else 0.0,
                            draws=len(values),
                            people=int(study.inside(g).sum()),
                            reason=reason if undefined else None,
                        )
                    )
    return out


__all__ = ["learning_curves"]
