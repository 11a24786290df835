"""The planned families: which comparisons decide, judged with Holm over each family."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from audit.findings.evidence import findings_of
from audit.findings.kinds import scale_of
from audit.findings.record import VERDICTS, Family, Finding, Policy
from audit.findings.verdict import RATIO
from audit.findings.words import attribute_words, count_words, level_words, percent
from audit.inference.estimate import Estimates
from audit.inference.measure import Known, known
from audit.inference.multiplicity import holm
from audit.inference.reference import Reference
from audit.metrics.metric import Counts
from audit.table.roles import NONE_OF_THEM, Group, is_named
from audit.tally.cube import Tally, cells

Sizes = Mapping[tuple[str, ...], Mapping[Group, int]]
"""Rows of every group (undecided ones included) by attribute tuple, filled as asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The plan, judged."""

    judged: tuple[tuple[int, Finding], ...]
    """Position of the estimate and its finding, family by family."""
    not_checked: tuple[str, ...]
    """Families and groups the plan could not reach, and why."""


class GroupRows(dict[tuple[str, ...], Mapping[Group, int]]):
    """Rows by attribute tuple and group, counted when first asked for."""

    def __init__(self, tally: Tally) -> None:
        """Remember the tally."""
        super().__init__()
        self.tally = tally

    def __missing__(self, attribute: tuple[str, ...]) -> Mapping[Group, int]:
        """Count one attribute tuple."""
        found = cells(self.tally, attribute)
        rows: Mapping[Group, int] = {}
        if found:
            counted = Counts(found[0].n).everyone.tolist()
            rows = dict(zip(found[0].groups, counted, strict=True))
        self[attribute] = rows
        return rows


def group_rows(tally: Tally) -> Sizes:
    """Rows of every group, by attribute tuple."""
    return GroupRows(tally)


def large_enough(rows: int, total: int, policy: Policy, min_rows: int) -> bool:
    """Whether a group is planned: at least `min_rows` rows and the policy's share of rows."""
    return rows >= min_rows and rows >= policy.min_share * total * (1 - 1e-12)


def judge_plan(
    estimates: Estimates,
    tally: Tally,
    policy: Policy,
    references: Sequence[Reference],
    sizes: Sizes,
    *,
    min_rows: int,
    level: float,
) -> Planned:
    """Find the planned comparisons among the estimates and judge them, family by family."""
    not_checked = _nothing_planned(policy)
    state = known(tally)
    reasons = {f.code: _unmet(f, tally, state) for f in policy.families}
    unreached = _unreached(tally, policy, references, sizes, min_rows)
    if not all(reasons.values()):
        # where something is planned, the groups left out of it come first
        not_checked += unreached
        unreached = []
    wanted: dict[str, list[Family]] = {}
    for family in policy.families:
        if reasons[family.code] is None:
            wanted.setdefault(family.metric, []).append(family)
        else:
            not_checked.append(f"{family.title}: {reasons[family.code]}")
    not_checked += unreached
    rows_of: dict[str, list[int]] = {f.code: [] for f in policy.families}
    chosen = {r.attribute: r.level for r in references}
    columns = estimates.columns
    rows_with_family = [row for row, metric in enumerate(columns["metric"]) if metric in wanted]
    for row in rows_with_family:
        for family in wanted[columns["metric"][row]]:
            if _belongs(estimates, row, family, chosen, sizes, tally, policy, min_rows):
                rows_of[family.code].append(row)
    for family in policy.families:
        if (
            reasons[family.code] is None
            and not rows_of[family.code]
            and any(sizes[(a,)] for a in chosen)
        ):
            not_checked.append(f"{family.title}: no planned comparison could be made")
    judged: list[tuple[int, Finding]] = []
    for together in _letters(policy.families):
        raw = [columns["p_value"][row] for f in together for row in rows_of[f.code]]
        adjusted = holm(raw).tolist() if raw else []
        places = [_place(raw, adjusted, k) for k in range(len(raw))]
        start = 0
        for family in together:
            rows = rows_of[family.code]
            part = slice(start, start + len(rows))
            start = part.stop
            findings = findings_of(
                [
                    replace(estimates[row], p_adjusted=p)
                    for row, p in zip(rows, adjusted[part], strict=True)
                ],
                tally,
                code=family.code,
                family=family.title,
                planned=True,
                lines=(family.line, family.caution, family.rule),
                worst=family.worst,
                alpha=policy.alpha,
                min_rows=min_rows,
                holm_places=places[part],
            )
            judged.extend(zip(rows, findings, strict=True))
    return Planned(judged=tuple(judged), not_checked=tuple(not_checked))


def _letters(families: Iterable[Family]) -> list[list[Family]]:
    found: dict[str, list[Family]] = {}
    for family in families:
        found.setdefault(family.letter or family.code, []).append(family)
    return list(found.values())


def _place(raw: Sequence[float], adjusted: Sequence[float], number: int) -> tuple[float, float]:
    """Holm's multiplier of one test, and the largest adjusted p-value of those before it."""
    known = [p for p in raw if not math.isnan(p)]
    own = raw[number]
    before = [k for k, p in enumerate(raw) if p < own or (p == own and k < number)]
    return float(max(len(known) - len(before), 1)), max((adjusted[k] for k in before), default=0.0)


def _belongs(
    estimates: Estimates,
    row: int,
    family: Family,
    chosen: Mapping[str, object],
    sizes: Sizes,
    tally: Tally,
    policy: Policy,
    min_rows: int,
) -> bool:
    columns = estimates.columns
    attribute, group = columns["attribute"][row], columns["group"][row]
    reference = columns["reference"][row]
    if (
        reference is None
        or columns["stage"][row] is not None
        or columns["stratum"][row] is not None
    ):
        return False
    if not 1 <= len(attribute) <= family.intersections or None in reference:
        return False
    if not is_named(tally.roles, attribute, group):
        return False
    if len(attribute) == 1 and reference != (chosen.get(attribute[0]),):
        return False
    return large_enough(sizes[attribute].get(group, 0), tally.rows, policy, min_rows)


def _nothing_planned(policy: Policy) -> list[str]:
    if policy.families:
        return []
    return [f"{policy.name} plans no comparison, so its verdict is insufficient by design"]


def _unmet(family: Family, tally: Tally, state: Known) -> str | None:
    """Why a family cannot be judged on this data, or None."""
    roles = tally.roles
    if "decision" in family.needs and not state.decision:
        return "not checked, because no decision was given"
    if "score" in family.needs and not (roles.score or roles.risk or roles.amount):
        return "not checked, because no score, limit or price was declared"
    if "outcome" in family.needs and not state.outcome:
        return "not checked, because no outcome was given"
    if "outcome" in family.needs and state.selective:
        return "not checked, because outcomes are known for the approved only (selective labels)"
    if "outcome" in family.needs and not state.complete:
        counted = Counts(cells(tally, ())[0].n.sum(axis=0))
        unknown = int(counted.decided - counted.known)
        return (
            f"not checked, because the outcome of {count_words(unknown, 'decided applicant')} "
            f"({percent(unknown / int(counted.decided))}) is unknown"
        )
    return None


def _unreached(
    tally: Tally, policy: Policy, references: Sequence[Reference], sizes: Sizes, min_rows: int
) -> list[str]:
    """Attributes and groups that the plan leaves out."""
    if not policy.families:
        return []
    out = []
    for chosen in references:
        rows = sizes[(chosen.attribute,)]
        name = attribute_words((chosen.attribute,))
        if not rows:
            out.append(f"{name}: not in the tally's cubes")
            continue
        others = {
            g: n
            for g, n in rows.items()
            if g != (chosen.level,) and n and is_named(tally.roles, (chosen.attribute,), g)
        }
        small = {
            g: n for g, n in others.items() if not large_enough(n, tally.rows, policy, min_rows)
        }
        if not others:
            out.append(f"{name}: only one group, nothing to compare")
        elif small:
            shown = ", ".join(level_words(g[0]) for g in list(small)[:5])
            more = f" and {len(small) - 5:,} more" if len(small) > 5 else ""
            share = percent(sum(small.values()) / max(tally.rows, 1))
            out.append(
                f"{name}: {count_words(len(small), 'group')} too small to be planned (fewer than "
                f"{min_rows} rows or {percent(policy.min_share, 0)} of rows), {share} of rows: "
                f"{shown}{more}"
            )
        missing = rows.get((None,), 0)
        if missing:
            share = percent(missing / max(tally.rows, 1))
            out.append(f"{name}: missing for {share} of rows; a missing group never decides")
        rest = rows.get((NONE_OF_THEM,), 0) if chosen.attribute in tally.roles.overlapping else 0
        if rest and chosen.level != NONE_OF_THEM:
            share = percent(rest / max(tally.rows, 1))
            out.append(f"{name}: none of the named groups for {share} of rows; they never decide")
    return out


def worst_first(findings: Iterable[Finding], policy: Policy) -> tuple[Finding, ...]:
    """Planned findings by verdict, then in the plan's order, then the widest gap first."""
    order = {f.code: i for i, f in enumerate(policy.families)}
    rank = {verdict: i for i, verdict in enumerate(VERDICTS)}
    return tuple(
        sorted(
            findings,
            key=lambda f: (rank.get(f.verdict, len(rank)), order.get(f.code, len(order)), -gap(f)),
        )
    )


def gap(finding: Finding) -> float:
    """How far a finding's value is from parity, in units of its line; -1 where undefined."""
    value = finding.estimate.value
    scale = scale_of(finding.estimate.metric)
    if math.isnan(value):
        return -1.0
    if scale is not None and scale.kind == RATIO:
        return math.inf if value <= 0 else abs(math.log(value)) / -math.log(finding.line)
    return abs(value) / finding.line if finding.line else abs(value)
