"""The arguments of `read`, checked against the columns that are there and put in one form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit.errors import InputError
from audit.table.memberships import separated
from audit.table.wording import listed, nearest, shown, suggestion

Told = Mapping[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the caller asked for, in tuples; values are not yet read in their column's type."""

    protected: tuple[str, ...]
    overlapping: Mapping[str, tuple[tuple[str, str], ...]]
    """Attributes told by membership: (group, column), in order."""
    decision: str | None
    outcome: str | None
    score: str | None
    risk: str | None
    cutoff: float | None
    approval_rate: float | None
    favorable: Told
    """By "decision", "outcome" or "stage:<name>"; a value told for all stands under "*"."""
    unfavorable: Told
    levels: tuple[Any, ...]
    """Every value of the decision in order, where declared."""
    reference: Mapping[str, Any]
    bins: Mapping[str, tuple[float, ...]]
    amount: Mapping[str, str]
    strata: tuple[str, ...]
    weight: str | None
    count: str | None
    cluster: str | None
    id: str | None
    time: str | None
    features: tuple[str, ...]
    stages: tuple[str, ...]
    missing: str

    @property
    def plain(self) -> tuple[str, ...]:
        """Protected attributes that are a column each."""
        return tuple(n for n in self.protected if n not in self.overlapping)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that says who is in which group."""
        members = [column for groups in self.overlapping.values() for _, column in groups]
        return (*self.plain, *members)

    @property
    def number(self) -> str | None:
        """The score or risk column."""
        return self.score if self.score is not None else self.risk


def names(argument: str, given: object) -> tuple[str, ...]:
    """One column name or several, as a tuple without repeats."""
    if given is None:
        return ()
    if isinstance(given, str):
        return (given,)
    if isinstance(given, Mapping):
        raise _not_a_name(argument, given)
    if not isinstance(given, Iterable) or getattr(given, "ndim", 1) != 1:
        raise _not_a_name(argument, given)
    found = tuple(given)
    for name in found:
        if not isinstance(name, str):
            raise _not_a_name(argument, name)
    if len(set(found)) < len(found):
        twice = next(n for n in found if found.count(n) > 1)
        raise InputError(
            "TBL004", f"{shown(twice)} is named twice", argument=argument, fix="name it once"
        )
    return found


def _name(argument: str, given: object) -> str | None:
    if given is None or isinstance(given, str):
        return given
    raise _not_a_name(argument, given)


def _not_a_name(argument: str, given: object) -> InputError:
    kind = type(given).__name__
    return InputError(
        "TBL005",
        f"expected a column name, got a {kind}",
        argument=argument,
        fix="put the values in the source as a column and give its name",
    )


def _values(argument: str, given: object) -> tuple[Any, ...]:
    if given is None:
        return ()
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        return (given,)
    return tuple(given) if getattr(given, "ndim", 1) == 1 else (given,)


def told(
    argument: str,
    given: object,
    *,
    decision: str | None,
    outcome: str | None,
    stages: Sequence[str],
) -> dict[str, tuple[Any, ...]]:
    """Values by part. Keys may be "decision", "outcome", or the column's own name.

    >>> told("favorable", {"decision": ["approve"], "repaid": 1}, decision="d", outcome="repaid",
    ...      stages=())
    {'decision': ('approve',), 'outcome': (1,)}
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        return {"*": _values(argument, given)}
    parts = {"decision": "decision", "outcome": "outcome"}
    parts |= {name: f"stage:{name}" for name in stages}
    if outcome is not None:
        parts.setdefault(outcome, "outcome")
    if decision is not None:
        parts.setdefault(decision, "decision")
    found: dict[str, tuple[Any, ...]] = {}
    for key, value in given.items():
        if key not in parts:
            raise InputError(
                "TBL005",
                f"{shown(key)} is no part",
                argument=argument,
                fix=suggestion(key, list(parts)),
            )
        found[parts[key]] = _values(argument, value)
    return found


def _levels(given: object, decision: str | None) -> tuple[Any, ...]:
    """Every value of the decision, as declared; () where it was not."""
    if given is None:
        return ()
    found = _values("levels", given)
    fix = "name every value of the decision, in order, such as levels=['A', 'B', 'C']"
    if decision is None:
        raise InputError(
            "TBL029",
            "levels are told for the decision, and no decision column is given",
            argument="levels",
            fix="name the column: decision=, or leave levels out",
        )
    if isinstance(given, Mapping) or len(found) < 2 or any(v is None for v in found):
        raise InputError("TBL005", "expected two values or more", argument="levels", fix=fix)
    twice = [v for i, v in enumerate(found) if v in found[:i]]
    if twice:
        raise InputError(
            "TBL005", f"{shown(twice[0])} is named twice", argument="levels", fix="name it once"
        )
    return found


def _mapping(argument: str, given: object) -> Mapping[str, Any]:
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return given
    raise InputError(
        "TBL005",
        f"expected a dict by column, got a {type(given).__name__}",
        argument=argument,
        fix="for example {'age': ...}",
    )


def _real(argument: str, given: object) -> float | None:
    import math
    import numbers

    if given is None:
        return None
    known = isinstance(given, numbers.Real) and not isinstance(given, bool)
    try:
        value = float(given) if known else math.nan  # type: ignore[arg-type]
    except OverflowError:
        value = math.nan
    if math.isnan(value):
        raise InputError(
            "TBL005",
            f"expected a number, got {shown(given)}",
            argument=argument,
            fix="give an ordinary number",
        )
    return value


def ask(columns: Sequence[str], **given: Any) -> Asked:
    """Check every argument against `columns`; raises `InputError` naming the first fault."""
    stages = names("stages", given["stages"])
    decision, outcome = _name("decision", given["decision"]), _name("outcome", given["outcome"])
    amount = dict(_mapping("amount", given["amount"]))
    reference = given["reference"]
    attributes, overlapping = separated(given["protected"])
    protected = names("protected", attributes)
    if reference is not None and not isinstance(reference, Mapping) and len(protected) == 1:
        reference = {protected[0]: reference}
    parts = {"decision": decision, "outcome": outcome, "stages": stages}
    asked = Asked(
        protected=protected,
        overlapping=overlapping,
        decision=decision,
        outcome=outcome,
        score=_name("score", given["score"]),
        risk=_name("risk", given["risk"]),
        cutoff=_real("cutoff", given["cutoff"]),
        approval_rate=_real("approval_rate", given["approval_rate"]),
        favorable=told("favorable", given["favorable"], **parts),  # type: ignore[arg-type]
        unfavorable=told("unfavorable", given["unfavorable"], **parts),  # type: ignore[arg-type]
        levels=_levels(given.get("levels"), decision),
        reference=dict(_mapping("reference", reference)),
        bins=dict(_mapping("bins", given["bins"])),
        amount=amount,
        strata=names("strata", given["strata"]),
        weight=_name("weight", given["weight"]),
        count=_name("count", given["count"]),
        cluster=_name("cluster", given["cluster"]),
        id=_name("id", given["id"]),
        time=_name("time", given["time"]),
        features=names("features", given["features"]),
        stages=stages,
        missing=given["missing"],
    )
    _check_columns(asked, columns)
    _check_parts(asked)
    return asked


def _check_columns(asked: Asked, columns: Sequence[str]) -> None:
    if not asked.protected:
        raise InputError(
            "TBL005",
            "no protected attribute is named",
            argument="protected",
            fix=f"name the columns whose groups are compared; it has {listed(columns, 8)}",
        )
    known = set(columns)
    single = ("decision", "outcome", "score", "risk", "weight", "count", "cluster", "id", "time")
    wanted = [("protected", n) for n in asked.columns]
    wanted += [(a, getattr(asked, a)) for a in single if getattr(asked, a) is not None]
    for argument in ("strata", "stages", "features", "amount"):
        wanted += [(argument, n) for n in getattr(asked, argument)]
    for argument, name in wanted:
        if name not in known:
            raise unknown_column(argument, name, columns)
    for argument, keys, allowed in (
        ("reference", asked.reference, asked.protected),
        ("bins", asked.bins, (*asked.plain, *asked.strata)),
    ):
        for key in keys:
            if key not in allowed:
                where = "is not a protected attribute" + (
                    " or stratum" if argument == "bins" else ""
                )
                raise InputError(
                    "TBL005",
                    f"{shown(key)} {where}",
                    argument=argument,
                    fix=suggestion(key, list(allowed)),
                )


def unknown_column(argument: str, name: str, columns: Sequence[str]) -> InputError:
    """The error for a column that is not there."""
    close = nearest(name, columns)
    fix = f"did you mean {shown(close)}?" if close else f"it has {listed(columns, 8)}"
    return InputError("TBL001", f"no column {shown(name)}", argument=argument, fix=fix)


def _check_parts(asked: Asked) -> None:
    playing: dict[str, str] = {}
    single = ("decision", "outcome", "score", "risk", "weight", "count")
    parts = [(a, getattr(asked, a)) for a in single if getattr(asked, a) is not None]
    parts += [("protected", n) for n in asked.columns]
    parts += [("strata", n) for n in asked.strata]
    for part, name in parts:
        if name in playing:
            raise InputError(
                "TBL004",
                f"{shown(name)} is given as {playing[name]} too",
                argument=part,
                fix="give each column one part",
            )
        playing[name] = part
    for stage in asked.stages:
        if playing.get(stage, "decision") != "decision":
            raise InputError(
                "TBL004",
                f"{shown(stage)} is given as {playing[stage]} too",
                argument="stages",
                fix="give each column one part",
            )
    _check_rule(asked)
    if not isinstance(asked.missing, str) or asked.missing not in ("group", "error"):
        raise InputError(
            "TBL005",
            f"{shown(asked.missing)} is neither 'group' nor 'error'",
            argument="missing",
            fix="missing groups are kept ('group') or refused ('error'); rows are never dropped",
        )
    for column, direction in asked.amount.items():
        if not isinstance(direction, str) or direction not in ("higher", "lower"):
            raise InputError(
                "TBL005",
                f"{shown(direction)} is no direction for {shown(column)}",
                argument="amount",
                fix="say which favours the applicant: 'higher' or 'lower'",
            )


def _check_rule(asked: Asked) -> None:
    """Decision, score, risk, cutoff and approval_rate must agree on who decides."""

    def clash(argument: str, message: str, fix: str) -> InputError:
        return InputError("TBL029", message, argument=argument, fix=fix)

    if asked.score is not None and asked.risk is not None:
        raise clash("risk", "score and risk are both given", "give the one behind the decision")
    if asked.cutoff is not None and asked.approval_rate is not None:
        raise clash("approval_rate", "cutoff and approval_rate are both given", "give one of them")
    rule = "cutoff" if asked.cutoff is not None else "approval_rate"
    if asked.cutoff is None and asked.approval_rate is None:
        return
    if asked.decision is not None or asked.stages:
        by = "decision" if asked.decision is not None else "stages"
        raise clash(rule, f"{by} and {rule} are both given", f"leave out {rule}, or leave out {by}")
    # a model is to be trained on these rows
    awaited = asked.outcome is not None and bool(asked.features)
    if asked.number is None and not awaited:
        raise clash(rule, f"{rule} needs a score or a risk", "name its column: score= or risk=")
    if asked.approval_rate is not None and not 0 < asked.approval_rate <= 1:
        raise InputError(
            "TBL031",
            f"{shown(asked.approval_rate)} is not a share",
            argument="approval_rate",
            fix="give a number above 0 and up to 1, such as 0.6",
        )
