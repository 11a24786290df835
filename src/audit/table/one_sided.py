"""Values, and gaps, that occur with one outcome only: what is written down after it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from audit.table.columns import Binned
from audit.table.roles import Issue
from audit.table.wording import shown

Codes = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

PURE = 0.99
"""Share of the rarer outcome in a value's rows from which the value is said to mean it."""
WHOLE = 0.995
"""The same in numbers, and for the commoner outcome, of which only gaps speak."""
TOLD = 0.10
"""Share of an outcome's rows that pure values must hold to be named."""
SMALL = 30
"""Rows below which a value is not judged."""
EXPECTED = 20
"""Rows of the other outcome that chance would have put among pure ones."""
RECUR = 3
"""Rows of a value in one half from which the other half is asked about it."""
USUAL = 0.5
"""Share of rows from which the commonest value is the usual one."""
GAPS = 0.4
"""Difference between outcomes in the share missing from which gaps are said to tell."""
GAPS_ODDS = 10.0
"""Odds ratio beside it."""
NAMED = 3
"""Values named in one message."""


def meaning(name: str, kept: Binned, bad: Mask, on: str, severity: str) -> Issue | None:
    """Values, gaps, or the unusual altogether, that occur with one outcome only."""
    rare = bad if bad.mean() <= 0.5 else ~bad
    side, other = ("unfavourable", "favourable") if rare is bad else ("favourable", "unfavourable")
    counts = np.bincount(kept.codes, minlength=len(kept.labels))
    hits = np.bincount(kept.codes[rare], minlength=len(kept.labels))
    # The far end of an honest number may be nearly pure: Adult's large capital gains are at .99.
    enough = PURE if kept.numbers is None else WHOLE
    pure = (counts >= SMALL) & (hits >= enough * counts)
    worded = ", ".join(shown(kept.labels[i]) for i in np.flatnonzero(pure)[:NAMED])
    sets: list[tuple[str, Mask]] = [(f"{shown(name)} = {worded}", pure[kept.codes])]
    absent = _absent(kept)
    if absent.any() and not absent.all():
        sets += [(f"a missing {shown(name)}", absent), (f"any value of {shown(name)}", ~absent)]
    usual = int(counts.argmax())
    if counts[usual] >= USUAL * len(kept.codes) and counts[usual] < len(kept.codes):
        sets.append((f"{shown(name)} other than {_label(kept, usual)}", kept.codes != usual))
    if kept.numbers is None:  # single amounts of an honest number may well be pure
        sets.append((f"each of some values of {shown(name)}", _spread(kept, rare)))
    for words, rows in sets:
        held = _held(rows, rare, enough)
        if held is not None:
            return _one_sided(name, words, side, held, on, severity)
    for words, rows in sets[1 : 3 if absent.any() and not absent.all() else 1]:
        # Of the commoner outcome only gaps speak: the best decile of an honest score is as pure.
        held = _held(rows, ~rare, WHOLE)
        if held is not None and rows.sum() * rare.mean() >= EXPECTED:
            return _one_sided(name, words, other, held, on, severity)
    return None


def _held(rows: Mask, side: Mask, pure: float) -> float | None:
    """Share of an outcome that these rows hold, where they hold it purely."""
    inside, own = int(rows.sum()), int((rows & side).sum())
    if inside < SMALL or own < pure * inside:
        return None
    held = own / max(int(side.sum()), 1)
    return held if held >= TOLD else None


def _one_sided(name: str, words: str, side: str, held: float, on: str, severity: str) -> Issue:
    return leak(
        "TBL502",
        severity,
        name,
        f"{words} means the outcome is {side}: such rows hold {100 * held:.0f} % "
        f"of the {side} outcomes and next to none of the others, on {on}",
        "ask when it is known: a value that exists only for one outcome is written after it",
    )


def _absent(kept: Binned) -> Mask:
    """Rows without a value."""
    last = len(kept.labels) - 1
    if kept.numbers is not None:
        return np.asarray(kept.codes == last)
    gone = [i for i, label in enumerate(kept.labels) if label is None or label == ""]
    return np.isin(kept.codes, gone)


def _label(kept: Binned, code: int) -> str:
    label = kept.labels[code]
    return str(label) if kept.numbers is not None else shown(label)


def _spread(kept: Binned, rare: Mask) -> Mask:
    """Rows whose value, in the other half of the rows, always came with the rarer outcome."""
    half = np.arange(len(kept.codes)) % 2 == 0
    found = np.zeros(len(kept.codes), dtype=bool)
    for own in (half, ~half):
        counts = np.bincount(kept.codes[~own], minlength=len(kept.labels))
        hits = np.bincount(kept.codes[~own & rare], minlength=len(kept.labels))
        always = (counts >= RECUR) & (hits == counts)
        found |= own & always[kept.codes]
    return found


def gaps(name: str, kept: Binned, bad: Mask, on: str) -> Issue | None:
    """Gaps that fall mostly on one outcome without being pure."""
    absent = _absent(kept)
    if not absent.any():
        return None
    of_bad, of_good = float(absent[bad].mean()), float(absent[~bad].mean())
    if abs(of_bad - of_good) < GAPS:
        return None
    odds = (of_bad + 1e-9) * (1 - of_good + 1e-9) / ((1 - of_bad + 1e-9) * (of_good + 1e-9))
    if not (odds >= GAPS_ODDS or odds <= 1 / GAPS_ODDS):
        return None
    return leak(
        "TBL509",
        "note",
        name,
        f"{shown(name)} is missing for {100 * of_bad:.0f} % of unfavourable and "
        f"{100 * of_good:.0f} % of favourable outcomes, on {on}",
        "ask when it is recorded: a column that is filled in after the outcome tells it by its "
        "gaps",
    )


def leak(code: str, severity: str, column: str, message: str, fix: str) -> Issue:
    """An issue of one column."""
    return Issue(code=code, severity=severity, column=column, message=message, fix=fix)


__all__ = ["SMALL", "gaps", "leak", "meaning"]
