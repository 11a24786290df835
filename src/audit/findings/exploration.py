"""Everything that was not planned: it can ask for a review, and never decides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from audit.findings import rules
from audit.findings.evidence import finding_of
from audit.findings.kinds import Scale, lines_of, scale_of
from audit.findings.plan import Sizes, large_enough
from audit.findings.record import Finding, Policy
from audit.findings.verdict import BREACH, CAUTION, CHANCE, INSIDE, RATIO, Case, clause, verdict_for
from audit.findings.words import attribute_words, metric_words, percent
from audit.inference.estimate import Estimate, Estimates
from audit.inference.multiplicity import benjamini_hochberg
from audit.tally.cube import Tally

Floats = npt.NDArray[np.float64]

STRONGEST = 50
"""Explored findings that are written out; all others stay in the table of estimates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explored:
    """What exploration gave."""

    judged: tuple[tuple[int, float, float, str], ...]
    """Position of the estimate, adjusted p-value, line and verdict."""
    findings: tuple[Finding, ...]
    """The strongest reviews, strongest first."""
    unsettled: tuple[str, ...]
    """How many comparisons stay open, and the share of people they concern."""


def explore(
    estimates: Estimates,
    tally: Tally,
    policy: Policy,
    sizes: Sizes,
    planned: Sequence[tuple[int, Finding]],
    told: Sequence[Finding] = (),
    *,
    min_rows: int,
) -> Explored:
    """Judge every other comparison that has a p-value, at most as a review.

    `told` are findings already written out, whose mirror images (a difference beside its
    complement's) need no finding of their own.
    """
    columns = estimates.columns
    scales = {m: scale_of(m) for m in dict.fromkeys(columns["metric"])}
    taken = {row for row, _ in planned}
    p_value, reference, metric = columns["p_value"], columns["reference"], columns["metric"]
    rows = [
        i
        for i, p in enumerate(p_value)
        if p == p and reference[i] is not None and i not in taken and scales[metric[i]] is not None
    ]
    if not rows:
        return Explored(judged=(), findings=(), unsettled=())
    at = np.array(rows)
    number = {
        name: np.array(columns[name], dtype=np.float64)[at]
        for name in ("value", "low", "high", "p_value", "rows", "reference_rows")
    }
    adjusted = benjamini_hochberg(number["p_value"])
    found = np.zeros(len(rows), dtype=np.int8)
    strength, line_of = np.zeros(len(rows)), np.zeros(len(rows))
    rows_of: dict[str, list[int]] = {}
    for k, i in enumerate(rows):
        rows_of.setdefault(metric[i], []).append(k)
    for name, positions in rows_of.items():
        scale = scales[name]
        assert scale is not None
        here = np.array(positions)
        line, caution, _ = lines_of(policy, name, scale.kind)
        case = Case(
            number["value"][here],
            number["low"][here],
            number["high"][here],
            adjusted[here],
            number["rows"][here],
            number["reference_rows"][here],
        )
        found[here] = clause(
            scale.kind,
            case,
            line=line,
            caution=caution,
            alpha=policy.alpha,
            min_rows=min_rows,
            worse=scale.worse,
        )
        strength[here] = _surely(scale.kind, case, line)
        line_of[here] = line
    verdicts = [verdict_for(c, "review") for c in range(8)]
    judged = tuple(
        (i, p, line, verdicts[c])
        for i, p, line, c in zip(
            rows, adjusted.tolist(), line_of.tolist(), found.tolist(), strict=True
        )
    )
    order = _strongest(found, strength)
    seen = {_pair(f.estimate) for f in (*told, *(f for _, f in planned))}
    distinct: list[int] = []
    for k in order.tolist():
        pair = _pair(estimates[rows[k]])
        if pair not in seen:
            seen.add(pair)
            distinct.append(k)
    kept = distinct[:STRONGEST]
    findings = tuple(
        _finding(
            estimates, tally, policy, sizes, rows[k], float(adjusted[k]), int(found[k]), min_rows
        )
        for k in kept
    )
    unsettled = _unsettled(estimates, tally, policy, sizes, at, found)
    if len(kept) < len(distinct):
        text = (
            f"exploration: {len(kept):,} of {len(distinct):,} reviews written out, strongest first"
        )
        unsettled = (text, *unsettled)
    return Explored(judged=judged, findings=findings, unsettled=unsettled)


def _surely(kind: str, case: Case, line: float) -> Floats:
    """The gap that the interval's nearer limit still leaves, in units of the line; 0 if none."""
    low, high = np.asarray(case.low, dtype=np.float64), np.asarray(case.high, dtype=np.float64)
    if kind == RATIO:
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high, unit = np.log(low), np.log(high), -np.log(line)
    else:
        unit = np.float64(line)
    surely: Floats = np.maximum(np.maximum(low, -high), 0.0) / unit
    return np.nan_to_num(surely, nan=0.0)


def _strongest(
    found: npt.NDArray[np.int8], strength: npt.NDArray[np.float64]
) -> npt.NDArray[np.intp]:
    """Reviews only: significant ones first, then by the gap that is surely there."""
    review = np.flatnonzero((found >= BREACH) & (found <= CAUTION))
    chance = found[review] == CHANCE
    return review[np.lexsort((-strength[review], chance))]


def _pair(estimate: Estimate) -> tuple[object, ...]:
    """What a comparison says, so that a mirror image (FNR beside TPR) is not told twice."""
    scale = scale_of(estimate.metric)
    kind = scale.kind if scale else ""
    value = estimate.value
    if kind == RATIO:
        value = math.inf if value <= 0 or value != value else math.log(value)
    sides = frozenset((estimate.group, estimate.reference))
    place = (estimate.attribute, estimate.stratum, estimate.stage)
    what = (estimate.column, estimate.decision_level)
    return (*place, *what, sides, kind, round(abs(value), 9))


def code_of(
    estimates: Estimates, row: int, scale: Scale | None, sizes: Sizes, tally: Tally, policy: Policy,
    min_rows: int,
) -> str:  # fmt: skip
    """The exploration code of one comparison."""
    columns = estimates.columns
    attribute, group = columns["attribute"][row], columns["group"][row]
    if columns["stage"][row] is not None:
        return rules.STAGE
    if columns["stratum"][row] is not None:
        return rules.STRATUM
    if scale is not None and scale.worst_case:
        return rules.WORST_CASE
    if None in group or None in (columns["reference"][row] or ()):
        return rules.MISSING
    if columns["metric"][row].startswith("conditional_"):
        return rules.CONDITIONAL
    if columns["metric"][row].startswith("base_rate"):
        return rules.DATA
    if len(attribute) > 1:
        return rules.INTERSECTION
    if not large_enough(sizes[attribute].get(group, 0), tally.rows, policy, min_rows):
        return rules.TOO_SMALL
    return rules.OTHER


def _finding(
    estimates: Estimates,
    tally: Tally,
    policy: Policy,
    sizes: Sizes,
    row: int,
    p_adjusted: float,
    found: int,
    min_rows: int,
) -> Finding:
    metric = estimates.columns["metric"][row]
    scale = scale_of(metric)
    assert scale is not None
    return finding_of(
        replace(estimates[row], p_adjusted=p_adjusted),
        tally,
        found=found,
        code=code_of(estimates, row, scale, sizes, tally, policy, min_rows),
        family="exploration",
        planned=False,
        lines=lines_of(policy, metric, scale.kind),
        worst="review",
        alpha=policy.alpha,
        min_rows=min_rows,
    )


def _unsettled(
    estimates: Estimates,
    tally: Tally,
    policy: Policy,
    sizes: Sizes,
    rows: npt.NDArray[np.int64],
    found: npt.NDArray[np.int8],
) -> tuple[str, ...]:
    """Counts of what exploration left open; people are counted for the first planned metric."""
    columns = estimates.columns
    settled = (found == BREACH) | (found == CAUTION) | (found == INSIDE)
    out = []
    still = int((~settled).sum())
    if still:
        out.append(
            f"exploration: {still:,} of {len(rows):,} comparisons are not settled "
            "(too few rows to tell)"
        )
    headline = policy.families[0].metric if policy.families else "disparate_impact_ratio"
    total: dict[tuple[str, ...], int] = {}
    open_groups: dict[tuple[str, ...], list[object]] = {}
    for row, done in zip(rows.tolist(), settled.tolist(), strict=True):
        if columns["metric"][row] != headline or columns["stage"][row] is not None:
            continue
        if columns["stratum"][row] is not None:
            continue
        attribute = columns["attribute"][row]
        total[attribute] = total.get(attribute, 0) + 1
        if not done:
            open_groups.setdefault(attribute, []).append(columns["group"][row])
    for attribute, groups in open_groups.items():
        people = sum(sizes[attribute].get(g, 0) for g in groups)  # type: ignore[call-overload]
        out.append(
            f"{attribute_words(attribute)}: {len(groups):,} of {total[attribute]:,} explored "
            f"groups not settled for the {metric_words(headline)}, "
            f"{percent(people / max(tally.rows, 1))} of rows"
        )
    return tuple(out)
