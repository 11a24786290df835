"""What a catalogue entry is: a rate of one group, or a contrast of rates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from audit.tally.distribution import Distribution

Array = npt.NDArray[Any]


class Share(NamedTuple):
    """A proportion as the two counts it is made of."""

    part: Array
    """Numerator, one a group."""
    whole: Array
    """Denominator; where it is 0 the rate is undefined."""


def _sum(cells: Array, *axes: int) -> Array:
    total: Array = cells.sum(axis=axes)
    return total


class Counts:
    """The named counts of a decision × outcome table, one value a group.

    Built from an array of shape (..., 3, 3): decisions favourable / unfavourable / undecided by
    outcomes favourable / unfavourable / unknown. It reads n, Σw or Σw² alike, since every name
    is a sum of cells.
    """

    __slots__ = ("cells",)

    def __init__(self, cells: Array) -> None:
        """Wrap an array of cells; nothing is computed until a name is read."""
        self.cells = cells

    @property
    def approved_good(self) -> Array:
        """Approved, outcome favourable (true positives)."""
        return self.cells[..., 0, 0]

    @property
    def approved_bad(self) -> Array:
        """Approved, outcome unfavourable (false positives)."""
        return self.cells[..., 0, 1]

    @property
    def denied_good(self) -> Array:
        """Denied, outcome favourable (false negatives)."""
        return self.cells[..., 1, 0]

    @property
    def denied_bad(self) -> Array:
        """Denied, outcome unfavourable (true negatives)."""
        return self.cells[..., 1, 1]

    @property
    def approved(self) -> Array:
        """Favourable decisions, whatever the outcome."""
        return _sum(self.cells[..., 0, :], -1)

    @property
    def denied(self) -> Array:
        """Unfavourable decisions, whatever the outcome."""
        return _sum(self.cells[..., 1, :], -1)

    @property
    def decided(self) -> Array:
        """Favourable or unfavourable decisions; undecided ones are outside the rates."""
        return self.approved + self.denied

    @property
    def undecided(self) -> Array:
        """Withdrawn, incomplete."""
        return _sum(self.cells[..., 2, :], -1)

    @property
    def good(self) -> Array:
        """Decided, outcome favourable."""
        return self.approved_good + self.denied_good

    @property
    def bad(self) -> Array:
        """Decided, outcome unfavourable."""
        return self.approved_bad + self.denied_bad

    @property
    def known(self) -> Array:
        """Decided, with a known outcome."""
        return self.good + self.bad

    @property
    def approved_known(self) -> Array:
        """Approved, with a known outcome."""
        return self.approved_good + self.approved_bad

    @property
    def denied_known(self) -> Array:
        """Denied, with a known outcome."""
        return self.denied_good + self.denied_bad

    @property
    def all_good(self) -> Array:
        """Outcome favourable, whatever the decision (undecided included)."""
        return _sum(self.cells[..., :, 0], -1)

    @property
    def all_known(self) -> Array:
        """Outcome known, whatever the decision (undecided included)."""
        return _sum(self.cells[..., :, :2], -1, -2)

    @property
    def unknown(self) -> Array:
        """Outcome unknown."""
        return _sum(self.cells[..., :, 2], -1)

    @property
    def everyone(self) -> Array:
        """All rows."""
        return _sum(self.cells, -1, -2)


ShareOf = Callable[[Counts], Share]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rate:
    """A rate of one group, in the form its interval needs."""

    key: str
    """Its catalogue key."""
    symbol: str = ""
    """How formulas abbreviate it: "TPR"."""
    form: str
    """"share" (part / whole, Wilson) · "f1" (2J/(1+J) of the share J) · "odds" (part / (whole −
    part) of the share) · "blend" (a weighted sum of shares with disjoint denominators, MOVER) ·
    "cells" (any function of the table; cell bootstrap) · "score" (a function of the score
    distribution)."""
    shares: tuple[ShareOf, ...] = ()
    """One share; several for a blend."""
    coefficients: tuple[float, ...] = (1.0,)
    """A blend's weights."""
    of_cells: Callable[[Counts], Array] | None = None
    """For form "cells": the value, nan where undefined."""
    of_scores: Callable[[Distribution], Any] | None = None
    """For form "score": the value, nan where undefined. A float from counts of shape (values, 3);
    an array from counts with leading axes (bootstrap replicates)."""
    undefined: str = "no rows in the denominator"
    """The reason shown where it has no value, e.g. "nobody in the group repaid"."""

    def value(self, counts: Array) -> Array:
        """The rate of each group from cells of shape (..., 3, 3); nan where undefined."""
        t = Counts(np.asarray(counts, dtype=np.float64))
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.form == "cells":
                assert self.of_cells is not None  # for the type checker
                return self.of_cells(t)
            parts = [s(t) for s in self.shares]
            if self.form == "share":
                return np.where(parts[0].whole > 0, parts[0].part / parts[0].whole, np.nan)
            if self.form == "f1":
                part, whole = parts[0]
                return np.where(whole > 0, 2 * part / (whole + part), np.nan)
            if self.form == "odds":
                part, whole = parts[0]
                return np.where(whole - part > 0, part / (whole - part), np.nan)
            terms = [
                c * np.where(s.whole > 0, s.part / s.whole, np.nan)
                for c, s in zip(self.coefficients, parts, strict=True)
            ]
            return np.asarray(np.sum(terms, axis=0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Metric:
    """A named catalogue entry: a rate, or a comparison of rates."""

    key: str
    """Standard term, e.g. "equal_opportunity_difference"."""
    title: str
    """For people: "Equal opportunity difference (worst case)"."""
    rates: tuple[Rate, ...]
    """One rate; several where a worst case is taken over them (equalized odds)."""
    contrast: str | None
    """None (a rate), "difference" (group − reference), "ratio" (group / reference),
    "worst_difference" (max − min), "worst_ratio" (min / max), "smd" (standardised mean
    difference), "pair" (`of_pair`, any function of two groups' cells), "strata" (`of_strata`, of
    the group's and everyone's cells inside each stratum), "everyone" (`of_everyone`, of the
    group's and everyone's cells), "groups" (`of_groups`, of all groups' cells together),
    "spread" (`of_spread`, of all groups' counts of one rate, with sampling noise taken away),
    "score_pair" (`of_score_pair`, of two score distributions) or "score_groups"
    (`of_score_groups`, of all groups' distributions). See `audit.metrics.contrasts`."""
    ideal: float
    """The value at parity (a rate has 1 or 0 as its best, nan where it has none)."""
    worse: str
    """On which side of the ideal the group is worse off: "lower", "higher", or "away" where both
    sides count alike. A signed contrast takes it from its rate."""
    needs: frozenset[str]
    """Of "decision", "outcome", "score", "probability"."""
    formula: str
    """As plain text: "TPR(group) − TPR(reference)"."""
    source: str
    """Paper, regulation or library that defines it."""
    meaning: str
    """In plain words, one sentence."""
    aliases: tuple[str, ...] = field(default=())
    """Peers' and the law's names: "fairlearn:…", "aif360:…", "aequitas:…", "clarify:…",
    "veritas:…", "law:…", "field:…"; where the sign or direction differs, a note in brackets."""
    of_pair: Callable[[Counts, Counts], Array] | None = None
    """For contrast "pair": the value from the group's and the reference's cells."""
    of_strata: Callable[[Counts, Counts], Array] | None = None
    """For contrast "strata": the value from the group's and everyone's cells, shape
    (..., strata, 3, 3); the strata axis is summed away."""
    of_everyone: Callable[[Counts, Counts], Array] | None = None
    """For contrast "everyone": the value from the group's cells and everyone's (it included)."""
    of_groups: Callable[[Counts], Array] | None = None
    """For contrast "groups": the value from all groups' cells, shape (..., groups, 3, 3); the
    groups axis is summed away. Groups without rows change nothing."""
    of_spread: Callable[[Array, Array], Array] | None = None
    """For contrast "spread": the value from the rate's numerator and denominator in each group,
    in rows (effective rows where weighted), groups on the last axis; it moves with their number."""
    of_score_pair: Callable[[Distribution, Distribution], float] | None = None
    """For contrast "score_pair": the value from the group's and the reference's distributions."""
    of_score_groups: Callable[[Sequence[Distribution]], float] | None = None
    """For contrast "score_groups": the value from the distributions of all groups with rows."""
    undefined: str = "a denominator is 0"
    """For a comparison that is no difference or ratio of a rate: the reason shown where it has no
    value."""
