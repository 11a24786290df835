"""The register of finding codes: what each says, in one place for reports and documentation.

Codes are stable and never reused. AUD0xx are planned families, AUD1xx cited rules (they live in
the policy packs), AUD9xx exploration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingCode:
    """A kind of finding."""

    code: str
    """"AUD001"."""
    title: str
    """Short name."""
    meaning: str
    """What it says, in one line."""
    planned: bool
    """Whether it can decide the overall verdict."""


def _planned(code: str, title: str, meaning: str) -> FindingCode:
    return FindingCode(code=code, title=title, meaning=meaning, planned=True)


def _explored(code: str, title: str, meaning: str) -> FindingCode:
    return FindingCode(code=code, title=title, meaning=meaning, planned=False)


INTERSECTION, TOO_SMALL, STAGE, STRATUM, OTHER = "AUD901", "AUD902", "AUD903", "AUD904", "AUD905"
HIGHEST_RATE, MISSING, WORST_CASE, DATA = "AUD906", "AUD907", "AUD908", "AUD909"
CONDITIONAL = "AUD910"

CODES: Mapping[str, FindingCode] = MappingProxyType(
    {
        c.code: c
        for c in (
            _planned(
                "AUD001",
                "Approval-rate ratio by protected attribute",
                "a group's approval rate over the reference's, on the four-fifths line",
            ),
            _planned(
                "AUD002",
                "Standardized mean difference",
                "mean score, limit or price apart, in pooled within-group standard deviations",
            ),
            _planned(
                "AUD003",
                "Equal opportunity difference",
                "approval rates apart among those who would repay",
            ),
            _planned(
                "AUD004",
                "Predictive equality difference",
                "approval rates apart among those who would not repay",
            ),
            _planned(
                "AUD011", "Parity ratio", "approval rates as a ratio, on the research pack's line"
            ),
            _planned(
                "AUD012",
                "Parity difference",
                "approval rates as a difference, on the research pack's line",
            ),
            _planned(
                "AUD013",
                "True-positive-rate difference",
                "approval rates apart among those who would repay, deciding",
            ),
            _planned(
                "AUD014",
                "False-positive-rate difference",
                "approval rates apart among those who would not repay, deciding",
            ),
            _explored(INTERSECTION, "Intersection", "a gap where protected attributes are crossed"),
            _explored(
                TOO_SMALL,
                "Group too small to plan",
                "a gap in a group below the minimum rows or share; never a pass",
            ),
            _explored(STAGE, "Stage", "a gap at one stage, among those who reached it"),
            _explored(STRATUM, "Stratum", "a gap within one level of the conditioning factors"),
            _explored(OTHER, "Another metric", "a gap in a metric that the policy does not plan"),
            _explored(
                HIGHEST_RATE,
                "Highest-rate reading",
                "a group against the group with the highest rate, which the data picked",
            ),
            _explored(
                MISSING, "Missing group", "a gap for people whose protected attribute is missing"
            ),
            _explored(WORST_CASE, "Largest gap", "the two extreme groups of an attribute"),
            _explored(
                DATA, "Outcomes in the data", "favourable outcomes apart, whatever the decision"
            ),
            _explored(
                CONDITIONAL,
                "Conditional gap",
                "a gap that remains among people alike in the conditioning factors",
            ),
        )
    }
)
"""Every finding code, in order."""
