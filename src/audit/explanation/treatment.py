"""Whether an attribute itself enters a model, and whether changing it alone moves decisions.

    treatment_of(found, people, *, strengths=(), gaps=(), seed=0, level=0.95)
        -> tuple[Treatment, ...]                    found: `Scored` or None; people: `Applicants`

The flip test sets the attribute to each of its levels on rows that have another, holds the rest,
and counts decisions that change. Decisions are the table's: its cut-off where the scores are this
model's, `predict` where that decides, else the model's scores cut where they approve as many as
the table does; without any decision, scores that change by more than rounding are counted, and
the statement says which. A level is set by lending the value of a row that has it (of a binned
attribute: the row at the bin's median), so that dtypes and categories stay what they are. At most
20,000 rows are tried, seeded. A near-copy cannot be flipped: what else would have changed with it
is not known. Nothing here is a finding of law: disparate treatment and impact are named as what
was seen in these rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.explanation.applicants import Applicants
from audit.explanation.hybrids import lent
from audit.explanation.proxies import near_copies
from audit.explanation.record import Flip, Gap, Proxy, Treatment
from audit.explanation.sampling import at_most
from audit.explanation.scored import Scored
from audit.inference.checks import critical
from audit.inference.intervals import difference_interval, rate_interval
from audit.table import encode
from audit.table.columns import floats
from audit.table.model import answer, favors
from audit.table.roles import Level
from audit.table.wording import listed, shown

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ROWS = 20_000
"""Rows tried for one level, at most."""
LEVELS = 12
"""Levels tried: the most frequent."""
MOVED = 1e-6
"""Change of a score, against the larger of 1 and its size, that is more than rounding."""
FEWEST = 20
"""Rows of a group below which its decisions do not speak of impact."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """What is compared before and after a flip."""

    decide: Callable[[Any], Mask] | None
    """narwhals rows -> approved; None where only scores are compared."""
    words: str
    """What that is."""
    accept: Callable[[Floats], Mask] | None = None
    """The same of scores, where scores decide."""


def treatment_of(
    found: Scored | None,
    people: Applicants,
    *,
    strengths: Sequence[Proxy] = (),
    gaps: Sequence[Gap] = (),
    seed: int = 0,
    level: float = 0.95,
) -> tuple[Treatment, ...]:
    """One `Treatment` a protected attribute: input or not, flips, impact, and the two in words.

    Impact is a gap in mean score (`gaps`) or in the table's decisions that chance would not make,
    at `level` shared among the groups compared. Raises what the model raises (TBL122 on).
    """
    rule = None if found is None else rule_of(found, people)
    return tuple(
        _treated(name, found, rule, people, strengths, gaps, seed, level) for name in people.codes
    )


def rule_of(found: Scored, people: Applicants) -> Rule:
    """How the table decides, as a function of the model's inputs."""
    roles = people.table.roles
    if roles.decided_by == "predict" or (
        roles.decided_by == "none" and hasattr(found.model, "classes_")
    ):
        good = people.favorable[0] if people.favorable else ()

        def predicted(rows: Any) -> Mask:
            values = answer(found.model.predict, rows, found.name, len(rows), "predict")
            return favors(values.tolist(), good)

        return Rule(decide=predicted, words="the model's own predict")
    score = people.held.score
    if roles.cutoff is not None and score is not None:
        own = 1 - found.answers if roles.risk is not None else found.answers
        if np.allclose(own, score, rtol=1e-6, atol=1e-6, equal_nan=False):
            cutoff = float(roles.cutoff)
            below = roles.risk is not None

            def accept(scores: Floats) -> Mask:
                return np.asarray(1 - scores < cutoff if below else scores >= cutoff)

            return Rule(
                decide=lambda rows: accept(found.ask(rows)),
                words=f"the table's cut-off {cutoff:g}",
                accept=accept,
            )
    approved = _approval_rate(people)
    if approved is None:
        return Rule(decide=None, words="scores, since nothing here decides")
    line = float(np.quantile(found.answers, 1 - approved, method="higher"))
    return Rule(
        decide=lambda rows: np.asarray(found.ask(rows) >= line),
        words=f"the model's scores, cut to approve {100 * approved:.1f} % as the table does",
        accept=lambda scores: np.asarray(scores >= line),
    )


def approved_by(rule: Rule, found: Scored, people: Applicants) -> Mask:
    """Whom the rule approves; the model is asked again only where it is not its scores that decide.

    For rules that decide.
    """
    if rule.accept is not None:
        return rule.accept(found.answers)
    assert rule.decide is not None
    return rule.decide(people.frame)


def _approval_rate(people: Applicants) -> float | None:
    codes = people.held.codes.get("decision")
    if codes is None:
        return None
    mass = people.mass
    decided, approved = mass[codes <= 1].sum(), mass[codes == 0].sum()
    return float(approved / decided) if 0 < approved < decided else None


def _treated(
    name: str,
    found: Scored | None,
    rule: Rule | None,
    people: Applicants,
    strengths: Sequence[Proxy],
    gaps: Sequence[Gap],
    seed: int,
    level: float,
) -> Treatment:
    inputs = [column for column in people.columns_of(name) if column in people.features]
    copies = tuple(c for c in near_copies(strengths, name) if c not in inputs)
    flips: tuple[Flip, ...] = ()
    if inputs and found is not None and rule is not None:
        flips = tuple(
            flip
            for column in inputs
            for flip in _flips(name, column, found, rule, people, seed, level)
        )
    impact = impact_of(name, people, gaps, level)
    return Treatment(
        attribute=name,
        is_input=bool(inputs),
        copies=copies,
        flips=flips,
        impact=impact,
        statement=statement(name, bool(inputs), copies, flips, impact, rule),
    )


# --- flips ----------------------------------------------------------------------------------


def _flips(
    name: str,
    column: str,
    found: Scored,
    rule: Rule,
    people: Applicants,
    seed: int,
    level: float,
) -> list[Flip]:
    codes, levels = _own_levels(name, column, people)
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    tried = [int(i) for i in np.argsort(-counts, kind="stable")[:LEVELS] if counts[i]]
    binned = name in people.table.roles.bins
    values = floats(people.frame.get_column(column)) if binned else None
    flips = []
    for code in sorted(tried):
        rows = np.flatnonzero((codes != code) & (codes >= 0))
        if not len(rows):
            continue
        rows = at_most(rows, ROWS, (seed, 5))
        lender = _lender(np.flatnonzero(codes == code), values)
        before = people.frame[rows]
        after = lent(people.frame, before, column, lender)
        told = _value(people.frame.get_column(column), lender) if binned else levels[code]
        changed, favored = _compared(found, rule, before, after)
        low, high = rate_interval(changed, len(rows), level)
        flips.append(
            Flip(
                changes={column: told},
                rows=len(rows),
                changed=changed,
                favored=favored,
                share=changed / len(rows),
                low=float(low),
                high=float(high),
            )
        )
    return flips


def _own_levels(name: str, column: str, people: Applicants) -> tuple[Ints, list[Level]]:
    """Level of each row, −1 where missing, and the levels."""
    if column != name:  # a membership: the column's own values
        looked = encode.look(people.frame.get_column(column), column)
        levels = list(looked.values)
        codes = looked.handle.astype(np.int64)
    else:
        levels, codes = list(people.levels[name]), people.codes[name].copy()
    if None in levels:
        codes = np.where(codes == levels.index(None), -1, codes)
    return codes, levels


def _lender(rows: Ints, values: Floats | None) -> int:
    """The row whose value is lent: the first, or of a bin the one at its (lower) median."""
    if values is None:
        return int(rows[0])
    known = rows[~np.isnan(values[rows])]
    order = known[np.argsort(values[known], kind="stable")]
    return int(order[(len(order) - 1) // 2]) if len(order) else int(rows[0])


def _value(column: Any, row: int) -> Any:
    value = column[row]
    return value.item() if hasattr(value, "item") else value


def _compared(found: Scored, rule: Rule, before: Any, after: Any) -> tuple[int, int]:
    """Rows whose decision (or score) changed, and those of them that became favourable."""
    if rule.decide is None:
        was, now = found.ask(before), found.ask(after)
        moved = np.abs(now - was) > MOVED * np.maximum(1, np.abs(was))
        return int(moved.sum()), int((moved & (now > was)).sum())
    approved, then = rule.decide(before), rule.decide(after)
    return int((approved != then).sum()), int((~approved & then).sum())


# --- impact and words -----------------------------------------------------------------------


def impact_of(
    name: str, people: Applicants, gaps: Sequence[Gap] = (), level: float = 0.95
) -> bool | None:
    """Whether scores or decisions differ between a group and its reference beyond chance.

    None where neither can be judged: no gaps with an interval, and fewer than 20 decisions in a
    group. Each side of the question shares 1 − level among its comparisons (Bonferroni).
    """
    answers = []
    own = [g for g in gaps if g.attribute == (name,) and g.low == g.low]
    if own:
        wider = float(critical(1 - (1 - level) / len(own)) / critical(level))
        answers += [abs(g.value) > wider * (g.high - g.low) / 2 for g in own]
    counts = _decisions(name, people)
    if counts is not None:
        x, n, x_ref, n_ref = counts
        low, high = difference_interval(x, n, x_ref, n_ref, 1 - (1 - level) / len(x))
        answers += [bool(b) for b in (low > 0) | (high < 0)]
    return any(answers) if answers else None


def _decisions(name: str, people: Applicants) -> tuple[Floats, Floats, float, float] | None:
    codes = people.held.codes.get("decision")
    reference = people.reference.get(name)
    levels = people.levels[name]
    if codes is None or reference is None:
        return None
    # a weighted rate has no count; the rows themselves still say whether decisions differ
    mass = np.ones(people.size) if people.count is None else people.count
    own = people.codes[name]
    n: Floats = np.bincount(own, mass * (codes <= 1), len(levels)).astype(np.float64)
    x: Floats = np.bincount(own, mass * (codes == 0), len(levels)).astype(np.float64)
    at = levels.index(reference)
    judged = [i for i, v in enumerate(levels) if v is not None and i != at and n[i] >= FEWEST]
    if n[at] < FEWEST or not judged:
        return None
    return x[judged], n[judged], float(x[at]), float(n[at])


def statement(
    name: str,
    is_input: bool,
    copies: Sequence[str],
    flips: Sequence[Flip],
    impact: bool | None,
    rule: Rule | None,
) -> str:
    """Treatment and impact in words; "not seen" is no proof that there is none.

    >>> statement("sex", False, (), (), True, None)[:59]
    'Impact without treatment seen: groups of sex are scored or '
    """
    what = "scores" if rule is None or rule.decide is None else "decisions"
    moved = [f for f in flips if f.changed]
    treated = bool(moved) or bool(copies)
    if is_input and moved:
        most = max(moved, key=lambda f: f.share)
        to = ", ".join(f"{k} to {shown(v)}" for k, v in most.changes.items())
        how = (
            f"setting {to} and nothing else changes {most.changed:,} of {most.rows:,} {what} "
            f"({100 * most.share:.1f} %, interval {100 * most.low:.1f} to {100 * most.high:.1f} %)"
            f", {most.favored:,} of them for the better"
        )
    elif is_input and flips:
        how = f"{name} is an input, and changing it alone changed no {what[:-1]} that was tried"
    elif is_input:
        how = f"{name} is an input; no other level could be tried"
    else:
        how = f"{name} is not an input"
    if copies:
        how += (
            f"; {listed(list(copies))} tells {name} almost without error, which is nearly the same "
            "as giving it, and a near-copy cannot be flipped by itself"
        )
    if rule is not None and flips:
        how += f" (decided by {rule.words})" if rule.decide is not None else f" ({rule.words})"
    gap = {
        True: f"groups of {name} are scored or decided differently beyond chance",
        False: f"no gap between groups of {name} beyond chance was seen",
        None: f"whether groups of {name} fare differently could not be judged",
    }[impact]
    if impact is None:
        head = "Treatment seen" if treated else "Treatment not seen"
    elif impact:
        head = "Impact and treatment seen" if treated else "Impact without treatment seen"
    else:
        head = "Treatment without impact seen" if treated else "Neither treatment nor impact seen"
    text = f"{head}: {gap}; {how}."
    if impact and not treated and not is_input:
        text += " Other features carry the gap; leaving the attribute out does not close it."
    return text


__all__ = ["Rule", "approved_by", "impact_of", "rule_of", "statement", "treatment_of"]
