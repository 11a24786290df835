"""A logistic model that an adversary keeps from showing the group. NumPy and scikit-learn only."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning

from audit.table.memory import reached_by

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RIDGE = 1e-6
"""Keeps the adversary's own problem well posed where its inputs do not vary."""

OVERSHOT = 0.5
"""What a step shrinks by where the last one went past its aim."""

SLIGHT = 0.005
"""A direction that an adversary gains less in, beside the largest, is left to the pull alone."""

SHARPNESS = 8.0
"""Steepness of the soft decision that the adversary sees, over one deviation of the log-odds."""


class LogisticAdversary(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # no types
    """Logistic regression trained against an adversary that tells the group from its score.

    The predictor begins at scikit-learn's logistic regression. The adversary, a softmax regression,
    tells the group from the predictor's decision made soft: a logistic curve of its log-odds around
    the cut-off (and from the true label, each with its own slope, where `odds`). It is at its best
    response in each round. The predictor then steps along g − proj(g; h) − strength·h, where g and
    h are the gradients of its own loss and of the adversary's (Zhang, Lemoine & Mitchell, AIES
    2018, section 3), so that it never helps the adversary. With three groups or more, or `odds`, h
    is a sum of several gradients, and g is projected off each of them. All rows are used at once,
    in coordinates where the predictor's loss is round, so nothing is drawn by lot.

    With `projection` the end is the best predictor whose decisions tell nothing, whatever the
    strength above 0, which then only sets the pace. Without, the end minimises the predictor's loss
    less `strength` times the adversary's: a trade-off. 0 leaves the adversary out.

    `groups` −1 is a row that the adversary does not see. After training, `advantage_` is what the
    adversary knows of the group (nats; 0 is nothing), `n_iter_` the rounds.

    >>> rng = np.random.default_rng(0)
    >>> group = rng.integers(0, 2, 500)
    >>> X = np.column_stack([rng.normal(size=500) + group, rng.normal(size=500)])
    >>> y = (X.sum(axis=1) + rng.normal(size=500) > 0.5).astype(int)
    >>> gaps = []
    >>> for strength in (0.0, 1.0):
    ...     own = LogisticAdversary(strength=strength).fit(X, y, groups=group)
    ...     chance = own.predict_proba(X)[:, 1]
    ...     gaps.append(abs(round(float(chance[group == 1].mean() - chance[group == 0].mean()), 1)))
    >>> gaps
    [0.2, 0.0]
    """

    def __init__(
        self,
        strength: float = 1.0,
        odds: bool = False,
        projection: bool = True,
        at: float = 0.5,
        approval_rate: float | None = None,
        favorable: Any = None,
        C: float = 1.0,  # noqa: N803 - scikit-learn's name
        max_iter: int = 500,
        tol: float = 1e-3,
    ) -> None:
        """`strength` ≥ 0; `odds` for equalized odds, else demographic parity; who is approved: from
        a chance of `at` of the `favorable` class on (the second unless told), or the share
        `approval_rate` with the highest; `C` as in `LogisticRegression`; rounds, and how small
        gradients must be at the end."""
        self.strength, self.odds, self.projection = strength, odds, projection
        self.at, self.approval_rate, self.favorable = at, approval_rate, favorable
        self.C, self.max_iter, self.tol = C, max_iter, tol

    def fit(
        self,
        X: Any,  # noqa: N803
        y: Any,
        groups: Any = None,
        sample_weight: Any = None,
    ) -> Self:
        """Train; warns (`ConvergenceWarning`) where the rounds end before both losses are still."""
        from sklearn.linear_model import LogisticRegression

        inputs = np.asarray(X, np.float64)
        self.classes_, good = np.unique(np.asarray(y), return_inverse=True)
        if len(self.classes_) != 2:
            raise ValueError(f"the outcome has {len(self.classes_)} values, and two are needed")
        weight = np.ones(len(inputs)) if sample_weight is None else np.asarray(sample_weight, float)
        weight = weight / weight.mean()
        solver = "newton-cholesky" if inputs.shape[1] < 500 else "lbfgs"
        start = LogisticRegression(C=self.C, solver=solver, tol=1e-7, max_iter=1000)
        start.fit(inputs, good, sample_weight=weight)
        self.coef_, self.intercept_ = start.coef_, start.intercept_
        self.n_features_in_, self.n_iter_ = inputs.shape[1], 0
        if self.strength > 0 and groups is not None:
            self._against(inputs, good.astype(np.float64), np.asarray(groups), weight)
        return self

    def decision_function(self, X: Any) -> Floats:  # noqa: N803
        """Log-odds of the second class."""
        found: Floats = np.asarray(X, np.float64) @ self.coef_[0] + self.intercept_[0]
        return found

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """Shape (rows, 2), in the order of `classes_`."""
        second = _expit(self.decision_function(X))
        return np.column_stack([1 - second, second])

    def predict(self, X: Any) -> npt.NDArray[Any]:  # noqa: N803
        """The likelier class."""
        return self.classes_[(self.decision_function(X) >= 0).astype(np.int64)]

    def _against(self, inputs: Floats, good: Floats, groups: Ints, weight: Floats) -> None:
        game = _Game(inputs, good, groups, weight, self)
        if game.kinds < 2:
            raise ValueError("an adversary needs rows of two groups or more")
        point = np.concatenate([self.coef_[0], self.intercept_])
        meet = self._projected if self.projection else self._traded
        point, still = meet(game, point)
        self.coef_, self.intercept_ = point[None, :-1], point[-1:]
        self.advantage_ = game.entropy - game.rivals
        if not still:
            warnings.warn(
                f"the adversary's game did not converge in {self.max_iter} rounds",
                ConvergenceWarning, stacklevel=3,
            )  # fmt: skip

    def _projected(self, game: _Game, point: Floats) -> tuple[Floats, bool]:
        own, rival, spans = game.gradients(point)
        left = _outside(own, spans)
        along, against = 0.5, 1.0
        for rounds in range(self.max_iter):
            self.n_iter_ = rounds
            if np.linalg.norm(left - self.strength * rival) <= self.tol * min(1.0, self.strength):
                return point, True
            point = point - game.back(along * left - against * self.strength * rival)
            before = left, rival
            own, rival, spans = game.gradients(point)
            left = _outside(own, spans)
            # where a gradient turned round, the step went past its aim
            along = along * OVERSHOT if before[0] @ left < 0 else min(0.5, along * 1.1)
            against = against * OVERSHOT if before[1] @ rival < 0 else min(1.0, against * 1.1)
        self.n_iter_ = self.max_iter
        return point, False

    def _traded(self, game: _Game, point: Floats) -> tuple[Floats, bool]:
        own, rival, _ = game.gradients(point)
        worth, size = game.loss - self.strength * game.rivals, 1.0
        for rounds in range(self.max_iter):
            self.n_iter_ = rounds
            whole = own - self.strength * rival
            if np.linalg.norm(whole) <= self.tol:
                return point, True
            trial = point - game.back(size * whole)
            next_own, next_rival, _ = game.gradients(trial)
            reached = game.loss - self.strength * game.rivals
            if reached > worth - 0.25 * size * (whole @ whole):
                size *= OVERSHOT  # no gain: from here again, and nearer
                continue
            point, own, rival, worth = trial, next_own, next_rival, reached
            size *= 1.5
        self.n_iter_ = self.max_iter
        return point, False


def _outside(own: Floats, tangent: Floats) -> Floats:
    """What of a gradient lies outside the span of the columns of another."""
    found: Floats = own - tangent @ (np.linalg.pinv(tangent, rcond=SLIGHT) @ own)
    return found


class _Game:
    """Both losses on the training rows, in coordinates where the predictor's is round."""

    def __init__(
        self, inputs: Floats, good: Floats, groups: Ints, weight: Floats, who: LogisticAdversary
    ) -> None:
        rows = len(inputs)
        self.wide = np.column_stack([inputs, np.ones(rows)])
        self.good, self.weight, self.who = good, weight / rows, who
        self.penalty = np.full(self.wide.shape[1], 1.0 / (who.C * rows))
        self.penalty[-1] = 0.0
        self.root: Floats | None = None
        self.sharpness, self.centre = 1.0, 0.0
        self.known = np.flatnonzero(groups >= 0)
        kinds, told = np.unique(groups[self.known], return_inverse=True)
        self.told = np.eye(len(kinds))[told]
        self.mass = weight[self.known] / weight[self.known].sum()
        self.kinds = len(kinds)
        kind = self.good[self.known] if who.odds else np.zeros(len(self.known))
        self.entropy = 0.0
        for one in np.unique(kind):
            each = (self.mass * (kind == one)) @ self.told
            each = each[each > 0]
            self.entropy -= float((each * np.log(each / each.sum())).sum())
        self.loss = self.rivals = float("nan")
        self.rival = np.zeros((len(kinds), 4 if who.odds else 2))

    def gradients(self, point: Floats) -> tuple[Floats, Floats, Floats]:
        """Of the predictor's loss, of the adversary's at its best response, and, as columns, of
        what the latter is a sum of: one for each group (and label, for odds)."""
        raw = self.wide @ point
        chance = _expit(raw)
        own = self.wide.T @ (self.weight * (chance - self.good)) + self.penalty * point
        self.loss = float(
            self.weight @ (np.logaddexp(0, raw) - self.good * raw)
            + 0.5 * (self.penalty * point) @ point
        )
        if self.root is None:
            curve = self.weight * chance * (1 - chance)
            hessian = self.wide.T @ (self.wide * curve[:, None])
            hessian[np.diag_indices_from(hessian)] += self.penalty + 1e-9
            self.root = np.asarray(np.linalg.cholesky(hessian), np.float64)
            spread = float(np.sqrt(self.weight @ (raw - self.weight @ raw) ** 2))
            self.sharpness = SHARPNESS / max(spread, 1e-12)
            self.centre = self._centre(raw)
        seen = raw[self.known]
        nearly = _expit(self.sharpness * (seen - self.centre))
        slope = self.sharpness * nearly * (1 - nearly)
        wrong = self._answer(nearly)
        parts = [wrong * slope[:, None]]
        pulls = [self.rival[:, 1]]
        if self.who.odds:
            parts.append(parts[0] * self.good[self.known][:, None])
            pulls.append(self.rival[:, 3])
        whole = np.zeros((len(raw), len(pulls) * self.kinds))
        whole[self.known] = np.column_stack(parts)
        spans = self._round(self.wide.T @ whole)
        return self._round(own), spans @ np.concatenate(pulls), spans

    def _centre(self, raw: Floats) -> float:
        """Log-odds at the cut-off that decisions are made by."""
        told = self.who.favorable
        toward = -1.0 if told is not None and told == self.who.classes_[0] else 1.0
        if self.who.approval_rate is None:
            at = min(max(self.who.at, 1e-6), 1 - 1e-6)
            return toward * float(np.log(at / (1 - at)))
        return toward * reached_by(toward * raw, self.who.approval_rate, self.weight)

    def back(self, step: Floats) -> Floats:
        """A step in the predictor's own coordinates."""
        from scipy.linalg import solve_triangular

        found: Floats = solve_triangular(self.root, step, lower=True, trans="T")
        return found

    def _round(self, gradient: Floats) -> Floats:
        from scipy.linalg import solve_triangular

        found: Floats = solve_triangular(self.root, gradient, lower=True)
        return found

    def _answer(self, seen: Floats) -> Floats:
        """Bring the adversary to its best response; what it gets wrong, by row and group."""
        columns = [np.ones(len(seen)), seen]
        if self.who.odds:
            good = self.good[self.known]
            columns += [good, seen * good]
        inputs = np.column_stack(columns)
        kinds, width = self.rival.shape
        wrong: Floats = np.zeros_like(self.told)
        for _again in range(25):
            told, loss = self._told(inputs, self.rival)
            wrong = (told - self.told) * self.mass[:, None]
            gradient = wrong.T @ inputs + RIDGE * self.rival
            self.rivals = loss
            if np.abs(gradient).max() < 1e-9:
                break
            size = kinds * width
            hessian = np.zeros((kinds, width, kinds, width))
            for i in range(kinds):
                for j in range(kinds):
                    share = told[:, i] * ((i == j) - told[:, j]) * self.mass
                    hessian[i, :, j, :] = inputs.T @ (inputs * share[:, None])
            flat = hessian.reshape(size, size)
            flat[np.diag_indices(size)] += RIDGE
            move = np.linalg.solve(flat, gradient.ravel()).reshape(kinds, width)
            # a whole Newton step from a bad start may overshoot
            for part in (1.0, 0.5, 0.25, 0.125, 0.0625):
                trial = self.rival - part * move
                if self._told(inputs, trial)[1] + RIDGE / 2 * (trial**2).sum() <= (
                    loss + RIDGE / 2 * (self.rival**2).sum() + 1e-15
                ):
                    break
            self.rival = trial
        return wrong

    def _told(self, inputs: Floats, rival: Floats) -> tuple[Floats, float]:
        """The adversary's chances of each group, and its loss."""
        raw = inputs @ rival.T
        raw = raw - raw.max(axis=1, keepdims=True)
        chances = np.exp(raw)
        total = chances.sum(axis=1, keepdims=True)
        log = raw - np.log(total)
        return chances / total, float(-(self.mass @ (self.told * log).sum(axis=1)))


def _expit(values: Floats) -> Floats:
    from scipy.special import expit

    found: Floats = expit(values)
    return found
