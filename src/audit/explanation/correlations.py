"""How a protected attribute goes with predictions, decisions and outcomes; and columns that leak.

    correlations(table, *, answers=None, attributes=None, seed=0, level=0.95) -> tuple[Mapping, ...]
    leaks(table, features) -> tuple[Mapping, ...]

Each level is set against all others: the point-biserial correlation and the AUC with scores
(limits by Fisher's z and DeLong), the phi coefficient with decisions and outcomes. All levels
together give Cramér's V, without bias from chance (Bergsma 2013), with limits from 1,000 seeded
draws of the table's cells. Correlation says that things go together, not why.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.explanation.sampling import level_names, missing_level
from audit.explanation.telling import strength
from audit.inference.checks import critical
from audit.table.roles import Level
from audit.table.rows import CodedRows, Table

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

FEWEST = 20
"""Rows on either side below which nothing is correlated."""
DRAWS = 1_000
"""Draws of a table's cells for the limits of Cramér's V."""
ROWS = 200_000
"""Rows above which a sample is drawn."""


def correlations(
    table: Table,
    *,
    answers: Floats | None = None,
    attributes: Sequence[str] | None = None,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[Mapping[str, Any], ...]:
    """One entry an attribute and what it is set against ("scores", "decisions", "outcomes").

    `answers` are a model's scores, higher in favour, one a row; without them the table's own score
    is taken. Entries: attribute, against, rows, value, low, high, measure (Cramér's V; of scores
    the correlation ratio η = √(between / total), nan limits), levels (each: level, rows, r, low,
    high and, for scores, auc, auc_low, auc_high). Rows whose level is unknown are left out. Empty
    where rows stay in an engine.

    >>> from audit.table.intake import read
    >>> table = read({"sex": ["f", "m"] * 50, "ok": [1, 0, 1, 1] * 25}, protected="sex",
    ...              decision="ok", favorable=1)
    >>> entry, = correlations(table)
    >>> entry["against"], round(entry["levels"][0]["r"], 3)
    ('decisions', 0.577)
    """
    held = table.rows
    if not isinstance(held, CodedRows):
        return ()
    drawn = np.arange(table.size)
    if table.size > ROWS:
        drawn = np.random.default_rng((seed, 9)).choice(table.size, ROWS, replace=False)
    scores = answers
    if scores is None and held.score is not None:
        scores = -held.score if table.roles.risk is not None else held.score
    entries = []
    for name in table.roles.protected if attributes is None else attributes:
        levels = level_names(table, name)
        codes = held.codes[f"protected:{name}"][drawn].astype(np.int64)
        unknown = missing_level(levels)
        known = np.ones(len(codes), dtype=bool) if unknown is None else codes != unknown
        if scores is not None:
            own = np.asarray(scores, dtype=np.float64)[drawn]
            there = known & ~np.isnan(own)
            entries.append(_with_scores(name, levels, codes[there], own[there], level))
        for against, key in (("decisions", "decision"), ("outcomes", "outcome")):
            if key in held.codes:
                answer = held.codes[key][drawn]
                there = known & (answer <= 1)
                good = answer[there] == 0
                entries.append(
                    _with_answers(name, against, levels, codes[there], good, seed, level)
                )
    return tuple(entries)


def _with_scores(
    name: str, levels: Sequence[Level], codes: Any, scores: Floats, level: float
) -> Mapping[str, Any]:
    told = []
    for code, value in _judged(levels, codes):
        own = codes == code
        r = _correlation(own.astype(np.float64), scores)
        low, high = _fisher(r, len(scores), level)
        area = strength(scores, own, level)
        told.append(
            {
                "level": value,
                "rows": int(own.sum()),
                "r": r,
                "low": low,
                "high": high,
                "auc": area.value,
                "auc_low": min(area.low, area.value),
                "auc_high": area.high,
            }
        )
    counts = np.bincount(codes, minlength=len(levels))
    sums = np.bincount(codes, scores, minlength=len(levels))
    ratio = math.nan
    if len(scores) and (total := float(scores.var())) > 0:
        means = sums / np.maximum(counts, 1)
        ratio = math.sqrt(float(counts @ (means - scores.mean()) ** 2) / len(scores) / total)
    return {
        "attribute": name,
        "against": "scores",
        "rows": len(scores),
        "value": ratio,
        "low": math.nan,
        "high": math.nan,
        "measure": "correlation ratio",
        "levels": tuple(told),
    }


def _with_answers(
    name: str,
    against: str,
    levels: Sequence[Level],
    codes: Any,
    good: Mask,
    seed: int,
    level: float,
) -> Mapping[str, Any]:
    told = []
    for code, value in _judged(levels, codes):
        own = codes == code
        r = _correlation(own.astype(np.float64), good.astype(np.float64))
        low, high = _fisher(r, len(good), level)
        told.append({"level": value, "rows": int(own.sum()), "r": r, "low": low, "high": high})
    cells = np.stack(
        [np.bincount(codes[side], minlength=len(levels)) for side in (good, ~good)], axis=-1
    ).astype(np.float64)
    value = float(cramers_v(cells))
    low = high = math.nan
    if not math.isnan(value):
        rng = np.random.default_rng((seed, 10))
        mixed = rng.multinomial(len(good), (cells / cells.sum()).ravel(), size=DRAWS)
        drawn = cramers_v(mixed.reshape(DRAWS, *cells.shape).astype(np.float64))
        low, high = (float(q) for q in np.nanquantile(drawn, [(1 - level) / 2, (1 + level) / 2]))
    return {
        "attribute": name,
        "against": against,
        "rows": len(good),
        "value": value,
        "low": low,
        "high": high,
        "measure": "Cramér's V",
        "levels": tuple(told),
    }


def cramers_v(cells: Floats) -> Floats:
    """Cramér's V of tables of counts (..., groups, answers), less what chance gives (Bergsma 2013).

    nan where a table has fewer than two groups or two answers.

    >>> float(cramers_v(np.array([[50.0, 0], [0, 50]])))
    1.0
    """
    n = cells.sum(axis=(-2, -1))
    rows, columns = cells.sum(axis=-1), cells.sum(axis=-2)
    r, c = (rows > 0).sum(axis=-1), (columns > 0).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        wanted = rows[..., :, None] * columns[..., None, :] / n[..., None, None]
        chi = np.where(wanted > 0, (cells - wanted) ** 2 / wanted, 0).sum(axis=(-2, -1))
        phi = np.maximum(chi / n - (r - 1) * (c - 1) / (n - 1), 0)
        fewer = np.minimum(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1
        value = np.sqrt(np.minimum(phi / fewer, 1))
    return np.asarray(np.where((r > 1) & (c > 1), value, np.nan))


def _judged(levels: Sequence[Level], codes: Any) -> list[tuple[int, Level]]:
    """Levels with enough rows on either side; of two, the first speaks for both."""
    counts = np.bincount(codes, minlength=len(levels))
    kept: list[tuple[int, Level]] = [
        (i, v)
        for i, v in enumerate(levels)
        if v is not None and counts[i] >= FEWEST and len(codes) - counts[i] >= FEWEST
    ]
    return kept[:1] if int((counts > 0).sum()) == 2 else kept


def _correlation(one: Floats, other: Floats) -> float:
    spread = float(one.std() * other.std())
    if not spread > 0:
        return math.nan
    return float(((one - one.mean()) * (other - other.mean())).mean()) / spread


def _fisher(r: float, rows: int, level: float) -> tuple[float, float]:
    """Limits of a correlation by Fisher's z."""
    if math.isnan(r) or rows < 4:
        return math.nan, math.nan
    if abs(r) >= 1:
        return r, r
    half = float(critical(level)) / math.sqrt(rows - 3)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)


def leaks(table: Table, features: Sequence[str]) -> tuple[Mapping[str, Any], ...]:
    """Features that know the outcome, by the checks of `audit.table.leaks`, as plain values.

    Each entry: feature, code, severity, message, fix. Empty where none is seen, and where no
    outcomes or decisions are known.

    >>> from audit.table.intake import read
    >>> table = read({"sex": ["f", "f", "m", "m"] * 25, "paid": [1, 0] * 50,
    ...               "fee": [0.0, 9.5] * 50}, protected="sex", outcome="paid", favorable=1)
    >>> [(e["feature"], e["code"]) for e in leaks(table, ["fee"])]
    [('fee', 'TBL501')]
    """
    from audit.table.quality import leakage

    named = replace(table, roles=replace(table.roles, features=tuple(features)))
    return tuple(
        {
            "feature": issue.column,
            "code": issue.code,
            "severity": issue.severity,
            "message": issue.message,
            "fix": issue.fix,
        }
        for issue in leakage(named)
    )


__all__ = ["correlations", "cramers_v", "leaks"]
