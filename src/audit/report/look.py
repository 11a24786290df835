"""Finding an estimate in a record, and writing it as cells."""

from __future__ import annotations

import math
from collections.abc import Iterable

from audit.findings.kinds import scale_of
from audit.findings.record import AuditRecord, Family, Finding
from audit.findings.rules import HIGHEST_RATE
from audit.inference.estimate import Estimate
from audit.report import text
from audit.report.blocks import Bar, Cell
from audit.table.roles import Group, Level, is_named

Key = tuple[str, tuple[str, ...], Group, Group | None, tuple[Level, ...] | None, str | None]
"""Metric, attribute, group, reference, stratum, stage."""

RATIO = "disparate_impact_ratio"
"""The ratio the field reads first."""

WORDS = {
    "fail": "Fail",
    "review": "Review",
    "pass": "Pass",
    "insufficient": "Insufficient",
    "waived": "Waived",
}
"""Verdicts as they are printed in tables; the card spells the fourth out."""


class Look:
    """A record's estimates by what they are about."""

    __slots__ = ("_by_key", "_final", "attributes", "record", "small")

    def __init__(self, record: AuditRecord) -> None:
        """Index every estimate once."""
        self.record = record
        self._by_key: dict[Key, Estimate] = {}
        self._final: dict[str, list[Estimate]] = {}
        seen: dict[tuple[str, ...], None] = {}
        for e in record.estimates:
            key = (e.metric, e.attribute, e.group, e.reference, e.stratum, e.stage)
            self._by_key.setdefault(key, e)
            if e.stratum is None and e.stage is None:
                self._final.setdefault(e.metric, []).append(e)
            seen.setdefault(e.attribute)
        self.attributes: tuple[tuple[str, ...], ...] = tuple(sorted(seen, key=len))
        small = record.provenance.settings.get("min_rows", 30)
        self.small = int(small) if isinstance(small, int | float) else 30

    def rate(
        self,
        metric: str,
        attribute: tuple[str, ...],
        group: Group,
        *,
        stratum: tuple[Level, ...] | None = None,
        stage: str | None = None,
    ) -> Estimate | None:
        """A group's rate, or None where it was not estimated."""
        return self._by_key.get((metric, attribute, group, None, stratum, stage))

    def pair(
        self,
        metric: str,
        attribute: tuple[str, ...],
        group: Group,
        reference: Group | None,
        *,
        stratum: tuple[Level, ...] | None = None,
        stage: str | None = None,
    ) -> Estimate | None:
        """A comparison of two groups, or None where it was not estimated."""
        return self._by_key.get((metric, attribute, group, reference, stratum, stage))

    def rates(self, metric: str, attribute: tuple[str, ...]) -> list[Estimate]:
        """One metric of every group of an attribute, final decision, all strata together."""
        found = self._final.get(metric, ())
        return [e for e in found if e.attribute == attribute and e.reference is None]

    def pairs(self, metric: str, attribute: tuple[str, ...] | None = None) -> list[Estimate]:
        """Comparisons of final decisions, all strata together."""
        return [
            e
            for e in self._final.get(metric, ())
            if e.reference is not None and (attribute is None or e.attribute == attribute)
        ]

    def first(self, metrics: Iterable[str]) -> str | None:
        """The first of these metrics that the record holds."""
        held = set(self.record.estimates.columns["metric"])
        return next((m for m in metrics if m in held), None)

    def reference(self, attribute: tuple[str, ...]) -> Group | None:
        """The reference group the record's comparisons use for this attribute."""
        for e in self.pairs(RATIO, attribute):
            return e.reference
        levels = {r.attribute: r.level for r in self.record.references}
        if attribute and all(a in levels for a in attribute):
            return tuple(levels[a] for a in attribute)
        return None

    def highest(self, attribute: tuple[str, ...]) -> Group | None:
        """The group with the highest approval rate among those that are large enough."""
        for f in self.record.findings:
            if f.code == HIGHEST_RATE and f.estimate.attribute == attribute:
                return f.estimate.reference
        rated = [
            e
            for e in self.rates("selection_rate", attribute)
            if e.rows >= self.small
            and e.value == e.value
            and is_named(self.record.roles, attribute, e.group)
        ]
        return max(rated, key=lambda e: e.value).group if rated else None

    def by_concern(self) -> list[str]:
        """Protected attributes, those with the worst planned findings first."""
        found = [f.estimate.attribute for f in self.record.findings if f.planned]
        names = [a[0] for a in found if len(a) == 1]
        return list(dict.fromkeys((*names, *self.record.roles.protected)))

    def against_highest(self, e: Estimate) -> Estimate | None:
        """The same comparison against the highest rate: its own finding, else an estimate."""
        for f in self.record.findings:
            other = f.estimate
            if (
                f.code == HIGHEST_RATE
                and other.metric == e.metric
                and (other.attribute, other.group) == (e.attribute, e.group)
            ):
                return other
        highest = self.highest(e.attribute)
        return None if highest is None else self.pair(e.metric, e.attribute, e.group, highest)

    def family(self, finding: Finding) -> Family | None:
        """The planned family a finding belongs to."""
        return next((f for f in self.record.policy.families if f.code == finding.code), None)


def title(metric: str) -> str:
    """A metric's name for people, from the catalogue where it is there."""
    from audit.metrics.catalogue import CATALOGUE

    entry = CATALOGUE.get(metric)
    return entry.title if entry is not None else metric.replace("_", " ").capitalize()


def is_ratio(metric: str) -> bool:
    """Whether the metric is read on a logarithmic axis with parity at 1."""
    return metric.endswith("_ratio") or metric in ("disparate_impact", "ratio")


def is_share(metric: str) -> bool:
    """Whether a difference of this metric is in percentage points."""
    return "standardized" not in metric and "smd" not in metric and "auc" not in metric


def value(e: Estimate, line: float = math.nan) -> str:
    """The estimate's value in the form its metric is read."""
    if e.value != e.value:
        return "—"
    if is_ratio(e.metric) or not is_share(e.metric):
        return text.number(e.value, 3, away_from=[line])
    if e.metric.endswith("difference"):
        return text.points(e.value)
    return text.percent(e.value) if 0 <= e.value <= 1 else text.number(e.value)


def interval(e: Estimate, line: float = math.nan) -> str:
    """ "0.585 to 0.818", in the metric's own form; a dash where there is none."""
    if e.low != e.low or e.high != e.high:
        return "—"
    if is_ratio(e.metric) or not is_share(e.metric):
        return f"{text.number(e.low, 3, [line])} to {text.number(e.high, 3, [line])}"
    if e.metric.endswith("difference"):
        return f"{text.points(e.low)[:-3]} to {text.points(e.high)}"
    if max(abs(e.low), abs(e.high)) > 1:
        return f"{text.number(e.low)} to {text.number(e.high)}"
    return text.percents(e.low, e.high)


def in_form(metric: str, x: float, line: float = math.nan) -> str:
    """A bare number in the form its metric is read."""
    return value(Estimate(metric=metric, attribute=(), group=(), value=x), line)


def why_undefined(e: Estimate) -> str:
    """The reason instead of a number."""
    return text.visible(e.reason or "undefined")


def own_rate(e: Estimate) -> float:
    """The group's rate behind a comparison; weighted sums are never put over rows."""
    if is_ratio(e.metric):
        return e.value * e.reference_value
    scale = scale_of(e.metric)
    if scale is not None and scale.worst_case:  # the largest rate less the smallest, unsigned
        return e.reference_value - e.value
    return e.value + e.reference_value


def counted(rate: Estimate, weighted: bool) -> str:
    """ "86 of 190", or the rows alone where the sum is of weights."""
    if weighted:
        return f"weighted, {text.plural(rate.rows, 'row')}"
    return f"{text.count(rate.favorable)} of {text.count(rate.rows)}"


def share_cell(e: Estimate | None, end: float = 1.0) -> Cell:
    """A group's rate with its interval and a bar, or the reason."""
    if e is None:
        return Cell(text="not estimated")
    if e.value != e.value:
        if e.low == e.low and e.high == e.high:
            return Cell(
                text=text.percents(e.low, e.high),
                note="bounds only",
                bar=Bar(kind="range", start=0, end=end, low=e.low, high=e.high, tone="quiet"),
            )
        return Cell(text="—", note=why_undefined(e))
    return Cell(
        text=value(e),
        note=interval(e),
        bar=Bar(kind="interval", start=0, end=end, value=e.value, low=e.low, high=e.high),
    )


def name_cell(attribute: tuple[str, ...], group: Group, note: str = "") -> Cell:
    """A row's head: the group, with its attribute below where its name does not say it."""
    named, whose = text.group(attribute, group), text.attributes(attribute)
    parts = [] if not attribute or named.startswith(whose) else [whose]
    return Cell(text=named, note=" · ".join((*parts, note) if note else parts), name=True)


def ratio_scale(estimates: Iterable[Estimate]) -> tuple[float, float]:
    """Edges of a log axis that show every point and the lines, at most 1/8 to 8."""
    return ratio_scale_of(x for e in estimates for x in (e.value, e.low, e.high))


def ratio_scale_of(values: Iterable[float]) -> tuple[float, float]:
    """The same of bare ratios and limits."""
    points = [x for x in values if x == x and 0 < x < math.inf]
    low = min([0.65, *points]) / 1.06
    high = max([1.35, *points]) * 1.06
    return max(low, 0.125), min(high, 8.0)


def ratio_bar(value: float, low: float, high: float, scale: tuple[float, float]) -> Bar:
    """A ratio and its limits on a log axis, with parity and the line at 0.80."""
    return Bar(
        kind="interval", start=scale[0], end=scale[1], value=value, low=low, high=high, log=True,
        line=0.8, parity=1.0,
    )  # fmt: skip


def difference_scale(estimates: Iterable[Estimate], line: float) -> tuple[float, float]:
    """Edges of a symmetric axis around 0."""
    points = [abs(x) for e in estimates for x in (e.value, e.low, e.high) if math.isfinite(x)]
    edge = 1.1 * max([1.4 * line, *points])
    return -edge, edge
