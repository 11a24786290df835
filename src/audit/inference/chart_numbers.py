"""Numbers behind charts that are no estimates: histograms, calibration, cut-off sweeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.inference.curves import calibration_bins, cutoff_sweep, histogram
from audit.inference.reference import Reference
from audit.table.roles import Roles
from audit.tally.distribution import Distribution


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
                charts["sweep"].extend(cutoff_sweep(own, index[0], level=level))
    return {k: v for k, v in charts.items() if v}
