"""Methods in training: fairlearn's reductions, at the price of errors that the baseline pays.

A reduction (Agarwal et al., ICML 2018) turns a fairness constraint into weights and labels of rows,
trains the caller's estimator on them again and again, and mixes what comes out.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import partial
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from audit.mitigation.coarse import Coarse, coarse
from audit.mitigation.deciders import Cut, Decider, Plain
from audit.mitigation.fitting import NotFittedError, threads, told
from audit.mitigation.method import DURING, Made, Method
from audit.mitigation.mixtures import Always, Mixture, Relabelled, Trained, Vote
from audit.mitigation.people import GOOD
from audit.mitigation.task import Task, baseline, tuned

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

PARITY, ODDS, OPPORTUNITY, LOSS = (
    "demographic_parity", "equalized_odds", "equal_opportunity", "bounded_group_loss",
)  # fmt: skip

EXPONENTIATED: Mapping[str, Any] = {"bound": 0.01, "eps": 0.01, "max_iter": 8}
"""Largest distance of a group's rate from the rate of all; 1/eps bounds the multipliers; rounds of
two to nine trainings each."""

EXPONENTIATED_LOSS: Mapping[str, Any] = {"share": 0.5, "eps": 0.5, "max_iter": 8}
"""How much of the way from the worst group's loss to the mean loss the bound lies."""

GRID: Mapping[str, Any] = {"grid_size": 9, "grid_limit": 2.0, "constraint_weight": 0.5}
"""Most trainings (a multiplier has at least its two signs and 0), the multipliers' size, and the
weight of the gap against the errors in the choice."""

GRID_ODDS: Mapping[str, Any] = {**GRID, "grid_size": 13}
"""Equalized odds have two multipliers a group."""


def exponentiated_gradient(task: Task, constraint: str) -> Made:
    """A mixture of the task's estimator under a constraint, by fairlearn's `ExponentiatedGradient`.

    Raises `NotFittedError` where rows have weights, where training has one group, where the
    baseline's cut-off has no price, or where training fails.
    """
    from fairlearn.reductions import ExponentiatedGradient

    told_here = EXPONENTIATED_LOSS if constraint == LOSS else EXPONENTIATED
    own = tuned(task, f"exponentiated_gradient_{constraint}", told_here)
    at = _price(task)
    moment = _moment(task, constraint, own)
    learner = ExponentiatedGradient(
        _estimator(task, constraint), moment, objective=None if constraint == LOSS else _errors(at),
        eps=own["eps"], max_iter=own["max_iter"],
    )  # fmt: skip
    change, notes = _trained(task, learner)
    weights = learner.weights_
    kept = [i for i in weights.index if weights[i] > 1e-9]
    total = float(sum(weights[i] for i in kept))
    scorers = tuple(_scorer(learner.predictors_[i]) for i in kept)
    shares = tuple(float(weights[i]) / total for i in kept)
    if learner.best_gap_ > learner.nu:
        notes += (
            f"not converged: {learner.best_gap_:.2g} from the best mixture after "
            f"{learner.last_iter_ + 1} rounds, {learner.nu:.2g} was asked",
        )
    decider = _decider(task, constraint, Mixture(scorers, shares, change=change), at)
    return decider, notes + _unmet(task, constraint, learner, decider)


def grid_search(task: Task, constraint: str) -> Made:
    """The best of a grid of multipliers under a constraint, by fairlearn's `GridSearch`.

    Raises `NotFittedError` as `exponentiated_gradient` does.
    """
    from fairlearn.reductions import GridSearch

    own = tuned(task, f"grid_search_{constraint}", GRID_ODDS if constraint == ODDS else GRID)
    at = _price(task)
    moment = _moment(task, constraint, {"bound": EXPONENTIATED["bound"]})
    if constraint != LOSS:
        # the objective of a grid is its constraint's own; this one has the baseline's prices
        moment.default_objective = partial(_errors, at)
    groups = len(np.unique(task.codes))
    size = whole_grid(groups, constraint, own["grid_size"])
    learner = GridSearch(
        _estimator(task, constraint), moment, grid_size=size, grid_limit=own["grid_limit"],
        constraint_weight=own["constraint_weight"],
    )  # fmt: skip
    change, notes = _trained(task, learner)
    best = _scorer(learner.predictors_[learner.best_idx_])
    mixture = Mixture((best,), (1.0,), change=change)
    return _decider(task, constraint, mixture, at), notes


def whole_grid(groups: int, constraint: str, most: int) -> int:
    """The largest grid of multipliers that is whole within `most` trainings.

    fairlearn cuts a grid of another size off in the order in which it counts, which leaves out all
    multipliers of one sign. Two signs and 0 in each direction is the smallest whole one.

    >>> whole_grid(2, "demographic_parity", 10), whole_grid(2, "equalized_odds", 14)
    (9, 13)
    """
    if constraint == LOSS:
        sizes = [comb(n + groups - 1, groups - 1) for n in range(1, most)]
    else:
        ways = (groups - 1) * (2 if constraint == ODDS else 1)
        sizes = [
            sum(2**k * comb(ways, k) * comb(n, k) for k in range(min(n, ways) + 1))
            for n in range(1, most)
        ]
    return max([s for s in sizes if s <= most], default=sizes[0])


def _price(task: Task) -> float:
    """The baseline's cut-off, checked, with what else a reduction needs."""
    if task.weight is not None:
        raise NotFittedError("fairlearn's reductions take no weights of rows, and these have some")
    if len(np.unique(task.codes)) < 2:
        raise NotFittedError(f"the training rows are of one group of {task.attribute}")
    at = float(baseline(task)[0].rule.at)
    if not 0 < at < 1:
        whom = "nobody" if at >= 1 else "everyone"
        raise NotFittedError(f"the baseline approves {whom}: its cut-off {at:g} sets no price")
    return at


def _errors(at: float) -> Any:
    """Prices of errors at which approving from a chance of `at` on costs least.

    A wrong approval costs 2·at and a wrong denial 2·(1 − at): at a half, fairlearn's own 1 and 1.
    """
    from fairlearn.reductions import ErrorRate

    return ErrorRate(costs={"fp": 2 * at, "fn": 2 * (1 - at)})


def _moment(task: Task, constraint: str, own: Mapping[str, Any]) -> Any:
    from fairlearn import reductions

    if constraint == LOSS:
        square = reductions.SquareLoss(0, 1)
        share = own.get("share")
        bound = None if share is None else _loss_bound(task, share)
        return reductions.BoundedGroupLoss(square, upper_bound=bound)
    kinds = {
        PARITY: reductions.DemographicParity,
        ODDS: reductions.EqualizedOdds,
        OPPORTUNITY: reductions.TruePositiveRateParity,
    }
    return kinds[constraint](difference_bound=own["bound"])


def _loss_bound(task: Task, share: float) -> float:
    """From the worst group's mean square loss under the baseline, `share` of the way to all's."""
    scores = baseline(task)[0].scores(task.train.inputs)
    losses = (scores - (task.train.outcome == GOOD)) ** 2
    by_group = [float(losses[task.codes == code].mean()) for code in np.unique(task.codes)]
    worst, mean = max(by_group), float(losses.mean())
    return worst - share * (worst - mean)


def _estimator(task: Task, constraint: str) -> Relabelled:
    return Relabelled(
        task.estimator, task.train.labels, task.train.features, constraint == LOSS, Trained()
    )


def _trained(task: Task, learner: Any) -> tuple[Coarse | None, tuple[str, ...]]:
    """Train a reduction: how it coarsens inputs, and what the models warned of, each text once."""
    import pandas as pd

    good = pd.Series((task.train.outcome == GOOD).astype(np.int64))
    inputs = task.train.inputs
    change = coarse(task.estimator, inputs)
    if change is not None:
        inputs = change.transform(inputs)
    try:
        with warnings.catch_warnings(), threads(len(inputs)):
            warnings.simplefilter("ignore")  # the models' own are kept by the models
            learner.fit(inputs, good, sensitive_features=pd.Series(task.codes))
    except NotFittedError:
        raise
    except Exception as problem:
        raise NotFittedError(f"training failed: {told(problem)}") from None
    said = [note for model in learner.predictors_ for note in getattr(model, "notes_", ())]
    return change, tuple(dict.fromkeys(said))


def _scorer(model: Any) -> Any:
    """What scores of a trained inner model, without the data it was trained on."""
    if isinstance(model, Relabelled):
        kept: Plain = model.scorer_
        return kept
    return Always(float(model.constant))  # where all rows were given one label


def _decider(task: Task, constraint: str, mixture: Mixture, at: float) -> Decider:
    rule: Any
    if constraint == LOSS:
        # a mean prediction loses in no group more than predictions drawn by lot (Jensen's
        # inequality for the square), so no lot is drawn
        rule = Cut(at)
    else:
        mixture.at = at
        rule = Vote(mixture)
    return Decider(mixture, rule, task.train.labels, task.train.features, task.seed)


def _unmet(task: Task, constraint: str, learner: Any, decider: Decider) -> tuple[str, ...]:
    """A note where the training rows themselves are beyond the bound."""

    def answered(inputs: pd.DataFrame) -> Floats:
        # inputs that are coarse already stay as they are
        ask = decider.scores if constraint == LOSS else decider.approval_chances
        return ask(inputs)

    moment = learner.constraints_
    reached, bound = float(moment.gamma(answered).max()), float(moment.bound().max())
    if reached <= bound + max(2 * learner.best_gap_, 0.5 * bound if constraint != LOSS else 0.0):
        return ()
    return (f"the bound is not met in training: {reached:.3g}, {bound:.3g} was asked",)


_EQUAL = {
    PARITY: "approval rates",
    ODDS: "approval rates among those who repay and among those who do not",
    OPPORTUNITY: "approval rates among those who repay",
    LOSS: "mean square losses of the score",
}
_WORDS = {
    PARITY: "demographic parity",
    ODDS: "equalized odds",
    OPPORTUNITY: "equal opportunity",
    LOSS: "bounded group loss",
}
_SOURCE = (
    "Agarwal, Beygelzimer, Dudik, Langford & Wallach, A Reductions Approach to Fair "
    "Classification, ICML 2018{more}; fairlearn's {name} and {moment}"
)
_MOMENTS = {
    PARITY: "DemographicParity",
    ODDS: "EqualizedOdds",
    OPPORTUNITY: "TruePositiveRateParity",
    LOSS: "BoundedGroupLoss(SquareLoss)",
}


def _exponentiated(constraint: str) -> Method:
    loss = constraint == LOSS
    aim = (
        f"no group's {_EQUAL[LOSS].replace('losses', 'loss')} is above a bound"
        if loss
        else f"each group's {_EQUAL[constraint]} stay within a bound of all applicants'"
    )
    how = (
        "averages their scores and approves at the baseline's cut-off"
        if loss
        else "decides each applicant by one of them, drawn by weight"
    )
    return Method(
        key=f"exponentiated_gradient_{constraint}",
        title=f"Exponentiated gradient, {_WORDS[constraint]}",
        acts=DURING,
        does=f"Trains the estimator again and again with weights and labels of rows changed until "
        f"{aim}, at the baseline's price of errors, and {how}.",
        fails="The bound holds for training rows: a model that fits them closely, or a small "
        "group, is further from it on new ones; the rounds are capped, and what has not converged "
        "says so"
        + (
            "; a group that is harder to predict stays so." if loss
            else "; two applicants alike may be answered differently."
        ),
        source=_SOURCE.format(
            more=" (bounded loss: Agarwal, Dudik & Wu, ICML 2019)" if loss else "",
            name="ExponentiatedGradient", moment=_MOMENTS[constraint],
        ),
        make=partial(exponentiated_gradient, constraint=constraint),
        randomised=not loss,
        settings=dict(EXPONENTIATED_LOSS if loss else EXPONENTIATED),
    )  # fmt: skip


def _grid(constraint: str) -> Method:
    return Method(
        key=f"grid_search_{constraint}",
        title=f"Grid search, {_WORDS[constraint]}",
        acts=DURING,
        does=f"Trains the estimator once for each of a grid of trade-offs between errors, at the "
        f"baseline's price, and {_EQUAL[constraint]} by group, and keeps the one model with the "
        "least of both.",
        fails="One model may not reach what a mixture does, the grid is coarse, more so with more "
        "groups, and it is chosen on training rows.",
        source=_SOURCE.format(
            more=", section 3.4", name="GridSearch", moment=_MOMENTS[constraint]
        ),
        make=partial(grid_search, constraint=constraint),
        settings=dict(GRID_ODDS if constraint == ODDS else GRID),
    )  # fmt: skip


METHODS: tuple[Method, ...] = (
    *(_exponentiated(c) for c in (PARITY, ODDS, OPPORTUNITY, LOSS)),
    *(_grid(c) for c in (PARITY, ODDS, OPPORTUNITY, LOSS)),
)
"""Exponentiated gradient and grid search, each under four constraints."""
