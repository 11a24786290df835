"""Candidates with their numbers: what each changes, what it costs, whether it is better."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.metrics.metric import Metric
from audit.mitigation.costs import Costs
from audit.mitigation.deciders import Decider
from audit.mitigation.paired import LOWER_IS_BETTER, Answers, Bench, bench, disparity, dominated
from audit.mitigation.people import People, as_pandas
from audit.mitigation.record import Candidate, Limits
from audit.table.json_values import plain
from audit.table.roles import Group, Level
from audit.table.rows import CodedRows
from audit.tally.arrays import of_arrays

Floats = npt.NDArray[np.float64]

MEASURES = ("auc", "accuracy", "approval_rate", "default_rate")
"""What is said of every candidate, whatever the utility."""

SAID = (
    *("selection_rate", "true_positive_rate", "false_positive_rate", "false_negative_rate"),
    *("precision", "disparate_impact_ratio", "statistical_parity_difference"),
    *("true_positive_rate_difference", "predictive_equality_difference"),
)
"""What is audited of every candidate."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trial:
    """A candidate that has been trained and has answered, not yet judged."""

    candidate: Candidate
    """What is known of it so far."""
    decisions: npt.NDArray[np.bool_]
    """Of the people it is judged on."""
    scores: Floats
    """P(favourable) of the same."""


def answered(candidate: Candidate, who: People) -> Trial:
    """What a candidate's estimator says of people, who are scored once."""
    decider: Decider = candidate.estimator
    scores = decider.scores(who.frame)
    decisions = decider.decide(who.frame, scores=scores)
    return Trial(candidate=candidate, decisions=decisions, scores=scores)


def one_way(decisions: npt.NDArray[np.bool_]) -> str:
    """What decisions do that are alike for all: "approves" or "denies"; empty where they differ."""
    if decisions.all():
        return "approves"
    return "" if decisions.any() else "denies"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is to become more alike, for whom, at what price."""

    metric: Metric
    """What is compared."""
    utility: str
    """What is to be kept."""
    attribute: str
    """Protected attribute."""
    group: int
    """Index of the group."""
    reference: int
    """Index of its reference."""
    costs: Costs | None = None
    """Of a loan repaid and not."""
    level: float = 0.95
    """Of every interval."""
    seed: int = 0
    """Of the draws."""

    @property
    def sign(self) -> float:
        """1 where more of the utility is better, -1 where less is."""
        return -1.0 if self.utility in LOWER_IS_BETTER else 1.0


def judged(who: People, trials: Sequence[Trial], ask: Ask) -> tuple[Candidate, ...]:
    """The candidates with every number; the first trial is the baseline."""
    answers = Answers(
        decisions=np.stack([t.decisions for t in trials]),
        scores=np.stack([t.scores for t in trials]),
    )
    drawn = bench(who, answers, seed=ask.seed)
    apart = drawn.disparity(ask.metric, ask.attribute, ask.group, ask.reference)
    gaps = drawn.gap(ask.metric, ask.attribute, ask.group, ask.reference)
    sizes = replace(gaps, value=np.abs(gaps.value), replicates=np.abs(gaps.replicates))
    useful = drawn.measure(ask.utility, ask.costs)
    names = (*MEASURES, *(("profit",) if ask.costs is not None else ()))
    measures = {name: drawn.measure(name, ask.costs).limits(ask.level) for name in names}
    beaten = dominated(apart.value.tolist(), (ask.sign * useful.value).tolist())
    columns: dict[str, list[Any]] = {
        "disparity": apart.limits(ask.level),
        "disparity_change": apart.changes(ask.level),
        "simultaneous": apart.simultaneous(ask.level),
        "gap": gaps.limits(ask.level),
        "gap_change": sizes.changes(ask.level),
        "utility": useful.limits(ask.level),
        "utility_change": useful.changes(ask.level),
    }
    effects = _side_effects(who, drawn, ask)
    out = []
    for i, trial in enumerate(trials):
        rates, estimates = audited(who, trial, ask)
        own: dict[str, Any] = {name: values[i] for name, values in columns.items()}
        out.append(
            replace(
                trial.candidate,
                **own,
                measures={name: values[i] for name, values in measures.items()},
                dominated=beaten[i],
                side_effects=tuple(e[i] for e in effects),
                changed=changed(who, trials[0], trial, ask) if i else None,
                rates=rates,
                estimates=estimates,
            )
        )
    return tuple(_worded(c, out[0], ask) for c in out)


def _side_effects(who: People, drawn: Bench, ask: Ask) -> list[list[dict[str, Any]]]:
    """By other attribute and group with enough rows: each candidate's disparity and its change."""
    found = []
    for name, levels in who.levels.items():
        reference = who.reference[name]
        if reference is None or (name, levels.index(reference)) not in drawn.cells:
            continue
        for i, level in enumerate(levels):
            same = name == ask.attribute and i == ask.group
            if same or level == reference or not who.decides(name, level):
                continue
            if int((who.codes[name] == i).sum()) < FEWEST:
                continue
            apart = drawn.disparity(ask.metric, name, i, levels.index(reference))
            both = zip(apart.limits(ask.level), apart.changes(ask.level), strict=True)
            found.append(
                [
                    {
                        "attribute": name, "group": (level,), "reference": (reference,),
                        "disparity": own.value, "change": c.value, "low": c.low, "high": c.high,
                    }
                    for own, c in both
                ]
            )  # fmt: skip
    return found


FEWEST = 30
"""Rows below which a group is neither judged nor watched."""


def _worded(c: Candidate, baseline: Candidate, ask: Ask) -> Candidate:
    """With its verdict, and why."""
    if c.name == baseline.name:
        return replace(c, verdict="baseline", because="the model as it is")
    change, useful = c.disparity_change, gain(c, ask)
    loses, gains = useful.high < 0, useful.low > 0
    if math.isnan(change.low):
        return replace(c, verdict="no clear change", because="its disparity is undefined here")
    moved = f"{amount(change, ask)} than the baseline"
    if change.low > 0:
        return replace(c, verdict="worse", because=f"less fair: {moved}")
    if change.high < 0:
        if loses:
            return replace(
                c, verdict="fairer at a cost",
                because=f"fairer: {moved}, and {lost(c, ask)}",
            )  # fmt: skip
        return replace(c, verdict="fairer", because=f"fairer: {moved}; {kept(c, ask)}")
    if loses:
        return replace(
            c, verdict="worse",
            because=f"{lost(c, ask)}, and it is not shown to be fairer: {moved}",
        )  # fmt: skip
    more = "; it is more useful" if gains else ""
    return replace(c, verdict="no clear change", because=f"not shown to be fairer: {moved}{more}")


def gain(c: Candidate, ask: Ask) -> Limits:
    """Change of the utility, the higher the better whatever the utility."""
    u = c.utility_change
    return u if ask.sign > 0 else Limits(value=-u.value, low=-u.high, high=-u.low)


NAMES = {"auc": "AUC", "accuracy": "accuracy", "profit": "profit an applicant",
         "default_rate": "default rate of the approved"}  # fmt: skip
"""Utilities in words."""


def amount(change: Limits, ask: Ask) -> str:
    """A change of disparity in words: "6.1 points less apart (3.0 to 9.2)"."""
    side = "less" if change.value < 0 else "more"
    size = f"{100 * abs(change.value):.1f}"
    low, high = sorted((change.low, change.high))
    if change.value < 0:
        low, high = -high, -low
    unit = "points of the ratio" if "ratio" in (ask.metric.contrast or "") else "points"
    return f"{size} {unit} {side} apart ({100 * low:.1f} to {100 * high:.1f})".replace("-", "−")


def _units(value: float, utility: str) -> str:
    shown = f"{100 * value:+.1f} points" if utility != "profit" else f"{value:+.3g}"
    if utility == "auc":
        shown = f"{value:+.4f}"
    return shown.replace("-", "−")


def lost(c: Candidate, ask: Ask) -> str:
    """A utility that is lower beyond chance, in words."""
    u = c.utility_change
    return (
        f"it changes the {NAMES[ask.utility]} by {_units(u.value, ask.utility)} "
        f"({_units(u.low, ask.utility)} to {_units(u.high, ask.utility)})"
    )


def kept(c: Candidate, ask: Ask) -> str:
    """A utility that is not lower beyond chance, in words."""
    u = c.utility_change
    return (
        f"no loss of {NAMES[ask.utility]} is shown ({_units(u.value, ask.utility)}; "
        f"{_units(u.low, ask.utility)} to {_units(u.high, ask.utility)})"
    )


def audited(
    who: People, trial: Trial, ask: Ask
) -> tuple[tuple[Mapping[str, Any], ...], tuple[Mapping[str, Any], ...]]:
    """The decisions tallied and measured like any others: rates by group, and comparisons."""
    from audit.inference.measure import measure
    from audit.inference.reference import references
    from audit.table.intake import read
    from audit.tally.counting import count_rows
    from audit.tally.plan import plan

    roles = who.table.roles
    assert isinstance(who.table.rows, CodedRows)  # people() refused others
    whole = as_pandas(who.table.rows.frame)
    column = "decision"
    while column in whole.columns:
        column += "_"
    table = read(
        whole.assign(**{column: trial.decisions}),
        protected=list(roles.protected),
        decision=column,
        outcome=roles.outcome,
        favorable={"decision": True, "outcome": list(roles.favorable.get("outcome", ()))},
        unfavorable={"outcome": list(roles.unfavorable["outcome"])}
        if roles.unfavorable.get("outcome")
        else None,
        reference=dict(roles.reference) or None,
        bins={k: list(v) for k, v in roles.bins.items()} or None,
        weight=roles.weight,
        count=roles.count,
        cluster=roles.cluster,
    )
    tally = count_rows(table, plan(table, intersections=1))
    chosen = references(tally)
    keys = tuple(dict.fromkeys([*SAID, ask.metric.key]))
    found, _ = measure(tally, chosen, keys, level=ask.level, intersections=1, seed=ask.seed)
    rates: list[dict[str, Any]] = []
    compared: list[dict[str, Any]] = []
    for e in found:
        own = {
            "metric": e.metric, "attribute": e.attribute, "group": e.group,
            "reference": e.reference, "value": e.value, "low": e.low, "high": e.high,
            "rows": e.rows, "method": e.method, "reason": e.reason,
        }  # fmt: skip
        (rates if e.reference is None else compared).append(own)
    return tuple(rates), tuple(compared)


def changed(who: People, before: Trial, after: Trial, ask: Ask) -> dict[str, Any]:
    """Who gains and loses an approval against the baseline, by group of the attribute."""
    from audit.mitigation.change_table import change_table

    rows = who.table.rows
    assert isinstance(rows, CodedRows)  # people() refused others
    found = change_table(
        before.decisions,
        after.decisions,
        who.codes[ask.attribute],
        who.levels[ask.attribute],
        who.kind,
        rows.weight,
        before.scores,
        cutoff_of(before),
        count=rows.count,
        block=rows.codes.get("block"),
        attribute=ask.attribute,
        reference=ask.reference,
        level=ask.level,
    )
    held: dict[str, Any] = plain(found)
    return held


def cutoff_of(trial: Trial) -> float | None:
    """The one cut-off on P(favourable) that a candidate decides by, where it has one."""
    return getattr(getattr(trial.candidate.estimator, "rule", None), "at", None)


def worst_group(
    who: People, decisions: npt.NDArray[np.bool_], metric: Metric, attribute: str | None
) -> tuple[str, int, int]:
    """The attribute, group and reference furthest apart among these people.

    Groups of fewer than 30 rows are left out, and the missing one; raises `InputError` MIT013
    where none is left.
    """
    best: tuple[float, str, int, int] | None = None
    for name in [attribute] if attribute is not None else list(who.codes):
        levels = who.levels[name]
        reference = who.reference[name]
        if reference is None:
            continue
        place, cells = levels.index(reference), cells_of(who, decisions, name)
        for i, level in enumerate(levels):
            if i == place or not who.decides(name, level):
                continue
            if int((who.codes[name] == i).sum()) < FEWEST:
                continue
            apart = float(disparity(metric, cells[i], cells[place]))
            if np.isfinite(apart) and (best is None or apart > best[0]):
                best = (apart, name, i, place)
    if best is None:
        raise InputError(
            "MIT013", f"no group of {FEWEST} rows or more can be compared with its reference",
            argument="attribute" if attribute is not None else "train",
            fix="give more rows, or another protected attribute or reference",
        )  # fmt: skip
    return best[1:]


def cells_of(who: People, decisions: npt.NDArray[np.bool_], attribute: str) -> Floats:
    """Decision × outcome counts of each group, shape (groups, 3, 3)."""
    levels = who.levels[attribute]
    found = of_arrays(np.where(decisions, 0, 1), who.kind, who.codes[attribute],
                      [(level,) for level in levels], who.mass)  # fmt: skip
    return np.asarray(found.w, np.float64)


def group_of(who: People, attribute: str, index: int) -> Group:
    """A group as a tuple of levels."""
    level: Level = who.levels[attribute][index]
    return (level,)
