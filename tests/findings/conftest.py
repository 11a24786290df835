"""Audits made straight from counts, so that a test can state the table it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from audit.findings.judge import Judged, judge
from audit.findings.policies import load
from audit.findings.record import AuditRecord, Policy, Provenance
from audit.inference.estimate import Estimates
from audit.inference.measure import measure
from audit.inference.reference import references
from audit.metrics.catalogue import STANDARD
from audit.table.roles import DECISION_LEVELS, OUTCOME_LEVELS, Axis, Roles
from audit.tally.cube import Cube, Tally

KEYS = (
    "selection_rate",
    "disparate_impact_ratio",
    "statistical_parity_difference",
    "true_positive_rate_difference",
    "false_negative_rate_difference",
    "predictive_equality_difference",
    "demographic_parity_ratio",
    "base_rate_difference",
)


def tally_of(
    groups: Mapping[Any, tuple[int, int]] | Mapping[Any, Any],
    *,
    attributes: tuple[str, ...] = ("sex",),
    reference: Mapping[str, Any] | None = None,
    outcomes: bool = False,
) -> Tally:
    """A tally from {group: (approved, rows)}, or {group: 3 × 3 cells}, or tuples of levels."""
    keys = [g if isinstance(g, tuple) else (g,) for g in groups]
    levels = []
    for position in range(len(attributes)):
        seen = dict.fromkeys(k[position] for k in keys)
        levels.append(tuple(sorted(seen, key=lambda v: v is None)))
    count = np.zeros((*(len(v) for v in levels), 3, 3), dtype=np.int64)
    for key, value in zip(keys, groups.values(), strict=True):
        at = tuple(levels[i].index(v) for i, v in enumerate(key))
        cells = np.asarray(value)
        if cells.shape == (3, 3):
            count[at] = cells
        else:
            approved, rows = value
            count[at][0, 2], count[at][1, 2] = approved, rows - approved
    axes = tuple(
        Axis(name=a, kind="protected", levels=v) for a, v in zip(attributes, levels, strict=True)
    )
    tail = (
        Axis(name="decision", kind="decision", levels=DECISION_LEVELS),
        Axis(name="outcome", kind="outcome", levels=OUTCOME_LEVELS),
    )
    return Tally(
        cubes=(Cube(axes=(*axes, *tail), count=count),),
        roles=Roles(
            protected=attributes,
            decision="approved",
            outcome="repaid" if outcomes else None,
            reference=dict(reference or {}),
        ),
        axes={f"protected:{a.name}": a for a in axes},
        rows=int(count.sum()),
        excluded=0,
        fingerprint="0" * 64,
    )


class Case:
    """A tally judged under a policy."""

    def __init__(
        self,
        tally: Tally,
        policy: str | Policy = "us-credit",
        keys: tuple[str, ...] = KEYS,
        extra: Estimates | None = None,
        **options: Any,
    ) -> None:
        self.policy = load(policy)
        self.tally = tally
        self.references = references(tally, self.policy.reference_rule)
        estimates, _ = measure(tally, self.references, keys)
        self.estimates = Estimates.concatenate([estimates, *([extra] if extra else [])])
        self.judged: Judged = judge(self.estimates, tally, self.policy, self.references, **options)

    @property
    def verdict(self) -> str:
        return self.judged.verdict

    def planned(self, code: str = "AUD001") -> list[Any]:
        return [f for f in self.judged.findings if f.planned and f.code == code]

    def explored(self, code: str) -> list[Any]:
        return [f for f in self.judged.findings if f.code == code]

    def record(self) -> AuditRecord:
        provenance = Provenance(
            version="0", seed=0, policy=self.policy.name, fingerprint="", settings={}, libraries={}
        )
        return AuditRecord(
            provenance=provenance,
            roles=self.tally.roles,
            references=self.references,
            policy=self.policy,
            issues=(),
            tally=self.tally,
            estimates=self.estimates.replace(p_adjusted=self.judged.p_adjusted),
            findings=self.judged.findings,
            verdict=self.judged.verdict,
            not_checked=self.judged.not_checked,
        )


@pytest.fixture
def case() -> Callable[..., Case]:
    """Build a tally from counts and judge it."""

    def build(
        groups: Mapping[Any, Any],
        policy: str | Policy = "us-credit",
        *,
        attributes: tuple[str, ...] = ("sex",),
        reference: Mapping[str, Any] | None = None,
        outcomes: bool = False,
        keys: tuple[str, ...] = KEYS,
        extra: Estimates | None = None,
        **options: Any,
    ) -> Case:
        tally = tally_of(groups, attributes=attributes, reference=reference, outcomes=outcomes)
        return Case(tally, policy, keys, extra, **options)

    return build


__all__ = ["STANDARD", "Case", "case", "tally_of"]
