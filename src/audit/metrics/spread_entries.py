"""Catalogue entries of the spread of a rate over all groups, corrected for sampling noise."""

from __future__ import annotations

from collections.abc import Mapping

from audit.metrics.metric import Metric
from audit.metrics.spread import group_deviation, group_variance

LUM = "Lum, Zhang & Bower (2022), De-biasing “bias” measurement, doi:10.1145/3531146.3533105"
SPREAD_RATES = (
    "selection_rate",
    "base_rate",
    "true_positive_rate",
    "false_positive_rate",
    "precision",
    "negative_predictive_value",
    "accuracy",
)
"""Rates whose spread over groups is an entry; that of a complement is the same."""
NO_SPREAD = "no spread beyond sampling noise"
"""Why there is no number where the estimated variance is not above 0."""


def spread_entries(entries: Mapping[str, Metric]) -> tuple[Metric, ...]:
    """The standard deviation, then the variance, of each rate over groups."""
    return tuple(m for key in SPREAD_RATES for m in _spread(entries[key]))


def _spread(entry: Metric) -> tuple[Metric, Metric]:
    rate = entry.rates[0]
    symbol = rate.symbol
    shared = {
        "rates": (rate,),
        "contrast": "spread",
        "ideal": 0.0,
        "worse": "higher",
        "needs": entry.needs,
        "source": LUM,
        "undefined": NO_SPREAD,
    }
    variance = f"Σ({symbol} − mean)² / (k − 1) − mean of {symbol}·(1 − {symbol}) / (n − 1)"
    return (
        Metric(
            key=f"{rate.key}_spread",
            title=f"{entry.title}, spread over groups",
            formula=f"√({variance}), over k groups",
            meaning="Standard deviation of the groups' true rates: what is left of their spread "
            "once sampling noise, which grows with the number of small groups, is taken away.",
            of_spread=group_deviation,
            **shared,  # type: ignore[arg-type]
        ),
        Metric(
            key=f"{rate.key}_between_group_variance",
            title=f"{entry.title}, variance between groups",
            formula=f"{variance}, over k groups",
            meaning="The same as a variance.",
            of_spread=group_variance,
            **shared,  # type: ignore[arg-type]
        ),
    )
