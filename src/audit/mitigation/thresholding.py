"""Cut-offs by group through fairlearn's `ThresholdOptimizer`, at a share or a price of errors.

fairlearn finds, for every value of what is to be equal, the best mix of two cut-offs in each group;
which value is taken is its own choice (highest accuracy) where nothing is asked for, and otherwise
the point on its curves that approves the share asked for, or costs least at the price that a
cut-off implies: at a cut-off c on P(unfavourable), one bad approval weighs (1 − c) ÷ c good
denials.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin

from audit.mitigation.after_training import Unseen, by_level, decided, put, repeats, unseen
from audit.mitigation.fitting import NotFittedError, told
from audit.mitigation.group_rules import GroupCut, GroupLots
from audit.mitigation.method import Made
from audit.mitigation.task import Task

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PARITY, ODDS, OPPORTUNITY = "demographic_parity", "equalized_odds", "true_positive_rate_parity"
"""fairlearn's names of what is to be equal."""

GRID = 1000
"""Steps between 0 and 1 at which fairlearn looks; its own default."""


class AsScored(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Stands for a fitted model whose inputs are its scores."""

    classes_ = np.array([0, 1])

    def fit(self, X: Any, y: Any = None) -> AsScored:  # noqa: N803 - scikit-learn's name
        """Nothing to learn."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        """It is."""
        return True

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """The scores themselves, beside what is left to 1."""
        good = np.asarray(X, np.float64)[:, 0]
        return np.column_stack([1 - good, good])


def demographic_parity(task: Task) -> Made:
    """The same share of every group approved.

    With an approval rate each group has its own cut-off that approves that share, which is exact
    and draws no lots; otherwise fairlearn's interpolation.
    """
    if task.where.approval_rate is None:
        return _optimised(task, PARITY)
    found = unseen(task, both_sides=False)
    own = {
        g: task.where.at(found.scores[found.codes == g], found.mass[found.codes == g])
        for g in found.groups
    }
    rule = GroupCut(task.grouping, by_level(task, own), found.at)
    return decided(task, rule, found, f"cut-offs on the favourable chance: {put(task, own)}")


def equalized_odds(task: Task) -> Made:
    """The same true and false positive rates in every group."""
    return _optimised(task, ODDS)


def equal_opportunity(task: Task) -> Made:
    """The same true positive rate in every group."""
    return _optimised(task, OPPORTUNITY)


def _optimised(task: Task, constraint: str) -> Made:
    found = unseen(task, both_sides=False)
    model, curves = fitted_optimizer(found, constraint)
    if task.where.approval_rate is None and task.where.cutoff is None:
        chosen = model.interpolated_thresholder_.interpolation_dict
    else:
        chosen = _mix(curves, _place(task, curves))
    rule, more = lots(task, found, chosen), _words(task, chosen)
    return decided(task, rule, found, *more)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curves:
    """fairlearn's best trade-offs at every point of its grid, by group."""

    grid: Floats
    """Value of what is to be equal: approvals, true positives, or false positives."""
    frames: Mapping[int, Any]
    """By group: a frame with x, y, p0, operation0, p1, operation1."""
    odds: Floats | None
    """True positive rate that all groups reach, under equalized odds."""
    good: Floats
    """Share of all applicants approved and good, at each point."""
    bad: Floats
    """Share of all applicants approved and bad."""


def fitted_optimizer(found: Unseen, constraint: str) -> tuple[Any, Curves]:
    """fairlearn's optimiser, fitted on out-of-fold scores, and its curves.

    Raises `NotFittedError` where fairlearn does, or where rows have weights that are not whole.
    """
    from fairlearn.postprocessing import ThresholdOptimizer

    scores, good, codes, _ = found.taken(repeats(found, "fairlearn's ThresholdOptimizer"))
    model = ThresholdOptimizer(
        estimator=AsScored(), constraints=constraint, objective="accuracy_score",
        grid_size=GRID, prefit=True, predict_method="predict_proba",
    )  # fmt: skip
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(scores.reshape(-1, 1), good, sensitive_features=codes)
    except Exception as problem:
        raise NotFittedError(f"fairlearn's ThresholdOptimizer: {told(problem)}") from None
    return model, _curves(model, constraint, good, codes)


def _curves(model: Any, constraint: str, good: Ints, codes: Ints) -> Curves:
    grid = np.asarray(model._x_grid, np.float64)
    frames = {int(g): frame for g, frame in model._tradeoff_curve.items()}
    if constraint == ODDS:
        odds = np.asarray(model._y_min, np.float64)
        base = float(good.mean())
        return Curves(grid=grid, frames=frames, odds=odds, good=base * odds, bad=(1 - base) * grid)
    right, wrong = np.zeros(len(grid)), np.zeros(len(grid))
    for group, frame in frames.items():
        own = good[codes == group]
        share, base = len(own) / len(good), float(own.mean())
        accuracy = np.asarray(frame["y"], np.float64)
        # accuracy = good approved + bad denied, and x fixes one more relation of the two
        hits = base * grid if constraint == OPPORTUNITY else (grid + accuracy - (1 - base)) / 2
        right += share * hits
        wrong += share * ((1 - base) - (accuracy - hits))
    return Curves(grid=grid, frames=frames, odds=None, good=right, bad=wrong)


def _place(task: Task, curves: Curves) -> int:
    """The point of the grid: nearest to the share asked for, or cheapest at the cut-off's price."""
    if task.where.approval_rate is not None:
        return int(np.abs(curves.good + curves.bad - task.where.approval_rate).argmin())
    assert task.where.cutoff is not None
    gain = task.where.cutoff * curves.good - (1 - task.where.cutoff) * curves.bad
    return int(np.around(gain, 15).argmax())


def _mix(curves: Curves, place: int) -> dict[int, dict[str, Any]]:
    """What fairlearn's own fit would hold, had it taken this point."""
    chosen = {}
    for group, frame in curves.frames.items():
        point = frame.iloc[place]
        own = {k: point[k] for k in ("p0", "operation0", "p1", "operation1")}
        if curves.odds is not None:
            below = point["y"] - curves.odds[place]  # moved down to what all groups reach
            rise = point["y"] - point["x"]
            own["p_ignore"] = 0.0 if rise == 0 else below / rise
            own["prediction_constant"] = curves.grid[place]
        chosen[group] = own
    return chosen


def lots(task: Task, found: Unseen, chosen: Mapping[Any, Mapping[str, Any]]) -> GroupLots:
    """fairlearn's interpolation as numbers by level; raises `NotFittedError` for a flipped rule."""
    size = len(task.levels)
    above, shares = np.zeros((size, 2)), np.zeros((size, 2))
    ignored, constant = np.full(size, np.nan), np.zeros(size)
    for group, mix in chosen.items():
        g = int(group)
        for side in (0, 1):
            step = mix[f"operation{side}"]
            if step.operator != ">":
                raise NotFittedError("fairlearn approves the lower scores of a group")
            above[g, side], shares[g, side] = step.threshold, mix[f"p{side}"]
        ignored[g] = mix.get("p_ignore", 0.0)
        constant[g] = mix.get("prediction_constant", 0.0)
    return GroupLots(task.grouping, above, shares, ignored, constant, found.at)


def _words(task: Task, chosen: Mapping[Any, Mapping[str, Any]]) -> list[str]:
    said = []
    for group, mix in chosen.items():
        name = task.levels[int(group)]
        said.append(
            f"{name}: above {mix['operation0'].threshold:.3f} at a chance of {mix['p0']:.2f}, "
            f"above {mix['operation1'].threshold:.3f} at {mix['p1']:.2f}"
            + (
                f"; {mix['p_ignore']:.0%} answered by lot alone, "
                f"approved at {mix['prediction_constant']:.2f}"
                if mix.get("p_ignore", 0.0) > 0
                else ""
            )
        )
    return said
