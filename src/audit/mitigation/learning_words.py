"""What more rows did for a group's error, and what twice as many are expected to do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from audit.inference.checks import critical
from audit.mitigation.cutoff_words import worded
from audit.mitigation.learning_record import Outlook
from audit.mitigation.learning_study import Size, Study
from audit.mitigation.power_law import outlook
from audit.mitigation.record import Limits
from audit.table.roles import Level

FLAT = 0.05
"""A change is small where its interval lies within this share of the error."""
NAMES = {
    "brier": "Brier score (mean squared error of the chance)",
    "error": "share of wrong decisions",
    "auc": "1 − AUC",
    "false_negative_rate": "share of good applicants denied",
    "false_positive_rate": "share of bad applicants approved",
}


def outlook_of(
    study: Study,
    collected: Level,
    group: Level,
    curve: Sequence[Size],
    metric: str,
    level: float,
) -> Outlook:
    """The outlook of one group on one curve."""
    sign = -1.0 if metric == "auc" else 1.0
    parts = [s.of(study, group, metric) for s in curve]
    usable = [
        k for k, (values, _) in enumerate(parts) if len(values) and not np.isnan(values).any()
    ]
    bare = Outlook(
        group=(group,),
        collected=() if collected is None else (collected,),
        metric=metric,
        rows=curve[-1].rows[group],
        error=math.nan,
        from_rows=curve[0].rows[group],
        seen=Limits(),
        last=Limits(),
        reading="not settled",
        law=None,
        doubled=Limits(),
        statement="",
    )
    if len(curve) - 1 not in usable or len(usable) < 2:
        reason = "the error is undefined on these held-out people"
        who = f"{study.attribute} {worded((group,))}"
        return replace(
            bare, reason=reason, statement=f"What more rows do for {who} is not known: {reason}."
        )
    value = np.array([parts[k][0].mean() for k in usable]) * sign + (metric == "auc")
    people = study.held.variance(np.stack([parts[k][1] for k in usable]))
    covariance = people + _between(parts, usable)
    rows = np.array([curve[k].rows[group] for k in usable], np.float64)
    seen = _change(value, covariance, 0, level)
    last = _change(value, covariance, len(usable) - 2, level)
    reading = _reading(seen, float(value[-1]))
    reference = study.learn.reference[study.attribute]
    gap, gap_seen = math.nan, Limits()
    if group != reference and reference in study.judged:
        theirs = [curve[k].of(study, reference, metric) for k in usable]
        if not any(np.isnan(v).any() for v, _ in theirs):
            apart = [(sign * (parts[k][0] - v), parts[k][1] - i)
                     for k, (v, i) in zip(usable, theirs, strict=True)]  # fmt: skip
            gaps = np.array([v.mean() for v, _ in apart])
            both = study.held.variance(np.stack([i for _, i in apart]))
            both = both + _between(apart, range(len(apart)))
            gap, gap_seen = float(gaps[-1]), _change(gaps, both, 0, level)
    found = replace(
        bare,
        error=float(value[-1]),
        from_rows=int(rows[0]),
        seen=seen,
        last=last,
        gap=gap,
        gap_seen=gap_seen,
        reading=reading,
        reason="the error does not fall",
    )
    if reading == "falls":
        law, doubled, why = outlook(rows, value, covariance, level, study.seed)
        found = replace(found, law=law, doubled=doubled, reason=why)
    return replace(found, statement=_statement(found, study.attribute, level))


def _between(parts: Sequence[tuple[np.ndarray, np.ndarray]], usable: Sequence[int]) -> np.ndarray:
    """Covariance of the means over draws; all rows have no draws, only training seeds."""
    size = len(usable)
    found = np.zeros((size, size))
    columns = [parts[k][0] for k in usable]
    most = max(len(c) for c in columns)
    whole = [i for i, c in enumerate(columns) if len(c) == most and most > 1]
    if whole:
        stacked = np.stack([columns[i] for i in whole])
        found[np.ix_(whole, whole)] = np.atleast_2d(np.cov(stacked)) / most
    for i, own in enumerate(columns):
        if i not in whole and len(own) > 1:
            found[i, i] = own.var(ddof=1) / len(own)
    return found


def _change(value: np.ndarray, covariance: np.ndarray, at: int, level: float) -> Limits:
    """The last error less an earlier one, on the same people."""
    gap = float(value[-1] - value[at])
    spread = covariance[-1, -1] + covariance[at, at] - 2 * covariance[at, -1]
    half = float(critical(level)) * math.sqrt(max(float(spread), 0.0))
    return Limits(value=gap, low=gap - half, high=gap + half)


def _reading(seen: Limits, error: float) -> str:
    small = FLAT * error
    if seen.high < 0:
        return "falls"
    if seen.low > 0:
        return "rises"
    return "flat" if max(abs(seen.low), abs(seen.high)) <= small else "not settled"


def _statement(found: Outlook, attribute: str, level: float) -> str:
    who = f"{attribute} {worded(found.group)}"
    whose = f"the {who} rows" if found.collected else "everyone's rows"
    name = NAMES[found.metric]
    seen = (
        f"with {found.from_rows:,} to {found.rows:,} of {who} in training, their {name} went "
        f"from {found.error - found.seen.value:.4f} to {found.error:.4f} (change "
        f"{_signed(found.seen.value)}, {100 * level:g} % interval {_signed(found.seen.low)} to "
        f"{_signed(found.seen.high)})"
    )
    if found.law is not None:
        text = (
            f"Doubling {whose} would lower the {name} of {who} by about {found.doubled.value:.4f} "
            f"[{found.doubled.low:.4f}, {found.doubled.high:.4f}] from {found.error:.4f}, if the "
            "curve goes on as it went"
        )
        if found.doubled.high <= 0.01 * found.error:
            text += ": the curve is all but flat by now, and more records of this kind hardly help"
    elif found.reading == "falls":
        text = f"More of {whose} lowered the error: {seen}; no forecast is made: {found.reason}"
    elif found.reading == "rises":
        text = f"More of {whose} made the error of {who} worse: {seen}"
    elif found.reading == "flat":
        text = (
            f"The curve of {who} is flat: {seen}. More of {whose} won't help: all growth so far "
            f"moved the error by at most {max(abs(found.seen.low), abs(found.seen.high)):.4f}"
        )
    else:
        text = f"Whether more of {whose} lowers the error of {who} is not settled: {seen}"
    return f"{text}."


def _signed(value: float) -> str:
    return f"{value:+.4f}".replace("-", "−")
