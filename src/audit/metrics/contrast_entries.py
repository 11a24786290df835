"""Catalogue entries of contrasts: two groups compared, or all groups at once.

Most follow from a rate by subtraction or division; where the field has a name for that, it is the
key (`contrast_names`). What one rate cannot say has an entry of its own (`own_entries`,
`group_entries`).
"""

from __future__ import annotations

from collections.abc import Iterable

from audit.metrics.contrast_names import DIFFERENCES, HARDT, RATIOS, UNRATIOED, WORST_CASES
from audit.metrics.group_entries import group_entries
from audit.metrics.metric import Metric, Rate
from audit.metrics.own_entries import own_entries
from audit.metrics.rate_entries import BOTH
from audit.metrics.spread_entries import spread_entries


def _difference(entry: Metric) -> Metric:
    rate = entry.rates[0]
    plain = (f"{rate.key}_difference", f"{entry.title} difference", entry.source, ())
    key, title, source, aliases = DIFFERENCES.get(rate.key, plain)
    return Metric(
        key=key,
        title=title,
        rates=entry.rates,
        contrast="difference",
        ideal=0.0,
        worse=entry.worse,
        needs=entry.needs,
        formula=f"{rate.symbol}(group) − {rate.symbol}(reference)",
        source=source,
        meaning=f"{entry.title}: the group's minus the reference's.",
        aliases=aliases,
    )


def _ratio(entry: Metric) -> Metric:
    rate = entry.rates[0]
    plain = (f"{rate.key}_ratio", f"{entry.title} ratio", entry.source, ())
    key, title, source, aliases = RATIOS.get(rate.key, plain)
    symbol = f"({rate.symbol})" if "/" in rate.symbol else rate.symbol
    return Metric(
        key=key,
        title=title,
        rates=entry.rates,
        contrast="ratio",
        ideal=1.0,
        worse=entry.worse,
        needs=entry.needs,
        formula=f"{symbol}(group) / {symbol}(reference)",
        source=source,
        meaning=f"{entry.title}: the group's over the reference's.",
        aliases=aliases,
    )


def _worst_cases(entry: Metric) -> tuple[Metric, Metric]:
    rate = entry.rates[0]
    stem, title, source, of_difference, of_ratio = WORST_CASES[rate.key]
    return (
        Metric(
            key=f"{stem}_difference",
            title=f"{title} difference (worst case)",
            rates=entry.rates,
            contrast="worst_difference",
            ideal=0.0,
            worse="higher",
            needs=entry.needs,
            formula=f"max {rate.symbol} − min {rate.symbol} over groups",
            source=source,
            meaning=f"{entry.title}: the highest group's minus the lowest group's.",
            aliases=of_difference,
        ),
        Metric(
            key=f"{stem}_ratio",
            title=f"{title} ratio (worst case)",
            rates=entry.rates,
            contrast="worst_ratio",
            ideal=1.0,
            worse="lower",
            needs=entry.needs,
            formula=f"min {rate.symbol} / max {rate.symbol} over groups",
            source=source,
            meaning=f"{entry.title}: the lowest group's over the highest group's.",
            aliases=of_ratio,
        ),
    )


def _equalized_odds(tpr: Rate, fpr: Rate) -> tuple[Metric, Metric]:
    return (
        Metric(
            key="equalized_odds_difference",
            title="Equalized odds difference (worst case)",
            rates=(tpr, fpr),
            contrast="worst_difference",
            ideal=0.0,
            worse="higher",
            needs=BOTH,
            formula="max(max TPR − min TPR, max FPR − min FPR) over groups",
            source=HARDT,
            meaning="The larger of two gaps: approvals among good, and among bad applicants.",
            aliases=("fairlearn:equalized_odds_difference", "aif360:equalized_odds_difference"),
        ),
        Metric(
            key="equalized_odds_ratio",
            title="Equalized odds ratio (worst case)",
            rates=(tpr, fpr),
            contrast="worst_ratio",
            ideal=1.0,
            worse="lower",
            needs=BOTH,
            formula="min(min TPR / max TPR, min FPR / max FPR) over groups",
            source=HARDT,
            meaning="The smaller of two ratios: approvals among good, and among bad applicants.",
            aliases=("fairlearn:equalized_odds_ratio", "aequitas:equalized odds"),
        ),
    )


def contrast_entries(rate_entries: Iterable[Metric]) -> tuple[Metric, ...]:
    """Every contrast of the given rates, then those of their own kind."""
    entries = tuple(rate_entries)
    rates = {e.key: e.rates[0] for e in entries}
    return (
        *(_difference(e) for e in entries),
        *(_ratio(e) for e in entries if e.key not in UNRATIOED),
        *(metric for e in entries if e.key in WORST_CASES for metric in _worst_cases(e)),
        *_equalized_odds(rates["true_positive_rate"], rates["false_positive_rate"]),
        *own_entries(rates),
        *group_entries({e.key: e for e in entries}),
        *spread_entries({e.key: e for e in entries}),
    )
