"""How well features tell a protected attribute: each alone, and all together.

A model that is not given an attribute may still be given it by other features (Barocas & Selbst
2016; "redundant encodings"). Here each attribute is predicted from the features.

    measure_proxies(table, features, *, attributes=None, contributions=None, seed=0, level=0.95)
        -> Proxies(strengths, together, notes)
    with_risk(strengths, contributions) -> tuple[Proxy, ...]    contributions[attribute][feature]
    found(strengths) -> tuple[Proxy, ...]                       `Explanation.proxies`
    near_copies(strengths, attribute) -> tuple[str, ...]        AUC >= .99
    proxy_map(strengths) -> tuple[Mapping, ...]                 points of the chart, plain values

At most 20,000 rows are drawn, and 100,000 rows cost as much. With a level of several, each is told
from all others; rows whose level is unknown are left out, and counted. The null of a `Proxy` is
family-wise: the 95th percentile, over permutations of the attribute, of the largest area that any
feature reaches for any level. `found` asks that the *lower limit* of a feature's area pass it,
which is stricter than the 5 % it starts from. Over 200 seeds of 1,000 rows and 8 features
(`bench/proxies.py`) a proxy of correlation .5 or .3 was found in every run, of .2 in 89 %, and any
proxy of a permuted attribute in none. Sampling weights
are not used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from audit.explanation.record import Proxy
from audit.explanation.sampling import (
    ROWS,
    Coded,
    Floats,
    Indices,
    Sample,
    coded,
    drawn,
    missing_level,
)
from audit.explanation.telling import (
    FOLDS,
    Pool,
    alone,
    alone_by_chance,
    area_of,
    interacting,
    strength,
)
from audit.inference.auc import FEW
from audit.table.roles import Level
from audit.table.rows import Table
from audit.table.wording import listed, shown

PERMUTATIONS = 200
"""Of the attribute, for single features."""
TOGETHER = 100
"""Of the attribute, for all features together; fewer where it has many levels."""
QUANTILE = 0.95
"""Of the permutations, from which on chance is not believed."""
LEVELS = 10
"""Levels of an attribute that are judged: the largest."""
COPY = 0.99
"""Area from which a feature is a near-copy of the attribute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxies:
    """What `measure_proxies` found."""

    strengths: tuple[Proxy, ...]
    """Every feature for every attribute, strongest first."""
    together: tuple[Mapping[str, Any], ...]
    """By attribute: attribute, auc, low, high, null, p_value, group, rows, features, permutations,
    levels (each with auc, low, high), interacting (auc, low, high, p_value, rows, method of boosted
    trees, or None where rows are few), method, reason (None, or why auc is nan)."""
    notes: tuple[str, ...] = ()
    """Samples, and what was left out."""


def measure_proxies(
    table: Table,
    features: Sequence[str],
    *,
    attributes: Sequence[str] | None = None,
    contributions: Mapping[Any, Mapping[str, float]] | None = None,
    seed: int = 0,
    level: float = 0.95,
    rows: int = ROWS,
) -> Proxies:
    """How well `features`, alone and together, tell each protected attribute.

    `contributions` gives, by attribute (a name, or a tuple of one), the part of each feature in
    the group's score gap; with it each proxy has its risk. Raises `InputError` TBL010 for a
    feature whose cells hold lists.

    >>> import numpy as np
    >>> from audit.table.intake import read
    >>> rng = np.random.default_rng(0)
    >>> man = rng.random(600) < 0.5
    >>> table = read({"sex": np.where(man, "m", "f"), "approved": rng.integers(0, 2, 600),
    ...     "height": 165 + 12 * man + 6 * rng.normal(size=600), "noise": rng.normal(size=600)},
    ...     protected="sex", decision="approved", favorable=1)
    >>> proxies = measure_proxies(table, ["height", "noise"])
    >>> [(p.feature, p.found) for p in proxies.strengths]
    [('height', True), ('noise', False)]
    >>> proxies.together[0]["auc"] > 0.85, round(proxies.together[0]["p_value"], 3)
    (True, 0.01)
    """
    names = tuple(dict.fromkeys(features))
    wanted = table.roles.protected if attributes is None else tuple(attributes)
    sample = drawn(table, names, rows=rows, seed=seed)
    columns = tuple(coded(name, sample.frame.get_column(name)) for name in names)
    strengths: list[Proxy] = []
    every: list[Mapping[str, Any]] = []
    notes = [f"Proxies are measured on {sample.read}."] if sample.rows < sample.size else []
    if table.roles.weight is not None:
        notes.append("Proxies are measured without sampling weights.")
    for attribute in wanted:
        told = _Told.of(sample, columns, attribute, table.roles.reference.get(attribute), seed)
        notes += told.notes
        strengths += told.strengths(level)
        every.append(told.every(level))
    ordered = sorted(strengths, key=lambda p: (wanted.index(p.attribute), -p.strength, p.feature))
    measured = Proxies(strengths=tuple(ordered), together=tuple(every), notes=tuple(notes))
    if contributions is None:
        return measured
    return replace(measured, strengths=with_risk(measured.strengths, contributions))


def with_risk(
    strengths: Sequence[Proxy], contributions: Mapping[Any, Mapping[str, float]]
) -> tuple[Proxy, ...]:
    """The same with contribution and risk = (2 strength − 1) × |contribution|.

    >>> p = Proxy(feature="zip", attribute="race", group="b", strength=0.8, low=0.7, high=0.9,
    ...           null=0.55)
    >>> round(with_risk([p], {"race": {"zip": -0.5}})[0].risk, 9)
    0.3
    """
    by = {(k[0] if isinstance(k, tuple) else k): v for k, v in contributions.items()}
    changed = []
    for proxy in strengths:
        part = abs(float(by.get(proxy.attribute, {}).get(proxy.feature, float("nan"))))
        risk = (2 * proxy.strength - 1) * part
        changed.append(replace(proxy, contribution=part, risk=risk))
    return tuple(changed)


def found(strengths: Sequence[Proxy]) -> tuple[Proxy, ...]:
    """Those that tell more than chance does: highest risk first, else strongest first."""
    kept = [p for p in strengths if p.found]
    return tuple(
        sorted(kept, key=lambda p: (-p.risk if p.risk == p.risk else 0.0, -p.strength, p.feature))
    )


def near_copies(strengths: Sequence[Proxy], attribute: str) -> tuple[str, ...]:
    """Other features that tell an attribute almost without error: AUC of .99 or more."""
    return tuple(
        p.feature
        for p in strengths
        if p.attribute == attribute and p.feature != attribute and p.found and p.strength >= COPY
    )


def copies_among(table: Table, features: Sequence[str], seed: int = 0) -> dict[str, str]:
    """Near-copies of protected attributes among features, told without permutations: feature ->
    attribute. At most 5,000 rows are drawn.

    >>> from audit.table.intake import read
    >>> table = read({"sex": ["f", "m"] * 50, "title": ["Ms", "Mr"] * 50, "fee": list(range(100)),
    ...              "paid": [0, 1] * 50}, protected="sex", outcome="paid", favorable=1)
    >>> copies_among(table, ["title", "fee"])
    {'title': 'sex'}
    """
    names = tuple(dict.fromkeys(features))
    sample = drawn(table, names, rows=5_000, seed=seed)
    columns = tuple(coded(name, sample.frame.get_column(name)) for name in names)
    found: dict[str, str] = {}
    for attribute in table.roles.protected:
        reference = table.roles.reference.get(attribute)
        told = _Told.of(sample, columns, attribute, reference, seed)
        if told.reason is not None or not told.judged:
            continue
        value = alone(told.features, told.own, told.judged, told.folds).value.max(axis=1)
        for name, area in zip(names, value.tolist(), strict=True):
            if area >= COPY:
                found.setdefault(name, attribute)
    return found


def proxy_map(strengths: Sequence[Proxy]) -> tuple[Mapping[str, Any], ...]:
    """The chart's points: strength on x, contribution to the gap on y; plain values."""
    return tuple(
        {
            "feature": p.feature,
            "attribute": p.attribute,
            "group": p.group,
            "strength": p.strength,
            "low": p.low,
            "high": p.high,
            "null": p.null,
            "contribution": p.contribution,
            "risk": p.risk,
            "found": p.found,
        }
        for p in strengths
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Told:
    """One attribute beside the features, on rows where it is known."""

    attribute: str
    features: tuple[Coded, ...]
    own: Indices
    levels: tuple[Level, ...]
    judged: tuple[int, ...]
    folds: Indices
    seed: int
    notes: tuple[str, ...]
    reason: str | None

    @classmethod
    def of(
        cls,
        sample: Sample,
        features: Sequence[Coded],
        attribute: str,
        reference: Level,
        seed: int,
    ) -> _Told:
        levels = sample.levels[attribute]
        own = sample.codes[f"protected:{attribute}"].astype(np.int64)
        notes = []
        kept = tuple(features)
        unknown = missing_level(levels)
        if unknown is not None and (absent := int((own == unknown).sum())):
            known = np.flatnonzero(own != unknown)
            own = own[known]
            kept = tuple(
                replace(f, codes=f.codes[known], place=None if f.place is None else f.place[known])
                for f in features
            )
            notes.append(f"{absent:,} rows without {shown(attribute)} are left out of its proxies.")
        counts = np.bincount(own, minlength=len(levels))
        enough = [i for i in np.argsort(-counts, kind="stable") if counts[i] >= FEW]
        few = [levels[i] for i in range(len(levels)) if 0 < counts[i] < FEW]
        if few:
            notes.append(
                f"Too few rows (under {FEW}) to tell {attribute} = {listed(few)} from the rest."
            )
        if len(enough) > LEVELS:
            notes.append(f"The {LEVELS} largest levels of {attribute} are judged as proxies' aim.")
        reason = None
        if not kept:
            reason = "no features"
        elif len(enough) < 1 or len(own) - counts.max(initial=0) < FEW:
            reason = f"fewer than {FEW} rows besides the largest group"
        judged = [int(i) for i in enough[:LEVELS] if len(own) - counts[i] >= FEW]
        if int((counts > 0).sum()) == 2:
            # Two levels are told from each other: one area, named after the one compared.
            judged = [i for i in judged if levels[i] != reference][-1:] or judged[-1:]
        rng = np.random.default_rng((seed, 1))
        return cls(
            attribute=attribute,
            features=kept,
            own=own,
            levels=levels,
            judged=() if reason else tuple(judged),
            folds=rng.permutation(np.arange(len(own)) % FOLDS),
            seed=seed,
            notes=tuple(notes),
            reason=reason,
        )

    def strengths(self, level: float) -> list[Proxy]:
        if self.reason is not None:
            return []
        each = alone(self.features, self.own, self.judged, self.folds)
        rng = np.random.default_rng((self.seed, 2))
        chance = alone_by_chance(
            self.features, self.own, self.judged, self.folds, PERMUTATIONS, rng
        )
        null = float(np.quantile(chance, QUANTILE, method="higher"))
        proxies = []
        for i, feature in enumerate(self.features):
            j = int(each.value[i].argmax())
            code = self.judged[j]
            area = strength(each.score[i][j], self.own == code, level)
            proxies.append(
                Proxy(
                    feature=feature.name,
                    attribute=self.attribute,
                    group=self.levels[code],
                    strength=float(each.value[i, j]),
                    low=area.low,
                    high=area.high,
                    null=null,
                )
            )
        return proxies

    def every(self, level: float) -> Mapping[str, Any]:
        nothing = float("nan")
        told: dict[str, Any] = {
            "attribute": self.attribute,
            **dict.fromkeys(("auc", "low", "high", "null", "p_value"), nothing),
            "group": None,
            "rows": len(self.own),
            "features": len(self.features),
            "permutations": 0,
            "levels": (),
            "interacting": None,
            "method": "naive Bayes on binned features, 5-fold cross-fitted",
            "reason": self.reason,
        }
        if self.reason is not None:
            return told
        pool = Pool(self.features, self.folds)
        areas, levels = [], []
        for code in self.judged:
            hit = self.own == code
            area = strength(pool.predicted(hit), hit, level)
            areas.append(area.value)
            levels.append(
                {
                    "level": self.levels[code],
                    "auc": max(area.value, 0.5),
                    "low": area.low,
                    "high": area.high,
                }
            )
        best = int(np.argmax(areas))
        chance = self._chance(pool)
        return told | {
            **{key: levels[best][key] for key in ("auc", "low", "high")},
            "group": levels[best]["level"],
            "null": max(float(np.quantile(chance, QUANTILE, method="higher")), 0.5),
            "p_value": (1 + int((chance >= areas[best]).sum())) / (1 + len(chance)),
            "permutations": len(chance),
            "levels": tuple(levels),
            "interacting": interacting(
                self.features, self.own == self.judged[best], self.seed, level
            ),
        }

    def _chance(self, pool: Pool) -> Floats:
        rng = np.random.default_rng((self.seed, 3))
        reached = np.empty(min(TOGETHER, max(40, 200 // len(self.judged))))
        for p in range(len(reached)):
            mixed = self.own[rng.permutation(len(self.own))]
            marks = [mixed == code for code in self.judged]
            reached[p] = max(area_of(pool.predicted(mark), mark) for mark in marks)
        return np.asarray(reached)


__all__ = [
    "Proxies",
    "copies_among",
    "found",
    "measure_proxies",
    "near_copies",
    "proxy_map",
    "with_risk",
]
