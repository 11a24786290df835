"""Why applicants were denied: what lowers their score against approved applicants.

Baseline: the approved applicants (at most 1,000, seeded). A feature's part is its SHAP value with
these as the background, so that parts sum to the applicant's score less the mean score of the
baseline; of path-dependent values the baseline's own means are taken off instead. The two
baselines that comment 9(b)(2)-5 of Regulation B names, applicants near the passing score and all
applicants, are compared with it in `reason_audit`. Parts of features with one reason code are
added up; what lowers the score most comes first. A protected attribute, or what nearly tells one,
is never put into words for a letter: where it lowers the score, the reason says so and is flagged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.explanation.applicants import Applicants, row_numbers
from audit.explanation.explaining import additive
from audit.explanation.hybrids import rows_of
from audit.explanation.proxies import near_copies
from audit.explanation.reason_baseline import (
    Baseline,
    Typical,
    against,
    plain,
    standing,
    typical_of,
)
from audit.explanation.reason_codes import (
    WHEN,
    ReasonCode,
    ReasonCodes,
    checked,
    draft,
    draft_codes,
    reason_codes,
)
from audit.explanation.reason_words import vague
from audit.explanation.record import Explanation, Proxy, Reason
from audit.explanation.routes import BreachError, Route
from audit.explanation.scored import Scored
from audit.table import encode
from audit.table.columns import floats
from audit.table.rows import CodedRows
from audit.table.wording import shown

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST = 4
"""Reasons given: more are not likely to help an applicant (comment 9(b)(2)-1)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Coded:
    """Which reason each feature of each row would be."""

    entries: tuple[ReasonCode, ...]
    """Reasons, one a code."""
    flags: tuple[str | None, ...]
    """Why one cannot be sent."""
    of: Ints
    """Shape (rows, features): an index into `entries`."""
    when: Ints
    """Shape (rows, features): an index into `WHEN`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Denials:
    """Denied applicants and what their reasons are made from; called with row numbers."""

    people: Applicants
    route: Route
    codes: ReasonCodes
    """Texts by feature; drafted where no file was given."""
    withheld: Mapping[str, str]
    """Features that may not be a reason, and the words of what they are."""
    denied: Ints
    """Row numbers of denied applicants."""
    approved: Ints
    """Row numbers of approved applicants of any weight."""
    baseline: Baseline
    typical: tuple[Typical, ...]
    """One a feature."""
    seed: int
    copies_known: bool = True
    """Whether near-copies of protected attributes could be looked for."""

    def __call__(self, rows: Any, n: int = MOST) -> Any:
        """Reasons of denied applicants, most harmful first, `n` at most.

        `rows` are row numbers of the table (0-based, after `where`): one gives a tuple of `Reason`,
        several a tuple of such tuples. Fewer than `n` are given where fewer features lower the
        score. Raises `InputError` EXP207 for rows that were not denied, EXP208 for what is no row
        number, EXP210 for an `n` outside 1 to 4.
        """
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or not 1 <= n <= MOST:
            raise InputError(
                "EXP210", f"{shown(n)} reasons", argument="n",
                fix=f"1 to {MOST}: more are not likely to help an applicant",
            )  # fmt: skip
        single = isinstance(rows, int | np.integer) and not isinstance(rows, bool)
        at = self._denied(rows)
        values = self.values(at, self.baseline)
        found = self.given(at, values, int(n))
        return found[0] if single else found

    def __repr__(self) -> str:
        """How many, and against whom."""
        return f"<reasons of {len(self.denied):,} denied applicants, against {self.baseline.words}>"

    def _denied(self, rows: Any) -> Ints:
        at = row_numbers(rows, self.people.size, "EXP208")
        other = at[~np.isin(at, self.denied)]
        if len(other):
            more = f" and {len(other) - 10:,} more" if len(other) > 10 else ""
            raise InputError(
                "EXP207",
                f"not denied: rows {', '.join(map(str, other[:10].tolist()))}{more} were approved "
                "or are undecided; reasons are for denied applicants",
                argument="rows", count=len(other), first=int(other[0]), fix="leave them out",
            )  # fmt: skip
        return at

    def must(self) -> Denials:
        """Itself; where there are no reasons, `Refused.must` raises."""
        return self

    # --- values ------------------------------------------------------------------------------

    def values(self, rows: Ints, baseline: Baseline, route: Route | None = None) -> Floats:
        """Parts of each feature against a baseline, shape (rows, features); checked to add up."""
        way = route or self.route
        if not len(rows):
            return np.zeros((0, len(self.people.features)))
        try:
            if "sampled" in way.method:
                # one at a time: what is drawn for an applicant does not depend on who else asks
                found = [_values(way, rows[i : i + 1], baseline) for i in range(len(rows))]
                return np.concatenate(found)
            return _values(way, rows, baseline)
        except BreachError as problem:
            raise InputError(
                "EXP007", f"the parts of a score do not add up to it: {problem}", argument="model",
                fix="give a model that answers each row by itself, always the same",
            ) from problem  # fmt: skip

    def coded(self, frame: Any, rows: Ints) -> Coded:
        """The reason each feature of some rows of a frame would be, by its own value."""
        entries: dict[str, int] = {}
        found: list[tuple[ReasonCode, str | None]] = []
        of = np.zeros((len(rows), len(self.people.features)), dtype=np.int64)
        whens = np.zeros_like(of)
        for j, name in enumerate(self.people.features):
            looked = encode.look(frame.get_column(name), name)
            handle = looked.handle.astype(np.int64)[rows]
            when = standing(frame.get_column(name), handle, looked.values, rows, self.typical[j])
            by_value = any(r.values for r in self.codes.reasons if r.feature == name)
            key = when + len(WHEN) * (handle if by_value else 0)
            keys, place = np.unique(key, return_inverse=True)
            own = []
            for k in keys.tolist():
                value = looked.values[k // len(WHEN)] if by_value else None
                entry = self._entry(j, WHEN[k % len(WHEN)], value)
                if entry[0].code not in entries:
                    entries[entry[0].code] = len(found)
                    found.append(entry)
                own.append(entries[entry[0].code])
            of[:, j], whens[:, j] = np.asarray(own, dtype=np.int64)[place.ravel()], when
        return Coded(
            entries=tuple(e for e, _ in found), flags=tuple(f for _, f in found), of=of, when=whens
        )

    def _entry(self, j: int, when: str, value: Any) -> tuple[ReasonCode, str | None]:
        name = self.people.features[j]
        if name in self.withheld:
            words = self.withheld[name]
            own = ReasonCode(
                feature=name, code=f"PROTECTED: {name}", text=f"{words} lowers the score",
                actionable=False,
            )  # fmt: skip
            return own, f"protected attribute: {words} lowers the score"
        told = self.codes.find(name, when, value)
        if told is None:
            told = draft(name, "other" if self.typical[j].binary and when != "missing" else when)
        why = vague(told.text) if told.draft else None
        return told, None if why is None else f"vague: {why}"

    def given(self, rows: Ints, values: Floats, n: int) -> tuple[tuple[Reason, ...], ...]:
        """The reasons of rows whose parts are known."""
        own = rows_of(self.people.frame, rows)
        coded = self.coded(own, np.arange(len(rows)))
        chosen, net = ranked(coded, values, n)
        harm = -np.minimum(net, 0).sum(axis=1)
        columns = [own.get_column(name) for name in self.people.features]
        return tuple(
            tuple(
                self._reason(coded, columns, i, e, values[i], net[i, e], harm[i])
                for e in chosen[i].tolist()
                if e >= 0
            )
            for i in range(len(rows))
        )

    def _reason(
        self, coded: Coded, columns: Sequence[Any], i: int, e: int,
        values: Floats, part: float, harm: float,
    ) -> Reason:  # fmt: skip
        own = np.flatnonzero((coded.of[i] == e) & (values < 0))
        own = own[np.argsort(values[own], kind="stable")]
        entry, lead = coded.entries[e], int(own[0])
        return Reason(
            code=entry.code,
            feature=self.people.features[lead],
            text=entry.text,
            share=float(-part / harm),
            features=tuple(self.people.features[j] for j in own.tolist()),
            part=float(part),
            when=WHEN[int(coded.when[i, lead])],
            value=plain(columns[lead][i]),
            typical=self.typical[lead].value,
            actionable=entry.actionable,
            draft=entry.draft,
            flag=coded.flags[e],
        )


def _values(route: Route, rows: Ints, baseline: Baseline) -> Floats:
    if route.needs_background:
        values, base = route.values(rows, baseline.rows, baseline.weight)
    else:
        both = np.concatenate([rows, baseline.rows])
        found, _ = route.values(both, baseline.rows, None)
        centre = np.average(found[len(rows) :], axis=0, weights=baseline.weight)
        base = float(np.average(route.scores[baseline.rows], weights=baseline.weight))
        values = found[: len(rows)] - centre
    additive(route, rows, values, base)
    return values


def ranked(coded: Coded, values: Floats, n: int) -> tuple[Ints, Floats]:
    """The `n` reasons that lower each row's score most (−1 for none), and every reason's part."""
    size = len(coded.entries)
    net = np.zeros((len(values), size))
    np.add.at(net, (np.arange(len(values))[:, None], coded.of), values)
    order = np.argsort(net, axis=1, kind="stable")[:, :n]
    least = 1e-12 * np.maximum(1.0, np.abs(net).max(axis=1, initial=0.0))
    lowers = np.take_along_axis(net, order, axis=1) < -least[:, None]
    chosen = np.full((len(values), n), -1, dtype=np.int64)
    chosen[:, : order.shape[1]] = np.where(lowers, order, -1)
    return chosen, net


def denials(
    people: Applicants, route: Route, codes: ReasonCodes, withheld: Mapping[str, str], seed: int,
    copies_known: bool = True,
) -> Denials:  # fmt: skip
    """Denied applicants against approved ones. Raises `InputError` EXP209 where none are known."""
    rows = people.table.rows
    decided = rows.codes.get("decision") if isinstance(rows, CodedRows) else None
    if decided is None:
        raise InputError(
            "EXP209", "no decision rule: who was denied is not known", argument="table",
            fix="read it with decision=..., or with score= or risk= and cutoff= or approval_rate=",
        )  # fmt: skip
    held = people.mass > 0
    approved, denied = np.flatnonzero((decided == 0) & held), np.flatnonzero(decided == 1)
    if not len(approved) or not len(denied):
        who = "approved" if not len(approved) else "denied"
        raise InputError(
            "EXP209", f"nobody was {who}", argument="table",
            fix="reasons compare denied applicants with approved ones",
        )  # fmt: skip
    base = against(people, route, approved, "approved applicants", seed)
    return Denials(
        people=people, route=route, codes=codes, withheld=withheld, denied=denied,
        approved=approved, baseline=base, typical=typical_of(people, base), seed=seed,
        copies_known=copies_known,
    )  # fmt: skip


# --- beside an explanation ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Refused:
    """In place of reasons that cannot be had; says why when it is called."""

    problem: InputError

    def __call__(self, rows: Any, n: int = MOST) -> Any:
        """Raise why there are none."""
        raise self.problem

    def must(self) -> Denials:
        """Raise why there are none."""
        raise self.problem


def reasons_of(
    explanation: Explanation, found: Scored, people: Applicants, route: Route, codes: ReasonCodes
) -> Denials | Refused:
    """What `Explanation.reasons` is: reasons on asking, or why there are none (EXP021, EXP209)."""
    try:
        found.check_oriented()
        kept = withheld(people, codes, explanation.strengths)
        seed, known = explanation.seed, bool(explanation.strengths)
        return denials(people, route, codes, kept, seed, copies_known=known)
    except InputError as problem:
        return Refused(problem=problem)


def codes_for(told: Any, people: Applicants) -> ReasonCodes:
    """Reason codes for a model's features: read and checked, or drafted where none are given."""
    protected = protected_inputs(people)
    if told is not None:
        return checked(reason_codes(told), people.features, protected)
    kept = [n for n in people.features if n not in protected]
    numeric = [n for n in kept if _is_number(people.frame.get_column(n))]
    return draft_codes(kept, numeric)


def _is_number(column: Any) -> bool:
    numbers = floats(column)
    return numbers is not None and len(np.unique(numbers[~np.isnan(numbers)])) > 2


def protected_inputs(people: Applicants) -> dict[str, str]:
    """Features that are a protected attribute (or one of its columns): feature -> attribute."""
    found: dict[str, str] = {}
    for name in people.codes:
        found |= {c: name for c in people.columns_of(name) if c in people.features}
    return found


def withheld(people: Applicants, codes: ReasonCodes, strengths: Sequence[Proxy]) -> dict[str, str]:
    """Features that may be no reason: protected attributes and near-copies, unless permitted."""
    permitted = {r.feature for r in codes.reasons if r.permitted}
    found = {f: f"{f} itself" for f in protected_inputs(people)}
    for name in people.codes:
        for f in near_copies(strengths, name):
            found.setdefault(f, f"{f}, which nearly tells {name},")
    return {f: words for f, words in found.items() if f not in permitted}
