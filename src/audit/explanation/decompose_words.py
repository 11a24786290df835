"""A decomposition in words: never more than its intervals say."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from audit.table.roles import Level

if TYPE_CHECKING:
    from audit.explanation.decomposition import Decomposition

DONE = {"decision": "favourable decisions", "outcome": "favourable outcomes"}
LEFT = (
    "The rest may come from what these controls leave out or from unequal treatment; and a control "
    "that is itself a product of unequal treatment hides a gap"
)


def level_words(level: Level) -> str:
    """One level for people.

    >>> level_words("female"), level_words(None)
    ('female', 'missing')
    """
    return "missing" if level is None else str(level)


def summary(found: Decomposition) -> str:
    """The gap, what goes with the controls, and what is left; see `Decomposition.summary`."""
    ref = level_words(found.reference[0])
    own = level_words(found.group[0]) if found.group else "all others"
    what = DONE.get(found.kind, f"mean {found.column}")
    rate = found.kind in DONE
    means = " against ".join(
        f"{m:.1%}" if rate else f"{m:.6g}" for m in (found.reference_mean, found.group_mean)
    )
    text = (
        f"{found.attribute}: {what}, {ref} against {own}: {means}, a gap of "
        f"{_three(found.gap, found.low, found.high, found.level)} on {found.rows:,} complete rows "
        f"of {found.rows_total:,}{_chance(found.low, found.high)}."
    )
    if found.reason is not None:
        return f"{text} It was not decomposed: {found.reason}."
    if not found.controls:
        return f"{text} No controls were named, so nothing is explained."
    many = len(found.controls)
    text += (
        f" {_three(found.explained, found.explained_low, found.explained_high, found.level)} goes "
        f"with the {'control' if many == 1 else f'{many} controls'}"
        f"{_chance(found.explained_low, found.explained_high)}; "
        f"{_three(found.unexplained, found.unexplained_low, found.unexplained_high, found.level)} "
        f"is not accounted for by {'it' if many == 1 else 'them'}"
        f"{_chance(found.unexplained_low, found.unexplained_high)}"
    )
    readings = [
        f"{_number(r.unexplained)} by the coefficients of {name} alone"
        for r, name in ((found.by_reference, ref), (found.by_group, own))
        if not math.isnan(r.unexplained)
    ]
    text += f" ({' and '.join(readings)})" if readings else ""
    return f"{text}. {LEFT}."


def _three(value: float, low: float, high: float, level: float) -> str:
    if math.isnan(low):
        return f"{_number(value)} (no interval)"
    return f"{_number(value)} ({level * 100:.10g}% interval {_number(low)} to {_number(high)})"


def _chance(low: float, high: float) -> str:
    return ", which may be chance" if low <= 0 <= high else ""


def _number(value: float) -> str:
    """Four decimals, more where they would hide on which side of 0 it is; six digits beyond 100.

    >>> _number(0.12884), _number(-0.00001), _number(12345.678)
    ('0.1288', '-1e-05', '12345.7')
    """
    text = f"{value:.4f}"
    return f"{value:.6g}" if abs(value) >= 100 or (float(text) == 0 and value != 0) else text
