"""Reason codes: which words a denied applicant is given for a feature. A file that people edit.

A TOML file has a `[[reason]]` table, a CSV file a row, for each reason:

    feature     a model input, or a list of them ("|" between them in a CSV); features with one
                code are one reason
    when        "high", "low" (against the approved applicants' median), "missing" or "other"
                (neither: a category, or the median itself); left out, always
    values      instead of `when`: the values it is for
    code        short and stable: "PH1"
    text        what the letter says, up to 120 characters
    actionable  true where an applicant can change it
    permitted   why a protected attribute, or what nearly is one, may be given as a reason; without
                it such a feature is never one

and above them, in TOML, `draft = true` until somebody has approved the words. Sentences that tell
nothing are refused: "internal standards", "did not reach a qualifying score" (12 CFR 1002.9(b)(2)
and its comments ask for specific reasons tied to the factors actually scored).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from audit.errors import DataWarning, InputError, tell
from audit.explanation.reason_words import drafted, problem_of, shown_name
from audit.table.model import same
from audit.table.wording import listed, shown, suggestion

FOLDER = Path(__file__).parent / "starter_codes"
WHEN = ("high", "low", "missing", "other")
"""How a value stands to what is typical of approved applicants."""
KEYS = ("feature", "when", "values", "code", "text", "actionable", "permitted")
"""What a reason may say, in the order of a CSV's columns."""
DRAFTED = "drafted from the features' names"
LONGEST_CODE = 20
MOST = 5_000
"""Reasons a file may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCode:
    """One line of the file: a text for a feature, perhaps only for some of its values."""

    feature: str
    """The model input."""
    code: str
    """Short and stable; features that share one are one reason."""
    text: str
    """What the applicant is told."""
    when: str | None = None
    """"high", "low", "missing", "other", or None for always."""
    values: tuple[Any, ...] = ()
    """The values it is for; () for any."""
    actionable: bool | None = None
    """Whether an applicant can change it; None where nobody said."""
    permitted: str | None = None
    """Why a protected attribute may be named, where it is one."""
    draft: bool = False
    """Whether nobody has approved the words yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCodes:
    """Reason codes of a model: what `audit.reason_codes` reads."""

    reasons: tuple[ReasonCode, ...]
    """In the file's order; of two that fit, the one for the value goes before the general one."""
    source: str
    """The file they come from, in words."""
    starter: bool = False
    """Whether they came with this package, for one of its data sets."""

    def find(self, feature: str, when: str, value: Any = None) -> ReasonCode | None:
        """The reason for a feature whose value stands so; None where there is none."""
        own = [r for r in self.reasons if r.feature == feature]
        fits = (
            next((r for r in own if any(_is(value, v) for v in r.values)), None),
            next((r for r in own if r.when == when), None),
            next((r for r in own if r.when is None and not r.values), None),
        )
        return next((r for r in fits if r is not None), None)

    @property
    def features(self) -> tuple[str, ...]:
        """Features that have a code."""
        return tuple(dict.fromkeys(r.feature for r in self.reasons))

    def to_toml(self) -> str:
        """The file's text, to be edited."""
        approved = not any(r.draft for r in self.reasons)
        head = [f"# Reason codes: {_plain(self.source)}"]
        if not approved:
            head += ["# Edit every text, then delete the next line.", "draft = true"]
        return "\n".join([*head, "", *map(_as_toml, self.reasons)])

    def save(self, path: str | Path, force: bool = False) -> Path:
        """Write them as TOML, to be edited. Raises EXP200 where the file is there already."""
        at = Path(path)
        if at.exists() and not force:
            raise InputError(
                "EXP200", f"{at} is there already", argument="path", fix="force=True replaces it"
            )
        at.write_text(self.to_toml(), encoding="utf-8", newline="\n")
        return at


def reason_codes(source: str | Path | ReasonCodes | Sequence[Mapping[str, Any]]) -> ReasonCodes:
    """Read and check a file of reason codes (.toml or .csv), a list of reasons, or a starter.

    Starters, in our own words and marked as drafts: "german_credit", "taiwan_credit",
    "boston_mortgages". Raises `InputError` EXP200 for what cannot be read, EXP201 for a vague
    text, EXP202 for an empty or long one, EXP203 for doubles, EXP206 for an unknown key or value,
    each with the number of the reason.

    >>> codes = reason_codes([{"feature": "late", "code": "PH1", "text": "Recent late payments"}])
    >>> codes.find("late", "high").text
    'Recent late payments'
    >>> reason_codes([{"feature": "late", "code": "X", "text": "Internal policy"}])
    Traceback (most recent call last):
    ...
    audit.errors.InputError: [EXP201] reason_codes: reason 1 ('X'): 'Internal policy' is vague: ...
    """
    if isinstance(source, ReasonCodes):
        return source
    starter = False
    if isinstance(source, str | Path):
        at = Path(source)
        if str(at) in {file.stem for file in FOLDER.glob("*.toml")}:
            at, starter = FOLDER / f"{at}.toml", True
        rows, drafts = _read(at)
        named = f"the starter for {at.stem}" if starter else at.name
    elif isinstance(source, Sequence) and all(isinstance(r, Mapping) for r in source):
        rows, drafts, named = list(source), False, "given as a list"
    else:
        raise _unread(f"a {type(source).__name__} holds no reason codes")
    if len(rows) > MOST:
        raise _unread(f"{len(rows):,} reasons are too many; at most {MOST:,}")
    found = [r for number, row in enumerate(rows, 1) for r in _reasons(number, row, drafts)]
    _check_doubles(found)
    return ReasonCodes(reasons=tuple(found), source=named, starter=starter)


def draft(feature: str, when: str) -> ReasonCode:
    """A reason made from a feature's name and direction, to be edited before it is sent."""
    name = shown_name(feature)[:60].upper().replace(" ", "_")
    return ReasonCode(
        feature=feature,
        code=name if when == "other" else f"{name}_{when.upper()}",
        text=drafted(feature, when),
        when=when,
        draft=True,
    )


def draft_codes(features: Iterable[str], numeric: Iterable[str]) -> ReasonCodes:
    """A draft for each feature, high and low apart for numbers: what a file starts from."""
    numbers = set(numeric)
    found = [
        draft(feature, when)
        for feature in features
        for when in (("high", "low") if feature in numbers else ("other",))
    ]
    return ReasonCodes(reasons=tuple(found), source=DRAFTED)


def _is(value: Any, told: Any) -> bool:
    """Whether a value is the one told; a file's text may stand for a number."""
    return same(value, told) or (isinstance(told, str) and str(value) == told)


def checked(
    codes: ReasonCodes, features: Sequence[str], protected: Mapping[str, str]
) -> ReasonCodes:
    """The codes for a model's features; `protected` says of a feature which attribute it is.

    Raises `InputError` EXP204 for a feature that the model does not have, EXP205 for a protected
    attribute without `permitted`; warns EXP220 of features without a code. A starter keeps the
    reasons for features that are there.
    """
    kept = [r for r in codes.reasons if r.feature in features]
    if len(kept) < len(codes.reasons) and not codes.starter:
        wrong = next(r for r in codes.reasons if r.feature not in features)
        raise InputError(
            "EXP204",
            f"reason {wrong.code!r} is for {shown(wrong.feature)}, which the model does not score",
            argument="reason_codes",
            fix=suggestion(wrong.feature, list(features)),
        )
    for r in kept:
        if r.feature in protected and not r.permitted and not codes.starter:
            raise InputError(
                "EXP205",
                f"reason {r.code!r} is for {shown(r.feature)}, which is the protected attribute "
                f"{shown(protected[r.feature])}",
                argument="reason_codes",
                fix='take it out, or say why it may be given: permitted = "..."',
            )
    kept = [r for r in kept if r.feature not in protected or r.permitted]
    named = {r.feature for r in kept}
    without = [f for f in features if f not in named and f not in protected]
    if without:
        tell(
            DataWarning(
                f"{len(without)} feature{'s' if len(without) > 1 else ''} scored without a reason "
                f"code: {listed(without)}; their reasons are drafted from their names",
                "EXP220",
            )
        )
    return replace(codes, reasons=tuple(kept))


# --- reading --------------------------------------------------------------------------------


def _unread(what: str) -> InputError:
    stems = sorted(p.stem for p in FOLDER.glob("*.toml"))
    return InputError(
        "EXP200",
        what,
        argument="reason_codes",
        fix=f"give a .toml or .csv file, a list of dicts, or one of {', '.join(stems)}",
    )


def _read(path: Path) -> tuple[list[Any], bool]:
    """Its reasons, and whether it says that they are drafts."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise _unread(f"{shown(str(path))} cannot be read ({type(error).__name__})") from error
    if path.suffix.casefold() == ".csv":
        import csv
        import io

        reader = csv.DictReader(io.StringIO(text, newline=""), restkey="more columns than names")
        try:
            return [_from_csv(row) for row in reader], False
        except csv.Error as error:
            raise _unread(f"{shown(path.name)} is no CSV: {error}") from error
    if path.suffix.casefold() != ".toml":
        raise _unread(f"{shown(path.name)} is neither .toml nor .csv")
    import tomllib

    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _unread(f"{shown(path.name)} is no TOML: {error}") from error
    unknown = [k for k in data if k not in ("reason", "draft", "about", "source")]
    rows, drafts = data.get("reason", []), data.get("draft", False)
    if unknown or not isinstance(rows, list) or not isinstance(drafts, bool):
        what = f"unknown key {shown(unknown[0])}" if unknown else "reason or draft is not as meant"
        raise InputError(
            "EXP206", f"{path.name}: {what}", argument="reason_codes",
            fix="draft = true or false, then one [[reason]] for each reason",
        )  # fmt: skip
    return rows, drafts


def _from_csv(row: Mapping[Any, Any]) -> dict[Any, Any]:
    """Filled fields of a line; several features or values are parted by "|"."""
    found = {k: v for k, v in row.items() if v not in ("", None)}
    several = {k: found[k].split("|") for k in ("feature", "values") if k in found}
    return found | several


def _reasons(number: int, row: Any, drafts: bool) -> list[ReasonCode]:
    """The reasons of one row: one a feature."""

    def wrong(code: str, what: str, fix: str) -> InputError:
        name = row.get("code") if isinstance(row, Mapping) else None
        told = f" ({shown(name)})" if isinstance(name, str) and name else ""
        return InputError(code, f"reason {number}{told}: {what}", argument="reason_codes", fix=fix)

    if not isinstance(row, Mapping):
        raise wrong("EXP206", "it is no table of keys", "feature, code and text are needed")
    for key in row:
        if key not in KEYS:
            raise wrong("EXP206", f"unknown key {shown(key)}", suggestion(key, list(KEYS)))
    features = _several(row.get("feature"))
    code, text = row.get("code"), row.get("text")
    for key, value in (("feature", features), ("code", code), ("text", text)):
        whole = value if isinstance(value, list) else [value]
        if not whole or not all(isinstance(v, str) and v.strip() for v in whole):
            raise wrong("EXP202", f"{key} is empty", f'{key} = "..."')
    code, text = str(code).strip(), " ".join(str(text).split())
    if len(code) > LONGEST_CODE and not drafts:
        raise wrong("EXP202", f"a code of {len(code)} characters", f"at most {LONGEST_CODE}")
    permitted = row.get("permitted")
    problem = problem_of(text, names_allowed=bool(permitted))
    if problem is not None:
        raise wrong(*problem)
    when = row.get("when")
    if when is not None and when not in WHEN:
        raise wrong("EXP206", f"when = {shown(when)}", f"one of {', '.join(map(shown, WHEN))}")
    values = _several(row.get("values"))
    if when is not None and values:
        raise wrong("EXP206", "both when and values", "a reason has one condition")
    actionable = _truth(row.get("actionable"))
    if actionable not in (True, False, None):
        raise wrong("EXP206", f"actionable = {shown(actionable)}", "true or false")
    return [
        ReasonCode(
            feature=feature,
            code=code,
            text=text,
            when=when,
            values=tuple(values),
            actionable=actionable,
            permitted=str(permitted).strip() if permitted else None,
            draft=drafts,
        )
        for feature in features
    ]


def _several(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _truth(value: Any) -> Any:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().casefold(), value)
    return value


def _check_doubles(found: list[ReasonCode]) -> None:
    texts: dict[str, str] = {}
    said: dict[str, str] = {}
    places: set[tuple[Any, ...]] = set()

    def wrong(what: str, fix: str) -> InputError:
        return InputError("EXP203", what, argument="reason_codes", fix=fix)

    for r in found:
        if said.setdefault(r.code, r.text) != r.text:
            raise wrong(f"code {r.code!r} has two texts", "a code has one text")
        if texts.setdefault(r.text.casefold(), r.code) != r.code:
            raise wrong(
                f"{shown(r.text)} is the text of {texts[r.text.casefold()]!r} and of {r.code!r}",
                "give both features one code, or say how they differ",
            )
        for value in map(repr, r.values) if r.values else ("any",):
            place = (r.feature, r.when, value)
            if place in places:
                raise wrong(f"{shown(r.feature)} has two reasons for the same values", "keep one")
            places.add(place)


# --- writing --------------------------------------------------------------------------------


def _plain(text: str) -> str:
    return " ".join(text.split())


def _as_toml(r: ReasonCode) -> str:
    lines = ["[[reason]]", f"feature = {_quoted(r.feature)}"]
    if r.when is not None:
        lines.append(f"when = {_quoted(r.when)}")
    if r.values:
        lines.append(f"values = [{', '.join(_quoted(v) for v in r.values)}]")
    lines += [f"code = {_quoted(r.code)}", f"text = {_quoted(r.text)}"]
    if r.actionable is not None:
        lines.append(f"actionable = {str(r.actionable).lower()}")
    elif r.draft:
        lines.append("# actionable = true   # can an applicant change it?")
    if r.permitted:
        lines.append(f"permitted = {_quoted(r.permitted)}")
    return "\n".join([*lines, ""])


def _quoted(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    import json

    # a JSON string is a basic TOML string, but for DEL
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007F")
