"""Explanations and decompositions as the plain values that an audit's record holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.errors import InputError
from audit.table.roles import Roles


def attached(
    before: Mapping[str, Any] | None,
    explanation: Any,
    decomposition: Any,
    *,
    roles: Roles,
    rows: int,
) -> Mapping[str, Any] | None:
    """What was attached before, with these in place of their like; None where nothing is.

    `roles` and `rows` are the audit's. Raises `InputError` RUN020 for anything that
    `audit.explain` or `audit.decompose` did not return, RUN021 for what they found in other data.
    """
    from audit.explanation.decomposition import Decomposition
    from audit.explanation.record import Explanation
    from audit.table.json_values import plain

    held = dict(before or {})
    if explanation is not None:
        if not isinstance(explanation, Explanation):
            raise _strange(explanation, "explanation", "audit.explain")
        if explanation.attribute not in roles.protected:
            raise _other("explanation", f"it is about {explanation.attribute!r}, not audited here")
        if roles.count is None and explanation.size != rows:
            raise _other("explanation", f"it has {explanation.size:,} rows, the audit {rows:,}")
        kept = held.get("decomposition")
        held = _without_rows(explanation.to_dict())
        if kept is not None:
            held["decomposition"] = kept
    if decomposition is not None:
        several = decomposition if isinstance(decomposition, list | tuple) else [decomposition]
        for one in several:
            if not isinstance(one, Decomposition):
                raise _strange(one, "decomposition", "audit.decompose")
            if one.attribute not in roles.protected:
                raise _other("decomposition", f"it is about {one.attribute!r}, not audited here")
            if one.column not in _columns(roles):
                raise _other("decomposition", f"it splits {one.column!r}, not audited here")
        held["decomposition"] = [plain(one.to_dict()) for one in several]
    return held or None


def _columns(roles: Roles) -> set[str | None]:
    return {roles.decision, roles.outcome, roles.score, roles.risk, *roles.amount, *roles.stages}


def _other(argument: str, why: str) -> InputError:
    return InputError(
        "RUN021",
        f"this was found in other data: {why}",
        argument=argument,
        fix="explain the table that was audited",
    )


def _without_rows(found: Mapping[str, Any]) -> dict[str, Any]:
    """The explanation without what it says of single applicants: a report holds no rows."""
    more = dict(found["more"])
    if more.get("recourse"):
        more["recourse"] = {k: v for k, v in more["recourse"].items() if k != "rows"}
    return {**found, "more": more}


def _strange(given: Any, argument: str, verb: str) -> InputError:
    return InputError(
        "RUN020",
        f"a {type(given).__name__} cannot be attached here",
        argument=argument,
        fix=f"give what {verb} returned",
    )
