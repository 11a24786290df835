"""Columns that know the outcome: copies of it, and what is written down only after it.

A column is judged alone. Its AUC counts in its own order and, for categories and odd shapes, in
the order of the outcome rates in the other half of the rows; then values, gaps and the values
other than the usual one are asked whether they occur with one outcome only. Named features are
warned of. Where no features are named, columns that play no part are looked at in a sample, and
only noted: nobody has said that a model is given them.

An honest predictor seldom passes an AUC of .85, so that nothing below .88 is said to know too much
by its strength alone. Thresholds were set on the bundled data sets and on simulated ones
(`tests/table/test_leaks.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.table.columns import bins_of, moments, power
from audit.table.one_sided import SMALL, gaps, leak, meaning
from audit.table.roles import Issue
from audit.table.rows import Table
from audit.table.wording import shown

Codes = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp] | None

SEED = 20_240_229
"""Of the sample: the same rows every time."""
LEAK = 0.95
"""AUC of one column from which it is said to know the outcome; honest ones seldom pass .85."""
STRONG = 0.88
"""AUC from which a column is worth a look."""
BEYOND = 2.0
"""Times the next best column's distance between outcomes, in standard deviations, from which a
strong column stands alone."""
OTHERS = 3
"""Columns below `STRONG` that such a comparison needs."""
EASY = 0.25
"""Share of strong columns from which the outcome is simply easy to tell, and none stands out."""
FIRM = 0.85
"""Lower limit (two standard errors) that a strong column's AUC must pass."""
FEWEST = 10
"""Rows of each outcome below which no leak is looked for."""
DECIDED = 0.97
"""AUC from which a column is said to tell the decision."""
LATER = 0.05
"""Share of dates after the decision's from which they are named."""
DAY = 86_400_000.0
"""Milliseconds in a day."""
ASK = (
    "ask when it is known: a column written after the decision, or made from the outcome, "
    "does not exist when a model decides; take it out"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one column is asked about."""

    bad: Mask | None
    """Whether each row's outcome is unfavourable; None where outcomes are not told."""
    rows: str
    """Which rows these are, in words."""
    denied: Mask | None = None
    """Whether each of `decided` rows was denied; None where no column decided."""
    decided: Places = None
    """Rows (of those read) with a decision; None where all have one."""
    known: Places = None
    """Rows (of those read) with an outcome; None where all have one."""
    times: npt.NDArray[np.float64] | None = None
    """Time of the decision in milliseconds, of all rows read; nan where missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a column answered."""

    name: str
    power: float
    firm: bool
    issue: Issue | None


def named_leaks(
    columns: Mapping[str, Any], asked: Asked, table: Table, severity: str = "warning"
) -> tuple[Issue, ...]:
    """Issues of columns: TBL501 and on, in the columns' order, then what stands out among them."""
    heard = []
    found: list[Issue] = []
    for name, column in columns.items():
        own = _heard(name, column, asked, table, severity)
        heard.append(own)
        if own.issue is not None:
            found.append(own.issue)
        found += _dated(name, column, asked)
        if asked.denied is not None and own.issue is None:
            found += _decides(name, _at(column, asked.decided), asked.denied)
    quiet = {i.column for i in found if i.code != "TBL508"}
    strong = _strong([h for h in heard if h.name not in quiet], len(heard), asked, severity)
    place = {name: i for i, name in enumerate(columns)}
    return tuple(sorted((*found, *strong), key=lambda i: place.get(str(i.column), len(place))))


def _heard(name: str, column: Any, asked: Asked, table: Table, severity: str) -> Heard:
    bad = asked.bad
    if bad is None:
        return Heard(name=name, power=0.5, firm=False, issue=None)
    if name == table.roles.outcome:
        itself = leak(
            "TBL501",
            severity,
            name,
            f"{shown(name)} is the outcome itself",
            "take it out of the features",
        )
        return Heard(name=name, power=1.0, firm=True, issue=itself)
    kept = bins_of(_at(column, asked.known), name)
    area = power(kept, bad)
    firm = area - 2 * _error(area, int(bad.sum()), int((~bad).sum())) >= FIRM
    issue: Issue | None
    if area >= LEAK:
        issue = leak(
            "TBL501",
            severity,
            name,
            f"{shown(name)} alone nearly tells the outcome: AUC {_rounded(area)} on {asked.rows}",
            ASK,
        )
    else:
        issue = meaning(name, kept, bad, asked.rows, severity) or gaps(name, kept, bad, asked.rows)
    return Heard(name=name, power=area, firm=firm, issue=issue)


def _at(column: Any, places: Places) -> Any:
    return column if places is None else column[places]


def _error(area: float, own: int, rest: int) -> float:
    """Standard error of an AUC (Hanley & McNeil, Radiology 143, 1982)."""
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (own - 1) * (first - area**2) + (rest - 1) * (second - area**2)
    return math.sqrt(max(spread, 0.0) / max(own * rest, 1))


# --- columns that stand out -----------------------------------------------------------------


def _strong(heard: Sequence[Heard], looked: int, asked: Asked, severity: str) -> list[Issue]:
    """Columns of AUC .88 or more: beyond all others (TBL506), or worth a look (TBL507)."""
    strong = [h for h in heard if h.power >= STRONG and h.firm]
    rest = [h.power for h in heard if h.power < STRONG]
    if len(strong) > max(1, EASY * looked):
        return []
    found = []
    for own in strong:
        best = max(rest, default=0.5)
        alone = len(rest) >= OTHERS and _distance(own.power) >= BEYOND * _distance(best)
        if alone:
            issue = leak(
                "TBL506",
                severity,
                own.name,
                f"{shown(own.name)} alone tells the outcome far better than any other column: AUC "
                f"{_rounded(own.power)}, the next best {_rounded(best)}, on {asked.rows}",
                ASK,
            )
        else:
            issue = leak(
                "TBL507",
                "note",
                own.name,
                f"{shown(own.name)} alone tells the outcome unusually well: AUC "
                f"{_rounded(own.power)} on {asked.rows}",
                "look at it: a strong and honest predictor, or one that is written after the "
                "outcome",
            )
        found.append(issue)
    return found


def _distance(area: float) -> float:
    """Standard deviations between two normal outcomes with this AUC."""
    from scipy.special import ndtri

    return float(math.sqrt(2) * ndtri(min(area, 1 - 1e-12)))


def _decides(name: str, column: Any, denied: Mask) -> list[Issue]:
    area = power(bins_of(column, name), denied)
    if area < DECIDED:
        return []
    return [
        leak(
            "TBL508",
            "note",
            name,
            f"{shown(name)} alone nearly tells the decision: AUC {_rounded(area)} on "
            f"{len(denied):,} decisions",
            "find out whether it is the score or rule behind the decision, or written with it; "
            "a model fitted on it learns the old decisions",
        )
    ]


def _dated(name: str, column: Any, asked: Asked) -> list[Issue]:
    if asked.times is None:
        return []
    at = moments(column)
    if at is None:
        return []
    both = ~np.isnan(at) & ~np.isnan(asked.times)
    later = int((at[both] >= asked.times[both] + DAY).sum())
    if later < max(SMALL, LATER * int(both.sum())):
        return []
    return [
        leak(
            "TBL510",
            "note",
            name,
            f"{shown(name)} holds dates after the decision's in {later:,} of "
            f"{int(both.sum()):,} rows",
            "a date that lies ahead by contract (a due date) is known; one of an event is not: "
            "take that out",
        )
    ]


def _rounded(area: float) -> str:
    return f"{area:.3f}" if area < 0.9995 else "1.000"


# --- asking ---------------------------------------------------------------------------------


def asked_of(
    outcome: Codes | None,
    decision: Codes | None,
    times: npt.NDArray[np.float64] | None,
    most: int,
) -> Asked | None:
    """What to ask of columns, from codes of outcome and decision; None where nothing can be."""
    bad, known = _told(outcome, most)
    denied, decided = _told(decision, most)
    if bad is None and denied is None:
        return None
    rows = "" if bad is None else f"{len(bad):,} rows with a known outcome"
    return Asked(bad=bad, rows=rows, denied=denied, decided=decided, known=known, times=times)


def _told(codes: Codes | None, most: int) -> tuple[Mask | None, Places]:
    """Whether each row asked about is unfavourable, and which rows these are; None for all.

    No rows where codes are not told, or one of the two is hardly there.
    """
    if codes is None:
        return None, None
    places = some(np.flatnonzero(codes <= 1), most)
    told = codes[places] == 1
    if min(int(told.sum()), int((~told).sum())) < FEWEST:
        return None, None
    return told, None if len(told) == len(codes) else places


def some(places: npt.NDArray[np.intp], most: int) -> npt.NDArray[np.intp]:
    """At most so many of some rows, the same every time, in order."""
    if len(places) <= most:
        return places
    drawn = np.random.default_rng(SEED).choice(len(places), most, replace=False)
    return places[np.sort(drawn)]


def decides_by_column(table: Table) -> bool:
    """Whether a column decided, rather than a cut-off or a model that was asked here."""
    return table.roles.decided_by == "decision" and table.roles.decision is not None


__all__ = ["Asked", "asked_of", "decides_by_column", "leak", "named_leaks", "some"]
