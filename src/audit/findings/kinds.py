"""Which metrics the verdict rule can read, on which scale, and which way is worse."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from audit.findings.record import Policy
from audit.findings.verdict import DIFFERENCE, RATIO, SMD
from audit.metrics.catalogue import CATALOGUE
from audit.metrics.metric import Metric

LINES = {RATIO: (0.80, 0.90), DIFFERENCE: (0.10, 0.05), SMD: (0.30, 0.20)}
"""Line and caution of explored comparisons where the policy has none of that kind."""

_SHARES = {"share", "blend", "f1"}


class Scale(NamedTuple):
    """How a metric's value is read."""

    kind: str
    """"ratio", "difference" or "smd"."""
    worse: str
    """Which way harms the group: "lower", "higher" or "away"."""
    worst_case: bool
    """Whether it compares the two extreme groups, picked from the data."""


@cache
def scale_of(metric: str) -> Scale | None:
    """The scale of a contrast, or None where no line applies (odds, raw scores, divergences).

    >>> scale_of("disparate_impact_ratio")
    Scale(kind='ratio', worse='lower', worst_case=False)
    >>> scale_of("treatment_equality_difference") is None
    True
    """
    entry = CATALOGUE.get(metric)
    if entry is None or entry.contrast is None:
        return None
    worst = entry.contrast.startswith("worst_")
    contrast = entry.contrast.removeprefix("worst_")
    if contrast == "smd":
        return Scale(SMD, "away", worst)
    if contrast == "ratio" and _bounded(entry) and entry.worse != "higher":
        return Scale(RATIO, entry.worse, worst)
    if contrast == "difference" and _bounded(entry):
        # a worst case is the larger rate less the smaller: its sign harms nobody
        return Scale(DIFFERENCE, "away" if worst else entry.worse, worst)
    if contrast == "strata" and metric.endswith("_parity_difference"):
        return Scale(DIFFERENCE, entry.worse, worst)
    return None


def _bounded(entry: Metric) -> bool:
    return all(rate.form in _SHARES for rate in entry.rates)


def lines_of(policy: Policy, metric: str, kind: str) -> tuple[float, float, str]:
    """Line, caution and cited rule: of the family that plans the metric.

    Another metric borrows the line of a family of its kind, else the common one; no rule ("") is
    cited for it, since none was written for that metric.
    """
    for family in policy.families:
        if family.metric == metric:
            return family.line, family.caution, family.rule
    for family in policy.families:
        scale = scale_of(family.metric)
        if scale is not None and scale.kind == kind:
            return family.line, family.caution, ""
    line, caution = LINES[kind]
    return line, caution, ""
