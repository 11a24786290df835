"""The conformance suite every metric must pass: `check_metric(entry)`.

Laws that hold whatever the metric: nothing said of nothing, duplication changes no point, groups
keep their values whatever they are called, parity gives the ideal, exchanging group and reference
flips or inverts, exact fractions agree.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from audit.errors import InputError
from audit.metrics.contrasts import compare, compare_scores, over_groups, over_score_groups, worst
from audit.metrics.metric import Array, Counts, Metric, Rate
from audit.tally.distribution import Distribution

FORMS = ("share", "f1", "odds", "blend", "cells", "score")
CONTRASTS = (
    None,
    "difference",
    "ratio",
    "worst_difference",
    "worst_ratio",
    "smd",
    "pair",
    "strata",
    "everyone",
    "groups",
    "spread",
    "score_pair",
    "score_groups",
)
FUNCTIONS = {
    "pair": "of_pair",
    "strata": "of_strata",
    "everyone": "of_everyone",
    "groups": "of_groups",
    "spread": "of_spread",
    "score_pair": "of_score_pair",
    "score_groups": "of_score_groups",
}
"""The field that a contrast of its own kind needs."""
NEEDS = frozenset({"decision", "outcome", "score", "probability"})
IDEALS = {
    "difference": 0.0,
    "ratio": 1.0,
    "worst_difference": 0.0,
    "worst_ratio": 1.0,
    "smd": 0.0,
    "spread": 0.0,
}
CLOSE = 1e-12

TABLES: tuple[Array, ...] = tuple(
    np.array(cells, dtype=np.int64)
    for cells in (
        [[[7, 3, 2], [2, 5, 1], [1, 1, 1]], [[5, 1, 0], [4, 9, 2], [0, 2, 1]]],
        [[[1, 1, 0], [1, 1, 1], [0, 1, 0]], [[40, 3, 0], [17, 11, 0], [0, 0, 9]]],
        [[[9, 2, 4], [1, 6, 3], [2, 0, 0]], [[8, 8, 1], [8, 8, 1], [1, 1, 1]]],
    )
)
"""Two groups each, in which every rate has a value."""

SCORES: tuple[tuple[list[float], list[list[int]]], ...] = (
    ([0.125, 0.25, 0.5, 0.625, 0.875], [[1, 3, 1], [2, 2, 0], [3, 2, 1], [4, 1, 0], [5, 1, 2]]),
    ([0.1, 0.3, 0.55, 0.7, 0.9], [[2, 5, 0], [1, 4, 1], [3, 3, 0], [2, 1, 1], [6, 1, 1]]),
)
"""Values and counts of two groups in which every score measure has a value."""


def check_metric(entry: Metric) -> None:
    """Raise `InputError` MET020, naming law and entry, where a catalogue entry breaks one.

    Use it on an entry of your own before adding it:

    >>> from audit.metrics.catalogue import CATALOGUE
    >>> check_metric(CATALOGUE["disparate_impact_ratio"])
    >>> check_metric(replace(CATALOGUE["disparate_impact_ratio"], ideal=0.0))
    Traceback (most recent call last):
    ...
    audit.errors.InputError: [MET020] disparate_impact_ratio: the ideal of a ratio is 1.0, not 0.0
    """
    if not isinstance(entry, Metric):
        raise InputError(
            "MET020",
            f"a {type(entry).__name__} is no catalogue entry",
            argument="entry",
            fix="give an audit.metrics.Metric",
        )
    name = entry.key if isinstance(entry.key, str) else "entry"
    try:
        with np.errstate(all="ignore"):
            fault = next((f for part in (_of_kinds, _faults) for f in part(entry)), None)
    except Exception as error:  # its functions are the caller's own and may raise anything
        raise InputError(
            "MET020",
            f"one of its functions raises {type(error).__name__}: {error}",
            argument=name,
            fix="let it take arrays of counts and give nan where there is no value",
        ) from error
    if fault is not None:
        raise InputError("MET020", fault, argument=name)


def _of_kinds(entry: Metric) -> Iterator[str]:
    """Fields of a wrong type: what the laws below would stumble over."""
    kinds: dict[str, type | tuple[type, ...]] = {
        **dict.fromkeys(("key", "title", "worse", "formula", "source", "meaning"), str),
        "contrast": (str, type(None)),
        "undefined": str,
        "ideal": (int, float),
        "needs": frozenset,
        "rates": tuple,
        "aliases": tuple,
    }
    for name, kind in kinds.items():
        value = getattr(entry, name)
        if not isinstance(value, kind) or isinstance(value, bool):
            yield f"{name} cannot be a {type(value).__name__}"
    for name in FUNCTIONS.values():
        value = getattr(entry, name)
        if value is not None and not callable(value):
            yield f"{name} cannot be a {type(value).__name__}"
    for rate in entry.rates:
        if not isinstance(rate, Rate):
            yield f"rates cannot hold a {type(rate).__name__}"
        elif not isinstance(rate.form, str) or not isinstance(rate.undefined, str):
            yield "a rate's form and undefined are texts"


def _faults(entry: Metric) -> Iterator[str]:
    yield from _of_text(entry)
    for rate in entry.rates:
        yield from _of_rate(rate, entry)
    if _reads_scores(entry):
        if entry.contrast is not None:
            yield from _of_score_contrast(entry)
    elif entry.contrast == "groups":
        yield from _of_groups(entry)
    elif entry.contrast == "spread":
        yield from _of_spread(entry)
    elif entry.contrast in ("worst_difference", "worst_ratio"):
        yield from _of_worst(entry)
    elif entry.contrast is not None:
        yield from _of_pair(entry)
    yield from _of_needs(entry)


def _of_text(entry: Metric) -> Iterator[str]:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", entry.key):
        yield f"a key is lower case with underscores, not {entry.key!r}"
    for name in ("title", "formula", "source", "meaning"):
        if not str(getattr(entry, name)).strip():
            yield f"{name} is empty"
    if entry.contrast not in CONTRASTS:
        yield f"unknown contrast {entry.contrast!r}"
    if entry.worse not in ("lower", "higher", "away"):
        yield f"worse is 'lower', 'higher' or 'away', not {entry.worse!r}"
    if not entry.needs <= NEEDS:
        yield f"unknown needs {sorted(entry.needs - NEEDS)}"
    ideal = IDEALS.get(entry.contrast or "", entry.ideal)
    if entry.ideal != ideal and not math.isnan(ideal):
        yield f"the ideal of a {entry.contrast} is {ideal}, not {entry.ideal}"
    wanted = FUNCTIONS.get(entry.contrast or "")
    if wanted is not None and getattr(entry, wanted) is None:
        yield f"contrast {entry.contrast!r} needs {wanted}"
    if wanted is None and not entry.rates:
        yield "no rate"
    if wanted is not None and not entry.undefined.strip():
        yield "it gives no reason for having no value"
    for alias in entry.aliases:
        if not re.match(r"[a-z0-9]+:\S", alias):
            yield f"an alias says whose it is, 'peer:name', not {alias!r}"


def _reads_scores(entry: Metric) -> bool:
    return any(rate.form == "score" for rate in entry.rates) or entry.contrast in (
        "score_pair",
        "score_groups",
    )


def _same(a: Any, b: Any) -> bool:
    return bool(
        np.allclose(
            np.asarray(a, dtype=np.float64),
            np.asarray(b, dtype=np.float64),
            rtol=CLOSE,
            atol=CLOSE,
            equal_nan=True,
        )
    )


def _of_rate(rate: Rate, entry: Metric) -> Iterator[str]:
    if rate.form not in FORMS:
        yield f"unknown form {rate.form!r}"
        return
    if not rate.undefined:
        yield f"{rate.key} gives no reason for having no value"
    if rate.form == "score":
        yield from _of_score(rate, entry)
        return
    if not np.isnan(rate.value(np.zeros((1, 3, 3), dtype=np.int64))).all():
        yield f"{rate.key} has a value where there are no rows"
    for cells in TABLES:
        value = rate.value(cells)
        if value.shape != (2,) or np.isnan(value).any():
            yield f"{rate.key} gives {value} for two groups"
        if rate.form in ("share", "f1") and not ((value >= 0) & (value <= 1)).all():
            yield f"{rate.key} leaves [0, 1]: {value}"
        if not _same(rate.value(cells * 3), value):
            yield f"{rate.key} changes when every row is tripled"
        if not _same(rate.value(cells * 2.0**-40), value):
            yield f"{rate.key} changes with the scale of the weights"
        if not np.array_equal(rate.value(cells[::-1]), value[::-1]):
            yield f"{rate.key} depends on the order of groups"
        empty = np.concatenate([cells, np.zeros((1, 3, 3), dtype=np.int64)])
        if not np.array_equal(rate.value(empty)[:2], value):
            yield f"{rate.key} changes when an empty group is added"
        yield from _of_fractions(rate, cells, value)


def _of_fractions(rate: Rate, cells: Array, value: Array) -> Iterator[str]:
    """The same formula in exact arithmetic; and parts and wholes add up over merged cells."""
    exact = np.vectorize(Fraction, otypes=[object])(cells)
    shares = [share(Counts(exact)) for share in rate.shares]
    for part, whole in shares:
        if (part > whole).any() or (part < 0).any():
            yield f"{rate.key} has a part outside 0 .. whole"
    for share in rate.shares:
        merged, parts = share(Counts(cells.sum(axis=0))), share(Counts(cells))
        if merged.part != parts.part.sum() or merged.whole != parts.whole.sum():
            yield f"{rate.key} does not add up when two groups are merged"
    if rate.form == "share":
        wanted = shares[0].part / shares[0].whole
    elif rate.form == "f1":
        wanted = 2 * shares[0].part / (shares[0].part + shares[0].whole)
    elif rate.form == "odds":
        wanted = shares[0].part / (shares[0].whole - shares[0].part)
    elif rate.form == "blend":
        terms = zip(rate.coefficients, shares, strict=True)
        wanted = sum(Fraction(weight) * s.part / s.whole for weight, s in terms)
    else:
        return
    if not _same(wanted, value):
        yield f"{rate.key} is {value}, in exact fractions {wanted}"


def _distribution(which: int, higher_is_better: bool = True, scale: float = 1.0) -> Distribution:
    values, counts = SCORES[which]
    v, c = np.array(values), np.array(counts, dtype=np.float64) * scale
    if not higher_is_better:
        v, c = (1 - v)[::-1], c[::-1]
    weight = c.sum(axis=1)
    return Distribution(
        attribute=("group",),
        group=(str(which),),
        column="score",
        higher_is_better=higher_is_better,
        values=v,
        counts=c,
        rows=int(np.sum(counts)),
        total=float(weight.sum()),
        sum=float((weight * v).sum()),
        sum_squares=float((weight * v * v).sum()),
        weight_squared=float(weight.sum() * scale),
        missing=0,
        exact=True,
    )


def _of_score(rate: Rate, entry: Metric) -> Iterator[str]:
    if rate.of_scores is None:
        yield f"{rate.key} has form 'score' but no of_scores"
        return
    for which in range(len(SCORES)):
        d = _distribution(which)
        value = float(rate.of_scores(d))
        if math.isnan(value):
            yield f"{rate.key} has no value for scores that have one"
        if not _same(float(rate.of_scores(_distribution(which, scale=2.0**-20))), value):
            yield f"{rate.key} changes with the scale of the weights"
        nothing = replace(d, counts=d.counts * 0, rows=0, total=0.0, sum=0.0, sum_squares=0.0)
        if not math.isnan(float(rate.of_scores(replace(nothing, weight_squared=0.0)))):
            yield f"{rate.key} has a value where there are no rows"
        values, counts = np.append(d.values, 0.95), np.vstack([d.counts, np.zeros(3)])
        if not _same(float(rate.of_scores(replace(d, values=values, counts=counts))), value):
            yield f"{rate.key} changes when a value that no row has is added"
        if "outcome" in entry.needs:
            mirrored = float(rate.of_scores(_distribution(which, higher_is_better=False)))
            if not math.isclose(mirrored, value, rel_tol=1e-9, abs_tol=1e-9):
                yield f"{rate.key} of a risk is {mirrored}, of the score 1 − risk {value}"


def _of_worst(entry: Metric) -> Iterator[str]:
    for cells in TABLES:
        values = [rate.value(cells) for rate in entry.rates]
        value = float(worst(entry, values))
        if entry.contrast == "worst_difference" and value < 0:
            yield f"a worst difference is never below 0: {value}"
        if entry.contrast == "worst_ratio" and value > 1:
            yield f"a worst ratio is never above 1: {value}"
        if float(worst(entry, [v[::-1] for v in values])) != value:
            yield "it depends on the order of groups"
        alike = [rate.value(np.stack([cells[0], cells[0] * 2])) for rate in entry.rates]
        if not _same(worst(entry, alike), entry.ideal):
            yield f"equal groups give {float(worst(entry, alike))}, not {entry.ideal}"
        if not math.isnan(float(worst(entry, [v[:1] for v in values]))):
            yield "one group alone has a value"


def _of_pair(entry: Metric) -> Iterator[str]:
    for cells in TABLES:
        group, reference = cells[0], cells[1]
        if entry.contrast == "strata":
            group, reference = group[None], cells.sum(axis=0)[None]
        if entry.contrast == "everyone":
            reference = cells.sum(axis=0)
        nothing = np.zeros_like(group)
        value = float(compare(entry, group, reference))
        if math.isnan(value):
            yield "it has no value for two groups that have one"
        if not math.isnan(float(compare(entry, nothing, nothing))):
            yield "it has a value where there are no rows"
        if not _same(compare(entry, group * 5, reference * 5), value):
            yield "it changes when every row is repeated five times"
        equal = group * 2 if entry.contrast in ("strata", "everyone") else group
        if not math.isnan(entry.ideal) and not _same(compare(entry, group, equal), entry.ideal):
            yield f"equal groups give {float(compare(entry, group, equal))}, not {entry.ideal}"
        swapped = float(compare(entry, reference, group))
        if entry.contrast == "difference" and swapped != -value:
            yield f"exchanging group and reference gives {swapped}, not {-value}"
        if entry.contrast == "ratio" and not _same(swapped * value, 1.0):
            yield f"exchanging group and reference gives {swapped}, not 1 / {value}"


def _of_groups(entry: Metric) -> Iterator[str]:
    for cells in TABLES:
        value = float(over_groups(entry, cells))
        if math.isnan(value):
            yield "it has no value for two groups that have one"
        if not math.isnan(float(over_groups(entry, cells * 0))):
            yield "it has a value where there are no rows"
        if not _same(over_groups(entry, cells * 5), value):
            yield "it changes when every row is repeated five times"
        if not _same(over_groups(entry, cells * 2.0**-40), value):
            yield "it changes with the scale of the weights"
        yield from _of_any_order(entry, cells, value)
        alike = float(over_groups(entry, np.stack([cells[0], cells[0] * 2])))
        wanted = float(entry.rates[0].value(cells[:1])[0]) if entry.rates else entry.ideal
        if not math.isnan(wanted) and not _same(alike, wanted):
            yield f"equal groups give {alike}, not {wanted}"


def _of_any_order(entry: Metric, cells: Array, value: float) -> Iterator[str]:
    if not _same(over_groups(entry, cells[::-1]), value):
        yield "it depends on the order of groups"
    empty = np.concatenate([cells, np.zeros((1, 3, 3), dtype=np.int64)])
    if not _same(over_groups(entry, empty), value):
        yield "it changes when an empty group is added"
    if not _same(over_groups(entry, np.stack([cells, cells])), [value, value]):
        yield "it does not keep leading axes"


def _of_spread(entry: Metric) -> Iterator[str]:
    for cells in TABLES:
        many = cells * 100
        value = float(over_groups(entry, many))
        if math.isnan(value):
            yield "it has no value for two groups that differ beyond noise"
        if not math.isnan(float(over_groups(entry, cells * 0))):
            yield "it has a value where there are no rows"
        if not value * (1 + CLOSE) < float(over_groups(entry, many * 100)):
            yield "it does not grow as sampling noise shrinks"
        yield from _of_any_order(entry, many, value)
        alike = float(over_groups(entry, np.stack([many[0], many[0] * 2])))
        if not math.isnan(alike):
            yield f"equal groups give {alike}, though nothing is left beyond noise"


def _of_score_groups(entry: Metric) -> Iterator[str]:
    one, other = _distribution(0), _distribution(1)
    value = over_score_groups(entry, [one, other])
    if math.isnan(value):
        yield "it has no value for two groups that have one"
    if not _same(over_score_groups(entry, [other, one]), value):
        yield "it depends on the order of groups"
    if not math.isnan(over_score_groups(entry, [])):
        yield "it has a value where there are no groups"
    scaled = [_distribution(0, scale=2.0**-20), _distribution(1, scale=2.0**-20)]
    if not _same(over_score_groups(entry, scaled), value):
        yield "it changes with the scale of the weights"


def _of_score_contrast(entry: Metric) -> Iterator[str]:
    one, other = _distribution(0), _distribution(1)
    if entry.contrast == "score_groups":
        yield from _of_score_groups(entry)
        return
    if entry.contrast in ("worst_difference", "worst_ratio"):
        values = [[float(r.of_scores(d)) for d in (one, other)] for r in entry.rates if r.of_scores]
        if math.isnan(float(worst(entry, values))):
            yield "it has no value for two groups that have one"
        return
    value = compare_scores(entry, one, other)
    if math.isnan(value):
        yield "it has no value for two groups that have one"
    if not _same(compare_scores(entry, one, one), entry.ideal):
        yield f"equal groups give {compare_scores(entry, one, one)}, not {entry.ideal}"
    swapped = compare_scores(entry, other, one)
    if entry.contrast == "score_pair" and not _same(swapped, value):
        yield f"exchanging group and reference gives {swapped}, not {value}"
    if entry.contrast in ("difference", "smd") and swapped != -value:
        yield f"exchanging group and reference gives {swapped}, not {-value}"
    if entry.contrast == "ratio" and not _same(swapped * value, 1.0):
        yield f"exchanging group and reference gives {swapped}, not 1 / {value}"


def _of_needs(entry: Metric) -> Iterator[str]:
    """A metric reads no more than it says it needs."""
    if _reads_scores(entry):
        if "score" not in entry.needs:
            yield "it reads a score but does not say that it needs one"
        return
    for need, axis in (("decision", -2), ("outcome", -1)):
        if need in entry.needs:
            continue
        for cells in TABLES:
            # Everyone undecided, or every outcome unknown.
            blind = np.zeros_like(cells)
            hidden = (..., 2, slice(None)) if need == "decision" else (..., 2)
            blind[hidden] = cells.sum(axis=axis)
            if not _same(_value(entry, blind), _value(entry, cells)):
                yield f"it changes without {need}s, but does not say that it needs them"


def _value(entry: Metric, cells: Array) -> Any:
    if entry.contrast is None:
        return entry.rates[0].value(cells)
    if entry.contrast in ("worst_difference", "worst_ratio"):
        return worst(entry, [rate.value(cells) for rate in entry.rates])
    if entry.contrast == "strata":
        return compare(entry, cells[:1], cells.sum(axis=0)[None])
    if entry.contrast == "everyone":
        return compare(entry, cells[0], cells.sum(axis=0))
    if entry.contrast in ("groups", "spread"):
        return over_groups(entry, cells)
    return compare(entry, cells[0], cells[1])
