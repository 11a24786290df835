"""What leaving an attribute out of a model does to its gaps, and what it does not do.

    unawareness(found, people, *, attributes=None, strengths=(), seed=0, level=0.95, rows=20_000)
        -> tuple[Mapping, ...]      one an attribute, plain values; `InputError` EXP101 where
                                    there is nothing to refit or to learn from

A clone of the estimator is fitted on one half of at most 20,000 rows with a known outcome and
scores the other half, and the other way round, so that no row is scored by a model that saw it.
"Without" holds a column at one value for everyone: no learner can use it then, and pipelines that
name their columns still work. Three models are compared: with the attribute, without it, and
without it and the features found to tell it. Each approves the same share of applicants, so that
a gap in approvals is not moved by approving more. Sampling weights are not used in the fits.
(Dwork et al. 2012 on fairness through unawareness; Kusner et al. 2017.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.explanation.applicants import Applicants
from audit.explanation.hybrids import lent
from audit.explanation.proxies import found as found_proxies
from audit.explanation.record import Proxy
from audit.explanation.sampling import at_most, halved
from audit.explanation.scored import Scored, good_classes
from audit.explanation.telling import strength
from audit.inference.checks import critical
from audit.inference.intervals import difference_interval
from audit.table.model import classes_of, same
from audit.table.roles import Level
from audit.table.wording import listed, shown

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

ROWS = 20_000
"""Rows with a known outcome that are drawn, at most."""
FEWEST = 50
"""Rows of each outcome below which nothing is refitted."""
ATTRIBUTES = 4
"""Attributes tried, at most."""
SMALL = 30
"""Rows of a group below which its gap is not given."""


def unawareness(
    found: Scored,
    people: Applicants,
    *,
    attributes: Sequence[str] | None = None,
    strengths: Sequence[Proxy] = (),
    seed: int = 0,
    level: float = 0.95,
    rows: int = ROWS,
) -> tuple[Mapping[str, Any], ...]:
    """Score gap, approval gap and AUC of the model with an attribute, without, and without proxies.

    Each entry: attribute, reference, rows, approval_rate, was_input, proxies (held as well),
    variants (name, held, auc, auc_low, auc_high, tells (AUC of the scores for the attribute),
    groups (group, rows, score_gap, score_low, score_high, approval_gap, approval_low,
    approval_high), reason), statement. Raises `InputError` EXP101 where the model is no
    scikit-learn estimator, no outcomes are known, or too few.
    """
    drawn, target, good = _known(found, people, seed, rows)
    half = halved(len(drawn), (seed, 6))
    rate = _approval_rate(people, good)
    frame = people.frame[drawn]
    base = _Fitted(found, people, frame, target, half)
    entries = []
    for name in list(people.codes if attributes is None else attributes)[:ATTRIBUTES]:
        if people.reference[name] is None:
            continue
        entries.append(_entry(name, base, people, drawn, good, rate, strengths, level))
    return tuple(entries)


def _known(found: Scored, people: Applicants, seed: int, rows: int) -> tuple[Ints, Any, Mask]:
    """Rows to fit on, their outcomes as the estimator knows them, and whether these are good."""
    if not (hasattr(found.model, "get_params") and hasattr(found.model, "fit")):
        raise _closed(f"{found.name} is no scikit-learn estimator that could be fitted again")
    if not hasattr(found.model, "classes_"):
        raise _closed(f"{found.name} does not say which classes it was fitted on")
    codes = people.held.codes.get("outcome")
    name = people.table.roles.outcome
    if codes is None or name is None:
        raise _closed("outcomes are not known, and a model cannot be fitted again without them")
    known = np.flatnonzero(codes <= 1)
    counts = [int((codes[known] == side).sum()) for side in (0, 1)]
    if min(counts) < FEWEST:
        raise _closed(f"fewer than {FEWEST} rows of either outcome are known ({counts})")
    known = at_most(known, rows, (seed, 7))
    raw = people.held.frame.get_column(name).to_numpy()[known]
    good = codes[known] == 0
    classes = classes_of(found.model)
    if all(any(same(v, c) for c in classes) for v in dict.fromkeys(raw.tolist())):
        return known, np.asarray(raw), good
    if len(classes) != 2:
        raise _closed(f"{found.name} was fitted on other classes than the outcome's: {classes}")
    favored = next(
        (c for values in people.favorable for c in classes if any(same(c, v) for v in values)),
        None,
    )
    if favored is None:
        raise _closed(f"{found.name} was fitted on other classes than the outcome's: {classes}")
    other = next(c for c in classes if c is not favored)
    return known, np.where(good, np.array([favored])[0], np.array([other])[0]), good


def _closed(message: str) -> InputError:
    return InputError(
        "EXP101",
        message,
        argument="model",
        fix="give a scikit-learn classifier, and a table with outcomes",
    )


def _approval_rate(people: Applicants, good: Mask) -> float:
    """The share to approve: the table's own, else the share of good outcomes."""
    codes = people.held.codes.get("decision")
    if codes is not None and 0 < (codes == 0).sum() < (codes <= 1).sum():
        return float((codes == 0).sum() / (codes <= 1).sum())
    return float(good.mean())


class _Fitted:
    """Cross-fitted scores of clones, by the columns held at one value."""

    __slots__ = ("done", "found", "frame", "half", "people", "target")

    def __init__(
        self, found: Scored, people: Applicants, frame: Any, target: Any, half: Mask
    ) -> None:
        self.found, self.people, self.frame = found, people, frame
        self.target, self.half = target, half
        self.done: dict[tuple[str, ...], Floats] = {}

    def scores(self, held: Sequence[str]) -> Floats:
        """P(favourable), or the decision function turned to favour, of each row."""
        key = tuple(sorted(held))
        if key not in self.done:
            self.done[key] = self._scores(key)
        return self.done[key]

    def _scores(self, held: tuple[str, ...]) -> Floats:
        from sklearn.base import clone

        frame = _constant(self.frame, held)
        scores = np.empty(len(frame))
        for part in (self.half, ~self.half):
            learn, judge = np.flatnonzero(~part), np.flatnonzero(part)
            try:
                model = clone(self.found.model)
                model.fit(frame[learn].to_native(), self.target[learn])
                scores[judge] = _favor(model, frame[judge].to_native(), self.people)
            except InputError:
                raise
            except Exception as problem:
                raise _closed(
                    f"fitting {self.found.name} again raised {type(problem).__name__}: {problem}"
                ) from problem
        return scores


def _constant(frame: Any, held: Sequence[str]) -> Any:
    """The rows with these columns at their first known value throughout, dtypes kept."""
    for name in held:
        column = frame.get_column(name)
        known = np.flatnonzero(~np.asarray(column.is_null().to_numpy(), dtype=bool))
        frame = lent(frame, frame, name, int(known[0]) if len(known) else 0)
    return frame


def _favor(model: Any, rows: Any, people: Applicants) -> Floats:
    good = good_classes(people, classes_of(model), type(model).__name__)
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(rows)[:, good].sum(axis=1), dtype=np.float64)
    if hasattr(model, "decision_function"):
        values = np.asarray(model.decision_function(rows), dtype=np.float64)
        return values if 1 in good else -values
    raise _closed(f"{type(model).__name__} gives no scores")


# --- what is compared -----------------------------------------------------------------------


def _entry(
    name: str,
    fitted: _Fitted,
    people: Applicants,
    rows: Ints,
    good: Mask,
    rate: float,
    strengths: Sequence[Proxy],
    level: float,
) -> Mapping[str, Any]:
    own = [column for column in people.columns_of(name) if column in people.features]
    told = [
        p.feature
        for p in found_proxies([p for p in strengths if p.attribute == name])
        if p.feature not in own
    ]
    if own and len(told) + len(own) >= len(people.features):
        told = told[:-1]  # a model needs something to go by
    first = "with the attribute" if own else "as it is, without the attribute"
    variants: list[tuple[str, tuple[str, ...]]] = [(first, ())]
    if own:
        variants.append(("without the attribute", tuple(own)))
    if told and len(told) < len(people.features):
        variants.append(("without it and its proxies", (*own, *told)))
    levels = people.levels[name]
    codes = people.codes[name][rows]
    compared = [
        _variant(words, held, fitted.scores(held), good, rate, codes, levels, people, name, level)
        for words, held in variants
    ]
    return {
        "attribute": name,
        "reference": people.reference[name],
        "rows": len(rows),
        "approval_rate": rate,
        "was_input": bool(own),
        "proxies": tuple(told),
        "variants": tuple(compared),
        "statement": _statement(name, bool(own), told, compared),
    }


def _variant(
    words: str,
    held: Sequence[str],
    scores: Floats,
    good: Mask,
    rate: float,
    codes: Ints,
    levels: Sequence[Level],
    people: Applicants,
    name: str,
    level: float,
) -> Mapping[str, Any]:
    area = strength(scores, good, level)
    approved = _approve(scores, rate)
    at = codes == list(levels).index(people.reference[name])
    z = float(critical(level))
    groups, tells = [], 0.5
    for code, value in enumerate(levels):
        own = codes == code
        if value is None or value == people.reference[name] or min(own.sum(), at.sum()) < SMALL:
            continue
        gap = float(scores[own].mean() - scores[at].mean())
        error = float(
            np.sqrt(scores[own].var(ddof=1) / own.sum() + scores[at].var(ddof=1) / at.sum())
        )
        x, n = float(approved[own].sum()), float(own.sum())
        x_ref, n_ref = float(approved[at].sum()), float(at.sum())
        low, high = difference_interval(x, n, x_ref, n_ref, level)
        groups.append(
            {
                "group": value,
                "rows": int(n),
                "score_gap": gap,
                "score_low": gap - z * error,
                "score_high": gap + z * error,
                "approval_gap": x / n - x_ref / n_ref,
                "approval_low": float(low),
                "approval_high": float(high),
            }
        )
        told = strength(scores[own | at], own[own | at], level).value
        tells = max(tells, told, 1 - told)
    return {
        "name": words,
        "held": tuple(held),
        "auc": area.value,
        "auc_low": area.low,
        "auc_high": area.high,
        "tells": tells,
        "groups": tuple(groups),
    }


def _approve(scores: Floats, rate: float) -> Mask:
    """The best-scored share; of equal scores at the line, some by lot (the same every time)."""
    lot = np.random.default_rng(8).permutation(len(scores))
    order = np.lexsort((lot, -scores))
    approved = np.zeros(len(scores), dtype=bool)
    approved[order[: round(rate * len(scores))]] = True
    return approved


def _statement(
    name: str, was_input: bool, told: Sequence[str], compared: Sequence[Mapping[str, Any]]
) -> str:
    first, last = compared[0], compared[-1]
    if not first["groups"]:
        return f"No group of {name} has enough rows to compare."
    widest = max(range(len(first["groups"])), key=lambda i: abs(first["groups"][i]["approval_gap"]))

    def gap(entry: Mapping[str, Any]) -> str:
        own = entry["groups"][widest]
        return (
            f"{100 * own['approval_gap']:+.1f} points ({100 * own['approval_low']:+.1f} to "
            f"{100 * own['approval_high']:+.1f})"
        )

    group = shown(first["groups"][widest]["group"])
    text = (
        f"At the same approval rate the share approved of {name} {group} less the reference's is "
        f"{gap(first)} for the model {first['name']}, AUC {first['auc']:.3f}"
    )
    for entry in compared[1:]:
        text += f"; {entry['name']} {gap(entry)}, AUC {entry['auc']:.3f}"
    text += "."
    if was_input:
        own = compared[1]["groups"][widest]
        if own["approval_low"] > 0 or own["approval_high"] < 0:
            text += (
                " Leaving the column out did not close the gap: what remains is carried by the "
                "other features."
            )
    if told and last["tells"] > 0.5:
        text += f" Held as proxies: {listed(list(told))}."
    return text


__all__ = ["unawareness"]
