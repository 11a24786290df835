"""From counts to estimates: every metric, for every group, with intervals.

Reads only a tally and score distributions; nothing here sees a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from audit.inference.by_blocks import BlockSums
from audit.inference.by_group import Shares, rate_estimates, shares_of
from audit.inference.by_pair import contrast_estimates
from audit.inference.by_score import score_estimates
from audit.inference.decision_levels import level_estimates
from audit.inference.distances import distance_estimates
from audit.inference.estimate import Estimates
from audit.inference.over_groups import everyone_estimates, group_estimates
from audit.inference.reference import Reference
from audit.inference.stack import Stack, main_stacks, side_stack
from audit.inference.worst_case import worst_case_estimates
from audit.metrics.catalogue import CATALOGUE
from audit.metrics.metric import Counts, Metric
from audit.table.roles import Group
from audit.tally.cube import Tally, cells
from audit.tally.distribution import Distribution

SIDE = (
    "selection_rate",
    "base_rate",
    "disparate_impact_ratio",
    "statistical_parity_difference",
    "true_positive_rate_difference",
    "predictive_equality_difference",
)
"""What is estimated inside strata and at stages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a tally can answer."""

    decision: bool
    """Some decisions are favourable or unfavourable."""
    outcome: bool
    """Some outcomes are known."""
    selective: bool
    """Outcomes are known only for the approved."""
    complete: bool
    """Every decided row has a known outcome."""


def known(tally: Tally) -> Known:
    """Whether decisions and outcomes are there, and whether approval created the outcomes."""
    found = cells(tally, ())
    if not found:
        return Known(decision=False, outcome=False, selective=False, complete=False)
    t = Counts(found[0].n)
    approved, denied = int(t.approved.sum()), int(t.denied.sum())
    approved_known, denied_known = int(t.approved_known.sum()), int(t.denied_known.sum())
    outcomes = int(t.all_known.sum())
    return Known(
        decision=approved + denied > 0,
        outcome=outcomes > 0,
        selective=approved_known > 0 and denied > 0 and denied_known == 0,
        complete=outcomes > 0 and approved_known + denied_known == approved + denied > 0,
    )


def measure(
    tally: Tally,
    chosen: Sequence[Reference],
    keys: Sequence[str],
    *,
    level: float = 0.95,
    intersections: int = 2,
    min_rows: int = 30,
    distributions: Mapping[str, Sequence[Distribution]] | None = None,
    sums: Mapping[str, BlockSums] | None = None,
    amount_keys: Sequence[str] = (),
    seed: int = 0,
) -> tuple[Estimates, list[str]]:
    """All estimates of these metrics, and what could not be computed from the tally's cubes.

    `distributions` maps a score or amount column to its distributions by group, `sums` to its
    sums by block of repeated applicants. `amount_keys` are added for continuous decisions:
    amounts, and a score that nothing cuts off. Metrics that need what the data lack (an outcome,
    a decision, a score) are left out: the caller lists them.
    """
    state = known(tally)
    metrics = [CATALOGUE[k] for k in keys]
    usable = [m for m in metrics if _can(m, state)]
    selective = state.selective
    stacks, missing = main_stacks(tally, chosen, intersections=intersections, min_rows=min_rows)
    parts: list[Estimates] = []
    for stack in stacks:
        parts += _stack_estimates(stack, usable, level, selective, seed, worst=True)
    side, unseen = side_stack(tally, chosen, min_rows=min_rows)
    missing += unseen
    if side is not None:
        narrow = [m for m in usable if m.key in SIDE]
        parts += _stack_estimates(side, narrow, level, selective, seed, worst=False)
    if any(axis.kind == "level" for axis in tally.axes.values()):
        parts.append(level_estimates(tally, chosen, level=level, min_rows=min_rows, seed=seed))
    strata = [m for m in usable if m.contrast == "strata"] if tally.roles.strata else []
    if strata:
        from audit.inference.within_strata import strata_estimates

        parts.append(strata_estimates(tally, strata, level=level))
    reference: dict[tuple[str, ...], Group] = {
        (r.attribute,): (r.level,) for r in chosen if r.level is not None
    }
    for column, found in (distributions or {}).items():
        amount = column in tally.roles.amount
        wanted = list(usable)
        if amount or tally.roles.decided_by == "none":
            wanted += [CATALOGUE[k] for k in amount_keys if k not in keys]
        scored = [
            m for m in wanted if m.contrast == "smd" or (m.rates and m.rates[0].form == "score")
        ]
        own = (sums or {}).get(column)
        if distances := [m for m in wanted if m.contrast in ("score_pair", "score_groups")]:
            from audit.inference.over_scores import score_distance_estimates

            parts.append(
                score_distance_estimates(
                    found, reference, distances, level=level, selective=selective, seed=seed,
                    amount=amount, repeated=own is not None,
                )
            )  # fmt: skip
        parts.append(
            score_estimates(
                found, reference, scored, level=level, selective=selective, seed=seed,
                amount=amount, sums=own,
            )
        )  # fmt: skip
    return Estimates.concatenate([p for p in parts if len(p)]), missing


def _can(metric: Metric, state: Known) -> bool:
    if "decision" in metric.needs and not state.decision:
        return False
    return not ("outcome" in metric.needs and not state.outcome)


def _stack_estimates(
    stack: Stack,
    metrics: Sequence[Metric],
    level: float,
    selective: bool,
    seed: int,
    *,
    worst: bool,
) -> list[Estimates]:
    pairs = [m for m in metrics if m.contrast == "pair"]
    of_cells = [
        m
        for m in metrics
        if m.rates and m.rates[0].form != "score" and m.contrast not in ("pair", "strata", "groups")
    ]
    plain = [m for m in of_cells if m.contrast is None]
    contrasts = [m for m in of_cells if m.contrast in ("difference", "ratio")]
    worsts = [m for m in of_cells if (m.contrast or "").startswith("worst")]
    shares: Shares = shares_of(stack, of_cells, level)
    out = [rate_estimates(stack, plain, shares, level=level, selective=selective, seed=seed)]
    out.append(
        contrast_estimates(stack, contrasts, shares, level=level, selective=selective, seed=seed)
    )
    if worst and pairs:
        out.append(distance_estimates(stack, pairs, level=level, selective=selective, seed=seed))
    if worst and worsts:
        out.append(worst_case_estimates(stack, worsts, shares, level=level, selective=selective))
    if worst and (together := [m for m in metrics if m.contrast == "groups"]):
        out.append(group_estimates(stack, together, level=level, selective=selective, seed=seed))
    if worst and (spreads := [m for m in metrics if m.contrast == "spread"]):
        from audit.inference.over_spread import spread_estimates

        out.append(spread_estimates(stack, spreads, shares, level=level, selective=selective))
    if worst and (parts := [m for m in metrics if m.contrast == "everyone"]):
        out.append(everyone_estimates(stack, parts, level=level, seed=seed))
    return out
