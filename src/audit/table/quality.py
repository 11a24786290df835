"""What to know about features before training: leaks, gaps that fall on one group, repeats.

Each check reads a `Table` whose `features` are named and returns issues; it changes, drops and
computes nothing else. Where none is named, only leaks are looked for, among columns that play no
part. They are looked for in a fixed sample where rows are many, and rows that stay in an engine
are read as far as the sample goes; every message says on how many rows it rests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.table.columns import fingerprint, moments
from audit.table.engine_sample import first_rows
from audit.table.leaks import asked_of, decides_by_column, named_leaks
from audit.table.roles import NONE_OF_THEM, Issue, Level
from audit.table.rows import EngineRows, Table
from audit.table.unnamed import unnamed_leaks
from audit.table.wording import shown

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[Any]

SAMPLE = 200_000
"""Rows above which a sample is read."""
SMALL = 30
"""Rows below which a group is not judged."""
GAP = 0.05
"""Difference between groups in the share missing from which it is named."""
ALPHA = 0.001
"""Of the test beside it, shared among all comparisons."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Features:
    """Feature columns as read for the checks."""

    columns: Mapping[str, Any]
    """narwhals Series by name."""
    outcome: Codes | None
    """0 favourable, 1 unfavourable, 2 unknown."""
    groups: Mapping[str, tuple[Codes, tuple[Level, ...]]]
    """By protected attribute: code of each row, and the levels."""
    others: Mapping[str, Codes]
    """Decision, strata, stages and outcome as codes, for repeats."""
    score: Floats | None
    """Score or risk."""
    times: Floats | None
    """Time of the decision in milliseconds since 1970, where `time` is a date."""
    rows: int
    """Rows read."""
    size: int
    """Rows there are."""

    @property
    def read(self) -> str:
        """Which rows a message rests on; empty where all were read."""
        part = self.rows < self.size
        return f" (in {self.rows:,} of {self.size:,} rows)" if part else ""


def data_quality(table: Table) -> tuple[Issue, ...]:
    """Leaks, then missingness by group, then repeats.

    Where no features are named, only notes on columns that seem to leak.

    >>> from audit.table.intake import read
    >>> paid = [1, 0] * 50
    >>> table = read({"sex": ["f", "f", "m", "m"] * 25, "paid": paid, "fee": [0.0, 9.5] * 50,
    ...               "income": list(range(100))}, protected="sex", outcome="paid", favorable=1,
    ...              features=["fee", "income"])
    >>> [(i.code, i.column) for i in data_quality(table)]
    [('TBL501', 'fee')]
    """
    features = open_features(table)
    if features is None:
        return unnamed_leaks(table)
    return (
        *_leaks(features, table),
        *_missing(features),
        *_repeats(features),
    )


def leakage(table: Table) -> tuple[Issue, ...]:
    """Columns that alone tell the outcome (TBL501), or of which some values do (TBL502).

    A model that is given such a column looks fair and accurate until it is used, when the column
    is not known yet. TBL506 stands far out among the others and TBL507 deserves a look, TBL509
    tells by its gaps, TBL508 tells a column's decision and TBL510 is dated after it. Of named
    features; where none is named, notes on the columns that play no part (`unnamed_leaks`).
    """
    features = open_features(table)
    return unnamed_leaks(table) if features is None else _leaks(features, table)


def missingness(table: Table) -> tuple[Issue, ...]:
    """Features missing more often in one group than in another (TBL503), or altogether (TBL504).

    Named where the shares differ by five points or more and a chi-squared test, shared among all
    comparisons at .001, says that chance would not do it.
    """
    features = open_features(table)
    return () if features is None else _missing(features)


def duplicates(table: Table) -> tuple[Issue, ...]:
    """Rows that repeat an earlier one in every column read (TBL505).

    A warning where a column of mostly different numbers is among them, so that chance would not
    make two rows alike; else a note.
    """
    features = open_features(table)
    return () if features is None else _repeats(features)


def open_features(table: Table, sample: int = SAMPLE) -> Features | None:
    """The named features with what the checks set beside them; None where none is named."""
    names = table.roles.features
    if not names:
        return None
    rows = table.rows
    if isinstance(rows, EngineRows):
        return _from_engine(table, rows, sample)
    frame = rows.frame
    groups = {
        name: (rows.codes[f"protected:{name}"], _levels(table, name))
        for name in table.roles.protected
    }
    return Features(
        columns={name: frame.get_column(name) for name in names},
        outcome=rows.codes.get("outcome"),
        groups=groups,
        others={k: v for k, v in rows.codes.items() if k != "block"},
        score=rows.score,
        times=_times(frame, table.roles.time),
        rows=table.size,
        size=table.size,
    )


def _from_engine(table: Table, rows: EngineRows, sample: int) -> Features:
    names = table.roles.features
    frame, codes = first_rows(rows, names, sample)
    groups = {
        name: (codes[f"protected:{name}"], _levels(table, name)) for name in table.roles.protected
    }
    return Features(
        columns={name: frame.get_column(name) for name in names},
        outcome=codes.get("outcome"),
        groups=groups,
        others=codes,
        score=None,
        times=None,
        rows=len(frame),
        size=table.size,
    )


def _levels(table: Table, name: str) -> tuple[Level, ...]:
    """Levels of an attribute; where it is told by membership, each pattern in words."""
    levels = table.axes[f"protected:{name}"].levels
    if name not in table.roles.overlapping:
        return levels
    return tuple(p if p is None else " and ".join(p) or NONE_OF_THEM for p in levels)


def _times(frame: Any, name: str | None) -> Floats | None:
    return None if name is None or name not in frame.columns else moments(frame.get_column(name))


def _issue(code: str, severity: str, column: str, message: str, fix: str) -> Issue:
    return Issue(code=code, severity=severity, column=column, message=message, fix=fix)


# --- leaks ----------------------------------------------------------------------------------


def _leaks(features: Features, table: Table) -> tuple[Issue, ...]:
    decision = features.others.get("decision") if decides_by_column(table) else None
    asked = asked_of(features.outcome, decision, features.times, SAMPLE)
    return () if asked is None else named_leaks(features.columns, asked, table)


# --- gaps -----------------------------------------------------------------------------------


def _missing(features: Features) -> tuple[Issue, ...]:
    found = []
    tests = max(len(features.columns) * len(features.groups), 1)
    for name, column in features.columns.items():
        absent = _absent(column)
        total = int(absent.sum())
        if not total:
            continue
        if total == features.rows:
            found.append(
                _issue(
                    "TBL504",
                    "warning",
                    name,
                    f"{shown(name)} has no value in any row{features.read}",
                    "take it out of the features, or mend how it is read",
                )
            )
            continue
        for attribute, (codes, levels) in features.groups.items():
            issue = _uneven(name, attribute, absent, codes, levels, features, tests)
            if issue is not None:
                found.append(issue)
    return tuple(found)


def _absent(column: Any) -> npt.NDArray[np.bool_]:
    absent = np.asarray(column.is_null().to_numpy(), dtype=bool)
    if column.dtype.is_float():
        absent = absent | np.asarray(column.is_nan().fill_null(False).to_numpy(), dtype=bool)
    return absent


def _uneven(
    name: str,
    attribute: str,
    absent: npt.NDArray[np.bool_],
    codes: Codes,
    levels: Sequence[Level],
    features: Features,
    tests: int,
) -> Issue | None:
    from scipy.special import chdtrc

    rows = np.bincount(codes, minlength=len(levels)).astype(np.float64)
    gaps = np.bincount(codes[absent], minlength=len(levels)).astype(np.float64)
    judged = [i for i, level in enumerate(levels) if level is not None and rows[i] >= SMALL]
    large = np.array(judged, dtype=np.int64)
    if len(large) < 2:
        return None
    n, x = rows[large], gaps[large]
    share, overall = x / n, x.sum() / n.sum()
    if share.max() - share.min() < GAP or not 0 < overall < 1:
        return None
    distance = float(((x - n * overall) ** 2 / (n * overall * (1 - overall))).sum())
    if not chdtrc(len(large) - 1, distance) < ALPHA / tests:
        return None
    most, least = int(large[share.argmax()]), int(large[share.argmin()])
    return _issue(
        "TBL503",
        "note",
        name,
        f"{shown(name)} is missing for {100 * share.max():.1f} % of {attribute} "
        f"{shown(levels[most])} and {100 * share.min():.1f} % of {shown(levels[least])}"
        f"{features.read}",
        "find out why before filling gaps in: an imputed value treats the group by the others' "
        "numbers, and a missing-value flag stands in for the group",
    )


# --- repeats --------------------------------------------------------------------------------


def _repeats(features: Features) -> tuple[Issue, ...]:
    marks = np.zeros(features.rows, np.uint64)
    unlikely = None
    for name, column in features.columns.items():
        marks, distinct = fingerprint(marks, column, name)
        if distinct > features.rows / 2:
            unlikely = unlikely or name
    for codes in features.others.values():
        marks, _ = fingerprint(marks, codes, "")
    if features.score is not None:
        marks, distinct = fingerprint(marks, features.score, "")
        if distinct > features.rows / 2:
            unlikely = unlikely or "the score"
    marks.sort()
    repeated = int(np.count_nonzero(marks[1:] == marks[:-1]))
    if not repeated:
        return ()
    share = 100 * repeated / features.rows
    why = f"; {shown(unlikely)} alone makes that unlikely by chance" if unlikely else ""
    return (
        Issue(
            code="TBL505",
            severity="warning" if unlikely else "note",
            column=None,
            message=f"{repeated:,} rows ({share:.1f} %) repeat an earlier one in every feature, "
            f"group, decision and outcome{features.read}{why}",
            fix="if they are one application read twice, drop the copies; if one person applied "
            "twice, name cluster=; else leave them",
        ),
    )


__all__ = ["data_quality", "duplicates", "leakage", "missingness", "open_features"]
