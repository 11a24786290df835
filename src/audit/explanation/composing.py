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
from audit.explanation.sampling import ROWS, at_most
from audit.explanation.scored import Scored
from audit.table.roles import Level

THOROUGH = 20_000
"""Rows up to which the costly parts are made without being asked for."""
COSTLY = ("unawareness", "the audit of reasons", "recourse", "the tree of errors")
"""Parts that fit models again or ask the model about many changed rows."""
PROXIED = 8_000
"""Rows of a larger table on which proxies are measured unless it is explained thoroughly."""
HELPED = 100
"""Denied applicants for whom a change is searched."""
PAIRS = 50_000
"""Changes of two features tried for all of them."""
REFITTED = 4_000
"""Rows on which a model is fitted again without an attribute, so that it takes little longer."""


def compose(
    explanation: Explanation,
    found: Scored,
    people: Applicants,
    route: Route,
    valued: Mapping[str, Any],
    codes: Any = None,
    thorough: bool | None = None,
) -> Explanation:
    """The explanation with proxies, treatment, importance and the rest.

    `valued` holds by attribute the rows explained and their values (`explaining.Valued`); `codes`
    are the texts of reasons, drafted where there are none. The costly parts are made where
    `thorough` is true, or None and rows are at most `THOROUGH`; else the notes list them.
    """
    # many small questions gain nothing from threads, and wait for each other on a busy machine
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(limits=1):
        return _composed(explanation, found, people, route, valued, codes, thorough)


def _composed(
    explanation: Explanation,
    found: Scored,
    people: Applicants,
    route: Route,
    valued: Mapping[str, Any],
    codes: Any,
    thorough: bool | None,
) -> Explanation:
    deep = people.size <= THOROUGH if thorough is None else thorough
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
    explanation = _with_proxies(explanation, people, part, PROXIED if not deep else ROWS)
    treated = part("treatment", lambda: _treatment(explanation, found, people))
    explanation = replace(explanation, treatment=treated or ())
    kept["correlations"] = part("correlations", lambda: _correlations(explanation, found, people))
    kept["leaks"] = part("leaks", lambda: _leaks(people))
    kept["glass_box"] = part("glass_box", lambda: _glass_box(explanation, found, people, route))
    told = _reasons(explanation, found, people, route, codes)
    if deep:
        kept["unawareness"] = part("unawareness", lambda: _unawareness(explanation, found, people))
        kept["reasons"] = part("reasons", lambda: _audited(told, found, explanation.level))
        kept["recourse"] = part("recourse", lambda: _recourse(explanation, found, people, told))
        kept["errors"] = part("errors", lambda: _errors(explanation, found, people))
    else:
        asked = " (thorough=False)" if thorough is not None else " unless thorough=True"
        left = f"not made on {people.size:,} rows{asked}: {', '.join(COSTLY)}"
        explanation = replace(explanation, notes=(*explanation.notes, left))
    explanation = replace(explanation, reasons=told)
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
    kept = at_most(np.arange(len(own.rows)), spread.ROWS, explanation.seed)
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
    explanation: Explanation,
    people: Applicants,
    part: Callable[[str, Callable[[], Any]], Any],
    rows: int,
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
            rows=rows,
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

    found.check_oriented()
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


def _glass_box(
    explanation: Explanation, found: Scored, people: Applicants, route: Route
) -> Mapping[str, Any] | None:
    from audit.explanation.glass_box import glass_box

    return glass_box(explanation, found, people, route)


def _reasons(
    explanation: Explanation, found: Scored, people: Applicants, route: Route, codes: Any
) -> Any:
    """Why applicants were denied, on asking."""
    from audit.explanation.reasons import reasons_of

    return reasons_of(explanation, found, people, route, codes)


def _audited(told: Any, found: Scored, level: float) -> Mapping[str, Any]:
    from audit.explanation.reason_audit import audit_reasons

    return audit_reasons(told.must(), found, level)


def _recourse(
    explanation: Explanation, found: Scored, people: Applicants, told: Any
) -> Mapping[str, Any]:
    """As plain values, with its sentence; what reason codes call not actionable stays."""
    from audit.explanation.proxies import near_copies
    from audit.explanation.recourse import recourse_of

    copies: dict[str, str] = {}
    for name in people.codes:
        for feature in near_copies(explanation.strengths, name):
            copies.setdefault(feature, name)
    entries = getattr(getattr(told, "codes", None), "reasons", ())
    fixed = {
        r.feature: "not actionable by its reason code"
        for r in entries
        if r.actionable is False and r.feature in people.features
    }
    made = recourse_of(
        found, people, copies=copies, immutable=fixed, size=HELPED, pairs=PAIRS,
        seed=explanation.seed, level=explanation.level,
    )  # fmt: skip
    return {**made.to_dict(), "summary": made.summary()}


def _errors(
    explanation: Explanation, found: Scored, people: Applicants
) -> tuple[Mapping[str, Any], ...]:
    from audit.explanation.error_tree import error_tree

    return error_tree(people, found, seed=explanation.seed, level=explanation.level)
