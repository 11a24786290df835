"""The end of a search: a few alternatives trained on all training people, judged once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from audit.errors import InputError
from audit.mitigation.alternatives import alternative
from audit.mitigation.comparing import arbitrary, as_it_is, left_out
from audit.mitigation.fitting import NotFittedError
from audit.mitigation.judging import Trial, answered, group_of, judged, one_way
from audit.mitigation.people import People
from audit.mitigation.recommending import apart, recommended
from audit.mitigation.record import Candidate, Comparison, Unavailable
from audit.mitigation.search_log import Log, Tried, data_hash
from audit.mitigation.selecting import Finalist, named, rule, why_none
from audit.mitigation.spread import SEEDS, Spread, spread_of
from audit.mitigation.trying import Place
from audit.table.wording import listed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Search:
    """A search before anything was confirmed."""

    place: Place
    """Where trials were held."""
    tried: Sequence[Tried]
    """Every trial."""
    found: Sequence[Finalist]
    """Those scored over all training people."""
    best: Finalist | None
    """The one selected."""
    failed: Mapping[int, str]
    """Finalists that failed there, and why."""
    unknown: int
    """Training rows left out, their outcome being unknown."""
    budget: int
    """Alternatives asked for."""
    log: Log
    """Where trials are written."""


def confirmed(made: Search, who: People) -> Comparison:
    """The named alternatives on the confirmation people, and whether the selected one holds there.

    Raises `InputError` MIT014 where the baseline approves or denies all of them.
    """
    place = made.place
    task, ask = place.task, place.ask
    start = as_it_is(task)
    trials = [answered(start, who)]
    if way := one_way(trials[0].decisions):
        raise InputError(
            "MIT014", f"the baseline {way} every one of the confirmation people",
            argument="test", fix="give another cutoff= or approval_rate=; it decides nothing now",
        )  # fmt: skip
    spread = spread_of(task, trials[0], who, ask)
    shares = arbitrary(trials[0].decisions, spread.decisions[0] if spread.decisions else None)
    trials[0] = replace(trials[0], candidate=replace(start, arbitrariness=shares))
    missing = []
    for finalist in named(made.found, made.best, ask):
        try:
            trials.append(_trial(finalist, made, who))
        except NotFittedError as problem:
            missing.append(
                Unavailable(name=finalist.name, title=_title(finalist), reason=str(problem))
            )
    found = judged(who, trials, ask)
    best, why = _recommended(found, made, spread, missing)
    found = (found[0], *sorted(found[1:], key=lambda c: (c.disparity.value, c.name)))
    seal = data_hash(who)
    notes_more = _notes(made, seal)
    made.log.end({"test": seal, "budget": made.budget,
                  "recommended": None if best is None else best.name})  # fmt: skip
    return Comparison(
        kind="search",
        metric=ask.metric.key,
        utility=ask.utility,
        attribute=ask.attribute,
        group=group_of(task.train, ask.attribute, ask.group),
        reference=group_of(task.train, ask.attribute, ask.reference),
        decides=task.where.words(),
        candidates=found,
        unavailable=tuple(missing),
        recommendation=best,
        because=why,
        rule=rule(ask, SEEDS),
        level=ask.level,
        seed=task.seed,
        rows={
            "train": len(task.train), "fit": len(place.fit), "selection": len(place.selection),
            "confirmation": len(who),
        },
        log=tuple(_logged(t, made) for t in made.tried),
        baseline_spread=spread.to_dict(),
        more=_more(made),
        notes=notes_more,
    )  # fmt: skip


def _title(finalist: Finalist) -> str:
    return finalist.name.capitalize()


def _trial(finalist: Finalist, made: Search, who: People) -> Trial:
    place = made.place
    point = place.space.point(finalist.trial.place)
    own = alternative(point, place.space, place.task)
    at = place.where(point).at(finalist.scores, place.task.train.mass)
    decider, notes = own.decider(at)
    kept = [c for c in place.space.direct if c in own.features]
    if kept:
        notes = (*notes, f"it reads {listed(kept)}, as the baseline does")
    candidate = Candidate(
        name=finalist.name,
        title=_title(finalist),
        acts="search",
        settings=finalist.trial.settings,
        words=finalist.trial.words,
        notes=notes,
        estimator=decider,
    )
    trial = answered(candidate, who)
    if way := one_way(trial.decisions):
        raise NotFittedError(f"it {way} every one of the confirmation people")
    return trial


def _recommended(
    found: Sequence[Candidate], made: Search, spread: Spread, missing: Sequence[Unavailable]
) -> tuple[Candidate | None, str]:
    ask = made.place.ask
    if made.best is None:
        _, why = recommended((found[0],), ask, group_at_decision=False, simultaneous=False)
        more = "" if apart(found[0].gap) else f"; {why}"
        return None, why_none(made.tried, made.found, ask) + more
    name = made.best.name
    own = [c for c in found if c.name == name]
    if not own:
        reason = next((m.reason for m in missing if m.name == name), "it failed")
        return None, f"the one selected ({name}) gives no model: {reason}"
    best, why = recommended((found[0], own[0]), ask, group_at_decision=False, simultaneous=False)
    if best is None:
        return None, f"the one selected ({name}) does not hold on the confirmation people: {why}"
    least = spread.to_dict()["disparity"]["low"]
    if not best.disparity.value < least:
        return None, (
            f"the one selected ({name}) lies within the baseline's own spread: its disparity "
            f"{best.disparity.value:.3f} is not below {least:.3f}, the least of "
            f"{len(spread.decisions)} further trainings of the baseline"
        )
    return best, f"it {best.words}; {why}"


def _logged(trial: Tried, made: Search) -> dict[str, Any]:
    """A trial as a reviewer reads it."""
    found = asdict(trial)
    del found["place"]
    found["notes"] = list(trial.notes)
    found["start"] = trial.start or None
    found["finalist"] = None
    for finalist in made.found:
        if finalist.trial.number == trial.number:
            found["finalist"] = dict(finalist.numbers)
    if trial.number in made.failed:
        found["reason"] = f"over all training people: {made.failed[trial.number]}"
    found["selected"] = made.best is not None and made.best.trial.number == trial.number
    return found


def _more(made: Search) -> dict[str, Any]:
    """Who is who, what varied, and how many of what came of it."""
    place, space = made.place, made.place.space
    states = [t.state for t in made.tried]
    return {
        "splits": {
            "fit": len(place.fit), "selection": len(place.selection), "parts": 3,
            "stratified_by": f"{place.ask.attribute} × outcome", "seed": place.task.seed,
        },
        "trials": {
            "budget": made.budget, "done": len(states),
            **{s: states.count(s) for s in ("tried", "repeated", "failed")},
            "finalists": len(made.found),
            "selected": None if made.best is None else made.best.trial.number,
        },
        "space": {
            "tell_the_group": list(space.direct),
            "may_be_left_out": [
                {"name": p.name, "tells": p.tells, "use": p.use} for p in space.proxies
            ],
            "reshaped": list(space.amounts),
            "one_direction": dict(space.signs),
            "learner": {k.name: list(k.values) for k in space.knobs},
            "family": space.family.name,
            "weights": space.weighs,
            "seeds": space.drawn,
            "cutoffs": space.shifts,
        },
        "selection_baseline": {
            "utility": _own(made, "utility"), "disparity": _own(made, "disparity"),
        },
    }  # fmt: skip


def _own(made: Search, name: str) -> float | None:
    """The baseline's own number on the selection people."""
    for t in made.tried:
        value = getattr(t, name) - getattr(t, f"{name}_change")
        if np.isfinite(value):
            return float(value)
    return None


def _notes(made: Search, seal: str) -> tuple[str, ...]:
    place = made.place
    found = list(left_out(made.unknown))
    if not place.space.weighs:
        found.append(
            "the estimator takes no weights of rows, so neither reweighing nor a penalty was tried"
        )
    if place.space.family.name == "unknown":
        found.append("nothing is known of this kind of estimator: its own settings were left alone")
    if len(made.tried) < made.budget:
        found.append(f"time ended the search after {len(made.tried)} of {made.budget} alternatives")
    if len(made.log.before) > made.budget:
        found.append(f"the log holds {len(made.log.before)} trials; the first {made.budget} count")
    earlier = [c for c in made.log.confirmed if c.get("test") == seal]
    if any(c.get("budget") != made.budget for c in earlier):
        found.append(
            "these confirmation people were looked at before, after "
            + ", ".join(str(c.get("budget")) for c in earlier)
            + " alternatives: numbers seen more than once are chosen ones"
        )
    return tuple(found)
