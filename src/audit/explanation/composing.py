"""The further parts of an explanation, put beside its gaps: the one place where they meet.

A part that cannot be made is listed in `unavailable` with its reason; it takes nothing else along.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from audit.errors import InputError
from audit.explanation import spread
from audit.explanation.applicants import Applicants, Ints
from audit.explanation.hybrids import rows_of
from audit.explanation.record import Explanation, Treatment, Unavailable
from audit.explanation.routes import Route
from audit.explanation.scored import Scored
from audit.table.roles import Level

REFITTED = 4_000
"""Rows on which a model is fitted again without an attribute, so that it takes little longer."""


def compose(
    explanation: Explanation,
    found: Scored,
    people: Applicants,
    route: Route,
    valued: Mapping[str, Any],
    codes: Any = None,
) -> Explanation:
    """The explanation with proxies, treatment, importance and the rest.

    `valued` holds by attribute the rows explained and their values (`explaining.Valued`); `codes`
    are the texts of reasons, drafted where there are none.
    """
    kept: dict[str, Any] = {}
    closed: list[Unavailable] = list(explanation.unavailable)

    def part(name: str, made: Callable[[], Any]) -> Any:
        try:
            return made()
        except InputError as problem:
            closed.append(Unavailable(part=name, reason=str(problem)))
            return None

    kept["importance"] = part("importance", lambda: _importance(people, valued))
    kept["dependence"] = part("dependence", lambda: _dependence(explanation, people, valued))
    explanation = _with_proxies(explanation, people, part)
    treated = part("treatment", lambda: _treatment(explanation, found, people))
    explanation = replace(explanation, treatment=treated or ())
    kept["correlations"] = part("correlations", lambda: _correlations(explanation, found, people))
    kept["unawareness"] = part("unawareness", lambda: _unawareness(explanation, found, people))
    kept["leaks"] = part("leaks", lambda: _leaks(people))
    explanation = _with_reasons(explanation, found, people, route, codes, kept, part)
    more = {**explanation.more, **{k: v for k, v in kept.items() if v is not None}}
    return replace(explanation, more=more, unavailable=tuple(closed))


def _importance(people: Applicants, valued: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    return tuple(
        entry
        for name, own in valued.items()
        for entry in spread.importance(
            name,
            _places(people, name, own.rows),
            own.values,
            people.mass[own.rows],
            people.features,
        )
    )


def _dependence(
    explanation: Explanation, people: Applicants, valued: Mapping[str, Any]
) -> tuple[Mapping[str, Any], ...]:
    name = explanation.attribute
    own = valued[name]
    kept = np.arange(len(own.rows))
    if len(kept) > spread.ROWS:
        rng = np.random.default_rng(explanation.seed)
        kept = np.sort(rng.choice(kept, spread.ROWS, replace=False))
    rows = own.rows[kept]
    return tuple(
        spread.dependence(
            rows_of(people.frame, rows),
            name,
            _places(people, name, rows),
            own.values[kept],
            people.mass[rows],
            people.features,
        )
    )


def _places(people: Applicants, name: str, rows: Ints) -> dict[Level, Ints]:
    """Where in `rows` the rows of each group stand."""
    codes = people.codes[name][rows]
    inside = zip(people.groups[name], people.inside[name], strict=True)
    found = {group: np.flatnonzero(own[codes]) for group, own in inside}
    return {group: at for group, at in found.items() if len(at)}


def _with_proxies(
    explanation: Explanation, people: Applicants, part: Callable[[str, Callable[[], Any]], Any]
) -> Explanation:
    """How well features tell each attribute; risk by their part in its largest gap."""
    from audit.explanation import proxies

    largest: dict[str, dict[str, float]] = {}
    for gap in explanation.gaps:
        if gap.attributions:
            own = {a.feature: a.value for a in gap.attributions}
            largest.setdefault(gap.attribute[0], own)
    largest[explanation.attribute] = {a.feature: a.value for a in explanation.attributions}
    told = part(
        "proxies",
        lambda: proxies.measure_proxies(
            people.table,
            people.features,
            contributions=largest,
            seed=explanation.seed,
            level=explanation.level,
        ),
    )
    if told is None:
        return explanation
    return replace(
        explanation,
        proxies=proxies.found(told.strengths),
        strengths=told.strengths,
        together=told.together,
        notes=(*explanation.notes, *told.notes),
    )


def _treatment(
    explanation: Explanation, found: Scored, people: Applicants
) -> tuple[Treatment, ...]:
    from audit.explanation.treatment import treatment_of

    if not found.oriented:
        raise InputError(
            "EXP021",
            "whether a higher output favours the applicant is not said",
            argument="returns",
            fix="add returns=<outcome value it gives the score of>",
        )
    return treatment_of(
        found,
        people,
        strengths=explanation.strengths,
        gaps=explanation.gaps,
        seed=explanation.seed,
        level=explanation.level,
    )


def _correlations(
    explanation: Explanation, found: Scored, people: Applicants
) -> tuple[Mapping[str, Any], ...]:
    from audit.explanation.correlations import correlations

    return correlations(
        people.table, answers=found.answers, seed=explanation.seed, level=explanation.level
    )


def _unawareness(
    explanation: Explanation, found: Scored, people: Applicants
) -> tuple[Mapping[str, Any], ...]:
    from audit.explanation.unawareness import unawareness

    return unawareness(
        found,
        people,
        attributes=[explanation.attribute],
        strengths=explanation.strengths,
        seed=explanation.seed,
        level=explanation.level,
        rows=REFITTED,
    )


def _leaks(people: Applicants) -> tuple[Mapping[str, Any], ...]:
    from audit.explanation.correlations import leaks

    return leaks(people.table, people.features)


def _with_reasons(
    explanation: Explanation,
    found: Scored,
    people: Applicants,
    route: Route,
    codes: Any,
    kept: dict[str, Any],
    part: Callable[[str, Callable[[], Any]], Any],
) -> Explanation:
    """Why applicants were denied, on asking, and an audit of these reasons by group."""
    from audit.explanation import reasons
    from audit.explanation.reason_audit import audit_reasons

    told = reasons.reasons_of(explanation, found, people, route, codes)
    kept["reasons"] = part("reasons", lambda: audit_reasons(told.must(), found, explanation.level))
    return replace(explanation, reasons=told)
