"""Whether reasons hold up, summed by group: entries of `reason_audit`, with their limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from audit.explanation import reason_trials as trials
from audit.explanation.reasons import Coded, Denials
from audit.explanation.scored import Scored
from audit.inference.intervals import rate_interval

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Entry = dict[str, Any]
Groups = list[tuple[Entry, Ints]]
"""What each group is called, and where its rows stand among those looked at."""


def stability(
    told: Denials, found: Scored, rows: Ints, coded: Coded, chosen: Ints,
    groups: Groups, level: float, shut: list[Entry],
) -> list[Entry]:  # fmt: skip
    """How often reasons stay when the background, then the inputs, change a little."""
    out = _kept(
        trials.redrawn(told, rows, coded, chosen), groups, level, trial="background",
        words=f"{trials.REDRAWN} backgrounds drawn again from the approved; the first reason "
        "stays in all of them",
    )  # fmt: skip
    shaken = trials.shaken(told, found, rows, coded, chosen)
    if isinstance(shaken, str):
        shut.append({"part": "stability under slightly other inputs", "reason": shaken})
        return out
    words = "every number moved to one at most 2 % of applicants away"
    return out + _kept(shaken, groups, level, trial="inputs", words=words)


def agreement(
    told: Denials, found: Scored, rows: Ints, coded: Coded, chosen: Ints,
    groups: Groups, level: float,
) -> list[Entry]:  # fmt: skip
    """How often other baselines, and moving one feature at a time, give the same reasons."""
    ways = (
        ("all applicants", trials.against_all(told, rows, coded, chosen)),
        ("approved nearest the line", trials.against_near(told, rows, coded, chosen)),
        ("one feature at a time", trials.one_at_a_time(told, found, rows, coded, chosen)),
    )
    out: list[Entry] = []
    for name, (held, words) in ways:
        out += _kept(held, groups, level, method=name, words=words)
    return out


def _kept(held: trials.Kept, groups: Groups, level: float, **told: str) -> list[Entry]:
    out = []
    for key, at in groups:
        own = at[~np.isnan(held.first[at])]
        first = share(held.first[own] > 0, level)
        mean, low, high = _mean(held.overlap[own], level)
        out.append(
            {
                **key,
                **told,
                "rows": len(own),
                "first": first["share"],
                "first_low": first["low"],
                "first_high": first["high"],
                "overlap": mean,
                "overlap_low": max(low, 0.0) if low == low else low,
                "overlap_high": min(high, 1.0) if high == high else high,
            }
        )
    return out


def faithful(
    named: trials.Moved, others: trials.Moved, denied: Mask | None, at: Ints, level: float
) -> Entry:
    """How the score and the decision of some rows move with the features that are named."""
    own, luck = share(named.improved[at], level), share(others.improved[at], level)
    pair = named.improved[at].astype(np.float64) - others.improved[at]
    difference, low, high = _mean(pair, level)
    gain, gain_low, gain_high = _mean(named.gain[at], level)
    out: Entry = {
        "rows": len(at),
        **{f"improved{k}": v for k, v in _named(own).items()},
        **{f"random{k}": v for k, v in _named(luck).items()},
        "difference": difference,
        "low": low,
        "high": high,
        "gain": gain,
        "gain_low": gain_low,
        "gain_high": gain_high,
        "random_gain": _mean(others.gain[at], level)[0],
    }
    nothing = np.zeros(0, dtype=bool)
    still = at[denied[at]] if denied is not None else at[:0]
    turned = share(nothing if named.turned is None else named.turned[still], level)
    lucky = share(nothing if others.turned is None else others.turned[still], level)
    return {
        **out,
        **{f"turned{k}": v for k, v in _named(turned).items()},
        "random_turned": lucky["share"],
        "turned_rows": len(still),
    }


def actionable(coded: Coded, chosen: Ints, groups: Groups, some: Mask, level: float) -> list[Entry]:
    """Share of rows with a reason that can be acted on; nan where too few codes say so."""
    said = [e.actionable for e in coded.entries]
    given = np.unique(chosen[chosen >= 0])
    silent = [coded.entries[e].feature for e in given.tolist() if said[e] is None]
    # one more at the end: −1 stands for no reason
    yes = np.array([*(s is True for s in said), False])
    unknown = np.array([*(s is None for s in said), False])
    can: Mask = np.asarray(yes[chosen].any(axis=1))
    may: Mask = np.asarray(unknown[chosen].any(axis=1))
    out = []
    for key, at in groups:
        own = at[some[at]]
        open_rows = int((may[own] & ~can[own]).sum())
        reason = None
        if open_rows:
            reason = (
                f"the reason codes do not say whether {len(silent)} of the reasons given can be "
                f"acted on ({silent[0]} first); {open_rows:,} rows hang on it"
            )
        told = share(can[own], level)
        if reason is not None:
            told = dict.fromkeys(told, float("nan"))
        out.append({**key, "rows": len(own), **told, "reason": reason})
    return out


def rate(x: Any, n: int) -> float:
    """x / n; nan where n is 0."""
    return float(x) / n if n else float("nan")


def share(hit: Any, level: float) -> Entry:
    """A share with its Wilson limits."""
    low, high = rate_interval(int(np.sum(hit)), len(hit), level)
    return {"share": rate(np.sum(hit), len(hit)), "low": float(low), "high": float(high)}


def _named(share: Entry) -> Entry:
    return {"": share["share"], "_low": share["low"], "_high": share["high"]}


def _mean(values: Floats, level: float) -> tuple[float, float, float]:
    """Mean with Student's limits; nan limits below two rows."""
    from scipy.special import stdtrit

    n = len(values)
    if not n:
        return (float("nan"),) * 3
    mean = float(values.mean())
    if n < 2:
        return mean, float("nan"), float("nan")
    half = float(stdtrit(n - 1, 1 - (1 - level) / 2) * values.std(ddof=1) / np.sqrt(n))
    return mean, mean - half, mean + half
