"""What deserves a look before the numbers are read, and what the data could not answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audit.inference.clusters import FEW_BLOCKS
from audit.inference.measure import Known, known
from audit.inference.reference import Reference, stand_ins
from audit.inference.stack import attribute_tuples, build, proportions
from audit.inference.weights import FEW_EVENTS, effective_events
from audit.metrics.metric import Counts
from audit.metrics.rates import base_rate, selection_rate
from audit.table.roles import Group, Issue
from audit.tally.cube import Cells, Tally, cells

SHOWN = 5
"""Groups named in one message."""


def noticed(
    tally: Tally, chosen: Sequence[Reference], *, intersections: int, min_rows: int
) -> tuple[Issue, ...]:
    """Issues that only the counts show.

    RUN010 selective labels; RUN011 an intersection whose reference cell is too small; RUN012
    fewer than 10 effective events behind a weighted rate; RUN013 rows of a group in fewer than
    30 blocks of repeated applicants; RUN014 groups of fewer than `min_rows` rows.
    """
    state = known(tally)
    out = _selective(tally, state)
    out += _replaced(tally, chosen, intersections, min_rows)
    for name in tally.roles.protected:
        found = cells(tally, (name,))
        if found:
            out += _events(found[0], state) + _blocks(found[0], tally.roles.cluster)
            out += _small(found[0], min_rows)
    return tuple(out)


def _selective(tally: Tally, state: Known) -> list[Issue]:
    if not state.selective:
        return []
    return [
        Issue(
            code="RUN010",
            severity="warning",
            column=tally.roles.outcome,
            message="selective labels: outcomes are known only for approved applicants, so error "
            "rates are undefined and base rates are among the approved",
            fix="read precision and the bounds; collect outcomes of some denied applicants",
        )
    ]


def _replaced(
    tally: Tally, chosen: Sequence[Reference], intersections: int, min_rows: int
) -> list[Issue]:
    out = []
    for attribute in attribute_tuples(tally, intersections):
        pair = stand_ins(tally, attribute, chosen, min_rows=min_rows)
        if pair is None:
            continue
        wanted, used, rows = pair
        name = " × ".join(attribute)
        out.append(
            Issue(
                code="RUN011",
                severity="note",
                column=None,
                message=f"{name}: the reference {_named(wanted)} has {rows:,} rows, fewer than "
                f"{min_rows}; groups are compared with {_named(used)}, the largest",
                fix="declare references whose crossing is large enough",
            )
        )
    return out


def _events(found: Cells, state: Known) -> list[Issue]:
    if found.w is None:
        return []
    share, what = (
        (selection_rate, "approval rate") if state.decision else (base_rate, "outcome rate")
    )
    stack = build([found], (), min_rows=0)
    p = proportions(stack, share)
    events = effective_events(p.x, p.n)
    few = np.flatnonzero((p.rows > 0) & (p.n > 0) & (events < FEW_EVENTS))
    few = few[few < stack.shown]
    return _few(
        "RUN012",
        found,
        [f"{_named(found.groups[i])} ({events[i]:.1f})" for i in few.tolist()],
        f"fewer than {FEW_EVENTS:.0f} effective events behind the weighted {what} of",
        "read its intervals with care: they may be too narrow",
    )


def _blocks(found: Cells, column: str | None) -> list[Issue]:
    if found.blocks is None:
        return []
    filled = (found.blocks.sum(axis=(2, 3)) > 0).sum(axis=0)
    few = np.flatnonzero((Counts(found.n).everyone > 0) & (filled < FEW_BLOCKS))
    return _few(
        "RUN013",
        found,
        [f"{_named(found.groups[i])} ({int(filled[i])})" for i in few.tolist()],
        f"the applicants of {column!r} fill fewer than {FEW_BLOCKS} blocks in",
        "read its intervals with care: a block jackknife needs more applicants",
    )


def _small(found: Cells, min_rows: int) -> list[Issue]:
    rows = Counts(found.n).everyone
    few = np.flatnonzero((rows > 0) & (rows < min_rows))
    return _few(
        "RUN014",
        found,
        [f"{_named(found.groups[i])} ({int(rows[i])})" for i in few.tolist()],
        f"fewer than {min_rows} rows in",
        "read them as exploration: they decide nothing and never pass",
    )


def _few(code: str, found: Cells, names: list[str], text: str, fix: str) -> list[Issue]:
    if not names:
        return []
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    name = found.attribute[0]
    return [
        Issue(
            code=code,
            severity="warning",
            column=name,
            message=f"{name}: {text} {', '.join(names[:SHOWN])}{more}",
            fix=fix,
        )
    ]


def _named(group: Group) -> str:
    words = ["missing" if level is None else repr(level) for level in group]
    return " × ".join(w if len(w) <= 60 else f"{w[:40]}…{w[-19:]}" for w in words)


def absent(tally: Tally, *, intersections: int, scored: bool) -> tuple[str, ...]:
    """What the data or the tally's cubes do not allow, in words."""
    roles, state = tally.roles, known(tally)
    out = []
    if not state.decision:
        decided = roles.decision or roles.decided_by != "none"
        why = (
            "nobody was approved or denied"
            if decided
            else "no decision, cut-off or model was given"
        )
        out.append(f"approval rates: {why}")
    if not state.outcome:
        why = "no outcome is known" if roles.outcome else "no outcome was given"
        out.append(f"error rates and calibration: {why}")
    elif state.selective:
        out.append("error rates: outcomes are known only for the approved (selective labels)")
    if not scored:
        given = roles.score or roles.risk or roles.amount
        out.append(
            f"scores: {'not in the tally’s cubes' if given else 'no score or risk was given'}"
        )
    if roles.cluster is not None:
        rest = [
            *(["intersections"] if intersections > 1 and len(roles.protected) > 1 else []),
            *(["strata"] if roles.strata else []),
            *(["stages"] if roles.stages else []),
            *(["score metrics other than means and their differences"] if scored else []),
        ]
        if rest:
            out.append(
                f"repeated applicants: intervals of {', '.join(rest)} take rows as independent"
            )
    return tuple(out)
