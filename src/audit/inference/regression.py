"""Gaps in an amount once controls are held equal: least squares with robust errors."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from audit.errors import InputError
from audit.inference.checks import Floats, one_level
from audit.inference.estimate import NAN
from audit.table.roles import Group, Level

if TYPE_CHECKING:
    from audit.table.design import Design

ERRORS = ("HC1", "HC3")
LARGEST = 1e100
"""Amounts beyond it cannot be squared and summed."""
SMALL = 1e-9
"""Share of the largest eigenvalue below which a direction of the design is empty."""
PERFECT = 1e-12
"""Share of the largest distance from the mean below which an error is rounding."""
LAST = 1e-14
"""Share of the largest amount below which one is: of amounts that are all alike."""
CANCELLED = 1e-10
"""Share of an error's own terms below which what is left of them is rounding."""

COLLINEAR = "the controls tell the group, so no gap is left to compare"
FEW = "fewer than two complete rows in the group or its reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustedGap:
    """A group's mean amount less its reference's, as it is and with controls held equal."""

    attribute: tuple[str, ...]
    """The protected attribute."""
    group: Group
    """The group."""
    reference: Group
    """The reference."""
    column: str
    """The amount."""
    raw: float
    """Difference of means on the same complete rows, nothing held equal."""
    raw_low: float
    """Its lower limit."""
    raw_high: float
    """Its upper limit."""
    value: float
    """The adjusted gap; nan where undefined."""
    low: float
    """Its lower limit."""
    high: float
    """Its upper limit."""
    p_value: float
    """Two-sided, against no adjusted gap; not adjusted for several groups."""
    rows: int
    """Complete rows of the group."""
    reference_rows: int
    """Complete rows of the reference."""
    reason: str | None = None
    """Why it is undefined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """What `audit.regress` found."""

    column: str
    """The amount explained."""
    controls: tuple[str, ...]
    """Columns held equal."""
    gaps: tuple[AdjustedGap, ...]
    """One a group that is not its attribute's reference."""
    rows: int
    """Complete rows."""
    rows_total: int
    """All rows."""
    incomplete: Mapping[str, int]
    """Rows that lack a value, by column."""
    method: str
    """How the errors were made."""
    level: float
    """Confidence level."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `pandas.DataFrame(found.to_dict()["gaps"])` has one row a gap."""
        return {
            "column": self.column,
            "controls": list(self.controls),
            "gaps": [asdict(gap) for gap in self.gaps],
            "rows": self.rows,
            "rows_total": self.rows_total,
            "incomplete": dict(self.incomplete),
            "method": self.method,
            "level": self.level,
        }


def regress(
    source: Any,
    *,
    amount: str | Mapping[str, str] | None = None,
    controls: Sequence[str] = (),
    categorical: Sequence[str] = (),
    attribute: str | None = None,
    errors: str = "HC3",
    level: float = 0.95,
    **roles: Any,
) -> Regression:
    """Gaps in an amount with controls held equal, beside the raw ones on the same rows.

    Ordinary least squares of the amount on a column for each group but the reference, and on
    `controls`: numbers as they are, anything else (strata, and numbers named in `categorical`) a
    column a value. Errors are robust to unequal spread: HC3, or HC1 on request (MacKinnon &
    White, J. Econometrics 29, 1985, 305-325); CR1 by applicant where `cluster` is given (Liang &
    Zeger, Biometrika 73, 1986, 13-22). Student's t on n - k, or applicants - 1. Sampling weights
    weight the squares, frequencies repeat the rows. Rows that lack a value are counted and stay
    out. A control that is itself a product of unequal treatment hides a gap: choose with care.

    `source` is a table or anything `audit.read` takes, with its arguments; `amount` names the
    amount, score or risk (the only one unless told); `attribute` one protected attribute (all
    unless told, each in a regression of its own).

    Raises `InputError` INF020 (arguments), TBL044 (a control that cannot be one, rows in an
    engine), and what `audit.read` raises.

    >>> loans = {"sex": list("ffffmmmm"), "rate": [5, 6, 7, 8.5, 3, 4, 5, 6],
    ...          "term": [3, 4, 5, 6, 1, 2, 3, 4]}
    >>> found = regress(loans, protected="sex", amount={"rate": "lower"}, controls=["term"],
    ...                 reference={"sex": "m"})
    >>> round(found.gaps[0].raw, 3), round(found.gaps[0].value, 3), found.rows
    (2.125, -0.025, 8)
    """
    from audit.table.rows import Table

    level = one_level(level)
    if not isinstance(errors, str) or errors not in ERRORS:
        raise InputError(
            "INF020", f"{errors!r} is no kind of errors", argument="errors", fix="HC3 or HC1"
        )
    table = _table(source, amount, roles)
    assert isinstance(table, Table)  # for the type checker
    column = _column(table.roles, amount)
    names = [attribute] if attribute is not None else _one_group_each(table.roles)
    from audit.table.arguments import names as listed

    held, forced = listed("controls", controls), listed("categorical", categorical)
    if strange := [n for n in forced if n not in held]:
        raise InputError(
            "INF020",
            f"{strange[0]!r} is not among the controls",
            argument="categorical",
            fix="name it in controls too",
        )
    return adjusted(table, column, names, held, errors=errors, level=level, categorical=forced)


def _table(source: Any, amount: Any, roles: dict[str, Any]) -> Any:
    from audit.table.intake import read
    from audit.table.keywords import check_keywords, refuse_roles
    from audit.table.rows import Table

    if isinstance(source, Table):
        refuse_roles(roles, "a table")
        return source
    if isinstance(amount, Mapping):
        roles = {**roles, "amount": amount}
    check_keywords(roles, ("controls", "categorical", "attribute", "errors", "level", "amount"))
    return read(source, **roles)


def _column(roles: Any, amount: Any) -> str:
    if isinstance(amount, str):
        return str(amount)
    given = amount if isinstance(amount, Mapping) else roles.amount
    several = [*given, *(c for c in (roles.score, roles.risk) if c is not None and not given)]
    if len(several) != 1:
        raise InputError(
            "INF020",
            "which amount is explained is not said" if not several else
            f"{len(several)} amounts, and one is explained at a time",
            argument="amount",
            fix='name one: amount="rate"' if several else 'for example amount={"rate": "lower"}',
        )  # fmt: skip
    return str(several[0])


def adjusted(
    table: Any,
    column: str,
    attributes: Sequence[str],
    controls: Sequence[str],
    *,
    errors: str = "HC3",
    level: float = 0.95,
    categorical: Sequence[str] = (),
    references: Mapping[str, Level] | None = None,
) -> Regression:
    """The gaps of a table's attributes, each in a regression of its own; see `regress`."""
    from audit.table.design import design

    gaps: list[AdjustedGap] = []
    complete, total, incomplete, method = 0, 0, {}, errors
    for name in attributes:
        d = design(table, column, name, controls, categorical)
        if len(d.amount) and np.abs(d.amount).max() > LARGEST:
            raise InputError(
                "INF020",
                f"an amount in {column!r} is beyond 1e100, which has no squares to sum",
                argument="amount",
                fix="express it in larger units, or leave such rows out with where",
            )
        held = _rows(d)
        complete, total = int(held.sum()), d.rows
        incomplete = dict(d.incomplete)
        method = f"least squares, {'CR1 by applicant' if d.cluster is not None else errors}"
        chosen = _reference(table, name, d.levels, held, references or {})
        if chosen is None:
            continue
        raw = _fit(d, chosen, errors, level, controls=False)
        fitted = _fit(d, chosen, errors, level, controls=True)
        others = [i for i in range(len(d.levels)) if i != chosen]
        for place, i in enumerate(others, start=1):
            few = min(held[i], held[chosen]) < 2
            value, low, high, p = (NAN,) * 4 if few else fitted(place)
            gaps.append(
                AdjustedGap(
                    attribute=(name,),
                    group=(d.levels[i],),
                    reference=(d.levels[chosen],),
                    column=column,
                    **dict(
                        zip(
                            ("raw", "raw_low", "raw_high"),
                            (NAN,) * 3 if few else raw(place)[:3],
                            strict=True,
                        )
                    ),
                    value=value,
                    low=low,
                    high=high,
                    p_value=p,
                    rows=int(held[i]),
                    reference_rows=int(held[chosen]),
                    reason=FEW if few else COLLINEAR if math.isnan(value) else None,
                )
            )
    return Regression(
        column=column,
        controls=tuple(controls),
        gaps=tuple(gaps),
        rows=complete,
        rows_total=total,
        incomplete=incomplete,
        method=method,
        level=level,
    )


def adjusted_by_strata(
    table: Any, references: Mapping[str, Level], level: float
) -> tuple[list[dict[str, Any]], list[str]]:
    """For a report: every amount's gaps with the strata held equal; and what could not be made.

    Strata are the factors declared legitimate, so they are the controls; nothing without strata,
    amounts (or a score that nothing cuts off), or rows in memory.
    """
    roles = table.roles
    columns = list(roles.amount)
    if roles.decided_by == "none":
        columns += [c for c in (roles.score, roles.risk) if c is not None]
    found, missing = [], []
    whole = _one_group_each(roles)
    for name in roles.overlapping if columns and roles.strata else ():
        missing.append(
            f"gaps of {name} with {' × '.join(roles.strata)} held equal: its groups overlap, and "
            "a regression takes each row in one group"
        )
    for column in columns if roles.strata and whole else ():
        what = f"gaps in {column} with {' × '.join(roles.strata)} held equal"
        try:
            made = adjusted(table, column, whole, roles.strata, level=level, references=references)
        except InputError as problem:
            missing.append(f"{what}: {problem.message}")
            continue
        gaps = [{**asdict(g), "reason": g.reason or ""} for g in made.gaps]
        for gap in gaps:
            gap.update({k: list(gap[k]) for k in ("attribute", "group", "reference")})
        found.append(
            {
                "column": column,
                "gaps": gaps,
                "rows": made.rows,
                "rows_total": made.rows_total,
                "method": made.method,
            }
        )
    return found, missing


def _one_group_each(roles: Any) -> list[str]:
    """Attributes whose groups share no row, since a regression takes each row in one group."""
    return [name for name in roles.protected if name not in roles.overlapping]


def _rows(d: Design) -> Floats:
    return np.bincount(d.group, weights=d.count, minlength=len(d.levels)).astype(np.float64)


def _reference(
    table: Any, name: str, levels: Sequence[Level], held: Floats, told: Mapping[str, Level]
) -> int | None:
    declared = told.get(name, table.roles.reference.get(name))
    if declared is not None:
        return next((i for i, v in enumerate(levels) if v == declared), None)
    present = [i for i, v in enumerate(levels) if v is not None and held[i] > 0]
    return max(present, key=lambda i: (held[i], -i)) if present else None


Gap = tuple[float, float, float, float]


def _fit(
    d: Design, reference: int, errors: str, level: float, *, controls: bool
) -> Callable[[int], Gap]:
    """Coefficient, limits and p-value of a column, from two passes over the rows."""
    from scipy.special import stdtr, stdtrit

    number = np.ones(len(d.amount)) if d.count is None else d.count
    weight = np.ones(len(d.amount)) if d.weight is None else d.weight
    centre = float(np.average(d.amount, weights=number)) if len(d.amount) else 0.0
    y = d.amount - centre
    xx: Any = 0.0
    xy: Any = 0.0
    for part, x in d.blocks(reference, controls=controls):
        mass = (number[part] * weight[part])[:, None]
        xx = xx + x.T @ (mass * x)
        xy = xy + x.T @ (mass[:, 0] * y[part])
    if np.ndim(xx) != 2:
        return lambda place: (NAN, NAN, NAN, NAN)
    scale = np.sqrt(np.where(np.diag(xx) > 0, np.diag(xx), 1.0))
    values, vectors = np.linalg.eigh(xx / np.outer(scale, scale))
    full = values > SMALL * values.max()
    inverse = (vectors[:, full] / values[full]) @ vectors[:, full].T / np.outer(scale, scale)
    # a coefficient is known where the empty directions of the design do not touch it
    known = (vectors[:, ~full] ** 2).sum(axis=1) < 1e-8
    known &= np.diag(xx) > 0
    beta = inverse @ xy
    n, k = float(number.sum()), int(full.sum())
    squares, crumbs, groups = _squares(
        d, reference, controls, errors, beta, inverse, y, number, weight
    )
    if groups is None:
        freedom = n - k
        factor = n / freedom if errors == "HC1" and freedom > 0 else 1.0
    else:
        freedom = groups - 1.0
        factor = groups / freedom * (n - 1) / (n - k) if freedom > 0 and n > k else 1.0
    spread = np.sqrt(squares * factor)

    def gap(place: int) -> Gap:
        if not known[place] or not math.isfinite(beta[place]):
            return NAN, NAN, NAN, NAN
        value, error = float(beta[place]), float(spread[place])
        if not freedom >= 1 or not error > crumbs[place]:
            return value, NAN, NAN, NAN
        half = float(stdtrit(freedom, 1 - (1 - level) / 2)) * error
        p = 2 * float(stdtr(freedom, -abs(value) / error))
        return value, value - half, value + half, p

    return gap


def _squares(
    d: Design,
    reference: int,
    controls: bool,
    errors: str,
    beta: Floats,
    inverse: Floats,
    y: Floats,
    number: Floats,
    weight: Floats,
) -> tuple[Floats, Floats, int | None]:
    """By coefficient Σ (what a row moves it by)², and below which error there is only rounding.

    Applicants instead of rows where these repeat, and how many. Squared last: of terms that cancel
    (no row with a residual moves the coefficient) a difference of squares would leave a spread.
    """
    width = len(beta)
    squares, terms = np.zeros(width), np.zeros(width)
    codes, sums = None, None
    if d.cluster is not None:
        _, codes = np.unique(d.cluster, return_inverse=True)
        sums = np.zeros((int(codes.max(initial=-1)) + 1, width))
    for part, x in d.blocks(reference, controls=controls):
        score = weight[part] * (y[part] - x @ beta)
        moved = x @ inverse
        if codes is None and errors == "HC3":
            score = inflated(score, weight[part] * (moved * x).sum(axis=1))
        terms += (number[part] * score**2) @ (np.abs(x) @ np.abs(inverse)) ** 2
        moved *= score[:, None]
        if codes is not None and sums is not None:
            np.add.at(sums, codes[part], number[part, None] * moved)
        else:
            squares += number[part] @ moved**2
    crumbs = np.maximum(rounding(d.amount, d.amount - y), CANCELLED * np.sqrt(terms))
    if sums is not None:
        return (sums**2).sum(axis=0), crumbs, len(sums)
    return squares, crumbs, None


def inflated(score: Floats, leverage: Floats) -> Floats:
    """A row's score over 1 less its leverage (HC3).

    0 where a row decides a coefficient alone: it has no residual, and says nothing of spread.
    """
    left = 1 - leverage
    alone = left <= 1e-9
    found: Floats = np.where(alone, 0.0, score / np.where(alone, 1.0, left))
    return found


def rounding(amount: Floats, centre: Floats | float) -> float:
    """The error up to which there is none: a perfect fit leaves rounding, which is no spread."""
    apart = float(np.abs(amount - centre).max(initial=0.0))
    return max(PERFECT * apart, LAST * float(np.abs(amount).max(initial=0.0)))
