"""AIF360's methods after training, for the reference group against all others.

AIF360 finds the numbers; its own `predict` draws from NumPy's global state, so the decisions are
made here from the numbers. With an approval rate the cut-off beneath each method moves until that
share is approved; otherwise the unchanged model's cut-off stays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from audit.mitigation.after_training import (
    Unseen,
    approval,
    by_level,
    chances_of,
    decided,
    put,
    repeats,
    unseen,
)
from audit.mitigation.borrowed import OTHERS, PRIVILEGED, dataset, quiet
from audit.mitigation.deciders import Cut
from audit.mitigation.fitting import NotFittedError, told
from audit.mitigation.group_rules import BaseRateLots, FlippedLots, RejectBand
from audit.mitigation.method import Made
from audit.mitigation.task import Task
from audit.table.memory import reached_by

Rule = TypeVar("Rule", RejectBand, FlippedLots)

BOUND = 0.02
"""Gap in approvals that a reject-option band may leave in the training people."""

MARGINS = 50
"""Widths of the band that AIF360 tries; its own default."""

TRIES = 8
"""Cut-offs tried in the search for an approval rate."""

STRIDE = 1.5
"""Steps a share that is missed is moved by until the one asked for lies between two."""

CLOSE = 0.02
"""How far the share approved may be from the one asked for."""


def reject_option(task: Task) -> Made:
    """A band about the cut-off, where others are approved and the reference group is denied."""
    found = unseen(task)
    if _gap(task, Cut(found.at), found) < -BOUND:
        raise NotFittedError(
            "the reference group is approved less often than the others, and the band would deny "
            "it more"
        )
    truth = dataset(found.privileged, found.good, found.scores, found.mass)

    def band(at: float) -> RejectBand | None:
        return _band(task, found, truth, at)

    rule = _settled(task, found, band)
    if rule is None:
        raise NotFittedError(f"no band about the cut-off brings the gap in approvals to {BOUND:g}")
    low, high = rule.above - rule.margin, rule.above + rule.margin
    note = f"between {low:.3f} and {high:.3f} of the favourable chance the group decides"
    return decided(task, rule, found, note)


def _band(task: Task, found: Unseen, truth: Any, at: float) -> RejectBand | None:
    """AIF360's margin about one cut-off; None where none is within the bound."""
    above = float(np.nextafter(at, -1.0))  # it approves above the cut-off, and we at it
    if not 0 <= above < 1:
        return None
    with quiet():
        from aif360.algorithms.postprocessing import RejectOptionClassification

        model = RejectOptionClassification(
            OTHERS, PRIVILEGED, low_class_thresh=above, high_class_thresh=1.0, num_class_thresh=1,
            num_ROC_margin=MARGINS, metric_name="Statistical parity difference",
            metric_lb=-BOUND, metric_ub=BOUND,
        )  # fmt: skip
        try:
            model.fit(truth, truth)
        except Exception as problem:
            raise NotFittedError(f"AIF360's reject option: {told(problem)}") from None
    levels = np.arange(len(task.levels))
    rule = RejectBand(
        task.grouping, levels != task.reference, np.isin(levels, found.groups),
        float(model.classification_threshold), float(model.ROC_margin), found.at,
    )  # fmt: skip
    # where no width is within the bound AIF360 takes the one most against the others
    return rule if abs(_gap(task, rule, found)) <= BOUND + 1e-9 else None


def _gap(task: Task, rule: Any, found: Unseen) -> float:
    """The reference's share approved less that of the others."""
    chance, own = chances_of(rule, task, found), found.privileged == 1
    return float(
        np.average(chance[own], weights=found.mass[own])
        - np.average(chance[~own], weights=found.mass[~own])
    )


def _by_side(task: Task, found: Unseen, others: float, own: float) -> dict[int, float]:
    """One number for the reference group (`own`), and one for each other with a rule."""
    return {g: own if g == task.reference else others for g in found.groups}


def calibrated_equalized_odds(task: Task) -> Made:
    """Some of the better-served side's scores give way to its base rate."""
    found = unseen(task)
    truth = dataset(found.privileged, found.good, found.good, found.mass)
    predicted = dataset(found.privileged, found.good, found.scores, found.mass)
    with quiet(), np.errstate(all="ignore"):
        from aif360.algorithms.postprocessing import CalibratedEqOddsPostprocessing

        model = CalibratedEqOddsPostprocessing(OTHERS, PRIVILEGED, cost_constraint="weighted")
        try:
            model.fit(truth, predicted)
        except Exception as problem:
            raise NotFittedError(f"AIF360's calibrated equalized odds: {told(problem)}") from None
    rates = float(model.unpriv_mix_rate), float(model.priv_mix_rate)
    if not all(0 <= r <= 1 for r in rates):
        raise NotFittedError(
            "the costs of the two sides cannot be made equal: even the base rate for everyone on "
            f"one side does not cost as much as the other (share {max(rates, key=abs):.2f})"
        )
    base = float(model.base_rate_unpriv), float(model.base_rate_priv)
    share = np.array(rates)[found.privileged]
    at = found.at
    if task.where.approval_rate is not None:
        # each person is two: the score, and the base rate in its place
        both = np.concatenate([found.scores, np.array(base)[found.privileged]])
        at = task.where.at(both, np.concatenate([(1 - share) * found.mass, share * found.mass]))
    replaced, instead = _by_side(task, found, *rates), _by_side(task, found, *base)
    rule = BaseRateLots(
        task.grouping, by_level(task, replaced), by_level(task, instead), at, found.at
    )
    note = f"scores replaced by the base rate: {put(task, replaced)}"
    return decided(task, rule, found, note)


def equalized_odds(task: Task) -> Made:
    """Decisions are turned by lot until both sides have the same error rates."""
    found = unseen(task)
    times = repeats(found, "AIF360's equalized odds")

    def flipped(at: float) -> FlippedLots | None:
        return _flipped(task, found, times, at)

    rule = _settled(task, found, flipped)
    if rule is None:
        raise NotFittedError("no chances of turning a decision make both error rates equal")
    kept = {g: float(rule.kept[g]) for g in found.groups}
    given = {g: float(rule.given[g]) for g in found.groups}
    note = f"approvals kept: {put(task, kept)}; denials turned: {put(task, given)}"
    return decided(task, rule, found, note)


def _flipped(task: Task, found: Unseen, times: Any, at: float) -> FlippedLots | None:
    scores, good, _, privileged = found.taken(times)
    ones = np.ones(len(scores))
    with quiet(), np.errstate(all="ignore"):
        from aif360.algorithms.postprocessing import EqOddsPostprocessing

        model = EqOddsPostprocessing(OTHERS, PRIVILEGED)
        try:
            model.fit(
                dataset(privileged, good, good, ones),
                dataset(privileged, scores >= at, scores, ones),
            )
        except Exception as problem:
            raise NotFittedError(f"AIF360's equalized odds: {told(problem)}") from None
    if not model.model_params.success:
        return None
    own_kept, own_given, other_kept, other_given = np.clip(model.model_params.x, 0, 1).tolist()
    kept = _by_side(task, found, other_kept, own_kept)
    given = _by_side(task, found, other_given, own_given)
    return FlippedLots(task.grouping, by_level(task, kept), by_level(task, given), at, found.at)


def _settled(task: Task, found: Unseen, make: Callable[[float], Rule | None]) -> Rule | None:
    """The rule at the unchanged model's cut-off, or at one that approves the share asked for.

    Halves the range of cut-offs by the share they approve before the rule acts. Raises
    `NotFittedError` where none comes close to the share.
    """
    if task.where.approval_rate is None:
        return make(found.at)
    asked, low, high = task.where.approval_rate, 0.0, 1.0
    share, best, off = asked, None, np.inf
    for _ in range(TRIES):
        rule = make(reached_by(found.scores, share, found.mass))
        reached = share if rule is None else approval(rule, task, found)
        if rule is not None and abs(reached - asked) < off:
            best, off = rule, abs(reached - asked)
        if off < 0.002:
            break
        low, high = (share, high) if reached < asked else (low, share)
        bracketed = low > 0.0 and high < 1.0
        share = (low + high) / 2 if bracketed else share + STRIDE * (asked - reached)
        share = float(np.clip(share, low, high))
    if best is not None and off > CLOSE:
        raise NotFittedError(f"it cannot approve {asked:.0%}: the nearest share is {off:.0%} away")
    return best
