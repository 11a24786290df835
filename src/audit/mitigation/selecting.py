"""Which of the alternatives tried is put to the confirmation people: a rule fixed beforehand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.mitigation.alternatives import alternative
from audit.mitigation.fitting import NotFittedError
from audit.mitigation.judging import NAMES, Ask
from audit.mitigation.paired import dominated
from audit.mitigation.search_log import TRIED, Tried
from audit.mitigation.task import Parts
from audit.mitigation.trying import Place

Floats = npt.NDArray[np.float64]

SURE = 2.0
"""Standard errors by which disparity must be lower over all training people."""
MARGIN = 0.5
"""Standard errors of utility that may be lost there, at most."""
PRUDENT = 1.5
"""Standard errors by which both changes are taken to be worse than they look: what was chosen among
many looks better than it is."""
LIKELY = 0.9
"""Chance of holding from which the least disparity decides."""
FINALISTS = 8
"""Alternatives scored over all training people."""
FIRST = 0.75
"""Share of them that goes to those likeliest to hold; the others are spread over the rest."""
NAMED = 4
"""Alternatives put to the confirmation people."""


def rule(ask: Ask, seeds: int) -> str:
    """The rule in words, as a report prints it."""
    useful = NAMES[ask.utility]
    return (
        "Fixed beforehand. (1) The training people are parted in three; every alternative learns "
        "from two parts (the fit people) and is tried on the third (the selection people). (2) Of "
        f"those with less disparity there, up to {FINALISTS} go on, first those likeliest to hold; "
        "each is trained twice more, so that every training person is scored by a model that had "
        f"not seen them. (3) Of those whose disparity is then lower by at least {SURE:g} standard "
        f"errors and whose {useful} is worse by no more than {MARGIN:g}, selected is the one "
        "likeliest to hold on as many other people (less disparity, and no loss, both beyond what "
        f"its limits leave open, each change taken {PRUDENT:g} standard errors worse than it "
        "looks, since what is chosen looks better than it is); of several that hold with a chance "
        f"of {LIKELY:g} or more, the one with the least disparity. One that reads a protected "
        "column, as the baseline does, is selected only where none without it qualifies. (4) It is "
        "trained on all training people and judged once on the confirmation people, with up to "
        f"{NAMED - 1} "
        "others that are shown but cannot be recommended. It is recommended where, there, the "
        "baseline's own gap is beyond chance, its disparity is lower beyond chance (its own paired "
        f"limits) and below that of the baseline trained with {seeds} other seeds, its {useful} is "
        "not shown to be worse, and no other group's gap is shown to be wider."
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finalist:
    """An alternative scored over all training people by models that had not seen them."""

    trial: Tried
    """As it was tried."""
    scores: Floats
    """Of every training person."""
    numbers: Mapping[str, float]
    """Utility, disparity, their changes and standard errors."""

    @property
    def name(self) -> str:
        """As the comparison calls it."""
        return f"alternative {self.trial.number}"


def gained(numbers: Mapping[str, float], ask: Ask) -> float:
    """Change of utility, the higher the better whatever the utility."""
    return ask.sign * numbers["utility_change"]


def chance(numbers: Mapping[str, float], ask: Ask, share: float = 1.0) -> float:
    """Chance that both changes hold at 95 % on other people, as many as were trained on.

    `share` of these people the numbers are of. Limits of the utility's change reach 0 and those of
    the disparity's stay below it, each change normal about a value that is `PRUDENT` standard
    errors worse than the one seen.
    """
    from scipy.special import ndtr

    scale = math.sqrt(share)
    u, d = gained(numbers, ask), -numbers["disparity_change"]
    errors = numbers["utility_error"] * scale, numbers["disparity_error"] * scale
    useful, less = (
        v / e if e > 0 else math.copysign(math.inf, v) if v else 0.0
        for v, e in zip((u, d), errors, strict=True)
    )  # fmt: skip
    return float(ndtr(Z + useful - PRUDENT) * ndtr(less - PRUDENT - Z))


Z = 1.959963984540054
"""Of two-sided limits at 95 %."""


def finalists(tried: Sequence[Tried], place: Place) -> list[Tried]:
    """Alternatives worth scoring over all training people, the likeliest to hold first.

    Half of the places are for those that read nothing that tells a group outright, as far as there
    are such; within a half most go to the likeliest, and the rest are spread.
    """
    share = len(place.selection) / len(place.task.train)
    near: tuple[list[Tried], list[Tried]] = ([], [])
    for trial in tried:
        if trial.state == TRIED and trial.settings and trial.disparity_change < 0:
            near[0 if place.space.blind(place.space.point(trial.place)) else 1].append(trial)
    for side in near:
        side.sort(key=lambda t: (-chance(_numbers(t), place.ask, share), t.number))
    half = FINALISTS // 2
    room = max(half, FINALISTS - len(near[1]))
    blind = _spread(near[0], room)
    return [*blind, *_spread(near[1], FINALISTS - len(blind))]


def _numbers(trial: Tried) -> dict[str, float]:
    names = ("utility_change", "utility_error", "disparity_change", "disparity_error")
    return {name: float(getattr(trial, name)) for name in names}


def _spread(ordered: Sequence[Tried], room: int) -> list[Tried]:
    """The first ones, and some spread over the others."""
    if len(ordered) <= room:
        return list(ordered)
    top = math.ceil(room * FIRST)
    rest = ordered[top:]
    places = np.linspace(0, len(rest) - 1, room - top + 1)[:-1].round().astype(int)
    return [*ordered[:top], *(rest[i] for i in dict.fromkeys(places.tolist()))]


def scored(trial: Tried, place: Place, parts: Parts) -> tuple[Finalist | None, str]:
    """A finalist over all training people; None and why where it fails there."""
    point = place.space.point(trial.place)
    own = alternative(point, place.space, place.task)
    scores = np.empty(len(place.task.train))
    for number, (rows, held_out) in enumerate(parts):
        if number == 0 and point.key in place.scores:
            scores[held_out] = place.scores[point.key]
            continue
        try:
            scorer, _ = own.trained(rows)
            scores[held_out] = scorer.scores(place.task.train.frame.iloc[held_out])
        except NotFittedError as problem:
            return None, str(problem)
    drawn, _ = place.against(np.arange(len(scores)), scores, place.where(point))
    return Finalist(trial=trial, scores=scores, numbers=place.numbers(drawn)), ""


def selected(found: Sequence[Finalist], place: Place) -> Finalist | None:
    """The one that the rule selects; None where none qualifies."""
    kept = [
        f for f in found
        if gained(f.numbers, place.ask) >= -MARGIN * f.numbers["utility_error"]
        and _is_fairer(f.numbers)
    ]  # fmt: skip
    kept = [f for f in kept if place.space.blind(place.space.point(f.trial.place))] or kept
    if not kept:
        return None
    chances = [chance(f.numbers, place.ask) for f in kept]
    likely = [f for f, c in zip(kept, chances, strict=True) if c >= min(LIKELY, max(chances))]
    return min(likely, key=lambda f: (f.numbers["disparity"], f.trial.number))


def _is_fairer(numbers: Mapping[str, float]) -> bool:
    change = numbers["disparity_change"]
    return change < 0 and change <= -SURE * numbers["disparity_error"]


def named(found: Sequence[Finalist], best: Finalist | None, ask: Ask) -> list[Finalist]:
    """Those put to the confirmation people: the selected first, then some along the frontier."""
    beaten = dominated(
        [f.numbers["disparity"] for f in found], [ask.sign * f.numbers["utility"] for f in found]
    )
    front = [f for f, out in zip(found, beaten, strict=True) if not out and f is not best]
    front.sort(key=lambda f: (f.numbers["disparity"], f.trial.number))
    room = NAMED - (best is not None)
    if len(front) > room:
        places = np.linspace(0, len(front) - 1, room).round().astype(int)
        front = [front[i] for i in dict.fromkeys(places.tolist())]
    return [*([best] if best is not None else []), *front]


def why_none(tried: Sequence[Tried], found: Sequence[Finalist], ask: Ask) -> str:
    """Why nothing was selected, in a sentence."""
    works = sum(t.works for t in tried)
    if not works:
        return f"all {len(tried)} alternatives failed"
    if not found:
        return (
            f"of {works} alternatives none had less disparity on the selection people without "
            f"losing {NAMES[ask.utility]}"
        )
    if not any(_is_fairer(f.numbers) for f in found):
        return (
            f"of {works} alternatives none has less disparity over the training people by more "
            f"than {SURE:g} standard errors"
        )
    return (
        f"of {works} alternatives those with less disparity lose more {NAMES[ask.utility]} over "
        f"the training people than {MARGIN:g} standard errors"
    )
