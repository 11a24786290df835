"""Estimates made findings: verdict and sentence, people, what would change it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from audit.findings.change import approvals_needed
from audit.findings.kinds import scale_of
from audit.findings.people import people_affected
from audit.findings.record import Finding
from audit.findings.sample import detectable, pass_rows
from audit.findings.verdict import (
    BREACH,
    CHANCE,
    DIFFERENCE,
    RATIO,
    SMD,
    Case,
    because_of,
    clause,
    harmed_side,
    near_line,
    verdict_for,
)
from audit.findings.words import (
    column_words,
    compared_words,
    count_words,
    floor_words,
    number,
    who,
)
from audit.inference.estimate import Estimate
from audit.table.roles import Group
from audit.tally.cube import Tally
from audit.tally.spread import from_cube

_APPROVALS = {
    "disparate_impact_ratio": "",
    "statistical_parity_difference": "",
    "true_positive_rate_difference": " who would repay",
}
"""Metrics that further approvals move, and among whom."""


def findings_of(
    estimates: Sequence[Estimate],
    tally: Tally,
    *,
    code: str,
    family: str,
    planned: bool,
    lines: tuple[float, float, str],
    worst: str,
    alpha: float,
    min_rows: int,
    holm_places: Sequence[tuple[float, float]] | None = None,
) -> list[Finding]:
    """Judge comparisons of one metric, `p_adjusted` filled in; the rule is read once for all.

    `lines` are line, caution and cited rule.
    """
    if not estimates:
        return []
    kind, worse = read_as(estimates[0].metric)
    case = Case(
        [readable(e, kind) for e in estimates],
        [e.low for e in estimates],
        [e.high for e in estimates],
        [e.p_adjusted for e in estimates],
        [e.rows for e in estimates],
        [e.reference_rows for e in estimates],
    )
    found = clause(
        kind, case, line=lines[0], caution=lines[1], alpha=alpha, min_rows=min_rows, worse=worse
    )
    shown = detectable(estimates, kind, alpha) if planned else [None] * len(estimates)
    return [
        finding_of(
            estimate,
            tally,
            found=number,
            code=code,
            family=family,
            planned=planned,
            lines=lines,
            worst=worst,
            alpha=alpha,
            min_rows=min_rows,
            holm_place=(1.0, 0.0) if holm_places is None else holm_places[k],
            smallest=shown[k],
        )
        for k, (estimate, number) in enumerate(zip(estimates, found.tolist(), strict=True))
    ]


def read_as(metric: str) -> tuple[str, str]:
    """The kind of scale a metric is read on, and which way harms the group."""
    scale = scale_of(metric)
    return (scale.kind, scale.worse) if scale else (DIFFERENCE, "away")


def finding_of(
    estimate: Estimate,
    tally: Tally,
    *,
    found: int,
    code: str,
    family: str,
    planned: bool,
    lines: tuple[float, float, str],
    worst: str,
    alpha: float,
    min_rows: int,
    holm_place: tuple[float, float] = (1.0, 0.0),
    smallest: float | None = None,
) -> Finding:
    """Write out one estimate, `p_adjusted` filled in, that clause `found` of the rule matched.

    `lines` are line, caution and cited rule; `smallest` the smallest disparity detectable.
    """
    kind, worse = read_as(estimate.metric)
    line, caution, rule = lines
    value = readable(estimate, kind)
    group = who(estimate.attribute, estimate.group)
    reference = compared_words(estimate)
    verdict = verdict_for(found, worst)
    needed = None
    if verdict == "insufficient":  # elsewhere more rows are not what a pass lacks
        needed = pass_rows(estimate, kind, line, worse)
    because = because_of(
        found,
        kind,
        Case(
            value,
            estimate.low,
            estimate.high,
            estimate.p_adjusted,
            estimate.rows,
            estimate.reference_rows,
        ),
        line=line,
        worst=worst,
        min_rows=min_rows,
        alpha=alpha,
        reason=estimate.reason,
        group=group,
        reference=reference,
        rows_needed=needed,
        worse=worse,
    )
    if estimate.column is not None:
        because = f"for {column_words(estimate.column, estimate.decision_level)}, {because}"
    side = harmed_side(kind, value, direction(estimate, worse, tally))
    harmed: Group | None = None
    if side is not None:
        harmed = estimate.group if side == "group" else estimate.reference
    people, people_of = _people(estimate, kind, side)
    change = None
    if verdict in ("fail", "review") and planned:
        change = (
            _mean_gap(estimate, tally, found, lines, worst)
            if kind == SMD
            else _change(estimate, tally, kind, side, lines, alpha, holm_place)
        )
    elif verdict == "insufficient" and not near_line(kind, value, line) and needed is not None:
        change = f"about {needed:,} rows in {group} (now {estimate.rows:,}), if the estimate holds"
    return Finding(
        code=code,
        family=family,
        planned=planned,
        estimate=estimate,
        line=line,
        caution=caution,
        rule=rule,
        verdict=verdict,
        because=because,
        people_affected=people,
        people_of=people_of,
        change=change,
        smallest_detectable=smallest,
        rows_needed=needed if planned else None,
        harmed=harmed,
    )


def readable(estimate: Estimate, kind: str) -> float:
    """The value as the rule reads it: a ratio over a rate of 0 is undefined, its inverse is 0.

    So a reference that is never approved, where the group is, is read as harmed. 0 / 0 stays
    undefined.
    """
    never = estimate.reference_value == 0 and estimate.favorable > 0 and math.isinf(estimate.high)
    return math.inf if kind == RATIO and math.isnan(estimate.value) and never else estimate.value


def direction(estimate: Estimate, worse: str, tally: Tally) -> str:
    """Which way harms the group, where the data's roles say so for a score or an amount."""
    if estimate.metric == "predictive_equality_difference":
        return "lower"  # fewer approvals, whatever the outcome would have been
    if estimate.metric == "standardized_mean_difference":
        roles = tally.roles
        harms = {
            c: "lower" if better == "higher" else "higher" for c, better in roles.amount.items()
        }
        if roles.score is not None:
            harms[roles.score] = "lower"
        if roles.risk is not None:
            harms[roles.risk] = "higher"
        if estimate.column is None and len(harms) == 1:
            return next(iter(harms.values()))
        return harms.get(estimate.column or "", worse)
    return worse


def group_rate(estimate: Estimate, kind: str) -> float:
    """The group's own rate, from the comparison and the reference's rate."""
    if kind == RATIO:
        if math.isnan(estimate.value) and estimate.rows:
            return estimate.favorable / estimate.rows
        return estimate.value * estimate.reference_value
    return estimate.reference_value + estimate.value


def _people(estimate: Estimate, kind: str, side: str | None) -> tuple[int | None, int | None]:
    counted = estimate.metric in (*_APPROVALS, "predictive_equality_difference")
    if kind == SMD or not counted or math.isnan(estimate.low):
        return None, None
    own, other = group_rate(estimate, kind), estimate.reference_value
    if side == "reference":
        people = people_affected(other, own, estimate.reference_rows)
        return people, None if people is None else estimate.reference_rows
    people = people_affected(own, other, estimate.rows)
    return people, None if people is None else estimate.rows


def _change(
    estimate: Estimate,
    tally: Tally,
    kind: str,
    side: str | None,
    lines: tuple[float, float, str],
    alpha: float,
    holm_place: tuple[float, float],
) -> str | None:
    """The fewest further approvals that change the verdict, in words."""
    # with weights or repeated applicants one approval is not one unit of evidence
    whole = tally.roles.weight is None and tally.roles.cluster is None
    if side is None or estimate.metric not in _APPROVALS or not whole:
        return None
    x_ref = round(estimate.reference_value * estimate.reference_rows)
    own = (round(estimate.favorable), estimate.rows)
    other = (x_ref, estimate.reference_rows)
    harmed = estimate.group if side == "group" else estimate.reference or ()
    (x, n), (x_other, n_other) = (own, other) if side == "group" else (other, own)
    needed = approvals_needed(
        kind,
        x,
        n,
        x_other,
        n_other,
        line=lines[0],
        caution=lines[1],
        alpha=alpha,
        multiplier=holm_place[0],
        floor=holm_place[1],
    )
    people = who(estimate.attribute, harmed) + _APPROVALS[estimate.metric]
    first, last = needed
    if not first:  # 0: no breach to end
        return f"{count_words(last, 'more approval')} for {people}" if last else None
    text = f"{count_words(first, 'more approval')} for {people}"
    if last is not None and last > first:
        text += f" to end this fail, {last:,} to leave nothing to review in it"
    return text


def _mean_gap(
    estimate: Estimate, tally: Tally, found: int, lines: tuple[float, float, str], worst: str
) -> str | None:
    """Gaps of the means that would change the verdict, were scores as spread out as now.

    Where the gap is inside a line the clause beyond it does not hold, whatever the p-value, so
    these are enough; less may do.
    """
    roles = tally.roles
    column = estimate.column or roles.score or roles.risk or next(iter(roles.amount), None)
    if column is None:
        return None
    spread = from_cube(tally, estimate.attribute, column)
    means = {d.group: d.sum / d.total for d in spread if d.rows}
    if estimate.group not in means or estimate.reference not in means:
        return None
    gap = abs(means[estimate.group] - means[estimate.reference])
    inside_line, inside_caution = (gap / abs(estimate.value) * line for line in lines[:2])
    fails = found == BREACH and worst == "fail"
    end = inside_line if fails or found == CHANCE else inside_caution
    limit, digits = floor_words(end)
    text = f"a gap in mean {column_words(column)} of {limit} or less "
    text += f"(now {number(gap, digits, lines=(end,))})"
    if fails:
        lesser = floor_words(inside_caution)[0]
        text += f" to end this fail, {lesser} or less to leave nothing to review in it"
    return f"{text}, spread unchanged"
