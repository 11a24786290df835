"""A model that can be read: its own terms' parts of a gap, beside SHAP's.

    glass_box(explanation, found, people, route) -> Mapping or None

`None` for a model that cannot be read. Kinds: "logistic regression" and "linear model" (also
behind scalers, encoders, bins and weights of evidence: a scorecard as a pipeline), "scorecard"
(`audit.explanation.scorecard.Scorecard`), "explainable boosting machine" (`interpret`). A term's
own part is its mean in the group less its mean in the reference; parts sum to the gap. A term of
several features (an interaction) is also listed by itself, and split evenly among them, where
SHAP splits it by how each moves it against the background. Keys: kind, scale, attribute, group,
reference, gap, terms (feature, term, own, shap, difference, agrees; largest first), interactions
(features, own), statement. (Lou, Caruana, Gehrke & Hooker, KDD 2013, on such models; Rudin 2019.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.explanation.applicants import Applicants
from audit.explanation.record import Explanation
from audit.explanation.routes import Route, unfolded
from audit.explanation.scorecard import Scorecard
from audit.explanation.scored import Scored
from audit.table import encode
from audit.table.columns import floats
from audit.table.wording import listed, shown

Floats = npt.NDArray[np.float64]

AGREE = 0.02
"""Parts that differ by less than this share of Σ |own parts| agree."""
LEVELS = 3
"""Levels of a category put into words."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Read:
    """A model taken apart: its score is a constant and the sum of its terms."""

    kind: str
    """As in the module's docstring."""
    scale: str
    """Of the terms."""
    terms: Floats
    """Shape (rows, terms), turned so that higher favours the applicant."""
    of: tuple[tuple[int, ...], ...]
    """Features of each term."""


def glass_box(
    explanation: Explanation, found: Scored, people: Applicants, route: Route
) -> Mapping[str, Any] | None:
    """The model's own terms beside SHAP in the gap that stands first; None where it has none.

    Raises `InputError` EXP310 where the terms are on another scale than the explanation, or do
    not add up to the model's answers.
    """
    read = _read(found, people, route)
    if read is None or not explanation.attributions:
        return None
    if read.scale != explanation.scale:
        raise InputError(
            "EXP310",
            f"the terms of a {read.kind} add up in {read.scale}, and the gap is split in "
            f"{explanation.scale}",
            argument="scale",
            fix="leave scale out to see them side by side",
        )
    _adds_up(read, route)
    own, pairs = _parts(read, explanation, people)
    shap = {a.feature: a.value for a in explanation.attributions}
    reach = AGREE * max(float(np.abs(own).sum()), 1e-12)
    terms: list[dict[str, Any]] = [
        {
            "feature": name,
            "term": _worded(people.frame.get_column(name), name, _main(read, j), people.mass),
            "own": float(own[j]),
            "shap": shap[name],
            "difference": float(own[j]) - shap[name],
            "agrees": bool(abs(own[j] - shap[name]) <= reach),
        }
        for j, name in enumerate(people.features)
    ]
    terms.sort(key=lambda t: -abs(t["own"]))
    return {
        "kind": read.kind,
        "scale": read.scale,
        "attribute": explanation.attribute,
        "group": explanation.group,
        "reference": explanation.reference,
        "gap": explanation.gap,
        "terms": tuple(terms),
        "interactions": tuple(pairs),
        "statement": _statement(read, terms, pairs, explanation),
    }


# --- reading --------------------------------------------------------------------------------


def _read(found: Scored, people: Applicants, route: Route) -> Read | None:
    final = getattr(found.model, "_final_estimator", found.model)
    if isinstance(final, Scorecard):
        return _of_card(final, found, people)
    if hasattr(final, "eval_terms") and hasattr(final, "term_features_"):
        return _of_boosting(final, found, people)
    if route.method == "linear SHAP":
        everyone = np.arange(people.size)
        values, _ = route.values(everyone, everyone, None)
        logistic = type(final).__name__.startswith("LogisticRegression")
        return Read(
            kind="logistic regression" if logistic else "linear model",
            scale=route.scale,
            terms=values,
            of=tuple((j,) for j in range(len(people.features))),
        )
    return None


def _of_card(card: Scorecard, found: Scored, people: Applicants) -> Read | None:
    if found.kind != "output" or any(f not in people.features for f in card.features):
        return None
    sign = -1.0 if found.turned else 1.0
    return Read(
        kind="scorecard",
        scale="output",
        terms=sign * card.terms(people.frame.to_native()),
        of=tuple((people.features.index(f),) for f in card.features),
    )


def _of_boosting(final: Any, found: Scored, people: Applicants) -> Read | None:
    """Shape functions and interactions of an explainable boosting machine, also in a pipeline."""
    told = unfolded(found, people, 0)
    if isinstance(told, str):
        return None
    _, matrix, owner = told
    terms = np.asarray(final.eval_terms(matrix), dtype=np.float64)
    if terms.ndim != 2 or not found.binary:
        return None
    sign = -1.0 if found.turned else 1.0
    return Read(
        kind="explainable boosting machine",
        scale="log-odds",
        terms=sign * terms,
        of=tuple(
            tuple(dict.fromkeys(int(owner[i]) for i in own if owner[i] >= 0))
            for own in final.term_features_
        ),
    )


def _adds_up(read: Read, route: Route) -> None:
    """Raise EXP310 unless the score less the terms' sum is the same in every row."""
    rest = route.scores - read.terms.sum(axis=1)
    room = 1e-6 * max(1.0, float(np.abs(route.scores).max(initial=0.0)))
    if np.ptp(rest) > room:
        raise InputError(
            "EXP310",
            f"the terms of the {read.kind} miss its score by up to {float(np.ptp(rest)):.2g}",
            argument="model",
            fix="report this model: its own terms are withheld because they would be wrong",
        )


def _parts(
    read: Read, explanation: Explanation, people: Applicants
) -> tuple[Floats, list[Mapping[str, Any]]]:
    """The gap by feature, interactions split evenly, and the interactions' own parts."""
    mass = people.mass
    rows, others = people.compared(explanation.attribute, explanation.group[0])
    each = np.average(read.terms[rows], axis=0, weights=mass[rows]) - np.average(
        read.terms[others], axis=0, weights=mass[others]
    )
    own = np.zeros(len(people.features))
    pairs = []
    for value, features in zip(each.tolist(), read.of, strict=True):
        for j in features:
            own[j] += value / len(features)
        if len(features) > 1:
            pairs.append({"features": tuple(people.features[j] for j in features), "own": value})
    return own, sorted(pairs, key=lambda p: -abs(p["own"]))


def _main(read: Read, feature: int) -> Floats | None:
    """The sum of the terms of this feature alone; None where it has none."""
    at = [k for k, own in enumerate(read.of) if own == (feature,)]
    return read.terms[:, at].sum(axis=1) if at else None


# --- words ----------------------------------------------------------------------------------


def _worded(column: Any, name: str, term: Floats | None, mass: Floats) -> str:
    """A term in words: a slope a standard deviation, points by level, or its ends."""
    if term is None or np.ptp(term) == 0:
        return "no term of its own"
    numbers = floats(column)
    if numbers is None:
        return _by_level(column, name, term)
    known = ~np.isnan(numbers)
    x, y = numbers[known], term[known]
    if len(x) and np.ptp(x) > 0:
        low, high = int(x.argmin()), int(x.argmax())
        slope = (y[high] - y[low]) / (x[high] - x[low])
        line = y[low] + slope * (x - x[low])
        if np.abs(line - y).max() <= 1e-6 * max(1.0, float(np.abs(y).max())):
            if len(np.unique(x)) == 2:
                return f"{y[high] - y[low]:+.3g} for {x[high]:g} against {x[low]:g}"
            weight = mass[known]
            spread = float(np.sqrt(np.cov(x, aweights=weight))) if len(x) > 1 else 0.0
            return f"{slope * spread:+.3g} a standard deviation ({_plain(spread)})"
    if not len(x):
        return "the same for every known value"
    low, high = int(y.argmin()), int(y.argmax())
    return f"from {y[low]:+.3g} (at {_plain(x[low])}) to {y[high]:+.3g} (at {_plain(x[high])})"


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def _by_level(column: Any, name: str, term: Floats) -> str:
    found = encode.look(column, name)
    codes = np.asarray(found.handle, dtype=np.int64)
    counts = np.bincount(codes, minlength=len(found.values))
    sums = np.bincount(codes, weights=term, minlength=len(found.values))
    present = np.flatnonzero(counts)
    means = sums / np.maximum(counts, 1)
    base = int(present[np.argmax(counts[present])])
    rest = [i for i in present if i != base]
    rest.sort(key=lambda i: -abs(means[i] - means[base]))
    told = ", ".join(
        f"{_level(found.values[i])} {means[i] - means[base]:+.3g}" for i in rest[:LEVELS]
    )
    more = f" and {len(rest) - LEVELS} more" if len(rest) > LEVELS else ""
    return f"{told}{more} against {_level(found.values[base])}"


def _level(value: Any) -> str:
    return "(missing)" if value is None else str(value)


def _statement(
    read: Read,
    terms: Sequence[Mapping[str, Any]],
    pairs: Sequence[Mapping[str, Any]],
    explanation: Explanation,
) -> str:
    """Where the two differ, and why."""
    apart = [t for t in terms if not t["agrees"]]
    if not apart:
        why = (
            "coefficient times difference of means"
            if explanation.method == "linear SHAP"
            else "terms that do not interact are the same in both"
        )
        text = f"The model's own terms and SHAP agree on every feature: {why}"
        return text + (", and its interactions are small here." if pairs else ".")
    apart = sorted(apart, key=lambda t: -abs(t["difference"]))
    worst = apart[0]
    text = (
        f"They differ on {listed([t['feature'] for t in apart])}, most on "
        f"{shown(worst['feature'])} ({worst['own']:+.3g} by its own terms, "
        f"{worst['shap']:+.3g} by SHAP)"
    )
    reasons = []
    if pairs:
        own = listed([" and ".join(p["features"]) for p in pairs], most=3)
        reasons.append(
            f"the model's interactions ({own}) are split evenly here, and by SHAP by how each of "
            "the two moves the score against the background"
        )
    if explanation.method.startswith("path"):
        reasons.append("path-dependent SHAP moves parts between features that go together")
    if "sampled" in explanation.method:
        reasons.append("SHAP was sampled")
    if "drawn" in explanation.background:
        reasons.append(f"SHAP's background is a sample ({explanation.background})")
    return text + (f": {'; '.join(reasons)}." if reasons else ".")


__all__ = ["glass_box"]
