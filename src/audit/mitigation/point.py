"""One alternative as plain settings, and what it changes in words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from audit.mitigation.families import Knob

AS_THEY_ARE = "as they are"
"""Amounts that are not reshaped."""

RESHAPED = {
    "log": "takes the logarithm of skewed amounts",
    "quantile": "ranks skewed amounts (quantiles)",
    "clip": "cuts skewed amounts at their 1st and 99th percentile",
}
"""In words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What an alternative does unlike the baseline. Nothing told is nothing changed."""

    left_out: tuple[str, ...] = ()
    """Features left out."""
    amounts: str = AS_THEY_ARE
    """How skewed amounts enter: "as they are", "log", "quantile", "clip"."""
    monotone: bool = False
    """Whether features of a clear sign may only push scores that way."""
    learner: Mapping[str, Any] = field(default_factory=dict)
    """The learner's settings that differ from the baseline's."""
    seed: int = 0
    """Added to the learner's own seed."""
    reweighing: float = 0.0
    """Strength of reweighing, from 0 to 1."""
    penalty: float = 0.0
    """Strength of the fairness penalty, from 0 up."""
    shift: float = 0.0
    """Points of the approval rate by which the cut-off moves, where none is fixed."""

    def settings(self) -> dict[str, Any]:
        """As plain values: only what differs from the baseline."""
        found: dict[str, Any] = {}
        if self.left_out:
            found["left_out"] = list(self.left_out)
        if self.amounts != AS_THEY_ARE:
            found["amounts"] = self.amounts
        if self.monotone:
            found["monotone"] = True
        if self.learner:
            found["learner"] = dict(self.learner)
        for name in ("seed", "reweighing", "penalty", "shift"):
            if getattr(self, name):
                found[name] = getattr(self, name)
        return found

    @property
    def key(self) -> str:
        """The same text for the same alternative."""
        return json.dumps(self.settings(), sort_keys=True, default=str)


def words(
    point: Point,
    knobs: tuple[Knob, ...],
    own: Mapping[str, Any],
    monotone: Mapping[str, int],
) -> str:
    """What an alternative changes, in a sentence without a full stop.

    `own` are the baseline's settings, `monotone` the features with a sign.

    >>> told = Point(left_out=("age", "limit"), reweighing=0.6, learner={"leaves": 15})
    >>> knob = Knob(name="leaves", values=(15, 31), words="{} leaves")
    >>> words(told, (knob,), {"leaves": 31}, {})
    'leaves out age and limit; 15 leaves instead of 31; reweighs groups at 0.6'
    """
    said = []
    if point.left_out:
        said.append(f"leaves out {_and(point.left_out)}")
    if point.amounts != AS_THEY_ARE:
        said.append(RESHAPED[point.amounts])
    if point.monotone:
        kept = [n for n in monotone if n not in point.left_out]
        said.append(f"lets {len(kept)} features push one way only ({_and(sorted(kept), most=4)})")
    for knob in knobs:
        if knob.name in point.learner:
            value, usual = point.learner[knob.name], own.get(knob.name)
            said.append(f"{knob.words.format(_told(value))} instead of {_told(usual)}")
    if point.seed:
        said.append(f"another seed (+{point.seed})")
    if point.reweighing:
        said.append(f"reweighs groups at {point.reweighing:g}")
    if point.penalty:
        said.append(f"presses the groups' scores together (penalty {point.penalty:g})")
    if point.shift:
        more = "more" if point.shift > 0 else "fewer"
        said.append(f"approves {100 * abs(point.shift):g} points {more}")
    return "; ".join(said) or "changes nothing"


def _and(names: Sequence[str], most: int = 8) -> str:
    """Names in a sentence: "a, b and c"."""
    shown = [*names[:most], *([f"{len(names) - most} more"] if len(names) > most else [])]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _told(value: Any) -> str:
    if value is None:
        return "the default"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
