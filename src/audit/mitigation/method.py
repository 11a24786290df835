"""A mitigation method as an entry: what it does, when it fails, what it needs. Data and a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from audit.mitigation.task import Task

BEFORE, DURING, AFTER = "before training", "in training", "after training"
"""When a method acts."""

Made = tuple[Any, tuple[str, ...]]
"""(a fitted `Decider`, what training warned of)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One way to make decisions more alike."""

    key: str
    """Its name: "reweighing"."""
    title: str
    """For people: "Reweighing"."""
    acts: str
    """"before training", "in training" or "after training"."""
    does: str
    """What it does, in a sentence or two."""
    fails: str
    """When it does not help or goes wrong, in a sentence."""
    source: str
    """Paper, and whose code runs."""
    make: Callable[[Task], Made]
    """Train it; raises `NotFittedError` with the reason where it gives nothing."""
    needs_group_at_decision: bool = False
    """Whether a decision reads the applicant's own group: a treatment risk in US credit."""
    randomised: bool = False
    """Whether two applicants alike in everything may be answered differently by lot; whether a
    candidate is, its `Decider` says."""
    extra: str | None = None
    """The optional install it needs."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What a caller may set, with the usual values."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """What else it runs with, as plain values."""
