"""Decision rules that read the applicant's group: cut-offs, lots and bands by group, as numbers.

Every rule holds a `Grouping`, numbers by level, and `otherwise`: the unchanged model's cut-off,
by which whoever has no rule is answered. That is an applicant whose group is missing, was never
seen in training, or was too small to learn a rule from: nobody is denied for not telling a group,
nor given another group's rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from audit.mitigation.deciders import Grouping

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


class GroupCut:
    """Approve at the group's own cut-off or more; no lots."""

    def __init__(self, grouping: Grouping, at: Floats, otherwise: float) -> None:
        """Remember a cut-off for each level (nan where it has none) and the one for the rest."""
        self.grouping, self.at, self.otherwise = grouping, at, otherwise

    def approved(self, scores: Floats, frame: pd.DataFrame) -> Floats:
        """Chance of approval of each row: 0 or 1."""
        own, codes = _judged(self.grouping, frame, ~np.isnan(self.at))
        return (scores >= np.where(own, self.at[codes], self.otherwise)).astype(np.float64)


class GroupLots:
    """fairlearn's interpolated thresholds: a lot between two cut-offs, or a constant, by group.

    P(approved | score) = q · constant + (1 − q) · (p₀ · [score > t₀] + p₁ · [score > t₁]).
    """

    lots = True
    """It answers some by lot."""

    def __init__(
        self,
        grouping: Grouping,
        above: Floats,
        shares: Floats,
        ignored: Floats,
        constant: Floats,
        otherwise: float,
    ) -> None:
        """Remember by level: (t₀, t₁), (p₀, p₁), q and the constant; nan where it has none."""
        self.grouping, self.above, self.shares = grouping, above, shares
        self.ignored, self.constant, self.otherwise = ignored, constant, otherwise

    def approved(self, scores: Floats, frame: pd.DataFrame) -> Floats:
        """Chance of approval of each row."""
        own, codes = _judged(self.grouping, frame, ~np.isnan(self.ignored))
        first, second = (scores > self.above[codes, side] for side in (0, 1))
        drawn = self.shares[codes, 0] * first + self.shares[codes, 1] * second
        ignored = self.ignored[codes]
        chance = ignored * self.constant[codes] + (1 - ignored) * drawn
        return np.where(own, chance, scores >= self.otherwise).astype(np.float64)


class RejectBand:
    """Within a band about the cut-off the favoured groups are approved and the others denied.

    Above the band everyone is approved, below it everyone denied; no lots.
    """

    def __init__(
        self,
        grouping: Grouping,
        favoured: Flags,
        judged: Flags,
        above: float,
        margin: float,
        otherwise: float,
    ) -> None:
        """Remember which levels are favoured and which have a rule, the cut-off and the margin."""
        self.grouping, self.favoured, self.judged = grouping, favoured, judged
        self.above, self.margin, self.otherwise = above, margin, otherwise

    def approved(self, scores: Floats, frame: pd.DataFrame) -> Floats:
        """Chance of approval of each row: 0 or 1."""
        own, codes = _judged(self.grouping, frame, self.judged)
        low, high = self.above - self.margin, self.above + self.margin
        band = (scores <= high) & (scores > low)
        chance = np.where(band, self.favoured[codes], scores > self.above)
        return np.where(own, chance, scores >= self.otherwise).astype(np.float64)


class BaseRateLots:
    """Calibrated equalized odds: by lot, a score gives way to its group's base rate."""

    lots = True
    """It answers some by lot."""

    def __init__(
        self, grouping: Grouping, replaced: Floats, base: Floats, at: float, otherwise: float
    ) -> None:
        """Remember how often each level's score is replaced, by what, and the common cut-off."""
        self.grouping, self.replaced, self.base = grouping, replaced, base
        self.at, self.otherwise = at, otherwise

    def approved(self, scores: Floats, frame: pd.DataFrame) -> Floats:
        """Chance of approval of each row."""
        own, codes = _judged(self.grouping, frame, ~np.isnan(self.replaced))
        asked, instead = scores >= self.at, self.base[codes] >= self.at
        share = self.replaced[codes]
        chance = np.where(asked == instead, asked, np.where(asked, 1 - share, share))
        return np.where(own, chance, scores >= self.otherwise).astype(np.float64)


class FlippedLots:
    """Equalized odds: by lot, a decision is turned, as often as its group and itself say."""

    lots = True
    """It answers some by lot."""

    def __init__(
        self, grouping: Grouping, kept: Floats, given: Floats, at: float, otherwise: float
    ) -> None:
        """Remember by level P(approved | approved before) and P(approved | denied before)."""
        self.grouping, self.kept, self.given = grouping, kept, given
        self.at, self.otherwise = at, otherwise

    def approved(self, scores: Floats, frame: pd.DataFrame) -> Floats:
        """Chance of approval of each row."""
        own, codes = _judged(self.grouping, frame, ~np.isnan(self.kept))
        chance = np.where(scores >= self.at, self.kept[codes], self.given[codes])
        return np.where(own, chance, scores >= self.otherwise).astype(np.float64)


def _judged(grouping: Grouping, frame: pd.DataFrame, has_rule: Flags) -> tuple[Flags, Ints]:
    """Whether each row's group has a rule, and its level (0 where it has none, to index with)."""
    codes = grouping.codes(frame)
    seen = (codes >= 0) & (codes < len(has_rule))
    safe = np.where(seen, codes, 0)
    return seen & has_rule[safe], safe


__all__ = ["BaseRateLots", "FlippedLots", "GroupCut", "GroupLots", "RejectBand"]
