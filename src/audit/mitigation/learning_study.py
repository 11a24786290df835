"""Models trained on growing draws of rows, each judged on the same held-out people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.mitigation.fitting import Lesson, NotFittedError, chances, fitted, seeded
from audit.mitigation.learning_scores import METRICS, Held, errors
from audit.mitigation.people import GOOD, People
from audit.table.match import ABSENT, alone, level_told
from audit.table.roles import Level
from audit.table.wording import shown, suggestion

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Say = Callable[[str, float, "float | None"], object]

FEWEST = 30
"""Held-out people, and training rows, of a group below which it has no curve."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Size:
    """All draws of one size."""

    share: float
    """The share of rows drawn."""
    rows: Mapping[Level, int]
    """Training rows of each group judged (mean over draws)."""
    train_rows: int
    """All training rows."""
    values: Mapping[tuple[Level, str], Floats]
    """Errors by group and metric, one a draw."""
    influence: Mapping[tuple[Level, str], Floats]
    """Mean influence of the group's own people on them."""
    reasons: tuple[str, ...] = ()
    """Of draws that could not be trained on."""

    def of(self, study: Study, group: Level, metric: str) -> tuple[Floats, Floats]:
        """Errors by draw, and the influence of every held-out person."""
        whole = np.zeros(len(study.judge))
        whole[study.inside(group)] = self.influence[group, metric]
        return self.values[group, metric], whole


@dataclass(slots=True, kw_only=True, eq=False)
class Study:
    """What is trained, on whom, judged on whom."""

    estimator: Any
    """Unfitted; reads the inputs."""
    learn: People
    """Training rows of known outcome."""
    judge: People
    """Held-out rows of known outcome."""
    held: Held
    """The same as errors read them."""
    attribute: str
    """The protected attribute."""
    cutoff: float
    """Approve where P(unfavourable) is below it."""
    seed: int
    """Of the draws."""
    trainings: int = 0
    """Models trained so far."""
    judged: list[Level] = field(default_factory=list)
    """Groups whose errors are given."""
    _say: Callable[[], object] = lambda: None

    @property
    def codes(self) -> Ints:
        """Level of each training row."""
        return self.learn.codes[self.attribute]

    def of(self, group: Level) -> int:
        """Index of a group among the training levels."""
        return self.learn.levels[self.attribute].index(group)

    def inside(self, group: Level) -> npt.NDArray[np.bool_]:
        """Held-out people of a group; levels may stand in another order there."""
        levels = self.judge.levels[self.attribute]
        if group not in levels:
            return np.zeros(len(self.judge), dtype=bool)
        return np.asarray(self.judge.codes[self.attribute] == levels.index(group))

    @property
    def random(self) -> bool:
        """Whether training again may give another model."""
        names = self.estimator.get_params(deep=True)
        return any(n.split("__")[-1] == "random_state" for n in names)

    def curves(
        self, groups: Sequence[Level], shares: Sequence[float], repeats: int, say: Say
    ) -> dict[Level, tuple[Size, ...]]:
        """By group whose rows grow (None: everyone's), every size; the last is all rows.

        Raises `InputError` MIT324 where all rows cannot be trained on.
        """
        reference = self.learn.reference[self.attribute]
        there = self.learn.levels[self.attribute]
        more = [reference] if reference in there and reference not in groups else []
        self.judged = [*groups, *(g for g in more if g is not None)]
        whole = np.arange(len(self.learn))
        again = repeats if self.random else 1
        total = (len(shares) - 1) * repeats * (len(groups) + 1) + again
        self._say = lambda: say("training on more rows", self.trainings, total)
        last = self._size(1.0, [whole] * again)
        if last.reasons:
            raise InputError(
                "MIT324", f"the estimator could not be trained on all rows: {last.reasons[0]}",
                argument="estimator", fix="fit it on these rows by hand to see why",
            )  # fmt: skip
        found: dict[Level, tuple[Size, ...]] = {}
        for place, group in enumerate([*groups, None]):
            own = whole if group is None else np.flatnonzero(self.codes == self.of(group))
            rest = np.setdiff1d(whole, own, assume_unique=True)
            orders = [
                np.random.default_rng((self.seed, 32, place, d)).permutation(own)
                for d in range(repeats)
            ]
            steps = []
            for share in shares[:-1]:
                number = max(round(share * len(own)), 1)
                drawn = [np.sort(np.concatenate([rest, o[:number]])) for o in orders]
                steps.append(self._size(share, drawn))
            found[group] = (*steps, last)
        say("training on more rows", total, total)
        return found

    def _size(self, share: float, draws: Sequence[Ints]) -> Size:
        keys = [(g, m) for g in self.judged for m in METRICS]
        insides = {g: self.inside(g) for g in self.judged}
        values: dict[tuple[Level, str], list[float]] = {key: [] for key in keys}
        sums = {(g, m): np.zeros(int(insides[g].sum())) for g, m in keys}
        reasons = []
        for number, rows in enumerate(draws):
            try:
                chance = self._answers(rows, number)
            except NotFittedError as problem:
                reasons.append(str(problem))
                continue
            approved = 1 - chance < self.cutoff
            for g, inside in insides.items():
                for metric, (value, influence) in errors(
                    chance, approved, self.held, inside
                ).items():
                    values[g, metric].append(value)
                    sums[g, metric] += influence[inside]
        kept = max(len(draws) - len(reasons), 1)
        own = {g: [int((self.codes[r] == self.of(g)).sum()) for r in draws] for g in self.judged}
        return Size(
            share=share,
            rows={g: round(float(np.mean(n))) for g, n in own.items()},
            train_rows=len(draws[0]),
            values={key: np.array(v) for key, v in values.items()},
            influence={key: s / kept for key, s in sums.items()},
            reasons=tuple(dict.fromkeys(reasons)),
        )

    def _answers(self, rows: Ints, draw: int) -> Floats:
        """P(would repay) of the held-out people, by a copy trained on some rows."""
        self._say()
        self.trainings += 1
        bad, good = self.learn.labels
        kind = np.array([bad, good]).dtype
        known = self.learn.outcome[rows] == GOOD
        mass = self.learn.mass[rows]
        lesson = Lesson(
            inputs=self.learn.inputs.iloc[rows],
            labels=np.where(known, np.array(good, kind), np.array(bad, kind)),
            weight=None if bool((mass == 1).all()) else mass,
        )
        model, _ = fitted(seeded(self.estimator, self.seed + draw), lesson)
        return chances(model, self.judge.inputs, good)


def groups_of(study: Study, told: Any, notes: list[str]) -> list[Level]:
    """Groups that have a curve: told, else every one that was named but the reference.

    Raises `InputError` MIT323 for a group that is not there.
    """
    levels = study.learn.levels[study.attribute]
    if told is not None:
        there = [v for v in levels if v is not None]
        level = level_told(told, there)
        if level is ABSENT:
            raise InputError(
                "MIT323", f"there is no group {shown(alone(told))} of {study.attribute}",
                argument="group", fix=suggestion(alone(told), there),
            )  # fmt: skip
        told = level
    found = []
    for code, level in enumerate(levels):
        if level == study.learn.reference[study.attribute] and told != level:
            continue
        if (told is not None and level != told) or not study.learn.decides(study.attribute, level):
            continue
        rows, held = int((study.codes == code).sum()), int(study.inside(level).sum())
        if min(rows, held) < FEWEST:
            if rows or held:
                notes.append(
                    f"{shown(level)} has no curve: {rows:,} training rows and {held:,} held-out "
                    f"people, below {FEWEST}"
                )
            continue
        found.append(level)
    return found
