"""Numbers behind charts that are no estimates: histograms, calibration, cut-off sweeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.inference.curves import calibration_bins, cutoff_sweep, histogram
from audit.inference.reference import Reference
from audit.table.roles import Roles
from audit.tally.distribution import Distribution
from audit.tally.overlap import apart, pooled, share_rows


def chart_numbers(
    roles: Roles,
    chosen: Sequence[Reference],
    distributions: Mapping[str, Sequence[Distribution]],
    *,
    level: float,
    bins: int = 64,
) -> dict[str, Any]:
    """By "distributions", "calibration" and "sweep"; kinds without numbers are left out.

    >>> chart_numbers(Roles(protected=("sex",)), [], {}, level=0.95)
    {}
    """
    charts: dict[str, Any] = {"distributions": [], "calibration": [], "sweep": []}
    levels = {r.attribute: r.level for r in chosen}
    for column, parts in distributions.items():
        for name in roles.protected:
            own = [d for d in parts if d.attribute == (name,) and d.rows > 0]
            if not own:
                continue
            charts["distributions"].append(histogram(own, bins))
            if column in roles.amount:
                continue
            probabilities = all(d.values.min() >= 0 and d.values.max() <= 1 for d in own)
            if probabilities and any(d.known_by_value.sum() > 0 for d in own):
                charts["calibration"].append(calibration_bins(own))
            level_of = levels.get(name)
            index = [i for i, d in enumerate(own) if d.group == (level_of,)]
            if level_of is not None and index and len(own) > 1:
                if share_rows(own):
                    charts["sweep"].extend(_sweeps(own, index[0], level))
                else:
                    charts["sweep"].extend(cutoff_sweep(own, index[0], level=level))
    return {k: v for k, v in charts.items() if v}


def _sweeps(own: Sequence[Distribution], index: int, level: float) -> list[dict[str, Any]]:
    """Sweeps of groups that share rows: each against the reference's rows that are not in it.

    Whoever is in neither comes third, so that cut-offs and everyone's approval rate are of
    everyone, each once.
    """
    out = []
    counted = {p.group: p for d in own for p in d.parts if p.rows}
    for d in own:
        if d is own[index]:
            continue
        other = apart(own[index], d)
        if not other.rows:
            continue
        taken = {p.group for x in (d, other) for p in x.parts}
        rest = [p for group, p in counted.items() if group not in taken]
        three = [d, other, *([pooled(rest, ())] if rest else [])]
        out += cutoff_sweep(three, 1, level=level)[:1]
    return out
