"""How far the baseline moves by its own seed: what a better alternative must lie beyond."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.mitigation.alternatives import reseeded_scores
from audit.mitigation.fitting import NotFittedError
from audit.mitigation.judging import Ask, Trial
from audit.mitigation.paired import Answers, bench
from audit.mitigation.people import People
from audit.mitigation.task import Task, baseline_scores

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SEEDS = 10
"""Trainings of the baseline, the baseline itself not among them."""
SAME = 1e-6
"""Difference of chances below which two trainings gave the same model."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spread:
    """The baseline trained again and again."""

    utility: Floats
    """Of each training on the confirmation people, the baseline itself first."""
    disparity: Floats
    """Likewise."""
    decisions: tuple[Flags, ...]
    """Of each training but the baseline itself."""
    how: str
    """What differed between trainings, in words."""

    def to_dict(self) -> dict[str, Any]:
        """As plain values: {"seeds", "how", "utility": {low, high, sd, values}, "disparity"}."""
        found: dict[str, Any] = {"seeds": len(self.decisions), "how": self.how}
        for name, values in (("utility", self.utility), ("disparity", self.disparity)):
            known = values[np.isfinite(values)]
            found[name] = {
                "low": float(known.min()) if len(known) else float("nan"),
                "high": float(known.max()) if len(known) else float("nan"),
                "sd": float(known.std(ddof=1)) if len(known) > 1 else float("nan"),
                "values": [float(v) for v in values],
            }
        return found


def spread_of(task: Task, baseline: Trial, who: People, ask: Ask) -> Spread:
    """The baseline with other seeds and its rows in another order, on the same people.

    Each keeps the baseline's cut-off. Where the learner draws nothing, so that other seeds give
    the same model, the parts of the training rows on which the cut-off is found are drawn by the
    seed instead (where it is found on them).
    """
    usual, told = baseline.scores, baseline.candidate.estimator.rule.at
    scores, decisions = [usual], [baseline.decisions]
    how = "seed of the learner and order of the training rows"
    fixed = False
    for number in range(1, SEEDS + 1):
        try:
            own = usual if fixed else reseeded_scores(task, task.estimator, who.frame, number)
            if number == 1 and float(np.abs(own - usual).max()) < SAME:
                fixed, own = True, usual
                how = "nothing: the learner draws nothing and the cut-off is told"
                if task.where.approval_rate is not None:
                    how = "the parts of the training rows on which the cut-off is found"
            found_again = fixed and task.where.approval_rate is not None
            at = _cut(task, number) if found_again else told
        except NotFittedError:
            continue
        scores.append(own)
        decisions.append(own >= at)
    drawn = bench(
        who, Answers(decisions=np.stack(decisions), scores=np.stack(scores)), replicates=0
    )
    return Spread(
        utility=drawn.measure(ask.utility, ask.costs).value,
        disparity=drawn.disparity(ask.metric, ask.attribute, ask.group, ask.reference).value,
        decisions=tuple(decisions[1:]),
        how=how,
    )


def _cut(task: Task, number: int) -> float:
    scores = baseline_scores(replace(task, seed=task.seed + number, held={}))
    return task.where.at(scores, task.train.mass)
