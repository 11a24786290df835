"""Whether a model's scores rank what is known the way they are said to."""

from __future__ import annotations

import numpy as np

from audit.errors import DataWarning, InputError, tell
from audit.explanation.applicants import Applicants
from audit.explanation.scored import Scored

FEWEST = 30
"""Rows of either side below which nothing is said."""
ROWS = 50_000
"""Rows looked at, at most."""


def check_direction(found: Scored, people: Applicants, level: float) -> tuple[str, ...]:
    """A note where scores rank the known outcomes backwards, beyond chance.

    A score that favours those who did not repay was fitted on something else, or its favourable
    value is the other one: every gap would have its sign turned. Where only decisions say which
    class is favourable, and they go against the scores, nothing is explained. Raises `InputError`
    EXP009 there; warns EXP022 for outcomes.
    """
    if not found.oriented:
        return ()
    coded = people.held.codes
    part = "outcome" if "outcome" in coded else "decision"
    if part == "decision" and people.table.roles.decided_by != "decision":
        return ()
    codes = coded.get(part)
    if codes is None:
        return ()
    known = np.flatnonzero(codes <= 1)[:ROWS]
    good = codes[known] == 0
    if min(int(good.sum()), int((~good).sum())) < FEWEST:
        return ()
    from audit.explanation.telling import strength

    backwards = strength(-found.answers[known], good, level)
    if not backwards.low > 0.5:
        return ()
    said = f"AUC {1 - backwards.value:.2f} for the favourable {part}s, where 0.5 is chance"
    if part == "decision":
        raise InputError(
            "EXP009",
            f"{found.name}'s scores go against the decisions they were turned by ({said})",
            argument="favorable",
            fix='say what it predicts: outcome=... with favorable={"outcome": ...}, or the other '
            "value of the decision",
        )
    text = (
        f"the scores of {found.name} rank outcomes backwards ({said}): was it fitted on another "
        "column, or is the other value the favourable one?"
    )
    tell(DataWarning(text, "EXP022"))
    return (text,)
