"""What can vary for an estimator: the space of alternatives, and where a search starts in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.mitigation.deciders import Decider
from audit.mitigation.families import Family, Knob, family_of, knobs_of, last_of
from audit.mitigation.fitting import NotFittedError, prepared, weight_name
from audit.mitigation.people import GOOD
from audit.mitigation.point import AS_THEY_ARE, Point, words
from audit.mitigation.reshaping import KINDS, skewed
from audit.mitigation.task import Task
from audit.mitigation.telling import Proxy, proxies, signs
from audit.mitigation.unaware import copies

MOST = 6
"""Features that may be left out one by one: those that bring most of the group into the scores."""
TELLING = 0.52
"""AUC below which a feature tells nothing of the group worth leaving out."""
SEEDS = 5
"""Seeds tried of a learner that draws."""
STRONGEST = 3.0
"""The largest fairness penalty."""
STEP = 0.1
"""Of reweighing's strength and of the penalty."""
SHIFTS = (-0.05, -0.025, 0.0, 0.025, 0.05)
"""Moves of the approval rate where no cut-off is fixed."""

Params = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Space:
    """The space of alternatives of one estimator on one task."""

    estimator: Any
    """As the caller gave it, its seeds set."""
    direct: tuple[str, ...]
    """Features that tell a group outright, protected columns and their near-copies: an alternative
    leaves out all of them or reads them as the baseline does."""
    proxies: tuple[Proxy, ...]
    """Those that may be left out, the strongest first."""
    amounts: tuple[str, ...]
    """Skewed amounts that may be reshaped; () for a learner that minds no scale."""
    signs: Mapping[str, int]
    """Features that may be held to one direction; {} for a learner that cannot."""
    weighs: bool
    """Whether the learner takes weights of rows."""
    drawn: bool
    """Whether another seed gives another model."""
    shifts: bool
    """Whether the cut-off may move."""
    behind: int
    """The group with fewer approvals of the two compared."""
    ahead: int
    """The other."""

    @property
    def family(self) -> Family:
        """What is known of the learner."""
        return family_of(self.estimator)

    @property
    def knobs(self) -> tuple[Knob, ...]:
        """The learner's settings that vary."""
        return knobs_of(self.estimator)

    @property
    def own(self) -> dict[str, Any]:
        """The baseline's values of these settings."""
        learner, _ = last_of(self.estimator)
        told = learner.get_params(deep=False)
        return {k.name: told[k.name] for k in self.knobs}

    def distributions(self) -> dict[str, Any]:
        """The space as Optuna has it. Needs optuna."""
        from optuna.distributions import (
            CategoricalDistribution,
            FloatDistribution,
            IntDistribution,
        )

        found: dict[str, Any] = {}
        if self.direct:
            found["blind"] = CategoricalDistribution([False, True])
        for proxy in self.proxies:
            found[f"without {proxy.name}"] = CategoricalDistribution([False, True])
        if self.amounts:
            found["amounts"] = CategoricalDistribution([AS_THEY_ARE, *KINDS])
        if self.signs:
            found["monotone"] = CategoricalDistribution([False, True])
        for knob in self.knobs:
            found[f"learner {knob.name}"] = IntDistribution(0, len(knob.values) - 1)
        if self.drawn:
            found["seed"] = IntDistribution(0, SEEDS - 1)
        if self.weighs:
            found["reweighing"] = FloatDistribution(0.0, 1.0, step=STEP)
            found["penalty"] = FloatDistribution(0.0, STRONGEST, step=STEP)
        if self.shifts:
            found["shift"] = IntDistribution(0, len(SHIFTS) - 1)
        return found

    def unmoved(self) -> Params:
        """The baseline's own place, in the terms of `distributions`."""
        found: Params = {"blind": False} if self.direct else {}
        found |= {f"without {p.name}": False for p in self.proxies}
        if self.amounts:
            found["amounts"] = AS_THEY_ARE
        if self.signs:
            found["monotone"] = False
        for knob in self.knobs:
            found[f"learner {knob.name}"] = knob.values.index(self.own[knob.name])
        if self.drawn:
            found["seed"] = 0
        if self.weighs:
            found |= {"reweighing": 0.0, "penalty": 0.0}
        if self.shifts:
            found["shift"] = SHIFTS.index(0.0)
        return found

    def point(self, params: Mapping[str, Any]) -> Point:
        """The alternative at a place of the space."""
        own = self.own
        learner = {}
        for knob in self.knobs:
            value = knob.values[params[f"learner {knob.name}"]]
            if value != own[knob.name]:
                learner[knob.name] = value
        return Point(
            left_out=(
                *(self.direct if params.get("blind", False) else ()),
                *(p.name for p in self.proxies if params[f"without {p.name}"]),
            ),
            amounts=params.get("amounts", AS_THEY_ARE),
            monotone=params.get("monotone", False),
            learner=learner,
            seed=params.get("seed", 0),
            reweighing=round(params.get("reweighing", 0.0), 6),
            penalty=round(params.get("penalty", 0.0), 6),
            shift=SHIFTS[params["shift"]] if self.shifts else 0.0,
        )

    def words(self, point: Point) -> str:
        """What an alternative changes."""
        return words(point, self.knobs, self.own, self.signs)

    def blind(self, point: Point) -> bool:
        """Whether an alternative reads nothing that tells a group outright."""
        return set(self.direct) <= set(point.left_out)

    def starts(self, most: int) -> list[tuple[str, Params]]:
        """Sensible places to begin, each with its reason; no more than `most`, none twice."""
        calm: Params = {}
        for knob in self.knobs:
            if knob.name in self.family.calm:
                value = self.family.calm[knob.name]
                if value in knob.values:
                    calm[f"learner {knob.name}"] = knob.values.index(value)
        alone: list[Params] = [{f"without {p.name}": True} for p in self.proxies]
        first, second = (*alone, {}, {})[:2]
        changes: list[tuple[str, Params]] = [
            ("the fairness penalty", {"penalty": 1.0}),
            ("a closer rein and the penalty", calm | {"penalty": 1.0}),
            ("ranked amounts and the penalty", {"amounts": "quantile", "penalty": 1.0}),
            ("a mild penalty", {"penalty": 0.3}),
            ("ranked amounts and a mild penalty", {"amounts": "quantile", "penalty": 0.3}),
            ("reweighing", {"reweighing": 1.0}),
            ("a closer rein on the learner", calm),
            ("without the strongest proxy", first),
            ("a closer rein and a milder penalty", calm | {"penalty": 0.5}),
            ("ranked amounts", {"amounts": "quantile"}),
            ("reweighing by half", {"reweighing": 0.5}),
            ("without the second proxy", second),
            ("held to one direction", {"monotone": True}),
            ("one direction, a closer rein and the penalty",
             calm | {"monotone": True, "penalty": 1.0}),
            ("a closer rein without the strongest proxy, and a milder penalty",
             calm | first | {"penalty": 0.5}),
            ("logarithms and the penalty", {"amounts": "log", "penalty": 1.0}),
            ("a closer rein and a strong penalty", calm | {"penalty": 1.5}),
            ("without both proxies", first | second),
        ]  # fmt: skip
        wanted: list[tuple[str, Params]] = [("the baseline itself", {})]
        if self.direct:
            wanted += [
                ("without what tells the group outright", {"blind": True}),
                ("a mild penalty", {"penalty": 0.3}),
                ("a closer rein and a mild penalty", calm | {"penalty": 0.3}),
                ("ranked amounts and a mild penalty", {"amounts": "quantile", "penalty": 0.3}),
            ]
            changes = [(why, change | {"blind": True}) for why, change in changes]
        wanted += changes
        unmoved = self.unmoved()
        found: list[tuple[str, Params]] = []
        for why, change in wanted:
            if not set(change) <= set(unmoved):
                continue
            place = unmoved | change
            if all(place != other for _, other in found):
                found.append((why, place))
        return found[:most]


def space_of(
    estimator: Any,
    task: Task,
    scorer: Decider,
    fit: npt.NDArray[np.int64],
    *,
    group: int,
    reference: int,
    behind: int,
    ahead: int,
    shifts: bool,
) -> Space:
    """What can vary: looked up on the fit people alone, with a baseline trained on them."""
    who = task.train.taken(fit)
    derived = copies(who)
    direct = tuple(c for c in who.features if c in who.codes or c in derived)
    left = tuple(c for c in who.features if c not in direct)
    family = family_of(estimator)
    codes = who.codes[task.attribute]
    both = np.flatnonzero((codes == group) | (codes == reference))
    told = proxies(
        who.inputs.iloc[both].reset_index(drop=True), left, codes[both] == group,
        scorer.scores, task.seed,
    )  # fmt: skip
    found = [p for p in told if p.tells >= TELLING and p.use > 0][: min(MOST, len(left) - 1)]
    ready = prepared(estimator, who.inputs)
    learner, _ = last_of(estimator)
    bare = type(ready) is type(estimator) and not hasattr(ready, "steps")
    free = family.signs is not None and learner.get_params(deep=False).get(family.signs) is None
    try:
        weight_name(ready)
        weighs = True
    except NotFittedError:
        weighs = False
    return Space(
        estimator=estimator,
        direct=direct if left else (),
        proxies=tuple(found),
        amounts=skewed(who.inputs[list(left)]) if family.linear else (),
        signs=signs(who.inputs, left, who.outcome == GOOD) if bare and free else {},
        weighs=weighs,
        drawn=_drawn(learner, family),
        shifts=shifts,
        behind=behind,
        ahead=ahead,
    )


def _drawn(learner: Any, family: Family) -> bool:
    """Whether `random_state` changes what is learned, as far as is known."""
    told = learner.get_params(deep=False)
    if "random_state" not in told:
        return False
    if type(learner).__name__ == "HistGradientBoostingClassifier":
        return told["early_stopping"] is True
    shares = [told.get(n) for n in ("subsample", "colsample_bytree")]
    if any(isinstance(s, float) and s < 1 for s in shares):
        return True
    return family.drawn
