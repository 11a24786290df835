"""The verdict: seven clauses, the first that matches decides.

`clause` reads arrays, so that one statement of the rule judges a single finding, thousands of
explored comparisons, and every "what if" behind the number of approvals that would change it.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypedDict, Unpack

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Clauses = npt.NDArray[np.int8]

UNDEFINED, BREACH, CHANCE, CAUTION, SMALL, INSIDE, OPEN = range(1, 8)
"""The clauses in order."""

RATIO, DIFFERENCE, SMD = "ratio", "difference", "smd"

ROUNDING = 1e-12
"""16/100 against 20/100 is a ratio of 4/5 exactly, though 0.16 / 0.2 < 0.8 in binary."""

NEAR = 0.02
"""An estimate this close to the line will not be settled by any sample that can be had."""


class Case(NamedTuple):
    """What the rule reads of one or many comparisons; every field broadcasts."""

    value: npt.ArrayLike
    """Ratio, difference or standardized difference; nan where undefined."""
    low: npt.ArrayLike
    """Lower limit."""
    high: npt.ArrayLike
    """Upper limit; may be inf."""
    p: npt.ArrayLike
    """Adjusted p-value against parity; nan counts as not significant."""
    rows: npt.ArrayLike
    """Rows behind the group's side."""
    reference_rows: npt.ArrayLike
    """Rows behind the reference's side."""


class Told(TypedDict, total=False):
    """What only the words need."""

    group: str
    """The group, for people: "women"; "the group" unless told."""
    reference: str
    """The reference, for people."""
    reason: str | None
    """Why there is no value."""
    rows_needed: int | None
    """Rows behind the group that a pass needs if the estimate holds."""


def clause(
    kind: str,
    case: Case,
    *,
    line: float,
    caution: float,
    alpha: float = 0.05,
    min_rows: int = 30,
    worse: str = "lower",
) -> Clauses:
    """The number (1 to 7) of the first matching clause of the verdict rule, one a comparison.

    1 undefined · 2 beyond the line and significant · 3 beyond, not significant · 4 caution zone
    and significant · 5 fewer than `min_rows` rows · 6 the harmful limit at or inside the line ·
    7 otherwise. Clauses 2 to 4 read a gap in either direction: a ratio is also read as its
    inverse, with the reference as the harmed party. Clause 6 speaks of harm to the group:
    `worse` says which limit that is, "lower", "higher", or "away" for both.

    >>> clause("ratio", Case([0.7, 1.4, 1.0], [0.6, 1.2, 0.9], [0.8, 1.7, 1.1],
    ...                      [0.01, 0.01, 0.9], 500, 500), line=0.8, caution=0.9)
    array([2, 2, 6], dtype=int8)
    """
    value, low, high, p, rows, reference_rows = np.broadcast_arrays(
        *(np.asarray(v, dtype=np.float64) for v in case)
    )
    away, inside = _distance(kind, value), _inside(kind, low, high, line, worse)
    significant = p < alpha
    undefined = np.isnan(value) | np.isnan(low) | np.isnan(high)
    beyond = away > _distance_of(kind, line) * (1 + ROUNDING)
    zone = away > _distance_of(kind, caution) * (1 + ROUNDING)
    small = (rows < min_rows) | (reference_rows < min_rows)
    out = np.full(value.shape, OPEN, dtype=np.int8)
    # last written wins, so the first clause comes last
    out[inside] = INSIDE
    out[small] = SMALL
    out[zone & significant] = CAUTION
    out[beyond] = CHANCE
    out[beyond & significant] = BREACH
    out[undefined] = UNDEFINED
    return out


def _distance_of(kind: str, line: float) -> float:
    return -math.log(line) if kind == RATIO else line


def _distance(kind: str, value: Floats) -> Floats:
    # a ratio and its inverse are the same distance from parity on the log scale
    if kind == RATIO:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.abs(np.log(value))
    return np.abs(value)


def _inside(kind: str, low: Floats, high: Floats, line: float, worse: str) -> npt.NDArray[np.bool_]:
    # Rows needed for a pass and the chance of one at parity are computed for harm to the group
    # alone (741 rows a group at a rate of .3): asking the same of the reference would halve it.
    if kind == RATIO:
        above, below = low >= line * (1 - ROUNDING), high <= (1 + ROUNDING) / line
    else:
        above, below = low >= -line * (1 + ROUNDING), high <= line * (1 + ROUNDING)
    return {"lower": above, "higher": below}.get(worse, above & below)


def verdict_of(
    kind: str,
    value: float,
    low: float,
    high: float,
    p_adjusted: float,
    rows: int,
    reference_rows: int,
    *,
    line: float,
    caution: float,
    worst: str = "fail",
    min_rows: int = 30,
    alpha: float = 0.05,
    worse: str = "lower",
    **told: Unpack[Told],
) -> tuple[str, str]:
    """The verdict on one comparison, and why, in one clause of a sentence.

    `kind` is "ratio", "difference" or "smd"; `worst` the worst this family may give. Pure: the
    same numbers always give the same words.

    >>> verdict_of("ratio", 0.7, 0.5, 0.95, 0.3, 60, 90, line=0.8, caution=0.9)
    ('review', 'a gap beyond the rule was seen; this sample cannot tell it from chance')
    >>> verdict_of("ratio", 1.0, 0.9, 1.1, 1.0, 4000, 9000, line=0.8, caution=0.9, group="women")
    ('pass', 'no gap beyond the rule against women')
    """
    case = Case(value, low, high, p_adjusted, rows, reference_rows)
    found = int(
        clause(kind, case, line=line, caution=caution, alpha=alpha, min_rows=min_rows, worse=worse)
    )
    because = because_of(
        found,
        kind,
        case,
        line=line,
        worst=worst,
        min_rows=min_rows,
        alpha=alpha,
        worse=worse,
        **told,
    )
    return verdict_for(found, worst), because


def verdict_for(found: int, worst: str = "fail") -> str:
    """The verdict that a clause gives.

    >>> verdict_for(BREACH), verdict_for(BREACH, "review"), verdict_for(OPEN)
    ('fail', 'review', 'insufficient')
    """
    if found == BREACH:
        return worst
    if found in (CHANCE, CAUTION):
        return "review"
    return "pass" if found == INSIDE else "insufficient"


def harmed_side(kind: str, value: float, worse: str = "lower") -> str | None:
    """Who has the worse of a comparison: "group", "reference", or None at parity or unknown.

    `worse` says which way harms the group: "lower", "higher", or "away" (unknown).

    >>> harmed_side("ratio", 1.4), harmed_side("difference", -0.1), harmed_side("smd", 0.0)
    ('reference', 'group', None)
    """
    parity = 1.0 if kind == RATIO else 0.0
    if math.isnan(value) or value == parity or worse not in ("lower", "higher"):
        return None
    return "group" if (value < parity) == (worse == "lower") else "reference"


def near_line(kind: str, value: float, line: float) -> bool:
    """Whether an estimate inside the rule is so close to its line that no sample settles it."""
    margin = value - line if kind == RATIO else line - abs(value)
    return margin < NEAR - ROUNDING


def because_of(
    found: int,
    kind: str,
    case: Case,
    *,
    line: float,
    worst: str = "fail",
    min_rows: int = 30,
    alpha: float = 0.05,
    worse: str = "lower",
    **told: Unpack[Told],
) -> str:
    """Why a clause (the number that `clause` gave for this one case) gives its verdict, in words.

    >>> because_of(CHANCE, "ratio", Case(0.7, 0.5, 0.95, 0.3, 60, 90), line=0.8)
    'a gap beyond the rule was seen; this sample cannot tell it from chance'
    """
    value, low, high, p, rows, reference_rows = (float(v) for v in case)  # type: ignore[arg-type]
    group, reference = told.get("group", "the group"), told.get("reference", "the reference")
    reason, rows_needed = told.get("reason"), told.get("rows_needed")
    if found == UNDEFINED:
        return f"no value: {reason}" if reason else "no value: it is undefined here"
    if found == BREACH:
        equal = "means" if kind == SMD else "rates"
        text = (
            "the observed gap is beyond the rule; one this size would be unusual if the "
            f"{equal} were equal"
        )
        if _whole(kind, case, line):
            text += "; the whole interval is beyond the rule"
        if worst != "fail":
            text += "; this comparison can ask for a review at most"
        return text
    if found == CHANCE:
        return "a gap beyond the rule was seen; this sample cannot tell it from chance"
    if found == CAUTION:
        return "within the rule, but a real gap"
    if found == SMALL:
        sides = ((rows, group), (reference_rows, reference))
        few = [f"{int(n):,} in {name}" for n, name in sides if n < min_rows]
        return f"fewer than {min_rows} rows: {' and '.join(few)}"
    if found == INSIDE:
        text = f"no gap beyond the rule against {group}"
        if worse == "away":
            text += f", nor against {reference}"
        elif not bool(_inside(kind, np.array(low), np.array(high), line, "away")):
            text += f"; one against {reference} is not excluded"
        return text + ("; a smaller gap is real" if p < alpha else "")
    text = "nothing beyond the rule was seen, but this sample cannot exclude it"
    if near_line(kind, value, line):
        return text + "; the estimate is so near the line that no sample size will settle it"
    if rows_needed is not None:
        text += f"; if the estimate holds, a pass needs about {rows_needed:,} rows in {group}"
    return text


def _whole(kind: str, case: Case, line: float) -> bool:
    value, low, high = float(case.value), float(case.low), float(case.high)  # type: ignore[arg-type]
    if kind == RATIO:
        return high < line if value < 1 else low > 1 / line
    return high < -line if value < 0 else low > line
