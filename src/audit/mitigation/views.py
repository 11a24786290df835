"""A comparison as plain values, as a frame and as a sentence."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from audit.errors import InputError
from audit.mitigation.record import Candidate, Comparison
from audit.table.json_values import plain
from audit.table.wording import shown, suggestion

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = (
    *("disparity", "disparity_change", "gap", "gap_change", "utility", "utility_change"),
    "arbitrariness",
)
"""Numbers of a candidate that stand in a frame with their limits."""


def candidate_of(comparison: Comparison, name: Any) -> Candidate:
    """The candidate of a name; a method without one is answered with its reason."""
    if isinstance(name, Candidate):
        name = name.name
    for candidate in comparison.candidates:
        if candidate.name == name:
            return candidate
    for method in comparison.unavailable:
        if method.name == name:
            raise InputError(
                "MIT020", f"{method.title} gave no candidate: {method.reason}", argument="name",
                fix="name another: " + ", ".join(c.name for c in comparison.candidates),
            )  # fmt: skip
    names = [c.name for c in comparison.candidates]
    raise InputError(
        "MIT020", f"there is no candidate {shown(name)}", argument="name",
        fix=suggestion(name, names),
    )  # fmt: skip


def to_dict(comparison: Comparison) -> dict[str, Any]:
    """The comparison in JSON's own types; estimators are left out."""
    out = {
        f.name: plain(getattr(comparison, f.name))
        for f in fields(comparison)
        if f.name not in ("candidates", "recommendation")
    }
    out["candidates"] = [candidate_dict(c) for c in comparison.candidates]
    best = comparison.recommendation
    out["recommendation"] = None if best is None else best.name
    out["frontier"] = [c.name for c in comparison.frontier]
    return out


def candidate_dict(candidate: Candidate) -> dict[str, Any]:
    """A candidate in JSON's own types, without its estimator."""
    return {
        f.name: plain(getattr(candidate, f.name))
        for f in fields(candidate)
        if f.name != "estimator"
    }


def to_frame(comparison: Comparison) -> pd.DataFrame:
    """One row a candidate: what it is, its verdict, and its numbers with their limits."""
    import pandas as pd

    rows = []
    for c in comparison.candidates:
        row: dict[str, Any] = {"name": c.name, "title": c.title, "acts": c.acts}
        for name in NUMBERS:
            own = getattr(c, name)
            row |= {name: own.value, f"{name}_low": own.low, f"{name}_high": own.high}
        row |= {name: own.value for name, own in c.measures.items()}
        row |= {
            "needs_group_at_decision": c.needs_group_at_decision, "randomised": c.randomised,
            "dominated": c.dominated, "verdict": c.verdict, "because": c.because,
        }  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows)


def summary(comparison: Comparison) -> str:
    """What is recommended, what it gains and what it costs; or why nothing is."""
    tried = len(comparison.candidates) - 1
    said = f"{tried} candidate{'' if tried == 1 else 's'} beside the baseline"
    if comparison.kind == "search":
        said = f"{len(comparison.log)} candidates tried"
    best = comparison.recommendation
    if best is None:
        return f"{said}; none is recommended: {comparison.because}."
    named = "" if best.title.lower() == best.name else f" ({best.name})"
    return f"{said}; look first at {best.title}{named}: {comparison.because}."
