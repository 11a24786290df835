"""The catalogue: every metric under its standard name, found also by the names peers use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from audit.errors import InputError
from audit.metrics.contrast_entries import contrast_entries
from audit.metrics.metric import Metric
from audit.metrics.rate_entries import RATE_ENTRIES
from audit.metrics.score_entries import SCORE_ENTRIES
from audit.table.wording import nearest_words

ONE_GROUP = (*RATE_ENTRIES, *SCORE_ENTRIES)

CATALOGUE: Mapping[str, Metric] = MappingProxyType(
    {m.key: m for m in (*ONE_GROUP, *contrast_entries(ONE_GROUP))}
)
"""Every metric by key: rates, score measures, then contrasts."""

STANDARD: tuple[str, ...] = (
    "selection_rate",
    "base_rate",
    "undecided_rate",
    "unknown_outcome_rate",
    "true_positive_rate",
    "false_positive_rate",
    "true_negative_rate",
    "false_negative_rate",
    "precision",
    "negative_predictive_value",
    "accuracy",
    "balanced_accuracy",
    "f1",
    "mean_score",
    "auc",
    "ks",
    "brier",
    "expected_calibration_error",
    "disparate_impact_ratio",
    "statistical_parity_difference",
    "base_rate_difference",
    "true_positive_rate_difference",
    "predictive_equality_difference",
    "false_negative_rate_difference",
    "predictive_parity_difference",
    "accuracy_difference",
    "average_odds_difference",
    "treatment_equality_difference",
    "standardized_mean_difference",
    "auc_difference",
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equal_opportunity_difference",
    "equal_opportunity_ratio",
    "equalized_odds_difference",
    "equalized_odds_ratio",
)
"""Keys estimated in an audit unless others are asked for."""

LEVEL_KEYS: tuple[str, ...] = (
    "decision_level_rate",
    "decision_level_rate_difference",
    "decision_level_rate_ratio",
)
"""Keys estimated of every value of a decision that has several."""

AMOUNT_KEYS: tuple[str, ...] = (
    "mean_score",
    "score_10th_percentile",
    "score_25th_percentile",
    "score_median",
    "score_75th_percentile",
    "score_90th_percentile",
    "mean_score_difference",
    "mean_score_ratio",
    "standardized_mean_difference",
    "score_10th_percentile_difference",
    "score_25th_percentile_difference",
    "score_median_difference",
    "score_75th_percentile_difference",
    "score_90th_percentile_difference",
    "score_ks_distance",
    "score_wasserstein_distance",
)
"""Keys estimated of every continuous decision: an amount, or a score that nothing cuts off."""


def _plain(name: str) -> str:
    """A name without its note, case, blanks and punctuation."""
    name = re.sub(r"\s*\(.*\)$", "", name)
    return re.sub(r"[\s\-‐–_]+", "_", name.strip().casefold())


def _names() -> dict[str, tuple[str, ...]]:
    """Keys by every way to call a metric: "peer:name" and, after it, the bare name.

    Bare, what the field or the law calls it wins over what one peer does.
    """
    found: dict[str, dict[str, None]] = {}
    common: dict[str, dict[str, None]] = {}
    for metric in CATALOGUE.values():
        for alias in metric.aliases:
            full = _plain(alias)
            whose, _, bare = full.partition(":")
            for name in (full, bare):
                found.setdefault(name, {})[metric.key] = None
            if whose in ("field", "law"):
                common.setdefault(bare, {})[metric.key] = None
    return {name: tuple(keys) for name, keys in {**found, **common}.items()}


NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(_names())
"""Keys by alias; a bare name may belong to several."""


def get(name: str) -> Metric:
    """The metric with this key or alias.

    A key wins over an alias; "fairlearn:…", "aif360:…", "aequitas:…", "clarify:…", "veritas:…"
    and "law:…" say whose name is meant. Case, blanks and hyphens do not matter in an alias.

    Raises `InputError` MET002 for an unknown name, with the nearest ones, and MET003 for a name
    that several metrics go by.

    >>> get("AIR").key, get("fairlearn:true_positive_rate_difference").key
    ('disparate_impact_ratio', 'equal_opportunity_difference')
    >>> get("selection_rat")
    Traceback (most recent call last):
    ...
    audit.errors.InputError: [MET002] metric: no metric 'selection_rat' — did you mean ...
    """
    if not isinstance(name, str):
        raise InputError("MET002", f"{name!r} is not a metric's name", argument="metric")
    plain = _plain(name)
    if name in CATALOGUE or plain in CATALOGUE:
        return CATALOGUE[name if name in CATALOGUE else plain]
    keys = NAMES.get(plain, ())
    if len(keys) == 1:
        return CATALOGUE[keys[0]]
    if keys:
        raise InputError(
            "MET003",
            f"{name!r} may mean {' or '.join(repr(k) for k in keys)}",
            argument="metric",
            fix="write the key, or whose name it is, as in 'fairlearn:…'",
        )
    near: dict[tuple[str, ...], str] = {}  # one name per metric, though peers share its name
    names = [n for n in NAMES if (":" in n) == (":" in plain)]  # a peer's only where one is named
    for one in nearest_words(plain, [*CATALOGUE, *names], most=9):
        near.setdefault((one,) if one in CATALOGUE else NAMES[one], one)
    fix = (
        f"did you mean {' or '.join(repr(n) for n in [*near.values()][:3])}?"
        if near
        else "see `audit metrics`"
    )
    raise InputError("MET002", f"no metric {name!r}", argument="metric", fix=fix)


def search(words: str) -> tuple[Metric, ...]:
    """Metrics whose key, title, meaning or aliases hold all the words, in catalogue order.

    >>> [m.key for m in search("four fifths")]
    ['disparate_impact_ratio']
    """
    if not isinstance(words, str):
        raise InputError("MET002", f"{words!r} are no words", argument="words", fix="give a text")
    wanted = _words(words).split()
    return tuple(
        m
        for m in CATALOGUE.values()
        if all(w in _words(" ".join((m.key, m.title, m.meaning, *m.aliases))) for w in wanted)
    )


def _words(text: str) -> str:
    return re.sub(r"[\s\-‐–_:()]+", " ", text).casefold()
